/* See turn.h. The copy walks the panel's memory, which is slow and likes long runs of stores, in tiles small enough
 * that the picture's rows stay in the cache while they are read across. */
#include "turn.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define TILE 32

static bool on_its_side(const struct turn *turn)
{
	return turn->degrees == 90 || turn->degrees == 270;
}

struct turn turn_for_panel(int degrees, int panel_width, int panel_height)
{
	struct turn turn = { degrees, panel_width, panel_height };

	if (degrees != 90 && degrees != 180 && degrees != 270)
		turn.degrees = 0;
	if (on_its_side(&turn)) {
		turn.width = panel_height;
		turn.height = panel_width;
	}
	return turn;
}

SDL_Point turn_panel_size(const struct turn *turn)
{
	return on_its_side(turn) ? (SDL_Point){ turn->height, turn->width } : (SDL_Point){ turn->width, turn->height };
}

static SDL_Rect inside(const struct turn *turn, SDL_Rect rect)
{
	const SDL_Rect all = { 0, 0, turn->width, turn->height };
	SDL_Rect clipped;

	return SDL_IntersectRect(&rect, &all, &clipped) ? clipped : (SDL_Rect){ 0 };
}

SDL_Rect turn_rect(const struct turn *turn, SDL_Rect rect)
{
	SDL_Rect r = inside(turn, rect);

	switch (turn->degrees) {
	case 90:
		return (SDL_Rect){ turn->height - r.y - r.h, r.x, r.h, r.w };
	case 180:
		return (SDL_Rect){ turn->width - r.x - r.w, turn->height - r.y - r.h, r.w, r.h };
	case 270:
		return (SDL_Rect){ r.y, turn->width - r.x - r.w, r.h, r.w };
	default:
		return r;
	}
}

SDL_FPoint turn_back(const struct turn *turn, SDL_FPoint p)
{
	switch (turn->degrees) {
	case 90:
		return (SDL_FPoint){ p.y, 1 - p.x };
	case 180:
		return (SDL_FPoint){ 1 - p.x, 1 - p.y };
	case 270:
		return (SDL_FPoint){ 1 - p.y, p.x };
	default:
		return p;
	}
}

SDL_FPoint turn_back_by(const struct turn *turn, SDL_FPoint by)
{
	switch (turn->degrees) {
	case 90:
		return (SDL_FPoint){ by.y, -by.x };
	case 180:
		return (SDL_FPoint){ -by.x, -by.y };
	case 270:
		return (SDL_FPoint){ -by.y, by.x };
	default:
		return by;
	}
}

/* One tile of the panel: its pixels from left to right are the picture's pixels from `from`, `across` apart; the next
 * row of the panel is `down` further on in the picture. */
static void copy_tile(const uint32_t *from, ptrdiff_t across, ptrdiff_t down, uint32_t *to, int pitch, int w, int h)
{
	for (int y = 0; y < h; y++) {
		const uint32_t *p = from + y * down;
		uint32_t *out = to + (ptrdiff_t)y * pitch;

		for (int x = 0; x < w; x++)
			out[x] = p[x * across];
	}
}

void turn_copy(const struct turn *turn, SDL_Rect rect, const uint32_t *picture, int picture_pitch, uint32_t *panel,
	       int panel_pitch)
{
	SDL_Rect r = inside(turn, rect), on = turn_rect(turn, rect);
	ptrdiff_t pitch = picture_pitch, across = 1, down = pitch;
	int x = r.x, y = r.y; /* what comes to the panel's top left */

	if (on.w <= 0 || on.h <= 0)
		return;
	if (turn->degrees == 90) {
		y = r.y + r.h - 1;
		across = -pitch;
		down = 1;
	} else if (turn->degrees == 180) {
		x = r.x + r.w - 1;
		y = r.y + r.h - 1;
		across = -1;
		down = -pitch;
	} else if (turn->degrees == 270) {
		x = r.x + r.w - 1;
		across = pitch;
		down = -1;
	}
	picture += y * pitch + x;
	panel += (ptrdiff_t)on.y * panel_pitch + on.x;
	if (turn->degrees == 0) {
		for (int row = 0; row < on.h; row++)
			memcpy(panel + (ptrdiff_t)row * panel_pitch, picture + row * pitch,
			       (size_t)on.w * sizeof(*panel));
		return;
	}
	for (int ty = 0; ty < on.h; ty += TILE)
		for (int tx = 0; tx < on.w; tx += TILE)
			copy_tile(picture + tx * across + ty * down, across, down,
				  panel + (ptrdiff_t)ty * panel_pitch + tx, panel_pitch, SDL_min(TILE, on.w - tx),
				  SDL_min(TILE, on.h - ty));
}

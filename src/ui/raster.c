/* Pixels: opaque spans, rounded corners, coverage masks.
 *
 * The surface is 32-bit XRGB and everything lands on it opaque, so a fill is a run of stores and only edges are
 * blended. A corner's coverage depends on its radius alone, of which a screen uses a handful: each is computed once. */
#include "internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CORNERS_MAX 12

struct ui_corners {
	struct {
		int radius;
		uint8_t *cover; /* radius x radius, the top left corner */
		unsigned used;
	} kept[CORNERS_MAX];
	unsigned clock;
};

int corners_new(struct ui_corners **out)
{
	struct ui_corners *corners = calloc(1, sizeof(*corners));

	if (corners == NULL)
		return LOBBY_ERR_NO_MEMORY;
	*out = corners;
	return 0;
}

void corners_free(struct ui_corners *corners)
{
	for (int i = 0; corners != NULL && i < CORNERS_MAX; i++)
		free(corners->kept[i].cover);
	free(corners);
}

static uint8_t *corner_make(int r)
{
	uint8_t *cover = malloc((size_t)r * (size_t)r);

	for (int y = 0; cover != NULL && y < r; y++)
		for (int x = 0; x < r; x++) {
			double a = r + 0.5 - hypot(r - x - 0.5, r - y - 0.5);

			cover[y * r + x] = (uint8_t)lround(255 * fmin(1, fmax(0, a)));
		}
	return cover;
}

/* The coverage of this radius's corner; NULL for none (or out of memory: the corner is then square). */
static const uint8_t *corner(struct ui_corners *corners, int radius)
{
	int oldest = 0;

	if (radius <= 0)
		return NULL;
	for (int i = 0; i < CORNERS_MAX; i++) {
		if (corners->kept[i].radius == radius) {
			corners->kept[i].used = ++corners->clock;
			return corners->kept[i].cover;
		}
		if (corners->kept[i].used < corners->kept[oldest].used)
			oldest = i;
	}
	free(corners->kept[oldest].cover);
	corners->kept[oldest].cover = corner_make(radius);
	corners->kept[oldest].radius = radius;
	corners->kept[oldest].used = ++corners->clock;
	return corners->kept[oldest].cover;
}

static inline uint32_t mix(uint32_t under, uint32_t over, uint32_t a)
{
	uint32_t rb = (under & 0xFF00FF) * (255 - a) + (over & 0xFF00FF) * a + 0x800080;
	uint32_t g = (under & 0x00FF00) * (255 - a) + (over & 0x00FF00) * a + 0x008000;

	rb = (rb + (rb >> 8 & 0xFF00FF)) >> 8 & 0xFF00FF;
	g = (g + (g >> 8 & 0x00FF00)) >> 8 & 0x00FF00;
	return rb | g;
}

/* A run of one colour: 16 bytes, then what is there already, doubled: memcpy is the fastest store there is. */
static inline void span(uint32_t *p, int n, uint32_t color)
{
	int done = SDL_min(n, 16);

	for (int i = 0; i < done; i++)
		p[i] = color;
	while (done < n) {
		int more = SDL_min(done, n - done);

		memcpy(p + done, p, (size_t)more * sizeof(*p));
		done += more;
	}
}

void raster_fill(struct ui_canvas *c, SDL_Rect rect, uint32_t color)
{
	SDL_Rect r;

	if (!SDL_IntersectRect(&rect, &c->clip, &r))
		return;
	for (int y = r.y; y < r.y + r.h; y++) {
		uint32_t *row = c->pixels + (ptrdiff_t)y * c->pitch + r.x;

		if (y == r.y)
			span(row, r.w, color);
		else
			memcpy(row, c->pixels + (ptrdiff_t)r.y * c->pitch + r.x, (size_t)r.w * sizeof(*row));
	}
}

/* Colour along a diagonal: from the top left corner to the bottom right one, in 256 steps. */
struct gradient {
	uint32_t from, to;
	uint32_t steps[256];
	uint32_t across, down; /* steps a pixel, 16 bits of fraction */
};

static inline uint32_t gradient_at(const struct gradient *g, int x, int y)
{
	return g->from == g->to ? g->from : g->steps[((uint32_t)x * g->across + (uint32_t)y * g->down) >> 16];
}

static void round_rows(struct ui *ui, struct ui_canvas *c, SDL_Rect rect, int radius, const struct gradient *g)
{
	int r = SDL_min(radius, SDL_min(rect.w, rect.h) / 2);
	const uint8_t *cover = corner(ui->corners, r);
	const uint32_t *full = NULL;
	SDL_Rect in;

	if (!SDL_IntersectRect(&rect, &c->clip, &in))
		return;
	if (cover == NULL)
		r = 0;
	for (int y = in.y; y < in.y + in.h; y++) {
		uint32_t *row = c->pixels + (ptrdiff_t)y * c->pitch;
		int dy = SDL_min(y - rect.y, rect.y + rect.h - 1 - y);
		const uint8_t *edge = dy < r ? cover + (ptrdiff_t)dy * r : NULL;
		int inset = 0, x0, x1;

		/* Coverage only grows towards the middle: nothing, a pixel or two of edge, then all. */
		while (edge != NULL && inset < r && edge[inset] == 0)
			inset++;
		for (; edge != NULL && inset < r && edge[inset] != 255; inset++) {
			int xs[2] = { rect.x + inset, rect.x + rect.w - 1 - inset };

			for (int s = 0; s < 2; s++)
				if (xs[s] >= in.x && xs[s] < in.x + in.w)
					row[xs[s]] = mix(row[xs[s]], gradient_at(g, xs[s] - rect.x, y - rect.y),
							 edge[inset]);
		}
		x0 = SDL_max(in.x, rect.x + inset);
		x1 = SDL_min(in.x + in.w, rect.x + rect.w - inset);
		if (g->from == g->to && x1 > x0 && dy >= r && full != NULL)
			memcpy(row + x0, full + x0, (size_t)(x1 - x0) * sizeof(*row));
		else if (g->from == g->to && x1 > x0)
			span(row + x0, x1 - x0, g->from);
		if (dy >= r)
			full = row; /* the other rows between the corners are the same */
		for (int x = x0; g->from != g->to && x < x1; x++)
			row[x] = gradient_at(g, x - rect.x, y - rect.y);
	}
}

void raster_frame(struct ui *ui, struct ui_canvas *c, SDL_Rect rect, int radius, int border, uint32_t color)
{
	int ends = SDL_min(SDL_max(radius, border), rect.h / 2), sides = SDL_min(border, rect.w / 2);
	const SDL_Rect strips[] = {
		{ rect.x, rect.y, rect.w, ends },
		{ rect.x, rect.y + rect.h - ends, rect.w, ends },
		{ rect.x, rect.y + ends, sides, rect.h - 2 * ends },
		{ rect.x + rect.w - sides, rect.y + ends, sides, rect.h - 2 * ends },
	};
	SDL_Rect kept = c->clip;

	for (size_t i = 0; i < SDL_arraysize(strips); i++)
		if (SDL_IntersectRect(&strips[i], &kept, &c->clip))
			raster_round(ui, c, rect, radius, color);
	c->clip = kept;
}

void raster_round(struct ui *ui, struct ui_canvas *c, SDL_Rect rect, int radius, uint32_t color)
{
	struct gradient g = { .from = color, .to = color };

	round_rows(ui, c, rect, radius, &g);
}

void raster_round_gradient(struct ui *ui, struct ui_canvas *c, SDL_Rect rect, int radius, uint32_t from, uint32_t to)
{
	struct gradient g = { .from = from, .to = to };

	g.across = (127u << 16) / (uint32_t)SDL_max(1, rect.w);
	g.down = (127u << 16) / (uint32_t)SDL_max(1, rect.h);
	for (uint32_t i = 0; i < 256; i++)
		g.steps[i] = mix(from, to, i);
	round_rows(ui, c, rect, radius, &g);
}

void raster_mask(struct ui_canvas *c, const struct ui_mask *m, int x, int y, bool mirror, uint32_t color)
{
	SDL_Rect all = { x + m->x, y + m->y, m->w, m->h }, r;

	if (m->cover == NULL || !SDL_IntersectRect(&all, &c->clip, &r))
		return;
	for (int py = r.y; py < r.y + r.h; py++) {
		uint32_t *row = c->pixels + (ptrdiff_t)py * c->pitch;
		const uint8_t *src = m->cover + (ptrdiff_t)(py - all.y) * m->w;

		for (int px = r.x; px < r.x + r.w; px++) {
			static const uint8_t nothing[8];
			uint8_t a;

			/* Most of a line of text is ground. */
			if (!mirror && px + 8 <= r.x + r.w && memcmp(src + px - all.x, nothing, sizeof(nothing)) == 0) {
				px += 7;
				continue;
			}
			a = src[mirror ? m->w - 1 - (px - all.x) : px - all.x];

			if (a == 255)
				row[px] = color;
			else if (a != 0)
				row[px] = mix(row[px], color, a);
		}
	}
}

void raster_dim(struct ui_canvas *c, uint8_t amount)
{
	for (int y = c->clip.y; y < c->clip.y + c->clip.h; y++)
		for (int x = c->clip.x; x < c->clip.x + c->clip.w; x++) {
			uint32_t *p = c->pixels + (ptrdiff_t)y * c->pitch + x;

			*p = mix(*p, 0, amount);
		}
}

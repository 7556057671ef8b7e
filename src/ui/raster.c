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

static inline void span(uint32_t *p, int n, uint32_t color)
{
	for (int i = 0; i < n; i++)
		p[i] = color;
}

void raster_fill(struct ui_canvas *c, SDL_Rect rect, uint32_t color)
{
	SDL_Rect r;

	if (!SDL_IntersectRect(&rect, &c->clip, &r))
		return;
	for (int y = r.y; y < r.y + r.h; y++)
		span(c->pixels + (ptrdiff_t)y * c->pitch + r.x, r.w, color);
}

/* Colour along a diagonal, 16 bits of fraction. */
struct gradient {
	uint32_t from, to;
	int w, h;
};

static inline uint32_t gradient_at(const struct gradient *g, int x, int y)
{
	/* 135 degrees: t runs from the top start corner to the bottom end corner */
	uint32_t t =
		(uint32_t)(((int64_t)x * 255 / SDL_max(1, g->w - 1) + (int64_t)y * 255 / SDL_max(1, g->h - 1)) / 2);

	return mix(g->from, g->to, t);
}

static void round_rows(struct ui *ui, struct ui_canvas *c, SDL_Rect rect, int radius, const struct gradient *g)
{
	int r = SDL_min(radius, SDL_min(rect.w, rect.h) / 2);
	const uint8_t *cover = corner(ui->corners, r);
	SDL_Rect in;

	if (!SDL_IntersectRect(&rect, &c->clip, &in))
		return;
	if (cover == NULL)
		r = 0;
	for (int y = in.y; y < in.y + in.h; y++) {
		uint32_t *row = c->pixels + (ptrdiff_t)y * c->pitch;
		int dy = SDL_min(y - rect.y, rect.y + rect.h - 1 - y);
		int inset = dy < r ? r : 0;
		int x0 = SDL_max(in.x, rect.x + inset), x1 = SDL_min(in.x + in.w, rect.x + rect.w - inset);

		for (int k = 0; k < inset; k++) {
			uint8_t a = cover[dy * r + k];
			int xs[2] = { rect.x + k, rect.x + rect.w - 1 - k };

			for (int s = 0; a != 0 && s < 2; s++)
				if (xs[s] >= in.x && xs[s] < in.x + in.w)
					row[xs[s]] = mix(row[xs[s]], gradient_at(g, xs[s] - rect.x, y - rect.y), a);
		}
		if (g->from == g->to && x1 > x0)
			span(row + x0, x1 - x0, g->from);
		for (int x = x0; g->from != g->to && x < x1; x++)
			row[x] = gradient_at(g, x - rect.x, y - rect.y);
	}
}

void raster_round(struct ui *ui, struct ui_canvas *c, SDL_Rect rect, int radius, uint32_t color)
{
	round_rows(ui, c, rect, radius, &(struct gradient){ color, color, 1, 1 });
}

void raster_round_gradient(struct ui *ui, struct ui_canvas *c, SDL_Rect rect, int radius, uint32_t from, uint32_t to)
{
	round_rows(ui, c, rect, radius, &(struct gradient){ from, to, rect.w, rect.h });
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
			uint8_t a = src[mirror ? m->w - 1 - (px - all.x) : px - all.x];

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

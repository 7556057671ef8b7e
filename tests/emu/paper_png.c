/* The slip as a picture: white thermal paper with a margin and a torn edge, DejaVu Sans Mono stretched to the printer's
 * cells, as a printer's own font ROM would be. */
#include "tests/emu/paper.h"

#include <SDL2/SDL.h>
#include <SDL2/SDL_image.h>
#include <SDL2/SDL_ttf.h>
#include <math.h>
#include <sys/stat.h>

#define MARGIN_DOTS 32
#define CELL_DOTS 12
#define LINE_DOTS 30
#define CUT_DOTS 48

static const char font_path[] = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf";
static const char bold_path[] = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono-Bold.ttf";

static int line_dots(const struct paper_line *line)
{
	if (line->qr != NULL)
		return line->qr_size * line->qr_dots + 8;
	if (line->bits != NULL)
		return (int)line->rows;
	return line->height * 24 + (LINE_DOTS - 24);
}

static int line_width(const struct paper_line *line)
{
	int width = 0;

	if (line->qr != NULL)
		return line->qr_size * line->qr_dots;
	if (line->bits != NULL)
		return (int)line->row_len * 8;
	for (int i = 0; i < line->count; i++)
		width += line->cells[i].width * CELL_DOTS;
	return width;
}

static void draw_qr(SDL_Surface *s, const struct paper_line *line, double x, double y, double scale)
{
	double module = line->qr_dots * scale;

	for (int row = 0; row < line->qr_size; row++) {
		for (int column = 0; column < line->qr_size; column++) {
			int left = (int)round(x + column * module), top = (int)round(y + row * module);
			SDL_Rect r = { left, top, (int)round(x + (column + 1) * module) - left,
				       (int)round(y + (row + 1) * module) - top };

			if (line->modules[row * line->qr_size + column])
				SDL_FillRect(s, &r, SDL_MapRGB(s->format, 0x22, 0x22, 0x26));
		}
	}
}

/* Runs of black dots, a rectangle each. */
static void draw_picture(SDL_Surface *s, const struct paper_line *line, double x, double y, double scale)
{
	uint32_t ink = SDL_MapRGB(s->format, 0x22, 0x22, 0x26);
	size_t dots = line->row_len * 8;

	for (size_t row = 0; row < line->rows; row++) {
		const uint8_t *bits = line->bits + row * line->row_len;
		int top = (int)round(y + (double)row * scale), bottom = (int)round(y + (double)(row + 1) * scale);

		for (size_t from = 0, to; from < dots; from = to + 1) {
			for (to = from; to < dots && (bits[to / 8] >> (7 - to % 8) & 1); to++)
				;
			if (to > from) {
				int left = (int)round(x + (double)from * scale);
				SDL_Rect r = { left, top, (int)round(x + (double)to * scale) - left, bottom - top };

				SDL_FillRect(s, &r, ink);
			}
		}
	}
}

/* DejaVu Sans Mono's advance is 0.602 of its size: this size makes a glyph exactly as wide as its cell. */
static TTF_Font *font_of(bool bold, int cell_width)
{
	static struct {
		TTF_Font *font;
		bool bold;
		int width;
	} kept[8];
	static unsigned next;

	for (int i = 0; i < 8; i++)
		if (kept[i].font != NULL && kept[i].bold == bold && kept[i].width == cell_width)
			return kept[i].font;
	if (kept[next % 8].font != NULL)
		TTF_CloseFont(kept[next % 8].font);
	kept[next % 8].font = TTF_OpenFont(bold ? bold_path : font_path, (int)round(cell_width / 0.602));
	kept[next % 8].bold = bold;
	kept[next % 8].width = cell_width;
	return kept[next++ % 8].font;
}

static void draw_cell(SDL_Surface *s, const struct paper_cell *cell, SDL_Rect box)
{
	TTF_Font *font = font_of(cell->bold, cell->width == cell->height ? box.w : box.h / 2);
	SDL_Color ink = { 0x22, 0x22, 0x26, 0xff };
	SDL_Surface *glyph;

	if (cell->codepoint == ' ' || font == NULL)
		return;
	if (cell->codepoint == 0x2500) { /* ─ must meet its neighbours */
		SDL_Rect r = { box.x, box.y + box.h / 2, box.w, box.h > 20 ? box.h / 12 : 1 };

		SDL_FillRect(s, &r, SDL_MapRGB(s->format, ink.r, ink.g, ink.b));
		return;
	}
	glyph = TTF_RenderGlyph32_Blended(font, cell->codepoint, ink);
	if (glyph == NULL)
		return;
	if (cell->width == cell->height) {
		SDL_Rect at = { box.x + (box.w - glyph->w) / 2, box.y + (box.h - glyph->h) / 2, 0, 0 };

		SDL_BlitSurface(glyph, NULL, s, &at);
	} else {
		SDL_BlitScaled(glyph, NULL, s, &box); /* wide or tall print: stretched, as a printer does */
	}
	SDL_FreeSurface(glyph);
}

static void draw_line(SDL_Surface *s, const struct paper_line *line, double y, double scale)
{
	double free_dots = PAPER_DOTS - line_width(line);
	double x = (MARGIN_DOTS + (line->align == 0 ? 0 : line->align == 1 ? free_dots / 2 : free_dots)) * scale;

	if (line->qr != NULL) {
		draw_qr(s, line, x, y, scale);
		return;
	}
	if (line->bits != NULL) {
		draw_picture(s, line, x, y, scale);
		return;
	}
	for (int i = 0; i < line->count; i++) {
		const struct paper_cell *cell = &line->cells[i];
		double width = cell->width * CELL_DOTS * scale, height = cell->height * 24 * scale;
		double top = y + (line->height - cell->height) * 24 * scale;

		draw_cell(s, cell,
			  (SDL_Rect){ (int)round(x), (int)round(top), (int)round(x + width) - (int)round(x),
				      (int)round(height) });
		x += width;
	}
}

SDL_Surface *paper_draw(const struct paper_slip *slip, double scale)
{
	int dots = CUT_DOTS * 2;
	struct stat there;
	SDL_Surface *s;
	double y = CUT_DOTS * scale;

	if (stat(font_path, &there) != 0 || (TTF_WasInit() == 0 && TTF_Init() != 0))
		return NULL;
	for (int i = 0; i < slip->count; i++)
		dots += line_dots(&slip->lines[i]);
	s = SDL_CreateRGBSurfaceWithFormat(0, (int)((PAPER_DOTS + 2 * MARGIN_DOTS) * scale), (int)(dots * scale), 32,
					   SDL_PIXELFORMAT_ARGB8888);
	if (s == NULL)
		return NULL;
	SDL_FillRect(s, NULL, SDL_MapRGB(s->format, 0xfb, 0xfa, 0xf6));
	for (int i = 0; i < slip->count; i++) {
		draw_line(s, &slip->lines[i], y, scale);
		y += line_dots(&slip->lines[i]) * scale;
	}
	/* The cutter's serrated edge. */
	for (int x = 0; x < s->w; x++) {
		int depth = (int)(fabs(fmod(x / scale, 12) - 6) * scale * 0.6);
		SDL_Rect top = { x, 0, 1, depth }, bottom = { x, s->h - depth, 1, depth };

		SDL_FillRect(s, &top, SDL_MapRGBA(s->format, 0, 0, 0, 0));
		if (slip->cut)
			SDL_FillRect(s, &bottom, SDL_MapRGBA(s->format, 0, 0, 0, 0));
	}
	return s;
}

bool paper_write_png(const struct paper_slip *slip, const char *path)
{
	SDL_Surface *s = paper_draw(slip, 1.0);
	bool ok = s != NULL && IMG_SavePNG(s, path) == 0;

	SDL_FreeSurface(s);
	return ok;
}

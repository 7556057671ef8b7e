/* See paint.h. Paper and ink as the kiosk's own screens, so that the welcome screen grows out of the splash: the
 * colours are those of the theme "paper" in src/ui/theme.c, the mark is assets/desk/lobby.svg drawn by distances. Sizes
 * go by the panel's shorter side. */
#include "paint.h"

#include "art.h"

#include "base/text.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define PAPER 0xF5F3EEu
#define INK 0x14262Bu
#define QUIET 0x3A4B50u
#define BRAND 0x0A5C63u
#define ON_BRAND 0xFFFFFFu
#define TINT 0xDDEEECu
#define LINES_MAX 12

struct line {
	const char *text;
	size_t len;
};

static int least(int a, int b)
{
	return a < b ? a : b;
}

static void fill(struct canvas *canvas, uint32_t rgb)
{
	for (ptrdiff_t i = 0; i < (ptrdiff_t)canvas->width * canvas->height; i++)
		canvas->pixels[i] = rgb;
}

/* coverage 0..255 */
static void blend(struct canvas *canvas, int x, int y, uint32_t rgb, uint32_t coverage)
{
	uint32_t *pixel, out = 0;

	if (x < 0 || y < 0 || x >= canvas->width || y >= canvas->height)
		return;
	pixel = &canvas->pixels[(ptrdiff_t)y * canvas->width + x];
	for (int shift = 0; shift < 24; shift += 8) {
		uint32_t under = *pixel >> shift & 255, over = rgb >> shift & 255;

		out |= ((under * (255 - coverage) + over * coverage + 127) / 255) << shift;
	}
	*pixel = out;
}

/* ---- the mark ---- */

static float clamp(float value, float low, float high)
{
	return fminf(fmaxf(value, low), high);
}

static float to_segment(float x, float y, float x1, float y1, float x2, float y2)
{
	float dx = x2 - x1, dy = y2 - y1;
	float t = clamp(((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy), 0, 1);

	return hypotf(x - x1 - t * dx, y - y1 - t * dy);
}

/* From the edge of the square of 32 with corners of 8; negative inside. */
static float to_square(float x, float y)
{
	float dx = fabsf(x - 16) - 8, dy = fabsf(y - 16) - 8;

	return hypotf(fmaxf(dx, 0), fmaxf(dy, 0)) + fminf(fmaxf(dx, dy), 0) - 8;
}

static uint32_t coverage_of(float distance, float scale)
{
	return (uint32_t)(clamp(0.5f - distance * scale, 0, 1) * 255.0f + 0.5f);
}

static void paint_mark(struct canvas *canvas, int left, int top, int side)
{
	float scale = (float)side / 32;

	for (int py = 0; py < side; py++)
		for (int px = 0; px < side; px++) {
			float x = ((float)px + 0.5f) / scale, y = ((float)py + 0.5f) / scale;
			float stroke = fminf(to_segment(x, y, 10, 7, 10, 25), to_segment(x, y, 10, 25, 23, 25)) - 2;
			float dot = hypotf(x - 21, y - 13) - 3.5f;

			blend(canvas, left + px, top + py, BRAND, coverage_of(to_square(x, y), scale));
			blend(canvas, left + px, top + py, ON_BRAND, coverage_of(stroke, scale));
			blend(canvas, left + px, top + py, TINT, coverage_of(dot, scale));
		}
}

/* ---- words ---- */

static const struct art_set *set_for(const struct canvas *canvas)
{
	int side = least(canvas->width, canvas->height), i = ART_SETS - 1;

	while (i > 0 && side < art_sets[i].side)
		i--;
	return &art_sets[i];
}

/* A glyph's place in its font, or -1. */
static int find_glyph(const struct art_font *font, uint32_t c)
{
	for (int i = 0; i < font->count; i++)
		if (font->glyphs[i].codepoint == c)
			return i;
	return -1;
}

static void paint_glyph(struct canvas *canvas, const struct art_font *font, const struct art_glyph *g, int x, int y,
			uint32_t rgb)
{
	for (uint32_t i = 0; i < (uint32_t)g->width * g->height; i++) {
		uint32_t pair = font->alpha[g->at + i / 2], a = i % 2 == 0 ? pair >> 4 : pair & 15;

		if (a != 0)
			blend(canvas, x + g->left + (int)(i % g->width), y + g->top + (int)(i / g->width), rgb, a * 17);
	}
}

/* Paints a line with its pen from x on and its top at y, or only measures if canvas is NULL. Returns where the pen is.
 */
static int run(struct canvas *canvas, const struct art_font *font, struct line line, int x, int y, uint32_t rgb)
{
	int before = -1, pen = x * 8; /* eighths */

	for (size_t at = 0; at < line.len;) {
		int i = find_glyph(font, text_next(line.text, line.len, &at));

		if (i < 0)
			continue;
		if (before >= 0)
			pen += font->kern[before * font->count + i];
		if (canvas != NULL)
			paint_glyph(canvas, font, &font->glyphs[i], (pen + 4) / 8, y, rgb);
		pen += font->glyphs[i].advance;
		before = i;
	}
	return (pen + 7) / 8;
}

/* Breaks at spaces, each line as long as it can be, and at new lines. */
static int wrap(const struct art_font *font, const char *text, int width, struct line lines[LINES_MAX])
{
	size_t at = 0, len = strlen(text);
	int count = 0;

	while (at < len && count < LINES_MAX) {
		size_t end = at, next = at;

		while (next < len) {
			size_t to = next + 1 + strcspn(text + next + 1, " \n");

			if (end > at && run(NULL, font, (struct line){ text + at, to - at }, 0, 0, 0) > width)
				break;
			end = next = to;
			if (text[to] == '\n')
				break;
		}
		lines[count++] = (struct line){ text + at, end - at };
		at = end < len ? end + 1 : len;
	}
	return count;
}

/* Returns where the next text may begin; canvas NULL: only that. */
static int paint_text(struct canvas *canvas, const struct art_font *font, const char *text, int x, int y, int width,
		      uint32_t rgb)
{
	struct line lines[LINES_MAX];
	int count = wrap(font, text, width, lines);

	for (int i = 0; i < count; i++, y += font->line)
		if (canvas != NULL)
			run(canvas, font, lines[i], x, y, rgb);
	return y;
}

static void paint_centred(struct canvas *canvas, const struct art_font *font, const char *text, int y, uint32_t rgb)
{
	struct line line = { text, strlen(text) };

	run(canvas, font, line, (canvas->width - run(NULL, font, line, 0, 0, 0)) / 2, y, rgb);
}

/* ---- the pictures ---- */

void paint_splash(struct canvas *canvas, enum tongue tongue)
{
	const struct art_font *fonts = set_for(canvas)->fonts;
	int side = least(canvas->width, canvas->height) / 6;
	int top = (canvas->height - side - side / 3 - fonts[ART_HEADING].line) / 2;

	fill(canvas, PAPER);
	paint_mark(canvas, (canvas->width - side) / 2, top, side);
	paint_centred(canvas, &fonts[ART_HEADING], "Lobby", top + side + side / 3, INK);
	paint_centred(canvas, &fonts[ART_SMALL], tongue == TONGUE_SPANISH ? "Iniciando…" : "Starting…",
		      canvas->height - least(canvas->width, canvas->height) / 10, QUIET);
}

/* Heading and body; returns where they end. */
static int paint_words(struct canvas *canvas, const struct art_font *fonts, struct fail_words words, int x, int y,
		       int width)
{
	y = paint_text(canvas, &fonts[ART_HEADING], words.heading, x, y, width, INK);
	return paint_text(canvas, &fonts[ART_BODY], words.body, x, y + fonts[ART_BODY].line / 2, width, QUIET);
}

void paint_fail(struct canvas *canvas, enum fail fail, enum tongue tongue)
{
	const struct art_font *fonts = set_for(canvas)->fonts;
	struct fail_words words = fail_words(fail, tongue), spanish = fail_words(fail, TONGUE_SPANISH);
	int shorter = least(canvas->width, canvas->height), margin = shorter / 16, mark = shorter / 9;
	int width = least(canvas->width - 2 * margin, 24 * fonts[ART_BODY].line), gap = fonts[ART_HEADING].line;
	int y = canvas->height / 4, foot_y = canvas->height - margin - fonts[ART_SMALL].line, both, highest;
	char foot[80];

	if (words.heading == NULL)
		return;
	snprintf(foot, sizeof(foot), "Lobby " LOBBY_VERSION " · %s", words.code);
	fill(canvas, PAPER);
	paint_mark(canvas, margin, margin, mark);
	/* Both start higher where they must, and below the mark. */
	highest = margin + mark + margin / 2;
	both = paint_words(NULL, fonts, words, margin, 0, width) + gap +
	       paint_words(NULL, fonts, spanish, margin, 0, width);
	if (fail == FAIL_REFUSED && tongue == TONGUE_UNSET && highest + both <= foot_y) {
		y = y + both <= foot_y ? y : highest;
		y = paint_words(canvas, fonts, words, margin, y, width) + gap;
		words = spanish;
	}
	paint_words(canvas, fonts, words, margin, y, width);
	paint_text(canvas, &fonts[ART_SMALL], foot, margin, foot_y, width, QUIET);
}

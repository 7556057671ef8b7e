/* Makes art.h's tables: prints a C file with the glyphs of init's words (words.def), from the kiosk's own font (Inter).
 * Runs where init is built. Kerning is what the shaper says of each pair of characters. */
#include "art.h"

#include "base/text.h"

#include <SDL2/SDL.h>
#include <SDL2/SDL_ttf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "/usr/share/fonts/opentype/inter/"
#define CHARS_MAX 128
#define SPANISH "áéíóúñü¿¡" /* so that the next sentence has its letters */

static const char *const texts[ART_ROLES] = {
#define X(name, code, heading, body, heading_es, body_es) heading heading_es
	[ART_HEADING] = "Lobby" SPANISH
#include "words.def"
	,
#undef X
#define X(name, code, heading, body, heading_es, body_es) body body_es
	[ART_BODY] = SPANISH
#include "words.def"
	,
#undef X
	[ART_SMALL] = "Lobby Starting… Iniciando… ·0123456789abcdefghijklmnopqrstuvwxyzSDR.-+~",
};
static const char *const files[ART_ROLES] = { FOLDER "InterDisplay-Bold.otf", FOLDER "Inter-Regular.otf",
					      FOLDER "Inter-Medium.otf" };
static const struct {
	int side, px[ART_ROLES];
} sets[ART_SETS] = {
	{ 0, { 30, 20, 15 } },	  { 700, { 48, 30, 20 } },   { 1050, { 72, 42, 27 } },
	{ 1400, { 96, 56, 36 } }, { 2100, { 140, 82, 52 } },
};

static void die(const char *what)
{
	fprintf(stderr, "art: %s: %s\n", what, SDL_GetError());
	exit(1);
}

/* The characters of a text, each once. */
static int chars_of(const char *text, uint32_t out[CHARS_MAX])
{
	size_t at = 0, len = strlen(text);
	int count = 0;

	while (at < len) {
		uint32_t c = text_next(text, len, &at);
		bool known = false;

		for (int i = 0; i < count; i++)
			known = known || out[i] == c;
		if (c < ' ')
			continue; /* a new line */
		if (!known && count == CHARS_MAX)
			die("too many characters");
		if (!known)
			out[count++] = c;
	}
	return count;
}

static int width_of(TTF_Font *font, const uint32_t *chars, int count)
{
	char text[16];
	size_t len = 0;
	int width = 0;

	for (int i = 0; i < count; i++)
		len += text_encode(chars[i], text + len);
	text[len] = '\0';
	if (TTF_SizeUTF8(font, text, &width, NULL) != 0)
		die("size");
	return width;
}

static int advance_of(TTF_Font *font, uint32_t c)
{
	int advance = 0;

	if (TTF_GlyphMetrics32(font, c, NULL, NULL, NULL, NULL, &advance) != 0)
		die("metrics");
	return advance;
}

static uint8_t alpha_at(const SDL_Surface *s, int x, int y)
{
	uint32_t pixel;

	memcpy(&pixel, (const uint8_t *)s->pixels + (ptrdiff_t)y * s->pitch + (ptrdiff_t)x * 4, sizeof(pixel));
	return (uint8_t)(pixel >> 24);
}

/* The rectangle of a surface that is not empty. */
static SDL_Rect ink_of(const SDL_Surface *s)
{
	int left = s->w, top = s->h, right = 0, bottom = 0;

	for (int y = 0; y < s->h; y++)
		for (int x = 0; x < s->w; x++)
			if (alpha_at(s, x, y) >= 8) {
				left = SDL_min(left, x);
				right = SDL_max(right, x + 1);
				top = SDL_min(top, y);
				bottom = SDL_max(bottom, y + 1);
			}
	return right > left ? (SDL_Rect){ left, top, right - left, bottom - top } : (SDL_Rect){ 0 };
}

static void print_pixels(const SDL_Surface *s, SDL_Rect ink, uint32_t *at)
{
	int half = 0, byte = 0;

	for (int y = 0; y < ink.h; y++)
		for (int x = 0; x < ink.w; x++) {
			byte = byte << 4 | (alpha_at(s, ink.x + x, ink.y + y) * 15 + 127) / 255;
			if ((half ^= 1) == 0) {
				printf("%d,%s", byte, ++*at % 32 == 0 ? "\n" : "");
				byte = 0;
			}
		}
	if (half != 0) {
		printf("%d,", byte << 4);
		++*at;
	}
}

/* In eighths of a pixel, as a font of eight times the size says in pixels: so that lines are as long as they should be.
 */
static void print_kerning(TTF_Font *large, const uint32_t *chars, int count, int set, int role)
{
	printf("static const int8_t kern_%d_%d[] = {\n", set, role);
	for (int a = 0; a < count; a++) {
		for (int b = 0; b < count; b++) {
			const uint32_t pair[] = { chars[a], chars[b] };
			int kern =
				width_of(large, pair, 2) - width_of(large, pair + 1, 1) - advance_of(large, chars[a]);

			printf("%d,", SDL_clamp(kern, -128, 127));
		}
		printf("\n");
	}
	printf("};\n");
}

/* One font's tables; returns how many glyphs it has. */
static int print_font(int set, int role)
{
	struct art_glyph glyphs[CHARS_MAX];
	uint32_t chars[CHARS_MAX], at = 0;
	int count = chars_of(texts[role], chars);
	TTF_Font *font = TTF_OpenFont(files[role], sets[set].px[role]);
	TTF_Font *large = TTF_OpenFont(files[role], sets[set].px[role] * 8);

	if (font == NULL || large == NULL)
		die(files[role]);
	TTF_SetFontHinting(font, TTF_HINTING_NONE);
	TTF_SetFontHinting(large, TTF_HINTING_NONE);
	printf("static const uint8_t alpha_%d_%d[] = {\n", set, role);
	for (int i = 0; i < count; i++) {
		SDL_Surface *s = TTF_RenderGlyph32_Blended(font, chars[i], (SDL_Color){ 255, 255, 255, 255 });
		SDL_Rect ink = s != NULL ? ink_of(s) : (SDL_Rect){ 0 };
		int left = 0;

		if (TTF_GlyphMetrics32(font, chars[i], &left, NULL, NULL, NULL, NULL) != 0)
			die("metrics");
		glyphs[i] = (struct art_glyph){ chars[i],
						at,
						(uint16_t)ink.w,
						(uint16_t)ink.h,
						(uint16_t)advance_of(large, chars[i]),
						(int16_t)left,
						(int16_t)ink.y };
		if (s != NULL)
			print_pixels(s, ink, &at);
		SDL_FreeSurface(s);
	}
	printf("};\nstatic const struct art_glyph glyphs_%d_%d[] = {\n", set, role);
	for (int i = 0; i < count; i++)
		printf("{ %u, %u, %d, %d, %d, %d, %d },\n", glyphs[i].codepoint, glyphs[i].at, glyphs[i].width,
		       glyphs[i].height, glyphs[i].advance, glyphs[i].left, glyphs[i].top);
	printf("};\n");
	print_kerning(large, chars, count, set, role);
	TTF_CloseFont(font);
	TTF_CloseFont(large);
	return count;
}

int main(void)
{
	int counts[ART_SETS][ART_ROLES];

	if (TTF_Init() != 0)
		die("SDL_ttf");
	printf("/* Made by image/init/art.c. */\n#include \"image/init/art.h\"\n\n");
	for (int set = 0; set < ART_SETS; set++)
		for (int role = 0; role < ART_ROLES; role++)
			counts[set][role] = print_font(set, role);
	printf("const struct art_set art_sets[ART_SETS] = {\n");
	for (int set = 0; set < ART_SETS; set++) {
		printf("{ %d, {", sets[set].side);
		for (int role = 0; role < ART_ROLES; role++)
			printf("{ %d, %d, glyphs_%d_%d, alpha_%d_%d, kern_%d_%d },\n",
			       sets[set].px[role] * (role == ART_HEADING ? 114 : 138) / 100, counts[set][role], set,
			       role, set, role, set, role);
		printf("} },\n");
	}
	printf("};\n");
	TTF_Quit();
	return fflush(stdout) == 0 ? 0 : 1;
}

/* The letters that init can show: rasterised when it is built (art.c), because a font engine is larger than all of
 * init.
 *
 * One set of three fonts for each of a few sizes of panel. A glyph's pixels are 4-bit coverage, two to a byte, the
 * first in the high half, rows without padding. Lengths in pixels, advance and kerning in eighths of them. */
#ifndef LOBBY_INIT_ART_H
#define LOBBY_INIT_ART_H

#include <stdint.h>

#define ART_SETS 5

enum art_role { ART_HEADING, ART_BODY, ART_SMALL, ART_ROLES };

struct art_glyph {
	uint32_t codepoint;
	uint32_t at; /* byte of alpha where its pixels begin */
	uint16_t width, height, advance;
	int16_t left, top; /* of its pixels, from the pen and the line's top */
};

struct art_font {
	uint16_t line, count;
	const struct art_glyph *glyphs; /* count of them */
	const uint8_t *alpha;
	const int8_t *kern; /* count * count: what the second of a pair moves by */
};

struct art_set {
	uint16_t side; /* for panels whose shorter side is at least this */
	struct art_font fonts[ART_ROLES];
};

/** Ascending. */
extern const struct art_set art_sets[ART_SETS];

#endif

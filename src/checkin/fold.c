/* Folding names, code point by code point. Two tables give the plain letter under an accented Latin one: "*" says that
 * there are two (below), "." that the letter stands for itself. Drawn from the canonical decompositions of Unicode 15,
 * with the letters that have none (ß, ø, ł ...) added as people write them without them. */
#include "fold.h"

#include "base/text.h"

#include <string.h>

/* U+00C0 to U+024F: Latin-1 Supplement, Latin Extended-A and -B. */
static const char latin[] = "aaaaaa*ceeeeiiiidnooooo.ouuuuy**aaaaaa*ceeeeiiiidnooooo.ouuuuy*y" /* U+00C0 */
			    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii**jjkkklllllll" /* U+0100 */
			    "lllnnnnnnn**oooooo**rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs" /* U+0140 */
			    "bbbb..occdddd..eeffg...ikkl..nnooo..pp......tttuu.vyyzz........." /* U+0180 */
			    "....*********aaiioouuuuuuuuuu.aaaa**ggggkkoooo..j***gg..nnaa**oo" /* U+01C0 */
			    "aaaaeeeeiiiioooorrrruuuusstt..hhn...zzaaeeooooooooyyl..j..acclts" /* U+0200 */
			    "z..bu.eejj..rryy" /* U+0240 */;

/* U+1E00 to U+1EFF: Latin Extended Additional, the letters of Vietnamese among them. */
static const char latin_additional[] = "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmm" /* U+1E00 */
				       "mmmmnnnnnnnnoooooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvv" /* U+1E40 */
				       "wwwwwwwwwwxxxxyyzzzzzzhtwy.s..*.aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee" /* U+1E80 */
				       "eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy......" /* U+1EC0 */;

static const struct {
	uint32_t from, to;
	char letters[3];
} doubles[] = {
	{ 0xC6, 0xC6, "ae" },	{ 0xDE, 0xDE, "th" },	{ 0xDF, 0xDF, "ss" },	  { 0xE6, 0xE6, "ae" },
	{ 0xFE, 0xFE, "th" },	{ 0x132, 0x133, "ij" }, { 0x14A, 0x14B, "ng" },	  { 0x152, 0x153, "oe" },
	{ 0x1C4, 0x1C6, "dz" }, { 0x1C7, 0x1C9, "lj" }, { 0x1CA, 0x1CC, "nj" },	  { 0x1E2, 0x1E3, "ae" },
	{ 0x1F1, 0x1F3, "dz" }, { 0x1FC, 0x1FD, "ae" }, { 0x1E9E, 0x1E9E, "ss" },
};

/* What separates the parts of a name. */
static bool is_separator(uint32_t c)
{
	static const uint32_t others[] = { '-',	   '\'',   '`',	   0xA0,   0xAD,   0xB4,   0x2BB,  0x2BC,
					   0x2018, 0x2019, 0x201B, 0x202F, 0x2032, 0x2212, 0x3000, 0x30FB };

	if (c <= ' ' || (c >= 0x2000 && c <= 0x200B) || (c >= 0x2010 && c <= 0x2015))
		return true;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (others[i] == c)
			return true;
	return false;
}

/* What is left out: full stops, commas, combining accents (U+0300 to U+036F), joiners. */
static bool is_dropped(uint32_t c)
{
	return c == '.' || c == ',' || c == 0x7F || (c >= 0x300 && c <= 0x36F) || (c >= 0x200C && c <= 0x200F) ||
	       c == 0xFEFF;
}

/* The small letter of Greek and Cyrillic; every other letter is its own. */
static uint32_t lower_other(uint32_t c)
{
	static const uint16_t tonos[][2] = { { 0x386, 0x3B1 }, { 0x388, 0x3B5 }, { 0x389, 0x3B7 }, { 0x38A, 0x3B9 },
					     { 0x38C, 0x3BF }, { 0x38E, 0x3C5 }, { 0x38F, 0x3C9 }, { 0x3AC, 0x3B1 },
					     { 0x3AD, 0x3B5 }, { 0x3AE, 0x3B7 }, { 0x3AF, 0x3B9 }, { 0x3CC, 0x3BF },
					     { 0x3CD, 0x3C5 }, { 0x3CE, 0x3C9 }, { 0x3C2, 0x3C3 } };

	for (size_t i = 0; i < sizeof(tonos) / sizeof(tonos[0]); i++)
		if (tonos[i][0] == c)
			return tonos[i][1];
	if ((c >= 0x391 && c <= 0x3A9) || (c >= 0x410 && c <= 0x42F))
		return c + 0x20;
	if (c >= 0x400 && c <= 0x40F)
		return c + 0x50;
	return c;
}

/* Folds one letter into out; returns its bytes. */
static size_t fold_letter(uint32_t c, char out[4])
{
	char plain = '.';

	if (c >= 'A' && c <= 'Z')
		c += 'a' - 'A';
	if (c >= 0xC0 && c < 0x250)
		plain = latin[c - 0xC0];
	else if (c >= 0x1E00 && c < 0x1F00)
		plain = latin_additional[c - 0x1E00];
	if (plain == '.')
		return text_encode(lower_other(c), out);
	if (plain != '*') {
		out[0] = plain;
		return 1;
	}
	for (size_t i = 0; i < sizeof(doubles) / sizeof(doubles[0]); i++) {
		if (c >= doubles[i].from && c <= doubles[i].to) {
			memcpy(out, doubles[i].letters, 2);
			return 2;
		}
	}
	return text_encode(c, out);
}

void fold_split(struct fold_parts *parts, const char *name)
{
	size_t len = strlen(name), used = 0;
	bool between = true;

	parts->count = 0;
	for (size_t at = 0; at < len;) {
		uint32_t c = text_next(name, len, &at);
		char letter[4];
		size_t bytes;

		if (is_separator(c)) {
			between = true;
			continue;
		}
		if (is_dropped(c))
			continue;
		bytes = fold_letter(c, letter);
		if (used + bytes >= sizeof(parts->text))
			break;
		if (between && parts->count < FOLD_MAX_PARTS)
			parts->start[parts->count++] = used;
		between = false;
		memcpy(parts->text + used, letter, bytes);
		used += bytes;
	}
	parts->text[used] = '\0';
	parts->start[parts->count] = used;
}

void match_fold(char *out, size_t size, const char *name)
{
	struct fold_parts parts;

	fold_split(&parts, name);
	text_copy(out, size, parts.text);
}

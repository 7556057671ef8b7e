/* Where everything goes. All of it happens in the reading frame (codec.h): symbols first, because they cannot be made
 * smaller than a scanner can read; the lines share what is left of the height. The font's widths are those of its
 * narrow bold face, with a little added where the question is whether a text fits. */
#include "drivers/zpl/codec.h"

#include "base/text.h"

#include <string.h>

#define MIN_TEXT_MM10 22 /* a font this high has capitals of 1.7 mm, the smallest print that people still read */
#define MAX_TEXT_MM10 110
#define LABEL_LINE_MM10 42 /* a line of scale 1 */
#define BAND_LINE_MM10 40
#define FIT_PERCENT 106 /* fonts differ a little between firmwares */
#define MAX_LENGTH_MM 600
#define MAX_WIDTH_MM 220
#define MAX_SCALE 8

enum { QUIET_CODE128 = 10, QUIET_QR = 4 };

/* ---- characters ---- */

/* Hundredths of the height that a character is wide, from U+0020 to U+007E. */
static const uint8_t widths[95] = {
	25, 34, 34, 50, 50, 84, 67, 25, 34, 34, 50, 50, 34, 80, 34, 28, 50, 50, 50, 50, 50, 50, 50, 50, /*  -7 */
	50, 50, 28, 28, 50, 50, 50, 50, 84, 56, 56, 56, 62, 50, 50, 62, 62, 28, 45, 56, 50, 78, 62, 62, /* 8-O */
	56, 62, 62, 56, 50, 62, 56, 84, 56, 56, 50, 34, 25, 34, 50, 50, 34, 50, 50, 45, 50, 50, 28, 50, /* P-g */
	50, 28, 28, 45, 28, 78, 50, 50, 50, 50, 34, 45, 28, 50, 45, 67, 45, 45, 39, 28, 25, 28, 50,	/* h-~ */
};

/* Of the letters of Latin-1, from U+00C0, whose width is this letter's. */
static const char like[] = "AAAAAAMCEEEEIIIIDNOOOOO=OUUUUYPnaaaaaamceeeeiiiidnooooo=ouuuuypy";

static int width_of(uint32_t c)
{
	if (c >= 0x20 && c < 0x7f)
		return widths[c - 0x20];
	if (c >= 0xc0 && c <= 0xff)
		return widths[(int)like[c - 0xc0] - 0x20];
	return 84;
}

/* The character as font 0 has it, '?' if it has not, 0 for what prints as nothing. */
static uint32_t printable(uint32_t c)
{
	if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || (c >= 0x200b && c <= 0x200f) || c == 0xfeff)
		return 0;
	if (c == 0xa0 || c == 0x2009 || c == 0x202f)
		return ' ';
	if (c <= 0xff)
		return c;
	if ((c >= 0x2010 && c <= 0x2015) || c == 0x2212)
		return '-';
	if ((c >= 0x2018 && c <= 0x201b) || c == 0x02bc)
		return '\'';
	if (c >= 0x201c && c <= 0x201f)
		return '"';
	return '?';
}

bool zpl_can_print(const char *text)
{
	size_t len = strlen(text), at = 0;

	while (at < len) {
		uint32_t c = text_next(text, len, &at), as = printable(c);

		if (as == 0 || (as == '?' && c != '?'))
			return false;
	}
	return true;
}

/* Hundredths of the height. */
static int text_width(const char *text)
{
	size_t len = strlen(text), at = 0;
	int sum = 0;

	while (at < len)
		sum += width_of(text_next(text, len, &at));
	return sum;
}

static void take_text(const char *from, char *out, size_t size)
{
	size_t len = strlen(from), at = 0, n = 0;

	while (at < len) {
		uint32_t c = printable(text_next(from, len, &at));

		if (c != 0 && n + 4 < size)
			n += text_encode(c, out + n);
	}
	out[n] = '\0';
	text_trim(out);
}

/* Bold is the same text again, a little further on: font 0 has no bolder face. Small print would only run together. */
static int strike_of(bool bold, int height)
{
	return bold ? height / 32 : 0;
}

/* The dots that a text may take. */
static int reach_of(const char *text, int height, int strike)
{
	return text_width(text) * height * FIT_PERCENT / 10000 + 1 + strike;
}

static bool fits(const char *text, int height, int strike, int room)
{
	return reach_of(text, height, strike) <= room;
}

/* ---- sizes ---- */

static int dots_of(const struct zpl_media *media, int mm10)
{
	return (mm10 * (int)media->dots_per_mm + 5) / 10;
}

/* The height that a field of this font takes: accents stand above the capitals, tails below the line. */
static int slot_of(int height)
{
	return height + height / 5;
}

/* The narrowest bar that a scanner reads: 0.17 mm, and two dots. */
static int least_module(const struct zpl_media *media)
{
	int dots = ((int)media->dots_per_mm * 17 + 99) / 100;

	return dots < 2 ? 2 : dots;
}

static bool is_code_text(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < 0x20 || *text > 0x7e)
			return false;
	return true;
}

/* Start, check and stop symbols are eleven, eleven and thirteen modules; digits go in pairs when all are digits. */
static int code128_modules(const char *text)
{
	int n = (int)strlen(text);
	bool pairs = n % 2 == 0 && strspn(text, "0123456789") == (size_t)n;

	return ((pairs ? n / 2 : n) + 2) * 11 + 13;
}

/* Bytes that a QR code of version i + 1 holds at level M (ISO/IEC 18004, table 7), less two for an encoder that mixes
 * modes. */
static int qr_modules(const char *text)
{
	static const uint16_t capacity[] = { 14, 26, 42, 62, 84, 106, 122, 152, 180, 213, 251, 287 };
	size_t n = strlen(text) + 2;

	for (size_t i = 0; i < sizeof(capacity) / sizeof(capacity[0]); i++)
		if (n <= capacity[i])
			return 21 + 4 * (int)i;
	return 0;
}

/* ---- placing ---- */

struct plan {
	const lobby_Print *print;
	const struct zpl_media *media;
	struct zpl_layout *layout;
	struct zpl_box zone; /* what is still free */
	int gap;
	bool all_text;		   /* pictures are asked for: take them as text */
	int placed[MAX_SCALE + 1]; /* the smallest font of the lines of this scale so far; 0: none */
	int heights[sizeof(((lobby_Print *)0)->line) / sizeof(((lobby_Print *)0)->line[0])];
};

static struct zpl_item *add(struct plan *p, enum zpl_kind kind, struct zpl_box box)
{
	struct zpl_item *item = &p->layout->items[p->layout->count++];

	*item = (struct zpl_item){ .kind = kind, .box = box };
	return item;
}

static int place_qr(struct plan *p, int room_w, int room_h, bool at_end)
{
	int modules = qr_modules(p->print->qr), room = room_w < room_h ? room_w : room_h, whole, size;
	struct zpl_box box;
	struct zpl_item *item;

	if (!is_code_text(p->print->qr))
		return LOBBY_ERR_INVALID;
	whole = modules + 2 * QUIET_QR;
	size = modules == 0 ? 0 : (room - 1) / whole; /* the printer lets it sink by the one dot of ^BY's height */
	if (size < least_module(p->media))
		return LOBBY_ERR_TOO_LONG;
	if (size > (int)p->media->dots_per_mm)
		size = (int)p->media->dots_per_mm;
	if (size > 10)
		size = 10;
	box = (struct zpl_box){ p->zone.x, p->zone.y, whole * size + 1, whole * size + 1 };
	if (at_end)
		box.x += p->zone.w - box.w;
	else
		p->zone.x += box.w + p->gap;
	box.y += (p->zone.h - box.h) / 2;
	p->zone.w -= box.w + p->gap;
	item = add(p, ZPL_QR, box);
	item->size = size;
	item->modules = modules;
	text_copy(item->text, sizeof(item->text), p->print->qr);
	return 0;
}

/* The largest module that fits into the room, up to 0.4 mm; 0: it does not fit. */
static int code128_module(const struct plan *p, int modules, int room)
{
	int size = room / (modules + 2 * QUIET_CODE128), most = (int)p->media->dots_per_mm * 4 / 10;

	if (most < least_module(p->media))
		most = least_module(p->media);
	return size < least_module(p->media) ? 0 : size > most ? most : size;
}

static int place_code128(struct plan *p, int height)
{
	int modules = code128_modules(p->print->code128), size = code128_module(p, modules, p->zone.w);
	struct zpl_box box = { p->zone.x, p->zone.y, (modules + 2 * QUIET_CODE128) * size, height };
	struct zpl_item *item;

	if (!is_code_text(p->print->code128))
		return LOBBY_ERR_INVALID;
	if (size == 0)
		return LOBBY_ERR_TOO_LONG;
	if (p->layout->turned) {
		box.y += (p->zone.h - height) / 2;
		p->zone.x += box.w + p->gap;
		p->zone.w -= box.w + p->gap;
	} else {
		box.x += (p->zone.w - box.w) / 2;
		box.y += p->zone.h - height;
		p->zone.h -= height + p->gap;
	}
	item = add(p, ZPL_CODE128, box);
	item->size = size;
	item->modules = modules;
	text_copy(item->text, sizeof(item->text), p->print->code128);
	return 0;
}

static int place_symbols(struct plan *p)
{
	int err = 0;

	if (p->layout->turned) {
		if (p->print->qr[0] != '\0')
			err = place_qr(p, p->zone.w / 3, p->zone.h, false);
		if (err == 0 && p->print->code128[0] != '\0')
			err = place_code128(p, p->zone.h * 2 / 3);
		return err;
	}
	if (p->print->code128[0] != '\0') {
		int height = p->zone.h / 4, most = dots_of(p->media, 120), least = dots_of(p->media, 40);

		err = place_code128(p, height > most ? most : height < least ? least : height);
	}
	if (err == 0 && p->print->qr[0] != '\0')
		err = place_qr(p, p->zone.w * 2 / 5, p->zone.h, true);
	return err;
}

/* ---- lines ---- */

enum sort { BLANK, RULE, PICTURE, TEXT };

static enum sort sort_of(const struct plan *p, int i)
{
	const lobby_SlipLine *line = &p->print->line[i];

	if (line->rule)
		return RULE;
	if (line->rows > 0)
		return p->all_text ? TEXT : PICTURE;
	return line->text[0] == '\0' ? BLANK : TEXT;
}

static int scale_of(const lobby_SlipLine *line)
{
	return line->scale < 1 ? 1 : line->scale > MAX_SCALE ? MAX_SCALE : (int)line->scale;
}

/* The height of line i when a line of scale 1 has a font of `base` dots. */
static int height_of(const struct plan *p, int i, int base)
{
	int least = dots_of(p->media, MIN_TEXT_MM10), most = dots_of(p->media, MAX_TEXT_MM10), height;

	switch (sort_of(p, i)) {
	case BLANK:
		return base / 2;
	case RULE:
		return p->gap;
	case PICTURE:
		return (int)p->print->line[i].rows;
	case TEXT:
		break;
	}
	height = base * (3 + 7 * scale_of(&p->print->line[i])) / 10;
	height = height > most ? most : height < least ? least : height;
	return slot_of(height);
}

/* The highest font whose slot this is. */
static int font_of(int slot)
{
	int height = slot * 5 / 6;

	while (slot_of(height) > slot)
		height--;
	while (slot_of(height + 1) <= slot)
		height++;
	return height;
}

/* The largest base with which all lines fit one below the other. */
static int share_height(struct plan *p)
{
	int base = dots_of(p->media, p->layout->turned ? BAND_LINE_MM10 : LABEL_LINE_MM10);

	for (; base >= 0; base--) {
		int sum = 0;

		for (int i = 0; i < p->print->line_count && sum <= p->zone.h; i++) {
			p->heights[i] = height_of(p, i, base);
			sum = p->heights[i] > p->zone.h ? p->zone.h + 1 : sum + p->heights[i];
		}
		if (sum <= p->zone.h)
			return 0;
	}
	return LOBBY_ERR_TOO_LONG;
}

/* The highest font, up to `most`, in which the text fits; 0: none that people can read. */
static int fit_height(const struct plan *p, const char *text, int most, bool bold)
{
	int least = dots_of(p->media, MIN_TEXT_MM10);

	while (most >= least && !fits(text, most, strike_of(bold, most), p->zone.w))
		most--;
	return most >= least ? most : 0;
}

/* Cuts the text in two at the space where both halves can be largest. Returns that height; 0: it cannot be done. */
static int halve(const struct plan *p, const char *text, int most, bool bold, size_t *at)
{
	int best = 0;

	for (size_t i = 1; text[i] != '\0'; i++) {
		char half[sizeof(((struct zpl_item *)0)->text)];
		int first, second;

		if (text[i] != ' ' || text[i - 1] == ' ')
			continue;
		text_copy_n(half, sizeof(half), text, i);
		first = fit_height(p, half, most, bold);
		second = fit_height(p, text + i + 1, most, bold);
		if (second < first)
			first = second;
		if (first > best) {
			best = first;
			*at = i;
		}
	}
	return best;
}

static void cut(const struct plan *p, char *text, size_t size, int height, bool bold)
{
	char shown[sizeof(((struct zpl_item *)0)->text)];

	do {
		text_pop(text);
		text_trim(text);
		text_copy(shown, sizeof(shown) - 3, text);
		memcpy(shown + strlen(shown), "...", 4);
	} while (text[0] != '\0' && !fits(shown, height, strike_of(bold, height), p->zone.w));
	text_copy(text, size, shown);
}

/* One row of text, in the middle of its slot. */
static void place_row(struct plan *p, const lobby_SlipLine *line, const char *text, int height, int y, int slot)
{
	int strike = strike_of(line->bold, height), w = text_width(text) * height / 100;
	/* The box is where it may print on this firmware; it begins where the text begins. */
	struct zpl_box box = { p->zone.x, y + (slot - slot_of(height)) / 2, reach_of(text, height, strike),
			       slot_of(height) };
	struct zpl_item *item = add(p, ZPL_TEXT, box);

	if (line->align == lobby_SlipAlign_SLIP_CENTER) {
		item->box.x += (p->zone.w - w) / 2;
		if (item->box.x + box.w > p->zone.x + p->zone.w)
			item->box.x = p->zone.x + p->zone.w - box.w;
	}
	item->size = height;
	item->strike = strike;
	text_copy(item->text, sizeof(item->text), text);
}

/* In one row as large as fits, or in two if they can be larger; always smaller than a more important line above. */
static void place_text(struct plan *p, const lobby_SlipLine *line, int y, int slot)
{
	int scale = scale_of(line), most = font_of(slot), one, two = 0;
	char text[sizeof(((struct zpl_item *)0)->text)];
	size_t at = 0;

	take_text(line->text, text, sizeof(text) - 3);
	if (text[0] == '\0')
		return;
	for (int i = scale + 1; i <= MAX_SCALE; i++)
		if (p->placed[i] != 0 && most > p->placed[i] * 17 / 20)
			most = p->placed[i] * 17 / 20;
	if (most < dots_of(p->media, MIN_TEXT_MM10))
		most = dots_of(p->media, MIN_TEXT_MM10);
	one = fit_height(p, text, most, line->bold);
	if (one < most)
		two = halve(p, text, font_of(slot / 2) < most ? font_of(slot / 2) : most, line->bold, &at);
	if (one == 0 && two == 0) {
		one = dots_of(p->media, MIN_TEXT_MM10);
		cut(p, text, sizeof(text), one, line->bold);
	}
	p->placed[scale] = two > one ? two : one;
	if (two > one) {
		place_row(p, line, text + at + 1, two, y + slot / 2, slot / 2);
		text[at] = '\0';
		place_row(p, line, text, two, y, slot / 2);
		return;
	}
	place_row(p, line, text, one, y, slot);
}

static void place_picture(struct plan *p, const lobby_SlipLine *line, int y)
{
	int w = (int)p->print->row_dots < p->zone.w ? (int)p->print->row_dots : p->zone.w;
	struct zpl_item *item = add(p, ZPL_PICTURE, (struct zpl_box){ p->zone.x, y, w, (int)line->rows });

	if (line->align == lobby_SlipAlign_SLIP_CENTER)
		item->box.x += (p->zone.w - w) / 2;
	item->first_row = line->first_row;
}

static void place_lines(struct plan *p)
{
	int sum = 0, y;

	for (int i = 0; i < p->print->line_count; i++)
		sum += p->heights[i];
	y = p->zone.y + (p->zone.h - sum) / 2;
	for (int i = 0; i < p->print->line_count; y += p->heights[i++]) {
		switch (sort_of(p, i)) {
		case RULE:
			add(p, ZPL_RULE,
			    (struct zpl_box){ p->zone.x, y + p->heights[i] / 2, p->zone.w,
					      1 + (int)p->media->dots_per_mm / 8 });
			break;
		case PICTURE:
			place_picture(p, &p->print->line[i], y);
			break;
		case TEXT:
			place_text(p, &p->print->line[i], y, p->heights[i]);
			break;
		case BLANK:
			break;
		}
	}
}

/* ---- the whole ---- */

/* Checks the job, and leaves in p->zone what the symbols leave to the lines, with everyone's share of the height. */
static int prepare(struct plan *p)
{
	const lobby_Print *print = p->print;
	bool turned = print->form == lobby_PrintForm_PRINT_WRISTBAND;
	int dots = (int)p->media->dots_per_mm, side, end, err;
	uint32_t width_mm = print->width_mm != 0 ? print->width_mm : turned ? 25 : 50;
	uint32_t length_mm = print->length_mm != 0 ? print->length_mm : turned ? 279 : 25;

	if (dots < 6 || dots > 24 || width_mm > MAX_WIDTH_MM || length_mm > MAX_LENGTH_MM || width_mm < 10 ||
	    length_mm < 10)
		return LOBBY_ERR_INVALID;
	for (int i = 0; i < print->line_count; i++)
		if (print->line[i].rows > 0 &&
		    (print->row_dots == 0 || print->row_dots % 8 != 0 || print->row_dots > ZPL_MAX_ROW_DOTS))
			return LOBBY_ERR_INVALID;
		else if (print->line[i].rows > MAX_LENGTH_MM * 24)
			return LOBBY_ERR_TOO_LONG;
	*p->layout =
		(struct zpl_layout){ .width = (int)width_mm * dots, .length = (int)length_mm * dots, .turned = turned };
	side = dots_of(p->media, turned ? 20 : 15);
	end = dots_of(p->media, turned ? 60 : 15);
	p->gap = dots_of(p->media, turned ? 20 : 10);
	p->zone = turned ? (struct zpl_box){ end, side, p->layout->length - 2 * end, p->layout->width - 2 * side }
			 : (struct zpl_box){ side, end, p->layout->width - 2 * side, p->layout->length - 2 * end };
	if (p->zone.w <= 0 || p->zone.h <= 0)
		return LOBBY_ERR_INVALID;
	err = place_symbols(p);
	if (err != 0)
		return err;
	if (print->line_count > 0 && (p->zone.w < dots_of(p->media, 80) || p->zone.h <= 0))
		return LOBBY_ERR_TOO_LONG;
	return share_height(p);
}

int zpl_lay_out(const lobby_Print *print, const struct zpl_media *media, struct zpl_layout *out)
{
	struct zpl_layout layout;
	struct plan p = { .print = print, .media = media, .layout = &layout };
	int err = prepare(&p);

	if (err != 0)
		return err;
	place_lines(&p);
	*out = layout;
	explicit_bzero(&layout, sizeof(layout));
	return 0;
}

int zpl_picture_room(const lobby_Print *print, const struct zpl_media *media, size_t line, uint32_t *width,
		     uint32_t *rows)
{
	struct zpl_layout layout;
	struct plan p = { .print = print, .media = media, .layout = &layout, .all_text = true };
	int err;

	if (line >= print->line_count)
		return LOBBY_ERR_INVALID;
	err = prepare(&p);
	if (err != 0)
		return err;
	*width = (uint32_t)p.zone.w;
	*rows = (uint32_t)p.heights[line];
	return 0;
}

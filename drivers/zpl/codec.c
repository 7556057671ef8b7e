/* See codec.h. Every piece goes through one bounded writer, and every byte of somebody's data through write_data() or
 * write_hex(): that is where "data never becomes a command" is kept. */
#include "drivers/zpl/codec.h"

#include "base/bytes.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char hex[] = "0123456789ABCDEF";

__attribute__((format(printf, 2, 3))) static void write_format(struct writer *w, const char *format, ...)
{
	char text[160];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof(text))
		w->failed = true;
	else
		write_text(w, text);
}

static int length_of(const struct writer *w)
{
	return w->failed ? LOBBY_ERR_TOO_LONG : (int)w->len;
}

/* One byte of field data. Beyond ASCII it is UTF-8 (^CI28), which holds no command's prefix. */
static void write_data(struct writer *w, char byte)
{
	unsigned char c = (unsigned char)byte;

	if (c >= 0x80 || isalnum(c) || (c != '\0' && strchr(" .,-/:", c) != NULL)) {
		write_u8(w, c);
		return;
	}
	write_u8(w, '_');
	write_u8(w, (uint8_t)hex[c >> 4]);
	write_u8(w, (uint8_t)hex[c & 15]);
}

static void write_field(struct writer *w, const char *lead, const char *text)
{
	write_text(w, "^FH_^FD");
	write_text(w, lead);
	for (; *text != '\0'; text++)
		write_data(w, *text);
	write_text(w, "^FS\n");
}

/* Where a box of the frame begins on the paper: its corner nearest to the paper's. */
static void write_origin(struct writer *w, const struct zpl_layout *l, struct zpl_box box)
{
	if (l->turned)
		write_format(w, "^FO%d,%d", l->width - box.y - box.h, box.x);
	else
		write_format(w, "^FO%d,%d", box.x, box.y);
}

static char orientation(const struct zpl_layout *l)
{
	return l->turned ? 'R' : 'N';
}

/* Settings that stay in a printer and would change how a label looks are said each time; those with which a technician
 * lines up the paper (^LS, ^LT, ^MN, darkness) are left alone. ^JZY: print a label whole that an error interrupted. */
int zpl_encode_head(const struct zpl_layout *l, uint8_t *out, size_t size)
{
	struct writer w = writer_of(out, size);

	write_format(&w, "^XA^CI28^MUD^LH0,0^PON^PMN^LRN^FWN^JZY^PW%d^LL%d\n", l->width, l->length);
	return length_of(&w);
}

int zpl_encode_end(uint8_t *out, size_t size)
{
	struct writer w = writer_of(out, size);

	write_text(&w, "^PQ1,0,1,N^XZ\n");
	return length_of(&w);
}

/* ---- items ---- */

static void write_text_item(struct writer *w, const struct zpl_layout *l, const struct zpl_item *item)
{
	struct zpl_box box = { item->box.x, item->box.y + item->size / 5, item->box.w, item->size };

	for (int i = 0; i < (item->strike > 0 ? 2 : 1); i++) {
		write_origin(w, l, box);
		write_format(w, "^A0%c,%d,%d", orientation(l), item->size, item->size);
		write_field(w, "", item->text);
		box.x += item->strike;
	}
}

static void write_rule(struct writer *w, const struct zpl_layout *l, const struct zpl_item *item)
{
	int across = l->turned ? item->box.h : item->box.w, along = l->turned ? item->box.w : item->box.h;

	write_origin(w, l, item->box);
	write_format(w, "^GB%d,%d,%d^FS\n", across, along, item->box.h);
}

/* Start codes and the three signs that have to be invoked: ^BC, table "Code 128 Invocation Characters". */
static void write_code128(struct writer *w, const struct zpl_layout *l, const struct zpl_item *item)
{
	struct zpl_box bars = { item->box.x, item->box.y, item->modules * item->size, item->box.h };
	size_t n = strlen(item->text);
	bool pairs = n % 2 == 0 && strspn(item->text, "0123456789") == n;

	bars.x += (item->box.w - bars.w) / 2;
	write_format(w, "^BY%d,3,%d", item->size, bars.h);
	write_origin(w, l, bars);
	write_format(w, "^BC%c,%d,N,N,N,N^FH_^FD%s", orientation(l), bars.h, pairs ? ">;" : ">:");
	for (const char *at = item->text; *at != '\0'; at++) {
		if (*at == '>')
			write_text(w, ">0");
		else if (*at == '^')
			write_text(w, "><");
		else if (*at == '~')
			write_text(w, ">=");
		else
			write_data(w, *at);
	}
	write_text(w, "^FS\n");
}

/* ^BQ is never turned, and sinks by the height that ^BY set last: one dot, which its box allows for. */
static void write_qr(struct writer *w, const struct zpl_layout *l, const struct zpl_item *item)
{
	int quiet = (item->box.w - item->modules * item->size) / 2;
	struct zpl_box box = { item->box.x + quiet, item->box.y + quiet, item->box.w - 2 * quiet,
			       item->box.h - 2 * quiet };

	write_text(w, "^BY2,3,1");
	write_origin(w, l, box);
	write_format(w, "^BQN,2,%d", item->size);
	write_field(w, "MA,", item->text);
}

int zpl_encode_item(const struct zpl_layout *l, const struct zpl_item *item, uint8_t *out, size_t size)
{
	struct writer w = writer_of(out, size);

	switch (item->kind) {
	case ZPL_TEXT:
		write_text_item(&w, l, item);
		break;
	case ZPL_RULE:
		write_rule(&w, l, item);
		break;
	case ZPL_CODE128:
		write_code128(&w, l, item);
		break;
	case ZPL_QR:
		write_qr(&w, l, item);
		break;
	case ZPL_PICTURE:
		break; /* comes in bands */
	}
	return length_of(&w);
}

/* ---- pictures ---- */

/* A whole number of bytes when turned, and not more than a band. */
uint32_t zpl_band_rows(const struct zpl_item *item, uint32_t row_dots, uint32_t done)
{
	uint32_t rows = ZPL_BAND_BYTES / (row_dots / 8) / 8 * 8, left = (uint32_t)item->box.h - done;

	if (done >= (uint32_t)item->box.h)
		return 0;
	return rows < left ? rows : left;
}

static bool is_black(const uint8_t *bits, uint32_t row_dots, int x, int y)
{
	return (bits[(size_t)y * (row_dots / 8) + (size_t)x / 8] & 0x80 >> x % 8) != 0;
}

/* One row of the graphic, as hexadecimal digits; what is white to its end is a comma. */
static void write_hex(struct writer *w, const uint8_t *row, int bytes)
{
	int used = bytes;

	while (used > 0 && row[used - 1] == 0)
		used--;
	for (int i = 0; i < used; i++) {
		write_u8(w, (uint8_t)hex[row[i] >> 4]);
		write_u8(w, (uint8_t)hex[row[i] & 15]);
	}
	if (used < bytes)
		write_u8(w, ',');
}

int zpl_encode_band(const struct zpl_layout *l, const struct zpl_item *item, uint32_t row_dots, uint32_t done,
		    uint32_t rows, const uint8_t *bits, size_t len, uint8_t *out, size_t size)
{
	struct writer w = writer_of(out, size);
	struct zpl_box box = { item->box.x, item->box.y + (int)done, item->box.w, (int)rows };
	int across = l->turned ? box.h : box.w, down = l->turned ? box.w : box.h, bytes = (across + 7) / 8;

	if (rows == 0 || rows > zpl_band_rows(item, row_dots, done) || len != (size_t)rows * (row_dots / 8) ||
	    box.w > (int)row_dots)
		return LOBBY_ERR_INVALID;
	write_origin(&w, l, box);
	write_format(&w, "^GFA,%d,%d,%d,", bytes * down, bytes * down, bytes);
	for (int y = 0; y < down; y++) {
		uint8_t row[ZPL_MAX_ROW_DOTS / 8] = { 0 };

		/* Turned clockwise, the picture's rows are columns, the first one rightmost. */
		for (int x = 0; x < across; x++)
			if (l->turned ? is_black(bits, row_dots, y, box.h - 1 - x) : is_black(bits, row_dots, x, y))
				row[x / 8] |= (uint8_t)(0x80 >> x % 8);
		write_hex(&w, row, bytes);
	}
	write_text(&w, "^FS\n");
	return length_of(&w);
}

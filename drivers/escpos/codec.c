/* See codec.h. The encoder writes into a bounded writer and looks once, at the end, whether it all fitted. */
#include "drivers/escpos/codec.h"

#include "base/bytes.h"
#include "base/text.h"

#include <string.h>
#include <strings.h>

enum { LF = 0x0a, ESC = 0x1b, GS = 0x1d };

/* ---- characters ---- */

/* Code page 858, 0x80 to 0xff, as Unicode. */
static const uint16_t upper_half[128] = {
	0x00c7, 0x00fc, 0x00e9, 0x00e2, 0x00e4, 0x00e0, 0x00e5, 0x00e7, 0x00ea, 0x00eb, 0x00e8, 0x00ef, 0x00ee,
	0x00ec, 0x00c4, 0x00c5, 0x00c9, 0x00e6, 0x00c6, 0x00f4, 0x00f6, 0x00f2, 0x00fb, 0x00f9, 0x00ff, 0x00d6,
	0x00dc, 0x00f8, 0x00a3, 0x00d8, 0x00d7, 0x0192, 0x00e1, 0x00ed, 0x00f3, 0x00fa, 0x00f1, 0x00d1, 0x00aa,
	0x00ba, 0x00bf, 0x00ae, 0x00ac, 0x00bd, 0x00bc, 0x00a1, 0x00ab, 0x00bb, 0x2591, 0x2592, 0x2593, 0x2502,
	0x2524, 0x00c1, 0x00c2, 0x00c0, 0x00a9, 0x2563, 0x2551, 0x2557, 0x255d, 0x00a2, 0x00a5, 0x2510, 0x2514,
	0x2534, 0x252c, 0x251c, 0x2500, 0x253c, 0x00e3, 0x00c3, 0x255a, 0x2554, 0x2569, 0x2566, 0x2560, 0x2550,
	0x256c, 0x00a4, 0x00f0, 0x00d0, 0x00ca, 0x00cb, 0x00c8, 0x20ac, 0x00cd, 0x00ce, 0x00cf, 0x2518, 0x250c,
	0x2588, 0x2584, 0x00a6, 0x00cc, 0x2580, 0x00d3, 0x00df, 0x00d4, 0x00d2, 0x00f5, 0x00d5, 0x00b5, 0x00fe,
	0x00de, 0x00da, 0x00db, 0x00d9, 0x00fd, 0x00dd, 0x00af, 0x00b4, 0x00ad, 0x00b1, 0x2017, 0x00be, 0x00b6,
	0x00a7, 0x00f7, 0x00b8, 0x00b0, 0x00a8, 0x00b7, 0x00b9, 0x00b3, 0x00b2, 0x25a0, 0x00a0,
};

/* Latin Extended-A, U+0100 to U+017F, without its accents. */
static const char latin_a[] =
	"AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIiJjJjKkkLlLlLlLlLlNnNnNnnNnOoOoOoOoRrRrRr"
	"SsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs";

static const struct {
	uint16_t codepoint;
	char as;
} folded[] = {
	{ 0x2010, '-' },  { 0x2011, '-' },  { 0x2012, '-' },  { 0x2013, '-' },	{ 0x2014, '-' }, { 0x2212, '-' },
	{ 0x2018, '\'' }, { 0x2019, '\'' }, { 0x201a, '\'' }, { 0x02bc, '\'' }, { 0x201c, '"' }, { 0x201d, '"' },
	{ 0x201e, '"' },  { 0x2022, '*' },  { 0x2026, '.' },  { 0x202f, ' ' },	{ 0x2009, ' ' }, { 0x0218, 'S' },
	{ 0x0219, 's' },  { 0x021a, 'T' },  { 0x021b, 't' },  { 0x1ea0, 'A' },	{ 0x1ea1, 'a' }, { 0x1eb8, 'E' },
	{ 0x1eb9, 'e' },  { 0x1ecc, 'O' },  { 0x1ecd, 'o' },  { 0x01a0, 'O' },	{ 0x01a1, 'o' }, { 0x01af, 'U' },
	{ 0x01b0, 'u' },
};

_Static_assert(sizeof(latin_a) == 129, "one letter for each of U+0100 to U+017F");

uint8_t escpos_char(uint32_t codepoint)
{
	if (codepoint < 0x20 || codepoint == 0x7f || codepoint == 0xad || (codepoint >= 0x80 && codepoint < 0xa0) ||
	    (codepoint >= 0x0300 && codepoint <= 0x036f) || (codepoint >= 0x200b && codepoint <= 0x200f) ||
	    codepoint == 0xfeff)
		return 0; /* controls must never reach the printer as commands; combining marks drop off */
	if (codepoint < 0x7f)
		return (uint8_t)codepoint;
	for (int i = 0; i < 128; i++)
		if (upper_half[i] == codepoint)
			return (uint8_t)(0x80 + i);
	if (codepoint >= 0x100 && codepoint < 0x180)
		return (uint8_t)latin_a[codepoint - 0x100];
	for (size_t i = 0; i < sizeof(folded) / sizeof(folded[0]); i++)
		if (folded[i].codepoint == codepoint)
			return (uint8_t)folded[i].as;
	return '?';
}

/* ---- the job ---- */

static void command(struct writer *w, uint8_t lead, char name, uint8_t n)
{
	write_u8(w, lead);
	write_u8(w, (uint8_t)name);
	write_u8(w, n);
}

static int scale_of(const lobby_SlipLine *line)
{
	return line->scale < 1 ? 1 : line->scale > 8 ? 8 : (int)line->scale;
}

/* The text as printer's characters, wrapped: a space before a word that would cross the right edge becomes a line end.
 * A word longer than the line is left to the printer, which breaks it anywhere. */
static void write_wrapped(struct writer *w, const char *text, int columns)
{
	size_t len = strlen(text), at = 0;
	uint8_t word[sizeof(((lobby_SlipLine *)0)->text)];
	int column = 0;

	while (at < len) {
		int n = 0;
		bool space = false;

		while (at < len && !space) {
			uint8_t c = escpos_char(text_next(text, len, &at));

			if (c == ' ')
				space = true;
			else if (c != 0)
				word[n++] = c;
		}
		if (column > 0 && column + 1 + n > columns) {
			write_u8(w, LF);
			column = 0;
		} else if (column > 0) {
			write_u8(w, ' ');
			column++;
		}
		write_span(w, word, (size_t)n);
		column += n;
	}
	write_u8(w, LF);
}

static void write_line(struct writer *w, const lobby_SlipLine *line, int columns)
{
	int scale = scale_of(line);

	command(w, ESC, 'a', line->align == lobby_SlipAlign_SLIP_CENTER ? 1 : 0);
	if (line->rule) {
		command(w, GS, '!', 0);
		command(w, ESC, 'E', 0);
		for (int i = 0; i < columns; i++)
			write_u8(w, 0xc4); /* ─ */
		write_u8(w, LF);
		return;
	}
	command(w, GS, '!', (uint8_t)((scale - 1) << 4 | (scale - 1)));
	command(w, ESC, 'E', line->bold);
	write_wrapped(w, line->text, columns / scale);
}

/* GS ( k pL pH cn fn ...: cn 49 is QR; 65 model, 67 module size, 69 error correction, 80 store, 81 print. */
static void write_qr_function(struct writer *w, uint8_t fn, const void *parameters, size_t len)
{
	write_span(w, "\x1d(k", 3);
	write_le16(w, (uint16_t)(len + 2));
	write_u8(w, 49);
	write_u8(w, fn);
	write_span(w, parameters, len);
}

static void write_qr(struct writer *w, const char *text, int columns)
{
	uint8_t stored[sizeof(((lobby_Print *)0)->qr) + 1];
	struct writer store = writer_of(stored, sizeof(stored));

	write_u8(&store, '0');
	write_text(&store, text);
	command(w, ESC, 'a', 1);
	command(w, GS, '!', 0);
	write_u8(w, LF);
	write_qr_function(w, 65, "2\0", 2);
	write_qr_function(w, 67, columns < 40 ? "\5" : "\6", 1); /* dots a module */
	write_qr_function(w, 69, "1", 1);			 /* level M */
	write_qr_function(w, 80, stored, store.len);
	write_qr_function(w, 81, "0", 1);
	write_u8(w, LF);
}

int escpos_encode_job(const lobby_Print *print, const struct escpos_paper *paper, bool ask_asb, uint8_t *out,
		      size_t size)
{
	struct writer w = writer_of(out, size);

	write_span(&w, "\x1b@", 2); /* also ends automatic status, so that is asked for again */
	if (ask_asb)
		command(&w, GS, 'a', 0x0e);
	command(&w, ESC, 't', paper->code_page);
	for (pb_size_t i = 0; i < print->line_count; i++)
		write_line(&w, &print->line[i], paper->columns);
	if (print->qr[0] != '\0')
		write_qr(&w, print->qr, paper->columns);
	command(&w, GS, '!', 0);
	command(&w, ESC, 'E', 0);
	command(&w, ESC, 'a', 0);
	write_span(&w, "\x1dV\x42\x18", 4); /* feed to the cutter and 24 units more, cut leaving one point */
	command(&w, GS, 'r', 1);
	return w.failed ? LOBBY_ERR_TOO_LONG : (int)w.len;
}

/* ---- status ---- */

lobby_DeviceState escpos_state_of(const struct escpos_status *s)
{
	if (s->cover_open)
		return lobby_DeviceState_DEVICE_COVER_OPEN;
	if (s->paper_out)
		return lobby_DeviceState_DEVICE_PAPER_OUT;
	if (s->error)
		return lobby_DeviceState_DEVICE_FAULT;
	if (s->offline)
		return lobby_DeviceState_DEVICE_OFFLINE;
	return s->paper_low ? lobby_DeviceState_DEVICE_PAPER_LOW : lobby_DeviceState_DEVICE_READY;
}

int escpos_error_of(const struct escpos_status *s)
{
	if (s->cover_open)
		return LOBBY_ERR_COVER_OPEN;
	if (s->paper_out)
		return LOBBY_ERR_PAPER_OUT;
	return s->error || s->offline ? LOBBY_ERR_OFFLINE : 0;
}

/* GS a: byte 1: bit 3 offline, 5 cover open; byte 2: bits 2, 3, 5, 6 errors; byte 3: bits 0-1 near end, 2-3 end. */
static struct escpos_status status_of_auto(const uint8_t bytes[4])
{
	return (struct escpos_status){ .offline = (bytes[0] & 0x08) != 0,
				       .cover_open = (bytes[0] & 0x20) != 0,
				       .error = (bytes[1] & 0x6c) != 0,
				       .paper_low = (bytes[2] & 0x03) != 0,
				       .paper_out = (bytes[2] & 0x0c) != 0 };
}

enum escpos_answer escpos_parse(struct escpos_parser *p, uint8_t byte, struct escpos_status *status, uint8_t *value)
{
	if (byte == 0x11 || byte == 0x13)
		return ESCPOS_NONE; /* XON, XOFF: may stand anywhere */
	if (p->block_left > 0) {
		p->block_left = byte == 0 ? 0 : p->block_left - 1;
		return ESCPOS_NONE;
	}
	if (p->auto_len > 0 && (byte & 0x90) == 0) {
		p->auto_bytes[p->auto_len++] = byte;
		if (p->auto_len < 4)
			return ESCPOS_NONE;
		p->auto_len = 0;
		*status = status_of_auto(p->auto_bytes);
		return ESCPOS_AUTO;
	}
	p->auto_len = 0;
	if (byte == 0x37 || byte == 0x5f) {
		p->block_left = 80;
		return ESCPOS_NONE;
	}
	if ((byte & 0x93) == 0x12) {
		*value = byte;
		return ESCPOS_REALTIME;
	}
	if ((byte & 0x93) == 0x10) {
		p->auto_bytes[p->auto_len++] = byte;
		return ESCPOS_NONE;
	}
	if ((byte & 0x90) == 0) {
		*value = byte;
		return ESCPOS_PAPER;
	}
	return ESCPOS_GARBAGE;
}

/* DLE EOT 1: bit 3 offline. 2: bit 2 cover open, 5 stopped by paper end, 6 error. 4: bits 2-3 near end, 5-6 end. */
void escpos_add_realtime(struct escpos_status *status, int n, uint8_t value)
{
	switch (n) {
	case 1:
		status->offline |= (value & 0x08) != 0;
		break;
	case 2:
		status->cover_open |= (value & 0x04) != 0;
		status->paper_out |= (value & 0x20) != 0;
		status->error |= (value & 0x40) != 0;
		break;
	case 4:
		status->paper_low |= (value & 0x0c) != 0;
		status->paper_out |= (value & 0x60) != 0;
		break;
	default:
		break;
	}
}

struct escpos_status escpos_port_status(uint8_t value)
{
	bool empty = (value & 0x20) != 0;

	return (struct escpos_status){ .paper_out = empty,
				       .offline = (value & 0x10) == 0,
				       .error = (value & 0x08) == 0 && !empty };
}

bool escpos_device_id(const uint8_t *data, size_t len, const char *key, const char *long_key, char *out, size_t size)
{
	size_t at = 2;

	while (at < len) {
		const uint8_t *end = memchr(data + at, ';', len - at);
		size_t stop = end == NULL ? len : (size_t)(end - data);
		const uint8_t *colon = memchr(data + at, ':', stop - at);
		char name[24];

		if (colon != NULL) {
			text_copy_n(name, sizeof(name), (const char *)data + at, (size_t)(colon - data) - at);
			text_trim(name);
			if (strcasecmp(name, key) == 0 || strcasecmp(name, long_key) == 0) {
				size_t from = (size_t)(colon - data) + 1;

				if (!text_is_clean((const char *)data + from, stop - from))
					return false;
				text_copy_n(out, size, (const char *)data + from, stop - from);
				text_trim(out);
				return true;
			}
		}
		at = stop + 1;
	}
	return false;
}

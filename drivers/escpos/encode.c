/* A job in pieces: first the printer is initialised, then a piece a line, the QR code, the cut; the pictures among the
 * lines in strips, as their rows come. So nothing of a job but its texts is ever held whole.
 *
 * Text cannot command the printer, because controls are left out. A picture's bytes could: printers look for real-time
 * commands (DLE EOT, DLE ENQ, DLE DC4) in all that they receive, pictures included. There a dot is added. */
#include "drivers/escpos/codec.h"

#include "base/bytes.h"
#include "base/text.h"

#include <assert.h>
#include <string.h>

enum { LF = 0x0a, DLE = 0x10, ESC = 0x1b, GS = 0x1d };

#define STRIP_HEADER 11
#define STRIP_MAX_ROWS 255

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

/* ---- text ---- */

static void choose_page(struct escpos_encoder *e, struct writer *w, int page)
{
	if (e->page == page)
		return;
	e->page = page;
	command(w, ESC, 't', escpos_page_number(e->paper, page));
}

static void write_char(struct escpos_encoder *e, struct writer *w, uint32_t codepoint)
{
	int page = e->page;
	uint8_t byte = escpos_char(e->paper, codepoint, &page);

	choose_page(e, w, page);
	if (byte != 0)
		write_u8(w, byte);
}

/* The text as printer's characters, wrapped: a space before a word that would cross the right edge becomes a line end.
 * A word longer than the line is left to the printer, which breaks it anywhere. */
static void write_wrapped(struct escpos_encoder *e, struct writer *w, const char *text, int columns)
{
	size_t len = strlen(text), at = 0;
	uint32_t word[sizeof(((lobby_SlipLine *)0)->text)];
	int column = 0;

	while (at < len) {
		int n = 0;
		bool space = false;

		while (at < len && !space) {
			uint32_t c = text_next(text, len, &at);

			if (c == ' ')
				space = true;
			else if (escpos_takes_room(c))
				word[n++] = c;
		}
		if (column > 0 && column + 1 + n > columns) {
			write_u8(w, LF);
			column = 0;
		} else if (column > 0) {
			write_u8(w, ' ');
			column++;
		}
		for (int i = 0; i < n; i++)
			write_char(e, w, word[i]);
		column += n;
	}
	write_u8(w, LF);
}

static void write_line(struct escpos_encoder *e, struct writer *w, const lobby_SlipLine *line)
{
	int scale = scale_of(line), page;

	command(w, ESC, 'a', line->align == lobby_SlipAlign_SLIP_CENTER ? 1 : 0);
	if (line->rule) {
		command(w, GS, '!', 0);
		command(w, ESC, 'E', 0);
		for (int i = 0; i < e->paper->columns; i++)
			write_char(e, w, 0x2500);
		write_u8(w, LF);
		return;
	}
	command(w, GS, '!', (uint8_t)((scale - 1) << 4 | (scale - 1)));
	command(w, ESC, 'E', line->bold);
	page = escpos_page_of(e->paper, line->text);
	if (page >= 0)
		choose_page(e, w, page);
	write_wrapped(e, w, line->text, e->paper->columns / scale);
}

/* ---- QR ---- */

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

/* ---- the pieces ---- */

/* Piece 0 begins, 1 is the copy's mark, then come the lines, the QR code and the end. */
enum { PIECE_BEGIN, PIECE_COPY, PIECE_LINES };

static const lobby_SlipLine *line_at(const struct escpos_encoder *e)
{
	int i = e->piece - PIECE_LINES;

	return i >= 0 && i < (int)e->print->line_count ? &e->print->line[i] : NULL;
}

static bool is_picture(const struct escpos_encoder *e, const lobby_SlipLine *line)
{
	uint32_t dots = e->print->row_dots;

	return line != NULL && line->rows > 0 && dots > 0 && dots % 8 == 0 && dots <= e->paper->picture_dots;
}

int escpos_check_job(const lobby_Print *print)
{
	uint64_t rows = 0;

	for (pb_size_t i = 0; i < print->line_count; i++) {
		rows += print->line[i].rows;
		if ((uint64_t)print->line[i].first_row + print->line[i].rows > UINT32_MAX)
			return LOBBY_ERR_INVALID;
	}
	return rows > ESCPOS_MAX_ROWS ? LOBBY_ERR_TOO_LONG : 0;
}

void escpos_encoder_init(struct escpos_encoder *e, const lobby_Print *print, const struct escpos_paper *paper,
			 bool copy)
{
	*e = (struct escpos_encoder){ .print = print, .paper = paper, .copy = copy };
}

static void write_begin(struct escpos_encoder *e, struct writer *w)
{
	write_span(w, "\x1b@", 2); /* also ends automatic status, so that is asked for again */
	if (!e->paper->no_asb)
		command(w, GS, 'a', 0x0e);
	e->page = 0;
	command(w, ESC, 't', escpos_page_number(e->paper, 0));
}

static void write_end(struct writer *w)
{
	command(w, GS, '!', 0);
	command(w, ESC, 'E', 0);
	command(w, ESC, 'a', 0);
	write_span(w, "\x1dV\x42\x18", 4); /* feed to the cutter and 24 units more, cut leaving one point */
	command(w, GS, 'r', 1);
}

int escpos_encode_piece(struct escpos_encoder *e, uint8_t *out, size_t size)
{
	struct writer w = writer_of(out, size);
	int after_lines = e->piece - PIECE_LINES - (int)e->print->line_count;
	const lobby_SlipLine *line = line_at(e);

	assert(!is_picture(e, line));
	if (after_lines > 1)
		return 0;
	if (e->piece == PIECE_BEGIN)
		write_begin(e, &w);
	else if (e->piece == PIECE_COPY && e->copy)
		write_line(e, &w, &e->print->copy);
	else if (line != NULL)
		write_line(e, &w, line);
	else if (after_lines == 0 && e->print->qr[0] != '\0')
		write_qr(&w, e->print->qr, e->paper->columns);
	else if (after_lines == 1)
		write_end(&w);
	e->piece++;
	return w.failed ? LOBBY_ERR_TOO_LONG : (int)w.len;
}

bool escpos_is_encoded(const struct escpos_encoder *e)
{
	return e->piece - PIECE_LINES - (int)e->print->line_count > 1;
}

/* ---- pictures ---- */

uint32_t escpos_rows_wanted(const struct escpos_encoder *e, uint32_t *first_row)
{
	const lobby_SlipLine *line = line_at(e);
	uint32_t most, left;

	if (!is_picture(e, line))
		return 0;
	most = ESCPOS_MAX_BAND / (e->print->row_dots / 8);
	left = line->rows - e->row;
	*first_row = line->first_row + e->row;
	return left < most ? left : most;
}

/* Real-time commands begin with DLE and one of three bytes. */
static void defuse(uint8_t *bits, size_t len)
{
	for (size_t i = 0; i + 1 < len; i++)
		if (bits[i] == DLE && (bits[i + 1] == 0x04 || bits[i + 1] == 0x05 || bits[i + 1] == 0x14))
			bits[i] |= DLE >> 1;
}

uint32_t escpos_encode_rows(struct escpos_encoder *e, const uint8_t *bits, uint32_t rows, uint8_t *out, size_t size,
			    size_t *len)
{
	const lobby_SlipLine *line = line_at(e);
	size_t row_len = e->print->row_dots / 8;
	struct writer w = writer_of(out, size);
	uint32_t most;

	assert(is_picture(e, line) && rows <= line->rows - e->row && size >= STRIP_HEADER + row_len);
	most = (uint32_t)((size - STRIP_HEADER) / row_len);
	rows = rows < most ? rows : most;
	rows = rows < STRIP_MAX_ROWS ? rows : STRIP_MAX_ROWS;
	command(&w, ESC, 'a', line->align == lobby_SlipAlign_SLIP_CENTER ? 1 : 0);
	write_span(&w, "\x1dv0\0", 4);
	write_le16(&w, (uint16_t)row_len);
	write_le16(&w, (uint16_t)rows);
	write_span(&w, bits, rows * row_len);
	defuse(out + STRIP_HEADER, rows * row_len);
	assert(!w.failed);
	*len = w.len;
	e->row += rows;
	if (e->row == line->rows) {
		e->row = 0;
		e->piece++;
	}
	return rows;
}

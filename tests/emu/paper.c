/* A state machine over bytes: text goes to the current line; a command is collected until its length is known and
 * complete, then done. */
#include "tests/emu/paper.h"

#include <assert.h>
#include <iconv.h>
#include <qrencode.h>
#include <stdlib.h>
#include <string.h>

#define MAX_COMMAND 2048

struct paper {
	struct paper_slip slips[PAPER_MAX_SLIPS];
	int cut; /* slips cut off so far; the one hanging out is slips[cut % PAPER_MAX_SLIPS] */
	paper_ask_fn *ask;
	void *arg;
	iconv_t from; /* the code page */
	uint8_t command[MAX_COMMAND];
	size_t command_len;
	int unknown;
	/* print state */
	int align, width, height;
	bool bold;
	struct paper_line line;
	int columns_used;
	/* QR state */
	char qr[512];
	size_t qr_len;
	int qr_dots, qr_level;
	/* a picture's strip */
	uint8_t strip_row[PAPER_DOTS / 8];
	size_t strip_len, strip_rows; /* bytes of a row as sent; rows to come */
	size_t strip_at;	      /* in the row */
};

static struct paper_slip *hanging(struct paper *p)
{
	return &p->slips[p->cut % PAPER_MAX_SLIPS];
}

static void clear_slip(struct paper_slip *slip)
{
	for (int i = 0; i < slip->count; i++) {
		free(slip->lines[i].qr);
		free(slip->lines[i].modules);
		free(slip->lines[i].bits);
	}
	*slip = (struct paper_slip){ 0 };
}

/* ESC t n. */
static void choose_page(struct paper *p, uint8_t n)
{
	static const char *const names[] = {
		[0] = "CP437",	 [2] = "CP850",	  [3] = "CP860",   [4] = "CP863",   [5] = "CP865",
		[13] = "CP857",	 [14] = "CP737",  [16] = "CP1252", [17] = "CP866",  [18] = "CP852",
		[19] = "CP858",	 [45] = "CP1250", [46] = "CP1251", [47] = "CP1253", [48] = "CP1254",
		[49] = "CP1255", [50] = "CP1256", [51] = "CP1257", [52] = "CP1258"
	};

	if (n >= sizeof(names) / sizeof(names[0]) || names[n] == NULL) {
		p->unknown++;
		return;
	}
	if (p->from != NULL)
		iconv_close(p->from);
	p->from = iconv_open("UTF-32LE", names[n]);
	assert(p->from != (iconv_t)-1);
}

static void defaults(struct paper *p)
{
	choose_page(p, 0);
	p->align = 0;
	p->width = p->height = 1;
	p->bold = false;
	p->qr_len = 0;
	p->qr_dots = 3;
	p->qr_level = 0;
}

/* ---- lines ---- */

static void end_line(struct paper *p)
{
	struct paper_slip *slip = hanging(p);

	p->line.align = p->align;
	if (p->line.height == 0)
		p->line.height = 1;
	if (slip->count < PAPER_MAX_LINES) {
		slip->lines[slip->count++] = p->line;
	} else {
		free(p->line.qr);
		free(p->line.modules);
		free(p->line.bits);
	}
	p->line = (struct paper_line){ 0 };
	p->columns_used = 0;
}

static uint32_t decode(struct paper *p, uint8_t byte)
{
	char in = (char)byte, *from = &in;
	uint32_t codepoint = 0;
	char *to = (char *)&codepoint;
	size_t left = 1, room = sizeof(codepoint);

	if (byte < 0x80)
		return byte;
	return iconv(p->from, &from, &left, &to, &room) == 0 ? codepoint : 0xfffd;
}

static void put(struct paper *p, uint8_t byte)
{
	struct paper_cell *cell;

	if (p->columns_used + p->width > PAPER_COLUMNS)
		end_line(p);
	cell = &p->line.cells[p->line.count++];
	*cell = (struct paper_cell){ decode(p, byte), (uint8_t)p->width, (uint8_t)p->height, p->bold };
	p->columns_used += p->width;
	if (p->line.height < p->height)
		p->line.height = p->height;
}

static void cut(struct paper *p)
{
	if (p->line.count > 0)
		end_line(p);
	hanging(p)->cut = true;
	p->cut++;
	clear_slip(hanging(p));
}

/* ---- QR codes: GS ( k ---- */

static void print_qr(struct paper *p)
{
	static const QRecLevel levels[] = { QR_ECLEVEL_L, QR_ECLEVEL_M, QR_ECLEVEL_Q, QR_ECLEVEL_H };
	QRcode *code = QRcode_encodeData((int)p->qr_len, (unsigned char *)p->qr, 0, levels[p->qr_level]);

	if (p->line.count > 0)
		end_line(p);
	if (code == NULL) {
		p->unknown++;
		return;
	}
	p->line.qr = strndup(p->qr, p->qr_len);
	p->line.qr_size = code->width;
	p->line.qr_dots = p->qr_dots;
	p->line.modules = malloc((size_t)code->width * (size_t)code->width);
	assert(p->line.qr != NULL && p->line.modules != NULL);
	for (int i = 0; i < code->width * code->width; i++)
		p->line.modules[i] = code->data[i] & 1;
	QRcode_free(code);
	end_line(p);
}

static void do_qr(struct paper *p, const uint8_t *c, size_t len)
{
	size_t n = len - 7;

	if (len < 7 || c[5] != 49) {
		p->unknown++;
		return;
	}
	switch (c[6]) {
	case 65: /* model */
		break;
	case 67:
		p->qr_dots = n > 0 && c[7] >= 1 && c[7] <= 16 ? c[7] : 3;
		break;
	case 69:
		p->qr_level = n > 0 && c[7] >= 48 && c[7] <= 51 ? c[7] - 48 : 0;
		break;
	case 80:
		if (n < 1 || n - 1 > sizeof(p->qr))
			break;
		memcpy(p->qr, c + 8, n - 1);
		p->qr_len = n - 1;
		break;
	case 81:
		print_qr(p);
		break;
	default:
		p->unknown++;
		break;
	}
}

/* ---- pictures: GS v 0 ---- */

static void begin_strip(struct paper *p, const uint8_t *c)
{
	p->strip_len = (size_t)(c[4] | c[5] << 8);
	p->strip_rows = (size_t)(c[6] | c[7] << 8);
	p->strip_at = 0;
	if (c[2] != '0' || (c[3] != 0 && c[3] != 48) || p->strip_len == 0 || p->strip_rows == 0 || p->line.count > 0) {
		p->unknown++;
		p->strip_rows = 0;
	}
}

/* The picture that this row goes on with, or a new one. */
static struct paper_line *picture_for(struct paper *p, size_t row_len)
{
	struct paper_slip *slip = hanging(p);
	struct paper_line *last = slip->count > 0 ? &slip->lines[slip->count - 1] : NULL;

	if (last != NULL && last->bits != NULL && last->row_len == row_len && last->align == p->align)
		return last;
	p->line.bits = malloc(row_len);
	p->line.row_len = row_len;
	assert(p->line.bits != NULL);
	end_line(p);
	last = slip->count > 0 ? &slip->lines[slip->count - 1] : NULL;
	return last != NULL && last->bits != NULL ? last : NULL;
}

static void end_row(struct paper *p)
{
	size_t row_len = p->strip_len < sizeof(p->strip_row) ? p->strip_len : sizeof(p->strip_row);
	struct paper_line *line = picture_for(p, row_len);

	p->strip_at = 0;
	p->strip_rows--;
	if (line == NULL)
		return;
	if ((line->rows & (line->rows - 1)) == 0) { /* full: twice as many */
		line->bits = realloc(line->bits, (line->rows > 0 ? line->rows * 2 : 1) * row_len);
		assert(line->bits != NULL);
	}
	memcpy(line->bits + line->rows++ * row_len, p->strip_row, row_len);
}

/* ---- commands ---- */

/* How long the command that begins like this is; 0: not known yet. */
static size_t command_size(const uint8_t *c, size_t len)
{
	if (len < 2)
		return 0;
	if (c[0] == 0x10)
		return c[1] == 0x14 ? (len < 3 ? 0 : c[2] == 8 ? 10 : 5) : 3; /* real-time: done when received */
	if (c[0] == 0x1b)
		return c[1] == '@' || c[1] == '2' ? 2 : 3;
	if (c[1] == '(')
		return len < 5 ? 0 : 5 + (size_t)(c[3] | c[4] << 8);
	if (c[1] == 'v')
		return 8; /* and then the picture */
	if (c[1] == 'V')
		return len < 3 ? 0 : c[2] >= 65 ? 4 : 3;
	return 3;
}

static void do_escape(struct paper *p, const uint8_t *c)
{
	switch (c[1]) {
	case '@':
		if (p->line.count > 0)
			end_line(p);
		defaults(p);
		p->ask(p->arg, PAPER_ASK_INIT, 0);
		break;
	case 't':
		choose_page(p, c[2]);
		break;
	case 'E':
		p->bold = c[2] & 1;
		break;
	case 'a':
		p->align = c[2] % 48 % 3;
		break;
	case 'd':
		for (int i = 0; i < c[2]; i++)
			end_line(p);
		break;
	default:
		p->unknown++;
		break;
	}
}

static void do_group(struct paper *p, const uint8_t *c, size_t len)
{
	switch (c[1]) {
	case '!':
		p->width = (c[2] >> 4 & 7) + 1;
		p->height = (c[2] & 7) + 1;
		break;
	case 'V':
		cut(p);
		break;
	case '(':
		if (c[2] == 'k')
			do_qr(p, c, len);
		else
			p->unknown++;
		break;
	case 'v':
		begin_strip(p, c);
		break;
	case 'I':
		p->ask(p->arg, PAPER_ASK_ID, c[2]);
		break;
	case 'a':
		p->ask(p->arg, PAPER_ASK_AUTO, c[2]);
		break;
	case 'r':
		p->ask(p->arg, PAPER_ASK_SENSOR, c[2]);
		break;
	default:
		p->unknown++;
		break;
	}
}

void paper_feed(struct paper *p, uint8_t byte)
{
	size_t size;

	if (p->strip_rows > 0) {
		if (p->strip_at < sizeof(p->strip_row))
			p->strip_row[p->strip_at] = byte;
		if (++p->strip_at == p->strip_len)
			end_row(p);
		return;
	}
	if (p->command_len == 0) {
		if (byte == '\n')
			end_line(p);
		else if (byte == 0x10 || byte == 0x1b || byte == 0x1d)
			p->command[p->command_len++] = byte;
		else if (byte >= 0x20)
			put(p, byte);
		else
			p->unknown++;
		return;
	}
	p->command[p->command_len++] = byte;
	size = command_size(p->command, p->command_len);
	if (size > MAX_COMMAND) {
		p->unknown++;
		p->command_len = 0;
	} else if (size != 0 && p->command_len >= size) {
		p->command_len = 0;
		if (p->command[0] == 0x1b)
			do_escape(p, p->command);
		else if (p->command[0] == 0x1d)
			do_group(p, p->command, size);
	}
}

void paper_forget_command(struct paper *p)
{
	p->command_len = 0;
	p->strip_rows = 0;
}

/* ---- life and looking ---- */

struct paper *paper_new(paper_ask_fn *ask, void *arg)
{
	struct paper *p = calloc(1, sizeof(*p));

	assert(p != NULL);
	p->ask = ask;
	p->arg = arg;
	defaults(p);
	return p;
}

void paper_free(struct paper *p)
{
	if (p == NULL)
		return;
	for (int i = 0; i < PAPER_MAX_SLIPS; i++)
		clear_slip(&p->slips[i]);
	iconv_close(p->from);
	free(p);
}

int paper_unknown(const struct paper *p)
{
	return p->unknown;
}

int paper_slips(const struct paper *p)
{
	return p->cut;
}

const struct paper_slip *paper_last(const struct paper *p, bool hangs)
{
	const struct paper_slip *slip;

	if (!hangs && p->cut == 0)
		return NULL;
	slip = &p->slips[(p->cut - !hangs) % PAPER_MAX_SLIPS];
	return hangs && slip->count == 0 ? NULL : slip;
}

const struct paper_slip *paper_earlier(const struct paper *p, int before)
{
	return before >= p->cut || before >= PAPER_MAX_SLIPS - 1 ? NULL
								 : &p->slips[(p->cut - 1 - before) % PAPER_MAX_SLIPS];
}

static size_t utf8(uint32_t c, char out[4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	out[0] = (char)(0xe0 | c >> 12);
	out[1] = (char)(0x80 | (c >> 6 & 0x3f));
	out[2] = (char)(0x80 | (c & 0x3f));
	return 3;
}

size_t paper_text(const struct paper_slip *slip, char *out, size_t size)
{
	FILE *file = fmemopen(out, size, "w");
	long len;

	assert(file != NULL && size > 0);
	setvbuf(file, NULL, _IONBF, 0);
	for (int i = 0; i < slip->count; i++) {
		const struct paper_line *line = &slip->lines[i];
		char bytes[4];

		if (line->qr != NULL)
			fprintf(file, "[QR: %s]", line->qr);
		if (line->bits != NULL)
			fprintf(file, "[picture %zux%zu]", line->row_len * 8, line->rows);
		for (int k = 0; k < line->count; k++)
			fwrite(bytes, 1, utf8(line->cells[k].codepoint, bytes), file);
		fputc('\n', file);
	}
	len = ftell(file);
	fclose(file);
	if (len < 0 || (size_t)len >= size)
		len = (long)size - 1;
	out[len] = '\0';
	return (size_t)len;
}

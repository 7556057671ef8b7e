/* A hostile label printer, and hostile jobs. The first byte chooses: even, the rest is what the printer says; odd, the
 * rest is a job (names, codes, sizes) that is laid out and encoded. Whatever it is, no box overlaps another or leaves
 * the paper, and no data becomes a command: an item's carets are the encoder's own. */
#include "base/bytes.h"
#include "drivers/zpl/codec.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool right)
{
	if (!right)
		abort();
}

static void answers(struct reader *r)
{
	struct zpl_parser p = { 0 };
	struct zpl_status sum = { 0 };

	while (reader_left(r) > 0) {
		enum zpl_answer answer = zpl_parse(&p, read_u8(r));

		if (answer == ZPL_STATUS)
			sum = p.status;
		else if (answer == ZPL_ERRORS)
			zpl_add_errors(&sum, &p.status);
		else if (answer == ZPL_IDENTITY)
			check(memchr(p.identity.model, 0, sizeof(p.identity.model)) != NULL &&
			      p.identity.dots_per_mm >= 6);
		check((zpl_error_of(&sum) == 0) || zpl_words_of(&sum)[0] != '\0');
		check((zpl_state_of(&sum) == lobby_DeviceState_DEVICE_READY) == (zpl_error_of(&sum) == 0));
	}
}

static void take_string(struct reader *r, char *out, size_t size)
{
	size_t n = read_u8(r);
	const uint8_t *at;

	if (n > reader_left(r))
		n = reader_left(r);
	if (n > size - 1)
		n = size - 1;
	at = read_span(r, n);
	if (at != NULL)
		memcpy(out, at, n);
}

static void take_print(struct reader *r, lobby_Print *print)
{
	*print = (lobby_Print){ .form = (lobby_PrintForm)(1 + read_u8(r) % 2) };
	print->width_mm = read_u8(r);
	print->length_mm = read_le16(r) % 700;
	print->row_dots = read_le16(r);
	take_string(r, print->qr, sizeof(print->qr));
	take_string(r, print->code128, sizeof(print->code128));
	while (reader_left(r) > 0 && print->line_count < 40) {
		lobby_SlipLine *line = &print->line[print->line_count++];
		uint8_t flags = read_u8(r);

		line->scale = flags & 15;
		line->bold = flags & 16;
		line->align = flags & 32 ? lobby_SlipAlign_SLIP_CENTER : lobby_SlipAlign_SLIP_START;
		line->rule = (flags & 192) == 64;
		line->rows = (flags & 192) == 128 ? read_le16(r) : 0;
		take_string(r, line->text, sizeof(line->text));
	}
}

static void check_boxes(const struct zpl_layout *l)
{
	int w = l->turned ? l->length : l->width, h = l->turned ? l->width : l->length;

	for (int i = 0; i < l->count; i++) {
		const struct zpl_box *a = &l->items[i].box;

		check(a->x >= 0 && a->y >= 0 && a->x + a->w <= w && a->y + a->h <= h);
		for (int k = 0; k < i; k++) {
			const struct zpl_box *b = &l->items[k].box;

			check(a->x >= b->x + b->w || b->x >= a->x + a->w || a->y >= b->y + b->h || b->y >= a->y + a->h);
		}
	}
}

static void job(struct reader *r)
{
	static const unsigned densities[] = { 6, 8, 12, 24 };
	static lobby_Print print;
	static struct zpl_layout l;
	static uint8_t out[ZPL_MAX_PIECE], band[8192];
	struct zpl_media media = { densities[read_u8(r) % 4] };

	take_print(r, &print);
	memset(band, 0x5e, sizeof(band));
	if (zpl_lay_out(&print, &media, &l) != 0)
		return;
	check_boxes(&l);
	check(zpl_encode_head(&l, out, sizeof(out)) > 0);
	for (int i = 0; i < l.count; i++) {
		const struct zpl_item *item = &l.items[i];
		int n = zpl_encode_item(&l, item, out, sizeof(out)), carets = 0;
		uint32_t done = 0, rows;

		check(n >= 0);
		for (int k = 0; k < n; k++) {
			check(out[k] != '~' && (out[k] >= 0x20 || out[k] == '\n'));
			carets += out[k] == '^';
		}
		check(carets <= 10);
		if (item->kind != ZPL_PICTURE)
			continue;
		for (; (rows = zpl_band_rows(item, print.row_dots, done)) > 0; done += rows)
			check(zpl_encode_band(&l, item, print.row_dots, done, rows, band, rows * (print.row_dots / 8),
					      out, sizeof(out)) > 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct reader r = reader_of(data, len);

	if (read_u8(&r) % 2 == 0)
		answers(&r);
	else
		job(&r);
	return 0;
}

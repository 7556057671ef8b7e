/* A hostile printer and a hostile job. The first byte says which: an even one, and the rest is what the printer says
 * (status bytes, automatic statuses, identities, a device id); an odd one, and the rest is a job (its pictures' width,
 * then lines: a byte of flags, a byte of rows, and their text up to NUL). Whatever comes, answers are bounded and
 * clean, and no byte of a text is a command. */
#include "drivers/escpos/codec.h"

#include "base/bytes.h"
#include "base/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define MAX_LINES 8 /* more find nothing more */

#define MUST(ok) ((ok) ? (void)0 : abort())

static void check_status(const struct escpos_status *s)
{
	lobby_DeviceState state = escpos_state_of(s);
	bool prints = state == lobby_DeviceState_DEVICE_READY || state == lobby_DeviceState_DEVICE_PAPER_LOW;

	MUST(prints == (escpos_error_of(s) == 0));
	MUST(strlen(escpos_words_of(s)) < sizeof(((lobby_Device *)0)->detail));
	MUST((escpos_words_of(s)[0] == '\0') == (state == lobby_DeviceState_DEVICE_READY));
	MUST(!escpos_is_resting(s) || !prints);
}

static void listen(const uint8_t *data, size_t len)
{
	struct escpos_parser parser = { 0 };
	struct escpos_status asked = { 0 };
	int question = 0;
	char value_of[64];

	for (size_t i = 0; i < len; i++) {
		struct escpos_status status = { 0 };
		uint8_t value = 0;

		switch (escpos_parse(&parser, data[i], &status, &value)) {
		case ESCPOS_REALTIME:
			escpos_add_realtime(&asked, question++ % 5, value);
			check_status(&asked);
			break;
		case ESCPOS_AUTO:
			check_status(&status);
			break;
		case ESCPOS_TEXT:
			MUST(strnlen(parser.text, sizeof(parser.text)) < sizeof(parser.text));
			MUST(text_is_clean(parser.text, strlen(parser.text)));
			break;
		default:
			break;
		}
		status = escpos_port_status(data[i]);
		check_status(&status);
	}
	if (escpos_device_id(data, len, "MDL", "MODEL", value_of, sizeof(value_of)))
		MUST(text_is_clean(value_of, strlen(value_of)));
	escpos_device_id(data, len, "CMD", "COMMAND SET", value_of, 4);
}

/* What may stand in a job that is only text: printable bytes and the few commands with their parameters. */
static void check_text(const uint8_t *out, size_t len)
{
	struct reader r = reader_of(out, len);

	while (reader_left(&r) > 0) {
		uint8_t lead = read_u8(&r), name;

		if (lead != 0x1b && lead != 0x1d) {
			MUST(lead == '\n' || (lead >= 0x20 && lead != 0x7f));
			continue;
		}
		name = read_u8(&r);
		if (lead == 0x1d && name == '(') {
			MUST(read_u8(&r) == 'k');
			read_span(&r, read_le16(&r));
		} else {
			MUST(strchr(lead == 0x1b ? "@taE" : "!arV", name) != NULL);
			read_span(&r, name == '@' ? 0 : name == 'V' ? 2 : 1);
		}
		MUST(!r.failed);
	}
}

static void encode(const lobby_Print *print, const struct escpos_paper *paper, bool copy)
{
	static uint8_t band[ESCPOS_MAX_BAND], out[4096];
	struct escpos_encoder e;
	uint32_t sent = 0, rows, first = 0;

	band[0] = 0x10;
	escpos_encoder_init(&e, print, paper, copy);
	while (!escpos_is_encoded(&e)) {
		rows = escpos_rows_wanted(&e, &first);
		if (rows == 0) {
			int n = escpos_encode_piece(&e, out, sizeof(out));

			MUST(n >= 0 && n <= ESCPOS_MAX_PIECE);
			check_text(out, (size_t)n);
			continue;
		}
		MUST(rows * (print->row_dots / 8) <= sizeof(band));
		for (uint32_t done = 0, n; done < rows; done += n) {
			size_t len = 0;

			n = escpos_encode_rows(&e, band + done * (print->row_dots / 8), rows - done, out, sizeof(out),
					       &len);
			MUST(n > 0 && n <= rows - done && len <= sizeof(out));
		}
		sent += rows;
		MUST(sent <= ESCPOS_MAX_ROWS);
	}
}

static void print_job(const uint8_t *data, size_t len)
{
	static const struct escpos_paper papers[] = {
		{ .columns = 48, .picture_dots = 576 },
		{ .columns = 32, .picture_dots = 384, .all_pages = true },
		{ .columns = 32, .code_page = 5, .no_asb = true },
	};
	struct reader r = reader_of(data, len);
	static lobby_Print print;

	memset(&print, 0, sizeof(print));
	print.row_dots = read_le16(&r);
	while (reader_left(&r) > 0 && print.line_count < MAX_LINES) {
		lobby_SlipLine *line = &print.line[print.line_count++];
		uint8_t flags = read_u8(&r), rows = read_u8(&r);
		const uint8_t *from = r.data + r.at, *end = memchr(from, 0, reader_left(&r));
		size_t n = end == NULL ? reader_left(&r) : (size_t)(end - from);

		line->scale = flags & 0x0f;
		line->align = flags & 0x10 ? lobby_SlipAlign_SLIP_CENTER : lobby_SlipAlign_SLIP_START;
		line->bold = (flags & 0x20) != 0;
		line->rule = (flags & 0x40) != 0;
		line->rows = flags & 0x80 ? rows * 16U : rows;
		line->first_row = flags == 0xff ? UINT32_MAX - rows : flags;
		text_copy_n(line->text, sizeof(line->text), (const char *)from, n);
		escpos_can_print(line->text);
		read_span(&r, n + (end != NULL));
	}
	if (print.line_count > 0) {
		print.copy = print.line[0];
		print.copy.rows = 0;
		text_copy(print.qr, sizeof(print.qr), "visit");
	}
	if (escpos_check_job(&print) != 0)
		return;
	for (size_t i = 0; i < sizeof(papers) / sizeof(papers[0]); i++)
		encode(&print, &papers[i], i % 2 == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1); /* its own block, so that a byte read past the end is seen */

	MUST(copy != NULL);
	if (len > 0)
		memcpy(copy, data, len);
	if (len > 0 && data[0] % 2 == 0)
		listen(copy + 1, len - 1);
	else if (len > 0)
		print_job(copy + 1, len - 1);
	free(copy);
	return 0;
}

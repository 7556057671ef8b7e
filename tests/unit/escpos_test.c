/* The ESC/POS codec: characters, jobs, status bytes, device ids. */
#include "drivers/escpos/codec.h"

#include "base/text.h"

#include <iconv.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MAX_JOB 40000

static const struct escpos_paper usual = { .columns = 48, .picture_dots = 576 };

/* Every page against iconv: each byte's character is that byte on that page. */
static void code_pages_are_as_iconv_has_them(void **state)
{
	static const struct {
		const char *name;
		uint8_t number;
	} pages[] = { { "CP858", 19 },	{ "CP1252", 16 }, { "CP852", 18 },  { "CP866", 17 },
		      { "CP850", 2 },	{ "CP437", 0 },	  { "CP1250", 45 }, { "CP1251", 46 },
		      { "CP1253", 47 }, { "CP1254", 48 }, { "CP1257", 51 } };
	static const struct escpos_paper newer = { .columns = 48, .all_pages = true };

	(void)state;
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		iconv_t judge = iconv_open("UTF-32LE", pages[i].name);
		int printed = 0;

		assert_true(judge != (iconv_t)-1);
		assert_int_equal(escpos_page_number(&newer, (int)i), pages[i].number);
		for (int byte = 0x20; byte < 0x100; byte++) {
			char in = (char)byte, *from = &in;
			uint32_t codepoint = 0;
			char *to = (char *)&codepoint;
			size_t left = 1, room = 4;
			int page = (int)i;

			if (byte == 0x7f || iconv(judge, &from, &left, &to, &room) != 0 || codepoint == 0xad ||
			    (codepoint >= 0x80 && codepoint < 0xa0))
				continue; /* DEL, holes, the soft hyphen, controls */
			assert_int_equal(escpos_char(&newer, codepoint, &page), byte);
			assert_int_equal(page, i);
			printed++;
		}
		assert_true(printed > 200);
		iconv_close(judge);
	}
}

static uint8_t char_of(const struct escpos_paper *paper, uint32_t codepoint, uint8_t *number)
{
	int page = 0;
	uint8_t byte = escpos_char(paper, codepoint, &page);

	*number = escpos_page_number(paper, page);
	return byte;
}

static void a_character_is_found_or_replaced(void **state)
{
	static const struct escpos_paper newer = { .columns = 48, .all_pages = true },
					 single = { .columns = 48, .code_page = 5 };
	uint8_t n;

	(void)state;
	assert_int_equal(char_of(&usual, 0x0159, &n), 0xfd); /* ř */
	assert_int_equal(n, 18);
	assert_int_equal(char_of(&single, 0x0159, &n), 'r');
	assert_int_equal(n, 5);
	assert_int_equal(char_of(&single, 0x20ac, &n), 0xd5); /* € */
	assert_int_equal(char_of(&single, 0x2019, &n), '\''); /* ’ */
	assert_int_equal(char_of(&usual, 0x2019, &n), 0x92);
	assert_int_equal(n, 16);
	assert_int_equal(char_of(&usual, 0x03c9, &n), '?'); /* ω */
	assert_int_equal(char_of(&newer, 0x03c9, &n), 0xf9);
	assert_int_equal(n, 47);
	assert_int_equal(char_of(&newer, 0x4e2d, &n), '?'); /* 中 */
	assert_int_equal(char_of(&newer, 0x0301, &n), 0);   /* a combining accent */
	for (uint32_t c = 0; c < 0x20; c++)
		assert_int_equal(char_of(&newer, c, &n), 0);
}

static void what_needs_a_picture_is_known(void **state)
{
	static const char *const text[] = { "",
					    "Please sit down — we’ll call you…",
					    "Siéntese a la izquierda, mañana 10 €",
					    "Proszę usiąść, zawołamy Pana numer",
					    "Пожалуйста, присядьте",
					    "Bitte Nr. 5‑B",
					    "Łódź, Приём" };
	static const char *const pictures[] = { "请坐",		"من فضلك اجلس",	 "Παρακαλώ καθίστε",
						"Doğru kapıda", "Vui lòng ngồi", "Please e\xcc\x81",
						"\xff",		"שב בבקשה" };

	(void)state;
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		assert_true(escpos_can_print(text[i]));
	for (size_t i = 0; i < sizeof(pictures) / sizeof(pictures[0]); i++)
		assert_false(escpos_can_print(pictures[i]));
}

static bool contains(const uint8_t *data, int len, const void *what, size_t n)
{
	return memmem(data, (size_t)len, what, n) != NULL;
}

/* A job without pictures, whole. */
static int encode_as(const lobby_Print *print, const struct escpos_paper *paper, bool copy, uint8_t *out, size_t size)
{
	struct escpos_encoder e;
	int len = 0;

	assert_int_equal(escpos_check_job(print), 0);
	escpos_encoder_init(&e, print, paper, copy);
	while (!escpos_is_encoded(&e)) {
		int n = escpos_encode_piece(&e, out + len, size - (size_t)len);

		if (n < 0)
			return n;
		assert_true(n <= ESCPOS_MAX_PIECE);
		len += n;
	}
	return len;
}

static int encode(const lobby_Print *print, uint8_t *out, size_t size)
{
	return encode_as(print, &usual, false, out, size);
}

static void a_job_says_all_of_it(void **state)
{
	lobby_Print print = { .line_count = 3, .qr = "LOBBY1:abcdefgh:5f" };
	uint8_t out[MAX_JOB];
	int len;

	(void)state;
	print.line[0] =
		(lobby_SlipLine){ .text = "B 14", .align = lobby_SlipAlign_SLIP_CENTER, .scale = 4, .bold = true };
	print.line[1] = (lobby_SlipLine){ .rule = true };
	print.line[2] = (lobby_SlipLine){ .text = "Mañana a las 9:40 — José" };
	len = encode(&print, out, sizeof(out));
	assert_true(len > 0);
	assert_memory_equal(out,
			    "\x1b@\x1d"
			    "a\x0e\x1bt\x13",
			    8);
	assert_true(contains(out, len, "\x1b\x61\x01\x1d!\x33\x1b\x45\x01", 9));
	assert_true(contains(out, len, "B 14\n", 5));
	assert_true(contains(out, len,
			     "\x1bt\x10"
			     "Ma\xf1"
			     "ana a las 9:40 \x97 Jos\xe9\n",
			     28));
	assert_true(contains(out, len, "\x1d(k\x04\x00\x31\x41\x32\x00", 9));
	assert_true(contains(out, len, "\x1d(k\x15\x00\x31\x50\x30LOBBY1:abcdefgh:5f", 26));
	assert_true(contains(out, len, "\x1d(k\x03\x00\x31\x51\x30", 8));
	assert_memory_equal(out + len - 7, "\x1dV\x42\x18\x1dr\x01", 7);
}

static void words_wrap_and_nothing_is_lost(void **state)
{
	lobby_Print print = { .line_count = 1 };
	uint8_t out[MAX_JOB];
	int len;

	(void)state;
	print.line[0] = (lobby_SlipLine){ .text = "Please sit in the waiting area by the tall windows", .scale = 2 };
	len = encode(&print, out, sizeof(out));
	assert_true(contains(out, len, "Please sit in the\nwaiting area by the tall\nwindows\n", 50));
}

static void text_cannot_command_the_printer(void **state)
{
	lobby_Print print = { .line_count = 1 };
	uint8_t out[MAX_JOB];
	int len;

	(void)state;
	print.line[0] = (lobby_SlipLine){ .text = "a\x1b"
						  "p\x10\x04\x01\x1dVb" };
	len = encode(&print, out, sizeof(out));
	assert_true(contains(out, len, "apVb\n", 5));
}

static void each_line_is_in_one_page_where_one_has_it_all(void **state)
{
	lobby_Print print = { .line_count = 4 };
	uint8_t out[MAX_JOB];
	int len;

	(void)state;
	print.line[0] = (lobby_SlipLine){ .text = "Kraków" };
	print.line[1] = (lobby_SlipLine){ .text = "Kraków, ulica Łokietka" };
	print.line[2] = (lobby_SlipLine){ .text = "Łódź = Лодзь" }; /* on no page whole */
	print.line[3] = (lobby_SlipLine){ .rule = true };
	len = encode(&print, out, sizeof(out));
	assert_true(contains(out, len, "\x1b\x45\x00Krak\xa2w\n", 10)); /* 858, as at the start */
	assert_true(contains(out, len, "\x1bt\x12Krak\xa2w, ulica \x9dokietka\n", 26));
	assert_true(contains(out, len,
			     "\x9d\xa2"
			     "d\xab = \x1bt\x11\x8b\xae\xa4\xa7\xec\n",
			     16));
	for (int i = 0; i < 48; i++)
		assert_int_equal(out[len - 18 - i], 0xc4);
}

static void a_copy_says_so_first(void **state)
{
	lobby_Print print = { .line_count = 1 };
	uint8_t out[MAX_JOB];
	int len;

	(void)state;
	print.copy = (lobby_SlipLine){ .text = "Copia", .align = lobby_SlipAlign_SLIP_CENTER };
	print.line[0] = (lobby_SlipLine){ .text = "B 14" };
	len = encode(&print, out, sizeof(out));
	assert_false(contains(out, len, "Copia", 5));
	len = encode_as(&print, &usual, true, out, sizeof(out));
	assert_true(contains(out, len,
			     "Copia\n\x1b\x61\x00\x1d!\x00\x1b\x45\x00"
			     "B 14\n",
			     20));
}

static void the_largest_pieces_fit_and_a_small_buffer_is_refused(void **state)
{
	lobby_Print print = { .line_count = 40 };
	uint8_t out[MAX_JOB], small[64];

	(void)state;
	for (int i = 0; i < 40; i++) /* every character on another page than the last */
		for (int k = 0; k < 32; k++)
			memcpy(print.line[i].text + k * 4, "Łл", 4);
	memset(print.qr, 'q', sizeof(print.qr) - 1);
	assert_true(encode(&print, out, sizeof(out)) > 40 * 256);
	assert_int_equal(encode(&print, small, sizeof(small)), LOBBY_ERR_TOO_LONG);
}

/* ---- pictures ---- */

/* Row r, byte i. */
static uint8_t bits_of(uint32_t row, size_t i)
{
	return (uint8_t)(row * 31 + i * 7);
}

static void a_picture_comes_in_strips_between_its_lines(void **state)
{
	lobby_Print print = { .line_count = 3, .row_dots = 576 };
	static uint8_t band[ESCPOS_MAX_BAND], out[4096];
	struct escpos_encoder e;
	uint32_t seen = 0, first = 0, want;

	(void)state;
	print.line[0] = (lobby_SlipLine){ .text = "above" };
	print.line[1] = (lobby_SlipLine){ .text = "the logo", .rows = 300, .first_row = 40 };
	print.line[2] = (lobby_SlipLine){ .text = "below" };
	escpos_encoder_init(&e, &print, &usual, false);
	for (int i = 0; i < 3; i++) /* the beginning, no copy, the line above */
		assert_true(escpos_encode_piece(&e, out, sizeof(out)) >= 0);
	while ((want = escpos_rows_wanted(&e, &first)) > 0) {
		assert_int_equal(first, 40 + seen);
		assert_int_equal(want, 300 - seen < 113 ? 300 - seen : 113); /* 8192 / 72 */
		for (size_t i = 0; i < want * 72; i++)
			band[i] = bits_of(first + (uint32_t)(i / 72), i % 72);
		for (uint32_t done = 0, n; done < want; done += n) {
			size_t len = 0;

			n = escpos_encode_rows(&e, band + done * 72, want - done, out, sizeof(out), &len);
			assert_true(n > 0 && n <= want - done && len == 11 + n * 72);
			assert_memory_equal(out, "\x1b\x61\x00\x1dv0\x00\x48\x00", 9);
			assert_int_equal(out[9] | out[10] << 8, n);
			assert_memory_equal(out + 11, band + done * 72, n * 72);
		}
		seen += want;
	}
	assert_int_equal(seen, 300);
	assert_true(escpos_encode_piece(&e, out, sizeof(out)) > 0);
	assert_non_null(memmem(out, 20, "below", 5));
}

static void a_picture_that_cannot_be_printed_is_its_text(void **state)
{
	static const struct {
		uint32_t dots, row_dots;
	} cases[] = { { 0, 576 }, { 384, 576 }, { 576, 0 }, { 576, 100 } };
	uint8_t out[MAX_JOB];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct escpos_paper paper = { .columns = 32, .picture_dots = cases[i].dots };
		lobby_Print print = { .line_count = 1, .row_dots = cases[i].row_dots };
		int len;

		print.line[0] = (lobby_SlipLine){ .text = "Example Clinic", .rows = 64 };
		len = encode_as(&print, &paper, false, out, sizeof(out));
		assert_true(contains(out, len, "Example Clinic\n", 15));
	}
}

/* DLE EOT, DLE ENQ and DLE DC4 are obeyed wherever they stand: in a picture one more dot stops them. */
static void a_picture_cannot_command_the_printer(void **state)
{
	lobby_Print print = { .line_count = 1, .row_dots = 64 };
	uint8_t band[16] = { 0x10, 0x04, 0x01, 0x10, 0x10, 0x05, 0x02, 0x10, 0x14, 8, 1, 3, 0x10, 0x20, 0x10, 0x04 };
	uint8_t out[64];
	struct escpos_encoder e;
	size_t len;

	(void)state;
	print.line[0].rows = 2;
	escpos_encoder_init(&e, &print, &usual, false);
	assert_true(escpos_encode_piece(&e, out, sizeof(out)) > 0);
	assert_int_equal(escpos_encode_piece(&e, out, sizeof(out)), 0);
	assert_int_equal(escpos_encode_rows(&e, band, 2, out, sizeof(out), &len), 2);
	assert_memory_equal(out + 11, "\x18\x04\x01\x10\x18\x05\x02\x18\x14\x08\x01\x03\x10\x20\x18\x04", 16);
}

static void a_job_of_endless_rows_is_refused(void **state)
{
	lobby_Print print = { .line_count = 2, .row_dots = 576 };

	(void)state;
	print.line[0].rows = print.line[1].rows = ESCPOS_MAX_ROWS / 2;
	assert_int_equal(escpos_check_job(&print), 0);
	print.line[1].rows++;
	assert_int_equal(escpos_check_job(&print), LOBBY_ERR_TOO_LONG);
	print.line[1].rows = 0xffffffff;
	assert_int_equal(escpos_check_job(&print), LOBBY_ERR_TOO_LONG);
	print.line[1].rows = 1;
	print.line[1].first_row = 0xffffffff;
	assert_int_equal(escpos_check_job(&print), LOBBY_ERR_INVALID);
}

/* ---- answers ---- */

static void answers_are_told_apart(void **state)
{
	/* DLE EOT, XON, automatic status with paper out, GS r, clear response, rubbish, DLE EOT */
	static const uint8_t bytes[] = { 0x12, 0x11, 0x18, 0x00, 0x0c, 0x0f, 0x03, 0x37, 0x25, 0x00, 0xff, 0x1a };
	static const enum escpos_answer expected[] = { ESCPOS_REALTIME, ESCPOS_NONE, ESCPOS_NONE,    ESCPOS_NONE,
						       ESCPOS_NONE,	ESCPOS_AUTO, ESCPOS_PAPER,   ESCPOS_NONE,
						       ESCPOS_NONE,	ESCPOS_NONE, ESCPOS_GARBAGE, ESCPOS_REALTIME };
	struct escpos_parser parser = { 0 };
	struct escpos_status status = { 0 };
	uint8_t value = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		assert_int_equal(escpos_parse(&parser, bytes[i], &status, &value), expected[i]);
	assert_true(status.offline);
	assert_true(status.paper_out);
	assert_false(status.cover_open);
	assert_int_equal(value, 0x1a);
	assert_int_equal(escpos_state_of(&status), lobby_DeviceState_DEVICE_PAPER_OUT);
	assert_int_equal(escpos_error_of(&status), LOBBY_ERR_PAPER_OUT);
}

static void a_status_cut_short_does_not_eat_the_next(void **state)
{
	static const uint8_t bytes[] = { 0x10, 0x00, 0x10, 0x00, 0x03, 0x0f };
	struct escpos_parser parser = { 0 };
	struct escpos_status status = { 0 };
	uint8_t value = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		assert_int_equal(escpos_parse(&parser, bytes[i], &status, &value), i == 5 ? ESCPOS_AUTO : ESCPOS_NONE);
	assert_int_equal(escpos_state_of(&status), lobby_DeviceState_DEVICE_PAPER_LOW);
	assert_int_equal(escpos_error_of(&status), 0);
}

static void realtime_answers_add_up(void **state)
{
	struct escpos_status status = { 0 };

	(void)state;
	escpos_add_realtime(&status, 1, 0x1a);
	assert_int_equal(escpos_state_of(&status), lobby_DeviceState_DEVICE_OFFLINE);
	escpos_add_realtime(&status, 2, 0x16);
	assert_int_equal(escpos_state_of(&status), lobby_DeviceState_DEVICE_COVER_OPEN);
	assert_int_equal(escpos_error_of(&status), LOBBY_ERR_COVER_OPEN);
	status = (struct escpos_status){ 0 };
	escpos_add_realtime(&status, 4, 0x1e);
	assert_int_equal(escpos_state_of(&status), lobby_DeviceState_DEVICE_PAPER_LOW);
	escpos_add_realtime(&status, 4, 0x7e);
	assert_int_equal(escpos_state_of(&status), lobby_DeviceState_DEVICE_PAPER_OUT);
}

static void errors_are_told_apart(void **state)
{
	static const struct {
		uint8_t bits; /* of DLE EOT 3 */
		const char *words;
		int err;
		bool resting;
	} cases[] = { { 0x04, "The paper is jammed", LOBBY_ERR_PAPER_JAM, false },
		      { 0x08, "The cutter is stuck", LOBBY_ERR_PAPER_JAM, false },
		      { 0x20, "The printer reports an error that it cannot", LOBBY_ERR_OFFLINE, false },
		      { 0x40, "The print head is too hot", LOBBY_ERR_OFFLINE, true },
		      { 0x00, "The printer reports an error: look", LOBBY_ERR_OFFLINE, false } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const uint8_t automatic[] = { 0x18, cases[i].bits, 0x00, 0x0f };
		struct escpos_status asked = { 0 }, told = { 0 };
		struct escpos_parser parser = { 0 };
		uint8_t value;

		escpos_add_realtime(&asked, 1, 0x1a);
		escpos_add_realtime(&asked, 2, 0x52);
		escpos_add_realtime(&asked, 3, 0x12 | cases[i].bits);
		assert_int_equal(strncmp(escpos_words_of(&asked), cases[i].words, strlen(cases[i].words)), 0);
		assert_int_equal(escpos_error_of(&asked), cases[i].err);
		assert_int_equal(escpos_is_resting(&asked), cases[i].resting);
		assert_int_equal(escpos_state_of(&asked), lobby_DeviceState_DEVICE_FAULT);
		for (int k = 0; k < 4; k++)
			escpos_parse(&parser, automatic[k], &told, &value);
		if (cases[i].bits != 0)
			assert_string_equal(escpos_words_of(&told), escpos_words_of(&asked));
	}
}

static enum escpos_answer parse_all(struct escpos_parser *parser, const char *bytes, size_t len)
{
	enum escpos_answer answer = ESCPOS_NONE;
	struct escpos_status status;
	uint8_t value;

	for (size_t i = 0; i < len; i++)
		answer = escpos_parse(parser, (uint8_t)bytes[i], &status, &value);
	return answer;
}

static void identities_are_clean_and_bounded(void **state)
{
	struct escpos_parser parser = { 0 };
	char long_answer[90] = "_";

	(void)state;
	assert_int_equal(parse_all(&parser, "_30.24 ESC/POS\0", 15), ESCPOS_TEXT);
	assert_string_equal(parser.text, "30.24 ESC/POS");
	assert_int_equal(parse_all(&parser,
				   "_\x1b[31mA\xff\x13"
				   "B\n\0",
				   12),
			 ESCPOS_TEXT);
	assert_string_equal(parser.text, "[31mAB");
	assert_int_equal(parse_all(&parser, "7%\0", 3), ESCPOS_NONE); /* the buffer is cleared */
	assert_int_equal(parse_all(&parser, "_\0", 2), ESCPOS_TEXT);
	assert_string_equal(parser.text, "");
	memset(long_answer + 1, 'x', 60);
	assert_int_equal(parse_all(&parser, long_answer, 62), ESCPOS_TEXT);
	assert_int_equal(strlen(parser.text), 40);
	memset(long_answer + 1, 'x', sizeof(long_answer) - 1); /* never ends: after 80 bytes it is over */
	parse_all(&parser, long_answer, 81);
	assert_int_equal(parse_all(&parser, "\x12", 1), ESCPOS_REALTIME);
}

static void the_port_says_its_three_bits(void **state)
{
	struct escpos_status ready = escpos_port_status(0x18), empty = escpos_port_status(0x30),
			     off = escpos_port_status(0x08);

	(void)state;
	assert_int_equal(escpos_error_of(&ready), 0);
	assert_int_equal(escpos_error_of(&empty), LOBBY_ERR_PAPER_OUT);
	assert_int_equal(escpos_error_of(&off), LOBBY_ERR_OFFLINE);
}

static void device_ids_are_read(void **state)
{
	static const char id[] = "\0\x3fMFG:EPSON;CMD:ESC/POS;MODEL: TM-T88V ;CLS:PRINTER;bare;";
	char out[16] = "-";

	(void)state;
	assert_true(escpos_device_id((const uint8_t *)id, sizeof(id) - 1, "MDL", "MODEL", out, sizeof(out)));
	assert_string_equal(out, "TM-T88V");
	assert_true(escpos_device_id((const uint8_t *)id, sizeof(id) - 1, "CMD", "COMMAND SET", out, sizeof(out)));
	assert_string_equal(out, "ESC/POS");
	assert_false(escpos_device_id((const uint8_t *)id, sizeof(id) - 1, "SN", "SERN", out, sizeof(out)));
	for (size_t n = 0; n < sizeof(id); n++)
		escpos_device_id((const uint8_t *)id, n, "X", "Y", out, sizeof(out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(code_pages_are_as_iconv_has_them),
		cmocka_unit_test(a_character_is_found_or_replaced),
		cmocka_unit_test(what_needs_a_picture_is_known),
		cmocka_unit_test(a_job_says_all_of_it),
		cmocka_unit_test(words_wrap_and_nothing_is_lost),
		cmocka_unit_test(text_cannot_command_the_printer),
		cmocka_unit_test(each_line_is_in_one_page_where_one_has_it_all),
		cmocka_unit_test(a_copy_says_so_first),
		cmocka_unit_test(the_largest_pieces_fit_and_a_small_buffer_is_refused),
		cmocka_unit_test(a_picture_comes_in_strips_between_its_lines),
		cmocka_unit_test(a_picture_that_cannot_be_printed_is_its_text),
		cmocka_unit_test(a_picture_cannot_command_the_printer),
		cmocka_unit_test(a_job_of_endless_rows_is_refused),
		cmocka_unit_test(answers_are_told_apart),
		cmocka_unit_test(a_status_cut_short_does_not_eat_the_next),
		cmocka_unit_test(realtime_answers_add_up),
		cmocka_unit_test(errors_are_told_apart),
		cmocka_unit_test(identities_are_clean_and_bounded),
		cmocka_unit_test(the_port_says_its_three_bits),
		cmocka_unit_test(device_ids_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

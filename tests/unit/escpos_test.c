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

static void characters_are_code_page_858(void **state)
{
	iconv_t judge = iconv_open("UTF-32LE", "CP858");

	(void)state;
	assert_true(judge != (iconv_t)-1);
	for (int byte = 0x20; byte < 0x100; byte++) {
		char in = (char)byte, *from = &in;
		uint32_t codepoint = 0;
		char *to = (char *)&codepoint;
		size_t left = 1, room = 4;

		if (byte == 0x7f || byte == 0xf0) /* DEL; the soft hyphen prints as nothing */
			continue;
		assert_int_equal(iconv(judge, &from, &left, &to, &room), 0);
		assert_int_equal(escpos_char(codepoint), byte);
	}
	iconv_close(judge);
	assert_int_equal(escpos_char(0x0159), 'r');  /* ř */
	assert_int_equal(escpos_char(0x0141), 'L');  /* Ł */
	assert_int_equal(escpos_char(0x2019), '\''); /* ’ */
	assert_int_equal(escpos_char(0x4e2d), '?');  /* 中 */
	for (uint32_t c = 0; c < 0x20; c++)
		assert_int_equal(escpos_char(c), 0);
}

static bool contains(const uint8_t *data, int len, const void *what, size_t n)
{
	return memmem(data, (size_t)len, what, n) != NULL;
}

static int encode(const lobby_Print *print, uint8_t *out, size_t size)
{
	struct escpos_paper paper = { .columns = 48, .code_page = 19 };

	return escpos_encode_job(print, &paper, true, out, size);
}

static void a_job_says_all_of_it(void **state)
{
	lobby_Print print = { .line_count = 3, .qr = "LOBBY1:abcdefgh:5f" };
	uint8_t out[ESCPOS_MAX_JOB];
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
			     "Ma\xa4"
			     "ana a las 9:40 - Jos\x82\n",
			     25));
	assert_true(contains(out, len, "\x1d(k\x04\x00\x31\x41\x32\x00", 9));
	assert_true(contains(out, len, "\x1d(k\x15\x00\x31\x50\x30LOBBY1:abcdefgh:5f", 26));
	assert_true(contains(out, len, "\x1d(k\x03\x00\x31\x51\x30", 8));
	assert_memory_equal(out + len - 7, "\x1dV\x42\x18\x1dr\x01", 7);
}

static void words_wrap_and_nothing_is_lost(void **state)
{
	lobby_Print print = { .line_count = 1 };
	uint8_t out[ESCPOS_MAX_JOB];
	int len;

	(void)state;
	print.line[0] = (lobby_SlipLine){ .text = "Please sit in the waiting area by the tall windows", .scale = 2 };
	len = encode(&print, out, sizeof(out));
	assert_true(contains(out, len, "Please sit in the\nwaiting area by the tall\nwindows\n", 50));
}

static void text_cannot_command_the_printer(void **state)
{
	lobby_Print print = { .line_count = 1 };
	uint8_t out[ESCPOS_MAX_JOB];
	int len;

	(void)state;
	print.line[0] = (lobby_SlipLine){ .text = "a\x1b"
						  "p\x10\x04\x01\x1dVb" };
	len = encode(&print, out, sizeof(out));
	assert_true(contains(out, len, "apVb\n", 5));
}

static void the_largest_job_fits_and_a_small_buffer_is_refused(void **state)
{
	lobby_Print print = { .line_count = 24 };
	uint8_t out[ESCPOS_MAX_JOB], small[64];

	(void)state;
	for (int i = 0; i < 24; i++)
		memset(print.line[i].text, 'x', sizeof(print.line[i].text) - 1);
	memset(print.qr, 'q', sizeof(print.qr) - 1);
	assert_true(encode(&print, out, sizeof(out)) > 0);
	assert_int_equal(encode(&print, small, sizeof(small)), LOBBY_ERR_TOO_LONG);
}

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
		cmocka_unit_test(characters_are_code_page_858),
		cmocka_unit_test(a_job_says_all_of_it),
		cmocka_unit_test(words_wrap_and_nothing_is_lost),
		cmocka_unit_test(text_cannot_command_the_printer),
		cmocka_unit_test(the_largest_job_fits_and_a_small_buffer_is_refused),
		cmocka_unit_test(answers_are_told_apart),
		cmocka_unit_test(a_status_cut_short_does_not_eat_the_next),
		cmocka_unit_test(realtime_answers_add_up),
		cmocka_unit_test(the_port_says_its_three_bits),
		cmocka_unit_test(device_ids_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

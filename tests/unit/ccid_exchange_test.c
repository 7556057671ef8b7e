/* APDUs over T=0, T=1 and the APDU levels, block by block: what goes out, and what is made of what comes. T=1's
 * scenarios are in the manner of ISO/IEC 7816-3, annex A. */
#include "drivers/ccid/exchange.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static uint8_t answer[65538];

/* One T=1 scenario, line by line: ">" is what must go out, "<" what comes in (LRC added to both), "!" a block that does
 * not come, "?" one that the reader says is damaged. Hexadecimal. */
static size_t unhex(const char *text, uint8_t *out)
{
	size_t n = 0;
	unsigned value;
	int used;

	while (sscanf(text, "%2x%n", &value, &used) == 1) {
		out[n++] = (uint8_t)value;
		text += used;
	}
	return n;
}

static size_t with_lrc(const char *text, uint8_t *out)
{
	size_t n = unhex(text, out);
	uint8_t lrc = 0;

	for (size_t i = 0; i < n; i++)
		lrc ^= out[i];
	out[n] = lrc;
	return n + 1;
}

static int play(struct exchange *x, int next, struct exchange_block *b, const char *const *lines)
{
	for (; *lines != NULL; lines++) {
		uint8_t bytes[300];
		size_t len = with_lrc(*lines + 1, bytes);
		struct exchange_reply reply = { .data = bytes, .len = len };

		if ((*lines)[0] == '>') {
			assert_int_equal(next, EXCHANGE_SEND);
			assert_int_equal(b->len, len);
			assert_memory_equal(b->data, bytes, len);
			continue;
		}
		if ((*lines)[0] == '!')
			reply = (struct exchange_reply){ .err = LOBBY_ERR_CARD_MUTE };
		if ((*lines)[0] == '?')
			reply = (struct exchange_reply){ .err = LOBBY_ERR_IO };
		next = exchange_take(x, &reply, b);
	}
	return next;
}

static int t1(const char *command, const char *const *lines)
{
	static struct exchange x;
	struct exchange_block b = { 0 };
	uint8_t apdu[261];
	size_t len = unhex(command, apdu);

	exchange_init(&x, EXCHANGE_T1, 261, 6, false); /* IFSC 6 */
	return play(&x, exchange_begin(&x, apdu, len, answer, sizeof(answer), &b), &b, lines);
}

#define LINES(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void t1_as_it_should_be(void **state)
{
	(void)state;
	assert_int_equal(t1("00A40000", LINES(">000004 00A40000", "<000002 9000")), EXCHANGE_DONE);
	assert_memory_equal(answer, "\x90\x00", 2);
	/* Chains both ways. */
	assert_int_equal(t1("00A4040004D2760001", LINES(">002006 00A4040004D2", "<009000", ">004003 760001",
							"<002003 010203", ">009000", "<004003 049000")),
			 EXCHANGE_DONE);
	assert_memory_equal(answer, "\1\2\3\4\x90\x00", 6);
}

static void t1_waiting_and_sizes(void **state)
{
	(void)state;
	assert_int_equal(t1("00A40000", LINES(">000004 00A40000", "<00C301 05", ">00E301 05", "<000002 9000")),
			 EXCHANGE_DONE);
	/* The card takes less from now on. */
	assert_int_equal(t1("00A4040004D2760001", LINES(">002006 00A4040004D2", "<00C101 02", ">00E101 02", "<009000",
							">006002 7600", "<008000", ">000001 01", "<000002 9000")),
			 EXCHANGE_DONE);
}

static void t1_errors_are_mended(void **state)
{
	(void)state;
	/* Ours was damaged on the way; theirs; nothing came; theirs was damaged in the reader. */
	assert_int_equal(t1("00A40000", LINES(">000004 00A40000", "<008100", ">000004 00A40000", "<000002 9000")),
			 EXCHANGE_DONE);
	assert_int_equal(t1("00A40000", LINES(">000004 00A40000", "<000002 90", ">008200", "<000002 9000")),
			 EXCHANGE_DONE);
	assert_int_equal(t1("00A40000",
			    LINES(">000004 00A40000", "!", ">008200", "<008000", ">000004 00A40000", "<000002 9000")),
			 EXCHANGE_DONE);
	assert_int_equal(t1("00A40000", LINES(">000004 00A40000", "?", ">008100", "<000002 9000")), EXCHANGE_DONE);
	/* A number out of turn, an address, a reserved PCB, a length of 255. */
	assert_int_equal(t1("00A40000", LINES(">000004 00A40000", "<004002 9000", ">008200", "<120002 9000", ">008200",
					      "<000102 9000", ">008200", "<000002 9000")),
			 EXCHANGE_DONE);
}

static void t1_begins_anew_and_gives_up(void **state)
{
	(void)state;
	assert_int_equal(t1("00A40000", LINES(">000004 00A40000", "!", ">008200", "!", ">008200", "!", ">008200", "!",
					      ">00C000", "<00E000", ">000004 00A40000", "<000002 9000")),
			 EXCHANGE_DONE);
	assert_int_equal(t1("00A40000", LINES(">000004 00A40000", "!", ">008200", "!", ">008200", "!", ">008200", "!",
					      ">00C000", "!", ">00C000", "!", ">00C000", "!")),
			 LOBBY_ERR_PROTOCOL);
	assert_int_equal(t1("00A40000", LINES(">000004 00A40000", "<00C200")), LOBBY_ERR_PROTOCOL); /* S(ABORT) */
}

static void t1_answers_are_bounded(void **state)
{
	static struct exchange x;
	struct exchange_block b;
	uint8_t room[16], apdu[4] = { 0, 0xa4, 0, 0 };

	(void)state;
	exchange_init(&x, EXCHANGE_T1, 261, 32, false);
	assert_int_equal(play(&x, exchange_begin(&x, apdu, 4, room, sizeof(room), &b), &b,
			      LINES(">000004 00A40000", "<00200A 01010101010101010101", ">009000",
				    "<00400A 01010101010101010101")),
			 LOBBY_ERR_TOO_LONG);
	/* Empty blocks that say "more", for ever. */
	int next = exchange_begin(&x, apdu, 4, room, sizeof(room), &b);

	for (int i = 0; next == EXCHANGE_SEND; i++) {
		assert_true(i < 100000);
		next = play(&x, next, &b, i % 2 == 0 ? LINES("<002000") : LINES("<006000"));
	}
	assert_int_equal(next, LOBBY_ERR_PROTOCOL);
}

static void the_size_of_blocks_is_agreed(void **state)
{
	static struct exchange x;
	struct exchange_block b;

	(void)state;
	exchange_init(&x, EXCHANGE_T1, 261, 32, false);
	assert_int_equal(play(&x, exchange_ifs(&x, 254, &b), &b, LINES(">00C101 FE", "<00E101 FE")), EXCHANGE_DONE);
	assert_int_equal(x.t1.ifsd, 254);
	assert_int_equal(play(&x, exchange_ifs(&x, 254, &b), &b,
			      LINES(">00C101 FE", "!", ">00C101 FE", "<008200", ">00C101 FE", "<00C301 02",
				    ">00E301 02", "<00E101 20", ">00C101 FE", "!")),
			 EXCHANGE_DONE); /* it does not want to: 32 */
	assert_int_equal(x.t1.ifsd, 32);
}

static void crc_is_two_bytes(void **state)
{
	static struct exchange x;
	struct exchange_block b;
	uint8_t apdu[4] = { 0, 0xa4, 0, 0 };

	(void)state;
	assert_int_equal(t1_crc((const uint8_t *)"123456789", 9), 0x6f91); /* CRC-16/MCRF4XX's check value */
	exchange_init(&x, EXCHANGE_T1, 261, 32, true);
	assert_int_equal(exchange_begin(&x, apdu, 4, answer, sizeof(answer), &b), EXCHANGE_SEND);
	assert_int_equal(b.len, 9);
	assert_int_equal(b.data[7] << 8 | b.data[8], t1_crc(b.data, 7));
}

/* ---- T=0 and the APDU levels ---- */

static int step(struct exchange *x, const char *reply_text, uint8_t chain, struct exchange_block *b)
{
	uint8_t bytes[300];
	struct exchange_reply reply = { .chain = chain, .data = bytes, .len = unhex(reply_text, bytes) };

	return exchange_take(x, &reply, b);
}

static void assert_block(const struct exchange_block *b, const char *text, unsigned level)
{
	uint8_t bytes[300];
	size_t len = unhex(text, bytes);

	assert_int_equal(b->len, len);
	if (len > 0)
		assert_memory_equal(b->data, bytes, len);
	assert_int_equal(b->level, level);
}

static int begin(struct exchange *x, enum exchange_way way, size_t max, const char *command, struct exchange_block *b)
{
	uint8_t apdu[300];
	size_t len = unhex(command, apdu);

	exchange_init(x, way, max, 32, false);
	return exchange_begin(x, apdu, len, answer, sizeof(answer), b);
}

static void t0_in_its_four_cases(void **state)
{
	static struct exchange x;
	struct exchange_block b;

	(void)state;
	assert_int_equal(begin(&x, EXCHANGE_T0, 261, "00A40000", &b), EXCHANGE_SEND);
	assert_block(&b, "00A4000000", 0);
	assert_int_equal(step(&x, "9000", 0, &b), EXCHANGE_DONE);
	assert_int_equal(begin(&x, EXCHANGE_T0, 261, "00B0000000", &b), EXCHANGE_SEND);
	assert_block(&b, "00B0000000", 0);
	assert_int_equal(step(&x, "6C03", 0, &b), EXCHANGE_SEND);
	assert_block(&b, "00B0000003", 0);
	assert_int_equal(step(&x, "0102039000", 0, &b), EXCHANGE_DONE);
	assert_int_equal(x.answer_len, 5);
	assert_int_equal(begin(&x, EXCHANGE_T0, 261, "00A4040C02D276", &b), EXCHANGE_SEND);
	assert_block(&b, "00A4040C02D276", 0);
	assert_int_equal(begin(&x, EXCHANGE_T0, 261, "01A4040002D27600", &b), EXCHANGE_SEND);
	assert_block(&b, "01A4040002D276", 0); /* without Le */
	assert_int_equal(step(&x, "6102", 0, &b), EXCHANGE_SEND);
	assert_block(&b, "01C0000002", 0); /* on the same channel */
	assert_int_equal(step(&x, "AABB6101", 0, &b), EXCHANGE_SEND);
	assert_int_equal(step(&x, "CC9000", 0, &b), EXCHANGE_DONE);
	assert_int_equal(x.answer_len, 5);
	assert_memory_equal(answer, "\xaa\xbb\xcc\x90\x00", 5);
}

static void endless_wishes_are_not_followed(void **state)
{
	static struct exchange x;
	struct exchange_block b;
	int next = begin(&x, EXCHANGE_SHORT, 261, "00B0000000", &b);

	(void)state;
	for (int i = 0; next == EXCHANGE_SEND; i++) {
		assert_true(i < 1000);
		next = step(&x, "6101", 0, &b);
	}
	assert_int_equal(next, LOBBY_ERR_PROTOCOL);
	next = begin(&x, EXCHANGE_SHORT, 261, "00B0000000", &b);
	assert_int_equal(step(&x, "6C05", 0, &b), EXCHANGE_SEND);
	assert_int_equal(step(&x, "6C06", 0, &b), EXCHANGE_DONE); /* once: this one is the answer */
	assert_memory_equal(answer, "\x6c\x06", 2);
	assert_int_equal(begin(&x, EXCHANGE_SHORT, 261, "00B0000000", &b), EXCHANGE_SEND);
	assert_int_equal(step(&x, "90", 0, &b), LOBBY_ERR_PROTOCOL);
}

static void extended_apdus_go_in_parts(void **state)
{
	static struct exchange x;
	struct exchange_block b;

	(void)state;
	assert_int_equal(begin(&x, EXCHANGE_EXTENDED, 4, "00A4040C05D276000144", &b), EXCHANGE_SEND);
	assert_block(&b, "00A4040C", 1);
	assert_int_equal(step(&x, "", 0x10, &b), EXCHANGE_SEND);
	assert_block(&b, "05D27600", 3);
	assert_int_equal(step(&x, "", 0x10, &b), EXCHANGE_SEND);
	assert_block(&b, "0144", 2);
	assert_int_equal(step(&x, "0102", 1, &b), EXCHANGE_SEND);
	assert_block(&b, "", 0x10);
	assert_int_equal(step(&x, "0304", 3, &b), EXCHANGE_SEND);
	assert_block(&b, "", 0x10);
	assert_int_equal(step(&x, "9000", 2, &b), EXCHANGE_DONE);
	assert_int_equal(x.answer_len, 6);
	assert_memory_equal(answer, "\1\2\3\4\x90\x00", 6);
	/* An answer before the command was whole; a part that is none. */
	assert_int_equal(begin(&x, EXCHANGE_EXTENDED, 4, "00A4040C05D276000144", &b), EXCHANGE_SEND);
	assert_int_equal(step(&x, "9000", 0, &b), LOBBY_ERR_PROTOCOL);
	assert_int_equal(begin(&x, EXCHANGE_EXTENDED, 261, "00A4040C", &b), EXCHANGE_SEND);
	assert_int_equal(step(&x, "9000", 7, &b), LOBBY_ERR_PROTOCOL);
	assert_int_equal(begin(&x, EXCHANGE_EXTENDED, 261, "00A4040C", &b), EXCHANGE_SEND);
	for (int i = 0, next = EXCHANGE_SEND; next == EXCHANGE_SEND; i++) {
		assert_true(i < 10000);
		next = step(&x, "", 3, &b); /* for ever */
	}
}

static void what_a_reader_cannot_carry_is_refused(void **state)
{
	static struct exchange x;
	struct exchange_block b;

	(void)state;
	assert_int_equal(begin(&x, EXCHANGE_SHORT, 261, "00B00000000FA0", &b), EXCHANGE_DONE);
	assert_memory_equal(answer, "\x67\x00", 2);
	assert_int_equal(begin(&x, EXCHANGE_T0, 261, "00B00000000FA0", &b), EXCHANGE_DONE);
	assert_int_equal(begin(&x, EXCHANGE_T1, 261, "00B00000000FA0", &b), EXCHANGE_SEND);
	assert_int_equal(begin(&x, EXCHANGE_SHORT, 6, "00A4040C02D276", &b), LOBBY_ERR_TOO_LONG);
	assert_int_equal(begin(&x, EXCHANGE_SHORT, 261, "00A404", &b), LOBBY_ERR_INVALID);
	assert_int_equal(begin(&x, EXCHANGE_SHORT, 261, "00A4040C03D276", &b), LOBBY_ERR_INVALID);
	assert_int_equal(begin(&x, EXCHANGE_EXTENDED, 261, "00A4040C000003D276", &b), LOBBY_ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t1_as_it_should_be),
		cmocka_unit_test(t1_waiting_and_sizes),
		cmocka_unit_test(t1_errors_are_mended),
		cmocka_unit_test(t1_begins_anew_and_gives_up),
		cmocka_unit_test(t1_answers_are_bounded),
		cmocka_unit_test(the_size_of_blocks_is_agreed),
		cmocka_unit_test(crc_is_two_bytes),
		cmocka_unit_test(t0_in_its_four_cases),
		cmocka_unit_test(endless_wishes_are_not_followed),
		cmocka_unit_test(extended_apdus_go_in_parts),
		cmocka_unit_test(what_a_reader_cannot_carry_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

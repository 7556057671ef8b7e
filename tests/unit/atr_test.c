/* Answers to reset of real kinds of cards, and broken ones; PPS; rates. */
#include "drivers/ccid/atr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define PARSE(text, atr) atr_parse((const uint8_t *)(text), sizeof(text) - 1, atr)

static void a_health_card_says_t1(void **state)
{
	struct atr a;

	(void)state; /* an eGK: TA1 97, T=1 with IFSC 254, BWI 4, CWI 5, classes A to C */
	assert_int_equal(PARSE("\x3b\xd0\x97\xff\x81\xb1\xfe\x45\x1f\x07\x2b", &a), 0);
	assert_int_equal(a.fidi, 0x97);
	assert_int_equal(a.guard, 0xff);
	assert_int_equal(a.protocols, 2);
	assert_int_equal(a.first, 1);
	assert_int_equal(a.ifsc, 254);
	assert_int_equal(a.block_waiting, 0x45);
	assert_int_equal(a.classes, 7);
	assert_false(a.crc);
	assert_false(a.specific);
	assert_int_equal(a.historical_len, 0);
	assert_int_equal(atr_rate_bps(a.fidi, 4000), 500000);
}

static void kinds_of_cards(void **state)
{
	static const struct {
		const char *atr;
		size_t len;
		uint16_t protocols;
		uint8_t first, fidi, classes;
		bool specific;
	} rows[] = {
		{ "\x3b\x65\x00\x00\x01\x02\x03\x04\x05", 9, 1, 0, 0x11, 0, false }, /* T=0, TB1 and TC1 */
		{ "\x3b\x00", 2, 1, 0, 0x11, 0, false },
		{ "\x3b\x90\x95\x80\x1f\x03\x99", 7, 1, 0, 0x95, 3, false },	     /* a SIM: T=0, then T=15 */
		{ "\x3b\x80\x80\x01\x01", 5, 3, 0, 0x11, 0, false },		     /* contactless: T=0 and T=1 */
		{ "\x3f\x65\x25\x08\x22\x04\x68\x90\x00", 9, 1, 0, 0x11, 0, false }, /* inverse convention */
		{ "\x3b\x90\x95\x91\x81\x31\xfe\x45\x9f", 9, 2, 1, 0x95, 0, true },  /* TA2: T=1 only */
	};
	struct atr a;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(atr_parse((const uint8_t *)rows[i].atr, rows[i].len, &a), 0);
		assert_int_equal(a.protocols, rows[i].protocols);
		assert_int_equal(a.first, rows[i].first);
		assert_int_equal(a.fidi, rows[i].fidi);
		assert_int_equal(a.classes, rows[i].classes);
		assert_int_equal(a.specific, rows[i].specific);
		assert_int_equal(a.inverse, rows[i].atr[0] == '\x3f');
		/* Every beginning of it is too short; a byte more is too much. */
		for (size_t n = 0; n < rows[i].len; n++)
			assert_int_equal(atr_parse((const uint8_t *)rows[i].atr, n, &a), LOBBY_ERR_TRUNCATED);
	}
}

static void broken_ones_are_refused(void **state)
{
	uint8_t long_one[34] = { 0x3b, 0x8f, 0x80 };
	struct atr a;

	(void)state;
	memset(&a, 0x5a, sizeof(a));
	assert_int_equal(PARSE("\x3a\x00", &a), LOBBY_ERR_INVALID);		    /* TS */
	assert_int_equal(PARSE("\x3b\x80\x80\x01\x02", &a), LOBBY_ERR_INVALID);	    /* TCK */
	assert_int_equal(PARSE("\x3b\x80\x80\x01", &a), LOBBY_ERR_TRUNCATED);	    /* no TCK */
	assert_int_equal(PARSE("\x3b\x00\x00", &a), LOBBY_ERR_INVALID);		    /* one byte more */
	assert_int_equal(PARSE("\x3b\x80\x8f\x80", &a), LOBBY_ERR_INVALID);	    /* TD1 with T=15 */
	assert_int_equal(PARSE("\x3b\x80\x40\x00", &a), LOBBY_ERR_INVALID);	    /* TC2: WI 0 */
	assert_int_equal(PARSE("\x3b\x80\x81\x11\x00\x10", &a), LOBBY_ERR_INVALID); /* IFSC 0 */
	assert_int_equal(PARSE("\x3b\x80\x81\x11\xff\xef", &a), LOBBY_ERR_INVALID); /* IFSC 255 */
	assert_int_equal(PARSE("\x3b\x80\x81\x21\xa5\x85", &a), LOBBY_ERR_INVALID); /* BWI 10 */
	assert_int_equal(atr_parse(long_one, sizeof(long_one), &a), LOBBY_ERR_TOO_LONG);
	assert_int_equal(PARSE("\x3b\xf0\x11\x02\x03\xf2\x11\x02\x03\xf2\x11\x02\x03\xf2", &a),
			 LOBBY_ERR_TRUNCATED); /* groups without end */
	assert_int_equal(a.fidi, 0x5a);	       /* untouched */
}

static void pps_is_asked_and_checked(void **state)
{
	uint8_t request[ATR_PPS_MAX], fidi = 0;
	size_t len = atr_pps_request(1, 0x97, request);

	(void)state;
	assert_int_equal(len, 4);
	assert_memory_equal(request, "\xff\x11\x97\x79", 4);
	assert_int_equal(atr_pps_response(request, len, request, 4, &fidi), 0);
	assert_int_equal(fidi, 0x97);
	assert_int_equal(atr_pps_response(request, len, (const uint8_t *)"\xff\x01\xfe", 3, &fidi), 0);
	assert_int_equal(fidi, 0x11); /* agreed to the protocol, not to the rate */
	assert_int_equal(atr_pps_response(request, len, (const uint8_t *)"\xff\x00\xff", 3, &fidi), LOBBY_ERR_PROTOCOL);
	assert_int_equal(atr_pps_response(request, len, (const uint8_t *)"\xff\x11\x96\x78", 4, &fidi),
			 LOBBY_ERR_PROTOCOL);
	assert_int_equal(atr_pps_response(request, len, (const uint8_t *)"\xff\x11\x97\x78", 4, &fidi),
			 LOBBY_ERR_PROTOCOL);
	for (size_t n = 0; n < 4; n++)
		assert_int_equal(atr_pps_response(request, len, request, n, &fidi), LOBBY_ERR_PROTOCOL);
	assert_int_equal(atr_pps_request(0, 0x11, request), 3);
	assert_memory_equal(request, "\xff\x00\xff", 3);
}

static void rates_times_and_parameters(void **state)
{
	uint8_t p[ATR_PARAMETERS_MAX];
	struct atr a;

	(void)state;
	assert_int_equal(atr_rate_bps(0x11, 3720), 10000);
	assert_int_equal(atr_rate_bps(0x10, 4000), 0);
	assert_int_equal(atr_rate_bps(0x71, 4000), 0);
	assert_in_range(atr_block_wait_ms(0x45, 4000), 1428, 1440); /* 16 x 960 x 372 / 4 MHz */
	assert_in_range(atr_block_wait_ms(0x95, 0), 182000, 184000);
	assert_int_equal(PARSE("\x3b\xd0\x97\xff\x81\xb1\xfe\x45\x1f\x07\x2b", &a), 0);
	assert_int_equal(atr_parameters(&a, 1, 0x97, p), 7);
	assert_memory_equal(p, "\x97\x10\xff\x45\x00\xfe\x00", 7);
	assert_int_equal(PARSE("\x3f\x65\x25\x08\x22\x04\x68\x90\x00", &a), 0);
	assert_int_equal(atr_parameters(&a, 0, 0x11, p), 5);
	assert_memory_equal(p, "\x11\x02\x08\x0a\x00", 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_health_card_says_t1),      cmocka_unit_test(kinds_of_cards),
		cmocka_unit_test(broken_ones_are_refused),    cmocka_unit_test(pps_is_asked_and_checked),
		cmocka_unit_test(rates_times_and_parameters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

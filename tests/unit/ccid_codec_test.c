/* CCID's messages as the specification draws them, and ones that break it. */
#include "drivers/ccid/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* As a common contact reader states it: short APDU level, 5 and 3 V, T=0 and T=1, all automatic. */
static const uint8_t usual[54] = {
	0x36, 0x21, 0x10, 0x01, 0x00, 0x03, 0x03, 0x00, 0x00, 0x00, 0xa0, 0x0f, 0x00, 0x00, 0xe0, 0x2e, 0x00, 0x00,
	0x00, 0xcd, 0x2a, 0x00, 0x00, 0x76, 0x99, 0x0c, 0x00, 0x00, 0xfe, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0xba, 0x04, 0x02, 0x00, 0x0f, 0x01, 0x00, 0x00, 0xff, 0xff, 0x00, 0x00, 0x00, 0x01,
};

static void a_descriptor_is_read(void **state)
{
	struct ccid_class c;

	(void)state;
	assert_int_equal(ccid_class_parse(usual, sizeof(usual), &c), 0);
	assert_int_equal(c.version, 0x110);
	assert_int_equal(c.slots, 1);
	assert_int_equal(c.voltages, 3);
	assert_int_equal(c.protocols, 3);
	assert_int_equal(c.clock_khz, 4000);
	assert_int_equal(c.max_rate_bps, 825718);
	assert_int_equal(c.max_ifsd, 254);
	assert_int_equal(c.features, 0x204ba);
	assert_int_equal(c.level, CCID_LEVEL_SHORT_APDU);
	assert_int_equal(c.max_message, 271);
}

/* One byte of the usual descriptor changed, and what becomes of it. */
static void broken_descriptors_are_refused(void **state)
{
	static const struct {
		uint8_t at, value;
		int err;
	} rows[] = {
		{ 0, 53, LOBBY_ERR_INVALID },
		{ 0, 1, LOBBY_ERR_INVALID },
		{ 0, 55, LOBBY_ERR_INVALID },
		{ 1, 0x22, LOBBY_ERR_NOT_FOUND },
		{ 6, 0, LOBBY_ERR_INVALID },
		{ 6, 4, LOBBY_ERR_INVALID },
		{ 42, 3, LOBBY_ERR_INVALID },
		{ 42, 6, LOBBY_ERR_INVALID },
		{ 45, 0, LOBBY_ERR_INVALID },
		{ 42, 0, 0 },
		{ 42, 4, 0 },
		{ 5, 0, 0 },
		{ 4, 200, 0 },
	};
	uint8_t d[sizeof(usual)];
	struct ccid_class c;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memcpy(d, usual, sizeof(d));
		d[rows[i].at] = rows[i].value;
		assert_int_equal(ccid_class_parse(d, sizeof(d), &c), rows[i].err);
		if (rows[i].err == 0)
			assert_in_range(c.slots, 1, CCID_MAX_SLOTS);
	}
	memcpy(d, usual, sizeof(d));
	d[5] = 0; /* no voltage, and none by itself either */
	d[40] = 0xb2;
	assert_int_equal(ccid_class_parse(d, sizeof(d), &c), LOBBY_ERR_INVALID);
	for (size_t n = 2; n < sizeof(usual); n++)
		assert_int_equal(ccid_class_parse(usual, n, &c), LOBBY_ERR_INVALID);
	assert_int_equal(ccid_class_parse(usual, 0, &c), LOBBY_ERR_NOT_FOUND);
}

static void a_descriptor_behind_another_is_found(void **state)
{
	uint8_t both[5 + sizeof(usual)] = { 5, 0x24, 1, 2, 3 };
	struct ccid_class c;

	(void)state;
	memcpy(both + 5, usual, sizeof(usual));
	assert_int_equal(ccid_class_parse(both, sizeof(both), &c), 0);
	assert_int_equal(c.max_message, 271);
}

static void a_command_is_written_as_drawn(void **state)
{
	const struct ccid_command command = { .type = CCID_TRANSFER,
					      .slot = 1,
					      .seq = 0x2a,
					      .param = { 2, 0x10, 0 },
					      .data = (const uint8_t *)"\x00\xa4\x04",
					      .len = 3 };
	uint8_t out[64];

	(void)state;
	assert_int_equal(ccid_encode(&command, out, sizeof(out)), 13);
	assert_memory_equal(out, "\x6f\x03\x00\x00\x00\x01\x2a\x02\x10\x00\x00\xa4\x04", 13);
	assert_int_equal(ccid_encode(&command, out, 12), LOBBY_ERR_TOO_LONG);
}

static void an_answer_is_read(void **state)
{
	static const uint8_t ok[] = { 0x80, 2, 0, 0, 0, 1, 9, 0x00, 0x00, 0x01, 0x90, 0x00, 0xee };
	static const uint8_t mute[] = { 0x80, 0, 0, 0, 0, 0, 9, 0x41, 0xfe, 0 };
	static const uint8_t time[] = { 0x80, 0, 0, 0, 0, 0, 9, 0x80, 3, 0 };
	struct ccid_answer a;

	(void)state;
	assert_int_equal(ccid_message_len(ok, 9), 0);
	assert_int_equal(ccid_message_len(ok, 10), 12);
	assert_int_equal(ccid_answer_parse(ok, sizeof(ok), &a), 0);
	assert_int_equal(a.slot, 1);
	assert_int_equal(a.seq, 9);
	assert_int_equal(a.outcome, CCID_DONE);
	assert_int_equal(a.icc, CCID_ICC_ACTIVE);
	assert_int_equal(a.extra, 1);
	assert_int_equal(a.len, 2);
	assert_memory_equal(a.data, "\x90\x00", 2);
	for (size_t n = 0; n < 12; n++)
		assert_int_equal(ccid_answer_parse(ok, n, &a), LOBBY_ERR_TRUNCATED);
	assert_int_equal(ccid_answer_parse(mute, sizeof(mute), &a), 0);
	assert_int_equal(a.outcome, CCID_FAILED);
	assert_int_equal(ccid_fault_error(&a), LOBBY_ERR_CARD_MUTE);
	assert_int_equal(ccid_answer_parse(time, sizeof(time), &a), 0);
	assert_int_equal(a.outcome, CCID_MORE_TIME);
	assert_int_equal(a.fault, 3);
}

static void answers_that_are_none_are_refused(void **state)
{
	static const uint8_t reserved[] = { 0x80, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0 };
	static const uint8_t no_icc[] = { 0x80, 0, 0, 0, 0, 0, 0, 0x03, 0, 0 };
	static const uint8_t command[] = { 0x6f, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	static const uint8_t huge[] = { 0x80, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0 };
	struct ccid_answer a;

	(void)state;
	assert_int_equal(ccid_answer_parse(reserved, 10, &a), LOBBY_ERR_PROTOCOL);
	assert_int_equal(ccid_answer_parse(no_icc, 10, &a), LOBBY_ERR_PROTOCOL);
	assert_int_equal(ccid_answer_parse(command, 10, &a), LOBBY_ERR_PROTOCOL);
	assert_int_equal(ccid_answer_parse(huge, 10, &a), LOBBY_ERR_TRUNCATED);
	assert_int_equal(ccid_message_len(huge, 10), 0x100000009);
}

static void every_fault_has_a_meaning(void **state)
{
	static const struct {
		uint8_t fault;
		int err;
	} rows[] = {
		{ 0xfe, LOBBY_ERR_CARD_MUTE }, { 0xfd, LOBBY_ERR_IO },	     { 0xfc, LOBBY_ERR_IO },
		{ 0xff, LOBBY_ERR_CLOSED },    { 0xe0, LOBBY_ERR_BUSY },     { 0xf2, LOBBY_ERR_BUSY },
		{ 0x00, LOBBY_ERR_REFUSED },   { 0x07, LOBBY_ERR_REFUSED },  { 0xfb, LOBBY_ERR_PROTOCOL },
		{ 0xf4, LOBBY_ERR_PROTOCOL },  { 0xc0, LOBBY_ERR_PROTOCOL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ccid_answer a = { .outcome = CCID_FAILED, .fault = rows[i].fault };

		assert_int_equal(ccid_fault_error(&a), rows[i].err);
		a.icc = CCID_ICC_ABSENT;
		assert_int_equal(ccid_fault_error(&a), LOBBY_ERR_CARD_REMOVED);
	}
}

static void notices_are_read(void **state)
{
	struct ccid_notice n;

	(void)state;
	assert_int_equal(ccid_notice_parse((const uint8_t *)"\x50\x03", 2, 1, &n), 0);
	assert_int_equal(n.present, 1);
	assert_int_equal(n.changed, 1);
	assert_int_equal(ccid_notice_parse((const uint8_t *)"\x50\x02", 2, 1, &n), 0);
	assert_int_equal(n.present, 0);
	assert_int_equal(n.changed, 1);
	assert_int_equal(ccid_notice_parse((const uint8_t *)"\x50\x4d", 2, 4, &n), 0);
	assert_int_equal(n.present, 0x0b);
	assert_int_equal(n.changed, 0x02);
	assert_int_equal(ccid_notice_parse((const uint8_t *)"\x51\x01\x07\x01", 4, 2, &n), 0);
	assert_true(n.hardware_error);
	assert_int_equal(n.slot, 1);
	assert_int_equal(n.code, 1);
	assert_int_equal(ccid_notice_parse((const uint8_t *)"\x50", 1, 1, &n), LOBBY_ERR_PROTOCOL);
	assert_int_equal(ccid_notice_parse((const uint8_t *)"\x51\x01", 2, 1, &n), LOBBY_ERR_PROTOCOL);
	assert_int_equal(ccid_notice_parse((const uint8_t *)"\x77\x01", 2, 1, &n), LOBBY_ERR_PROTOCOL);
	assert_int_equal(ccid_notice_parse(NULL, 0, 1, &n), LOBBY_ERR_PROTOCOL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_descriptor_is_read),
		cmocka_unit_test(broken_descriptors_are_refused),
		cmocka_unit_test(a_descriptor_behind_another_is_found),
		cmocka_unit_test(a_command_is_written_as_drawn),
		cmocka_unit_test(an_answer_is_read),
		cmocka_unit_test(answers_that_are_none_are_refused),
		cmocka_unit_test(every_fault_has_a_meaning),
		cmocka_unit_test(notices_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The HID POS codec: report descriptors as scanners send them, odd ones and hostile ones; scans over many reports. */
#include "drivers/hidpos/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Report 2: count, three identifier bytes, 56 data bytes, 16 vendor bits, continued and 7 bits of padding: 64 bytes,
 * as the manuals of several makers draw it. */
static const uint8_t usual[] = {
	0x05, 0x8c, 0x09, 0x02, 0xa1, 0x01, 0x85, 0x02, 0x09, 0x12, 0xa1, 0x02, 0x15, 0x00, 0x26,
	0xff, 0x00, 0x75, 0x08, 0x95, 0x01, 0xa4, 0x05, 0x01, 0x09, 0x3b, 0x81, 0x02, 0xb4, 0x95,
	0x03, 0x09, 0xfb, 0x09, 0xfc, 0x09, 0xfd, 0x81, 0x02, 0x95, 0x38, 0x09, 0xfe, 0x82, 0x02,
	0x01, 0x06, 0x66, 0xff, 0x95, 0x02, 0x09, 0x04, 0x81, 0x02, 0x05, 0x8c, 0x25, 0x01, 0x75,
	0x01, 0x95, 0x01, 0x09, 0xff, 0x81, 0x02, 0x95, 0x07, 0x81, 0x03, 0xc0, 0xc0,
};

static const uint8_t keyboard[] = {
	0x05, 0x01, 0x09, 0x06, 0xa1, 0x01, 0x05, 0x07, 0x19, 0xe0, 0x29, 0xe7, 0x15, 0x00, 0x25,
	0x01, 0x75, 0x01, 0x95, 0x08, 0x81, 0x02, 0x95, 0x01, 0x75, 0x08, 0x81, 0x01, 0x95, 0x06,
	0x75, 0x08, 0x15, 0x00, 0x25, 0x65, 0x05, 0x07, 0x19, 0x00, 0x29, 0x65, 0x81, 0x00, 0xc0,
};

static void a_usual_descriptor_is_followed(void **state)
{
	struct hidpos_layout l;

	(void)state;
	assert_int_equal(hidpos_parse_descriptor(usual, sizeof(usual), &l), 0);
	assert_true(l.uses_ids);
	assert_true(l.is_scanner);
	assert_false(l.is_keyboard);
	assert_int_equal(l.report_count, 1);
	assert_int_equal(l.longest, 64);
	assert_int_equal(l.reports[0].id, 2);
	assert_int_equal(l.reports[0].count.at_bit, 8);
	assert_int_equal(l.reports[0].aim[0].at_bit, 16);
	assert_int_equal(l.reports[0].aim[2].at_bit, 32);
	assert_int_equal(l.reports[0].data.at_bit, 40);
	assert_int_equal(l.reports[0].data.bits, 56 * 8);
	assert_int_equal(l.reports[0].continued.at_bit, 63 * 8);
	assert_int_equal(l.reports[0].continued.bits, 1);
}

static void a_keyboard_is_known_and_has_no_data(void **state)
{
	struct hidpos_layout l;

	(void)state;
	assert_int_equal(hidpos_parse_descriptor(keyboard, sizeof(keyboard), &l), 0);
	assert_true(l.is_keyboard);
	assert_int_equal(l.report_count, 0);
	assert_int_equal(l.longest, 8);
}

/* No ids, no count, no identifier, a long item in between, 4-byte usages, push and pop. */
static void an_odd_descriptor_is_followed(void **state)
{
	static const uint8_t odd[] = { 0x05, 0x8c, 0x09, 0x02, 0xa1, 0x01, 0xfe, 0x03, 0x77, 1,	   2,
				       3,    0x75, 0x08, 0x95, 0x04, 0xa4, 0x05, 0x01, 0x75, 0x10, 0xb4,
				       0x0b, 0xfe, 0x00, 0x8c, 0x00, 0x82, 0x02, 0x01, 0xc0 };
	struct hidpos_scan scan = { 0 };
	struct hidpos_layout l;

	(void)state;
	assert_int_equal(hidpos_parse_descriptor(odd, sizeof(odd), &l), 0);
	assert_false(l.uses_ids);
	assert_int_equal(l.report_count, 1);
	assert_int_equal(l.reports[0].bytes, 4);
	assert_int_equal(hidpos_feed(&l, &scan, (const uint8_t *)"ab\0", 4), HIDPOS_COMPLETE);
	assert_int_equal(scan.len, 2);
	assert_memory_equal(scan.data, "ab", 2);
	assert_string_equal(scan.aim, "");
}

static void broken_descriptors_are_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		int err;
	} rows[] = {
		{ "\x06\x8c", 2, LOBBY_ERR_TRUNCATED },	      /* an item cut short */
		{ "\xfe\xff\x00", 3, LOBBY_ERR_TRUNCATED },   /* a long item cut short */
		{ "\xc0", 1, LOBBY_ERR_INVALID },	      /* end of nothing */
		{ "\xb4", 1, LOBBY_ERR_INVALID },	      /* pop of nothing */
		{ "\xa1\x01", 2, LOBBY_ERR_INVALID },	      /* never ended */
		{ "\x85\x00", 2, LOBBY_ERR_INVALID },	      /* report id 0 */
		{ "\x29\x05", 2, LOBBY_ERR_INVALID },	      /* maximum without minimum */
		{ "\x19\x06\x29\x05", 4, LOBBY_ERR_INVALID }, /* maximum below minimum */
		{ "\xa4\xa4\xa4\xa4\xa4", 5, LOBBY_ERR_TOO_LONG },
		{ "\x75\x08\x97\xff\xff\xff\xff\x81\x02", 9, LOBBY_ERR_TOO_LONG }, /* 4 G values */
		{ "\x77\xff\xff\xff\xff\x97\xff\xff\xff\xff\x81\x02", 12, LOBBY_ERR_TOO_LONG },
		{ "\x75\x08\x95\x01\x81\x02\x85\x02\x81\x02", 10, LOBBY_ERR_INVALID }, /* ids after a report without */
	};
	struct hidpos_layout l;

	(void)state;
	memset(&l, 0x55, sizeof(l));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(hidpos_parse_descriptor((const uint8_t *)rows[i].bytes, rows[i].len, &l), rows[i].err);
	assert_int_equal(l.longest, 0x5555); /* untouched */
}

static void every_prefix_of_a_descriptor_ends_well(void **state)
{
	struct hidpos_layout l;

	(void)state;
	for (size_t n = 0; n < sizeof(usual); n++)
		assert_in_range(hidpos_parse_descriptor(usual, n, &l) + 1000, 900, 1000);
}

static void make_report(uint8_t report[64], const char *aim, const void *data, size_t len, int more)
{
	memset(report, 0, 64);
	report[0] = 2;
	report[1] = (uint8_t)len;
	memcpy(report + 2, aim, 3);
	memcpy(report + 5, data, len);
	report[63] = (uint8_t)more;
}

static void a_short_scan_is_one_report(void **state)
{
	struct hidpos_scan scan = { 0 };
	struct hidpos_layout l;
	uint8_t report[64];

	(void)state;
	assert_int_equal(hidpos_parse_descriptor(usual, sizeof(usual), &l), 0);
	make_report(report, "]Q1", "LOBBY1:abc\0d", 12, 0);
	assert_int_equal(hidpos_feed(&l, &scan, report, 64), HIDPOS_COMPLETE);
	assert_int_equal(scan.len, 12);
	assert_memory_equal(scan.data, "LOBBY1:abc\0d", 12);
	assert_string_equal(scan.aim, "Q1");
	hidpos_scan_clear(&scan);
	report[0] = 7; /* another report of the same device */
	assert_int_equal(hidpos_feed(&l, &scan, report, 64), HIDPOS_NOTHING);
	assert_int_equal(hidpos_feed(&l, &scan, report, 0), HIDPOS_NOTHING);
}

static void a_long_scan_is_put_together(void **state)
{
	struct hidpos_scan scan = { 0 };
	struct hidpos_layout l;
	uint8_t report[64], sent[3000];

	(void)state;
	assert_int_equal(hidpos_parse_descriptor(usual, sizeof(usual), &l), 0);
	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (uint8_t)(i * 7 + i / 256);
	for (size_t at = 0; at < sizeof(sent); at += 56) {
		size_t n = sizeof(sent) - at < 56 ? sizeof(sent) - at : 56;

		make_report(report, "]L2", sent + at, n, at + n < sizeof(sent));
		assert_int_equal(hidpos_feed(&l, &scan, report, 64),
				 at + n < sizeof(sent) ? HIDPOS_MORE : HIDPOS_COMPLETE);
	}
	assert_int_equal(scan.len, sizeof(sent));
	assert_memory_equal(scan.data, sent, sizeof(sent));
	assert_string_equal(scan.aim, "L2");
}

static void too_long_is_said_once_and_swallowed(void **state)
{
	struct hidpos_scan scan = { 0 };
	struct hidpos_layout l;
	uint8_t report[64], rubbish[56];
	int said = 0;

	(void)state;
	memset(rubbish, 0xa5, sizeof(rubbish));
	assert_int_equal(hidpos_parse_descriptor(usual, sizeof(usual), &l), 0);
	for (int i = 0; i < 1171; i++) {
		make_report(report, "]Q1", rubbish, 56, i < 1170);
		switch (hidpos_feed(&l, &scan, report, 64)) {
		case HIDPOS_TOO_LONG:
			said++;
			assert_int_equal(i, 4096 / 56);
			break;
		case HIDPOS_COMPLETE:
			fail();
			break;
		default:
			break;
		}
		assert_true(scan.len <= sizeof(scan.data));
	}
	assert_int_equal(said, 1);
	make_report(report, "]Q1", "next", 4, 0);
	assert_int_equal(hidpos_feed(&l, &scan, report, 64), HIDPOS_COMPLETE);
	assert_memory_equal(scan.data, "next", 4);
}

static void short_and_lying_reports_are_bounded(void **state)
{
	struct hidpos_scan scan = { 0 };
	struct hidpos_layout l;
	uint8_t report[64];

	(void)state;
	assert_int_equal(hidpos_parse_descriptor(usual, sizeof(usual), &l), 0);
	make_report(report, "]Q1", "abcdef", 6, 0);
	report[1] = 255; /* says more than fits */
	assert_int_equal(hidpos_feed(&l, &scan, report, 64), HIDPOS_COMPLETE);
	assert_int_equal(scan.len, 56);
	hidpos_scan_clear(&scan);
	assert_int_equal(hidpos_feed(&l, &scan, report, 8), HIDPOS_COMPLETE); /* cut off on the wire */
	assert_int_equal(scan.len, 3);
	hidpos_scan_clear(&scan);
	assert_int_equal(hidpos_feed(&l, &scan, report, 3), HIDPOS_NOTHING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_usual_descriptor_is_followed),
		cmocka_unit_test(a_keyboard_is_known_and_has_no_data),
		cmocka_unit_test(an_odd_descriptor_is_followed),
		cmocka_unit_test(broken_descriptors_are_refused),
		cmocka_unit_test(every_prefix_of_a_descriptor_ends_well),
		cmocka_unit_test(a_short_scan_is_one_report),
		cmocka_unit_test(a_long_scan_is_put_together),
		cmocka_unit_test(too_long_is_said_once_and_swallowed),
		cmocka_unit_test(short_and_lying_reports_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

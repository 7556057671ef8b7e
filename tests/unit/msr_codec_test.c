/* The stripe readers' codec: layouts that no model sends, settings that move things, and reports that lie. */
#include "drivers/msr/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The standard's own page: report 1 with three lengths and 112 bytes for each track; report 2 is something else. */
static const uint8_t page_8e[] = {
	0x05, 0x8e, 0x09, 0x01, 0xa1, 0x01, 0x85, 0x02, 0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08, 0x95, 0x03, 0x09,
	0x31, 0x81, 0x02, 0x85, 0x01, 0x09, 0x11, 0x09, 0x12, 0x09, 0x13, 0x95, 0x03, 0x81, 0x02, 0x09, 0x21, 0x95,
	0x70, 0x81, 0x02, 0x09, 0x22, 0x95, 0x70, 0x81, 0x02, 0x09, 0x23, 0x95, 0x70, 0x81, 0x02, 0xc0,
};

/* ID TECH's head, two bytes of total length, 504 of output. */
static const uint8_t output[] = {
	0x06, 0x00, 0xff, 0x09, 0x01, 0xa1, 0x01, 0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08, 0x09, 0x20,
	0x09, 0x21, 0x09, 0x22, 0x09, 0x28, 0x09, 0x29, 0x09, 0x2a, 0x09, 0x38, 0x95, 0x07, 0x81, 0x02,
	0x09, 0x30, 0x95, 0x02, 0x82, 0x02, 0x01, 0x09, 0x31, 0x96, 0xf8, 0x01, 0x82, 0x02, 0x01, 0xc0,
};

/* The same with the total length inside the field of the output. */
static const uint8_t output_whole[] = {
	0x06, 0x00, 0xff, 0x09, 0x01, 0xa1, 0x01, 0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08,
	0x09, 0x20, 0x09, 0x21, 0x09, 0x22, 0x09, 0x28, 0x09, 0x29, 0x09, 0x2a, 0x09, 0x38,
	0x95, 0x07, 0x81, 0x02, 0x09, 0x31, 0x96, 0xfa, 0x01, 0x82, 0x02, 0x01, 0xc0,
};

static const uint8_t stream_16[] = { 0x06, 0x00, 0xff, 0x09, 0x01, 0xa1, 0x01, 0x15, 0x00, 0x26, 0xff,
				     0x00, 0x75, 0x08, 0x09, 0x01, 0x95, 0x10, 0x81, 0x02, 0xc0 };

static const uint8_t mouse[] = { 0x05, 0x01, 0x09, 0x02, 0xa1, 0x01, 0x05, 0x09, 0x19, 0x01, 0x29, 0x03,
				 0x15, 0x00, 0x25, 0x01, 0x95, 0x08, 0x75, 0x01, 0x81, 0x02, 0xc0 };

static struct msr_layout layout_of(const uint8_t *descriptor, size_t len)
{
	struct msr_layout layout;

	assert_int_equal(msr_parse_descriptor(descriptor, len, &layout), 0);
	return layout;
}

/* Packet by packet, each in a block of its own, so that a byte read past the end is seen. */
static enum msr_said feed(const struct msr_layout *l, struct msr_swipe *swipe, const uint8_t *report, size_t len,
			  size_t packet_size, struct stripe *out)
{
	enum msr_said said = MSR_NOTHING;

	memset(out, 0, sizeof(*out));
	for (size_t at = 0; at < len; at += packet_size) {
		size_t n = len - at < packet_size ? len - at : packet_size;
		uint8_t *copy = malloc(n);

		assert_non_null(copy);
		memcpy(copy, report + at, n);
		said = msr_feed(l, swipe, copy, n, packet_size, out);
		free(copy);
		if (at + packet_size < len)
			assert_int_equal(said, MSR_MORE);
	}
	return said;
}

static void readers_are_told_from_others(void **state)
{
	struct msr_layout l;

	(void)state;
	l = layout_of(page_8e, sizeof(page_8e));
	assert_true(l.is_reader);
	assert_int_equal(l.form, MSR_TRACKS);
	assert_int_equal(l.id, 1);
	assert_int_equal(l.shape.bytes[1], 1 + 3 + 3 * 112);
	l = layout_of(output, sizeof(output));
	assert_true(l.is_reader);
	assert_int_equal(l.form, MSR_OUTPUT);
	l = layout_of(output_whole, sizeof(output_whole));
	assert_int_equal(l.form, MSR_OUTPUT);
	l = layout_of(stream_16, sizeof(stream_16));
	assert_false(l.is_reader); /* bytes of a vendor may be anything: only their maker's name helps */
	assert_int_equal(l.form, MSR_STREAM);
	l = layout_of(mouse, sizeof(mouse));
	assert_false(l.is_reader);
	assert_int_equal(l.form, MSR_NONE);
}

static void the_standard_page(void **state)
{
	struct msr_layout l = layout_of(page_8e, sizeof(page_8e));
	uint8_t report[340] = { 1, 3, 3, 0 }, other[4] = { 2, 9, 9, 9 };
	struct msr_swipe swipe = { 0 };
	struct stripe out;

	(void)state;
	memcpy(report + 4, "%A?", 3);
	memcpy(report + 4 + 112, ";1?", 3);
	assert_int_equal(feed(&l, &swipe, other, sizeof(other), 64, &out), MSR_NOTHING);
	assert_int_equal(feed(&l, &swipe, report, sizeof(report), 64, &out), MSR_SWIPE);
	assert_string_equal(out.track[0].text, "%A?");
	assert_string_equal(out.track[1].text, ";1?");
	assert_int_equal(out.track[2].len, 0);
	other[0] = 7; /* a report that the descriptor does not have */
	assert_int_equal(feed(&l, &swipe, other, sizeof(other), 64, &out), MSR_NOTHING);
	assert_int_equal(feed(&l, &swipe, report, sizeof(report), 8, &out), MSR_SWIPE);
}

/* Preambles, separators and lengths as settings have them. */
static void output_that_settings_changed(void **state)
{
	static const struct {
		uint8_t head[9];
		const char *text, *track[3];
	} rows[] = {
		{ { 0, 0, 0, 3, 3, 3, 0, 0, 12 }, "%A?\r;1?\r;2?\r", { "%A?", ";1?", ";2?" } },
		{ { 0, 0, 0, 3, 3, 3, 0, 9, 0 }, "%A?;1?;2?", { "%A?", ";1?", ";2?" } },
		{ { 0, 0, 0, 3, 0, 3, 0, 0, 8 }, "%A?\r\n%B?\r\n", { "%A?", "", "%B?" } },
		{ { 0, 0, 0, 3, 3, 0, 0, 0, 20 }, "PRE:%A?:POST\rPRE:;1?\r", { "", ";1?", "" } },
		{ { 0, 0, 0, 3, 3, 0, 0, 0, 20 }, "PRE:%A?\rPRE:;1?\r", { "%A?", ";1?", "" } },
		{ { 0, 0, 0, 4, 3, 0, 0, 0, 20 }, "%A?[\r;1?\r", { "%A?", ";1?", "" } },
		{ { 1, 0, 0, 0, 3, 0, 0, 0, 4 }, ";1?\r", { "", ";1?", "" } },
		{ { 0, 0, 0, 3, 0, 3, 0, 0, 8 }, "%A?\r+1?\r", { "%A?", "", ";1?" } },
	};
	struct msr_layout layouts[] = { layout_of(output, sizeof(output)),
					layout_of(output_whole, sizeof(output_whole)) };

	(void)state;
	for (size_t i = 0; i < COUNT(rows) * COUNT(layouts); i++) {
		uint8_t report[513] = { 0 };
		struct msr_swipe swipe = { 0 };
		struct stripe out;

		memcpy(report, rows[i / 2].head, 9);
		memcpy(report + 9, rows[i / 2].text, strlen(rows[i / 2].text));
		assert_int_equal(feed(&layouts[i % 2], &swipe, report, sizeof(report), 64, &out), MSR_SWIPE);
		for (int k = 0; k < 3; k++)
			if (strcmp(out.track[k].text, rows[i / 2].track[k]) != 0)
				fail_msg("row %zu track %d: %s", i / 2, k + 1, out.track[k].text);
	}
}

static void reports_that_lie(void **state)
{
	struct msr_layout l = layout_of(output, sizeof(output)), p = layout_of(page_8e, sizeof(page_8e));
	uint8_t report[513] = { 0, 0, 0, 255, 255, 255, 0, 255, 255 }, tracks[340] = { 1, 255, 200, 113 };
	struct msr_swipe swipe = { 0 };
	struct stripe out;

	(void)state;
	memset(report + 9, 'A', 504);
	assert_int_equal(feed(&l, &swipe, report, sizeof(report), 64, &out), MSR_UNREAD);
	memset(tracks + 4, 'A', 336);
	assert_int_equal(feed(&p, &swipe, tracks, sizeof(tracks), 64, &out), MSR_UNREAD);
	/* Shorter than they should be: what is not there is not read. */
	tracks[1] = 3;
	tracks[2] = 3;
	tracks[3] = 0;
	memcpy(tracks + 4, "%A?", 3);
	memcpy(tracks + 116, ";1?", 3);
	assert_int_equal(feed(&p, &swipe, tracks, 50, 64, &out), MSR_SWIPE);
	assert_string_equal(out.track[0].text, "%A?");
	assert_int_equal(out.track[1].len, 0);
	assert_int_equal(feed(&p, &swipe, tracks, 3, 64, &out), MSR_UNREAD);
	assert_int_equal(feed(&l, &swipe, report, 5, 64, &out), MSR_UNREAD);
	/* Nothing is left of any of them. */
	for (size_t i = 0; i < sizeof(swipe); i++)
		assert_int_equal(((const uint8_t *)&swipe)[i], 0);
}

static size_t put_frame(uint8_t *out, const uint8_t *data, size_t len)
{
	uint8_t lrc = 0, sum = 0;

	out[0] = 2;
	out[1] = (uint8_t)len;
	out[2] = (uint8_t)(len >> 8);
	memcpy(out + 3, data, len);
	for (size_t i = 0; i < len; i++) {
		lrc ^= data[i];
		sum = (uint8_t)(sum + data[i]);
	}
	out[3 + len] = lrc;
	out[4 + len] = sum;
	out[5 + len] = 3;
	return len + 6;
}

static void frames(void **state)
{
	static const struct {
		const char *data;
		size_t len;
		enum msr_said said;
	} rows[] = {
		{ "\x00\x3f\x03\x03\x00%A?;1?", 11, MSR_SWIPE },
		{ "\x80\x3f\x03\x03\x00\x03\x00%A?;1?", 13, MSR_SWIPE },
		{ "\x80\x3f\x03\x03\x00\x03\x80%A?;1?"
		  "0123456789",
		  23, MSR_SWIPE }, /* a key's number, nothing encrypted */
		{ "\x80\x3f\x03\x03\x00\x03\x81%A?;1?", 13, MSR_ENCRYPTED },
		{ "\x00\x3f\x03\x03\x00%A?;1?x", 12, MSR_ENCRYPTED },	  /* more than the clear tracks */
		{ "\x04\x3f\x03\x00\x00\x01\x02\x03", 8, MSR_ENCRYPTED }, /* raw, and not even bits */
		{ "\x00\x38\x03\x03\x00%A?;1?", 11, MSR_UNREAD },	  /* not decoded */
		{ "\x00\x3f\x03\x09\x00%A?;1?", 11, MSR_UNREAD },	  /* a length too far */
		{ "\x00\x3f\x03", 3, MSR_UNREAD },
		{ "", 0, MSR_UNREAD },
	};
	struct msr_layout l = layout_of(stream_16, sizeof(stream_16));
	uint8_t bytes[64];
	struct stripe out;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct msr_swipe swipe = { 0 };

		memset(bytes, 0, sizeof(bytes));
		put_frame(bytes, (const uint8_t *)rows[i].data, rows[i].len);
		if (feed(&l, &swipe, bytes, (rows[i].len + 6 + 15) / 16 * 16, 16, &out) != rows[i].said)
			fail_msg("row %zu", i);
		if (rows[i].said == MSR_SWIPE)
			assert_string_equal(out.track[1].text, ";1?");
	}
}

static void frames_that_never_end(void **state)
{
	struct msr_layout l = layout_of(stream_16, sizeof(stream_16));
	struct msr_swipe swipe = { 0 };
	uint8_t first[16] = { 2, 0xff, 0xff }, rest[16] = { 'x' }, none[16] = { 0 };
	struct stripe out;

	(void)state;
	assert_int_equal(feed(&l, &swipe, none, 16, 16, &out), MSR_NOTHING);
	assert_int_equal(feed(&l, &swipe, first, 16, 16, &out), MSR_UNREAD); /* longer than any */
	first[2] = 0x01;
	assert_int_equal(feed(&l, &swipe, first, 16, 16, &out), MSR_MORE);
	for (int i = 0; i < 31; i++)
		assert_int_equal(feed(&l, &swipe, rest, 16, 16, &out), MSR_MORE);
	assert_int_equal(msr_feed(&l, &swipe, rest, 0, 16, &out), MSR_MORE); /* an empty packet is nothing new */
	assert_int_equal(feed(&l, &swipe, rest, 16, 16, &out), MSR_UNREAD);
	/* Bytes that begin no frame are waited out as one. */
	assert_int_equal(feed(&l, &swipe, rest, 16, 16, &out), MSR_MORE);
	assert_int_equal(feed(&l, &swipe, none, 16, 16, &out), MSR_MORE);
	msr_clear(&swipe);
	assert_int_equal(feed(&l, &swipe, none, 16, 16, &out), MSR_NOTHING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readers_are_told_from_others),
		cmocka_unit_test(the_standard_page),
		cmocka_unit_test(output_that_settings_changed),
		cmocka_unit_test(reports_that_lie),
		cmocka_unit_test(frames),
		cmocka_unit_test(frames_that_never_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

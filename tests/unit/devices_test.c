/* The parts of lobby-devices that need no device: which strangers are worth a word, and what a self-test says of what
 * was read, which is never a character of it. */
#include "devices/stranger.h"
#include "devices/testread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void the_systems_own_devices_are_no_strangers(void **state)
{
	static const struct {
		uint8_t class;
		bool kernel, listed;
	} rows[] = {
		{ 0x09, true, false }, { 0x09, false, false },			      /* hub */
		{ 0x03, true, false }, { 0x03, false, true },			      /* touchscreen; HID of nobody */
		{ 0x01, true, false }, { 0x0e, true, false },			      /* headphones, camera */
		{ 0xe0, true, false }, { 0x02, true, false },  { 0x0a, true, false }, /* wireless, network */
		{ 0x08, true, true },  { 0x08, false, true },			      /* memory stick */
		{ 0x0b, false, true }, { 0xff, true, true },   { 0x42, false, true },
	};
	struct usb_info info = { 0 };
	char text[129];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		info.class = rows[i].class;
		info.kernel_bound = rows[i].kernel;
		assert_int_equal(stranger_is_listed(&info), rows[i].listed);
		stranger_detail(&info, text, sizeof(text));
		assert_true(strlen(text) < sizeof(text) - 1); /* whole: it ends with its point */
		assert_int_equal(text[strlen(text) - 1], '.');
	}
	info.class = 0x08;
	stranger_detail(&info, text, sizeof(text));
	assert_string_equal(text, "No driver for class 08 (mass storage); tried: scanner, card reader, stripe reader, "
				  "receipt printer, label printer.");
	info.class = 0x42;
	stranger_detail(&info, text, sizeof(text));
	assert_non_null(strstr(text, "class 42 (not a known one)"));
}

static const char *judge(lobby_TestKind step, lobby_ScanSource source, const char *aim, const void *data, size_t len,
			 int err, bool passes)
{
	static char text[160];
	struct driver_read read = { .source = source, .aim = aim, .data = data, .len = len, .err = err };

	text[0] = '\0';
	assert_int_equal(testread_judge(step, &read, text, sizeof(text)), passes);
	return text;
}

#define SCAN lobby_TestKind_TEST_SCAN
#define STRIPE lobby_TestKind_TEST_STRIPE
#define CHIP lobby_TestKind_TEST_CHIP
#define CODE_READ lobby_ScanSource_SCAN_CODE
#define STRIPE_READ lobby_ScanSource_SCAN_STRIPE
#define CHIP_READ lobby_ScanSource_SCAN_CHIP

static void kind_and_size_and_no_more(void **state)
{
	static const uint8_t egk[] = { 2, 0, 3, 'a', 'b', 'c', 3, 0, 1, 'd' }, kvk[] = { 0x10, 0, 2, 'x', 'y' };
	static const uint8_t lies[] = { 2, 0xff, 0xff, 'a' };

	(void)state;
	assert_string_equal(judge(SCAN, CODE_READ, "L2", "SECRET", 6, 0, true), "PDF417 code, 6 characters.");
	assert_string_equal(judge(SCAN, CODE_READ, "Q1", "\xc3\xa4", 2, 0, true), "QR code, 1 character.");
	assert_string_equal(judge(SCAN, CODE_READ, "", "12", 2, 0, true), "A code, 2 characters.");
	assert_string_equal(judge(SCAN, CODE_READ, "d1", NULL, 0, 0, true), "Data Matrix code, 0 characters.");
	assert_string_equal(judge(STRIPE, STRIPE_READ, "", "%A?;1?;2?", 9, 0, true),
			    "Stripe read: 3 tracks, 9 characters.");
	assert_string_equal(judge(STRIPE, STRIPE_READ, "", NULL, 0, 0, true), "Stripe read: 0 tracks, 0 characters.");
	assert_string_equal(judge(CHIP, CHIP_READ, "", egk, sizeof(egk), 0, true), "eGK read: 2 files, 10 bytes.");
	assert_string_equal(judge(CHIP, CHIP_READ, "", kvk, sizeof(kvk), 0, true), "KVK read, 5 bytes.");
	assert_string_equal(judge(CHIP, CHIP_READ, "", lies, sizeof(lies), 0, true), "eGK read: 0 files, 4 bytes.");
}

static void what_does_not_count_says_why(void **state)
{
	(void)state;
	assert_non_null(strstr(judge(STRIPE, STRIPE_READ, "", NULL, 0, LOBBY_ERR_CARD_PAYMENT, true), "refused"));
	assert_non_null(strstr(judge(CHIP, CHIP_READ, "", NULL, 0, LOBBY_ERR_CARD_PAYMENT, true), "refused"));
	assert_non_null(strstr(judge(CHIP, CHIP_READ, "", NULL, 0, LOBBY_ERR_CARD_MUTE, false), "Try again."));
	assert_non_null(strstr(judge(CHIP, CODE_READ, "Q1", "SECRET", 6, 0, false), "A code was scanned"));
	assert_non_null(strstr(judge(SCAN, STRIPE_READ, "", "%A?", 3, 0, false), "A stripe was swiped"));
	assert_false(testread_judge(SCAN, &(struct driver_read){ .source = (lobby_ScanSource)99 }, (char[8]){ 0 }, 8));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_systems_own_devices_are_no_strangers),
		cmocka_unit_test(kind_and_size_and_no_more),
		cmocka_unit_test(what_does_not_count_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

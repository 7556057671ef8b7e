/* See testread.h. Of a code the symbology is known by its AIM identifier (ISO/IEC 15424), of a stripe the tracks by
 * their start sentinels (ISO/IEC 7811-2), of a chip which card it is by the files it has (cards/chip.h). */
#include "devices/testread.h"

#include "base/bytes.h"
#include "base/text.h"
#include "cards/chip.h"

#include <stdio.h>
#include <string.h>

static const char *code_name(const char *aim)
{
	static const struct {
		char letter;
		const char *name;
	} names[] = { { 'A', "Code 39" },  { 'C', "Code 128" }, { 'd', "Data Matrix" }, { 'E', "EAN or UPC" },
		      { 'e', "GS1" },	   { 'F', "Codabar" },	{ 'G', "Code 93" },	{ 'I', "Interleaved 2 of 5" },
		      { 'L', "PDF417" },   { 'M', "MSI" },	{ 'Q', "QR" },		{ 'S', "2 of 5" },
		      { 'U', "MaxiCode" }, { 'z', "Aztec" } };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (aim[0] == names[i].letter)
			return names[i].name;
	return "A";
}

static void say_code(const struct driver_read *read, char *text, size_t size)
{
	const char *name = code_name(read->aim);
	size_t at = 0;
	unsigned count = 0;

	while (at < read->len) {
		text_next((const char *)read->data, read->len, &at);
		count++;
	}
	snprintf(text, size, "%s code, %u character%s.", name, count, count == 1 ? "" : "s");
}

static void say_stripe(const struct driver_read *read, char *text, size_t size)
{
	bool first = memchr(read->data, '%', read->len) != NULL;
	unsigned others = 0;

	for (size_t i = 0; i < read->len; i++)
		others += read->data[i] == ';';
	snprintf(text, size, "Stripe read: %u track%s, %zu characters.", others + first, others + first == 1 ? "" : "s",
		 read->len);
}

static void say_chip(const struct driver_read *read, char *text, size_t size)
{
	struct reader r = reader_of(read->data, read->len);
	unsigned files = 0;
	bool kvk = false;

	while (reader_left(&r) >= 3 && !r.failed) {
		uint8_t name = read_u8(&r);
		size_t high = read_u8(&r), len = high << 8 | read_u8(&r);

		if (read_span(&r, len) == NULL)
			break;
		kvk = kvk || name == CHIP_KVK;
		files++;
	}
	if (kvk)
		snprintf(text, size, "KVK read, %zu bytes.", read->len);
	else
		snprintf(text, size, "eGK read: %u file%s, %zu bytes.", files, files == 1 ? "" : "s", read->len);
}

static bool say_failed(const struct driver_read *read, char *text, size_t size)
{
	if (read->err == LOBBY_ERR_CARD_PAYMENT) {
		snprintf(text, size, "%s", "A payment card was recognised and refused, as it should be.");
		return true;
	}
	snprintf(text, size, "%s Try again.", err_staff_text(read->err));
	return false;
}

bool testread_judge(lobby_TestKind step, const struct driver_read *read, char *text, size_t size)
{
	static const lobby_TestKind steps[] = { lobby_TestKind_TEST_SCAN, lobby_TestKind_TEST_STRIPE,
						lobby_TestKind_TEST_CHIP };
	static const char *const other[] = { "A code was scanned", "A stripe was swiped", "A chip was read" };
	unsigned source = (unsigned)read->source;

	if (source >= sizeof(steps) / sizeof(steps[0]))
		return false;
	if (steps[source] != step) {
		snprintf(text, size, "%s: not what this step waits for.", other[source]);
		return false;
	}
	if (read->err != 0)
		return say_failed(read, text, size);
	if (step == lobby_TestKind_TEST_SCAN)
		say_code(read, text, size);
	else if (step == lobby_TestKind_TEST_STRIPE)
		say_stripe(read, text, size);
	else
		say_chip(read, text, size);
	return true;
}

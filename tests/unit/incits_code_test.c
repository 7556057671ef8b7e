/* A health ID card's PDF417 as strangers make and read it: zint prints the text, ZXing reads the picture, and what
 * comes out, byte for byte and with its AIM identifier, is what the card says. */
#include "cards/card.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *text, *member_id, *family, *given, *birth_date;
} cards[] = {
	{ "%WH808401234567893^XGH884104417^OKAFOR/GRACE ADAEZE^DB19790917?", "XGH884104417", "OKAFOR", "GRACE ADAEZE",
	  "1979-09-17" },
	{ "%WH808401234567893^W2210 44817-01^GARCIA-LOPEZ/MARIA.DR?", "W221044817-01", "GARCIA-LOPEZ", "MARIA", "" },
	{ "WH808401234567893^1EG4TE5MK73^O'NEIL/SEAN^19410228", "1EG4TE5MK73", "O'NEIL", "SEAN", "1941-02-28" },
};

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
}

/* What a command prints; it must end well. */
static size_t output_of(const char *command, char *out, size_t size)
{
	FILE *pipe = popen(command, "r");
	size_t len;

	assert_non_null(pipe);
	len = fread(out, 1, size - 1, pipe);
	out[len] = '\0';
	if (pclose(pipe) != 0)
		fail_msg("%s (tools/bootstrap installs it)", command);
	return len;
}

static void zint_prints_and_zxing_reads(void **state)
{
	char folder[] = "/tmp/lobby-incits-XXXXXX", text[64], picture[64], command[256], read[4096], bytes[4096];

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(text, sizeof(text), "%s/card.txt", folder);
	snprintf(picture, sizeof(picture), "%s/card.png", folder);
	for (size_t i = 0; i < COUNT(cards); i++) {
		const char *found;
		struct card card;
		char aim[3];
		size_t len;

		write_file(text, cards[i].text);
		snprintf(command, sizeof(command), "zint --barcode=PDF417 --scale=2 -o %s -i %s", picture, text);
		output_of(command, read, sizeof(read));
		snprintf(command, sizeof(command), "ZXingReader %s", picture);
		output_of(command, read, sizeof(read));
		found = strstr(read, "Identifier: ]");
		assert_non_null(found);
		snprintf(aim, sizeof(aim), "%.2s", found + strlen("Identifier: ]"));
		assert_string_equal(aim, "L2");
		snprintf(command, sizeof(command), "ZXingReader -bytes %s", picture);
		len = output_of(command, bytes, sizeof(bytes));
		assert_int_equal(len, strlen(cards[i].text));
		assert_memory_equal(bytes, cards[i].text, len);
		assert_int_equal(card_parse(CARD_CODE, aim, (const uint8_t *)bytes, len, &card), 0);
		assert_int_equal(card.kind, CARD_INSURANCE);
		assert_string_equal(card.insurance.payor_id, "808401234567893");
		assert_string_equal(card.insurance.member_id, cards[i].member_id);
		assert_string_equal(card.insurance.family, cards[i].family);
		assert_string_equal(card.insurance.given, cards[i].given);
		assert_string_equal(card.insurance.birth_date, cards[i].birth_date);
	}
	unlink(text);
	unlink(picture);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zint_prints_and_zxing_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

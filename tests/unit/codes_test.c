/* The codes that patients show, as strangers make and read them: zint prints the text, ZXing reads the picture, and
 * what comes out, byte for byte and with its AIM identifier, is what the card says. */
#include "base/clock.h"
#include "base/file.h"
#include "cards/card.h"
#include "cards/shc.h"
#include "clinic/demo.h"

#include "shc_issuer.h"

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

static char folder[] = "/tmp/lobby-codes-XXXXXX";

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL;
}

static int tear_down(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

/* Prints the bytes and reads them back; `aim` must begin the identifier. Then the card that they are. */
static int print_and_read(const char *symbology, const char *aim, const char *text, size_t len, struct card *card)
{
	char source[64], picture[64], command[256], read[8192], bytes[8192], found[3];
	const char *identifier;
	FILE *file;

	snprintf(source, sizeof(source), "%s/code.txt", folder);
	snprintf(picture, sizeof(picture), "%s/code.png", folder);
	file = fopen(source, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	snprintf(command, sizeof(command), "zint --barcode=%s --binary --scale=2 -o %s -i %s", symbology, picture,
		 source);
	output_of(command, read, sizeof(read));
	snprintf(command, sizeof(command), "ZXingReader %s", picture);
	output_of(command, read, sizeof(read));
	identifier = strstr(read, "Identifier: ]");
	assert_non_null(identifier);
	snprintf(found, sizeof(found), "%.2s", identifier + strlen("Identifier: ]"));
	assert_memory_equal(found, aim, strlen(aim));
	snprintf(command, sizeof(command), "ZXingReader -bytes %s", picture);
	assert_int_equal(output_of(command, bytes, sizeof(bytes)), len);
	assert_memory_equal(bytes, text, len);
	return card_parse(CARD_CODE, found, (const uint8_t *)bytes, len, card);
}

static void health_id_cards(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cards); i++) {
		struct card card;

		assert_int_equal(print_and_read("PDF417", "L2", cards[i].text, strlen(cards[i].text), &card), 0);
		assert_int_equal(card.kind, CARD_INSURANCE);
		assert_string_equal(card.insurance.payor_id, "808401234567893");
		assert_string_equal(card.insurance.member_id, cards[i].member_id);
		assert_string_equal(card.insurance.family, cards[i].family);
		assert_string_equal(card.insurance.given, cards[i].given);
		assert_string_equal(card.insurance.birth_date, cards[i].birth_date);
	}
}

/* "\n", "\r", "\\" and "\xHH" as bytes, in place. */
static size_t unescape(char *text)
{
	char *out = text;

	for (const char *c = text; *c != '\0'; c++) {
		if (*c != '\\')
			*out++ = *c;
		else if (*++c == 'x')
			*out++ = (char)strtol((char[]){ c[1], c[2], '\0' }, NULL, 16), c += 2;
		else
			*out++ = *c == 'n' ? '\n' : *c == 'r' ? '\r' : *c;
	}
	return (size_t)(out - text);
}

/* Two of each kind of the demo's cards, as lobby-clinic writes them for lobby-emu. */
static void the_demos_licences_letters_and_numbers(void **state)
{
	static const struct {
		const char *kind, *symbology, *aim;
		enum card_kind means;
	} kinds[] = { { "licence", "PDF417", "L2", CARD_LICENCE },
		      { "letter", "QRCODE", "Q1", CARD_LETTER },
		      { "member", "CODE128", "C0", CARD_MEMBER_CODE } };
	int seen[COUNT(kinds)] = { 0 };
	struct ledger store;
	char path[64], *text, *rest, *line;
	size_t len;

	(void)state;
	snprintf(path, sizeof(path), "%s/cards.tsv", folder);
	assert_int_equal(ledger_open(&store, folder, false), 0);
	assert_int_equal(demo_fill(&store, "assets/demo", 0), 0);
	assert_int_equal(demo_cards(&store, "assets/demo", path), 0);
	ledger_close(&store);
	assert_int_equal(file_read(path, 1 << 20, &text, &len), 0);
	for (rest = text; (line = strsep(&rest, "\n")) != NULL;) {
		char *name = strsep(&line, "\t"), *kind = strsep(&line, "\t");
		struct card card;

		for (size_t k = 0; kind != NULL && k < COUNT(kinds); k++) {
			if (strcmp(kind, kinds[k].kind) != 0 || strcmp(name, "A torn card") == 0 || seen[k]++ >= 2)
				continue;
			assert_int_equal(print_and_read(kinds[k].symbology, kinds[k].aim, line, unescape(line), &card),
					 0);
			assert_int_equal(card.kind, kinds[k].means);
		}
	}
	free(text);
	for (size_t k = 0; k < COUNT(kinds); k++)
		assert_true(seen[k] >= 1);
}

static void a_signed_health_card_in_one_code_and_in_three(void **state)
{
	static const char bundle[] =
		"{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[{\"fullUrl\":\"resource:0\","
		"\"resource\":"
		"{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"Example\",\"given\":[\"Robin\"]}],"
		"\"birthDate\":\"1970-07-04\"}}]}";
	static struct shc_parts parts;
	struct shc_test_issuer issuer;
	char jws[4096], joined[4096], code[8192];
	struct card card;
	size_t len;
	int missing;

	(void)state;
	shc_issuer_init(&issuer, "https://health.example.org/issuer", "Example Health Department");
	shc_issuer_card(&issuer, bundle, (struct shc_claims){ .nbf_s = 1700000000 }, jws, sizeof(jws));
	shc_issuer_fini(&issuer);
	shc_issuer_code(jws, 1, 1, code, sizeof(code));
	assert_int_equal(print_and_read("QRCODE", "Q1", code, strlen(code), &card), 0);
	assert_int_equal(card.kind, CARD_HEALTH_PART);
	for (int part = 3; part >= 1; part--) {
		shc_issuer_code(jws, part, 3, code, sizeof(code));
		assert_int_equal(print_and_read("QRCODE", "Q1", code, strlen(code), &card), 0);
		assert_int_equal(card.part, part);
		assert_int_equal(shc_parts_add(&parts, (const uint8_t *)code, strlen(code), &missing), 0);
	}
	assert_int_equal(missing, 0);
	assert_int_equal(shc_parts_join(&parts, joined, sizeof(joined), &len), 0);
	assert_int_equal(len, strlen(jws));
	assert_memory_equal(joined, jws, len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(health_id_cards),
		cmocka_unit_test(the_demos_licences_letters_and_numbers),
		cmocka_unit_test(a_signed_health_card_in_one_code_and_in_three),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, set_up, tear_down);
}

/* src/cards, licences: the fixtures of tests/fuzz/corpus/aamva (invented people; every version, and the ways in which
 * cards and scanners stray from it), what each must say, and that nothing done to them is ever answered with another
 * name. */
#include "base/file.h"
#include "cards/card.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define CORPUS "tests/fuzz/corpus/aamva/"

struct expected {
	const char *file;
	int version;
	const char *family, *given, *middle, *region, *postal_code, *country, *last4;
	bool family_cut, given_cut, no_address;
};

static const struct expected licences[] = {
	{ "v01-whole-name", 1, "GARCIA", "MARIA", "ELENA", "MD", "21201", "", "8901", 0, 0, 0 },
	{ "v01-apart", 1, "GARCIA", "MARIA", "ELENA", "FL", "33771", "", "9012", 0, 0, 0 },
	{ "v02-given-names", 2, "GARCIA", "MARIA ELENA", "", "IL", "62701", "USA", "8901", 0, 0, 0 },
	{ "v03-given-comma", 3, "GARCIA", "MARIA", "ELENA", "IL", "62701", "USA", "8901", 0, 0, 0 },
	{ "v04", 4, "GARCIA", "MARIA", "ELENA", "VA", "23269", "USA", "5789", 0, 0, 0 },
	{ "v05-truncated", 5, "WOLFESCHLEGELSTEINHAUSENBERGERDORFFSCHEN", "CHRISTOPH", "", "VA", "23269", "USA", "5789",
	  1, 1, 0 },
	{ "v06", 6, "O'BRIEN-GARCIA", "MARIA", "ELENA", "VA", "23269", "USA", "5789", 0, 0, 0 },
	{ "v07", 7, "DE LA CRUZ", "MARIA", "", "VA", "23269", "USA", "5789", 0, 0, 0 },
	{ "v08-two-subfiles", 8, "GARCIA", "MARIA", "ELENA", "VA", "23269", "USA", "5789", 0, 0, 0 },
	{ "v09", 9, "GARCIA", "MARIA", "", "VA", "23269", "USA", "5789", 0, 0, 0 },
	{ "v10", 10, "GARCIA", "MARIA", "ELENA", "VA", "23269", "USA", "5789", 0, 0, 0 },
	{ "v10-id-card", 10, "GARCIA", "MARIA", "ELENA", "VA", "23269", "USA", "5789", 0, 0, 0 },
	{ "v11-newer", 11, "GARCIA", "MARIA", "ELENA", "VA", "23269", "USA", "5789", 0, 0, 0 },
	{ "v10-latin1", 9, "LÉVESQUE", "ZOÉ", "", "QC", "H2X 1Y4", "CAN", "5789", 0, 0, 0 },
	{ "v10-utf8", 10, "LÉVESQUE", "ZOÉ", "", "VA", "23269", "USA", "5789", 0, 0, 0 },
	{ "quirk-aamva-file-type", 1, "GARCIA", "MARIA", "ELENA", "MD", "21201", "", "8901", 0, 0, 0 },
	{ "quirk-no-entries", 1, "GARCIA", "MARIA", "ELENA", "NC", "27614-7307", "", "5304", 0, 0, 0 },
	{ "quirk-offset-zero", 3, "GARCIA", "MARIA", "ELENA", "ON", "M5H 2N2", "CAN", "1234", 0, 0, 0 },
	{ "quirk-offset-wild", 8, "GARCIA", "MARIA", "ELENA", "VA", "23269", "USA", "5789", 0, 0, 0 },
	{ "quirk-offset-inside", 8, "GARCIA", "MARIA", "ELENA", "VA", "23269", "USA", "5789", 0, 0, 0 },
	{ "quirk-no-designator", 8, "GARCIA", "MARIA", "ELENA", "VA", "23269", "USA", "5789", 0, 0, 0 },
	{ "quirk-v02-header-of-v01", 2, "GARCIA", "MARIA ELENA", "", "IL", "62701", "USA", "8901", 0, 0, 0 },
	{ "quirk-no-record-separator", 8, "GARCIA", "MARIA", "ELENA", "VA", "23269", "USA", "5789", 0, 0, 0 },
	{ "quirk-replaced-separator", 1, "GARCIA", "MARIA ELENA", "", "OR", "97215", "", "4567", 0, 0, 0 },
	{ "quirk-no-controls-in-header", 8, "GARCIA", "MARIA", "ELENA", "VA", "23269", "USA", "5789", 0, 0, 0 },
	{ "quirk-crlf", 8, "GARCIA", "MARIA", "ELENA", "VA", "23269", "USA", "5789", 0, 0, 0 },
	{ "quirk-cr-only", 8, "GARCIA", "MARIA", "ELENA", "VA", "23269", "USA", "5789", 0, 0, 0 },
	{ "quirk-rs-separators", 8, "GARCIA", "MARIA", "ELENA", "VA", "23269", "USA", "5789", 0, 0, 0 },
	{ "quirk-first-name-first", 1, "GARCIA", "MARIA ELENA", "", "MD", "21201", "", "8901", 0, 0, 0 },
	{ "quirk-dollar", 1, "GARCIA", "MARIA", "ELENA", "MD", "21201", "", "8901", 0, 0, 0 },
	{ "quirk-name-in-dcs", 3, "GARCIA", "MARIA", "ELENA", "IL", "62701", "USA", "8901", 0, 0, 0 },
	{ "quirk-aim-prefix", 8, "GARCIA", "MARIA", "ELENA", "VA", "23269", "USA", "5789", 0, 0, 0 },
	{ "quirk-run-together", 7, "LEONARD", "MARIA", "ELENA", "", "", "", "", 0, 0, 1 },
	{ "quirk-spaces", 8, "GARCIA", "MARIA", "ELENA", "", "", "", "", 0, 0, 1 },
	{ "quirk-run-together-v01", 1, "GARCIA", "MARIA", "", "", "", "", "", 0, 0, 1 },
	{ "quirk-run-together-v02", 2, "GARCIA", "MARIA ELENA", "", "", "", "", "", 0, 0, 1 },
	{ "quirk-flag-runs-on", 9, "GARCIA", "MARIA", "ELENA", "VA", "23269", "USA", "5789", 0, 0, 0 },
	{ "quirk-mononym", 8, "SUHARTO", "", "", "VA", "23269", "USA", "5789", 0, 0, 0 },
};

static const char *const malformed[] = {
	"bad-no-birth-date",	   "bad-birth-date",  "bad-no-name",	  "bad-run-together-doubt",
	"bad-run-together-dagmar", "bad-header-only", "bad-short-header",
};

static uint8_t *load(const char *file, size_t *len)
{
	char path[128], *data = NULL;

	snprintf(path, sizeof(path), CORPUS "%s", file);
	if (file_read(path, 65536, &data, len) != 0)
		fail_msg("cannot read %s", path);
	return (uint8_t *)data;
}

static void check(const struct expected *e, const struct card_licence *got)
{
	const char *const texts[][3] = {
		{ "family", e->family, got->family },
		{ "given", e->given, got->given },
		{ "middle", e->middle, got->middle },
		{ "birth date", "1985-04-17", got->birth_date },
		{ "expiry", "2031-04-17", got->expiry },
		{ "street", e->no_address ? "" : "14 ALDER STREET", got->street },
		{ "region", e->region, got->region },
		{ "postal code", e->postal_code, got->postal_code },
		{ "country", e->country, got->country },
		{ "number", e->last4, got->number_last4 },
	};

	for (size_t i = 0; i < COUNT(texts); i++)
		if (strcmp(texts[i][1], texts[i][2]) != 0)
			fail_msg("%s: %s is \"%s\", not \"%s\"", e->file, texts[i][0], texts[i][2], texts[i][1]);
	assert_int_equal(got->version, e->version);
	assert_int_equal(got->family_cut, e->family_cut);
	assert_int_equal(got->given_cut, e->given_cut);
	assert_int_equal(strlen(got->issuer), 6);
}

static void every_version_and_quirk_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(licences); i++) {
		struct card card;
		size_t len = 0;
		uint8_t *data = load(licences[i].file, &len);
		int err = card_parse(CARD_CODE, "", data, len, &card);

		if (err != 0)
			fail_msg("%s: error %d", licences[i].file, err);
		assert_int_equal(card.kind, CARD_LICENCE);
		check(&licences[i], &card.licence);

		free(data);
	}
}

static void what_cannot_be_told_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(malformed); i++) {
		struct card card = { .code = "untouched" };
		size_t len = 0;
		uint8_t *data = load(malformed[i], &len);

		if (card_parse(CARD_CODE, "L2", data, len, &card) != LOBBY_ERR_CARD_MALFORMED)
			fail_msg("%s is accepted as %s, %s", malformed[i], card.licence.family, card.licence.given);
		assert_string_equal(card.code, "untouched");
		free(data);
	}
}

/* Reads exactly len bytes of an allocation of len bytes, so that ASan sees a byte too many. */
static int parse_exact(const uint8_t *data, size_t len, struct card *card)
{
	uint8_t *exact = malloc(len > 0 ? len : 1);
	int err;

	assert_non_null(exact);
	memcpy(exact, data, len);
	err = card_parse(CARD_CODE, "L2", exact, len, card);
	free(exact);
	return err;
}

/* A scan that ends too early is refused or says what it said, never the beginning of a name as the name. */
static void no_beginning_is_misread(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(licences); i++) {
		size_t len = 0;
		uint8_t *data = load(licences[i].file, &len);

		for (size_t cut = 0; cut < len; cut++) {
			struct card card;

			if (parse_exact(data, cut, &card) != 0 || card.kind != CARD_LICENCE)
				continue;
			assert_string_equal(card.licence.birth_date, "1985-04-17");
			if (card.licence.family[0] != '\0')
				assert_memory_equal(card.licence.family, licences[i].family,
						    strlen(card.licence.family));
		}
		free(data);
	}
}

/* Any byte may be any other: the parser returns, within bounds. */
static void no_changed_byte_breaks_it(void **state)
{
	static const uint8_t changes[] = { 0, '\n', '\r', ' ', 'D', '9', 0x80, 0xFF };

	(void)state;
	for (size_t i = 0; i < COUNT(licences); i += 3) {
		size_t len = 0;
		uint8_t *data = load(licences[i].file, &len);

		for (size_t at = 0; at < len; at++) {
			uint8_t was = data[at];

			for (size_t k = 0; k < COUNT(changes); k++) {
				struct card card;

				data[at] = changes[k];
				(void)!parse_exact(data, len, &card);
			}
			data[at] = was;
		}
		free(data);
	}
}

struct one {
	const char *id, *value;
};

/* A card of version 8 with one element put in place of (or beside) the usual ones. */
static int parse_with(const char *id, const char *value, struct card *card)
{
	static const struct one usual[] = { { "DAQ", "T64235789" },
					    { "DCS", "GARCIA" },
					    { "DAC", "MARIA" },
					    { "DBB", "04171985" },
					    { "DBA", "04172031" } };
	char text[1024];
	int len = snprintf(text, sizeof(text), "@\n\x1e\rANSI 636000080001DL00310999DL");

	for (size_t i = 0; i < COUNT(usual); i++)
		if (strcmp(usual[i].id, id) != 0)
			len += snprintf(text + len, sizeof(text) - (size_t)len, "%s%s\n", usual[i].id, usual[i].value);
	len += snprintf(text + len, sizeof(text) - (size_t)len, "%s%s\n\r", id, value);
	return parse_exact((const uint8_t *)text, (size_t)len, card);
}

static void dates_are_read_in_either_order(void **state)
{
	static const char *const rows[][2] = {
		{ "04171985", "1985-04-17" },	{ "19850417", "1985-04-17" },	{ "04-17-1985", "1985-04-17" },
		{ "1985-04-17", "1985-04-17" }, { "04/17/1985", "1985-04-17" }, { "02292000", "2000-02-29" },
		{ "20000229", "2000-02-29" },	{ "12112012", "2012-12-11" },	{ "20121211", "2012-12-11" },
		{ "12201920", "1920-12-20" },	{ "19201220", "1920-12-20" },	{ "  04171985  ", "1985-04-17" },
	};
	static const char *const bad[] = { "02291900", "02292001", "13011985",	"17041985",
					   "00000000", "0417198",  "041719855", "04171885",
					   "NONE",     "",	   "0417 1985", "1985-04-17T00:00" };
	struct card card;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(parse_with("DBB", rows[i][0], &card), 0);
		assert_string_equal(card.licence.birth_date, rows[i][1]);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		if (parse_with("DBB", bad[i], &card) != LOBBY_ERR_CARD_MALFORMED)
			fail_msg("%s is taken as %s", bad[i], card.licence.birth_date);
	assert_int_equal(parse_with("DBA", "INDEF", &card), 0);
	assert_string_equal(card.licence.expiry, "");
}

static void fields_are_bounded(void **state)
{
	struct card card;
	char name[101];

	(void)state;
	memset(name, 'A', 100);
	name[100] = '\0';
	assert_int_equal(parse_with("DCS", name, &card), 0);
	assert_int_equal(strlen(card.licence.family), sizeof(card.licence.family) - 1);
	assert_true(card.licence.family_cut);
	assert_int_equal(parse_with("DAJ", "VIRGINIA", &card), 0);
	assert_string_equal(card.licence.region, "");
	assert_int_equal(parse_with("DAK", "12345-6789-0123", &card), 0);
	assert_string_equal(card.licence.postal_code, "");
	assert_int_equal(parse_with("DAK", "232691234", &card), 0);
	assert_string_equal(card.licence.postal_code, "23269-1234");
	assert_int_equal(parse_with("DAQ", "A-1", &card), 0);
	assert_string_equal(card.licence.number_last4, "A1");
	assert_int_equal(parse_with("DCS",
				    "\xC9"
				    "a\x85z",
				    &card),
			 0);
	assert_string_equal(card.licence.family, "Éaz");
	assert_int_equal(parse_with("DAD", "unavl", &card), 0);
	assert_string_equal(card.licence.middle, "");
}

static void other_text_is_no_licence(void **state)
{
	static const char *const texts[] = {
		"ANSI C is a language",
		"AAMVA",
		"See the ANSI 636000 catalogue, @ page 4",
		"https://example.org/?q=ANSI%20636000080001DL",
		"%VARICHMOND^GARCIA$MARIA^14 ALDER ST^?",
	};
	struct card card;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		int err = parse_exact((const uint8_t *)texts[i], strlen(texts[i]), &card);

		assert_true(err == LOBBY_ERR_CARD_UNKNOWN || err == LOBBY_ERR_CARD_MALFORMED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_version_and_quirk_is_read), cmocka_unit_test(what_cannot_be_told_is_refused),
		cmocka_unit_test(no_beginning_is_misread),	   cmocka_unit_test(no_changed_byte_breaks_it),
		cmocka_unit_test(dates_are_read_in_either_order),  cmocka_unit_test(fields_are_bounded),
		cmocka_unit_test(other_text_is_no_licence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

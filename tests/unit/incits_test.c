/* src/cards/incits284: health ID cards from a stripe and from a PDF417 code. */
#include "cards/card.h"
#include "cards/incits284.h"
#include "cards/pan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ISSUER "808401234567893" /* the check digit is the NPI's of 45 CFR 162.406's own example */

static int parse(enum card_source source, const char *text, struct card *card)
{
	return card_parse(source, source == CARD_CODE ? "L2" : "", (const uint8_t *)text, strlen(text), card);
}

static void one_card_by_stripe_and_code(void **state)
{
	static const struct {
		enum card_source source;
		const char *text;
	} rows[] = {
		{ CARD_STRIPE, "%WH" ISSUER "^XGH 8841-04417^OKAFOR/GRACE A.DR^DB19790917?" },
		{ CARD_STRIPE, "%" ISSUER "^XGH8841-04417^OKAFOR / GRACE A^19790917?" },
		{ CARD_STRIPE, "%H" ISSUER "^XGH8841-04417^OKAFOR/GRACE A/MAY^^GR12^DB19790917^20301231?" },
		{ CARD_STRIPE, ";0?%WH" ISSUER "^XGH8841-04417^OKAFOR/GRACE A^DB19790917?" },
		{ CARD_CODE, "%WH" ISSUER "^XGH8841-04417^OKAFOR/GRACE A^DB19790917?" },
		{ CARD_CODE, "WH" ISSUER "^XGH8841-04417^OKAFOR/GRACE A^DB19790917" },
		{ CARD_CODE, "%WH" ISSUER "^XGH8841-04417^OKAFOR/GRACE A^DB19790917?\r\n" },
	};
	struct card card;
	const struct card_insurance *i = &card.insurance;

	(void)state;
	for (size_t k = 0; k < COUNT(rows); k++) {
		int err = parse(rows[k].source, rows[k].text, &card);

		if (err != 0)
			fail_msg("%s: %s", rows[k].text, err_event(err));
		assert_int_equal(card.kind, CARD_INSURANCE);
		assert_string_equal(i->payor_id, ISSUER);
		assert_string_equal(i->member_id, "XGH8841-04417");
		assert_string_equal(i->family, "OKAFOR");
		assert_string_equal(i->given, "GRACE A");
		assert_string_equal(i->birth_date, "1979-09-17");
		assert_string_equal(i->subscriber, "");
		assert_false(i->family_cut);
		assert_false(i->given_cut);
		assert_false(i->chip);
	}
}

/* A date is a birth date only if it says so, or can be nothing else. */
static void dates(void **state)
{
	static const char *const rows[][2] = {
		{ "", "" },
		{ "^19790917", "1979-09-17" },
		{ "^20071129", "2007-11-29" },
		{ "^20071130", "" }, /* may be the card's own */
		{ "^20240101", "" },
		{ "^19790917^19800101", "" }, /* which of them? */
		{ "^DB19790917^19800101", "1979-09-17" },
		{ "^DB20240101", "2024-01-01" },
		{ "^DB19790230", "" },
		{ "^DB19000229", "" },
		{ "^DB20000229", "2000-02-29" },
		{ "^18990101", "" },
		{ "^1979091", "" },
		{ "^EX19790917", "" },
		{ "^^^^19790917", "1979-09-17" },
	};
	struct card card;
	char text[128];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		snprintf(text, sizeof(text), "%%WH" ISSUER "^A1^LEE/ANN%s?", rows[i][0]);
		assert_int_equal(parse(CARD_STRIPE, text, &card), 0);
		if (strcmp(card.insurance.birth_date, rows[i][1]) != 0)
			fail_msg("%s: %s", text, card.insurance.birth_date);
	}
}

static void names(void **state)
{
	static const struct {
		const char *name, *family, *given, *subscriber;
		bool family_cut, given_cut;
	} rows[] = {
		{ "LEE/ANN", "LEE", "ANN", "", false, false },
		{ "LEE/", "LEE", "", "", false, false },
		{ "/ANN", "", "ANN", "", false, false },
		{ "ANN LEE", "", "", "ANN LEE", false, false },
		{ "ST. JOHN/ANN", "ST. JOHN", "ANN", "", false, false },
		{ "FEATHERSTONEHAUGH/ALEXANDR", "FEATHERSTONEHAUGH", "ALEXANDR", "", false, true },
		{ "FEATHERSTONEHAUGH-CHOLMOND/", "FEATHERSTONEHAUGH-CHOLMOND", "", "", true, true },
	};
	struct card card;
	char text[128];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct card_insurance *c = &card.insurance;

		snprintf(text, sizeof(text), "%%WH" ISSUER "^A1^%s?", rows[i].name);
		if (parse(CARD_STRIPE, text, &card) != 0)
			fail_msg("%s", text);
		assert_string_equal(c->family, rows[i].family);
		assert_string_equal(c->given, rows[i].given);
		assert_string_equal(c->subscriber, rows[i].subscriber);
		assert_int_equal(c->family_cut, rows[i].family_cut);
		assert_int_equal(c->given_cut, rows[i].given_cut);
	}
}

static void bad_ones(void **state)
{
	static const struct {
		const char *text;
		int err;
	} rows[] = {
		{ "%WH808401234567894^A1^LEE/ANN?", LOBBY_ERR_CARD_MALFORMED }, /* check digit */
		{ "%WH" ISSUER "^^LEE/ANN?", LOBBY_ERR_CARD_MALFORMED },
		{ "%WH" ISSUER "^A1^?", LOBBY_ERR_CARD_MALFORMED },
		{ "%WH" ISSUER "^A1^ / ?", LOBBY_ERR_CARD_MALFORMED },
		{ "%WH" ISSUER "^A1?", LOBBY_ERR_CARD_MALFORMED },
		{ "%WH" ISSUER "^A_1^LEE/ANN?", LOBBY_ERR_CARD_MALFORMED },
		{ "%WH" ISSUER "^12345678901234567890123456789012345678901^L/A?", LOBBY_ERR_CARD_MALFORMED },
		{ "%WHX" ISSUER "^A1^LEE/ANN?", LOBBY_ERR_CARD_UNKNOWN },
		{ "%WH80840123456789^A1^LEE/ANN?", LOBBY_ERR_CARD_UNKNOWN },
		{ "%WH8084012345678930^A1^LEE/ANN?", LOBBY_ERR_CARD_UNKNOWN },
		{ "%WH808411234567893^A1^LEE/ANN?", LOBBY_ERR_CARD_UNKNOWN },
		{ "%WH" ISSUER "?", LOBBY_ERR_CARD_UNKNOWN },
	};
	struct card card;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int err = parse(CARD_STRIPE, rows[i].text, &card);

		if (err != rows[i].err)
			fail_msg("stripe %s: %s", rows[i].text, err_event(err));
		err = parse(CARD_CODE, rows[i].text, &card);
		if (err != rows[i].err)
			fail_msg("code %s: %s", rows[i].text, err_event(err));
	}
	assert_int_equal(parse(CARD_CODE,
			       "%WH" ISSUER "^A1^L\x01"
			       "EE/ANN?",
			       &card),
			 LOBBY_ERR_CARD_MALFORMED);
	/* The number alone, as a plain bar code, stays what it was: a short plain code. */
	assert_int_equal(parse(CARD_CODE, ISSUER, &card), 0);
	assert_int_equal(card.kind, CARD_MEMBER_CODE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_card_by_stripe_and_code),
		cmocka_unit_test(dates),
		cmocka_unit_test(names),
		cmocka_unit_test(bad_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

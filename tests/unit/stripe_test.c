/* src/cards, stripes: tracks as readers hand them over, both ways round, and licences of AAMVA's Annex F. */
#include "cards/aamva_stripe.h"
#include "cards/card.h"
#include "cards/stripe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int read_text(int number, const char *text, struct stripe_track *out)
{
	size_t len = strlen(text);
	uint8_t *copy = malloc(len > 0 ? len : 1); /* its own block, so that a byte read past the end is seen */
	int err;

	assert_non_null(copy);
	memcpy(copy, text, len);
	err = stripe_read_track(number, copy, len, out);
	free(copy);
	return err;
}

static void turn(char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len / 2; i++) {
		char c = text[i];

		text[i] = text[len - 1 - i];
		text[len - 1 - i] = c;
	}
}

/* LRCs worked out by hand from the code tables: exclusive or of the values, sentinels included. */
static const struct {
	int number;
	const char *given, *read;
} good[] = {
	{ 1, "%ABC^D?", "%ABC^D?" },
	{ 2, ";0123456789?", ";0123456789?" },
	{ 2, ";0123456789?5", ";0123456789?" },
	{ 1, "%A?[", "%A?" },
	{ 3, ";0?4", ";0?" },
	{ 3, "%A?[", "%A?" },
	{ 3, "#A?[", "%A?" },
	{ 3, "&A?", "%A?" },
	{ 3, "+0?4", ";0?" },
	{ 2, "@A?[", "%A?" },
	{ 1, "%A?\r", "%A?" },
	{ 2, "\r\n;0?4\r\n", ";0?" },
	{ 1, ";0?", ";0?" },  /* a track where another is expected */
	{ 1, "%%?", "%%?" },  /* a start sentinel inside is only a letter */
	{ 1, "%%??", "%%?" }, /* 05 ^ 05 ^ 1F = 1F: the LRC is "?" itself */
};

static void tracks_forwards_and_backwards(void **state)
{
	struct stripe_track track;
	char back[128];

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		if (read_text(good[i].number, good[i].given, &track) != 0)
			fail_msg("%s", good[i].given);
		assert_string_equal(track.text, good[i].read);
		assert_int_equal(track.len, strlen(good[i].read));
		snprintf(back, sizeof(back), "%s", good[i].given);
		turn(back);
		if (read_text(good[i].number, back, &track) != 0)
			fail_msg("%s", back);
		assert_string_equal(track.text, good[i].read);
	}
}

static void no_tracks(void **state)
{
	static const struct {
		int number;
		const char *text;
	} bad[] = {
		{ 1, "" },	 { 1, "%" },	  { 1, "%?" },	   { 1, "%ABC" },
		{ 1, "ABC?" },	 { 1, "%abc?" },  { 2, ";12A4?" }, { 2, ";0123456789?6" }, /* LRC */
		{ 1, "%A?]" },	 { 1, "%A??" },	  { 2, ";0?4?" },  { 1, "#A?" },
		{ 2, "+0?" },	 { 1, "%A\tB?" }, { 1, "%A?[[" },  { 1, "?A%?A%" },
		{ 2, "\r\r\r" }, { 1, "E" },
	};
	struct stripe_track track = { .text = "kept", .len = 4 };
	char longest[128];

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (read_text(bad[i].number, bad[i].text, &track) != LOBBY_ERR_CARD_UNREAD)
			fail_msg("%s", bad[i].text);
	assert_string_equal(track.text, "kept");
	/* 82, 40 and 107 characters with their LRC, and not one more. */
	for (int number = 1; number <= 3; number++) {
		static const size_t most[] = { 81, 39, 106 };
		size_t len = most[number - 1];

		memset(longest, '0', sizeof(longest));
		longest[0] = number == 1 ? '%' : ';';
		longest[len - 1] = '?';
		longest[len] = '\0';
		assert_int_equal(read_text(number, longest, &track), 0);
		longest[len - 1] = '0';
		longest[len] = '?';
		longest[len + 1] = '\0';
		assert_int_equal(read_text(number, longest, &track), LOBBY_ERR_CARD_UNREAD);
	}
}

static void put_bits(uint8_t *bytes, size_t *at, const char *bits)
{
	for (; *bits != '\0'; bits++) {
		if (*bits == ' ')
			continue;
		if (*bits == '1')
			bytes[*at / 8] |= (uint8_t)(0x80 >> *at % 8);
		(*at)++;
	}
}

/* ";0?" and "%A?" bit by bit, as ISO/IEC 7811-6's tables have them: lowest bit first, then odd parity. */
static void bits_both_ways_round(void **state)
{
	static const char *const rows[][2] = {
		{ "0000000000 11010 00001 11111 00100 000", ";0?" },
		{ "000 1010001 1000011 1111100 1101110 00000000", "%A?" },
	};
	struct stripe_track track;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t bytes[8] = { 0 }, other[8] = { 0 };
		size_t count = 0;

		put_bits(bytes, &count, rows[i][0]);
		assert_int_equal(stripe_read_bits(1, bytes, sizeof(bytes), &track), 0);
		assert_string_equal(track.text, rows[i][1]);
		for (size_t at = 0; at < 64; at++) /* drawn the other way */
			if (bytes[at / 8] >> (7 - at % 8) & 1)
				other[(63 - at) / 8] |= (uint8_t)(0x80 >> (63 - at) % 8);
		assert_int_equal(stripe_read_bits(1, other, sizeof(other), &track), 0);
		assert_string_equal(track.text, rows[i][1]);
		for (size_t at = 0; at < count; at++) { /* one bit read wrong, wherever: no track, or a shorter clock */
			uint8_t was = bytes[at / 8];

			bytes[at / 8] ^= (uint8_t)(0x80 >> at % 8);
			if (stripe_read_bits(1, bytes, sizeof(bytes), &track) == 0)
				assert_string_equal(track.text, rows[i][1]);
			bytes[at / 8] = was;
		}
	}
	assert_int_equal(stripe_read_bits(1, (const uint8_t *)"", 0, &track), LOBBY_ERR_CARD_UNREAD);
}

static void tracks_joined_come_apart(void **state)
{
	static const struct {
		const char *text, *track[3];
	} rows[] = {
		{ "%A?;1?%C?", { "%A?", ";1?", "%C?" } },
		{ "%A?;1?;2?", { "%A?", ";1?", ";2?" } },
		{ "%A?", { "%A?", "", "" } },
		{ ";1?", { "", ";1?", "" } },
		{ ";1?%C?", { "", ";1?", "%C?" } },
		{ "%A?%C?", { "%A?", "", "%C?" } },
		{ "%A?%B?%C?", { "%A?", "%B?", "%C?" } },
		{ ";1?;2?", { "", ";1?", ";2?" } },
		{ "%A?\r\n;1?\r\n", { "%A?", ";1?", "" } },
	};
	static const char *const bad[] = {
		"", "x", "%A", "%A?;1?;2?;3?", "%A?x", "%a?", "%A?;A?", "%A?%B?%C?%D?", "\r"
	};
	struct stripe stripe;
	uint8_t text[STRIPE_MAX_TEXT];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t len = 0;

		assert_int_equal(stripe_split((const uint8_t *)rows[i].text, strlen(rows[i].text), &stripe), 0);
		for (int k = 0; k < 3; k++) {
			assert_string_equal(stripe.track[k].text, rows[i].track[k]);
			len += strlen(rows[i].track[k]);
		}
		assert_int_equal(stripe_join(&stripe, text), len);
		assert_memory_equal(text, rows[i].text, strcspn(rows[i].text, "\r"));
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		if (stripe_split((const uint8_t *)bad[i], strlen(bad[i]), &stripe) != LOBBY_ERR_CARD_UNKNOWN)
			fail_msg("%s", bad[i]);
}

/* ---- licences ---- */

static int parse(const char *text, struct card *card)
{
	return card_parse(CARD_STRIPE, "", (const uint8_t *)text, strlen(text), card);
}

#define TRACK_1 "%MABOSTON^OKAFOR$GRACE$ADAEZE^12 LONG WHARF^?"
#define TRACK_3 "%10021100000  D               1506140BRNBRO                                     ?"

static void a_licence(void **state)
{
	struct card card;
	const struct card_licence *l = &card.licence;

	(void)state;
	assert_int_equal(parse(TRACK_1 ";63600212345678=280419790917=?" TRACK_3, &card), 0);
	assert_int_equal(card.kind, CARD_LICENCE);
	assert_string_equal(l->family, "OKAFOR");
	assert_string_equal(l->given, "GRACE");
	assert_string_equal(l->middle, "ADAEZE");
	assert_string_equal(l->birth_date, "1979-09-17");
	assert_string_equal(l->expiry, "2028-04-30");
	assert_string_equal(l->issuer, "636002");
	assert_string_equal(l->street, "12 LONG WHARF");
	assert_string_equal(l->city, "BOSTON");
	assert_string_equal(l->region, "MA");
	assert_string_equal(l->postal_code, "02110");
	assert_string_equal(l->number_last4, "5678");
	assert_int_equal(l->version, 1);
	assert_false(l->family_cut);
	assert_false(l->given_cut);
}

/* As Florida writes them (the month of birth is 99 where it is that of expiry), with odd version characters. */
static void a_licence_of_florida(void **state)
{
	struct card card;
	const struct card_licence *l = &card.licence;

	(void)state;
	assert_int_equal(parse("%FLDELRAY BEACH^DOE$JOHN$^4818 S FEDERAL BLVD^           \\?"
			       ";6360100462172082009=2101198299090=?"
			       "%! 33435      I               1600                                   ECCECC00000?",
			       &card),
			 0);
	assert_string_equal(l->family, "DOE");
	assert_string_equal(l->given, "JOHN");
	assert_string_equal(l->middle, "");
	assert_string_equal(l->birth_date, "1982-01-09");
	assert_string_equal(l->expiry, "2021-01-31");
	assert_string_equal(l->city, "DELRAY BEACH");
	assert_string_equal(l->street, "4818 S FEDERAL BLVD");
	assert_string_equal(l->postal_code, "33435");
	assert_string_equal(l->number_last4, "0090");
	assert_int_equal(l->version, 1);
	/* Nobody else's 99 is a month. */
	assert_int_equal(parse(TRACK_1 ";6360020462172082009=2101198299090=?", &card), LOBBY_ERR_CARD_MALFORMED);
}

static void fields_that_fill_their_room(void **state)
{
	static const struct {
		const char *track_1, *city, *family, *given;
		bool family_cut, given_cut;
	} rows[] = {
		/* 13 letters of city end without a separator, or with one */
		{ "%CASAN BUENAVENTLEE$ANN^1 A ST?", "SAN BUENAVENT", "LEE", "ANN", false, false },
		{ "%CASAN BUENAVENT^LEE$ANN^1 A ST?", "SAN BUENAVENT", "LEE", "ANN", false, false },
		/* 35 of a name */
		{ "%CALA^FEATHERSTONEHAUGH-CHOLMONDELEY$ALEX^1 A ST?", "LA", "FEATHERSTONEHAUGH-CHOLMONDELEY", "ALEX",
		  false, true },
		{ "%CALA^FEATHERSTONEHAUGH-CHOLMONDELEY$ALEX1 A ST?", "LA", "FEATHERSTONEHAUGH-CHOLMONDELEY", "ALEX",
		  false, true },
		{ "%CALA^FEATHERSTONEHAUGH-CHOLMONDELEYSMYTH^1 A ST?", "LA", "FEATHERSTONEHAUGH-CHOLMONDELEYSMYTH", "",
		  true, true },
		{ "%CALA^LEE$ANN$ALEXANDRA MARGARET PHILLIPP^1 A ST?", "LA", "LEE", "ANN", false, false },
		{ "%CALA^ LEE $ANN ^?", "LA", "LEE", "ANN", false, false },
		{ "%BCVICTORIA^LEE$ANN,MAY$^1 A ST?", "VICTORIA", "LEE", "ANN", false, false },
	};
	struct card card;
	char text[160];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		snprintf(text, sizeof(text), "%s;636014A=280419790917=?", rows[i].track_1);
		assert_int_equal(parse(text, &card), LOBBY_ERR_CARD_UNKNOWN); /* no letters in track 2 */
		snprintf(text, sizeof(text), "%s;6360141234567=280419790917=?", rows[i].track_1);
		if (parse(text, &card) != 0)
			fail_msg("%s", text);
		assert_string_equal(card.licence.city, rows[i].city);
		assert_string_equal(card.licence.family, rows[i].family);
		assert_string_equal(card.licence.given, rows[i].given);
		if (card.licence.family_cut != rows[i].family_cut || card.licence.given_cut != rows[i].given_cut)
			fail_msg("%s: cut", text);
	}
}

static void expiry_in_every_form(void **state)
{
	static const struct {
		const char *yymm, *birth, *expiry;
	} rows[] = {
		{ "2802", "19790917", "2028-02-29" }, { "2702", "19790917", "2027-02-28" },
		{ "2777", "19790917", "" },	      { "2788", "19790917", "2028-09-30" },
		{ "2788", "19790217", "2028-02-29" }, { "2799", "19790917", "2027-09-17" },
		{ "2799", "19800229", "2027-02-28" }, { "2800", "19790917", "" },
		{ "2813", "19790917", "" },
	};
	struct card card;
	char text[160];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		snprintf(text, sizeof(text), "%s;63600212345678=%s%s=?", TRACK_1, rows[i].yymm, rows[i].birth);
		if (parse(text, &card) != 0)
			fail_msg("%s", text);
		assert_string_equal(card.licence.expiry, rows[i].expiry);
	}
}

static void licences_that_are_none(void **state)
{
	static const struct {
		const char *text;
		int err;
	} rows[] = {
		/* half a swipe */
		{ TRACK_1, LOBBY_ERR_CARD_UNREAD },
		{ ";63600212345678=280419790917=?", LOBBY_ERR_CARD_UNREAD },
		{ ";63600212345678=280419790917=?" TRACK_3, LOBBY_ERR_CARD_UNREAD },
		/* dates that never were */
		{ TRACK_1 ";63600212345678=280419790230=?", LOBBY_ERR_CARD_MALFORMED },
		{ TRACK_1 ";63600212345678=280418790917=?", LOBBY_ERR_CARD_MALFORMED },
		{ TRACK_1 ";63600212345678=280419791317=?", LOBBY_ERR_CARD_MALFORMED },
		{ TRACK_1 ";63600212345678=28041979091?", LOBBY_ERR_CARD_MALFORMED },
		{ TRACK_1 ";63600212345678?", LOBBY_ERR_CARD_MALFORMED },
		{ TRACK_1 ";63600212345678901234=280419790917=?", LOBBY_ERR_CARD_MALFORMED },
		/* no name */
		{ "%MABOSTON^^12 LONG WHARF^?;63600212345678=280419790917=?", LOBBY_ERR_CARD_MALFORMED },
		{ "%MABOSTON^$^12 LONG WHARF^?;63600212345678=280419790917=?", LOBBY_ERR_CARD_MALFORMED },
		{ "%1234?;63600212345678=280419790917=?", LOBBY_ERR_CARD_MALFORMED },
		/* something else */
		{ "%MABOSTON?", LOBBY_ERR_CARD_UNKNOWN },
		{ ";1234567?", LOBBY_ERR_CARD_UNKNOWN },
		{ TRACK_1 ";1234567=280419790917=?", LOBBY_ERR_CARD_UNKNOWN },
		{ "%LIBRARY 00123^?", LOBBY_ERR_CARD_UNKNOWN },
		{ "rubbish", LOBBY_ERR_CARD_UNKNOWN },
	};
	struct card card;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int err = parse(rows[i].text, &card);

		if (err != rows[i].err)
			fail_msg("%s: %s", rows[i].text, err_event(err));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tracks_forwards_and_backwards),
		cmocka_unit_test(no_tracks),
		cmocka_unit_test(bits_both_ways_round),
		cmocka_unit_test(tracks_joined_come_apart),
		cmocka_unit_test(a_licence),
		cmocka_unit_test(a_licence_of_florida),
		cmocka_unit_test(fields_that_fill_their_room),
		cmocka_unit_test(expiry_in_every_form),
		cmocka_unit_test(licences_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

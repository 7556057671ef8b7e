/* src/cards, what is no licence: letters, member numbers, rubbish. */
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

static int parse(const char *text, struct card *card)
{
	return card_parse(CARD_CODE, "", (const uint8_t *)text, strlen(text), card);
}

static void letters_come_back(void **state)
{
	static const char *const codes[] = { "q7Zk-93h", "A.b-C.d-0123456789",
					     "0123456789012345678901234567890123456789012345678901234567890123" };
	char text[96], ended[128];
	struct card card;

	(void)state;
	/* CRC-8 with polynomial 0x07, initial 0, is CRC-8/SMBUS: its check value over "123456789" is F4. */
	assert_int_equal(card_letter_format(text, sizeof(text), "123456789"), 0);
	assert_string_equal(text, "LOBBY1:123456789:F4");
	for (size_t i = 0; i < COUNT(codes); i++) {
		assert_int_equal(card_letter_format(text, sizeof(text), codes[i]), 0);
		assert_int_equal(parse(text, &card), 0);
		assert_int_equal(card.kind, CARD_LETTER);
		assert_string_equal(card.code, codes[i]);
		snprintf(ended, sizeof(ended), "]Q3%s\r\n", text);
		assert_int_equal(parse(ended, &card), 0);
		assert_string_equal(card.code, codes[i]);
	}
}

static void a_letter_misread_by_one_character_is_refused(void **state)
{
	char text[96];
	struct card card;
	size_t len;

	(void)state;
	assert_int_equal(card_letter_format(text, sizeof(text), "q7Zk-93hA.x2P"), 0);
	len = strlen(text);
	for (size_t at = strlen("LOBBY1:"); at < len; at++) {
		char was = text[at];

		for (int c = 1; c < 256; c++) {
			int err;

			text[at] = (char)c;
			err = parse(text, &card);
			if (err == 0 && (at < len - 2 ? c != was : strchr("abcdefABCDEF", c) == NULL && c != was))
				fail_msg("%s is accepted", text);
		}
		text[at] = was;
	}
	text[len - 1] = '\0';
	assert_int_equal(parse(text, &card), LOBBY_ERR_CARD_MALFORMED);
}

static void bad_letters_are_not_made(void **state)
{
	char text[96] = "untouched", code[66];

	(void)state;
	assert_int_equal(card_letter_format(text, sizeof(text), "short"), LOBBY_ERR_INVALID);
	assert_int_equal(card_letter_format(text, sizeof(text), "12345678:"), LOBBY_ERR_INVALID);
	assert_int_equal(card_letter_format(text, sizeof(text), "1234 5678"), LOBBY_ERR_INVALID);
	memset(code, 'a', 65);
	code[65] = '\0';
	assert_int_equal(card_letter_format(text, sizeof(text), code), LOBBY_ERR_TOO_LONG);
	assert_int_equal(card_letter_format(text, 18, "12345678"), LOBBY_ERR_TOO_LONG);
	assert_string_equal(text, "untouched");
	assert_int_equal(card_letter_format(text, 19, "12345678"), 0);
}

static void member_numbers(void **state)
{
	static const char *const rows[][2] = {
		{ "XGH884104417", "XGH884104417" },
		{ "XGH 8841 04417\r", "XGH884104417" },
		{ "  123456  ", "123456" },
		{ "A-1234-5", "A-1234-5" },
		{ "12345678901234567890123456789012", "12345678901234567890123456789012" },
	};
	static const char *const bad[] = { "12345",
					   "1 2 3 4 5",
					   "123456789012345678901234567890123",
					   "https://example.org",
					   "HTTP://EXAMPLE.ORG/1",
					   "12345678\n9",
					   "ABC_12345",
					   "Müller123",
					   "      ",
					   "LOBBY2:12345678",
					   "" };
	struct card card;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(parse(rows[i][0], &card), 0);
		assert_int_equal(card.kind, CARD_MEMBER_CODE);
		assert_string_equal(card.code, rows[i][1]);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		if (parse(bad[i], &card) != LOBBY_ERR_CARD_UNKNOWN)
			fail_msg("\"%s\"", bad[i]);
}

/* What is printed on goods is nobody's member number. */
static void a_soda_can_is_nobody(void **state)
{
	static const char *const goods[][2] = {
		{ "E0", "5449000000996" },	  { "E0", "012000001086" },
		{ "E3", "012000001086" },	  { "E4", "96385074" },
		{ "C1", "0100312547701033" },	  { "e0", "0112345678901231" },
		{ "d2", "010031254770103321A1" }, { "Q3", "0100312547701033" },
		{ "", "]E05449000000996" },	  { "", "]C10100312547701033\r" },
	};
	static const char *const members[][2] = {
		{ "", "5449000000996" }, { "C0", "5449000000996" }, { "A0", "ABC123456" },  { "L2", "ABC123456" },
		{ "Q1", "ABC123456" },	 { "d1", "ABC123456" },	    { "", "]C0ABC123456" },
	};
	struct card card;

	(void)state;
	for (size_t i = 0; i < COUNT(goods); i++)
		if (card_parse(CARD_CODE, goods[i][0], (const uint8_t *)goods[i][1], strlen(goods[i][1]), &card) !=
		    LOBBY_ERR_CARD_UNKNOWN)
			fail_msg("%s %s", goods[i][0], goods[i][1]);
	for (size_t i = 0; i < COUNT(members); i++) {
		if (card_parse(CARD_CODE, members[i][0], (const uint8_t *)members[i][1], strlen(members[i][1]), &card))
			fail_msg("%s %s", members[i][0], members[i][1]);
		assert_int_equal(card.kind, CARD_MEMBER_CODE);
	}
}

static void rubbish_of_any_length(void **state)
{
	static const size_t lengths[] = { 0, 1, 2, 3, 63, 4095, 4096, 4097, 65536 };
	uint64_t seed = 88172645463325252u;
	struct card card;

	(void)state;
	for (size_t i = 0; i < COUNT(lengths); i++) {
		for (int kind = 0; kind < 3; kind++) {
			uint8_t *data = malloc(lengths[i] + 1);
			int err;

			assert_non_null(data);
			for (size_t k = 0; k < lengths[i]; k++) {
				seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
				data[k] = kind == 0 ? (uint8_t)(seed >> 40) : kind == 1 ? 0xFF : '\n';
			}
			data = realloc(data, lengths[i] > 0 ? lengths[i] : 1);
			err = card_parse(CARD_CODE, "", data, lengths[i], &card);
			assert_int_equal(err, lengths[i] > 4096 ? LOBBY_ERR_CARD_TOO_LONG : LOBBY_ERR_CARD_UNKNOWN);
			free(data);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters_come_back),
		cmocka_unit_test(a_letter_misread_by_one_character_is_refused),
		cmocka_unit_test(bad_letters_are_not_made),
		cmocka_unit_test(member_numbers),
		cmocka_unit_test(a_soda_can_is_nobody),
		cmocka_unit_test(rubbish_of_any_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

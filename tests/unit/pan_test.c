/* src/cards/pan: payment cards by the numbers that their networks publish for tests, and everything that must not be
 * taken for one. */
#include "cards/card.h"
#include "cards/pan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct stripe stripe_of(const char *text)
{
	struct stripe stripe;

	if (stripe_split((const uint8_t *)text, strlen(text), &stripe) != 0)
		fail_msg("%s", text);
	return stripe;
}

static int parse(const char *text)
{
	struct card card;

	return card_parse(CARD_STRIPE, "", (const uint8_t *)text, strlen(text), &card);
}

/* Test numbers of the networks and of processors; none is anybody's. */
static const char *const numbers[] = {
	"4111111111111111", "4222222222222",	"4000000000000000006", "5555555555554444", "5105105105105100",
	"2221000000000009", "2720990000000007", "378282246310005",     "341111111111111",  "30569309025904",
	"36148900647913",   "38520000023237",	"3530111333300000",    "6011111111111117", "6445644564456445",
	"6500000000000002", "6200000000000005", "6304000000000000",    "6759649826438453", "5018000000000009",
	"5641820000000005", "2200000000000004", "6079000000000000008", "8171999927660000", "9792030000000000",
	"135410014004955",
};

static void every_network_on_every_track(void **state)
{
	char text[160];

	(void)state;
	for (size_t i = 0; i < COUNT(numbers); i++) {
		static const char *const forms[][2] = {
			{ ";", "=2912101000000000?" },
			{ ";", "=29121010000?" },
			{ ";", "?" },
			{ "%B", "^DOE/JANE^29121010000?" },
			{ "%A", "^DOE/JANE^?" },
			{ "%", "^?" },
			{ "%ZZ", "^?" },
		};

		if (!pan_luhn(numbers[i], strlen(numbers[i])))
			fail_msg("%s is no test number", numbers[i]);
		for (size_t k = 0; k < COUNT(forms); k++) {
			struct stripe stripe;

			snprintf(text, sizeof(text), "%s%s%s", forms[k][0], numbers[i], forms[k][1]);
			if (parse(text) != LOBBY_ERR_CARD_PAYMENT)
				fail_msg("%s", text);
			stripe = stripe_of(text);
			assert_true(pan_drop_payment(&stripe));
			for (size_t at = 0; at < sizeof(stripe); at++) /* no byte of it is left */
				assert_int_equal(((const uint8_t *)&stripe)[at], 0);
		}
		snprintf(text, sizeof(text), ";1=1?;01%s=00000000?", numbers[i]); /* track 3, ISO/IEC 4909 */
		if (strlen(numbers[i]) <= 17 && parse(text) != LOBBY_ERR_CARD_PAYMENT)
			fail_msg("%s", text);
	}
}

/* What is in doubt is a payment card. */
static void doubtful_ones(void **state)
{
	static const char *const rows[] = {
		"%B3782 822463 10005^DOE/JANE^29121010000?", /* as American Express spaces it */
		"%B1234567890123^GIFT/CARD^?",		     /* format code B, a number of nobody we know */
		"%B4111111111111112^DOE/JANE^29121010000?",  /* a wrong check digit */
		";6212345678901234=29121010000?",	     /* UnionPay's need none */
		";7000000000000005=29122010000?",	     /* no range, but checked, with expiry and service code */
		"%B4111111111111111^DOE?;1234?",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (parse(rows[i]) != LOBBY_ERR_CARD_PAYMENT)
			fail_msg("%s", rows[i]);
}

static void others(void **state)
{
	static const char *const rows[] = {
		";808401234567893=29121010000?",	   /* a health plan's or provider's number */
		"%B808401234567893^DOE/JANE^29121010000?", /* even so */
		";6360020000000017=280419790917=?",	   /* licences; this one's digits happen to pass Luhn */
		";6044250000000014=280419790917=?",
		";636062999999=280419790917=?",
		";1234567890?",
		";12345678901234567890?",      /* too long for a number */
		";4111111111111112?",	       /* wrong check digit, nothing financial behind it */
		"%BCVICTORIA^LEE$ANN^1 A ST?", /* British Columbia, not format code B */
		"%MABOSTON^OKAFOR$GRACE^12 LONG WHARF^?",
		"%LIBRARY 12345^?",
		"%B12^?",
		";?0?",
	};

	(void)state;
	for (size_t i = 0; i + 1 < COUNT(rows); i++) {
		struct stripe stripe = stripe_of(rows[i]), was = stripe;

		for (int n = 1; n <= 3; n++)
			if (pan_is_payment(n, &stripe.track[n - 1]))
				fail_msg("%s", rows[i]);
		assert_false(pan_drop_payment(&stripe));
		assert_memory_equal(&stripe, &was, sizeof(was));
	}
	assert_true(pan_luhn("6360020000000017", 16)); /* the rows above mean what they say */
	assert_true(pan_luhn("6044250000000014", 16));
}

/* INCITS 284 lets a bank card's stripe carry a health card on track 3: that alone is kept. */
static void a_bank_card_that_is_a_health_card_too(void **state)
{
	struct stripe stripe = stripe_of("%B4111111111111111^OKAFOR/GRACE^29121010000?;4111111111111111=29121010000?"
					 "%WH808401234567893^XGH884104417^OKAFOR/GRACE?");
	struct card card;

	(void)state;
	assert_true(pan_drop_payment(&stripe));
	assert_int_equal(stripe.track[0].len, 0);
	assert_int_equal(stripe.track[1].len, 0);
	assert_string_equal(stripe.track[2].text, "%WH808401234567893^XGH884104417^OKAFOR/GRACE?");
	assert_int_equal(card_parse(CARD_STRIPE, "", (const uint8_t *)stripe.track[2].text, stripe.track[2].len, &card),
			 0);
	assert_int_equal(card.kind, CARD_INSURANCE);
	/* Anything else beside a payment track goes with it. */
	stripe = stripe_of("%NOTES ABOUT THE HOLDER?;4111111111111111=29121010000?;0?");
	assert_true(pan_drop_payment(&stripe));
	for (int i = 0; i < 3; i++)
		assert_int_equal(stripe.track[i].len, 0);
}

static void check_digits(void **state)
{
	char number[17] = "4111111111111111";

	(void)state;
	assert_true(pan_luhn("79927398713", 11));
	assert_false(pan_luhn("79927398710", 11));
	assert_false(pan_luhn("0", 1));
	assert_false(pan_luhn("", 0));
	assert_false(pan_luhn("7992739871x", 11));
	for (int i = 0; i < 16; i++) /* any one digit wrong is found */
		for (char c = '0'; c <= '9'; c++) {
			char was = number[i];

			number[i] = c;
			assert_int_equal(pan_luhn(number, 16), c == was);
			number[i] = was;
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_network_on_every_track),
		cmocka_unit_test(doubtful_ones),
		cmocka_unit_test(others),
		cmocka_unit_test(a_bank_card_that_is_a_health_card_too),
		cmocka_unit_test(check_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Words: the language changes while the program runs, nothing is left untranslated, templates cannot be abused. */
#include "kiosk/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define AT_0941 1795444860000

static void the_language_changes_at_once(void **state)
{
	char time[24], day[64];

	(void)state;
	words_use("es");
	assert_string_equal(_("Start over"), "Empezar de nuevo");
	words_time(time, sizeof(time), AT_0941);
	assert_string_equal(time, "9:41 a. m.");
	words_day(day, sizeof(day), AT_0941);
	assert_string_equal(day, "lunes 23 de noviembre");
	words_use("en");
	assert_string_equal(_("Start over"), "Start over");
	words_time(time, sizeof(time), AT_0941);
	assert_string_equal(time, "9:41 AM");
	words_day(day, sizeof(day), AT_0941);
	assert_string_equal(day, "Monday, November 23");
}

static void templates_take_only_what_is_there(void **state)
{
	char out[32];
	const char *const args[] = { "one", "two" };

	(void)state;
	words_fill(out, sizeof(out), "%2$s, %1$s, %3$s, 100%", args, 2);
	assert_string_equal(out, "two, one, , 100%");
	words_fill(out, sizeof(out), "%1$s. %2$s.", (const char *const[]){ "10 a. m.", "two" }, 2);
	assert_string_equal(out, "10 a. m. two.");
	words_fill(out, 8, "%1$s%2$s%1$s", args, 2);
	assert_string_equal(out, "onetwoo");
}

static void money_and_greetings(void **state)
{
	char out[32];

	(void)state;
	words_money(out, sizeof(out), 2505, "USD");
	assert_string_equal(out, "$25.05");
	assert_string_equal(words_greeting(AT_0941), "Good morning.");
	assert_string_equal(words_greeting(AT_0941 + 4 * 3600000), "Good afternoon.");
	assert_string_equal(words_greeting(AT_0941 + 10 * 3600000), "Good evening.");
}

/* Every message id in the source has a translation in every language, and none is left over. */
static void translations_are_complete(void **state)
{
	(void)state;
	assert_int_equal(system("tools/po --check"), 0);
}

int main(void)
{
	char locale[512];
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_language_changes_at_once),
		cmocka_unit_test(templates_take_only_what_is_there),
		cmocka_unit_test(money_and_greetings),
		cmocka_unit_test(translations_are_complete),
	};

	setenv("TZ", "America/New_York", 1);
	snprintf(locale, sizeof(locale), "%s/locale", getenv("LOBBY_BUILD"));
	words_init(locale);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

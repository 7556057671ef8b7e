/* What other programs say, translated: every template of theirs, sentences in a row, what nobody knows, and bad text.
 */
#include "base/err.h"
#include "base/text.h"
#include "kiosk/said.h"
#include "kiosk/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *spanish(const char *text)
{
	static struct said said;

	words_use("es");
	return said_in(&said, text);
}

static void sentences_are_translated(void **state)
{
	(void)state;
	assert_string_equal(spanish("The clock was set."), "El reloj se puso en hora.");
	assert_string_equal(spanish("Version 0.2.0 runs already."), "La versión 0.2.0 ya está en uso.");
	assert_string_equal(spanish("This stick expired on 2026-11-01 (today is 2026-11-23). Make a new one."),
			    "Caducó el 2026-11-01 (hoy es 2026-11-23). Prepare una nueva.");
	assert_string_equal(
		spanish("network.address: an address like 192.0.2.7/24 is expected, of at most 49 letters."),
		"network.address: se espera una dirección como 192.0.2.7/24, de 49 letras como máximo.");
	assert_string_equal(spanish(err_staff_text(LOBBY_ERR_BUSY)), "Ocupado en este momento; inténtelo de nuevo.");
	assert_string_equal(spanish("The update could not be installed. RAUC says: Handler error: 50% (x)"),
			    "No se pudo instalar la actualización. RAUC dice: Handler error: 50% (x)");
}

static void sentences_in_a_row_are_translated(void **state)
{
	(void)state;
	assert_string_equal(spanish("Signed stick, good until 2027-01-31. It updates to 0.2.0. It takes logs."),
			    "Memoria USB firmada, válida hasta 2027-01-31. Actualiza a 0.2.0. Recibe registros.");
	assert_string_equal(spanish("The clock is right. The clock was set."),
			    "El reloj está en hora. El reloj se puso en hora.");
	/* What another program said goes on to the end, and a name may look like an end. */
	assert_string_equal(spanish("The update could not be installed. RAUC says: No. Not this one."),
			    "No se pudo instalar la actualización. RAUC dice: No. Not this one.");
	assert_string_equal(spanish("This kiosk is \"St. Ann 2\" now. It works with https://clinic.example."),
			    "Este quiosco es ahora «St. Ann 2». Trabaja con https://clinic.example.");
	/* Of a template that fits all and one that fits the beginning the first is meant. */
	assert_string_equal(spanish("Version 0.2.0 did not come up. Version 0.1.0 runs again."),
			    "La versión 0.2.0 no arrancó. Vuelve a funcionar la versión 0.1.0.");
}

static void what_is_not_known_stays_as_it_is(void **state)
{
	static const char *const unknown[] = {
		"",
		" ",
		".",
		"%s%n",
		"The moon is made of cheese.",
		"The clock was set. The moon is made of cheese.",
		"The moon is made of cheese. The clock was set.",
		"panel.rotation: 45x is none of 0, 90, 180 and 270.",
		"Version runs already.",
		"Version 0.2.0 runs already",
	};
	char endless[4000];

	(void)state;
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		assert_string_equal(spanish(unknown[i]), unknown[i]);
	for (size_t i = 0; i < sizeof(endless); i++)
		endless[i] = ". ?!"[i % 4];
	endless[sizeof(endless) - 1] = '\0';
	assert_ptr_equal(spanish(endless), endless);
	endless[511] = '\0';
	assert_ptr_equal(spanish(endless), endless);
}

static void english_needs_no_catalogue(void **state)
{
	static const char text[] = "Version 0.2.0 runs already.";
	struct said said;

	(void)state;
	words_use("en");
	assert_ptr_equal(said_in(&said, text), text);
}

/* As printf() would: each part is a word that can be found again, a number where one has to be. */
static void print_sample(const char *template, char *out, size_t size)
{
	size_t at = 0;
	int part = 0;

	while (*template != '\0') {
		size_t own = strcspn(template, "%");

		text_copy_n(out + at, size - at, template, own);
		at += own;
		template += own;
		if (*template == '\0')
			break;
		template += strcspn(template, "sdu") + 1;
		at += (size_t)snprintf(out + at, size - at, template[-1] == 's' ? "part-%d" : "70%d", ++part);
	}
}

static void every_template_is_known_by_its_sentences(void **state)
{
	char sentence[512], part[24];
	int count = 0;

	(void)state;
	for (const char *const *template = said_templates(); *template != NULL; template ++, count++) {
		const char *translated;

		print_sample(*template, sentence, sizeof(sentence));
		translated = spanish(sentence);
		if (strcmp(translated, sentence) == 0)
			fail_msg("not translated: %s", sentence);
		assert_null(strchr(translated, '%'));
		for (int i = 1; i <= 6; i++) {
			snprintf(part, sizeof(part), "part-%d", i);
			assert_true((strstr(sentence, part) != NULL) == (strstr(translated, part) != NULL));
			snprintf(part, sizeof(part), "70%d", i);
			assert_true((strstr(sentence, part) != NULL) == (strstr(translated, part) != NULL));
		}
	}
	assert_true(count > 20);
}

/* A new sentence that nobody marked, and one that nobody translated, are found. */
static void an_unmarked_sentence_is_found(void **state)
{
	static const char script[] =
		"t=$(mktemp -d) && trap 'rm -rf $t' EXIT && mkdir -p $t/tools $t/assets && cp tools/po $t/tools && "
		"cp -r src $t && cp -r assets/locale $t/assets && cd $t && tools/po --check && "
		"printf '%%s\\n' '%s' >>src/system/power.c && ! tools/po --check >said && grep -q '%s' said";
	char command[1024];

	(void)state;
	snprintf(command, sizeof(command), script, "const char *x = \"The kettle is on.\";", "The kettle is on.");
	assert_int_equal(system(command), 0);
	snprintf(command, sizeof(command), script, "const char *x = N_(\"The kettle is on.\");", "without translation");
	assert_int_equal(system(command), 0);
}

int main(void)
{
	char locale[512];
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sentences_are_translated),
		cmocka_unit_test(sentences_in_a_row_are_translated),
		cmocka_unit_test(what_is_not_known_stays_as_it_is),
		cmocka_unit_test(english_needs_no_catalogue),
		cmocka_unit_test(every_template_is_known_by_its_sentences),
		cmocka_unit_test(an_unmarked_sentence_is_found),
	};

	snprintf(locale, sizeof(locale), "%s/locale", getenv("LOBBY_BUILD"));
	words_init(locale);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

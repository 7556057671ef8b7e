/* src/checkin/match: tables of names as people, registrars and licences write them. */
#include "checkin/match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void names_fold(void **state)
{
	static const char *const rows[][2] = {
		{ "O'Brien-Núñez", "obriennunez" },
		{ "O’BRIEN NUNEZ", "obriennunez" },
		{ "de la Cruz", "delacruz" },
		{ "St. John", "stjohn" },
		{ "Straße", "strasse" },
		{ "ẞ", "ss" },
		{ "Ærøskøbing", "aeroskobing" },
		{ "Đặng Łukasz", "danglukasz" },
		{ "Nguyễn Thị Hồng", "nguyenthihong" },
		{ "Jose\xCC\x81", "jose" }, /* decomposed */
		{ "İIıi", "iiii" },
		{ "ŐŰÇĞŞ", "oucgs" },
		{ "Ǆ", "dz" },
		{ "ИВАНОВ Ёлкин", "ивановёлкин" },
		{ "ΠΑΠΑΔΌΠΟΥΛΟΣ", "παπαδοπουλοσ" },
		{ "Παπαδόπουλος", "παπαδοπουλοσ" },
		{ "王 小明", "王小明" },
		{ "Smith, Jr.", "smithjr" },
		{ " \t-' ", "" },
		{ "", "" },
		{ "X Æ A-12", "xaea12" },
	};
	char out[MATCH_FOLDED_MAX], small[4];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		match_fold(out, sizeof(out), rows[i][0]);
		assert_string_equal(out, rows[i][1]);
	}
	match_fold(small, sizeof(small), "Иванов");
	assert_string_equal(small, "и");
	match_fold(out, sizeof(out), "bad\xFF\xC3");
	assert_string_equal(out, "bad\xEF\xBF\xBD\xEF\xBF\xBD");
}

static void folding_is_bounded(void **state)
{
	char name[4096], out[MATCH_FOLDED_MAX];

	(void)state;
	memset(name, 'a', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	match_fold(out, sizeof(out), name);
	assert_int_equal(strlen(out), MATCH_FOLDED_MAX - 1);
	for (size_t i = 0; i < sizeof(name) - 1; i += 2)
		name[i] = ' ';
	assert_true(match_initial(name, "A"));
	assert_true(match_names(name, name, name, name, true));
}

static void initials(void **state)
{
	static const struct {
		const char *name, *letter;
		bool expected;
	} rows[] = {
		{ "de la Cruz", "D", true },  { "de la Cruz", "l", true },  { "de la Cruz", "C", true },
		{ "de la Cruz", "R", false }, { "Smith-Jones", "J", true }, { "O'Brien", "b", true },
		{ "O'Brien", "o", true },     { "Élodie", "E", true },	    { "Elodie", "É", true },
		{ "Øster", "O", true },	      { "Łukasz", "L", true },	    { "Иванов", "и", true },
		{ "Garcia", "", false },      { "", "G", false },	    { "Garcia", "-", false },
		{ "McDonald", "D", false },   { "Mc Donald", "D", true },   { "Þórsson", "T", true },
		{ "Jean-Luc", "L", true },    { "D.J. Smith", "J", false }, { "  Garcia", "g", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (match_initial(rows[i].name, rows[i].letter) != rows[i].expected)
			fail_msg("%s by %s", rows[i].name, rows[i].letter);
}

struct pair {
	const char *family_a, *given_a, *family_b, *given_b;
	bool cut, expected;
};

static const struct pair pairs[] = {
	/* the same, as written by others */
	{ "GARCIA", "MARIA", "García", "María", false, true },
	{ "OBRIEN", "SEAN", "O'Brien", "Seán", false, true },
	{ "SMITHJONES", "ANN", "Smith-Jones", "Ann", false, true },
	{ "DELACRUZ", "JUAN", "de la Cruz", "Juan", false, true },
	{ "VAN DER BERG", "JAN", "Vanderberg", "Jan", false, true },
	{ "STRASSE", "URSEL", "Straße", "Ursel", false, true },
	{ "NGUYEN", "THI HONG", "Nguyễn", "Thị Hồng", false, true },
	{ "ИВАНОВ", "ИВАН", "Иванов", "Иван", false, true },
	/* swapped */
	{ "MARIA", "GARCIA", "Garcia", "Maria", false, true },
	{ "WEI", "ZHANG", "Zhang", "Wei", false, true },
	{ "MARIA", "LOPEZ", "Garcia", "Maria", false, false },
	/* double and dropped family names */
	{ "GARCIA LOPEZ", "MARIA", "Garcia", "María", false, true },
	{ "LOPEZ", "MARIA", "Garcia-Lopez", "Maria", false, true },
	{ "CRUZ", "JUAN", "de la Cruz", "Juan", false, true },
	{ "DE LA CRUZ GOMEZ", "JUAN", "De la Cruz", "Juan", false, true },
	{ "JONES", "ANN", "Smith-Jones", "Anna", false, false },
	{ "JON", "ANN", "Smith-Jones", "Ann", false, false },
	{ "DE LA", "JUAN", "de la Cruz", "Juan", false, false },
	{ "DE", "JUAN", "de la Cruz", "Juan", false, false },
	{ "DE", "JUAN", "De", "Juan", false, true },
	{ "O", "SEAN", "O'Brien", "Sean", false, false },
	{ "LI", "MEI", "Li-Smith", "Mei", false, true },
	{ "SMITH", "JOHN", "Smith Jr.", "John", false, true },
	/* given names */
	{ "GARCIA", "MARIA ELENA", "Garcia", "Maria", false, true },
	{ "GARCIA", "MARIA", "Garcia", "María Elena", false, true },
	{ "GARCIA", "MARIA E", "Garcia", "Maria Elena", false, true },
	{ "GARCIA", "MARIA ELENA", "Garcia", "Maria Isabel", false, false },
	{ "GARCIA LOPEZ", "MARIA ELENA", "Garcia", "Maria Isabel", false, false },
	{ "GARCIA", "MARIA", "Garcia", "Mariana", false, false },
	{ "SMITH", "MARYANN", "Smith", "Mary Ann Louise", false, true },
	{ "SMITH", "MARY", "Smith", "Mary-Ann", false, true },
	{ "SMITH", "JEAN LUC", "Smith", "Jean-Luc", false, true },
	{ "SMITH", "ANN", "Smith", "Mary Ann", false, false },
	{ "SMITH", "M", "Smith", "Mary", false, false },
	{ "SMITH", "", "Smith", "Mary", false, false },
	/* twins */
	{ "GARCIA", "DANIEL", "Garcia", "Daniela", false, false },
	{ "GARCIA", "ANA", "Garcia", "Anna", false, false },
	/* cut by the issuer */
	{ "GARCIA", "CHRISTOPH", "Garcia", "Christopher", true, true },
	{ "GARCIA", "CHRISTOPH", "Garcia", "Christopher", false, false },
	{ "WOLFESCHLEGELSTEINHAUSENBERGER", "HU", "Wolfeschlegelsteinhausenbergerdorff", "Hu", true, true },
	{ "WOLFESCHLEGELSTEINHAUSENBERGER", "HU", "Wolfeschlegelsteinhausenbergerdorff", "Hu", false, false },
	{ "GARCIA", "CH", "Garcia", "Christopher", true, false },
	{ "GA", "MARIA", "Garcia", "Maria", true, false },
	{ "GARCIA", "", "Garcia", "Maria", true, false },
	/* one name only, and none */
	{ "SUHARTO", "", "Suharto", "", false, true },
	{ "", "SUHARTO", "Suharto", "", false, true },
	{ "", "", "", "", false, false },
	{ "", "", "Garcia", "Maria", true, false },
	{ "-", "'", ".", " ", true, false },
	{ "王", "小明", "王", "小明", false, true },
	{ "王", "小明", "王", "大明", false, false },
	{ "GARCIA", "MARIA", "Гарсия", "Мария", false, false },
};

static void names_match(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		const struct pair *p = &pairs[i];

		/* Whose name is which must not matter. */
		if (match_names(p->family_a, p->given_a, p->family_b, p->given_b, p->cut) != p->expected ||
		    match_names(p->family_b, p->given_b, p->family_a, p->given_a, p->cut) != p->expected)
			fail_msg("%s, %s and %s, %s", p->family_a, p->given_a, p->family_b, p->given_b);
	}
	assert_false(match_names(NULL, NULL, NULL, NULL, true));
}

#define MAX_PEOPLE 6

struct decision {
	const char *what;
	struct match_candidate people[MAX_PEOPLE];
	struct match_query query;
	enum match_outcome expected;
	const char *patient_id;
};

#define MARIA \
	{ \
		"p1", "Garcia", "Maria", "0142" \
	}
#define MARCO \
	{ \
		"p2", "Garcia", "Marco", "0142" \
	}
#define ANA \
	{ \
		"p3", "García", "Ana", "0143" \
	}
#define GINA \
	{ \
		"p4", "Lopez", "Gina", "0144" \
	}
#define CRUZ \
	{ \
		"p5", "de la Cruz", "Juan", "0145" \
	}

static const struct decision decisions[] = {
	/* the birthday alone */
	{ "nobody", { { 0 } }, { "", "", "", false, false }, MATCH_NONE, NULL },
	{ "one, but nothing known", { MARIA }, { "", "", "", false, false }, MATCH_NEED_FAMILY, NULL },
	{ "two, nothing known", { MARIA, GINA }, { "", "", "", false, false }, MATCH_NEED_FAMILY, NULL },
	{ "a card without a name", { MARIA }, { "", "", "", true, false }, MATCH_NEED_FAMILY, NULL },
	/* the first letter of the last name */
	{ "one", { MARIA }, { "G", "", "", false, false }, MATCH_FOUND, "p1" },
	{ "small letter", { ANA }, { "g", "", "", false, false }, MATCH_FOUND, "p3" },
	{ "wrong letter", { MARIA }, { "X", "", "", false, false }, MATCH_NONE, NULL },
	{ "swapped at registration", { MARIA }, { "M", "", "", false, false }, MATCH_FOUND, "p1" },
	{ "of two, one", { MARIA, CRUZ }, { "G", "", "", false, false }, MATCH_FOUND, "p1" },
	{ "by C", { MARIA, CRUZ }, { "C", "", "", false, false }, MATCH_FOUND, "p5" },
	{ "by L", { MARIA, CRUZ }, { "L", "", "", false, false }, MATCH_FOUND, "p5" },
	{ "one patient, two appointments", { MARIA, MARIA }, { "G", "", "", false, false }, MATCH_FOUND, "p1" },
	/* a family name like another's given name: never guess */
	{ "G could be either", { MARIA, GINA }, { "G", "", "", false, false }, MATCH_NEED_GIVEN, NULL },
	{ "and M says which", { MARIA, GINA }, { "G", "M", "", false, false }, MATCH_FOUND, "p1" },
	{ "and L says which", { MARIA, GINA }, { "G", "L", "", false, false }, MATCH_FOUND, "p4" },
	{ "and X neither", { MARIA, GINA }, { "G", "X", "", false, false }, MATCH_NONE, NULL },
	/* twins */
	{ "letters tell", { MARIA, ANA }, { "G", "", "", false, false }, MATCH_NEED_GIVEN, NULL },
	{ "told", { MARIA, ANA }, { "G", "A", "", false, false }, MATCH_FOUND, "p3" },
	{ "same letter, same phone", { MARIA, MARCO }, { "G", "", "", false, false }, MATCH_AMBIGUOUS, NULL },
	{ "same letter, other phones",
	  { MARIA, { "p9", "Garcia", "Marta", "0199" } },
	  { "G", "", "", false, false },
	  MATCH_NEED_PHONE,
	  NULL },
	{ "the phone tells",
	  { MARIA, { "p9", "Garcia", "Marta", "0199" } },
	  { "G", "", "0199", false, false },
	  MATCH_FOUND,
	  "p9" },
	{ "no such phone",
	  { MARIA, { "p9", "Garcia", "Marta", "0199" } },
	  { "G", "", "0000", false, false },
	  MATCH_NONE,
	  NULL },
	{ "one has no phone",
	  { MARIA, { "p9", "Garcia", "Marta", "" } },
	  { "G", "", "", false, false },
	  MATCH_NEED_PHONE,
	  NULL },
	{ "neither has a phone",
	  { { "p8", "Garcia", "Maria", "" }, { "p9", "Garcia", "Marta", NULL } },
	  { "G", "M", "", false, false },
	  MATCH_AMBIGUOUS,
	  NULL },
	{ "letter, then phone",
	  { MARIA, ANA, { "p9", "Garcia", "Marta", "0199" } },
	  { "G", "M", "", false, false },
	  MATCH_NEED_PHONE,
	  NULL },
	{ "letter first", { MARIA, MARCO, ANA }, { "G", "", "", false, false }, MATCH_NEED_GIVEN, NULL },
	{ "letter, then nothing helps", { MARIA, MARCO, ANA }, { "G", "M", "", false, false }, MATCH_AMBIGUOUS, NULL },
	{ "a second name tells",
	  { MARIA, { "p9", "Garcia", "Maria Ana", "0142" } },
	  { "G", "", "", false, false },
	  MATCH_NEED_GIVEN,
	  NULL },
	{ "all three, still two", { MARIA, MARCO }, { "G", "M", "0142", false, false }, MATCH_AMBIGUOUS, NULL },
	{ "accented answer",
	  { MARIA, { "p9", "Garcia", "Élodie", "" } },
	  { "G", "E", "", false, false },
	  MATCH_FOUND,
	  "p9" },
	/* cards */
	{ "a licence", { MARIA, MARCO, ANA }, { "GARCIA", "MARIA", "", true, false }, MATCH_FOUND, "p1" },
	{ "a stranger's", { MARIA, MARCO, ANA }, { "STRANGER", "SAM", "", true, false }, MATCH_NONE, NULL },
	{ "swapped on the card", { MARIA, ANA }, { "MARIA", "GARCIA", "", true, false }, MATCH_FOUND, "p1" },
	{ "with a middle name", { MARIA, ANA }, { "GARCIA LOPEZ", "MARIA ELENA", "", true, false }, MATCH_FOUND, "p1" },
	{ "fits two: the phone",
	  { MARIA, { "p9", "Garcia", "Maria Elena", "0199" } },
	  { "GARCIA", "MARIA", "", true, false },
	  MATCH_NEED_PHONE,
	  NULL },
	{ "fits two, one phone",
	  { MARIA, { "p9", "Garcia", "Maria Elena", "0142" } },
	  { "GARCIA", "MARIA", "", true, false },
	  MATCH_AMBIGUOUS,
	  NULL },
	{ "fits two, phone known",
	  { MARIA, { "p9", "Garcia", "Maria Elena", "0199" } },
	  { "GARCIA", "MARIA", "0142", true, false },
	  MATCH_FOUND,
	  "p1" },
	{ "cut",
	  { { "p9", "Garcia", "Christopher", "" } },
	  { "GARCIA", "CHRISTOPH", "", true, true },
	  MATCH_FOUND,
	  "p9" },
	{ "not cut",
	  { { "p9", "Garcia", "Christopher", "" } },
	  { "GARCIA", "CHRISTOPH", "", true, false },
	  MATCH_NONE,
	  NULL },
};

static void one_is_found_or_asked_for(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(decisions); i++) {
		const struct decision *d = &decisions[i];
		const char *untouched = "untouched", *id = untouched;
		size_t count = 0;
		enum match_outcome outcome;

		while (count < MAX_PEOPLE && d->people[count].patient_id != NULL)
			count++;
		outcome = match_decide(d->people, count, &d->query, &id);
		if (outcome != d->expected)
			fail_msg("%s: %d, not %d", d->what, (int)outcome, (int)d->expected);
		if (outcome == MATCH_FOUND)
			assert_string_equal(id, d->patient_id);
		else
			assert_ptr_equal(id, untouched);
	}
}

/* However the candidates are ordered, the decision is the same. */
static void order_does_not_matter(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(decisions); i++) {
		const struct decision *d = &decisions[i];
		struct match_candidate backwards[MAX_PEOPLE];
		const char *id = NULL;
		size_t count = 0;

		while (count < MAX_PEOPLE && d->people[count].patient_id != NULL)
			count++;
		for (size_t k = 0; k < count; k++)
			backwards[k] = d->people[count - 1 - k];
		assert_int_equal(match_decide(backwards, count, &d->query, &id), d->expected);
	}
}

/* Answering truthfully, every person of a crowd born on one day ends up as themselves or at the desk, in three answers.
 */
static void truth_leads_home(void **state)
{
	static const char *const families[] = { "Garcia", "García-Lopez", "Lopez", "de la Cruz", "O'Brien", "Maria" };
	static const char *const givens[] = { "Maria", "María Elena", "Garcia", "Luis", "Seán" };
	struct match_candidate people[COUNT(families) * COUNT(givens)];
	char ids[COUNT(people)][8], phones[COUNT(people)][5];
	int found = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(people); i++) {
		snprintf(ids[i], sizeof(ids[i]), "p%zu", i);
		snprintf(phones[i], sizeof(phones[i]), "%04zu", i % 7);
		people[i] = (struct match_candidate){ ids[i], families[i / COUNT(givens)], givens[i % COUNT(givens)],
						      phones[i] };
	}
	for (size_t i = 0; i < COUNT(people); i++) {
		struct match_query query = { "", "", "", false, false };
		char family[2] = { people[i].family[0], 0 }, given[2] = { people[i].given[0], 0 };
		enum match_outcome outcome = MATCH_NEED_FAMILY;
		const char *id = NULL;

		for (int answers = 0; answers < 4; answers++) {
			outcome = match_decide(people, COUNT(people), &query, &id);
			if (outcome == MATCH_NEED_FAMILY)
				query.family = family;
			else if (outcome == MATCH_NEED_GIVEN)
				query.given = given;
			else if (outcome == MATCH_NEED_PHONE)
				query.phone_last4 = phones[i];
			else
				break;
		}
		assert_true(outcome == MATCH_FOUND || outcome == MATCH_AMBIGUOUS);
		if (outcome == MATCH_FOUND) {
			assert_string_equal(id, ids[i]);
			found++;
		}
	}
	assert_in_range(found, COUNT(people) / 2, COUNT(people));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_fold),
		cmocka_unit_test(folding_is_bounded),
		cmocka_unit_test(initials),
		cmocka_unit_test(names_match),
		cmocka_unit_test(one_is_found_or_asked_for),
		cmocka_unit_test(order_does_not_matter),
		cmocka_unit_test(truth_leads_home),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* src/cards/egk and kvk: what German insurance cards say, read from the card models by the script and taken apart by
 * card_parse(), whole, cut, changed and hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "cards/card.h"
#include "cards/egk.h"
#include "cards/scrub.h"
#include "chip_play.h"

#ifdef __SANITIZE_ADDRESS__
/* sanitizer/allocator_interface.h, which gcc does not bring along */
int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
					      void (*on_free)(const volatile void *));
#endif

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct chip_script script;
static struct card_egk model;
static struct card card;

/* Reads the model; what card_parse() says of the list. 1: the script found nothing. */
static int read_card(enum egk_kind kind, enum egk_fault fault, const struct egk_person *person)
{
	card_egk_init(&model, kind, fault, person);
	memset(&card, 0, sizeof(card));
	if (chip_play(&model, &script) != CHIP_DONE)
		return 1;
	return card_parse(CARD_CHIP, "", script.list, script.len, &card);
}

static const struct card_insurance *good(enum egk_kind kind, const struct egk_person *person)
{
	int err = read_card(kind, EGK_HONEST, person);

	if (err != 0)
		fail_msg("%s is not read: %s", model.card.name, err_event(err));
	assert_int_equal(card.kind, CARD_INSURANCE);
	assert_true(card.insurance.chip);
	return &card.insurance;
}

static void an_egk_says_who_is_insured(void **state)
{
	(void)state;
	for (enum egk_kind kind = EGK_52; kind <= EGK_51; kind++) {
		const struct card_insurance *i = good(kind, &egk_people[0]);

		assert_string_equal(i->member_id, "X110411319");
		assert_string_equal(i->given, "Jörg");
		assert_string_equal(i->family, "Müßig");
		assert_string_equal(i->birth_date, "1964-08-12");
		assert_string_equal(i->payor, "Krankenkasse Musterland");
		assert_string_equal(i->payor_id, "109500969");
		assert_string_equal(i->plan, "Mitglied");
		assert_string_equal(i->period_start, "1994-01-01");
		assert_string_equal(i->period_end, "");
		assert_string_equal(i->group, "");
		assert_string_equal(i->subscriber, "");
		assert_false(i->family_cut);
		assert_false(i->given_cut);
	}
}

/* ISO 8859-15 has the Ž, the š, the Œ and the euro; the Polish ł and ą come as character references. */
static void letters_beyond_latin_1(void **state)
{
	const struct card_insurance *i = good(EGK_52, &egk_people[1]);

	(void)state;
	assert_string_equal(i->given, "Małgorzata Anna");
	assert_string_equal(i->family, "Wąsik-Žižek");
	assert_string_equal(i->payor, "Ersatzkasse & Söhne €");
	assert_string_equal(i->payor_id, "101575519");
	assert_string_equal(i->plan, "Familienversichert");
	assert_string_equal(i->period_end, "2025-12-31"); /* past or not: it is read */
}

static void names_with_all_their_parts(void **state)
{
	const struct egk_person short_one = { .member_id = "T000000014",
					      .birth_date = "19500101",
					      .given = "Karl",
					      .family = "Heide",
					      .prefix = "von der",
					      .addition = "Freiherr",
					      .begin = "20000101",
					      .payor_id = "168140346",
					      .payor = "Private Kranken AG",
					      .insured = "02" };
	const struct card_insurance *i = good(EGK_PRIVATE, &short_one);

	(void)state;
	assert_string_equal(i->family, "Freiherr von der Heide");
	assert_string_equal(i->plan, "Standardtarif");
	assert_false(i->family_cut);
	i = good(EGK_PRIVATE, &egk_people[2]);
	assert_true(i->family_cut);
	assert_false(i->given_cut);
	assert_int_equal(strncmp(i->family, "Freiherr von der Donaudampfschifffahrtsgesellschaftskapit", 57), 0);
	assert_true(text_is_clean(i->family, strlen(i->family)));
	assert_string_equal(i->given, "Karl Theodor");
	assert_string_equal(i->plan, "Basistarif");
}

static void a_name_at_its_limit_may_have_been_longer(void **state)
{
	char given[50];
	struct egk_person person = egk_people[0];

	(void)state;
	memset(given, 'a', sizeof(given));
	given[44] = '\0';
	person.given = given;
	assert_false(good(EGK_52, &person)->given_cut);
	given[44] = 'a';
	given[45] = '\0';
	assert_true(good(EGK_52, &person)->given_cut);
	assert_int_equal(strlen(card.insurance.given), 45);
}

static void a_birthday_that_nobody_knows_is_left_out(void **state)
{
	static const char *const unknown[] = { "19500000", "19500700" };
	static const char *const none[] = { "19501301", "19500431", "19500230", "19000229",
					    "1950",	"1950010a", "19500012", "00000000" };
	struct egk_person person = egk_people[0];

	(void)state;
	for (size_t i = 0; i < COUNT(unknown); i++) {
		person.birth_date = unknown[i];
		assert_string_equal(good(EGK_52, &person)->birth_date, "");
	}
	for (size_t i = 0; i < COUNT(none); i++) {
		person.birth_date = none[i];
		if (read_card(EGK_52, EGK_HONEST, &person) != LOBBY_ERR_CARD_MALFORMED)
			fail_msg("%s is a date", none[i]);
	}
	person.birth_date = "20000229";
	assert_string_equal(good(EGK_51, &person)->birth_date, "2000-02-29");
}

static void what_protects_from_costs_is_said_where_it_is_open(void **state)
{
	(void)state;
	card_egk_init(&model, EGK_52, EGK_HONEST, &egk_people[1]);
	card_egk_open_gvd(&model);
	assert_int_equal(chip_play(&model, &script), CHIP_DONE);
	assert_int_equal(card_parse(CARD_CHIP, "", script.list, script.len, &card), 0);
	assert_string_equal(card.insurance.plan, "Familienversichert, zuzahlungsbefreit bis 2025-12-31");
	/* A broken one costs nobody the check-in. */
	script.list[script.len - 60] ^= 0x10;
	assert_int_equal(card_parse(CARD_CHIP, "", script.list, script.len, &card), 0);
}

static void cards_that_must_be_read(void **state)
{
	(void)state;
	for (enum egk_kind kind = EGK_52; kind <= EGK_51; kind++)
		for (enum egk_fault fault = EGK_HONEST; fault <= EGK_LAST_READABLE; fault++) {
			assert_int_equal(read_card(kind, fault, &egk_people[0]), 0);
			assert_string_equal(card.insurance.family, "Müßig");
			assert_string_equal(card.insurance.payor_id, "109500969");
		}
}

static void hostile_cards_are_refused(void **state)
{
	(void)state;
	for (enum egk_kind kind = EGK_52; kind <= EGK_PRIVATE; kind++) {
		for (enum egk_fault fault = EGK_LAST_READABLE + 1; fault < EGK_FAULT_COUNT; fault++) {
			struct egk_person person = egk_people[0];
			int err;

			person.insured = kind == EGK_PRIVATE ? "01" : "1";
			err = read_card(kind, fault, &person);
			/* What stands behind the packed text is filling; what comes behind what was asked, too. */
			if ((fault == EGK_PD_LONGER || fault == EGK_TOO_MUCH) && err == 0)
				assert_string_equal(card.insurance.family, "Müßig");
			else if (err != 1 && err != LOBBY_ERR_CARD_MALFORMED)
				fail_msg("%s, fault %d: %d", model.card.name, fault, err);
		}
	}
}

static void member_numbers_have_a_check_digit(void **state)
{
	static const char *const real[] = { "X110411319", "N456789014", "J012345677", "A123456780", "M587241855" };
	static const char *const wrong[] = { "X110411318",
					     "x110411319",
					     "X11041131",
					     "X1104113190",
					     "1110411319",
					     "XA10411319",
					     "",
					     "\xC3\x84"
					     "10411319" };
	char id[11];

	(void)state;
	for (size_t i = 0; i < COUNT(real); i++)
		assert_true(egk_is_member_id(real[i]));
	for (size_t i = 0; i < COUNT(wrong); i++)
		if (egk_is_member_id(wrong[i]))
			fail_msg("%s", wrong[i]);
	/* One wrong digit is always found. */
	for (int at = 1; at < 10; at++)
		for (char c = '0'; c <= '9'; c++) {
			text_copy(id, sizeof(id), "X110411319");
			id[at] = c;
			assert_int_equal(egk_is_member_id(id), c == "X110411319"[at]);
		}
}

static void a_list_needs_person_and_insurance(void **state)
{
	struct chip_files files;
	size_t pd_at, vd_at;

	(void)state;
	good(EGK_52, &egk_people[0]);
	assert_int_equal(chip_files_open(script.list, script.len, &files), 0);
	pd_at = (size_t)(files.pd.data - script.list) - 3;
	vd_at = (size_t)(files.vd.data - script.list) - 3;
	assert_int_equal(card_parse(CARD_CHIP, "", script.list + pd_at, files.pd.len + 3, &card),
			 LOBBY_ERR_CARD_MALFORMED);
	assert_int_equal(card_parse(CARD_CHIP, "", script.list + vd_at, files.vd.len + 3, &card),
			 LOBBY_ERR_CARD_MALFORMED);
	assert_int_equal(card_parse(CARD_CHIP, "", script.list + pd_at, files.pd.len + files.vd.len + 6, &card), 0);
	assert_int_equal(card_parse(CARD_CHIP, "", script.list, 0, &card), LOBBY_ERR_CARD_UNKNOWN);
}

/* Every beginning of a good list, and the list with each of its bytes changed: never a crash, never another person. */
static void cut_and_changed_lists(void **state)
{
	static const enum egk_kind kinds[] = { EGK_52, EGK_51, EGK_KVK, EGK_KVK_RAW };

	(void)state;
	for (size_t k = 0; k < COUNT(kinds); k++) {
		struct card_insurance whole = *good(kinds[k], &egk_people[0]);
		struct card_insurance before;
		uint64_t seed = 88172645463325252u;

		memset(&before, 0x5A, sizeof(before));
		for (size_t len = 0; len < script.len; len++) {
			uint8_t *copy = malloc(len > 0 ? len : 1);
			int err;

			assert_non_null(copy);
			memcpy(copy, script.list, len);
			card.insurance = before;
			err = card_parse(CARD_CHIP, "", copy, len, &card);
			if (err == 0) /* the version file is missing */
				assert_memory_equal(&card.insurance, &whole, sizeof(whole));
			else
				assert_memory_equal(&card.insurance, &before, sizeof(before));
			free(copy);
		}
		for (size_t at = 0; at < script.len; at++) {
			uint8_t was = script.list[at];
			int err;

			seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
			script.list[at] ^= (uint8_t)(seed >> 32) | 1;
			err = card_parse(CARD_CHIP, "", script.list, script.len, &card);
			script.list[at] = was;
			if (err == 0 && memcmp(&card.insurance, &whole, sizeof(whole)) != 0)
				fail_msg("%s: byte %zu changes what is read", model.card.name, at);
		}
	}
}

static void a_kvk_says_who_is_insured(void **state)
{
	const struct egk_person person = { .member_id = "123456789012",
					   .birth_date = "19311124",
					   .given = "Änne Öztürk-Übel",
					   .family = "Großäpfel",
					   .addition = "von",
					   .begin = "",
					   .end = "20120229",
					   .payor_id = "101234567",
					   .payor = "AOK Müßigland",
					   .insured = "5",
					   .postal_code = "10117",
					   .city = "Berlin" };

	(void)state;
	for (enum egk_kind kind = EGK_KVK; kind <= EGK_KVK_RAW; kind++) {
		const struct card_insurance *i = good(kind, &person);

		assert_string_equal(i->member_id, "123456789012");
		assert_string_equal(i->given, "Änne Öztürk-Übel");
		assert_string_equal(i->family, "von Großäpfel");
		assert_string_equal(i->birth_date, "1931-11-24");
		assert_string_equal(i->payor, "AOK Müßigland");
		assert_string_equal(i->payor_id, "101234567");
		assert_string_equal(i->plan, "Rentner");
		assert_string_equal(i->period_end, "2012-02-29");
		assert_false(i->family_cut);
		assert_false(i->given_cut);
	}
}

static void a_kvk_of_a_private_insurer_names_no_number(void **state)
{
	struct egk_person person = egk_people[0];

	(void)state;
	person.payor_id = "0000000";
	person.end = "19990901";
	person.family = "Wolfeschlegelsteinhausenberg";
	assert_string_equal(good(EGK_KVK, &person)->payor_id, "");
	assert_string_equal(card.insurance.period_end, "1999-09-30");
	assert_true(card.insurance.family_cut);
}

static void broken_kvks_are_refused(void **state)
{
	static const enum egk_fault faults[] = { EGK_GZIP_CUT,	  EGK_PD_LONGER,   EGK_PD_SHORTER, EGK_XML_GARBAGE,
						 EGK_CHECK_DIGIT, EGK_XML_NO_NAME, EGK_XML_TWICE,  EGK_BAD_DATE };

	(void)state;
	for (enum egk_kind kind = EGK_KVK; kind <= EGK_KVK_RAW; kind++)
		for (size_t i = 0; i < COUNT(faults); i++) {
			int err = read_card(kind, faults[i], &egk_people[0]);

			/* Behind the template a whole chip has filling: cutting that cuts nothing off. */
			if (kind == EGK_KVK_RAW && faults[i] == EGK_GZIP_CUT)
				assert_int_equal(err, 0);
			else if (err != 1 && err != LOBBY_ERR_CARD_MALFORMED)
				fail_msg("%s, fault %d: %d", model.card.name, faults[i], err);
		}
}

static void no_block_is_too_large(void **state)
{
	uint8_t *block = scrub_alloc(64), *larger;

	(void)state;
	assert_non_null(block);
	memset(block, 0x41, 64);
	larger = scrub_resize(block, 4096);
	assert_non_null(larger);
	assert_int_equal(larger[63], 0x41);
	assert_null(scrub_resize(larger, SCRUB_MAX + 1));
	assert_int_equal(larger[63], 0x41);
	assert_null(scrub_alloc(SCRUB_MAX + 1));
	scrub_free(larger);
	scrub_free(NULL);
}

#ifdef __SANITIZE_ADDRESS__
static struct {
	const volatile void *block;
	size_t size;
} blocks[256]; /* the last ones that were allocated */
static unsigned allocated, freed, told;

static void on_malloc(const volatile void *block, size_t size)
{
	blocks[allocated % COUNT(blocks)].block = block;
	blocks[allocated++ % COUNT(blocks)].size = size;
}

/* What free() is about to give back. */
static void on_free(const volatile void *block)
{
	const void *bytes = (const void *)(uintptr_t)block;
	size_t size = 0;

	for (size_t i = 0; block != NULL && i < COUNT(blocks); i++)
		if (blocks[i].block == block)
			size = blocks[i].size, blocks[i].block = NULL;
	freed += size > 0;
	told += size > 0 &&
		(memmem(bytes, size, "Musterland", 10) != NULL || memmem(bytes, size, "0411319", 7) != NULL);
}

static void nothing_of_the_card_is_left_in_freed_memory(void **state)
{
	static bool installed;
	char *canary;

	(void)state;
	good(EGK_52, &egk_people[0]);
	if (!installed)
		installed = __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free) != 0;
	assert_true(installed);
	freed = told = 0;
	canary = malloc(64);
	assert_non_null(canary);
	snprintf(canary, 64, "Krankenkasse Musterland");
	__asm__ volatile("" : : "r"(canary) : "memory"); /* or the compiler leaves out what nobody reads */
	free(canary);
	assert_int_equal(told, 1);
	assert_int_equal(card_parse(CARD_CHIP, "", script.list, script.len, &card), 0);
	assert_int_equal(told, 1);
	assert_true(freed > 10);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_egk_says_who_is_insured),
		cmocka_unit_test(letters_beyond_latin_1),
		cmocka_unit_test(names_with_all_their_parts),
		cmocka_unit_test(a_name_at_its_limit_may_have_been_longer),
		cmocka_unit_test(a_birthday_that_nobody_knows_is_left_out),
		cmocka_unit_test(what_protects_from_costs_is_said_where_it_is_open),
		cmocka_unit_test(cards_that_must_be_read),
		cmocka_unit_test(hostile_cards_are_refused),
		cmocka_unit_test(member_numbers_have_a_check_digit),
		cmocka_unit_test(a_list_needs_person_and_insurance),
		cmocka_unit_test(cut_and_changed_lists),
		cmocka_unit_test(a_kvk_says_who_is_insured),
		cmocka_unit_test(a_kvk_of_a_private_insurer_names_no_number),
		cmocka_unit_test(broken_kvks_are_refused),
		cmocka_unit_test(no_block_is_too_large),
#ifdef __SANITIZE_ADDRESS__
		cmocka_unit_test(nothing_of_the_card_is_left_in_freed_memory),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* src/cards/chip: the talk with a chip card, against the card models, honest and hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chip_play.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct chip_script script;
static struct card_egk card;

static enum chip_next play(enum egk_kind kind, enum egk_fault fault)
{
	card_egk_init(&card, kind, fault, &egk_people[0]);
	return chip_play(&card, &script);
}

static struct chip_files files_of(void)
{
	struct chip_files files;

	assert_int_equal(chip_files_open(script.list, script.len, &files), 0);
	return files;
}

static const struct egk_file *file_of(uint16_t fid)
{
	for (int i = 0; i < EGK_FILES; i++)
		if (card.files[i].fid == fid)
			return &card.files[i];
	fail_msg("the card has no file %04X", fid);
	return NULL;
}

static void same(struct reader file, uint16_t fid, size_t len)
{
	assert_int_equal(file.len, len);
	assert_memory_equal(file.data, file_of(fid)->bytes, len);
}

static bool is_blank(const void *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (((const uint8_t *)data)[i] != 0)
			return false;
	return true;
}

static void an_egk_gives_its_files(void **state)
{
	struct chip_files files;

	(void)state;
	for (enum egk_kind kind = EGK_52; kind <= EGK_PRIVATE; kind++) {
		const uint8_t *pd, *vd;

		assert_int_equal(play(kind, EGK_HONEST), CHIP_DONE);
		files = files_of();
		pd = file_of(0xD001)->bytes;
		vd = file_of(0xD002)->bytes;
		same(files.status, 0xD00C, 25);
		same(files.pd, 0xD001, 2 + (size_t)(pd[0] << 8 | pd[1]));
		same(files.vd, 0xD002, 1 + (size_t)(vd[2] << 8 | vd[3]));
		same(files.version, 0x2F11, 32);
		assert_int_equal(files.gvd.len, 0);
		assert_int_equal(files.kvk.len, 0);
		assert_true(card.commands <= 20);
	}
}

static void the_protected_data_come_where_they_are_open(void **state)
{
	const uint8_t *gvd;

	(void)state;
	card_egk_init(&card, EGK_51, EGK_HONEST, &egk_people[1]);
	card_egk_open_gvd(&card);
	assert_int_equal(chip_play(&card, &script), CHIP_DONE);
	gvd = file_of(0xD003)->bytes;
	same(files_of().gvd, 0xD003, 2 + (size_t)(gvd[0] << 8 | gvd[1]));
}

static void cards_differ_in_how_they_answer(void **state)
{
	static uint8_t usual[CHIP_MAX_LIST];
	size_t len;

	(void)state;
	assert_int_equal(play(EGK_52, EGK_HONEST), CHIP_DONE);
	memcpy(usual, script.list, len = script.len);
	for (enum egk_fault fault = EGK_GET_RESPONSE; fault <= EGK_SMALL_PIECES; fault++) {
		assert_int_equal(play(EGK_52, fault), CHIP_DONE);
		assert_int_equal(script.len, len);
		assert_memory_equal(script.list, usual, len);
	}
	assert_int_equal(play(EGK_52, EGK_NO_STATUS), CHIP_DONE);
	assert_int_equal(files_of().status.len, 0);
	assert_true(files_of().pd.len > 0 && files_of().vd.len > 0);
}

static void a_kvk_gives_its_template(void **state)
{
	(void)state;
	assert_int_equal(play(EGK_KVK, EGK_HONEST), CHIP_DONE);
	assert_int_equal(files_of().kvk.len, card.files[0].len);
	assert_memory_equal(files_of().kvk.data, card.files[0].bytes, card.files[0].len);
	assert_int_equal(card.commands, 2);
	assert_int_equal(play(EGK_KVK_RAW, EGK_HONEST), CHIP_DONE);
	assert_int_equal(files_of().kvk.len, 256);
	/* A reader that gives it an ATR of its own. */
	card_egk_init(&card, EGK_KVK, EGK_GET_RESPONSE, &egk_people[0]);
	card.card.atr = (const uint8_t *)"\x3B\x00";
	card.card.atr_len = 2;
	assert_int_equal(chip_play(&card, &script), CHIP_DONE);
	assert_int_equal(files_of().kvk.len, card.files[0].len);
}

static void a_payment_card_is_told_and_not_read(void **state)
{
	uint8_t apdu[CHIP_MAX_APDU];
	size_t len;

	(void)state;
	assert_int_equal(play(EGK_EMV, EGK_HONEST), CHIP_PAYMENT);
	assert_int_equal(play(EGK_EMV_RID, EGK_HONEST), CHIP_PAYMENT);
	assert_int_equal(script.len, 0);
	assert_true(is_blank(script.list, sizeof(script.list)));
	assert_int_equal(chip_next(&script, apdu, &len), CHIP_PAYMENT);
	chip_answer(&script, (const uint8_t *)"\x01\x90\x00", 3);
	assert_int_equal(chip_next(&script, apdu, &len), CHIP_PAYMENT);
	assert_int_equal(script.len, 0);
}

static void other_cards_are_none(void **state)
{
	(void)state;
	assert_int_equal(play(EGK_OTHER, EGK_HONEST), CHIP_NONE);
	assert_int_equal(play(EGK_52, EGK_DEACTIVATED), CHIP_NONE);
	assert_int_equal(script.len, 0);
	/* A memory card is asked no more than whether it is a KVK. */
	card_egk_init(&card, EGK_OTHER, EGK_HONEST, &egk_people[0]);
	card.card.atr = (const uint8_t *)"\x3B\x04\x92\x23\x10\x91";
	card.card.atr_len = 6;
	assert_int_equal(chip_play(&card, &script), CHIP_NONE);
	assert_int_equal(card.commands, 2);
}

static void every_fault_ends(void **state)
{
	(void)state;
	for (enum egk_kind kind = EGK_52; kind < EGK_KIND_COUNT; kind++) {
		for (enum egk_fault fault = EGK_HONEST; fault < EGK_FAULT_COUNT; fault++) {
			enum chip_next end = play(kind, fault);
			struct chip_files files;

			if (end == CHIP_DONE)
				files = files_of();
			else
				assert_true(script.len == 0 && is_blank(script.list, sizeof(script.list)));
			if (end == CHIP_DONE && (fault == EGK_NO_PD || fault == EGK_PD_ZERO || fault == EGK_PD_HUGE))
				assert_true(files.pd.len == 0);
			if (end == CHIP_DONE && fault >= EGK_VD_NONE && fault <= EGK_VD_FAR)
				assert_true(files.vd.len == 0);
		}
	}
}

static void a_thousand_cards_of_garbage(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed < 1000; seed++) {
		enum chip_next end;

		card_egk_init(&card, (enum egk_kind)(seed % EGK_KIND_COUNT), EGK_GARBAGE, &egk_people[0]);
		card.seed = seed * 0x9E3779B97F4A7C15u;
		end = chip_play(&card, &script);
		if (end == CHIP_DONE)
			files_of();
		else
			assert_int_equal(script.len, 0);
	}
}

static void the_same_command_until_it_is_answered(void **state)
{
	uint8_t first[CHIP_MAX_APDU], second[CHIP_MAX_APDU];
	size_t one, two;

	(void)state;
	chip_start(&script, NULL, 0);
	assert_int_equal(chip_next(&script, first, &one), CHIP_SEND);
	assert_int_equal(chip_next(&script, second, &two), CHIP_SEND);
	assert_int_equal(one, two);
	assert_memory_equal(first, second, one);
	assert_int_equal(one, 11);
	assert_memory_equal(first, "\x00\xA4\x04\x0C\x06\xD2\x76\x00\x00\x01\x02", 11);
	chip_answer(&script, (const uint8_t *)"\x90\x00", 2);
	assert_int_equal(chip_next(&script, first, &one), CHIP_SEND);
	assert_int_equal(one, 5);
	assert_memory_equal(first, "\x00\xB0\x8C\x00\x19", 5);
	chip_answer(&script, NULL, 0);
	assert_int_equal(chip_next(&script, first, &one), CHIP_SEND);
	assert_memory_equal(first, "\x00\xB0\x81\x00\x02", 5);
}

static void wiping_leaves_nothing(void **state)
{
	uint8_t apdu[CHIP_MAX_APDU];
	size_t len;

	(void)state;
	assert_int_equal(play(EGK_52, EGK_HONEST), CHIP_DONE);
	chip_wipe(&script);
	assert_true(is_blank(script.list, sizeof(script.list)));
	assert_int_equal(chip_next(&script, apdu, &len), CHIP_NONE);
}

static void lists_are_taken_apart_with_care(void **state)
{
	static const struct {
		const char *list;
		size_t len;
		int err;
	} rows[] = { { "", 0, LOBBY_ERR_CARD_UNKNOWN },
		     { "\x02", 1, LOBBY_ERR_CARD_MALFORMED },
		     { "\x02\x00", 2, LOBBY_ERR_CARD_MALFORMED },
		     { "\x02\x00\x01", 3, LOBBY_ERR_CARD_MALFORMED },
		     { "\x02\x00\x01x", 4, 0 },
		     { "\x02\x00\x01x\x03", 5, LOBBY_ERR_CARD_MALFORMED },
		     { "\x02\x00\x01x\x02\x00\x01x", 8, LOBBY_ERR_CARD_MALFORMED },
		     { "\x7F\x00\x01x\x7F\x00\x00\x02\x00\x01x", 11, 0 } };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct chip_files files = { .pd = { .len = 77 } };
		int err = chip_files_open((const uint8_t *)rows[i].list, rows[i].len, &files);

		assert_int_equal(err, rows[i].err);
		assert_int_equal(files.pd.len, err != 0 ? 77 : 1);
	}
}

static void the_models_answer_as_cards_do(void **state)
{
	static const struct {
		const char *command;
		size_t len;
		unsigned sw;
	} rows[] = { { "\x00\xA4\x04\x0C\x06\xD2\x76\x00\x00\x01\x02", 11, 0x9000 },
		     { "\x00\xB0\x81\x00", 4, 0x6700 },
		     { "\x00\xB0\x81\x00\x02\x00", 6, 0x6700 },
		     { "\x00\xB0\x81\x00\x02", 5, 0x9000 },
		     { "\x00\xB0\x81\x00\x00\x00\x02", 7, 0x9000 }, /* extended */
		     { "\x00\xB0\x81\x00\x00\x00\x00", 7, 0x6282 },
		     { "\x00\xB0\x03\x50\x02", 5, 0x9000 },
		     { "\x00\xB0\x03\x51\x02", 5, 0x6282 },
		     { "\x00\xB0\x03\x52\x02", 5, 0x6B00 },
		     { "\x00\xB0\x83\x00\x02", 5, 0x6982 },
		     { "\x00\xB0\x9F\x00\x02", 5, 0x6A82 },
		     { "\x00\xA4\x02\x0C\x02\xD0\x02", 7, 0x9000 },
		     { "\x00\xB0\x00\x00\x08", 5, 0x9000 },
		     { "\x00\xA4\x04\x0C\x06\xD2\x76\x00\x00\x01\x03", 11, 0x6A82 },
		     { "\x00\xA4\x04\x0C\x07\xD2\x76\x00\x00\x01\x02", 11, 0x6700 },
		     { "\x00\x84\x00\x00\x08", 5, 0x6D00 },
		     { "\x80\xB0\x81\x00\x02", 5, 0x6E00 },
		     { "\x00\xB0", 2, 0x6700 } };
	static uint8_t answer[CHIP_MAX_ANSWER];
	uint8_t sum = 0;

	(void)state;
	card_egk_init(&card, EGK_52, EGK_HONEST, &egk_people[0]);
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t n = card.card.apdu(&card.card, (const uint8_t *)rows[i].command, rows[i].len, answer,
					  sizeof(answer));

		if (n < 2 || (unsigned)(answer[n - 2] << 8 | answer[n - 1]) != rows[i].sw)
			fail_msg("row %zu: %02X%02X", i, answer[n - 2], answer[n - 1]);
	}
	for (size_t i = 1; i < card.card.atr_len; i++)
		sum ^= card.card.atr[i];
	assert_int_equal(sum, 0); /* TCK, ISO/IEC 7816-3, 8.2.5 */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_egk_gives_its_files),
		cmocka_unit_test(the_protected_data_come_where_they_are_open),
		cmocka_unit_test(cards_differ_in_how_they_answer),
		cmocka_unit_test(a_kvk_gives_its_template),
		cmocka_unit_test(a_payment_card_is_told_and_not_read),
		cmocka_unit_test(other_cards_are_none),
		cmocka_unit_test(every_fault_ends),
		cmocka_unit_test(a_thousand_cards_of_garbage),
		cmocka_unit_test(the_same_command_until_it_is_answered),
		cmocka_unit_test(wiping_leaves_nothing),
		cmocka_unit_test(lists_are_taken_apart_with_care),
		cmocka_unit_test(the_models_answer_as_cards_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

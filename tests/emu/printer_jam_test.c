/* Trouble in the middle of a slip, on a virtual clock: mended in time it is printed again and says that it is a copy,
 * else it ends as what it was; and never more than once for a job does anybody hear that it is out. */
#include "tests/emu/rig.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PRINTER lobby_DeviceKind_DEVICE_PRINTER
#define READY lobby_DeviceState_DEVICE_READY
#define ABSENT lobby_DeviceState_DEVICE_ABSENT
#define PAPER_OUT lobby_DeviceState_DEVICE_PAPER_OUT
#define COVER_OPEN lobby_DeviceState_DEVICE_COVER_OPEN
#define OFFLINE lobby_DeviceState_DEVICE_OFFLINE
#define FAULT lobby_DeviceState_DEVICE_FAULT

#define MIDDLE 300 /* bytes of a job of six lines, which has about 510 */

static char text[8192];

static int setup(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	clock_use_virtual(1764000000000);
	rig_init(rig);
	*state = rig;
	return 0;
}

static int teardown(void **state)
{
	rig_fini(*state);
	free(*state);
	return 0;
}

static void plug_ready(struct rig *rig)
{
	assert_true(bus_plug(rig->bus, &rig->printer.model));
	rig_until_state(rig, PRINTER, READY);
	rig_pass(rig, 2000); /* who it is, and automatic status */
}

static void strike_after(struct rig *rig, int trouble, size_t bytes)
{
	bus_lock(rig->bus);
	rig->printer.trouble = trouble;
	rig->printer.trouble_after = bytes;
	bus_unlock(rig->bus);
}

static void mend(struct rig *rig)
{
	model_printer_set_paper(&rig->printer, PRINTER_PAPER_OK);
	model_printer_set_cover(&rig->printer, false);
	model_printer_set_offline(&rig->printer, false);
	model_printer_set_jam(&rig->printer, false);
}

static void expect(struct rig *rig, const char *job, int outcome)
{
	rig_until(rig, rig_outcome(rig, job) != 1);
	assert_int_equal(rig_outcome(rig, job), outcome);
}

/* The slip cut off last is this job's, and whole. */
static void expect_whole(struct rig *rig, const char *job, bool copy)
{
	char qr[80];

	snprintf(qr, sizeof(qr), "[QR: https://clinic.example.org/visit/%s]", job);
	assert_true(model_printer_text(&rig->printer, false, text, sizeof(text)));
	assert_int_equal(strncmp(text, copy ? "Copia\nB 14\n" : "B 14\n", copy ? 11 : 5), 0);
	for (int i = 1; i <= 6; i++) {
		char line[40];

		snprintf(line, sizeof(line), "Línea %d: siéntese", i);
		assert_non_null(strstr(text, line));
	}
	assert_non_null(strstr(text, qr));
}

/* ---- nobody comes ---- */

static void nobody_mends(struct rig *rig, int trouble, int outcome, lobby_DeviceState shown)
{
	int slips;

	plug_ready(rig);
	strike_after(rig, trouble, MIDDLE);
	rig_print(rig, "broken", 6);
	rig_until_state(rig, PRINTER, shown);
	rig_pass(rig, 29000);
	assert_int_equal(rig_outcome(rig, "broken"), 1); /* it waits */
	assert_int_equal(rig_state(rig, PRINTER), shown);
	rig_pass(rig, 5000);
	expect(rig, "broken", outcome);
	rig_pass(rig, 1000);
	mend(rig);
	rig_pass(rig, 11000); /* those that do not speak unasked are asked every ten seconds */
	assert_int_equal(rig_state(rig, PRINTER), READY);
	slips = model_printer_slips(&rig->printer);
	assert_int_equal(slips, 1); /* the half that came out, cut off */
	assert_true(model_printer_text(&rig->printer, false, text, sizeof(text)));
	assert_null(strstr(text, "QR"));
	rig_print(rig, "next", 6);
	expect(rig, "next", 0);
	assert_int_equal(model_printer_slips(&rig->printer), slips + 1);
	expect_whole(rig, "next", false);
	assert_null(strstr(text, "broken"));
	assert_int_equal(rig->printed_count, 2);
}

static void the_paper_is_out_for_good(void **state)
{
	nobody_mends(*state, TROUBLE_PAPER_OUT, LOBBY_ERR_PAPER_OUT, PAPER_OUT);
}

static void the_cover_stays_open(void **state)
{
	nobody_mends(*state, TROUBLE_COVER_OPEN, LOBBY_ERR_COVER_OPEN, COVER_OPEN);
}

static void it_stays_offline(void **state)
{
	nobody_mends(*state, TROUBLE_OFFLINE, LOBBY_ERR_OFFLINE, OFFLINE);
}

static void the_jam_stays(void **state)
{
	nobody_mends(*state, TROUBLE_JAM, LOBBY_ERR_PAPER_JAM, FAULT);
}

static void the_same_without_automatic_status(void **state)
{
	struct rig *rig = *state;

	rig->printer.no_asb = true;
	nobody_mends(rig, TROUBLE_PAPER_OUT, LOBBY_ERR_PAPER_OUT, PAPER_OUT);
}

/* ---- somebody comes ---- */

static void mended_at(struct rig *rig, int trouble, size_t after, int seconds)
{
	int before = model_printer_slips(&rig->printer);
	char job[24];

	snprintf(job, sizeof(job), "t%d-%zu", trouble, after);
	rig->printed_count = 0;
	strike_after(rig, trouble, after);
	rig_print(rig, job, 6);
	rig_until(rig, rig_state(rig, PRINTER) != READY);
	rig_pass(rig, seconds * 1000);
	assert_int_equal(rig_outcome(rig, job), 1);
	mend(rig);
	rig_pass(rig, 2500);
	expect(rig, job, 0);
	expect_whole(rig, job, true);
	rig_pass(rig, 5000);
	assert_int_equal(rig->printed_count, 1);
	assert_in_range(model_printer_slips(&rig->printer), before + 1, before + 2); /* with the half of the first */
	assert_int_equal(rig_state(rig, PRINTER), READY);
}

static void mended_in_time_it_is_printed_again_as_a_copy(void **state)
{
	static const size_t after[] = { 30, 120, 300, 450, 500 };
	static const int troubles[] = { TROUBLE_PAPER_OUT, TROUBLE_COVER_OPEN, TROUBLE_OFFLINE, TROUBLE_JAM };
	struct rig *rig = *state;

	plug_ready(rig);
	for (size_t t = 0; t < sizeof(troubles) / sizeof(troubles[0]); t++)
		for (size_t i = 0; i < sizeof(after) / sizeof(after[0]); i++)
			mended_at(rig, troubles[t], after[i], i == 2 ? 25 : 3);
	assert_int_equal(paper_unknown(rig->printer.paper), 0);
}

static void the_same_when_it_does_not_speak_unasked(void **state)
{
	struct rig *rig = *state;

	rig->printer.no_asb = true;
	plug_ready(rig);
	mended_at(rig, TROUBLE_PAPER_OUT, MIDDLE, 5);
}

static void the_same_when_automatic_statuses_are_lost(void **state)
{
	struct rig *rig = *state;

	plug_ready(rig);
	bus_lock(rig->bus);
	rig->printer.drops_asb = -1;
	bus_unlock(rig->bus);
	strike_after(rig, TROUBLE_PAPER_OUT, MIDDLE);
	rig_print(rig, "lost", 6);
	rig_pass(rig, 3000);
	assert_int_equal(rig_state(rig, PRINTER), PAPER_OUT);
	mend(rig);
	rig_pass(rig, 3000);
	expect(rig, "lost", 0);
	expect_whole(rig, "lost", true);
}

/* bInterfaceProtocol 1: no input endpoint, so that only GET_PORT_STATUS says how it is. */
static void the_same_when_it_cannot_speak_at_all(void **state)
{
	struct rig *rig = *state;
	struct model *model = &rig->printer.model;

	model->descriptors[18 + 2] -= 7; /* the configuration's length */
	model->descriptors[27 + 4] = 1;	 /* endpoints */
	model->descriptors[27 + 7] = 1;	 /* protocol */
	model->descriptors_len -= 7;
	plug_ready(rig);
	rig_print(rig, "one-way", 6);
	expect(rig, "one-way", 0);
	expect_whole(rig, "one-way", false);
	strike_after(rig, TROUBLE_PAPER_OUT, MIDDLE);
	rig_print(rig, "out", 6);
	rig_until(rig, rig_state(rig, PRINTER) == PAPER_OUT);
	rig_pass(rig, 4000);
	assert_int_equal(rig_outcome(rig, "out"), 1);
	mend(rig);
	rig_pass(rig, 3000);
	expect(rig, "out", 0);
	expect_whole(rig, "out", true);
}

static void some_printers_must_be_told_that_it_is_mended(void **state)
{
	struct rig *rig = *state;

	rig->printer.wants_enq = true;
	plug_ready(rig);
	mended_at(rig, TROUBLE_JAM, MIDDLE, 5);
	/* And between jobs. */
	model_printer_set_jam(&rig->printer, true);
	rig_until_state(rig, PRINTER, FAULT);
	assert_string_equal(rig_device(rig, PRINTER)->detail,
			    "The cutter is stuck: open the cover, take out the paper, close it again.");
	rig_print(rig, "refused", 1);
	expect(rig, "refused", LOBBY_ERR_PAPER_JAM);
	model_printer_set_jam(&rig->printer, false);
	rig_until_state(rig, PRINTER, READY);
}

static void it_is_begun_again_twice_at_most(void **state)
{
	struct rig *rig = *state;

	plug_ready(rig);
	rig->printed_count = 0;
	strike_after(rig, TROUBLE_JAM, MIDDLE);
	rig_print(rig, "thrice", 6);
	for (int i = 0; i < 3; i++) {
		rig_until_state(rig, PRINTER, FAULT);
		rig_pass(rig, 2000);
		assert_int_equal(rig_outcome(rig, "thrice"), i < 2 ? 1 : LOBBY_ERR_PAPER_JAM);
		strike_after(rig, TROUBLE_JAM, i < 2 ? MIDDLE : 0);
		mend(rig);
		rig_pass(rig, 2500);
	}
	assert_int_equal(rig->printed_count, 1);
	rig_until_state(rig, PRINTER, READY);
	rig_print(rig, "next", 6);
	expect(rig, "next", 0);
	expect_whole(rig, "next", false);
}

/* ---- what is no jam ---- */

static void what_nobody_can_mend_ends_at_once(void **state)
{
	struct rig *rig = *state;

	plug_ready(rig);
	strike_after(rig, TROUBLE_BROKEN, MIDDLE);
	rig_print(rig, "broken", 6);
	expect(rig, "broken", LOBBY_ERR_OFFLINE);
	assert_int_equal(rig_state(rig, PRINTER), FAULT);
	assert_non_null(strstr(rig_device(rig, PRINTER)->detail, "cannot recover"));
}

static void a_hot_head_cools_and_goes_on(void **state)
{
	struct rig *rig = *state;

	plug_ready(rig);
	strike_after(rig, TROUBLE_HOT, MIDDLE);
	rig_print(rig, "hot", 6);
	rig_until_state(rig, PRINTER, FAULT);
	assert_non_null(strstr(rig_device(rig, PRINTER)->detail, "too hot"));
	rig_pass(rig, 8000);
	assert_int_equal(rig_outcome(rig, "hot"), 1);
	model_printer_set_hot(&rig->printer, false);
	rig_pass(rig, 2000);
	expect(rig, "hot", 0);
	expect_whole(rig, "hot", false);
	assert_int_equal(model_printer_slips(&rig->printer), 1);
}

static void the_end_of_the_roll_comes_near_and_it_prints(void **state)
{
	struct rig *rig = *state;

	rig->printer.slow = true;
	plug_ready(rig);
	rig_print(rig, "low", 6);
	rig_until(rig, model_printer_received(&rig->printer) > 300);
	model_printer_step(&rig->printer, 200);
	model_printer_set_paper(&rig->printer, PRINTER_PAPER_LOW);
	rig_until_state(rig, PRINTER, lobby_DeviceState_DEVICE_PAPER_LOW);
	rig_until(rig, (model_printer_step(&rig->printer, 50), rig_outcome(rig, "low") != 1));
	expect(rig, "low", 0);
	expect_whole(rig, "low", false);
	assert_int_equal(rig_state(rig, PRINTER), lobby_DeviceState_DEVICE_PAPER_LOW);
}

static void cancelled_or_unplugged_while_it_waits(void **state)
{
	struct rig *rig = *state;

	plug_ready(rig);
	strike_after(rig, TROUBLE_PAPER_OUT, MIDDLE);
	rig_print(rig, "first", 6);
	rig_until_state(rig, PRINTER, PAPER_OUT);
	rig_pass(rig, 4000);
	rig_cancel(rig, "first");
	expect(rig, "first", LOBBY_ERR_CLOSED);
	rig_pass(rig, 2000);
	mend(rig);
	rig_until_state(rig, PRINTER, READY);
	rig_pass(rig, 2000);
	strike_after(rig, TROUBLE_COVER_OPEN, MIDDLE);
	rig_print(rig, "second", 6);
	rig_until_state(rig, PRINTER, COVER_OPEN);
	rig_pass(rig, 4000);
	bus_unplug(rig->bus, &rig->printer.model);
	expect(rig, "second", LOBBY_ERR_UNPLUGGED);
	mend(rig);
	plug_ready(rig);
	assert_int_equal(rig->printed_count, 2);
	rig_print(rig, "third", 6);
	expect(rig, "third", 0);
	expect_whole(rig, "third", false);
}

static void without_a_mark_nothing_is_printed_again(void **state)
{
	struct rig *rig = *state;
	lobby_Print print = { .job = "bare", .line_count = 8, .qr = "https://clinic.example.org/visit/bare" };

	for (int i = 0; i < 8; i++)
		snprintf(print.line[i].text, sizeof(print.line[i].text), "Line %d: take a seat on the left, please", i);
	plug_ready(rig);
	strike_after(rig, TROUBLE_COVER_OPEN, MIDDLE);
	rig_send_print(rig, &print);
	rig_until_state(rig, PRINTER, COVER_OPEN);
	rig_pass(rig, 100);
	mend(rig);
	expect(rig, "bare", LOBBY_ERR_COVER_OPEN);
	rig_pass(rig, 1000);
	assert_int_equal(model_printer_slips(&rig->printer), 1);
	assert_true(model_printer_text(&rig->printer, false, text, sizeof(text)));
	assert_null(strstr(text, "QR"));
	rig_print(rig, "next", 6);
	expect(rig, "next", 0);
	expect_whole(rig, "next", false);
}

static void one_that_answered_nothings_all_night_prints_in_the_morning(void **state)
{
	struct rig *rig = *state;

	rig->printer.empty_reads = true;
	plug_ready(rig);
	rig_pass(rig, 60000);
	rig_print(rig, "morning", 6);
	expect(rig, "morning", 0);
	expect_whole(rig, "morning", false);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_paper_is_out_for_good),
		TEST(the_cover_stays_open),
		TEST(it_stays_offline),
		TEST(the_jam_stays),
		TEST(the_same_without_automatic_status),
		TEST(mended_in_time_it_is_printed_again_as_a_copy),
		TEST(the_same_when_it_does_not_speak_unasked),
		TEST(the_same_when_automatic_statuses_are_lost),
		TEST(the_same_when_it_cannot_speak_at_all),
		TEST(some_printers_must_be_told_that_it_is_mended),
		TEST(it_is_begun_again_twice_at_most),
		TEST(what_nobody_can_mend_ends_at_once),
		TEST(a_hot_head_cools_and_goes_on),
		TEST(the_end_of_the_roll_comes_near_and_it_prints),
		TEST(cancelled_or_unplugged_while_it_waits),
		TEST(without_a_mark_nothing_is_printed_again),
		TEST(one_that_answered_nothings_all_night_prints_in_the_morning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

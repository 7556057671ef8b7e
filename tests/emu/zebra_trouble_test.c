/* Label printers with trouble: before, during and after a label; that misbehave; that are unplugged at any byte.
 * Nothing counts as printed that is not, and no name comes out for somebody else. */
#include "tests/emu/zebra_rig.h"

static const struct zebra_trouble ribbon_out = { .ribbon_out = true }, paused = { .paused = true };

/* ---- printed, or not ---- */

static void nothing_is_printed_until_the_printer_says_so(void **state)
{
	struct rig *rig = *state;

	zebra.slow = zebra.blinks = true;
	plug(rig, READY);
	send_label(rig, "slow");
	until(rig, model_zebra_formats(&zebra) == 1);
	rig_pass(rig, 3000);
	assert_int_equal(rig_outcome(rig, "slow"), 1);
	model_zebra_step(&zebra); /* out of the buffer, not on paper; and it says once that it holds nothing */
	rig_pass(rig, 3000);
	assert_int_equal(rig_outcome(rig, "slow"), 1);
	model_zebra_step(&zebra);
	assert_int_equal(model_zebra_printed(&zebra), 1);
	rig_pass(rig, 3000);
	assert_int_equal(rig_outcome(rig, "slow"), 0);
}

static void a_printer_that_never_finishes_is_given_up(void **state)
{
	struct rig *rig = *state;

	zebra.slow = true;
	plug(rig, READY);
	send_label(rig, "stuck");
	until(rig, model_zebra_formats(&zebra) == 1);
	rig_pass(rig, 33000);
	assert_int_equal(rig_outcome(rig, "stuck"), LOBBY_ERR_TIMEOUT);
	rig_pass(rig, 2000);
	assert_int_equal(zebra.buffered, 0);
	model_zebra_step(&zebra);
	assert_int_equal(model_zebra_printed(&zebra), 0);
}

static void trouble_before_is_told(void **state)
{
	static const struct {
		const struct zebra_trouble *trouble;
		lobby_DeviceState shown;
		int err;
		const char *words;
	} rows[] = {
		{ &media_out, lobby_DeviceState_DEVICE_PAPER_OUT, LOBBY_ERR_PAPER_OUT, "Out of labels" },
		{ &head_open, lobby_DeviceState_DEVICE_COVER_OPEN, LOBBY_ERR_COVER_OPEN, "head is open" },
		{ &ribbon_out, lobby_DeviceState_DEVICE_PAPER_OUT, LOBBY_ERR_PAPER_OUT, "ribbon" },
		{ &paused, lobby_DeviceState_DEVICE_OFFLINE, LOBBY_ERR_OFFLINE, "paused" },
	};
	struct rig *rig = *state;

	for (int mute = 0; mute < 2; mute++) {
		zebra.mute_in_error = mute;
		plug(rig, READY);
		for (int i = 0; i < 4; i++) {
			rig->printed_count = 0;
			model_zebra_set(&zebra, *rows[i].trouble);
			print_and_expect(rig, "job", rows[i].err);
			until_state(rig, rows[i].shown);
			assert_non_null(strstr(detail(rig), rows[i].words));
			model_zebra_set(&zebra, no_trouble);
			rig_pass(rig, 12000);
			assert_int_equal(rig_state(rig, LABELS), READY); /* it was asked again, later and later */
		}
		assert_int_equal(model_zebra_printed(&zebra), 0);
		unplug(rig);
	}
}

static void an_interrupted_label_is_printed_again_by_the_printer(void **state)
{
	static const struct zebra_trouble *const troubles[] = { &media_out, &head_open, &ribbon_out, &paused };
	static const char *const jobs[] = { "j0", "j1", "j2", "j3" };
	struct rig *rig = *state;

	plug(rig, READY);
	for (int i = 0; i < 4; i++) {
		bus_lock(rig->bus);
		zebra.strikes = *troubles[i];
		bus_unlock(rig->bus);
		send_label(rig, jobs[i]);
		until(rig, rig_state(rig, LABELS) != READY);
		rig_pass(rig, 10000);
		assert_int_equal(rig_outcome(rig, jobs[i]), 1); /* there is time to mend it */
		model_zebra_set(&zebra, no_trouble);
		rig_pass(rig, 3000);
		assert_int_equal(rig_outcome(rig, jobs[i]), 0);
		assert_int_equal(model_zebra_printed(&zebra), i + 1);
		assert_int_equal(zebra.spoiled, i + 1);
		assert_int_equal(rig_state(rig, LABELS), READY);
	}
	model_zebra_text(model_zebra_last(&zebra), text, sizeof(text));
	assert_null(strstr(text, "Copy"));
}

static void trouble_that_nobody_mends_leaves_no_name_behind(void **state)
{
	struct rig *rig = *state;

	zebra.strikes = media_out;
	plug(rig, READY);
	send_label(rig, "lost");
	until_state(rig, PAPER_OUT);
	rig_pass(rig, 32000);
	assert_int_equal(rig_outcome(rig, "lost"), LOBBY_ERR_PAPER_OUT);
	rig_pass(rig, 2000);
	model_zebra_set(&zebra, no_trouble);
	rig_pass(rig, 5000);
	assert_int_equal(model_zebra_printed(&zebra), 0);
	rig_send_print(rig, label(LABEL, "next", "Ann Lee"));
	expect(rig, "next", 0);
	assert_int_equal(model_zebra_printed(&zebra), 1);
	assert_string_equal(field(model_zebra_last(&zebra), ZEBRA_TEXT)->text, "Ann Lee");
}

static void trouble_that_comes_and_goes_has_an_end(void **state)
{
	struct rig *rig = *state;

	zebra.slow = true;
	plug(rig, READY);
	send_label(rig, "flaps");
	until(rig, model_zebra_formats(&zebra) == 1);
	for (int i = 0; i < 7 && rig_outcome(rig, "flaps") == 1; i++) {
		model_zebra_set(&zebra, i % 2 ? no_trouble : head_open);
		rig_pass(rig, 20000);
	}
	assert_int_not_equal(rig_outcome(rig, "flaps"), 1);
	assert_int_equal(model_zebra_printed(&zebra), 0);
}

static void a_label_that_the_printer_dropped_is_printed_again_as_a_copy(void **state)
{
	struct rig *rig = *state;
	lobby_Print *print;

	zebra.no_reprint = true;
	zebra.strikes = head_open;
	plug(rig, READY);
	send_label(rig, "dropped");
	until_state(rig, COVER_OPEN);
	model_zebra_set(&zebra, no_trouble);
	rig_pass(rig, 8000);
	assert_int_equal(rig_outcome(rig, "dropped"), 0);
	assert_int_equal(model_zebra_printed(&zebra), 1);
	model_zebra_text(model_zebra_last(&zebra), text, sizeof(text));
	assert_non_null(strstr(text, "Copy\n"));
	assert_non_null(strstr(text, "Maribel"));
	/* one that may not be marked is not printed twice */
	bus_lock(rig->bus);
	zebra.strikes = media_out;
	bus_unlock(rig->bus);
	print = label(LABEL, "unmarked", "Ann Lee");
	print->has_copy = false;
	rig_send_print(rig, print);
	until_state(rig, PAPER_OUT);
	model_zebra_set(&zebra, no_trouble);
	rig_pass(rig, 8000);
	assert_int_equal(rig_outcome(rig, "unmarked"), LOBBY_ERR_PAPER_OUT);
	assert_int_equal(model_zebra_printed(&zebra), 1);
}

static void a_cutter_jam_is_known_from_the_error_flags(void **state)
{
	struct rig *rig = *state;

	zebra.cutter_jam = true;
	plug(rig, FAULT);
	assert_non_null(strstr(detail(rig), "jammed"));
	print_and_expect(rig, "jam", LOBBY_ERR_PAPER_JAM);
	bus_lock(rig->bus);
	zebra.cutter_jam = false;
	zebra.no_hqes = true; /* and firmware that has no such flags prints all the same */
	bus_unlock(rig->bus);
	print_and_expect(rig, "old", 0);
}

/* ---- a printer that misbehaves ---- */

static void a_cancelled_job_leaves_no_name_behind(void **state)
{
	struct rig *rig = *state;

	zebra.slow = true;
	plug(rig, READY);
	for (int turns = 0; turns < 40; turns += 3) {
		char job[32];

		snprintf(job, sizeof(job), "c%d", turns);
		rig->printed_count = 0;
		send_label(rig, job);
		for (int i = 0; i < turns; i++)
			rig_turn(rig);
		rig_cancel(rig, job);
		expect(rig, job, LOBBY_ERR_CLOSED);
		rig_pass(rig, 1500);
		model_zebra_step(&zebra);
		model_zebra_step(&zebra);
		assert_int_equal(model_zebra_printed(&zebra), 0);
	}
}

static void a_label_of_a_program_that_crashed_is_thrown_away(void **state)
{
	struct rig *rig = *state;

	zebra.slow = true;
	plug(rig, READY);
	send_label(rig, "before");
	until(rig, model_zebra_formats(&zebra) == 1);
	rig_restart(rig);
	until_state(rig, READY);
	rig_pass(rig, 2000);
	assert_int_equal(zebra.buffered, 0);
	/* one that it keeps is in the way of everybody's, and said */
	send_label(rig, "kept");
	until(rig, model_zebra_formats(&zebra) == 1);
	zebra.keeps = true;
	rig_restart(rig);
	until_state(rig, OFFLINE);
	assert_non_null(strstr(detail(rig), "switch it off and on"));
	print_and_expect(rig, "after", LOBBY_ERR_OFFLINE);
}

static void a_stall_passes_and_a_dead_pipe_is_a_fault(void **state)
{
	struct rig *rig = *state;

	zebra.stall_writes = 2;
	zebra.stall_reads = 2;
	plug(rig, READY);
	print_and_expect(rig, "stalls", 0);
	unplug(rig);
	zebra.stall_reads = -1;
	plug(rig, FAULT);
	print_and_expect(rig, "dead", LOBBY_ERR_OFFLINE);
}

static void small_bites_are_enough(void **state)
{
	struct rig *rig = *state;

	zebra.accepts = 7;
	zebra.short_answers = true;
	plug(rig, READY);
	send_label(rig, "bites");
	until(rig, (model_zebra_step(&zebra), rig_outcome(rig, "bites") != 1));
	assert_int_equal(rig_outcome(rig, "bites"), 0);
	assert_int_equal(model_zebra_printed(&zebra), 1);
}

static void nonsense_and_silence_are_told(void **state)
{
	struct rig *rig = *state;

	zebra.garbage = true;
	plug(rig, FAULT);
	assert_non_null(strstr(detail(rig), "make no sense"));
	send_label(rig, "garbage");
	rig_pass(rig, 8000);
	assert_int_equal(rig_outcome(rig, "garbage"), LOBBY_ERR_PROTOCOL);
	unplug(rig);
	zebra.garbage = false;
	zebra.silent = true;
	assert_true(bus_plug(rig->bus, &zebra.model));
	until(rig, rig_state(rig, LABELS) != ABSENT);
	rig_pass(rig, 8000);
	assert_int_equal(rig_state(rig, LABELS), OFFLINE);
	assert_non_null(strstr(detail(rig), "does not answer"));
	assert_int_equal(model_zebra_printed(&zebra), 0);
}

static void another_language_is_unsupported(void **state)
{
	struct rig *rig = *state;

	zebra.device_id = "MFG:Zebra;CMD:EPL;MDL:LP2844;CLS:PRINTER;";
	plug(rig, lobby_DeviceState_DEVICE_UNSUPPORTED);
	assert_string_equal(detail(rig), "This label printer speaks EPL. Set it to ZPL.");
	print_and_expect(rig, "epl", LOBBY_ERR_OFFLINE);
}

static void unplugged_at_any_byte(void **state)
{
	struct rig *rig = *state;

	zebra.slow = true;
	for (size_t at = 1; at < 440; at = at * 5 / 4 + 1) {
		char job[32];

		snprintf(job, sizeof(job), "u%zu", at);
		rig->printed_count = 0;
		zebra.freeze_after = 0;
		plug(rig, READY);
		bus_lock(rig->bus);
		zebra.freeze_after = zebra.received + at;
		bus_unlock(rig->bus);
		send_label(rig, job);
		until(rig, model_zebra_received(&zebra) >= zebra.freeze_after || rig_outcome(rig, job) != 1);
		unplug(rig);
		expect(rig, job, LOBBY_ERR_UNPLUGGED);
	}
	zebra.freeze_after = 0;
	zebra.slow = false;
	plug(rig, READY);
	print_and_expect(rig, "after", 0);
}

static void one_that_answered_nothings_all_night_prints_in_the_morning(void **state)
{
	struct rig *rig = *state;

	zebra.empty_reads = true;
	plug(rig, READY);
	rig_pass(rig, 63000); /* it is read from every ten seconds by now */
	print_and_expect(rig, "morning", 0);
	assert_int_equal(model_zebra_printed(&zebra), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_printed_until_the_printer_says_so),
		TEST(a_printer_that_never_finishes_is_given_up),
		TEST(trouble_before_is_told),
		TEST(an_interrupted_label_is_printed_again_by_the_printer),
		TEST(trouble_that_nobody_mends_leaves_no_name_behind),
		TEST(trouble_that_comes_and_goes_has_an_end),
		TEST(a_label_that_the_printer_dropped_is_printed_again_as_a_copy),
		TEST(a_cutter_jam_is_known_from_the_error_flags),
		TEST(a_cancelled_job_leaves_no_name_behind),
		TEST(a_label_of_a_program_that_crashed_is_thrown_away),
		TEST(a_stall_passes_and_a_dead_pipe_is_a_fault),
		TEST(small_bites_are_enough),
		TEST(nonsense_and_silence_are_told),
		TEST(another_language_is_unsupported),
		TEST(unplugged_at_any_byte),
		TEST(one_that_answered_nothings_all_night_prints_in_the_morning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

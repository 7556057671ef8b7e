/* Slips through real libusb and the whole of lobby-devices: on paper as they should be, and every way of not printing.
 */
#include "tests/emu/rig.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PRINTER lobby_DeviceKind_DEVICE_PRINTER
#define READY lobby_DeviceState_DEVICE_READY
#define ABSENT lobby_DeviceState_DEVICE_ABSENT
#define PAPER_OUT lobby_DeviceState_DEVICE_PAPER_OUT
#define COVER_OPEN lobby_DeviceState_DEVICE_COVER_OPEN
#define OFFLINE lobby_DeviceState_DEVICE_OFFLINE

static char text[8192];

static int setup(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

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
}

static void print_and_expect(struct rig *rig, const char *job, int outcome)
{
	rig_print(rig, job, 6);
	rig_until(rig, rig_outcome(rig, job) != 1);
	assert_int_equal(rig_outcome(rig, job), outcome);
}

static const struct paper_slip *last(struct rig *rig)
{
	return paper_last(rig->printer.paper, false);
}

static void a_slip_comes_out_as_meant(void **state)
{
	struct rig *rig = *state;
	const struct paper_slip *slip;
	char folder[80];

	plug_ready(rig);
	assert_string_equal(rig_device(rig, PRINTER)->name, "Model Receipt Printer");
	print_and_expect(rig, "job-1", 0);
	assert_int_equal(model_printer_slips(&rig->printer), 1);
	assert_int_equal(paper_unknown(rig->printer.paper), 0);
	slip = last(rig);
	assert_true(slip->cut);
	assert_int_equal(slip->lines[0].count, 4);
	assert_int_equal(slip->lines[0].align, 1);
	assert_int_equal(slip->lines[0].cells[0].height, 4);
	assert_true(slip->lines[0].cells[0].bold);
	assert_int_equal(slip->lines[1].count, 48);
	paper_text(slip, text, sizeof(text));
	assert_non_null(strstr(text, "B 14\n"));
	assert_non_null(strstr(text, "Línea 6: siéntese a la izquierda, mañana 10 €\n"));
	assert_non_null(strstr(text, "[QR: https://clinic.example.org/visit/job-1]"));
	for (int i = 0; i < slip->count; i++)
		if (slip->lines[i].qr != NULL)
			assert_int_equal(slip->lines[i].align, 1);
	snprintf(folder, sizeof(folder), "%s/slip.png", rig->folder);
	assert_true(paper_write_png(slip, folder));
	assert_int_equal(unlink(folder), 0);
}

static void jobs_wait_their_turn_and_the_sixth_is_refused(void **state)
{
	static const char *const jobs[] = { "a", "b", "c", "d", "e", "f" };
	struct rig *rig = *state;

	rig->printer.slow = true;
	plug_ready(rig);
	for (int i = 0; i < 6; i++)
		rig_print(rig, jobs[i], 2);
	rig_print(rig, "b", 2); /* the same job again is the same job */
	rig_until(rig, rig_outcome(rig, "f") != 1);
	assert_int_equal(rig_outcome(rig, "f"), LOBBY_ERR_BUSY);
	assert_int_equal(rig->printed_count, 1);
	for (int i = 0; i < 5; i++) {
		rig_until(rig, (model_printer_step(&rig->printer, 200), rig_outcome(rig, jobs[i]) != 1));
		assert_int_equal(rig_outcome(rig, jobs[i]), 0);
		assert_int_equal(rig->printed_count, i + 2);
	}
	assert_int_equal(model_printer_slips(&rig->printer), 5);
}

static void nothing_is_printed_until_the_printer_says_so(void **state)
{
	struct rig *rig = *state;
	size_t sent;

	rig->printer.slow = true;
	plug_ready(rig);
	rig_print(rig, "slow", 20);
	rig_until(rig, model_printer_received(&rig->printer) > 600);
	rig_idle(rig, 200);
	sent = model_printer_received(&rig->printer);
	assert_int_equal(rig_outcome(rig, "slow"), 1);
	model_printer_step(&rig->printer, sent - 20); /* all but the cut */
	rig_idle(rig, 100);
	assert_int_equal(rig_outcome(rig, "slow"), 1);
	rig_until(rig, (model_printer_step(&rig->printer, 50), rig_outcome(rig, "slow") != 1));
	assert_int_equal(rig_outcome(rig, "slow"), 0);
}

static void states_show_as_they_change(void **state)
{
	struct rig *rig = *state;

	plug_ready(rig);
	model_printer_set_paper(&rig->printer, PRINTER_PAPER_LOW);
	rig_until_state(rig, PRINTER, lobby_DeviceState_DEVICE_PAPER_LOW);
	print_and_expect(rig, "low", 0);
	model_printer_set_paper(&rig->printer, PRINTER_PAPER_OUT);
	rig_until_state(rig, PRINTER, PAPER_OUT);
	print_and_expect(rig, "out", LOBBY_ERR_PAPER_OUT);
	model_printer_set_cover(&rig->printer, true);
	rig_until_state(rig, PRINTER, COVER_OPEN);
	print_and_expect(rig, "open", LOBBY_ERR_COVER_OPEN);
	model_printer_set_paper(&rig->printer, PRINTER_PAPER_OK);
	model_printer_set_cover(&rig->printer, false);
	rig_until_state(rig, PRINTER, READY);
	model_printer_set_offline(&rig->printer, true);
	rig_until_state(rig, PRINTER, OFFLINE);
	print_and_expect(rig, "off", LOBBY_ERR_OFFLINE);
	assert_int_equal(model_printer_slips(&rig->printer), 1);
}

static void plugged_in_without_paper(void **state)
{
	struct rig *rig = *state;

	model_printer_set_paper(&rig->printer, PRINTER_PAPER_OUT);
	assert_true(bus_plug(rig->bus, &rig->printer.model));
	rig_until_state(rig, PRINTER, PAPER_OUT);
	rig_idle(rig, 100);
	model_printer_set_paper(&rig->printer, PRINTER_PAPER_OK);
	rig_until_state(rig, PRINTER, READY);
}

static void without_a_printer_jobs_end_at_once(void **state)
{
	struct rig *rig = *state;

	rig_until(rig, rig->lists > 0);
	print_and_expect(rig, "nowhere", LOBBY_ERR_UNPLUGGED);
}

static void unplugged_in_the_middle_and_again(void **state)
{
	static const char *const jobs[] = { "u0", "u1", "u2", "u3" };
	struct rig *rig = *state;

	rig->printer.slow = true;
	for (int i = 0; i < 4; i++) {
		plug_ready(rig);
		rig_print(rig, jobs[i], 20);
		rig_print(rig, "waits", 2);
		for (int k = 0; k < i * 4; k++)
			rig_turn(rig);
		model_printer_step(&rig->printer, 100);
		bus_unplug(rig->bus, &rig->printer.model);
		rig_until_state(rig, PRINTER, ABSENT);
		rig_until(rig, rig_outcome(rig, "waits") != 1);
		assert_int_equal(rig_outcome(rig, jobs[i]), LOBBY_ERR_UNPLUGGED);
		assert_int_equal(rig_outcome(rig, "waits"), LOBBY_ERR_UNPLUGGED);
		rig->printed_count = 0;
	}
	rig->printer.slow = false;
	plug_ready(rig);
	print_and_expect(rig, "after", 0);
	assert_int_equal(rig->printed_count, 1); /* nothing was tried again behind anybody's back */
}

static void a_cancelled_job_leaves_no_name_on_paper(void **state)
{
	struct rig *rig = *state;

	rig->printer.slow = true;
	plug_ready(rig);
	rig_print(rig, "first", 10);
	rig_print(rig, "second", 2);
	rig_until(rig, model_printer_received(&rig->printer) > 300);
	rig_cancel(rig, "second");
	rig_until(rig, rig_outcome(rig, "second") != 1);
	assert_int_equal(rig_outcome(rig, "second"), LOBBY_ERR_CLOSED);
	rig_cancel(rig, "first");
	rig_until(rig, rig_outcome(rig, "first") != 1);
	assert_int_equal(rig_outcome(rig, "first"), LOBBY_ERR_CLOSED);
	rig_until(rig, (model_printer_step(&rig->printer, 50), model_printer_slips(&rig->printer) == 1));
	assert_true(model_printer_text(&rig->printer, false, text, sizeof(text)));
	assert_null(strstr(text, "first"));
	rig_print(rig, "third", 2);
	rig_until(rig, (model_printer_step(&rig->printer, 200), rig_outcome(rig, "third") != 1));
	assert_int_equal(rig_outcome(rig, "third"), 0);
}

static void a_stall_passes_and_a_dead_pipe_is_a_fault(void **state)
{
	struct rig *rig = *state;

	rig->printer.stall_writes = 2;
	plug_ready(rig);
	bus_lock(rig->bus);
	rig->printer.stall_reads = 1;
	bus_unlock(rig->bus);
	print_and_expect(rig, "through", 0);
	bus_lock(rig->bus);
	rig->printer.stall_writes = -1;
	bus_unlock(rig->bus);
	rig_print(rig, "dead", 3);
	rig_until(rig, rig_outcome(rig, "dead") != 1);
	assert_true(rig_outcome(rig, "dead") < 0);
	assert_int_equal(model_printer_slips(&rig->printer), 1);
}

static void small_bites_are_enough(void **state)
{
	struct rig *rig = *state;

	rig->printer.accepts = 7;
	plug_ready(rig);
	rig_print(rig, "bites", 8);
	rig_until(rig, (model_printer_step(&rig->printer, 0), rig_outcome(rig, "bites") != 1));
	assert_int_equal(rig_outcome(rig, "bites"), 0);
}

static void nonsense_and_silence_are_told(void **state)
{
	struct rig *rig = *state;

	rig->printer.garbage = true;
	assert_true(bus_plug(rig->bus, &rig->printer.model));
	rig_until_state(rig, PRINTER, lobby_DeviceState_DEVICE_FAULT);
	assert_non_null(strstr(rig_device(rig, PRINTER)->detail, "make no sense"));
	rig_print(rig, "garbage", 1);
	rig_until(rig, rig_outcome(rig, "garbage") != 1);
	assert_int_equal(rig_outcome(rig, "garbage"), LOBBY_ERR_PROTOCOL);
	bus_unplug(rig->bus, &rig->printer.model);
	rig_until_state(rig, PRINTER, ABSENT);
	rig->printer.garbage = false;
	rig->printer.silent = true;
	assert_true(bus_plug(rig->bus, &rig->printer.model));
	rig_until_state(rig, PRINTER, OFFLINE);
	assert_int_equal(model_printer_slips(&rig->printer), 0);
}

static void another_language_is_unsupported(void **state)
{
	struct rig *rig = *state;

	rig->printer.device_id = "MFG:Acme;CMD:ZPL;MDL:Label 2;";
	assert_true(bus_plug(rig->bus, &rig->printer.model));
	rig_until_state(rig, PRINTER, lobby_DeviceState_DEVICE_UNSUPPORTED);
	assert_string_equal(rig_device(rig, PRINTER)->detail, "This printer speaks ZPL, not ESC/POS.");
}

/* While it is not known yet which language a printer speaks, it takes jobs. */
static void a_job_for_one_that_turns_out_to_speak_another_language_ends(void **state)
{
	struct rig *rig = *state;

	rig->printer.device_id = "MFG:Acme;CMD:PCL;MDL:Office 3;";
	rig->printer.slow_id = true;
	assert_true(bus_plug(rig->bus, &rig->printer.model));
	rig_until(rig, rig_device(rig, PRINTER) != NULL && rig_device(rig, PRINTER)->name[0] != '\0');
	rig_print(rig, "early", 1);
	rig_idle(rig, 50);
	assert_int_equal(rig_outcome(rig, "early"), 1);
	bus_lock(rig->bus);
	rig->printer.slow_id = false;
	bus_wake(&rig->printer.model);
	bus_unlock(rig->bus);
	rig_until_state(rig, PRINTER, lobby_DeviceState_DEVICE_UNSUPPORTED);
	print_and_expect(rig, "late", LOBBY_ERR_OFFLINE);
	assert_int_equal(rig_outcome(rig, "early"), LOBBY_ERR_OFFLINE);
}

static void an_idle_printer_wakes_nobody(void **state)
{
	struct rig *rig = *state;
	uint64_t requests;

	plug_ready(rig);
	print_and_expect(rig, "before", 0);
	rig_idle(rig, 100);
	requests = bus_requests(rig->bus);
	assert_in_range(rig_idle(rig, 700), 1, 1);
	assert_int_equal(bus_requests(rig->bus), requests);
}

static void a_printer_that_answers_nothings_is_not_hammered(void **state)
{
	struct rig *rig = *state;
	uint64_t requests;

	rig->printer.empty_reads = true;
	plug_ready(rig);
	rig_idle(rig, 400);
	requests = bus_requests(rig->bus);
	rig_idle(rig, 600);
	assert_in_range(bus_requests(rig->bus) - requests, 0, 20);
	print_and_expect(rig, "still", 0);
}

static void pings_are_answered(void **state)
{
	struct rig *rig = *state;
	lobby_Envelope envelope = { .which_body = lobby_Envelope_ping_tag, .body.ping = { .number = 41 } };

	rig_until(rig, rig->lists > 0);
	assert_int_equal(wire_send(&rig->kiosk, &envelope), 0);
	rig_until(rig, rig->ping.answer);
	assert_int_equal(rig->ping.number, 41);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_slip_comes_out_as_meant),
		TEST(jobs_wait_their_turn_and_the_sixth_is_refused),
		TEST(nothing_is_printed_until_the_printer_says_so),
		TEST(states_show_as_they_change),
		TEST(plugged_in_without_paper),
		TEST(without_a_printer_jobs_end_at_once),
		TEST(unplugged_in_the_middle_and_again),
		TEST(a_cancelled_job_leaves_no_name_on_paper),
		TEST(a_stall_passes_and_a_dead_pipe_is_a_fault),
		TEST(small_bites_are_enough),
		TEST(nonsense_and_silence_are_told),
		TEST(another_language_is_unsupported),
		TEST(a_job_for_one_that_turns_out_to_speak_another_language_ends),
		TEST(an_idle_printer_wakes_nobody),
		TEST(a_printer_that_answers_nothings_is_not_hammered),
		TEST(pings_are_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The self-test through real libusb and the whole of lobby-devices: what it says of devices that work, that do not and
 * that nobody knows; what it prints; and that a card shown to it goes to nobody else. */
#include "tests/emu/rig.h"

#include "base/clock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SCANNER lobby_DeviceKind_DEVICE_SCANNER
#define PRINTER lobby_DeviceKind_DEVICE_PRINTER
#define UNKNOWN lobby_DeviceKind_DEVICE_UNKNOWN
#define READY lobby_DeviceState_DEVICE_READY
#define ABSENT lobby_DeviceState_DEVICE_ABSENT

#define DEVICES lobby_TestKind_TEST_DEVICES
#define PRINT lobby_TestKind_TEST_PRINT
#define LABEL lobby_TestKind_TEST_LABEL
#define SCAN lobby_TestKind_TEST_SCAN
#define STRIPE lobby_TestKind_TEST_STRIPE

#define PASSED lobby_TestState_TEST_PASSED
#define FAILED lobby_TestState_TEST_FAILED
#define SKIPPED lobby_TestState_TEST_SKIPPED
#define RUNNING lobby_TestState_TEST_RUNNING

/* The rig, a technician beside the kiosk, and a memory stick. */
struct bench {
	struct rig rig; /* first */
	struct wire_conn technician;
	lobby_TestReport report;
	int reports;
	struct model stick;
};

static const uint8_t stick_descriptors[] = {
	/* device: USB 2.0, class by interface, 1209:0008, release 2.11 */
	18, 1, 0x00, 0x02, 0, 0, 0, 64, 0x09, 0x12, 0x08, 0x00, 0x11, 0x02, 1, 2, 3, 1,
	/* configuration, one interface; mass storage, SCSI, bulk only; bulk in and out */
	9, 2, 32, 0, 1, 1, 0, 0x80, 100, 9, 4, 0, 0, 2, 8, 6, 80, 0, 7, 5, 0x81, 2, 64, 0, 0, 7, 5, 0x02, 2, 64, 0, 0
};

static int stick_in(struct model *model, uint8_t endpoint, uint8_t *data, size_t len)
{
	(void)model, (void)endpoint, (void)data, (void)len;
	return -EAGAIN;
}

static const struct model_class stick_class = { .in = stick_in };

static void on_message(void *arg, struct wire_conn *conn, const lobby_Envelope *envelope)
{
	struct bench *b = arg;

	(void)conn;
	if (envelope->which_body != lobby_Envelope_test_report_tag)
		return;
	b->report = envelope->body.test_report;
	b->reports++;
}

static void connect_technician(struct bench *b)
{
	wire_client_start(&b->technician, b->rig.loop, b->rig.path, lobby_Program_PROGRAM_CTL, on_message, NULL, b);
	rig_until(&b->rig, b->technician.up);
}

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	rig_init(&b->rig);
	b->stick = (struct model){ .class = &stick_class,
				   .kind = "stick",
				   .strings = { NULL, "Lobby", "Model Stick", "M-0001" },
				   .descriptors_len = sizeof(stick_descriptors) };
	memcpy(b->stick.descriptors, stick_descriptors, sizeof(stick_descriptors));
	connect_technician(b);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	wire_close(&b->technician);
	bus_unplug(b->rig.bus, &b->stick);
	rig_fini(&b->rig);
	free(b);
	return 0;
}

static void plug_scanner(struct bench *b)
{
	assert_true(bus_plug(b->rig.bus, &b->rig.scanner.model));
	rig_until_state(&b->rig, SCANNER, READY);
}

static void plug_printer(struct bench *b)
{
	assert_true(bus_plug(b->rig.bus, &b->rig.printer.model));
	rig_until_state(&b->rig, PRINTER, READY);
}

static void send(struct bench *b, const lobby_SelfTest *wanted)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_self_test_tag };

	envelope.body.self_test = *wanted;
	b->report = (lobby_TestReport){ 0 };
	assert_int_equal(wire_send(&b->technician, &envelope), 0);
}

static const lobby_TestLine *line_of(const struct bench *b, lobby_TestKind kind)
{
	for (pb_size_t i = 0; i < b->report.line_count; i++)
		if (b->report.line[i].kind == kind)
			return &b->report.line[i];
	return NULL;
}

static lobby_TestState state_of(const struct bench *b, lobby_TestKind kind)
{
	const lobby_TestLine *line = line_of(b, kind);

	return line == NULL ? lobby_TestState_TEST_WAITING : line->state;
}

#define assert_says(b, kind, words) assert_non_null(strstr(line_of(b, kind)->text, words))

static void run_to_end(struct bench *b, const lobby_SelfTest *wanted)
{
	send(b, wanted);
	rig_until(&b->rig, b->report.done);
}

static void show(struct bench *b, const char *aim, const char *code)
{
	model_scanner_scan(&b->rig.scanner, aim, code, strlen(code));
}

/* ---- the list ---- */

static void a_device_that_nobody_knows_is_named_with_what_was_tried(void **state)
{
	struct bench *b = *state;
	const lobby_Device *d;

	assert_true(bus_plug(b->rig.bus, &b->stick));
	rig_until(&b->rig, (d = rig_device(&b->rig, UNKNOWN)) != NULL && d->name[0] != '\0');
	assert_int_equal(d->state, lobby_DeviceState_DEVICE_UNSUPPORTED);
	assert_string_equal(d->name, "Model Stick");
	assert_string_equal(d->serial, "M-0001");
	assert_string_equal(d->firmware, "2.11");
	assert_int_equal(d->vendor_id, 0x1209);
	assert_int_equal(d->product_id, 8);
	assert_non_null(strstr(d->detail, "No driver for class 08 (mass storage); tried: scanner, "));
	assert_non_null(strstr(d->detail, "receipt printer"));
	bus_unplug(b->rig.bus, &b->stick);
	rig_until(&b->rig, b->rig.list.device_count == 0);
}

static void the_last_error_stays_when_all_is_well_again(void **state)
{
	struct bench *b = *state;
	struct rig *rig = &b->rig;

	plug_printer(b);
	assert_int_equal(rig_device(rig, PRINTER)->last_error_ms, 0);
	model_printer_set_cover(&rig->printer, true);
	rig_until_state(rig, PRINTER, lobby_DeviceState_DEVICE_COVER_OPEN);
	model_printer_set_cover(&rig->printer, false);
	rig_until_state(rig, PRINTER, READY);
	assert_string_equal(rig_device(rig, PRINTER)->last_error, "The cover is open.");
	assert_true(rig_device(rig, PRINTER)->last_error_ms > 0);
	assert_string_equal(rig_device(rig, PRINTER)->detail, "");
	bus_unplug(rig->bus, &rig->printer.model);
	rig_until_state(rig, PRINTER, ABSENT);
	plug_printer(b);
	assert_non_null(strstr(rig_device(rig, PRINTER)->last_error, "unplugged"));
}

/* ---- the test ---- */

static void all_of_it_passes_with_what_there_is(void **state)
{
	struct bench *b = *state;
	char paper[4096];

	plug_scanner(b);
	plug_printer(b);
	assert_true(bus_plug(b->rig.bus, &b->stick));
	rig_until(&b->rig, b->rig.list.device_count == 3);
	send(b, &(lobby_SelfTest){ .request = 7 });
	rig_until(&b->rig, state_of(b, SCAN) == RUNNING);
	assert_int_equal(state_of(b, PRINT), PASSED);
	assert_int_equal(b->report.request, 7);
	assert_string_equal(b->report.by, "lobbyctl");
	assert_true(model_printer_text(&b->rig.printer, false, paper, sizeof(paper)));
	assert_non_null(strstr(paper, "Lobby test slip"));
	assert_non_null(strstr(paper, "ÄÖÜ äöü ß"));
	assert_non_null(strstr(paper, "[QR: LOBBY SELF-TEST"));
	show(b, "L2", "Maria Garcia 1985-04-17");
	rig_until(&b->rig, b->report.done);
	assert_true(b->report.passed);
	assert_true(b->report.finished_ms >= b->report.started_ms);
	assert_string_equal(line_of(b, SCAN)->text, "PDF417 code, 23 characters.");
	assert_string_equal(line_of(b, SCAN)->device, "Model Scanner (1209:0001)");
	assert_int_equal(state_of(b, LABEL), SKIPPED);
	assert_int_equal(state_of(b, STRIPE), SKIPPED);
	assert_says(b, STRIPE, "No stripe reader");
	/* three devices, one of them unknown: said, and no failure */
	assert_int_equal(b->report.line[0].kind, DEVICES);
	assert_int_equal(b->report.line[2].kind, DEVICES);
	assert_int_equal(b->report.line[2].state, SKIPPED);
	assert_non_null(strstr(b->report.line[2].text, "mass storage"));
}

static void a_card_shown_to_the_test_goes_to_nobody_else(void **state)
{
	struct bench *b = *state;

	plug_scanner(b);
	send(b, &(lobby_SelfTest){ .kind = { SCAN }, .kind_count = 1 });
	rig_until(&b->rig, state_of(b, SCAN) == RUNNING);
	show(b, "Q1", "SECRET-0142");
	rig_until(&b->rig, b->report.done);
	assert_int_equal(b->rig.scans, 0);
	assert_null(strstr(line_of(b, SCAN)->text, "SECRET"));
	assert_string_equal(line_of(b, SCAN)->text, "QR code, 11 characters.");
	show(b, "Q1", "after the test");
	rig_until(&b->rig, b->rig.scans == 1);
}

static void what_cannot_be_read_does_not_count(void **state)
{
	struct bench *b = *state;

	b->rig.scanner.stop_after = 1;
	plug_scanner(b);
	send(b, &(lobby_SelfTest){ .kind = { SCAN }, .kind_count = 1 });
	rig_until(&b->rig, state_of(b, SCAN) == RUNNING);
	show(b, "L2", "0123456789012345678901234567890123456789012345678901234567890123456789");
	rig_until(&b->rig, strstr(line_of(b, SCAN)->text, "Try again.") != NULL);
	assert_int_equal(state_of(b, SCAN), RUNNING);
	bus_lock(b->rig.bus);
	b->rig.scanner.stop_after = 0;
	bus_unlock(b->rig.bus);
	show(b, "L2", "short");
	rig_until(&b->rig, b->report.done);
	assert_true(b->report.passed);
	assert_int_equal(b->rig.scans, 0);
}

static void no_card_within_the_time_has_failed_and_skipping_has_not(void **state)
{
	struct bench *b = *state;

	plug_scanner(b);
	run_to_end(b, &(lobby_SelfTest){ .kind = { SCAN }, .kind_count = 1, .wait_s = 1 });
	assert_false(b->report.passed);
	assert_says(b, SCAN, "within 1 s");
	send(b, &(lobby_SelfTest){ .kind = { DEVICES, SCAN }, .kind_count = 2 });
	rig_until(&b->rig, state_of(b, SCAN) == RUNNING);
	send(b, &(lobby_SelfTest){ .skip = true });
	rig_until(&b->rig, b->report.done);
	assert_int_equal(state_of(b, SCAN), SKIPPED);
	assert_true(b->report.passed);
}

static void a_printer_that_does_not_print_has_failed(void **state)
{
	struct bench *b = *state;

	model_printer_set_paper(&b->rig.printer, PRINTER_PAPER_OUT);
	assert_true(bus_plug(b->rig.bus, &b->rig.printer.model));
	rig_until_state(&b->rig, PRINTER, lobby_DeviceState_DEVICE_PAPER_OUT);
	run_to_end(b, &(lobby_SelfTest){ .kind = { PRINT }, .kind_count = 1 });
	assert_false(b->report.passed);
	assert_int_equal(state_of(b, PRINT), FAILED);
	assert_says(b, PRINT, "Out of paper");
	/* nobody named it: its state has failed, and it is not tried */
	run_to_end(b, &(lobby_SelfTest){ 0 });
	assert_false(b->report.passed);
	assert_int_equal(state_of(b, DEVICES), FAILED);
	assert_int_equal(state_of(b, PRINT), SKIPPED);
	/* one that breaks in the middle */
	bus_unplug(b->rig.bus, &b->rig.printer.model);
	rig_until_state(&b->rig, PRINTER, ABSENT);
	b->rig.printer.roll = PRINTER_PAPER_OK;
	b->rig.printer.trouble = TROUBLE_BROKEN;
	b->rig.printer.trouble_after = 300;
	plug_printer(b);
	run_to_end(b, &(lobby_SelfTest){ .kind = { PRINT }, .kind_count = 1 });
	assert_int_equal(state_of(b, PRINT), FAILED);
	assert_says(b, PRINT, "Not printed. The device is offline.");
}

static void nothing_plugged_in_is_no_pass(void **state)
{
	struct bench *b = *state;

	run_to_end(b, &(lobby_SelfTest){ 0 });
	assert_false(b->report.passed);
	assert_says(b, DEVICES, "No device is plugged in.");
	run_to_end(b, &(lobby_SelfTest){ .kind = { LABEL }, .kind_count = 1 });
	assert_false(b->report.passed);
	assert_int_equal(state_of(b, LABEL), SKIPPED);
}

static void the_report_is_printed_now_and_again(void **state)
{
	struct bench *b = *state;
	char paper[4096];
	int64_t started;

	plug_printer(b);
	run_to_end(b, &(lobby_SelfTest){ .kind = { DEVICES }, .kind_count = 1, .print_report = true });
	assert_true(b->report.passed);
	assert_int_equal(b->report.line_count, 1);
	assert_int_equal(model_printer_slips(&b->rig.printer), 1);
	assert_true(model_printer_text(&b->rig.printer, false, paper, sizeof(paper)));
	assert_non_null(strstr(paper, "Self-test passed"));
	assert_non_null(strstr(paper, "PASSED: Device, Model Receipt Printer"));
	started = b->report.started_ms;
	run_to_end(b, &(lobby_SelfTest){ .request = 9, .print_last = true });
	assert_int_equal(model_printer_slips(&b->rig.printer), 2);
	assert_int_equal(b->report.started_ms, started);
	assert_int_equal(b->report.request, 9);
	bus_unplug(b->rig.bus, &b->rig.printer.model);
	rig_until_state(&b->rig, PRINTER, ABSENT);
	run_to_end(b, &(lobby_SelfTest){ .print_last = true });
	assert_true(b->report.passed);
	assert_int_equal(b->report.started_ms, started);
	assert_int_equal(b->report.print_err, LOBBY_ERR_UNPLUGGED);
}

static void one_test_at_a_time_and_its_asker_can_end_it(void **state)
{
	struct bench *b = *state;
	lobby_Envelope second = { .which_body = lobby_Envelope_self_test_tag };

	plug_scanner(b);
	send(b, &(lobby_SelfTest){ .kind = { SCAN, STRIPE }, .kind_count = 2 });
	rig_until(&b->rig, state_of(b, SCAN) == RUNNING);
	assert_int_equal(wire_send(&b->rig.kiosk, &second), 0); /* answered to the kiosk: not to us */
	second.body.self_test.cancel = true;
	assert_int_equal(wire_send(&b->rig.kiosk, &second), 0); /* not its to end */
	rig_idle(&b->rig, 100);
	assert_int_equal(state_of(b, SCAN), RUNNING);
	send(b, &(lobby_SelfTest){ .cancel = true });
	rig_until(&b->rig, b->report.done);
	assert_false(b->report.passed);
	assert_int_equal(state_of(b, SCAN), FAILED);
	assert_says(b, SCAN, "Cancelled");
	/* whoever goes away has ended it, too */
	send(b, &(lobby_SelfTest){ .kind = { SCAN }, .kind_count = 1 });
	rig_until(&b->rig, state_of(b, SCAN) == RUNNING);
	wire_close(&b->technician);
	rig_idle(&b->rig, 100);
	show(b, "Q1", "for the kiosk");
	rig_until(&b->rig, b->rig.scans == 1);
	connect_technician(b);
	run_to_end(b, &(lobby_SelfTest){ .kind = { DEVICES }, .kind_count = 1 });
	assert_true(b->report.passed);
}

static void a_cancelled_slip_comes_out_for_nobody(void **state)
{
	struct bench *b = *state;

	b->rig.printer.slow = true;
	plug_printer(b);
	send(b, &(lobby_SelfTest){ .kind = { PRINT }, .kind_count = 1 });
	rig_until(&b->rig, model_printer_received(&b->rig.printer) > 100);
	send(b, &(lobby_SelfTest){ .cancel = true });
	rig_until(&b->rig, b->report.done);
	assert_int_equal(state_of(b, PRINT), FAILED);
	rig_until(&b->rig, (model_printer_step(&b->rig.printer, 500), rig_state(&b->rig, PRINTER) == READY));
	rig_print(&b->rig, "next", 2);
	rig_until(&b->rig, (model_printer_step(&b->rig.printer, 500), rig_outcome(&b->rig, "next") == 0));
}

static void unplugged_while_it_is_tested(void **state)
{
	struct bench *b = *state;

	b->rig.printer.slow = true;
	plug_printer(b);
	send(b, &(lobby_SelfTest){ .kind = { PRINT }, .kind_count = 1 });
	rig_until(&b->rig, model_printer_received(&b->rig.printer) > 100);
	bus_unplug(b->rig.bus, &b->rig.printer.model);
	rig_until(&b->rig, b->report.done);
	assert_int_equal(state_of(b, PRINT), FAILED);
	assert_says(b, PRINT, "unplugged");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_device_that_nobody_knows_is_named_with_what_was_tried),
		T(the_last_error_stays_when_all_is_well_again),
		T(all_of_it_passes_with_what_there_is),
		T(a_card_shown_to_the_test_goes_to_nobody_else),
		T(what_cannot_be_read_does_not_count),
		T(no_card_within_the_time_has_failed_and_skipping_has_not),
		T(a_printer_that_does_not_print_has_failed),
		T(nothing_plugged_in_is_no_pass),
		T(the_report_is_printed_now_and_again),
		T(one_test_at_a_time_and_its_asker_can_end_it),
		T(a_cancelled_slip_comes_out_for_nobody),
		T(unplugged_while_it_is_tested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Wristbands and labels through real libusb and the whole of lobby-devices, on a virtual clock: as they should be, and
 * every way of not printing. With LOBBY_LABELS=FOLDER it prints two and leaves their ZPL there instead, for a renderer
 * that others wrote (labels.test.mjs). */
#include "tests/emu/model_zebra.h"
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

#define LABELS lobby_DeviceKind_DEVICE_LABEL_PRINTER
#define READY lobby_DeviceState_DEVICE_READY
#define ABSENT lobby_DeviceState_DEVICE_ABSENT
#define PAPER_OUT lobby_DeviceState_DEVICE_PAPER_OUT
#define COVER_OPEN lobby_DeviceState_DEVICE_COVER_OPEN
#define OFFLINE lobby_DeviceState_DEVICE_OFFLINE
#define FAULT lobby_DeviceState_DEVICE_FAULT
#define WRISTBAND lobby_PrintForm_PRINT_WRISTBAND
#define LABEL lobby_PrintForm_PRINT_LABEL

static const struct zebra_trouble no_trouble, media_out = { .media_out = true }, head_open = { .head_open = true },
					      ribbon_out = { .ribbon_out = true }, paused = { .paused = true };
static struct model_zebra zebra;
static char text[4096];

static int setup(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	clock_use_virtual(1764000000000);
	rig_init(rig);
	model_zebra_init(&zebra, rig->bus);
	*state = rig;
	return 0;
}

static int teardown(void **state)
{
	model_zebra_fini(&zebra);
	rig_fini(*state);
	free(*state);
	return 0;
}

/* As rig_until(), but with the driver's pauses passing at once. */
#define until(rig, condition) \
	do { \
		int64_t until_end = rig_real_ms() + RIG_PATIENCE_MS; \
		while (!(condition) && rig_real_ms() < until_end) \
			rig_pass(rig, 20); \
		assert_true(condition); \
	} while (0)

static void until_state(struct rig *rig, lobby_DeviceState expected)
{
	until(rig, rig_state(rig, LABELS) == expected);
}

static void plug(struct rig *rig, lobby_DeviceState expected)
{
	assert_true(bus_plug(rig->bus, &zebra.model));
	until_state(rig, expected);
}

static void unplug(struct rig *rig)
{
	bus_unplug(rig->bus, &zebra.model);
	until_state(rig, ABSENT);
}

static lobby_Print *label(lobby_PrintForm form, const char *job, const char *name)
{
	static lobby_Print print;

	print = (lobby_Print){ .form = form, .line_count = 3, .has_copy = true };
	snprintf(print.job, sizeof(print.job), "%s", job);
	snprintf(print.line[0].text, sizeof(print.line[0].text), "%s", name);
	print.line[0].scale = 3;
	print.line[0].bold = true;
	snprintf(print.line[1].text, sizeof(print.line[1].text), "Born 14 March 1956");
	print.line[1].scale = 2;
	snprintf(print.line[2].text, sizeof(print.line[2].text), "No. 4471-0092");
	snprintf(print.qr, sizeof(print.qr), "7d1f2a90-5c3e-4b7a-9d11-0c5b8f3e2a64");
	snprintf(print.code128, sizeof(print.code128), form == LABEL ? "V-44710092" : "44710092");
	snprintf(print.copy.text, sizeof(print.copy.text), "Copy");
	return &print;
}

static void send_label(struct rig *rig, const char *job)
{
	rig_send_print(rig, label(WRISTBAND, job, "Maribel Cañizares Ölund"));
}

static void expect(struct rig *rig, const char *job, int outcome)
{
	until(rig, rig_outcome(rig, job) != 1);
	assert_int_equal(rig_outcome(rig, job), outcome);
}

static void print_and_expect(struct rig *rig, const char *job, int outcome)
{
	send_label(rig, job);
	expect(rig, job, outcome);
}

static const char *detail(struct rig *rig)
{
	return rig_device(rig, LABELS)->detail;
}

static const struct zebra_field *field(const struct zebra_label *l, enum zebra_kind kind)
{
	for (int i = 0; i < l->count; i++)
		if (l->fields[i].kind == kind)
			return &l->fields[i];
	return NULL;
}

/* ---- as they should be ---- */

static void a_wristband_comes_out_as_meant(void **state)
{
	struct rig *rig = *state;
	const struct zebra_label *l;

	plug(rig, READY);
	assert_string_equal(rig_device(rig, LABELS)->name, "ZTC ZD410-203dpi ZPL");
	assert_string_equal(rig_device(rig, LABELS)->firmware, "V84.20.21Z");
	assert_int_equal(rig_device(rig, LABELS)->dots_per_mm, 8);
	print_and_expect(rig, "band", 0);
	assert_int_equal(model_zebra_printed(&zebra), 1);
	assert_int_equal(zebra.unknown, 0);
	l = model_zebra_last(&zebra);
	assert_int_equal(l->width, 200);
	assert_int_equal(l->length, 2232);
	assert_string_equal(field(l, ZEBRA_QR)->text, "7d1f2a90-5c3e-4b7a-9d11-0c5b8f3e2a64");
	assert_string_equal(field(l, ZEBRA_CODE128)->text, "44710092");
	assert_int_equal(field(l, ZEBRA_CODE128)->orientation, 'R');
	assert_string_equal(field(l, ZEBRA_TEXT)->text, "Maribel Cañizares Ölund");
	assert_int_equal(field(l, ZEBRA_TEXT)->orientation, 'R');
	assert_true(field(l, ZEBRA_TEXT)->height > 50);
	model_zebra_text(l, text, sizeof(text));
	assert_non_null(strstr(text, "Born 14 March 1956\n"));
	/* the name's top is at the right, where the band's upper edge is, and it begins after the symbols */
	assert_true(field(l, ZEBRA_TEXT)->x > 80);
	assert_true(field(l, ZEBRA_TEXT)->y > field(l, ZEBRA_CODE128)->y);
}

static void a_label_comes_out_at_300_dpi(void **state)
{
	struct rig *rig = *state;
	const struct zebra_label *l;

	zebra.dots_per_mm = 12;
	plug(rig, READY);
	assert_int_equal(rig_device(rig, LABELS)->dots_per_mm, 12);
	rig_send_print(rig, label(LABEL, "label", "Li Na"));
	expect(rig, "label", 0);
	l = model_zebra_last(&zebra);
	assert_int_equal(l->width, 600);
	assert_int_equal(l->length, 300);
	assert_int_equal(field(l, ZEBRA_TEXT)->orientation, 'N');
	assert_string_equal(field(l, ZEBRA_CODE128)->text, "V-44710092");
	assert_int_equal(zebra.unknown, 0);
}

static void a_hostile_name_is_only_a_name(void **state)
{
	static const char *const names[] = { "^XZ~JA", "~JR^XA^JUF^XZ", "_5EXZ", "O\\&B\\\\", ">:^FS^FDx" };
	struct rig *rig = *state;

	plug(rig, READY);
	for (int i = 0; i < 5; i++) {
		char job[32];
		lobby_Print *print;

		snprintf(job, sizeof(job), "h%d", i);
		print = label(WRISTBAND, job, names[i]);
		snprintf(print->code128, sizeof(print->code128), "%s", names[i]);
		snprintf(print->qr, sizeof(print->qr), "%s", names[i]);
		rig_send_print(rig, print);
		expect(rig, job, 0);
		assert_int_equal(model_zebra_printed(&zebra), i + 1);
		assert_string_equal(field(model_zebra_last(&zebra), ZEBRA_TEXT)->text, names[i]);
		assert_string_equal(field(model_zebra_last(&zebra), ZEBRA_CODE128)->text, names[i]);
		assert_string_equal(field(model_zebra_last(&zebra), ZEBRA_QR)->text, names[i]);
	}
	assert_int_equal(zebra.unknown, 0);
}

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

/* ---- pictures ---- */

#define PICTURE_DOTS 400
#define PICTURE_ROWS 150

static uint8_t picture[PICTURE_ROWS * PICTURE_DOTS / 8];
static uint32_t asked_rows, most_rows;
static enum { ANSWER, REFUSE, IGNORE, WRONG } answers;

static void on_want(struct rig *rig, const lobby_PrintWant *want)
{
	const uint8_t *rows = picture + (size_t)want->first_row * PICTURE_DOTS / 8;

	assert_true(want->first_row + want->rows <= PICTURE_ROWS);
	asked_rows += want->rows;
	most_rows = want->rows > most_rows ? want->rows : most_rows;
	if (answers == WRONG)
		rig_send_band(rig, want->job, want->first_row + 1, want->rows, rows, 50);
	if (answers == ANSWER || answers == WRONG)
		rig_send_band(rig, want->job, want->first_row, want->rows, rows, want->rows * PICTURE_DOTS / 8);
	else if (answers == REFUSE)
		rig_send_band(rig, want->job, want->first_row, want->rows, NULL, 0);
}

static bool is_black(const uint8_t *bits, int bytes_per_row, int x, int y)
{
	return bits[y * bytes_per_row + x / 8] & 0x80 >> x % 8;
}

static bool is_printed(const struct zebra_label *l, int x, int y)
{
	for (int i = 0; i < l->count; i++) {
		const struct zebra_field *f = &l->fields[i];

		if (f->kind == ZEBRA_GRAPHIC && x >= f->x && x < f->x + 8 * f->bytes_per_row && y >= f->y &&
		    y < f->y + f->rows && is_black(f->bits, f->bytes_per_row, x - f->x, y - f->y))
			return true;
	}
	return false;
}

static void send_picture(struct rig *rig, lobby_PrintForm form, const char *job)
{
	lobby_Print *print = label(form, job, "فاطمة");

	print->line_count = 1;
	print->line[0].rows = PICTURE_ROWS;
	print->row_dots = PICTURE_DOTS;
	print->code128[0] = print->qr[0] = '\0';
	print->width_mm = form == WRISTBAND ? 25 : 60;
	print->length_mm = form == WRISTBAND ? 279 : 25;
	rig_send_print(rig, print);
}

static void pictures_come_in_bands(void **state)
{
	struct rig *rig = *state;
	const struct zebra_label *l;

	for (size_t i = 0; i < sizeof(picture); i++)
		picture[i] = (uint8_t)(i * 2654435761u >> 13);
	memset(picture + 1000, 0, 500);
	rig->on_want = on_want;
	answers = WRONG; /* rows that nobody asked for are passed over */
	asked_rows = most_rows = 0;
	plug(rig, READY);
	send_picture(rig, LABEL, "upright");
	expect(rig, "upright", 0);
	assert_int_equal(asked_rows, PICTURE_ROWS);
	assert_true(most_rows * PICTURE_DOTS / 8 <= 4096);
	l = model_zebra_last(&zebra);
	for (int y = 0; y < PICTURE_ROWS; y++)
		for (int x = 0; x < PICTURE_DOTS; x++)
			assert_int_equal(is_printed(l, 12 + x, 25 + y), is_black(picture, PICTURE_DOTS / 8, x, y));
	answers = ANSWER;
	send_picture(rig, WRISTBAND, "turned");
	expect(rig, "turned", 0);
	l = model_zebra_last(&zebra);
	for (int y = 0; y < PICTURE_ROWS; y++)
		for (int x = 0; x < PICTURE_DOTS; x++)
			assert_int_equal(is_printed(l, 200 - 25 - 1 - y, 48 + x),
					 is_black(picture, PICTURE_DOTS / 8, x, y));
	assert_int_equal(zebra.unknown, 0);
}

static void without_its_picture_nothing_is_printed(void **state)
{
	struct rig *rig = *state;

	rig->on_want = on_want;
	plug(rig, READY);
	answers = REFUSE;
	send_picture(rig, LABEL, "gone");
	expect(rig, "gone", LOBBY_ERR_CLOSED);
	answers = IGNORE;
	send_picture(rig, LABEL, "late");
	rig_pass(rig, 7000);
	assert_int_equal(rig_outcome(rig, "late"), LOBBY_ERR_TIMEOUT);
	rig_pass(rig, 1000);
	assert_int_equal(model_zebra_printed(&zebra), 0);
	assert_int_equal(zebra.buffered, 0);
	print_and_expect(rig, "next", 0);
	assert_int_equal(model_zebra_printed(&zebra), 1);
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

/* ---- rest ---- */

static void an_idle_printer_wakes_nobody(void **state)
{
	struct rig *rig = *state;
	uint64_t requests;
	int asked;

	plug(rig, READY);
	print_and_expect(rig, "before", 0);
	rig_pass(rig, 1000);
	requests = bus_requests(rig->bus);
	rig_pass(rig, 600000);
	assert_int_equal(bus_requests(rig->bus), requests);
	/* in trouble it is asked less and less */
	model_zebra_set(&zebra, media_out);
	print_and_expect(rig, "out", LOBBY_ERR_PAPER_OUT);
	asked = zebra.asked_hs;
	rig_pass(rig, 1200000);
	assert_in_range(zebra.asked_hs - asked, 6, 12);
}

static void an_alert_makes_it_ask(void **state)
{
	struct rig *rig = *state;

	plug(rig, READY);
	rig_pass(rig, 1000);
	model_zebra_set(&zebra, head_open);
	model_zebra_alert(&zebra, "ERROR CONDITION: HEAD OPEN\r\n");
	until_state(rig, COVER_OPEN);
	model_zebra_set(&zebra, no_trouble);
	model_zebra_alert(&zebra, "ERROR CLEARED: HEAD OPEN\r\n");
	until_state(rig, READY);
}

/* ---- for the renderer ---- */

static void leave(const char *folder, const char *name)
{
	const struct zebra_label *l = model_zebra_last(&zebra);
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.zpl", folder, name);
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(l->zpl, 1, l->zpl_len, f), l->zpl_len);
	assert_int_equal(fclose(f), 0);
}

static void leave_labels(void **state)
{
	static const struct {
		const char *name, *patient;
		lobby_PrintForm form;
	} rows[] = {
		{ "wristband", "Maribel Cañizares Ölund", WRISTBAND },
		{ "label", "Maribel Cañizares Ölund", LABEL },
		{ "hostile", "^XZ~JA_5E & Söhne", WRISTBAND },
	};
	const char *folder = getenv("LOBBY_LABELS");
	struct rig *rig = *state;

	plug(rig, READY);
	for (int i = 0; i < 3; i++) {
		lobby_Print *print = label(rows[i].form, rows[i].name, rows[i].patient);

		if (i == 2) {
			snprintf(print->code128, sizeof(print->code128), "^XA>~_HS_JA");
			snprintf(print->qr, sizeof(print->qr), "^XZ~JA,_5E\\&>:");
		}
		rig_send_print(rig, print);
		expect(rig, rows[i].name, 0);
		leave(folder, rows[i].name);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest leaving[] = { TEST(leave_labels) };
	const struct CMUnitTest tests[] = {
		TEST(a_wristband_comes_out_as_meant),
		TEST(a_label_comes_out_at_300_dpi),
		TEST(a_hostile_name_is_only_a_name),
		TEST(nothing_is_printed_until_the_printer_says_so),
		TEST(a_printer_that_never_finishes_is_given_up),
		TEST(trouble_before_is_told),
		TEST(an_interrupted_label_is_printed_again_by_the_printer),
		TEST(trouble_that_nobody_mends_leaves_no_name_behind),
		TEST(a_label_that_the_printer_dropped_is_printed_again_as_a_copy),
		TEST(a_cutter_jam_is_known_from_the_error_flags),
		TEST(pictures_come_in_bands),
		TEST(without_its_picture_nothing_is_printed),
		TEST(a_cancelled_job_leaves_no_name_behind),
		TEST(a_label_of_a_program_that_crashed_is_thrown_away),
		TEST(a_stall_passes_and_a_dead_pipe_is_a_fault),
		TEST(small_bites_are_enough),
		TEST(nonsense_and_silence_are_told),
		TEST(another_language_is_unsupported),
		TEST(unplugged_at_any_byte),
		TEST(an_idle_printer_wakes_nobody),
		TEST(an_alert_makes_it_ask),
	};

	if (getenv("LOBBY_LABELS") != NULL)
		return cmocka_run_group_tests(leaving, NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

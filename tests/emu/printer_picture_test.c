/* Pictures on slips: every dot as it was given, in order with the text, a band at a time; and a kiosk that is silent,
 * confused or gone in the middle of one. On a virtual clock. */
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

#define ROW_LEN 72
#define MEGABYTE_ROWS 14564 /* of 72 bytes */

static char text[16384];
static uint32_t row_len = ROW_LEN;

/* What the kiosk has been asked for, and how it answers from which band on. */
static struct {
	int wants;
	uint32_t rows;
	uint32_t largest; /* bytes */
	int until;	  /* bands answered truly; then */
	enum { ANSWER_TRULY, ANSWER_NOTHING, ANSWER_NONE_LEFT, ANSWER_WRONGLY } then;
} kiosk;

/* The picture: row r, byte i. No real-time command comes of it, which would be printed with one dot more. */
static uint8_t bits_of(uint32_t row, uint32_t i)
{
	return (uint8_t)((row * 37 + i * 11 + (row >> 8)) | 0x01);
}

static void fill(uint8_t *bits, uint32_t first_row, uint32_t rows)
{
	for (uint32_t r = 0; r < rows; r++)
		for (uint32_t i = 0; i < row_len; i++)
			bits[r * row_len + i] = bits_of(first_row + r, i);
}

static void answer_wrongly(struct rig *rig, const lobby_PrintWant *want, const uint8_t *bits)
{
	uint32_t rows = want->rows;

	rig_send_band(rig, want->job, want->first_row + 1, rows, bits, rows * row_len);
	rig_send_band(rig, want->job, want->first_row, rows, bits, rows * row_len - 1);
	rig_send_band(rig, want->job, want->first_row, rows - 1, bits, rows * row_len);
	rig_send_band(rig, want->job, want->first_row, rows + 1, bits, rows * row_len);
	rig_send_band(rig, want->job, want->first_row, 0x40000000, bits, rows * row_len);
	rig_send_band(rig, "another", want->first_row, rows, bits, rows * row_len);
}

static void on_want(struct rig *rig, const lobby_PrintWant *want)
{
	uint8_t bits[8192];

	kiosk.wants++;
	kiosk.rows += want->rows;
	if (want->rows * row_len > kiosk.largest)
		kiosk.largest = want->rows * row_len;
	assert_in_range(want->rows, 1, sizeof(bits) / row_len);
	fill(bits, want->first_row, want->rows);
	if (kiosk.wants > kiosk.until && kiosk.then == ANSWER_NOTHING)
		return;
	if (kiosk.wants > kiosk.until && kiosk.then == ANSWER_NONE_LEFT) {
		rig_send_band(rig, want->job, want->first_row, 0, NULL, 0);
		return;
	}
	if (kiosk.wants > kiosk.until && kiosk.then == ANSWER_WRONGLY)
		answer_wrongly(rig, want, bits);
	rig_send_band(rig, want->job, want->first_row, want->rows, bits, want->rows * row_len);
}

static int setup(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	clock_use_virtual(1764000000000);
	rig_init(rig);
	rig->on_want = on_want;
	memset(&kiosk, 0, sizeof(kiosk));
	row_len = ROW_LEN;
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
	rig_pass(rig, 2000);
}

/* A line, a picture of so many rows, a line. */
static lobby_Print slip_of(const char *job, uint32_t first_row, uint32_t rows)
{
	lobby_Print print = { .line_count = 3, .row_dots = row_len * 8, .has_copy = true };

	snprintf(print.job, sizeof(print.job), "%s", job);
	snprintf(print.qr, sizeof(print.qr), "%s", job);
	print.copy = (lobby_SlipLine){ .text = "Copia" };
	print.line[0] = (lobby_SlipLine){ .text = "above" };
	print.line[1] = (lobby_SlipLine){
		.text = "Please sit down", .rows = rows, .first_row = first_row, .align = lobby_SlipAlign_SLIP_CENTER
	};
	print.line[2] = (lobby_SlipLine){ .text = "below" };
	return print;
}

static void print_picture(struct rig *rig, const char *job, uint32_t first_row, uint32_t rows)
{
	lobby_Print print = slip_of(job, first_row, rows);

	rig_send_print(rig, &print);
}

static void expect(struct rig *rig, const char *job, int outcome)
{
	rig_until(rig, rig_outcome(rig, job) != 1);
	assert_int_equal(rig_outcome(rig, job), outcome);
}

static const struct paper_line *picture_on(struct rig *rig, int nth)
{
	const struct paper_slip *slip = paper_last(rig->printer.paper, false);

	for (int i = 0; slip != NULL && i < slip->count; i++)
		if (slip->lines[i].bits != NULL && nth-- == 0)
			return &slip->lines[i];
	return NULL;
}

static void expect_picture(struct rig *rig, int nth, uint32_t first_row, uint32_t rows)
{
	const struct paper_line *line = picture_on(rig, nth);
	uint8_t *wanted = malloc((size_t)rows * row_len);

	assert_non_null(line);
	assert_non_null(wanted);
	assert_int_equal(line->rows, rows);
	assert_int_equal(line->row_len, row_len);
	fill(wanted, first_row, rows);
	assert_memory_equal(line->bits, wanted, (size_t)rows * row_len);
	free(wanted);
	assert_int_equal(paper_unknown(rig->printer.paper), 0);
}

static void expect_text(struct rig *rig, const char *expected)
{
	assert_true(model_printer_text(&rig->printer, false, text, sizeof(text)));
	assert_string_equal(text, expected);
}

/* ---- as meant ---- */

static void a_picture_is_printed_dot_by_dot_in_its_place(void **state)
{
	struct rig *rig = *state;
	char path[80];

	plug_ready(rig);
	assert_int_equal(rig_device(rig, PRINTER)->dots, 576);
	assert_int_equal(rig_device(rig, PRINTER)->dots_per_mm, 8);
	assert_string_equal(rig_device(rig, PRINTER)->firmware, "1.02 LBY");
	print_picture(rig, "logo", 5, 300);
	expect(rig, "logo", 0);
	expect_text(rig, "above\n[picture 576x300]\nbelow\n\n[QR: logo]\n\n");
	expect_picture(rig, 0, 5, 300);
	assert_int_equal(kiosk.wants, 3);
	assert_int_equal(kiosk.rows, 300);
	assert_int_equal(kiosk.largest, 113 * ROW_LEN);
	assert_int_equal(picture_on(rig, 0)->align, 1);
	snprintf(path, sizeof(path), "%s/slip.png", rig->folder);
	assert_true(paper_write_png(paper_last(rig->printer.paper, false), path));
	assert_int_equal(remove(path), 0);
}

static void several_pictures_keep_their_order(void **state)
{
	lobby_Print print = { .line_count = 4, .job = "two" };
	struct rig *rig = *state;

	row_len = 20;
	print.row_dots = 160;
	print.line[0] = (lobby_SlipLine){ .text = "logo", .rows = 1, .first_row = 900 };
	print.line[1] = (lobby_SlipLine){ .rule = true };
	print.line[2] = (lobby_SlipLine){ .text = "words", .rows = 700 };
	print.line[3] = (lobby_SlipLine){ .text = "B 14" };
	plug_ready(rig);
	rig_send_print(rig, &print);
	expect(rig, "two", 0);
	expect_picture(rig, 0, 900, 1);
	expect_picture(rig, 1, 0, 700);
	assert_true(model_printer_text(&rig->printer, false, text, sizeof(text)));
	assert_int_equal(strncmp(text, "[picture 160x1]\n─", 19), 0);
	assert_non_null(strstr(text, "─\n[picture 160x700]\nB 14\n"));
}

static void a_printer_without_pictures_prints_the_words(void **state)
{
	struct rig *rig = *state;

	rig->printer.name = NULL; /* needles do not answer GS I: their device id says it */
	rig->printer.device_id = "MFG:EPSON;CMD:ESC/POS;MDL:TM-U220;CLS:PRINTER;";
	plug_ready(rig);
	print_picture(rig, "needles", 0, 300);
	expect(rig, "needles", 0);
	expect_text(rig, "above\nPlease sit down\nbelow\n\n[QR: needles]\n\n");
	assert_int_equal(kiosk.wants, 0);
}

static void a_picture_that_is_too_wide_is_its_words(void **state)
{
	struct rig *rig = *state;

	row_len = 80;
	plug_ready(rig);
	print_picture(rig, "wide", 0, 300);
	expect(rig, "wide", 0);
	expect_text(rig, "above\nPlease sit down\nbelow\n\n[QR: wide]\n\n");
	assert_int_equal(kiosk.wants, 0);
}

static void a_picture_of_endless_rows_is_refused(void **state)
{
	struct rig *rig = *state;

	plug_ready(rig);
	print_picture(rig, "endless", 0, 4000000000);
	expect(rig, "endless", LOBBY_ERR_TOO_LONG);
	assert_int_equal(kiosk.wants, 0);
	assert_int_equal(model_printer_slips(&rig->printer), 0);
}

/* ---- one megabyte ---- */

/* AddressSanitizer's (sanitizer/allocator_interface.h, which gcc's packages leave out); tests always run with it. */
int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
					      void (*on_free)(const volatile void *));
size_t __sanitizer_get_allocated_size(const volatile void *at);

static struct {
	bool counting;
	size_t live, peak;
} heap;
static _Thread_local bool is_ours; /* this thread; not the one that plays the printer */

static void on_malloc(const volatile void *at, size_t size)
{
	(void)at;
	if (!heap.counting || !is_ours)
		return;
	heap.live += size;
	if (heap.live > heap.peak)
		heap.peak = heap.live;
}

static void on_free(const volatile void *at)
{
	size_t size;

	if (!heap.counting || !is_ours || at == NULL)
		return;
	size = __sanitizer_get_allocated_size(at);
	heap.live -= size < heap.live ? size : heap.live;
}

static void a_megabyte_passes_through_a_few_kilobytes(void **state)
{
	struct rig *rig = *state;
	void *volatile block;

	plug_ready(rig);
	print_picture(rig, "first", 0, 10);
	expect(rig, "first", 0);
	is_ours = true;
	heap.live = heap.peak = 0;
	assert_true(__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free) > 0);
	heap.counting = true;
	block = malloc(1000);
	free(block);
	assert_true(heap.peak >= 1000); /* it counts */
	print_picture(rig, "megabyte", 0, MEGABYTE_ROWS);
	rig_until(rig, rig_outcome(rig, "megabyte") != 1);
	heap.counting = false;
	expect(rig, "megabyte", 0);
	expect_picture(rig, 0, 0, MEGABYTE_ROWS);
	assert_int_equal(kiosk.rows, MEGABYTE_ROWS + 10);
	assert_in_range(heap.peak, 1000, 65536); /* and the driver's own state is bounded when it is compiled */
}

/* ---- a kiosk that fails ---- */

static void expect_cut_and_next(struct rig *rig)
{
	rig_pass(rig, 2000);
	assert_int_equal(model_printer_slips(&rig->printer), 1); /* what there is, cut off */
	assert_true(model_printer_text(&rig->printer, false, text, sizeof(text)));
	assert_int_equal(strncmp(text, "above\n", 6), 0);
	assert_null(strstr(text, "below"));
	kiosk.then = ANSWER_TRULY;
	print_picture(rig, "next", 7, 40);
	expect(rig, "next", 0);
	expect_picture(rig, 0, 7, 40);
	assert_int_equal(rig->printed_count, 2);
}

static void a_silent_kiosk_ends_the_job(void **state)
{
	struct rig *rig = *state;

	kiosk.until = 1;
	kiosk.then = ANSWER_NOTHING;
	plug_ready(rig);
	print_picture(rig, "silent", 0, 300);
	rig_until(rig, kiosk.wants == 2);
	rig_pass(rig, 4800);
	assert_int_equal(rig_outcome(rig, "silent"), 1);
	rig_pass(rig, 300);
	expect(rig, "silent", LOBBY_ERR_TIMEOUT);
	expect_cut_and_next(rig);
}

static void rows_that_cannot_be_had_end_the_job(void **state)
{
	struct rig *rig = *state;

	kiosk.until = 2;
	kiosk.then = ANSWER_NONE_LEFT;
	plug_ready(rig);
	print_picture(rig, "gone", 0, 300);
	expect(rig, "gone", LOBBY_ERR_NOT_FOUND);
	expect_cut_and_next(rig);
}

static void rows_that_nobody_asked_for_are_refused(void **state)
{
	struct rig *rig = *state;
	uint8_t bits[8192] = { 0 };

	kiosk.then = ANSWER_WRONGLY;
	plug_ready(rig);
	rig_send_band(rig, "nothing", 0, 1, bits, ROW_LEN); /* no job at all */
	print_picture(rig, "wrong", 0, 300);
	expect(rig, "wrong", 0);
	rig_send_band(rig, "wrong", 0, 1, bits, ROW_LEN); /* too late */
	rig_pass(rig, 100);
	expect_picture(rig, 0, 0, 300);
	assert_int_equal(kiosk.rows, 300);
}

/* ---- a printer that fails ---- */

static void a_jam_in_the_picture_begins_it_again(void **state)
{
	static const size_t after[] = { 40, 75, 4000, 9000, 21000, 21700 };
	struct rig *rig = *state;

	plug_ready(rig);
	for (size_t i = 0; i < sizeof(after) / sizeof(after[0]); i++) {
		char job[20], expected[120];

		snprintf(job, sizeof(job), "jam-%zu", i);
		snprintf(expected, sizeof(expected), "Copia\nabove\n[picture 576x300]\nbelow\n\n[QR: %s]\n\n", job);
		rig->printed_count = 0;
		bus_lock(rig->bus);
		rig->printer.trouble = i % 2 ? TROUBLE_PAPER_OUT : TROUBLE_JAM;
		rig->printer.trouble_after = after[i];
		bus_unlock(rig->bus);
		print_picture(rig, job, 3, 300);
		rig_until(rig, rig_state(rig, PRINTER) != READY);
		rig_pass(rig, 3000);
		model_printer_set_paper(&rig->printer, PRINTER_PAPER_OK);
		model_printer_set_jam(&rig->printer, false);
		rig_pass(rig, 2500);
		expect(rig, job, 0);
		expect_text(rig, expected);
		expect_picture(rig, 0, 3, 300);
		assert_int_equal(rig->printed_count, 1);
	}
}

/* It is out of paper, says nothing unasked, its buffer is full, and not even a question gets through. */
static void stuck_behind_a_full_buffer(void **state)
{
	struct rig *rig = *state;

	plug_ready(rig);
	bus_lock(rig->bus);
	rig->printer.drops_asb = -1;
	rig->printer.trouble = TROUBLE_PAPER_OUT;
	rig->printer.trouble_after = 3000;
	bus_unlock(rig->bus);
	print_picture(rig, "stuck", 0, 300);
	rig_until(rig, rig_state(rig, PRINTER) != READY);
	assert_int_equal(rig_outcome(rig, "stuck"), 1);
	model_printer_set_paper(&rig->printer, PRINTER_PAPER_OK);
	expect(rig, "stuck", 0);
	expect_text(rig, "Copia\nabove\n[picture 576x300]\nbelow\n\n[QR: stuck]\n\n");
	expect_picture(rig, 0, 0, 300);
}

/* After so many bytes it takes no more; then somebody pulls the plug. */
static void unplugged_at_any_byte(void **state)
{
	struct rig *rig = *state;
	size_t before = 0;
	int pictures;

	for (size_t bytes = 1; bytes < 7600; bytes += bytes < 100 ? 3 : 997) {
		bus_lock(rig->bus);
		rig->printer.received = 0;
		rig->printer.holds_after = 0;
		bus_unlock(rig->bus);
		plug_ready(rig);
		before = model_printer_received(&rig->printer);
		bus_lock(rig->bus);
		rig->printer.holds_after = before + bytes;
		bus_unlock(rig->bus);
		rig->printed_count = 0;
		print_picture(rig, "pulled", 0, 100);
		rig_until(rig, model_printer_received(&rig->printer) == before + bytes);
		bus_unplug(rig->bus, &rig->printer.model);
		expect(rig, "pulled", LOBBY_ERR_UNPLUGGED);
		rig_until_state(rig, PRINTER, ABSENT);
		assert_int_equal(rig->printed_count, 1);
	}
	rig->printer.holds_after = 0;
	plug_ready(rig);
	print_picture(rig, "after", 0, 100);
	expect(rig, "after", 0);
	for (pictures = 0; picture_on(rig, pictures) != NULL; pictures++)
		; /* what the others left hangs above it */
	expect_picture(rig, pictures - 1, 0, 100);
}

static void small_bites_and_stalls_are_enough(void **state)
{
	struct rig *rig = *state;

	rig->printer.accepts = 61;
	plug_ready(rig);
	bus_lock(rig->bus);
	rig->printer.stall_writes = 2;
	bus_unlock(rig->bus);
	print_picture(rig, "bites", 0, 60);
	rig_until(rig, (model_printer_step(&rig->printer, 0), rig_outcome(rig, "bites") != 1));
	assert_int_equal(rig_outcome(rig, "bites"), 0);
	expect_picture(rig, 0, 0, 60);
}

static void a_slow_printer_is_waited_for(void **state)
{
	struct rig *rig = *state;

	rig->printer.slow = true;
	rig->printer.firmware = NULL; /* nor does it say who it is */
	plug_ready(rig);
	print_picture(rig, "slow", 0, 200);
	rig_until(rig, model_printer_received(&rig->printer) >= PRINTER_BUFFER);
	assert_int_equal(kiosk.wants, 1); /* and not for more rows than it can take */
	rig_until(rig, (model_printer_step(&rig->printer, 500), rig_outcome(rig, "slow") != 1));
	assert_int_equal(rig_outcome(rig, "slow"), 0);
	expect_picture(rig, 0, 0, 200);
	assert_string_equal(rig_device(rig, PRINTER)->firmware, "1.00");
}

/* ---- languages without pictures ---- */

static void lines_are_printed_in_the_pages_that_have_them(void **state)
{
	static const char *const lines[] = { "Kraków, ulica Łokietka 7", "Пожалуйста, присядьте", "“Café” — 10 €…",
					     "Łódź = Лодзь", "Ύψος" };
	static const char expected[] =
		"Kraków, ulica Łokietka 7\nПожалуйста, присядьте\n“Café” — 10 €…\nŁódź = Лодзь\n";
	struct rig *rig = *state;
	lobby_Print print = { .line_count = 5, .job = "pages" };

	for (int i = 0; i < 5; i++)
		snprintf(print.line[i].text, sizeof(print.line[i].text), "%s", lines[i]);
	plug_ready(rig);
	rig_send_print(rig, &print);
	expect(rig, "pages", 0);
	assert_true(model_printer_text(&rig->printer, false, text, sizeof(text)));
	assert_int_equal(strncmp(text, expected, strlen(expected)), 0);
	assert_string_equal(text + strlen(expected), "????\n"); /* which is why the kiosk sends a picture */
	bus_unplug(rig->bus, &rig->printer.model);
	rig_until_state(rig, PRINTER, ABSENT);
	rig->printer.name = "TM-T88VI"; /* has a page for it */
	plug_ready(rig);
	snprintf(print.job, sizeof(print.job), "newer");
	rig_send_print(rig, &print);
	expect(rig, "newer", 0);
	assert_true(model_printer_text(&rig->printer, false, text, sizeof(text)));
	assert_string_equal(text + strlen(expected), "Ύψος\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_picture_is_printed_dot_by_dot_in_its_place),
		TEST(several_pictures_keep_their_order),
		TEST(a_printer_without_pictures_prints_the_words),
		TEST(a_picture_that_is_too_wide_is_its_words),
		TEST(a_picture_of_endless_rows_is_refused),
		TEST(a_megabyte_passes_through_a_few_kilobytes),
		TEST(a_silent_kiosk_ends_the_job),
		TEST(rows_that_cannot_be_had_end_the_job),
		TEST(rows_that_nobody_asked_for_are_refused),
		TEST(a_jam_in_the_picture_begins_it_again),
		TEST(stuck_behind_a_full_buffer),
		TEST(unplugged_at_any_byte),
		TEST(small_bites_and_stalls_are_enough),
		TEST(a_slow_printer_is_waited_for),
		TEST(lines_are_printed_in_the_pages_that_have_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

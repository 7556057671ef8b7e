/* A printer: slips by bulk transfers, status by the other endpoint, and what goes wrong with paper and cover. */
#include "kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PRINTER lobby_DeviceKind_DEVICE_PRINTER
#define READY lobby_DeviceState_DEVICE_READY
#define ROW_LEN 72
#define PICTURE_ROWS 2000

static char text[8192];

static bool printed(struct kernel *k, const char *job, int lines)
{
	int before = model_printer_slips(&k->printer);

	kernel_print(k, job, lines);
	return kernel_until(k, kernel_outcome(k, job) != 1) && kernel_outcome(k, job) == 0 &&
	       model_printer_slips(&k->printer) == before + 1;
}

static bool paper_has(struct kernel *k, const char *words)
{
	return model_printer_text(&k->printer, false, text, sizeof(text)) && strstr(text, words) != NULL;
}

/* Works a slow printer off until the condition holds. */
#define work_until(k, condition) kernel_until(k, (model_printer_step(&(k)->printer, 64), (condition)))

/* ---- pictures ---- */

static uint8_t dots(uint32_t row, uint32_t i)
{
	return (uint8_t)((row * 37 + i * 11 + (row >> 8)) | 0x01);
}

void kernel_send_rows(struct kernel *k, const lobby_PrintWant *want)
{
	static lobby_Envelope envelope;
	lobby_PrintBand *band = &envelope.body.print_band;

	envelope = (lobby_Envelope){ .which_body = lobby_Envelope_print_band_tag };
	snprintf(band->job, sizeof(band->job), "%s", want->job);
	band->first_row = want->first_row;
	band->rows = want->rows <= sizeof(band->bits.bytes) / ROW_LEN ? want->rows : 0;
	for (uint32_t r = 0; r < band->rows; r++)
		for (uint32_t i = 0; i < ROW_LEN; i++)
			band->bits.bytes[r * ROW_LEN + i] = dots(want->first_row + r, i);
	band->bits.size = (pb_size_t)(band->rows * ROW_LEN);
	if (machine_send(&k->machine, &envelope) != 0)
		fputs("kernel: rows could not be sent\n", stderr);
}

static bool picture_is_right(struct kernel *k)
{
	const struct paper_slip *slip = paper_last(k->printer.paper, false);
	const struct paper_line *line = NULL;

	for (int i = 0; slip != NULL && i < slip->count; i++)
		if (slip->lines[i].bits != NULL)
			line = &slip->lines[i];
	if (line == NULL || line->rows != PICTURE_ROWS || line->row_len != ROW_LEN)
		return false;
	for (uint32_t r = 0; r < PICTURE_ROWS; r++)
		for (uint32_t i = 0; i < ROW_LEN; i++)
			if (line->bits[r * ROW_LEN + i] != dots(r, i))
				return false;
	return paper_unknown(k->printer.paper) == 0;
}

static void picture_checks(struct kernel *k)
{
	static lobby_Envelope envelope;
	lobby_Print *print = &envelope.body.print;
	int64_t began = clock_mono_ms();
	bool good;

	envelope = (lobby_Envelope){ .which_body = lobby_Envelope_print_tag };
	*print = (lobby_Print){ .line_count = 1, .row_dots = ROW_LEN * 8 };
	snprintf(print->job, sizeof(print->job), "picture");
	print->line[0] = (lobby_SlipLine){ .text = "A picture", .rows = PICTURE_ROWS };
	if (machine_send(&k->machine, &envelope) != 0)
		fputs("kernel: a picture could not be sent\n", stderr);
	good = kernel_until(k, kernel_outcome(k, "picture") == 0) && picture_is_right(k);
	kernel_check(k, good, "a picture of %d bytes comes out, every dot as it was (%.1f s)", PICTURE_ROWS * ROW_LEN,
		     (double)(clock_mono_ms() - began) / 1000);
}

/* ---- troubles ---- */

static void cover_checks(struct kernel *k)
{
	k->printer.slow = true;
	kernel_print(k, "cover", 24);
	kernel_until(k, model_printer_received(&k->printer) > 300);
	model_printer_step(&k->printer, 200);
	model_printer_set_cover(&k->printer, true);
	kernel_check(k, kernel_until(k, kernel_outcome(k, "cover") == LOBBY_ERR_COVER_OPEN),
		     "the cover is opened in the middle: the slip is not called printed");
	kernel_check(k, kernel_until(k, kernel_state(k, PRINTER) == lobby_DeviceState_DEVICE_COVER_OPEN),
		     "and the state says so");
	k->printer.slow = false;
	model_printer_set_cover(&k->printer, false);
	kernel_check(k, kernel_until(k, kernel_state(k, PRINTER) == READY), "closed, the printer is ready");
	kernel_check(k,
		     printed(k, "after-cover", 6) && paper_has(k, "visit/after-cover") && !paper_has(k, "visit/cover"),
		     "and the next slip is clean");
}

static void paper_checks(struct kernel *k)
{
	model_printer_set_paper(&k->printer, PRINTER_PAPER_LOW);
	kernel_check(k, kernel_until(k, kernel_state(k, PRINTER) == lobby_DeviceState_DEVICE_PAPER_LOW),
		     "paper near its end is told without being asked");
	kernel_check(k, printed(k, "low", 6), "and prints still");
	model_printer_set_paper(&k->printer, PRINTER_PAPER_OUT);
	kernel_check(k, kernel_until(k, kernel_state(k, PRINTER) == lobby_DeviceState_DEVICE_PAPER_OUT),
		     "no paper is told");
	model_printer_set_paper(&k->printer, PRINTER_PAPER_OK);
	kernel_check(k, kernel_until(k, kernel_state(k, PRINTER) == READY), "a new roll, too");
}

static void stall_checks(struct kernel *k)
{
	bus_lock(k->bus);
	k->printer.stall_writes = 2;
	bus_unlock(k->bus);
	kernel_check(k, printed(k, "stalled", 6), "after two stalled writes the slip comes out once");
}

void kernel_printer_checks(struct kernel *k)
{
	size_t held;

	kernel_check(k, kernel_until(k, kernel_state(k, PRINTER) == READY), "the printer is ready");
	kernel_check(k, kernel_has_driver(k, "1209:0002", "usbfs"), "usblp has given it to lobby-devices");
	kernel_check(k, printed(k, "slip", 6) && paper_has(k, "visit/slip") && paper_unknown(k->printer.paper) == 0,
		     "a slip comes out, and is confirmed");
	kernel_check(k, paper_has(k, "mañana 10 €"), "with its letters right");
	k->printer.slow = true;
	kernel_print(k, "slow", 30);
	kernel_until(k, model_printer_received(&k->printer) > 600);
	kernel_idle(k, 500);
	held = k->printer.buffered;
	kernel_check(k, kernel_outcome(k, "slow") == 1, "a printer that holds %zu bytes has not printed", held);
	kernel_check(k, work_until(k, kernel_outcome(k, "slow") == 0), "until it has worked them off");
	k->printer.slow = false;
	picture_checks(k);
	cover_checks(k);
	paper_checks(k);
	stall_checks(k);
}

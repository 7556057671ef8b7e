/* One megabyte of picture through a real lobby-devices to a printer's model: how much its memory grows meanwhile (the
 * peak of what is resident, over what was before), and how fast it goes. `raster SOCKET PID`, the socket and the
 * process id of lobby-devices. A short slip goes first, so that what is loaded once is there.
 *
 * This program plays the kiosk: it gives rows when they are asked for, and has no more of the picture than those. */
#include "bench.h"

#include "base/loop.h"
#include "wire/wire.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROW_LEN 72
#define ROWS 14564 /* a megabyte */
#define ROUNDS 3
#define PATIENCE_MS 60000

struct kiosk {
	struct loop *loop;
	struct wire_conn conn;
	struct loop_timer patience;
	bool printer_ready, printed;
	int err;
	uint32_t rows;
};

static void answer(struct kiosk *k, const lobby_PrintWant *want)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_print_band_tag };
	lobby_PrintBand *band = &envelope.body.print_band;

	snprintf(band->job, sizeof(band->job), "%s", want->job);
	band->first_row = want->first_row;
	band->rows = want->rows;
	band->bits.size = (pb_size_t)(want->rows * ROW_LEN);
	BENCH_MUST(band->bits.size <= sizeof(band->bits.bytes));
	for (pb_size_t i = 0; i < band->bits.size; i++)
		band->bits.bytes[i] = (uint8_t)((want->first_row + i / ROW_LEN) * 31 + i);
	k->rows += want->rows;
	BENCH_MUST(wire_send(&k->conn, &envelope) == 0);
}

static void on_message(void *arg, struct wire_conn *conn, const lobby_Envelope *envelope)
{
	struct kiosk *k = arg;
	const lobby_Devices *list = &envelope->body.devices;

	(void)conn;
	switch (envelope->which_body) {
	case lobby_Envelope_devices_tag:
		for (pb_size_t i = 0; i < list->device_count; i++)
			k->printer_ready |= list->device[i].kind == lobby_DeviceKind_DEVICE_PRINTER &&
					    list->device[i].state == lobby_DeviceState_DEVICE_READY;
		break;
	case lobby_Envelope_print_want_tag:
		answer(k, &envelope->body.print_want);
		break;
	case lobby_Envelope_printed_tag:
		k->printed = true;
		k->err = envelope->body.printed.err;
		break;
	default:
		break;
	}
}

static void on_patience(void *arg)
{
	(void)arg;
	bench_die("lobby-devices or its printer does not answer");
}

static void until(struct kiosk *k, const bool *what)
{
	loop_timer_set(k->loop, &k->patience, PATIENCE_MS, on_patience, k);
	while (!*what)
		loop_turn(k->loop, -1);
	loop_timer_cancel(k->loop, &k->patience);
}

static void print(struct kiosk *k, int number, uint32_t rows)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_print_tag };
	lobby_Print *job = &envelope.body.print;

	snprintf(job->job, sizeof(job->job), "raster-%d", number);
	job->row_dots = ROW_LEN * 8;
	job->line_count = 1;
	job->line[0].rows = rows;
	k->printed = false;
	k->rows = 0;
	BENCH_MUST(wire_send(&k->conn, &envelope) == 0);
	until(k, &k->printed);
	if (k->err != 0 || k->rows != rows)
		bench_die("not printed: %s, %u of %u rows", err_event(k->err), k->rows, rows);
}

static double kilobytes(pid_t pid, const char *name)
{
	char text[8192];
	const char *at;

	BENCH_MUST(bench_proc(pid, "status", text, sizeof(text)));
	at = strstr(text, name);
	BENCH_MUST(at != NULL);
	return strtod(at + strlen(name), NULL);
}

/* The peak is from now on (proc(5), clear_refs). */
static void forget_peak(pid_t pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/clear_refs", (int)pid);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	BENCH_MUST(fd >= 0 && write(fd, "5", 1) == 1);
	close(fd);
}

int main(int argc, char **argv)
{
	static const char usage[] = "SOCKET PID";
	const char *path = bench_arg(argc, argv, 1, usage);
	pid_t pid = (pid_t)bench_number(bench_arg(argc, argv, 2, usage));
	struct bench_samples grown = { 0 }, speed = { 0 };
	struct kiosk k = { .loop = loop_new() };

	BENCH_MUST(k.loop != NULL);
	wire_client_start(&k.conn, k.loop, path, lobby_Program_PROGRAM_KIOSK, on_message, NULL, &k);
	until(&k, &k.printer_ready);
	print(&k, 0, 200);
	for (int i = 1; i <= ROUNDS; i++) {
		double before;
		int64_t from;

		forget_peak(pid);
		before = kilobytes(pid, "\nVmHWM:");
		from = bench_now_ns();
		print(&k, i, ROWS);
		bench_add(&speed, ROWS * ROW_LEN / 1024.0 / ((double)(bench_now_ns() - from) / 1e9));
		bench_add(&grown, kilobytes(pid, "\nVmHWM:") - before);
	}
	bench_quantile(&grown, 1);
	bench_figure("printer.raster_peak_kb", grown.value[ROUNDS - 1],
		     "the most of %d times 1 MB of picture, over the %.0f that it has", ROUNDS,
		     kilobytes(pid, "\nVmRSS:"));
	bench_figure_of("printer.raster_kb_per_s", &speed, "into a model that takes all that it gets");
	wire_close(&k.conn);
	loop_free(k.loop);
	return 0;
}

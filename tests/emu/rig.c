/* See rig.h. The kiosk's side and lobby-devices share one loop, so a turn of it is a turn of both. */
#include "tests/emu/rig.h"

#include "base/clock.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PASS_STEP_MS 20
#define PASS_TURNS 3

static void on_message(void *arg, struct wire_conn *conn, const lobby_Envelope *envelope)
{
	struct rig *rig = arg;

	(void)conn;
	switch (envelope->which_body) {
	case lobby_Envelope_devices_tag:
		rig->list = envelope->body.devices;
		rig->lists++;
		break;
	case lobby_Envelope_scan_tag:
		rig->scan = envelope->body.scan;
		rig->scans++;
		break;
	case lobby_Envelope_printed_tag:
		assert(rig->printed_count < 16);
		rig->printed[rig->printed_count++] = envelope->body.printed;
		break;
	case lobby_Envelope_print_want_tag:
		if (rig->on_want != NULL)
			rig->on_want(rig, &envelope->body.print_want);
		break;
	case lobby_Envelope_card_slot_tag:
		rig->slot = envelope->body.card_slot.state;
		rig->slots++;
		break;
	case lobby_Envelope_ping_tag:
		rig->ping = envelope->body.ping;
		break;
	default:
		break;
	}
}

void rig_init(struct rig *rig)
{
	*rig = (struct rig){ .folder = "/tmp/lobby-rig-XXXXXX" };
	rig->bus = bus_new();
	if (rig->bus == NULL || mkdtemp(rig->folder) == NULL) {
		fprintf(stderr, "run it under umockdev (tools/test does)\n");
		exit(1);
	}
	snprintf(rig->path, sizeof(rig->path), "%s/devices.sock", rig->folder);
	model_scanner_init(&rig->scanner, rig->bus, SCANNER_USUAL);
	model_printer_init(&rig->printer, rig->bus);
	rig->loop = loop_new();
	if (rig->loop == NULL || devices_new(rig->loop, rig->path, &rig->devices) != 0)
		abort();
	wire_client_start(&rig->kiosk, rig->loop, rig->path, lobby_Program_PROGRAM_KIOSK, on_message, NULL, rig);
}

void rig_fini(struct rig *rig)
{
	wire_close(&rig->kiosk);
	devices_free(rig->devices);
	loop_free(rig->loop);
	model_scanner_fini(&rig->scanner);
	model_printer_fini(&rig->printer);
	bus_free(rig->bus);
	unlink(rig->path);
	rmdir(rig->folder);
}

void rig_restart(struct rig *rig)
{
	devices_free(rig->devices);
	rig->lists = 0;
	rig->list = (lobby_Devices){ 0 };
	if (devices_new(rig->loop, rig->path, &rig->devices) != 0)
		abort();
}

void rig_turn(struct rig *rig)
{
	rig->turns++;
	if (clock_is_virtual())
		clock_advance_ms(1);
	loop_turn(rig->loop, 20);
}

int64_t rig_real_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void rig_pass(struct rig *rig, int ms)
{
	int64_t end = clock_mono_ms() + ms;

	while (clock_mono_ms() < end) {
		int64_t left = end - clock_mono_ms();
		uint64_t before;

		clock_advance_ms(left < PASS_STEP_MS ? left : PASS_STEP_MS);
		do {
			before = bus_requests(rig->bus);
			for (int i = 0; i < PASS_TURNS; i++)
				loop_turn(rig->loop, 0);
		} while (bus_requests(rig->bus) != before);
	}
}

long rig_idle(struct rig *rig, int ms)
{
	int64_t end = clock_mono_ms() + ms;
	long turns = 0;

	for (int64_t left = ms; left > 0; left = end - clock_mono_ms(), turns++)
		loop_turn(rig->loop, (int)left);
	return turns;
}

const lobby_Device *rig_device(const struct rig *rig, lobby_DeviceKind kind)
{
	for (pb_size_t i = 0; i < rig->list.device_count; i++)
		if (rig->list.device[i].kind == kind)
			return &rig->list.device[i];
	return NULL;
}

lobby_DeviceState rig_state(const struct rig *rig, lobby_DeviceKind kind)
{
	const lobby_Device *d = rig_device(rig, kind);

	return d == NULL ? lobby_DeviceState_DEVICE_ABSENT : d->state;
}

void rig_print(struct rig *rig, const char *job, int lines)
{
	lobby_Print whole = { 0 }, *print = &whole;

	snprintf(print->job, sizeof(print->job), "%s", job);
	snprintf(print->language, sizeof(print->language), "es");
	print->line_count = (pb_size_t)(lines + 2);
	print->line[0] =
		(lobby_SlipLine){ .text = "B 14", .align = lobby_SlipAlign_SLIP_CENTER, .scale = 4, .bold = true };
	print->line[1] = (lobby_SlipLine){ .rule = true };
	for (int i = 0; i < lines; i++)
		snprintf(print->line[i + 2].text, sizeof(print->line[0].text),
			 "Línea %d: siéntese a la izquierda, mañana 10 €", i + 1);
	snprintf(print->qr, sizeof(print->qr), "https://clinic.example.org/visit/%s", job);
	print->has_copy = true;
	print->copy = (lobby_SlipLine){ .text = "Copia", .align = lobby_SlipAlign_SLIP_CENTER, .bold = true };
	rig_send_print(rig, print);
}

void rig_send_print(struct rig *rig, const lobby_Print *print)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_print_tag };

	envelope.body.print = *print;
	if (wire_send(&rig->kiosk, &envelope) != 0)
		abort();
}

void rig_cancel(struct rig *rig, const char *job)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_print_tag };

	snprintf(envelope.body.print.job, sizeof(envelope.body.print.job), "%s", job);
	envelope.body.print.cancel = true;
	if (wire_send(&rig->kiosk, &envelope) != 0)
		abort();
}

void rig_send_band(struct rig *rig, const char *job, uint32_t first_row, uint32_t rows, const uint8_t *bits, size_t len)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_print_band_tag };
	lobby_PrintBand *band = &envelope.body.print_band;

	snprintf(band->job, sizeof(band->job), "%s", job);
	band->first_row = first_row;
	band->rows = bits == NULL ? 0 : rows;
	assert(len <= sizeof(band->bits.bytes));
	if (bits != NULL) {
		memcpy(band->bits.bytes, bits, len);
		band->bits.size = (pb_size_t)len;
	}
	if (wire_send(&rig->kiosk, &envelope) != 0)
		abort();
}

int rig_outcome(const struct rig *rig, const char *job)
{
	for (int i = 0; i < rig->printed_count; i++)
		if (strcmp(rig->printed[i].job, job) == 0)
			return rig->printed[i].err;
	return 1;
}

/* The list follows the bus: an interface that a driver wants is in it from the moment it is found until it is gone; a
 * device that is not plugged in is simply not there. Everything else is passing on: what is read to the kiosk or to the
 * self-test, jobs to printers, and what became of them to who gave them. */
#include "devices/devices.h"

#include "devices/list.h"
#include "devices/printing.h"
#include "devices/selftest.h"
#include "devices/stranger.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/notify.h"
#include "base/text.h"
#include "drivers/registry.h"
#include "wire/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct devices {
	struct loop *loop;
	struct usb *bus;
	struct wire_server *server;
	struct device_list list;
	struct printing printing;
	struct selftest selftest;
	struct wire_conn *tester; /* who asked for the self-test; NULL: nobody, or gone */
	lobby_CardSlotState slot;
	bool closing;
};

/* ---- telling ---- */

static void fill_list(struct devices *ds, lobby_Envelope *envelope)
{
	*envelope = (lobby_Envelope){ .which_body = lobby_Envelope_devices_tag };
	list_fill(&ds->list, &envelope->body.devices);
}

static void tell_all(struct devices *ds)
{
	lobby_Envelope envelope;

	if (ds->closing)
		return;
	list_note(&ds->list, clock_wall_ms());
	fill_list(ds, &envelope);
	wire_server_broadcast(ds->server, lobby_Program_PROGRAM_UNKNOWN, &envelope);
	notify_status("Devices plugged in: %d.", (int)envelope.body.devices.device_count);
	selftest_on_devices(&ds->selftest);
}

static void on_job_ended(void *arg, lobby_Program from, const char *job, int err)
{
	struct devices *ds = arg;
	lobby_Envelope envelope = { .which_body = lobby_Envelope_printed_tag };

	if (from == lobby_Program_PROGRAM_DEVICES) {
		selftest_on_printed(&ds->selftest, job, err);
		return;
	}
	envelope.body.printed.err = err;
	text_copy(envelope.body.printed.job, sizeof(envelope.body.printed.job), job);
	wire_server_broadcast(ds->server, from, &envelope);
}

/* ---- the self-test ---- */

static void give_devices(void *arg, lobby_Devices *out)
{
	struct devices *ds = arg;

	list_fill(&ds->list, out);
}

static void print_for_test(void *arg, const lobby_Print *print)
{
	struct devices *ds = arg;

	printing_add(&ds->printing, print, lobby_Program_PROGRAM_DEVICES);
}

static void cancel_for_test(void *arg, const char *job)
{
	struct devices *ds = arg;

	printing_cancel(&ds->printing, job);
}

static void send_report(struct wire_conn *conn, const lobby_TestReport *report)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_test_report_tag };

	envelope.body.test_report = *report;
	if (wire_send(conn, &envelope) != 0)
		log_event(LOG_INFO, "report-untold", "peer=%d", (int)conn->peer);
}

static void on_test_report(void *arg, const lobby_TestReport *report)
{
	struct devices *ds = arg;

	if (ds->tester != NULL)
		send_report(ds->tester, report);
	if (report->done)
		ds->tester = NULL;
}

static const struct selftest_ops selftest_ops = {
	.devices = give_devices, .print = print_for_test, .cancel_print = cancel_for_test, .report = on_test_report
};

static void take_self_test(struct devices *ds, struct wire_conn *conn, const lobby_SelfTest *wanted)
{
	lobby_TestReport refused = { .request = wanted->request, .done = true, .line_count = 1 };
	bool mine = selftest_is_running(&ds->selftest) && ds->tester == conn;
	int err;

	if (wanted->cancel || wanted->skip) {
		if (mine && wanted->skip)
			selftest_skip(&ds->selftest);
		else if (mine)
			selftest_cancel(&ds->selftest);
		return;
	}
	if (!selftest_is_running(&ds->selftest))
		ds->tester = conn;
	err = selftest_start(&ds->selftest, wanted, conn->peer == lobby_Program_PROGRAM_KIOSK ? "screen" : "lobbyctl");
	if (err == 0)
		return;
	refused.line[0].state = lobby_TestState_TEST_FAILED;
	text_copy(refused.line[0].text, sizeof(refused.line[0].text),
		  err == LOBBY_ERR_BUSY ? "Another self-test is under way." : err_staff_text(err));
	send_report(conn, &refused);
}

/* ---- devices come and go ---- */

static void on_changed(void *arg, struct usb_device *usb)
{
	(void)usb;
	tell_all(arg);
}

static void on_read(void *arg, struct usb_device *usb, const struct driver_read *read)
{
	struct devices *ds = arg;
	lobby_Envelope envelope = { .which_body = lobby_Envelope_scan_tag };
	lobby_Scan *scan = &envelope.body.scan;

	if (read->len > sizeof(scan->data.bytes))
		return;
	log_event(LOG_INFO, "scan", "source=%d bytes=%zu error=%s", (int)read->source, read->len, err_event(read->err));
	if (selftest_on_read(&ds->selftest, usb_info(usb), read))
		return;
	text_copy(scan->aim, sizeof(scan->aim), read->aim);
	if (read->len > 0)
		memcpy(scan->data.bytes, read->data, read->len);
	scan->data.size = (pb_size_t)read->len;
	scan->err = read->err;
	scan->source = read->source;
	wire_server_broadcast(ds->server, lobby_Program_PROGRAM_KIOSK, &envelope);
	explicit_bzero(&envelope, sizeof(envelope));
}

static void tell_slot(struct devices *ds)
{
	lobby_CardSlotState state = list_slot(&ds->list);
	lobby_Envelope envelope = { .which_body = lobby_Envelope_card_slot_tag };

	if (ds->slot == state || ds->closing)
		return;
	ds->slot = state;
	envelope.body.card_slot.state = state;
	wire_server_broadcast(ds->server, lobby_Program_PROGRAM_KIOSK, &envelope);
}

static void on_slot(void *arg, struct usb_device *usb, lobby_CardSlotState state)
{
	struct device_row *row = usb_owner(usb);

	if (row == NULL)
		return;
	row->slot = state;
	tell_slot(arg);
}

static void on_want(void *arg, struct usb_device *usb, uint32_t first_row, uint32_t rows)
{
	struct devices *ds = arg;
	const struct queued *first = printing_job(&ds->printing);
	lobby_Envelope envelope = { .which_body = lobby_Envelope_print_want_tag };
	lobby_PrintWant *want = &envelope.body.print_want;

	(void)usb;
	if (first == NULL || ds->closing)
		return;
	*want = (lobby_PrintWant){ .first_row = first_row, .rows = rows };
	text_copy(want->job, sizeof(want->job), first->print.job);
	wire_server_broadcast(ds->server, first->from, &envelope);
}

static void on_printed(void *arg, const char *job, int err)
{
	struct devices *ds = arg;

	printing_on_printed(&ds->printing, job, err);
}

static const struct driver_events driver_events = {
	.changed = on_changed, .read = on_read, .slot = on_slot, .want = on_want, .printed = on_printed
};

static bool on_wants(void *arg, const struct usb_info *info)
{
	(void)arg;
	return registry_driver_of(info) != NULL;
}

static bool on_notes(void *arg, const struct usb_info *info)
{
	(void)arg;
	return stranger_is_listed(info);
}

static void on_found(void *arg, struct usb_device *usb)
{
	struct devices *ds = arg;

	if (list_add(&ds->list, usb, registry_driver_of(usb_info(usb))) != NULL)
		tell_all(ds);
}

static void on_ready(void *arg, struct usb_device *usb)
{
	struct devices *ds = arg;
	struct device_row *row = usb_owner(usb);

	if (row == NULL)
		return;
	if (row->driver != NULL && row->driver->open(usb, &driver_events, ds, &row->state) != 0)
		row->failed = err_staff_text(LOBBY_ERR_NO_MEMORY);
	tell_all(ds);
}

static void on_failed(void *arg, struct usb_device *usb, int err)
{
	struct device_row *row = usb_owner(usb);

	if (row == NULL)
		return;
	row->failed = err == LOBBY_ERR_FORBIDDEN ? "This program may not open the device: its udev rule is missing."
		      : err == LOBBY_ERR_BUSY	 ? "Another program has the device."
						 : "The device cannot be opened. Unplug it and plug it in again.";
	tell_all(arg);
}

static void on_gone(void *arg, struct usb_device *usb)
{
	struct devices *ds = arg;
	struct device_row *row = usb_owner(usb), gone;

	if (row == NULL)
		return;
	/* Out of the list first, so that a job that ends here is not given to it again. */
	gone = list_remove(&ds->list, row);
	if (gone.state != NULL)
		gone.driver->close(gone.state);
	tell_slot(ds);
	tell_all(ds);
}

static const struct usb_events usb_events = { on_wants, on_notes, on_found, on_ready, on_failed, on_gone };

/* ---- peers ---- */

static void on_message(void *arg, struct wire_conn *conn, const lobby_Envelope *envelope)
{
	struct devices *ds = arg;
	lobby_Envelope answer = { .which_body = lobby_Envelope_ping_tag };

	switch (envelope->which_body) {
	case lobby_Envelope_print_tag:
		if (envelope->body.print.cancel)
			printing_cancel(&ds->printing, envelope->body.print.job);
		else
			printing_add(&ds->printing, &envelope->body.print, conn->peer);
		break;
	case lobby_Envelope_print_band_tag:
		printing_band(&ds->printing, &envelope->body.print_band);
		break;
	case lobby_Envelope_self_test_tag:
		take_self_test(ds, conn, &envelope->body.self_test);
		break;
	case lobby_Envelope_ping_tag:
		if (envelope->body.ping.answer)
			break;
		answer.body.ping = (lobby_Ping){ .number = envelope->body.ping.number, .answer = true };
		if (wire_send(conn, &answer) != 0)
			log_event(LOG_INFO, "ping-unanswered", "peer=%d", (int)conn->peer);
		break;
	default:
		log_event(LOG_WARNING, "wire-unexpected", "tag=%d", (int)envelope->which_body);
		break;
	}
}

static void on_peer(void *arg, struct wire_conn *conn, bool up)
{
	struct devices *ds = arg;
	lobby_Envelope envelope;

	if (!up) {
		if (ds->tester == conn) {
			ds->tester = NULL;
			selftest_cancel(&ds->selftest);
		}
		return;
	}
	fill_list(ds, &envelope);
	if (wire_send(conn, &envelope) != 0)
		log_event(LOG_WARNING, "devices-untold", "peer=%d", (int)conn->peer);
	if (ds->slot == lobby_CardSlotState_CARD_SLOT_EMPTY)
		return;
	envelope = (lobby_Envelope){ .which_body = lobby_Envelope_card_slot_tag };
	envelope.body.card_slot.state = ds->slot;
	if (wire_send(conn, &envelope) != 0)
		log_event(LOG_WARNING, "slot-untold", "peer=%d", (int)conn->peer);
}

int devices_new(struct loop *loop, const char *path, struct devices **out)
{
	struct devices *ds = calloc(1, sizeof(*ds));
	int err;

	if (ds == NULL)
		return LOBBY_ERR_NO_MEMORY;
	ds->loop = loop;
	printing_init(&ds->printing, &ds->list, on_job_ended, ds);
	selftest_init(&ds->selftest, loop, &selftest_ops, ds);
	ds->server = wire_server_new(loop, path, lobby_Program_PROGRAM_DEVICES, on_message, on_peer, ds);
	if (ds->server == NULL) {
		free(ds);
		return LOBBY_ERR_IO;
	}
	err = usb_new(loop, &usb_events, ds, &ds->bus);
	if (err != 0) {
		wire_server_free(ds->server);
		free(ds);
		return err;
	}
	*out = ds;
	return 0;
}

void devices_free(struct devices *ds)
{
	if (ds == NULL)
		return;
	ds->tester = NULL;
	selftest_fini(&ds->selftest);
	for (int i = 0; i < LIST_ROWS; i++) {
		struct device_row *row = &ds->list.rows[i], gone;

		if (row->usb == NULL)
			continue;
		gone = list_remove(&ds->list, row);
		if (gone.state != NULL)
			gone.driver->close(gone.state);
	}
	ds->closing = true;
	usb_free(ds->bus);
	printing_fini(&ds->printing);
	wire_server_free(ds->server);
	explicit_bzero(ds, sizeof(*ds));
	free(ds);
}

/* The list follows the bus: an interface that a driver wants is in it from the moment it is found until it is gone; a
 * device that is not plugged in is simply not there. Everything else is passing on. */
#include "devices/devices.h"

#include "devices/queue.h"

#include "base/log.h"
#include "base/text.h"
#include "drivers/registry.h"
#include "wire/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEVICES 16

/* One row of the list. */
struct entry {
	struct usb_device *usb; /* NULL: free */
	const struct driver *driver;
	void *state; /* the driver's; NULL until the device is ready */
	const char *failed;
};

struct devices {
	struct loop *loop;
	struct usb *bus;
	struct wire_server *server;
	struct entry entries[MAX_DEVICES];
	struct queue queue;
	const struct entry *printing; /* who has the queue's first job */
	lobby_CardSlotState slot;
	bool closing;
};

/* ---- telling ---- */

static void describe(const struct entry *e, lobby_Device *d)
{
	const struct usb_info *info = usb_info(e->usb);

	*d = (lobby_Device){ .kind = e->driver->kind, .vendor_id = info->vendor, .product_id = info->product };
	text_copy(d->name, sizeof(d->name), info->name);
	text_copy(d->serial, sizeof(d->serial), info->serial);
	d->state = lobby_DeviceState_DEVICE_STARTING;
	if (e->failed != NULL) {
		d->state = lobby_DeviceState_DEVICE_FAULT;
		text_copy(d->detail, sizeof(d->detail), e->failed);
	} else if (e->state != NULL) {
		struct driver_status status = e->driver->status(e->state);

		d->state = status.state;
		d->dots = status.dots;
		d->dots_per_mm = status.dots_per_mm;
		text_copy(d->detail, sizeof(d->detail), status.detail);
		if (status.firmware != NULL)
			text_copy(d->firmware, sizeof(d->firmware), status.firmware);
	}
	if (d->firmware[0] == '\0')
		snprintf(d->firmware, sizeof(d->firmware), "%x.%02x", info->release >> 8, info->release & 0xff);
}

static void fill_list(const struct devices *ds, lobby_Envelope *envelope)
{
	lobby_Devices *list = &envelope->body.devices;

	*envelope = (lobby_Envelope){ .which_body = lobby_Envelope_devices_tag };
	for (int i = 0; i < MAX_DEVICES; i++)
		if (ds->entries[i].usb != NULL)
			describe(&ds->entries[i], &list->device[list->device_count++]);
}

static void tell_all(struct devices *ds)
{
	lobby_Envelope envelope;

	if (ds->closing)
		return;
	fill_list(ds, &envelope);
	wire_server_broadcast(ds->server, lobby_Program_PROGRAM_UNKNOWN, &envelope);
}

/* ---- printing ---- */

static void print_next(struct devices *ds);

static void tell_printed(struct devices *ds, lobby_Program to, const char *job, int err)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_printed_tag };

	envelope.body.printed.err = err;
	text_copy(envelope.body.printed.job, sizeof(envelope.body.printed.job), job);
	wire_server_broadcast(ds->server, to, &envelope);
}

/* A printer for this form that can print now, else any of its kind. */
static struct entry *find_printer(struct devices *ds, lobby_PrintForm form)
{
	lobby_DeviceKind kind = form == lobby_PrintForm_PRINT_SLIP ? lobby_DeviceKind_DEVICE_PRINTER
								   : lobby_DeviceKind_DEVICE_LABEL_PRINTER;
	struct entry *any = NULL;

	for (int i = 0; i < MAX_DEVICES; i++) {
		struct entry *e = &ds->entries[i];
		lobby_DeviceState state;

		if (e->usb == NULL || e->state == NULL || e->driver->print == NULL || e->driver->kind != kind)
			continue;
		state = e->driver->status(e->state).state;
		if (state == lobby_DeviceState_DEVICE_READY || state == lobby_DeviceState_DEVICE_PAPER_LOW)
			return e;
		any = e;
	}
	return any;
}

/* The first job has ended: say so, forget it, begin the next. */
static void end_first(struct devices *ds, int err)
{
	char job[sizeof(((lobby_Print *)0)->job)];
	lobby_Program from = queue_first(&ds->queue)->from;

	text_copy(job, sizeof(job), queue_first(&ds->queue)->print.job);
	ds->printing = NULL;
	queue_drop_first(&ds->queue);
	if (!ds->closing)
		tell_printed(ds, from, job, err);
}

static void print_next(struct devices *ds)
{
	while (ds->printing == NULL && queue_first(&ds->queue) != NULL && !ds->closing) {
		struct entry *e = find_printer(ds, queue_first(&ds->queue)->print.form);
		int err = LOBBY_ERR_UNPLUGGED;

		ds->printing = e;
		if (e != NULL)
			err = e->driver->print(e->state, &queue_first(&ds->queue)->print);
		if (err != 0)
			end_first(ds, err);
	}
}

static void on_printed(void *arg, const char *job, int err)
{
	struct devices *ds = arg;
	struct queued *first = queue_first(&ds->queue);

	if (first == NULL || strcmp(first->print.job, job) != 0)
		return;
	end_first(ds, err);
	print_next(ds);
}

static void cancel(struct devices *ds, const char *job)
{
	struct queued *first = queue_first(&ds->queue);
	const struct entry *e = ds->printing;

	if (first == NULL)
		return;
	if (strcmp(first->print.job, job) != 0) {
		lobby_Program from;

		if (queue_drop(&ds->queue, job, &from))
			tell_printed(ds, from, job, LOBBY_ERR_CLOSED);
	} else if (e != NULL) {
		e->driver->cancel(e->state); /* ends in on_printed() */
	}
}

static void take_print(struct devices *ds, const struct wire_conn *conn, const lobby_Print *print)
{
	int err;

	if (print->cancel) {
		cancel(ds, print->job);
		return;
	}
	err = queue_add(&ds->queue, print, conn->peer);
	if (err == LOBBY_ERR_EXISTS)
		return; /* the same job again: its answer will come */
	if (err != 0) {
		tell_printed(ds, conn->peer, print->job, err);
		return;
	}
	print_next(ds);
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

	(void)usb;
	if (read->len > sizeof(scan->data.bytes))
		return;
	log_event(LOG_INFO, "scan", "source=%d bytes=%zu error=%s", (int)read->source, read->len, err_event(read->err));
	text_copy(scan->aim, sizeof(scan->aim), read->aim);
	if (read->len > 0)
		memcpy(scan->data.bytes, read->data, read->len);
	scan->data.size = (pb_size_t)read->len;
	scan->err = read->err;
	scan->source = read->source;
	wire_server_broadcast(ds->server, lobby_Program_PROGRAM_KIOSK, &envelope);
	explicit_bzero(&envelope, sizeof(envelope));
}

static void on_slot(void *arg, struct usb_device *usb, lobby_CardSlotState state)
{
	struct devices *ds = arg;
	lobby_Envelope envelope = { .which_body = lobby_Envelope_card_slot_tag };

	(void)usb;
	if (ds->slot == state || ds->closing)
		return;
	ds->slot = state;
	envelope.body.card_slot.state = state;
	wire_server_broadcast(ds->server, lobby_Program_PROGRAM_KIOSK, &envelope);
}

static void on_want(void *arg, struct usb_device *usb, uint32_t first_row, uint32_t rows)
{
	struct devices *ds = arg;
	struct queued *first = queue_first(&ds->queue);
	lobby_Envelope envelope = { .which_body = lobby_Envelope_print_want_tag };
	lobby_PrintWant *want = &envelope.body.print_want;

	(void)usb;
	if (first == NULL || ds->closing)
		return;
	*want = (lobby_PrintWant){ .first_row = first_row, .rows = rows };
	text_copy(want->job, sizeof(want->job), first->print.job);
	wire_server_broadcast(ds->server, first->from, &envelope);
}

static void take_band(struct devices *ds, const lobby_PrintBand *band)
{
	struct queued *first = queue_first(&ds->queue);
	const struct entry *e = ds->printing;

	if (first == NULL || e == NULL || e->driver->band == NULL || strcmp(first->print.job, band->job) != 0)
		return;
	if (e->driver->band(e->state, band) != 0)
		log_event(LOG_WARNING, "print-band", "row=%u rows=%u", band->first_row, band->rows);
}

static const struct driver_events driver_events = {
	.changed = on_changed, .read = on_read, .slot = on_slot, .want = on_want, .printed = on_printed
};

static bool on_wants(void *arg, const struct usb_info *info)
{
	(void)arg;
	return registry_driver_of(info) != NULL;
}

static void on_found(void *arg, struct usb_device *usb)
{
	struct devices *ds = arg;

	for (int i = 0; i < MAX_DEVICES; i++) {
		struct entry *e = &ds->entries[i];

		if (e->usb != NULL)
			continue;
		*e = (struct entry){ .usb = usb, .driver = registry_driver_of(usb_info(usb)) };
		usb_set_owner(usb, e);
		tell_all(ds);
		return;
	}
	log_event(LOG_WARNING, "devices-full", "max=%d", MAX_DEVICES);
}

static void on_ready(void *arg, struct usb_device *usb)
{
	struct devices *ds = arg;
	struct entry *e = usb_owner(usb);

	if (e == NULL)
		return;
	if (e->driver->open(usb, &driver_events, ds, &e->state) != 0)
		e->failed = err_staff_text(LOBBY_ERR_NO_MEMORY);
	tell_all(ds);
}

static void on_failed(void *arg, struct usb_device *usb, int err)
{
	struct entry *e = usb_owner(usb);

	if (e == NULL)
		return;
	e->failed = err == LOBBY_ERR_FORBIDDEN ? "This program may not open the device: its udev rule is missing."
		    : err == LOBBY_ERR_BUSY    ? "Another program has the device."
					       : "The device cannot be opened. Unplug it and plug it in again.";
	tell_all(arg);
}

static void on_gone(void *arg, struct usb_device *usb)
{
	struct devices *ds = arg;
	struct entry *e = usb_owner(usb);

	if (e == NULL)
		return;
	/* Out of the list first, so that a job that ends here is not given to it again. */
	{
		struct entry gone = *e;

		*e = (struct entry){ 0 };
		if (gone.state != NULL)
			gone.driver->close(gone.state);
	}
	tell_all(ds);
}

static const struct usb_events usb_events = { on_wants, on_found, on_ready, on_failed, on_gone };

/* ---- peers ---- */

static void on_message(void *arg, struct wire_conn *conn, const lobby_Envelope *envelope)
{
	struct devices *ds = arg;
	lobby_Envelope answer = { .which_body = lobby_Envelope_ping_tag };

	switch (envelope->which_body) {
	case lobby_Envelope_print_tag:
		take_print(ds, conn, &envelope->body.print);
		break;
	case lobby_Envelope_print_band_tag:
		take_band(ds, &envelope->body.print_band);
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

	if (!up)
		return;
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
	for (int i = 0; i < MAX_DEVICES; i++) {
		struct entry gone = ds->entries[i];

		ds->entries[i] = (struct entry){ 0 };
		if (gone.state != NULL)
			gone.driver->close(gone.state);
	}
	ds->closing = true;
	usb_free(ds->bus);
	queue_fini(&ds->queue);
	wire_server_free(ds->server);
	explicit_bzero(ds, sizeof(*ds));
	free(ds);
}

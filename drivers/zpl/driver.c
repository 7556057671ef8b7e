/* A printer between jobs: STARTING (which language, which one is it, how is it), IDLE, POLLING, CLEARING; STOPPED for
 * good. What happens to a job is in job.c. */
#include "drivers/zpl/driver.h"

#include "drivers/escpos/codec.h"
#include "drivers/zpl/printer.h"

#include "base/log.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PRINTER_CLASS 7
#define GET_DEVICE_ID 0
#define DEVICE_ID_LEN 1024
#define ID_TIMEOUT_MS 1000
#define FIRST_POLL_MS 2000
#define LAST_POLL_MS 300000
#define ALERT_MS 100 /* an alert comes in pieces */
#define CLEARS_MAX 3
#define CLEAR_MS 1000
#define SETTLE_MS 300 /* after ~JA */
#define HANDBACK_MS 5 /* for a cancelled write to come back */
#define HANDBACKS_MAX 40

void zpl_set_timer(struct zpl *z, int64_t delay_ms, loop_timer_fn *fn)
{
	loop_timer_set(usb_loop(z->usb), &z->timer, delay_ms, fn, z);
}

/* ---- what is said of it ---- */

void zpl_set_state(struct zpl *z, lobby_DeviceState state, const char *detail)
{
	if (z->state == state && strcmp(z->detail, detail) == 0)
		return;
	z->state = state;
	text_copy(z->detail, sizeof(z->detail), detail);
	z->events->changed(z->arg, z->usb);
}

int zpl_apply(struct zpl *z, int err, const struct zpl_status *status)
{
	if (err == 0) {
		zpl_set_state(z, zpl_state_of(status), zpl_words_of(status));
		return zpl_error_of(status);
	}
	z->identified = false; /* it may be another one's firmware when it answers again */
	if (err == LOBBY_ERR_PROTOCOL) {
		zpl_set_state(z, lobby_DeviceState_DEVICE_FAULT,
			      "The printer's status answers make no sense. Check that it is set to ZPL.");
		return err;
	}
	zpl_set_state(z, lobby_DeviceState_DEVICE_OFFLINE,
		      "The printer does not answer. Check that it is switched on and set to ZPL.");
	return LOBBY_ERR_OFFLINE;
}

/* ---- between jobs ---- */

void zpl_go_idle(struct zpl *z)
{
	z->phase = ZPL_IDLE;
	loop_timer_cancel(usb_loop(z->usb), &z->timer);
	if (z->job != NULL) {
		zpl_job_start(z);
		return;
	}
	if (z->state == lobby_DeviceState_DEVICE_READY) {
		z->poll_ms = 0; /* nothing is asked until there is a job */
		return;
	}
	z->poll_ms = z->poll_ms == 0 ? FIRST_POLL_MS : z->poll_ms * 2;
	if (z->poll_ms > LAST_POLL_MS)
		z->poll_ms = LAST_POLL_MS;
	zpl_set_timer(z, z->poll_ms, zpl_poll);
}

static void on_polled(void *arg, int err, const struct zpl_status *status, bool counted)
{
	struct zpl *z = arg;

	(void)zpl_apply(z, err, status);
	if (err == 0 && counted && zpl_is_holding(status)) {
		if (zpl_may_clear(z)) {
			zpl_clear(z);
			return;
		}
		zpl_set_state(z, lobby_DeviceState_DEVICE_OFFLINE,
			      "The printer holds an old label and does not drop it: switch it off and on.");
	} else if (err == 0 && counted) {
		z->clears = 0;
	}
	zpl_go_idle(z);
}

static void on_identified(void *arg, int err, const struct zpl_identity *identity)
{
	struct zpl *z = arg;

	if (err == 0) {
		z->identified = true;
		z->identity = *identity;
		log_event(LOG_INFO, "label-printer", "model=%s firmware=%s dots_per_mm=%u", identity->model,
			  identity->firmware, identity->dots_per_mm);
		z->events->changed(z->arg, z->usb);
	}
	zpl_link_ask(&z->link, on_polled); /* one that is silent to ~HI may still say what is wrong */
}

void zpl_poll(void *arg)
{
	struct zpl *z = arg;

	loop_timer_cancel(usb_loop(z->usb), &z->timer);
	if (z->phase != ZPL_STARTING)
		z->phase = ZPL_POLLING;
	if (z->identified)
		zpl_link_ask(&z->link, on_polled);
	else
		zpl_link_identify(&z->link, on_identified);
}

/* ---- throwing away ---- */

bool zpl_may_clear(const struct zpl *z)
{
	return z->clears < CLEARS_MAX;
}

static void on_cleared(void *arg, int err, const uint8_t *data, size_t len)
{
	struct zpl *z = arg;

	(void)data;
	(void)len;
	if (err != LOBBY_ERR_UNPLUGGED)
		zpl_set_timer(z, SETTLE_MS, zpl_poll);
}

static void send_clear(void *arg)
{
	struct zpl *z = arg;
	int err;

	if (usb_is_writing(z->usb) && ++z->ticks < HANDBACKS_MAX) {
		zpl_set_timer(z, HANDBACK_MS, send_clear);
		return;
	}
	err = usb_write(z->usb, "~JA", 3, CLEAR_MS, on_cleared, z);
	if (err != 0 && err != LOBBY_ERR_UNPLUGGED)
		zpl_set_timer(z, SETTLE_MS, zpl_poll);
}

void zpl_clear(struct zpl *z)
{
	z->phase = ZPL_CLEARING;
	z->clears++;
	z->ticks = 0;
	zpl_link_hush(&z->link);
	usb_cancel_write(z->usb);
	zpl_set_timer(z, HANDBACK_MS, send_clear);
}

/* ---- what the link hears ---- */

static void on_alert(void *arg)
{
	struct zpl *z = arg;

	if (z->phase == ZPL_IDLE)
		zpl_set_timer(z, ALERT_MS, zpl_poll);
}

static void on_broken(void *arg, int err)
{
	struct zpl *z = arg;

	loop_timer_cancel(usb_loop(z->usb), &z->timer);
	zpl_link_fini(&z->link);
	usb_cancel_write(z->usb);
	z->phase = ZPL_STOPPED;
	zpl_set_state(z, lobby_DeviceState_DEVICE_FAULT, "The printer's status cannot be read. Switch it off and on.");
	if (z->job != NULL)
		zpl_job_finish(z, err);
}

static const struct zpl_link_events link_events = { on_alert, on_broken };

/* ---- opening and closing ---- */

static bool match(const struct usb_info *info)
{
	/* Subclass 1: printer. Protocols: 1 one-way, 2 two-way, 3 two-way by IEEE 1284.4, which Zebra's do not use. */
	return registry_quirk_of(info)->speaks_zpl && info->class == PRINTER_CLASS && info->subclass == 1 &&
	       (info->protocol == 1 || info->protocol == 2) && info->out.address != 0 && !info->out.interrupt;
}

static void stop(struct zpl *z, const char *why)
{
	z->phase = ZPL_STOPPED;
	zpl_set_state(z, lobby_DeviceState_DEVICE_UNSUPPORTED, why);
	if (z->job != NULL)
		zpl_job_finish(z, LOBBY_ERR_OFFLINE);
}

static void on_id(void *arg, int err, const uint8_t *data, size_t len)
{
	struct zpl *z = arg;
	char language[40] = "", text[129];

	if (err == LOBBY_ERR_UNPLUGGED)
		return;
	if (err == 0 && len > 2 && escpos_device_id(data, len, "CMD", "COMMAND SET", language, sizeof(language)) &&
	    language[0] != '\0' && strcasestr(language, "ZPL") == NULL) {
		snprintf(text, sizeof(text), "This label printer speaks %s. Set it to ZPL.", language);
		stop(z, text);
	} else if (usb_info(z->usb)->in.address == 0) {
		stop(z,
		     "This label printer cannot answer (its port is one-way), so nobody would know what it printed.");
	} else {
		zpl_link_init(&z->link, z->usb, &link_events, z);
		if (z->phase != ZPL_STOPPED)
			zpl_poll(z);
	}
}

static int open_printer(struct usb_device *usb, const struct driver_events *events, void *arg, void **out)
{
	const struct usb_info *info = usb_info(usb);
	struct zpl *z = calloc(1, sizeof(*z));
	int err;

	if (z == NULL)
		return LOBBY_ERR_NO_MEMORY;
	z->usb = usb;
	z->events = events;
	z->arg = arg;
	z->state = lobby_DeviceState_DEVICE_STARTING;
	z->link.usb = usb;
	*out = z;
	/* Class request, wIndex: interface in the high byte, alternate setting in the low (4.2.1). */
	err = usb_control(usb, 0xa1, GET_DEVICE_ID, 0, (uint16_t)(info->number << 8 | info->alternate), DEVICE_ID_LEN,
			  ID_TIMEOUT_MS, on_id, z);
	if (err != 0)
		on_id(z, err, NULL, 0);
	return 0;
}

static void close_printer(void *state)
{
	struct zpl *z = state;

	loop_timer_cancel(usb_loop(z->usb), &z->timer);
	zpl_link_fini(&z->link);
	if (z->job != NULL)
		zpl_job_finish(z, LOBBY_ERR_UNPLUGGED);
	free(z);
}

static struct driver_status status(const void *state)
{
	const struct zpl *z = state;

	return (struct driver_status){ .state = z->state,
				       .detail = z->detail,
				       .firmware = z->identity.firmware,
				       .dots_per_mm = z->identity.dots_per_mm };
}

static int print(void *state, const lobby_Print *job)
{
	struct zpl *z = state;

	if (z->job != NULL)
		return LOBBY_ERR_BUSY;
	if (z->phase == ZPL_STOPPED)
		return LOBBY_ERR_OFFLINE;
	z->job = calloc(1, sizeof(*z->job));
	if (z->job == NULL)
		return LOBBY_ERR_NO_MEMORY;
	z->job->print = *job;
	if (z->phase == ZPL_IDLE)
		zpl_job_start(z); /* else when what it is doing has ended */
	return 0;
}

static int band(void *state, const lobby_PrintBand *rows)
{
	return zpl_job_band(state, rows);
}

static void cancel(void *state)
{
	struct zpl *z = state;

	if (z->job != NULL)
		zpl_job_abort(z, LOBBY_ERR_CLOSED);
}

const struct driver zpl_driver = {
	.name = "zpl",
	.kind = lobby_DeviceKind_DEVICE_LABEL_PRINTER,
	.match = match,
	.open = open_printer,
	.close = close_printer,
	.status = status,
	.print = print,
	.band = band,
	.cancel = cancel,
};

/* One printer: STARTING (who is it, how is it), ENABLING (automatic status), IDLE, POLLING; and for a job CHECKING ->
 * SENDING -> DRAINING -> VERIFYING, with CLEARING on every way out that is not success: what is still in the printer's
 * buffer is thrown away, so that no half slip comes out later for somebody else. A job is never tried again by itself.
 */
#include "drivers/escpos/driver.h"

#include "drivers/escpos/link.h"

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
#define ENABLE_MS 1000
#define POLL_MS 10000
#define CHUNK 1024
#define CHUNK_MS 2000
#define STUCK_MAX 10 /* chunks without progress: 20 s */
#define TICK_MS 1000
#define DRAIN_TICKS_MAX 30
#define CLEAR_MS 1000
#define HANDBACK_MS 5 /* for a cancelled write to come back */

enum phase { STARTING, ENABLING, IDLE, POLLING, CHECKING, SENDING, DRAINING, VERIFYING, CLEARING, STOPPED };

struct escpos {
	struct usb_device *usb;
	const struct driver_events *events;
	void *arg;
	const struct quirk *quirk;
	struct escpos_link link;
	enum phase phase;
	lobby_DeviceState state;
	char detail[129];
	char model[64];
	bool asb; /* automatic status has been seen */
	bool asb_asked;
	struct loop_timer timer;
	bool has_job;
	char job[sizeof(((lobby_Print *)0)->job)];
	uint8_t bytes[ESCPOS_MAX_JOB];
	size_t len, sent;
	size_t offered; /* sent, and the chunk under way */
	bool drained;	/* GS r is answered: it can overtake the news that the last chunk is sent */
	int stuck, ticks;
};

static void start_job(struct escpos *e);
static void poll_now(void *arg);

/* ---- what is said of it ---- */

static const char *words_of(lobby_DeviceState state)
{
	switch (state) {
	case lobby_DeviceState_DEVICE_PAPER_LOW:
		return "The paper roll is nearly used up.";
	case lobby_DeviceState_DEVICE_PAPER_OUT:
		return "Out of paper.";
	case lobby_DeviceState_DEVICE_COVER_OPEN:
		return "The cover is open.";
	case lobby_DeviceState_DEVICE_OFFLINE:
		return "The printer is offline: press its feed button, or switch it off and on.";
	case lobby_DeviceState_DEVICE_FAULT:
		return "The printer reports an error: look at the cutter and the head.";
	default:
		return "";
	}
}

static void set_state(struct escpos *e, lobby_DeviceState state, const char *detail)
{
	if (e->state == state && strcmp(e->detail, detail) == 0)
		return;
	e->state = state;
	text_copy(e->detail, sizeof(e->detail), detail);
	e->events->changed(e->arg, e->usb);
}

static void apply(struct escpos *e, const struct escpos_status *status)
{
	lobby_DeviceState state = escpos_state_of(status);

	set_state(e, state, words_of(state));
}

static void apply_silence(struct escpos *e, int err)
{
	e->asb = false; /* it may have been switched off and on: begin again when it answers */
	e->asb_asked = false;
	if (err == LOBBY_ERR_PROTOCOL)
		set_state(e, lobby_DeviceState_DEVICE_FAULT,
			  "The printer's status answers make no sense. Check that it is set to ESC/POS.");
	else
		set_state(e, lobby_DeviceState_DEVICE_OFFLINE,
			  "The printer does not answer. Check that it is switched on and set to ESC/POS.");
}

/* ---- between jobs ---- */

static void go_idle(struct escpos *e)
{
	e->phase = IDLE;
	if (e->has_job)
		start_job(e);
	else if (!e->asb)
		loop_timer_set(usb_loop(e->usb), &e->timer, POLL_MS, poll_now, e);
}

static void on_enable_over(void *arg)
{
	go_idle(arg);
}

static void on_written(void *arg, int err, const uint8_t *data, size_t len)
{
	(void)arg; /* what counts is what the printer says */
	(void)err;
	(void)data;
	(void)len;
}

/* Asks for automatic status: a printer that is out of paper takes this in when it is ready again. */
static void enable_asb(void *arg)
{
	static const uint8_t ask[] = { 0x1d, 'a', 0x0e };
	struct escpos *e = arg;
	int err = usb_write(e->usb, ask, sizeof(ask), ENABLE_MS, on_written, e);

	e->phase = ENABLING;
	if (err == LOBBY_ERR_BUSY) {
		loop_timer_set(usb_loop(e->usb), &e->timer, HANDBACK_MS, enable_asb, e);
		return;
	}
	e->asb_asked = true;
	loop_timer_set(usb_loop(e->usb), &e->timer, ENABLE_MS, on_enable_over, e);
}

static void on_polled(void *arg, int err, const struct escpos_status *status)
{
	struct escpos *e = arg;

	if (err == 0)
		apply(e, status);
	else
		apply_silence(e, err);
	if (err == 0 && !e->asb && !e->asb_asked && !e->quirk->no_asb && usb_info(e->usb)->in.address != 0)
		enable_asb(e);
	else
		go_idle(e);
}

static void poll_now(void *arg)
{
	struct escpos *e = arg;

	if (e->phase != STARTING)
		e->phase = POLLING;
	escpos_link_ask(&e->link, on_polled);
}

/* ---- a job's end ---- */

static void finish_job(struct escpos *e, int err)
{
	char job[sizeof(e->job)];

	memcpy(job, e->job, sizeof(job));
	e->has_job = false;
	explicit_bzero(e->bytes, sizeof(e->bytes));
	explicit_bzero(e->job, sizeof(e->job));
	log_event(err == 0 ? LOG_INFO : LOG_WARNING, "print-end", "job=%s error=%s bytes=%zu", job, err_event(err),
		  e->sent);
	e->events->printed(e->arg, job, err);
}

static void on_cleared(void *arg, int err, const uint8_t *data, size_t len)
{
	struct escpos *e = arg;

	(void)data;
	(void)len;
	if (err != 0)
		e->asb = e->asb_asked = false;
	poll_now(e);
}

/* DLE DC4 8: throw the buffer away. Then start afresh (ESC @, automatic status) and cut off what did come out. */
static void clear_printer(void *arg)
{
	static const uint8_t clear[] = { 0x10, 0x14, 8,	   1,	3,    20,   1,	 6,  2, 8,
					 0x1b, '@',  0x1d, 'a', 0x0e, 0x1d, 'V', 66, 24 };
	struct escpos *e = arg;
	int err;

	if (usb_is_writing(e->usb) && ++e->ticks < 40) {
		loop_timer_set(usb_loop(e->usb), &e->timer, HANDBACK_MS, clear_printer, e);
		return;
	}
	err = usb_write(e->usb, clear, sizeof(clear), CLEAR_MS, on_cleared, e);
	if (err != 0 && err != LOBBY_ERR_UNPLUGGED)
		poll_now(e);
}

static void end_badly(struct escpos *e, int err)
{
	bool touched = e->phase == SENDING || e->sent > 0;

	loop_timer_cancel(usb_loop(e->usb), &e->timer);
	if (touched) {
		usb_cancel_write(e->usb);
		e->phase = CLEARING;
		e->asb = e->asb_asked && e->asb;
		e->ticks = 0;
		escpos_link_hush(&e->link);
		loop_timer_set(usb_loop(e->usb), &e->timer, HANDBACK_MS, clear_printer, e);
	}
	finish_job(e, err);
	if (!touched)
		poll_now(e);
}

/* ---- a job ---- */

static void on_verified(void *arg, int err, const struct escpos_status *status)
{
	struct escpos *e = arg;
	int why = err != 0 ? err : escpos_error_of(status);

	if (err == 0)
		apply(e, status);
	if (why != 0) {
		end_badly(e, why);
		return;
	}
	finish_job(e, 0);
	go_idle(e);
}

static void on_drain_tick(void *arg);

static void on_drain_status(void *arg, int err, const struct escpos_status *status)
{
	struct escpos *e = arg;

	if (err == 0)
		apply(e, status);
	if (err == 0 && escpos_error_of(status) != 0)
		end_badly(e, escpos_error_of(status));
	else
		loop_timer_set(usb_loop(e->usb), &e->timer, TICK_MS, on_drain_tick, e);
}

static void on_drain_tick(void *arg)
{
	struct escpos *e = arg;

	if (++e->ticks >= DRAIN_TICKS_MAX)
		end_badly(e, LOBBY_ERR_TIMEOUT);
	else
		escpos_link_ask(&e->link, on_drain_status);
}

static void verify(struct escpos *e)
{
	e->phase = VERIFYING;
	loop_timer_cancel(usb_loop(e->usb), &e->timer);
	escpos_link_ask(&e->link, on_verified);
}

static void send_next(void *arg);

static void on_stuck_status(void *arg, int err, const struct escpos_status *status)
{
	struct escpos *e = arg;

	if (err == 0 && escpos_error_of(status) != 0) {
		apply(e, status);
		end_badly(e, escpos_error_of(status));
	} else {
		send_next(e);
	}
}

static void on_chunk(void *arg, int err, const uint8_t *data, size_t len)
{
	struct escpos *e = arg;

	(void)data;
	e->sent += len;
	if (err == LOBBY_ERR_UNPLUGGED)
		return; /* close() comes and says so */
	if (err == LOBBY_ERR_TIMEOUT && (len > 0 || ++e->stuck < STUCK_MAX)) {
		if (len > 0)
			e->stuck = 0;
		escpos_link_ask_port(&e->link, on_stuck_status);
		return;
	}
	if (err != 0) {
		if (err == LOBBY_ERR_PROTOCOL || err == LOBBY_ERR_IO)
			set_state(e, lobby_DeviceState_DEVICE_FAULT, "The printer refuses data. Switch it off and on.");
		end_badly(e, err);
		return;
	}
	e->stuck = 0;
	send_next(e);
}

static void send_next(void *arg)
{
	struct escpos *e = arg;
	size_t left = e->len - e->sent, chunk = left > CHUNK ? CHUNK : left;
	int err;

	if (left == 0) {
		e->ticks = 0;
		e->phase = DRAINING;
		if (e->drained || usb_info(e->usb)->in.address == 0)
			verify(e);
		else
			loop_timer_set(usb_loop(e->usb), &e->timer, TICK_MS, on_drain_tick, e);
		return;
	}
	e->phase = SENDING;
	e->offered = e->sent + chunk;
	err = usb_write(e->usb, e->bytes + e->sent, chunk, CHUNK_MS, on_chunk, e);
	if (err == LOBBY_ERR_BUSY) /* the last question's write is not back yet */
		loop_timer_set(usb_loop(e->usb), &e->timer, HANDBACK_MS, send_next, e);
	else if (err != 0 && err != LOBBY_ERR_UNPLUGGED)
		end_badly(e, err);
}

static void on_checked(void *arg, int err, const struct escpos_status *status)
{
	struct escpos *e = arg;

	if (err == 0)
		apply(e, status);
	else
		apply_silence(e, err);
	if (err == 0)
		err = escpos_error_of(status);
	else if (err == LOBBY_ERR_TIMEOUT)
		err = LOBBY_ERR_OFFLINE;
	if (err != 0) {
		finish_job(e, err);
		go_idle(e);
		return;
	}
	send_next(e);
}

static void start_job(struct escpos *e)
{
	loop_timer_cancel(usb_loop(e->usb), &e->timer);
	e->phase = CHECKING;
	e->sent = 0;
	e->stuck = 0;
	e->drained = false;
	escpos_link_ask(&e->link, on_checked);
}

/* ---- what the link hears ---- */

static void on_auto_status(void *arg, const struct escpos_status *status)
{
	struct escpos *e = arg;
	int why = escpos_error_of(status);

	e->asb = true;
	if (e->phase == STOPPED)
		return;
	apply(e, status);
	if (e->phase == ENABLING) {
		loop_timer_cancel(usb_loop(e->usb), &e->timer);
		go_idle(e);
	} else if (e->phase == IDLE) {
		loop_timer_cancel(usb_loop(e->usb), &e->timer);
	} else if ((e->phase == SENDING || e->phase == DRAINING) && why != 0) {
		end_badly(e, why);
	}
}

static void on_drained(void *arg)
{
	struct escpos *e = arg;

	if (e->phase == SENDING && e->offered == e->len)
		e->drained = true;
	else if (e->phase == DRAINING)
		verify(e);
}

static void on_broken(void *arg, int err)
{
	struct escpos *e = arg;

	loop_timer_cancel(usb_loop(e->usb), &e->timer);
	escpos_link_fini(&e->link);
	e->phase = STOPPED;
	set_state(e, lobby_DeviceState_DEVICE_FAULT, "The printer's status cannot be read. Switch it off and on.");
	if (e->has_job)
		finish_job(e, err);
}

static const struct escpos_link_events link_events = { on_auto_status, on_drained, on_broken };

/* ---- opening and closing ---- */

static bool match(const struct usb_info *info)
{
	/* Subclass 1: printer. Protocols: 1 one-way, 2 two-way; 3 (IEEE 1284.4) is another language. */
	return info->class == PRINTER_CLASS && info->subclass == 1 && (info->protocol == 1 || info->protocol == 2) &&
	       info->out.address != 0 && !info->out.interrupt;
}

/* A printer that names its languages, none of which can be ESC/POS. */
static bool speaks_something_else(const uint8_t *id, size_t len, char *language, size_t size)
{
	if (!escpos_device_id(id, len, "CMD", "COMMAND SET", language, size) || language[0] == '\0')
		return false;
	return strcasestr(language, "ESC") == NULL && strcasestr(language, "EPSON") == NULL &&
	       (strcasestr(language, "PCL") != NULL || strcasestr(language, "POSTSCRIPT") != NULL ||
		strcasestr(language, "ZPL") != NULL || strcasestr(language, "EPL") != NULL ||
		strcasestr(language, "PJL") != NULL);
}

static void on_id(void *arg, int err, const uint8_t *data, size_t len)
{
	struct escpos *e = arg;
	char language[40] = "", text[129];

	if (err == LOBBY_ERR_UNPLUGGED)
		return;
	if (err == 0 && len > 2) {
		escpos_device_id(data, len, "MDL", "MODEL", e->model, sizeof(e->model));
		if (speaks_something_else(data, len, language, sizeof(language))) {
			snprintf(text, sizeof(text), "This printer speaks %s, not ESC/POS.", language);
			e->phase = STOPPED;
			set_state(e, lobby_DeviceState_DEVICE_UNSUPPORTED, text);
			return;
		}
	}
	escpos_link_init(&e->link, e->usb, &link_events, e);
	if (e->phase != STOPPED)
		poll_now(e);
}

static int open_printer(struct usb_device *usb, const struct driver_events *events, void *arg, void **out)
{
	struct escpos *e = calloc(1, sizeof(*e));
	const struct usb_info *info = usb_info(usb);
	int err;

	if (e == NULL)
		return LOBBY_ERR_NO_MEMORY;
	e->usb = usb;
	e->events = events;
	e->arg = arg;
	e->quirk = registry_quirk_of(info);
	e->state = lobby_DeviceState_DEVICE_STARTING;
	e->link.usb = usb;
	*out = e;
	/* Class request, wIndex: interface in the high byte, alternate setting in the low (4.2.1). */
	err = usb_control(usb, 0xa1, GET_DEVICE_ID, 0, (uint16_t)(info->number << 8 | info->alternate), DEVICE_ID_LEN,
			  ID_TIMEOUT_MS, on_id, e);
	if (err != 0)
		on_id(e, err, NULL, 0);
	return 0;
}

static void close_printer(void *state)
{
	struct escpos *e = state;

	loop_timer_cancel(usb_loop(e->usb), &e->timer);
	escpos_link_fini(&e->link);
	if (e->has_job)
		finish_job(e, LOBBY_ERR_UNPLUGGED);
	explicit_bzero(e, sizeof(*e));
	free(e);
}

static struct driver_status status(const void *state)
{
	const struct escpos *e = state;

	return (struct driver_status){ .state = e->state, .detail = e->detail };
}

static int print(void *state, const lobby_Print *job)
{
	struct escpos *e = state;
	struct escpos_paper paper = { .columns = e->quirk->columns != 0 ? e->quirk->columns : 48,
				      .code_page = e->quirk->code_page != 0 ? e->quirk->code_page : 19 };
	int len;

	if (e->has_job)
		return LOBBY_ERR_BUSY;
	if (e->phase == STOPPED)
		return LOBBY_ERR_OFFLINE;
	len = escpos_encode_job(job, &paper, !e->quirk->no_asb, e->bytes, sizeof(e->bytes));
	if (len < 0)
		return len;
	e->len = (size_t)len;
	e->sent = 0;
	e->has_job = true;
	text_copy(e->job, sizeof(e->job), job->job);
	if (e->phase == IDLE)
		start_job(e); /* else when what it is doing has ended */
	return 0;
}

static void cancel(void *state)
{
	struct escpos *e = state;

	if (!e->has_job)
		return;
	if (e->phase == CHECKING || e->phase == SENDING || e->phase == DRAINING || e->phase == VERIFYING)
		end_badly(e, LOBBY_ERR_CLOSED);
	else
		finish_job(e, LOBBY_ERR_CLOSED); /* not begun */
}

const struct driver escpos_driver = {
	.name = "escpos",
	.kind = lobby_DeviceKind_DEVICE_PRINTER,
	.match = match,
	.open = open_printer,
	.close = close_printer,
	.status = status,
	.print = print,
	.cancel = cancel,
};

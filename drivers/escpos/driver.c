/* A printer between jobs: STARTING (which one is it, how is it), ENABLING (automatic status), IDENTIFYING (its
 * firmware), IDLE, POLLING; STOPPED for good. What happens to a job is in job.c. */
#include "drivers/escpos/driver.h"

#include "drivers/escpos/printer.h"

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
#define IDENTIFY_MS 500
#define POLL_MS 10000
#define CELL_DOTS 12 /* of font A, across */
#define DOTS_PER_MM 8

/* Models, by the beginning of the name that they give themselves, that are not the usual one. */
static const struct {
	const char *name;
	bool all_pages;
	bool no_raster;
} models[] = {
	{ .name = "TM-T88V", .all_pages = true },  { .name = "TM-T20II", .all_pages = true },
	{ .name = "TM-T70II", .all_pages = true }, { .name = "TM-T82II", .all_pages = true },
	{ .name = "TM-m", .all_pages = true },	   { .name = "TM-L100", .all_pages = true },
	{ .name = "TM-U", .no_raster = true }, /* needles */
};

/* ---- what is said of it ---- */

void escpos_set_state(struct escpos *e, lobby_DeviceState state, const char *detail)
{
	if (e->state == state && strcmp(e->detail, detail) == 0)
		return;
	e->state = state;
	text_copy(e->detail, sizeof(e->detail), detail);
	e->events->changed(e->arg, e->usb);
}

static void on_written(void *arg, int err, const uint8_t *data, size_t len)
{
	(void)arg; /* what counts is what the printer says */
	(void)err;
	(void)data;
	(void)len;
}

bool escpos_recover(struct escpos *e)
{
	static const uint8_t recover[] = { 0x10, 0x05, 2 }; /* DLE ENQ: out of the error, and forget what you have */

	if (usb_write(e->usb, recover, sizeof(recover), RECOVER_MS, on_written, e) != 0)
		return false;
	e->opened = false;
	return true;
}

void escpos_apply(struct escpos *e, const struct escpos_status *status)
{
	escpos_set_state(e, escpos_state_of(status), escpos_words_of(status));
	/* After a jam, some printers want to be told that a person has been there. */
	if (status->cover_open)
		e->opened = true;
	else if (!status->jam && !status->cutter)
		e->opened = false;
	else if (e->opened && (e->phase == IDLE || e->phase == POLLING))
		escpos_recover(e);
}

void escpos_apply_silence(struct escpos *e, int err)
{
	e->asb = false; /* it may have been switched off and on: begin again when it answers */
	e->asb_asked = false;
	if (err == LOBBY_ERR_PROTOCOL)
		escpos_set_state(e, lobby_DeviceState_DEVICE_FAULT,
				 "The printer's status answers make no sense. Check that it is set to ESC/POS.");
	else
		escpos_set_state(e, lobby_DeviceState_DEVICE_OFFLINE,
				 "The printer does not answer. Check that it is switched on and set to ESC/POS.");
}

/* ---- between jobs ---- */

void escpos_go_idle(struct escpos *e)
{
	e->phase = IDLE;
	if (e->has_job)
		escpos_job_start(e);
	else if (!e->asb)
		loop_timer_set(usb_loop(e->usb), &e->timer, POLL_MS, escpos_poll, e);
}

/* ---- who it is: GS I ---- */

static void ask_identity(void *arg);

static void end_identity(void *arg)
{
	struct escpos *e = arg;

	log_event(LOG_INFO, "printer-identity", "maker=\"%s\" model=\"%s\" firmware=\"%s\"", e->maker, e->model,
		  e->firmware);
	e->events->changed(e->arg, e->usb);
	escpos_go_idle(e);
}

static void on_text(void *arg, const char *text)
{
	struct escpos *e = arg;

	if (e->phase != IDENTIFYING)
		return; /* too late: whose answer is it? */
	if (e->identity == 65)
		text_copy(e->firmware, sizeof(e->firmware), text);
	else if (e->identity == 66)
		text_copy(e->maker, sizeof(e->maker), text);
	else if (text[0] != '\0')
		text_copy(e->model, sizeof(e->model), text);
	if (e->identity++ < 67)
		ask_identity(e);
	else
		loop_timer_set(usb_loop(e->usb), &e->timer, 0, end_identity, e);
}

/* One at a time, because answers do not name their question; after the first silence no more, and never again. */
static void ask_identity(void *arg)
{
	struct escpos *e = arg;
	uint8_t ask[] = { 0x1d, 'I', (uint8_t)e->identity };
	int err = usb_write(e->usb, ask, sizeof(ask), IDENTIFY_MS, on_written, e);

	e->phase = IDENTIFYING;
	if (err == LOBBY_ERR_BUSY)
		loop_timer_set(usb_loop(e->usb), &e->timer, HANDBACK_MS, ask_identity, e);
	else
		loop_timer_set(usb_loop(e->usb), &e->timer, IDENTIFY_MS, end_identity, e);
}

static void identify_or_idle(struct escpos *e)
{
	bool well = e->state == lobby_DeviceState_DEVICE_READY || e->state == lobby_DeviceState_DEVICE_PAPER_LOW;

	if (e->identity == 0 && well && !e->quirk->no_asb && usb_info(e->usb)->in.address != 0) {
		e->identity = 65;
		ask_identity(e);
	} else {
		escpos_go_idle(e);
	}
}

/* ---- automatic status ---- */

static void on_enable_over(void *arg)
{
	identify_or_idle(arg);
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

/* ---- polling ---- */

static void on_polled(void *arg, int err, const struct escpos_status *status)
{
	struct escpos *e = arg;

	if (err != 0) {
		escpos_apply_silence(e, err);
		escpos_go_idle(e);
		return;
	}
	escpos_apply(e, status);
	if (!e->asb && !e->asb_asked && !e->quirk->no_asb && usb_info(e->usb)->in.address != 0)
		enable_asb(e);
	else
		identify_or_idle(e);
}

void escpos_poll(void *arg)
{
	struct escpos *e = arg;

	if (e->phase != STARTING)
		e->phase = POLLING;
	escpos_link_ask(&e->link, on_polled);
}

/* ---- what the link hears ---- */

static void on_auto_status(void *arg, const struct escpos_status *status)
{
	struct escpos *e = arg;

	e->asb = true;
	if (e->phase == STOPPED)
		return;
	escpos_apply(e, status);
	if (e->phase == ENABLING || e->phase == IDLE) {
		loop_timer_cancel(usb_loop(e->usb), &e->timer);
		identify_or_idle(e);
	} else {
		escpos_job_on_status(e, status);
	}
}

static void on_drained(void *arg)
{
	escpos_job_on_drained(arg);
}

static void on_broken(void *arg, int err)
{
	struct escpos *e = arg;

	loop_timer_cancel(usb_loop(e->usb), &e->timer);
	escpos_link_fini(&e->link);
	e->phase = STOPPED;
	escpos_set_state(e, lobby_DeviceState_DEVICE_FAULT,
			 "The printer's status cannot be read. Switch it off and on.");
	if (e->has_job)
		escpos_job_finish(e, err);
}

static const struct escpos_link_events link_events = {
	.status = on_auto_status, .drained = on_drained, .text = on_text, .broken = on_broken
};

/* ---- opening and closing ---- */

static bool match(const struct usb_info *info)
{
	/* Subclass 1: printer. Protocols: 1 one-way, 2 two-way; 3 (IEEE 1284.4) is another language. */
	return !registry_quirk_of(info)->speaks_zpl && info->class == PRINTER_CLASS && info->subclass == 1 &&
	       (info->protocol == 1 || info->protocol == 2) && info->out.address != 0 && !info->out.interrupt;
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
			escpos_set_state(e, lobby_DeviceState_DEVICE_UNSUPPORTED, text);
			if (e->has_job)
				escpos_job_finish(e, LOBBY_ERR_OFFLINE);
			return;
		}
	}
	escpos_link_init(&e->link, e->usb, &link_events, e);
	if (e->phase != STOPPED)
		escpos_poll(e);
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
		escpos_job_finish(e, LOBBY_ERR_UNPLUGGED);
	explicit_bzero(e, sizeof(*e));
	free(e);
}

static uint32_t dots_of(const struct escpos *e)
{
	return (e->quirk->columns != 0 ? e->quirk->columns : 48U) * CELL_DOTS;
}

static struct driver_status status(const void *state)
{
	const struct escpos *e = state;

	return (struct driver_status){ .state = e->state,
				       .detail = e->detail,
				       .firmware = e->firmware,
				       .dots = dots_of(e),
				       .dots_per_mm = DOTS_PER_MM };
}

static void choose_paper(struct escpos *e)
{
	e->paper = (struct escpos_paper){ .columns = (int)dots_of(e) / CELL_DOTS,
					  .picture_dots = e->quirk->no_raster ? 0 : dots_of(e),
					  .code_page = e->quirk->code_page,
					  .no_asb = e->quirk->no_asb };
	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++) {
		if (strncasecmp(e->model, models[i].name, strlen(models[i].name)) != 0)
			continue;
		e->paper.all_pages |= models[i].all_pages;
		e->paper.picture_dots = models[i].no_raster ? 0 : e->paper.picture_dots;
	}
}

static int print(void *state, const lobby_Print *job)
{
	struct escpos *e = state;
	int err;

	if (e->has_job)
		return LOBBY_ERR_BUSY;
	if (e->phase == STOPPED)
		return LOBBY_ERR_OFFLINE;
	err = escpos_check_job(job);
	if (err != 0)
		return err;
	choose_paper(e);
	e->job = *job;
	text_copy(e->name, sizeof(e->name), job->job);
	e->has_job = true;
	e->copies = 0;
	e->written = 0;
	if (e->phase == IDLE)
		escpos_job_start(e); /* else when what it is doing has ended */
	return 0;
}

static int band(void *state, const lobby_PrintBand *rows)
{
	return escpos_job_band(state, rows);
}

static void cancel(void *state)
{
	escpos_job_cancel(state);
}

const struct driver escpos_driver = {
	.name = "escpos",
	.kind = lobby_DeviceKind_DEVICE_PRINTER,
	.match = match,
	.open = open_printer,
	.close = close_printer,
	.status = status,
	.print = print,
	.band = band,
	.cancel = cancel,
};

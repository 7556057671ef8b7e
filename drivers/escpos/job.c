/* One job: CHECKING -> SENDING (and WANTING rows of its pictures in between) -> DRAINING -> VERIFYING, with CLEARING on
 * every way out that is not success: what is still in the printer's buffer is thrown away, so that no half slip comes
 * out later for somebody else.
 *
 * Trouble in the middle that a person can mend (paper, cover, jam) leads to MENDING: the buffer is thrown away, and
 * when the printer is well again within MEND_MS the job is begun again from the start and marked as a copy, because
 * nobody knows how much of the first one came out. That happens at most COPIES_MAX times, and
 * never with a job that has no mark. A printer that went away, or
 * whose error nobody can mend, ends the job at once: nothing is tried again behind anybody's back. */
#include "drivers/escpos/printer.h"

#include "base/clock.h"
#include "base/log.h"

#include <string.h>

#define CHUNK 1024
#define CHUNK_MS 2000
#define STUCK_MAX 10 /* chunks without progress: 20 s */
#define TICK_MS 1000
#define DRAIN_TICKS_MAX 30
#define CLEAR_MS 1000
#define BAND_MS 5000
#define MEND_MS 30000
#define RECOVER_EVERY_MS 10000
#define COPIES_MAX 2

static void send_next(void *arg);

static void set_timer(struct escpos *e, int64_t delay_ms, loop_timer_fn *fn)
{
	loop_timer_set(usb_loop(e->usb), &e->timer, delay_ms, fn, e);
}

/* ---- its end ---- */

void escpos_job_finish(struct escpos *e, int err)
{
	char name[sizeof(e->name)];

	memcpy(name, e->name, sizeof(name));
	e->has_job = false;
	explicit_bzero(e->bytes, sizeof(e->bytes));
	explicit_bzero(e->band, sizeof(e->band));
	explicit_bzero(&e->job, sizeof(e->job));
	explicit_bzero(e->name, sizeof(e->name));
	log_event(err == 0 ? LOG_INFO : LOG_WARNING, "print-end", "job=%s error=%s bytes=%zu copies=%d", name,
		  err_event(err), e->written, e->copies);
	e->events->printed(e->arg, name, err);
}

/* DLE DC4 8: throw the buffer away. Then start afresh (ESC @, automatic status) and cut off what did come out. */
static int write_clear(struct escpos *e, usb_done_fn *fn)
{
	static const uint8_t clear[] = { 0x10, 0x14, 8,	   1,	3,  20, 1,    6,   2,	8,
					 0x1b, '@',  0x1d, 'V', 66, 24, 0x1d, 'a', 0x0e };
	size_t len = sizeof(clear) - (e->paper.no_asb ? 3 : 0);

	return usb_write(e->usb, clear, len, CLEAR_MS, fn, e);
}

static void on_cleared(void *arg, int err, const uint8_t *data, size_t len)
{
	struct escpos *e = arg;

	(void)data;
	(void)len;
	if (err != 0)
		e->asb = e->asb_asked = false;
	escpos_poll(e);
}

static void clear_printer(void *arg)
{
	struct escpos *e = arg;
	int err;

	if (usb_is_writing(e->usb) && ++e->ticks < 40) {
		set_timer(e, HANDBACK_MS, clear_printer);
		return;
	}
	err = write_clear(e, on_cleared);
	if (err != 0 && err != LOBBY_ERR_UNPLUGGED)
		escpos_poll(e);
}

static void end_badly(struct escpos *e, int err)
{
	bool touched = e->phase != CHECKING && e->phase != IDLE;

	loop_timer_cancel(usb_loop(e->usb), &e->timer);
	if (touched) {
		usb_cancel_write(e->usb);
		e->phase = CLEARING;
		e->ticks = 0;
		escpos_link_hush(&e->link);
		set_timer(e, HANDBACK_MS, clear_printer);
	}
	escpos_job_finish(e, err);
	if (!touched)
		escpos_poll(e);
}

/* ---- mending ---- */

static void mend_step(void *arg);

static void on_mend_status(void *arg, int err, const struct escpos_status *status)
{
	struct escpos *e = arg;
	int why = err == 0 ? escpos_error_of(status) : e->why;

	if (err == 0)
		escpos_apply(e, status);
	if (why == 0 && e->cleared) {
		e->copies++;
		log_event(LOG_NOTICE, "print-again", "job=%s copies=%d", e->name, e->copies);
		escpos_job_start(e);
		return;
	}
	e->why = why != 0 ? why : e->why;
	if (clock_mono_ms() >= e->mend_until_ms || (err == 0 && status->broken)) {
		end_badly(e, e->why);
		return;
	}
	/* Now and then, in case the paper was pulled out through the slot; but not under anybody's hands. */
	if (err == 0 && !status->cover_open && (status->jam || status->cutter) &&
	    (e->opened || clock_mono_ms() >= e->recover_at_ms) && escpos_recover(e)) {
		e->recover_at_ms = clock_mono_ms() + RECOVER_EVERY_MS;
		e->cleared = false; /* the cut was forgotten with the rest */
	}
	set_timer(e, why == 0 ? HANDBACK_MS : TICK_MS, mend_step);
}

static void on_mend_cleared(void *arg, int err, const uint8_t *data, size_t len)
{
	struct escpos *e = arg;

	(void)data;
	(void)len;
	if (err == LOBBY_ERR_UNPLUGGED)
		return;
	e->cleared = err == 0;
	escpos_link_ask(&e->link, on_mend_status);
}

static void mend_step(void *arg)
{
	struct escpos *e = arg;

	if (e->cleared)
		escpos_link_ask(&e->link, on_mend_status);
	else if (clock_mono_ms() >= e->mend_until_ms)
		end_badly(e, e->why);
	else if (write_clear(e, on_mend_cleared) != 0)
		set_timer(e, HANDBACK_MS, mend_step); /* the cancelled write is not back yet */
}

/* Two slips that look alike are worse than half of one. */
static bool can_mark(const struct escpos *e)
{
	return e->job.has_copy && e->job.copy.text[0] != '\0';
}

static void begin_mending(struct escpos *e, int why)
{
	if (e->copies >= COPIES_MAX || !can_mark(e)) {
		end_badly(e, e->copies >= COPIES_MAX ? LOBBY_ERR_PAPER_JAM : why);
		return;
	}
	log_event(LOG_WARNING, "print-trouble", "job=%s error=%s bytes=%zu", e->name, err_event(why), e->written);
	usb_cancel_write(e->usb);
	escpos_link_hush(&e->link);
	e->phase = MENDING;
	e->why = why;
	e->cleared = false;
	e->mend_until_ms = clock_mono_ms() + MEND_MS;
	e->recover_at_ms = clock_mono_ms() + RECOVER_EVERY_MS;
	set_timer(e, HANDBACK_MS, mend_step);
}

/* What a status means for the job under way. True if that is the end of what it was doing. */
static bool strikes(struct escpos *e, const struct escpos_status *status)
{
	int why = escpos_error_of(status);

	if (why == 0 || escpos_is_resting(status))
		return false;
	if (status->broken)
		end_badly(e, why);
	else
		begin_mending(e, why);
	return true;
}

/* ---- draining ---- */

static void on_verified(void *arg, int err, const struct escpos_status *status)
{
	struct escpos *e = arg;

	if (err != 0) {
		end_badly(e, err);
		return;
	}
	escpos_apply(e, status);
	if (strikes(e, status))
		return;
	escpos_job_finish(e, 0);
	escpos_go_idle(e);
}

static void on_drain_tick(void *arg);

static void on_drain_status(void *arg, int err, const struct escpos_status *status)
{
	struct escpos *e = arg;

	if (err == 0) {
		escpos_apply(e, status);
		if (strikes(e, status))
			return;
	}
	set_timer(e, TICK_MS, on_drain_tick);
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

static void drain(struct escpos *e)
{
	e->ticks = 0;
	e->phase = DRAINING;
	if (e->drained || usb_info(e->usb)->in.address == 0)
		verify(e);
	else
		set_timer(e, TICK_MS, on_drain_tick);
}

/* ---- pictures ---- */

static void on_no_band(void *arg)
{
	end_badly(arg, LOBBY_ERR_TIMEOUT);
}

static void want(struct escpos *e, uint32_t first_row, uint32_t rows)
{
	e->phase = WANTING;
	e->first_row = first_row;
	e->rows = rows;
	e->rows_done = 0;
	set_timer(e, BAND_MS, on_no_band);
	e->events->want(e->arg, e->usb, first_row, rows); /* last: the rows may come before it returns */
}

int escpos_job_band(struct escpos *e, const lobby_PrintBand *band)
{
	if (e->phase != WANTING || strcmp(band->job, e->name) != 0 || band->first_row != e->first_row)
		return LOBBY_ERR_INVALID;
	if (band->rows == 0) {
		end_badly(e, LOBBY_ERR_NOT_FOUND);
		return 0;
	}
	if (band->rows > e->rows || band->bits.size != band->rows * (e->job.row_dots / 8))
		return LOBBY_ERR_INVALID;
	memcpy(e->band, band->bits.bytes, band->bits.size);
	e->rows = band->rows;
	e->phase = SENDING;
	loop_timer_cancel(usb_loop(e->usb), &e->timer);
	send_next(e);
	return 0;
}

/* ---- sending ---- */

static void on_stuck_status(void *arg, int err, const struct escpos_status *status)
{
	struct escpos *e = arg;

	if (err == 0 && escpos_error_of(status) != 0) {
		escpos_apply(e, status);
		if (strikes(e, status))
			return;
	}
	send_next(e);
}

static void on_chunk(void *arg, int err, const uint8_t *data, size_t len)
{
	struct escpos *e = arg;

	(void)data;
	e->written -= e->offered - e->sent - len;
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
			escpos_set_state(e, lobby_DeviceState_DEVICE_FAULT,
					 "The printer refuses data. Switch it off and on.");
		end_badly(e, err);
		return;
	}
	e->stuck = 0;
	send_next(e);
}

static int encode_some(struct escpos *e)
{
	uint32_t first_row;

	while (!escpos_is_encoded(&e->encoder) && escpos_rows_wanted(&e->encoder, &first_row) == 0 &&
	       sizeof(e->bytes) - e->len >= ESCPOS_MAX_PIECE) {
		int n = escpos_encode_piece(&e->encoder, e->bytes + e->len, sizeof(e->bytes) - e->len);

		if (n < 0)
			return n;
		e->len += (size_t)n;
	}
	return 0;
}

/* Bytes to send, or false: the job waits for rows, for the printer, or has ended. */
static bool refill(struct escpos *e)
{
	uint32_t rows, first_row = 0;
	int err;

	e->len = e->sent = e->offered = 0;
	if (e->rows_done < e->rows) {
		e->rows_done += escpos_encode_rows(&e->encoder, e->band + e->rows_done * (e->job.row_dots / 8),
						   e->rows - e->rows_done, e->bytes, sizeof(e->bytes), &e->len);
		return true;
	}
	err = encode_some(e);
	if (err != 0) {
		end_badly(e, err);
		return false;
	}
	if (e->len > 0)
		return true;
	rows = escpos_rows_wanted(&e->encoder, &first_row);
	if (rows > 0)
		want(e, first_row, rows);
	else
		drain(e);
	return false;
}

static void send_next(void *arg)
{
	struct escpos *e = arg;
	size_t chunk;
	int err;

	e->phase = SENDING;
	if (e->sent == e->len && !refill(e))
		return;
	chunk = e->len - e->sent > CHUNK ? CHUNK : e->len - e->sent;
	e->offered = e->sent + chunk;
	err = usb_write(e->usb, e->bytes + e->sent, chunk, CHUNK_MS, on_chunk, e);
	if (err == 0)
		e->written += chunk;
	else if (err == LOBBY_ERR_BUSY) /* the last question's write is not back yet */
		set_timer(e, HANDBACK_MS, send_next);
	else if (err != LOBBY_ERR_UNPLUGGED)
		end_badly(e, err);
}

/* ---- its beginning ---- */

static void on_checked(void *arg, int err, const struct escpos_status *status)
{
	struct escpos *e = arg;

	if (err == 0)
		escpos_apply(e, status);
	else
		escpos_apply_silence(e, err);
	if (err == 0)
		err = escpos_error_of(status);
	else if (err == LOBBY_ERR_TIMEOUT)
		err = LOBBY_ERR_OFFLINE;
	if (err == 0) {
		send_next(e);
	} else if (e->copies > 0) {
		e->copies--; /* it did not stay well for long; the time to mend goes on */
		e->why = err;
		e->phase = MENDING;
		set_timer(e, TICK_MS, mend_step);
	} else {
		escpos_job_finish(e, err);
		escpos_go_idle(e);
	}
}

void escpos_job_start(struct escpos *e)
{
	loop_timer_cancel(usb_loop(e->usb), &e->timer);
	e->phase = CHECKING;
	e->len = e->sent = e->offered = 0;
	e->rows = e->rows_done = 0;
	e->stuck = 0;
	e->drained = false;
	escpos_encoder_init(&e->encoder, &e->job, &e->paper, e->copies > 0);
	escpos_link_ask(&e->link, on_checked);
}

/* ---- what comes in between ---- */

void escpos_job_on_status(struct escpos *e, const struct escpos_status *status)
{
	if (e->phase == SENDING || e->phase == WANTING || e->phase == DRAINING)
		strikes(e, status);
	else if (e->phase == MENDING && e->cleared && e->timer.armed && escpos_error_of(status) == 0)
		set_timer(e, HANDBACK_MS, mend_step);
}

void escpos_job_on_drained(struct escpos *e)
{
	if (e->phase == SENDING && escpos_is_encoded(&e->encoder) && e->offered == e->len)
		e->drained = true;
	else if (e->phase == DRAINING)
		verify(e);
}

void escpos_job_cancel(struct escpos *e)
{
	if (!e->has_job)
		return;
	if (e->phase >= CHECKING && e->phase <= MENDING)
		end_badly(e, LOBBY_ERR_CLOSED);
	else
		escpos_job_finish(e, LOBBY_ERR_CLOSED); /* not begun */
}

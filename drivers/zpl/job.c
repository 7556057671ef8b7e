/* One job: CHECKING -> SENDING (and WANTING rows of its pictures in between) -> WAITING until the printer says that it
 * is out. Trouble while waiting is waited for, because the printer prints an interrupted label again by itself
 * (driver.h); every other way out that is not success throws away what the printer holds. */
#include "drivers/zpl/printer.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK 1024
#define CHUNK_MS 2000
#define STUCK_MAX 10 /* chunks without progress: 20 s */
#define HANDBACK_MS 5
#define BAND_MS 5000
#define PIECE_ROOM 1024 /* what one item becomes at most, pictures aside */
#define SOON_MS 300
#define SOON_TIMES 10
#define LATER_MS 1000
#define CLEAN_ENOUGH 2
#define PRINT_MS 30000
#define MEND_MS 30000
#define WAIT_MS 120000 /* however often trouble comes and goes */
#define COPIES_MAX 2

static void send_next(void *arg);

/* ---- its end ---- */

void zpl_job_finish(struct zpl *z, int err)
{
	struct zpl_job *job = z->job;
	char name[sizeof(job->print.job)];

	text_copy(name, sizeof(name), job->print.job);
	log_event(err == 0 ? LOG_INFO : LOG_WARNING, "label-end", "job=%s error=%s bytes=%zu copies=%d", name,
		  err_event(err), job->written, job->copies);
	z->job = NULL;
	explicit_bzero(job, sizeof(*job));
	free(job);
	z->events->printed(z->arg, name, err);
}

void zpl_job_abort(struct zpl *z, int err)
{
	bool touched = z->phase == ZPL_SENDING || z->phase == ZPL_WANTING || z->phase == ZPL_WAITING;

	if (touched) {
		z->clears = 0;
		zpl_clear(z);
	} else if (z->phase == ZPL_CHECKING) {
		zpl_link_hush(&z->link);
		z->phase = ZPL_POLLING;
		zpl_set_timer(z, HANDBACK_MS, zpl_poll);
	}
	zpl_job_finish(z, err);
}

/* ---- waiting ---- */

static void wait_more(void *arg);

/* Nobody knows how much came out, and the printer will not print it again. */
static void print_again(struct zpl *z)
{
	struct zpl_job *job = z->job;
	lobby_Print *print = &job->print;
	int room = (int)(sizeof(print->line) / sizeof(print->line[0]));

	if (job->copies >= COPIES_MAX || !print->has_copy || print->line_count >= room) {
		zpl_job_abort(z, job->last_why);
		return;
	}
	if (job->copies++ == 0) {
		memmove(&print->line[1], &print->line[0], print->line_count * sizeof(print->line[0]));
		print->line[0] = print->copy;
		print->line_count++;
	}
	log_event(LOG_NOTICE, "label-again", "job=%s copies=%d", print->job, job->copies);
	zpl_job_start(z);
}

static void on_wait_status(void *arg, int err, const struct zpl_status *status, bool counted)
{
	struct zpl *z = arg;
	struct zpl_job *job = z->job;
	int why = zpl_apply(z, err, status);
	int64_t now = clock_mono_ms();

	if (why != 0 && job->why == 0) {
		job->held = false;
		job->until_ms = now + MEND_MS;
		job->asked = 0;
	} else if (why == 0 && job->why != 0) {
		job->until_ms = now + PRINT_MS;
		job->asked = 0;
	}
	job->was_trouble |= why != 0;
	job->held |= counted && zpl_is_holding(status);
	if (why != 0 || zpl_is_holding(status))
		job->clean = 0;
	else if (++job->clean >= CLEAN_ENOUGH) {
		if (job->was_trouble && !job->held) {
			print_again(z);
			return;
		}
		zpl_job_finish(z, 0);
		zpl_go_idle(z);
		return;
	}
	job->why = why;
	if (why != 0)
		job->last_why = why;
	if (now >= job->until_ms || now >= job->limit_ms)
		zpl_job_abort(z, why != 0 ? why : LOBBY_ERR_TIMEOUT);
	else
		zpl_set_timer(z, job->asked++ < SOON_TIMES ? SOON_MS : LATER_MS, wait_more);
}

static void wait_more(void *arg)
{
	struct zpl *z = arg;

	zpl_link_ask(&z->link, on_wait_status);
}

/* ---- sending ---- */

/* Fills the buffer with what comes next: FILLED; a picture's rows are needed first: PICTURE; all is sent: NOTHING; or
 * the error of an item that cannot be encoded. */
enum { NOTHING, FILLED, PICTURE };

static int fill(struct zpl_job *job)
{
	job->len = job->sent = 0;
	while (job->next <= job->layout.count && sizeof(job->bytes) - job->len >= PIECE_ROOM) {
		const struct zpl_layout *l = &job->layout;
		const struct zpl_item *item = &l->items[job->next < 0 ? 0 : job->next];
		uint8_t *out = job->bytes + job->len;
		size_t room = sizeof(job->bytes) - job->len;
		bool inside = job->next >= 0 && job->next < l->count;
		int n;

		if (inside && item->kind == ZPL_PICTURE && zpl_band_rows(item, job->print.row_dots, job->rows_done) > 0)
			return job->len > 0 ? FILLED : PICTURE;
		n = job->next < 0 ? zpl_encode_head(l, out, room)
		    : inside	  ? zpl_encode_item(l, item, out, room)
				  : zpl_encode_end(out, room);
		if (n < 0)
			return n;
		job->len += (size_t)n;
		job->next++;
		job->rows_done = 0;
	}
	return job->len > 0 ? FILLED : NOTHING;
}

static void on_no_band(void *arg)
{
	zpl_job_abort(arg, LOBBY_ERR_TIMEOUT);
}

static void want_rows(struct zpl *z)
{
	struct zpl_job *job = z->job;
	const struct zpl_item *item = &job->layout.items[job->next];

	z->phase = ZPL_WANTING;
	job->rows_wanted = zpl_band_rows(item, job->print.row_dots, job->rows_done);
	zpl_set_timer(z, BAND_MS, on_no_band);
	z->events->want(z->arg, z->usb, item->first_row + job->rows_done, job->rows_wanted);
}

int zpl_job_band(struct zpl *z, const lobby_PrintBand *band)
{
	struct zpl_job *job = z->job;
	const struct zpl_item *item;
	int n;

	if (job == NULL || z->phase != ZPL_WANTING)
		return LOBBY_ERR_INVALID;
	item = &job->layout.items[job->next];
	if (band->first_row != item->first_row + job->rows_done)
		return LOBBY_ERR_INVALID;
	if (band->rows == 0) {
		zpl_job_abort(z, LOBBY_ERR_CLOSED); /* whoever had the picture has it no more */
		return 0;
	}
	if (band->rows != job->rows_wanted)
		return LOBBY_ERR_INVALID;
	n = zpl_encode_band(&job->layout, item, job->print.row_dots, job->rows_done, band->rows, band->bits.bytes,
			    band->bits.size, job->bytes, sizeof(job->bytes));
	if (n < 0)
		return n;
	job->len = (size_t)n;
	job->sent = 0;
	job->rows_done += band->rows;
	send_next(z);
	return 0;
}

static void on_stuck_status(void *arg, int err, const struct zpl_status *status, bool counted)
{
	struct zpl *z = arg;

	(void)counted;
	if (err == 0 && zpl_error_of(status) != 0) {
		(void)zpl_apply(z, 0, status);
		if (z->job->stuck >= STUCK_MAX / 2) {
			zpl_job_abort(z, zpl_error_of(status));
			return;
		}
	}
	send_next(z);
}

static void on_chunk(void *arg, int err, const uint8_t *data, size_t len)
{
	struct zpl *z = arg;
	struct zpl_job *job = z->job;

	(void)data;
	if (err == LOBBY_ERR_UNPLUGGED)
		return; /* close() comes and says so */
	job->sent += len;
	job->written += len;
	if (err == LOBBY_ERR_TIMEOUT && (len > 0 || ++job->stuck < STUCK_MAX)) {
		if (len > 0)
			job->stuck = 0;
		zpl_link_ask_port(&z->link, on_stuck_status);
		return;
	}
	if (err != 0) {
		if (err == LOBBY_ERR_PROTOCOL || err == LOBBY_ERR_IO)
			zpl_set_state(z, lobby_DeviceState_DEVICE_FAULT,
				      "The printer refuses data. Switch it off and on.");
		zpl_job_abort(z, err);
		return;
	}
	job->stuck = 0;
	send_next(z);
}

static void send_next(void *arg)
{
	struct zpl *z = arg;
	struct zpl_job *job = z->job;
	int err, what = job->sent == job->len ? fill(job) : FILLED;
	size_t chunk;

	z->phase = ZPL_SENDING;
	loop_timer_cancel(usb_loop(z->usb), &z->timer);
	if (what < 0) {
		zpl_job_abort(z, what);
		return;
	}
	if (what == PICTURE) {
		want_rows(z);
		return;
	}
	if (what == NOTHING) {
		z->phase = ZPL_WAITING;
		job->until_ms = clock_mono_ms() + PRINT_MS;
		job->limit_ms = clock_mono_ms() + WAIT_MS;
		zpl_set_timer(z, SOON_MS, wait_more);
		return;
	}
	chunk = job->len - job->sent > CHUNK ? CHUNK : job->len - job->sent;
	err = usb_write(z->usb, job->bytes + job->sent, chunk, CHUNK_MS, on_chunk, z);
	if (err == LOBBY_ERR_BUSY) /* the last question's write is not back yet */
		zpl_set_timer(z, HANDBACK_MS, send_next);
	else if (err != 0 && err != LOBBY_ERR_UNPLUGGED)
		zpl_job_abort(z, err);
}

/* ---- its beginning ---- */

static void on_checked(void *arg, int err, const struct zpl_status *status, bool counted)
{
	struct zpl *z = arg;
	struct zpl_job *job = z->job;
	struct zpl_media media = { z->identified ? z->identity.dots_per_mm : 8 };
	int why = zpl_apply(z, err, status);

	if (why == 0 && counted && zpl_is_holding(status)) {
		if (zpl_may_clear(z)) {
			zpl_clear(z); /* comes back here when it is idle */
			return;
		}
		why = LOBBY_ERR_OFFLINE;
	}
	if (why == 0) {
		z->clears = 0;
		why = zpl_lay_out(&job->print, &media, &job->layout);
	}
	if (why != 0) {
		zpl_job_finish(z, why);
		zpl_go_idle(z);
		return;
	}
	send_next(z);
}

void zpl_job_start(struct zpl *z)
{
	struct zpl_job *job = z->job;

	loop_timer_cancel(usb_loop(z->usb), &z->timer);
	z->phase = ZPL_CHECKING;
	job->next = -1;
	job->rows_done = 0;
	job->len = job->sent = 0;
	job->stuck = job->clean = job->asked = 0;
	job->why = job->last_why = 0;
	job->was_trouble = job->held = false;
	zpl_link_ask(&z->link, on_checked);
}

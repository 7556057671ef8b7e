/* Sends the outbox: in order, up to 64 rows a request, again and again until the clinic has said of each row what
 * became of it. Whatever the clinic answers, a row leaves only by outbox_settle().
 *
 * A clinic that refuses a whole batch (400, 413, 422: one row that it cannot even read) is asked with half of it, down
 * to one; a row refused alone is passed over for this round, so that it cannot hold up those behind it. */
#include "sync.h"

#include "base/log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 20000
#define MAX_ANSWER (256 * 1024)

static void send_batch(struct sync *sync);

static void on_retry(void *arg)
{
	send_batch(arg);
}

static void retry_later(struct sync *sync)
{
	loop_timer_set(sync->loop, &sync->sender.timer, backoff_next_ms(&sync->sender.backoff), on_retry, sync);
}

/* Statuses that blame the request: a smaller one may pass. */
static bool blames_rows(int status)
{
	return status >= 400 && status < 500 && status != 401 && status != 403 && status != 404 && status != 408 &&
	       status != 429;
}

static void on_refused(struct sync *sync)
{
	struct sender *sender = &sync->sender;

	if (sender->batch_rows > 1)
		sender->batch_rows /= 2;
	else
		sender->after_seq = sender->last;
	loop_timer_set(sync->loop, &sender->timer, 0, on_retry, sync);
}

static int settle(struct sync *sync, const char *body, size_t len)
{
	json_t *answer = json_loadb(body, len, 0, NULL);
	int settled = 0, err = outbox_settle(&sync->outbox, answer, &settled);

	json_decref(answer);
	if (err == 0 && settled == 0)
		err = LOBBY_ERR_PROTOCOL;
	else if (err != 0 && err != LOBBY_ERR_PROTOCOL)
		sync_store_failed(sync, err);
	if (err == 0)
		log_event(LOG_INFO, "visits-sent", "rows=%d", settled);
	return err;
}

static void on_answer(void *arg, int err, int status, const char *body, size_t len)
{
	struct sync *sync = arg;
	struct sender *sender = &sync->sender;

	if (err == 0)
		err = fetch_err_of(status, body, len);
	if (err == 0)
		err = settle(sync, body, len);
	if (err == 0) {
		backoff_reset(&sender->backoff);
		if (sender->batch_rows < OUTBOX_BATCH_ROWS)
			sender->batch_rows *= 2;
		sync_written(sync);
		sync_heard(sync);
		send_batch(sync);
		return;
	}
	log_event(LOG_WARNING, "visits-not-sent", "err=%s status=%d", err_event(err), status);
	if (outbox_tried(&sync->outbox, sender->first, sender->last) == 0)
		sync_written(sync);
	if (blames_rows(status)) {
		on_refused(sync);
		return;
	}
	retry_later(sync);
	sync_lost(sync, err);
}

/* Nothing behind the rows that were passed over: the next round begins, after a pause. */
static void end_round(struct sync *sync)
{
	if (sync->sender.after_seq == 0)
		return;
	sync->sender.after_seq = 0;
	retry_later(sync);
}

static void send_batch(struct sync *sync)
{
	struct sender *sender = &sync->sender;
	char url[400], authorization[160];
	struct fetch_ask ask;
	char *body = NULL;
	int rows = 0, err;

	if (!sync_ask(sync, "visits", url, sizeof(url), authorization, sizeof(authorization), &ask))
		return;
	if (sender->batch_rows == 0)
		sender->batch_rows = OUTBOX_BATCH_ROWS;
	sender->first = sender->after_seq;
	err = outbox_batch(&sync->outbox, sender->after_seq, sender->batch_rows, &body, &rows, &sender->last);
	if (err == 0 && rows == 0) {
		end_round(sync);
		return;
	}
	if (err == 0) {
		ask.body = body;
		ask.len = strlen(body);
		ask.max_answer = MAX_ANSWER;
		ask.timeout_ms = TIMEOUT_MS;
		err = fetch_start(sync->fetch, &sender->request, &ask, on_answer, sync);
	} else {
		sync_store_failed(sync, err);
	}
	free(body);
	if (err != 0)
		retry_later(sync);
}

void sender_wake(struct sync *sync)
{
	if (sync->sender.request.active)
		return;
	loop_timer_cancel(sync->loop, &sync->sender.timer);
	send_batch(sync);
}

void sender_stop(struct sync *sync)
{
	loop_timer_cancel(sync->loop, &sync->sender.timer);
	fetch_cancel(&sync->sender.request);
}

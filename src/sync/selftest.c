/* The self-tests' reports: the last twenty, as JSON, and sent to the clinic oldest first until it has said of each that
 * it has it. A report's name is when it was started, here and there, so that nothing is counted twice. */
#include "sync.h"

#include "base/log.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define KEPT 20
#define TIMEOUT_MS 20000
#define MAX_ANSWER 16384

enum sent { WAITING, SENT, REFUSED };

static void send_next(void *arg);

/* ---- a report as JSON ---- */

static const char *kind_of(lobby_TestKind kind)
{
	static const char *const names[] = { "device", "print", "label", "scan", "stripe", "chip" };

	return (size_t)kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "device";
}

static const char *state_of(lobby_TestState state)
{
	static const char *const names[] = { "skipped", "failed", "passed", "failed", "skipped" };

	return (size_t)state < sizeof(names) / sizeof(names[0]) ? names[state] : "failed";
}

/* A device's own words may be anything: what is no UTF-8 is left out. */
static json_t *words(const char *text)
{
	json_t *json = json_string(text);

	return json != NULL ? json : json_string("");
}

static char *report_json(const lobby_TestReport *report)
{
	json_t *lines = json_array(), *json;
	char *text;

	for (pb_size_t i = 0; i < report->line_count; i++) {
		const lobby_TestLine *line = &report->line[i];

		json_array_append_new(lines, json_pack("{s:s, s:s, s:o, s:o}", "kind", kind_of(line->kind), "state",
						       state_of(line->state), "device", words(line->device), "text",
						       words(line->text)));
	}
	json = json_pack("{s:I, s:I, s:b, s:o, s:s, s:o}", "started_ms", (json_int_t)report->started_ms, "finished_ms",
			 (json_int_t)report->finished_ms, "passed", report->passed, "by", words(report->by), "version",
			 LOBBY_VERSION, "lines", lines);
	text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
	json_decref(json);
	return text;
}

/* ---- the store ---- */

/* Runs one statement without rows. */
static int run(struct sync *sync, const char *sql, int64_t number, int64_t other)
{
	sqlite3_stmt *stmt;
	int err = db_prepare(&sync->store.db, sql, &stmt);

	if (err != 0)
		return err;
	err = db_bind(stmt, "ii", number, other);
	if (err == 0)
		err = db_run(&sync->store.db, stmt);
	sqlite3_finalize(stmt);
	return err;
}

static int insert(struct sync *sync, const lobby_TestReport *report, const char *text)
{
	sqlite3_stmt *stmt;
	int err = db_prepare(&sync->store.db,
			     "INSERT OR IGNORE INTO self_test(started_ms, finished_ms, passed, report) "
			     "VALUES(?1, ?2, ?3, ?4)",
			     &stmt);

	if (err != 0)
		return err;
	err = db_bind(stmt, "iiit", report->started_ms, report->finished_ms, (int64_t)report->passed, text);
	if (err == 0)
		err = db_run(&sync->store.db, stmt);
	sqlite3_finalize(stmt);
	return err;
}

static int keep(struct sync *sync, const lobby_TestReport *report, const char *text)
{
	int err = db_begin(&sync->store.db);

	if (err != 0)
		return err;
	err = insert(sync, report, text);
	if (err == 0)
		err = run(sync,
			  "DELETE FROM self_test WHERE started_ms NOT IN "
			  "(SELECT started_ms FROM self_test ORDER BY started_ms DESC LIMIT ?1) AND ?2 = 0",
			  KEPT, 0);
	return db_end(&sync->store.db, err);
}

void tests_load(struct sync *sync)
{
	sqlite3_stmt *row;

	if (db_prepare(&sync->store.db, "SELECT finished_ms, passed FROM self_test ORDER BY started_ms DESC LIMIT 1",
		       &row) != 0)
		return;
	if (db_step(&sync->store.db, row) == 1) {
		sync->tests.tested_ms = sqlite3_column_int64(row, 0);
		sync->tests.passed = sqlite3_column_int(row, 1) != 0;
	}
	sqlite3_finalize(row);
}

void tests_take(struct sync *sync, const lobby_TestReport *report)
{
	char *text;
	int err = LOBBY_ERR_NO_MEMORY;

	if (!report->done || report->started_ms <= 0 || report->finished_ms < report->started_ms)
		return;
	text = report_json(report);
	if (text != NULL)
		err = keep(sync, report, text);
	free(text);
	if (err != 0) {
		sync_store_failed(sync, err);
		return;
	}
	log_event(LOG_NOTICE, "selftest-kept", "passed=%d lines=%u", report->passed, (unsigned)report->line_count);
	sync_written(sync);
	tests_load(sync);
	sync_push_state(sync);
	tests_wake(sync);
}

/* ---- to the clinic ---- */

static void retry_later(struct sync *sync)
{
	loop_timer_set(sync->loop, &sync->tests.timer, backoff_next_ms(&sync->tests.backoff), send_next, sync);
}

/* Statuses that say never: the clinic cannot make sense of this report, and will not tomorrow. */
static bool is_never(int status)
{
	return status == 400 || status == 409 || status == 413 || status == 422;
}

static void on_answer(void *arg, int err, int status, const char *body, size_t len)
{
	struct sync *sync = arg;
	enum sent sent = SENT;

	if (err == 0)
		err = fetch_err_of(status, body, len);
	if (err != 0 && !is_never(status)) {
		log_event(LOG_WARNING, "selftest-not-sent", "err=%s status=%d", err_event(err), status);
		retry_later(sync);
		return;
	}
	if (err != 0) {
		log_event(LOG_ERROR, "selftest-refused", "err=%s", err_event(err));
		sent = REFUSED;
	}
	err = run(sync, "UPDATE self_test SET sent = ?2 WHERE started_ms = ?1", sync->tests.sending, sent);
	if (err != 0) {
		sync_store_failed(sync, err);
		retry_later(sync);
		return;
	}
	sync_written(sync);
	backoff_reset(&sync->tests.backoff);
	sync_heard(sync);
	send_next(sync);
}

static int start(struct sync *sync, const char *body)
{
	char url[400], authorization[160];
	struct fetch_ask ask;

	if (!sync_ask(sync, "self-test", url, sizeof(url), authorization, sizeof(authorization), &ask))
		return 0; /* enrolment wakes us */
	ask.body = body;
	ask.len = strlen(body);
	ask.max_answer = MAX_ANSWER;
	ask.timeout_ms = TIMEOUT_MS;
	return fetch_start(sync->fetch, &sync->tests.request, &ask, on_answer, sync);
}

static void send_next(void *arg)
{
	struct sync *sync = arg;
	sqlite3_stmt *row;
	int err =
		db_prepare(&sync->store.db,
			   "SELECT started_ms, report FROM self_test WHERE sent = 0 ORDER BY started_ms LIMIT 1", &row);

	if (err == 0) {
		err = db_step(&sync->store.db, row);
		if (err == 1) {
			sync->tests.sending = sqlite3_column_int64(row, 0);
			err = start(sync, db_text(row, 1));
		}
		sqlite3_finalize(row);
	}
	if (err != 0)
		retry_later(sync);
}

void tests_wake(struct sync *sync)
{
	if (sync->tests.request.active)
		return;
	loop_timer_cancel(sync->loop, &sync->tests.timer);
	send_next(sync);
}

void tests_stop(struct sync *sync)
{
	loop_timer_cancel(sync->loop, &sync->tests.timer);
	fetch_cancel(&sync->tests.request);
}

/* What kiosks report of their self-tests, and what the desk reads of them. A report is named by its kiosk and the time
 * it was begun: sent twice, it is there once. The newest fifty of each kiosk are kept. */
#include "kiosks.h"

#include "http.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define LINES_MAX 24
#define KEPT 50
#define SHOWN 20

struct told {
	int64_t started_ms, finished_ms;
	bool passed;
	char by[17], version[33];
	char *lines;
};

static void told_free(void *data)
{
	struct told *told = data;

	free(told->lines);
	free(told);
}

static bool is_one_of(const char *text, const char *const *list)
{
	for (; text != NULL && *list != NULL; list++)
		if (strcmp(text, *list) == 0)
			return true;
	return false;
}

/* A new reference, NULL if it is no such line. */
static json_t *line_of(const json_t *json)
{
	static const char *const kinds[] = { "device", "print", "label", "scan", "stripe", "chip", NULL };
	static const char *const states[] = { "passed", "failed", "skipped", NULL };
	const char *kind = request_text(json, "kind", 16), *state = request_text(json, "state", 16),
		   *device = request_text(json, "device", 96), *text = request_text(json, "text", 192);

	if (!is_one_of(kind, kinds) || !is_one_of(state, states) || device == NULL || text == NULL)
		return NULL;
	return json_pack("{ss ss ss ss}", "kind", kind, "state", state, "device", device, "text", text);
}

static int lines_text(const json_t *lines, char **out)
{
	json_t *kept = json_array();
	int err = json_is_array(lines) && json_array_size(lines) <= LINES_MAX ? 0 : LOBBY_ERR_INVALID;

	for (size_t i = 0; err == 0 && i < json_array_size(lines); i++)
		if (json_array_append_new(kept, line_of(json_array_get(lines, i))) != 0)
			err = LOBBY_ERR_INVALID;
	if (err == 0 && (*out = json_dumps(kept, JSON_COMPACT)) == NULL)
		err = LOBBY_ERR_NO_MEMORY;
	json_decref(kept);
	return err;
}

static int told_parse(const json_t *json, struct told *told)
{
	const char *by = request_text(json, "by", sizeof(told->by) - 1),
		   *version = request_text(json, "version", sizeof(told->version) - 1);

	told->started_ms = json_integer_value(json_object_get(json, "started_ms"));
	told->finished_ms = json_integer_value(json_object_get(json, "finished_ms"));
	told->passed = json_is_true(json_object_get(json, "passed"));
	if (by == NULL || version == NULL || told->started_ms <= 0 || told->finished_ms < told->started_ms)
		return LOBBY_ERR_INVALID;
	text_copy(told->by, sizeof(told->by), by);
	text_copy(told->version, sizeof(told->version), version);
	return lines_text(json_object_get(json, "lines"), &told->lines);
}

static int tell_desk(struct ledger *store, int64_t kiosk)
{
	sqlite3_stmt *row;
	char id[37];
	int err = ledger_query(store, &row, "SELECT id FROM kiosk WHERE number = ?1", "i", kiosk);

	if (err != 0)
		return err;
	err = ledger_step(store, row);
	if (err != 1)
		return err;
	text_copy(id, sizeof(id), db_text(row, 0));
	sqlite3_reset(row);
	return change_desk(store, "kiosk", id);
}

static int write_test(struct job *job, struct ledger *store)
{
	struct request *r = (struct request *)job;
	const struct told *t = r->data;
	int err = ledger_run(
		store,
		"INSERT INTO self_test(kiosk, started_ms, finished_ms, received_ms, passed, by, version, lines)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT(kiosk, started_ms) DO NOTHING",
		"iiiiittt", r->kiosk, t->started_ms, t->finished_ms, clock_wall_ms(), (int64_t)t->passed, t->by,
		t->version, t->lines);

	if (err != 0 || ledger_changes(store) == 0)
		return err;
	err = ledger_run(store,
			 "DELETE FROM self_test WHERE kiosk = ?1 AND started_ms NOT IN"
			 " (SELECT started_ms FROM self_test WHERE kiosk = ?1 ORDER BY started_ms DESC LIMIT ?2)",
			 "ii", r->kiosk, (int64_t)KEPT);
	return err != 0 ? err : tell_desk(store, r->kiosk);
}

int kiosk_self_test(struct request *r)
{
	struct told *told = calloc(1, sizeof(*told));
	json_t *json = NULL;
	int err = told == NULL ? LOBBY_ERR_NO_MEMORY : request_json(r, &json);

	r->data = told;
	r->data_free = told != NULL ? told_free : NULL;
	if (err == 0)
		err = told_parse(json, told);
	json_decref(json);
	if (err != 0)
		return err;
	r->answer = json_object();
	return request_write(r, NULL, write_test);
}

/* ---- the desk ---- */

static json_t *test_of(sqlite3_stmt *row)
{
	json_t *lines = json_loads(db_text(row, 5), 0, NULL);

	return json_pack("{sI sI sb ss ss so}", "started_ms", (json_int_t)sqlite3_column_int64(row, 0), "finished_ms",
			 (json_int_t)sqlite3_column_int64(row, 1), "passed", sqlite3_column_int(row, 2), "by",
			 db_text(row, 3), "version", db_text(row, 4), "lines", lines != NULL ? lines : json_array());
}

int desk_self_tests(struct request *r)
{
	struct ledger *store = ledger_pool_take(&r->clinic->pool);
	json_t *list = json_array();
	int64_t number = 0;
	sqlite3_stmt *rows;
	int err = store == NULL ? LOBBY_ERR_NO_MEMORY : 0;

	if (err == 0)
		err = ledger_int(store, &number, "SELECT number FROM kiosk WHERE id = ?1", "t", r->tail);
	if (err == 0)
		err = ledger_query(store, &rows,
				   "SELECT started_ms, finished_ms, passed, by, version, lines FROM self_test"
				   " WHERE kiosk = ?1 ORDER BY started_ms DESC LIMIT ?2",
				   "ii", number, (int64_t)SHOWN);
	while (err == 0 && ledger_step(store, rows) == 1)
		json_array_append_new(list, test_of(rows));
	ledger_pool_give(&r->clinic->pool, store);
	if (err != 0) {
		json_decref(list);
		return err;
	}
	r->answer = json_pack("{so}", "self_tests", list);
	return r->answer != NULL ? 0 : LOBBY_ERR_NO_MEMORY;
}

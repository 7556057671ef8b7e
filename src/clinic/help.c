/* See help.h. Stages only go forward: sent, on-the-way, done; the kiosk may end it by cancelling. */
#include "help.h"

#include "http.h"
#include "kiosks.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define HELP_SELECT \
	"SELECT h.id, k.name, h.step, h.at_ms, h.stage, h.by FROM help h JOIN kiosk k ON k.number = h.kiosk "
#define HELP_LIFE_MS (12LL * 3600 * 1000)

static json_t *row_of(sqlite3_stmt *row)
{
	return json_pack("{ss ss ss sI ss ss}", "id", db_text(row, 0), "kiosk", db_text(row, 1), "step",
			 db_text(row, 2), "at_ms", (json_int_t)sqlite3_column_int64(row, 3), "stage", db_text(row, 4),
			 "by", db_text(row, 5));
}

json_t *help_row(struct ledger *store, const char *id)
{
	json_t *json = NULL;
	sqlite3_stmt *row;

	if (ledger_query(store, &row, HELP_SELECT "WHERE h.id = ?1", "t", id) != 0)
		return NULL;
	if (ledger_step(store, row) == 1)
		json = row_of(row);
	sqlite3_reset(row);
	return json;
}

json_t *help_open(struct ledger *store)
{
	json_t *list = json_array();
	sqlite3_stmt *rows;

	if (ledger_query(store, &rows,
			 HELP_SELECT "WHERE h.stage <> 'done' AND h.at_ms > ?1 ORDER BY h.at_ms LIMIT 200", "i",
			 clock_wall_ms() - HELP_LIFE_MS) == 0)
		while (ledger_step(store, rows) == 1)
			json_array_append_new(list, row_of(rows));
	return list;
}

struct wanted {
	char id[37], step[33], stage[12];
	int64_t at_ms;
	bool cancelled;
};

/* Reads back what the row now is, into the answer. LOBBY_ERR_NOT_FOUND: another kiosk's id. */
static int read_stage(struct ledger *store, struct request *r, const char *id)
{
	sqlite3_stmt *row;
	int err = ledger_query(store, &row, "SELECT stage FROM help WHERE id = ?1 AND kiosk = ?2", "ti", id, r->kiosk);

	if (err != 0)
		return err;
	err = ledger_step(store, row);
	if (err == 1)
		r->answer = json_pack("{ss}", "stage", db_text(row, 0));
	sqlite3_reset(row);
	return err == 1 ? 0 : err == 0 ? LOBBY_ERR_NOT_FOUND : err;
}

static int write_wanted(struct job *job, struct ledger *store)
{
	struct request *r = (struct request *)job;
	const struct wanted *w = r->data;
	int err, changed;

	err = ledger_run(store,
			 "INSERT INTO help(id, kiosk, step, at_ms, stage, stage_ms) VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON "
			 "CONFLICT(id) DO UPDATE"
			 " SET stage = 'done', stage_ms = ?6 WHERE ?5 = 'done' AND stage <> 'done' AND kiosk = ?2",
			 "tititi", w->id, r->kiosk, w->step, w->at_ms, w->cancelled ? "done" : "sent", clock_wall_ms());
	changed = ledger_changes(store);
	if (err == 0 && changed > 0)
		err = change_desk(store, "help", w->id);
	return err != 0 ? err : read_stage(store, r, w->id);
}

int kiosk_help(struct request *r)
{
	struct wanted *w = calloc(1, sizeof(*w));
	const char *id, *step;
	json_t *json = NULL;
	int err = w == NULL ? LOBBY_ERR_NO_MEMORY : request_json(r, &json);

	r->data = w;
	r->data_free = free;
	if (err != 0)
		return err;
	id = request_text(json, "id", sizeof(w->id) - 1);
	step = request_text(json, "step", sizeof(w->step) - 1);
	if (id == NULL || *id == '\0' || strchr(id, '/') != NULL || step == NULL) {
		json_decref(json);
		return LOBBY_ERR_INVALID;
	}
	text_copy(w->id, sizeof(w->id), id);
	text_copy(w->step, sizeof(w->step), step);
	w->at_ms = json_integer_value(json_object_get(json, "at_ms"));
	if (w->at_ms <= 0)
		w->at_ms = clock_wall_ms();
	w->cancelled = json_is_true(json_object_get(json, "cancelled"));
	json_decref(json);
	return request_write(r, NULL, write_wanted);
}

/* ---- the desk ---- */

static int write_stage(struct job *job, struct ledger *store, const char *stage, const char *action)
{
	struct request *r = (struct request *)job;
	int64_t kiosk;
	int err = ledger_int(store, &kiosk, "SELECT kiosk FROM help WHERE id = ?1", "t", r->tail);

	if (err == 0)
		err = ledger_run(store,
				 "UPDATE help SET stage = ?2, by = ?3, stage_ms = ?4 WHERE id = ?1 AND stage <> 'done' "
				 "AND stage <> ?2",
				 "ttti", r->tail, stage, r->session.name, clock_wall_ms());
	if (err == 0 && ledger_changes(store) > 0) {
		err = change_desk(store, "help", r->tail);
		if (err == 0)
			err = change_feed(store, "help", r->tail, kiosk);
	}
	if (err == 0)
		err = change_audit(store, r->session.name, action, r->tail, "");
	if (err == 0)
		r->answer = help_row(store, r->tail);
	return err;
}

static int write_on_my_way(struct job *job, struct ledger *store)
{
	return write_stage(job, store, "on-the-way", "help-on-my-way");
}

static int write_done(struct job *job, struct ledger *store)
{
	return write_stage(job, store, "done", "help-done");
}

int desk_help_on_my_way(struct request *r)
{
	return request_write(r, NULL, write_on_my_way);
}

int desk_help_done(struct request *r)
{
	return request_write(r, NULL, write_done);
}

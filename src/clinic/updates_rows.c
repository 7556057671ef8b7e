/* See updates_rows.h; and the rows of api.md that are made of them. */
#include "updates_rows.h"

#include "kiosks.h"
#include "updates.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define BUSY_MS (7 * 86400000LL)
#define SETTLE_MS (10LL * 60 * 1000) /* a kiosk that lost its record says nothing more */
#define COLUMNS "number, sha256, version, size, added_ms, state, reason, step, first, downgrade"

static void take(sqlite3_stmt *row, struct update *u)
{
	*u = (struct update){ .number = sqlite3_column_int64(row, 0),
			      .size = sqlite3_column_int64(row, 3),
			      .added_ms = sqlite3_column_int64(row, 4),
			      .step = sqlite3_column_int(row, 7),
			      .first = sqlite3_column_int64(row, 8),
			      .downgrade = sqlite3_column_int(row, 9) != 0 };
	text_copy(u->sha256, sizeof(u->sha256), db_text(row, 1));
	text_copy(u->version, sizeof(u->version), db_text(row, 2));
	text_copy(u->state, sizeof(u->state), db_text(row, 5));
	text_copy(u->reason, sizeof(u->reason), db_text(row, 6));
	u->current =
		strcmp(u->state, "running") == 0 || strcmp(u->state, "paused") == 0 || strcmp(u->state, "done") == 0;
	if (u->step < 0 || u->step >= ROLLOUT_STEPS)
		u->step = ROLLOUT_ONE;
}

static int take_one(struct ledger *store, int err, sqlite3_stmt *row, struct update *u)
{
	if (err == 0 && (err = ledger_step(store, row)) == 1) {
		take(row, u);
		sqlite3_reset(row);
		return 0;
	}
	return err < 0 ? err : LOBBY_ERR_NOT_FOUND;
}

int update_load(struct ledger *store, const char *sha256, struct update *u)
{
	sqlite3_stmt *row;
	int err = ledger_query(store, &row, "SELECT " COLUMNS " FROM software WHERE sha256 = ?1", "t", sha256);

	return take_one(store, err, row, u);
}

int update_current(struct ledger *store, struct update *u)
{
	sqlite3_stmt *row;
	int err =
		ledger_query(store, &row,
			     "SELECT " COLUMNS
			     " FROM software WHERE state IN ('running', 'paused', 'done') ORDER BY number DESC LIMIT 1",
			     "");

	return take_one(store, err, row, u);
}

int update_offer_load(struct ledger *store, const struct update *u, int64_t kiosk, struct update_offer *offer)
{
	sqlite3_stmt *row;
	int err = ledger_query(store, &row,
			       "SELECT id, stage, stage_ms FROM software_offer WHERE software = ?1 AND kiosk = ?2",
			       "ii", u->number, kiosk);

	if (err == 0 && (err = ledger_step(store, row)) == 1) {
		text_copy(offer->id, sizeof(offer->id), db_text(row, 0));
		if (!rollout_stage_of(db_text(row, 1), &offer->stage))
			offer->stage = ROLLOUT_OFFERED;
		offer->stage_ms = sqlite3_column_int64(row, 2);
		sqlite3_reset(row);
		return 0;
	}
	return err < 0 ? err : LOBBY_ERR_NOT_FOUND;
}

bool update_is_settled(const char *word, enum rollout_stage stage, int64_t stage_ms)
{
	if (strcmp(word, "good") == 0 || strcmp(word, "trial") == 0)
		return *word == 'g';
	return stage < ROLLOUT_INSTALLING || stage > ROLLOUT_TRIAL || clock_wall_ms() - stage_ms > SETTLE_MS;
}

/* False: the update is not for this one. */
static bool take_kiosk(sqlite3_stmt *row, const struct update *u, struct update_kiosk *k)
{
	const char *version = db_text(row, 5);

	*k = (struct update_kiosk){ .step = sqlite3_column_int(row, 9), .percent = sqlite3_column_int(row, 10) };
	k->at = (struct rollout_kiosk){ .number = sqlite3_column_int64(row, 0),
					.online = strcmp(db_text(row, 3), "offline") != 0,
					.heard_ms = sqlite3_column_int64(row, 4),
					.stage_ms = sqlite3_column_int64(row, 8),
					.excused = sqlite3_column_int(row, 12) != 0,
					.busy = sqlite3_column_int64(row, 13) };
	text_copy(k->id, sizeof(k->id), db_text(row, 1));
	text_copy(k->name, sizeof(k->name), db_text(row, 2));
	text_copy(k->text, sizeof(k->text), db_text(row, 11));
	if (!rollout_stage_of(db_text(row, 7), &k->at.stage))
		k->at.stage = ROLLOUT_NONE;
	/* Good once and now another version: it was made anew since. */
	if (strcmp(version, u->version) == 0 && update_is_settled(db_text(row, 6), k->at.stage, k->at.stage_ms)) {
		k->at.stage = ROLLOUT_GOOD;
		k->at.excused = false;
	} else if (k->at.stage == ROLLOUT_GOOD) {
		k->at.stage = ROLLOUT_NONE;
	}
	return u->downgrade || strverscmp(version, u->version) <= 0;
}

int update_kiosks(struct ledger *store, const struct update *u, struct update_kiosk **out, int *count)
{
	struct update_kiosk *kiosks = calloc(KIOSKS_MAX, sizeof(*kiosks));
	sqlite3_stmt *rows;
	int n = 0, step = 0, err;

	if (kiosks == NULL)
		return LOBBY_ERR_NO_MEMORY;
	err = ledger_query(
		store, &rows,
		"SELECT k.number, k.id, k.name, k.state, k.heard_ms,"
		" coalesce(nullif(json_extract(k.system, '$.version'), ''), k.version),"
		" json_extract(k.system, '$.update.stage'), o.stage, o.stage_ms, o.step, o.percent, o.text, o.excused,"
		" (SELECT count(*) FROM arrival a WHERE a.kiosk = k.number AND a.received_ms > ?2)"
		" FROM kiosk k LEFT JOIN software_offer o ON o.kiosk = k.number AND o.software = ?1"
		" WHERE k.removed_ms IS NULL AND k.system <> '' ORDER BY k.name, k.number",
		"ii", u->number, clock_wall_ms() - BUSY_MS);
	while (err == 0 && n < KIOSKS_MAX && (step = ledger_step(store, rows)) == 1)
		n += take_kiosk(rows, u, &kiosks[n]);
	if (err == 0 && step == 1)
		sqlite3_reset(rows);
	if (err != 0 || step < 0) {
		free(kiosks);
		return err != 0 ? err : step;
	}
	*out = kiosks;
	*count = n;
	return 0;
}

/* ---- api.md ---- */

json_t *updates_offer(struct ledger *store, int64_t kiosk)
{
	json_t *json = NULL;
	char path[96];
	sqlite3_stmt *row;

	if (ledger_query(
		    store, &row,
		    "SELECT o.id, s.version, s.size, s.sha256 FROM software_offer o JOIN software s"
		    " ON s.number = o.software WHERE o.kiosk = ?1 AND s.state IN ('running', 'done') AND o.excused = 0"
		    " AND o.stage NOT IN ('good', 'fell-back', 'refused')",
		    "i", kiosk) != 0)
		return json_null();
	if (ledger_step(store, row) == 1) {
		snprintf(path, sizeof(path), "/kiosk/v1/updates/%s", db_text(row, 3));
		json = json_pack("{ss ss sI ss ss}", "id", db_text(row, 0), "version", db_text(row, 1), "size",
				 (json_int_t)sqlite3_column_int64(row, 2), "sha256", db_text(row, 3), "path", path);
		sqlite3_reset(row);
	}
	return json != NULL ? json : json_null();
}

static json_t *kiosk_of(const struct update_kiosk *k)
{
	return json_pack("{ss ss ss ss si ss sI sb}", "id", k->id, "name", k->name, "step",
			 rollout_step_word((enum rollout_step)k->step), "stage", rollout_stage_word(k->at.stage),
			 "percent", k->percent, "text", k->text, "since_ms", (json_int_t)k->at.stage_ms, "without",
			 k->at.excused);
}

static json_t *steps_of(int good, int total)
{
	json_t *steps = json_array();

	for (int i = 0; i < ROLLOUT_STEPS; i++) {
		int of = rollout_target((enum rollout_step)i, total);

		json_array_append_new(steps, json_pack("{ss si si}", "step", rollout_step_word((enum rollout_step)i),
						       "good", good < of ? good : of, "of", of));
	}
	return steps;
}

static json_t *row_of(struct ledger *store, const struct update *u)
{
	struct update_kiosk *kiosks = NULL;
	int count = 0, good = 0, failed = 0, total = 0;
	json_t *list = json_array();

	if (update_kiosks(store, u, &kiosks, &count) != 0)
		count = 0;
	for (int i = 0; i < count; i++) {
		enum rollout_stage stage = kiosks[i].at.stage;

		good += stage == ROLLOUT_GOOD;
		failed += stage >= ROLLOUT_FELL_BACK || kiosks[i].at.excused;
		total += !kiosks[i].at.excused;
		if (stage != ROLLOUT_NONE && stage != ROLLOUT_GOOD)
			json_array_append_new(list, kiosk_of(&kiosks[i]));
	}
	free(kiosks);
	return json_pack("{ss ss sI sI ss ss ss so si si si so}", "sha256", u->sha256, "version", u->version, "size",
			 (json_int_t)u->size, "added_ms", (json_int_t)u->added_ms, "state", u->state, "reason",
			 u->reason, "step", rollout_step_word((enum rollout_step)u->step), "steps",
			 steps_of(good, total), "good", good, "total", total, "failed", failed, "kiosks", list);
}

json_t *updates_row(struct ledger *store, const char *sha256)
{
	struct update u;
	int err = update_load(store, sha256, &u);

	if (err == LOBBY_ERR_NOT_FOUND)
		return json_pack("{ss ss}", "sha256", sha256, "state", "removed");
	return err == 0 ? row_of(store, &u) : NULL;
}

json_t *updates_all(struct ledger *store)
{
	json_t *list = json_array();
	struct update all[32];
	sqlite3_stmt *rows;
	int count = 0, step = 0;

	if (ledger_query(store, &rows, "SELECT " COLUMNS " FROM software ORDER BY number DESC LIMIT 32", "") == 0) {
		while (count < 32 && (step = ledger_step(store, rows)) == 1)
			take(rows, &all[count++]);
		if (step == 1)
			sqlite3_reset(rows);
	}
	for (int i = 0; i < count; i++)
		json_array_append_new(list, row_of(store, &all[i]));
	return list;
}

/* Reading what is left of a damaged store.
 *
 * A damaged page spoils a scan but not its neighbours, so outbox rows are read from both ends and then one by one by
 * their number between. Sealed rows prove themselves (the clinic refuses what it cannot open), so nothing is lost by
 * carrying a doubtful one. The next number starts beyond everything that this kiosk can have used: a number used twice
 * would be taken for a duplicate, and the visit with it. */
#include "store.h"

#include "base/clock.h"
#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>

/* What meta keeps across a salvage; the roster's cursor is not among them, so the roster comes whole again. */
#define KEPT_KEYS "'kiosk_id','kiosk_name','ordinal','url','credential','fingerprint','seal_key','settings','next_seq'"
#define POINT_LOOKUPS 100000

struct salvage {
	struct db *to;
	sqlite3 *from;
	sqlite3_stmt *put;
	uint32_t rows;
	int64_t lowest, highest;
};

/* Columns: seq, kiosk_id, uuid, kind, sealed, made_ms, attempts, state. */
static int carry(struct salvage *s, sqlite3_stmt *row)
{
	int64_t seq = sqlite3_column_int64(row, 0);
	int err;

	if (sqlite3_column_type(row, 4) != SQLITE_BLOB || seq <= 0)
		return 0;
	err = db_bind(s->put, "ittibiii", seq, db_text(row, 1), db_text(row, 2), (int64_t)sqlite3_column_int64(row, 3),
		      sqlite3_column_blob(row, 4), (size_t)sqlite3_column_bytes(row, 4),
		      (int64_t)sqlite3_column_int64(row, 5), (int64_t)sqlite3_column_int64(row, 6),
		      (int64_t)sqlite3_column_int64(row, 7));
	if (err == 0)
		err = db_run(s->to, s->put);
	if (err != 0)
		return err;
	s->rows += (uint32_t)sqlite3_changes(s->to->handle);
	if (s->lowest == 0 || seq < s->lowest)
		s->lowest = seq;
	if (seq > s->highest)
		s->highest = seq;
	return 0;
}

/* Reads as far as this order gets. *last is the last row it reached. */
static int scan(struct salvage *s, const char *order, int64_t *last)
{
	char sql[160];
	sqlite3_stmt *row = NULL;
	int err = 0;

	snprintf(sql, sizeof(sql),
		 "SELECT seq, kiosk_id, uuid, kind, sealed, made_ms, attempts, state FROM outbox ORDER BY seq %s",
		 order);
	if (sqlite3_prepare_v2(s->from, sql, -1, &row, NULL) != SQLITE_OK)
		return 0;
	while (err == 0 && sqlite3_step(row) == SQLITE_ROW) {
		*last = sqlite3_column_int64(row, 0);
		err = carry(s, row);
	}
	sqlite3_finalize(row);
	return err;
}

/* The rows between the two ends of a hole, one at a time. */
static int probe(struct salvage *s, int64_t after, int64_t before)
{
	sqlite3_stmt *row = NULL;
	int err = 0, looked = 0;

	if (sqlite3_prepare_v2(s->from,
			       "SELECT seq, kiosk_id, uuid, kind, sealed, made_ms, attempts, state FROM outbox"
			       " WHERE seq = ?1",
			       -1, &row, NULL) != SQLITE_OK)
		return 0;
	for (int64_t seq = after + 1; err == 0 && seq < before && looked < POINT_LOOKUPS; seq++, looked++) {
		sqlite3_bind_int64(row, 1, seq);
		if (sqlite3_step(row) == SQLITE_ROW)
			err = carry(s, row);
		sqlite3_reset(row);
	}
	sqlite3_finalize(row);
	return err;
}

/* Copies the rows of a small table that this statement reads; put takes as many arguments as it has columns. */
static int copy(struct salvage *s, const char *select, const char *insert)
{
	sqlite3_stmt *row = NULL, *put = NULL;
	int err = 0;

	if (sqlite3_prepare_v2(s->from, select, -1, &row, NULL) != SQLITE_OK)
		return 0;
	err = db_prepare(s->to, insert, &put);
	while (err == 0 && sqlite3_step(row) == SQLITE_ROW) {
		sqlite3_reset(put);
		for (int i = 0; i < sqlite3_column_count(row); i++)
			sqlite3_bind_value(put, i + 1, sqlite3_column_value(row, i));
		err = db_run(s->to, put);
	}
	sqlite3_finalize(put);
	sqlite3_finalize(row);
	return err;
}

static int salvage_all(struct salvage *s)
{
	int64_t up = 0, down = INT64_MAX;
	int err = copy(s, "SELECT key, value FROM meta WHERE key IN (" KEPT_KEYS ")",
		       "INSERT OR REPLACE INTO meta(key, value) VALUES(?1, ?2)");

	if (err == 0)
		err = copy(s, "SELECT uuid, ticket, seq, made_ms, slip FROM visit",
			   "INSERT OR IGNORE INTO visit(uuid, ticket, seq, made_ms, slip) VALUES(?1, ?2, ?3, ?4, ?5)");
	if (err == 0) /* of a store before schema 2 */
		err = copy(s, "SELECT uuid, ticket, seq, made_ms, 0 FROM visit",
			   "INSERT OR IGNORE INTO visit(uuid, ticket, seq, made_ms, slip) VALUES(?1, ?2, ?3, ?4, ?5)");
	if (err == 0)
		err = copy(s, "SELECT day, prefix, count FROM ticket",
			   "INSERT OR IGNORE INTO ticket(day, prefix, count) VALUES(?1, ?2, ?3)");
	if (err == 0)
		err = scan(s, "ASC", &up);
	if (err == 0)
		err = scan(s, "DESC", &down);
	if (err == 0 && up > 0 && down < INT64_MAX && up + 1 < down)
		err = probe(s, up, down);
	else if (err == 0 && s->rows > 0 && (up == 0 || down == INT64_MAX))
		err = probe(s, s->lowest > POINT_LOOKUPS / 2 ? s->lowest - POINT_LOOKUPS / 2 : 0, s->highest);
	return err;
}

/* Beyond what was seen, and beyond anything counted from 1 at less than a visit a second. */
static int raise_next_seq(struct salvage *s)
{
	sqlite3_stmt *set = NULL;
	int64_t floor = clock_wall_ms() / 1000;
	int err = db_prepare(s->to,
			     "INSERT INTO meta(key, value) VALUES('next_seq', ?1)"
			     " ON CONFLICT(key) DO UPDATE SET value = max(value, excluded.value)",
			     &set);

	if (err == 0)
		err = db_bind(set, "i", s->highest + 1 > floor ? s->highest + 1 : floor);
	if (err == 0)
		err = db_run(s->to, set);
	sqlite3_finalize(set);
	return err;
}

int store_salvage(struct db *db, const char *damaged_path, uint32_t *rows)
{
	struct salvage s = { .to = db };
	int err = db_begin(db);

	if (err != 0)
		return err;
	err = db_prepare(db,
			 "INSERT OR IGNORE INTO outbox(seq, kiosk_id, uuid, kind, sealed, made_ms, attempts, state)"
			 " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
			 &s.put);
	if (err == 0 && sqlite3_open_v2(damaged_path, &s.from, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK)
		err = salvage_all(&s);
	if (err == 0)
		err = raise_next_seq(&s);
	sqlite3_close(s.from);
	sqlite3_finalize(s.put);
	err = db_end(db, err);
	if (err == 0)
		*rows = s.rows;
	return err;
}

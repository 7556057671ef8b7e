/* See check.h. The clinic's tables are asked each its own question: `bundle` for what came (every version is kept),
 * `arrival` for what the desk sees, `set_aside` for what was refused; and the Bundle itself for whether it still says
 * what the patient did. */
#include "check.h"

#include "checkin/visit.h"
#include "store/db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct check {
	struct db db;
	sqlite3_stmt *bundles, *arrival, *aside, *keys;
	const struct book *book;
	struct check_result *result;
	int say;
};

static void say(struct check *check, const struct tried *tried, const char *what)
{
	if (check->say-- > 0)
		printf("  visit %s (%s, seq %llu, kiosk %d): %s\n", tried->visit.id,
		       tried->ticket[0] != '\0' ? tried->ticket : "no number", (unsigned long long)tried->seq,
		       tried->kiosk + 1, what);
}

static int count_of(struct check *check, sqlite3_stmt *stmt, const char *id)
{
	int n = 0;

	if (db_bind(stmt, "t", id) == 0 && db_step(&check->db, stmt) == 1)
		n = sqlite3_column_int(stmt, 0);
	sqlite3_reset(stmt);
	return n;
}

static bool says_the_same(const struct tried *tried, const struct visit *kept)
{
	const lobby_Visit *sent = &tried->visit;

	if (strcmp(kept->id, sent->id) != 0 || kept->seq != tried->seq || strcmp(kept->ticket, tried->ticket) != 0 ||
	    strcmp(kept->patient_id, sent->patient_id) != 0 || kept->appointment_count != sent->appointment_id_count ||
	    (kept->kind == VISIT_HANDOVER) != (sent->kind == lobby_VisitKind_VISIT_HANDOVER) ||
	    strcmp(kept->phone, sent->phone) != 0 || strcmp(kept->email, sent->email) != 0 ||
	    strcmp(kept->member_id, sent->member_id) != 0 || strcmp(kept->birth_date, sent->birth_date) != 0)
		return false;
	for (int i = 0; i < kept->appointment_count; i++)
		if (strcmp(kept->appointment_id[i], sent->appointment_id[i]) != 0)
			return false;
	return true;
}

/* The Bundles of one visit: how many, and whether the first says what was confirmed. */
static int read_bundles(struct check *check, const struct tried *tried, bool *same)
{
	int n = 0;

	*same = false;
	if (db_bind(check->bundles, "t", tried->visit.id) != 0)
		return 0;
	while (db_step(&check->db, check->bundles) == 1) {
		json_t *bundle = json_loadb(sqlite3_column_blob(check->bundles, 1),
					    (size_t)sqlite3_column_bytes(check->bundles, 1), 0, NULL);
		struct visit kept;
		const char *why = "";

		if (n++ == 0)
			*same = (uint64_t)sqlite3_column_int64(check->bundles, 0) == tried->seq && bundle != NULL &&
				visit_from_bundle(bundle, &kept, &why) == 0 && says_the_same(tried, &kept);
		json_decref(bundle);
	}
	sqlite3_reset(check->bundles);
	return n;
}

/* Rows the desk sees; *ticket_same: with the number that was confirmed. */
static int read_arrivals(struct check *check, const struct tried *tried, bool *ticket_same)
{
	int n = 0;

	*ticket_same = false;
	if (db_bind(check->arrival, "t", tried->visit.id) != 0)
		return 0;
	while (db_step(&check->db, check->arrival) == 1)
		if (n++ == 0)
			*ticket_same = strcmp(db_text(check->arrival, 0), tried->ticket) == 0;
	sqlite3_reset(check->arrival);
	return n;
}

static void check_one(struct check *check, const struct tried *tried)
{
	struct check_result *r = check->result;
	bool same, ticket_same;
	int bundles = read_bundles(check, tried, &same), arrivals = read_arrivals(check, tried, &ticket_same);

	if (bundles > 1 || arrivals > 1) {
		r->doubled++;
		say(check, tried, "more than once in the store");
	}
	if (!tried->confirmed) {
		r->ghosts += tried->refused && bundles > 0;
		return;
	}
	r->confirmed++;
	if (bundles == 0 || arrivals == 0) {
		r->lost++;
		say(check, tried, bundles == 0 ? "LOST" : "LOST to the desk: its Bundle is kept, but there is no row");
	} else if (!same || !ticket_same) {
		r->wrong++;
		say(check, tried, ticket_same ? "kept with other contents" : "kept with another number");
	}
	if (count_of(check, check->aside, tried->visit.id) > 0) {
		r->set_aside++;
		say(check, tried, "set aside");
	}
	if (tried->changed) {
		r->changed++;
		say(check, tried, "confirmed twice with different numbers");
	}
}

static int by_ticket(const void *a, const void *b)
{
	const struct tried *x = *(const struct tried *const *)a, *y = *(const struct tried *const *)b;
	int by = strcmp(x->ticket, y->ticket);

	return by != 0 ? by : (x->day_ms > y->day_ms) - (x->day_ms < y->day_ms);
}

/* No two people are called by one number on one day, whatever kiosk gave it. */
static int check_tickets(struct check *check)
{
	const struct book *book = check->book;
	struct tried **all = malloc((book->count + 1) * sizeof(struct tried *));
	size_t n = 0;

	if (all == NULL)
		return LOBBY_ERR_NO_MEMORY;
	for (size_t i = 0; i < book->count; i++)
		if (book->tried[i].confirmed && book->tried[i].day_ms >= 0)
			all[n++] = &book->tried[i];
	qsort(all, n, sizeof(all[0]), by_ticket);
	for (size_t i = 1; i < n; i++) {
		if (all[i]->day_ms != all[i - 1]->day_ms || strcmp(all[i]->ticket, all[i - 1]->ticket) != 0)
			continue;
		check->result->same_ticket++;
		say(check, all[i], "has a number that another visit of that day has");
	}
	free(all);
	return 0;
}

static void check_strangers(struct check *check)
{
	while (db_step(&check->db, check->keys) == 1) {
		if (book_find(check->book, db_text(check->keys, 0)) != NULL)
			continue;
		check->result->strangers++;
		if (check->say-- > 0)
			printf("  visit %s: in the store, and never sent\n", db_text(check->keys, 0));
	}
	sqlite3_reset(check->keys);
}

static int prepare(struct check *check)
{
	/* There is no index by key; this one goes with the connection. */
	int err = db_exec(&check->db, "PRAGMA temp_store=MEMORY; CREATE TEMP TABLE by_key AS SELECT key, number FROM "
				      "bundle WHERE kind = 0; CREATE INDEX temp.by_key_key ON by_key(key)");

	if (err == 0)
		err = db_prepare(&check->db,
				 "SELECT b.seq, b.content FROM temp.by_key k JOIN bundle b ON b.number = k.number"
				 " WHERE k.key = ?1 ORDER BY b.number",
				 &check->bundles);

	if (err == 0)
		err = db_prepare(&check->db, "SELECT ticket FROM arrival WHERE visit_id = ?1", &check->arrival);
	if (err == 0)
		err = db_prepare(&check->db, "SELECT count(*) FROM set_aside WHERE key = ?1", &check->aside);
	if (err == 0)
		err = db_prepare(&check->db, "SELECT key FROM bundle WHERE kind = 0", &check->keys);
	return err;
}

int check_store(const char *path, const struct book *book, int say_most, struct check_result *result)
{
	struct check check = { .book = book, .say = say_most, .result = result };
	int err;

	*result = (struct check_result){ 0 };
	if (sqlite3_open_v2(path, &check.db.handle, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) {
		db_close(&check.db);
		return LOBBY_ERR_IO;
	}
	err = prepare(&check);
	for (size_t i = 0; err == 0 && i < book->count; i++)
		check_one(&check, &book->tried[i]);
	if (err == 0)
		err = check_tickets(&check);
	if (err == 0)
		check_strangers(&check);
	sqlite3_finalize(check.bundles);
	sqlite3_finalize(check.arrival);
	sqlite3_finalize(check.aside);
	sqlite3_finalize(check.keys);
	db_close(&check.db);
	return err;
}

bool check_clean(const struct check_result *r)
{
	return r->lost + r->doubled + r->wrong + r->same_ticket + r->changed + r->set_aside + r->strangers == 0;
}

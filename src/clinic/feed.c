/* The change feed that kiosks keep their roster by (api.md): a long poll with a cursor.
 *
 * A cursor is "DAY.N": the local day and the last number of the feed's log that the kiosk has. Another day, or a number
 * that the log no longer reaches back to, begins anew. The whole roster goes out in pages; between them the cursor is
 * "DAY.N.START.NUMBER": the log's head when the whole began, and the last appointment sent; with START -2 the last
 * issuer, since those follow. Entries are read row by row, a page at a time, whatever the roster's size. */
#include "fleet.h"
#include "http.h"
#include "issuers.h"
#include "kiosks.h"
#include "logo.h"
#include "roster.h"
#include "updates.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 500
#define PAGE_BYTES (2 << 20) /* of issuers, whose lists of revoked cards may be long */
#define AT_ISSUERS (-2)
#define WAIT_MAX_S 30
#define LOOKS 8 /* at news that is not for this kiosk, before it is told to ask again */

struct cursor {
	long day, head;
	bool whole; /* in the middle of a whole */
	long long start_ms, number;
};

struct feed {
	bool waited;
	struct cursor cursor;
	bool reset, more;
	json_t *changes;
};

static void feed_free(void *data)
{
	struct feed *feed = data;

	json_decref(feed->changes);
	free(feed);
}

static long day_now(void)
{
	struct clock_civil c = clock_civil_of(clock_wall_ms());

	return c.year * 10000L + c.month * 100L + c.day;
}

static bool cursor_parse(const char *text, struct cursor *cursor)
{
	long long numbers[4] = { 0 };
	int count = 0;

	while (count < 4) {
		char *end;

		numbers[count++] = strtoll(text, &end, 10);
		if (end == text)
			return false;
		text = end + (*end == '.');
		if (*end != '.')
			break;
	}
	*cursor = (struct cursor){ .day = (long)numbers[0],
				   .head = (long)numbers[1],
				   .whole = count == 4,
				   .start_ms = numbers[2],
				   .number = numbers[3] };
	return (count == 2 || count == 4) && *text == '\0';
}

/* Does the log still hold all that came after this cursor? */
static bool cursor_known(struct ledger *store, const struct cursor *cursor)
{
	int64_t oldest = 0, newest = 0;

	if (cursor->day != day_now())
		return false;
	if (ledger_int(store, &newest, "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'feed_change'",
		       "") != 0 ||
	    ledger_int(store, &oldest, "SELECT coalesce(min(id), 0) FROM feed_change", "") != 0)
		return false;
	return cursor->head <= newest && (oldest == 0 || cursor->head >= oldest - 1);
}

static int push_roster(json_t *changes, const char *id, json_t *take_entry)
{
	json_t *change = take_entry != NULL ? json_pack("{ss ss so}", "type", "roster", "id", id, "entry", take_entry)
					    : json_pack("{ss ss sb}", "type", "roster", "id", id, "deleted", 1);

	return json_array_append_new(changes, change) == 0 ? 0 : LOBBY_ERR_NO_MEMORY;
}

static int issuers_whole(struct ledger *store, struct feed *feed)
{
	return issuers_page(store, feed->changes, &feed->cursor.number, PAGE, PAGE_BYTES, &feed->more);
}

/* The next page of the whole: appointments, and after the last of them the issuers. */
static int whole_page(struct ledger *store, struct feed *feed)
{
	sqlite3_stmt *rows;
	int count = 0, more = 0, err;

	if (feed->cursor.start_ms == AT_ISSUERS) {
		err = issuers_whole(store, feed);
		feed->cursor.whole = feed->more;
		return err;
	}
	err = roster_query_days(store, &rows, feed->cursor.start_ms, feed->cursor.number, PAGE);
	while (err == 0 && count < PAGE && (more = ledger_step(store, rows)) == 1) {
		feed->cursor.start_ms = sqlite3_column_int64(rows, ROSTER_START_MS);
		feed->cursor.number = sqlite3_column_int64(rows, ROSTER_NUMBER);
		err = push_roster(feed->changes, db_text(rows, ROSTER_ID), roster_entry_of(rows));
		count++;
	}
	if (err != 0)
		return err;
	if (more < 0)
		return more;
	sqlite3_reset(rows);
	feed->more = count == PAGE;
	if (!feed->more) {
		feed->cursor.start_ms = AT_ISSUERS;
		feed->cursor.number = 0;
		err = issuers_whole(store, feed);
	}
	feed->cursor.whole = feed->more;
	return err;
}

static int push_orders(struct ledger *store, json_t *changes, int64_t kiosk)
{
	json_t *change = json_pack("{ss so}", "type", "orders", "orders", fleet_orders(store, kiosk));

	return json_array_append_new(changes, change) == 0 ? 0 : LOBBY_ERR_NO_MEMORY;
}

static int push_restart(struct ledger *store, json_t *changes, int64_t kiosk)
{
	char id[37];

	if (fleet_restart(store, kiosk, id))
		json_array_append_new(changes, json_pack("{ss ss}", "type", "restart", "id", id));
	return 0;
}

static int push_update(struct ledger *store, json_t *changes, int64_t kiosk)
{
	json_t *change = json_pack("{ss so}", "type", "update", "update", updates_offer(store, kiosk));

	return json_array_append_new(changes, change) == 0 ? 0 : LOBBY_ERR_NO_MEMORY;
}

static int whole_begin(struct ledger *store, struct feed *feed, int64_t kiosk)
{
	int64_t head = 0;
	json_t *settings;
	int err = ledger_int(store, &head,
			     "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'feed_change'", "");

	if (err != 0)
		return err;
	feed->reset = true;
	feed->cursor = (struct cursor){ .day = day_now(), .head = head, .whole = true, .start_ms = -1 };
	settings = json_pack("{ss so}", "type", "settings", "settings", clinic_settings_load(store));
	json_array_append_new(feed->changes, settings);
	json_array_append_new(feed->changes, json_pack("{ss so}", "type", "logo", "logo", clinic_logo_load(store)));
	err = push_orders(store, feed->changes, kiosk);
	if (err == 0)
		err = push_update(store, feed->changes, kiosk);
	if (err == 0)
		err = push_restart(store, feed->changes, kiosk);
	return err != 0 ? err : whole_page(store, feed);
}

static int push_help(struct ledger *store, json_t *changes, const char *id)
{
	sqlite3_stmt *row;
	int err = ledger_query(store, &row, "SELECT stage FROM help WHERE id = ?1", "t", id);

	if (err == 0 && (err = ledger_step(store, row)) == 1) {
		json_array_append_new(changes,
				      json_pack("{ss ss ss}", "type", "help", "id", id, "stage", db_text(row, 0)));
		sqlite3_reset(row);
	}
	return err < 0 ? err : 0;
}

static int push_issuer(struct ledger *store, json_t *changes, const char *iss, size_t *bytes)
{
	size_t one = 0;
	json_t *change = issuers_change(store, iss, &one);

	*bytes += one;
	return json_array_append_new(changes, change) == 0 ? 0 : LOBBY_ERR_NO_MEMORY;
}

/* What came after the cursor and is for this kiosk, each thing once; moves the cursor. */
static int news(struct ledger *store, struct feed *feed, int64_t kiosk)
{
	int64_t head = feed->cursor.head;
	sqlite3_stmt *rows;
	size_t bytes = 0;
	int count = 0, step = 0, err;

	err = ledger_query(store, &rows,
			   "SELECT max(id), kind, ref, count(*) FROM (SELECT id, kind, ref FROM feed_change WHERE id > "
			   "?1 AND kiosk IN (0, ?2) ORDER BY id LIMIT ?3) "
			   "GROUP BY kind, ref ORDER BY 1",
			   "iii", head, kiosk, (int64_t)PAGE);
	/* In the order of what came last to each thing: wherever this stops, the rest is newer than the cursor. */
	while (err == 0 && bytes < PAGE_BYTES && (step = ledger_step(store, rows)) == 1) {
		const char *kind = db_text(rows, 1), *ref = db_text(rows, 2);

		head = sqlite3_column_int64(rows, 0);
		count += sqlite3_column_int(rows, 3);
		if (strcmp(kind, "roster") == 0)
			err = push_roster(feed->changes, ref, roster_entry(store, ref));
		else if (strcmp(kind, "settings") == 0)
			json_array_append_new(feed->changes, json_pack("{ss so}", "type", "settings", "settings",
								       clinic_settings_load(store)));
		else if (strcmp(kind, "logo") == 0)
			json_array_append_new(feed->changes,
					      json_pack("{ss so}", "type", "logo", "logo", clinic_logo_load(store)));
		else if (strcmp(kind, "issuer") == 0)
			err = push_issuer(store, feed->changes, ref, &bytes);
		else if (strcmp(kind, "orders") == 0)
			err = push_orders(store, feed->changes, kiosk);
		else if (strcmp(kind, "restart") == 0)
			err = push_restart(store, feed->changes, kiosk);
		else if (strcmp(kind, "update") == 0)
			err = push_update(store, feed->changes, kiosk);
		else
			err = push_help(store, feed->changes, ref);
	}
	if (step == 1)
		sqlite3_reset(rows);
	if (err != 0 || step < 0)
		return err != 0 ? err : step;
	feed->cursor.head = (long)head;
	feed->more = count == PAGE || bytes >= PAGE_BYTES;
	return 0;
}

static int answer_feed(struct request *r)
{
	struct feed *feed = r->data;
	const struct cursor *c = &feed->cursor;
	char text[96];

	if (c->whole)
		snprintf(text, sizeof(text), "%ld.%ld.%lld.%lld", c->day, c->head, c->start_ms, c->number);
	else
		snprintf(text, sizeof(text), "%ld.%ld", c->day, c->head);
	r->answer = json_pack("{ss sb sb sI sO}", "cursor", text, "reset", feed->reset, "more", feed->more, "now_ms",
			      (json_int_t)clock_wall_ms(), "changes", feed->changes);
	return r->answer != NULL ? 0 : LOBBY_ERR_NO_MEMORY;
}

/* One look. REQUEST_LATER: nothing for this kiosk yet; *seen is the log's head that it covers. */
static int look(struct request *r, struct feed *feed, int64_t *seen)
{
	struct ledger *store = ledger_pool_take(&r->clinic->pool);
	int err;

	if (store == NULL)
		return LOBBY_ERR_NO_MEMORY;
	if (!cursor_known(store, &feed->cursor)) {
		err = whole_begin(store, feed, r->kiosk);
	} else if (feed->cursor.whole) {
		err = whole_page(store, feed);
	} else {
		err = ledger_int(store, seen,
				 "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'feed_change'", "");
		if (err == 0)
			err = news(store, feed, r->kiosk);
		if (err == 0 && json_array_size(feed->changes) == 0) {
			if (feed->cursor.head < *seen)
				feed->cursor.head = (long)*seen;
			err = REQUEST_LATER;
		}
	}
	ledger_pool_give(&r->clinic->pool, store);
	return err;
}

static int feed_begin(struct request *r)
{
	const char *cursor = request_argument(r, "cursor"), *wait = request_argument(r, "wait_s");
	long wait_s = wait != NULL ? strtol(wait, NULL, 10) : 0;
	struct feed *feed = calloc(1, sizeof(*feed));

	r->data = feed;
	r->data_free = feed != NULL ? feed_free : NULL;
	if (feed == NULL || (feed->changes = json_array()) == NULL)
		return LOBBY_ERR_NO_MEMORY;
	if (cursor == NULL || !cursor_parse(cursor, &feed->cursor))
		feed->cursor = (struct cursor){ 0 };
	wait_s = wait_s < 0 ? 0 : wait_s > WAIT_MAX_S ? WAIT_MAX_S : wait_s;
	r->waiter.log = HUB_FEED;
	r->waiter.due_mono_ms = clock_mono_ms() + wait_s * 1000;
	return 0;
}

int kiosk_feed(struct request *r)
{
	int64_t seen = 0;
	int err = r->data == NULL ? feed_begin(r) : 0;

	for (int i = 0; err == 0 && i < LOOKS; i++) {
		err = look(r, r->data, &seen);
		if (err != REQUEST_LATER)
			return err != 0 ? err : answer_feed(r);
		if (hub_wait(r->clinic->hub, &r->waiter, seen))
			return REQUEST_LATER;
		if (clock_mono_ms() >= r->waiter.due_mono_ms || hub_stopping(r->clinic->hub))
			return answer_feed(r);
		err = 0;
	}
	return err != 0 ? err : answer_feed(r);
}

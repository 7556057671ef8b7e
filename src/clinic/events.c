/* The desk's event stream (server-sent events, HTML Living Standard 9.2) on libmicrohttpd: a response of unknown length
 * whose reader suspends the connection whenever there is nothing to say. Each page has a cursor into the desk's change
 * log, so each event reaches each page once: from the hub's ring when the page keeps up, from the store when it came
 * back after a while, and as `reset` when the log no longer reaches back. */
#include "desk.h"

#include "arrivals.h"
#include "help.h"
#include "kiosks.h"
#include "signin.h"
#include "updates.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMENT_MS 15000
#define AT_ONCE 64
#define TEXT_MAX 65536

struct page {
	struct clinic *clinic;
	struct hub_waiter waiter;
	unsigned char session[32];
	int64_t cursor;
	int64_t comment_mono_ms; /* next */
	char *text;		 /* what is being sent */
	size_t len, at;
	bool over; /* after this text */
};

char *events_render(struct ledger *store, int64_t id, const char *kind, const char *ref)
{
	json_t *row = NULL;
	char *data, *text = NULL;
	int len;

	if (strcmp(kind, "arrival") == 0)
		row = arrival_row(store, ref);
	else if (strcmp(kind, "help") == 0)
		row = help_row(store, ref);
	else if (strcmp(kind, "kiosk") == 0)
		row = kiosks_row(store, ref);
	else if (strcmp(kind, "update") == 0)
		row = updates_row(store, ref);
	else if (strcmp(kind, "settings") == 0)
		clinic_settings_hide(row = clinic_settings_load(store));
	else if (strcmp(kind, "set-aside") == 0)
		row = desk_set_aside_count(store);
	data = row != NULL ? json_dumps(row, JSON_COMPACT) : NULL;
	json_decref(row);
	if (data == NULL)
		return NULL;
	len = snprintf(NULL, 0, "id: %lld\nevent: %s\ndata: %s\n\n", (long long)id, kind, data);
	text = malloc((size_t)len + 1);
	if (text != NULL)
		snprintf(text, (size_t)len + 1, "id: %lld\nevent: %s\ndata: %s\n\n", (long long)id, kind, data);
	free(data);
	return text;
}

static void page_text(struct page *page, char *take_text, size_t len)
{
	free(page->text);
	page->text = take_text;
	page->len = take_text != NULL ? len : 0;
	page->at = 0;
}

/* Does the log still hold all after the cursor? */
static bool cursor_known(struct ledger *store, int64_t cursor)
{
	int64_t newest = 0, oldest = 0;

	if (ledger_int(store, &newest, "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'desk_change'",
		       "") != 0 ||
	    ledger_int(store, &oldest, "SELECT coalesce(min(id), 0) FROM desk_change", "") != 0)
		return false;
	return cursor >= 0 && cursor <= newest && (oldest == 0 || cursor >= oldest - 1);
}

/* The next changes after the page's cursor from the store, as one text. */
static void catch_up(struct page *page, struct ledger *store)
{
	sqlite3_stmt *rows;
	char *text = NULL;
	size_t len = 0;
	FILE *out;

	if (!cursor_known(store, page->cursor)) {
		text = strdup("event: reset\ndata: {}\n\n");
		page->over = true;
		page_text(page, text, text != NULL ? strlen(text) : 0);
		return;
	}
	out = open_memstream(&text, &len);
	if (out == NULL ||
	    ledger_query(store, &rows, "SELECT id, kind, ref FROM desk_change WHERE id > ?1 ORDER BY id LIMIT ?2", "ii",
			 page->cursor, (int64_t)AT_ONCE) != 0) {
		page->over = true;
	} else {
		while (ledger_step(store, rows) == 1) {
			char *event =
				events_render(store, sqlite3_column_int64(rows, 0), db_text(rows, 1), db_text(rows, 2));

			page->cursor = sqlite3_column_int64(rows, 0);
			fprintf(out, "%s", event != NULL ? event : "");
			free(event);
		}
	}
	if (out != NULL && fclose(out) == 0)
		page_text(page, text, len);
}

static void comment(struct page *page, struct ledger *store)
{
	char *text;

	page->comment_mono_ms = clock_mono_ms() + COMMENT_MS;
	if (!signin_session_good(store, page->session)) {
		page->over = true;
		return;
	}
	text = strdup(": still here\n\n");
	page_text(page, text, text != NULL ? strlen(text) : 0);
}

/* Finds something to send. False: nothing now. */
static bool page_fill(struct page *page)
{
	struct ledger *store;
	bool behind = false;
	size_t len = 0;
	char *text = hub_events_after(page->clinic->hub, &page->cursor, TEXT_MAX, &len, &behind);
	bool due = clock_mono_ms() >= page->comment_mono_ms;

	page_text(page, text, len);
	if (text == NULL && (behind || due)) {
		store = ledger_pool_take(&page->clinic->pool);
		if (store == NULL)
			page->over = true;
		else if (behind)
			catch_up(page, store);
		else
			comment(page, store);
		ledger_pool_give(&page->clinic->pool, store);
	}
	return page->len > 0 || page->over;
}

static ssize_t page_read(void *arg, uint64_t pos, char *out, size_t max)
{
	struct page *page = arg;
	size_t n;

	(void)pos;
	while (page->at == page->len) {
		if (page->over || hub_stopping(page->clinic->hub))
			return MHD_CONTENT_READER_END_OF_STREAM;
		if (page_fill(page))
			continue;
		page->waiter.due_mono_ms = page->comment_mono_ms;
		if (hub_wait(page->clinic->hub, &page->waiter, page->cursor))
			return 0;
	}
	n = page->len - page->at < max ? page->len - page->at : max;
	memcpy(out, page->text + page->at, n);
	page->at += n;
	return (ssize_t)n;
}

static void page_free(void *arg)
{
	struct page *page = arg;

	hub_forget(page->clinic->hub, &page->waiter);
	hub_page_remove(page->clinic->hub);
	free(page->text);
	free(page);
}

static int64_t cursor_of(struct request *r, struct ledger *store)
{
	const char *text = request_header(r, "Last-Event-ID");
	int64_t newest = 0;
	char *end;
	long long cursor;

	if (text == NULL)
		text = request_argument(r, "cursor");
	if (text != NULL) {
		cursor = strtoll(text, &end, 10);
		if (end != text && *end == '\0')
			return cursor;
	}
	return ledger_int(store, &newest,
			  "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'desk_change'", "") == 0
		       ? newest
		       : -1;
}

/* After the audit of "watch" is on disk: opens the stream. */
static int write_watch(struct job *job, struct ledger *store)
{
	struct request *r = (struct request *)job;

	return change_audit(store, r->session.name, "watch", "arrivals", "");
}

int desk_events(struct request *r)
{
	struct page *page = calloc(1, sizeof(*page));
	struct ledger *store = ledger_pool_take(&r->clinic->pool);

	if (page == NULL || store == NULL) {
		free(page);
		ledger_pool_give(&r->clinic->pool, store);
		return LOBBY_ERR_NO_MEMORY;
	}
	page->clinic = r->clinic;
	page->waiter = (struct hub_waiter){ .connection = r->connection, .log = HUB_DESK };
	memcpy(page->session, r->session.hash, sizeof(page->session));
	page->comment_mono_ms = clock_mono_ms() + COMMENT_MS;
	hub_page_add(r->clinic->hub);
	page->cursor = cursor_of(r, store);
	if (!cursor_known(store, page->cursor))
		catch_up(page, store);
	ledger_pool_give(&r->clinic->pool, store);
	if (page->text == NULL)
		page_text(page, strdup("retry: 1000\n\n"), strlen("retry: 1000\n\n"));
	r->response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16384, page_read, page, page_free);
	if (r->response == NULL) {
		page_free(page);
		return LOBBY_ERR_NO_MEMORY;
	}
	MHD_add_response_header(r->response, "Content-Type", "text/event-stream");
	return request_write(r, NULL, write_watch);
}

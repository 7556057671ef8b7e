/* The clinic's change feed: one long poll after the other. An answer is applied whole in one transaction together with
 * its cursor, so that a power cut between two answers asks again for exactly what is missing. */
#include "sync.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "logo.h"
#include "settings.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#define WAIT_S 25
#define PATIENCE_MS 10000
#define MAX_ANSWER (8 * 1024 * 1024)
#define MAX_CURSOR 129
#define FAST_MS 1000

static void ask(void *arg);

/* Who this answer touched, beyond rows. */
struct touched {
	bool settings, logo, orders, update, restart;
	lobby_Settings new_settings;
	int refused; /* entries that make no sense */
};

static int apply_roster(struct sync *sync, const json_t *change, int64_t generation, struct touched *touched)
{
	struct roster_entry entry;
	const char *id = json_string_value(json_object_get(change, "id"));

	if (json_is_true(json_object_get(change, "deleted")))
		return id ? roster_remove(&sync->roster, id) : 0;
	if (roster_entry_of_json(json_object_get(change, "entry"), &entry) != 0) {
		touched->refused++;
		return 0;
	}
	return roster_put(&sync->roster, &entry, generation);
}

static int apply_issuer(struct sync *sync, const json_t *change, int64_t generation, struct touched *touched)
{
	const char *iss = json_string_value(json_object_get(change, "iss"));
	int err;

	if (json_is_true(json_object_get(change, "deleted")))
		return iss ? issuers_remove(&sync->issuers, iss) : 0;
	err = issuers_put(&sync->issuers, change, generation);
	if (err != LOBBY_ERR_INVALID)
		return err;
	touched->refused++;
	return 0;
}

static int apply_logo(struct sync *sync, const json_t *change, struct touched *touched)
{
	const json_t *logo = json_object_get(change, "logo");
	int err = json_is_object(logo) ? logo_save(&sync->store, logo) : LOBBY_ERR_INVALID;

	touched->logo = touched->logo || err == 0;
	if (err != LOBBY_ERR_INVALID && err != LOBBY_ERR_TOO_LONG)
		return err;
	touched->refused++; /* no picture is a reason to have no appointments */
	return 0;
}

/* An id is one restart, however often it comes. */
static int apply_restart(struct sync *sync, const json_t *change, struct touched *touched)
{
	const char *id = json_string_value(json_object_get(change, "id"));
	char last[65];

	if (id == NULL || *id == '\0' || strlen(id) >= sizeof(last) ||
	    (store_get_text(&sync->store, "restarted", last, sizeof(last)) == 0 && strcmp(last, id) == 0))
		return 0;
	touched->restart = true;
	return store_set_text(&sync->store, "restarted", id);
}

static int apply_change(struct sync *sync, const json_t *change, int64_t generation, struct touched *touched)
{
	const char *type = json_string_value(json_object_get(change, "type"));
	const json_t *settings = json_object_get(change, "settings");

	if (type == NULL)
		return 0;
	if (strcmp(type, "roster") == 0)
		return apply_roster(sync, change, generation, touched);
	if (strcmp(type, "issuer") == 0)
		return apply_issuer(sync, change, generation, touched);
	if (strcmp(type, "settings") == 0 && json_is_object(settings)) {
		touched->settings = true;
		return settings_save(&sync->store, settings, &touched->new_settings);
	}
	if (strcmp(type, "logo") == 0)
		return apply_logo(sync, change, touched);
	if (strcmp(type, "orders") == 0 && json_is_object(json_object_get(change, "orders"))) {
		touched->orders = true;
		return orders_save(&sync->store, json_object_get(change, "orders"));
	}
	if (strcmp(type, "update") == 0) {
		touched->update = true;
		return update_save(sync, json_object_get(change, "update"));
	}
	if (strcmp(type, "restart") == 0)
		return apply_restart(sync, change, touched);
	return 0;
}

/* Within the transaction. A reset that takes several answers is under way while `resetting` is set. */
static int apply_all(struct sync *sync, const json_t *answer, const char *cursor, struct touched *touched, bool *whole)
{
	struct store *store = &sync->store;
	const json_t *changes = json_object_get(answer, "changes");
	bool reset = json_is_true(json_object_get(answer, "reset"));
	bool more = json_is_true(json_object_get(answer, "more"));
	int64_t generation = store_get_int(store, "generation", 0) + (reset ? 1 : 0);
	bool resetting = reset || store_get_int(store, "resetting", 0) != 0;
	int err = 0;

	if (reset) {
		/* Orders and an offer that still hold come again with the whole. */
		touched->orders = touched->update = true;
		err = store_set_int(store, "generation", generation);
		if (err == 0)
			err = store_unset(store, "orders");
		if (err == 0)
			err = store_unset(store, "update");
	}
	for (size_t i = 0; err == 0 && i < json_array_size(changes); i++)
		err = apply_change(sync, json_array_get(changes, i), generation, touched);
	if (err == 0 && resetting && !more)
		err = roster_sweep(&sync->roster, generation);
	if (err == 0 && resetting && !more)
		err = issuers_sweep(&sync->issuers, generation);
	if (err == 0 && resetting)
		err = store_set_int(store, "resetting", more ? 1 : 0);
	if (err == 0 && resetting && !more)
		err = store_set_int(store, "has_roster", 1);
	if (err == 0)
		err = store_set_text(store, "cursor", cursor);
	*whole = resetting && !more;
	return err;
}

/* The cursor is opaque: usually a string, but a number does no harm. */
static bool take_cursor(const json_t *answer, char out[MAX_CURSOR])
{
	const json_t *cursor = json_object_get(answer, "cursor");

	if (json_is_integer(cursor))
		return snprintf(out, MAX_CURSOR, "%lld", (long long)json_integer_value(cursor)) < MAX_CURSOR;
	return json_is_string(cursor) && text_copy(out, MAX_CURSOR, json_string_value(cursor));
}

static void tell_help(struct sync *sync, const json_t *changes)
{
	for (size_t i = 0; i < json_array_size(changes); i++) {
		const json_t *change = json_array_get(changes, i);
		const char *type = json_string_value(json_object_get(change, "type"));
		const char *id = json_string_value(json_object_get(change, "id"));
		const char *stage = json_string_value(json_object_get(change, "stage"));

		if (type != NULL && strcmp(type, "help") == 0 && id != NULL && stage != NULL)
			help_stage(sync, id, stage);
	}
}

static void restart(struct sync *sync)
{
	lobby_SystemCommand command = { .what = lobby_SystemDo_SYSTEM_RESTART };

	if (box_command(sync, &command) != 0)
		log_event(LOG_WARNING, "restart", "reason=\"no lobby-system\"");
}

static void tell_touched(struct sync *sync, const struct touched *touched)
{
	if (touched->settings) {
		sync->settings = touched->new_settings;
		sync_push_settings(sync);
	}
	if (touched->logo)
		sync_push_logo(sync, NULL);
	if (touched->orders) {
		orders_load(&sync->store, &sync->orders);
		sync_push_orders(sync);
	}
	if (touched->update)
		update_load(sync);
	if (touched->restart)
		restart(sync);
	if (touched->refused > 0)
		log_event(LOG_WARNING, "feed-refused", "entries=%d", touched->refused);
}

int feed_apply(struct sync *sync, const char *body, size_t len, bool *more, int *changes)
{
	json_t *answer = json_loadb(body, len, 0, NULL);
	const json_t *list = json_object_get(answer, "changes");
	struct touched touched = { 0 };
	char cursor[MAX_CURSOR];
	bool whole = false;
	int err = LOBBY_ERR_PROTOCOL;

	if (!json_is_array(list) || !take_cursor(answer, cursor))
		goto out;
	/* Nothing new is the usual answer, and costs no write. */
	if (json_array_size(list) > 0 || json_is_true(json_object_get(answer, "reset")) ||
	    store_get_int(&sync->store, "resetting", 0) != 0) {
		err = db_begin(&sync->store.db);
		if (err == 0)
			err = db_end(&sync->store.db, apply_all(sync, answer, cursor, &touched, &whole));
		if (err != 0)
			goto out;
		sync_written(sync);
	}
	err = 0;
	if (whole)
		sync->has_roster = true;
	tell_touched(sync, &touched);
	tell_help(sync, list);
	*changes = (int)json_array_size(list);
	*more = json_is_true(json_object_get(answer, "more"));
out:
	json_decref(answer);
	return err;
}

static void again_in(struct sync *sync, int64_t delay_ms)
{
	loop_timer_set(sync->loop, &sync->feed.timer, delay_ms, ask, sync);
}

static void failed(struct sync *sync, int err)
{
	sync->feed.connected = false;
	again_in(sync, backoff_next_ms(&sync->feed.backoff));
	sync_lost(sync, err);
}

static void on_answer(void *arg, int err, int status, const char *body, size_t len)
{
	struct sync *sync = arg;
	bool more = false, was_connected = sync->feed.connected;
	int changes = 0;

	if (err == 0)
		err = fetch_err_of(status, body, len);
	if (err == 0) {
		err = feed_apply(sync, body, len, &more, &changes);
		if (err != 0 && err != LOBBY_ERR_PROTOCOL)
			sync_store_failed(sync, err);
	}
	if (err != 0) {
		failed(sync, err);
		return;
	}
	backoff_reset(&sync->feed.backoff);
	sync->feed.connected = true;
	/* A clinic that answers at once with nothing must not be asked at once again. */
	again_in(sync, changes == 0 && was_connected && clock_mono_ms() - sync->feed.asked_ms < FAST_MS ? FAST_MS : 0);
	sync_heard(sync);
	if (!was_connected) {
		sender_wake(sync);
		tests_wake(sync);
		status_changed(sync);
		help_retry(sync);
	}
}

static void ask(void *arg)
{
	struct sync *sync = arg;
	char path[MAX_CURSOR * 3 + 48], url[700], authorization[160], cursor[MAX_CURSOR];
	char *escaped = NULL;
	struct fetch_ask request;
	int wait_s = sync->feed.connected ? WAIT_S : 0;

	if (store_get_text(&sync->store, "cursor", cursor, sizeof(cursor)) == 0)
		escaped = curl_easy_escape(NULL, cursor, 0);
	if (escaped != NULL)
		snprintf(path, sizeof(path), "feed?cursor=%s&wait_s=%d", escaped, wait_s);
	else
		snprintf(path, sizeof(path), "feed?wait_s=%d", wait_s);
	curl_free(escaped);
	if (!sync_ask(sync, path, url, sizeof(url), authorization, sizeof(authorization), &request))
		return;
	request.max_answer = MAX_ANSWER;
	request.timeout_ms = wait_s * 1000 + PATIENCE_MS;
	sync->feed.asked_ms = clock_mono_ms();
	if (fetch_start(sync->fetch, &sync->feed.request, &request, on_answer, sync) != 0)
		failed(sync, LOBBY_ERR_NO_MEMORY);
}

void feed_start(struct sync *sync)
{
	feed_stop(sync);
	ask(sync);
}

void feed_stop(struct sync *sync)
{
	sync->feed.connected = false;
	loop_timer_cancel(sync->loop, &sync->feed.timer);
	fetch_cancel(&sync->feed.request);
}

void feed_forget(struct sync *sync)
{
	int err = store_unset(&sync->store, "cursor");

	if (err != 0)
		sync_store_failed(sync, err);
	else
		feed_start(sync);
}

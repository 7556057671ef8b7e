/* The desk's row of a kiosk (api.md), and what of it a person should look at, in words: the page and the command line
 * say the same, and colour is never all that tells. */
#include "kiosks.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOT_C 75
#define CLOCK_OFF_MS 5000
#define RESTART_LATE_MS (10 * 60 * 1000)

enum {
	ID,
	NAME,
	STATE,
	SINCE,
	HELD,
	ASIDE,
	DEVICES,
	VERSION,
	TESTED,
	PASSED,
	NOTICE,
	OUT_OF_SERVICE,
	RESTART,
	SYSTEM,
	CLOCK,
	OFFER_VERSION,
	OFFER_STAGE,
	OFFER_PERCENT,
	OFFER_TEXT,
};

static int64_t number_in(const json_t *json, const char *name)
{
	return json_integer_value(json_object_get(json, name));
}

static const char *text_in(const json_t *json, const char *name)
{
	const char *text = json_string_value(json_object_get(json, name));

	return text != NULL ? text : "";
}

static void warn(json_t *list, const char *kind, const char *text)
{
	json_array_append_new(list, json_pack("{ss ss}", "kind", kind, "text", text));
}

/* "3 minutes" */
static void about(char *out, size_t size, int64_t ms)
{
	static const struct {
		int64_t ms;
		const char *one;
	} units[] = { { 86400000, "day" }, { 3600000, "hour" }, { 60000, "minute" }, { 1000, "second" } };
	size_t u = 0;
	int64_t n;

	while (u < 3 && ms < 2 * units[u].ms)
		u++;
	n = (ms + units[u].ms / 2) / units[u].ms;
	snprintf(out, size, "%lld %s%s", (long long)n, units[u].one, n == 1 ? "" : "s");
}

static void warn_clock(json_t *list, sqlite3_stmt *row, const json_t *system)
{
	bool known = sqlite3_column_type(row, CLOCK) != SQLITE_NULL;
	int64_t error = sqlite3_column_int64(row, CLOCK);
	char text[96], much[32];

	if (!known && system != NULL && !json_is_true(json_object_get(system, "clock_right")))
		warn(list, "clock", "Its clock has not been set since it started.");
	if (!known || llabs(error) <= CLOCK_OFF_MS)
		return;
	about(much, sizeof(much), llabs(error));
	snprintf(text, sizeof(text), "Its clock is %s %s.", much, error > 0 ? "ahead" : "behind");
	warn(list, "clock", text);
}

static void warn_system(json_t *list, const json_t *system)
{
	int64_t total = number_in(system, "state_total_kb"), left = number_in(system, "state_free_kb");
	char text[256];

	if (json_is_true(json_object_get(system, "silent")))
		warn(list, "silent", "It does not tell how its box is. If that stays so, restart it.");
	if (total > 0 && left * 10 < total) {
		snprintf(text, sizeof(text), "Its disk is %lld %% full.", (long long)((total - left) * 100 / total));
		warn(list, "disk", text);
	}
	if (number_in(system, "temperature_c") >= HOT_C) {
		snprintf(text, sizeof(text),
			 "It is hot: %lld \xC2\xB0"
			 "C.",
			 (long long)number_in(system, "temperature_c"));
		warn(list, "hot", text);
	}
	if (strcmp(text_in(system, "protection"), "memory") == 0) {
		snprintf(text, sizeof(text), "What it holds is lost when it restarts. %s",
			 text_in(system, "protection_text"));
		warn(list, "memory-only", text);
	} else if (text_in(system, "protection_text")[0] != '\0') {
		warn(list, "state", text_in(system, "protection_text"));
	}
	if (strncmp(text_in(system, "display"), "none", 4) == 0)
		warn(list, "display", "It has no screen that works: patients see nothing.");
	if (json_is_true(json_object_get(system, "development")))
		warn(list, "development", "Its image is signed with development keys: not for patients.");
}

static void warn_update(json_t *list, const json_t *update)
{
	bool refused = strcmp(text_in(update, "stage"), "refused") == 0;
	char text[256];

	if (!refused && strcmp(text_in(update, "stage"), "fell-back") != 0)
		return;
	snprintf(text, sizeof(text), refused ? "It refused update %s. %s" : "It went back from update %s. %s",
		 text_in(update, "version"), text_in(update, "text"));
	warn(list, "update", text);
}

/* A borrowed system's `update` stays where it is. */
static json_t *update_of(sqlite3_stmt *row, const json_t *system)
{
	const json_t *told = json_object_get(system, "update");

	if (*db_text(row, OFFER_STAGE) != '\0')
		return json_pack("{ss ss sI ss}", "version", db_text(row, OFFER_VERSION), "stage",
				 db_text(row, OFFER_STAGE), "percent",
				 (json_int_t)sqlite3_column_int64(row, OFFER_PERCENT), "text",
				 db_text(row, OFFER_TEXT));
	if (*text_in(told, "stage") == '\0' || strcmp(text_in(told, "stage"), "none") == 0)
		return json_null();
	return json_pack("{ss ss sI ss}", "version", text_in(told, "version"), "stage", text_in(told, "stage"),
			 "percent", (json_int_t)number_in(told, "percent"), "text", text_in(told, "text"));
}

static json_t *warnings_of(sqlite3_stmt *row, const json_t *system, const json_t *update)
{
	int64_t restart_ms = sqlite3_column_int64(row, RESTART);
	json_t *list = json_array();

	if (system != NULL)
		warn_system(list, system);
	warn_clock(list, row, system);
	warn_update(list, update);
	if (sqlite3_column_int64(row, TESTED) > 0 && sqlite3_column_int(row, PASSED) == 0)
		warn(list, "test", "Its last self-test failed.");
	if (restart_ms > 0 && clock_wall_ms() - restart_ms >= RESTART_LATE_MS)
		warn(list, "restart", "A restart was asked for and has not happened.");
	return list;
}

static json_t *row_of(sqlite3_stmt *row)
{
	json_t *devices = json_loads(db_text(row, DEVICES), 0, NULL),
	       *system = json_loads(db_text(row, SYSTEM), 0, NULL), *update = update_of(row, system),
	       *warnings = warnings_of(row, system, update);

	if (system != NULL) {
		json_object_del(system, "update");
		json_object_del(system, "silent");
	}
	return json_pack("{ss ss ss sI sI sI so ss sI sb ss ss sI so so so so}", "id", db_text(row, ID), "name",
			 db_text(row, NAME), "state", db_text(row, STATE), "since_ms",
			 (json_int_t)sqlite3_column_int64(row, SINCE), "visits_held",
			 (json_int_t)sqlite3_column_int64(row, HELD), "set_aside",
			 (json_int_t)sqlite3_column_int64(row, ASIDE), "devices",
			 devices != NULL ? devices : json_array(), "version", db_text(row, VERSION), "tested_ms",
			 (json_int_t)sqlite3_column_int64(row, TESTED), "test_passed", sqlite3_column_int(row, PASSED),
			 "notice", db_text(row, NOTICE), "out_of_service", db_text(row, OUT_OF_SERVICE), "restart_ms",
			 (json_int_t)sqlite3_column_int64(row, RESTART), "clock_error_ms",
			 sqlite3_column_type(row, CLOCK) != SQLITE_NULL ? json_integer(sqlite3_column_int64(row, CLOCK))
									: json_null(),
			 "system", system != NULL ? system : json_null(), "update", update, "warnings", warnings);
}

json_t *kiosks_row(struct ledger *store, const char *id)
{
	json_t *json = NULL;
	sqlite3_stmt *row;

	if (ledger_query(
		    store, &row,
		    "SELECT k.id, k.name, CASE WHEN k.removed_ms IS NULL THEN k.state ELSE 'removed' END, k.since_ms,"
		    " k.visits_held, k.set_aside, k.devices, k.version, t.finished_ms, t.passed, k.notice,"
		    " k.out_of_service, k.restart_ms, k.system, k.clock_error_ms, s.version, o.stage, o.percent, o.text"
		    " FROM kiosk k LEFT JOIN self_test t ON t.kiosk = k.number AND t.started_ms ="
		    " (SELECT max(started_ms) FROM self_test WHERE kiosk = k.number)"
		    " LEFT JOIN software s ON s.state IN ('running', 'paused', 'done')"
		    " LEFT JOIN software_offer o ON o.software = s.number AND o.kiosk = k.number WHERE k.id = ?1",
		    "t", id) != 0)
		return NULL;
	if (ledger_step(store, row) == 1)
		json = row_of(row);
	sqlite3_reset(row);
	return json;
}

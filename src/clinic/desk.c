/* See desk.h: the routes of the desk page, and the calls that read. Whatever shows a patient is written to the audit
 * before it is answered. */
#include "desk.h"

#include "arrivals.h"
#include "day.h"
#include "documents.h"
#include "fleet.h"
#include "help.h"
#include "kiosks.h"
#include "links.h"
#include "qr.h"
#include "signin.h"
#include "updates.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define API "/desk/api/"

const struct route desk_routes[] = {
	{ "GET", API "session", GUARD_NONE, 0, desk_session },
	{ "POST", API "setup", GUARD_X_LOBBY, HTTP_SMALL_BODY, desk_setup },
	{ "POST", API "sign-in", GUARD_X_LOBBY, HTTP_SMALL_BODY, desk_sign_in },
	{ "POST", API "sign-out", GUARD_DESK, HTTP_SMALL_BODY, desk_sign_out },
	{ "GET", API "state", GUARD_DESK, 0, desk_state },
	{ "GET", API "events", GUARD_DESK, 0, desk_events },
	{ "POST", API "arrivals/*/next", GUARD_DESK, HTTP_SMALL_BODY, desk_arrival_next },
	{ "POST", API "arrivals/*/undo", GUARD_DESK, HTTP_SMALL_BODY, desk_arrival_undo },
	{ "POST", API "help/*/on-my-way", GUARD_DESK, HTTP_SMALL_BODY, desk_help_on_my_way },
	{ "POST", API "help/*/done", GUARD_DESK, HTTP_SMALL_BODY, desk_help_done },
	{ "GET", API "schedule", GUARD_DESK, 0, desk_schedule },
	{ "GET", API "search", GUARD_DESK, 0, desk_search },
	{ "GET", API "patients/*", GUARD_DESK, 0, desk_patient },
	{ "GET", API "documents/*", GUARD_DESK, 0, desk_document },
	{ "GET", API "set-aside", GUARD_DESK, 0, desk_set_aside },
	{ "POST", API "kiosks/code", GUARD_DESK, HTTP_SMALL_BODY, desk_kiosk_code },
	{ "GET", API "kiosks/*/self-tests", GUARD_DESK, 0, desk_self_tests },
	{ "POST", API "kiosks/*/remove", GUARD_DESK, HTTP_SMALL_BODY, desk_kiosk_remove },
	{ "POST", API "kiosks/*/rename", GUARD_DESK, HTTP_SMALL_BODY, desk_kiosk_rename },
	{ "POST", API "kiosks/*/orders", GUARD_DESK, HTTP_SMALL_BODY, desk_kiosk_orders },
	{ "POST", API "kiosks/*/restart", GUARD_ADMIN, HTTP_SMALL_BODY, desk_kiosk_restart },
	{ "GET", API "fleet", GUARD_DESK, 0, desk_fleet },
	{ "POST", API "updates/*/start", GUARD_ADMIN, HTTP_SMALL_BODY, desk_update_start },
	{ "POST", API "updates/*/pause", GUARD_ADMIN, HTTP_SMALL_BODY, desk_update_pause },
	{ "POST", API "updates/*/resume", GUARD_ADMIN, HTTP_SMALL_BODY, desk_update_resume },
	{ "POST", API "updates/*/stop", GUARD_ADMIN, HTTP_SMALL_BODY, desk_update_stop },
	{ "GET", API "users", GUARD_ADMIN, 0, desk_users },
	{ "POST", API "users", GUARD_ADMIN, HTTP_SMALL_BODY, desk_user_add },
	{ "GET", API "audit", GUARD_ADMIN, 0, desk_audit },
	{ 0 },
};

const struct route kiosk_routes[] = {
	{ "POST", "/kiosk/v1/visits", GUARD_KIOSK, HTTP_BODY_MAX, kiosk_visits },
	{ "POST", "/kiosk/v1/status", GUARD_KIOSK, HTTP_SMALL_BODY, kiosk_status },
	{ "POST", "/kiosk/v1/help", GUARD_KIOSK, HTTP_SMALL_BODY, kiosk_help },
	{ "POST", "/kiosk/v1/health-link", GUARD_KIOSK, HTTP_SMALL_BODY, kiosk_health_link },
	{ "POST", "/kiosk/v1/self-test", GUARD_KIOSK, HTTP_SMALL_BODY, kiosk_self_test },
	{ "GET", "/kiosk/v1/feed", GUARD_KIOSK, 0, kiosk_feed },
	{ "GET", "/kiosk/v1/updates/*", GUARD_KIOSK, 0, kiosk_update },
	{ "POST", "/kiosk/v1/enrol", GUARD_NONE, HTTP_SMALL_BODY, kiosk_enrol },
	{ 0 },
};

/* ---- GET state ---- */

json_t *desk_set_aside_count(struct ledger *store)
{
	int64_t count = 0;

	return ledger_int(store, &count, "SELECT count(*) FROM set_aside", "") == 0
		       ? json_pack("{sI}", "count", (json_int_t)count)
		       : NULL;
}

static void day_text(char out[DAY_TEXT], int64_t wall_ms)
{
	struct clock_civil c = clock_civil_of(wall_ms);

	clinic_day_format(&c, out);
}

int desk_state(struct request *r)
{
	struct ledger *store = ledger_pool_take(&r->clinic->pool);
	char day[DAY_TEXT], clinic_name[96], cursor_text[24];
	int64_t cursor = 0, aside = 0;

	if (store == NULL)
		return LOBBY_ERR_NO_MEMORY;
	/* The cursor before the rows: what changes in between comes again as an event. */
	if (ledger_int(store, &cursor, "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'desk_change'",
		       "") != 0 ||
	    ledger_int(store, &aside, "SELECT count(*) FROM set_aside", "") != 0) {
		ledger_pool_give(&r->clinic->pool, store);
		return LOBBY_ERR_IO;
	}
	day_text(day, clock_wall_ms());
	snprintf(cursor_text, sizeof(cursor_text), "%lld", (long long)cursor);
	clinic_settings_text(store, "clinic_name", clinic_name, sizeof(clinic_name));
	r->answer = json_pack("{ss sI ss ss s{sI sI} so so so so sI}", "cursor", cursor_text, "now_ms",
			      (json_int_t)clock_wall_ms(), "day", day, "clinic_name", clinic_name, "limits", "warn_min",
			      (json_int_t)clinic_settings_int(store, "desk_warn_min"), "late_min",
			      (json_int_t)clinic_settings_int(store, "desk_late_min"), "arrivals",
			      arrivals_of_day(store), "help", help_open(store), "kiosks", fleet_kiosks(store),
			      "updates", updates_all(store), "set_aside", (json_int_t)aside);
	ledger_pool_give(&r->clinic->pool, store);
	return r->answer == NULL ? LOBBY_ERR_NO_MEMORY : request_audited(r, "read", "arrivals", "");
}

/* ---- GET schedule, search, patients ---- */

#define APPOINTMENT_SELECT \
	"SELECT ap.id, ap.start_ms, ap.minutes, ap.status, ap.patient_id, p.family, p.given, p.birth_date," \
	" coalesce(pr.name, nullif(ap.with_text, ''), l.name, ''), coalesce(nullif(l.short_name, ''), l.name, '')," \
	" ap.service_type, ap.ticket FROM appointment ap JOIN patient p ON p.id = ap.patient_id" \
	" LEFT JOIN practitioner pr ON pr.id = ap.practitioner_id LEFT JOIN location l ON l.id = ap.location_id "

static json_t *appointment_of(sqlite3_stmt *row)
{
	char name[200];

	arrival_name(name, sizeof(name), db_text(row, 5), db_text(row, 6));
	return json_pack("{ss sI sI ss s{ss ss} ss ss ss ss ss}", "id", db_text(row, 0), "start_ms",
			 (json_int_t)sqlite3_column_int64(row, 1), "minutes", (json_int_t)sqlite3_column_int64(row, 2),
			 "status", db_text(row, 3), "patient", "id", db_text(row, 4), "name", name, "birth_date",
			 db_text(row, 7), "with", db_text(row, 8), "where", db_text(row, 9), "service",
			 db_text(row, 10), "ticket", db_text(row, 11));
}

static json_t *appointments_of(struct ledger *store, int err, sqlite3_stmt *rows)
{
	json_t *list = json_array();

	while (err == 0 && ledger_step(store, rows) == 1)
		json_array_append_new(list, appointment_of(rows));
	return list;
}

/* The local day "YYYY-MM-DD" as [from, to). */
static int day_of(const char *text, int64_t *from_ms, int64_t *to_ms)
{
	struct clock_civil day;
	int err = clinic_day_parse(text, &day);

	if (err != 0)
		return err;
	*from_ms = clock_ms_of_civil(&day);
	day.day++;
	*to_ms = clock_ms_of_civil(&day);
	return 0;
}

int desk_schedule(struct request *r)
{
	const char *wanted = request_argument(r, "day");
	struct ledger *store;
	sqlite3_stmt *rows;
	int64_t from, to;
	char day[DAY_TEXT];
	int err;

	day_text(day, clock_wall_ms());
	err = day_of(wanted != NULL ? wanted : day, &from, &to);
	if (err == 0 && wanted != NULL)
		text_copy(day, sizeof(day), wanted);
	store = err == 0 ? ledger_pool_take(&r->clinic->pool) : NULL;
	if (store == NULL)
		return err != 0 ? err : LOBBY_ERR_NO_MEMORY;
	err = ledger_query(store, &rows,
			   APPOINTMENT_SELECT
			   "WHERE ap.start_ms >= ?1 AND ap.start_ms < ?2 ORDER BY ap.start_ms, p.family LIMIT 5000",
			   "ii", from, to);
	r->answer = json_pack("{ss so}", "day", day, "appointments", appointments_of(store, err, rows));
	ledger_pool_give(&r->clinic->pool, store);
	return request_audited(r, "read", "schedule", day);
}

/* "50%" -> "%50\%%", for LIKE with '\' as escape. */
static void like_of(char *out, size_t size, const char *text)
{
	size_t len = 0;

	out[len++] = '%';
	for (; *text != '\0' && len + 4 < size; text++) {
		if (*text == '%' || *text == '_' || *text == '\\')
			out[len++] = '\\';
		out[len++] = *text;
	}
	out[len++] = '%';
	out[len] = '\0';
}

int desk_search(struct request *r)
{
	const char *q = request_argument(r, "q");
	int64_t from = clock_day_start_ms(clock_wall_ms());
	struct ledger *store;
	sqlite3_stmt *rows;
	char like[140];
	int err;

	if (q == NULL || *q == '\0' || strlen(q) > 64 || !text_is_clean(q, strlen(q)))
		return LOBBY_ERR_INVALID;
	store = ledger_pool_take(&r->clinic->pool);
	if (store == NULL)
		return LOBBY_ERR_NO_MEMORY;
	like_of(like, sizeof(like), q);
	err = ledger_query(
		store, &rows,
		APPOINTMENT_SELECT
		"WHERE ap.start_ms >= ?1 AND ap.start_ms < ?2 AND (p.family || ', ' || p.given LIKE ?3 ESCAPE '\\'"
		" OR p.given || ' ' || p.family LIKE ?3 ESCAPE '\\' OR ap.ticket LIKE ?3 ESCAPE '\\')"
		" ORDER BY ap.start_ms LIMIT 50",
		"iit", from, from + 86400000, like);
	r->answer = json_pack("{so so}", "arrivals", arrivals_found(store, like), "appointments",
			      appointments_of(store, err, rows));
	ledger_pool_give(&r->clinic->pool, store);
	return request_audited(r, "search", "", q);
}

/* What a card said besides, if it was read from one. */
static json_t *card_of(sqlite3_stmt *row, int at)
{
	return json_pack("{ss ss ss ss ss ss ss ss ss}", "source", db_text(row, at), "payor_id", db_text(row, at + 1),
			 "plan", db_text(row, at + 2), "rx_bin", db_text(row, at + 3), "rx_pcn", db_text(row, at + 4),
			 "rx_group", db_text(row, at + 5), "dependent", db_text(row, at + 6), "person",
			 db_text(row, at + 7), "period_end", db_text(row, at + 8));
}

static json_t *coverage_of(sqlite3_stmt *row)
{
	json_t *json = json_pack("{ss ss ss ss ss sb ss sI}", "id", db_text(row, 0), "payor", db_text(row, 1),
				 "member_id", db_text(row, 2), "group", db_text(row, 3), "subscriber", db_text(row, 4),
				 "active", sqlite3_column_int(row, 5), "source", db_text(row, 6), "updated_ms",
				 (json_int_t)sqlite3_column_int64(row, 7));

	if (json != NULL && *db_text(row, 8) != '\0')
		json_object_set_new(json, "card", card_of(row, 8));
	return json;
}

static json_t *coverages_of(struct ledger *store, const char *patient_id)
{
	json_t *list = json_array();
	sqlite3_stmt *rows;

	if (ledger_query(
		    store, &rows,
		    "SELECT id, payor, member_id, group_id, subscriber, status = 'active', source, updated_ms, "
		    "read_from,"
		    " payor_id, plan, rx_bin, rx_pcn, rx_group, dependent, card_person, period_end FROM coverage WHERE "
		    "patient_id = ?1"
		    " ORDER BY status = 'active' DESC, updated_ms DESC, source = 'kiosk' DESC LIMIT 20",
		    "t", patient_id) == 0)
		while (ledger_step(store, rows) == 1)
			json_array_append_new(list, coverage_of(rows));
	return list;
}

static json_t *patient_of(struct ledger *store, const char *id)
{
	char name[200], address[260];
	json_t *json = NULL;
	sqlite3_stmt *row;

	if (ledger_query(store, &row,
			 "SELECT family, given, birth_date, phone, email, address_line, address_postal_code, "
			 "address_city, language, interpreter"
			 " FROM patient WHERE id = ?1",
			 "t", id) != 0)
		return NULL;
	if (ledger_step(store, row) == 1) {
		arrival_name(name, sizeof(name), db_text(row, 0), db_text(row, 1));
		snprintf(address, sizeof(address), "%s%s%s %s", db_text(row, 5), *db_text(row, 5) != '\0' ? ", " : "",
			 db_text(row, 7), db_text(row, 6));
		json = json_pack("{ss ss ss ss ss ss ss ss ss sb}", "id", id, "name", name, "family", db_text(row, 0),
				 "given", db_text(row, 1), "birth_date", db_text(row, 2), "phone", db_text(row, 3),
				 "email", db_text(row, 4), "address", text_trim(address), "language", db_text(row, 8),
				 "interpreter", sqlite3_column_int(row, 9));
	}
	sqlite3_reset(row);
	return json;
}

int desk_patient(struct request *r)
{
	struct ledger *store = ledger_pool_take(&r->clinic->pool);
	json_t *patient = store != NULL ? patient_of(store, r->tail) : NULL;
	sqlite3_stmt *rows;
	int err;

	if (patient == NULL) {
		ledger_pool_give(&r->clinic->pool, store);
		return store == NULL ? LOBBY_ERR_NO_MEMORY : LOBBY_ERR_NOT_FOUND;
	}
	err = ledger_query(store, &rows,
			   APPOINTMENT_SELECT "WHERE ap.patient_id = ?1 ORDER BY ap.start_ms DESC LIMIT 50", "t",
			   r->tail);
	r->answer = json_pack("{so so so so so}", "patient", patient, "appointments", appointments_of(store, err, rows),
			      "coverages", coverages_of(store, r->tail), "visits", arrivals_of_patient(store, r->tail),
			      "documents", documents_of_patient(store, r->tail));
	ledger_pool_give(&r->clinic->pool, store);
	return r->answer == NULL ? LOBBY_ERR_NO_MEMORY : request_audited(r, "read-patient", r->tail, "");
}

/* ---- set aside, audit ---- */

int desk_set_aside(struct request *r)
{
	struct ledger *store = ledger_pool_take(&r->clinic->pool);
	json_t *list = json_array();
	sqlite3_stmt *rows;

	if (store != NULL &&
	    ledger_query(
		    store, &rows,
		    "SELECT s.number, k.name, s.at_ms, s.reason FROM set_aside s JOIN kiosk k ON k.number = s.kiosk"
		    " ORDER BY s.number DESC LIMIT 100",
		    "") == 0)
		while (ledger_step(store, rows) == 1)
			json_array_append_new(
				list, json_pack("{sI ss sI ss}", "id", (json_int_t)sqlite3_column_int64(rows, 0),
						"kiosk", db_text(rows, 1), "at_ms",
						(json_int_t)sqlite3_column_int64(rows, 2), "reason", db_text(rows, 3)));
	ledger_pool_give(&r->clinic->pool, store);
	r->answer = json_pack("{so}", "set_aside", list);
	return 0;
}

int desk_audit(struct request *r)
{
	const char *text = request_argument(r, "before");
	int64_t before = text != NULL ? strtoll(text, NULL, 10) : INT64_MAX;
	struct ledger *store = ledger_pool_take(&r->clinic->pool);
	json_t *list = json_array();
	sqlite3_stmt *rows;
	int count = 0;

	if (store != NULL && ledger_query(store, &rows,
					  "SELECT number, at_ms, user, action, subject, detail FROM audit WHERE number "
					  "< ?1 ORDER BY number DESC LIMIT 101",
					  "i", before) == 0)
		while (ledger_step(store, rows) == 1 && ++count <= 100)
			json_array_append_new(list, json_pack("{sI sI ss ss ss ss}", "id",
							      (json_int_t)sqlite3_column_int64(rows, 0), "at_ms",
							      (json_int_t)sqlite3_column_int64(rows, 1), "user",
							      db_text(rows, 2), "action", db_text(rows, 3), "subject",
							      db_text(rows, 4), "detail", db_text(rows, 5)));
	if (store != NULL && count > 0)
		sqlite3_reset(rows);
	ledger_pool_give(&r->clinic->pool, store);
	r->answer = json_pack("{so sb}", "entries", list, "more", count > 100);
	return request_audited(r, "read", "audit", "");
}

/* ---- kiosks ---- */

static int slow_code(struct job *job)
{
	struct request *r = (struct request *)job;
	struct kiosk_code *code = r->data;
	char name[sizeof(code->name)];

	text_copy(name, sizeof(name), code->name);
	return kiosk_code_make(code, name);
}

/* Is it a host and port and nothing else? It comes from the browser, which has it from its address line. */
static bool is_host(const char *host)
{
	size_t len = strlen(host);

	return len > 0 && len < 160 &&
	       strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]") == len;
}

/* Address and code in one, for a kiosk that scans it. */
static void add_link(struct request *r, const char *code)
{
	const char *host = request_header(r, MHD_HTTP_HEADER_HOST);
	char link[256];
	json_t *rows;

	if (host == NULL || !is_host(host))
		return;
	snprintf(link, sizeof(link), "https://%s/#kiosk=%s", host, code);
	rows = qr_rows(link);
	if (rows != NULL)
		json_object_update_new(r->answer, json_pack("{ss so}", "link", link, "qr", rows));
}

static int write_code(struct job *job, struct ledger *store)
{
	struct request *r = (struct request *)job;
	const struct kiosk_code *code = r->data;
	int err = kiosk_code_store(store, code);

	if (err == 0)
		err = change_audit(store, r->session.name, "kiosk-code", "", code->name);
	r->answer = json_pack("{ss sI}", "code", code->code, "expires_ms", (json_int_t)code->expires_ms);
	add_link(r, code->code);
	return err;
}

int desk_kiosk_code(struct request *r)
{
	struct kiosk_code *code = calloc(1, sizeof(*code));
	json_t *json = NULL;
	const char *name;
	int err = code == NULL ? LOBBY_ERR_NO_MEMORY : request_json(r, &json);

	r->data = code;
	r->data_free = free;
	if (err != 0)
		return err;
	name = request_text(json, "name", sizeof(code->name) - 1);
	text_copy(code->name, sizeof(code->name), name != NULL ? name : "");
	json_decref(json);
	return *text_trim(code->name) != '\0' ? request_write(r, slow_code, write_code) : LOBBY_ERR_INVALID;
}

static int write_remove(struct job *job, struct ledger *store)
{
	struct request *r = (struct request *)job;
	int64_t number;
	int err = ledger_int(store, &number, "SELECT number FROM kiosk WHERE id = ?1 AND removed_ms IS NULL", "t",
			     r->tail);

	if (err == 0)
		err = ledger_run(store, "UPDATE kiosk SET removed_ms = ?2 WHERE number = ?1", "ii", number,
				 clock_wall_ms());
	if (err == 0)
		err = change_desk(store, "kiosk", r->tail);
	if (err == 0)
		err = change_audit(store, r->session.name, "kiosk-remove", r->tail, "");
	if (err == 0)
		kiosks_forget(r->clinic->kiosks, number);
	r->answer = json_object();
	return err;
}

int desk_kiosk_remove(struct request *r)
{
	return request_write(r, NULL, write_remove);
}

/* See fleet.h. A kiosk's `system` is cut to one table of fields, so what the desk shows is bounded whatever comes. */
#include "fleet.h"

#include "http.h"
#include "kiosks.h"
#include "updates.h"

#include "base/clock.h"
#include "base/text.h"
#include "checkin/visit.h"

#include <stdlib.h>
#include <string.h>

#define LINKS_MAX 4
#define RESTART_FRESH_MS (10 * 60 * 1000)

/* ---- what a kiosk tells ---- */

struct field {
	const char *name;
	int text_max; /* 0: a number; -1: true or false; -2: a number or null */
};

static const struct field system_fields[] = {
	{ "version", 24 },	 { "slot", 2 },	       { "other_version", 24 },	   { "development", -1 },
	{ "secure_boot", -1 },	 { "booted_ms", 0 },   { "state_total_kb", 0 },	   { "state_free_kb", 0 },
	{ "temperature_c", -2 }, { "protection", 12 }, { "protection_text", 160 }, { "clock_right", -1 },
	{ "clock_error_ms", 0 }, { "rotation", 0 },    { "display", 64 },	   { "memory_used_kb", 0 },
	{ "machine", 80 },	 { NULL, 0 },
};
static const struct field link_fields[] = { { "name", 16 },    { "kind", 12 }, { "up", -1 },
					    { "address", 46 }, { "ssid", 32 }, { NULL, 0 } };
static const struct field update_fields[] = { { "id", 36 },	{ "stage", 16 }, { "version", 24 },
					      { "percent", 0 }, { "text", 160 }, { NULL, 0 } };

static json_t *value_of(const json_t *from, const struct field *field)
{
	const json_t *value = json_object_get(from, field->name);
	const char *text;

	if (field->text_max == -1)
		return json_boolean(json_is_true(value));
	if (field->text_max == -2 && !json_is_integer(value))
		return json_null();
	if (field->text_max <= 0)
		return json_integer(json_integer_value(value));
	text = request_text(from, field->name, (size_t)field->text_max);
	return json_string(text != NULL ? text : "");
}

static json_t *cut(const json_t *from, const struct field *fields)
{
	json_t *to = json_object();

	for (; fields->name != NULL; fields++)
		json_object_set_new(to, fields->name, value_of(from, fields));
	return to;
}

json_t *fleet_system_of(const json_t *system)
{
	const json_t *links = json_object_get(system, "links");
	json_t *kept, *list;

	if (!json_is_object(system))
		return NULL;
	kept = cut(system, system_fields);
	if (json_string_length(json_object_get(kept, "slot")) == 0) {
		json_decref(kept);
		return NULL;
	}
	list = json_array();
	for (size_t i = 0; i < json_array_size(links) && i < LINKS_MAX; i++)
		json_array_append_new(list, cut(json_array_get(links, i), link_fields));
	json_object_set_new(kept, "links", list);
	json_object_set_new(kept, "update", cut(json_object_get(system, "update"), update_fields));
	return kept;
}

static void coarsen(json_t *json, const char *name, int64_t step)
{
	json_t *value = json_object_get(json, name);

	if (json_is_integer(value) && step > 0)
		json_integer_set(value, json_integer_value(value) / step);
}

json_t *fleet_system_coarse(const json_t *system)
{
	json_t *coarse = json_deep_copy(system);

	coarsen(coarse, "state_free_kb", json_integer_value(json_object_get(coarse, "state_total_kb")) / 50);
	coarsen(coarse, "memory_used_kb", 16384);
	coarsen(coarse, "temperature_c", 5);
	coarsen(coarse, "clock_error_ms", 1000);
	return coarse;
}

/* ---- what it is to do ---- */

json_t *fleet_orders(struct ledger *store, int64_t kiosk)
{
	json_t *json = NULL;
	sqlite3_stmt *row;

	if (ledger_query(store, &row, "SELECT notice, out_of_service, name FROM kiosk WHERE number = ?1", "i", kiosk) !=
	    0)
		return NULL;
	if (ledger_step(store, row) == 1) {
		json = json_pack("{ss ss ss}", "notice", db_text(row, 0), "out_of_service", db_text(row, 1), "name",
				 db_text(row, 2));
		sqlite3_reset(row);
	}
	return json;
}

bool fleet_restart(struct ledger *store, int64_t kiosk, char id[37])
{
	bool found = false;
	sqlite3_stmt *row;

	if (ledger_query(store, &row, "SELECT restart_id FROM kiosk WHERE number = ?1 AND restart_ms > ?2", "ii", kiosk,
			 clock_wall_ms() - RESTART_FRESH_MS) != 0)
		return false;
	if (ledger_step(store, row) == 1) {
		text_copy(id, 37, db_text(row, 0));
		found = id[0] != '\0';
		sqlite3_reset(row);
	}
	return found;
}

json_t *fleet_kiosks(struct ledger *store)
{
	json_t *list = json_array();
	sqlite3_stmt *rows;

	if (ledger_query(store, &rows, "SELECT id FROM kiosk WHERE removed_ms IS NULL ORDER BY name, number", "") == 0)
		while (ledger_step(store, rows) == 1)
			json_array_append_new(list, kiosks_row(store, db_text(rows, 0)));
	return list;
}

json_t *fleet_all(struct ledger *store)
{
	return json_pack("{sI so so}", "now_ms", (json_int_t)clock_wall_ms(), "kiosks", fleet_kiosks(store), "updates",
			 updates_all(store));
}

int desk_fleet(struct request *r)
{
	struct ledger *store = ledger_pool_take(&r->clinic->pool);

	if (store == NULL)
		return LOBBY_ERR_NO_MEMORY;
	r->answer = fleet_all(store);
	ledger_pool_give(&r->clinic->pool, store);
	return r->answer != NULL ? 0 : LOBBY_ERR_NO_MEMORY;
}

/* ---- what the desk orders ---- */

struct order {
	char name[65], notice[FLEET_TEXT_MAX + 1], out_of_service[FLEET_TEXT_MAX + 1];
	bool has_notice, has_out_of_service;
};

/* An absent member stays absent: false in *has. */
static bool take_text(const json_t *json, const char *name, char *out, size_t size, bool *has)
{
	const char *text = request_text(json, name, size - 1);

	*has = json_object_get(json, name) != NULL;
	if (text == NULL)
		return false;
	text_copy(out, size, text);
	text_trim(out);
	/* A line of a kiosk's screen: no line of its own breaks it. */
	for (char *c = out; *c != '\0'; c++)
		*c = *c == '\n' || *c == '\t' ? ' ' : *c;
	return true;
}

static int order_read(struct request *r, struct order **out)
{
	struct order *o = calloc(1, sizeof(*o));
	json_t *json = NULL;
	bool has_name, fine;
	int err = o == NULL ? LOBBY_ERR_NO_MEMORY : request_json(r, &json);

	r->data = o;
	r->data_free = free;
	if (err != 0)
		return err;
	fine = take_text(json, "name", o->name, sizeof(o->name), &has_name) &&
	       take_text(json, "notice", o->notice, sizeof(o->notice), &o->has_notice) &&
	       take_text(json, "out_of_service", o->out_of_service, sizeof(o->out_of_service), &o->has_out_of_service);
	json_decref(json);
	*out = o;
	return fine ? 0 : LOBBY_ERR_INVALID;
}

static int number_of(struct ledger *store, const char *id, int64_t *number)
{
	return ledger_int(store, number, "SELECT number FROM kiosk WHERE id = ?1 AND removed_ms IS NULL", "t", id);
}

/* Tells kiosk and desk, writes the audit, answers with the row. */
static int told(struct request *r, struct ledger *store, int64_t kiosk, const char *kind, const char *action,
		const char *detail)
{
	int err = change_feed(store, kind, "", kiosk);

	if (err == 0)
		err = change_desk(store, "kiosk", r->tail);
	if (err == 0)
		err = change_audit(store, r->session.name, action, r->tail, detail);
	if (err == 0 && (r->answer = kiosks_row(store, r->tail)) == NULL)
		err = LOBBY_ERR_NO_MEMORY;
	return err;
}

static int write_rename(struct job *job, struct ledger *store)
{
	struct request *r = (struct request *)job;
	const struct order *o = r->data;
	int64_t kiosk;
	int err = number_of(store, r->tail, &kiosk);

	if (err == 0)
		err = ledger_run(store, "UPDATE kiosk SET name = ?2 WHERE number = ?1", "it", kiosk, o->name);
	return err != 0 ? err : told(r, store, kiosk, "orders", "kiosk-rename", o->name);
}

int desk_kiosk_rename(struct request *r)
{
	struct order *o;
	int err = order_read(r, &o);

	if (err == 0 && o->name[0] == '\0')
		err = LOBBY_ERR_INVALID;
	return err != 0 ? err : request_write(r, NULL, write_rename);
}

static int write_orders(struct job *job, struct ledger *store)
{
	struct request *r = (struct request *)job;
	const struct order *o = r->data;
	char detail[400] = "";
	int64_t kiosk;
	int err = number_of(store, r->tail, &kiosk);

	if (err == 0 && o->has_notice) {
		err = ledger_run(store, "UPDATE kiosk SET notice = ?2 WHERE number = ?1", "it", kiosk, o->notice);
		snprintf(detail, sizeof(detail), "%s", o->notice[0] != '\0' ? o->notice : "message taken back");
	}
	if (err == 0 && o->has_out_of_service) {
		err = ledger_run(store, "UPDATE kiosk SET out_of_service = ?2 WHERE number = ?1", "it", kiosk,
				 o->out_of_service);
		snprintf(detail + strlen(detail), sizeof(detail) - strlen(detail), "%s%s%s",
			 detail[0] != '\0' ? "; " : "", o->out_of_service[0] != '\0' ? "out of service: " : "",
			 o->out_of_service[0] != '\0' ? o->out_of_service : "back in service");
	}
	return err != 0 ? err : told(r, store, kiosk, "orders", "kiosk-orders", detail);
}

int desk_kiosk_orders(struct request *r)
{
	struct order *o;
	int err = order_read(r, &o);

	if (err == 0 && !o->has_notice && !o->has_out_of_service)
		err = LOBBY_ERR_INVALID;
	return err != 0 ? err : request_write(r, NULL, write_orders);
}

static int write_restart(struct job *job, struct ledger *store)
{
	struct request *r = (struct request *)job;
	int64_t kiosk, appliance = 0;
	char id[37];
	int err = number_of(store, r->tail, &kiosk);

	if (err == 0)
		err = ledger_int(store, &appliance, "SELECT system <> '' FROM kiosk WHERE number = ?1", "i", kiosk);
	if (err == 0 && appliance == 0)
		err = LOBBY_ERR_INVALID; /* nobody there who could */
	visit_new_id(id);
	if (err == 0)
		err = ledger_run(store, "UPDATE kiosk SET restart_id = ?2, restart_ms = ?3 WHERE number = ?1", "iti",
				 kiosk, id, clock_wall_ms());
	return err != 0 ? err : told(r, store, kiosk, "restart", "kiosk-restart", "");
}

int desk_kiosk_restart(struct request *r)
{
	return request_write(r, NULL, write_restart);
}

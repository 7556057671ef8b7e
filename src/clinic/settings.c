/* The clinic's settings: one table of names, types, bounds and defaults; the store holds only what differs. The kiosk's
 * names are those of lobby_Settings (wire.proto); desk_* are the desk page's. */
#include "clinic.h"

#include <stdio.h>
#include <string.h>

struct setting {
	const char *name;
	const char *fallback; /* JSON */
	int64_t low, high;    /* of integers; of text the longest */
};

static const struct setting known[] = {
	{ "clinic_name", "\"Clinic\"", 0, 80 },	 { "desk_location", "\"\"", 0, 80 },
	{ "early_min", "60", 0, 1440 },		 { "late_min", "15", 0, 1440 },
	{ "show_service_type", "false", 0, 0 },	 { "print_slip", "true", 0, 0 },
	{ "ask_contact", "true", 0, 0 },	 { "ask_insurance", "true", 0, 0 },
	{ "idle_warn_s", "45", 5, 600 },	 { "idle_wipe_s", "20", 5, 120 },
	{ "language", "[\"en\",\"es\"]", 1, 8 }, { "scanner_hint", "\"\"", 0, 80 },
	{ "desk_warn_min", "15", 1, 600 },	 { "desk_late_min", "20", 1, 600 },
};
#define KNOWN (sizeof(known) / sizeof(known[0]))

static const struct setting *setting_of(const char *name)
{
	for (size_t i = 0; i < KNOWN; i++)
		if (strcmp(known[i].name, name) == 0)
			return &known[i];
	return NULL;
}

static json_t *parse(const char *text)
{
	return json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
}

json_t *clinic_settings_load(struct ledger *store)
{
	json_t *all = json_object();
	sqlite3_stmt *rows;

	for (size_t i = 0; i < KNOWN; i++)
		json_object_set_new(all, known[i].name, parse(known[i].fallback));
	if (ledger_query(store, &rows, "SELECT name, value FROM setting", "") == 0) {
		while (ledger_step(store, rows) == 1) {
			json_t *value = parse(db_text(rows, 1));

			if (value != NULL && setting_of(db_text(rows, 0)) != NULL)
				json_object_set(all, db_text(rows, 0), value);
			json_decref(value);
		}
	}
	return all;
}

/* The stored value or the default; a new reference. */
static json_t *value_of(struct ledger *store, const char *name)
{
	const struct setting *setting = setting_of(name);
	json_t *value = NULL;
	sqlite3_stmt *rows;

	if (ledger_query(store, &rows, "SELECT value FROM setting WHERE name = ?1", "t", name) == 0) {
		if (ledger_step(store, rows) == 1)
			value = parse(db_text(rows, 0));
		sqlite3_reset(rows);
	}
	return value != NULL || setting == NULL ? value : parse(setting->fallback);
}

int64_t clinic_settings_int(struct ledger *store, const char *name)
{
	json_t *value = value_of(store, name);
	int64_t n = json_is_true(value) ? 1 : json_integer_value(value);

	json_decref(value);
	return n;
}

void clinic_settings_text(struct ledger *store, const char *name, char *out, size_t size)
{
	json_t *value = value_of(store, name);
	const char *text = json_string_value(value);

	snprintf(out, size, "%s", text != NULL ? text : "");
	json_decref(value);
}

static bool fits(const struct setting *setting, const json_t *value, const json_t *fallback)
{
	if (json_is_boolean(fallback))
		return json_is_boolean(value);
	if (json_typeof(fallback) != json_typeof(value))
		return false;
	if (json_is_integer(value))
		return json_integer_value(value) >= setting->low && json_integer_value(value) <= setting->high;
	if (json_is_string(value))
		return (int64_t)json_string_length(value) <= setting->high;
	for (size_t i = 0; i < json_array_size(value); i++)
		if (!json_is_string(json_array_get(value, i)) || json_string_length(json_array_get(value, i)) > 16)
			return false;
	return json_array_size(value) >= (size_t)setting->low && json_array_size(value) <= (size_t)setting->high;
}

int clinic_settings_set(struct ledger *store, const char *name, const char *text)
{
	const struct setting *setting = setting_of(name);
	json_t *value, *fallback;
	int err = LOBBY_ERR_INVALID;

	if (setting == NULL)
		return LOBBY_ERR_NOT_FOUND;
	value = parse(text);
	fallback = parse(setting->fallback);
	if (value != NULL && fits(setting, value, fallback))
		err = ledger_run(
			store,
			"INSERT INTO setting(name, value) VALUES(?1, ?2) ON CONFLICT(name) DO UPDATE SET value "
			"= excluded.value",
			"tt", name, text);
	if (err == 0)
		err = change_feed(store, "settings", "", 0);
	if (err == 0)
		err = change_desk(store, "settings", "");
	json_decref(fallback);
	json_decref(value);
	return err;
}

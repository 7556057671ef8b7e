/* The clinic's settings: one table of names, types, bounds and defaults; the store holds only what differs. The kiosk's
 * names are those of lobby_Settings (wire.proto); desk_* are the desk page's. */
#include "clinic.h"

#include "outside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TECHNICIAN_PIN "technician_pin"
#define LINK_HOSTS "health_link_hosts"
#define TIME_ZONE "time_zone"

#define ZONE_MAX 48
#define ZONES "/usr/share/zoneinfo/"

struct setting {
	const char *name;
	const char *fallback; /* JSON */
	int64_t low, high;    /* of integers; of text the longest */
};

static const struct setting known[] = {
	{ "clinic_name", "\"Clinic\"", 0, 80 },
	{ "desk_location", "\"\"", 0, 80 },
	{ "early_min", "60", 0, 1440 },
	{ "late_min", "15", 0, 1440 },
	{ "show_service_type", "false", 0, 0 },
	{ "print_slip", "true", 0, 0 },
	{ "ask_contact", "true", 0, 0 },
	{ "ask_insurance", "true", 0, 0 },
	{ "idle_warn_s", "45", 5, 600 },
	{ "idle_wipe_s", "20", 5, 120 },
	{ "language", "[\"en\",\"es\"]", 1, 8 },
	{ "scanner_hint", "\"\"", 0, 80 },
	{ "print_wristband", "false", 0, 0 },
	{ "print_label", "false", 0, 0 },
	{ "wristband_width_mm", "25", 15, 100 },
	{ "wristband_length_mm", "279", 100, 500 },
	{ "label_width_mm", "50", 25, 150 },
	{ "label_length_mm", "25", 15, 300 },
	{ "desk_warn_min", "15", 1, 600 },
	{ "desk_late_min", "20", 1, 600 },
	{ TIME_ZONE, "\"\"", 0, ZONE_MAX },
	{ TECHNICIAN_PIN, "\"\"", 4, 8 },
	{ LINK_HOSTS, "\"\"", 0, OUTSIDE_HOSTS_MAX - 1 },
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

/* A name of the IANA time zone database, as far as one can tell by itself; where the machine has the database, one of
 * it.
 */
static bool is_zone(const char *name)
{
	char path[128];

	if (*name == '\0' || strlen(name) > ZONE_MAX || *name == '/' || strstr(name, "..") != NULL ||
	    strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") != strlen(name))
		return false;
	snprintf(path, sizeof(path), ZONES "%s", name);
	return access(ZONES, X_OK) != 0 || access(path, R_OK) == 0;
}

/* This machine's own: of TZ, or where /etc/localtime leads. */
static json_t *own_zone(void)
{
	const char *name = getenv("TZ");
	char target[256];
	ssize_t len;

	if (name != NULL && is_zone(name + (*name == ':')))
		return json_string(name + (*name == ':'));
	len = readlink("/etc/localtime", target, sizeof(target) - 1);
	target[len > 0 ? len : 0] = '\0';
	name = strstr(target, "/zoneinfo/");
	return json_string(name != NULL && is_zone(name + 10) ? name + 10 : "UTC");
}

static json_t *fallback_of(const struct setting *setting)
{
	return strcmp(setting->name, TIME_ZONE) == 0 ? own_zone() : parse(setting->fallback);
}

json_t *clinic_settings_load(struct ledger *store)
{
	json_t *all = json_object();
	sqlite3_stmt *rows;

	for (size_t i = 0; i < KNOWN; i++)
		json_object_set_new(all, known[i].name, fallback_of(&known[i]));
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
	return value != NULL || setting == NULL ? value : fallback_of(setting);
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

/* What the kiosk's screens are written in: English, and the translations in assets/locale. */
static bool is_translated(const char *tag)
{
	static const char *const tags[] = { "en", "es" };

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (strcmp(tags[i], tag) == 0)
			return true;
	return false;
}

/* Digits, or nothing: then nobody gets to the technician's screen. */
static bool is_pin(const struct setting *setting, const char *text)
{
	size_t len = strlen(text);

	return len == 0 ||
	       (len >= (size_t)setting->low && len <= (size_t)setting->high && strspn(text, "0123456789") == len);
}

static bool is_secret(const char *name)
{
	return strcmp(name, TECHNICIAN_PIN) == 0;
}

/* What is stored of a PIN: its hash (argon2id; moderate work for the kiosk that checks it). A new reference. */
static json_t *sealed(json_t *take_pin)
{
	const char *pin = json_string_value(take_pin);
	char hash[crypto_pwhash_STRBYTES];
	json_t *value = NULL;

	if (*pin == '\0')
		return take_pin;
	if (crypto_pwhash_str(hash, pin, strlen(pin), crypto_pwhash_OPSLIMIT_INTERACTIVE,
			      crypto_pwhash_MEMLIMIT_INTERACTIVE) == 0)
		value = json_string(hash);
	json_decref(take_pin);
	return value;
}

void clinic_settings_hide(json_t *all)
{
	const char *pin = json_string_value(json_object_get(all, TECHNICIAN_PIN));

	if (pin != NULL)
		json_object_set_new(all, TECHNICIAN_PIN, json_string(*pin != '\0' ? "set" : ""));
}

const char *clinic_settings_shown(const char *name, const char *value)
{
	return is_secret(name) ? "" : value;
}

static bool fits(const struct setting *setting, const json_t *value, const json_t *fallback)
{
	if (json_is_boolean(fallback))
		return json_is_boolean(value);
	if (json_typeof(fallback) != json_typeof(value))
		return false;
	if (json_is_integer(value))
		return json_integer_value(value) >= setting->low && json_integer_value(value) <= setting->high;
	if (json_is_string(value) && is_secret(setting->name))
		return is_pin(setting, json_string_value(value));
	if (json_is_string(value) && strcmp(setting->name, TIME_ZONE) == 0)
		return is_zone(json_string_value(value));
	if (json_is_string(value))
		return (int64_t)json_string_length(value) <= setting->high &&
		       (strcmp(setting->name, LINK_HOSTS) != 0 || outside_hosts_ok(json_string_value(value)));
	for (size_t i = 0; i < json_array_size(value); i++)
		if (!json_is_string(json_array_get(value, i)) ||
		    !is_translated(json_string_value(json_array_get(value, i))))
			return false;
	return json_array_size(value) >= (size_t)setting->low && json_array_size(value) <= (size_t)setting->high;
}

static void describe(const struct setting *setting, FILE *out)
{
	json_t *fallback = fallback_of(setting);

	fprintf(out, "  %-18s ", setting->name);
	if (json_is_boolean(fallback))
		fprintf(out, "true or false");
	else if (json_is_integer(fallback))
		fprintf(out, "a whole number, %lld to %lld", (long long)setting->low, (long long)setting->high);
	else if (is_secret(setting->name))
		fprintf(out, "%lld to %lld digits, kept as a hash; empty: no technician gets in at the screen",
			(long long)setting->low, (long long)setting->high);
	else if (strcmp(setting->name, TIME_ZONE) == 0)
		fprintf(out,
			"a name of the IANA time zone database, as America/New_York; at first this machine's own\n");
	else if (strcmp(setting->name, LINK_HOSTS) == 0)
		fprintf(out, "HOST:PORT=SHA-256 of its certificate in hex, with blanks between; at most %lld bytes",
			(long long)setting->high);
	else if (json_is_string(fallback))
		fprintf(out, "a text of up to %lld bytes", (long long)setting->high);
	else
		fprintf(out, "a list of %lld to %lld of en, es", (long long)setting->low, (long long)setting->high);
	if (strcmp(setting->name, TIME_ZONE) != 0)
		fprintf(out, "; at first %s\n", setting->fallback);
	json_decref(fallback);
}

void clinic_settings_describe(const char *name, FILE *out)
{
	for (size_t i = 0; i < KNOWN; i++)
		if (name == NULL || strcmp(known[i].name, name) == 0)
			describe(&known[i], out);
}

/* A text may come bare, as people type it: what does not begin with a quotation mark stands for itself. */
static json_t *read_value(const char *text, const json_t *fallback)
{
	return json_is_string(fallback) && *text != '"' ? json_string(text) : parse(text);
}

int clinic_settings_set(struct ledger *store, const char *name, const char *text)
{
	const struct setting *setting = setting_of(name);
	json_t *value, *fallback;
	char *json = NULL;
	int err = LOBBY_ERR_INVALID;

	if (setting == NULL)
		return LOBBY_ERR_NOT_FOUND;
	fallback = fallback_of(setting);
	value = read_value(text, fallback);
	if (value != NULL && fits(setting, value, fallback)) {
		if (is_secret(name))
			value = sealed(value);
		json = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	}
	if (json != NULL)
		err = ledger_run(
			store,
			"INSERT INTO setting(name, value) VALUES(?1, ?2) ON CONFLICT(name) DO UPDATE SET value "
			"= excluded.value",
			"tt", name, json);
	if (err == 0)
		err = change_feed(store, "settings", "", 0);
	if (err == 0)
		err = change_desk(store, "settings", "");
	free(json);
	json_decref(fallback);
	json_decref(value);
	return err;
}

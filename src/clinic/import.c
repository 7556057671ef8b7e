/* See import.h. NDJSON is read a line at a time, so its size does not matter; a Bundle is read whole. Which of the two
 * a file is, its first line tells: a complete JSON object that is no Bundle is a line of NDJSON. */
#include "import.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES (8 << 20)
#define BOM "\xEF\xBB\xBF" /* what some programs put before UTF-8 (RFC 8259, section 8.1: may be ignored) */

int import_begin(struct import *import, struct ledger *store, FILE *out, const char *source)
{
	int err;

	*import = (struct import){
		.store = store, .out = out, .source = source, .now_ms = clock_wall_ms(), .others = json_object()
	};
	if (import->others == NULL)
		return LOBBY_ERR_NO_MEMORY;
	err = db_exec(&store->db,
		      "CREATE TEMP TABLE IF NOT EXISTS import_check(type TEXT, id TEXT, patient_id TEXT, place TEXT); "
		      "DELETE FROM temp.import_check");
	if (err == 0)
		err = db_begin(&store->db);
	if (err != 0)
		json_decref(import->others);
	return err;
}

void import_refuse(struct import *import, const char *where, const struct fhir_resource *resource, const char *why)
{
	const char *type = resource != NULL && resource->type_name[0] != '\0' ? resource->type_name : "resource";
	const char *id = resource != NULL ? resource->id : "";

	if (import->refused++ < IMPORT_REFUSALS_SHOWN)
		fprintf(import->out, "%s%s%s%s%s refused: %s\n", where, *where != '\0' ? ": " : "", type,
			*id != '\0' ? "/" : "", id, why);
}

static void count_other(struct import *import, const char *type)
{
	json_int_t before = json_integer_value(json_object_get(import->others, type));

	json_object_set_new(import->others, type, json_integer(before + 1));
}

void import_resource(struct import *import, const json_t *json, const char *full_url, const char *text, size_t len,
		     const char *where)
{
	struct fhir_resource resource;
	int what = 0;

	if (import->err != 0)
		return;
	if (fhir_read(&import->reader, json, full_url, &resource) != 0) {
		import_refuse(import, where, &resource, import->reader.why);
		return;
	}
	if (resource.type == FHIR_OTHER) {
		count_other(import, resource.type_name);
		return;
	}
	if (resource.type == FHIR_APPOINTMENT && resource.appointment.untimed) {
		import->untimed++;
		return;
	}
	if (import->refused == 0) /* once refused only the rest is checked */
		import->err = import_store(import, &resource, text, len, where, &what);
	(what == 0 ? import->same : what == 1 ? import->fresh : import->changed)[resource.type]++;
}

void import_bundle(struct import *import, const json_t *bundle)
{
	const json_t *entries = json_object_get(bundle, "entry");
	json_t *urls = fhir_full_urls(bundle);

	import->reader.full_urls = urls;
	for (size_t i = 0; i < json_array_size(entries) && import->err == 0; i++) {
		const json_t *entry = json_array_get(entries, i), *resource = json_object_get(entry, "resource");
		const char *url = json_string_value(json_object_get(entry, "fullUrl"));
		char where[32], *text;

		snprintf(where, sizeof(where), "entry %zu", i);
		text = resource != NULL ? json_dumps(resource, JSON_COMPACT) : NULL;
		if (text == NULL)
			import_refuse(import, where, NULL, "the entry has no resource");
		else
			import_resource(import, resource, url != NULL ? url : "", text, strlen(text), where);
		free(text);
	}
	import->reader.full_urls = NULL;
	json_decref(urls);
}

/* References that the end of the file has to fulfil. */
static void check_patients(struct import *import)
{
	struct fhir_resource resource = { 0 };
	sqlite3_stmt *rows;

	import->err = ledger_query(
		import->store, &rows,
		"SELECT c.type, c.id, c.patient_id, c.place FROM temp.import_check c LEFT JOIN patient p ON "
		"p.id = c.patient_id WHERE p.id IS NULL",
		"");
	while (import->err == 0 && ledger_step(import->store, rows) == 1) {
		char why[160];

		snprintf(resource.type_name, sizeof(resource.type_name), "%s", db_text(rows, 0));
		snprintf(resource.id, sizeof(resource.id), "%s", db_text(rows, 1));
		snprintf(why, sizeof(why), "it names Patient/%s, who is neither in this file nor known",
			 db_text(rows, 2));
		import_refuse(import, db_text(rows, 3), &resource, why);
	}
}

/* What an appointment leaves to its slot and the slot's schedule. */
static void fill_from_slots(struct import *import)
{
	struct fhir_resource resource = { .type_name = "Appointment" };
	sqlite3_stmt *rows;

	import->err = ledger_run(
		import->store,
		"UPDATE appointment SET start_ms = s.start_ms, minutes = (s.end_ms - s.start_ms) / 60000 FROM slot s"
		" WHERE s.id = appointment.slot_id AND appointment.start_ms = 0",
		"");
	if (import->err == 0)
		import->err = ledger_run(
			import->store,
			"UPDATE appointment SET practitioner_id = coalesce(nullif(appointment.practitioner_id, ''), "
			"h.practitioner_id),"
			" location_id = coalesce(nullif(appointment.location_id, ''), h.location_id)"
			" FROM slot s JOIN schedule h ON h.id = s.schedule_id WHERE s.id = appointment.slot_id"
			" AND (appointment.practitioner_id = '' OR appointment.location_id = '')",
			"");
	if (import->err == 0)
		import->err = ledger_query(import->store, &rows,
					   "SELECT id FROM appointment WHERE start_ms = 0 LIMIT 50", "");
	while (import->err == 0 && ledger_step(import->store, rows) == 1) {
		snprintf(resource.id, sizeof(resource.id), "%s", db_text(rows, 0));
		import_refuse(import, "", &resource, "it has no start, and its slot is neither in this file nor known");
	}
}

static void say_counts(struct import *import)
{
	const char *type;
	json_t *count;

	for (int t = 0; t < FHIR_TYPES; t++)
		if (import->fresh[t] + import->changed[t] + import->same[t] > 0)
			fprintf(import->out, "%s: %lld new, %lld changed, %lld as before\n",
				fhir_type_name((enum fhir_type)t), (long long)import->fresh[t],
				(long long)import->changed[t], (long long)import->same[t]);
	if (import->untimed > 0)
		fprintf(import->out, "%lld Appointment%s without a time: left out\n", (long long)import->untimed,
			import->untimed == 1 ? "" : "s");
	json_object_foreach(import->others, type, count)
	{
		fprintf(import->out, "%s: %lld left out (Lobby does not use this type)\n", type,
			(long long)json_integer_value(count));
	}
}

static int write_audit(struct import *import)
{
	int64_t total = 0;
	char detail[64];

	for (int t = 0; t < FHIR_TYPES; t++)
		total += import->fresh[t] + import->changed[t];
	snprintf(detail, sizeof(detail), "%lld new or changed", (long long)total);
	return change_audit(import->store, "", "import", import->source, detail);
}

int import_end(struct import *import)
{
	int err;

	if (import->err == 0 && import->refused == 0)
		check_patients(import);
	if (import->err == 0 && import->refused == 0)
		fill_from_slots(import);
	if (import->err == 0 && import->refused == 0)
		import->err = write_audit(import);
	err = import->err != 0 ? import->err : import->refused > 0 ? LOBBY_ERR_REFUSED : 0;
	err = db_end(&import->store->db, err);
	if (err == 0)
		say_counts(import);
	if (import->refused > IMPORT_REFUSALS_SHOWN)
		fprintf(import->out, "and %lld more\n", (long long)import->refused - IMPORT_REFUSALS_SHOWN);
	if (err != 0)
		fprintf(import->out, "nothing was imported\n");
	json_decref(import->others);
	import->others = NULL;
	return err;
}

/* ---- files ---- */

static bool is_bundle(const json_t *json)
{
	const char *type = json_string_value(json_object_get(json, "resourceType"));

	return type != NULL && strcmp(type, "Bundle") == 0;
}

static bool is_blank(const char *line)
{
	return line[strspn(line, " \t\r\n")] == '\0';
}

static void import_line(struct import *import, char *line, size_t len, int64_t number)
{
	json_t *json = NULL;
	json_error_t error;
	char where[32];

	snprintf(where, sizeof(where), "line %lld", (long long)number);
	if (is_blank(line))
		return;
	while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
		len--;
	if (len <= LINE_MAX_BYTES)
		json = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
	if (json == NULL)
		import_refuse(import, where, NULL,
			      len > LINE_MAX_BYTES ? "the line is too long" : "the line is not JSON");
	else if (is_bundle(json))
		import_bundle(import, json);
	else
		import_resource(import, json, "", line, len, where);
	json_decref(json);
}

static void import_lines(struct import *import, FILE *file)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	for (int64_t number = 1; import->err == 0 && (len = getline(&line, &size, file)) > 0; number++)
		import_line(import, line, (size_t)len, number);
	if (ferror(file))
		import->err = LOBBY_ERR_IO;
	free(line);
}

static void import_whole(struct import *import, const char *path, size_t skip)
{
	char *text = NULL, where[64];
	json_error_t error;
	size_t len = 0;
	json_t *json;

	import->err = file_read(path, IMPORT_FILE_MAX, &text, &len);
	if (import->err == 0 && len < skip)
		import->err = LOBBY_ERR_IO; /* it changed meanwhile */
	if (import->err != 0) {
		free(text);
		return;
	}
	json = json_loadb(text + skip, len - skip, JSON_REJECT_DUPLICATES, &error);
	snprintf(where, sizeof(where), "line %d", error.line);
	if (json == NULL)
		import_refuse(import, where, NULL,
			      "the file is neither a FHIR Bundle nor NDJSON: its JSON breaks here");
	else if (is_bundle(json))
		import_bundle(import, json);
	else
		import_resource(import, json, "", text + skip, len - skip, "line 1");
	json_decref(json);
	free(text);
}

/* Is the first line that is not blank a whole JSON value, and more than one line in all? */
static bool looks_like_lines(FILE *file, long start)
{
	bool whole = false;
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	while ((len = getline(&line, &size, file)) > 0 && is_blank(line))
		;
	if (len > 0) {
		json_t *json = json_loadb(line, (size_t)len, 0, NULL);

		whole = json != NULL;
		json_decref(json);
	}
	/* Broken from its first line on: NDJSON, if the second stands for itself. */
	if (len > 0 && !whole && (len = getline(&line, &size, file)) > 0) {
		json_t *json = json_loadb(line, (size_t)len, 0, NULL);

		whole = json_is_object(json);
		json_decref(json);
	}
	free(line);
	clearerr(file);
	return fseek(file, start, SEEK_SET) == 0 && whole;
}

/* How many bytes of a byte-order mark stand at the beginning; the file is then behind them. */
static size_t skip_mark(FILE *file)
{
	char first[3];
	size_t skip = fread(first, 1, 3, file) == 3 && memcmp(first, BOM, 3) == 0 ? 3 : 0;

	clearerr(file);
	return fseek(file, (long)skip, SEEK_SET) == 0 ? skip : 0;
}

int import_file(struct ledger *store, const char *path, FILE *out)
{
	const char *slash = strrchr(path, '/');
	FILE *file = fopen(path, "r");
	struct import import;
	size_t skip;
	int err;

	if (file == NULL)
		return errno == ENOENT ? LOBBY_ERR_NOT_FOUND : LOBBY_ERR_IO;
	err = import_begin(&import, store, out, slash != NULL ? slash + 1 : path);
	if (err == 0) {
		skip = skip_mark(file);
		if (looks_like_lines(file, (long)skip))
			import_lines(&import, file);
		else
			import_whole(&import, path, skip);
		err = import_end(&import);
	}
	fclose(file);
	return err;
}

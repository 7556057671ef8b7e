/* See issuers.h. All files are first gathered into one JSON object, iss -> {"name","keys":{kid: jwk},"crls":{kid: {rid:
 * null}}}, which joins what several files say of one issuer; only then the store is compared with it, so that what has
 * not changed is not sent to the kiosks again. */
#include "issuers.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "cards/shc_read.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN 50 /* refusals */
#define MAX_NAME 96

struct gather {
	FILE *out;
	const char *file; /* without its folder */
	json_t *issuers;
	int refused;
};

static void __attribute__((format(printf, 3, 4))) refuse(struct gather *g, const char *iss, const char *format, ...)
{
	va_list args;

	if (g->refused++ >= SHOWN)
		return;
	fprintf(g->out, "%s: %.*s%srefused: ", g->file, 120, iss, *iss != '\0' ? " " : "");
	va_start(args, format);
	vfprintf(g->out, format, args);
	va_end(args);
	fputc('\n', g->out);
}

/* The text of a member that is clean, or "". */
static const char *text_of(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);
	const char *text = json_string_value(value);

	return text != NULL && text_is_clean(text, json_string_length(value)) ? text : "";
}

/* Why no card can name this address; NULL if one can. */
static const char *iss_wrong(const char *iss)
{
	size_t len = strlen(iss);

	if (len == 0)
		return "it has no address (iss)";
	if (len > SHC_MAX_ISS)
		return "its address (iss) is too long";
	if (strncmp(iss, "https://", 8) != 0 || len == 8)
		return "its address (iss) does not begin with https://";
	return iss[len - 1] == '/' ? "its address (iss) ends with a slash, which cards leave out" : NULL;
}

/* The member of this name, made when it is not there; NULL when out of memory. */
static json_t *member(json_t *object, const char *name)
{
	json_t *value = json_object_get(object, name);

	if (value == NULL && json_object_set_new(object, name, json_object()) == 0)
		value = json_object_get(object, name);
	return value;
}

static void gather_keys(struct gather *g, const char *iss, const json_t *list, json_t *keys)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *jwk = json_array_get(list, i);
		const char *why = "";
		struct shc_key key;

		if (shc_key_of_jwk(jwk, &key, &why) != 0)
			refuse(g, iss, "its key %.60s: %s", text_of(jwk, "kid"), why);
		else if (json_object_size(keys) >= ISSUERS_MAX_KEYS && json_object_get(keys, key.kid) == NULL)
			refuse(g, iss, "its key %s: more than %d keys", key.kid, ISSUERS_MAX_KEYS);
		else
			json_object_set_new(keys, key.kid,
					    json_pack("{ss ss ss ss ss}", "kty", "EC", "crv", "P-256", "kid", key.kid,
						      "x", text_of(jwk, "x"), "y", text_of(jwk, "y")));
	}
}

static size_t count_revoked(const json_t *crls)
{
	const char *kid;
	json_t *rids;
	size_t count = 0;

	json_object_foreach((json_t *)crls, kid, rids)
	{
		count += json_object_size(rids);
	}
	return count;
}

static void gather_crl(struct gather *g, const char *iss, const json_t *crl, const json_t *keys, json_t *crls)
{
	const char *kid = text_of(crl, "kid"), *method = text_of(crl, "method");
	const json_t *list = json_object_get(crl, "rids");
	json_t *rids;

	if (json_object_get(keys, kid) == NULL) {
		refuse(g, iss, "a revocation list for a key that is not its own (%.60s)", kid);
		return;
	}
	if (*method != '\0' && strcmp(method, "rid") != 0) {
		refuse(g, iss, "a revocation list by the method \"%.40s\", where only \"rid\" is known", method);
		return;
	}
	rids = member(crls, kid);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *rid = json_string_value(json_array_get(list, i));
		struct shc_revoked revoked;

		if (rid == NULL || shc_revoked_of(rid, &revoked) != 0)
			refuse(g, iss, "entry %zu of a revocation list, which is no rid", i + 1);
		else if (count_revoked(crls) >= ISSUERS_MAX_REVOKED) {
			refuse(g, iss, "entry %zu of a revocation list and what follows: more than %d", i + 1,
			       ISSUERS_MAX_REVOKED);
			return;
		} else
			json_object_set_new(rids, rid, json_null());
	}
}

static void gather_issuer(struct gather *g, const json_t *about, const json_t *holder)
{
	const char *iss = text_of(about, "iss"), *name = text_of(about, "name"), *why = iss_wrong(iss);
	const json_t *crls = json_object_get(holder, "crls");
	json_t *all, *one;
	char cut[MAX_NAME + 1];

	if (why == NULL && json_object_get(g->issuers, iss) == NULL && json_object_size(g->issuers) >= ISSUERS_MAX)
		why = "the list is full";
	if (why == NULL && json_array_size(json_object_get(holder, "keys")) == 0)
		why = "it comes without keys";
	if (why != NULL) {
		refuse(g, iss, "%s", why);
		return;
	}
	one = member(g->issuers, iss);
	if (*name != '\0') {
		text_copy(cut, sizeof(cut), name);
		json_object_set_new(one, "name", json_string(cut));
	}
	all = member(one, "keys");
	gather_keys(g, iss, json_object_get(holder, "keys"), all);
	for (size_t i = 0; i < json_array_size(crls); i++)
		gather_crl(g, iss, json_array_get(crls, i), all, member(one, "crls"));
	if (json_object_size(all) == 0) {
		refuse(g, iss, "none of its keys can be used");
		json_object_del(g->issuers, iss);
	}
}

/* False: it is none of the three kinds. */
static bool gather_file(struct gather *g, const json_t *file)
{
	const json_t *snapshot = json_object_get(file, "issuerInfo"), *list = json_object_get(file, "issuers");

	if (json_is_array(snapshot))
		for (size_t i = 0; i < json_array_size(snapshot); i++)
			gather_issuer(g, json_object_get(json_array_get(snapshot, i), "issuer"),
				      json_array_get(snapshot, i));
	else if (json_is_array(list))
		for (size_t i = 0; i < json_array_size(list); i++)
			gather_issuer(g, json_array_get(list, i), json_array_get(list, i));
	else if (json_is_array(json_object_get(file, "keys")))
		gather_issuer(g, file, file);
	else
		return false;
	return true;
}

static int gather_path(struct gather *g, const char *path)
{
	const char *slash = strrchr(path, '/');
	json_error_t error = { .line = 0 };
	json_t *json = NULL;
	char *text = NULL;
	size_t len = 0;
	int err = file_read(path, ISSUERS_FILE_MAX, &text, &len);

	g->file = slash != NULL ? slash + 1 : path;
	if (err != 0) {
		fprintf(g->out, "%s: %s\n", path, err_staff_text(err));
		return LOBBY_ERR_REFUSED;
	}
	json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	free(text);
	if (json == NULL)
		fprintf(g->out, "%s: it is not JSON: it breaks at line %d\n", path, error.line);
	else if (!gather_file(g, json))
		fprintf(g->out, "%s: neither a VCI directory snapshot, nor a list of issuers, nor a set of keys\n",
			path);
	else
		err = 1;
	json_decref(json);
	return err == 1 ? 0 : LOBBY_ERR_REFUSED;
}

/* ---- the store ---- */

struct counts {
	int fresh, changed, same, removed;
};

/* {"keys":[...],"crls":[...]} as the feed has it. */
static char *content_of(const json_t *issuer)
{
	json_t *keys = json_array(), *crls = json_array(), *all;
	const char *kid, *rid;
	json_t *value, *nothing;
	char *text;

	json_object_foreach(json_object_get(issuer, "keys"), kid, value)
	{
		json_array_append(keys, value);
	}
	json_object_foreach(json_object_get(issuer, "crls"), kid, value)
	{
		json_t *rids = json_array();

		json_object_foreach(value, rid, nothing)
		{
			json_array_append_new(rids, json_string(rid));
		}
		json_array_append_new(crls, json_pack("{ss so}", "kid", kid, "rids", rids));
	}
	all = json_pack("{so so}", "keys", keys, "crls", crls);
	text = all != NULL ? json_dumps(all, JSON_COMPACT) : NULL;
	json_decref(all);
	return text;
}

static int put(struct ledger *store, const char *iss, const json_t *issuer, struct counts *counts)
{
	const char *name = text_of(issuer, "name");
	char *content = content_of(issuer);
	int64_t same = 0;
	int err = content != NULL ? 0 : LOBBY_ERR_NO_MEMORY;
	bool known;

	if (err == 0)
		err = ledger_int(store, &same, "SELECT name = ?2 AND content = ?3 FROM issuer WHERE iss = ?1", "ttt",
				 iss, name, content);
	known = err == 0;
	if (known && same != 0) {
		counts->same++;
	} else if (known || err == LOBBY_ERR_NOT_FOUND) {
		known ? counts->changed++ : counts->fresh++;
		err = ledger_run(store,
				 "INSERT INTO issuer(iss, name, content, at_ms) VALUES(?1, ?2, ?3, ?4) ON CONFLICT(iss)"
				 " DO UPDATE SET name = ?2, content = ?3, at_ms = ?4",
				 "ttti", iss, name, content, clock_wall_ms());
		if (err == 0)
			err = change_feed(store, "issuer", iss, 0);
	}
	free(content);
	return err;
}

/* Who is in the store and in no file. */
static int remove_others(struct ledger *store, const json_t *issuers, struct counts *counts)
{
	json_t *gone = json_array();
	sqlite3_stmt *rows;
	int step = 0, err = ledger_query(store, &rows, "SELECT iss FROM issuer", "");

	while (err == 0 && (step = ledger_step(store, rows)) == 1)
		if (json_object_get(issuers, db_text(rows, 0)) == NULL)
			json_array_append_new(gone, json_string(db_text(rows, 0)));
	if (err == 0 && step < 0)
		err = step;
	for (size_t i = 0; err == 0 && i < json_array_size(gone); i++) {
		const char *iss = json_string_value(json_array_get(gone, i));

		err = ledger_run(store, "DELETE FROM issuer WHERE iss = ?1", "t", iss);
		if (err == 0)
			err = change_feed(store, "issuer", iss, 0);
		counts->removed++;
	}
	json_decref(gone);
	return err;
}

static int store_all(struct ledger *store, json_t *issuers, struct counts *counts)
{
	const char *iss;
	json_t *issuer;
	char detail[64];
	int err = db_begin(&store->db);

	if (err != 0)
		return err;
	json_object_foreach(issuers, iss, issuer)
	{
		if (err == 0)
			err = put(store, iss, issuer, counts);
	}
	if (err == 0)
		err = remove_others(store, issuers, counts);
	snprintf(detail, sizeof(detail), "%zu issuers", json_object_size(issuers));
	if (err == 0)
		err = change_audit(store, "", "issuers", "", detail);
	return db_end(&store->db, err);
}

int issuers_import(struct ledger *store, const char *const *paths, int count, FILE *out)
{
	struct gather g = { .out = out, .issuers = json_object() };
	struct counts counts = { 0 };
	int err = g.issuers != NULL ? 0 : LOBBY_ERR_NO_MEMORY;

	for (int i = 0; err == 0 && i < count; i++)
		err = gather_path(&g, paths[i]);
	if (g.refused > SHOWN)
		fprintf(out, "and %d more\n", g.refused - SHOWN);
	if (err == 0)
		err = store_all(store, g.issuers, &counts);
	if (err == 0)
		fprintf(out, "Issuers: %d new, %d changed, %d as before, %d removed\n", counts.fresh, counts.changed,
			counts.same, counts.removed);
	else
		fprintf(out, "The issuers are as they were\n");
	json_decref(g.issuers);
	return err;
}

int issuers_print(struct ledger *store, FILE *out)
{
	sqlite3_stmt *rows;
	int step = 0, err = ledger_query(store, &rows, "SELECT iss, name, content FROM issuer ORDER BY iss", "");

	while (err == 0 && (step = ledger_step(store, rows)) == 1) {
		json_t *content = json_loads(db_text(rows, 2), 0, NULL);
		const json_t *crls = json_object_get(content, "crls");
		size_t revoked = 0;

		for (size_t i = 0; i < json_array_size(crls); i++)
			revoked += json_array_size(json_object_get(json_array_get(crls, i), "rids"));
		fprintf(out, "%s  %s  keys: %zu, revoked cards: %zu\n", db_text(rows, 0), db_text(rows, 1),
			json_array_size(json_object_get(content, "keys")), revoked);
		json_decref(content);
	}
	return err != 0 ? err : step;
}

/* ---- the feed ---- */

static json_t *change_of(sqlite3_stmt *row, size_t *bytes)
{
	json_t *change = json_pack("{ss ss ss}", "type", "issuer", "iss", db_text(row, 0), "name", db_text(row, 1));
	json_t *content = json_loads(db_text(row, 2), 0, NULL);

	*bytes = (size_t)sqlite3_column_bytes(row, 2) + 128;
	if (change == NULL || content == NULL || json_object_update(change, content) != 0) {
		json_decref(change);
		change = NULL;
	}
	json_decref(content);
	return change;
}

json_t *issuers_change(struct ledger *store, const char *iss, size_t *bytes)
{
	json_t *change = NULL;
	sqlite3_stmt *row;
	int step;

	*bytes = 128;
	if (ledger_query(store, &row, "SELECT iss, name, content FROM issuer WHERE iss = ?1", "t", iss) != 0)
		return NULL;
	step = ledger_step(store, row);
	if (step == 1)
		change = change_of(row, bytes);
	else if (step == 0)
		change = json_pack("{ss ss sb}", "type", "issuer", "iss", iss, "deleted", 1);
	if (step == 1)
		sqlite3_reset(row);
	return change;
}

int issuers_page(struct ledger *store, json_t *changes, long long *number, int limit, size_t bytes_max, bool *more)
{
	size_t bytes = 0, one = 0;
	sqlite3_stmt *rows;
	int count = 0, step = 0;
	int err =
		ledger_query(store, &rows,
			     "SELECT iss, name, content, number FROM issuer WHERE number > ?1 ORDER BY number LIMIT ?2",
			     "ii", (int64_t)*number, (int64_t)limit);

	if (err != 0)
		return err;
	while (bytes < bytes_max && (step = ledger_step(store, rows)) == 1) {
		if (json_array_append_new(changes, change_of(rows, &one)) != 0) {
			sqlite3_reset(rows);
			return LOBBY_ERR_NO_MEMORY;
		}
		*number = sqlite3_column_int64(rows, 3);
		bytes += one;
		count++;
	}
	if (step == 1)
		sqlite3_reset(rows);
	*more = count == limit || bytes >= bytes_max;
	return step < 0 ? step : 0;
}

/* lobby-clinic update: what the desk page does with updates, and what it cannot: bringing one in. Beside a running
 * server, which notices within a quarter of a second. */
#include "cli_update.h"

#include "updates.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "lobby-clinic: %s: %s\n", what, why);
	return 1;
}

/* ---- update add ---- */

static int say_added(const struct bundle *b, int err)
{
	if (err == LOBBY_ERR_EXISTS) {
		fprintf(stderr, "lobby-clinic: there is an update %s already: remove it first\n", b->version);
		return 1;
	}
	if (err != 0)
		return fail("update add", err_staff_text(err));
	printf("%s, %lld bytes, %s\nStart it at the desk's Kiosks page, or: lobby-clinic update start --data DIR %s\n",
	       b->version, (long long)b->size, b->sha256, b->version);
	return 0;
}

static int add(struct ledger *store, const char *data, const char *file)
{
	char folder[CLINIC_PATH_MAX], path[CLINIC_PATH_MAX], known[65];
	struct bundle bundle;
	const char *why;
	int err = bundle_read(file, &bundle, &why);

	if (err != 0)
		return fail(file, why);
	if (strcmp(bundle.compatible, BUNDLE_COMPATIBLE) != 0) {
		fprintf(stderr, "lobby-clinic: %s: it is for \"%s\", and kiosks are \"" BUNDLE_COMPATIBLE "\"\n", file,
			bundle.compatible);
		return 1;
	}
	if (updates_find(store, bundle.version, known) == 0)
		return say_added(&bundle, LOBBY_ERR_EXISTS);
	err = updates_folder(data, folder);
	if (err == 0)
		err = bundle_copy(file, folder, &bundle);
	if (err != 0)
		return fail(folder, err_staff_text(err));
	err = db_begin(&store->db);
	if (err == 0)
		err = db_end(&store->db, updates_add(store, &bundle, ""));
	if (err != 0 && err != LOBBY_ERR_EXISTS && updates_path(data, bundle.sha256, path) == 0)
		unlink(path);
	return say_added(&bundle, err);
}

/* ---- update list ---- */

static const char *text_in(const json_t *json, const char *name)
{
	const char *text = json_string_value(json_object_get(json, name));

	return text != NULL ? text : "";
}

static long long number_in(const json_t *json, const char *name)
{
	return json_integer_value(json_object_get(json, name));
}

static void print_update(const json_t *row)
{
	const json_t *kiosks = json_object_get(row, "kiosks");

	printf("%-12s %-9s %lld of %lld kiosks", text_in(row, "version"), text_in(row, "state"), number_in(row, "good"),
	       number_in(row, "total"));
	if (number_in(row, "failed") > 0)
		printf(", %lld failed", number_in(row, "failed"));
	if (strcmp(text_in(row, "state"), "running") == 0)
		printf(", step: %s", text_in(row, "step"));
	printf("%s%s\n", *text_in(row, "reason") != '\0' ? ". " : "", text_in(row, "reason"));
	for (size_t i = 0; i < json_array_size(kiosks); i++) {
		const json_t *k = json_array_get(kiosks, i);

		printf("             %s: %s", text_in(k, "name"), text_in(k, "stage"));
		if (number_in(k, "percent") > 0)
			printf(" %lld %%", number_in(k, "percent"));
		printf("%s%s\n", *text_in(k, "text") != '\0' ? ". " : "", text_in(k, "text"));
	}
}

static int list(struct ledger *store, bool as_json)
{
	json_t *all = updates_all(store);

	if (as_json)
		json_dumpf(all, stdout, JSON_INDENT(2));
	else if (json_array_size(all) == 0)
		printf("There is no update. Add one: lobby-clinic update add --data DIR FILE.raucb");
	for (size_t i = 0; !as_json && i < json_array_size(all); i++)
		print_update(json_array_get(all, i));
	if (as_json || json_array_size(all) == 0)
		putchar('\n');
	json_decref(all);
	return fflush(stdout) == 0 ? 0 : 1;
}

/* ---- the rest ---- */

/* A kiosk by its name, as people know it. */
static int kiosk_named(struct ledger *store, const char *name, char id[37])
{
	sqlite3_stmt *row;
	int err;

	id[0] = '\0';
	if (name == NULL)
		return 0;
	err = ledger_query(
		store, &row,
		"SELECT id FROM kiosk WHERE removed_ms IS NULL AND (name = ?1 OR id = ?1) ORDER BY number DESC", "t",
		name);
	if (err == 0 && (err = ledger_step(store, row)) == 1) {
		text_copy(id, 37, db_text(row, 0));
		sqlite3_reset(row);
		return 0;
	}
	return err < 0 ? err : LOBBY_ERR_NOT_FOUND;
}

static int act(struct ledger *store, const struct cli_update *o, const char *sha256)
{
	char first[37];
	int err;

	if (strcmp(o->verb, "start") == 0) {
		err = kiosk_named(store, o->first, first);
		return err != 0 ? err : updates_start(store, sha256, first, o->downgrade, "");
	}
	if (strcmp(o->verb, "pause") == 0)
		return updates_pause(store, sha256, "");
	if (strcmp(o->verb, "resume") == 0)
		return updates_resume(store, sha256, o->without, "");
	if (strcmp(o->verb, "stop") == 0)
		return updates_stop(store, sha256, "");
	return updates_remove(store, sha256, "");
}

static int say_why(const struct cli_update *o, int err)
{
	if (err == LOBBY_ERR_STALE)
		return fail(o->word, strcmp(o->verb, "remove") == 0 ? "Kiosks are offered it: stop it first."
								    : "It is not in a state for that.");
	if (err == LOBBY_ERR_NOT_FOUND && o->first != NULL)
		return fail(o->first, "There is no such kiosk, or it is no appliance.");
	return fail(o->word, err_staff_text(err));
}

int cli_update(struct ledger *store, const char *data, const struct cli_update *o)
{
	static const char *const verbs[] = { "start", "pause", "resume", "stop", "remove" };
	char sha256[65], path[CLINIC_PATH_MAX];
	bool known = false;
	int err;

	if (strcmp(o->verb, "list") == 0 && o->word == NULL)
		return list(store, o->as_json);
	if (strcmp(o->verb, "add") == 0 && o->word != NULL)
		return add(store, data, o->word);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		known = known || strcmp(o->verb, verbs[i]) == 0;
	if (!known || o->word == NULL) {
		fprintf(stderr,
			"lobby-clinic: update: add FILE, list, or start, pause, resume, stop, remove VERSION\n");
		return 2;
	}
	if (updates_find(store, o->word, sha256) != 0)
		return fail(o->word, "There is no update of that version.");
	err = db_begin(&store->db);
	if (err == 0)
		err = db_end(&store->db, act(store, o, sha256));
	/* Its file goes once nothing names it any more. */
	if (err == 0 && strcmp(o->verb, "remove") == 0 && updates_path(data, sha256, path) == 0 && unlink(path) != 0)
		err = LOBBY_ERR_IO;
	return err == 0 ? 0 : say_why(o, err);
}

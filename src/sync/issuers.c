/* See issuers.h. A key is found by its kid, whoever has it: the same key may stand for several issuers (one who moved).
 * Of a revocation list only the entries of the card at hand are read. */
#include "issuers.h"

#include "base/text.h"

#include <string.h>

#define MAX_CANDIDATES 8 /* issuers that share one key */
#define MAX_REVOKED 16	 /* entries for one rid */

int issuers_init(struct issuers *issuers, struct db *db)
{
	const struct {
		sqlite3_stmt **stmt;
		const char *sql;
	} all[] = {
		{ &issuers->put, "INSERT OR REPLACE INTO issuer(iss, name, generation) VALUES(?1, ?2, ?3)" },
		{ &issuers->put_key, "INSERT OR IGNORE INTO issuer_key(kid, iss, x, y) VALUES(?1, ?2, ?3, ?4)" },
		{ &issuers->put_revoked,
		  "INSERT OR IGNORE INTO issuer_revoked(kid, rid, before_s, iss) VALUES(?1, ?2, ?3, ?4)" },
		{ &issuers->remove, "DELETE FROM issuer WHERE iss = ?1" },
		{ &issuers->drop_keys, "DELETE FROM issuer_key WHERE iss = ?1" },
		{ &issuers->drop_revoked, "DELETE FROM issuer_revoked WHERE iss = ?1" },
		{ &issuers->sweep, "DELETE FROM issuer WHERE generation < ?1" },
		{ &issuers->sweep_keys, "DELETE FROM issuer_key WHERE iss NOT IN (SELECT iss FROM issuer)" },
		{ &issuers->sweep_revoked, "DELETE FROM issuer_revoked WHERE iss NOT IN (SELECT iss FROM issuer)" },
		{ &issuers->by_kid, "SELECT i.iss, i.name, k.x, k.y FROM issuer_key k JOIN issuer i ON i.iss = k.iss"
				    " WHERE k.kid = ?1 LIMIT ?2" },
		{ &issuers->revoked, "SELECT before_s FROM issuer_revoked WHERE kid = ?1 AND rid = ?2 LIMIT ?3" },
	};
	int err = 0;

	*issuers = (struct issuers){ .db = db };
	for (size_t i = 0; err == 0 && i < sizeof(all) / sizeof(all[0]); i++)
		err = db_prepare(db, all[i].sql, all[i].stmt);
	if (err != 0)
		issuers_fini(issuers);
	return err;
}

void issuers_fini(struct issuers *issuers)
{
	sqlite3_stmt *all[] = { issuers->put,	 issuers->put_key,    issuers->put_revoked,
				issuers->remove, issuers->drop_keys,  issuers->drop_revoked,
				issuers->sweep,	 issuers->sweep_keys, issuers->sweep_revoked,
				issuers->by_kid, issuers->revoked };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		sqlite3_finalize(all[i]);
	*issuers = (struct issuers){ 0 };
}

/* ---- keeping ---- */

/* The text of a member that is clean, or "". */
static const char *text_of(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);
	const char *text = json_string_value(value);

	return text != NULL && text_is_clean(text, json_string_length(value)) ? text : "";
}

static int drop(struct issuers *issuers, const char *iss)
{
	int err = db_bind(issuers->drop_keys, "t", iss);

	if (err == 0)
		err = db_run(issuers->db, issuers->drop_keys);
	if (err == 0)
		err = db_bind(issuers->drop_revoked, "t", iss);
	return err != 0 ? err : db_run(issuers->db, issuers->drop_revoked);
}

static int put_keys(struct issuers *issuers, const char *iss, const json_t *keys)
{
	int err = 0;

	for (size_t i = 0; err == 0 && i < json_array_size(keys); i++) {
		struct shc_key key;
		const char *why;

		if (shc_key_of_jwk(json_array_get(keys, i), &key, &why) != 0)
			continue;
		err = db_bind(issuers->put_key, "ttbb", key.kid, iss, key.x, sizeof(key.x), key.y, sizeof(key.y));
		if (err == 0)
			err = db_run(issuers->db, issuers->put_key);
	}
	return err;
}

static int put_revoked(struct issuers *issuers, const char *iss, const char *kid, const json_t *rids)
{
	int err = 0;

	for (size_t i = 0; err == 0 && i < json_array_size(rids); i++) {
		const char *text = json_string_value(json_array_get(rids, i));
		struct shc_revoked revoked;

		if (text == NULL || shc_revoked_of(text, &revoked) != 0)
			continue;
		err = db_bind(issuers->put_revoked, "ttit", kid, revoked.rid, revoked.before_s, iss);
		if (err == 0)
			err = db_run(issuers->db, issuers->put_revoked);
	}
	return err;
}

int issuers_put(struct issuers *issuers, const json_t *change, int64_t generation)
{
	const char *iss = text_of(change, "iss");
	const json_t *crls = json_object_get(change, "crls");
	int err;

	if (*iss == '\0' || strlen(iss) > SHC_MAX_ISS)
		return LOBBY_ERR_INVALID;
	err = drop(issuers, iss);
	if (err == 0)
		err = db_bind(issuers->put, "tti", iss, text_of(change, "name"), generation);
	if (err == 0)
		err = db_run(issuers->db, issuers->put);
	if (err == 0)
		err = put_keys(issuers, iss, json_object_get(change, "keys"));
	for (size_t i = 0; err == 0 && i < json_array_size(crls); i++)
		err = put_revoked(issuers, iss, text_of(json_array_get(crls, i), "kid"),
				  json_object_get(json_array_get(crls, i), "rids"));
	return err;
}

int issuers_remove(struct issuers *issuers, const char *iss)
{
	int err = drop(issuers, iss);

	if (err == 0)
		err = db_bind(issuers->remove, "t", iss);
	return err != 0 ? err : db_run(issuers->db, issuers->remove);
}

int issuers_sweep(struct issuers *issuers, int64_t generation)
{
	int err = db_bind(issuers->sweep, "i", generation);

	if (err == 0)
		err = db_run(issuers->db, issuers->sweep);
	if (err == 0)
		err = db_run(issuers->db, issuers->sweep_keys);
	return err != 0 ? err : db_run(issuers->db, issuers->sweep_revoked);
}

/* ---- judging ---- */

struct candidates {
	struct shc_issuer issuer[MAX_CANDIDATES];
	char iss[MAX_CANDIDATES][SHC_MAX_ISS + 1], name[MAX_CANDIDATES][ISSUERS_MAX_NAME];
	size_t count;
	struct shc_revoked revoked[MAX_REVOKED];
	size_t revoked_count;
};

static int read_revoked(struct issuers *issuers, const struct shc_card *card, struct candidates *c)
{
	int err = db_bind(issuers->revoked, "tti", card->kid, card->rid, (int64_t)MAX_REVOKED);

	while (err == 0 && c->revoked_count < MAX_REVOKED && (err = db_step(issuers->db, issuers->revoked)) == 1) {
		struct shc_revoked *one = &c->revoked[c->revoked_count++];

		err = text_copy(one->rid, sizeof(one->rid), card->rid) ? 0 : LOBBY_ERR_CORRUPT;
		one->before_s = sqlite3_column_int64(issuers->revoked, 0);
	}
	sqlite3_reset(issuers->revoked);
	return err;
}

static int read_candidates(struct issuers *issuers, const struct shc_card *card, struct candidates *c)
{
	int err = *card->rid != '\0' ? read_revoked(issuers, card, c) : 0;

	if (err == 0)
		err = db_bind(issuers->by_kid, "ti", card->kid, (int64_t)MAX_CANDIDATES);
	while (err == 0 && c->count < MAX_CANDIDATES && (err = db_step(issuers->db, issuers->by_kid)) == 1) {
		struct shc_issuer *one = &c->issuer[c->count];

		err = 0;
		text_copy(c->iss[c->count], sizeof(c->iss[0]), db_text(issuers->by_kid, 0));
		text_copy(c->name[c->count], sizeof(c->name[0]), db_text(issuers->by_kid, 1));
		*one = (struct shc_issuer){ .iss = c->iss[c->count],
					    .revoked = c->revoked,
					    .revoked_count = c->revoked_count };
		text_copy(one->key.kid, sizeof(one->key.kid), card->kid);
		if (sqlite3_column_bytes(issuers->by_kid, 2) != 32 || sqlite3_column_bytes(issuers->by_kid, 3) != 32)
			continue;
		memcpy(one->key.x, sqlite3_column_blob(issuers->by_kid, 2), 32);
		memcpy(one->key.y, sqlite3_column_blob(issuers->by_kid, 3), 32);
		c->count++;
	}
	sqlite3_reset(issuers->by_kid);
	return err;
}

int issuers_judge(struct issuers *issuers, const struct shc_card *card, int64_t now_ms, enum shc_outcome *outcome,
		  char name[ISSUERS_MAX_NAME])
{
	struct candidates c = { .count = 0 };
	size_t which = MAX_CANDIDATES;
	int err = read_candidates(issuers, card, &c);

	if (err < 0)
		return err;
	*outcome = shc_judge(card, c.issuer, c.count, now_ms, &which);
	name[0] = '\0';
	if (which < c.count)
		text_copy(name, ISSUERS_MAX_NAME, c.name[which][0] != '\0' ? c.name[which] : c.iss[which]);
	return 0;
}

/* Judges a health card by the issuers in the clinic's store. A kid is the hash of its key, so the rows that mention it
 * are all that can vouch, and there is hardly ever more than one. */
#include "health_link.h"

#include "base/text.h"
#include "cards/jose.h"

#include <stdlib.h>
#include <string.h>

#define CANDIDATES_MAX 16
#define KID_LEN 43

/* Those who may vouch for one card, with all that shc_judge() borrows from. */
struct jury {
	size_t count;
	struct shc_issuer all[CANDIDATES_MAX];
	struct {
		char iss[SHC_MAX_ISS + 1], name[97];
		struct shc_revoked *revoked; /* owned */
	} own[CANDIDATES_MAX];
};

static void jury_fini(struct jury *jury)
{
	for (size_t i = 0; i < jury->count; i++)
		free(jury->own[i].revoked);
	free(jury);
}

/* What this issuer took back of this key. */
static int read_revoked(const json_t *crls, const char *kid, struct shc_revoked **out, size_t *count)
{
	const json_t *rids = NULL;
	struct shc_revoked *list;

	for (size_t i = 0; i < json_array_size(crls) && rids == NULL; i++)
		if (strcmp(jose_text(json_array_get(crls, i), "kid"), kid) == 0)
			rids = json_object_get(json_array_get(crls, i), "rids");
	list = calloc(json_array_size(rids) + 1, sizeof(*list));
	if (list == NULL)
		return LOBBY_ERR_NO_MEMORY;
	*count = 0;
	for (size_t i = 0; i < json_array_size(rids); i++) {
		const char *rid = json_string_value(json_array_get(rids, i));

		if (rid != NULL && shc_revoked_of(rid, &list[*count]) == 0)
			++*count;
	}
	*out = list;
	return 0;
}

/* Adds the row's issuer with its key of this kid, if it has it. */
static int add_candidate(struct jury *jury, sqlite3_stmt *row, const char *kid)
{
	json_t *content = json_loads(db_text(row, 2), 0, NULL);
	const json_t *keys = json_object_get(content, "keys");
	struct shc_issuer *issuer = &jury->all[jury->count];
	const char *why;
	int err = 0;

	for (size_t i = 0; i < json_array_size(keys); i++) {
		struct shc_key key;

		if (shc_key_of_jwk(json_array_get(keys, i), &key, &why) != 0 || strcmp(key.kid, kid) != 0)
			continue;
		*issuer = (struct shc_issuer){ .iss = jury->own[jury->count].iss, .key = key };
		text_copy(jury->own[jury->count].iss, sizeof(jury->own[0].iss), db_text(row, 0));
		text_copy(jury->own[jury->count].name, sizeof(jury->own[0].name), db_text(row, 1));
		err = read_revoked(json_object_get(content, "crls"), kid, &jury->own[jury->count].revoked,
				   &issuer->revoked_count);
		issuer->revoked = jury->own[jury->count].revoked;
		jury->count += err == 0;
		break;
	}
	json_decref(content);
	return err;
}

static int gather(struct ledger *store, const char *kid, struct jury *jury)
{
	sqlite3_stmt *rows;
	int step = 0, err = ledger_query(store, &rows,
					 "SELECT iss, name, content FROM issuer WHERE instr(content, ?1) > 0 LIMIT ?2",
					 "ti", kid, (int64_t)CANDIDATES_MAX);

	if (err != 0)
		return err;
	while (err == 0 && jury->count < CANDIDATES_MAX && (step = ledger_step(store, rows)) == 1)
		err = add_candidate(jury, rows, kid);
	if (step == 1)
		sqlite3_reset(rows);
	return err != 0 ? err : step < 0 ? step : 0;
}

int clinic_judge(void *arg, const struct shc_card *card, int64_t now_ms, enum shc_outcome *outcome, char *issuer,
		 size_t size)
{
	struct clinic *clinic = arg;
	struct ledger *store = ledger_pool_take(&clinic->pool);
	struct jury *jury = calloc(1, sizeof(*jury));
	size_t which = 0;
	int err = store != NULL && jury != NULL ? 0 : LOBBY_ERR_NO_MEMORY;

	/* Any other kid is no key's: nobody has it. */
	if (err == 0 && strlen(card->kid) == KID_LEN)
		err = gather(store, card->kid, jury);
	if (err == 0) {
		*outcome = shc_judge(card, jury->all, jury->count, now_ms, &which);
		issuer[0] = '\0';
		if (*outcome == SHC_VALID || *outcome == SHC_EXPIRED || *outcome == SHC_REVOKED)
			text_copy(issuer, size, jury->own[which].name);
	}
	if (store != NULL)
		ledger_pool_give(&clinic->pool, store);
	if (jury != NULL)
		jury_fini(jury);
	return err;
}

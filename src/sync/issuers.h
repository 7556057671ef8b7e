/* The issuers of health cards that the clinic trusts, as its feed tells them (src/clinic/api.md, "issuer"): their keys
 * and what they took back, so that a card can be judged with the network away.
 *
 * Whole sets come and go as the roster's do: each put carries the generation, and the last answer of a reset sweeps
 * what kept an older one. Calls that write belong into the caller's transaction. */
#ifndef LOBBY_SYNC_ISSUERS_H
#define LOBBY_SYNC_ISSUERS_H

#include "cards/shc_read.h"
#include "store/db.h"

#include <jansson.h>

#define ISSUERS_MAX_NAME 97 /* as lobby_HealthRead.issuer */

struct issuers {
	struct db *db;
	sqlite3_stmt *put, *put_key, *put_revoked, *remove, *drop_keys, *drop_revoked, *sweep, *sweep_keys,
		*sweep_revoked, *by_kid, *revoked;
};

/** Prepares the statements; db is borrowed. */
int issuers_init(struct issuers *issuers, struct db *db) MUST_CHECK;
void issuers_fini(struct issuers *issuers);

/** Adds or replaces one, from the feed's change. Keys that are none are left out. LOBBY_ERR_INVALID without an iss. */
int issuers_put(struct issuers *issuers, const json_t *change, int64_t generation) MUST_CHECK;
int issuers_remove(struct issuers *issuers, const char *iss) MUST_CHECK;
int issuers_sweep(struct issuers *issuers, int64_t generation) MUST_CHECK;

/** What this card is, by the keys that are here. name gets the issuer's, "" if nobody vouches. */
int issuers_judge(struct issuers *issuers, const struct shc_card *card, int64_t now_ms, enum shc_outcome *outcome,
		  char name[ISSUERS_MAX_NAME]) MUST_CHECK;

#endif

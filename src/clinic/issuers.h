/* The issuers of health cards that the clinic trusts: read from files, kept in the store, told to the kiosks.
 *
 * A file is a snapshot of the VCI directory ({"issuerInfo":[{"issuer":{"iss","name"},"keys","crls"}]}), a list of our
 * own
 * ({"issuers":[{"iss","name","keys","crls"}]}), or one issuer's JWK set with its address ({"iss","name","keys"}). Keys
 * are JWKs (cards/shc_read.h), crls are the SMART Health Cards Framework's revocation lists. */
#ifndef LOBBY_CLINIC_ISSUERS_H
#define LOBBY_CLINIC_ISSUERS_H

#include "clinic.h"

#include <stdio.h>

#define ISSUERS_FILE_MAX (64U << 20)
#define ISSUERS_MAX 10000
#define ISSUERS_MAX_KEYS 64	 /* of one issuer */
#define ISSUERS_MAX_REVOKED 8000 /* of one issuer */

/** Makes these files the whole of what is trusted: who is in none of them is trusted no more. What is refused (a key
 * that is none, an issuer without one ...) is told on out in plain words, and the rest is taken; a file that cannot be
 * read leaves all as it was. LOBBY_ERR_REFUSED (it was told why), or the store's error. */
int issuers_import(struct ledger *store, const char *const *paths, int count, FILE *out) MUST_CHECK;
/** A line an issuer. */
int issuers_print(struct ledger *store, FILE *out) MUST_CHECK;

/** The feed's change for one issuer, as deleted when there is none; a new reference, NULL when out of memory. *bytes is
 * about its length. */
json_t *issuers_change(struct ledger *store, const char *iss, size_t *bytes);
/** Appends the issuers after this number, in order, until `limit` or bytes_max; moves *number. *more: there may be
 * others. */
int issuers_page(struct ledger *store, json_t *changes, long long *number, int limit, size_t bytes_max,
		 bool *more) MUST_CHECK;

#endif

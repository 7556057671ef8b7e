/* A SMART Health Card's JWS: taken apart, judged by the keys of its issuer, and what it says.
 *
 * SMART Health Cards Framework 1.4 ("Health Cards are encoded as Compact Serialization JSON Web Signatures",
 * "Revocation", "Expiration"); RFC 7515 (JWS), RFC 7518 section 3.4 (ES256), RFC 7638 (the key's thumbprint is its
 * kid), RFC 1951 (the payload is raw DEFLATE). FHIR R4 Bundle; CARIN Digital Insurance Card (C4DIC) for Coverage. Pure:
 * the time and the keys are parameters, nothing is fetched. It allocates (zlib, jansson, GnuTLS), bounded by
 * SHC_MAX_FILE. */
#ifndef LOBBY_CARDS_SHC_READ_H
#define LOBBY_CARDS_SHC_READ_H

#include "card.h"
#include "shc.h"

#include <jansson.h>

#define SHC_MAX_JSON (256 * 1024)  /* of the payload, inflated, of a card that codes can hold (SHC_MAX_JWS) */
#define SHC_MAX_FILE (1024 * 1024) /* of a longer card, as links lead to, and of its payload */
#define SHC_MAX_ISS 256
#define SHC_NOT_YET_MS (5 * 60 * 1000LL) /* how much the issuer's clock may be ahead of ours */

enum shc_outcome {
	SHC_VALID,
	SHC_EXPIRED,	    /* genuine, but its exp is past */
	SHC_REVOKED,	    /* genuine, but on its issuer's revocation list */
	SHC_UNKNOWN_ISSUER, /* well-formed, by a key that is not among those given, or not its issuer's */
	SHC_TAMPERED,	    /* it names a key that we have, and the signature does not fit */
	SHC_MALFORMED,	    /* no health card, or its nbf is in the future */
};

/** A public key, P-256. */
struct shc_key {
	char kid[44]; /* RFC 7638, in base64url */
	uint8_t x[32], y[32];
};

/** A card's entry on a revocation list: "rid", or "rid.timestamp" (then only cards of up to that second). */
struct shc_revoked {
	char rid[25];
	int64_t before_s; /* 0: all */
};

/** One issuer and one of its keys, with what was revoked of that key. All borrowed. */
struct shc_issuer {
	const char *iss;
	struct shc_key key;
	const struct shc_revoked *revoked;
	size_t revoked_count;
};

/** A card that was taken apart: nothing in it is proven before shc_judge(). */
struct shc_card {
	char kid[44];
	const char *jws; /* borrowed: the signed part is its first signed_len bytes */
	size_t signed_len;
	uint8_t signature[64];
	int err;	     /* 0, or why the payload could not be read: then json is NULL */
	json_t *json;	     /* the payload, owned */
	const char *iss;     /* of json; "" if json is NULL */
	const char *rid;     /* "" if it has none */
	double nbf_s, exp_s; /* exp_s 0: it does not expire */
};

/** Reads a JWK: EC, P-256, x and y of 32 bytes, and a kid that is its thumbprint. alg and use, where present, must be
 * ES256 and sig; a private key is refused. LOBBY_ERR_INVALID, and *why (static text) says what is wrong. */
int shc_key_of_jwk(const json_t *jwk, struct shc_key *key, const char **why) MUST_CHECK;
/** Reads an entry of a revocation list. LOBBY_ERR_INVALID. */
int shc_revoked_of(const char *text, struct shc_revoked *revoked) MUST_CHECK;

/** Takes a JWS apart; pair with shc_close(). LOBBY_ERR_CARD_MALFORMED: not three parts of base64url, or a header that
 * is not {"alg":"ES256","zip":"DEF","kid":...}. A payload that cannot be read is told by card->err, since whether that
 * is damage or forgery only the signature tells. LOBBY_ERR_NO_MEMORY. */
int shc_open(const char *jws, size_t len, struct shc_card *card) MUST_CHECK;
void shc_close(struct shc_card *card);
/** What this card is. issuers: those that are trusted, or of them those with this kid; any others do no harm. *which
 * (may be NULL) gets the index of the one that vouches, unless the outcome is UNKNOWN_ISSUER, TAMPERED or MALFORMED. */
enum shc_outcome shc_judge(const struct shc_card *card, const struct shc_issuer *issuers, size_t count, int64_t now_ms,
			   size_t *which);

/** What a Bundle says; "" is absent. */
struct shc_facts {
	char family[64], given[64], birth_date[11]; /* of the person that it is about */
	unsigned immunizations;
	unsigned other; /* besides Patient, Coverage and Organization */
	bool insured;	/* insurance is filled and has a member_id */
	struct card_insurance insurance;
};

/** The Bundle of a card; NULL if it has none. Borrows. */
const json_t *shc_bundle(const struct shc_card *card);
/** Reads a Bundle, of a card or of what a link leads to. Total on any JSON. The person is the beneficiary of the
 * Coverage, else the first Patient. */
void shc_facts_of(const json_t *bundle, struct shc_facts *facts);
/** What to call it in a list: "Insurance card, 2 immunizations", "Health record". */
void shc_facts_title(const struct shc_facts *facts, char *out, size_t size);

#endif

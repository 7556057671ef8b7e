/* A SMART Health Link resolved: asked for, decrypted, judged, and what it says.
 *
 * SMART Health Cards and Links (HL7, STU1): "SMART Health Link Manifest Request", "Direct File Request". No passcode is
 * ever sent. Bounds: HEALTH_LINK_MS in all, SHLINK_MAX_FILES files, HEALTH_FILE_MAX each, HEALTH_TOTAL_MAX together.
 * Blocking; for a thread that may wait (links.h). Any thread. */
#ifndef LOBBY_CLINIC_HEALTH_LINK_H
#define LOBBY_CLINIC_HEALTH_LINK_H

#include "clinic.h"

#include "cards/shlink_file.h"

#define HEALTH_LINK_MS 9000 /* of the ten seconds that the kiosk waits */
#define HEALTH_FILE_MAX (1 << 20)
#define HEALTH_TOTAL_MAX (3 << 20)

enum health_outcome {
	HEALTH_REFUSED,	 /* not a link that is followed, or what is behind it makes no sense */
	HEALTH_PASSCODE, /* it asks for one */
	HEALTH_GONE,	 /* expired, withdrawn, or nothing is there */
	HEALTH_UNKNOWN_ISSUER,
	HEALTH_EXPIRED,
	HEALTH_REVOKED,
	HEALTH_VALID,
	HEALTH_TAMPERED,
	HEALTH_LATER, /* it could not be reached, or is too slow: it may be tried again */
};

struct health_file {
	enum shlink_type type;
	char title[97], issuer[97];
	char *content; /* owned: the file, decrypted */
	size_t len;
};

struct health_found {
	enum health_outcome outcome;
	char issuer[97];	/* who vouches, by name; "" nobody */
	char expired[11];	/* EXPIRED: since when, the local day */
	struct shc_facts facts; /* VALID: what all files say together */
	int count;		/* VALID: the files that are valid */
	struct health_file files[SHLINK_MAX_FILES];
};

/** Resolves the link. hosts is the setting health_link_hosts, recipient the clinic's name; stop as in outside.h. Pair
 * with health_found_fini(). */
void health_link_resolve(struct clinic *clinic, const char *link, const bool *stop, struct health_found *found);
/** Overwrites and frees. */
void health_found_fini(struct health_found *found);
/** "unknown-issuer" and so on: in api.md, the audit, a document's state. Static. */
const char *health_outcome_word(enum health_outcome outcome);

/** issuers_judge.c: a shlink_judge_fn whose arg is the clinic: what this card is, by the issuers in the store. */
int clinic_judge(void *arg, const struct shc_card *card, int64_t now_ms, enum shc_outcome *outcome, char *issuer,
		 size_t size) MUST_CHECK;

#endif

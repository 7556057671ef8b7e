/* What is in a file behind a SMART Health Link: health cards, judged; or FHIR, which nobody vouches for.
 *
 * SMART Health Links, "what to share": application/smart-health-card is {"verifiableCredential":[JWS...]},
 * application/fhir+json any FHIR R4 resource, mostly a Bundle; CARIN Digital Insurance Card (C4DIC) for Coverage. Pure:
 * who knows the issuers is asked by a function. */
#ifndef LOBBY_CARDS_SHLINK_FILE_H
#define LOBBY_CARDS_SHLINK_FILE_H

#include "shc_read.h"
#include "shlink.h"

#define SHLINK_MAX_CARDS 8 /* in one file */

/** Judges a card; issuer gets the name of who vouches, "" if nobody does. An error (the store's) ends the reading. */
typedef int shlink_judge_fn(void *arg, const struct shc_card *card, int64_t now_ms, enum shc_outcome *outcome,
			    char *issuer, size_t size);

struct shlink_content {
	enum shlink_type type;	  /* SHLINK_CARD or SHLINK_FHIR */
	enum shc_outcome outcome; /* of FHIR always SHC_VALID. Of several cards: TAMPERED if one is, else the best */
	char issuer[97];	  /* of the first that is valid; "" if nobody vouches */
	double exp_s;		  /* EXPIRED: since when */
	struct shc_facts facts;	  /* of what is valid */
	char title[97];		  /* "Insurance card, 2 immunizations" */
};

/** Reads a decrypted file. SHLINK_UNTOLD: what it is is seen from its contents. LOBBY_ERR_CARD_MALFORMED: it is not
 * what it says, or none of these; or judge's error. */
int shlink_file_read(enum shlink_type type, const char *text, size_t len, shlink_judge_fn *judge, void *arg,
		     int64_t now_ms, struct shlink_content *content) MUST_CHECK;
/** Adds what another file or card says. The person is whom the insurance is for, else the first that is named. */
void shlink_facts_add(struct shc_facts *facts, const struct shc_facts *more);

#endif

/* A SMART Health Link taken apart, and the manifest that its address answers with.
 *
 * SMART Health Cards and Links (HL7, STU1), "Construct a SMART Health Link Payload" and "SMART Health Link Manifest
 * File". shc.h finds the link in a scan. Pure: nothing is fetched, and no clock is read. */
#ifndef LOBBY_CARDS_SHLINK_H
#define LOBBY_CARDS_SHLINK_H

#include "jwe.h"

#include <jansson.h>
#include <stdbool.h>

#define SHLINK_MAX_URL 512	 /* of the link; the specification has 128 */
#define SHLINK_MAX_LOCATION 4096 /* of a file: clouds sign theirs at length */
#define SHLINK_MAX_FILES 5

struct shlink {
	char url[SHLINK_MAX_URL + 1]; /* not looked at but for control characters */
	uint8_t key[JWE_KEY];
	double exp_s;  /* 0: it does not say */
	bool passcode; /* flag P */
	bool direct;   /* flag U: url is the file, and there is no manifest */
};

/** Reads "shlink:/..." LOBBY_ERR_CARD_MALFORMED; LOBBY_ERR_VERSION: a later version's; LOBBY_ERR_TOO_LONG: longer than
 * SHC_MAX_LINK or its url than SHLINK_MAX_URL. */
int shlink_parse(const char *link, size_t len, struct shlink *shlink) MUST_CHECK;

enum shlink_type {
	SHLINK_UNTOLD, /* it does not say */
	SHLINK_CARD,   /* application/smart-health-card */
	SHLINK_FHIR,   /* application/fhir+json */
	SHLINK_OTHER,  /* application/smart-api-access and whatever else: not followed */
};

/** The media type's parameters and case do not matter. */
enum shlink_type shlink_type_of(const char *media_type);

struct shlink_file {
	enum shlink_type type;
	const char *location; /* exactly one of these; borrowed from the manifest's JSON */
	const char *embedded;
	size_t embedded_len;
};

struct shlink_manifest {
	json_t *json; /* owned */
	int count;    /* files that can be opened */
	struct shlink_file files[SHLINK_MAX_FILES];
	int withdrawn; /* that its sharer took back: "no-longer-valid", "retracted", "entered-in-error" */
};

/** Reads a manifest; pair with shlink_manifest_close(). LOBBY_ERR_CARD_MALFORMED; LOBBY_ERR_TOO_LONG: more than
 * SHLINK_MAX_FILES. */
int shlink_manifest_open(const char *text, size_t len, struct shlink_manifest *manifest) MUST_CHECK;
void shlink_manifest_close(struct shlink_manifest *manifest);

#endif

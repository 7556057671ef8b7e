/* Importing FHIR resources: all of a file in one transaction, or nothing.
 *
 * A refusal (or a reference to a patient whom neither the file nor the clinic knows) is written to `out` with its
 * place, the resource's id and the reason; then nothing is imported. Every version of every resource stays in the
 * history; what has not changed since its last version is counted and left alone. Importing again updates. */
#ifndef LOBBY_CLINIC_IMPORT_H
#define LOBBY_CLINIC_IMPORT_H

#include "clinic.h"
#include "fhir.h"

#include <stdio.h>

#define IMPORT_FILE_MAX (512U << 20) /* of a Bundle; NDJSON is read line by line and has no bound */
#define IMPORT_REFUSALS_SHOWN 50

struct import {
	struct ledger *store;
	FILE *out;	    /* for people */
	const char *source; /* in the history: the file's name */
	struct fhir_reader reader;
	int64_t now_ms;
	int64_t fresh[FHIR_TYPES], changed[FHIR_TYPES], same[FHIR_TYPES];
	json_t *others;		  /* type -> how many */
	int64_t refused, untimed; /* untimed: appointments left out */
	int err;		  /* of the store: nothing more is done */
};

/** Begins; the store must not be in a transaction. Pair with import_end(). */
int import_begin(struct import *import, struct ledger *store, FILE *out, const char *source) MUST_CHECK;
/** One resource. text is its JSON as it came (for the history); where is its place ("line 17"). */
void import_resource(struct import *import, const json_t *json, const char *full_url, const char *text, size_t len,
		     const char *where);
/** A whole Bundle. */
void import_bundle(struct import *import, const json_t *bundle);
/** Says that something at this place is no resource at all. */
void import_refuse(struct import *import, const char *where, const struct fhir_resource *resource, const char *why);
/** Checks what refers to what, commits or undoes all, and says what was done. LOBBY_ERR_REFUSED, or why the store
 * failed. */
int import_end(struct import *import) MUST_CHECK;

/** A file: a Bundle, one resource, or NDJSON. As import_end(); LOBBY_ERR_NOT_FOUND, LOBBY_ERR_IO, LOBBY_ERR_TOO_LONG.
 */
int import_file(struct ledger *store, const char *path, FILE *out) MUST_CHECK;

/** import_store.c: writes one resource that was read; inside the transaction. *what: 0 as it was, 1 new, 2 changed. */
int import_store(struct import *import, const struct fhir_resource *resource, const char *text, size_t len,
		 const char *where, int *what) MUST_CHECK;

#endif

/* What kiosks report: sealed Bundles become rows of the store, each exactly once.
 *
 * Opening, parsing and checking (visit_row_open) need no store and run on the HTTP threads; applying (visits_apply)
 * runs on the writer, many a transaction. Every Bundle is kept as it came; what cannot be opened or accepted is kept
 * aside. */
#ifndef LOBBY_CLINIC_VISITS_H
#define LOBBY_CLINIC_VISITS_H

#include "clinic.h"

#include "checkin/visit.h"

#define VISITS_ROWS_MAX 64

enum visit_verdict { VISIT_STORED, VISIT_DUPLICATE, VISIT_NEVER };

struct visit_row {
	int64_t seq;
	char key[37];
	enum visit_verdict verdict;
	const char *why; /* static text, of VISIT_NEVER and of what is kept aside; "" */
	enum visit_bundle_kind kind;
	union {
		struct visit visit;
		struct visit_slip slip;
	};
	unsigned char hash[16]; /* of content, or of sealed when it cannot be opened */
	unsigned char *sealed;	/* owned */
	size_t sealed_len;
	char *content; /* the Bundle's JSON, owned; NULL when it cannot be opened */
	size_t content_len;
	json_t *bundle; /* what visit.document borrows from, owned; NULL when it has none */
};

/** Opens row->sealed and reads the Bundle. On what can never be accepted: verdict VISIT_NEVER and why. */
void visit_row_open(struct visit_row *row, const unsigned char *seal_public, const unsigned char *seal_secret);
/** Reads row->content (already set). For visit_row_open(), tests and benches. */
void visit_row_read(struct visit_row *row);
void visit_row_fini(struct visit_row *row);

/** Writes one row and what follows from it, inside a transaction. May turn the verdict into VISIT_DUPLICATE. */
int visits_apply(struct ledger *store, int64_t kiosk, struct visit_row *row, int64_t now_ms) MUST_CHECK;

#endif

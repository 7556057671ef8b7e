/* The outbox: every finished visit, sealed to the clinic's key, until the clinic says that it has it.
 *
 * A visit is committed in one transaction: its row, its ticket, its number, the roster's "arrived" and the answer that
 * was given. When outbox_commit_visit() returned 0 all of that is on disk (fsync), and asking again with the same id
 * answers the same. Rows leave only by outbox_settle() on `stored` or `duplicate`; `never` sets them aside. */
#ifndef LOBBY_SYNC_OUTBOX_H
#define LOBBY_SYNC_OUTBOX_H

#include "checkin/visit.h"
#include "identity.h"
#include "roster.h"
#include "store.h"
#include "wire.pb.h"

#include <jansson.h>

#define OUTBOX_BATCH_ROWS 64
#define OUTBOX_BATCH_BYTES (900 * 1024) /* of base64; the clinic takes bodies up to 1 MiB */

enum outbox_kind { OUTBOX_VISIT = 1, OUTBOX_SLIP = 2 };
enum outbox_state { OUTBOX_WAITING = 0, OUTBOX_SET_ASIDE = 1 };

struct outbox {
	struct store *store;
	struct roster *roster;
	sqlite3_stmt *known, *remember, *insert, *slip, *count, *batch, *tried, *gone, *aside, *forget;
};

struct outbox_counts {
	uint32_t waiting;   /* rows of any kind still to be sent */
	uint32_t visits;    /* of them, visits */
	uint32_t set_aside; /* visits that the clinic refused for good */
};

/** Borrows both. */
int outbox_init(struct outbox *outbox, struct store *store, struct roster *roster) MUST_CHECK;
void outbox_fini(struct outbox *outbox);

/** Commits and fills answer (id, ticket, seq, err); the return value is answer->err. document (may be NULL) is what the
 * patient shares: it is sealed with the visit. LOBBY_ERR_NOT_ENROLLED,
 * LOBBY_ERR_INVALID, LOBBY_ERR_DISK_FULL, LOBBY_ERR_IO, LOBBY_ERR_CORRUPT: nothing was changed. */
int outbox_commit_visit(struct outbox *outbox, const struct identity *identity, const lobby_Visit *visit,
			const struct visit_document *document, int64_t now_ms, lobby_VisitCommitted *answer) MUST_CHECK;
/** What became of a visit's slip. *added: a row was made (a repeated message or one on its way makes none). */
int outbox_commit_slip(struct outbox *outbox, const struct identity *identity, const lobby_Slip *slip, int64_t now_ms,
		       bool *added) MUST_CHECK;

int outbox_count(struct outbox *outbox, struct outbox_counts *counts) MUST_CHECK;
/** The body of POST visits: up to max_rows in order of seq from after_seq on. *rows is their count (0: *body is NULL),
 * *last_seq the last one's. The caller frees body with free(). */
int outbox_batch(struct outbox *outbox, int64_t after_seq, int max_rows, char **body, int *rows,
		 int64_t *last_seq) MUST_CHECK;
/** Applies the clinic's answer in one transaction. *settled rows left or were set aside. LOBBY_ERR_PROTOCOL when it is
 * not such an answer. */
int outbox_settle(struct outbox *outbox, const json_t *answer, int *settled) MUST_CHECK;
/** Counts a failed attempt for the waiting rows with first < seq <= last. */
int outbox_tried(struct outbox *outbox, int64_t first, int64_t last) MUST_CHECK;
/** Forgets the answers given before this time, but never the newest thousand nor that of a visit which is still here:
 * the time may be wrong. */
int outbox_forget(struct outbox *outbox, int64_t before_ms) MUST_CHECK;

#endif

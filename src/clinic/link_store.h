/* What health links led to, in the store.
 *
 * A link that a kiosk has had resolved waits for its visit: the patient has not agreed yet. Until then its files are
 * sealed with a key made of the link itself, which the clinic does not keep, so that nobody here can read them before
 * the visit brings the link again; after LINK_KEPT_MS they are gone. A link that could not be resolved at the kiosk
 * comes with its visit and stands in a queue, tried at growing distances (links.h). */
#ifndef LOBBY_CLINIC_LINK_STORE_H
#define LOBBY_CLINIC_LINK_STORE_H

#include "documents.h"
#include "health_link.h"

#define LINK_KEPT_MS (24LL * 3600 * 1000)
#define LINK_TRIES 20

/* Files sealed, ready to be written. */
struct link_sealed {
	unsigned char link[16]; /* a hash of it */
	int count;
	struct {
		unsigned char *data; /* owned */
		size_t len;
	} files[SHLINK_MAX_FILES];
};

/** Seals what was found; needs no store. LOBBY_ERR_NO_MEMORY. */
int link_store_seal(const char *link, const struct health_found *found, struct link_sealed *sealed) MUST_CHECK;
void link_sealed_fini(struct link_sealed *sealed);
/** Keeps them until the visit comes, instead of what was kept of this link. Inside a transaction. */
int link_store_keep(struct ledger *store, const struct link_sealed *sealed, int64_t now_ms) MUST_CHECK;

/** A visit brought this document, a link, which is in the store as held: takes what is kept of it, or queues it. Inside
 * a transaction. */
int link_store_take(struct ledger *store, const struct document *document) MUST_CHECK;

/** Writes what a queued link led to: documents, insurance, what the desk is told; or when to try again. Inside a
 * transaction. */
int link_store_found(struct ledger *store, const char *document_id, const struct health_found *found,
		     int64_t now_ms) MUST_CHECK;
/** How long after so many tries. */
int64_t link_store_wait_ms(int tries);

/** Forgets what no visit came for. */
int link_store_prune(struct ledger *store, int64_t now_ms) MUST_CHECK;

#endif

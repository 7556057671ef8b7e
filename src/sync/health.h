/* A health card or link that a patient holds up: read, judged, told to the kiosk, and kept in memory until its visit.
 *
 * At most one is kept, and only if a visit may attach it: a card that is valid, or a link that the clinic is to
 * resolve. It goes with the visit that names its request, the next card, `forget`, the kiosk's connection, or any
 * visit's end; nothing of it touches the disk but sealed within its visit. */
#ifndef LOBBY_SYNC_HEALTH_H
#define LOBBY_SYNC_HEALTH_H

#include "checkin/visit.h"
#include "issuers.h"
#include "wire.pb.h"

struct health {
	struct issuers *issuers;
	uint32_t request; /* 0: nothing is kept */
	struct visit_document document;
	char *text; /* what document borrows from; owned, overwritten before it is freed */
};

/** Borrows issuers. */
void health_init(struct health *health, struct issuers *issuers);
/** Reads what the kiosk sent, forgets what was kept before, and fills the answer. Returns the store's error (then the
 * outcome is UNKNOWN_ISSUER: nobody could vouch); 0 otherwise. */
int health_read(struct health *health, const lobby_ReadHealth *ask, int64_t now_ms,
		lobby_HealthRead *answer) MUST_CHECK;
/** What a visit with this health_request attaches; NULL when it is 0 or another's. Lives until the next call. */
const struct visit_document *health_document(const struct health *health, uint32_t request);
/** Overwrites what is kept. */
void health_forget(struct health *health);

/** The seam for links: `link` ("shlink:/...", terminated) was kept under answer->request, and is attached to the visit
 * for the clinic to resolve. Fills the rest of the answer, which is what is known of the link by now. Whoever resolves
 * links through the clinic (POST /kiosk/v1/health-link) begins to do so here and sends the HealthRead when the clinic
 * has answered, or HEALTH_LINK_LATER when it cannot be reached: the kiosk waits for the answer of its request, not for
 * this call. */
void health_take_link(struct health *health, const char *link, lobby_HealthRead *answer);

#endif

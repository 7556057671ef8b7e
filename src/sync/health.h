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
/** Reads what the kiosk sent, forgets what was kept before, and fills the answer; of a link that is LINK_LATER, unless
 * the clinic can be asked first (link.c). Returns the store's error (then the outcome is UNKNOWN_ISSUER: nobody could
 * vouch); 0 otherwise. */
int health_read(struct health *health, const lobby_ReadHealth *ask, int64_t now_ms,
		lobby_HealthRead *answer) MUST_CHECK;
/** What a visit with this health_request attaches; NULL when it is 0 or another's. Lives until the next call. */
const struct visit_document *health_document(const struct health *health, uint32_t request);
/** Overwrites what is kept. */
void health_forget(struct health *health);

/** The link ("shlink:/...", terminated, borrowed) that is kept for this request; NULL if it is none. */
const char *health_link_of(const struct health *health, uint32_t request);
/** What the clinic found behind the link that is kept (POST /kiosk/v1/health-link); NULL: it could not be asked. Fills
 * the answer to the kiosk, and forgets the link unless it goes with the visit: it is valid, or to be resolved later. */
void health_take_answer(struct health *health, const json_t *told, lobby_HealthRead *answer);

#endif

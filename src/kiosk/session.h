/* One patient's session: what is known and answered so far. In memory only, and wiped whole. */
#ifndef LOBBY_KIOSK_SESSION_H
#define LOBBY_KIOSK_SESSION_H

#include "wire.pb.h"

#include <stdbool.h>
#include <stdint.h>

struct session {
	bool active;	      /* somebody touched or scanned */
	lobby_Identify query; /* what the person told us */
	lobby_IdentifiedBy by;
	bool identified;
	lobby_Identified found;
	bool chosen[8];		     /* which of found.appointment to check in */
	lobby_HandoverReason reason; /* why the desk; also what the notice screen says */
	lobby_Visit visit;	     /* contact and insurance answers; the rest is filled by session_visit() */
	bool has_card;		     /* an insurance card was read: */
	lobby_InsuranceCard card;
	lobby_HealthRead health; /* of a SMART Health Card or Link; request 0: none was read */
	lobby_VisitCommitted committed;
	bool handed_over;
	int64_t started_ms;
	uint32_t touches;
};

/** Overwrites everything. */
void session_wipe(struct session *session);
/** Marks the start at the first touch or scan. */
void session_touch(struct session *session);
/** Forgets who it is, keeps that somebody is there. */
void session_forget_person(struct session *session);
/** "This is not me": forgets the match and its answers, keeps what the person told us, for the desk. */
void session_forget_match(struct session *session);
/** The answer of lobby-sync: takes it over and chooses all appointments that are ready. A health record that was read
 * before and turns out to be somebody else's is forgotten. */
void session_take_found(struct session *session, const lobby_Identified *found);
int session_ready_count(const struct session *session);
/** The first chosen appointment, or the first of all, or NULL. */
const lobby_Appointment *session_first(const struct session *session);
/** Why the first appointment cannot be checked in, as a reason; HANDOVER_NONE if it can. */
lobby_HandoverReason session_obstacle(const struct session *session);
/** An insurance card was read, and it is not the one that the clinic has (as far as the last four digits tell). */
bool session_has_new_card(const struct session *session);
void session_forget_card(struct session *session);
/** Both are known, and this is not the birthday of who is here. */
bool session_is_other_birthday(const struct session *session, const char *birth_date);
/** A record was read that the patient may share, and has not been asked about. */
bool session_has_record(const struct session *session);
/** Completes session->visit for sending. */
void session_fill_visit(struct session *session, lobby_VisitKind kind, const char *step, const char *language);

#endif

/* Health links on the clinic's behalf: a few threads that may wait for strangers' servers, for kiosks that ask and for
 * links that came with a visit.
 *
 * POST /kiosk/v1/health-link (api.md) hands its link to a thread and is answered after the audit is on disk; no other
 * request waits for it. What is due in the store's queue is tried one after the other, so that it never takes more than
 * one thread. */
#ifndef LOBBY_CLINIC_LINKS_H
#define LOBBY_CLINIC_LINKS_H

#include "clinic.h"

#define LINKS_THREADS 4
#define LINKS_WAITING 16  /* more are told to come later */
#define LINKS_A_MINUTE 10 /* that one kiosk may ask */

struct links;
struct request;

int links_new(struct links **links, struct clinic *clinic) MUST_CHECK;
/** Breaks off what is under way (it counts as not reached) and ends the threads; from then on everything is refused. */
void links_stop(struct links *links);
/** After the writer, which may still have jobs from here. */
void links_free(struct links *links);
/** Looks for what is due. From the hub's tick. */
void links_tick(struct links *links, struct ledger *store);

int kiosk_health_link(struct request *r);

#endif

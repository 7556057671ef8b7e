/* The desk's reading calls, and its event stream (api.md, "The desk"). */
#ifndef LOBBY_CLINIC_DESK_H
#define LOBBY_CLINIC_DESK_H

#include "http.h"

int desk_state(struct request *r);
int desk_schedule(struct request *r);
int desk_search(struct request *r);
int desk_patient(struct request *r);
int desk_set_aside(struct request *r);
int desk_audit(struct request *r);
int desk_kiosk_code(struct request *r);
int desk_kiosk_remove(struct request *r);
/** {"count": N}: how many Bundles are kept aside, a new reference. */
json_t *desk_set_aside_count(struct ledger *store);
/** events.c */
int desk_events(struct request *r);
/** The hub's renderer: a desk change as the text of one event. */
char *events_render(struct ledger *store, int64_t id, const char *kind, const char *ref);

#endif

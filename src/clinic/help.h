/* Help wanted: asked for at a kiosk, answered at the desk ("On my way"), told back to that kiosk. */
#ifndef LOBBY_CLINIC_HELP_H
#define LOBBY_CLINIC_HELP_H

#include "clinic.h"

/** The desk's row, a new reference; NULL if there is none. */
json_t *help_row(struct ledger *store, const char *id);
/** All that is still wanted, oldest first. */
json_t *help_open(struct ledger *store);

struct request;
int desk_help_on_my_way(struct request *r);
int desk_help_done(struct request *r);

#endif

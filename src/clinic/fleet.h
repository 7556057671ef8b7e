/* The kiosks as boxes: what each tells of itself, what a person should look at, and what the desk orders it to do. */
#ifndef LOBBY_CLINIC_FLEET_H
#define LOBBY_CLINIC_FLEET_H

#include "clinic.h"

#define FLEET_TEXT_MAX 160 /* bytes of a notice or a reason: lobby_Orders */

/** What the clinic keeps of a status's `system`: the fields of api.md within their bounds, all else dropped. A new
 * reference; NULL when the kiosk is no appliance (absent, or no slot). */
json_t *fleet_system_of(const json_t *system);
/** The same with what only drifts made coarse, so that a kiosk that does nothing tells nothing new. A new reference. */
json_t *fleet_system_coarse(const json_t *system);

/** The kiosk's orders as the feed tells them, a new reference; NULL if there is no such kiosk. */
json_t *fleet_orders(struct ledger *store, int64_t kiosk);
/** The id of a restart that was asked for lately and not done; false: none. */
bool fleet_restart(struct ledger *store, int64_t kiosk, char id[37]);
/** {"now_ms","kiosks","updates"}, a new reference. */
json_t *fleet_all(struct ledger *store);
/** All kiosks' rows, by name. */
json_t *fleet_kiosks(struct ledger *store);

struct request;
int desk_fleet(struct request *r);
int desk_kiosk_rename(struct request *r);
int desk_kiosk_orders(struct request *r);
int desk_kiosk_restart(struct request *r);

#endif

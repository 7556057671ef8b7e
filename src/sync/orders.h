/* The clinic's orders to this kiosk (src/clinic/api.md, the feed's "orders"): a notice, out of service, its name. */
#ifndef LOBBY_SYNC_ORDERS_H
#define LOBBY_SYNC_ORDERS_H

#include "store.h"
#include "wire.pb.h"

#include <jansson.h>

struct orders {
	lobby_Orders say;
	char name[65]; /* empty: as enrolled */
};

/** Texts that are missing or senseless are empty. */
void orders_of_json(const json_t *json, struct orders *orders);
/** Within the caller's transaction. LOBBY_ERR_TOO_LONG, or the store's error. */
int orders_save(struct store *store, const json_t *json) MUST_CHECK;
void orders_load(struct store *store, struct orders *orders);

#endif

/* The clinic's logo, as the feed brought it and the kiosk gets it. */
#ifndef LOBBY_SYNC_LOGO_H
#define LOBBY_SYNC_LOGO_H

#include "store.h"
#include "wire.pb.h"

#include <jansson.h>

/** Reads {"width","rows","bits"} (api.md); anything else is no logo: rows 0. */
void logo_of_json(const json_t *json, lobby_Logo *logo);
int logo_save(struct store *store, const json_t *json) MUST_CHECK;
void logo_load(struct store *store, lobby_Logo *logo);

#endif

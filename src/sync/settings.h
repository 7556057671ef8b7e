/* The clinic's settings for its kiosks: JSON on the wire and in the store (names as in lobby_Settings), a struct
 * in memory. What the clinic does not say keeps its default, so that a kiosk without settings is still usable. */
#ifndef LOBBY_SYNC_SETTINGS_H
#define LOBBY_SYNC_SETTINGS_H

#include "store.h"
#include "wire.pb.h"

#include <jansson.h>

/** wire_settings_default() overlaid by what json says; names that are unknown and values of the wrong type are passed
 * over. */
void settings_of_json(const json_t *json, lobby_Settings *settings);
/** What the store has, else the defaults. */
void settings_load(struct store *store, lobby_Settings *settings);
/** Keeps json and fills settings from it. Within the caller's transaction. */
int settings_save(struct store *store, const json_t *json, lobby_Settings *settings) MUST_CHECK;

#endif

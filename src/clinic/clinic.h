/* What all of the clinic server shares, and the programs' commands as functions.
 *
 * A `struct clinic` is made once (clinic_open), read by all threads; what changes in it has a lock of its own
 * (kiosks.h, hub.h, writer.h, signin.h). */
#ifndef LOBBY_CLINIC_CLINIC_H
#define LOBBY_CLINIC_CLINIC_H

#include "hub.h"
#include "ledger.h"
#include "writer.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>

#define CLINIC_PATH_MAX 4096

struct assets;
struct kiosks;
struct links;
struct signin;

struct clinic {
	const char *folder; /* --data, borrowed */
	struct ledger_pool pool;
	struct writer *writer;
	struct hub *hub;
	struct kiosks *kiosks;
	struct links *links;
	struct signin *signin;
	struct assets *assets;
	unsigned char seal_public[crypto_box_PUBLICKEYBYTES];
	unsigned char seal_secret[crypto_box_SECRETKEYBYTES];
	char *tls_key, *tls_certificate; /* PEM */
	unsigned char fingerprint[32];	 /* SHA-256 of the certificate's DER */
};

/** Opens or makes the data folder: keys, certificate, store; starts the writer and the hub. assets_folder may be "".
 * On failure nothing is left running; the error was logged. */
int clinic_open(struct clinic *clinic, const char *folder, const char *assets_folder) MUST_CHECK;
/** Resumes all who wait, breaks off what asks the outside. First step of the end; then the HTTP server stops, then
 * clinic_close(). */
void clinic_stop_waiting(struct clinic *clinic);
void clinic_close(struct clinic *clinic);

/** keys.c: loads or makes seal.key and tls.pem. LOBBY_ERR_IO, LOBBY_ERR_CORRUPT. */
int keys_load(struct clinic *clinic) MUST_CHECK;
void keys_unload(struct clinic *clinic);

/** settings.c: all settings with their defaults, as the wire's names; a new reference, NULL when out of memory. */
json_t *clinic_settings_load(struct ledger *store);
/** One setting as an integer or as text (copied). */
int64_t clinic_settings_int(struct ledger *store, const char *name);
void clinic_settings_text(struct ledger *store, const char *name, char *out, size_t size);
/** Writes what it may be, a line a setting; name NULL: all of them. */
void clinic_settings_describe(const char *name, FILE *out);
/** Sets one from its JSON text, where a text may also come without quotes ("30", "true", "\"Lobby\"", "[\"en\"]"), told
 * to kiosks and desk. LOBBY_ERR_NOT_FOUND (no such setting), LOBBY_ERR_INVALID (wrong type or out of bounds). Inside a
 * transaction. */
int clinic_settings_set(struct ledger *store, const char *name, const char *json) MUST_CHECK;

/** Overwrites what nobody but a kiosk may see (the technician's PIN, though only its hash) by whether it is set. */
void clinic_settings_hide(json_t *all);
/** The value as it may be written to the audit: "" for a secret one. */
const char *clinic_settings_shown(const char *name, const char *value);

/** changes.c: the logs that pages and kiosks follow. Inside a transaction. */
int change_desk(struct ledger *store, const char *kind, const char *ref) MUST_CHECK;
/** kiosk: 0 for all. */
int change_feed(struct ledger *store, const char *kind, const char *ref, int64_t kiosk) MUST_CHECK;
int change_audit(struct ledger *store, const char *user, const char *action, const char *subject,
		 const char *detail) MUST_CHECK;

#endif

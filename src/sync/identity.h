/* Who this kiosk is to its clinic, and how it knows the clinic again: what enrolment gave it. Kept in the store. */
#ifndef LOBBY_SYNC_IDENTITY_H
#define LOBBY_SYNC_IDENTITY_H

#include "store.h"

#define IDENTITY_FINGERPRINT 32
#define IDENTITY_SEAL_KEY 32

struct identity {
	bool enrolled;
	char kiosk_id[37];
	char name[65];
	int ordinal;   /* of this kiosk at its clinic; tickets differ by it */
	char url[257]; /* "https://clinic.example:8443", no slash at the end */
	char credential[65];
	uint8_t fingerprint[IDENTITY_FINGERPRINT]; /* SHA-256 of the clinic's certificate (DER) */
	uint8_t seal_key[IDENTITY_SEAL_KEY];	   /* X25519, what visits are sealed to */
};

/** Fills identity; enrolled is false when there is none or it is damaged. */
void identity_load(struct store *store, struct identity *identity);
/** Within the caller's transaction. */
int identity_save(struct store *store, const struct identity *identity) MUST_CHECK;

#endif

/* The kiosks that the clinic knows: their credentials, when each was last heard of, and the state that the desk sees.
 *
 * Credentials are cached and loaded from the store on a miss, so that checking one costs no query. A kiosk that was not
 * heard of for KIOSK_SILENCE_MS is offline since then. */
#ifndef LOBBY_CLINIC_KIOSKS_H
#define LOBBY_CLINIC_KIOSKS_H

#include "clinic.h"

#define KIOSK_SILENCE_MS 40000
#define KIOSKS_MAX 256

struct kiosks;

int kiosks_new(struct kiosks **kiosks, struct clinic *clinic) MUST_CHECK;
void kiosks_free(struct kiosks *kiosks);
/** "Kiosk <id>:<credential>" -> the kiosk's number; it counts as heard of. LOBBY_ERR_DENIED. */
int kiosks_check(struct kiosks *kiosks, const char *authorization, int64_t *number) MUST_CHECK;
/** Drops a removed kiosk's credential from the cache. */
void kiosks_forget(struct kiosks *kiosks, int64_t number);
/** Looks for kiosks that have gone silent. From the hub's tick. */
void kiosks_tick(struct kiosks *kiosks);
/** The desk's row of a kiosk, a new reference; NULL if there is none. */
json_t *kiosks_row(struct ledger *store, const char *id);

/** Makes a one-time enrolment code ("7QXK-M2PD-9TRA", 15 bytes) and its key; then stores them. Two steps, since the
 * first is slow (argon2id) and needs no store. */
struct kiosk_code {
	char code[15];
	char name[65];
	unsigned char key[32];
	int64_t expires_ms;
};
int kiosk_code_make(struct kiosk_code *code, const char *name) MUST_CHECK;
int kiosk_code_store(struct ledger *store, const struct kiosk_code *code) MUST_CHECK;
/** The key that both sides derive from the code's last eight characters (no hyphen). */
int kiosk_code_key(const char secret[8], unsigned char key[32]) MUST_CHECK;

/** api.md: enrol, status, help, feed, visits, self-test. */
struct request;
int kiosk_enrol(struct request *r);
int kiosk_status(struct request *r);
int kiosk_help(struct request *r);
int kiosk_feed(struct request *r);
int kiosk_visits(struct request *r);
int kiosk_self_test(struct request *r);
/** GET kiosks/<id>/self-tests, for the desk. */
int desk_self_tests(struct request *r);

#endif

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

/** Makes an enrolment code and its key; then stores them. Two steps, since the first is slow (argon2id) and needs no
 * store. A code for one kiosk is "7QXK-M2PD-9TRA" and good for ten minutes; one for many has 20 characters. */
struct kiosk_code {
	char code[25];
	char name[65]; /* "{n}" in it: the kiosk's ordinal */
	unsigned char key[32];
	int uses;
	int64_t expires_ms;
};
#define KIOSK_CODE_USES_MAX 1000
#define KIOSK_CODE_DAYS_MAX 90
int kiosk_code_make(struct kiosk_code *code, const char *name) MUST_CHECK;
int kiosk_code_make_many(struct kiosk_code *code, const char *name, int uses, int days) MUST_CHECK;
int kiosk_code_store(struct ledger *store, const struct kiosk_code *code) MUST_CHECK;
/** The key that both sides derive from the code's characters after the first four (no hyphens). */
int kiosk_code_key(const char *secret, unsigned char key[32]) MUST_CHECK;

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

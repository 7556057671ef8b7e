/* Updates for kiosks: the bundles that the clinic has, and their way through the fleet (api.md, "Updates").
 *
 * At most one update is current: running, paused, or done and kept for kiosks that come later. All calls but those that
 * only read want to be inside a transaction; each tells kiosks and desk what changed by it. who: for the audit, "" for
 * the command line. */
#ifndef LOBBY_CLINIC_UPDATES_H
#define LOBBY_CLINIC_UPDATES_H

#include "bundle.h"
#include "clinic.h"

/** DIR/updates, made if need be; then DIR/updates/SHA256.raucb. LOBBY_ERR_TOO_LONG, LOBBY_ERR_IO. */
int updates_folder(const char *data, char out[CLINIC_PATH_MAX]) MUST_CHECK;
int updates_path(const char *data, const char *sha256, char out[CLINIC_PATH_MAX]) MUST_CHECK;

/** Notes a bundle whose file is in the folder. LOBBY_ERR_EXISTS: there is another one of its version. */
int updates_add(struct ledger *store, const struct bundle *bundle, const char *who) MUST_CHECK;
/** Forgets it, which must not be current: kiosks are offered it, also when it is done (stop it first). The file is the
 * caller's to delete. LOBBY_ERR_STALE: it is current. */
int updates_remove(struct ledger *store, const char *sha256, const char *who) MUST_CHECK;
/** The hash of this version (or of this hash). LOBBY_ERR_NOT_FOUND. */
int updates_find(struct ledger *store, const char *version, char sha256[65]) MUST_CHECK;

/** first: the id of the kiosk to begin with, "" for the least busy (LOBBY_ERR_NOT_FOUND: there is none such).
 * downgrade: kiosks with a newer version get it, too. What was current no longer is. */
int updates_start(struct ledger *store, const char *sha256, const char *first, bool downgrade,
		  const char *who) MUST_CHECK;
/** LOBBY_ERR_STALE: it is not in a state for that. */
int updates_pause(struct ledger *store, const char *sha256, const char *who) MUST_CHECK;
int updates_resume(struct ledger *store, const char *sha256, bool without, const char *who) MUST_CHECK;
int updates_stop(struct ledger *store, const char *sha256, const char *who) MUST_CHECK;

/** Decides what is due now (rollout.h) and writes it down. */
int updates_run(struct ledger *store) MUST_CHECK;
/** A kiosk told how it is: system is what fleet_system_of() left of it, NULL for no appliance; changed: it is of
 * another version than before, or an appliance only now, or no longer. */
int updates_heard(struct ledger *store, int64_t kiosk, const json_t *system, bool changed) MUST_CHECK;
/** From the hub's tick: now and then, has the writer run the above. */
void updates_tick(struct clinic *clinic, struct ledger *store);

/** For the feed: what this kiosk is offered now; json_null() for nothing. A new reference. */
json_t *updates_offer(struct ledger *store, int64_t kiosk);
/** For the desk: one row ("removed" when it is gone), or all, newest first. New references. */
json_t *updates_row(struct ledger *store, const char *sha256);
json_t *updates_all(struct ledger *store);

struct request;
int kiosk_update(struct request *r); /* GET updates/<sha256> */
int desk_update_start(struct request *r);
int desk_update_pause(struct request *r);
int desk_update_resume(struct request *r);
int desk_update_stop(struct request *r);

#endif

/* The kiosk's store: one SQLite file, `kiosk.db`, in the data folder (0700; files 0600).
 *
 * It holds the roster, the outbox, what is known of the clinic and the settings. Opening it migrates it; one that is
 * damaged is set aside as `damaged-<ms>.db` and whatever of outbox, identity and counters can still be read goes into a
 * new one: a visit that was confirmed on screen outlives a bad sector, the roster comes again from the clinic. */
#ifndef LOBBY_SYNC_STORE_H
#define LOBBY_SYNC_STORE_H

#include "store/db.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The schema, numbered from 1; see db_open(). */
extern const char *const store_migrations[];
extern const int store_migration_count;

struct store {
	struct db db;
	char path[PATH_MAX];
	int lock_fd; /* held while open: one lobby-sync a folder */
	sqlite3_stmt *get, *set, *unset;
	int damage;	   /* 0, or LOBBY_ERR_CORRUPT when this opening had to salvage */
	uint32_t salvaged; /* outbox rows that came over */
};

/** Makes the folder, locks it and opens the store, salvaging if it must. LOBBY_ERR_BUSY when another lobby-sync has the
 * folder; else as db_open(). On failure there is nothing to close. */
int store_open(struct store *store, const char *folder) MUST_CHECK;
void store_close(struct store *store);

/** Small named values. LOBBY_ERR_NOT_FOUND; LOBBY_ERR_TOO_LONG if out is too small. */
int store_get_text(struct store *store, const char *key, char *out, size_t size) MUST_CHECK;
int store_set_text(struct store *store, const char *key, const char *value) MUST_CHECK;
/** The value, or fallback when there is none or it cannot be read. */
int64_t store_get_int(struct store *store, const char *key, int64_t fallback);
int store_set_int(struct store *store, const char *key, int64_t value) MUST_CHECK;
int store_unset(struct store *store, const char *key) MUST_CHECK;

/** Moves the write-ahead log into the file, away from any commit that somebody waits for (automatic checkpoints are
 * off). With truncate also empties the log, so that what was deleted is gone from there too. */
void store_checkpoint(struct store *store, bool truncate);

/** What can be read of a damaged file's identity, counters and outbox goes into db (open, migrated, empty); *rows
 * counts outbox rows. Never fails for what it cannot read; only for what it cannot write. */
int store_salvage(struct db *db, const char *damaged_path, uint32_t *rows) MUST_CHECK;

#endif

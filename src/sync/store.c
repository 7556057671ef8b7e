/* See store.h. */
#include "store.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static int take_lock(const char *folder, int *out)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s/lock", folder) >= (int)sizeof(path))
		return LOBBY_ERR_TOO_LONG;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return LOBBY_ERR_IO;
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		close(fd);
		return LOBBY_ERR_BUSY;
	}
	*out = fd;
	return 0;
}

/* Renames the damaged file away; its log first, which must never meet the new one. */
static int set_aside(const char *folder, const char *path)
{
	static const char *const tails[] = { "-wal", "-shm", "" };
	char from[PATH_MAX], to[PATH_MAX];
	int64_t stamp = clock_wall_ms();

	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		if (snprintf(from, sizeof(from), "%s%s", path, tails[i]) >= (int)sizeof(from) ||
		    snprintf(to, sizeof(to), "%s/damaged-%" PRId64 ".db%s", folder, stamp, tails[i]) >= (int)sizeof(to))
			return LOBBY_ERR_TOO_LONG;
		if (rename(from, to) != 0 && errno != ENOENT)
			return LOBBY_ERR_IO;
	}
	return 0;
}

/* Once `kiosk.db.whole` exists, it is all that will come of the damaged store: swap them, also after a power cut. */
static int finish_salvage(const char *folder, const char *path)
{
	char whole[PATH_MAX];
	int err;

	if (snprintf(whole, sizeof(whole), "%s.whole", path) >= (int)sizeof(whole))
		return LOBBY_ERR_TOO_LONG;
	if (access(whole, F_OK) != 0)
		return 0;
	err = set_aside(folder, path);
	if (err == 0 && rename(whole, path) != 0)
		err = LOBBY_ERR_IO;
	return err;
}

/* Builds the new store beside the damaged one and, when it is whole and closed, gives it its name. */
static int salvage(struct store *store)
{
	char made[PATH_MAX], whole[PATH_MAX], wal[PATH_MAX];
	struct db db;
	int err;

	if (snprintf(made, sizeof(made), "%s.new", store->path) >= (int)sizeof(made) ||
	    snprintf(whole, sizeof(whole), "%s.whole", store->path) >= (int)sizeof(whole) ||
	    snprintf(wal, sizeof(wal), "%s.new-wal", store->path) >= (int)sizeof(wal))
		return LOBBY_ERR_TOO_LONG;
	unlink(wal);
	unlink(made);
	err = db_open(&db, made, store_migrations, store_migration_count, false);
	if (err != 0)
		return err;
	err = store_salvage(&db, store->path, &store->salvaged);
	if (err == 0)
		err = db_exec(&db, "PRAGMA wal_checkpoint(TRUNCATE)");
	db_close(&db);
	if (err == 0 && rename(made, whole) != 0)
		err = LOBBY_ERR_IO;
	return err;
}

static int open_salvaged(struct store *store, const char *folder)
{
	int err = salvage(store);

	if (err == 0)
		err = finish_salvage(folder, store->path);
	if (err == 0)
		err = db_open(&store->db, store->path, store_migrations, store_migration_count, false);
	store->damage = LOBBY_ERR_CORRUPT;
	log_event(LOG_ERROR, "store-salvaged", "rows=%" PRIu32 " err=%s", store->salvaged, err_event(err));
	return err;
}

static int prepare(struct store *store)
{
	int err = db_prepare(&store->db, "SELECT value FROM meta WHERE key = ?1", &store->get);

	if (err == 0)
		err = db_prepare(&store->db, "INSERT OR REPLACE INTO meta(key, value) VALUES(?1, ?2)", &store->set);
	if (err == 0)
		err = db_prepare(&store->db, "DELETE FROM meta WHERE key = ?1", &store->unset);
	return err;
}

int store_open(struct store *store, const char *folder)
{
	int err;

	*store = (struct store){ .lock_fd = -1 };
	if (snprintf(store->path, sizeof(store->path), "%s/kiosk.db", folder) >= (int)sizeof(store->path) - 8)
		return LOBBY_ERR_TOO_LONG;
	err = file_make_folder(folder, 0700);
	if (err == 0)
		err = take_lock(folder, &store->lock_fd);
	if (err != 0)
		return err;
	err = finish_salvage(folder, store->path);
	if (err == 0)
		err = db_open(&store->db, store->path, store_migrations, store_migration_count, true);
	if (err == LOBBY_ERR_CORRUPT)
		err = open_salvaged(store, folder);
	if (err == 0)
		err = db_exec(&store->db, "PRAGMA wal_autocheckpoint=0");
	if (err == 0)
		err = prepare(store);
	if (err != 0)
		store_close(store);
	return err;
}

void store_close(struct store *store)
{
	sqlite3_finalize(store->get);
	sqlite3_finalize(store->set);
	sqlite3_finalize(store->unset);
	store->get = store->set = store->unset = NULL;
	db_close(&store->db);
	if (store->lock_fd >= 0)
		close(store->lock_fd);
	store->lock_fd = -1;
}

int store_get_text(struct store *store, const char *key, char *out, size_t size)
{
	int err = db_bind(store->get, "t", key);

	if (err != 0)
		return err;
	err = db_step(&store->db, store->get);
	if (err == 1)
		err = text_copy(out, size, db_text(store->get, 0)) ? 0 : LOBBY_ERR_TOO_LONG;
	else if (err == 0)
		err = LOBBY_ERR_NOT_FOUND;
	sqlite3_reset(store->get);
	return err;
}

int store_set_text(struct store *store, const char *key, const char *value)
{
	int err = db_bind(store->set, "tt", key, value);

	return err != 0 ? err : db_run(&store->db, store->set);
}

int64_t store_get_int(struct store *store, const char *key, int64_t fallback)
{
	int64_t value = fallback;

	if (db_bind(store->get, "t", key) == 0 && db_step(&store->db, store->get) == 1)
		value = sqlite3_column_int64(store->get, 0);
	sqlite3_reset(store->get);
	return value;
}

int store_set_int(struct store *store, const char *key, int64_t value)
{
	int err = db_bind(store->set, "ti", key, value);

	return err != 0 ? err : db_run(&store->db, store->set);
}

int store_unset(struct store *store, const char *key)
{
	int err = db_bind(store->unset, "t", key);

	return err != 0 ? err : db_run(&store->db, store->unset);
}

void store_checkpoint(struct store *store, bool truncate)
{
	int rc = sqlite3_wal_checkpoint_v2(
		store->db.handle, NULL, truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);

	/* A full disk does not hurt the log: it stays as it is and the next one tries again. */
	if (rc != SQLITE_OK)
		log_event(LOG_WARNING, "store-checkpoint", "code=%d", rc);
}

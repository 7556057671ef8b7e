/* See db.h. */
#include "db.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BUSY_TIMEOUT_MS 5000

/* A quota or a limit on file sizes is a full disk under another name; SQLite calls both an I/O error and keeps the
 * system's word for it with the file: the database's or its log's. */
static bool is_no_space(sqlite3 *handle)
{
	static const int files[] = { SQLITE_FCNTL_FILE_POINTER, SQLITE_FCNTL_JOURNAL_POINTER };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		sqlite3_file *file = NULL;
		int code = 0;

		if (sqlite3_file_control(handle, "main", files[i], &file) == SQLITE_OK && file != NULL &&
		    file->pMethods != NULL &&
		    file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &code) == SQLITE_OK &&
		    (code == ENOSPC || code == EDQUOT || code == EFBIG))
			return true;
	}
	return false;
}

int db_err(struct db *db, int rc)
{
	switch (rc & 0xFF) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	default:
		break;
	}
	log_event(LOG_ERROR, "store-error", "code=%d system=%d", db->handle ? sqlite3_extended_errcode(db->handle) : rc,
		  db->handle ? sqlite3_system_errno(db->handle) : 0);
	switch (rc & 0xFF) {
	case SQLITE_FULL:
		return LOBBY_ERR_DISK_FULL;
	case SQLITE_IOERR:
		return db->handle != NULL && is_no_space(db->handle) ? LOBBY_ERR_DISK_FULL : LOBBY_ERR_IO;
	case SQLITE_NOMEM:
		return LOBBY_ERR_NO_MEMORY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return LOBBY_ERR_CORRUPT;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return LOBBY_ERR_BUSY;
	case SQLITE_CONSTRAINT:
		return LOBBY_ERR_EXISTS;
	case SQLITE_TOOBIG:
		return LOBBY_ERR_TOO_LONG;
	default:
		return LOBBY_ERR_IO;
	}
}

int db_exec(struct db *db, const char *sql)
{
	return db_err(db, sqlite3_exec(db->handle, sql, NULL, NULL, NULL));
}

int db_prepare(struct db *db, const char *sql, sqlite3_stmt **out)
{
	return db_err(db, sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL));
}

int db_vbind(sqlite3_stmt *stmt, const char *format, va_list args)
{
	int rc = SQLITE_OK;

	sqlite3_reset(stmt);
	for (int i = 1; *format != '\0' && rc == SQLITE_OK; i++, format++) {
		if (*format == 't') {
			rc = sqlite3_bind_text(stmt, i, va_arg(args, const char *), -1, SQLITE_TRANSIENT);
		} else if (*format == 'i') {
			rc = sqlite3_bind_int64(stmt, i, va_arg(args, int64_t));
		} else if (*format == 'd') {
			rc = sqlite3_bind_double(stmt, i, va_arg(args, double));
		} else if (*format == 'b') {
			const void *data = va_arg(args, const void *);

			rc = sqlite3_bind_blob64(stmt, i, data, va_arg(args, size_t), SQLITE_TRANSIENT);
		} else {
			rc = sqlite3_bind_null(stmt, i);
		}
	}
	return rc == SQLITE_OK ? 0 : rc == SQLITE_NOMEM ? LOBBY_ERR_NO_MEMORY : LOBBY_ERR_INVALID;
}

int db_bind(sqlite3_stmt *stmt, const char *format, ...)
{
	va_list args;
	int err;

	va_start(args, format);
	err = db_vbind(stmt, format, args);
	va_end(args);
	return err;
}

int db_step(struct db *db, sqlite3_stmt *stmt)
{
	int rc = sqlite3_step(stmt);
	int err;

	if (rc == SQLITE_ROW)
		return 1;
	err = db_err(db, rc);
	if (err != 0)
		sqlite3_reset(stmt);
	return err;
}

int db_run(struct db *db, sqlite3_stmt *stmt)
{
	int rc = db_step(db, stmt);

	sqlite3_reset(stmt);
	return rc < 0 ? rc : 0;
}

const char *db_text(sqlite3_stmt *stmt, int column)
{
	const unsigned char *text = sqlite3_column_text(stmt, column);

	return text ? (const char *)text : "";
}

int db_begin(struct db *db)
{
	return db_exec(db, "BEGIN IMMEDIATE");
}

int db_end(struct db *db, int err)
{
	int commit_err;

	if (err == 0) {
		commit_err = db_exec(db, "COMMIT");
		if (commit_err == 0)
			return 0;
		err = commit_err;
	}
	/* A failed COMMIT may have rolled back already (SQLITE_FULL, SQLITE_IOERR). */
	if (!sqlite3_get_autocommit(db->handle) && db_exec(db, "ROLLBACK") != 0)
		log_event(LOG_ERROR, "store-rollback-failed", "%s", "");
	return err;
}

static int user_version(struct db *db, int *version)
{
	sqlite3_stmt *stmt = NULL;
	int err = db_prepare(db, "PRAGMA user_version", &stmt);

	if (err == 0 && (err = db_step(db, stmt)) == 1) {
		*version = sqlite3_column_int(stmt, 0);
		err = 0;
	}
	sqlite3_finalize(stmt);
	return err;
}

static int migrate(struct db *db, const char *const *migrations, int count)
{
	char pragma[48];
	int err = user_version(db, &db->schema);

	for (int i = db->schema; err == 0 && i < count; i++) {
		err = db_begin(db);
		if (err != 0)
			return err;
		snprintf(pragma, sizeof(pragma), "PRAGMA user_version=%d", i + 1);
		err = db_exec(db, migrations[i]);
		if (err == 0)
			err = db_exec(db, pragma);
		err = db_end(db, err);
		if (err == 0)
			db->schema = i + 1;
	}
	return err;
}

static int quick_check(struct db *db)
{
	sqlite3_stmt *stmt = NULL;
	int err = db_prepare(db, "PRAGMA quick_check(1)", &stmt);

	if (err == 0 && (err = db_step(db, stmt)) == 1)
		err = strcmp(db_text(stmt, 0), "ok") == 0 ? 0 : LOBBY_ERR_CORRUPT;
	sqlite3_finalize(stmt);
	return err;
}

/* A process that was killed between writing a commit to the log and syncing it leaves a commit that is there for all to
 * read and gone after a power cut. Nobody may answer from it before it is on disk: a checkpoint syncs the log first. */
static int sync_log(struct db *db)
{
	int rc = sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);

	/* What comes after the log's sync may fail, on a full disk say, and is tried again later. */
	if (rc == SQLITE_OK || sqlite3_extended_errcode(db->handle) != SQLITE_IOERR_FSYNC)
		return 0;
	return db_err(db, rc);
}

int db_open(struct db *db, const char *path, const char *const *migrations, int count, bool check)
{
	/* Only to make it private. One that is there is never opened here: closing any descriptor of a file drops the
	 * locks that other connections of this process have on it (fcntl(2)). */
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int err;

	*db = (struct db){ 0 };
	if (fd < 0 && errno != EEXIST)
		return LOBBY_ERR_IO;
	if (fd >= 0)
		close(fd);
	err = db_err(db, sqlite3_open_v2(path, &db->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL));
	if (err == 0) {
		sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
		err = db_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;"
				  "PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY;");
	}
	if (err == 0 && check)
		err = quick_check(db);
	if (err == 0)
		err = migrate(db, migrations, count);
	if (err == 0 && check)
		err = sync_log(db);
	if (err != 0)
		db_close(db);
	return err;
}

void db_close(struct db *db)
{
	if (db->handle != NULL && sqlite3_close(db->handle) != SQLITE_OK)
		log_event(LOG_ERROR, "store-close", "reason=statements-left");
	db->handle = NULL;
}

/* SQLite as Lobby uses it: one way to open, migrate, bind, step and commit.
 *
 * Opening sets WAL, synchronous=FULL, secure_delete=ON, foreign_keys=ON: a commit that returned is on disk, and a
 * deleted row leaves no trace. Migrations are numbered from 1, forward only, each in one transaction with its PRAGMA
 * user_version; a store of a newer schema than this program knows opens as it is (release N runs on schema N+1). A `db`
 * and its statements belong to one thread. Text and blobs bound are copied by SQLite before the call returns
 * (SQLITE_TRANSIENT) unless said otherwise; columns are borrowed until the next step or reset. */
#ifndef LOBBY_STORE_DB_H
#define LOBBY_STORE_DB_H

#include "base/err.h"

#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db {
	sqlite3 *handle;
	int schema; /* user_version after opening */
};

/** Opens or makes the file (0600) and runs the migrations that it lacks: migrations[i] is the SQL of version i+1.
 * LOBBY_ERR_IO, LOBBY_ERR_CORRUPT (not a database, or fails quick_check when `check`), LOBBY_ERR_DISK_FULL,
 * LOBBY_ERR_NO_MEMORY. On failure db is unusable and holds nothing. The first opening of a program sets `check`, which
 * also makes durable what a killed process left in the log: nobody may answer from it before. */
int db_open(struct db *db, const char *path, const char *const *migrations, int count, bool check) MUST_CHECK;
void db_close(struct db *db);

/** SQLite's result code as ours: 0 for OK, ROW and DONE. Logs the code (never the statement). */
int db_err(struct db *db, int rc);
/** Runs SQL without results. */
int db_exec(struct db *db, const char *sql) MUST_CHECK;
/** Prepares a statement that lives long (SQLITE_PREPARE_PERSISTENT); sqlite3_finalize() it before db_close(). */
int db_prepare(struct db *db, const char *sql, sqlite3_stmt **out) MUST_CHECK;

/** Binds from ?1 on by format, one letter an argument: t const char * (NULL binds NULL), i int64_t, d double,
 * b const void * and size_t, n nothing (NULL). Resets the statement first. */
int db_bind(sqlite3_stmt *stmt, const char *format, ...) MUST_CHECK;
int db_vbind(sqlite3_stmt *stmt, const char *format, va_list args) MUST_CHECK;
/** One step: 1 a row, 0 done, negative an error (and then the statement is reset). */
int db_step(struct db *db, sqlite3_stmt *stmt) MUST_CHECK;
/** Steps a statement without rows to its end and resets it. */
int db_run(struct db *db, sqlite3_stmt *stmt) MUST_CHECK;
/** A text column, never NULL ("" for NULL). */
const char *db_text(sqlite3_stmt *stmt, int column);

/** BEGIN IMMEDIATE; db_end() commits when err is 0, else rolls back; it returns err or why the commit failed. */
int db_begin(struct db *db) MUST_CHECK;
int db_end(struct db *db, int err) MUST_CHECK;

#endif

/* The clinic's SQLite store as its threads see it: a connection with its prepared statements, and a pool of readers.
 *
 * A `store` belongs to one thread at a time. Statements are prepared once for each connection and each SQL literal, and
 * found again by the literal's address. One thread (writer.h) owns the writing store; all others borrow readers from
 * the pool and give them back; a reader sees the last commit. */
#ifndef LOBBY_CLINIC_STORE_H
#define LOBBY_CLINIC_STORE_H

#include "store/db.h"

#include <pthread.h>

#define STORE_STATEMENTS 256 /* a power of two, over twice the literals that there are */
#define STORE_READERS 16

struct store_statement {
	const char *sql;
	sqlite3_stmt *stmt;
};

struct store {
	struct db db;
	struct store_statement cache[STORE_STATEMENTS];
};

/** Opens FOLDER/clinic.db and brings its schema up to date. Errors as db_open(). */
int store_open(struct store *store, const char *folder, bool check) MUST_CHECK;
void store_close(struct store *store);

/** Binds (db_bind's format) and returns the statement in *rows, borrowed: step it with store_step(); sqlite3_reset() it
 * if you stop before its end. sql must be a literal. */
int store_query(struct store *store, sqlite3_stmt **rows, const char *sql, const char *format, ...) MUST_CHECK;
/** As db_step(). */
int store_step(struct store *store, sqlite3_stmt *rows) MUST_CHECK;
/** Runs a statement without rows. */
int store_run(struct store *store, const char *sql, const char *format, ...) MUST_CHECK;
/** The first column of the first row. LOBBY_ERR_NOT_FOUND when there is none. */
int store_int(struct store *store, int64_t *value, const char *sql, const char *format, ...) MUST_CHECK;
/** How many rows the last store_run() changed. */
int store_changes(const struct store *store);

/** Readers for threads that come and go. */
struct store_pool {
	const char *folder; /* borrowed */
	pthread_mutex_t lock;
	struct store *idle[STORE_READERS];
	int count;
};

void store_pool_init(struct store_pool *pool, const char *folder);
void store_pool_fini(struct store_pool *pool);
/** Borrows a reader; NULL when none can be opened. */
struct store *store_pool_take(struct store_pool *pool);
void store_pool_give(struct store_pool *pool, struct store *store);

/** The migrations, for tests: SQL of version i+1. */
extern const char *const store_migrations[];
extern const int store_migration_count;

#endif

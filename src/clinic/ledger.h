/* The clinic's SQLite store as its threads see it: a connection with its prepared statements, and a pool of readers.
 *
 * A `store` belongs to one thread at a time. Statements are prepared once for each connection and each SQL literal, and
 * found again by the literal's address. One thread (writer.h) owns the writing store; all others borrow readers from
 * the pool and give them back; a reader sees the last commit. */
#ifndef LOBBY_CLINIC_LEDGER_H
#define LOBBY_CLINIC_LEDGER_H

#include "store/db.h"

#include <pthread.h>

#define LEDGER_STATEMENTS 512 /* a power of two, over twice the literals that there are */
#define LEDGER_READERS 16

struct ledger_statement {
	const char *sql;
	sqlite3_stmt *stmt;
};

struct ledger {
	struct db db;
	struct ledger_statement cache[LEDGER_STATEMENTS];
};

/** Opens FOLDER/clinic.db and brings its schema up to date. Errors as db_open(). */
int ledger_open(struct ledger *store, const char *folder, bool check) MUST_CHECK;
void ledger_close(struct ledger *store);

/** Binds (db_bind's format) and returns the statement in *rows, borrowed: step it with ledger_step(); sqlite3_reset()
 * it if you stop before its end. sql must be a literal. */
int ledger_query(struct ledger *store, sqlite3_stmt **rows, const char *sql, const char *format, ...) MUST_CHECK;
/** As db_step(). */
int ledger_step(struct ledger *store, sqlite3_stmt *rows) MUST_CHECK;
/** Runs a statement without rows. */
int ledger_run(struct ledger *store, const char *sql, const char *format, ...) MUST_CHECK;
/** The first column of the first row. LOBBY_ERR_NOT_FOUND when there is none. */
int ledger_int(struct ledger *store, int64_t *value, const char *sql, const char *format, ...) MUST_CHECK;
/** How many rows the last ledger_run() changed. */
int ledger_changes(const struct ledger *store);

/** Readers for threads that come and go. */
struct ledger_pool {
	const char *folder; /* borrowed */
	pthread_mutex_t lock;
	struct ledger *idle[LEDGER_READERS];
	int count;
};

void ledger_pool_init(struct ledger_pool *pool, const char *folder);
void ledger_pool_fini(struct ledger_pool *pool);
/** Borrows a reader; NULL when none can be opened. */
struct ledger *ledger_pool_take(struct ledger_pool *pool);
void ledger_pool_give(struct ledger_pool *pool, struct ledger *store);

/** The migrations, for tests: SQL of version i+1. */
extern const char *const ledger_migrations[];
extern const int ledger_migration_count;

#endif

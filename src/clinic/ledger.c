/* See ledger.h. The statement cache is an open-addressed table keyed by the address of the SQL literal: no hashing of
 * text on the path of a visit, and the SQL stands where it is used. */
#include "ledger.h"

#include "base/log.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

int ledger_open(struct ledger *store, const char *folder, bool check)
{
	char path[PATH_MAX];

	*store = (struct ledger){ 0 };
	if (snprintf(path, sizeof(path), "%s/clinic.db", folder) >= (int)sizeof(path))
		return LOBBY_ERR_TOO_LONG;
	return db_open(&store->db, path, ledger_migrations, ledger_migration_count, check);
}

void ledger_close(struct ledger *store)
{
	for (int i = 0; i < LEDGER_STATEMENTS; i++)
		sqlite3_finalize(store->cache[i].stmt);
	db_close(&store->db);
	*store = (struct ledger){ 0 };
}

/* The statement for this literal, prepared at its first use. */
static int statement_of(struct ledger *store, const char *sql, sqlite3_stmt **stmt)
{
	size_t slot = ((uintptr_t)sql >> 3) * 0x9E3779B1U % LEDGER_STATEMENTS;
	int err;

	for (int tries = 0; store->cache[slot].sql != NULL && store->cache[slot].sql != sql; tries++) {
		assert(tries < LEDGER_STATEMENTS);
		slot = (slot + 1) % LEDGER_STATEMENTS;
	}
	if (store->cache[slot].sql == NULL) {
		err = db_prepare(&store->db, sql, &store->cache[slot].stmt);
		if (err != 0)
			return err;
		store->cache[slot].sql = sql;
	}
	*stmt = store->cache[slot].stmt;
	return 0;
}

static int bound(struct ledger *store, sqlite3_stmt **stmt, const char *sql, const char *format, va_list args)
{
	int err = statement_of(store, sql, stmt);

	return err != 0 ? err : db_vbind(*stmt, format, args);
}

int ledger_query(struct ledger *store, sqlite3_stmt **rows, const char *sql, const char *format, ...)
{
	va_list args;
	int err;

	va_start(args, format);
	err = bound(store, rows, sql, format, args);
	va_end(args);
	return err;
}

int ledger_step(struct ledger *store, sqlite3_stmt *rows)
{
	return db_step(&store->db, rows);
}

int ledger_run(struct ledger *store, const char *sql, const char *format, ...)
{
	sqlite3_stmt *stmt;
	va_list args;
	int err;

	va_start(args, format);
	err = bound(store, &stmt, sql, format, args);
	va_end(args);
	return err != 0 ? err : db_run(&store->db, stmt);
}

int ledger_int(struct ledger *store, int64_t *value, const char *sql, const char *format, ...)
{
	sqlite3_stmt *stmt;
	va_list args;
	int err;

	va_start(args, format);
	err = bound(store, &stmt, sql, format, args);
	va_end(args);
	if (err != 0)
		return err;
	err = db_step(&store->db, stmt);
	if (err == 1)
		*value = sqlite3_column_int64(stmt, 0);
	sqlite3_reset(stmt);
	return err == 1 ? 0 : err == 0 ? LOBBY_ERR_NOT_FOUND : err;
}

int ledger_changes(const struct ledger *store)
{
	return sqlite3_changes(store->db.handle);
}

void ledger_pool_init(struct ledger_pool *pool, const char *folder)
{
	*pool = (struct ledger_pool){ .folder = folder };
	pthread_mutex_init(&pool->lock, NULL);
}

void ledger_pool_fini(struct ledger_pool *pool)
{
	for (int i = 0; i < pool->count; i++) {
		ledger_close(pool->idle[i]);
		free(pool->idle[i]);
	}
	pool->count = 0;
	pthread_mutex_destroy(&pool->lock);
}

struct ledger *ledger_pool_take(struct ledger_pool *pool)
{
	struct ledger *store = NULL;

	pthread_mutex_lock(&pool->lock);
	if (pool->count > 0)
		store = pool->idle[--pool->count];
	pthread_mutex_unlock(&pool->lock);
	if (store != NULL)
		return store;
	store = malloc(sizeof(*store));
	if (store != NULL && ledger_open(store, pool->folder, false) != 0) {
		free(store);
		return NULL;
	}
	return store;
}

void ledger_pool_give(struct ledger_pool *pool, struct ledger *store)
{
	if (store == NULL)
		return;
	pthread_mutex_lock(&pool->lock);
	if (pool->count < LEDGER_READERS) {
		pool->idle[pool->count++] = store;
		store = NULL;
	}
	pthread_mutex_unlock(&pool->lock);
	if (store != NULL) {
		ledger_close(store);
		free(store);
	}
}

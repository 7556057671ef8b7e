/* A store's schema as text: what a migrated one and a fresh one are compared by.*/
#ifndef LOBBY_TESTS_SCHEMA_SAME_H
#define LOBBY_TESTS_SCHEMA_SAME_H

#include "store/db.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Appends rows of a query as lines. */
static inline void describe(sqlite3 *db, const char *sql, char *out, size_t size)
{
	sqlite3_stmt *stmt = NULL;
	size_t len = strlen(out);

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW)
		len += (size_t)snprintf(out + len, size - len, "%s\n", (const char *)sqlite3_column_text(stmt, 0));
	assert_true(len < size);
	sqlite3_finalize(stmt);
}

/* Tables, columns and indexes by name: the text of CREATE differs between a new table and an altered one. */
static inline void schema_of(struct db *db, char *out, size_t size)
{
	out[0] = '\0';
	describe(db->handle,
		 "SELECT m.name || '.' || c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' ||"
		 " coalesce(c.dflt_value, '-') || ' ' || c.pk FROM sqlite_master m, pragma_table_xinfo(m.name) c"
		 " WHERE m.type = 'table' ORDER BY 1",
		 out, size);
	describe(
		db->handle,
		"SELECT m.name || ': ' || i.name || ' ' || i.\"unique\" || ' ' || i.partial || ' ' || x.seqno || ' ' ||"
		" coalesce(x.name, 'rowid') FROM sqlite_master m, pragma_index_list(m.name) i,"
		" pragma_index_xinfo(i.name) x WHERE m.type = 'table' AND x.key = 1 ORDER BY 1",
		out, size);
}

/* The files tests/unit/schema/NAME-N.sql, one for each version: each becomes a store in folder, is migrated, and must
 * be what a fresh one is; `kept` is a query whose lines the data must still give. */
static inline void assert_all_migrate(const char *folder, const char *name, const char *const *migrations, int count,
				      const char *kept, const char *lines)
{
	static char fresh[32768], migrated[32768], sql[32768];
	char path[160], fixture[64];
	struct db db;

	snprintf(path, sizeof(path), "%s/fresh.db", folder);
	assert_int_equal(db_open(&db, path, migrations, count, true), 0);
	schema_of(&db, fresh, sizeof(fresh));
	db_close(&db);
	for (int version = 1; version <= count; version++) {
		FILE *file;
		sqlite3 *old;

		snprintf(fixture, sizeof(fixture), "tests/unit/schema/%s-%d.sql", name, version);
		file = fopen(fixture, "r");
		assert_non_null(file);
		sql[fread(sql, 1, sizeof(sql) - 1, file)] = '\0';
		fclose(file);
		snprintf(path, sizeof(path), "%s/old-%d.db", folder, version);
		assert_int_equal(sqlite3_open(path, &old), SQLITE_OK);
		assert_int_equal(sqlite3_exec(old, sql, NULL, NULL, NULL), SQLITE_OK);
		sqlite3_close(old);
		assert_int_equal(db_open(&db, path, migrations, count, true), 0);
		assert_int_equal(db.schema, count);
		schema_of(&db, migrated, sizeof(migrated));
		assert_string_equal(migrated, fresh);
		migrated[0] = '\0';
		describe(db.handle, kept, migrated, sizeof(migrated));
		assert_string_equal(migrated, lines);
		db_close(&db);
	}
}

#endif

/* src/store/db: a store that several connections of one process hold, and other processes come to and leave. */
#include "store/db.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const migrations[] = { "CREATE TABLE t(n INTEGER PRIMARY KEY);" };

/* A process that opens the store when told to, writes, and closes it. Forked before its parent has any connection, as
 * SQLite asks. */
static pid_t visitor(const char *path, int *tell)
{
	int pipes[2];
	pid_t child;

	assert_int_equal(pipe(pipes), 0);
	child = fork();
	if (child == 0) {
		struct db db;
		char byte;
		int err = read(pipes[0], &byte, 1) == 1 ? db_open(&db, path, migrations, 1, false) : -1;

		if (err == 0) {
			err = db_exec(&db, "INSERT INTO t(n) VALUES(2)");
			db_close(&db);
		}
		_exit(err == 0 ? 0 : 1);
	}
	close(pipes[0]);
	*tell = pipes[1];
	return child;
}

static int64_t count(struct db *db)
{
	sqlite3_stmt *stmt = NULL;
	int64_t n = -1;

	assert_int_equal(db_prepare(db, "SELECT count(*) FROM t", &stmt), 0);
	if (db_step(db, stmt) == 1)
		n = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return n;
}

/* A POSIX lock is the process's, and closing any descriptor of the file drops it (fcntl(2)): were db_open() to open the
 * file by itself, the second connection would unlock the first, and a visitor that leaves would take itself for the
 * last one and delete the log that the others write to. */
static void a_visitor_leaves_the_log_to_those_who_stay(void **state)
{
	char folder[] = "/tmp/lobby-test-XXXXXX", path[64], log[64];
	struct db first, second;
	struct stat before, after;
	int tell, status;
	pid_t child;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/x.db", folder);
	snprintf(log, sizeof(log), "%s/x.db-wal", folder);
	child = visitor(path, &tell);
	assert_int_equal(db_open(&first, path, migrations, 1, true), 0);
	assert_int_equal(db_exec(&first, "INSERT INTO t(n) VALUES(1)"), 0);
	assert_int_equal(db_open(&second, path, migrations, 1, true), 0);
	assert_int_equal(stat(log, &before), 0);
	assert_int_equal(write(tell, "x", 1), 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(stat(log, &after), 0);
	assert_true(before.st_ino == after.st_ino);
	assert_int_equal(db_exec(&first, "INSERT INTO t(n) VALUES(3)"), 0);
	assert_int_equal(count(&first), 3);
	assert_int_equal(count(&second), 3);
	close(tell);
	db_close(&second);
	db_close(&first);
	unlink(path);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_visitor_leaves_the_log_to_those_who_stay) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* src/sync/store: who may open it, its schema through time, and what is left of a damaged one. */
#include "schema_same.h"
#include "sync_fixture.h"

#include <sys/wait.h>

static void files_are_private_and_locked(void **state)
{
	struct kiosk k;
	struct store second;
	struct stat info;
	char path[128];

	(void)state;
	kiosk_setup(&k);
	assert_int_equal(stat(k.folder, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0700);
	snprintf(path, sizeof(path), "%s/kiosk.db-wal", k.folder);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	assert_int_equal(store_open(&second, k.folder), LOBBY_ERR_BUSY);
	kiosk_teardown(&k);
}

/* tests/unit/schema/sync-N.sql is what release N wrote, with a visit in it. */
static void every_old_schema_migrates_to_the_newest(void **state)
{
	char folder[64];

	(void)state;
	make_folder(folder);
	assert_all_migrate(folder, "sync", store_migrations, store_migration_count, "SELECT uuid FROM outbox",
			   "00000001-0000-4000-8000-000000000000\n");
	remove_folder(folder);
}

/* Two connections of one process, and a third in another that opens and closes: its close must not take the log away.
 */
static void a_second_opening_keeps_the_first_ones_locks(void **state)
{
	static const char *const migrations[] = { "CREATE TABLE t(n INTEGER);" };
	char folder[64], path[128];
	struct db first, second, other;
	sqlite3_stmt *stmt = NULL;
	int status;
	pid_t child;

	(void)state;
	make_folder(folder);
	snprintf(path, sizeof(path), "%s/shared.db", folder);
	assert_int_equal(db_open(&first, path, migrations, 1, false), 0);
	assert_int_equal(db_open(&second, path, migrations, 1, false), 0);
	assert_int_equal(db_exec(&first, "INSERT INTO t VALUES(1)"), 0);
	for (int i = 0; i < 2; i++) {
		child = fork();
		if (child == 0) {
			/* SQLite's state does not survive fork(2): a program of its own. */
			execl("/proc/self/exe", "store_test", path, (char *)NULL);
			_exit(127);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
		assert_int_equal(db_exec(&first, "INSERT INTO t VALUES(2)"), 0);
	}
	/* What first wrote after that is there for others, before it closes. */
	assert_int_equal(db_open(&other, path, migrations, 1, false), 0);
	assert_int_equal(db_prepare(&other, "SELECT count(*) FROM t", &stmt), 0);
	assert_int_equal(db_step(&other, stmt), 1);
	assert_int_equal(sqlite3_column_int(stmt, 0), 3);
	sqlite3_finalize(stmt);
	snprintf(path, sizeof(path), "%s/shared.db-wal", folder);
	assert_int_equal(access(path, F_OK), 0);
	db_close(&other);
	db_close(&second);
	db_close(&first);
	remove_folder(folder);
}

static void commit(struct kiosk *k, int n)
{
	char id[37];
	lobby_Visit visit;
	lobby_VisitCommitted answer;

	uuid_of(id, n);
	visit = arrival(id, "patient-1", NULL);
	assert_int_equal(outbox_commit_visit(&k->outbox, &k->identity, &visit, NULL, NOW_MS, &answer), 0);
}

static uint32_t waiting(struct kiosk *k)
{
	struct outbox_counts counts;

	assert_int_equal(outbox_count(&k->outbox, &counts), 0);
	return counts.visits;
}

static void overwrite(const char *folder, off_t at, size_t len)
{
	char path[128], junk[8192];
	int fd;

	snprintf(path, sizeof(path), "%s/kiosk.db", folder);
	fd = open(path, O_WRONLY);
	assert_true(fd >= 0);
	memset(junk, 0xA5, sizeof(junk));
	assert_int_equal(pwrite(fd, junk, len, at), (ssize_t)len);
	close(fd);
}

/* The page (1-based) that a table's or index's tree starts with. */
static off_t root_page(struct kiosk *k, const char *name)
{
	sqlite3_stmt *stmt = NULL;
	off_t page;

	assert_int_equal(db_prepare(&k->store.db, "SELECT rootpage FROM sqlite_master WHERE name = ?1", &stmt), 0);
	assert_int_equal(db_bind(stmt, "t", name), 0);
	assert_int_equal(db_step(&k->store.db, stmt), 1);
	page = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return page;
}

static bool has_damaged_file(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	bool found = false;

	while ((entry = readdir(dir)) != NULL)
		found = found || strncmp(entry->d_name, "damaged-", 8) == 0;
	closedir(dir);
	return found;
}

/* The roster's pages are bad: every visit comes over, and who the kiosk is. */
static void visits_outlive_a_damaged_roster(void **state)
{
	struct kiosk k;
	off_t page;

	(void)state;
	kiosk_setup(&k);
	for (int i = 1; i <= 40; i++)
		commit(&k, i);
	page = root_page(&k, "roster_birth");
	kiosk_close(&k);
	overwrite(k.folder, (page - 1) * 4096, 4096);
	kiosk_open(&k);
	assert_int_equal(k.store.damage, LOBBY_ERR_CORRUPT);
	assert_int_equal(k.store.salvaged, 40);
	assert_int_equal(waiting(&k), 40);
	assert_true(k.identity.enrolled);
	assert_string_equal(k.identity.name, "Lobby 1");
	assert_true(has_damaged_file(k.folder));
	/* Numbers go on beyond any that was used; a visit answered before is still known. */
	assert_true(store_get_int(&k.store, "next_seq", 0) >= NOW_MS / 1000);
	commit(&k, 7);
	assert_int_equal(waiting(&k), 40);
	commit(&k, 41);
	assert_int_equal(waiting(&k), 41);
	kiosk_close(&k);
	/* And the next start is a healthy one. */
	kiosk_open(&k);
	assert_int_equal(k.store.damage, 0);
	assert_int_equal(waiting(&k), 41);
	kiosk_teardown(&k);
}

/* One leaf in the middle of the outbox is bad: those before and behind it come over. */
static void visits_beside_a_bad_page_are_read(void **state)
{
	struct kiosk k;
	char path[128];
	struct stat info;

	(void)state;
	kiosk_setup(&k);
	for (int i = 1; i <= 60; i++)
		commit(&k, i);
	kiosk_close(&k);
	snprintf(path, sizeof(path), "%s/kiosk.db", k.folder);
	assert_int_equal(stat(path, &info), 0);
	overwrite(k.folder, (info.st_size / 4096 / 2) * 4096, 4096);
	kiosk_open(&k);
	assert_int_equal(k.store.damage, LOBBY_ERR_CORRUPT);
	assert_in_range(waiting(&k), 50, 60);
	kiosk_teardown(&k);
}

/* Nothing can be read: an empty store that says so, with numbers that cannot have been used. */
static void a_store_that_is_none_starts_anew(void **state)
{
	struct kiosk k;

	(void)state;
	kiosk_setup(&k);
	commit(&k, 1);
	kiosk_close(&k);
	overwrite(k.folder, 0, 8192);
	kiosk_open(&k);
	assert_int_equal(k.store.damage, LOBBY_ERR_CORRUPT);
	assert_false(k.identity.enrolled);
	assert_int_equal(store_get_int(&k.store, "next_seq", 0), NOW_MS / 1000);
	assert_true(has_damaged_file(k.folder));
	kiosk_teardown(&k);
}

/* The power went between building the new store and giving it its name. */
static void a_salvage_that_was_cut_goes_on(void **state)
{
	struct kiosk k;
	char whole[128], path[128];

	(void)state;
	kiosk_setup(&k);
	commit(&k, 1);
	kiosk_close(&k);
	snprintf(path, sizeof(path), "%s/kiosk.db", k.folder);
	snprintf(whole, sizeof(whole), "%s/kiosk.db.whole", k.folder);
	copy_file(path, whole);
	overwrite(k.folder, 0, 8192);
	kiosk_open(&k);
	assert_int_equal(waiting(&k), 1);
	assert_true(k.identity.enrolled);
	assert_int_equal(access(whole, F_OK), -1);
	kiosk_teardown(&k);
}

/* `store_test FILE`: opens it, reads, closes. */
static int look_into(const char *path)
{
	sqlite3 *db;
	int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, "SELECT count(*) FROM t", NULL, NULL, NULL);
	sqlite3_close(db);
	return rc;
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return look_into(argv[1]);

	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_private_and_locked),
		cmocka_unit_test(every_old_schema_migrates_to_the_newest),
		cmocka_unit_test(a_second_opening_keeps_the_first_ones_locks),
		cmocka_unit_test(visits_outlive_a_damaged_roster),
		cmocka_unit_test(visits_beside_a_bad_page_are_read),
		cmocka_unit_test(a_store_that_is_none_starts_anew),
		cmocka_unit_test(a_salvage_that_was_cut_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

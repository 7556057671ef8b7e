/* A kiosk's clock that is ahead for a while and is set back: no visit becomes two, no number is given twice. */
#include "sync_fixture.h"

#include "sync/ticket.h"

#define DAY_MS (24 * 60 * MINUTE_MS)

static void a_day_begins(struct kiosk *k, int64_t now_ms)
{
	assert_int_equal(db_begin(&k->store.db), 0);
	assert_int_equal(db_end(&k->store.db, outbox_forget(&k->outbox, clock_day_start_ms(now_ms) - DAY_MS)), 0);
	assert_int_equal(ticket_purge(&k->store.db), 0);
}

static lobby_VisitCommitted commit(struct kiosk *k, int n, int64_t now_ms)
{
	lobby_VisitCommitted answer;
	lobby_Visit visit;
	char id[37];

	uuid_of(id, n);
	visit = arrival(id, "", NULL);
	assert_int_equal(outbox_commit_visit(&k->outbox, &k->identity, &visit, NULL, now_ms, &answer), 0);
	return answer;
}

/* As after a lost connection: the kiosk never heard the first answer. */
static void asked_again_days_later_answers_the_same(void **state)
{
	lobby_VisitCommitted first, second;
	json_t *sent = json_loads("{\"rows\":[{\"seq\":1,\"result\":\"stored\"}]}", 0, NULL);
	struct kiosk k;
	int settled = 0;

	(void)state;
	kiosk_setup(&k);
	first = commit(&k, 1, NOW_MS);
	a_day_begins(&k, NOW_MS + 20 * DAY_MS);
	second = commit(&k, 1, NOW_MS + 20 * DAY_MS);
	assert_int_equal(second.seq, first.seq);
	assert_string_equal(second.ticket, first.ticket);

	assert_int_equal(outbox_settle(&k.outbox, sent, &settled), 0);
	assert_int_equal(settled, 1);
	a_day_begins(&k, NOW_MS + 40 * DAY_MS);
	assert_int_equal(commit(&k, 1, NOW_MS + 40 * DAY_MS).seq, first.seq);
	json_decref(sent);
	kiosk_teardown(&k);
}

static void a_day_that_comes_again_goes_on_counting(void **state)
{
	static const int64_t days[] = { 3, -17, 400 };
	struct kiosk k;
	char ticket[24];

	(void)state;
	kiosk_setup(&k);
	assert_string_equal(commit(&k, 1, NOW_MS).ticket, "D 01");
	for (int i = 0; i < 3; i++) {
		a_day_begins(&k, NOW_MS + days[i] * DAY_MS);
		assert_string_equal(commit(&k, 10 + i, NOW_MS + days[i] * DAY_MS).ticket, "D 01");
		a_day_begins(&k, NOW_MS);
		snprintf(ticket, sizeof(ticket), "D %02d", i + 2);
		assert_string_equal(commit(&k, 20 + i, NOW_MS).ticket, ticket);
	}
	kiosk_teardown(&k);
}

static void what_is_old_goes_in_the_end(void **state)
{
	sqlite3_stmt *stmt = NULL;
	struct kiosk k;

	(void)state;
	kiosk_setup(&k);
	for (int i = 0; i < 40; i++) {
		a_day_begins(&k, NOW_MS + i * DAY_MS);
		commit(&k, i, NOW_MS + i * DAY_MS);
	}
	a_day_begins(&k, NOW_MS + 40 * DAY_MS);
	assert_int_equal(db_prepare(&k.store.db, "SELECT count(*) FROM ticket", &stmt), 0);
	assert_int_equal(db_step(&k.store.db, stmt), 1);
	assert_int_equal(sqlite3_column_int(stmt, 0), 30);
	sqlite3_finalize(stmt);
	kiosk_teardown(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asked_again_days_later_answers_the_same),
		cmocka_unit_test(a_day_that_comes_again_goes_on_counting),
		cmocka_unit_test(what_is_old_goes_in_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

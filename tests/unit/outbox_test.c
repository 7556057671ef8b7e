/* src/sync/outbox: no answered visit is lost or doubled, whatever is pulled out when. */
#include "sync_fixture.h"

#include "checkin/visit.h"
#include "sync/ticket.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define MARIA "patient-maria"
#define SLOT "appointment-maria"

static int set_up(void **state)
{
	struct kiosk *k = calloc(1, sizeof(*k));
	struct roster_entry e = person(SLOT, MARIA, "1985-04-17", "Garcia", "Maria");

	kiosk_setup(k);
	put(k, &e);
	*state = k;
	return 0;
}

static int tear_down(void **state)
{
	kiosk_teardown(*state);
	free(*state);
	return 0;
}

static int commit(struct kiosk *k, int n, lobby_VisitCommitted *answer)
{
	char id[37];
	lobby_Visit visit;

	uuid_of(id, n);
	visit = arrival(id, MARIA, SLOT);
	return outbox_commit_visit(&k->outbox, &k->identity, &visit, NULL, clock_wall_ms(), answer);
}

static int64_t number(struct kiosk *k, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	int64_t value;

	assert_int_equal(db_prepare(&k->store.db, sql, &stmt), 0);
	assert_int_equal(db_step(&k->store.db, stmt), 1);
	value = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return value;
}

static void a_visit_is_sealed_numbered_and_marks_the_roster(void **state)
{
	struct kiosk *k = *state;
	lobby_VisitCommitted answer;
	uint8_t public_key[32], opened[16384];
	struct visit visit;
	const char *why;
	sqlite3_stmt *stmt = NULL;
	json_t *bundle;
	int len;

	assert_int_equal(commit(k, 1, &answer), 0);
	assert_string_equal(answer.ticket, "B 01");
	assert_int_equal(answer.seq, 1);
	assert_int_equal(number(k, "SELECT count(*) FROM roster WHERE local_ticket = 'B 01'"), 1);

	crypto_scalarmult_base(public_key, k->secret_key);
	assert_int_equal(db_prepare(&k->store.db, "SELECT sealed FROM outbox", &stmt), 0);
	assert_int_equal(db_step(&k->store.db, stmt), 1);
	len = sqlite3_column_bytes(stmt, 0);
	assert_int_equal(
		crypto_box_seal_open(opened, sqlite3_column_blob(stmt, 0), (size_t)len, public_key, k->secret_key), 0);
	sqlite3_finalize(stmt);
	bundle = json_loadb((char *)opened, (size_t)len - crypto_box_SEALBYTES, 0, NULL);
	assert_int_equal(visit_from_bundle(bundle, &visit, &why), 0);
	json_decref(bundle);
	assert_string_equal(visit.ticket, "B 01");
	assert_string_equal(visit.patient_id, MARIA);
	assert_string_equal(visit.kiosk_id, k->identity.kiosk_id);
	assert_int_equal(visit.seq, 1);
	assert_int_equal(visit.touches, 12);
}

static void the_same_visit_twice_is_one(void **state)
{
	struct kiosk *k = *state;
	lobby_VisitCommitted first, again;

	assert_int_equal(commit(k, 1, &first), 0);
	assert_int_equal(commit(k, 1, &again), 0);
	assert_memory_equal(&first, &again, sizeof(first));
	assert_int_equal(number(k, "SELECT count(*) FROM outbox"), 1);
	/* Also when the clinic has it already. */
	assert_int_equal(db_exec(&k->store.db, "DELETE FROM outbox"), 0);
	assert_int_equal(commit(k, 1, &again), 0);
	assert_memory_equal(&first, &again, sizeof(first));
	assert_int_equal(number(k, "SELECT count(*) FROM outbox"), 0);
}

static void without_a_clinic_nothing_is_promised(void **state)
{
	struct kiosk *k = *state;
	lobby_VisitCommitted answer;

	k->identity.enrolled = false;
	assert_int_equal(commit(k, 1, &answer), LOBBY_ERR_NOT_ENROLLED);
	assert_int_equal(answer.err, LOBBY_ERR_NOT_ENROLLED);
	assert_string_equal(answer.ticket, "");
	assert_int_equal(number(k, "SELECT count(*) FROM outbox"), 0);
}

static void tickets_never_meet(void **state)
{
	struct kiosk *k = *state;
	char ticket[TICKET_MAX];
	static bool seen[300000];

	assert_int_equal(ticket_number(14, 0), 14);
	assert_int_equal(ticket_number(14, 2), 214);
	assert_int_equal(ticket_number(101, 0), 10001);
	for (int ordinal = 0; ordinal < 100; ordinal++) {
		for (uint64_t c = 1; c < 2000; c++) {
			uint64_t n = ticket_number(c, ordinal);

			if (c % 100 == 0)
				continue;
			assert_true(n < sizeof(seen) && !seen[n]);
			seen[n] = true;
		}
	}
	for (int i = 1; i <= 99; i++)
		assert_int_equal(ticket_next(&k->store.db, NOW_MS, "B", 0, ticket), 0);
	assert_string_equal(ticket, "B 99");
	assert_int_equal(ticket_next(&k->store.db, NOW_MS, "B", 0, ticket), 0);
	assert_string_equal(ticket, "B 10001");
	assert_int_equal(ticket_next(&k->store.db, NOW_MS, "C", 3, ticket), 0);
	assert_string_equal(ticket, "C 301");
	/* The next day begins again. */
	assert_int_equal(ticket_next(&k->store.db, NOW_MS + 24 * 60 * MINUTE_MS, "B", 0, ticket), 0);
	assert_string_equal(ticket, "B 01");
}

/* Killed after the commit, before the answer: the question comes again and finds what was done. */
static void a_kill_before_the_answer_doubles_nothing(void **state)
{
	struct kiosk *k = *state;
	lobby_VisitCommitted answer;
	int status;
	pid_t child;

	kiosk_close(k);
	child = fork();
	if (child == 0) {
		kiosk_open(k);
		if (commit(k, 1, &answer) != 0)
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	kiosk_open(k);
	assert_int_equal(commit(k, 1, &answer), 0);
	assert_string_equal(answer.ticket, "B 01");
	assert_int_equal(answer.seq, 1);
	assert_int_equal(number(k, "SELECT count(*) FROM outbox"), 1);
	assert_int_equal(commit(k, 2, &answer), 0);
	assert_string_equal(answer.ticket, "B 02");
	assert_int_equal(answer.seq, 2);
}

/* The power goes at any moment: what the disk has then holds every answered visit, once. */
static void a_power_cut_loses_nothing_answered(void **state)
{
	struct kiosk *k = *state, copy;
	lobby_VisitCommitted answer;
	char from[128], to[128];

	for (int n = 1; n <= 30; n++) {
		assert_int_equal(commit(k, n, &answer), 0);
		if (n == 12)
			store_checkpoint(&k->store, false);
		make_folder(copy.folder);
		snprintf(from, sizeof(from), "%s/kiosk.db", k->folder);
		snprintf(to, sizeof(to), "%s/kiosk.db", copy.folder);
		copy_file(from, to);
		snprintf(from, sizeof(from), "%s/kiosk.db-wal", k->folder);
		snprintf(to, sizeof(to), "%s/kiosk.db-wal", copy.folder);
		copy_file(from, to);
		kiosk_open(&copy);
		assert_int_equal(copy.store.damage, 0);
		assert_int_equal(number(&copy, "SELECT count(DISTINCT uuid) FROM outbox"), n);
		assert_int_equal(number(&copy, "SELECT count(*) FROM outbox"), n);
		for (int asked = 1; asked <= n; asked++)
			assert_int_equal(commit(&copy, asked, &answer), 0);
		assert_int_equal(number(&copy, "SELECT count(*) FROM outbox"), n);
		kiosk_teardown(&copy);
	}
}

static void a_full_disk_changes_nothing(void **state)
{
	struct kiosk *k = *state;
	lobby_VisitCommitted answer;
	char limit[64];
	int n = 1;

	snprintf(limit, sizeof(limit), "PRAGMA max_page_count=%d", (int)number(k, "PRAGMA page_count") + 4);
	assert_int_equal(db_exec(&k->store.db, limit), 0);
	while (commit(k, n, &answer) == 0)
		n++;
	assert_int_equal(answer.err, LOBBY_ERR_DISK_FULL);
	assert_string_equal(answer.ticket, "");
	assert_int_equal(number(k, "SELECT count(*) FROM outbox"), n - 1);
	assert_int_equal(number(k, "SELECT count(*) FROM visit"), n - 1);
	assert_int_equal(number(k, "SELECT sum(count) FROM ticket"), n - 1);
	assert_int_equal(number(k, "SELECT value FROM meta WHERE key = 'next_seq'"), n);
	assert_int_equal(db_exec(&k->store.db, "PRAGMA max_page_count=100000"), 0);
	assert_int_equal(commit(k, n, &answer), 0);
	assert_int_equal(answer.seq, n);
}

/* The same by the system's own limit: the log cannot grow. */
static void a_log_that_cannot_grow_changes_nothing(void **state)
{
	struct kiosk *k = *state;
	struct rlimit none = { 96 * 1024, 96 * 1024 };
	lobby_VisitCommitted answer;
	int status, n = 1;
	pid_t child;

	kiosk_close(k);
	child = fork();
	if (child == 0) {
		signal(SIGXFSZ, SIG_IGN);
		kiosk_open(k);
		setrlimit(RLIMIT_FSIZE, &none);
		while (n < 200 && commit(k, n, &answer) == 0)
			n++;
		_exit(answer.err == LOBBY_ERR_DISK_FULL ? n : 255);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	n = WEXITSTATUS(status);
	assert_in_range(n, 2, 199);
	kiosk_open(k);
	assert_int_equal(number(k, "SELECT count(*) FROM outbox"), n - 1);
	assert_int_equal(commit(k, n, &answer), 0);
}

static int settle(struct kiosk *k, const char *text, int *settled)
{
	json_t *json = json_loads(text, 0, NULL);
	int err = outbox_settle(&k->outbox, json, settled);

	json_decref(json);
	return err;
}

static void rows_leave_only_when_the_clinic_says_so(void **state)
{
	struct kiosk *k = *state;
	struct outbox_counts counts;
	lobby_VisitCommitted answer;
	int settled = -1;

	for (int n = 1; n <= 5; n++)
		assert_int_equal(commit(k, n, &answer), 0);
	assert_int_equal(settle(k,
				"{\"rows\":[{\"seq\":1,\"result\":\"stored\"},{\"seq\":2,\"result\":\"duplicate\"},"
				"{\"seq\":3,\"result\":\"never\",\"reason\":\"x\"},{\"seq\":4,\"result\":\"maybe\"},"
				"{\"seq\":99,\"result\":\"stored\"},{\"seq\":\"5\",\"result\":\"stored\"},7]}",
				&settled),
			 0);
	assert_int_equal(settled, 3);
	assert_int_equal(outbox_count(&k->outbox, &counts), 0);
	assert_int_equal(counts.visits, 2);
	assert_int_equal(counts.set_aside, 1);
	/* A row that was set aside stays, whatever is said later. */
	assert_int_equal(settle(k, "{\"rows\":[{\"seq\":3,\"result\":\"stored\"}]}", &settled), 0);
	assert_int_equal(settled, 0);
	assert_int_equal(settle(k, "[]", &settled), LOBBY_ERR_PROTOCOL);
	assert_int_equal(settle(k, "{\"rows\":{}}", &settled), LOBBY_ERR_PROTOCOL);
	assert_int_equal(settle(k, "garbage", &settled), LOBBY_ERR_PROTOCOL);
	assert_int_equal(number(k, "SELECT count(*) FROM outbox"), 3);
}

static void batches_are_in_order_and_bounded(void **state)
{
	struct kiosk *k = *state;
	lobby_VisitCommitted answer;
	char *body = NULL;
	int64_t last = 0;
	int rows = 0;
	json_t *json;

	assert_int_equal(outbox_batch(&k->outbox, 0, OUTBOX_BATCH_ROWS, &body, &rows, &last), 0);
	assert_int_equal(rows, 0);
	assert_null(body);
	for (int n = 1; n <= 70; n++)
		assert_int_equal(commit(k, n, &answer), 0);
	assert_int_equal(outbox_batch(&k->outbox, 0, OUTBOX_BATCH_ROWS, &body, &rows, &last), 0);
	assert_int_equal(rows, 64);
	assert_int_equal(last, 64);
	assert_true(strlen(body) <= 1024 * 1024);
	json = json_loads(body, 0, NULL);
	for (size_t i = 0; i < 64; i++)
		assert_int_equal(
			json_integer_value(json_object_get(json_array_get(json_object_get(json, "rows"), i), "seq")),
			(json_int_t)i + 1);
	json_decref(json);
	free(body);
	/* Large rows fill a batch before their count does. */
	assert_int_equal(db_exec(&k->store.db, "UPDATE outbox SET sealed = zeroblob(300000) WHERE seq <= 10"), 0);
	assert_int_equal(outbox_batch(&k->outbox, 0, OUTBOX_BATCH_ROWS, &body, &rows, &last), 0);
	assert_int_equal(rows, 2);
	assert_true(strlen(body) <= 1024 * 1024);
	free(body);
}

/* What an odd card said of somebody who was not found is left out; the person is not turned away for it. */
static void an_odd_card_loses_no_handover(void **state)
{
	struct kiosk *k = *state;
	lobby_VisitCommitted answer;
	lobby_Visit visit;
	char id[37];

	uuid_of(id, 1);
	visit = arrival(id, "", "");
	visit.appointment_id_count = 0;
	visit.kind = lobby_VisitKind_VISIT_HANDOVER;
	visit.reason = lobby_HandoverReason_HANDOVER_NOT_FOUND;
	text_copy(visit.birth_date, sizeof(visit.birth_date), "1985-13-47");
	text_copy(visit.family_initial, sizeof(visit.family_initial), "\x01\xff");
	assert_int_equal(outbox_commit_visit(&k->outbox, &k->identity, &visit, NULL, clock_wall_ms(), &answer), 0);
}

static void a_slip_is_told_once(void **state)
{
	struct kiosk *k = *state;
	lobby_VisitCommitted answer;
	lobby_Slip slip = { .state = lobby_SlipState_SLIP_PRINTING };
	struct outbox_counts counts;
	bool added = true;

	assert_int_equal(commit(k, 1, &answer), 0);
	uuid_of(slip.visit_id, 1);
	assert_int_equal(outbox_commit_slip(&k->outbox, &k->identity, &slip, NOW_MS, &added), 0);
	assert_false(added);
	slip.state = lobby_SlipState_SLIP_FAILED;
	slip.err = LOBBY_ERR_PAPER_OUT;
	assert_int_equal(outbox_commit_slip(&k->outbox, &k->identity, &slip, NOW_MS, &added), 0);
	assert_true(added);
	assert_int_equal(outbox_commit_slip(&k->outbox, &k->identity, &slip, NOW_MS, &added), 0);
	assert_false(added);
	assert_int_equal(outbox_count(&k->outbox, &counts), 0);
	assert_int_equal(counts.waiting, 2);
	assert_int_equal(counts.visits, 1);
	/* The wristband is another thing than the slip, and told once, too. */
	slip.form = lobby_PrintForm_PRINT_WRISTBAND;
	assert_int_equal(outbox_commit_slip(&k->outbox, &k->identity, &slip, NOW_MS, &added), 0);
	assert_true(added);
	assert_int_equal(outbox_commit_slip(&k->outbox, &k->identity, &slip, NOW_MS, &added), 0);
	assert_false(added);
	slip.form = lobby_PrintForm_PRINT_SLIP;
	assert_int_equal(outbox_commit_slip(&k->outbox, &k->identity, &slip, NOW_MS, &added), 0);
	assert_false(added);
	uuid_of(slip.visit_id, 2);
	assert_int_equal(outbox_commit_slip(&k->outbox, &k->identity, &slip, NOW_MS, &added), LOBBY_ERR_NOT_FOUND);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(a_visit_is_sealed_numbered_and_marks_the_roster),
		T(the_same_visit_twice_is_one),
		T(without_a_clinic_nothing_is_promised),
		T(tickets_never_meet),
		T(a_kill_before_the_answer_doubles_nothing),
		T(a_power_cut_loses_nothing_answered),
		T(a_full_disk_changes_nothing),
		T(a_log_that_cannot_grow_changes_nothing),
		T(rows_leave_only_when_the_clinic_says_so),
		T(batches_are_in_order_and_bounded),
		T(an_odd_card_loses_no_handover),
		T(a_slip_is_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

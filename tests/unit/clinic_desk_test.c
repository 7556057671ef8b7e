/* src/clinic: what the desk does and sees: stages, events, the audit; and that logs name nobody. */
#include "clinic_fixture.h"

#include <fcntl.h>

static void send_visit(struct fixture *f, struct peer *kiosk, struct visit *v, const char *patient_id,
		       const char *ticket)
{
	*v = visit_of(f, kiosk, patient_id, ticket);
	assert_string_equal(send_row(f, kiosk, row_of_visit(f, v)), "stored");
}

static json_t *step(struct fixture *f, const struct visit *v, const char *way, const char *from, long status)
{
	char path[96], body[48];

	snprintf(path, sizeof(path), "/desk/api/arrivals/%s/%s", v->id, way);
	snprintf(body, sizeof(body), "{\"from\":\"%s\"}", from);
	return expect(f, &f->desk, path, body, status);
}

static void expect_stage(struct fixture *f, const struct visit *v, const char *way, const char *from, const char *to)
{
	json_t *row = step(f, v, way, from, 200);

	assert_string_equal(text_of(row, "stage"), to);
	assert_string_equal(text_of(row, "stage_by"), "anna");
	json_decref(row);
}

static void expect_appointment(struct fixture *f, const char *status)
{
	json_t *json = expect(f, &f->desk, "/desk/api/search?q=Okafor", NULL, 200);

	assert_string_equal(text_of(json_array_get(json_object_get(json, "appointments"), 0), "status"), status);
	json_decref(json);
}

static void stages_go_both_ways_and_never_twice(void **state)
{
	struct fixture *f = *state;
	struct peer kiosk = { 0 };
	struct visit v;
	json_t *json;

	enrol(f, &kiosk, "Lobby 1");
	send_visit(f, &kiosk, &v, "demo-p02", "A 01");
	expect_stage(f, &v, "next", "arrived", "called");
	json = step(f, &v, "next", "arrived", 409); /* somebody else pressed at the same moment */
	assert_string_equal(text_of(json, "error"), "stale");
	json_decref(json);
	expect_stage(f, &v, "undo", "called", "arrived");
	json_decref(step(f, &v, "undo", "arrived", 400));
	expect_stage(f, &v, "next", "arrived", "called");
	expect_stage(f, &v, "next", "called", "with-provider");
	expect_appointment(f, "arrived");
	expect_stage(f, &v, "next", "with-provider", "done");
	expect_appointment(f, "fulfilled");
	json_decref(step(f, &v, "next", "done", 400));
	expect_stage(f, &v, "undo", "done", "with-provider");
	expect_appointment(f, "arrived");
	json_decref(step(f, &v, "next", "nowhere", 400));
	expect_only(f, &f->desk, "/desk/api/arrivals/none/next", "{\"from\":\"arrived\"}", 404);
}

static void each_event_reaches_each_page_once(void **state)
{
	enum { PAGES = 10, VISITS = 12 };
	struct fixture *f = *state;
	struct stream pages[PAGES], again;
	struct peer kiosk = { 0 };
	struct visit v[VISITS];
	char last[64], id[32];

	enrol(f, &kiosk, "Lobby 1");
	for (int i = 0; i < PAGES; i++) {
		stream_open(&pages[i], f, &f->desk, "/desk/api/events", NULL);
		assert_true(stream_until(&pages[i], "retry"));
	}
	for (int i = 0; i < VISITS; i++) {
		char patient[24];

		snprintf(patient, sizeof(patient), "demo-p%02d", 20 + i);
		send_visit(f, &kiosk, &v[i], patient, "A 01");
	}
	for (int i = 0; i < PAGES; i++) {
		assert_true(stream_until(&pages[i], v[VISITS - 1].id));
		for (int n = 0; n < VISITS; n++)
			assert_int_equal(times_in(pages[i].got.body, v[n].id), 1);
		assert_int_equal(times_in(pages[i].got.body, "event: arrival"), VISITS);
	}
	/* One was away after the third: it gets the rest, once. */
	snprintf(id, sizeof(id), "%.*s", (int)strcspn(strstr(pages[0].got.body, "id: "), "\n"),
		 strstr(pages[0].got.body, "id: "));
	snprintf(last, sizeof(last), "Last-Event-ID: %lld", strtoll(id + 4, NULL, 10) + 2);
	stream_open(&again, f, &f->desk, "/desk/api/events?cursor=0", last);
	assert_true(stream_until(&again, v[VISITS - 1].id));
	assert_int_equal(times_in(again.got.body, v[2].id), 0);
	for (int n = 3; n < VISITS; n++)
		assert_int_equal(times_in(again.got.body, v[n].id), 1);
	stream_close(&again);
	for (int i = 0; i < PAGES; i++)
		stream_close(&pages[i]);
}

static void a_page_from_another_time_starts_over(void **state)
{
	struct fixture *f = *state;
	struct stream s;

	stream_open(&s, f, &f->desk, "/desk/api/events?cursor=999999", NULL);
	assert_true(stream_until(&s, "event: reset"));
	assert_true(stream_end(&s));
	stream_close(&s);
}

static void a_quiet_stream_says_that_it_lives_and_ends_with_its_session(void **state)
{
	struct fixture *f = *state;
	struct stream s;

	stream_open(&s, f, &f->desk, "/desk/api/events", NULL);
	assert_true(stream_until(&s, "retry"));
	clock_advance_ms(15001);
	assert_true(stream_until(&s, ": still here"));
	clock_advance_ms(31 * 60000);
	assert_true(stream_end(&s));
	stream_close(&s);
}

static void what_happens_between_state_and_events_is_not_missed(void **state)
{
	struct fixture *f = *state;
	struct peer kiosk = { 0 };
	json_t *before;
	char path[80];
	struct stream s;
	struct visit v;

	enrol(f, &kiosk, "Lobby 1");
	before = desk_state_of(f);
	send_visit(f, &kiosk, &v, "demo-p02", "A 01");
	snprintf(path, sizeof(path), "/desk/api/events?cursor=%s", text_of(before, "cursor"));
	json_decref(before);
	stream_open(&s, f, &f->desk, path, NULL);
	assert_true(stream_until(&s, v.id));
	stream_close(&s);
}

static bool audited(struct fixture *f, const char *action, const char *subject)
{
	json_t *json = expect(f, &f->desk, "/desk/api/audit", NULL, 200), *entries = json_object_get(json, "entries");
	bool found = false;

	for (size_t i = 0; i < json_array_size(entries); i++) {
		const json_t *e = json_array_get(entries, i);

		found = found ||
			(strcmp(text_of(e, "action"), action) == 0 && strcmp(text_of(e, "subject"), subject) == 0 &&
			 strcmp(text_of(e, "user"), "anna") == 0 && number_of(e, "at_ms") == clock_wall_ms());
	}
	json_decref(json);
	return found;
}

static void reads_and_actions_are_audited_for_good(void **state)
{
	static const char *const tampering[] = { "UPDATE audit SET user = 'eve'",   "DELETE FROM audit",
						 "UPDATE bundle SET seq = 0",	    "DELETE FROM bundle",
						 "UPDATE history SET content = ''", "DELETE FROM history" };
	struct fixture *f = *state;
	struct peer kiosk = { 0 };
	struct ledger store;
	struct visit v;

	enrol(f, &kiosk, "Lobby 1");
	send_visit(f, &kiosk, &v, "demo-p02", "A 01");
	clock_advance_ms(1000);
	assert_false(audited(f, "read-patient", "demo-p02"));
	expect_only(f, &f->desk, "/desk/api/patients/demo-p02", NULL, 200);
	expect_only(f, &f->desk, "/desk/api/patients/nobody", NULL, 404);
	assert_true(audited(f, "read-patient", "demo-p02"));
	assert_false(audited(f, "read-patient", "nobody"));
	expect_only(f, &f->desk, "/desk/api/schedule?day=2026-11-23", NULL, 200);
	assert_true(audited(f, "read", "schedule"));
	json_decref(desk_state_of(f));
	assert_true(audited(f, "read", "arrivals"));
	json_decref(step(f, &v, "next", "arrived", 200));
	assert_true(audited(f, "stage", v.id));
	assert_int_equal(ledger_open(&store, f->folder, false), 0);
	for (size_t i = 0; i < sizeof(tampering) / sizeof(tampering[0]); i++)
		assert_int_not_equal(db_exec(&store.db, tampering[i]), 0);
	ledger_close(&store);
}

static void the_schedule_is_the_days(void **state)
{
	struct fixture *f = *state;
	json_t *json = expect(f, &f->desk, "/desk/api/schedule", NULL, 200),
	       *list = json_object_get(json, "appointments");

	assert_string_equal(text_of(json, "day"), "2026-11-23");
	assert_int_equal(json_array_size(list), 61);
	for (size_t i = 1; i < json_array_size(list); i++)
		assert_true(number_of(json_array_get(list, i - 1), "start_ms") <=
			    number_of(json_array_get(list, i), "start_ms"));
	json_decref(json);
	json = expect(f, &f->desk, "/desk/api/schedule?day=2026-11-24", NULL, 200);
	assert_int_equal(json_array_size(json_object_get(json, "appointments")), 1);
	json_decref(json);
	expect_only(f, &f->desk, "/desk/api/schedule?day=tomorrow", NULL, 400);
	json = expect(f, &f->desk, "/desk/api/search?q=%25", NULL, 200); /* no wildcard of SQL's */
	assert_int_equal(json_array_size(json_object_get(json, "appointments")), 0);
	json_decref(json);
	json = expect(f, &f->desk, "/desk/api/search?q=garcia", NULL, 200);
	assert_int_equal(json_array_size(json_object_get(json, "appointments")), 2);
	json_decref(json);
}

static void a_restart_keeps_all(void **state)
{
	struct fixture *f = *state;
	struct peer kiosk = { 0 };
	struct visit v;
	json_t *json, *sent;

	enrol(f, &kiosk, "Lobby 1");
	v = visit_of(f, &kiosk, "demo-p02", "A 01");
	sent = row_of_visit(f, &v);
	assert_string_equal(send_row(f, &kiosk, json_incref(sent)), "stored");
	server_end(f);
	server_begin(f);
	assert_string_equal(send_row(f, &kiosk, sent), "duplicate"); /* same keys, same credential */
	json = desk_state_of(f);
	assert_non_null(member_of(json_object_get(json, "arrivals"), "visit_id", v.id));
	json_decref(json);
}

/* Standard error goes to a file meanwhile; then every name and number of the demo is looked for in it. */
static void logs_name_nobody(void **state)
{
	struct fixture *f = *state;
	struct demo_people people;
	struct peer kiosk = { 0 };
	struct visit v;
	char path[128], *log;
	int saved = dup(STDERR_FILENO), file;
	size_t len;

	snprintf(path, sizeof(path), "%s/log", f->folder);
	file = open(path, O_CREAT | O_WRONLY, 0600);
	dup2(file, STDERR_FILENO);
	close(file);
	enrol(f, &kiosk, "Lobby 1");
	send_visit(f, &kiosk, &v, "demo-p01", "B 14");
	json_decref(json_pack("{ss}", "a", "b"));
	v.seq++;
	v.patient_id[0] = '\0';
	assert_string_equal(send_row(f, &kiosk, row_of_visit(f, &v)), "duplicate");
	assert_string_equal(send_row(f, &kiosk, sealed_row(f, 7, "k", json_pack("{ss}", "family", "Garcia"))), "never");
	expect_only(f, &f->desk, "/desk/api/search?q=Garcia", NULL, 200);
	expect_only(f, &f->desk, "/desk/api/patients/demo-p01", NULL, 200);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	assert_int_equal(file_read(path, 1 << 20, &log, &len), 0);
	assert_true(len > 0);
	assert_int_equal(demo_people_load(&people, "assets/demo"), 0);
	for (int i = 0; i < people.count; i++) {
		static const int telling[] = { DEMO_FAMILY, DEMO_GIVEN,	 DEMO_BIRTH_DATE, DEMO_PHONE,
					       DEMO_EMAIL,  DEMO_STREET, DEMO_MEMBER_ID };

		for (size_t t = 0; t < sizeof(telling) / sizeof(telling[0]); t++)
			if (strlen(people.cells[i][telling[t]]) > 3)
				assert_null(strstr(log, people.cells[i][telling[t]]));
	}
	demo_people_free(&people);
	free(log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(stages_go_both_ways_and_never_twice, fixture_begin, fixture_end),
		cmocka_unit_test_setup_teardown(each_event_reaches_each_page_once, fixture_begin, fixture_end),
		cmocka_unit_test_setup_teardown(a_page_from_another_time_starts_over, fixture_begin, fixture_end),
		cmocka_unit_test_setup_teardown(a_quiet_stream_says_that_it_lives_and_ends_with_its_session,
						fixture_begin, fixture_end),
		cmocka_unit_test_setup_teardown(what_happens_between_state_and_events_is_not_missed, fixture_begin,
						fixture_end),
		cmocka_unit_test_setup_teardown(reads_and_actions_are_audited_for_good, fixture_begin, fixture_end),
		cmocka_unit_test_setup_teardown(the_schedule_is_the_days, fixture_begin, fixture_end),
		cmocka_unit_test_setup_teardown(a_restart_keeps_all, fixture_begin, fixture_end),
		cmocka_unit_test_setup_teardown(logs_name_nobody, fixture_begin, fixture_end),
	};

	curl_global_init(CURL_GLOBAL_DEFAULT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

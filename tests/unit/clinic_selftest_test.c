/* Self-tests at the clinic: what it takes from a kiosk, and what the desk sees of it. */
#include "clinic_fixture.h"

#include "wire.pb.h"

static json_t *test_json(int64_t started_ms, bool passed)
{
	return json_pack("{sI sI sb ss ss s[{ss ss ss ss} {ss ss ss ss}]}", "started_ms", (json_int_t)started_ms,
			 "finished_ms", (json_int_t)started_ms + 9000, "passed", passed, "by", "screen", "version",
			 "1.2.3", "lines", "kind", "print", "state", passed ? "passed" : "failed", "device",
			 "TM-T88VI (04b8:0202)", "text", passed ? "The printer says that it is out." : "Out of paper.",
			 "kind", "stripe", "state", "skipped", "device", "", "text", "No stripe reader is plugged in.");
}

static void post(struct fixture *f, const struct peer *kiosk, json_t *take_json, long status)
{
	char *body = json_dumps(take_json, 0);

	expect_only(f, kiosk, "/kiosk/v1/self-test", body, status);
	free(body);
	json_decref(take_json);
}

static json_t *kiosk_row(struct fixture *f, const char *name)
{
	json_t *state = desk_state_of(f);
	json_t *row = json_incref(member_of(json_object_get(state, "kiosks"), "name", name));

	json_decref(state);
	assert_non_null(row);
	return row;
}

static json_t *tests_of(struct fixture *f, const struct peer *kiosk)
{
	char path[128];

	snprintf(path, sizeof(path), "/desk/api/kiosks/%s/self-tests", kiosk->kiosk_id);
	return expect(f, &f->desk, path, NULL, 200);
}

static void the_desk_sees_the_last_test_and_its_lines(void **state)
{
	struct fixture *f = *state;
	struct peer kiosk = { 0 }, other = { 0 };
	json_t *row, *json, *test;

	enrol(f, &kiosk, "Lobby 1");
	enrol(f, &other, "Lobby 2");
	row = kiosk_row(f, "Lobby 1");
	assert_int_equal(number_of(row, "tested_ms"), 0);
	assert_true(json_is_false(json_object_get(row, "test_passed")));
	json_decref(row);
	post(f, &kiosk, test_json(NOW - 60000, false), 200);
	post(f, &kiosk, test_json(NOW, true), 200);
	post(f, &kiosk, test_json(NOW, true), 200);	     /* once more: the answer was lost */
	post(f, &other, test_json(NOW, false), 200);	     /* the same moment elsewhere is another test */
	post(f, &kiosk, test_json(NOW - 90000, false), 200); /* late */
	row = kiosk_row(f, "Lobby 1");
	assert_int_equal(number_of(row, "tested_ms"), NOW + 9000);
	assert_true(json_is_true(json_object_get(row, "test_passed")));
	json_decref(row);
	json = tests_of(f, &kiosk);
	assert_int_equal(json_array_size(json_object_get(json, "self_tests")), 3);
	test = json_array_get(json_object_get(json, "self_tests"), 0);
	assert_int_equal(number_of(test, "started_ms"), NOW);
	assert_string_equal(json_string_value(json_object_get(test, "by")), "screen");
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(json_object_get(test, "lines"), 0), "text")),
		"The printer says that it is out.");
	json_decref(json);
	json = tests_of(f, &other);
	assert_int_equal(json_array_size(json_object_get(json, "self_tests")), 1);
	json_decref(json);
	expect_only(f, &f->desk, "/desk/api/kiosks/00000000-0000-4000-8000-000000000000/self-tests", NULL, 404);
}

static void a_page_hears_of_it_at_once(void **state)
{
	struct fixture *f = *state;
	struct peer kiosk = { 0 };
	struct stream stream;

	enrol(f, &kiosk, "Lobby 1");
	stream_open(&stream, f, &f->desk, "/desk/api/events?cursor=0", NULL);
	post(f, &kiosk, test_json(NOW, true), 200);
	assert_true(stream_until(&stream, "\"test_passed\":true"));
	stream_close(&stream);
}

static void only_the_last_fifty_are_kept(void **state)
{
	struct fixture *f = *state;
	struct peer kiosk = { 0 };
	struct ledger *store;
	int64_t count = 0;

	enrol(f, &kiosk, "Lobby 1");
	for (int i = 0; i < 55; i++)
		post(f, &kiosk, test_json(NOW + i * 1000, true), 200);
	store = ledger_pool_take(&f->clinic.pool);
	assert_int_equal(ledger_int(store, &count, "SELECT count(*) FROM self_test", ""), 0);
	ledger_pool_give(&f->clinic.pool, store);
	assert_int_equal(count, 50);
}

static void nonsense_and_strangers_are_refused(void **state)
{
	struct fixture *f = *state;
	struct peer kiosk = { 0 }, nobody = { 0 };
	json_t *json;

	enrol(f, &kiosk, "Lobby 1");
	post(f, &nobody, test_json(NOW, true), 401);
	post(f, &kiosk, json_object(), 400);
	json = test_json(NOW, true);
	json_object_set_new(json, "finished_ms", json_integer(NOW - 1));
	post(f, &kiosk, json, 400);
	json = test_json(NOW, true);
	json_object_set_new(json_array_get(json_object_get(json, "lines"), 0), "state", json_string("perhaps"));
	post(f, &kiosk, json, 400);
	json = test_json(NOW, true);
	for (int i = 0; i < 30; i++)
		json_array_append(json_object_get(json, "lines"), json_array_get(json_object_get(json, "lines"), 0));
	post(f, &kiosk, json, 400);
	json = tests_of(f, &kiosk);
	assert_int_equal(json_array_size(json_object_get(json, "self_tests")), 0);
	json_decref(json);
	expect_only(f, &nobody, "/desk/api/kiosks/x/self-tests", NULL, 401);
}

/* The technician's PIN: digits in, a hash for the kiosks, and for everybody else only that there is one. */
static void the_pin_is_hashed_and_shown_to_nobody(void **state)
{
	struct fixture *f = *state;
	struct peer kiosk = { 0 };
	struct stream stream;
	struct ledger store;
	json_t *feed, *change;
	const char *hash;

	enrol(f, &kiosk, "Lobby 1");
	assert_int_equal(ledger_open(&store, f->folder, false), 0);
	assert_int_equal(clinic_settings_set(&store, "technician_pin", "12"), LOBBY_ERR_INVALID);
	assert_int_equal(clinic_settings_set(&store, "technician_pin", "123456789"), LOBBY_ERR_INVALID);
	assert_int_equal(clinic_settings_set(&store, "technician_pin", "12e4"), LOBBY_ERR_INVALID);
	stream_open(&stream, f, &f->desk, "/desk/api/events?cursor=0", NULL);
	assert_int_equal(clinic_settings_set(&store, "technician_pin", "482913"), 0);
	assert_true(stream_until(&stream, "\"technician_pin\":\"set\""));
	assert_null(strstr(stream.got.body, "argon2id"));
	stream_close(&stream);
	feed = expect(f, &kiosk, "/kiosk/v1/feed", NULL, 200);
	change = member_of(json_object_get(feed, "changes"), "type", "settings");
	hash = json_string_value(json_object_get(json_object_get(change, "settings"), "technician_pin"));
	assert_int_equal(crypto_pwhash_str_verify(hash, "482913", 6), 0);
	assert_int_not_equal(crypto_pwhash_str_verify(hash, "482914", 6), 0);
	assert_true(strlen(hash) < sizeof(((lobby_Settings *)0)->technician_pin));
	json_decref(feed);
	assert_int_equal(clinic_settings_set(&store, "technician_pin", ""), 0);
	ledger_close(&store);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fixture_begin, fixture_end)
	const struct CMUnitTest tests[] = {
		T(the_desk_sees_the_last_test_and_its_lines),
		T(a_page_hears_of_it_at_once),
		T(only_the_last_fifty_are_kept),
		T(nonsense_and_strangers_are_refused),
		T(the_pin_is_hashed_and_shown_to_nobody),
	};

	curl_global_init(CURL_GLOBAL_DEFAULT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* src/clinic: who gets in, and who gets nothing: sign-in, sessions, enrolment, and every route without a credential. */
#include "clinic_fixture.h"

static const char *const kiosk_calls[][2] = {
	{ "GET", "/kiosk/v1/feed" },   { "POST", "/kiosk/v1/visits" }, { "POST", "/kiosk/v1/status" },
	{ "POST", "/kiosk/v1/help" },  { "GET", "/kiosk/v1/" },	       { "GET", "/kiosk/v1/anything" },
	{ "GET", "/kiosk/v1/visits" },
};

static const char *const desk_calls[][2] = {
	{ "GET", "/desk/api/state" },
	{ "GET", "/desk/api/events" },
	{ "POST", "/desk/api/arrivals/0/next" },
	{ "POST", "/desk/api/arrivals/0/undo" },
	{ "POST", "/desk/api/help/0/on-my-way" },
	{ "POST", "/desk/api/help/0/done" },
	{ "GET", "/desk/api/schedule" },
	{ "GET", "/desk/api/search?q=Garcia" },
	{ "GET", "/desk/api/patients/demo-p01" },
	{ "GET", "/desk/api/set-aside" },
	{ "POST", "/desk/api/kiosks/code" },
	{ "POST", "/desk/api/kiosks/0/remove" },
	{ "GET", "/desk/api/users" },
	{ "POST", "/desk/api/users" },
	{ "GET", "/desk/api/audit" },
	{ "POST", "/desk/api/sign-out" },
	{ "GET", "/desk/api/no-such-thing" },
	{ "GET", "/fhir/Patient" },
};

static void expect_denied(const struct fixture *f, const struct peer *peer, const char *method, const char *path,
			  bool empty)
{
	struct answer a = call(f, peer, path, strcmp(method, "POST") == 0 ? "{\"name\":\"x\"}" : NULL, "X-Lobby: 1");

	if (a.status != 401)
		print_error("%s %s: %ld\n", method, path, a.status);
	assert_int_equal(a.status, 401);
	if (empty)
		assert_int_equal(a.len, 0);
	else if (a.len > 0)
		assert_string_equal(text_of(a.json, "error"), "denied");
	answer_fini(&a);
}

static void no_credential_gets_nothing(void **state)
{
	struct fixture *f = *state;
	struct peer wrong = {
		.authorization =
			"Kiosk 00000000-0000-4000-8000-000000000000:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	};
	struct peer stranger = { .cookie = "__Host-lobby=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" };
	struct peer kiosk = { 0 };

	for (size_t i = 0; i < sizeof(kiosk_calls) / sizeof(kiosk_calls[0]); i++) {
		expect_denied(f, NULL, kiosk_calls[i][0], kiosk_calls[i][1], true);
		expect_denied(f, &wrong, kiosk_calls[i][0], kiosk_calls[i][1], true);
		expect_denied(f, &f->desk, kiosk_calls[i][0], kiosk_calls[i][1], true);
	}
	enrol(f, &kiosk, "Lobby 1");
	for (size_t i = 0; i < sizeof(desk_calls) / sizeof(desk_calls[0]); i++) {
		expect_denied(f, NULL, desk_calls[i][0], desk_calls[i][1], false);
		expect_denied(f, &stranger, desk_calls[i][0], desk_calls[i][1], false);
		expect_denied(f, &kiosk, desk_calls[i][0], desk_calls[i][1], false);
	}
	/* Its own credential with one letter changed. */
	kiosk.authorization[50] = kiosk.authorization[50] == 'A' ? 'B' : 'A';
	expect_denied(f, &kiosk, "GET", "/kiosk/v1/feed", true);
}

static void posts_need_the_header(void **state)
{
	struct fixture *f = *state;
	struct answer a = call(f, &f->desk, "/desk/api/kiosks/code", "{\"name\":\"x\"}", NULL);

	assert_int_equal(a.status, 401);
	answer_fini(&a);
	a = call(f, NULL, "/desk/api/sign-in", "{\"name\":\"anna\",\"password\":\"correct horse\"}", NULL);
	assert_int_equal(a.status, 401);
	answer_fini(&a);
}

static void setup_works_once(void **state)
{
	struct fixture *f = *state, other = { 0 };
	char token[33], body[200];
	struct ledger store;
	struct answer a;
	json_t *json;

	snprintf(other.folder, sizeof(other.folder), "/tmp/lobby-clinic-XXXXXX");
	assert_non_null(mkdtemp(other.folder));
	server_begin(&other);
	assert_int_equal(ledger_open(&store, other.folder, false), 0);
	assert_int_equal(signin_setup_token(&store, token), 0);
	json = expect(&other, NULL, "/desk/api/session", NULL, 200);
	assert_true(json_is_true(json_object_get(json, "setup")));
	json_decref(json);
	expect_only(&other, NULL, "/desk/api/setup",
		    "{\"token\":\"wrong\",\"name\":\"eve\",\"password\":\"password1\"}", 401);
	snprintf(body, sizeof(body), "{\"token\":\"%s\",\"name\":\"anna\",\"password\":\"short\"}", token);
	expect_only(&other, NULL, "/desk/api/setup", body, 400);
	snprintf(body, sizeof(body), "{\"token\":\"%s\",\"name\":\"anna\",\"password\":\"long enough\"}", token);
	a = call(&other, NULL, "/desk/api/setup", body, "X-Lobby: 1");
	assert_int_equal(a.status, 200);
	assert_non_null(strstr(a.headers, "; Path=/; Secure; HttpOnly; SameSite=Strict"));
	assert_string_equal(text_of(json_object_get(a.json, "user"), "role"), "admin");
	answer_fini(&a);
	expect_only(&other, NULL, "/desk/api/setup", body, 401);
	assert_int_equal(signin_setup_token(&store, token), LOBBY_ERR_EXISTS);
	ledger_close(&store);
	server_end(&other);
	nftw(other.folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	(void)f;
}

static void failed_sign_ins_must_wait(void **state)
{
	static const char wrong[] = "{\"name\":\"anna\",\"password\":\"battery staple\"}";
	struct fixture *f = *state;
	struct peer again = { 0 };
	struct answer a;

	expect_only(f, NULL, "/desk/api/sign-in", "{\"name\":\"nobody\",\"password\":\"correct horse\"}", 401);
	for (int i = 0; i < 5; i++)
		expect_only(f, NULL, "/desk/api/sign-in", wrong, 401);
	a = call(f, NULL, "/desk/api/sign-in", "{\"name\":\"Anna\",\"password\":\"correct horse\"}", "X-Lobby: 1");
	assert_int_equal(a.status, 503);
	assert_non_null(strstr(a.headers, "Retry-After: 1"));
	answer_fini(&a);
	clock_advance_ms(1001);
	expect_only(f, NULL, "/desk/api/sign-in", wrong, 401);
	clock_advance_ms(1001); /* the delay has doubled */
	expect_only(f, NULL, "/desk/api/sign-in", wrong, 503);
	clock_advance_ms(1001);
	sign_in_as(f, &again, "anna", "correct horse");
	expect_only(f, &again, "/desk/api/state", NULL, 200);
}

static void sessions_end(void **state)
{
	struct fixture *f = *state;
	struct peer idle = { 0 };

	sign_in_as(f, &idle, "anna", "correct horse");
	for (int i = 0; i < 3; i++) {
		clock_advance_ms(20 * 60000);
		expect_only(f, &f->desk, "/desk/api/state", NULL, 200);
		/* The session's last use is written after the answer: the next call is behind it in the writer's queue.
		 */
		expect_only(f, &f->desk, "/desk/api/state", NULL, 200);
	}
	expect_only(f, &idle, "/desk/api/state", NULL, 401);
	for (int i = 0; i < 36; i++) {
		clock_advance_ms(20 * 60000);
		json_decref(expect(f, &f->desk, "/desk/api/session", NULL, 200));
	}
	expect_only(f, &f->desk, "/desk/api/state", NULL, 401);
	sign_in_as(f, &f->desk, "anna", "correct horse");
	idle = f->desk;
	expect_only(f, &f->desk, "/desk/api/sign-out", "{}", 200);
	expect_only(f, &idle, "/desk/api/state", NULL, 401);
}

static void only_administrators_see_users(void **state)
{
	struct fixture *f = *state;
	struct peer clerk = { 0 };
	json_t *json;

	expect_only(f, &f->desk, "/desk/api/users", "{\"name\":\"ben\",\"password\":\"a long one\",\"role\":\"desk\"}",
		    200);
	expect_only(f, &f->desk, "/desk/api/users", "{\"name\":\"Ben\",\"password\":\"a long one\",\"role\":\"desk\"}",
		    409);
	expect_only(f, &f->desk, "/desk/api/users", "{\"name\":\"cas\",\"password\":\"a long one\",\"role\":\"king\"}",
		    400);
	sign_in_as(f, &clerk, "ben", "a long one");
	expect_only(f, &clerk, "/desk/api/state", NULL, 200);
	expect_only(f, &clerk, "/desk/api/users", NULL, 403);
	expect_only(f, &clerk, "/desk/api/audit", NULL, 403);
	json = expect(f, &f->desk, "/desk/api/users", NULL, 200);
	assert_int_equal(json_array_size(json_object_get(json, "users")), 2);
	json_decref(json);
}

static void enrolment_proves_both_sides(void **state)
{
	struct fixture *f = *state;
	unsigned char key[32], fingerprint[32], proof[32], seal[32], expected[32];
	char code[16], body[256];
	const char *credential;
	crypto_generichash_state hash;
	json_t *json;
	size_t len;

	seen_fingerprint(f, fingerprint);
	new_code(f, code);
	derive(code, key);
	enrol_body(fingerprint, code, key, "Lobby 1", body, sizeof(body));
	json = expect(f, NULL, "/kiosk/v1/enrol", body, 200);
	credential = text_of(json, "credential");
	assert_int_equal(strlen(credential), 43);
	assert_int_equal(sodium_base642bin(seal, 32, text_of(json, "seal_key"), strlen(text_of(json, "seal_key")), NULL,
					   &len, NULL, sodium_base64_VARIANT_ORIGINAL),
			 0);
	assert_int_equal(sodium_hex2bin(proof, 32, text_of(json, "proof"), 64, NULL, &len, NULL), 0);
	crypto_generichash_init(&hash, key, 32, 32);
	crypto_generichash_update(&hash, (const unsigned char *)"clinic", 6);
	crypto_generichash_update(&hash, fingerprint, 32);
	crypto_generichash_update(&hash, seal, 32);
	crypto_generichash_update(&hash, (const unsigned char *)credential, 43);
	crypto_generichash_final(&hash, expected, 32);
	assert_memory_equal(proof, expected, 32);
	assert_string_equal(text_of(json_object_get(json, "settings"), "clinic_name"), "Riverside Family Clinic");
	json_decref(json);
	/* Replayed: the code is used. */
	json = expect(f, NULL, "/kiosk/v1/enrol", body, 403);
	assert_string_equal(text_of(json, "error"), "code-wrong");
	json_decref(json);
}

static void wrong_proofs_void_a_code(void **state)
{
	struct fixture *f = *state;
	unsigned char key[32], elsewhere[32] = { 1 };
	char code[16], good[256], bad[256];

	new_code(f, code);
	derive(code, key);
	enrol_body(f->clinic.fingerprint, code, key, "Lobby 1", good, sizeof(good));
	enrol_body(elsewhere, code, key, "Lobby 1", bad, sizeof(bad)); /* somebody in between has another certificate */
	for (int i = 0; i < 5; i++)
		expect_only(f, NULL, "/kiosk/v1/enrol", bad, 403);
	expect_only(f, NULL, "/kiosk/v1/enrol", good, 403);
	new_code(f, code);
	derive(code, key);
	enrol_body(f->clinic.fingerprint, code, key, "Lobby 1", good, sizeof(good));
	clock_advance_ms(10 * 60000 + 1);
	expect_only(f, NULL, "/kiosk/v1/enrol", good, 403);
	expect_only(f, NULL, "/kiosk/v1/enrol", "{\"code_id\":\"7QXK\"}", 400);
	expect_only(f, NULL, "/kiosk/v1/enrol", "rubbish", 400);
}

static void a_removed_kiosk_is_out(void **state)
{
	struct fixture *f = *state;
	struct peer kiosk = { 0 };
	char path[96];

	enrol(f, &kiosk, "Lobby 1");
	expect_only(f, &kiosk, "/kiosk/v1/feed", NULL, 200);
	snprintf(path, sizeof(path), "/desk/api/kiosks/%s/remove", kiosk.kiosk_id);
	expect_only(f, &f->desk, path, "{}", 200);
	expect_denied(f, &kiosk, "GET", "/kiosk/v1/feed", true);
	expect_only(f, &f->desk, path, "{}", 404);
}

static void too_much_is_refused(void **state)
{
	struct fixture *f = *state;
	char *body = malloc(20001);

	memset(body, ' ', 20000);
	body[20000] = '\0';
	expect_only(f, NULL, "/desk/api/sign-in", body, 413);
	free(body);
}

static void pages_are_safe_and_cached(void **state)
{
	struct fixture *f = *state;
	struct answer a = call(f, NULL, "/", NULL, NULL);
	char *etag = strstr(a.headers, "ETag: "), line[80];

	assert_int_equal(a.status, 200);
	assert_non_null(strstr(a.headers, "default-src 'none'; script-src 'self'"));
	assert_null(strstr(a.headers, "unsafe"));
	assert_non_null(etag);
	snprintf(line, sizeof(line), "If-None-Match: %.*s", (int)strcspn(etag + 6, "\r\n"), etag + 6);
	answer_fini(&a);
	a = call(f, NULL, "/", NULL, line);
	assert_int_equal(a.status, 304);
	answer_fini(&a);
	a = call(f, NULL, "/../src/clinic/main.c", NULL, NULL);
	assert_int_equal(a.status, 404);
	answer_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(no_credential_gets_nothing, fixture_begin, fixture_end),
		cmocka_unit_test_setup_teardown(posts_need_the_header, fixture_begin, fixture_end),
		cmocka_unit_test_setup_teardown(setup_works_once, fixture_begin, fixture_end),
		cmocka_unit_test_setup_teardown(failed_sign_ins_must_wait, fixture_begin, fixture_end),
		cmocka_unit_test_setup_teardown(sessions_end, fixture_begin, fixture_end),
		cmocka_unit_test_setup_teardown(only_administrators_see_users, fixture_begin, fixture_end),
		cmocka_unit_test_setup_teardown(enrolment_proves_both_sides, fixture_begin, fixture_end),
		cmocka_unit_test_setup_teardown(wrong_proofs_void_a_code, fixture_begin, fixture_end),
		cmocka_unit_test_setup_teardown(a_removed_kiosk_is_out, fixture_begin, fixture_end),
		cmocka_unit_test_setup_teardown(too_much_is_refused, fixture_begin, fixture_end),
		cmocka_unit_test_setup_teardown(pages_are_safe_and_cached, fixture_begin, fixture_end),
	};

	curl_global_init(CURL_GLOBAL_DEFAULT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

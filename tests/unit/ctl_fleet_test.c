/* lobbyctl fleet against a real server: what it prints, what its exit status says, and to whom it tells no password. */
#include "clinic_fixture.h"

#include "ctl/ctl.h"

#include <fcntl.h>

/* Runs the command; its standard output, the caller's to free. */
static char *run(struct fixture *f, int *status, const char *const *words)
{
	char *argv[8] = { NULL }, path[96], *text = NULL;
	int argc = 0, saved = dup(STDOUT_FILENO), file;
	size_t len;

	for (; words[argc] != NULL; argc++)
		argv[argc] = (char *)words[argc];
	snprintf(path, sizeof(path), "%s/out", f->folder);
	fflush(stdout);
	file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_true(file >= 0 && saved >= 0);
	dup2(file, STDOUT_FILENO);
	*status = ctl_fleet(argc, argv);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(file);
	assert_int_equal(file_read(path, 1 << 20, &text, &len), 0);
	return text;
}

static const char *fingerprint_of(const struct fixture *f)
{
	static char hex[65];

	sodium_bin2hex(hex, sizeof(hex), f->clinic.fingerprint, 32);
	return hex;
}

static void tell(struct fixture *f, const struct peer *kiosk, int temperature_c)
{
	char body[800];

	snprintf(body, sizeof(body),
		 "{\"screen\":\"ready\",\"step\":\"welcome\",\"visits_held\":0,\"visits_set_aside\":0,\"devices\":[],"
		 "\"version\":\"0.1.0\",\"clock_ms\":%lld,\"system\":{\"version\":\"0.1.0\",\"slot\":\"a\",\"booted_"
		 "ms\":"
		 "%lld,\"state_total_kb\":1000,\"state_free_kb\":600,\"temperature_c\":%d,\"clock_right\":true}}",
		 (long long)clock_wall_ms() + 300000, (long long)clock_wall_ms() - 3 * 86400000LL, temperature_c);
	expect_only(f, kiosk, "/kiosk/v1/status", body, 200);
}

static int begin(void **state)
{
	fixture_begin(state);
	setenv("LOBBY_PASSWORD", "correct horse", 1);
	setenv("XDG_CONFIG_HOME", ((struct fixture *)*state)->folder, 1);
	return 0;
}

static void it_prints_a_line_a_kiosk_and_what_is_wrong(void **state)
{
	struct fixture *f = *state;
	const char *words[] = { f->url, "--name", "anna", "--fingerprint", fingerprint_of(f), NULL };
	struct peer kiosk = { 0 }, far = { 0 };
	int status = -1;
	char *text = run(f, &status, words);

	assert_string_equal(text, "No kiosk is enrolled yet.\n");
	assert_int_equal(status, 0);
	free(text);
	enrol(f, &kiosk, "Lobby 1");
	enrol(f, &far, "Früher Eingang");
	tell(f, &kiosk, 80);
	text = run(f, &status, words);
	assert_int_equal(status, 1);
	assert_string_equal(text, "KIOSK           STATE    VERSION  SLOT  UP   FREE  TEMP  CLOCK   VISITS\n"
				  "Früher Eingang  offline  -        -     -    -     -     -       0 held\n"
				  "Lobby 1         ready    0.1.0    a     3 d  60 %  80 C  +5 min  0 held\n"
				  "  ! It is hot: 80 \xC2\xB0"
				  "C.\n"
				  "  ! Its clock is 5 minutes ahead.\n"
				  "2 to look at.\n");
	free(text);
}

static void for_programs_it_is_json(void **state)
{
	struct fixture *f = *state;
	const char *words[] = { f->url, "--name", "anna", "--json", "--fingerprint", fingerprint_of(f), NULL };
	struct peer kiosk = { 0 };
	int status = -1;
	json_t *json;
	char *text;

	enrol(f, &kiosk, "Lobby 1");
	text = run(f, &status, words);
	assert_int_equal(status, 1); /* offline */
	json = json_loads(text, 0, NULL);
	assert_string_equal(text_of(json_array_get(json_object_get(json, "kiosks"), 0), "name"), "Lobby 1");
	json_decref(json);
	free(text);
}

static int64_t audited(struct fixture *f, const char *action)
{
	struct ledger *store = ledger_pool_take(&f->clinic.pool);
	int64_t count = -1;

	assert_int_equal(ledger_int(store, &count, "SELECT count(*) FROM audit WHERE action = ?1", "t", action), 0);
	ledger_pool_give(&f->clinic.pool, store);
	return count;
}

static void a_stranger_gets_no_password(void **state)
{
	struct fixture *f = *state;
	const char *other = "00000000000000000000000000000000000000000000000000000000000000ff";
	const char *wrong[] = { f->url, "--name", "anna", "--fingerprint", other, NULL };
	const char *unknown[] = { f->url, "--name", "anna", NULL };
	const char *right[] = { f->url, "--name", "anna", "--fingerprint", fingerprint_of(f), NULL };
	int64_t before = audited(f, "sign-in");
	char line[400], path[96];
	int status = -1;

	free(run(f, &status, wrong));
	assert_int_equal(status, 2);
	free(run(f, &status, unknown)); /* nobody to ask: standard input is no terminal */
	assert_int_equal(status, 2);
	assert_int_equal(audited(f, "sign-in"), before);
	assert_int_equal(audited(f, "sign-in-failed"), 0);
	/* Known from before, as it is remembered. */
	snprintf(path, sizeof(path), "%s/lobby", f->folder);
	assert_int_equal(file_make_folder(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/lobby/clinics", f->folder);
	snprintf(line, sizeof(line), "https://other.example:1 %s\n%s %s\n", other, f->url, fingerprint_of(f));
	assert_int_equal(file_replace(path, line, strlen(line), 0600), 0);
	free(run(f, &status, unknown));
	assert_int_equal(status, 0);
	assert_int_equal(audited(f, "sign-in"), before + 1);
	assert_int_equal(audited(f, "sign-out"), 1); /* it leaves no session behind */
	setenv("LOBBY_PASSWORD", "wrong horse", 1);
	free(run(f, &status, right));
	assert_int_equal(status, 2);
	assert_int_equal(audited(f, "sign-in-failed"), 1);
}

static void what_is_no_address_is_not_asked(void **state)
{
	struct fixture *f = *state;
	const char *const wrong[][4] = {
		{ NULL },	    { "http://127.0.0.1:1", NULL },
		{ "", NULL },	    { "https://127.0.0.1:1", NULL },
		{ "a", "b", NULL }, { "--name", NULL },
	};
	int status;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		status = -1;
		free(run(f, &status, wrong[i]));
		assert_int_equal(status, 2);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, fixture_end)
	const struct CMUnitTest tests[] = {
		T(it_prints_a_line_a_kiosk_and_what_is_wrong),
		T(for_programs_it_is_json),
		T(a_stranger_gets_no_password),
		T(what_is_no_address_is_not_asked),
	};

	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (freopen("/dev/null", "r", stdin) == NULL)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What becomes of a self-test's report, and who gets to the technician's screen: lobby-sync with a real lobby-clinic,
 * through restarts and a clinic that is away. */
#include "sync_clinic.h"

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	world_start(w);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	world_stop(*state);
	free(*state);
	return 0;
}

static void join(struct world *w)
{
	clinic_make(&w->clinic);
	clinic_serve(&w->clinic, "127.0.0.1:0");
	world_enrol(w);
}

/* ---- reports ---- */

static void report(struct world *w, struct wire_conn *from, int64_t started_ms, bool passed)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_test_report_tag };
	lobby_TestReport *r = &envelope.body.test_report;

	(void)w;
	*r = (lobby_TestReport){ .done = true,
				 .passed = passed,
				 .started_ms = started_ms,
				 .finished_ms = started_ms + 5000,
				 .line_count = 2,
				 .by = "lobbyctl" };
	r->line[0] = (lobby_TestLine){ .kind = lobby_TestKind_TEST_PRINT,
				       .state = passed ? lobby_TestState_TEST_PASSED : lobby_TestState_TEST_FAILED,
				       .device = "TM-T88VI (04b8:0202)",
				       .text = "Out of paper." };
	r->line[1] = (lobby_TestLine){ .kind = lobby_TestKind_TEST_SCAN, .state = lobby_TestState_TEST_SKIPPED };
	assert_int_equal(wire_send(from, &envelope), 0);
}

static void a_report_is_kept_and_reaches_the_clinic_once(void **state)
{
	struct world *w = *state;

	join(w);
	assert_int_equal(w->state.tested_ms, 0);
	report(w, &w->technician, NOW_MS - 60000, false);
	UNTIL(w, w->state.tested_ms == NOW_MS - 55000 && !w->state.test_passed);
	UNTIL(w, clinic_number(&w->clinic, "SELECT count(*) FROM self_test") == 1);
	assert_int_equal(clinic_number(&w->clinic, "SELECT passed FROM self_test"), 0);
	assert_int_equal(clinic_number(&w->clinic, "SELECT json_array_length(lines) FROM self_test"), 2);
	assert_int_equal(clinic_number(&w->clinic, "SELECT count(*) FROM self_test WHERE lines LIKE '%TM-T88VI%'"), 1);
	/* the same again, and another one from the screen */
	report(w, &w->technician, NOW_MS - 60000, false);
	report(w, &w->kiosk, NOW_MS - 1000, true);
	UNTIL(w, w->state.test_passed);
	UNTIL(w, clinic_number(&w->clinic, "SELECT count(*) FROM self_test") == 2);
	world_restart_sync(w);
	UNTIL(w, w->state.tested_ms == NOW_MS + 4000 && w->state.test_passed);
	assert_int_equal(clinic_number(&w->clinic, "SELECT count(*) FROM self_test"), 2);
}

static void a_report_waits_for_a_clinic_that_is_away(void **state)
{
	struct world *w = *state;
	char address[48];

	join(w);
	text_copy(address, sizeof(address), w->clinic.address);
	clinic_kill(&w->clinic, SIGKILL);
	UNTIL(w, !w->state.reachable);
	for (int i = 0; i < 25; i++)
		report(w, &w->technician, NOW_MS + i * 10000, i % 2 == 0);
	UNTIL(w, w->state.tested_ms == NOW_MS + 24 * 10000 + 5000);
	world_restart_sync(w);
	clinic_serve(&w->clinic, address + strlen("https://") * (strncmp(address, "https://", 8) == 0));
	for (int i = 0; i < 60 && clinic_number(&w->clinic, "SELECT count(*) FROM self_test") < 20; i++) {
		world_advance_ms(10000);
		for (int k = 0; k < 50; k++)
			loop_turn(w->loop, 2);
	}
	/* the last twenty */
	assert_int_equal(clinic_number(&w->clinic, "SELECT count(*) FROM self_test"), 20);
	assert_int_equal(clinic_number(&w->clinic, "SELECT min(started_ms) FROM self_test"), NOW_MS + 5 * 10000);
}

static void what_is_no_report_is_passed_over(void **state)
{
	struct world *w = *state;
	lobby_Envelope envelope = { .which_body = lobby_Envelope_test_report_tag };

	envelope.body.test_report = (lobby_TestReport){ .started_ms = NOW_MS, .finished_ms = NOW_MS };
	assert_int_equal(wire_send(&w->technician, &envelope), 0); /* not done */
	envelope.body.test_report = (lobby_TestReport){ .done = true };
	assert_int_equal(wire_send(&w->technician, &envelope), 0); /* refused before it began */
	report(w, &w->technician, NOW_MS, true);
	UNTIL(w, w->state.tested_ms == NOW_MS + 5000);
	assert_true(w->state.test_passed);
}

/* ---- the PIN ---- */

static void try_pin(struct world *w, const char *pin)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_technician_pin_tag };
	int before = w->pin_count;

	text_copy(envelope.body.technician_pin.pin, sizeof(envelope.body.technician_pin.pin), pin);
	envelope.body.technician_pin.request = (uint32_t)before + 1;
	world_send(w, &envelope);
	UNTIL(w, w->pin_count > before);
	assert_int_equal(w->pin.request, before + 1);
}

static void set_pin(struct world *w, const char *pin)
{
	char path[512], folder[80], word[32];
	const char *build = getenv("LOBBY_BUILD");
	pid_t pid;
	int status;

	snprintf(path, sizeof(path), "%s/lobby-clinic", build ? build : "build/san");
	snprintf(folder, sizeof(folder), "%s", w->clinic.folder);
	snprintf(word, sizeof(word), "%s", pin);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		execl(path, path, "setting", "--data", folder, "technician_pin", word, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 0);
	/* Other settings may still be on their way: what counts is whether a PIN is set. */
	UNTIL(w, (w->settings.technician_pin[0] != '\0') == (pin[0] != '\0'));
}

static void the_pin_opens_and_its_hash_stays_here(void **state)
{
	struct world *w = *state;

	try_pin(w, "482913");
	assert_true(w->pin.none_set);
	assert_false(w->pin.ok);
	join(w);
	try_pin(w, "482913");
	assert_true(w->pin.none_set);
	set_pin(w, "482913");
	assert_string_equal(w->settings.technician_pin, "set");
	assert_int_equal(clinic_number(&w->clinic, "SELECT count(*) FROM setting WHERE value LIKE '%$argon2id$%'"), 1);
	assert_int_equal(clinic_number(&w->clinic, "SELECT count(*) FROM audit WHERE detail LIKE '%482913%'"), 0);
	try_pin(w, "482914");
	assert_false(w->pin.ok);
	assert_false(w->pin.none_set);
	try_pin(w, "");
	assert_false(w->pin.ok);
	try_pin(w, "482913");
	assert_true(w->pin.ok);
	set_pin(w, "");
	assert_string_equal(w->settings.technician_pin, "");
	try_pin(w, "");
	assert_true(w->pin.none_set);
}

static void wrong_pins_cost_more_and_more_time(void **state)
{
	struct world *w = *state;
	uint32_t last = 0;

	join(w);
	set_pin(w, "482913");
	try_pin(w, "0000");
	try_pin(w, "0001");
	assert_int_equal(w->pin.wait_s, 0);
	try_pin(w, "0002");
	assert_int_equal(w->pin.wait_s, 10);
	/* the right one is not even looked at, before and after a restart */
	try_pin(w, "482913");
	assert_false(w->pin.ok);
	assert_in_range(w->pin.wait_s, 1, 10);
	world_restart_sync(w);
	try_pin(w, "482913");
	assert_false(w->pin.ok);
	for (int i = 0; i < 10; i++) {
		world_advance_ms(1000000);
		try_pin(w, "0003");
		assert_true(w->pin.wait_s > last || w->pin.wait_s == 900);
		last = w->pin.wait_s;
	}
	assert_int_equal(last, 900);
	/* a clock that is put back locks nobody out for longer */
	world_advance_ms(-86400000);
	try_pin(w, "482913");
	assert_int_equal(w->pin.wait_s, 900);
	world_advance_ms(86400000 + 901000);
	try_pin(w, "482913");
	assert_true(w->pin.ok);
	try_pin(w, "0004");
	assert_int_equal(w->pin.wait_s, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(a_report_is_kept_and_reaches_the_clinic_once),
		T(a_report_waits_for_a_clinic_that_is_away),
		T(what_is_no_report_is_passed_over),
		T(the_pin_opens_and_its_hash_stays_here),
		T(wrong_pins_cost_more_and_more_time),
	};

	return cmocka_run_group_tests(tests, world_clock, NULL);
}

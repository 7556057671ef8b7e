/* A technician: now and then a self-test, of some kinds or all, left to its end, skipped through, cancelled, or hung up
 * on. While one waits for a card, what is read is the test's: lanes do their work again afterwards. */
#include "tests/fault/devices/lane.h"

#include "base/clock.h"

#define OFTEN_MS 15000
#define LEAVE_TURNS 20 /* until lobby-devices has noticed that nobody is there */

static void set_due(struct world *w)
{
	w->tester_due_ms = clock_mono_ms() + 1 + chance_below(&w->chance, w->testing ? 20000 : OFTEN_MS);
}

static void ended(struct world *w)
{
	w->testing = false;
	w->tests++;
	set_due(w);
}

static void on_message(void *arg, struct wire_conn *conn, const lobby_Envelope *envelope)
{
	struct world *w = arg;

	(void)conn;
	w->messages++;
	if (envelope->which_body == lobby_Envelope_test_report_tag && envelope->body.test_report.done && w->testing)
		ended(w);
}

static void on_state(void *arg, struct wire_conn *conn, bool up)
{
	struct world *w = arg;

	(void)conn;
	w->messages++;
	if (!up && w->testing)
		ended(w);
}

void tester_start(struct world *w)
{
	wire_client_start(&w->tester, w->loop, w->path, lobby_Program_PROGRAM_CTL, on_message, on_state, w);
	set_due(w);
}

void tester_stop(struct world *w)
{
	if (w->tester.loop != NULL)
		wire_close(&w->tester);
	w->tester_due_ms = 0;
	if (w->testing)
		w->tests_over_turn = w->turns + LEAVE_TURNS;
	w->testing = false;
	w->tests++;
}

bool tester_is_testing(const struct world *w)
{
	return w->testing || w->turns < w->tests_over_turn;
}

static void begin_test(struct world *w)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_self_test_tag };
	lobby_SelfTest *test = &envelope.body.self_test;

	test->request = w->tests + 1;
	test->wait_s = 1 + chance_below(&w->chance, 20);
	test->print_report = chance_percent(&w->chance, 40);
	test->print_last = chance_percent(&w->chance, 10);
	for (int kind = 0; kind <= (int)lobby_TestKind_TEST_CHIP; kind++)
		if (chance_percent(&w->chance, 30))
			test->kind[test->kind_count++] = (lobby_TestKind)kind;
	w->tests++;
	w->testing = wire_send(&w->tester, &envelope) == 0;
	w->test_since_ms = clock_mono_ms();
	w->test_since_real_ms = world_real_ms();
	world_say(w, "self-test %u, %d kinds", w->tests, (int)test->kind_count);
}

static void disturb(struct world *w)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_self_test_tag };
	unsigned what = chance_below(&w->chance, 10);

	if (what < 2) {
		world_say(w, "the technician hangs up");
		tester_stop(w);
		tester_start(w);
		return;
	}
	envelope.body.self_test.cancel = what < 5;
	envelope.body.self_test.skip = what >= 5;
	world_say(w, "self-test: %s", what < 5 ? "cancelled" : "skip");
	if (wire_send(&w->tester, &envelope) != 0)
		world_say(w, "cannot");
}

bool tester_step(struct world *w)
{
	if (w->testing && clock_mono_ms() - w->test_since_ms > LANE_PATIENCE_MS * 4 &&
	    world_real_ms() - w->test_since_real_ms > LANE_PATIENCE_REAL_MS)
		world_fail(w, "self-test %u does not end", w->tests);
	if (w->tester_due_ms == 0 || clock_mono_ms() < w->tester_due_ms)
		return false;
	if (w->testing)
		disturb(w);
	else if (w->tester.up)
		begin_test(w);
	set_due(w);
	return true;
}

/* What can go wrong with a chip card and its reader, at each message: it ends in a plain state, and the next card is
 * read. */
#include "tests/emu/ccid_world.h"

static void pulled_at_every_message(void **state)
{
	static const enum model_ccid_level levels[] = { MODEL_CCID_TPDU, MODEL_CCID_SHORT };
	struct world *w = *state;

	for (size_t l = 0; l < 4; l++) {
		unsigned last;

		w->reader.level = levels[l % 2];
		w->reader.features = 0x003a;
		w->reader.no_notify = l >= 2;
		plug(w);
		read_well(w);
		last = w->reader.messages;
		unplug(w);
		for (unsigned at = 2; at <= last; at += l < 2 ? 1 : 5) {
			int before = w->rig.scans;

			w->reader.remove_at = at;
			plug(w);
			model_ccid_insert(&w->reader, 0, &w->egk.card);
			rig_until(&w->rig, w->rig.scans > before || w->reader.icc[0].card == NULL);
			rig_until(&w->rig, w->rig.slot == EMPTY && w->reader.icc[0].card == NULL);
			rig_idle(&w->rig, 2);
			assert_in_range(w->rig.scans, before, before + 1);
			if (w->rig.scans > before && w->rig.scan.err != 0)
				assert_int_equal(w->rig.scan.err, LOBBY_ERR_CARD_REMOVED);
			w->reader.remove_at = 0;
			if (at % 7 == 0)
				read_well(w);
			unplug(w);
		}
	}
}

static void unplugged_at_every_message(void **state)
{
	struct world *w = *state;
	unsigned last;

	w->reader.level = MODEL_CCID_TPDU;
	w->reader.features = 0x003a;
	plug(w);
	read_well(w);
	last = w->reader.messages;
	unplug(w);
	for (unsigned at = 1; at <= last; at++) {
		int before = w->rig.scans;

		w->reader.hold_at = at;
		assert_true(bus_plug(w->rig.bus, &w->reader.model));
		if (at > 1) {
			rig_until_state(&w->rig, READER, READY);
			model_ccid_insert(&w->reader, 0, &w->egk.card);
		}
		rig_until(&w->rig, w->reader.messages >= at);
		unplug(w);
		assert_in_range(w->rig.scans, before, before + 1);
		rig_until(&w->rig, w->rig.slot == EMPTY);
		w->reader.icc[0].card = NULL;
	}
	w->reader.hold_at = 0;
	plug(w);
	read_well(w);
}

/* Each fault at each of the first messages: once it passes or ends in an error, for ever in a plain state; plugged in
 * anew the reader works. */
static void faults_end_in_a_plain_state(void **state)
{
	struct world *w = *state;

	w->reader.level = MODEL_CCID_TPDU;
	w->reader.features = 0x003a;
	for (int fault = MODEL_CCID_HONEST + 1; fault < MODEL_CCID_FAULT_COUNT; fault++) {
		for (unsigned at = 2; at < 9; at += 2) {
			int before = w->rig.scans;

			/* What only a time-out tells takes seconds: one place is enough for those. */
			if ((fault == MODEL_CCID_SILENT || fault == MODEL_CCID_WRONG_SEQ ||
			     fault == MODEL_CCID_ENDLESS) &&
			    at != 4)
				continue;
			w->reader.fault = (enum model_ccid_fault)fault;
			w->reader.fault_at = at;
			w->reader.fault_count = 1;
			plug(w);
			model_ccid_insert(&w->reader, 0, &w->egk.card);
			rig_until(&w->rig, w->rig.scans > before);
			rig_until(&w->rig, w->rig.slot == DONE);
			rig_until_state(&w->rig, READER, READY);
			if (w->rig.scan.err == 0)
				assert_read(w, &w->egk);
			model_ccid_remove(&w->reader, 0);
			rig_until(&w->rig, w->rig.slot == EMPTY);
			w->reader.fault = MODEL_CCID_HONEST;
			read_well(w);
			unplug(w);
		}
	}
}

/* More time is for cards: how its slot is, a reader knows at once. */
static void a_slot_status_does_not_take_all_day(void **state)
{
	struct world *w = *state;
	uint64_t before = bus_requests(w->rig.bus);

	w->reader.fault = MODEL_CCID_ENDLESS;
	w->reader.fault_at = 1;
	w->reader.fault_count = -1;
	w->reader.fault_type = 0x65;
	assert_true(bus_plug(w->rig.bus, &w->reader.model));
	rig_until_state(&w->rig, READER, FAULT);
	assert_in_range(bus_requests(w->rig.bus) - before, 1, 400);
	unplug(w);
	w->reader.fault = MODEL_CCID_HONEST;
	plug(w);
	read_well(w);
}

static void a_reader_that_falls_silent_is_said_so(void **state)
{
	static const enum model_ccid_fault rows[] = { MODEL_CCID_STALL_IN, MODEL_CCID_STALL_OUT, MODEL_CCID_GARBAGE,
						      MODEL_CCID_CUT, MODEL_CCID_HUGE };
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		w->reader.fault = rows[i];
		w->reader.fault_at = 3;
		w->reader.fault_count = -1;
		plug(w);
		model_ccid_insert(&w->reader, 0, &w->egk.card);
		rig_until_state(&w->rig, READER, FAULT);
		assert_non_null(strstr(detail(w), "does not answer"));
		assert_int_not_equal(w->rig.scan.err, 0);
		unplug(w);
		w->reader.icc[0].card = NULL;
		w->reader.fault = MODEL_CCID_HONEST;
		plug(w);
		read_well(w);
		unplug(w);
	}
}

static void a_reader_without_abort_is_brought_back(void **state)
{
	struct world *w = *state;

	w->reader.no_abort = true;
	w->reader.fault = MODEL_CCID_GARBAGE;
	w->reader.fault_at = 5;
	w->reader.fault_count = 1;
	plug(w);
	assert_int_not_equal(insert(w, &w->egk.card), 0);
	assert_int_equal(w->reader.aborts, 0);
	read_well(w);
	assert_int_equal(rig_state(&w->rig, READER), READY);
}

static uint64_t seed = 20261123;

static uint32_t chance(uint32_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % below;
}

/* Readers and faults at random, cards put in and pulled at random, then unplugged: after each the next one works.
 * CCID_SEED in the environment makes them others. */
static void random_sessions_leave_nothing_stuck(void **state)
{
	static const enum model_ccid_level levels[] = { MODEL_CCID_TPDU, MODEL_CCID_SHORT, MODEL_CCID_EXTENDED };
	static const uint32_t features[] = { 0x003a, 0x00ba, 0x04fa, 0x0032, 0x0402 };
	const char *other = getenv("CCID_SEED");
	struct world *w = *state;
	struct model_ccid *r = &w->reader;

	if (other != NULL)
		seed = strtoull(other, NULL, 10);
	for (int i = 0; i < 60; i++) {
		r->level = levels[chance(3)];
		r->features = features[chance(5)];
		r->no_notify = chance(4) == 0;
		r->no_abort = chance(4) == 0;
		r->slot_count = (uint8_t)(1 + chance(2));
		r->max_message = chance(3) == 0 ? 64 + chance(100) : 271;
		r->fault = (enum model_ccid_fault)chance(MODEL_CCID_FAULT_COUNT);
		r->fault_at = 1 + chance(25);
		r->fault_count = (int)chance(4) - 1;
		r->icc[0].wtx = (int)chance(3);
		r->icc[0].bad_checks = (int)chance(3);
		r->icc[0].lost = (int)chance(3);
		assert_true(bus_plug(w->rig.bus, &r->model));
		for (uint32_t k = 0, n = 1 + chance(4); k < n; k++) {
			if (chance(3) == 0)
				model_ccid_remove(r, 0);
			else
				model_ccid_insert(r, 0, &w->egk.card);
			for (uint32_t turns = chance(40); turns > 0; turns--)
				loop_turn(w->rig.loop, 1);
		}
		unplug(w);
		assert_int_equal(w->rig.slot, EMPTY);
		r->fault = MODEL_CCID_HONEST;
		r->icc[0].card = NULL;
		r->icc[0].lost = r->icc[0].bad_checks = 0;
		plug(w);
		read_well(w);
		unplug(w);
	}
}

/* Last: the clock is virtual from here on. A card that asks for more time for ever is given up after ten seconds. */
static void a_read_has_an_end(void **state)
{
	struct world *w = *state;

	w->reader.level = MODEL_CCID_TPDU;
	w->reader.features = 0x003a;
	w->reader.icc[0].wtx = 1 << 30;
	plug(w);
	clock_use_virtual(clock_wall_ms());
	model_ccid_insert(&w->reader, 0, &w->egk.card);
	for (int i = 0; i < 20; i++)
		rig_turn(&w->rig);
	assert_int_equal(w->rig.slot, READING);
	assert_int_equal(w->rig.scans, 0);
	for (int i = 0; i < 200 && w->rig.scans == 0; i++) {
		rig_turn(&w->rig);
		clock_advance_ms(100);
	}
	assert_int_equal(w->rig.scans, 1);
	assert_int_equal(w->rig.scan.err, LOBBY_ERR_TIMEOUT);
	for (int i = 0; i < 200 && w->rig.slot != DONE; i++) {
		rig_turn(&w->rig);
		clock_advance_ms(10);
	}
	assert_int_equal(w->rig.slot, DONE);
	assert_int_equal(w->reader.aborts, 1);
	assert_false(w->reader.icc[0].powered);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pulled_at_every_message),
		TEST(unplugged_at_every_message),
		TEST(faults_end_in_a_plain_state),
		TEST(a_reader_that_falls_silent_is_said_so),
		TEST(a_slot_status_does_not_take_all_day),
		TEST(a_reader_without_abort_is_brought_back),
		TEST(random_sessions_leave_nothing_stuck),
		TEST(a_read_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

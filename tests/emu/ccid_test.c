/* Chip cards through real libusb and the whole of lobby-devices: every exchange level and protocol, voltages, kinds of
 * readers, and what a card may ask for on the way. */
#include "tests/emu/ccid_world.h"

/* ---- levels and protocols ---- */

static void a_card_is_read_and_powered_off(void **state)
{
	struct world *w = *state;

	plug(w);
	assert_string_equal(detail(w), "No card is in.");
	assert_string_equal(rig_device(&w->rig, READER)->name, "Model Card Reader");
	model_ccid_insert(&w->reader, 0, &w->egk.card);
	rig_until(&w->rig, w->rig.slot == READING);
	rig_until(&w->rig, w->rig.slot == DONE);
	assert_int_equal(w->rig.scans, 1);
	assert_read(w, &w->egk);
	assert_false(w->reader.icc[0].powered);
	rig_until(&w->rig, strcmp(detail(w), "A card is in.") == 0);
	model_ccid_remove(&w->reader, 0);
	rig_until(&w->rig, w->rig.slot == EMPTY);
	rig_until(&w->rig, strcmp(detail(w), "No card is in.") == 0);
	assert_int_equal(w->rig.scans, 1);
	read_well(w);
}

static void a_card_that_is_in_already_is_read(void **state)
{
	struct world *w = *state;

	model_ccid_insert(&w->reader, 0, &w->egk.card);
	plug(w);
	rig_until(&w->rig, w->rig.slot == DONE);
	assert_read(w, &w->egk);
	rig_idle(&w->rig, 50);
	assert_int_equal(w->rig.scans, 1); /* the notice that a card is in is no second card */
}

/* An eGK whose ATR offers T=0, and one that offers both with T=0 first. */
static const uint8_t atr_t0[] = { 0x3b, 0x12, 0x11, 0x41, 0x42 };
static const uint8_t atr_t0_ta1[] = { 0x3b, 0x12, 0x95, 0x41, 0x42 };
static const uint8_t atr_both[] = { 0x3b, 0x80, 0x80, 0x01, 0x01 };
static const uint8_t atr_specific[] = { 0x3b, 0x90, 0x95, 0x91, 0x01, 0x31, 0xfe, 0x45, 0x00 };
static const uint8_t atr_crc[] = { 0x3b, 0x80, 0x81, 0x71, 0xfe, 0x45, 0x01, 0x00 };
static const uint8_t atr_small[] = { 0x3b, 0x80, 0x81, 0x31, 0x20, 0x45, 0x00 };

static void set_atr(struct card_egk *card, const uint8_t *atr, size_t len)
{
	static uint8_t fixed[8][33];
	static int next;
	uint8_t *to = fixed[next++ % 8], check = 0;

	memcpy(to, atr, len);
	for (size_t i = 1; i + 1 < len; i++)
		check ^= atr[i];
	if (atr != atr_t0 && atr != atr_t0_ta1)
		to[len - 1] = check;
	card->card.atr = to;
	card->card.atr_len = len;
}

static void every_level_reads_the_same_card(void **state)
{
	static const enum model_ccid_level levels[] = { MODEL_CCID_TPDU, MODEL_CCID_SHORT, MODEL_CCID_EXTENDED };
	static const uint32_t automatics[] = { 0x04fa, 0x40ba & 0xfff, 0x00ba, 0x003a, 0x001a, 0x0012, 0x0400 };
	static const struct {
		const uint8_t *bytes;
		size_t len;
	} atrs[] = { { NULL, 0 },
		     { atr_t0, sizeof(atr_t0) },
		     { atr_t0_ta1, sizeof(atr_t0_ta1) },
		     { atr_both, sizeof(atr_both) },
		     { atr_specific, sizeof(atr_specific) },
		     { atr_crc, sizeof(atr_crc) },
		     { atr_small, sizeof(atr_small) } };
	struct world *w = *state;

	for (size_t l = 0; l < 3; l++) {
		for (size_t a = 0; a < sizeof(automatics) / sizeof(automatics[0]); a++) {
			w->reader.level = levels[l];
			w->reader.features = automatics[a];
			plug(w);
			for (size_t i = 0; i < sizeof(atrs) / sizeof(atrs[0]); i++) {
				card_egk_init(&w->egk, EGK_52, EGK_HONEST, &egk_people[0]);
				if (atrs[i].bytes != NULL)
					set_atr(&w->egk, atrs[i].bytes, atrs[i].len);
				read_well(w);
			}
			unplug(w);
		}
	}
}

static void a_reader_of_one_protocol_chooses_it(void **state)
{
	struct world *w = *state;

	w->reader.level = MODEL_CCID_TPDU;
	w->reader.features = 0x003a;
	w->reader.protocols = 2;
	set_atr(&w->egk, atr_both, sizeof(atr_both));
	plug(w);
	read_well(w);
	assert_int_equal(w->reader.icc[0].pps_seen, 1);
	assert_int_equal(w->reader.icc[0].protocol, 1);
	set_atr(&w->egk, atr_t0, sizeof(atr_t0));
	assert_int_equal(insert(w, &w->egk.card), LOBBY_ERR_CARD_UNKNOWN);
}

static void a_pps_is_made_where_the_reader_makes_none(void **state)
{
	struct world *w = *state;

	w->reader.level = MODEL_CCID_TPDU;
	w->reader.features = 0x003a;
	plug(w);
	read_well(w); /* TA1 is 97: faster than the default */
	assert_int_equal(w->reader.icc[0].pps_seen, 1);
	assert_int_equal(w->reader.icc[0].fidi, 0x97);
	assert_int_equal(w->reader.parameters[0][0], 0x97);
	unplug(w);
	w->reader.max_rate_bps = 100000; /* too slow for it */
	plug(w);
	read_well(w);
	assert_int_equal(w->reader.icc[0].pps_seen, 1);
	assert_int_equal(w->reader.icc[0].fidi, 0x11);
	unplug(w);
	w->reader.max_rate_bps = 826000;
	w->reader.icc[0].no_pps = true; /* a card that falls silent at it is read slowly */
	plug(w);
	read_well(w);
	assert_int_equal(w->reader.icc[0].fidi, 0x11);
}

static void long_answers_come_in_chains(void **state)
{
	struct world *w = *state;

	w->reader.level = MODEL_CCID_TPDU;
	w->reader.features = 0x003a;
	w->reader.max_ifsd = 40; /* blocks of 40 bytes */
	plug(w);
	read_well(w);
	assert_int_equal(w->reader.icc[0].ifsd, 40);
	assert_true(w->reader.icc[0].blocks_seen > 20);
	unplug(w);
	w->reader.max_ifsd = 254;
	w->reader.icc[0].deny_ifs = true; /* stays at 32 */
	plug(w);
	read_well(w);
	assert_int_equal(w->reader.icc[0].ifsd, 32);
	unplug(w);
	w->reader.level = MODEL_CCID_EXTENDED;
	w->reader.max_message = 74; /* answers, and SELECTs, in parts of 64 bytes */
	plug(w);
	read_well(w);
	unplug(w);
	w->reader.max_message = 64;
	w->reader.level = MODEL_CCID_TPDU;
	w->reader.icc[0].deny_ifs = false;
	plug(w);
	read_well(w);
}

static void more_time_is_given(void **state)
{
	struct world *w = *state;

	w->reader.level = MODEL_CCID_TPDU;
	w->reader.features = 0x003a;
	w->reader.icc[0].wtx = 3;
	w->reader.fault = MODEL_CCID_SLOW;
	plug(w);
	read_well(w);
}

static void a_noisy_line_is_borne(void **state)
{
	struct world *w = *state;
	struct icc *icc = &w->reader.icc[0];

	w->reader.level = MODEL_CCID_TPDU;
	w->reader.features = 0x003a;
	w->reader.max_ifsd = 100;
	plug(w);
	for (int i = 0; i < 4; i++) {
		bus_lock(w->rig.bus);
		icc->bad_checks = i;
		icc->lost = i / 2;
		icc->deaf = i % 3;
		icc->ask_ifs = 20 + i;
		bus_unlock(w->rig.bus);
		read_well(w);
	}
	icc->lost = 9; /* the size of blocks, four times; then a block, until both begin anew */
	read_well(w);
	assert_true(icc->resynchs_seen > 0);
	icc->wrong_sequence = true;
	card_egk_init(&w->egk, EGK_52, EGK_HONEST, &egk_people[0]);
	assert_int_equal(insert(w, &w->egk.card), LOBBY_ERR_PROTOCOL);
	icc->wrong_sequence = false;
	read_well(w);
}

/* ---- power ---- */

static void the_right_voltage_is_found(void **state)
{
	struct world *w = *state;

	w->reader.features = 0x00f2; /* not automatic */
	plug(w);
	read_well(w);
	assert_int_equal(w->reader.power_count, 1);
	assert_int_equal(w->reader.powers[0], 1);
	w->reader.card_voltages = 4;
	read_well(w);
	assert_int_equal(w->reader.power_count, 4);
	assert_memory_equal(w->reader.powers, "\1\1\2\3", 4);
	unplug(w);
	w->reader.voltages = 2; /* the eGK's ATR says 5, 3 and 1.8 V */
	w->reader.card_voltages = 2;
	plug(w);
	read_well(w);
	assert_int_equal(w->reader.powers[0], 2);
	w->reader.card_voltages = 1;
	assert_int_equal(insert(w, &w->egk.card), LOBBY_ERR_CARD_MUTE);
	assert_int_equal(w->reader.power_count, 3); /* and once more, in case it was still on its way in */
}

/* A card that answers at 5 V but says that it is for 3 V (class B) only. */
static void a_card_is_not_kept_at_a_voltage_that_is_not_its_own(void **state)
{
	static const uint8_t class_b[] = { 0x3b, 0x80, 0x81, 0xb1, 0xfe, 0x45, 0x1f, 0x02, 0x00 };
	struct world *w = *state;

	w->reader.features = 0x00f2;
	set_atr(&w->egk, class_b, sizeof(class_b));
	plug(w);
	read_well(w);
	assert_memory_equal(w->reader.powers, "\1\2", 2);
	unplug(w);
	w->reader.voltages = 1;
	plug(w);
	model_ccid_insert(&w->reader, 0, &w->egk.card);
	rig_until(&w->rig, w->rig.slot == DONE);
	assert_int_equal(w->rig.scan.err, LOBBY_ERR_CARD_UNKNOWN);
	rig_until(&w->rig, strstr(detail(w), "no common voltage") != NULL);
}

static void a_mute_card_is_told(void **state)
{
	struct world *w = *state;

	w->reader.fault = MODEL_CCID_MUTE;
	w->reader.fault_type = 0x62;
	plug(w);
	model_ccid_insert(&w->reader, 0, &w->egk.card);
	rig_until(&w->rig, w->rig.slot == DONE);
	assert_int_equal(w->rig.scan.err, LOBBY_ERR_CARD_MUTE);
	assert_int_equal(w->rig.scan.data.size, 0);
	rig_until(&w->rig, strstr(detail(w), "wrong way round") != NULL);
	model_ccid_remove(&w->reader, 0);
	rig_until(&w->rig, w->rig.slot == EMPTY);
	w->reader.fault = MODEL_CCID_HONEST;
	read_well(w);
	w->reader.icc[0].dies = 3; /* each time */
	assert_int_equal(insert(w, &w->egk.card), LOBBY_ERR_CARD_MUTE);
}

static void cards_that_are_not_ours_are_told(void **state)
{
	struct world *w = *state;

	plug(w);
	card_egk_init(&w->egk, EGK_OTHER, EGK_HONEST, &egk_people[0]);
	assert_int_equal(insert(w, &w->egk.card), LOBBY_ERR_CARD_UNKNOWN);
	card_egk_init(&w->egk, EGK_EMV, EGK_HONEST, &egk_people[0]);
	assert_int_equal(insert(w, &w->egk.card), LOBBY_ERR_CARD_PAYMENT);
	card_egk_init(&w->egk, EGK_KVK, EGK_HONEST, &egk_people[0]);
	assert_int_equal(insert(w, &w->egk.card), 0);
	card_egk_init(&w->egk, EGK_52, EGK_HONEST, &egk_people[0]);
	read_well(w);
}

static void hostile_cards_are_survived_at_every_level(void **state)
{
	static const enum model_ccid_level levels[] = { MODEL_CCID_TPDU, MODEL_CCID_SHORT, MODEL_CCID_EXTENDED };
	struct world *w = *state;

	for (size_t l = 0; l < 3; l++) {
		w->reader.level = levels[l];
		plug(w);
		for (int fault = EGK_HONEST; fault < EGK_FAULT_COUNT; fault++) {
			card_egk_init(&w->egk, EGK_52, (enum egk_fault)fault, &egk_people[0]);
			insert(w, &w->egk.card);
			if (fault <= EGK_LAST_READABLE)
				assert_read(w, &w->egk);
		}
		card_egk_init(&w->egk, EGK_52, EGK_HONEST, &egk_people[0]);
		read_well(w);
		unplug(w);
	}
}

static void broken_atrs_are_told(void **state)
{
	static const uint8_t rows[][4] = {
		{ 0x3b, 0xff, 0xff, 0xff }, { 0x00, 0x00, 0x00, 0x00 }, { 0x3b, 0x80, 0x81, 0x31 }, { 0x3f }
	};
	struct world *w = *state;

	w->reader.level = MODEL_CCID_TPDU;
	plug(w);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		w->egk.card.atr = rows[i];
		w->egk.card.atr_len = rows[i][0] == 0x3f ? 1 : 4;
		assert_int_equal(insert(w, &w->egk.card), LOBBY_ERR_CARD_MALFORMED);
	}
}

/* ---- readers ---- */

static void two_slots_take_turns(void **state)
{
	struct world *w = *state;
	struct card_egk other;

	card_egk_init(&other, EGK_51, EGK_HONEST, &egk_people[0]);
	w->reader.slot_count = 2;
	w->reader.level = MODEL_CCID_TPDU;
	plug(w);
	model_ccid_insert(&w->reader, 1, &other.card);
	model_ccid_insert(&w->reader, 0, &w->egk.card);
	rig_until(&w->rig, w->rig.scans == 2 && w->rig.slot == DONE);
	assert_read(w, &w->egk);
	model_ccid_remove(&w->reader, 1);
	rig_idle(&w->rig, 20);
	assert_int_equal(w->rig.slot, DONE);
	model_ccid_remove(&w->reader, 0);
	rig_until(&w->rig, w->rig.slot == EMPTY);
	model_ccid_insert(&w->reader, 1, &other.card);
	rig_until(&w->rig, w->rig.scans == 3 && w->rig.slot == DONE);
	assert_read(w, &other);
}

/* What the patient is told is about all readers: one that is empty does not say that the other's card is out. */
static void two_readers_are_told_as_one(void **state)
{
	struct world *w = *state;
	struct model_ccid second;

	plug(w);
	model_ccid_insert(&w->reader, 0, &w->egk.card);
	rig_until(&w->rig, w->rig.slot == DONE);
	model_ccid_init(&second, w->rig.bus);
	assert_true(bus_plug(w->rig.bus, &second.model));
	rig_until(&w->rig, w->rig.list.device_count == 2 && w->rig.list.device[1].state == READY);
	rig_idle(&w->rig, 20);
	assert_int_equal(w->rig.slot, DONE);
	bus_unplug(w->rig.bus, &second.model);
	rig_until(&w->rig, w->rig.list.device_count == 1);
	assert_int_equal(w->rig.slot, DONE);
	unplug(w);
	assert_int_equal(w->rig.slot, EMPTY);
	model_ccid_fini(&second);
}

static void a_reader_without_interrupt_endpoint_is_asked(void **state)
{
	struct world *w = *state;
	uint64_t requests;

	w->reader.no_notify = true;
	plug(w);
	read_well(w);
	read_well(w);
	rig_idle(&w->rig, 100);
	requests = bus_requests(w->rig.bus);
	rig_idle(&w->rig, 1200);
	assert_in_range(bus_requests(w->rig.bus) - requests, 8, 60);
}

static void an_idle_reader_wakes_nobody(void **state)
{
	struct world *w = *state;
	uint64_t requests;

	plug(w);
	for (int i = 0; i < 2; i++) {
		rig_idle(&w->rig, 100);
		requests = bus_requests(w->rig.bus);
		assert_in_range(rig_idle(&w->rig, 700), 1, 1);
		assert_int_equal(bus_requests(w->rig.bus), requests);
		model_ccid_insert(&w->reader, 0, &w->egk.card); /* and with a card left in */
		rig_until(&w->rig, w->rig.slot == DONE);
	}
}

static void a_composite_device_is_found(void **state)
{
	struct world *w = *state;

	w->reader.composite = true;
	w->reader.fault = MODEL_CCID_GARBAGE; /* so that it is aborted by its own interface's number */
	w->reader.fault_at = 6;
	w->reader.fault_count = 1;
	plug(w);
	assert_int_not_equal(insert(w, &w->egk.card), 0);
	assert_int_equal(w->reader.aborts, 1);
	read_well(w);
}

static void a_class_descriptor_behind_the_endpoints_is_found(void **state)
{
	struct world *w = *state;

	w->reader.class_last = true;
	plug(w);
	read_well(w);
}

struct pace {
	unsigned held;
	uint64_t us;
};

static void on_held(void *arg, uint64_t us)
{
	struct pace *pace = arg;

	pace->held++;
	pace->us += us;
}

/* At the rate that the eGK asks for, 500 kbit/s at 4 MHz, its 800 bytes and their commands take a good 20 ms. */
static void the_line_can_take_its_time(void **state)
{
	struct world *w = *state;
	struct pace pace = { 0 };
	unsigned stepped = 0;

	w->reader.level = MODEL_CCID_TPDU;
	w->reader.features = 0x003a;
	w->reader.clock_khz = 4000;
	w->reader.paced = true;
	w->reader.held = on_held;
	w->reader.held_arg = &pace;
	plug(w);
	model_ccid_insert(&w->reader, 0, &w->egk.card);
	while (w->rig.slot != DONE) {
		rig_turn(&w->rig);
		bus_lock(w->rig.bus);
		if (pace.held > stepped) {
			stepped = pace.held;
			model_ccid_step(&w->reader);
		}
		bus_unlock(w->rig.bus);
	}
	assert_read(w, &w->egk);
	assert_true(stepped > 10);
	assert_int_equal(w->reader.line_us, pace.us);
	assert_in_range(pace.us, 20000, 60000);
}

static void descriptors_that_break_the_rules_are_unsupported(void **state)
{
	struct world *w = *state;

	w->reader.descriptor_len = 53;
	assert_true(bus_plug(w->rig.bus, &w->reader.model));
	rig_until_state(&w->rig, READER, UNSUPPORTED);
	assert_string_equal(detail(w), "The reader's descriptor breaks the CCID rules.");
	unplug(w);
	w->reader.descriptor_len = 0;
	assert_true(bus_plug(w->rig.bus, &w->reader.model));
	rig_until_state(&w->rig, READER, UNSUPPORTED);
	unplug(w);
	w->reader.descriptor_len = 54;
	w->reader.max_message = 12;
	assert_true(bus_plug(w->rig.bus, &w->reader.model));
	rig_until_state(&w->rig, READER, UNSUPPORTED);
	unplug(w);
	w->reader.max_message = 271;
	w->reader.level = MODEL_CCID_CHARACTER;
	assert_true(bus_plug(w->rig.bus, &w->reader.model));
	rig_until_state(&w->rig, READER, UNSUPPORTED);
	assert_non_null(strstr(detail(w), "single characters"));
}

static void swapped_cards_are_both_read(void **state)
{
	struct world *w = *state;
	struct card_egk other;

	card_egk_init(&other, EGK_51, EGK_HONEST, &egk_people[1]);
	plug(w);
	model_ccid_insert(&w->reader, 0, &other.card);
	rig_until(&w->rig, w->rig.slot == DONE);
	model_ccid_insert(&w->reader, 0, &w->egk.card); /* too quick for the reader to say "out" */
	rig_until(&w->rig, w->rig.scans == 2);
	assert_read(w, &w->egk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_card_is_read_and_powered_off),
		TEST(a_card_that_is_in_already_is_read),
		TEST(every_level_reads_the_same_card),
		TEST(a_reader_of_one_protocol_chooses_it),
		TEST(a_pps_is_made_where_the_reader_makes_none),
		TEST(long_answers_come_in_chains),
		TEST(more_time_is_given),
		TEST(a_noisy_line_is_borne),
		TEST(the_right_voltage_is_found),
		TEST(a_card_is_not_kept_at_a_voltage_that_is_not_its_own),
		TEST(a_mute_card_is_told),
		TEST(cards_that_are_not_ours_are_told),
		TEST(hostile_cards_are_survived_at_every_level),
		TEST(broken_atrs_are_told),
		TEST(two_slots_take_turns),
		TEST(two_readers_are_told_as_one),
		TEST(a_reader_without_interrupt_endpoint_is_asked),
		TEST(an_idle_reader_wakes_nobody),
		TEST(a_composite_device_is_found),
		TEST(a_class_descriptor_behind_the_endpoints_is_found),
		TEST(the_line_can_take_its_time),
		TEST(descriptors_that_break_the_rules_are_unsupported),
		TEST(swapped_cards_are_both_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

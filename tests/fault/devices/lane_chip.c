/* Smart-card readers of every level and the cards in them: both may lie, fall silent, ask for time for ever, and be
 * pulled at any moment. */
#include "cards/chip.h"
#include "tests/emu/card_egk.h"
#include "tests/emu/model_ccid.h"
#include "tests/fault/devices/lane.h"

#include <stdlib.h>
#include <string.h>

struct chip {
	struct lane lane; /* first */
	struct model_ccid model;
	struct card_egk cards[MODEL_CCID_SLOTS];
	struct chip_script expected; /* what the honest card holds */
	bool heard;
};

static void init(struct lane *lane)
{
	struct chip *s = (struct chip *)lane;

	model_ccid_init(&s->model, lane->world->bus);
	lane->model = &s->model.model;
}

static void fini(struct lane *lane)
{
	model_ccid_fini(&((struct chip *)lane)->model);
}

static void strike(struct model_ccid *m, struct chance *c)
{
	m->fault = (enum model_ccid_fault)chance_below(c, MODEL_CCID_FAULT_COUNT);
	m->fault_at = m->messages + 1 + chance_below(c, chance_percent(c, 50) ? 5 : 40);
	m->fault_count = m->fault_left = chance_percent(c, 70) ? 1 + (int)chance_below(c, 4) : -1;
	m->fault_type = chance_percent(c, 70) ? 0 : chance_percent(c, 50) ? 0x6f : 0x62;
	m->remove_at = chance_percent(c, 20) ? m->messages + 1 + chance_below(c, 30) : 0;
	m->hold_at = chance_percent(c, 10) ? m->messages + 1 + chance_below(c, 30) : 0;
}

static void spoil_contacts(struct icc *icc, struct chance *c)
{
	icc->wtx = chance_percent(c, 20) ? (int)chance_below(c, 5) : chance_percent(c, 5) ? 1 << 30 : 0;
	icc->bad_checks = chance_percent(c, 15) ? (int)chance_below(c, 6) : 0;
	icc->lost = chance_percent(c, 10) ? (int)chance_below(c, 5) : 0;
	icc->deaf = chance_percent(c, 15) ? (int)chance_below(c, 6) : 0;
	icc->ask_ifs = chance_percent(c, 10) ? (int)chance_below(c, 255) : 0;
	icc->deny_ifs = chance_percent(c, 10);
	icc->wrong_sequence = chance_percent(c, 10);
	icc->no_pps = chance_percent(c, 10);
	icc->dies = chance_percent(c, 15) ? 1 + (int)chance_below(c, 30) : 0;
}

static void dress(struct lane *lane, struct chance *c)
{
	static const enum model_ccid_level levels[] = { MODEL_CCID_CHARACTER, MODEL_CCID_TPDU, MODEL_CCID_TPDU,
							MODEL_CCID_SHORT, MODEL_CCID_EXTENDED };
	static const uint32_t features[] = { 0x04ba | 0x40, 0x003a, 0, 0x04fe };
	static const uint32_t sizes[] = { 271, 271, 65, 20, 10, 0, 65544, 0xffffffff };
	struct model_ccid *m = &((struct chip *)lane)->model;

	m->level = levels[chance_below(c, sizeof(levels) / sizeof(levels[0]))];
	m->features = features[chance_below(c, sizeof(features) / sizeof(features[0]))];
	m->slot_count = (uint8_t)(1 + chance_below(c, MODEL_CCID_SLOTS));
	if (chance_percent(c, 30)) {
		m->voltages = (uint8_t)chance_below(c, 8);
		m->card_voltages = (uint8_t)chance_below(c, 8);
		m->protocols = (uint8_t)chance_below(c, 4);
		m->max_ifsd = chance_below(c, 300);
		m->max_message = sizes[chance_below(c, sizeof(sizes) / sizeof(sizes[0]))];
		m->clock_khz = chance_percent(c, 10) ? 0 : 4800;
		m->max_rate_bps = chance_percent(c, 10) ? 0 : 826000;
	}
	m->no_notify = chance_percent(c, 25);
	m->class_last = chance_percent(c, 15);
	m->composite = chance_percent(c, 15);
	m->descriptor_len = chance_percent(c, 8) ? (uint8_t)(2 + chance_below(c, 52)) : 54;
	m->no_abort = chance_percent(c, 20);
	if (chance_percent(c, 60))
		strike(m, c);
	for (unsigned i = 0; i < MODEL_CCID_SLOTS; i++)
		spoil_contacts(&m->icc[i], c);
}

static void insert(struct chip *s, struct chance *c)
{
	unsigned slot = chance_below(c, s->model.slot_count);
	struct card_egk *card = &s->cards[slot];
	bool hostile = chance_percent(c, 60);

	model_ccid_remove(&s->model, slot);
	card_egk_init(card, (enum egk_kind)chance_below(c, EGK_KIND_COUNT),
		      hostile ? (enum egk_fault)chance_below(c, EGK_FAULT_COUNT) : EGK_HONEST,
		      &egk_people[chance_below(c, egk_people_count)]);
	card->seed = chance_next(c);
	card->extended = chance_percent(c, 50);
	if (chance_percent(c, 10))
		card_egk_open_gvd(card);
	model_ccid_insert(&s->model, slot, &card->card);
}

static void act(struct lane *lane, struct chance *c)
{
	struct chip *s = (struct chip *)lane;
	unsigned what = chance_below(c, 10);

	if (what < 5) {
		insert(s, c);
	} else if (what < 7) {
		model_ccid_remove(&s->model, chance_below(c, s->model.slot_count));
	} else if (what < 8) {
		model_ccid_step(&s->model);
	} else {
		bus_lock(s->model.bus);
		if (chance_percent(c, 50))
			strike(&s->model, c);
		else
			spoil_contacts(&s->model.icc[0], c);
		bus_wake(&s->model.model);
		bus_unlock(s->model.bus);
	}
}

/* What the script reads when there is nothing between it and the card. */
static void read_directly(struct smartcard *card, struct chip_script *script)
{
	static uint8_t answer[CHIP_MAX_ANSWER];
	uint8_t apdu[CHIP_MAX_APDU];
	size_t len;

	card->reset(card);
	chip_start(script, card->atr, card->atr_len);
	while (chip_next(script, apdu, &len) == CHIP_SEND)
		chip_answer(script, answer, card->apdu(card, apdu, len, answer, sizeof(answer)));
}

static void work(struct lane *lane, struct chance *c)
{
	struct chip *s = (struct chip *)lane;

	model_ccid_remove(&s->model, 0);
	card_egk_init(&s->cards[0], chance_percent(c, 80) ? EGK_52 : EGK_51, EGK_HONEST,
		      &egk_people[(unsigned)lane->number % egk_people_count]);
	read_directly(&s->cards[0].card, &s->expected);
	s->heard = false;
	model_ccid_insert(&s->model, 0, &s->cards[0].card);
}

static bool has_worked(struct lane *lane)
{
	struct chip *s = (struct chip *)lane;

	if (s->heard && chance_percent(&lane->chance, 50))
		model_ccid_remove(&s->model, 0);
	return s->heard;
}

static void on_scan(struct lane *lane, const lobby_Scan *scan)
{
	struct chip *s = (struct chip *)lane;

	if (lane->phase == LANE_WORKING && scan->source == lobby_ScanSource_SCAN_CHIP && scan->err == 0 &&
	    scan->data.size == s->expected.len && memcmp(scan->data.bytes, s->expected.list, s->expected.len) == 0)
		s->heard = true;
}

const struct lane_class lane_chip = { .name = "chip",
				      .size = sizeof(struct chip),
				      .init = init,
				      .fini = fini,
				      .dress = dress,
				      .act = act,
				      .work = work,
				      .has_worked = has_worked,
				      .on_scan = on_scan };

/* Chip cards: QEMU's own reader, which others wrote, with an eGK behind it; then our model of a reader, at the exchange
 * levels that there are, with and without an interrupt endpoint, and with what may happen in the middle. */
#include "kernel.h"

#include "cards/card.h"
#include "cards/chip.h"

#include <stdio.h>
#include <string.h>

#define QEMU_READER 0x08e6, 0x4433 /* as QEMU's usb-ccid names itself */
#define OUR_READER 0x1209, 0x0005
#define READY lobby_DeviceState_DEVICE_READY
#define EMPTY lobby_CardSlotState_CARD_SLOT_EMPTY
#define DONE lobby_CardSlotState_CARD_SLOT_DONE
#define TPDU_PLAIN 0x003a /* dwFeatures: voltages, parameters and rates automatic, no exchange level's own */

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

/* The next scan is all that this card holds, and names the person. */
static bool is_read(struct kernel *k, int before, const struct egk_person *person)
{
	static struct chip_script script;
	static struct card_egk direct;
	struct card card;

	if (!kernel_until(k, k->scans > before && k->slot == DONE))
		return false;
	card_egk_init(&direct, EGK_52, EGK_HONEST, person);
	read_directly(&direct.card, &script);
	return k->scan.err == 0 && k->scan.source == lobby_ScanSource_SCAN_CHIP && k->scan.data.size == script.len &&
	       memcmp(k->scan.data.bytes, script.list, script.len) == 0 &&
	       card_parse(CARD_CHIP, "", k->scan.data.bytes, k->scan.data.size, &card) == 0 &&
	       strcmp(card.insurance.family, person->family) == 0 && strcmp(card.insurance.given, person->given) == 0 &&
	       strcmp(card.insurance.member_id, person->member_id) == 0;
}

/* Into QEMU's reader, which hands a T=0 command to its card as it is. */
static void insert_there(struct kernel *k, enum egk_kind kind, bool speaks_t0)
{
	static const uint8_t atr_t0[] = { 0x3b, 0x12, 0x11, 0x41, 0x42 };

	card_egk_init(&k->egk, kind, EGK_HONEST, &egk_people[0]);
	if (speaks_t0) {
		k->egk.card.atr = atr_t0;
		k->egk.card.atr_len = sizeof(atr_t0);
	}
	vscard_insert(&k->vscard, &k->egk.card);
}

static void qemu_checks(struct kernel *k)
{
	int before = k->scans;
	bool good;

	kernel_check(k, kernel_until(k, kernel_state_of(k, QEMU_READER) == READY),
		     "QEMU's card reader is ready, and is not ours");
	insert_there(k, EGK_52, true);
	good = is_read(k, before, &egk_people[0]);
	kernel_check(k, good, "an eGK put into it is read, and names its person (%u APDUs)", k->vscard.apdus);
	vscard_remove(&k->vscard);
	kernel_check(k, kernel_until(k, k->slot == EMPTY), "taken out, the slot is empty");
	before = k->scans;
	insert_there(k, EGK_52, false);
	kernel_check(k, kernel_until(k, k->scans > before) && k->scan.err == LOBBY_ERR_CARD_UNKNOWN,
		     "it speaks T=0: an eGK that speaks only T=1 is told as one that cannot be read there");
	vscard_remove(&k->vscard);
	kernel_until(k, k->slot == EMPTY);
	before = k->scans;
	insert_there(k, EGK_OTHER, true);
	kernel_check(k, kernel_until(k, k->scans > before) && k->scan.err == LOBBY_ERR_CARD_UNKNOWN,
		     "a card that is no health card is told as such");
	vscard_remove(&k->vscard);
	kernel_until(k, k->slot == EMPTY);
}

static bool plug(struct kernel *k)
{
	return bus_plug(k->bus, &k->reader.model) && kernel_until(k, kernel_state_of(k, OUR_READER) == READY);
}

static void unplug(struct kernel *k)
{
	bus_unplug(k->bus, &k->reader.model);
	kernel_until(k, kernel_state_of(k, OUR_READER) == lobby_DeviceState_DEVICE_ABSENT);
}

static bool card_is_read(struct kernel *k)
{
	int before = k->scans;
	bool good;

	card_egk_init(&k->egk, EGK_52, EGK_HONEST, &egk_people[1]);
	model_ccid_insert(&k->reader, 0, &k->egk.card);
	good = is_read(k, before, &egk_people[1]);
	model_ccid_remove(&k->reader, 0);
	return kernel_until(k, k->slot == EMPTY) && good;
}

static void level_checks(struct kernel *k)
{
	static const struct {
		const char *name;
		enum model_ccid_level level;
		uint32_t features;
		bool no_notify;
	} kinds[] = { { "T=1 blocks (TPDU)", MODEL_CCID_TPDU, TPDU_PLAIN, false },
		      { "extended APDUs", MODEL_CCID_EXTENDED, 0x04fa, false },
		      { "short APDUs, no interrupt endpoint", MODEL_CCID_SHORT, 0x04fa, true },
		      { "short APDUs", MODEL_CCID_SHORT, 0x04fa, false } };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (i > 0)
			unplug(k);
		k->reader.level = kinds[i].level;
		k->reader.features = kinds[i].features;
		k->reader.no_notify = kinds[i].no_notify;
		kernel_check(k, plug(k) && card_is_read(k), "our reader, %s: an eGK is read", kinds[i].name);
	}
}

/* One fault, a few messages from now. */
static void strike(struct kernel *k, enum model_ccid_fault fault)
{
	bus_lock(k->bus);
	k->reader.fault = fault;
	k->reader.fault_at = k->reader.messages + 4;
	k->reader.fault_left = 1;
	bus_unlock(k->bus);
}

/* The last reader of level_checks() stays plugged in. */
static void fault_checks(struct kernel *k)
{
	int before = k->scans;

	bus_lock(k->bus);
	k->reader.remove_at = k->reader.messages + 8;
	bus_unlock(k->bus);
	card_egk_init(&k->egk, EGK_52, EGK_HONEST, &egk_people[1]);
	model_ccid_insert(&k->reader, 0, &k->egk.card);
	kernel_check(k, kernel_until(k, k->scans > before && k->slot == EMPTY) && k->scan.err != 0,
		     "a card pulled out while it is read is told");
	k->reader.remove_at = 0;
	kernel_check(k, card_is_read(k), "and read when it is put in again");
	strike(k, MODEL_CCID_STALL_OUT);
	kernel_check(k, card_is_read(k), "a command that stalls is sent again");
	strike(k, MODEL_CCID_STALL_IN);
	kernel_check(k, !card_is_read(k) && k->scan.err == LOBBY_ERR_PROTOCOL && k->reader.aborts > 0,
		     "an answer that stalls for ever is given up, the command aborted");
	kernel_check(k, card_is_read(k), "and the next card is read");
	before = k->scans;
	model_ccid_insert(&k->reader, 0, &k->egk.card);
	bus_unplug(k->bus, &k->reader.model);
	kernel_check(
		k,
		kernel_until(k, kernel_state_of(k, OUR_READER) == lobby_DeviceState_DEVICE_ABSENT && k->slot == EMPTY),
		"unplugged with a card in it, reader and card are gone");
	model_ccid_remove(&k->reader, 0);
	kernel_check(k, plug(k) && card_is_read(k), "plugged in again, it reads");
}

void kernel_chip_checks(struct kernel *k)
{
	qemu_checks(k);
	level_checks(k);
	fault_checks(k);
}

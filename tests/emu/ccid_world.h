/* What the tests of chip cards share: lobby-devices with a reader's model and an eGK, and what reading one card means.
 * Included by test programs only; everything is static. */
#ifndef LOBBY_EMU_CCID_WORLD_H
#define LOBBY_EMU_CCID_WORLD_H

#include "tests/emu/card_egk.h"
#include "tests/emu/model_ccid.h"
#include "tests/emu/rig.h"

#include "base/clock.h"
#include "cards/chip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define READER lobby_DeviceKind_DEVICE_CARD_READER
#define READY lobby_DeviceState_DEVICE_READY
#define ABSENT lobby_DeviceState_DEVICE_ABSENT
#define FAULT lobby_DeviceState_DEVICE_FAULT
#define UNSUPPORTED lobby_DeviceState_DEVICE_UNSUPPORTED
#define EMPTY lobby_CardSlotState_CARD_SLOT_EMPTY
#define READING lobby_CardSlotState_CARD_SLOT_READING
#define DONE lobby_CardSlotState_CARD_SLOT_DONE

struct world {
	struct rig rig;
	struct model_ccid reader;
	struct card_egk egk;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	rig_init(&w->rig);
	model_ccid_init(&w->reader, w->rig.bus);
	card_egk_init(&w->egk, EGK_52, EGK_HONEST, &egk_people[0]);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	/* The model goes before the bus, which rig_fini() frees. */
	wire_close(&w->rig.kiosk);
	model_ccid_fini(&w->reader);
	rig_fini(&w->rig);
	free(w);
	return 0;
}

static void plug(struct world *w)
{
	assert_true(bus_plug(w->rig.bus, &w->reader.model));
	rig_until_state(&w->rig, READER, READY);
}

static void unplug(struct world *w)
{
	bus_unplug(w->rig.bus, &w->reader.model);
	rig_until_state(&w->rig, READER, ABSENT);
}

static const char *detail(const struct world *w)
{
	const lobby_Device *d = rig_device(&w->rig, READER);

	return d == NULL ? "" : d->detail;
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

/* The last scan is all that this card holds. */
static void assert_read(const struct world *w, struct card_egk *card)
{
	static struct chip_script script;

	assert_int_equal(w->rig.scan.err, 0);
	assert_int_equal(w->rig.scan.source, lobby_ScanSource_SCAN_CHIP);
	read_directly(&card->card, &script);
	assert_true(script.len > 400);
	assert_int_equal(w->rig.scan.data.size, script.len);
	assert_memory_equal(w->rig.scan.data.bytes, script.list, script.len);
}

/* Puts the card in, and takes it out when it has been read or given up. Returns the error. */
static int insert(struct world *w, struct smartcard *card)
{
	int before = w->rig.scans;

	model_ccid_insert(&w->reader, 0, card);
	rig_until(&w->rig, w->rig.scans == before + 1 && w->rig.slot == DONE);
	model_ccid_remove(&w->reader, 0);
	rig_until(&w->rig, w->rig.slot == EMPTY);
	assert_int_equal(w->rig.scans, before + 1);
	return w->rig.scan.err;
}

static void read_well(struct world *w)
{
	assert_int_equal(insert(w, &w->egk.card), 0);
	assert_read(w, &w->egk);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif

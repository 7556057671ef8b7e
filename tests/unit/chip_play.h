/* A card model and the script that talks with it, with no reader between: what the tests of chip cards share. */
#ifndef LOBBY_UNIT_CHIP_PLAY_H
#define LOBBY_UNIT_CHIP_PLAY_H

#include "cards/chip.h"
#include "tests/emu/card_egk.h"

/* The end of the talk. Fails the test if it takes more commands than it may, or if a command is none. */
static inline enum chip_next chip_play(struct card_egk *card, struct chip_script *script)
{
	static uint8_t answer[CHIP_MAX_ANSWER];
	uint8_t apdu[CHIP_MAX_APDU];
	enum chip_next next;
	size_t len;

	card->card.reset(&card->card);
	chip_start(script, card->card.atr, card->card.atr_len);
	while ((next = chip_next(script, apdu, &len)) == CHIP_SEND) {
		assert_true(len >= 5 && len <= CHIP_MAX_APDU);
		chip_answer(script, answer, card->card.apdu(&card->card, apdu, len, answer, sizeof(answer)));
		assert_true(card->commands <= CHIP_MAX_SENT);
		assert_true(script->len <= CHIP_MAX_LIST);
	}
	return next;
}

#endif

/* What people do with their cards in front of lobby-emu: hold one under the scanner, swipe one, put one in. */
#ifndef LOBBY_EMU_EMU_CARDS_H
#define LOBBY_EMU_EMU_CARDS_H

#include "tests/emu/emu.h"

#include <stdarg.h>

struct emu_answer {
	char *text;
	size_t size;
};

void emu_say(struct emu_answer *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** "scan ...", "swipe ...", "insert ...", "remove", "issuers FILE": false if the verb is none of these. */
bool emu_cards_command(struct emu *emu, struct emu_answer *a, const char *verb, const char *what);
/** The card as its kind is used: scanned, swiped or put in. */
void emu_cards_use(struct emu *emu, struct emu_answer *a, const struct card_row *card);

#endif

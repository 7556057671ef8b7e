/* The contents of a German chip card's files, made of an invented person. */
#ifndef LOBBY_EMU_CARD_EGK_DATA_H
#define LOBBY_EMU_CARD_EGK_DATA_H

#include "tests/emu/card_egk.h"

enum egk_app { EGK_APP_MF, EGK_APP_HCA, EGK_APP_KVK, EGK_APP_NONE };

/** Fills card->files by card->kind and card->fault. */
void card_egk_fill(struct card_egk *card, const struct egk_person *person);

#endif

/* The KVK, Germany's insurance card before the eGK: 256 bytes of memory with one template of data objects.
 *
 * Technische Spezifikation der Versichertenkarte 2.08 and KBV Merkblatt Krankenversichertenkarte 2.05, section 1.1:
 * tag 60, BER lengths, text in DIN 66003 (seven bits, German letters where ASCII has brackets), an XOR over all. */
#ifndef LOBBY_CARDS_KVK_H
#define LOBBY_CARDS_KVK_H

#include "card.h"
#include "chip.h"

/** As egk.h says. The file is the template, or the chip's memory with the template behind 30 bytes of ATR and
 * directory. LOBBY_ERR_CARD_MALFORMED. */
int kvk_parse(struct reader file, struct card_insurance *insurance) MUST_CHECK;

#endif

/* What a chip card holds, as lobby-devices hands it on: a list of files, read here, understood in lobby-kiosk.
 *
 * The list is what lobby_Scan.data is for SCAN_CHIP: for each file one byte that names it (enum chip_file), two bytes
 * of length (big-endian), and its bytes as they were on the card. Nothing else of a card leaves lobby-devices.
 *
 * `struct chip_script` is the talk with the card, pure: it gives the next command APDU, is fed the answer, and ends
 * with the list. The reader's driver carries the APDUs and knows nothing of what they mean. Sources: ISO/IEC 7816-4
 * (APDUs, SELECT, READ BINARY); gematik gemSpec_eGK_ObjSys_G2.1 (MF/DF.HCA: EF.PD, EF.VD, EF.StatusVD, EF.GVD),
 * gemSpec_eGK_Fach_VSDM (contents); Technische Spezifikation der Versichertenkarte (KVK). */
#ifndef LOBBY_CARDS_CHIP_H
#define LOBBY_CARDS_CHIP_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum chip_file {
	CHIP_EGK_STATUS = 0x01,	 /* EF.StatusVD */
	CHIP_EGK_PD = 0x02,	 /* EF.PD: the person */
	CHIP_EGK_VD = 0x03,	 /* EF.VD: the insurance */
	CHIP_EGK_GVD = 0x04,	 /* EF.GVD, where it may be read without a PIN */
	CHIP_EGK_VERSION = 0x05, /* EF.Version2 */
	CHIP_KVK = 0x10,	 /* the KVK's one template */
};

#define CHIP_MAX_APDU 261     /* short: header, Lc, 255 bytes, Le */
#define CHIP_MAX_ANSWER 65538 /* extended: 65,536 bytes and SW1 SW2; a card that is asked short answers at most 258 */
#define CHIP_MAX_LIST 4096

struct chip_script {
	int step;
	int tries;
	uint32_t want, have; /* of the file being read */
	size_t header_at;    /* where its header is in the list */
	uint8_t list[CHIP_MAX_LIST];
	size_t len;
};

enum chip_next {
	CHIP_SEND, /* *apdu and *len are the next command, valid until the next call */
	CHIP_DONE, /* script->list and len are what the card held */
	CHIP_NONE, /* a card, but none that we know: nothing was kept */
};

/** Begins with the ATR (ISO/IEC 7816-3, 8.2), which may tell the kind of card. */
void chip_start(struct chip_script *script, const uint8_t *atr, size_t len);
/** What to do next. */
enum chip_next chip_next(struct chip_script *script, uint8_t apdu[CHIP_MAX_APDU], size_t *len);
/** The card's answer to the last command, SW1 SW2 last. Any bytes are survived. */
void chip_answer(struct chip_script *script, const uint8_t *answer, size_t len);
/** Overwrites what was read. */
void chip_wipe(struct chip_script *script);

#endif

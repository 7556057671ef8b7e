/* What a chip card holds, as lobby-devices hands it on: a list of files, read here, understood in lobby-kiosk.
 *
 * The list is what lobby_Scan.data is for SCAN_CHIP: for each file one byte that names it (enum chip_file), two bytes
 * of length (big-endian), and its bytes as they were on the card. Nothing else of a card leaves lobby-devices.
 *
 * `struct chip_script` is the talk with the card, pure: it gives the next command APDU, is fed the answer, and ends
 * with the list. The reader's driver carries the APDUs and knows nothing of what they mean. It asks only short APDUs,
 * so it works on every reader and with T=0 and T=1. Sources: ISO/IEC 7816-4 (APDUs, SELECT, READ BINARY); gematik
 * gemSpec_eGK_ObjSys_G2.1 (MF/DF.HCA: EF.PD, EF.VD, EF.GVD, EF.StatusVD; MF: EF.Version2), gemSpec_eGK_Fach_VSDM
 * (contents); KBV Merkblatt Krankenversichertenkarte 2.05, section 4 (KVK: SELECT FILE, READ BINARY); EMV 4.3 book 1,
 * section 12 (what a payment card has). */
#ifndef LOBBY_CARDS_CHIP_H
#define LOBBY_CARDS_CHIP_H

#include "base/bytes.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum chip_file {
	CHIP_EGK_STATUS = 0x01,	 /* EF.StatusVD */
	CHIP_EGK_PD = 0x02,	 /* EF.PD: the person */
	CHIP_EGK_VD = 0x03,	 /* EF.VD: the insurance, without what lies behind it in the file */
	CHIP_EGK_GVD = 0x04,	 /* EF.GVD, where it may be read without a PIN */
	CHIP_EGK_VERSION = 0x05, /* EF.Version2 */
	CHIP_KVK = 0x10,	 /* the KVK's one template */
};

#define CHIP_MAX_APDU 261     /* short: header, Lc, 255 bytes, Le */
#define CHIP_MAX_ANSWER 65538 /* extended: 65,536 bytes and SW1 SW2; a card that is asked short answers at most 258 */
#define CHIP_MAX_LIST 4096
#define CHIP_MAX_SENT 64 /* commands to one card; an honest one needs about 20 */

struct chip_script {
	uint8_t step;	     /* of the table in chip.c */
	uint8_t sent;	     /* answers taken so far */
	bool memory;	     /* the ATR is a memory card's */
	bool get_response;   /* the card holds `le` bytes back (61xx) */
	bool exact;	     /* the card wants `le` for the command just sent (6Cxx) */
	uint16_t le;	     /* 1 to 256 */
	uint16_t want, have; /* bytes of the file being read; want 0: its header is not read yet */
	size_t file_at;	     /* where it begins in the list */
	size_t len;
	uint8_t list[CHIP_MAX_LIST];
};

enum chip_next {
	CHIP_SEND,    /* *apdu and *len are the next command; the same one until chip_answer() */
	CHIP_DONE,    /* script->list and len are what the card held; card_parse() says whether it is whole */
	CHIP_NONE,    /* a card, but none that we know: nothing was kept */
	CHIP_PAYMENT, /* a payment card: nothing was read from it, nothing was kept */
};

/** Begins after power-up, with the ATR (ISO/IEC 7816-3, 8.2), which may tell the kind of card. */
void chip_start(struct chip_script *script, const uint8_t *atr, size_t len);
/** What to do next. */
enum chip_next chip_next(const struct chip_script *script, uint8_t apdu[CHIP_MAX_APDU], size_t *len);
/** The card's answer to the last command, SW1 SW2 last. Any bytes are survived; at most CHIP_MAX_SENT of them are taken
 * before the script ends. */
void chip_answer(struct chip_script *script, const uint8_t *answer, size_t len);
/** Overwrites what was read. */
void chip_wipe(struct chip_script *script);

/* The files of a list; a file that is not there is an empty reader. They borrow the list. */
struct chip_files {
	struct reader status, pd, vd, gvd, version, kvk;
};

/** Takes a list apart. LOBBY_ERR_CARD_UNKNOWN: it is empty. LOBBY_ERR_CARD_MALFORMED: a file ends behind the list, or
 * is there twice. Files of unknown names are passed over. */
int chip_files_open(const uint8_t *list, size_t len, struct chip_files *files) MUST_CHECK;

#endif

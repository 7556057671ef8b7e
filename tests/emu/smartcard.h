/* A smart card as its APDUs see it: what is behind a reader's contacts. Readers' models (model_ccid.h) add T=0 or T=1,
 * timing and faults; QEMU's own reader is served the same card. ISO/IEC 7816-3 (ATR), 7816-4 (APDUs). */
#ifndef LOBBY_EMU_SMARTCARD_H
#define LOBBY_EMU_SMARTCARD_H

#include <stddef.h>
#include <stdint.h>

struct smartcard {
	const char *name; /* as lobby-emu's command calls it */
	const uint8_t *atr;
	size_t atr_len;
	/** A command APDU, short or extended; the answer with SW1 SW2 last. Returns its length (2 to 65,538; size is at
	 * least that). */
	size_t (*apdu)(struct smartcard *card, const uint8_t *command, size_t len, uint8_t *answer, size_t size);
	/** Power came, or came again. */
	void (*reset)(struct smartcard *card);
};

#endif

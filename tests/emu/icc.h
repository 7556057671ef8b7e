/* The contacts of a smart card: what turns its APDUs into T=0 or T=1, and honours or refuses a PPS. Written from the
 * card's side of ISO/IEC 7816-3:2006 (9, 10, 11) and on its own: it shares nothing with the driver that it tests.
 * What it does wrong is on switches, which last over resets. */
#ifndef LOBBY_EMU_ICC_H
#define LOBBY_EMU_ICC_H

#include "tests/emu/smartcard.h"

#include <stdbool.h>

#define ICC_MAX_IN 65552
#define ICC_MAX_OUT 65538
#define ICC_MAX_BLOCK 259

struct icc {
	struct smartcard *card; /* NULL: the slot is empty */
	bool powered;
	/* switches */
	int wtx;	     /* so many requests for more time before each answer */
	int bad_checks;	     /* so many blocks to come have wrong check bytes */
	int lost;	     /* so many blocks to come are not sent */
	int deaf;	     /* so many blocks that come are taken for damaged */
	int ask_ifs;	     /* once, before an answer: asks for blocks of at most so many bytes */
	bool deny_ifs;	     /* does not answer S(IFS request) */
	bool wrong_sequence; /* repeats the number of its last I-block for ever */
	bool no_pps;	     /* falls silent at a PPS */
	int dies;	     /* falls silent after so many commands since power came; 0: no */
	/* what the ATR says */
	uint8_t ta1;
	bool specific, crc;
	uint8_t first_protocol, protocols, ifsc;
	/* what is agreed */
	uint8_t protocol, fidi;
	bool talked; /* too late for a PPS */
	int commands;
	/* T=1 */
	bool sequence, expected; /* N(S) of our next block and of theirs */
	uint8_t ifsd;
	int wtx_left;
	bool ifs_asked;
	uint8_t *in, *out; /* a command being put together, an answer being sent */
	size_t in_len, out_len, out_at, chunk;
	bool answering;
	uint8_t last[ICC_MAX_BLOCK];
	size_t last_len;
	/* T=0: what waits for GET RESPONSE is in out */
	unsigned pps_seen, blocks_seen, resynchs_seen;
};

void icc_init(struct icc *icc);
void icc_fini(struct icc *icc);
/** Power came: begins anew with what the card's ATR says. */
void icc_power(struct icc *icc);
/** A whole APDU, as readers of the APDU levels give it; returns the answer's length, 0 if the card is silent. */
size_t icc_apdu(struct icc *icc, const uint8_t *command, size_t len, uint8_t *answer, size_t size);
/** What a reader of the TPDU level sends: a PPS, a T=0 command or a T=1 block. Returns the reply's length; 0: silence.
 * fidi is the reader's rate: another than the card's is noise. */
size_t icc_tpdu(struct icc *icc, uint8_t protocol, uint8_t fidi, const uint8_t *in, size_t len, uint8_t *out,
		size_t size);

#endif

/* One command APDU and its answer over whatever the reader speaks, pure: what to put into the next XfrBlock, and what
 * to make of what comes back.
 *
 * Four ways: T=0 and T=1 at the TPDU level, and the short and extended APDU levels (CCID 1.1, 3.2 and 6.1.4, 6.2.1 for
 * wLevelParameter and bChainParameter; ISO/IEC 7816-3:2006, 12 for APDUs over T=0). On top of all four the card's
 * wishes are followed: 61xx by GET RESPONSE, 6Cxx by the same command with that Le (ISO/IEC 7816-4, 5.1.3), both
 * bounded. */
#ifndef LOBBY_DRIVERS_CCID_EXCHANGE_H
#define LOBBY_DRIVERS_CCID_EXCHANGE_H

#include "drivers/ccid/t1.h"

#define EXCHANGE_MAX_COMMAND 261 /* a short APDU with everything; an extended one without data is shorter */

enum exchange_way { EXCHANGE_T0, EXCHANGE_T1, EXCHANGE_SHORT, EXCHANGE_EXTENDED };

struct exchange {
	enum exchange_way way;
	size_t max_data; /* bytes that one message can carry */
	struct t1 t1;
	uint8_t command[EXCHANGE_MAX_COMMAND];
	size_t len;
	size_t sent;	   /* EXTENDED: of the command */
	uint8_t *answer;   /* borrowed while the exchange runs */
	size_t size;	   /* its room */
	size_t gathered;   /* from answers before this one (61xx) */
	size_t answer_len; /* in all; valid when done */
	int rounds;	   /* GET RESPONSEs and repetitions */
	int blocks;	   /* EXTENDED: messages of this answer */
	bool corrected;	   /* Le was corrected as the card said */
};

/* What is to be sent: data, wLevelParameter, bBWI. Points into the exchange, valid until its next call. */
struct exchange_block {
	const uint8_t *data;
	size_t len;
	uint16_t level;
	uint8_t waiting;
};

/* What came: err 0 or the error that the reader's answer stands for (ccid_fault_error()). */
struct exchange_reply {
	int err;
	uint8_t chain; /* bChainParameter */
	const uint8_t *data;
	size_t len;
};

enum exchange_next { EXCHANGE_DONE = 0, EXCHANGE_SEND = 1 }; /* else a negative error */

/** max_data: dwMaxCCIDMessageLength without the header. ifsc and crc are T=1's, from the ATR. */
void exchange_init(struct exchange *x, enum exchange_way way, size_t max_data, uint8_t ifsc, bool crc);
/** T=1: tells the card the size of our blocks. EXCHANGE_SEND, then exchange_take() until EXCHANGE_DONE. */
int exchange_ifs(struct exchange *x, uint8_t ifsd, struct exchange_block *out) MUST_CHECK;
/** Begins; answer is borrowed until the end, which exchange_take() tells. EXCHANGE_DONE at once, with 67 00 (wrong
 * length) in answer, where the reader cannot carry an extended APDU. LOBBY_ERR_INVALID: not a command APDU.
 * LOBBY_ERR_TOO_LONG. */
int exchange_begin(struct exchange *x, const uint8_t *command, size_t len, uint8_t *answer, size_t size,
		   struct exchange_block *out) MUST_CHECK;
/** LOBBY_ERR_PROTOCOL: the answer makes no sense, finally; LOBBY_ERR_TOO_LONG; or the reply's error. */
int exchange_take(struct exchange *x, const struct exchange_reply *reply, struct exchange_block *out) MUST_CHECK;
/** Overwrites the command and T=1's last block. */
void exchange_wipe(struct exchange *x);

#endif

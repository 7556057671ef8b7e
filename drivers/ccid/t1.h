/* The block protocol T=1, the interface device's side, pure: a command APDU becomes blocks, the card's blocks an
 * answer.
 *
 * For readers of the TPDU exchange level, which carry whole blocks and know nothing of them. Specification: ISO/IEC
 * 7816-3:2006, 11 (block frame 11.3, sizes and times 11.4, operation 11.6); the rules quoted are those of 11.6.2. A
 * block is NAD, PCB, LEN, up to 254 bytes, and LRC or CRC. Every retry is bounded: three times the same, then
 * S(RESYNCH) three times, then it is over. */
#ifndef LOBBY_DRIVERS_CCID_T1_H
#define LOBBY_DRIVERS_CCID_T1_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define T1_MAX_INFO 254
#define T1_MAX_BLOCK (3 + T1_MAX_INFO + 2)

enum t1_phase { T1_IDLE, T1_IFS, T1_SENDING, T1_RECEIVING, T1_RESYNCH };

struct t1 {
	bool crc;
	uint8_t ifsc; /* what the card takes in one block, bytes */
	uint8_t ifsc_first;
	uint8_t max_info; /* what the reader's messages can carry */
	uint8_t ifsd;	  /* what we take: told to the card with t1_ifs() */
	bool sequence;	  /* N(S) of our next I-block */
	bool expected;	  /* N(S) of the card's next I-block */
	enum t1_phase phase;
	const uint8_t *command; /* borrowed while the exchange runs */
	size_t command_len;
	size_t at;    /* acknowledged so far */
	size_t chunk; /* under way */
	uint8_t *answer;
	size_t answer_size, answer_len;
	uint8_t block[T1_MAX_BLOCK]; /* the last one sent */
	size_t block_len;
	uint8_t waiting; /* by how much the block waiting time is multiplied; 0: once */
	int tries;	 /* of the same block */
	int resynchs;	 /* in this exchange */
	int blocks;	 /* in this exchange, to bound it */
};

enum t1_next {
	T1_SEND,   /* block, block_len and waiting are next to be sent */
	T1_DONE,   /* answer_len bytes are in answer (after t1_ifs(): nothing) */
	T1_FAILED, /* the card cannot be talked to: LOBBY_ERR_PROTOCOL */
	T1_OVER,   /* the answer is longer than its room */
};

/** max_block: bytes of a block that the reader can carry at most. */
void t1_init(struct t1 *t1, uint8_t ifsc, bool crc, size_t max_block);
/** Tells the card how much we take in one block (11.4.2). A card that does not agree within three tries stays at 32. */
enum t1_next t1_ifs(struct t1 *t1, uint8_t ifsd) MUST_CHECK;
/** Begins an exchange. command and answer are borrowed until it ends. */
enum t1_next t1_begin(struct t1 *t1, const uint8_t *command, size_t len, uint8_t *answer, size_t size) MUST_CHECK;
/** The card's block; len 0: none came in time; damaged: the reader says that bytes were. */
enum t1_next t1_take(struct t1 *t1, const uint8_t *block, size_t len, bool damaged) MUST_CHECK;

/** The check bytes where a card wants CRC (11.3.4; x16 + x12 + x5 + 1, from FFFF), sent high byte first and not
 * complemented: the standard's wording leaves room, and this is how the T=1 of pcsc-lite's drivers reads it. */
uint16_t t1_crc(const uint8_t *data, size_t len);

#endif

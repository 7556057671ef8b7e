/* The answer to reset: what a card says of itself before the first command. Pure.
 *
 * Specification: ISO/IEC 7816-3:2006, 8.2 (answer to reset: TS, T0, interface bytes, historical bytes, TCK), 8.3
 * (global interface bytes, Fi and Di), 9 (protocol and parameters selection), 10.2 and 11.4 (T=0's and T=1's own
 * bytes). */
#ifndef LOBBY_DRIVERS_CCID_ATR_H
#define LOBBY_DRIVERS_CCID_ATR_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ATR_MAX 33
#define ATR_DEFAULT_FIDI 0x11 /* Fd 372, Dd 1 */
#define ATR_PPS_MAX 4	      /* PPSS, PPS0, PPS1, PCK: we never ask for PPS2 and PPS3 */
#define ATR_PARAMETERS_MAX 7

struct atr {
	bool inverse;		/* TS 3F */
	uint8_t fidi;		/* TA1, else ATR_DEFAULT_FIDI */
	uint8_t guard;		/* TC1 */
	bool specific;		/* TA2: only this protocol, no PPS */
	bool implicit;		/* TA2 b5: the rate is not TA1's but the card's own */
	uint8_t specific_t;	/* TA2's */
	uint16_t protocols;	/* bit n: T=n is offered; T=15 is none */
	uint8_t first;		/* of them: what the card speaks without PPS */
	uint8_t waiting;	/* WI: TC2 */
	uint8_t ifsc;		/* bytes: the first TA for T=1 */
	uint8_t block_waiting;	/* BWI and CWI: the first TB for T=1 */
	bool crc;		/* the first TC for T=1: CRC instead of LRC */
	uint8_t classes;	/* first TA for T=15: bit 0 5 V, bit 1 3 V, bit 2 1.8 V; 0: not said */
	uint8_t historical;	/* where they begin */
	uint8_t historical_len; /* bytes */
};

/** LOBBY_ERR_TRUNCATED, LOBBY_ERR_TOO_LONG; LOBBY_ERR_INVALID: TS, TCK or a value is not as ISO 7816-3 has it. */
int atr_parse(const uint8_t *bytes, size_t len, struct atr *out) MUST_CHECK;

/** Bits a second at this clock; 0 where F or D is reserved. */
uint32_t atr_rate_bps(uint8_t fidi, uint32_t clock_khz);
/** T=1's block waiting time at this clock (11.4.3), rounded up. */
uint32_t atr_block_wait_ms(uint8_t block_waiting, uint32_t clock_khz);

/** abProtocolDataStructure for SetParameters (CCID 6.1.7): returns its length, 5 for T=0 and 7 for T=1. */
size_t atr_parameters(const struct atr *atr, uint8_t protocol, uint8_t fidi, uint8_t out[ATR_PARAMETERS_MAX]);

/** The PPS request for this protocol and rate (9.2): returns its length. */
size_t atr_pps_request(uint8_t protocol, uint8_t fidi, uint8_t out[ATR_PPS_MAX]);
/** What the card agreed to (9.3): *fidi is the request's, or the default if the card left PPS1 out.
 * LOBBY_ERR_PROTOCOL: it did not agree. */
int atr_pps_response(const uint8_t *request, size_t request_len, const uint8_t *response, size_t len,
		     uint8_t *fidi) MUST_CHECK;

#endif

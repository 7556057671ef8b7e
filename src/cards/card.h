/* What a scanned code says: one entry point for everything that a patient may hold under the scanner.
 *
 * Pure: bytes in, values out; never allocates, every length checked, total on any input of any length. Sources:
 * AAMVA DL/ID Card Design Standard, Annex D (versions 01 to 10, PDF417); ISO/IEC 15424 (AIM identifiers, "]L2" is
 * PDF417,
 * "]Q" QR, "]C" Code 128); the appointment letter's code is our own (below). Text comes out as UTF-8: input that is not
 * valid UTF-8 is taken as ISO 8859-1. */
#ifndef LOBBY_CARDS_CARD_H
#define LOBBY_CARDS_CARD_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum card_kind {
	CARD_LICENCE,	  /* driving licence or ID card */
	CARD_LETTER,	  /* our appointment letter */
	CARD_MEMBER_CODE, /* a short plain code, as insurance cards carry: may be a member number */
};

struct card_licence {
	int version;	/* AAMVA version 0..10 (99 at most) */
	char issuer[7]; /* IIN */
	char family[64];
	char given[64]; /* first name; without middle names where the version separates them */
	char middle[64];
	char birth_date[11]; /* YYYY-MM-DD */
	char expiry[11];     /* "" if not stated */
	char street[64], city[40], region[4], postal_code[12], country[4];
	char number_last4[5]; /* the document number is not kept */
	bool family_cut;      /* DDE T: truncated by the issuer */
	bool given_cut;
};

struct card {
	enum card_kind kind;
	struct card_licence licence;
	char code[65]; /* letter: the appointment code; member code: the text */
};

/** Reads a scan. aim is the AIM identifier without "]" ("" if unknown).
 * LOBBY_ERR_CARD_UNKNOWN: none of these; LOBBY_ERR_CARD_MALFORMED: one of these, but its contents break its rules;
 * LOBBY_ERR_CARD_TOO_LONG: longer than any of them (4096 bytes). */
int card_parse(const char *aim, const uint8_t *data, size_t len, struct card *card) MUST_CHECK;

/** The letter's code: "LOBBY1:" + code + ":" + two hex digits of CRC-8 (polynomial 0x07) over code. code is 8 to 64 of
 * [A-Za-z0-9.-], made by the clinic from 96 random bits or more, so that it cannot be guessed.
 * LOBBY_ERR_INVALID (bad characters), LOBBY_ERR_TOO_LONG. */
int card_letter_format(char *out, size_t size, const char *code) MUST_CHECK;

#endif

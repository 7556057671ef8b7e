/* What a card says: one entry point for everything that a patient may hold under the scanner, swipe or put in.
 *
 * Pure: bytes in, values out; every length checked, total on any input of any length. It allocates only for a chip's
 * compressed XML (zlib, expat), bounded. Sources: AAMVA DL/ID Card Design Standard, Annex D (PDF417, versions 01 to 10)
 * and Annex F (magnetic stripe); INCITS 284 (health identification cards) with the WEDI implementation guide;
 * ISO/IEC 7813 (tracks); gematik's eGK specifications (chip.h); ISO/IEC 15424 (AIM identifiers: "]L2" PDF417, "]Q" QR,
 * "]C" Code 128); SMART Health Cards Framework; the appointment letter's code is our own (below). Text comes out as
 * UTF-8: input that is not valid UTF-8 is taken as ISO 8859-1. */
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
	CARD_INSURANCE,	  /* a card that names insurer, member, and mostly the person */
	CARD_HEALTH_PART, /* a SMART Health Card, or one of several codes of one: see shc.h to put them together */
	CARD_HEALTH_LINK, /* a SMART Health Link, to be handed to lobby-sync as it is */
};

/* Where the bytes come from (lobby_ScanSource). */
enum card_source { CARD_CODE, CARD_STRIPE, CARD_CHIP };

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

/* As lobby_InsuranceCard says; "" is absent; dates YYYY-MM-DD. */
struct card_insurance {
	char payor[81];
	char payor_id[41];
	char member_id[41];
	char group[41];
	char plan[81];
	char subscriber[97];
	char family[64], given[64]; /* of the person that the card is for */
	char birth_date[11];
	char period_start[11], period_end[11];
	char rx_bin[9], rx_pcn[17], rx_group[17];
	char dependent[5];
	bool family_cut, given_cut; /* may have been cut by the issuer: a stripe has 26 letters for a name */
	bool chip;		    /* an eGK or KVK */
};

struct card {
	enum card_kind kind;
	struct card_licence licence;
	struct card_insurance insurance;
	char code[65];	 /* letter: the appointment code; member code: the text */
	int part, parts; /* health part: the how manieth of how many, from 1 */
};

/** Reads a scan. aim is the AIM identifier without "]" ("" if unknown); data is as lobby_Scan.data says for the source.
 * LOBBY_ERR_CARD_UNKNOWN: none of these; LOBBY_ERR_CARD_MALFORMED: one of these, but its contents break its rules;
 * LOBBY_ERR_CARD_TOO_LONG: longer than any of them (4096 bytes); LOBBY_ERR_CARD_PAYMENT: a payment card. */
int card_parse(enum card_source source, const char *aim, const uint8_t *data, size_t len, struct card *card) MUST_CHECK;

/** The letter's code: "LOBBY1:" + code + ":" + two hex digits of CRC-8 (polynomial 0x07) over code. code is 8 to 64 of
 * [A-Za-z0-9.-], made by the clinic from 96 random bits or more, so that it cannot be guessed.
 * LOBBY_ERR_INVALID (bad characters), LOBBY_ERR_TOO_LONG. */
int card_letter_format(char *out, size_t size, const char *code) MUST_CHECK;

#endif

/* A SMART Health Card as codes hold it, and a SMART Health Link: what was scanned becomes the JWS, or the link.
 *
 * SMART Health Cards Framework, "Health Cards as QR Codes": `shc:/` and pairs of digits, each the letter's code less
 * 45; a card in several codes has `shc:/C/N/` before the digits of code C of N. SMART Health Links, "Construct a SMART
 * Health Link": `shlink:/` and base64url, alone or behind the `#` of a viewer's address. Pure; nothing here checks a
 * signature: shc_read.h does. */
#ifndef LOBBY_CARDS_SHC_H
#define LOBBY_CARDS_SHC_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHC_MAX_PARTS 16
#define SHC_MAX_JWS 12288 /* bytes of the whole card: what lobby_ReadHealth.card holds */
#define SHC_MAX_LINK 2048 /* bytes of a link */

/** Where a card's text lies in a scan; digits are pairs. Borrows the scan. */
struct shc_part {
	int part, parts; /* the how manieth of how many, from 1 */
	const uint8_t *digits;
	size_t count; /* of digits, even */
};

/** What a scan holds of a card. White space around it and a scanner's AIM identifier ("]Q1") are passed over.
 * LOBBY_ERR_CARD_UNKNOWN: no health card. LOBBY_ERR_CARD_MALFORMED: an odd or wrong digit, a part that cannot be, more
 * than SHC_MAX_PARTS. */
int shc_part_open(const uint8_t *scan, size_t len, struct shc_part *part) MUST_CHECK;

/** Where the link ("shlink:/...") stands in a scan that is one, or a viewer's address with one. LOBBY_ERR_CARD_UNKNOWN;
 * LOBBY_ERR_CARD_MALFORMED: nothing or no base64url behind it, or longer than SHC_MAX_LINK. */
int shc_link_open(const uint8_t *scan, size_t len, const uint8_t **link, size_t *link_len) MUST_CHECK;

/** A card that is being put together from its codes, in the caller's storage; zero it first. */
struct shc_parts {
	int parts;				      /* of how many; 0: none was added yet */
	unsigned have;				      /* bit n: part n + 1 */
	size_t at[SHC_MAX_PARTS], len[SHC_MAX_PARTS]; /* where each lies in text, which has them as they came */
	size_t used;
	char text[SHC_MAX_JWS];
};

/** Adds a scan; the order does not matter, and the same code twice changes nothing. *missing is how many codes are
 * still to be scanned. As shc_part_open(); LOBBY_ERR_CARD_TOO_LONG: more than SHC_MAX_JWS in all; LOBBY_ERR_EXISTS:
 * the code belongs to another card (of so many codes that this one is not, or the same place with other contents). On
 * an error nothing is changed; shc_parts_wipe() and add it again to begin with the other card. */
int shc_parts_add(struct shc_parts *parts, const uint8_t *scan, size_t len, int *missing) MUST_CHECK;
/** The JWS of a card whose codes are all there, not terminated. LOBBY_ERR_NOT_FOUND: codes are missing;
 * LOBBY_ERR_TOO_LONG: size. */
int shc_parts_join(const struct shc_parts *parts, char *out, size_t size, size_t *len) MUST_CHECK;
/** Overwrites all of it: ready for another card. */
void shc_parts_wipe(struct shc_parts *parts);

#endif

/* The tracks of a magnetic stripe: from what a reader hands over to text between sentinels.
 *
 * ISO/IEC 7811-2 and -6: two alphabets, of 64 characters (7 bits: 0x20 to 0x5F; it begins with "%") and of 16 (5 bits:
 * 0x30 to 0x3F; it begins with ";"); each track ends with "?" and one character of longitudinal redundancy (LRC), the
 * exclusive or of all before it. ISO/IEC 7813 and 4909: tracks 1, 2 and 3 hold 79, 40 and 107 characters, sentinels and
 * LRC included; AAMVA's Annex F fills tracks 1 and 3 with 82 of the larger alphabet. Pure; never allocates. */
#ifndef LOBBY_CARDS_STRIPE_H
#define LOBBY_CARDS_STRIPE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STRIPE_TRACKS 3
#define STRIPE_MAX_TRACK 107
#define STRIPE_MAX_TEXT (STRIPE_TRACKS * STRIPE_MAX_TRACK)

struct stripe_track {
	char text[STRIPE_MAX_TRACK + 1]; /* "%...?" or ";...?", without LRC, NUL-terminated */
	size_t len;			 /* 0: there is none, or it could not be read */
};

struct stripe {
	struct stripe_track track[STRIPE_TRACKS];
};

/** Reads track `number` (1 to 3) as a reader decoded it: characters, with or without LRC, forwards or backwards (the
 * sentinels and the LRC decide), and with the sentinels that readers put in to tell tracks apart ("#", "&", "!", "@",
 * "+"). LOBBY_ERR_CARD_UNREAD: it is no such track, or its LRC is wrong. */
int stripe_read_track(int number, const uint8_t *data, size_t len, struct stripe_track *out) MUST_CHECK;
/** The same from bits as they were on the card, packed into bytes either way round: parity and LRC are checked. */
int stripe_read_bits(int number, const uint8_t *data, size_t len, struct stripe_track *out) MUST_CHECK;

/** The tracks that are there, one behind the other: what lobby_Scan.data holds. Returns the length; 0 if there are
 * none. out holds STRIPE_MAX_TEXT bytes and is not terminated. */
size_t stripe_join(const struct stripe *stripe, uint8_t *out);
/** And back. A lone "%...?" is taken for track 1, though it may be track 3. LOBBY_ERR_CARD_UNKNOWN: not tracks. */
int stripe_split(const uint8_t *data, size_t len, struct stripe *out) MUST_CHECK;

/** Overwrites. */
void stripe_wipe(struct stripe *stripe);
void stripe_wipe_track(struct stripe_track *track);

#endif

/* Health identification cards of the United States: INCITS 284 as the WEDI Health Identification Card Implementation
 * Guide fills it, from track 3 (or 1) of a stripe or from a PDF417 code.
 *
 * Neither text is free to copy, and no public source quotes the layout character by character; what is read here is
 * what these say:
 * - the card must hold a card issuer identifier, a cardholder id and the cardholder's name, in this order, and may hold
 *   a date of birth; on a stripe it is track 3, so that a bank card may have tracks 1 and 2; the PDF417 code is subject
 *   to the same requirements as the stripe (NAHAM Access Management Journal 33/1, 2009, p. 15; P. Barry, 16th HIPAA
 *   Summit, 2008; reliasmedia.com 111730);
 * - the issuer identifier is "80840" and 10 digits, a health plan's beginning with 9, whose last is the Luhn check
 * digit over all fifteen (ISO/IEC 7812; 45 CFR 162.406 for its provider twin, the NPI);
 * - the form of a track is ISO/IEC 7813's: "%", a format code, fields between "^", a name of at most 26 letters as
 *   "FAMILY/GIVEN MIDDLE.TITLE", "?".
 * Not found, and so not relied upon: which letters the format code has (none, one or two are taken) and how optional
 * fields are told apart. Of those only a date of birth is taken, and only if it says that it is one ("DB" before it) or
 * can be nothing else: the one date on the card, and before the guide of November 2007, older than any such card. */
#ifndef LOBBY_CARDS_INCITS284_H
#define LOBBY_CARDS_INCITS284_H

#include "aamva.h"
#include "stripe.h"

/** Does the track begin as a health card's does? */
bool incits284_is_track(const struct stripe_track *track);
/** Likewise for a code's text (without white space around it). */
bool incits284_is_code(struct slice scan);

/** Reads the health card's track of the stripe. LOBBY_ERR_CARD_UNKNOWN: it has none. LOBBY_ERR_CARD_MALFORMED: its
 * issuer's check digit is wrong, or the id or name is missing or misspelt. */
int incits284_stripe(const struct stripe *stripe, struct card_insurance *insurance) MUST_CHECK;
/** The same from a code, with or without sentinels. */
int incits284_code(struct slice scan, struct card_insurance *insurance) MUST_CHECK;

#endif

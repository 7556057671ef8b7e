/* What is a payment card: known by its number, so that a stripe reader's driver can drop it at once.
 *
 * ISO/IEC 7812-1 (numbers: issuer, account, Luhn's check digit), ISO/IEC 7813 (track 1 begins with format code "B",
 * track 2 with the number; after the separator come expiry and service code), ISO/IEC 4909 (track 3: two digits, the
 * number). Never payment: "80840" and ten digits, which are US health plans and providers, and AAMVA's issuers of
 * licences (636000 to 636062, 604425 to 604434). What may be a payment card is one: the harm of keeping it is greater.
 */
#ifndef LOBBY_CARDS_PAN_H
#define LOBBY_CARDS_PAN_H

#include "stripe.h"

/** Does track `number` (1 to 3) carry a payment card's number? */
bool pan_is_payment(int number, const struct stripe_track *track);
/** Drops payment tracks, and with one of them all others but a health card's (INCITS 284 may share a stripe with a bank
 * card). True if a payment track was there: what is left, if anything, is a health card's. */
bool pan_drop_payment(struct stripe *stripe);
/** Does the number, ASCII digits, begin as those of AAMVA's licence issuers do? */
bool pan_is_licence(const char *digits, size_t len);
/** The last digit is the one that Luhn's formula demands (ISO/IEC 7812-1, Annex B). */
bool pan_luhn(const char *digits, size_t len);

#endif

/* The stripe of a North American driving licence or ID card: AAMVA DL/ID Card Design Standard, Annex F (optional
 * magnetic stripe), tables F.1 to F.3, and the Best Practices of 1992 to 2000 before it, which differ in nothing that
 * is read here.
 *
 * Track 1: state (2), city (13), name (35), address (29); the three are cut off by "^" where they are shorter, and a
 * name's parts stand between "$". Track 2: issuer (6), number (13) "=", expiry YYMM, birth date CCYYMMDD, what is left
 * of the number (5). Track 3: versions (1, 1), postal code (11), class and so on. */
#ifndef LOBBY_CARDS_AAMVA_STRIPE_H
#define LOBBY_CARDS_AAMVA_STRIPE_H

#include "card.h"
#include "stripe.h"

/** LOBBY_ERR_CARD_UNKNOWN: no licence's stripe. LOBBY_ERR_CARD_UNREAD: one, but the track with the name or the one with
 * the birth date could not be read: swipe again. LOBBY_ERR_CARD_MALFORMED: no birth date that is one, or no name. */
int aamva_stripe_licence(const struct stripe *stripe, struct card_licence *licence) MUST_CHECK;

#endif

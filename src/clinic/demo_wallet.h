/* The demo's cards that are no codes of letters and licences; for demo_cards.c. p is a row of people.tsv. */
#ifndef LOBBY_CLINIC_DEMO_WALLET_H
#define LOBBY_CLINIC_DEMO_WALLET_H

#include <stddef.h>

/** A licence's stripe, track after track. */
void demo_stripe(char *out, size_t size, const char *const *p, unsigned number);
/** The PDF417 of a US health ID card. */
void demo_health_id(char *out, size_t size, const char *const *p);
/** An eGK's person: member id, birthday (YYYYMMDD), given name, family name, street, postal code, city, beginning and
 * end of the insurance, the insurer's number, the insurer; with "|" between. */
void demo_chip(char *out, size_t size, const char *const *p, unsigned number);
/** A FHIR Bundle with the patient and two vaccinations; malloc'ed, NULL when out of memory. */
char *demo_health_card(const char *const *p);

#endif

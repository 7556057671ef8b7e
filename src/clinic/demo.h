/* The demo clinic: a believable day of plainly invented patients, made as FHIR resources and brought in by the import.
 *
 * Names come from assets/demo. Most appointments are spread over 8:00 to 17:00; some people stand at a distance from
 * "now" (people.tsv, column `when`), so that at any moment several can check in. When the demo is made outside 8:30 to
 * 16:30, the nine hours are moved so that now lies in them, and never out of the local day. For another day (--day)
 * "now" is 9:41. */
#ifndef LOBBY_CLINIC_DEMO_H
#define LOBBY_CLINIC_DEMO_H

#include "ledger.h"

/** Fills the store for this local day (any instant of it; 0: today, around now). folder holds clinic.ndjson and
 * people.tsv. Making it again on the same day moves who stands around now. Errors as import_end(). */
int demo_fill(struct ledger *store, const char *folder, int64_t day_ms) MUST_CHECK;
/** Writes cards.tsv for lobby-emu: name, kind (licence, letter, member) and payload with \n, \r and \x1e spelled out.
 */
int demo_cards(struct ledger *store, const char *folder, const char *path) MUST_CHECK;

/** When the day's nine hours begin if it is made at now_ms. For tests. */
int64_t demo_opening_ms(int64_t now_ms);

/* The table of people (people.tsv), for demo.c and demo_cards.c. */
enum {
	DEMO_ID,
	DEMO_FAMILY,
	DEMO_GIVEN,
	DEMO_BIRTH_DATE,
	DEMO_PHONE,
	DEMO_EMAIL,
	DEMO_STREET,
	DEMO_CITY,
	DEMO_POSTAL_CODE,
	DEMO_LANGUAGE,
	DEMO_INTERPRETER,
	DEMO_PAYOR,
	DEMO_MEMBER_ID,
	DEMO_GROUP,
	DEMO_COPAY,
	DEMO_WHEN,
	DEMO_STATUS,
	DEMO_CARD,
	DEMO_COLUMNS
};
#define DEMO_PEOPLE_MAX 128

struct demo_people {
	char *text; /* owns all cells */
	const char *cells[DEMO_PEOPLE_MAX][DEMO_COLUMNS];
	int count;
};
int demo_people_load(struct demo_people *people, const char *folder) MUST_CHECK;
void demo_people_free(struct demo_people *people);

#endif

/* One appointment as a kiosk may know it (api.md, "An entry"): today's or of the next 14 days, and the least that
 * identifying needs; contact details masked (checkin/mask.h). */
#ifndef LOBBY_CLINIC_ROSTER_H
#define LOBBY_CLINIC_ROSTER_H

#include "clinic.h"

#define ROSTER_DAYS 15

enum { ROSTER_NUMBER, ROSTER_ID, ROSTER_START_MS }; /* columns of a roster query */

/** Appointments of the days after (start_ms, number), by start, at most `limit`. As ledger_query(). */
int roster_query_days(struct ledger *store, sqlite3_stmt **rows, int64_t start_ms, int64_t number,
		      int limit) MUST_CHECK;
/** The entry in the row that the query stands on, a new reference; NULL when out of memory. */
json_t *roster_entry_of(sqlite3_stmt *row);
/** The entry of one appointment; NULL if there is none or it is not in the days. */
json_t *roster_entry(struct ledger *store, const char *appointment_id);
/** Folds a member id (upper case letters and digits alone) and hashes it into 33 bytes of hex; "" for none. */
void roster_member_hash(char hex[33], const char *member_id);
/** [from, to) of the days that kiosks know. */
void roster_days(int64_t *from_ms, int64_t *to_ms);

#endif

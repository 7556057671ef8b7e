/* Arrivals as the desk sees them: the row of api.md, and its stages arrived, called, with-provider, done. */
#ifndef LOBBY_CLINIC_ARRIVALS_H
#define LOBBY_CLINIC_ARRIVALS_H

#include "clinic.h"

#define ARRIVALS_MAX 5000 /* rows in one answer */

/** The row of one visit, a new reference; NULL if there is none. */
json_t *arrival_row(struct ledger *store, const char *visit_id);
/** Which rows: of today (received since midnight), of one patient, or of today and found by name or number. */
json_t *arrivals_of_day(struct ledger *store);
json_t *arrivals_of_patient(struct ledger *store, const char *patient_id);
json_t *arrivals_found(struct ledger *store, const char *like);
/** "Garcia, Maria" */
void arrival_name(char *out, size_t size, const char *family, const char *given);

struct request;
int desk_arrival_next(struct request *r);
int desk_arrival_undo(struct request *r);

#endif

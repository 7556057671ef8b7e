/* What patients shared at a kiosk: kept by the visit that brought it, shown with the patient, handed out at the desk.
 *
 * A document is here (its content is what was shared) or held (a link whose content nobody has fetched yet). */
#ifndef LOBBY_CLINIC_DOCUMENTS_H
#define LOBBY_CLINIC_DOCUMENTS_H

#include "clinic.h"

#include "checkin/visit.h"

#define DOCUMENT_HERE "here"
#define DOCUMENT_HELD "held"

struct request;

/** Keeps the visit's document, if it has one; patient_id "" if nobody is known. Inside a transaction; the same visit
 * twice is one document. */
int documents_keep(struct ledger *store, const struct visit *visit, const char *patient_id, int64_t now_ms) MUST_CHECK;
/** [{"id","title","kind","issuer","state","at_ms"}...] of a patient, newest first, or of one visit. New references. */
json_t *documents_of_patient(struct ledger *store, const char *patient_id);
json_t *documents_of_visit(struct ledger *store, const char *visit_id);

/** GET documents/<id>: the file, or of a link that is held {"link"}. Audited. */
int desk_document(struct request *r);

#endif

/* What patients shared at a kiosk: kept by the visit that brought it, shown with the patient, handed out at the desk.
 *
 * A document is here (its content is what was shared), or a link: held until it is resolved (link_store.h), then
 * resolved, with what it led to as documents of their own, or the word of health_outcome_word() that ended it. */
#ifndef LOBBY_CLINIC_DOCUMENTS_H
#define LOBBY_CLINIC_DOCUMENTS_H

#include "clinic.h"

#include "checkin/visit.h"

#define DOCUMENT_HERE "here"
#define DOCUMENT_HELD "held"
#define DOCUMENT_RESOLVED "resolved"

struct request;

/* arrival.document: what the desk is told of what was shared. */
enum document_flag {
	DOCUMENT_FLAG_NONE,
	DOCUMENT_FLAG_SHARED,
	DOCUMENT_FLAG_LINK,	/* not opened yet */
	DOCUMENT_FLAG_UNOPENED, /* and will not be */
	DOCUMENT_FLAG_PASSCODE,
	DOCUMENT_FLAG_OTHER, /* it names another person than the patient */
};

/** A row of the table; all borrowed. */
struct document {
	const char *id, *visit_id, *patient_id, *kind, *title, *issuer, *content_type, *url, *state;
	const void *content;
	size_t len;
	int64_t at_ms;
};
/** Inside a transaction; the same id twice is one document. */
int documents_add(struct ledger *store, const struct document *document) MUST_CHECK;
int documents_flag(struct ledger *store, const char *visit_id, enum document_flag flag) MUST_CHECK;

/** Keeps the visit's document, if it has one; patient_id "" if nobody is known. Inside a transaction; the same visit
 * twice is one document. */
int documents_keep(struct ledger *store, const struct visit *visit, const char *patient_id, int64_t now_ms) MUST_CHECK;
/** [{"id","title","kind","issuer","state","at_ms"}...] of a patient, newest first, or of one visit. New references. */
json_t *documents_of_patient(struct ledger *store, const char *patient_id);
json_t *documents_of_visit(struct ledger *store, const char *visit_id);

/** GET documents/<id>: the file, or of a link that is held {"link"}. Audited. */
int desk_document(struct request *r);

#endif

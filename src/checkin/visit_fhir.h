/* The names that the two halves of visit.h share: URIs of our own, code systems of HL7's, and the bounds of a visit.
 *
 * Everything that FHIR R4 has a place for stands in that place. What it has none for (how a person was identified, how
 * often they touched the screen) stands in one extension on the Encounter, `urn:lobby:check-in`, whose parts are the
 * VISIT_PART_ names below. Ids of what a visit brings into being are derived from the visit's own id. */
#ifndef LOBBY_CHECKIN_VISIT_FHIR_H
#define LOBBY_CHECKIN_VISIT_FHIR_H

#include "visit.h"

/* Bundle.meta.tag: which of our two Bundles this is. */
#define VISIT_TAG_SYSTEM "urn:lobby:bundle"
#define VISIT_TAG_VISIT "visit"
#define VISIT_TAG_SLIP "slip"

/* Encounter.identifier: {system: urn:lobby:kiosk:<kiosk id>, value: <seq>} and the number that the patient was given.
 */
#define VISIT_KIOSK_PREFIX "urn:lobby:kiosk:"
#define VISIT_TICKET_SYSTEM "urn:lobby:ticket"

/* Encounter.extension and its parts. */
#define VISIT_EXTENSION "urn:lobby:check-in"
#define VISIT_PART_IDENTIFIED_BY "identified-by"
#define VISIT_PART_REASON "reason"
#define VISIT_PART_STEP "step"
#define VISIT_PART_LANGUAGE "language"
#define VISIT_PART_CONTACT "contact"
#define VISIT_PART_INSURANCE "insurance"
#define VISIT_PART_COVERAGE "coverage"
#define VISIT_PART_TOUCHES "touches"
#define VISIT_PART_FINISHED "finished"
#define VISIT_PART_BIRTH_DATE "birth-date"
#define VISIT_PART_FAMILY_INITIAL "family-initial"
#define VISIT_PART_GIVEN_INITIAL "given-initial"

/* Task.code, Task.reasonCode, Communication.statusReason. */
#define VISIT_TASK_SYSTEM "urn:lobby:task"
#define VISIT_REASON_SYSTEM "urn:lobby:handover-reason"
#define VISIT_SLIP_ERROR_SYSTEM "urn:lobby:slip-error"
#define VISIT_PRINT_FORM_SYSTEM "urn:lobby:print-form" /* Communication.category */

/* Element ids in Patient that are the kiosk's: a Patch deletes the one before and adds the new one, so that applying it
 * twice leaves one. */
#define VISIT_PHONE_ELEMENT "lobby-phone"
#define VISIT_EMAIL_ELEMENT "lobby-email"
#define VISIT_ADDRESS_ELEMENT "lobby-address"

/* Coverage.meta.tag: how the card was read. Coverage.extension: whom the card names, which may not be who holds it. */
#define VISIT_SOURCE_SYSTEM "urn:lobby:insurance-source"
#define VISIT_CARD_PERSON "urn:lobby:card-person"

/* DocumentReference.type: what kind of document. */
#define VISIT_DOCUMENT_SYSTEM "urn:lobby:document"
#define VISIT_CARD_TYPE "application/smart-health-card"
#define VISIT_LINK_TYPE "application/json"
#define VISIT_LINK_PREFIX "shlink:/"
#define VISIT_LINK_MAX 2048

#define VISIT_MAX_ENTRIES 64
#define VISIT_LAST_MS 253370764800000 /* the year 9999 begins: FHIR's dateTime has four digits of year */

extern const char *const visit_contact_names[3];
extern const char *const visit_insurance_names[4];

/** NULL if this visit, or slip, can stand in a Bundle, else what is wrong with it (static text). */
const char *visit_wrong(const struct visit *visit);
const char *visit_slip_wrong(const struct visit_slip *slip);

/* Building (visit.c). Each returns a new reference, NULL when out of memory or where what it stands for is absent. */

/** The text, or NULL where it is absent: json_pack()'s "s*" then leaves the member out. */
const char *visit_or_absent(const char *text);
/** {"reference": "Type/id"} */
json_t *visit_reference(const char *type, const char *id);
json_t *visit_codeable(const char *system, const char *code);
/** An entry of the Bundle; takes resource. */
json_t *visit_take_entry(const char *method, const char *type, const char *id, json_t *resource);
/** One part of an extension of ours; an absent text makes none. False when out of memory. */
bool visit_add_part(json_t *parts, const char *url, const char *type, const char *text);

/* Parsing (visit_parse.c). */

/** The first thing that was wrong; the rest of the reading then does nothing that matters. */
struct visit_parse {
	const char *why;
	int err;
};

void visit_fail(struct visit_parse *p, int err, const char *why);
/** The text of a member, or "" when it is no text. */
const char *visit_text(const json_t *object, const char *key);
bool visit_text_is(const json_t *object, const char *key, const char *expected);
/** Copies, or fails with why when it does not fit. */
void visit_copy(struct visit_parse *p, char *out, size_t size, const char *text, const char *why);
/** The part of an extension with this url; NULL if there is none. */
const json_t *visit_part(const json_t *list, const char *url);

/* Insurance card and document, both directions (visit_card.c). */

json_t *visit_coverage_entry(const struct visit *visit);
json_t *visit_document_entry(const struct visit *visit);
void visit_read_coverage(struct visit_parse *p, const json_t *coverage, struct visit *visit);
void visit_read_document(struct visit_parse *p, const json_t *reference, struct visit *visit);

#endif

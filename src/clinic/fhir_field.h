/* The fields that FHIR resources are made of: texts, ids, dates, instants, references. For fhir.c only.
 *
 * Each reads one member into the resource, or leaves it as it is when the member is absent; when the member is there
 * but not fit, the reader's `why` is set and false comes back. */
#ifndef LOBBY_CLINIC_FHIR_FIELD_H
#define LOBBY_CLINIC_FHIR_FIELD_H

#include "fhir.h"

#include <stddef.h>

/** Sets why ("name.family is too long"), returns false. */
bool field_refuse(struct fhir_reader *reader, const char *what, const char *wrong);
/** A member that is text without control characters, at most size-1 bytes. label names it in the refusal. */
bool field_text(struct fhir_reader *reader, const json_t *json, const char *name, const char *label, char *out,
		size_t size);
/** A date, maybe partial: YYYY, YYYY-MM or YYYY-MM-DD, of the calendar (FHIR R4 datatypes, date). */
bool field_date(struct fhir_reader *reader, const json_t *json, const char *name, const char *label, char out[11]);
/** A dateTime of a Period: anything that begins with a date; kept as text. */
bool field_date_time(struct fhir_reader *reader, const json_t *json, const char *name, const char *label, char *out,
		     size_t size);
/** An instant: date, time and zone. */
bool field_instant(struct fhir_reader *reader, const json_t *json, const char *name, const char *label, int64_t *out);
/** The id in a Reference to this type: "Patient/7", ".../Patient/7/_history/2" or "urn:uuid:…" through the Bundle's
 * map. A Reference to another type, or to nothing, leaves out as it is. */
bool field_reference(struct fhir_reader *reader, const json_t *reference, const char *type, char out[FHIR_ID]);
/** Is this an id (FHIR R4 datatypes, id)? */
bool field_is_id(const char *text);
/** A member that is text, else "". */
const char *field_peek(const json_t *json, const char *name);
/** The text of a CodeableConcept: its text, else its first coding's display, else its first code. */
const char *field_concept(const json_t *concept);
/** Does one of the concept's codings have this code? */
bool field_has_code(const json_t *concept, const char *code);

#endif

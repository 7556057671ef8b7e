/* Errors: what functions return when they do not return 0.
 *
 * Every fallible function returns 0 or a negative `enum lobby_err` and leaves its outputs untouched on failure. One
 * table (errors.def) maps a code to its log event, its HTTP status, and the words for patient and staff. Nothing here
 * allocates; all strings are static. */
#ifndef LOBBY_BASE_ERR_H
#define LOBBY_BASE_ERR_H

#define MUST_CHECK __attribute__((warn_unused_result))

enum lobby_err_code {
	LOBBY_OK = 0,
#define X(code, event, http, patient, staff) LOBBY_CODE_##code,
#include "errors.def"
#undef X
	LOBBY_CODE_COUNT
};

enum lobby_err {
#define X(code, event, http, patient, staff) LOBBY_ERR_##code = -LOBBY_CODE_##code,
#include "errors.def"
#undef X
	LOBBY_ERR_LAST = -LOBBY_CODE_COUNT
};

/** The short name for logs and the wire ("paper-out"); "ok" for 0, "unknown" for a code that is not in the table. */
const char *err_event(int err);
/** The code with this event name, or LOBBY_ERR_INVALID. */
int err_from_event(const char *event);
/** The HTTP status that says it (200 for 0). */
int err_http_status(int err);
/** The untranslated message id for the patient; "" if a patient is never told of this by itself. */
const char *err_patient_text(int err);
/** Plain English for staff and technicians. */
const char *err_staff_text(int err);

#endif

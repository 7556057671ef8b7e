/* A finished visit, and the slip that followed it, as FHIR R4 transaction Bundles and back.
 *
 * All ids are made at the kiosk, so that sending a Bundle twice changes nothing (FHIR R4, http.html#transaction: every
 * entry is a PUT on its own id, or a PATCH that sets a value). The kiosk builds (lobby-sync), the clinic parses
 * (lobby-clinic): one module, so that they cannot drift. Strings are NUL-terminated UTF-8 in the struct itself; "" is
 * absent. Times are milliseconds since 1970 UTC. */
#ifndef LOBBY_CHECKIN_VISIT_H
#define LOBBY_CHECKIN_VISIT_H

#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define VISIT_MAX_APPOINTMENTS 8

enum visit_kind { VISIT_ARRIVAL, VISIT_HANDOVER };
enum visit_contact { VISIT_CONTACT_NOT_ASKED, VISIT_CONTACT_CONFIRMED, VISIT_CONTACT_CHANGED };
enum visit_insurance {
	VISIT_INSURANCE_NOT_ASKED,
	VISIT_INSURANCE_CONFIRMED,
	VISIT_INSURANCE_NEW,
	VISIT_INSURANCE_NONE
};

/** What an insurance card says besides payor, member_id and group: all of it for people to look at. */
struct visit_card {
	char source[8]; /* how it was read: code stripe chip signed link; "" typed by hand */
	char payor_id[41];
	char plan[81];
	char subscriber[97];
	char family[64], given[64], birth_date[11]; /* of the person that the card names */
	char period_start[11], period_end[11];
	char rx_bin[9], rx_pcn[17], rx_group[17];
	char dependent[5];
};

#define VISIT_DOCUMENT_MAX 16384 /* bytes of a document */
#define VISIT_DOCUMENT_CARD "smart-health-card"
#define VISIT_DOCUMENT_LINK "smart-health-link"

/** One document that the patient shares with the clinic. data and url are borrowed: from the caller when building, from
 * the Bundle's JSON when parsed. */
struct visit_document {
	char kind[24]; /* VISIT_DOCUMENT_CARD or _LINK; "": there is none */
	char title[97];
	char issuer[97];  /* who vouches, by name; "" nobody */
	const char *data; /* of a card: the file (application/smart-health-card) in base64, RFC 4648 section 4 */
	const char *url;  /* of a link: "shlink:/...", to be resolved by the clinic */
};

struct visit {
	char id[37]; /* UUID: also the Encounter's id */
	enum visit_kind kind;
	char reason[24]; /* of a handover: "late", "not-found", "not-me", "asked", "fault", "idle", ... */
	char kiosk_id[37];
	uint64_t seq;	 /* of this kiosk's outbox */
	char ticket[13]; /* "B 14" */
	char patient_id[65];
	char appointment_id[VISIT_MAX_APPOINTMENTS][65];
	int appointment_count;
	char identified_by[16]; /* birthday licence letter insurance chip health-card; "" nobody was identified */
	char step[33];		/* the screen a handover came from */
	char language[17];	/* BCP 47 */
	enum visit_contact contact;
	char phone[33], email[129], address_line[129], address_city[65], address_postal_code[17];
	enum visit_insurance insurance;
	char coverage_id[65]; /* the one confirmed, or the id made for the new one */
	char payor[81], member_id[41], group[41];
	struct visit_card card; /* of the new one */
	struct visit_document document;
	int64_t started_ms, finished_ms;
	char birth_date[11], family_initial[9], given_initial[9];
	uint32_t touches;
};

/** Whether the slip of a visit, its wristband or its label was printed: sent after the visit, in a Bundle of its own.
 */
struct visit_slip {
	char visit_id[37];
	char kiosk_id[37];
	uint64_t seq;
	char form[12]; /* "slip", "wristband" or "label" */
	bool printed;
	char error[24]; /* err_event() of why not; "" when printed */
	int64_t at_ms;
};

enum visit_bundle_kind { VISIT_BUNDLE_VISIT, VISIT_BUNDLE_SLIP };

/** Builds the Bundle of type transaction: Encounter (PUT; status arrived, or planned for a handover; identifier: kiosk
 * and seq, ticket; appointment references; period.start), a FHIRPath Patch (Parameters) on each Appointment
 * (status arrived) and on the Patient (changed contact points), Coverage (PUT, a new card), DocumentReference (PUT,
 * what the patient shares), Task (PUT: handover, insurance to be looked at). The caller owns the reference.
 *
 * Left out, because the outcome gives it no meaning: contact details unless CHANGED; payor, member_id, group and card
 * unless NEW; coverage_id unless CONFIRMED or NEW. LOBBY_ERR_NO_MEMORY. LOBBY_ERR_INVALID: id is no UUID, another id no
 * FHIR id, CHANGED without a patient_id, NEW without patient_id and coverage_id, a text that is no clean UTF-8, a code
 * (reason, step, language, identified_by) with spaces, a date that is none, a time before 1970, a document of another
 * kind, with no or too much data (VISIT_DOCUMENT_MAX), or with a link that is none. */
int visit_to_bundle(const struct visit *visit, json_t **bundle) MUST_CHECK;
int visit_slip_to_bundle(const struct visit_slip *slip, json_t **bundle) MUST_CHECK;

/** Which of the two this Bundle is. LOBBY_ERR_INVALID when neither. */
int visit_bundle_kind_of(const json_t *bundle, enum visit_bundle_kind *kind) MUST_CHECK;
/** The inverse; total on any JSON. *why (static text) says what is wrong. LOBBY_ERR_INVALID, LOBBY_ERR_TOO_LONG. */
int visit_from_bundle(const json_t *bundle, struct visit *visit, const char **why) MUST_CHECK;
int visit_slip_from_bundle(const json_t *bundle, struct visit_slip *slip, const char **why) MUST_CHECK;

/** "" or YYYY-MM-DD with a month and a day that can be. */
bool visit_is_date(const char *text);

/** A new random (version 4) UUID, RFC 9562 section 5.4. */
void visit_new_id(char id[37]);

#endif

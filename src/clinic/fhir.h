/* FHIR R4 resources as a schedule system sends them, read into what the clinic keeps of them (api.md, "FHIR").
 *
 * Pure and total: any JSON is either read or refused with a reason in plain English, which never quotes a value (values
 * name patients). Source: HL7 FHIR R4 (4.0.1): Patient, Practitioner, Location, Coverage, Schedule, Slot, Appointment;
 * datatypes id, date, instant, Reference, HumanName, ContactPoint, Address, Period. Strings "" are absent. */
#ifndef LOBBY_CLINIC_FHIR_H
#define LOBBY_CLINIC_FHIR_H

#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum fhir_type {
	FHIR_PATIENT,
	FHIR_PRACTITIONER,
	FHIR_LOCATION,
	FHIR_COVERAGE,
	FHIR_SCHEDULE,
	FHIR_SLOT,
	FHIR_APPOINTMENT,
	FHIR_OTHER, /* a resource that is none of these */
};
#define FHIR_TYPES FHIR_OTHER

#define FHIR_ID 65

struct fhir_patient {
	char family[121], given[121], birth_date[11];
	char phone[33], email[129], address_line[129], address_city[65], address_postal_code[17];
	char language[17];
	bool interpreter;
};

struct fhir_location {
	char name[81], short_name[41], directions[97], prefix[5], part_of[FHIR_ID];
};

struct fhir_coverage {
	char patient_id[FHIR_ID], payor[81], member_id[41], group[41], subscriber[121], status[17];
	char period_start[33], period_end[33], currency[4];
	int64_t copay_cents; /* -1: not stated */
};

struct fhir_slot {
	char schedule_id[FHIR_ID], status[17];
	int64_t start_ms, end_ms;
};

struct fhir_appointment {
	char patient_id[FHIR_ID], practitioner_id[FHIR_ID], location_id[FHIR_ID], slot_id[FHIR_ID];
	char with_text[81], service_type[81], status[17]; /* booked arrived cancelled fulfilled noshow */
	int64_t start_ms;				  /* 0: its slot's */
	int minutes;					  /* 0: its slot's */
	bool untimed; /* neither start nor slot, as FHIR allows what is only proposed: no day's to show */
};

struct fhir_resource {
	enum fhir_type type;
	char type_name[49];
	char id[FHIR_ID];
	union {
		struct fhir_patient patient;
		struct {
			char name[81];
		} practitioner;
		struct fhir_location location;
		struct fhir_coverage coverage;
		struct {
			char practitioner_id[FHIR_ID], location_id[FHIR_ID];
		} schedule;
		struct fhir_slot slot;
		struct fhir_appointment appointment;
	};
};

/** What reading needs to know of the Bundle around, and the reason of a refusal. */
struct fhir_reader {
	const json_t *full_urls; /* fullUrl -> "Type/id", borrowed; NULL outside a Bundle */
	char why[160];
};

/** "Patient" for FHIR_PATIENT. */
const char *fhir_type_name(enum fhir_type type);
/** Reads one resource; full_url is the entry's ("" if none) and gives the id when the resource has none.
 * LOBBY_ERR_INVALID: refused, reader->why says why; resource has what type and id could be read. */
int fhir_read(struct fhir_reader *reader, const json_t *json, const char *full_url,
	      struct fhir_resource *resource) MUST_CHECK;
/** The map for reader->full_urls from a Bundle's entries, a new reference. NULL when out of memory. */
json_t *fhir_full_urls(const json_t *bundle);

#endif

/* Building the Bundles of visit.h. A Bundle is a list of entries, each made by one function below that returns NULL
 * when out of memory; add() takes it in. What the check in front of it (visit_check.c) lets through can always be
 * written. */
#include "visit_fhir.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ENCOUNTER_CLASS "http://terminology.hl7.org/CodeSystem/v3-ActCode"
#define PARTICIPATION_MODE "http://terminology.hl7.org/CodeSystem/v3-ParticipationMode"

#define MAX_REFERENCE 96

const char *visit_or_absent(const char *text)
{
	return *text != '\0' ? text : NULL;
}

static const char *instant(char out[40], int64_t ms)
{
	clock_format_instant(ms, out, 40);
	return out;
}

json_t *visit_reference(const char *type, const char *id)
{
	char text[MAX_REFERENCE];

	if (*id == '\0')
		return NULL;
	snprintf(text, sizeof(text), "%s/%s", type, id);
	return json_pack("{s:s}", "reference", text);
}

json_t *visit_codeable(const char *system, const char *code)
{
	if (*code == '\0')
		return NULL;
	return json_pack("{s:[{s:s,s:s}]}", "coding", "system", system, "code", code);
}

static json_t *kiosk_identifier(const char *kiosk_id, uint64_t seq)
{
	char system[MAX_REFERENCE], value[24];

	snprintf(system, sizeof(system), VISIT_KIOSK_PREFIX "%s", kiosk_id);
	snprintf(value, sizeof(value), "%" PRIu64, seq);
	return json_pack("{s:s,s:s}", "system", system, "value", value);
}

json_t *visit_take_entry(const char *method, const char *type, const char *id, json_t *resource)
{
	char url[MAX_REFERENCE];

	snprintf(url, sizeof(url), "%s/%s", type, id);
	return json_pack("{s:o,s:{s:s,s:s}}", "resource", resource, "request", "method", method, "url", url);
}

/* Takes item; false when it is NULL or cannot be appended. */
static bool take_add(json_t *list, json_t *item)
{
	return json_array_append_new(list, item) == 0;
}

bool visit_add_part(json_t *parts, const char *url, const char *type, const char *text)
{
	if (text == NULL || *text == '\0')
		return true;
	return take_add(parts, json_pack("{s:s,s:s}", "url", url, type, text));
}

static json_t *check_in_extension(const struct visit *v)
{
	json_t *parts = json_array();
	char finished[40];
	bool ok = parts != NULL && visit_add_part(parts, VISIT_PART_IDENTIFIED_BY, "valueCode", v->identified_by) &&
		  visit_add_part(parts, VISIT_PART_REASON, "valueCode", v->reason) &&
		  visit_add_part(parts, VISIT_PART_STEP, "valueCode", v->step) &&
		  visit_add_part(parts, VISIT_PART_LANGUAGE, "valueCode", v->language) &&
		  visit_add_part(parts, VISIT_PART_CONTACT, "valueCode", visit_contact_names[v->contact]) &&
		  visit_add_part(parts, VISIT_PART_INSURANCE, "valueCode", visit_insurance_names[v->insurance]) &&
		  visit_add_part(parts, VISIT_PART_FINISHED, "valueInstant", instant(finished, v->finished_ms)) &&
		  visit_add_part(parts, VISIT_PART_BIRTH_DATE, "valueDate", v->birth_date) &&
		  visit_add_part(parts, VISIT_PART_FAMILY_INITIAL, "valueString", v->family_initial) &&
		  visit_add_part(parts, VISIT_PART_GIVEN_INITIAL, "valueString", v->given_initial) &&
		  take_add(parts, json_pack("{s:s,s:I}", "url", VISIT_PART_TOUCHES, "valueUnsignedInt",
					    (json_int_t)v->touches));

	if (ok && v->coverage_id[0] != '\0')
		ok = take_add(parts, json_pack("{s:s,s:o}", "url", VISIT_PART_COVERAGE, "valueReference",
					       visit_reference("Coverage", v->coverage_id)));
	if (!ok) {
		json_decref(parts);
		return NULL;
	}
	return json_pack("[{s:s,s:o}]", "url", VISIT_EXTENSION, "extension", parts);
}

static json_t *identifiers(const struct visit *v)
{
	json_t *list = json_pack("[o]", kiosk_identifier(v->kiosk_id, v->seq));

	if (list != NULL && v->ticket[0] != '\0' &&
	    !take_add(list, json_pack("{s:s,s:s}", "system", VISIT_TICKET_SYSTEM, "value", v->ticket))) {
		json_decref(list);
		return NULL;
	}
	return list;
}

/* The references to the appointments; NULL and *failed when out of memory, NULL alone when there are none. */
static json_t *appointments(const struct visit *v, bool *failed)
{
	json_t *list;

	if (v->appointment_count == 0)
		return NULL;
	list = json_array();
	for (int i = 0; i < v->appointment_count; i++)
		if (list == NULL || !take_add(list, visit_reference("Appointment", v->appointment_id[i])))
			*failed = true;
	return list;
}

static json_t *encounter_entry(const struct visit *v)
{
	char started[40];
	bool failed = false;
	json_t *appointment = appointments(v, &failed);
	json_t *resource =
		json_pack("{s:s,s:s,s:o,s:o,s:s,s:{s:s,s:s,s:s},s:o*,s:o*,s:{s:s}}", "resourceType", "Encounter", "id",
			  v->id, "extension", check_in_extension(v), "identifier", identifiers(v), "status",
			  v->kind == VISIT_ARRIVAL ? "arrived" : "planned", "class", "system", ENCOUNTER_CLASS, "code",
			  "AMB", "display", "ambulatory", "subject", visit_reference("Patient", v->patient_id),
			  "appointment", appointment, "period", "start", instant(started, v->started_ms));

	if (failed) {
		json_decref(resource);
		return NULL;
	}
	return visit_take_entry("PUT", "Encounter", v->id, resource);
}

/* FHIR R4, fhirpatch.html: one operation is a parameter with parts. */
static json_t *replace_code(const char *path, const char *code)
{
	return json_pack("{s:s,s:[{s:s,s:s},{s:s,s:s},{s:s,s:s}]}", "name", "operation", "part", "name", "type",
			 "valueCode", "replace", "name", "path", "valueString", path, "name", "value", "valueCode",
			 code);
}

static json_t *delete_element(const char *name, const char *element_id)
{
	char path[MAX_REFERENCE];

	snprintf(path, sizeof(path), "Patient.%s.where(id='%s')", name, element_id);
	return json_pack("{s:s,s:[{s:s,s:s},{s:s,s:s}]}", "name", "operation", "part", "name", "type", "valueCode",
			 "delete", "name", "path", "valueString", path);
}

/* Takes value. */
static json_t *take_add_element(const char *name, const char *value_type, json_t *value)
{
	return json_pack("{s:s,s:[{s:s,s:s},{s:s,s:s},{s:s,s:s},{s:s,s:o}]}", "name", "operation", "part", "name",
			 "type", "valueCode", "add", "name", "path", "valueString", "Patient", "name", "name",
			 "valueString", name, "name", "value", value_type, value);
}

static json_t *take_patch_entry(const char *type, const char *id, json_t *operations)
{
	return visit_take_entry("PATCH", type, id,
				json_pack("{s:s,s:o}", "resourceType", "Parameters", "parameter", operations));
}

static json_t *appointment_entry(const char *id)
{
	return take_patch_entry("Appointment", id, json_pack("[o]", replace_code("Appointment.status", "arrived")));
}

static bool add_telecom(json_t *operations, const char *element_id, const char *system, const char *value)
{
	if (*value == '\0')
		return true;
	return take_add(operations, delete_element("telecom", element_id)) &&
	       take_add(operations, take_add_element("telecom", "valueContactPoint",
						     json_pack("{s:s,s:s,s:s,s:i}", "id", element_id, "system", system,
							       "value", value, "rank", 1)));
}

static bool add_address(json_t *operations, const struct visit *v)
{
	json_t *line = NULL;

	if (v->address_line[0] == '\0' && v->address_city[0] == '\0' && v->address_postal_code[0] == '\0')
		return true;
	if (v->address_line[0] != '\0' && (line = json_pack("[s]", v->address_line)) == NULL)
		return false;
	return take_add(operations, delete_element("address", VISIT_ADDRESS_ELEMENT)) &&
	       take_add(operations,
			take_add_element("address", "valueAddress",
					 json_pack("{s:s,s:s,s:o*,s:s*,s:s*}", "id", VISIT_ADDRESS_ELEMENT, "use",
						   "home", "line", line, "city", visit_or_absent(v->address_city),
						   "postalCode", visit_or_absent(v->address_postal_code))));
}

/* What changed of the Patient, in one Patch; true without one if nothing did. */
static bool add_patient_entry(json_t *entries, const struct visit *v)
{
	json_t *operations = json_array();

	if (operations == NULL || !add_telecom(operations, VISIT_PHONE_ELEMENT, "phone", v->phone) ||
	    !add_telecom(operations, VISIT_EMAIL_ELEMENT, "email", v->email) || !add_address(operations, v)) {
		json_decref(operations);
		return false;
	}
	if (json_array_size(operations) == 0) {
		json_decref(operations);
		return true;
	}
	return take_add(entries, take_patch_entry("Patient", v->patient_id, operations));
}

/* Something for a person at the desk to do. One of each kind a visit; its id follows from the visit's. */
static json_t *task_entry(const struct visit *v, const char *kind, const char *code, const char *reason)
{
	char id[64], authored[40];

	snprintf(id, sizeof(id), "%s.%s", v->id, kind);
	return visit_take_entry(
		"PUT", "Task", id,
		json_pack("{s:s,s:s,s:s,s:s,s:o,s:o,s:o*,s:s,s:o*}", "resourceType", "Task", "id", id, "status",
			  "requested", "intent", "order", "code", visit_codeable(VISIT_TASK_SYSTEM, code), "focus",
			  visit_reference("Encounter", v->id), "for", visit_reference("Patient", v->patient_id),
			  "authoredOn", instant(authored, v->finished_ms), "reasonCode",
			  visit_codeable(VISIT_REASON_SYSTEM, reason)));
}

static bool add_visit_entries(json_t *entries, const struct visit *v)
{
	if (!take_add(entries, encounter_entry(v)))
		return false;
	for (int i = 0; v->kind == VISIT_ARRIVAL && i < v->appointment_count; i++)
		if (!take_add(entries, appointment_entry(v->appointment_id[i])))
			return false;
	if (v->contact == VISIT_CONTACT_CHANGED && !add_patient_entry(entries, v))
		return false;
	if (v->insurance == VISIT_INSURANCE_NEW &&
	    !(take_add(entries, visit_coverage_entry(v)) &&
	      take_add(entries, task_entry(v, "insurance", "insurance-new", ""))))
		return false;
	if (v->insurance == VISIT_INSURANCE_NONE &&
	    !take_add(entries, task_entry(v, "insurance", "insurance-none", "")))
		return false;
	if (v->kind == VISIT_HANDOVER && !take_add(entries, task_entry(v, "handover", "handover", v->reason)))
		return false;
	return v->document.kind[0] == '\0' || take_add(entries, visit_document_entry(v));
}

/* Takes entries. */
static json_t *take_bundle(const char *tag, int64_t at_ms, json_t *entries)
{
	char at[40];

	return json_pack("{s:s,s:{s:[{s:s,s:s}]},s:s,s:s,s:o}", "resourceType", "Bundle", "meta", "tag", "system",
			 VISIT_TAG_SYSTEM, "code", tag, "type", "transaction", "timestamp", instant(at, at_ms), "entry",
			 entries);
}

/* Drops what the outcome gives no meaning to: a number typed before "keep the old one" was pressed. */
static void drop_meaningless(struct visit *v)
{
	if (v->contact != VISIT_CONTACT_CHANGED) {
		v->phone[0] = v->email[0] = '\0';
		v->address_line[0] = v->address_city[0] = v->address_postal_code[0] = '\0';
	}
	if (v->insurance != VISIT_INSURANCE_NEW) {
		v->payor[0] = v->member_id[0] = v->group[0] = '\0';
		v->card = (struct visit_card){ .source = "" };
	}
	if (v->insurance != VISIT_INSURANCE_NEW && v->insurance != VISIT_INSURANCE_CONFIRMED)
		v->coverage_id[0] = '\0';
}

int visit_to_bundle(const struct visit *visit, json_t **bundle)
{
	struct visit v = *visit;
	json_t *entries, *made;

	drop_meaningless(&v);
	if (visit_wrong(&v) != NULL)
		return LOBBY_ERR_INVALID;
	entries = json_array();
	if (entries == NULL || !add_visit_entries(entries, &v)) {
		json_decref(entries);
		return LOBBY_ERR_NO_MEMORY;
	}
	made = take_bundle(VISIT_TAG_VISIT, v.finished_ms, entries);
	if (made == NULL)
		return LOBBY_ERR_NO_MEMORY;
	*bundle = made;
	return 0;
}

/* What was printed is a Communication to the patient: completed, or not done and why. */
int visit_slip_to_bundle(const struct visit_slip *slip, json_t **bundle)
{
	char id[64], sent[40];
	json_t *made;

	if (visit_slip_wrong(slip) != NULL)
		return LOBBY_ERR_INVALID;
	snprintf(id, sizeof(id), "%s.%s", slip->visit_id, slip->form);
	made = json_pack(
		"[o]",
		visit_take_entry(
			"PUT", "Communication", id,
			json_pack("{s:s,s:s,s:[o],s:[o],s:s,s:o*,s:[o],s:o,s:s}", "resourceType", "Communication", "id",
				  id, "category", visit_codeable(VISIT_PRINT_FORM_SYSTEM, slip->form), "identifier",
				  kiosk_identifier(slip->kiosk_id, slip->seq), "status",
				  slip->printed ? "completed" : "not-done", "statusReason",
				  slip->printed ? NULL : visit_codeable(VISIT_SLIP_ERROR_SYSTEM, slip->error), "medium",
				  visit_codeable(PARTICIPATION_MODE, "WRITTEN"), "encounter",
				  visit_reference("Encounter", slip->visit_id), "sent", instant(sent, slip->at_ms))));
	if (made != NULL)
		made = take_bundle(VISIT_TAG_SLIP, slip->at_ms, made);
	if (made == NULL)
		return LOBBY_ERR_NO_MEMORY;
	*bundle = made;
	return 0;
}

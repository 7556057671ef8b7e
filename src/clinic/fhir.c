/* See fhir.h: one function a resource type, and the table of them. */
#include "fhir.h"

#include "fhir_field.h"

#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAX_MINUTES (24 * 60)
#define TICKET_PREFIX "urn:lobby:ticket-prefix"
#define INTERPRETER "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired"

/* The name to use: the official one, else the usual, else the first that is not old. */
static const json_t *best_name(const json_t *names)
{
	static const char *const order[] = { "official", "usual", "" };
	const json_t *fallback = json_array_get(names, 0);

	for (size_t o = 0; o < 3; o++)
		for (size_t i = 0; i < json_array_size(names); i++)
			if (strcmp(field_peek(json_array_get(names, i), "use"), order[o]) == 0)
				return json_array_get(names, i);
	return fallback;
}

/* Only a text: "Maria Garcia" is given, then family. */
static void split_name(const char *text, struct fhir_patient *p)
{
	const char *space = strrchr(text, ' ');

	text_copy_n(p->given, sizeof(p->given), text, space != NULL ? (size_t)(space - text) : 0);
	text_copy(p->family, sizeof(p->family), space != NULL ? space + 1 : text);
}

static bool read_name(struct fhir_reader *reader, const json_t *json, struct fhir_patient *p)
{
	const json_t *name = best_name(json_object_get(json, "name"));
	const json_t *given = json_object_get(name, "given");
	char text[161] = "", part[61];
	size_t len = 0;

	if (!field_text(reader, name, "family", "name.family", p->family, sizeof(p->family)) ||
	    !field_text(reader, name, "text", "name.text", text, sizeof(text)))
		return false;
	for (size_t i = 0; i < json_array_size(given); i++) {
		json_t *one = json_pack("{sO}", "given", json_array_get(given, i));
		bool ok;

		part[0] = '\0';
		ok = field_text(reader, one, "given", "name.given", part, sizeof(part));
		json_decref(one);
		if (!ok)
			return false;
		if (len + strlen(part) + 2 > sizeof(p->given))
			return field_refuse(reader, "name.given", "is too long");
		len += (size_t)snprintf(p->given + len, sizeof(p->given) - len, "%s%s", len > 0 ? " " : "", part);
	}
	if (p->family[0] == '\0' && p->given[0] == '\0' && text[0] != '\0')
		split_name(text, p);
	return (p->family[0] != '\0' || p->given[0] != '\0') || field_refuse(reader, "name", "is missing");
}

/* The first of each; a mobile phone before others; nothing old. */
static bool read_telecom(struct fhir_reader *reader, const json_t *json, struct fhir_patient *p)
{
	const json_t *list = json_object_get(json, "telecom");
	bool mobile = false;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);
		const char *system = field_peek(one, "system"), *use = field_peek(one, "use");

		if (strcmp(use, "old") == 0)
			continue;
		if (strcmp(system, "phone") == 0 && (p->phone[0] == '\0' || (!mobile && strcmp(use, "mobile") == 0))) {
			mobile = strcmp(use, "mobile") == 0;
			if (!field_text(reader, one, "value", "telecom phone", p->phone, sizeof(p->phone)))
				return false;
		} else if (strcmp(system, "email") == 0 && p->email[0] == '\0' &&
			   !field_text(reader, one, "value", "telecom email", p->email, sizeof(p->email))) {
			return false;
		}
	}
	return true;
}

static bool read_address(struct fhir_reader *reader, const json_t *json, struct fhir_patient *p)
{
	const json_t *list = json_object_get(json, "address"), *address = json_array_get(list, 0), *line;
	json_t *one;
	bool ok;

	for (size_t i = 0; i < json_array_size(list); i++) {
		if (strcmp(field_peek(json_array_get(list, i), "use"), "old") != 0) {
			address = json_array_get(list, i);
			break;
		}
	}
	line = json_array_get(json_object_get(address, "line"), 0);
	one = line != NULL ? json_pack("{sO}", "line", line) : NULL;
	ok = field_text(reader, one, "line", "address.line", p->address_line, sizeof(p->address_line)) &&
	     field_text(reader, address, "city", "address.city", p->address_city, sizeof(p->address_city)) &&
	     field_text(reader, address, "postalCode", "address.postalCode", p->address_postal_code,
			sizeof(p->address_postal_code));
	json_decref(one);
	return ok;
}

static bool read_language(struct fhir_reader *reader, const json_t *json, struct fhir_patient *p)
{
	const json_t *list = json_object_get(json, "communication"), *extensions = json_object_get(json, "extension");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);
		const json_t *coding = json_array_get(json_object_get(json_object_get(one, "language"), "coding"), 0);

		if ((p->language[0] == '\0' || json_is_true(json_object_get(one, "preferred"))) &&
		    !field_text(reader, coding, "code", "communication.language", p->language, sizeof(p->language)))
			return false;
	}
	for (size_t i = 0; i < json_array_size(extensions); i++)
		if (strcmp(field_peek(json_array_get(extensions, i), "url"), INTERPRETER) == 0)
			p->interpreter = json_is_true(json_object_get(json_array_get(extensions, i), "valueBoolean"));
	return true;
}

static bool read_patient(struct fhir_reader *reader, const json_t *json, struct fhir_resource *resource)
{
	struct fhir_patient *p = &resource->patient;

	return read_name(reader, json, p) && field_date(reader, json, "birthDate", "birthDate", p->birth_date) &&
	       (p->birth_date[0] != '\0' ||
		field_refuse(reader, "birthDate", "is missing: nobody could check in without it")) &&
	       read_telecom(reader, json, p) && read_address(reader, json, p) && read_language(reader, json, p);
}

static bool read_practitioner(struct fhir_reader *reader, const json_t *json, struct fhir_resource *resource)
{
	const json_t *name = best_name(json_object_get(json, "name"));
	struct fhir_patient parts = { 0 };
	char prefix[33] = "";
	json_t *one;
	bool ok;

	if (!field_text(reader, name, "text", "name.text", resource->practitioner.name,
			sizeof(resource->practitioner.name)))
		return false;
	if (resource->practitioner.name[0] != '\0')
		return true;
	if (!read_name(reader, json, &parts))
		return false;
	one = json_pack("{sO*}", "prefix", json_array_get(json_object_get(name, "prefix"), 0));
	ok = field_text(reader, one, "prefix", "name.prefix", prefix, sizeof(prefix));
	json_decref(one);
	if (ok && snprintf(resource->practitioner.name, sizeof(resource->practitioner.name), "%s%s%s%s%s", prefix,
			   prefix[0] != '\0' ? " " : "", parts.given, parts.given[0] != '\0' ? " " : "",
			   parts.family) >= (int)sizeof(resource->practitioner.name))
		return field_refuse(reader, "name", "is too long");
	return ok;
}

static bool read_location(struct fhir_reader *reader, const json_t *json, struct fhir_resource *resource)
{
	const json_t *identifiers = json_object_get(json, "identifier"),
		     *alias = json_array_get(json_object_get(json, "alias"), 0);
	struct fhir_location *l = &resource->location;
	json_t *one = alias != NULL ? json_pack("{sO}", "alias", alias) : NULL;
	bool ok = field_text(reader, one, "alias", "alias", l->short_name, sizeof(l->short_name));

	json_decref(one);
	for (size_t i = 0; ok && i < json_array_size(identifiers); i++)
		if (strcmp(field_peek(json_array_get(identifiers, i), "system"), TICKET_PREFIX) == 0)
			ok = field_text(reader, json_array_get(identifiers, i), "value", "identifier (ticket prefix)",
					l->prefix, sizeof(l->prefix));
	return ok && field_text(reader, json, "name", "name", l->name, sizeof(l->name)) &&
	       (l->name[0] != '\0' || field_refuse(reader, "name", "is missing")) &&
	       field_text(reader, json, "description", "description", l->directions, sizeof(l->directions)) &&
	       field_reference(reader, json_object_get(json, "partOf"), "Location", l->part_of);
}

/* Money as cents, halves up. */
static bool read_copay(struct fhir_reader *reader, const json_t *json, struct fhir_coverage *c)
{
	const json_t *list = json_object_get(json, "costToBeneficiary");

	c->copay_cents = -1;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i), *money = json_object_get(one, "valueMoney");
		const json_t *value = json_object_get(money, "value");

		if (!field_has_code(json_object_get(one, "type"), "copay") || value == NULL)
			continue;
		if (!json_is_number(value) || json_number_value(value) < 0 || json_number_value(value) > 1e6)
			return field_refuse(reader, "costToBeneficiary.valueMoney.value", "is not an amount");
		c->copay_cents = (int64_t)floor(json_number_value(value) * 100 + 0.5);
		return field_text(reader, money, "currency", "costToBeneficiary.valueMoney.currency", c->currency,
				  sizeof(c->currency));
	}
	return true;
}

static bool read_coverage(struct fhir_reader *reader, const json_t *json, struct fhir_resource *resource)
{
	const json_t *payor = json_array_get(json_object_get(json, "payor"), 0),
		     *classes = json_object_get(json, "class");
	const json_t *period = json_object_get(json, "period"), *subscriber = json_object_get(json, "subscriber");
	struct fhir_coverage *c = &resource->coverage;

	if (!field_reference(reader, json_object_get(json, "beneficiary"), "Patient", c->patient_id))
		return false;
	if (c->patient_id[0] == '\0')
		return field_refuse(reader, "beneficiary", "names no patient");
	if (!field_text(reader, json, "status", "status", c->status, sizeof(c->status)))
		return false;
	if (c->status[0] == '\0')
		return field_refuse(reader, "status", "is missing");
	if (!field_text(reader, json, "subscriberId", "subscriberId", c->member_id, sizeof(c->member_id)))
		return false;
	if (c->member_id[0] == '\0' && !field_text(reader, json_array_get(json_object_get(json, "identifier"), 0),
						   "value", "identifier.value", c->member_id, sizeof(c->member_id)))
		return false;
	for (size_t i = 0; i < json_array_size(classes); i++)
		if (field_has_code(json_object_get(json_array_get(classes, i), "type"), "group") &&
		    !field_text(reader, json_array_get(classes, i), "value", "class.value", c->group, sizeof(c->group)))
			return false;
	return field_text(reader, payor, "display", "payor.display", c->payor, sizeof(c->payor)) &&
	       field_text(reader, subscriber, "display", "subscriber.display", c->subscriber, sizeof(c->subscriber)) &&
	       field_date_time(reader, period, "start", "period.start", c->period_start, sizeof(c->period_start)) &&
	       field_date_time(reader, period, "end", "period.end", c->period_end, sizeof(c->period_end)) &&
	       read_copay(reader, json, c);
}

static bool read_schedule(struct fhir_reader *reader, const json_t *json, struct fhir_resource *resource)
{
	const json_t *actors = json_object_get(json, "actor");

	for (size_t i = 0; i < json_array_size(actors); i++)
		if (!field_reference(reader, json_array_get(actors, i), "Practitioner",
				     resource->schedule.practitioner_id) ||
		    !field_reference(reader, json_array_get(actors, i), "Location", resource->schedule.location_id))
			return false;
	return json_array_size(actors) > 0 || field_refuse(reader, "actor", "is missing");
}

static bool read_slot(struct fhir_reader *reader, const json_t *json, struct fhir_resource *resource)
{
	struct fhir_slot *s = &resource->slot;

	if (!field_reference(reader, json_object_get(json, "schedule"), "Schedule", s->schedule_id) ||
	    !field_text(reader, json, "status", "status", s->status, sizeof(s->status)) ||
	    !field_instant(reader, json, "start", "start", &s->start_ms) ||
	    !field_instant(reader, json, "end", "end", &s->end_ms))
		return false;
	if (s->schedule_id[0] == '\0')
		return field_refuse(reader, "schedule", "names no schedule");
	if (s->start_ms == 0 || s->end_ms == 0)
		return field_refuse(reader, s->start_ms == 0 ? "start" : "end", "is missing");
	return s->end_ms > s->start_ms || field_refuse(reader, "end", "is not after start");
}

/* FHIR's ten statuses (valueset appointmentstatus) as the five that a lobby needs. */
static bool read_status(struct fhir_reader *reader, const json_t *json, char status[17])
{
	static const char *const known[][2] = {
		{ "proposed", "booked" },     { "pending", "booked" },
		{ "booked", "booked" },	      { "waitlist", "booked" },
		{ "arrived", "arrived" },     { "checked-in", "arrived" },
		{ "fulfilled", "fulfilled" }, { "noshow", "noshow" },
		{ "cancelled", "cancelled" }, { "entered-in-error", "cancelled" },
	};
	const char *text = field_peek(json, "status");

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(text, known[i][0]) == 0) {
			text_copy(status, 17, known[i][1]);
			return true;
		}
	}
	return field_refuse(reader, "status", *text == '\0' ? "is missing" : "is none of FHIR's");
}

static bool read_participants(struct fhir_reader *reader, const json_t *json, struct fhir_appointment *a)
{
	const json_t *list = json_object_get(json, "participant");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *actor = json_object_get(json_array_get(list, i), "actor");
		char patient[FHIR_ID] = "", display[81] = "";

		if (!field_reference(reader, actor, "Patient", patient) ||
		    !field_reference(reader, actor, "Practitioner", a->practitioner_id) ||
		    !field_reference(reader, actor, "Location", a->location_id) ||
		    !field_text(reader, actor, "display", "participant.actor.display", display, sizeof(display)))
			return false;
		if (patient[0] != '\0')
			text_copy(a->patient_id, sizeof(a->patient_id), patient);
		else if (a->with_text[0] == '\0')
			text_copy(a->with_text, sizeof(a->with_text), display);
	}
	return a->patient_id[0] != '\0' || field_refuse(reader, "participant", "names no patient");
}

/* What nobody has given a time yet (FHIR R4, Appointment, invariant app-3). */
static bool may_lack_time(const json_t *json)
{
	const char *status = field_peek(json, "status");

	return strcmp(status, "proposed") == 0 || strcmp(status, "pending") == 0 || strcmp(status, "waitlist") == 0;
}

static bool read_times(struct fhir_reader *reader, const json_t *json, struct fhir_appointment *a)
{
	const json_t *minutes = json_object_get(json, "minutesDuration");
	int64_t end_ms = 0;

	if (!field_instant(reader, json, "start", "start", &a->start_ms) ||
	    !field_instant(reader, json, "end", "end", &end_ms))
		return false;
	a->untimed = a->start_ms == 0 && a->slot_id[0] == '\0';
	if (a->untimed && !may_lack_time(json))
		return field_refuse(reader, "start", "is missing, and there is no slot");
	if (minutes != NULL &&
	    (!json_is_integer(minutes) || json_integer_value(minutes) < 1 || json_integer_value(minutes) > MAX_MINUTES))
		return field_refuse(reader, "minutesDuration", "is not a number of minutes");
	if (end_ms != 0 && a->start_ms != 0 && (end_ms <= a->start_ms || end_ms - a->start_ms > MAX_MINUTES * 60000LL))
		return field_refuse(reader, "end", "is not after start on the same day");
	a->minutes = minutes != NULL		       ? (int)json_integer_value(minutes)
		     : end_ms != 0 && a->start_ms != 0 ? (int)((end_ms - a->start_ms) / 60000)
						       : 0;
	return true;
}

static bool read_appointment(struct fhir_reader *reader, const json_t *json, struct fhir_resource *resource)
{
	const json_t *service = json_array_get(json_object_get(json, "serviceType"), 0);
	struct fhir_appointment *a = &resource->appointment;
	json_t *one = json_pack("{ss}", "text", field_concept(service));
	bool ok =
		one != NULL && field_text(reader, one, "text", "serviceType", a->service_type, sizeof(a->service_type));

	json_decref(one);
	return ok && read_status(reader, json, a->status) && read_participants(reader, json, a) &&
	       field_reference(reader, json_array_get(json_object_get(json, "slot"), 0), "Slot", a->slot_id) &&
	       read_times(reader, json, a);
}

static const struct {
	const char *name;
	bool (*read)(struct fhir_reader *reader, const json_t *json, struct fhir_resource *resource);
} types[FHIR_TYPES] = {
	[FHIR_PATIENT] = { "Patient", read_patient },
	[FHIR_PRACTITIONER] = { "Practitioner", read_practitioner },
	[FHIR_LOCATION] = { "Location", read_location },
	[FHIR_COVERAGE] = { "Coverage", read_coverage },
	[FHIR_SCHEDULE] = { "Schedule", read_schedule },
	[FHIR_SLOT] = { "Slot", read_slot },
	[FHIR_APPOINTMENT] = { "Appointment", read_appointment },
};

const char *fhir_type_name(enum fhir_type type)
{
	return type < FHIR_TYPES ? types[type].name : "Other";
}

/* The id: the resource's own, else that of a urn:uuid full URL. */
static bool read_id(struct fhir_reader *reader, const json_t *json, const char *full_url, char id[FHIR_ID])
{
	const json_t *value = json_object_get(json, "id");
	const char *text = json_string_value(value);

	if (value == NULL && strncmp(full_url, "urn:uuid:", 9) == 0)
		text = full_url + 9;
	if (text == NULL)
		return field_refuse(reader, "id", "is missing");
	if (!field_is_id(text))
		return field_refuse(reader, "id", "is not 1 to 64 letters, digits, hyphens and dots");
	text_copy(id, FHIR_ID, text);
	return true;
}

int fhir_read(struct fhir_reader *reader, const json_t *json, const char *full_url, struct fhir_resource *resource)
{
	const char *type = field_peek(json, "resourceType");

	*resource = (struct fhir_resource){ .type = FHIR_OTHER };
	reader->why[0] = '\0';
	if (!json_is_object(json) || *type == '\0' || strlen(type) >= sizeof(resource->type_name) ||
	    !text_is_clean(type, strlen(type))) {
		field_refuse(reader, "it", "is not a FHIR resource: resourceType is missing");
		return LOBBY_ERR_INVALID;
	}
	text_copy(resource->type_name, sizeof(resource->type_name), type);
	for (int t = 0; t < FHIR_TYPES; t++)
		if (strcmp(type, types[t].name) == 0)
			resource->type = (enum fhir_type)t;
	if (resource->type == FHIR_OTHER)
		return 0;
	return read_id(reader, json, full_url, resource->id) && types[resource->type].read(reader, json, resource)
		       ? 0
		       : LOBBY_ERR_INVALID;
}

json_t *fhir_full_urls(const json_t *bundle)
{
	const json_t *entries = json_object_get(bundle, "entry");
	json_t *map = json_object();

	for (size_t i = 0; map != NULL && i < json_array_size(entries); i++) {
		const json_t *resource = json_object_get(json_array_get(entries, i), "resource");
		const char *url = field_peek(json_array_get(entries, i), "fullUrl"), *id = field_peek(resource, "id");

		if (*id == '\0' && strncmp(url, "urn:uuid:", 9) == 0)
			id = url + 9;
		if (*url != '\0' && *id != '\0')
			json_object_set_new(map, url, json_sprintf("%s/%s", field_peek(resource, "resourceType"), id));
	}
	return map;
}

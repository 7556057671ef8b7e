/* Reading the Bundles of visit.h. What comes in is any JSON at all: every step asks for the type that it needs, and a
 * member that is missing or of another type reads as absent. Entries and extensions of kinds that this release does not
 * know are passed over, so that a newer kiosk can say more. The result is checked as the builder checks its input. */
#include "visit_fhir.h"

#include "base/clock.h"
#include "base/text.h"

#include <string.h>

void visit_fail(struct visit_parse *p, int err, const char *why)
{
	if (p->err != 0)
		return;
	p->err = err;
	p->why = why;
}

const char *visit_text(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	const char *text = json_string_value(value);

	if (text == NULL || strlen(text) != json_string_length(value))
		return "";
	return text;
}

bool visit_text_is(const json_t *object, const char *key, const char *expected)
{
	return strcmp(visit_text(object, key), expected) == 0;
}

void visit_copy(struct visit_parse *p, char *out, size_t size, const char *text, const char *why)
{
	if (strlen(text) >= size)
		visit_fail(p, LOBBY_ERR_TOO_LONG, why);
	else
		text_copy(out, size, text);
}

/* The id in {"reference": "Type/id"}; another type is an error, no reference is "". */
static void copy_reference(struct visit_parse *p, char *out, size_t size, const json_t *holder, const char *type)
{
	const char *text = visit_text(holder, "reference");
	size_t len = strlen(type);

	if (*text == '\0')
		return;
	if (strncmp(text, type, len) != 0 || text[len] != '/') {
		visit_fail(p, LOBBY_ERR_INVALID, "a reference to another type");
		return;
	}
	visit_copy(p, out, size, text + len + 1, "a reference is too long");
}

static int64_t time_of(struct visit_parse *p, const json_t *object, const char *key)
{
	const char *text = visit_text(object, key);
	int64_t ms = 0;

	if (clock_parse_instant(text, strlen(text), &ms) != 0)
		visit_fail(p, LOBBY_ERR_INVALID, "a time is missing or no time");
	return ms;
}

/* Decimal digits without sign or leading zero. */
static bool parse_seq(const char *text, uint64_t *seq)
{
	uint64_t value = 0;

	if (*text == '\0' || (text[0] == '0' && text[1] != '\0'))
		return false;
	for (; *text != '\0'; text++) {
		unsigned digit = (unsigned)(*text - '0');

		if (digit > 9 || value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*seq = value;
	return true;
}

/* Kiosk, seq and ticket out of a list of identifiers. */
static void read_identifiers(struct visit_parse *p, const json_t *list, char kiosk_id[37], uint64_t *seq, char *ticket,
			     size_t ticket_size)
{
	bool found = false;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *identifier = json_array_get(list, i);
		const char *system = visit_text(identifier, "system"), *value = visit_text(identifier, "value");

		if (strncmp(system, VISIT_KIOSK_PREFIX, strlen(VISIT_KIOSK_PREFIX)) == 0) {
			visit_copy(p, kiosk_id, 37, system + strlen(VISIT_KIOSK_PREFIX), "the kiosk's id is too long");
			found = parse_seq(value, seq);
		} else if (ticket != NULL && strcmp(system, VISIT_TICKET_SYSTEM) == 0) {
			visit_copy(p, ticket, ticket_size, value, "the ticket is too long");
		}
	}
	if (!found)
		visit_fail(p, LOBBY_ERR_INVALID, "no identifier of kiosk and number");
}

static int name_index(struct visit_parse *p, const char *name, const char *const *names, int count)
{
	for (int i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	visit_fail(p, LOBBY_ERR_INVALID, "an outcome that is none");
	return 0;
}

const json_t *visit_part(const json_t *list, const char *url)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (visit_text_is(json_array_get(list, i), "url", url))
			return json_array_get(list, i);
	return NULL;
}

static void read_extension(struct visit_parse *p, const json_t *encounter, struct visit *v)
{
	const json_t *extension = visit_part(json_object_get(encounter, "extension"), VISIT_EXTENSION);
	const json_t *parts = json_object_get(extension, "extension");
	const json_t *touches = json_object_get(visit_part(parts, VISIT_PART_TOUCHES), "valueUnsignedInt");
	json_int_t count = json_integer_value(touches);
	const struct {
		const char *url, *type;
		char *out;
		size_t size;
	} texts[] = {
		{ VISIT_PART_IDENTIFIED_BY, "valueCode", v->identified_by, sizeof(v->identified_by) },
		{ VISIT_PART_REASON, "valueCode", v->reason, sizeof(v->reason) },
		{ VISIT_PART_STEP, "valueCode", v->step, sizeof(v->step) },
		{ VISIT_PART_LANGUAGE, "valueCode", v->language, sizeof(v->language) },
		{ VISIT_PART_BIRTH_DATE, "valueDate", v->birth_date, sizeof(v->birth_date) },
		{ VISIT_PART_FAMILY_INITIAL, "valueString", v->family_initial, sizeof(v->family_initial) },
		{ VISIT_PART_GIVEN_INITIAL, "valueString", v->given_initial, sizeof(v->given_initial) },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		visit_copy(p, texts[i].out, texts[i].size, visit_text(visit_part(parts, texts[i].url), texts[i].type),
			   "a part of the check-in is too long");
	v->contact = (enum visit_contact)name_index(p, visit_text(visit_part(parts, VISIT_PART_CONTACT), "valueCode"),
						    visit_contact_names, 3);
	v->insurance = (enum visit_insurance)name_index(
		p, visit_text(visit_part(parts, VISIT_PART_INSURANCE), "valueCode"), visit_insurance_names, 4);
	v->finished_ms = time_of(p, visit_part(parts, VISIT_PART_FINISHED), "valueInstant");
	copy_reference(p, v->coverage_id, sizeof(v->coverage_id),
		       json_object_get(visit_part(parts, VISIT_PART_COVERAGE), "valueReference"), "Coverage");
	if (count < 0 || count > INT32_MAX)
		visit_fail(p, LOBBY_ERR_INVALID, "more touches than can be");
	else
		v->touches = (uint32_t)count;
}

static void read_encounter(struct visit_parse *p, const json_t *encounter, struct visit *v)
{
	const json_t *appointments = json_object_get(encounter, "appointment");
	size_t count = json_array_size(appointments);

	visit_copy(p, v->id, sizeof(v->id), visit_text(encounter, "id"), "the visit's id is too long");
	if (visit_text_is(encounter, "status", "arrived"))
		v->kind = VISIT_ARRIVAL;
	else if (visit_text_is(encounter, "status", "planned"))
		v->kind = VISIT_HANDOVER;
	else
		visit_fail(p, LOBBY_ERR_INVALID, "the Encounter is neither arrived nor planned");
	read_identifiers(p, json_object_get(encounter, "identifier"), v->kiosk_id, &v->seq, v->ticket,
			 sizeof(v->ticket));
	copy_reference(p, v->patient_id, sizeof(v->patient_id), json_object_get(encounter, "subject"), "Patient");
	if (count > VISIT_MAX_APPOINTMENTS) {
		visit_fail(p, LOBBY_ERR_TOO_LONG, "too many appointments");
		return;
	}
	for (size_t i = 0; i < count; i++)
		copy_reference(p, v->appointment_id[i], sizeof(v->appointment_id[i]), json_array_get(appointments, i),
			       "Appointment");
	v->appointment_count = (int)count;
	v->started_ms = time_of(p, json_object_get(encounter, "period"), "start");
	read_extension(p, encounter, v);
}

/* The `value` part of one Patch operation, as this type; NULL if it is another operation. */
static const json_t *added_value(const json_t *operation, const char *value_type)
{
	const json_t *parts = json_object_get(operation, "part"), *value = NULL;
	bool add = false;

	for (size_t i = 0; i < json_array_size(parts); i++) {
		const json_t *part = json_array_get(parts, i);

		if (visit_text_is(part, "name", "type"))
			add = visit_text_is(part, "valueCode", "add");
		else if (visit_text_is(part, "name", "value"))
			value = json_object_get(part, value_type);
	}
	return add ? value : NULL;
}

static void read_patient_patch(struct visit_parse *p, const json_t *parameters, struct visit *v)
{
	const json_t *operations = json_object_get(parameters, "parameter");

	for (size_t i = 0; i < json_array_size(operations); i++) {
		const json_t *operation = json_array_get(operations, i);
		const json_t *telecom = added_value(operation, "valueContactPoint");
		const json_t *address = added_value(operation, "valueAddress");
		const json_t *line = json_array_get(json_object_get(address, "line"), 0);

		if (visit_text_is(telecom, "system", "phone"))
			visit_copy(p, v->phone, sizeof(v->phone), visit_text(telecom, "value"),
				   "the phone is too long");
		if (visit_text_is(telecom, "system", "email"))
			visit_copy(p, v->email, sizeof(v->email), visit_text(telecom, "value"),
				   "the e-mail is too long");
		if (address == NULL)
			continue;
		if (json_is_string(line) && strlen(json_string_value(line)) == json_string_length(line))
			visit_copy(p, v->address_line, sizeof(v->address_line), json_string_value(line),
				   "the address is too long");
		visit_copy(p, v->address_city, sizeof(v->address_city), visit_text(address, "city"),
			   "the city is too long");
		visit_copy(p, v->address_postal_code, sizeof(v->address_postal_code), visit_text(address, "postalCode"),
			   "the postal code is too long");
	}
}

/* The resource of an entry whose request is `method` on `type`, whole in its url; NULL otherwise. */
static const json_t *resource_of(const json_t *entry, const char *method, const char *type)
{
	const json_t *request = json_object_get(entry, "request");
	const char *url = visit_text(request, "url");
	size_t len = strlen(type);

	if (!visit_text_is(request, "method", method) || strncmp(url, type, len) != 0 || url[len] != '/')
		return NULL;
	return json_object_get(entry, "resource");
}

/* PUT Type/id must put a Type with that id: what the ledger is keyed by is what the resource says. */
static const json_t *put_of(struct visit_parse *p, const json_t *entry, const char *type)
{
	const json_t *resource = resource_of(entry, "PUT", type);
	const char *url = visit_text(json_object_get(entry, "request"), "url");

	if (resource == NULL)
		return NULL;
	if (!visit_text_is(resource, "resourceType", type) || !visit_text_is(resource, "id", url + strlen(type) + 1)) {
		visit_fail(p, LOBBY_ERR_INVALID, "an entry's address and resource differ");
		return NULL;
	}
	return resource;
}

int visit_bundle_kind_of(const json_t *bundle, enum visit_bundle_kind *kind)
{
	const json_t *tags = json_object_get(json_object_get(bundle, "meta"), "tag");

	if (!visit_text_is(bundle, "resourceType", "Bundle") || !visit_text_is(bundle, "type", "transaction"))
		return LOBBY_ERR_INVALID;
	for (size_t i = 0; i < json_array_size(tags); i++) {
		const json_t *tag = json_array_get(tags, i);

		if (!visit_text_is(tag, "system", VISIT_TAG_SYSTEM))
			continue;
		if (visit_text_is(tag, "code", VISIT_TAG_VISIT)) {
			*kind = VISIT_BUNDLE_VISIT;
			return 0;
		}
		if (visit_text_is(tag, "code", VISIT_TAG_SLIP)) {
			*kind = VISIT_BUNDLE_SLIP;
			return 0;
		}
	}
	return LOBBY_ERR_INVALID;
}

/* The entries of a Bundle of this kind; NULL and failed otherwise. */
static const json_t *entries_of(struct visit_parse *p, const json_t *bundle, enum visit_bundle_kind expected)
{
	const json_t *entries = json_object_get(bundle, "entry");
	enum visit_bundle_kind kind;

	if (visit_bundle_kind_of(bundle, &kind) != 0 || kind != expected) {
		visit_fail(p, LOBBY_ERR_INVALID, "not a Bundle of this kind");
		return NULL;
	}
	if (json_array_size(entries) > VISIT_MAX_ENTRIES) {
		visit_fail(p, LOBBY_ERR_TOO_LONG, "too many entries");
		return NULL;
	}
	return entries;
}

static void read_entries(struct visit_parse *p, const json_t *entries, struct visit *v)
{
	int encounters = 0;

	for (size_t i = 0; i < json_array_size(entries); i++) {
		const json_t *entry = json_array_get(entries, i);
		const json_t *encounter = put_of(p, entry, "Encounter");

		if (encounter != NULL && encounters++ == 0)
			read_encounter(p, encounter, v);
	}
	if (encounters != 1)
		visit_fail(p, LOBBY_ERR_INVALID, "not one Encounter");
	for (size_t i = 0; i < json_array_size(entries); i++) {
		const json_t *entry = json_array_get(entries, i);
		const json_t *patch = resource_of(entry, "PATCH", "Patient");
		const json_t *coverage = put_of(p, entry, "Coverage");
		const json_t *document = put_of(p, entry, "DocumentReference");

		if (patch != NULL && v->contact == VISIT_CONTACT_CHANGED)
			read_patient_patch(p, patch, v);
		if (coverage != NULL && v->insurance == VISIT_INSURANCE_NEW)
			visit_read_coverage(p, coverage, v);
		if (document != NULL && v->document.kind[0] == '\0')
			visit_read_document(p, document, v);
	}
}

int visit_from_bundle(const json_t *bundle, struct visit *visit, const char **why)
{
	struct visit_parse p = { 0 };
	struct visit v = { 0 };
	const json_t *entries = entries_of(&p, bundle, VISIT_BUNDLE_VISIT);

	if (p.err == 0)
		read_entries(&p, entries, &v);
	if (p.err == 0 && visit_wrong(&v) != NULL)
		visit_fail(&p, LOBBY_ERR_INVALID, visit_wrong(&v));
	if (p.err != 0) {
		*why = p.why;
		return p.err;
	}
	*visit = v;
	return 0;
}

static void read_slip(struct visit_parse *p, const json_t *communication, struct visit_slip *slip)
{
	const json_t *codings = json_object_get(json_object_get(communication, "statusReason"), "coding");
	const json_t *category = json_array_get(
		json_object_get(json_array_get(json_object_get(communication, "category"), 0), "coding"), 0);

	read_identifiers(p, json_object_get(communication, "identifier"), slip->kiosk_id, &slip->seq, NULL, 0);
	copy_reference(p, slip->visit_id, sizeof(slip->visit_id), json_object_get(communication, "encounter"),
		       "Encounter");
	slip->printed = visit_text_is(communication, "status", "completed");
	if (!slip->printed && !visit_text_is(communication, "status", "not-done"))
		visit_fail(p, LOBBY_ERR_INVALID, "the slip is neither printed nor not");
	if (!slip->printed)
		visit_copy(p, slip->error, sizeof(slip->error), visit_text(json_array_get(codings, 0), "code"),
			   "the slip's error is too long");
	slip->at_ms = time_of(p, communication, "sent");
	/* Kiosks before 0.2 printed slips alone and did not say so. */
	text_copy(slip->form, sizeof(slip->form), "slip");
	if (category != NULL)
		visit_copy(p, slip->form, sizeof(slip->form), visit_text(category, "code"),
			   "what was printed is too long");
}

int visit_slip_from_bundle(const json_t *bundle, struct visit_slip *slip, const char **why)
{
	struct visit_parse p = { 0 };
	struct visit_slip s = { 0 };
	const json_t *entries = entries_of(&p, bundle, VISIT_BUNDLE_SLIP);
	const json_t *communication = put_of(&p, json_array_get(entries, 0), "Communication");

	if (p.err == 0 && (communication == NULL || json_array_size(entries) != 1))
		visit_fail(&p, LOBBY_ERR_INVALID, "not one Communication");
	if (p.err == 0)
		read_slip(&p, communication, &s);
	if (p.err == 0 && visit_slip_wrong(&s) != NULL)
		visit_fail(&p, LOBBY_ERR_INVALID, visit_slip_wrong(&s));
	if (p.err != 0) {
		*why = p.why;
		return p.err;
	}
	*slip = s;
	return 0;
}

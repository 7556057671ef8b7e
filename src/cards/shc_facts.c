/* What a health card's Bundle says, in the few facts that a check-in can use. The Bundle is signed, but its issuer may
 * still write what it likes: every member is asked for its type, a text that is too long or not clean is left out or
 * cut, and references are followed once, within the Bundle. */
#include "shc_read.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define MAX_ENTRIES 2000 /* what SHC_MAX_JSON could hold at the most, about */

static const char *text_of(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);
	const char *text = json_string_value(value);

	return text != NULL && text_is_clean(text, json_string_length(value)) ? text : "";
}

static bool text_is(const json_t *object, const char *name, const char *expected)
{
	return strcmp(text_of(object, name), expected) == 0;
}

/* On one line: a card has no line breaks. False if it had to be cut. */
static bool take(char *out, size_t size, const char *text)
{
	bool whole = text_copy(out, size, text);

	for (char *c = out; *c != '\0'; c++)
		if (*c == '\n' || *c == '\t')
			*c = ' ';
	text_trim(out);
	return whole;
}

/* "YYYY-MM-DD", also of a dateTime; "" for a year or month alone. */
static void take_date(char out[11], const char *text)
{
	static const char form[] = "dddd-dd-dd";

	out[0] = '\0';
	for (int i = 0; i < 10; i++)
		if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return;
	if (text[10] == '\0' || text[10] == 'T')
		text_copy_n(out, 11, text, 10);
}

static const json_t *resource_at(const json_t *bundle, size_t i)
{
	return json_object_get(json_array_get(json_object_get(bundle, "entry"), i), "resource");
}

static size_t entry_count(const json_t *bundle)
{
	size_t count = json_array_size(json_object_get(bundle, "entry"));

	return count < MAX_ENTRIES ? count : MAX_ENTRIES;
}

static bool ends_with(const char *text, const char *tail)
{
	size_t len = strlen(text), n = strlen(tail);

	return len > n && text[len - n - 1] == '/' && strcmp(text + len - n, tail) == 0;
}

/* Does "Type/id" name this resource? */
static bool is_named(const json_t *resource, const char *reference)
{
	const char *slash = strchr(reference, '/'), *type = text_of(resource, "resourceType");

	return slash != NULL && strlen(type) == (size_t)(slash - reference) &&
	       strncmp(type, reference, strlen(type)) == 0 && text_of(resource, "id")[0] != '\0' &&
	       strcmp(text_of(resource, "id"), slash + 1) == 0;
}

/* What a Reference leads to: "resource:1", a fullUrl, "Type/id", or "#id" of what holder contains. NULL if nowhere. */
static const json_t *follow(const json_t *bundle, const json_t *holder, const json_t *reference, const char *type)
{
	const json_t *contained = json_object_get(holder, "contained"), *entries = json_object_get(bundle, "entry");
	const char *to = text_of(reference, "reference");

	for (size_t i = 0; *to == '#' && i < json_array_size(contained); i++)
		if (text_is(json_array_get(contained, i), "id", to + 1) &&
		    text_is(json_array_get(contained, i), "resourceType", type))
			return json_array_get(contained, i);
	for (size_t i = 0; *to != '\0' && *to != '#' && i < entry_count(bundle); i++) {
		const char *url = text_of(json_array_get(entries, i), "fullUrl");
		const json_t *resource = resource_at(bundle, i);

		if (text_is(resource, "resourceType", type) &&
		    (strcmp(url, to) == 0 || ends_with(url, to) || is_named(resource, to)))
			return resource;
	}
	return NULL;
}

/* ---- people ---- */

/* The name in use now: official before usual before any, and none that is old. */
static const json_t *name_of(const json_t *patient)
{
	const json_t *names = json_object_get(patient, "name"), *best = NULL;
	int rank = 0;

	for (size_t i = 0; i < json_array_size(names); i++) {
		const json_t *name = json_array_get(names, i);
		int r = text_is(name, "use", "official") ? 3
			: text_is(name, "use", "usual")	 ? 2
			: text_is(name, "use", "old")	 ? 0
							 : 1;

		if (r > rank) {
			best = name;
			rank = r;
		}
	}
	return best;
}

static const char *first_given(const json_t *name)
{
	const json_t *given = json_array_get(json_object_get(name, "given"), 0);
	const char *text = json_string_value(given);

	return text != NULL && text_is_clean(text, json_string_length(given)) ? text : "";
}

struct person {
	char family[64], given[64], birth_date[11];
	bool family_cut, given_cut;
};

static void read_person(const json_t *patient, struct person *p)
{
	const json_t *name = name_of(patient);
	const char *family = text_of(name, "family"), *given = first_given(name), *whole = text_of(name, "text");
	const char *last = strrchr(whole, ' ');

	p->family_cut = !take(p->family, sizeof(p->family), family);
	p->given_cut = !take(p->given, sizeof(p->given), given);
	/* A name in one piece: the last word is the family's, the first the person's. */
	if (*family == '\0' && *given == '\0' && *whole != '\0') {
		p->family_cut = !take(p->family, sizeof(p->family), last != NULL ? last + 1 : whole);
		if (last != NULL)
			p->given_cut = !text_copy_n(p->given, sizeof(p->given), whole, strcspn(whole, " "));
	}
	take_date(p->birth_date, text_of(patient, "birthDate"));
}

static void whole_name(const json_t *patient, char *out, size_t size)
{
	struct person p = { .family = "" };
	size_t len;

	read_person(patient, &p);
	text_copy(out, size, p.given);
	len = strlen(out);
	if (len > 0 && p.family[0] != '\0' && len + 1 < size)
		out[len++] = ' ';
	text_copy(out + len, size - len, p.family);
}

/* ---- insurance ---- */

/* Any coding of a CodeableConcept has this code. */
static bool has_code(const json_t *concept, const char *code)
{
	const json_t *codings = json_object_get(concept, "coding");

	for (size_t i = 0; i < json_array_size(codings); i++)
		if (text_is(json_array_get(codings, i), "code", code))
			return true;
	return false;
}

/* The value of the identifier of this type; else of the first one, if any will do. */
static const char *identifier_of(const json_t *list, const char *type, bool any)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (has_code(json_object_get(json_array_get(list, i), "type"), type))
			return text_of(json_array_get(list, i), "value");
	return any ? text_of(json_array_get(list, 0), "value") : "";
}

static void read_payor(const json_t *bundle, const json_t *coverage, struct card_insurance *in)
{
	const json_t *payor = json_array_get(json_object_get(coverage, "payor"), 0);
	const json_t *organization = follow(bundle, coverage, payor, "Organization");
	const char *id = identifier_of(json_object_get(organization, "identifier"), "payerid", true);

	take(in->payor, sizeof(in->payor),
	     text_of(organization, "name")[0] != '\0' ? text_of(organization, "name") : text_of(payor, "display"));
	if (*id == '\0')
		id = text_of(json_object_get(payor, "identifier"), "value");
	if (!take(in->payor_id, sizeof(in->payor_id), id))
		in->payor_id[0] = '\0';
}

/* A number that does not fit is no number: it is left out rather than cut. */
static void take_number(char *out, size_t size, const char *text)
{
	if (out[0] == '\0' && !take(out, size, text))
		out[0] = '\0';
}

static void read_classes(const json_t *coverage, struct card_insurance *in)
{
	const json_t *classes = json_object_get(coverage, "class");

	for (size_t i = 0; i < json_array_size(classes) && i < 32; i++) {
		const json_t *class = json_array_get(classes, i), *type = json_object_get(class, "type");
		const char *value = text_of(class, "value"), *name = text_of(class, "name");

		if (has_code(type, "group"))
			take_number(in->group, sizeof(in->group), value);
		else if (has_code(type, "plan") && in->plan[0] == '\0')
			take(in->plan, sizeof(in->plan), *name != '\0' ? name : value);
		else if (has_code(type, "rxbin") || has_code(type, "rxiin"))
			take_number(in->rx_bin, sizeof(in->rx_bin), value);
		else if (has_code(type, "rxpcn"))
			take_number(in->rx_pcn, sizeof(in->rx_pcn), value);
		else if (has_code(type, "rxgroup"))
			take_number(in->rx_group, sizeof(in->rx_group), value);
		else if (has_code(type, "rxid"))
			take_number(in->member_id, sizeof(in->member_id), value);
	}
}

static void read_coverage(const json_t *bundle, const json_t *coverage, const json_t *person, struct card_insurance *in)
{
	const json_t *identifiers = json_object_get(coverage, "identifier");
	const json_t *subscriber = json_object_get(coverage, "subscriber"),
		     *period = json_object_get(coverage, "period");
	const json_t *who = follow(bundle, coverage, subscriber, "Patient");

	take_number(in->member_id, sizeof(in->member_id), text_of(coverage, "subscriberId"));
	take_number(in->member_id, sizeof(in->member_id), identifier_of(identifiers, "MB", true));
	read_classes(coverage, in);
	read_payor(bundle, coverage, in);
	take_number(in->dependent, sizeof(in->dependent), text_of(coverage, "dependent"));
	take_date(in->period_start, text_of(period, "start"));
	take_date(in->period_end, text_of(period, "end"));
	if (who != NULL && who != person)
		whole_name(who, in->subscriber, sizeof(in->subscriber));
	else if (who == NULL)
		take(in->subscriber, sizeof(in->subscriber), text_of(subscriber, "display"));
}

/* The first Coverage in force, else the first. */
static const json_t *coverage_of(const json_t *bundle)
{
	const json_t *first = NULL;

	for (size_t i = 0; i < entry_count(bundle); i++) {
		const json_t *resource = resource_at(bundle, i);

		if (!text_is(resource, "resourceType", "Coverage") || text_is(resource, "status", "entered-in-error"))
			continue;
		if (text_is(resource, "status", "active"))
			return resource;
		if (first == NULL)
			first = resource;
	}
	return first;
}

void shc_facts_of(const json_t *bundle, struct shc_facts *facts)
{
	const json_t *coverage = coverage_of(bundle), *patient = NULL;
	struct shc_facts f = { .immunizations = 0 };
	struct person p = { .family = "" };

	if (coverage != NULL)
		patient = follow(bundle, coverage, json_object_get(coverage, "beneficiary"), "Patient");
	for (size_t i = 0; i < entry_count(bundle); i++) {
		const json_t *resource = resource_at(bundle, i);
		const char *type = text_of(resource, "resourceType");

		if (strcmp(type, "Patient") == 0 && patient == NULL)
			patient = resource;
		else if (strcmp(type, "Immunization") == 0)
			f.immunizations++;
		else if (*type != '\0' && strcmp(type, "Patient") != 0 && strcmp(type, "Coverage") != 0 &&
			 strcmp(type, "Organization") != 0)
			f.other++;
	}
	read_person(patient, &p);
	text_copy(f.family, sizeof(f.family), p.family);
	text_copy(f.given, sizeof(f.given), p.given);
	text_copy(f.birth_date, sizeof(f.birth_date), p.birth_date);
	if (coverage != NULL) {
		read_coverage(bundle, coverage, patient, &f.insurance);
		text_copy(f.insurance.family, sizeof(f.insurance.family), p.family);
		text_copy(f.insurance.given, sizeof(f.insurance.given), p.given);
		text_copy(f.insurance.birth_date, sizeof(f.insurance.birth_date), p.birth_date);
		f.insurance.family_cut = p.family_cut;
		f.insurance.given_cut = p.given_cut;
		f.insured = f.insurance.member_id[0] != '\0';
	}
	*facts = f;
}

void shc_facts_title(const struct shc_facts *facts, char *out, size_t size)
{
	char shots[40] = "";

	if (facts->immunizations > 0)
		snprintf(shots, sizeof(shots), "%u immunization%s", facts->immunizations,
			 facts->immunizations == 1 ? "" : "s");
	if (facts->insured)
		snprintf(out, size, "Insurance card%s%s", *shots != '\0' ? ", " : "", shots);
	else
		snprintf(out, size, "%s", *shots != '\0' ? shots : "Health record");
}

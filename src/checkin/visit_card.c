/* A new insurance card and a shared document, as FHIR's Coverage and DocumentReference and back: the two directions of
 * each stand side by side. A class of Coverage is a row of one table. What a card says is kept as it says it, also
 * where it names somebody else than who holds it: a person at the desk compares. */
#include "visit_fhir.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

#define COVERAGE_CLASS "http://terminology.hl7.org/CodeSystem/coverage-class"
#define DATA_ABSENT "http://hl7.org/fhir/StructureDefinition/data-absent-reason"

#define CLASSES 5

/* FHIR R4, valueset-coverage-class. */
static const char *const class_codes[CLASSES] = { "group", "plan", "rxbin", "rxpcn", "rxgroup" };

struct class_text {
	char *text;
	size_t size;
};

static void classes_of(struct visit *v, struct class_text out[CLASSES])
{
	out[0] = (struct class_text){ v->group, sizeof(v->group) };
	out[1] = (struct class_text){ v->card.plan, sizeof(v->card.plan) };
	out[2] = (struct class_text){ v->card.rx_bin, sizeof(v->card.rx_bin) };
	out[3] = (struct class_text){ v->card.rx_pcn, sizeof(v->card.rx_pcn) };
	out[4] = (struct class_text){ v->card.rx_group, sizeof(v->card.rx_group) };
}

/* Takes value; an empty list is left out. False when out of memory. */
static bool take_set(json_t *object, const char *name, json_t *value)
{
	if (json_array_size(value) == 0 && json_object_size(value) == 0) {
		json_decref(value);
		return value != NULL;
	}
	return json_object_set_new(object, name, value) == 0;
}

/* payor is 1..*, so an unknown one says that it is unknown. */
static json_t *payor_of(const struct visit *v)
{
	json_t *identifier = NULL;

	if (v->payor[0] == '\0' && v->card.payor_id[0] == '\0')
		return json_pack("[{s:[{s:s,s:s}]}]", "extension", "url", DATA_ABSENT, "valueCode", "unknown");
	if (v->card.payor_id[0] != '\0' && (identifier = json_pack("{s:s}", "value", v->card.payor_id)) == NULL)
		return NULL;
	return json_pack("[{s:s*,s:o*}]", "display", visit_or_absent(v->payor), "identifier", identifier);
}

static json_t *class_list(const struct visit *visit)
{
	struct visit v = *visit;
	struct class_text texts[CLASSES];
	json_t *list = json_array();

	classes_of(&v, texts);
	for (int i = 0; list != NULL && i < CLASSES; i++)
		if (texts[i].text[0] != '\0' &&
		    json_array_append_new(list,
					  json_pack("{s:o,s:s}", "type", visit_codeable(COVERAGE_CLASS, class_codes[i]),
						    "value", texts[i].text)) != 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

/* Whom the card names. */
static json_t *person_of(const struct visit_card *card)
{
	json_t *parts = json_array();

	if (parts == NULL || !visit_add_part(parts, "family", "valueString", card->family) ||
	    !visit_add_part(parts, "given", "valueString", card->given) ||
	    !visit_add_part(parts, VISIT_PART_BIRTH_DATE, "valueDate", card->birth_date)) {
		json_decref(parts);
		return NULL;
	}
	if (json_array_size(parts) == 0)
		return parts;
	return json_pack("[{s:s,s:o}]", "url", VISIT_CARD_PERSON, "extension", parts);
}

/* A draft: nobody has looked at the card yet. */
json_t *visit_coverage_entry(const struct visit *v)
{
	const struct visit_card *card = &v->card;
	json_t *resource = json_pack("{s:s,s:s,s:s,s:s*,s:o,s:o,s:s*}", "resourceType", "Coverage", "id",
				     v->coverage_id, "status", "draft", "subscriberId", visit_or_absent(v->member_id),
				     "beneficiary", visit_reference("Patient", v->patient_id), "payor", payor_of(v),
				     "dependent", visit_or_absent(card->dependent));
	bool ok = resource != NULL && take_set(resource, "class", class_list(v)) &&
		  take_set(resource, "extension", person_of(card)) &&
		  take_set(resource, "period",
			   json_pack("{s:s*,s:s*}", "start", visit_or_absent(card->period_start), "end",
				     visit_or_absent(card->period_end))) &&
		  take_set(resource, "subscriber", json_pack("{s:s*}", "display", visit_or_absent(card->subscriber)));

	if (ok && card->source[0] != '\0')
		ok = json_object_set_new(resource, "meta",
					 json_pack("{s:[{s:s,s:s}]}", "tag", "system", VISIT_SOURCE_SYSTEM, "code",
						   card->source)) == 0;
	if (!ok) {
		json_decref(resource);
		return NULL;
	}
	return visit_take_entry("PUT", "Coverage", v->coverage_id, resource);
}

static void read_classes(struct visit_parse *p, const json_t *coverage, struct visit *v)
{
	const json_t *list = json_object_get(coverage, "class");
	struct class_text texts[CLASSES];

	classes_of(v, texts);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *class = json_array_get(list, i);
		const json_t *codings = json_object_get(json_object_get(class, "type"), "coding");

		for (int k = 0; k < CLASSES; k++)
			if (visit_text_is(json_array_get(codings, 0), "code", class_codes[k]))
				visit_copy(p, texts[k].text, texts[k].size, visit_text(class, "value"),
					   "a class of the coverage is too long");
	}
}

static void read_card(struct visit_parse *p, const json_t *coverage, struct visit_card *card)
{
	const json_t *tags = json_object_get(json_object_get(coverage, "meta"), "tag");
	const json_t *person = visit_part(json_object_get(coverage, "extension"), VISIT_CARD_PERSON);
	const json_t *parts = json_object_get(person, "extension"), *period = json_object_get(coverage, "period");
	const json_t *payor = json_array_get(json_object_get(coverage, "payor"), 0);
	const struct {
		char *out;
		size_t size;
		const char *text;
	} texts[] = {
		{ card->payor_id, sizeof(card->payor_id), visit_text(json_object_get(payor, "identifier"), "value") },
		{ card->subscriber, sizeof(card->subscriber),
		  visit_text(json_object_get(coverage, "subscriber"), "display") },
		{ card->family, sizeof(card->family), visit_text(visit_part(parts, "family"), "valueString") },
		{ card->given, sizeof(card->given), visit_text(visit_part(parts, "given"), "valueString") },
		{ card->birth_date, sizeof(card->birth_date),
		  visit_text(visit_part(parts, VISIT_PART_BIRTH_DATE), "valueDate") },
		{ card->period_start, sizeof(card->period_start), visit_text(period, "start") },
		{ card->period_end, sizeof(card->period_end), visit_text(period, "end") },
		{ card->dependent, sizeof(card->dependent), visit_text(coverage, "dependent") },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		visit_copy(p, texts[i].out, texts[i].size, texts[i].text, "what the card says is too long");
	for (size_t i = 0; i < json_array_size(tags); i++)
		if (visit_text_is(json_array_get(tags, i), "system", VISIT_SOURCE_SYSTEM))
			visit_copy(p, card->source, sizeof(card->source), visit_text(json_array_get(tags, i), "code"),
				   "the card's source is too long");
}

void visit_read_coverage(struct visit_parse *p, const json_t *coverage, struct visit *v)
{
	const json_t *payor = json_array_get(json_object_get(coverage, "payor"), 0);

	visit_copy(p, v->coverage_id, sizeof(v->coverage_id), visit_text(coverage, "id"),
		   "the coverage's id is too long");
	visit_copy(p, v->payor, sizeof(v->payor), visit_text(payor, "display"), "the payor is too long");
	visit_copy(p, v->member_id, sizeof(v->member_id), visit_text(coverage, "subscriberId"),
		   "the member number is too long");
	read_classes(p, coverage, v);
	read_card(p, coverage, &v->card);
}

/* ---- documents ---- */

/* FHIR R4, documentreference.html. A link stands for what nobody has seen yet: docStatus preliminary. */
json_t *visit_document_entry(const struct visit *v)
{
	const struct visit_document *d = &v->document;
	bool link = d->url != NULL;
	char id[64], at[40];
	json_t *resource;

	snprintf(id, sizeof(id), "%s.document", v->id);
	clock_format_instant(v->finished_ms, at, sizeof(at));
	resource = json_pack("{s:s,s:s,s:s,s:s,s:o,s:o*,s:s,s:s*,s:[{s:{s:s,s:s*,s:s*}}],s:{s:[o]}}", "resourceType",
			     "DocumentReference", "id", id, "status", "current", "docStatus",
			     link ? "preliminary" : "final", "type", visit_codeable(VISIT_DOCUMENT_SYSTEM, d->kind),
			     "subject", visit_reference("Patient", v->patient_id), "date", at, "description",
			     visit_or_absent(d->title), "content", "attachment", "contentType",
			     link ? VISIT_LINK_TYPE : VISIT_CARD_TYPE, "data", d->data, "url", d->url, "context",
			     "encounter", visit_reference("Encounter", v->id));
	if (resource != NULL && d->issuer[0] != '\0' &&
	    json_object_set_new(resource, "author", json_pack("[{s:s}]", "display", d->issuer)) != 0) {
		json_decref(resource);
		return NULL;
	}
	return visit_take_entry("PUT", "DocumentReference", id, resource);
}

/* The text of a member; NULL when there is none. */
static const char *text_or_null(const json_t *object, const char *name)
{
	return visit_text(object, name)[0] != '\0' ? visit_text(object, name) : NULL;
}

void visit_read_document(struct visit_parse *p, const json_t *reference, struct visit *v)
{
	const json_t *codings = json_object_get(json_object_get(reference, "type"), "coding");
	const json_t *content = json_array_get(json_object_get(reference, "content"), 0);
	const json_t *attachment = json_object_get(content, "attachment");
	const json_t *author = json_array_get(json_object_get(reference, "author"), 0);
	const char *kind = visit_text(json_array_get(codings, 0), "code");
	struct visit_document *d = &v->document;
	char id[64];

	/* What a newer kiosk may send besides. */
	if (!visit_text_is(json_array_get(codings, 0), "system", VISIT_DOCUMENT_SYSTEM) ||
	    (strcmp(kind, VISIT_DOCUMENT_CARD) != 0 && strcmp(kind, VISIT_DOCUMENT_LINK) != 0))
		return;
	snprintf(id, sizeof(id), "%s.document", v->id);
	if (!visit_text_is(reference, "id", id))
		visit_fail(p, LOBBY_ERR_INVALID, "a document of another visit");
	visit_copy(p, d->kind, sizeof(d->kind), kind, "the document's kind is too long");
	visit_copy(p, d->title, sizeof(d->title), visit_text(reference, "description"),
		   "the document's title is too long");
	visit_copy(p, d->issuer, sizeof(d->issuer), visit_text(author, "display"), "the document's issuer is too long");
	d->data = text_or_null(attachment, "data");
	d->url = text_or_null(attachment, "url");
}

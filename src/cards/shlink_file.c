/* See shlink_file.h. A file may hold several cards, and a link several files: they are one shared record, so their
 * facts are added up, and one that was tampered with spoils the file that it is in. */
#include "shlink_file.h"

#include "base/text.h"
#include "jose.h"

#include <string.h>

void shlink_facts_add(struct shc_facts *facts, const struct shc_facts *more)
{
	bool take_insurance = more->insured && !facts->insured;

	facts->immunizations += more->immunizations;
	facts->other += more->other;
	if (take_insurance || (facts->family[0] == '\0' && facts->given[0] == '\0' && facts->birth_date[0] == '\0')) {
		text_copy(facts->family, sizeof(facts->family), more->family);
		text_copy(facts->given, sizeof(facts->given), more->given);
		text_copy(facts->birth_date, sizeof(facts->birth_date), more->birth_date);
	}
	if (take_insurance) {
		facts->insured = true;
		facts->insurance = more->insurance;
	}
}

/* ---- cards ---- */

/* How much one outcome says more than another: the first two settle it. */
static int weight_of(enum shc_outcome outcome)
{
	static const int weights[] = { [SHC_TAMPERED] = 5, [SHC_VALID] = 4,	     [SHC_REVOKED] = 3,
				       [SHC_EXPIRED] = 2,  [SHC_UNKNOWN_ISSUER] = 1, [SHC_MALFORMED] = 0 };

	return weights[outcome];
}

static int read_card(const char *jws, size_t len, shlink_judge_fn *judge, void *arg, int64_t now_ms,
		     struct shlink_content *content)
{
	enum shc_outcome outcome = SHC_MALFORMED;
	struct shc_facts facts;
	struct shc_card card;
	char issuer[sizeof(content->issuer)] = "";
	int err = shc_open(jws, len, &card);

	if (err != 0)
		return err;
	err = judge(arg, &card, now_ms, &outcome, issuer, sizeof(issuer));
	if (err == 0 && outcome == SHC_VALID) {
		shc_facts_of(shc_bundle(&card), &facts);
		shlink_facts_add(&content->facts, &facts);
	}
	if (err == 0 && weight_of(outcome) > weight_of(content->outcome)) {
		content->outcome = outcome;
		content->exp_s = outcome == SHC_EXPIRED ? card.exp_s : 0;
		memcpy(content->issuer, issuer, sizeof(issuer));
	}
	shc_close(&card);
	return err;
}

static int read_cards(const json_t *list, shlink_judge_fn *judge, void *arg, int64_t now_ms,
		      struct shlink_content *content)
{
	size_t count = json_array_size(list);
	int err = count >= 1 && count <= SHLINK_MAX_CARDS ? 0 : LOBBY_ERR_CARD_MALFORMED;

	content->outcome = SHC_MALFORMED;
	for (size_t i = 0; err == 0 && i < count; i++) {
		const json_t *jws = json_array_get(list, i);

		err = json_is_string(jws)
			      ? read_card(json_string_value(jws), json_string_length(jws), judge, arg, now_ms, content)
			      : LOBBY_ERR_CARD_MALFORMED;
	}
	return err;
}

/* ---- FHIR ---- */

static int read_resource(json_t *resource, struct shlink_content *content)
{
	json_t *alone;

	content->outcome = SHC_VALID;
	if (strcmp(jose_text(resource, "resourceType"), "Bundle") == 0) {
		shc_facts_of(resource, &content->facts);
		return 0;
	}
	/* One resource is a Bundle of one; what it refers to is contained in it. */
	alone = json_pack("{s:s,s:[{s:O}]}", "resourceType", "Bundle", "entry", "resource", resource);
	if (alone == NULL)
		return LOBBY_ERR_NO_MEMORY;
	shc_facts_of(alone, &content->facts);
	json_decref(alone);
	return 0;
}

int shlink_file_read(enum shlink_type type, const char *text, size_t len, shlink_judge_fn *judge, void *arg,
		     int64_t now_ms, struct shlink_content *content)
{
	struct shlink_content made = { .outcome = SHC_MALFORMED };
	json_t *json = jose_object(text, len);
	const json_t *cards = json_object_get(json, "verifiableCredential");
	bool is_fhir = *jose_text(json, "resourceType") != '\0';
	int err = LOBBY_ERR_CARD_MALFORMED;

	made.type = json_is_array(cards) ? SHLINK_CARD : SHLINK_FHIR;
	if (type != SHLINK_UNTOLD && type != made.type)
		err = LOBBY_ERR_CARD_MALFORMED;
	else if (made.type == SHLINK_CARD)
		err = read_cards(cards, judge, arg, now_ms, &made);
	else if (is_fhir)
		err = read_resource(json, &made);
	json_decref(json);
	if (err != 0)
		return err;
	shc_facts_title(&made.facts, made.title, sizeof(made.title));
	*content = made;
	return 0;
}

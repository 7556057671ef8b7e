/* See health.h. The document is made when the card is read, as it will stand in the visit: for a card the file that
 * phones pass on (SMART Health Cards Framework, "via File Download"), for a link the link itself. */
#include "health.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The file around the JWS. */
#define FILE_BEGIN "{\"verifiableCredential\":[\""
#define FILE_END "\"]}"

void health_init(struct health *health, struct issuers *issuers)
{
	*health = (struct health){ .issuers = issuers };
}

void health_forget(struct health *health)
{
	struct issuers *issuers = health->issuers;

	if (health->text != NULL)
		sodium_memzero(health->text, strlen(health->text));
	free(health->text);
	sodium_memzero(health, sizeof(*health));
	health->issuers = issuers;
}

const struct visit_document *health_document(const struct health *health, uint32_t request)
{
	return request != 0 && request == health->request ? &health->document : NULL;
}

/* ---- links ---- */

const char *health_link_of(const struct health *health, uint32_t request)
{
	const struct visit_document *document = health_document(health, request);

	return document != NULL ? document->url : NULL;
}

static int keep_link(struct health *health, uint32_t request, const uint8_t *link, size_t len)
{
	char *text = strndup((const char *)link, len);

	if (text == NULL)
		return LOBBY_ERR_NO_MEMORY;
	/* A scheme is the same in any case; what is kept has the one that everybody expects. */
	for (char *c = text; *c != ':' && *c != '\0'; c++)
		*c = (char)(*c | 0x20);
	health->text = text;
	health->document =
		(struct visit_document){ .kind = VISIT_DOCUMENT_LINK, .title = "Link to a health record", .url = text };
	health->request = request;
	return 0;
}

/* ---- cards ---- */

static int keep_card(struct health *health, const lobby_ReadHealth *ask, const struct shc_facts *facts,
		     const char *issuer)
{
	size_t len = strlen(FILE_BEGIN) + ask->card.size + strlen(FILE_END);
	size_t size = sodium_base64_ENCODED_LEN(len, sodium_base64_VARIANT_ORIGINAL);
	char *file = malloc(len + 1), *text = malloc(size);

	if (file == NULL || text == NULL) {
		free(file);
		free(text);
		return LOBBY_ERR_NO_MEMORY;
	}
	/* A JWS has no letter that JSON would have to escape. */
	snprintf(file, len + 1, FILE_BEGIN "%.*s" FILE_END, (int)ask->card.size, (const char *)ask->card.bytes);
	sodium_bin2base64(text, size, (const unsigned char *)file, len, sodium_base64_VARIANT_ORIGINAL);
	sodium_memzero(file, len);
	free(file);
	health->text = text;
	health->document = (struct visit_document){ .kind = VISIT_DOCUMENT_CARD, .data = text };
	shc_facts_title(facts, health->document.title, sizeof(health->document.title));
	text_copy(health->document.issuer, sizeof(health->document.issuer), issuer);
	health->request = ask->request;
	return 0;
}

static void fill_insurance(const struct card_insurance *in, lobby_InsuranceCard *out)
{
	text_copy(out->payor, sizeof(out->payor), in->payor);
	text_copy(out->payor_id, sizeof(out->payor_id), in->payor_id);
	text_copy(out->member_id, sizeof(out->member_id), in->member_id);
	text_copy(out->group, sizeof(out->group), in->group);
	text_copy(out->plan, sizeof(out->plan), in->plan);
	text_copy(out->subscriber, sizeof(out->subscriber), in->subscriber);
	text_copy(out->family, sizeof(out->family), in->family);
	text_copy(out->given, sizeof(out->given), in->given);
	text_copy(out->birth_date, sizeof(out->birth_date), in->birth_date);
	text_copy(out->period_start, sizeof(out->period_start), in->period_start);
	text_copy(out->period_end, sizeof(out->period_end), in->period_end);
	text_copy(out->rx_bin, sizeof(out->rx_bin), in->rx_bin);
	text_copy(out->rx_pcn, sizeof(out->rx_pcn), in->rx_pcn);
	text_copy(out->rx_group, sizeof(out->rx_group), in->rx_group);
	text_copy(out->dependent, sizeof(out->dependent), in->dependent);
}

static void fill_facts(const struct shc_facts *facts, lobby_InsuranceSource source, lobby_HealthRead *answer)
{
	text_copy(answer->family, sizeof(answer->family), facts->family);
	text_copy(answer->given, sizeof(answer->given), facts->given);
	text_copy(answer->birth_date, sizeof(answer->birth_date), facts->birth_date);
	answer->immunizations = facts->immunizations;
	answer->other = facts->other;
	answer->has_insurance = facts->insured;
	if (!facts->insured)
		return;
	fill_insurance(&facts->insurance, &answer->insurance);
	answer->insurance.source = source;
}

static lobby_HealthOutcome outcome_of(enum shc_outcome outcome)
{
	switch (outcome) {
	case SHC_VALID:
		return lobby_HealthOutcome_HEALTH_VALID;
	case SHC_EXPIRED:
		return lobby_HealthOutcome_HEALTH_EXPIRED;
	case SHC_REVOKED:
		return lobby_HealthOutcome_HEALTH_REVOKED;
	case SHC_UNKNOWN_ISSUER:
		return lobby_HealthOutcome_HEALTH_UNKNOWN_ISSUER;
	case SHC_TAMPERED:
		return lobby_HealthOutcome_HEALTH_TAMPERED;
	case SHC_MALFORMED:
		break;
	}
	return lobby_HealthOutcome_HEALTH_MALFORMED;
}

/* The local day of the card's end. */
static void fill_expired(const struct shc_card *card, char *out, size_t size)
{
	struct clock_civil c = clock_civil_of((int64_t)(card->exp_s * 1000));

	snprintf(out, size, "%04u-%02u-%02u", (unsigned)c.year % 10000, (unsigned)c.month % 100, (unsigned)c.day % 100);
}

static int read_card(struct health *health, const lobby_ReadHealth *ask, int64_t now_ms, lobby_HealthRead *answer)
{
	enum shc_outcome outcome = SHC_MALFORMED;
	struct shc_facts facts;
	struct shc_card card;
	int err = shc_open((const char *)ask->card.bytes, ask->card.size, &card);

	answer->outcome = lobby_HealthOutcome_HEALTH_MALFORMED;
	if (err != 0)
		return err == LOBBY_ERR_CARD_MALFORMED ? 0 : err;
	err = issuers_judge(health->issuers, &card, now_ms, &outcome, answer->issuer);
	answer->outcome = err != 0 ? lobby_HealthOutcome_HEALTH_UNKNOWN_ISSUER : outcome_of(outcome);
	if (err == 0 && outcome == SHC_EXPIRED)
		fill_expired(&card, answer->expired, sizeof(answer->expired));
	if (err == 0 && outcome == SHC_VALID) {
		shc_facts_of(shc_bundle(&card), &facts);
		fill_facts(&facts, lobby_InsuranceSource_INSURANCE_SOURCE_SIGNED, answer);
		if (ask->request != 0)
			err = keep_card(health, ask, &facts, answer->issuer);
		sodium_memzero(&facts, sizeof(facts));
	}
	shc_close(&card);
	return err;
}

int health_read(struct health *health, const lobby_ReadHealth *ask, int64_t now_ms, lobby_HealthRead *answer)
{
	const uint8_t *link;
	size_t len;
	int err;

	health_forget(health);
	*answer = (lobby_HealthRead){ .request = ask->request };
	switch (shc_link_open(ask->card.bytes, ask->card.size, &link, &len)) {
	case 0:
		err = keep_link(health, ask->request, link, len);
		answer->outcome =
			err == 0 ? lobby_HealthOutcome_HEALTH_LINK_LATER : lobby_HealthOutcome_HEALTH_LINK_REFUSED;
		break;
	case LOBBY_ERR_CARD_MALFORMED:
		err = 0;
		answer->outcome = lobby_HealthOutcome_HEALTH_LINK_REFUSED;
		break;
	default:
		err = read_card(health, ask, now_ms, answer);
		break;
	}
	log_event(LOG_INFO, "health-read", "outcome=%d", (int)answer->outcome);
	return err;
}

/* ---- what the clinic says of a link ---- */

static lobby_HealthOutcome outcome_of_word(const char *word)
{
	static const struct {
		const char *word;
		lobby_HealthOutcome outcome;
	} words[] = {
		{ "valid", lobby_HealthOutcome_HEALTH_VALID },
		{ "expired", lobby_HealthOutcome_HEALTH_EXPIRED },
		{ "revoked", lobby_HealthOutcome_HEALTH_REVOKED },
		{ "unknown-issuer", lobby_HealthOutcome_HEALTH_UNKNOWN_ISSUER },
		{ "tampered", lobby_HealthOutcome_HEALTH_TAMPERED },
		{ "passcode", lobby_HealthOutcome_HEALTH_LINK_PASSCODE },
		{ "gone", lobby_HealthOutcome_HEALTH_LINK_GONE },
		{ "refused", lobby_HealthOutcome_HEALTH_LINK_REFUSED },
	};

	for (size_t i = 0; word != NULL && i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].word, word) == 0)
			return words[i].outcome;
	return lobby_HealthOutcome_HEALTH_LINK_LATER;
}

static void take_told(const json_t *told, const char *name, char *out, size_t size)
{
	const json_t *value = json_object_get(told, name);
	const char *text = json_string_value(value);

	if (text != NULL && text_is_clean(text, json_string_length(value)))
		text_copy(out, size, text);
}

static void take_told_date(const json_t *told, const char *name, char out[11])
{
	take_told(told, name, out, 11);
	if (!visit_is_date(out))
		out[0] = '\0';
}

static unsigned take_told_count(const json_t *told, const char *name)
{
	json_int_t count = json_integer_value(json_object_get(told, name));

	return count > 0 && count < 100000 ? (unsigned)count : 0;
}

static void take_told_insurance(const json_t *told, struct card_insurance *in)
{
	take_told(told, "payor", in->payor, sizeof(in->payor));
	take_told(told, "payor_id", in->payor_id, sizeof(in->payor_id));
	take_told(told, "member_id", in->member_id, sizeof(in->member_id));
	take_told(told, "group", in->group, sizeof(in->group));
	take_told(told, "plan", in->plan, sizeof(in->plan));
	take_told(told, "subscriber", in->subscriber, sizeof(in->subscriber));
	take_told(told, "family", in->family, sizeof(in->family));
	take_told(told, "given", in->given, sizeof(in->given));
	take_told_date(told, "birth_date", in->birth_date);
	take_told_date(told, "period_start", in->period_start);
	take_told_date(told, "period_end", in->period_end);
	take_told(told, "rx_bin", in->rx_bin, sizeof(in->rx_bin));
	take_told(told, "rx_pcn", in->rx_pcn, sizeof(in->rx_pcn));
	take_told(told, "rx_group", in->rx_group, sizeof(in->rx_group));
	take_told(told, "dependent", in->dependent, sizeof(in->dependent));
}

void health_take_answer(struct health *health, const json_t *told, lobby_HealthRead *answer)
{
	struct shc_facts facts = { .immunizations = take_told_count(told, "immunizations"),
				   .other = take_told_count(told, "other") };

	*answer = (lobby_HealthRead){ .request = health->request };
	answer->outcome = outcome_of_word(json_string_value(json_object_get(told, "outcome")));
	take_told(told, "issuer", answer->issuer, sizeof(answer->issuer));
	take_told_date(told, "expired", answer->expired);
	if (answer->outcome == lobby_HealthOutcome_HEALTH_VALID) {
		take_told(told, "family", facts.family, sizeof(facts.family));
		take_told(told, "given", facts.given, sizeof(facts.given));
		take_told_date(told, "birth_date", facts.birth_date);
		take_told_insurance(json_object_get(told, "insurance"), &facts.insurance);
		facts.insured = facts.insurance.member_id[0] != '\0';
		fill_facts(&facts, lobby_InsuranceSource_INSURANCE_SOURCE_LINK, answer);
	} else if (answer->outcome != lobby_HealthOutcome_HEALTH_LINK_LATER) {
		health_forget(health);
	}
	sodium_memzero(&facts, sizeof(facts));
	log_event(LOG_INFO, "health-link", "outcome=%d", (int)answer->outcome);
}

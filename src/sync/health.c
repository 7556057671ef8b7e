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

void health_take_link(struct health *health, const char *link, lobby_HealthRead *answer)
{
	(void)health, (void)link;
	answer->outcome = lobby_HealthOutcome_HEALTH_LINK_LATER;
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
	out->source = lobby_InsuranceSource_INSURANCE_SOURCE_SIGNED;
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

static void fill_facts(const struct shc_facts *facts, lobby_HealthRead *answer)
{
	text_copy(answer->family, sizeof(answer->family), facts->family);
	text_copy(answer->given, sizeof(answer->given), facts->given);
	text_copy(answer->birth_date, sizeof(answer->birth_date), facts->birth_date);
	answer->immunizations = facts->immunizations;
	answer->other = facts->other;
	answer->has_insurance = facts->insured;
	if (facts->insured)
		fill_insurance(&facts->insurance, &answer->insurance);
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
		fill_facts(&facts, answer);
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
		answer->outcome = lobby_HealthOutcome_HEALTH_LINK_REFUSED;
		if (err == 0)
			health_take_link(health, health->text, answer);
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

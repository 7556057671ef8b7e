/* See health_link.h. What a link leads to is one record, mostly one file: as long as something in it is valid, that is
 * taken; a card that was tampered with spoils all of it, and a server that does not answer leaves it for later,
 * whatever else was already there, since half a record would pass for a whole one. */
#include "health_link.h"

#include "outside.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Base64 and what JOSE has around it. */
#define TEXT_MAX (HEALTH_FILE_MAX / 3 * 4 + 8192)
#define RECEIVE_MAX (HEALTH_TOTAL_MAX / 3 * 4 + 65536)

struct errand {
	struct clinic *clinic;
	struct shlink link;
	struct outside outside;
	char recipient[96], hosts[OUTSIDE_HOSTS_MAX];
	size_t left; /* of HEALTH_TOTAL_MAX */
	struct health_found *found;
};

const char *health_outcome_word(enum health_outcome outcome)
{
	static const char *const words[] = {
		[HEALTH_REFUSED] = "refused", [HEALTH_PASSCODE] = "passcode",
		[HEALTH_GONE] = "gone",	      [HEALTH_UNKNOWN_ISSUER] = "unknown-issuer",
		[HEALTH_EXPIRED] = "expired", [HEALTH_REVOKED] = "revoked",
		[HEALTH_VALID] = "valid",     [HEALTH_TAMPERED] = "tampered",
		[HEALTH_LATER] = "later",
	};

	return words[outcome];
}

/* One more thing is known; what says more stays. */
static void note(struct health_found *found, enum health_outcome outcome)
{
	if (outcome > found->outcome)
		found->outcome = outcome;
}

/* What a failed request means for the link. */
static enum health_outcome outcome_of_err(int err)
{
	switch (err) {
	case LOBBY_ERR_TIMEOUT:
	case LOBBY_ERR_UNREACHABLE:
	case LOBBY_ERR_CLOSED:
	case LOBBY_ERR_NO_MEMORY:
	case LOBBY_ERR_IO:
	case LOBBY_ERR_BUSY:
		return HEALTH_LATER;
	default:
		return HEALTH_REFUSED;
	}
}

static enum health_outcome outcome_of_status(int status)
{
	if (status >= 200 && status <= 299)
		return HEALTH_VALID;
	if (status == 404 || status == 410)
		return HEALTH_GONE;
	if (status == 401)
		return HEALTH_PASSCODE; /* what a manifest that wants one answers */
	return status == 408 || status == 429 || status >= 500 ? HEALTH_LATER : HEALTH_REFUSED;
}

/* True with an answer; else the outcome is noted. */
static bool fetch(struct errand *errand, const struct outside_ask *ask, struct outside_answer *answer)
{
	int err = outside_fetch(&errand->outside, ask, answer);
	enum health_outcome outcome = err == 0 ? outcome_of_status(answer->status) : outcome_of_err(err);

	if (err != 0 || outcome != HEALTH_VALID)
		log_event(LOG_INFO, "health-link-fetch", "err=%s status=%d", err_event(err),
			  err == 0 ? answer->status : 0);
	if (err == 0 && outcome == HEALTH_VALID)
		return true;
	if (err == 0)
		outside_answer_fini(answer);
	note(errand->found, outcome);
	return false;
}

/* ---- files ---- */

static enum health_outcome outcome_of_card(enum shc_outcome outcome)
{
	switch (outcome) {
	case SHC_VALID:
		return HEALTH_VALID;
	case SHC_EXPIRED:
		return HEALTH_EXPIRED;
	case SHC_REVOKED:
		return HEALTH_REVOKED;
	case SHC_UNKNOWN_ISSUER:
		return HEALTH_UNKNOWN_ISSUER;
	case SHC_TAMPERED:
		return HEALTH_TAMPERED;
	case SHC_MALFORMED:
		break;
	}
	return HEALTH_REFUSED;
}

static void fill_day(double at_s, char *out, size_t size)
{
	struct clock_civil c = clock_civil_of((int64_t)(at_s * 1000));

	snprintf(out, size, "%04u-%02u-%02u", (unsigned)c.year % 10000, (unsigned)c.month % 100, (unsigned)c.day % 100);
}

/* Takes what is in it, if it is valid. */
static void take_content(struct errand *errand, struct jwe *jwe, const struct shlink_content *content)
{
	struct health_found *found = errand->found;
	struct health_file *file = &found->files[found->count];

	note(found, outcome_of_card(content->outcome));
	if (content->outcome == SHC_EXPIRED && found->expired[0] == '\0')
		fill_day(content->exp_s, found->expired, sizeof(found->expired));
	if (found->issuer[0] == '\0')
		text_copy(found->issuer, sizeof(found->issuer), content->issuer);
	if (content->outcome != SHC_VALID)
		return;
	shlink_facts_add(&found->facts, &content->facts);
	*file = (struct health_file){ .type = content->type, .content = jwe->content, .len = jwe->len };
	text_copy(file->title, sizeof(file->title), content->title);
	text_copy(file->issuer, sizeof(file->issuer), content->issuer);
	found->count++;
	jwe->content = NULL;
	jwe->len = 0;
}

static void read_jwe(struct errand *errand, enum shlink_type told, const char *text, size_t len)
{
	size_t max = errand->left < HEALTH_FILE_MAX ? errand->left : HEALTH_FILE_MAX;
	struct jwe jwe = { .len = 0 };
	struct shlink_content content;
	enum shlink_type type;
	int err = jwe_open(text, len, errand->link.key, max, &jwe);

	if (err != 0) {
		log_event(LOG_INFO, "health-link-file", "err=%s", err_event(err));
		note(errand->found, err == LOBBY_ERR_NO_MEMORY ? HEALTH_LATER : HEALTH_REFUSED);
		return;
	}
	errand->left -= jwe.len;
	type = shlink_type_of(jwe.cty);
	if (type == SHLINK_UNTOLD)
		type = told;
	if (type == SHLINK_OTHER || (told != SHLINK_UNTOLD && told != type))
		err = LOBBY_ERR_CARD_MALFORMED;
	else
		err = shlink_file_read(type, jwe.content, jwe.len, clinic_judge, errand->clinic, clock_wall_ms(),
				       &content);
	if (err == 0)
		take_content(errand, &jwe, &content);
	else
		note(errand->found, err == LOBBY_ERR_CARD_MALFORMED ? HEALTH_REFUSED : HEALTH_LATER);
	jwe_close(&jwe);
}

static void read_location(struct errand *errand, enum shlink_type told, const char *url, const char *recipient)
{
	const struct outside_ask ask = { .url = url, .recipient = recipient, .max = TEXT_MAX };
	struct outside_answer answer;

	if (!fetch(errand, &ask, &answer))
		return;
	read_jwe(errand, told, answer.body, answer.len);
	outside_answer_fini(&answer);
}

/* ---- the manifest ---- */

static void read_manifest(struct errand *errand, const char *text, size_t len)
{
	struct shlink_manifest manifest;
	int err = shlink_manifest_open(text, len, &manifest);

	if (err != 0) {
		log_event(LOG_INFO, "health-link-manifest", "err=%s", err_event(err));
		return;
	}
	if (manifest.withdrawn > 0)
		note(errand->found, HEALTH_GONE);
	for (int i = 0; i < manifest.count && errand->found->outcome != HEALTH_LATER; i++) {
		const struct shlink_file *file = &manifest.files[i];

		if (file->embedded != NULL)
			read_jwe(errand, file->type, file->embedded, file->embedded_len);
		else
			read_location(errand, file->type, file->location, NULL);
	}
	shlink_manifest_close(&manifest);
}

static void ask_manifest(struct errand *errand)
{
	json_t *json = json_pack("{ss si}", "recipient", errand->recipient, "embeddedLengthMax", TEXT_MAX);
	char *body = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
	const struct outside_ask ask = { .url = errand->link.url, .body = body, .max = RECEIVE_MAX };
	struct outside_answer answer;

	json_decref(json);
	if (body == NULL) {
		note(errand->found, HEALTH_LATER);
	} else if (fetch(errand, &ask, &answer)) {
		read_manifest(errand, answer.body, answer.len);
		outside_answer_fini(&answer);
	}
	free(body);
}

/* ---- all of it ---- */

/* What was gathered for an outcome that does not hold is not given out. */
static void settle(struct health_found *found)
{
	if (found->outcome == HEALTH_VALID)
		return;
	for (int i = 0; i < found->count; i++) {
		sodium_memzero(found->files[i].content, found->files[i].len);
		free(found->files[i].content);
	}
	found->count = 0;
	sodium_memzero(&found->facts, sizeof(found->facts));
	if (found->outcome != HEALTH_EXPIRED)
		found->expired[0] = '\0';
	if (found->outcome != HEALTH_EXPIRED && found->outcome != HEALTH_REVOKED)
		found->issuer[0] = '\0';
}

static bool load_settings(struct errand *errand)
{
	struct ledger *store = ledger_pool_take(&errand->clinic->pool);

	if (store == NULL)
		return false;
	clinic_settings_text(store, "clinic_name", errand->recipient, sizeof(errand->recipient));
	clinic_settings_text(store, "health_link_hosts", errand->hosts, sizeof(errand->hosts));
	ledger_pool_give(&errand->clinic->pool, store);
	return true;
}

void health_link_resolve(struct clinic *clinic, const char *link, const bool *stop, struct health_found *found)
{
	struct errand errand = { .clinic = clinic, .left = HEALTH_TOTAL_MAX, .found = found };

	*found = (struct health_found){ .outcome = HEALTH_REFUSED };
	errand.outside = (struct outside){ .hosts = errand.hosts,
					   .deadline_mono_ms = clock_mono_ms() + HEALTH_LINK_MS,
					   .budget = RECEIVE_MAX,
					   .stop = stop };
	if (shlink_parse(link, strlen(link), &errand.link) != 0)
		return;
	if (errand.link.passcode)
		note(found, HEALTH_PASSCODE);
	else if (errand.link.exp_s != 0 && errand.link.exp_s * 1000 < (double)clock_wall_ms())
		note(found, HEALTH_GONE);
	else if (!load_settings(&errand))
		note(found, HEALTH_LATER);
	else if (errand.link.direct)
		read_location(&errand, SHLINK_UNTOLD, errand.link.url, errand.recipient);
	else
		ask_manifest(&errand);
	settle(found);
	sodium_memzero(&errand.link, sizeof(errand.link));
}

void health_found_fini(struct health_found *found)
{
	for (int i = 0; i < found->count; i++) {
		if (found->files[i].content != NULL)
			sodium_memzero(found->files[i].content, found->files[i].len);
		free(found->files[i].content);
	}
	sodium_memzero(found, sizeof(*found));
}

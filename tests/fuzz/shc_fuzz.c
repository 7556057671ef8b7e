/* Any bytes as what a patient may hold up, or an issuer sign: lines as scans of a card in several codes, the whole as a
 * JWS, as a payload that was inflated from it, as a Bundle, a key, an entry of a revocation list. All must return,
 * inside their bounds, with text that is clean. */
#include "base/text.h"
#include "cards/shc_read.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char example_key[] =
	"{\"kty\":\"EC\",\"kid\":\"3Kfdg-XwP-7gXyywtUfUADwBumDOPKMQx-iELL11W9s\",\"crv\":\"P-256\","
	"\"x\":\"11XvRWy1I2S0EyJlyf_bWfw_TQ5CJJNLw78bHXNxcgw\",\"y\":\"eZXwxvO1hvCY0KucrPfKo7yAyMT6Ajc3N7OkAB6VYy8\"}";

static void check_text(const char *text, size_t size)
{
	assert(memchr(text, '\0', size) != NULL);
	assert(text_is_clean(text, strlen(text)));
}

static void check_facts(const json_t *bundle)
{
	const struct card_insurance *in;
	struct shc_facts facts;

	shc_facts_of(bundle, &facts);
	in = &facts.insurance;
	check_text(facts.family, sizeof(facts.family));
	check_text(facts.given, sizeof(facts.given));
	assert(facts.birth_date[0] == '\0' || strlen(facts.birth_date) == 10);
	check_text(in->payor, sizeof(in->payor));
	check_text(in->payor_id, sizeof(in->payor_id));
	check_text(in->member_id, sizeof(in->member_id));
	check_text(in->group, sizeof(in->group));
	check_text(in->plan, sizeof(in->plan));
	check_text(in->subscriber, sizeof(in->subscriber));
	check_text(in->rx_bin, sizeof(in->rx_bin));
	check_text(in->rx_pcn, sizeof(in->rx_pcn));
	check_text(in->rx_group, sizeof(in->rx_group));
	check_text(in->dependent, sizeof(in->dependent));
	assert(in->period_start[0] == '\0' || strlen(in->period_start) == 10);
	assert(in->period_end[0] == '\0' || strlen(in->period_end) == 10);
	assert(facts.insured == (in->member_id[0] != '\0'));
}

static void check_jws(const char *jws, size_t len)
{
	struct shc_issuer issuer = { .iss = "https://smarthealth.cards/examples/issuer" };
	json_t *jwk = json_loads(example_key, 0, NULL);
	struct shc_revoked revoked = { .rid = "rid" };
	const char *why;
	struct shc_card card;

	assert(shc_key_of_jwk(jwk, &issuer.key, &why) == 0);
	json_decref(jwk);
	issuer.revoked = &revoked;
	issuer.revoked_count = 1;
	if (shc_open(jws, len, &card) != 0)
		return;
	assert(card.err != 0 || shc_bundle(&card) != NULL);
	assert((unsigned)shc_judge(&card, &issuer, 1, 1795444860000, NULL) <= SHC_MALFORMED);
	assert(shc_judge(&card, NULL, 0, 0, NULL) == (card.err != 0 ? SHC_MALFORMED : SHC_UNKNOWN_ISSUER));
	if (card.err == 0)
		check_facts(shc_bundle(&card));
	shc_close(&card);
}

static void check_scans(const uint8_t *data, size_t len)
{
	static struct shc_parts parts;
	static char joined[SHC_MAX_JWS];
	size_t joined_len = 0, from = 0;
	const uint8_t *link;

	shc_parts_wipe(&parts);
	for (size_t i = 0; i <= len; i++) {
		int missing = -1;

		if (i < len && data[i] != '\n')
			continue;
		if (shc_parts_add(&parts, data + from, i - from, &missing) == 0)
			assert(missing >= 0 && missing < SHC_MAX_PARTS);
		if (shc_link_open(data + from, i - from, &link, &joined_len) == 0)
			assert(link >= data && link + joined_len <= data + len && joined_len <= SHC_MAX_LINK);
		from = i + 1;
	}
	if (shc_parts_join(&parts, joined, sizeof(joined), &joined_len) == 0)
		check_jws(joined, joined_len);
}

/* As the packed payload of a card whose header names the key above. */
static void check_payload(const uint8_t *data, size_t len)
{
	static char jws[SHC_MAX_JWS * 2];
	static const uint8_t signature[64];
	static const char header[] = "{\"zip\":\"DEF\",\"alg\":\"ES256\",\"kid\":\"a stranger's\"}";
	size_t at;

	if (len > SHC_MAX_JWS / 2)
		return;
	sodium_bin2base64(jws, sizeof(jws), (const unsigned char *)header, strlen(header),
			  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	at = strlen(jws);
	jws[at++] = '.';
	sodium_bin2base64(jws + at, sizeof(jws) - at, data, len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	at += strlen(jws + at);
	jws[at++] = '.';
	sodium_bin2base64(jws + at, sizeof(jws) - at, signature, sizeof(signature),
			  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	check_jws(jws, strlen(jws));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct shc_revoked revoked;
	struct shc_key key;
	const char *why = NULL;
	json_t *json;
	char *text;

	check_scans(data, len);
	check_jws((const char *)data, len);
	check_payload(data, len);
	json = json_loadb((const char *)data, len, 0, NULL);
	if (json != NULL) {
		check_facts(json);
		assert(shc_key_of_jwk(json, &key, &why) == 0 || why != NULL);
	}
	json_decref(json);
	text = strndup((const char *)data, len);
	if (text != NULL && shc_revoked_of(text, &revoked) == 0)
		check_text(revoked.rid, sizeof(revoked.rid));
	free(text);
	return 0;
}

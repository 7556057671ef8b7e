/* src/cards/shc and shc_read: cards that we sign here, the framework's published ones, and everything that somebody may
 * do to them on the way. */
#include "shc_issuer.h"

#include "base/file.h"
#include "base/text.h"
#include "cards/shc_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NOW_MS 1795444860000LL /* 2026-11-23 09:41 in New York */
#define NOW_S 1795444860.0
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char vaccinated[] =
	"{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":["
	"{\"fullUrl\":\"resource:0\",\"resource\":{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"Garcia\","
	"\"given\":[\"Maria\",\"Elena\"]}],\"birthDate\":\"1985-04-17\"}},"
	"{\"fullUrl\":\"resource:1\",\"resource\":{\"resourceType\":\"Immunization\",\"status\":\"completed\","
	"\"patient\":{\"reference\":\"resource:0\"},\"occurrenceDateTime\":\"2026-10-01\"}},"
	"{\"fullUrl\":\"resource:2\",\"resource\":{\"resourceType\":\"Immunization\",\"status\":\"completed\","
	"\"patient\":{\"reference\":\"resource:0\"},\"occurrenceDateTime\":\"2025-10-01\"}},"
	"{\"fullUrl\":\"resource:3\",\"resource\":{\"resourceType\":\"Observation\",\"status\":\"final\"}}]}";

/* As the CARIN Digital Insurance Card has it: the subscriber's wife is the one who holds the card. */
static const char insured[] =
	"{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":["
	"{\"fullUrl\":\"resource:0\",\"resource\":{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"Garcia\","
	"\"given\":[\"Carlos\"]}],\"birthDate\":\"1980-01-02\"}},"
	"{\"fullUrl\":\"resource:1\",\"resource\":{\"resourceType\":\"Patient\",\"name\":["
	"{\"use\":\"old\",\"family\":\"Lopez\",\"given\":[\"Maria\"]},"
	"{\"use\":\"usual\",\"family\":\"Garc\\u00eda\",\"given\":[\"Mar\\u00eda\"]}],\"birthDate\":\"1985-04-17\"}},"
	"{\"fullUrl\":\"resource:2\",\"resource\":{\"resourceType\":\"Organization\",\"name\":\"Example Health\","
	"\"identifier\":[{\"value\":\"x\"},{\"type\":{\"coding\":[{\"code\":\"payerid\"}]},\"value\":\"45002\"}]}},"
	"{\"fullUrl\":\"resource:3\",\"resource\":{\"resourceType\":\"Coverage\",\"status\":\"active\","
	"\"identifier\":[{\"type\":{\"coding\":[{\"code\":\"MB\"}]},\"value\":\"102345672-02\"}],"
	"\"subscriber\":{\"reference\":\"resource:0\"},\"subscriberId\":\"102345672\","
	"\"beneficiary\":{\"reference\":\"resource:1\"},\"dependent\":\"02\","
	"\"period\":{\"start\":\"2026-01-01\",\"end\":\"2026-12-31\"},\"payor\":[{\"reference\":\"resource:2\"}],"
	"\"class\":["
	"{\"type\":{\"coding\":[{\"code\":\"group\"}]},\"value\":\"993355\",\"name\":\"Stars Inc\"},"
	"{\"type\":{\"coding\":[{\"code\":\"plan\"}]},\"value\":\"11461128\",\"name\":\"Gold Plus\"},"
	"{\"type\":{\"coding\":[{\"code\":\"rxbin\"}]},\"value\":\"100045\"},"
	"{\"type\":{\"coding\":[{\"code\":\"rxpcn\"}]},\"value\":\"1234000\"},"
	"{\"type\":{\"coding\":[{\"code\":\"rxgroup\"}]},\"value\":\"RX77\"}]}}]}";

static struct shc_test_issuer issuer;

static int make_issuer(void **state)
{
	(void)state;
	shc_issuer_init(&issuer, "https://issuer.example.org", "Example Health");
	return 0;
}

static int drop_issuer(void **state)
{
	(void)state;
	shc_issuer_fini(&issuer);
	return 0;
}

static struct shc_issuer trusted(const struct shc_test_issuer *from)
{
	struct shc_issuer made = { .iss = from->iss };
	json_t *jwk = shc_issuer_jwk(from);
	const char *why = "";

	assert_int_equal(shc_key_of_jwk(jwk, &made.key, &why), 0);
	json_decref(jwk);
	return made;
}

static enum shc_outcome outcome_of(const char *jws, size_t len, const struct shc_issuer *by, size_t count,
				   int64_t now_ms)
{
	enum shc_outcome outcome = SHC_MALFORMED;
	struct shc_card card;
	int err = shc_open(jws, len, &card);

	assert_true(err == 0 || err == LOBBY_ERR_CARD_MALFORMED);
	if (err == 0) {
		outcome = shc_judge(&card, by, count, now_ms, NULL);
		shc_close(&card);
	}
	return outcome;
}

static enum shc_outcome judged(const char *jws)
{
	struct shc_issuer by = trusted(&issuer);

	return outcome_of(jws, strlen(jws), &by, 1, NOW_MS);
}

static char *card_of(const char *bundle, struct shc_claims claims)
{
	static char jws[SHC_MAX_JWS * 2];

	shc_issuer_card(&issuer, bundle, claims, jws, sizeof(jws));
	return jws;
}

static void a_card_says_who_and_what(void **state)
{
	struct shc_issuer by[2] = { { .iss = "https://other.example.org" }, trusted(&issuer) };
	struct shc_facts facts;
	struct shc_card card;
	const char *jws = card_of(vaccinated, (struct shc_claims){ .nbf_s = NOW_S - 60 });
	size_t which = 9;

	(void)state;
	assert_int_equal(shc_open(jws, strlen(jws), &card), 0);
	assert_int_equal(shc_judge(&card, by, 2, NOW_MS, &which), SHC_VALID);
	assert_int_equal(which, 1);
	shc_facts_of(shc_bundle(&card), &facts);
	assert_string_equal(facts.family, "Garcia");
	assert_string_equal(facts.given, "Maria");
	assert_string_equal(facts.birth_date, "1985-04-17");
	assert_int_equal(facts.immunizations, 2);
	assert_int_equal(facts.other, 1);
	assert_false(facts.insured);
	shc_close(&card);
}

static void an_insurance_card_says_who_pays(void **state)
{
	json_t *bundle = json_loads(insured, 0, NULL);
	const struct card_insurance *in;
	struct shc_facts facts;

	(void)state;
	shc_facts_of(bundle, &facts);
	in = &facts.insurance;
	assert_true(facts.insured);
	assert_string_equal(facts.family, "García");
	assert_string_equal(facts.given, "María");
	assert_string_equal(in->family, "García");
	assert_string_equal(in->birth_date, "1985-04-17");
	assert_string_equal(in->payor, "Example Health");
	assert_string_equal(in->payor_id, "45002");
	assert_string_equal(in->member_id, "102345672");
	assert_string_equal(in->dependent, "02");
	assert_string_equal(in->group, "993355");
	assert_string_equal(in->plan, "Gold Plus");
	assert_string_equal(in->subscriber, "Carlos Garcia");
	assert_string_equal(in->period_start, "2026-01-01");
	assert_string_equal(in->period_end, "2026-12-31");
	assert_string_equal(in->rx_bin, "100045");
	assert_string_equal(in->rx_pcn, "1234000");
	assert_string_equal(in->rx_group, "RX77");
	assert_int_equal(facts.immunizations + facts.other, 0);
	json_decref(bundle);
}

static void five_answers_are_never_confused(void **state)
{
	struct shc_issuer by = trusted(&issuer);
	struct shc_test_issuer stranger;
	char wrong[SHC_MAX_JWS];
	const char *jws;

	(void)state;
	assert_int_equal(judged(card_of(vaccinated, (struct shc_claims){ .nbf_s = NOW_S })), SHC_VALID);
	assert_int_equal(judged(card_of(vaccinated, (struct shc_claims){ .nbf_s = NOW_S + 299 })), SHC_VALID);
	assert_int_equal(judged(card_of(vaccinated, (struct shc_claims){ .nbf_s = NOW_S + 301 })), SHC_MALFORMED);
	assert_int_equal(judged(card_of(vaccinated, (struct shc_claims){ .nbf_s = 1e9, .exp_s = NOW_S + 1 })),
			 SHC_VALID);
	assert_int_equal(judged(card_of(vaccinated, (struct shc_claims){ .nbf_s = 1e9, .exp_s = NOW_S - 1 })),
			 SHC_EXPIRED);
	assert_int_equal(judged(card_of(vaccinated, (struct shc_claims){ .nbf_s = 1e9, .exp_s = -5 })), SHC_MALFORMED);

	shc_issuer_init(&stranger, "https://issuer.example.org", "The same name");
	shc_issuer_card(&stranger, vaccinated, (struct shc_claims){ .nbf_s = NOW_S }, wrong, sizeof(wrong));
	assert_int_equal(judged(wrong), SHC_UNKNOWN_ISSUER);
	/* Our key, but the card says that it is another's. */
	jws = card_of(vaccinated, (struct shc_claims){ .nbf_s = NOW_S });
	by.iss = "https://another.example.org";
	assert_int_equal(outcome_of(jws, strlen(jws), &by, 1, NOW_MS), SHC_UNKNOWN_ISSUER);
	assert_int_equal(outcome_of(jws, strlen(jws), NULL, 0, NOW_MS), SHC_UNKNOWN_ISSUER);
	/* The stranger's signature under our key's name. */
	memcpy(stranger.kid, issuer.kid, sizeof(stranger.kid));
	shc_issuer_card(&stranger, vaccinated, (struct shc_claims){ .nbf_s = NOW_S, .exp_s = 1e9 }, wrong,
			sizeof(wrong));
	assert_int_equal(judged(wrong), SHC_TAMPERED);
	shc_issuer_fini(&stranger);
}

static void a_card_that_was_taken_back(void **state)
{
	struct shc_revoked list[3];
	struct shc_issuer by = trusted(&issuer);
	const char *jws;

	(void)state;
	assert_int_equal(shc_revoked_of("AQPCj4wwk6Mt", &list[0]), 0);
	assert_int_equal(shc_revoked_of("lHKzqFUMjhs.1636977600", &list[1]), 0);
	assert_int_equal(shc_revoked_of("012345678901234567890123", &list[2]), 0);
	assert_int_equal(shc_revoked_of("0123456789012345678901234", &list[2]), LOBBY_ERR_INVALID);
	assert_int_equal(shc_revoked_of("", &list[2]), LOBBY_ERR_INVALID);
	assert_int_equal(shc_revoked_of(".1", &list[2]), LOBBY_ERR_INVALID);
	assert_int_equal(shc_revoked_of("a.", &list[2]), LOBBY_ERR_INVALID);
	assert_int_equal(shc_revoked_of("a.1x", &list[2]), LOBBY_ERR_INVALID);
	assert_int_equal(shc_revoked_of("a b", &list[2]), LOBBY_ERR_INVALID);
	assert_int_equal(shc_revoked_of("a.99999999999999999999", &list[2]), LOBBY_ERR_INVALID);
	by.revoked = list;
	by.revoked_count = 3;
	jws = card_of(vaccinated, (struct shc_claims){ .nbf_s = NOW_S, .rid = "AQPCj4wwk6Mt" });
	assert_int_equal(outcome_of(jws, strlen(jws), &by, 1, NOW_MS), SHC_REVOKED);
	jws = card_of(vaccinated, (struct shc_claims){ .nbf_s = 1e9, .exp_s = 1.1e9, .rid = "AQPCj4wwk6Mt" });
	assert_int_equal(outcome_of(jws, strlen(jws), &by, 1, NOW_MS), SHC_REVOKED);
	jws = card_of(vaccinated, (struct shc_claims){ .nbf_s = NOW_S, .rid = "AQPCj4wwk6M" });
	assert_int_equal(outcome_of(jws, strlen(jws), &by, 1, NOW_MS), SHC_VALID);
	jws = card_of(vaccinated, (struct shc_claims){ .nbf_s = 1636977599, .rid = "lHKzqFUMjhs" });
	assert_int_equal(outcome_of(jws, strlen(jws), &by, 1, NOW_MS), SHC_REVOKED);
	jws = card_of(vaccinated, (struct shc_claims){ .nbf_s = 1636977601, .rid = "lHKzqFUMjhs" });
	assert_int_equal(outcome_of(jws, strlen(jws), &by, 1, NOW_MS), SHC_VALID);
}

/* Each byte of the card is made another, several ways: it is never valid, nor one of the answers that only a genuine
 * card gets. A kid that is another is a stranger's. */
static void every_byte_counts(void **state)
{
	static char jws[SHC_MAX_JWS];
	struct shc_issuer by = trusted(&issuer);
	size_t len, header, tampered = 0;

	(void)state;
	memcpy(jws, card_of(vaccinated, (struct shc_claims){ .nbf_s = 1e9, .exp_s = NOW_S - 5 }), sizeof(jws));
	len = strlen(jws);
	header = strcspn(jws, ".");
	assert_int_equal(outcome_of(jws, len, &by, 1, NOW_MS), SHC_EXPIRED);
	for (size_t i = 0; i < len; i++) {
		static const char with[] = "A_z.\0=%";
		char was = jws[i];

		for (size_t k = 0; k < sizeof(with) + 1; k++) {
			enum shc_outcome outcome;

			jws[i] = k < sizeof(with) - 1 ? with[k] : k == sizeof(with) ? (char)(was ^ 1) : (char)(was + 1);
			if (jws[i] == was)
				continue;
			outcome = outcome_of(jws, len, &by, 1, NOW_MS);
			tampered += outcome == SHC_TAMPERED;
			if (outcome != SHC_TAMPERED && outcome != SHC_MALFORMED &&
			    !(outcome == SHC_UNKNOWN_ISSUER && i < header))
				fail_msg("byte %zu as %02x: outcome %d", i, (unsigned char)jws[i], (int)outcome);
			/* A letter of the payload or the signature for another is tampering, and told as such. */
			if (i > header && k == 0 && was != '.' && i < len - 1)
				assert_int_equal(outcome, SHC_TAMPERED);
		}
		jws[i] = was;
		/* One byte less, and one more. */
		if (i > header)
			assert_int_not_equal(outcome_of(jws, i, &by, 1, NOW_MS), SHC_EXPIRED);
	}
	assert_true(tampered > len);
	jws[len] = 'A';
	assert_int_not_equal(outcome_of(jws, len + 1, &by, 1, NOW_MS), SHC_EXPIRED);
}

/* What an issuer may sign, and still is no card: as malformed, and bounded. */
static void signed_rubbish(void **state)
{
	static const char *const payloads[] = {
		"",
		"[]",
		"{}",
		"{\"iss\":\"https://issuer.example.org\"",
		"{\"iss\":\"https://issuer.example.org\",\"nbf\":1}",
		"{\"iss\":\"https://issuer.example.org\",\"nbf\":\"1\",\"vc\":{\"credentialSubject\":{\"fhirBundle\":"
		"{\"resourceType\":\"Bundle\"}}}}",
		"{\"iss\":\"https://issuer.example.org\",\"nbf\":1,\"nbf\":2,\"vc\":{\"credentialSubject\":{"
		"\"fhirBundle\":{\"resourceType\":\"Bundle\"}}}}",
		"{\"iss\":5,\"nbf\":1,\"vc\":{\"credentialSubject\":{\"fhirBundle\":{\"resourceType\":\"Bundle\"}}}}",
	};
	static const char good[] = "{\"iss\":\"https://issuer.example.org\",\"nbf\":1,\"vc\":{\"credentialSubject\":{"
				   "\"fhirBundle\":{\"resourceType\":\"Bundle\"}}}}";
	static const char *const headers[] = {
		"{\"zip\":\"DEF\",\"alg\":\"ES256\"}",
		"{\"zip\":\"DEF\",\"alg\":\"none\",\"kid\":\"%s\"}",
		"{\"zip\":\"DEF\",\"alg\":\"HS256\",\"kid\":\"%s\"}",
		"{\"alg\":\"ES256\",\"kid\":\"%s\"}",
		"{\"zip\":\"GZ\",\"alg\":\"ES256\",\"kid\":\"%s\"}",
	};
	static char jws[SHC_MAX_JWS * 4], deep[4096], bomb[8 << 20];
	static uint8_t packed[SHC_MAX_JWS];
	size_t len;

	(void)state;
	shc_issuer_payload(&issuer, good, strlen(good), jws, sizeof(jws));
	assert_int_equal(judged(jws), SHC_VALID);
	for (size_t i = 0; i < COUNT(payloads); i++) {
		shc_issuer_payload(&issuer, payloads[i], strlen(payloads[i]), jws, sizeof(jws));
		assert_int_equal(judged(jws), SHC_MALFORMED);
	}
	len = shc_issuer_deflate(good, strlen(good), packed, sizeof(packed));
	for (size_t i = 0; i < COUNT(headers); i++) {
		char header[160];

		snprintf(header, sizeof(header), headers[i], issuer.kid);
		shc_issuer_sign(&issuer, header, packed, len, jws, sizeof(jws));
		assert_int_equal(judged(jws), SHC_MALFORMED);
	}
	/* Bytes behind the stream. */
	snprintf(deep, sizeof(deep), "{\"zip\":\"DEF\",\"alg\":\"ES256\",\"kid\":\"%s\"}", issuer.kid);
	packed[len++] = 0;
	shc_issuer_sign(&issuer, deep, packed, len, jws, sizeof(jws));
	assert_int_equal(judged(jws), SHC_MALFORMED);
	/* Two thousand arrays in each other; eight million blanks before a good card. */
	memset(deep, '[', sizeof(deep) - 1);
	shc_issuer_payload(&issuer, deep, sizeof(deep) - 1, jws, sizeof(jws));
	assert_int_equal(judged(jws), SHC_MALFORMED);
	memset(bomb, ' ', sizeof(bomb));
	memcpy(bomb + sizeof(bomb) - strlen(good), good, strlen(good));
	shc_issuer_payload(&issuer, bomb, sizeof(bomb), jws, sizeof(jws));
	assert_true(strlen(jws) <= SHC_MAX_JWS);
	assert_int_equal(judged(jws), SHC_MALFORMED);
	shc_issuer_payload(&issuer, bomb + sizeof(bomb) - SHC_MAX_JSON, SHC_MAX_JSON, jws, sizeof(jws));
	assert_int_equal(judged(jws), SHC_VALID);
	shc_issuer_payload(&issuer, bomb + sizeof(bomb) - SHC_MAX_JSON - 1, SHC_MAX_JSON + 1, jws, sizeof(jws));
	assert_int_equal(judged(jws), SHC_MALFORMED);
}

static void keys_are_what_they_say(void **state)
{
	json_t *good = shc_issuer_jwk(&issuer), *bad;
	static const struct {
		const char *name, *value;
	} wrong[] = { { "kty", "RSA" }, { "crv", "P-384" }, { "alg", "ES384" }, { "use", "enc" },
		      { "d", "AAAA" },	{ "kid", "other" }, { "x", "AAAA" },	{ "y", "" } };
	struct shc_key key;
	const char *why = NULL;

	(void)state;
	assert_int_equal(shc_key_of_jwk(good, &key, &why), 0);
	assert_string_equal(key.kid, issuer.kid);
	for (size_t i = 0; i < COUNT(wrong); i++) {
		bad = json_copy(good);
		json_object_set_new(bad, wrong[i].name, json_string(wrong[i].value));
		why = NULL;
		assert_int_equal(shc_key_of_jwk(bad, &key, &why), LOBBY_ERR_INVALID);
		assert_non_null(why);
		json_decref(bad);
	}
	/* The key of RFC 7515, appendix A.3, has the thumbprint that others have worked out for it. */
	bad = json_loads("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
			 "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\",\"kid\":"
			 "\"oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U\"}",
			 0, NULL);
	assert_int_equal(shc_key_of_jwk(bad, &key, &why), 0);
	json_decref(bad);
	json_decref(good);
}

/* ---- the framework's own examples (github.com/smart-on-fhir/health-cards, examples/; CC BY 4.0) ---- */

static struct shc_issuer example_issuer(const char *iss)
{
	struct shc_issuer made = { .iss = iss };
	json_t *jwk =
		json_loads("{\"kty\":\"EC\",\"kid\":\"3Kfdg-XwP-7gXyywtUfUADwBumDOPKMQx-iELL11W9s\",\"use\":\"sig\","
			   "\"alg\":\"ES256\",\"crv\":\"P-256\",\"x\":\"11XvRWy1I2S0EyJlyf_bWfw_TQ5CJJNLw78bHXNxcgw\","
			   "\"y\":\"eZXwxvO1hvCY0KucrPfKo7yAyMT6Ajc3N7OkAB6VYy8\"}",
			   0, NULL);
	const char *why = "";

	assert_int_equal(shc_key_of_jwk(jwk, &made.key, &why), 0);
	json_decref(jwk);
	return made;
}

static char *example(const char *name)
{
	char path[80], *text = NULL;
	size_t len = 0;

	snprintf(path, sizeof(path), "tests/unit/shc/%s", name);
	assert_int_equal(file_read(path, 65536, &text, &len), 0);
	return text;
}

static void the_published_card_is_valid(void **state)
{
	char *jws = example("example-00.jws"), *code = example("example-00.qr"), joined[SHC_MAX_JWS];
	struct shc_issuer by = example_issuer("https://smarthealth.cards/examples/issuer");
	static struct shc_parts parts;
	struct shc_facts facts;
	struct shc_card card;
	int missing = -1;
	size_t len = 0;

	(void)state;
	assert_int_equal(shc_parts_add(&parts, (const uint8_t *)code, strlen(code), &missing), 0);
	assert_int_equal(missing, 0);
	assert_int_equal(shc_parts_join(&parts, joined, sizeof(joined), &len), 0);
	assert_int_equal(len, strlen(jws));
	assert_memory_equal(joined, jws, len);
	assert_int_equal(shc_open(joined, len, &card), 0);
	assert_int_equal(shc_judge(&card, &by, 1, NOW_MS, NULL), SHC_VALID);
	shc_facts_of(shc_bundle(&card), &facts);
	assert_string_equal(facts.family, "Anyperson");
	assert_string_equal(facts.given, "John");
	assert_string_equal(facts.birth_date, "1951-01-20");
	assert_int_equal(facts.immunizations, 2);
	shc_close(&card);
	joined[len - 3] = joined[len - 3] == 'A' ? 'B' : 'A';
	assert_int_equal(outcome_of(joined, len, &by, 1, NOW_MS), SHC_TAMPERED);
	shc_parts_wipe(&parts);
	free(jws);
	free(code);
}

static void the_published_revoked_card_is_revoked(void **state)
{
	static const char *const rids[] = { "vwAjHdarZuc.1668545475", "FKDIxsTCGlU", "XkNHp2Iyk0Y.1668545475",
					    "TqB_qu_6OtM" };
	char *jws = example("example-03.jws");
	struct shc_issuer by = example_issuer("https://spec.smarthealth.cards/examples/issuer");
	struct shc_revoked list[COUNT(rids)];

	(void)state;
	for (size_t i = 0; i < COUNT(rids); i++)
		assert_int_equal(shc_revoked_of(rids[i], &list[i]), 0);
	/* It expired in November 2023. */
	assert_int_equal(outcome_of(jws, strlen(jws), &by, 1, 1690000000000), SHC_VALID);
	assert_int_equal(outcome_of(jws, strlen(jws), &by, 1, NOW_MS), SHC_EXPIRED);
	by.revoked = list;
	by.revoked_count = COUNT(rids);
	assert_int_equal(outcome_of(jws, strlen(jws), &by, 1, 1690000000000), SHC_REVOKED);
	assert_int_equal(outcome_of(jws, strlen(jws), &by, 1, NOW_MS), SHC_REVOKED);
	free(jws);
}

/* ---- codes ---- */

static int add(struct shc_parts *parts, const char *code, int *missing)
{
	return shc_parts_add(parts, (const uint8_t *)code, strlen(code), missing);
}

static void codes_come_in_any_order(void **state)
{
	static const int orders[6][3] = {
		{ 1, 2, 3 }, { 1, 3, 2 }, { 2, 1, 3 }, { 2, 3, 1 }, { 3, 1, 2 }, { 3, 2, 1 }
	};
	static char code[3][4096], joined[SHC_MAX_JWS];
	static struct shc_parts parts;
	const char *jws = card_of(insured, (struct shc_claims){ .nbf_s = NOW_S });

	(void)state;
	for (int i = 0; i < 3; i++)
		shc_issuer_code(jws, i + 1, 3, code[i], sizeof(code[i]));
	for (int o = 0; o < 6; o++) {
		int missing = 9;
		size_t len = 0;

		shc_parts_wipe(&parts);
		for (int i = 0; i < 3; i++) {
			assert_int_equal(shc_parts_join(&parts, joined, sizeof(joined), &len), LOBBY_ERR_NOT_FOUND);
			assert_int_equal(add(&parts, code[orders[o][i] - 1], &missing), 0);
			assert_int_equal(missing, 2 - i);
			/* Twice is once. */
			assert_int_equal(add(&parts, code[orders[o][i] - 1], &missing), 0);
			assert_int_equal(missing, 2 - i);
		}
		assert_int_equal(shc_parts_join(&parts, joined, strlen(jws) - 1, &len), LOBBY_ERR_TOO_LONG);
		assert_int_equal(shc_parts_join(&parts, joined, sizeof(joined), &len), 0);
		assert_int_equal(len, strlen(jws));
		assert_memory_equal(joined, jws, len);
	}
}

static void two_cards_are_not_mixed(void **state)
{
	static char one[4096], other[4096], whole[8192];
	static struct shc_parts parts, before;
	char jws[SHC_MAX_JWS];
	int missing = 9;

	(void)state;
	memcpy(jws, card_of(insured, (struct shc_claims){ .nbf_s = NOW_S }), sizeof(jws));
	shc_issuer_code(jws, 1, 2, one, sizeof(one));
	assert_int_equal(add(&parts, one, &missing), 0);
	before = parts;
	memcpy(jws, card_of(vaccinated, (struct shc_claims){ .nbf_s = NOW_S }), sizeof(jws));
	shc_issuer_code(jws, 1, 2, other, sizeof(other));
	assert_int_equal(add(&parts, other, &missing), LOBBY_ERR_EXISTS);
	shc_issuer_code(jws, 2, 3, other, sizeof(other));
	assert_int_equal(add(&parts, other, &missing), LOBBY_ERR_EXISTS);
	shc_issuer_code(jws, 1, 1, whole, sizeof(whole));
	assert_int_equal(add(&parts, whole, &missing), LOBBY_ERR_EXISTS);
	assert_memory_equal(&parts, &before, sizeof(parts));
	shc_parts_wipe(&parts);
	assert_int_equal(add(&parts, whole, &missing), 0);
	assert_int_equal(missing, 0);
	shc_parts_wipe(&parts);
}

static void a_card_is_bounded(void **state)
{
	static char code[4200];
	static struct shc_parts parts;
	int missing = 0, err = 0, added = 0;

	(void)state;
	for (int part = 1; part <= 16 && err == 0; part++) {
		int at = snprintf(code, sizeof(code), "shc:/%d/16/", part);

		memset(code + at, '3', 4000);
		code[at + 4000] = '\0';
		err = add(&parts, code, &missing);
		added += err == 0;
	}
	assert_int_equal(err, LOBBY_ERR_CARD_TOO_LONG);
	assert_int_equal(added, SHC_MAX_JWS / 2000);
	assert_int_equal(missing, 16 - added);
	shc_parts_wipe(&parts);
}

static void what_a_scan_is(void **state)
{
	static const struct {
		const char *scan;
		int err, kind, part, parts;
	} scans[] = {
		{ "shc:/5676", 0, CARD_HEALTH_PART, 1, 1 },
		{ "]Q1SHC:/5676\r\n", 0, CARD_HEALTH_PART, 1, 1 },
		{ "shc:/2/3/5676", 0, CARD_HEALTH_PART, 2, 3 },
		{ "shc:/16/16/5676", 0, CARD_HEALTH_PART, 16, 16 },
		{ "shc:/1/17/5676", LOBBY_ERR_CARD_MALFORMED, 0, 0, 0 },
		{ "shc:/0/3/5676", LOBBY_ERR_CARD_MALFORMED, 0, 0, 0 },
		{ "shc:/4/3/5676", LOBBY_ERR_CARD_MALFORMED, 0, 0, 0 },
		{ "shc:/01/3/5676", LOBBY_ERR_CARD_MALFORMED, 0, 0, 0 },
		{ "shc:/1/3/", LOBBY_ERR_CARD_MALFORMED, 0, 0, 0 },
		{ "shc:/1/5676", LOBBY_ERR_CARD_MALFORMED, 0, 0, 0 },
		{ "shc:/1/2/3/5676", LOBBY_ERR_CARD_MALFORMED, 0, 0, 0 },
		{ "shc:/", LOBBY_ERR_CARD_MALFORMED, 0, 0, 0 },
		{ "shc:/567", LOBBY_ERR_CARD_MALFORMED, 0, 0, 0 },
		{ "shc:/5678", LOBBY_ERR_CARD_MALFORMED, 0, 0, 0 }, /* 78 is '{' */
		{ "shc:/56 76", LOBBY_ERR_CARD_MALFORMED, 0, 0, 0 },
		{ "shc:/56a6", LOBBY_ERR_CARD_MALFORMED, 0, 0, 0 },
		{ "shlink:/eyJ1cmwiOiJo", 0, CARD_HEALTH_LINK, 0, 0 },
		{ "https://viewer.example.org#shlink:/eyJ1cmwiOiJo", 0, CARD_HEALTH_LINK, 0, 0 },
		{ "https://viewer.example.org/?a=b#shlink:/eyJ1\n", 0, CARD_HEALTH_LINK, 0, 0 },
		{ "shlink:/", LOBBY_ERR_CARD_MALFORMED, 0, 0, 0 },
		{ "shlink:/eyJ1 cmw", LOBBY_ERR_CARD_MALFORMED, 0, 0, 0 },
		{ "https://viewer.example.org#other:/eyJ1", LOBBY_ERR_CARD_UNKNOWN, 0, 0, 0 },
		{ "https://viewer.example.org", LOBBY_ERR_CARD_UNKNOWN, 0, 0, 0 },
		{ "shc", LOBBY_ERR_CARD_UNKNOWN, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(scans); i++) {
		struct card card = { .kind = CARD_LETTER };
		int err = card_parse(CARD_CODE, "", (const uint8_t *)scans[i].scan, strlen(scans[i].scan), &card);

		if (err != scans[i].err)
			fail_msg("%s: %s", scans[i].scan, err_event(err));
		if (err != 0)
			continue;
		assert_int_equal(card.kind, scans[i].kind);
		assert_int_equal(card.part, scans[i].part);
		assert_int_equal(card.parts, scans[i].parts);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_card_says_who_and_what),
		cmocka_unit_test(an_insurance_card_says_who_pays),
		cmocka_unit_test(five_answers_are_never_confused),
		cmocka_unit_test(a_card_that_was_taken_back),
		cmocka_unit_test(every_byte_counts),
		cmocka_unit_test(signed_rubbish),
		cmocka_unit_test(keys_are_what_they_say),
		cmocka_unit_test(the_published_card_is_valid),
		cmocka_unit_test(the_published_revoked_card_is_revoked),
		cmocka_unit_test(codes_come_in_any_order),
		cmocka_unit_test(two_cards_are_not_mixed),
		cmocka_unit_test(a_card_is_bounded),
		cmocka_unit_test(what_a_scan_is),
	};

	return cmocka_run_group_tests(tests, make_issuer, drop_issuer);
}

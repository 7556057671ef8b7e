/* src/sync/health and issuers: a card judged by the keys that the clinic sent, what the kiosk is told, and that a visit
 * takes along exactly what the patient agreed to. */
#include "shc_issuer.h"
#include "sync_fixture.h"

#include "checkin/visit.h"
#include "sync/health.h"

#define ISS "https://issuer.example.org"
#define NOW_S (NOW_MS / 1000.0)
#define MARIA "maria"
#define SLOT "maria-950"

static const char bundle[] =
	"{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":["
	"{\"fullUrl\":\"resource:0\",\"resource\":{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"Garcia\","
	"\"given\":[\"Maria\"]}],\"birthDate\":\"1985-04-17\"}},"
	"{\"fullUrl\":\"resource:1\",\"resource\":{\"resourceType\":\"Immunization\"}},"
	"{\"fullUrl\":\"resource:2\",\"resource\":{\"resourceType\":\"Coverage\",\"status\":\"active\","
	"\"subscriberId\":\"102345672\",\"beneficiary\":{\"reference\":\"resource:0\"},"
	"\"payor\":[{\"display\":\"Example Health\"}]}}]}";

struct bed {
	struct kiosk k;
	struct issuers issuers;
	struct health health;
	struct shc_test_issuer issuer;
};

static void put_issuer(struct bed *b, const char *crl, int64_t generation)
{
	json_t *directory = shc_issuer_directory(&b->issuer, crl);

	assert_int_equal(issuers_put(&b->issuers, json_array_get(json_object_get(directory, "issuers"), 0), generation),
			 0);
	json_decref(directory);
}

static int set_up(void **state)
{
	struct bed *b = calloc(1, sizeof(*b));

	kiosk_setup(&b->k);
	assert_int_equal(issuers_init(&b->issuers, &b->k.store.db), 0);
	health_init(&b->health, &b->issuers);
	shc_issuer_init(&b->issuer, ISS, "Example Health");
	put_issuer(b, NULL, 1);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bed *b = *state;

	health_forget(&b->health);
	issuers_fini(&b->issuers);
	kiosk_teardown(&b->k);
	shc_issuer_fini(&b->issuer);
	free(b);
	return 0;
}

static lobby_HealthRead answer;

/* Reads any bytes as request n; the outcome. */
static int read_text(struct bed *b, uint32_t n, const char *text)
{
	static lobby_ReadHealth ask;

	ask.request = n;
	ask.card.size = (pb_size_t)strlen(text);
	assert_true(ask.card.size <= sizeof(ask.card.bytes));
	memcpy(ask.card.bytes, text, ask.card.size);
	assert_int_equal(health_read(&b->health, &ask, NOW_MS, &answer), 0);
	assert_int_equal(answer.request, n);
	return (int)answer.outcome;
}

static char jws[SHC_MAX_JWS + 4096];

static int read_claims(struct bed *b, uint32_t n, struct shc_claims claims)
{
	shc_issuer_card(&b->issuer, bundle, claims, jws, sizeof(jws));
	return read_text(b, n, jws);
}

static void the_kiosk_is_told_what_a_valid_card_says(void **state)
{
	struct bed *b = *state;

	assert_int_equal(read_claims(b, 1, (struct shc_claims){ .nbf_s = NOW_S }), lobby_HealthOutcome_HEALTH_VALID);
	assert_string_equal(answer.issuer, "Example Health");
	assert_string_equal(answer.family, "Garcia");
	assert_string_equal(answer.given, "Maria");
	assert_string_equal(answer.birth_date, "1985-04-17");
	assert_int_equal(answer.immunizations, 1);
	assert_int_equal(answer.other, 0);
	assert_true(answer.has_insurance);
	assert_string_equal(answer.insurance.member_id, "102345672");
	assert_int_equal(answer.insurance.source, lobby_InsuranceSource_INSURANCE_SOURCE_SIGNED);
}

/* Nothing of a card that is not valid is told or kept but why. */
static void the_kiosk_is_told_why_not(void **state)
{
	struct bed *b = *state;
	struct shc_test_issuer stranger;
	const struct {
		struct shc_claims claims;
		int outcome;
	} cards[] = {
		{ { .nbf_s = 1e9, .exp_s = NOW_S - 24 * 3600 }, lobby_HealthOutcome_HEALTH_EXPIRED },
		{ { .nbf_s = 1e9, .rid = "lost" }, lobby_HealthOutcome_HEALTH_REVOKED },
		{ { .nbf_s = 1700000000, .rid = "early" }, lobby_HealthOutcome_HEALTH_REVOKED },
		{ { .nbf_s = 1700000002, .rid = "early" }, lobby_HealthOutcome_HEALTH_VALID },
		{ { .nbf_s = NOW_S + 3600 }, lobby_HealthOutcome_HEALTH_MALFORMED },
	};

	put_issuer(b, "[\"lost\",\"early.1700000000\",\"not a rid\"]", 1);
	for (size_t i = 0; i < sizeof(cards) / sizeof(cards[0]); i++) {
		assert_int_equal(read_claims(b, 5, cards[i].claims), cards[i].outcome);
		if (cards[i].outcome == (int)lobby_HealthOutcome_HEALTH_VALID)
			continue;
		assert_string_equal(answer.family, "");
		assert_false(answer.has_insurance);
		assert_null(health_document(&b->health, 5));
		assert_string_equal(answer.expired,
				    cards[i].outcome == (int)lobby_HealthOutcome_HEALTH_EXPIRED ? "2026-11-22" : "");
	}
	assert_int_equal(read_claims(b, 6, (struct shc_claims){ .nbf_s = NOW_S }), lobby_HealthOutcome_HEALTH_VALID);
	jws[strlen(jws) - 5] ^= 1;
	assert_int_equal(read_text(b, 6, jws), lobby_HealthOutcome_HEALTH_TAMPERED);
	assert_int_equal(read_text(b, 6, "rubbish"), lobby_HealthOutcome_HEALTH_MALFORMED);
	assert_int_equal(read_text(b, 6, ""), lobby_HealthOutcome_HEALTH_MALFORMED);
	shc_issuer_init(&stranger, "https://stranger.example.org", "Stranger");
	shc_issuer_card(&stranger, bundle, (struct shc_claims){ .nbf_s = NOW_S }, jws, sizeof(jws));
	assert_int_equal(read_text(b, 6, jws), lobby_HealthOutcome_HEALTH_UNKNOWN_ISSUER);
	assert_string_equal(answer.issuer, "");
	shc_issuer_fini(&stranger);
}

static void issuers_come_and_go(void **state)
{
	struct bed *b = *state;
	const struct shc_claims now = { .nbf_s = NOW_S };

	assert_int_equal(issuers_sweep(&b->issuers, 1), 0);
	assert_int_equal(read_claims(b, 1, now), lobby_HealthOutcome_HEALTH_VALID);
	assert_int_equal(issuers_sweep(&b->issuers, 2), 0);
	assert_int_equal(read_claims(b, 1, now), lobby_HealthOutcome_HEALTH_UNKNOWN_ISSUER);
	put_issuer(b, "[\"x\"]", 2);
	put_issuer(b, NULL, 2);
	assert_int_equal(read_claims(b, 1, (struct shc_claims){ .nbf_s = NOW_S, .rid = "x" }),
			 lobby_HealthOutcome_HEALTH_VALID);
	assert_int_equal(issuers_remove(&b->issuers, ISS), 0);
	assert_int_equal(read_claims(b, 1, now), lobby_HealthOutcome_HEALTH_UNKNOWN_ISSUER);
	/* After a start of the program it is all as before. */
	put_issuer(b, NULL, 2);
	issuers_fini(&b->issuers);
	kiosk_close(&b->k);
	kiosk_open(&b->k);
	assert_int_equal(issuers_init(&b->issuers, &b->k.store.db), 0);
	assert_int_equal(read_claims(b, 1, now), lobby_HealthOutcome_HEALTH_VALID);
}

/* The newest sealed visit, opened with the clinic's key; the caller owns it. */
static json_t *open_visit(struct bed *b)
{
	static uint8_t opened[65536];
	uint8_t public_key[32];
	sqlite3_stmt *stmt = NULL;
	json_t *json;
	int len;

	crypto_scalarmult_base(public_key, b->k.secret_key);
	assert_int_equal(db_prepare(&b->k.store.db, "SELECT sealed FROM outbox ORDER BY seq DESC", &stmt), 0);
	assert_int_equal(db_step(&b->k.store.db, stmt), 1);
	len = sqlite3_column_bytes(stmt, 0);
	assert_true((size_t)len <= sizeof(opened));
	assert_int_equal(
		crypto_box_seal_open(opened, sqlite3_column_blob(stmt, 0), (size_t)len, public_key, b->k.secret_key),
		0);
	sqlite3_finalize(stmt);
	json = json_loadb((char *)opened, (size_t)len - crypto_box_SEALBYTES, 0, NULL);
	assert_non_null(json);
	return json;
}

static json_t *commit(struct bed *b, int n, uint32_t health_request)
{
	char id[37];
	lobby_Visit visit;
	lobby_VisitCommitted committed;

	uuid_of(id, n);
	visit = arrival(id, MARIA, SLOT);
	visit.health_request = health_request;
	assert_int_equal(outbox_commit_visit(&b->k.outbox, &b->k.identity, &visit,
					     health_document(&b->health, health_request), NOW_MS, &committed),
			 0);
	return open_visit(b);
}

static void a_visit_takes_what_was_agreed_to(void **state)
{
	struct bed *b = *state;
	unsigned char file[SHC_MAX_JWS + 64];
	const char *why = "";
	struct visit visit;
	json_t *json, *inside;
	size_t len = 0;

	assert_int_equal(read_claims(b, 7, (struct shc_claims){ .nbf_s = NOW_S }), lobby_HealthOutcome_HEALTH_VALID);
	/* Not asked for, or another's. */
	json = commit(b, 1, 0);
	assert_int_equal(visit_from_bundle(json, &visit, &why), 0);
	assert_string_equal(visit.document.kind, "");
	json_decref(json);
	json = commit(b, 2, 6);
	assert_int_equal(visit_from_bundle(json, &visit, &why), 0);
	assert_string_equal(visit.document.kind, "");
	json_decref(json);

	json = commit(b, 3, 7);
	assert_int_equal(visit_from_bundle(json, &visit, &why), 0);
	assert_string_equal(visit.document.kind, VISIT_DOCUMENT_CARD);
	assert_string_equal(visit.document.title, "Insurance card, 1 immunization");
	assert_string_equal(visit.document.issuer, "Example Health");
	assert_int_equal(sodium_base642bin(file, sizeof(file), visit.document.data, strlen(visit.document.data), NULL,
					   &len, NULL, sodium_base64_VARIANT_ORIGINAL),
			 0);
	inside = json_loadb((char *)file, len, 0, NULL);
	assert_string_equal(json_string_value(json_array_get(json_object_get(inside, "verifiableCredential"), 0)), jws);
	json_decref(inside);
	json_decref(json);

	health_forget(&b->health);
	assert_null(health_document(&b->health, 7));
	json = commit(b, 4, 7);
	assert_int_equal(visit_from_bundle(json, &visit, &why), 0);
	assert_string_equal(visit.document.kind, "");
	json_decref(json);
}

static void the_next_card_takes_the_place(void **state)
{
	struct bed *b = *state;

	assert_int_equal(read_claims(b, 7, (struct shc_claims){ .nbf_s = NOW_S }), lobby_HealthOutcome_HEALTH_VALID);
	assert_non_null(health_document(&b->health, 7));
	assert_int_equal(read_text(b, 8, "rubbish"), lobby_HealthOutcome_HEALTH_MALFORMED);
	assert_null(health_document(&b->health, 7));
	assert_null(health_document(&b->health, 8));
	assert_null(health_document(&b->health, 0));
	/* Nobody can ask for what was read under no number. */
	assert_int_equal(read_claims(b, 0, (struct shc_claims){ .nbf_s = NOW_S }), lobby_HealthOutcome_HEALTH_VALID);
	assert_null(health_document(&b->health, 0));
}

/* The largest card that the wire carries fits into a visit. */
static void a_large_card_fits(void **state)
{
	static char big[65536];
	struct bed *b = *state;
	const char *why = "";
	struct visit visit;
	uint64_t random = 88172645463325252u;
	size_t at = 0;
	json_t *json;

	at += (size_t)snprintf(big, sizeof(big),
			       "{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":{"
			       "\"resourceType\":\"Observation\",\"note\":\"");
	for (int i = 0; i < 11400; i++) { /* letters that DEFLATE can make little of */
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		big[at++] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[random >> 20 & 63];
	}
	snprintf(big + at, sizeof(big) - at, "\"}}]}");
	shc_issuer_card(&b->issuer, big, (struct shc_claims){ .nbf_s = NOW_S }, jws, sizeof(jws));
	assert_in_range(strlen(jws), SHC_MAX_JWS - 600, SHC_MAX_JWS);
	assert_int_equal(read_text(b, 9, jws), lobby_HealthOutcome_HEALTH_VALID);
	json = commit(b, 1, 9);
	assert_int_equal(visit_from_bundle(json, &visit, &why), 0);
	assert_string_equal(visit.document.kind, VISIT_DOCUMENT_CARD);
	json_decref(json);
}

static void a_link_is_kept_for_the_clinic(void **state)
{
	struct bed *b = *state;
	const char *why = "";
	struct visit visit;
	json_t *json;

	assert_int_equal(read_text(b, 3, "https://viewer.example.org/#SHLINK:/eyJ1cmwiOiJo"),
			 lobby_HealthOutcome_HEALTH_LINK_LATER);
	json = commit(b, 1, 3);
	assert_int_equal(visit_from_bundle(json, &visit, &why), 0);
	assert_string_equal(visit.document.kind, VISIT_DOCUMENT_LINK);
	assert_string_equal(visit.document.url, "shlink:/eyJ1cmwiOiJo");
	json_decref(json);
	assert_int_equal(read_text(b, 4, "shlink:/"), lobby_HealthOutcome_HEALTH_LINK_REFUSED);
	assert_null(health_document(&b->health, 4));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_kiosk_is_told_what_a_valid_card_says),
		TEST(the_kiosk_is_told_why_not),
		TEST(issuers_come_and_go),
		TEST(a_visit_takes_what_was_agreed_to),
		TEST(the_next_card_takes_the_place),
		TEST(a_large_card_fits),
		TEST(a_link_is_kept_for_the_clinic),
	};

	setenv("TZ", "America/New_York", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

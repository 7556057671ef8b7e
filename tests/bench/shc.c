/* How long it takes to judge a SMART Health Card: lobby-sync's own answer to the kiosk (health_read) for a card with
 * two immunizations, signed on the spot, by the keys in its own store, which holds a thousand issuers as the VCI
 * directory has them. Rounds of 200 cards. */
#include "bench.h"
#include "tests/unit/shc_issuer.h"

#include "base/clock.h"
#include "base/log.h"
#include "sync/health.h"
#include "sync/store.h"

#include <stdio.h>
#include <string.h>

#define ISSUERS 1000
#define CARDS 200
#define ROUNDS 5

static const char bundle[] =
	"{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":["
	"{\"fullUrl\":\"resource:0\",\"resource\":{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"Garcia\","
	"\"given\":[\"Maria\"]}],\"birthDate\":\"1985-04-17\"}},"
	"{\"fullUrl\":\"resource:1\",\"resource\":{\"resourceType\":\"Immunization\",\"status\":\"completed\","
	"\"vaccineCode\":{\"coding\":[{\"system\":\"http://hl7.org/fhir/sid/cvx\",\"code\":\"207\"}]},"
	"\"patient\":{\"reference\":\"resource:0\"},\"occurrenceDateTime\":\"2026-10-01\",\"lotNumber\":\"0000001\"}},"
	"{\"fullUrl\":\"resource:2\",\"resource\":{\"resourceType\":\"Immunization\",\"status\":\"completed\","
	"\"vaccineCode\":{\"coding\":[{\"system\":\"http://hl7.org/fhir/sid/cvx\",\"code\":\"207\"}]},"
	"\"patient\":{\"reference\":\"resource:0\"},\"occurrenceDateTime\":\"2025-10-01\",\"lotNumber\":\"0000007\"}}]"
	"}";

/* A thousand issuers, of whom the last signs. */
static void fill(struct store *store, struct issuers *issuers, struct shc_test_issuer *issuer)
{
	char iss[64];

	BENCH_MUST(db_begin(&store->db) == 0);
	for (int i = 0; i < ISSUERS; i++) {
		json_t *change;

		if (i > 0)
			shc_issuer_fini(issuer);
		snprintf(iss, sizeof(iss), "https://issuer-%d.example.org", i);
		shc_issuer_init(issuer, iss, "Example Health");
		change = json_pack("{s:s,s:s,s:[o]}", "iss", iss, "name", "Example Health", "keys",
				   shc_issuer_jwk(issuer));
		BENCH_MUST(issuers_put(issuers, change, 1) == 0);
		json_decref(change);
	}
	BENCH_MUST(db_end(&store->db, 0) == 0);
	issuer->iss = "https://issuer-999.example.org";
}

int main(int argc, char **argv)
{
	const char *folder = bench_arg(argc, argv, 1, "FOLDER");
	struct bench_samples samples = { 0 }, p95 = { 0 }, p50 = { 0 };
	static lobby_ReadHealth ask;
	static lobby_HealthRead answer;
	static char jws[SHC_MAX_JWS];
	struct shc_test_issuer issuer;
	struct issuers issuers;
	struct health health;
	struct store store;
	char what[96];

	log_set_level(LOG_ERROR);
	BENCH_MUST(store_open(&store, folder) == 0);
	BENCH_MUST(issuers_init(&issuers, &store.db) == 0);
	health_init(&health, &issuers);
	fill(&store, &issuers, &issuer);
	for (int round = 0; round < ROUNDS; round++) {
		for (uint32_t i = 0; i < CARDS; i++) {
			int64_t start;

			shc_issuer_card(&issuer, bundle, (struct shc_claims){ .nbf_s = 1700000000.0 + i }, jws,
					sizeof(jws));
			ask.request = i + 1;
			ask.card.size = (pb_size_t)strlen(jws);
			memcpy(ask.card.bytes, jws, ask.card.size);
			start = bench_now_ns();
			BENCH_MUST(health_read(&health, &ask, clock_wall_ms(), &answer) == 0);
			bench_add(&samples, (double)(bench_now_ns() - start) / 1e6);
			BENCH_MUST(answer.outcome == lobby_HealthOutcome_HEALTH_VALID && answer.immunizations == 2);
		}
		bench_add(&p95, bench_quantile(&samples, 0.95));
		bench_add(&p50, bench_quantile(&samples, 0.5));
		bench_clear(&samples);
	}
	snprintf(what, sizeof(what), "p95 of %d rounds of %d; half are under %.3g; %d issuers", ROUNDS, CARDS,
		 bench_quantile(&p50, 0.5), ISSUERS);
	bench_figure_of("shc.verify_ms", &p95, what);
	health_forget(&health);
	issuers_fini(&issuers);
	store_close(&store);
	shc_issuer_fini(&issuer);
	return 0;
}

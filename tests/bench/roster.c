/* How long it takes to find one person among 100,000 appointments: lobby-sync's own roster, on disk, and its own answer
 * to the kiosk's question (identify_run), with a birthday and the first letter of the last name, for 20,000 people
 * drawn at random, one in ten of them not in the roster. The birthdays are those of 90 years, so about three people
 * share one. */
#include "bench.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "sync/identify.h"
#include "sync/roster.h"
#include "sync/store.h"

#include <stdio.h>
#include <string.h>

#define APPOINTMENTS 100000
#define LOOKUPS 20000
#define ROUNDS 5
#define YEARS 90

static const char *const names[] = { "Alvarez", "Brandt",  "Chen",    "Dubois",	  "Eriksen",   "Farouk", "Garcia",
				     "Hoang",	"Ivanova", "Jensen",  "Kowalski", "Lindqvist", "Moreau", "Nakamura",
				     "O'Brien", "Petrov",  "Quispe",  "Rossi",	  "Silva",     "Tanaka", "Ueda",
				     "Vargas",	"Weber",   "Ximenes", "Yilmaz",	  "Zhang" };

static void person_of(uint32_t n, struct roster_entry *e)
{
	uint64_t state = 0x9e3779b97f4a7c15u ^ ((uint64_t)n + 1) * 0xbf58476d1ce4e5b9u;
	uint32_t a = bench_random(&state), b = bench_random(&state);

	*e = (struct roster_entry){ .minutes = 20, .here = true, .active = true, .copay_cents = 2500 };
	snprintf(e->appointment_id, sizeof(e->appointment_id), "appointment-%u", n);
	snprintf(e->patient_id, sizeof(e->patient_id), "patient-%u", n);
	snprintf(e->code, sizeof(e->code), "LETTER%u", n);
	snprintf(e->birth_date, sizeof(e->birth_date), "%04u-%02u-%02u", 1935 + a % YEARS, 1 + (a >> 8) % 12,
		 1 + (a >> 16) % 28);
	text_copy(e->family, sizeof(e->family), names[b % 26]);
	text_copy(e->given, sizeof(e->given), names[(b >> 8) % 26]);
	snprintf(e->phone_last4, sizeof(e->phone_last4), "01%02u", (b >> 16) % 100);
	text_copy(e->phone_masked, sizeof(e->phone_masked), "••• ••• 0142");
	text_copy(e->email_masked, sizeof(e->email_masked), "m•••@example.org");
	text_copy(e->address_masked, sizeof(e->address_masked), "14 A••• St•••, Springfield");
	text_copy(e->practitioner, sizeof(e->practitioner), "Dr. Amara Okafor");
	text_copy(e->service_type, sizeof(e->service_type), "Follow-up");
	text_copy(e->location, sizeof(e->location), "Floor 2, waiting area B");
	text_copy(e->ticket_prefix, sizeof(e->ticket_prefix), "B");
	snprintf(e->member_hash, sizeof(e->member_hash), "%08x%08x%016x", a, b, n);
	snprintf(e->coverage_id, sizeof(e->coverage_id), "coverage-%u", n);
	text_copy(e->payor, sizeof(e->payor), "Blue Ridge Health PPO");
	text_copy(e->member_last4, sizeof(e->member_last4), "4417");
	text_copy(e->currency, sizeof(e->currency), "USD");
}

static void fill(struct store *store, struct roster *roster)
{
	int64_t day = clock_day_start_ms(clock_wall_ms());
	struct roster_entry e;

	BENCH_MUST(db_begin(&store->db) == 0);
	for (uint32_t n = 0; n < APPOINTMENTS; n++) {
		person_of(n, &e);
		e.start_ms = day + (int64_t)(n % 1440) * 60000;
		BENCH_MUST(roster_put(roster, &e, 1) == 0);
	}
	BENCH_MUST(db_end(&store->db, 0) == 0);
	store_checkpoint(store, true);
}

/* One round's lookups into samples, in microseconds. Returns how many were found. */
static int look_up(struct roster *roster, uint64_t *state, struct bench_samples *samples)
{
	lobby_Settings settings = { .early_min = 60, .late_min = 15 };
	int64_t now_ms = clock_wall_ms();
	static lobby_Identified answer;
	struct roster_entry e;
	int found = 0;

	for (uint32_t i = 0; i < LOOKUPS; i++) {
		lobby_Identify query = { .request = i + 1 };
		int64_t start;

		person_of(bench_random(state) % (APPOINTMENTS + APPOINTMENTS / 9), &e);
		text_copy(query.birth_date, sizeof(query.birth_date), e.birth_date);
		text_copy_n(query.family, sizeof(query.family), e.family, 1);
		start = bench_now_ns();
		BENCH_MUST(identify_run(roster, &settings, true, now_ms, &query, &answer) == 0);
		bench_add(samples, (double)(bench_now_ns() - start) / 1000);
		found += answer.outcome == lobby_IdentifyOutcome_IDENTIFY_FOUND;
	}
	return found;
}

int main(int argc, char **argv)
{
	const char *folder = bench_arg(argc, argv, 1, "FOLDER");
	struct bench_samples samples = { 0 }, p99 = { 0 }, p50 = { 0 };
	struct roster roster;
	struct store store;
	uint64_t state = 20261123;
	char what[96];
	int found = 0;

	log_set_level(LOG_ERROR);
	BENCH_MUST(store_open(&store, folder) == 0);
	BENCH_MUST(roster_init(&roster, &store.db) == 0);
	fill(&store, &roster);
	for (int round = 0; round < ROUNDS; round++) {
		found += look_up(&roster, &state, &samples);
		bench_add(&p99, bench_quantile(&samples, 0.99));
		bench_add(&p50, bench_quantile(&samples, 0.5));
		bench_clear(&samples);
	}
	BENCH_MUST(found > ROUNDS * LOOKUPS / 2);
	snprintf(what, sizeof(what), "%d rounds of %d; half are under %.3g; %d%% found", ROUNDS, LOOKUPS,
		 bench_quantile(&p50, 0.5), found * 100 / (ROUNDS * LOOKUPS));
	bench_figure_of("roster.lookup_p99_us", &p99, what);
	roster_fini(&roster);
	store_close(&store);
	return 0;
}

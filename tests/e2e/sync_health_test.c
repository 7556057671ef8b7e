/* A health card on its whole way: lobby-clinic learns whom to trust, lobby-sync judges the card, also with the network
 * away and after a restart, and the clinic gets what the patient agreed to share. */
#include "sync_clinic.h"

#include "tests/unit/shc_issuer.h"

#define DOCUMENTS "SELECT count(*) FROM document"

static const char bundle[] =
	"{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":["
	"{\"fullUrl\":\"resource:0\",\"resource\":{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"Garcia\","
	"\"given\":[\"Maria\"]}],\"birthDate\":\"1985-04-17\"}},"
	"{\"fullUrl\":\"resource:1\",\"resource\":{\"resourceType\":\"Immunization\"}},"
	"{\"fullUrl\":\"resource:2\",\"resource\":{\"resourceType\":\"Immunization\"}}]}";

static struct shc_test_issuer issuer;

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	shc_issuer_init(&issuer, "https://issuer.example.org", "Example Health");
	world_start(w);
	clinic_make(&w->clinic);
	clinic_serve(&w->clinic, "127.0.0.1:0");
	world_enrol(w);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	world_stop(*state);
	free(*state);
	shc_issuer_fini(&issuer);
	return 0;
}

/* Makes this issuer all that the clinic trusts. */
static void trust(struct world *w, const char *crl)
{
	json_t *directory = shc_issuer_directory(&issuer, crl);
	char path[96], line[64];

	snprintf(path, sizeof(path), "%s/issuers.json", w->clinic.folder);
	assert_int_equal(json_dump_file(directory, path, 0), 0);
	json_decref(directory);
	assert_int_equal(clinic_run(&w->clinic, "issuers", path, line, sizeof(line)), 0);
}

static int64_t known(struct world *w, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	int64_t value = -1;

	assert_int_equal(db_prepare(&w->sync.store.db, sql, &stmt), 0);
	assert_int_equal(db_step(&w->sync.store.db, stmt), 1);
	value = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return value;
}

static void send_card(struct world *w, uint32_t request, const char *card)
{
	static lobby_Envelope envelope;
	lobby_ReadHealth *ask = &envelope.body.read_health;

	envelope.which_body = lobby_Envelope_read_health_tag;
	ask->request = request;
	ask->forget = card == NULL;
	ask->card.size = card != NULL ? (pb_size_t)strlen(card) : 0;
	memcpy(ask->card.bytes, card != NULL ? card : "", ask->card.size);
	world_send(w, &envelope);
}

static int read_card(struct world *w, uint32_t request, struct shc_claims claims)
{
	static char jws[12288];
	int before = w->health_count;

	shc_issuer_card(&issuer, bundle, claims, jws, sizeof(jws));
	send_card(w, request, jws);
	UNTIL(w, w->health_count > before);
	assert_int_equal(w->health.request, request);
	return (int)w->health.outcome;
}

static int visit_with(struct world *w, int n, uint32_t health_request)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_visit_tag };
	lobby_Visit *visit = &envelope.body.visit;
	int before = w->committed_count;

	snprintf(visit->id, sizeof(visit->id), "%08x-0000-4000-8000-000000000000", (unsigned)n);
	text_copy(visit->patient_id, sizeof(visit->patient_id), "maria");
	text_copy(visit->appointment_id[visit->appointment_id_count++], sizeof(visit->appointment_id[0]), "maria-950");
	visit->health_request = health_request;
	visit->insurance = lobby_InsuranceStep_INSURANCE_NEW;
	visit->has_card = true;
	visit->card.source = lobby_InsuranceSource_INSURANCE_SOURCE_SIGNED;
	text_copy(visit->payor, sizeof(visit->payor), "Example Health");
	text_copy(visit->member_id, sizeof(visit->member_id), "102345672");
	text_copy(visit->card.plan, sizeof(visit->card.plan), "Gold Plus");
	text_copy(visit->card.period_end, sizeof(visit->card.period_end), "no date");
	visit->started_ms = visit->finished_ms = clock_wall_ms();
	world_send(w, &envelope);
	UNTIL(w, w->committed_count > before);
	return w->committed.err;
}

static const struct shc_claims now = { .nbf_s = NOW_MS / 1000.0 };

static void a_card_reaches_the_clinic(void **state)
{
	struct world *w = *state;

	assert_int_equal(read_card(w, 1, now), lobby_HealthOutcome_HEALTH_UNKNOWN_ISSUER);
	trust(w, "[\"lost\"]");
	UNTIL(w, known(w, "SELECT count(*) FROM issuer_key") == 1);
	assert_int_equal(read_card(w, 2, (struct shc_claims){ .nbf_s = 1e9, .rid = "lost" }),
			 lobby_HealthOutcome_HEALTH_REVOKED);
	assert_int_equal(read_card(w, 3, now), lobby_HealthOutcome_HEALTH_VALID);
	assert_string_equal(w->health.issuer, "Example Health");
	assert_string_equal(w->health.family, "Garcia");
	assert_int_equal(w->health.immunizations, 2);
	assert_int_equal(visit_with(w, 1, 3), 0);
	UNTIL(w, w->sync.pushed.visits_held == 0);
	assert_int_equal(clinic_number(&w->clinic,
				       DOCUMENTS " WHERE patient_id = 'maria' AND state = 'here'"
						 " AND title = '2 immunizations' AND length(content) > 200"),
			 1);
	assert_int_equal(clinic_number(&w->clinic,
				       "SELECT count(*) FROM coverage WHERE plan = 'Gold Plus' AND read_from = "
				       "'signed' AND period_end = ''"),
			 1);
	assert_int_equal(clinic_number(&w->clinic, "SELECT document FROM arrival"), 1);
	/* The visit took it along: there is nothing left for the next one. */
	assert_null(health_document(&w->sync.health, 3));
}

static void offline_cards_are_judged_as_well(void **state)
{
	struct world *w = *state;

	trust(w, NULL);
	UNTIL(w, known(w, "SELECT count(*) FROM issuer_key") == 1);
	clinic_kill(&w->clinic, SIGKILL);
	UNTIL(w, !w->state.reachable);
	world_restart_sync(w);
	assert_int_equal(read_card(w, 1, (struct shc_claims){ .nbf_s = 1e9, .exp_s = 1.1e9 }),
			 lobby_HealthOutcome_HEALTH_EXPIRED);
	assert_string_equal(w->health.expired, "2004-11-09");
	assert_int_equal(read_card(w, 2, now), lobby_HealthOutcome_HEALTH_VALID);
	assert_int_equal(visit_with(w, 1, 2), 0);
	clinic_serve(&w->clinic, w->clinic.address);
	world_advance_ms(61000);
	UNTIL(w, w->sync.pushed.visits_held == 0);
	assert_int_equal(clinic_number(&w->clinic, DOCUMENTS), 1);
}

/* What was read leaves with the session, with the kiosk, and with the next card. */
static void what_was_read_does_not_stay(void **state)
{
	struct world *w = *state;

	trust(w, NULL);
	UNTIL(w, known(w, "SELECT count(*) FROM issuer_key") == 1);
	assert_int_equal(read_card(w, 1, now), lobby_HealthOutcome_HEALTH_VALID);
	assert_non_null(health_document(&w->sync.health, 1));
	send_card(w, 1, NULL);
	UNTIL(w, health_document(&w->sync.health, 1) == NULL);
	assert_int_equal(read_card(w, 2, now), lobby_HealthOutcome_HEALTH_VALID);
	wire_close(&w->kiosk);
	UNTIL(w, health_document(&w->sync.health, 2) == NULL);
	wire_client_start(&w->kiosk, w->loop, w->socket, lobby_Program_PROGRAM_KIOSK, on_message, NULL, w);
	UNTIL(w, w->kiosk.up);
	assert_int_equal(visit_with(w, 1, 2), 0);
	UNTIL(w, w->sync.pushed.visits_held == 0);
	assert_int_equal(clinic_number(&w->clinic, DOCUMENTS), 0);
	assert_int_equal(clinic_number(&w->clinic, "SELECT count(*) FROM arrival"), 1);
}

/* What is behind good ones is in sync_link_test.c. */
static void a_link_that_is_none_is_refused(void **state)
{
	struct world *w = *state;
	int before = w->health_count;

	send_card(w, 4, "shlink:/eyJ1cmwiOiJo");
	UNTIL(w, w->health_count > before);
	assert_int_equal(w->health.outcome, lobby_HealthOutcome_HEALTH_LINK_REFUSED);
	assert_int_equal(visit_with(w, 1, 4), 0);
	UNTIL(w, w->sync.pushed.visits_held == 0);
	assert_int_equal(clinic_number(&w->clinic, DOCUMENTS), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_card_reaches_the_clinic),
		TEST(offline_cards_are_judged_as_well),
		TEST(what_was_read_does_not_stay),
		TEST(a_link_that_is_none_is_refused),
	};

	setenv("TZ", "America/New_York", 1);
	return cmocka_run_group_tests(tests, world_clock, NULL);
}

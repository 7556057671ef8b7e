/* A health link on its whole way: the kiosk asks lobby-sync, that asks lobby-clinic, and that the sharer's server; with
 * each of them there, away, silent, and back. */
#include "sync_clinic.h"

#include "tests/unit/shl_server.h"

#define LINK 2048
#define FILES "SELECT count(*) FROM document WHERE kind = 'fhir-resource' AND patient_id = 'maria' AND state = 'here'"
#define RESOLVED "SELECT count(*) FROM document WHERE state = 'resolved'"
#define DOCUMENTS "SELECT count(*) FROM document"
#define COVERAGES "SELECT count(*) FROM coverage WHERE read_from = 'link' AND plan = 'Gold Plus'"

static const char insured[] =
	"{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":["
	"{\"fullUrl\":\"resource:0\",\"resource\":{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"Garcia\","
	"\"given\":[\"Maria\"]}],\"birthDate\":\"1985-04-17\"}},"
	"{\"fullUrl\":\"resource:1\",\"resource\":{\"resourceType\":\"Coverage\",\"status\":\"active\","
	"\"subscriberId\":\"102345672\",\"beneficiary\":{\"reference\":\"resource:0\"},\"payor\":[{\"display\":"
	"\"Example Health\"}],\"class\":[{\"type\":{\"coding\":[{\"code\":\"plan\"}]},\"value\":\"1\","
	"\"name\":\"Gold Plus\"}]}}]}";

static const uint8_t key[32] = { 7 };

struct bed {
	struct world w;
	struct shl_server server;
};

static int set_up(void **state)
{
	struct bed *b = calloc(1, sizeof(*b));
	struct ledger store;
	char known[160];
	int err;

	world_start(&b->w);
	clinic_make(&b->w.clinic);
	shl_start(&b->server);
	shl_known(&b->server, known, sizeof(known));
	assert_int_equal(ledger_open(&store, b->w.clinic.folder, false), 0);
	assert_int_equal(db_begin(&store.db), 0);
	err = clinic_settings_set(&store, "health_link_hosts", known);
	assert_int_equal(db_end(&store.db, err), 0);
	ledger_close(&store);
	clinic_serve(&b->w.clinic, "127.0.0.1:0");
	world_enrol(&b->w);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bed *b = *state;

	world_stop(&b->w);
	shl_stop(&b->server);
	free(b);
	return 0;
}

static void link_to(struct bed *b, const char *path, char *link)
{
	char url[128];

	shl_url(&b->server, path, url, sizeof(url));
	shl_file_link(url, key, "U", 0, link, LINK);
}

static void share(struct bed *b, char *link)
{
	shl_tell(&b->server, "/f", 200, shl_file_seal(key, SHL_HEADER_FHIR, insured, strlen(insured)));
	link_to(b, "/f", link);
}

static void hold_up(struct bed *b, uint32_t request, const char *link)
{
	static lobby_Envelope envelope;
	lobby_ReadHealth *ask = &envelope.body.read_health;

	envelope.which_body = lobby_Envelope_read_health_tag;
	ask->request = request;
	ask->forget = link == NULL;
	ask->card.size = link != NULL ? (pb_size_t)strlen(link) : 0;
	memcpy(ask->card.bytes, link != NULL ? link : "", ask->card.size);
	world_send(&b->w, &envelope);
}

/* Holds it up and waits for the answer; returns its outcome. */
static int read_link(struct bed *b, uint32_t request, const char *link)
{
	int before = b->w.health_count;

	hold_up(b, request, link);
	UNTIL(&b->w, b->w.health_count > before);
	assert_int_equal(b->w.health.request, request);
	return (int)b->w.health.outcome;
}

/* A visit of Maria's; with the insurance that the link gave, if it gave any. */
static void visit_with(struct bed *b, int n, uint32_t health_request)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_visit_tag };
	lobby_Visit *visit = &envelope.body.visit;
	const lobby_InsuranceCard *card = &b->w.health.insurance;
	int before = b->w.committed_count;

	snprintf(visit->id, sizeof(visit->id), "%08x-0000-4000-8000-000000000000", (unsigned)n);
	text_copy(visit->patient_id, sizeof(visit->patient_id), "maria");
	text_copy(visit->appointment_id[visit->appointment_id_count++], sizeof(visit->appointment_id[0]), "maria-950");
	visit->health_request = health_request;
	if (card->member_id[0] != '\0') {
		visit->insurance = lobby_InsuranceStep_INSURANCE_NEW;
		visit->has_card = true;
		visit->card = *card;
		text_copy(visit->payor, sizeof(visit->payor), card->payor);
		text_copy(visit->member_id, sizeof(visit->member_id), card->member_id);
	}
	visit->started_ms = visit->finished_ms = clock_wall_ms();
	world_send(&b->w, &envelope);
	UNTIL(&b->w, b->w.committed_count > before);
	assert_int_equal(b->w.committed.err, 0);
}

static void arrives(struct bed *b)
{
	UNTIL(&b->w, b->w.sync.pushed.visits_held == 0);
}

#define UNTIL_CLINIC(b, sql, value) UNTIL(&(b)->w, clinic_number(&(b)->w.clinic, sql) == (value))

static void a_link_is_opened_while_the_patient_waits(void **state)
{
	struct bed *b = *state;
	char link[LINK];

	share(b, link);
	assert_int_equal(read_link(b, 1, link), lobby_HealthOutcome_HEALTH_VALID);
	assert_string_equal(b->w.health.family, "Garcia");
	assert_string_equal(b->w.health.birth_date, "1985-04-17");
	assert_string_equal(b->w.health.insurance.member_id, "102345672");
	assert_string_equal(b->w.health.insurance.plan, "Gold Plus");
	assert_int_equal(b->w.health.insurance.source, lobby_InsuranceSource_INSURANCE_SOURCE_LINK);
	/* Nothing is the clinic's before the patient has agreed. */
	assert_int_equal(clinic_number(&b->w.clinic, DOCUMENTS), 0);
	visit_with(b, 1, 1);
	arrives(b);
	assert_int_equal(clinic_number(&b->w.clinic, FILES), 1);
	assert_int_equal(clinic_number(&b->w.clinic, RESOLVED), 1);
	assert_int_equal(clinic_number(&b->w.clinic, COVERAGES), 1);
	assert_int_equal(clinic_number(&b->w.clinic, "SELECT count(*) FROM link_kept"), 0);
	assert_int_equal(shl_asked(&b->server, "/f", NULL, 0), 1);
}

static void who_does_not_agree_leaves_nothing(void **state)
{
	struct bed *b = *state;
	char link[LINK];

	share(b, link);
	assert_int_equal(read_link(b, 1, link), lobby_HealthOutcome_HEALTH_VALID);
	b->w.health.insurance.member_id[0] = '\0';
	visit_with(b, 1, 0);
	arrives(b);
	assert_int_equal(clinic_number(&b->w.clinic, DOCUMENTS), 0);
	assert_int_equal(clinic_number(&b->w.clinic, COVERAGES), 0);
}

static void offline_it_goes_with_the_visit(void **state)
{
	struct bed *b = *state;
	char link[LINK];

	share(b, link);
	clinic_kill(&b->w.clinic, SIGKILL);
	UNTIL(&b->w, !b->w.state.reachable);
	assert_int_equal(read_link(b, 1, link), lobby_HealthOutcome_HEALTH_LINK_LATER);
	visit_with(b, 1, 1);
	clinic_serve(&b->w.clinic, b->w.clinic.address);
	world_advance_ms(61000);
	arrives(b);
	world_advance_ms(1000);
	UNTIL_CLINIC(b, RESOLVED, 1);
	assert_int_equal(clinic_number(&b->w.clinic, FILES), 1);
	assert_int_equal(clinic_number(&b->w.clinic, COVERAGES), 1);
	assert_int_equal(clinic_number(&b->w.clinic, "SELECT insurance FROM arrival"), 2);
}

static void a_silent_sharer_is_for_later(void **state)
{
	struct bed *b = *state;
	char link[LINK];
	int before = b->w.health_count;

	shl_tell_way(&b->server, "/f", SHL_SILENT);
	link_to(b, "/f", link);
	hold_up(b, 1, link);
	UNTIL(&b->w, shl_asked(&b->server, "/f", NULL, 0) == 1);
	world_advance_ms(9100);
	UNTIL(&b->w, b->w.health_count > before);
	assert_int_equal(b->w.health.outcome, lobby_HealthOutcome_HEALTH_LINK_LATER);
	visit_with(b, 1, 1);
	arrives(b);
	share(b, link);
	world_advance_ms(1000);
	UNTIL_CLINIC(b, RESOLVED, 1);
	assert_int_equal(clinic_number(&b->w.clinic, FILES), 1);
}

static void a_silent_clinic_is_for_later(void **state)
{
	struct bed *b = *state;
	char link[LINK];
	int before = b->w.health_count;

	share(b, link);
	kill(b->w.clinic.pid, SIGSTOP);
	hold_up(b, 1, link);
	UNTIL(&b->w, b->w.sync.link_ask.request.active);
	world_advance_ms(9900);
	for (int i = 0; i < 20; i++)
		loop_turn(b->w.loop, 2);
	assert_int_equal(b->w.health_count, before);
	world_advance_ms(200);
	UNTIL(&b->w, b->w.health_count > before);
	assert_int_equal(b->w.health.outcome, lobby_HealthOutcome_HEALTH_LINK_LATER);
	kill(b->w.clinic.pid, SIGCONT);
}

static void what_cannot_be_opened_is_said_and_not_kept(void **state)
{
	static const struct {
		unsigned status;
		int outcome;
	} answers[] = { { 404, lobby_HealthOutcome_HEALTH_LINK_GONE },
			{ 401, lobby_HealthOutcome_HEALTH_LINK_PASSCODE },
			{ 200, lobby_HealthOutcome_HEALTH_LINK_REFUSED },
			{ 503, lobby_HealthOutcome_HEALTH_LINK_LATER } };
	struct bed *b = *state;
	char link[LINK];
	uint32_t request = 0;

	link_to(b, "/f", link);
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		shl_tell(&b->server, "/f", answers[i].status, NULL);
		assert_int_equal(read_link(b, ++request, link), answers[i].outcome);
		assert_int_equal(health_document(&b->w.sync.health, request) != NULL,
				 answers[i].outcome == lobby_HealthOutcome_HEALTH_LINK_LATER);
	}
	visit_with(b, 1, request - 1);
	arrives(b);
	assert_int_equal(clinic_number(&b->w.clinic, DOCUMENTS), 0);
}

/* Another card, the session's end, and a visit while the clinic still looks: who is not waited for is not heard. */
static void a_patient_who_went_on_is_not_answered(void **state)
{
	struct bed *b = *state;
	char slow[LINK], link[LINK];
	int before = b->w.health_count;

	shl_tell_way(&b->server, "/slow", SHL_SILENT);
	link_to(b, "/slow", slow);
	share(b, link);
	hold_up(b, 1, slow);
	UNTIL(&b->w, shl_asked(&b->server, "/slow", NULL, 0) == 1);
	assert_int_equal(read_link(b, 2, link), lobby_HealthOutcome_HEALTH_VALID);
	assert_int_equal(b->w.health_count, before + 1);
	hold_up(b, 3, slow);
	UNTIL(&b->w, b->w.sync.link_ask.request.active);
	hold_up(b, 3, NULL);
	UNTIL(&b->w, !b->w.sync.link_ask.request.active);
	hold_up(b, 4, slow);
	UNTIL(&b->w, b->w.sync.link_ask.request.active);
	b->w.health.insurance.member_id[0] = '\0';
	visit_with(b, 1, 4);
	assert_false(b->w.sync.link_ask.request.active);
	arrives(b);
	assert_int_equal(b->w.health_count, before + 1);
	assert_int_equal(clinic_number(&b->w.clinic, "SELECT count(*) FROM document WHERE state = 'held'"), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_link_is_opened_while_the_patient_waits),
		TEST(who_does_not_agree_leaves_nothing),
		TEST(offline_it_goes_with_the_visit),
		TEST(a_silent_sharer_is_for_later),
		TEST(a_silent_clinic_is_for_later),
		TEST(what_cannot_be_opened_is_said_and_not_kept),
		TEST(a_patient_who_went_on_is_not_answered),
	};

	setenv("TZ", "America/New_York", 1);
	return cmocka_run_group_tests(tests, world_clock, NULL);
}

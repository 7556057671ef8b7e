/* src/sync: the roster by feed, and who is found in it. */
#include "sync_fixture.h"

#include "sync/identify.h"
#include "sync/settings.h"
#include "sync/sync.h"
#include "wire/wire.h"

struct desk {
	struct kiosk k;
	lobby_Settings settings;
	lobby_Identified answer;
};

static int set_up(void **state)
{
	struct desk *d = calloc(1, sizeof(*d));

	kiosk_setup(&d->k);
	wire_settings_default(&d->settings);
	*state = d;
	return 0;
}

static int tear_down(void **state)
{
	struct desk *d = *state;

	kiosk_teardown(&d->k);
	free(d);
	return 0;
}

static int ask(struct desk *d, const lobby_Identify *query)
{
	assert_int_equal(identify_run(&d->k.roster, &d->settings, true, clock_wall_ms(), query, &d->answer), 0);
	assert_int_equal(d->answer.request, query->request);
	/* Nothing about anybody unless one was found. */
	if (d->answer.outcome != lobby_IdentifyOutcome_IDENTIFY_FOUND) {
		lobby_Identified nothing = { .request = query->request, .outcome = d->answer.outcome };

		assert_memory_equal(&d->answer, &nothing, sizeof(nothing));
	}
	return (int)d->answer.outcome;
}

static void asks_for_as_much_as_it_needs(void **state)
{
	struct desk *d = *state;
	lobby_Identify query = { .request = 7, .birth_date = "1985-04-17" };
	struct roster_entry e = person("a1", "p1", "1985-04-17", "García-Núñez", "María Elena");

	put(&d->k, &e);
	assert_int_equal(ask(d, &query), lobby_IdentifyOutcome_IDENTIFY_NEED_FAMILY);
	text_copy(query.family, sizeof(query.family), "n");
	assert_int_equal(ask(d, &query), lobby_IdentifyOutcome_IDENTIFY_FOUND);
	assert_string_equal(d->answer.person.patient_id, "p1");
	assert_string_equal(d->answer.person.phone_masked, "••• ••• 0142");
	assert_string_equal(d->answer.person.birth_date, "1985-04-17");
	assert_string_equal(d->answer.person.family, ""); /* no label is printed */
	assert_false(d->answer.person.has_coverage);
	text_copy(query.family, sizeof(query.family), "z");
	assert_int_equal(ask(d, &query), lobby_IdentifyOutcome_IDENTIFY_NONE);

	/* A twin: the first name, and only that, tells them apart. */
	e = person("a2", "p2", "1985-04-17", "Garcia-Nunez", "Rosa");
	put(&d->k, &e);
	text_copy(query.family, sizeof(query.family), "g");
	assert_int_equal(ask(d, &query), lobby_IdentifyOutcome_IDENTIFY_NEED_GIVEN);
	text_copy(query.given, sizeof(query.given), "r");
	assert_int_equal(ask(d, &query), lobby_IdentifyOutcome_IDENTIFY_FOUND);
	assert_string_equal(d->answer.person.patient_id, "p2");
	text_copy(query.birth_date, sizeof(query.birth_date), "1985-04-18");
	assert_int_equal(ask(d, &query), lobby_IdentifyOutcome_IDENTIFY_NONE);
}

static void a_letter_or_a_card_is_enough(void **state)
{
	struct desk *d = *state;
	struct roster_entry mother = person("a1", "p1", "1985-04-17", "Garcia", "Maria");
	struct roster_entry other = person("a2", "p2", "1985-04-17", "Garcia", "Marta");
	lobby_Identify letter = { .appointment_code = "K7-LETTER" }, licence = {
		.birth_date = "1985-04-17", .family = "GARCIA", .given = "MARIA", .from_card = true
	};
	lobby_Identify card = { .birth_date = "1985-04-17", .member_id = "xgh 884-104 417" };
	uint8_t hash[16];

	crypto_generichash(hash, sizeof(hash), (const uint8_t *)"XGH884104417", 12, NULL, 0);
	sodium_bin2hex(mother.member_hash, sizeof(mother.member_hash), hash, sizeof(hash));
	text_copy(mother.code, sizeof(mother.code), "K7-LETTER");
	text_copy(mother.coverage_id, sizeof(mother.coverage_id), "c1");
	text_copy(mother.member_last4, sizeof(mother.member_last4), "4417");
	mother.copay_cents = 2500;
	put(&d->k, &mother);
	put(&d->k, &other);
	assert_int_equal(ask(d, &letter), lobby_IdentifyOutcome_IDENTIFY_FOUND);
	assert_string_equal(d->answer.person.patient_id, "p1");
	assert_true(d->answer.person.has_coverage);
	assert_int_equal(d->answer.person.coverage.copay_cents, 2500);
	text_copy(letter.appointment_code, sizeof(letter.appointment_code), "K7-OTHER");
	assert_int_equal(ask(d, &letter), lobby_IdentifyOutcome_IDENTIFY_NONE);
	assert_int_equal(ask(d, &licence), lobby_IdentifyOutcome_IDENTIFY_FOUND);
	assert_string_equal(d->answer.person.patient_id, "p1");
	assert_int_equal(ask(d, &card), lobby_IdentifyOutcome_IDENTIFY_FOUND);
	assert_string_equal(d->answer.person.patient_id, "p1");
	/* A card that nobody knows leaves the birthday. */
	text_copy(card.member_id, sizeof(card.member_id), "NEW-1");
	assert_int_equal(ask(d, &card), lobby_IdentifyOutcome_IDENTIFY_NEED_FAMILY);
	/* The code moves to another appointment: the newest has it, and nothing breaks. */
	text_copy(other.code, sizeof(other.code), "K7-LETTER");
	put(&d->k, &other);
	text_copy(letter.appointment_code, sizeof(letter.appointment_code), "K7-LETTER");
	assert_int_equal(ask(d, &letter), lobby_IdentifyOutcome_IDENTIFY_FOUND);
	assert_string_equal(d->answer.person.patient_id, "p2");
}

static void appointments_come_ready_first_with_their_state(void **state)
{
	static const lobby_AppointmentState states[] = {
		lobby_AppointmentState_APPOINTMENT_READY,     lobby_AppointmentState_APPOINTMENT_ARRIVED,
		lobby_AppointmentState_APPOINTMENT_LATE,      lobby_AppointmentState_APPOINTMENT_CANCELLED,
		lobby_AppointmentState_APPOINTMENT_EARLY,     lobby_AppointmentState_APPOINTMENT_OTHER_CLINIC,
		lobby_AppointmentState_APPOINTMENT_OTHER_DAY,
	};
	static const char *const ids[] = { "ready", "arrived", "late", "cancelled", "early", "elsewhere", "tomorrow" };
	static const int minutes[] = { 10, -90, -60, -30, 120, 180, 24 * 60 };
	struct desk *d = *state;
	lobby_Identify query = { .birth_date = "1985-04-17", .family = "g" };

	for (int i = 6; i >= 0; i--) {
		struct roster_entry e = person(ids[i], "p1", "1985-04-17", "Garcia", "Maria");

		e.start_ms = NOW_MS + minutes[i] * MINUTE_MS;
		e.status = i == 1 ? ROSTER_ARRIVED : i == 3 ? ROSTER_CANCELLED : ROSTER_BOOKED;
		text_copy(e.ticket, sizeof(e.ticket), i == 1 ? "B 03" : "");
		e.here = i != 5;
		put(&d->k, &e);
	}
	assert_int_equal(ask(d, &query), lobby_IdentifyOutcome_IDENTIFY_FOUND);
	assert_int_equal(d->answer.appointment_count, 7);
	for (pb_size_t i = 0; i < 7; i++) {
		assert_string_equal(d->answer.appointment[i].id, ids[i]);
		assert_int_equal(d->answer.appointment[i].state, states[i]);
		/* What for is nobody's business in a lobby unless the clinic allows it. */
		assert_string_equal(d->answer.appointment[i].service_type, "");
	}
	assert_string_equal(d->answer.appointment[1].ticket, "B 03");
	assert_int_equal(d->answer.appointment[4].opens_ms, NOW_MS + 60 * MINUTE_MS);
	d->settings.show_service_type = true;
	assert_int_equal(ask(d, &query), lobby_IdentifyOutcome_IDENTIFY_FOUND);
	assert_string_equal(d->answer.appointment[0].service_type, "Follow-up");
}

/* The feed may still say "booked" about somebody who checked in here a moment ago. */
static void a_checkin_made_here_survives_an_older_feed(void **state)
{
	struct desk *d = *state;
	struct roster_entry e = person("a1", "p1", "1985-04-17", "Garcia", "Maria");
	lobby_Identify query = { .birth_date = "1985-04-17", .family = "g" };
	lobby_Visit visit = arrival("00000001-0000-4000-8000-000000000000", "p1", "a1");
	lobby_VisitCommitted answer;

	put(&d->k, &e);
	assert_int_equal(outbox_commit_visit(&d->k.outbox, &d->k.identity, &visit, NULL, NOW_MS, &answer), 0);
	put(&d->k, &e);
	ask(d, &query);
	assert_int_equal(d->answer.appointment[0].state, lobby_AppointmentState_APPOINTMENT_ARRIVED);
	assert_string_equal(d->answer.appointment[0].ticket, "B 01");
	e.status = ROSTER_ARRIVED;
	text_copy(e.ticket, sizeof(e.ticket), "B 01");
	put(&d->k, &e);
	/* Once the clinic has said so itself, what it says next counts. */
	e.status = ROSTER_BOOKED;
	e.ticket[0] = '\0';
	put(&d->k, &e);
	ask(d, &query);
	assert_int_equal(d->answer.appointment[0].state, lobby_AppointmentState_APPOINTMENT_READY);
}

static void lookups_use_indexes(void **state)
{
	struct desk *d = *state;
	sqlite3_stmt *stmts[] = { d->k.roster.by_birth, d->k.roster.by_member, d->k.roster.by_code,
				  d->k.roster.of_patient };

	for (size_t i = 0; i < sizeof(stmts) / sizeof(stmts[0]); i++) {
		char sql[2048];
		sqlite3_stmt *plan = NULL;

		snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s", sqlite3_sql(stmts[i]));
		assert_int_equal(db_prepare(&d->k.store.db, sql, &plan), 0);
		while (db_step(&d->k.store.db, plan) == 1)
			assert_null(strstr(db_text(plan, 3), "SCAN"));
		sqlite3_finalize(plan);
	}
}

/* ---- by feed: a whole lobby-sync, not enrolled, so that nothing but these answers comes ---- */

struct program {
	char folder[64], run[64], socket[100];
	struct loop *loop;
	struct sync sync;
};

static int start(void **state)
{
	struct program *p = calloc(1, sizeof(*p));

	clock_use_virtual(NOW_MS);
	make_folder(p->folder);
	make_folder(p->run);
	snprintf(p->socket, sizeof(p->socket), "%s/sync.sock", p->run);
	p->loop = loop_new();
	assert_int_equal(sync_init(&p->sync, p->loop, p->folder, p->folder, p->socket), 0);
	*state = p;
	return 0;
}

static int end(void **state)
{
	struct program *p = *state;

	sync_fini(&p->sync);
	loop_free(p->loop);
	remove_folder(p->folder);
	remove_folder(p->run);
	free(p);
	return 0;
}

#define ENTRY(n, start) \
	"{\"type\":\"roster\",\"id\":\"a" n "\",\"entry\":{\"appointment_id\":\"a" n "\",\"patient_id\":\"p" n "\"," \
	"\"start_ms\":" start ",\"minutes\":20,\"status\":\"booked\",\"birth_date\":\"1970-01-0" n "\"," \
	"\"family\":\"Test\",\"given\":\"N" n "\",\"here\":true,\"coverage\":null}}"
#define TODAY "1795445460000"
#define TOMORROW "1795531860000"

static int feed(struct program *p, const char *text)
{
	bool more;
	int changes;

	return feed_apply(&p->sync, text, strlen(text), &more, &changes);
}

static uint32_t rows(struct program *p)
{
	uint32_t count = 0;

	assert_int_equal(roster_count(&p->sync.roster, &count), 0);
	return count;
}

static void a_whole_replaces_what_was_there(void **state)
{
	struct program *p = *state;
	char cursor[32];

	assert_int_equal(feed(p, "{\"cursor\":\"1\",\"reset\":true,\"more\":true,\"changes\":[" ENTRY("1", TODAY) "]}"),
			 0);
	assert_false(p->sync.has_roster);
	assert_int_equal(
		feed(p, "{\"cursor\":\"2\",\"reset\":false,\"more\":false,\"changes\":[" ENTRY("2", TODAY) "]}"), 0);
	assert_true(p->sync.has_roster);
	assert_int_equal(rows(p), 2);
	assert_int_equal(
		feed(p,
		     "{\"cursor\":\"3\",\"reset\":false,\"more\":false,\"changes\":[{\"type\":\"roster\",\"id\":\"a1\","
		     "\"deleted\":true}]}"),
		0);
	assert_int_equal(rows(p), 1);
	/* The next whole comes in two answers: until the second, the old row is still there to be found. */
	assert_int_equal(feed(p, "{\"cursor\":\"9\",\"reset\":true,\"more\":true,\"changes\":[" ENTRY("3", TODAY) "]}"),
			 0);
	assert_int_equal(rows(p), 2);
	assert_int_equal(
		feed(p, "{\"cursor\":\"10\",\"reset\":false,\"more\":false,\"changes\":[" ENTRY("4", TODAY) "]}"), 0);
	assert_int_equal(rows(p), 2);
	assert_int_equal(store_get_text(&p->sync.store, "cursor", cursor, sizeof(cursor)), 0);
	assert_string_equal(cursor, "10");
}

/* A logo that makes no sense, or is none, is no reason to have no appointments. */
static void a_bad_logo_keeps_no_roster_away(void **state)
{
	static const char *const logos[] = { "null", "7", "{\"bits\":\"@\"}" };
	struct program *p = *state;
	char text[1024];

	for (size_t i = 0; i < sizeof(logos) / sizeof(logos[0]); i++) {
		snprintf(text, sizeof(text),
			 "{\"cursor\":\"1\",\"reset\":true,\"more\":false,\"changes\":["
			 "{\"type\":\"logo\",\"logo\":%s}," ENTRY("1", TODAY) "]}",
			 logos[i]);
		assert_int_equal(feed(p, text), 0);
		assert_int_equal(rows(p), 1);
	}
}

static void nonsense_changes_nothing(void **state)
{
	static const char *const answers[] = { "",
					       "{",
					       "[]",
					       "{\"changes\":{}}",
					       "{\"changes\":[]}",
					       "{\"cursor\":\"5\"}",
					       "{\"cursor\":{},\"changes\":[]}" };
	struct program *p = *state;

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		assert_int_equal(feed(p, answers[i]), LOBBY_ERR_PROTOCOL);
	/* Single entries that make no sense are left out; the others count. */
	assert_int_equal(feed(p, "{\"cursor\":\"1\",\"reset\":true,\"changes\":[7,{},{\"type\":\"roster\"},"
				 "{\"type\":\"roster\",\"entry\":{\"appointment_id\":\"x\",\"patient_id\":\"p\","
				 "\"birth_date\":\"17.4.1985\",\"start_ms\":1}}," ENTRY("1", TODAY) "]}"),
			 0);
	assert_int_equal(rows(p), 1);
}

static void settings_are_kept(void **state)
{
	struct program *p = *state;
	lobby_Settings kept;

	assert_int_equal(p->sync.settings.early_min, 60);
	assert_int_equal(feed(p, "{\"cursor\":\"1\",\"changes\":[{\"type\":\"settings\",\"settings\":{\"clinic_name\":"
				 "\"Example Family Clinic\",\"early_min\":30,\"late_min\":-1,\"print_slip\":false,"
				 "\"language\":[\"es\",\"en\"]}}]}"),
			 0);
	settings_load(&p->sync.store, &kept);
	assert_memory_equal(&kept, &p->sync.settings, sizeof(kept));
	assert_string_equal(kept.clinic_name, "Example Family Clinic");
	assert_int_equal(kept.early_min, 30);
	assert_int_equal(kept.late_min, 15);
	assert_false(kept.print_slip);
	assert_string_equal(kept.language[0], "es");
}

/* At local midnight yesterday goes, from the log's file too. */
static void the_day_ends_at_midnight(void **state)
{
	struct program *p = *state;
	char path[128];
	struct stat info;

	assert_int_equal(feed(p, "{\"cursor\":\"1\",\"reset\":true,\"changes\":[" ENTRY("1", TODAY) "," ENTRY(
					 "2", TOMORROW) "]}"),
			 0);
	assert_int_equal(rows(p), 2);
	/* 14 h 18 min 59 s later it is 23:59:59. */
	for (int i = 0; i < 859; i++) {
		clock_advance_ms(MINUTE_MS);
		loop_turn(p->loop, 0);
	}
	assert_int_equal(rows(p), 1 + (clock_day_start_ms(clock_wall_ms()) == clock_day_start_ms(NOW_MS)));
	assert_int_equal(clock_civil_of(clock_wall_ms()).hour, 0);
	assert_int_equal(rows(p), 1);
	snprintf(path, sizeof(path), "%s/kiosk.db-wal", p->folder);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_size, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
#define P(f) cmocka_unit_test_setup_teardown(f, start, end)
	const struct CMUnitTest tests[] = {
		T(asks_for_as_much_as_it_needs),
		T(a_letter_or_a_card_is_enough),
		T(appointments_come_ready_first_with_their_state),
		T(a_checkin_made_here_survives_an_older_feed),
		T(lookups_use_indexes),
		P(a_whole_replaces_what_was_there),
		P(a_bad_logo_keeps_no_roster_away),
		P(nonsense_changes_nothing),
		P(settings_are_kept),
		P(the_day_ends_at_midnight),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

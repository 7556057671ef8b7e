/* Cards that come when the kiosk does not expect them: after a warning, after the end, during a question that is not
 * about them, from somebody else, or while lobby-sync starts again. Driven as lobby-devices and lobby-sync would. */
#include "base/clock.h"
#include "base/text.h"
#include "kiosk/app.h"
#include "kiosk/idle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define AT_0941 1795444860000
#define LINK "shlink:/eyJ1cmwiOiJo"
#define HEALTH_ID "%WH808401234567893^XGH8841-04417^OKAFOR/GRACE A^DB19790917?"

static const struct ui_panel portrait = { 1080, 1920, 1080 / 194.0 };

static struct app app;
static struct loop *loop;
static char folder[] = "/tmp/lobby-wallet-XXXXXX";

/* ---- lobby-sync, as far as the kiosk sees it ---- */

static struct {
	struct wire_server *server;
	uint32_t request; /* of the last ReadHealth */
	size_t len;
	int reads, visits, reads_before_visit;
	lobby_Visit visit;
} sync_peer;

static void on_message(void *arg, struct wire_conn *conn, const lobby_Envelope *envelope)
{
	(void)arg;
	(void)conn;
	if (envelope->which_body == lobby_Envelope_read_health_tag && !envelope->body.read_health.forget) {
		sync_peer.request = envelope->body.read_health.request;
		sync_peer.len = envelope->body.read_health.card.size;
		sync_peer.reads++;
	} else if (envelope->which_body == lobby_Envelope_visit_tag) {
		sync_peer.visit = envelope->body.visit;
		sync_peer.reads_before_visit = sync_peer.reads;
		sync_peer.visits++;
	}
}

static void on_state(void *arg, struct wire_conn *conn, bool up)
{
	(void)arg;
	(void)conn;
	(void)up;
}

static void pump(void)
{
	for (int i = 0; i < 50; i++)
		loop_turn(loop, 0);
}

static void sync_starts(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/sync.sock", folder);
	sync_peer.server = wire_server_new(loop, path, lobby_Program_PROGRAM_SYNC, on_message, on_state, NULL);
	assert_non_null(sync_peer.server);
	for (int i = 0; i < 30 && !app.link.sync.up; i++) {
		clock_advance_ms(50);
		pump();
	}
	assert_true(app.link.sync.up);
}

static void sync_dies(void)
{
	wire_server_free(sync_peer.server);
	sync_peer.server = NULL;
	pump();
	assert_false(app.link.sync.up);
}

/* ---- the kiosk ---- */

static const lobby_Identified maria = {
	.outcome = lobby_IdentifyOutcome_IDENTIFY_FOUND,
	.has_person = true,
	.person = { .patient_id = "p1",
		    .given = "Maria",
		    .birth_date = "1985-04-17",
		    .has_coverage = true,
		    .coverage = { .id = "c1", .payor = "Blue Ridge Health PPO", .member_last4 = "4417" } },
	.appointment_count = 1,
	.appointment = { { .id = "a1", .start_ms = AT_0941 + 19 * 60000, .practitioner = "Dr. Priya Shah" } },
};

static int start(void **state)
{
	struct app_options options = { .panel = portrait, .assets = "assets", .run = folder };
	static char locale[512];

	(void)state;
	snprintf(locale, sizeof(locale), "%s/locale", getenv("LOBBY_BUILD"));
	options.locale = locale;
	clock_use_virtual(AT_0941);
	memset(&sync_peer, 0, sizeof(sync_peer));
	loop = loop_new();
	assert_int_equal(app_init(&app, loop, &options), 0);
	app.settings.print_slip = false;
	sync_starts();
	return 0;
}

static int stop(void **state)
{
	(void)state;
	wire_server_free(sync_peer.server);
	app_fini(&app);
	loop_free(loop);
	return 0;
}

static void is_on(enum screen_id screen)
{
	session_take_found(&app.session, &maria);
	app.session.active = true;
	app_go(&app, screen);
	app_refresh(&app);
}

static void scan(lobby_ScanSource source, const char *text)
{
	static lobby_Scan message;

	message = (lobby_Scan){ .source = source };
	message.data.size = (pb_size_t)strlen(text);
	memcpy(message.data.bytes, text, strlen(text));
	app_on_scan(&app, &message);
	pump();
}

static void press(const char *id)
{
	struct ui_event event;

	app_refresh(&app);
	event = ui_press(app.ui, id);
	if (event.kind == UI_EVENT_NONE)
		fail_msg("there is no %s on %s", id, flow_screen_name(app.screen));
	app_ui_event(&app, &event);
	pump();
}

static bool shows(const char *text)
{
	char *dump = NULL;
	size_t len = 0;
	bool found;
	FILE *out = open_memstream(&dump, &len);

	app.dirty = true;
	app_refresh(&app);
	ui_dump(app.ui, out, false);
	fclose(out);
	found = strstr(dump, text) != NULL;
	free(dump);
	return found;
}

static lobby_HealthRead record_of(const char *family, const char *birth_date)
{
	lobby_HealthRead read = { .request = app.health.last_request, .immunizations = 2 };

	text_copy(read.family, sizeof(read.family), family);
	text_copy(read.given, sizeof(read.given), "Maria");
	text_copy(read.birth_date, sizeof(read.birth_date), birth_date);
	return read;
}

static void commit(void)
{
	lobby_VisitCommitted committed = { .ticket = "B 14" };

	assert_int_equal(app.pending, PENDING_VISIT);
	text_copy(committed.id, sizeof(committed.id), app.session.visit.id);
	app_on_committed(&app, &committed);
}

/* ---- time ---- */

/* Who holds up a card after the warning is still there, and is not wiped when its seconds have run out. */
static void a_card_answers_the_warning(void **state)
{
	(void)state;
	is_on(SCREEN_CONTACT);
	app.overlay = OVERLAY_STILL_THERE;
	idle_clear_in(&app, 10);
	scan(lobby_ScanSource_SCAN_CODE, HEALTH_ID);
	for (int i = 0; i < 15; i++) {
		clock_advance_ms(1000);
		pump();
	}
	assert_int_equal(app.screen, SCREEN_CONTACT);
	assert_true(app.session.identified);
	app.overlay = OVERLAY_STILL_THERE;
	idle_clear_in(&app, 10);
	app_on_slot(&app, &(lobby_CardSlot){ .state = lobby_CardSlotState_CARD_SLOT_READING });
	for (int i = 0; i < 15; i++) {
		clock_advance_ms(1000);
		pump();
	}
	assert_int_equal(app.screen, SCREEN_CONTACT);
}

/* A kiosk that stopped with a card in it says that the card is there. */
static void a_card_is_not_left_in_a_kiosk_out_of_order(void **state)
{
	(void)state;
	is_on(SCREEN_CONTACT);
	app.slot = lobby_CardSlotState_CARD_SLOT_DONE;
	app_go(&app, SCREEN_OUT_OF_ORDER);
	assert_true(shows("Please take your card out of the reader."));
}

/* ---- health records ---- */

/* The clinic needed its ten seconds, the patient did not: the number that they read stays. */
static void an_answer_after_the_end_changes_nothing(void **state)
{
	lobby_HealthRead read;

	(void)state;
	is_on(SCREEN_CONTACT);
	scan(lobby_ScanSource_SCAN_CODE, LINK);
	assert_int_equal(sync_peer.reads, 1);
	read = record_of("Garcia", "1985-04-17");
	press("yes");
	press("yes"); /* insurance */
	commit();
	assert_int_equal(app.screen, SCREEN_DONE);
	health_on_read(&app, &read);
	assert_int_equal(app.screen, SCREEN_DONE);
	assert_int_equal(app.pending, PENDING_NOTHING);
	clock_advance_ms(15000);
	pump();
	assert_false(shows("That takes too long"));
}

/* Nor does it take a patient off a screen whose answer is on its way to the disk. */
static void an_answer_during_saving_changes_nothing(void **state)
{
	lobby_HealthRead read;

	(void)state;
	is_on(SCREEN_INSURANCE);
	scan(lobby_ScanSource_SCAN_CODE, LINK);
	read = record_of("Garcia", "1985-04-17");
	read.has_insurance = true;
	text_copy(read.insurance.member_id, sizeof(read.insurance.member_id), "NEW12345");
	press("yes");
	assert_int_equal(app.pending, PENDING_VISIT);
	health_on_read(&app, &read);
	assert_int_equal(app.screen, SCREEN_INSURANCE);
	assert_int_equal(app.session.health.request, 0);
}

/* A mother's card was read, and then her child was found. */
static void a_record_of_somebody_else_is_not_offered(void **state)
{
	(void)state;
	app_go(&app, SCREEN_PHONE);
	app.session.health = record_of("Garcia", "1960-01-02");
	app.session.health.request = 7;
	app.session.health.has_insurance = true;
	app.session.has_card = true;
	session_take_found(&app.session, &maria);
	assert_false(session_has_record(&app.session));
	assert_false(app.session.has_card);
	/* By the letter nobody typed a birthday: the roster's counts. */
	session_forget_person(&app.session);
	is_on(SCREEN_CONTACT);
	assert_string_equal(app.session.query.birth_date, "");
	scan(lobby_ScanSource_SCAN_CODE, LINK);
	health_on_read(&app, &(lobby_HealthRead){ .request = app.health.last_request,
						  .immunizations = 1,
						  .birth_date = "1960-01-02" });
	assert_true(shows("That card belongs to somebody else."));
	assert_false(session_has_record(&app.session));
}

/* What nobody will be asked about is not promised. */
static void nothing_is_promised_that_is_not_asked(void **state)
{
	lobby_HealthRead read;

	(void)state;
	is_on(SCREEN_CONTACT);
	scan(lobby_ScanSource_SCAN_CODE, LINK);
	read = record_of("Garcia", "1985-04-17");
	read.immunizations = 0;
	health_on_read(&app, &read);
	assert_false(shows("We will ask"));
	assert_true(shows("We already know who you are."));
	scan(lobby_ScanSource_SCAN_CODE, LINK);
	read = record_of("Garcia", "1985-04-17");
	health_on_read(&app, &read);
	assert_true(shows("We will ask you about it"));
}

/* A link that nobody could open says nothing of who holds it. */
static void a_link_identifies_nobody(void **state)
{
	(void)state;
	scan(lobby_ScanSource_SCAN_CODE, LINK);
	text_copy(app.session.query.birth_date, sizeof(app.session.query.birth_date), "1985-04-17");
	health_on_read(&app, &(lobby_HealthRead){ .request = app.health.last_request,
						  .outcome = lobby_HealthOutcome_HEALTH_LINK_LATER });
	assert_int_equal(app.session.by, lobby_IdentifiedBy_IDENTIFIED_BY_BIRTHDAY);
}

/* lobby-sync held the record in its memory: started again it reads it again, and before it gets the visit. */
static void a_record_outlives_lobby_sync(void **state)
{
	lobby_HealthRead read;

	(void)state;
	is_on(SCREEN_SHARE);
	scan(lobby_ScanSource_SCAN_CODE, LINK);
	read = record_of("Garcia", "1985-04-17");
	health_on_read(&app, &read);
	press("share");
	assert_int_equal(sync_peer.visits, 1);
	sync_dies();
	sync_starts();
	pump();
	assert_int_equal(sync_peer.visits, 2);
	assert_int_equal(sync_peer.visit.health_request, sync_peer.request);
	assert_int_equal(sync_peer.reads, 2);
	assert_int_equal(sync_peer.reads_before_visit, 2);
	assert_int_equal(sync_peer.len, strlen(LINK));
	/* After the session nothing is left to read. */
	commit();
	app_fire(&app, FLOW_START_OVER);
	for (size_t i = 0; i < sizeof(app.health.kept); i++) {
		assert_int_equal(((const uint8_t *)&app.health.kept)[i], 0);
		assert_int_equal(((const uint8_t *)&app.health.asked)[i], 0);
	}
	sync_dies();
	sync_starts();
	pump();
	assert_int_equal(sync_peer.reads, 2);
}

/* lobby-sync remembers one: a second card that is none does not cost the first, nor does one that is still looked at.
 */
static void a_second_card_costs_nothing(void **state)
{
	lobby_HealthRead read;
	uint32_t first;

	(void)state;
	is_on(SCREEN_CONTACT);
	scan(lobby_ScanSource_SCAN_CODE, LINK);
	first = sync_peer.request;
	read = record_of("Garcia", "1985-04-17");
	health_on_read(&app, &read);
	scan(lobby_ScanSource_SCAN_CODE, LINK "AB");
	read = (lobby_HealthRead){ .request = app.health.last_request,
				   .outcome = lobby_HealthOutcome_HEALTH_LINK_GONE };
	health_on_read(&app, &read);
	pump();
	assert_int_equal(sync_peer.request, first);
	assert_int_equal(sync_peer.len, strlen(LINK));
	app_go(&app, SCREEN_SHARE);
	scan(lobby_ScanSource_SCAN_CODE, LINK "AB");
	assert_int_not_equal(sync_peer.request, first);
	press("share");
	assert_int_equal(sync_peer.request, first);
	assert_int_equal(sync_peer.reads, sync_peer.reads_before_visit);
	assert_int_equal(sync_peer.visit.health_request, first);
}

/* The same while the answer is outstanding. */
static void a_question_outlives_lobby_sync(void **state)
{
	(void)state;
	is_on(SCREEN_CONTACT);
	scan(lobby_ScanSource_SCAN_CODE, LINK);
	sync_dies();
	clock_advance_ms(1500);
	pump();
	assert_int_equal(app.screen, SCREEN_OUT_OF_ORDER);
	sync_starts();
	pump();
	assert_int_equal(sync_peer.reads, 2);
	assert_int_equal(app.screen, SCREEN_APPOINTMENTS);
	health_on_read(&app, &(lobby_HealthRead){ .request = sync_peer.request, .immunizations = 1 });
	assert_true(session_has_record(&app.session));
}

/* ---- insurance ---- */

static void the_card_that_the_clinic_has(void **state)
{
	static const enum screen_id screens_with[] = { SCREEN_INSURANCE, SCREEN_INSURANCE_NEW, SCREEN_INSURANCE_CARD,
						       SCREEN_INSURANCE_TYPE };

	(void)state;
	for (size_t i = 0; i < sizeof(screens_with) / sizeof(screens_with[0]); i++) {
		is_on(screens_with[i]);
		scan(lobby_ScanSource_SCAN_CODE, HEALTH_ID);
		/* "You can go on below": here that is true. */
		assert_int_equal(app.screen, SCREEN_INSURANCE);
		assert_true(shows("That is the card that we have."));
	}
	is_on(SCREEN_SHARE);
	scan(lobby_ScanSource_SCAN_CODE, HEALTH_ID);
	assert_int_equal(app.screen, SCREEN_SHARE);
	assert_true(shows("That is the card that we have."));
}

static void a_new_card_after_its_question(void **state)
{
	(void)state;
	is_on(SCREEN_SHARE);
	app.session.health = record_of("Garcia", "1985-04-17");
	app.session.health.request = 7;
	text_copy(app.session.found.person.coverage.member_last4, 9, "9999");
	scan(lobby_ScanSource_SCAN_STRIPE, HEALTH_ID);
	assert_int_equal(app.screen, SCREEN_INSURANCE_CARD);
	/* The standard's card has no insurer's name: the patient adds it, and the card says the rest. */
	press("yes");
	assert_int_equal(app.screen, SCREEN_INSURANCE_TYPE);
	ui_field_set(app.ui, "payor", "Example Health");
	press("save");
	assert_int_equal(app.screen, SCREEN_SHARE);
	press("no");
	assert_int_equal(sync_peer.visit.insurance, lobby_InsuranceStep_INSURANCE_NEW);
	assert_string_equal(sync_peer.visit.payor, "Example Health");
	assert_string_equal(sync_peer.visit.member_id, "XGH8841-04417");
	assert_true(sync_peer.visit.has_card);
	assert_int_equal(sync_peer.visit.card.source, lobby_InsuranceSource_INSURANCE_SOURCE_STRIPE);
	assert_string_equal(sync_peer.visit.card.payor_id, "808401234567893");
	assert_string_equal(sync_peer.visit.card.birth_date, "1979-09-17");
}

/* A number that was typed over is not the card's. */
static void a_corrected_number_is_typed(void **state)
{
	(void)state;
	is_on(SCREEN_INSURANCE_TYPE);
	text_copy(app.session.found.person.coverage.member_last4, 9, "9999");
	scan(lobby_ScanSource_SCAN_STRIPE, HEALTH_ID);
	press("yes");
	ui_field_set(app.ui, "payor", "Example Health");
	ui_field_set(app.ui, "member-id", "XGH8841-04418");
	press("save");
	assert_int_equal(sync_peer.visits, 1);
	assert_false(sync_peer.visit.has_card);
}

/* What the one before typed is not in the fields of the next. */
static void the_next_card_finds_empty_fields(void **state)
{
	(void)state;
	is_on(SCREEN_INSURANCE_TYPE);
	ui_field_set(app.ui, "member-id", "SECRET123");
	app.session.reason = lobby_HandoverReason_HANDOVER_EARLY;
	app_go(&app, SCREEN_NOTICE);
	app_refresh(&app);
	scan(lobby_ScanSource_SCAN_CODE, HEALTH_ID);
	assert_int_equal(app.pending, PENDING_IDENTIFY);
	assert_string_equal(ui_field_text(app.ui, "member-id"), "");
}

/* ---- labels ---- */

static struct label *printing_label(void)
{
	struct label *label = &app.labels.label[0];

	is_on(SCREEN_DONE);
	app.settings.print_wristband = true;
	labels_print(&app); /* no printer here: that it was sent is set by hand */
	label->state = lobby_SlipState_SLIP_PRINTING;
	text_copy(app.papers.print[0].job, sizeof(app.papers.print[0].job), label->job);
	return label;
}

/* A quick "Done" costs nobody their wristband, and the next one's screen does not show it. */
static void a_wristband_comes_out_after_done(void **state)
{
	struct label *label = printing_label();
	lobby_Printed printed = { 0 };

	(void)state;
	text_copy(printed.job, sizeof(printed.job), label->job);
	press("done");
	assert_string_equal(app.papers.print[0].job, printed.job);
	assert_null(labels_find(&app, lobby_PrintForm_PRINT_WRISTBAND));
	labels_on_printed(&app, &printed);
	assert_string_equal(label->job, "");
	/* One that does not come out is called back, and forgotten whole. */
	label = printing_label();
	press("done");
	for (int i = 0; i < 21; i++) {
		clock_advance_ms(1000);
		pump();
	}
	assert_string_equal(label->job, "");
	assert_string_equal(app.papers.print[0].job, "");
}

/* What became of the wristband is kept beside what became of the slip, also when the table has been full for hours. */
static void a_wristband_keeps_the_slip_on_the_screen(void **state)
{
	char visit[37];

	(void)state;
	app.settings.print_slip = true; /* and there is no printer */
	app.settings.print_wristband = true;
	for (int i = 0; i < 3 * SLIPS_MAX; i++) {
		session_take_found(&app.session, &maria);
		snprintf(visit, sizeof(visit), "visit-%d", i);
		text_copy(app.session.visit.id, sizeof(app.session.visit.id), visit);
		app_go(&app, SCREEN_DONE);
		assert_non_null(slips_find(&app.slips, visit));
		assert_true(shows("#slip"));
		assert_true(shows("#wristband"));
		app_fire(&app, FLOW_START_OVER);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_card_answers_the_warning),
		TEST(a_card_is_not_left_in_a_kiosk_out_of_order),
		TEST(an_answer_after_the_end_changes_nothing),
		TEST(an_answer_during_saving_changes_nothing),
		TEST(a_record_of_somebody_else_is_not_offered),
		TEST(nothing_is_promised_that_is_not_asked),
		TEST(a_link_identifies_nobody),
		TEST(a_record_outlives_lobby_sync),
		TEST(a_question_outlives_lobby_sync),
		TEST(a_second_card_costs_nothing),
		TEST(the_card_that_the_clinic_has),
		TEST(a_new_card_after_its_question),
		TEST(a_corrected_number_is_typed),
		TEST(the_next_card_finds_empty_fields),
		TEST(a_wristband_comes_out_after_done),
		TEST(a_wristband_keeps_the_slip_on_the_screen),
	};
	int failed;
	char path[128];

	setenv("SDL_VIDEODRIVER", "offscreen", 1);
	setenv("TZ", "America/New_York", 1);
	if (mkdtemp(folder) == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	snprintf(path, sizeof(path), "%s/sync.sock", folder);
	unlink(path);
	rmdir(folder);
	return failed;
}

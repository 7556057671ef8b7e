/* Every screen of the kiosk, as a patient may meet it: nothing overlaps, is cut, too small or without words, in both
 * panels, four sizes and every language; every one has its tools. With LOBBY_PNG=DIR it also paints them all there. */
#include "base/clock.h"
#include "base/text.h"
#include "kiosk/app.h"
#include "kiosk/words.h"

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

static const struct ui_panel portrait = { 1080, 1920, 1080 / 194.0 };
static const struct ui_panel landscape = { 1280, 800, 1280 / 336.0 };
static const char *const languages[] = { "en", "es" };

static struct app app;
static struct loop *loop;

/* ---- a person with two appointments and a plan ---- */

static const lobby_Identified found = {
	.outcome = lobby_IdentifyOutcome_IDENTIFY_FOUND,
	.has_person = true,
	.person = { .patient_id = "p1",
		    .given = "Maria",
		    .phone_masked = "••• ••• 0142",
		    .email_masked = "m•••@example.org",
		    .address_masked = "14 A••• St•••, Springfield",
		    .has_coverage = true,
		    .coverage = { .id = "c1",
				  .payor = "Blue Ridge Health PPO",
				  .member_last4 = "4417",
				  .group = "80-221",
				  .subscriber = "Maria G.",
				  .active = true,
				  .copay_cents = 2500,
				  .currency = "USD" } },
	.appointment_count = 2,
	.appointment = { { .id = "a1",
			   .start_ms = AT_0941 + 19 * 60000,
			   .opens_ms = AT_0941 + 3600000,
			   .ticket = "B 14",
			   .clinic_name = "Riverside North",
			   .minutes = 20,
			   .practitioner = "Dr. Priya Shah",
			   .service_type = "Follow-up visit",
			   .location = "Floor 2, waiting area B" },
			 { .id = "a2",
			   .start_ms = AT_0941 + 59 * 60000,
			   .minutes = 10,
			   .practitioner = "Laboratory",
			   .service_type = "Blood draw",
			   .location = "Floor 1, lab" } },
};

static void fill_person(struct session *session)
{
	session_take_found(session, &found);
	text_copy(session->committed.ticket, sizeof(session->committed.ticket), "B 14");
	text_copy(session->committed.id, sizeof(session->committed.id), "v");
	text_copy(session->visit.id, sizeof(session->visit.id), "v");
	session->by = lobby_IdentifiedBy_IDENTIFIED_BY_BIRTHDAY;
	session->active = true;
}

static void start(const struct ui_panel *panel, const char *language)
{
	struct app_options options = { .panel = *panel, .assets = "assets", .run = "/nonexistent" };
	static char locale[512];

	snprintf(locale, sizeof(locale), "%s/locale", getenv("LOBBY_BUILD"));
	options.locale = locale;
	clock_use_virtual(AT_0941);
	loop = loop_new();
	assert_int_equal(app_init(&app, loop, &options), 0);
	text_copy(app.settings.clinic_name, sizeof(app.settings.clinic_name), "Riverside Family Clinic");
	text_copy(app.settings.desk_location, sizeof(app.settings.desk_location), "Behind you, on the left");
	text_copy(app.settings.scanner_hint, sizeof(app.settings.scanner_hint), "right");
	app.settings.print_slip = false; /* no printer here: the state of a slip is set by the variant */
	app.sync.reachable = true;
	app.devices.device_count = 1;
	app.devices.device[0].kind = lobby_DeviceKind_DEVICE_SCANNER;
	app.devices.device[0].state = lobby_DeviceState_DEVICE_READY;
	app_set_language(&app, language);
}

static void stop(void)
{
	app_fini(&app);
	loop_free(loop);
}

/* ---- all that a patient may meet ---- */

struct variant {
	const char *name;
	enum screen_id screen;
	enum overlay overlay;
	lobby_HandoverReason reason;
	int edit;
	int err;
	lobby_SlipState slip;
	lobby_SlipState label; /* of the label; the wristband is out */
	lobby_HelpStage help;
	bool no_coverage;
	bool ended; /* the card that was read */
	bool link;  /* a health link instead of a health card */
	lobby_CardSlotState slot;
	const char *notice;
	void (*staff)(void); /* what the technician's screens find */
};

/* ---- what a technician may meet ---- */

static const lobby_Device devices[] = {
	{ .kind = lobby_DeviceKind_DEVICE_SCANNER,
	  .state = lobby_DeviceState_DEVICE_READY,
	  .vendor_id = 0x0c2e,
	  .product_id = 0x0b6a,
	  .name = "Xenon 1950g",
	  .serial = "S-0001",
	  .firmware = "1.04" },
	{ .kind = lobby_DeviceKind_DEVICE_PRINTER,
	  .state = lobby_DeviceState_DEVICE_PAPER_OUT,
	  .vendor_id = 0x04b8,
	  .product_id = 0x0e28,
	  .name = "TM-T88VI",
	  .serial = "583448573A1245",
	  .firmware = "40.51 ESC/POS",
	  .detail = "Out of paper." },
	{ .kind = lobby_DeviceKind_DEVICE_CARD_READER,
	  .state = lobby_DeviceState_DEVICE_READY,
	  .vendor_id = 0x076b,
	  .product_id = 0x3031,
	  .name = "OMNIKEY AG Smart Card Reader USB",
	  .firmware = "2.00",
	  .last_error = "It was unplugged, or lost its power.",
	  .last_error_ms = AT_0941 - 86400000 },
	{ .kind = lobby_DeviceKind_DEVICE_STRIPE_READER,
	  .state = lobby_DeviceState_DEVICE_UNSUPPORTED,
	  .vendor_id = 0x0801,
	  .product_id = 0x0001,
	  .name = "USB Swipe Reader",
	  .firmware = "1.00",
	  .detail = "This reader is in keyboard mode. Switch it to HID mode with the maker's tool, or order one that "
		    "is." },
	{ .kind = lobby_DeviceKind_DEVICE_UNKNOWN,
	  .state = lobby_DeviceState_DEVICE_UNSUPPORTED,
	  .vendor_id = 0x0781,
	  .product_id = 0x5567,
	  .name = "Cruzer Blade",
	  .serial = "4C530001220528114581",
	  .firmware = "1.27",
	  .detail = "No driver for class 08 (mass storage); tried: scanner, card reader, stripe reader, receipt "
		    "printer, label printer." },
};

static void staff_pin(void)
{
	text_copy(app.settings.technician_pin, sizeof(app.settings.technician_pin), "set");
}

static void staff_pin_wrong(void)
{
	staff_pin();
	app.technician.wrong = true;
	app.technician.until_mono_ms = clock_mono_ms() + 10000;
	ui_field_set(app.ui, "pin", "482913");
}

static void staff_devices(void)
{
	staff_pin();
	app.technician.in = true;
	app.devices.device_count = sizeof(devices) / sizeof(devices[0]);
	memcpy(app.devices.device, devices, sizeof(devices));
	text_copy(app.sync.kiosk_name, sizeof(app.sync.kiosk_name), "Lobby 1");
	app.sync.tested_ms = AT_0941 - 3 * 86400000LL;
	app.sync.test_passed = true;
}

static void staff_trouble(void)
{
	staff_devices();
	app.devices.device_count = 0;
	app.sync.reachable = false;
	app.sync.err = LOBBY_ERR_UNREACHABLE;
	app.sync.last_contact_ms = AT_0941 - 3600000;
	app.sync.visits_held = 3;
	app.sync.tested_ms = 0;
}

static void add_result(lobby_TestKind kind, lobby_TestState state, const char *device, const char *text)
{
	lobby_TestReport *report = &app.technician.report;
	lobby_TestLine *line = &report->line[report->line_count++];

	*line = (lobby_TestLine){ .kind = kind, .state = state };
	text_copy(line->device, sizeof(line->device), device);
	text_copy(line->text, sizeof(line->text), text);
	report->started_ms = AT_0941;
}

static void staff_testing(void)
{
	staff_devices();
	app.technician.testing = true;
	add_result(lobby_TestKind_TEST_DEVICES, lobby_TestState_TEST_PASSED, "Xenon 1950g (0c2e:0b6a)", "Ready.");
	add_result(lobby_TestKind_TEST_DEVICES, lobby_TestState_TEST_FAILED, "TM-T88VI (04b8:0e28)", "Out of paper.");
	add_result(lobby_TestKind_TEST_DEVICES, lobby_TestState_TEST_SKIPPED, "Cruzer Blade (0781:5567)",
		   devices[4].detail);
	add_result(lobby_TestKind_TEST_PRINT, lobby_TestState_TEST_SKIPPED, "TM-T88VI (04b8:0e28)", "Out of paper.");
	add_result(lobby_TestKind_TEST_SCAN, lobby_TestState_TEST_RUNNING, "Xenon 1950g (0c2e:0b6a)",
		   "Hold a code under the scanner now.");
	add_result(lobby_TestKind_TEST_CHIP, lobby_TestState_TEST_WAITING, "", "");
}

static void staff_tested(void)
{
	staff_testing();
	app.technician.testing = false;
	app.technician.report.done = true;
	app.technician.report.line[4].state = lobby_TestState_TEST_PASSED;
	text_copy(app.technician.report.line[4].text, sizeof(app.technician.report.line[4].text),
		  "PDF417 code, 214 characters.");
	app.technician.report.line[5].state = lobby_TestState_TEST_PASSED;
	text_copy(app.technician.report.line[5].text, sizeof(app.technician.report.line[5].text),
		  "eGK read: 4 files, 1624 bytes.");
}

#define NOTICE(n, r) \
	{ \
		.name = n, .screen = SCREEN_NOTICE, .reason = lobby_HandoverReason_HANDOVER_##r \
	}

static const struct variant variants[] = {
	{ .name = "welcome", .screen = SCREEN_WELCOME },
	{ .name = "birthday", .screen = SCREEN_BIRTHDAY },
	{ .name = "family", .screen = SCREEN_FAMILY },
	{ .name = "given", .screen = SCREEN_GIVEN },
	{ .name = "phone", .screen = SCREEN_PHONE },
	{ .name = "appointments", .screen = SCREEN_APPOINTMENTS },
	{ .name = "choose", .screen = SCREEN_CHOOSE },
	{ .name = "contact", .screen = SCREEN_CONTACT },
	{ .name = "contact-change", .screen = SCREEN_CONTACT_CHANGE },
	{ .name = "edit-phone", .screen = SCREEN_CONTACT_EDIT, .edit = 0 },
	{ .name = "edit-email", .screen = SCREEN_CONTACT_EDIT, .edit = 1 },
	{ .name = "edit-address", .screen = SCREEN_CONTACT_EDIT, .edit = 2 },
	{ .name = "insurance", .screen = SCREEN_INSURANCE },
	{ .name = "insurance-none", .screen = SCREEN_INSURANCE, .no_coverage = true },
	{ .name = "insurance-new", .screen = SCREEN_INSURANCE_NEW },
	{ .name = "insurance-type", .screen = SCREEN_INSURANCE_TYPE },
	{ .name = "insurance-card", .screen = SCREEN_INSURANCE_CARD },
	{ .name = "insurance-card-ended", .screen = SCREEN_INSURANCE_CARD, .ended = true },
	{ .name = "share", .screen = SCREEN_SHARE },
	{ .name = "share-link", .screen = SCREEN_SHARE, .link = true },
	{ .name = "card-reading", .screen = SCREEN_WELCOME, .slot = lobby_CardSlotState_CARD_SLOT_READING },
	{ .name = "card-left", .screen = SCREEN_DONE, .slot = lobby_CardSlotState_CARD_SLOT_DONE },
	{ .name = "wait", .screen = SCREEN_WAIT },
	{ .name = "done-printing", .screen = SCREEN_DONE, .slip = lobby_SlipState_SLIP_PRINTING },
	{ .name = "done-paper-out",
	  .screen = SCREEN_DONE,
	  .slip = lobby_SlipState_SLIP_FAILED,
	  .err = LOBBY_ERR_PAPER_OUT },
	{ .name = "done-labels",
	  .screen = SCREEN_DONE,
	  .slip = lobby_SlipState_SLIP_PRINTED,
	  .label = lobby_SlipState_SLIP_FAILED },
	{ .name = "arrived", .screen = SCREEN_ARRIVED },
	NOTICE("early", EARLY),
	NOTICE("late", LATE),
	NOTICE("cancelled", CANCELLED),
	NOTICE("other-day", OTHER_DAY),
	NOTICE("other-clinic", OTHER_CLINIC),
	NOTICE("not-found", NOT_FOUND),
	NOTICE("ambiguous", AMBIGUOUS),
	NOTICE("not-me", NOT_ME),
	NOTICE("asked", ASKED),
	NOTICE("no-roster", NO_ROSTER),
	{ .name = "desk", .screen = SCREEN_DESK, .slip = lobby_SlipState_SLIP_PRINTED },
	{ .name = "desk-not-saved", .screen = SCREEN_DESK, .err = LOBBY_ERR_DISK_FULL },
	{ .name = "out-of-order", .screen = SCREEN_OUT_OF_ORDER },
	{ .name = "technician-no-pin", .screen = SCREEN_TECHNICIAN_PIN },
	{ .name = "technician-pin", .screen = SCREEN_TECHNICIAN_PIN, .staff = staff_pin },
	{ .name = "technician-pin-wrong", .screen = SCREEN_TECHNICIAN_PIN, .staff = staff_pin_wrong },
	{ .name = "technician", .screen = SCREEN_TECHNICIAN, .staff = staff_devices },
	{ .name = "technician-trouble", .screen = SCREEN_TECHNICIAN, .staff = staff_trouble },
	{ .name = "technician-test", .screen = SCREEN_TECHNICIAN_TEST, .staff = staff_devices },
	{ .name = "technician-testing", .screen = SCREEN_TECHNICIAN_TEST, .staff = staff_testing },
	{ .name = "technician-tested", .screen = SCREEN_TECHNICIAN_TEST, .staff = staff_tested },
	{ .name = "still-there", .screen = SCREEN_INSURANCE, .overlay = OVERLAY_STILL_THERE },
	{ .name = "help-sending", .screen = SCREEN_WELCOME, .overlay = OVERLAY_HELP },
	{ .name = "help-on-the-way",
	  .screen = SCREEN_CONTACT,
	  .overlay = OVERLAY_HELP,
	  .help = lobby_HelpStage_HELP_ON_THE_WAY },
	{ .name = "help-unreachable",
	  .screen = SCREEN_BIRTHDAY,
	  .overlay = OVERLAY_HELP,
	  .help = lobby_HelpStage_HELP_UNREACHABLE },
	{ .name = "languages", .screen = SCREEN_WELCOME, .overlay = OVERLAY_LANGUAGE },
	{ .name = "start-over", .screen = SCREEN_CONTACT, .overlay = OVERLAY_START_OVER },
	{ .name = "card-not-read",
	  .screen = SCREEN_BIRTHDAY,
	  .notice = "We could not read that card. You can try again, or touch the screen instead." },
};

#include "screens_box.h"

#define PATIENTS (sizeof(variants) / sizeof(variants[0]))
#define VARIANTS (PATIENTS + sizeof(box_variants) / sizeof(box_variants[0]))

static const struct variant *variant_at(size_t i)
{
	return i < PATIENTS ? &variants[i] : &box_variants[i - PATIENTS];
}

static const struct variant *variant_of(enum screen_id screen)
{
	for (size_t i = 0; i < VARIANTS; i++)
		if (variant_at(i)->screen == screen)
			return variant_at(i);
	return NULL;
}

static const lobby_InsuranceCard read_card = { .payor = "Example Krankenkasse Nord",
					       .member_id = "A123456780",
					       .given = "Maria",
					       .group = "80-221",
					       .period_end = "2027-12-31" };

static void show(const struct variant *variant)
{
	struct session *session = &app.session;

	session_wipe(session);
	fill_person(session);
	session->reason = variant->reason;
	session->committed.err = variant->screen == SCREEN_DESK ? variant->err : 0;
	if (variant->no_coverage)
		session->found.person.coverage = (lobby_Coverage){ 0 };
	session->card = read_card;
	session->has_card = variant->screen == SCREEN_INSURANCE_CARD;
	if (variant->ended)
		text_copy(session->card.period_end, sizeof(session->card.period_end), "2025-12-31");
	session->health = (lobby_HealthRead){ .request = 1, .issuer = "Example Health Department", .immunizations = 3 };
	if (variant->link)
		session->health = (lobby_HealthRead){ .request = 1, .outcome = lobby_HealthOutcome_HEALTH_LINK_LATER };
	box_none();
	app.slot = variant->slot;
	app.edit = variant->edit;
	app.help_stage = variant->help;
	app.overlay = OVERLAY_NONE;
	app_go(&app, variant->screen);
	app.overlay = variant->overlay;
	app.seconds_left = 8;
	app.slips.slip[0] = (lobby_Slip){ .visit_id = "v", .state = variant->slip, .err = variant->err };
	if (variant->label != lobby_SlipState_SLIP_NONE) {
		app.labels.label[0] = (struct label){ .job = "w",
						      .form = lobby_PrintForm_PRINT_WRISTBAND,
						      .state = lobby_SlipState_SLIP_PRINTED };
		app.labels.label[1] = (struct label){ .job = "l",
						      .form = lobby_PrintForm_PRINT_LABEL,
						      .state = variant->label,
						      .err = LOBBY_ERR_PAPER_OUT };
	}
	app.notice = (struct notice){ .text = variant->notice, .tone = UI_WARNING };
	app.technician = (struct technician){ 0 };
	app.settings.technician_pin[0] = '\0';
	app.sync = (lobby_SyncState){ .enrolled = true, .reachable = true };
	app.devices.device_count = 1;
	app.devices.device[0] =
		(lobby_Device){ .kind = lobby_DeviceKind_DEVICE_SCANNER, .state = lobby_DeviceState_DEVICE_READY };
	if (variant->staff != NULL)
		variant->staff();
	app.dirty = true;
	app_refresh(&app);
}

static void paint_to(const char *panel, const char *language, const struct variant *variant)
{
	char path[512];

	if (getenv("LOBBY_PNG") == NULL)
		return;
	snprintf(path, sizeof(path), "%s/%s-%s-%d-%s.png", getenv("LOBBY_PNG"), panel, language, app.size,
		 variant->name);
	assert_int_equal(ui_write_png(app.window.surface, path), 0);
}

static int check_all(const struct ui_panel *panel, const char *panel_name)
{
	int problems = 0;

	for (size_t l = 0; l < sizeof(languages) / sizeof(languages[0]); l++) {
		start(panel, languages[l]);
		for (int size = 0; size < UI_SIZE_COUNT; size++) {
			app.size = (enum ui_size)size;
			app.theme = (enum ui_theme)size;
			for (size_t i = 0; i < VARIANTS; i++) {
				int count;

				show(variant_at(i));
				if (app.screen != variant_at(i)->screen)
					print_error("%s went to %s\n", variant_at(i)->name,
						    flow_screen_name(app.screen));
				problems += app.screen != variant_at(i)->screen;
				paint_to(panel_name, languages[l], variant_at(i));
				count = ui_check(app.ui, stderr);
				if (count > 0)
					print_error("%s %s size %d %s: %d problems\n", panel_name, languages[l], size,
						    variant_at(i)->name, count);
				problems += count;
			}
		}
		stop();
	}
	return problems;
}

static void portrait_is_sound(void **state)
{
	(void)state;
	assert_int_equal(check_all(&portrait, "portrait"), 0);
}

static void landscape_is_sound(void **state)
{
	(void)state;
	assert_int_equal(check_all(&landscape, "landscape"), 0);
}

static char *dump(void)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	ui_dump(app.ui, out, false);
	fclose(out);
	return text;
}

/* Help and start over are on every screen, and every screen has a title. */
static void every_screen_has_its_tools(void **state)
{
	static const char *const tools[] = { "#text-size", "#contrast",	  "#read-aloud",
					     "#language",  "#call-staff", "#start-over" };

	(void)state;
	start(&portrait, "en");
	for (size_t i = 0; i < VARIANTS; i++) {
		char *text;

		show(variant_at(i));
		text = dump();
		for (size_t t = 0; t < sizeof(tools) / sizeof(tools[0]); t++)
			assert_non_null(strstr(text, tools[t]));
		assert_non_null(strstr(text, "heading"));
		free(text);
	}
	for (int i = 0; i < SCREEN_COUNT; i++)
		assert_non_null(variant_of((enum screen_id)i));
	stop();
}

/* After a warning with a countdown an idle session is wiped; the timeless screens clear themselves or hold nobody. */
static void an_idle_session_is_wiped(void **state)
{
	(void)state;
	for (size_t i = 0; i < VARIANTS; i++) {
		const struct variant *variant = variant_at(i);

		if (variant->overlay != OVERLAY_NONE || variant->screen == SCREEN_OUT_OF_ORDER)
			continue;
		start(&portrait, "es");
		show(variant);
		if (i >= PATIENTS) { /* nobody's: but a technician who is gone is, too */
			bool rests = app.screen == (enum screen_id)flow_next(&app, app.screen, FLOW_START_OVER);
			int64_t idle_ms = rests ? 0 : screens[variant->screen]->idle_ms;

			for (int64_t ms = 0; idle_ms > 0 && ms <= idle_ms; ms += 60000) {
				clock_advance_ms(60000);
				loop_timer_cancel(loop, &app.sync_grace);
				loop_turn(loop, 0);
				app_refresh(&app);
			}
			assert_false(app.technician.in);
			assert_int_equal(app.screen, flow_next(&app, app.screen, FLOW_START_OVER));
			stop();
			continue;
		}
		for (int second = 0;
		     second < 45 + 20 + 46 + screens[variant->screen]->idle_ms / 1000 && app.session.active; second++) {
			clock_advance_ms(1000);
			app.sync_grace.armed ? loop_timer_cancel(loop, &app.sync_grace) : (void)0;
			loop_turn(loop, 0);
		}
		if (app.session.active)
			print_error("%s keeps its session\n", variant->name);
		assert_false(app.session.active);
		assert_int_equal(app.screen, SCREEN_WELCOME);
		stop();
	}
}

/* A wiped session leaves nothing of the person in what the program holds. */
static void wiping_leaves_nothing(void **state)
{
	char *text;

	(void)state;
	start(&portrait, "en");
	show(variant_of(SCREEN_APPOINTMENTS));
	text = dump();
	assert_non_null(strstr(text, "Maria"));
	free(text);
	app_fire(&app, FLOW_START_OVER);
	app_refresh(&app);
	for (size_t i = 0; i < sizeof(app.session); i++)
		assert_int_equal(((const unsigned char *)&app.session)[i], 0);
	text = dump();
	assert_null(strstr(text, "Maria"));
	free(text);
	stop();
}

/* Typing a birthday takes one touch a digit and goes on by itself; a date that cannot be does not. */
static void birthday_goes_on_by_itself(void **state)
{
	const struct ui_event typed[] = { { UI_EVENT_CHANGE, "year" } };

	(void)state;
	start(&portrait, "en");
	app_go(&app, SCREEN_BIRTHDAY);
	app_refresh(&app);
	ui_field_set(app.ui, "month", "02");
	ui_field_set(app.ui, "day", "30");
	ui_field_set(app.ui, "year", "1985");
	app_ui_event(&app, &typed[0]);
	assert_int_equal(app.screen, SCREEN_BIRTHDAY);
	ui_field_set(app.ui, "day", "28");
	app_ui_event(&app, &typed[0]);
	assert_int_equal(app.screen, SCREEN_FAMILY);
	assert_string_equal(app.session.query.birth_date, "1985-02-28");
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(portrait_is_sound),	      cmocka_unit_test(landscape_is_sound),
		cmocka_unit_test(every_screen_has_its_tools), cmocka_unit_test(an_idle_session_is_wiped),
		cmocka_unit_test(wiping_leaves_nothing),      cmocka_unit_test(birthday_goes_on_by_itself),
	};

	setenv("SDL_VIDEODRIVER", "offscreen", 1);
	setenv("TZ", "America/New_York", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

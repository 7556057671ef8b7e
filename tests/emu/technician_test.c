/* The technician at the screen, the whole way: lobby-kiosk, lobby-sync and lobby-devices in one process, and a model of
 * each kind of device. The clock held, the PIN, every test, and what is left when somebody walks away. */
#include "tests/emu/card_egk.h"
#include "tests/emu/model_ccid.h"
#include "tests/emu/model_msr.h"
#include "tests/emu/model_zebra.h"
#include "tests/emu/rig.h"

#include "base/clock.h"
#include "base/text.h"
#include "kiosk/app.h"

/* Two programs that are never one have a struct of this name. */
#define health sync_health
#include "sync/sync.h"
#undef health

#include <ftw.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW_MS 1795444860000LL
#define PIN "482913"

static struct app app;

struct lobby {
	struct rig rig; /* first */
	struct sync sync;
	struct model_msr msr;
	struct model_ccid reader;
	struct model_zebra zebra;
	struct card_egk egk;
	char data[96], socket[96];
};

/* Virtual time passes; the screen follows. */
#define until(l, condition) \
	do { \
		int64_t until_end = rig_real_ms() + 2 * RIG_PATIENCE_MS; \
		while (!(condition) && rig_real_ms() < until_end) \
			pass(l, 20); \
		assert_true(condition); \
	} while (0)

static void pass(struct lobby *l, int ms)
{
	rig_pass(&l->rig, ms);
	app_refresh(&app);
}

static void open_kiosk(struct lobby *l)
{
	struct app_options options = { .panel = { 1080, 1920, 1080 / 194.0 },
				       .assets = "assets",
				       .locale = "/nonexistent",
				       .run = l->rig.folder };

	assert_int_equal(app_init(&app, l->rig.loop, &options), 0);
	until(l, app.link.sync.up && app.link.devices.up && app.sync.enrolled && app.sync.kiosk_id[0] != '\0');
	until(l, app.settings.technician_pin[0] != '\0');
	assert_int_equal(app.screen, SCREEN_WELCOME);
}

static int setup(void **state)
{
	struct lobby *l = calloc(1, sizeof(*l));
	char hash[crypto_pwhash_STRBYTES];

	clock_use_virtual(NOW_MS);
	rig_init(&l->rig);
	model_msr_init(&l->msr, l->rig.bus, MSR_MODEL_MAGTEK);
	model_ccid_init(&l->reader, l->rig.bus);
	model_zebra_init(&l->zebra, l->rig.bus);
	card_egk_init(&l->egk, EGK_52, EGK_HONEST, &egk_people[0]);
	snprintf(l->data, sizeof(l->data), "%s/data", l->rig.folder);
	snprintf(l->socket, sizeof(l->socket), "%s/sync.sock", l->rig.folder);
	assert_int_equal(sync_init(&l->sync, l->rig.loop, l->data, l->socket), 0);
	/* as a clinic has left it: enrolled, with a PIN, and away now */
	l->sync.identity.enrolled = true;
	text_copy(l->sync.identity.kiosk_id, sizeof(l->sync.identity.kiosk_id), "k");
	assert_int_equal(
		crypto_pwhash_str(hash, PIN, strlen(PIN), crypto_pwhash_OPSLIMIT_MIN, crypto_pwhash_MEMLIMIT_MIN), 0);
	text_copy(l->sync.settings.technician_pin, sizeof(l->sync.settings.technician_pin), hash);
	open_kiosk(l);
	*state = l;
	return 0;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
	(void)info, (void)kind, (void)where;
	return remove(path);
}

static int teardown(void **state)
{
	struct lobby *l = *state;

	app_fini(&app);
	sync_fini(&l->sync);
	nftw(l->data, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	unlink(l->socket);
	bus_unplug(l->rig.bus, &l->msr.model);
	bus_unplug(l->rig.bus, &l->reader.model);
	bus_unplug(l->rig.bus, &l->zebra.model);
	model_msr_fini(&l->msr);
	model_ccid_fini(&l->reader);
	model_zebra_fini(&l->zebra);
	rig_fini(&l->rig);
	free(l);
	return 0;
}

/* ---- what a finger does ---- */

static char *dump(bool geometry)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	ui_dump(app.ui, out, geometry);
	fclose(out);
	return text;
}

static bool shows(const char *words)
{
	char *text = dump(false);
	bool found = strstr(text, words) != NULL;

	free(text);
	return found;
}

static void touch(Uint32 type, int dx)
{
	SDL_Event event = { .type = type };
	char *text = dump(true);
	const char *at = strstr(text, "#now");
	int x, y, w, h;

	assert_non_null(at);
	assert_int_equal(sscanf(strchr(at, '@'), "@%d,%d %dx%d", &x, &y, &w, &h), 4);
	free(text);
	event.button.button = SDL_BUTTON_LEFT;
	event.button.x = x + w / 2 + dx;
	event.button.y = y + h / 2;
	if (type == SDL_MOUSEMOTION) {
		event.motion.x = x + w / 2 + dx;
		event.motion.y = y + h / 2;
	}
	technician_touch(&app, &event);
}

static void press(const char *name)
{
	struct ui_event event = ui_press(app.ui, name);

	if (event.kind == UI_EVENT_NONE)
		print_error("there is no %s to press\n", name);
	assert_int_equal(event.kind, UI_EVENT_PRESS);
	app_ui_event(&app, &event);
	app_refresh(&app);
}

static void type(const char *text)
{
	struct ui_event event = ui_type(app.ui, text);

	app_ui_event(&app, &event);
	app_refresh(&app);
}

static void hold(struct lobby *l)
{
	touch(SDL_MOUSEBUTTONDOWN, 0);
	until(l, app.screen == SCREEN_TECHNICIAN_PIN);
	touch(SDL_MOUSEBUTTONUP, 0);
}

static void try_pin(struct lobby *l, const char *pin)
{
	uint32_t before = app.technician.request;

	type(pin);
	assert_false(shows(pin));
	press("Continue");
	assert_int_equal(app.technician.request, before + 1);
	until(l, !app.technician.asking);
}

static void let_in(struct lobby *l)
{
	hold(l);
	try_pin(l, PIN);
	assert_int_equal(app.screen, SCREEN_TECHNICIAN);
}

static void plug(struct lobby *l, struct model *model, lobby_DeviceKind kind)
{
	assert_true(bus_plug(l->rig.bus, model));
	until(l, app_device_ready(&app, kind));
}

/* ---- getting in ---- */

static void only_a_clock_held_for_three_seconds_leads_there(void **state)
{
	struct lobby *l = *state;

	touch(SDL_MOUSEBUTTONDOWN, 0);
	pass(l, 2000);
	touch(SDL_MOUSEBUTTONUP, 0);
	pass(l, 3000);
	assert_int_equal(app.screen, SCREEN_WELCOME);
	touch(SDL_MOUSEBUTTONDOWN, 0);
	pass(l, 1000);
	touch(SDL_MOUSEMOTION, -400);
	pass(l, 4000);
	assert_int_equal(app.screen, SCREEN_WELCOME);
	touch(SDL_MOUSEBUTTONDOWN, -400);
	pass(l, 4000);
	assert_int_equal(app.screen, SCREEN_WELCOME);
	/* not in the middle of somebody's visit */
	press("Check in");
	touch(SDL_MOUSEBUTTONDOWN, 0);
	pass(l, 4000);
	assert_int_equal(app.screen, SCREEN_BIRTHDAY);
	press("start-over");
	hold(l);
	press("back");
	assert_int_equal(app.screen, SCREEN_WELCOME);
}

static void wrong_pins_wait_and_a_new_screen_waits_with_them(void **state)
{
	struct lobby *l = *state;

	hold(l);
	try_pin(l, "0000");
	assert_true(shows("That is not the PIN."));
	try_pin(l, "1111");
	try_pin(l, "2222");
	assert_true(shows("before the next try."));
	type(PIN);
	assert_int_equal(ui_press(app.ui, "Continue").kind, UI_EVENT_NONE);
	/* lobby-kiosk is started again: lobby-sync has not forgotten */
	app_fini(&app);
	open_kiosk(l);
	hold(l);
	type(PIN);
	press("Continue");
	until(l, !app.technician.asking);
	assert_int_equal(app.screen, SCREEN_TECHNICIAN_PIN);
	assert_true(shows("before the next try."));
	until(l, technician_wait_s(&app) == 0);
	try_pin(l, PIN);
	assert_int_equal(app.screen, SCREEN_TECHNICIAN);
}

static void without_a_pin_nobody_gets_in(void **state)
{
	struct lobby *l = *state;

	l->sync.settings.technician_pin[0] = '\0';
	sync_push_settings(&l->sync);
	until(l, app.settings.technician_pin[0] == '\0');
	hold(l);
	assert_true(shows("The clinic has not set a PIN for technicians."));
	assert_true(shows("technician_pin 482913"));
	press("Close");
	assert_int_equal(app.screen, SCREEN_WELCOME);
}

static void who_walks_away_is_forgotten(void **state)
{
	struct lobby *l = *state;

	let_in(l);
	pass(l, 290000);
	assert_int_equal(app.screen, SCREEN_TECHNICIAN);
	pass(l, 20000);
	assert_int_equal(app.screen, SCREEN_WELCOME);
	assert_false(app.technician.in);
	hold(l);
	assert_true(shows("Please enter the clinic"));
	type("48");
	pass(l, 70000);
	assert_int_equal(app.screen, SCREEN_WELCOME);
	assert_string_equal(ui_field_text(app.ui, "pin"), "");
}

/* ---- testing ---- */

static void every_device_is_there_with_what_it_is(void **state)
{
	struct lobby *l = *state;

	let_in(l);
	assert_true(shows("No device is plugged in"));
	plug(l, &l->rig.scanner.model, lobby_DeviceKind_DEVICE_SCANNER);
	plug(l, &l->rig.printer.model, lobby_DeviceKind_DEVICE_PRINTER);
	pass(l, 100);
	assert_true(shows("Model Scanner"));
	assert_true(shows("Scanner · 1209:0001 · serial number S-0001 · firmware 1.00"));
	model_printer_set_cover(&l->rig.printer, true);
	until(l, shows("The cover is open"));
	model_printer_set_cover(&l->rig.printer, false);
	until(l, shows("Last error, Monday, November 23"));
	assert_true(shows("The cover is open."));
	assert_true(shows("The clinic cannot be reached"));
	assert_true(shows("Software version " LOBBY_VERSION));
	assert_true(shows("Last self-test: never"));
}

static bool waits(lobby_TestKind kind)
{
	return technician_waits_for(&app) != NULL && technician_waits_for(&app)->kind == kind;
}

static void all_kinds_are_tested_line_by_line(void **state)
{
	struct lobby *l = *state;

	plug(l, &l->rig.scanner.model, lobby_DeviceKind_DEVICE_SCANNER);
	plug(l, &l->rig.printer.model, lobby_DeviceKind_DEVICE_PRINTER);
	plug(l, &l->msr.model, lobby_DeviceKind_DEVICE_STRIPE_READER);
	plug(l, &l->reader.model, lobby_DeviceKind_DEVICE_CARD_READER);
	plug(l, &l->zebra.model, lobby_DeviceKind_DEVICE_LABEL_PRINTER);
	let_in(l);
	press("Test the devices");
	press("Run all tests");
	until(l, waits(lobby_TestKind_TEST_SCAN));
	app_refresh(&app);
	assert_true(shows("Hold a code under the scanner now."));
	assert_true(shows("Printing: passed"));
	assert_true(shows("Label: passed"));
	model_scanner_scan(&l->rig.scanner, "Q1", "LOBBY1:abcdefgh:5f", 18);
	until(l, waits(lobby_TestKind_TEST_STRIPE));
	/* a payment card: known for what it is, and nothing of it is said */
	model_msr_swipe(&l->msr, "%B4929531877465017^OKAFOR/GRACE              ^29121010000000000000?",
			";4929531877465017=29121010000000000000?", NULL);
	until(l, waits(lobby_TestKind_TEST_CHIP));
	model_ccid_insert(&l->reader, 0, &l->egk.card);
	until(l, app.technician.report.done);
	app_refresh(&app);
	model_ccid_remove(&l->reader, 0);
	assert_true(app.technician.report.passed);
	assert_true(shows("The self-test passed."));
	assert_true(shows("QR code, 18 characters."));
	assert_true(shows("A payment card was recognised and refused, as it should be."));
	assert_true(shows("eGK read: "));
	assert_false(shows("abcdefgh"));
	assert_false(shows(egk_people[0].family));
	/* nobody was identified by any of it */
	assert_int_equal(app.screen, SCREEN_TECHNICIAN_TEST);
	assert_false(app.session.active);
	assert_int_equal(l->rig.scans, 0);
	until(l, l->sync.tests.tested_ms == app.technician.report.finished_ms && l->sync.tests.passed);
	press("Back");
	until(l, shows("Last self-test: passed, "));
}

static void one_kind_alone_and_the_report_on_paper(void **state)
{
	struct lobby *l = *state;

	plug(l, &l->rig.scanner.model, lobby_DeviceKind_DEVICE_SCANNER);
	plug(l, &l->rig.printer.model, lobby_DeviceKind_DEVICE_PRINTER);
	let_in(l);
	press("Test the devices");
	assert_int_equal(ui_press(app.ui, "Test swipe").kind, UI_EVENT_NONE); /* there is no reader */
	press("Test scan");
	until(l, waits(lobby_TestKind_TEST_SCAN));
	app_refresh(&app);
	press("Skip this step");
	until(l, app.technician.report.done);
	assert_int_equal(app.technician.report.line_count, 1);
	press("Test print");
	until(l, app.technician.report.done && model_printer_slips(&l->rig.printer) == 1);
	assert_true(app.technician.report.passed);
	press("Print report");
	until(l, shows("The report is printed."));
	assert_int_equal(model_printer_slips(&l->rig.printer), 2);
	bus_unplug(l->rig.bus, &l->rig.printer.model);
	until(l, app_device(&app, lobby_DeviceKind_DEVICE_PRINTER) == NULL);
	press("Print report");
	until(l, shows("The report could not be printed."));
}

static void leaving_ends_the_test_and_gives_the_cards_back(void **state)
{
	struct lobby *l = *state;

	plug(l, &l->rig.scanner.model, lobby_DeviceKind_DEVICE_SCANNER);
	let_in(l);
	press("Test the devices");
	press("Test scan");
	until(l, waits(lobby_TestKind_TEST_SCAN));
	press("start-over");
	assert_int_equal(app.screen, SCREEN_WELCOME);
	pass(l, 200);
	model_scanner_scan(&l->rig.scanner, "Q1", "LOBBY1:abcdefgh:5f", 18);
	until(l, l->rig.scans == 1);
	assert_false(app.technician.testing);
}

static void programs_that_die_in_the_middle_are_told_of(void **state)
{
	struct lobby *l = *state;

	plug(l, &l->rig.scanner.model, lobby_DeviceKind_DEVICE_SCANNER);
	let_in(l);
	press("Test the devices");
	press("Test scan");
	until(l, waits(lobby_TestKind_TEST_SCAN));
	rig_restart(&l->rig);
	until(l, shows("stopped in the middle of it"));
	until(l, app.link.devices.up && app_device_ready(&app, lobby_DeviceKind_DEVICE_SCANNER));
	/* lobby-sync is away: the technician stays, and the report waits for it */
	sync_fini(&l->sync);
	pass(l, 3000);
	assert_int_equal(app.screen, SCREEN_TECHNICIAN_TEST);
	press("Test scan");
	until(l, waits(lobby_TestKind_TEST_SCAN));
	model_scanner_scan(&l->rig.scanner, "Q1", "x", 1);
	until(l, app.technician.report.done);
	assert_true(app.technician.unsent.done);
	assert_int_equal(sync_init(&l->sync, l->rig.loop, l->data, l->socket), 0);
	until(l, l->sync.tests.tested_ms == app.technician.report.finished_ms);
	assert_false(app.technician.unsent.done);
	/* a kiosk that belongs to no clinic says so when the technician is done */
	until(l, !app.sync.enrolled);
	press("Back");
	press("Close");
	assert_int_equal(app.screen, SCREEN_OUT_OF_ORDER);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(only_a_clock_held_for_three_seconds_leads_there),
		T(wrong_pins_wait_and_a_new_screen_waits_with_them),
		T(without_a_pin_nobody_gets_in),
		T(who_walks_away_is_forgotten),
		T(every_device_is_there_with_what_it_is),
		T(all_kinds_are_tested_line_by_line),
		T(one_kind_alone_and_the_report_on_paper),
		T(leaving_ends_the_test_and_gives_the_cards_back),
		T(programs_that_die_in_the_middle_are_told_of),
	};

	setenv("SDL_VIDEODRIVER", "offscreen", 1);
	setenv("TZ", "America/New_York", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A kiosk on an appliance, and whoever speaks with it, for box_test.c: lobby-system and lobby-sync as far as the kiosk
 * sees them, over real sockets, on a virtual clock. */
#ifndef LOBBY_TESTS_UI_BOX_BED_H
#define LOBBY_TESTS_UI_BOX_BED_H

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

/* Not every test of the box needs all of it. */
#define HELPER static __attribute__((unused))

#define AT_0941 1795444860000
#define LINK "https://clinic.example:8443/#kiosk=7QXK-M2PD-9TRA"

static const struct ui_panel portrait = { 1080, 1920, 1080 / 194.0 };

static struct app app;
static struct loop *loop;
static char folder[] = "/tmp/lobby-box-XXXXXX";

/* ---- the others ---- */

static struct {
	struct wire_server *server;
	lobby_SystemState state;
	lobby_SystemCommand command; /* the last one */
	lobby_KioskState kiosk;
	int commands;
} box;

static struct {
	struct wire_server *server;
	lobby_Enrol enrol;
	int enrols;
} peer;

static void on_box(void *arg, struct wire_conn *conn, const lobby_Envelope *envelope)
{
	(void)arg;
	(void)conn;
	if (envelope->which_body == lobby_Envelope_system_command_tag) {
		box.command = envelope->body.system_command;
		box.commands++;
	} else if (envelope->which_body == lobby_Envelope_kiosk_state_tag) {
		box.kiosk = envelope->body.kiosk_state;
	}
}

static void on_sync(void *arg, struct wire_conn *conn, const lobby_Envelope *envelope)
{
	(void)arg;
	(void)conn;
	if (envelope->which_body != lobby_Envelope_enrol_tag)
		return;
	peer.enrol = envelope->body.enrol;
	peer.enrols++;
}

static void on_state(void *arg, struct wire_conn *conn, bool up)
{
	(void)arg;
	(void)conn;
	(void)up;
}

static void pump(void)
{
	for (int i = 0; i < 40; i++) {
		loop_turn(loop, 0);
		app_refresh(&app);
	}
}

static void seconds(int count)
{
	for (int i = 0; i < count; i++) {
		clock_advance_ms(1000);
		pump();
	}
}

static struct wire_server *serve(const char *name, lobby_Program who, wire_message_fn *fn)
{
	struct wire_server *server;
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	server = wire_server_new(loop, path, who, fn, on_state, NULL);
	assert_non_null(server);
	return server;
}

static void box_says(void)
{
	static lobby_Envelope envelope;

	envelope = (lobby_Envelope){ .which_body = lobby_Envelope_system_state_tag };
	envelope.body.system_state = box.state;
	wire_server_broadcast(box.server, lobby_Program_PROGRAM_UNKNOWN, &envelope);
	pump();
}

static void box_answers(int err, const char *text)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_system_answer_tag };

	envelope.body.system_answer.request = box.command.request;
	envelope.body.system_answer.err = err;
	text_copy(envelope.body.system_answer.text, sizeof(envelope.body.system_answer.text), text);
	wire_server_broadcast(box.server, lobby_Program_PROGRAM_UNKNOWN, &envelope);
	pump();
}

static void box_starts(void)
{
	box.server = serve("system.sock", lobby_Program_PROGRAM_SYSTEM, on_box);
	for (int i = 0; i < 40 && !app.box.conn.up; i++) {
		clock_advance_ms(50);
		pump();
	}
	assert_true(app.box.conn.up);
	box_says();
}

static void sync_says(bool enrolled, const char *pin)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_settings_tag };

	wire_settings_default(&envelope.body.settings);
	text_copy(envelope.body.settings.technician_pin, sizeof(envelope.body.settings.technician_pin), pin);
	wire_server_broadcast(peer.server, lobby_Program_PROGRAM_UNKNOWN, &envelope);
	envelope = (lobby_Envelope){ .which_body = lobby_Envelope_sync_state_tag };
	envelope.body.sync_state.enrolled = enrolled;
	envelope.body.sync_state.visits_held = 3;
	wire_server_broadcast(peer.server, lobby_Program_PROGRAM_UNKNOWN, &envelope);
	pump();
}

static void sync_starts(void)
{
	peer.server = serve("sync.sock", lobby_Program_PROGRAM_SYNC, on_sync);
	for (int i = 0; i < 40 && !app.link.sync.up; i++) {
		clock_advance_ms(50);
		pump();
	}
	assert_true(app.link.sync.up);
}

HELPER void orders(const char *notice, const char *out_of_service)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_orders_tag };

	text_copy(envelope.body.orders.notice, sizeof(envelope.body.orders.notice), notice);
	text_copy(envelope.body.orders.out_of_service, sizeof(envelope.body.orders.out_of_service), out_of_service);
	wire_server_broadcast(peer.server, lobby_Program_PROGRAM_UNKNOWN, &envelope);
	pump();
}

static void enrolled(int err, const char *text)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_enrolled_tag };

	envelope.body.enrolled.err = err;
	text_copy(envelope.body.enrolled.text, sizeof(envelope.body.enrolled.text), text);
	wire_server_broadcast(peer.server, lobby_Program_PROGRAM_UNKNOWN, &envelope);
	pump();
}

/* ---- the kiosk ---- */

static bool beside; /* the other programs start with the kiosk */

static int start(void **state)
{
	struct app_options options = { .panel = portrait, .assets = "assets", .run = folder, .beside = beside };
	static char locale[512];

	(void)state;
	snprintf(locale, sizeof(locale), "%s/locale", getenv("LOBBY_BUILD"));
	options.locale = locale;
	clock_use_virtual(AT_0941);
	loop = loop_new();
	memset(&box, 0, sizeof(box));
	memset(&peer, 0, sizeof(peer));
	box.state = (lobby_SystemState){ .version = "0.4.0",
					 .slot = "a",
					 .protection = lobby_Protection_PROTECTION_NO_TPM,
					 .has_panel = true,
					 .has_stick = true,
					 .has_update = true,
					 .set_up = true,
					 .link_count = 2,
					 .link = { { .name = "enp1s0", .up = true, .address = "192.0.2.7" },
						   { .name = "wlp2s0", .kind = lobby_LinkKind_LINK_WIRELESS } } };
	assert_int_equal(app_init(&app, loop, &options), 0);
	pump();
	return 0;
}

/* As on an appliance, whose screen is there before systemd has made any folder. */
HELPER int start_without_folder(void **state)
{
	assert_int_equal(rmdir(folder), 0);
	beside = true;
	assert_int_equal(start(state), 0);
	beside = false;
	return 0;
}

static int stop(void **state)
{
	(void)state;
	app_fini(&app);
	wire_server_free(box.server);
	wire_server_free(peer.server);
	loop_free(loop);
	return 0;
}

static void press(const char *what)
{
	struct ui_event event = ui_press(app.ui, what);

	if (event.kind == UI_EVENT_NONE)
		print_error("no \"%s\" on %s\n", what, flow_screen_name(app.screen));
	assert_int_not_equal(event.kind, UI_EVENT_NONE);
	app_ui_event(&app, &event);
	pump();
}

static void at(const char *screen)
{
	assert_string_equal(flow_screen_name(app.screen), screen);
}

HELPER bool shows(const char *words)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	bool found;

	ui_dump(app.ui, out, false);
	fclose(out);
	found = strstr(text, words) != NULL;
	free(text);
	return found;
}

HELPER void type(const char *text)
{
	struct ui_event event = ui_type(app.ui, text);

	app_ui_event(&app, &event);
	pump();
}

static void scan(const char *text)
{
	lobby_Scan code = { .source = lobby_ScanSource_SCAN_CODE };

	text_copy(code.aim, sizeof(code.aim), "Q3");
	code.data.size = (pb_size_t)strlen(text);
	memcpy(code.data.bytes, text, code.data.size);
	app_on_scan(&app, &code);
	pump();
}

static void ready(void)
{
	sync_starts();
	sync_says(true, "set");
	box_starts();
	at("welcome");
}

static void technician(void)
{
	ready();
	clock_advance_ms(APP_START_MS);
	pump();
	box.state.stick.state = lobby_StickState_STICK_TRUSTED;
	box.state.stick.technician = true;
	box_says();
	at("box");
}

/* ---- running ---- */

#define TEST(function) cmocka_unit_test_setup_teardown(function, start, stop)

/* The folder for the sockets; false: none. */
static bool bed_make(void)
{
	setenv("SDL_VIDEODRIVER", "offscreen", 1);
	setenv("TZ", "America/New_York", 1);
	return mkdtemp(folder) != NULL;
}

static void bed_remove(void)
{
	char path[128];

	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, i == 0 ? "system.sock" : "sync.sock");
		unlink(path);
	}
	rmdir(folder);
}

#endif

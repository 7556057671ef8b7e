/* See link.h. */
#include "app.h"

#include "base/log.h"
#include "base/notify.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

static lobby_Envelope envelope; /* one message is built at a time; wiped after it is sent */

static int send_wiped(struct wire_conn *conn)
{
	int err = wire_send(conn, &envelope);

	explicit_bzero(&envelope, sizeof(envelope));
	return err;
}

/* Best effort: what is lost with the connection is sent again when it returns. */
static void send_or_wait(struct wire_conn *conn)
{
	int err = send_wiped(conn);

	if (err != 0 && err != LOBBY_ERR_CLOSED)
		log_event(LOG_ERROR, "kiosk-send", "err=%s", err_event(err));
}

void link_send_identify(struct app *app)
{
	envelope = (lobby_Envelope){ .which_body = lobby_Envelope_identify_tag };
	envelope.body.identify = app->session.query;
	envelope.body.identify.request = app->request;
	send_or_wait(&app->link.sync);
}

void link_send_visit(struct app *app)
{
	envelope = (lobby_Envelope){ .which_body = lobby_Envelope_visit_tag };
	envelope.body.visit = app->session.visit;
	send_or_wait(&app->link.sync);
}

void link_send_slip(struct app *app, const lobby_Slip *slip)
{
	envelope = (lobby_Envelope){ .which_body = lobby_Envelope_slip_tag };
	envelope.body.slip = *slip;
	send_or_wait(&app->link.sync);
}

void link_send_help(struct app *app)
{
	envelope = (lobby_Envelope){ .which_body = lobby_Envelope_help_wanted_tag };
	envelope.body.help_wanted = app->help;
	send_or_wait(&app->link.sync);
}

void link_send_devices(struct app *app)
{
	lobby_Devices *devices = &envelope.body.devices;

	envelope = (lobby_Envelope){ .which_body = lobby_Envelope_devices_tag };
	*devices = app->devices;
	if (!app->devices_up) {
		static const lobby_Device gone[] = {
			{ .kind = lobby_DeviceKind_DEVICE_SCANNER,
			  .state = lobby_DeviceState_DEVICE_FAULT,
			  .name = "Scanner",
			  .detail = "lobby-devices is not running" },
			{ .kind = lobby_DeviceKind_DEVICE_PRINTER,
			  .state = lobby_DeviceState_DEVICE_FAULT,
			  .name = "Printer",
			  .detail = "lobby-devices is not running" },
		};

		*devices = (lobby_Devices){ .device_count = 2, .device = { gone[0], gone[1] } };
	}
	send_or_wait(&app->link.sync);
}

static bool same_state(const lobby_KioskState *a, const lobby_KioskState *b)
{
	return a->screen == b->screen && strcmp(a->step, b->step) == 0 && a->devices_up == b->devices_up &&
	       a->presented == b->presented && strcmp(a->display, b->display) == 0;
}

static bool turns_away(enum screen_id screen)
{
	return screen == SCREEN_OUT_OF_ORDER || screen == SCREEN_OUT_OF_SERVICE || screen == SCREEN_STARTING;
}

/* A technician is here; a first start that nobody has begun is nobody's. */
static bool is_worked_on(const struct app *app)
{
	return screens[app->screen]->staff && !(screens[app->screen]->rests && !app->technician.in);
}

void link_send_state(struct app *app, bool again)
{
	lobby_KioskState state = { .screen = turns_away(app->screen) ? lobby_KioskScreen_KIOSK_OUT_OF_ORDER
					     : app->session.active || is_worked_on(app)
						     ? lobby_KioskScreen_KIOSK_IN_USE
						     : lobby_KioskScreen_KIOSK_READY };

	text_copy(state.step, sizeof(state.step), flow_screen_name(app->screen));
	state.devices_up = app->devices_up;
	state.presented = window_is_presented(&app->window);
	window_describe(&app->window, state.display, sizeof(state.display));
	if (!again && same_state(&state, &app->link.told))
		return;
	box_send_state(app, &state);
	envelope = (lobby_Envelope){ .which_body = lobby_Envelope_kiosk_state_tag };
	envelope.body.kiosk_state = app->link.told = state;
	notify_status("%s", state.screen == lobby_KioskScreen_KIOSK_READY    ? "Ready for a patient."
			    : state.screen == lobby_KioskScreen_KIOSK_IN_USE ? "In use."
									     : "Out of order.");
	send_or_wait(&app->link.sync);
}

void link_send_read_health(struct app *app, uint32_t request, const void *card, size_t len)
{
	lobby_ReadHealth *read = &envelope.body.read_health;

	envelope = (lobby_Envelope){ .which_body = lobby_Envelope_read_health_tag };
	if (len > sizeof(read->card.bytes))
		return;
	read->request = request;
	memcpy(read->card.bytes, card, len);
	read->card.size = (pb_size_t)len;
	send_or_wait(&app->link.sync);
}

void link_send_forget_health(struct app *app, uint32_t request)
{
	envelope = (lobby_Envelope){ .which_body = lobby_Envelope_read_health_tag };
	envelope.body.read_health.request = request;
	envelope.body.read_health.forget = true;
	send_or_wait(&app->link.sync);
}

void link_send_band(struct app *app, const lobby_PrintBand *band)
{
	envelope = (lobby_Envelope){ .which_body = lobby_Envelope_print_band_tag };
	envelope.body.print_band = *band;
	send_or_wait(&app->link.devices);
}

void link_send_technician_pin(struct app *app, uint32_t request, const char *pin)
{
	envelope = (lobby_Envelope){ .which_body = lobby_Envelope_technician_pin_tag };
	envelope.body.technician_pin.request = request;
	text_copy(envelope.body.technician_pin.pin, sizeof(envelope.body.technician_pin.pin), pin);
	send_or_wait(&app->link.sync);
}

int link_send_enrol(struct app *app, const char *url, const char *code)
{
	lobby_Enrol *enrol = &envelope.body.enrol;

	envelope = (lobby_Envelope){ .which_body = lobby_Envelope_enrol_tag };
	text_copy(enrol->url, sizeof(enrol->url), url);
	text_copy(enrol->code, sizeof(enrol->code), code);
	return send_wiped(&app->link.sync);
}

int link_send_self_test(struct app *app, const lobby_SelfTest *wanted)
{
	envelope = (lobby_Envelope){ .which_body = lobby_Envelope_self_test_tag };
	envelope.body.self_test = *wanted;
	return send_wiped(&app->link.devices);
}

int link_send_test_report(struct app *app, const lobby_TestReport *report)
{
	envelope = (lobby_Envelope){ .which_body = lobby_Envelope_test_report_tag };
	envelope.body.test_report = *report;
	return send_wiped(&app->link.sync);
}

int link_send_print(struct app *app, const lobby_Print *print)
{
	envelope = (lobby_Envelope){ .which_body = lobby_Envelope_print_tag };
	envelope.body.print = *print;
	return send_wiped(&app->link.devices);
}

void link_cancel_print(struct app *app, const char *job)
{
	envelope = (lobby_Envelope){ .which_body = lobby_Envelope_print_tag };
	text_copy(envelope.body.print.job, sizeof(envelope.body.print.job), job);
	envelope.body.print.cancel = true;
	send_or_wait(&app->link.devices);
}

static void on_sync_message(void *arg, struct wire_conn *conn, const lobby_Envelope *message)
{
	struct app *app = arg;

	(void)conn;
	switch (message->which_body) {
	case lobby_Envelope_identified_tag:
		app_on_identified(app, &message->body.identified);
		break;
	case lobby_Envelope_visit_committed_tag:
		app_on_committed(app, &message->body.visit_committed);
		break;
	case lobby_Envelope_help_state_tag:
		app_on_help(app, &message->body.help_state);
		break;
	case lobby_Envelope_health_read_tag:
		health_on_read(app, &message->body.health_read);
		break;
	case lobby_Envelope_sync_state_tag:
		app_on_sync_state(app, &message->body.sync_state);
		break;
	case lobby_Envelope_settings_tag:
		app->settings = message->body.settings;
		app_use_zone(app);
		app->dirty = true;
		break;
	case lobby_Envelope_orders_tag:
		app->orders = message->body.orders;
		app->dirty = true;
		break;
	case lobby_Envelope_enrolled_tag:
		setup_on_enrolled(app, &message->body.enrolled);
		break;
	case lobby_Envelope_technician_answer_tag:
		technician_on_answer(app, &message->body.technician_answer);
		break;
	case lobby_Envelope_logo_tag:
		app->logo = message->body.logo;
		break;
	default:
		break;
	}
}

static void on_sync_state(void *arg, struct wire_conn *conn, bool up)
{
	struct app *app = arg;

	(void)conn;
	app_on_link(app, lobby_Program_PROGRAM_SYNC, up);
	if (!up)
		return;
	link_send_devices(app);
	link_send_state(app, true);
	health_on_sync_back(app);
	if (app->pending == PENDING_IDENTIFY)
		link_send_identify(app);
	if (app->pending == PENDING_VISIT)
		link_send_visit(app);
	slips_send_again(&app->slips, app);
	if (app->help.id[0] != '\0')
		link_send_help(app);
	technician_on_sync(app, true);
}

static void on_devices_message(void *arg, struct wire_conn *conn, const lobby_Envelope *message)
{
	struct app *app = arg;

	(void)conn;
	switch (message->which_body) {
	case lobby_Envelope_devices_tag:
		app_on_devices(app, &message->body.devices);
		link_send_devices(app);
		break;
	case lobby_Envelope_scan_tag:
		app_on_scan(app, &message->body.scan);
		break;
	case lobby_Envelope_card_slot_tag:
		app_on_slot(app, &message->body.card_slot);
		break;
	case lobby_Envelope_test_report_tag:
		technician_on_report(app, &message->body.test_report);
		break;
	case lobby_Envelope_print_want_tag:
		papers_on_want(app, &message->body.print_want);
		break;
	case lobby_Envelope_printed_tag:
		slips_on_printed(&app->slips, app, &message->body.printed);
		labels_on_printed(app, &message->body.printed);
		papers_drop(app, message->body.printed.job);
		break;
	default:
		break;
	}
}

static void on_devices_state(void *arg, struct wire_conn *conn, bool up)
{
	(void)conn;
	app_on_link(arg, lobby_Program_PROGRAM_DEVICES, up);
}

int link_start(struct app *app, const char *run)
{
	struct link *link = &app->link;
	int a = snprintf(link->sync_path, sizeof(link->sync_path), "%s/sync.sock", run);
	int b = snprintf(link->devices_path, sizeof(link->devices_path), "%s/devices.sock", run);

	if (a >= (int)sizeof(link->sync_path) || b >= (int)sizeof(link->devices_path))
		return LOBBY_ERR_TOO_LONG;
	wire_client_start(&link->sync, app->loop, link->sync_path, lobby_Program_PROGRAM_KIOSK, on_sync_message,
			  on_sync_state, app);
	wire_client_start(&link->devices, app->loop, link->devices_path, lobby_Program_PROGRAM_KIOSK,
			  on_devices_message, on_devices_state, app);
	return 0;
}

void link_stop(struct app *app)
{
	wire_close(&app->link.sync);
	wire_close(&app->link.devices);
}

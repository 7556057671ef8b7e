/* Which clinic this kiosk belongs to: the QR code of the desk's Kiosks page, or the same typed; then what came of it,
 * and how to mend what went wrong. */
#include "screens.h"

#include "base/text.h"
#include "kiosk/app.h"
#include "kiosk/said.h"
#include "kiosk/words.h"

#include <stdio.h>
#include <string.h>

#define URL "clinic-url"
#define CODE "clinic-code"

/* ---- the code ---- */

static void build_clinic(struct app *app, struct ui *ui)
{
	bool scanner = app_scanner_ready(app);

	if (!screen_is_crowded(app))
		ui_disc(ui, "clinic-disc", scanner ? "scan" : "home", UI_BRAND);
	ui_heading(ui, _("Which clinic is this kiosk for?"));
	ui_text(ui, "text", UI_STYLE_BODY,
		_("At the front desk’s page, open Kiosks, choose Add a kiosk, and show its QR code to this kiosk’s "
		  "scanner."),
		(struct ui_opt){ 0 });
	ui_text(ui, "ten", UI_STYLE_BODY, _("The code is good for ten minutes, and once."),
		(struct ui_opt){ .tone = UI_QUIET });
	if (!scanner)
		ui_banner(ui, "no-scanner", _("No scanner is ready. You can type the code instead."),
			  (struct ui_opt){ .tone = UI_WARNING, .icon = "warning" });
	else
		ui_banner(ui, "scanner", _("The scanner is ready."),
			  (struct ui_opt){ .tone = UI_TINT, .icon = "scan" });
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "type", _("Type it in"),
		  (struct ui_opt){ .tone = UI_STRONG, .icon = "arrow-forward", .icon_end = true });
	if (box_is_new(app) && !app->technician.in)
		ui_button(ui, "later", _("Later"), (struct ui_opt){ 0 });
	if (box_is_new(app) || app->technician.in)
		ui_button(ui, "back", _("Back"), (struct ui_opt){ .icon = "arrow-back" });
	else
		ui_button(ui, "network", _("Network"), (struct ui_opt){ .icon = "network" });
}

static void event_clinic(struct app *app, const struct ui_event *event)
{
	if (event->kind != UI_EVENT_PRESS)
		return;
	if (strcmp(event->id, "type") == 0)
		app_fire(app, FLOW_TYPE);
	else if (strcmp(event->id, "later") == 0)
		app_fire(app, FLOW_LATER);
	else if (strcmp(event->id, "network") == 0)
		app_fire(app, FLOW_NETWORK);
	else if (strcmp(event->id, "back") == 0)
		app_fire(app, FLOW_BACK);
}

const struct screen screen_clinic = { .setup = 4,
				      .timeless = true,
				      .staff = true,
				      .rests = true,
				      .idle_ms = SETUP_IDLE_MS,
				      .build = build_clinic,
				      .event = event_clinic };

/* ---- typed ---- */

static bool is_ready(struct app *app)
{
	const char *url = ui_field_text(app->ui, URL);

	return strncmp(url, "https://", 8) == 0 && strlen(url) > 8 && strlen(ui_field_text(app->ui, CODE)) >= 12;
}

static void build_type(struct app *app, struct ui *ui)
{
	ui_heading(ui, _("Address and code"));
	ui_field(ui, URL, _("The clinic’s address"), UI_FIELD_URL, 200, NULL, NULL, (struct ui_opt){ 0 });
	ui_field(ui, CODE, _("Code, like 7QXK-M2PD-9TRA"), UI_FIELD_CODE, 14, NULL, NULL, (struct ui_opt){ 0 });
	ui_region(ui, UI_PAD);
	ui_keyboard(ui);
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "continue", _("Continue"), (struct ui_opt){ .tone = UI_STRONG, .disabled = !is_ready(app) });
	ui_button(ui, "back", _("Back"), (struct ui_opt){ .icon = "arrow-back" });
}

static void event_type(struct app *app, const struct ui_event *event)
{
	struct setup *s = &app->setup;

	if (event->kind != UI_EVENT_PRESS)
		return;
	if (strcmp(event->id, "back") == 0) {
		app_fire(app, FLOW_BACK);
	} else if (strcmp(event->id, "continue") == 0 && is_ready(app)) {
		text_copy(s->url, sizeof(s->url), ui_field_text(app->ui, URL));
		text_copy(s->code, sizeof(s->code), ui_field_text(app->ui, CODE));
		app_fire(app, FLOW_ENROL);
	}
}

static void enter_type(struct app *app)
{
	if (ui_field_text(app->ui, URL)[0] == '\0')
		ui_field_set(app->ui, URL, app->setup.url[0] != '\0' ? app->setup.url : "https://");
	ui_focus(app->ui, URL);
}

const struct screen screen_clinic_type = { .setup = 4,
					   .timeless = true,
					   .staff = true,
					   .idle_ms = SETUP_IDLE_MS,
					   .enter = enter_type,
					   .build = build_type,
					   .event = event_type };

/* ---- what came of it ---- */

static const char *advice(int err)
{
	switch (err) {
	case LOBBY_ERR_CODE_WRONG:
	case LOBBY_ERR_DENIED:
	case LOBBY_ERR_INVALID:
		return _("Make a new code at the front desk’s page and show it, or check what you typed.");
	case LOBBY_ERR_UNREACHABLE:
	case LOBBY_ERR_TIMEOUT:
		return _("Is the network right, and does the clinic’s server run? Check both, then try again.");
	case LOBBY_ERR_UNTRUSTED:
		return _("Do not go on in this network. Ask whoever runs it, and the clinic.");
	case LOBBY_ERR_CLOSED:
		return _("Wait a moment, then try again.");
	default:
		return _("Try again with a new code.");
	}
}

static void build_enrol(struct app *app, struct ui *ui)
{
	const struct setup *s = &app->setup;
	struct said said;
	char text[320];

	if (s->stage == SETUP_ENROLLED) {
		ui_disc(ui, "enrol-disc", "check", UI_SUCCESS);
		ui_heading(ui, _("The clinic knows this kiosk."));
		ui_text(ui, "said", UI_STYLE_BODY, said_in(&said, s->text), (struct ui_opt){ .tone = UI_QUIET });
		ui_region(ui, UI_ACTIONS);
		ui_button(ui, "continue", _("Continue"),
			  (struct ui_opt){ .tone = UI_STRONG, .icon = "arrow-forward", .icon_end = true });
		return;
	}
	if (s->stage == SETUP_ENROLLING || s->stage == SETUP_NOT_ASKED) {
		ui_disc(ui, "enrol-disc", "clock", UI_BRAND);
		ui_heading(ui, _("Asking the clinic…"));
		words_fill(text, sizeof(text), _("At %1$s. It may take half a minute."),
			   (const char *const[]){ s->url }, 1);
		ui_text(ui, "text", UI_STYLE_BODY, text, (struct ui_opt){ .tone = UI_QUIET });
		return;
	}
	ui_disc(ui, "enrol-disc", "warning", UI_WARNING);
	ui_heading(ui, _("That did not work."));
	ui_text(ui, "said", UI_STYLE_BODY, said_in(&said, s->text), (struct ui_opt){ 0 });
	ui_text(ui, "advice", UI_STYLE_STRONG, advice(s->err), (struct ui_opt){ 0 });
	if (s->url[0] != '\0')
		ui_text(ui, "where", UI_STYLE_SMALL, s->url, (struct ui_opt){ .tone = UI_QUIET });
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "back", _("Try again"), (struct ui_opt){ .tone = UI_STRONG });
}

static void event_enrol(struct app *app, const struct ui_event *event)
{
	if (event->kind != UI_EVENT_PRESS)
		return;
	if (strcmp(event->id, "continue") == 0)
		app_fire(app, FLOW_CONTINUE);
	else if (strcmp(event->id, "back") == 0)
		app_fire(app, FLOW_BACK);
}

static void enter_enrol(struct app *app)
{
	setup_enrol(app);
}

static void leave_enrol(struct app *app)
{
	app->setup.stage = SETUP_NOT_ASKED;
	loop_timer_cancel(app->loop, &app->setup.patience);
}

const struct screen screen_enrol = { .setup = 4,
				     .timeless = true,
				     .staff = true,
				     .idle_ms = SETUP_IDLE_MS,
				     .enter = enter_enrol,
				     .build = build_enrol,
				     .event = event_enrol,
				     .leave = leave_enrol };

/* The technician's PIN, on the number pad; or how the clinic sets one. */
#include "screens.h"

#include "kiosk/app.h"
#include "kiosk/words.h"

#include <stdio.h>
#include <string.h>

#define FIELD "pin"
#define LEAST 4
#define MOST 8

static bool has_pin(const struct app *app)
{
	return app->settings.technician_pin[0] != '\0';
}

static bool is_ready(struct app *app)
{
	return strlen(ui_field_text(app->ui, FIELD)) >= LEAST && technician_wait_s(app) == 0 &&
	       !app->technician.asking && app->sync_up;
}

/* Without a PIN, or without who could check it, there is nothing to type. */
static void build_closed(struct app *app, struct ui *ui)
{
	ui_heading(ui, _("For technicians"));
	if (!app->sync_up) {
		ui_banner(ui, "no-sync", _("The PIN cannot be checked: lobby-sync does not run."),
			  (struct ui_opt){ .tone = UI_WARNING, .icon = "warning" });
		if (!box_is_appliance(app)) /* there is no shell on one */
			ui_text(ui, "how", UI_STYLE_BODY, _("On the kiosk, “lobbyctl status” says what is wrong."),
				(struct ui_opt){ .tone = UI_QUIET });
	} else {
		ui_text(ui, "none-set", UI_STYLE_BODY, _("The clinic has not set a PIN for technicians."),
			(struct ui_opt){ 0 });
		ui_text(ui, "how", UI_STYLE_BODY, _("On the clinic’s server, this sets one of 4 to 8 digits:"),
			(struct ui_opt){ .tone = UI_QUIET });
		ui_text(ui, "command", UI_STYLE_STRONG, "lobby-clinic setting --data DIR\ntechnician_pin 482913",
			(struct ui_opt){ 0 });
	}
	if (app->box.there)
		ui_text(ui, "stick", UI_STYLE_BODY, _("A technician’s stick opens without the PIN. Put it in."),
			(struct ui_opt){ .icon = "stick" });
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "close", _("Close"), (struct ui_opt){ .tone = UI_STRONG, .icon = "close" });
}

static void build(struct app *app, struct ui *ui)
{
	int wait = technician_wait_s(app);
	char text[128] = "";

	if (!has_pin(app) || !app->sync_up) {
		build_closed(app, ui);
		return;
	}
	ui_heading(ui, _("For technicians"));
	ui_text(ui, "why", UI_STYLE_BODY, _("Please enter the clinic’s PIN."), (struct ui_opt){ .tone = UI_QUIET });
	if (wait > 0)
		snprintf(text, sizeof(text),
			 ngettext("Please wait %d second before the next try.",
				  "Please wait %d seconds before the next try.", (unsigned long)wait),
			 wait);
	else if (app->technician.wrong)
		snprintf(text, sizeof(text), "%s", _("That is not the PIN. Please try again."));
	ui_field(ui, FIELD, _("PIN"), UI_FIELD_DIGITS, MOST, NULL, text[0] != '\0' ? text : NULL,
		 (struct ui_opt){ .secret = true });
	ui_region(ui, UI_PAD);
	ui_number_pad(ui, _("Back"), _("Erase"));
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "continue", _("Continue"), (struct ui_opt){ .tone = UI_STRONG, .disabled = !is_ready(app) });
	app_back_beside_pad(app, ui);
}

static void event(struct app *app, const struct ui_event *event)
{
	if (event->kind != UI_EVENT_PRESS)
		return;
	if (strcmp(event->id, "back") == 0 || strcmp(event->id, "close") == 0)
		app_fire(app, FLOW_START_OVER);
	else if (strcmp(event->id, "continue") == 0 && is_ready(app))
		technician_try_pin(app, ui_field_text(app->ui, FIELD));
}

static void enter(struct app *app)
{
	ui_field_clear(app->ui, FIELD);
	ui_focus(app->ui, FIELD);
}

static void leave(struct app *app)
{
	ui_field_clear(app->ui, FIELD);
}

const struct screen screen_technician_pin = { .timeless = true,
					      .staff = true,
					      .idle_ms = TECHNICIAN_PIN_IDLE_MS,
					      .enter = enter,
					      .build = build,
					      .event = event,
					      .leave = leave };

/* The kiosk itself is in the way: an answer takes its time, or a part of it does not work. */
#include "screens.h"

#include "kiosk/app.h"
#include "kiosk/said.h"
#include "kiosk/words.h"

/* ---- wait ---- */

static void build_wait(struct app *app, struct ui *ui)
{
	(void)app;
	ui_heading(ui, _("One moment, please."));
	ui_text(ui, "text", UI_STYLE_BODY, _("We are looking this up."), (struct ui_opt){ .tone = UI_QUIET });
}

const struct screen screen_wait = { .build = build_wait };

/* ---- out of order ---- */

static void build_out_of_order(struct app *app, struct ui *ui)
{
	bool enrolled = app->sync.enrolled || !app->sync_up;

	ui_disc(ui, "broken-disc", "warning", UI_WARNING);
	ui_heading(ui, enrolled ? _("This kiosk is out of order.") : _("This kiosk is not set up yet."));
	ui_text(ui, "text", UI_STYLE_BODY, _("We are sorry. Please go to the front desk: they will check you in."),
		(struct ui_opt){ .tone = UI_QUIET });
	if (app->settings.desk_location[0] != '\0')
		ui_text(ui, "where", UI_STYLE_TITLE, app->settings.desk_location, (struct ui_opt){ .icon = "pin" });
	if (app->session.identified)
		ui_banner(ui, "kept", _("If it starts again in a moment, you can go on where you were."),
			  (struct ui_opt){ .tone = UI_TINT, .icon = "info" });
}

const struct screen screen_out_of_order = { .timeless = true, .rests = true, .build = build_out_of_order };

/* ---- starting ---- */

/* What it waits for, the first thing first: a disk that is checked or saved takes its time. */
static const char *awaited(const struct app *app, struct said *said)
{
	const lobby_SystemState *state = &app->box.state;

	if (app->box.there && state->protection == lobby_Protection_PROTECTION_STARTING)
		return state->protection_text[0] != '\0' ? said_in(said, state->protection_text)
							 : _("Its storage is being opened.");
	return _("The check-in program is starting.");
}

static void build_starting(struct app *app, struct ui *ui)
{
	struct said said;

	ui_disc(ui, "starting-disc", "clock", UI_BRAND);
	ui_heading(ui, _("This kiosk is starting."));
	ui_text(ui, "text", UI_STYLE_BODY, _("It takes about a minute. The front desk can check you in meanwhile."),
		(struct ui_opt){ .tone = UI_QUIET });
	if (app->settings.desk_location[0] != '\0')
		ui_text(ui, "where", UI_STYLE_TITLE, app->settings.desk_location, (struct ui_opt){ .icon = "pin" });
	ui_text(ui, "awaited", UI_STYLE_SMALL, awaited(app, &said),
		(struct ui_opt){ .tone = UI_QUIET, .icon = "info" });
}

const struct screen screen_starting = { .timeless = true, .rests = true, .build = build_starting };

/* ---- out of service ---- */

static void build_out_of_service(struct app *app, struct ui *ui)
{
	ui_disc(ui, "service-disc", "info", UI_BRAND);
	ui_heading(ui, _("This kiosk is out of service."));
	ui_text(ui, "reason", UI_STYLE_TITLE, app->orders.out_of_service, (struct ui_opt){ 0 });
	ui_text(ui, "text", UI_STYLE_BODY, _("Please go to the front desk: they will check you in."),
		(struct ui_opt){ .tone = UI_QUIET });
	if (app->settings.desk_location[0] != '\0')
		ui_text(ui, "where", UI_STYLE_TITLE, app->settings.desk_location, (struct ui_opt){ .icon = "pin" });
}

const struct screen screen_out_of_service = { .timeless = true, .rests = true, .build = build_out_of_service };

/* ---- restarting ---- */

static void build_restarting(struct app *app, struct ui *ui)
{
	bool off = app->box.leaving == lobby_SystemDo_SYSTEM_POWER_OFF;

	ui_disc(ui, "restarting-disc", off ? "power" : "start-over", UI_BRAND);
	ui_heading(ui, off ? _("This kiosk turns itself off.") : _("This kiosk restarts."));
	ui_text(ui, "text", UI_STYLE_BODY,
		off ? _("Please go to the front desk: they will check you in.") : _("One moment, please."),
		(struct ui_opt){ .tone = UI_QUIET });
}

const struct screen screen_restarting = { .timeless = true, .rests = true, .build = build_restarting };

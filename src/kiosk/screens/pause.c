/* The kiosk itself is in the way: an answer takes its time, or a part of it does not work. */
#include "screens.h"

#include "kiosk/app.h"
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

const struct screen screen_out_of_order = { .timeless = true, .build = build_out_of_order };

/* How the panel hangs: one button turns the picture, another keeps it. Whoever sees nothing, or cannot touch what they
 * see, does nothing, and it turns back by itself. */
#include "screens.h"

#include "kiosk/app.h"
#include "kiosk/words.h"

#include <stdio.h>
#include <string.h>

static void build(struct app *app, struct ui *ui)
{
	const struct box *box = &app->box;
	char text[160];

	ui_disc(ui, "panel-disc", "turn", UI_BRAND);
	ui_heading(ui, _("Does this stand upright?"));
	ui_text(ui, "text", UI_STYLE_BODY, _("If not, turn the picture until it does."),
		(struct ui_opt){ .tone = UI_QUIET });
	if (box->trying) {
		snprintf(text, sizeof(text),
			 ngettext("It turns back in %d second, unless you keep it.",
				  "It turns back in %d seconds, unless you keep it.", (unsigned long)box->seconds_left),
			 box->seconds_left);
		ui_banner(ui, "countdown", text, (struct ui_opt){ .tone = UI_WARNING, .icon = "clock" });
	}
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "keep", box->trying ? _("Keep it like this") : _("Yes, it stands upright"),
		  (struct ui_opt){ .tone = UI_STRONG, .icon = "check", .disabled = box->asking });
	ui_button(ui, "turn", _("Turn the picture"), (struct ui_opt){ .icon = "turn", .disabled = box->asking });
	ui_button(ui, "back", _("Back"), (struct ui_opt){ .icon = "arrow-back" });
}

static void event(struct app *app, const struct ui_event *event)
{
	if (event->kind != UI_EVENT_PRESS)
		return;
	if (strcmp(event->id, "turn") == 0)
		box_panel_turn(app);
	else if (strcmp(event->id, "keep") == 0 && app->box.trying)
		box_panel_keep(app);
	else if (strcmp(event->id, "keep") == 0)
		app_fire(app, FLOW_CONTINUE);
	else if (strcmp(event->id, "back") == 0)
		app_fire(app, FLOW_BACK);
}

static void answer(struct app *app, lobby_SystemDo what, int err)
{
	if (what == lobby_SystemDo_SYSTEM_SET_PANEL && err == 0)
		app_fire(app, FLOW_CONTINUE);
}

static void leave(struct app *app)
{
	box_panel_revert(app);
}

const struct screen screen_panel = { .setup = 2,
				     .timeless = true,
				     .staff = true,
				     .idle_ms = SETUP_IDLE_MS,
				     .build = build,
				     .event = event,
				     .answer = answer,
				     .leave = leave };

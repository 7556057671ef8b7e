/* The last four of the phone: the last tie-breaker. */
#include "screens.h"

#include "base/text.h"
#include "kiosk/app.h"
#include "kiosk/words.h"

#include <string.h>

#define FIELD "phone-last4"

static void build(struct app *app, struct ui *ui)
{
	ui_heading(ui, _("What are the last four digits of your phone?"));
	ui_text(ui, "why", UI_STYLE_BODY, _("It tells you from others with a similar name."),
		(struct ui_opt){ .tone = UI_QUIET });
	ui_field(ui, FIELD, _("Last four digits"), UI_FIELD_DIGITS, 4, NULL, NULL, (struct ui_opt){ 0 });
	ui_region(ui, UI_PAD);
	ui_number_pad(ui, _("Back"), _("Erase"));
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "continue", _("Continue"),
		  (struct ui_opt){ .tone = UI_STRONG, .disabled = strlen(ui_field_text(app->ui, FIELD)) != 4 });
	ui_button(ui, "no-phone", _("I have no phone"), (struct ui_opt){ 0 });
	app_back_beside_pad(app, ui);
}

static void event(struct app *app, const struct ui_event *event)
{
	const char *text = ui_field_text(app->ui, FIELD);
	bool press = event->kind == UI_EVENT_PRESS;

	if (press && strcmp(event->id, "back") == 0) {
		app_fire(app, FLOW_BACK);
	} else if (press && strcmp(event->id, "no-phone") == 0) {
		app->session.reason = lobby_HandoverReason_HANDOVER_AMBIGUOUS;
		app_fire(app, FLOW_NOBODY);
	} else if (strlen(text) == 4 && (event->kind == UI_EVENT_CHANGE || press)) {
		text_copy(app->session.query.phone_last4, sizeof(app->session.query.phone_last4), text);
		app_identify(app);
	}
}

static void enter(struct app *app)
{
	ui_field_clear(app->ui, FIELD);
	ui_focus(app->ui, FIELD);
}

const struct screen screen_phone = { .step = 1, .enter = enter, .build = build, .event = event };

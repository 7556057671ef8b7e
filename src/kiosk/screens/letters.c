/* The first letter of the last name, and of the first name as tie-breaker: one touch each, nothing to misspell. */
#include "screens.h"

#include "base/text.h"
#include "kiosk/app.h"
#include "kiosk/words.h"

#include <string.h>

static void build_letters(struct ui *ui, const char *heading, const char *why)
{
	ui_heading(ui, heading);
	ui_text(ui, "why", UI_STYLE_BODY, why, (struct ui_opt){ .tone = UI_QUIET });
	ui_region(ui, UI_PAD);
	ui_letter_grid(ui);
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "back", _("Back"), (struct ui_opt){ .icon = "arrow-back" });
}

static void build_family(struct app *app, struct ui *ui)
{
	(void)app;
	build_letters(ui, _("What is the first letter of your last name?"),
		      _("Touch the letter that your family name begins with."));
}

static void build_given(struct app *app, struct ui *ui)
{
	(void)app;
	build_letters(ui, _("And the first letter of your first name?"), _("Another patient has the same birthday."));
}

static const char *letter_of(const struct ui_event *event)
{
	if (event->kind != UI_EVENT_PRESS || strncmp(event->id, "letter-", 7) != 0)
		return NULL;
	return event->id + 7;
}

static void event_family(struct app *app, const struct ui_event *event)
{
	const char *letter = letter_of(event);

	if (letter != NULL) {
		text_copy(app->session.query.family, sizeof(app->session.query.family), letter);
		app->session.query.given[0] = app->session.query.phone_last4[0] = '\0';
		app_identify(app);
	} else if (event->kind == UI_EVENT_PRESS && strcmp(event->id, "back") == 0) {
		app_fire(app, FLOW_BACK);
	}
}

static void event_given(struct app *app, const struct ui_event *event)
{
	const char *letter = letter_of(event);

	if (letter != NULL) {
		text_copy(app->session.query.given, sizeof(app->session.query.given), letter);
		app->session.query.phone_last4[0] = '\0';
		app_identify(app);
	} else if (event->kind == UI_EVENT_PRESS && strcmp(event->id, "back") == 0) {
		app_fire(app, FLOW_BACK);
	}
}

const struct screen screen_family = { .step = 1, .build = build_family, .event = event_family };
const struct screen screen_given = { .step = 1, .build = build_given, .event = event_given };

/* Welcome: what this is for, in one look; one strong button; every language in its own name. */
#include "screens.h"

#include "base/clock.h"
#include "kiosk/app.h"
#include "kiosk/words.h"

#include <stdio.h>
#include <string.h>

/* Where to hold the card. The clinic's setting is one of three places, so that the sentence can be translated. */
static const char *scanner_words(const char *hint)
{
	if (strcmp(hint, "right") == 0)
		return _("The scanner is lit, to the right of the screen.");
	if (strcmp(hint, "left") == 0)
		return _("The scanner is lit, to the left of the screen.");
	if (strcmp(hint, "below") == 0)
		return _("The scanner is lit, below the screen.");
	return _("The scanner is ready.");
}

static void build_languages(struct app *app, struct ui *ui)
{
	char id[32];

	if (app->settings.language_count < 2)
		return;
	ui_text(ui, "languages-label", UI_STYLE_SMALL, _("Your language"), (struct ui_opt){ .tone = UI_QUIET });
	for (int i = 0; i < app->settings.language_count && i < 8; i++) {
		const char *tag = app->settings.language[i];

		if (i % 4 == 0)
			ui_open(ui, i == 0 ? "languages-1" : "languages-2", UI_ROW, (struct ui_opt){ 0 });
		snprintf(id, sizeof(id), "lang-%s", tag);
		if (ui_can_show(ui, words_autonym(tag)))
			ui_button(ui, id, words_autonym(tag),
				  (struct ui_opt){ .grow = 1, .selected = strcmp(tag, app->language) == 0 });
		if (i % 4 == 3 || i + 1 == app->settings.language_count || i == 7)
			ui_close(ui);
	}
}

static void build(struct app *app, struct ui *ui)
{
	bool scanner = app_scanner_ready(app);
	bool reader = app_device_ready(app, lobby_DeviceKind_DEVICE_CARD_READER) ||
		      app_device_ready(app, lobby_DeviceKind_DEVICE_STRIPE_READER);
	char heading[128];

	snprintf(heading, sizeof(heading), "%s\n%s", words_greeting(clock_wall_ms()), _("How can we help?"));
	ui_heading(ui, heading);
	ui_text(ui, "intro", UI_STYLE_BODY,
		reader	  ? _("Touch a button, or show us your ID, insurance card or appointment code at any time.")
		: scanner ? _("Touch a button, or scan your ID, insurance card or appointment code at any time.")
			  : _("Touch a button to begin."),
		(struct ui_opt){ .tone = UI_QUIET });
	if (app->orders.notice[0] != '\0')
		ui_banner(ui, "clinic-notice", app->orders.notice,
			  (struct ui_opt){ .tone = UI_TINT, .icon = "message" });
	if (scanner)
		ui_banner(ui, "scanner", scanner_words(app->settings.scanner_hint),
			  (struct ui_opt){ .tone = UI_TINT, .icon = "scan" });
	else if (app_scanner_missed(app))
		ui_banner(ui, "no-scanner", _("The scanner does not work right now. You can check in by touch."),
			  (struct ui_opt){ .tone = UI_WARNING, .icon = "warning" });
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "check-in", _("Check in"), (struct ui_opt){ .tone = UI_STRONG, .icon = "check", .tall = true });
	ui_button(ui, "something-else", _("Something else"), (struct ui_opt){ .icon = "message" });
	build_languages(app, ui);
}

static void event(struct app *app, const struct ui_event *event)
{
	if (event->kind != UI_EVENT_PRESS)
		return;
	if (strcmp(event->id, "check-in") == 0) {
		session_touch(&app->session);
		app->session.touches--; /* app.c counts presses */
		app_fire(app, FLOW_START);
	} else if (strcmp(event->id, "something-else") == 0) {
		session_touch(&app->session);
		app->session.touches--;
		app->session.reason = lobby_HandoverReason_HANDOVER_ASKED;
		app_fire(app, FLOW_SOMETHING_ELSE);
	}
}

const struct screen screen_welcome = { .timeless = true, .rests = true, .build = build, .event = event };

/* A health record came with the card: may the clinic have it? Nothing of it is shown, only what kind it is and who
 * vouches for it; it goes with the visit only after "yes". */
#include "screens.h"

#include "kiosk/app.h"
#include "kiosk/words.h"

#include <stdio.h>
#include <string.h>

static void describe(const lobby_HealthRead *health, char *out, size_t size)
{
	if (health->outcome == lobby_HealthOutcome_HEALTH_LINK_LATER)
		snprintf(out, size, "%s", _("Your link can be opened as soon as the clinic can be reached."));
	else if (health->immunizations > 0)
		snprintf(out, size,
			 ngettext("Your card holds %d vaccination.", "Your card holds %d vaccinations.",
				  (unsigned long)health->immunizations),
			 (int)health->immunizations);
	else
		snprintf(out, size, "%s", _("Your card holds a health record."));
}

static void build(struct app *app, struct ui *ui)
{
	const lobby_HealthRead *health = &app->session.health;
	char text[256];

	ui_disc(ui, "share-disc", "message", UI_BRAND);
	ui_heading(ui, _("May we keep your health record?"));
	describe(health, text, sizeof(text));
	ui_text(ui, "what", UI_STYLE_BODY, text, (struct ui_opt){ 0 });
	if (health->issuer[0] != '\0') {
		snprintf(text, sizeof(text), _("Issued by %s"), health->issuer);
		ui_text(ui, "issuer", UI_STYLE_BODY, text, (struct ui_opt){ .tone = UI_QUIET, .icon = "check" });
	}
	ui_text(ui, "why", UI_STYLE_BODY, _("We add it to your file here. You can also say no."),
		(struct ui_opt){ .tone = UI_QUIET });
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "share", _("Yes, you may keep it"), (struct ui_opt){ .tone = UI_STRONG });
	ui_button(ui, "no", _("No, thank you"), (struct ui_opt){ 0 });
	ui_button(ui, "back", _("Back"), (struct ui_opt){ .icon = "arrow-back" });
}

static void event(struct app *app, const struct ui_event *event)
{
	struct session *session = &app->session;

	if (event->kind != UI_EVENT_PRESS)
		return;
	if (strcmp(event->id, "share") == 0) {
		session->visit.health_request = session->health.request;
		app_fire(app, FLOW_CONTINUE);
	} else if (strcmp(event->id, "no") == 0) {
		session->visit.health_request = 0;
		app_fire(app, FLOW_CONTINUE);
	} else if (strcmp(event->id, "back") == 0) {
		app_fire(app, FLOW_BACK);
	}
}

/* An insurance card: that question was before this one, and is asked now. */
static bool scan(struct app *app, const struct card *card)
{
	if (card->kind != CARD_INSURANCE || !app->settings.ask_insurance || !session_has_new_card(&app->session))
		return false;
	app_fire(app, FLOW_CARD_READ);
	return true;
}

const struct screen screen_share = { .step = 4, .build = build, .event = event, .scan = scan };

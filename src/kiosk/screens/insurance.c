/* Insurance: what the clinic has, by its last four; a new card, scanned or typed; or none. */
#include "screens.h"

#include "base/text.h"
#include "kiosk/app.h"
#include "kiosk/words.h"

#include <stdio.h>
#include <string.h>

static const lobby_Coverage *coverage_of(const struct app *app)
{
	const lobby_Coverage *coverage = &app->session.found.person.coverage;

	return coverage->id[0] != '\0' ? coverage : NULL;
}

/* ---- what the clinic has ---- */

static void build_value(struct ui *ui, const char *name, const char *label, const char *value, const char *speech)
{
	char id[32];

	if (value[0] == '\0')
		return;
	ui_open(ui, name, UI_COLUMN, (struct ui_opt){ .grow = 1 });
	snprintf(id, sizeof(id), "%s-label", name);
	ui_text(ui, id, UI_STYLE_SMALL, label, (struct ui_opt){ .tone = UI_QUIET });
	snprintf(id, sizeof(id), "%s-value", name);
	ui_text(ui, id, UI_STYLE_STRONG, value, (struct ui_opt){ .speech = speech });
	ui_close(ui);
}

static void build_card(const struct app *app, struct ui *ui, const lobby_Coverage *coverage)
{
	char member[32], spoken[64];

	snprintf(member, sizeof(member), "••••\u00a0%s", coverage->member_last4);
	snprintf(spoken, sizeof(spoken), _("ending in %s"), coverage->member_last4);
	ui_card_open(ui, "plan", "", UI_COLUMN, (struct ui_opt){ .tone = UI_BRAND });
	ui_open(ui, "plan-top", UI_ROW, (struct ui_opt){ 0 });
	ui_open(ui, "plan-name", UI_COLUMN, (struct ui_opt){ .grow = 1 });
	ui_text(ui, "plan-label", UI_STYLE_SMALL, _("Health plan"), (struct ui_opt){ .tone = UI_QUIET });
	ui_text(ui, "plan-payor", UI_STYLE_TITLE, coverage->payor, (struct ui_opt){ 0 });
	ui_close(ui);
	ui_icon(ui, "plan-icon", "card", (struct ui_opt){ 0 });
	ui_close(ui);
	ui_spacer(ui, 1);
	ui_open(ui, "plan-values", UI_ROW, (struct ui_opt){ 0 });
	build_value(ui, "member", _("Member ID"), member, spoken);
	/* In large letters plan and number are enough to know a card by, and stay on one page. */
	if (app->size < UI_SIZE_LARGE) {
		build_value(ui, "group", _("Group"), coverage->group, NULL);
		build_value(ui, "subscriber", _("Plan member"), coverage->subscriber, NULL);
	}
	ui_close(ui);
	ui_close(ui);
}

static void build_active(struct ui *ui, const lobby_Coverage *coverage)
{
	char money[32], note[64] = "";

	if (coverage->copay_cents >= 0) {
		words_money(money, sizeof(money), coverage->copay_cents, coverage->currency);
		snprintf(note, sizeof(note), _("Copay today: %s"), money);
	}
	if (coverage->active)
		ui_banner(ui, "active", _("We have this plan as active."),
			  (struct ui_opt){ .tone = UI_SUCCESS, .icon = "check", .note = note[0] ? note : NULL });
	else
		ui_banner(ui, "active", _("This plan may have ended. Do you have a new card?"),
			  (struct ui_opt){ .tone = UI_WARNING, .icon = "warning", .note = note[0] ? note : NULL });
}

static void build(struct app *app, struct ui *ui)
{
	const lobby_Coverage *coverage = coverage_of(app);

	if (coverage == NULL) {
		ui_heading(ui, _("Do you have health insurance?"));
		ui_text(ui, "why", UI_STYLE_BODY, _("We do not have a plan for you yet."),
			(struct ui_opt){ .tone = UI_QUIET });
		ui_region(ui, UI_ACTIONS);
		ui_button(ui, "new-card", _("Yes, I have a card"),
			  (struct ui_opt){ .tone = UI_STRONG, .icon = "arrow-forward", .icon_end = true });
		ui_button(ui, "none", _("I do not have insurance"), (struct ui_opt){ 0 });
		ui_button(ui, "back", _("Back"), (struct ui_opt){ .icon = "arrow-back" });
		return;
	}
	ui_heading(ui, _("Is this still your insurance?"));
	if (app->size < UI_SIZE_LARGEST)
		ui_text(ui, "why", UI_STYLE_BODY, _("This is what we have on file."),
			(struct ui_opt){ .tone = UI_QUIET });
	build_card(app, ui, coverage);
	build_active(ui, coverage);
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "yes", _("Yes, that is right"),
		  (struct ui_opt){ .tone = UI_STRONG, .icon = "arrow-forward", .icon_end = true });
	ui_button(ui, "new-card", _("I have a new card"), (struct ui_opt){ 0 });
	ui_button(ui, "none", _("I do not have insurance"), (struct ui_opt){ 0 });
	ui_button(ui, "back", _("Back"), (struct ui_opt){ .icon = "arrow-back" });
}

static void event(struct app *app, const struct ui_event *event)
{
	lobby_Visit *visit = &app->session.visit;

	if (event->kind != UI_EVENT_PRESS)
		return;
	if (strcmp(event->id, "yes") == 0) {
		visit->insurance = lobby_InsuranceStep_INSURANCE_CONFIRMED;
		text_copy(visit->coverage_id, sizeof(visit->coverage_id), app->session.found.person.coverage.id);
		app_fire(app, FLOW_CONTINUE);
	} else if (strcmp(event->id, "none") == 0) {
		visit->insurance = lobby_InsuranceStep_INSURANCE_NONE;
		visit->coverage_id[0] = '\0';
		app_fire(app, FLOW_CONTINUE);
	} else if (strcmp(event->id, "new-card") == 0) {
		app_fire(app, FLOW_NEW_CARD);
	} else if (strcmp(event->id, "back") == 0) {
		app_fire(app, FLOW_BACK);
	}
}

/* A member number under the scanner means: this is my new card. */
static bool scan(struct app *app, const struct card *card)
{
	if (card->kind != CARD_MEMBER_CODE)
		return false;
	ui_field_set(app->ui, "member-id", card->code);
	if (app->screen != SCREEN_INSURANCE_TYPE)
		app_fire(app, FLOW_TYPE);
	app_notice(app, N_("We read the number. Please check it and add the rest."), UI_TINT);
	return true;
}

/* ---- a new card ---- */

static void build_new(struct app *app, struct ui *ui)
{
	ui_heading(ui, _("Show us your new card"));
	ui_text(ui, "why", UI_STYLE_BODY,
		app_scanner_ready(app) ? _("Hold the code on the card under the scanner. If it has none, type it in.")
				       : _("The scanner does not work right now. Please type it in."),
		(struct ui_opt){ .tone = UI_QUIET });
	ui_disc(ui, "card-disc", "card", UI_BRAND);
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "type", _("Type it in"),
		  (struct ui_opt){ .tone = UI_STRONG, .icon = "arrow-forward", .icon_end = true });
	ui_button(ui, "back", _("Back"), (struct ui_opt){ .icon = "arrow-back" });
}

static void event_new(struct app *app, const struct ui_event *event)
{
	if (event->kind != UI_EVENT_PRESS)
		return;
	if (strcmp(event->id, "type") == 0)
		app_fire(app, FLOW_TYPE);
	else if (strcmp(event->id, "back") == 0)
		app_fire(app, FLOW_BACK);
}

/* ---- typed ---- */

static bool is_ready(struct app *app)
{
	return ui_field_text(app->ui, "payor")[0] != '\0' && strlen(ui_field_text(app->ui, "member-id")) >= 3;
}

static void build_type(struct app *app, struct ui *ui)
{
	ui_heading(ui, _("What is on your card?"));
	ui_field(ui, "payor", _("Insurance company"), UI_FIELD_NAME, 60, NULL, NULL, (struct ui_opt){ 0 });
	ui_open(ui, "numbers", UI_ROW, (struct ui_opt){ 0 });
	ui_field(ui, "member-id", _("Member ID"), UI_FIELD_CODE, 32, NULL, NULL, (struct ui_opt){ .grow = 3 });
	ui_field(ui, "group-number", _("Group, if any"), UI_FIELD_CODE, 24, NULL, NULL, (struct ui_opt){ .grow = 2 });
	ui_close(ui);
	ui_region(ui, UI_PAD);
	ui_keyboard(ui);
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "save", _("Continue"), (struct ui_opt){ .tone = UI_STRONG, .disabled = !is_ready(app) });
	ui_button(ui, "back", _("Back"), (struct ui_opt){ .icon = "arrow-back" });
}

static void event_type(struct app *app, const struct ui_event *event)
{
	lobby_Visit *visit = &app->session.visit;

	if (event->kind != UI_EVENT_PRESS)
		return;
	if (strcmp(event->id, "back") == 0) {
		app_fire(app, FLOW_BACK);
	} else if (strcmp(event->id, "save") == 0 && is_ready(app)) {
		visit->insurance = lobby_InsuranceStep_INSURANCE_NEW;
		visit->coverage_id[0] = '\0';
		text_copy(visit->payor, sizeof(visit->payor), ui_field_text(app->ui, "payor"));
		text_copy(visit->member_id, sizeof(visit->member_id), ui_field_text(app->ui, "member-id"));
		text_copy(visit->group, sizeof(visit->group), ui_field_text(app->ui, "group-number"));
		app_fire(app, FLOW_CONTINUE);
	}
}

static void enter_type(struct app *app)
{
	ui_focus(app->ui, "payor");
}

const struct screen screen_insurance = { .step = 4, .build = build, .event = event, .scan = scan };
const struct screen screen_insurance_new = { .step = 4, .build = build_new, .event = event_new, .scan = scan };
const struct screen screen_insurance_type = {
	.step = 4, .enter = enter_type, .build = build_type, .event = event_type, .scan = scan
};

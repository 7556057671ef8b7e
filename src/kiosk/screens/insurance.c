/* Insurance: what the clinic has, by its last four; a new card, read or typed; or none. A card that was read is shown
 * as the clinic's own is, and becomes the visit's only when the patient says so. */
#include "screens.h"

#include "base/clock.h"
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

/* What of a plan is shown, whoever says it. */
struct plan {
	const char *payor, *last4, *group, *person, *person_label, *until;
};

static void build_plan(const struct app *app, struct ui *ui, const struct plan *plan)
{
	char member[32], spoken[64];

	snprintf(member, sizeof(member), "••••\u00a0%s", plan->last4);
	snprintf(spoken, sizeof(spoken), _("ending in %s"), plan->last4);
	ui_card_open(ui, "plan", "", UI_COLUMN, (struct ui_opt){ .tone = UI_BRAND });
	ui_open(ui, "plan-top", UI_ROW, (struct ui_opt){ 0 });
	ui_open(ui, "plan-name", UI_COLUMN, (struct ui_opt){ .grow = 1 });
	ui_text(ui, "plan-label", UI_STYLE_SMALL, _("Health plan"), (struct ui_opt){ .tone = UI_QUIET });
	ui_text(ui, "plan-payor", UI_STYLE_TITLE, plan->payor, (struct ui_opt){ 0 });
	ui_close(ui);
	ui_icon(ui, "plan-icon", "card", (struct ui_opt){ 0 });
	ui_close(ui);
	ui_spacer(ui, 1);
	ui_open(ui, "plan-values", UI_ROW, (struct ui_opt){ 0 });
	if (plan->last4[0] != '\0')
		build_value(ui, "member", _("Member ID"), member, spoken);
	/* In large letters plan and number are enough to know a card by, and stay on one page. */
	if (app->size < UI_SIZE_LARGE) {
		build_value(ui, "group", _("Group"), plan->group, NULL);
		build_value(ui, "subscriber", plan->person_label, plan->person, NULL);
		build_value(ui, "until", _("Valid until"), plan->until, NULL);
	}
	ui_close(ui);
	ui_close(ui);
}

static void build_known(const struct app *app, struct ui *ui, const lobby_Coverage *coverage)
{
	struct plan plan = { .payor = coverage->payor,
			     .last4 = coverage->member_last4,
			     .group = coverage->group,
			     .person = coverage->subscriber,
			     .person_label = _("Plan member"),
			     .until = "" };

	build_plan(app, ui, &plan);
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
	build_known(app, ui, coverage);
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
		visit->has_card = false;
		visit->insurance = lobby_InsuranceStep_INSURANCE_CONFIRMED;
		text_copy(visit->coverage_id, sizeof(visit->coverage_id), app->session.found.person.coverage.id);
		app_fire(app, FLOW_CONTINUE);
	} else if (strcmp(event->id, "none") == 0) {
		visit->insurance = lobby_InsuranceStep_INSURANCE_NONE;
		visit->has_card = false;
		visit->coverage_id[0] = '\0';
		app_fire(app, FLOW_CONTINUE);
	} else if (strcmp(event->id, "new-card") == 0) {
		app_fire(app, FLOW_NEW_CARD);
	} else if (strcmp(event->id, "back") == 0) {
		app_fire(app, FLOW_BACK);
	}
}

/* A card or a member number means: this is my new card. */
static bool scan(struct app *app, const struct card *card)
{
	if (card->kind == CARD_INSURANCE) {
		app_fire(app, session_has_new_card(&app->session) ? FLOW_CARD_READ : FLOW_CARD_KNOWN);
		if (!session_has_new_card(&app->session))
			app_notice(app, N_("That is the card that we have. You can go on below."), UI_SUCCESS);
		return true;
	}
	if (card->kind != CARD_MEMBER_CODE)
		return false;
	ui_field_set(app->ui, "member-id", card->code);
	if (app->screen != SCREEN_INSURANCE_TYPE)
		app_fire(app, FLOW_TYPE);
	app_notice(app, N_("We read the number. Please check it and add the rest."), UI_TINT);
	return true;
}

/* ---- a new card ---- */

static const char *card_hint(const struct app *app)
{
	bool chip = app_device_ready(app, lobby_DeviceKind_DEVICE_CARD_READER);
	bool stripe = app_device_ready(app, lobby_DeviceKind_DEVICE_STRIPE_READER);

	if (chip)
		return _("Put the card into the reader, or hold its code under the scanner. You can also type it in.");
	if (stripe)
		return _("Swipe the card, or hold its code under the scanner. You can also type it in.");
	return app_scanner_ready(app) ? _("Hold the code on the card under the scanner. If it has none, type it in.")
				      : _("The scanner does not work right now. Please type it in.");
}

static void build_new(struct app *app, struct ui *ui)
{
	ui_heading(ui, _("Show us your new card"));
	ui_text(ui, "why", UI_STYLE_BODY, card_hint(app), (struct ui_opt){ .tone = UI_QUIET });
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

/* ---- a card that was read ---- */

static const char ended_text[] = N_("This card may have ended. Do you have a newer one?");

static bool is_whole(const lobby_InsuranceCard *card)
{
	return card->payor[0] != '\0' && card->member_id[0] != '\0';
}

static bool has_ended(const lobby_InsuranceCard *card)
{
	struct clock_civil today = clock_civil_of(clock_wall_ms());
	char date[40];

	snprintf(date, sizeof(date), "%04d-%02d-%02d", today.year, today.month, today.day);
	return card->period_end[0] != '\0' && strcmp(card->period_end, date) < 0;
}

static void build_card(struct app *app, struct ui *ui)
{
	const lobby_InsuranceCard *card = &app->session.card;
	size_t len = strlen(card->member_id);
	bool warn_first = app->size >= UI_SIZE_LARGEST && has_ended(card);
	char until[64] = "";
	struct plan plan = { .payor = card->payor,
			     .last4 = len > 4 ? card->member_id + len - 4 : card->member_id,
			     .group = card->group,
			     .person = card->given,
			     .person_label = _("Card of"),
			     .until = until };

	if (card->period_end[0] != '\0')
		words_date(until, sizeof(until), card->period_end);
	/* In the largest letters the warning is the title: card and both together would not be on one page. */
	ui_heading(ui, warn_first ? _(ended_text) : _("Is this your insurance now?"));
	if (app->size < UI_SIZE_LARGEST)
		ui_text(ui, "why", UI_STYLE_BODY, _("This is what your card says."),
			(struct ui_opt){ .tone = UI_QUIET });
	build_plan(app, ui, &plan);
	if (has_ended(card) && !warn_first)
		ui_banner(ui, "ended", _(ended_text), (struct ui_opt){ .tone = UI_WARNING, .icon = "warning" });
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "yes", _("Yes, use this card"),
		  (struct ui_opt){ .tone = UI_STRONG, .icon = "arrow-forward", .icon_end = true });
	ui_button(ui, "new-card", _("Another card"), (struct ui_opt){ 0 });
	ui_button(ui, "back", _("Back"), (struct ui_opt){ .icon = "arrow-back" });
}

static void take_card(struct app *app)
{
	const lobby_InsuranceCard *card = &app->session.card;
	lobby_Visit *visit = &app->session.visit;

	visit->insurance = lobby_InsuranceStep_INSURANCE_NEW;
	visit->coverage_id[0] = '\0';
	visit->has_card = true;
	visit->card = *card;
	text_copy(visit->payor, sizeof(visit->payor), card->payor);
	text_copy(visit->member_id, sizeof(visit->member_id), card->member_id);
	text_copy(visit->group, sizeof(visit->group), card->group);
}

static void event_card(struct app *app, const struct ui_event *event)
{
	const lobby_InsuranceCard *card = &app->session.card;

	if (event->kind != UI_EVENT_PRESS)
		return;
	if (strcmp(event->id, "yes") == 0 && is_whole(card)) {
		take_card(app);
		app_fire(app, FLOW_CONTINUE);
	} else if (strcmp(event->id, "yes") == 0) {
		app_fire(app, FLOW_TYPE);
		ui_field_set(app->ui, "payor", card->payor);
		ui_field_set(app->ui, "member-id", card->member_id);
		ui_field_set(app->ui, "group-number", card->group);
		app_notice(app, N_("Your card does not say everything. Please check it and add the rest."), UI_TINT);
	} else if (strcmp(event->id, "new-card") == 0) {
		session_forget_card(&app->session);
		app_fire(app, FLOW_NEW_CARD);
	} else if (strcmp(event->id, "back") == 0) {
		app_fire(app, FLOW_BACK);
	}
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

static bool is_read(const struct app *app, const char *member_id)
{
	return app->session.has_card && strcmp(app->session.card.member_id, member_id) == 0;
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
		/* A card that lacked something still says the rest. */
		visit->has_card = is_read(app, ui_field_text(app->ui, "member-id"));
		if (visit->has_card)
			visit->card = app->session.card;
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
const struct screen screen_insurance_card = { .step = 4, .build = build_card, .event = event_card, .scan = scan };
const struct screen screen_insurance_type = {
	.step = 4, .enter = enter_type, .build = build_type, .event = event_type, .scan = scan
};

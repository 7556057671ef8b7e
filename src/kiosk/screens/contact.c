/* Contact details: shown masked, confirmed with one touch, changed one at a time. What the clinic has is never shown
 * whole; what was typed just now is, because the person typed it. */
#include "screens.h"

#include "base/text.h"
#include "kiosk/app.h"
#include "kiosk/words.h"

#include <stdio.h>
#include <string.h>

enum detail { PHONE, EMAIL, ADDRESS, DETAILS };

static const char *const ids[DETAILS] = { "phone", "email", "address" };
static const char *const icons[DETAILS] = { "phone", "mail", "home" };

static const char *label_of(enum detail detail)
{
	return detail == PHONE ? _("Phone") : detail == EMAIL ? _("E-mail") : _("Address");
}

/* What to show: the new value, else what the clinic has, masked. */
static void value_of(const struct app *app, enum detail detail, char *out, size_t size)
{
	const lobby_Visit *visit = &app->session.visit;
	const lobby_Person *person = &app->session.found.person;

	switch (detail) {
	case PHONE:
		snprintf(out, size, "%s", visit->phone[0] ? visit->phone : person->phone_masked);
		break;
	case EMAIL:
		snprintf(out, size, "%s", visit->email[0] ? visit->email : person->email_masked);
		break;
	default:
		if (visit->address_line[0])
			snprintf(out, size, "%s, %s %s", visit->address_line, visit->address_city,
				 visit->address_postal_code);
		else
			snprintf(out, size, "%s", person->address_masked);
		break;
	}
	if (out[0] == '\0')
		snprintf(out, size, "%s", _("None on file"));
}

static void build_detail(struct app *app, struct ui *ui, enum detail detail, bool pressable)
{
	char value[256], id[32], label[320];

	value_of(app, detail, value, sizeof(value));
	snprintf(label, sizeof(label), _("Change %1$s: %2$s"), label_of(detail), value);
	ui_card_open(ui, ids[detail], pressable ? label : "", UI_ROW, (struct ui_opt){ 0 });
	snprintf(id, sizeof(id), "%s-icon", ids[detail]);
	ui_icon(ui, id, icons[detail], (struct ui_opt){ .tone = UI_QUIET });
	snprintf(id, sizeof(id), "%s-lines", ids[detail]);
	ui_open(ui, id, UI_COLUMN, (struct ui_opt){ .grow = 1 });
	snprintf(id, sizeof(id), "%s-label", ids[detail]);
	ui_text(ui, id, UI_STYLE_SMALL, label_of(detail), (struct ui_opt){ .tone = UI_QUIET });
	snprintf(id, sizeof(id), "%s-value", ids[detail]);
	ui_text(ui, id, UI_STYLE_STRONG, value, (struct ui_opt){ 0 });
	ui_close(ui);
	ui_close(ui);
}

/* ---- confirm ---- */

static void build(struct app *app, struct ui *ui)
{
	bool changed = app->session.visit.contact == lobby_ContactStep_CONTACT_CHANGED;

	ui_heading(ui, changed ? _("Thank you. Is this right now?") : _("Is this still right?"));
	ui_text(ui, "why", UI_STYLE_BODY, _("Some of it is hidden to keep it private."),
		(struct ui_opt){ .tone = UI_QUIET });
	for (int i = 0; i < DETAILS; i++)
		build_detail(app, ui, (enum detail)i, false);
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "yes", _("Yes, that is right"),
		  (struct ui_opt){ .tone = UI_STRONG, .icon = "arrow-forward", .icon_end = true });
	ui_button(ui, "change", _("Change something"), (struct ui_opt){ 0 });
	ui_button(ui, "back", _("Back"), (struct ui_opt){ .icon = "arrow-back" });
}

static void event(struct app *app, const struct ui_event *event)
{
	lobby_Visit *visit = &app->session.visit;

	if (event->kind != UI_EVENT_PRESS)
		return;
	if (strcmp(event->id, "yes") == 0) {
		if (visit->contact == lobby_ContactStep_CONTACT_NOT_ASKED)
			visit->contact = lobby_ContactStep_CONTACT_CONFIRMED;
		app_fire(app, FLOW_CONTINUE);
	} else if (strcmp(event->id, "change") == 0) {
		app_fire(app, FLOW_CHANGE);
	} else if (strcmp(event->id, "back") == 0) {
		app_fire(app, FLOW_BACK);
	}
}

/* ---- which one ---- */

static void build_change(struct app *app, struct ui *ui)
{
	ui_heading(ui, _("What has changed?"));
	ui_text(ui, "why", UI_STYLE_BODY, _("Touch it to enter the new one."), (struct ui_opt){ .tone = UI_QUIET });
	for (int i = 0; i < DETAILS; i++)
		build_detail(app, ui, (enum detail)i, true);
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "back", _("Back"), (struct ui_opt){ .icon = "arrow-back" });
}

static void event_change(struct app *app, const struct ui_event *event)
{
	if (event->kind != UI_EVENT_PRESS)
		return;
	for (int i = 0; i < DETAILS; i++) {
		if (strcmp(event->id, ids[i]) == 0) {
			app->edit = i;
			app_fire(app, FLOW_EDIT);
			return;
		}
	}
	if (strcmp(event->id, "back") == 0)
		app_fire(app, FLOW_BACK);
}

/* ---- the new one ---- */

static int digit_count(const char *text)
{
	int count = 0;

	for (; *text != '\0'; text++)
		count += *text >= '0' && *text <= '9';
	return count;
}

/* An address that mail can reach at all: something, one @, a dot with something on both sides (RFC 5321, 4.1.2,
 * loosely: the clinic's first letter decides the rest). */
static bool email_plausible(const char *text)
{
	const char *at = strchr(text, '@');
	const char *dot = at != NULL ? strrchr(at, '.') : NULL;

	return at != NULL && at != text && strchr(at + 1, '@') == NULL && dot != NULL && dot > at + 1 &&
	       dot[1] != '\0' && strchr(text, ' ') == NULL;
}

static bool is_ready(struct app *app)
{
	if (app->edit == PHONE)
		return digit_count(ui_field_text(app->ui, "new-phone")) >= 7;
	if (app->edit == EMAIL)
		return email_plausible(ui_field_text(app->ui, "new-email"));
	return ui_field_text(app->ui, "new-street")[0] != '\0' && ui_field_text(app->ui, "new-city")[0] != '\0';
}

static void build_edit(struct app *app, struct ui *ui)
{
	if (app->edit == PHONE) {
		ui_heading(ui, _("What is your new phone number?"));
		ui_field(ui, "new-phone", _("Phone"), UI_FIELD_PHONE, 20, NULL, NULL, (struct ui_opt){ 0 });
		ui_region(ui, UI_PAD);
		ui_number_pad(ui, _("Back"), _("Erase"));
	} else {
		if (app->edit == EMAIL) {
			ui_heading(ui, _("What is your new e-mail?"));
			ui_field(ui, "new-email", _("E-mail"), UI_FIELD_EMAIL, 100, NULL, NULL, (struct ui_opt){ 0 });
		} else {
			ui_heading(ui, _("What is your new address?"));
			ui_field(ui, "new-street", _("Street and number"), UI_FIELD_STREET, 80, NULL, NULL,
				 (struct ui_opt){ 0 });
			ui_open(ui, "town", UI_ROW, (struct ui_opt){ 0 });
			ui_field(ui, "new-city", _("City"), UI_FIELD_STREET, 50, NULL, NULL,
				 (struct ui_opt){ .grow = 3 });
			ui_field(ui, "new-postal-code", _("ZIP code"), UI_FIELD_CODE, 10, NULL, NULL,
				 (struct ui_opt){ .grow = 2 });
			ui_close(ui);
		}
		ui_region(ui, UI_PAD);
		ui_keyboard(ui);
	}
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "save", _("Continue"), (struct ui_opt){ .tone = UI_STRONG, .disabled = !is_ready(app) });
	if (app->edit == PHONE)
		app_back_beside_pad(app, ui);
	else
		ui_button(ui, "back", _("Back"), (struct ui_opt){ .icon = "arrow-back" });
}

static void save(struct app *app)
{
	lobby_Visit *visit = &app->session.visit;
	struct ui *ui = app->ui;

	if (app->edit == PHONE) {
		text_copy(visit->phone, sizeof(visit->phone), ui_field_text(ui, "new-phone"));
	} else if (app->edit == EMAIL) {
		text_copy(visit->email, sizeof(visit->email), ui_field_text(ui, "new-email"));
	} else {
		text_copy(visit->address_line, sizeof(visit->address_line), ui_field_text(ui, "new-street"));
		text_copy(visit->address_city, sizeof(visit->address_city), ui_field_text(ui, "new-city"));
		text_copy(visit->address_postal_code, sizeof(visit->address_postal_code),
			  ui_field_text(ui, "new-postal-code"));
	}
	visit->contact = lobby_ContactStep_CONTACT_CHANGED;
	app_fire(app, FLOW_CONTINUE);
}

static void event_edit(struct app *app, const struct ui_event *event)
{
	if (event->kind != UI_EVENT_PRESS)
		return;
	if (strcmp(event->id, "back") == 0)
		app_fire(app, FLOW_BACK);
	else if (strcmp(event->id, "save") == 0 && is_ready(app))
		save(app);
}

static void enter_edit(struct app *app)
{
	static const char *const first[DETAILS] = { "new-phone", "new-email", "new-street" };

	ui_focus(app->ui, first[app->edit]);
}

const struct screen screen_contact = { .step = 3, .build = build, .event = event };
const struct screen screen_contact_change = { .step = 3, .build = build_change, .event = event_change };
const struct screen screen_contact_edit = { .step = 3, .enter = enter_edit, .build = build_edit, .event = event_edit };

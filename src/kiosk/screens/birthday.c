/* Birthday: three fields and a number pad. A complete, possible date goes on by itself, so that a returning patient
 * needs no more touches than digits; Continue is there for who comes back to correct one. */
#include "screens.h"

#include "base/clock.h"
#include "base/text.h"
#include "kiosk/app.h"
#include "kiosk/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum part { MONTH, DAY, YEAR, PARTS };

static const char *const ids[PARTS] = { "month", "day", "year" };
static const int digits[PARTS] = { 2, 2, 4 };

/* The order in which the language writes a date. */
static const char *order(void)
{
	/* TRANSLATORS: the order of month (M), day (D) and year (Y) in a birthday */
	const char *letters = _("MDY");

	return strlen(letters) == PARTS && strspn(letters, "MDY") == PARTS ? letters : "MDY";
}

static enum part part_at(int place)
{
	char letter = order()[place];

	return letter == 'M' ? MONTH : letter == 'D' ? DAY : YEAR;
}

static int number(struct app *app, enum part part)
{
	return (int)strtol(ui_field_text(app->ui, ids[part]), NULL, 10);
}

static bool is_full(struct app *app, enum part part)
{
	return (int)strlen(ui_field_text(app->ui, ids[part])) == digits[part];
}

static bool is_complete(struct app *app)
{
	return is_full(app, MONTH) && is_full(app, DAY) && is_full(app, YEAR);
}

static int days_in(int month, int year)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/* What is wrong with the date so far; NULL if nothing. */
static const char *mistake(struct app *app)
{
	int month = number(app, MONTH), day = number(app, DAY), year = number(app, YEAR);
	struct clock_civil today = clock_civil_of(clock_wall_ms());

	if (is_full(app, MONTH) && (month < 1 || month > 12))
		return _("There is no such month. Please check it.");
	if (is_full(app, DAY) && (day < 1 || day > 31))
		return _("There is no such day. Please check it.");
	if (!is_complete(app))
		return NULL;
	if (day > days_in(month, year))
		return _("That month does not have so many days. Please check it.");
	if (year < today.year - 130 || year > today.year ||
	    (year == today.year && (month > today.month || (month == today.month && day > today.day))))
		return _("Please check the year.");
	return NULL;
}

static const char *label_of(enum part part)
{
	return part == MONTH ? _("Month") : part == DAY ? _("Day") : _("Year");
}

static void build(struct app *app, struct ui *ui)
{
	bool ready = is_complete(app) && mistake(app) == NULL;
	const char *wrong = mistake(app);

	ui_heading(ui, _("When is your birthday?"));
	ui_text(ui, "why", UI_STYLE_BODY, _("We use it to find your appointment."),
		(struct ui_opt){ .tone = UI_QUIET });
	ui_open(ui, "date", UI_ROW, (struct ui_opt){ 0 });
	for (int i = 0; i < PARTS; i++) {
		enum part part = part_at(i);

		ui_field(ui, ids[part], label_of(part), UI_FIELD_DIGITS, digits[part], NULL, NULL,
			 (struct ui_opt){ .grow = digits[part] });
	}
	ui_close(ui);
	if (wrong != NULL)
		ui_banner(ui, "mistake", wrong, (struct ui_opt){ .tone = UI_WARNING, .icon = "warning" });
	ui_region(ui, UI_PAD);
	ui_number_pad(ui, _("Back"), _("Erase"));
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "continue", _("Continue"), (struct ui_opt){ .tone = UI_STRONG, .disabled = !ready });
	app_back_beside_pad(app, ui);
}

static void submit(struct app *app)
{
	lobby_Identify *query = &app->session.query;
	char date[40];

	query->family[0] = query->given[0] = query->phone_last4[0] = '\0';
	query->from_card = false;
	if (app->session.by != lobby_IdentifiedBy_IDENTIFIED_BY_INSURANCE &&
	    app->session.by != lobby_IdentifiedBy_IDENTIFIED_BY_CHIP)
		app->session.by = lobby_IdentifiedBy_IDENTIFIED_BY_BIRTHDAY;
	snprintf(date, sizeof(date), "%04d-%02d-%02d", number(app, YEAR), number(app, MONTH), number(app, DAY));
	text_copy(query->birth_date, sizeof(query->birth_date), date);
	if (query->member_id[0] != '\0')
		app_identify(app);
	else
		app_fire(app, FLOW_NEED_FAMILY);
}

/* 4 can only be April: no need for the zero before it. */
static void complete_part(struct app *app, enum part part)
{
	const char *text = ui_field_text(app->ui, ids[part]);
	char padded[3] = { '0', text[0], '\0' };

	if (strlen(text) == 1 && ((part == MONTH && text[0] > '1') || (part == DAY && text[0] > '3')))
		ui_field_set(app->ui, ids[part], padded);
}

static void changed(struct app *app, const char *id)
{
	for (int i = 0; i < PARTS; i++) {
		enum part part = part_at(i);

		if (strcmp(ids[part], id) != 0)
			continue;
		complete_part(app, part);
		if (is_full(app, part) && i + 1 < PARTS && !is_full(app, part_at(i + 1)))
			ui_focus(app->ui, ids[part_at(i + 1)]);
	}
	if (is_complete(app) && mistake(app) == NULL)
		submit(app);
}

static void event(struct app *app, const struct ui_event *event)
{
	if (event->kind == UI_EVENT_CHANGE)
		changed(app, event->id);
	else if (event->kind == UI_EVENT_PRESS && strcmp(event->id, "back") == 0)
		app_fire(app, FLOW_BACK);
	else if (event->kind == UI_EVENT_PRESS && strcmp(event->id, "continue") == 0)
		submit(app);
}

static void enter(struct app *app)
{
	const char *known = app->session.query.birth_date;
	char text[5];

	if (strlen(known) != 10) {
		for (int i = 0; i < PARTS; i++)
			ui_field_clear(app->ui, ids[i]);
	} else {
		text_copy_n(text, sizeof(text), known, 4);
		ui_field_set(app->ui, ids[YEAR], text);
		text_copy_n(text, sizeof(text), known + 5, 2);
		ui_field_set(app->ui, ids[MONTH], text);
		text_copy_n(text, sizeof(text), known + 8, 2);
		ui_field_set(app->ui, ids[DAY], text);
	}
	ui_focus(app->ui, ids[part_at(strlen(known) == 10 ? PARTS - 1 : 0)]);
}

const struct screen screen_birthday = { .step = 1, .enter = enter, .build = build, .event = event };

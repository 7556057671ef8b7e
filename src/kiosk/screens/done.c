/* The end: checked in, checked in before, or handed over to the desk. Each gives a number, a place, and clears itself.
 */
#include "screens.h"

#include "kiosk/app.h"
#include "kiosk/idle.h"
#include "kiosk/words.h"

#include <stdio.h>
#include <string.h>

#define CLEAR_S 20
#define CLEAR_SPOKEN_S 45

static void enter_and_clear(struct app *app)
{
	idle_clear_in(app, app->read_aloud ? CLEAR_SPOKEN_S : CLEAR_S);
}

static void enter_and_print(struct app *app)
{
	if (app->session.committed.err == 0) {
		slips_print(&app->slips, app);
		labels_print(app);
	}
	enter_and_clear(app);
}

static void build_number(struct app *app, struct ui *ui, const char *ticket, const char *where, const char *with)
{
	bool column = app->size == UI_SIZE_LARGEST && !app->landscape;

	ui_card_open(ui, "ticket", "", column ? UI_COLUMN : UI_ROW, (struct ui_opt){ 0 });
	ui_open(ui, "ticket-number", UI_COLUMN, (struct ui_opt){ 0 });
	ui_text(ui, "number-label", UI_STYLE_SMALL, _("Your number"), (struct ui_opt){ .tone = UI_QUIET });
	ui_text(ui, "number", UI_STYLE_DISPLAY, ticket, (struct ui_opt){ 0 });
	ui_close(ui);
	if (!column)
		ui_rule(ui);
	ui_open(ui, "ticket-where", UI_COLUMN, (struct ui_opt){ .grow = 1 });
	ui_text(ui, "where", UI_STYLE_TITLE, where, (struct ui_opt){ 0 });
	if (with[0] != '\0')
		ui_text(ui, "with", UI_STYLE_BODY, with, (struct ui_opt){ .tone = UI_QUIET });
	ui_close(ui);
	ui_close(ui);
}

/* The number is what a person came for: in large letters it stands before the sentence, so that it is on the first
 * page. */
static void build_seat(struct app *app, struct ui *ui, const char *sentence, const char *ticket, const char *where,
		       const char *with)
{
	bool number_first = app->size >= UI_SIZE_LARGE;

	if (number_first)
		build_number(app, ui, ticket, where, with);
	ui_text(ui, "seat", UI_STYLE_BODY, sentence, (struct ui_opt){ .tone = UI_QUIET });
	if (!number_first)
		build_number(app, ui, ticket, where, with);
}

static void build_disc(const struct app *app, struct ui *ui, const char *icon, enum ui_tone tone)
{
	if (app->size < (app->landscape ? UI_SIZE_LARGE : UI_SIZE_LARGEST))
		ui_disc(ui, "done-disc", icon, tone);
}

/* Three states are kept apart: arrived (the heading), sent, slip printed. */
static void build_slip(struct app *app, struct ui *ui)
{
	const lobby_Slip *slip = slips_find(&app->slips, app->session.visit.id);

	if (slip == NULL)
		return;
	if (slip->state == lobby_SlipState_SLIP_PRINTING)
		ui_text(ui, "slip", UI_STYLE_BODY, _("Your slip is printing below."),
			(struct ui_opt){ .tone = UI_QUIET, .icon = "printer" });
	else if (slip->state == lobby_SlipState_SLIP_PRINTED)
		ui_text(ui, "slip", UI_STYLE_BODY, _("Please take your slip."),
			(struct ui_opt){ .tone = UI_QUIET, .icon = "printer" });
	else
		ui_banner(ui, "slip",
			  err_patient_text(slip->err)[0] ? _(err_patient_text(slip->err))
							 : _("The printer does not work. Please remember your number."),
			  (struct ui_opt){ .tone = UI_WARNING, .icon = "printer" });
}

static void build_label(struct app *app, struct ui *ui, lobby_PrintForm form, const char *printing, const char *failed)
{
	const struct label *label = labels_find(app, form);
	const char *id = form == lobby_PrintForm_PRINT_WRISTBAND ? "wristband" : "label";

	if (label == NULL)
		return;
	if (label->state != lobby_SlipState_SLIP_FAILED)
		ui_text(ui, id, UI_STYLE_BODY, printing, (struct ui_opt){ .tone = UI_QUIET, .icon = "printer" });
	else
		ui_banner(ui, id, failed, (struct ui_opt){ .tone = UI_WARNING, .icon = "printer" });
}

static void build_labels(struct app *app, struct ui *ui)
{
	build_label(app, ui, lobby_PrintForm_PRINT_WRISTBAND, _("Please take your wristband and put it on."),
		    _("Your wristband could not be printed. Please ask for it at the front desk."));
	build_label(app, ui, lobby_PrintForm_PRINT_LABEL, _("Please take your label with you."),
		    _("Your label could not be printed. Please ask for it at the front desk."));
}

static void build_sent(struct app *app, struct ui *ui)
{
	if (!app->sync_up || !app->sync.reachable)
		ui_text(ui, "not-sent", UI_STYLE_BODY,
			_("It is saved here and will reach the front desk as soon as the network is back."),
			(struct ui_opt){ .tone = UI_QUIET, .icon = "wifi-off" });
}

static void build_end(struct app *app, struct ui *ui)
{
	char text[96];

	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "done", _("Done"), (struct ui_opt){ .tone = UI_STRONG });
	snprintf(text, sizeof(text),
		 ngettext("This screen clears in %d second.", "This screen clears in %d seconds.",
			  (unsigned long)app->seconds_left),
		 app->seconds_left);
	ui_text(ui, "clears", UI_STYLE_SMALL, text, (struct ui_opt){ .tone = UI_QUIET, .speech = "" });
}

static void event(struct app *app, const struct ui_event *event)
{
	if (event->kind == UI_EVENT_PRESS && strcmp(event->id, "done") == 0)
		app_fire(app, FLOW_START_OVER);
	else if (event->kind == UI_EVENT_PRESS || event->kind == UI_EVENT_FOCUS)
		idle_clear_in(app, app->read_aloud ? CLEAR_SPOKEN_S : CLEAR_S);
}

static void with_and_when(char *out, size_t size, const lobby_Appointment *appointment)
{
	char time[24];

	words_time(time, sizeof(time), appointment->start_ms);
	snprintf(out, size, "%s · %s", appointment->practitioner, time);
}

/* ---- checked in ---- */

static void build_done(struct app *app, struct ui *ui)
{
	const struct session *session = &app->session;
	const lobby_Appointment *first = session_first(session);
	char with[128], then[256], id[24];

	build_disc(app, ui, "check", UI_SUCCESS);
	ui_heading(ui, _("You’re checked in."));
	with_and_when(with, sizeof(with), first);
	build_seat(app, ui, _("Please take a seat. We will call you by your number."), session->committed.ticket,
		   first->location[0] ? first->location : first->practitioner, with);
	for (int i = 0; i < session->found.appointment_count; i++) {
		const lobby_Appointment *next = &session->found.appointment[i];

		if (!session->chosen[i] || next == first)
			continue;
		with_and_when(with, sizeof(with), next);
		snprintf(then, sizeof(then), _("After that: %1$s, %2$s"), with, next->location);
		snprintf(id, sizeof(id), "then-%d", i);
		ui_text(ui, id, UI_STYLE_BODY, then, (struct ui_opt){ .icon = "calendar" });
	}
	build_slip(app, ui);
	build_labels(app, ui);
	build_sent(app, ui);
	build_end(app, ui);
}

const struct screen screen_done = { .timeless = true, .enter = enter_and_print, .build = build_done, .event = event };

/* ---- checked in before ---- */

static void build_arrived(struct app *app, struct ui *ui)
{
	const lobby_Appointment *first = session_first(&app->session);
	char text[160], with[128];

	build_disc(app, ui, "check", UI_SUCCESS);
	snprintf(text, sizeof(text), _("You are already checked in, %s."), app->session.found.person.given);
	ui_heading(ui, text);
	with_and_when(with, sizeof(with), first);
	build_seat(app, ui, _("There is nothing more to do. We will call you by your number."), first->ticket,
		   first->location[0] ? first->location : first->practitioner, with);
	build_end(app, ui);
	ui_button(ui, "desk", _("I need the front desk"), (struct ui_opt){ 0 });
}

static void event_arrived(struct app *app, const struct ui_event *happened)
{
	if (happened->kind == UI_EVENT_PRESS && strcmp(happened->id, "desk") == 0) {
		app->session.reason = lobby_HandoverReason_HANDOVER_ASKED;
		app_fire(app, FLOW_DESK);
		return;
	}
	event(app, happened);
}

const struct screen screen_arrived = {
	.timeless = true, .enter = enter_and_clear, .build = build_arrived, .event = event_arrived
};

/* ---- handed over ---- */

static void build_desk(struct app *app, struct ui *ui)
{
	const lobby_VisitCommitted *committed = &app->session.committed;
	const char *where = app->settings.desk_location[0] ? app->settings.desk_location : _("Front desk");

	if (committed->err != 0) {
		build_disc(app, ui, "warning", UI_WARNING);
		ui_heading(ui, _("Please go to the front desk."));
		ui_banner(ui, "not-saved",
			  err_patient_text(committed->err)[0]
				  ? _(err_patient_text(committed->err))
				  : _("This kiosk cannot save your check-in. Please go to the front desk."),
			  (struct ui_opt){ .tone = UI_WARNING, .icon = "warning" });
		ui_text(ui, "where", UI_STYLE_TITLE, where, (struct ui_opt){ .icon = "pin" });
		build_end(app, ui);
		return;
	}
	build_disc(app, ui, "hand", UI_BRAND);
	ui_heading(ui, _("Please go to the front desk."));
	build_seat(app, ui, _("They have what you entered, and your place in line is kept."), committed->ticket, where,
		   "");
	build_slip(app, ui);
	build_sent(app, ui);
	build_end(app, ui);
}

const struct screen screen_desk = { .timeless = true, .enter = enter_and_print, .build = build_desk, .event = event };

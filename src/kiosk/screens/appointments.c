/* The appointments of the one person who was found, and which of them to check in. */
#include "screens.h"

#include "kiosk/app.h"
#include "kiosk/words.h"

#include <stdio.h>
#include <string.h>

/* The line under the practitioner: what for (if the clinic shows it) and how long. */
static void describe(char *out, size_t size, const lobby_Appointment *appointment)
{
	char minutes[48];

	snprintf(minutes, sizeof(minutes), ngettext("%d minute", "%d minutes", appointment->minutes),
		 (int)appointment->minutes);
	if (appointment->service_type[0] != '\0')
		snprintf(out, size, "%s · %s", appointment->service_type, minutes);
	else
		snprintf(out, size, "%s", minutes);
}

/* Why this one cannot be checked in with the others; "" if it can. */
static void state_words(char *out, size_t size, const lobby_Appointment *appointment)
{
	char when[24];

	out[0] = '\0';
	words_time(when, sizeof(when), appointment->opens_ms);
	switch (appointment->state) {
	case lobby_AppointmentState_APPOINTMENT_ARRIVED:
		snprintf(out, size, _("Already checked in: %s"), appointment->ticket);
		break;
	case lobby_AppointmentState_APPOINTMENT_EARLY:
		snprintf(out, size, _("Check-in opens at %s"), when);
		break;
	case lobby_AppointmentState_APPOINTMENT_LATE:
		snprintf(out, size, "%s", _("Too late to check in here: please ask at the front desk"));
		break;
	case lobby_AppointmentState_APPOINTMENT_CANCELLED:
		snprintf(out, size, "%s", _("Cancelled"));
		break;
	case lobby_AppointmentState_APPOINTMENT_OTHER_CLINIC:
		snprintf(out, size, _("At %s"), appointment->clinic_name);
		break;
	default:
		break;
	}
}

/* The largest letters in a narrow panel: one below the other (design/8-appointment-largest-dark.png). */
static bool in_one_column(const struct app *app)
{
	return app->size == UI_SIZE_LARGEST && !app->landscape;
}

/* A low panel with large letters: the appointment itself comes before what is said about it. */
static bool has_room_for_words(const struct app *app)
{
	return !app->landscape || app->size < UI_SIZE_LARGE;
}

static void build_time(struct app *app, struct ui *ui, const lobby_Appointment *appointment, const char *name)
{
	char id[48], clock[8], half[16], whole[24];

	words_time_parts(clock, sizeof(clock), half, sizeof(half), appointment->start_ms);
	words_time(whole, sizeof(whole), appointment->start_ms);
	snprintf(id, sizeof(id), "%s-time", name);
	if (in_one_column(app)) {
		ui_text(ui, id, UI_STYLE_FIGURE, whole, (struct ui_opt){ 0 });
		return;
	}
	ui_open(ui, id, UI_COLUMN, (struct ui_opt){ 0 });
	snprintf(id, sizeof(id), "%s-clock", name);
	ui_text(ui, id, UI_STYLE_FIGURE, clock, (struct ui_opt){ .speech = whole });
	snprintf(id, sizeof(id), "%s-half", name);
	ui_text(ui, id, UI_STYLE_SMALL, half, (struct ui_opt){ .tone = UI_QUIET, .speech = "" });
	ui_close(ui);
	ui_rule(ui);
}

static void build_details(struct ui *ui, const lobby_Appointment *appointment, const char *name)
{
	char id[48], text[192], state[160];

	snprintf(id, sizeof(id), "%s-details", name);
	ui_open(ui, id, UI_COLUMN, (struct ui_opt){ .grow = 1 });
	snprintf(id, sizeof(id), "%s-with", name);
	ui_text(ui, id, UI_STYLE_TITLE, appointment->practitioner, (struct ui_opt){ 0 });
	describe(text, sizeof(text), appointment);
	snprintf(id, sizeof(id), "%s-what", name);
	ui_text(ui, id, UI_STYLE_BODY, text, (struct ui_opt){ .tone = UI_QUIET });
	state_words(state, sizeof(state), appointment);
	snprintf(id, sizeof(id), "%s-where", name);
	if (state[0] != '\0')
		ui_text(ui, id, UI_STYLE_STRONG, state, (struct ui_opt){ .tone = UI_WARNING, .icon = "info" });
	else if (appointment->location[0] != '\0')
		ui_text(ui, id, UI_STYLE_BODY, appointment->location, (struct ui_opt){ .icon = "pin" });
	ui_close(ui);
}

static void build_card(struct app *app, struct ui *ui, int index, bool pressable)
{
	const lobby_Appointment *appointment = &app->session.found.appointment[index];
	char name[24], label[160], time[24];

	snprintf(name, sizeof(name), "appointment-%d", index + 1);
	words_time(time, sizeof(time), appointment->start_ms);
	snprintf(label, sizeof(label), "%s, %s", time, appointment->practitioner);
	ui_card_open(ui, name, pressable ? label : "", in_one_column(app) ? UI_COLUMN : UI_ROW,
		     (struct ui_opt){ .selected = app->session.chosen[index] && !pressable });
	build_time(app, ui, appointment, name);
	build_details(ui, appointment, name);
	ui_close(ui);
}

/* ---- all of them ---- */

static void summary(const struct app *app, char *out, size_t size)
{
	int ready = session_ready_count(&app->session);

	if (ready == 1)
		snprintf(out, size, "%s", _("You have an appointment today."));
	else if (ready == 2)
		snprintf(out, size, "%s\n%s", _("You have two appointments today."),
			 _("We can check you in for both at once."));
	else
		snprintf(out, size, _("You have %d appointments today.\nWe can check you in for all of them at once."),
			 ready);
}

static void build(struct app *app, struct ui *ui)
{
	const struct session *session = &app->session;
	int ready = session_ready_count(session);
	char text[256];

	snprintf(text, sizeof(text), _("Welcome, %s."), session->found.person.given);
	ui_heading(ui, text);
	summary(app, text, sizeof(text));
	if (has_room_for_words(app))
		ui_text(ui, "summary", UI_STYLE_BODY, text, (struct ui_opt){ .tone = UI_QUIET });
	for (int i = 0; i < session->found.appointment_count; i++)
		if (session->found.appointment[i].state != lobby_AppointmentState_APPOINTMENT_OTHER_DAY)
			build_card(app, ui, i, false);
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "check-in",
		  ready == 1   ? _("Check in")
		  : ready == 2 ? _("Check in for both")
			       : _("Check in for all"),
		  (struct ui_opt){ .tone = UI_STRONG, .icon = "arrow-forward", .icon_end = true });
	if (ready > 1)
		ui_button(ui, "only-one", _("Only one of them"), (struct ui_opt){ 0 });
	ui_button(ui, "not-me", _("This is not me"), (struct ui_opt){ 0 });
}

static void event(struct app *app, const struct ui_event *event)
{
	struct session *session = &app->session;

	if (event->kind != UI_EVENT_PRESS)
		return;
	if (strcmp(event->id, "check-in") == 0) {
		for (int i = 0; i < session->found.appointment_count; i++)
			session->chosen[i] =
				session->found.appointment[i].state == lobby_AppointmentState_APPOINTMENT_READY;
		app_fire(app, FLOW_CONTINUE);
	} else if (strcmp(event->id, "only-one") == 0) {
		app_fire(app, FLOW_CHOOSE);
	} else if (strcmp(event->id, "not-me") == 0) {
		session_forget_match(session);
		session->reason = lobby_HandoverReason_HANDOVER_NOT_ME;
		app_fire(app, FLOW_NOT_ME);
	}
}

/* ---- only one ---- */

static void build_choose(struct app *app, struct ui *ui)
{
	const lobby_Identified *found = &app->session.found;

	ui_heading(ui, _("Which one?"));
	if (has_room_for_words(app))
		ui_text(ui, "why", UI_STYLE_BODY, _("Touch the appointment that you want to check in for."),
			(struct ui_opt){ .tone = UI_QUIET });
	for (int i = 0; i < found->appointment_count; i++)
		if (found->appointment[i].state == lobby_AppointmentState_APPOINTMENT_READY)
			build_card(app, ui, i, true);
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "back", _("Back"), (struct ui_opt){ .icon = "arrow-back" });
}

static void event_choose(struct app *app, const struct ui_event *event)
{
	struct session *session = &app->session;
	char name[24];

	if (event->kind != UI_EVENT_PRESS)
		return;
	if (strcmp(event->id, "back") == 0) {
		app_fire(app, FLOW_BACK);
		return;
	}
	for (int i = 0; i < session->found.appointment_count; i++) {
		snprintf(name, sizeof(name), "appointment-%d", i + 1);
		if (strcmp(event->id, name) != 0)
			continue;
		memset(session->chosen, 0, sizeof(session->chosen));
		session->chosen[i] = true;
		app_fire(app, FLOW_CONTINUE);
		return;
	}
}

const struct screen screen_appointments = { .step = 2, .build = build, .event = event };
const struct screen screen_choose = { .step = 2, .build = build_choose, .event = event_choose };

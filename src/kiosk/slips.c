/* See slips.h. The slip says what a person needs while waiting: their number, where to sit, with whom and when; no
 * name, so that a slip on the floor says nothing about anybody. */
#include "slips.h"

#include "app.h"
#include "base/text.h"
#include "words.h"

#include <stdio.h>
#include <string.h>

#define PRINT_TIMEOUT_MS 60000

static lobby_Slip *find(struct slips *slips, const char *visit_id)
{
	for (int i = 0; i < SLIPS_MAX; i++)
		if (slips->slip[i].state != lobby_SlipState_SLIP_NONE &&
		    slips->slip[i].form == lobby_PrintForm_PRINT_SLIP && strcmp(slips->slip[i].visit_id, visit_id) == 0)
			return &slips->slip[i];
	return NULL;
}

const lobby_Slip *slips_find(const struct slips *slips, const char *visit_id)
{
	return find((struct slips *)slips, visit_id);
}

/* A free place, else the oldest settled one, else the oldest: never that of the visit on the screen, if it can be. */
static lobby_Slip *place_for(struct slips *slips)
{
	int best = 0;

	for (int i = 1; i < SLIPS_MAX; i++) {
		bool held = slips->slip[i].state == lobby_SlipState_SLIP_PRINTING;
		bool best_held = slips->slip[best].state == lobby_SlipState_SLIP_PRINTING;

		if (held != best_held ? best_held : slips->begun[i] < slips->begun[best])
			best = i;
	}
	slips->begun[best] = ++slips->last;
	return &slips->slip[best];
}

static void settle(struct slips *slips, struct app *app, lobby_Slip *slip, int err)
{
	papers_drop(app, slip->visit_id);
	slip->state = err == 0 ? lobby_SlipState_SLIP_PRINTED : lobby_SlipState_SLIP_FAILED;
	slip->err = err;
	loop_timer_cancel(app->loop, &slips->timeout[slip - slips->slip]);
	link_send_slip(app, slip);
	app->dirty = true;
}

void slips_tell(struct slips *slips, struct app *app, const char *visit_id, lobby_PrintForm form, int err)
{
	lobby_Slip *slip = place_for(slips);

	loop_timer_cancel(app->loop, &slips->timeout[slip - slips->slip]);
	*slip = (lobby_Slip){ .form = form,
			      .state = err == 0 ? lobby_SlipState_SLIP_PRINTED : lobby_SlipState_SLIP_FAILED,
			      .err = err };
	text_copy(slip->visit_id, sizeof(slip->visit_id), visit_id);
	link_send_slip(app, slip);
}

static void on_timeout(void *arg)
{
	struct slips *slips = arg;

	/* Timers fire in the order in which the slips were begun. */
	for (int i = 0; i < SLIPS_MAX; i++) {
		if (slips->slip[i].state == lobby_SlipState_SLIP_PRINTING && !slips->timeout[i].armed) {
			link_cancel_print(slips->app, slips->slip[i].visit_id);
			settle(slips, slips->app, &slips->slip[i], LOBBY_ERR_TIMEOUT);
		}
	}
}

static lobby_SlipLine *add_line(lobby_Print *print, const char *text, bool bold, unsigned scale, lobby_SlipAlign align)
{
	lobby_SlipLine *line;

	if (print->line_count == sizeof(print->line) / sizeof(print->line[0]))
		return NULL;
	line = &print->line[print->line_count++];
	text_copy(line->text, sizeof(line->text), text);
	line->bold = bold;
	line->scale = scale;
	line->align = align;
	return line;
}

static void add_rule(lobby_Print *print)
{
	lobby_SlipLine *line = add_line(print, "", false, 1, lobby_SlipAlign_SLIP_START);

	if (line != NULL)
		line->rule = true;
}

static void add_appointment(lobby_Print *print, const lobby_Appointment *appointment)
{
	char time[24], text[160];

	words_time(time, sizeof(time), appointment->start_ms);
	snprintf(text, sizeof(text), "%s  %s", time, appointment->practitioner);
	add_line(print, text, true, 1, lobby_SlipAlign_SLIP_START);
	add_line(print, appointment->location, false, 1, lobby_SlipAlign_SLIP_START);
	add_line(print, "", false, 1, lobby_SlipAlign_SLIP_START);
}

static void compose(const struct app *app, lobby_Print *print)
{
	const struct session *session = &app->session;
	char time[24], day[64], text[128];

	*print = (lobby_Print){ .form = lobby_PrintForm_PRINT_SLIP };
	text_copy(print->job, sizeof(print->job), session->visit.id);
	text_copy(print->copy.text, sizeof(print->copy.text), _("Copy"));
	print->copy.align = lobby_SlipAlign_SLIP_CENTER;
	print->has_copy = true;
	text_copy(print->language, sizeof(print->language), app->language);
	add_line(print, app->settings.clinic_name, true, 1, lobby_SlipAlign_SLIP_CENTER);
	words_day(day, sizeof(day), session->visit.finished_ms);
	words_time(time, sizeof(time), session->visit.finished_ms);
	snprintf(text, sizeof(text), "%s, %s", day, time);
	add_line(print, text, false, 1, lobby_SlipAlign_SLIP_CENTER);
	add_rule(print);
	add_line(print, _("Your number"), false, 1, lobby_SlipAlign_SLIP_CENTER);
	add_line(print, session->committed.ticket, true, 4, lobby_SlipAlign_SLIP_CENTER);
	add_rule(print);
	if (session->visit.kind == lobby_VisitKind_VISIT_HANDOVER) {
		add_line(print, _("Please go to the front desk."), true, 1, lobby_SlipAlign_SLIP_CENTER);
	} else {
		for (int i = 0; i < session->found.appointment_count; i++)
			if (session->chosen[i])
				add_appointment(print, &session->found.appointment[i]);
		add_line(print, _("We will call you by your number."), false, 1, lobby_SlipAlign_SLIP_CENTER);
	}
	/* The desk's scanner finds the visit by it. */
	text_copy(print->qr, sizeof(print->qr), session->visit.id);
}

void slips_print(struct slips *slips, struct app *app)
{
	static lobby_Print print; /* too large for the stack of a small machine; wiped below */
	lobby_Slip *slip = place_for(slips);
	int err;

	if (!app->settings.print_slip)
		return;
	loop_timer_cancel(app->loop, &slips->timeout[slip - slips->slip]);
	slips->app = app;
	*slip = (lobby_Slip){ .state = lobby_SlipState_SLIP_PRINTING };
	text_copy(slip->visit_id, sizeof(slip->visit_id), app->session.visit.id);
	compose(app, &print);
	err = papers_send(app, &print);
	explicit_bzero(&print, sizeof(print));
	if (err != 0)
		settle(slips, app, slip, err);
	else
		loop_timer_set(app->loop, &slips->timeout[slip - slips->slip], PRINT_TIMEOUT_MS, on_timeout, slips);
}

void slips_on_printed(struct slips *slips, struct app *app, const lobby_Printed *printed)
{
	lobby_Slip *slip = find(slips, printed->job);

	if (slip != NULL && slip->state == lobby_SlipState_SLIP_PRINTING)
		settle(slips, app, slip, printed->err);
}

void slips_on_devices_lost(struct slips *slips, struct app *app)
{
	for (int i = 0; i < SLIPS_MAX; i++)
		if (slips->slip[i].state == lobby_SlipState_SLIP_PRINTING)
			settle(slips, app, &slips->slip[i], LOBBY_ERR_OFFLINE);
}

void slips_send_again(struct slips *slips, struct app *app)
{
	for (int i = 0; i < SLIPS_MAX; i++)
		if (slips->slip[i].state == lobby_SlipState_SLIP_PRINTED ||
		    slips->slip[i].state == lobby_SlipState_SLIP_FAILED)
			link_send_slip(app, &slips->slip[i]);
}

/* Why this person cannot check in here and now, in their words, and the way on. One screen for all reasons: a table
 * says what each of them offers. */
#include "screens.h"

#include "kiosk/app.h"
#include "kiosk/words.h"

#include <stdio.h>
#include <string.h>

enum way { WAY_TRY_AGAIN, WAY_DESK, WAY_LEAVE };

struct reason {
	const char *heading;
	const char *text;
	const char *icon;
	enum way strong, other;
};

static const struct reason reasons[] = {
	[lobby_HandoverReason_HANDOVER_NONE] = { N_("Please go to the front desk."),
						 N_("Somebody there will gladly help you."), "info", WAY_DESK,
						 WAY_LEAVE },
	[lobby_HandoverReason_HANDOVER_NOT_FOUND] = { N_("We did not find an appointment."),
						      N_("Please check the birthday and the letter and try once more. "
							 "The "
							 "front desk can also find you."),
						      "info", WAY_TRY_AGAIN, WAY_DESK },
	[lobby_HandoverReason_HANDOVER_AMBIGUOUS] = { N_("The front desk will find you."),
						      N_("We cannot tell you apart from somebody with a similar name."),
						      "info", WAY_DESK, WAY_LEAVE },
	[lobby_HandoverReason_HANDOVER_LATE] = { N_("The front desk will help you."),
						 N_("Your appointment was at %1$s. They will see what can be done "
						    "today."),
						 "clock", WAY_DESK, WAY_LEAVE },
	[lobby_HandoverReason_HANDOVER_EARLY] = { N_("You are early."),
						  N_("Your appointment is at %1$s. You can check in here from %2$s."),
						  "clock", WAY_LEAVE, WAY_DESK },
	[lobby_HandoverReason_HANDOVER_CANCELLED] = { N_("This appointment was cancelled."),
						      N_("It was for %1$s. The front desk can make a new one for you."),
						      "calendar", WAY_DESK, WAY_LEAVE },
	[lobby_HandoverReason_HANDOVER_OTHER_DAY] = { N_("Your appointment is on another day."),
						      N_("It is on %3$s at %1$s. The front desk can help if you need "
							 "to be seen "
							 "today."),
						      "calendar", WAY_LEAVE, WAY_DESK },
	[lobby_HandoverReason_HANDOVER_OTHER_CLINIC] = { N_("Your appointment is at another place."),
							 N_("It is today at %1$s at %4$s."), "pin", WAY_DESK,
							 WAY_LEAVE },
	[lobby_HandoverReason_HANDOVER_NOT_ME] = { N_("Sorry about that."),
						   N_("Please try once more, or go to the front desk."), "person",
						   WAY_TRY_AGAIN, WAY_DESK },
	[lobby_HandoverReason_HANDOVER_ASKED] = { N_("We are glad to help."),
						  N_("Take a number, and the front desk will call you."), "message",
						  WAY_DESK, WAY_LEAVE },
	[lobby_HandoverReason_HANDOVER_NO_ROSTER] = { N_("We cannot see today’s appointments."),
						      N_("The front desk can check you in."), "wifi-off", WAY_DESK,
						      WAY_LEAVE },
};

static const struct reason *reason_of(const struct app *app)
{
	size_t index = app->session.reason;

	if (index >= sizeof(reasons) / sizeof(reasons[0]) || reasons[index].heading == NULL)
		index = lobby_HandoverReason_HANDOVER_NONE;
	return &reasons[index];
}

static const char *way_label(const struct app *app, enum way way)
{
	switch (way) {
	case WAY_TRY_AGAIN:
		return _("Try again");
	case WAY_DESK:
		return app->session.reason == lobby_HandoverReason_HANDOVER_ASKED ? _("Take a number")
										  : _("Let the front desk know");
	default:
		return _("Done");
	}
}

static const char *const way_ids[] = { "try-again", "desk", "leave" };

static void build(struct app *app, struct ui *ui)
{
	const struct reason *reason = reason_of(app);
	const lobby_Appointment *first = session_first(&app->session);
	char text[320], time[24] = "", opens[24] = "", day[64] = "";

	if (first != NULL) {
		words_time(time, sizeof(time), first->start_ms);
		words_time(opens, sizeof(opens), first->opens_ms);
		words_day(day, sizeof(day), first->start_ms);
	}
	ui_disc(ui, "notice-disc", reason->icon, UI_BRAND);
	ui_heading(ui, _(reason->heading));
	words_fill(text, sizeof(text), _(reason->text),
		   (const char *const[]){ time, opens, day, first != NULL ? first->clinic_name : "" }, 4);
	ui_text(ui, "text", UI_STYLE_BODY, text, (struct ui_opt){ .tone = UI_QUIET });
	if (app->settings.desk_location[0] != '\0' && reason->strong == WAY_DESK)
		ui_text(ui, "where", UI_STYLE_STRONG, app->settings.desk_location, (struct ui_opt){ .icon = "pin" });
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, way_ids[reason->strong], way_label(app, reason->strong), (struct ui_opt){ .tone = UI_STRONG });
	ui_button(ui, way_ids[reason->other], way_label(app, reason->other), (struct ui_opt){ 0 });
}

static void event(struct app *app, const struct ui_event *event)
{
	if (event->kind != UI_EVENT_PRESS)
		return;
	if (strcmp(event->id, "try-again") == 0) {
		session_forget_person(&app->session);
		app_fire(app, FLOW_TRY_AGAIN);
	} else if (strcmp(event->id, "desk") == 0) {
		app_fire(app, FLOW_DESK);
	} else if (strcmp(event->id, "leave") == 0) {
		app_fire(app, FLOW_START_OVER);
	}
}

const struct screen screen_notice = { .build = build, .event = event };

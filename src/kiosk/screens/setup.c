/* The first start: the language that the questions are asked in, the stick that answers them all, and the end. What
 * lies between has screens of its own, which technicians meet again later: panel.c, network.c, clinic.c. */
#include "screens.h"

#include "base/text.h"
#include "kiosk/app.h"
#include "kiosk/words.h"

#include <stdio.h>
#include <string.h>

/* ---- language ---- */

static void build_language(struct app *app, struct ui *ui)
{
	char id[32];

	ui_heading(ui, _("Let us set up this kiosk."));
	ui_text(ui, "text", UI_STYLE_BODY, _("Which language do you read? Patients choose their own later."),
		(struct ui_opt){ .tone = UI_QUIET });
	for (int i = 0; i < app->settings.language_count; i++) {
		const char *tag = app->settings.language[i];

		if (!ui_can_show(ui, words_autonym(tag)))
			continue;
		snprintf(id, sizeof(id), "lang-%s", tag);
		ui_button(ui, id, words_autonym(tag), (struct ui_opt){ .selected = strcmp(tag, app->language) == 0 });
	}
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "continue", _("Continue"),
		  (struct ui_opt){ .tone = UI_STRONG, .icon = "arrow-forward", .icon_end = true });
	ui_button(ui, "about", _("About this kiosk"), (struct ui_opt){ .icon = "info" });
}

static void event_language(struct app *app, const struct ui_event *event)
{
	if (event->kind != UI_EVENT_PRESS)
		return;
	if (strcmp(event->id, "continue") == 0)
		app_fire(app, FLOW_CONTINUE);
	else if (strcmp(event->id, "about") == 0)
		app_fire(app, FLOW_ABOUT);
}

const struct screen screen_setup_language = { .setup = 1,
					      .timeless = true,
					      .staff = true,
					      .rests = true,
					      .idle_ms = SETUP_IDLE_MS,
					      .build = build_language,
					      .event = event_language };

/* ---- from the stick ---- */

static void build_step(struct ui *ui, const char *id, const char *text, bool done)
{
	ui_text(ui, id, UI_STYLE_BODY, text,
		(struct ui_opt){ .icon = done ? "check" : "clock", .tone = done ? UI_SUCCESS : UI_QUIET });
}

/* What the file has led to so far, as the box and lobby-sync say. */
static void build_progress(const struct app *app, struct ui *ui)
{
	const lobby_SystemState *state = &app->box.state;
	const lobby_Link *link = NULL;
	char text[160];

	for (pb_size_t i = 0; i < state->link_count && link == NULL; i++)
		link = state->link[i].address[0] != '\0' ? &state->link[i] : NULL;
	if (link != NULL)
		snprintf(text, sizeof(text), _("The network is there: %s"), link->address);
	else
		snprintf(text, sizeof(text), "%s", _("No network yet"));
	ui_card_open(ui, "progress", "", UI_COLUMN, (struct ui_opt){ 0 });
	build_step(ui, "progress-network", text, link != NULL);
	if (app->sync_up && app->sync.enrolled && app->sync.kiosk_name[0] != '\0')
		snprintf(text, sizeof(text), _("The clinic knows this kiosk as %s"), app->sync.kiosk_name);
	else
		snprintf(text, sizeof(text), "%s", _("Not known to a clinic yet"));
	build_step(ui, "progress-clinic", text, app->sync_up && app->sync.enrolled && app->sync.kiosk_name[0] != '\0');
	ui_close(ui);
}

static void build_stick(struct app *app, struct ui *ui)
{
	const struct setup *s = &app->setup;
	bool busy = app->box.asking;
	char text[160];

	if (!screen_is_crowded(app))
		ui_disc(ui, "stick-disc", "stick", UI_BRAND);
	ui_heading(ui, _("Set up from the stick?"));
	if (!s->begun || !screen_is_crowded(app))
		ui_text(ui, "text", UI_STYLE_BODY,
			_("The stick has a file with everything that this kiosk must know: network, panel and clinic."),
			(struct ui_opt){ .tone = UI_QUIET });
	if (s->seconds_left > 0) {
		snprintf(text, sizeof(text),
			 ngettext("It begins by itself in %d second.", "It begins by itself in %d seconds.",
				  (unsigned long)s->seconds_left),
			 s->seconds_left);
		ui_banner(ui, "countdown", text, (struct ui_opt){ .tone = UI_TINT, .icon = "clock" });
	}
	if (s->begun)
		build_progress(app, ui);
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "from-stick", s->begun && !busy ? _("Try again") : _("Set up now"),
		  (struct ui_opt){ .tone = UI_STRONG, .disabled = busy });
	ui_button(ui, "by-hand", _("Set it up by hand"), (struct ui_opt){ .disabled = busy });
}

static void event_stick(struct app *app, const struct ui_event *event)
{
	if (event->kind != UI_EVENT_PRESS || app->box.asking)
		return;
	if (strcmp(event->id, "from-stick") == 0) {
		setup_from_stick(app);
	} else if (strcmp(event->id, "by-hand") == 0) {
		app->setup.by_hand = true;
		app_fire(app, FLOW_BY_HAND);
	}
}

/* init's first words are in this language from now on. */
static void send_set_up(struct app *app)
{
	lobby_SystemCommand command = { .what = lobby_SystemDo_SYSTEM_SET_UP };

	text_copy(command.language, sizeof(command.language), app->language);
	box_do(app, &command);
}

/* A file that says nothing of it has answered all that it can: what is missing is asked for later. */
static void answer_stick(struct app *app, lobby_SystemDo what, int err)
{
	if (what == lobby_SystemDo_SYSTEM_PROVISION && err == 0 && !app->box.state.set_up)
		send_set_up(app);
}

static void enter_stick(struct app *app)
{
	if (!app->setup.begun)
		setup_count_down(app);
}

static void leave_stick(struct app *app)
{
	loop_timer_cancel(app->loop, &app->setup.second);
	app->setup.seconds_left = 0;
}

const struct screen screen_setup_stick = { .setup = 1,
					   .timeless = true,
					   .staff = true,
					   .rests = true,
					   .idle_ms = SETUP_IDLE_MS,
					   .enter = enter_stick,
					   .build = build_stick,
					   .event = event_stick,
					   .answer = answer_stick,
					   .leave = leave_stick };

/* ---- done ---- */

static void build_done(struct app *app, struct ui *ui)
{
	bool clinic = app->sync_up && app->sync.enrolled;

	ui_disc(ui, "done-disc", clinic ? "check" : "info", clinic ? UI_SUCCESS : UI_BRAND);
	ui_heading(ui, clinic ? _("This kiosk is ready.") : _("Nearly ready."));
	ui_text(ui, "text", UI_STYLE_BODY,
		clinic ? _("Patients can check in here from now on. To come back to the technician’s area, hold the "
			   "clock at the top for three seconds.")
		       : _("It still needs a clinic. It asks for one again when you finish here."),
		(struct ui_opt){ .tone = UI_QUIET });
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "finish", _("Finish"),
		  (struct ui_opt){ .tone = UI_STRONG, .icon = "check", .disabled = app->box.asking });
	ui_button(ui, "back", _("Back"), (struct ui_opt){ .icon = "arrow-back" });
}

static void event_done(struct app *app, const struct ui_event *event)
{
	if (event->kind != UI_EVENT_PRESS)
		return;
	if (strcmp(event->id, "finish") == 0)
		send_set_up(app);
	else if (strcmp(event->id, "back") == 0)
		app_fire(app, FLOW_BACK);
}

/* The state that says so may come after the answer. */
static void answer_done(struct app *app, lobby_SystemDo what, int err)
{
	if (what != lobby_SystemDo_SYSTEM_SET_UP || err != 0)
		return;
	app->box.state.set_up = true;
	app_fire(app, FLOW_START_OVER);
}

const struct screen screen_setup_done = { .setup = 6,
					  .timeless = true,
					  .staff = true,
					  .idle_ms = SETUP_IDLE_MS,
					  .build = build_done,
					  .event = event_done,
					  .answer = answer_done };

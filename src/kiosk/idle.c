/* See idle.h. One timer for the silence, one for the seconds that are shown counting down. */
#include "idle.h"

#include "app.h"

#include "base/clock.h"

#include <string.h>

/* How long a dialog that says "please wait here" keeps the screen from clearing. */
#define HELP_PATIENCE_MS 300000

static void on_silence(void *arg);
static bool waits_for_help(const struct app *app);

void idle_restart(struct app *app)
{
	int64_t silence_ms =
		screens[app->screen]->staff ? screens[app->screen]->idle_ms : (int64_t)app->settings.idle_warn_s * 1000;

	if (app->overlay == OVERLAY_STILL_THERE)
		return;
	loop_timer_set(app->loop, &app->idle, silence_ms, on_silence, app);
}

void idle_answered(struct app *app)
{
	loop_timer_cancel(app->loop, &app->clear);
	app->overlay = OVERLAY_NONE;
	app->dirty = true;
	idle_restart(app);
}

/* A person who was identified and walked away: the desk gets what there is, so that their place is kept. */
static void hand_over_walked_away(struct app *app)
{
	struct session *session = &app->session;

	if (!session->identified || session->committed.id[0] != '\0' || !app->sync_up ||
	    app->pending != PENDING_NOTHING || session_ready_count(session) == 0)
		return;
	session->reason = lobby_HandoverReason_HANDOVER_IDLE;
	session_fill_visit(session, lobby_VisitKind_VISIT_HANDOVER, flow_screen_name(app->screen), app->language);
	link_send_visit(app);
}

static void on_second(void *arg)
{
	struct app *app = arg;

	app->dirty = true;
	if (waits_for_help(app)) {
		loop_timer_set(app->loop, &app->clear, 1000, on_second, app);
		return;
	}
	if (--app->seconds_left > 0) {
		loop_timer_set(app->loop, &app->clear, 1000, on_second, app);
		return;
	}
	if (app->overlay == OVERLAY_STILL_THERE)
		hand_over_walked_away(app);
	app_fire(app, FLOW_START_OVER);
}

void idle_clear_in(struct app *app, int seconds)
{
	app->seconds_left = seconds;
	loop_timer_set(app->loop, &app->clear, 1000, on_second, app);
}

static bool changed_by_somebody(const struct app *app)
{
	return app->session.active || app->size != UI_SIZE_NORMAL || app->theme != UI_THEME_PAPER || app->read_aloud ||
	       app->overlay != OVERLAY_NONE || (app->help.id[0] != '\0' && !idle_help_is_fresh(app)) ||
	       (app->settings.language_count > 0 && strcmp(app->language, app->settings.language[0]) != 0);
}

bool idle_help_is_fresh(const struct app *app)
{
	return app->help.id[0] != '\0' && clock_wall_ms() - app->help.at_ms < HELP_PATIENCE_MS;
}

/* Somebody who called staff waits in front of the screen: they are not gone yet. */
static bool waits_for_help(const struct app *app)
{
	return app->overlay == OVERLAY_HELP && idle_help_is_fresh(app);
}

static void on_silence(void *arg)
{
	struct app *app = arg;

	if (app->screen == SCREEN_OUT_OF_ORDER && app->session.active) {
		app_wipe(app); /* whoever it was is gone: nobody's name comes back with the kiosk */
		app->dirty = true;
		return;
	}
	if (screens[app->screen]->staff) {
		app_fire(app, FLOW_START_OVER);
		return;
	}
	if (screens[app->screen]->timeless) {
		if (changed_by_somebody(app) && app->screen == SCREEN_WELCOME && !waits_for_help(app))
			app_fire(app, FLOW_START_OVER);
		else
			idle_restart(app);
		return;
	}
	if (waits_for_help(app)) {
		idle_restart(app);
		return;
	}
	app->overlay = OVERLAY_STILL_THERE;
	app->speak = true;
	app->dirty = true;
	idle_clear_in(app, (int)app->settings.idle_wipe_s);
}

/* See idle.h. One timer for the silence, one for the seconds that are shown counting down. */
#include "idle.h"

#include "app.h"

#include <string.h>

static void on_silence(void *arg);

void idle_restart(struct app *app)
{
	if (app->overlay == OVERLAY_STILL_THERE)
		return;
	loop_timer_set(app->loop, &app->idle, (int64_t)app->settings.idle_warn_s * 1000, on_silence, app);
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

	if (!session->identified || session->committed.id[0] != '\0' || !app->sync_up)
		return;
	session->reason = lobby_HandoverReason_HANDOVER_IDLE;
	session_fill_visit(session, lobby_VisitKind_VISIT_HANDOVER, flow_screen_name(app->screen), app->language);
	link_send_visit(app);
}

static void on_second(void *arg)
{
	struct app *app = arg;

	app->dirty = true;
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
	       app->overlay != OVERLAY_NONE || app->help.id[0] != '\0' ||
	       (app->settings.language_count > 0 && strcmp(app->language, app->settings.language[0]) != 0);
}

static void on_silence(void *arg)
{
	struct app *app = arg;

	if (screens[app->screen]->timeless) {
		if (changed_by_somebody(app) && app->screen == SCREEN_WELCOME)
			app_fire(app, FLOW_START_OVER);
		return;
	}
	/* Somebody who called staff waits: they are not gone. */
	if (app->overlay == OVERLAY_HELP) {
		idle_restart(app);
		return;
	}
	app->overlay = OVERLAY_STILL_THERE;
	app->speak = true;
	app->dirty = true;
	idle_clear_in(app, (int)app->settings.idle_wipe_s);
}

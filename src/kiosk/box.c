/* See box.h. */
#include "box.h"

#include "app.h"
#include "base/log.h"
#include "base/text.h"
#include "words.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define SOCKET "system.sock"

static lobby_Envelope envelope; /* one message is built at a time; wiped after it is sent: it may hold a passphrase */

static int send_wiped(struct app *app)
{
	int err = wire_send(&app->box.conn, &envelope);

	explicit_bzero(&envelope, sizeof(envelope));
	return err;
}

/* ---- what the box is ---- */

bool box_is_appliance(const struct app *app)
{
	return app->box.state.slot[0] != '\0';
}

/* Until its storage is open, nobody knows what was answered before. */
bool box_is_new(const struct app *app)
{
	return box_is_appliance(app) && app->box.state.protection != lobby_Protection_PROTECTION_STARTING &&
	       !app->box.state.set_up;
}

bool box_is_installer(const struct app *app)
{
	return app->box.state.install.stage != lobby_InstallStage_INSTALL_NONE;
}

bool box_has_key(const struct app *app)
{
	return box_has_stick(app) && app->box.state.stick.technician;
}

bool box_has_stick(const struct app *app)
{
	return app->box.there && app->box.state.stick.state == lobby_StickState_STICK_TRUSTED;
}

bool box_can_provision(const struct app *app)
{
	return box_has_stick(app) && app->box.state.stick.has_provisioning;
}

bool box_is_leaving(const struct app *app)
{
	return app->box.state.restarting; /* also once lobby-system is stopped for it */
}

/* ---- what is asked of it ---- */

bool box_do(struct app *app, const lobby_SystemCommand *command)
{
	struct box *box = &app->box;

	app->dirty = true;
	if (box->asking)
		return false;
	envelope = (lobby_Envelope){ .which_body = lobby_Envelope_system_command_tag };
	envelope.body.system_command = *command;
	envelope.body.system_command.request = ++box->request;
	box->what = command->what;
	box->has_said = false;
	if (!box->started || send_wiped(app) != 0) {
		app_notice(app, N_("lobby-system does not answer. Please try again in a moment."), UI_WARNING);
		return false;
	}
	box->asking = true;
	return true;
}

bool box_do_plain(struct app *app, lobby_SystemDo what)
{
	return box_do(app, &(lobby_SystemCommand){ .what = what });
}

static bool goes_down(lobby_SystemDo what)
{
	return what == lobby_SystemDo_SYSTEM_RESTART_NOW || what == lobby_SystemDo_SYSTEM_POWER_OFF ||
	       what == lobby_SystemDo_SYSTEM_WIPE;
}

static void on_answer(struct app *app, const lobby_SystemAnswer *answer)
{
	struct box *box = &app->box;
	const struct screen *screen = screens[app->screen];

	if (!box->asking || answer->request != box->request)
		return;
	box->asking = false;
	box->err = answer->err;
	text_copy(box->said, sizeof(box->said),
		  answer->text[0] != '\0' || answer->err == 0 ? answer->text : err_staff_text(answer->err));
	if (answer->err == 0 && goes_down(box->what))
		box->leaving = box->what;
	app->dirty = true;
	app->speak = true;
	if (screen->answer != NULL)
		screen->answer(app, box->what, answer->err);
	/* The next screen of the first start is about something else; what is in reach is a list, or none. */
	box->has_said = (box->what != lobby_SystemDo_SYSTEM_LOOK_WIRELESS || answer->err != 0) &&
			(screens[app->screen] == screen || box->what == lobby_SystemDo_SYSTEM_SET_NETWORK);
}

/* What is lost with the connection is sent again when it returns. */
void box_send_state(struct app *app, const lobby_KioskState *state)
{
	if (!app->box.started || !app->box.conn.up)
		return;
	envelope = (lobby_Envelope){ .which_body = lobby_Envelope_kiosk_state_tag };
	envelope.body.kiosk_state = *state;
	if (send_wiped(app) != 0)
		log_event(LOG_WARNING, "box-untold", "step=\"%s\"", state->step);
}

/* ---- the panel ---- */

static void show_panel(struct app *app, const lobby_Panel *panel)
{
	window_set_panel(&app->window, panel);
	app->dirty = app->repaint = true;
}

static void on_second(void *arg)
{
	struct app *app = arg;
	struct box *box = &app->box;

	app->dirty = true;
	if (--box->seconds_left > 0)
		loop_timer_set(app->loop, &box->second, 1000, on_second, app);
	else
		box_panel_revert(app);
}

void box_panel_turn(struct app *app)
{
	struct box *box = &app->box;

	if (!box->trying)
		box->trial = box->state.panel;
	box->trying = true;
	box->trial.rotation = (box->trial.rotation + 90) % 360;
	box->seconds_left = BOX_TRIAL_S;
	loop_timer_set(app->loop, &box->second, 1000, on_second, app);
	show_panel(app, &box->trial);
}

void box_panel_keep(struct app *app)
{
	lobby_SystemCommand command = { .what = lobby_SystemDo_SYSTEM_SET_PANEL, .has_panel = true };

	if (!app->box.trying)
		return;
	command.panel = app->box.trial;
	if (!box_do(app, &command))
		return;
	loop_timer_cancel(app->loop, &app->box.second);
	app->box.trying = false;
	app->box.state.panel = command.panel; /* in force already; lobby-system says the same, or why not */
}

void box_panel_revert(struct app *app)
{
	if (!app->box.trying)
		return;
	loop_timer_cancel(app->loop, &app->box.second);
	app->box.trying = false;
	show_panel(app, &app->box.state.panel);
}

/* ---- what it says ---- */

static void take_state(struct app *app, const lobby_SystemState *state)
{
	struct box *box = &app->box;
	bool had_key = box_has_key(app);
	bool turned = state->panel.rotation != box->state.panel.rotation ||
		      strcmp(state->panel.connector, box->state.panel.connector) != 0 ||
		      strcmp(state->panel.mode, box->state.panel.mode) != 0;
	bool spoken = state->language[0] != '\0' && strcmp(state->language, box->state.language) != 0;

	box->there = true;
	app->speak = app->speak || state->install.stage != box->state.install.stage;
	box->state = *state;
	if (turned && !box->trying && state->has_panel)
		show_panel(app, &state->panel);
	app->dirty = true;
	if (box_is_new(app) && spoken && screens[app->screen]->rests && !app->session.active)
		app_set_language(app, state->language);
	app_use_zone(app);
	setup_on_stick(app);
	if (box_has_key(app) != had_key)
		technician_on_key(app, box_has_key(app));
}

static void on_message(void *arg, struct wire_conn *conn, const lobby_Envelope *message)
{
	struct app *app = arg;

	(void)conn;
	switch (message->which_body) {
	case lobby_Envelope_system_state_tag:
		take_state(app, &message->body.system_state);
		break;
	case lobby_Envelope_system_answer_tag:
		on_answer(app, &message->body.system_answer);
		break;
	default:
		break;
	}
	app_refresh(app);
}

static void on_state(void *arg, struct wire_conn *conn, bool up)
{
	struct app *app = arg;
	struct box *box = &app->box;

	(void)conn;
	app->dirty = true;
	if (up) {
		link_send_state(app, true);
		return;
	}
	box->there = false;
	if (!box->asking)
		return;
	box->asking = false;
	app_notice(app, N_("lobby-system does not answer. Please try again in a moment."), UI_WARNING);
}

void box_on_screen(struct app *app)
{
	app->box.has_said = false;
}

/* ---- life ---- */

static void stop_watch(struct app *app)
{
	if (app->box.watch < 0)
		return;
	loop_fd_remove(app->loop, app->box.watch);
	close(app->box.watch);
	app->box.watch = -1;
}

static void connect_box(struct app *app)
{
	struct box *box = &app->box;

	stop_watch(app);
	box->started = true;
	wire_client_start(&box->conn, app->loop, box->path, lobby_Program_PROGRAM_KIOSK, on_message, on_state, app);
}

static void on_watch(void *arg, int fd, short revents)
{
	char events[4096];

	(void)revents;
	while (read(fd, events, sizeof(events)) > 0) /* which file it was does not matter: there are few */
		;
	if (access(((struct app *)arg)->box.path, F_OK) == 0)
		connect_box(arg);
}

int box_link_start(struct app *app, const char *run)
{
	struct box *box = &app->box;

	if (snprintf(box->path, sizeof(box->path), "%s/" SOCKET, run) >= (int)sizeof(box->path))
		return LOBBY_ERR_TOO_LONG;
	box->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (box->watch >= 0 && (inotify_add_watch(box->watch, run, IN_CREATE | IN_MOVED_TO) < 0 ||
				loop_fd_add(app->loop, box->watch, POLLIN, on_watch, app) != 0)) {
		close(box->watch);
		box->watch = -1;
	}
	/* No run folder yet: an appliance's first moments, in which nothing can be watched. It is tried again and
	 * again. */
	if (box->watch < 0 || access(box->path, F_OK) == 0)
		connect_box(app);
	return 0;
}

void box_link_stop(struct app *app)
{
	loop_timer_cancel(app->loop, &app->box.second);
	stop_watch(app);
	if (app->box.started)
		wire_close(&app->box.conn);
	app->box.started = false;
}

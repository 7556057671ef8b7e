/* See setup.h. */
#include "setup.h"

#include "app.h"
#include "base/text.h"
#include "words.h"

#include <string.h>

/* Longer than lobby-sync waits for the clinic. */
#define PATIENCE_MS 45000

#define SCHEME "https://"
#define MARK "/#kiosk="
#define CODE_LEAST 8

/* ---- which clinic ---- */

static bool is_code(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'A' && text[i] <= 'Z') ||
		      (text[i] >= 'a' && text[i] <= 'z') || text[i] == '-'))
			return false;
	return len >= CODE_LEAST;
}

int setup_parse_link(const char *text, size_t len, char *url, size_t url_size, char *code, size_t code_size)
{
	const char *mark = memmem(text, len, MARK, strlen(MARK));
	size_t host = mark != NULL ? (size_t)(mark - text) : 0, rest;

	if (mark == NULL || host <= strlen(SCHEME) || memcmp(text, SCHEME, strlen(SCHEME)) != 0)
		return LOBBY_ERR_INVALID;
	rest = len - host - strlen(MARK);
	if (host >= url_size || rest >= code_size || !is_code(mark + strlen(MARK), rest))
		return LOBBY_ERR_INVALID;
	for (size_t i = 0; i < host; i++)
		if (text[i] <= ' ' || text[i] >= 0x7F)
			return LOBBY_ERR_INVALID;
	text_copy_n(url, url_size, text, host);
	text_copy_n(code, code_size, mark + strlen(MARK), rest);
	return 0;
}

bool setup_take_scan(struct app *app, const char *text, size_t len)
{
	struct setup *s = &app->setup;

	if (!screens[app->screen]->setup || s->stage == SETUP_ENROLLING ||
	    setup_parse_link(text, len, s->url, sizeof(s->url), s->code, sizeof(s->code)) != 0)
		return false;
	app_awake(app);
	if (app->screen == SCREEN_CLINIC || app->screen == SCREEN_CLINIC_TYPE)
		app_fire(app, FLOW_ENROL);
	else if (app->screen == SCREEN_ENROL)
		setup_enrol(app);
	else
		app_notice(app, N_("Thank you. We will use that code when we get to the clinic."), UI_TINT);
	return true;
}

static void end(struct app *app, int err, const char *text)
{
	struct setup *s = &app->setup;

	loop_timer_cancel(app->loop, &s->patience);
	s->stage = err == 0 ? SETUP_ENROLLED : SETUP_FAILED;
	s->err = err;
	text_copy(s->text, sizeof(s->text), text);
	s->url[0] =
		err == 0 ? '\0' : s->url[0]; /* the code is used up; a wrong one may have been a slip of the finger */
	explicit_bzero(s->code, sizeof(s->code));
	app->dirty = app->speak = true;
}

static void on_patience(void *arg)
{
	end(arg, LOBBY_ERR_TIMEOUT, N_("lobby-sync does not answer."));
}

void setup_enrol(struct app *app)
{
	struct setup *s = &app->setup;

	app->dirty = true;
	s->text[0] = '\0';
	if (link_send_enrol(app, s->url, s->code) != 0) {
		end(app, LOBBY_ERR_CLOSED, N_("lobby-sync does not run yet."));
		return;
	}
	s->stage = SETUP_ENROLLING;
	loop_timer_set(app->loop, &s->patience, PATIENCE_MS, on_patience, app);
}

void setup_on_enrolled(struct app *app, const lobby_Enrolled *enrolled)
{
	if (app->setup.stage == SETUP_ENROLLING)
		end(app, enrolled->err, enrolled->text);
}

void setup_on_sync_lost(struct app *app)
{
	if (app->setup.stage == SETUP_ENROLLING)
		end(app, LOBBY_ERR_CLOSED, N_("lobby-sync stopped in the middle of it."));
}

/* ---- from the stick ---- */

void setup_from_stick(struct app *app)
{
	loop_timer_cancel(app->loop, &app->setup.second);
	app->setup.seconds_left = 0;
	app->setup.begun = true;
	box_do_plain(app, lobby_SystemDo_SYSTEM_PROVISION);
}

static void on_second(void *arg)
{
	struct app *app = arg;

	if (app->screen != SCREEN_SETUP_STICK)
		return;
	app->dirty = true;
	if (--app->setup.seconds_left > 0)
		loop_timer_set(app->loop, &app->setup.second, 1000, on_second, app);
	else
		setup_from_stick(app);
}

void setup_count_down(struct app *app)
{
	app->setup.seconds_left = SETUP_STICK_S;
	loop_timer_set(app->loop, &app->setup.second, 1000, on_second, app);
}

void setup_on_stick(struct app *app)
{
	if (app->box.state.stick.state == lobby_StickState_STICK_NONE)
		app->setup.by_hand = app->setup.begun = false;
}

/* ---- the network ---- */

const lobby_Link *setup_link(const struct app *app, lobby_LinkKind kind)
{
	const lobby_SystemState *state = &app->box.state;

	for (pb_size_t i = 0; i < state->link_count; i++)
		if (state->link[i].kind == kind)
			return &state->link[i];
	return NULL;
}

/* ---- life ---- */

void setup_leave(struct app *app)
{
	struct setup *s = &app->setup;
	bool by_hand = s->by_hand, begun = s->begun;

	loop_timer_cancel(app->loop, &s->second);
	loop_timer_cancel(app->loop, &s->patience);
	explicit_bzero(s, sizeof(*s));
	s->by_hand = by_hand;
	s->begun = begun;
}

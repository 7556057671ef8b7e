/* See technician.h. What the screens show is all in struct technician; messages change it and mark the tree dirty. */
#include "technician.h"

#include "app.h"
#include "base/clock.h"
#include "base/text.h"
#include "words.h"

#include <string.h>

#define CLOCK_NODE "now" /* of shell.c's header */
#define PIN_FIELD "pin"

/* ---- holding the clock ---- */

static bool may_hold(const struct app *app)
{
	return flow_next(app, app->screen, FLOW_TECHNICIAN) >= 0 && app->overlay == OVERLAY_NONE &&
	       app->pending == PENDING_NOTHING;
}

static void let_in(struct app *app)
{
	app_wipe(app); /* whoever's screen this was: it is nobody's now */
	app->technician.in = app->technician.by_key = box_has_key(app);
	app_fire(app, FLOW_TECHNICIAN);
	app_refresh(app);
}

/* A stick opens by itself where nobody's visit is; over a patient's it waits until the clock is held. So it does at the
 * start: one that was left in is no technician. */
void technician_on_key(struct app *app, bool there)
{
	bool starting = clock_mono_ms() - app->started_mono_ms < APP_START_MS;

	if (!there && app->technician.by_key)
		app_fire(app, FLOW_START_OVER);
	else if (there && !starting && may_hold(app) && !app->session.active && screens[app->screen]->rests &&
		 !(box_is_new(app) && box_can_provision(app)))
		let_in(app);
}

static void on_held(void *arg)
{
	struct app *app = arg;

	if (may_hold(app))
		let_in(app);
}

void technician_hold(struct app *app)
{
	if (may_hold(app))
		loop_timer_set(app->loop, &app->technician.hold, TECHNICIAN_HOLD_MS, on_held, app);
}

static bool is_on_clock(struct app *app, const SDL_Event *event)
{
	int w = app->window.surface->w, h = app->window.surface->h;

	switch (event->type) {
	case SDL_MOUSEBUTTONDOWN:
		return ui_is_at(app->ui, CLOCK_NODE, event->button.x, event->button.y);
	case SDL_MOUSEMOTION:
		return ui_is_at(app->ui, CLOCK_NODE, event->motion.x, event->motion.y);
	default:
		return ui_is_at(app->ui, CLOCK_NODE, (int)(event->tfinger.x * (float)w),
				(int)(event->tfinger.y * (float)h));
	}
}

void technician_touch(struct app *app, const SDL_Event *event)
{
	switch (event->type) {
	case SDL_MOUSEBUTTONDOWN:
	case SDL_FINGERDOWN:
		if (is_on_clock(app, event))
			technician_hold(app);
		break;
	case SDL_MOUSEMOTION:
	case SDL_FINGERMOTION:
		if (app->technician.hold.armed && !is_on_clock(app, event))
			loop_timer_cancel(app->loop, &app->technician.hold);
		break;
	case SDL_MOUSEBUTTONUP:
	case SDL_FINGERUP:
		loop_timer_cancel(app->loop, &app->technician.hold);
		break;
	default:
		break;
	}
}

void technician_leave(struct app *app)
{
	struct technician *t = &app->technician;

	if (t->testing || t->printing)
		link_send_self_test(app, &(lobby_SelfTest){ .request = t->test, .cancel = true });
	loop_timer_cancel(app->loop, &t->hold);
	loop_timer_cancel(app->loop, &t->second);
	t->in = t->by_key = t->asking = t->wrong = t->testing = t->printing = false;
	t->report = (lobby_TestReport){ 0 };
}

/* ---- the PIN ---- */

int technician_wait_s(const struct app *app)
{
	int64_t left = app->technician.until_mono_ms - clock_mono_ms();

	return left > 0 ? (int)((left + 999) / 1000) : 0;
}

/* The seconds that are left are shown. */
static void on_second(void *arg)
{
	struct app *app = arg;

	app->dirty = true;
	if (technician_wait_s(app) > 0)
		loop_timer_set(app->loop, &app->technician.second, 1000, on_second, app);
	app_refresh(app);
}

void technician_try_pin(struct app *app, const char *pin)
{
	struct technician *t = &app->technician;

	if (t->asking || !app->sync_up || technician_wait_s(app) > 0)
		return;
	t->asking = true;
	t->wrong = false;
	t->request++;
	link_send_technician_pin(app, t->request, pin);
}

void technician_on_answer(struct app *app, const lobby_TechnicianAnswer *answer)
{
	struct technician *t = &app->technician;

	if (!t->asking || answer->request != t->request)
		return;
	t->asking = false;
	ui_field_clear(app->ui, PIN_FIELD);
	app->dirty = true;
	t->in = answer->ok;
	t->wrong = !answer->ok && !answer->none_set;
	t->until_mono_ms = clock_mono_ms() + (int64_t)answer->wait_s * 1000;
	if (answer->ok)
		app_fire(app, FLOW_CONTINUE);
	else if (answer->wait_s > 0)
		loop_timer_set(app->loop, &t->second, 1000, on_second, app);
	app->speak = true;
}

/* ---- the test ---- */

static void begin(struct app *app, const lobby_SelfTest *wanted, bool printing)
{
	struct technician *t = &app->technician;

	if (t->testing || t->printing)
		return;
	app->dirty = true;
	if (link_send_self_test(app, wanted) != 0) {
		app_notice(app, N_("The devices’ program does not run. Nothing can be tested."), UI_WARNING);
		return;
	}
	t->testing = !printing;
	t->printing = printing;
	if (!printing)
		t->report = (lobby_TestReport){ 0 };
}

void technician_start(struct app *app, int kind)
{
	lobby_SelfTest wanted = { .request = ++app->technician.test };

	if (kind >= 0)
		wanted.kind[wanted.kind_count++] = (lobby_TestKind)kind;
	begin(app, &wanted, false);
}

void technician_print_report(struct app *app)
{
	begin(app, &(lobby_SelfTest){ .request = ++app->technician.test, .print_last = true }, true);
}

void technician_skip(struct app *app)
{
	if (app->technician.testing &&
	    link_send_self_test(app, &(lobby_SelfTest){ .request = app->technician.test, .skip = true }) != 0)
		technician_on_devices_lost(app);
}

void technician_cancel(struct app *app)
{
	if (app->technician.testing &&
	    link_send_self_test(app, &(lobby_SelfTest){ .request = app->technician.test, .cancel = true }) != 0)
		technician_on_devices_lost(app);
}

const lobby_TestLine *technician_waits_for(const struct app *app)
{
	const lobby_TestReport *report = &app->technician.report;

	for (pb_size_t i = 0; app->technician.testing && i < report->line_count; i++)
		if (report->line[i].state == lobby_TestState_TEST_RUNNING &&
		    report->line[i].kind >= lobby_TestKind_TEST_SCAN)
			return &report->line[i];
	return NULL;
}

static void send_report(struct app *app)
{
	lobby_TestReport *unsent = &app->technician.unsent;

	if (unsent->done && link_send_test_report(app, unsent) == 0)
		*unsent = (lobby_TestReport){ 0 };
}

void technician_on_report(struct app *app, const lobby_TestReport *report)
{
	struct technician *t = &app->technician;
	bool printing = t->printing;

	if (!(t->testing || t->printing) || report->request != t->test)
		return;
	app->dirty = true;
	app->speak = true;
	app_awake(app); /* a test with three cards takes its time */
	if (report->started_ms != 0 || report->done)
		t->report = *report;
	if (!report->done)
		return;
	t->testing = t->printing = false;
	if (report->started_ms == 0)
		app_notice(app, N_("Another self-test is under way. Please try again when it is done."), UI_WARNING);
	else if (printing && report->print_err != 0)
		app_notice(app, N_("The report could not be printed."), UI_WARNING);
	else if (printing)
		app_notice(app, N_("The report is printed."), UI_SUCCESS);
	if (printing || report->started_ms == 0)
		return;
	t->unsent = *report;
	send_report(app);
}

/* ---- programs that come and go ---- */

void technician_on_sync(struct app *app, bool up)
{
	if (up) {
		send_report(app);
		return;
	}
	app->technician.asking = false;
	setup_on_sync_lost(app);
	app->dirty = true;
}

void technician_on_devices_lost(struct app *app)
{
	struct technician *t = &app->technician;

	if (!t->testing && !t->printing)
		return;
	t->testing = t->printing = false;
	t->report = (lobby_TestReport){ 0 };
	app_notice(app, N_("The devices’ program stopped in the middle of it. Please try again."), UI_WARNING);
}

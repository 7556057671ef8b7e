/* See app.h. This file is the program's spine: events in, flow, screen, paint. Scans are in scan.c, what surrounds
 * every screen in shell.c, time-outs in idle.c. */
#include "app.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/notify.h"
#include "base/text.h"
#include "checkin/visit.h"
#include "control.h"
#include "idle.h"
#include "shell.h"
#include "words.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define SLOW_MS 300	   /* until then the screen stays as it is */
#define SYNC_GRACE_MS 1000 /* a program that was killed is back within this, or the screen says so */
#define MAX_DAMAGE 16

/* ---- going from screen to screen ---- */

static const struct screen *screen_of(const struct app *app)
{
	return screens[app->screen];
}

static void speak_screen(struct app *app)
{
	char text[4096];

	if (!app->read_aloud)
		return;
	ui_speech_screen(app->ui, text, sizeof(text));
	speech_say(&app->speech, app->language, text);
	explicit_bzero(text, sizeof(text));
}

void app_go(struct app *app, enum screen_id next)
{
	const struct screen *from = screen_of(app);
	enum screen_id before = app->screen;

	speech_stop(&app->speech);
	if (from->leave != NULL)
		from->leave(app);
	app->screen = next;
	box_on_screen(app);
	app->notice = (struct notice){ 0 };
	app->dirty = true;
	if (screens[next]->enter != NULL)
		screens[next]->enter(app);
	/* The new screen is spoken once it is laid out: see app_refresh(). */
	app->speak = before != next || app->speak;
	idle_restart(app);
}

static void send_visit(struct app *app, lobby_VisitKind kind)
{
	session_fill_visit(&app->session, kind, flow_screen_name(app->screen), app->language);
	app->pending = PENDING_VISIT;
	loop_timer_set(app->loop, &app->slow, SLOW_MS, app_on_slow, app);
	health_before_visit(app);
	if (app->sync_up)
		link_send_visit(app);
	else
		app_fire(app, FLOW_BROKEN);
}

void app_fire(struct app *app, enum flow_event event)
{
	int next;

	if (event == FLOW_START_OVER)
		app_wipe(app);
	next = flow_next(app, app->screen, event);
	if (next < 0) {
		log_event(LOG_ERROR, "flow-dead-end", "screen=%s event=\"%s\"", flow_screen_name(app->screen),
			  flow_event_name(event));
		return;
	}
	if (next != SCREEN_COUNT) {
		app_go(app, (enum screen_id)next);
		return;
	}
	if (app->pending == PENDING_NOTHING)
		send_visit(app, event == FLOW_DESK ? lobby_VisitKind_VISIT_HANDOVER : lobby_VisitKind_VISIT_ARRIVAL);
}

void app_on_slow(void *arg)
{
	struct app *app = arg;

	if (app->pending != PENDING_NOTHING && app->screen != SCREEN_OUT_OF_ORDER)
		app_fire(app, FLOW_SLOW);
}

void app_identify(struct app *app)
{
	app->pending = PENDING_IDENTIFY;
	app->request++;
	loop_timer_set(app->loop, &app->slow, SLOW_MS, app_on_slow, app);
	if (app->sync_up)
		link_send_identify(app);
	else
		app_fire(app, FLOW_BROKEN);
}

void app_notice(struct app *app, const char *text, enum ui_tone tone)
{
	assert(text[0] != '\0');
	app->notice = (struct notice){ .text = text, .tone = tone };
	app->dirty = true;
	app->speak = true;
}

void app_notice_count(struct app *app, const char *text, const char *plural, int count, enum ui_tone tone)
{
	app_notice(app, text, tone);
	app->notice.plural = plural;
	app->notice.count = count;
}

int app_step_count(const struct app *app)
{
	return 3 + app->settings.ask_contact + app->settings.ask_insurance;
}

const lobby_Device *app_device(const struct app *app, lobby_DeviceKind kind)
{
	for (int i = 0; app->devices_up && i < app->devices.device_count; i++)
		if (app->devices.device[i].kind == kind)
			return &app->devices.device[i];
	return NULL;
}

bool app_device_ready(const struct app *app, lobby_DeviceKind kind)
{
	const lobby_Device *device = app_device(app, kind);

	return device != NULL && device->state == lobby_DeviceState_DEVICE_READY;
}

bool app_scanner_ready(const struct app *app)
{
	return app_device_ready(app, lobby_DeviceKind_DEVICE_SCANNER);
}

bool app_scanner_missed(const struct app *app)
{
	return !app_scanner_ready(app) && (app->had_scanner || !app->devices_up);
}

void app_back_beside_pad(const struct app *app, struct ui *ui)
{
	if (app->landscape)
		ui_button(ui, "back", _("Back"), (struct ui_opt){ .icon = "arrow-back" });
}

/* ---- what lobby-sync answers ---- */

void app_on_identified(struct app *app, const lobby_Identified *identified)
{
	struct session *session = &app->session;

	if (app->pending != PENDING_IDENTIFY || identified->request != app->request)
		return;
	app->pending = PENDING_NOTHING;
	loop_timer_cancel(app->loop, &app->slow);
	switch (identified->outcome) {
	case lobby_IdentifyOutcome_IDENTIFY_FOUND:
		session_take_found(session, identified);
		session->reason = session_obstacle(session);
		app_fire(app, FLOW_FOUND);
		return;
	case lobby_IdentifyOutcome_IDENTIFY_NEED_FAMILY:
		app_fire(app, FLOW_NEED_FAMILY);
		return;
	case lobby_IdentifyOutcome_IDENTIFY_NEED_GIVEN:
		app_fire(app, FLOW_NEED_GIVEN);
		return;
	case lobby_IdentifyOutcome_IDENTIFY_NEED_PHONE:
		app_fire(app, FLOW_NEED_PHONE);
		return;
	case lobby_IdentifyOutcome_IDENTIFY_AMBIGUOUS:
		session->reason = lobby_HandoverReason_HANDOVER_AMBIGUOUS;
		break;
	case lobby_IdentifyOutcome_IDENTIFY_NO_ROSTER:
		session->reason = lobby_HandoverReason_HANDOVER_NO_ROSTER;
		break;
	default:
		session->reason = lobby_HandoverReason_HANDOVER_NOT_FOUND;
		break;
	}
	app_fire(app, FLOW_NOBODY);
}

void app_on_committed(struct app *app, const lobby_VisitCommitted *committed)
{
	if (app->pending != PENDING_VISIT || strcmp(committed->id, app->session.visit.id) != 0)
		return;
	app->pending = PENDING_NOTHING;
	loop_timer_cancel(app->loop, &app->slow);
	app->session.committed = *committed;
	health_drop(app);
	if (committed->err != 0) {
		log_event(LOG_ERROR, "visit-not-saved", "err=%s", err_event(committed->err));
		app_fire(app, FLOW_FAILED);
		return;
	}
	app->session.handed_over = app->session.visit.kind == lobby_VisitKind_VISIT_HANDOVER;
	app_fire(app, FLOW_COMMITTED);
}

void app_on_help(struct app *app, const lobby_HelpState *state)
{
	if (app->help.id[0] == '\0' || strcmp(state->id, app->help.id) != 0)
		return;
	app->help_stage = state->stage;
	app->dirty = true;
	app->speak = app->speak || app->overlay == OVERLAY_HELP;
	if (state->stage != lobby_HelpStage_HELP_DONE)
		return;
	app->help = (lobby_HelpWanted){ 0 };
	if (app->overlay == OVERLAY_HELP)
		app->overlay = OVERLAY_NONE;
	idle_restart(app);
}

void app_on_devices(struct app *app, const lobby_Devices *devices)
{
	app->devices = *devices;
	app->had_scanner = app->had_scanner || app_scanner_ready(app);
	app->dirty = true;
}

void app_on_slot(struct app *app, const lobby_CardSlot *slot)
{
	app->slot = slot->state;
	app->speak = app->speak || app->slot != lobby_CardSlotState_CARD_SLOT_EMPTY;
	app->dirty = true;
	if (app->slot == lobby_CardSlotState_CARD_SLOT_READING && app->overlay == OVERLAY_STILL_THERE)
		idle_answered(app);
	if (app->slot != lobby_CardSlotState_CARD_SLOT_EMPTY)
		app_awake(app);
}

/* A kiosk that belongs to no clinic can help nobody. */
void app_on_sync_state(struct app *app, const lobby_SyncState *state)
{
	app->sync = *state;
	app->sync_heard = true;
	app->dirty = true;
	if (!state->enrolled && app->screen == SCREEN_WELCOME)
		app_fire(app, FLOW_BROKEN);
	else if (state->enrolled && app->screen == SCREEN_OUT_OF_ORDER)
		app_fire(app, FLOW_MENDED);
}

/* ---- programs that come and go ---- */

/* What has not come by now is broken. */
static void on_start_over(void *arg)
{
	struct app *app = arg;

	app->dirty = true;
}

static void on_sync_grace(void *arg)
{
	struct app *app = arg;

	app->sync_up = false;
	loop_timer_set(app->loop, &app->start, APP_START_MS - (clock_mono_ms() - app->started_mono_ms), on_start_over,
		       app);
	health_on_sync_lost(app);
	if (app->help.id[0] != '\0')
		app->help_stage = lobby_HelpStage_HELP_UNREACHABLE;
	app->dirty = true;
	if (app->screen != SCREEN_DONE && app->screen != SCREEN_DESK && app->screen != SCREEN_ARRIVED &&
	    app->screen != SCREEN_OUT_OF_ORDER && !screens[app->screen]->staff)
		app_fire(app, FLOW_BROKEN);
}

static void on_devices_grace(void *arg)
{
	struct app *app = arg;

	app->devices_up = false;
	app->devices = (lobby_Devices){ 0 };
	app->slot = lobby_CardSlotState_CARD_SLOT_EMPTY;
	slips_on_devices_lost(&app->slips, app);
	labels_on_devices_lost(app);
	papers_drop_all(app);
	link_send_devices(app);
	app->dirty = true;
}

void app_on_link(struct app *app, lobby_Program peer, bool up)
{
	if (peer == lobby_Program_PROGRAM_SYNC) {
		if (!up) {
			technician_on_sync(app, false);
			loop_timer_set(app->loop, &app->sync_grace, SYNC_GRACE_MS, on_sync_grace, app);
			return;
		}
		loop_timer_cancel(app->loop, &app->sync_grace);
		app->sync_up = app->sync_was_up = true;
		if (app->screen == SCREEN_OUT_OF_ORDER && app->sync.enrolled)
			app_fire(app, FLOW_MENDED);
	} else if (!up) {
		slips_on_devices_lost(&app->slips, app);
		labels_on_devices_lost(app);
		papers_drop_all(app);
		technician_on_devices_lost(app);
		loop_timer_set(app->loop, &app->devices_grace, SYNC_GRACE_MS, on_devices_grace, app);
	} else {
		loop_timer_cancel(app->loop, &app->devices_grace);
		app->devices_up = true;
	}
	app->dirty = true;
}

/* ---- events ---- */

void app_awake(struct app *app)
{
	idle_restart(app);
}

void app_ui_event(struct app *app, const struct ui_event *event)
{
	const struct screen *screen = screen_of(app);

	if (event->kind == UI_EVENT_NONE)
		return;
	app->dirty = true;
	app_awake(app);
	if (event->kind == UI_EVENT_FOCUS && app->read_aloud) {
		char text[512];

		ui_speech_focus(app->ui, text, sizeof(text));
		speech_say(&app->speech, app->language, text);
		explicit_bzero(text, sizeof(text));
	}
	if (event->kind == UI_EVENT_PRESS || event->kind == UI_EVENT_CHANGE)
		app->session.touches += event->kind == UI_EVENT_PRESS || app->screen == SCREEN_BIRTHDAY;
	if (event->kind == UI_EVENT_PRESS) {
		app->notice = (struct notice){ 0 };
		if (shell_press(app, event->id))
			return;
	}
	/* While an answer is outstanding the screen is only looked at. */
	if (screen->event != NULL && app->overlay == OVERLAY_NONE && app->pending == PENDING_NOTHING)
		screen->event(app, event);
}

/* The window has another size, or is another one. */
static void use_panel(struct app *app)
{
	window_renew_surface(&app->window);
	ui_resize(app->ui, &app->window.panel);
	app->landscape = app->window.panel.width_px > app->window.panel.height_px;
}

static void on_window_event(void *arg, const SDL_Event *event)
{
	struct app *app = arg;
	struct ui_event happened;

	if (event->type == SDL_QUIT) {
		loop_stop(app->loop);
		return;
	}
	if (event->type == SDL_WINDOWEVENT) {
		if (event->window.event == SDL_WINDOWEVENT_SIZE_CHANGED)
			use_panel(app);
		app->repaint = app->dirty = true;
		return;
	}
	technician_touch(app, event);
	happened = ui_handle(app->ui, event);
	app_ui_event(app, &happened);
	app_refresh(app);
}

static bool may_settle(const struct app *app)
{
	if (!screen_of(app)->rests || app->technician.in || app->overlay != OVERLAY_NONE)
		return false;
	if (app->screen == SCREEN_CLINIC) /* a step of the first start, too */
		return !box_is_new(app);
	if (app->screen == SCREEN_SETUP_STICK)
		return !app->box.asking;
	return app->screen == SCREEN_STARTING || (!app->session.active && app->pending == PENDING_NOTHING);
}

void app_settle(struct app *app)
{
	int next = flow_next(app, app->screen, FLOW_START_OVER);

	if (next == (int)app->screen || !(may_settle(app) || next == SCREEN_RESTARTING))
		return;
	if (app->session.active || !screen_of(app)->rests)
		app_wipe(app);
	app_go(app, (enum screen_id)next);
}

void app_refresh(struct app *app)
{
	SDL_Rect rects[MAX_DAMAGE];
	int count;

	if (!app->dirty && !ui_is_dirty(app->ui))
		return;
	app_settle(app);
	/* A key that goes down looks different and is the same tree: paint is enough. */
	if (app->dirty)
		shell_build(app);
	app->dirty = false;
	count = ui_paint(app->ui, app->window.surface, app->repaint, rects, MAX_DAMAGE);
	app->repaint = false;
	window_present(&app->window, rects, count);
	if (app->speak)
		speak_screen(app);
	app->speak = false;
	link_send_state(app, false);
}

void app_set_language(struct app *app, const char *language)
{
	text_copy(app->language, sizeof(app->language), language);
	words_use(app->language);
	shell_use_words(app);
	app->dirty = true;
	app->speak = true;
}

/* ---- life ---- */

void app_forget_help(struct app *app)
{
	app->help.cancelled = true;
	link_send_help(app);
	app->help = (lobby_HelpWanted){ 0 };
}

void app_wipe(struct app *app)
{
	const char *first = app->settings.language_count > 0 ? app->settings.language[0] : "en";

	speech_stop(&app->speech);
	if (app->session.handed_over == false && app->pending == PENDING_VISIT)
		log_event(LOG_WARNING, "session-wiped", "reason=unanswered");
	health_wipe(app);
	labels_leave(app);
	session_wipe(&app->session);
	technician_leave(app);
	setup_leave(app);
	ui_wipe(app->ui);
	app->pending = PENDING_NOTHING;
	loop_timer_cancel(app->loop, &app->slow);
	loop_timer_cancel(app->loop, &app->clear);
	app->overlay = OVERLAY_NONE;
	app->notice = (struct notice){ 0 };
	app->size = UI_SIZE_NORMAL;
	app->theme = UI_THEME_PAPER;
	app->read_aloud = false;
	if (app->help.id[0] != '\0' && !idle_help_is_fresh(app))
		app_forget_help(app);
	app->repaint = true;
	if (strcmp(app->language, first) != 0)
		app_set_language(app, first);
	app->speak = false;
}

void app_use_zone(struct app *app)
{
	words_use_zone(app->settings.time_zone[0] != '\0' ? app->settings.time_zone : app->box.state.time_zone);
}

static void on_minute(void *arg)
{
	struct app *app = arg;

	app->dirty = true;
	/* The clock's tick is the watchdog's too: the screen wakes for nothing else. */
	notify_manager("WATCHDOG=1");
	loop_timer_set(app->loop, &app->minute, 60000 - clock_wall_ms() % 60000, on_minute, app);
}

static int open_window(struct app *app, const struct app_options *options)
{
	static char presented[128];
	const struct window_options wanted = {
		.panel = options->panel,
		.fullscreen = options->fullscreen,
		.drm = options->drm,
		.width_mm = options->width_mm,
		.setting = options->panel_setting,
		.presented = presented,
	};

	snprintf(presented, sizeof(presented), "%s/kiosk-presented", options->run);
	return window_init(&app->window, app->loop, &wanted, on_window_event, app);
}

int app_init(struct app *app, struct loop *loop, const struct app_options *options)
{
	int err;

	*app = (struct app){ .loop = loop, .size = UI_SIZE_NORMAL, .repaint = true };
	app->box.watch = -1;
	app->started_mono_ms = clock_mono_ms();
	wire_settings_default(&app->settings);
	app->sync.enrolled = true; /* until lobby-sync says otherwise */
	app->devices_up = true;
	app->sync_up = !options->beside;
	words_init(options->locale);
	speech_init(&app->speech, loop);
	err = open_window(app, options);
	if (err != 0)
		return err;
	err = ui_new(&app->window.panel, options->assets, &app->ui);
	if (err != 0)
		goto fail;
	app->landscape = app->window.panel.width_px > app->window.panel.height_px;
	app_set_language(app, "en");
	app->speak = false;
	app->screen = options->beside ? SCREEN_STARTING : SCREEN_WELCOME;
	app->dirty = true;
	app_refresh(app);
	notify_manager("READY=1");
	/* The first frame is on the screen; now who else is there. */
	loop_timer_set(loop, &app->sync_grace, SYNC_GRACE_MS, on_sync_grace, app);
	loop_timer_set(loop, &app->devices_grace, SYNC_GRACE_MS, on_devices_grace, app);
	err = link_start(app, options->run);
	if (err == 0)
		err = box_link_start(app, options->run);
	if (err == 0 && options->control != NULL)
		err = control_start(app, options->control);
	if (err != 0)
		goto fail;
	on_minute(app);
	return 0;
fail:
	app_fini(app);
	return err;
}

void app_fini(struct app *app)
{
	speech_stop(&app->speech);
	control_stop(app);
	link_stop(app);
	box_link_stop(app);
	session_wipe(&app->session);
	ui_free(app->ui);
	app->ui = NULL;
	window_fini(&app->window);
}

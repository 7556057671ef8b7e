/* lobby-kiosk: everything that the program holds, and the verbs that screens use.
 *
 * One event comes in (touch, key, message, timer), the current screen reacts, the flow decides where that leads, the
 * tree is built again and its damage painted. Nothing else runs. */
#ifndef LOBBY_KIOSK_APP_H
#define LOBBY_KIOSK_APP_H

#include "base/loop.h"
#include "box.h"
#include "cards/card.h"
#include "flow.h"
#include "health.h"
#include "labels.h"
#include "link.h"
#include "papers.h"
#include "screen.h"
#include "session.h"
#include "setup.h"
#include "slips.h"
#include "speech.h"
#include "technician.h"
#include "ui/ui.h"
#include "window.h"

/* A part that is not there so long after the start is out of order; until then the kiosk is starting. */
#define APP_START_MS 60000

/* What lies over the screen; a dialog is the navigation root while it is up. */
enum overlay {
	OVERLAY_NONE,
	OVERLAY_STILL_THERE,
	OVERLAY_HELP,
	OVERLAY_LANGUAGE,
	OVERLAY_START_OVER,
};

/* What lobby-sync has been asked and has not answered yet; asked again when it comes back. */
enum pending {
	PENDING_NOTHING,
	PENDING_IDENTIFY,
	PENDING_VISIT,
};

/* A line above the heading, until the next press: a card that could not be read, say. */
struct notice {
	const char *text; /* untranslated message id; NULL: none */
	enum ui_tone tone;
	const char *plural; /* NULL, or text and plural have a %d: this many */
	int count;
};

struct app {
	struct loop *loop;
	struct ui *ui;
	struct window window;
	struct link link;
	struct speech speech;
	struct slips slips;
	struct papers papers;
	struct labels labels;
	lobby_Logo logo; /* of the clinic, for slips */
	struct health health;
	struct technician technician;
	struct box box;
	struct setup setup;
	struct control *control;

	lobby_Settings settings;
	lobby_Orders orders; /* what the clinic wants said */
	lobby_SyncState sync;
	lobby_Devices devices;
	lobby_CardSlotState slot; /* of the card reader */
	bool sync_up;		  /* lobby-sync answers; false after SYNC_GRACE_MS without it */
	bool sync_was_up;	  /* since the start */
	bool sync_heard;	  /* sync is what it said, not what we assume */
	int64_t started_mono_ms;
	bool devices_up;
	bool had_scanner; /* since the start: one that is missed is worth a word, one that never was is not */

	enum screen_id screen;
	enum overlay overlay;
	struct session session;
	struct notice notice;
	enum pending pending;
	uint32_t request;

	lobby_HelpWanted help; /* id is empty when none was asked for */
	lobby_HelpStage help_stage;

	enum ui_size size;
	enum ui_theme theme;
	bool landscape;
	char language[17];
	bool read_aloud;
	int edit; /* which contact detail SCREEN_CONTACT_EDIT edits */

	struct loop_timer idle, minute, slow, sync_grace, devices_grace, start, clear;
	int seconds_left; /* of the countdown in OVERLAY_STILL_THERE or SCREEN_DONE */
	bool dirty;
	bool speak;   /* the screen, once it is laid out */
	bool repaint; /* all of it, not the damage alone */
};

/* ---- for screens ---- */

/** Follows the flow table; an event that leads nowhere is a bug and is logged. */
void app_fire(struct app *app, enum flow_event event);
/** Asks lobby-sync who this is; FLOW_FOUND, FLOW_NEED_*, or FLOW_NOBODY follows. */
void app_identify(struct app *app);
/** Shows a line above the heading until the next press. The text is a message id (static). */
void app_notice(struct app *app, const char *text, enum ui_tone tone);
/** The same with a number in it; both texts are message ids with one %d. */
void app_notice_count(struct app *app, const char *text, const char *plural, int count, enum ui_tone tone);
/** The number of steps that the clinic's settings leave. */
int app_step_count(const struct app *app);
const lobby_Device *app_device(const struct app *app, lobby_DeviceKind kind);
bool app_device_ready(const struct app *app, lobby_DeviceKind kind);
bool app_scanner_ready(const struct app *app);
/** There was a scanner, or should be one, and it does not work. */
bool app_scanner_missed(const struct app *app);
/** Back, for a screen with a number pad: portrait has it in the pad's corner, landscape among the actions. */
void app_back_beside_pad(const struct app *app, struct ui *ui);

/* ---- for main and tests ---- */

struct app_options {
	struct ui_panel panel;
	const char *assets;  /* the folder with icons/ */
	const char *locale;  /* the folder with LANG/LC_MESSAGES/lobby.mo */
	const char *run;     /* the run folder with sync.sock and devices.sock */
	const char *control; /* NULL, or where to listen for test commands */
	bool fullscreen;
	bool drm;	 /* window.h: on the display itself */
	bool beside;	 /* the other programs start beside it: it offers nothing before lobby-sync is there */
	double width_mm; /* of the panel as it is made; 0: not known */
	const char *panel_setting;
};

int app_init(struct app *app, struct loop *loop, const struct app_options *options) MUST_CHECK;
void app_fini(struct app *app);
/** Rebuilds and paints if anything changed. */
void app_refresh(struct app *app);
/** One interface event from wherever: window, control socket. */
void app_ui_event(struct app *app, const struct ui_event *event);
/** Shows this screen. Screens never call it: they fire events. */
void app_go(struct app *app, enum screen_id next);
/** Forgets the patient: screen, memory, speech and settings of the bar. */
void app_wipe(struct app *app);
/** Takes back the call for staff; the desk is told. */
void app_forget_help(struct app *app);
/** A touch, key or scan: somebody is there. */
void app_awake(struct app *app);
/** The answer takes longer than a blink. */
void app_on_slow(void *arg);
/** A card read now is somebody's identity: nobody is known yet, or the last patient is finished. */
bool scan_begins_anew(const struct app *app);
/** session.health is a record that names its person: that is who is here. */
void scan_take_health(struct app *app);
/** Shows what the kiosk's state wants shown, where nobody's visit is: see the flow's last rows. */
void app_settle(struct app *app);
/** Times are the clinic's, or those of the place that a technician named. */
void app_use_zone(struct app *app);
/** What link.c heard. */
void app_on_identified(struct app *app, const lobby_Identified *identified);
void app_on_committed(struct app *app, const lobby_VisitCommitted *committed);
void app_on_scan(struct app *app, const lobby_Scan *scan);
void app_on_slot(struct app *app, const lobby_CardSlot *slot);
void app_on_help(struct app *app, const lobby_HelpState *state);
void app_on_devices(struct app *app, const lobby_Devices *devices);
void app_on_sync_state(struct app *app, const lobby_SyncState *state);
void app_on_link(struct app *app, lobby_Program peer, bool up);
void app_set_language(struct app *app, const char *language);

#endif

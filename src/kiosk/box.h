/* The link to lobby-system: the machine under the screen, as it says it is, and what a technician asks of it.
 *
 * A desk machine has no lobby-system, and an idle kiosk does not wake: so nobody looks for its socket again and again,
 * but inotify(7) says when there is one.
 *
 * `state` is the last SystemState heard, and stays while lobby-system is away; `there` says whether it answers. Without
 * lobby-system nothing of it is shown, and nothing fails. One command at a time is under
 * way; its end is shown by the screen that asked (`said`), and the screen's `answer` hears of it. Times are seconds and
 * milliseconds as named. */
#ifndef LOBBY_KIOSK_BOX_H
#define LOBBY_KIOSK_BOX_H

#include "base/loop.h"
#include "wire/wire.h"

#include <stdbool.h>

/* A picture that was turned turns back unless somebody keeps it: who sees nothing can press nothing. */
#define BOX_TRIAL_S 15

struct app;

struct box {
	struct wire_conn conn;
	char path[108];
	int watch;    /* inotify's descriptor while there is no socket yet; else -1 */
	bool started; /* conn is */
	bool there;
	lobby_SystemState state;
	bool asking; /* a command is under way: */
	lobby_SystemDo what;
	uint32_t request;
	bool has_said; /* the last command's end: err and text; forgotten when the screen changes */
	int err;
	char said[sizeof(((lobby_SystemAnswer *)0)->text)];
	lobby_SystemDo leaving; /* what the screen says while the box goes down: RESTART_NOW, POWER_OFF or WIPE */
	lobby_SystemDo confirm; /* what SCREEN_BOX_ASK asks about */
	bool sure;		/* ... for the second time */
	char disk[sizeof(((lobby_InstallDisk *)0)->name)]; /* what SCREEN_INSTALL_ASK asks about */
	bool trying;					   /* a turned picture waits to be kept: */
	lobby_Panel trial;
	int seconds_left;
	struct loop_timer second;
};

/** LOBBY_ERR_TOO_LONG: the run folder's path. */
int box_link_start(struct app *app, const char *run) MUST_CHECK;
void box_link_stop(struct app *app);

/** This machine runs from our image: it has a slot. */
bool box_is_appliance(const struct app *app);
/** The first start's questions are still to be answered. */
bool box_is_new(const struct app *app);
/** It was started from an installer's stick, which is to write its disk. */
bool box_is_installer(const struct app *app);
/** A stick is in, and signed by somebody whom the image trusts. */
bool box_has_stick(const struct app *app);
/** ... and it opens the technician's area. */
bool box_has_key(const struct app *app);
/** There is a file on the stick that answers the first start's questions. */
bool box_can_provision(const struct app *app);
/** The box goes down in a moment. */
bool box_is_leaving(const struct app *app);

/** Asks lobby-system; false, with a word on the screen, if it cannot be asked. Passphrases are wiped after sending. */
bool box_do(struct app *app, const lobby_SystemCommand *command);
bool box_do_plain(struct app *app, lobby_SystemDo what);
/** For link_send_state(). */
void box_send_state(struct app *app, const lobby_KioskState *state);

/** Turns the picture a quarter further and begins to count. */
void box_panel_turn(struct app *app);
/** Keeps it: lobby-system is told. */
void box_panel_keep(struct app *app);
/** As it was before. */
void box_panel_revert(struct app *app);

/** The screen changes: forgets what was said. */
void box_on_screen(struct app *app);

#endif

/* A screen: a const table of four functions. build() describes what is shown, from app's state alone; event() reacts to
 * one interface event, usually by app_fire(); enter() and leave() prepare and tidy up. Any may be NULL but build. */
#ifndef LOBBY_KIOSK_SCREEN_H
#define LOBBY_KIOSK_SCREEN_H

#include "cards/card.h"
#include "flow.h"
#include "ui/ui.h"
#include "wire.pb.h"

struct screen {
	int step;      /* of the progress bars; 0: none shown */
	int setup;     /* the same, for the first start's questions */
	bool timeless; /* no "are you still there?" (nobody is identified, nothing was typed) */
	bool no_back;  /* Back makes no sense here */
	bool staff;    /* for a technician: no patient is here, and nothing that is scanned is one */
	bool rests;    /* nobody's: another state of the kiosk shows another screen in its place (app_settle) */
	int idle_ms;   /* staff: after so much silence it goes back to the welcome screen */
	void (*enter)(struct app *app);
	void (*build)(struct app *app, struct ui *ui);
	void (*event)(struct app *app, const struct ui_event *event);
	/** A card was scanned and read; true if this screen took it, else app.c treats it as an identity. */
	bool (*scan)(struct app *app, const struct card *card);
	/** lobby-system has done what this screen asked it, or says why not. */
	void (*answer)(struct app *app, lobby_SystemDo what, int err);
	void (*leave)(struct app *app);
};

extern const struct screen *const screens[SCREEN_COUNT];

#endif

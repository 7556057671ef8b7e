/* The wristband and the label of a visit, where the clinic prints them. They carry the patient's name: what is not out
 * soon after the session is called back. */
#ifndef LOBBY_KIOSK_LABELS_H
#define LOBBY_KIOSK_LABELS_H

#include "base/loop.h"
#include "wire.pb.h"

#define LABELS_MAX 2
#define LABELS_LATE_MS 20000

struct app;

struct label {
	char job[37]; /* empty: none is wanted */
	char visit_id[37];
	lobby_PrintForm form;
	lobby_SlipState state;
	int err;
	bool left; /* who it is for has pressed "Done": it may still come out, and no screen shows it */
};

struct labels {
	struct label label[LABELS_MAX];
	struct loop_timer late;
};

/** Prints what the settings say for app->session's committed arrival. */
void labels_print(struct app *app);
void labels_on_printed(struct app *app, const lobby_Printed *printed);
void labels_on_devices_lost(struct app *app);
/** Calls back what is not out yet, and forgets the rest. */
void labels_wipe(struct app *app);
/** The session is over: what is under way has until LABELS_LATE_MS after it was begun, then it is called back. So a
 * quick "Done" costs nobody their wristband, and a name never comes out when its owner is long gone. */
void labels_leave(struct app *app);
/** Of this form; NULL if none was wanted. */
const struct label *labels_find(const struct app *app, lobby_PrintForm form);

#endif

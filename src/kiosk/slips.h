/* Slips on their way through the printer. They outlive the session: the result still goes to the desk after the screen
 * was wiped, and holds nothing but the visit's id. */
#ifndef LOBBY_KIOSK_SLIPS_H
#define LOBBY_KIOSK_SLIPS_H

#include "base/loop.h"
#include "wire.pb.h"

#define SLIPS_MAX 8

struct app;

struct slips {
	lobby_Slip slip[SLIPS_MAX]; /* state SLIP_NONE: free */
	struct loop_timer timeout[SLIPS_MAX];
	uint64_t begun[SLIPS_MAX], last; /* in which order; 0: free */
	struct app *app;
};

/** Prints the slip of app->session's committed visit, or records at once why not. */
void slips_print(struct slips *slips, struct app *app);
/** How the printing of a wristband or label of this visit ended: told to lobby-sync, and again when it comes back. */
void slips_tell(struct slips *slips, struct app *app, const char *visit_id, lobby_PrintForm form, int err);
/** The state of a visit's slip; NULL if none was ever wanted. */
const lobby_Slip *slips_find(const struct slips *slips, const char *visit_id);
void slips_on_printed(struct slips *slips, struct app *app, const lobby_Printed *printed);
/** lobby-devices went away: what was printing has failed. */
void slips_on_devices_lost(struct slips *slips, struct app *app);
/** lobby-sync came back: tell it again (it knows a repetition by the visit's id). */
void slips_send_again(struct slips *slips, struct app *app);

#endif

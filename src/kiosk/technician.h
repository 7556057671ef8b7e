/* The technician at the kiosk's screen: let in by the clinic's PIN, testing the devices.
 *
 * The clock in the header, held for three seconds while the welcome or the out-of-order screen is up, leads to the PIN
 * (TECHNICIAN_HOLD_MS). lobby-sync checks it; lobby-devices tests; the finished report goes to lobby-sync. All of it is
 * forgotten with the session: whoever comes next has to know the PIN. Screens: screens/technician*.c. */
#ifndef LOBBY_KIOSK_TECHNICIAN_H
#define LOBBY_KIOSK_TECHNICIAN_H

#include "base/loop.h"
#include "wire.pb.h"

#include <SDL2/SDL.h>
#include <stdbool.h>

#define TECHNICIAN_HOLD_MS 3000
#define TECHNICIAN_IDLE_MS 300000
#define TECHNICIAN_PIN_IDLE_MS 60000

struct app;

struct technician {
	bool in;     /* the PIN was right, or there is a stick: */
	bool by_key; /* ... until it is taken out */
	bool asking, wrong;
	uint32_t request;
	int64_t until_mono_ms;	/* no PIN is looked at before */
	bool testing, printing; /* under way: a test; its report alone */
	uint32_t test;
	lobby_TestReport report; /* the test under way, or the last one since the PIN */
	lobby_TestReport unsent; /* done is false: nothing for lobby-sync */
	struct loop_timer hold, second;
};

/** A touch on the way to the screen: holding the clock is for technicians. */
void technician_touch(struct app *app, const SDL_Event *event);
/** As if the clock were held from now on. For the control socket. */
void technician_hold(struct app *app);
/** Forgets the PIN and ends a test. */
void technician_leave(struct app *app);

/** Asks lobby-sync; FLOW_CONTINUE follows if it is the one. */
void technician_try_pin(struct app *app, const char *pin);
/** How long until a PIN is looked at again; 0: now. */
int technician_wait_s(const struct app *app);
/** kind < 0: all that is there. */
void technician_start(struct app *app, int kind);
void technician_print_report(struct app *app);
void technician_skip(struct app *app);
void technician_cancel(struct app *app);
/** The line that waits for a card now, or NULL. */
const lobby_TestLine *technician_waits_for(const struct app *app);

/** A technician's stick was put in, or taken out. */
void technician_on_key(struct app *app, bool there);
/** What link.c heard. */
void technician_on_answer(struct app *app, const lobby_TechnicianAnswer *answer);
void technician_on_report(struct app *app, const lobby_TestReport *report);
void technician_on_sync(struct app *app, bool up);
void technician_on_devices_lost(struct app *app);

#endif

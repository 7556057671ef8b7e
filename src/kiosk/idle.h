/* Nobody there any more: a question with a countdown, then all is wiped. */
#ifndef LOBBY_KIOSK_IDLE_H
#define LOBBY_KIOSK_IDLE_H

#include <stdbool.h>

struct app;

/** Somebody did something: the silence begins anew. */
void idle_restart(struct app *app);
/** "I am still here." */
void idle_answered(struct app *app);
/** Was staff called from here a short while ago, and nobody said that it is done? The call belongs to the place, not to
 * the session: it outlives a wiped screen. */
bool idle_help_is_fresh(const struct app *app);
/** Clears this finished screen by itself after some seconds, counted in app->seconds_left. */
void idle_clear_in(struct app *app, int seconds);

#endif

/* Nobody there any more: a question with a countdown, then all is wiped. */
#ifndef LOBBY_KIOSK_IDLE_H
#define LOBBY_KIOSK_IDLE_H

struct app;

/** Somebody did something: the silence begins anew. */
void idle_restart(struct app *app);
/** "I am still here." */
void idle_answered(struct app *app);
/** Clears this finished screen by itself after some seconds, counted in app->seconds_left. */
void idle_clear_in(struct app *app, int seconds);

#endif

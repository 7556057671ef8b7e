/* Test commands over a Unix socket, only with --control: presses named nodes, tells what is on the screen. The
 * appliance never passes that flag.
 *
 * One command a line; the answer is lines of text and then "ok" or "error REASON". Commands: press ID-OR-LABEL, type
 * TEXT, key NAME (SDL's: Tab, Return, ...), touch X Y, tree, geometry, check, screen, speech, focus, png FILE, size N,
 * theme N, language TAG, held (requests outstanding), until SCREEN (answers once that screen is shown, no request is
 * outstanding), until-text TEXT (once the tree holds it), frames (presented so far), display (which one has them),
 * panel rotation=N connector=NAME mode=WxH (as lobby-system would set it). */
#ifndef LOBBY_KIOSK_CONTROL_H
#define LOBBY_KIOSK_CONTROL_H

#include "base/err.h"

struct app;

int control_start(struct app *app, const char *path) MUST_CHECK;
void control_stop(struct app *app);
/** Looks at what waiting clients wait for. */
void control_look(struct app *app);

#endif

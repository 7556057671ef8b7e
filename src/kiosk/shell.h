/* What surrounds every screen: header, steps, notices, the bar's six tools, and the dialogs over it. */
#ifndef LOBBY_KIOSK_SHELL_H
#define LOBBY_KIOSK_SHELL_H

#include <stdbool.h>

struct app;

/** Builds the whole tree: header, the current screen, the bar, the overlay. */
void shell_build(struct app *app);
/** A press on something of the shell's; false if it belongs to the screen. */
bool shell_press(struct app *app, const char *id);
/** Gives ui the current language's words for the keys and pages that it adds itself. */
void shell_use_words(struct app *app);

#endif

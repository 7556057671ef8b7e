/* The process that owns the screen from init's first moments until lobby-kiosk shows something.
 *
 * It looks for a display by itself while init loads drivers, and is told in one byte what else to show. It outlives
 * init: its picture stays until another program shows one on its display, or /run/lobby/kiosk-presented is there, or
 * two minutes after init became systemd; or SIGTERM. It holds no privileges once there is a picture (user lobby-kiosk,
 * master dropped). */
#ifndef LOBBY_INIT_SPLASH_H
#define LOBBY_INIT_SPLASH_H

#include "fail.h"
#include "wire.pb.h"

/** Starts it; name is init's argv[0], which becomes the process's name. Its number is put in /run/lobby-splash.pid. */
void splash_start(const lobby_Panel *panel, enum tongue tongue, char *name);
/** All drivers are loaded: a display that has not come by now will not, and the firmware's frame buffer must do. */
void splash_no_more_drivers(void);
/** Shows these words in place of the splash. */
void splash_show_fail(enum fail fail);

#endif

/* Updates: a bundle is looked at (rauc info), waits until nobody has been at the screen for UPDATE_QUIET_MS and the
 * running version is known to be good, is installed into the other slot (rauc install), and the machine restarts when
 * nobody is there.
 *
 * RAUC checks the signature and writes; its handlers (boot.h) keep the boot entries right. Here it is decided whether
 * and when, and told how it goes. What was installed is kept in STATE/system/update.json, so that after the restart it
 * is clear whether it came up. */
#ifndef LOBBY_SYSTEM_UPDATE_H
#define LOBBY_SYSTEM_UPDATE_H

#include "system/system.h"

#define UPDATE_QUIET_MS 60000
#define UPDATE_COMPATIBLE "lobby-kiosk-x86_64"

int update_init(struct system *sys);
void update_fini(struct system *sys);
void update_ready(struct system *sys);
void update_heard(struct system *sys);
void update_fill(struct system *sys, lobby_SystemState *state);

/** SYSTEM_INSTALL: only of the update folder. An empty path: what waits of that folder is forgotten; LOBBY_ERR_BUSY
 * when it is being installed already. */
void update_command(struct system *sys, struct wire_conn *conn, const lobby_SystemCommand *command);
/** The same for a bundle anywhere; version is what it should be, or empty. take_file: it is removed when that has
 * ended, either way. token (system_defer()) is answered when it is accepted or refused: 0 (it waits or begins),
 * LOBBY_ERR_BUSY (another one is under way), LOBBY_ERR_REFUSED with why. */
void update_install(struct system *sys, const char *path, const char *version, bool take_file, uint32_t token);
/** One is being looked at or installed: update_install() would be refused now. */
bool update_is_busy(const struct system *sys);
/** "STATE/system/NAME": where a stick's bundle is copied to, and where it is installed from. LOBBY_ERR_TOO_LONG. */
int update_stick_path(const struct system *sys, bool whole, char *out, size_t size) MUST_CHECK;
/** The running version is good, whatever it came from. */
void update_good(struct system *sys);

#endif

/* The state partition as a part of lobby-system: the ladder (ladder.h) climbed once by a worker at the start, what came
 * of it told in SystemState, and the wipe. READY is said to systemd when the folder is there. With a folder in its
 * place
 * (--state) nothing is opened. */
#ifndef LOBBY_SYSTEM_STATEDISK_H
#define LOBBY_SYSTEM_STATEDISK_H

#include "system.h"

int statedisk_init(struct system *sys);
void statedisk_fini(struct system *sys);
void statedisk_fill(struct system *sys, lobby_SystemState *state);
/** SYSTEM_WIPE. */
void statedisk_wipe_command(struct system *sys, struct wire_conn *conn, const lobby_SystemCommand *command);

#endif

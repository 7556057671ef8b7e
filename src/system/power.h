/* Restart and power off. A restart that can wait does so until nobody has been at the screen for two minutes; systemd
 * does the work (`systemctl --no-block reboot`), so that every program ends as it should and the disk is clean. */
#ifndef LOBBY_SYSTEM_POWER_H
#define LOBBY_SYSTEM_POWER_H

#include "system/system.h"

#define POWER_QUIET_MS 120000

int power_init(struct system *sys);
void power_fini(struct system *sys);
void power_heard(struct system *sys);
void power_fill(struct system *sys, lobby_SystemState *state);

/** Restarts once nobody has been at the screen for POWER_QUIET_MS; why is a word for the log. */
void power_restart_when_quiet(struct system *sys, const char *why);
void power_restart_now(struct system *sys, const char *why);

void power_restart_command(struct system *sys, struct wire_conn *conn, const lobby_SystemCommand *command);
/** SYSTEM_RESTART_NOW and SYSTEM_POWER_OFF. */
void power_now_command(struct system *sys, struct wire_conn *conn, const lobby_SystemCommand *command);

#endif

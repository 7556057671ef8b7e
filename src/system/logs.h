/* Logs for the support desk: this start's state in words and the journal, compressed (RFC 1952), sealed to the support
 * key (base/seal.h), written to a signed stick as lobby/logs-KIOSK-WHEN.lobbylog by mcopy, which runs as nobody.
 * `lobbyctl unseal` opens it. Nothing of patients is in the journal, so nothing of them is in here. */
#ifndef LOBBY_SYSTEM_LOGS_H
#define LOBBY_SYSTEM_LOGS_H

#include "system.h"

int logs_init(struct system *sys);
void logs_fini(struct system *sys);
/** SYSTEM_LOGS_TO_STICK. */
void logs_command(struct system *sys, struct wire_conn *conn, const lobby_SystemCommand *command);

#endif

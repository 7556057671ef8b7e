/* The first start's answers: given by hand one after the other (SYSTEM_SET_UP says that they are all there), or all at
 * once by a signed stick's provisioning file (SYSTEM_PROVISION): panel, network, language, and enrolment, which
 * lobby-sync is asked for. Kept in STATE/system/set-up.json. */
#ifndef LOBBY_SYSTEM_PROVISION_H
#define LOBBY_SYSTEM_PROVISION_H

#include "system.h"

int provision_init(struct system *sys);
void provision_fini(struct system *sys);
void provision_ready(struct system *sys);
void provision_fill(struct system *sys, lobby_SystemState *state);
/** SYSTEM_SET_UP, SYSTEM_PROVISION. */
void provision_set_up_command(struct system *sys, struct wire_conn *conn, const lobby_SystemCommand *command);
void provision_command(struct system *sys, struct wire_conn *conn, const lobby_SystemCommand *command);
/** lobby-sync's answer to an Enrol. */
void provision_enrolled(struct system *sys, const lobby_Enrolled *enrolled);

#endif

/* The installer's stick: writes the image that it carries to a disk of the machine that was started from it, as
 * tools/flash does (flash/write.h).
 *
 * Only where init says INSTALL=1 (system_boot.installer). The folder /install is on the stick's root, and so behind
 * dm-verity; it has one image with its description and signature, and the certificate of the release key that must have
 * signed it. What may be written to is what the machine has built in: not the stick, nothing on USB, nothing that is in
 * use or too small; the others are told with the reason. Writing is a worker's (worker.h). The state is
 * SystemState.install. */
#ifndef LOBBY_SYSTEM_INSTALL_H
#define LOBBY_SYSTEM_INSTALL_H

#include "system.h"

int install_init(struct system *sys) MUST_CHECK;
void install_fini(struct system *sys);
void install_fill(struct system *sys, lobby_SystemState *state);
/** SYSTEM_INSTALL_DISK: the answer comes when it has begun, or says why not; an empty path looks again. */
void install_command(struct system *sys, struct wire_conn *conn, const lobby_SystemCommand *command);

#endif

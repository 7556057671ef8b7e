/* The technician's stick as a part of lobby-system: looked at when it is plugged in, believed when it is signed, and a
 * place for others to take an update from and put logs on.
 *
 * A stick is never mounted. A confined worker lifts its description off it (lift.h); the signature is checked here,
 * before a byte of it is parsed (manifest.h). What is not signed, has expired or makes no sense is refused with a
 * sentence, and nothing more of that stick is read. */
#ifndef LOBBY_SYSTEM_STICK_H
#define LOBBY_SYSTEM_STICK_H

#include "manifest.h"
#include "system.h"

/** The end of a copy: 0, or why not with a sentence (NULL: the error's own). */
typedef void stick_done_fn(struct system *sys, void *arg, int err, const char *text);
typedef void stick_percent_fn(struct system *sys, void *arg, unsigned percent);

int stick_init(struct system *sys);
void stick_fini(struct system *sys);
void stick_fill(struct system *sys, lobby_SystemState *state);

/** SYSTEM_INSTALL_STICK: copies the update off it and has it installed (update.h). */
void stick_install_command(struct system *sys, struct wire_conn *conn, const lobby_SystemCommand *command);

/** The trusted stick's description, or NULL. */
const struct manifest *stick_manifest(const struct system *sys);
/** Its device and where its file system begins; only with a trusted stick. */
const char *stick_device(const struct system *sys, uint64_t *start);
/** The provisioning file's text; NULL: there is none. Borrowed until the stick goes. */
const char *stick_provisioning(const struct system *sys, size_t *len);
/** Copies the stick's update into the file `path` (replaced) and compares it with the hash that was signed; done is
 * called once, later: LOBBY_ERR_DISK_FULL (a sentence says how much is missing), LOBBY_ERR_CORRUPT, LOBBY_ERR_IO,
 * LOBBY_ERR_UNPLUGGED. LOBBY_ERR_NOT_FOUND (no trusted stick with an update), LOBBY_ERR_BUSY, LOBBY_ERR_IO. */
int stick_copy_update(struct system *sys, const char *path, stick_percent_fn *percent, stick_done_fn *done,
		      void *arg) MUST_CHECK;

#endif

/* What makes a kiosk this kiosk, saved from a file system that is lost: its store with the outbox (sync/), its network
 * settings and set-up (system/). It waits in RUN/lobby-rescue, in memory, until there is a state folder that takes it:
 * the same disk made anew, or memory when the disk takes no more writes.
 *
 * For workers: it blocks. Bounds are keep_copy()'s. */
#ifndef LOBBY_SYSTEM_RESCUE_H
#define LOBBY_SYSTEM_RESCUE_H

#include "base/err.h"

/** From the device, mounted read-only at `state` for that long. What an attempt before this one saved stays where there
 * is nothing more to read. */
void rescue_read(const char *run, const char *device, const char *state);
/** Into the folders that are at `state` now; counts files. What was saved goes only when all of it is there: else
 * LOBBY_ERR_IO, and it may be tried again. */
int rescue_return(const char *run, const char *state, int *files) MUST_CHECK;

#endif

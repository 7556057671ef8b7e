/* What makes a kiosk this kiosk, saved from a file system that is lost: its store with the outbox (sync/), its network
 * settings and set-up (system/). It waits in RUN/lobby-rescue, in memory, until there is a state folder that takes it:
 * the same disk made anew, or memory when the disk takes no more writes. Until it lies there, a second copy of it lies
 * at the vault's end, which the file system leaves free: a power cut loses neither. It is a small file system of its
 * own, and whole when the mark before it says so.
 *
 * For workers: it blocks. Bounds are keep_copy()'s. */
#ifndef LOBBY_SYSTEM_RESCUE_H
#define LOBBY_SYSTEM_RESCUE_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define RESCUE_NAME "lobby-rescue" /* the copy's device, while it is open */

/** From the device, mounted read-only at `state` for that long. What an attempt before this one saved stays where there
 * is nothing more to read. */
void rescue_read(const char *run, const char *device, const char *state);
/** How much of the device (or plain file) is the file system's: all but its end; 0, which is all, of a device that is
 * too small to leave any. */
uint64_t rescue_room(const char *device);
/** Copies what was saved to the device's end. Once this returned 0 it survives a power cut, until rescue_forget().
 * LOBBY_ERR_DISK_FULL on a small device, LOBBY_ERR_IO. */
int rescue_keep(const char *run, const char *device) MUST_CHECK;
/** Whether there is such a copy. */
bool rescue_is_kept(const char *device);
/** Reads it in the place of rescue_read(). LOBBY_ERR_IO. */
int rescue_read_kept(const char *run, const char *device) MUST_CHECK;
/** All of it is on the disk where it belongs. LOBBY_ERR_IO: the copy is still there, and would be taken again. */
int rescue_forget(const char *device) MUST_CHECK;
/** What one that ended on the way left mounted and open. */
void rescue_close_left_over(const char *run);
/** Into the folders that are at `state` now; counts files. What was saved goes only when all of it is there: else
 * LOBBY_ERR_IO, and it may be tried again. */
int rescue_return(const char *run, const char *state, int *files) MUST_CHECK;

#endif

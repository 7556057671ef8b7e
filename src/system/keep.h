/* The file system inside the state partition, and what is to be kept of it: ext4 made, checked, mounted; the folders;
 * the outbox rescued when the rest cannot be; room made when it is full.
 *
 * For workers: it blocks. Paths borrow. */
#ifndef LOBBY_SYSTEM_KEEP_H
#define LOBBY_SYSTEM_KEEP_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Of so many bytes, or 0: of all. LOBBY_ERR_IO. The device may be a plain file. */
int keep_make(const char *device, uint64_t bytes) MUST_CHECK;
/** Checks and mends; mended is set when something was wrong. LOBBY_ERR_CORRUPT when it cannot be mended. */
int keep_check(const char *device, bool *mended) MUST_CHECK;
/** Mounts it at folder (made), without programs, devices and set-user-id bits; read_only: as it lies, without its
 * journal. LOBBY_ERR_IO. */
int keep_mount(const char *device, const char *folder, bool read_only) MUST_CHECK;
/** Memory in place of a partition. */
int keep_mount_memory(const char *folder) MUST_CHECK;
void keep_unmount(const char *folder);
bool keep_is_mounted(const char *folder);

/** The folders of image/README.md with their owners. LOBBY_ERR_IO, LOBBY_ERR_DISK_FULL. */
int keep_folders(const char *state) MUST_CHECK;

/** Copies the plain files of a folder (at most 64, 48 MiB together) with their owners; what of a file cannot be read is
 * left out. Counts files. LOBBY_ERR_IO when `to` cannot be written. */
int keep_copy(const char *from, const char *to, int *files) MUST_CHECK;
/** Removes a folder's plain files. */
void keep_empty(const char *folder);

/** When less than 16 MiB or a twentieth is free: empties update/, then removes the journal's oldest files. Says in text
 * what it did, or that it is full all the same; "" if there is room. */
void keep_make_room(const char *state, char *text, size_t size);
/** The same, as if so many kB of so many were free: to be tested. */
void keep_make_room_if(const char *state, uint64_t free_kb, uint64_t total_kb, char *text, size_t size);

#endif

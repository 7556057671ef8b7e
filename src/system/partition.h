/* The partition named `state`: found by its name on the disk that the kiosk started from, and made in the free space at
 * the disk's end where there is none.
 *
 * The name is read from the disk's own table (GPT; UEFI 2.10, section 5.3): the kernel knows no names of partitions
 * that were added since it started. When the first table is damaged, it is read from the second, as the kernel does.
 * Making one is systemd-repart's work, which also moves GPT's second copy to the real end of a disk that is larger than
 * the image. For workers: it blocks. */
#ifndef LOBBY_SYSTEM_PARTITION_H
#define LOBBY_SYSTEM_PARTITION_H

#include "base/err.h"

#include <stddef.h>

#define PARTITION_PATH 96

/** The device of the partition with this name on the disk ("/dev/vda"). LOBBY_ERR_NOT_FOUND, LOBBY_ERR_IO. */
int partition_find(const char *disk, const char *name, char out[PARTITION_PATH]) MUST_CHECK;
/** Adds what the folder `definitions` (repart.d(5)) asks for to the disk or disk image. LOBBY_ERR_DISK_FULL when there
 * is no room, LOBBY_ERR_NOT_FOUND without systemd-repart, else LOBBY_ERR_IO. What it said is kept in said. */
int partition_make(const char *disk, const char *definitions, char *said, size_t size) MUST_CHECK;

#endif

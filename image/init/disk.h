/* Finding the disk that we were started from, its ESP and the slot's root. Waits, bounded, because disks come late. */
#ifndef LOBBY_INIT_DISK_H
#define LOBBY_INIT_DISK_H

#include "fail.h"
#include "loader.h"
#include "params.h"

#define DISK_PATH_SIZE 48

struct disk {
	char whole[DISK_PATH_SIZE]; /* "/dev/vda" */
	char esp[DISK_PATH_SIZE];   /* "/dev/vda1"; "" if there is none */
	char root[DISK_PATH_SIZE];  /* "/dev/vda2" */
};

/** The disk of loader->disk, else the first with a partition of the slot's name. If several are it (a stick with a copy
 * of the disk), the built-in one, or the plugged-in one if this is the installer. FAIL_DISK; FAIL_SLOT: it has no such
 * partition, or one that is too small for what the parameters say. */
enum fail disk_find(const struct params *params, const struct loader *loader, struct disk *out);

#endif

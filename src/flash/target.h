/* What an image is written to: a whole disk that nothing uses, or a file. */
#ifndef LOBBY_FLASH_TARGET_H
#define LOBBY_FLASH_TARGET_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* Beside the image the disk has a state partition, which wants some room. */
#define TARGET_STATE_BYTES (256LL * 1024 * 1024)

struct target {
	char path[256];
	char name[65];		    /* of the kernel, "sdb"; of a file its path's last part */
	char model[81], serial[65]; /* empty: it does not say */
	bool disk;		    /* not a file */
	bool removable;
	int64_t size; /* bytes */
};

/** Where the kernel tells of disks and of what is mounted: "/sys" and "/proc", others in tests. */
struct target_roots {
	const char *sys, *proc;
};

/** Looks at it and opens nothing for writing. why: a plain sentence, static: a partition, mounted, in use by something
 * else, write-protected, smaller than needed bytes. LOBBY_ERR_NOT_FOUND, LOBBY_ERR_FORBIDDEN (not without root),
 * LOBBY_ERR_INVALID, LOBBY_ERR_BUSY, LOBBY_ERR_DISK_FULL (too small). */
int target_look(const char *path, int64_t needed, const struct target_roots *roots, struct target *target,
		const char **why) MUST_CHECK;
/** Opens it for writing, for us alone. LOBBY_ERR_BUSY, LOBBY_ERR_FORBIDDEN, LOBBY_ERR_IO. */
int target_open(const struct target *target, int *fd) MUST_CHECK;

#endif

/* Small files of ours in the EFI system partition's folder `lobby`, by a worker: mounted for as long as it takes and
 * not longer, so that FAT is not left open when the power goes. On other machines a folder stands in for it. */
#ifndef LOBBY_SYSTEM_ESPFILE_H
#define LOBBY_SYSTEM_ESPFILE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct espfile {
	char folder[224]; /* of the partition */
	bool mounted;
};

/** esp is the device, or the folder. run: where the mount point is made. LOBBY_ERR_IO. Pair with espfile_close(). */
int espfile_open(struct espfile *esp, const char *at, bool is_folder, const char *run) MUST_CHECK;
void espfile_close(struct espfile *esp);
/** As file_read() and file_replace(). */
int espfile_read(const struct espfile *esp, const char *name, size_t max, char **data, size_t *len) MUST_CHECK;
int espfile_write(const struct espfile *esp, const char *name, const void *data, size_t len) MUST_CHECK;
void espfile_remove(const struct espfile *esp, const char *name);

#endif

/* Small files of ours in the EFI system partition's folder `lobby`, by a worker: the partition is mounted for as long
 * as it takes (esp.h). On other machines a folder stands in for it. */
#ifndef LOBBY_SYSTEM_ESPFILE_H
#define LOBBY_SYSTEM_ESPFILE_H

#include "esp.h"

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/** As file_read() and file_replace(). */
int espfile_read(const struct esp *esp, const char *name, size_t max, char **data, size_t *len) MUST_CHECK;
int espfile_write(const struct esp *esp, const char *name, const void *data, size_t len) MUST_CHECK;
void espfile_remove(const struct esp *esp, const char *name);

#endif

/* Whole files, read bounded and replaced atomically. */
#ifndef LOBBY_BASE_FILE_H
#define LOBBY_BASE_FILE_H

#include "err.h"

#include <stddef.h>
#include <sys/types.h>

/** Reads all of a file of at most max bytes into a new NUL-terminated buffer that the caller frees.
 * LOBBY_ERR_NOT_FOUND, LOBBY_ERR_TOO_LONG, LOBBY_ERR_IO, LOBBY_ERR_NO_MEMORY. */
int file_read(const char *path, size_t max, char **data, size_t *len) MUST_CHECK;
/** Writes a new file beside path, fsyncs it, renames it over path and fsyncs the folder: after a power cut there is the
 * old file or the new one. LOBBY_ERR_IO, LOBBY_ERR_DISK_FULL. */
int file_replace(const char *path, const void *data, size_t len, mode_t mode) MUST_CHECK;
/** mkdir -p for folders of our own; existing ones are kept. LOBBY_ERR_IO. */
int file_make_folder(const char *path, mode_t mode) MUST_CHECK;

#endif

/* Lifts files off a stick: a confined worker (worker.h) that reads a stranger's file system and does nothing else. What
 * it lifts goes into descriptors of ours; whether it may be believed is for others to say. */
#ifndef LOBBY_SYSTEM_LIFT_H
#define LOBBY_SYSTEM_LIFT_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define LIFT_FILES 4
#define LIFT_PATH 96

struct lift {
	const char *device; /* or a plain file */
	struct {
		char path[LIFT_PATH]; /* on the stick; empty: none */
		uint64_t max;	      /* bytes; longer is not lifted */
		int fd;		      /* where it goes, from its begin */
		uint64_t reserve;     /* bytes that must be left there; 0: it is not looked */
	} file[LIFT_FILES];
};

/** What the worker's line says: file `index` was lifted (bytes), the file system begins at `start`, or so many bytes
 * are missing where a file is to go. */
enum lift_said { LIFT_NOTHING, LIFT_START, LIFT_FILE, LIFT_PERCENT, LIFT_MISSING };

/** worker_fn over a struct lift. Its lines: "start OFFSET", "file INDEX BYTES", "percent N" (of the last file),
 * "missing BYTES". Exit status 0; 1: no FAT; 2: a damaged one, or a read error; 3: a file is longer than its max; 4: it
 * could not be written, for lack of room if "missing" was said. Files that are not there are passed over. */
int lift_work(void *arg);
enum lift_said lift_parse(const char *line, uint64_t *index, uint64_t *value);

#endif

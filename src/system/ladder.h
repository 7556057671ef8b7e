/* From a disk to a state folder that can be written, whatever lies on that disk: the worker of the state partition.
 *
 * The ladder, each rung with a sentence for the technician when it is not the usual one:
 *   the partition is there, opens, is sound           mounted
 *   there is none                                     made in the disk's free space; no room: memory
 *   it has no header, or a header without a key       its bytes cannot be read by anybody: made anew
 *   it does not open                                  memory for three starts (closed.h); made anew at the fourth
 *   so, but another version opened it before          the machine starts again, until that version is back
 *   its file system is damaged                        mended; if that fails, the outbox is rescued, and it is made anew
 *   it takes no more writes                           memory, with the outbox and settings that could be read
 *   it is full                                        updates, then old logs are removed
 * A power cut at any point leaves something that the next start takes up: a partition without a header, a vault that is
 * marked as being made, a whole one, or one with what was rescued at its end. A lobby-system that ended on the way
 * leaves a vault open, a mount, files in RUN/lobby-rescue: the next one closes the first two and goes on with the
 * third. */
#ifndef LOBBY_SYSTEM_LADDER_H
#define LOBBY_SYSTEM_LADDER_H

#include "wire/wire.h"

#define LADDER_NAME "lobby-state"
#define LADDER_RESTART 2 /* ladder_work()'s status: nothing is mounted, and the machine is to be started again */

/** Where things are; borrowed. */
struct ladder {
	const char *disk;	 /* "/dev/vda" */
	const char *esp;	 /* the ESP's device */
	const char *esp_folder;	 /* a folder in its place, or NULL */
	const char *sys;	 /* /sys */
	const char *tpm;	 /* /dev/tpmrm0 */
	const char *definitions; /* repart.d(5) */
	const char *run;	 /* a folder in memory, root's */
	const char *state;	 /* /var/lib/lobby */
	const char *slot;	 /* "a" */
	const char *version;	 /* of what runs in it */
};

struct ladder_result {
	lobby_Protection protection;
	char text[sizeof(((lobby_SystemState *)0)->protection_text)];
};

/** worker_fn over a struct ladder. Says "stage TEXT" while it works, and at the end "done PROTECTION TEXT", which
 * ladder_parse() reads; the same is kept in RUN/lobby-state for a lobby-system that is started again. */
int ladder_work(void *arg);
/** LOBBY_ERR_INVALID when the line says something else. */
int ladder_parse(const char *line, struct ladder_result *result) MUST_CHECK;
/** What an earlier lobby-system mounted since the machine started. LOBBY_ERR_NOT_FOUND. */
int ladder_earlier(const struct ladder *ladder, struct ladder_result *result) MUST_CHECK;
/** worker_fn over a struct ladder: everything that was kept becomes unreadable for good. The machine must restart. */
int ladder_wipe(void *arg);

#endif

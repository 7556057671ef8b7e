/* Every block of the running root, read once: dm-verity looks at a block when somebody reads it, and what nobody reads
 * for days (a font, a voice) may be damaged all the same. Read while the version still has to prove itself, the damage
 * is met inside the slot's tries, and not by the patient who chooses that language. */
#ifndef LOBBY_SYSTEM_ROOTREAD_H
#define LOBBY_SYSTEM_ROOTREAD_H

#include "system.h"

#include <limits.h>

struct rootread {
	char device[PATH_MAX];
};

/** The device that init made ("lobby-root"), by SYS/class/block. LOBBY_ERR_NOT_FOUND: the root is on none such. */
int rootread_find(const struct system_options *options, struct rootread *out) MUST_CHECK;
/** worker_fn over a struct rootread. 0: all of it can be read; a damaged block is the kernel's to end (panic). */
int rootread_work(void *arg);

#endif

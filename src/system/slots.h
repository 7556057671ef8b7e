/* The two slots as systemd-boot sees them: boot entries of type 1 on the EFI system partition, whose file names count
 * the tries (systemd's "Automatic Boot Assessment": lobby-a+3.conf has three tries left, lobby-a+2-1.conf two and one
 * done).
 *
 * The loader takes the entry with tries left, then the lowest sort-key, then the highest version. So a slot that is
 * good has "+3", one that is being written or is known bad has "+0", and the first choice has sort-key 1, the other 2.
 *
 * What is to be done is planned by pure functions from what is seen: a plan is a list of steps, each of which either
 * writes a whole entry (a new file, fsync, rename) or removes one. What makes a slot startable comes before what makes
 * another one not, and new names are written before old ones are removed, so that after every prefix of the steps
 * something starts; duplicates that a power cut leaves are the same slot twice, and the next plan removes them. */
#ifndef LOBBY_SYSTEM_SLOTS_H
#define LOBBY_SYSTEM_SLOTS_H

#include "base/err.h"
#include "system/version.h"

#include <stdbool.h>
#include <stddef.h>

#define SLOTS 2
#define SLOTS_TRIES 3
#define SLOTS_FIRST 1 /* sort-key of the first choice */
#define SLOTS_SECOND 2
#define SLOTS_FILES 16
#define SLOTS_NAME 48
#define SLOTS_TEXT 256
#define SLOTS_STEPS (SLOTS_FILES + SLOTS)
#define SLOTS_ENTRIES "loader/entries"

struct slots_file {
	char name[SLOTS_NAME];
	int slot; /* 0: a, 1: b; -1: what an interrupted write left */
	int left; /* tries; -1: not counted, starts always */
	int done;
	int sort; /* 0: none in it */
	char version[VERSION_SIZE];
	bool whole; /* as slots_text() would write it */
};

struct slots_seen {
	struct slots_file file[SLOTS_FILES];
	int count;
};

struct slots_step {
	bool remove;
	char name[SLOTS_NAME];
	char text[SLOTS_TEXT];
};

struct slots_plan {
	struct slots_step step[SLOTS_STEPS];
	int count;
};

/** 0 for "a", 1 for "b", -1 for anything else; and back. */
int slots_of_name(const char *name);
const char *slots_name(int slot);

/** Adds one file of the entries' folder; what is not ours is passed over, as are more than SLOTS_FILES. */
void slots_see(struct slots_seen *seen, const char *name, const char *text, size_t len);
/** The file that the loader would take for this slot; NULL: there is none. */
const struct slots_file *slots_file_of(const struct slots_seen *seen, int slot);
/** May it start: an entry with tries left, or without a count. */
bool slots_starts(const struct slots_seen *seen, int slot);
/** The slot that the loader starts next; -1: none. */
int slots_next(const struct slots_seen *seen);

/** An entry's text. */
void slots_text(char out[SLOTS_TEXT], int slot, int sort, const char *version);

/** The running slot is good: all tries again. It becomes the first choice if the other one does not start. */
void slots_plan_good(const struct slots_seen *seen, int slot, const char *version, struct slots_plan *plan);
/** This slot is the first choice from now on, with all tries. */
void slots_plan_primary(const struct slots_seen *seen, int slot, struct slots_plan *plan);
/** This slot is not to be started. LOBBY_ERR_FORBIDDEN if nothing would be left that starts. */
int slots_plan_bad(const struct slots_seen *seen, int slot, struct slots_plan *plan) MUST_CHECK;
/** The slot that does not run is about to be written with this version: the running one is the first choice with all
 * tries, the other one none. */
void slots_plan_write(const struct slots_seen *seen, int running, const char *running_version, const char *version,
		      struct slots_plan *plan);

/** Looks at ESP/loader/entries. LOBBY_ERR_IO, LOBBY_ERR_NOT_FOUND (no such folder). */
int slots_read(const char *esp, struct slots_seen *seen) MUST_CHECK;
/** Does the steps in order and stops at the first that fails. LOBBY_ERR_IO, LOBBY_ERR_DISK_FULL. */
int slots_apply(const char *esp, const struct slots_plan *plan) MUST_CHECK;

#endif

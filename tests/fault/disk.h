/* A store's disk under power cuts: what it held at the last one, and the preload's log since (powercut.h). */
#ifndef LOBBY_TESTS_FAULT_DISK_H
#define LOBBY_TESTS_FAULT_DISK_H

#include "chance.h"
#include "powercut.h"

#define DISK_PATH 512

struct disk {
	char folder[DISK_PATH];		      /* of the program */
	char file[POWERCUT_FILES][DISK_PATH]; /* its store */
	char base[POWERCUT_FILES][DISK_PATH]; /* the same at the last power cut */
	char log[DISK_PATH], page_path[DISK_PATH], shm[DISK_PATH];
	struct powercut_page *page; /* mapped */
	unsigned cut_writes;	    /* writes that power cuts took, over the run */
};

/** folder holds (or will hold) NAME.db; beside it come folder.disk/…. What is there now counts as durable. */
int disk_init(struct disk *disk, const char *folder, const char *name);
void disk_fini(struct disk *disk);
/** The program is dead: makes its files what a power cut could have left, and begins anew from there. */
int disk_cut(struct disk *disk, struct chance *chance);
/** True if the folder has a store that was set aside as damaged. */
bool disk_has_damaged(const struct disk *disk);
/** Copies a file, or removes `to` when `from` is not there. */
int disk_copy(const char *from, const char *to);

#endif

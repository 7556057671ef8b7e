/* Reading FAT12, FAT16 and FAT32 as a stranger's stick has them (Microsoft, FAT: General Overview of On-Disk Format,
 * 1.03), over a function that reads bytes. Only reading, only what a technician's stick needs: a file by its path.
 *
 * Nothing on the stick is believed: every offset is checked against the device's size, every chain is followed no
 * further than the file's size or FAT_MAX_ENTRIES directory entries. The kernel's file systems never see a stick. A
 * struct fat is the caller's, borrows `arg`, and allocates nothing. */
#ifndef LOBBY_SYSTEM_FAT_H
#define LOBBY_SYSTEM_FAT_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAT_SECTOR 512
#define FAT_MAX_ENTRIES 65536

/** Reads exactly len bytes at offset: 0 or LOBBY_ERR_IO. */
typedef int fat_read_fn(void *arg, uint64_t offset, void *data, size_t len);

struct fat {
	fat_read_fn *read;
	void *arg;
	uint64_t start;	       /* where the file system begins on the device, bytes */
	uint32_t bits;	       /* 12, 16 or 32 */
	uint32_t cluster_size; /* bytes */
	uint32_t clusters;     /* how many; numbered from 2 */
	uint64_t table;	       /* the first FAT, bytes from the device's begin */
	uint64_t root;	       /* FAT12/16: the root folder, likewise */
	uint32_t root_entries;
	uint32_t root_cluster; /* FAT32 */
	uint64_t data;	       /* cluster 2, likewise */
	uint64_t window_at;    /* the sector of the table in window; 0: none */
	uint8_t window[FAT_SECTOR];
};

struct fat_file {
	bool folder;
	uint32_t first; /* cluster; 0: empty, or FAT12/16's root folder */
	uint32_t size;	/* bytes */
	uint32_t at;	/* next byte to be read */
	uint32_t cluster;
};

/** Finds the file system on a device of size bytes: it begins at 0, or with the first partition (MBR or GPT) that has
 * one. LOBBY_ERR_NOT_FOUND (no FAT), LOBBY_ERR_CORRUPT, LOBBY_ERR_IO. */
int fat_open(struct fat *fat, fat_read_fn *read, void *arg, uint64_t size) MUST_CHECK;
/** A file or folder by its path, "lobby/stick.json": ASCII without regard to case, long names or short ones.
 * LOBBY_ERR_NOT_FOUND, LOBBY_ERR_CORRUPT, LOBBY_ERR_IO. */
int fat_find(struct fat *fat, const char *path, struct fat_file *file) MUST_CHECK;
/** The next bytes, at most max; got is 0 at the end. LOBBY_ERR_CORRUPT when the chain ends before the file. */
int fat_file_read(struct fat *fat, struct fat_file *file, void *data, size_t max, size_t *got) MUST_CHECK;

#endif

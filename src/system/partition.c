/* See partition.h. */
#include "partition.h"

#include "helper.h"

#include "base/file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 60000

/* Whether the lines of a uevent file have PARTNAME=name. */
static int is_named(const char *path, const char *name)
{
	char *text = NULL, want[64];
	const char *at;
	size_t len = 0;
	int found = 0;

	if (file_read(path, 4096, &text, &len) != 0)
		return 0;
	snprintf(want, sizeof(want), "PARTNAME=%s", name);
	for (at = text; (at = strstr(at, want)) != NULL; at++) {
		char after = at[strlen(want)];

		if ((at == text || at[-1] == '\n') && (after == '\n' || after == '\0')) {
			found = 1;
			break;
		}
	}
	free(text);
	return found;
}

int partition_find(const char *sys, const char *disk, const char *name, char out[PARTITION_PATH])
{
	const char *base = strrchr(disk, '/');
	char folder[192], path[512];
	struct dirent *entry;
	int err = LOBBY_ERR_NOT_FOUND;
	DIR *dir;

	base = base != NULL ? base + 1 : disk;
	if (snprintf(folder, sizeof(folder), "%s/class/block/%s", sys, base) >= (int)sizeof(folder))
		return LOBBY_ERR_NOT_FOUND;
	dir = opendir(folder);
	if (dir == NULL)
		return LOBBY_ERR_NOT_FOUND;
	while (err != 0 && (entry = readdir(dir)) != NULL) {
		/* A disk's partitions are folders below it that begin with its name: vda1, nvme0n1p4. */
		if (strncmp(entry->d_name, base, strlen(base)) != 0 || strlen(entry->d_name) > 32)
			continue;
		snprintf(path, sizeof(path), "%s/%s/uevent", folder, entry->d_name);
		if (is_named(path, name)) {
			snprintf(out, PARTITION_PATH, "/dev/%.32s", entry->d_name);
			err = 0;
		}
	}
	closedir(dir);
	return err;
}

int partition_make(const char *disk, const char *definitions, char *said, size_t size)
{
	char where[256];
	const char *const argv[] = { "systemd-repart",
				     "--dry-run=no",
				     "--empty=refuse",
				     "--seed=random",
				     "--pretty=no",
				     "--no-pager",
				     where,
				     disk,
				     NULL };
	int status;

	snprintf(where, sizeof(where), "--definitions=%s", definitions);
	if (!helper_exists(argv[0]))
		return LOBBY_ERR_NOT_FOUND;
	status = helper_run(argv, said, size, PATIENCE_MS);
	if (status == 0)
		return 0;
	return said != NULL && strstr(said, "Can't fit") != NULL ? LOBBY_ERR_DISK_FULL : LOBBY_ERR_IO;
}

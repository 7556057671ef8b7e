/* See partition.h. */
#include "partition.h"

#include "helper.h"

#include "base/file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 60000

enum called { CALLED_OTHERWISE, CALLED_NOTHING, CALLED_SO };

/* What a partition's uevent (sysfs) says of its name. A disk or anything else that is no partition is "otherwise". */
static enum called called(const char *path, const char *name)
{
	enum called is = CALLED_OTHERWISE;
	char want[64], *text = NULL;
	const char *at;
	size_t len = 0;

	if (file_read(path, 4096, &text, &len) != 0)
		return CALLED_OTHERWISE;
	if (strstr(text, "PARTN=") != NULL && strstr(text, "PARTNAME=") == NULL)
		is = CALLED_NOTHING;
	snprintf(want, sizeof(want), "PARTNAME=%s", name);
	for (at = text; (at = strstr(at, want)) != NULL; at++) {
		char after = at[strlen(want)];

		if ((at == text || at[-1] == '\n') && (after == '\n' || after == '\0')) {
			is = CALLED_SO;
			break;
		}
	}
	free(text);
	return is;
}

int partition_find(const char *sys, const char *disk, const char *name, char out[PARTITION_PATH])
{
	const char *base = strrchr(disk, '/');
	char folder[192], path[512], nameless[PARTITION_PATH] = "";
	int err = LOBBY_ERR_NOT_FOUND, count = 0;
	struct dirent *entry;
	DIR *dir;

	base = base != NULL ? base + 1 : disk;
	if (snprintf(folder, sizeof(folder), "%s/class/block/%s", sys, base) >= (int)sizeof(folder))
		return LOBBY_ERR_NOT_FOUND;
	dir = opendir(folder);
	if (dir == NULL)
		return LOBBY_ERR_NOT_FOUND;
	while (err != 0 && (entry = readdir(dir)) != NULL) {
		enum called is;

		/* A disk's partitions are folders below it that begin with its name: vda1, nvme0n1p4. */
		if (strncmp(entry->d_name, base, strlen(base)) != 0 || strlen(entry->d_name) > 32)
			continue;
		snprintf(path, sizeof(path), "%s/%s/uevent", folder, entry->d_name);
		is = called(path, name);
		if (is == CALLED_OTHERWISE)
			continue;
		snprintf(is == CALLED_SO ? out : nameless, PARTITION_PATH, "/dev/%.32s", entry->d_name);
		count += is == CALLED_NOTHING;
		err = is == CALLED_SO ? 0 : err;
	}
	closedir(dir);
	/* The kernel reads names when it reads the whole table, at power-on. One that systemd-repart added since is
	 * known by its place alone (BLKPG), and ours is the one that is ever added. */
	if (err != 0 && count == 1 && strcmp(name, "state") == 0) {
		memcpy(out, nameless, sizeof(nameless));
		err = 0;
	}
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

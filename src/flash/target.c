/* See target.h. A disk is in use if anything of it is mounted or swapped to, or if the kernel names a holder (RAID,
 * LVM, an opened LUKS): the disk that this machine runs from is always one of these. */
#include "target.h"

#include "base/file.h"
#include "base/mark.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define MAX_TEXT (1024 * 1024)

static const char mounted[] = N_("Something on this disk is mounted. Unmount it, or check that it is the right disk.");
static const char in_use[] =
	N_("This disk is part of something that runs (RAID, LVM, encryption or swap): not touched.");

/* One small file of sysfs, without its newline; empty if there is none. */
static void attribute(const char *folder, const char *name, char *out, size_t size)
{
	char path[PATH_MAX], *text = NULL;
	size_t len;

	*out = '\0';
	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path) ||
	    file_read(path, MAX_TEXT, &text, &len) != 0)
		return;
	text_copy(out, size, text_trim(text));
	free(text);
}

static bool has_entries(const char *folder, const char *name)
{
	char path[PATH_MAX];
	struct dirent *entry;
	bool any = false;
	DIR *dir;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
		return true;
	dir = opendir(path);
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		any = any || entry->d_name[0] != '.';
	if (dir != NULL)
		closedir(dir);
	return any;
}

/* Is "8:17" mounted (the third field of proc(5)'s mountinfo)? */
static bool is_mounted(const char *proc, const char *number)
{
	char path[PATH_MAX], field[32], *text = NULL, *line, *rest;
	size_t len;
	bool found = false;

	if (snprintf(path, sizeof(path), "%s/self/mountinfo", proc) >= (int)sizeof(path) ||
	    file_read(path, MAX_TEXT, &text, &len) != 0)
		return true; /* nothing is known: not this one */
	for (line = strtok_r(text, "\n", &rest); line != NULL && !found; line = strtok_r(NULL, "\n", &rest))
		found = sscanf(line, "%*s %*s %31s", field) == 1 && strcmp(field, number) == 0;
	free(text);
	return found;
}

/* Is /dev/NAME swapped to? */
static bool is_swap(const char *proc, const char *name)
{
	char path[PATH_MAX], device[64], *text = NULL;
	size_t len;
	bool found;

	snprintf(device, sizeof(device), "/dev/%.50s ", name);
	if (snprintf(path, sizeof(path), "%s/swaps", proc) >= (int)sizeof(path) ||
	    file_read(path, MAX_TEXT, &text, &len) != 0)
		return false;
	found = strstr(text, device) != NULL;
	free(text);
	return found;
}

/* A disk or one of its partitions, whose folder in sysfs this is. */
static int look_at_part(const char *folder, const char *name, const struct target_roots *roots, const char **why)
{
	char number[32];

	attribute(folder, "dev", number, sizeof(number));
	if (number[0] != '\0' && is_mounted(roots->proc, number)) {
		*why = mounted;
		return LOBBY_ERR_BUSY;
	}
	if (has_entries(folder, "holders") || is_swap(roots->proc, name)) {
		*why = in_use;
		return LOBBY_ERR_BUSY;
	}
	return 0;
}

static int look_at_parts(const char *folder, const struct target *target, const struct target_roots *roots,
			 const char **why)
{
	char path[PATH_MAX], number[32];
	struct dirent *entry;
	DIR *dir = opendir(folder);
	int err = look_at_part(folder, target->name, roots, why);

	while (err == 0 && dir != NULL && (entry = readdir(dir)) != NULL) {
		if (snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name) >= (int)sizeof(path))
			continue;
		attribute(path, "partition", number, sizeof(number));
		if (number[0] != '\0')
			err = look_at_part(path, entry->d_name, roots, why);
	}
	if (dir != NULL)
		closedir(dir);
	return err;
}

static int look_at_disk(dev_t device, const struct target_roots *roots, struct target *target, const char **why)
{
	char link[PATH_MAX], folder[PATH_MAX], text[32];
	const char *last;

	snprintf(link, sizeof(link), "%s/dev/block/%u:%u", roots->sys, major(device), minor(device));
	if (realpath(link, folder) == NULL) {
		*why = N_("The kernel does not tell about this disk.");
		return LOBBY_ERR_NOT_FOUND;
	}
	last = strrchr(folder, '/');
	text_copy(target->name, sizeof(target->name), last + 1);
	target->disk = true;
	attribute(folder, "partition", text, sizeof(text));
	if (text[0] != '\0') {
		*why = N_("This is a partition. Name the whole disk: /dev/sdb, not /dev/sdb1.");
		return LOBBY_ERR_INVALID;
	}
	attribute(folder, "ro", text, sizeof(text));
	if (strcmp(text, "1") == 0) {
		*why = N_("This disk is write-protected. Look for a small switch on it.");
		return LOBBY_ERR_FORBIDDEN;
	}
	attribute(folder, "size", text, sizeof(text));
	target->size = strtoll(text, NULL, 10) * 512; /* always in 512 bytes (sysfs, block) */
	attribute(folder, "removable", text, sizeof(text));
	target->removable = strcmp(text, "1") == 0;
	attribute(folder, "device/model", target->model, sizeof(target->model));
	attribute(folder, "device/serial", target->serial, sizeof(target->serial));
	return look_at_parts(folder, target, roots, why);
}

static int look(const char *path, const struct target_roots *roots, struct target *target, const char **why)
{
	const char *last = strrchr(path, '/');
	struct stat st;

	if (stat(path, &st) != 0) {
		*why = N_("There is no such disk.");
		return LOBBY_ERR_NOT_FOUND;
	}
	if (S_ISBLK(st.st_mode))
		return look_at_disk(st.st_rdev, roots, target, why);
	if (!S_ISREG(st.st_mode)) {
		*why = N_("This is no disk.");
		return LOBBY_ERR_INVALID;
	}
	text_copy(target->name, sizeof(target->name), last != NULL ? last + 1 : path);
	target->size = st.st_size;
	return 0;
}

int target_look(const char *path, int64_t needed, const struct target_roots *roots, struct target *target,
		const char **why)
{
	struct target found = { 0 };
	int err;

	if (!text_copy(found.path, sizeof(found.path), path)) {
		*why = N_("This name is too long.");
		return LOBBY_ERR_INVALID;
	}
	err = look(path, roots, &found, why);
	if (err == 0 && found.size < needed) {
		*why = N_("This disk is too small for the image.");
		err = LOBBY_ERR_DISK_FULL;
	}
	*target = found;
	return err;
}

int target_open(const struct target *target, int *fd)
{
	/* O_EXCL: the kernel itself refuses a disk that is in use (open(2)). */
	int opened = open(target->path, O_RDWR | O_CLOEXEC | (target->disk ? O_EXCL : 0));

	if (opened < 0)
		return errno == EBUSY			   ? LOBBY_ERR_BUSY
		       : errno == EACCES || errno == EPERM ? LOBBY_ERR_FORBIDDEN
							   : LOBBY_ERR_IO;
	*fd = opened;
	return 0;
}

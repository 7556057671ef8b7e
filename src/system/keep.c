/* See keep.h. */
#include "keep.h"

#include "helper.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mark.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MAKE_MS 180000
#define CHECK_MS 600000
#define RESCUE_FILES 64
#define RESCUE_BYTES (48U << 20)
#define ROOM_KB 16384
#define MEMORY_OPTIONS "size=64m,nr_inodes=4096,mode=0755"

int keep_make(const char *device, uint64_t bytes)
{
	char size[32] = "";
	/* Tables are made at once: no lazy writing while the kiosk is idle. */
	const char *const argv[] = { "mkfs.ext4",
				     "-q",
				     "-F",
				     "-m",
				     "1",
				     "-I",
				     "256",
				     "-N",
				     "16384",
				     "-O",
				     "metadata_csum,64bit",
				     "-E",
				     "lazy_itable_init=0,lazy_journal_init=0,nodiscard",
				     "-J",
				     "size=8",
				     "-L",
				     "lobby-state",
				     device,
				     bytes > 0 ? size : NULL,
				     NULL };
	char said[512];
	int status;

	snprintf(size, sizeof(size), "%lluk", (unsigned long long)(bytes / 1024));
	status = helper_run(argv, said, sizeof(said), MAKE_MS);
	if (status != 0)
		log_event(LOG_ERROR, "mkfs", "status=%d says=\"%.*s\"", status, (int)strcspn(said, "\n"), said);
	return status == 0 ? 0 : LOBBY_ERR_IO;
}

/* e2fsck(8): 1 mended, 2 mended and to be restarted (mounted ones only), 4 and more not mended. What -p mends by itself
 * is what any power cut leaves. */
int keep_check(const char *device, bool *mended)
{
	const char *const gently[] = { "e2fsck", "-p", device, NULL };
	const char *const firmly[] = { "e2fsck", "-y", "-f", device, NULL };
	int status = helper_run(gently, NULL, 0, CHECK_MS);
	bool gentle = status >= 0 && status < 4;

	if (!gentle) {
		log_event(LOG_WARNING, "fsck", "status=%d", status);
		status = helper_run(firmly, NULL, 0, CHECK_MS);
	}
	if (status < 0 || status >= 4)
		return LOBBY_ERR_CORRUPT;
	*mended = !gentle;
	return 0;
}

int keep_mount(const char *device, const char *folder, bool read_only)
{
	unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | (read_only ? MS_RDONLY : 0);

	if (file_make_folder(folder, 0755) != 0 ||
	    mount(device, folder, "ext4", flags, read_only ? "noload" : "errors=remount-ro") != 0) {
		log_event(LOG_WARNING, "mount", "errno=%d", errno);
		return LOBBY_ERR_IO;
	}
	return 0;
}

int keep_mount_memory(const char *folder)
{
	if (file_make_folder(folder, 0755) != 0 ||
	    mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, MEMORY_OPTIONS) != 0)
		return LOBBY_ERR_IO;
	return 0;
}

void keep_unmount(const char *folder)
{
	if (umount2(folder, MNT_DETACH) != 0)
		log_event(LOG_WARNING, "unmount", "errno=%d", errno);
}

bool keep_is_mounted(const char *folder)
{
	char above[512];
	struct stat here, there;

	return snprintf(above, sizeof(above), "%s/..", folder) < (int)sizeof(above) && stat(folder, &here) == 0 &&
	       stat(above, &there) == 0 && here.st_dev != there.st_dev;
}

int keep_folders(const char *state)
{
	static const struct {
		const char *name, *user;
		mode_t mode;
	} folders[] = { { "sync", "lobby-sync", 0700 },
			{ "update", "lobby-sync", 0700 },
			{ "system", NULL, 0700 },
			{ "journal", NULL, 0700 } };

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		const struct passwd *user = folders[i].user != NULL ? getpwnam(folders[i].user) : NULL;
		char path[512];

		if (snprintf(path, sizeof(path), "%s/%s", state, folders[i].name) >= (int)sizeof(path))
			return LOBBY_ERR_TOO_LONG;
		if (mkdir(path, folders[i].mode) != 0 && errno != EEXIST)
			return errno == ENOSPC ? LOBBY_ERR_DISK_FULL : LOBBY_ERR_IO;
		if (geteuid() == 0 && user != NULL && chown(path, user->pw_uid, user->pw_gid) != 0)
			return LOBBY_ERR_IO;
	}
	return 0;
}

/* ---- rescue ------------------------------------------------------------------------------------------------------ */

static int copy_bytes(int from, int to, size_t most)
{
	static char bytes[65536];
	size_t done = 0;

	while (done < most) {
		ssize_t n = read(from, bytes, sizeof(bytes));

		if (n <= 0) /* the end, or what cannot be read any more */
			break;
		for (ssize_t at = 0; at < n;) {
			ssize_t written = write(to, bytes + at, (size_t)(n - at));

			if (written <= 0)
				return LOBBY_ERR_IO;
			at += written;
		}
		done += (size_t)n;
	}
	return fsync(to) == 0 ? (int)done : LOBBY_ERR_IO;
}

/* Bytes copied, or an error of the target's. */
static int copy_file(int from_dir, int to_dir, const char *name, size_t most)
{
	int from = openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK), to, copied;
	struct stat info = { 0 };

	if (from < 0)
		return 0;
	if (fstat(from, &info) != 0 || !S_ISREG(info.st_mode) || (uint64_t)info.st_size > most) {
		if (S_ISREG(info.st_mode))
			log_event(LOG_ERROR, "rescue-left-out", "bytes=%lld room=%zu", (long long)info.st_size, most);
		close(from);
		return 0;
	}
	to = openat(to_dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, info.st_mode & 0600);
	if (to < 0) {
		close(from);
		return LOBBY_ERR_IO;
	}
	copied = copy_bytes(from, to, most);
	if (copied >= 0 && geteuid() == 0 && fchown(to, info.st_uid, info.st_gid) != 0)
		copied = LOBBY_ERR_IO;
	close(from);
	close(to);
	return copied;
}

int keep_copy(const char *from, const char *to, int *files)
{
	DIR *dir = opendir(from);
	int to_dir = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;
	size_t left = RESCUE_BYTES;
	struct dirent *entry;

	*files = 0;
	if (to_dir < 0)
		err = LOBBY_ERR_IO;
	while (dir != NULL && err == 0 && *files < RESCUE_FILES && (entry = readdir(dir)) != NULL) {
		int copied = entry->d_name[0] != '.' ? copy_file(dirfd(dir), to_dir, entry->d_name, left) : 0;

		if (copied < 0)
			err = copied;
		else if (copied > 0) {
			left -= (size_t)copied;
			(*files)++;
		}
	}
	if (dir != NULL)
		closedir(dir);
	if (to_dir >= 0)
		close(to_dir);
	return err;
}

void keep_empty(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			(void)!unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir != NULL)
		closedir(dir);
}

/* ---- room -------------------------------------------------------------------------------------------------------- */

/* Files that the journal has closed have an "@" in their names (journald.conf(5)); of a machine's one folder. */
static void empty_journal(const char *state)
{
	char path[512], inner[768];
	struct dirent *entry, *file;
	DIR *dir, *machine;

	snprintf(path, sizeof(path), "%s/journal", state);
	dir = opendir(path);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name);
		machine = opendir(inner);
		while (machine != NULL && (file = readdir(machine)) != NULL)
			if (strchr(file->d_name, '@') != NULL)
				(void)!unlinkat(dirfd(machine), file->d_name, 0);
		if (machine != NULL)
			closedir(machine);
	}
	if (dir != NULL)
		closedir(dir);
}

static bool is_full(uint64_t free_kb, uint64_t total_kb)
{
	return free_kb < ROOM_KB || free_kb < total_kb / 20;
}

void keep_make_room_if(const char *state, uint64_t free_kb, uint64_t total_kb, char *text, size_t size)
{
	char path[512];
	struct statvfs info;

	text[0] = '\0';
	if (!is_full(free_kb, total_kb))
		return;
	snprintf(path, sizeof(path), "%s/update", state);
	keep_empty(path);
	snprintf(text, size, N_("The disk was full: downloaded updates were removed to make room."));
	if (statvfs(state, &info) != 0 || !is_full(info.f_bavail * (info.f_frsize / 512) / 2, total_kb))
		return;
	empty_journal(state);
	snprintf(text, size, N_("The disk was full: downloaded updates and old logs were removed to make room."));
	if (statvfs(state, &info) == 0 && is_full(info.f_bavail * (info.f_frsize / 512) / 2, total_kb))
		snprintf(text, size,
			 N_("The disk is nearly full, although downloaded updates and old logs were removed. Check-ins "
			    "may fail."));
}

void keep_make_room(const char *state, char *text, size_t size)
{
	struct statvfs info;

	text[0] = '\0';
	if (statvfs(state, &info) == 0)
		keep_make_room_if(state, info.f_bavail * (info.f_frsize / 512) / 2,
				  info.f_blocks * (info.f_frsize / 512) / 2, text, size);
}

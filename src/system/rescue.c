/* See rescue.h. */
#include "rescue.h"

#include "keep.h"
#include "vault.h"

#include "base/file.h"
#include "base/log.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAPPED "/dev/mapper/" RESCUE_NAME
#define END (128U << 20)       /* twice what keep_copy() takes, and its file system */
#define LEAST (2ULL * END)     /* of a device that leaves an end */
#define MARK_ROOM (1ULL << 20) /* the mark is alone in its pages: two devices show the same bytes here */

static const char mark[512] = "lobby-rescue: whole";

static const char *const folders[] = { "sync", "system" };
#define FOLDERS (sizeof(folders) / sizeof(folders[0]))

static void memory_of(const char *run, size_t i, char out[256])
{
	snprintf(out, 256, "%s/lobby-rescue/%s", run, folders[i]);
}

void rescue_read(const char *run, const char *device, const char *state)
{
	char memory[256], from[256];
	bool mounted = keep_mount(device, state, true) == 0;

	for (size_t i = 0; i < FOLDERS; i++) {
		int files = 0;

		memory_of(run, i, memory);
		snprintf(from, sizeof(from), "%s/%s", state, folders[i]);
		if (file_make_folder(memory, 0700) != 0 || (mounted && keep_copy(from, memory, &files) != 0))
			log_event(LOG_ERROR, "rescue", "folder=%s files=%d", folders[i], files);
	}
	if (mounted)
		keep_unmount(state);
}

/* ---- the copy at the device's end -------------------------------------------------------------------------------- */

uint64_t rescue_room(const char *device)
{
	int fd = open(device, O_RDONLY | O_CLOEXEC);
	uint64_t size = 0;
	struct stat info;

	if (fd < 0)
		return 0;
	if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode))
		size = (uint64_t)info.st_size;
	else if (ioctl(fd, BLKGETSIZE64, &size) != 0)
		size = 0;
	close(fd);
	return size < LEAST ? 0 : (size - END) / MARK_ROOM * MARK_ROOM;
}

/* All of the sector is written, so that there is either the one or the other. */
static int write_mark(const char *device, const char sector[sizeof(mark)])
{
	int fd = open(device, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && pwrite(fd, sector, sizeof(mark), (off_t)rescue_room(device)) == (ssize_t)sizeof(mark) &&
		    fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return done ? 0 : LOBBY_ERR_IO;
}

bool rescue_is_kept(const char *device)
{
	uint64_t at = rescue_room(device);
	int fd = at > 0 ? open(device, O_RDONLY | O_CLOEXEC) : -1;
	char sector[sizeof(mark)];
	bool kept = fd >= 0 && pread(fd, sector, sizeof(sector), (off_t)at) == (ssize_t)sizeof(sector) &&
		    memcmp(sector, mark, sizeof(mark)) == 0;

	if (fd >= 0)
		close(fd);
	return kept;
}

int rescue_forget(const char *device)
{
	static const char zeros[sizeof(mark)];

	return rescue_is_kept(device) ? write_mark(device, zeros) : 0;
}

static void place_of(const char *run, char out[256])
{
	snprintf(out, 256, "%s/lobby-kept", run);
}

void rescue_close_left_over(const char *run)
{
	char place[256];

	place_of(run, place);
	if (keep_is_mounted(place))
		keep_unmount(place);
	if (access(MAPPED, F_OK) == 0 && vault_close(RESCUE_NAME) != 0)
		log_event(LOG_ERROR, "rescue-left-open", "device=%s", MAPPED);
}

static int open_end(const char *device)
{
	uint64_t at = rescue_room(device);

	return at == 0 ? LOBBY_ERR_DISK_FULL : vault_open_part(device, RESCUE_NAME, at + MARK_ROOM);
}

/* Between memory and the copy, which is mounted: all of the folders. */
static int copy_folders(const char *run, bool out)
{
	char memory[256], place[256], kept[300];
	int err = 0, files;

	place_of(run, place);
	for (size_t i = 0; i < FOLDERS && err == 0; i++) {
		memory_of(run, i, memory);
		snprintf(kept, sizeof(kept), "%s/%s", place, folders[i]);
		err = out ? file_make_folder(kept, 0700) : file_make_folder(memory, 0700);
		if (err == 0)
			err = out ? keep_copy(memory, kept, &files) : keep_copy(kept, memory, &files);
	}
	return err;
}

static int with_end(const char *run, const char *device, bool out)
{
	char place[256];
	int err = open_end(device);

	if (err != 0)
		return err;
	place_of(run, place);
	if (out)
		err = keep_make(MAPPED, 0);
	if (err == 0)
		err = keep_mount(MAPPED, place, !out);
	if (err == 0) {
		err = copy_folders(run, out);
		if (umount(place) != 0)
			err = LOBBY_ERR_IO;
	}
	if (vault_close(RESCUE_NAME) != 0)
		err = LOBBY_ERR_IO;
	return err;
}

int rescue_keep(const char *run, const char *device)
{
	int err = rescue_forget(device);

	if (err == 0)
		err = with_end(run, device, true);
	return err == 0 ? write_mark(device, mark) : err;
}

int rescue_read_kept(const char *run, const char *device)
{
	return with_end(run, device, false);
}

/* ---- back -------------------------------------------------------------------------------------------------------- */

/* Owners, too, which come after a file's bytes. */
static int sync_all(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = fd >= 0 && syncfs(fd) == 0 ? 0 : LOBBY_ERR_IO;

	if (fd >= 0)
		close(fd);
	return err;
}

int rescue_return(const char *run, const char *state, int *files)
{
	char memory[256], back[256];
	int err = 0, copied;

	*files = 0;
	for (size_t i = 0; i < FOLDERS && err == 0; i++) {
		memory_of(run, i, memory);
		snprintf(back, sizeof(back), "%s/%s", state, folders[i]);
		err = keep_copy(memory, back, &copied);
		*files += copied;
	}
	if (err == 0)
		err = sync_all(state);
	for (size_t i = 0; i < FOLDERS && err == 0; i++) {
		memory_of(run, i, memory);
		keep_empty(memory);
		rmdir(memory);
	}
	return err;
}

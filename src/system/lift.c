/* See lift.h. */
#include "lift.h"

#include "fat.h"
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MEMORY (256U << 20)
#define PIECE 65536

static int read_device(void *arg, uint64_t offset, void *data, size_t len)
{
	const int *fd = arg;
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(*fd, (uint8_t *)data + done, len - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return LOBBY_ERR_IO;
		done += (size_t)n;
	}
	return 0;
}

static int write_piece(int fd, const uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return LOBBY_ERR_DISK_FULL; /* or as good as that */
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static bool has_room(int fd, uint64_t size, uint64_t reserve)
{
	struct statvfs fs;
	uint64_t room;

	if (reserve == 0 || fstatvfs(fd, &fs) != 0)
		return true;
	room = (uint64_t)fs.f_bavail * (uint64_t)fs.f_frsize;
	if (room >= size + reserve)
		return true;
	worker_say("missing %" PRIu64, size + reserve - room);
	return false;
}

static int lift_file(struct fat *fat, struct fat_file *file, size_t index, int fd)
{
	static uint8_t piece[PIECE];
	size_t got = 1;
	unsigned told = 0;

	while (got > 0) {
		int err = fat_file_read(fat, file, piece, sizeof(piece), &got);

		if (err == 0)
			err = write_piece(fd, piece, got);
		if (err != 0)
			return err;
		if (file->size > (1U << 20) && (uint64_t)file->at * 100 / file->size >= told + 5) {
			told = (unsigned)((uint64_t)file->at * 100 / file->size);
			worker_say("percent %u", told);
		}
	}
	worker_say("file %zu %" PRIu32, index, file->size);
	return 0;
}

int lift_work(void *arg)
{
	const struct lift *lift = arg;
	int fd = open(lift->device, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), keep[LIFT_FILES + 1] = { fd };
	struct fat_file file;
	struct fat fat;
	off_t size;
	int err;

	/* From here on it is nobody who looks at what the stranger wrote, and who speaks with nobody else. */
	for (size_t i = 0; i < LIFT_FILES; i++)
		keep[i + 1] = lift->file[i].fd;
	worker_keep_only(keep, LIFT_FILES + 1);
	if (fd < 0 || worker_confine(MEMORY) != 0)
		return 2;
	size = lseek(fd, 0, SEEK_END);
	if (size <= 0)
		return 2;
	err = fat_open(&fat, read_device, &fd, (uint64_t)size);
	if (err != 0)
		return err == LOBBY_ERR_NOT_FOUND ? 1 : 2;
	worker_say("start %" PRIu64, fat.start);
	for (size_t i = 0; i < LIFT_FILES; i++) {
		if (lift->file[i].path[0] == '\0')
			continue;
		err = fat_find(&fat, lift->file[i].path, &file);
		if (err == LOBBY_ERR_NOT_FOUND || (err == 0 && file.folder))
			continue;
		if (err == 0 && file.size > lift->file[i].max)
			return 3;
		if (err == 0 && !has_room(lift->file[i].fd, file.size, lift->file[i].reserve))
			return 4;
		if (err == 0)
			err = lift_file(&fat, &file, i, lift->file[i].fd);
		if (err != 0)
			return err == LOBBY_ERR_DISK_FULL ? 4 : 2;
	}
	return 0;
}

enum lift_said lift_parse(const char *line, uint64_t *index, uint64_t *value)
{
	if (sscanf(line, "start %" SCNu64, value) == 1)
		return LIFT_START;
	if (sscanf(line, "file %" SCNu64 " %" SCNu64, index, value) == 2 && *index < LIFT_FILES)
		return LIFT_FILE;
	if (sscanf(line, "percent %" SCNu64, value) == 1 && *value <= 100)
		return LIFT_PERCENT;
	if (sscanf(line, "missing %" SCNu64, value) == 1)
		return LIFT_MISSING;
	return LIFT_NOTHING;
}

/* See disk.h. The log is read whole (it begins anew at each cut); writes are made durable by the syncs that began after
 * them and came back. Of the others a cut keeps none, all, some, or some sectors of some: a disk gives no order between
 * two syncs. The shared-memory file beside the store is no disk's business; a cut leaves it, loses it or spoils it. */
#include "disk.h"

#include "base/err.h"
#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR 512
#define LOG_MAX ((size_t)1 << 30)

struct op {
	struct powercut_record record;
	const uint8_t *data;
	bool durable;
};

int disk_copy(const char *from, const char *to)
{
	char block[65536];
	int in = open(from, O_RDONLY | O_CLOEXEC), out;
	ssize_t n;
	int err = 0;

	if (in < 0) {
		unlink(to);
		return 0;
	}
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (out < 0)
		err = LOBBY_ERR_IO;
	while (err == 0 && (n = read(in, block, sizeof(block))) > 0)
		if (write(out, block, (size_t)n) != n)
			err = LOBBY_ERR_IO;
	close(in);
	if (out >= 0)
		close(out);
	return err;
}

/* What is in the folder is what the disk has. */
static int begin(struct disk *disk)
{
	int err = 0;

	for (int i = 0; err == 0 && i < POWERCUT_FILES; i++)
		err = disk_copy(disk->file[i], disk->base[i]);
	if (err == 0 && truncate(disk->log, 0) != 0)
		err = LOBBY_ERR_IO;
	return err;
}

int disk_init(struct disk *disk, const char *folder, const char *name)
{
	char beside[DISK_PATH];
	int fd;

	*disk = (struct disk){ 0 };
	snprintf(beside, sizeof(beside), "%.400s.disk", folder);
	snprintf(disk->folder, DISK_PATH, "%.400s", folder);
	snprintf(disk->file[POWERCUT_DB], DISK_PATH, "%.400s/%s.db", folder, name);
	snprintf(disk->file[POWERCUT_WAL], DISK_PATH, "%.400s/%s.db-wal", folder, name);
	snprintf(disk->shm, DISK_PATH, "%.400s/%s.db-shm", folder, name);
	snprintf(disk->base[POWERCUT_DB], DISK_PATH, "%.400s/base", beside);
	snprintf(disk->base[POWERCUT_WAL], DISK_PATH, "%.400s/base-wal", beside);
	snprintf(disk->log, DISK_PATH, "%.400s/log", beside);
	snprintf(disk->page_path, DISK_PATH, "%.400s/page", beside);
	if (file_make_folder(beside, 0700) != 0)
		return LOBBY_ERR_IO;
	fd = open(disk->log, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || close(fd) != 0)
		return LOBBY_ERR_IO;
	fd = open(disk->page_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, sizeof(*disk->page)) != 0)
		return LOBBY_ERR_IO;
	disk->page = mmap(NULL, sizeof(*disk->page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return disk->page == MAP_FAILED ? LOBBY_ERR_IO : begin(disk);
}

void disk_fini(struct disk *disk)
{
	if (disk->page != NULL)
		munmap(disk->page, sizeof(*disk->page));
	disk->page = NULL;
}

/* Where the process after the one that begins at `at` began, or the end. */
static size_t next_start(const char *data, size_t len, size_t at)
{
	const struct powercut_record start = { POWERCUT_MAGIC, POWERCUT_START, 0, 0, 0 };
	const char *found =
		len - at > sizeof(start) ? memmem(data + at + 1, len - at - 1, &start, sizeof(start)) : NULL;

	return found != NULL ? (size_t)(found - data) : len;
}

/* One process's records; the last may be torn, and then it is of a write that never began. Returns how many. */
static size_t parse_process(const char *data, size_t at, size_t end, struct op *ops)
{
	size_t count = 0;

	while (end - at >= sizeof(struct powercut_record)) {
		struct op *op = &ops[count];

		*op = (struct op){ 0 };
		memcpy(&op->record, data + at, sizeof(op->record));
		at += sizeof(op->record);
		if (op->record.magic != POWERCUT_MAGIC || op->record.len > end - at ||
		    op->record.file >= POWERCUT_FILES)
			break;
		op->data = (const uint8_t *)data + at;
		at += op->record.len;
		count++;
	}
	return count;
}

static struct op *parse(const char *data, size_t len, size_t *count)
{
	struct op *ops = malloc((len / sizeof(struct powercut_record) + 1) * sizeof(*ops));

	*count = 0;
	for (size_t at = 0, end; ops != NULL && at < len; at = end) {
		end = next_start(data, len, at);
		*count += parse_process(data, at, end, ops + *count);
	}
	return ops;
}

/* Did the sync that begins at this record come back? */
static bool came_back(const struct op *ops, size_t count, size_t begun)
{
	for (size_t i = begun + 1; i < count; i++)
		if (ops[i].record.kind == POWERCUT_SYNC_END && ops[i].record.at == ops[begun].record.at)
			return true;
	return false;
}

/* All that lies before the last finished sync's beginning is durable. */
static void settle(struct op *ops, size_t count, uint32_t file)
{
	size_t begun = count;

	while (begun > 0) {
		begun--;
		if (ops[begun].record.file == file && ops[begun].record.kind == POWERCUT_SYNC_BEGIN &&
		    came_back(ops, count, begun))
			break;
	}
	for (size_t i = 0; i < begun; i++)
		if (ops[i].record.file == file)
			ops[i].durable = true;
}

enum mercy { KEEP_NONE, KEEP_ALL, KEEP_SOME, KEEP_SECTORS, MERCIES };

static int put(int fd, const struct op *op, enum mercy mercy, struct chance *chance)
{
	const uint8_t *data = op->data;
	size_t len = op->record.len, step = mercy == KEEP_SECTORS && !op->durable ? SECTOR : len;

	if (op->record.kind == POWERCUT_TRUNCATE)
		return ftruncate(fd, (off_t)op->record.at) == 0 ? 0 : LOBBY_ERR_IO;
	for (size_t at = 0; at < len; at += step) {
		size_t n = len - at < step ? len - at : step;

		if (step != len && chance_percent(chance, 50))
			continue;
		if (pwrite(fd, data + at, n, (off_t)(op->record.at + at)) != (ssize_t)n)
			return LOBBY_ERR_IO;
	}
	return 0;
}

static bool is_change(const struct op *op)
{
	return op->record.kind == POWERCUT_WRITE || op->record.kind == POWERCUT_TRUNCATE;
}

/* Plays the log of one file onto what the disk held before it. */
static int play(struct disk *disk, const struct op *ops, size_t count, uint32_t file, struct chance *chance)
{
	enum mercy mercy = (enum mercy)chance_below(chance, MERCIES);
	int fd, err = 0;

	for (size_t i = 0; i < count; i++)
		if (ops[i].record.file == file && is_change(&ops[i]))
			err = 1;
	if (err == 0)
		return 0; /* nothing was written: it is as it was */
	err = disk_copy(disk->base[file], disk->file[file]);
	fd = err == 0 ? open(disk->file[file], O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
	if (fd < 0)
		return LOBBY_ERR_IO;
	for (size_t i = 0; err == 0 && i < count; i++) {
		const struct op *op = &ops[i];

		if (op->record.file != file || !is_change(op))
			continue;
		if (!op->durable && (mercy == KEEP_NONE || (mercy == KEEP_SOME && chance_percent(chance, 50)))) {
			disk->cut_writes++;
			continue;
		}
		err = put(fd, op, mercy, chance);
	}
	close(fd);
	return err;
}

static void spoil_shm(struct disk *disk, struct chance *chance)
{
	uint64_t junk[64];
	int fd;

	switch (chance_below(chance, 3)) {
	case 0:
		unlink(disk->shm);
		break;
	case 1:
		for (size_t i = 0; i < sizeof(junk) / sizeof(junk[0]); i++)
			junk[i] = chance_next(chance);
		fd = open(disk->shm, O_WRONLY | O_CLOEXEC);
		if (fd >= 0 && pwrite(fd, junk, sizeof(junk), 0) < 0)
			unlink(disk->shm);
		if (fd >= 0)
			close(fd);
		break;
	default:
		break;
	}
}

int disk_cut(struct disk *disk, struct chance *chance)
{
	char *data = NULL;
	struct op *ops = NULL;
	size_t len = 0, count = 0;
	int err = file_read(disk->log, LOG_MAX, &data, &len);

	if (err == 0 && (ops = parse(data, len, &count)) == NULL)
		err = LOBBY_ERR_NO_MEMORY;
	for (uint32_t file = 0; err == 0 && file < POWERCUT_FILES; file++) {
		settle(ops, count, file);
		err = play(disk, ops, count, file, chance);
	}
	free(ops);
	free(data);
	spoil_shm(disk, chance);
	return err != 0 ? err : begin(disk);
}

bool disk_has_damaged(const struct disk *disk)
{
	DIR *dir = opendir(disk->folder);
	struct dirent *entry;
	bool found = false;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (strncmp(entry->d_name, "damaged-", 8) == 0)
			found = true;
	if (dir != NULL)
		closedir(dir);
	return found;
}

/* See partition.h. */
#include "partition.h"

#include "helper.h"

#include "base/bytes.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ENTRY 128
#define MOST 128
#define HEADER 512 /* of which 92 bytes are in use */
#define PATIENCE_MS 240000

/* The name of an entry: UTF-16, of which only ASCII is ours. */
static bool is_named(const uint8_t entry[ENTRY], const char *name)
{
	struct reader r = reader_of(entry + 56, 72);
	size_t len = strlen(name);

	for (size_t i = 0; i <= len; i++)
		if (read_le16(&r) != (uint8_t)name[i])
			return false;
	return !r.failed;
}

struct table {
	uint64_t at; /* bytes from the disk's begin */
	uint32_t count, each;
};

/* CRC-32 (ISO 3309), bit by bit: it is 16 KiB, once. Begins with ~0 and is inverted at the end. */
static uint32_t crc_add(uint32_t crc, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320U : 0);
	}
	return crc;
}

static bool is_whole(int fd, const struct table *t, uint32_t sum)
{
	uint8_t entry[4096] = { 0 };
	uint32_t crc = UINT32_MAX;

	for (uint32_t i = 0; i < t->count; i++) {
		if (pread(fd, entry, t->each, (off_t)(t->at + (uint64_t)i * t->each)) != (ssize_t)t->each)
			return false;
		crc = crc_add(crc, entry, t->each);
	}
	return ~crc == sum;
}

/* The table whose header lies in this sector; false: there is none, or it is damaged. */
static bool read_table(int fd, uint64_t sector, uint64_t lba, struct table *t)
{
	static const uint8_t zeros[4];
	uint8_t header[HEADER] = { 0 };
	struct reader r = reader_of(header, sizeof(header));
	uint32_t size, sum, crc = UINT32_MAX;

	if (pread(fd, header, sizeof(header), (off_t)(lba * sector)) != (ssize_t)sizeof(header) ||
	    memcmp(header, "EFI PART", 8) != 0)
		return false;
	read_span(&r, 12);
	size = read_le32(&r);
	sum = read_le32(&r);
	read_span(&r, 52);
	t->at = read_le32(&r);
	t->at |= (uint64_t)read_le32(&r) << 32;
	t->count = read_le32(&r);
	t->each = read_le32(&r);
	if (size < 92 || size > sizeof(header) || t->each < ENTRY || t->each > 4096 || t->count > 1024 ||
	    t->at > INT64_MAX / sector / 2)
		return false;
	t->at *= sector;
	/* Its own sum is counted as zeros. */
	crc = crc_add(crc, header, 16);
	crc = crc_add(crc, zeros, sizeof(zeros));
	crc = crc_add(crc, header + 20, size - 20);
	return ~crc == sum && is_whole(fd, t, read_le32(&r));
}

/* The number of the partition with this name, from 1; 0: none. The second table counts when the first is damaged. */
static unsigned find_in(int fd, uint64_t sector, const char *name)
{
	static const uint8_t unused[16];
	uint8_t entry[ENTRY];
	struct table t;
	off_t size = lseek(fd, 0, SEEK_END);

	if (!read_table(fd, sector, 1, &t) &&
	    (size < (off_t)(4 * sector) || !read_table(fd, sector, (uint64_t)size / sector - 1, &t)))
		return 0;
	for (unsigned i = 0; i < t.count && i < MOST; i++) {
		if (pread(fd, entry, ENTRY, (off_t)(t.at + (uint64_t)i * t.each)) != ENTRY)
			return 0;
		if (memcmp(entry, unused, sizeof(unused)) != 0 && is_named(entry, name))
			return i + 1;
	}
	return 0;
}

int partition_find(const char *disk, const char *name, char out[PARTITION_PATH])
{
	int fd = open(disk, O_RDONLY | O_CLOEXEC);
	size_t len = strlen(disk);
	unsigned number;

	if (fd < 0)
		return LOBBY_ERR_IO;
	number = find_in(fd, 512, name);
	if (number == 0)
		number = find_in(fd, 4096, name);
	close(fd);
	if (number == 0)
		return LOBBY_ERR_NOT_FOUND;
	/* vda1, but nvme0n1p1 */
	return snprintf(out, PARTITION_PATH, "%s%s%u", disk,
			len > 0 && disk[len - 1] >= '0' && disk[len - 1] <= '9' ? "p" : "", number) < PARTITION_PATH
		       ? 0
		       : LOBBY_ERR_TOO_LONG;
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

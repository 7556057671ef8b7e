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

/* The number of the partition with this name, from 1; 0: none. */
static unsigned find_in(int fd, uint64_t sector, const char *name)
{
	static const uint8_t unused[16];
	uint8_t header[92] = { 0 }, entry[ENTRY];
	struct reader r = reader_of(header, sizeof(header));
	uint64_t table;
	uint32_t count, each;

	if (pread(fd, header, sizeof(header), (off_t)sector) != (ssize_t)sizeof(header) ||
	    memcmp(header, "EFI PART", 8) != 0)
		return 0;
	read_span(&r, 72);
	table = read_le32(&r);
	table |= (uint64_t)read_le32(&r) << 32;
	count = read_le32(&r);
	each = read_le32(&r);
	if (each < ENTRY || each > 4096 || table > INT64_MAX / sector / 2)
		return 0;
	for (unsigned i = 0; i < count && i < MOST; i++) {
		if (pread(fd, entry, ENTRY, (off_t)(table * sector + (uint64_t)i * each)) != ENTRY)
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

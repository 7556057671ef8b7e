/* A disk's partition table (UEFI 2.10, section 5.3). Pure: the caller reads the sectors.
 *
 * The table is data from outside: both checksums must fit, all numbers must lie on the disk, at most 128 entries are
 * looked at, and a name keeps its ASCII characters only. Kernel and init read the same table; the kernel's devices are
 * named by the entries' numbers. */
#ifndef LOBBY_INIT_GPT_H
#define LOBBY_INIT_GPT_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define GPT_PARTS_MAX 128
#define GPT_UUID_SIZE 37
#define GPT_ENTRIES_MAX 65536 /* bytes of all entries */

struct gpt_header {
	uint64_t entries_lba;
	uint32_t count, entry_size;
	uint32_t entries_crc;
	size_t entries_len; /* bytes, <= GPT_ENTRIES_MAX */
};

struct gpt_part {
	unsigned number; /* from 1 */
	uint64_t first_lba, last_lba;
	char uuid[GPT_UUID_SIZE]; /* of the partition, lower case */
	char name[37];
};

struct gpt {
	struct gpt_part parts[GPT_PARTS_MAX];
	size_t count;
};

/** The header in the sector at this address of a disk of so many sectors. LOBBY_ERR_INVALID. */
int gpt_header_parse(const uint8_t *sector, size_t sector_len, uint64_t lba, uint64_t disk_sectors,
		     struct gpt_header *out) MUST_CHECK;
/** All entries; header->entries_len bytes. LOBBY_ERR_INVALID. */
int gpt_entries_parse(const struct gpt_header *header, const uint8_t *data, size_t len, uint64_t disk_sectors,
		      struct gpt *out) MUST_CHECK;
const struct gpt_part *gpt_by_uuid(const struct gpt *gpt, const char *uuid);
/** The first of that name. */
const struct gpt_part *gpt_by_name(const struct gpt *gpt, const char *name);

#endif

/* See gpt.h. */
#include "gpt.h"

#include "base/bytes.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#define HEADER_LEN 92
#define ENTRY_LEN 128
#define CRC_AT 16
#define NAME_UNITS 36

static uint64_t read_le64(struct reader *r)
{
	uint64_t low = read_le32(r);

	return low | (uint64_t)read_le32(r) << 32;
}

/* The header's own checksum is taken with its place zeroed. */
static uint32_t header_crc(const uint8_t *sector, size_t len)
{
	static const uint8_t zero[4];
	uLong crc = crc32(0, sector, CRC_AT);

	crc = crc32(crc, zero, sizeof(zero));
	return (uint32_t)crc32(crc, sector + CRC_AT + 4, (uInt)(len - CRC_AT - 4));
}

int gpt_header_parse(const uint8_t *sector, size_t sector_len, uint64_t lba, uint64_t disk_sectors,
		     struct gpt_header *out)
{
	struct reader r = reader_of(sector, sector_len);
	const uint8_t *signature = read_span(&r, 8);
	struct gpt_header h = { 0 };
	uint32_t revision = read_le32(&r), len = read_le32(&r), crc = read_le32(&r);
	uint64_t own;

	(void)read_le32(&r);
	own = read_le64(&r);
	(void)read_span(&r, 8 + 8 + 8 + 16); /* the other header, first and last usable sector, the disk's own number */
	h.entries_lba = read_le64(&r);
	h.count = read_le32(&r);
	h.entry_size = read_le32(&r);
	h.entries_crc = read_le32(&r);
	if (r.failed || memcmp(signature, "EFI PART", 8) != 0 || revision >> 16 != 1 || len < HEADER_LEN ||
	    len > sector_len || header_crc(sector, len) != crc || own != lba)
		return LOBBY_ERR_INVALID;
	if (h.entry_size < ENTRY_LEN || h.entry_size % 8 != 0 || h.entry_size > 4096 || h.count == 0 ||
	    h.count > GPT_ENTRIES_MAX / h.entry_size)
		return LOBBY_ERR_INVALID;
	h.entries_len = (size_t)h.count * h.entry_size;
	if (h.entries_lba < 2 || h.entries_lba >= disk_sectors ||
	    (h.entries_len + sector_len - 1) / sector_len > disk_sectors - h.entries_lba)
		return LOBBY_ERR_INVALID;
	*out = h;
	return 0;
}

/* UEFI 2.10, appendix A: the first three fields are little-endian. */
static void format_uuid(const uint8_t *id, char out[GPT_UUID_SIZE])
{
	snprintf(out, GPT_UUID_SIZE, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", id[3],
		 id[2], id[1], id[0], id[5], id[4], id[7], id[6], id[8], id[9], id[10], id[11], id[12], id[13], id[14],
		 id[15]);
}

/* False for an entry that is not used. What lies outside of the disk is none either. */
static bool parse_entry(struct reader *r, uint64_t disk_sectors, struct gpt_part *part)
{
	static const uint8_t none[16];
	const uint8_t *type = read_span(r, 16), *id = read_span(r, 16);

	part->first_lba = read_le64(r);
	part->last_lba = read_le64(r);
	(void)read_le64(r);
	for (size_t i = 0; i < NAME_UNITS; i++) {
		uint16_t unit = read_le16(r);

		part->name[i] = (char)(unit == 0 || (unit >= 0x20 && unit < 0x7F) ? unit : '?');
	}
	part->name[NAME_UNITS] = '\0';
	if (r->failed || memcmp(type, none, sizeof(none)) == 0 || part->first_lba > part->last_lba ||
	    part->first_lba < 2 || part->last_lba >= disk_sectors)
		return false;
	format_uuid(id, part->uuid);
	return true;
}

int gpt_entries_parse(const struct gpt_header *header, const uint8_t *data, size_t len, uint64_t disk_sectors,
		      struct gpt *out)
{
	struct reader r = reader_of(data, header->entries_len);

	if (len < header->entries_len || crc32(0, data, (uInt)header->entries_len) != header->entries_crc)
		return LOBBY_ERR_INVALID;
	out->count = 0;
	for (uint32_t i = 0; i < header->count && out->count < GPT_PARTS_MAX; i++) {
		struct reader entry = read_sub(&r, header->entry_size);
		struct gpt_part *part = &out->parts[out->count];

		if (!parse_entry(&entry, disk_sectors, part))
			continue;
		part->number = i + 1;
		out->count++;
	}
	return 0;
}

const struct gpt_part *gpt_by_uuid(const struct gpt *gpt, const char *uuid)
{
	for (size_t i = 0; i < gpt->count; i++)
		if (strcmp(gpt->parts[i].uuid, uuid) == 0)
			return &gpt->parts[i];
	return NULL;
}

const struct gpt_part *gpt_by_name(const struct gpt *gpt, const char *name)
{
	for (size_t i = 0; i < gpt->count; i++)
		if (strcmp(gpt->parts[i].name, name) == 0)
			return &gpt->parts[i];
	return NULL;
}

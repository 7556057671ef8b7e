/* See fat.h. The geometry comes from the BIOS parameter block (section 3 of the specification), the kind from the count
 * of clusters alone (section 3.5), files from 32-byte folder entries with long names before them (sections 6 and 7). */
#include "fat.h"

#include "base/bytes.h"

#include <string.h>

#define ENTRY 32
#define NAME_MAX_CHARS 260
#define ATTR_VOLUME 0x08
#define ATTR_FOLDER 0x10
#define ATTR_LONG 0x0F

static int fetch(const struct fat *fat, uint64_t offset, void *data, size_t len)
{
	return fat->read(fat->arg, offset, data, len);
}

/* ---- geometry ---------------------------------------------------------------------------------------------------- */

struct geometry {
	uint32_t sector, per_cluster, reserved, tables, root_entries, total, table_sectors, root_cluster;
};

static bool geometry_read(const uint8_t *block, struct geometry *g)
{
	struct reader r = reader_of(block, FAT_SECTOR);

	read_span(&r, 11);
	g->sector = read_le16(&r);
	g->per_cluster = read_u8(&r);
	g->reserved = read_le16(&r);
	g->tables = read_u8(&r);
	g->root_entries = read_le16(&r);
	g->total = read_le16(&r);
	read_u8(&r); /* media */
	g->table_sectors = read_le16(&r);
	read_span(&r, 8); /* sectors per track, heads, hidden sectors */
	if (g->total == 0)
		g->total = read_le32(&r);
	else
		read_le32(&r);
	g->root_cluster = 0;
	if (g->table_sectors == 0) {
		g->table_sectors = read_le32(&r);
		read_span(&r, 4); /* flags, version */
		g->root_cluster = read_le32(&r);
	}
	return (block[0] == 0xEB || block[0] == 0xE9) && block[510] == 0x55 && block[511] == 0xAA &&
	       (g->sector == 512 || g->sector == 1024 || g->sector == 2048 || g->sector == 4096) &&
	       g->per_cluster != 0 && (g->per_cluster & (g->per_cluster - 1)) == 0 && g->reserved != 0 &&
	       (g->tables == 1 || g->tables == 2);
}

/* LOBBY_ERR_NOT_FOUND: no FAT begins here. */
static int open_at(struct fat *fat, uint64_t start, uint64_t size)
{
	uint8_t block[FAT_SECTOR];
	struct geometry g;
	uint64_t root, data, used;
	int err;

	if (start > size || size - start < FAT_SECTOR)
		return LOBBY_ERR_NOT_FOUND;
	err = fetch(fat, start, block, sizeof(block));
	if (err != 0)
		return err;
	if (!geometry_read(block, &g))
		return LOBBY_ERR_NOT_FOUND;
	root = g.reserved + (uint64_t)g.tables * g.table_sectors;
	data = root + ((uint64_t)g.root_entries * ENTRY + g.sector - 1) / g.sector;
	if (g.table_sectors == 0 || data >= g.total || (uint64_t)g.total * g.sector > size - start)
		return LOBBY_ERR_CORRUPT;
	fat->start = start;
	fat->cluster_size = g.sector * g.per_cluster;
	fat->clusters = (uint32_t)((g.total - data) / g.per_cluster);
	fat->bits = fat->clusters < 4085 ? 12 : fat->clusters < 65525 ? 16 : 32;
	fat->table = start + (uint64_t)g.reserved * g.sector;
	fat->root = start + root * g.sector;
	fat->root_entries = g.root_entries;
	fat->root_cluster = g.root_cluster;
	fat->data = start + data * g.sector;
	used = ((uint64_t)fat->clusters + 2) * fat->bits / 8;
	if (fat->clusters == 0 || used > (uint64_t)g.table_sectors * g.sector ||
	    (fat->bits == 32) != (g.root_entries == 0))
		return LOBBY_ERR_CORRUPT;
	return 0;
}

/* The partition table's entries (UEFI 2.10, section 5.2.1), and GPT's behind a protective one (section 5.3). */
static int open_gpt(struct fat *fat, uint64_t size)
{
	uint8_t header[FAT_SECTOR], entry[128];
	struct reader r = reader_of(header, sizeof(header));
	uint64_t first, table;
	uint32_t count, each;
	int err = fetch(fat, FAT_SECTOR, header, sizeof(header));

	if (err != 0 || memcmp(header, "EFI PART", 8) != 0)
		return err != 0 ? err : LOBBY_ERR_NOT_FOUND;
	read_span(&r, 72);
	table = read_le32(&r);
	table |= (uint64_t)read_le32(&r) << 32;
	count = read_le32(&r);
	each = read_le32(&r);
	if (table > size / FAT_SECTOR || each != sizeof(entry))
		return LOBBY_ERR_CORRUPT;
	for (uint32_t i = 0; i < count && i < 128; i++) {
		uint64_t at = table * FAT_SECTOR + (uint64_t)i * each;

		if (at > size - sizeof(entry))
			return LOBBY_ERR_CORRUPT;
		err = fetch(fat, at, entry, sizeof(entry));
		if (err != 0)
			return err;
		r = reader_of(entry + 32, 8);
		first = read_le32(&r);
		first |= (uint64_t)read_le32(&r) << 32;
		if (first == 0 || first > size / FAT_SECTOR)
			continue;
		err = open_at(fat, first * FAT_SECTOR, size);
		if (err != LOBBY_ERR_NOT_FOUND)
			return err;
	}
	return LOBBY_ERR_NOT_FOUND;
}

int fat_open(struct fat *fat, fat_read_fn *read, void *arg, uint64_t size)
{
	uint8_t block[FAT_SECTOR];
	int err;

	*fat = (struct fat){ .read = read, .arg = arg };
	err = open_at(fat, 0, size);
	if (err != LOBBY_ERR_NOT_FOUND || size < 2 * FAT_SECTOR)
		return err;
	err = fetch(fat, 0, block, sizeof(block));
	if (err != 0)
		return err;
	if (block[510] != 0x55 || block[511] != 0xAA)
		return LOBBY_ERR_NOT_FOUND;
	for (size_t i = 0; i < 4; i++) {
		struct reader r = reader_of(block + 446 + i * 16, 16);
		uint8_t type;
		uint32_t first;

		read_span(&r, 4);
		type = read_u8(&r);
		read_span(&r, 3);
		first = read_le32(&r);
		if (type == 0xEE)
			return open_gpt(fat, size);
		err = type == 0 || first == 0 ? LOBBY_ERR_NOT_FOUND : open_at(fat, (uint64_t)first * FAT_SECTOR, size);
		if (err != LOBBY_ERR_NOT_FOUND)
			return err;
	}
	return LOBBY_ERR_NOT_FOUND;
}

/* ---- chains ------------------------------------------------------------------------------------------------------ */

static int table_byte(struct fat *fat, uint64_t offset, uint8_t *value)
{
	uint64_t at = fat->table + offset, sector = at / FAT_SECTOR * FAT_SECTOR;

	if (fat->window_at != sector) {
		int err = fetch(fat, sector, fat->window, sizeof(fat->window));

		fat->window_at = err == 0 ? sector : 0;
		if (err != 0)
			return err;
	}
	*value = fat->window[at % FAT_SECTOR];
	return 0;
}

/* The next cluster of a chain; LOBBY_ERR_CORRUPT at its end as well: nobody asks behind what the size says. */
static int next_cluster(struct fat *fat, uint32_t cluster, uint32_t *next)
{
	uint64_t at = (uint64_t)cluster * fat->bits / 8;
	uint8_t b[4] = { 0 };
	uint32_t value;
	int err = 0;

	for (uint32_t i = 0; i < (fat->bits == 32 ? 4U : 2U) && err == 0; i++)
		err = table_byte(fat, at + i, &b[i]);
	if (err != 0)
		return err;
	value = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
	if (fat->bits == 12)
		value = cluster % 2 == 1 ? value >> 4 : value & 0x0FFF;
	else if (fat->bits == 32)
		value &= 0x0FFFFFFF;
	if (value < 2 || value - 2 >= fat->clusters)
		return LOBBY_ERR_CORRUPT;
	*next = value;
	return 0;
}

int fat_file_read(struct fat *fat, struct fat_file *file, void *data, size_t max, size_t *got)
{
	size_t done = 0;

	while (done < max && file->at < file->size) {
		uint32_t inside = file->at % fat->cluster_size;
		uint32_t left = fat->cluster_size - inside;
		uint64_t at;
		int err = 0;

		if (file->at == 0)
			file->cluster = file->first;
		else if (inside == 0)
			err = next_cluster(fat, file->cluster, &file->cluster);
		if (err != 0)
			return err;
		if (file->cluster < 2 || file->cluster - 2 >= fat->clusters)
			return LOBBY_ERR_CORRUPT;
		if (left > file->size - file->at)
			left = file->size - file->at;
		if (left > max - done)
			left = (uint32_t)(max - done);
		at = fat->data + (uint64_t)(file->cluster - 2) * fat->cluster_size + inside;
		err = fetch(fat, at, (uint8_t *)data + done, left);
		if (err != 0)
			return err;
		file->at += left;
		done += left;
	}
	*got = done;
	return 0;
}

/* ---- folders ----------------------------------------------------------------------------------------------------- */

/* A long name comes in pieces, the last first; sum ties it to the short entry behind it. */
struct long_name {
	char text[NAME_MAX_CHARS + 1]; /* what is not ASCII is '?', which matches nothing */
	uint8_t next, sum;
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_name(const char *name, const char *want, size_t len)
{
	size_t i = 0;

	for (; i < len && name[i] != '\0'; i++)
		if (lower(name[i]) != lower(want[i]))
			return false;
	return i == len && name[i] == '\0';
}

static uint8_t short_sum(const uint8_t *entry)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < 11; i++)
		sum = (uint8_t)((uint8_t)((sum & 1) << 7 | sum >> 1) + entry[i]);
	return sum;
}

static void long_take(struct long_name *name, const uint8_t *entry)
{
	static const uint8_t places[13] = { 1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30 };
	uint8_t order = entry[0] & 0x1F;

	if (order == 0 || order > 20) {
		name->next = 0xFF;
		return;
	}
	if (entry[0] & 0x40) {
		memset(name->text, 0, sizeof(name->text));
		name->sum = entry[13];
	} else if (order != name->next || entry[13] != name->sum) {
		name->next = 0xFF;
		return;
	}
	name->next = (uint8_t)(order - 1);
	for (size_t i = 0; i < 13; i++) {
		uint16_t c = (uint16_t)(entry[places[i]] | entry[places[i] + 1] << 8);

		if (c == 0)
			break;
		name->text[(size_t)(order - 1) * 13 + i] = c >= 0x20 && c < 0x7F ? (char)c : '?';
	}
}

static void short_name(const uint8_t *entry, char out[13])
{
	size_t len = 0;

	for (size_t i = 0; i < 11; i++) {
		if (i == 8 && entry[8] != ' ')
			out[len++] = '.';
		if (entry[i] != ' ')
			out[len++] = entry[i] > 0x20 && entry[i] < 0x7F ? (char)entry[i] : '?';
	}
	out[len] = '\0';
}

static void file_of_entry(const struct fat *fat, const uint8_t *entry, struct fat_file *file)
{
	struct reader r = reader_of(entry + 20, 12);
	uint32_t high = read_le16(&r);

	*file = (struct fat_file){ .folder = (entry[11] & ATTR_FOLDER) != 0 };
	read_span(&r, 4); /* when */
	file->first = read_le16(&r);
	file->size = read_le32(&r);
	if (fat->bits == 32)
		file->first |= high << 16;
	if (file->folder) /* its size is not given: as far as its chain goes, bounded */
		file->size = FAT_MAX_ENTRIES * ENTRY;
}

static int next_entry(struct fat *fat, struct fat_file *folder, uint32_t index, uint8_t entry[ENTRY])
{
	size_t got = 0;
	int err;

	if (folder->first == 0) {
		if (index >= fat->root_entries)
			return LOBBY_ERR_NOT_FOUND;
		return fetch(fat, fat->root + (uint64_t)index * ENTRY, entry, ENTRY);
	}
	err = fat_file_read(fat, folder, entry, ENTRY, &got);
	if (err == LOBBY_ERR_CORRUPT) /* the chain's end */
		return LOBBY_ERR_NOT_FOUND;
	return err != 0 ? err : got == ENTRY ? 0 : LOBBY_ERR_NOT_FOUND;
}

static int find_in(struct fat *fat, struct fat_file *folder, const char *want, size_t len, struct fat_file *found)
{
	struct long_name name = { .next = 0xFF };
	uint8_t entry[ENTRY];
	char text[13];

	for (uint32_t i = 0; i < FAT_MAX_ENTRIES; i++) {
		int err = next_entry(fat, folder, i, entry);

		if (err != 0)
			return err;
		if (entry[0] == 0)
			return LOBBY_ERR_NOT_FOUND;
		if (entry[0] == 0xE5) {
			name.next = 0xFF;
			continue;
		}
		if ((entry[11] & 0x3F) == ATTR_LONG) {
			long_take(&name, entry);
			continue;
		}
		short_name(entry, text);
		if (!(entry[11] & ATTR_VOLUME) &&
		    (same_name(text, want, len) ||
		     (name.next == 0 && name.sum == short_sum(entry) && same_name(name.text, want, len)))) {
			file_of_entry(fat, entry, found);
			return 0;
		}
		name.next = 0xFF;
	}
	return LOBBY_ERR_NOT_FOUND;
}

int fat_find(struct fat *fat, const char *path, struct fat_file *file)
{
	struct fat_file at = { .folder = true, .size = FAT_MAX_ENTRIES * ENTRY };

	if (fat->bits == 32)
		at.first = fat->root_cluster;
	while (*path != '\0') {
		size_t len = strcspn(path, "/");
		struct fat_file next;
		int err;

		if (!at.folder)
			return LOBBY_ERR_NOT_FOUND;
		err = find_in(fat, &at, path, len, &next);
		if (err != 0)
			return err;
		/* Cluster 0 is the root folder, for ".." only. */
		if (next.folder && next.first < 2)
			return LOBBY_ERR_CORRUPT;
		at = next;
		path += len + (path[len] == '/' ? 1 : 0);
	}
	*file = at;
	return 0;
}

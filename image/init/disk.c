/* See disk.h. The kernel of Debian 12 does not tell a partition's UUID, so the tables are read here: each disk once, as
 * soon as it is there, until the right one is among them. A disk that cannot be read is tried a few times (a card
 * reader whose card is still waking up), and then is not ours. */
#include "disk.h"

#include "gpt.h"
#include "say.h"

#include "base/clock.h"
#include "base/text.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define DISKS_MAX 32
#define TRIES_MAX 20
#define LOOK_EVERY_MS 50
#define SECTOR_MAX 4096

enum seen_state { SEEN_UNREAD, SEEN_IS_OURS, SEEN_NOT_OURS };

struct seen {
	char name[32];
	enum seen_state state;
	unsigned tries;
	bool plugged_in; /* on USB: a stick */
	bool has_slot, too_small;
	struct disk disk;
};

struct search {
	const struct params *params;
	const struct loader *loader;
	struct seen disks[DISKS_MAX];
	size_t count;
};

static bool is_disk_name(const char *name)
{
	static const char *const none[] = { "loop", "ram", "dm-", "zram", "sr", "fd", "md", "nbd", "mtd", "." };

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		if (strncmp(name, none[i], strlen(none[i])) == 0)
			return false;
	return strlen(name) < sizeof(((struct seen *)0)->name);
}

/* ---- one disk's table ---- */

static int read_at(int fd, void *out, size_t len, uint64_t at)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(fd, (char *)out + done, len - done, (off_t)(at + done));

		if (n <= 0)
			return LOBBY_ERR_IO;
		done += (size_t)n;
	}
	return 0;
}

static int read_table_at(int fd, uint64_t lba, size_t sector_len, uint64_t sectors, struct gpt *out)
{
	uint8_t sector[SECTOR_MAX];
	struct gpt_header header;
	uint8_t *entries = NULL;
	int err = read_at(fd, sector, sector_len, lba * sector_len);

	if (err == 0)
		err = gpt_header_parse(sector, sector_len, lba, sectors, &header);
	if (err != 0)
		return err;
	entries = malloc(header.entries_len);
	if (entries == NULL)
		return LOBBY_ERR_NO_MEMORY;
	err = read_at(fd, entries, header.entries_len, header.entries_lba * sector_len);
	if (err == 0)
		err = gpt_entries_parse(&header, entries, header.entries_len, sectors, out);
	free(entries);
	return err;
}

/* The first table, else the second, at the disk's end. LOBBY_ERR_IO: not readable (now); LOBBY_ERR_INVALID: has none.
 */
static int read_table(const char *path, size_t *sector_len, struct gpt *out)
{
	int size = 0, fd = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t bytes = 0, sectors;
	int err;

	if (fd < 0)
		return LOBBY_ERR_IO;
	if (ioctl(fd, BLKSSZGET, &size) != 0 || ioctl(fd, BLKGETSIZE64, &bytes) != 0 || bytes == 0) {
		close(fd);
		return LOBBY_ERR_IO;
	}
	if (size < 512 || size > SECTOR_MAX || bytes / (uint64_t)size < 8) {
		close(fd);
		return LOBBY_ERR_INVALID;
	}
	*sector_len = (size_t)size;
	sectors = bytes / (uint64_t)size;
	err = read_table_at(fd, 1, *sector_len, sectors, out);
	if (err != 0)
		err = read_table_at(fd, sectors - 1, *sector_len, sectors, out);
	close(fd);
	return err;
}

/* ---- is it ours ---- */

static void name_partition(char out[DISK_PATH_SIZE], const char *disk, unsigned number)
{
	bool digit = isdigit((unsigned char)disk[strlen(disk) - 1]) != 0;

	snprintf(out, DISK_PATH_SIZE, "/dev/%s%s%u", disk, digit ? "p" : "", number);
}

static bool is_big_enough(const struct gpt_part *part, size_t sector_len, const struct params *params)
{
	uint64_t blocks = params->blocks + params_tree_blocks(params->blocks);

	return (part->last_lba - part->first_lba + 1) / (PARAMS_BLOCK / sector_len) >= blocks;
}

static void judge(const struct search *search, struct seen *seen, const struct gpt *gpt, size_t sector_len)
{
	const char root_name[] = { 'r', 'o', 'o', 't', '-', search->loader->slot, '\0' };
	const struct gpt_part *root = gpt_by_name(gpt, root_name);
	const struct gpt_part *esp =
		search->loader->disk[0] != '\0' ? gpt_by_uuid(gpt, search->loader->disk) : gpt_by_name(gpt, "esp");

	seen->state = SEEN_NOT_OURS;
	if (search->loader->disk[0] != '\0' ? esp == NULL : root == NULL)
		return;
	seen->state = SEEN_IS_OURS;
	snprintf(seen->disk.whole, sizeof(seen->disk.whole), "/dev/%s", seen->name);
	if (esp != NULL)
		name_partition(seen->disk.esp, seen->name, esp->number);
	if (root == NULL)
		return;
	seen->has_slot = true;
	seen->too_small = !is_big_enough(root, sector_len, search->params);
	name_partition(seen->disk.root, seen->name, root->number);
}

static void look_at(const struct search *search, struct seen *seen)
{
	static struct gpt gpt;
	char path[DISK_PATH_SIZE], link[PATH_MAX];
	size_t sector_len;
	int err;

	snprintf(path, sizeof(path), "/sys/block/%s", seen->name);
	seen->plugged_in = realpath(path, link) != NULL && strstr(link, "/usb") != NULL;
	snprintf(path, sizeof(path), "/dev/%s", seen->name);
	err = read_table(path, &sector_len, &gpt);
	if (err == 0)
		judge(search, seen, &gpt, sector_len);
	else if (err == LOBBY_ERR_INVALID || ++seen->tries >= TRIES_MAX)
		seen->state = SEEN_NOT_OURS;
}

/* ---- all disks ---- */

static struct seen *seen_of(struct search *search, const char *name)
{
	for (size_t i = 0; i < search->count; i++)
		if (strcmp(search->disks[i].name, name) == 0)
			return &search->disks[i];
	if (search->count == DISKS_MAX)
		return NULL;
	text_copy(search->disks[search->count].name, sizeof(search->disks[0].name), name);
	return &search->disks[search->count++];
}

static void look_around(struct search *search)
{
	DIR *folder = opendir("/sys/block");
	struct dirent *entry;
	struct seen *seen;

	while (folder != NULL && (entry = readdir(folder)) != NULL)
		if (is_disk_name(entry->d_name) && (seen = seen_of(search, entry->d_name)) != NULL &&
		    seen->state == SEEN_UNREAD)
			look_at(search, seen);
	if (folder != NULL)
		closedir(folder);
}

static bool is_block_device(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISBLK(st.st_mode);
}

static const struct seen *best_of(const struct search *search)
{
	const struct seen *best = NULL;

	for (size_t i = 0; i < search->count; i++) {
		const struct seen *seen = &search->disks[i];

		if (seen->state != SEEN_IS_OURS)
			continue;
		if (best == NULL || (seen->has_slot && !best->has_slot) ||
		    (seen->has_slot == best->has_slot && best->plugged_in != search->params->install &&
		     seen->plugged_in == search->params->install))
			best = seen;
	}
	return best;
}

enum fail disk_find(const struct params *params, const struct loader *loader, struct disk *out)
{
	static struct search search;
	int64_t until_ms = clock_mono_ms() + (int64_t)params->wait_s * 1000;
	const struct seen *best;

	search = (struct search){ .params = params, .loader = loader };
	for (;;) {
		look_around(&search);
		best = best_of(&search);
		/* The kernel makes the partitions' devices a moment after the disk's. */
		if (best != NULL && (!best->has_slot || best->too_small || is_block_device(best->disk.root)))
			break;
		if (clock_mono_ms() >= until_ms)
			break;
		poll(NULL, 0, LOOK_EVERY_MS);
	}
	if (best == NULL) {
		say(SAY_FAILURE, "no disk with %s%s among %zu", loader->disk[0] != '\0' ? "partition " : "a root",
		    loader->disk, search.count);
		return FAIL_DISK;
	}
	if (!best->has_slot || best->too_small || !is_block_device(best->disk.root)) {
		say(SAY_FAILURE, "%s: root-%c %s", best->disk.whole, loader->slot,
		    best->too_small ? "is too small" : "is not there");
		return FAIL_SLOT;
	}
	*out = best->disk;
	return FAIL_NONE;
}

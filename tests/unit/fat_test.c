/* Sticks as mkfs.vfat and mcopy make them, read by us: all three kinds, with and without a partition table, long names,
 * fragments; and what a hostile one may try. */
#include "system/fat.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/lobby-fat-XXXXXX";
static char image[64];
static int opened = -1;

static int setup(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(image, sizeof(image), "%s/stick", folder);
	return 0;
}

static int teardown(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

static void run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void run(const char *format, ...)
{
	char command[512];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	assert_int_equal(system(command), 0);
}

static int read_image(void *arg, uint64_t offset, void *data, size_t len)
{
	(void)arg;
	return pread(opened, data, len, (off_t)offset) == (ssize_t)len ? 0 : LOBBY_ERR_IO;
}

static int open_image(struct fat *fat)
{
	struct stat info;

	if (opened >= 0)
		close(opened);
	opened = open(image, O_RDONLY | O_CLOEXEC);
	assert_true(opened >= 0 && fstat(opened, &info) == 0);
	return fat_open(fat, read_image, NULL, (uint64_t)info.st_size);
}

/* Reads a file in odd pieces and compares it with the folder's file of that name. */
static void same_as(struct fat *fat, const char *path, const char *name)
{
	char original[128], a[777], b[777];
	struct fat_file file;
	size_t got = 1, all = 0;
	FILE *in;

	snprintf(original, sizeof(original), "%s/%s", folder, name);
	in = fopen(original, "rb");
	assert_non_null(in);
	assert_int_equal(fat_find(fat, path, &file), 0);
	assert_false(file.folder);
	while (got > 0) {
		assert_int_equal(fat_file_read(fat, &file, a, sizeof(a), &got), 0);
		assert_int_equal(fread(b, 1, got, in), got);
		assert_memory_equal(a, b, got);
		all += got;
	}
	assert_int_equal(all, file.size);
	assert_int_equal(fgetc(in), EOF);
	fclose(in);
}

static void files_made(void)
{
	run("cd %s && head -c 100000 /dev/urandom >big && printf '{\"issued\":1}' >small && : >empty", folder);
}

/* Puts files in so that the large one is in fragments. */
static void filled(const char *at)
{
	run("cd %s && export MTOOLS_SKIP_CHECK=1 && mmd -i stick%s ::lobby && for i in 1 2 3 4 5 6 7 8 9; do"
	    " mcopy -i stick%s small ::hole$i.txt; done && for i in 1 3 5 7 9; do mdel -i stick%s ::hole$i.txt; done &&"
	    " mcopy -i stick%s big ::lobby/lobby-0.2.0-update.raucb && mcopy -i stick%s small ::lobby/stick.json &&"
	    " mcopy -i stick%s empty ::lobby/EMPTY.TXT",
	    folder, at, at, at, at, at, at);
}

static void all_is_there(struct fat *fat)
{
	struct fat_file file;

	same_as(fat, "lobby/lobby-0.2.0-update.raucb", "big");
	same_as(fat, "lobby/stick.json", "small");
	same_as(fat, "LOBBY/Stick.JSON", "small");
	same_as(fat, "lobby/empty.txt", "empty");
	same_as(fat, "hole2.txt", "small");
	assert_int_equal(fat_find(fat, "hole1.txt", &file), LOBBY_ERR_NOT_FOUND);
	assert_int_equal(fat_find(fat, "lobby/stick.jso", &file), LOBBY_ERR_NOT_FOUND);
	assert_int_equal(fat_find(fat, "lobby/stick.json5", &file), LOBBY_ERR_NOT_FOUND);
	assert_int_equal(fat_find(fat, "lobby/stick.json/x", &file), LOBBY_ERR_NOT_FOUND);
	assert_int_equal(fat_find(fat, "lobby", &file), 0);
	assert_true(file.folder);
}

static void what_mkfs_makes_is_read(void **state)
{
	static const struct {
		const char *size, *options;
		uint32_t bits;
	} kinds[] = { { "2M", "-F 12", 12 },	   { "32M", "-F 16", 16 }, { "64M", "-F 32", 32 },
		      { "64M", "-F 32 -s 1", 32 }, { "16M", "", 16 },	   { "64M", "-F 16 -S 4096", 16 } };
	struct fat fat;

	(void)state;
	files_made();
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		run("cd %s && rm -f stick && truncate -s %s stick && mkfs.vfat %s stick >/dev/null", folder,
		    kinds[i].size, kinds[i].options);
		filled("");
		assert_int_equal(open_image(&fat), 0);
		assert_int_equal(fat.bits, kinds[i].bits);
		assert_int_equal(fat.start, 0);
		all_is_there(&fat);
	}
}

static void partitions_are_found(void **state)
{
	static const char *const tables[] = { "label: dos\\nstart=2048, type=c\\n",
					      "label: dos\\nstart=8, size=8, type=83\\nstart=2048, type=b\\n",
					      "label: gpt\\nstart=2048, type=uefi\\n" };
	struct fat fat;

	(void)state;
	files_made();
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		run("cd %s && rm -f stick && truncate -s 64M stick && printf '%s' | sfdisk -q stick &&"
		    " mkfs.vfat --offset 2048 stick 62000 >/dev/null 2>&1",
		    folder, tables[i]);
		filled("@@1M");
		assert_int_equal(open_image(&fat), 0);
		assert_int_equal(fat.start, 1 << 20);
		all_is_there(&fat);
	}
}

static void what_is_no_fat_is_said(void **state)
{
	struct fat fat;

	(void)state;
	run("cd %s && rm -f stick && truncate -s 4M stick", folder);
	assert_int_equal(open_image(&fat), LOBBY_ERR_NOT_FOUND);
	run("cd %s && head -c 4194304 /dev/urandom >stick", folder);
	assert_int_equal(open_image(&fat), LOBBY_ERR_NOT_FOUND);
	run("cd %s && mkfs.ext4 -q stick >/dev/null 2>&1", folder);
	assert_int_equal(open_image(&fat), LOBBY_ERR_NOT_FOUND);
	run("cd %s && : >stick", folder);
	assert_int_equal(open_image(&fat), LOBBY_ERR_NOT_FOUND);
	/* It says that it is larger than the device. */
	run("cd %s && rm stick && truncate -s 64M stick && mkfs.vfat stick >/dev/null && truncate -s 32M stick",
	    folder);
	assert_int_equal(open_image(&fat), LOBBY_ERR_CORRUPT);
}

/* Every chain leads back to its begin: folders end, files end where their size says. */
static void chains_that_go_round_end(void **state)
{
	static uint8_t table[63 * 512];
	struct fat fat;
	struct fat_file file;
	uint8_t byte[512];
	size_t got = 1, all = 0;
	int fd;

	(void)state;
	files_made();
	run("cd %s && rm -f stick && truncate -s 16M stick && mkfs.vfat -F 16 -s 1 stick >/dev/null", folder);
	filled("");
	assert_int_equal(open_image(&fat), 0);
	for (size_t i = 0; i + 1 < sizeof(table); i += 2) {
		table[i] = 2;
		table[i + 1] = 0;
	}
	fd = open(image, O_WRONLY);
	assert_int_equal(pwrite(fd, table, sizeof(table), (off_t)fat.table), sizeof(table));
	close(fd);
	assert_int_equal(open_image(&fat), 0);
	assert_int_equal(fat_find(&fat, "lobby/none.such", &file), LOBBY_ERR_NOT_FOUND);
	assert_int_equal(fat_find(&fat, "lobby/lobby-0.2.0-update.raucb", &file), 0);
	while (got > 0) {
		assert_int_equal(fat_file_read(&fat, &file, byte, sizeof(byte), &got), 0);
		all += got;
	}
	assert_int_equal(all, 100000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_mkfs_makes_is_read),
		cmocka_unit_test(partitions_are_found),
		cmocka_unit_test(what_is_no_fat_is_said),
		cmocka_unit_test(chains_that_go_round_end),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

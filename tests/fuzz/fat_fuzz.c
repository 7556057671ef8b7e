/* Any bytes as a stick: what a technician's stick would have is looked for and read; no read may leave the device, and
 * nothing may take longer than the device is large. */
#include "base/bytes.h"
#include "system/fat.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define RECORD (4 + FAT_SECTOR)
#define DEVICE_SIZE (64U << 20)

/* A stick of 64 MB, mostly zeros: the input is the sectors that are not, each behind its number (le32). */
struct device {
	const uint8_t *data;
	size_t len;
	uint64_t fetched;
};

static void read_sector(const struct device *device, uint32_t sector, uint8_t out[FAT_SECTOR])
{
	memset(out, 0, FAT_SECTOR);
	for (size_t at = 0; at + RECORD <= device->len; at += RECORD) {
		struct reader r = reader_of(device->data + at, 4);

		if (read_le32(&r) % (DEVICE_SIZE / FAT_SECTOR) == sector)
			memcpy(out, device->data + at + 4, FAT_SECTOR);
	}
}

static int read_device(void *arg, uint64_t offset, void *out, size_t len)
{
	struct device *device = arg;
	uint8_t sector[FAT_SECTOR];

	assert(offset <= DEVICE_SIZE && len <= DEVICE_SIZE - offset);
	device->fetched += len;
	for (size_t done = 0; done < len;) {
		size_t inside = (offset + done) % FAT_SECTOR, n = FAT_SECTOR - inside;

		if (n > len - done)
			n = len - done;
		read_sector(device, (uint32_t)((offset + done) / FAT_SECTOR), sector);
		memcpy((uint8_t *)out + done, sector + inside, n);
		done += n;
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const paths[] = { "lobby/stick.json", "LOBBY/STICK.SIG", "a.txt", "lobby" };
	struct device device = { data, len < 64 * RECORD ? len : 64 * RECORD, 0 };
	struct fat fat;

	if (fat_open(&fat, read_device, &device, DEVICE_SIZE) != 0)
		return 0;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct fat_file file;
		uint8_t bytes[700];
		size_t got = 1, all = 0;

		if (fat_find(&fat, paths[i], &file) != 0)
			continue;
		/* A chain of a folder goes round for at most so long, and each step reads a sector of the table. */
		assert(device.fetched < (i + 1) * 64ULL * FAT_MAX_ENTRIES * FAT_SECTOR);
		while (got > 0 && all < 65536 && fat_file_read(&fat, &file, bytes, sizeof(bytes), &got) == 0) {
			all += got;
			assert(all <= file.size);
		}
	}
	return 0;
}

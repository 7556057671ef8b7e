/* See verity.h. Device-mapper is spoken to by its ioctls (linux/dm-ioctl.h): make a device, give it a table, wake it.
 *
 * dm-verity itself checks the tree's top block at the first read, and with panic_on_corruption that would be a panic
 * without a word. So it is hashed here before: a root that was written by halves or belongs to another kernel is said
 * in a sentence. */
#include "verity.h"

#include "say.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <linux/fs.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define DEVICE_NAME "lobby-root"
#define SECTORS_PER_BLOCK (PARAMS_BLOCK / 512)

struct request {
	struct dm_ioctl head;
	struct dm_target_spec spec;
	char table[1024];
};

static void request_init(struct request *request, uint32_t flags)
{
	memset(request, 0, sizeof(*request));
	request->head.version[0] = DM_VERSION_MAJOR;
	request->head.data_size = sizeof(*request);
	request->head.data_start = offsetof(struct request, spec);
	request->head.flags = flags;
	text_copy(request->head.name, sizeof(request->head.name), DEVICE_NAME);
}

/* The salt, then the block (verity's format 1). */
static enum fail check_top(const struct params *params, const char *partition)
{
	uint8_t block[PARAMS_BLOCK], salt[128], wanted[32], hash[SHA256_DIGEST_SIZE];
	struct sha256_ctx state;
	size_t salt_len = params_hex(params->salt, salt, sizeof(salt));
	int fd = open(partition, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? pread(fd, block, sizeof(block), (off_t)(params->blocks * PARAMS_BLOCK)) : -1;

	if (fd >= 0)
		close(fd);
	if (n != (ssize_t)sizeof(block)) {
		say(SAY_FAILURE, "%s cannot be read", partition);
		return FAIL_DAMAGED;
	}
	sha256_init(&state);
	sha256_update(&state, salt_len, salt);
	sha256_update(&state, sizeof(block), block);
	sha256_digest(&state, sizeof(hash), hash);
	if (params_hex(params->root, wanted, sizeof(wanted)) == sizeof(wanted) &&
	    memcmp(hash, wanted, sizeof(hash)) == 0)
		return FAIL_NONE;
	say(SAY_FAILURE, "%s is not the root of this kernel", partition);
	return FAIL_DAMAGED;
}

static int make_device(int control, const struct params *params, const char *partition, unsigned *device_minor)
{
	struct request request;

	request_init(&request, DM_READONLY_FLAG);
	if (ioctl(control, DM_DEV_CREATE, &request) != 0)
		return LOBBY_ERR_IO;
	*device_minor = minor(request.head.dev);

	request_init(&request, DM_READONLY_FLAG);
	request.head.target_count = 1;
	request.spec.length = params->blocks * SECTORS_PER_BLOCK;
	text_copy(request.spec.target_type, sizeof(request.spec.target_type), "verity");
	if (params_verity_table(params, partition, request.table, sizeof(request.table)) != 0 ||
	    ioctl(control, DM_TABLE_LOAD, &request) != 0)
		return LOBBY_ERR_IO;

	request_init(&request, DM_READONLY_FLAG); /* without DM_SUSPEND_FLAG: wake */
	return ioctl(control, DM_DEV_SUSPEND, &request) == 0 ? 0 : LOBBY_ERR_IO;
}

/* What nobody may write to must not be writable by anybody's mistake. */
static bool is_read_only(const char *device)
{
	int read_only = 0, fd = open(device, O_RDONLY | O_CLOEXEC);
	bool is = fd >= 0 && ioctl(fd, BLKROGET, &read_only) == 0 && read_only != 0;

	if (fd >= 0)
		close(fd);
	return is;
}

/* All of it, so that what runs later meets no bad block; what is read stays in memory where there is enough. */
static enum fail read_whole(const char *device)
{
	static uint8_t piece[1024 * 1024];
	int fd = open(device, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	while (fd >= 0 && (n = read(fd, piece, sizeof(piece))) > 0)
		;
	if (n != 0)
		say(SAY_FAILURE, "%s is damaged: errno %d", device, errno);
	if (fd >= 0)
		close(fd);
	return n == 0 ? FAIL_NONE : FAIL_DAMAGED;
}

enum fail verity_open(const struct params *params, const char *partition, char *device, size_t size)
{
	enum fail fail = check_top(params, partition);
	int control = -1;
	unsigned number;

	if (fail != FAIL_NONE)
		return fail;
	fail = FAIL_CHECK;
	control = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
	if (control < 0) {
		say(SAY_FAILURE, "no device-mapper: errno %d", errno);
		goto out;
	}
	if (make_device(control, params, partition, &number) != 0) {
		say(SAY_FAILURE, "dm-verity on %s: errno %d", partition, errno);
		goto out;
	}
	snprintf(device, size, "/dev/dm-%u", number);
	if (is_read_only(device))
		fail = params->install ? read_whole(device) : FAIL_NONE;
	else
		say(SAY_FAILURE, "%s is not read-only", device);
out:
	if (control >= 0)
		close(control);
	return fail;
}

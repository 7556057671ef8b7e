/* See root.h. The initrd's memory is freed by removing its files before the root is moved over it; only what lies on
 * its own file system is removed, and only if that is one in memory. */
#include "root.h"

#include "say.h"

#include "base/file.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fts.h>
#include <linux/magic.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#define KIOSK_GID 801 /* image/root/usr/lib/sysusers.d/lobby.conf */
#define SYSTEMD "/lib/systemd/systemd"

void root_mount_kernel(void)
{
	static const struct {
		const char *path, *type, *options;
		unsigned long flags;
	} mounts[] = {
		{ "/dev", "devtmpfs", "mode=0755,size=4m", MS_NOSUID },
		{ "/proc", "proc", NULL, MS_NOSUID | MS_NOEXEC | MS_NODEV },
		{ "/sys", "sysfs", NULL, MS_NOSUID | MS_NOEXEC | MS_NODEV },
		{ "/run", "tmpfs", "mode=0755,size=20%", MS_NOSUID | MS_NODEV },
	};

	umask(022);
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		(void)mkdir(mounts[i].path, 0755);
		if (mount(mounts[i].type, mounts[i].path, mounts[i].type, mounts[i].flags, mounts[i].options) != 0)
			say(SAY_FAILURE, "%s cannot be mounted: errno %d", mounts[i].path, errno);
	}
}

void root_mount_variables(void)
{
	static const char path[] = "/sys/firmware/efi/efivars";

	if (access(path, F_OK) == 0 &&
	    mount("efivarfs", path, "efivarfs", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL) != 0 && errno != EBUSY)
		say(SAY_WARNING, "no EFI variables: errno %d", errno);
}

enum fail root_mount(const char *device)
{
	struct statvfs st;

	(void)mkdir("/sysroot", 0755);
	if (mount(device, "/sysroot", "squashfs", MS_RDONLY | MS_NODEV, NULL) != 0) {
		say(SAY_FAILURE, "%s cannot be mounted: errno %d", device, errno);
		return FAIL_OPEN;
	}
	if (statvfs("/sysroot", &st) != 0 || (st.f_flag & ST_RDONLY) == 0) {
		say(SAY_FAILURE, "the root is not read-only");
		return FAIL_OPEN;
	}
	return FAIL_NONE;
}

static void share(const char *folder, const char *prefix)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char path[300];

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (chown(path, 0, KIOSK_GID) != 0 || chmod(path, 0660) != 0)
			say(SAY_WARNING, "%s stays root's: errno %d", path, errno);
	}
	if (dir != NULL)
		closedir(dir);
}

void root_share_devices(void)
{
	share("/dev/dri", "card");
	share("/dev/input", "event");
}

void root_make_folders(void)
{
	static const char sockets[] = "/run/lobby"; /* as image/root/usr/lib/tmpfiles.d/lobby.conf has it */

	if (mkdir(sockets, 0700) != 0 || chown(sockets, 0, ROOT_LOBBY_GID) != 0 || chmod(sockets, 01770) != 0)
		say(SAY_WARNING, "%s cannot be made: errno %d", sockets, errno);
}

/* ---- the machine's name in the journal ---- */

/* The first line of a small file; false if there is none. */
static bool read_line(const char *path, char *out, size_t size)
{
	char *text;
	size_t len;

	if (file_read(path, 256, &text, &len) != 0)
		return false;
	text_copy(out, size, text_trim(text));
	free(text);
	return out[0] != '\0';
}

/* The first network card by name that is one. */
static bool read_address(char *out, size_t size)
{
	DIR *dir = opendir("/sys/class/net");
	char path[300], first[256] = "";
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' && strcmp(entry->d_name, "lo") != 0 &&
		    (first[0] == '\0' || strcmp(entry->d_name, first) < 0))
			text_copy(first, sizeof(first), entry->d_name);
	if (dir != NULL)
		closedir(dir);
	snprintf(path, sizeof(path), "/sys/class/net/%s/address", first);
	return first[0] != '\0' && read_line(path, out, size);
}

/* "--machine-id=" and half of a hash of what the board says of itself, or false: systemd then makes a number for this
 * once. */
static bool machine_option(char *out, size_t size)
{
	struct sha256_ctx state;
	uint8_t hash[SHA256_DIGEST_SIZE];
	char of[128], hex[33];

	if (!read_line("/sys/class/dmi/id/product_uuid", of, sizeof(of)) && !read_address(of, sizeof(of)))
		return false;
	sha256_init(&state);
	sha256_update(&state, strlen(of), (const uint8_t *)of);
	sha256_digest(&state, sizeof(hash), hash);
	for (size_t i = 0; i < 16; i++)
		snprintf(hex + 2 * i, 3, "%02x", hash[i]);
	snprintf(out, size, "--machine-id=%s", hex);
	return true;
}

/* ---- the step ---- */

static bool is_in_memory(const char *path)
{
	struct statfs st;

	return statfs(path, &st) == 0 && (st.f_type == (long)RAMFS_MAGIC || st.f_type == (long)TMPFS_MAGIC);
}

static void empty_initrd(void)
{
	char root[] = "/";
	char *const paths[] = { root, NULL };
	FTS *walk = is_in_memory("/") ? fts_open(paths, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, NULL) : NULL;
	FTSENT *entry;

	while (walk != NULL && (entry = fts_read(walk)) != NULL) {
		if (entry->fts_level == 0 || entry->fts_info == FTS_D)
			continue;
		if (entry->fts_info == FTS_DP)
			(void)rmdir(entry->fts_accpath); /* what others are mounted on stays */
		else
			(void)unlink(entry->fts_accpath);
	}
	if (walk != NULL)
		fts_close(walk);
}

enum fail root_hand_over(void)
{
	static const char *const moved[] = { "/dev", "/proc", "/sys", "/run" };
	char machine[64], systemd[] = SYSTEMD, target[32];
	char *argv[] = { systemd, NULL, NULL };

	if (access("/sysroot" SYSTEMD, X_OK) != 0) {
		say(SAY_FAILURE, "the root has no " SYSTEMD);
		return FAIL_HANDOVER;
	}
	if (machine_option(machine, sizeof(machine)))
		argv[1] = machine;
	for (size_t i = 0; i < sizeof(moved) / sizeof(moved[0]); i++) {
		snprintf(target, sizeof(target), "/sysroot%s", moved[i]);
		if (mount(moved[i], target, NULL, MS_MOVE, NULL) != 0) {
			say(SAY_FAILURE, "the root has no %s: errno %d", moved[i], errno);
			return FAIL_HANDOVER;
		}
	}
	if (chdir("/sysroot") != 0)
		return FAIL_HANDOVER;
	empty_initrd();
	if (mount(".", "/", NULL, MS_MOVE, NULL) != 0 || chroot(".") != 0 || chdir("/") != 0)
		return FAIL_HANDOVER;
	execv(systemd, argv);
	say(SAY_FAILURE, SYSTEMD " cannot be started: errno %d", errno);
	return FAIL_HANDOVER;
}

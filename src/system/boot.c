/* See boot.h. Each call is one program run: read the entries, plan, do it, say it. */
#include "boot.h"

#include "esp.h"
#include "facts.h"
#include "slots.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mark.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_MANIFEST 16384
#define MIN_KERNEL (64 * 1024)
#define MAX_KERNEL (48 * 1024 * 1024)
#define MAX_SLOT_NUMBERS 16
#define KERNEL_HEAD 512 /* a sector: "MZ", and where the rest is */

struct boot {
	const struct system_options *options;
	struct system_boot facts;
	struct esp esp;
	struct slots_seen seen;
};

bool boot_is_name(const char *name)
{
	return strcmp(name, "boot-backend") == 0 || strcmp(name, "pre-install") == 0 ||
	       strcmp(name, "post-install") == 0;
}

const char *boot_refusal_text(int status)
{
	switch (status) {
	case BOOT_BUNDLE:
		return N_("The update does not hold what it should.");
	case BOOT_OLD:
		return N_("The update is older than what this version lets itself be replaced with.");
	case BOOT_TARGET:
		return N_("It is not clear into which slot the update should go.");
	case BOOT_ESP:
		return N_("The boot partition cannot be read or written.");
	case BOOT_ESP_FULL:
		return N_("There is no room for the update's kernel on the boot partition.");
	default:
		return N_("The update could not be prepared.");
	}
}

static int open_esp(struct boot *b)
{
	int err = esp_open(&b->esp, b->options->esp, b->facts.esp);

	if (err == 0)
		err = slots_read(b->esp.root, &b->seen);
	return err;
}

/* ---- the backend ---- */

static int apply(struct boot *b, const struct slots_plan *plan)
{
	return slots_apply(b->esp.root, plan);
}

static int set_state(struct boot *b, int slot, const char *state)
{
	static struct slots_plan plan;
	const struct slots_file *file = slots_file_of(&b->seen, slot);
	int err;

	if (strcmp(state, "good") == 0) {
		slots_plan_good(&b->seen, slot, file != NULL ? file->version : "0", &plan);
	} else {
		err = strcmp(state, "bad") == 0 ? slots_plan_bad(&b->seen, slot, &plan) : LOBBY_ERR_INVALID;
		if (err != 0)
			return err;
	}
	return apply(b, &plan);
}

static int answer(struct boot *b, int argc, char **argv)
{
	static struct slots_plan plan;
	int slot = argc > 2 ? slots_of_name(argv[2]) : -1, next;

	if (strcmp(argv[1], "get-primary") == 0 && argc == 2) {
		next = slots_next(&b->seen);
		if (next < 0)
			return LOBBY_ERR_NOT_FOUND;
		puts(slots_name(next));
		return 0;
	}
	if (strcmp(argv[1], "get-current") == 0 && argc == 2) {
		if (b->facts.slot[0] == '\0')
			return LOBBY_ERR_NOT_FOUND;
		puts(b->facts.slot);
		return 0;
	}
	if (slot < 0)
		return LOBBY_ERR_INVALID;
	if (strcmp(argv[1], "get-state") == 0 && argc == 3) {
		puts(slots_starts(&b->seen, slot) ? "good" : "bad");
		return 0;
	}
	if (strcmp(argv[1], "set-state") == 0 && argc == 4)
		return set_state(b, slot, argv[3]);
	if (strcmp(argv[1], "set-primary") == 0 && argc == 3) {
		slots_plan_primary(&b->seen, slot, &plan);
		return apply(b, &plan);
	}
	return LOBBY_ERR_INVALID;
}

static int backend(struct boot *b, int argc, char **argv)
{
	int err;

	if (argc < 2) {
		fputs("boot-backend get-primary | set-primary X | get-state X | set-state X good|bad | get-current\n",
		      stderr);
		return 2;
	}
	err = open_esp(b);
	if (err == 0)
		err = answer(b, argc, argv);
	esp_close(&b->esp);
	if (fflush(stdout) != 0 && err == 0)
		err = LOBBY_ERR_IO;
	if (err != 0)
		fprintf(stderr, "boot-backend %s: %s\n", argv[1], err_event(err));
	return err == 0 ? 0 : 1;
}

/* ---- the handlers ---- */

/* The one slot that is to be written; -1 if that is not clear. */
static int target_of(const struct boot *b)
{
	const char *list = getenv("RAUC_TARGET_SLOTS"), *name;
	char variable[32], *end;
	long number;
	int slot;

	if (list == NULL)
		return -1;
	number = strtol(list, &end, 10);
	if (end == list || end[strspn(end, " ")] != '\0' || number < 0 || number > MAX_SLOT_NUMBERS)
		return -1;
	snprintf(variable, sizeof(variable), "RAUC_SLOT_BOOTNAME_%ld", number);
	name = getenv(variable);
	slot = name != NULL ? slots_of_name(name) : -1;
	return b->facts.slot[0] != '\0' && slot != slots_of_name(b->facts.slot) ? slot : -1;
}

static bool bundle_path(char out[PATH_MAX], const char *name)
{
	const char *bundle = getenv("RAUC_BUNDLE_MOUNT_POINT");

	return bundle != NULL && snprintf(out, PATH_MAX, "%s/%s", bundle, name) < PATH_MAX;
}

static bool read_version(char out[VERSION_SIZE])
{
	char path[PATH_MAX], *text = NULL;
	size_t len;
	bool ok;

	if (!bundle_path(path, "manifest.raucm") || file_read(path, MAX_MANIFEST, &text, &len) != 0)
		return false;
	ok = facts_value(text, "version", out, VERSION_SIZE) && version_is_valid(out);
	free(text);
	return ok;
}

/* A PE image (PE format, "MS-DOS Stub") of a size that makes sense; the firmware checks its signature. */
static int open_kernel(void)
{
	char path[PATH_MAX], magic[2];
	struct stat st;
	int fd = bundle_path(path, "kernel.efi") ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= MIN_KERNEL &&
	    st.st_size <= MAX_KERNEL && pread(fd, magic, sizeof(magic), 0) == 2 && memcmp(magic, "MZ", 2) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static int put(int to, const char *bytes, size_t len, off_t at)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = pwrite(to, bytes + done, len - done, at + (off_t)done);

		if (n <= 0)
			return n < 0 && errno == ENOSPC ? BOOT_ESP_FULL : BOOT_ESP;
		done += (size_t)n;
	}
	return 0;
}

/* From its head on, to its end. What is new of the disk's is known to it a piece at a time. */
static int copy_body(int from, int to)
{
	static char block[1024 * 1024];
	off_t at = KERNEL_HEAD;
	ssize_t n;
	int status;

	while ((n = pread(from, block, sizeof(block), at)) > 0) {
		status = put(to, block, (size_t)n, at);
		if (status == 0 && fsync(to) != 0)
			status = BOOT_ESP;
		if (status != 0)
			return status;
		at += n;
	}
	if (n < 0)
		return BOOT_BUNDLE;
	return ftruncate(to, at) == 0 ? 0 : BOOT_ESP;
}

/* Over the old kernel, in its place: FAT has no journal, so a file that is removed or made when the power goes may
 * leave room that belongs to nobody and that nobody ever gets back. The slot is bad by now; and because the head goes
 * first and comes last, what is torn is no program and starts in no case. */
static int overwrite(int from, int to)
{
	char head[KERNEL_HEAD] = { 0 };
	int status = put(to, head, sizeof(head), 0);

	if (status == 0 && fsync(to) != 0)
		status = BOOT_ESP;
	if (status == 0)
		status = copy_body(from, to);
	if (status == 0 && fsync(to) != 0)
		status = BOOT_ESP;
	if (status == 0 && pread(from, head, sizeof(head), 0) != (ssize_t)sizeof(head))
		status = BOOT_BUNDLE;
	if (status == 0)
		status = put(to, head, sizeof(head), 0);
	return status == 0 && fsync(to) != 0 ? BOOT_ESP : status;
}

static int copy_kernel(const struct boot *b, int slot, int from)
{
	char path[PATH_MAX];
	int to, status;

	if (snprintf(path, sizeof(path), "%s/EFI/lobby/%s.efi", b->esp.root, slots_name(slot)) >= (int)sizeof(path))
		return BOOT_ESP;
	to = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (to < 0)
		return errno == ENOSPC ? BOOT_ESP_FULL : BOOT_ESP;
	status = overwrite(from, to);
	close(to);
	return status;
}

static int write_slot(struct boot *b, int target, const char *version, int kernel)
{
	static struct slots_plan plan;

	if (open_esp(b) != 0)
		return BOOT_ESP;
	slots_plan_write(&b->seen, 1 - target, b->facts.version, version, &plan);
	if (slots_apply(b->esp.root, &plan) != 0)
		return BOOT_ESP;
	return copy_kernel(b, target, kernel);
}

static int pre_install(struct boot *b)
{
	char version[VERSION_SIZE] = "";
	int target = target_of(b), kernel, status;

	if (target < 0)
		return BOOT_TARGET;
	if (!read_version(version))
		return BOOT_BUNDLE;
	facts_raise_min_version(b->options, b->facts.min_version);
	if (b->facts.min_version[0] != '\0' && version_compare(version, b->facts.min_version) < 0)
		return BOOT_OLD;
	kernel = open_kernel();
	if (kernel < 0)
		return BOOT_BUNDLE;
	status = write_slot(b, target, version, kernel);
	esp_close(&b->esp);
	close(kernel);
	return status;
}

static bool same_bytes(int a, int b)
{
	static char blocks[2][64 * 1024];

	for (;;) {
		ssize_t n = read(a, blocks[0], sizeof(blocks[0]));

		if (n < 0 || read(b, blocks[1], sizeof(blocks[1])) != n || memcmp(blocks[0], blocks[1], (size_t)n) != 0)
			return false;
		if (n == 0)
			return true;
	}
}

static int post_install(struct boot *b)
{
	static struct slots_plan plan;
	char path[PATH_MAX];
	int target = target_of(b), kernel = -1, written = -1, status = BOOT_ESP;

	if (target < 0)
		return BOOT_TARGET;
	if (open_esp(b) == 0 && (kernel = open_kernel()) >= 0 &&
	    snprintf(path, sizeof(path), "%s/EFI/lobby/%s.efi", b->esp.root, slots_name(target)) < (int)sizeof(path) &&
	    (written = open(path, O_RDONLY | O_CLOEXEC)) >= 0 && same_bytes(kernel, written) &&
	    slots_next(&b->seen) == target)
		status = 0;
	/* RAUC has made it the first choice already. */
	if (status != 0 && b->esp.lock >= 0 && slots_plan_bad(&b->seen, target, &plan) == 0 &&
	    slots_apply(b->esp.root, &plan) != 0)
		fputs("post-install: the slot could not be marked bad\n", stderr);
	if (kernel >= 0)
		close(kernel);
	if (written >= 0)
		close(written);
	esp_close(&b->esp);
	return status;
}

int boot_main(int argc, char **argv, const struct system_options *options)
{
	struct boot b = { .options = options, .esp = { .lock = -1 } };
	int status;

	facts_read_boot(&b.facts, options->release, options->boot);
	if (strcmp(argv[0], "boot-backend") == 0)
		return backend(&b, argc, argv);
	status = strcmp(argv[0], "pre-install") == 0 ? pre_install(&b) : post_install(&b);
	if (status != 0)
		fprintf(stderr, "%s: %s\n", argv[0], boot_refusal_text(status));
	return status;
}

/* The state partition's parts on plain files: what systemd-repart adds to a disk image, LUKS2 headers and their keys, a
 * TPM (swtpm, where it and libtss2 are installed), ext4 and its mending, rescue and room. What needs device-mapper and
 * mounts is in `make test-image`. */
#include "system/closed.h"
#include "system/espfile.h"
#include "system/helper.h"
#include "system/keep.h"
#include "system/ladder.h"
#include "system/partition.h"
#include "system/rescue.h"
#include "system/tpm.h"
#include "system/vault.h"

#include "base/file.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define DEFINITIONS "image/root/usr/lib/repart.d"

static char folder[] = "/tmp/lobby-vault-XXXXXX";
static char disk[64];
static const uint8_t key[VAULT_KEY] = { 1, 2, 3 }, other_key[VAULT_KEY] = { 3, 2, 1 };

static int setup(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(disk, sizeof(disk), "%s/disk", folder);
	return 0;
}

static int teardown(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

static int try_run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int try_run(const char *format, ...)
{
	char command[1024], whole[1200];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	snprintf(whole, sizeof(whole), "cd %s && { %s; } >log 2>&1", folder, command);
	return system(whole);
}

static void blank(const char *size)
{
	assert_int_equal(try_run("rm -f disk && truncate -s %s disk", size), 0);
}

static void a_state_partition_is_added(void **state)
{
	static const char table[] =
		"printf 'label: gpt\\nstart=2048,size=64M,type=uefi,name=esp\\nsize=160M,name=root-a\\n"
		"size=160M,name=root-b\\n' | sfdisk -q disk";
	char said[256];

	(void)state;
	blank("386M");
	assert_int_equal(try_run("%s && cp disk before", table), 0);
	assert_int_equal(partition_make(disk, DEFINITIONS, said, sizeof(said)), LOBBY_ERR_DISK_FULL);
	assert_int_equal(try_run("cmp disk before"), 0);
	/* A disk larger than the image: the second table goes to its end, the partition reaches there. */
	assert_int_equal(try_run("truncate -s 1G disk"), 0);
	assert_int_equal(partition_make(disk, DEFINITIONS, said, sizeof(said)), 0);
	assert_int_equal(try_run("sfdisk --verify disk &&  sfdisk -d disk | grep -q "
				 "'disk4.*size= *1308[0-9]*,.*name=\"state\"'"),
			 0);
	/* Not a second one. */
	assert_int_equal(partition_make(disk, DEFINITIONS, said, sizeof(said)), 0);
	assert_int_not_equal(try_run("sfdisk -d disk | grep -q 'disk5'"), 0);
	blank("64M");
	assert_int_equal(partition_make(disk, DEFINITIONS, said, sizeof(said)), LOBBY_ERR_IO);
}

static void a_partition_is_found_by_its_name(void **state)
{
	char out[PARTITION_PATH], want[PARTITION_PATH], name[80];

	(void)state;
	blank("16M");
	assert_int_equal(partition_find(disk, "state", out), LOBBY_ERR_NOT_FOUND);
	assert_int_equal(
		try_run("printf 'label: gpt\\nsize=1M,name=state-old\\nsize=1M,name=stat\\nsize=1M,name=state\\n' | "
			"sfdisk -q disk && cp disk nvme0n1"),
		0);
	assert_int_equal(partition_find(disk, "state", out), 0);
	snprintf(want, sizeof(want), "%s3", disk);
	assert_string_equal(out, want);
	snprintf(name, sizeof(name), "%s/nvme0n1", folder);
	assert_int_equal(partition_find(name, "stat", out), 0);
	snprintf(want, sizeof(want), "%sp2", name);
	assert_string_equal(out, want);
	assert_int_equal(partition_find(disk, "old", out), LOBBY_ERR_NOT_FOUND);
	assert_int_equal(partition_find("/dev/none", "state", out), LOBBY_ERR_IO);
}

static void a_damaged_table_is_read_from_its_copy(void **state)
{
	char out[PARTITION_PATH], want[PARTITION_PATH];

	(void)state;
	blank("16M");
	snprintf(want, sizeof(want), "%s2", disk);
	assert_int_equal(try_run("printf 'label: gpt\\nsize=1M,name=esp\\nsize=1M,name=state\\n' | sfdisk -q disk && "
				 "cp disk whole"),
			 0);
	/* An entry of the first table: its sum is wrong. Here the name is that of another partition. */
	assert_int_equal(try_run("printf X | dd of=disk bs=1 seek=$((1024 + 128 + 56)) conv=notrunc"), 0);
	assert_int_equal(partition_find(disk, "state", out), 0);
	assert_string_equal(out, want);
	/* Its header. */
	assert_int_equal(try_run("cp whole disk && dd if=/dev/zero of=disk bs=512 count=1 seek=1 conv=notrunc"), 0);
	assert_int_equal(partition_find(disk, "state", out), 0);
	assert_string_equal(out, want);
	/* Both. */
	assert_int_equal(try_run("printf X | dd of=disk bs=1 seek=$((16 * 1024 * 1024 - 512 + 40)) conv=notrunc"), 0);
	assert_int_equal(partition_find(disk, "state", out), LOBBY_ERR_NOT_FOUND);
}

static void a_vault_opens_with_its_key_only(void **state)
{
	struct vault_facts facts;

	(void)state;
	blank("64M");
	vault_look(disk, &facts);
	assert_false(facts.header || facts.remains);
	assert_int_equal(vault_open_key(disk, NULL, key), LOBBY_ERR_NOT_FOUND);
	assert_int_equal(vault_make(disk, key), 0);
	vault_look(disk, &facts);
	assert_true(facts.header && !facts.complete && !facts.tpm);
	assert_int_equal(vault_finish(disk), 0);
	vault_look(disk, &facts);
	assert_true(facts.complete);
	assert_int_equal(vault_open_key(disk, NULL, key), 0);
	assert_int_equal(vault_open_key(disk, NULL, other_key), LOBBY_ERR_DENIED);
	assert_int_equal(vault_open_tpm(disk, NULL, NULL), LOBBY_ERR_DENIED);
	/* cryptsetup thinks so too. */
	assert_int_equal(try_run("printf '\\1\\2\\3' >key; head -c 29 /dev/zero >>key;"
				 "cryptsetup open --test-passphrase --key-file key disk && cryptsetup luksDump disk | "
				 "grep -q 'cipher: aes-xts-plain64'"),
			 0);
}

static void what_is_left_of_a_vault_is_told(void **state)
{
	struct vault_facts facts;

	(void)state;
	blank("64M");
	assert_int_equal(vault_make(disk, key), 0);
	assert_int_equal(vault_finish(disk), 0);
	/* One of the header's copies is enough. */
	assert_int_equal(try_run("cp disk whole && dd if=/dev/zero of=disk bs=4096 count=1 conv=notrunc"), 0);
	vault_look(disk, &facts);
	assert_true(facts.header && facts.complete);
	/* Neither can be read, and yet they are there. */
	assert_int_equal(try_run("cp whole disk && for at in 4200 20584; do "
				 "dd if=/dev/zero of=disk bs=1 seek=$at count=64 conv=notrunc; done"),
			 0);
	vault_look(disk, &facts);
	assert_true(!facts.header && !facts.complete && facts.remains);
	/* A wipe that was cut short: a header, and nothing that opens it. */
	assert_int_equal(try_run("cp whole disk"), 0);
	assert_int_equal(vault_drop_key(disk), 0);
	vault_look(disk, &facts);
	assert_true(!facts.header && !facts.complete && !facts.remains);
	/* A disk that does not answer. */
	vault_look("/dev/none", &facts);
	assert_true(facts.remains);
}

static void a_destroyed_vault_is_gone(void **state)
{
	struct vault_facts facts;

	(void)state;
	blank("64M");
	assert_int_equal(vault_make(disk, key), 0);
	assert_int_equal(try_run("cp disk before"), 0);
	assert_int_equal(vault_destroy(disk), 0);
	vault_look(disk, &facts);
	assert_false(facts.header || facts.remains);
	assert_int_not_equal(try_run("cryptsetup repair --batch-mode disk && cryptsetup isLuks disk"), 0);
	/* Not one sector of the key slots is as it was. */
	assert_int_not_equal(try_run("cmp -n 16777216 disk before"), 0);
	assert_int_equal(try_run("[ $(cmp -l -n 1000000 disk before | wc -l) -gt 900000 ]"), 0);
	/* And again, when there is nothing to destroy. */
	assert_int_equal(vault_destroy(disk), 0);
}

/* ---- with a TPM made of software --------------------------------------------------------------------------------- */

/* Nothing between us and it frees the sessions that a program leaves, as the kernel does: it is started anew for each.
 */
static pid_t swtpm_start(const char *name, int port)
{
	char state[128], server[64], control[64], file[128];
	pid_t pid;

	snprintf(state, sizeof(state), "dir=%s/%s", folder, name);
	snprintf(server, sizeof(server), "type=tcp,port=%d", port);
	snprintf(control, sizeof(control), "type=tcp,port=%d", port + 1);
	snprintf(file, sizeof(file), "file=%s/%s/pid", folder, name);
	mkdir(state + 4, 0700);
	unlink(file + 5);
	pid = fork();
	if (pid == 0) {
		freopen("/dev/null", "w", stderr);
		execlp("swtpm", "swtpm", "socket", "--tpm2", "--tpmstate", state, "--server", server, "--ctrl", control,
		       "--pid", file, "--flags", "startup-clear", (char *)NULL);
		_exit(127);
	}
	assert_int_equal(try_run("for i in $(seq 200); do [ -s %s/pid ] && exit 0; sleep 0.05; done; exit 1", name), 0);
	return pid;
}

static void swtpm_stop(pid_t pid)
{
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
}

static bool has_swtpm(void)
{
	return helper_exists("swtpm") && helper_exists("systemd-cryptenroll") &&
	       try_run("ls /usr/lib/*/libtss2-esys.so.0 /usr/lib/*/libtss2-tcti-swtpm.so.0") == 0;
}

static void a_tpm_opens_it_and_another_does_not(void **state)
{
	struct vault_facts facts;
	char tpm[48], said[256];
	int port = 20000 + (int)(getpid() % 20000);
	pid_t pid;

	(void)state;
	if (!has_swtpm()) {
		print_message("skipped: no swtpm, or no libtss2\n");
		skip();
	}
	blank("64M");
	snprintf(tpm, sizeof(tpm), "swtpm:host=127.0.0.1,port=%d", port);
	assert_int_equal(vault_make(disk, key), 0);
	pid = swtpm_start("one", port);
	assert_int_equal(vault_bind_tpm(disk, key, folder, tpm, said, sizeof(said)), 0);
	swtpm_stop(pid);
	pid = swtpm_start("one", port);
	assert_int_equal(vault_open_tpm(disk, NULL, tpm), 0);
	swtpm_stop(pid);
	assert_int_equal(vault_drop_key(disk), 0);
	assert_int_equal(vault_finish(disk), 0);
	vault_look(disk, &facts);
	assert_true(facts.complete && facts.tpm);
	pid = swtpm_start("one", port);
	assert_int_equal(vault_open_tpm(disk, NULL, tpm), 0);
	/* The key that it was made with is worth nothing any more, and lies nowhere. */
	assert_int_equal(vault_open_key(disk, NULL, key), LOBBY_ERR_DENIED);
	assert_int_not_equal(try_run("ls lobby-state.key"), 0);
	swtpm_stop(pid);
	pid = swtpm_start("two", port);
	assert_int_not_equal(vault_open_tpm(disk, NULL, tpm), 0);
	swtpm_stop(pid);
	assert_int_not_equal(vault_open_tpm(disk, NULL, tpm), 0);
	/* Binding to none leaves the key as it was. */
	assert_int_equal(vault_make(disk, key), 0);
	assert_int_not_equal(vault_bind_tpm(disk, key, folder, tpm, said, sizeof(said)), 0);
	assert_int_equal(vault_open_key(disk, NULL, key), 0);
}

/* As /dev/tpmrm0 is opened. */
static int swtpm_open(int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static void settle(int port)
{
	int fd = swtpm_open(port);

	assert_int_equal(tpm_settle(fd), 0);
	close(fd);
}

/* A start after which the power is cut, once the TPM has opened the vault; and whether it did. */
static int start_and_pull(int port, bool settled)
{
	pid_t pid = swtpm_start("pulled", port);
	char tpm[48];
	int err;

	snprintf(tpm, sizeof(tpm), "swtpm:host=127.0.0.1,port=%d", port);
	err = vault_open_tpm(disk, NULL, tpm);
	if (settled)
		settle(port);
	swtpm_stop(pid);
	return err;
}

static void pulled_plugs_do_not_lock_the_tpm(void **state)
{
	char tpm[48], said[1024];
	int port = 20000 + (int)(getpid() % 20000), fd;
	pid_t pid;

	(void)state;
	if (!has_swtpm()) {
		print_message("skipped: no swtpm, or no libtss2\n");
		skip();
	}
	blank("64M");
	snprintf(tpm, sizeof(tpm), "swtpm:host=127.0.0.1,port=%d", port);
	assert_int_equal(vault_make(disk, key), 0);
	pid = swtpm_start("pulled", port);
	assert_int_equal(vault_bind_tpm(disk, key, folder, tpm, said, sizeof(said)), 0);
	settle(port);
	swtpm_stop(pid);
	for (int i = 0; i < 5; i++)
		assert_int_equal(start_and_pull(port, true), 0);
	/* Three that were not settled are guesses: it opens nothing any more, and takes nothing. */
	for (int i = 0; i < 3; i++)
		assert_int_equal(start_and_pull(port, false), 0);
	assert_int_not_equal(start_and_pull(port, false), 0);
	pid = swtpm_start("pulled", port);
	assert_int_equal(vault_make(disk, key), 0);
	assert_int_not_equal(vault_bind_tpm(disk, key, folder, tpm, said, sizeof(said)), 0);
	assert_non_null(strstr(said, "lockout"));
	swtpm_stop(pid);
	/* It is ended, and all is well again. */
	pid = swtpm_start("pulled", port);
	fd = swtpm_open(port);
	assert_int_equal(tpm_unlock(fd), 0);
	assert_int_equal(tpm_unlock(fd), 0);
	close(fd);
	assert_int_equal(vault_bind_tpm(disk, key, folder, tpm, said, sizeof(said)), 0);
	settle(port);
	swtpm_stop(pid);
	assert_int_equal(start_and_pull(port, true), 0);
	/* Where nothing answers. */
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	assert_int_equal(tpm_unlock(fd), LOBBY_ERR_IO);
	assert_int_equal(tpm_settle(fd), LOBBY_ERR_IO);
	close(fd);
}

/* ---- the file system --------------------------------------------------------------------------------------------- */

static void a_damaged_file_system_is_mended_or_told(void **state)
{
	bool mended = true;

	(void)state;
	blank("64M");
	assert_int_equal(keep_make(disk, 0), 0);
	assert_int_equal(keep_check(disk, &mended), 0);
	assert_false(mended);
	assert_int_equal(
		try_run("dumpe2fs -h disk | grep 'Filesystem features' | grep metadata_csum | grep -q has_journal"), 0);
	/* The inodes of the first group are noise. */
	assert_int_equal(
		try_run("first=$(dumpe2fs disk | sed -n 's/.*Inode table at \\([0-9]*\\)-.*/\\1/p' | head -n 1);"
			"size=$(dumpe2fs -h disk | sed -n 's/Block size: *//p');"
			"dd if=/dev/urandom of=disk bs=$size seek=$first count=2 conv=notrunc"),
		0);
	assert_int_equal(keep_check(disk, &mended), 0);
	assert_true(mended);
	assert_int_equal(try_run("e2fsck -n -f disk"), 0);
	blank("64M");
	assert_int_equal(keep_check(disk, &mended), LOBBY_ERR_CORRUPT);
}

static void files_are_rescued_within_bounds(void **state)
{
	char from[96], to[96];
	int files = 0;

	(void)state;
	assert_int_equal(try_run("mkdir -p sync/inner memory && echo one >sync/store && echo two >sync/store-wal && "
				 "truncate -s 49M sync/huge && ln -s /etc/passwd sync/link && mkfifo sync/pipe"),
			 0);
	snprintf(from, sizeof(from), "%s/sync", folder);
	snprintf(to, sizeof(to), "%s/memory", folder);
	assert_int_equal(keep_copy(from, to, &files), 0);
	assert_int_equal(files, 2);
	assert_int_equal(try_run("cmp sync/store memory/store && cmp sync/store-wal memory/store-wal && "
				 "[ $(ls memory | wc -l) = 2 ]"),
			 0);
	keep_empty(to);
	assert_int_equal(try_run("[ $(ls memory | wc -l) = 0 ]"), 0);
	assert_int_equal(keep_copy("/nowhere", to, &files), 0);
	assert_int_equal(files, 0);
	assert_int_equal(keep_copy(from, "/nowhere", &files), LOBBY_ERR_IO);
}

static void what_was_saved_waits_until_it_is_taken(void **state)
{
	char at[96];
	int files;

	(void)state;
	assert_int_equal(try_run("mkdir -p anew/sync lobby-rescue/sync lobby-rescue/system && echo one "
				 ">lobby-rescue/sync/store && "
				 "echo net >lobby-rescue/system/network"),
			 0);
	snprintf(at, sizeof(at), "%s/anew", folder);
	assert_int_equal(rescue_return(folder, at, &files), LOBBY_ERR_IO);
	assert_int_equal(files, 1);
	assert_int_equal(try_run("ls lobby-rescue/sync/store && ls lobby-rescue/system/network && mkdir anew/system"),
			 0);
	assert_int_equal(rescue_return(folder, at, &files), 0);
	assert_int_equal(files, 2);
	assert_int_equal(try_run("grep -q one anew/sync/store && grep -q net anew/system/network && "
				 "! ls lobby-rescue/sync && ! ls lobby-rescue/system"),
			 0);
}

static void the_copy_at_the_end_is_marked(void **state)
{
	(void)state;
	/* No end is left free on a small one, and nothing is kept there. */
	blank("255M");
	assert_int_equal(rescue_room(disk), 0);
	assert_int_equal(rescue_keep(folder, disk), LOBBY_ERR_DISK_FULL);
	assert_false(rescue_is_kept(disk));
	assert_int_equal(rescue_room("/dev/none"), 0);
	/* The file system ends before it, whatever the size is. */
	assert_int_equal(try_run("rm disk && truncate -s $((300 * 1048576 + 3 * 512)) disk"), 0);
	assert_int_equal(rescue_room(disk), 172 << 20);
	assert_int_equal(keep_make(disk, rescue_room(disk)), 0);
	assert_int_equal(
		try_run("[ $(dumpe2fs -h disk | sed -n 's/^Block count: *//p') = $((172 * 1024 * 1024 / 4096)) ] || "
			"[ $(dumpe2fs -h disk | sed -n 's/^Block count: *//p') = $((172 * 1024)) ]"),
		0);
	assert_false(rescue_is_kept(disk));
	assert_int_equal(try_run("printf 'lobby-rescue: whole' | dd of=disk bs=1M seek=172 conv=notrunc"), 0);
	assert_true(rescue_is_kept(disk));
	assert_int_equal(rescue_forget(disk), 0);
	assert_false(rescue_is_kept(disk));
	assert_int_equal(rescue_forget(disk), 0);
	assert_int_equal(try_run("e2fsck -n -f disk"), 0);
}

static void room_is_made_when_there_is_none(void **state)
{
	char at[96], text[161];

	(void)state;
	snprintf(at, sizeof(at), "%s/room", folder);
	assert_int_equal(try_run("mkdir -p room/update room/journal/00ff && : >room/update/a.raucb && "
				 ": >room/journal/00ff/system.journal && : >room/journal/00ff/system@0001.journal"),
			 0);
	keep_make_room_if(at, 900000, 1000000, text, sizeof(text));
	assert_string_equal(text, "");
	assert_int_equal(try_run("ls room/update/a.raucb"), 0);
	/* The real disk has room once it is looked at again: the journal stays. */
	keep_make_room_if(at, 1000, 1000, text, sizeof(text));
	assert_string_equal(text, "The disk was full: downloaded updates were removed to make room.");
	assert_int_not_equal(try_run("ls room/update/a.raucb"), 0);
	assert_int_equal(try_run("ls room/journal/00ff/system@0001.journal"), 0);
	/* Never enough, of so large a disk. */
	keep_make_room_if(at, 1000, UINT64_MAX / 2, text, sizeof(text));
	assert_non_null(strstr(text, "nearly full"));
	assert_int_not_equal(try_run("ls room/journal/00ff/system@0001.journal"), 0);
	assert_int_equal(try_run("ls room/journal/00ff/system.journal"), 0);
}

static void the_key_is_kept_on_the_esp(void **state)
{
	struct esp esp;
	char *text = NULL;
	size_t len = 0;

	(void)state;
	assert_int_equal(esp_open(&esp, folder, NULL), 0);
	assert_int_equal(espfile_read(&esp, "state.key", 256, &text, &len), LOBBY_ERR_NOT_FOUND);
	assert_int_equal(espfile_write(&esp, "state.key", "secret", 6), 0);
	assert_int_equal(espfile_read(&esp, "state.key", 256, &text, &len), 0);
	assert_string_equal(text, "secret");
	free(text);
	espfile_remove(&esp, "state.key");
	assert_int_not_equal(try_run("ls lobby/state.key"), 0);
	esp_close(&esp);
}

static void nothing_is_made_anew_before_its_time(void **state)
{
	struct esp esp;

	(void)state;
	assert_int_equal(try_run("rm -rf lobby && mkdir lobby"), 0);
	assert_int_equal(esp_open(&esp, folder, NULL), 0);
	for (int start = 0; start < CLOSED_STARTS; start++) {
		assert_int_equal(closed_count(&esp, "a 0.1.0", false), CLOSED_WAIT);
		/* lobby-system is started again without the machine. */
		assert_int_equal(closed_count(&esp, "a 0.1.0", true), CLOSED_WAIT);
		assert_int_equal(closed_count(&esp, "a 0.1.0", true), CLOSED_WAIT);
	}
	assert_int_equal(closed_count(&esp, "a 0.1.0", false), CLOSED_ANEW);
	/* It did open: all is forgotten. */
	closed_opened(&esp, "a 0.1.0");
	assert_int_equal(try_run("grep -qx 'a 0.1.0' lobby/state.opened && ! ls lobby/state.closed"), 0);
	assert_int_equal(closed_count(&esp, "a 0.1.0", false), CLOSED_WAIT);
	/* Another version uses up its tries, and the one before it has all of its own starts. */
	for (int start = 0; start < CLOSED_STARTS; start++)
		assert_int_equal(closed_count(&esp, "b 0.1.1", false), CLOSED_RESTART);
	assert_int_equal(closed_count(&esp, "a 0.1.0", false), CLOSED_WAIT);
	/* There is none before it that starts: it waits, and makes it anew in the end. */
	for (int start = 0; start < CLOSED_STARTS; start++)
		assert_int_equal(closed_count(&esp, "b 0.1.1", false), CLOSED_RESTART);
	for (int start = 0; start < CLOSED_STARTS; start++)
		assert_int_equal(closed_count(&esp, "b 0.1.1", false), CLOSED_WAIT);
	assert_int_equal(closed_count(&esp, "b 0.1.1", false), CLOSED_ANEW);
	closed_forget(&esp);
	assert_int_equal(try_run("! ls lobby/state.opened && ! ls lobby/state.closed"), 0);
	/* What cannot be counted is never made anew. */
	assert_int_equal(try_run("mkdir lobby/state.closed"), 0);
	for (int start = 0; start < 3 * CLOSED_STARTS; start++)
		assert_int_equal(closed_count(&esp, "a 0.1.0", false), CLOSED_WAIT);
	assert_int_equal(try_run("rmdir lobby/state.closed"), 0);
	esp_close(&esp);
}

static void the_workers_last_line_is_read(void **state)
{
	static const char *const bad[] = { "",	       "done",	 "done ",     "done 0 x",
					   "done 9 x", "done 1", "stage 1 x", "done x y" };
	struct ladder_result result = { 0 };

	(void)state;
	assert_int_equal(ladder_parse("done 2 The key lies on the disk.", &result), 0);
	assert_int_equal(result.protection, lobby_Protection_PROTECTION_NO_TPM);
	assert_string_equal(result.text, "The key lies on the disk.");
	assert_int_equal(ladder_parse("done 1 ", &result), 0);
	assert_string_equal(result.text, "");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ladder_parse(bad[i], &result), LOBBY_ERR_INVALID);
	assert_int_equal(result.protection, lobby_Protection_PROTECTION_TPM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_state_partition_is_added),
		cmocka_unit_test(a_partition_is_found_by_its_name),
		cmocka_unit_test(a_damaged_table_is_read_from_its_copy),
		cmocka_unit_test(a_vault_opens_with_its_key_only),
		cmocka_unit_test(what_is_left_of_a_vault_is_told),
		cmocka_unit_test(a_destroyed_vault_is_gone),
		cmocka_unit_test(a_tpm_opens_it_and_another_does_not),
		cmocka_unit_test(pulled_plugs_do_not_lock_the_tpm),
		cmocka_unit_test(a_damaged_file_system_is_mended_or_told),
		cmocka_unit_test(files_are_rescued_within_bounds),
		cmocka_unit_test(what_was_saved_waits_until_it_is_taken),
		cmocka_unit_test(the_copy_at_the_end_is_marked),
		cmocka_unit_test(room_is_made_when_there_is_none),
		cmocka_unit_test(the_key_is_kept_on_the_esp),
		cmocka_unit_test(nothing_is_made_anew_before_its_time),
		cmocka_unit_test(the_workers_last_line_is_read),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, setup, teardown);
}

/* Writing an image: right to the byte, signed and whole or not at all, and never to a disk that something uses. */
#include "base/file.h"
#include "flash/manifest.h"
#include "flash/target.h"
#include "flash/write.h"
#include "signer.h"

#include <fcntl.h>
#include <ftw.h>
#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <setjmp.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <zstd.h>

#include <cmocka.h>

#define MIB ((size_t)1024 * 1024)
#define IMAGE (5 * MIB + 4096 * 3) /* not a whole number of MiB */
#define BLOCKS (IMAGE / 4096)

struct bed {
	char folder[64], disk[80];
	uint8_t *image;
	char json[4096];
	struct flash_manifest manifest;
	uint8_t *packed;
	size_t packed_len, at, fail_at;
	int flip_fd;
	int64_t written, read_back; /* told last */
};

/* Which blocks hold anything: some in the first MiB, a whole MiB, and the last one. */
static const struct flash_manifest_run runs[] = {
	{ .first = 0, .count = 1 },   { .first = 33, .count = 5 },	   { .first = 256, .count = 256 },
	{ .first = 700, .count = 3 }, { .first = BLOCKS - 1, .count = 1 },
};
#define RUNS (sizeof(runs) / sizeof(runs[0]))

static void hex_of(const uint8_t *data, size_t len, char out[65])
{
	uint8_t hash[32];

	crypto_hash_sha256(hash, data, len);
	sodium_bin2hex(out, 65, hash, sizeof(hash));
}

static void describe(struct bed *b)
{
	char hex[65];
	size_t at;

	hex_of(b->image, IMAGE, hex);
	at = (size_t)snprintf(b->json, sizeof(b->json),
			      "{\"format\":1,\"version\":\"0.2.0\",\"keys\":\"clinic\",\"size\":%zu,\"sha256\":\"%s\","
			      "\"block\":4096,\"blocks\":[",
			      IMAGE, hex);
	for (size_t i = 0; i < RUNS; i++) {
		hex_of(b->image + runs[i].first * 4096UL, runs[i].count * 4096UL, hex);
		at += (size_t)snprintf(b->json + at, sizeof(b->json) - at, "%s[%u,%u,\"%s\"]", i == 0 ? "" : ",",
				       runs[i].first, runs[i].count, hex);
	}
	snprintf(b->json + at, sizeof(b->json) - at, "]}");
}

static int start(void **state)
{
	struct bed *b = calloc(1, sizeof(*b));
	const char *why;
	int fd;

	assert_true(sodium_init() >= 0);
	snprintf(b->folder, sizeof(b->folder), "/tmp/lobby-flash-XXXXXX");
	assert_non_null(mkdtemp(b->folder));
	snprintf(b->disk, sizeof(b->disk), "%s/disk", b->folder);
	fd = open(b->disk, O_CREAT | O_RDWR, 0600);
	assert_true(fd >= 0 && ftruncate(fd, (off_t)(IMAGE + MIB)) == 0);
	assert_int_equal(pwrite(fd, "old partition table", 19, 512), 19);
	close(fd);
	b->image = calloc(1, IMAGE);
	for (size_t i = 0; i < RUNS; i++)
		randombytes_buf_deterministic(b->image + runs[i].first * 4096UL, runs[i].count * 4096UL,
					      (const unsigned char *)"0123456789abcdef0123456789abcdef");
	describe(b);
	assert_int_equal(flash_manifest_read(b->json, strlen(b->json), &b->manifest, &why), 0);
	b->packed = malloc(ZSTD_compressBound(IMAGE));
	b->packed_len = ZSTD_compress(b->packed, ZSTD_compressBound(IMAGE), b->image, IMAGE, 3);
	assert_false(ZSTD_isError(b->packed_len));
	b->fail_at = SIZE_MAX;
	b->flip_fd = -1;
	*state = b;
	return 0;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
	(void)info, (void)kind, (void)where;
	return remove(path);
}

static int end(void **state)
{
	struct bed *b = *state;

	flash_manifest_free(&b->manifest);
	free(b->image);
	free(b->packed);
	nftw(b->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(b);
	return 0;
}

static int source(void *arg, void *data, size_t max, size_t *got)
{
	struct bed *b = arg;
	size_t left = b->packed_len - b->at, n = max < 1000 ? max : 1000;

	if (b->at >= b->fail_at)
		return LOBBY_ERR_IO;
	n = n < left ? n : left;
	memcpy(data, b->packed + b->at, n);
	b->at += n;
	*got = n;
	return 0;
}

/* A disk that forgets: what was written is changed before it is read back. */
static void flip(void *arg, bool reading, int64_t done, int64_t all)
{
	struct bed *b = arg;
	uint8_t byte;

	*(reading ? &b->read_back : &b->written) = done;
	assert_true(done <= all);
	if (b->flip_fd < 0 || reading || done < all)
		return;
	assert_int_equal(pread(b->flip_fd, &byte, 1, 256 * 4096 + 77), 1);
	byte ^= 1;
	assert_int_equal(pwrite(b->flip_fd, &byte, 1, 256 * 4096 + 77), 1);
}

static int write_disk(struct bed *b, const char **why)
{
	struct flash_zstd zstd;
	int fd = open(b->disk, O_RDWR), err;

	assert_true(fd >= 0);
	b->at = 0;
	assert_int_equal(flash_zstd_init(&zstd, source, b), 0);
	err = flash_write(&b->manifest, flash_zstd_source, &zstd, fd, flip, b, why);
	flash_zstd_fini(&zstd);
	close(fd);
	return err;
}

static uint8_t *disk_bytes(const struct bed *b)
{
	char *data;
	size_t len;

	assert_int_equal(file_read(b->disk, IMAGE + MIB, &data, &len), 0);
	assert_int_equal(len, IMAGE + MIB);
	return (uint8_t *)data;
}

/* Nothing in its first MiB: no firmware starts it, and no system mounts anything of it. */
static void assert_starts_nothing(const struct bed *b)
{
	uint8_t *disk = disk_bytes(b);

	assert_true(sodium_is_zero(disk, MIB));
	free(disk);
}

static void what_is_written_is_the_image(void **state)
{
	struct bed *b = *state;
	const char *why = "";
	uint8_t *disk;

	assert_int_equal(write_disk(b, &why), 0);
	disk = disk_bytes(b);
	for (size_t i = 0; i < RUNS; i++)
		assert_memory_equal(disk + runs[i].first * 4096UL, b->image + runs[i].first * 4096UL,
				    runs[i].count * 4096UL);
	assert_memory_equal(disk, b->image, MIB);
	free(disk);
	/* Who watches sees both steps come to their end. */
	assert_int_equal(b->written, b->manifest.used);
	assert_int_equal(b->read_back, b->manifest.used);
}

static void a_damaged_image_leaves_nothing_that_starts(void **state)
{
	struct bed *b = *state;
	const char *why = "";

	/* A byte of what was packed, at several places; most are noticed by zstd, all by the hashes. */
	for (size_t at = 20; at < b->packed_len; at += b->packed_len / 7) {
		b->packed[at] ^= 0x10;
		assert_int_equal(write_disk(b, &why), LOBBY_ERR_CORRUPT);
		assert_non_null(strstr(why, "damaged"));
		assert_starts_nothing(b);
		b->packed[at] ^= 0x10;
	}
	/* Cut off; and with something behind it. */
	b->packed_len -= 100;
	assert_int_equal(write_disk(b, &why), LOBBY_ERR_CORRUPT);
	assert_starts_nothing(b);
	b->packed_len += 100;
	assert_int_equal(write_disk(b, &why), 0);
}

static void a_cut_in_the_middle_leaves_nothing_that_starts(void **state)
{
	struct bed *b = *state;
	const char *why = "";

	for (b->fail_at = 0; b->fail_at < b->packed_len; b->fail_at += b->packed_len / 9) {
		assert_int_equal(write_disk(b, &why), LOBBY_ERR_IO);
		assert_starts_nothing(b);
	}
}

/* What breaks in the middle, or is pulled out: here a file that may not grow so far. */
static void a_disk_that_breaks_is_left_starting_nothing(void **state)
{
	struct bed *b = *state;
	struct rlimit usual, small;
	const char *why = "";

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &usual), 0);
	signal(SIGXFSZ, SIG_IGN);
	small = usual;
	small.rlim_cur = IMAGE / 2;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(write_disk(b, &why), LOBBY_ERR_IO);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &usual), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_non_null(strstr(why, "could not be written"));
	assert_starts_nothing(b);
	assert_int_equal(write_disk(b, &why), 0); /* and once more, with a good one */
}

static void a_disk_that_forgets_is_found_out(void **state)
{
	struct bed *b = *state;
	const char *why = "";

	b->flip_fd = open(b->disk, O_RDWR);
	assert_true(b->flip_fd >= 0);
	assert_int_equal(write_disk(b, &why), LOBBY_ERR_CORRUPT);
	assert_non_null(strstr(why, "did not keep"));
	close(b->flip_fd);
	assert_starts_nothing(b);
}

static void descriptions_that_make_no_sense_are_refused(void **state)
{
	static const struct {
		const char *from, *to;
	} changes[] = {
		{ "\"format\":1", "\"format\":2" },
		{ "\"block\":4096", "\"block\":512" },
		{ "\"size\":", "\"size\":-" },
		{ "\"size\":", "\"size\":9" },
		{ "\"version\":\"0.2.0\"", "\"v\":1" },
		{
			"[33,5,",
			"[33,500,",
		},
		{ "[33,5,", "[0,5," },
		{ "[33,5,", "[-1,5," },
		{ "[33,5,", "[33,0," },
		{ "[33,5,\"", "[33,5,\"zz" },
		{ "\"keys\":\"clinic\"", "\"keys\":7" },
		{ "[33,5,", "[4294967295,5," },
	};
	struct bed *b = *state;
	struct flash_manifest m;
	const char *why;

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		char text[8192];
		const char *at = strstr(b->json, changes[i].from);

		assert_non_null(at);
		snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - b->json), b->json, changes[i].to,
			 at + strlen(changes[i].from));
		why = "";
		assert_int_equal(flash_manifest_read(text, strlen(text), &m, &why), LOBBY_ERR_INVALID);
		assert_true(*why != '\0');
	}
	for (size_t len = 0; len < strlen(b->json); len += 7)
		assert_int_equal(flash_manifest_read(b->json, len, &m, &why), LOBBY_ERR_INVALID);
}

/* ---- signatures ---- */

struct signer {
	gnutls_privkey_t key;
	char pem[2048];
	size_t pem_len;
};

static void signer_new(struct signer *s)
{
	gnutls_x509_crt_t crt;

	signer_make("CN=release", &s->key, &crt);
	s->pem_len = sizeof(s->pem);
	assert_int_equal(gnutls_x509_crt_export(crt, GNUTLS_X509_FMT_PEM, s->pem, &s->pem_len), 0);
	gnutls_x509_crt_deinit(crt);
}

static void only_the_release_key_counts(void **state)
{
	struct bed *b = *state;
	gnutls_datum_t data = { (unsigned char *)b->json, (unsigned)strlen(b->json) }, signature;
	struct signer ours, foreign;
	char name[20], other[20];

	signer_new(&ours);
	signer_new(&foreign);
	assert_int_equal(gnutls_privkey_sign_data2(ours.key, GNUTLS_SIGN_ECDSA_SHA256, 0, &data, &signature), 0);
	assert_int_equal(
		flash_manifest_check(data.data, data.size, signature.data, signature.size, ours.pem, ours.pem_len), 0);
	assert_int_equal(flash_manifest_check(data.data, data.size, signature.data, signature.size, foreign.pem,
					      foreign.pem_len),
			 LOBBY_ERR_UNTRUSTED);
	assert_int_equal(flash_manifest_key_name(ours.pem, ours.pem_len, name), 0);
	assert_int_equal(flash_manifest_key_name(foreign.pem, foreign.pem_len, other), 0);
	assert_string_not_equal(name, other);
	assert_int_equal(strlen(name), 19);
	for (size_t i = 0; i < data.size; i += 97) {
		data.data[i] ^= 1;
		assert_int_equal(flash_manifest_check(data.data, data.size, signature.data, signature.size, ours.pem,
						      ours.pem_len),
				 LOBBY_ERR_UNTRUSTED);
		data.data[i] ^= 1;
	}
	assert_int_equal(flash_manifest_check(data.data, data.size, "", 0, ours.pem, ours.pem_len),
			 LOBBY_ERR_UNTRUSTED);
	assert_int_equal(flash_manifest_check(data.data, data.size, signature.data, signature.size, "rubbish", 7),
			 LOBBY_ERR_INVALID);
	gnutls_free(signature.data);
	gnutls_privkey_deinit(ours.key);
	gnutls_privkey_deinit(foreign.key);
}

/* An image that is built twice is the same, its signature with it (RFC 6979). */
static void what_is_signed_twice_is_the_same(void **state)
{
	struct bed *b = *state;
	uint8_t first[MANIFEST_MAX_SIGNATURE], second[MANIFEST_MAX_SIGNATURE];
	size_t first_len, second_len, key_len;
	gnutls_x509_privkey_t raw;
	gnutls_datum_t pem;
	struct signer s;

	signer_new(&s);
	assert_int_equal(gnutls_privkey_export_x509(s.key, &raw), 0);
	assert_int_equal(gnutls_x509_privkey_export2(raw, GNUTLS_X509_FMT_PEM, &pem), 0);
	key_len = pem.size;
	for (int i = 0; i < 4; i++) {
		assert_int_equal(
			flash_manifest_sign(b->json, strlen(b->json), (char *)pem.data, key_len, first, &first_len), 0);
		assert_int_equal(
			flash_manifest_sign(b->json, strlen(b->json), (char *)pem.data, key_len, second, &second_len),
			0);
		assert_int_equal(first_len, second_len);
		assert_memory_equal(first, second, first_len);
		assert_int_equal(flash_manifest_check(b->json, strlen(b->json), first, first_len, s.pem, s.pem_len), 0);
		b->json[i]++; /* another image, another signature */
	}
	assert_int_equal(flash_manifest_sign(b->json, strlen(b->json), s.pem, s.pem_len, first, &first_len),
			 LOBBY_ERR_INVALID); /* a certificate is no key */
	gnutls_free(pem.data);
	gnutls_x509_privkey_deinit(raw);
	gnutls_privkey_deinit(s.key);
}

/* ---- disks, as the kernel tells of them ---- */

static void put(const struct bed *b, const char *path, const char *text)
{
	char full[256], *slash;

	snprintf(full, sizeof(full), "%s/%s", b->folder, path);
	slash = strrchr(full, '/');
	*slash = '\0';
	assert_int_equal(file_make_folder(full, 0755), 0);
	*slash = '/';
	if (text != NULL)
		assert_int_equal(file_replace(full, text, strlen(text), 0644), 0);
}

static void disks_in_use_are_left_alone(void **state)
{
	struct bed *b = *state;
	char sys[80], proc[80], node[80], part[80];
	struct target_roots roots = { sys, proc };
	struct target target;
	const char *why = "";

	snprintf(sys, sizeof(sys), "%s/sys", b->folder);
	snprintf(proc, sizeof(proc), "%s/proc", b->folder);
	snprintf(node, sizeof(node), "%s/sdq", b->folder);
	snprintf(part, sizeof(part), "%s/sdq1", b->folder);
	if (mknod(node, S_IFBLK | 0600, makedev(250, 0)) != 0 || mknod(part, S_IFBLK | 0600, makedev(250, 1)) != 0)
		skip(); /* a container may not make device nodes */
	put(b, "sys/dev/block/250:0/dev", "250:0\n");
	put(b, "sys/dev/block/250:0/size", "2000000\n");
	put(b, "sys/dev/block/250:0/ro", "0\n");
	put(b, "sys/dev/block/250:0/removable", "1\n");
	put(b, "sys/dev/block/250:0/device/model", "Stick of Sticks \n");
	put(b, "sys/dev/block/250:0/sdq1/partition", "1\n");
	put(b, "sys/dev/block/250:0/sdq1/dev", "250:1\n");
	put(b, "sys/dev/block/250:1/partition", "1\n");
	put(b, "proc/self/mountinfo", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
	put(b, "proc/swaps", "Filename Type Size Used Priority\n");
	assert_int_equal(target_look(node, 1000, &roots, &target, &why), 0);
	assert_int_equal(target.size, 1024000000);
	assert_string_equal(target.model, "Stick of Sticks");
	assert_true(target.disk && target.removable);
	assert_int_equal(target_look(node, 1024000001, &roots, &target, &why), LOBBY_ERR_DISK_FULL);
	assert_int_equal(target_look(part, 1000, &roots, &target, &why), LOBBY_ERR_INVALID);
	assert_non_null(strstr(why, "whole disk"));
	put(b, "proc/self/mountinfo",
	    "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 22 250:1 / /mnt rw - vfat /dev/sdq1 rw\n");
	assert_int_equal(target_look(node, 1000, &roots, &target, &why), LOBBY_ERR_BUSY);
	assert_non_null(strstr(why, "mounted"));
	put(b, "proc/self/mountinfo", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
	put(b, "sys/dev/block/250:0/sdq1/holders/dm-0/x", "");
	assert_int_equal(target_look(node, 1000, &roots, &target, &why), LOBBY_ERR_BUSY);
	put(b, "proc/swaps", "Filename Type Size Used Priority\n/dev/sdq partition 100 0 -2\n");
	assert_int_equal(target_look(node, 1000, &roots, &target, &why), LOBBY_ERR_BUSY);
	put(b, "sys/dev/block/250:0/ro", "1\n");
	assert_int_equal(target_look(node, 1000, &roots, &target, &why), LOBBY_ERR_FORBIDDEN);
	assert_int_equal(target_look("/nowhere/at/all", 1000, &roots, &target, &why), LOBBY_ERR_NOT_FOUND);
	assert_int_equal(target_look(b->folder, 1000, &roots, &target, &why), LOBBY_ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_written_is_the_image, start, end),
		cmocka_unit_test_setup_teardown(a_damaged_image_leaves_nothing_that_starts, start, end),
		cmocka_unit_test_setup_teardown(a_cut_in_the_middle_leaves_nothing_that_starts, start, end),
		cmocka_unit_test_setup_teardown(a_disk_that_breaks_is_left_starting_nothing, start, end),
		cmocka_unit_test_setup_teardown(a_disk_that_forgets_is_found_out, start, end),
		cmocka_unit_test_setup_teardown(descriptions_that_make_no_sense_are_refused, start, end),
		cmocka_unit_test_setup_teardown(only_the_release_key_counts, start, end),
		cmocka_unit_test_setup_teardown(what_is_signed_twice_is_the_same, start, end),
		cmocka_unit_test_setup_teardown(disks_in_use_are_left_alone, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

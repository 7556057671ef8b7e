/* The installer's stick: lobby-system with an image to install and a machine's disks, as files in place of the disks.
 * What is offered, what is refused with which words, and that what is written is the image. */
#include "signer.h"
#include "system_box.h"

#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <sodium.h>
#include <zstd.h>

#define MIB ((size_t)1024 * 1024)
#define IMAGE (3 * MIB)
#define ROOM (256 * MIB + IMAGE) /* the least that a disk must have */

static char install_folder[80], dev_folder[80];
static uint8_t image[IMAGE];

/* ---- an image, signed ---- */

static void put_bytes(const char *name, const void *data, size_t len)
{
	char path[300];

	put(name, "");
	snprintf(path, sizeof(path), "%s/%s", box.folder, name);
	assert_int_equal(file_replace(path, data, len, 0600), 0);
}

static void hex_of(const uint8_t *data, size_t len, char out[65])
{
	uint8_t hash[32];

	crypto_hash_sha256(hash, data, len);
	sodium_bin2hex(out, 65, hash, sizeof(hash));
}

/* An ECDSA key with its certificate; signs what is put as description. */
static void sign(const char *json, const char *pem_name)
{
	gnutls_datum_t data = { (unsigned char *)(uintptr_t)json, (unsigned)strlen(json) }, signature;
	gnutls_privkey_t key;
	gnutls_x509_crt_t crt;
	char pem[2048];
	size_t len = sizeof(pem);

	signer_make("CN=release", &key, &crt);
	assert_int_equal(gnutls_x509_crt_export(crt, GNUTLS_X509_FMT_PEM, pem, &len), 0);
	assert_int_equal(gnutls_privkey_sign_data2(key, GNUTLS_SIGN_ECDSA_SHA256, 0, &data, &signature), 0);
	put_bytes("install/lobby-0.2.0.img.json.sig", signature.data, signature.size);
	put_bytes(pem_name, pem, len);
	gnutls_free(signature.data);
	gnutls_privkey_deinit(key);
	gnutls_x509_crt_deinit(crt);
}

static void put_image(const char *pem_name)
{
	static uint8_t packed[IMAGE + MIB];
	char json[1000], whole[65], first[65], last[65];
	size_t len;

	memset(image, 0, sizeof(image));
	memset(image + 512, 'p', 3000);
	randombytes_buf_deterministic(image + 2 * MIB, MIB, (const unsigned char *)"0123456789abcdef0123456789abcdef");
	hex_of(image, IMAGE, whole);
	hex_of(image, 4096, first);
	hex_of(image + 2 * MIB, MIB, last);
	snprintf(
		json, sizeof(json),
		"{\"format\":1,\"version\":\"0.2.0\",\"keys\":\"clinic\",\"size\":%zu,\"sha256\":\"%s\",\"block\":4096,"
		"\"blocks\":[[0,1,\"%s\"],[512,256,\"%s\"]]}",
		IMAGE, whole, first, last);
	put("install/lobby-0.2.0.img.json", json);
	sign(json, pem_name);
	len = ZSTD_compress(packed, sizeof(packed), image, IMAGE, 3);
	assert_false(ZSTD_isError(len));
	put_bytes("install/lobby-0.2.0.img.zst", packed, len);
}

/* ---- a machine's disks ---- */

/* As sysfs has it: block/NAME is a link to where the disk hangs. */
static void put_disk(const char *name, const char *bus, size_t size)
{
	char path[160], text[160], full[300];
	FILE *file;

	snprintf(path, sizeof(path), "sys/devices/%s/block/%s/device/model", bus, name);
	snprintf(text, sizeof(text), "Example %s  \n", name);
	put(path, text);
	snprintf(path, sizeof(path), "sys/devices/%s/block/%s/size", bus, name);
	snprintf(text, sizeof(text), "%zu\n", size / 512);
	put(path, text);
	snprintf(path, sizeof(path), "sys/devices/%s/block/%s/serial", bus, name);
	put(path, "S-0001\n");
	put("sys/block/none", "");
	snprintf(full, sizeof(full), "%s/sys/block/%s", box.folder, name);
	snprintf(text, sizeof(text), "../devices/%s/block/%s", bus, name);
	assert_int_equal(symlink(text, full), 0);
	snprintf(path, sizeof(path), "dev/%s", name);
	put(path, "");
	snprintf(full, sizeof(full), "%s/dev/%s", box.folder, name);
	file = fopen(full, "r+");
	assert_non_null(file);
	assert_int_equal(ftruncate(fileno(file), (off_t)size), 0);
	assert_int_equal(pwrite(fileno(file), "old partition table", 19, 512), 19);
	fclose(file);
}

/* begin(), with the folders that only an installer has. */
static void begin_installer(void)
{
	struct system_options options = { .esp = box.esp,
					  .state = box.state,
					  .release = box.release,
					  .boot = box.boot,
					  .rauc = box.rauc,
					  .sys = box.sys_folder,
					  .proc = box.proc,
					  .power = box.power,
					  .install = install_folder,
					  .dev = dev_folder };

	box.loop = loop_new();
	assert_non_null(box.loop);
	assert_int_equal(system_init(&box.sys, box.loop, &options, box.socket), 0);
	wire_client_start(&box.ctl, box.loop, box.socket, lobby_Program_PROGRAM_CTL, on_message, NULL, &box);
	UNTIL(box.told.version[0] != '\0');
}

static int setup_installer(void **unused)
{
	(void)unused;
	assert_true(sodium_init() >= 0);
	memset(&box, 0, sizeof(box));
	box.kiosk.fd = box.sync.fd = box.ctl.fd = -1;
	clock_use_virtual(1790000000000LL);
	make_box();
	snprintf(install_folder, sizeof(install_folder), "%s/install", box.folder);
	snprintf(dev_folder, sizeof(dev_folder), "%s/dev", box.folder);
	put("boot", "SLOT=a\nDISK=/dev/sda\nESP=/dev/sda1\nINSTALL=1\n");
	put("proc/self/mountinfo", "22 1 254:0 / / rw - squashfs /dev/dm-0 ro\n");
	put_image("install/release.crt");
	put_disk("sda", "pci0000:00/usb1/1-1", ROOM); /* the stick itself */
	put_disk("sdb", "pci0000:00/usb1/1-2", ROOM);
	put_disk("vda", "pci0000:00/virtio1", ROOM);
	put_disk("vdb", "pci0000:00/virtio2", ROOM - MIB);
	put_disk("sr0", "pci0000:00/ata1", ROOM);
	begin_installer();
	return 0;
}

static const lobby_InstallDisk *disk(const char *name)
{
	for (pb_size_t i = 0; i < box.told.install.disk_count; i++)
		if (strcmp(box.told.install.disk[i].name, name) == 0)
			return &box.told.install.disk[i];
	return NULL;
}

static void install_on(const char *name)
{
	lobby_SystemCommand c = { .what = lobby_SystemDo_SYSTEM_INSTALL_DISK };

	snprintf(c.path, sizeof(c.path), "%s", name);
	command(&box.ctl, c);
}

static char *disk_bytes(const char *name)
{
	char path[300], *data = malloc(IMAGE);
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dev_folder, name);
	file = fopen(path, "r");
	assert_true(file != NULL && data != NULL && fread(data, 1, IMAGE, file) == IMAGE);
	fclose(file);
	return data;
}

/* ---- tests ---- */

static void only_the_machines_own_disks_are_offered(void **state)
{
	(void)state;
	assert_int_equal(box.told.install.stage, lobby_InstallStage_INSTALL_CHOOSE);
	assert_string_equal(box.told.install.version, "0.2.0");
	assert_string_equal(box.told.slot, "");
	assert_int_equal(box.told.install.disk_count, 3);
	assert_string_equal(box.told.install.disk[0].name, "vda");
	assert_string_equal(disk("vda")->model, "Example vda");
	assert_string_equal(disk("vda")->serial, "S-0001");
	assert_int_equal(disk("vda")->size_mb, ROOM / 1000000);
	assert_string_equal(disk("vda")->why_not, "");
	assert_non_null(strstr(disk("vdb")->why_not, "too small"));
	assert_non_null(strstr(disk("sdb")->why_not, "USB"));
	assert_null(disk("sda"));
	assert_null(disk("sr0"));
	put_disk("vdc", "pci0000:00/virtio3", ROOM); /* a slow one */
	UNTIL(disk("vdc") != NULL);
}

static void what_cannot_be_written_is_refused_in_words(void **state)
{
	static const char *const bad[] = { "vdb", "sdb", "sda", "sr0", "vdz", "../dev/vda", "." };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		install_on(bad[i]);
		assert_int_equal(box.answer.err, LOBBY_ERR_INVALID);
		assert_true(box.answer.text[0] != '\0');
		assert_int_equal(box.told.install.stage, lobby_InstallStage_INSTALL_CHOOSE);
	}
	connect_as(&box.sync, lobby_Program_PROGRAM_SYNC); /* who listens to the network writes no disk */
	command(&box.sync, (lobby_SystemCommand){ .what = lobby_SystemDo_SYSTEM_INSTALL_DISK, .path = "vda" });
	assert_int_equal(box.answer.err, LOBBY_ERR_FORBIDDEN);
}

static void what_is_written_is_the_image(void **state)
{
	char *data, text[300];
	size_t len;

	(void)state;
	snprintf(text, sizeof(text),
		 "#!/bin/sh\necho \"$@\" >> %s/powered\nwhile [ -e %s/hold ]; do sleep 0.01; done\n", box.folder,
		 box.folder);
	put("power", text);
	put("hold", "");
	install_on("vda");
	assert_int_equal(box.answer.err, 0);
	UNTIL(box.told.install.stage == lobby_InstallStage_INSTALL_WRITING);
	install_on("vda"); /* not twice at a time */
	assert_int_equal(box.answer.err, LOBBY_ERR_BUSY);
	take_away("hold");
	UNTIL(box.told.install.stage == lobby_InstallStage_INSTALL_DONE);
	assert_string_equal(box.told.install.chosen, "vda");
	data = disk_bytes("vda");
	assert_memory_equal(data, image, 4096);
	assert_memory_equal(data + 2 * MIB, image + 2 * MIB, MIB);
	free(data);
	snprintf(text, sizeof(text), "%s/powered", box.folder);
	assert_int_equal(file_read(text, 1000, &data, &len), 0);
	assert_non_null(strstr(data, "set-property --runtime lobby-system.service MemoryMax="));
	free(data);
	command(&box.ctl, (lobby_SystemCommand){ .what = lobby_SystemDo_SYSTEM_RESTART_NOW });
	assert_int_equal(box.answer.err, 0);
	UNTIL(box.told.restarting);
}

static void an_image_that_was_changed_leaves_nothing_that_starts(void **state)
{
	char *data;

	(void)state;
	put("install/lobby-0.2.0.img.zst", "no image at all");
	install_on("vda");
	assert_int_equal(box.answer.err, 0);
	UNTIL(box.told.install.stage == lobby_InstallStage_INSTALL_FAILED);
	assert_non_null(strstr(box.told.install.text, "damaged"));
	data = disk_bytes("vda");
	assert_true(sodium_is_zero((const unsigned char *)data, MIB));
	free(data);
	put_image("install/release.crt"); /* and once more, with a good one */
	install_on("");
	assert_int_equal(box.answer.err, 0);
	UNTIL(box.told.install.stage == lobby_InstallStage_INSTALL_CHOOSE);
	install_on("vda");
	UNTIL(box.told.install.stage == lobby_InstallStage_INSTALL_DONE);
}

static void a_foreign_image_is_not_installed(void **state)
{
	char *data;

	(void)state;
	put_image("install/other.crt"); /* signed with another key than release.crt's */
	install_on("");
	UNTIL(box.told.install.stage == lobby_InstallStage_INSTALL_FAILED);
	assert_non_null(strstr(box.told.install.text, "not signed"));
	assert_int_equal(box.told.install.disk_count, 0);
	install_on("vda");
	assert_int_equal(box.answer.err, LOBBY_ERR_INVALID);
	data = disk_bytes("vda");
	assert_memory_equal(data + 512, "old partition table", 19);
	free(data);
}

/* On a kiosk there is no such thing. */
static void a_kiosk_installs_nothing(void **state)
{
	(void)state;
	end();
	put("boot", "SLOT=a\nDISK=/dev/vda\nESP=/dev/vda1\n");
	memset(&box.told, 0, sizeof(box.told));
	begin_installer();
	assert_false(box.told.has_install);
	install_on("vdb");
	assert_int_equal(box.answer.err, LOBBY_ERR_INVALID);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_installer, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_the_machines_own_disks_are_offered),
		TEST(what_cannot_be_written_is_refused_in_words),
		TEST(what_is_written_is_the_image),
		TEST(an_image_that_was_changed_leaves_nothing_that_starts),
		TEST(a_foreign_image_is_not_installed),
		TEST(a_kiosk_installs_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

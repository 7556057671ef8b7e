/* What a technician sets, and what a stick says: every nonsense has a sentence that names its field, and nothing of it
 * gets into a file that somebody else reads. */
#include "system/efipanel.h"
#include "system/manifest.h"
#include "system/netcheck.h"
#include "system/network.h"
#include "system/plug.h"
#include "system/provfile.h"
#include "system/timeserver.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/seal.h"
#include "base/text.h"

#include <fcntl.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static char why[161];

static int parse(const char *json, struct provfile *file)
{
	why[0] = '\0';
	return provfile_parse(json, strlen(json), file, why, sizeof(why));
}

static void a_whole_file_is_read(void **state)
{
	struct provfile file;
	char name[65];

	(void)state;
	assert_int_equal(
		parse("{\"clinic\":\"https://clinic.example.org:8443\",\"code\":\"7QXK-M2PD-9TRA\",\"name\":\"Lobby "
		      "{n}\","
		      "\"language\":\"es\",\"time_zone\":\"America/New_York\",\"panel\":{\"rotation\":90,\"connector\":"
		      "\"HDMI-A-1\",\"mode\":\"1920x1080\"},\"network\":{\"address\":\"192.0.2.7/24\",\"gateway\":"
		      "\"192.0.2.1\",\"dns\":\"192.0.2.53, 2001:db8::53\"},\"set_up\":true}",
		      &file),
		0);
	assert_string_equal(file.enrol.url, "https://clinic.example.org:8443");
	assert_string_equal(file.enrol.code, "7QXK-M2PD-9TRA");
	assert_string_equal(file.language, "es");
	assert_string_equal(file.time_zone, "America/New_York");
	assert_true(file.has_panel && file.has_network && file.set_up);
	assert_int_equal(file.panel.rotation, 90);
	assert_string_equal(file.network.gateway, "192.0.2.1");
	provfile_name(file.enrol.name, "0417", name, sizeof(name));
	assert_string_equal(name, "Lobby 0417");
	provfile_name("No digits", "0417", name, sizeof(name));
	assert_string_equal(name, "No digits");
	assert_int_equal(parse("{}", &file), 0);
	assert_false(file.has_panel || file.has_network || file.set_up);
}

static void nonsense_is_named(void **state)
{
	static const struct {
		const char *json, *why;
	} bad[] = {
		{ "", "no JSON object" },
		{ "[]", "no JSON object" },
		{ "{\"clinic\":", "no JSON object" },
		{ "{\"set_up\":true,\"set_up\":false}", "no JSON object" },
		{ "{\"clinc\":\"https://a.example.org\"}", "clinc: there is no such field" },
		{ "{\"clinic\":\"http://a.example.org\",\"code\":\"A\"}", "clinic: an address like https://" },
		{ "{\"clinic\":\"https://a.example.org\"}", "code: it is missing" },
		{ "{\"code\":\"A\"}", "clinic: it is missing" },
		{ "{\"clinic\":\"https://a b\",\"code\":\"A\"}", "clinic: " },
		{ "{\"clinic\":17}", "clinic: " },
		{ "{\"code\":\"7QXK M2PD\"}", "code: " },
		{ "{\"name\":\"a\\u0007\"}", "name: text is expected" },
		{ "{\"name\":\"a\\nb\"}", "name: text is expected" },
		{ "{\"language\":\"es;\"}", "language: " },
		{ "{\"time_zone\":\"../../etc/shadow\"}", "time_zone: " },
		{ "{\"time_zone\":\"/etc\"}", "time_zone: " },
		{ "{\"set_up\":\"yes\"}", "set_up: true or false" },
		{ "{\"panel\":90}", "panel: an object" },
		{ "{\"panel\":{\"rotation\":45}}", "panel.rotation: 45" },
		{ "{\"panel\":{\"rotation\":\"90\"}}", "panel.rotation: one of" },
		{ "{\"panel\":{\"rotation\":-90}}", "panel.rotation: one of" },
		{ "{\"panel\":{\"mode\":\"huge\"}}", "panel.mode: a size" },
		{ "{\"panel\":{\"connector\":\"HDMI A 1\"}}", "panel.connector: " },
		{ "{\"panel\":{\"turn\":1}}", "panel.turn: there is no such field" },
		{ "{\"network\":[]}", "network: an object" },
		{ "{\"network\":{\"address\":\"192.0.2.7\"}}", "network.address: " },
		{ "{\"network\":{\"address\":\"192.0.2.300/24\"}}", "network.address: " },
		{ "{\"network\":{\"address\":\"192.0.2.7/33\"}}", "network.address: " },
		{ "{\"network\":{\"address\":\"192.0.2.7/-1\"}}", "network.address: " },
		{ "{\"network\":{\"address\":\"192.0.2.7/24x\"}}", "network.address: " },
		{ "{\"network\":{\"gateway\":\"192.0.2.1\"}}", "network.gateway: without an address" },
		{ "{\"network\":{\"address\":\"192.0.2.7/24\",\"gateway\":\"192.0.3.1\"}}", "192.0.3.1 is not in" },
		{ "{\"network\":{\"address\":\"192.0.2.7/24\",\"gateway\":\"fe80::1\"}}", "network.gateway: " },
		{ "{\"network\":{\"dns\":\"one.one.one.one\"}}", "network.dns: " },
		{ "{\"network\":{\"dns\":\"192.0.2.1,192.0.2.2,192.0.2.3\"}}", "network.dns: " },
		{ "{\"network\":{\"passphrase\":\"longenough\"}}", "network.passphrase: there is no ssid" },
		{ "{\"network\":{\"ssid\":\"a\",\"passphrase\":\"short\"}}", "network.passphrase: 8 to 63" },
		{ "{\"network\":{\"ssid\":\"a\",\"passphrase\":\"caf\\u00e9caf\\u00e9\"}}",
		  "network.passphrase: only plain" },
		{ "{\"network\":{\"name\":\"../x\"}}", "network.name: " },
		{ "{\"network\":{\"ssid\":\"a\\nb\"}}", "network.ssid: " },
	};
	struct provfile file;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(parse(bad[i].json, &file), LOBBY_ERR_INVALID);
		if (strstr(why, bad[i].why) == NULL)
			fail_msg("%s: \"%s\" has no \"%s\"", bad[i].json, why, bad[i].why);
	}
}

static void the_networks_files_are_as_they_should_be(void **state)
{
	lobby_Network n = {
		.name = "enp1s0", .address = "192.0.2.7/24", .gateway = "192.0.2.1", .dns = "192.0.2.53,192.0.2.54"
	};
	char text[2048];

	(void)state;
	assert_int_equal(network_print(&n, text, sizeof(text)), 0);
	assert_non_null(strstr(text, "[Match]\nName=enp1s0\n"));
	assert_non_null(
		strstr(text, "DHCP=no\nAddress=192.0.2.7/24\nGateway=192.0.2.1\nDNS=192.0.2.53\nDNS=192.0.2.54\n"));
	n = (lobby_Network){ .ssid = "Caf\xc3\xa9", .passphrase = "a \"quoted\" secret" };
	assert_int_equal(network_check(&n, why, sizeof(why)), 0);
	assert_int_equal(network_print(&n, text, sizeof(text)), 0);
	assert_non_null(strstr(text, "Type=wlan\n"));
	assert_non_null(strstr(text, "DHCP=yes\n"));
	assert_null(strstr(text, "secret"));
	assert_int_equal(network_print_wireless(&n, "wlp2s0", text, sizeof(text)), 0);
	assert_non_null(strstr(text, "\tssid=436166c3a9\n"));
	assert_non_null(strstr(text, "\tpsk=\"a \"quoted\" secret\"\n"));
	n.passphrase[0] = '\0';
	assert_int_equal(network_print_wireless(&n, "wlp2s0", text, sizeof(text)), 0);
	assert_non_null(strstr(text, "key_mgmt=NONE"));
	assert_int_equal(network_print(&n, text, 100), LOBBY_ERR_TOO_LONG);
}

static void network_settings_survive(void **state)
{
	lobby_Network in[2] = { { .name = "enp1s0", .address = "2001:db8::7/64", .gateway = "fe80::1" },
				{ .ssid = "Clinic \"3\"", .passphrase = "passphrase" } },
		      out[NETWORK_SETTINGS] = { 0 };
	char *text = network_write(in, 2);

	(void)state;
	assert_non_null(text);
	assert_int_equal(network_read(text, strlen(text), out), 2);
	assert_memory_equal(in, out, sizeof(in));
	free(text);
	assert_int_equal(network_read("[{\"address\":\"x\"},{},7]", 22, out), 2);
	assert_int_equal(network_read("{", 1, out), 0);
}

static void the_panels_variable_is_read_as_written(void **state)
{
	char folder[] = "/tmp/lobby-efi-XXXXXX", path[128], *text = NULL;
	lobby_Panel in = { .rotation = 270, .connector = "DP-2", .mode = "1280x800" }, out = { 0 };
	char language[EFIPANEL_LANGUAGE] = "before";
	size_t len = 0;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(efipanel_load(folder, &out, language), LOBBY_ERR_NOT_FOUND);
	assert_int_equal(efipanel_save(folder, &in, ""), 0);
	assert_int_equal(efipanel_load(folder, &out, language), 0);
	assert_memory_equal(&in, &out, sizeof(in));
	snprintf(path, sizeof(path), "%s/" PANEL_VARIABLE, folder);
	assert_int_equal(file_read(path, 300, &text, &len), 0);
	assert_memory_equal(text, "\7\0\0\0rotation=270\nconnector=DP-2\nmode=1280x800\n", len);
	free(text);
	assert_string_equal(language, "");
	assert_int_equal(efipanel_save(folder, &in, "es-MX"), 0);
	assert_int_equal(efipanel_load(folder, &out, language), 0);
	assert_memory_equal(&in, &out, sizeof(in));
	assert_string_equal(language, "es-MX");
	assert_int_equal(file_read(path, 300, &text, &len), 0);
	assert_memory_equal(text + 4, "rotation=270\nconnector=DP-2\nmode=1280x800\nlanguage=es-MX\n", len - 4);
	free(text);
	in = (lobby_Panel){ .rotation = 0 };
	assert_int_equal(efipanel_save(folder, &in, ""), 0);
	assert_int_equal(efipanel_load(folder, &out, language), 0);
	assert_memory_equal(&in, &out, sizeof(in));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
	efipanel_parse("rotation=17\nconnector=; rm\nmode=\nlanguage=; rm", &out, language);
	assert_string_equal(language, "");
	assert_int_equal(out.rotation, 0);
	assert_string_equal(out.connector, "");
}

/* ---- sticks ------------------------------------------------------------------------------------------------------ */

static const char good[] =
	"{\"issued\":\"2026-11-01\",\"expires\":\"2026-11-30\",\"what\":[\"provision\",\"technician\",\"tea\"],"
	"\"files\":{\"provision.json\":\"00000000000000000000000000000000000000000000000000000000000000ff\"}}";

static int read_signed(const char *json, const char *today, struct manifest *manifest, const uint8_t *key)
{
	uint8_t public_key[32], secret[64], signature[64];
	char text[128], instant[40];
	int64_t now = 0;

	crypto_sign_keypair(public_key, secret);
	crypto_sign_detached(signature, NULL, (const unsigned char *)json, strlen(json), secret);
	sodium_bin2base64(text, sizeof(text), signature, sizeof(signature), sodium_base64_VARIANT_ORIGINAL);
	snprintf(instant, sizeof(instant), "%sT12:00:00-05:00", today);
	assert_int_equal(clock_parse_instant(instant, strlen(instant), &now), 0);
	why[0] = '\0';
	return manifest_read(json, strlen(json), text, strlen(text), key != NULL ? key : public_key, now, manifest,
			     why);
}

static void a_signed_stick_says_what_it_may(void **state)
{
	struct manifest m;
	uint8_t foreign[32] = { 9 };

	(void)state;
	assert_int_equal(read_signed(good, "2026-11-23", &m, NULL), 0);
	assert_true(m.provision && m.technician && !m.update && !m.logs && !m.clock_behind);
	assert_int_equal(m.files, 1);
	assert_int_equal(manifest_find(&m, "provision.json")->sha256[31], 0xFF);
	assert_null(manifest_find(&m, "other.json"));
	assert_int_equal(read_signed(good, "2026-11-30", &m, NULL), 0);
	assert_int_equal(read_signed(good, "2026-12-01", &m, NULL), LOBBY_ERR_STALE);
	assert_non_null(strstr(why, "expired on 2026-11-30 (today is 2026-12-01)"));
	/* A kiosk that has lost its time is set up all the same, and says so. */
	assert_int_equal(read_signed(good, "1970-01-02", &m, NULL), 0);
	assert_true(m.clock_behind);
	assert_int_equal(read_signed(good, "2026-11-23", &m, foreign), LOBBY_ERR_DENIED);
	assert_non_null(strstr(why, "not signed"));
}

static void signed_nonsense_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"{}",
		"{\"issued\":\"2026-1-1\",\"expires\":\"2026-11-30\",\"what\":[]}",
		"{\"issued\":\"2026-11-01\",\"expires\":\"never\",\"what\":[]}",
		"{\"issued\":\"2026-11-01\",\"expires\":\"2026-11-30\"}",
		"{\"issued\":\"2026-11-01\",\"expires\":\"2026-11-30\",\"what\":[],\"files\":[]}",
		"{\"issued\":\"2026-11-01\",\"expires\":\"2026-11-30\",\"what\":[],\"files\":{\"a\":\"00\"}}",
		"{\"issued\":\"2026-11-01\",\"expires\":\"2026-11-30\",\"what\":[],\"files\":{\"../a\":"
		"\"0000000000000000000000000000000000000000000000000000000000000000\"}}",
		"{\"issued\":\"2026-11-01\",\"expires\":\"2026-11-30\",\"what\":[],\"update\":{\"file\":\"a\","
		"\"version\":\"1\"}}",
		"{\"issued\":\"2026-11-01\",\"expires\":\"2026-11-30\",\"what\":[],\"files\":{\"a\":"
		"\"0000000000000000000000000000000000000000000000000000000000000000\"},\"update\":{\"file\":\"a\"}}",
	};
	struct manifest m;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(read_signed(bad[i], "2026-11-23", &m, NULL), LOBBY_ERR_INVALID);
		assert_true(why[0] != '\0');
	}
}

static int hear(const char *text, size_t len, bool *came, char name[32])
{
	return plug_parse(text, len, came, name);
}

#define HEAR(text) hear(text, sizeof(text), &came, name)

static void only_disks_on_usb_are_sticks(void **state)
{
	bool came = false;
	char name[32];

	(void)state;
	assert_int_equal(HEAR("add@/x\0ACTION=add\0DEVPATH=/devices/pci0/usb1/1-1/host0/block/sda\0SUBSYSTEM=block\0"
			      "DEVNAME=sda\0DEVTYPE=disk"),
			 0);
	assert_true(came);
	assert_string_equal(name, "sda");
	assert_int_equal(
		HEAR("remove@/x\0ACTION=remove\0DEVPATH=/d/usb1/sda\0SUBSYSTEM=block\0DEVNAME=sda\0DEVTYPE=disk"), 0);
	assert_false(came);
	assert_int_equal(HEAR("add@/x\0ACTION=add\0DEVPATH=/d/ata1/sda\0SUBSYSTEM=block\0DEVNAME=sda\0DEVTYPE=disk"),
			 LOBBY_ERR_NOT_FOUND);
	assert_int_equal(
		HEAR("add@/x\0ACTION=add\0DEVPATH=/d/usb1/sda\0SUBSYSTEM=block\0DEVNAME=sda1\0DEVTYPE=partition"),
		LOBBY_ERR_NOT_FOUND);
	assert_int_equal(HEAR("add@/x\0ACTION=add\0DEVPATH=/d/usb1/sda\0SUBSYSTEM=usb\0DEVNAME=sda\0DEVTYPE=disk"),
			 LOBBY_ERR_NOT_FOUND);
	assert_int_equal(HEAR("add@/x\0ACTION=add\0DEVPATH=/d/usb1/x\0SUBSYSTEM=block\0DEVNAME=../sda\0DEVTYPE=disk"),
			 LOBBY_ERR_NOT_FOUND);
	assert_int_equal(plug_parse("ACTION=add", 10, &came, name), LOBBY_ERR_NOT_FOUND);
	assert_int_equal(HEAR("libudev\0\xfe\xed"), LOBBY_ERR_NOT_FOUND);
}

/* ---- sealed streams ---------------------------------------------------------------------------------------------- */

static int unseal_all(int fd, const uint8_t *secret, uint8_t *out, size_t size, size_t *got)
{
	static uint8_t piece[SEAL_PIECE];
	struct unseal unseal;
	size_t len = 1;
	int err;

	*got = 0;
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	err = unseal_begin(&unseal, fd, secret);
	while (err == 0 && len > 0) {
		err = unseal_read(&unseal, piece, &len);
		assert_true(*got + len <= size);
		memcpy(out + *got, piece, len);
		*got += len;
	}
	return err;
}

static void only_the_support_desk_can_read(void **state)
{
	static uint8_t in[3 * SEAL_PIECE + 17], out[sizeof(in) + SEAL_PIECE];
	static const size_t lengths[] = { 0, 1, SEAL_PIECE - 1, SEAL_PIECE, SEAL_PIECE + 1, sizeof(in) };
	uint8_t public_key[32], secret[32], byte;
	struct seal seal;
	size_t got = 0;
	off_t end = 0;
	int fd = -1;

	(void)state;
	crypto_box_keypair(public_key, secret);
	randombytes_buf(in, sizeof(in));
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		if (fd >= 0)
			close(fd);
		fd = memfd_create("sealed", MFD_CLOEXEC);
		assert_int_equal(seal_begin(&seal, fd, public_key), 0);
		assert_int_equal(seal_write(&seal, in, lengths[i] / 2), 0);
		assert_int_equal(seal_write(&seal, in + lengths[i] / 2, lengths[i] - lengths[i] / 2), 0);
		assert_int_equal(seal_end(&seal), 0);
		assert_int_equal(unseal_all(fd, secret, out, sizeof(out), &got), 0);
		assert_int_equal(got, lengths[i]);
		assert_memory_equal(in, out, got);
	}
	end = lseek(fd, 0, SEEK_END);
	/* Cut, changed, or with another's key. */
	for (off_t at = 0; at < end; at += 997) {
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= 0x10;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		assert_int_not_equal(unseal_all(fd, secret, out, sizeof(out), &got), 0);
		byte ^= 0x10;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	assert_int_equal(unseal_all(fd, secret, out, sizeof(out), &got), 0);
	assert_int_equal(unseal_all(fd, public_key, out, sizeof(out), &got), LOBBY_ERR_DENIED);
	assert_int_equal(ftruncate(fd, end - 17), 0);
	assert_int_equal(unseal_all(fd, secret, out, sizeof(out), &got), LOBBY_ERR_CORRUPT);
	close(fd);
}

static void time_servers_are_names_and_nothing_else(void **state)
{
	static const char *const nonsense[] = {
		"time.example",
		"nts://",
		"nts://-v",
		"nts://a b",
		"http://a.example",
		"nts://a.example\\nserver evil.example",
		"nts://a.example;b",
		"nts://a,nts://b,nts://c,nts://d,nts://e",
		"nts://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	};
	char folder[] = "/tmp/lobby-time.XXXXXX", kept[64], sources[64], json[160], lines[512], *text;
	struct provfile file;
	size_t len;

	(void)state;
	assert_int_equal(timeserver_print("nts://time.clinic.example, ntp://192.0.2.1", lines, sizeof(lines)), 0);
	assert_string_equal(lines, "server time.clinic.example nts iburst\nserver 192.0.2.1 iburst\n");
	assert_int_equal(timeserver_print("", lines, sizeof(lines)), 0);
	assert_string_equal(lines, "");
	for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
		snprintf(json, sizeof(json), "{\"time\":\"%s\"}", nonsense[i]);
		assert_int_equal(parse(json, &file), LOBBY_ERR_INVALID);
		assert_non_null(strstr(why, "time: "));
	}
	assert_int_equal(parse("{\"time\":\"nts://time.clinic.example\"}", &file), 0);

	assert_non_null(mkdtemp(folder));
	snprintf(kept, sizeof(kept), "%s/kept", folder);
	snprintf(sources, sizeof(sources), "%s/clinic.sources", folder);
	assert_int_equal(timeserver_set(kept, folder, file.time), 0);
	assert_int_equal(unlink(sources), 0);
	timeserver_hand_over(kept, folder); /* as after a restart */
	assert_int_equal(file_read(sources, 512, &text, &len), 0);
	assert_string_equal(text, "server time.clinic.example nts iburst\n");
	free(text);
	assert_int_equal(timeserver_set(kept, folder, ""), 0);
	assert_int_equal(access(sources, F_OK), -1);
	unlink(kept);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_file_is_read),
		cmocka_unit_test(time_servers_are_names_and_nothing_else),
		cmocka_unit_test(nonsense_is_named),
		cmocka_unit_test(the_networks_files_are_as_they_should_be),
		cmocka_unit_test(network_settings_survive),
		cmocka_unit_test(the_panels_variable_is_read_as_written),
		cmocka_unit_test(a_signed_stick_says_what_it_may),
		cmocka_unit_test(signed_nonsense_is_refused),
		cmocka_unit_test(only_disks_on_usb_are_sticks),
		cmocka_unit_test(only_the_support_desk_can_read),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}

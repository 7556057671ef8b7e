/* lobbyctl stick, unseal: what a clinic's technician does at a desk with the clinic's keys, and the support desk with
 * its own. A stick's folder is described and signed (src/system/manifest.h has the form); sealed logs are opened
 * (base/seal.h) and unpacked. */
#include "ctl.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/seal.h"

#include <dirent.h>
#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define MAX_DAYS 3650
#define USUAL_DAYS 90

struct stick_order {
	const char *keys, *folder, *what, *version;
	long days;
	char update[NAME_MAX + 1]; /* found among the files */
	bool provision;
};

static int fail(const char *format, const char *what)
{
	fprintf(stderr, format, what);
	fputc('\n', stderr);
	return 1;
}

/* A key file of ours: base64 of len bytes. */
static bool key_read(const char *path, uint8_t *key, size_t len)
{
	char *text = NULL;
	size_t text_len = 0, decoded = 0;
	bool good;

	if (file_read(path, 512, &text, &text_len) != 0)
		return false;
	good = sodium_base642bin(key, len, text, text_len, "\r\n \t", &decoded, NULL, sodium_base64_VARIANT_ORIGINAL) ==
		       0 &&
	       decoded == len;
	sodium_memzero(text, text_len);
	free(text);
	return good;
}

/* ---- stick ------------------------------------------------------------------------------------------------------- */

static bool hash_file(const char *path, char hex[65])
{
	static uint8_t piece[65536];
	crypto_hash_sha256_state state;
	uint8_t hash[crypto_hash_sha256_BYTES];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	if (fd < 0)
		return false;
	crypto_hash_sha256_init(&state);
	while ((n = read(fd, piece, sizeof(piece))) > 0)
		crypto_hash_sha256_update(&state, piece, (size_t)n);
	crypto_hash_sha256_final(&state, hash);
	close(fd);
	sodium_bin2hex(hex, 65, hash, sizeof(hash));
	return n == 0;
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len > end_len && strcmp(text + len - end_len, end) == 0;
}

static json_t *list_files(struct stick_order *order)
{
	char path[PATH_MAX], hex[65];
	json_t *files = json_object();
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/lobby", order->folder);
	dir = opendir(path);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		const char *name = entry->d_name;

		if (name[0] == '.' || strcmp(name, "stick.json") == 0 || strcmp(name, "stick.sig") == 0 ||
		    ends_with(name, ".lobbylog"))
			continue;
		if (snprintf(path, sizeof(path), "%s/lobby/%s", order->folder, name) >= (int)sizeof(path) ||
		    !hash_file(path, hex)) {
			json_decref(files);
			files = NULL;
			break;
		}
		json_object_set_new(files, name, json_string(hex));
		order->provision = order->provision || strcmp(name, "provision.json") == 0;
		if (ends_with(name, ".raucb"))
			snprintf(order->update, sizeof(order->update), "%s", name);
	}
	if (dir != NULL)
		closedir(dir);
	return files;
}

static void day_of(int64_t ms, char out[16])
{
	struct clock_civil day = clock_civil_of(ms);

	snprintf(out, 16, "%04u-%02u-%02u", (unsigned)day.year % 10000, (unsigned)day.month % 100,
		 (unsigned)day.day % 100);
}

static json_t *rights_of(const struct stick_order *order)
{
	json_t *list = json_array();

	if (order->what != NULL) {
		for (const char *at = order->what; *at != '\0'; at += strcspn(at, ","), at += *at == ',')
			json_array_append_new(list, json_stringn(at, strcspn(at, ",")));
		return list;
	}
	if (order->provision)
		json_array_append_new(list, json_string("provision"));
	if (order->update[0] != '\0')
		json_array_append_new(list, json_string("update"));
	json_array_append_new(list, json_string("logs"));
	json_array_append_new(list, json_string("technician"));
	return list;
}

/* lobby-0.2.0.raucb says its version by its name. */
static json_t *update_of(const struct stick_order *order)
{
	char version[64] = "";

	if (order->version != NULL)
		snprintf(version, sizeof(version), "%s", order->version);
	else if (strncmp(order->update, "lobby-", 6) == 0)
		snprintf(version, sizeof(version), "%.*s", (int)(strlen(order->update) - strlen("lobby-.raucb")),
			 order->update + 6);
	return json_pack("{s:s,s:s}", "file", order->update, "version", version);
}

static int sign_folder(struct stick_order *order, const uint8_t key[crypto_sign_SECRETKEYBYTES])
{
	char issued[16], expires[16], path[PATH_MAX], text[128], *json;
	uint8_t signature[crypto_sign_BYTES];
	json_t *root, *files = list_files(order);
	int err;

	if (files == NULL)
		return fail("A file below %s/lobby cannot be read.", order->folder);
	day_of(clock_wall_ms(), issued);
	day_of(clock_wall_ms() + order->days * 86400000, expires);
	root = json_pack("{s:s,s:s,s:o,s:o}", "issued", issued, "expires", expires, "what", rights_of(order), "files",
			 files);
	if (order->update[0] != '\0')
		json_object_set_new(root, "update", update_of(order));
	json = json_dumps(root, JSON_INDENT(1));
	json_decref(root);
	if (json == NULL)
		return fail("%s", "Out of memory.");
	crypto_sign_detached(signature, NULL, (const unsigned char *)json, strlen(json), key);
	sodium_bin2base64(text, sizeof(text), signature, sizeof(signature), sodium_base64_VARIANT_ORIGINAL);
	snprintf(path, sizeof(path), "%s/lobby/stick.json", order->folder);
	err = file_replace(path, json, strlen(json), 0644);
	snprintf(path, sizeof(path), "%s/lobby/stick.sig", order->folder);
	if (err == 0)
		err = file_replace(path, text, strlen(text), 0644);
	free(json);
	if (err != 0)
		return fail("%s cannot be written.", path);
	printf("Signed, good until %s.\n", expires);
	return 0;
}

int ctl_stick(int argc, char **argv)
{
	static const struct option options[] = { { "days", required_argument, NULL, 'd' },
						 { "what", required_argument, NULL, 'w' },
						 { "version", required_argument, NULL, 'v' },
						 { NULL, 0, NULL, 0 } };
	struct stick_order order = { .days = USUAL_DAYS };
	uint8_t key[crypto_sign_SECRETKEYBYTES];
	char path[PATH_MAX], *end;
	int c, status;

	optind = 0; /* argv[-1] is the command's name */
	while ((c = getopt_long(argc + 1, argv - 1, "", options, NULL)) != -1) {
		if (c == 'd') {
			order.days = strtol(optarg, &end, 10);
			if (*end != '\0' || order.days < 0 || order.days > MAX_DAYS)
				return fail("--days: \"%s\" is not 0 to 3650.", optarg) + 1;
		} else if (c == 'w') {
			order.what = optarg;
		} else if (c == 'v') {
			order.version = optarg;
		} else {
			return 2;
		}
	}
	if (argc + 1 - optind != 2) {
		fputs("lobbyctl stick KEYS FOLDER [--days N] [--what provision,update,logs,technician] [--version V]\n",
		      stderr);
		return 2;
	}
	order.keys = argv[optind - 1];
	order.folder = argv[optind];
	snprintf(path, sizeof(path), "%s/stick.key", order.keys);
	if (sodium_init() < 0 || !key_read(path, key, sizeof(key)))
		return fail("%s is no key to sign sticks with (make image-keys).", path);
	status = sign_folder(&order, key);
	sodium_memzero(key, sizeof(key));
	return status;
}

/* ---- unseal ------------------------------------------------------------------------------------------------------ */

static const char *why_not(int err)
{
	switch (err) {
	case LOBBY_ERR_DENIED:
		return "It is sealed to another key than this one.";
	case LOBBY_ERR_CORRUPT:
		return "It is damaged, cut off, or no sealed log.";
	default:
		return "It cannot be read.";
	}
}

/* Unseals and unpacks onto standard output. */
static int pour(struct unseal *unseal)
{
	static uint8_t sealed[SEAL_PIECE], plain[65536];
	z_stream zip = { 0 };
	size_t len = 1;
	int err = inflateInit2(&zip, 15 + 16) == Z_OK ? 0 : LOBBY_ERR_NO_MEMORY, result = Z_OK;

	while (err == 0 && len > 0) {
		err = unseal_read(unseal, sealed, &len);
		zip.next_in = sealed;
		zip.avail_in = (uInt)len;
		while (err == 0 && result == Z_OK && (zip.avail_in > 0 || zip.avail_out == 0)) {
			zip.next_out = plain;
			zip.avail_out = sizeof(plain);
			result = inflate(&zip, Z_NO_FLUSH);
			if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
				err = LOBBY_ERR_CORRUPT;
			else if (fwrite(plain, 1, sizeof(plain) - zip.avail_out, stdout) !=
				 sizeof(plain) - zip.avail_out)
				err = LOBBY_ERR_IO;
			if (result == Z_BUF_ERROR) {
				result = Z_OK;
				break;
			}
		}
	}
	inflateEnd(&zip);
	if (err == 0 && result != Z_STREAM_END)
		err = LOBBY_ERR_CORRUPT;
	return fflush(stdout) == 0 ? err : LOBBY_ERR_IO;
}

int ctl_unseal(int argc, char **argv)
{
	struct unseal unseal;
	uint8_t secret[SEAL_KEY];
	int fd, err;

	if (argc != 2) {
		fputs("lobbyctl unseal KEY FILE    KEY is the support.key of the clinic's keys\n", stderr);
		return 2;
	}
	if (sodium_init() < 0 || !key_read(argv[0], secret, sizeof(secret)))
		return fail("%s is no support key.", argv[0]);
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	err = fd < 0 ? LOBBY_ERR_IO : unseal_begin(&unseal, fd, secret);
	sodium_memzero(secret, sizeof(secret));
	if (err == 0)
		err = pour(&unseal);
	if (fd >= 0)
		close(fd);
	return err == 0 ? 0 : fail("%s", why_not(err));
}

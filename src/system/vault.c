/* See vault.h. */
#include "vault.h"

#include "helper.h"

#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <libcryptsetup.h>
#include <linux/fs.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAKING "lobby-making"
#define COMPLETE "lobby-state"
#define TPM_TOKEN "systemd-tpm2"
#define MAX_TOKENS 32
#define SECOND_HEADER 0x4000 /* with a first of the usual size */
#define HEADER_BYTES (16U << 20)
#define ENROL_MS 120000

/* libcryptsetup's own words go to the journal only when something failed. */
static void on_log(int level, const char *message, void *arg)
{
	(void)arg;
	if (level == CRYPT_LOG_ERROR)
		log_event(LOG_WARNING, "cryptsetup", "says=\"%.*s\"", (int)strcspn(message, "\n"), message);
}

static int load(const char *device, struct crypt_device **cd)
{
	crypt_set_log_callback(NULL, on_log, NULL);
	if (crypt_init(cd, device) < 0)
		return LOBBY_ERR_IO;
	if (crypt_load(*cd, CRYPT_LUKS2, NULL) < 0) {
		crypt_free(*cd);
		*cd = NULL;
		return LOBBY_ERR_NOT_FOUND;
	}
	return 0;
}

static int err_of(int result)
{
	if (result >= 0)
		return 0;
	if (result == -EEXIST || result == -EBUSY)
		return LOBBY_ERR_BUSY;
	return result == -EPERM || result == -ENOENT ? LOBBY_ERR_DENIED : LOBBY_ERR_IO;
}

static bool has_tpm(struct crypt_device *cd)
{
	for (int i = 0; i < MAX_TOKENS; i++) {
		const char *type = NULL;
		crypt_token_info info = crypt_token_status(cd, i, &type);

		if (info != CRYPT_TOKEN_INVALID && info != CRYPT_TOKEN_INACTIVE && type != NULL &&
		    strcmp(type, TPM_TOKEN) == 0)
			return true;
	}
	return false;
}

static bool has_key(struct crypt_device *cd)
{
	int most = crypt_keyslot_max(CRYPT_LUKS2);

	for (int i = 0; i < most; i++)
		if (crypt_keyslot_status(cd, i) >= CRYPT_SLOT_ACTIVE)
			return true;
	return false;
}

/* Either of the header's two copies begins as it should (LUKS2 On-Disk Format, section 2.1), or nobody can say. */
static bool has_remains(const char *device)
{
	uint8_t first[6], second[6];
	int fd = open(device, O_RDONLY | O_CLOEXEC);
	bool read = fd >= 0 && pread(fd, first, sizeof(first), 0) == (ssize_t)sizeof(first) &&
		    pread(fd, second, sizeof(second), SECOND_HEADER) == (ssize_t)sizeof(second);

	if (fd >= 0)
		close(fd);
	return !read || memcmp(first, "LUKS\xba\xbe", 6) == 0 || memcmp(second, "SKUL\xba\xbe", 6) == 0;
}

void vault_look(const char *device, struct vault_facts *facts)
{
	struct crypt_device *cd = NULL;
	const char *label;

	*facts = (struct vault_facts){ 0 };
	if (load(device, &cd) != 0) {
		facts->remains = has_remains(device);
		return;
	}
	label = crypt_get_label(cd);
	/* Without a key it is what a wipe leaves that was cut short. */
	facts->header = has_key(cd);
	facts->complete = facts->header && label != NULL && strcmp(label, COMPLETE) == 0;
	facts->tpm = has_tpm(cd);
	crypt_free(cd);
}

int vault_make(const char *device, const uint8_t key[VAULT_KEY])
{
	static const struct crypt_pbkdf_type quick = {
		.type = CRYPT_KDF_PBKDF2, .hash = "sha256", .iterations = 1000, .flags = CRYPT_PBKDF_NO_BENCHMARK
	};
	struct crypt_params_luks2 params = { .sector_size = 512, .label = MAKING, .pbkdf = &quick };
	struct crypt_device *cd = NULL;
	int result;

	crypt_set_log_callback(NULL, on_log, NULL);
	if (crypt_init(&cd, device) < 0)
		return LOBBY_ERR_IO;
	result = crypt_format(cd, CRYPT_LUKS2, "aes", "xts-plain64", NULL, NULL, 64, &params);
	if (result >= 0)
		result = crypt_keyslot_add_by_volume_key(cd, 0, NULL, 0, (const char *)key, VAULT_KEY);
	crypt_free(cd);
	return result < 0 ? LOBBY_ERR_IO : 0;
}

static int enrol(const char *device, const char *key_file, const char *tpm, char *said, size_t size)
{
	char unlock[256], which[256];
	const char *const argv[] = { "systemd-cryptenroll", unlock, which, "--tpm2-pcrs=7", device, NULL };

	snprintf(unlock, sizeof(unlock), "--unlock-key-file=%s", key_file);
	snprintf(which, sizeof(which), "--tpm2-device=%s", tpm);
	return helper_run(argv, said, size, ENROL_MS) == 0 ? 0 : LOBBY_ERR_IO;
}

int vault_bind_tpm(const char *device, const uint8_t key[VAULT_KEY], const char *run, const char *tpm, char *said,
		   size_t size)
{
	char path[192];
	int err;

	if (snprintf(path, sizeof(path), "%s/lobby-state.key", run) >= (int)sizeof(path))
		return LOBBY_ERR_TOO_LONG;
	err = file_replace(path, key, VAULT_KEY, 0600);
	if (err == 0)
		err = enrol(device, path, tpm, said, size);
	unlink(path);
	return err;
}

int vault_drop_key(const char *device)
{
	struct crypt_device *cd = NULL;
	int err = load(device, &cd);

	if (err == 0 && crypt_keyslot_destroy(cd, 0) < 0)
		err = LOBBY_ERR_IO;
	crypt_free(cd);
	return err;
}

int vault_finish(const char *device)
{
	struct crypt_device *cd = NULL;
	int err = load(device, &cd);

	if (err == 0 && crypt_set_label(cd, COMPLETE, "") < 0)
		err = LOBBY_ERR_IO;
	crypt_free(cd);
	return err;
}

/* Of a block device that the kernel lets nobody write to. */
static uint32_t flags_for(const char *device)
{
	int fd = open(device, O_RDONLY | O_CLOEXEC), read_only = 0;

	if (fd < 0)
		return 0;
	if (ioctl(fd, BLKROGET, &read_only) != 0)
		read_only = 0;
	close(fd);
	return read_only != 0 ? CRYPT_ACTIVATE_READONLY : 0;
}

int vault_open_key(const char *device, const char *name, const uint8_t key[VAULT_KEY])
{
	struct crypt_device *cd = NULL;
	int err = load(device, &cd);

	if (err == 0)
		err = err_of(crypt_activate_by_passphrase(cd, name, CRYPT_ANY_SLOT, (const char *)key, VAULT_KEY,
							  flags_for(device)));
	crypt_free(cd);
	return err;
}

/* What systemd's token plugin takes as its argument: the device alone matters to us. */
struct tpm_params {
	uint32_t search_pcr_mask;
	const char *device;
	const char *signature_path;
};

int vault_open_tpm(const char *device, const char *name, const char *tpm)
{
	struct tpm_params params = { .search_pcr_mask = UINT32_MAX, .device = tpm };
	struct crypt_device *cd = NULL;
	int err = load(device, &cd);

	if (err == 0)
		err = err_of(crypt_activate_by_token_pin(cd, name, TPM_TOKEN, CRYPT_ANY_TOKEN, NULL, 0,
							 tpm != NULL ? &params : NULL, flags_for(device)));
	crypt_free(cd);
	return err;
}

int vault_open_part(const char *device, const char *name, uint64_t offset)
{
	struct crypt_params_plain params = { .offset = offset / 512 };
	struct crypt_device *cd = NULL;
	char known[64]; /* no secret: the vault around it has one */
	int result;

	for (size_t i = 0; i < sizeof(known); i++)
		known[i] = (char)i;
	crypt_set_log_callback(NULL, on_log, NULL);
	if (crypt_init(&cd, device) < 0)
		return LOBBY_ERR_IO;
	result = crypt_format(cd, CRYPT_PLAIN, "aes", "xts-plain64", NULL, NULL, sizeof(known), &params);
	if (result >= 0)
		result = crypt_activate_by_volume_key(cd, name, known, sizeof(known), flags_for(device));
	crypt_free(cd);
	return err_of(result);
}

int vault_close(const char *name)
{
	return crypt_deactivate(NULL, name) < 0 ? LOBBY_ERR_IO : 0;
}

/* Random bytes over the header and the slots: nothing of the old keys is left on a disk that does not remap. */
static int overwrite(const char *device)
{
	static uint8_t noise[65536];
	int fd = open(device, O_WRONLY | O_CLOEXEC), err = 0;
	struct stat info;

	if (fd < 0)
		return LOBBY_ERR_IO;
	for (uint32_t at = 0; at < HEADER_BYTES && err == 0; at += sizeof(noise)) {
		if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && at >= info.st_size)
			break;
		randombytes_buf(noise, sizeof(noise));
		if (pwrite(fd, noise, sizeof(noise), at) != (ssize_t)sizeof(noise))
			err = LOBBY_ERR_IO;
	}
	if (fsync(fd) != 0)
		err = LOBBY_ERR_IO;
	close(fd);
	return err;
}

int vault_destroy(const char *device)
{
	struct crypt_device *cd = NULL;

	/* A header that cannot be read has no slots to destroy: overwriting is enough. */
	if (load(device, &cd) == 0) {
		int most = crypt_keyslot_max(CRYPT_LUKS2);

		for (int i = 0; i < most; i++)
			if (crypt_keyslot_status(cd, i) >= CRYPT_SLOT_ACTIVE && crypt_keyslot_destroy(cd, i) < 0)
				log_event(LOG_ERROR, "keyslot-kept", "slot=%d", i);
		crypt_free(cd);
	}
	return overwrite(device);
}

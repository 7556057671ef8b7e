/* See bundle.h. The manifest is a key file (Desktop Entry syntax): of it only [update] compatible and version are read,
 * line by line. */
#include "bundle.h"

#include "base/bytes.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/pkcs7.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIGNATURE_MAX 65536
#define PIECE 65536

static const char no_bundle[] = "This is no update bundle: it does not end with a signature that holds a manifest.";

/* All of it or an error. */
static int read_at(int fd, void *out, size_t len, off_t at)
{
	size_t have = 0;

	while (have < len) {
		ssize_t n = pread(fd, (char *)out + have, len - have, at + (off_t)have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return LOBBY_ERR_IO;
		have += (size_t)n;
	}
	return 0;
}

/* The value of key=value in this line if that is its key. */
static bool take_value(const char *line, const char *key, char *out, size_t size)
{
	size_t len = strlen(key);

	while (*line == ' ' || *line == '\t')
		line++;
	if (strncmp(line, key, len) != 0)
		return false;
	line += len + strspn(line + len, " \t");
	if (*line != '=')
		return false;
	return text_copy(out, size, line + 1 + strspn(line + 1, " \t")) && text_is_clean(out, strlen(out));
}

static int read_manifest(char *manifest, struct bundle *bundle)
{
	bool in_update = false, has_version = false, has_compatible = false;
	char *rest = NULL;

	for (char *line = strtok_r(manifest, "\r\n", &rest); line != NULL; line = strtok_r(NULL, "\r\n", &rest)) {
		if (*text_trim(line) == '[')
			in_update = strcmp(line, "[update]") == 0;
		else if (in_update && take_value(line, "version", bundle->version, sizeof(bundle->version)))
			has_version = bundle->version[0] != '\0';
		else if (in_update && take_value(line, "compatible", bundle->compatible, sizeof(bundle->compatible)))
			has_compatible = true;
	}
	return has_version && has_compatible ? 0 : LOBBY_ERR_INVALID;
}

/* The content that the signature encloses. */
static int read_signature(const unsigned char *der, size_t len, struct bundle *bundle)
{
	gnutls_datum_t data = { (unsigned char *)der, (unsigned)len }, content = { 0 };
	gnutls_pkcs7_t cms = NULL;
	char *manifest = NULL;
	int err = LOBBY_ERR_INVALID;

	if (gnutls_pkcs7_init(&cms) != 0)
		return LOBBY_ERR_NO_MEMORY;
	if (gnutls_pkcs7_import(cms, &data, GNUTLS_X509_FMT_DER) == 0 &&
	    gnutls_pkcs7_get_embedded_data(cms, 0, &content) == 0)
		manifest = strndup((char *)content.data, content.size);
	if (manifest != NULL)
		err = read_manifest(manifest, bundle);
	free(manifest);
	gnutls_free(content.data);
	gnutls_pkcs7_deinit(cms);
	return err;
}

static int read_end(int fd, struct bundle *bundle, const char **why)
{
	unsigned char tail[8], *der;
	struct reader r = reader_of(tail, sizeof(tail));
	struct stat info;
	uint32_t high, len;
	int err;

	*why = "The file cannot be read.";
	if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
		return LOBBY_ERR_IO;
	*why = info.st_size > BUNDLE_MAX ? "An update bundle has at most 1 GiB." : no_bundle;
	if (info.st_size < (off_t)sizeof(tail) || info.st_size > BUNDLE_MAX)
		return LOBBY_ERR_INVALID;
	err = read_at(fd, tail, sizeof(tail), info.st_size - (off_t)sizeof(tail));
	high = read_be32(&r);
	len = read_be32(&r);
	if (err != 0)
		return err;
	if (high != 0 || len == 0 || len > SIGNATURE_MAX || (off_t)len + (off_t)sizeof(tail) > info.st_size)
		return LOBBY_ERR_INVALID;
	der = malloc(len);
	if (der == NULL)
		return LOBBY_ERR_NO_MEMORY;
	err = read_at(fd, der, len, info.st_size - (off_t)sizeof(tail) - (off_t)len);
	if (err == 0)
		err = read_signature(der, len, bundle);
	free(der);
	bundle->size = info.st_size;
	return err;
}

int bundle_read(const char *path, struct bundle *bundle, const char **why)
{
	struct bundle found = { 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), err;

	*why = "There is no such file, or it may not be read.";
	if (fd < 0)
		return errno == ENOENT ? LOBBY_ERR_NOT_FOUND : LOBBY_ERR_IO;
	err = read_end(fd, &found, why);
	close(fd);
	if (err == 0)
		*bundle = found;
	return err;
}

static int write_all(int fd, const unsigned char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return errno == ENOSPC ? LOBBY_ERR_DISK_FULL : LOBBY_ERR_IO;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int copy_pieces(int from, int to, char sha256[65])
{
	unsigned char piece[PIECE], hash[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state state;
	ssize_t n;
	int err = 0;

	crypto_hash_sha256_init(&state);
	while (err == 0 && (n = read(from, piece, sizeof(piece))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return LOBBY_ERR_IO;
		crypto_hash_sha256_update(&state, piece, (unsigned long long)n);
		err = write_all(to, piece, (size_t)n);
	}
	crypto_hash_sha256_final(&state, hash);
	sodium_bin2hex(sha256, 65, hash, sizeof(hash));
	return err == 0 && fsync(to) != 0 ? LOBBY_ERR_IO : err;
}

static int sync_folder(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	if (fd < 0)
		return LOBBY_ERR_IO;
	rc = fsync(fd);
	close(fd);
	return rc == 0 ? 0 : LOBBY_ERR_IO;
}

int bundle_copy(const char *path, const char *folder, struct bundle *bundle)
{
	char temporary[4096], final[4096], sha256[65];
	int from, to, err;

	if (snprintf(temporary, sizeof(temporary), "%s/.new-XXXXXX", folder) >= (int)sizeof(temporary))
		return LOBBY_ERR_TOO_LONG;
	from = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (from < 0)
		return LOBBY_ERR_IO;
	to = mkstemp(temporary);
	if (to < 0) {
		close(from);
		return LOBBY_ERR_IO;
	}
	err = copy_pieces(from, to, sha256);
	close(from);
	close(to);
	if (err == 0 && snprintf(final, sizeof(final), "%s/%s.raucb", folder, sha256) >= (int)sizeof(final))
		err = LOBBY_ERR_TOO_LONG;
	if (err == 0 && rename(temporary, final) != 0)
		err = LOBBY_ERR_IO;
	if (err == 0)
		err = sync_folder(folder);
	else
		unlink(temporary);
	if (err == 0)
		text_copy(bundle->sha256, sizeof(bundle->sha256), sha256);
	return err;
}

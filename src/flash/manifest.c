/* See manifest.h. */
#include "manifest.h"

#include "base/mark.h"
#include "base/text.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_hash(const json_t *json, uint8_t out[32])
{
	const char *text = json_string_value(json);
	size_t len = 32;
	gnutls_datum_t hex = { (unsigned char *)(uintptr_t)text, text != NULL ? (unsigned)strlen(text) : 0 };

	return text != NULL && hex.size == 64 && gnutls_hex_decode(&hex, out, &len) == 0 && len == 32;
}

/* One [first, count, hash]; after: the block behind the run before. */
static bool read_run(const json_t *json, int64_t blocks, int64_t after, struct flash_manifest_run *run)
{
	json_int_t first = json_integer_value(json_array_get(json, 0));
	json_int_t count = json_integer_value(json_array_get(json, 1));

	if (!json_is_integer(json_array_get(json, 0)) || count < 1 || count > MANIFEST_MAX_RUN || first < after ||
	    first > blocks - count || !read_hash(json_array_get(json, 2), run->sha256))
		return false;
	run->first = (uint32_t)first;
	run->count = (uint32_t)count;
	return true;
}

static int read_runs(const json_t *list, struct flash_manifest *m)
{
	size_t count = json_array_size(list);
	int64_t after = 0;

	if (count == 0)
		return LOBBY_ERR_INVALID;
	m->runs = calloc(count, sizeof(*m->runs));
	if (m->runs == NULL)
		return LOBBY_ERR_NO_MEMORY;
	for (size_t i = 0; i < count; i++) {
		struct flash_manifest_run *run = &m->runs[i];

		if (!read_run(json_array_get(list, i), m->size / MANIFEST_BLOCK, after, run))
			return LOBBY_ERR_INVALID;
		after = (int64_t)run->first + run->count;
		m->used += (int64_t)run->count * MANIFEST_BLOCK;
	}
	m->run_count = count;
	return 0;
}

static int read_head(const json_t *json, struct flash_manifest *m, const char **why)
{
	const char *version = json_string_value(json_object_get(json, "version"));
	const char *keys = json_string_value(json_object_get(json, "keys"));

	*why = N_("This is no description of an image.");
	if (version == NULL || keys == NULL || !text_copy(m->version, sizeof(m->version), version))
		return LOBBY_ERR_INVALID;
	*why = N_("This image is of a kind that this program does not know: a newer one is needed.");
	if (json_integer_value(json_object_get(json, "format")) != 1 ||
	    json_integer_value(json_object_get(json, "block")) != MANIFEST_BLOCK)
		return LOBBY_ERR_INVALID;
	*why = N_("The image's description makes no sense: it may be damaged.");
	m->development = strcmp(keys, "clinic") != 0;
	m->size = json_integer_value(json_object_get(json, "size"));
	if (m->size < MANIFEST_BLOCK || m->size > MANIFEST_MAX_SIZE || m->size % MANIFEST_BLOCK != 0 ||
	    !read_hash(json_object_get(json, "sha256"), m->sha256))
		return LOBBY_ERR_INVALID;
	return 0;
}

int flash_manifest_read(const char *json, size_t len, struct flash_manifest *manifest, const char **why)
{
	struct flash_manifest m = { 0 };
	json_t *root = len <= MANIFEST_MAX_JSON ? json_loadb(json, len, JSON_REJECT_DUPLICATES, NULL) : NULL;
	int err = read_head(root, &m, why);

	if (err == 0)
		err = read_runs(json_object_get(root, "blocks"), &m);
	json_decref(root);
	if (err != 0)
		flash_manifest_free(&m);
	else
		*manifest = m;
	return err;
}

void flash_manifest_free(struct flash_manifest *manifest)
{
	free(manifest->runs);
	*manifest = (struct flash_manifest){ 0 };
}

static int certificate_of(const char *pem, size_t len, gnutls_x509_crt_t *out)
{
	gnutls_datum_t data = { (unsigned char *)(uintptr_t)pem, (unsigned)len };
	gnutls_x509_crt_t crt;

	if (gnutls_x509_crt_init(&crt) != 0)
		return LOBBY_ERR_NO_MEMORY;
	if (gnutls_x509_crt_import(crt, &data, GNUTLS_X509_FMT_PEM) != 0) {
		gnutls_x509_crt_deinit(crt);
		return LOBBY_ERR_INVALID;
	}
	*out = crt;
	return 0;
}

int flash_manifest_check(const void *json, size_t len, const void *signature, size_t signature_len, const char *pem,
			 size_t pem_len)
{
	gnutls_datum_t data = { (unsigned char *)(uintptr_t)json, (unsigned)len };
	gnutls_datum_t signed_by = { (unsigned char *)(uintptr_t)signature, (unsigned)signature_len };
	gnutls_x509_crt_t crt;
	gnutls_pubkey_t key;
	int err = certificate_of(pem, pem_len, &crt);

	if (err != 0)
		return err;
	if (gnutls_pubkey_init(&key) != 0) {
		gnutls_x509_crt_deinit(crt);
		return LOBBY_ERR_NO_MEMORY;
	}
	if (gnutls_pubkey_import_x509(key, crt, 0) != 0 ||
	    gnutls_pubkey_verify_data2(key, GNUTLS_SIGN_ECDSA_SHA256, 0, &data, &signed_by) < 0)
		err = LOBBY_ERR_UNTRUSTED;
	gnutls_pubkey_deinit(key);
	gnutls_x509_crt_deinit(crt);
	return err;
}

int flash_manifest_sign(const void *json, size_t len, const char *key, size_t key_len,
			uint8_t sig[MANIFEST_MAX_SIGNATURE], size_t *sig_len)
{
	gnutls_datum_t data = { (unsigned char *)(uintptr_t)json, (unsigned)len };
	gnutls_datum_t pem = { (unsigned char *)(uintptr_t)key, (unsigned)key_len }, made = { NULL, 0 };
	gnutls_privkey_t secret;
	int err = LOBBY_ERR_INVALID;

	if (gnutls_privkey_init(&secret) != 0)
		return LOBBY_ERR_NO_MEMORY;
	if (gnutls_privkey_import_x509_raw(secret, &pem, GNUTLS_X509_FMT_PEM, NULL, 0) == 0 &&
	    gnutls_privkey_sign_data2(secret, GNUTLS_SIGN_ECDSA_SHA256, GNUTLS_PRIVKEY_FLAG_REPRODUCIBLE, &data,
				      &made) == 0 &&
	    made.size <= MANIFEST_MAX_SIGNATURE) {
		memcpy(sig, made.data, made.size);
		*sig_len = made.size;
		err = 0;
	}
	gnutls_free(made.data);
	gnutls_privkey_deinit(secret);
	return err;
}

int flash_manifest_key_name(const char *pem, size_t pem_len, char out[20])
{
	gnutls_x509_crt_t crt;
	uint8_t hash[32];
	size_t len = sizeof(hash);
	int err = certificate_of(pem, pem_len, &crt);

	if (err != 0)
		return err;
	if (gnutls_x509_crt_get_fingerprint(crt, GNUTLS_DIG_SHA256, hash, &len) != 0)
		err = LOBBY_ERR_INVALID;
	else
		snprintf(out, 20, "%02x%02x-%02x%02x-%02x%02x-%02x%02x", hash[0], hash[1], hash[2], hash[3], hash[4],
			 hash[5], hash[6], hash[7]);
	gnutls_x509_crt_deinit(crt);
	return err;
}

/* What sharers of SMART Health Links make, for tests, fuzzers and the demo: files encrypted with a link's key, and the
 * link itself.
 *
 *	shl_file_seal(key, SHL_HEADER_CARD, text, strlen(text))           a JWE, to be freed
 *	shl_file_link(url, key, "U", 0, link, sizeof(link))               "shlink:/..."
 *
 * A function that fails ends the program. */
#ifndef LOBBY_TESTS_SHL_FILE_H
#define LOBBY_TESTS_SHL_FILE_H

#include "shc_issuer.h"

#define SHL_HEADER_CARD "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"cty\":\"application/smart-health-card\"}"
#define SHL_HEADER_FHIR "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"cty\":\"application/fhir+json\"}"
#define SHL_HEADER_PACKED "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"zip\":\"DEF\",\"cty\":\"application/fhir+json\"}"

/** A JWE of these bytes as they are: whoever says zip in the header packs them. The iv is made of the text. */
static inline char *shl_file_seal(const uint8_t key[32], const char *header, const void *data, size_t len)
{
	size_t size = strlen(header) * 2 + len / 3 * 4 + 200, at, sealed_len = len + 16;
	char *text = malloc(size);
	uint8_t *sealed = malloc(sealed_len), iv[32];
	gnutls_datum_t secret = { (unsigned char *)key, 32 };
	gnutls_aead_cipher_hd_t cipher;

	SHC_ISSUER_MUST(text != NULL && sealed != NULL);
	crypto_hash_sha256(iv, data, len);
	shc_issuer_base64(header, strlen(header), text, size);
	at = strlen(text);
	SHC_ISSUER_MUST(gnutls_aead_cipher_init(&cipher, GNUTLS_CIPHER_AES_256_GCM, &secret) == 0);
	SHC_ISSUER_MUST(gnutls_aead_cipher_encrypt(cipher, iv, 12, text, at, 16, data, len, sealed, &sealed_len) == 0);
	gnutls_aead_cipher_deinit(cipher);
	text[at++] = '.';
	text[at++] = '.';
	shc_issuer_base64(iv, 12, text + at, size - at);
	at += strlen(text + at);
	text[at++] = '.';
	shc_issuer_base64(sealed, len, text + at, size - at);
	at += strlen(text + at);
	text[at++] = '.';
	shc_issuer_base64(sealed + len, 16, text + at, size - at);
	free(sealed);
	return text;
}

/** The same, packed first. */
static inline char *shl_file_seal_packed(const uint8_t key[32], const char *header, const void *data, size_t len)
{
	size_t size = len + len / 8 + 1024;
	uint8_t *packed = malloc(size);
	char *text;

	SHC_ISSUER_MUST(packed != NULL);
	text = shl_file_seal(key, header, packed, shc_issuer_deflate(data, len, packed, size));
	free(packed);
	return text;
}

/** The link whose payload is this JSON. */
static inline void shl_file_link_of(const char *json, char *out, size_t size)
{
	SHC_ISSUER_MUST(size > 8);
	memcpy(out, "shlink:/", 8);
	shc_issuer_base64(json, strlen(json), out + 8, size - 8);
}

/** exp_s 0: without. */
static inline void shl_file_link(const char *url, const uint8_t key[32], const char *flag, double exp_s, char *out,
				 size_t size)
{
	char text[44], *json;
	json_t *payload;

	shc_issuer_base64(key, 32, text, sizeof(text));
	payload = json_pack("{s:s,s:s,s:s,s:s}", "url", url, "flag", flag, "key", text, "label", "Maria's record");
	if (exp_s != 0)
		json_object_set_new(payload, "exp", json_real(exp_s));
	json = json_dumps(payload, JSON_COMPACT);
	shl_file_link_of(json, out, size);
	free(json);
	json_decref(payload);
}

#endif

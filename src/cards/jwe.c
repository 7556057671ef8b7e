/* See jwe.h. The header is authenticated, not secret, and it must say exactly what links use: anything else is refused
 * before a byte is decrypted. Decompression comes after the tag was found right, so only who has the key can send a
 * bomb, and that meets the bound. */
#include "jwe.h"

#include "base/text.h"
#include "jose.h"

#include <gnutls/crypto.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MAX_HEADER 1024
#define IV_LEN 12
#define TAG_LEN 16
#define PARTS 5

enum part { HEADER, ENCRYPTED_KEY, IV, CIPHERTEXT, TAG };

struct span {
	const char *text;
	size_t len;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Five parts with dots between. */
static bool split(const char *text, size_t len, struct span parts[PARTS])
{
	const char *end;

	while (len > 0 && is_space(text[len - 1]))
		len--;
	for (; len > 0 && is_space(*text); text++)
		len--;
	end = text + len;
	for (int i = 0; i < PARTS; i++) {
		const char *dot = memchr(text, '.', (size_t)(end - text));

		if ((dot == NULL) != (i == PARTS - 1))
			return false;
		parts[i] = (struct span){ text, (size_t)((dot != NULL ? dot : end) - text) };
		text = dot != NULL ? dot + 1 : end;
	}
	return true;
}

/* *packed: the plaintext is DEFLATE. */
static int read_header(const struct span *part, char *cty, size_t size, bool *packed)
{
	uint8_t bytes[MAX_HEADER];
	json_t *json;
	size_t len = 0;
	int err = jose_decode(part->text, part->len, bytes, sizeof(bytes), &len);

	if (err != 0)
		return err;
	json = jose_object((const char *)bytes, len);
	*packed = strcmp(jose_text(json, "zip"), "DEF") == 0;
	if (strcmp(jose_text(json, "alg"), "dir") != 0 || strcmp(jose_text(json, "enc"), "A256GCM") != 0 ||
	    (json_object_get(json, "zip") != NULL && !*packed) || json_object_get(json, "crit") != NULL ||
	    !text_copy(cty, size, jose_text(json, "cty")))
		err = LOBBY_ERR_CARD_MALFORMED;
	json_decref(json);
	return err;
}

static int decode_exactly(const struct span *part, uint8_t *out, size_t size)
{
	size_t len = 0;
	int err = jose_decode(part->text, part->len, out, size, &len);

	return err != 0 || len == size ? err : LOBBY_ERR_CARD_MALFORMED;
}

/* Ciphertext and tag in one piece, as GnuTLS takes them. */
static int decode_sealed(const struct span parts[PARTS], uint8_t **sealed, size_t *len)
{
	size_t size = parts[CIPHERTEXT].len / 4 * 3 + 3 + TAG_LEN, cipher_len = 0;
	uint8_t *bytes = malloc(size);
	int err = bytes != NULL ? 0 : LOBBY_ERR_NO_MEMORY;

	if (err == 0)
		err = jose_decode(parts[CIPHERTEXT].text, parts[CIPHERTEXT].len, bytes, size - TAG_LEN, &cipher_len);
	if (err == 0)
		err = decode_exactly(&parts[TAG], bytes + cipher_len, TAG_LEN);
	if (err != 0) {
		free(bytes);
		return err;
	}
	*sealed = bytes;
	*len = cipher_len + TAG_LEN;
	return 0;
}

static int decrypt(const struct span parts[PARTS], const uint8_t key[JWE_KEY], uint8_t *plain, size_t *plain_len)
{
	gnutls_datum_t secret = { (unsigned char *)key, JWE_KEY };
	gnutls_aead_cipher_hd_t cipher = NULL;
	uint8_t iv[IV_LEN], *sealed = NULL;
	size_t sealed_len = 0;
	int err = decode_exactly(&parts[IV], iv, sizeof(iv));

	if (err == 0)
		err = decode_sealed(parts, &sealed, &sealed_len);
	if (err == 0 && gnutls_aead_cipher_init(&cipher, GNUTLS_CIPHER_AES_256_GCM, &secret) != 0)
		err = LOBBY_ERR_NO_MEMORY;
	/* RFC 7516 section 5.2: what is authenticated besides is the header as it was written. */
	if (err == 0 && gnutls_aead_cipher_decrypt(cipher, iv, sizeof(iv), parts[HEADER].text, parts[HEADER].len,
						   TAG_LEN, sealed, sealed_len, plain, plain_len) != 0)
		err = LOBBY_ERR_CARD_TAMPERED;
	if (cipher != NULL)
		gnutls_aead_cipher_deinit(cipher);
	free(sealed);
	return err;
}

/* Takes the packed bytes. */
static int unpack(uint8_t *take_packed, size_t packed_len, size_t max, char **out, size_t *len)
{
	char *content = malloc(max + 1);
	size_t content_len = 0;
	int err = content != NULL ? 0 : LOBBY_ERR_NO_MEMORY;

	if (err == 0)
		err = jose_inflate(take_packed, packed_len, content, max, &content_len);
	sodium_memzero(take_packed, packed_len);
	free(take_packed);
	if (err != 0) {
		if (content != NULL)
			sodium_memzero(content, content_len);
		free(content);
		return err;
	}
	*out = content;
	*len = content_len;
	return 0;
}

int jwe_open(const char *text, size_t len, const uint8_t key[JWE_KEY], size_t max, struct jwe *jwe)
{
	struct jwe made = { .len = 0 };
	struct span parts[PARTS];
	uint8_t *plain;
	bool packed = false;
	int err;

	if (!split(text, len, parts) || parts[ENCRYPTED_KEY].len != 0)
		return LOBBY_ERR_CARD_MALFORMED;
	err = read_header(&parts[HEADER], made.cty, sizeof(made.cty), &packed);
	if (err != 0)
		return err;
	if (parts[CIPHERTEXT].len / 4 * 3 > max)
		return LOBBY_ERR_TOO_LONG;
	made.len = parts[CIPHERTEXT].len;
	plain = malloc(made.len + 1);
	if (plain == NULL)
		return LOBBY_ERR_NO_MEMORY;
	err = decrypt(parts, key, plain, &made.len);
	if (err == 0 && made.len > max)
		err = LOBBY_ERR_TOO_LONG;
	if (err != 0) {
		free(plain);
		return err;
	}
	if (packed)
		err = unpack(plain, made.len, max, &made.content, &made.len);
	else
		made.content = (char *)plain;
	if (err != 0)
		return err;
	made.content[made.len] = '\0';
	*jwe = made;
	return 0;
}

void jwe_close(struct jwe *jwe)
{
	if (jwe->content != NULL)
		sodium_memzero(jwe->content, jwe->len);
	free(jwe->content);
	*jwe = (struct jwe){ .content = NULL };
}

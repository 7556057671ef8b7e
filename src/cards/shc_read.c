/* See shc_read.h. The signature covers the text as it was scanned, so it is checked before anything in the payload is
 * believed: a card that names a key of ours and does not fit it is tampered, whatever is wrong besides. Only when we
 * have no such key does it matter whether the rest makes sense, to tell a stranger's card from rubbish. */
#include "shc_read.h"

#include "base/text.h"
#include "jose.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIGNATURE_LEN 64
#define MAX_HEADER 1024
#define COORDINATE_TEXT 43 /* 32 bytes in base64url without padding */
#define RID_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/* ---- keys ---- */

static void thumbprint(const char *x, const char *y, char kid[44])
{
	char text[160];
	uint8_t hash[crypto_hash_sha256_BYTES];

	/* RFC 7638 section 3: the required members in this order, without white space. */
	snprintf(text, sizeof(text), "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", x, y);
	crypto_hash_sha256(hash, (const unsigned char *)text, strlen(text));
	sodium_bin2base64(kid, 44, hash, sizeof(hash), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static bool absent_or(const json_t *object, const char *name, const char *expected)
{
	return json_object_get(object, name) == NULL || strcmp(jose_text(object, name), expected) == 0;
}

int shc_key_of_jwk(const json_t *jwk, struct shc_key *key, const char **why)
{
	const char *x = jose_text(jwk, "x"), *y = jose_text(jwk, "y");
	struct shc_key made = { .kid = "" };
	size_t x_len = 0, y_len = 0;

	if (json_object_get(jwk, "d") != NULL)
		*why = "it is a private key, which belongs to nobody but its issuer";
	else if (strcmp(jose_text(jwk, "kty"), "EC") != 0 || strcmp(jose_text(jwk, "crv"), "P-256") != 0)
		*why = "it is not a key on the curve P-256";
	else if (!absent_or(jwk, "alg", "ES256") || !absent_or(jwk, "use", "sig"))
		*why = "it is not for signatures by ES256";
	else if (strlen(x) != COORDINATE_TEXT || strlen(y) != COORDINATE_TEXT ||
		 jose_decode(x, COORDINATE_TEXT, made.x, sizeof(made.x), &x_len) != 0 ||
		 jose_decode(y, COORDINATE_TEXT, made.y, sizeof(made.y), &y_len) != 0 || x_len != 32 || y_len != 32)
		*why = "its x or y is not 32 bytes in base64url";
	else {
		thumbprint(x, y, made.kid);
		if (strcmp(jose_text(jwk, "kid"), made.kid) == 0) {
			*key = made;
			return 0;
		}
		*why = "its kid is not the key's thumbprint (RFC 7638)";
	}
	return LOBBY_ERR_INVALID;
}

int shc_revoked_of(const char *text, struct shc_revoked *revoked)
{
	struct shc_revoked made = { .before_s = 0 };
	size_t len = strspn(text, RID_LETTERS);
	const char *at = text + len;

	if (len == 0 || !text_copy_n(made.rid, sizeof(made.rid), text, len))
		return LOBBY_ERR_INVALID;
	if (*at == '.') {
		for (at++; *at >= '0' && *at <= '9' && made.before_s < 100000000000; at++)
			made.before_s = made.before_s * 10 + (*at - '0');
		if (made.before_s == 0)
			return LOBBY_ERR_INVALID;
	}
	if (*at != '\0')
		return LOBBY_ERR_INVALID;
	*revoked = made;
	return 0;
}

/* ---- taking apart ---- */

/* The times and names of the payload; absent ones are 0 and "". */
static int read_claims(struct shc_card *card)
{
	const json_t *nbf = json_object_get(card->json, "nbf"), *exp = json_object_get(card->json, "exp");

	card->iss = jose_text(card->json, "iss");
	card->rid = jose_text(json_object_get(card->json, "vc"), "rid");
	if (*card->iss == '\0' || strlen(card->iss) > SHC_MAX_ISS || !json_is_number(nbf) ||
	    (exp != NULL && !json_is_number(exp)) || shc_bundle(card) == NULL)
		return LOBBY_ERR_CARD_MALFORMED;
	card->nbf_s = json_number_value(nbf);
	card->exp_s = exp != NULL ? json_number_value(exp) : 0;
	/* An exp of 0 or less would read as none. */
	return exp != NULL && !(card->exp_s > 0) ? LOBBY_ERR_CARD_MALFORMED : 0;
}

static int read_payload(struct shc_card *card, const char *text, size_t text_len)
{
	size_t size = text_len <= SHC_MAX_JWS ? SHC_MAX_JSON : SHC_MAX_FILE, packed_len = 0, json_len = 0;
	uint8_t *packed = malloc(text_len + 1);
	char *json = malloc(size);
	int err = packed != NULL && json != NULL ? 0 : LOBBY_ERR_NO_MEMORY;

	if (err == 0)
		err = jose_decode(text, text_len, packed, text_len, &packed_len);
	if (err == 0)
		err = jose_inflate(packed, packed_len, json, size, &json_len);
	if (err == 0) {
		card->json = jose_object(json, json_len);
		err = card->json != NULL ? read_claims(card) : LOBBY_ERR_CARD_MALFORMED;
	}
	if (err != 0) {
		json_decref(card->json);
		card->json = NULL;
		card->iss = card->rid = "";
	}
	if (json != NULL)
		sodium_memzero(json, json_len);
	if (packed != NULL)
		sodium_memzero(packed, packed_len);
	free(json);
	free(packed);
	return err;
}

static int read_header(struct shc_card *card, const char *text, size_t text_len)
{
	uint8_t bytes[MAX_HEADER];
	json_t *json;
	size_t len = 0;
	int err = jose_decode(text, text_len, bytes, sizeof(bytes), &len);

	if (err != 0)
		return err;
	json = jose_object((const char *)bytes, len);
	if (strcmp(jose_text(json, "alg"), "ES256") != 0 || strcmp(jose_text(json, "zip"), "DEF") != 0 ||
	    jose_text(json, "kid")[0] == '\0' || !text_copy(card->kid, sizeof(card->kid), jose_text(json, "kid")))
		err = LOBBY_ERR_CARD_MALFORMED;
	json_decref(json);
	return err;
}

int shc_open(const char *jws, size_t len, struct shc_card *card)
{
	const char *payload, *signature, *end = jws + len;
	struct shc_card made = { .jws = jws, .iss = "", .rid = "" };
	size_t signature_len = 0;
	int err;

	if (len > SHC_MAX_FILE || (payload = memchr(jws, '.', len)) == NULL)
		return LOBBY_ERR_CARD_MALFORMED;
	payload++;
	signature = memchr(payload, '.', (size_t)(end - payload));
	if (signature == NULL)
		return LOBBY_ERR_CARD_MALFORMED;
	made.signed_len = (size_t)(signature++ - jws);
	err = jose_decode(signature, (size_t)(end - signature), made.signature, SIGNATURE_LEN, &signature_len);
	if (err == 0 && signature_len != SIGNATURE_LEN)
		err = LOBBY_ERR_CARD_MALFORMED;
	if (err == 0)
		err = read_header(&made, jws, (size_t)(payload - 1 - jws));
	if (err != 0)
		return err;
	made.err = read_payload(&made, payload, (size_t)(jws + made.signed_len - payload));
	if (made.err == LOBBY_ERR_NO_MEMORY)
		return made.err;
	*card = made;
	return 0;
}

void shc_close(struct shc_card *card)
{
	json_decref(card->json);
	*card = (struct shc_card){ .iss = "", .rid = "" };
}

const json_t *shc_bundle(const struct shc_card *card)
{
	const json_t *subject = json_object_get(json_object_get(card->json, "vc"), "credentialSubject");
	const json_t *bundle = json_object_get(subject, "fhirBundle");

	return strcmp(jose_text(bundle, "resourceType"), "Bundle") == 0 ? bundle : NULL;
}

/* ---- judging ---- */

static gnutls_datum_t datum(const void *data, size_t len)
{
	return (gnutls_datum_t){ (unsigned char *)data, (unsigned)len };
}

/* RFC 7518 section 3.4: the signature is r and s of 32 bytes each; GnuTLS takes them in DER. */
static bool signature_fits(const struct shc_card *card, const struct shc_key *key)
{
	gnutls_datum_t x = datum(key->x, 32), y = datum(key->y, 32), der = { NULL, 0 };
	gnutls_datum_t r = datum(card->signature, 32), s = datum(card->signature + 32, 32);
	gnutls_datum_t text = datum(card->jws, card->signed_len);
	gnutls_pubkey_t public = NULL;
	bool fits = gnutls_pubkey_init(&public) == 0 &&
		    gnutls_pubkey_import_ecc_raw(public, GNUTLS_ECC_CURVE_SECP256R1, &x, &y) == 0 &&
		    gnutls_encode_rs_value(&der, &r, &s) == 0 &&
		    gnutls_pubkey_verify_data2(public, GNUTLS_SIGN_ECDSA_SHA256, 0, &text, &der) >= 0;

	gnutls_free(der.data);
	if (public != NULL)
		gnutls_pubkey_deinit(public);
	return fits;
}

/* "Before" a second that cuts the issuer's own fraction off: the framework's example of a revoked card is of the very
 * second that its list names, so that second counts too. */
static bool is_revoked(const struct shc_card *card, const struct shc_issuer *issuer)
{
	if (*card->rid == '\0')
		return false;
	for (size_t i = 0; i < issuer->revoked_count; i++)
		if (strcmp(issuer->revoked[i].rid, card->rid) == 0 &&
		    (issuer->revoked[i].before_s == 0 || card->nbf_s < (double)issuer->revoked[i].before_s + 1))
			return true;
	return false;
}

enum shc_outcome shc_judge(const struct shc_card *card, const struct shc_issuer *issuers, size_t count, int64_t now_ms,
			   size_t *which)
{
	bool proven = false, known = false;
	size_t at = 0;

	/* A kid is the hash of its key, so the same kid of another issuer is the same key: one check is enough. */
	for (size_t i = 0; i < count; i++) {
		if (strcmp(issuers[i].key.kid, card->kid) != 0)
			continue;
		if (!proven && !signature_fits(card, &issuers[i].key))
			return SHC_TAMPERED;
		proven = true;
		if (!known && strcmp(issuers[i].iss, card->iss) == 0) {
			known = true;
			at = i;
		}
	}
	if (card->err != 0)
		return SHC_MALFORMED;
	if (!known)
		return SHC_UNKNOWN_ISSUER;
	if (!(card->nbf_s * 1000 <= (double)(now_ms + SHC_NOT_YET_MS)))
		return SHC_MALFORMED;
	if (which != NULL)
		*which = at;
	if (is_revoked(card, &issuers[at]))
		return SHC_REVOKED;
	return card->exp_s != 0 && card->exp_s * 1000 < (double)now_ms ? SHC_EXPIRED : SHC_VALID;
}

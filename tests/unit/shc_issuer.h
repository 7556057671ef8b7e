/* An issuer of SMART Health Cards for tests, benches and the demo: a key made on the spot, cards signed with it, and
 *the codes that a phone would show. Everything is what a real issuer makes (SMART Health Cards Framework); only nobody
 * vouches for it.
 *
 *	struct shc_test_issuer issuer;
 *	shc_issuer_init(&issuer, "https://issuer.example.org", "Example Health");
 *	shc_issuer_card(&issuer, bundle, (struct shc_claims){ .nbf_s = 1700000000 }, jws, sizeof(jws));
 *	shc_issuer_code(jws, 1, 1, code, sizeof(code));          "shc:/5676..."
 *	shc_issuer_directory(&issuer, NULL)                      what `lobby-clinic issuers` reads
 *
 * A function that fails ends the program. */
#ifndef LOBBY_TESTS_SHC_ISSUER_H
#define LOBBY_TESTS_SHC_ISSUER_H

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <jansson.h>
#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define SHC_ISSUER_MUST(ok) ((ok) ? (void)0 : shc_issuer_die(__FILE__, __LINE__, #ok))

struct shc_test_issuer {
	const char *iss, *name; /* borrowed */
	gnutls_privkey_t key;
	char kid[44], x[44], y[44];
};

/** What a card says besides its Bundle; 0 and NULL: leave it out (nbf is always there). */
struct shc_claims {
	double nbf_s, exp_s;
	const char *rid;
};

static inline void shc_issuer_die(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
	abort();
}

static inline void shc_issuer_base64(const void *data, size_t len, char *out, size_t size)
{
	SHC_ISSUER_MUST(size >= sodium_base64_encoded_len(len, sodium_base64_VARIANT_URLSAFE_NO_PADDING));
	sodium_bin2base64(out, size, data, len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* A number as 32 bytes: GnuTLS leaves leading zeros out, or puts one in front. */
static inline void shc_issuer_pad(const gnutls_datum_t *number, uint8_t out[32])
{
	const unsigned char *from = number->data;
	size_t len = number->size;

	for (; len > 32; from++, len--)
		SHC_ISSUER_MUST(*from == 0);
	memset(out, 0, 32);
	memcpy(out + 32 - len, from, len);
}

/** Makes a key. Pair with shc_issuer_fini(). */
static inline void shc_issuer_init(struct shc_test_issuer *issuer, const char *iss, const char *name)
{
	gnutls_datum_t x, y, k;
	gnutls_ecc_curve_t curve;
	uint8_t bytes[32], hash[32];
	char text[160];

	*issuer = (struct shc_test_issuer){ .iss = iss, .name = name };
	SHC_ISSUER_MUST(gnutls_privkey_init(&issuer->key) == 0);
	SHC_ISSUER_MUST(gnutls_privkey_generate(issuer->key, GNUTLS_PK_ECDSA,
						GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0) == 0);
	SHC_ISSUER_MUST(gnutls_privkey_export_ecc_raw(issuer->key, &curve, &x, &y, &k) == 0);
	shc_issuer_pad(&x, bytes);
	shc_issuer_base64(bytes, 32, issuer->x, sizeof(issuer->x));
	shc_issuer_pad(&y, bytes);
	shc_issuer_base64(bytes, 32, issuer->y, sizeof(issuer->y));
	gnutls_free(x.data);
	gnutls_free(y.data);
	gnutls_free(k.data);
	snprintf(text, sizeof(text), "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", issuer->x,
		 issuer->y);
	crypto_hash_sha256(hash, (const unsigned char *)text, strlen(text));
	shc_issuer_base64(hash, sizeof(hash), issuer->kid, sizeof(issuer->kid));
}

static inline void shc_issuer_fini(struct shc_test_issuer *issuer)
{
	gnutls_privkey_deinit(issuer->key);
}

/** The public key; the caller owns the reference. */
static inline json_t *shc_issuer_jwk(const struct shc_test_issuer *issuer)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "kty", "EC", "kid", issuer->kid, "use", "sig", "alg", "ES256",
			 "crv", "P-256", "x", issuer->x, "y", issuer->y);
}

/** {"issuers":[...]} with this one; crl_rids is a JSON array of rids, or NULL. The caller owns the reference. */
static inline json_t *shc_issuer_directory(const struct shc_test_issuer *issuer, const char *crl_rids)
{
	json_t *one =
		json_pack("{s:s,s:s,s:[o]}", "iss", issuer->iss, "name", issuer->name, "keys", shc_issuer_jwk(issuer));

	if (crl_rids != NULL)
		json_object_set_new(one, "crls",
				    json_pack("[{s:s,s:s,s:i,s:o}]", "kid", issuer->kid, "method", "rid", "ctr", 1,
					      "rids", json_loads(crl_rids, 0, NULL)));
	return json_pack("{s:[o]}", "issuers", one);
}

/** Signs header and payload, both as they stand. */
static inline void shc_issuer_sign(const struct shc_test_issuer *issuer, const char *header, const void *payload,
				   size_t len, char *jws, size_t size)
{
	gnutls_datum_t data, der, r, s;
	uint8_t signature[64];
	size_t at;

	shc_issuer_base64(header, strlen(header), jws, size);
	at = strlen(jws);
	jws[at++] = '.';
	shc_issuer_base64(payload, len, jws + at, size - at);
	at += strlen(jws + at);
	data = (gnutls_datum_t){ (unsigned char *)jws, (unsigned)at };
	SHC_ISSUER_MUST(gnutls_privkey_sign_data2(issuer->key, GNUTLS_SIGN_ECDSA_SHA256, 0, &data, &der) == 0);
	SHC_ISSUER_MUST(gnutls_decode_rs_value(&der, &r, &s) == 0);
	shc_issuer_pad(&r, signature);
	shc_issuer_pad(&s, signature + 32);
	gnutls_free(der.data);
	gnutls_free(r.data);
	gnutls_free(s.data);
	jws[at++] = '.';
	shc_issuer_base64(signature, sizeof(signature), jws + at, size - at);
}

/** Raw DEFLATE; returns the length. */
static inline size_t shc_issuer_deflate(const void *data, size_t len, void *out, size_t size)
{
	z_stream z = { .next_in = (Bytef *)data, .avail_in = (uInt)len, .next_out = out, .avail_out = (uInt)size };

	SHC_ISSUER_MUST(deflateInit2(&z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) == Z_OK);
	SHC_ISSUER_MUST(deflate(&z, Z_FINISH) == Z_STREAM_END);
	len = size - z.avail_out;
	deflateEnd(&z);
	return len;
}

/** A card of any JSON text as payload: for what no issuer should sign. */
static inline void shc_issuer_payload(const struct shc_test_issuer *issuer, const char *json, size_t len, char *jws,
				      size_t size)
{
	static uint8_t packed[1 << 20];
	char header[128];

	snprintf(header, sizeof(header), "{\"zip\":\"DEF\",\"alg\":\"ES256\",\"kid\":\"%.43s\"}", issuer->kid);
	shc_issuer_sign(issuer, header, packed, shc_issuer_deflate(json, len, packed, sizeof(packed)), jws, size);
}

/** A card of a FHIR Bundle (its JSON). */
static inline void shc_issuer_card(const struct shc_test_issuer *issuer, const char *bundle, struct shc_claims claims,
				   char *jws, size_t size)
{
	json_t *fhir = json_loads(bundle, 0, NULL), *vc, *payload;
	char *text;

	SHC_ISSUER_MUST(fhir != NULL);
	vc = json_pack("{s:[s],s:s*,s:{s:s,s:o}}", "type", "https://smarthealth.cards#health-card", "rid", claims.rid,
		       "credentialSubject", "fhirVersion", "4.0.1", "fhirBundle", fhir);
	payload = json_pack("{s:s,s:f,s:o}", "iss", issuer->iss, "nbf", claims.nbf_s, "vc", vc);
	SHC_ISSUER_MUST(payload != NULL);
	if (claims.exp_s != 0)
		json_object_set_new(payload, "exp", json_real(claims.exp_s));
	text = json_dumps(payload, JSON_COMPACT);
	shc_issuer_payload(issuer, text, strlen(text), jws, size);
	free(text);
	json_decref(payload);
}

/** Code `part` of `parts` of a card, all of about one length. */
static inline void shc_issuer_code(const char *jws, int part, int parts, char *out, size_t size)
{
	size_t len = strlen(jws), from = len * (size_t)(part - 1) / (size_t)parts,
	       to = len * (size_t)part / (size_t)parts;
	size_t at = 0;

	if (parts == 1)
		at = (size_t)snprintf(out, size, "shc:/");
	else
		at = (size_t)snprintf(out, size, "shc:/%d/%d/", part, parts);
	SHC_ISSUER_MUST(at + 2 * (to - from) < size);
	for (; from < to; from++)
		at += (size_t)snprintf(out + at, size - at, "%02d", jws[from] - 45);
}

#endif

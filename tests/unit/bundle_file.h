/* An update bundle as a file: a payload that can be told again byte by byte, and RAUC's signed manifest behind it. It
 * can be read, offered and fetched; nothing could be installed from it. */
#ifndef LOBBY_TESTS_BUNDLE_FILE_H
#define LOBBY_TESTS_BUNDLE_FILE_H

#include "tests/unit/signer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <gnutls/abstract.h>
#include <gnutls/pkcs7.h>

#define PAYLOAD 300007 /* no whole number of anything */

/* ---- a bundle, signed as RAUC signs them: CMS with the manifest inside ---- */

static inline gnutls_datum_t sign(const char *manifest)
{
	gnutls_datum_t content = { (unsigned char *)manifest, (unsigned)strlen(manifest) }, der = { 0 };
	gnutls_privkey_t key;
	gnutls_x509_crt_t crt;
	gnutls_pkcs7_t cms;

	signer_make("CN=update", &key, &crt);
	assert_int_equal(gnutls_pkcs7_init(&cms), 0);
	assert_int_equal(gnutls_pkcs7_sign(cms, crt, key, &content, NULL, NULL, GNUTLS_DIG_SHA256,
					   GNUTLS_PKCS7_EMBED_DATA | GNUTLS_PKCS7_INCLUDE_CERT),
			 0);
	assert_int_equal(gnutls_pkcs7_export2(cms, GNUTLS_X509_FMT_DER, &der), 0);
	gnutls_pkcs7_deinit(cms);
	gnutls_privkey_deinit(key);
	gnutls_x509_crt_deinit(crt);
	return der;
}

/* Byte i of the payload of every bundle. */
static inline unsigned char payload_at(size_t i)
{
	return (unsigned char)(i * 31 + i / 251);
}

static inline void write_bundle(const char *path, const char *manifest, int cut)
{
	gnutls_datum_t cms = sign(manifest);
	unsigned char length[8] = { 0, 0, 0, 0, 0, 0, (unsigned char)(cms.size >> 8), (unsigned char)cms.size };
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	for (size_t i = 0; i < PAYLOAD; i++)
		fputc(payload_at(i), file);
	assert_int_equal(fwrite(cms.data, 1, cms.size - (unsigned)cut, file), cms.size - (unsigned)cut);
	assert_int_equal(fwrite(length, 1, 8, file), 8);
	assert_int_equal(fclose(file), 0);
	gnutls_free(cms.data);
}

#define MANIFEST(version) \
	"[update]\ncompatible=lobby-kiosk-x86_64\nversion=" version "\n\n[bundle]\nformat=verity\nverity-hash=00\n"

#endif

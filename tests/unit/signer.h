/* A key of the appliance's (image/README.md, "Keys") for a test: ECDSA P-256, and the certificate that it signs itself.
 */
#ifndef LOBBY_TESTS_SIGNER_H
#define LOBBY_TESTS_SIGNER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gnutls/abstract.h>
#include <gnutls/x509.h>

/* name: "CN=release". Both are the caller's to deinit. */
static inline void signer_make(const char *name, gnutls_privkey_t *key, gnutls_x509_crt_t *crt)
{
	gnutls_x509_privkey_t raw;

	assert_int_equal(gnutls_x509_privkey_init(&raw), 0);
	assert_int_equal(
		gnutls_x509_privkey_generate(raw, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
		0);
	assert_int_equal(gnutls_x509_crt_init(crt), 0);
	gnutls_x509_crt_set_version(*crt, 3);
	gnutls_x509_crt_set_serial(*crt, "\1", 1);
	gnutls_x509_crt_set_dn(*crt, name, NULL);
	gnutls_x509_crt_set_activation_time(*crt, 1700000000);
	gnutls_x509_crt_set_expiration_time(*crt, 2000000000);
	gnutls_x509_crt_set_key(*crt, raw);
	assert_int_equal(gnutls_x509_crt_sign2(*crt, *crt, raw, GNUTLS_DIG_SHA256, 0), 0);
	assert_int_equal(gnutls_privkey_init(key), 0);
	assert_int_equal(gnutls_privkey_import_x509(*key, raw, GNUTLS_PRIVKEY_IMPORT_AUTO_RELEASE), 0);
}

#endif

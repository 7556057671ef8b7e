/* The clinic's two key pairs: the TLS certificate that kiosks pin at enrolment, and the pair that visits are sealed to.
 * Both are made at the first start and kept for good: losing seal.key would make what kiosks still hold unreadable.
 *
 * The certificate is self-signed ECDSA P-256 (RFC 5280; SEC 2 secp256r1), valid ten years, for localhost and this
 * host's name. */
#include "clinic.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CERTIFICATE_S (10LL * 365 * 86400)
#define PEM_MAX 16384

static int path_in(const struct clinic *clinic, const char *name, char path[CLINIC_PATH_MAX])
{
	return snprintf(path, CLINIC_PATH_MAX, "%s/%s", clinic->folder, name) >= CLINIC_PATH_MAX ? LOBBY_ERR_TOO_LONG
												 : 0;
}

static int certificate_fill(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key)
{
	static const unsigned char local_v4[] = { 127, 0, 0, 1 };
	/* A day early, so that a kiosk whose clock is behind a little takes it. */
	time_t now = (time_t)(clock_wall_ms() / 1000) - 86400;
	unsigned char serial[16];
	char host[256] = "localhost";
	int rc = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial));

	serial[0] &= 0x7F; /* positive, RFC 5280 section 4.1.2.2 */
	if (gethostname(host, sizeof(host) - 1) != 0)
		snprintf(host, sizeof(host), "localhost");
	rc |= gnutls_x509_crt_set_version(crt, 3);
	rc |= gnutls_x509_crt_set_serial(crt, serial, sizeof(serial));
	rc |= gnutls_x509_crt_set_dn(crt, "CN=Lobby clinic", NULL);
	rc |= gnutls_x509_crt_set_activation_time(crt, now);
	rc |= gnutls_x509_crt_set_expiration_time(crt, now + CERTIFICATE_S);
	rc |= gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, "localhost", 9, GNUTLS_FSAN_SET);
	rc |= gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, local_v4, sizeof(local_v4),
						   GNUTLS_FSAN_APPEND);
	rc |= gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, host, (unsigned)strlen(host),
						   GNUTLS_FSAN_APPEND);
	rc |= gnutls_x509_crt_set_basic_constraints(crt, 0, -1);
	rc |= gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE);
	rc |= gnutls_x509_crt_set_key(crt, key);
	rc |= gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0);
	return rc == 0 ? 0 : LOBBY_ERR_IO;
}

/* A new key and certificate, both into one PEM text. */
static int certificate_make(char *pem, size_t size)
{
	gnutls_x509_privkey_t key = NULL;
	gnutls_x509_crt_t crt = NULL;
	size_t key_len = size, crt_len;
	int err = LOBBY_ERR_NO_MEMORY;

	if (gnutls_x509_privkey_init(&key) != 0 || gnutls_x509_crt_init(&crt) != 0)
		goto out;
	err = LOBBY_ERR_IO;
	if (gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0) !=
	    0)
		goto out;
	err = certificate_fill(crt, key);
	if (err != 0)
		goto out;
	err = LOBBY_ERR_IO;
	if (gnutls_x509_privkey_export(key, GNUTLS_X509_FMT_PEM, pem, &key_len) != 0)
		goto out;
	crt_len = size - key_len;
	if (gnutls_x509_crt_export(crt, GNUTLS_X509_FMT_PEM, pem + key_len, &crt_len) != 0)
		goto out;
	pem[key_len + crt_len < size ? key_len + crt_len : size - 1] = '\0';
	err = 0;
out:
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
	return err;
}

static int fingerprint_of(const char *pem, unsigned char fingerprint[32])
{
	gnutls_datum_t text = { (unsigned char *)pem, (unsigned)strlen(pem) };
	gnutls_x509_crt_t crt = NULL;
	size_t len = 32;
	int rc = gnutls_x509_crt_init(&crt);

	if (rc == 0)
		rc = gnutls_x509_crt_import(crt, &text, GNUTLS_X509_FMT_PEM);
	if (rc == 0)
		rc = gnutls_x509_crt_get_fingerprint(crt, GNUTLS_DIG_SHA256, fingerprint, &len);
	gnutls_x509_crt_deinit(crt);
	return rc == 0 && len == 32 ? 0 : LOBBY_ERR_CORRUPT;
}

static int tls_load(struct clinic *clinic)
{
	char path[CLINIC_PATH_MAX], *pem = NULL, *certificate;
	size_t len;
	int err = path_in(clinic, "tls.pem", path);

	if (err == 0)
		err = file_read(path, PEM_MAX, &pem, &len);
	if (err == LOBBY_ERR_NOT_FOUND) {
		pem = calloc(1, PEM_MAX);
		err = pem == NULL ? LOBBY_ERR_NO_MEMORY : certificate_make(pem, PEM_MAX);
		if (err == 0)
			err = file_replace(path, pem, strlen(pem), 0600);
	}
	certificate = err == 0 ? strstr(pem, "-----BEGIN CERTIFICATE-----") : NULL;
	if (err == 0)
		err = certificate == NULL ? LOBBY_ERR_CORRUPT : fingerprint_of(certificate, clinic->fingerprint);
	if (err != 0) {
		free(pem);
		return err;
	}
	clinic->tls_key = pem;
	clinic->tls_certificate = certificate;
	return 0;
}

static int seal_load(struct clinic *clinic)
{
	char path[CLINIC_PATH_MAX], *data = NULL;
	size_t len;
	int err = path_in(clinic, "seal.key", path);

	if (err == 0)
		err = file_read(path, crypto_box_SECRETKEYBYTES, &data, &len);
	if (err == LOBBY_ERR_NOT_FOUND) {
		crypto_box_keypair(clinic->seal_public, clinic->seal_secret);
		return file_replace(path, clinic->seal_secret, sizeof(clinic->seal_secret), 0600);
	}
	if (err == 0 && len != crypto_box_SECRETKEYBYTES)
		err = LOBBY_ERR_CORRUPT;
	if (err == 0) {
		memcpy(clinic->seal_secret, data, sizeof(clinic->seal_secret));
		crypto_scalarmult_base(clinic->seal_public, clinic->seal_secret);
		explicit_bzero(data, len);
	}
	free(data);
	return err;
}

int keys_load(struct clinic *clinic)
{
	int err = tls_load(clinic);

	if (err == 0)
		err = seal_load(clinic);
	if (err != 0)
		log_event(LOG_ERROR, "keys-failed", "reason=%s", err_event(err));
	return err;
}

void keys_unload(struct clinic *clinic)
{
	if (clinic->tls_key != NULL)
		explicit_bzero(clinic->tls_key, strlen(clinic->tls_key));
	free(clinic->tls_key);
	clinic->tls_key = clinic->tls_certificate = NULL;
	sodium_memzero(clinic->seal_secret, sizeof(clinic->seal_secret));
}

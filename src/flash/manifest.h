/* What an image's description says (image/README.md, `.img.json`): its size and hash, and which of its blocks hold
 * anything, in runs with a hash each. It counts only when the release key has signed it.
 *
 * Signature: ECDSA over SHA-256 (FIPS 186-4), DER, by the key of an X.509 certificate; made without random numbers
 * (RFC 6979), so that the same image signed twice is the same to the bit. */
#ifndef LOBBY_FLASH_MANIFEST_H
#define LOBBY_FLASH_MANIFEST_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MANIFEST_BLOCK 4096
#define MANIFEST_MAX_JSON (4 * 1024 * 1024)
#define MANIFEST_MAX_SIZE (64LL * 1024 * 1024 * 1024) /* of an image, bytes */
#define MANIFEST_MAX_RUN 256			      /* blocks */
#define MANIFEST_MAX_SIGNATURE 256		      /* bytes */

struct flash_manifest_run {
	uint32_t first, count; /* blocks */
	uint8_t sha256[32];
};

struct flash_manifest {
	char version[25];
	bool development; /* signed with development keys */
	int64_t size;	  /* of the image unpacked, bytes */
	uint8_t sha256[32];
	struct flash_manifest_run *runs; /* ascending, apart */
	size_t run_count;
	int64_t used; /* bytes in all runs */
};

/** why: on failure a plain sentence, static. LOBBY_ERR_INVALID, LOBBY_ERR_NO_MEMORY. */
int flash_manifest_read(const char *json, size_t len, struct flash_manifest *manifest, const char **why) MUST_CHECK;
void flash_manifest_free(struct flash_manifest *manifest);

/** Did the key of this certificate (PEM) sign these bytes? LOBBY_ERR_UNTRUSTED, LOBBY_ERR_INVALID (no certificate). */
int flash_manifest_check(const void *json, size_t len, const void *signature, size_t signature_len, const char *pem,
			 size_t pem_len) MUST_CHECK;
/** Signs these bytes with a P-256 key (PEM); *sig_len is then what is used of sig. LOBBY_ERR_INVALID (no such key). */
int flash_manifest_sign(const void *json, size_t len, const char *key, size_t key_len,
			uint8_t sig[MANIFEST_MAX_SIGNATURE], size_t *sig_len) MUST_CHECK;
/** The certificate's SHA-256 fingerprint as 16 hex digits in fours, to be compared by a person. */
int flash_manifest_key_name(const char *pem, size_t pem_len, char out[20]) MUST_CHECK;

#endif

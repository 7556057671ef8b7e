/* A RAUC bundle as a file: what it is of, and a copy of it by its hash.
 *
 * Source: RAUC 1.8, "Bundle Formats", verity: SquashFS, dm-verity tree, a CMS (RFC 5652) SignedData in DER that holds
 * the manifest, and that signature's length as 64 bits, most significant byte first. The signature is not checked here:
 * the key is the kiosks' to know. */
#ifndef LOBBY_CLINIC_BUNDLE_H
#define LOBBY_CLINIC_BUNDLE_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define BUNDLE_COMPATIBLE "lobby-kiosk-x86_64"
#define BUNDLE_MAX (1LL << 30)

struct bundle {
	char version[25], compatible[65];
	char sha256[65]; /* hex, after bundle_copy() */
	int64_t size;
};

/** Reads the manifest inside the signature. why: on failure a plain sentence, static. LOBBY_ERR_NOT_FOUND,
 * LOBBY_ERR_IO, LOBBY_ERR_INVALID (no such bundle, or a manifest without version). */
int bundle_read(const char *path, struct bundle *bundle, const char **why) MUST_CHECK;
/** Copies the file into folder as SHA256.raucb (fsynced; the same one twice is there once) and sets bundle->sha256. */
int bundle_copy(const char *path, const char *folder, struct bundle *bundle) MUST_CHECK;

#endif

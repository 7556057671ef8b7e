/* What a technician's stick says of itself: `lobby/stick.json`, signed by `lobby/stick.sig` (base64 of an Ed25519
 * signature over the file's bytes; RFC 8032) with the clinic's stick key.
 *
 *   {"issued": "2026-11-23", "expires": "2026-12-31", "what": ["provision", "update", "logs", "technician"],
 *    "files": {"provision.json": "<sha256>", "lobby-0.2.0.raucb": "<sha256>"},
 *    "update": {"file": "lobby-0.2.0.raucb", "version": "0.2.0"}}
 *
 * Both days are included. Nothing is parsed before the signature has been found right; files that are not listed do not
 * exist for us. Pure. */
#ifndef LOBBY_SYSTEM_MANIFEST_H
#define LOBBY_SYSTEM_MANIFEST_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MANIFEST_MAX 16384
#define MANIFEST_SIGNATURE_MAX 256
#define MANIFEST_FILES 16
#define MANIFEST_NAME 65
#define MANIFEST_WHY 161

struct manifest_file {
	char name[MANIFEST_NAME]; /* below lobby/ */
	uint8_t sha256[32];
};

struct manifest {
	char issued[11], expires[11]; /* YYYY-MM-DD */
	bool provision, update, logs, technician;
	struct manifest_file file[MANIFEST_FILES];
	size_t files;
	char update_file[MANIFEST_NAME]; /* empty: none */
	char update_version[25];
	bool clock_behind; /* the machine's clock is before `issued`: whether it has expired cannot be known */
};

/** Checks the signature, reads, checks the day (local, of now_ms). On failure `why` is a sentence for the technician.
 * LOBBY_ERR_DENIED (not signed with this key), LOBBY_ERR_INVALID (signed nonsense), LOBBY_ERR_STALE (expired). */
int manifest_read(const char *json, size_t len, const char *signature, size_t signature_len, const uint8_t key[32],
		  int64_t now_ms, struct manifest *manifest, char why[MANIFEST_WHY]) MUST_CHECK;
/** The part behind the signature, for the fuzzer. */
int manifest_parse(const char *json, size_t len, struct manifest *manifest, char why[MANIFEST_WHY]) MUST_CHECK;
/** The listed file of this name, or NULL. */
const struct manifest_file *manifest_find(const struct manifest *manifest, const char *name);
/** 32 bytes of base64 in a file (stick.pub, support.pub). As file_read(); LOBBY_ERR_CORRUPT. */
int manifest_key_read(const char *path, uint8_t key[32]) MUST_CHECK;

#endif

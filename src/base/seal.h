/* A stream sealed to a public key: whoever writes it cannot read it again. For a kiosk's logs on a stick that may be
 * lost.
 *
 *   "LOBBYLOG1\n"  a random key, sealed (libsodium crypto_box_seal: X25519)  24 bytes header  pieces
 *   piece: length (le16) of what follows, then crypto_secretstream_xchacha20poly1305; the last is tagged final
 *
 * Pieces hold at most SEAL_PIECE bytes of the stream. A stream that was cut, or changed anywhere, is told:
 * LOBBY_ERR_CORRUPT. The descriptor is borrowed. */
#ifndef LOBBY_BASE_SEAL_H
#define LOBBY_BASE_SEAL_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEAL_PIECE 32768
#define SEAL_KEY 32

/** In the owner's storage; wiped by seal_end(). */
struct seal {
	int fd;
	size_t len;
	uint8_t piece[SEAL_PIECE];
	_Alignas(8) uint8_t state[64]; /* libsodium's */
};

/** LOBBY_ERR_IO, LOBBY_ERR_DISK_FULL. */
int seal_begin(struct seal *seal, int fd, const uint8_t to[SEAL_KEY]) MUST_CHECK;
int seal_write(struct seal *seal, const void *data, size_t len) MUST_CHECK;
/** Writes the last piece. Call it on failure as well. */
int seal_end(struct seal *seal) MUST_CHECK;

struct unseal {
	int fd;
	bool last;
	_Alignas(8) uint8_t state[64];
};

/** secret: the secret half. LOBBY_ERR_CORRUPT (no such stream), LOBBY_ERR_DENIED (sealed to another key), LOBBY_ERR_IO.
 */
int unseal_begin(struct unseal *unseal, int fd, const uint8_t secret[SEAL_KEY]) MUST_CHECK;
/** The next piece; len 0 is the end. LOBBY_ERR_CORRUPT, LOBBY_ERR_IO. */
int unseal_read(struct unseal *unseal, uint8_t data[SEAL_PIECE], size_t *len) MUST_CHECK;

#endif

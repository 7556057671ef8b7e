/* A file behind a SMART Health Link: a JWE in compact form, opened with the link's key.
 *
 * RFC 7516 (JWE), RFC 7518 sections 4.5 ("dir") and 5.3 (A256GCM), as SMART Health Links has them ("Encrypting and
 * Decrypting Files"): alg "dir", enc "A256GCM", zip "DEF" or none, cty the type of what is in it. Pure; it allocates
 * (GnuTLS, zlib, jansson), bounded by the caller. */
#ifndef LOBBY_CARDS_JWE_H
#define LOBBY_CARDS_JWE_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define JWE_KEY 32

struct jwe {
	char *content; /* owned; NUL behind it */
	size_t len;
	char cty[64]; /* "" if it has none */
};

/** Opens the text; white space around it is passed over. content is at most max bytes. LOBBY_ERR_CARD_MALFORMED: no
 * JWE, or by other algorithms; LOBBY_ERR_CARD_TAMPERED: the tag does not fit, so the key is another or something was
 * changed; LOBBY_ERR_TOO_LONG: more than max, packed or not; LOBBY_ERR_NO_MEMORY. */
int jwe_open(const char *text, size_t len, const uint8_t key[JWE_KEY], size_t max, struct jwe *jwe) MUST_CHECK;
/** Overwrites and frees; may be called twice. */
void jwe_close(struct jwe *jwe);

#endif

/* What JOSE's compact texts have in common, whether signed (shc_read.h) or encrypted (jwe.h): base64url, small JSON
 * objects, raw DEFLATE.
 *
 * RFC 7515 section 2 (base64url without padding), RFC 8259, RFC 1951. Pure; all bounds are the caller's. Errors:
 * LOBBY_ERR_CARD_MALFORMED, LOBBY_ERR_NO_MEMORY, and for what would be longer than its room LOBBY_ERR_TOO_LONG. */
#ifndef LOBBY_CARDS_JOSE_H
#define LOBBY_CARDS_JOSE_H

#include "base/err.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#define JOSE_MAX_DEPTH 64 /* of arrays and objects in each other */

/** base64url without padding, and no other writing of the same bytes: unused bits must be 0. */
int jose_decode(const char *text, size_t text_len, uint8_t *out, size_t size, size_t *len) MUST_CHECK;
/** An object without duplicate names; a new reference, NULL if it is none. */
json_t *jose_object(const char *text, size_t len);
/** The text of a member without NUL in it, or "". */
const char *jose_text(const json_t *object, const char *name);
/** The whole of a raw DEFLATE stream, and nothing behind it, into at most size bytes. */
int jose_inflate(const uint8_t *data, size_t len, char *out, size_t size, size_t *out_len) MUST_CHECK;

#endif

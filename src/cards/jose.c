/* See jose.h. Everything here reads what a stranger wrote, so each function says no rather than guess: one way to write
 * each byte, one value for each name, an end to every stream. */
#include "jose.h"

#include <sodium.h>
#include <stdbool.h>
#include <string.h>
#include <zlib.h>

int jose_decode(const char *text, size_t text_len, uint8_t *out, size_t size, size_t *len)
{
	const char *end = NULL;

	if (sodium_base642bin(out, size, text, text_len, NULL, len, &end, sodium_base64_VARIANT_URLSAFE_NO_PADDING) !=
		    0 ||
	    end != text + text_len)
		return LOBBY_ERR_CARD_MALFORMED;
	return 0;
}

/* jansson reads nested values by recursion, with a bound of its own that is far beyond any card's. */
static bool is_shallow(const char *text, size_t len)
{
	bool quoted = false;
	int depth = 0;

	for (size_t i = 0; i < len; i++) {
		if (quoted && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			quoted = !quoted;
		else if (!quoted && (text[i] == '{' || text[i] == '[') && ++depth > JOSE_MAX_DEPTH)
			return false;
		else if (!quoted && (text[i] == '}' || text[i] == ']'))
			depth--;
	}
	return true;
}

json_t *jose_object(const char *text, size_t len)
{
	json_t *json = is_shallow(text, len) ? json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL) : NULL;

	if (json_is_object(json))
		return json;
	json_decref(json);
	return NULL;
}

const char *jose_text(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);
	const char *text = json_string_value(value);

	return text != NULL && strlen(text) == json_string_length(value) ? text : "";
}

int jose_inflate(const uint8_t *data, size_t len, char *out, size_t size, size_t *out_len)
{
	z_stream z = {
		.next_in = (Bytef *)data, .avail_in = (uInt)len, .next_out = (Bytef *)out, .avail_out = (uInt)size
	};
	int rc;

	if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
		return LOBBY_ERR_NO_MEMORY;
	rc = inflate(&z, Z_FINISH);
	*out_len = size - z.avail_out;
	inflateEnd(&z);
	if (rc == Z_STREAM_END && z.avail_in == 0)
		return 0;
	return rc == Z_BUF_ERROR && z.avail_out == 0 ? LOBBY_ERR_TOO_LONG : LOBBY_ERR_CARD_MALFORMED;
}

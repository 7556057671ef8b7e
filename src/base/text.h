/* Small bounded helpers for UTF-8 text. */
#ifndef LOBBY_BASE_TEXT_H
#define LOBBY_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Copies at most size-1 bytes of the NUL-terminated text and always terminates; never cuts a UTF-8 sequence in two.
 * Returns false if it had to cut. */
bool text_copy(char *out, size_t size, const char *text);
/** The same from len bytes that need not be terminated. */
bool text_copy_n(char *out, size_t size, const char *text, size_t len);
/** Decodes one code point at *at (< len) and moves *at past it; U+FFFD for each malformed byte (Unicode 15, 3.9). */
uint32_t text_next(const char *text, size_t len, size_t *at);
/** Encodes a code point; returns its 1..4 bytes. */
size_t text_encode(uint32_t codepoint, char out[4]);
/** True if all of it is well-formed UTF-8 without control characters other than tab and newline. */
bool text_is_clean(const char *text, size_t len);
/** Trims ASCII white space at both ends, in place; returns text. */
char *text_trim(char *text);
/** Removes the last code point, in place. */
void text_pop(char *text);

#endif

/* The bounded reader and writer: the only way wire bytes become values and back.
 *
 * Both borrow their memory. An error is sticky: after the first read or write past the end everything returns 0 or does
 * nothing, and `failed` is set, so a codec checks once at its end. Multi-byte values name their byte order: `le` as USB
 * (USB 2.0, section 8.1) and `be` as ISO 7816. */
#ifndef LOBBY_BASE_BYTES_H
#define LOBBY_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader {
	const uint8_t *data;
	size_t len;
	size_t at;
	bool failed;
};

struct writer {
	uint8_t *data;
	size_t size;
	size_t len;
	bool failed;
};

struct reader reader_of(const void *data, size_t len);
size_t reader_left(const struct reader *r);
uint8_t read_u8(struct reader *r);
uint16_t read_le16(struct reader *r);
uint32_t read_le32(struct reader *r);
uint16_t read_be16(struct reader *r);
uint32_t read_be32(struct reader *r);
/** A pointer to the next len bytes inside the reader's memory, or NULL (and failed). */
const uint8_t *read_span(struct reader *r, size_t len);
/** A reader over the next len bytes; an empty failed one if they are not there. */
struct reader read_sub(struct reader *r, size_t len);

struct writer writer_of(void *data, size_t size);
void write_u8(struct writer *w, uint8_t value);
void write_le16(struct writer *w, uint16_t value);
void write_be16(struct writer *w, uint16_t value);
void write_span(struct writer *w, const void *data, size_t len);
/** The bytes of a NUL-terminated string, without the NUL. */
void write_text(struct writer *w, const char *text);

#endif

/* See bytes.h. Each primitive goes through take() or room(), so there is one bounds check to get right. */
#include "bytes.h"

#include <string.h>

struct reader reader_of(const void *data, size_t len)
{
	static const uint8_t nothing[1];

	/* An empty reader still points somewhere: NULL + 0 is undefined in C11 (6.5.6). */
	return (struct reader){ .data = data != NULL ? data : nothing, .len = len };
}

size_t reader_left(const struct reader *r)
{
	return r->failed ? 0 : r->len - r->at;
}

const uint8_t *read_span(struct reader *r, size_t len)
{
	const uint8_t *span;

	if (r->failed || len > r->len - r->at) {
		r->failed = true;
		return NULL;
	}
	span = r->data + r->at;
	r->at += len;
	return span;
}

struct reader read_sub(struct reader *r, size_t len)
{
	const uint8_t *span = read_span(r, len);

	if (span == NULL)
		return (struct reader){ .failed = true };
	return reader_of(span, len);
}

uint8_t read_u8(struct reader *r)
{
	const uint8_t *b = read_span(r, 1);

	return b ? b[0] : 0;
}

uint16_t read_le16(struct reader *r)
{
	const uint8_t *b = read_span(r, 2);

	return b ? (uint16_t)(b[0] | b[1] << 8) : 0;
}

uint32_t read_le32(struct reader *r)
{
	const uint8_t *b = read_span(r, 4);

	return b ? (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24 : 0;
}

uint16_t read_be16(struct reader *r)
{
	const uint8_t *b = read_span(r, 2);

	return b == NULL ? 0 : (uint16_t)(b[0] << 8 | b[1]);
}

uint32_t read_be32(struct reader *r)
{
	const uint8_t *b = read_span(r, 4);

	return b ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | (uint32_t)b[3] : 0;
}

struct writer writer_of(void *data, size_t size)
{
	return (struct writer){ .data = data, .size = size };
}

void write_span(struct writer *w, const void *data, size_t len)
{
	if (w->failed || len > w->size - w->len) {
		w->failed = true;
		return;
	}
	if (len > 0)
		memcpy(w->data + w->len, data, len);
	w->len += len;
}

void write_u8(struct writer *w, uint8_t value)
{
	write_span(w, &value, 1);
}

void write_le16(struct writer *w, uint16_t value)
{
	write_span(w, (uint8_t[]){ (uint8_t)value, (uint8_t)(value >> 8) }, 2);
}

void write_be16(struct writer *w, uint16_t value)
{
	write_span(w, (uint8_t[]){ (uint8_t)(value >> 8), (uint8_t)value }, 2);
}

void write_text(struct writer *w, const char *text)
{
	write_span(w, text, strlen(text));
}

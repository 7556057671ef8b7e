/* See text.h. */
#include "text.h"

#include <string.h>

uint32_t text_next(const char *text, size_t len, size_t *at)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	const unsigned char *b = (const unsigned char *)text + *at;
	size_t left = len - *at;
	size_t more = b[0] < 0x80		    ? 0
		      : b[0] >= 0xC2 && b[0] < 0xE0 ? 1
		      : b[0] >= 0xE0 && b[0] < 0xF0 ? 2
		      : b[0] >= 0xF0 && b[0] < 0xF5 ? 3
						    : 9;
	uint32_t value;

	(*at)++;
	if (more == 0)
		return b[0];
	if (more == 9 || more >= left)
		return 0xFFFD;
	value = b[0] & (0x3F >> more);
	for (size_t i = 1; i <= more; i++) {
		if ((b[i] & 0xC0) != 0x80)
			return 0xFFFD;
		value = value << 6 | (b[i] & 0x3F);
	}
	if (value < least[more] || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000))
		return 0xFFFD;
	*at += more;
	return value;
}

size_t text_encode(uint32_t c, char out[4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xC0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3F));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xE0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3F));
		out[2] = (char)(0x80 | (c & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3F));
	out[2] = (char)(0x80 | (c >> 6 & 0x3F));
	out[3] = (char)(0x80 | (c & 0x3F));
	return 4;
}

bool text_copy_n(char *out, size_t size, const char *text, size_t len)
{
	bool whole = len < size;
	size_t n = whole ? len : size - 1;

	while (!whole && n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80)
		n--;
	memmove(out, text, n);
	out[n] = '\0';
	return whole;
}

bool text_copy(char *out, size_t size, const char *text)
{
	return text_copy_n(out, size, text, strlen(text));
}

bool text_is_clean(const char *text, size_t len)
{
	for (size_t at = 0; at < len;) {
		size_t from = at;
		uint32_t c = text_next(text, len, &at);

		if (c == 0xFFFD && !(at - from == 3))
			return false;
		if ((c < 0x20 && c != '\t' && c != '\n') || (c >= 0x7F && c < 0xA0))
			return false;
	}
	return true;
}

char *text_trim(char *text)
{
	size_t len = strlen(text), from = 0;

	while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
		len--;
	while (from < len && strchr(" \t\r\n", text[from]) != NULL)
		from++;
	memmove(text, text + from, len - from);
	text[len - from] = '\0';
	return text;
}

void text_pop(char *text)
{
	size_t len = strlen(text);

	while (len > 0 && ((unsigned char)text[--len] & 0xC0) == 0x80)
		;
	text[len] = '\0';
}

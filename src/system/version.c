/* See version.h. */
#include "version.h"

#include <ctype.h>
#include <string.h>

bool version_is_valid(const char *text)
{
	static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.+~-";
	size_t len = strlen(text);

	return len > 0 && len < VERSION_SIZE && isdigit((unsigned char)text[0]) && strspn(text, allowed) == len;
}

int version_compare(const char *a, const char *b)
{
	return strverscmp(a, b);
}

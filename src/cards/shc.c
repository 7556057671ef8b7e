/* See shc.h. A scan is looked at in place: what it is stands in its first letters, and of the digits only their range
 * is checked before they are taken. Parts are kept in the order in which they came, each with its place, so that a card
 * needs no more room than its text. */
#include "shc.h"

#include <string.h>
#include <strings.h>

#define CARD_PREFIX "shc:/"
#define LINK_PREFIX "shlink:/"
#define OFFSET 45 /* of '-', the first letter that a JWS may have */

static bool is_space(uint8_t c)
{
	return c <= ' ';
}

/* base64url, RFC 4648 section 5. */
static bool is_base64url(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static bool begins(const uint8_t *text, size_t len, const char *prefix)
{
	size_t n = strlen(prefix);

	return len >= n && strncasecmp((const char *)text, prefix, n) == 0;
}

/* Without an AIM identifier that the driver left there, and without white space at either end. */
static void trim(const uint8_t **scan, size_t *len)
{
	if (*len > 3 && (*scan)[0] == ']') {
		*scan += 3;
		*len -= 3;
	}
	while (*len > 0 && is_space((*scan)[0])) {
		(*scan)++;
		(*len)--;
	}
	while (*len > 0 && is_space((*scan)[*len - 1]))
		(*len)--;
}

/* One or two digits without a leading zero, then '/'. 0: that is not there. */
static int take_number(const uint8_t **at, const uint8_t *end)
{
	int number = 0, digits = 0;

	while (*at < end && **at >= '0' && **at <= '9' && digits < 2) {
		if (digits == 1 && number == 0)
			return 0;
		number = number * 10 + (**at - '0');
		(*at)++;
		digits++;
	}
	if (digits == 0 || *at == end || **at != '/')
		return 0;
	(*at)++;
	return number;
}

/* Each pair of digits is a letter that a compact JWS may have: of base64url, or a full stop. */
static bool pairs_fit(const uint8_t *digits, size_t count)
{
	if (count == 0 || count % 2 != 0)
		return false;
	for (size_t i = 0; i < count; i += 2) {
		int letter = (digits[i] - '0') * 10 + digits[i + 1] - '0' + OFFSET;

		if (digits[i] < '0' || digits[i] > '9' || digits[i + 1] < '0' || digits[i + 1] > '9')
			return false;
		if (!is_base64url((uint8_t)letter) && letter != '.')
			return false;
	}
	return true;
}

int shc_part_open(const uint8_t *scan, size_t len, struct shc_part *part)
{
	struct shc_part made = { .part = 1, .parts = 1 };
	const uint8_t *at, *end;

	trim(&scan, &len);
	if (!begins(scan, len, CARD_PREFIX))
		return LOBBY_ERR_CARD_UNKNOWN;
	at = scan + strlen(CARD_PREFIX);
	end = scan + len;
	if (memchr(at, '/', (size_t)(end - at)) != NULL) {
		made.part = take_number(&at, end);
		made.parts = made.part > 0 ? take_number(&at, end) : 0;
	}
	if (made.part < 1 || made.parts < made.part || made.parts > SHC_MAX_PARTS)
		return LOBBY_ERR_CARD_MALFORMED;
	made.digits = at;
	made.count = (size_t)(end - at);
	if (!pairs_fit(made.digits, made.count))
		return LOBBY_ERR_CARD_MALFORMED;
	*part = made;
	return 0;
}

int shc_link_open(const uint8_t *scan, size_t len, const uint8_t **link, size_t *link_len)
{
	size_t prefix = strlen(LINK_PREFIX);
	const uint8_t *mark;

	trim(&scan, &len);
	if (begins(scan, len, "https://") && (mark = memchr(scan, '#', len)) != NULL) {
		len -= (size_t)(mark + 1 - scan);
		scan = mark + 1;
	}
	if (!begins(scan, len, LINK_PREFIX))
		return LOBBY_ERR_CARD_UNKNOWN;
	if (len == prefix || len > SHC_MAX_LINK)
		return LOBBY_ERR_CARD_MALFORMED;
	for (size_t i = prefix; i < len; i++)
		if (!is_base64url(scan[i]))
			return LOBBY_ERR_CARD_MALFORMED;
	*link = scan;
	*link_len = len;
	return 0;
}

static char letter_of(const struct shc_part *part, size_t n)
{
	return (char)((part->digits[2 * n] - '0') * 10 + part->digits[2 * n + 1] - '0' + OFFSET);
}

/* Is it what this place holds already? */
static bool same_text(const struct shc_parts *parts, const struct shc_part *part)
{
	const char *text = parts->text + parts->at[part->part - 1];

	if (part->count / 2 != parts->len[part->part - 1])
		return false;
	for (size_t i = 0; i < part->count / 2; i++)
		if (text[i] != letter_of(part, i))
			return false;
	return true;
}

static int count_missing(const struct shc_parts *parts)
{
	int missing = 0;

	for (int i = 0; i < parts->parts; i++)
		missing += (parts->have & 1U << i) == 0;
	return missing;
}

int shc_parts_add(struct shc_parts *parts, const uint8_t *scan, size_t len, int *missing)
{
	struct shc_part part;
	unsigned bit;
	int err = shc_part_open(scan, len, &part);

	if (err != 0)
		return err;
	bit = 1U << (part.part - 1);
	if (parts->parts != 0 && parts->parts != part.parts)
		return LOBBY_ERR_EXISTS;
	if ((parts->have & bit) != 0 && !same_text(parts, &part))
		return LOBBY_ERR_EXISTS;
	if ((parts->have & bit) == 0) {
		if (part.count / 2 > sizeof(parts->text) - parts->used)
			return LOBBY_ERR_CARD_TOO_LONG;
		parts->parts = part.parts;
		parts->have |= bit;
		parts->at[part.part - 1] = parts->used;
		parts->len[part.part - 1] = part.count / 2;
		for (size_t i = 0; i < part.count / 2; i++)
			parts->text[parts->used++] = letter_of(&part, i);
	}
	*missing = count_missing(parts);
	return 0;
}

int shc_parts_join(const struct shc_parts *parts, char *out, size_t size, size_t *len)
{
	size_t at = 0;

	if (parts->parts == 0 || count_missing(parts) > 0)
		return LOBBY_ERR_NOT_FOUND;
	if (parts->used > size)
		return LOBBY_ERR_TOO_LONG;
	for (int i = 0; i < parts->parts; i++) {
		memcpy(out + at, parts->text + parts->at[i], parts->len[i]);
		at += parts->len[i];
	}
	*len = at;
	return 0;
}

void shc_parts_wipe(struct shc_parts *parts)
{
	explicit_bzero(parts, sizeof(*parts));
}

/* See mask.h. Everything is written through put(), which stops at the end of the output between two characters. */
#include "mask.h"

#include "base/text.h"

#include <stdbool.h>
#include <string.h>

#define DOTS "•••"

struct out {
	char *text;
	size_t size;
	size_t len;
};

static void put(struct out *out, const char *text, size_t len)
{
	text_copy_n(out->text + out->len, out->size - out->len, text, len);
	out->len += strlen(out->text + out->len);
}

static struct out out_of(char *text, size_t size)
{
	text[0] = '\0';
	return (struct out){ text, size, 0 };
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The bytes of the first `count` code points. */
static size_t lead(const char *text, size_t len, int count)
{
	size_t at = 0;

	while (count-- > 0 && at < len)
		text_next(text, len, &at);
	return at;
}

void mask_phone_last4(char *out, size_t size, const char *phone)
{
	char digits[5] = "";
	int count = 0;

	for (size_t i = strlen(phone); i > 0 && count < 4; i--)
		if (is_digit(phone[i - 1]))
			digits[3 - count++] = phone[i - 1];
	text_copy(out, size, count == 4 ? digits : "");
}

void mask_phone(char *out, size_t size, const char *phone)
{
	struct out o = out_of(out, size);
	char last4[5];

	if (*phone == '\0')
		return;
	mask_phone_last4(last4, sizeof(last4), phone);
	put(&o, DOTS, strlen(DOTS));
	if (last4[0] == '\0')
		return;
	put(&o, " " DOTS " ", strlen(DOTS) + 2);
	put(&o, last4, 4);
}

void mask_email(char *out, size_t size, const char *email)
{
	struct out o = out_of(out, size);
	const char *at = strrchr(email, '@');
	size_t local = at != NULL ? (size_t)(at - email) : 0;
	size_t first = lead(email, local, 1);

	if (*email == '\0')
		return;
	/* A name of one letter would stand there whole. */
	put(&o, email, first < local ? first : 0);
	put(&o, DOTS, strlen(DOTS));
	if (at != NULL)
		put(&o, at, strlen(at));
}

/* One word of an address: a number at the beginning stays, a later one goes, a word keeps its first letters. */
static void put_word(struct out *o, const char *word, size_t len, bool first, int letters)
{
	if (!first)
		put(o, " ", 1);
	if (first && is_digit(word[0])) {
		put(o, word, len);
		return;
	}
	if (!is_digit(word[0]))
		put(o, word, lead(word, len, letters));
	put(o, DOTS, strlen(DOTS));
}

void mask_address(char *out, size_t size, const char *line, const char *city)
{
	struct out o = out_of(out, size);
	const char *word = line + strspn(line, " ");
	int words = 0; /* after the number */

	for (bool first = true; *word != '\0'; first = false) {
		size_t len = strcspn(word, " ");
		const char *next = word + len + strspn(word + len, " ");
		bool number = first && is_digit(word[0]);

		/* The last word of several says what kind of street it is: two letters tell St from Av. */
		put_word(&o, word, len, first, *next == '\0' && words > 0 ? 2 : 1);
		words += !number;
		word = next;
	}
	if (o.len > 0 && *city != '\0')
		put(&o, ", ", 2);
	put(&o, city, strlen(city));
}

void mask_member(char *out, size_t size, const char *member_id)
{
	size_t len = strlen(member_id), at = 0, count = 0, keep;

	while (at < len) {
		text_next(member_id, len, &at);
		count++;
	}
	keep = count < 6 ? 2 : 4;
	at = count > keep ? lead(member_id, len, (int)(count - keep)) : 0;
	text_copy(out, size, member_id + at);
}

void mask_name(char *out, size_t size, const char *given, const char *family)
{
	struct out o = out_of(out, size);

	put(&o, given, strlen(given));
	if (*family == '\0')
		return;
	if (o.len > 0)
		put(&o, " ", 1);
	put(&o, family, lead(family, strlen(family), 1));
	put(&o, ".", 1);
}

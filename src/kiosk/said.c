/* See said.h. The templates are drawn out of the sources when the program is built (tools/po --templates): a table that
 * is kept by hand would be out of date with the next sentence. Of those that fit a text the one with the most letters
 * of its own is meant. */
#include "said.h"

#include "base/text.h"
#include "words.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define PARTS_MAX 6
#define TEXT_MAX 512 /* longer texts are none of ours */

static const char *const templates[] = {
#include "said_templates.inc"
	NULL
};

struct part {
	const char *text;
	size_t len;
};

struct match {
	struct part part[PARTS_MAX];
	int parts;
	size_t letters; /* of the template's own */
};

const char *const *said_templates(void)
{
	return templates;
}

/* The length of "%s", "%.40s", "%2$zu" at the beginning of text. */
static size_t conversion_len(const char *text)
{
	size_t len = 1 + strspn(text + 1, "0123456789.$hlz");

	return text[len] != '\0' ? len + 1 : len;
}

static bool is_number(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((text[i] < '0' || text[i] > '9') && !(i == 0 && text[i] == '-' && len > 1))
			return false;
	return len > 0;
}

/* A part is a word or a name: one that goes on over a sentence's end has swallowed the next sentence. */
static bool is_within_sentence(const struct part *part)
{
	for (size_t i = 1; i < part->len; i++)
		if (part->text[i] == ' ' && strchr(".?!", part->text[i - 1]) != NULL)
			return false;
	return true;
}

/* Each part is as short as it can be, but for the last; loose: it may be anything. */
static bool fits(const char *template, const char *text, size_t len, bool loose, struct match *match)
{
	struct part *open = NULL; /* a part that ends where the template goes on */
	size_t at = 0;

	*match = (struct match){ 0 };
	for (;;) {
		size_t own = strcspn(template, "%"), step;
		bool last = template[own] == '\0';
		const char *found = own > 0 ? memmem(text + at, len - at, template, own) : text + at;

		if (last && len - at >= own && open != NULL)
			found = memcmp(text + len - own, template, own) == 0 ? text + len - own : NULL;
		if (found == NULL || (open == NULL && found != text + at))
			return false;
		if (open != NULL) {
			open->len = (size_t)(found - open->text);
			if (template[-1] != 's' ? !is_number(open->text, open->len)
						: !loose && !is_within_sentence(open))
				return false;
		}
		at = (size_t)(found - text) + own;
		match->letters += own;
		if (last)
			return at == len;
		if (match->parts == PARTS_MAX)
			return false;
		open = &match->part[match->parts++];
		open->text = text + at;
		step = own + conversion_len(template + own);
		template += step;
	}
}

static void append(char *out, size_t size, const char *text, size_t len)
{
	size_t at = strlen(out);

	text_copy_n(out + at, size - at, text, len);
}

/* The parts in their places: in order, or where a translation's "%2$s" wants them. */
static void fill(char *out, size_t size, const char *translated, const struct match *match)
{
	int next = 0;

	while (*translated != '\0') {
		size_t own = strcspn(translated, "%"), step;
		int index;

		append(out, size, translated, own);
		translated += own;
		if (*translated == '\0')
			break;
		step = conversion_len(translated);
		index = step > 2 && translated[2] == '$' ? translated[1] - '1' : next++;
		if (index >= 0 && index < match->parts)
			append(out, size, match->part[index].text, match->part[index].len);
		translated += step;
	}
}

/* Appends this sentence's translation; false, and nothing, if it is not known. */
static bool translate(char *out, size_t size, const char *text, size_t len, bool loose)
{
	char sentence[TEXT_MAX];
	struct match best = { 0 }, match;
	const char *template = NULL, *translated;

	if (len == 0 || !text_copy_n(sentence, sizeof(sentence), text, len))
		return false;
	translated = _(sentence);
	if (translated != sentence) {
		append(out, size, translated, strlen(translated));
		return true;
	}
	for (size_t i = 0; templates[i] != NULL; i++)
		if (fits(templates[i], text, len, loose, &match) &&
		    (template == NULL || match.letters > best.letters)) {
			template = templates[i];
			best = match;
		}
	translated = template != NULL ? _(template) : NULL;
	if (translated == template)
		return false;
	fill(out, size, translated, &best);
	return true;
}

/* Where the sentence may end that goes to len now: there, or before, at the end of an earlier one; 0: nowhere. */
static size_t shorter(const char *text, size_t len)
{
	while (len > 2) {
		len--;
		if (text[len] == ' ' && strchr(".?!", text[len - 1]) != NULL)
			return len;
	}
	return 0;
}

static bool translate_all(struct said *out, const char *text, bool loose)
{
	size_t at = 0, whole = strlen(text);

	out->text[0] = '\0';
	while (at < whole) {
		size_t len = whole - at;

		if (at > 0)
			append(out->text, sizeof(out->text), " ", 1);
		while (len > 0 && !translate(out->text, sizeof(out->text), text + at, len, loose))
			len = shorter(text + at, len);
		if (len == 0)
			return false;
		at += len;
		at += text[at] == ' ';
	}
	return true;
}

const char *said_in(struct said *out, const char *text)
{
	if (strlen(text) < TEXT_MAX && (translate_all(out, text, false) || translate_all(out, text, true)))
		return out->text;
	return text;
}

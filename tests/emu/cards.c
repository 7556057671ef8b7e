/* See cards.h. The file is kept and cut up in place. */
#include "tests/emu/cards.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undoes the escapes in place; returns the new length, or -1. */
static long unescape(char *text)
{
	uint8_t *out = (uint8_t *)text;
	size_t n = 0;

	for (const char *c = text; *c != '\0'; c++) {
		if (*c != '\\') {
			out[n++] = (uint8_t)*c;
			continue;
		}
		switch (*++c) {
		case 'n':
			out[n++] = '\n';
			break;
		case 'r':
			out[n++] = '\r';
			break;
		case 't':
			out[n++] = '\t';
			break;
		case '\\':
			out[n++] = '\\';
			break;
		case 'x':
			if (hex(c[1]) < 0 || hex(c[2]) < 0)
				return -1;
			out[n++] = (uint8_t)(hex(c[1]) << 4 | hex(c[2]));
			c += 2;
			break;
		default:
			return -1;
		}
	}
	return (long)n;
}

int cards_read(struct cards *cards, const char *path, int *line)
{
	struct cards read = { 0 };
	size_t len;
	char *rest;
	int err = file_read(path, 1 << 20, &read.text, &len), number = 0;

	if (err != 0)
		return err;
	rest = read.text;
	for (char *row; (row = strsep(&rest, "\n")) != NULL;) {
		struct card_row *card = &read.rows[read.count];
		long n;

		number++;
		if (*row == '\0' || *row == '#')
			continue;
		card->name = strsep(&row, "\t");
		card->kind = strsep(&row, "\t");
		n = row == NULL ? -1 : unescape(row);
		if (n < 0 || read.count == CARDS_MAX - 1) {
			free(read.text);
			*line = number;
			return LOBBY_ERR_INVALID;
		}
		card->payload = (uint8_t *)row;
		card->len = (size_t)n;
		read.count++;
	}
	*cards = read;
	return 0;
}

void cards_fini(struct cards *cards)
{
	free(cards->text);
	*cards = (struct cards){ 0 };
}

const struct card_row *cards_find(const struct cards *cards, const char *kind, const char *name)
{
	const struct card_row *part = NULL;
	int parts = 0;

	for (int i = 0; i < cards->count; i++) {
		const struct card_row *card = &cards->rows[i];

		if (kind != NULL && strcasecmp(card->kind, kind) != 0)
			continue;
		if (strcasecmp(card->name, name) == 0)
			return card;
		if (strcasestr(card->name, name) != NULL) {
			part = card;
			parts++;
		}
	}
	return parts == 1 ? part : NULL;
}

const char *cards_aim(const char *kind)
{
	if (strcasecmp(kind, "licence") == 0 || strcasecmp(kind, "insurance") == 0)
		return "L2";
	return strcasecmp(kind, "letter") == 0 ? "Q1" : "C0";
}

/* The cards that demo patients hold: lines of name, kind and payload with tabs between, as the clinic's demo data
 * writes them. In payloads \n \r \t \\ and \xHH are escapes. Kinds: licence, letter, member, insurance, stripe, chip,
 * health. */
#ifndef LOBBY_EMU_CARDS_H
#define LOBBY_EMU_CARDS_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define CARDS_MAX 256

struct card_row {
	char *name;
	char *kind;
	uint8_t *payload;
	size_t len;
};

struct cards {
	char *text; /* the file; rows point into it */
	struct card_row rows[CARDS_MAX];
	int count;
};

/** LOBBY_ERR_INVALID with the line's number in *line; file_read()'s errors. */
int cards_read(struct cards *cards, const char *path, int *line) MUST_CHECK;
void cards_fini(struct cards *cards);
/** By name and kind, case-insensitively; a unique part of the name will do. NULL if none or several. */
const struct card_row *cards_find(const struct cards *cards, const char *kind, const char *name);
/** The AIM identifier of the code that such a card carries: PDF417, QR or Code 128. */
const char *cards_aim(const char *kind);

#endif

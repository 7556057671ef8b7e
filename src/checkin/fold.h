/* A name folded and taken apart: what match.c compares. Pure, bounded, no allocation; see match.h for what is folded.
 */
#ifndef LOBBY_CHECKIN_FOLD_H
#define LOBBY_CHECKIN_FOLD_H

#include "match.h"

#define FOLD_MAX_PARTS 12

/** The folded parts of a name (split at spaces, hyphens, apostrophes), one after the other without anything between:
 * part i is text[start[i]] up to start[i + 1]. More than FOLD_MAX_PARTS: the last holds the rest. */
struct fold_parts {
	char text[MATCH_FOLDED_MAX];
	size_t start[FOLD_MAX_PARTS + 1];
	int count;
};

void fold_split(struct fold_parts *parts, const char *name);

#endif

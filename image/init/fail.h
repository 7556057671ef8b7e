/* How init's steps end, and what is said then (words.def). Each step returns 0 or the one thing that went wrong. */
#ifndef LOBBY_INIT_FAIL_H
#define LOBBY_INIT_FAIL_H

enum fail {
	FAIL_NONE,
#define X(name, code, heading, body) FAIL_##name,
#include "words.def"
#undef X
	FAIL_COUNT
};

struct fail_words {
	const char *code, *heading, *body;
};

/** Static words; NULLs for FAIL_NONE and what is none. */
struct fail_words fail_words(enum fail fail);

#endif

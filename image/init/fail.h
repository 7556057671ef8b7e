/* How init's steps end, and what is said then (words.def). Each step returns 0 or the one thing that went wrong. */
#ifndef LOBBY_INIT_FAIL_H
#define LOBBY_INIT_FAIL_H

enum fail {
	FAIL_NONE,
#define X(name, code, heading, body, heading_es, body_es) FAIL_##name,
#include "words.def"
#undef X
	FAIL_COUNT
};

struct fail_words {
	const char *code, *heading, *body;
};

/* The language that init speaks; what nobody chose is English. */
enum tongue { TONGUE_ENGLISH, TONGUE_SPANISH, TONGUE_UNSET };

/** Static words; NULLs for FAIL_NONE and what is none. */
struct fail_words fail_words(enum fail fail, enum tongue tongue);
/** Of a language's tag (BCP 47): "es-MX" is Spanish, "" is unset, all that init does not speak is English. */
enum tongue tongue_of(const char *language);

#endif

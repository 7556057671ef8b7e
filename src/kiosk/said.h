/* What other programs say, in the screen's language. They say English, for the desk, lobbyctl and the logs as they are;
 * their sentences are marked where they stand (base/mark.h), so the catalogues have them.
 *
 * A sentence with variable parts is known by its template: "Version %s runs already." What was heard may be several
 * sentences, one after the other. It is translated whole or not at all: if any of it is unknown, all of it stays
 * English. Pure but for gettext's language. */
#ifndef LOBBY_KIOSK_SAID_H
#define LOBBY_KIOSK_SAID_H

#include <stddef.h>

#define SAID_SIZE 768 /* of the longest text on the wire, translated */

struct said {
	char text[SAID_SIZE];
};

/** The text in the language of words_use(), in out; or the text itself. Never NULL. */
const char *said_in(struct said *out, const char *text);
/** All templates, ended by NULL; for tests. */
const char *const *said_templates(void);

#endif

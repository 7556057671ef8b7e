/* The clinic's desk API as a client sees it (src/clinic/api.md): HTTPS to one server, known by its certificate. */
#ifndef LOBBY_CTL_HTTPS_H
#define LOBBY_CTL_HTTPS_H

#include <jansson.h>

struct https;

/** Looks at the server's certificate, sends nothing that matters, and from then on speaks to that certificate's key
 * only. seen: the SHA-256 of the certificate in hex. NULL when it cannot be reached. url: "https://HOST:PORT". */
struct https *https_new(const char *url, char seen[65]);
void https_free(struct https *server);
/** GET, or POST when body is not NULL; cookies are kept. 0 and a new reference, or 2 with a sentence on standard error.
 */
int https_ask(struct https *server, const char *path, const char *body, json_t **answer);

#endif

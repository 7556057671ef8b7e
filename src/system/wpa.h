/* wpa_supplicant's control socket: datagrams, a command and its answer, and between them the events that were asked for
 * with ATTACH. The unit lobby-wireless@LINK.service makes it, in a folder that only root gets into.
 *
 * wpa_ask() and wpa_wait() block and are for workers (worker.h); lobby-system itself opens, sends and receives only.
 * Times are milliseconds. */
#ifndef LOBBY_SYSTEM_WPA_H
#define LOBBY_SYSTEM_WPA_H

#include "base/err.h"
#include "wpatext.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WPA_ANSWER 4096 /* it sends no more */

struct wpa {
	int fd;
	unsigned seen; /* events since wpa_open(): 1 << enum wpa_event */
	size_t len;
	char answer[WPA_ANSWER + 1]; /* NUL-terminated */
};

/** LOBBY_ERR_NOT_FOUND: nobody is there for this link. The descriptor does not block. */
int wpa_open(struct wpa *wpa, const char *link) MUST_CHECK;
void wpa_close(struct wpa *wpa);
/** LOBBY_ERR_CLOSED: nobody is there any more. LOBBY_ERR_BUSY: it does not listen. */
int wpa_send(const struct wpa *wpa, const char *command) MUST_CHECK;
/** One datagram into answer, now; an event is also marked in seen. LOBBY_ERR_NOT_FOUND: there is none. */
int wpa_receive(struct wpa *wpa) MUST_CHECK;

/** The answer that is no event. LOBBY_ERR_TIMEOUT, LOBBY_ERR_CLOSED, LOBBY_ERR_BUSY. */
int wpa_ask(struct wpa *wpa, const char *command, int64_t patience_ms) MUST_CHECK;
/** Until one of these events was seen. LOBBY_ERR_TIMEOUT. */
int wpa_wait(struct wpa *wpa, unsigned events, int64_t patience_ms) MUST_CHECK;
/** Opens it as soon as somebody answers there. LOBBY_ERR_TIMEOUT. */
int wpa_open_soon(struct wpa *wpa, const char *link, int64_t patience_ms) MUST_CHECK;

#endif

/* HTTPS requests on the program's loop: libcurl's multi-socket interface, one certificate.
 *
 * The clinic's certificate is known by the SHA-256 of its DER, compared after the handshake and before the first byte
 * of any request (so a credential never reaches a stranger), on every connection, new or reused. The usual checks
 * against authorities, names and dates are off: they would accept what is not the clinic and refuse what is when a
 * clock is wrong.
 *
 * Time-outs follow the clock module. The environment variable LOBBY_LINK_FILE names a file that, while it exists, makes
 * the network look unplugged: requests fail, and those on their way are broken off (the demo's switch). */
#ifndef LOBBY_SYNC_FETCH_H
#define LOBBY_SYNC_FETCH_H

#include "base/err.h"
#include "base/loop.h"

#include <stddef.h>
#include <stdint.h>

#define FETCH_FINGERPRINT 32

struct fetch;

/** Called once for each request that fetch_start() accepted, never from inside it: err is 0 when an answer came whole
 * (whatever its status), else LOBBY_ERR_UNREACHABLE, _UNTRUSTED, _TIMEOUT, _TOO_LONG, _PROTOCOL. The body is
 * NUL-terminated and lent for the call. The request may be used again from here on. */
typedef void fetch_done_fn(void *arg, int err, int status, const char *body, size_t len);
/** The handshake showed this certificate and the body may still be changed in place. */
typedef void fetch_certificate_fn(void *arg, const uint8_t fingerprint[FETCH_FINGERPRINT], char *body, size_t len);

/** A piece of the body of an answer with this status, 200 or 206. False breaks it off: done says LOBBY_ERR_IO. */
typedef bool fetch_data_fn(void *arg, int status, const void *data, size_t len);

struct fetch_ask {
	const char *url;
	const char *authorization; /* header value, or NULL */
	const char *body;	   /* JSON, copied; NULL: GET */
	size_t len;
	size_t max_answer;
	int64_t timeout_ms;
	const uint8_t *pin;		   /* the fingerprint to insist on; NULL (enrolment): take any and say which */
	fetch_certificate_fn *certificate; /* with pin == NULL */

	/* A file instead of an answer: data gets it as it comes, nothing of it is kept, and timeout_ms is the longest
	 * silence instead of the whole. */
	fetch_data_fn *data;
	int64_t from;	  /* its first byte that is wanted (RFC 9110, 14.2); a 200 begins at 0 all the same */
	int64_t max_rate; /* bytes a second; 0: what the line gives */
};

/** In its owner's storage, zeroed before first use. */
struct fetch_request {
	struct fetch *fetch;
	void *easy, *headers;
	char *body;
	size_t body_len;
	char *answer;
	size_t answer_len, answer_size, max_answer;
	uint8_t pin[FETCH_FINGERPRINT];
	bool pinned, untrusted, active, broken;
	int fail; /* decided before curl is asked or after it failed */
	struct loop_timer timer;
	int64_t timeout_ms;
	fetch_certificate_fn *certificate;
	fetch_data_fn *data;
	fetch_done_fn *done;
	void *arg;
	struct fetch_request *next;
};

/** NULL when out of memory. */
struct fetch *fetch_new(struct loop *loop);
/** Every request must be done or cancelled. */
void fetch_free(struct fetch *fetch);

/** LOBBY_ERR_NO_MEMORY: done will not be called. The request must not be active. */
int fetch_start(struct fetch *fetch, struct fetch_request *request, const struct fetch_ask *ask, fetch_done_fn *done,
		void *arg) MUST_CHECK;
/** Breaks it off without calling done; nothing happens to one that is not active. */
void fetch_cancel(struct fetch_request *request);

/** Is the link switched off? */
bool fetch_link_down(const struct fetch *fetch);
/** Is there such a switch at all? */
bool fetch_has_link_file(const struct fetch *fetch);
/** Fails all that are under way with LOBBY_ERR_UNREACHABLE. */
void fetch_break_all(struct fetch *fetch);

/** 0 for 2xx; else what the answer's {"error"} says, or what the status means. */
int fetch_err_of(int status, const char *body, size_t len);

#endif

/* HTTPS to addresses that a stranger chose: what a health link leads to.
 *
 * The link is the patient's, so whoever made it would choose what the clinic's server connects to. Therefore: https
 * only, no user information, no proxy, redirects only on the same host and port, and never a private, loopback,
 * link-local or otherwise special address. The address is checked as it is connected to (a name that means something
 * else the second time gains nothing). Bytes, headers and time are bounded; the certificate must be good, by the
 * machine's authorities.
 *
 * The setting health_link_hosts names exceptions: "HOST:PORT=FINGERPRINT" with blanks between, servers that may stand
 * at any address, known by the SHA-256 of their certificate (64 hex digits) instead of by the authorities.
 *
 * Blocking; for a thread that may wait (links.h). Nothing is logged but the kind of failure. */
#ifndef LOBBY_CLINIC_OUTSIDE_H
#define LOBBY_CLINIC_OUTSIDE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define OUTSIDE_HOSTS_MAX 2000 /* bytes of the setting */

/** One errand: several requests that share their time and bytes. */
struct outside {
	const char *hosts;	  /* the setting, borrowed */
	int64_t deadline_mono_ms; /* by the clock module */
	size_t budget;		  /* bytes that all bodies together may still have */
	const bool *stop;	  /* set by another thread: give up at once (atomic) */
};

struct outside_ask {
	const char *url;
	const char *body;      /* JSON to POST; NULL: GET */
	const char *recipient; /* of a GET: the query's parameter of this name; NULL: none */
	size_t max;	       /* bytes of the answer */
};

struct outside_answer {
	int status;
	char *body; /* owned, NUL behind it */
	size_t len;
};

/** Once, before any thread. LOBBY_ERR_NO_MEMORY. */
int outside_init(void) MUST_CHECK;
void outside_fini(void);

/** Any status is an answer; pair with outside_answer_fini(). LOBBY_ERR_REFUSED: not an address that may be asked, or it
 * redirects to another; LOBBY_ERR_UNTRUSTED: the certificate; LOBBY_ERR_TOO_LONG; LOBBY_ERR_TIMEOUT: the deadline;
 * LOBBY_ERR_UNREACHABLE; LOBBY_ERR_CLOSED: stop; LOBBY_ERR_NO_MEMORY. */
int outside_fetch(struct outside *outside, const struct outside_ask *ask, struct outside_answer *answer) MUST_CHECK;
void outside_answer_fini(struct outside_answer *answer);

/** May anybody's link lead here? */
bool outside_address_ok(const struct sockaddr *address);
/** Is this a text for the setting? */
bool outside_hosts_ok(const char *hosts);

#endif

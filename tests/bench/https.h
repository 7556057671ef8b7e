/* The leanest HTTPS client that keeps a connection: for loading lobby-clinic from one thread without taking the cores
 * that are measured. HTTP/1.1, answers with a Content-Length, or a stream that is only read. It does not verify the
 * certificate (loopback, a server that the bench itself started): lobby-sync is what does that, and is tested for it.
 */
#ifndef LOBBY_TESTS_BENCH_HTTPS_H
#define LOBBY_TESTS_BENCH_HTTPS_H

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>

#define HTTPS_IN 65536

struct https {
	int fd;
	gnutls_session_t tls;
	const char *out; /* borrowed until it is gone */
	size_t out_len, out_at;
	char in[HTTPS_IN + 1]; /* terminated */
	size_t in_len;
};

/** Connects to 127.0.0.1:port and shakes hands, then turns non-blocking. Dies on failure. */
void https_open(struct https *conn, int port);
void https_close(struct https *conn);

/** Begins to send a whole request (borrowed until it is gone); https_work() goes on with it. */
void https_send(struct https *conn, const char *request, size_t len);
/** Sends what can be sent and reads what has come. Dies when the peer hangs up. */
void https_work(struct https *conn);
/** A whole answer is there: its status and its body (inside conn, terminated, until https_next()). 0: not yet. */
int https_answer(struct https *conn, const char **body);
/** Drops the answer that https_answer() showed. */
void https_next(struct https *conn);

/** One request and its answer, waiting. Returns the status. */
int https_call(struct https *conn, const char *request, size_t len, const char **body);

#endif

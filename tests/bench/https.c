/* See https.h. */
#include "https.h"

#include "bench.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static gnutls_certificate_credentials_t credentials;

void https_open(struct https *conn, int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int one = 1, rc;

	if (credentials == NULL)
		BENCH_MUST(gnutls_certificate_allocate_credentials(&credentials) == 0);
	memset(conn, 0, sizeof(*conn));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	conn->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	BENCH_MUST(conn->fd >= 0);
	setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(conn->fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		bench_die("nobody listens at 127.0.0.1:%d", port);
	BENCH_MUST(gnutls_init(&conn->tls, GNUTLS_CLIENT) == 0);
	BENCH_MUST(gnutls_set_default_priority(conn->tls) == 0);
	BENCH_MUST(gnutls_credentials_set(conn->tls, GNUTLS_CRD_CERTIFICATE, credentials) == 0);
	gnutls_transport_set_int(conn->tls, conn->fd);
	do {
		rc = gnutls_handshake(conn->tls);
	} while (rc < 0 && !gnutls_error_is_fatal(rc));
	if (rc < 0)
		bench_die("TLS: %s", gnutls_strerror(rc));
	BENCH_MUST(fcntl(conn->fd, F_SETFL, O_NONBLOCK) == 0);
}

void https_close(struct https *conn)
{
	gnutls_deinit(conn->tls);
	close(conn->fd);
	conn->fd = -1;
}

void https_send(struct https *conn, const char *request, size_t len)
{
	conn->out = request;
	conn->out_len = len;
	conn->out_at = 0;
	https_work(conn);
}

/* Neither ready nor fatal: later. */
static bool is_later(ssize_t rc)
{
	return rc == GNUTLS_E_AGAIN || rc == GNUTLS_E_INTERRUPTED ||
	       (rc < 0 && rc != GNUTLS_E_REHANDSHAKE && !gnutls_error_is_fatal((int)rc));
}

void https_work(struct https *conn)
{
	ssize_t n;

	while (conn->out_at < conn->out_len) {
		n = gnutls_record_send(conn->tls, conn->out + conn->out_at, conn->out_len - conn->out_at);
		if (is_later(n))
			break;
		if (n <= 0)
			bench_die("the clinic hung up: %s", gnutls_strerror((int)n));
		conn->out_at += (size_t)n;
	}
	while (conn->in_len < HTTPS_IN) {
		n = gnutls_record_recv(conn->tls, conn->in + conn->in_len, HTTPS_IN - conn->in_len);
		if (is_later(n))
			break;
		if (n <= 0)
			bench_die("the clinic hung up: %s", n == 0 ? "it closed" : gnutls_strerror((int)n));
		conn->in_len += (size_t)n;
	}
	conn->in[conn->in_len] = '\0';
}

/* Where the body starts and how long it is; false when the headers are not whole. */
static bool measure(const struct https *conn, size_t *body, size_t *len)
{
	const char *end = strstr(conn->in, "\r\n\r\n"), *length;

	if (end == NULL)
		return false;
	length = strcasestr(conn->in, "\r\nContent-Length:");
	if (length == NULL || length > end)
		bench_die("an answer without its length: %.60s", conn->in);
	*body = (size_t)(end - conn->in) + 4;
	*len = strtoul(length + 17, NULL, 10);
	return true;
}

int https_answer(struct https *conn, const char **body)
{
	size_t at, len;

	if (!measure(conn, &at, &len) || conn->in_len < at + len)
		return 0;
	*body = conn->in + at;
	return (int)strtol(conn->in + strlen("HTTP/1.1 "), NULL, 10);
}

void https_next(struct https *conn)
{
	size_t at, len;

	BENCH_MUST(measure(conn, &at, &len) && conn->in_len >= at + len);
	conn->in_len -= at + len;
	memmove(conn->in, conn->in + at + len, conn->in_len + 1);
}

int https_call(struct https *conn, const char *request, size_t len, const char **body)
{
	struct pollfd wait = { .fd = conn->fd, .events = POLLIN };
	int status;

	https_send(conn, request, len);
	while ((status = https_answer(conn, body)) == 0) {
		wait.events = (short)(POLLIN | (conn->out_at < conn->out_len ? POLLOUT : 0));
		BENCH_MUST(poll(&wait, 1, 30000) == 1);
		https_work(conn);
	}
	return status;
}

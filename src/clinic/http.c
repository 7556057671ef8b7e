/* See http.h. Each connection's request hangs on libmicrohttpd's con_cls; libmicrohttpd calls respond_to() with the
 * headers, then with pieces of the body, then once more, and again after each resume. */
#include "http.h"

#include "kiosks.h"
#include "signin.h"

#include "base/log.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
#define CONNECTIONS_MAX 1024
#define IDLE_TIMEOUT_S 75 /* longer than a kiosk's longest poll */

struct http {
	struct clinic *clinic;
	struct MHD_Daemon *daemon;
	char address[80];
	pthread_mutex_t lock;
	pthread_cond_t quiet;
	int writing; /* requests whose job the writer has */
	bool stopping;
};

static enum MHD_Result queue(struct request *r, unsigned status, struct MHD_Response *response)
{
	enum MHD_Result ok;
	char seconds[16];

	MHD_add_response_header(response, "Cache-Control", "no-store");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	if (r->cookie[0] != '\0')
		MHD_add_response_header(response, "Set-Cookie", r->cookie);
	if (r->retry_after_s > 0) {
		snprintf(seconds, sizeof(seconds), "%d", r->retry_after_s);
		MHD_add_response_header(response, "Retry-After", seconds);
	}
	ok = MHD_queue_response(r->connection, status, response);
	MHD_destroy_response(response);
	return ok;
}

static enum MHD_Result answer_json(struct request *r, unsigned status, json_t *take_json)
{
	char *text = take_json != NULL ? json_dumps(take_json, JSON_COMPACT) : NULL;
	struct MHD_Response *response;

	json_decref(take_json);
	if (text == NULL)
		return MHD_NO;
	response = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
	if (response == NULL) {
		free(text);
		return MHD_NO;
	}
	MHD_add_response_header(response, "Content-Type", "application/json");
	return queue(r, status, response);
}

static enum MHD_Result answer_err(struct request *r, int err)
{
	/* To a stranger on the kiosks' paths: nothing at all. */
	if (err == LOBBY_ERR_DENIED && (r->route == NULL || r->route->guard == GUARD_KIOSK))
		return queue(r, MHD_HTTP_UNAUTHORIZED, MHD_create_response_from_buffer(0, "", MHD_RESPMEM_PERSISTENT));
	return answer_json(r, (unsigned)err_http_status(err),
			   json_pack("{ss ss}", "error", err_event(err), "text", err_staff_text(err)));
}

static enum MHD_Result answer(struct request *r, int err)
{
	struct MHD_Response *response = r->response;
	json_t *json = r->answer;

	if (err < 0)
		return answer_err(r, err);
	r->response = NULL;
	r->answer = NULL;
	return response != NULL ? queue(r, r->status != 0 ? r->status : MHD_HTTP_OK, response)
				: answer_json(r, MHD_HTTP_OK, json);
}

/* Does path fit the route's? Fills r->tail with what "*" stands for. */
static bool path_fits(const char *pattern, const char *path, char *tail, size_t size)
{
	const char *star = strchr(pattern, '*');
	size_t before, after, len = strlen(path);

	if (star == NULL)
		return strcmp(pattern, path) == 0;
	before = (size_t)(star - pattern);
	after = strlen(star + 1);
	if (len <= before + after || len - before - after >= size || strncmp(path, pattern, before) != 0 ||
	    strcmp(path + len - after, star + 1) != 0)
		return false;
	snprintf(tail, size, "%.*s", (int)(len - before - after), path + before);
	return strchr(tail, '/') == NULL;
}

static const struct route *route_of(const char *method, const char *path, char *tail, size_t size)
{
	const struct route *tables[] = { kiosk_routes, desk_routes };

	for (size_t t = 0; t < 2; t++)
		for (const struct route *route = tables[t]; route->method != NULL; route++)
			if (strcmp(method, route->method) == 0 && path_fits(route->path, path, tail, size))
				return route;
	return NULL;
}

static int guard_check(struct request *r)
{
	const char *x_lobby = request_header(r, "X-Lobby");
	bool posted = strcmp(r->route->method, "POST") == 0;

	switch (r->route->guard) {
	case GUARD_NONE:
		return 0;
	case GUARD_KIOSK:
		return kiosks_check(r->clinic->kiosks, request_header(r, "Authorization"), &r->kiosk);
	case GUARD_X_LOBBY:
		return x_lobby != NULL && strcmp(x_lobby, "1") == 0 ? 0 : LOBBY_ERR_DENIED;
	case GUARD_DESK:
	case GUARD_ADMIN:
		if (posted && (x_lobby == NULL || strcmp(x_lobby, "1") != 0))
			return LOBBY_ERR_DENIED;
		if (signin_session(r->clinic, request_header(r, "Cookie"), &r->session) != 0)
			return LOBBY_ERR_DENIED;
		return r->route->guard == GUARD_ADMIN && !r->session.admin ? LOBBY_ERR_FORBIDDEN : 0;
	}
	return LOBBY_ERR_DENIED;
}

/* The headers are there: route, guard, room for the body. */
static int request_open(struct request *r, const char *path, const char *method)
{
	const char *length = request_header(r, MHD_HTTP_HEADER_CONTENT_LENGTH);
	unsigned long long size;
	int err;

	r->route = route_of(method, path, r->tail, sizeof(r->tail));
	if (r->route == NULL)
		return LOBBY_ERR_DENIED; /* what does not exist looks like what is not allowed */
	err = guard_check(r);
	if (err != 0)
		return err;
	size = length != NULL ? strtoull(length, NULL, 10) : 0;
	if (size > r->route->body_max)
		return LOBBY_ERR_TOO_LONG;
	r->body_size = size > 0 ? (size_t)size : 0;
	if (r->body_size > 0)
		r->body = malloc(r->body_size);
	return r->body_size > 0 && r->body == NULL ? LOBBY_ERR_NO_MEMORY : 0;
}

static enum MHD_Result body_append(struct request *r, const char *data, size_t len)
{
	if (len > r->route->body_max - r->body_len)
		return MHD_NO; /* a chunked body beyond its bound: hang up */
	if (r->body_len + len > r->body_size) {
		size_t size = (r->body_len + len) * 2;
		char *bigger = realloc(r->body, size);

		if (bigger == NULL)
			return MHD_NO;
		r->body = bigger;
		r->body_size = size;
	}
	memcpy(r->body + r->body_len, data, len);
	r->body_len += len;
	return MHD_YES;
}

static enum MHD_Result request_begin(struct http *http, struct MHD_Connection *connection, const char *path,
				     const char *method, void **context)
{
	struct request *r = calloc(1, sizeof(*r));
	int err;

	if (r == NULL)
		return MHD_NO;
	*context = r;
	r->clinic = http->clinic;
	r->http = http;
	r->connection = connection;
	r->waiter.connection = connection;
	err = request_open(r, path, method);
	return err != 0 ? answer_err(r, err) : MHD_YES;
}

/* Stands for any request of a file: it has no state. */
static struct request page_request;

static bool is_api(const char *path)
{
	return strncmp(path, "/kiosk/", 7) == 0 || strncmp(path, "/desk/api", 9) == 0 || strncmp(path, "/fhir", 5) == 0;
}

static enum MHD_Result respond_to(void *arg, struct MHD_Connection *connection, const char *path, const char *method,
				  const char *version, const char *data, size_t *len, void **context)
{
	struct http *http = arg;
	struct request *r = *context;
	int err;

	(void)version;
	if (r == &page_request)
		return assets_answer(http->clinic->assets, connection, path);
	if (r == NULL && !is_api(path) && (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)) {
		*context = &page_request; /* answered at the next call: at this one it would cost the connection */
		return MHD_YES;
	}
	if (r == NULL)
		return request_begin(http, connection, path, method, context);
	if (*len > 0) {
		size_t n = *len;

		*len = 0;
		return body_append(r, data, n);
	}
	if (r->phase == REQUEST_WRITTEN)
		return answer(r, r->job.err != 0 ? r->job.err : r->verdict);
	err = r->route->handle(r);
	return err == REQUEST_LATER ? MHD_YES : answer(r, err);
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **context,
			 enum MHD_RequestTerminationCode code)
{
	struct http *http = arg;
	struct request *r = *context;

	(void)connection;
	(void)code;
	if (r == NULL || r == &page_request)
		return;
	hub_forget(http->clinic->hub, &r->waiter);
	if (r->data_free != NULL)
		r->data_free(r->data);
	if (r->body != NULL)
		explicit_bzero(r->body, r->body_len);
	free(r->body);
	json_decref(r->answer);
	if (r->response != NULL)
		MHD_destroy_response(r->response);
	free(r);
	*context = NULL;
}

int request_json(struct request *r, json_t **json)
{
	json_t *value = r->body_len > 0 ? json_loadb(r->body, r->body_len, JSON_REJECT_DUPLICATES, NULL) : NULL;

	if (!json_is_object(value)) {
		json_decref(value);
		return LOBBY_ERR_INVALID;
	}
	*json = value;
	return 0;
}

const char *request_text(const json_t *json, const char *name, size_t max)
{
	const json_t *value = json_object_get(json, name);

	if (value == NULL)
		return "";
	if (!json_is_string(value) || json_string_length(value) > max ||
	    !text_is_clean(json_string_value(value), json_string_length(value)))
		return NULL;
	return json_string_value(value);
}

const char *request_argument(struct request *r, const char *name)
{
	return MHD_lookup_connection_value(r->connection, MHD_GET_ARGUMENT_KIND, name);
}

const char *request_header(struct request *r, const char *name)
{
	return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

/* On the writer's thread: the request may be answered, and freed, as soon as it is resumed. */
static void write_done(struct job *job, int err)
{
	struct request *r = (struct request *)job;
	struct http *http = r->http;

	r->job.err = err;
	r->phase = REQUEST_WRITTEN;
	MHD_resume_connection(r->connection);
	pthread_mutex_lock(&http->lock);
	if (--http->writing == 0)
		pthread_cond_signal(&http->quiet);
	pthread_mutex_unlock(&http->lock);
}

/* The request waits from here on, and counts as being written. */
static int write_begin(struct request *r, int (*write)(struct job *job, struct ledger *store))
{
	bool refused;

	r->job.write = write;
	r->job.done = write_done;
	pthread_mutex_lock(&r->http->lock);
	refused = r->http->stopping;
	if (!refused)
		r->http->writing++;
	pthread_mutex_unlock(&r->http->lock);
	if (refused)
		return LOBBY_ERR_CLOSED;
	r->phase = REQUEST_WRITING;
	MHD_suspend_connection(r->connection);
	return 0;
}

int request_write(struct request *r, int (*slow)(struct job *job), int (*write)(struct job *job, struct ledger *store))
{
	int err = write_begin(r, write);

	if (err != 0)
		return err;
	r->job.slow = slow;
	err = writer_submit(r->clinic->writer, &r->job);
	if (err != 0)
		write_done(&r->job, err);
	return REQUEST_LATER;
}

int request_hand(struct request *r, int (*take)(struct request *r), int (*write)(struct job *job, struct ledger *store))
{
	int err = write_begin(r, write);

	if (err != 0)
		return err;
	err = take(r);
	if (err != 0)
		write_done(&r->job, err);
	return REQUEST_LATER;
}

struct audited {
	char action[24], subject[72], detail[200];
};

static int write_audit(struct job *job, struct ledger *store)
{
	struct request *r = (struct request *)job;
	const struct audited *a = r->data;

	return change_audit(store, r->session.name, a->action, a->subject, a->detail);
}

int request_audited(struct request *r, const char *action, const char *subject, const char *detail)
{
	struct audited *a = malloc(sizeof(*a));

	if (a == NULL)
		return LOBBY_ERR_NO_MEMORY;
	text_copy(a->action, sizeof(a->action), action);
	text_copy(a->subject, sizeof(a->subject), subject);
	text_copy(a->detail, sizeof(a->detail), detail);
	r->data = a;
	r->data_free = free;
	return request_write(r, NULL, write_audit);
}

/* "HOST:PORT" or "[V6]:PORT", addresses only: no name service here. */
static int parse_listen(const char *listen_at, struct sockaddr_storage *address, socklen_t *len)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
	const char *colon = strrchr(listen_at, ':');
	char host[64], *end;
	unsigned long port;

	if (colon == NULL || (size_t)(colon - listen_at) >= sizeof(host))
		return LOBBY_ERR_INVALID;
	port = strtoul(colon + 1, &end, 10);
	if (end == colon + 1 || *end != '\0' || port > 65535)
		return LOBBY_ERR_INVALID;
	snprintf(host, sizeof(host), "%.*s", (int)(colon - listen_at), listen_at);
	memset(address, 0, sizeof(*address));
	if (host[0] == '[' && host[strlen(host) - 1] == ']') {
		host[strlen(host) - 1] = '\0';
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		*len = sizeof(*v6);
		return inet_pton(AF_INET6, host + 1, &v6->sin6_addr) == 1 ? 0 : LOBBY_ERR_INVALID;
	}
	v4->sin_family = AF_INET;
	v4->sin_port = htons((uint16_t)port);
	*len = sizeof(*v4);
	return inet_pton(AF_INET, host, &v4->sin_addr) == 1 ? 0 : LOBBY_ERR_INVALID;
}

/* Binds, and fills in the port that it got. */
static int open_socket(struct http *http, const char *listen_at, int *out)
{
	struct sockaddr_storage address;
	socklen_t len;
	int one = 1, fd, err = parse_listen(listen_at, &address, &len);
	unsigned port;

	if (err != 0)
		return err;
	fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return LOBBY_ERR_IO;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, 256) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
		err = errno == EADDRINUSE ? LOBBY_ERR_EXISTS : LOBBY_ERR_IO;
		close(fd);
		return err;
	}
	port = ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
						   : ((struct sockaddr_in *)&address)->sin_port);
	snprintf(http->address, sizeof(http->address), "%.*s:%u", (int)(strrchr(listen_at, ':') - listen_at), listen_at,
		 port);
	*out = fd;
	return 0;
}

static unsigned threads_wanted(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	return cores < 2 ? 4 : cores > 14 ? 16 : (unsigned)cores + 2;
}

int clinic_http_start(struct http **out, struct clinic *clinic, const char *listen_at)
{
	struct http *http = calloc(1, sizeof(*http));
	int fd = -1, err;

	if (http == NULL)
		return LOBBY_ERR_NO_MEMORY;
	http->clinic = clinic;
	pthread_mutex_init(&http->lock, NULL);
	pthread_cond_init(&http->quiet, NULL);
	err = open_socket(http, listen_at, &fd);
	if (err != 0) {
		free(http);
		return err;
	}
	http->daemon = MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TLS | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, respond_to, http,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_HTTPS_MEM_KEY, clinic->tls_key, MHD_OPTION_HTTPS_MEM_CERT,
		clinic->tls_certificate, MHD_OPTION_HTTPS_PRIORITIES, PRIORITIES, MHD_OPTION_THREAD_POOL_SIZE,
		threads_wanted(), MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned)IDLE_TIMEOUT_S, MHD_OPTION_NOTIFY_COMPLETED, on_completed, http, MHD_OPTION_END);
	if (http->daemon == NULL) {
		close(fd);
		free(http);
		return LOBBY_ERR_IO;
	}
	*out = http;
	return 0;
}

const char *clinic_http_address(const struct http *http)
{
	return http->address;
}

void clinic_http_stop(struct http *http)
{
	if (http == NULL)
		return;
	pthread_mutex_lock(&http->lock);
	http->stopping = true;
	while (http->writing > 0)
		pthread_cond_wait(&http->quiet, &http->lock);
	pthread_mutex_unlock(&http->lock);
	MHD_stop_daemon(http->daemon);
	pthread_cond_destroy(&http->quiet);
	pthread_mutex_destroy(&http->lock);
	free(http);
}

/* See fetch.h. curl tells which sockets to watch and when to be called again; this file only carries that to the loop.
 */
#include "fetch.h"

#include "base/log.h"

#include <curl/curl.h>
#include <gnutls/gnutls.h>
#include <inttypes.h>
#include <jansson.h>
#include <poll.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_ANSWER 4096

struct fetch {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer timer;
	struct fetch_request *active;
	const char *link_file; /* NULL: no such switch */
	bool doubt;	       /* the last request failed: connections kept from before may be dead */
};

static void finish(struct fetch_request *request, int err, int status)
{
	char *answer = request->answer;
	size_t len = request->answer_len;
	fetch_done_fn *done = request->done;
	void *arg = request->arg;

	request->answer = NULL;
	request->fetch->doubt = err != 0;
	fetch_cancel(request);
	done(arg, err, status, answer ? answer : "", len);
	if (answer != NULL)
		sodium_memzero(answer, len);
	free(answer);
}

static int err_of_curl(CURLcode code)
{
	switch (code) {
	case CURLE_OK:
		return 0;
	case CURLE_OPERATION_TIMEDOUT:
		return LOBBY_ERR_TIMEOUT;
	case CURLE_WRITE_ERROR:
		return LOBBY_ERR_TOO_LONG;
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
	case CURLE_HTTP2:
		return LOBBY_ERR_PROTOCOL;
	default:
		return LOBBY_ERR_UNREACHABLE;
	}
}

/* What curl is done with. */
static void collect(struct fetch *fetch)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(fetch->multi, &left)) != NULL) {
		struct fetch_request *request = NULL;
		CURLcode code = message->data.result;
		long status = 0;

		if (message->msg != CURLMSG_DONE ||
		    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&request) != CURLE_OK ||
		    request == NULL)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
		if (code != CURLE_OK)
			log_event(LOG_DEBUG, "fetch-failed", "code=%d", (int)code);
		finish(request,
		       request->untrusted ? LOBBY_ERR_UNTRUSTED
		       : request->broken  ? LOBBY_ERR_IO
					  : err_of_curl(code),
		       (int)status);
	}
}

static void on_timer(void *arg)
{
	struct fetch *fetch = arg;
	int running;
	long wait_ms = -1;

	curl_multi_socket_action(fetch->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	collect(fetch);
	/* curl does not repeat itself when it was called before its own clock said so. */
	if (!fetch->timer.armed && curl_multi_timeout(fetch->multi, &wait_ms) == CURLM_OK && wait_ms >= 0)
		loop_timer_set(fetch->loop, &fetch->timer, wait_ms > 0 ? wait_ms : 1, on_timer, fetch);
}

static int set_timer(CURLM *multi, long wait_ms, void *arg)
{
	struct fetch *fetch = arg;

	(void)multi;
	if (wait_ms < 0)
		loop_timer_cancel(fetch->loop, &fetch->timer);
	else
		loop_timer_set(fetch->loop, &fetch->timer, wait_ms, on_timer, fetch);
	return 0;
}

static void on_ready(void *arg, int fd, short revents)
{
	struct fetch *fetch = arg;
	int mask = 0, running;

	if (revents & (POLLIN | POLLHUP))
		mask |= CURL_CSELECT_IN;
	if (revents & POLLOUT)
		mask |= CURL_CSELECT_OUT;
	if (revents & (POLLERR | POLLNVAL))
		mask |= CURL_CSELECT_ERR;
	curl_multi_socket_action(fetch->multi, fd, mask, &running);
	collect(fetch);
}

static int set_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
	struct fetch *fetch = arg;
	short events = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		loop_fd_remove(fetch->loop, fd);
		return 0;
	}
	if (what & CURL_POLL_IN)
		events |= POLLIN;
	if (what & CURL_POLL_OUT)
		events |= POLLOUT;
	if (known != NULL) {
		loop_fd_set_events(fetch->loop, fd, events);
		return 0;
	}
	if (loop_fd_add(fetch->loop, fd, events, on_ready, fetch) != 0)
		return -1;
	curl_multi_assign(fetch->multi, fd, fetch);
	return 0;
}

/* The certificate that this connection's handshake really showed. */
static bool fingerprint_of(CURL *easy, uint8_t out[FETCH_FINGERPRINT])
{
	struct curl_tlssessioninfo *tls = NULL;
	const gnutls_datum_t *certificates;
	unsigned int count = 0;

	if (curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &tls) != CURLE_OK || tls == NULL || tls->internals == NULL ||
	    tls->backend != CURLSSLBACKEND_GNUTLS)
		return false;
	certificates = gnutls_certificate_get_peers(tls->internals, &count);
	if (certificates == NULL || count == 0)
		return false;
	crypto_hash_sha256(out, certificates[0].data, certificates[0].size);
	return true;
}

/* Between the handshake and the request (CURLOPT_PREREQFUNCTION), also on a reused connection. */
static int before_request(void *arg, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
	struct fetch_request *request = arg;
	uint8_t seen[FETCH_FINGERPRINT];

	(void)remote_ip, (void)local_ip, (void)remote_port, (void)local_port;
	if (!fingerprint_of(request->easy, seen) ||
	    (request->pinned && sodium_memcmp(seen, request->pin, sizeof(seen)) != 0)) {
		request->untrusted = true;
		return CURL_PREREQFUNC_ABORT;
	}
	if (!request->pinned && request->certificate != NULL)
		request->certificate(request->arg, seen, request->body, request->body_len);
	return CURL_PREREQFUNC_OK;
}

static void on_timeout(void *arg);

/* A piece of a file. */
static size_t pass_on(struct fetch_request *request, int status, const char *data, size_t len)
{
	loop_timer_set(request->fetch->loop, &request->timer, request->timeout_ms, on_timeout, request);
	request->broken = !request->data(request->arg, status, data, len);
	return request->broken ? 0 : len;
}

static size_t on_body(char *data, size_t one, size_t n, void *arg)
{
	struct fetch_request *request = arg;
	size_t len = one * n, size = request->answer_size ? request->answer_size : FIRST_ANSWER;
	long status = 0;

	curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
	if (request->data != NULL && (status == 200 || status == 206))
		return pass_on(request, (int)status, data, len);
	if (len > request->max_answer - request->answer_len)
		return 0;
	while (size < request->answer_len + len + 1)
		size *= 2;
	if (size != request->answer_size) {
		char *bigger = realloc(request->answer, size);

		if (bigger == NULL)
			return 0;
		request->answer = bigger;
		request->answer_size = size;
	}
	memcpy(request->answer + request->answer_len, data, len);
	request->answer_len += len;
	request->answer[request->answer_len] = '\0';
	return len;
}

static void on_timeout(void *arg)
{
	struct fetch_request *request = arg;

	finish(request, request->fail != 0 ? request->fail : LOBBY_ERR_TIMEOUT, 0);
}

struct fetch *fetch_new(struct loop *loop)
{
	struct fetch *fetch = calloc(1, sizeof(*fetch));
	const char *link_file = getenv("LOBBY_LINK_FILE");

	if (fetch == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(fetch);
		return NULL;
	}
	fetch->loop = loop;
	fetch->link_file = link_file != NULL && *link_file != '\0' ? link_file : NULL;
	fetch->multi = curl_multi_init();
	if (fetch->multi == NULL) {
		curl_global_cleanup();
		free(fetch);
		return NULL;
	}
	curl_multi_setopt(fetch->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
	curl_multi_setopt(fetch->multi, CURLMOPT_SOCKETDATA, fetch);
	curl_multi_setopt(fetch->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(fetch->multi, CURLMOPT_TIMERDATA, fetch);
	return fetch;
}

void fetch_free(struct fetch *fetch)
{
	if (fetch == NULL)
		return;
	curl_multi_cleanup(fetch->multi);
	loop_timer_cancel(fetch->loop, &fetch->timer);
	curl_global_cleanup();
	free(fetch);
}

static bool add_header(struct fetch_request *request, const char *text)
{
	struct curl_slist *longer = curl_slist_append(request->headers, text);

	if (longer != NULL)
		request->headers = longer;
	return longer != NULL;
}

static bool add_headers(struct fetch_request *request, const struct fetch_ask *ask)
{
	char line[256];
	bool ok = add_header(request, "Expect:");

	if (ok && ask->body != NULL)
		ok = add_header(request, "Content-Type: application/json");
	if (ok && ask->authorization != NULL) {
		snprintf(line, sizeof(line), "Authorization: %s", ask->authorization);
		ok = add_header(request, line);
		sodium_memzero(line, sizeof(line));
	}
	if (ok && ask->from > 0) {
		snprintf(line, sizeof(line), "Range: bytes=%" PRId64 "-", ask->from);
		ok = add_header(request, line);
	}
	return ok;
}

static void set_options(struct fetch_request *request, const struct fetch_ask *ask)
{
	CURL *easy = request->easy;

	curl_easy_setopt(easy, CURLOPT_URL, ask->url);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, request);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L); /* before_request() pins instead */
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, request);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request->headers);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, request->fetch->doubt ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* never wait for a name server's thread when broken off */
	if (ask->max_rate > 0)
		curl_easy_setopt(easy, CURLOPT_MAX_RECV_SPEED_LARGE, (curl_off_t)ask->max_rate);
	if (request->body != NULL) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
	}
}

/* Makes what curl needs and hands it over; *request is clean again on failure. */
static int start_curl(struct fetch *fetch, struct fetch_request *request, const struct fetch_ask *ask)
{
	request->easy = curl_easy_init();
	if (ask->body != NULL) {
		request->body = malloc(ask->len + 1);
		if (request->body != NULL) {
			memcpy(request->body, ask->body, ask->len);
			request->body[ask->len] = '\0';
			request->body_len = ask->len;
		}
	}
	if (request->easy == NULL || (ask->body != NULL && request->body == NULL) || !add_headers(request, ask))
		return LOBBY_ERR_NO_MEMORY;
	set_options(request, ask);
	if (curl_multi_add_handle(fetch->multi, request->easy) != CURLM_OK)
		return LOBBY_ERR_NO_MEMORY;
	return 0;
}

int fetch_start(struct fetch *fetch, struct fetch_request *request, const struct fetch_ask *ask, fetch_done_fn *done,
		void *arg)
{
	int err = 0;

	*request = (struct fetch_request){ .fetch = fetch,
					   .max_answer = ask->max_answer,
					   .pinned = ask->pin != NULL,
					   .certificate = ask->certificate,
					   .data = ask->data,
					   .timeout_ms = ask->timeout_ms,
					   .done = done,
					   .arg = arg,
					   .active = true,
					   .next = fetch->active };
	if (ask->pin != NULL)
		memcpy(request->pin, ask->pin, sizeof(request->pin));
	fetch->active = request;
	if (fetch_link_down(fetch))
		request->fail = LOBBY_ERR_UNREACHABLE;
	else
		err = start_curl(fetch, request, ask);
	if (err != 0)
		fetch_cancel(request);
	else
		loop_timer_set(fetch->loop, &request->timer, request->fail ? 0 : ask->timeout_ms, on_timeout, request);
	return err;
}

void fetch_cancel(struct fetch_request *request)
{
	struct fetch *fetch = request->fetch;

	if (!request->active)
		return;
	for (struct fetch_request **at = &fetch->active; *at != NULL; at = &(*at)->next) {
		if (*at == request) {
			*at = request->next;
			break;
		}
	}
	loop_timer_cancel(fetch->loop, &request->timer);
	if (request->easy != NULL) {
		curl_multi_remove_handle(fetch->multi, request->easy);
		curl_easy_cleanup(request->easy);
	}
	curl_slist_free_all(request->headers);
	if (request->body != NULL)
		sodium_memzero(request->body, request->body_len);
	free(request->body);
	free(request->answer);
	*request = (struct fetch_request){ 0 };
}

bool fetch_has_link_file(const struct fetch *fetch)
{
	return fetch->link_file != NULL;
}

bool fetch_link_down(const struct fetch *fetch)
{
	return fetch->link_file != NULL && access(fetch->link_file, F_OK) == 0;
}

void fetch_break_all(struct fetch *fetch)
{
	for (struct fetch_request *request = fetch->active; request != NULL; request = request->next) {
		request->fail = LOBBY_ERR_UNREACHABLE;
		loop_timer_set(fetch->loop, &request->timer, 0, on_timeout, request);
	}
}

int fetch_err_of(int status, const char *body, size_t len)
{
	json_t *json;
	const char *event;
	int err;

	if (status >= 200 && status < 300)
		return 0;
	json = json_loadb(body, len, 0, NULL);
	event = json_string_value(json_object_get(json, "error"));
	err = event ? err_from_event(event) : 0;
	json_decref(json);
	if (err < 0)
		return err;
	if (status == 401)
		return LOBBY_ERR_DENIED;
	return status >= 500 ? LOBBY_ERR_BUSY : LOBBY_ERR_PROTOCOL;
}

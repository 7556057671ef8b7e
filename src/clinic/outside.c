/* See outside.h. One curl handle a request, turned by hand so that the clock module's time and the server's end count;
 * redirects are followed here, where it is known what may be followed. */
#include "outside.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <curl/curl.h>
#include <gnutls/gnutls.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define FINGERPRINT 32
#define HEADERS_MAX 65536
#define REDIRECTS_MAX 3
#define HOST_MAX 256
#define LOOK_MS 250	   /* how soon the server's end is noticed */
#define LOOK_VIRTUAL_MS 10 /* and a test's clock */

struct transfer {
	struct outside *outside;
	const struct outside_ask *ask;
	CURLU *url;
	CURL *easy;
	CURLM *multi;
	struct curl_slist *headers;
	char host[HOST_MAX], port[8];
	uint8_t pin[FINGERPRINT];
	bool known; /* one of the setting's hosts: pin is its certificate's */
	bool refused, untrusted, too_long;
	size_t header_bytes;
	char *body;
	size_t len, size;
};

int outside_init(void)
{
	return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : LOBBY_ERR_NO_MEMORY;
}

void outside_fini(void)
{
	curl_global_cleanup();
}

/* ---- the setting ---- */

/* The next "HOST:PORT=HEX" of the text; moves *text behind it. False at its end, or with *bad when it is none. */
static bool next_host(const char **text, char *host, size_t size, uint8_t pin[FINGERPRINT], bool *bad)
{
	const char *from = *text + strspn(*text, " "), *equals;
	size_t len = strcspn(from, " "), bin_len = 0;

	*bad = false;
	if (len == 0)
		return false;
	*text = from + len;
	equals = memchr(from, '=', len);
	*bad = equals == NULL || len - (size_t)(equals - from) - 1 != 2 * FINGERPRINT ||
	       memchr(from, ':', (size_t)(equals - from)) == NULL ||
	       !text_copy_n(host, size, from, (size_t)(equals - from)) ||
	       sodium_hex2bin(pin, FINGERPRINT, equals + 1, 2 * FINGERPRINT, NULL, &bin_len, NULL) != 0 ||
	       bin_len != FINGERPRINT;
	return !*bad;
}

bool outside_hosts_ok(const char *hosts)
{
	char host[HOST_MAX + 8];
	uint8_t pin[FINGERPRINT];
	bool bad;

	while (next_host(&hosts, host, sizeof(host), pin, &bad))
		;
	return !bad;
}

/* Is the transfer's host one of them? Then its pin is filled in. */
static bool is_known(struct transfer *t)
{
	const char *hosts = t->outside->hosts;
	char wanted[HOST_MAX + 8], host[HOST_MAX + 8];
	bool bad;

	snprintf(wanted, sizeof(wanted), "%s:%s", t->host, t->port);
	while (next_host(&hosts, host, sizeof(host), t->pin, &bad))
		if (strcasecmp(host, wanted) == 0)
			return true;
	return false;
}

/* ---- addresses ---- */

static bool part_of(CURLU *url, CURLUPart what, unsigned flags, char *out, size_t size)
{
	char *text = NULL;
	bool ok = curl_url_get(url, what, &text, flags) == CURLUE_OK && text_copy(out, size, text);

	curl_free(text);
	return ok;
}

static bool has_part(CURLU *url, CURLUPart what)
{
	char *text = NULL;
	bool has = curl_url_get(url, what, &text, 0) == CURLUE_OK;

	curl_free(text);
	return has;
}

/* Reads the address into the transfer. False: not one that is asked. */
static bool take_url(struct transfer *t, const char *text)
{
	char scheme[8];

	return curl_url_set(t->url, CURLUPART_URL, text, 0) == CURLUE_OK &&
	       part_of(t->url, CURLUPART_SCHEME, 0, scheme, sizeof(scheme)) && strcmp(scheme, "https") == 0 &&
	       !has_part(t->url, CURLUPART_USER) && !has_part(t->url, CURLUPART_PASSWORD) &&
	       curl_url_set(t->url, CURLUPART_FRAGMENT, NULL, 0) == CURLUE_OK &&
	       part_of(t->url, CURLUPART_HOST, 0, t->host, sizeof(t->host)) && t->host[0] != '\0' &&
	       part_of(t->url, CURLUPART_PORT, CURLU_DEFAULT_PORT, t->port, sizeof(t->port));
}

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct transfer *t = arg;

	(void)purpose;
	if (!t->known && !outside_address_ok(&address->addr)) {
		t->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* The certificate that the handshake showed is the one that the setting names. */
static bool pin_fits(struct transfer *t)
{
	struct curl_tlssessioninfo *tls = NULL;
	const gnutls_datum_t *certificates;
	unsigned int count = 0;
	uint8_t seen[FINGERPRINT];

	if (curl_easy_getinfo(t->easy, CURLINFO_TLS_SSL_PTR, &tls) != CURLE_OK || tls == NULL ||
	    tls->internals == NULL || tls->backend != CURLSSLBACKEND_GNUTLS)
		return false;
	certificates = gnutls_certificate_get_peers(tls->internals, &count);
	if (certificates == NULL || count == 0)
		return false;
	crypto_hash_sha256(seen, certificates[0].data, certificates[0].size);
	return sodium_memcmp(seen, t->pin, sizeof(seen)) == 0;
}

/* Between the handshake and the request. */
static int before_request(void *arg, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
	struct transfer *t = arg;

	(void)remote_ip, (void)local_ip, (void)remote_port, (void)local_port;
	if (!t->known || pin_fits(t))
		return CURL_PREREQFUNC_OK;
	t->untrusted = true;
	return CURL_PREREQFUNC_ABORT;
}

/* ---- the answer ---- */

static size_t on_header(char *data, size_t one, size_t n, void *arg)
{
	struct transfer *t = arg;

	(void)data;
	t->header_bytes += one * n;
	t->too_long = t->too_long || t->header_bytes > HEADERS_MAX;
	return t->too_long ? 0 : one * n;
}

static size_t on_body(char *data, size_t one, size_t n, void *arg)
{
	struct transfer *t = arg;
	size_t len = one * n, size = t->size > 0 ? t->size : 4096;
	char *bigger;

	if (len > t->ask->max - t->len || len > t->outside->budget) {
		t->too_long = true;
		return 0;
	}
	while (size < t->len + len + 1)
		size *= 2;
	if (size != t->size) {
		bigger = realloc(t->body, size);
		if (bigger == NULL)
			return 0;
		t->body = bigger;
		t->size = size;
	}
	memcpy(t->body + t->len, data, len);
	t->len += len;
	t->body[t->len] = '\0';
	t->outside->budget -= len;
	return len;
}

static bool add_header(struct transfer *t, const char *text)
{
	struct curl_slist *longer = curl_slist_append(t->headers, text);

	if (longer != NULL)
		t->headers = longer;
	return longer != NULL;
}

static void set_options(struct transfer *t)
{
	CURL *easy = t->easy;

	curl_easy_setopt(easy, CURLOPT_CURLU, t->url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "lobby-clinic");
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t->headers);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, t);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, t);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
	if (t->known) { /* before_request() pins instead */
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
		curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
	if (t->ask->body != NULL)
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, t->ask->body);
}

static int err_of(const struct transfer *t, CURLcode code)
{
	if (t->untrusted || code == CURLE_PEER_FAILED_VERIFICATION)
		return LOBBY_ERR_UNTRUSTED;
	if (t->too_long)
		return LOBBY_ERR_TOO_LONG;
	if (code == CURLE_OK)
		return 0;
	if (t->refused && (code == CURLE_COULDNT_CONNECT || code == CURLE_ABORTED_BY_CALLBACK))
		return LOBBY_ERR_REFUSED;
	if (code == CURLE_OUT_OF_MEMORY || code == CURLE_WRITE_ERROR)
		return LOBBY_ERR_NO_MEMORY;
	return code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT ? LOBBY_ERR_REFUSED
										 : LOBBY_ERR_UNREACHABLE;
}

/* Turns it until it is done, its time is over, or the server ends. */
static int turn(struct transfer *t)
{
	int running = 1, queued;
	CURLMsg *message;

	while (running > 0) {
		int64_t left = t->outside->deadline_mono_ms - clock_mono_ms();
		int64_t look = clock_is_virtual() ? LOOK_VIRTUAL_MS : LOOK_MS;

		if (__atomic_load_n(t->outside->stop, __ATOMIC_ACQUIRE))
			return LOBBY_ERR_CLOSED;
		if (left <= 0)
			return LOBBY_ERR_TIMEOUT;
		if (curl_multi_perform(t->multi, &running) != CURLM_OK)
			return LOBBY_ERR_NO_MEMORY;
		if (running > 0 &&
		    curl_multi_poll(t->multi, NULL, 0, (int)(left < look ? left : look), NULL) != CURLM_OK)
			return LOBBY_ERR_NO_MEMORY;
	}
	message = curl_multi_info_read(t->multi, &queued);
	if (message == NULL || message->msg != CURLMSG_DONE)
		return LOBBY_ERR_UNREACHABLE;
	if (message->data.result != CURLE_OK)
		log_event(LOG_DEBUG, "outside-failed", "code=%d", (int)message->data.result);
	return err_of(t, message->data.result);
}

static int run(struct transfer *t)
{
	int err;

	t->easy = curl_easy_init();
	t->multi = curl_multi_init();
	if (t->easy == NULL || t->multi == NULL || !add_header(t, "Expect:") ||
	    (t->ask->body != NULL && !add_header(t, "Content-Type: application/json")))
		return LOBBY_ERR_NO_MEMORY;
	set_options(t);
	if (curl_multi_add_handle(t->multi, t->easy) != CURLM_OK)
		return LOBBY_ERR_NO_MEMORY;
	err = turn(t);
	curl_multi_remove_handle(t->multi, t->easy);
	return err;
}

static void drop_body(struct transfer *t)
{
	if (t->body != NULL)
		sodium_memzero(t->body, t->len);
	free(t->body);
	t->body = NULL;
	t->len = t->size = 0;
}

static void end(struct transfer *t)
{
	if (t->easy != NULL)
		curl_easy_cleanup(t->easy);
	if (t->multi != NULL)
		curl_multi_cleanup(t->multi);
	curl_slist_free_all(t->headers);
	t->easy = NULL;
	t->multi = NULL;
	t->headers = NULL;
	t->header_bytes = 0;
}

/* Where a redirect leads, if it may be followed; malloc'ed. 301 to 303 would turn a POST into a GET: refused. */
static char *redirect_of(struct transfer *t, int status)
{
	bool kept = status == 307 || status == 308;
	char *to = NULL;

	if (!(kept || (t->ask->body == NULL && status >= 301 && status <= 303)) ||
	    curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &to) != CURLE_OK || to == NULL)
		return NULL;
	return strdup(to);
}

/* One request. *next: where it redirects to, malloc'ed, or NULL. */
static int ask_once(struct transfer *t, int *status, char **next)
{
	long code = 0;
	int err;

	t->known = is_known(t);
	err = run(t);
	if (err == 0) {
		curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &code);
		*status = (int)code;
		*next = code >= 300 && code <= 399 ? redirect_of(t, *status) : NULL;
		if (*next == NULL && code >= 300 && code <= 399)
			err = LOBBY_ERR_REFUSED;
	}
	end(t);
	return err;
}

/* The next address, of the same host and port. Takes next. */
static bool take_redirect(struct transfer *t, char *take_next)
{
	char host[HOST_MAX], port[8];
	bool ok;

	memcpy(host, t->host, sizeof(host));
	memcpy(port, t->port, sizeof(port));
	ok = take_url(t, take_next) && strcasecmp(host, t->host) == 0 && strcmp(port, t->port) == 0;
	free(take_next);
	return ok;
}

static bool add_recipient(struct transfer *t, const char *recipient)
{
	char query[256];

	snprintf(query, sizeof(query), "recipient=%s", recipient);
	return curl_url_set(t->url, CURLUPART_QUERY, query, CURLU_APPENDQUERY | CURLU_URLENCODE) == CURLUE_OK;
}

int outside_fetch(struct outside *outside, const struct outside_ask *ask, struct outside_answer *answer)
{
	struct transfer t = { .outside = outside, .ask = ask, .url = curl_url() };
	char *next = NULL;
	int status = 0, err = t.url != NULL ? 0 : LOBBY_ERR_NO_MEMORY;

	if (err == 0 && (!take_url(&t, ask->url) || (ask->recipient != NULL && !add_recipient(&t, ask->recipient))))
		err = LOBBY_ERR_REFUSED;
	for (int i = 0; err == 0; i++) {
		drop_body(&t);
		err = ask_once(&t, &status, &next);
		if (err != 0 || next == NULL)
			break;
		if (i == REDIRECTS_MAX) {
			free(next);
			err = LOBBY_ERR_REFUSED;
		} else if (!take_redirect(&t, next)) {
			err = LOBBY_ERR_REFUSED;
		}
	}
	if (err == 0 && t.body == NULL && (t.body = calloc(1, 1)) == NULL)
		err = LOBBY_ERR_NO_MEMORY;
	if (err == 0)
		*answer = (struct outside_answer){ .status = status, .body = t.body, .len = t.len };
	else
		drop_body(&t);
	if (t.url != NULL)
		curl_url_cleanup(t.url);
	return err;
}

void outside_answer_fini(struct outside_answer *answer)
{
	if (answer->body != NULL)
		sodium_memzero(answer->body, answer->len);
	free(answer->body);
	*answer = (struct outside_answer){ .status = 0 };
}

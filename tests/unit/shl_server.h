/* A sharer's server of SMART Health Links on loopback TLS, that does what a test tells it: good answers and hostile
 * ones. One thread of libmicrohttpd; pages are told before they are asked for. */
#ifndef LOBBY_TESTS_SHL_SERVER_H
#define LOBBY_TESTS_SHL_SERVER_H

#include "clinic/clinic.h"
#include "shl_file.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>

#define SHL_PAGES 32
#define SHL_WAITING 16

enum shl_way { SHL_ANSWER, SHL_SILENT, SHL_ENDLESS };

struct shl_page {
	char path[64];
	enum shl_way way;
	unsigned status;
	char *body;	    /* owned */
	char location[256]; /* of a redirect */
	int asked;
	char heard[512]; /* method, query's recipient and body of the last request */
};

struct shl_server {
	char folder[64];
	struct clinic keys; /* only its key and certificate are used */
	struct MHD_Daemon *daemon;
	unsigned port;
	pthread_mutex_t lock;
	struct shl_page pages[SHL_PAGES];
	int count;
	struct MHD_Connection *waiting[SHL_WAITING];
	int waiting_count;
	int asked; /* requests in all */
};

struct shl_request {
	char body[384];
	size_t len;
};

static inline ssize_t shl_blanks(void *arg, uint64_t at, char *out, size_t size)
{
	(void)arg, (void)at;
	memset(out, ' ', size);
	return (ssize_t)size;
}

static inline struct shl_page *shl_find(struct shl_server *server, const char *path)
{
	for (int i = 0; i < server->count; i++)
		if (strcmp(server->pages[i].path, path) == 0)
			return &server->pages[i];
	return NULL;
}

/* Under the lock. */
static inline enum MHD_Result shl_answer(struct shl_server *server, struct MHD_Connection *connection,
					 struct shl_page *page)
{
	struct MHD_Response *response;
	enum MHD_Result ok;

	if (page == NULL || page->way == SHL_ANSWER)
		response =
			MHD_create_response_from_buffer(page != NULL ? strlen(page->body) : 0,
							page != NULL ? page->body : (char *)"", MHD_RESPMEM_MUST_COPY);
	else
		response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16384, shl_blanks, server, NULL);
	if (page != NULL && page->location[0] != '\0')
		MHD_add_response_header(response, "Location", page->location);
	ok = MHD_queue_response(connection, page != NULL ? page->status : 404, response);
	MHD_destroy_response(response);
	return ok;
}

static inline enum MHD_Result shl_respond(void *arg, struct MHD_Connection *connection, const char *path,
					  const char *method, const char *version, const char *data, size_t *len,
					  void **context)
{
	struct shl_server *server = arg;
	struct shl_request *request = *context;
	const char *recipient;
	struct shl_page *page;
	enum MHD_Result ok = MHD_YES;

	(void)version;
	if (request == NULL) {
		*context = calloc(1, sizeof(*request));
		return MHD_YES;
	}
	if (*len > 0) {
		for (size_t i = 0; i < *len && request->len + 1 < sizeof(request->body); i++)
			request->body[request->len++] = data[i];
		*len = 0;
		return MHD_YES;
	}
	recipient = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "recipient");
	pthread_mutex_lock(&server->lock);
	page = shl_find(server, path);
	server->asked++;
	if (page != NULL) {
		page->asked++;
		snprintf(page->heard, sizeof(page->heard), "%s %s %s", method, recipient != NULL ? recipient : "-",
			 request->body);
	}
	if (page != NULL && page->way == SHL_SILENT && server->waiting_count < SHL_WAITING) {
		server->waiting[server->waiting_count++] = connection;
		MHD_suspend_connection(connection);
	} else {
		ok = shl_answer(server, connection, page);
	}
	pthread_mutex_unlock(&server->lock);
	return ok;
}

static inline void shl_completed(void *arg, struct MHD_Connection *connection, void **context,
				 enum MHD_RequestTerminationCode code)
{
	(void)arg, (void)connection, (void)code;
	free(*context);
}

static inline void shl_listen(struct shl_server *server, unsigned port)
{
	const union MHD_DaemonInfo *info;
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	server->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_TLS | MHD_ALLOW_SUSPEND_RESUME, 0,
					  NULL, NULL, shl_respond, server, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&at,
					  MHD_OPTION_HTTPS_MEM_KEY, server->keys.tls_key, MHD_OPTION_HTTPS_MEM_CERT,
					  server->keys.tls_certificate, MHD_OPTION_NOTIFY_COMPLETED, shl_completed,
					  server, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1U, MHD_OPTION_END);
	SHC_ISSUER_MUST(server->daemon != NULL);
	info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
	SHC_ISSUER_MUST(info != NULL);
	server->port = info->port;
}

/* Nobody answers at its port any more, until shl_listen(). */
static inline void shl_hang_up(struct shl_server *server)
{
	pthread_mutex_lock(&server->lock);
	for (; server->waiting_count > 0; server->waiting_count--)
		MHD_resume_connection(server->waiting[server->waiting_count - 1]);
	for (int i = 0; i < server->count; i++)
		server->pages[i].way = SHL_ANSWER;
	pthread_mutex_unlock(&server->lock);
	MHD_stop_daemon(server->daemon);
}

static inline void shl_start(struct shl_server *server)
{
	*server = (struct shl_server){ .folder = "/tmp/lobby-shl-XXXXXX" };
	SHC_ISSUER_MUST(mkdtemp(server->folder) != NULL);
	server->keys.folder = server->folder;
	SHC_ISSUER_MUST(keys_load(&server->keys) == 0);
	pthread_mutex_init(&server->lock, NULL);
	shl_listen(server, 0);
}

static inline void shl_stop(struct shl_server *server)
{
	char path[96];

	shl_hang_up(server);
	for (int i = 0; i < server->count; i++)
		free(server->pages[i].body);
	keys_unload(&server->keys);
	snprintf(path, sizeof(path), "%s/tls.pem", server->folder);
	remove(path);
	snprintf(path, sizeof(path), "%s/seal.key", server->folder);
	remove(path);
	remove(server->folder);
}

/* "127.0.0.1:41234=FINGERPRINT": for the setting. */
static inline void shl_known(const struct shl_server *server, char *out, size_t size)
{
	char hex[65];

	sodium_bin2hex(hex, sizeof(hex), server->keys.fingerprint, 32);
	snprintf(out, size, "127.0.0.1:%u=%s", server->port, hex);
}

static inline void shl_url(const struct shl_server *server, const char *path, char *out, size_t size)
{
	snprintf(out, size, "https://127.0.0.1:%u%s", server->port, path);
}

/* Tells a page, anew or instead of what it was. Takes body (NULL: empty). */
static inline struct shl_page *shl_tell(struct shl_server *server, const char *path, unsigned status, char *take_body)
{
	struct shl_page *page;

	pthread_mutex_lock(&server->lock);
	page = shl_find(server, path);
	if (page == NULL) {
		SHC_ISSUER_MUST(server->count < SHL_PAGES);
		page = &server->pages[server->count++];
	}
	free(page->body);
	*page = (struct shl_page){ .status = status, .body = take_body != NULL ? take_body : strdup("") };
	snprintf(page->path, sizeof(page->path), "%s", path);
	pthread_mutex_unlock(&server->lock);
	return page;
}

static inline void shl_tell_way(struct shl_server *server, const char *path, enum shl_way way)
{
	struct shl_page *page = shl_tell(server, path, 200, NULL);

	pthread_mutex_lock(&server->lock);
	page->way = way;
	pthread_mutex_unlock(&server->lock);
}

static inline void shl_tell_redirect(struct shl_server *server, const char *path, unsigned status, const char *to)
{
	struct shl_page *page = shl_tell(server, path, status, NULL);

	pthread_mutex_lock(&server->lock);
	snprintf(page->location, sizeof(page->location), "%s", to);
	pthread_mutex_unlock(&server->lock);
}

static inline int shl_asked(struct shl_server *server, const char *path, char *heard, size_t size)
{
	struct shl_page *page;
	int asked;

	pthread_mutex_lock(&server->lock);
	page = path != NULL ? shl_find(server, path) : NULL;
	asked = path == NULL ? server->asked : page != NULL ? page->asked : 0;
	if (heard != NULL)
		snprintf(heard, size, "%s", page != NULL ? page->heard : "");
	pthread_mutex_unlock(&server->lock);
	return asked;
}

#endif

/* One HTTP request's life, from its headers to its answer, over libmicrohttpd with TLS.
 *
 * A request is matched to a route and its guard is checked before a byte of its body is read; a request that fails the
 * guard learns nothing but that. When the body is there the route's handler runs on one of the HTTP threads. It answers
 * at once (r->answer or r->response), or returns REQUEST_LATER after request_write() (the writer runs the job, and the
 * answer goes out after the commit) or hub_wait() (the handler is called again when resumed). An error it returns
 * becomes
 * {"error","text"} with the status of errors.def. */
#ifndef LOBBY_CLINIC_HTTP_H
#define LOBBY_CLINIC_HTTP_H

#include "clinic.h"

#include <microhttpd.h>

#define REQUEST_LATER 1
#define HTTP_BODY_MAX (1 << 20)
#define HTTP_SMALL_BODY (1 << 14)

enum route_guard {
	GUARD_NONE,    /* enrol; session */
	GUARD_X_LOBBY, /* setup, sign-in: no session yet, but never from a cross-site form */
	GUARD_KIOSK,
	GUARD_DESK,
	GUARD_ADMIN,
};

struct request;
typedef int request_handler_fn(struct request *r);

struct route {
	const char *method;
	const char *path; /* one "*" stands for one segment: r->tail */
	enum route_guard guard;
	size_t body_max;
	request_handler_fn *handle;
};

struct session {
	unsigned char hash[32];
	int64_t user; /* 0: nobody */
	char name[65];
	bool admin;
};

enum request_phase { REQUEST_READING, REQUEST_WRITING, REQUEST_WRITTEN };

struct request {
	struct job job; /* first: a job is its request */
	struct clinic *clinic;
	struct http *http;
	struct MHD_Connection *connection;
	const struct route *route;
	enum request_phase phase;
	char tail[80];
	int64_t kiosk; /* the kiosk's number, after GUARD_KIOSK */
	struct session session;
	char *body;
	size_t body_len, body_size;
	struct hub_waiter waiter;
	void *data; /* the handler's own, freed with data_free */
	void (*data_free)(void *data);
	/* The answer. */
	int verdict; /* an error to answer although the job committed: it had to write down the failure */
	json_t *answer;
	struct MHD_Response *response; /* instead of answer */
	unsigned status;	       /* of that one; 0: 200 */
	char cookie[160];
	int retry_after_s;
};

/** The body as a JSON object, a new reference. LOBBY_ERR_INVALID. */
int request_json(struct request *r, json_t **json) MUST_CHECK;
/** A text member of the object, "" when absent; NULL when it is no text, has control characters or is longer than max.
 */
const char *request_text(const json_t *json, const char *name, size_t max);
/** Has the writer run write(&r->job) and the answer sent after the commit. slow may be NULL (writer.h). */
int request_write(struct request *r, int (*slow)(struct job *job),
		  int (*write)(struct job *job, struct ledger *store)) MUST_CHECK;
/** The same for what takes longer than the slow thread should: take(r) hands r->job to a thread of its own, which gives
 * it to writer_submit() in the end, whatever became of it. An error of take() is the answer. */
int request_hand(struct request *r, int (*take)(struct request *r),
		 int (*write)(struct job *job, struct ledger *store)) MUST_CHECK;
/** For reads of patients: the answer is ready; records it in the audit, then sends it. Texts are copied. */
int request_audited(struct request *r, const char *action, const char *subject, const char *detail) MUST_CHECK;
/** A query argument or header, or NULL. */
const char *request_argument(struct request *r, const char *name);
const char *request_header(struct request *r, const char *name);

/** The routes, by whose they are; each table ends with a NULL method. */
extern const struct route kiosk_routes[];
extern const struct route desk_routes[];

struct http;
/** Listens at "HOST:PORT" (IPv4, or IPv6 in brackets; port 0: any) and serves. LOBBY_ERR_INVALID (the address),
 * LOBBY_ERR_EXISTS (in use), LOBBY_ERR_IO. */
int clinic_http_start(struct http **http, struct clinic *clinic, const char *listen) MUST_CHECK;
/** "127.0.0.1:8443": where it listens. */
const char *clinic_http_address(const struct http *http);
/** Stops taking requests, lets those that wait for the disk finish, ends streams. */
void clinic_http_stop(struct http *http);

/** assets.c: the desk page's files, read once. folder "" or missing: there are none. */
int assets_load(struct assets **assets, const char *folder) MUST_CHECK;
void assets_free(struct assets *assets);
/** Answers GET of a path under / with a file, 304 or 404. */
enum MHD_Result assets_answer(const struct assets *assets, struct MHD_Connection *connection, const char *path);

#endif

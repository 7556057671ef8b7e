/* Updates over HTTP: what kiosks fetch, and what administrators decide at the desk's page. */
#include "updates.h"

#include "http.h"

#include "base/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HASH_LEN 64
#define ALL_OF_IT (-1)

/* ---- GET updates/<sha256> ---- */

static bool is_hash(const char *text)
{
	return strlen(text) == HASH_LEN && strspn(text, "0123456789abcdef") == HASH_LEN;
}

static bool is_offered(struct request *r)
{
	struct ledger *store = ledger_pool_take(&r->clinic->pool);
	json_t *offer = store != NULL ? updates_offer(store, r->kiosk) : NULL;
	const char *sha256 = json_string_value(json_object_get(offer, "sha256"));
	bool offered = sha256 != NULL && strcmp(sha256, r->tail) == 0;

	json_decref(offer);
	ledger_pool_give(&r->clinic->pool, store);
	return offered;
}

/* Digits only; -1 for none or too many. */
static int64_t take_number(const char **text)
{
	size_t len = strspn(*text, "0123456789");
	int64_t n = len > 0 && len <= 15 ? strtoll(*text, NULL, 10) : -1;

	*text += len;
	return n;
}

/* "bytes=N-" or "bytes=N-M" (RFC 9110, 14.1.2), of which everything else is ignored as the RFC allows: then it is the
 * whole. False: it lies beyond the end. */
static bool take_range(const char *range, int64_t size, int64_t *from, int64_t *to)
{
	int64_t first, last = INT64_MAX;

	*from = ALL_OF_IT;
	*to = size - 1;
	if (range == NULL || strncmp(range, "bytes=", 6) != 0)
		return true;
	range += 6;
	first = take_number(&range);
	if (first < 0 || *range++ != '-')
		return true;
	if (*range != '\0')
		last = take_number(&range);
	if (*range != '\0' || last < first)
		return true;
	if (first >= size)
		return false;
	*from = first;
	*to = last < size - 1 ? last : size - 1;
	return true;
}

static int answer_part(struct request *r, int fd, int64_t size)
{
	int64_t from, to;
	char text[80];
	bool inside = take_range(request_header(r, MHD_HTTP_HEADER_RANGE), size, &from, &to);

	if (!inside) {
		close(fd);
		r->response = MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);
		r->status = MHD_HTTP_RANGE_NOT_SATISFIABLE;
		snprintf(text, sizeof(text), "bytes */%lld", (long long)size);
	} else {
		int64_t start = from == ALL_OF_IT ? 0 : from;

		/* It reads the file as it sends, and closes it in the end. */
		r->response = MHD_create_response_from_fd_at_offset64((uint64_t)(to - start + 1), fd, (uint64_t)start);
		if (r->response == NULL)
			close(fd);
		r->status = from == ALL_OF_IT ? MHD_HTTP_OK : MHD_HTTP_PARTIAL_CONTENT;
		snprintf(text, sizeof(text), "bytes %lld-%lld/%lld", (long long)start, (long long)to, (long long)size);
	}
	if (r->response == NULL)
		return LOBBY_ERR_NO_MEMORY;
	if (r->status != MHD_HTTP_OK)
		MHD_add_response_header(r->response, MHD_HTTP_HEADER_CONTENT_RANGE, text);
	snprintf(text, sizeof(text), "\"%.64s\"", r->tail);
	MHD_add_response_header(r->response, MHD_HTTP_HEADER_ETAG, text);
	MHD_add_response_header(r->response, MHD_HTTP_HEADER_ACCEPT_RANGES, "bytes");
	MHD_add_response_header(r->response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/octet-stream");
	return 0;
}

int kiosk_update(struct request *r)
{
	char path[CLINIC_PATH_MAX];
	struct stat info;
	int fd, err;

	if (!is_hash(r->tail) || !is_offered(r))
		return LOBBY_ERR_NOT_FOUND;
	err = updates_path(r->clinic->folder, r->tail, path);
	if (err != 0)
		return err;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return LOBBY_ERR_NOT_FOUND;
	if (fstat(fd, &info) != 0 || info.st_size == 0) {
		close(fd);
		return LOBBY_ERR_IO;
	}
	return answer_part(r, fd, info.st_size);
}

/* ---- the desk ---- */

struct wish {
	char kiosk[37];
	bool without;
};

static int wish_read(struct request *r)
{
	struct wish *wish = calloc(1, sizeof(*wish));
	json_t *json = NULL;
	const char *kiosk;
	int err = wish == NULL ? LOBBY_ERR_NO_MEMORY : 0;

	r->data = wish;
	r->data_free = free;
	if (err == 0 && !is_hash(r->tail))
		err = LOBBY_ERR_NOT_FOUND;
	if (err == 0)
		err = request_json(r, &json);
	if (err != 0)
		return err;
	kiosk = request_text(json, "kiosk", sizeof(wish->kiosk) - 1);
	if (kiosk != NULL)
		text_copy(wish->kiosk, sizeof(wish->kiosk), kiosk);
	wish->without = json_is_true(json_object_get(json, "without"));
	json_decref(json);
	return kiosk != NULL ? 0 : LOBBY_ERR_INVALID;
}

static int answer_row(struct request *r, struct ledger *store, int err)
{
	if (err == 0 && (r->answer = updates_row(store, r->tail)) == NULL)
		err = LOBBY_ERR_NO_MEMORY;
	return err;
}

static int write_start(struct job *job, struct ledger *store)
{
	struct request *r = (struct request *)job;
	const struct wish *wish = r->data;

	return answer_row(r, store, updates_start(store, r->tail, wish->kiosk, false, r->session.name));
}

static int write_pause(struct job *job, struct ledger *store)
{
	struct request *r = (struct request *)job;

	return answer_row(r, store, updates_pause(store, r->tail, r->session.name));
}

static int write_resume(struct job *job, struct ledger *store)
{
	struct request *r = (struct request *)job;
	const struct wish *wish = r->data;

	return answer_row(r, store, updates_resume(store, r->tail, wish->without, r->session.name));
}

static int write_stop(struct job *job, struct ledger *store)
{
	struct request *r = (struct request *)job;

	return answer_row(r, store, updates_stop(store, r->tail, r->session.name));
}

static int decide(struct request *r, int (*write)(struct job *job, struct ledger *store))
{
	int err = wish_read(r);

	return err != 0 ? err : request_write(r, NULL, write);
}

int desk_update_start(struct request *r)
{
	return decide(r, write_start);
}

int desk_update_pause(struct request *r)
{
	return decide(r, write_pause);
}

int desk_update_resume(struct request *r)
{
	return decide(r, write_resume);
}

int desk_update_stop(struct request *r)
{
	return decide(r, write_stop);
}

/* See visits.h. POST visits: parse, open and check every row on this HTTP thread, then one job for all of them; the
 * answer goes out after the commit. */
#include "visits.h"

#include "http.h"
#include "kiosks.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTENT_MAX (256 << 10)

static void never(struct visit_row *row, const char *why)
{
	row->verdict = VISIT_NEVER;
	row->why = why;
}

void visit_row_read(struct visit_row *row)
{
	json_t *bundle = json_loadb(row->content, row->content_len, JSON_REJECT_DUPLICATES, NULL);
	const char *why = "it is neither a visit nor a slip";
	int err = LOBBY_ERR_INVALID;

	crypto_generichash(row->hash, sizeof(row->hash), (unsigned char *)row->content, row->content_len, NULL, 0);
	if (bundle == NULL)
		why = "it is not JSON";
	else
		err = visit_bundle_kind_of(bundle, &row->kind);
	if (err == 0 && row->kind == VISIT_BUNDLE_VISIT)
		err = visit_from_bundle(bundle, &row->visit, &why);
	else if (err == 0)
		err = visit_slip_from_bundle(bundle, &row->slip, &why);
	if (err != 0)
		never(row, why);
	else if (row->kind == VISIT_BUNDLE_VISIT && row->visit.document.kind[0] != '\0')
		row->bundle = json_incref(bundle);
	json_decref(bundle);
}

void visit_row_open(struct visit_row *row, const unsigned char *seal_public, const unsigned char *seal_secret)
{
	size_t len = row->sealed_len - crypto_box_SEALBYTES;

	crypto_generichash(row->hash, sizeof(row->hash), row->sealed, row->sealed_len, NULL, 0);
	if (row->sealed_len <= crypto_box_SEALBYTES) {
		never(row, "it is not sealed to this clinic");
		return;
	}
	if (len > CONTENT_MAX) {
		never(row, "it is too long");
		return;
	}
	row->content = malloc(len);
	if (row->content == NULL || crypto_box_seal_open((unsigned char *)row->content, row->sealed, row->sealed_len,
							 seal_public, seal_secret) != 0) {
		free(row->content);
		row->content = NULL;
		never(row, "it is not sealed to this clinic");
		return;
	}
	row->content_len = len;
	visit_row_read(row);
}

void visit_row_fini(struct visit_row *row)
{
	free(row->sealed);
	if (row->content != NULL)
		explicit_bzero(row->content, row->content_len);
	free(row->content);
	json_decref(row->bundle);
	explicit_bzero(&row->visit, sizeof(row->visit));
}

struct batch {
	int count;
	struct visit_row rows[];
};

static void batch_free(void *data)
{
	struct batch *batch = data;

	for (int i = 0; i < batch->count; i++)
		visit_row_fini(&batch->rows[i]);
	free(batch);
}

/* Decodes a sealed box in base64 (RFC 4648 section 4); it is no secret, so a table's timing is fine. Padding is
 * demanded. */
static int decode(const char *text, size_t len, unsigned char **data, size_t *data_len)
{
	gnutls_datum_t in = { (unsigned char *)text, (unsigned)len }, out = { NULL, 0 };

	if (len == 0 || len % 4 != 0 || len > HTTP_BODY_MAX || gnutls_base64_decode2(&in, &out) != 0)
		return LOBBY_ERR_INVALID;
	*data = out.data; /* GnuTLS allocates by malloc() unless told otherwise */
	*data_len = out.size;
	return 0;
}

/* The sealed boxes are nearly all of a body, and reading them as JSON strings, a letter at a time, cost more than
 * opening them. So they are decoded in place first, and what is left for the JSON parser has "#0", "#1" ... where they
 * were ('#' is not of base64). A quotation mark within a JSON string always has a backslash before it, so these bytes
 * can only be a member's name; a value with a backslash in it is left alone. */
struct boxes {
	struct box {
		unsigned char *data;
		size_t len;
	} all[VISITS_ROWS_MAX];
	int count;
};

/* Where the value of the next "sealed" begins, after its quotation mark; NULL if there is none. */
static char *next_value(char *at, const char *end)
{
	static const char name[] = "\"sealed\"";

	while ((at = memmem(at, (size_t)(end - at), name, sizeof(name) - 1)) != NULL) {
		at += sizeof(name) - 1;
		while (at < end && (*at == ' ' || *at == ':'))
			at++;
		if (at < end && *at == '"')
			return at + 1;
	}
	return NULL;
}

static int lift_boxes(char *body, size_t *len, struct boxes *boxes)
{
	char *from = body, *to = body, *value, *quote, *end = body + *len;

	while (boxes->count < VISITS_ROWS_MAX && (value = next_value(from, end)) != NULL) {
		struct box *box = &boxes->all[boxes->count];

		quote = memchr(value, '"', (size_t)(end - value));
		if (quote == NULL)
			break;
		if (quote - value >= 4 && memchr(value, '\\', (size_t)(quote - value)) == NULL) {
			int err = decode(value, (size_t)(quote - value), &box->data, &box->len);

			if (err != 0)
				return err;
			memmove(to, from, (size_t)(value - from));
			to += value - from;
			to += snprintf(to, 4, "#%d", boxes->count++); /* never longer than what it stands for */
			from = quote;
		} else {
			memmove(to, from, (size_t)(quote - from));
			to += quote - from;
			from = quote;
		}
	}
	memmove(to, from, (size_t)(end - from));
	*len = (size_t)(to + (end - from) - body);
	return 0;
}

/* Takes the box that the text stands for, or decodes the text itself. */
static int take_box(const json_t *sealed, struct boxes *boxes, struct visit_row *row)
{
	const char *text = json_string_value(sealed);
	struct box *box = NULL;
	long n;

	if (text[0] != '#')
		return decode(text, json_string_length(sealed), &row->sealed, &row->sealed_len);
	n = strtol(text + 1, NULL, 10);
	if (n >= 0 && n < boxes->count)
		box = &boxes->all[n];
	if (box == NULL || box->data == NULL)
		return LOBBY_ERR_INVALID;
	row->sealed = box->data;
	row->sealed_len = box->len;
	box->data = NULL;
	return 0;
}

/* The row's envelope; a bad one refuses the whole request, since then there is no (kiosk, seq) to answer for. */
static int row_parse(const json_t *json, struct boxes *boxes, struct visit_row *row)
{
	const json_t *seq = json_object_get(json, "seq"), *sealed = json_object_get(json, "sealed");
	const char *key = request_text(json, "key", sizeof(row->key) - 1);

	if (!json_is_integer(seq) || json_integer_value(seq) < 0 || key == NULL || !json_is_string(sealed))
		return LOBBY_ERR_INVALID;
	row->seq = json_integer_value(seq);
	text_copy(row->key, sizeof(row->key), key);
	row->why = "";
	return take_box(sealed, boxes, row);
}

static json_t *answer_of(const struct batch *batch)
{
	static const char *const words[] = { "stored", "duplicate", "never" };
	json_t *rows = json_array();

	for (int i = 0; i < batch->count; i++) {
		const struct visit_row *row = &batch->rows[i];
		json_t *json = json_pack("{sI ss}", "seq", (json_int_t)row->seq, "result", words[row->verdict]);

		if (row->verdict == VISIT_NEVER)
			json_object_set_new(json, "reason", json_string(row->why));
		json_array_append_new(rows, json);
	}
	return json_pack("{so}", "rows", rows);
}

static int write_visits(struct job *job, struct ledger *store)
{
	struct request *r = (struct request *)job;
	struct batch *batch = r->data;
	int64_t now_ms = clock_wall_ms();
	int err = 0;

	for (int i = 0; i < batch->count && err == 0; i++)
		err = visits_apply(store, r->kiosk, &batch->rows[i], now_ms);
	if (err == 0)
		r->answer = answer_of(batch);
	return err;
}

static int read_rows(struct request *r, struct boxes *boxes)
{
	json_t *json, *rows;
	struct batch *batch;
	size_t count;
	int err = lift_boxes(r->body, &r->body_len, boxes);

	if (err == 0)
		err = request_json(r, &json);
	if (err != 0)
		return err;
	rows = json_object_get(json, "rows");
	count = json_array_size(rows);
	if (count < 1 || count > VISITS_ROWS_MAX)
		err = LOBBY_ERR_INVALID;
	batch = err == 0 ? calloc(1, sizeof(*batch) + count * sizeof(batch->rows[0])) : NULL;
	if (err == 0 && batch == NULL)
		err = LOBBY_ERR_NO_MEMORY;
	r->data = batch;
	r->data_free = batch != NULL ? batch_free : NULL;
	for (; err == 0 && (size_t)batch->count < count; batch->count++)
		err = row_parse(json_array_get(rows, (size_t)batch->count), boxes, &batch->rows[batch->count]);
	json_decref(json);
	return err;
}

int kiosk_visits(struct request *r)
{
	const struct clinic *clinic = r->clinic;
	struct boxes boxes = { .count = 0 };
	struct batch *batch;
	int err = read_rows(r, &boxes);

	for (int i = 0; i < boxes.count; i++)
		free(boxes.all[i].data);
	if (err != 0)
		return err;
	batch = r->data;
	for (int i = 0; i < batch->count; i++)
		visit_row_open(&batch->rows[i], clinic->seal_public, clinic->seal_secret);
	return request_write(r, NULL, write_visits);
}

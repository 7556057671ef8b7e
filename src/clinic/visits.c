/* See visits.h. POST visits: parse, open and check every row on this HTTP thread, then one job for all of them; the
 * answer goes out after the commit. */
#include "visits.h"

#include "http.h"
#include "kiosks.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

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

/* The row's envelope; a bad one refuses the whole request, since then there is no (kiosk, seq) to answer for. */
static int row_parse(const json_t *json, struct visit_row *row)
{
	const json_t *seq = json_object_get(json, "seq"), *sealed = json_object_get(json, "sealed");
	const char *key = request_text(json, "key", sizeof(row->key) - 1);
	size_t len;

	if (!json_is_integer(seq) || json_integer_value(seq) < 0 || key == NULL || !json_is_string(sealed))
		return LOBBY_ERR_INVALID;
	row->seq = json_integer_value(seq);
	text_copy(row->key, sizeof(row->key), key);
	row->why = "";
	len = json_string_length(sealed);
	row->sealed = malloc(len / 4 * 3 + 4);
	if (row->sealed == NULL)
		return LOBBY_ERR_NO_MEMORY;
	return sodium_base642bin(row->sealed, len / 4 * 3 + 4, json_string_value(sealed), len, NULL, &row->sealed_len,
				 NULL, sodium_base64_VARIANT_ORIGINAL) == 0
		       ? 0
		       : LOBBY_ERR_INVALID;
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

int kiosk_visits(struct request *r)
{
	struct clinic *clinic = r->clinic;
	json_t *json, *rows;
	struct batch *batch;
	size_t count;
	int err = request_json(r, &json);

	if (err != 0)
		return err;
	rows = json_object_get(json, "rows");
	count = json_array_size(rows);
	batch = count >= 1 && count <= VISITS_ROWS_MAX ? calloc(1, sizeof(*batch) + count * sizeof(batch->rows[0]))
						       : NULL;
	if (batch == NULL) {
		json_decref(json);
		return count >= 1 && count <= VISITS_ROWS_MAX ? LOBBY_ERR_NO_MEMORY : LOBBY_ERR_INVALID;
	}
	r->data = batch;
	r->data_free = batch_free;
	for (; (size_t)batch->count < count && err == 0; batch->count++)
		err = row_parse(json_array_get(rows, (size_t)batch->count), &batch->rows[batch->count]);
	json_decref(json);
	if (err != 0)
		return err;
	for (int i = 0; i < batch->count; i++)
		visit_row_open(&batch->rows[i], clinic->seal_public, clinic->seal_secret);
	return request_write(r, NULL, write_visits);
}

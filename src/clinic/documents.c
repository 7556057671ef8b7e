/* See documents.h. A shared file is handed out as it came, to be saved and never to be shown by the browser. */
#include "documents.h"

#include "http.h"
#include "link_store.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define CARD_TYPE "application/smart-health-card"

/* The bytes that the visit has in base64, which visit_from_bundle() has checked. */
static int content_of(const struct visit_document *document, unsigned char **content, size_t *len)
{
	size_t text_len = strlen(document->data), size = text_len / 4 * 3;
	unsigned char *bytes = malloc(size + 1);

	if (bytes == NULL)
		return LOBBY_ERR_NO_MEMORY;
	if (sodium_base642bin(bytes, size, document->data, text_len, NULL, len, NULL, sodium_base64_VARIANT_ORIGINAL) !=
	    0) {
		free(bytes);
		return LOBBY_ERR_INVALID;
	}
	*content = bytes;
	return 0;
}

int documents_add(struct ledger *store, const struct document *d)
{
	return ledger_run(store,
			  "INSERT INTO document(id, visit_id, patient_id, kind, title, issuer, content_type, content, "
			  "url, state, at_ms) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT(id) DO "
			  "NOTHING",
			  "tttttttbtti", d->id, d->visit_id, d->patient_id, d->kind, d->title, d->issuer,
			  d->content_type, d->len > 0 ? d->content : (const void *)"", d->len, d->url, d->state,
			  d->at_ms);
}

int documents_flag(struct ledger *store, const char *visit_id, enum document_flag flag)
{
	return ledger_run(store, "UPDATE arrival SET document = ?2 WHERE visit_id = ?1", "ti", visit_id, (int64_t)flag);
}

int documents_keep(struct ledger *store, const struct visit *visit, const char *patient_id, int64_t now_ms)
{
	const struct visit_document *d = &visit->document;
	struct document document = { .visit_id = visit->id,
				     .patient_id = patient_id,
				     .kind = d->kind,
				     .title = d->title,
				     .issuer = d->issuer,
				     .content_type = d->data != NULL ? CARD_TYPE : "",
				     .url = d->url != NULL ? d->url : "",
				     .state = d->data != NULL ? DOCUMENT_HERE : DOCUMENT_HELD,
				     .at_ms = now_ms };
	unsigned char *content = NULL;
	char id[64];
	int err = 0;

	if (d->kind[0] == '\0')
		return 0;
	snprintf(id, sizeof(id), "%s.document", visit->id);
	document.id = id;
	if (d->data != NULL)
		err = content_of(d, &content, &document.len);
	/* Odd bits at the end of the base64: no reason to lose the visit. */
	if (err == LOBBY_ERR_INVALID)
		return 0;
	document.content = content;
	if (err == 0)
		err = documents_add(store, &document);
	if (err == 0)
		err = documents_flag(store, visit->id, d->data != NULL ? DOCUMENT_FLAG_SHARED : DOCUMENT_FLAG_LINK);
	if (err == 0 && d->data == NULL)
		err = link_store_take(store, &document);
	if (content != NULL)
		sodium_memzero(content, document.len);
	free(content);
	return err;
}

#define DOCUMENT_SELECT "SELECT id, title, kind, issuer, state, at_ms FROM document "

static json_t *list_of(struct ledger *store, int err, sqlite3_stmt *rows)
{
	json_t *list = json_array();

	while (err == 0 && ledger_step(store, rows) == 1)
		json_array_append_new(list, json_pack("{ss ss ss ss ss sI}", "id", db_text(rows, 0), "title",
						      db_text(rows, 1), "kind", db_text(rows, 2), "issuer",
						      db_text(rows, 3), "state", db_text(rows, 4), "at_ms",
						      (json_int_t)sqlite3_column_int64(rows, 5)));
	return list;
}

json_t *documents_of_patient(struct ledger *store, const char *patient_id)
{
	sqlite3_stmt *rows = NULL;
	int err = ledger_query(store, &rows, DOCUMENT_SELECT "WHERE patient_id = ?1 ORDER BY number DESC LIMIT 100",
			       "t", patient_id);

	return list_of(store, err, rows);
}

json_t *documents_of_visit(struct ledger *store, const char *visit_id)
{
	sqlite3_stmt *rows = NULL;
	int err = ledger_query(store, &rows, DOCUMENT_SELECT "WHERE visit_id = ?1 ORDER BY number LIMIT 10", "t",
			       visit_id);

	return list_of(store, err, rows);
}

/* The row's file as an answer; NULL when out of memory. */
static struct MHD_Response *file_of(sqlite3_stmt *row)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		(size_t)sqlite3_column_bytes(row, 2), (void *)sqlite3_column_blob(row, 2), MHD_RESPMEM_MUST_COPY);

	if (response == NULL)
		return NULL;
	MHD_add_response_header(response, "Content-Type", db_text(row, 1));
	MHD_add_response_header(response, "Content-Disposition",
				strcmp(db_text(row, 1), CARD_TYPE) == 0
					? "attachment; filename=\"health-record.smart-health-card\""
					: "attachment; filename=\"health-record.json\"");
	return response;
}

int desk_document(struct request *r)
{
	struct ledger *store = ledger_pool_take(&r->clinic->pool);
	char patient_id[72] = "";
	sqlite3_stmt *row;
	int err;

	if (store == NULL)
		return LOBBY_ERR_NO_MEMORY;
	err = ledger_query(store, &row,
			   "SELECT patient_id, content_type, content, url, state FROM document WHERE id = ?1", "t",
			   r->tail);
	if (err == 0 && (err = ledger_step(store, row)) == 1) {
		err = 0;
		text_copy(patient_id, sizeof(patient_id), db_text(row, 0));
		if (strcmp(db_text(row, 4), DOCUMENT_HERE) == 0)
			r->response = file_of(row);
		else if (*db_text(row, 3) != '\0')
			r->answer = json_pack("{ss}", "link", db_text(row, 3));
		else
			err = LOBBY_ERR_NOT_FOUND; /* a link of which nothing is left to open */
		sqlite3_reset(row);
		if (err == 0 && r->response == NULL && r->answer == NULL)
			err = LOBBY_ERR_NO_MEMORY;
	} else if (err == 0) {
		err = LOBBY_ERR_NOT_FOUND;
	}
	ledger_pool_give(&r->clinic->pool, store);
	return err != 0 ? err : request_audited(r, "read-document", r->tail, patient_id);
}

/* See outbox.h. */
#include "outbox.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "ticket.h"
#include "visit_wire.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* Answers that no clock can make the outbox forget: a clock that jumps ahead for a moment, between a visit's commit and
 * its answer, would make one visit two. */
#define ANSWERS_KEPT 1000

/* Of who is at the desk without an appointment that has one. */
#define DESK_PREFIX "D"

int outbox_init(struct outbox *outbox, struct store *store, struct roster *roster)
{
	const struct {
		sqlite3_stmt **stmt;
		const char *sql;
	} all[] = {
		{ &outbox->known, "SELECT ticket, seq, slip FROM visit WHERE uuid = ?1" },
		{ &outbox->remember, "INSERT INTO visit(uuid, ticket, seq, made_ms) VALUES(?1, ?2, ?3, ?4)" },
		{ &outbox->insert, "INSERT INTO outbox(seq, kiosk_id, uuid, kind, sealed, made_ms)"
				   " VALUES(?1, ?2, ?3, ?4, ?5, ?6)" },
		{ &outbox->slip, "UPDATE visit SET slip = ?2 WHERE uuid = ?1" },
		{ &outbox->count, "SELECT state, kind, count(*) FROM outbox GROUP BY state, kind" },
		{ &outbox->batch, "SELECT seq, uuid, sealed FROM outbox WHERE state = 0 AND seq > ?1"
				  " ORDER BY seq LIMIT ?2" },
		{ &outbox->tried,
		  "UPDATE outbox SET attempts = attempts + 1 WHERE state = 0 AND seq > ?1 AND seq <= ?2" },
		{ &outbox->gone, "DELETE FROM outbox WHERE seq = ?1 AND state = 0" },
		{ &outbox->aside, "UPDATE outbox SET state = 1 WHERE seq = ?1 AND state = 0" },
		{ &outbox->forget, "DELETE FROM visit WHERE made_ms < ?1 AND seq <= (SELECT max(seq) FROM visit) - ?2"
				   " AND uuid NOT IN (SELECT uuid FROM outbox)" },
	};
	int err = 0;

	*outbox = (struct outbox){ .store = store, .roster = roster };
	for (size_t i = 0; err == 0 && i < sizeof(all) / sizeof(all[0]); i++)
		err = db_prepare(&store->db, all[i].sql, all[i].stmt);
	if (err != 0)
		outbox_fini(outbox);
	return err;
}

void outbox_fini(struct outbox *outbox)
{
	sqlite3_stmt *all[] = { outbox->known, outbox->remember, outbox->insert, outbox->slip,	outbox->count,
				outbox->batch, outbox->tried,	 outbox->gone,	 outbox->aside, outbox->forget };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		sqlite3_finalize(all[i]);
	*outbox = (struct outbox){ 0 };
}

/* 1 when this visit was answered before (and fills what was), 0 when not. */
static int find_known(struct outbox *outbox, const char *uuid, lobby_VisitCommitted *answer, int *slip)
{
	struct db *db = &outbox->store->db;
	int err = db_bind(outbox->known, "t", uuid);

	if (err == 0 && (err = db_step(db, outbox->known)) == 1) {
		text_copy(answer->ticket, sizeof(answer->ticket), db_text(outbox->known, 0));
		answer->seq = (uint64_t)sqlite3_column_int64(outbox->known, 1);
		*slip = sqlite3_column_int(outbox->known, 2);
	}
	sqlite3_reset(outbox->known);
	return err;
}

static int next_seq(struct outbox *outbox, int64_t *seq)
{
	int64_t next = store_get_int(outbox->store, "next_seq", 1);
	int err = store_set_int(outbox->store, "next_seq", next + 1);

	if (err == 0)
		*seq = next;
	return err;
}

/* Seals the Bundle (whose reference it takes) and adds the row. */
static int insert_sealed(struct outbox *outbox, const struct identity *identity, int64_t seq, const char *uuid,
			 enum outbox_kind kind, int64_t now_ms, json_t *take_bundle)
{
	char *text = json_dumps(take_bundle, JSON_COMPACT);
	size_t len = text ? strlen(text) : 0;
	uint8_t *sealed = malloc(len + crypto_box_SEALBYTES);
	int err = LOBBY_ERR_NO_MEMORY;

	json_decref(take_bundle);
	if (text != NULL && sealed != NULL &&
	    crypto_box_seal(sealed, (const uint8_t *)text, len, identity->seal_key) == 0)
		err = db_bind(outbox->insert, "ittibi", seq, identity->kiosk_id, uuid, (int64_t)kind, sealed,
			      len + crypto_box_SEALBYTES, now_ms);
	if (err == 0)
		err = db_run(&outbox->store->db, outbox->insert);
	sqlite3_clear_bindings(outbox->insert);
	if (text != NULL)
		sodium_memzero(text, len);
	free(text);
	free(sealed);
	return err;
}

static int add_visit(struct outbox *outbox, const struct identity *identity, struct visit *visit, int64_t now_ms)
{
	char prefix[5] = "";
	json_t *bundle = NULL;
	int64_t seq = 0;
	int err = next_seq(outbox, &seq);

	visit->seq = (uint64_t)seq;
	for (int i = 0; err == 0 && prefix[0] == '\0' && i < visit->appointment_count; i++)
		err = roster_prefix(outbox->roster, visit->appointment_id[i], prefix, sizeof(prefix));
	if (err == 0)
		err = ticket_next(&outbox->store->db, now_ms, prefix[0] != '\0' ? prefix : DESK_PREFIX,
				  identity->ordinal, visit->ticket);
	if (err == 0)
		err = visit_to_bundle(visit, &bundle);
	if (err == 0)
		err = insert_sealed(outbox, identity, seq, visit->id, OUTBOX_VISIT, now_ms, bundle);
	if (err == 0)
		err = db_bind(outbox->remember, "ttii", visit->id, visit->ticket, seq, now_ms);
	if (err == 0)
		err = db_run(&outbox->store->db, outbox->remember);
	for (int i = 0; err == 0 && visit->kind == VISIT_ARRIVAL && i < visit->appointment_count; i++)
		err = roster_arrive(outbox->roster, visit->appointment_id[i], visit->patient_id, visit->ticket);
	return err;
}

int outbox_commit_visit(struct outbox *outbox, const struct identity *identity, const lobby_Visit *wire,
			const struct visit_document *document, int64_t now_ms, lobby_VisitCommitted *answer)
{
	lobby_VisitCommitted a = { 0 };
	struct visit visit;
	int slip, err = find_known(outbox, wire->id, &a, &slip);

	text_copy(a.id, sizeof(a.id), wire->id);
	if (err == 1) {
		err = 0;
	} else if (err == 0 && !identity->enrolled) {
		err = LOBBY_ERR_NOT_ENROLLED;
	} else if (err == 0) {
		visit_of_wire(wire, identity->kiosk_id, now_ms, &visit);
		if (document != NULL)
			visit.document = *document;
		err = db_begin(&outbox->store->db);
		if (err == 0)
			err = db_end(&outbox->store->db, add_visit(outbox, identity, &visit, now_ms));
		if (err == 0) {
			text_copy(a.ticket, sizeof(a.ticket), visit.ticket);
			a.seq = visit.seq;
			log_event(LOG_INFO, "visit-committed", "visit=%.8s seq=%" PRIu64, a.id, a.seq);
		}
		sodium_memzero(&visit, sizeof(visit));
	}
	if (err != 0)
		log_event(LOG_ERROR, "visit-not-committed", "err=%s", err_event(err));
	a.err = err;
	*answer = a;
	return err;
}

/* The store keeps the state of slip, wristband and label in one number, four bits each. */
#define FORM_BITS 4

static int state_of_form(int states, lobby_PrintForm form)
{
	return states >> FORM_BITS * (int)form & ((1 << FORM_BITS) - 1);
}

static int with_state(int states, lobby_PrintForm form, lobby_SlipState state)
{
	int shift = FORM_BITS * (int)form;

	return (states & ~(((1 << FORM_BITS) - 1) << shift)) | (int)state << shift;
}

static const char *form_name(lobby_PrintForm form)
{
	return form == lobby_PrintForm_PRINT_WRISTBAND ? "wristband"
	       : form == lobby_PrintForm_PRINT_LABEL   ? "label"
						       : "slip";
}

static int add_slip(struct outbox *outbox, const struct identity *identity, const lobby_Slip *wire, int states,
		    int64_t now_ms)
{
	struct visit_slip slip = { .printed = wire->state == lobby_SlipState_SLIP_PRINTED, .at_ms = now_ms };
	char uuid[37];
	json_t *bundle = NULL;
	int64_t seq = 0;
	int err = next_seq(outbox, &seq);

	text_copy(slip.visit_id, sizeof(slip.visit_id), wire->visit_id);
	text_copy(slip.kiosk_id, sizeof(slip.kiosk_id), identity->kiosk_id);
	slip.seq = (uint64_t)seq;
	text_copy(slip.form, sizeof(slip.form), form_name(wire->form));
	if (!slip.printed)
		text_copy(slip.error, sizeof(slip.error), err_event(wire->err != 0 ? wire->err : LOBBY_ERR_OFFLINE));
	visit_new_id(uuid);
	if (err == 0)
		err = visit_slip_to_bundle(&slip, &bundle);
	if (err == 0)
		err = insert_sealed(outbox, identity, seq, uuid, OUTBOX_SLIP, now_ms, bundle);
	if (err == 0)
		err = db_bind(outbox->slip, "ti", wire->visit_id, (int64_t)with_state(states, wire->form, wire->state));
	return err != 0 ? err : db_run(&outbox->store->db, outbox->slip);
}

int outbox_commit_slip(struct outbox *outbox, const struct identity *identity, const lobby_Slip *wire, int64_t now_ms,
		       bool *added)
{
	lobby_VisitCommitted known;
	int states = 0, err;

	*added = false;
	if (wire->state != lobby_SlipState_SLIP_PRINTED && wire->state != lobby_SlipState_SLIP_FAILED)
		return 0;
	if (wire->form > lobby_PrintForm_PRINT_LABEL)
		return LOBBY_ERR_INVALID;
	if (!identity->enrolled)
		return LOBBY_ERR_NOT_ENROLLED;
	err = find_known(outbox, wire->visit_id, &known, &states);
	if (err < 0 || (err == 1 && state_of_form(states, wire->form) == (int)wire->state))
		return err < 0 ? err : 0;
	if (err == 0)
		return LOBBY_ERR_NOT_FOUND;
	err = db_begin(&outbox->store->db);
	if (err == 0)
		err = db_end(&outbox->store->db, add_slip(outbox, identity, wire, states, now_ms));
	*added = err == 0;
	return err;
}

int outbox_count(struct outbox *outbox, struct outbox_counts *counts)
{
	struct outbox_counts c = { 0 };
	int err = db_bind(outbox->count, "");

	while (err >= 0 && (err = db_step(&outbox->store->db, outbox->count)) == 1) {
		uint32_t n = (uint32_t)sqlite3_column_int64(outbox->count, 2);
		bool visit = sqlite3_column_int(outbox->count, 1) == OUTBOX_VISIT;

		if (sqlite3_column_int(outbox->count, 0) == OUTBOX_WAITING) {
			c.waiting += n;
			c.visits += visit ? n : 0;
		} else {
			c.set_aside += visit ? n : 0;
		}
	}
	sqlite3_reset(outbox->count);
	if (err == 0)
		*counts = c;
	return err;
}

/* {"seq","key","sealed"} of the current row. */
static json_t *row_json(sqlite3_stmt *row, size_t *bytes)
{
	size_t len = (size_t)sqlite3_column_bytes(row, 2);
	size_t size = sodium_base64_encoded_len(len, sodium_base64_VARIANT_ORIGINAL);
	char *base64 = malloc(size);
	json_t *json = NULL;

	if (base64 != NULL) {
		sodium_bin2base64(base64, size, sqlite3_column_blob(row, 2), len, sodium_base64_VARIANT_ORIGINAL);
		json = json_pack("{s:I, s:s, s:s}", "seq", (json_int_t)sqlite3_column_int64(row, 0), "key",
				 db_text(row, 1), "sealed", base64);
	}
	free(base64);
	*bytes += size;
	return json;
}

int outbox_batch(struct outbox *outbox, int64_t after_seq, int max_rows, char **body, int *rows, int64_t *last_seq)
{
	struct db *db = &outbox->store->db;
	json_t *list = json_array();
	int64_t last = after_seq;
	size_t bytes = 0;
	char *text = NULL;
	int count = 0, err;

	err = list ? db_bind(outbox->batch, "ii", after_seq, (int64_t)max_rows) : LOBBY_ERR_NO_MEMORY;
	while (err >= 0 && bytes < OUTBOX_BATCH_BYTES && (err = db_step(db, outbox->batch)) == 1) {
		if (bytes > 0 && bytes + (size_t)sqlite3_column_bytes(outbox->batch, 2) * 4 / 3 > OUTBOX_BATCH_BYTES)
			break;
		if (json_array_append_new(list, row_json(outbox->batch, &bytes)) != 0) {
			err = LOBBY_ERR_NO_MEMORY;
			break;
		}
		last = sqlite3_column_int64(outbox->batch, 0);
		count++;
	}
	sqlite3_reset(outbox->batch);
	if (err >= 0 && count > 0) {
		json_t *whole = json_pack("{s:O}", "rows", list);

		text = whole ? json_dumps(whole, JSON_COMPACT) : NULL;
		json_decref(whole);
		err = text ? 0 : LOBBY_ERR_NO_MEMORY;
	}
	json_decref(list);
	if (err < 0)
		return err;
	*body = text;
	*rows = count;
	*last_seq = last;
	return 0;
}

static int settle_row(struct outbox *outbox, const json_t *row, int *settled)
{
	const json_t *seq = json_object_get(row, "seq");
	const char *result = json_string_value(json_object_get(row, "result"));
	sqlite3_stmt *stmt = NULL;
	int err;

	if (!json_is_integer(seq) || result == NULL)
		return 0;
	if (strcmp(result, "stored") == 0 || strcmp(result, "duplicate") == 0)
		stmt = outbox->gone;
	else if (strcmp(result, "never") == 0)
		stmt = outbox->aside;
	else
		return 0;
	err = db_bind(stmt, "i", (int64_t)json_integer_value(seq));
	if (err == 0)
		err = db_run(&outbox->store->db, stmt);
	if (err == 0 && sqlite3_changes(outbox->store->db.handle) > 0) {
		(*settled)++;
		if (stmt == outbox->aside)
			log_event(LOG_ERROR, "visit-set-aside", "seq=%" PRId64, (int64_t)json_integer_value(seq));
	}
	return err;
}

int outbox_settle(struct outbox *outbox, const json_t *answer, int *settled)
{
	const json_t *rows = json_object_get(answer, "rows");
	int done = 0, err;

	if (!json_is_array(rows) || json_array_size(rows) > OUTBOX_BATCH_ROWS)
		return LOBBY_ERR_PROTOCOL;
	err = db_begin(&outbox->store->db);
	if (err != 0)
		return err;
	for (size_t i = 0; err == 0 && i < json_array_size(rows); i++)
		err = settle_row(outbox, json_array_get(rows, i), &done);
	err = db_end(&outbox->store->db, err);
	if (err == 0)
		*settled = done;
	return err;
}

int outbox_tried(struct outbox *outbox, int64_t first, int64_t last)
{
	int err = db_bind(outbox->tried, "ii", first, last);

	return err != 0 ? err : db_run(&outbox->store->db, outbox->tried);
}

int outbox_forget(struct outbox *outbox, int64_t before_ms)
{
	int err = db_bind(outbox->forget, "ii", before_ms, (int64_t)ANSWERS_KEPT);

	return err != 0 ? err : db_run(&outbox->store->db, outbox->forget);
}

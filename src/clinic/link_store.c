/* See link_store.h. A sealed file is a nonce and a secretbox; in it a line of JSON that says what it is, and the file.
 */
#include "link_store.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_WAIT_MS (60LL * 1000)
#define LONGEST_WAIT_MS (24LL * 3600 * 1000)
#define KIND_FHIR "fhir-resource"

static void derive(const char *link, const char *purpose, unsigned char *out, size_t size)
{
	crypto_generichash(out, size, (const unsigned char *)link, strlen(link), (const unsigned char *)purpose,
			   strlen(purpose));
}

static void link_id(const char *link, unsigned char id[16])
{
	derive(link, "lobby-link-name", id, 16);
}

static void link_key(const char *link, unsigned char key[crypto_secretbox_KEYBYTES])
{
	derive(link, "lobby-link-seal", key, crypto_secretbox_KEYBYTES);
}

/* ---- waiting for the visit ---- */

static int seal_file(const unsigned char *key, const struct health_file *file, unsigned char **out, size_t *out_len)
{
	json_t *json = json_pack("{si ss ss}", "type", (int)file->type, "title", file->title, "issuer", file->issuer);
	char *line = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
	size_t line_len = line != NULL ? strlen(line) : 0, len = line_len + 1 + file->len;
	unsigned char *plain = line != NULL ? malloc(len) : NULL,
		      *sealed = malloc(crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + len);
	int err = plain != NULL && sealed != NULL ? 0 : LOBBY_ERR_NO_MEMORY;

	if (err == 0) {
		memcpy(plain, line, line_len + 1);
		plain[line_len] = '\n'; /* where its NUL was */
		memcpy(plain + line_len + 1, file->content, file->len);
		randombytes_buf(sealed, crypto_secretbox_NONCEBYTES);
		crypto_secretbox_easy(sealed + crypto_secretbox_NONCEBYTES, plain, len, sealed, key);
		sodium_memzero(plain, len);
		*out = sealed;
		*out_len = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + len;
		sealed = NULL;
	}
	json_decref(json);
	free(line);
	free(plain);
	free(sealed);
	return err;
}

int link_store_seal(const char *link, const struct health_found *found, struct link_sealed *sealed)
{
	unsigned char key[crypto_secretbox_KEYBYTES];
	int err = 0;

	*sealed = (struct link_sealed){ .count = 0 };
	link_id(link, sealed->link);
	link_key(link, key);
	for (int i = 0; err == 0 && i < found->count; i++) {
		err = seal_file(key, &found->files[i], &sealed->files[i].data, &sealed->files[i].len);
		sealed->count += err == 0;
	}
	sodium_memzero(key, sizeof(key));
	if (err != 0)
		link_sealed_fini(sealed);
	return err;
}

void link_sealed_fini(struct link_sealed *sealed)
{
	for (int i = 0; i < sealed->count; i++)
		free(sealed->files[i].data);
	sealed->count = 0;
}

int link_store_keep(struct ledger *store, const struct link_sealed *sealed, int64_t now_ms)
{
	int err = ledger_run(store, "DELETE FROM link_kept WHERE link = ?1", "b", sealed->link, sizeof(sealed->link));

	for (int i = 0; err == 0 && i < sealed->count; i++)
		err = ledger_run(store, "INSERT INTO link_kept(link, number, at_ms, sealed) VALUES(?1, ?2, ?3, ?4)",
				 "biib", sealed->link, sizeof(sealed->link), (int64_t)i, now_ms, sealed->files[i].data,
				 sealed->files[i].len);
	return err;
}

int link_store_prune(struct ledger *store, int64_t now_ms)
{
	return ledger_run(store, "DELETE FROM link_kept WHERE at_ms < ?1", "i", now_ms - LINK_KEPT_MS);
}

/* ---- files as documents ---- */

/* The number-th file of this link's document. */
static int add_file(struct ledger *store, const struct document *link, int number, const struct health_file *file)
{
	struct document document = *link;
	char id[72];

	snprintf(id, sizeof(id), "%s.%d", link->id, number + 1);
	document.id = id;
	document.kind = file->type == SHLINK_CARD ? VISIT_DOCUMENT_CARD : KIND_FHIR;
	document.content_type = file->type == SHLINK_CARD ? "application/smart-health-card" : "application/fhir+json";
	document.title = file->title;
	document.issuer = file->issuer;
	document.content = file->content;
	document.len = file->len;
	document.url = "";
	document.state = DOCUMENT_HERE;
	return documents_add(store, &document);
}

static int set_state(struct ledger *store, const char *id, const char *state, bool keep_url)
{
	return ledger_run(store,
			  "UPDATE document SET state = ?2, url = CASE WHEN ?3 THEN url ELSE '' END WHERE id = ?1",
			  "tti", id, state, (int64_t)keep_url);
}

/* Opens a kept file and adds it. One that does not open is not of this link: passed over. */
static int add_kept(struct ledger *store, const struct document *link, const unsigned char *key, sqlite3_stmt *row,
		    int *added)
{
	const unsigned char *sealed = sqlite3_column_blob(row, 1);
	size_t sealed_len = (size_t)sqlite3_column_bytes(row, 1), len;
	struct health_file file = { .len = 0 };
	unsigned char *plain;
	char *end;
	json_t *json;
	int err = 0;

	if (sealed_len <= crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES)
		return 0;
	len = sealed_len - crypto_secretbox_NONCEBYTES - crypto_secretbox_MACBYTES;
	plain = malloc(len);
	if (plain == NULL)
		return LOBBY_ERR_NO_MEMORY;
	if (crypto_secretbox_open_easy(plain, sealed + crypto_secretbox_NONCEBYTES,
				       sealed_len - crypto_secretbox_NONCEBYTES, sealed, key) == 0 &&
	    (end = memchr(plain, '\n', len)) != NULL) {
		json = json_loadb((char *)plain, (size_t)(end - (char *)plain), 0, NULL);
		file.type = (enum shlink_type)json_integer_value(json_object_get(json, "type"));
		text_copy(file.title, sizeof(file.title), json_string_value(json_object_get(json, "title")));
		text_copy(file.issuer, sizeof(file.issuer), json_string_value(json_object_get(json, "issuer")));
		file.content = end + 1;
		file.len = len - (size_t)(end + 1 - (char *)plain);
		err = add_file(store, link, (*added)++, &file);
		json_decref(json);
	}
	sodium_memzero(plain, len);
	free(plain);
	return err;
}

/* *added: how many files were waiting for this link. */
static int take_kept(struct ledger *store, const struct document *link, int *added)
{
	unsigned char id[16], key[crypto_secretbox_KEYBYTES];
	sqlite3_stmt *rows;
	int step = 0, err;

	*added = 0;
	link_id(link->url, id);
	link_key(link->url, key);
	err = ledger_query(store, &rows,
			   "SELECT number, sealed FROM link_kept WHERE link = ?1 AND at_ms >= ?2 ORDER BY number", "bi",
			   id, sizeof(id), link->at_ms - LINK_KEPT_MS);
	while (err == 0 && (step = ledger_step(store, rows)) == 1)
		err = add_kept(store, link, key, rows, added);
	if (step == 1)
		sqlite3_reset(rows);
	if (err == 0 && step < 0)
		err = step;
	sodium_memzero(key, sizeof(key));
	if (err == 0 && *added > 0)
		err = ledger_run(store, "DELETE FROM link_kept WHERE link = ?1", "b", id, sizeof(id));
	return err;
}

int link_store_take(struct ledger *store, const struct document *document)
{
	int added = 0, err = take_kept(store, document, &added);

	if (err != 0)
		return err;
	if (added == 0)
		return ledger_run(store,
				  "INSERT INTO link_queue(document, tries, due_ms) VALUES(?1, 0, ?2) ON CONFLICT DO "
				  "NOTHING",
				  "ti", document->id, document->at_ms);
	err = set_state(store, document->id, DOCUMENT_RESOLVED, false);
	return err != 0 ? err : documents_flag(store, document->visit_id, DOCUMENT_FLAG_SHARED);
}

/* ---- resolved later ---- */

int64_t link_store_wait_ms(int tries)
{
	int64_t wait = FIRST_WAIT_MS;

	for (int i = 1; i < tries && wait < LONGEST_WAIT_MS; i++)
		wait *= 2;
	return wait < LONGEST_WAIT_MS ? wait : LONGEST_WAIT_MS;
}

/* The queued link with its visit's patient as they are now. */
struct held {
	char visit_id[37], patient_id[72], birth_date[11];
	int tries;
};

static int read_held(struct ledger *store, const char *id, struct held *held)
{
	sqlite3_stmt *row;
	int err = ledger_query(store, &row,
			       "SELECT d.visit_id, d.patient_id, coalesce(p.birth_date, ''), q.tries FROM link_queue q"
			       " JOIN document d ON d.id = q.document LEFT JOIN patient p ON p.id = d.patient_id"
			       " WHERE q.document = ?1",
			       "t", id);

	if (err != 0)
		return err;
	err = ledger_step(store, row);
	if (err == 1) {
		text_copy(held->visit_id, sizeof(held->visit_id), db_text(row, 0));
		text_copy(held->patient_id, sizeof(held->patient_id), db_text(row, 1));
		text_copy(held->birth_date, sizeof(held->birth_date), db_text(row, 2));
		held->tries = sqlite3_column_int(row, 3);
	}
	sqlite3_reset(row);
	return err == 1 ? 0 : err == 0 ? LOBBY_ERR_NOT_FOUND : err;
}

static void person_of(const struct card_insurance *in, char *out, size_t size)
{
	snprintf(out, size, "%s%s%s%s%s", in->given, in->given[0] != '\0' && in->family[0] != '\0' ? " " : "",
		 in->family, in->birth_date[0] != '\0' ? ", born " : "", in->birth_date);
}

/* The insurance as if the patient had scanned its card at the kiosk, and to be looked at as that is. */
static int add_coverage(struct ledger *store, const struct held *held, const struct card_insurance *in, int64_t now_ms)
{
	char id[72], person[160];
	int err;

	snprintf(id, sizeof(id), "%s.coverage", held->visit_id);
	person_of(in, person, sizeof(person));
	err = ledger_run(store,
			 "INSERT INTO coverage(id, patient_id, payor, member_id, group_id, subscriber, status, "
			 "period_start, period_end, copay_cents, currency, source, updated_ms, payor_id, plan, rx_bin, "
			 "rx_pcn, rx_group, dependent, read_from, card_person) SELECT ?1, id, ?3, ?4, ?5, "
			 "coalesce(nullif(?7, ''), given || ' ' || family), 'active', ?8, ?9, -1, '', 'kiosk', ?6, "
			 "?10, ?11, ?12, ?13, ?14, ?15, 'link', ?16 FROM patient WHERE id = ?2 ON CONFLICT(id) DO "
			 "NOTHING",
			 "tttttitttttttttt", id, held->patient_id, in->payor, in->member_id, in->group, now_ms,
			 in->subscriber, in->period_start, in->period_end, in->payor_id, in->plan, in->rx_bin,
			 in->rx_pcn, in->rx_group, in->dependent, person);
	if (err == 0)
		err = ledger_run(store, "UPDATE arrival SET insurance = ?2 WHERE visit_id = ?1", "ti", held->visit_id,
				 (int64_t)VISIT_INSURANCE_NEW);
	if (err == 0)
		err = ledger_run(store,
				 "INSERT INTO feed_change(kind, ref, at_ms) SELECT 'roster', id, ?2 FROM appointment "
				 "WHERE patient_id = ?1 AND start_ms >= ?3",
				 "tii", held->patient_id, now_ms, clock_day_start_ms(now_ms));
	return err;
}

/* Only where both birthdays are known can it be told. */
static bool is_somebody_elses(const struct held *held, const struct shc_facts *facts)
{
	return held->birth_date[0] != '\0' && facts->birth_date[0] != '\0' &&
	       strcmp(held->birth_date, facts->birth_date) != 0;
}

static int take_found(struct ledger *store, const char *id, const struct held *held, const struct health_found *found,
		      int64_t now_ms)
{
	const struct document link = {
		.id = id, .visit_id = held->visit_id, .patient_id = held->patient_id, .at_ms = now_ms
	};
	bool other = is_somebody_elses(held, &found->facts);
	int err = 0;

	for (int i = 0; err == 0 && i < found->count; i++)
		err = add_file(store, &link, i, &found->files[i]);
	if (err == 0 && found->facts.insured && held->patient_id[0] != '\0' && !other)
		err = add_coverage(store, held, &found->facts.insurance, now_ms);
	if (err == 0)
		err = documents_flag(store, held->visit_id, other ? DOCUMENT_FLAG_OTHER : DOCUMENT_FLAG_SHARED);
	return err != 0 ? err : set_state(store, id, DOCUMENT_RESOLVED, false);
}

/* It will not be opened: whoever is at the desk may see why, and where there still may be something, the link. */
static int give_up(struct ledger *store, const char *id, const struct held *held, enum health_outcome outcome)
{
	int err = set_state(store, id, health_outcome_word(outcome), outcome != HEALTH_GONE);

	return err != 0 ? err
			: documents_flag(store, held->visit_id,
					 outcome == HEALTH_PASSCODE ? DOCUMENT_FLAG_PASSCODE : DOCUMENT_FLAG_UNOPENED);
}

int link_store_found(struct ledger *store, const char *document_id, const struct health_found *found, int64_t now_ms)
{
	struct held held = { .tries = 0 };
	int err = read_held(store, document_id, &held);

	if (err != 0)
		return err == LOBBY_ERR_NOT_FOUND ? 0 : err;
	if (found->outcome == HEALTH_LATER && held.tries + 1 < LINK_TRIES)
		return ledger_run(store, "UPDATE link_queue SET tries = tries + 1, due_ms = ?2 WHERE document = ?1",
				  "ti", document_id, now_ms + link_store_wait_ms(held.tries + 1));
	if (found->outcome == HEALTH_VALID)
		err = take_found(store, document_id, &held, found, now_ms);
	else
		err = give_up(store, document_id, &held, found->outcome);
	if (err == 0)
		err = ledger_run(store, "DELETE FROM link_queue WHERE document = ?1", "t", document_id);
	if (err == 0)
		err = change_audit(store, "", "health-link", document_id, health_outcome_word(found->outcome));
	return err != 0 ? err : change_desk(store, "arrival", held.visit_id);
}

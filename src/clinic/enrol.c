/* Enrolment: a code from the desk page or the command line becomes a kiosk's credential (api.md). The code's secret
 * half never travels: each side proves that it knows it, over the certificate that it saw, so that nobody in between
 * can pass the proof on. A code for many kiosks lives for days, so its secret is twice as long. */
#include "http.h"
#include "kiosks.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "checkin/visit.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CODE_LIFE_MS (10 * 60 * 1000)
#define CODE_WRONG_MAX 5 /* for each use */
#define ONE_LEN 12
#define MANY_LEN 20

static const char crockford[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

int kiosk_code_key(const char *secret, unsigned char key[32])
{
	static const unsigned char salt[16] = "lobby-enrol-v1";

	_Static_assert(crypto_pwhash_argon2id_SALTBYTES == sizeof(salt), "libsodium's salt");
	return crypto_pwhash(key, 32, secret, strlen(secret), salt, crypto_pwhash_OPSLIMIT_INTERACTIVE,
			     crypto_pwhash_MEMLIMIT_INTERACTIVE, crypto_pwhash_ALG_ARGON2ID13) == 0
		       ? 0
		       : LOBBY_ERR_NO_MEMORY;
}

static int make(struct kiosk_code *code, const char *name, size_t len, int uses, int64_t life_ms)
{
	char digits[MANY_LEN + 1] = "";
	size_t at = 0;
	int err;

	for (size_t i = 0; i < len; i++) {
		digits[i] = crockford[randombytes_uniform(32)];
		if (i > 0 && i % 4 == 0)
			code->code[at++] = '-';
		code->code[at++] = digits[i];
	}
	code->code[at] = '\0';
	text_copy(code->name, sizeof(code->name), name);
	code->uses = uses;
	code->expires_ms = clock_wall_ms() + life_ms;
	err = kiosk_code_key(digits + 4, code->key);
	sodium_memzero(digits, sizeof(digits));
	return err;
}

int kiosk_code_make(struct kiosk_code *code, const char *name)
{
	return make(code, name, ONE_LEN, 1, CODE_LIFE_MS);
}

int kiosk_code_make_many(struct kiosk_code *code, const char *name, int uses, int days)
{
	return make(code, name, MANY_LEN, uses, days * 86400000LL);
}

int kiosk_code_store(struct ledger *store, const struct kiosk_code *code)
{
	char code_id[5];
	int err = ledger_run(store, "DELETE FROM kiosk_code WHERE expires_ms < ?1", "i", clock_wall_ms() - 86400000);

	text_copy_n(code_id, sizeof(code_id), code->code, 4);
	if (err != 0)
		return err;
	return ledger_run(
		store, "INSERT INTO kiosk_code(code_id, name, key, expires_ms, uses) VALUES(?1, ?2, ?3, ?4, ?5)",
		"ttbii", code_id, code->name, code->key, sizeof(code->key), code->expires_ms, (int64_t)code->uses);
}

struct enrolment {
	char code_id[5], name[65];
	unsigned char proof[32];
};

/* BLAKE2b(32) keyed by key over the concatenation of count pieces. */
struct piece {
	const void *data;
	size_t len;
};

static void prove(unsigned char proof[32], const unsigned char key[32], const struct piece *pieces, int count)
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, key, 32, 32);
	for (int i = 0; i < count; i++)
		crypto_generichash_update(&state, pieces[i].data, pieces[i].len);
	crypto_generichash_final(&state, proof, 32);
}

/* Finds the live code with this id and checks the proof. A wrong one is counted, so the caller must commit then. */
static int check_code(struct ledger *store, const struct clinic *clinic, struct enrolment *e, unsigned char key[32],
		      int *verdict)
{
	const struct piece pieces[] = { { "kiosk", 5 }, { clinic->fingerprint, 32 } };
	unsigned char expected[32];
	sqlite3_stmt *row;
	int64_t number;
	int err = ledger_query(
		store, &row,
		"SELECT number, name, key FROM kiosk_code WHERE code_id = ?1 AND used < uses AND wrong < ?2 * uses "
		"AND expires_ms > ?3 "
		"ORDER BY number DESC LIMIT 1",
		"tii", e->code_id, (int64_t)CODE_WRONG_MAX, clock_wall_ms());

	if (err != 0)
		return err;
	*verdict = LOBBY_ERR_CODE_WRONG;
	err = ledger_step(store, row);
	if (err != 1) {
		sqlite3_reset(row);
		return err;
	}
	number = sqlite3_column_int64(row, 0);
	if (e->name[0] == '\0')
		text_copy(e->name, sizeof(e->name), db_text(row, 1));
	memcpy(key, sqlite3_column_blob(row, 2), 32);
	sqlite3_reset(row);
	prove(expected, key, pieces, 2);
	if (sodium_memcmp(expected, e->proof, 32) != 0)
		return ledger_run(store, "UPDATE kiosk_code SET wrong = wrong + 1 WHERE number = ?1", "i", number);
	*verdict = 0;
	return ledger_run(store, "UPDATE kiosk_code SET used = used + 1 WHERE number = ?1", "i", number);
}

/* "Lobby {n}" -> "Lobby 7" */
static void number_name(char name[65], int64_t ordinal)
{
	char numbered[sizeof(((struct enrolment *)0)->name) + 20];
	const char *at = strstr(name, "{n}");

	if (at == NULL)
		return;
	snprintf(numbered, sizeof(numbered), "%.*s%lld%s", (int)(at - name), name, (long long)ordinal, at + 3);
	text_copy(name, 65, numbered);
}

static json_t *enrol_answer(struct ledger *store, const struct clinic *clinic, const char *id, const char *name,
			    int64_t ordinal, const char *credential, const unsigned char key[32])
{
	const struct piece pieces[] = { { "clinic", 6 },
					{ clinic->fingerprint, 32 },
					{ clinic->seal_public, 32 },
					{ credential, strlen(credential) } };
	char seal[64], hex[65];
	unsigned char proof[32];

	prove(proof, key, pieces, 4);
	sodium_bin2hex(hex, sizeof(hex), proof, sizeof(proof));
	sodium_bin2base64(seal, sizeof(seal), clinic->seal_public, 32, sodium_base64_VARIANT_ORIGINAL);
	return json_pack("{ss ss sI ss ss ss so}", "kiosk_id", id, "name", name, "ordinal", (json_int_t)ordinal,
			 "credential", credential, "seal_key", seal, "proof", hex, "settings",
			 clinic_settings_load(store));
}

static int write_enrol(struct job *job, struct ledger *store)
{
	struct request *r = (struct request *)job;
	struct enrolment *e = r->data;
	unsigned char key[32], secret[32], hash[32];
	char id[37], credential[64];
	int err = check_code(store, r->clinic, e, key, &r->verdict);

	if (err != 0 || r->verdict != 0)
		return err;
	visit_new_id(id);
	randombytes_buf(secret, sizeof(secret));
	sodium_bin2base64(credential, sizeof(credential), secret, sizeof(secret),
			  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	crypto_generichash(hash, sizeof(hash), (unsigned char *)credential, strlen(credential), NULL, 0);
	err = ledger_run(store,
			 "INSERT INTO kiosk(id, name, credential_hash, enrolled_ms, heard_ms, state, since_ms) "
			 "VALUES(?1, ?2, ?3, ?4, ?4, 'offline', ?4)",
			 "ttbi", id, e->name, hash, sizeof(hash), clock_wall_ms());
	if (err == 0) {
		int64_t ordinal = sqlite3_last_insert_rowid(store->db.handle);

		number_name(e->name, ordinal);
		err = ledger_run(store, "UPDATE kiosk SET name = ?2 WHERE number = ?1", "it", ordinal, e->name);
		r->answer = enrol_answer(store, r->clinic, id, e->name, ordinal, credential, key);
		if (err == 0)
			err = change_desk(store, "kiosk", id);
		log_event(LOG_NOTICE, "kiosk-enrolled", "kiosk=%lld", (long long)ordinal);
	}
	if (err == 0)
		err = change_audit(store, "", "enrol", id, e->name);
	sodium_memzero(key, sizeof(key));
	sodium_memzero(credential, sizeof(credential));
	return err;
}

int kiosk_enrol(struct request *r)
{
	struct enrolment *e = calloc(1, sizeof(*e));
	const char *code_id, *name, *proof;
	json_t *json = NULL;
	size_t len = 0;
	int err = e == NULL ? LOBBY_ERR_NO_MEMORY : request_json(r, &json);

	r->data = e;
	r->data_free = free;
	if (err != 0)
		return err;
	code_id = request_text(json, "code_id", 4);
	name = request_text(json, "name", 64);
	proof = request_text(json, "proof", 64);
	if (code_id == NULL || name == NULL || proof == NULL || strlen(code_id) != 4 ||
	    sodium_hex2bin(e->proof, 32, proof, strlen(proof), NULL, &len, NULL) != 0 || len != 32) {
		json_decref(json);
		return LOBBY_ERR_INVALID;
	}
	for (int i = 0; i < 4; i++)
		e->code_id[i] = (char)toupper((unsigned char)code_id[i]);
	text_copy(e->name, sizeof(e->name), name);
	json_decref(json);
	return request_write(r, NULL, write_enrol);
}

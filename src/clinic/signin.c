/* See signin.h. setup, sign-in and users share one shape: the request's name and password are read on the HTTP thread,
 * the hash is made or checked on the slow thread, the writer then writes down what follows. */
#include "signin.h"

#include "throttle.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SESSION_MS (12LL * 3600 * 1000)
#define SESSION_IDLE_MS (30LL * 60 * 1000)
#define SESSION_TOUCH_MS 60000
#define COOKIE "__Host-lobby="
#define TOKEN_LEN 43

struct signin {
	struct throttle throttle;
	pthread_mutex_t lock; /* of nobody */
	char nobody[crypto_pwhash_STRBYTES];
};

int signin_new(struct signin **signin)
{
	*signin = calloc(1, sizeof(**signin));
	if (*signin == NULL)
		return LOBBY_ERR_NO_MEMORY;
	throttle_init(&(*signin)->throttle);
	pthread_mutex_init(&(*signin)->lock, NULL);
	return 0;
}

void signin_free(struct signin *signin)
{
	free(signin);
}

/* ---- sessions ---- */

static const char *cookie_token(const char *cookies)
{
	const char *at = cookies != NULL ? strstr(cookies, COOKIE) : NULL;

	if (at == NULL || (at != cookies && at[-1] != ' ' && at[-1] != ';') ||
	    strcspn(at + strlen(COOKIE), ";") != TOKEN_LEN)
		return NULL;
	return at + strlen(COOKIE);
}

static void hash_token(unsigned char hash[32], const char *token, size_t len)
{
	crypto_generichash(hash, 32, (const unsigned char *)token, len, NULL, 0);
}

struct touch {
	struct job job;
	unsigned char hash[32];
};

static int write_touch(struct job *job, struct ledger *store)
{
	struct touch *touch = (struct touch *)job;

	return ledger_run(store, "UPDATE session SET used_ms = ?2 WHERE hash = ?1", "bi", touch->hash,
			  sizeof(touch->hash), clock_wall_ms());
}

static void touch_done(struct job *job, int err)
{
	(void)err;
	free(job);
}

static void touch_session(struct clinic *clinic, const unsigned char hash[32])
{
	struct touch *touch = calloc(1, sizeof(*touch));

	if (touch == NULL)
		return;
	touch->job = (struct job){ .write = write_touch, .done = touch_done };
	memcpy(touch->hash, hash, 32);
	if (writer_submit(clinic->writer, &touch->job) != 0)
		free(touch);
}

static int read_session(struct ledger *store, struct session *session, int64_t *used_ms)
{
	int64_t now = clock_wall_ms();
	sqlite3_stmt *row;
	int err = ledger_query(
		store, &row,
		"SELECT u.number, u.name, u.role, s.used_ms FROM session s JOIN user u ON u.number = s.user"
		" WHERE s.hash = ?1 AND s.made_ms > ?2 AND s.used_ms > ?3",
		"bii", session->hash, sizeof(session->hash), now - SESSION_MS, now - SESSION_IDLE_MS);

	if (err == 0 && (err = ledger_step(store, row)) == 1) {
		session->user = sqlite3_column_int64(row, 0);
		text_copy(session->name, sizeof(session->name), db_text(row, 1));
		session->admin = strcmp(db_text(row, 2), "admin") == 0;
		*used_ms = sqlite3_column_int64(row, 3);
		sqlite3_reset(row);
		return 0;
	}
	return err < 0 ? err : LOBBY_ERR_DENIED;
}

int signin_session(struct clinic *clinic, const char *cookies, struct session *session)
{
	const char *token = cookie_token(cookies);
	struct ledger *store;
	int64_t used_ms = 0;
	int err = LOBBY_ERR_DENIED;

	if (token == NULL)
		return LOBBY_ERR_DENIED;
	hash_token(session->hash, token, TOKEN_LEN);
	store = ledger_pool_take(&clinic->pool);
	if (store != NULL)
		err = read_session(store, session, &used_ms);
	ledger_pool_give(&clinic->pool, store);
	if (err == 0 && clock_wall_ms() - used_ms > SESSION_TOUCH_MS)
		touch_session(clinic, session->hash);
	return err;
}

bool signin_session_good(struct ledger *store, const unsigned char hash[32])
{
	struct session session = { 0 };
	int64_t used_ms;

	memcpy(session.hash, hash, 32);
	return read_session(store, &session, &used_ms) == 0;
}

/* Makes a session for the user and its cookie; the answer is that of GET session. */
static int begin_session(struct request *r, struct ledger *store, int64_t user, const char *name, const char *role)
{
	unsigned char secret[32], hash[32];
	char token[TOKEN_LEN + 1], clinic_name[96];
	int err;

	randombytes_buf(secret, sizeof(secret));
	sodium_bin2base64(token, sizeof(token), secret, sizeof(secret), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	hash_token(hash, token, TOKEN_LEN);
	err = ledger_run(store, "DELETE FROM session WHERE made_ms < ?1", "i", clock_wall_ms() - SESSION_MS);
	if (err == 0)
		err = ledger_run(store, "INSERT INTO session(hash, user, made_ms, used_ms) VALUES(?1, ?2, ?3, ?3)",
				 "bii", hash, sizeof(hash), user, clock_wall_ms());
	if (err == 0)
		err = change_audit(store, name, "sign-in", "", "");
	clinic_settings_text(store, "clinic_name", clinic_name, sizeof(clinic_name));
	snprintf(r->cookie, sizeof(r->cookie), COOKIE "%s; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=43200",
		 token);
	r->answer = json_pack("{s{ss ss} sb ss}", "user", "name", name, "role", role, "setup", 0, "clinic_name",
			      clinic_name);
	sodium_memzero(token, sizeof(token));
	return err;
}

/* ---- what setup, sign-in and users have in common ---- */

struct credentials {
	char name[65], role[8], password[SIGNIN_PASSWORD_MAX + 1];
	char hash[crypto_pwhash_STRBYTES];
	unsigned char token_hash[32], who[16];
	int64_t user;
	bool good;
};

static void credentials_free(void *data)
{
	sodium_memzero(data, sizeof(struct credentials));
	free(data);
}

static bool fit_for_user(const struct credentials *c)
{
	return c->name[0] != '\0' && strlen(c->password) >= SIGNIN_PASSWORD_MIN &&
	       (strcmp(c->role, "desk") == 0 || strcmp(c->role, "admin") == 0);
}

static int read_credentials(struct request *r, struct credentials **out)
{
	struct credentials *c = calloc(1, sizeof(*c));
	const char *name, *role, *password, *token;
	json_t *json = NULL;
	int err = c == NULL ? LOBBY_ERR_NO_MEMORY : request_json(r, &json);

	r->data = c;
	r->data_free = c != NULL ? credentials_free : NULL;
	if (err != 0)
		return err;
	name = request_text(json, "name", sizeof(c->name) - 1);
	role = request_text(json, "role", sizeof(c->role) - 1);
	password = request_text(json, "password", SIGNIN_PASSWORD_MAX);
	token = request_text(json, "token", 64);
	if (name == NULL || role == NULL || password == NULL || token == NULL) {
		json_decref(json);
		return LOBBY_ERR_INVALID;
	}
	text_copy(c->name, sizeof(c->name), name);
	text_trim(c->name);
	text_copy(c->role, sizeof(c->role), role);
	text_copy(c->password, sizeof(c->password), password);
	hash_token(c->token_hash, token, strlen(token));
	json_decref(json);
	*out = c;
	return 0;
}

static int hash_password(struct credentials *c)
{
	int rc = crypto_pwhash_str(c->hash, c->password, strlen(c->password), crypto_pwhash_OPSLIMIT_INTERACTIVE,
				   crypto_pwhash_MEMLIMIT_INTERACTIVE);

	sodium_memzero(c->password, sizeof(c->password));
	return rc == 0 ? 0 : LOBBY_ERR_NO_MEMORY;
}

static int slow_hash(struct job *job)
{
	return hash_password(((struct request *)job)->data);
}

static int insert_user(struct ledger *store, const struct credentials *c, int64_t *number)
{
	int err = ledger_run(store,
			     "INSERT INTO user(name, password, role, created_ms) VALUES(?1, ?2, ?3, ?4) ON "
			     "CONFLICT(name) DO NOTHING",
			     "ttti", c->name, c->hash, c->role, clock_wall_ms());

	if (err == 0 && ledger_changes(store) == 0)
		return LOBBY_ERR_EXISTS;
	*number = sqlite3_last_insert_rowid(store->db.handle);
	return err;
}

/* ---- GET session ---- */

int desk_session(struct request *r)
{
	struct session session = { 0 };
	bool known = signin_session(r->clinic, request_header(r, "Cookie"), &session) == 0;
	struct ledger *store = ledger_pool_take(&r->clinic->pool);
	json_t *user = known ? json_pack("{ss ss}", "name", session.name, "role", session.admin ? "admin" : "desk")
			     : json_null();
	char clinic_name[96] = "";
	int64_t users = 1;

	if (store == NULL || ledger_int(store, &users, "SELECT count(*) FROM user", "") != 0)
		users = 1;
	if (store != NULL)
		clinic_settings_text(store, "clinic_name", clinic_name, sizeof(clinic_name));
	ledger_pool_give(&r->clinic->pool, store);
	r->answer = json_pack("{so sb ss}", "user", user, "setup", users == 0, "clinic_name", clinic_name);
	return 0;
}

/* ---- POST setup ---- */

static int write_setup(struct job *job, struct ledger *store)
{
	struct request *r = (struct request *)job;
	const struct credentials *c = r->data;
	int64_t found, user;
	int err = ledger_int(store, &found,
			     "SELECT count(*) FROM setup WHERE hash = ?1 AND NOT EXISTS (SELECT 1 FROM user)", "b",
			     c->token_hash, sizeof(c->token_hash));

	if (err != 0)
		return err;
	if (found == 0)
		return LOBBY_ERR_DENIED;
	err = insert_user(store, c, &user);
	if (err == 0)
		err = ledger_run(store, "DELETE FROM setup", "");
	if (err == 0)
		err = change_audit(store, c->name, "setup", "", "");
	return err != 0 ? err : begin_session(r, store, user, c->name, "admin");
}

int desk_setup(struct request *r)
{
	struct credentials *c = NULL;
	int err = read_credentials(r, &c);

	if (err != 0)
		return err;
	text_copy(c->role, sizeof(c->role), "admin");
	return fit_for_user(c) ? request_write(r, slow_hash, write_setup) : LOBBY_ERR_INVALID;
}

/* ---- POST sign-in ---- */

static int slow_verify(struct job *job)
{
	struct request *r = (struct request *)job;
	struct credentials *c = r->data;

	/* A name that nobody has costs the same: c->hash is then of a password that nobody knows. */
	c->good = crypto_pwhash_str_verify(c->hash, c->password, strlen(c->password)) == 0 && c->user != 0;
	sodium_memzero(c->password, sizeof(c->password));
	throttle_note(&r->clinic->signin->throttle, c->who, c->good);
	return 0;
}

static int write_sign_in(struct job *job, struct ledger *store)
{
	struct request *r = (struct request *)job;
	const struct credentials *c = r->data;

	if (c->good)
		return begin_session(r, store, c->user, c->name, c->role);
	r->verdict = LOBBY_ERR_DENIED;
	return change_audit(store, c->user != 0 ? c->name : "", "sign-in-failed", "", "");
}

/* argon2id of a random password, with the parameters of the others: made once, for names that do not exist. */
static const char *nobodys_hash(struct signin *signin)
{
	char *hash = signin->nobody;
	char password[33];

	pthread_mutex_lock(&signin->lock);
	if (hash[0] == '\0') {
		randombytes_buf(password, sizeof(password));
		if (crypto_pwhash_str(hash, password, sizeof(password), crypto_pwhash_OPSLIMIT_INTERACTIVE,
				      crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
			hash[0] = '\0';
	}
	pthread_mutex_unlock(&signin->lock);
	return hash;
}

static int find_user(struct clinic *clinic, struct credentials *c)
{
	struct ledger *store = ledger_pool_take(&clinic->pool);
	sqlite3_stmt *row;
	int err = store == NULL
			  ? LOBBY_ERR_NO_MEMORY
			  : ledger_query(store, &row, "SELECT number, name, role, password FROM user WHERE name = ?1",
					 "t", c->name);

	if (err == 0 && (err = ledger_step(store, row)) == 1) {
		c->user = sqlite3_column_int64(row, 0);
		text_copy(c->name, sizeof(c->name), db_text(row, 1));
		text_copy(c->role, sizeof(c->role), db_text(row, 2));
		text_copy(c->hash, sizeof(c->hash), db_text(row, 3));
		sqlite3_reset(row);
		err = 0;
	}
	ledger_pool_give(&clinic->pool, store);
	return err;
}

/* Who tries: name and address together, so that nobody can lock out somebody else from elsewhere. */
static void who_is(struct request *r, struct credentials *c)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	char address[INET6_ADDRSTRLEN] = "", text[160];
	const struct sockaddr *from = info != NULL ? info->client_addr : NULL;

	if (from != NULL && from->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)from)->sin_addr, address, sizeof(address));
	else if (from != NULL && from->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)from)->sin6_addr, address, sizeof(address));
	snprintf(text, sizeof(text), "%s %s", address, c->name);
	for (char *p = text; *p != '\0'; p++)
		*p = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
	crypto_generichash(c->who, sizeof(c->who), (unsigned char *)text, strlen(text), NULL, 0);
}

int desk_sign_in(struct request *r)
{
	struct credentials *c = NULL;
	int64_t wait_ms;
	int err = read_credentials(r, &c);

	if (err != 0)
		return err;
	who_is(r, c);
	wait_ms = throttle_wait_ms(&r->clinic->signin->throttle, c->who);
	if (wait_ms > 0) {
		r->retry_after_s = (int)((wait_ms + 999) / 1000);
		return LOBBY_ERR_BUSY;
	}
	text_copy(c->hash, sizeof(c->hash), nobodys_hash(r->clinic->signin));
	err = find_user(r->clinic, c);
	return err != 0 ? err : request_write(r, slow_verify, write_sign_in);
}

static int write_sign_out(struct job *job, struct ledger *store)
{
	struct request *r = (struct request *)job;
	int err =
		ledger_run(store, "DELETE FROM session WHERE hash = ?1", "b", r->session.hash, sizeof(r->session.hash));

	if (err == 0)
		err = change_audit(store, r->session.name, "sign-out", "", "");
	text_copy(r->cookie, sizeof(r->cookie), COOKIE "; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");
	r->answer = json_object();
	return err;
}

int desk_sign_out(struct request *r)
{
	return request_write(r, NULL, write_sign_out);
}

/* ---- users ---- */

int desk_users(struct request *r)
{
	struct ledger *store = ledger_pool_take(&r->clinic->pool);
	json_t *users = json_array();
	sqlite3_stmt *rows;

	if (store != NULL &&
	    ledger_query(store, &rows, "SELECT name, role, created_ms FROM user ORDER BY name", "") == 0)
		while (ledger_step(store, rows) == 1)
			json_array_append_new(users, json_pack("{ss ss sI}", "name", db_text(rows, 0), "role",
							       db_text(rows, 1), "created_ms",
							       (json_int_t)sqlite3_column_int64(rows, 2)));
	ledger_pool_give(&r->clinic->pool, store);
	r->answer = json_pack("{so}", "users", users);
	return 0;
}

static int write_user(struct job *job, struct ledger *store)
{
	struct request *r = (struct request *)job;
	const struct credentials *c = r->data;
	int64_t number;
	int err = insert_user(store, c, &number);

	if (err == 0)
		err = change_audit(store, r->session.name, "user-add", c->name, c->role);
	r->answer = json_pack("{ss ss}", "name", c->name, "role", c->role);
	return err;
}

int desk_user_add(struct request *r)
{
	struct credentials *c = NULL;
	int err = read_credentials(r, &c);

	if (err != 0)
		return err;
	return fit_for_user(c) ? request_write(r, slow_hash, write_user) : LOBBY_ERR_INVALID;
}

/* ---- the command line ---- */

int signin_setup_token(struct ledger *store, char token[33])
{
	unsigned char secret[18], hash[32];
	int64_t users;
	int err = db_begin(&store->db);

	if (err != 0)
		return err;
	err = ledger_int(store, &users, "SELECT count(*) FROM user", "");
	if (err == 0 && users > 0)
		err = LOBBY_ERR_EXISTS;
	if (err == 0) {
		randombytes_buf(secret, sizeof(secret));
		sodium_bin2base64(token, 33, secret, sizeof(secret), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
		hash_token(hash, token, strlen(token));
		err = ledger_run(store, "DELETE FROM setup", "");
	}
	if (err == 0)
		err = ledger_run(store, "INSERT INTO setup(hash, made_ms) VALUES(?1, ?2)", "bi", hash, sizeof(hash),
				 clock_wall_ms());
	return db_end(&store->db, err);
}

int signin_user_set(struct ledger *store, const char *name, const char *password, const char *role)
{
	struct credentials c = { 0 };
	int err;

	if (strlen(name) >= sizeof(c.name) || strlen(password) > SIGNIN_PASSWORD_MAX)
		return LOBBY_ERR_INVALID;
	text_copy(c.name, sizeof(c.name), name);
	text_copy(c.role, sizeof(c.role), role);
	text_copy(c.password, sizeof(c.password), password);
	if (!fit_for_user(&c))
		return LOBBY_ERR_INVALID;
	err = hash_password(&c);
	if (err == 0)
		err = db_begin(&store->db);
	if (err != 0)
		return err;
	err = ledger_run(store,
			 "INSERT INTO user(name, password, role, created_ms) VALUES(?1, ?2, ?3, ?4) ON CONFLICT(name) "
			 "DO UPDATE SET"
			 " password = excluded.password, role = excluded.role",
			 "ttti", c.name, c.hash, c.role, clock_wall_ms());
	if (err == 0)
		err = ledger_run(store, "DELETE FROM session WHERE user = (SELECT number FROM user WHERE name = ?1)",
				 "t", c.name);
	if (err == 0)
		err = ledger_run(store, "DELETE FROM setup", "");
	if (err == 0)
		err = change_audit(store, "", "user-set", c.name, "command line");
	return db_end(&store->db, err);
}

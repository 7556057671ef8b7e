/* A real clinic server in this process, on an ephemeral port, spoken to over real TLS by libcurl; virtual time. Answers
 * block with a bound; nothing sleeps. */
#ifndef LOBBY_TESTS_CLINIC_FIXTURE_H
#define LOBBY_TESTS_CLINIC_FIXTURE_H

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "checkin/visit.h"
#include "clinic/clinic.h"
#include "clinic/demo.h"
#include "clinic/http.h"
#include "clinic/import.h"
#include "clinic/signin.h"

#include <curl/curl.h>
#include <ftw.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW 1795444860000LL /* 2026-11-23 09:41 in New York */
#define PATIENCE_MS 20000

struct answer {
	long status;
	char *body;
	size_t len;
	char headers[4096];
	json_t *json; /* NULL when the body is none */
};

/* Somebody at the other end: a desk page or a kiosk. */
struct peer {
	char cookie[200];
	char authorization[160];
	char kiosk_id[37];
	int64_t seq;
};

struct fixture {
	char folder[64], url[96];
	struct clinic clinic;
	struct http *http;
	struct peer desk;
};

static inline size_t take_body(char *data, size_t size, size_t count, void *arg)
{
	struct answer *a = arg;
	char *bigger = realloc(a->body, a->len + size * count + 1);

	assert_non_null(bigger);
	a->body = bigger;
	memcpy(a->body + a->len, data, size * count);
	a->len += size * count;
	a->body[a->len] = '\0';
	return size * count;
}

static inline size_t take_header(char *data, size_t size, size_t count, void *arg)
{
	struct answer *a = arg;
	size_t used = strlen(a->headers);

	snprintf(a->headers + used, sizeof(a->headers) - used, "%.*s", (int)(size * count), data);
	return size * count;
}

static inline struct curl_slist *headers_of(const struct peer *peer, const char *extra)
{
	struct curl_slist *list = NULL;
	char line[256];

	if (peer != NULL && peer->cookie[0] != '\0') {
		snprintf(line, sizeof(line), "Cookie: %s", peer->cookie);
		list = curl_slist_append(list, line);
	}
	if (peer != NULL && peer->authorization[0] != '\0') {
		snprintf(line, sizeof(line), "Authorization: %s", peer->authorization);
		list = curl_slist_append(list, line);
	}
	if (extra != NULL)
		list = curl_slist_append(list, extra);
	return list;
}

static inline CURL *request_new(const struct fixture *f, const char *path)
{
	char url[1024];
	CURL *curl = curl_easy_init();

	snprintf(url, sizeof(url), "%s%s", f->url, path);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	/* Not against the machine's clock, which is not the test's; see seen_fingerprint(). */
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(curl, CURLOPT_CAINFO, NULL); /* the machine's hundred authorities cost 300 ms a call to read */
	curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)PATIENCE_MS);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	return curl;
}

/* One call. body NULL: GET. extra: one more header, or NULL. */
static inline struct answer call(const struct fixture *f, const struct peer *peer, const char *path, const char *body,
				 const char *extra)
{
	struct curl_slist *headers = headers_of(peer, extra);
	CURL *curl = request_new(f, path);
	struct answer a = { 0 };

	if (body != NULL)
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &a);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, &a);
	assert_int_equal(curl_easy_perform(curl), CURLE_OK);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &a.status);
	curl_easy_cleanup(curl);
	curl_slist_free_all(headers);
	a.json = a.len > 0 ? json_loadb(a.body, a.len, 0, NULL) : NULL;
	return a;
}

static inline void answer_fini(struct answer *a)
{
	json_decref(a->json);
	free(a->body);
	*a = (struct answer){ 0 };
}

/* A call that must give this status; the JSON is the caller's. */
static inline json_t *expect(const struct fixture *f, const struct peer *peer, const char *path, const char *body,
			     long status)
{
	struct answer a = call(f, peer, path, body, "X-Lobby: 1");
	json_t *json = json_incref(a.json);

	if (a.status != status)
		print_error("%s: %ld %s\n", path, a.status, a.len > 0 ? a.body : "");
	assert_int_equal(a.status, status);
	answer_fini(&a);
	return json;
}

static inline void expect_only(const struct fixture *f, const struct peer *peer, const char *path, const char *body,
			       long status)
{
	json_decref(expect(f, peer, path, body, status));
}

static const char *text_of(const json_t *json, const char *name)
{
	const char *text = json_string_value(json_object_get(json, name));

	return text != NULL ? text : "(none)";
}

static inline int64_t number_of(const json_t *json, const char *name)
{
	return json_integer_value(json_object_get(json, name));
}

/* The member of the list whose `name` is `value`; NULL if there is none. Borrowed. */
static inline json_t *member_of(const json_t *list, const char *name, const char *value)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (strcmp(text_of(json_array_get(list, i), name), value) == 0)
			return json_array_get(list, i);
	return NULL;
}

/* ---- the server ---- */

static inline void server_begin(struct fixture *f)
{
	assert_int_equal(clinic_open(&f->clinic, f->folder, "assets"), 0);
	assert_int_equal(clinic_http_start(&f->http, &f->clinic, "127.0.0.1:0"), 0);
	snprintf(f->url, sizeof(f->url), "https://%s", clinic_http_address(f->http));
}

static inline void server_end(struct fixture *f)
{
	clinic_stop_waiting(&f->clinic);
	clinic_http_stop(f->http);
	clinic_close(&f->clinic);
}

static inline int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
	(void)info;
	(void)kind;
	(void)at;
	return remove(path);
}

static inline void sign_in_as(struct fixture *f, struct peer *peer, const char *name, const char *password)
{
	char body[200], *cookie;
	struct answer a;

	snprintf(body, sizeof(body), "{\"name\":\"%s\",\"password\":\"%s\"}", name, password);
	a = call(f, NULL, "/desk/api/sign-in", body, "X-Lobby: 1");
	assert_int_equal(a.status, 200);
	cookie = strstr(a.headers, "__Host-lobby=");
	assert_non_null(cookie);
	text_copy_n(peer->cookie, sizeof(peer->cookie), cookie, strcspn(cookie, ";"));
	answer_fini(&a);
}

static inline int fixture_begin(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct ledger store;

	assert_true(sodium_init() >= 0);
	clock_use_virtual(NOW);
	snprintf(f->folder, sizeof(f->folder), "/tmp/lobby-clinic-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	assert_int_equal(ledger_open(&store, f->folder, false), 0);
	assert_int_equal(signin_user_set(&store, "anna", "correct horse", "admin"), 0);
	assert_int_equal(demo_fill(&store, "assets/demo", 0), 0);
	ledger_close(&store);
	server_begin(f);
	sign_in_as(f, &f->desk, "anna", "correct horse");
	*state = f;
	return 0;
}

static inline int fixture_end(void **state)
{
	struct fixture *f = *state;

	server_end(f);
	nftw(f->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

/* ---- a kiosk ---- */

/* SHA-256 of the certificate that the server really showed in a handshake. */
static inline void seen_fingerprint(const struct fixture *f, unsigned char fingerprint[32])
{
	struct answer a = { 0 };
	struct curl_certinfo *info = NULL;
	CURL *curl = request_new(f, "/desk/api/session");
	const char *pem = NULL;
	gnutls_datum_t text;
	gnutls_x509_crt_t crt;
	size_t len = 32;

	curl_easy_setopt(curl, CURLOPT_CERTINFO, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &a);
	assert_int_equal(curl_easy_perform(curl), CURLE_OK);
	assert_int_equal(curl_easy_getinfo(curl, CURLINFO_CERTINFO, &info), CURLE_OK);
	for (struct curl_slist *line = info->certinfo[0]; line != NULL; line = line->next)
		if (strncmp(line->data, "Cert:", 5) == 0)
			pem = line->data + 5;
	assert_non_null(pem);
	text = (gnutls_datum_t){ (unsigned char *)pem, (unsigned)strlen(pem) };
	gnutls_x509_crt_init(&crt);
	assert_int_equal(gnutls_x509_crt_import(crt, &text, GNUTLS_X509_FMT_PEM), 0);
	assert_int_equal(gnutls_x509_crt_get_fingerprint(crt, GNUTLS_DIG_SHA256, fingerprint, &len), 0);
	gnutls_x509_crt_deinit(crt);
	curl_easy_cleanup(curl);
	answer_fini(&a);
}

static inline void derive(const char *code, unsigned char key[32])
{
	static const unsigned char salt[16] = "lobby-enrol-v1";
	char secret[9];

	snprintf(secret, sizeof(secret), "%.4s%.4s", code + 5, code + 10);
	assert_int_equal(crypto_pwhash(key, 32, secret, 8, salt, crypto_pwhash_OPSLIMIT_INTERACTIVE,
				       crypto_pwhash_MEMLIMIT_INTERACTIVE, crypto_pwhash_ALG_ARGON2ID13),
			 0);
}

/* The body of POST enrol for this code, over the certificate's fingerprint. */
static inline void enrol_body(const unsigned char fingerprint[32], const char *code, const unsigned char key[32],
			      const char *name, char *out, size_t size)
{
	unsigned char proof[32], text[5 + 32] = "kiosk";
	char hex[65];

	memcpy(text + 5, fingerprint, 32);
	crypto_generichash(proof, 32, text, sizeof(text), key, 32);
	sodium_bin2hex(hex, sizeof(hex), proof, 32);
	snprintf(out, size, "{\"code_id\":\"%.4s\",\"name\":\"%s\",\"proof\":\"%s\"}", code, name, hex);
}

static inline void new_code(struct fixture *f, char code[16])
{
	json_t *json = expect(f, &f->desk, "/desk/api/kiosks/code", "{\"name\":\"Lobby 1\"}", 200);

	snprintf(code, 16, "%s", text_of(json, "code"));
	json_decref(json);
}

static inline void enrol(struct fixture *f, struct peer *kiosk, const char *name)
{
	unsigned char key[32];
	char code[16], body[256];
	json_t *json;

	new_code(f, code);
	derive(code, key);
	enrol_body(f->clinic.fingerprint, code, key, name, body, sizeof(body));
	json = expect(f, NULL, "/kiosk/v1/enrol", body, 200);
	snprintf(kiosk->kiosk_id, sizeof(kiosk->kiosk_id), "%s", text_of(json, "kiosk_id"));
	snprintf(kiosk->authorization, sizeof(kiosk->authorization), "Kiosk %s:%s", kiosk->kiosk_id,
		 text_of(json, "credential"));
	json_decref(json);
}

/* The demo's appointments of a patient today, by start. Returns how many (at most max). */
static inline int appointments_of_patient(struct fixture *f, const char *patient_id, char ids[][65], int max)
{
	struct ledger *store = ledger_pool_take(&f->clinic.pool);
	sqlite3_stmt *rows;
	int count = 0;

	assert_int_equal(ledger_query(store, &rows,
				      "SELECT id FROM appointment WHERE patient_id = ?1 ORDER BY start_ms", "t",
				      patient_id),
			 0);
	while (count < max && ledger_step(store, rows) == 1)
		snprintf(ids[count++], 65, "%s", db_text(rows, 0));
	sqlite3_reset(rows);
	ledger_pool_give(&f->clinic.pool, store);
	return count;
}

/* A visit of this patient for all of today's appointments. */
static inline struct visit visit_of(struct fixture *f, struct peer *kiosk, const char *patient_id, const char *ticket)
{
	struct visit v = { .kind = VISIT_ARRIVAL,
			   .seq = (uint64_t)++kiosk->seq,
			   .started_ms = clock_wall_ms() - 30000,
			   .touches = 9 };

	v.finished_ms = clock_wall_ms();
	visit_new_id(v.id);
	text_copy(v.kiosk_id, sizeof(v.kiosk_id), kiosk->kiosk_id);
	text_copy(v.ticket, sizeof(v.ticket), ticket);
	text_copy(v.patient_id, sizeof(v.patient_id), patient_id);
	text_copy(v.identified_by, sizeof(v.identified_by), "birthday");
	text_copy(v.language, sizeof(v.language), "en");
	v.appointment_count = appointments_of_patient(f, patient_id, v.appointment_id, VISIT_MAX_APPOINTMENTS);
	return v;
}

/* A row of POST visits: the Bundle, sealed to the clinic. Takes bundle. */
static inline json_t *sealed_row(const struct fixture *f, uint64_t seq, const char *key, json_t *take_bundle)
{
	char *text = json_dumps(take_bundle, JSON_COMPACT), *base64;
	size_t len = strlen(text), sealed_len = len + crypto_box_SEALBYTES,
	       size = sodium_base64_ENCODED_LEN(sealed_len, sodium_base64_VARIANT_ORIGINAL);
	unsigned char *sealed = malloc(sealed_len);
	json_t *row;

	assert_int_equal(crypto_box_seal(sealed, (unsigned char *)text, len, f->clinic.seal_public), 0);
	base64 = malloc(size);
	sodium_bin2base64(base64, size, sealed, sealed_len, sodium_base64_VARIANT_ORIGINAL);
	row = json_pack("{sI ss ss}", "seq", (json_int_t)seq, "key", key, "sealed", base64);
	free(base64);
	free(sealed);
	free(text);
	json_decref(take_bundle);
	return row;
}

static inline json_t *row_of_visit(const struct fixture *f, const struct visit *v)
{
	json_t *bundle;

	assert_int_equal(visit_to_bundle(v, &bundle), 0);
	return sealed_row(f, v->seq, v->id, bundle);
}

/* Sends one row; returns "stored", "duplicate" or "never". Takes row. */
static inline const char *send_row(const struct fixture *f, const struct peer *kiosk, json_t *take_row)
{
	json_t *body = json_pack("{s[o]}", "rows", take_row), *json;
	char *text = json_dumps(body, JSON_COMPACT);
	static char result[16];

	json = expect(f, kiosk, "/kiosk/v1/visits", text, 200);
	snprintf(result, sizeof(result), "%s", text_of(json_array_get(json_object_get(json, "rows"), 0), "result"));
	json_decref(json);
	json_decref(body);
	free(text);
	return result;
}

static inline json_t *desk_state_of(const struct fixture *f)
{
	return expect(f, &f->desk, "/desk/api/state", NULL, 200);
}

/* ---- an open stream, or a long poll under way ---- */

struct stream {
	CURL *curl;
	CURLM *multi;
	struct curl_slist *headers;
	struct answer got;
};

static inline void stream_open(struct stream *s, const struct fixture *f, const struct peer *peer, const char *path,
			       const char *extra)
{
	*s = (struct stream){ .curl = request_new(f, path),
			      .multi = curl_multi_init(),
			      .headers = headers_of(peer, extra) };
	curl_easy_setopt(s->curl, CURLOPT_HTTPHEADER, s->headers);
	curl_easy_setopt(s->curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(s->curl, CURLOPT_WRITEDATA, &s->got);
	curl_multi_add_handle(s->multi, s->curl);
}

/* Reads until the text has come (true), or the other side has ended or patience has (false). */
static inline bool stream_until(struct stream *s, const char *text)
{
	int running = 1, waited = 0;

	while (running > 0 && waited < PATIENCE_MS) {
		if (s->got.body != NULL && strstr(s->got.body, text) != NULL)
			return true;
		assert_int_equal(curl_multi_perform(s->multi, &running), CURLM_OK);
		if (s->got.body != NULL && strstr(s->got.body, text) != NULL)
			return true;
		curl_multi_poll(s->multi, NULL, 0, 50, NULL);
		waited += 50;
	}
	return s->got.body != NULL && strstr(s->got.body, text) != NULL;
}

/* Pumps for a moment; has anything come? */
static inline bool stream_moves(struct stream *s)
{
	int running;

	for (int i = 0; i < 4 && s->got.len == 0; i++) {
		assert_int_equal(curl_multi_perform(s->multi, &running), CURLM_OK);
		curl_multi_poll(s->multi, NULL, 0, 20, NULL);
	}
	return s->got.len > 0;
}

/* Reads until the other side ends it. */
static inline bool stream_end(struct stream *s)
{
	int running = 1;

	for (int waited = 0; running > 0 && waited < PATIENCE_MS; waited += 50) {
		assert_int_equal(curl_multi_perform(s->multi, &running), CURLM_OK);
		if (running > 0)
			curl_multi_poll(s->multi, NULL, 0, 50, NULL);
	}
	return running == 0;
}

static inline void stream_close(struct stream *s)
{
	curl_multi_remove_handle(s->multi, s->curl);
	curl_easy_cleanup(s->curl);
	curl_multi_cleanup(s->multi);
	curl_slist_free_all(s->headers);
	free(s->got.body);
	*s = (struct stream){ 0 };
}

static inline int times_in(const char *text, const char *part)
{
	int count = 0;

	for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part))
		count++;
	return count;
}

#endif

/* Enrolment (src/clinic/api.md, "POST enrol"): a one-time code read from the desk's page becomes this kiosk's
 * credential and the clinic's keys, over a connection that nobody in between can have changed.
 *
 * The code itself never travels. Both sides stretch its last eight characters into a key and prove that they have it,
 * over the certificate that each sees on this connection: ours is written into the request between handshake and first
 * byte, when curl tells which certificate it is. */
#include "sync.h"

#include "base/log.h"
#include "base/mark.h"
#include "base/text.h"
#include "settings.h"

#include <ctype.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CODE_LEN 12
#define CODE_MANY_LEN 20 /* one that enrols many kiosks */
#define CODE_ID_LEN 4
#define TIMEOUT_MS 20000
#define MAX_ANSWER (64 * 1024)

static const uint8_t salt[crypto_pwhash_SALTBYTES] = "lobby-enrol-v1\0"; /* two NULs end it: 16 bytes */

static void answer(struct sync *sync, int err, const char *text)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_enrolled_tag };

	envelope.body.enrolled.err = err;
	text_copy(envelope.body.enrolled.text, sizeof(envelope.body.enrolled.text), text);
	log_event(err ? LOG_WARNING : LOG_NOTICE, "enrol", "err=%s", err_event(err));
	if (sync->enrol.asker != NULL && wire_send(sync->enrol.asker, &envelope) != 0)
		log_event(LOG_WARNING, "wire-send", "message=enrolled");
	sodium_memzero(&sync->enrol.key, sizeof(sync->enrol.key));
	sync->enrol.asker = NULL;
	sync->enrol.busy = false;
}

/* Crockford's base 32: capitals, no hyphens, O is 0, I and L are 1. False unless it is 12 or 20 such
 * characters. */
static bool read_code(const char *typed, char code[CODE_MANY_LEN + 1])
{
	size_t n = 0;

	for (; *typed != '\0'; typed++) {
		char c = (char)toupper((unsigned char)*typed);

		if (c == '-' || c == ' ')
			continue;
		c = c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c;
		if (n == CODE_MANY_LEN || strchr("0123456789ABCDEFGHJKMNPQRSTVWXYZ", c) == NULL)
			return false;
		code[n++] = c;
	}
	code[n] = '\0';
	return n == CODE_LEN || n == CODE_MANY_LEN;
}

/* "clinic.example:8443/" -> "https://clinic.example:8443". False for another scheme or nothing. */
static bool read_url(const char *typed, char *out, size_t size)
{
	bool has_scheme = strstr(typed, "://") != NULL;
	const char *fragment = strchr(typed, '#');
	size_t len = fragment ? (size_t)(fragment - typed) : strlen(typed);

	while (len > 0 && (typed[len - 1] == '/' || typed[len - 1] == ' '))
		len--;
	if (len == 0 || (has_scheme && (len < 9 || strncasecmp(typed, "https://", 8) != 0)))
		return false;
	return snprintf(out, size, "%s%.*s", has_scheme ? "" : "https://", (int)len, typed) < (int)size;
}

static void make_proof(const uint8_t key[32], const char *who, const uint8_t *const parts[], const size_t lens[],
		       int count, uint8_t proof[32])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, key, 32, 32);
	crypto_generichash_update(&state, (const uint8_t *)who, strlen(who));
	for (int i = 0; i < count; i++)
		crypto_generichash_update(&state, parts[i], lens[i]);
	crypto_generichash_final(&state, proof, 32);
	sodium_memzero(&state, sizeof(state));
}

/* The handshake is done: our proof goes into the place kept for it. */
static void on_certificate(void *arg, const uint8_t fingerprint[FETCH_FINGERPRINT], char *body, size_t len)
{
	struct sync *sync = arg;
	const uint8_t *parts[] = { fingerprint };
	const size_t lens[] = { FETCH_FINGERPRINT };
	uint8_t proof[32];
	char hex[65];

	memcpy(sync->enrol.fingerprint, fingerprint, FETCH_FINGERPRINT);
	make_proof(sync->enrol.key, "kiosk", parts, lens, 1, proof);
	sodium_bin2hex(hex, sizeof(hex), proof, sizeof(proof));
	if (sync->enrol.proof_at + 64 <= len)
		memcpy(body + sync->enrol.proof_at, hex, 64);
}

/* What the clinic answered, checked: LOBBY_ERR_UNTRUSTED when it cannot prove that it knows the code. */
static int read_answer(struct sync *sync, const json_t *json, struct identity *out)
{
	struct identity id = { .enrolled = true };
	const char *kiosk_id = json_string_value(json_object_get(json, "kiosk_id"));
	const char *name = json_string_value(json_object_get(json, "name"));
	const char *credential = json_string_value(json_object_get(json, "credential"));
	const char *seal_key = json_string_value(json_object_get(json, "seal_key"));
	const char *proof = json_string_value(json_object_get(json, "proof"));
	const json_t *ordinal = json_object_get(json, "ordinal");
	const uint8_t *parts[] = { sync->enrol.fingerprint, id.seal_key, (const uint8_t *)credential };
	uint8_t said[32], made[32];
	size_t said_len = 0, key_len = 0;

	if (kiosk_id == NULL || credential == NULL || seal_key == NULL || proof == NULL || !json_is_integer(ordinal) ||
	    json_integer_value(ordinal) < 1 || *kiosk_id == '\0' ||
	    !text_copy(id.kiosk_id, sizeof(id.kiosk_id), kiosk_id) ||
	    !text_copy(id.credential, sizeof(id.credential), credential) ||
	    sodium_base642bin(id.seal_key, sizeof(id.seal_key), seal_key, strlen(seal_key), NULL, &key_len, NULL,
			      sodium_base64_VARIANT_ORIGINAL) != 0 ||
	    key_len != sizeof(id.seal_key) ||
	    sodium_hex2bin(said, sizeof(said), proof, strlen(proof), NULL, &said_len, NULL) != 0 ||
	    said_len != sizeof(said))
		return LOBBY_ERR_PROTOCOL;
	make_proof(sync->enrol.key, "clinic", parts,
		   (const size_t[]){ FETCH_FINGERPRINT, sizeof(id.seal_key), strlen(credential) }, 3, made);
	if (sodium_memcmp(said, made, sizeof(made)) != 0)
		return LOBBY_ERR_UNTRUSTED;
	text_copy(id.name, sizeof(id.name), name && *name ? name : sync->enrol.name);
	text_copy(id.url, sizeof(id.url), sync->enrol.url);
	/* The clinic's first kiosk says "B 14", the second "B 114". */
	id.ordinal = (int)((json_integer_value(ordinal) - 1) % 100);
	memcpy(id.fingerprint, sync->enrol.fingerprint, sizeof(id.fingerprint));
	*out = id;
	return 0;
}

/* Another clinic's roster must not outlive its enrolment; what waits in the outbox stays. */
static int keep(struct sync *sync, const struct identity *identity, const json_t *settings,
		lobby_Settings *new_settings)
{
	static const char *const forgotten[] = { "cursor", "has_roster", "resetting",
						 "orders", "update",	 "update_refused" };
	struct store *store = &sync->store;
	int err = db_begin(&store->db);

	if (err != 0)
		return err;
	err = identity_save(store, identity);
	if (err == 0)
		err = roster_clear(&sync->roster);
	for (size_t i = 0; err == 0 && i < sizeof(forgotten) / sizeof(forgotten[0]); i++)
		err = store_unset(store, forgotten[i]);
	if (err == 0 && json_is_object(settings))
		err = settings_save(store, settings, new_settings);
	return db_end(&store->db, err);
}

static int accept_answer(struct sync *sync, const char *body, size_t len)
{
	json_t *json = json_loadb(body, len, 0, NULL);
	lobby_Settings settings = sync->settings;
	struct identity identity;
	int err = read_answer(sync, json, &identity);

	if (err == 0)
		err = keep(sync, &identity, json_object_get(json, "settings"), &settings);
	json_decref(json);
	if (err != 0)
		return err;
	sync->identity = identity;
	sync->settings = settings;
	sync->has_roster = false;
	orders_load(&sync->store, &sync->orders);
	update_load(sync);
	store_checkpoint(&sync->store, true);
	return 0;
}

static const char *words_of(int err)
{
	switch (err) {
	case LOBBY_ERR_UNREACHABLE:
		return N_("No server answers there. Check the address, the port and the network cable.");
	case LOBBY_ERR_TIMEOUT:
		return N_("The server did not answer in time. Check the address and try again.");
	case LOBBY_ERR_UNTRUSTED:
		return N_("The server could not prove that it is your clinic: something may stand between. Not "
			  "enrolled.");
	case LOBBY_ERR_PROTOCOL:
	case LOBBY_ERR_NOT_FOUND:
		return N_("Something answers there, but it is not lobby-clinic. Check the address and the port.");
	default:
		return err_staff_text(err);
	}
}

static void on_answer(void *arg, int err, int status, const char *body, size_t len)
{
	struct sync *sync = arg;
	char text[257];

	if (err == 0)
		err = fetch_err_of(status, body, len);
	if (err == 0)
		err = accept_answer(sync, body, len);
	if (err != 0) {
		answer(sync, err, words_of(err));
		return;
	}
	snprintf(text, sizeof(text), N_("This kiosk is \"%s\" now. It works with %.120s."), sync->identity.name,
		 sync->identity.url);
	answer(sync, 0, text);
	backoff_reset(&sync->feed.backoff);
	backoff_reset(&sync->sender.backoff);
	sync_push_settings(sync);
	sync_push_orders(sync);
	sync_heard(sync);
	feed_start(sync);
	status_changed(sync);
}

/* The proof is left out for now; *proof_at says where it goes. */
static char *body_of(const char *code, const char *name, size_t *proof_at)
{
	char zeros[65], id[CODE_ID_LEN + 1];
	json_t *json;
	char *text, *at;

	memset(zeros, '0', 64);
	zeros[64] = '\0';
	snprintf(id, sizeof(id), "%.4s", code);
	json = json_pack("{s:s, s:s, s:s}", "proof", zeros, "code_id", id, "name", name);
	text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	json_decref(json);
	at = text ? strstr(text, "\"proof\":\"") : NULL;
	/* Quotes in the name are escaped: this is the only place. */
	if (at == NULL) {
		free(text);
		return NULL;
	}
	*proof_at = (size_t)(at - text) + strlen("\"proof\":\"");
	return text;
}

static int ask(struct sync *sync, const char *code)
{
	struct enrol *enrol = &sync->enrol;
	char url[300];
	struct fetch_ask request = {
		.url = url, .max_answer = MAX_ANSWER, .timeout_ms = TIMEOUT_MS, .certificate = on_certificate
	};
	char *body;
	int err;

	if (crypto_pwhash(enrol->key, sizeof(enrol->key), code + CODE_ID_LEN, strlen(code) - CODE_ID_LEN, salt,
			  crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE,
			  crypto_pwhash_ALG_ARGON2ID13) != 0)
		return LOBBY_ERR_NO_MEMORY;
	body = body_of(code, enrol->name, &enrol->proof_at);
	if (body == NULL)
		return LOBBY_ERR_INVALID;
	snprintf(url, sizeof(url), "%s/kiosk/v1/enrol", enrol->url);
	request.body = body;
	request.len = strlen(body);
	err = fetch_start(sync->fetch, &enrol->request, &request, on_answer, sync);
	free(body);
	return err;
}

void enrol_start(struct sync *sync, struct wire_conn *asker, const lobby_Enrol *wanted)
{
	struct enrol *enrol = &sync->enrol;
	char code[CODE_MANY_LEN + 1];
	int err;

	if (enrol->busy) {
		lobby_Envelope envelope = { .which_body = lobby_Envelope_enrolled_tag };

		envelope.body.enrolled.err = LOBBY_ERR_BUSY;
		text_copy(envelope.body.enrolled.text, sizeof(envelope.body.enrolled.text),
			  N_("Another enrolment is under way. Try again in half a minute."));
		if (wire_send(asker, &envelope) != 0)
			log_event(LOG_WARNING, "wire-send", "message=enrolled");
		return;
	}
	enrol->asker = asker;
	enrol->busy = true;
	text_copy(enrol->name, sizeof(enrol->name), wanted->name);
	if (!read_url(wanted->url, enrol->url, sizeof(enrol->url))) {
		answer(sync, LOBBY_ERR_INVALID, N_("The address must look like https://clinic.example:8443."));
		return;
	}
	if (!read_code(wanted->code, code)) {
		answer(sync, LOBBY_ERR_CODE_WRONG,
		       N_("The code has 12 letters and digits, like 7QXK-M2PD-9TRA, or 20. Read it from the Kiosks "
			  "page "
			  "again."));
		return;
	}
	err = ask(sync, code);
	sodium_memzero(code, sizeof(code));
	if (err != 0)
		answer(sync, err, words_of(err));
}

void enrol_asker_gone(struct sync *sync, const struct wire_conn *asker)
{
	if (sync->enrol.asker == asker)
		sync->enrol.asker = NULL;
}

void enrol_stop(struct sync *sync)
{
	fetch_cancel(&sync->enrol.request);
	sodium_memzero(&sync->enrol.key, sizeof(sync->enrol.key));
}

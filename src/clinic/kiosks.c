/* See kiosks.h. The cache is a small array under a mutex: a clinic has a handful of kiosks. */
#include "kiosks.h"

#include "fleet.h"
#include "http.h"
#include "updates.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLOCK_COARSE_MS 2000
#define CLOCK_MAX_MS 32503680000000LL /* the year 3000 */
#define CREDENTIAL_LEN 43	      /* 32 bytes, base64url without padding */

struct kiosk {
	int64_t number;
	char id[37];
	unsigned char hash[32];
	int64_t heard_mono_ms, heard_ms;
	bool offline;
	unsigned char told[16]; /* hash of the last status stored */
};

struct kiosks {
	struct clinic *clinic;
	pthread_mutex_t lock;
	struct kiosk known[KIOSKS_MAX];
	int count;
};

static void remember(struct kiosks *kiosks, sqlite3_stmt *row)
{
	struct kiosk *k = &kiosks->known[kiosks->count];

	if (kiosks->count == KIOSKS_MAX || sqlite3_column_bytes(row, 2) != 32)
		return;
	*k = (struct kiosk){ .number = sqlite3_column_int64(row, 0), .heard_mono_ms = clock_mono_ms() };
	text_copy(k->id, sizeof(k->id), db_text(row, 1));
	memcpy(k->hash, sqlite3_column_blob(row, 2), 32);
	k->heard_ms = sqlite3_column_int64(row, 3);
	k->offline = strcmp(db_text(row, 4), "offline") == 0;
	kiosks->count++;
}

int kiosks_new(struct kiosks **out, struct clinic *clinic)
{
	struct kiosks *kiosks = calloc(1, sizeof(*kiosks));
	struct ledger *store = ledger_pool_take(&clinic->pool);
	sqlite3_stmt *rows;
	int err = kiosks == NULL || store == NULL ? LOBBY_ERR_NO_MEMORY : 0;

	if (err == 0)
		err = ledger_query(
			store, &rows,
			"SELECT number, id, credential_hash, heard_ms, state FROM kiosk WHERE removed_ms IS NULL", "");
	while (err == 0 && ledger_step(store, rows) == 1)
		remember(kiosks, rows);
	ledger_pool_give(&clinic->pool, store);
	if (err != 0) {
		free(kiosks);
		return err;
	}
	pthread_mutex_init(&kiosks->lock, NULL);
	kiosks->clinic = clinic;
	*out = kiosks;
	return 0;
}

void kiosks_free(struct kiosks *kiosks)
{
	free(kiosks);
}

/* Under the lock. */
static struct kiosk *find(struct kiosks *kiosks, const char *id)
{
	for (int i = 0; i < kiosks->count; i++)
		if (strcmp(kiosks->known[i].id, id) == 0)
			return &kiosks->known[i];
	return NULL;
}

static struct kiosk *find_number(struct kiosks *kiosks, int64_t number)
{
	for (int i = 0; i < kiosks->count; i++)
		if (kiosks->known[i].number == number)
			return &kiosks->known[i];
	return NULL;
}

/* Enrolled since the start: looks in the store. Under the lock. */
static struct kiosk *find_stored(struct kiosks *kiosks, const char *id)
{
	struct ledger *store = ledger_pool_take(&kiosks->clinic->pool);
	sqlite3_stmt *row;

	if (store != NULL &&
	    ledger_query(store, &row,
			 "SELECT number, id, credential_hash, heard_ms, state FROM kiosk WHERE id = ?1 "
			 "AND removed_ms IS NULL",
			 "t", id) == 0) {
		if (ledger_step(store, row) == 1)
			remember(kiosks, row);
		sqlite3_reset(row);
	}
	ledger_pool_give(&kiosks->clinic->pool, store);
	return find(kiosks, id);
}

int kiosks_check(struct kiosks *kiosks, const char *authorization, int64_t *number)
{
	unsigned char hash[32];
	struct kiosk *kiosk;
	char id[37];
	int err = LOBBY_ERR_DENIED;

	if (authorization == NULL || strncmp(authorization, "Kiosk ", 6) != 0 ||
	    strlen(authorization) != 6 + 36 + 1 + CREDENTIAL_LEN || authorization[42] != ':')
		return LOBBY_ERR_DENIED;
	text_copy_n(id, sizeof(id), authorization + 6, 36);
	crypto_generichash(hash, sizeof(hash), (const unsigned char *)authorization + 43, CREDENTIAL_LEN, NULL, 0);
	pthread_mutex_lock(&kiosks->lock);
	kiosk = find(kiosks, id);
	if (kiosk == NULL)
		kiosk = find_stored(kiosks, id);
	if (kiosk != NULL && sodium_memcmp(hash, kiosk->hash, sizeof(hash)) == 0) {
		kiosk->heard_mono_ms = clock_mono_ms();
		kiosk->heard_ms = clock_wall_ms();
		*number = kiosk->number;
		err = 0;
	}
	pthread_mutex_unlock(&kiosks->lock);
	return err;
}

void kiosks_forget(struct kiosks *kiosks, int64_t number)
{
	struct kiosk *kiosk;

	pthread_mutex_lock(&kiosks->lock);
	kiosk = find_number(kiosks, number);
	if (kiosk != NULL)
		*kiosk = kiosks->known[--kiosks->count];
	pthread_mutex_unlock(&kiosks->lock);
}

struct silence {
	struct job job;
	int64_t number, heard_ms;
};

static int write_silence(struct job *job, struct ledger *store)
{
	struct silence *s = (struct silence *)job;
	sqlite3_stmt *row;
	char id[37];
	int err =
		ledger_run(store, "UPDATE kiosk SET state = 'offline', since_ms = ?2, heard_ms = ?2 WHERE number = ?1",
			   "ii", s->number, s->heard_ms);

	if (err == 0)
		err = ledger_query(store, &row, "SELECT id FROM kiosk WHERE number = ?1", "i", s->number);
	if (err != 0)
		return err;
	err = ledger_step(store, row);
	text_copy(id, sizeof(id), err == 1 ? db_text(row, 0) : "");
	sqlite3_reset(row);
	return err == 1 ? change_desk(store, "kiosk", id) : err;
}

static void silence_done(struct job *job, int err)
{
	if (err != 0)
		log_event(LOG_WARNING, "kiosk-state-unsaved", "reason=%s", err_event(err));
	free(job);
}

void kiosks_tick(struct kiosks *kiosks)
{
	int64_t now = clock_mono_ms();

	pthread_mutex_lock(&kiosks->lock);
	for (int i = 0; i < kiosks->count; i++) {
		struct kiosk *k = &kiosks->known[i];
		struct silence *s;

		if (k->offline || now - k->heard_mono_ms <= KIOSK_SILENCE_MS || (s = calloc(1, sizeof(*s))) == NULL)
			continue;
		*s = (struct silence){ .job = { .write = write_silence, .done = silence_done },
				       .number = k->number,
				       .heard_ms = k->heard_ms };
		log_event(LOG_NOTICE, "kiosk-offline", "kiosk=%lld", (long long)k->number);
		k->offline = true;
		sodium_memzero(k->told, sizeof(k->told));
		if (writer_submit(kiosks->clinic->writer, &s->job) != 0)
			free(s);
	}
	pthread_mutex_unlock(&kiosks->lock);
}

/* ---- POST status ---- */

struct told {
	char state[16], step[33], version[33], *devices;
	int64_t held, aside;
	bool has_clock;
	int64_t clock_error_ms; /* its clock's, against ours */
	json_t *system;		/* NULL: no appliance */
	unsigned char hash[16];
};

static void told_free(void *data)
{
	struct told *told = data;

	free(told->devices);
	json_decref(told->system);
	free(told);
}

/* Only what the desk shows, bounded: whatever else a kiosk sends is dropped. */
static char *devices_text(const json_t *devices)
{
	static const char *const fields[] = { "kind", "state", "name", "detail" };
	json_t *kept = json_array();
	char *text;

	for (size_t i = 0; i < json_array_size(devices) && i < 16; i++) {
		json_t *one = json_object();

		for (size_t f = 0; f < 4; f++) {
			const char *value = request_text(json_array_get(devices, i), fields[f], 96);

			json_object_set_new(one, fields[f], json_string(value != NULL ? value : ""));
		}
		json_array_append_new(kept, one);
	}
	text = json_dumps(kept, JSON_COMPACT);
	json_decref(kept);
	return text;
}

/* What it would be to tell the desk anew. */
static int told_hash(struct told *told)
{
	json_t *coarse = told->system != NULL ? fleet_system_coarse(told->system) : NULL;
	char *system = coarse != NULL ? json_dumps(coarse, JSON_COMPACT) : NULL;
	int64_t numbers[] = { told->held, told->aside, told->has_clock, told->clock_error_ms / CLOCK_COARSE_MS };
	crypto_generichash_state hash;

	json_decref(coarse);
	if (told->system != NULL && system == NULL)
		return LOBBY_ERR_NO_MEMORY;
	crypto_generichash_init(&hash, NULL, 0, sizeof(told->hash));
	crypto_generichash_update(&hash, (unsigned char *)told, offsetof(struct told, devices));
	crypto_generichash_update(&hash, (unsigned char *)numbers, sizeof(numbers));
	crypto_generichash_update(&hash, (unsigned char *)told->devices, strlen(told->devices));
	if (system != NULL)
		crypto_generichash_update(&hash, (unsigned char *)system, strlen(system));
	crypto_generichash_final(&hash, told->hash, sizeof(told->hash));
	free(system);
	return 0;
}

static void told_clock(const json_t *json, struct told *told)
{
	const json_t *clock = json_object_get(json, "clock_ms");

	told->has_clock =
		json_is_integer(clock) && json_integer_value(clock) >= 0 && json_integer_value(clock) < CLOCK_MAX_MS;
	if (told->has_clock)
		told->clock_error_ms = json_integer_value(clock) - clock_wall_ms();
}

static int told_parse(const json_t *json, struct told *told)
{
	const char *screen = request_text(json, "screen", 16), *step = request_text(json, "step", 32),
		   *version = request_text(json, "version", 32);

	if (screen == NULL || step == NULL || version == NULL)
		return LOBBY_ERR_INVALID;
	if (strcmp(screen, "ready") == 0 || strcmp(screen, "in-use") == 0)
		text_copy(told->state, sizeof(told->state), screen);
	else if (strcmp(screen, "gone") == 0 || strcmp(screen, "out-of-order") == 0)
		text_copy(told->state, sizeof(told->state), "out-of-order");
	else
		return LOBBY_ERR_INVALID;
	text_copy(told->step, sizeof(told->step), step);
	text_copy(told->version, sizeof(told->version), version);
	told->held = json_integer_value(json_object_get(json, "visits_held"));
	told->aside = json_integer_value(json_object_get(json, "visits_set_aside"));
	told->devices = devices_text(json_object_get(json, "devices"));
	if (told->devices == NULL)
		return LOBBY_ERR_NO_MEMORY;
	told_clock(json, told);
	told->system = fleet_system_of(json_object_get(json, "system"));
	return told_hash(told);
}

/* Has the restart that was asked for happened? By our clock: the kiosk's may be off. */
static int write_restarted(struct ledger *store, int64_t kiosk, const struct told *t)
{
	int64_t booted_ms = json_integer_value(json_object_get(t->system, "booted_ms")) - t->clock_error_ms;

	return ledger_run(store,
			  "UPDATE kiosk SET restart_ms = 0, restart_id = '' WHERE number = ?1 AND restart_ms > 0 AND "
			  "restart_ms < ?2",
			  "ii", kiosk, booted_ms);
}

/* An appliance stays one: while its lobby-system does not answer, what is known of the box stays, marked. */
static int write_system(struct ledger *store, int64_t kiosk, const struct told *t, int64_t *same)
{
	const char *version = json_string_value(json_object_get(t->system, "version"));
	char *text;
	int err;

	if (t->system == NULL)
		return ledger_run(
			store,
			"UPDATE kiosk SET system = json_set(system, '$.silent', json('true')) WHERE number = ?1"
			" AND system <> ''",
			"i", kiosk);
	err = ledger_int(store, same,
			 "SELECT coalesce(json_extract(nullif(system, ''), '$.version'), '-') = ?2 FROM kiosk WHERE "
			 "number = ?1",
			 "it", kiosk, version != NULL ? version : "-");
	text = err == 0 ? json_dumps(t->system, JSON_COMPACT) : NULL;
	if (err == 0 && text == NULL)
		err = LOBBY_ERR_NO_MEMORY;
	if (err == 0)
		err = ledger_run(store, "UPDATE kiosk SET system = ?2 WHERE number = ?1", "it", kiosk, text);
	free(text);
	return err;
}

static int write_box(struct ledger *store, int64_t kiosk, const struct told *t)
{
	int64_t same = 1;
	int err = write_system(store, kiosk, t, &same);

	if (err == 0)
		err = ledger_run(store, "UPDATE kiosk SET clock_error_ms = NULL WHERE number = ?1", "i", kiosk);
	if (err == 0 && t->has_clock)
		err = ledger_run(store, "UPDATE kiosk SET clock_error_ms = ?2 WHERE number = ?1", "ii", kiosk,
				 t->clock_error_ms);
	if (err == 0 && t->system != NULL)
		err = write_restarted(store, kiosk, t);
	return err != 0 ? err : updates_heard(store, kiosk, t->system, same == 0);
}

static int write_status(struct job *job, struct ledger *store)
{
	struct request *r = (struct request *)job;
	const struct told *t = r->data;
	sqlite3_stmt *row;
	char id[37] = "";
	int err;

	err = ledger_run(store,
			 "UPDATE kiosk SET since_ms = CASE WHEN state = ?2 THEN since_ms ELSE ?3 END, state = ?2, "
			 "heard_ms = ?3, step = ?4,"
			 " visits_held = ?5, set_aside = ?6, devices = ?7, version = ?8 WHERE number = ?1",
			 "itit"
			 "iitt",
			 r->kiosk, t->state, clock_wall_ms(), t->step, t->held, t->aside, t->devices, t->version);
	if (err == 0)
		err = ledger_query(store, &row, "SELECT id FROM kiosk WHERE number = ?1", "i", r->kiosk);
	if (err == 0 && (err = ledger_step(store, row)) == 1) {
		text_copy(id, sizeof(id), db_text(row, 0));
		sqlite3_reset(row);
		err = 0;
	}
	if (err == 0)
		err = write_box(store, r->kiosk, t);
	return err != 0 ? err : change_desk(store, "kiosk", id);
}

int kiosk_status(struct request *r)
{
	struct kiosks *kiosks = r->clinic->kiosks;
	struct told *told = calloc(1, sizeof(*told));
	struct kiosk *kiosk;
	json_t *json = NULL;
	bool news = true;
	int err = told == NULL ? LOBBY_ERR_NO_MEMORY : request_json(r, &json);

	r->data = told;
	r->data_free = told != NULL ? told_free : NULL;
	if (err == 0)
		err = told_parse(json, told);
	json_decref(json);
	if (err != 0)
		return err;
	pthread_mutex_lock(&kiosks->lock);
	kiosk = find_number(kiosks, r->kiosk);
	if (kiosk != NULL) {
		news = memcmp(kiosk->told, told->hash, sizeof(told->hash)) != 0;
		memcpy(kiosk->told, told->hash, sizeof(told->hash));
		kiosk->offline = false;
	}
	pthread_mutex_unlock(&kiosks->lock);
	r->answer = json_pack("{sI}", "now_ms", (json_int_t)clock_wall_ms());
	return news ? request_write(r, NULL, write_status) : 0;
}

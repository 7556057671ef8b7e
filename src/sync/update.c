/* Updates: what the clinic offers is fetched into the update folder, piece by piece over restarts and bad lines,
 * checked against the offer's hash, and handed to lobby-system, which alone decides whether and when it is installed
 * (it checks the signature, too). What is not offered any more is called back from it. An offer that was refused or
 * fell back is not tried again; the clinic has to make another. */
#include "sync.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define SILENCE_MS 30000
/* Visits go over the same line, and to the same disk: an update takes its time, and is synced in small pieces. */
#define RATE (4 * 1024 * 1024)
#define SYNC_BYTES (2 * 1024 * 1024)
#define HASH_BYTES (512 * 1024)
#define SPARE_BYTES (16 * 1024 * 1024LL)
#define MAX_BYTES (1024 * 1024 * 1024LL)
#define MAX_JSON 1024
#define DAMAGED_TRIES 3

static void fetch_more(void *arg);

static const char no_room[] = "There is not enough room on the disk for the update.";

/* ---- the offer ---- */

static bool is_plain(const char *text, const char *allowed)
{
	return *text != '\0' && text[strspn(text, allowed)] == '\0';
}

static bool take(const json_t *json, const char *name, const char *allowed, char *out, size_t size)
{
	const char *text = json_string_value(json_object_get(json, name));

	return text != NULL && is_plain(text, allowed) && text_copy(out, size, text);
}

static bool offer_of_json(const json_t *json, struct update_offer *offer)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-+~_";
	const json_t *size = json_object_get(json, "size");

	*offer = (struct update_offer){ 0 };
	if (!json_is_integer(size) || json_integer_value(size) < 1 || json_integer_value(size) > MAX_BYTES ||
	    !take(json, "version", digits, offer->version, sizeof(offer->version)) ||
	    !take(json, "sha256", "0123456789abcdef", offer->sha256, sizeof(offer->sha256)) ||
	    strlen(offer->sha256) != 64 || !take(json, "id", digits, offer->id, sizeof(offer->id)))
		return false;
	offer->size = json_integer_value(size);
	return true;
}

int update_save(struct sync *sync, const json_t *json)
{
	struct update_offer offer;
	char *text;
	int err;

	if (!json_is_object(json) || !offer_of_json(json, &offer))
		return store_unset(&sync->store, "update");
	text = json_dumps(json, JSON_COMPACT);
	err = text == NULL ? LOBBY_ERR_NO_MEMORY : store_set_text(&sync->store, "update", text);
	free(text);
	return err;
}

/* ---- the file ---- */

static void path_of(const struct sync *sync, char *out, size_t size)
{
	snprintf(out, size, "%s/%.64s.raucb", sync->update_folder, sync->update.offer.sha256);
}

/* Only one update is ever kept. */
static void remove_others(const struct sync *sync, const char *keep)
{
	DIR *dir = opendir(sync->update_folder);
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		const char *end = strrchr(entry->d_name, '.');

		if (end != NULL && strcmp(end, ".raucb") == 0 &&
		    (keep == NULL || strncmp(entry->d_name, keep, strlen(keep)) != 0))
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	if (dir != NULL)
		closedir(dir);
}

static bool start_over(struct update *update)
{
	crypto_hash_sha256_init(&update->hash);
	update->have = update->hashed = update->synced = 0;
	return ftruncate(update->fd, 0) == 0;
}

static bool has_room(const struct sync *sync)
{
	struct statvfs fs;

	return statvfs(sync->update_folder, &fs) == 0 &&
	       (int64_t)fs.f_bavail * (int64_t)fs.f_frsize > sync->update.offer.size - sync->update.have + SPARE_BYTES;
}

static void close_file(struct sync *sync)
{
	loop_timer_cancel(sync->loop, &sync->update.timer);
	fetch_cancel(&sync->update.request);
	if (sync->update.fd >= 0)
		close(sync->update.fd);
	sync->update.fd = -1;
	sync->update.at = UPDATE_IDLE;
}

/* ---- its end ---- */

static void say(struct sync *sync, const char *text)
{
	if (strcmp(sync->update.text, text) == 0)
		return;
	text_copy(sync->update.text, sizeof(sync->update.text), text);
	status_changed(sync);
}

static void refuse(struct sync *sync, const char *text)
{
	int err = store_set_text(&sync->store, "update_refused", sync->update.offer.id);

	if (err != 0)
		sync_store_failed(sync, err);
	log_event(LOG_WARNING, "update-refused", "version=%s", sync->update.offer.version);
	close_file(sync);
	remove_others(sync, NULL);
	sync->update.at = UPDATE_OVER;
	say(sync, text);
}

static void again(struct sync *sync, const char *text)
{
	say(sync, text);
	loop_timer_set(sync->loop, &sync->update.timer, backoff_next_ms(&sync->update.backoff), fetch_more, sync);
}

static void install(struct sync *sync)
{
	struct update *update = &sync->update;
	lobby_SystemCommand command = { .what = lobby_SystemDo_SYSTEM_INSTALL };

	if (store_set_text(&sync->store, "update_handed", update->offer.id) != 0)
		log_event(LOG_WARNING, "update-handed", "version=%s", update->offer.version);
	text_copy(update->handed, sizeof(update->handed), update->offer.id);
	path_of(sync, command.path, sizeof(command.path));
	text_copy(command.version, sizeof(command.version), update->offer.version);
	update->at = UPDATE_HANDED;
	update->called_back = false;
	if (box_command(sync, &command) != 0)
		update->at = UPDATE_FETCHED; /* when the box is back */
	update->request_id = command.request;
	status_changed(sync);
}

/* All of it is here. */
static void check(struct sync *sync)
{
	struct update *update = &sync->update;
	uint8_t hash[crypto_hash_sha256_BYTES];
	char hex[65];

	crypto_hash_sha256_final(&update->hash, hash);
	sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	if (strcmp(hex, update->offer.sha256) == 0 && fsync(update->fd) == 0) {
		close_file(sync);
		backoff_reset(&update->backoff);
		say(sync, "");
		install(sync);
	} else if (++update->damaged >= DAMAGED_TRIES || !start_over(update)) {
		refuse(sync, "The update arrived damaged three times.");
	} else {
		again(sync, "The update arrived damaged and is fetched again.");
	}
}

/* ---- fetching ---- */

static bool on_data(void *arg, int status, const void *data, size_t len)
{
	struct sync *sync = arg;
	struct update *update = &sync->update;
	const char *at = data;

	/* 200 is the whole, whatever was asked for. */
	if (status == 200 && update->answered == 0 && update->have > 0 && !start_over(update))
		return false;
	update->answered = status;
	if ((int64_t)len > update->offer.size - update->have)
		return false;
	for (size_t done = 0; done < len;) {
		ssize_t n = pwrite(update->fd, at + done, len - done, update->have + (off_t)done);

		if (n < 0)
			return false;
		done += (size_t)n;
	}
	crypto_hash_sha256_update(&update->hash, data, len);
	update->have += (int64_t)len;
	update->hashed = update->have;
	if (update->have - update->synced >= SYNC_BYTES) {
		update->synced = update->have;
		if (fdatasync(update->fd) != 0)
			return false;
	}
	return true;
}

static void on_fetched(void *arg, int err, int status, const char *body, size_t len)
{
	struct sync *sync = arg;
	struct update *update = &sync->update;

	if (err == 0)
		err = fetch_err_of(status, body, len);
	if (err == 0 && update->have == update->offer.size)
		check(sync);
	else if (err == LOBBY_ERR_NOT_FOUND || err == LOBBY_ERR_FORBIDDEN)
		again(sync, "The clinic does not have the update any more.");
	else if (err == LOBBY_ERR_IO)
		refuse(sync, has_room(sync)
				     ? "The update is not as long as was said, or could not be written to the disk."
				     : no_room);
	else
		again(sync, "");
}

static void fetch_more(void *arg)
{
	struct sync *sync = arg;
	struct update *update = &sync->update;
	char path[80], url[400], authorization[160];
	struct fetch_ask ask;

	snprintf(path, sizeof(path), "updates/%s", update->offer.sha256);
	if (!sync_ask(sync, path, url, sizeof(url), authorization, sizeof(authorization), &ask))
		return;
	if (!has_room(sync)) {
		refuse(sync, no_room);
		return;
	}
	ask.timeout_ms = SILENCE_MS;
	ask.max_answer = MAX_JSON;
	ask.data = on_data;
	ask.from = update->have;
	ask.max_rate = RATE;
	update->answered = 0;
	if (fetch_start(sync->fetch, &update->request, &ask, on_fetched, sync) != 0)
		again(sync, "");
}

/* What is there from before is read once, a little at a time: visits do not wait for it. */
static void hash_more(void *arg)
{
	static uint8_t block[HASH_BYTES];
	struct sync *sync = arg;
	struct update *update = &sync->update;
	ssize_t n = pread(update->fd, block, sizeof(block), update->hashed);

	if (n < 0) {
		start_over(update);
	} else {
		crypto_hash_sha256_update(&update->hash, block, (unsigned long long)n);
		update->hashed += n;
	}
	if (update->hashed < update->have)
		loop_timer_set(sync->loop, &update->timer, 0, hash_more, sync);
	else if (update->have == update->offer.size)
		check(sync);
	else
		fetch_more(sync);
}

static void begin(struct sync *sync)
{
	struct update *update = &sync->update;
	char path[PATH_MAX];
	struct stat st;

	path_of(sync, path, sizeof(path));
	remove_others(sync, update->offer.sha256);
	update->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (update->fd < 0 || fstat(update->fd, &st) != 0) {
		close_file(sync);
		say(sync, "The update could not be written to the disk.");
		return;
	}
	update->at = UPDATE_FETCHING;
	crypto_hash_sha256_init(&update->hash);
	update->hashed = update->synced = 0;
	update->have = st.st_size;
	if (update->have > update->offer.size)
		start_over(update);
	status_changed(sync);
	hash_more(sync);
}

/* ---- what is to be done ---- */

static bool was_refused(struct sync *sync)
{
	char id[65];

	return store_get_text(&sync->store, "update_refused", id, sizeof(id)) == 0 &&
	       strcmp(id, sync->update.offer.id) == 0;
}

/* Is what the box tells of an update about the one that is offered now? The same version may be offered again, and then
 * the box tells how the last try ended until it has looked at this one. */
static bool box_has_it(const struct sync *sync)
{
	return strcmp(sync->box.state.update.version, sync->update.offer.version) == 0 &&
	       strcmp(sync->update.taken, sync->update.offer.id) == 0;
}

/* The box is on its way with what it was handed: from here on, what it tells is about this offer. */
static void note_taken(struct sync *sync)
{
	struct update *update = &sync->update;
	const lobby_Update *box = &sync->box.state.update;

	if (box_has_it(sync) || update->called_back || strcmp(update->handed, update->offer.id) != 0 ||
	    strcmp(box->version, update->offer.version) != 0 || box->stage < lobby_UpdateStage_UPDATE_WAITING ||
	    box->stage > lobby_UpdateStage_UPDATE_TRIAL)
		return;
	text_copy(update->taken, sizeof(update->taken), update->handed);
	if (store_set_text(&sync->store, "update_taken", update->taken) != 0)
		log_event(LOG_WARNING, "update-taken", "version=%s", update->offer.version);
}

static bool box_goes_on(const struct sync *sync)
{
	lobby_UpdateStage stage = sync->box.state.update.stage;

	return box_has_it(sync) &&
	       ((stage == lobby_UpdateStage_UPDATE_WAITING && !sync->update.called_back) ||
		stage == lobby_UpdateStage_UPDATE_INSTALLING || stage == lobby_UpdateStage_UPDATE_INSTALLED);
}

/* What the box was handed is not offered any more (paused, stopped, another one instead): it is to forget it, unless it
 * is being installed already. Once is enough; a box that was away has forgotten it anyway. */
static void call_back(struct sync *sync)
{
	struct update *update = &sync->update;
	lobby_SystemCommand command = { .what = lobby_SystemDo_SYSTEM_INSTALL };

	if (update->called_back || !sync->box.known)
		return;
	log_event(LOG_NOTICE, "update-call-back", "version=%s", sync->box.state.update.version);
	update->called_back = box_command(sync, &command) == 0;
}

void update_look(struct sync *sync)
{
	struct update *update = &sync->update;
	const lobby_SystemState *box = &sync->box.state;

	/* Handed over before our own restart, and taken back meanwhile. */
	if (sync->box.known && box->update.stage == lobby_UpdateStage_UPDATE_WAITING && update->handed[0] != '\0' &&
	    strcmp(update->handed, update->offer.id) != 0)
		call_back(sync);
	if (!update->offered || !sync->box.known || box->slot[0] == '\0' || update->at == UPDATE_OVER)
		return;
	note_taken(sync);
	if (strcmp(box->version, update->offer.version) == 0) {
		close_file(sync);
		remove_others(sync, NULL);
		update->at = UPDATE_OVER;
	} else if (box->update.stage == lobby_UpdateStage_UPDATE_FELL_BACK && box_has_it(sync) && !was_refused(sync)) {
		refuse(sync, box->update.text);
	} else if (update->at == UPDATE_IDLE && was_refused(sync)) {
		update->at = UPDATE_OVER;
	} else if ((update->at == UPDATE_IDLE || update->at == UPDATE_FETCHED) && box_goes_on(sync)) {
		update->at = UPDATE_HANDED; /* before our own restart, or the line to it was lost for a moment */
	} else if (update->at == UPDATE_FETCHED) {
		install(sync);
	} else if (update->at == UPDATE_IDLE) {
		begin(sync);
	}
}

static void load_id(struct sync *sync, const char *name, char id[UPDATE_ID])
{
	if (store_get_text(&sync->store, name, id, UPDATE_ID) != 0)
		id[0] = '\0';
}

void update_load(struct sync *sync)
{
	char text[MAX_JSON];
	json_t *json = NULL;
	struct update_offer offer;

	if (store_get_text(&sync->store, "update", text, sizeof(text)) == 0)
		json = json_loads(text, 0, NULL);
	if (json == NULL || !offer_of_json(json, &offer))
		offer = (struct update_offer){ 0 };
	json_decref(json);
	load_id(sync, "update_handed", sync->update.handed);
	load_id(sync, "update_taken", sync->update.taken);
	if (strcmp(offer.id, sync->update.offer.id) != 0) {
		if (sync->update.at == UPDATE_HANDED)
			call_back(sync);
		close_file(sync);
		sync->update.damaged = 0;
		backoff_reset(&sync->update.backoff);
		say(sync, "");
	}
	sync->update.offered = offer.id[0] != '\0';
	sync->update.offer = offer;
	update_look(sync);
}

void update_init(struct sync *sync, const char *folder)
{
	sync->update_folder = folder;
	sync->update.fd = -1;
}

void update_stop(struct sync *sync)
{
	close_file(sync);
}

void update_answer(struct sync *sync, const lobby_SystemAnswer *answer)
{
	struct update *update = &sync->update;

	if (update->at != UPDATE_HANDED || answer->request != update->request_id)
		return;
	if (answer->err == 0)
		return; /* the box tells how it goes on */
	if (answer->err == LOBBY_ERR_BUSY) {
		update->at = UPDATE_FETCHED; /* at the box's next news */
		return;
	}
	refuse(sync, answer->text[0] != '\0' ? answer->text : err_staff_text(answer->err));
}

void update_box_gone(struct sync *sync)
{
	if (sync->update.at == UPDATE_HANDED)
		sync->update.at = UPDATE_FETCHED;
	sync->update.called_back = false;
}

static json_t *told(const char *id, const char *stage, const char *version, int64_t percent, const char *text)
{
	return json_pack("{s:s, s:s, s:s, s:I, s:s}", "id", id, "stage", stage, "version", version, "percent",
			 (json_int_t)percent, "text", text);
}

json_t *update_json(const struct sync *sync)
{
	static const char *const stages[] = { "none",  "waiting", "installing", "installed",
					      "trial", "good",	  "fell-back",	"refused" };
	const struct update *update = &sync->update;
	const lobby_Update *box = &sync->box.state.update;
	bool here = (size_t)box->stage < sizeof(stages) / sizeof(stages[0]);

	if (update->at == UPDATE_FETCHING)
		return told(update->offer.id, "downloading", update->offer.version,
			    update->have * 100 / update->offer.size, update->text);
	if (update->at == UPDATE_OVER && update->text[0] != '\0' &&
	    (box->stage != lobby_UpdateStage_UPDATE_FELL_BACK || !box_has_it(sync)))
		return told(update->offer.id, "refused", update->offer.version, 0, update->text);
	if ((update->at == UPDATE_FETCHED || update->at == UPDATE_HANDED) && !box_has_it(sync))
		return told(update->offer.id, "waiting", update->offer.version, 0, "");
	return told(update->taken, here ? stages[box->stage] : "none", box->version, box->percent, box->text);
}

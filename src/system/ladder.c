/* See ladder.h. */
#include "ladder.h"

#include "closed.h"
#include "espfile.h"
#include "keep.h"
#include "partition.h"
#include "rescue.h"
#include "tpm.h"
#include "vault.h"
#include "worker.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mark.h"
#include "base/text.h"

#include <poll.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAPPED "/dev/mapper/" LADDER_NAME
#define TPM_WAIT_MS 20000
#define NODE_WAIT_MS 10000
#define DISK_WAIT_MS 10000
#define CLOSE_TRIES 20
#define STEP_MS 100
#define STATUS_FILE "lobby-state"
#define CLOSED_FILE "lobby-state-closed" /* this start was counted */
#define KEY_FILE "state.key"

/* What is known on the way up. */
struct climb {
	const struct ladder *at;
	char device[PARTITION_PATH];
	bool has_tpm;
	bool rescued; /* what was kept lies in RUN/lobby-rescue */
	bool restart; /* see LADDER_RESTART */
	struct ladder_result result;
};

static void remark(struct climb *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The first remark is the cause of those that follow: it stays. */
static void remark(struct climb *c, const char *format, ...)
{
	va_list args;

	if (c->result.text[0] != '\0')
		return;
	va_start(args, format);
	vsnprintf(c->result.text, sizeof(c->result.text), format, args);
	va_end(args);
	log_event(LOG_WARNING, "state-remark", "text=\"%s\"", c->result.text);
}

/* Device nodes come a little after what they are nodes of. */
static bool wait_for(const char *path, int64_t most_ms)
{
	for (int64_t waited = 0; access(path, F_OK) != 0; waited += STEP_MS) {
		if (waited >= most_ms)
			return false;
		poll(NULL, 0, STEP_MS);
	}
	return true;
}

/* Its driver may be loaded late (SPI), so one that should be there is waited for: the vault was made with it, or the
 * firmware has it in its tables. */
static bool look_for_tpm(const struct ladder *at, bool should_be)
{
	char path[192];

	snprintf(path, sizeof(path), "%s/firmware/acpi/tables/TPM2", at->sys);
	should_be = should_be || access(path, F_OK) == 0;
	snprintf(path, sizeof(path), "%s/class/tpm/tpm0", at->sys);
	if (should_be && access(path, F_OK) != 0)
		worker_say("stage %s", N_("Waiting for this machine's TPM."));
	return wait_for(path, should_be ? TPM_WAIT_MS : 0) && wait_for(at->tpm, NODE_WAIT_MS);
}

/* ---- the key on the ESP ------------------------------------------------------------------------------------------ */

static int key_read(const struct ladder *at, uint8_t key[VAULT_KEY])
{
	struct esp esp;
	char *text = NULL;
	size_t len = 0, decoded = 0;
	int err = esp_open(&esp, at->esp_folder, at->esp);

	if (err != 0)
		return err;
	err = espfile_read(&esp, KEY_FILE, 256, &text, &len);
	if (err == 0 && (sodium_base642bin(key, VAULT_KEY, text, len, "\r\n ", &decoded, NULL,
					   sodium_base64_VARIANT_ORIGINAL) != 0 ||
			 decoded != VAULT_KEY))
		err = LOBBY_ERR_CORRUPT;
	if (text != NULL)
		sodium_memzero(text, len);
	free(text);
	esp_close(&esp);
	return err;
}

static int key_write(const struct ladder *at, const uint8_t key[VAULT_KEY])
{
	char text[sodium_base64_ENCODED_LEN(VAULT_KEY, sodium_base64_VARIANT_ORIGINAL)];
	struct esp esp;
	int err = esp_open(&esp, at->esp_folder, at->esp);

	if (err != 0)
		return err;
	sodium_bin2base64(text, sizeof(text), key, VAULT_KEY, sodium_base64_VARIANT_ORIGINAL);
	err = espfile_write(&esp, KEY_FILE, text, strlen(text));
	sodium_memzero(text, sizeof(text));
	esp_close(&esp);
	return err;
}

static void key_remove(const struct ladder *at)
{
	struct esp esp;

	if (esp_open(&esp, at->esp_folder, at->esp) != 0)
		return;
	espfile_remove(&esp, KEY_FILE);
	esp_close(&esp);
}

/* ---- what does not open ------------------------------------------------------------------------------------------ */

static void who_of(const struct ladder *at, char who[CLOSED_WHO])
{
	snprintf(who, CLOSED_WHO, "%s %s", at->slot, at->version);
}

static void note_opened(const struct climb *c)
{
	char who[CLOSED_WHO];
	struct esp esp;

	if (esp_open(&esp, c->at->esp_folder, c->at->esp) != 0)
		return;
	who_of(c->at, who);
	closed_opened(&esp, who);
	esp_close(&esp);
}

/* Counted once a start, however often lobby-system is started in it. */
static enum closed_verdict count_closed(const struct climb *c)
{
	char path[192], who[CLOSED_WHO];
	enum closed_verdict verdict;
	struct esp esp;
	bool again;

	snprintf(path, sizeof(path), "%s/" CLOSED_FILE, c->at->run);
	again = access(path, F_OK) == 0;
	if ((!again && file_replace(path, "", 0, 0600) != 0) || esp_open(&esp, c->at->esp_folder, c->at->esp) != 0)
		return CLOSED_WAIT;
	who_of(c->at, who);
	verdict = closed_count(&esp, who, again);
	esp_close(&esp);
	return verdict;
}

static void remark_closed(struct climb *c, const struct vault_facts *facts)
{
	if (c->restart)
		remark(c,
		       N_("This version cannot open what was kept. The kiosk starts again; after three such starts the "
			  "version before it is back."));
	else if (!facts->header)
		remark(c, N_("What was kept cannot be read. Start the kiosk again before you set it up; at the fourth "
			     "start like this it is made anew."));
	else if (facts->tpm && !c->has_tpm)
		remark(c,
		       N_("The TPM does not answer: what was kept is closed. Start the kiosk again before you set it "
			  "up; at the fourth start like this it is made anew."));
	else if (facts->tpm)
		remark(c,
		       N_("The TPM refused to open what was kept. Start the kiosk again before you set it up; at the "
			  "fourth start like this it is made anew."));
	else
		remark(c,
		       N_("The key of what was kept cannot be read. Start the kiosk again before you set it up; at the "
			  "fourth start like this it is made anew."));
}

/* What an earlier lobby-system had opened when it ended: nobody uses it yet, for it never said that it was ready. */
static int close_left_over(const struct ladder *at)
{
	int err = 0;

	if (keep_is_mounted(at->state))
		keep_unmount(at->state);
	rescue_close_left_over(at->run);
	for (int i = 0; i < CLOSE_TRIES && access(MAPPED, F_OK) == 0; i++) {
		if (i > 0)
			poll(NULL, 0, 5 * STEP_MS);
		err = vault_close(LADDER_NAME);
		log_event(LOG_WARNING, "state-left-open", "error=%s", err_event(err));
	}
	return err == 0 ? 0 : LOBBY_ERR_BUSY;
}

/* ---- the vault --------------------------------------------------------------------------------------------------- */

/* Of what a program said: why it failed comes last. */
static const char *last_line(char *said)
{
	char *at;

	text_trim(said);
	at = strrchr(said, '\n');
	return at != NULL ? at + 1 : said;
}

/* The TPM has opened it before the key goes. */
static int vault_new_tpm(struct climb *c, const uint8_t key[VAULT_KEY])
{
	char said[1024] = "";
	int err = vault_bind_tpm(c->device, key, c->at->run, "auto", said, sizeof(said));

	if (err == 0)
		err = vault_open_tpm(c->device, LADDER_NAME, NULL);
	tpm_settle_device(c->at->tpm);
	if (err == 0)
		err = vault_drop_key(c->device);
	if (err == 0) {
		key_remove(c->at);
		c->result.protection = lobby_Protection_PROTECTION_TPM;
		return 0;
	}
	log_event(LOG_ERROR, "tpm", "error=%s says=\"%s\"", err_event(err), last_line(said));
	remark(c, N_("This machine's TPM did not take the key: it lies on the disk instead."));
	if (access(MAPPED, F_OK) == 0 && vault_close(LADDER_NAME) != 0)
		return LOBBY_ERR_IO;
	return err;
}

/* Makes a vault and opens it. Without a TPM the key is on the ESP before the vault needs it. */
static int vault_new(struct climb *c)
{
	uint8_t key[VAULT_KEY];
	int err;

	worker_say("stage %s", N_("Making the state partition. This takes a moment, once."));
	randombytes_buf(key, sizeof(key));
	err = vault_make(c->device, key);
	if (err == 0 && (!c->has_tpm || vault_new_tpm(c, key) != 0)) {
		err = key_write(c->at, key);
		if (err == 0)
			err = vault_open_key(c->device, LADDER_NAME, key);
		c->result.protection = lobby_Protection_PROTECTION_NO_TPM;
	}
	sodium_memzero(key, sizeof(key));
	return err;
}

/* Opens what is there. A TPM is asked twice. */
static int vault_old(struct climb *c, const struct vault_facts *facts)
{
	uint8_t key[VAULT_KEY];
	int err = LOBBY_ERR_DENIED;

	c->result.protection = lobby_Protection_PROTECTION_TPM;
	for (int i = 0; facts->tpm && c->has_tpm && i < 2 && err != 0; i++)
		err = vault_open_tpm(c->device, LADDER_NAME, NULL);
	if (facts->tpm && c->has_tpm)
		tpm_settle_device(c->at->tpm);
	if (err != 0 && key_read(c->at, key) == 0) {
		err = vault_open_key(c->device, LADDER_NAME, key);
		c->result.protection = lobby_Protection_PROTECTION_NO_TPM;
	}
	sodium_memzero(key, sizeof(key));
	return err;
}

static void remark_lost(struct climb *c, const struct vault_facts *facts)
{
	if (!facts->header)
		remark(c, N_("The disk held nothing that could be read: this kiosk starts as new, and has to be "
			     "enrolled."));
	else if (facts->tpm && !c->has_tpm)
		remark(c, N_("This machine's TPM is gone. What was kept cannot be read without it and was made anew: "
			     "enrol again."));
	else if (facts->tpm)
		remark(c, N_("The TPM refused: another machine, or Secure Boot was changed. The state was made anew: "
			     "enrol again."));
	else
		remark(c, N_("The key of the state partition is lost. What was kept was made anew: enrol this kiosk "
			     "again."));
}

/* ---- the file system --------------------------------------------------------------------------------------------- */

static int filesystem_new(struct climb *c)
{
	int err = keep_make(MAPPED, rescue_room(MAPPED));

	if (err == 0)
		err = keep_mount(MAPPED, c->at->state, false);
	if (err == 0)
		err = keep_folders(c->at->state);
	return err;
}

/* Into memory, and to the vault's end in case that the power goes; or from there, if it went. */
static void rescue_save(const struct ladder *at)
{
	int err;

	if (rescue_is_kept(MAPPED) && rescue_read_kept(at->run, MAPPED) == 0) {
		log_event(LOG_WARNING, "rescue-goes-on", "from=%s", MAPPED);
		return;
	}
	rescue_read(at->run, MAPPED, at->state);
	err = rescue_keep(at->run, MAPPED);
	if (err != 0)
		log_event(LOG_ERROR, "rescue-not-kept", "error=%s", err_event(err));
}

/* Reads what can be read of the outbox into memory, makes the file system anew, and puts it back. When the disk
 * takes no more writes, it is put into what is mounted instead (climb_memory). */
static int filesystem_rescue(struct climb *c)
{
	int kept = 0, err;

	worker_say("stage %s", N_("The disk is damaged: saving what was not sent yet."));
	rescue_save(c->at);
	c->rescued = true;
	err = filesystem_new(c);
	if (err == 0)
		err = rescue_return(c->at->run, c->at->state, &kept);
	if (err == 0)
		err = rescue_forget(MAPPED);
	if (err != 0)
		return err;
	c->rescued = false;
	if (kept > 0)
		remark(c,
		       N_("The disk was damaged and was made anew. The kiosk's own records were rescued (%d files)."),
		       kept);
	else
		remark(c, N_("The disk was damaged beyond repair and was made anew. This kiosk has to be enrolled "
			     "again."));
	return 0;
}

static int filesystem_old(struct climb *c)
{
	bool mended = false;
	int err;

	/* The power went while it was made anew: what it looks like says nothing. */
	if (rescue_is_kept(MAPPED))
		return filesystem_rescue(c);
	worker_say("stage %s", N_("Checking the disk."));
	err = keep_check(MAPPED, &mended);
	if (err == 0)
		err = keep_mount(MAPPED, c->at->state, false);
	if (err == 0)
		err = keep_folders(c->at->state);
	if (err == LOBBY_ERR_DISK_FULL)
		err = 0; /* room is made next */
	else if (err != 0 && keep_is_mounted(c->at->state))
		keep_unmount(c->at->state);
	if (err == 0 && mended)
		remark(c, N_("The disk's file system was damaged and has been mended."));
	return err != 0 ? filesystem_rescue(c) : 0;
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

static int climb_partition(struct climb *c)
{
	char said[512] = "";
	int err = partition_find(c->at->disk, "state", c->device);

	if (err == 0)
		return wait_for(c->device, DISK_WAIT_MS) ? 0 : LOBBY_ERR_IO;
	worker_say("stage %s", N_("Making room for the state partition."));
	err = partition_make(c->at->disk, c->at->definitions, said, sizeof(said));
	if (err == 0)
		err = partition_find(c->at->disk, "state", c->device);
	if (err == 0 && !wait_for(c->device, DISK_WAIT_MS))
		err = LOBBY_ERR_IO;
	if (err == LOBBY_ERR_DISK_FULL)
		remark(c, N_("The disk is too small for a state partition: nothing is kept when this kiosk restarts."));
	else if (err != 0)
		remark(c, N_("The disk takes no state partition (is it broken?): nothing is kept when this kiosk "
			     "restarts."));
	if (err != 0)
		log_event(LOG_ERROR, "repart", "error=%s says=\"%s\"", err_event(err), last_line(said));
	return err;
}

/* A partition with nothing in it that could ever be opened. */
static int climb_anew(struct climb *c)
{
	int err = vault_new(c);

	if (err == 0)
		err = filesystem_new(c);
	if (err == 0)
		err = vault_finish(c->device);
	if (err == 0)
		note_opened(c);
	else
		c->result.text[0] = '\0'; /* nothing was made anew: climb_memory() has the words */
	return err;
}

/* What was kept does not open: not before its time is it given up (closed.h). */
static int climb_closed(struct climb *c, const struct vault_facts *facts)
{
	enum closed_verdict verdict = count_closed(c);

	if (verdict == CLOSED_ANEW)
		return 0;
	c->restart = verdict == CLOSED_RESTART;
	remark_closed(c, facts);
	return LOBBY_ERR_DENIED;
}

static int climb_disk(struct climb *c)
{
	struct vault_facts facts;
	bool fresh;
	int err = close_left_over(c->at);

	fresh = partition_find(c->at->disk, "state", c->device) != 0;
	if (err == 0)
		err = climb_partition(c);
	if (err != 0)
		return err;
	vault_look(c->device, &facts);
	c->has_tpm = look_for_tpm(c->at, facts.tpm);
	if (c->has_tpm)
		tpm_unlock_device(c->at->tpm);
	if (facts.complete) {
		err = vault_old(c, &facts);
		if (err == 0) {
			note_opened(c);
			return filesystem_old(c);
		}
		if (err == LOBBY_ERR_BUSY)
			return err;
	}
	if (!fresh && (facts.complete || facts.remains)) {
		err = climb_closed(c, &facts);
		if (err != 0)
			return err;
	}
	if (!fresh && (facts.complete || !facts.header))
		remark_lost(c, &facts);
	return climb_anew(c);
}

/* Nothing of the disk, or what was rescued of it. */
static int climb_memory(struct climb *c)
{
	int kept = 0, err;

	if (keep_is_mounted(c->at->state))
		keep_unmount(c->at->state);
	c->result.protection = lobby_Protection_PROTECTION_MEMORY;
	err = keep_mount_memory(c->at->state);
	if (err == 0)
		err = keep_folders(c->at->state);
	if (err == 0 && c->rescued && rescue_return(c->at->run, c->at->state, &kept) != 0)
		log_event(LOG_ERROR, "rescue", "files=%d", kept);
	if (kept > 0)
		remark(c,
		       N_("The disk takes no more writes: replace it. The kiosk works from memory with its records (%d "
			  "files); what is new is lost when it restarts."),
		       kept);
	/* Whatever it was: nothing is kept. */
	remark(c, N_("The disk cannot be written (is it broken?): nothing is kept when this kiosk restarts."));
	return err;
}

int ladder_work(void *arg)
{
	const struct ladder *at = arg;
	struct climb c = { .at = at };
	char path[192], status[256], full[sizeof(c.result.text)];
	int err;

	if (sodium_init() < 0)
		return 1;
	/* libdevmapper makes its nodes itself: nothing here waits for udev. */
	setenv("DM_DISABLE_UDEV", "1", 1);
	err = climb_disk(&c);
	if (c.restart) {
		worker_say("stage %s", c.result.text);
		return LADDER_RESTART;
	}
	if (err != 0)
		err = climb_memory(&c);
	keep_make_room(at->state, full, sizeof(full));
	if (full[0] != '\0' && c.result.protection != lobby_Protection_PROTECTION_MEMORY)
		remark(&c, "%s", full);
	snprintf(status, sizeof(status), "done %d %s", (int)c.result.protection, c.result.text);
	if (snprintf(path, sizeof(path), "%s/" STATUS_FILE, at->run) >= (int)sizeof(path) ||
	    file_replace(path, status, strlen(status), 0600) != 0)
		log_event(LOG_ERROR, "state-unnoted", "error=%s", err_event(LOBBY_ERR_IO));
	worker_say("%s", status);
	return err != 0;
}

int ladder_parse(const char *line, struct ladder_result *result)
{
	char *end;
	long protection;

	if (strncmp(line, "done ", 5) != 0)
		return LOBBY_ERR_INVALID;
	protection = strtol(line + 5, &end, 10);
	if (end == line + 5 || *end != ' ' || protection < lobby_Protection_PROTECTION_TPM ||
	    protection > lobby_Protection_PROTECTION_MEMORY)
		return LOBBY_ERR_INVALID;
	result->protection = (lobby_Protection)protection;
	text_copy(result->text, sizeof(result->text), end + 1);
	return 0;
}

int ladder_earlier(const struct ladder *ladder, struct ladder_result *result)
{
	char path[192], *text = NULL;
	size_t len = 0;
	int err;

	if (!keep_is_mounted(ladder->state) ||
	    snprintf(path, sizeof(path), "%s/" STATUS_FILE, ladder->run) >= (int)sizeof(path))
		return LOBBY_ERR_NOT_FOUND;
	err = file_read(path, 512, &text, &len);
	if (err == 0)
		err = ladder_parse(text, result);
	free(text);
	return err == 0 ? 0 : LOBBY_ERR_NOT_FOUND;
}

int ladder_wipe(void *arg)
{
	const struct ladder *at = arg;
	char device[PARTITION_PATH];
	struct esp esp;
	int err;

	if (sodium_init() < 0)
		return 1;
	key_remove(at);
	if (esp_open(&esp, at->esp_folder, at->esp) == 0) {
		closed_forget(&esp);
		esp_close(&esp);
	}
	err = partition_find(at->disk, "state", device);
	return err == LOBBY_ERR_NOT_FOUND ? 0 : err != 0 || vault_destroy(device) != 0;
}

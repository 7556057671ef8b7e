/* See stick.h. */
#include "stick.h"

#include "lift.h"
#include "plug.h"
#include "update.h"
#include "worker.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mark.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOOK_MS 20000
#define COPY_MS 600000
#define UPDATE_MAX (512ULL << 20)
#define RESERVE (64ULL << 20) /* visits and the journal are kept on the same disk */

enum { DESCRIPTION, SIGNATURE, PROVISIONING, PARTS };

struct stick {
	struct plug plug;
	struct worker worker;
	struct lift lift;
	lobby_Stick told;
	struct manifest manifest;
	uint64_t start;
	int fd[PARTS];
	uint64_t len[PARTS]; /* UINT64_MAX: not on the stick */
	char *provisioning;
	size_t provisioning_len;
	/* a copy under way */
	char to[256];
	stick_percent_fn *percent;
	stick_done_fn *done;
	void *arg;
	struct manifest_file copied;
	uint64_t missing; /* bytes, for it to have room */
	uint32_t token;	  /* of SYSTEM_INSTALL_STICK */
};

static void tell(struct system *sys, lobby_StickState state, const char *text)
{
	struct stick *s = sys->stick;

	s->told.state = state;
	text_copy(s->told.text, sizeof(s->told.text), text);
	log_event(LOG_NOTICE, "stick", "state=%d text=\"%s\"", (int)state, s->told.text);
	system_changed(sys);
}

static void forget(struct system *sys)
{
	struct stick *s = sys->stick;

	s->told = (lobby_Stick)lobby_Stick_init_zero;
	s->manifest = (struct manifest){ 0 };
	if (s->provisioning != NULL)
		sodium_memzero(s->provisioning, s->provisioning_len); /* a passphrase may be in it */
	free(s->provisioning);
	s->provisioning = NULL;
	for (size_t i = 0; i < PARTS; i++) {
		if (s->fd[i] >= 0)
			close(s->fd[i]);
		s->fd[i] = -1;
		s->len[i] = UINT64_MAX;
	}
}

/* ---- looking ----------------------------------------------------------------------------------------------------- */

/* A lifted file, in memory of ours; NULL when it is not there. */
static char *take(struct stick *s, int part, size_t *len)
{
	char *data;

	if (s->len[part] == UINT64_MAX || s->len[part] > PROVISIONING * (uint64_t)MANIFEST_MAX)
		return NULL;
	data = calloc(1, (size_t)s->len[part] + 1);
	if (data == NULL)
		return NULL;
	*len = (size_t)s->len[part];
	if (pread(s->fd[part], data, *len, 0) != (ssize_t)*len) {
		free(data);
		return NULL;
	}
	return data;
}

static bool hash_is(const char *data, size_t len, const uint8_t want[32])
{
	uint8_t hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, (const unsigned char *)data, len);
	return sodium_memcmp(hash, want, sizeof(hash)) == 0;
}

/* What it can be used for, in words. */
static void describe(const struct manifest *m, bool provisioning, char *out, size_t size)
{
	const struct {
		bool is;
		const char *text;
	} rights[] = {
		{ provisioning, N_("It sets this kiosk up.") },
		{ m->logs, N_("It takes logs.") },
		{ m->technician, N_("It stands for the PIN.") },
		{ m->clock_behind, N_("The clock here is behind.") },
	};
	size_t at = (size_t)snprintf(out, size, N_("Signed stick, good until %s."), m->expires);

	if (m->update_file[0] != '\0' && at < size)
		at += (size_t)snprintf(out + at, size - at, " " N_("It updates to %s."), m->update_version);
	for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++)
		if (rights[i].is && at < size)
			at += (size_t)snprintf(out + at, size - at, " %s", rights[i].text);
}

/* The provisioning file is kept, if the stick may and its hash is the one that was signed. */
static bool keep_provisioning(struct stick *s)
{
	const struct manifest_file *listed = manifest_find(&s->manifest, "provision.json");

	if (!s->manifest.provision || listed == NULL)
		return true;
	s->provisioning = take(s, PROVISIONING, &s->provisioning_len);
	return s->provisioning != NULL && hash_is(s->provisioning, s->provisioning_len, listed->sha256);
}

static void judge(struct system *sys)
{
	struct stick *s = sys->stick;
	char why[MANIFEST_WHY] = "";
	size_t len = 0, signature_len = 0;
	char *json = take(s, DESCRIPTION, &len), *signature = take(s, SIGNATURE, &signature_len);
	uint8_t key[32];

	if (json == NULL || signature == NULL)
		tell(sys, lobby_StickState_STICK_REFUSED, N_("This is no technician's stick: nothing on it was used."));
	else if (manifest_key_read(sys->options.stick_key, key) != 0)
		tell(sys, lobby_StickState_STICK_REFUSED, N_("This kiosk knows no key for sticks."));
	else if (manifest_read(json, len, signature, signature_len, key, clock_wall_ms(), &s->manifest, why) != 0)
		tell(sys, lobby_StickState_STICK_REFUSED, why);
	else if (!keep_provisioning(s))
		tell(sys, lobby_StickState_STICK_REFUSED,
		     N_("The provisioning file is not the one that was signed: nothing on this stick was used."));
	else {
		if (!s->manifest.update)
			s->manifest.update_file[0] = s->manifest.update_version[0] = '\0';
		s->told.has_provisioning = s->provisioning != NULL;
		s->told.technician = s->manifest.technician;
		text_copy(s->told.update_version, sizeof(s->told.update_version), s->manifest.update_version);
		describe(&s->manifest, s->provisioning != NULL, why, sizeof(why));
		tell(sys, lobby_StickState_STICK_TRUSTED, why);
	}
	free(json);
	free(signature);
}

static void on_line(void *owner, const char *line)
{
	struct system *sys = owner;
	struct stick *s = sys->stick;
	uint64_t index = 0, value = 0;

	switch (lift_parse(line, &index, &value)) {
	case LIFT_START:
		s->start = value;
		break;
	case LIFT_FILE:
		if (index < PARTS)
			s->len[index] = value;
		break;
	case LIFT_PERCENT:
		if (s->done != NULL && s->percent != NULL)
			s->percent(sys, s->arg, (unsigned)value);
		break;
	case LIFT_MISSING:
		s->missing = value;
		break;
	default:
		break;
	}
}

static void on_looked(void *owner, int status)
{
	struct system *sys = owner;

	if (status == 0)
		judge(sys);
	else if (status == 1)
		tell(sys, lobby_StickState_STICK_REFUSED,
		     N_("This stick has no FAT file system: nothing on it was used."));
	else if (status == 3)
		tell(sys, lobby_StickState_STICK_REFUSED,
		     N_("This stick's files are too long: nothing on it was used."));
	else
		tell(sys, lobby_StickState_STICK_REFUSED,
		     N_("This stick is damaged or cannot be read: nothing on it was used."));
	if (sys->stick->told.state != lobby_StickState_STICK_TRUSTED) {
		lobby_Stick told = sys->stick->told;

		forget(sys);
		sys->stick->told = told;
	}
}

static void look(struct system *sys, const char *device)
{
	static const char *const paths[PARTS] = { "lobby/stick.json", "lobby/stick.sig", "lobby/provision.json" };
	static const uint64_t most[PARTS] = { MANIFEST_MAX, MANIFEST_SIGNATURE_MAX, MANIFEST_MAX };
	struct stick *s = sys->stick;

	s->lift = (struct lift){ .device = device };
	for (size_t i = 0; i < PARTS; i++) {
		s->fd[i] = memfd_create("lobby-stick", MFD_CLOEXEC);
		text_copy(s->lift.file[i].path, sizeof(s->lift.file[i].path), paths[i]);
		s->lift.file[i].max = most[i];
		s->lift.file[i].fd = s->fd[i];
	}
	if (s->fd[0] < 0 || s->fd[1] < 0 || s->fd[2] < 0 ||
	    worker_start(&s->worker, sys->loop, LOOK_MS, lift_work, &s->lift, on_line, on_looked, sys) != 0) {
		tell(sys, lobby_StickState_STICK_REFUSED, N_("This stick could not be looked at. Plug it in again."));
		return;
	}
	tell(sys, lobby_StickState_STICK_LOOKING, N_("Looking at the stick."));
}

/* Ends a copy, whoever asked for it. */
static void copy_end(struct system *sys, int err, const char *text)
{
	struct stick *s = sys->stick;
	stick_done_fn *done = s->done;

	s->done = NULL;
	if (s->lift.file[0].fd >= 0)
		close(s->lift.file[0].fd);
	s->lift.file[0].fd = -1;
	if (err != 0)
		unlink(s->to);
	if (done != NULL)
		done(sys, s->arg, err, text);
}

static void on_plug(void *arg, const char *device)
{
	struct system *sys = arg;
	struct stick *s = sys->stick;

	if (device != NULL && s->done != NULL)
		return; /* a disk that announces itself again while it is read */
	worker_stop(&s->worker);
	if (s->done != NULL)
		copy_end(sys, LOBBY_ERR_UNPLUGGED, N_("The stick was taken out too early."));
	forget(sys);
	if (device == NULL)
		tell(sys, lobby_StickState_STICK_NONE, "");
	else
		look(sys, device);
}

/* ---- an update --------------------------------------------------------------------------------------------------- */

/* A worker of its own: the one that reads the stick is not believed. */
static int compare_hash(void *arg)
{
	const struct stick *s = arg;
	crypto_hash_sha256_state state;
	uint8_t hash[crypto_hash_sha256_BYTES];
	static uint8_t piece[65536];
	int fd = s->lift.file[0].fd;
	ssize_t n;

	if (lseek(fd, 0, SEEK_SET) != 0 || fsync(fd) != 0)
		return 2;
	crypto_hash_sha256_init(&state);
	while ((n = read(fd, piece, sizeof(piece))) > 0)
		crypto_hash_sha256_update(&state, piece, (size_t)n);
	crypto_hash_sha256_final(&state, hash);
	return n < 0 ? 2 : sodium_memcmp(hash, s->copied.sha256, sizeof(hash)) != 0;
}

static void on_compared(void *owner, int status)
{
	copy_end(owner,
		 status == 0   ? 0
		 : status == 1 ? LOBBY_ERR_CORRUPT
			       : LOBBY_ERR_IO,
		 status == 0   ? NULL
		 : status == 1 ? N_("The update on the stick is not the one that was signed: it was not used.")
			       : N_("The update could not be copied. Is the disk full?"));
}

static void on_copied(void *owner, int status)
{
	struct system *sys = owner;
	struct stick *s = sys->stick;

	char text[SYSTEM_TEXT];

	if (status == 4 && s->missing > 0) {
		snprintf(text, sizeof(text),
			 N_("There is not enough room on the disk for the update: %u MB are missing."),
			 (unsigned)((s->missing + 999999) / 1000000));
		copy_end(sys, LOBBY_ERR_DISK_FULL, text);
	} else if (status == 4)
		copy_end(sys, LOBBY_ERR_IO, N_("The update could not be written to the disk."));
	else if (status != 0 || s->len[0] == UINT64_MAX)
		copy_end(sys, LOBBY_ERR_IO, N_("The update could not be read from the stick."));
	else if (worker_start(&s->worker, sys->loop, COPY_MS, compare_hash, s, NULL, on_compared, sys) != 0)
		copy_end(sys, LOBBY_ERR_NO_MEMORY, NULL);
}

int stick_copy_update(struct system *sys, const char *path, stick_percent_fn *percent, stick_done_fn *done, void *arg)
{
	struct stick *s = sys->stick;
	const struct manifest_file *listed = manifest_find(&s->manifest, s->manifest.update_file);
	int fd, err;

	if (s->told.state != lobby_StickState_STICK_TRUSTED || listed == NULL)
		return LOBBY_ERR_NOT_FOUND;
	if (worker_runs(&s->worker))
		return LOBBY_ERR_BUSY;
	if (!text_copy(s->to, sizeof(s->to), path))
		return LOBBY_ERR_TOO_LONG;
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return LOBBY_ERR_IO;
	s->lift = (struct lift){ .device = s->plug.device };
	snprintf(s->lift.file[0].path, sizeof(s->lift.file[0].path), "lobby/%s", listed->name);
	s->lift.file[0].max = UPDATE_MAX;
	s->lift.file[0].fd = fd;
	s->lift.file[0].reserve = RESERVE;
	s->copied = *listed;
	s->missing = 0;
	s->len[0] = UINT64_MAX;
	s->percent = percent;
	s->done = done;
	s->arg = arg;
	err = worker_start(&s->worker, sys->loop, COPY_MS, lift_work, &s->lift, on_line, on_copied, sys);
	if (err != 0) {
		s->done = NULL;
		close(fd);
		unlink(path);
	}
	return err;
}

static void on_update_there(struct system *sys, void *arg, int err, const char *text)
{
	struct stick *s = sys->stick;
	uint32_t token = s->token;
	char path[sizeof(s->to)];

	(void)arg;
	s->token = 0;
	/* Only now: the one that was copied before may wait there, and must stay whole. */
	if (err == 0 && (update_is_busy(sys) || update_stick_path(sys, true, path, sizeof(path)) != 0 ||
			 rename(s->to, path) != 0)) {
		err = update_is_busy(sys) ? LOBBY_ERR_BUSY : LOBBY_ERR_IO;
		text = update_is_busy(sys) ? N_("Another update is under way.") : NULL;
		unlink(s->to);
	}
	if (err != 0)
		system_answer_later(sys, token, err, text);
	else
		update_install(sys, path, s->manifest.update_version, true, token);
}

static int start_copy(struct system *sys)
{
	char path[sizeof(sys->stick->to)];
	int err = system_state_path(sys, path, sizeof(path), "system");

	if (err == 0)
		err = file_make_folder(path, 0700);
	if (err == 0)
		err = update_stick_path(sys, false, path, sizeof(path));
	return err != 0 ? err : stick_copy_update(sys, path, NULL, on_update_there, NULL);
}

void stick_install_command(struct system *sys, struct wire_conn *conn, const lobby_SystemCommand *command)
{
	struct stick *s = sys->stick;
	int err;

	if (!sys->state_ready || s->token != 0) {
		system_answer(conn, command, LOBBY_ERR_BUSY, N_("It is still busy. Try again in a moment."));
		return;
	}
	if (update_is_busy(sys)) {
		system_answer(conn, command, LOBBY_ERR_BUSY, N_("Another update is under way."));
		return;
	}
	err = start_copy(sys);
	if (err != 0)
		system_answer(conn, command, err,
			      err == LOBBY_ERR_NOT_FOUND ? N_("There is no signed stick with an update.") : NULL);
	else
		s->token = system_defer(sys, conn, command); /* 0: answered; the copy goes on without being awaited */
}

/* ---- the part ---------------------------------------------------------------------------------------------------- */

int stick_init(struct system *sys)
{
	struct stick *s = calloc(1, sizeof(*s));

	if (s == NULL || sodium_init() < 0) {
		free(s);
		return LOBBY_ERR_NO_MEMORY;
	}
	sys->stick = s;
	for (size_t i = 0; i < PARTS; i++)
		s->fd[i] = -1;
	forget(sys);
	/* A desk machine's sticks are its owner's affair. */
	if (!system_is_appliance(sys) && sys->options.stick == NULL)
		return 0;
	if (plug_init(&s->plug, sys->loop, sys->options.sys, sys->boot.disk, sys->options.stick, on_plug, sys) != 0)
		log_event(LOG_ERROR, "stick", "%s", "state=unwatched");
	return 0;
}

void stick_fini(struct system *sys)
{
	if (sys->stick == NULL)
		return;
	worker_stop(&sys->stick->worker);
	sys->stick->done = NULL;
	plug_fini(&sys->stick->plug);
	forget(sys);
	free(sys->stick);
	sys->stick = NULL;
}

void stick_fill(struct system *sys, lobby_SystemState *state)
{
	state->has_stick = true;
	state->stick = sys->stick->told;
}

const struct manifest *stick_manifest(const struct system *sys)
{
	return sys->stick->told.state == lobby_StickState_STICK_TRUSTED ? &sys->stick->manifest : NULL;
}

const char *stick_device(const struct system *sys, uint64_t *start)
{
	*start = sys->stick->start;
	return sys->stick->plug.device;
}

const char *stick_provisioning(const struct system *sys, size_t *len)
{
	*len = sys->stick->provisioning_len;
	return sys->stick->told.state == lobby_StickState_STICK_TRUSTED ? sys->stick->provisioning : NULL;
}

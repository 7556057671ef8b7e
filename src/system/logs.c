/* See logs.h. */
#include "logs.h"

#include "helper.h"
#include "manifest.h"
#include "stick.h"
#include "worker.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mark.h"
#include "base/seal.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define PATIENCE_MS 300000
#define COPY_MS 240000
#define JOURNAL_LINES "60000"
#define MEMORY (256U << 20)
#define NOBODY 65534

enum { LOGS_OK, LOGS_NO_KEY, LOGS_NO_FILE, LOGS_NO_STICK };

struct logs {
	struct worker worker;
	uint32_t token;
	char device[128];
	uint64_t start;
	char name[128];
	char sealed[128]; /* the file in memory that mcopy reads */
	char report[4096];
	const char *key;
};

/* ---- in the worker ----------------------------------------------------------------------------------------------- */

struct packing {
	struct seal seal;
	z_stream zip;
	uint8_t out[16384];
};

static int pack(struct packing *p, const void *data, size_t len, int flush)
{
	int result, err = 0;

	p->zip.next_in = (Bytef *)(uintptr_t)data;
	p->zip.avail_in = (uInt)len;
	do {
		p->zip.next_out = p->out;
		p->zip.avail_out = sizeof(p->out);
		result = deflate(&p->zip, flush);
		err = seal_write(&p->seal, p->out, sizeof(p->out) - p->zip.avail_out);
	} while (err == 0 && result != Z_STREAM_END && (p->zip.avail_out == 0 || p->zip.avail_in > 0));
	return err;
}

static int pack_journal(struct packing *p)
{
	static const char *const argv[] = {
		"journalctl", "--no-pager", "--no-hostname", "--output=short-iso-precise", "--lines=" JOURNAL_LINES,
		NULL
	};
	static char piece[32768];
	int pid, fd = helper_open(argv, &pid), err = 0;
	ssize_t n;

	if (fd < 0)
		return pack(p, "There is no journal.\n", 21, Z_NO_FLUSH);
	while (err == 0 && (n = read(fd, piece, sizeof(piece))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		err = pack(p, piece, (size_t)n, Z_NO_FLUSH);
	}
	helper_end(fd, pid);
	return err;
}

static int pack_all(const struct logs *logs, int fd, const uint8_t key[SEAL_KEY])
{
	static struct packing p;
	int err = seal_begin(&p.seal, fd, key), end;

	/* 16: with gzip's header */
	if (err == 0 && deflateInit2(&p.zip, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return LOBBY_ERR_NO_MEMORY;
	if (err == 0)
		err = pack(&p, logs->report, strlen(logs->report), Z_NO_FLUSH);
	if (err == 0)
		err = pack_journal(&p);
	if (err == 0)
		err = pack(&p, "", 0, Z_FINISH);
	deflateEnd(&p.zip);
	end = seal_end(&p.seal);
	return err != 0 ? err : end;
}

static bool copy_to_stick(const struct logs *logs)
{
	char image[192], target[192], said[256];
	const char *const argv[] = { "mcopy", "-o", "-i", image, logs->sealed, target, NULL };
	int fd = open(logs->device, O_RDWR | O_CLOEXEC | O_NOFOLLOW), status;

	snprintf(image, sizeof(image), "%s@@%" PRIu64, logs->device, logs->start);
	snprintf(target, sizeof(target), "::lobby/%s", logs->name);
	/* The stick is nobody's while mcopy, which follows what a stranger may have written, works on it. */
	if (fd < 0 || (geteuid() == 0 && fchown(fd, NOBODY, NOBODY) != 0) || worker_confine(MEMORY) != 0)
		return false;
	status = helper_run(argv, said, sizeof(said), COPY_MS);
	if (status != 0)
		log_event(LOG_ERROR, "mcopy", "status=%d says=\"%.*s\"", status, (int)strcspn(said, "\n"), said);
	return fsync(fd) == 0 && status == 0;
}

static int work(void *arg)
{
	const struct logs *logs = arg;
	uint8_t key[SEAL_KEY];
	int fd, err;

	if (manifest_key_read(logs->key, key) != 0)
		return LOGS_NO_KEY;
	fd = open(logs->sealed, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return LOGS_NO_FILE;
	err = pack_all(logs, fd, key);
	if (err == 0 && fchmod(fd, 0644) != 0) /* for nobody: it is sealed */
		err = LOBBY_ERR_IO;
	close(fd);
	if (err != 0)
		return LOGS_NO_FILE;
	return copy_to_stick(logs) ? LOGS_OK : LOGS_NO_STICK;
}

/* ---- the part ---------------------------------------------------------------------------------------------------- */

static void on_done(void *owner, int status)
{
	static const char *const texts[] = {
		[LOGS_OK] = N_("The logs are on the stick, sealed: only the support desk can open them."),
		[LOGS_NO_KEY] = N_("This kiosk knows no support key to seal its logs to: nothing was written."),
		[LOGS_NO_FILE] = N_("The logs could not be packed."),
		[LOGS_NO_STICK] = N_("The logs could not be written to the stick. Is it full, or write-protected?"),
	};
	struct system *sys = owner;
	struct logs *logs = sys->logs;
	struct stat info;

	/* The stick is root's again. */
	if (geteuid() == 0 && lstat(logs->device, &info) == 0 && !S_ISLNK(info.st_mode) &&
	    chown(logs->device, 0, 0) != 0)
		log_event(LOG_WARNING, "stick-owner", "errno=%d", errno);
	unlink(logs->sealed);
	log_event(status == 0 ? LOG_NOTICE : LOG_ERROR, "logs-to-stick", "status=%d", status);
	system_answer_later(sys, logs->token, status == 0 ? 0 : LOBBY_ERR_IO,
			    status >= 0 && status <= LOGS_NO_STICK ? texts[status] : texts[LOGS_NO_FILE]);
}

static void say(struct logs *logs, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct logs *logs, const char *format, ...)
{
	size_t used = strlen(logs->report);
	va_list args;

	va_start(args, format);
	vsnprintf(logs->report + used, sizeof(logs->report) - used, format, args);
	va_end(args);
}

static void report(struct logs *logs, const struct system *sys)
{
	const lobby_SystemState *s = &sys->told;
	char now[40];

	logs->report[0] = '\0';
	clock_format_instant(clock_wall_ms(), now, sizeof(now));
	say(logs, "Lobby %s on %s, %s\n", s->version, s->machine, now);
	say(logs, "slot %s, other slot %s, secure boot %s, keys %s\n", s->slot, s->other_version,
	    s->secure_boot ? "on" : "off", s->development ? "development" : "clinic");
	say(logs, "state: protection %d, %" PRIu64 " of %" PRIu64 " kB free. %s\n", (int)s->protection,
	    s->state_free_kb, s->state_total_kb, s->protection_text);
	say(logs, "memory in use %u kB, clock %s, error %lld ms\n", (unsigned)s->memory_used_kb,
	    s->clock_right ? "right" : "not known to be right", (long long)s->clock_error_ms);
	for (pb_size_t i = 0; i < s->link_count; i++)
		say(logs, "link %s: %s %s\n", s->link[i].name, s->link[i].up ? "up" : "down", s->link[i].address);
	say(logs, "update: stage %d, version %s. %s\n", (int)s->update.stage, s->update.version, s->update.text);
	say(logs, "panel: %u degrees, %s %s; display %s\n", (unsigned)s->panel.rotation, s->panel.connector,
	    s->panel.mode, sys->kiosk.display);
	say(logs, "enrolled %d, reachable %d, roster %d, visits held %u, set aside %u\n\n", sys->sync.enrolled,
	    sys->sync.reachable, sys->sync.has_roster, (unsigned)sys->sync.visits_held,
	    (unsigned)sys->sync.visits_set_aside);
}

static void name_file(struct logs *logs, const struct system *sys)
{
	struct clock_civil now = clock_civil_of(clock_wall_ms());
	char kiosk[37];
	size_t len;

	text_copy(kiosk, sizeof(kiosk), sys->sync.kiosk_id[0] != '\0' ? sys->sync.kiosk_id : "new");
	len = strspn(kiosk, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
	kiosk[len] = '\0';
	snprintf(logs->name, sizeof(logs->name), "logs-%s-%04d%02d%02d-%02d%02d%02d.lobbylog", kiosk, now.year,
		 now.month, now.day, now.hour, now.minute, now.second);
}

void logs_command(struct system *sys, struct wire_conn *conn, const lobby_SystemCommand *command)
{
	struct logs *logs = sys->logs;
	const struct manifest *stick = stick_manifest(sys);
	int err;

	if (stick == NULL || !stick->logs) {
		system_answer(conn, command, LOBBY_ERR_NOT_FOUND,
			      stick == NULL ? N_("There is no signed stick.")
					    : N_("This stick is not signed for logs."));
		return;
	}
	if (worker_runs(&logs->worker)) {
		system_answer(conn, command, LOBBY_ERR_BUSY, N_("The logs are being written already."));
		return;
	}
	text_copy(logs->device, sizeof(logs->device), stick_device(sys, &logs->start));
	snprintf(logs->sealed, sizeof(logs->sealed), "%s/lobby-logs-%d", system_is_appliance(sys) ? "/run" : "/tmp",
		 (int)getpid());
	logs->key = sys->options.support_key;
	name_file(logs, sys);
	report(logs, sys);
	logs->token = system_defer(sys, conn, command);
	if (logs->token == 0)
		return;
	err = worker_start(&logs->worker, sys->loop, PATIENCE_MS, work, logs, NULL, on_done, sys);
	if (err != 0)
		system_answer_later(sys, logs->token, err, NULL);
}

int logs_init(struct system *sys)
{
	sys->logs = calloc(1, sizeof(*sys->logs));
	return sys->logs != NULL ? 0 : LOBBY_ERR_NO_MEMORY;
}

void logs_fini(struct system *sys)
{
	if (sys->logs == NULL)
		return;
	if (worker_runs(&sys->logs->worker)) {
		worker_stop(&sys->logs->worker);
		unlink(sys->logs->sealed);
	}
	free(sys->logs);
	sys->logs = NULL;
}

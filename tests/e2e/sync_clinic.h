/* A real lobby-clinic as a child, a whole lobby-sync in this process, and a kiosk and a technician on its socket; all
 * of them on one virtual clock. */
#ifndef LOBBY_TESTS_SYNC_CLINIC_H
#define LOBBY_TESTS_SYNC_CLINIC_H

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "sync/sync.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* 2026-11-23 09:41 in New York. */
#define NOW_MS 1795444860000LL

struct clinic_process {
	char folder[64];
	pid_t pid; /* 0: does not run */
	FILE *out;
	char address[48];	 /* "127.0.0.1:41234" */
	char setup[64];		 /* the first start's one-time token */
	const char *second_word; /* of the next command, or NULL */
};

struct world {
	char root[64], data[80], socket[96];
	struct clinic_process clinic;
	struct loop *loop;
	struct sync sync;
	struct wire_conn kiosk, technician;
	/* What came last, and how often. */
	lobby_Identified identified;
	lobby_VisitCommitted committed;
	lobby_HelpState help;
	lobby_SyncState state;
	lobby_Settings settings;
	lobby_Enrolled enrolled;
	lobby_TechnicianAnswer pin;
	int pin_count;
	lobby_HealthRead health;
	int health_count;
	int identified_count, committed_count, help_count, settings_count, enrolled_count;
};

/* Turns the loop until it is so; fails after some ten seconds. */
#define UNTIL(w, condition) \
	do { \
		for (int turn_ = 0; turn_ < 5000 && !(condition); turn_++) \
			loop_turn((w)->loop, 2); \
		assert_true(condition); \
	} while (0)

static const char day[] =
	"{\"resourceType\":\"Location\",\"id\":\"loc-b\",\"status\":\"active\",\"name\":\"Waiting area B\","
	"\"description\":\"Floor 2, waiting area B\",\"alias\":[\"Waiting B\"],"
	"\"identifier\":[{\"system\":\"urn:lobby:ticket-prefix\",\"value\":\"B\"}]}\n"
	"{\"resourceType\":\"Practitioner\",\"id\":\"okafor\",\"name\":[{\"prefix\":[\"Dr.\"],\"given\":[\"Amara\"],"
	"\"family\":\"Okafor\"}]}\n"
	"{\"resourceType\":\"Patient\",\"id\":\"maria\",\"name\":[{\"family\":\"Garcia\",\"given\":[\"Maria\"]}],"
	"\"birthDate\":\"1985-04-17\",\"telecom\":[{\"system\":\"phone\",\"value\":\"+1 555 010 0142\"}]}\n"
	"{\"resourceType\":\"Patient\",\"id\":\"ngozi\",\"name\":[{\"family\":\"Eze\",\"given\":[\"Ngozi\"]}],"
	"\"birthDate\":\"1990-02-28\"}\n"
	"{\"resourceType\":\"Coverage\",\"id\":\"cover-maria\",\"status\":\"active\",\"subscriberId\":\"XGH "
	"884-104-417\","
	"\"beneficiary\":{\"reference\":\"Patient/maria\"},\"payor\":[{\"display\":\"Example Health\"}]}\n"
	"{\"resourceType\":\"Appointment\",\"id\":\"maria-950\",\"status\":\"booked\","
	"\"start\":\"2026-11-23T09:50:00-05:00\",\"end\":\"2026-11-23T10:10:00-05:00\",\"participant\":["
	"{\"actor\":{\"reference\":\"Patient/maria\"},\"status\":\"accepted\"},"
	"{\"actor\":{\"reference\":\"Practitioner/okafor\"},\"status\":\"accepted\"},"
	"{\"actor\":{\"reference\":\"Location/loc-b\"},\"status\":\"accepted\"}]}\n"
	"{\"resourceType\":\"Appointment\",\"id\":\"ngozi-1000\",\"status\":\"booked\","
	"\"start\":\"2026-11-23T10:00:00-05:00\",\"end\":\"2026-11-23T10:20:00-05:00\",\"participant\":["
	"{\"actor\":{\"reference\":\"Patient/ngozi\"},\"status\":\"accepted\"},"
	"{\"actor\":{\"reference\":\"Practitioner/okafor\"},\"status\":\"accepted\"},"
	"{\"actor\":{\"reference\":\"Location/loc-b\"},\"status\":\"accepted\"}]}\n";

static int64_t *clock_page; /* wall, monotonic */

/* Once a program: the clock that it and its children share. */
static inline int world_clock(void **state)
{
	char path[] = "/tmp/lobby-clock-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	if (fd < 0 || ftruncate(fd, 16) != 0)
		return -1;
	clock_page = mmap(NULL, 16, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (clock_page == MAP_FAILED)
		return -1;
	clock_page[0] = NOW_MS;
	clock_page[1] = 1000;
	setenv("LOBBY_CLOCK", path, 1);
	return clock_init();
}

static inline void world_advance_ms(int64_t by_ms)
{
	clock_page[0] += by_ms;
	clock_page[1] += by_ms;
}

static inline int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
	(void)info, (void)kind, (void)where;
	return remove(path);
}

static inline void remove_tree(const char *folder)
{
	nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- the clinic ---- */

static inline void exec_clinic(const struct clinic_process *c, const char *command, const char *word,
			       const char *listen)
{
	const char *build = getenv("LOBBY_BUILD");
	char path[512];
	sigset_t none;

	snprintf(path, sizeof(path), "%s/lobby-clinic", build ? build : "build/san");
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (listen != NULL)
		execl(path, path, command, "--data", c->folder, "--listen", listen, (char *)NULL);
	else
		execl(path, path, command, "--data", c->folder, word, c->second_word, (char *)NULL);
	_exit(127);
}

static inline pid_t spawn(const struct clinic_process *c, const char *command, const char *word, const char *listen,
			  FILE **out)
{
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(fds[1], 1);
		exec_clinic(c, command, word, listen);
	}
	close(fds[1]);
	*out = fdopen(fds[0], "r");
	assert_non_null(*out);
	return pid;
}

/* The first line that a command of lobby-clinic prints; its exit status. */
static inline int clinic_run(struct clinic_process *c, const char *command, const char *word, char *line, size_t size)
{
	FILE *out;
	pid_t pid = spawn(c, command, word, NULL, &out);
	int status;

	if (fgets(line, (int)size, out) == NULL)
		line[0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	while (getc(out) != EOF)
		;
	fclose(out);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

/* A new clinic that has the test's day. */
static inline void clinic_make(struct clinic_process *c)
{
	char file[80], line[256];
	FILE *out;

	*c = (struct clinic_process){ .folder = "/tmp/lobby-clinic-XXXXXX" };
	assert_non_null(mkdtemp(c->folder));
	snprintf(file, sizeof(file), "%s/day.ndjson", c->folder);
	out = fopen(file, "w");
	assert_non_null(out);
	assert_int_equal(fputs(day, out) >= 0, 1);
	fclose(out);
	assert_int_equal(clinic_run(c, "import", file, line, sizeof(line)), 0);
}

/* listen: "127.0.0.1:0", or the address of one before. */
static inline void clinic_serve(struct clinic_process *c, const char *listen)
{
	static const char listening[] = "listening https://";
	char line[256];
	const char *setup;

	c->pid = spawn(c, "serve", NULL, listen, &c->out);
	while (fgets(line, sizeof(line), c->out) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		setup = strstr(line, "#setup=");
		if (setup != NULL)
			text_copy(c->setup, sizeof(c->setup), setup + 7);
		if (strncmp(line, listening, sizeof(listening) - 1) != 0)
			continue;
		text_copy(c->address, sizeof(c->address), line + sizeof(listening) - 1);
		return;
	}
	fail_msg("lobby-clinic did not start");
}

static inline void clinic_kill(struct clinic_process *c, int signal_number)
{
	int status;

	if (c->pid == 0)
		return;
	kill(c->pid, signal_number);
	assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
	fclose(c->out);
	c->pid = 0;
}

static inline void clinic_remove(struct clinic_process *c)
{
	clinic_kill(c, SIGKILL);
	remove_tree(c->folder);
}

/* One number out of the clinic's store. */
static inline int64_t clinic_number(struct clinic_process *c, const char *sql)
{
	char path[96];
	sqlite3 *db;
	sqlite3_stmt *stmt = NULL;
	int64_t value;

	snprintf(path, sizeof(path), "%s/clinic.db", c->folder);
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	sqlite3_busy_timeout(db, 5000);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	value = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return value;
}

/* ---- the kiosk ---- */

static inline void on_message(void *arg, struct wire_conn *conn, const lobby_Envelope *envelope)
{
	struct world *w = arg;

	(void)conn;
	switch (envelope->which_body) {
	case lobby_Envelope_identified_tag:
		w->identified = envelope->body.identified;
		w->identified_count++;
		break;
	case lobby_Envelope_visit_committed_tag:
		w->committed = envelope->body.visit_committed;
		w->committed_count++;
		break;
	case lobby_Envelope_help_state_tag:
		w->help = envelope->body.help_state;
		w->help_count++;
		break;
	case lobby_Envelope_sync_state_tag:
		w->state = envelope->body.sync_state;
		break;
	case lobby_Envelope_settings_tag:
		w->settings = envelope->body.settings;
		w->settings_count++;
		break;
	case lobby_Envelope_technician_answer_tag:
		w->pin = envelope->body.technician_answer;
		w->pin_count++;
		break;
	case lobby_Envelope_enrolled_tag:
		w->enrolled = envelope->body.enrolled;
		w->enrolled_count++;
		break;
	case lobby_Envelope_health_read_tag:
		w->health = envelope->body.health_read;
		w->health_count++;
		break;
	default:
		break;
	}
}

static inline void connect_peers(struct world *w)
{
	assert_int_equal(sync_init(&w->sync, w->loop, w->data, w->data, w->socket), 0);
	wire_client_start(&w->kiosk, w->loop, w->socket, lobby_Program_PROGRAM_KIOSK, on_message, NULL, w);
	wire_client_start(&w->technician, w->loop, w->socket, lobby_Program_PROGRAM_CTL, on_message, NULL, w);
	UNTIL(w, w->kiosk.up && w->technician.up && w->settings_count > 0);
}

/* A folder, lobby-sync in it, and a kiosk connected. */
static inline void world_start(struct world *w)
{
	*w = (struct world){ .root = "/tmp/lobby-sync-XXXXXX" };
	assert_non_null(mkdtemp(w->root));
	snprintf(w->data, sizeof(w->data), "%s/data", w->root);
	snprintf(w->socket, sizeof(w->socket), "%s/run/sync.sock", w->root);
	w->loop = loop_new();
	assert_non_null(w->loop);
	connect_peers(w);
}

/* Ends lobby-sync and starts it again on the same folder, with its kiosk. */
static inline void world_restart_sync(struct world *w)
{
	wire_close(&w->kiosk);
	wire_close(&w->technician);
	sync_fini(&w->sync);
	w->settings_count = 0;
	connect_peers(w);
}

static inline void world_stop(struct world *w)
{
	wire_close(&w->kiosk);
	wire_close(&w->technician);
	sync_fini(&w->sync);
	loop_free(w->loop);
	clinic_remove(&w->clinic);
	remove_tree(w->root);
}

static inline void world_send(struct world *w, const lobby_Envelope *envelope)
{
	assert_int_equal(wire_send(&w->kiosk, envelope), 0);
}

/* As the technician; returns what was answered. */
static inline int world_try_enrol(struct world *w, const char *url, const char *code)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_enrol_tag };
	int before = w->enrolled_count;

	text_copy(envelope.body.enrol.url, sizeof(envelope.body.enrol.url), url);
	text_copy(envelope.body.enrol.code, sizeof(envelope.body.enrol.code), code);
	assert_int_equal(wire_send(&w->technician, &envelope), 0);
	UNTIL(w, w->enrolled_count > before);
	assert_true(w->enrolled.text[0] != '\0');
	return w->enrolled.err;
}

/* Enrols with a fresh code and waits for the roster. */
static inline void world_enrol(struct world *w)
{
	char code[32];

	assert_int_equal(clinic_run(&w->clinic, "kiosk-code", "Lobby 1", code, sizeof(code)), 0);
	assert_int_equal(world_try_enrol(w, w->clinic.address, code), 0);
	UNTIL(w, w->state.has_roster && w->state.reachable);
}

/* As the kiosk. */
static inline int world_identify(struct world *w, const char *birth_date, const char *family)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_identify_tag };
	int before = w->identified_count;

	text_copy(envelope.body.identify.birth_date, sizeof(envelope.body.identify.birth_date), birth_date);
	text_copy(envelope.body.identify.family, sizeof(envelope.body.identify.family), family);
	world_send(w, &envelope);
	UNTIL(w, w->identified_count > before);
	return (int)w->identified.outcome;
}

static inline int world_visit(struct world *w, int n, const char *patient, const char *appointment)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_visit_tag };
	lobby_Visit *visit = &envelope.body.visit;
	int before = w->committed_count;

	snprintf(visit->id, sizeof(visit->id), "%08x-0000-4000-8000-000000000000", (unsigned)n);
	text_copy(visit->patient_id, sizeof(visit->patient_id), patient);
	text_copy(visit->appointment_id[visit->appointment_id_count++], sizeof(visit->appointment_id[0]), appointment);
	visit->identified_by = lobby_IdentifiedBy_IDENTIFIED_BY_BIRTHDAY;
	text_copy(visit->language, sizeof(visit->language), "en");
	visit->started_ms = clock_wall_ms() - 30000;
	visit->finished_ms = clock_wall_ms();
	world_send(w, &envelope);
	UNTIL(w, w->committed_count > before);
	return w->committed.err;
}

#endif

/* See patient.h. A patient looks at the screen and does what it asks: one look and one press at a time, whatever has
 * happened in between. Faults come by the real clock, from within the waiting for an answer, so that they fall anywhere
 * in a check-in. */
#include "patient.h"

#include "base/file.h"
#include "base/text.h"
#include "people.h"
#include "store/db.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_MS 3000
#define REST_MS 20

enum victim { KILL_SCREEN, KILL_DEVICES, KILL_SYNC, KILL_CLINIC };

/* ---- faults ---- */

/* lobby-devices is the emulator's child; it starts it again. */
static pid_t devices_pid(const struct patients *p)
{
	char path[64], *text = NULL, *end;
	size_t len;
	long pid = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)p->devices.pid, (int)p->devices.pid);
	if (file_read(path, 4096, &text, &len) == 0)
		pid = strtol(text, &end, 10);
	free(text);
	return (pid_t)pid;
}

static void cut(struct patients *p, struct world_machine *machine)
{
	if (!p->world->options.preload || !chance_percent(&p->chance, 40))
		return;
	p->power_cuts++;
	if (disk_cut(&machine->disk, &p->chance) != 0)
		printf("a power cut could not be made\n");
}

static void kill_one(struct patients *p)
{
	static const enum victim victims[] = { KILL_SCREEN, KILL_DEVICES, KILL_SYNC, KILL_SYNC, KILL_CLINIC };
	enum victim victim = victims[chance_below(&p->chance, 5)];
	struct world_machine *machine = victim == KILL_SYNC ? &p->world->kiosk[0] : &p->world->clinic;
	pid_t devices = victim == KILL_DEVICES ? devices_pid(p) : 0;

	if (victim == KILL_SCREEN) {
		if (p->kiosk.pid == 0)
			return;
		program_kill(&p->kiosk);
	} else if (victim == KILL_DEVICES) {
		if (devices <= 0 || kill(devices, SIGKILL) != 0)
			return;
	} else {
		if (machine->program.pid == 0)
			return;
		program_kill(&machine->program);
		cut(p, machine);
	}
	p->killed[victim]++;
	p->kills++;
}

static int revive(struct patients *p)
{
	int err = 0;

	if (p->kiosk.pid == 0)
		err = program_start(&p->kiosk);
	if (err == 0 && p->world->kiosk[0].program.pid == 0)
		err = world_start_kiosk(p->world, 0);
	if (err == 0 && p->world->clinic.program.pid == 0)
		err = world_start_clinic(p->world);
	if (err != 0)
		printf("a program does not start again: %s\n", err_staff_text(err));
	return err;
}

static void look_at(struct patients *p, struct program *program)
{
	int status = 0;

	if (!program_ended(program, &status))
		return;
	printf("%s ended by itself, status 0x%x: see its log\n", program->name, status);
	p->world->ended++;
}

/* One turn of the world, with what may befall it. */
static void turn(struct patients *p)
{
	int64_t now = real_ms();

	world_turn(p->world);
	look_at(p, &p->kiosk);
	look_at(p, &p->devices);
	if (now >= p->revive_ms && revive(p) == 0)
		p->revive_ms = now + 20 + chance_below(&p->chance, 200);
	if (p->calm || now < p->next_fault_ms)
		return;
	kill_one(p);
	if (chance_percent(&p->chance, 30))
		proxy_set(p->world->proxy, chance_percent(&p->chance, 60)
						   ? PROXY_FAIR
						   : (enum proxy_weather)chance_below(&p->chance, PROXY_WEATHERS));
	p->next_fault_ms = now + 10 + chance_below(&p->chance, 500);
}

static void rest(struct patients *p, int ms)
{
	int64_t end = real_ms() + ms;

	while (real_ms() < end)
		turn(p);
}

/* ---- the screen ---- */

static void hang_up(struct patients *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

static bool dial(struct patients *p)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (p->fd >= 0)
		return true;
	text_copy(address.sun_path, sizeof(address.sun_path), p->control);
	p->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (p->fd >= 0 && connect(p->fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return true;
	hang_up(p);
	return false;
}

/* Is the answer complete? Its last line is "ok" or "error ...". */
static bool is_complete(const struct patients *p, bool *ok)
{
	const char *end = p->answer + p->answer_len, *line = end;

	if (p->answer_len == 0 || end[-1] != '\n')
		return false;
	for (line--; line > p->answer && line[-1] != '\n'; line--)
		;
	*ok = strncmp(line, "ok\n", 3) == 0;
	return *ok || strncmp(line, "error", 5) == 0;
}

/* Asks the screen; true if it answered ok, with what it said in p->answer. */
static bool ask(struct patients *p, const char *what)
{
	char line[128];
	int64_t end = real_ms() + ANSWER_MS;
	int len = snprintf(line, sizeof(line), "%s\n", what);
	bool ok = false;

	p->answer_len = 0;
	if (!dial(p) || send(p->fd, line, (size_t)len, MSG_NOSIGNAL) != len) {
		hang_up(p);
		return false;
	}
	while (real_ms() < end) {
		ssize_t n = recv(p->fd, p->answer + p->answer_len, PATIENT_ANSWER - 1 - p->answer_len, 0);

		if (n > 0)
			p->answer_len += (size_t)n;
		else if (n == 0 || (errno != EAGAIN && errno != EINTR))
			break;
		p->answer[p->answer_len] = '\0';
		if (is_complete(p, &ok))
			return ok;
		turn(p);
	}
	hang_up(p);
	return false;
}

/* The number on the screen: the text whose id is "number". */
static bool read_number(struct patients *p, char out[13])
{
	static const char id[] = "\" #number";
	char *at = p->answer, *begin;

	while ((at = strstr(at, id)) != NULL && (at[sizeof(id) - 1] == '-'))
		at++;
	if (at == NULL)
		return false;
	for (begin = at; begin > p->answer && begin[-1] != '"'; begin--)
		;
	return at > begin && at - begin < 13 && text_copy_n(out, 13, begin, (size_t)(at - begin));
}

static void see_handover(struct patients *p)
{
	char number[13];

	if (p->handovers == PATIENT_HANDOVERS || !ask(p, "tree") || !read_number(p, number))
		return;
	/* Looked at twice: the press on "done" was lost with a program. */
	for (unsigned i = 0; i < p->handovers; i++)
		if (strcmp(p->handed_over[i], number) == 0)
			return;
	text_copy(p->handed_over[p->handovers++], sizeof(p->handed_over[0]), number);
}

/* Somebody who comes again must be told the number they have. */
static void see_number(struct patients *p, bool first)
{
	struct patient_seen *seen = &p->seen[p->person];
	char number[13];

	if (!ask(p, "tree") || !read_number(p, number))
		return;
	*(first ? &p->checked_in : &p->again) += 1;
	if (seen->number[0] == '\0')
		text_copy(seen->number, sizeof(seen->number), number);
	else if (strcmp(seen->number, number) != 0)
		seen->other_number = true;
}

static void type_birthday(struct patients *p)
{
	char digits[9], press[16];

	people_birthday(p->person, digits);
	for (int i = 0; digits[i] != '\0'; i++) {
		snprintf(press, sizeof(press), "press %c", digits[i]);
		if (!ask(p, press))
			return;
	}
}

/* What a patient presses there. */
static const struct step {
	const char *screen, *press[2];
} steps[] = {
	{ "first-letter", { "press letter-I", NULL } },
	{ "appointments", { "press check-in", NULL } },
	{ "contact", { "press yes", NULL } },
	{ "insurance", { "press none", "press yes" } },
	{ "done", { "press done", NULL } },
	{ "already-checked-in", { "press done", NULL } },
	{ "desk", { "press done", NULL } },
	{ "notice", { "press desk", "press leave" } },
};

static void follow(struct patients *p, const char *screen)
{
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (strcmp(steps[i].screen, screen) != 0)
			continue;
		if (!ask(p, steps[i].press[0]) && steps[i].press[1] != NULL)
			ask(p, steps[i].press[1]);
		return;
	}
	rest(p, REST_MS);
}

/* One look at the screen and what follows from it. */
static void act(struct patients *p)
{
	char screen[32];

	if (!ask(p, "screen")) {
		rest(p, REST_MS);
		return;
	}
	text_copy_n(screen, sizeof(screen), p->answer, strcspn(p->answer, "\n"));
	if (strcmp(screen, "welcome") == 0) {
		p->person = (int)chance_below(&p->chance, STATION_PEOPLE);
		if (!ask(p, "press check-in"))
			rest(p, REST_MS);
	} else if (strcmp(screen, "birthday") == 0) {
		type_birthday(p);
	} else {
		if (strcmp(screen, "done") == 0)
			see_number(p, true);
		else if (strcmp(screen, "already-checked-in") == 0)
			see_number(p, false);
		else if (strcmp(screen, "desk") == 0)
			see_handover(p);
		if (strcmp(screen, "appointments") != 0 || !chance_percent(&p->chance, 15) || !ask(p, "press not-me"))
			follow(p, screen);
	}
}

bool patients_run(struct patients *p, unsigned kills, int max_ms)
{
	int64_t end = real_ms() + max_ms;
	unsigned ended = p->world->ended;

	p->next_fault_ms = real_ms() + 500;
	while (p->kills < kills && real_ms() < end && p->world->ended < ended + 10)
		act(p);
	return p->kills >= kills;
}

static bool holds_nothing(const struct world *world, const void *arg)
{
	const struct station *onlooker = arg;

	(void)world;
	return onlooker->has_state && onlooker->state.reachable && onlooker->state.visits_held == 0;
}

bool patients_heal(struct patients *p, int max_ms)
{
	int64_t end = real_ms() + max_ms;
	unsigned before = p->checked_in + p->again;

	p->calm = true;
	proxy_set(p->world->proxy, PROXY_FAIR);
	/* The last kill may be a moment old, and whoever is at the screen may be done before anything else looks. */
	if (revive(p) != 0)
		return false;
	while (p->checked_in + p->again == before && real_ms() < end)
		act(p);
	return p->checked_in + p->again > before &&
	       world_pump(p->world, max_ms, holds_nothing, &p->world->station[0][0]);
}

/* ---- setting up ---- */

static void set_environment(struct patients *p)
{
	char path[DISK_PATH];

	setenv("SDL_VIDEODRIVER", "offscreen", 1);
	setenv("SDL_AUDIODRIVER", "dummy", 1);
	setenv("LOBBY_RUN", p->world->kiosk[0].run, 1);
	setenv("LOBBY_ASSETS", "assets", 1);
	snprintf(path, sizeof(path), "%.400s/locale", p->world->options.build);
	setenv("LOBBY_LOCALE", path, 1);
}

static bool screen_answers(struct patients *p)
{
	int64_t end = real_ms() + 20000;

	while (real_ms() < end)
		if (ask(p, "screen"))
			return true;
		else
			rest(p, REST_MS);
	return false;
}

int patients_init(struct patients *p, struct world *world)
{
	const char *build = world->options.build, *work = world->options.work;

	*p = (struct patients){ .world = world, .chance = chance_of(world->options.seed + 2), .fd = -1 };
	p->next_fault_ms = INT64_MAX;
	set_environment(p);
	snprintf(p->kiosk_path, DISK_PATH, "%.400s/lobby-kiosk", build);
	snprintf(p->emu_path, DISK_PATH, "%.400s/lobby-emu", build);
	snprintf(p->spawn, DISK_PATH, "--spawn=%.400s/lobby-devices", build);
	snprintf(p->paper, DISK_PATH, "--paper=%.400s", work);
	snprintf(p->control, sizeof(p->control), "%.80s/screen.sock", world->kiosk[0].run);
	snprintf(p->kiosk_control, DISK_PATH, "--control=%.80s/screen.sock", world->kiosk[0].run);
	p->kiosk = (struct program){ .name = "lobby-kiosk",
				     .work = work,
				     .argv = { p->kiosk_path, "--size=540x960", p->kiosk_control, NULL },
				     .clock = world->kiosk[0].clock.path,
				     .out = -1 };
	p->devices = (struct program){ .name = "lobby-devices",
				       .work = work,
				       .argv = { "/usr/bin/umockdev-wrapper", p->emu_path, p->paper, p->spawn, NULL },
				       .clock = world->kiosk[0].clock.path,
				       .out = -1 };
	if (program_start(&p->devices) != 0 || program_start(&p->kiosk) != 0)
		return LOBBY_ERR_IO;
	return screen_answers(p) ? 0 : LOBBY_ERR_TIMEOUT;
}

void patients_fini(struct patients *p)
{
	hang_up(p);
	program_kill(&p->kiosk);
	if (p->devices.pid > 0 && program_stop(&p->devices, 5000) != 0)
		printf("lobby-emu did not end when it was told to\n");
}

/* ---- the comparison ---- */

static void check_person(struct db *db, sqlite3_stmt *stmt, const struct patients *p, int person,
			 struct patients_result *r)
{
	const struct patient_seen *seen = &p->seen[person];
	int arrivals = 0, with_number = 0;
	char id[32];

	station_person_id(id, sizeof(id), person);
	if (db_bind(stmt, "tt", id, seen->number) == 0 && db_step(db, stmt) == 1) {
		arrivals = sqlite3_column_int(stmt, 0);
		with_number = sqlite3_column_int(stmt, 1);
	}
	sqlite3_reset(stmt);
	r->confirmed += seen->number[0] != '\0';
	r->lost += seen->number[0] != '\0' && arrivals == 0;
	r->doubled += arrivals > 1;
	r->wrong += seen->other_number || (seen->number[0] != '\0' && arrivals > 0 && with_number != 1);
	if (arrivals > 1 || (seen->number[0] != '\0' && with_number != 1) || seen->other_number)
		printf("  %s, shown %s: %d arrivals, %d with it\n", id, seen->number, arrivals, with_number);
}

static void check_handover(struct db *db, sqlite3_stmt *stmt, const char *number, struct patients_result *r)
{
	int n = 0;

	if (db_bind(stmt, "t", number) == 0 && db_step(db, stmt) == 1)
		n = sqlite3_column_int(stmt, 0);
	sqlite3_reset(stmt);
	r->confirmed++;
	r->lost += n == 0;
	r->doubled += n > 1;
	if (n != 1)
		printf("  handed over as %s: %d times in the store\n", number, n);
}

int patients_check(const struct patients *p, const char *store, struct patients_result *result)
{
	sqlite3_stmt *stmt = NULL, *handover = NULL;
	struct db db = { 0 };
	int err = sqlite3_open_v2(store, &db.handle, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK ? 0 : LOBBY_ERR_IO;

	*result = (struct patients_result){ 0 };
	if (err == 0)
		err = db_prepare(&db,
				 "SELECT count(*), total(ticket = ?2) FROM arrival WHERE patient_id = ?1 AND kind = 0",
				 &stmt);
	if (err == 0)
		err = db_prepare(&db, "SELECT count(*) FROM arrival WHERE ticket = ?1 AND kind = 1", &handover);
	for (int person = 0; err == 0 && person < STATION_PEOPLE; person++)
		check_person(&db, stmt, p, person, result);
	for (unsigned i = 0; err == 0 && i < p->handovers; i++)
		check_handover(&db, handover, p->handed_over[i], result);
	sqlite3_finalize(stmt);
	sqlite3_finalize(handover);
	db_close(&db);
	return err;
}

/* See world.h. Each machine has a clock file of its own, so that one clock can jump alone; all run faster than the real
 * one, so that back-offs and time-outs of minutes fit into a test. */
#include "world.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "liar.h"
#include "people.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_MS 1795438800000LL /* 2026-11-23 08:00 in New York */
#define START_PATIENCE_MS 20000

static void clock_write(const struct world *world, struct world_clock *clock)
{
	if (clock->page == NULL)
		return; /* not made yet */
	clock->wall_ms = world->wall_ms + clock->offset_ms;
	clock->page[0] = clock->wall_ms;
	clock->page[1] = world->mono_ms;
}

static int clock_make(struct world *world, struct world_clock *clock, const char *name)
{
	void *map = MAP_FAILED;
	int fd;

	snprintf(clock->path, sizeof(clock->path), "%.400s/clock-%s", world->options.work, name);
	fd = open(clock->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0 && ftruncate(fd, 16) == 0)
		map = mmap(NULL, 16, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	if (map == MAP_FAILED)
		return LOBBY_ERR_IO;
	clock->page = map;
	clock_write(world, clock);
	return 0;
}

static void tick(struct world *world)
{
	int64_t now = real_ms(), passed = (now - world->ticked_real_ms) * world->options.speed;

	world->ticked_real_ms = now;
	world->wall_ms += passed;
	world->mono_ms += passed;
	clock_write(world, &world->clock);
	clock_write(world, &world->clinic.clock);
	for (int i = 0; i < world->options.kiosks; i++)
		clock_write(world, &world->kiosk[i].clock);
}

void world_advance(struct world *world, int64_t by_ms)
{
	world->wall_ms += by_ms;
	world->mono_ms += by_ms;
	tick(world);
}

void world_jump(struct world *world, struct world_machine *machine, int64_t offset_ms)
{
	(void)world;
	machine->clock.offset_ms = offset_ms;
	machine->clock.jumps++;
}

/* A program that ended by itself is a finding, unless its disk was told to end it, or refused while it started. */
static void look(struct world *world, struct world_machine *machine)
{
	bool preload = world->options.preload;
	int status = 0;

	if (!program_ended(&machine->program, &status))
		return;
	if (preload && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return;
	if (preload && WIFEXITED(status) && WEXITSTATUS(status) == 1 &&
	    machine->disk.page->failed != machine->failed_before)
		return;
	printf("%s ended by itself, status 0x%x: see its log\n", machine->name, status);
	world->ended++;
}

void world_turn(struct world *world)
{
	tick(world);
	loop_turn(world->loop, 1);
	look(world, &world->clinic);
	for (int i = 0; i < world->options.kiosks; i++)
		look(world, &world->kiosk[i]);
}

bool world_pump(struct world *world, int max_ms, world_until_fn *until, const void *arg)
{
	int64_t end = real_ms() + max_ms;

	do {
		if (until != NULL && until(world, arg))
			return true;
		world_turn(world);
	} while (real_ms() < end);
	return until != NULL && until(world, arg);
}

static int make_machine(struct world *world, struct world_machine *machine, const char *name)
{
	int err;

	text_copy(machine->name, sizeof(machine->name), name);
	snprintf(machine->folder, sizeof(machine->folder), "%.400s/%s", world->options.work, name);
	machine->program = (struct program){
		.name = machine->name, .work = world->options.work, .clock = machine->clock.path, .out = -1
	};
	err = clock_make(world, &machine->clock, name);
	return err != 0 ? err : file_make_folder(machine->folder, 0700);
}

/* From here on the machine's store is watched, if the run is to have power cuts. */
static int watch_disk(struct world *world, struct world_machine *machine, const char *store)
{
	int err = disk_init(&machine->disk, machine->folder, store);

	machine->program.disk = &machine->disk;
	machine->program.preload = world->options.preload ? world->preload : NULL;
	return err;
}

int world_start_clinic(struct world *world)
{
	struct program *program = &world->clinic.program;
	char address[64] = "";
	unsigned long port = 0;
	int err;

	if (world->options.preload)
		world->clinic.failed_before = world->clinic.disk.page->failed;
	err = program_start(program);
	if (err == 0)
		err = program_line(program, "listening https://", address, sizeof(address), START_PATIENCE_MS);
	if (err == 0 && strrchr(address, ':') != NULL)
		port = strtoul(strrchr(address, ':') + 1, NULL, 10);
	if (err == 0 && (port == 0 || port > 65535))
		err = LOBBY_ERR_PROTOCOL;
	world->clinic_port = err == 0 ? (uint16_t)port : 0;
	proxy_target(world->proxy, world->clinic_port, world->liar_port);
	return err;
}

int world_start_kiosk(struct world *world, int kiosk)
{
	if (world->options.preload)
		world->kiosk[kiosk].failed_before = world->kiosk[kiosk].disk.page->failed;
	return program_start(&world->kiosk[kiosk].program);
}

/* ---- setting up ---- */

static int run_clinic(struct world *world, const char *command, const char *word, char *out, size_t size)
{
	struct program program = world->clinic.program;

	/* With the preload as well: it writes to the same disk. */
	program.argv[0] = world->clinic_path;
	program.argv[1] = command;
	program.argv[2] = "--data";
	program.argv[3] = world->clinic.folder;
	program.argv[4] = word;
	program.argv[5] = NULL;
	return program_run(&program, out, size, START_PATIENCE_MS);
}

static int make_clinic(struct world *world)
{
	struct program *program = &world->clinic.program;
	char path[DISK_PATH];
	int err = make_machine(world, &world->clinic, "clinic");

	snprintf(path, sizeof(path), "%.400s/people.ndjson", world->options.work);
	if (err == 0)
		err = people_write(path, world->wall_ms);
	if (err == 0)
		err = run_clinic(world, "import", path, NULL, 0);
	if (err == 0)
		err = watch_disk(world, &world->clinic, "clinic");
	*program = (struct program){ .name = program->name,
				     .work = program->work,
				     .argv = { world->clinic_path, "serve", "--data", world->clinic.folder, "--listen",
					       "127.0.0.1:0", NULL },
				     .clock = program->clock,
				     .preload = program->preload,
				     .disk = program->disk,
				     .out = -1 };
	if (err == 0)
		err = world_start_clinic(world);
	snprintf(path, sizeof(path), "%.400s/tls.pem", world->clinic.folder);
	if (err == 0 && (world->liar = liar_new(path, world->options.seed, &world->liar_port)) == NULL)
		err = LOBBY_ERR_IO;
	return err;
}

static bool is_up(const struct world *world, const void *arg)
{
	(void)world;
	return ((const struct station *)arg)->conn.up;
}

static bool has_enrolled(const struct world *world, const void *arg)
{
	(void)world;
	return ((const struct station *)arg)->has_enrolled;
}

static bool has_roster(const struct world *world, const void *arg)
{
	const struct station *station = arg;

	(void)world;
	return station->has_state && station->state.has_roster && station->state.roster_count > 0;
}

static int enrol(struct world *world, struct station *station, const char *name)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_enrol_tag };
	lobby_Enrol *wanted = &envelope.body.enrol;
	int err = run_clinic(world, "kiosk-code", name, wanted->code, sizeof(wanted->code));

	text_copy(wanted->url, sizeof(wanted->url), world->url);
	text_copy(wanted->name, sizeof(wanted->name), name);
	if (err != 0 || !world_pump(world, START_PATIENCE_MS, is_up, station))
		return err != 0 ? err : LOBBY_ERR_TIMEOUT;
	err = wire_send(&station->conn, &envelope);
	if (err == 0 && !world_pump(world, START_PATIENCE_MS, has_enrolled, station))
		err = LOBBY_ERR_TIMEOUT;
	if (err == 0 && station->enrolled.err != 0) {
		printf("enrolment: %s\n", station->enrolled.text);
		err = station->enrolled.err;
	}
	if (err == 0 && !world_pump(world, START_PATIENCE_MS, has_roster, station))
		err = LOBBY_ERR_TIMEOUT;
	return err;
}

static int make_kiosk(struct world *world, int i)
{
	struct world_machine *kiosk = &world->kiosk[i];
	char name[24];
	int err;

	snprintf(name, sizeof(name), "kiosk-%d", i + 1);
	err = make_machine(world, kiosk, name);
	if (err == 0)
		err = watch_disk(world, kiosk, "kiosk");
	snprintf(kiosk->run, sizeof(kiosk->run), "%.400s/run-%d", world->options.work, i + 1);
	if (snprintf(kiosk->socket, sizeof(kiosk->socket), "%.400s/run-%d/sync.sock", world->options.work, i + 1) >=
	    (int)sizeof(kiosk->socket))
		return LOBBY_ERR_TOO_LONG;
	if (err == 0)
		err = file_make_folder(kiosk->run, 0700);
	kiosk->program.argv[0] = world->sync_path;
	kiosk->program.argv[1] = "--data";
	kiosk->program.argv[2] = kiosk->folder;
	kiosk->program.argv[3] = "--run";
	kiosk->program.argv[4] = kiosk->run;
	if (err == 0)
		err = world_start_kiosk(world, i);
	for (int s = 0; err == 0 && s < WORLD_STATIONS; s++) {
		struct station *station = &world->station[i][s];

		*station = (struct station){ .loop = world->loop,
					     .book = &world->book,
					     .chance = &world->chance,
					     .kiosk = i,
					     .program = world->options.station_is,
					     .quiet = true,
					     .wall_ms = &kiosk->clock.wall_ms,
					     .jumps = &kiosk->clock.jumps };
		station_start(station, kiosk->socket);
	}
	return err != 0 ? err : enrol(world, &world->station[i][0], name);
}

int world_init(struct world *world, const struct world_options *options)
{
	uint16_t port = 0;
	int err;

	*world = (struct world){ .options = *options, .chance = chance_of(options->seed) };
	world->wall_ms = START_MS;
	world->mono_ms = 1000;
	world->ticked_real_ms = real_ms();
	snprintf(world->clinic_path, DISK_PATH, "%.400s/lobby-clinic", options->build);
	snprintf(world->sync_path, DISK_PATH, "%.400s/lobby-sync", options->build);
	snprintf(world->preload, DISK_PATH, "%.400s/tests/fault/powercut.so", options->build);
	if (clock_make(world, &world->clock, "true") != 0 || setenv("LOBBY_CLOCK", world->clock.path, 1) != 0 ||
	    clock_init() != 0 || (world->loop = loop_new()) == NULL)
		return LOBBY_ERR_IO;
	world->proxy = proxy_new(world->loop, &world->chance, &port);
	if (world->proxy == NULL)
		return LOBBY_ERR_IO;
	snprintf(world->url, sizeof(world->url), "https://127.0.0.1:%u", port);
	err = make_clinic(world);
	if (err != 0)
		printf("the clinic does not start: %s\n", err_staff_text(err));
	else
		proxy_target(world->proxy, world->clinic_port, world->liar_port);
	for (int i = 0; err == 0 && i < world->options.kiosks; i++) {
		err = make_kiosk(world, i);
		if (err != 0)
			printf("kiosk %d does not start: %s\n", i + 1, err_staff_text(err));
	}
	return err;
}

void world_fini(struct world *world)
{
	for (int i = 0; i < world->options.kiosks; i++) {
		for (int s = 0; s < WORLD_STATIONS; s++)
			if (world->station[i][s].loop != NULL)
				station_stop(&world->station[i][s]);
		program_kill(&world->kiosk[i].program);
		disk_fini(&world->kiosk[i].disk);
	}
	program_kill(&world->clinic.program);
	disk_fini(&world->clinic.disk);
	liar_free(world->liar);
	proxy_free(world->proxy);
	loop_free(world->loop);
	book_fini(&world->book);
}

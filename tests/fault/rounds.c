/* See rounds.h. Programs die in two ways: by SIGKILL at a random moment from outside, and within a random one of their
 * next disk operations, which finds the narrow places between a write, its sync and the answer. After a death the
 * store's files are what the page cache has (kill -9), or what a disk could have after a power cut (disk.h). */
#include "rounds.h"

#include <poll.h>
#include <stdio.h>
#include <time.h>

#define HOUR_MS 3600000LL
#define AT_OPERATION_PATIENCE_MS 150

enum victim { VICTIM_KIOSK, VICTIM_CLINIC, VICTIM_BOTH, VICTIM_ALL };

static bool enough_confirmed(const struct world *world, const void *arg)
{
	return world->book.confirmed >= *(const size_t *)arg;
}

static bool is_dead(const struct world *world, const void *arg)
{
	(void)world;
	return ((const struct world_machine *)arg)->program.pid == 0;
}

static void change_weather(struct rounds *rounds)
{
	struct chance *chance = &rounds->chance;

	if (!chance_percent(chance, 35))
		return;
	rounds->weathers++;
	proxy_set(rounds->world->proxy,
		  chance_percent(chance, 50) ? PROXY_FAIR : (enum proxy_weather)chance_below(chance, PROXY_WEATHERS));
}

static struct world_machine *some_machine(struct rounds *rounds)
{
	unsigned n = chance_below(&rounds->chance, WORLD_KIOSKS + 1);

	return n == WORLD_KIOSKS ? &rounds->world->clinic : &rounds->world->kiosk[n];
}

static void change_clock(struct rounds *rounds)
{
	static const int64_t offsets[] = {
		0, 0, HOUR_MS, -HOUR_MS, 24 * HOUR_MS, -24 * HOUR_MS, 72 * HOUR_MS, -400 * HOUR_MS
	};

	if (!chance_percent(&rounds->chance, 12))
		return;
	rounds->jumps++;
	world_jump(rounds->world, some_machine(rounds),
		   offsets[chance_below(&rounds->chance, sizeof(offsets) / sizeof(offsets[0]))]);
}

/* The disk of one machine is full for some of this round; whoever dies of nothing else gets room again. */
static struct world_machine *fill_disk(struct rounds *rounds)
{
	struct world_machine *machine;

	if (!rounds->world->options.preload || !chance_percent(&rounds->chance, 15))
		return NULL;
	machine = some_machine(rounds);
	machine->disk.page->full = 1 + chance_below(&rounds->chance, POWERCUT_NO_SYNC);
	rounds->full++;
	return machine;
}

/* Ends a program somewhere in what it is doing. */
static void end(struct rounds *rounds, struct world_machine *machine)
{
	struct timespec moment = { .tv_nsec = (long)chance_below(&rounds->chance, 4000) * 1000 };

	if (machine->program.pid == 0)
		return;
	if (rounds->world->options.preload && chance_percent(&rounds->chance, 60)) {
		machine->disk.page->die_at = 1 + (int)chance_below(&rounds->chance, 60);
		if (!world_pump(rounds->world, AT_OPERATION_PATIENCE_MS, is_dead, machine))
			ppoll(NULL, 0, &moment, NULL);
	} else {
		ppoll(NULL, 0, &moment, NULL);
	}
	program_kill(&machine->program);
	rounds->kills++;
	if (rounds->world->options.preload)
		machine->disk.page->die_at = 0;
}

/* At once, in any order: nobody outside sees anything between the deaths of one power cut. */
static int cut_power(struct rounds *rounds, struct world_machine *machine)
{
	if (!rounds->world->options.preload)
		return 0;
	rounds->power_cuts++;
	return disk_cut(&machine->disk, &rounds->chance);
}

static int fault(struct rounds *rounds)
{
	struct world *world = rounds->world;
	enum victim victim = (enum victim)chance_below(&rounds->chance, 8);
	struct world_machine *kiosk = &world->kiosk[chance_below(&rounds->chance, WORLD_KIOSKS)];
	bool cut = chance_percent(&rounds->chance, 35);
	int err = 0;

	if (victim > VICTIM_ALL)
		victim = chance_percent(&rounds->chance, 60) ? VICTIM_KIOSK : VICTIM_CLINIC;
	if (victim != VICTIM_CLINIC)
		end(rounds, kiosk);
	if (victim != VICTIM_KIOSK)
		end(rounds, &world->clinic);
	for (int i = 0; victim == VICTIM_ALL && i < world->options.kiosks; i++)
		end(rounds, &world->kiosk[i]);
	for (int i = 0; err == 0 && cut && i < world->options.kiosks; i++)
		if (world->kiosk[i].program.pid == 0)
			err = cut_power(rounds, &world->kiosk[i]);
	if (err == 0 && cut && victim != VICTIM_KIOSK)
		err = cut_power(rounds, &world->clinic);
	if (victim != VICTIM_KIOSK && chance_percent(&rounds->chance, 25))
		rounds->clinic_down = 1 + (int)chance_below(&rounds->chance, 4);
	return err;
}

/* The narrowest place: a program dies after it wrote a commit and before it synced it; the next one finds the commit in
 * the page cache and answers from it; then the power goes. What was answered must have been made durable by then. */
static int fault_between_write_and_sync(struct rounds *rounds)
{
	struct world *world = rounds->world;
	bool clinic = chance_percent(&rounds->chance, 30);
	int i = (int)chance_below(&rounds->chance, WORLD_KIOSKS);
	struct world_machine *machine = clinic ? &world->clinic : &world->kiosk[i];
	size_t goal = world->book.confirmed + 1;
	int err;

	if (machine->program.pid == 0)
		return 0;
	machine->disk.page->full = POWERCUT_ROOM; /* on a disk that cannot sync it would rightly not start */
	machine->disk.page->die_at_sync = 1;
	world_pump(world, AT_OPERATION_PATIENCE_MS, is_dead, machine);
	program_kill(&machine->program);
	machine->disk.page->die_at_sync = 0;
	err = clinic ? world_start_clinic(world) : world_start_kiosk(world, i);
	if (err != 0)
		return err;
	world_pump(world, AT_OPERATION_PATIENCE_MS, enough_confirmed, &goal);
	program_kill(&machine->program);
	rounds->kills += 2;
	return cut_power(rounds, machine);
}

static void make_room(struct world_machine *machine)
{
	if (machine != NULL)
		machine->disk.page->full = POWERCUT_ROOM;
}

static int revive(struct rounds *rounds)
{
	struct world *world = rounds->world;
	int err = 0;

	for (int i = 0; err == 0 && i < world->options.kiosks; i++)
		if (world->kiosk[i].program.pid == 0)
			err = world_start_kiosk(world, i);
	if (rounds->clinic_down > 0)
		rounds->clinic_down--;
	else if (err == 0 && world->clinic.program.pid == 0)
		err = world_start_clinic(world);
	if (err != 0)
		printf("a program does not start again: %s\n", err_staff_text(err));
	return err;
}

/* Hours in which the clinic cannot be reached, while patients go on checking in. */
static void hours_without_clinic(struct rounds *rounds)
{
	enum { QUARTERS = 12 };

	if (rounds->long_waits > 0 && !chance_percent(&rounds->chance, 2))
		return;
	rounds->long_waits++;
	proxy_set(rounds->world->proxy, PROXY_DOWN);
	for (int i = 0; i < QUARTERS; i++) {
		world_advance(rounds->world, HOUR_MS / 4);
		world_pump(rounds->world, 40, NULL, NULL);
	}
	proxy_set(rounds->world->proxy, PROXY_FAIR);
}

static void forget_screens(struct rounds *rounds)
{
	for (int i = 0; i < rounds->world->options.kiosks; i++) {
		for (int s = 0; s < WORLD_STATIONS; s++) {
			if (!chance_percent(&rounds->chance, 3))
				continue;
			rounds->forgotten++;
			station_forget(&rounds->world->station[i][s]);
		}
	}
}

int rounds_one(struct rounds *rounds)
{
	struct world *world = rounds->world;
	size_t goal = world->book.confirmed + chance_below(&rounds->chance, 12);
	struct world_machine *full = fill_disk(rounds);
	int err;

	hours_without_clinic(rounds);
	change_weather(rounds);
	change_clock(rounds);
	forget_screens(rounds);
	world_pump(world, 250, enough_confirmed, &goal);
	if (world->options.preload && chance_percent(&rounds->chance, 12))
		err = fault_between_write_and_sync(rounds);
	else
		err = fault(rounds);
	make_room(full);
	return err != 0 ? err : revive(rounds);
}

static bool is_healed(const struct world *world, const void *arg)
{
	(void)arg;
	for (int i = 0; i < world->options.kiosks; i++) {
		for (int s = 0; s < WORLD_STATIONS; s++)
			if (world->station[i][s].busy)
				return false;
		if (!world->station[i][0].has_state || world->station[i][0].state.visits_held > 0)
			return false;
	}
	return true;
}

bool rounds_heal(struct rounds *rounds, int max_ms)
{
	struct world *world = rounds->world;

	rounds->clinic_down = 0;
	if (revive(rounds) != 0)
		return false;
	proxy_set(world->proxy, PROXY_FAIR);
	world_jump(world, &world->clinic, 0);
	for (int i = 0; i < world->options.kiosks; i++) {
		world_jump(world, &world->kiosk[i], 0);
		for (int s = 0; s < WORLD_STATIONS; s++)
			world->station[i][s].quiet = true;
	}
	return world_pump(world, max_ms, is_healed, NULL);
}

/* Random kills and power cuts against the real lobby-sync and lobby-clinic, and the proof that no visit which was
 * confirmed is lost or doubled (issue "What must hold under fault").
 *
 *   fault [--seed N] [--build DIR] [--keep] [--no-power-cuts] [--screen] KILLS
 *
 * With --screen the whole kiosk runs, and patients check in at its screen (patient.h). Without, the driver is the
 * kiosk's screen (station.h), the network (proxy.h, liar.h), the disk (disk.h) and the clock. It kills until KILLS
 * programs have died, heals everything, waits until the kiosks hold nothing, and compares (check.h). Then the
 * comparison itself is tried on a store from which a visit was taken, and on one in which a visit stands twice: a check
 * that cannot fail proves nothing. */
#include "check.h"
#include "patient.h"
#include "rounds.h"

#include "base/log.h"
#include "store/db.h"

#include <ftw.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HEAL_MS 90000
#define STOP_MS 10000
#define SPEED 10
#define SCREEN_SPEED 3 /* a patient has 20 s to read a number, the driver a third of that */

struct options {
	struct world_options world;
	unsigned kills;
	bool keep, screen;
};

static int passed, failed;

static void report(bool good, const char *what)
{
	printf("%s  %s\n", good ? "ok    " : "FAILED", what);
	(*(good ? &passed : &failed))++;
}

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "seed", required_argument, NULL, 's' }, { "build", required_argument, NULL, 'b' },
		{ "keep", no_argument, NULL, 'k' },	  { "no-power-cuts", no_argument, NULL, 'n' },
		{ "screen", no_argument, NULL, 'S' },	  { 0 }
	};
	struct timespec now;
	int c;

	clock_gettime(CLOCK_REALTIME, &now);
	*o = (struct options){ .world = { .build = "build/release", .preload = true }, .kills = 300 };
	o->world.seed = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 's')
			o->world.seed = strtoull(optarg, NULL, 10);
		else if (c == 'b')
			o->world.build = optarg;
		else if (c == 'k')
			o->keep = true;
		else if (c == 'S')
			o->screen = true;
		else if (c == 'n')
			o->world.preload = false;
		else
			return -1;
	}
	if (optind < argc)
		o->kills = (unsigned)strtoul(argv[optind], NULL, 10);
	o->world.kiosks = o->screen ? 1 : WORLD_KIOSKS;
	o->world.speed = o->screen ? SCREEN_SPEED : SPEED;
	o->world.station_is = o->screen ? lobby_Program_PROGRAM_CTL : lobby_Program_PROGRAM_KIOSK;
	return o->kills > 0 && o->kills <= 100000 ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

/* ---- the check, checked ---- */

/* On a copy of the clinic's store: the SQL spoils it; result is what the check then says. */
static int check_spoiled(struct world *world, const char *sql, const char *id, struct check_result *result)
{
	char copy[DISK_PATH], copy_wal[DISK_PATH + 8];
	sqlite3_stmt *stmt = NULL;
	struct db db = { 0 };
	int err;

	snprintf(copy, sizeof(copy), "%.400s/spoiled.db", world->options.work);
	snprintf(copy_wal, sizeof(copy_wal), "%s-wal", copy);
	err = disk_copy(world->clinic.disk.file[POWERCUT_DB], copy);
	if (err == 0)
		err = disk_copy(world->clinic.disk.file[POWERCUT_WAL], copy_wal);
	if (err == 0 && sqlite3_open(copy, &db.handle) != SQLITE_OK)
		err = LOBBY_ERR_IO;
	if (err == 0)
		err = db_exec(&db, "DROP TRIGGER bundle_delete; DROP TRIGGER bundle_update");
	if (err == 0)
		err = db_prepare(&db, sql, &stmt);
	if (err == 0)
		err = db_bind(stmt, "t", id);
	if (err == 0)
		err = db_run(&db, stmt);
	sqlite3_finalize(stmt);
	db_close(&db);
	return err != 0 ? err : check_store(copy, &world->book, 0, result);
}

static void check_the_check(struct world *world, const struct check_result *real)
{
	struct check_result lost = { 0 }, doubled = { 0 };
	const char *id = NULL;

	for (size_t i = 0; i < world->book.count && id == NULL; i++)
		if (world->book.tried[i].confirmed)
			id = world->book.tried[i].visit.id;
	if (id == NULL) {
		report(false, "a visit to try the check with");
		return;
	}
	report(check_spoiled(world, "DELETE FROM bundle WHERE key = ?1", id, &lost) == 0 && lost.lost == real->lost + 1,
	       "the check finds a visit that was taken from the store");
	report(check_spoiled(world,
			     "INSERT INTO bundle(kiosk, seq, key, kind, received_ms, hash, content) SELECT kiosk, "
			     "1000000000, key, kind, received_ms, hash, content FROM bundle WHERE key = ?1",
			     id, &doubled) == 0 &&
		       doubled.doubled == real->doubled + 1,
	       "the check finds a visit that stands twice in the store");
}

/* ---- the run ---- */

static bool run_rounds(struct rounds *rounds, unsigned kills)
{
	int64_t deadline = real_ms() + 120000 + (int64_t)kills * 1500;
	unsigned said = 0;

	for (int i = 0; i < rounds->world->options.kiosks; i++) {
		for (int s = 0; s < WORLD_STATIONS; s++) {
			rounds->world->station[i][s].quiet = false;
			station_forget(&rounds->world->station[i][s]);
		}
	}
	while (rounds->kills < kills) {
		if (rounds_one(rounds) != 0 || real_ms() > deadline)
			return false;
		if (rounds->kills / 50 > said) {
			said = rounds->kills / 50;
			printf("  %u kills, %zu visits confirmed\n", rounds->kills, rounds->world->book.confirmed);
			fflush(stdout);
		}
	}
	return true;
}

static void report_all(struct world *world, const struct rounds *rounds, const struct check_result *r)
{
	bool damaged = disk_has_damaged(&world->clinic.disk);
	unsigned lost_writes = world->clinic.disk.cut_writes;

	for (int i = 0; i < world->options.kiosks; i++) {
		damaged |= disk_has_damaged(&world->kiosk[i].disk);
		lost_writes += world->kiosk[i].disk.cut_writes;
	}
	printf("%u power cuts, which took %u writes; %u times a full or failing disk: %zu visits answered with an "
	       "error, "
	       "%zu of them kept\n",
	       rounds->power_cuts, lost_writes, rounds->full, world->book.refused, r->ghosts);
	printf("%u clock jumps, %u changes of the network, %u times hours without it, %u screens ended midway\n",
	       rounds->jumps, rounds->weathers, rounds->long_waits, rounds->forgotten);
	report(r->confirmed > 0 && r->lost == 0, "no confirmed visit is lost");
	report(r->doubled == 0, "no visit is doubled");
	report(r->wrong == 0, "each is kept with the number, sequence and contents that were confirmed");
	report(r->same_ticket == 0, "no two visits of a day have one number");
	report(r->changed == 0, "a visit that is asked for twice gets one answer");
	report(r->set_aside == 0, "no confirmed visit is set aside");
	report(r->strangers == 0, "nothing is in the clinic's store that no kiosk sent");
	report(world->ended == 0, "no program ended by itself");
	report(!damaged, "no store was damaged");
}

static void report_stop(struct world *world)
{
	for (int i = 0; i < world->options.kiosks; i++)
		report(program_stop(&world->kiosk[i].program, STOP_MS) == 0, "lobby-sync ends when it is told to");
	report(program_stop(&world->clinic.program, STOP_MS) == 0, "lobby-clinic ends when it is told to");
}

static void run(struct world *world, const struct options *o)
{
	struct rounds rounds = { .world = world, .chance = chance_of(o->world.seed + 1) };
	struct check_result result;
	int err = world_init(world, &o->world);

	report(err == 0, "a clinic and two enrolled kiosks start");
	if (err != 0)
		return;
	report(run_rounds(&rounds, o->kills), "the programs start again after each kill");
	report(rounds_heal(&rounds, HEAL_MS), "once all works again, the kiosks send all that they hold");
	report_stop(world);
	err = check_store(world->clinic.disk.file[POWERCUT_DB], &world->book, 20, &result);
	report(err == 0, "the clinic's store can be read");
	if (err != 0)
		return;
	report_all(world, &rounds, &result);
	check_the_check(world, &result);
	printf("%u kills, %zu visits confirmed, %zu lost, %zu doubled\n", rounds.kills, world->book.confirmed,
	       result.lost, result.doubled);
}

/* The whole kiosk: screen, devices, sync and clinic. */
static void run_screen(struct world *world, const struct options *o)
{
	static struct patients patients;
	struct patients_result r = { 0 };
	int err = world_init(world, &o->world);

	if (err == 0)
		err = patients_init(&patients, world);
	report(err == 0, "a clinic and a whole kiosk start");
	if (err == 0) {
		report(patients_run(&patients, o->kills, 60000 + (int)o->kills * 1500),
		       "patients check in, and the programs start again after each kill");
		report(patients_heal(&patients, HEAL_MS),
		       "once all works again, one more checks in and the kiosk sends all that it holds");
	}
	patients_fini(&patients);
	if (err != 0)
		return;
	report_stop(world);
	err = patients_check(&patients, world->clinic.disk.file[POWERCUT_DB], &r);
	printf("killed %u times the screen, %u the devices, %u lobby-sync, %u lobby-clinic; %u power cuts\n",
	       patients.killed[0], patients.killed[1], patients.killed[2], patients.killed[3], patients.power_cuts);
	printf("the screen said %u times \"checked in\", %u \"already checked in\", %u \"go to the front desk\"\n",
	       patients.checked_in, patients.again, patients.handovers);
	report(err == 0 && r.confirmed > 0 && r.lost == 0, "no check-in that the screen confirmed is lost");
	report(r.doubled == 0, "nobody arrived twice");
	report(r.wrong == 0, "each has the number that the screen showed, and showed again");
	report(world->ended == 0, "no program ended by itself");
	report(!disk_has_damaged(&world->kiosk[0].disk), "no store was damaged");
	printf("%u kills, %zu visits confirmed, %zu lost, %zu doubled\n", patients.kills, r.confirmed, r.lost,
	       r.doubled);
}

int main(int argc, char **argv)
{
	static struct world world;
	char work[] = "/tmp/lobby-fault-XXXXXX";
	struct options o;

	if (parse(argc, argv, &o) != 0) {
		fputs("fault [--seed N] [--build DIR] [--keep] [--no-power-cuts] [--screen] KILLS\n", stderr);
		return 2;
	}
	if (mkdtemp(work) == NULL)
		return 1;
	log_init("fault");
	o.world.work = work;
	printf("seed %" PRIu64 "\n", o.world.seed);
	(o.screen ? run_screen : run)(&world, &o);
	world_fini(&world);
	if (o.keep || failed > 0)
		printf("kept: %s\n", work);
	else if (nftw(work, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
		printf("could not remove %s\n", work);
	printf("%d passed, %d failed\n", passed, failed);
	return failed == 0 ? 0 : 1;
}

/* A hundred thousand sessions of devices that lie, break and are pulled out, against lobby-devices as it is.
 *
 *   devices [--seed N] [--world N] [--jobs N] [--talk] [SESSIONS]
 *
 * Worlds (world.h) of some dozens of sessions are played by --jobs processes (2), so that a crash is one world's; the
 * parent counts, and says which world it was: the same seed with --world N plays that one alone, with --talk aloud. Now
 * and then a world is long, for what grows slowly. At the end the checks themselves are tried (enum world_sabotage). */
#include "tests/fault/devices/world.h"

#include "base/clock.h"
#include "base/log.h"

#include <malloc.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_WORKERS 8
#define PROGRESS_MS 10000
#define MAX_FAILURES 20
#define WORLDS_A_WORKER 50

/* What parent and workers share. */
struct tally {
	atomic_uint next_world, sessions, printed, read, restarts, failures;
	struct {
		atomic_uint world, sessions; /* being played */
	} worker[MAX_WORKERS];
};

static struct {
	uint64_t seed;
	unsigned sessions, workers;
	long only; /* world; -1: all */
	bool talks;
	struct tally *tally;
} run = { .sessions = 1000, .workers = 2, .only = -1 };

static unsigned world_size(unsigned number)
{
	return number % 50 == 49 ? 1000 : 40;
}

/* ---- a worker ---- */

static void on_told(void *arg, const struct world *world)
{
	unsigned *worker = arg, before = atomic_load(&run.tally->worker[*worker].sessions);

	atomic_store(&run.tally->worker[*worker].sessions, world->sessions);
	atomic_fetch_add(&run.tally->sessions, world->sessions - before);
}

static bool play(unsigned number, unsigned worker)
{
	static struct world world;
	bool ok;

	atomic_store(&run.tally->worker[worker].sessions, 0);
	atomic_store(&run.tally->worker[worker].world, number);
	ok = world_play(&world, run.seed, number, world_size(number), run.talks, on_told, &worker);
	atomic_fetch_add(&run.tally->printed, world.printed);
	atomic_fetch_add(&run.tally->read, world.read);
	atomic_fetch_add(&run.tally->restarts, world.restarts);
	if (ok)
		return true;
	printf("world %u: %s\n", number, world.failure);
	world_tell_last(&world);
	fflush(stdout);
	return false;
}

static bool is_enough(void)
{
	return run.only >= 0 || atomic_load(&run.tally->sessions) >= run.sessions;
}

/* Returns 0, or 1 after a world that failed: the process is not to be trusted afterwards. Each of umockdev's testbeds
 * leaves two descriptors, so a worker plays only so many worlds. */
static int work(unsigned worker)
{
	unsigned number;

	if (run.only >= 0)
		return play((unsigned)run.only, worker) ? 0 : 1;
	for (int i = 0; i < WORLDS_A_WORKER && !is_enough(); i++) {
		number = atomic_fetch_add(&run.tally->next_world, 1);
		if (!play(number, worker))
			return 1;
	}
	return 0;
}

/* ---- the parent ---- */

static pid_t start(unsigned worker)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		if (!run.talks)
			log_set_level(LOG_ERROR);
		exit(work(worker));
	}
	return pid;
}

static void replay_line(unsigned world)
{
	printf("  again: tools/fault 0 --devices 1 --seed %llu --world %u --talk\n", (unsigned long long)run.seed,
	       world);
}

static void tell(int64_t began_ms)
{
	double s = (double)(world_real_ms() - began_ms) / 1000;
	unsigned n = atomic_load(&run.tally->sessions);

	printf("%u sessions in %.0f s, %.0f a second: %u cards and codes read, %u slips and labels printed, %u "
	       "restarts, %u failed\n",
	       n, s, s > 0 ? n / s : 0, atomic_load(&run.tally->read), atomic_load(&run.tally->printed),
	       atomic_load(&run.tally->restarts), atomic_load(&run.tally->failures));
	fflush(stdout);
}

static void on_ended(unsigned worker, int status)
{
	unsigned world = atomic_load(&run.tally->worker[worker].world);

	if (status == 0)
		return;
	atomic_fetch_add(&run.tally->failures, 1);
	if (WIFSIGNALED(status))
		printf("world %u: killed by signal %d\n", world, WTERMSIG(status));
	else if (WEXITSTATUS(status) != 1)
		printf("world %u: ended with %d\n", world, WEXITSTATUS(status));
	replay_line(world);
	fflush(stdout);
}

static void supervise(void)
{
	pid_t pids[MAX_WORKERS];
	int64_t began = world_real_ms(), told = began;
	unsigned running = 0;

	for (unsigned i = 0; i < run.workers; i++, running++)
		pids[i] = start(i);
	while (running > 0) {
		int status;
		pid_t pid = waitpid(-1, &status, WNOHANG);

		if (pid == 0) {
			usleep(20000);
			if (world_real_ms() - told > PROGRESS_MS) {
				told = world_real_ms();
				tell(began);
			}
			continue;
		}
		for (unsigned i = 0; i < run.workers; i++) {
			if (pids[i] != pid)
				continue;
			running--;
			on_ended(i, status);
			if (!is_enough() && atomic_load(&run.tally->failures) < MAX_FAILURES) {
				pids[i] = start(i);
				running++;
			}
		}
	}
	tell(began);
}

/* ---- the checks ---- */

static bool notices(enum world_sabotage sabotage)
{
	static struct world world;
	int status = 1;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		log_set_level(LOG_ERROR);
		exit(world_notices(&world, run.seed, sabotage) ? 0 : 1);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static void try_checks(unsigned *passed, unsigned *failed)
{
	static const char *const names[WORLD_SABOTAGES] = { "", "a device that does not come back",
							    "descriptors that stay open", "memory that stays in use" };

	for (int i = WORLD_AS_IT_IS + 1; i < WORLD_SABOTAGES; i++) {
		bool noticed;

		/* Sanitizers keep the heap's figures to themselves, and look for leaks on their own. */
		if (i == WORLD_MEMORY && mallinfo2().uordblks == 0)
			continue;
		noticed = notices((enum world_sabotage)i);
		printf("%s: %s\n", names[i], noticed ? "noticed" : "NOT noticed");
		*passed += noticed;
		*failed += !noticed;
	}
}

static bool take_options(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";

		if (strcmp(argv[i], "--talk") == 0) {
			run.talks = true;
			continue;
		}
		if (strcmp(argv[i], "--seed") == 0)
			run.seed = strtoull(value, NULL, 10);
		else if (strcmp(argv[i], "--world") == 0)
			run.only = strtol(value, NULL, 10);
		else if (strcmp(argv[i], "--jobs") == 0)
			run.workers = (unsigned)strtoul(value, NULL, 10);
		else if (argv[i][0] != '-')
			run.sessions = (unsigned)strtoul(argv[i--], NULL, 10);
		else
			return false;
		i++;
	}
	if (run.workers < 1 || run.workers > MAX_WORKERS || run.only >= 0)
		run.workers = 1;
	return true;
}

int main(int argc, char **argv)
{
	unsigned passed = 0, failed, sessions;

	/* Of the heap's figures those must be exact that worlds compare. */
	if (getenv("GLIBC_TUNABLES") == NULL && setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0", 1) == 0)
		execv("/proc/self/exe", argv);
	log_init("devices");
	if (!take_options(argc, argv)) {
		fprintf(stderr, "devices [--seed N] [--world N] [--jobs N] [--talk] [SESSIONS]\n");
		return 2;
	}
	while (run.seed == 0) {
		if (getrandom(&run.seed, sizeof(run.seed), 0) != (ssize_t)sizeof(run.seed))
			return 2;
		run.seed %= 1000000000;
	}
	run.tally = mmap(NULL, sizeof(*run.tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (run.tally == MAP_FAILED)
		return 2;
	printf("device sessions, seed %llu\n", (unsigned long long)run.seed);
	supervise();
	failed = atomic_load(&run.tally->failures);
	sessions = atomic_load(&run.tally->sessions);
	if (failed == 0 && sessions > 0)
		passed++;
	if (run.only < 0)
		try_checks(&passed, &failed);
	printf("%u passed, %u failed\n", passed, failed);
	return failed > 0 || sessions == 0;
}

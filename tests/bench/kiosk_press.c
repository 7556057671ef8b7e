/* What pressing keys costs lobby-kiosk: ten touches a second of the number pad, at the pixels that the kiosk says its
 * keys have, through one connection of the control socket: press, repaint, release, repaint. The figure is the
 * processor time of all its threads (schedstat) as a share of one core; the control socket's own part is in it, nothing
 * is taken off. The keys are those of a birthday that is
 * typed but for its last digit and erased again, so the figure has what typing has: digits that go on to the next field
 * and digits that do not. */
#include "bench.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 3
#define PRESSES 100
#define EVERY_NS 100000000
#define KEYS 14

static const char *const typed[KEYS] = { "key-0",     "key-4",	   "key-1",	"key-7",     "key-1",
					 "key-9",     "key-8",	   "key-erase", "key-erase", "key-erase",
					 "key-erase", "key-erase", "key-erase", "key-erase" };

/* The command that touches the middle of the node with this id. */
static void touch_of(const char *geometry, const char *id, char *command, size_t size)
{
	char mark[32];
	const char *line, *at;
	int x, y, w, h;

	snprintf(mark, sizeof(mark), " #%s ", id);
	line = strstr(geometry, mark);
	at = line != NULL ? strstr(line, " @") : NULL;
	if (at == NULL || sscanf(at, " @%d,%d %dx%d", &x, &y, &w, &h) != 4)
		bench_die("no %s on the screen", id);
	snprintf(command, size, "touch %d %d", x + w / 2, y + h / 2);
}

static double round_pct(int fd, pid_t pid, int round, char keys[KEYS][64])
{
	double before = bench_process_cpu_ns(pid);
	int64_t start = bench_now_ns();

	for (int i = 0; i < PRESSES; i++) {
		int64_t due = start + i * (int64_t)EVERY_NS, now = bench_now_ns();

		if (due > now)
			poll(NULL, 0, (int)((due - now + 999999) / 1000000));
		BENCH_MUST(bench_control(fd, keys[(round * PRESSES + i) % KEYS], NULL, 0));
	}
	/* To the end of the last press's tenth of a second. */
	while (bench_now_ns() < start + PRESSES * (int64_t)EVERY_NS)
		poll(NULL, 0, 1 + (int)((start + PRESSES * (int64_t)EVERY_NS - bench_now_ns()) / 1000000));
	return (bench_process_cpu_ns(pid) - before) * 100 / (double)(bench_now_ns() - start);
}

int main(int argc, char **argv)
{
	int fd = bench_control_open(bench_arg(argc, argv, 1, "CONTROL PID"));
	pid_t pid = (pid_t)bench_number(bench_arg(argc, argv, 2, "CONTROL PID"));
	struct bench_samples rounds = { 0 };
	static char geometry[65536];
	char keys[KEYS][64], before[32], after[32];

	BENCH_MUST(bench_control(fd, "until welcome", NULL, 0) && bench_control(fd, "press check-in", NULL, 0));
	BENCH_MUST(bench_control(fd, "until birthday", NULL, 0));
	BENCH_MUST(bench_control(fd, "geometry", geometry, sizeof(geometry)));
	for (int i = 0; i < KEYS; i++)
		touch_of(geometry, typed[i], keys[i], sizeof(keys[i]));
	BENCH_MUST(bench_control(fd, "frames", before, sizeof(before)));
	for (int round = 0; round < ROUNDS; round++)
		bench_add(&rounds, round_pct(fd, pid, round, keys));
	BENCH_MUST(bench_control(fd, "frames", after, sizeof(after)));
	/* Each press shows twice: down and up. */
	if (strtol(after, NULL, 10) - strtol(before, NULL, 10) < ROUNDS * PRESSES)
		bench_die("the presses were not shown");
	bench_figure_of("kiosk.press_cpu_pct", &rounds, "3 rounds of 100 touches of a number pad, all threads");
	return 0;
}

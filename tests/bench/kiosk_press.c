/* What pressing keys costs lobby-kiosk: ten touches a second of the number pad, at the pixels that the kiosk says its
 * keys have, through one connection of the control socket: press, repaint, release, repaint. The figure is the
 * processor time of all its threads (schedstat) as a share of one core; the control socket's own part is in it, nothing
 * is taken off. A digit and an erase take turns, so that the birthday is never whole. */
#include "bench.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 3
#define PRESSES 100
#define EVERY_NS 100000000

/* Nanoseconds on a processor, of all threads. */
static double cpu_ns(pid_t pid)
{
	char path[64], text[128];
	double sum = 0;
	struct dirent *entry;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	BENCH_MUST(tasks != NULL);
	while ((entry = readdir(tasks)) != NULL) {
		char name[300];

		snprintf(name, sizeof(name), "task/%s/schedstat", entry->d_name);
		if (entry->d_name[0] != '.' && bench_proc(pid, name, text, sizeof(text)))
			sum += strtod(text, NULL);
	}
	closedir(tasks);
	return sum;
}

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

static double round_pct(int fd, pid_t pid, char keys[2][64])
{
	double before = cpu_ns(pid);
	int64_t start = bench_now_ns();

	for (int i = 0; i < PRESSES; i++) {
		int64_t due = start + i * (int64_t)EVERY_NS, now = bench_now_ns();

		if (due > now)
			poll(NULL, 0, (int)((due - now + 999999) / 1000000));
		BENCH_MUST(bench_control(fd, keys[i % 2], NULL, 0));
	}
	/* To the end of the last press's tenth of a second. */
	while (bench_now_ns() < start + PRESSES * (int64_t)EVERY_NS)
		poll(NULL, 0, 1 + (int)((start + PRESSES * (int64_t)EVERY_NS - bench_now_ns()) / 1000000));
	return (cpu_ns(pid) - before) * 100 / (double)(bench_now_ns() - start);
}

int main(int argc, char **argv)
{
	int fd = bench_control_open(bench_arg(argc, argv, 1, "CONTROL PID"));
	pid_t pid = (pid_t)bench_number(bench_arg(argc, argv, 2, "CONTROL PID"));
	struct bench_samples rounds = { 0 };
	static char geometry[65536];
	char keys[2][64], before[32], after[32];

	BENCH_MUST(bench_control(fd, "until welcome", NULL, 0) && bench_control(fd, "press check-in", NULL, 0));
	BENCH_MUST(bench_control(fd, "until birthday", NULL, 0));
	BENCH_MUST(bench_control(fd, "geometry", geometry, sizeof(geometry)));
	touch_of(geometry, "key-5", keys[0], sizeof(keys[0]));
	touch_of(geometry, "key-erase", keys[1], sizeof(keys[1]));
	BENCH_MUST(bench_control(fd, "frames", before, sizeof(before)));
	for (int round = 0; round < ROUNDS; round++)
		bench_add(&rounds, round_pct(fd, pid, keys));
	BENCH_MUST(bench_control(fd, "frames", after, sizeof(after)));
	/* Each press shows twice: down and up. */
	if (strtol(after, NULL, 10) - strtol(before, NULL, 10) < ROUNDS * PRESSES)
		bench_die("the presses were not shown");
	bench_figure_of("kiosk.press_cpu_pct", &rounds, "3 rounds of 100 touches of a number pad, all threads");
	return 0;
}

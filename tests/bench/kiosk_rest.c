/* What lobby-kiosk, or with `devices` lobby-devices, takes when nothing happens. `memory PID`: its proportional set
 * size. `wakeups PID SECONDS`: how often its threads were put on a processor, by their context switches, while the
 * kiosk stands at the welcome screen; each wake-up ends in one switch. */
#include "bench.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double field_of(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at != NULL ? strtod(at + strlen(name), NULL) : 0;
}

/* *forced: those in which somebody else needed the processor, which a busy machine adds. */
static double switches(pid_t pid, double *forced)
{
	char path[64], text[8192];
	double sum = 0;
	struct dirent *entry;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	BENCH_MUST(tasks != NULL);
	while ((entry = readdir(tasks)) != NULL) {
		char name[300];

		snprintf(name, sizeof(name), "task/%s/status", entry->d_name);
		if (entry->d_name[0] == '.' || !bench_proc(pid, name, text, sizeof(text)))
			continue;
		sum += field_of(text, "\nvoluntary_ctxt_switches:");
		*forced += field_of(text, "nonvoluntary_ctxt_switches:");
	}
	closedir(tasks);
	return sum + *forced;
}

static void tell_memory(pid_t pid, bool devices)
{
	static char text[65536];
	double private;

	BENCH_MUST(bench_proc(pid, "smaps_rollup", text, sizeof(text)));
	private = field_of(text, "Private_Clean:") + field_of(text, "Private_Dirty:");
	if (devices) {
		bench_figure("devices.pss_kb", field_of(text, "\nPss:"),
			     "of it private %.4g, file-backed %.4g, umockdev's library among it; resident %.4g",
			     private, field_of(text, "Pss_File:"), field_of(text, "Rss:"));
		return;
	}
	bench_figure("kiosk.pss_mb", field_of(text, "\nPss:") / 1024,
		     "of it private %.3g, file-backed %.3g; resident %.3g", private / 1024,
		     field_of(text, "Pss_File:") / 1024, field_of(text, "Rss:") / 1024);
}

static void tell_wakeups(pid_t pid, int seconds, bool devices)
{
	double forced[2] = { 0 }, before = switches(pid, &forced[0]), after;

	poll(NULL, 0, seconds * 1000);
	after = switches(pid, &forced[1]);
	bench_figure(devices ? "devices.idle_wakeups_per_min" : "kiosk.idle_wakeups_per_min",
		     (after - before) * 60 / seconds,
		     "context switches of all threads in %d s %s, %.0f of them forced by others", seconds,
		     devices ? "with all devices plugged in" : "at the welcome screen", forced[1] - forced[0]);
}

int main(int argc, char **argv)
{
	static const char usage[] = "memory PID [devices] | wakeups PID SECONDS [devices]";
	const char *what = bench_arg(argc, argv, 1, usage);
	pid_t pid = (pid_t)bench_number(bench_arg(argc, argv, 2, usage));

	bool devices = strcmp(argv[argc - 1], "devices") == 0;

	if (strcmp(what, "memory") == 0)
		tell_memory(pid, devices);
	else
		tell_wakeups(pid, (int)bench_number(bench_arg(argc, argv, 3, usage)), devices);
	return 0;
}

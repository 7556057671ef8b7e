/* See bench.h. */
#include "bench.h"

#include <dirent.h>
#include <math.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define CONTROL_PATIENCE_MS 60000
#define OPEN_TRIES 1000
#define OPEN_PAUSE_MS 10

static int64_t read_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t bench_now_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

int64_t bench_cpu_ns(void)
{
	return read_ns(CLOCK_THREAD_CPUTIME_ID);
}

void bench_die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("bench: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

void bench_add(struct bench_samples *samples, double value)
{
	if (samples->count == samples->size) {
		size_t size = samples->size > 0 ? samples->size * 2 : 1024;
		double *bigger = realloc(samples->value, size * sizeof(*bigger));

		BENCH_MUST(bigger != NULL);
		samples->value = bigger;
		samples->size = size;
	}
	samples->value[samples->count++] = value;
}

void bench_clear(struct bench_samples *samples)
{
	free(samples->value);
	*samples = (struct bench_samples){ 0 };
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double bench_quantile(struct bench_samples *samples, double share)
{
	double rank = ceil(share * (double)samples->count);

	BENCH_MUST(samples->count > 0);
	qsort(samples->value, samples->count, sizeof(*samples->value), by_value);
	return samples->value[rank < 1 ? 0 : (size_t)rank - 1];
}

void bench_figure(const char *name, double value, const char *note_format, ...)
{
	va_list args;

	printf("%s\t%.6g\t", name, value);
	va_start(args, note_format);
	vprintf(note_format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

void bench_figure_of(const char *name, struct bench_samples *rounds, const char *what)
{
	double median = bench_quantile(rounds, 0.5);

	bench_figure(name, median, "%.4g to %.4g; %s", rounds->value[0], rounds->value[rounds->count - 1], what);
}

uint32_t bench_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 32);
}

const char *bench_arg(int argc, char **argv, int at, const char *usage)
{
	if (at >= argc)
		bench_die("usage: %s %s", argv[0], usage);
	return argv[at];
}

long bench_number(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || *end != '\0')
		bench_die("%s: not a number", text);
	return value;
}

int bench_control_open(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	BENCH_MUST(fd >= 0 && strlen(path) < sizeof(address.sun_path));
	memcpy(address.sun_path, path, strlen(path));
	for (int i = 0; i < OPEN_TRIES; i++) {
		if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
			return fd;
		poll(NULL, 0, OPEN_PAUSE_MS);
	}
	bench_die("%s: nobody listens there", path);
}

/* The answer's last line is in the buffer: 1 ok, 0 error, -1 not yet. */
static int verdict(const char *text, size_t len)
{
	const char *line = text + len - 1;

	if (len == 0 || *line != '\n')
		return -1;
	while (line > text && line[-1] != '\n')
		line--;
	return strncmp(line, "ok\n", 3) == 0 ? 1 : strncmp(line, "error", 5) == 0 ? 0 : -1;
}

bool bench_control(int fd, const char *command, char *out, size_t size)
{
	static char text[262144];
	size_t len = (size_t)snprintf(text, sizeof(text), "%s\n", command);
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	int said = -1;

	BENCH_MUST(send(fd, text, len, MSG_NOSIGNAL) == (ssize_t)len);
	for (len = 0; said < 0;) {
		ssize_t n;

		if (poll(&wait, 1, CONTROL_PATIENCE_MS) != 1)
			bench_die("the kiosk does not answer: %s", command);
		n = recv(fd, text + len, sizeof(text) - 1 - len, 0);
		if (n <= 0)
			bench_die("the kiosk hung up at: %s", command);
		len += (size_t)n;
		said = verdict(text, len);
	}
	text[len] = '\0';
	if (out != NULL)
		snprintf(out, size, "%s", text);
	return said == 1;
}

bool bench_proc(pid_t pid, const char *name, char *out, size_t size)
{
	char path[64];
	size_t n;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	file = fopen(path, "r");
	if (file == NULL)
		return false;
	n = fread(out, 1, size - 1, file);
	out[n] = '\0';
	fclose(file);
	return n > 0;
}

double bench_process_cpu_ns(pid_t pid)
{
	char path[64], name[300], text[128];
	struct dirent *entry;
	double sum = 0;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	BENCH_MUST(tasks != NULL);
	while ((entry = readdir(tasks)) != NULL) {
		snprintf(name, sizeof(name), "task/%s/schedstat", entry->d_name);
		if (entry->d_name[0] != '.' && bench_proc(pid, name, text, sizeof(text)))
			sum += strtod(text, NULL);
	}
	closedir(tasks);
	return sum;
}

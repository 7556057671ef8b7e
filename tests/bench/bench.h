/* What the benches share: the time, samples and their quantiles, and how a figure is told to tools/bench.
 *
 * A bench is a program of one file in this folder; it prints one line a figure, `name TAB value TAB note`, on standard
 * output and talks to people on standard error. It never judges: tools/bench puts the figure beside its budget. A
 * machine is shared and noisy, so a figure is the median of several rounds and its note says their spread. */
#ifndef LOBBY_TESTS_BENCH_BENCH_H
#define LOBBY_TESTS_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** Nanoseconds of CLOCK_MONOTONIC: the one clock here that is no part of what is measured. */
int64_t bench_now_ns(void);
/** Nanoseconds that this thread has been on a processor: what is left when the machine's noise is taken off. */
int64_t bench_cpu_ns(void);

/** Says why on standard error and ends with status 1. */
void bench_die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
/** Ends unless ok. */
#define BENCH_MUST(ok) ((ok) ? (void)0 : bench_die("%s:%d: not so: %s", __FILE__, __LINE__, #ok))

/** Numbers of one kind, grown as they come. Zero it first. */
struct bench_samples {
	double *value;
	size_t count, size;
};

void bench_add(struct bench_samples *samples, double value);
void bench_clear(struct bench_samples *samples);
/** The value that share (0..1) of the samples do not exceed (nearest rank); sorts them. Dies without samples. */
double bench_quantile(struct bench_samples *samples, double share);

/** Prints a figure. */
void bench_figure(const char *name, double value, const char *note_format, ...) __attribute__((format(printf, 3, 4)));
/** Prints the median of the rounds, and in the note their spread before `what`. */
void bench_figure_of(const char *name, struct bench_samples *rounds, const char *what);

/** A xorshift generator: the same sequence each time from the same non-zero seed. */
uint32_t bench_random(uint64_t *state);

/** An argument that must be there, a number that must be one. */
const char *bench_arg(int argc, char **argv, int at, const char *usage);
long bench_number(const char *text);

/* ---- the kiosk's control socket (src/kiosk/control.h) ---- */

/** Connects, trying for ten seconds. Dies if nobody listens. */
int bench_control_open(const char *path);
/** One command, without its newline; the answer's lines before "ok" go to out (may be NULL), cut to size. False when
 * the kiosk said error. Dies when it says nothing for a minute. */
bool bench_control(int fd, const char *command, char *out, size_t size);

/** Nanoseconds that all threads of this process have been on a processor (schedstat). */
double bench_process_cpu_ns(pid_t pid);
/** Reads /proc/PID/NAME into a terminated buffer; false when it is gone. */
bool bench_proc(pid_t pid, const char *name, char *out, size_t size);

#endif

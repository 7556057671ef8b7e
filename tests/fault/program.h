/* One real program under test, as a child process: started with an environment of its own, ended by SIGKILL or SIGTERM,
 * always by its process id. It dies with the driver. */
#ifndef LOBBY_TESTS_FAULT_PROGRAM_H
#define LOBBY_TESTS_FAULT_PROGRAM_H

#include "disk.h"

#include <sys/types.h>

#define PROGRAM_ARGS 12

struct program {
	const char *name; /* for its log, NAME.log in the run's folder */
	const char *work; /* the run's folder */
	const char *argv[PROGRAM_ARGS];
	const char *clock;   /* LOBBY_CLOCK, or NULL */
	const char *preload; /* the power-cut preload, or NULL */
	struct disk *disk;   /* with preload */
	pid_t pid;	     /* 0: not running */
	int out;	     /* its standard output, read end, or -1 */
};

int program_start(struct program *program);
/** SIGKILL and wait. Nothing if it is not running. */
void program_kill(struct program *program);
/** True if it ended by itself since it was started; its status goes to *status (waitpid's). */
bool program_ended(struct program *program, int *status);
/** SIGTERM, then SIGKILL after max_ms. Returns 0 if it ended with status 0. */
int program_stop(struct program *program, int max_ms);
/** Reads standard output until a line begins with prefix; copies what follows. LOBBY_ERR_TIMEOUT after max_ms,
 * LOBBY_ERR_CLOSED if the program ends before. */
int program_line(struct program *program, const char *prefix, char *out, size_t size, int max_ms);
/** Runs a command to its end, its output into out (may be NULL). LOBBY_ERR_IO unless it ends with status 0. */
int program_run(struct program *program, char *out, size_t size, int max_ms);

/** Real milliseconds since some start: the driver's bounds are in real time, whatever the programs' clocks say. */
int64_t real_ms(void);

#endif

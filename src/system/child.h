/* A child process on the loop: a program with its arguments, what it prints line by line, its end. No shell.
 *
 * Standard input is empty; standard output and error are one stream, of which each line is given as it comes (longer
 * ones in pieces) and the first CHILD_OUTPUT bytes are kept. The end is reported once, when the process has ended. */
#ifndef LOBBY_SYSTEM_CHILD_H
#define LOBBY_SYSTEM_CHILD_H

#include "base/err.h"
#include "base/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define CHILD_OUTPUT 16384
#define CHILD_LINE 512

struct child;

/** A whole line without its end; borrowed for the call. */
typedef void child_line_fn(void *arg, const char *line);
/** status: the exit status, or -1 if it was killed, did not end in time or could not be waited for. The child may be
 * started anew, or freed, from here. */
typedef void child_end_fn(void *arg, int status);

/** In the owner's storage; zeroed before first use. */
struct child {
	struct loop *loop;
	pid_t pid; /* 0: none runs */
	int pid_fd;
	int out_fd;
	struct loop_timer limit;
	child_line_fn *on_line;
	child_end_fn *on_end;
	void *arg;
	char line[CHILD_LINE];
	size_t line_len;
	char output[CHILD_OUTPUT + 1]; /* NUL-terminated */
	size_t output_len;
};

/** argv ends with NULL, argv[0] is looked for in PATH. limit_ms: after so long it is killed; 0: never. on_line may be
 * NULL. LOBBY_ERR_BUSY (one runs), LOBBY_ERR_NOT_FOUND (no such program), LOBBY_ERR_IO. */
int child_start(struct child *child, struct loop *loop, const char *const argv[], int64_t limit_ms,
		child_line_fn *on_line, child_end_fn *on_end, void *arg) MUST_CHECK;
bool child_runs(const struct child *child);
/** Kills it and waits for it; on_end is not called. */
void child_stop(struct child *child);

#endif

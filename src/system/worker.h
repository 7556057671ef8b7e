/* Work that would block: a function run in a child process of lobby-system, which tells what it does line by line.
 *
 * lobby-system's loop never waits for a disk, a TPM or a stick. What takes longer than a moment is a plain, sequential
 * function run in a forked child; its lines (at most WORKER_MAX_LINE bytes each) come to the parent's loop, and its end
 * with its status. A child is given a time after which it is killed. It dies with its parent.
 *
 * In the child: nothing of the loop may be used. Descriptors 0 to 2 are lobby-system's own. */
#ifndef LOBBY_SYSTEM_WORKER_H
#define LOBBY_SYSTEM_WORKER_H

#include "base/err.h"
#include "base/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define WORKER_MAX_LINE 512

/** Runs in the child. Returns the exit status: 0 is success, by convention. Says lines with worker_say(). */
typedef int worker_fn(void *arg);
typedef void worker_line_fn(void *owner, const char *line);
/** The last call: status is the child's, or -1 when it was killed or ran out of time. The worker may be reused. */
typedef void worker_done_fn(void *owner, int status);

/** In the owner's storage; zero it before first use. */
struct worker {
	struct loop *loop;
	struct loop_timer timer;
	pid_t pid; /* 0: none runs */
	int fd;
	worker_line_fn *on_line;
	worker_done_fn *on_done;
	void *owner;
	char line[WORKER_MAX_LINE];
	size_t len;
	bool skip; /* the rest of a line that is too long */
};

/** Starts fn(arg) in a child; arg is the child's own copy, as all memory is. on_line may be NULL. LOBBY_ERR_BUSY while
 * one runs, LOBBY_ERR_NO_MEMORY. */
int worker_start(struct worker *worker, struct loop *loop, int64_t patience_ms, worker_fn *fn, void *arg,
		 worker_line_fn *on_line, worker_done_fn *on_done, void *owner) MUST_CHECK;
bool worker_runs(const struct worker *worker);
/** Kills the child; on_done is not called. */
void worker_stop(struct worker *worker);

/** In the child: one line to the parent. Outside of a worker nothing happens. */
void worker_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** In the child: closes every descriptor but 0 to 2, the worker's own and these: the sockets of other programs, and
 * files that are none of its business. */
void worker_keep_only(const int *fds, size_t count);
/** In the child: gives up root for the user `nobody` for good, and bounds memory, files and processes, because what it
 * reads was written by a stranger. Without root only the bounds are set. LOBBY_ERR_FORBIDDEN when the user could not be
 * changed. */
int worker_confine(size_t memory_bytes) MUST_CHECK;

#endif

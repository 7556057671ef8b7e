/* A child program that is started again whenever it ends, within a second: what systemd does on the appliance. */
#ifndef LOBBY_EMU_SPAWN_H
#define LOBBY_EMU_SPAWN_H

#include "base/loop.h"

#include <sys/types.h>

struct spawn {
	struct loop *loop;
	const char *command; /* for sh; NULL: nothing to run */
	pid_t pid;	     /* 0: not running */
	int pid_fd;
	int64_t started_ms;
	int starts;
	struct loop_timer again;
	void (*on_ended)(void *arg); /* before it is started again; may be NULL */
	void *arg;
};

/** command is borrowed; NULL does nothing. on_ended may be NULL. The child gets this program's environment, and dies
 * with it. */
void spawn_start(struct spawn *spawn, struct loop *loop, const char *command, void (*on_ended)(void *arg), void *arg);
/** Ends the child and waits for it. */
void spawn_stop(struct spawn *spawn);

#endif

/* The one poll(2) loop of each program: file descriptors, timers, termination.
 *
 * Single-threaded. Callbacks run on the caller's stack and may add or remove anything, themselves included. With a
 * virtual clock (clock.h) timers follow that clock: the loop looks at it every two real milliseconds; with the real one
 * it sleeps until the next descriptor or timer and not a moment earlier, so an idle program does not wake. */
#ifndef LOBBY_BASE_LOOP_H
#define LOBBY_BASE_LOOP_H

#include "err.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;

/** events and revents are poll(2)'s bits. */
typedef void loop_fd_fn(void *arg, int fd, short revents);
typedef void loop_timer_fn(void *arg);

/** In the owner's storage; zero it before first use, cancel it before it goes. */
struct loop_timer {
	int64_t due_ms;
	loop_timer_fn *fn;
	void *arg;
	struct loop_timer *next;
	bool armed;
};

/** Blocks SIGTERM, SIGINT and SIGPIPE; the first two then end loop_run(). NULL when out of memory. */
struct loop *loop_new(void);
/** Closes nothing that it did not open. */
void loop_free(struct loop *loop);

/** Watches fd (borrowed; remove it before closing it). LOBBY_ERR_NO_MEMORY at 256 descriptors. */
int loop_fd_add(struct loop *loop, int fd, short events, loop_fd_fn *fn, void *arg) MUST_CHECK;
void loop_fd_set_events(struct loop *loop, int fd, short events);
void loop_fd_remove(struct loop *loop, int fd);

/** (Re)arms the timer to fire once, delay_ms from now. */
void loop_timer_set(struct loop *loop, struct loop_timer *timer, int64_t delay_ms, loop_timer_fn *fn, void *arg);
void loop_timer_cancel(struct loop *loop, struct loop_timer *timer);

/** Runs until loop_stop() or SIGTERM/SIGINT. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
/** One turn: waits at most max_wait_ms real milliseconds (-1: as long as it takes), then runs what is due. False once
 * the loop was stopped. For tests, and programs with an event source of their own. */
bool loop_turn(struct loop *loop, int max_wait_ms);

#endif

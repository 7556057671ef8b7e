/* See loop.h. Descriptors stand in a fixed array (a slot with no fn is free); timers in a list sorted by due time. */
#include "loop.h"

#include "clock.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define LOOP_MAX_FDS 256
#define VIRTUAL_LOOK_MS 2

struct watch {
	int fd;
	loop_fd_fn *fn;
	void *arg;
	uint32_t generation;
};

struct loop {
	struct pollfd polls[LOOP_MAX_FDS];
	struct watch watches[LOOP_MAX_FDS];
	int count;
	uint32_t generation;
	struct loop_timer *timers;
	int signal_fd;
	bool stopped;
};

static void on_signal(void *arg, int fd, short revents)
{
	struct loop *loop = arg;
	struct signalfd_siginfo info;

	(void)revents;
	if (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		loop->stopped = true;
}

struct loop *loop_new(void)
{
	struct loop *loop = calloc(1, sizeof(*loop));
	sigset_t set;

	if (loop == NULL)
		return NULL;
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	loop->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (loop->signal_fd < 0 || loop_fd_add(loop, loop->signal_fd, POLLIN, on_signal, loop) != 0) {
		free(loop);
		return NULL;
	}
	return loop;
}

void loop_free(struct loop *loop)
{
	if (loop == NULL)
		return;
	close(loop->signal_fd);
	free(loop);
}

static int slot_of(const struct loop *loop, int fd)
{
	for (int i = 0; i < loop->count; i++)
		if (loop->watches[i].fn != NULL && loop->watches[i].fd == fd)
			return i;
	return -1;
}

int loop_fd_add(struct loop *loop, int fd, short events, loop_fd_fn *fn, void *arg)
{
	int slot = 0;

	assert(fd >= 0 && fn != NULL && slot_of(loop, fd) < 0);
	while (slot < loop->count && loop->watches[slot].fn != NULL)
		slot++;
	if (slot == LOOP_MAX_FDS)
		return LOBBY_ERR_NO_MEMORY;
	if (slot == loop->count)
		loop->count++;
	loop->watches[slot] = (struct watch){ fd, fn, arg, ++loop->generation };
	loop->polls[slot] = (struct pollfd){ .fd = fd, .events = events };
	return 0;
}

void loop_fd_set_events(struct loop *loop, int fd, short events)
{
	int slot = slot_of(loop, fd);

	if (slot >= 0)
		loop->polls[slot].events = events;
}

void loop_fd_remove(struct loop *loop, int fd)
{
	int slot = slot_of(loop, fd);

	if (slot < 0)
		return;
	loop->watches[slot] = (struct watch){ .fd = -1 };
	loop->polls[slot] = (struct pollfd){ .fd = -1 };
}

void loop_timer_cancel(struct loop *loop, struct loop_timer *timer)
{
	if (!timer->armed)
		return;
	for (struct loop_timer **at = &loop->timers; *at != NULL; at = &(*at)->next) {
		if (*at == timer) {
			*at = timer->next;
			break;
		}
	}
	timer->armed = false;
}

void loop_timer_set(struct loop *loop, struct loop_timer *timer, int64_t delay_ms, loop_timer_fn *fn, void *arg)
{
	struct loop_timer **at = &loop->timers;

	loop_timer_cancel(loop, timer);
	*timer = (struct loop_timer){ .due_ms = clock_mono_ms() + delay_ms, .fn = fn, .arg = arg, .armed = true };
	while (*at != NULL && (*at)->due_ms <= timer->due_ms)
		at = &(*at)->next;
	timer->next = *at;
	*at = timer;
}

/* How long poll(2) may sleep. */
static int wait_of(const struct loop *loop, int max_wait_ms)
{
	int64_t wait = max_wait_ms < 0 ? INT32_MAX : max_wait_ms;

	if (loop->timers != NULL) {
		int64_t left = loop->timers->due_ms - clock_mono_ms();

		if (left < wait)
			wait = left < 0 ? 0 : left;
	}
	if (clock_is_virtual() && wait > VIRTUAL_LOOK_MS)
		wait = VIRTUAL_LOOK_MS;
	return wait >= INT32_MAX ? -1 : (int)wait;
}

static void run_due_timers(struct loop *loop)
{
	int64_t now = clock_mono_ms();

	/* Bounded, so that a timer that re-arms itself for now cannot starve the descriptors. The callback may free the
	 * timer: it is not looked at afterwards. */
	for (int i = 0; i < LOOP_MAX_FDS && !loop->stopped && loop->timers != NULL && loop->timers->due_ms <= now;
	     i++) {
		struct loop_timer *timer = loop->timers;

		loop_timer_cancel(loop, timer);
		timer->fn(timer->arg);
	}
}

bool loop_turn(struct loop *loop, int max_wait_ms)
{
	uint32_t newest = loop->generation;
	int ready;

	if (loop->stopped)
		return false;
	ready = poll(loop->polls, (nfds_t)loop->count, wait_of(loop, max_wait_ms));
	for (int i = 0; ready > 0 && i < loop->count && !loop->stopped; i++) {
		struct watch watch = loop->watches[i];
		short revents = loop->polls[i].revents;

		/* A slot filled during this turn has not been polled yet. */
		loop->polls[i].revents = 0;
		if (watch.fn != NULL && revents != 0 && watch.generation <= newest)
			watch.fn(watch.arg, watch.fd, revents);
	}
	run_due_timers(loop);
	return !loop->stopped;
}

void loop_run(struct loop *loop)
{
	while (loop_turn(loop, -1))
		;
}

void loop_stop(struct loop *loop)
{
	loop->stopped = true;
}

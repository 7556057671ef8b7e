/* A pidfd is readable when its process has ended, so the loop hears of it like of anything else. */
#include "tests/emu/spawn.h"

#include "base/clock.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define AT_ONCE_MS 50
#define TOO_QUICK_MS 500 /* a program that ends within this is given a rest */
#define REST_MS 800

static void start(void *arg);

static void on_end(void *arg, int fd, short revents)
{
	struct spawn *s = arg;
	bool quick = clock_mono_ms() - s->started_ms < TOO_QUICK_MS;

	(void)revents;
	waitpid(s->pid, NULL, 0);
	loop_fd_remove(s->loop, fd);
	close(fd);
	s->pid = 0;
	s->pid_fd = -1;
	if (s->on_ended != NULL)
		s->on_ended(s->arg);
	loop_timer_set(s->loop, &s->again, quick ? REST_MS : AT_ONCE_MS, start, s);
}

static void become(const char *command)
{
	char line[4096];
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (snprintf(line, sizeof(line), "exec %s", command) < (int)sizeof(line))
		execl("/bin/sh", "sh", "-c", line, (char *)NULL);
	_exit(127);
}

static void start(void *arg)
{
	struct spawn *s = arg;

	s->pid = fork();
	if (s->pid == 0)
		become(s->command);
	s->started_ms = clock_mono_ms();
	s->starts++;
	s->pid_fd = s->pid < 0 ? -1 : (int)syscall(SYS_pidfd_open, s->pid, 0);
	if (s->pid_fd < 0 || loop_fd_add(s->loop, s->pid_fd, POLLIN, on_end, s) != 0) {
		perror("lobby-emu: cannot watch what it runs");
		exit(1);
	}
}

void spawn_start(struct spawn *s, struct loop *loop, const char *command, void (*on_ended)(void *arg), void *arg)
{
	*s = (struct spawn){ .loop = loop, .command = command, .pid_fd = -1, .on_ended = on_ended, .arg = arg };
	if (command != NULL)
		start(s);
}

void spawn_stop(struct spawn *s)
{
	if (s->loop == NULL)
		return;
	loop_timer_cancel(s->loop, &s->again);
	if (s->pid <= 0)
		return;
	loop_fd_remove(s->loop, s->pid_fd);
	kill(s->pid, SIGTERM);
	if (poll(&(struct pollfd){ .fd = s->pid_fd, .events = POLLIN }, 1, 2000) == 0)
		kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	close(s->pid_fd);
	s->pid = 0;
}

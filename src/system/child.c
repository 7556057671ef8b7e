/* See child.h. pidfd_open(2) makes a process's end an event of poll(2), so there is no signal handler. */
#include "child.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void end_line(struct child *c)
{
	c->line[c->line_len] = '\0';
	c->line_len = 0;
	if (c->on_line != NULL)
		c->on_line(c->arg, c->line);
}

static void take(struct child *c, const char *data, size_t len)
{
	size_t room = CHILD_OUTPUT - c->output_len, kept = len < room ? len : room;

	memcpy(c->output + c->output_len, data, kept);
	c->output_len += kept;
	c->output[c->output_len] = '\0';
	for (size_t i = 0; i < len; i++) {
		/* RAUC draws with carriage returns when it thinks that it may. */
		if (data[i] == '\n' || data[i] == '\r')
			end_line(c);
		else if (data[i] != '\0')
			c->line[c->line_len++] = data[i];
		if (c->line_len == sizeof(c->line) - 1)
			end_line(c);
	}
}

static void close_output(struct child *c)
{
	if (c->out_fd < 0)
		return;
	loop_fd_remove(c->loop, c->out_fd);
	close(c->out_fd);
	c->out_fd = -1;
	if (c->line_len > 0)
		end_line(c);
}

/* False once there is no more. */
static bool read_some(struct child *c)
{
	char data[4096];
	ssize_t n = read(c->out_fd, data, sizeof(data));

	if (n > 0)
		take(c, data, (size_t)n);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		close_output(c);
	return n > 0;
}

static void on_output(void *arg, int fd, short revents)
{
	(void)fd;
	(void)revents;
	read_some(arg);
}

static void forget(struct child *c)
{
	loop_timer_cancel(c->loop, &c->limit);
	loop_fd_remove(c->loop, c->pid_fd);
	close(c->pid_fd);
	c->pid_fd = -1;
	c->pid = 0;
}

static void on_exit_event(void *arg, int fd, short revents)
{
	struct child *c = arg;
	int status = 0;
	pid_t pid = waitpid(c->pid, &status, WNOHANG);

	(void)fd;
	(void)revents;
	if (pid == 0)
		return;
	/* What it had printed; a grandchild that still holds the pipe is not waited for. */
	while (c->out_fd >= 0 && read_some(c))
		;
	close_output(c);
	forget(c);
	c->on_end(c->arg, pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

static void on_limit(void *arg)
{
	struct child *c = arg;

	log_event(LOG_WARNING, "child-too-long", "pid=%d", (int)c->pid);
	kill(c->pid, SIGKILL);
}

static int spawn(struct child *c, const char *const argv[], int out)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	int rc;

	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(&attributes, &none);
	rc = posix_spawnp(&c->pid, argv[0], &actions, &attributes, (char *const *)(uintptr_t)argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	if (rc != 0)
		c->pid = 0;
	return rc == 0 ? 0 : rc == ENOENT ? LOBBY_ERR_NOT_FOUND : LOBBY_ERR_IO;
}

int child_start(struct child *c, struct loop *loop, const char *const argv[], int64_t limit_ms, child_line_fn *on_line,
		child_end_fn *on_end, void *arg)
{
	int ends[2], err;

	if (child_runs(c))
		return LOBBY_ERR_BUSY;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return LOBBY_ERR_IO;
	memset(c, 0, sizeof(*c));
	c->loop = loop;
	c->on_line = on_line;
	c->on_end = on_end;
	c->arg = arg;
	c->pid_fd = -1;
	c->out_fd = ends[0];
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	err = spawn(c, argv, ends[1]);
	close(ends[1]);
	if (err != 0) {
		close(ends[0]);
		c->out_fd = -1;
		return err;
	}
	c->pid_fd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	if (c->pid_fd < 0 || fcntl(c->pid_fd, F_SETFD, FD_CLOEXEC) != 0 ||
	    loop_fd_add(loop, c->pid_fd, POLLIN, on_exit_event, c) != 0 ||
	    loop_fd_add(loop, c->out_fd, POLLIN, on_output, c) != 0) {
		child_stop(c);
		return LOBBY_ERR_IO;
	}
	if (limit_ms > 0)
		loop_timer_set(loop, &c->limit, limit_ms, on_limit, c);
	return 0;
}

bool child_runs(const struct child *c)
{
	return c->pid != 0;
}

void child_stop(struct child *c)
{
	if (!child_runs(c))
		return;
	kill(c->pid, SIGKILL);
	while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
		;
	c->on_line = NULL;
	close_output(c);
	forget(c);
}

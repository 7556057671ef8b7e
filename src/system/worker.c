/* See worker.h. The child's lines come through a pipe; its end is the pipe's end, which no grandchild can delay since
 * the pipe is closed on exec. */
#include "worker.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534
#define MAX_FILES 64

static int say_fd = -1;

bool worker_runs(const struct worker *worker)
{
	return worker->pid != 0;
}

/* Forgets the child, which has ended or is killed now; its status, or -1. */
static int reap(struct worker *worker, bool killed)
{
	int status = 0;

	if (killed)
		kill(worker->pid, SIGKILL);
	while (waitpid(worker->pid, &status, 0) < 0 && errno == EINTR)
		;
	loop_fd_remove(worker->loop, worker->fd);
	close(worker->fd);
	loop_timer_cancel(worker->loop, &worker->timer);
	worker->pid = 0;
	worker->len = 0;
	worker->skip = false;
	return !killed && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void worker_stop(struct worker *worker)
{
	if (worker_runs(worker))
		reap(worker, true);
}

static void on_late(void *arg)
{
	struct worker *worker = arg;

	log_event(LOG_ERROR, "worker-late", "pid=%d", (int)worker->pid);
	worker->on_done(worker->owner, reap(worker, true));
}

static void take_byte(struct worker *worker, char c)
{
	if (c == '\n') {
		worker->line[worker->len] = '\0';
		worker->len = 0;
		if (!worker->skip && worker->on_line != NULL)
			worker->on_line(worker->owner, worker->line);
		worker->skip = false;
	} else if (worker->len == sizeof(worker->line) - 1) {
		worker->skip = true;
		worker->len = 0;
	} else if (c != '\0' && !worker->skip) {
		worker->line[worker->len++] = c;
	}
}

static void on_readable(void *arg, int fd, short revents)
{
	struct worker *worker = arg;
	char bytes[1024];
	ssize_t n = read(fd, bytes, sizeof(bytes));
	pid_t pid = worker->pid;

	(void)revents;
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	/* A line's receiver may stop the worker. */
	for (ssize_t i = 0; i < n && worker->pid == pid; i++)
		take_byte(worker, bytes[i]);
	if (n <= 0)
		worker->on_done(worker->owner, reap(worker, false));
}

static void be_child(int fd, pid_t parent, worker_fn *fn, void *arg)
{
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	say_fd = fd;
	_exit(fn(arg) & 0xFF);
}

int worker_start(struct worker *worker, struct loop *loop, int64_t patience_ms, worker_fn *fn, void *arg,
		 worker_line_fn *on_line, worker_done_fn *on_done, void *owner)
{
	pid_t parent = getpid(), pid;
	int ends[2];

	if (worker_runs(worker))
		return LOBBY_ERR_BUSY;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return LOBBY_ERR_NO_MEMORY;
	if (loop_fd_add(loop, ends[0], POLLIN, on_readable, worker) != 0) {
		close(ends[0]);
		close(ends[1]);
		return LOBBY_ERR_NO_MEMORY;
	}
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		be_child(ends[1], parent, fn, arg);
	}
	close(ends[1]);
	if (pid < 0) {
		loop_fd_remove(loop, ends[0]);
		close(ends[0]);
		return LOBBY_ERR_NO_MEMORY;
	}
	worker->loop = loop;
	worker->pid = pid;
	worker->fd = ends[0];
	worker->on_line = on_line;
	worker->on_done = on_done;
	worker->owner = owner;
	loop_timer_set(loop, &worker->timer, patience_ms, on_late, worker);
	return 0;
}

void worker_say(const char *format, ...)
{
	char line[WORKER_MAX_LINE];
	va_list args;
	int len;

	if (say_fd < 0)
		return;
	va_start(args, format);
	len = vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	if (len < 0)
		return;
	if (len > (int)sizeof(line) - 2)
		len = (int)sizeof(line) - 2;
	for (int i = 0; i < len; i++)
		if (line[i] == '\n')
			line[i] = ' ';
	line[len++] = '\n';
	while (write(say_fd, line, (size_t)len) < 0 && errno == EINTR)
		;
}

void worker_keep_only(const int *fds, size_t count)
{
	unsigned from = STDERR_FILENO + 1;

	/* The lowest that stays, again and again: there are few, and they need not be in order. */
	for (;;) {
		unsigned next = say_fd >= (int)from ? (unsigned)say_fd : UINT_MAX;

		for (size_t i = 0; i < count; i++)
			if (fds[i] >= (int)from && (unsigned)fds[i] < next)
				next = (unsigned)fds[i];
		if (next > from)
			close_range(from, next == UINT_MAX ? UINT_MAX : next - 1, 0);
		if (next == UINT_MAX)
			return;
		from = next + 1;
	}
}

int worker_confine(size_t memory_bytes)
{
	const struct rlimit files = { MAX_FILES, MAX_FILES }, none = { 0, 0 };
	const struct rlimit memory = { memory_bytes, memory_bytes };

	setrlimit(RLIMIT_NOFILE, &files);
	setrlimit(RLIMIT_CORE, &none);
	/* A sanitizer maps terabytes of shadow. */
#if !defined(__SANITIZE_ADDRESS__)
	setrlimit(RLIMIT_AS, &memory);
#else
	(void)memory;
#endif
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (geteuid() != 0)
		return 0;
	if (setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0 || setresuid(NOBODY, NOBODY, NOBODY) != 0)
		return LOBBY_ERR_FORBIDDEN;
	return setuid(0) == 0 ? LOBBY_ERR_FORBIDDEN : 0;
}

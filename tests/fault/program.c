/* See program.h. */
#include "program.h"

#include "base/err.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int64_t real_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void run_child(const struct program *program, int out)
{
	char path[DISK_PATH];
	sigset_t none;
	int log;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	snprintf(path, sizeof(path), "%.400s/%s.log", program->work, program->name);
	log = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (log < 0 || dup2(log, 2) < 0 || dup2(out, 1) < 0)
		_exit(126);
	if (program->clock != NULL)
		setenv("LOBBY_CLOCK", program->clock, 1);
	else
		unsetenv("LOBBY_CLOCK");
	if (program->preload != NULL) {
		setenv("LD_PRELOAD", program->preload, 1);
		setenv(POWERCUT_FOLDER, program->disk->folder, 1);
		setenv(POWERCUT_LOG, program->disk->log, 1);
		setenv(POWERCUT_PAGE, program->disk->page_path, 1);
	}
	execv(program->argv[0], (char **)program->argv);
	_exit(127);
}

int program_start(struct program *program)
{
	int pipes[2];

	if (pipe2(pipes, O_CLOEXEC) != 0)
		return LOBBY_ERR_IO;
	program->pid = fork();
	if (program->pid == 0)
		run_child(program, pipes[1]);
	close(pipes[1]);
	program->out = pipes[0];
	if (program->pid < 0) {
		program->pid = 0;
		close(pipes[0]);
		program->out = -1;
		return LOBBY_ERR_IO;
	}
	return 0;
}

static void gone(struct program *program)
{
	program->pid = 0;
	if (program->out >= 0)
		close(program->out);
	program->out = -1;
}

void program_kill(struct program *program)
{
	if (program->pid <= 0)
		return;
	kill(program->pid, SIGKILL);
	while (waitpid(program->pid, NULL, 0) < 0 && errno == EINTR)
		;
	gone(program);
}

bool program_ended(struct program *program, int *status)
{
	if (program->pid <= 0 || waitpid(program->pid, status, WNOHANG) != program->pid)
		return false;
	gone(program);
	return true;
}

/* Waits for the end, a moment at a time: on the pipe, which closes with it. */
static bool ends_within(struct program *program, int max_ms, int *status)
{
	int64_t until = real_ms() + max_ms;

	while (program->pid > 0 && real_ms() < until) {
		if (program_ended(program, status))
			return true;
		poll(NULL, 0, 2);
	}
	return program->pid <= 0;
}

int program_stop(struct program *program, int max_ms)
{
	int status = -1;

	if (program->pid <= 0)
		return 0;
	kill(program->pid, SIGTERM);
	if (!ends_within(program, max_ms, &status)) {
		program_kill(program);
		return LOBBY_ERR_TIMEOUT;
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : LOBBY_ERR_IO;
}

/* One line of standard output without its end; 0, LOBBY_ERR_TIMEOUT or LOBBY_ERR_CLOSED. */
static int read_line(struct program *program, char *line, size_t size, int64_t until)
{
	size_t len = 0;

	for (;;) {
		struct pollfd p = { .fd = program->out, .events = POLLIN };
		int64_t left = until - real_ms();
		char c;

		if (left <= 0 || poll(&p, 1, (int)left) == 0)
			return LOBBY_ERR_TIMEOUT;
		if (read(program->out, &c, 1) != 1)
			return LOBBY_ERR_CLOSED;
		if (c == '\n')
			break;
		if (len + 1 < size)
			line[len++] = c;
	}
	line[len] = '\0';
	return 0;
}

int program_line(struct program *program, const char *prefix, char *out, size_t size, int max_ms)
{
	int64_t until = real_ms() + max_ms;
	char line[512];
	int err;

	while ((err = read_line(program, line, sizeof(line), until)) == 0) {
		if (strncmp(line, prefix, strlen(prefix)) != 0)
			continue;
		return text_copy(out, size, line + strlen(prefix)) ? 0 : LOBBY_ERR_TOO_LONG;
	}
	return err;
}

int program_run(struct program *program, char *out, size_t size, int max_ms)
{
	int64_t until = real_ms() + max_ms;
	char line[512];
	int status = -1, err = program_start(program);

	if (out != NULL)
		out[0] = '\0';
	while (err == 0 && (err = read_line(program, line, sizeof(line), until)) == 0)
		if (out != NULL && out[0] == '\0')
			text_copy(out, size, line);
	if (program->pid > 0 && (err != LOBBY_ERR_CLOSED || !ends_within(program, max_ms, &status)))
		program_kill(program);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : LOBBY_ERR_IO;
}

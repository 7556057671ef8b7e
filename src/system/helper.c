/* See helper.h. */
#include "helper.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const places[] = { "/usr/sbin", "/usr/bin", "/sbin", "/bin" };

static bool find(const char *program, char *path, size_t size)
{
	if (program[0] == '/') {
		snprintf(path, size, "%s", program);
		return access(path, X_OK) == 0;
	}
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, size, "%s/%s", places[i], program);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

bool helper_exists(const char *program)
{
	char path[256];

	return find(program, path, sizeof(path));
}

static void be_program(const char *path, const char *const argv[], int out)
{
	static char where[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", language[] = "LC_ALL=C",
		    mtools[] = "MTOOLS_SKIP_CHECK=1";
	static char *const environment[] = { where, language, mtools, NULL };
	int null = open("/dev/null", O_RDONLY);

	if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(126);
	/* Pipes of ours are closed on exec; whatever else is open is not the program's affair. */
	for (int fd = 3; fd < 256; fd++)
		close(fd);
	signal(SIGPIPE, SIG_DFL);
	execve(path, (char *const *)argv, environment); /* execve promises not to change them */
	_exit(126);
}

int helper_open(const char *const argv[], int *pid)
{
	char path[256];
	int ends[2];

	if (!find(argv[0], path, sizeof(path)) || pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	*pid = fork();
	if (*pid == 0)
		be_program(path, argv, ends[1]);
	close(ends[1]);
	if (*pid < 0) {
		close(ends[0]);
		return -1;
	}
	return ends[0];
}

int helper_end(int fd, int pid)
{
	int status = 0;

	close(fd);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Reads all it says; false when the time is over. */
static bool listen_to(int fd, char *out, size_t size, int64_t until_ms)
{
	size_t used = 0;

	for (;;) {
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
		int64_t left = until_ms - clock_mono_ms();
		char bytes[512];
		ssize_t n;

		if (left <= 0)
			return false;
		if (poll(&poll_fd, 1, (int)(left > INT32_MAX ? INT32_MAX : left)) <= 0)
			continue;
		n = read(fd, bytes, sizeof(bytes));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return true;
		for (ssize_t i = 0; i < n && out != NULL && used + 1 < size; i++)
			out[used++] = bytes[i] != '\0' ? bytes[i] : ' ';
		if (out != NULL && size > 0)
			out[used] = '\0';
	}
}

int helper_run(const char *const argv[], char *out, size_t size, int64_t patience_ms)
{
	int pid, fd;

	if (out != NULL && size > 0)
		out[0] = '\0';
	fd = helper_open(argv, &pid);
	if (fd < 0)
		return 127;
	if (!listen_to(fd, out, size, clock_mono_ms() + patience_ms))
		kill(pid, SIGKILL);
	return helper_end(fd, pid);
}

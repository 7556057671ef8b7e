/* From exec to the first presented frame: lobby-kiosk is started again and again and says READY=1 to the service
 * manager's socket (sd_notify(3)) right after it has presented its first frame; here the service manager is this
 * program. The first starts, which read the files into the page cache, are not counted. */
#include "bench.h"

#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define WARM_UP 3
#define RUNS 25
#define PATIENCE_MS 10000

extern char **environ;

static int listen_as_manager(const char *folder)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify.sock", folder);
	BENCH_MUST(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	return fd;
}

/* Reads until READY=1. */
static void wait_ready(int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	char text[256];

	for (;;) {
		ssize_t n;

		if (poll(&wait, 1, PATIENCE_MS) != 1)
			bench_die("lobby-kiosk shows no frame");
		n = recv(fd, text, sizeof(text) - 1, 0);
		text[n > 0 ? n : 0] = '\0';
		if (strstr(text, "READY=1") != NULL)
			return;
	}
}

static double start_ms(int fd, const char *program, const char *folder)
{
	char run[4096];
	char *argv[] = { (char *)program, "--size=1080x1920", run, NULL };
	int64_t start, ready;
	pid_t pid;
	int status;

	snprintf(run, sizeof(run), "--run=%s", folder);
	start = bench_now_ns();
	BENCH_MUST(posix_spawn(&pid, program, NULL, NULL, argv, environ) == 0);
	wait_ready(fd);
	ready = bench_now_ns();
	kill(pid, SIGTERM);
	BENCH_MUST(waitpid(pid, &status, 0) == pid);
	return (double)(ready - start) / 1e6;
}

int main(int argc, char **argv)
{
	const char *program = bench_arg(argc, argv, 1, "LOBBY-KIOSK RUN-FOLDER");
	const char *folder = bench_arg(argc, argv, 2, "LOBBY-KIOSK RUN-FOLDER");
	struct bench_samples runs = { 0 };
	int fd = listen_as_manager(folder);

	for (int i = 0; i < WARM_UP + RUNS; i++) {
		double ms = start_ms(fd, program, folder);

		if (i >= WARM_UP)
			bench_add(&runs, ms);
	}
	bench_figure_of("kiosk.first_frame_ms", &runs, "25 starts, 1080x1920, offscreen surface");
	close(fd);
	return 0;
}

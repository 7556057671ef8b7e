/* lobbyctl at SOCKET COMMAND...: one line to a program's control socket (a stream of text lines), for scripts and the
 * demo. Prints what comes back up to the line that begins with "ok" or "error". */
#include "ctl.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_LINE 8192
#define PATIENCE_MS 60000

/* A name without a slash is looked for in the run folder. */
static int connect_to(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = -1;

	if (strchr(name, '/') == NULL) {
		if (wire_path(address.sun_path, sizeof(address.sun_path), name) != 0)
			return -1;
	} else if (snprintf(address.sun_path, sizeof(address.sun_path), "%s", name) >= (int)sizeof(address.sun_path)) {
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static int send_line(int fd, int argc, char **argv)
{
	char line[MAX_LINE];
	size_t len = 0;

	for (int i = 0; i < argc; i++) {
		int n = snprintf(line + len, sizeof(line) - len, "%s%s", i > 0 ? " " : "", argv[i]);

		if (n < 0 || (size_t)n >= sizeof(line) - len - 1)
			return LOBBY_ERR_TOO_LONG;
		len += (size_t)n;
	}
	line[len++] = '\n';
	return send(fd, line, len, MSG_NOSIGNAL) == (ssize_t)len ? 0 : LOBBY_ERR_IO;
}

/* 0 at "ok", 1 at "error", -1 when it goes on. */
static int verdict(const char *line)
{
	if (strcmp(line, "ok") == 0 || strncmp(line, "ok ", 3) == 0)
		return 0;
	return strncmp(line, "error", 5) == 0 ? 1 : -1;
}

static int print_answer(int fd)
{
	char line[MAX_LINE];
	size_t len = 0;

	for (;;) {
		struct pollfd ready = { .fd = fd, .events = POLLIN };
		int end;
		char c = '\0';

		if (poll(&ready, 1, PATIENCE_MS) <= 0 || read(fd, &c, 1) != 1) {
			fputs("The program closed the connection or does not answer.\n", stderr);
			return 1;
		}
		if (c != '\n' && len < sizeof(line) - 1) {
			line[len++] = c;
			continue;
		}
		line[len] = '\0';
		len = 0;
		puts(line);
		end = verdict(line);
		if (end >= 0)
			return end;
	}
}

int ctl_at(int argc, char **argv)
{
	int fd, status;

	if (argc < 2) {
		fputs("Usage: lobbyctl at SOCKET COMMAND...\n", stderr);
		return 2;
	}
	fd = connect_to(argv[0]);
	if (fd < 0) {
		fprintf(stderr, "Nobody answers at %s: %s.\n", argv[0], strerror(errno));
		return 1;
	}
	if (send_line(fd, argc - 1, argv + 1) != 0) {
		fputs("The command could not be sent.\n", stderr);
		close(fd);
		return 1;
	}
	status = print_answer(fd);
	close(fd);
	return status;
}

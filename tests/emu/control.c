/* Answers are short and clients local, so an answer is written at once; a client that does not read is dropped. */
#include "tests/emu/control.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void drop(struct control_client *c)
{
	loop_fd_remove(c->control->emu->loop, c->fd);
	close(c->fd);
	c->fd = -1;
	c->len = 0;
}

static bool answer(struct control_client *c, const char *line)
{
	static char out[EMU_ANSWER_MAX + 2];
	int len;

	emu_command(c->control->emu, line, out, EMU_ANSWER_MAX);
	len = (int)strlen(out);
	out[len++] = '\n';
	return send(c->fd, out, (size_t)len, MSG_NOSIGNAL) == len;
}

static void on_client(void *arg, int fd, short revents)
{
	struct control_client *c = arg;
	ssize_t n = read(fd, c->line + c->len, sizeof(c->line) - 1 - c->len);
	char *end;

	(void)revents;
	if (n <= 0) {
		if (n == 0 || (errno != EAGAIN && errno != EINTR))
			drop(c);
		return;
	}
	c->len += (size_t)n;
	c->line[c->len] = '\0';
	while ((end = memchr(c->line, '\n', c->len)) != NULL) {
		size_t used = (size_t)(end + 1 - c->line);

		*end = '\0';
		if (!answer(c, c->line)) {
			drop(c);
			return;
		}
		memmove(c->line, c->line + used, c->len - used + 1);
		c->len -= used;
	}
	if (c->len == sizeof(c->line) - 1)
		drop(c); /* no command is that long */
}

static void on_accept(void *arg, int fd, short revents)
{
	struct control *control = arg;
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

	(void)revents;
	for (int i = 0; client >= 0 && i < CONTROL_CLIENTS; i++) {
		struct control_client *c = &control->clients[i];

		if (c->fd >= 0)
			continue;
		*c = (struct control_client){ .control = control, .fd = client };
		if (loop_fd_add(control->emu->loop, client, POLLIN, on_client, c) == 0)
			return;
		c->fd = -1;
		break;
	}
	if (client >= 0)
		close(client);
}

int control_init(struct control *control, struct emu *emu, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	*control = (struct control){ .emu = emu, .fd = -1 };
	for (int i = 0; i < CONTROL_CLIENTS; i++)
		control->clients[i].fd = -1;
	if (snprintf(address.sun_path, sizeof(address.sun_path), "%s", path) >= (int)sizeof(address.sun_path))
		return LOBBY_ERR_TOO_LONG;
	snprintf(control->path, sizeof(control->path), "%s", path);
	unlink(path);
	control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (control->fd < 0 || bind(control->fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(control->fd, CONTROL_CLIENTS) != 0 ||
	    loop_fd_add(emu->loop, control->fd, POLLIN, on_accept, control) != 0)
		return LOBBY_ERR_IO;
	return 0;
}

void control_fini(struct control *control)
{
	if (control->emu == NULL || control->fd < 0)
		return;
	for (int i = 0; i < CONTROL_CLIENTS; i++)
		if (control->clients[i].fd >= 0)
			drop(&control->clients[i]);
	loop_fd_remove(control->emu->loop, control->fd);
	close(control->fd);
	unlink(control->path);
}

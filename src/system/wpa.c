/* See wpa.h. Our end has a name that the kernel makes up (unix(7), abstract and autobound): wpa_supplicant, which is no
 * root, answers to it without any right to our files. It is connected, so that nobody else's datagrams come. */
#include "wpa.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PLACE "/run/lobby-wireless/%s/%s"
#define TRY_MS 200
#define ONE_ANSWER_MS 2000

int wpa_open(struct wpa *wpa, const char *link)
{
	struct sockaddr_un self = { .sun_family = AF_UNIX }, peer = { .sun_family = AF_UNIX };
	int fd;

	if (snprintf(peer.sun_path, sizeof(peer.sun_path), PLACE, link, link) >= (int)sizeof(peer.sun_path))
		return LOBBY_ERR_NOT_FOUND;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return LOBBY_ERR_NOT_FOUND;
	if (bind(fd, (struct sockaddr *)&self, sizeof(self.sun_family)) != 0 ||
	    connect(fd, (struct sockaddr *)&peer, sizeof(peer)) != 0) {
		close(fd);
		return LOBBY_ERR_NOT_FOUND;
	}
	wpa->fd = fd;
	wpa->seen = 0;
	wpa->len = 0;
	return 0;
}

void wpa_close(struct wpa *wpa)
{
	if (wpa->fd >= 0)
		close(wpa->fd);
	wpa->fd = -1;
}

int wpa_send(const struct wpa *wpa, const char *command)
{
	size_t len = strlen(command);

	if (send(wpa->fd, command, len, MSG_NOSIGNAL) == (ssize_t)len)
		return 0;
	return errno == EAGAIN || errno == ENOBUFS ? LOBBY_ERR_BUSY : LOBBY_ERR_CLOSED;
}

int wpa_receive(struct wpa *wpa)
{
	ssize_t n = recv(wpa->fd, wpa->answer, WPA_ANSWER, MSG_DONTWAIT);

	if (n < 0)
		return LOBBY_ERR_NOT_FOUND;
	wpa->len = (size_t)n;
	wpa->answer[n] = '\0';
	if (wpatext_is_event(wpa->answer, wpa->len))
		wpa->seen |= 1u << wpatext_read_event(wpa->answer, wpa->len);
	return 0;
}

/* The next datagram, waited for. */
static int next(struct wpa *wpa, int64_t until_ms)
{
	for (;;) {
		struct pollfd poll_fd = { .fd = wpa->fd, .events = POLLIN };
		int64_t left = until_ms - clock_mono_ms();

		if (wpa_receive(wpa) == 0)
			return 0;
		if (left <= 0)
			return LOBBY_ERR_TIMEOUT;
		poll(&poll_fd, 1, (int)left);
	}
}

int wpa_ask(struct wpa *wpa, const char *command, int64_t patience_ms)
{
	int64_t until_ms = clock_mono_ms() + patience_ms;
	int err = wpa_send(wpa, command);

	while (err == 0) {
		err = next(wpa, until_ms);
		if (err == 0 && !wpatext_is_event(wpa->answer, wpa->len))
			break;
	}
	return err;
}

int wpa_wait(struct wpa *wpa, unsigned events, int64_t patience_ms)
{
	int64_t until_ms = clock_mono_ms() + patience_ms;
	int err = 0;

	while (err == 0 && (wpa->seen & events) == 0)
		err = next(wpa, until_ms);
	return err;
}

int wpa_open_soon(struct wpa *wpa, const char *link, int64_t patience_ms)
{
	int64_t until_ms = clock_mono_ms() + patience_ms;

	do {
		if (wpa_open(wpa, link) == 0) {
			if (wpa_ask(wpa, "PING", ONE_ANSWER_MS) == 0)
				return 0;
			wpa_close(wpa);
		}
		poll(NULL, 0, TRY_MS);
	} while (clock_mono_ms() < until_ms);
	return LOBBY_ERR_TIMEOUT;
}

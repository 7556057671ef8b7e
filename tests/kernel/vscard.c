/* QEMU speaks in turns: Init, then the reader is added and it says that it has, then the card's ATR; after that each
 * command of the guest comes as an APDU and its answer goes back. It keeps the ATR for as often as the guest powers the
 * card up, and does not say when it does. */
#include "vscard.h"

#include "base/bytes.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define HEADER 12
#define VERSION 2 /* 0.0.2 */

enum { VSC_INIT = 1, VSC_ERROR, VSC_READER_ADD, VSC_READER_REMOVE, VSC_ATR, VSC_CARD_REMOVE, VSC_APDU, VSC_FLUSH };

static void hang_up(struct vscard *v)
{
	if (v->fd >= 0) {
		loop_fd_remove(v->loop, v->fd);
		close(v->fd);
	}
	v->fd = -1;
	v->added = false;
	v->in_len = 0;
}

static void write_be32(struct writer *w, uint32_t value)
{
	write_be16(w, (uint16_t)(value >> 16));
	write_be16(w, (uint16_t)value);
}

/* QEMU reads at once: what does not fit into its socket is a fault. */
static void say(struct vscard *v, uint32_t type, const void *bytes, size_t len)
{
	uint8_t header[HEADER];
	struct writer w = writer_of(header, sizeof(header));

	write_be32(&w, type);
	write_be32(&w, v->reader);
	write_be32(&w, (uint32_t)len);
	if (v->fd >= 0 && (send(v->fd, header, HEADER, MSG_NOSIGNAL) != HEADER ||
			   (len > 0 && send(v->fd, bytes, len, MSG_NOSIGNAL) != (ssize_t)len)))
		hang_up(v);
}

static void say_atr(struct vscard *v)
{
	if (!v->added || v->card == NULL)
		return;
	v->card->reset(v->card);
	say(v, VSC_ATR, v->card->atr, v->card->atr_len);
}

static void take(struct vscard *v, uint32_t type, const uint8_t *bytes, size_t len)
{
	static const char name[] = "Lobby";
	size_t n;

	switch (type) {
	case VSC_INIT:
		if (!v->added)
			say(v, VSC_READER_ADD, name, sizeof(name));
		break;
	case VSC_ERROR: /* its code is 0: the reader was added */
		if (!v->added && len >= 4 && memcmp(bytes, "\0\0\0", 4) == 0) {
			v->added = true;
			say_atr(v);
		}
		break;
	case VSC_APDU:
		if (v->card == NULL)
			break;
		n = v->card->apdu(v->card, bytes, len, v->answer, sizeof(v->answer));
		v->apdus++;
		say(v, VSC_APDU, v->answer, n);
		break;
	default:
		break;
	}
}

/* True while there may be more. */
static bool take_one(struct vscard *v)
{
	struct reader r = reader_of(v->in, v->in_len);
	uint32_t type = read_be32(&r), reader = read_be32(&r), len = read_be32(&r);
	const uint8_t *bytes = len > sizeof(v->in) - HEADER ? NULL : read_span(&r, len);

	if (bytes == NULL)
		return false;
	if (type == VSC_ERROR)
		v->reader = reader;
	take(v, type, bytes, len);
	if (v->fd < 0)
		return false;
	memmove(v->in, v->in + HEADER + len, v->in_len - HEADER - len);
	v->in_len -= HEADER + len;
	return true;
}

static void on_socket(void *arg, int fd, short revents)
{
	struct vscard *v = arg;
	ssize_t n = recv(fd, v->in + v->in_len, sizeof(v->in) - v->in_len, 0);

	(void)revents;
	if (n <= 0) {
		hang_up(v);
		return;
	}
	v->in_len += (size_t)n;
	while (take_one(v))
		;
}

static void on_connect(void *arg, int listener, short revents)
{
	struct vscard *v = arg;
	static const uint8_t hello[HEADER] = { 'V', 'S', 'C', 'D', 0, 0, 0, VERSION };
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	(void)revents;
	if (fd < 0)
		return;
	if (v->fd >= 0 || loop_fd_add(v->loop, fd, POLLIN, on_socket, v) != 0) {
		close(fd);
		return;
	}
	v->fd = fd;
	v->reader = UINT32_MAX; /* none yet */
	say(v, VSC_INIT, hello, sizeof(hello));
}

void vscard_insert(struct vscard *v, struct smartcard *card)
{
	v->card = card;
	say_atr(v);
}

void vscard_remove(struct vscard *v)
{
	v->card = NULL;
	if (v->added)
		say(v, VSC_CARD_REMOVE, NULL, 0);
}

int vscard_init(struct vscard *v, struct loop *loop, const char *folder)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int len;

	*v = (struct vscard){ .loop = loop, .fd = -1 };
	len = snprintf(v->path, sizeof(v->path), "%s/card", folder);
	v->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (v->listener < 0)
		return LOBBY_ERR_IO;
	memcpy(address.sun_path, v->path, (size_t)len + 1 < sizeof(address.sun_path) ? (size_t)len + 1 : 0);
	if (bind(v->listener, (const struct sockaddr *)&address, sizeof(address)) == 0 && listen(v->listener, 1) == 0 &&
	    loop_fd_add(loop, v->listener, POLLIN, on_connect, v) == 0)
		return 0;
	close(v->listener);
	v->listener = -1;
	return LOBBY_ERR_IO;
}

void vscard_fini(struct vscard *v)
{
	if (v->loop == NULL)
		return;
	hang_up(v);
	if (v->listener >= 0) {
		loop_fd_remove(v->loop, v->listener);
		close(v->listener);
		unlink(v->path);
	}
}

/* Both buffers are bounded: what comes in is at most one frame more than was handled, and what goes out waits in one
 * place until the line takes it. */
#include "frame.h"

#include "base/bytes.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

static void end(struct frame_link *link)
{
	frame_close(link);
	link->fn(link->arg, 0, NULL, -1);
}

/* True while there may be more. */
static bool take_one(struct frame_link *link)
{
	struct reader r = reader_of(link->in, link->in_len);
	uint8_t frame[FRAME_MAX];
	uint8_t type = read_u8(&r);
	size_t len = (size_t)read_u8(&r) << 8;
	const uint8_t *data;

	len |= read_u8(&r);
	data = len > FRAME_MAX ? NULL : read_span(&r, len);
	if (data == NULL)
		return false;
	memcpy(frame, data, len);
	memmove(link->in, link->in + FRAME_HEAD + len, link->in_len - FRAME_HEAD - len);
	link->in_len -= FRAME_HEAD + len;
	link->fn(link->arg, type, frame, (int)len);
	return link->fd >= 0;
}

static bool flush(struct frame_link *link)
{
	size_t done = 0;

	while (done < link->out_len) {
		ssize_t n = write(link->fd, link->out + done, link->out_len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			return false;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	memmove(link->out, link->out + done, link->out_len - done);
	link->out_len -= done;
	loop_fd_set_events(link->loop, link->fd, link->out_len > 0 ? POLLIN | POLLOUT : POLLIN);
	return true;
}

static void on_fd(void *arg, int fd, short revents)
{
	struct frame_link *link = arg;
	ssize_t n;

	if ((revents & POLLOUT) != 0 && !flush(link)) {
		end(link);
		return;
	}
	if ((revents & (POLLIN | POLLHUP | POLLERR)) == 0)
		return;
	n = read(fd, link->in + link->in_len, sizeof(link->in) - link->in_len);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		end(link);
		return;
	}
	link->in_len += n > 0 ? (size_t)n : 0;
	while (take_one(link))
		;
}

int frame_open(struct frame_link *link, struct loop *loop, int fd, frame_fn *fn, void *arg)
{
	*link = (struct frame_link){ .loop = loop, .fd = fd, .fn = fn, .arg = arg };
	return loop_fd_add(loop, fd, POLLIN, on_fd, link);
}

void frame_close(struct frame_link *link)
{
	if (link->fd < 0)
		return;
	loop_fd_remove(link->loop, link->fd);
	close(link->fd);
	link->fd = -1;
}

int frame_send(struct frame_link *link, enum frame_type type, const void *data, size_t len)
{
	struct writer w;

	if (link->fd < 0)
		return LOBBY_ERR_CLOSED;
	w = writer_of(link->out + link->out_len, sizeof(link->out) - link->out_len);
	write_u8(&w, (uint8_t)type);
	write_be16(&w, (uint16_t)len);
	write_span(&w, data, len);
	if (w.failed || len > FRAME_MAX)
		return LOBBY_ERR_TOO_LONG;
	link->out_len += w.len;
	return flush(link) ? 0 : LOBBY_ERR_CLOSED;
}

/* See proxy.h. A pair of sockets a connection and one bounded buffer each way; a side is read only while its buffer is
 * empty, so nothing is ever lost by the relay itself. */
#include "proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_PAIRS 64
#define BLOCK 16384

struct flow {
	uint8_t data[BLOCK];
	size_t len, sent;
	long left; /* bytes until the cut; -1: no cut */
};

struct pair {
	struct proxy *proxy;
	int fd[2];	     /* kiosk's side, clinic's side; -1: none */
	struct flow flow[2]; /* from fd[i] to fd[1 - i] */
	bool used;
};

struct proxy {
	struct loop *loop;
	struct chance *chance;
	int fd;
	uint16_t clinic, liar;
	enum proxy_weather weather;
	struct pair pairs[MAX_PAIRS];
};

const char *proxy_weather_name(enum proxy_weather weather)
{
	static const char *const names[] = { "fair", "down", "silent", "garbage", "cut", "liar" };

	return names[weather];
}

static void drop(struct pair *pair)
{
	for (int i = 0; i < 2; i++) {
		if (pair->fd[i] < 0)
			continue;
		loop_fd_remove(pair->proxy->loop, pair->fd[i]);
		close(pair->fd[i]);
	}
	pair->used = false;
}

/* Watches what there is to do: reading with an empty buffer, writing with a full one. */
static void watch(struct pair *pair)
{
	for (int i = 0; i < 2; i++) {
		short events = 0;

		if (pair->fd[i] < 0)
			continue;
		if (pair->flow[i].len == 0)
			events |= POLLIN;
		if (pair->flow[1 - i].len > 0)
			events |= POLLOUT;
		loop_fd_set_events(pair->proxy->loop, pair->fd[i], events);
	}
}

/* False when the pair is done for. */
static bool take(struct pair *pair, int side)
{
	struct flow *flow = &pair->flow[side];
	ssize_t n = recv(pair->fd[side], flow->data, sizeof(flow->data), MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0)
		return false;
	if (pair->fd[1 - side] < 0)
		return true; /* silent: swallowed */
	flow->len = (size_t)n;
	flow->sent = 0;
	return true;
}

static bool give(struct pair *pair, int side)
{
	struct flow *flow = &pair->flow[1 - side];
	size_t want = flow->len - flow->sent;
	ssize_t n;

	if (flow->left >= 0 && (long)want > flow->left)
		want = (size_t)flow->left;
	n = send(pair->fd[side], flow->data + flow->sent, want, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	flow->sent += (size_t)n;
	if (flow->sent == flow->len)
		flow->len = 0;
	if (flow->left >= 0)
		flow->left -= n;
	return flow->left != 0;
}

static void on_ready(void *arg, int fd, short revents)
{
	struct pair *pair = arg;
	int side = fd == pair->fd[0] ? 0 : 1;
	bool alive = true;

	if (pair->flow[side].len == 0 && (revents & (POLLIN | POLLHUP | POLLERR)))
		alive = take(pair, side);
	if (alive && pair->flow[1 - side].len > 0 && (revents & POLLOUT))
		alive = give(pair, side);
	if (alive)
		watch(pair);
	else
		drop(pair);
}

static int connect_to(uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (port == 0 || (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0 && errno != EINPROGRESS)) {
		close(fd);
		return -1;
	}
	return fd;
}

static void answer_garbage(struct proxy *proxy, int fd)
{
	uint64_t junk[32];
	size_t len = 1 + chance_below(proxy->chance, sizeof(junk));

	for (size_t i = 0; i < sizeof(junk) / sizeof(junk[0]); i++)
		junk[i] = chance_next(proxy->chance);
	if (send(fd, junk, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		shutdown(fd, SHUT_RDWR);
}

static struct pair *find_free(struct proxy *proxy)
{
	for (int i = 0; i < MAX_PAIRS; i++)
		if (!proxy->pairs[i].used)
			return &proxy->pairs[i];
	return NULL;
}

/* Takes fd; false when it could not. */
static bool join(struct proxy *proxy, int fd)
{
	struct pair *pair = find_free(proxy);
	bool cut = proxy->weather == PROXY_CUT;
	int other = -1;

	if (pair == NULL)
		return false;
	if (proxy->weather != PROXY_SILENT) {
		other = connect_to(proxy->weather == PROXY_LIAR ? proxy->liar : proxy->clinic);
		if (other < 0)
			return false;
	}
	pair->proxy = proxy;
	pair->fd[0] = fd;
	pair->fd[1] = other;
	for (int i = 0; i < 2; i++) {
		pair->flow[i].len = pair->flow[i].sent = 0;
		pair->flow[i].left =
			cut && chance_percent(proxy->chance, 60) ? 1 + (long)chance_below(proxy->chance, 6000) : -1;
	}
	if (loop_fd_add(proxy->loop, fd, POLLIN, on_ready, pair) != 0) {
		if (other >= 0)
			close(other);
		return false;
	}
	if (other >= 0 && loop_fd_add(proxy->loop, other, POLLIN, on_ready, pair) != 0) {
		loop_fd_remove(proxy->loop, fd);
		close(other);
		return false;
	}
	return pair->used = true;
}

static void on_accept(void *arg, int fd, short revents)
{
	struct proxy *proxy = arg;
	int peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), one = 1;

	(void)revents;
	if (peer < 0)
		return;
	setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (proxy->weather == PROXY_GARBAGE)
		answer_garbage(proxy, peer);
	if (proxy->weather == PROXY_DOWN || proxy->weather == PROXY_GARBAGE || !join(proxy, peer))
		close(peer);
}

struct proxy *proxy_new(struct loop *loop, struct chance *chance, uint16_t *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	struct proxy *proxy = calloc(1, sizeof(*proxy));

	if (proxy == NULL)
		return NULL;
	proxy->loop = loop;
	proxy->chance = chance;
	proxy->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (proxy->fd < 0 || bind(proxy->fd, (struct sockaddr *)&at, len) != 0 || listen(proxy->fd, 64) != 0 ||
	    getsockname(proxy->fd, (struct sockaddr *)&at, &len) != 0 ||
	    loop_fd_add(loop, proxy->fd, POLLIN, on_accept, proxy) != 0) {
		if (proxy->fd >= 0)
			close(proxy->fd);
		free(proxy);
		return NULL;
	}
	*port = ntohs(at.sin_port);
	return proxy;
}

static void drop_all(struct proxy *proxy)
{
	for (int i = 0; i < MAX_PAIRS; i++)
		if (proxy->pairs[i].used)
			drop(&proxy->pairs[i]);
}

void proxy_free(struct proxy *proxy)
{
	if (proxy == NULL)
		return;
	drop_all(proxy);
	loop_fd_remove(proxy->loop, proxy->fd);
	close(proxy->fd);
	free(proxy);
}

void proxy_target(struct proxy *proxy, uint16_t clinic_port, uint16_t liar_port)
{
	proxy->clinic = clinic_port;
	proxy->liar = liar_port;
}

void proxy_set(struct proxy *proxy, enum proxy_weather weather)
{
	if (weather != PROXY_FAIR || proxy->weather != PROXY_FAIR)
		drop_all(proxy);
	proxy->weather = weather;
}

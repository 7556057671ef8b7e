/* See wire.h. One non-blocking fd a connection; packets are whole or not at all, so there is no framing and no buffer.
 */
#include "wire.h"

#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <limits.h>
#include <pb_decode.h>
#include <pb_encode.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_PEERS 16
#define FIRST_RETRY_MS 50
#define LAST_RETRY_MS 1000
#define SEND_BUFFER (256 * 1024)

struct wire_server {
	struct loop *loop;
	int fd;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	lobby_Program own;
	wire_message_fn *on_message;
	wire_state_fn *on_state;
	void *arg;
	struct wire_conn peers[MAX_PEERS];
	bool used[MAX_PEERS];
};

/* One packet is decoded at a time and handlers do not call back into the loop, so one of each serves all connections.
 */
static lobby_Envelope incoming;
static uint8_t packet[WIRE_MAX_PACKET];

int wire_decode(const uint8_t *data, size_t len, lobby_Envelope *envelope)
{
	pb_istream_t stream = pb_istream_from_buffer(data, len);

	if (!pb_decode(&stream, lobby_Envelope_fields, envelope))
		return LOBBY_ERR_INVALID;
	return 0;
}

int wire_encode(const lobby_Envelope *envelope, uint8_t *data, size_t size)
{
	pb_ostream_t stream = pb_ostream_from_buffer(data, size);

	if (!pb_encode(&stream, lobby_Envelope_fields, envelope))
		return LOBBY_ERR_INVALID;
	return (int)stream.bytes_written;
}

void wire_settings_default(lobby_Settings *settings)
{
	*settings = (lobby_Settings){
		.early_min = 60,
		.late_min = 15,
		.print_slip = true,
		.ask_contact = true,
		.ask_insurance = true,
		.idle_warn_s = 45,
		.idle_wipe_s = 20,
		.language_count = 2,
		.language = { "en", "es" },
	};
}

bool wire_has_system(void)
{
	char path[108];

	return access("/run/lobby-boot", F_OK) == 0 ||
	       (wire_path(path, sizeof(path), "system.sock") == 0 && access(path, F_OK) == 0);
}

int wire_path(char *out, size_t size, const char *name)
{
	const char *run = getenv("LOBBY_RUN");

	if (run == NULL || *run == '\0')
		run = "/run/lobby";
	if (snprintf(out, size, "%s/%s", run, name) >= (int)size)
		return LOBBY_ERR_TOO_LONG;
	return 0;
}

static int send_envelope(struct wire_conn *conn, const lobby_Envelope *envelope)
{
	int len = wire_encode(envelope, packet, sizeof(packet));
	ssize_t n;

	if (len < 0)
		return len;
	n = send(conn->fd, packet, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT);
	explicit_bzero(packet, (size_t)len);
	if (n == len)
		return 0;
	/* A full peer missed a message, so the connection must end; not here, in the middle of the sender's work, but
	 * when the loop next reads its end. */
	shutdown(conn->fd, SHUT_RDWR);
	return LOBBY_ERR_CLOSED;
}

int wire_send(struct wire_conn *conn, const lobby_Envelope *envelope)
{
	if (!conn->up)
		return LOBBY_ERR_CLOSED;
	return send_envelope(conn, envelope);
}

static int send_hello(struct wire_conn *conn)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_hello_tag };

	envelope.body.hello = (lobby_Hello){ .version = WIRE_VERSION, .program = conn->own };
	return send_envelope(conn, &envelope);
}

static void client_connect(void *arg);

/* The one way a connection ends by itself. */
static void drop(struct wire_conn *conn)
{
	bool was_up = conn->up;

	if (conn->fd < 0)
		return;
	loop_fd_remove(conn->loop, conn->fd);
	close(conn->fd);
	conn->fd = -1;
	conn->up = false;
	if (conn->path != NULL) {
		loop_timer_set(conn->loop, &conn->retry, conn->retry_ms, client_connect, conn);
		conn->retry_ms = conn->retry_ms * 2 > LAST_RETRY_MS ? LAST_RETRY_MS : conn->retry_ms * 2;
	}
	if (was_up && conn->on_state != NULL)
		conn->on_state(conn->arg, conn, false);
}

static void receive_hello(struct wire_conn *conn, const lobby_Envelope *envelope)
{
	const lobby_Hello *hello = &envelope->body.hello;

	if (envelope->which_body != lobby_Envelope_hello_tag || hello->version != WIRE_VERSION) {
		log_event(LOG_WARNING, "wire-refused", "reason=version");
		/* The other side hears which version would do. */
		if (conn->path == NULL)
			(void)send_hello(conn);
		drop(conn);
		return;
	}
	conn->peer = hello->program;
	if (conn->path == NULL && send_hello(conn) != 0) {
		drop(conn);
		return;
	}
	conn->up = true;
	conn->retry_ms = FIRST_RETRY_MS;
	if (conn->on_state != NULL)
		conn->on_state(conn->arg, conn, true);
}

static void on_readable(void *arg, int fd, short revents)
{
	struct wire_conn *conn = arg;
	ssize_t len;

	(void)revents;
	len = recv(fd, packet, sizeof(packet), MSG_DONTWAIT | MSG_TRUNC);
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len <= 0 || (size_t)len > sizeof(packet) || wire_decode(packet, (size_t)len, &incoming) != 0) {
		if (len > 0)
			log_event(LOG_WARNING, "wire-refused", "reason=malformed bytes=%zd", len);
		explicit_bzero(packet, sizeof(packet));
		explicit_bzero(&incoming, sizeof(incoming));
		drop(conn);
		return;
	}
	explicit_bzero(packet, (size_t)len);
	if (!conn->up)
		receive_hello(conn, &incoming);
	else
		conn->on_message(conn->arg, conn, &incoming);
	explicit_bzero(&incoming, sizeof(incoming));
}

/* Is this peer one of the kiosk's own programs? */
static bool peer_allowed(int fd)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);
	const char *list = getenv("LOBBY_PEER_UIDS");

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0)
		return false;
	if (cred.uid == geteuid() || cred.uid == 0)
		return true;
	while (list != NULL && *list != '\0') {
		char *end;
		unsigned long uid = strtoul(list, &end, 10);

		if (end != list && uid == cred.uid)
			return true;
		list = *end == ',' ? end + 1 : NULL;
	}
	return false;
}

static void client_connect(void *arg)
{
	struct wire_conn *conn = arg;
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (snprintf(address.sun_path, sizeof(address.sun_path), "%s", conn->path) >= (int)sizeof(address.sun_path))
		return;
	conn->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (conn->fd >= 0 && connect(conn->fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	    peer_allowed(conn->fd) && loop_fd_add(conn->loop, conn->fd, POLLIN, on_readable, conn) == 0) {
		int size = SEND_BUFFER;

		setsockopt(conn->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
		if (send_hello(conn) != 0)
			drop(conn);
		return;
	}
	if (conn->fd >= 0)
		close(conn->fd);
	conn->fd = -1;
	loop_timer_set(conn->loop, &conn->retry, conn->retry_ms, client_connect, conn);
	conn->retry_ms = conn->retry_ms * 2 > LAST_RETRY_MS ? LAST_RETRY_MS : conn->retry_ms * 2;
}

void wire_client_start(struct wire_conn *conn, struct loop *loop, const char *path, lobby_Program own,
		       wire_message_fn *on_message, wire_state_fn *on_state, void *arg)
{
	*conn = (struct wire_conn){ .loop = loop,
				    .fd = -1,
				    .own = own,
				    .on_message = on_message,
				    .on_state = on_state,
				    .arg = arg,
				    .path = path,
				    .retry_ms = FIRST_RETRY_MS };
	client_connect(conn);
}

void wire_close(struct wire_conn *conn)
{
	if (conn->loop != NULL)
		loop_timer_cancel(conn->loop, &conn->retry);
	if (conn->fd >= 0 && conn->loop != NULL) {
		loop_fd_remove(conn->loop, conn->fd);
		close(conn->fd);
	}
	conn->fd = -1;
	conn->up = false;
}

static void on_server_state(void *arg, struct wire_conn *conn, bool up)
{
	struct wire_server *server = arg;

	if (server->on_state != NULL)
		server->on_state(server->arg, conn, up);
}

static void on_server_message(void *arg, struct wire_conn *conn, const lobby_Envelope *envelope)
{
	struct wire_server *server = arg;

	server->on_message(server->arg, conn, envelope);
}

/* Where a new peer goes; a slot is free once its connection is closed. */
static int free_slot(struct wire_server *server)
{
	for (int i = 0; i < MAX_PEERS; i++)
		if (!server->used[i] || server->peers[i].fd < 0)
			return i;
	return -1;
}

static void on_accept(void *arg, int fd, short revents)
{
	struct wire_server *server = arg;
	int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int slot = free_slot(server);
	int size = SEND_BUFFER;

	(void)revents;
	if (peer < 0)
		return;
	if (slot < 0 || !peer_allowed(peer)) {
		log_event(LOG_WARNING, "wire-refused", "reason=%s", slot < 0 ? "full" : "peer");
		close(peer);
		return;
	}
	setsockopt(peer, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	server->used[slot] = true;
	server->peers[slot] = (struct wire_conn){ .loop = server->loop,
						  .fd = peer,
						  .own = server->own,
						  .on_message = on_server_message,
						  .on_state = on_server_state,
						  .arg = server };
	if (loop_fd_add(server->loop, peer, POLLIN, on_readable, &server->peers[slot]) != 0) {
		close(peer);
		server->peers[slot].fd = -1;
	}
}

static int make_run_folder(const char *path)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');

	if (slash == NULL || slash == path)
		return 0;
	snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
	return file_make_folder(folder, getenv("LOBBY_PEER_UIDS") ? 0750 : 0700);
}

struct wire_server *wire_server_new(struct loop *loop, const char *path, lobby_Program own, wire_message_fn *on_message,
				    wire_state_fn *on_state, void *arg)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct wire_server *server = calloc(1, sizeof(*server));
	mode_t mask;

	if (server == NULL)
		return NULL;
	*server = (struct wire_server){
		.loop = loop, .fd = -1, .own = own, .on_message = on_message, .on_state = on_state, .arg = arg
	};
	if (!(snprintf(address.sun_path, sizeof(address.sun_path), "%s", path) < (int)sizeof(address.sun_path)) ||
	    make_run_folder(path) != 0)
		goto fail;
	snprintf(server->path, sizeof(server->path), "%s", path);
	server->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	unlink(path);
	mask = umask(getenv("LOBBY_PEER_UIDS") ? 0007 : 0077);
	if (server->fd < 0 || bind(server->fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		umask(mask);
		goto fail;
	}
	umask(mask);
	if (listen(server->fd, MAX_PEERS) != 0 || loop_fd_add(loop, server->fd, POLLIN, on_accept, server) != 0)
		goto fail;
	return server;
fail:
	if (server->fd >= 0)
		close(server->fd);
	free(server);
	return NULL;
}

void wire_server_free(struct wire_server *server)
{
	if (server == NULL)
		return;
	for (int i = 0; i < MAX_PEERS; i++)
		if (server->used[i])
			wire_close(&server->peers[i]);
	loop_fd_remove(server->loop, server->fd);
	close(server->fd);
	unlink(server->path);
	free(server);
}

void wire_server_broadcast(struct wire_server *server, lobby_Program to, const lobby_Envelope *envelope)
{
	for (int i = 0; i < MAX_PEERS; i++) {
		struct wire_conn *conn = &server->peers[i];

		if (server->used[i] && conn->up && (to == lobby_Program_PROGRAM_UNKNOWN || conn->peer == to))
			(void)wire_send(conn, envelope);
	}
}

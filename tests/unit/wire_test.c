/* src/wire over real sockets: the Hellos, who is refused, what closes a connection, and how it comes back. */
#include "wire/wire.h"

#include "base/clock.h"
#include "base/log.h"

#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define MAX_TURNS 2000 /* each ends as soon as there is anything to do, or after two milliseconds */

/* What one end saw. */
struct seen {
	struct wire_conn *conn;
	int ups, downs, messages;
	lobby_Envelope last;
};

struct fixture {
	char folder[64];
	char path[108];
	struct loop *loop;
	struct wire_server *server;
	struct wire_conn client;
	struct seen at_server, at_client;
};

static void on_message(void *arg, struct wire_conn *conn, const lobby_Envelope *envelope)
{
	struct seen *seen = arg;

	seen->conn = conn;
	seen->messages++;
	seen->last = *envelope;
}

static void on_state(void *arg, struct wire_conn *conn, bool up)
{
	struct seen *seen = arg;

	seen->conn = conn;
	seen->ups += up;
	seen->downs += !up;
}

static void serve(struct fixture *f)
{
	f->server = wire_server_new(f->loop, f->path, lobby_Program_PROGRAM_SYNC, on_message, on_state, &f->at_server);
	assert_non_null(f->server);
}

static void connect_client(struct fixture *f)
{
	wire_client_start(&f->client, f->loop, f->path, lobby_Program_PROGRAM_KIOSK, on_message, on_state,
			  &f->at_client);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	snprintf(f->folder, sizeof(f->folder), "/tmp/lobby-wire-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	setenv("LOBBY_RUN", f->folder, 1);
	unsetenv("LOBBY_PEER_UIDS");
	assert_int_equal(wire_path(f->path, sizeof(f->path), "test.sock"), 0);
	clock_use_virtual(1795444860000);
	f->loop = loop_new();
	assert_non_null(f->loop);
	serve(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	wire_close(&f->client);
	wire_server_free(f->server);
	loop_free(f->loop);
	rmdir(f->folder);
	free(f);
	return 0;
}

/* Turns the loop until the counter reaches `wanted`; the test fails if it never does. */
static void turn_until(struct fixture *f, const int *counter, int wanted)
{
	for (int i = 0; i < MAX_TURNS && *counter < wanted; i++)
		loop_turn(f->loop, 2);
	assert_int_equal(*counter, wanted);
}

static void turn_some(struct fixture *f)
{
	for (int i = 0; i < 10; i++)
		loop_turn(f->loop, 0);
}

static lobby_Envelope ping(uint32_t number)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_ping_tag };

	envelope.body.ping.number = number;
	return envelope;
}

/* ---- a peer that is not ours: a bare socket ---- */

static int raw_connect(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

static bool try_hello(int fd, uint32_t version)
{
	lobby_Envelope hello = { .which_body = lobby_Envelope_hello_tag };
	uint8_t packet[64];
	int len;

	hello.body.hello.version = version;
	hello.body.hello.program = lobby_Program_PROGRAM_KIOSK;
	len = wire_encode(&hello, packet, sizeof(packet));
	return len > 0 && send(fd, packet, (size_t)len, MSG_NOSIGNAL) == len;
}

static void raw_hello(int fd, uint32_t version)
{
	assert_true(try_hello(fd, version));
}

/* What comes next: the length of a packet, 0 at the end of the connection; the server's loop turns meanwhile. */
static ssize_t raw_receive(struct fixture *f, int fd, uint8_t *packet, size_t size)
{
	for (int i = 0; i < MAX_TURNS; i++) {
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

		if (poll(&poll_fd, 1, 0) == 1) {
			ssize_t len = recv(fd, packet, size, 0);

			return len < 0 ? 0 : len;
		}
		loop_turn(f->loop, 2);
	}
	fail_msg("nothing came");
	return -1;
}

static void assert_version_heard(struct fixture *f, int fd, uint32_t version)
{
	static lobby_Envelope hello;
	uint8_t packet[256];
	ssize_t len = raw_receive(f, fd, packet, sizeof(packet));

	assert_true(len > 0);
	assert_int_equal(wire_decode(packet, (size_t)len, &hello), 0);
	assert_int_equal(hello.which_body, lobby_Envelope_hello_tag);
	assert_int_equal(hello.body.hello.version, version);
}

static void assert_closed(struct fixture *f, int fd)
{
	uint8_t packet[256];

	assert_int_equal(raw_receive(f, fd, packet, sizeof(packet)), 0);
	close(fd);
}

/* ---- the tests ---- */

static void both_say_hello_and_then_talk(void **state)
{
	struct fixture *f = *state;
	lobby_Envelope envelope = ping(7);

	connect_client(f);
	assert_int_equal(wire_send(&f->client, &envelope), LOBBY_ERR_CLOSED);
	turn_until(f, &f->at_client.ups, 1);
	assert_int_equal(f->at_server.ups, 1);
	assert_int_equal(f->client.peer, lobby_Program_PROGRAM_SYNC);
	assert_int_equal(f->at_server.conn->peer, lobby_Program_PROGRAM_KIOSK);

	assert_int_equal(wire_send(&f->client, &envelope), 0);
	turn_until(f, &f->at_server.messages, 1);
	assert_int_equal(f->at_server.last.which_body, lobby_Envelope_ping_tag);
	assert_int_equal(f->at_server.last.body.ping.number, 7);

	wire_server_broadcast(f->server, lobby_Program_PROGRAM_DEVICES, &envelope);
	wire_server_broadcast(f->server, lobby_Program_PROGRAM_KIOSK, &envelope);
	wire_server_broadcast(f->server, lobby_Program_PROGRAM_UNKNOWN, &envelope);
	turn_until(f, &f->at_client.messages, 2);
	turn_some(f);
	assert_int_equal(f->at_client.messages, 2);
}

static void another_version_is_told_and_closed(void **state)
{
	struct fixture *f = *state;
	int fd = raw_connect(f->path);

	assert_true(fd >= 0);
	raw_hello(fd, WIRE_VERSION + 1);
	assert_version_heard(f, fd, WIRE_VERSION);
	assert_closed(f, fd);
	assert_int_equal(f->at_server.ups, 0);
	assert_int_equal(f->at_server.downs, 0);
}

static void a_message_before_hello_closes(void **state)
{
	struct fixture *f = *state;
	lobby_Envelope envelope = ping(1);
	uint8_t packet[64];
	int fd = raw_connect(f->path), len = wire_encode(&envelope, packet, sizeof(packet));

	assert_true(fd >= 0);
	assert_int_equal(send(fd, packet, (size_t)len, 0), len);
	assert_version_heard(f, fd, WIRE_VERSION);
	assert_closed(f, fd);
	assert_int_equal(f->at_server.messages, 0);
}

static void a_malformed_packet_closes(void **state)
{
	static const uint8_t bad[][4] = { { 0xFF, 0xFF, 0xFF, 0xFF }, { 0x0A, 0x7F, 0, 0 }, { 0x07, 1, 2, 3 } };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int fd = raw_connect(f->path);

		assert_true(fd >= 0);
		raw_hello(fd, WIRE_VERSION);
		assert_version_heard(f, fd, WIRE_VERSION);
		assert_int_equal(send(fd, bad[i], sizeof(bad[i]), 0), sizeof(bad[i]));
		assert_closed(f, fd);
		assert_int_equal(f->at_server.downs, (int)i + 1);
		assert_int_equal(f->at_server.messages, 0);
	}
}

static void an_oversized_packet_closes(void **state)
{
	struct fixture *f = *state;
	uint8_t *packet = calloc(1, WIRE_MAX_PACKET + 1);
	int fd = raw_connect(f->path);

	assert_non_null(packet);
	assert_true(fd >= 0);
	raw_hello(fd, WIRE_VERSION);
	assert_version_heard(f, fd, WIRE_VERSION);
	assert_int_equal(send(fd, packet, WIRE_MAX_PACKET + 1, 0), WIRE_MAX_PACKET + 1);
	assert_closed(f, fd);
	assert_int_equal(f->at_server.downs, 1);
	free(packet);
}

/* A text longer than its bound, though the packet is well-formed. */
static void a_field_over_its_bound_is_malformed(void **state)
{
	static lobby_Envelope envelope;
	uint8_t packet[80] = { 0x12, 66, 0x12, 64 }; /* identify { birth_date: 64 bytes } */

	(void)state;
	memset(packet + 4, 'x', 64);
	assert_int_equal(wire_decode(packet, 68, &envelope), LOBBY_ERR_INVALID);
	packet[1] = 12, packet[3] = 10;
	assert_int_equal(wire_decode(packet, 14, &envelope), 0);
	assert_string_equal(envelope.body.identify.birth_date, "xxxxxxxxxx");
}

static void it_comes_back_after_the_server_restarts(void **state)
{
	struct fixture *f = *state;

	connect_client(f);
	turn_until(f, &f->at_client.ups, 1);
	wire_server_free(f->server);
	f->server = NULL;
	turn_until(f, &f->at_client.downs, 1);
	assert_false(f->client.up);

	/* 50 ms, then doubling up to a second. */
	for (uint32_t wait = 50; wait < 1000; wait *= 2) {
		uint32_t next = wait * 2 > 1000 ? 1000 : wait * 2;

		assert_int_equal(f->client.retry_ms, next);
		clock_advance_ms((int64_t)wait - 1);
		turn_some(f);
		assert_int_equal(f->client.retry_ms, next);
		clock_advance_ms(1);
		turn_some(f);
	}
	assert_int_equal(f->client.retry_ms, 1000);
	serve(f);
	turn_some(f);
	assert_int_equal(f->at_client.ups, 1);
	clock_advance_ms(1000);
	turn_until(f, &f->at_client.ups, 2);
	assert_int_equal(f->client.retry_ms, 50);
}

static void a_client_started_first_waits(void **state)
{
	struct fixture *f = *state;

	wire_server_free(f->server);
	connect_client(f);
	turn_some(f);
	assert_int_equal(f->at_client.ups + f->at_client.downs, 0);
	serve(f);
	clock_advance_ms(50);
	turn_until(f, &f->at_client.ups, 1);
}

/* A peer that stops reading misses a message: both ends must start again, and the sender is told by on_state. */
static void a_full_peer_is_closed(void **state)
{
	struct fixture *f = *state;
	lobby_Envelope envelope = { .which_body = lobby_Envelope_scan_tag };
	int fd = raw_connect(f->path), err = 0;

	assert_true(fd >= 0);
	envelope.body.scan.data.size = 4000;
	raw_hello(fd, WIRE_VERSION);
	turn_until(f, &f->at_server.ups, 1);
	for (int i = 0; i < 10000 && err == 0; i++)
		err = wire_send(f->at_server.conn, &envelope);
	assert_int_equal(err, LOBBY_ERR_CLOSED);
	assert_int_equal(f->at_server.downs, 0);
	turn_until(f, &f->at_server.downs, 1);
	close(fd);
}

static void seventeen_are_too_many(void **state)
{
	struct fixture *f = *state;
	int fds[17];

	for (int i = 0; i < 16; i++) {
		fds[i] = raw_connect(f->path);
		assert_true(fds[i] >= 0);
		raw_hello(fds[i], WIRE_VERSION);
		turn_until(f, &f->at_server.ups, i + 1);
	}
	fds[16] = raw_connect(f->path);
	assert_closed(f, fds[16]);
	close(fds[0]);
	turn_until(f, &f->at_server.downs, 1);
	fds[0] = raw_connect(f->path);
	raw_hello(fds[0], WIRE_VERSION);
	turn_until(f, &f->at_server.ups, 17);
	for (int i = 0; i < 16; i++)
		close(fds[i]);
	turn_until(f, &f->at_server.downs, 17);
}

/* Connects as `nobody` in a child; 0 if a Hello came back, 1 if the connection was closed, 2 if the child failed. */
static int try_as_nobody(struct fixture *f, const struct passwd *nobody)
{
	int status = 2 << 8;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		uint8_t packet[256];
		int fd;

		if (setgroups(0, NULL) != 0 || setgid(nobody->pw_gid) != 0 || setuid(nobody->pw_uid) != 0)
			_exit(2);
		fd = raw_connect(f->path);
		if (fd < 0)
			_exit(2);
		/* No assertion here: it would run the other tests in the child. */
		_exit(try_hello(fd, WIRE_VERSION) && recv(fd, packet, sizeof(packet), 0) > 0 ? 0 : 1);
	}
	for (int i = 0; i < MAX_TURNS * 5; i++) {
		loop_turn(f->loop, 2);
		if (waitpid(child, &status, WNOHANG) == child)
			break;
	}
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void another_user_is_refused_unless_named(void **state)
{
	struct fixture *f = *state;
	const struct passwd *nobody = getpwnam("nobody");
	char uid[24];

	if (geteuid() != 0 || nobody == NULL)
		skip();
	/* What keeps others out first is the folder; open it, to see what the socket does by itself. */
	assert_int_equal(chmod(f->folder, 0755), 0);
	assert_int_equal(chmod(f->path, 0666), 0);
	assert_int_equal(try_as_nobody(f, nobody), 1);
	assert_int_equal(f->at_server.ups, 0);
	snprintf(uid, sizeof(uid), "12,%u", (unsigned)nobody->pw_uid);
	setenv("LOBBY_PEER_UIDS", uid, 1);
	assert_int_equal(try_as_nobody(f, nobody), 0);
	assert_int_equal(f->at_server.ups, 1);
}

static void the_folder_keeps_others_out(void **state)
{
	struct fixture *f = *state;
	char path[108];
	struct stat info;
	struct wire_server *server;

	snprintf(path, sizeof(path), "%s/inner/test.sock", f->folder);
	server = wire_server_new(f->loop, path, lobby_Program_PROGRAM_SYNC, on_message, on_state, &f->at_server);
	assert_non_null(server);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0700);
	snprintf(path, sizeof(path), "%s/inner", f->folder);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0700);
	wire_server_free(server);
	rmdir(path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(both_say_hello_and_then_talk),
		TEST(another_version_is_told_and_closed),
		TEST(a_message_before_hello_closes),
		TEST(a_malformed_packet_closes),
		TEST(an_oversized_packet_closes),
		TEST(a_field_over_its_bound_is_malformed),
		TEST(it_comes_back_after_the_server_restarts),
		TEST(a_client_started_first_waits),
		TEST(a_full_peer_is_closed),
		TEST(seventeen_are_too_many),
		TEST(another_user_is_refused_unless_named),
		TEST(the_folder_keeps_others_out),
	};

	log_init("wire_test");
	log_set_level(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* lobbyctl as a technician types it: a kiosk without a clinic, joined, without its network; a control socket. */
#include "sync_clinic.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	world_start(w);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	world_stop(*state);
	free(*state);
	return 0;
}

/* Starts lobbyctl with all it says in one pipe. */
static pid_t start(struct world *w, int *fd, const char *const words[])
{
	const char *build = getenv("LOBBY_BUILD");
	char path[512], run[96];
	const char *argv[8] = { path };
	int fds[2];
	pid_t pid;

	snprintf(path, sizeof(path), "%s/lobbyctl", build ? build : "build/san");
	snprintf(run, sizeof(run), "%s/run", w->root);
	for (size_t i = 0; words[i] != NULL; i++)
		argv[i + 1] = words[i];
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		setenv("LOBBY_RUN", run, 1);
		unsetenv("LOBBY_CLOCK");
		dup2(fds[1], 1);
		dup2(fds[1], 2);
		execv(path, (char **)argv);
		_exit(127);
	}
	close(fds[1]);
	*fd = fds[0];
	return pid;
}

/* Runs it to its end while lobby-sync runs; its exit status. */
static int ctl(struct world *w, char *said, size_t size, const char *const words[])
{
	size_t len = 0;
	int fd, status;
	pid_t pid = start(w, &fd, words);
	ssize_t n = 1;

	while (n > 0) {
		struct pollfd ready = { .fd = fd, .events = POLLIN };

		loop_turn(w->loop, 2);
		if (poll(&ready, 1, 0) == 1 && (n = read(fd, said + len, size - 1 - len)) > 0)
			len += (size_t)n;
	}
	said[len] = '\0';
	close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

#define CTL(w, said, ...) ctl(w, said, sizeof(said), (const char *const[]){ __VA_ARGS__, NULL })

static void a_technician_joins_a_kiosk_and_asks_how_it_is(void **state)
{
	struct world *w = *state;
	char said[4096], code[32];

	assert_int_equal(CTL(w, said, "status"), 1);
	assert_non_null(strstr(said, "not enrolled"));
	assert_non_null(strstr(said, "lobby-devices does not run"));

	clinic_make(&w->clinic);
	clinic_serve(&w->clinic, "127.0.0.1:0");
	assert_int_equal(CTL(w, said, "enrol", w->clinic.address, "AAAA-BBBB-CCCC", "--name", "Lobby 7"), 1);
	assert_non_null(strstr(said, "Make a new one on the Kiosks page"));
	assert_int_equal(clinic_run(&w->clinic, "kiosk-code", "Lobby 1", code, sizeof(code)), 0);
	assert_int_equal(CTL(w, said, "enrol", w->clinic.address, code, "--name", "Lobby 7"), 0);
	assert_non_null(strstr(said, "This kiosk is \"Lobby 7\" now."));
	UNTIL(w, w->state.has_roster);
	assert_int_equal(CTL(w, said, "status"), 1);
	assert_non_null(strstr(said, "Kiosk:   Lobby 7"));
	assert_non_null(strstr(said, "Clinic:  reachable"));
	assert_non_null(strstr(said, "Roster:  2 appointments"));
	assert_non_null(strstr(said, "1 thing to look at"));

	clinic_kill(&w->clinic, SIGKILL);
	UNTIL(w, !w->state.reachable);
	assert_int_equal(world_visit(w, 1, "maria", "maria-950"), 0);
	assert_int_equal(CTL(w, said, "status"), 1);
	assert_non_null(strstr(said, "NOT REACHABLE"));
	assert_non_null(strstr(said, "Visits:  1 to be sent"));
}

static void what_is_typed_wrongly_is_explained(void **state)
{
	struct world *w = *state;
	char said[4096];

	assert_int_equal(CTL(w, said, "--help"), 0);
	assert_int_equal(CTL(w, said, "dance"), 2);
	assert_int_equal(CTL(w, said, "enrol", "https://x"), 2);
	assert_non_null(strstr(said, "Usage: lobbyctl enrol"));
	assert_int_equal(CTL(w, said, "enrol", "http://clinic.example", "AAAA-BBBB-CCCC"), 1);
	assert_non_null(strstr(said, "must look like https://"));
	assert_int_equal(CTL(w, said, "at", "nobody.ctl", "press"), 1);
	assert_non_null(strstr(said, "Nobody answers at nobody.ctl"));
}

static void a_control_socket_answers_line_by_line(void **state)
{
	static const char *const answers[] = { "heading Welcome\nbutton Start\nok\n", "error no such button\n",
					       "half" };
	static const int statuses[] = { 0, 1, 1 };
	struct world *w = *state;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char said[1024], line[128];

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/run/kiosk.ctl", w->root);
	assert_int_equal(bind(server, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(server, 4), 0);
	for (int i = 0; i < 3; i++) {
		int out, peer, status;
		pid_t pid = start(w, &out, (const char *const[]){ "at", "kiosk.ctl", "press", "Start over", NULL });
		ssize_t n;

		peer = accept(server, NULL, NULL);
		n = read(peer, line, sizeof(line) - 1);
		assert_int_equal(n, (ssize_t)strlen("press Start over\n"));
		assert_memory_equal(line, "press Start over\n", (size_t)n);
		assert_true(write(peer, answers[i], strlen(answers[i])) > 0);
		if (i == 2)
			close(peer);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(WEXITSTATUS(status), statuses[i]);
		n = read(out, said, sizeof(said) - 1);
		said[n > 0 ? n : 0] = '\0';
		if (i < 2)
			assert_string_equal(said, answers[i]);
		close(out);
		if (i != 2)
			close(peer);
	}
	close(server);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(a_technician_joins_a_kiosk_and_asks_how_it_is),
		T(what_is_typed_wrongly_is_explained),
		T(a_control_socket_answers_line_by_line),
	};

	return cmocka_run_group_tests(tests, world_clock, NULL);
}

/* What systemd hears: a real datagram socket, a loop, and a clock that the test owns. */
#include "base/clock.h"
#include "base/loop.h"
#include "base/notify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define START_MS 1795444860000

struct manager {
	struct loop *loop;
	int fd;
	char folder[32];
	char path[64];
};

/* In the abstract namespace, or in a folder. */
static void manager_setup(struct manager *m, bool abstract)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len;

	*m = (struct manager){ .folder = "/tmp/lobby-notify.XXXXXX" };
	assert_non_null(mkdtemp(m->folder));
	snprintf(m->path, sizeof(m->path), "%s%s/notify", abstract ? "@" : "", m->folder);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", m->path);
	len = offsetof(struct sockaddr_un, sun_path) + strlen(m->path);
	if (abstract)
		address.sun_path[0] = '\0';
	m->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_true(m->fd >= 0);
	assert_int_equal(bind(m->fd, (struct sockaddr *)&address, (socklen_t)len), 0);
	setenv("NOTIFY_SOCKET", m->path, 1);
	clock_use_virtual(START_MS);
	m->loop = loop_new();
	assert_non_null(m->loop);
}

static void manager_teardown(struct manager *m)
{
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	loop_free(m->loop);
	close(m->fd);
	if (m->path[0] == '/')
		unlink(m->path);
	rmdir(m->folder);
}

static const char *heard(struct manager *m)
{
	static char text[256];
	ssize_t n = recv(m->fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

/* How many pets came in so long. */
static int pets(struct manager *m, int64_t span_ms, int64_t step_ms)
{
	int count = 0;

	for (int64_t at = 0; at < span_ms; at += step_ms) {
		clock_advance_ms(step_ms);
		assert_true(loop_turn(m->loop, 0));
		for (const char *text; *(text = heard(m)) != '\0'; count++)
			assert_string_equal(text, "WATCHDOG=1");
	}
	return count;
}

static void a_watched_program_pets_thrice_in_the_span(void **state)
{
	struct manager m;

	(void)state;
	for (int abstract = 0; abstract < 2; abstract++) {
		char pid[16];

		manager_setup(&m, abstract);
		setenv("WATCHDOG_USEC", "600000000", 1);
		snprintf(pid, sizeof(pid), "%d", (int)getpid());
		setenv("WATCHDOG_PID", pid, 1);
		assert_int_equal(notify_watchdog_ms(), 200000);
		notify_ready(m.loop);
		assert_string_equal(heard(&m), "READY=1");
		assert_string_equal(heard(&m), "WATCHDOG=1");
		assert_int_equal(pets(&m, 199000, 1000), 0);
		assert_int_equal(pets(&m, 1000, 1000), 1);
		assert_int_equal(pets(&m, 3600000, 1000), 18);
		manager_teardown(&m);
	}
}

static void nobody_watches(void **state)
{
	static const char *const nonsense[] = { "", "0", "-5", "180s", " 7", "99999999999999999999999999" };
	struct manager m;

	(void)state;
	manager_setup(&m, false);
	notify_ready(m.loop);
	assert_string_equal(heard(&m), "READY=1");
	assert_int_equal(pets(&m, 3600000, 60000), 0);
	for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
		setenv("WATCHDOG_USEC", nonsense[i], 1);
		assert_int_equal(notify_watchdog_ms(), 0);
	}
	setenv("WATCHDOG_USEC", "180000000", 1);
	assert_int_equal(notify_watchdog_ms(), 60000);
	setenv("WATCHDOG_PID", "1", 1);
	assert_int_equal(notify_watchdog_ms(), 0);
	unsetenv("WATCHDOG_PID");
	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(notify_watchdog_ms(), 0);
	manager_teardown(&m);
}

static void spans_have_bounds(void **state)
{
	struct manager m;

	(void)state;
	manager_setup(&m, false);
	setenv("WATCHDOG_USEC", "1", 1);
	assert_int_equal(notify_watchdog_ms(), 100);
	setenv("WATCHDOG_USEC", "18446744073709551615", 1);
	assert_int_equal(notify_watchdog_ms(), 24 * 3600 * 1000);
	manager_teardown(&m);
}

static void words_are_one_short_line(void **state)
{
	char flood[400];
	struct manager m;

	(void)state;
	manager_setup(&m, false);
	notify_status("%d visits are waiting to be sent", 3);
	assert_string_equal(heard(&m), "STATUS=3 visits are waiting to be sent");
	notify_status("%s", "one\nMAINPID=1");
	assert_string_equal(heard(&m), "STATUS=one");
	memset(flood, 'x', sizeof(flood) - 1);
	flood[sizeof(flood) - 1] = '\0';
	notify_status("%s", flood);
	assert_int_equal(strlen(heard(&m)), 127);
	manager_teardown(&m);
}

/* A manager that went away costs nothing. */
static void a_manager_that_is_gone_is_no_harm(void **state)
{
	struct manager m;

	(void)state;
	manager_setup(&m, false);
	setenv("WATCHDOG_USEC", "3000000", 1);
	unlink(m.path);
	notify_ready(m.loop);
	assert_int_equal(pets(&m, 10000, 1000), 0);
	manager_teardown(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_watched_program_pets_thrice_in_the_span),
		cmocka_unit_test(nobody_watches),
		cmocka_unit_test(spans_have_bounds),
		cmocka_unit_test(words_are_one_short_line),
		cmocka_unit_test(a_manager_that_is_gone_is_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

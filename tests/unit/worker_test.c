/* Work in child processes: lines, ends, time-outs; other people's programs and what they say. */
#include "base/clock.h"
#include "system/helper.h"
#include "system/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct loop *loop;
static char lines[4096];
static int ended;
static bool done;

static void on_line(void *owner, const char *line)
{
	size_t used = strlen(lines);

	assert_ptr_equal(owner, &done);
	snprintf(lines + used, sizeof(lines) - used, "%s|", line);
}

static void on_done(void *owner, int status)
{
	assert_ptr_equal(owner, &done);
	ended = status;
	done = true;
}

static void run(worker_fn *fn, void *arg, int64_t patience_ms)
{
	static struct worker worker;

	lines[0] = '\0';
	done = false;
	assert_int_equal(worker_start(&worker, loop, patience_ms, fn, arg, on_line, on_done, &done), 0);
	assert_int_equal(worker_start(&worker, loop, patience_ms, fn, arg, on_line, on_done, &done), LOBBY_ERR_BUSY);
	for (int64_t until = clock_mono_ms() + 10000; !done && clock_mono_ms() < until;)
		loop_turn(loop, 100);
	assert_true(done);
	assert_false(worker_runs(&worker));
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left behind */
	assert_int_equal(errno, ECHILD);
}

static int tells(void *arg)
{
	char longest[2000];

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	worker_say("one %s", (const char *)arg);
	worker_say("two\nlines");
	worker_say("%s", longest);
	return 7;
}

static void lines_and_the_end_are_heard(void **state)
{
	(void)state;
	run(tells, (char[]){ "two" }, 10000);
	assert_int_equal(ended, 7);
	assert_memory_equal(lines, "one two|two lines|xxxx", 22);
	assert_int_equal(strlen(lines), 18 + WORKER_MAX_LINE - 2 + 1);
}

/* Which of the descriptors up to 63 are open, after all but those given were closed. */
static int keeps(void *arg)
{
	char open_ones[64] = "";

	worker_keep_only(arg, 2);
	for (int fd = 3; fd < 64; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			snprintf(open_ones + strlen(open_ones), sizeof(open_ones) - strlen(open_ones), "%d,", fd);
	worker_say("%s", open_ones);
	return 0;
}

static void what_is_none_of_its_business_is_closed(void **state)
{
	int fds[2], other[2];
	char wanted[64];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(pipe(other), 0);
	/* The order in which they are given is nobody's business either; one of them may be none. */
	run(keeps, (int[]){ fds[1], fds[0] }, 10000);
	assert_int_equal(ended, 0);
	snprintf(wanted, sizeof(wanted), "%d,%d,", fds[0], fds[1]);
	assert_memory_equal(lines, wanted, strlen(wanted));
	assert_int_equal(strspn(lines + strlen(wanted), "0123456789"),
			 strlen(lines) - strlen(wanted) - 2); /* its own */
	run(keeps, (int[]){ -1, fds[0] }, 10000);
	snprintf(wanted, sizeof(wanted), "%d,", fds[0]);
	assert_memory_equal(lines, wanted, strlen(wanted));
	for (int i = 0; i < 2; i++) {
		close(fds[i]);
		close(other[i]);
	}
}

static int waits(void *arg)
{
	(void)arg;
	worker_say("waiting");
	while (pause() != 0)
		;
	return 0;
}

static int crashes(void *arg)
{
	(void)arg;
	signal(SIGTERM, SIG_DFL);
	raise(SIGTERM);
	return 0;
}

static void an_end_by_force_is_no_success(void **state)
{
	(void)state;
	run(waits, NULL, 50);
	assert_int_equal(ended, -1);
	assert_string_equal(lines, "waiting|");
	run(crashes, NULL, 10000);
	assert_int_equal(ended, -1);
}

static int runs_programs(void *arg)
{
	static const char *const echo[] = { "echo", "a", "b  c", "$HOME", NULL },
				 *const none[] = { "no-such-program", NULL }, *const bad[] = { "false", NULL },
				 *const late[] = { "sleep", "60", NULL }, *const environment[] = { "env", NULL };
	char out[64];

	(void)arg;
	worker_say("%d %s", helper_run(echo, out, sizeof(out), 10000), out);
	worker_say("%d", helper_run(none, out, sizeof(out), 10000));
	worker_say("%d", helper_run(bad, NULL, 0, 10000));
	worker_say("%d", helper_run(late, out, sizeof(out), 50));
	worker_say("%d %s", helper_run(environment, out, 14, 10000), out);
	return helper_exists("env") && !helper_exists("no-such-program") ? 0 : 1;
}

static void programs_are_run_without_a_shell(void **state)
{
	(void)state;
	run(runs_programs, NULL, 20000);
	assert_int_equal(ended, 0);
	assert_string_equal(lines, "0 a b  c $HOME |127|1|-1|0 PATH=/usr/sbi|");
}

static int confined(void *arg)
{
	(void)arg;
	if (worker_confine(64 << 20) != 0)
		return 1;
	worker_say("%d", geteuid() != 0 && setuid(0) != 0);
	return 0;
}

static void a_confined_worker_is_nobody(void **state)
{
	(void)state;
	run(confined, NULL, 10000);
	assert_int_equal(ended, 0);
	assert_string_equal(lines, "1|");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_and_the_end_are_heard),
		cmocka_unit_test(what_is_none_of_its_business_is_closed),
		cmocka_unit_test(an_end_by_force_is_no_success),
		cmocka_unit_test(programs_are_run_without_a_shell),
		cmocka_unit_test(a_confined_worker_is_nobody),
	};
	int failed;

	loop = loop_new();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	loop_free(loop);
	return failed;
}

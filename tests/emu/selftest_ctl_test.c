/* lobbyctl selftest and status as a technician types them, with the whole of lobby-devices, its models and lobby-sync:
 * what is said line by line, what Enter does, the exit status, and where the report is kept. */
#include "tests/emu/rig.h"

#include "base/clock.h"
#include "sync/sync.h"

#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SCANNER lobby_DeviceKind_DEVICE_SCANNER
#define PRINTER lobby_DeviceKind_DEVICE_PRINTER
#define READY lobby_DeviceState_DEVICE_READY

struct bench {
	struct rig rig; /* first */
	struct sync sync;
	char data[80], socket[96];
	pid_t pid;
	int in, out;
	char said[8192];
	size_t len;
};

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	rig_init(&b->rig);
	snprintf(b->data, sizeof(b->data), "%s/data", b->rig.folder);
	snprintf(b->socket, sizeof(b->socket), "%s/sync.sock", b->rig.folder);
	assert_int_equal(sync_init(&b->sync, b->rig.loop, b->data, b->data, b->socket), 0);
	*state = b;
	return 0;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
	(void)info, (void)kind, (void)where;
	return remove(path);
}

static int teardown(void **state)
{
	struct bench *b = *state;

	sync_fini(&b->sync);
	nftw(b->data, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	unlink(b->socket);
	rig_fini(&b->rig);
	free(b);
	return 0;
}

static void plug(struct bench *b, struct model *model, lobby_DeviceKind kind)
{
	assert_true(bus_plug(b->rig.bus, model));
	rig_until_state(&b->rig, kind, READY);
}

static void start(struct bench *b, const char *const words[])
{
	char path[512];
	const char *argv[12] = { path };
	int in[2], out[2];

	snprintf(path, sizeof(path), "%s/lobbyctl", getenv("LOBBY_BUILD") ? getenv("LOBBY_BUILD") : "build/san");
	for (size_t i = 0; words[i] != NULL; i++)
		argv[i + 1] = words[i];
	assert_int_equal(pipe2(in, O_CLOEXEC) | pipe2(out, O_CLOEXEC | O_NONBLOCK), 0);
	b->pid = fork();
	assert_true(b->pid >= 0);
	if (b->pid == 0) {
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		setenv("LOBBY_RUN", b->rig.folder, 1);
		dup2(in[0], 0);
		dup2(out[1], 1);
		dup2(out[1], 2);
		execv(path, (char **)argv);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	b->in = in[1];
	b->out = out[0];
	b->len = 0;
	b->said[0] = '\0';
}

/* True once it has closed its output. */
static bool listen_to(struct bench *b)
{
	ssize_t n = read(b->out, b->said + b->len, sizeof(b->said) - 1 - b->len);

	if (n > 0)
		b->len += (size_t)n;
	b->said[b->len] = '\0';
	return n == 0;
}

static bool has_said(struct bench *b, const char *words)
{
	listen_to(b);
	return strstr(b->said, words) != NULL;
}

/* Its exit status. */
static int end(struct bench *b)
{
	int status;

	rig_until(&b->rig, listen_to(b));
	close(b->in);
	close(b->out);
	assert_int_equal(waitpid(b->pid, &status, 0), b->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

#define CTL(b, ...) start(b, (const char *const[]){ __VA_ARGS__, NULL })
#define assert_said(b, words) \
	do { \
		if (strstr((b)->said, words) == NULL) \
			print_error("said:\n%s", (b)->said); \
		assert_non_null(strstr((b)->said, words)); \
	} while (0)

static void a_technician_tests_everything(void **state)
{
	struct bench *b = *state;

	plug(b, &b->rig.scanner.model, SCANNER);
	plug(b, &b->rig.printer.model, PRINTER);
	CTL(b, "selftest");
	rig_until(&b->rig, has_said(b, "Hold a code under the scanner now, or press Enter to skip."));
	assert_said(b, "passed   device  Model Scanner (1209:0001): Ready.");
	assert_said(b, "passed   print   Model Receipt Printer");
	model_scanner_scan(&b->rig.scanner, "Q1", "PRIVATE", 7);
	assert_int_equal(end(b), 0);
	assert_said(b, "passed   scan    Model Scanner (1209:0001): QR code, 7 characters.");
	assert_said(b, "skipped  stripe  No stripe reader is plugged in.");
	assert_said(b, "Self-test passed.");
	assert_null(strstr(b->said, "PRIVATE"));
	assert_null(strstr(b->said, "was not kept"));
	assert_true(b->sync.tests.tested_ms > 0);
	assert_true(b->sync.tests.passed);
	assert_int_equal(b->rig.scans, 0);

	CTL(b, "status");
	assert_int_equal(end(b), 1); /* it belongs to no clinic */
	assert_said(b, "Tested:  passed, ");
	assert_said(b, "Scanner: ready, Model Scanner (1209:0001), serial number S-0001, firmware 1.00");
}

static void enter_skips_and_an_empty_printer_fails(void **state)
{
	struct bench *b = *state;

	b->rig.printer.roll = PRINTER_PAPER_OUT;
	assert_true(bus_plug(b->rig.bus, &b->rig.printer.model));
	plug(b, &b->rig.scanner.model, SCANNER);
	rig_until_state(&b->rig, PRINTER, lobby_DeviceState_DEVICE_PAPER_OUT);
	CTL(b, "selftest", "--only", "scan,print");
	rig_until(&b->rig, has_said(b, "press Enter to skip"));
	assert_int_equal(write(b->in, "\n", 1), 1);
	assert_int_equal(end(b), 1);
	assert_said(b, "FAILED   print   Model Receipt Printer");
	assert_said(b, "Out of paper.");
	assert_said(b, "skipped  scan    Model Scanner (1209:0001): Skipped by the technician.");
	assert_said(b, "Self-test FAILED.");
	assert_true(b->sync.tests.tested_ms > 0);
	assert_false(b->sync.tests.passed);
}

static void the_report_is_saved_and_printed(void **state)
{
	struct bench *b = *state;
	char path[96], text[4096], paper[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/report.txt", b->data);
	plug(b, &b->rig.printer.model, PRINTER);
	CTL(b, "selftest", "--no-cards", "--print", "--save", path);
	assert_int_equal(end(b), 0);
	file = fopen(path, "r");
	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	assert_non_null(strstr(text, "Lobby " LOBBY_VERSION ", self-test of 2"));
	assert_non_null(strstr(text, "passed   print   Model Receipt Printer"));
	assert_non_null(strstr(text, "skipped  label   No label printer is plugged in."));
	assert_null(strstr(text, "scan "));
	assert_int_equal(model_printer_slips(&b->rig.printer), 2);
	assert_true(model_printer_text(&b->rig.printer, false, paper, sizeof(paper)));
	assert_non_null(strstr(paper, "Self-test passed"));
	CTL(b, "selftest", "--only", "print", "--save", "/nonexistent/report");
	assert_int_equal(end(b), 2);
	assert_said(b, "could not be written");
}

static void what_cannot_run_says_why(void **state)
{
	struct bench *b = *state;

	CTL(b, "selftest", "--only", "dance");
	assert_int_equal(end(b), 2);
	assert_said(b, "Usage: lobbyctl selftest");
	CTL(b, "selftest", "--wait", "0");
	assert_int_equal(end(b), 2);
	CTL(b, "selftest", "--only", "label");
	assert_int_equal(end(b), 2);
	assert_said(b, "Nothing was tested.");
	plug(b, &b->rig.scanner.model, SCANNER);
	CTL(b, "selftest", "--only", "scan");
	rig_until(&b->rig, has_said(b, "Hold a code"));
	{
		struct bench second = { 0 };

		memcpy(&second.rig.folder, &b->rig.folder, sizeof(second.rig.folder));
		CTL(&second, "selftest");
		rig_until(&b->rig, listen_to(&second));
		assert_non_null(strstr(second.said, "Another self-test is under way."));
		close(second.in);
		close(second.out);
		assert_int_equal(waitpid(second.pid, NULL, 0), second.pid);
	}
	kill(b->pid, SIGINT);
	assert_int_equal(end(b), 2);
	assert_said(b, "was ended before it was done");
	CTL(b, "selftest", "--only", "device");
	assert_int_equal(end(b), 0);
}

static void without_its_programs_it_says_so(void **state)
{
	struct bench *b = *state;

	plug(b, &b->rig.scanner.model, SCANNER);
	sync_fini(&b->sync);
	CTL(b, "selftest", "--only", "device");
	assert_int_equal(end(b), 0);
	assert_said(b, "Self-test passed.");
	assert_said(b, "was not kept for the clinic");
	assert_int_equal(sync_init(&b->sync, b->rig.loop, b->data, b->data, b->socket), 0);
	CTL(b, "--run", "/nonexistent", "selftest");
	assert_int_equal(end(b), 2);
	assert_said(b, "lobby-devices does not run");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_technician_tests_everything),   T(enter_skips_and_an_empty_printer_fails),
		T(the_report_is_saved_and_printed), T(what_cannot_run_says_why),
		T(without_its_programs_it_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

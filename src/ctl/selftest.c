/* lobbyctl selftest: asks lobby-devices for the test, says each line as it becomes, passes Enter on as "skip", and
 * hands the report to lobby-sync, which keeps it and sends it to the clinic. */
#include "ctl.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECT_MS 3000
#define KEEP_MS 3000 /* for lobby-sync to have it on disk */
#define COULD_NOT 2
#define NOTHING "Nothing was tested."

struct testing {
	struct loop *loop;
	struct wire_conn conn;
	struct loop_timer timer;
	lobby_SelfTest wanted;
	lobby_TestReport report;
	pb_size_t said;	  /* lines that were said */
	char prompt[256]; /* that stands there */
	bool input;	  /* somebody may press Enter */
	bool handed;	  /* the report to lobby-sync */
	bool ended;
};

/* ---- words ---- */

static const char *const kinds[] = { "device", "print", "label", "scan", "stripe", "chip" };

#define KINDS ((int)(sizeof(kinds) / sizeof(kinds[0])))

static const char *state_words(lobby_TestState state)
{
	switch (state) {
	case lobby_TestState_TEST_PASSED:
		return "passed ";
	case lobby_TestState_TEST_FAILED:
		return "FAILED ";
	case lobby_TestState_TEST_SKIPPED:
		return "skipped";
	default:
		return "...    ";
	}
}

static void write_line(FILE *out, const lobby_TestLine *line)
{
	fprintf(out, "%s  %-6s  ", state_words(line->state), (int)line->kind < KINDS ? kinds[line->kind] : "?");
	if (line->device[0] != '\0')
		fprintf(out, "%s: ", line->device);
	fprintf(out, "%s\n", line->text);
}

static bool is_over(lobby_TestState state)
{
	return state != lobby_TestState_TEST_WAITING && state != lobby_TestState_TEST_RUNNING;
}

static void say_prompt(struct testing *t, const lobby_TestLine *line)
{
	size_t len = strlen(line->text);
	char text[sizeof(t->prompt)];

	/* Cards end with an offer to leave them out. */
	if (line->kind >= lobby_TestKind_TEST_SCAN && t->input)
		snprintf(text, sizeof(text), "%.*s, or press Enter to skip.",
			 (int)(len > 0 && line->text[len - 1] == '.' ? len - 1 : len), line->text);
	else
		snprintf(text, sizeof(text), "%s", line->text);
	if (strcmp(text, t->prompt) == 0)
		return;
	memcpy(t->prompt, text, sizeof(text));
	printf("         %-6s  %s\n", (int)line->kind < KINDS ? kinds[line->kind] : "?", text);
}

/* Says what is new. The devices' lines come and go until none of them is starting. */
static void say_news(struct testing *t)
{
	const lobby_TestReport *report = &t->report;

	for (pb_size_t i = 0; i < report->line_count; i++)
		if (report->line[i].kind == lobby_TestKind_TEST_DEVICES && !is_over(report->line[i].state))
			return;
	while (t->said < report->line_count && is_over(report->line[t->said].state))
		write_line(stdout, &report->line[t->said++]);
	if (t->said < report->line_count && report->line[t->said].state == lobby_TestState_TEST_RUNNING)
		say_prompt(t, &report->line[t->said]);
	fflush(stdout);
}

/* ---- the test ---- */

static void on_message(void *arg, struct wire_conn *conn, const lobby_Envelope *envelope)
{
	struct testing *t = arg;

	(void)conn;
	if (envelope->which_body != lobby_Envelope_test_report_tag)
		return;
	t->report = envelope->body.test_report;
	if (t->report.started_ms != 0)
		say_news(t);
	if (!t->report.done)
		return;
	t->ended = true;
	loop_stop(t->loop);
}

static void give_up(void *arg)
{
	struct testing *t = arg;

	loop_stop(t->loop);
}

static void on_state(void *arg, struct wire_conn *conn, bool up)
{
	struct testing *t = arg;
	lobby_Envelope envelope = { .which_body = lobby_Envelope_self_test_tag };

	loop_timer_cancel(t->loop, &t->timer);
	envelope.body.self_test = t->wanted;
	if (!up || wire_send(conn, &envelope) != 0)
		loop_stop(t->loop);
}

static void on_enter(void *arg, int fd, short revents)
{
	struct testing *t = arg;
	lobby_Envelope envelope = { .which_body = lobby_Envelope_self_test_tag };
	char keys[256];
	ssize_t n = read(fd, keys, sizeof(keys));

	(void)revents;
	if (n <= 0) {
		loop_fd_remove(t->loop, fd);
		t->input = false;
		return;
	}
	envelope.body.self_test.skip = true;
	if (memchr(keys, '\n', (size_t)n) != NULL && t->conn.up && wire_send(&t->conn, &envelope) != 0)
		loop_stop(t->loop);
}

/* 0 when the report is whole. */
static int run(struct testing *t)
{
	char path[108];
	bool was_up;

	if (wire_path(path, sizeof(path), "devices.sock") != 0) {
		fputs("The run folder's name (LOBBY_RUN) is too long.\n", stderr);
		return COULD_NOT;
	}
	if (access(path, W_OK) != 0 && errno == EACCES) {
		fprintf(stderr, "You may not talk to lobby-devices (%s). Try with sudo.\n", path);
		return COULD_NOT;
	}
	t->loop = loop_new();
	if (t->loop == NULL)
		return COULD_NOT;
	t->input = loop_fd_add(t->loop, STDIN_FILENO, POLLIN, on_enter, t) == 0;
	loop_timer_set(t->loop, &t->timer, CONNECT_MS, give_up, t);
	wire_client_start(&t->conn, t->loop, path, lobby_Program_PROGRAM_CTL, on_message, on_state, t);
	loop_run(t->loop);
	was_up = t->report.line_count > 0;
	wire_close(&t->conn);
	loop_timer_cancel(t->loop, &t->timer);
	loop_free(t->loop);
	if (t->ended)
		return 0;
	if (was_up)
		fputs("The self-test was ended before it was done.\n", stderr);
	else
		fprintf(stderr, "lobby-devices does not run: nobody answers at %s.\n", path);
	return COULD_NOT;
}

/* ---- the report ---- */

static const char *summary(const lobby_TestReport *report)
{
	bool passed = false, failed = false;

	for (pb_size_t i = 0; i < report->line_count; i++) {
		passed = passed || report->line[i].state == lobby_TestState_TEST_PASSED;
		failed = failed || report->line[i].state == lobby_TestState_TEST_FAILED;
	}
	return report->passed ? "Self-test passed." : passed || failed ? "Self-test FAILED." : NOTHING;
}

static int save(const lobby_TestReport *report, const char *path)
{
	FILE *out = fopen(path, "w");
	char when[32];

	if (out != NULL) {
		clock_format_instant(report->started_ms, when, sizeof(when));
		fprintf(out, "Lobby %s, self-test of %s\n", LOBBY_VERSION, when);
		for (pb_size_t i = 0; i < report->line_count; i++)
			write_line(out, &report->line[i]);
		fprintf(out, "%s\n", summary(report));
	}
	if (out == NULL || ferror(out) != 0) {
		fprintf(stderr, "The report could not be written to %s: %s.\n", path, strerror(errno));
		if (out != NULL)
			fclose(out);
		return COULD_NOT;
	}
	return fclose(out) == 0 ? 0 : COULD_NOT;
}

static void on_sync_message(void *arg, struct wire_conn *conn, const lobby_Envelope *envelope)
{
	struct testing *t = arg;
	lobby_Envelope report = { .which_body = lobby_Envelope_test_report_tag };

	if (envelope->which_body != lobby_Envelope_sync_state_tag)
		return;
	/* The first one comes by itself, the next when the report is on disk. */
	if (envelope->body.sync_state.tested_ms == t->report.finished_ms) {
		t->ended = true;
		loop_stop(t->loop);
		return;
	}
	if (!t->handed) {
		t->handed = true;
		report.body.test_report = t->report;
		if (wire_send(conn, &report) != 0)
			loop_stop(t->loop);
	}
}

static void on_sync_state(void *arg, struct wire_conn *conn, bool up)
{
	(void)arg, (void)conn, (void)up;
}

/* Without lobby-sync the test stands all the same: that is said, and is no failure of it. */
static void hand_on(const lobby_TestReport *report)
{
	struct testing t = { .report = *report };
	char path[108];

	if (wire_path(path, sizeof(path), "sync.sock") != 0 || (t.loop = loop_new()) == NULL)
		return;
	loop_timer_set(t.loop, &t.timer, KEEP_MS, give_up, &t);
	wire_client_start(&t.conn, t.loop, path, lobby_Program_PROGRAM_CTL, on_sync_message, on_sync_state, &t);
	loop_run(t.loop);
	wire_close(&t.conn);
	loop_timer_cancel(t.loop, &t.timer);
	loop_free(t.loop);
	if (!t.ended)
		fputs("The report was not kept for the clinic: lobby-sync does not answer.\n", stderr);
}

/* ---- the command line ---- */

static int usage(void)
{
	fputs("Usage: lobbyctl selftest [--only KIND,...] [--no-cards] [--wait SECONDS] [--print] [--save FILE]\n"
	      "  --only      of device, print, label, scan, stripe, chip; else all that is plugged in\n"
	      "  --no-cards  nobody is there to show a card: device, print and label only\n"
	      "  --wait      how long for each card (60)\n"
	      "  --print     the report, on the receipt printer, too\n"
	      "  --save      the report as text\n"
	      "Exit status: 0 passed, 1 failed, 2 could not run, or nothing could be tested.\n",
	      stderr);
	return COULD_NOT;
}

static bool take_kind(lobby_SelfTest *wanted, const char *name, size_t len)
{
	for (int i = 0; i < KINDS && wanted->kind_count < sizeof(wanted->kind) / sizeof(wanted->kind[0]); i++) {
		/* "devices" is what people will type, too */
		if ((strlen(kinds[i]) == len && strncmp(kinds[i], name, len) == 0) ||
		    (i == 0 && len == 7 && strncmp("devices", name, len) == 0)) {
			wanted->kind[wanted->kind_count++] = (lobby_TestKind)i;
			return true;
		}
	}
	return false;
}

static bool take_kinds(lobby_SelfTest *wanted, const char *list)
{
	for (;;) {
		size_t len = strcspn(list, ",");

		if (!take_kind(wanted, list, len))
			return false;
		if (list[len] == '\0')
			return true;
		list += len + 1;
	}
}

static bool parse(int argc, char **argv, lobby_SelfTest *wanted, const char **file)
{
	for (int i = 0; i < argc; i++) {
		bool more = i + 1 < argc;
		char *end = NULL;

		if (strcmp(argv[i], "--print") == 0) {
			wanted->print_report = true;
		} else if (strcmp(argv[i], "--no-cards") == 0) {
			if (!take_kinds(wanted, "device,print,label"))
				return false;
		} else if (strcmp(argv[i], "--only") == 0 && more) {
			if (!take_kinds(wanted, argv[++i]))
				return false;
		} else if (strcmp(argv[i], "--wait") == 0 && more) {
			long s = strtol(argv[++i], &end, 10);

			if (*end != '\0' || s < 1 || s > 600)
				return false;
			wanted->wait_s = (uint32_t)s;
		} else if (strcmp(argv[i], "--save") == 0 && more) {
			*file = argv[++i];
		} else {
			return false;
		}
	}
	return true;
}

int ctl_selftest(int argc, char **argv)
{
	struct testing t = { .wanted = { .request = 1 } };
	const char *file = NULL;
	int status;

	if (!parse(argc, argv, &t.wanted, &file))
		return usage();
	status = run(&t);
	if (status != 0)
		return status;
	if (t.report.started_ms == 0) { /* refused: somebody else's is under way */
		fprintf(stderr, "%s\n", t.report.line[0].text);
		return COULD_NOT;
	}
	puts(summary(&t.report));
	fflush(stdout);
	if (t.report.print_err != 0)
		fprintf(stderr, "The report was not printed. %s\n", err_staff_text(t.report.print_err));
	hand_on(&t.report);
	if (file != NULL && save(&t.report, file) != 0)
		return COULD_NOT;
	return t.report.passed ? 0 : strcmp(summary(&t.report), NOTHING) == 0 ? COULD_NOT : 1;
}

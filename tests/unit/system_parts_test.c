/* lobby-system's judgements, one by one: is the version good, what does RAUC say, is the clock wrong, what does the
 * machine say of itself; and its children. */
#include "system/child.h"
#include "system/facts.h"
#include "system/good.h"
#include "system/info.h"
#include "system/timeset.h"

#include "base/clock.h"
#include "base/file.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MINUTE 60000LL
#define HOUR (60 * MINUTE)

/* ---- good ---- */

/* A new version on an enrolled kiosk where all is well, but that the clinic was not reached yet. */
static const struct good_facts usual = { .up_ms = 2 * MINUTE,
					 .trial = true,
					 .kiosk_there = true,
					 .picture_ms = MINUTE,
					 .was_steady = true,
					 .has_display = true,
					 .devices_up = true,
					 .sync_spoke = true,
					 .devices_seen = true,
					 .sync_seen = true,
					 .enrolled = true,
					 .reached = false };

static void test_when_a_version_is_good(void **unused)
{
	struct good_facts f = usual;

	(void)unused;
	assert_int_equal(good_judge(&f), GOOD_WAIT);
	f.reached = true;
	assert_int_equal(good_judge(&f), GOOD_YES);
	f.picture_ms = GOOD_STEADY_MS - 1;
	assert_int_equal(good_judge(&f), GOOD_WAIT);
	f = usual;
	f.reached = true;
	f.devices_up = false;
	assert_int_equal(good_judge(&f), GOOD_WAIT);
	f = usual;
	f.enrolled = false;
	assert_int_equal(good_judge(&f), GOOD_YES);
	f.sync_spoke = false; /* then nobody knows whether it is */
	assert_int_equal(good_judge(&f), GOOD_WAIT);
	f = usual;
	f.up_ms = GOOD_OFFLINE_MS - 1;
	assert_int_equal(good_judge(&f), GOOD_WAIT);
	f.up_ms = GOOD_OFFLINE_MS;
	assert_int_equal(good_judge(&f), GOOD_YES);
}

static void test_a_version_that_was_good_needs_only_its_picture(void **unused)
{
	struct good_facts f = usual;

	(void)unused;
	f.trial = false;
	f.devices_up = f.devices_seen = f.sync_spoke = f.sync_seen = false;
	assert_int_equal(good_judge(&f), GOOD_YES);
	f.picture_ms = -1;
	f.up_ms = 3 * HOUR;
	assert_int_equal(good_judge(&f), GOOD_WAIT); /* it has had one: the kiosk starts anew */
}

static void test_without_a_picture(void **unused)
{
	struct good_facts f = usual;

	(void)unused;
	f.picture_ms = -1;
	f.was_steady = false;
	f.up_ms = GOOD_TRIAL_PICTURE_MS - 1;
	assert_int_equal(good_judge(&f), GOOD_WAIT);
	f.up_ms = GOOD_TRIAL_PICTURE_MS;
	assert_int_equal(good_judge(&f), GOOD_NO);
	/* What was good before gets more time: there may be nothing better. */
	f.trial = false;
	assert_int_equal(good_judge(&f), GOOD_WAIT);
	f.up_ms = GOOD_PICTURE_MS - 1;
	assert_int_equal(good_judge(&f), GOOD_WAIT);
	f.up_ms = GOOD_PICTURE_MS;
	assert_int_equal(good_judge(&f), GOOD_NO);
	f.has_display = false;
	assert_int_equal(good_judge(&f), GOOD_HOLD);
	f.other = true;
	assert_int_equal(good_judge(&f), GOOD_HOLD);
	f.trial = true; /* beside one that did find it: then it may be this one's fault */
	assert_int_equal(good_judge(&f), GOOD_NO);
	f.other = false;
	assert_int_equal(good_judge(&f), GOOD_HOLD);
	f.trial = false;
	f.kiosk_there = false; /* that is not the display's fault */
	assert_int_equal(good_judge(&f), GOOD_NO);
	/* One that comes and goes every few seconds is none. */
	f = usual;
	f.picture_ms = 3000;
	f.was_steady = false;
	f.up_ms = HOUR;
	assert_int_equal(good_judge(&f), GOOD_NO);
	/* A late one is given its time. */
	f.up_ms = GOOD_TRIAL_PICTURE_MS + 2000;
	assert_int_equal(good_judge(&f), GOOD_WAIT);
	f.picture_ms = 1000;
	assert_int_equal(good_judge(&f), GOOD_NO);
}

static void test_a_part_that_never_came_up(void **unused)
{
	struct good_facts f = usual;

	(void)unused;
	f.devices_up = f.devices_seen = false;
	f.up_ms = GOOD_PARTS_MS - 1;
	assert_int_equal(good_judge(&f), GOOD_WAIT);
	f.up_ms = GOOD_PARTS_MS;
	assert_int_equal(good_judge(&f), GOOD_QUIETLY);
	f.devices_seen = true;
	assert_int_equal(good_judge(&f), GOOD_WAIT);
	f.sync_seen = f.sync_spoke = false;
	assert_int_equal(good_judge(&f), GOOD_QUIETLY);
}

/* ---- what RAUC says ---- */

static const char info_output[] =
	"rauc-Message: 19:27:31.430: Using central status file /var/lib/lobby/system/rauc.status\n"
	"rauc-Message: 19:27:31.430: Reading bundle: /var/lib/lobby/update/1.raucb\n"
	"rauc-Message: 19:27:31.434: Verified inline signature by 'CN = update'\n"
	"{\"compatible\":\"lobby-kiosk-x86_64\",\"version\":\"0.2.0\",\"description\":null,\"build\":null,\"hooks\":[],"
	"\"images\":[{\"rootfs\":{\"variant\":null,\"filename\":\"root.img\",\"size\":102400}}]}\n\n";

static void test_info(void **unused)
{
	struct info_bundle bundle = { "x", "y" };

	(void)unused;
	assert_int_equal(info_parse(info_output, &bundle), 0);
	assert_string_equal(bundle.version, "0.2.0");
	assert_string_equal(bundle.compatible, "lobby-kiosk-x86_64");
	assert_int_equal(info_parse("", &bundle), LOBBY_ERR_NOT_FOUND);
	assert_int_equal(info_parse("rauc-Message: x\n", &bundle), LOBBY_ERR_NOT_FOUND);
	assert_int_equal(info_parse("{\"compatible\":\"x\",\"version\":null}", &bundle), LOBBY_ERR_INVALID);
	assert_int_equal(info_parse("{\"compatible\":\"x\",\"version\":\"../1\"}", &bundle), LOBBY_ERR_INVALID);
	assert_int_equal(info_parse("{\"compatible\":\"x\",\"version\":\"1\"", &bundle), LOBBY_ERR_INVALID);
	assert_int_equal(info_parse("{{{{", &bundle), LOBBY_ERR_INVALID);
	assert_string_equal(bundle.version, "0.2.0");
}

static void test_progress(void **unused)
{
	(void)unused;
	assert_int_equal(info_percent("  0% Installing"), 0);
	assert_int_equal(info_percent(" 40% Verifying signature done."), 40);
	assert_int_equal(info_percent("100% Installing done."), 100);
	assert_int_equal(info_percent("installing"), -1);
	assert_int_equal(info_percent("999% x"), -1);
	assert_int_equal(info_percent("99999999999999999999% x"), -1);
	assert_int_equal(info_percent(""), -1);
	assert_null(info_last_error("100% Installing failed."));
	assert_string_equal(info_last_error("LastError: Failed"), "Failed");
}

static void test_why_it_was_refused(void **unused)
{
	static const struct {
		const char *output;
		const char *sentence;
	} said[] = {
		{ "rauc-Message: x\nsignature verification failed: Verify error: self-signed certificate\n",
		  "The update is not signed with this clinic's key." },
		{ "signature verification failed: Verify error: certificate is not yet valid\n",
		  "The update's signature is not valid yet: is this kiosk's clock right?" },
		{ "Invalid bundle format: Signature size is 0\n", "The file is damaged or no update." },
		{ "No such file: /x\n", "The update's file is not there." },
		{ "Failed pre-install handler: Child process exited with code 65\n",
		  "The update is older than what this version lets itself be replaced with." },
		{ "Handler error: Child process exited with code 1\n",
		  "The update could not be installed. RAUC says: Handler error: Child process exited with code 1" },
		{ "\n\n", "The update could not be installed." },
		{ "\x1b[31mred\n", "The update could not be installed." },
	};
	char reason[INFO_REASON], text[INFO_TEXT], *long_words = malloc(3000);

	(void)unused;
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		info_reason(said[i].output, reason);
		info_explain(reason, text);
		assert_string_equal(text, said[i].sentence);
	}
	memset(long_words, 'x', 2999);
	long_words[2999] = '\0';
	info_reason(long_words, reason);
	assert_int_equal(strlen(reason), INFO_REASON - 1);
	info_explain(reason, text);
	assert_int_equal(strlen(text), INFO_TEXT - 1);
	free(long_words);
}

/* ---- the clock ---- */

static void test_the_clock(void **unused)
{
	const int64_t now = 1790000000000LL;

	(void)unused;
	assert_int_equal(timeset_judge(false, now, now + 1500), TIMESET_RIGHT);
	assert_int_equal(timeset_judge(false, now, now - 2000), TIMESET_RIGHT);
	assert_int_equal(timeset_judge(false, now, now + 2001), TIMESET_SET);
	assert_int_equal(timeset_judge(false, 5000, now), TIMESET_SET); /* 1970 */
	assert_int_equal(timeset_judge(true, now, now + HOUR), TIMESET_KEPT);
	assert_int_equal(timeset_judge(false, now, 0), TIMESET_NONSENSE);
	assert_int_equal(timeset_judge(false, now, INT64_MAX), TIMESET_NONSENSE);
	assert_int_equal(timeset_judge(false, now, INT64_MIN), TIMESET_NONSENSE);
}

/* ---- facts ---- */

static void test_lines_of_keys(void **unused)
{
	char out[8] = "before";

	(void)unused;
	assert_true(facts_value("A=1\nSLOT=b\nESP=/dev/x\n", "SLOT", out, sizeof(out)));
	assert_string_equal(out, "b");
	assert_true(facts_value("SLOT=\r\n", "SLOT", out, sizeof(out)));
	assert_string_equal(out, "");
	assert_false(facts_value("SLOTS=a\nXSLOT=a\n", "SLOT", out, sizeof(out)));
	assert_false(facts_value("SLOT=too long for it\n", "SLOT", out, sizeof(out)));
	assert_false(facts_value("SLOT=\x1b[0m\n", "SLOT", out, sizeof(out)));
	assert_false(facts_value("", "SLOT", out, sizeof(out)));
	assert_string_equal(out, "");
}

static void put(const char *folder, const char *name, const char *text)
{
	char path[300], *slash;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	slash = strrchr(path, '/');
	*slash = '\0';
	assert_int_equal(file_make_folder(path, 0700), 0);
	*slash = '/';
	assert_int_equal(file_replace(path, text, strlen(text), 0600), 0);
}

static void test_a_machine(void **unused)
{
	static struct system sys;
	lobby_SystemState state = { 0 };
	char folder[64], command[100];

	(void)unused;
	snprintf(folder, sizeof(folder), "/tmp/lobby-facts-%d", (int)getpid());
	put(folder, "class/thermal/thermal_zone0/temp", "41000\n");
	put(folder, "class/thermal/thermal_zone1/temp", "58500\n");
	put(folder, "class/thermal/thermal_zone2/temp", "-274000\n");
	put(folder, "class/dmi/id/sys_vendor", "Example Computers \n");
	put(folder, "class/dmi/id/product_name", "Box 5\n");
	put(folder, "class/net/lo/type", "772\n");
	put(folder, "class/net/enx1/type", "1\n");
	put(folder, "class/net/enx1/carrier", "1\n");
	put(folder, "class/net/wlx1/type", "1\n");
	put(folder, "class/net/wlx1/phy80211/name", "phy0\n");
	put(folder, "class/net/br0/type", "1\n");
	put(folder, "class/net/br0/bridge/x", "\n");
	put(folder, "class/drm/card0-HDMI-A-1/status", "disconnected\n");
	put(folder, "uptime", "100.50 200.00\n");
	put(folder, "meminfo", "MemTotal:        2048000 kB\nMemFree: 5 kB\nMemAvailable:    1948000 kB\n");
	sys.options.sys = sys.options.proc = folder;
	facts_fill(&sys, &state);
	assert_true(state.has_temperature);
	assert_int_equal(state.temperature_c, 58);
	assert_string_equal(state.machine, "Example Computers Box 5");
	assert_int_equal(state.memory_used_kb, 100000 / 1024 * 1024);
	assert_int_equal(state.link_count, 2);
	assert_string_equal(state.link[0].name, "enx1");
	assert_true(state.link[0].up);
	assert_int_equal(state.link[1].kind, lobby_LinkKind_LINK_WIRELESS);
	assert_false(state.link[1].up);
	assert_false(facts_has_display(&sys));
	put(folder, "class/drm/card0-DP-1/status", "connected\n");
	assert_true(facts_has_display(&sys));
	assert_int_equal(facts_uptime_ms(&sys), 100500);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	assert_int_equal(system(command), 0);
}

/* ---- children ---- */

struct seen {
	struct loop *loop;
	struct child child;
	char lines[4][CHILD_LINE];
	int count, status;
	bool ended;
};

static void on_line(void *arg, const char *line)
{
	struct seen *s = arg;

	if (s->count < 4)
		snprintf(s->lines[s->count], CHILD_LINE, "%s", line);
	s->count++;
}

static void on_end(void *arg, int status)
{
	struct seen *s = arg;

	s->status = status;
	s->ended = true;
}

static void run(struct seen *s, const char *script, int64_t limit_ms)
{
	const char *const argv[] = { "sh", "-c", script, NULL };

	s->count = 0;
	s->ended = false;
	assert_int_equal(child_start(&s->child, s->loop, argv, limit_ms, on_line, on_end, s), 0);
	assert_int_equal(child_start(&s->child, s->loop, argv, limit_ms, on_line, on_end, s), LOBBY_ERR_BUSY);
	for (int i = 0; i < 500 && !s->ended; i++)
		loop_turn(s->loop, 100);
	assert_true(s->ended);
	assert_false(child_runs(&s->child));
}

static void test_children(void **unused)
{
	static struct seen s;
	const char *const nothing[] = { "/nowhere/to/be/found", NULL };

	(void)unused;
	s.loop = loop_new();
	run(&s, "echo one; printf 'two\\rthree' >&2; exit 7", 0);
	assert_int_equal(s.status, 7);
	assert_int_equal(s.count, 3);
	assert_string_equal(s.lines[1], "two");
	assert_string_equal(s.lines[2], "three");
	assert_string_equal(s.child.output, "one\ntwo\rthree");
	run(&s, "head -c 100000 /dev/zero | tr '\\0' y", 0);
	assert_int_equal(s.status, 0);
	assert_int_equal(s.child.output_len, CHILD_OUTPUT);
	assert_int_equal(strlen(s.lines[0]), CHILD_LINE - 1);
	run(&s, "sleep 1000", 50);
	assert_int_equal(s.status, -1);
	/* A grandchild that keeps the pipe does not keep us. */
	run(&s, "sleep 1000 & echo $!; exit 0", 0);
	assert_int_equal(s.status, 0);
	kill((pid_t)strtol(s.lines[0], NULL, 10), 9);
	assert_int_equal(child_start(&s.child, s.loop, nothing, 0, NULL, on_end, &s), LOBBY_ERR_NOT_FOUND);
	assert_int_equal(
		child_start(&s.child, s.loop, (const char *const[]){ "sleep", "1000", NULL }, 0, NULL, on_end, &s), 0);
	s.ended = false;
	child_stop(&s.child);
	assert_false(s.ended);
	loop_free(s.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_when_a_version_is_good),
		cmocka_unit_test(test_a_version_that_was_good_needs_only_its_picture),
		cmocka_unit_test(test_without_a_picture),
		cmocka_unit_test(test_a_part_that_never_came_up),
		cmocka_unit_test(test_info),
		cmocka_unit_test(test_progress),
		cmocka_unit_test(test_why_it_was_refused),
		cmocka_unit_test(test_the_clock),
		cmocka_unit_test(test_lines_of_keys),
		cmocka_unit_test(test_a_machine),
		cmocka_unit_test(test_children),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

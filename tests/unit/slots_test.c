/* The two slots' boot entries: what the loader would start, what is planned, and that the power may go at any moment of
 * it: after every file operation of every plan, from every state that can be met, something whole starts, and the same
 * plan made again arrives. Then the same through the program that RAUC calls. */
#include "system/slots.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define STATE_FILES 4

struct state {
	const char *name;
	struct {
		const char *file;
		int sort;
		const char *version;
	} entry[STATE_FILES];
};

/* A sort of 0 is an entry whose text is not ours. */
static const struct state states[] = {
	{ "as flashed", { { "lobby-a+3.conf", 1, "0.1.0" }, { "lobby-b+3.conf", 2, "0.1.0" } } },
	{ "started", { { "lobby-a+2-1.conf", 1, "0.1.0" }, { "lobby-b+3.conf", 2, "0.1.0" } } },
	{ "last try", { { "lobby-a+0-3.conf", 1, "0.2.0" }, { "lobby-b+0-3.conf", 2, "0.1.0" } } },
	{ "fell back", { { "lobby-b+0-3.conf", 1, "0.2.0" }, { "lobby-a+2-1.conf", 2, "0.1.0" } } },
	{ "being written", { { "lobby-a+3.conf", 1, "0.1.0" }, { "lobby-b+0.conf", 2, "0.2.0" } } },
	{ "installed", { { "lobby-a+3.conf", 2, "0.1.0" }, { "lobby-b+3.conf", 1, "0.2.0" } } },
	{ "twice",
	  { { "lobby-a+3.conf", 1, "0.1.0" },
	    { "lobby-a+2-1.conf", 1, "0.1.0" },
	    { "lobby-b+3.conf", 1, "0.1.0" },
	    { "lobby-b+0.conf", 2, "0.2.0" } } },
	{ "somebody's texts", { { "lobby-a+3.conf", 0, "0.1.0" }, { "lobby-b.conf", 0, "0.1.0" } } },
	{ "one slot", { { "lobby-b+1-2.conf", 1, "0.1.0" } } },
	{ "cut",
	  { { "lobby-a+3.conf", 1, "0.1.0" }, { "lobby-a+3.conf.new", 1, "0.1.0" }, { "lobby-b+3.conf", 2, "1" } } },
};

#define STATES (sizeof(states) / sizeof(states[0]))

/* ---- a folder in place of the partition ---- */

static char esp[64];

static void path_of(char out[200], const char *file)
{
	snprintf(out, 200, "%s/" SLOTS_ENTRIES "/%s", esp, file);
}

static void put(const char *file, const char *text, size_t len)
{
	char path[200];
	FILE *out;

	path_of(path, file);
	out = fopen(path, "w");
	assert_non_null(out);
	assert_int_equal(fwrite(text, 1, len, out), len);
	assert_int_equal(fclose(out), 0);
}

static void wipe(void)
{
	char command[200];

	snprintf(command, sizeof(command), "rm -rf %s", esp);
	assert_int_equal(system(command), 0);
}

static int slot_of(const char *file)
{
	return file[strlen("lobby-")] - 'a';
}

static void make(const struct state *state)
{
	char path[200], text[SLOTS_TEXT];

	wipe();
	snprintf(path, sizeof(path), "%s/" SLOTS_ENTRIES, esp);
	assert_int_equal(file_make_folder(path, 0700), 0);
	put("lobby-refuse.conf", "title refuse\nsort-key 9\nefi /EFI/lobby/refuse.efi\n", 50);
	for (int i = 0; i < STATE_FILES && state->entry[i].file != NULL; i++) {
		if (state->entry[i].sort == 0)
			snprintf(text, sizeof(text), "version %s\r\nefi /EFI/lobby/a.efi\r\n", state->entry[i].version);
		else
			slots_text(text, slot_of(state->entry[i].file), state->entry[i].sort, state->entry[i].version);
		put(state->entry[i].file, text, strlen(text));
	}
}

static struct slots_seen look(void)
{
	struct slots_seen seen;

	assert_int_equal(slots_read(esp, &seen), 0);
	return seen;
}

static int setup(void **unused)
{
	(void)unused;
	snprintf(esp, sizeof(esp), "/tmp/lobby-slots-%d", (int)getpid());
	return 0;
}

static int teardown(void **unused)
{
	(void)unused;
	wipe();
	return 0;
}

/* ---- what the loader would do ---- */

static void test_the_loaders_choice(void **unused)
{
	static const struct {
		const char *state;
		int next;
		bool a, b;
	} expected[] = { { "as flashed", 0, true, true },     { "started", 0, true, true },
			 { "last try", -1, false, false },    { "fell back", 0, true, false },
			 { "being written", 0, true, false }, { "installed", 1, true, true },
			 { "one slot", 1, false, true } };

	(void)unused;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		for (size_t s = 0; s < STATES; s++) {
			struct slots_seen seen;

			if (strcmp(states[s].name, expected[i].state) != 0)
				continue;
			make(&states[s]);
			seen = look();
			assert_int_equal(slots_next(&seen), expected[i].next);
			assert_int_equal(slots_starts(&seen, 0), expected[i].a);
			assert_int_equal(slots_starts(&seen, 1), expected[i].b);
		}
	}
}

static void test_names_that_are_not_ours_are_passed_over(void **unused)
{
	static const char *const names[] = { "lobby-refuse.conf",
					     "lobby-c+3.conf",
					     "lobby-a+.conf",
					     "lobby-a+3-.conf",
					     "lobby-a+10000.conf",
					     "lobby-a+3.conf~",
					     "lobby-a",
					     "debian.conf",
					     "lobby-a+3x.conf",
					     "lobby-",
					     "",
					     "lobby-a+3-1-1.conf" };
	struct slots_seen seen = { .count = 0 };

	(void)unused;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		slots_see(&seen, names[i], "", 0);
	assert_int_equal(seen.count, 0);
	/* One more try after each refusal: the loader goes on counting. */
	slots_see(&seen, "lobby-a+0-100.conf", "", 0);
	assert_int_equal(seen.count, 1);
	seen.count = 0;
	for (int i = 0; i < SLOTS_FILES + 5; i++)
		slots_see(&seen, "lobby-a+3.conf", "version x\nsort-key 99999999999999999999\n", 38);
	assert_int_equal(seen.count, SLOTS_FILES);
	assert_string_equal(seen.file[0].version, "");
}

static void test_numbers_in_versions(void **unused)
{
	(void)unused;
	assert_true(version_compare("0.10.0", "0.9.9") > 0);
	assert_true(version_compare("0.1.0", "0.1.0") == 0);
	assert_true(version_compare("1.0", "1.0.1") < 0);
	assert_true(version_is_valid("1.2.3-rc1+git"));
	assert_false(version_is_valid(""));
	assert_false(version_is_valid("v1"));
	assert_false(version_is_valid("1.0 "));
	assert_false(version_is_valid("1.0/../../etc"));
	assert_false(version_is_valid("1234567890123456789012345"));
}

/* ---- plans ---- */

enum operation { GOOD, PRIMARY_A, PRIMARY_B, BAD_OTHER, WRITE, OPERATIONS };

static bool plan_of(enum operation operation, const struct slots_seen *seen, int running, struct slots_plan *plan)
{
	plan->count = 0;
	switch (operation) {
	case GOOD:
		slots_plan_good(seen, running, "0.1.0", plan);
		return true;
	case PRIMARY_A:
	case PRIMARY_B:
		/* RAUC does that to a slot that it has written. */
		if (slots_file_of(seen, operation == PRIMARY_B) == NULL)
			return false;
		slots_plan_primary(seen, operation == PRIMARY_B, plan);
		return true;
	case BAD_OTHER:
		return slots_plan_bad(seen, 1 - running, plan) == 0;
	default:
		slots_plan_write(seen, running, "0.1.0", "0.3.0", plan);
		return true;
	}
}

/* One moment of a plan: `whole` steps are done, and of the next one a part. */
static void do_part(const struct slots_plan *plan, int whole, int part)
{
	struct slots_plan done = *plan;
	const struct slots_step *next = &plan->step[whole];
	char name[SLOTS_NAME + 8];

	done.count = whole;
	assert_int_equal(slots_apply(esp, &done), 0);
	if (part == 0)
		return;
	snprintf(name, sizeof(name), "%s.new", next->name);
	put(name, next->text, part == 1 ? strlen(next->text) / 2 : strlen(next->text));
	/* FAT's rename may leave both names. */
	if (part == 3)
		put(next->name, next->text, strlen(next->text));
}

static void check_final(enum operation operation, int running, int next_before)
{
	struct slots_seen seen = look();

	assert_true(seen.count <= SLOTS);
	for (int i = 0; i < seen.count; i++)
		assert_true(seen.file[i].whole);
	switch (operation) {
	case GOOD:
		assert_int_equal(slots_file_of(&seen, running)->left, SLOTS_TRIES);
		assert_int_equal(slots_next(&seen), slots_starts(&seen, 1 - running) ? next_before : running);
		break;
	case PRIMARY_A:
	case PRIMARY_B:
		assert_int_equal(slots_next(&seen), operation == PRIMARY_B);
		assert_int_equal(slots_file_of(&seen, operation == PRIMARY_B)->left, SLOTS_TRIES);
		break;
	case WRITE:
		assert_string_equal(slots_file_of(&seen, 1 - running)->version, "0.3.0");
		assert_int_equal(slots_file_of(&seen, running)->left, SLOTS_TRIES);
		/* fall through */
	default:
		assert_int_equal(slots_next(&seen), running);
		assert_false(slots_starts(&seen, 1 - running));
	}
}

static void check_one_cut(enum operation operation, int running, const struct slots_plan *plan, int before, int after)
{
	struct slots_seen seen = look();
	static struct slots_plan again;
	int next = slots_next(&seen);

	if (next != before && next != after)
		fail_msg("operation %d starts slot %d, neither before nor after", operation, next);
	/* What would be started is a whole entry: an old one that was not touched, or ours. */
	assert_true(strlen(slots_file_of(&seen, next)->version) > 0);
	assert_true(plan_of(operation, &seen, running, &again));
	assert_int_equal(slots_apply(esp, &again), 0);
	(void)plan;
}

static int cut_everywhere(const struct state *state, enum operation operation, int running)
{
	static struct slots_plan plan;
	struct slots_seen seen;
	int before, after, cuts = 0;

	make(state);
	seen = look();
	before = slots_next(&seen);
	if (before < 0 || !slots_starts(&seen, running) || !plan_of(operation, &seen, running, &plan))
		return 0;
	assert_int_equal(slots_apply(esp, &plan), 0);
	check_final(operation, running, before);
	seen = look();
	after = slots_next(&seen);
	for (int whole = 0; whole < plan.count; whole++) {
		for (int part = 0; part < (plan.step[whole].remove ? 1 : 4); part++) {
			make(state);
			do_part(&plan, whole, part);
			check_one_cut(operation, running, &plan, before, after);
			if (operation != GOOD) /* whose choice follows the state */
				check_final(operation, running, before);
			cuts++;
		}
	}
	return cuts;
}

static void test_power_may_go_at_any_moment(void **unused)
{
	int cuts = 0;

	(void)unused;
	for (size_t s = 0; s < STATES; s++)
		for (int operation = 0; operation < OPERATIONS; operation++)
			for (int running = 0; running < SLOTS; running++)
				cuts += cut_everywhere(&states[s], (enum operation)operation, running);
	assert_true(cuts > 100);
}

static void test_a_good_slot_is_not_rewritten(void **unused)
{
	static struct slots_plan plan;
	struct slots_seen seen;

	(void)unused;
	make(&states[0]);
	seen = look();
	slots_plan_good(&seen, 0, "0.1.0", &plan);
	assert_int_equal(plan.count, 0);
}

static void test_the_last_slot_is_not_marked_bad(void **unused)
{
	static struct slots_plan plan;
	struct slots_seen seen;

	(void)unused;
	make(&states[4]);
	seen = look();
	assert_int_equal(slots_plan_bad(&seen, 0, &plan), LOBBY_ERR_FORBIDDEN);
}

/* ---- as RAUC calls it ---- */

/* Runs lobby-system; its output, and the exit status. */
static int call(const char *environment, const char *words, char *out, size_t size)
{
	const char *build = getenv("LOBBY_BUILD");
	char command[900];
	FILE *child;
	size_t len;

	snprintf(command, sizeof(command),
		 "%s %s/lobby-system --esp=%s --state=%s/state --release=%s/release --boot=%s/boot %s 2>/dev/null",
		 environment, build != NULL ? build : "build/san", esp, esp, esp, esp, words);
	child = popen(command, "r");
	assert_non_null(child);
	len = fread(out, 1, size - 1, child);
	out[len] = '\0';
	return WEXITSTATUS(pclose(child));
}

static void expect(const char *words, int status, const char *output)
{
	char out[100];

	assert_int_equal(call("", words, out, sizeof(out)), status);
	assert_string_equal(out, output);
}

static void path_in_esp(char out[200], const char *name)
{
	snprintf(out, 200, "%s/%s", esp, name);
}

static void write_file(const char *name, const char *text, size_t size)
{
	char path[200];
	FILE *out;

	path_in_esp(path, name);
	out = fopen(path, "w");
	assert_non_null(out);
	fputs(text, out);
	for (size_t i = strlen(text); i < size; i++)
		fputc((int)(i & 0x7f), out);
	assert_int_equal(fclose(out), 0);
}

static void make_box(const struct state *state)
{
	char path[200];

	make(state);
	snprintf(path, sizeof(path), "%s/EFI/lobby", esp);
	assert_int_equal(file_make_folder(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/bundle", esp);
	assert_int_equal(file_make_folder(path, 0700), 0);
	write_file("EFI/lobby/a.efi", "MZ old a", 0);
	write_file("EFI/lobby/b.efi", "MZ old b", 0);
	write_file("release", "VERSION=0.1.0\nMIN_VERSION=0.0.9\nKEYS=clinic\n", 0);
	write_file("boot", "SLOT=a\nESP=/dev/null\nSECURE_BOOT=1\n", 0);
	write_file("bundle/manifest.raucm", "[update]\ncompatible=lobby-kiosk-x86_64\nversion=0.2.0\n", 0);
	write_file("bundle/kernel.efi", "MZ new", 100000);
}

static void test_the_backend(void **unused)
{
	(void)unused;
	make_box(&states[0]);
	expect("boot-backend get-primary", 0, "a\n");
	expect("boot-backend get-current", 0, "a\n");
	expect("boot-backend get-state b", 0, "good\n");
	expect("boot-backend set-state b bad", 0, "");
	expect("boot-backend get-state b", 0, "bad\n");
	expect("boot-backend set-state a bad", 1, "");
	expect("boot-backend get-state a", 0, "good\n");
	expect("boot-backend set-primary b", 0, "");
	expect("boot-backend get-primary", 0, "b\n");
	expect("boot-backend get-state b", 0, "good\n");
	expect("boot-backend set-primary c", 1, "");
	expect("boot-backend set-state a", 1, "");
	expect("boot-backend", 2, "");
	make_box(&states[2]);
	expect("boot-backend get-primary", 1, "");
}

static bool same_as(const char *name, const char *other)
{
	char a[200], b[200], *text[2] = { NULL, NULL };
	size_t len[2] = { 0, 0 };
	bool same;

	snprintf(a, sizeof(a), "%s/%s", esp, name);
	snprintf(b, sizeof(b), "%s/%s", esp, other);
	same = file_read(a, 1000000, &text[0], &len[0]) == 0 && file_read(b, 1000000, &text[1], &len[1]) == 0 &&
	       len[0] == len[1] && memcmp(text[0], text[1], len[0]) == 0;
	free(text[0]);
	free(text[1]);
	return same;
}

static int handler_after(const char *shell, const char *name)
{
	char environment[400], out[200];

	snprintf(environment, sizeof(environment),
		 "%s RAUC_BUNDLE_MOUNT_POINT=%s/bundle RAUC_TARGET_SLOTS=2 RAUC_SLOT_BOOTNAME_1=a "
		 "RAUC_SLOT_BOOTNAME_2=b",
		 shell, esp);
	return call(environment, name, out, sizeof(out));
}

static int handler(const char *name)
{
	return handler_after("", name);
}

static void test_the_handlers(void **unused)
{
	struct slots_seen seen;

	(void)unused;
	make_box(&states[1]);
	assert_int_equal(handler("pre-install"), 0);
	seen = look();
	assert_int_equal(slots_next(&seen), 0);
	assert_false(slots_starts(&seen, 1));
	assert_string_equal(slots_file_of(&seen, 1)->version, "0.2.0");
	assert_true(same_as("EFI/lobby/b.efi", "bundle/kernel.efi"));
	assert_false(same_as("EFI/lobby/a.efi", "bundle/kernel.efi"));
	expect("boot-backend set-primary b", 0, "");
	assert_int_equal(handler("post-install"), 0);
	/* The kernel that is there is another one: not to be started. */
	write_file("EFI/lobby/b.efi", "MZ torn", 100000);
	assert_int_not_equal(handler("post-install"), 0);
	expect("boot-backend get-primary", 0, "a\n");
}

/* It is killed when it has written a third of the kernel: what it was the last time does not start, takes no more room
 * than before, and is the room of the next one, larger or smaller. */
static void test_a_kernel_that_is_cut_off(void **unused)
{
	static const size_t sizes[] = { 100000, 150000, 80000 };
	char path[200], head[2] = "";
	struct stat before, after;
	struct slots_seen seen;

	(void)unused;
	make_box(&states[1]);
	write_file("EFI/lobby/b.efi", "MZ old b", 120000);
	path_in_esp(path, "EFI/lobby/b.efi");
	assert_int_equal(stat(path, &before), 0);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		FILE *in;

		write_file("bundle/kernel.efi", "MZ newer", sizes[i]);
		assert_int_not_equal(handler_after("ulimit -f 60;", "pre-install"), 0);
		seen = look();
		assert_int_equal(slots_next(&seen), 0);
		assert_false(slots_starts(&seen, 1));
		in = fopen(path, "r");
		assert_non_null(in);
		assert_int_equal(fread(head, 1, 2, in), 2);
		fclose(in);
		assert_memory_not_equal(head, "MZ", 2);
		assert_int_equal(handler("pre-install"), 0);
		assert_true(same_as("EFI/lobby/b.efi", "bundle/kernel.efi"));
		assert_int_equal(stat(path, &after), 0);
		assert_int_equal(before.st_ino, after.st_ino);
	}
	path_in_esp(path, "EFI/lobby/b.new");
	assert_int_not_equal(access(path, F_OK), 0);
}

static void test_the_handler_refuses(void **unused)
{
	char out[100], path[200];

	(void)unused;
	make_box(&states[0]);
	write_file("bundle/manifest.raucm", "[update]\nversion=0.0.8\n", 0);
	assert_int_equal(handler("pre-install"), 65);
	/* What ran since had a higher minimum, and an older version with a lower one runs now. */
	snprintf(path, sizeof(path), "%s/state", esp);
	assert_int_equal(file_make_folder(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/state/system", esp);
	assert_int_equal(file_make_folder(path, 0700), 0);
	write_file("bundle/manifest.raucm", "[update]\nversion=0.2.0\n", 0);
	write_file("state/system/min-version", "0.2.1\n", 0);
	assert_int_equal(handler("pre-install"), 65);
	write_file("state/system/min-version", "0.0.1\n", 0);
	write_file("bundle/manifest.raucm", "[update]\nversion=0.0.8\n", 0);
	assert_int_equal(handler("pre-install"), 65);
	write_file("state/system/min-version", "nonsense\n", 0);
	assert_int_equal(handler("pre-install"), 65);
	write_file("bundle/manifest.raucm", "[update]\n", 0);
	assert_int_equal(handler("pre-install"), 64);
	write_file("bundle/manifest.raucm", "[update]\nversion=0.2.0\n", 0);
	write_file("bundle/kernel.efi", "ELF", 100000);
	assert_int_equal(handler("pre-install"), 64);
	write_file("bundle/kernel.efi", "MZ", 100000);
	assert_int_equal(call("RAUC_TARGET_SLOTS=1 RAUC_SLOT_BOOTNAME_1=a RAUC_BUNDLE_MOUNT_POINT=/tmp", "pre-install",
			      out, sizeof(out)),
			 66);
	assert_int_equal(call("RAUC_TARGET_SLOTS='1 2'", "pre-install", out, sizeof(out)), 66);
	assert_int_equal(call("", "pre-install", out, sizeof(out)), 66);
	/* Nothing of that has touched a slot. */
	expect("boot-backend get-state b", 0, "good\n");
	assert_false(same_as("EFI/lobby/b.efi", "bundle/kernel.efi"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_loaders_choice),
		cmocka_unit_test(test_names_that_are_not_ours_are_passed_over),
		cmocka_unit_test(test_numbers_in_versions),
		cmocka_unit_test(test_power_may_go_at_any_moment),
		cmocka_unit_test(test_a_good_slot_is_not_rewritten),
		cmocka_unit_test(test_the_last_slot_is_not_marked_bad),
		cmocka_unit_test(test_the_backend),
		cmocka_unit_test(test_the_handlers),
		cmocka_unit_test(test_a_kernel_that_is_cut_off),
		cmocka_unit_test(test_the_handler_refuses),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/* lobby-system as a whole, on a virtual clock: its socket with a kiosk, a store and a technician at it, folders in
 * place of the partitions, and real children. Where RAUC would write a disk, a script says what RAUC 1.8 says, and
 * calls what it calls; the real one is asked in tests/image/rauc.test.sh. */
#include "system/good.h"
#include "system/power.h"
#include "system/slots.h"
#include "system/update.h"

#include "base/clock.h"
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

#define SECOND 1000
#define MINUTE 60000

struct box {
	char folder[64], esp[80], state[80], release[80], boot[80], rauc[80], power[80], socket[80], proc[80],
		sys_folder[80];
	struct loop *loop;
	struct system sys;
	struct wire_conn kiosk, sync, ctl;
	lobby_SystemState told;
	lobby_SystemAnswer answer;
	uint32_t request, answered;
};

static struct box box;

#define UNTIL(condition) \
	do { \
		for (int turn_ = 0; turn_ < 4000 && !(condition); turn_++) { \
			clock_advance_ms(20); \
			loop_turn(box.loop, 2); \
		} \
		assert_true(condition); \
	} while (0)

/* ---- a box ---- */

static void put(const char *name, const char *text)
{
	char path[300], *slash;

	snprintf(path, sizeof(path), "%s/%s", box.folder, name);
	slash = strrchr(path, '/');
	*slash = '\0';
	assert_int_equal(file_make_folder(path, 0700), 0);
	*slash = '/';
	assert_int_equal(file_replace(path, text, strlen(text), 0700), 0);
}

static bool is_there(const char *name)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", box.folder, name);
	return access(path, F_OK) == 0;
}

static void put_entry(const char *name, int slot, int sort, const char *version)
{
	char path[100], text[SLOTS_TEXT];

	snprintf(path, sizeof(path), "esp/" SLOTS_ENTRIES "/%s", name);
	slots_text(text, slot, sort, version);
	put(path, text);
}

/* What the real one prints, and what it does to the boot entries. */
static void put_rauc(void)
{
	const char *build = getenv("LOBBY_BUILD");
	char text[4000];

	snprintf(text, sizeof(text),
		 "#!/bin/sh\n"
		 "set -e\n"
		 "boot() { name=$1; shift; %s/lobby-system --esp=%s --release=%s --boot=%s $name \"$@\"; }\n"
		 "case $1 in\n"
		 "info)\n"
		 "  echo \"rauc-Message: 19:27:31.430: Reading bundle: $3\"\n"
		 "  case $3 in *foreign*) echo 'signature verification failed: Verify error: self-signed certificate'; "
		 "exit 1;; esac\n"
		 "  printf '{\"compatible\":\"%%s\",\"version\":\"%%s\",\"images\":[]}\\n\\n' $(cat $3)\n"
		 "  ;;\n"
		 "install)\n"
		 "  echo installing; echo '  0%% Installing'; echo ' 20%% Determining slot states done.'\n"
		 "  while [ -e %s/hold ]; do sleep 0.01; done\n"
		 "  case $2 in *torn*) echo '100%% Installing failed.'\n"
		 "    echo 'LastError: Installation error: Failed updating slot rootfs.1: Input/output error'; exit "
		 "1;; esac\n"
		 "  export RAUC_BUNDLE_MOUNT_POINT=%s/bundle RAUC_TARGET_SLOTS=1 RAUC_SLOT_BOOTNAME_1=b\n"
		 "  boot pre-install || { echo \"LastError: Handler error: Child process exited with code $?\"; exit "
		 "1; }\n"
		 "  echo ' 80%% Copying image to rootfs.1 done.'\n"
		 "  boot boot-backend set-primary b\n"
		 "  boot post-install\n"
		 "  echo '100%% Installing done.'; echo \"Installing \\`$2\\` succeeded\" >&2\n"
		 "  ;;\n"
		 "esac\n",
		 build != NULL ? build : "build/san", box.esp, box.release, box.boot, box.folder, box.folder);
	put("rauc", text);
}

static void put_bundle(const char *name, const char *words)
{
	char path[100];

	snprintf(path, sizeof(path), "state/update/%s", name);
	put(path, words);
}

static void make_box(void)
{
	char kernel[100001] = "MZ";
	char text[300];

	snprintf(box.folder, sizeof(box.folder), "/tmp/lobby-system-%d", (int)getpid());
	snprintf(box.esp, sizeof(box.esp), "%s/esp", box.folder);
	snprintf(box.state, sizeof(box.state), "%s/state", box.folder);
	snprintf(box.release, sizeof(box.release), "%s/release", box.folder);
	snprintf(box.boot, sizeof(box.boot), "%s/boot", box.folder);
	snprintf(box.rauc, sizeof(box.rauc), "%s/rauc", box.folder);
	snprintf(box.power, sizeof(box.power), "%s/power", box.folder);
	snprintf(box.socket, sizeof(box.socket), "%s/system.sock", box.folder);
	snprintf(box.proc, sizeof(box.proc), "%s/proc", box.folder);
	snprintf(box.sys_folder, sizeof(box.sys_folder), "%s/sys", box.folder);
	snprintf(text, sizeof(text), "rm -rf %s", box.folder);
	assert_int_equal(system(text), 0);
	put("release", "VERSION=0.1.0\nMIN_VERSION=0.0.9\nKEYS=development\n");
	put("boot", "SLOT=a\nDISK=/dev/vda\nESP=/dev/vda1\nSECURE_BOOT=1\n");
	put("proc/uptime", "5.00 10.00\n");
	put("proc/sys/kernel/random/boot_id", "11111111-1111-1111-1111-111111111111\n");
	put("proc/meminfo", "MemTotal: 2048 kB\nMemAvailable: 1024 kB\n");
	put("sys/class/drm/card0-HDMI-A-1/status", "connected\n");
	snprintf(text, sizeof(text), "#!/bin/sh\necho \"$@\" >> %s/powered\n", box.folder);
	put("power", text);
	put_entry("lobby-a+2-1.conf", 0, 1, "0.1.0");
	put_entry("lobby-b+3.conf", 1, 2, "0.1.0");
	put("esp/EFI/lobby/b.efi", "MZ old");
	put("state/update/none", "");
	put("bundle/manifest.raucm", "[update]\nversion=0.2.0\n");
	memset(kernel + 2, 'k', sizeof(kernel) - 3);
	put("bundle/kernel.efi", kernel);
	put_rauc();
}

/* ---- who is at its socket ---- */

static void on_message(void *arg, struct wire_conn *conn, const lobby_Envelope *envelope)
{
	struct box *b = arg;

	if (envelope->which_body == lobby_Envelope_system_state_tag && conn == &b->ctl) {
		b->told = envelope->body.system_state;
	} else if (envelope->which_body == lobby_Envelope_system_answer_tag) {
		b->answer = envelope->body.system_answer;
		b->answered = b->answer.request;
	}
}

static void begin(void)
{
	struct system_options options = { .esp = box.esp,
					  .state = box.state,
					  .release = box.release,
					  .boot = box.boot,
					  .rauc = box.rauc,
					  .sys = box.sys_folder,
					  .proc = box.proc,
					  .power = box.power };

	box.loop = loop_new();
	assert_non_null(box.loop);
	assert_int_equal(system_init(&box.sys, box.loop, &options, box.socket), 0);
	memset(&box.told, 0, sizeof(box.told));
	wire_client_start(&box.ctl, box.loop, box.socket, lobby_Program_PROGRAM_CTL, on_message, NULL, &box);
	UNTIL(box.told.version[0] != '\0');
}

static void end(void)
{
	wire_close(&box.kiosk);
	wire_close(&box.sync);
	wire_close(&box.ctl);
	system_fini(&box.sys);
	loop_free(box.loop);
}

static void connect_as(struct wire_conn *conn, lobby_Program program)
{
	wire_client_start(conn, box.loop, box.socket, program, on_message, NULL, &box);
	UNTIL(conn->up);
}

static void say_kiosk(lobby_KioskScreen screen, bool presented, bool devices_up)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_kiosk_state_tag };

	if (!box.kiosk.up)
		connect_as(&box.kiosk, lobby_Program_PROGRAM_KIOSK);
	envelope.body.kiosk_state =
		(lobby_KioskState){ .screen = screen, .presented = presented, .devices_up = devices_up };
	assert_int_equal(wire_send(&box.kiosk, &envelope), 0);
	UNTIL(box.sys.kiosk_spoke && box.sys.kiosk.screen == screen && box.sys.kiosk.presented == presented);
}

static void say_sync(bool enrolled, bool reachable)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_sync_state_tag };

	if (!box.sync.up)
		connect_as(&box.sync, lobby_Program_PROGRAM_SYNC);
	envelope.body.sync_state = (lobby_SyncState){ .enrolled = enrolled, .reachable = reachable };
	assert_int_equal(wire_send(&box.sync, &envelope), 0);
	UNTIL(box.sys.sync_spoke && box.sys.sync.reachable == reachable);
}

static void command(struct wire_conn *conn, lobby_SystemCommand command)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_system_command_tag };

	command.request = ++box.request;
	envelope.body.system_command = command;
	assert_int_equal(wire_send(conn, &envelope), 0);
	UNTIL(box.answered == box.request);
}

static void install(const char *path, const char *version)
{
	lobby_SystemCommand c = { .what = lobby_SystemDo_SYSTEM_INSTALL };

	snprintf(c.path, sizeof(c.path), "%s", path);
	snprintf(c.version, sizeof(c.version), "%s", version);
	command(&box.ctl, c);
}

static bool has_children(void)
{
	siginfo_t info;

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* Real children need real time, in which the virtual one stands still. */
static void settle(void)
{
	for (int i = 0; i < 400 && has_children(); i++)
		loop_turn(box.loop, 2);
	for (int i = 0; i < 5; i++)
		loop_turn(box.loop, 2);
}

/* Time goes by while nothing happens. */
static void pass(int64_t ms)
{
	settle();
	for (; ms > 0; ms -= SECOND) {
		clock_advance_ms(ms < SECOND ? ms : SECOND);
		loop_turn(box.loop, 0);
		if (has_children())
			settle();
	}
	settle();
}

static void take_away(const char *name)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", box.folder, name);
	assert_int_equal(unlink(path), 0);
}

/* The machine is started again, from this slot. */
static void start_again(const char *slot, const char *version, const char *boot_id)
{
	char text[100];

	end();
	snprintf(text, sizeof(text), "%s/powered", box.folder);
	unlink(text);
	snprintf(text, sizeof(text), "SLOT=%s\nESP=/dev/vda1\n", slot);
	put("boot", text);
	snprintf(text, sizeof(text), "VERSION=%s\n", version);
	put("release", text);
	put("proc/sys/kernel/random/boot_id", boot_id);
	begin();
}

static void become_good(void)
{
	say_kiosk(lobby_KioskScreen_KIOSK_READY, true, true);
	say_sync(true, true);
	pass(GOOD_STEADY_MS + 20 * SECOND);
	UNTIL(is_there("esp/" SLOTS_ENTRIES "/lobby-a+3.conf") && !is_there("esp/" SLOTS_ENTRIES "/lobby-a+2-1.conf"));
}

static int setup(void **unused)
{
	(void)unused;
	memset(&box, 0, sizeof(box));
	box.kiosk.fd = box.sync.fd = box.ctl.fd = -1;
	clock_use_virtual(1790000000000LL);
	make_box();
	begin();
	return 0;
}

static int teardown(void **unused)
{
	char text[100];

	(void)unused;
	end();
	snprintf(text, sizeof(text), "rm -rf %s", box.folder);
	return system(text);
}

/* ---- tests ---- */

static void test_what_it_tells(void **unused)
{
	(void)unused;
	assert_string_equal(box.told.version, "0.1.0");
	assert_string_equal(box.told.slot, "a");
	assert_true(box.told.development);
	assert_true(box.told.secure_boot);
	assert_int_equal(box.told.booted_ms / 10000, (clock_wall_ms() - 5000) / 10000);
	assert_true(box.told.state_total_kb > 0);
	UNTIL(strcmp(box.told.other_version, "0.1.0") == 0);
}

static void test_who_may_what(void **unused)
{
	(void)unused;
	connect_as(&box.sync, lobby_Program_PROGRAM_SYNC);
	command(&box.sync, (lobby_SystemCommand){ .what = lobby_SystemDo_SYSTEM_WIPE });
	assert_int_equal(box.answer.err, LOBBY_ERR_FORBIDDEN);
	command(&box.sync, (lobby_SystemCommand){ .what = lobby_SystemDo_SYSTEM_POWER_OFF });
	assert_int_equal(box.answer.err, LOBBY_ERR_FORBIDDEN);
	command(&box.ctl, (lobby_SystemCommand){ .what = (lobby_SystemDo)99 });
	assert_int_equal(box.answer.err, LOBBY_ERR_INVALID);
	command(&box.sync, (lobby_SystemCommand){ .what = lobby_SystemDo_SYSTEM_CLOCK, .at_ms = 5 });
	assert_int_equal(box.answer.err, LOBBY_ERR_INVALID);
	command(&box.sync,
		(lobby_SystemCommand){ .what = lobby_SystemDo_SYSTEM_CLOCK, .at_ms = clock_wall_ms() - 500 });
	assert_int_equal(box.answer.err, 0);
	UNTIL(box.told.clock_right && box.told.clock_error_ms >= 500 && box.told.clock_error_ms < 2000);
	pass(10 * MINUTE - 10 * SECOND);
	assert_false(is_there("powered"));
}

static void test_a_desk_machine(void **unused)
{
	(void)unused;
	end();
	put("boot", "");
	begin();
	assert_string_equal(box.told.slot, "");
	command(&box.ctl, (lobby_SystemCommand){ .what = lobby_SystemDo_SYSTEM_RESTART_NOW });
	assert_int_equal(box.answer.err, LOBBY_ERR_INVALID);
	assert_string_equal(box.answer.text, "This machine is not a Lobby appliance.");
	pass(20 * MINUTE);
	/* Nor is one that a stick is about to write. */
	end();
	put("boot", "SLOT=a\nINSTALL=1\nESP=/dev/sda1\n");
	begin();
	assert_string_equal(box.told.slot, "");
	pass(20 * MINUTE);
	assert_false(is_there("powered"));
}

static void test_a_restart_waits_for_the_patient(void **unused)
{
	(void)unused;
	say_kiosk(lobby_KioskScreen_KIOSK_IN_USE, true, true);
	command(&box.ctl, (lobby_SystemCommand){ .what = lobby_SystemDo_SYSTEM_RESTART });
	assert_int_equal(box.answer.err, 0);
	pass(5 * MINUTE);
	say_kiosk(lobby_KioskScreen_KIOSK_READY, true, true);
	pass(POWER_QUIET_MS - 10 * SECOND);
	assert_false(box.told.restarting);
	say_kiosk(lobby_KioskScreen_KIOSK_IN_USE, true, true);
	pass(MINUTE);
	say_kiosk(lobby_KioskScreen_KIOSK_READY, true, true);
	pass(POWER_QUIET_MS - 10 * SECOND);
	assert_false(is_there("powered"));
	pass(9 * SECOND);
	UNTIL(box.told.restarting);
	UNTIL(is_there("powered"));
}

static void test_a_new_kiosk_becomes_good_without_a_clinic(void **unused)
{
	(void)unused;
	say_kiosk(lobby_KioskScreen_KIOSK_OUT_OF_ORDER, true, true);
	say_sync(false, false);
	pass(GOOD_STEADY_MS + 20 * SECOND);
	UNTIL(is_there("esp/" SLOTS_ENTRIES "/lobby-a+3.conf") && !is_there("esp/" SLOTS_ENTRIES "/lobby-a+2-1.conf"));
	assert_true(is_there("state/system/good"));
	pass(30 * MINUTE);
	assert_false(is_there("powered"));
}

static void test_what_was_good_before_needs_no_clinic(void **unused)
{
	(void)unused;
	put("state/system/good", "a=0.1.0\nb=\n");
	end();
	begin();
	say_kiosk(lobby_KioskScreen_KIOSK_READY, true, false);
	pass(GOOD_STEADY_MS + 20 * SECOND);
	UNTIL(is_there("esp/" SLOTS_ENTRIES "/lobby-a+3.conf"));
}

static void test_a_version_without_a_picture_is_restarted(void **unused)
{
	(void)unused;
	say_kiosk(lobby_KioskScreen_KIOSK_READY, false, true);
	say_sync(true, true);
	pass(GOOD_PICTURE_MS - 20 * SECOND);
	assert_false(is_there("powered"));
	pass(MINUTE);
	UNTIL(is_there("powered"));
	assert_true(is_there("esp/" SLOTS_ENTRIES "/lobby-a+2-1.conf"));
}

static void test_no_display_is_nobodys_fault(void **unused)
{
	(void)unused;
	put("sys/class/drm/card0-HDMI-A-1/status", "disconnected\n");
	say_kiosk(lobby_KioskScreen_KIOSK_READY, false, true);
	pass(GOOD_PICTURE_MS + MINUTE);
	UNTIL(is_there("esp/" SLOTS_ENTRIES "/lobby-a+3.conf"));
	assert_false(is_there("powered"));
	assert_false(is_there("state/system/good"));
}

static void test_an_update(void **unused)
{
	(void)unused;
	put_bundle("1.raucb", UPDATE_COMPATIBLE " 0.2.0");
	install("1.raucb", "0.2.0");
	assert_int_equal(box.answer.err, 0);
	UNTIL(box.told.update.stage == lobby_UpdateStage_UPDATE_WAITING &&
	      strstr(box.told.update.text, "known to be good"));
	put("hold", "");
	become_good();
	clock_advance_ms(UPDATE_QUIET_MS);
	UNTIL(box.told.update.stage == lobby_UpdateStage_UPDATE_INSTALLING && box.told.update.percent == 20);
	/* A patient does not stop it, and holds the restart up. */
	say_kiosk(lobby_KioskScreen_KIOSK_IN_USE, true, true);
	take_away("hold");
	UNTIL(box.told.update.stage == lobby_UpdateStage_UPDATE_INSTALLED);
	assert_string_equal(box.told.update.version, "0.2.0");
	UNTIL(strcmp(box.told.other_version, "0.2.0") == 0);
	pass(10 * MINUTE);
	assert_false(is_there("powered"));
	say_kiosk(lobby_KioskScreen_KIOSK_READY, true, true);
	pass(POWER_QUIET_MS);
	UNTIL(is_there("powered"));
	/* Only lobby-system was restarted: still the same. */
	start_again("a", "0.1.0", "11111111-1111-1111-1111-111111111111");
	UNTIL(box.told.update.stage == lobby_UpdateStage_UPDATE_INSTALLED);
	start_again("b", "0.2.0", "22222222-2222-2222-2222-222222222222");
	UNTIL(box.told.update.stage == lobby_UpdateStage_UPDATE_TRIAL);
	say_kiosk(lobby_KioskScreen_KIOSK_READY, true, true);
	say_sync(true, false);
	pass(5 * MINUTE);
	assert_int_equal(box.told.update.stage, lobby_UpdateStage_UPDATE_TRIAL);
	say_sync(true, true);
	UNTIL(box.told.update.stage == lobby_UpdateStage_UPDATE_GOOD);
	start_again("b", "0.2.0", "33333333-3333-3333-3333-333333333333");
	UNTIL(box.told.update.stage == lobby_UpdateStage_UPDATE_GOOD);
}

static void test_an_update_waits_for_the_patient(void **unused)
{
	(void)unused;
	become_good();
	say_kiosk(lobby_KioskScreen_KIOSK_IN_USE, true, true);
	put_bundle("1.raucb", UPDATE_COMPATIBLE " 0.2.0");
	install("1.raucb", "");
	UNTIL(strstr(box.told.update.text, "when nobody has been at the screen for a minute"));
	pass(10 * MINUTE);
	assert_int_equal(box.told.update.stage, lobby_UpdateStage_UPDATE_WAITING);
	put("hold", "");
	say_kiosk(lobby_KioskScreen_KIOSK_READY, true, true);
	pass(UPDATE_QUIET_MS - 10 * SECOND);
	assert_int_equal(box.told.update.stage, lobby_UpdateStage_UPDATE_WAITING);
	clock_advance_ms(15 * SECOND);
	UNTIL(box.told.update.stage == lobby_UpdateStage_UPDATE_INSTALLING && box.told.update.percent == 20);
	install("1.raucb", "");
	assert_int_equal(box.answer.err, LOBBY_ERR_BUSY);
	take_away("hold");
	UNTIL(box.told.update.stage == lobby_UpdateStage_UPDATE_INSTALLED);
}

static void test_an_update_that_did_not_come_up(void **unused)
{
	(void)unused;
	become_good();
	put_bundle("1.raucb", UPDATE_COMPATIBLE " 0.2.0");
	install("1.raucb", "");
	pass(UPDATE_QUIET_MS);
	UNTIL(box.told.update.stage == lobby_UpdateStage_UPDATE_INSTALLED);
	for (int i = 0; i < 2; i++) {
		start_again("a", "0.1.0", i == 0 ? "44444444" : "55555555");
		UNTIL(box.told.update.stage == lobby_UpdateStage_UPDATE_FELL_BACK);
		assert_string_equal(box.told.update.text, "Version 0.2.0 did not come up. Version 0.1.0 runs again.");
		assert_string_equal(box.told.update.version, "0.2.0");
	}
}

static void test_the_power_goes_while_it_is_installed(void **unused)
{
	(void)unused;
	become_good();
	put_bundle("1.raucb", UPDATE_COMPATIBLE " 0.2.0");
	put("hold", "");
	install("1.raucb", "");
	clock_advance_ms(UPDATE_QUIET_MS);
	UNTIL(box.told.update.stage == lobby_UpdateStage_UPDATE_INSTALLING && box.told.update.percent == 20);
	start_again("a", "0.1.0", "66666666");
	UNTIL(box.told.version[0] != '\0');
	assert_int_equal(box.told.update.stage, lobby_UpdateStage_UPDATE_NONE);
	/* Or a moment later: it was the first choice already. */
	start_again("b", "0.2.0", "77777777");
	UNTIL(box.told.update.stage == lobby_UpdateStage_UPDATE_TRIAL);
	take_away("hold");
}

static void test_updates_that_are_refused(void **unused)
{
	static const struct {
		const char *name, *words, *version, *text;
	} bad[] = {
		{ "foreign.raucb", UPDATE_COMPATIBLE " 0.2.0", "", "The update is not signed with this clinic's key." },
		{ "2.raucb", "toaster 0.2.0", "", "The update is for another kind of machine." },
		{ "3.raucb", UPDATE_COMPATIBLE " 0.0.8", "",
		  "Version 0.0.8 is too old: no version before 0.0.9 may follow this one." },
		{ "4.raucb", UPDATE_COMPATIBLE " 0.1.0", "", "Version 0.1.0 runs already." },
		{ "5.raucb", UPDATE_COMPATIBLE " 0.2.0", "0.3.0", "It should be version 0.3.0 and is version 0.2.0." },
		{ "6.raucb", "x \"", "", "The update could not be installed" },
	};

	(void)unused;
	UNTIL(box.told.other_version[0] != '\0');
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put_bundle(bad[i].name, bad[i].words);
		install(bad[i].name, bad[i].version);
		assert_int_equal(box.answer.err, LOBBY_ERR_REFUSED);
		assert_memory_equal(box.answer.text, bad[i].text, strlen(bad[i].text));
		UNTIL(box.told.update.stage == lobby_UpdateStage_UPDATE_REFUSED);
	}
	install("/etc/passwd", "");
	assert_int_equal(box.answer.err, LOBBY_ERR_INVALID);
	install("../state/update/1.raucb", "");
	assert_int_equal(box.answer.err, LOBBY_ERR_INVALID);
	install(".hidden", "");
	assert_int_equal(box.answer.err, LOBBY_ERR_INVALID);
	install("", "");
	assert_int_equal(box.answer.err, LOBBY_ERR_INVALID);
}

static void test_an_installation_that_fails(void **unused)
{
	(void)unused;
	become_good();
	put_bundle("torn.raucb", UPDATE_COMPATIBLE " 0.2.0");
	install("torn.raucb", "");
	pass(UPDATE_QUIET_MS);
	UNTIL(box.told.update.stage == lobby_UpdateStage_UPDATE_REFUSED);
	assert_string_equal(box.told.update.text, "The update's contents are damaged, or the disk is.");
	/* The bundle's inside is older than its outside says: the handler is the last to look. */
	put("bundle/manifest.raucm", "[update]\nversion=0.0.1\n");
	put_bundle("1.raucb", UPDATE_COMPATIBLE " 0.2.0");
	install("1.raucb", "");
	pass(UPDATE_QUIET_MS);
	UNTIL(strstr(box.told.update.text, "older than what this version lets itself be replaced with"));
	assert_int_equal(box.told.update.stage, lobby_UpdateStage_UPDATE_REFUSED);
	pass(30 * MINUTE);
	assert_false(is_there("powered"));
}

#define WITH_BOX(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_BOX(test_what_it_tells),
		WITH_BOX(test_who_may_what),
		WITH_BOX(test_a_desk_machine),
		WITH_BOX(test_a_restart_waits_for_the_patient),
		WITH_BOX(test_a_new_kiosk_becomes_good_without_a_clinic),
		WITH_BOX(test_what_was_good_before_needs_no_clinic),
		WITH_BOX(test_a_version_without_a_picture_is_restarted),
		WITH_BOX(test_no_display_is_nobodys_fault),
		WITH_BOX(test_an_update),
		WITH_BOX(test_an_update_waits_for_the_patient),
		WITH_BOX(test_an_update_that_did_not_come_up),
		WITH_BOX(test_the_power_goes_while_it_is_installed),
		WITH_BOX(test_updates_that_are_refused),
		WITH_BOX(test_an_installation_that_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A box to run lobby-system in, on a virtual clock: its socket with a kiosk, a store and a technician at it, folders in
 * place of the partitions, and real children. Where RAUC would write a disk, a script says what RAUC 1.8 says, and
 * calls what it calls; the real one is asked in tests/image/rauc.test.sh. Included by one test file each. */
#ifndef LOBBY_TESTS_UNIT_SYSTEM_BOX_H
#define LOBBY_TESTS_UNIT_SYSTEM_BOX_H

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
		sys_folder[80], dev[80];
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

static inline void put(const char *name, const char *text)
{
	char path[300], *slash;

	snprintf(path, sizeof(path), "%s/%s", box.folder, name);
	slash = strrchr(path, '/');
	*slash = '\0';
	assert_int_equal(file_make_folder(path, 0700), 0);
	*slash = '/';
	assert_int_equal(file_replace(path, text, strlen(text), 0700), 0);
}

static inline bool is_there(const char *name)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", box.folder, name);
	return access(path, F_OK) == 0;
}

/* This file has these words in it. */
static inline bool has_words(const char *name, const char *words)
{
	char path[300], *text = NULL;
	size_t len;
	bool has;

	snprintf(path, sizeof(path), "%s/%s", box.folder, name);
	if (file_read(path, 65536, &text, &len) != 0)
		return false;
	has = strstr(text, words) != NULL;
	free(text);
	return has;
}

static inline void put_entry(const char *name, int slot, int sort, const char *version)
{
	char path[100], text[SLOTS_TEXT];

	snprintf(path, sizeof(path), "esp/" SLOTS_ENTRIES "/%s", name);
	slots_text(text, slot, sort, version);
	put(path, text);
}

/* What the real one prints, and what it does to the boot entries. */
static inline void put_rauc(void)
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

static inline void put_bundle(const char *name, const char *words)
{
	char path[100];

	snprintf(path, sizeof(path), "state/update/%s", name);
	put(path, words);
}

static inline void make_box(void)
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
	snprintf(box.dev, sizeof(box.dev), "%s/dev", box.folder);
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

static inline void on_message(void *arg, struct wire_conn *conn, const lobby_Envelope *envelope)
{
	struct box *b = arg;

	if (envelope->which_body == lobby_Envelope_system_state_tag && conn == &b->ctl) {
		b->told = envelope->body.system_state;
	} else if (envelope->which_body == lobby_Envelope_system_answer_tag) {
		b->answer = envelope->body.system_answer;
		b->answered = b->answer.request;
	}
}

static inline void begin(void)
{
	struct system_options options = { .esp = box.esp,
					  .state = box.state,
					  .release = box.release,
					  .boot = box.boot,
					  .rauc = box.rauc,
					  .sys = box.sys_folder,
					  .proc = box.proc,
					  .dev = box.dev,
					  .power = box.power };

	box.loop = loop_new();
	assert_non_null(box.loop);
	assert_int_equal(system_init(&box.sys, box.loop, &options, box.socket), 0);
	memset(&box.told, 0, sizeof(box.told));
	wire_client_start(&box.ctl, box.loop, box.socket, lobby_Program_PROGRAM_CTL, on_message, NULL, &box);
	UNTIL(box.told.version[0] != '\0');
}

static inline void end(void)
{
	wire_close(&box.kiosk);
	wire_close(&box.sync);
	wire_close(&box.ctl);
	system_fini(&box.sys);
	loop_free(box.loop);
}

static inline void connect_as(struct wire_conn *conn, lobby_Program program)
{
	wire_client_start(conn, box.loop, box.socket, program, on_message, NULL, &box);
	UNTIL(conn->up);
}

static inline void say_kiosk(lobby_KioskScreen screen, bool presented, bool devices_up)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_kiosk_state_tag };

	if (!box.kiosk.up)
		connect_as(&box.kiosk, lobby_Program_PROGRAM_KIOSK);
	envelope.body.kiosk_state =
		(lobby_KioskState){ .screen = screen, .presented = presented, .devices_up = devices_up };
	assert_int_equal(wire_send(&box.kiosk, &envelope), 0);
	UNTIL(box.sys.kiosk_spoke && box.sys.kiosk.screen == screen && box.sys.kiosk.presented == presented);
}

static inline void say_sync(bool enrolled, bool reachable)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_sync_state_tag };

	if (!box.sync.up)
		connect_as(&box.sync, lobby_Program_PROGRAM_SYNC);
	envelope.body.sync_state = (lobby_SyncState){ .enrolled = enrolled, .reachable = reachable };
	assert_int_equal(wire_send(&box.sync, &envelope), 0);
	UNTIL(box.sys.sync_spoke && box.sys.sync.reachable == reachable);
}

static inline void command(struct wire_conn *conn, lobby_SystemCommand command)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_system_command_tag };

	command.request = ++box.request;
	envelope.body.system_command = command;
	assert_int_equal(wire_send(conn, &envelope), 0);
	UNTIL(box.answered == box.request);
}

static inline void install(const char *path, const char *version)
{
	lobby_SystemCommand c = { .what = lobby_SystemDo_SYSTEM_INSTALL };

	snprintf(c.path, sizeof(c.path), "%s", path);
	snprintf(c.version, sizeof(c.version), "%s", version);
	command(&box.ctl, c);
}

static inline bool has_children(void)
{
	siginfo_t info;

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* Real children need real time, in which the virtual one stands still. */
static inline void settle(void)
{
	for (int i = 0; i < 400 && has_children(); i++)
		loop_turn(box.loop, 2);
	for (int i = 0; i < 5; i++)
		loop_turn(box.loop, 2);
}

/* Time goes by while nothing happens. */
static inline void pass(int64_t ms)
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

static inline void take_away(const char *name)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", box.folder, name);
	assert_int_equal(unlink(path), 0);
}

/* The machine is started again, from this slot. */
static inline void start_again(const char *slot, const char *version, const char *boot_id)
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

static inline void become_good(void)
{
	say_kiosk(lobby_KioskScreen_KIOSK_READY, true, true);
	say_sync(true, true);
	pass(GOOD_STEADY_MS + 20 * SECOND);
	UNTIL(is_there("esp/" SLOTS_ENTRIES "/lobby-a+3.conf") && !is_there("esp/" SLOTS_ENTRIES "/lobby-a+2-1.conf"));
}

static inline int setup(void **unused)
{
	(void)unused;
	memset(&box, 0, sizeof(box));
	box.kiosk.fd = box.sync.fd = box.ctl.fd = -1;
	clock_use_virtual(1790000000000LL);
	make_box();
	begin();
	return 0;
}

static inline int teardown(void **unused)
{
	char text[100];

	(void)unused;
	end();
	snprintf(text, sizeof(text), "rm -rf %s", box.folder);
	return system(text);
}

#define WITH_BOX(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

#endif

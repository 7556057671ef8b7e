/* lobby-system as a whole: what it tells, who may what, restarts, and whether the version that runs is good. */
#include "system_box.h"

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
	pass(GOOD_TRIAL_PICTURE_MS - 20 * SECOND);
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
	/* Whatever hangs while systemd ends it does not hang for ever. */
	assert_false(has_words("powered", "--force"));
	UNTIL(has_words("powered", "--force reboot") || (pass(MINUTE), false));
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
	pass(GOOD_TRIAL_PICTURE_MS - 20 * SECOND);
	assert_false(is_there("powered"));
	pass(MINUTE);
	UNTIL(is_there("powered"));
	assert_true(is_there("esp/" SLOTS_ENTRIES "/lobby-a+2-1.conf"));
}

static void test_the_highest_minimum_stays(void **unused)
{
	(void)unused;
	say_kiosk(lobby_KioskScreen_KIOSK_READY, true, true);
	say_sync(true, true);
	pass(GOOD_STEADY_MS + 20 * SECOND);
	UNTIL(is_there("state/system/min-version"));
	assert_string_equal(box.sys.boot.min_version, "0.0.9");
	end();
	put("release", "VERSION=0.1.0\nMIN_VERSION=0.0.1\nKEYS=development\n");
	begin();
	assert_string_equal(box.sys.boot.min_version, "0.0.9");
	end();
	put("release", "VERSION=0.1.0\nMIN_VERSION=0.0.10\nKEYS=development\n");
	begin();
	assert_string_equal(box.sys.boot.min_version, "0.0.10");
}

static void test_the_root_is_read_before_it_is_good(void **unused)
{
	(void)unused;
	/* The kernel's device is there, and cannot be read. */
	put("sys/class/block/dm-1/dm/name", "lobby-root\n");
	put("state/system/good", "a=0.1.0\nb=\n");
	end();
	begin();
	say_kiosk(lobby_KioskScreen_KIOSK_READY, true, true);
	pass(GOOD_STEADY_MS + 20 * SECOND);
	UNTIL(box.told.restarting || is_there("powered") || (pass(POWER_QUIET_MS), false));
	assert_true(is_there("esp/" SLOTS_ENTRIES "/lobby-a+2-1.conf"));
	end();
	put("dev/dm-1", "blocks");
	begin();
	say_kiosk(lobby_KioskScreen_KIOSK_READY, true, true);
	pass(GOOD_STEADY_MS + 20 * SECOND);
	UNTIL(is_there("esp/" SLOTS_ENTRIES "/lobby-a+3.conf"));
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
		WITH_BOX(test_the_highest_minimum_stays),
		WITH_BOX(test_the_root_is_read_before_it_is_good),
		WITH_BOX(test_no_display_is_nobodys_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Updates through a whole lobby-system: from the offer to the restart, on trial, good, fallen back, refused, cut off.
 */
#include "system_box.h"

static void assert_text(const char *name, const char *text)
{
	char path[300], *got = NULL;
	size_t len;

	snprintf(path, sizeof(path), "%s/%s", box.folder, name);
	assert_int_equal(file_read(path, 1000, &got, &len), 0);
	assert_string_equal(got, text);
	free(got);
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

static void test_what_waits_is_called_back(void **unused)
{
	(void)unused;
	become_good();
	say_kiosk(lobby_KioskScreen_KIOSK_IN_USE, true, true);
	install("", ""); /* nothing is there */
	assert_int_equal(box.answer.err, 0);
	put_bundle("1.raucb", UPDATE_COMPATIBLE " 0.2.0");
	install("1.raucb", "");
	UNTIL(strstr(box.told.update.text, "when nobody has been at the screen for a minute"));
	install("", "");
	assert_int_equal(box.answer.err, 0);
	UNTIL(box.told.update.stage == lobby_UpdateStage_UPDATE_NONE);
	say_kiosk(lobby_KioskScreen_KIOSK_READY, true, true);
	pass(10 * MINUTE);
	assert_int_equal(box.told.update.stage, lobby_UpdateStage_UPDATE_NONE);
	assert_false(is_there("powered"));
	/* Offered again, it is installed; from then on it cannot be stopped. */
	put("hold", "");
	install("1.raucb", "");
	clock_advance_ms(UPDATE_QUIET_MS);
	UNTIL(box.told.update.stage == lobby_UpdateStage_UPDATE_INSTALLING && box.told.update.percent == 20);
	install("", "");
	assert_int_equal(box.answer.err, LOBBY_ERR_BUSY);
	take_away("hold");
	UNTIL(box.told.update.stage == lobby_UpdateStage_UPDATE_INSTALLED);
	install("", "");
	assert_int_equal(box.answer.err, 0);
	assert_int_equal(box.told.update.stage, lobby_UpdateStage_UPDATE_INSTALLED);
}

/* What was copied off a stick goes when it is over, and at the next start. */
static void test_a_sticks_file_does_not_stay(void **unused)
{
	static const char *const words[] = { UPDATE_COMPATIBLE " 0.2.0", "toaster 0.2.0", UPDATE_COMPATIBLE " 0.3.0" };
	char path[120];

	(void)unused;
	become_good();
	assert_int_equal(update_stick_path(&box.sys, true, path, sizeof(path)), 0);
	for (int i = 0; i < 3; i++) {
		say_kiosk(lobby_KioskScreen_KIOSK_IN_USE, true, true);
		put("state/system/stick.raucb", words[i]);
		update_install(&box.sys, path, "", true, 0);
		if (i == 1) {
			UNTIL(box.told.update.stage == lobby_UpdateStage_UPDATE_REFUSED);
		} else {
			UNTIL(strstr(box.told.update.text, "when nobody has been at the screen for a minute"));
			assert_true(is_there("state/system/stick.raucb"));
		}
		if (i == 2) { /* another one instead */
			put_bundle("1.raucb", UPDATE_COMPATIBLE " 0.2.0");
			install("1.raucb", "");
			assert_int_equal(box.answer.err, 0);
		}
		say_kiosk(lobby_KioskScreen_KIOSK_READY, true, true);
		pass(UPDATE_QUIET_MS);
		if (i != 1)
			UNTIL(box.told.update.stage == lobby_UpdateStage_UPDATE_INSTALLED);
		assert_false(is_there("state/system/stick.raucb"));
	}
	assert_true(is_there("state/update/1.raucb"));
	put("state/system/stick.raucb", words[0]);
	put("state/system/stick.part", words[0]);
	start_again("b", "0.2.0", "88888888");
	assert_false(is_there("state/system/stick.raucb"));
	assert_false(is_there("state/system/stick.part"));
}

/* While it is looked at, and not when it came from elsewhere. */
static void test_only_what_the_clinic_offered_is_called_back(void **unused)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_system_command_tag };
	char path[120];

	(void)unused;
	become_good();
	say_kiosk(lobby_KioskScreen_KIOSK_IN_USE, true, true);
	put_bundle("1.raucb", UPDATE_COMPATIBLE " 0.2.0");
	envelope.body.system_command = (lobby_SystemCommand){ .what = lobby_SystemDo_SYSTEM_INSTALL, .request = 999 };
	snprintf(envelope.body.system_command.path, sizeof(envelope.body.system_command.path), "1.raucb");
	assert_int_equal(wire_send(&box.ctl, &envelope), 0);
	install("", "");
	assert_int_equal(box.answer.err, 0);
	pass(MINUTE);
	assert_int_equal(box.told.update.stage, lobby_UpdateStage_UPDATE_NONE);
	assert_int_equal(box.answered, box.request);
	put("elsewhere.raucb", UPDATE_COMPATIBLE " 0.2.0");
	snprintf(path, sizeof(path), "%s/elsewhere.raucb", box.folder);
	update_install(&box.sys, path, "", false, 0);
	UNTIL(strstr(box.told.update.text, "when nobody has been at the screen for a minute"));
	install("", "");
	assert_int_equal(box.answer.err, 0);
	pass(SECOND);
	assert_int_equal(box.told.update.stage, lobby_UpdateStage_UPDATE_WAITING);
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
	assert_string_equal(
		box.told.update.text,
		"The installation of version 0.2.0 was interrupted. It begins again if the clinic still offers it.");
	start_again("a", "0.1.0", "66666667");
	UNTIL(box.told.version[0] != '\0');
	assert_string_equal(box.told.update.text, "");
	/* Off a stick nobody begins it again. */
	put("state/system/update.json",
	    "{\"version\":\"0.2.0\",\"slot\":\"b\",\"stage\":\"installing\",\"boot\":\"66666667\",\"stick\":true}");
	start_again("a", "0.1.0", "66666668");
	UNTIL(strstr(box.told.update.text, "Start it from the stick again."));
	put("state/system/update.json",
	    "{\"version\":\"0.2.0\",\"slot\":\"b\",\"stage\":\"installing\",\"boot\":\"66666668\",\"stick\":false}");
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

static void test_rauc_does_not_come_to_an_end(void **unused)
{
	(void)unused;
	become_good();
	put_bundle("1.raucb", UPDATE_COMPATIBLE " 0.2.0");
	put("hold", "");
	install("1.raucb", "");
	clock_advance_ms(UPDATE_QUIET_MS);
	UNTIL(box.told.update.stage == lobby_UpdateStage_UPDATE_INSTALLING && box.told.update.percent == 20);
	clock_advance_ms(31 * MINUTE);
	UNTIL(box.told.update.stage == lobby_UpdateStage_UPDATE_REFUSED);
	assert_string_equal(box.told.update.text, "The update took too long.");
	assert_text("powered", "stop rauc.service\n"); /* it would go on otherwise */
	take_away("hold");
}

/* What is written over a version that was good is on trial, whatever it is called. */
static void test_a_slot_that_is_written_was_not_good_before(void **unused)
{
	(void)unused;
	become_good();
	put("state/system/good", "a=0.1.0\nb=0.2.0\n");
	put_bundle("1.raucb", UPDATE_COMPATIBLE " 0.2.0");
	install("1.raucb", "");
	assert_text("state/system/good", "a=0.1.0\nb=0.2.0\n");
	pass(UPDATE_QUIET_MS);
	UNTIL(box.told.update.stage == lobby_UpdateStage_UPDATE_INSTALLED);
	assert_text("state/system/good", "a=0.1.0\nb=\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_BOX(test_an_update),
		WITH_BOX(test_an_update_waits_for_the_patient),
		WITH_BOX(test_what_waits_is_called_back),
		WITH_BOX(test_only_what_the_clinic_offered_is_called_back),
		WITH_BOX(test_a_sticks_file_does_not_stay),
		WITH_BOX(test_an_update_that_did_not_come_up),
		WITH_BOX(test_the_power_goes_while_it_is_installed),
		WITH_BOX(test_updates_that_are_refused),
		WITH_BOX(test_an_installation_that_fails),
		WITH_BOX(test_rauc_does_not_come_to_an_end),
		WITH_BOX(test_a_slot_that_is_written_was_not_good_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

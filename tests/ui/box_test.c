/* The kiosk on an appliance: its screens driven as lobby-system, lobby-sync and lobby-devices would, over real sockets.
 * The first start by hand and from a stick, a technician's area, what the clinic orders, and parts that come late. */
#include "box_bed.h"

/* ---- tests ---- */

static void links_are_read(void **state)
{
	static const char *const bad[] = {
		"",
		"https://clinic.example:8443/",
		"http://clinic.example:8443/#kiosk=7QXK-M2PD-9TRA",
		"https:///#kiosk=7QXK-M2PD-9TRA",
		"https://clinic.example/#kiosk=",
		"https://clinic.example/#kiosk=7QXK",
		"https://clinic.example/#kiosk=7QXK-M2PD-9TR'",
		"https://clinic example/#kiosk=7QXK-M2PD-9TRA",
		"https://clinic.example/#kiosk=7QXK-M2PD-9TRA-7QXK-M2PD-9TRA-7QXK-M2PD",
	};
	char url[257] = "before", code[33] = "before", longest[400];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(setup_parse_link(bad[i], strlen(bad[i]), url, sizeof(url), code, sizeof(code)),
				 LOBBY_ERR_INVALID);
	snprintf(longest, sizeof(longest), "https://%0300d/#kiosk=7QXK-M2PD-9TRA", 1);
	assert_int_equal(setup_parse_link(longest, strlen(longest), url, sizeof(url), code, sizeof(code)),
			 LOBBY_ERR_INVALID);
	assert_string_equal(url, "before");
	assert_string_equal(code, "before");
	assert_int_equal(setup_parse_link(LINK, strlen(LINK), url, sizeof(url), code, sizeof(code)), 0);
	assert_string_equal(url, "https://clinic.example:8443");
	assert_string_equal(code, "7QXK-M2PD-9TRA");
}

/* A desk machine: nothing of a box is shown, and the PIN leads where it always did. */
static void without_lobby_system_there_is_no_box(void **state)
{
	(void)state;
	sync_starts();
	sync_says(true, "set");
	at("welcome");
	app.technician.in = true;
	assert_int_equal(flow_next(&app, SCREEN_TECHNICIAN_PIN, FLOW_CONTINUE), SCREEN_TECHNICIAN);
	app_go(&app, SCREEN_TECHNICIAN);
	pump();
	assert_true(shows("#close"));
	assert_false(shows("#back"));
	app_fire(&app, FLOW_START_OVER);
	sync_says(false, ""); /* no clinic: out of order, as ever, and no questions */
	at("out-of-order");
}

static void late_parts_are_waited_for_in_words(void **state)
{
	(void)state;
	at("welcome");
	seconds(2);
	at("starting");
	assert_true(shows("The check-in program is starting."));
	box.state.protection = lobby_Protection_PROTECTION_STARTING;
	box.state.set_up = false;
	box_starts();
	at("starting");
	assert_true(shows("Its storage is being opened."));
	assert_int_equal(box.kiosk.screen, lobby_KioskScreen_KIOSK_OUT_OF_ORDER);
	box.state.protection = lobby_Protection_PROTECTION_TPM;
	box.state.set_up = true;
	box_says();
	sync_starts();
	sync_says(true, "");
	at("welcome");
	assert_int_equal(box.kiosk.screen, lobby_KioskScreen_KIOSK_READY);
}

/* Found on the appliance: a folder that was not there yet could not be watched, and the box was never heard of. */
static void the_screen_comes_before_its_folder(void **state)
{
	(void)state;
	at("starting"); /* from the first frame on: it offers nothing that it cannot do yet */
	seconds(2);
	at("starting");
	sync_starts(); /* makes the folder */
	sync_says(true, "");
	box_starts();
	at("welcome");
	assert_true(app.box.conn.up);
}

static void what_never_comes_is_out_of_order(void **state)
{
	(void)state;
	seconds(58);
	at("starting");
	seconds(3);
	at("out-of-order");
}

static void go_to_clinic(void)
{
	box.state.set_up = false;
	sync_starts();
	sync_says(false, "");
	box_starts();
	at("setup-language");
	press("continue");
	at("panel");
	press("keep");
	at("network");
	assert_true(shows("Connected, with the address 192.0.2.7"));
	press("continue");
	at("clinic");
}

static void the_first_start_by_hand(void **state)
{
	(void)state;
	go_to_clinic();
	scan("https://example.org/menu");
	at("clinic");
	scan(LINK);
	at("enrol");
	assert_int_equal(peer.enrols, 1);
	assert_string_equal(peer.enrol.url, "https://clinic.example:8443");
	assert_string_equal(peer.enrol.code, "7QXK-M2PD-9TRA");
	enrolled(LOBBY_ERR_CODE_WRONG, "The enrolment code is wrong, used, or too old.");
	assert_true(shows("The enrolment code is wrong, used, or too old."));
	assert_true(shows("Make a new code"));
	press("back");
	press("type");
	at("clinic-type");
	assert_string_equal(ui_field_text(app.ui, "clinic-url"), "https://clinic.example:8443"); /* not typed again */
	ui_focus(app.ui, "clinic-code");
	type("aaaa-bbbb-cccc");
	press("continue");
	assert_string_equal(peer.enrol.code, "AAAA-BBBB-CCCC");
	enrolled(0, "This kiosk is \"Lobby 1\" now.");
	sync_says(true, "");
	assert_true(shows("Lobby 1"));
	press("continue");
	at("technician-test");
	press("continue");
	at("setup-done");
	press("finish");
	assert_int_equal(box.command.what, lobby_SystemDo_SYSTEM_SET_UP);
	assert_string_equal(box.command.language, "en");
	box_answers(0, "");
	box.state.set_up = true;
	box_says();
	at("welcome");
	assert_string_equal(app.setup.code, "");
}

/* Whoever is faster than lobby-sync is asked for the clinic all the same. */
static void a_late_lobby_sync_is_not_taken_for_a_clinic(void **state)
{
	(void)state;
	box.state.set_up = false;
	box_starts();
	at("setup-language");
	press("continue");
	press("keep");
	press("continue");
	at("clinic");
}

/* A turned picture that nobody keeps turns back; one that is kept is told to lobby-system. */
static void the_panel_is_tried_before_it_is_kept(void **state)
{
	(void)state;
	technician();
	press("panel");
	press("turn");
	assert_true(shows("It turns back in 15 seconds"));
	seconds(10);
	press("turn");
	seconds(14);
	assert_true(app.box.trying);
	seconds(1);
	assert_false(app.box.trying);
	assert_int_equal(box.commands, 0);
	press("turn");
	press("turn");
	press("turn");
	press("keep");
	assert_int_equal(box.command.what, lobby_SystemDo_SYSTEM_SET_PANEL);
	assert_int_equal(box.command.panel.rotation, 270);
	box_answers(0, "");
	at("box");
	press("panel");
	press("turn");
	press("back"); /* leaving is not keeping */
	assert_false(app.box.trying);
	assert_int_equal(box.commands, 1);
}

static void a_stick_sets_it_all_up_by_itself(void **state)
{
	(void)state;
	box.state.set_up = false;
	sync_starts();
	sync_says(false, "");
	box_starts();
	at("setup-language");
	box.state.stick = (lobby_Stick){ .state = lobby_StickState_STICK_TRUSTED, .has_provisioning = true };
	box_says();
	at("setup-stick");
	seconds(9);
	assert_int_equal(box.commands, 0);
	seconds(1);
	assert_int_equal(box.command.what, lobby_SystemDo_SYSTEM_PROVISION);
	box_answers(LOBBY_ERR_CODE_WRONG, "The file's code is used up.");
	assert_true(shows("The file's code is used up."));
	seconds(30);
	assert_int_equal(box.commands, 1); /* it does not try for ever by itself */
	press("from-stick");
	assert_int_equal(box.commands, 2);
	sync_says(true, "");
	box_answers(0, "Done.");
	assert_int_equal(box.command.what, lobby_SystemDo_SYSTEM_SET_UP); /* the file said nothing of it */
	box_answers(0, "");
	box.state.set_up = true;
	box_says();
	at("welcome");
}

static void a_stick_can_be_declined(void **state)
{
	(void)state;
	box.state.set_up = false;
	box.state.stick = (lobby_Stick){ .state = lobby_StickState_STICK_TRUSTED, .has_provisioning = true };
	sync_starts();
	sync_says(false, "");
	box_starts();
	at("setup-stick");
	press("by-hand");
	at("setup-language");
	seconds(20);
	assert_int_equal(box.commands, 0);
	at("setup-language");
}

static void a_stick_opens_and_closes_the_technicians_area(void **state)
{
	(void)state;
	technician();
	assert_int_equal(box.kiosk.screen, lobby_KioskScreen_KIOSK_IN_USE);
	press("logs");
	assert_int_equal(box.command.what, lobby_SystemDo_SYSTEM_LOGS_TO_STICK);
	assert_true(shows("One moment, please."));
	box_answers(0, "The logs are on the stick.");
	assert_true(shows("The logs are on the stick."));
	press("about");
	assert_true(shows("No TPM: encrypted, but the key lies on the same disk"));
	box.state.stick.state = lobby_StickState_STICK_NONE;
	box_says();
	at("welcome");
	assert_false(app.technician.in);
}

/* Whoever restarts a kiosk with the stick left in gets its welcome screen, and holds the clock to come back. */
static void a_stick_that_was_left_in_waits(void **state)
{
	(void)state;
	box.state.stick.state = lobby_StickState_STICK_TRUSTED;
	box.state.stick.technician = true;
	ready();
	seconds(30);
	at("welcome");
	technician_hold(&app);
	seconds(4);
	at("box");
	assert_true(app.technician.in);
}

/* It does not interrupt anybody. */
static void a_stick_waits_for_the_patient(void **state)
{
	(void)state;
	ready();
	press("check-in");
	at("birthday");
	box.state.stick.state = lobby_StickState_STICK_TRUSTED;
	box.state.stick.technician = true;
	box_says();
	at("birthday");
	box.state.stick = (lobby_Stick){ .state = lobby_StickState_STICK_REFUSED, .text = "It is not signed." };
	box_says();
	assert_false(shows("It is not signed."));
	app_fire(&app, FLOW_START_OVER);
	pump();
	assert_true(shows("It is not signed."));
}

static void wiping_asks_twice_and_wants_the_lost_visits_typed(void **state)
{
	(void)state;
	technician();
	press("wipe");
	at("box-ask");
	assert_true(shows("3 visits have not reached the clinic yet. They are lost."));
	press("yes");
	assert_int_equal(box.commands, 0);
	assert_int_equal(ui_press(app.ui, "yes").kind, UI_EVENT_NONE);
	type("2");
	assert_int_equal(ui_press(app.ui, "yes").kind, UI_EVENT_NONE);
	press("key-erase");
	type("3");
	press("yes");
	assert_int_equal(box.command.what, lobby_SystemDo_SYSTEM_WIPE);
	box_answers(0, "It is wiped.");
	box.state.restarting = true;
	box_says();
	at("restarting");
	assert_true(shows("This kiosk restarts."));
}

static void looking_for_wireless_says_what_it_found(void **state)
{
	(void)state;
	technician();
	press("network");
	press("wireless");
	assert_true(shows("Looking for Wi-Fi networks in reach."));
	assert_false(shows("None was found"));
	box_answers(LOBBY_ERR_IO, "The radio gave no answer.");
	assert_true(shows("The radio gave no answer."));
	press("look");
	box.state.wireless_count = 2;
	box.state.wireless[0] = (lobby_Wireless){ "Office", 80, true, true };
	box.state.wireless[1] = (lobby_Wireless){ "Staff", 60, true, false };
	box_says();
	box_answers(0, "");
	assert_false(shows("The radio gave no answer."));
	assert_false(shows("Looking for"));
	assert_true(shows("Not for kiosks"));
	assert_int_equal(ui_press(app.ui, "wireless-1").kind, UI_EVENT_NONE);
	at("wireless");
	press("wireless-2");
	at("passphrase");
	press("back");
	press("back");
	box.state.link[1].trouble = lobby_LinkTrouble_LINK_PASSPHRASE;
	box_says();
	at("network");
	assert_true(shows("the Wi-Fi did not accept the passphrase"));
}

static void a_passphrase_goes_to_the_box_and_nowhere_else(void **state)
{
	(void)state;
	technician();
	box.state.wireless_count = 1;
	box.state.wireless[0] = (lobby_Wireless){ "Staff", 80, true, false };
	press("network");
	press("wireless");
	assert_int_equal(box.command.what, lobby_SystemDo_SYSTEM_LOOK_WIRELESS);
	box_answers(0, "");
	box_says();
	press("wireless-1");
	at("passphrase");
	type("Corr#ct h0rse\\");
	assert_false(shows("Corr#ct"));
	press("show");
	assert_true(shows("Corr#ct h0rse"));
	press("join");
	assert_int_equal(box.command.what, lobby_SystemDo_SYSTEM_SET_NETWORK);
	assert_string_equal(box.command.network.name, "wlp2s0");
	assert_string_equal(box.command.network.ssid, "Staff");
	assert_string_equal(box.command.network.passphrase, "Corr#ct h0rse\\");
	box_answers(LOBBY_ERR_TIMEOUT, "The network did not take the passphrase.");
	at("passphrase");
	assert_true(shows("did not take the passphrase"));
	press("back");
	assert_string_equal(ui_field_text(app.ui, "passphrase"), "");
	press("back");
	press("by-hand");
	type("192.0.2.9/24");
	press("save");
	assert_string_equal(box.command.network.name, "enp1s0");
	assert_string_equal(box.command.network.address, "192.0.2.9/24");
	box_answers(0, "The address is in use now.");
	at("network");
	assert_true(shows("The address is in use now."));
}

/* The clinic's orders show where nobody's visit is; who is in the middle of one goes on. */
static void orders_wait_for_the_patient(void **state)
{
	(void)state;
	ready();
	orders("Blood draws are on floor 2.", "");
	assert_true(shows("Blood draws are on floor 2."));
	press("check-in");
	orders("", "The printer is being repaired.");
	at("birthday");
	app_fire(&app, FLOW_START_OVER);
	pump();
	at("out-of-service");
	assert_true(shows("The printer is being repaired."));
	assert_int_equal(box.kiosk.screen, lobby_KioskScreen_KIOSK_OUT_OF_ORDER);
	scan("%WH808401234567893^XGH8841-04417^OKAFOR/GRACE A^DB19790917?");
	at("out-of-service");
	technician_hold(&app);
	seconds(4);
	at("technician-pin");
	seconds(61);
	at("out-of-service");
	orders("", "");
	at("welcome");
}

static void a_restart_is_said_before_it_comes(void **state)
{
	(void)state;
	ready();
	box.state.development = true;
	box.state.update.stage = lobby_UpdateStage_UPDATE_INSTALLING;
	box_says();
	at("welcome");
	assert_true(shows("Test software: not for patients"));
	box.state.update.stage = lobby_UpdateStage_UPDATE_INSTALLED;
	box.state.restarting = true;
	box_says();
	at("restarting");
	box.state.restarting = false; /* it could not, after all */
	box_says();
	at("welcome");
}

/* A kiosk whose clinic is gone asks for one again only where no PIN guards it. */
static void a_lost_clinic_is_asked_for_again(void **state)
{
	(void)state;
	ready();
	sync_says(false, "set");
	at("out-of-order");
	sync_says(false, "");
	at("clinic");
	assert_int_equal(box.kiosk.screen, lobby_KioskScreen_KIOSK_READY);
	scan(LINK);
	at("enrol");
	enrolled(0, "This kiosk is \"Lobby 1\" now.");
	sync_says(true, "");
	press("continue");
	at("welcome");
}

static void lobby_system_may_die(void **state)
{
	(void)state;
	technician();
	press("restart");
	press("yes");
	assert_int_equal(box.command.what, lobby_SystemDo_SYSTEM_RESTART_NOW);
	wire_server_free(box.server);
	box.server = NULL;
	pump();
	assert_true(shows("lobby-system does not answer."));
	press("back");
	assert_true(shows("lobby-system does not run."));
	press("close");
	at("welcome");
	box_starts();
	assert_true(app.box.there);
}

/* ---- the installer's stick ---- */

static void installer(void)
{
	box.state.slot[0] = '\0';
	box.state.set_up = false;
	box.state.has_install = true;
	box.state.install =
		(lobby_Install){ .stage = lobby_InstallStage_INSTALL_CHOOSE,
				 .version = "0.4.0",
				 .disk_count = 2,
				 .disk = { { .name = "nvme0n1", .model = "Example SSD", .size_mb = 64023 },
					   { .name = "sdb", .size_mb = 4000, .why_not = "It is on USB." } } };
	seconds(2);
	box_starts();
	at("install");
}

/* No clinic and no lobby-sync, ever: it must not be out of order for that. */
static void an_installer_writes_the_disk_that_was_chosen(void **state)
{
	(void)state;
	installer();
	seconds(APP_START_MS / 1000 + 5);
	at("install");
	assert_true(shows("64 GB · nvme0n1"));
	assert_true(shows("It is on USB."));
	assert_false(shows("#disk-sdb"));
	press("disk-nvme0n1");
	at("install-ask");
	assert_int_equal(box.commands, 0);
	press("back");
	press("disk-nvme0n1");
	press("yes");
	assert_int_equal(box.command.what, lobby_SystemDo_SYSTEM_INSTALL_DISK);
	assert_string_equal(box.command.path, "nvme0n1");
	box.state.install.stage = lobby_InstallStage_INSTALL_WRITING;
	box.state.install.percent = 12;
	box.state.install.seconds_left = 130;
	box_says();
	box_answers(0, "");
	at("install");
	assert_true(shows("12 %"));
	assert_true(shows("About 3 minutes left."));
	seconds(SETUP_IDLE_MS / 1000 + 5); /* nobody has to stand there */
	at("install");
	box.state.install.stage = lobby_InstallStage_INSTALL_DONE;
	box_says();
	assert_true(shows("Lobby is installed."));
	press("restart");
	assert_int_equal(box.command.what, lobby_SystemDo_SYSTEM_RESTART_NOW);
	box_answers(0, "It restarts now.");
	box.state.restarting = true;
	box_says();
	at("restarting");
}

static void an_installer_that_failed_is_tried_again(void **state)
{
	(void)state;
	installer();
	press("disk-nvme0n1");
	press("yes");
	box_answers(LOBBY_ERR_BUSY, "This disk is in use.");
	at("install-ask");
	assert_true(shows("This disk is in use."));
	press("back");
	box.state.install.stage = lobby_InstallStage_INSTALL_FAILED;
	text_copy(box.state.install.text, sizeof(box.state.install.text), "The disk could not be written.");
	box_says();
	assert_true(shows("The disk could not be written."));
	press("disk-nvme0n1");
	box.state.install.disk_count = 0; /* it was taken out */
	box_says();
	assert_int_equal(ui_press(app.ui, "yes").kind, UI_EVENT_NONE);
	press("back");
	press("look");
	assert_int_equal(box.command.what, lobby_SystemDo_SYSTEM_INSTALL_DISK);
	assert_string_equal(box.command.path, "");
}

static void times_are_the_clinics(void **state)
{
	char time[24];

	(void)state;
	words_use_zone("America/Los_Angeles");
	words_time(time, sizeof(time), AT_0941);
	assert_string_equal(time, "6:41\u00a0AM");
	words_use_zone("../../etc/passwd");
	words_time(time, sizeof(time), AT_0941);
	assert_string_equal(time, "9:41\u00a0AM");
	words_use_zone("");
	assert_string_equal(getenv("TZ"), "America/New_York");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(links_are_read),
		TEST(without_lobby_system_there_is_no_box),
		TEST(late_parts_are_waited_for_in_words),
		cmocka_unit_test_setup_teardown(the_screen_comes_before_its_folder, start_without_folder, stop),
		TEST(what_never_comes_is_out_of_order),
		TEST(the_first_start_by_hand),
		TEST(a_late_lobby_sync_is_not_taken_for_a_clinic),
		TEST(the_panel_is_tried_before_it_is_kept),
		TEST(a_stick_sets_it_all_up_by_itself),
		TEST(a_stick_can_be_declined),
		TEST(a_stick_opens_and_closes_the_technicians_area),
		TEST(a_stick_that_was_left_in_waits),
		TEST(a_stick_waits_for_the_patient),
		TEST(wiping_asks_twice_and_wants_the_lost_visits_typed),
		TEST(looking_for_wireless_says_what_it_found),
		TEST(a_passphrase_goes_to_the_box_and_nowhere_else),
		TEST(orders_wait_for_the_patient),
		TEST(a_restart_is_said_before_it_comes),
		TEST(a_lost_clinic_is_asked_for_again),
		TEST(lobby_system_may_die),
		TEST(an_installer_writes_the_disk_that_was_chosen),
		TEST(an_installer_that_failed_is_tried_again),
		TEST(times_are_the_clinics),
	};
	int failed;

	if (!bed_make())
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	bed_remove();
	return failed;
}

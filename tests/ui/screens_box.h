/* What the appliance's screens find, for screens_test.c: the machine under them as lobby-system may say it is. Nobody's
 * visit is on any of them. */
#ifndef LOBBY_TESTS_UI_SCREENS_BOX_H
#define LOBBY_TESTS_UI_SCREENS_BOX_H

static void box_none(void)
{
	struct box *box = &app.box;

	box->there = box->asking = box->has_said = box->sure = box->trying = false;
	box->state = (lobby_SystemState){ 0 };
	box->leaving = box->confirm = lobby_SystemDo_SYSTEM_RESTART;
	loop_timer_cancel(loop, &box->second);
	setup_leave(&app);
	app.setup = (struct setup){ 0 };
	app.orders = (lobby_Orders){ 0 };
	app.sync_up = true;
	app.sync_was_up = false;
}

static void box_there(void)
{
	lobby_SystemState *state = &app.box.state;

	session_wipe(&app.session);
	app.box.there = true;
	*state = (lobby_SystemState){
		.version = "0.4.0",
		.slot = "a",
		.other_version = "0.3.2",
		.secure_boot = true,
		.booted_ms = AT_0941 - 5 * 86400000LL,
		.state_total_kb = 14680064,
		.state_free_kb = 14012416,
		.has_temperature = true,
		.temperature_c = 47,
		.protection = lobby_Protection_PROTECTION_TPM,
		.clock_right = true,
		.clock_error_ms = -12,
		.link_count = 2,
		.link = { { .name = "enp1s0", .kind = lobby_LinkKind_LINK_CABLE, .up = true, .address = "192.0.2.71" },
			  { .name = "wlp2s0", .kind = lobby_LinkKind_LINK_WIRELESS } },
		.set_up = true,
		.memory_used_kb = 112640,
		.machine = "Example Systems Kiosk Box 22"
	};
	text_copy(app.link.told.display, sizeof(app.link.told.display), "HDMI-A-1 1080x1920");
	text_copy(app.sync.kiosk_name, sizeof(app.sync.kiosk_name), "Lobby 1");
}

static void box_new(void)
{
	box_there();
	app.box.state.set_up = false;
	app.sync.enrolled = false;
	app.sync.kiosk_name[0] = '\0';
}

static void box_technician(void)
{
	box_there();
	app.technician.in = true;
}

static void say(int err, const char *text)
{
	app.box.has_said = true;
	app.box.err = err;
	text_copy(app.box.said, sizeof(app.box.said), text);
}

static void box_trouble(void)
{
	lobby_SystemState *state = &app.box.state;

	box_technician();
	state->development = true;
	state->secure_boot = false;
	state->other_version[0] = '\0';
	state->protection = lobby_Protection_PROTECTION_MEMORY;
	text_copy(state->protection_text, sizeof(state->protection_text),
		  "The disk cannot be written (is it broken?): nothing is kept when this kiosk restarts.");
	state->state_free_kb = 40960;
	state->temperature_c = 81;
	state->clock_right = false;
	state->link_count = 0;
	state->update.stage = lobby_UpdateStage_UPDATE_FELL_BACK;
	text_copy(state->update.version, sizeof(state->update.version), "0.5.0");
	text_copy(state->update.text, sizeof(state->update.text),
		  "Version 0.5.0 did not come up. Version 0.4.0 runs again.");
	state->stick =
		(lobby_Stick){ .state = lobby_StickState_STICK_REFUSED,
			       .text = "This stick is not signed with this clinic's key: nothing on it was used." };
	app.sync.reachable = false;
}

static void box_notice(void)
{
	box_there();
	text_copy(app.orders.notice, sizeof(app.orders.notice),
		  "The laboratory is closed today. Blood draws are on floor 2.");
}

static void box_development(void)
{
	box_there();
	app.box.state.development = true;
}

static void box_stick_refused(void)
{
	box_there();
	app.box.state.stick =
		(lobby_Stick){ .state = lobby_StickState_STICK_REFUSED,
			       .text = "This stick is damaged or cannot be read: nothing on it was used." };
}

static void box_out_of_service(void)
{
	box_there();
	text_copy(app.orders.out_of_service, sizeof(app.orders.out_of_service), "The printer is being repaired.");
}

static void box_starting(void)
{
	box_none();
	session_wipe(&app.session);
	app.sync_up = false;
}

static void box_starting_storage(void)
{
	box_there();
	app.box.state.protection = lobby_Protection_PROTECTION_STARTING;
	app.box.state.set_up = false;
	app.sync_up = false;
}

static void box_restarting(void)
{
	box_there();
	app.box.state.restarting = true;
}

static void box_turning_off(void)
{
	box_restarting();
	app.box.leaving = lobby_SystemDo_SYSTEM_POWER_OFF;
}

static void box_stick(void)
{
	box_new();
	app.box.state.stick = (lobby_Stick){ .state = lobby_StickState_STICK_TRUSTED, .has_provisioning = true };
	app.setup.seconds_left = 7;
}

static void box_stick_working(void)
{
	box_stick();
	app.setup.seconds_left = 0;
	app.setup.begun = app.box.asking = true;
}

static void box_stick_failed(void)
{
	box_stick_working();
	app.box.asking = false;
	say(LOBBY_ERR_CODE_WRONG, "The enrolment code is wrong, used, or too old. Make a new one on the Kiosks page.");
}

static void box_turned(void)
{
	box_new();
	app.box.trying = true;
	app.box.seconds_left = 12;
}

static void box_no_link(void)
{
	box_new();
	app.box.state.link_count = 0;
}

static void box_no_cable(void)
{
	box_new();
	app.box.state.link[0].up = false;
	app.box.state.link[0].address[0] = '\0';
	app.box.state.link[1].up = true;
	text_copy(app.box.state.link[1].ssid, sizeof(app.box.state.link[1].ssid), "Riverside-Staff");
	say(LOBBY_ERR_TIMEOUT, "The setting is kept, but this kiosk could not join a wireless network.");
}

static void box_wireless(void)
{
	box_new();
	app.box.state.wireless_count = 4;
	app.box.state.wireless[0] = (lobby_Wireless){ "Riverside-Staff", 88, true, false };
	app.box.state.wireless[1] = (lobby_Wireless){ "Riverside-Guests", 81, false, false };
	app.box.state.wireless[2] = (lobby_Wireless){ "Pharmacy upstairs 5 GHz", 42, true, false };
	app.box.state.wireless[3] = (lobby_Wireless){ "DIRECT-printer-3rd-floor-west", 12, true, false };
}

static void box_wireless_many(void)
{
	box_wireless();
	app.box.state.wireless_count = 12;
	for (int i = 4; i < 12; i++) {
		lobby_Wireless *w = &app.box.state.wireless[i];

		snprintf(w->ssid, sizeof(w->ssid), "Apartment %d upstairs", i);
		w->percent = 40U - (unsigned)i;
		w->locked = true;
	}
	app.box.state.wireless[2].unfit = true;
}

static void box_wireless_looking(void)
{
	box_new();
	app.box.asking = true;
	app.box.what = lobby_SystemDo_SYSTEM_LOOK_WIRELESS;
}

static void box_wireless_silent(void)
{
	box_new();
	say(LOBBY_ERR_IO, "The radio cannot look for networks. Is Wi-Fi switched off on this machine?");
}

static void box_wrong_passphrase(void)
{
	box_new();
	app.box.state.link[0].up = false;
	app.box.state.link[0].address[0] = '\0';
	app.box.state.link[1].trouble = lobby_LinkTrouble_LINK_PASSPHRASE;
}

static void box_passphrase(void)
{
	box_new();
	text_copy(app.setup.ssid, sizeof(app.setup.ssid), "Riverside-Staff");
	ui_field_set(app.ui, "passphrase", "correct horse");
}

static void box_no_scanner(void)
{
	box_new();
	app.devices.device_count = 0;
}

static void box_clinic_typed(void)
{
	box_new();
	ui_field_set(app.ui, "clinic-url", "https://checkin.riverside.example.org:8443");
	ui_field_set(app.ui, "clinic-code", "7QXK-M2PD-9TRA");
}

static void enrolling(enum setup_stage stage, int err, const char *text)
{
	box_new();
	app.setup.stage = stage;
	app.setup.err = err;
	text_copy(app.setup.text, sizeof(app.setup.text), text);
	text_copy(app.setup.url, sizeof(app.setup.url), "https://checkin.riverside.example.org:8443");
}

static void box_enrolling(void)
{
	enrolling(SETUP_ENROLLING, 0, "");
}

static void box_enrol_failed(void)
{
	enrolling(SETUP_FAILED, LOBBY_ERR_UNREACHABLE,
		  "No server answers there. Check the address, the port and the network cable.");
}

static void box_enrolled(void)
{
	enrolling(SETUP_ENROLLED, 0,
		  "This kiosk is \"Lobby 1\" now. It works with https://checkin.riverside.example.org:8443.");
	app.sync.enrolled = true;
}

static void box_set_up(void)
{
	box_new();
	app.sync.enrolled = true;
}

static void box_said(void)
{
	box_technician();
	app.box.state.development = true;
	app.box.state.stick.state = lobby_StickState_STICK_TRUSTED;
	say(0, "The logs are on the stick, sealed: only the support desk can open them.");
}

static void box_update_stick(void)
{
	box_technician();
	app.box.state.stick.state = lobby_StickState_STICK_TRUSTED;
	text_copy(app.box.state.stick.update_version, sizeof(app.box.state.stick.update_version), "0.5.0");
	app.box.state.update =
		(lobby_Update){ .stage = lobby_UpdateStage_UPDATE_REFUSED,
				.version = "0.2.9",
				.text = "Version 0.2.9 is too old: no version before 0.3.0 may follow this one." };
}

static void box_update_installed(void)
{
	box_technician();
	app.box.state.update = (lobby_Update){ .stage = lobby_UpdateStage_UPDATE_INSTALLED, .version = "0.5.0" };
}

static void box_update_waiting(void)
{
	box_technician();
	app.box.state.update = (lobby_Update){ .stage = lobby_UpdateStage_UPDATE_WAITING, .version = "0.5.0" };
}

static void ask(lobby_SystemDo what, bool sure)
{
	box_technician();
	app.box.confirm = what;
	app.box.sure = sure;
}

static void box_ask_restart(void)
{
	ask(lobby_SystemDo_SYSTEM_RESTART_NOW, false);
}

static void box_ask_off(void)
{
	ask(lobby_SystemDo_SYSTEM_POWER_OFF, false);
}

static void box_ask_wipe(void)
{
	ask(lobby_SystemDo_SYSTEM_WIPE, false);
	app.sync.visits_held = 3;
}

static void box_ask_sure(void)
{
	ask(lobby_SystemDo_SYSTEM_WIPE, true);
}

static void box_ask_count(void)
{
	ask(lobby_SystemDo_SYSTEM_WIPE, true);
	app.sync.visits_held = 3;
}

static void box_no_pin(void)
{
	box_there();
}

/* ---- the installer's stick ---- */

static void box_install(void)
{
	lobby_Install *in = &app.box.state.install;

	box_there();
	app.box.state.slot[0] = '\0';
	app.box.state.has_install = true;
	app.sync_up = false;
	*in = (lobby_Install){ .stage = lobby_InstallStage_INSTALL_CHOOSE,
			       .version = "0.4.0",
			       .disk_count = 3,
			       .disk = { { .name = "nvme0n1",
					   .model = "Example NVMe SSD EX-256G",
					   .serial = "EX21A0004711",
					   .size_mb = 256060 },
					 { .name = "sda", .size_mb = 31914 },
					 { .name = "mmcblk0",
					   .model = "DUTA42",
					   .serial = "0x5a3b",
					   .size_mb = 410,
					   .why_not = "This disk is too small for the image." } } };
	text_copy(app.box.disk, sizeof(app.box.disk), "nvme0n1");
}

static void box_install_failed(void)
{
	lobby_Install *in = &app.box.state.install;

	box_install();
	in->stage = lobby_InstallStage_INSTALL_FAILED;
	text_copy(in->text, sizeof(in->text),
		  "The disk did not keep what was written to it: it is broken or a fake. Do not use it.");
	in->disk_count = 1;
}

static void box_install_foreign(void)
{
	lobby_Install *in = &app.box.state.install;

	box_install_failed();
	in->version[0] = '\0';
	in->disk_count = 0;
	text_copy(
		in->text, sizeof(in->text),
		"The image on this stick is not signed with the release key that came with it. Make the stick again.");
}

static void box_install_nothing(void)
{
	lobby_Install *in = &app.box.state.install;

	box_install();
	in->disk[0] = in->disk[2];
	in->disk_count = 1;
}

static void box_install_writing(void)
{
	lobby_Install *in = &app.box.state.install;

	box_install();
	in->stage = lobby_InstallStage_INSTALL_WRITING;
	in->percent = 37;
	in->seconds_left = 155;
	text_copy(in->chosen, sizeof(in->chosen), "nvme0n1");
}

static void box_install_reading(void)
{
	box_install_writing();
	app.box.state.install.stage = lobby_InstallStage_INSTALL_READING;
	app.box.state.install.percent = 0;
	app.box.state.install.seconds_left = 0;
}

static void box_install_done(void)
{
	box_install_writing();
	app.box.state.install.stage = lobby_InstallStage_INSTALL_DONE;
}

static void box_install_gone(void)
{
	box_install();
	text_copy(app.box.disk, sizeof(app.box.disk), "sdz");
}

static const struct variant box_variants[] = {
	{ .name = "install", .screen = SCREEN_INSTALL, .staff = box_install },
	{ .name = "install-failed", .screen = SCREEN_INSTALL, .staff = box_install_failed },
	{ .name = "install-foreign", .screen = SCREEN_INSTALL, .staff = box_install_foreign },
	{ .name = "install-nothing", .screen = SCREEN_INSTALL, .staff = box_install_nothing },
	{ .name = "install-writing", .screen = SCREEN_INSTALL, .staff = box_install_writing },
	{ .name = "install-reading", .screen = SCREEN_INSTALL, .staff = box_install_reading },
	{ .name = "install-done", .screen = SCREEN_INSTALL, .staff = box_install_done },
	{ .name = "install-ask", .screen = SCREEN_INSTALL_ASK, .staff = box_install },
	{ .name = "install-gone", .screen = SCREEN_INSTALL_ASK, .staff = box_install_gone },
	{ .name = "technician-no-pin-box", .screen = SCREEN_TECHNICIAN_PIN, .staff = box_no_pin },
	{ .name = "welcome-notice", .screen = SCREEN_WELCOME, .staff = box_notice },
	{ .name = "welcome-development", .screen = SCREEN_WELCOME, .staff = box_development },
	{ .name = "welcome-stick-refused", .screen = SCREEN_WELCOME, .staff = box_stick_refused },
	{ .name = "out-of-service", .screen = SCREEN_OUT_OF_SERVICE, .staff = box_out_of_service },
	{ .name = "starting", .screen = SCREEN_STARTING, .staff = box_starting },
	{ .name = "starting-storage", .screen = SCREEN_STARTING, .staff = box_starting_storage },
	{ .name = "restarting", .screen = SCREEN_RESTARTING, .staff = box_restarting },
	{ .name = "turning-off", .screen = SCREEN_RESTARTING, .staff = box_turning_off },
	{ .name = "setup-language", .screen = SCREEN_SETUP_LANGUAGE, .staff = box_new },
	{ .name = "setup-stick", .screen = SCREEN_SETUP_STICK, .staff = box_stick },
	{ .name = "setup-stick-working", .screen = SCREEN_SETUP_STICK, .staff = box_stick_working },
	{ .name = "setup-stick-failed", .screen = SCREEN_SETUP_STICK, .staff = box_stick_failed },
	{ .name = "panel", .screen = SCREEN_PANEL, .staff = box_new },
	{ .name = "panel-turned", .screen = SCREEN_PANEL, .staff = box_turned },
	{ .name = "network", .screen = SCREEN_NETWORK, .staff = box_new },
	{ .name = "network-none", .screen = SCREEN_NETWORK, .staff = box_no_link },
	{ .name = "network-no-cable", .screen = SCREEN_NETWORK, .staff = box_no_cable },
	{ .name = "wireless", .screen = SCREEN_WIRELESS, .staff = box_wireless },
	{ .name = "wireless-none", .screen = SCREEN_WIRELESS, .staff = box_new },
	{ .name = "wireless-many", .screen = SCREEN_WIRELESS, .staff = box_wireless_many },
	{ .name = "wireless-looking", .screen = SCREEN_WIRELESS, .staff = box_wireless_looking },
	{ .name = "wireless-silent", .screen = SCREEN_WIRELESS, .staff = box_wireless_silent },
	{ .name = "network-passphrase", .screen = SCREEN_NETWORK, .staff = box_wrong_passphrase },
	{ .name = "passphrase", .screen = SCREEN_PASSPHRASE, .staff = box_passphrase },
	{ .name = "passphrase-named", .screen = SCREEN_PASSPHRASE, .staff = box_new },
	{ .name = "address", .screen = SCREEN_ADDRESS, .staff = box_new },
	{ .name = "clinic", .screen = SCREEN_CLINIC, .staff = box_new },
	{ .name = "clinic-no-scanner", .screen = SCREEN_CLINIC, .staff = box_no_scanner },
	{ .name = "clinic-type", .screen = SCREEN_CLINIC_TYPE, .staff = box_clinic_typed },
	{ .name = "enrolling", .screen = SCREEN_ENROL, .staff = box_enrolling },
	{ .name = "enrol-failed", .screen = SCREEN_ENROL, .staff = box_enrol_failed },
	{ .name = "enrolled", .screen = SCREEN_ENROL, .staff = box_enrolled },
	{ .name = "setup-test", .screen = SCREEN_TECHNICIAN_TEST, .staff = box_set_up },
	{ .name = "setup-done", .screen = SCREEN_SETUP_DONE, .staff = box_set_up },
	{ .name = "setup-later", .screen = SCREEN_SETUP_DONE, .staff = box_new },
	{ .name = "box", .screen = SCREEN_BOX, .staff = box_technician },
	{ .name = "box-said", .screen = SCREEN_BOX, .staff = box_said },
	{ .name = "box-trouble", .screen = SCREEN_BOX, .staff = box_trouble },
	{ .name = "about", .screen = SCREEN_ABOUT, .staff = box_technician },
	{ .name = "about-trouble", .screen = SCREEN_ABOUT, .staff = box_trouble },
	{ .name = "update", .screen = SCREEN_UPDATE, .staff = box_technician },
	{ .name = "update-stick", .screen = SCREEN_UPDATE, .staff = box_update_stick },
	{ .name = "update-installed", .screen = SCREEN_UPDATE, .staff = box_update_installed },
	{ .name = "update-waiting", .screen = SCREEN_UPDATE, .staff = box_update_waiting },
	{ .name = "ask-restart", .screen = SCREEN_BOX_ASK, .staff = box_ask_restart },
	{ .name = "ask-power-off", .screen = SCREEN_BOX_ASK, .staff = box_ask_off },
	{ .name = "ask-wipe", .screen = SCREEN_BOX_ASK, .staff = box_ask_wipe },
	{ .name = "ask-wipe-sure", .screen = SCREEN_BOX_ASK, .staff = box_ask_sure },
	{ .name = "ask-wipe-count", .screen = SCREEN_BOX_ASK, .staff = box_ask_count },
};

#endif

/* The installer's stick, on the machine that was started from it: which disk, are you sure, how far it is, and what
 * came of it. There is no clinic here and no patient. All that is shown is what lobby-system says
 * (SystemState.install), its reasons translated (said.h). */
#include "screens.h"

#include "kiosk/app.h"
#include "kiosk/said.h"
#include "kiosk/words.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define PREFIX "disk-"

static const lobby_Install *install_of(const struct app *app)
{
	return &app->box.state.install;
}

static bool is_busy(const struct app *app)
{
	return app->box.asking || !app->box.there;
}

static const lobby_InstallDisk *find_disk(const struct app *app, const char *name)
{
	const lobby_Install *in = install_of(app);

	for (pb_size_t i = 0; i < in->disk_count; i++)
		if (strcmp(in->disk[i].name, name) == 0)
			return &in->disk[i];
	return NULL;
}

/* ---- a disk in words ---- */

static const char *disk_title(const lobby_InstallDisk *disk)
{
	return disk->model[0] != '\0' ? disk->model : _("Disk");
}

/* "64 GB · nvme0n1 · serial number S-0001" */
static void describe(const lobby_InstallDisk *disk, char *out, size_t size)
{
	int gb = (int)((disk->size_mb + 500) / 1000);
	size_t at;

	at = (size_t)snprintf(out, size, gb > 0 ? "%d GB · %s" : "%d MB · %s", gb > 0 ? gb : (int)disk->size_mb,
			      disk->name);
	if (disk->serial[0] != '\0' && at < size)
		snprintf(out + at, size - at, _(" · serial number %s"), disk->serial);
}

static void build_refused(struct ui *ui, const lobby_InstallDisk *disk, int number)
{
	char name[16], id[32], text[256];
	struct said why;

	snprintf(name, sizeof(name), "refused-%d", number);
	ui_card_open(ui, name, "", UI_COLUMN, (struct ui_opt){ 0 });
	describe(disk, text, sizeof(text));
	snprintf(id, sizeof(id), "%s-name", name);
	ui_text(ui, id, UI_STYLE_STRONG, disk_title(disk), (struct ui_opt){ .tone = UI_QUIET });
	snprintf(id, sizeof(id), "%s-detail", name);
	ui_text(ui, id, UI_STYLE_SMALL, text, (struct ui_opt){ .tone = UI_QUIET });
	snprintf(id, sizeof(id), "%s-why", name);
	ui_text(ui, id, UI_STYLE_BODY, said_in(&why, disk->why_not),
		(struct ui_opt){ .icon = "warning", .tone = UI_WARNING });
	ui_close(ui);
}

/* ---- which disk ---- */

static void build_disks(const struct app *app, struct ui *ui)
{
	const lobby_Install *in = install_of(app);
	char id[48], text[256];
	int usable = 0;

	for (pb_size_t i = 0; i < in->disk_count; i++) {
		const lobby_InstallDisk *disk = &in->disk[i];

		if (disk->why_not[0] != '\0')
			continue;
		snprintf(id, sizeof(id), PREFIX "%s", disk->name);
		describe(disk, text, sizeof(text));
		ui_button(ui, id, disk_title(disk),
			  (struct ui_opt){ .icon = "download", .note = text, .disabled = is_busy(app) });
		usable++;
	}
	if (usable == 0 && in->version[0] != '\0')
		ui_text(ui, "none", UI_STYLE_BODY, _("This machine has no disk that Lobby can be installed on."),
			(struct ui_opt){ .icon = "warning", .tone = UI_DANGER });
	for (pb_size_t i = 0; i < in->disk_count; i++)
		if (in->disk[i].why_not[0] != '\0')
			build_refused(ui, &in->disk[i], (int)i + 1);
}

static void build_words(const struct app *app, struct ui *ui, bool failed)
{
	const lobby_Install *in = install_of(app);
	char text[200];

	if (in->version[0] == '\0')
		return;
	snprintf(text, sizeof(text),
		 failed ? _("Choose a disk to try it again. This stick installs Lobby %s.")
			: _("This stick installs Lobby %s on this machine. Everything on the disk is lost."),
		 in->version);
	ui_text(ui, "text", UI_STYLE_BODY, text, (struct ui_opt){ .tone = UI_QUIET });
}

static void build_choose(const struct app *app, struct ui *ui)
{
	const lobby_Install *in = install_of(app);
	bool failed = in->stage == lobby_InstallStage_INSTALL_FAILED;
	struct said why;

	ui_heading(ui, failed ? _("It was not installed.") : _("Which disk shall become the kiosk?"));
	if (failed)
		ui_banner(ui, "why", said_in(&why, in->text), (struct ui_opt){ .tone = UI_WARNING, .icon = "warning" });
	if (!screen_is_crowded(app))
		build_words(app, ui, failed);
	build_disks(app, ui);
	if (screen_is_crowded(app))
		build_words(app, ui, failed);
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "look", _("Look again"), (struct ui_opt){ .icon = "start-over", .disabled = is_busy(app) });
	ui_button(ui, "power-off", _("Power off"), (struct ui_opt){ .icon = "power", .disabled = is_busy(app) });
}

/* ---- how far ---- */

static void format_left(uint32_t seconds, char *out, size_t size)
{
	int minutes = (int)((seconds + 59) / 60);

	if (seconds == 0)
		snprintf(out, size, "%s", _("How long it takes is not known yet."));
	else if (minutes <= 1)
		snprintf(out, size, "%s", _("Less than a minute left."));
	else
		words_count(out, size, PN_("About %d minute left.", "About %d minutes left."), minutes);
}

static void build_stage(struct ui *ui, const char *id, const char *text, bool now, bool done)
{
	ui_text(ui, id, now ? UI_STYLE_STRONG : UI_STYLE_BODY, text,
		(struct ui_opt){ .icon = done  ? "check"
					 : now ? "arrow-forward"
					       : "clock",
				 .tone = done  ? UI_SUCCESS
					 : now ? UI_PLAIN
					       : UI_QUIET });
}

static void build_working(const struct app *app, struct ui *ui)
{
	const lobby_Install *in = install_of(app);
	const lobby_InstallDisk *disk = find_disk(app, in->chosen);
	bool reading = in->stage == lobby_InstallStage_INSTALL_READING;
	char text[256];

	ui_heading(ui, _("Lobby is being installed."));
	snprintf(text, sizeof(text), "%d %%", (int)in->percent);
	ui_text(ui, "percent", UI_STYLE_DISPLAY, text, (struct ui_opt){ 0 });
	format_left(in->seconds_left, text, sizeof(text));
	ui_text(ui, "left", UI_STYLE_BODY, text, (struct ui_opt){ .tone = UI_QUIET });
	ui_card_open(ui, "stages", "", UI_COLUMN, (struct ui_opt){ 0 });
	build_stage(ui, "stage-writing", _("Writing to the disk"), !reading, reading);
	build_stage(ui, "stage-reading", _("Reading it back, to be sure"), reading, false);
	ui_close(ui);
	if (disk != NULL) {
		describe(disk, text, sizeof(text));
		ui_text(ui, "disk", UI_STYLE_SMALL, text, (struct ui_opt){ .tone = UI_QUIET });
	}
	ui_banner(ui, "leave", _("Leave the stick in and the power on."),
		  (struct ui_opt){ .tone = UI_TINT, .icon = "stick" });
}

static void build_done(const struct app *app, struct ui *ui)
{
	char text[160];

	ui_disc(ui, "done-disc", "check", UI_SUCCESS);
	ui_heading(ui, _("Lobby is installed."));
	snprintf(text, sizeof(text), _("Version %s was written to the disk, and read back without a fault."),
		 install_of(app)->version);
	ui_text(ui, "text", UI_STYLE_BODY, text, (struct ui_opt){ 0 });
	ui_text(ui, "how", UI_STYLE_STRONG,
		_("Press Restart, and take the stick out when the screen goes dark. The kiosk then starts from its own "
		  "disk."),
		(struct ui_opt){ .icon = "stick" });
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "restart", _("Restart"),
		  (struct ui_opt){ .tone = UI_STRONG, .icon = "start-over", .disabled = is_busy(app) });
	ui_button(ui, "power-off", _("Power off"), (struct ui_opt){ .icon = "power", .disabled = is_busy(app) });
}

static void build_install(struct app *app, struct ui *ui)
{
	switch (install_of(app)->stage) {
	case lobby_InstallStage_INSTALL_WRITING:
	case lobby_InstallStage_INSTALL_READING:
		build_working(app, ui);
		break;
	case lobby_InstallStage_INSTALL_DONE:
		build_done(app, ui);
		break;
	default:
		build_choose(app, ui);
	}
}

static void event_install(struct app *app, const struct ui_event *event)
{
	if (event->kind != UI_EVENT_PRESS || is_busy(app))
		return;
	if (strcmp(event->id, "look") == 0) {
		box_do_plain(app, lobby_SystemDo_SYSTEM_INSTALL_DISK);
	} else if (strcmp(event->id, "restart") == 0) {
		box_do_plain(app, lobby_SystemDo_SYSTEM_RESTART_NOW);
	} else if (strcmp(event->id, "power-off") == 0) {
		box_do_plain(app, lobby_SystemDo_SYSTEM_POWER_OFF);
	} else if (strncmp(event->id, PREFIX, strlen(PREFIX)) == 0) {
		text_copy(app->box.disk, sizeof(app->box.disk), event->id + strlen(PREFIX));
		app_fire(app, FLOW_ASK);
	}
}

const struct screen screen_install = { .timeless = true,
				       .no_back = true,
				       .staff = true,
				       .rests = true,
				       .idle_ms = SETUP_IDLE_MS,
				       .build = build_install,
				       .event = event_install };

/* ---- really? ---- */

static bool may_do(const struct app *app)
{
	const lobby_InstallDisk *disk = find_disk(app, app->box.disk);

	return !is_busy(app) && disk != NULL && disk->why_not[0] == '\0';
}

static void build_ask(struct app *app, struct ui *ui)
{
	const lobby_InstallDisk *disk = find_disk(app, app->box.disk);
	char text[256];

	if (!screen_is_crowded(app))
		ui_disc(ui, "ask-disc", "warning", UI_WARNING);
	ui_heading(ui, _("Erase this disk?"));
	if (disk != NULL) {
		ui_card_open(ui, "disk", "", UI_COLUMN, (struct ui_opt){ 0 });
		ui_text(ui, "disk-name", UI_STYLE_TITLE, disk_title(disk), (struct ui_opt){ 0 });
		describe(disk, text, sizeof(text));
		ui_text(ui, "disk-detail", UI_STYLE_BODY, text, (struct ui_opt){ .tone = UI_QUIET });
		ui_close(ui);
		ui_text(ui, "text", UI_STYLE_BODY,
			_("Everything on it is lost: programs, files, and what a kiosk on it still held. This cannot "
			  "be "
			  "taken back."),
			(struct ui_opt){ 0 });
	} else {
		ui_text(ui, "text", UI_STYLE_BODY, _("This disk is not there any more."),
			(struct ui_opt){ .tone = UI_DANGER, .icon = "warning" });
	}
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "yes", _("Erase it and install Lobby"),
		  (struct ui_opt){ .tone = UI_STRONG, .disabled = !may_do(app) });
	ui_button(ui, "back", _("No, go back"), (struct ui_opt){ .icon = "arrow-back", .disabled = app->box.asking });
}

static void event_ask(struct app *app, const struct ui_event *event)
{
	lobby_SystemCommand command = { .what = lobby_SystemDo_SYSTEM_INSTALL_DISK };

	if (event->kind != UI_EVENT_PRESS || app->box.asking)
		return;
	if (strcmp(event->id, "back") == 0) {
		app_fire(app, FLOW_BACK);
	} else if (strcmp(event->id, "yes") == 0 && may_do(app)) {
		text_copy(command.path, sizeof(command.path), app->box.disk);
		box_do(app, &command);
	}
}

static void answer_ask(struct app *app, lobby_SystemDo what, int err)
{
	if (what == lobby_SystemDo_SYSTEM_INSTALL_DISK && err == 0)
		app_fire(app, FLOW_CONTINUE);
}

const struct screen screen_install_ask = { .timeless = true,
					   .staff = true,
					   .idle_ms = SETUP_IDLE_MS,
					   .build = build_ask,
					   .event = event_ask,
					   .answer = answer_ask };

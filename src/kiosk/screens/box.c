/* What a technician can do to the machine: a menu, the update, and the questions before what cannot be taken back. What
 * lobby-system answers stands above the heading (shell.c). */
#include "screens.h"

#include "kiosk/app.h"
#include "kiosk/said.h"
#include "kiosk/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_FIELD "lost-visits"

/* ---- the menu ---- */

enum tile_need { NEED_NOTHING, NEED_BOX, NEED_STICK, NEED_NO_CLINIC };

static const struct tile {
	const char *id;
	const char *label;
	const char *icon;
	enum flow_event event;
	lobby_SystemDo what; /* FLOW_ASK: what is asked about; FLOW_EVENT_COUNT: done at once */
	enum tile_need need;
} tiles[] = {
	{ "devices", N_("Devices"), "scan", FLOW_DEVICES, 0, NEED_NOTHING },
	{ "about", N_("About"), "info", FLOW_ABOUT, 0, NEED_NOTHING },
	{ "network", N_("Network"), "network", FLOW_NETWORK, 0, NEED_NOTHING },
	{ "panel", N_("Panel"), "turn", FLOW_PANEL, 0, NEED_BOX },
	{ "clinic", N_("Clinic"), "home", FLOW_CLINIC, 0, NEED_NO_CLINIC },
	{ "update", N_("Update"), "download", FLOW_UPDATE, 0, NEED_NOTHING },
	{ "logs", N_("Logs to the stick"), "stick", FLOW_EVENT_COUNT, lobby_SystemDo_SYSTEM_LOGS_TO_STICK, NEED_STICK },
	{ "restart", N_("Restart"), "start-over", FLOW_ASK, lobby_SystemDo_SYSTEM_RESTART_NOW, NEED_BOX },
	{ "power-off", N_("Power off"), "power", FLOW_ASK, lobby_SystemDo_SYSTEM_POWER_OFF, NEED_BOX },
	{ "wipe", N_("Wipe"), "trash", FLOW_ASK, lobby_SystemDo_SYSTEM_WIPE, NEED_BOX },
};

#define TILES (sizeof(tiles) / sizeof(tiles[0]))

static bool is_there(const struct app *app, const struct tile *tile)
{
	return tile->need != NEED_NO_CLINIC || !app->sync_up || !app->sync.enrolled;
}

static bool can(const struct app *app, const struct tile *tile)
{
	const struct box *box = &app->box;

	if (tile->need == NEED_STICK)
		return box_has_stick(app) && !box->asking;
	return tile->need != NEED_BOX || (box->there && !box->asking);
}

static void build_tiles(const struct app *app, struct ui *ui)
{
	int columns = app->landscape ? (app->size >= UI_SIZE_LARGE ? 3 : 5) : (app->size >= UI_SIZE_LARGE ? 2 : 3),
	    count = 0;
	char id[16];

	for (size_t i = 0; i < TILES; i++) {
		if (!is_there(app, &tiles[i]))
			continue;
		if (count % columns == 0) {
			snprintf(id, sizeof(id), "row-%d", count / columns + 1);
			ui_open(ui, id, UI_ROW, (struct ui_opt){ 0 });
		}
		ui_button(ui, tiles[i].id, _(tiles[i].label),
			  (struct ui_opt){
				  .icon = tiles[i].icon, .below = true, .grow = 1, .disabled = !can(app, &tiles[i]) });
		if (++count % columns == 0)
			ui_close(ui);
	}
	if (count % columns != 0) {
		ui_spacer(ui, columns - count % columns);
		ui_close(ui);
	}
}

static void build_version(const struct app *app, struct ui *ui)
{
	char text[96];

	snprintf(text, sizeof(text), _("Software version %s"), app->box.state.version);
	ui_text(ui, "version", UI_STYLE_BODY, text, (struct ui_opt){ .tone = UI_QUIET });
}

/* What there is to know before one looks anywhere. */
static void build_state(const struct app *app, struct ui *ui)
{
	const struct box *box = &app->box;

	if (!box->there)
		ui_banner(ui, "no-box", _("lobby-system does not run. The machine cannot be changed now."),
			  (struct ui_opt){ .tone = UI_WARNING, .icon = "warning" });
	if (box->state.protection == lobby_Protection_PROTECTION_MEMORY)
		ui_banner(ui, "memory-only", _("Nothing can be stored: what this kiosk holds is lost at a restart."),
			  (struct ui_opt){ .tone = UI_WARNING, .icon = "warning" });
}

static void build_box(struct app *app, struct ui *ui)
{
	ui_heading(ui, app->sync.kiosk_name[0] != '\0' ? app->sync.kiosk_name : _("This kiosk"));
	if (!screen_is_crowded(app)) /* About says it, too */
		build_version(app, ui);
	build_state(app, ui);
	build_tiles(app, ui);
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "close", _("Close"), (struct ui_opt){ .tone = UI_STRONG, .icon = "close" });
}

static void press_tile(struct app *app, const struct tile *tile)
{
	if (!is_there(app, tile) || !can(app, tile))
		return;
	app->box.confirm = tile->what;
	if (tile->event == FLOW_EVENT_COUNT)
		box_do_plain(app, tile->what);
	else
		app_fire(app, tile->event);
}

static void event_box(struct app *app, const struct ui_event *event)
{
	if (event->kind != UI_EVENT_PRESS)
		return;
	if (strcmp(event->id, "close") == 0) {
		app_fire(app, FLOW_START_OVER);
		return;
	}
	for (size_t i = 0; i < TILES; i++)
		if (strcmp(event->id, tiles[i].id) == 0)
			press_tile(app, &tiles[i]);
}

const struct screen screen_box = {
	.timeless = true, .staff = true, .idle_ms = TECHNICIAN_IDLE_MS, .build = build_box, .event = event_box
};

/* ---- update ---- */

const char *update_stage_words(lobby_UpdateStage stage)
{
	static const char *const words[] = {
		N_("No update is under way."),
		N_("An update is here. It is installed when nobody is at the screen."),
		N_("The update is being installed."),
		N_("The update is installed. The kiosk restarts with it when nobody is at the screen."),
		N_("The kiosk runs the update, and watches whether all is well with it."),
		N_("The last update went well."),
		N_("The last update did not come up. The kiosk went back to the version before."),
		N_("The last update was refused."),
	};

	return (size_t)stage < sizeof(words) / sizeof(words[0]) ? _(words[stage]) : _(words[0]);
}

static bool is_bad(lobby_UpdateStage stage)
{
	return stage == lobby_UpdateStage_UPDATE_FELL_BACK || stage == lobby_UpdateStage_UPDATE_REFUSED;
}

static void build_versions(const struct app *app, struct ui *ui)
{
	const lobby_SystemState *state = &app->box.state;
	char text[160];

	ui_card_open(ui, "versions", "", UI_COLUMN, (struct ui_opt){ 0 });
	snprintf(text, sizeof(text), _("This kiosk runs version %s"), state->version);
	ui_text(ui, "running", UI_STYLE_STRONG, text, (struct ui_opt){ 0 });
	if (state->other_version[0] != '\0') {
		snprintf(text, sizeof(text), _("Kept to fall back on: version %s"), state->other_version);
		ui_text(ui, "other", UI_STYLE_BODY, text, (struct ui_opt){ .tone = UI_QUIET });
	}
	if (state->stick.update_version[0] != '\0') {
		snprintf(text, sizeof(text), _("On the stick: version %s"), state->stick.update_version);
		ui_text(ui, "on-stick", UI_STYLE_STRONG, text, (struct ui_opt){ .icon = "stick" });
	}
	ui_close(ui);
}

static void build_update(struct app *app, struct ui *ui)
{
	const lobby_SystemState *state = &app->box.state;
	const lobby_Update *update = &state->update;
	lobby_UpdateStage stage = update->stage;
	struct said said;
	char text[256];

	ui_heading(ui, _("Update"));
	build_versions(app, ui);
	ui_text(ui, "stage", UI_STYLE_BODY, update_stage_words(stage),
		(struct ui_opt){ .tone = is_bad(stage) ? UI_DANGER : UI_PLAIN,
				 .icon = is_bad(stage) ? "warning" : "info" });
	if (stage != lobby_UpdateStage_UPDATE_NONE && update->version[0] != '\0') {
		snprintf(text, sizeof(text),
			 stage == lobby_UpdateStage_UPDATE_INSTALLING ? _("Version %s, %d %%") : _("Version %s"),
			 update->version, (int)update->percent);
		ui_text(ui, "which", UI_STYLE_STRONG, text, (struct ui_opt){ 0 });
	}
	if (update->text[0] != '\0')
		ui_text(ui, "why", UI_STYLE_BODY, said_in(&said, update->text), (struct ui_opt){ .tone = UI_QUIET });
	ui_region(ui, UI_ACTIONS);
	if (stage == lobby_UpdateStage_UPDATE_INSTALLED)
		ui_button(ui, "restart-now", _("Restart now"),
			  (struct ui_opt){ .tone = UI_STRONG, .disabled = app->box.asking });
	else if (stage == lobby_UpdateStage_UPDATE_WAITING)
		ui_button(ui, "let-it", _("Leave the screen to it"), (struct ui_opt){ .tone = UI_STRONG });
	else
		ui_button(ui, "from-stick", _("Install from the stick"),
			  (struct ui_opt){ .tone = UI_STRONG,
					   .disabled = app->box.asking || state->stick.update_version[0] == '\0' ||
						       stage == lobby_UpdateStage_UPDATE_INSTALLING });
	ui_button(ui, "back", _("Back"), (struct ui_opt){ .icon = "arrow-back" });
}

static void event_update(struct app *app, const struct ui_event *event)
{
	if (event->kind != UI_EVENT_PRESS)
		return;
	if (strcmp(event->id, "from-stick") == 0)
		box_do_plain(app, lobby_SystemDo_SYSTEM_INSTALL_STICK);
	else if (strcmp(event->id, "restart-now") == 0)
		box_do_plain(app, lobby_SystemDo_SYSTEM_RESTART_NOW);
	else if (strcmp(event->id, "let-it") == 0)
		app_fire(app, FLOW_START_OVER);
	else if (strcmp(event->id, "back") == 0)
		app_fire(app, FLOW_BACK);
}

const struct screen screen_update = {
	.timeless = true, .staff = true, .idle_ms = TECHNICIAN_IDLE_MS, .build = build_update, .event = event_update
};

/* ---- really? ---- */

static struct question {
	const char *heading, *text, *yes, *icon;
} question_of(const struct app *app)
{
	if (app->box.confirm == lobby_SystemDo_SYSTEM_POWER_OFF)
		return (struct question){
			N_("Turn this kiosk off?"),
			N_("Nobody can check in here until somebody turns it on again at the machine."),
			N_("Turn it off"), "power"
		};
	if (app->box.confirm == lobby_SystemDo_SYSTEM_WIPE)
		return (struct question){
			N_("Wipe this kiosk?"),
			N_("It forgets its clinic, its network and all that it holds, and asks the first "
			   "start’s questions again. This cannot be taken back."),
			N_("Wipe it"), "trash"
		};
	return (struct question){ N_("Restart this kiosk?"), N_("It takes about a minute."), N_("Restart"),
				  "start-over" };
}

static int visits_lost(const struct app *app)
{
	return app->box.confirm == lobby_SystemDo_SYSTEM_WIPE
		       ? (int)(app->sync.visits_held + app->sync.visits_set_aside)
		       : 0;
}

/* Visits that no clinic has yet are patients who would wait in vain: their number has to be typed. */
static bool may_do(struct app *app)
{
	int lost = visits_lost(app);

	return app->box.there && !app->box.asking &&
	       (!app->box.sure || lost == 0 || strtol(ui_field_text(app->ui, COUNT_FIELD), NULL, 10) == lost);
}

static void build_sure(struct app *app, struct ui *ui)
{
	int lost = visits_lost(app);

	ui_heading(ui, _("Are you sure?"));
	if (!app->sync_up)
		ui_banner(ui, "unknown", _("lobby-sync does not run: visits may be lost that nobody knows of."),
			  (struct ui_opt){ .tone = UI_WARNING, .icon = "warning" });
	if (lost > 0) {
		ui_text(ui, "text", UI_STYLE_BODY, _("To go on, type how many visits are lost."), (struct ui_opt){ 0 });
		ui_field(ui, COUNT_FIELD, _("Visits lost"), UI_FIELD_DIGITS, 6, NULL, NULL, (struct ui_opt){ 0 });
		ui_region(ui, UI_PAD);
		ui_number_pad(ui, NULL, _("Erase"));
	} else {
		ui_text(ui, "text", UI_STYLE_BODY, _("Everything on this kiosk is deleted now."), (struct ui_opt){ 0 });
	}
}

static void build_ask(struct app *app, struct ui *ui)
{
	const struct question question = question_of(app);
	int lost = visits_lost(app);
	char text[200];

	if (app->box.sure) {
		build_sure(app, ui);
	} else {
		if (!screen_is_crowded(app)) /* what is lost is said on the page with the button */
			ui_disc(ui, "ask-disc", question.icon, UI_WARNING);
		ui_heading(ui, _(question.heading));
		ui_text(ui, "text", UI_STYLE_BODY, _(question.text), (struct ui_opt){ 0 });
		if (lost > 0) {
			words_count(text, sizeof(text),
				    PN_("%d visit has not reached the clinic yet. It is lost.",
					"%d visits have not reached the clinic yet. They are lost."),
				    lost);
			ui_banner(ui, "lost", text, (struct ui_opt){ .tone = UI_WARNING, .icon = "warning" });
		}
	}
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "yes", app->box.sure ? _("Yes, wipe it now") : _(question.yes),
		  (struct ui_opt){ .tone = UI_STRONG, .disabled = !may_do(app) });
	ui_button(ui, "back", _("No, go back"), (struct ui_opt){ .icon = "arrow-back" });
}

static void event_ask(struct app *app, const struct ui_event *event)
{
	if (event->kind != UI_EVENT_PRESS)
		return;
	if (strcmp(event->id, "back") == 0) {
		app_fire(app, FLOW_BACK);
	} else if (strcmp(event->id, "yes") == 0 && may_do(app)) {
		if (app->box.confirm == lobby_SystemDo_SYSTEM_WIPE && !app->box.sure)
			app->box.sure = true;
		else
			box_do_plain(app, app->box.confirm);
	}
}

static void enter_ask(struct app *app)
{
	app->box.sure = false;
	ui_field_clear(app->ui, COUNT_FIELD);
}

const struct screen screen_box_ask = { .timeless = true,
				       .staff = true,
				       .idle_ms = TECHNICIAN_IDLE_MS,
				       .enter = enter_ask,
				       .build = build_ask,
				       .event = event_ask };

/* About this kiosk: what a technician, or whoever they telephone with, wants to know of the machine. Facts only, each
 * with its name; what is wrong is said in words, and first. */
#include "screens.h"

#include "base/clock.h"
#include "kiosk/app.h"
#include "kiosk/said.h"
#include "kiosk/words.h"

#include <stdio.h>
#include <string.h>

#define DISK_LOW_PERCENT 10
#define HOT_C 75
#define CLOCK_OFF_MS 5000

/* A fact: its name small, itself large enough to be read over the telephone. */
struct fact {
	const char *id;
	const char *label;
	const char *value; /* NULL: not known, and left out */
	bool wrong;
	bool wide; /* a sentence: a row of its own */
};

static void build_fact(struct ui *ui, const struct fact *fact)
{
	char id[40];

	ui_open(ui, fact->id, UI_COLUMN, (struct ui_opt){ .grow = 1 });
	snprintf(id, sizeof(id), "%s-label", fact->id);
	ui_text(ui, id, UI_STYLE_SMALL, fact->label, (struct ui_opt){ .tone = UI_QUIET });
	snprintf(id, sizeof(id), "%s-value", fact->id);
	ui_text(ui, id, UI_STYLE_STRONG, fact->value,
		(struct ui_opt){ .tone = fact->wrong ? UI_DANGER : UI_PLAIN, .icon = fact->wrong ? "warning" : NULL });
	ui_close(ui);
}

/* A card with two facts a row; in large letters they follow one another, so that a page can end after any of them. */
static void build_facts(const struct app *app, struct ui *ui, const char *group, const struct fact *facts, int count)
{
	bool dense = app->size < UI_SIZE_LARGE, half = false; /* half: a row is open, and has one */
	char id[24];

	if (dense)
		ui_card_open(ui, group, "", UI_COLUMN, (struct ui_opt){ 0 });
	for (int i = 0; i < count; i++) {
		if (facts[i].value == NULL)
			continue;
		if (half && facts[i].wide) {
			ui_spacer(ui, 1);
			ui_close(ui);
			half = false;
		}
		if (dense && !half && !facts[i].wide) {
			snprintf(id, sizeof(id), "%s-%d", group, i + 1);
			ui_open(ui, id, UI_ROW, (struct ui_opt){ 0 });
		}
		build_fact(ui, &facts[i]);
		if (half)
			ui_close(ui);
		half = dense && !half && !facts[i].wide;
	}
	if (half) {
		ui_spacer(ui, 1);
		ui_close(ui);
	}
	if (dense)
		ui_close(ui);
}

#define FACTS(facts) facts, (int)(sizeof(facts) / sizeof((facts)[0]))

/* ---- software ---- */

static void build_software(const struct app *app, struct ui *ui)
{
	const lobby_SystemState *state = &app->box.state;
	const char *args[] = { state->version, state->slot };
	char version[96];
	struct said why;

	words_fill(version, sizeof(version),
		   state->slot[0] != '\0' ? _("%1$s, slot %2$s") : _("%1$s, on a machine that is no appliance"), args,
		   2);
	build_facts(app, ui, "software",
		    FACTS(((struct fact[]){
			    { "version", _("Software"), version, false, false },
			    { "other", _("In the other slot"),
			      state->other_version[0] != '\0' ? state->other_version : _("Nothing that starts"), false,
			      false },
			    { "keys", _("Keys"),
			      state->development ? _("Development: not for patients") : _("The clinic’s own"),
			      state->development, false },
			    { "secure-boot", _("Secure Boot"), state->secure_boot ? _("On") : _("Off"), false, false },
			    { "update-state", _("Update"), update_stage_words(state->update.stage),
			      state->update.stage >= lobby_UpdateStage_UPDATE_FELL_BACK, true },
			    { "update-text", _("Why"),
			      state->update.text[0] != '\0' ? said_in(&why, state->update.text) : NULL, false, true },
		    })));
}

/* ---- storage ---- */

static const char *protection_words(lobby_Protection protection)
{
	switch (protection) {
	case lobby_Protection_PROTECTION_TPM:
		return _("Encrypted; only this machine’s TPM opens it");
	case lobby_Protection_PROTECTION_NO_TPM:
		return _("No TPM: encrypted, but the key lies on the same disk");
	case lobby_Protection_PROTECTION_MEMORY:
		return _("In memory only: all of it is lost at a restart");
	default:
		return _("Being opened");
	}
}

static void build_storage(const struct app *app, struct ui *ui)
{
	const lobby_SystemState *state = &app->box.state;
	bool low = state->state_total_kb > 0 && state->state_free_kb * 100 / state->state_total_kb < DISK_LOW_PERCENT;
	char disk[64], held[96];
	struct said what;

	snprintf(disk, sizeof(disk), _("%1$d of %2$d MB free"), (int)(state->state_free_kb / 1024),
		 (int)(state->state_total_kb / 1024));
	snprintf(held, sizeof(held),
		 ngettext("%d visit waits to be sent", "%d visits wait to be sent", app->sync.visits_held),
		 (int)app->sync.visits_held);
	build_facts(app, ui, "storage",
		    FACTS(((struct fact[]){
			    { "protection", _("What it stores"), protection_words(state->protection),
			      state->protection >= lobby_Protection_PROTECTION_NO_TPM, true },
			    { "disk", _("Disk"), state->state_total_kb > 0 ? disk : NULL, low, false },
			    { "held", _("Visits"), app->sync_up ? held : _("lobby-sync does not run"), !app->sync_up,
			      false },
			    { "protection-text", _("What happened to it"),
			      state->protection_text[0] != '\0' ? said_in(&what, state->protection_text) : NULL, false,
			      true },
		    })));
}

/* ---- machine ---- */

static void build_machine(const struct app *app, struct ui *ui)
{
	const lobby_SystemState *state = &app->box.state;
	const char *display = app->link.told.display;
	bool has_display = display[0] != '\0' && strcmp(display, "none") != 0;
	char memory[32], temperature[32];

	snprintf(memory, sizeof(memory), _("%d MB"), (int)(state->memory_used_kb / 1024));
	snprintf(temperature, sizeof(temperature), _("%d °C"), (int)state->temperature_c);
	build_facts(app, ui, "machine",
		    FACTS(((struct fact[]){
			    { "maker", _("Machine"), state->machine[0] != '\0' ? state->machine : NULL, false, false },
			    { "display", _("Display"), has_display ? display : _("None"), !has_display, false },
			    { "memory", _("Memory in use"), memory, false, false },
			    { "temperature", _("Temperature"), state->has_temperature ? temperature : NULL,
			      state->temperature_c >= HOT_C, false },
		    })));
}

/* ---- clock ---- */

static void format_when(int64_t ms, char *out, size_t size)
{
	char day[64], time[24];

	words_day(day, sizeof(day), ms);
	words_time(time, sizeof(time), ms);
	snprintf(out, size, "%s, %s", day, time);
}

static void build_clock(const struct app *app, struct ui *ui)
{
	const lobby_SystemState *state = &app->box.state;
	bool off = state->clock_error_ms > CLOCK_OFF_MS || state->clock_error_ms < -CLOCK_OFF_MS;
	char now[96], booted[96], error[96];

	format_when(clock_wall_ms(), now, sizeof(now));
	format_when(state->booted_ms, booted, sizeof(booted));
	snprintf(error, sizeof(error), _("%d ms off when last compared"), (int)state->clock_error_ms);
	build_facts(app, ui, "clock",
		    FACTS(((struct fact[]){
			    { "time", _("Clock"), now, false, false },
			    { "clock-error", _("Its error"),
			      state->clock_right ? error : _("Not compared with any other since the start"),
			      !state->clock_right || off, true },
			    { "booted", _("Running since"), state->booted_ms > 0 ? booted : NULL, false, false },
		    })));
}

/* ---- network ---- */

static const char *reach_words(const struct app *app)
{
	if (!app->sync_up)
		return _("lobby-sync does not run");
	if (!app->sync.enrolled)
		return _("Belongs to none yet");
	return app->sync.reachable ? _("Reachable") : _("Cannot be reached");
}

static void build_network(const struct app *app, struct ui *ui)
{
	static const char *const ids[] = { "link-1", "link-2", "link-3", "link-4" };
	const lobby_SystemState *state = &app->box.state;
	struct fact facts[2 + sizeof(ids) / sizeof(ids[0])] = {
		{ "clinic-reach", _("Clinic"), reach_words(app),
		  !app->sync_up || !app->sync.enrolled || !app->sync.reachable, false }
	};
	int count = 1;

	for (pb_size_t i = 0; i < state->link_count; i++) {
		const lobby_Link *link = &state->link[i];

		facts[count++] = (struct fact){ ids[i], link->name,
						link->address[0] != '\0' ? link->address
						: link->up		 ? _("No address yet")
									 : _("Not connected"),
						false, false };
	}
	if (state->link_count == 0)
		facts[count++] = (struct fact){ "link-none", _("Network"), _("None that we know of"), true, false };
	build_facts(app, ui, "links", facts, count);
}

/* ---- the screen ---- */

static void build(struct app *app, struct ui *ui)
{
	ui_heading(ui, _("About this kiosk"));
	if (!app->box.there)
		ui_banner(ui, "no-box", _("lobby-system does not run. This is what it said last."),
			  (struct ui_opt){ .tone = UI_WARNING, .icon = "warning" });
	build_software(app, ui);
	build_storage(app, ui);
	build_machine(app, ui);
	build_clock(app, ui);
	build_network(app, ui);
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "back", _("Back"), (struct ui_opt){ .tone = UI_STRONG, .icon = "arrow-back" });
}

static void event(struct app *app, const struct ui_event *event)
{
	if (event->kind == UI_EVENT_PRESS && strcmp(event->id, "back") == 0)
		app_fire(app, FLOW_BACK);
}

const struct screen screen_about = {
	.timeless = true, .staff = true, .idle_ms = TECHNICIAN_IDLE_MS, .build = build, .event = event
};

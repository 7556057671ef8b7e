/* About this kiosk: what a technician, or whoever they telephone with, wants to know of the machine. Facts only, each
 * with its name; what is wrong is said in words, and first. */
#include "screens.h"

#include "base/clock.h"
#include "kiosk/app.h"
#include "kiosk/words.h"

#include <stdio.h>
#include <string.h>

#define DISK_LOW_PERCENT 10
#define HOT_C 75
#define CLOCK_OFF_MS 5000

/* A fact: its name small, itself large enough to be read over the telephone. */
static void fact(struct ui *ui, const char *name, const char *label, const char *value, bool wrong)
{
	char id[40];

	ui_open(ui, name, UI_COLUMN, (struct ui_opt){ .grow = 1 });
	snprintf(id, sizeof(id), "%s-label", name);
	ui_text(ui, id, UI_STYLE_SMALL, label, (struct ui_opt){ .tone = UI_QUIET });
	snprintf(id, sizeof(id), "%s-value", name);
	ui_text(ui, id, UI_STYLE_STRONG, value,
		(struct ui_opt){ .tone = wrong ? UI_DANGER : UI_PLAIN, .icon = wrong ? "warning" : NULL });
	ui_close(ui);
}

static void group_open(struct ui *ui, const char *id)
{
	ui_card_open(ui, id, "", UI_COLUMN, (struct ui_opt){ 0 });
}

/* ---- software ---- */

static void build_software(const struct app *app, struct ui *ui)
{
	const lobby_SystemState *state = &app->box.state;
	char text[128];

	group_open(ui, "software");
	if (state->slot[0] != '\0')
		snprintf(text, sizeof(text), _("%1$s, slot %2$s"), state->version, state->slot);
	else
		snprintf(text, sizeof(text), _("%s, on a machine that is no appliance"), state->version);
	fact(ui, "version", _("Software"), text, false);
	fact(ui, "other", _("In the other slot"),
	     state->other_version[0] != '\0' ? state->other_version : _("Nothing that starts"), false);
	fact(ui, "keys", _("Keys"),
	     state->development ? _("Development: this is not for patients") : _("The clinic’s own"),
	     state->development);
	fact(ui, "secure-boot", _("Secure Boot"), state->secure_boot ? _("On") : _("Off"), false);
	ui_close(ui);
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
	int free_mb = (int)(state->state_free_kb / 1024), total_mb = (int)(state->state_total_kb / 1024);
	bool low = state->state_total_kb > 0 && state->state_free_kb * 100 / state->state_total_kb < DISK_LOW_PERCENT;
	char text[128];

	group_open(ui, "storage");
	fact(ui, "protection", _("What it stores"), protection_words(state->protection),
	     state->protection >= lobby_Protection_PROTECTION_NO_TPM);
	if (state->protection_text[0] != '\0')
		ui_text(ui, "protection-text", UI_STYLE_BODY, state->protection_text, (struct ui_opt){ 0 });
	if (total_mb > 0) {
		snprintf(text, sizeof(text), _("%1$d of %2$d MB free"), free_mb, total_mb);
		fact(ui, "disk", _("Disk"), text, low);
	}
	snprintf(text, sizeof(text),
		 ngettext("%d visit waits to be sent", "%d visits wait to be sent", app->sync.visits_held),
		 (int)app->sync.visits_held);
	fact(ui, "held", _("Visits"), app->sync_up ? text : _("lobby-sync does not run"), !app->sync_up);
	ui_close(ui);
}

/* ---- machine ---- */

static void build_machine(const struct app *app, struct ui *ui)
{
	const lobby_SystemState *state = &app->box.state;
	char text[128];

	group_open(ui, "machine");
	if (state->machine[0] != '\0')
		fact(ui, "maker", _("Machine"), state->machine, false);
	fact(ui, "display", _("Display"), app->link.told.display[0] != '\0' ? app->link.told.display : _("None"),
	     false);
	snprintf(text, sizeof(text), _("%d MB"), (int)(state->memory_used_kb / 1024));
	fact(ui, "memory", _("Memory in use"), text, false);
	if (state->has_temperature) {
		snprintf(text, sizeof(text), _("%d °C"), (int)state->temperature_c);
		fact(ui, "temperature", _("Temperature"), text, state->temperature_c >= HOT_C);
	}
	ui_close(ui);
}

/* ---- clock ---- */

static void build_clock(const struct app *app, struct ui *ui)
{
	const lobby_SystemState *state = &app->box.state;
	bool off = state->clock_error_ms > CLOCK_OFF_MS || state->clock_error_ms < -CLOCK_OFF_MS;
	char when[128], day[64], time[24];

	words_day(day, sizeof(day), clock_wall_ms());
	words_time(time, sizeof(time), clock_wall_ms());
	snprintf(when, sizeof(when), "%s, %s", day, time);
	group_open(ui, "clock");
	fact(ui, "time", _("Clock"), when, false);
	if (!state->clock_right)
		snprintf(when, sizeof(when), "%s", _("Not compared with any other since the start"));
	else
		snprintf(when, sizeof(when), _("%d ms off when last compared"), (int)state->clock_error_ms);
	fact(ui, "clock-error", _("Its error"), when, !state->clock_right || off);
	if (state->booted_ms > 0) {
		words_day(day, sizeof(day), state->booted_ms);
		words_time(time, sizeof(time), state->booted_ms);
		snprintf(when, sizeof(when), "%s, %s", day, time);
		fact(ui, "booted", _("Running since"), when, false);
	}
	ui_close(ui);
}

/* ---- network ---- */

static void build_network(const struct app *app, struct ui *ui)
{
	const lobby_SystemState *state = &app->box.state;
	char id[16];

	group_open(ui, "links");
	if (state->link_count == 0)
		fact(ui, "link-none", _("Network"), _("None that we know of"), true);
	for (pb_size_t i = 0; i < state->link_count; i++) {
		const lobby_Link *link = &state->link[i];

		snprintf(id, sizeof(id), "link-%d", (int)i + 1);
		fact(ui, id, link->name,
		     link->address[0] != '\0' ? link->address
		     : link->up		      ? _("No address yet")
					      : _("Not connected"),
		     false);
	}
	fact(ui, "clinic-reach", _("Clinic"),
	     !app->sync_up	   ? _("lobby-sync does not run")
	     : !app->sync.enrolled ? _("Belongs to none yet")
	     : app->sync.reachable ? _("Reachable")
				   : _("Cannot be reached"),
	     !app->sync_up || !app->sync.enrolled || !app->sync.reachable);
	ui_close(ui);
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
	group_open(ui, "update-group");
	fact(ui, "update-state", _("Update"), update_stage_words(app->box.state.update.stage),
	     app->box.state.update.stage >= lobby_UpdateStage_UPDATE_FELL_BACK);
	if (app->box.state.update.text[0] != '\0')
		ui_text(ui, "update-text", UI_STYLE_BODY, app->box.state.update.text, (struct ui_opt){ 0 });
	ui_close(ui);
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

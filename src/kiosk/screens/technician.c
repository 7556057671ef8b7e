/* What a technician wants to know in one look: every device with what it is and how it is, and the kiosk itself.
 * Details of a device are plain English, as lobby-devices says them. */
#include "screens.h"

#include "kiosk/app.h"
#include "kiosk/said.h"
#include "kiosk/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *technician_kind_words(lobby_DeviceKind kind)
{
	switch (kind) {
	case lobby_DeviceKind_DEVICE_SCANNER:
		return _("Scanner");
	case lobby_DeviceKind_DEVICE_PRINTER:
		return _("Receipt printer");
	case lobby_DeviceKind_DEVICE_CARD_READER:
		return _("Card reader");
	case lobby_DeviceKind_DEVICE_STRIPE_READER:
		return _("Stripe reader");
	case lobby_DeviceKind_DEVICE_LABEL_PRINTER:
		return _("Label printer");
	default:
		return _("Unknown device");
	}
}

static const char *icon_of(lobby_DeviceKind kind)
{
	switch (kind) {
	case lobby_DeviceKind_DEVICE_SCANNER:
		return "scan";
	case lobby_DeviceKind_DEVICE_PRINTER:
		return "printer";
	case lobby_DeviceKind_DEVICE_CARD_READER:
		return "chip";
	case lobby_DeviceKind_DEVICE_STRIPE_READER:
		return "card";
	case lobby_DeviceKind_DEVICE_LABEL_PRINTER:
		return "label";
	default:
		return "help";
	}
}

struct state_words {
	const char *text;
	const char *icon;
	enum ui_tone tone;
};

static struct state_words words_of(lobby_DeviceState state)
{
	static const struct state_words words[] = {
		{ N_("Not plugged in"), "warning", UI_DANGER },
		{ N_("Starting"), "clock", UI_QUIET },
		{ N_("Ready"), "check", UI_SUCCESS },
		{ N_("Ready, but the paper is nearly used up"), "info", UI_WARNING },
		{ N_("Out of paper"), "warning", UI_DANGER },
		{ N_("The cover is open"), "warning", UI_DANGER },
		{ N_("Does not answer"), "warning", UI_DANGER },
		{ N_("Does not work"), "warning", UI_DANGER },
		{ N_("Not supported"), "info", UI_WARNING },
	};

	return (size_t)state < sizeof(words) / sizeof(words[0]) ? words[state] : words[0];
}

/* "Scanner · 1209:0001 · serial number S-0001 · firmware 1.00" */
static void describe(const lobby_Device *d, char *out, size_t size)
{
	size_t at = (size_t)snprintf(out, size, "%s · %04" PRIx32 ":%04" PRIx32, technician_kind_words(d->kind),
				     d->vendor_id, d->product_id);

	if (d->serial[0] != '\0' && at < size)
		at += (size_t)snprintf(out + at, size - at, _(" · serial number %s"), d->serial);
	if (d->firmware[0] != '\0' && at < size)
		snprintf(out + at, size - at, _(" · firmware %s"), d->firmware);
}

static void format_when(int64_t ms, char *out, size_t size)
{
	char day[64], time[24];

	words_day(day, sizeof(day), ms);
	words_time(time, sizeof(time), ms);
	snprintf(out, size, "%s, %s", day, time);
}

/* A detail that only says the state again is left out: "Out of paper." */
static bool says_more(const char *detail, const char *state)
{
	size_t len = strlen(state);

	return detail[0] != '\0' && !(strncmp(detail, state, len) == 0 && strcmp(detail + len, ".") == 0);
}

static void build_device(struct ui *ui, const lobby_Device *d, int number)
{
	struct state_words words = words_of(d->state);
	char name[24], id[40], text[320], when[96];

	snprintf(name, sizeof(name), "device-%d", number);
	ui_card_open(ui, name, "", UI_ROW, (struct ui_opt){ 0 });
	snprintf(id, sizeof(id), "%s-icon", name);
	ui_icon(ui, id, icon_of(d->kind), (struct ui_opt){ 0 });
	snprintf(id, sizeof(id), "%s-words", name);
	ui_open(ui, id, UI_COLUMN, (struct ui_opt){ .grow = 1 });
	snprintf(id, sizeof(id), "%s-name", name);
	ui_text(ui, id, UI_STYLE_TITLE, d->name[0] != '\0' ? d->name : technician_kind_words(d->kind),
		(struct ui_opt){ 0 });
	snprintf(id, sizeof(id), "%s-state", name);
	ui_text(ui, id, UI_STYLE_STRONG, _(words.text), (struct ui_opt){ .tone = words.tone, .icon = words.icon });
	snprintf(id, sizeof(id), "%s-detail", name);
	if (says_more(d->detail, words.text))
		ui_text(ui, id, UI_STYLE_BODY, d->detail, (struct ui_opt){ 0 });
	describe(d, text, sizeof(text));
	snprintf(id, sizeof(id), "%s-identity", name);
	ui_text(ui, id, UI_STYLE_SMALL, text, (struct ui_opt){ .tone = UI_QUIET });
	if (d->last_error_ms > 0 && strcmp(d->last_error, d->detail) != 0) {
		format_when(d->last_error_ms, when, sizeof(when));
		words_fill(text, sizeof(text), _("Last error, %1$s: %2$s"),
			   (const char *const[]){ when, d->last_error }, 2);
		snprintf(id, sizeof(id), "%s-error", name);
		ui_text(ui, id, UI_STYLE_SMALL, text, (struct ui_opt){ .tone = UI_QUIET });
	}
	ui_close(ui);
	ui_close(ui);
}

static void build_clinic(const struct app *app, struct ui *ui)
{
	const lobby_SyncState *sync = &app->sync;
	char text[160], when[96];
	struct said said;

	if (!app->sync_up) {
		ui_text(ui, "kiosk-clinic", UI_STYLE_STRONG, _("lobby-sync does not run"),
			(struct ui_opt){ .tone = UI_DANGER, .icon = "warning" });
		return;
	}
	if (!sync->enrolled) {
		ui_text(ui, "kiosk-clinic", UI_STYLE_STRONG, _("Belongs to no clinic yet: lobbyctl enrol"),
			(struct ui_opt){ .tone = UI_DANGER, .icon = "warning" });
		return;
	}
	ui_text(ui, "kiosk-clinic", UI_STYLE_STRONG,
		sync->reachable ? _("The clinic is reachable") : _("The clinic cannot be reached"),
		(struct ui_opt){ .tone = sync->reachable ? UI_SUCCESS : UI_DANGER,
				 .icon = sync->reachable ? "check" : "wifi-off" });
	if (sync->err != 0 && sync->err != LOBBY_ERR_UNREACHABLE)
		ui_text(ui, "kiosk-error", UI_STYLE_BODY, said_in(&said, err_staff_text(sync->err)),
			(struct ui_opt){ 0 });
	if (!sync->reachable && sync->last_contact_ms > 0) {
		format_when(sync->last_contact_ms, when, sizeof(when));
		snprintf(text, sizeof(text), _("Last heard of it: %s"), when);
		ui_text(ui, "kiosk-heard", UI_STYLE_SMALL, text, (struct ui_opt){ .tone = UI_QUIET });
	}
	snprintf(text, sizeof(text),
		 ngettext("%d visit waits to be sent", "%d visits wait to be sent", sync->visits_held),
		 (int)sync->visits_held);
	ui_text(ui, "kiosk-visits", UI_STYLE_BODY, text, (struct ui_opt){ 0 });
}

static void build_kiosk(const struct app *app, struct ui *ui)
{
	const lobby_SyncState *sync = &app->sync;
	char text[160], when[96];

	ui_card_open(ui, "kiosk", "", UI_ROW, (struct ui_opt){ 0 });
	ui_icon(ui, "kiosk-icon", "home", (struct ui_opt){ 0 });
	ui_open(ui, "kiosk-words", UI_COLUMN, (struct ui_opt){ .grow = 1 });
	ui_text(ui, "kiosk-name", UI_STYLE_TITLE, sync->kiosk_name[0] != '\0' ? sync->kiosk_name : _("This kiosk"),
		(struct ui_opt){ 0 });
	build_clinic(app, ui);
	if (sync->tested_ms > 0) {
		format_when(sync->tested_ms, when, sizeof(when));
		snprintf(text, sizeof(text),
			 sync->test_passed ? _("Last self-test: passed, %s") : _("Last self-test: failed, %s"), when);
	} else {
		snprintf(text, sizeof(text), "%s", _("Last self-test: never"));
	}
	ui_text(ui, "kiosk-tested", UI_STYLE_BODY, text, (struct ui_opt){ 0 });
	snprintf(text, sizeof(text), _("Software version %s"), LOBBY_VERSION);
	ui_text(ui, "kiosk-version", UI_STYLE_SMALL, text, (struct ui_opt){ .tone = UI_QUIET });
	ui_close(ui);
	ui_close(ui);
}

/* What nobody knows is told, and does no harm. */
static bool is_wrong(const lobby_Device *d)
{
	return d->kind != lobby_DeviceKind_DEVICE_UNKNOWN && words_of(d->state).tone != UI_SUCCESS &&
	       d->state != lobby_DeviceState_DEVICE_STARTING && d->state != lobby_DeviceState_DEVICE_PAPER_LOW;
}

/* Many devices take more than a page: how it stands is said before, and what is wrong comes first. */
static void build_summary(const struct app *app, struct ui *ui)
{
	int wrong = !app->sync_up || !app->sync.enrolled || !app->sync.reachable;
	char text[96];

	for (pb_size_t i = 0; i < app->devices.device_count; i++)
		wrong += is_wrong(&app->devices.device[i]);
	wrong += !app->devices_up;
	if (wrong == 0)
		snprintf(text, sizeof(text), "%s", _("All is well."));
	else
		snprintf(text, sizeof(text),
			 ngettext("%d thing to look at.", "%d things to look at.", (unsigned long)wrong), wrong);
	ui_text(ui, "summary", UI_STYLE_BODY, text, (struct ui_opt){ .tone = UI_QUIET });
}

static void build(struct app *app, struct ui *ui)
{
	int number = 0;

	ui_heading(ui, _("Devices"));
	build_summary(app, ui);
	if (!app->devices_up)
		ui_banner(ui, "no-devices", _("lobby-devices does not run"),
			  (struct ui_opt){ .tone = UI_WARNING, .icon = "warning" });
	else if (app->devices.device_count == 0)
		ui_banner(ui, "no-devices", _("No device is plugged in"),
			  (struct ui_opt){ .tone = UI_WARNING, .icon = "warning" });
	for (int wrong = 1; wrong >= 0 && app->devices_up; wrong--)
		for (pb_size_t i = 0; i < app->devices.device_count; i++)
			if (is_wrong(&app->devices.device[i]) == wrong)
				build_device(ui, &app->devices.device[i], ++number);
	build_kiosk(app, ui);
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "test", _("Test the devices"),
		  (struct ui_opt){ .tone = UI_STRONG, .icon = "arrow-forward", .icon_end = true });
	if (app->box.there)
		ui_button(ui, "back", _("Back"), (struct ui_opt){ .icon = "arrow-back" });
	else
		ui_button(ui, "close", _("Close"), (struct ui_opt){ .icon = "close" });
}

static void event(struct app *app, const struct ui_event *event)
{
	if (event->kind != UI_EVENT_PRESS)
		return;
	if (strcmp(event->id, "test") == 0)
		app_fire(app, FLOW_TEST);
	else if (strcmp(event->id, "back") == 0)
		app_fire(app, FLOW_BACK);
	else if (strcmp(event->id, "close") == 0)
		app_fire(app, FLOW_START_OVER);
}

const struct screen screen_technician = {
	.timeless = true, .staff = true, .idle_ms = TECHNICIAN_IDLE_MS, .build = build, .event = event
};

/* The self-test: one button for all of it and one for each kind, then every line as it becomes. What a line found is
 * plain English, as lobby-devices says it; what the technician shall do now is in the screen's language. */
#include "screens.h"

#include "kiosk/app.h"
#include "kiosk/words.h"

#include <stdio.h>
#include <string.h>

static const struct one_test {
	const char *id;
	const char *label;
	const char *icon;
	lobby_TestKind kind;
	lobby_DeviceKind device;
} tests[] = {
	{ "test-print", N_("Test print"), "printer", lobby_TestKind_TEST_PRINT, lobby_DeviceKind_DEVICE_PRINTER },
	{ "test-label", N_("Test label"), "label", lobby_TestKind_TEST_LABEL, lobby_DeviceKind_DEVICE_LABEL_PRINTER },
	{ "test-scan", N_("Test scan"), "scan", lobby_TestKind_TEST_SCAN, lobby_DeviceKind_DEVICE_SCANNER },
	{ "test-swipe", N_("Test swipe"), "card", lobby_TestKind_TEST_STRIPE, lobby_DeviceKind_DEVICE_STRIPE_READER },
	{ "test-card", N_("Test card"), "chip", lobby_TestKind_TEST_CHIP, lobby_DeviceKind_DEVICE_CARD_READER },
};

#define TESTS (sizeof(tests) / sizeof(tests[0]))

static const char *kind_words(lobby_TestKind kind)
{
	static const char *const words[] = { N_("Device"), N_("Printing"), N_("Label"),
					     N_("Scan"),   N_("Swipe"),	   N_("Card") };

	return (size_t)kind < sizeof(words) / sizeof(words[0]) ? _(words[kind]) : "";
}

struct state_words {
	const char *text;
	const char *icon;
	enum ui_tone tone;
};

static struct state_words words_of(lobby_TestState state)
{
	static const struct state_words words[] = {
		/* TRANSLATORS: after what is tested, "Scan: not yet" */
		{ N_("not yet"), "clock", UI_QUIET },	{ N_("under way"), "clock", UI_PLAIN },
		{ N_("passed"), "check", UI_SUCCESS },	{ N_("failed"), "warning", UI_DANGER },
		{ N_("not tested"), "info", UI_QUIET },
	};

	return (size_t)state < sizeof(words) / sizeof(words[0]) ? words[state] : words[0];
}

/* ---- what came of it ---- */

/* What to do now, in the words that lobby-devices has for it, too. */
static const char *prompt_of(lobby_TestKind kind)
{
	return kind == lobby_TestKind_TEST_SCAN	    ? N_("Hold a code under the scanner now.")
	       : kind == lobby_TestKind_TEST_STRIPE ? N_("Swipe a card now.")
						    : N_("Put a card into the reader now.");
}

static void build_line(struct ui *ui, const lobby_TestLine *line, int number)
{
	struct state_words words = words_of(line->state);
	const char *said = line->text;
	char id[32], text[320];

	snprintf(id, sizeof(id), "line-%d", number);
	ui_open(ui, id, UI_COLUMN, (struct ui_opt){ 0 });
	snprintf(text, sizeof(text), "%s: %s", kind_words(line->kind), _(words.text));
	snprintf(id, sizeof(id), "line-%d-state", number);
	ui_text(ui, id, UI_STYLE_STRONG, text, (struct ui_opt){ .tone = words.tone, .icon = words.icon });
	if (strcmp(said, prompt_of(line->kind)) == 0) /* it stands above, large */
		said = "";
	snprintf(text, sizeof(text), "%s%s%s", line->device, line->device[0] != '\0' && said[0] != '\0' ? " · " : "",
		 said);
	snprintf(id, sizeof(id), "line-%d-text", number);
	if (text[0] != '\0' && line->state != lobby_TestState_TEST_WAITING)
		ui_text(ui, id, UI_STYLE_SMALL, text, (struct ui_opt){ .tone = UI_QUIET });
	ui_close(ui);
}

/* What to do now, large and in the language; what was read in vain says so below, in its line. */
static void build_prompt(const struct app *app, struct ui *ui)
{
	const lobby_TestLine *waits = technician_waits_for(app);
	const char *text = _("Testing…");

	if (waits != NULL)
		text = _(prompt_of(waits->kind));
	ui_banner(ui, "prompt", text, (struct ui_opt){ .tone = UI_TINT, .icon = waits != NULL ? "hand" : "clock" });
}

static void build_verdict(const struct app *app, struct ui *ui)
{
	const lobby_TestReport *report = &app->technician.report;
	bool failed = false;

	for (pb_size_t i = 0; i < report->line_count; i++)
		failed = failed || report->line[i].state == lobby_TestState_TEST_FAILED;
	ui_banner(ui, "verdict",
		  report->passed ? _("The self-test passed.")
		  : failed	 ? _("The self-test failed.")
				 : _("There was nothing to test."),
		  (struct ui_opt){ .tone = report->passed ? UI_SUCCESS : UI_WARNING,
				   .icon = report->passed ? "check" : "warning" });
}

/* ---- the screen ---- */

static void build_tiles(struct app *app, struct ui *ui)
{
	ui_open(ui, "tests", UI_ROW, (struct ui_opt){ 0 });
	for (size_t i = 0; i < TESTS; i++)
		ui_button(ui, tests[i].id, _(tests[i].label),
			  (struct ui_opt){ .icon = tests[i].icon,
					   .below = true,
					   .grow = 1,
					   .disabled = app_device(app, tests[i].device) == NULL });
	ui_close(ui);
}

/* The strong action is what comes next: the test, then the way on. */
static void build_first_start(const struct app *app, struct ui *ui, bool busy)
{
	bool done = app->technician.report.done;

	ui_button(ui, done ? "continue" : "run-all", done ? _("Continue") : _("Run all tests"),
		  (struct ui_opt){ .tone = UI_STRONG, .disabled = busy });
	ui_button(ui, done ? "run-all" : "continue", done ? _("Run all tests") : _("Continue"),
		  (struct ui_opt){ .disabled = busy });
	ui_button(ui, "back", _("Back"), (struct ui_opt){ .icon = "arrow-back", .disabled = busy });
}

static void build(struct app *app, struct ui *ui)
{
	const struct technician *t = &app->technician;
	bool busy = t->testing || t->printing;

	ui_heading(ui, _("Self-test"));
	if (t->testing)
		build_prompt(app, ui);
	else if (t->report.done && t->report.line_count > 0)
		build_verdict(app, ui);
	else
		ui_text(ui, "intro", UI_STYLE_BODY,
			_("Nothing that is read here is kept: only what kind of card it was."),
			(struct ui_opt){ .tone = UI_QUIET });
	for (pb_size_t i = 0; i < t->report.line_count; i++)
		build_line(ui, &t->report.line[i], (int)i + 1);
	if (!t->testing)
		build_tiles(app, ui);
	ui_region(ui, UI_ACTIONS);
	if (t->testing) {
		ui_button(ui, "skip", _("Skip this step"),
			  (struct ui_opt){ .tone = UI_STRONG, .disabled = technician_waits_for(app) == NULL });
		ui_button(ui, "cancel", _("Stop the test"), (struct ui_opt){ .icon = "close" });
		return;
	}
	if (!app->technician.in) { /* a step of the first start */
		build_first_start(app, ui, busy);
		return;
	}
	ui_button(ui, "run-all", _("Run all tests"), (struct ui_opt){ .tone = UI_STRONG, .disabled = busy });
	ui_button(ui, "print-report", _("Print report"), (struct ui_opt){ .icon = "printer", .disabled = busy });
	ui_button(ui, "back", _("Back"), (struct ui_opt){ .icon = "arrow-back" });
	if (!app->landscape ||
	    app->size < UI_SIZE_LARGE) /* there what was found needs the room; Back leads to it, too */
		ui_button(ui, "close", _("Close"), (struct ui_opt){ .icon = "close" });
}

static void event(struct app *app, const struct ui_event *event)
{
	if (event->kind != UI_EVENT_PRESS)
		return;
	for (size_t i = 0; i < TESTS; i++)
		if (strcmp(event->id, tests[i].id) == 0)
			technician_start(app, (int)tests[i].kind);
	if (strcmp(event->id, "run-all") == 0)
		technician_start(app, -1);
	else if (strcmp(event->id, "print-report") == 0)
		technician_print_report(app);
	else if (strcmp(event->id, "skip") == 0)
		technician_skip(app);
	else if (strcmp(event->id, "cancel") == 0)
		technician_cancel(app);
	else if (strcmp(event->id, "continue") == 0)
		app_fire(app, FLOW_CONTINUE);
	else if (strcmp(event->id, "back") == 0)
		app_fire(app, FLOW_BACK);
	else if (strcmp(event->id, "close") == 0)
		app_fire(app, FLOW_START_OVER);
}

const struct screen screen_technician_test = {
	.setup = 5, .timeless = true, .staff = true, .idle_ms = TECHNICIAN_IDLE_MS, .build = build, .event = event
};

/* See shell.h. */
#include "shell.h"

#include "app.h"
#include "base/clock.h"
#include "checkin/visit.h"
#include "idle.h"
#include "said.h"
#include "words.h"

#include <stdio.h>
#include <string.h>

/* ---- header ---- */

/* Software that anybody can sign is no software for patients, and says so wherever it is. */
static void build_development(const struct app *app, struct ui *ui)
{
	if (app->box.state.development)
		ui_text(ui, "development", UI_STYLE_SMALL, _("Test software: not for patients"),
			(struct ui_opt){ .tone = UI_DANGER, .icon = "warning" });
}

static void build_header(struct app *app, struct ui *ui)
{
	char now[24], step[48];
	bool setting_up = box_is_new(app) && !app->technician.in;
	int total = setting_up ? SETUP_STEPS : app_step_count(app);
	int current = setting_up ? screens[app->screen]->setup : screens[app->screen]->step;

	ui_region(ui, UI_HEADER);
	if (!app->landscape)
		build_development(app, ui);
	words_time(now, sizeof(now), clock_wall_ms());
	ui_open(ui, "header", UI_ROW, (struct ui_opt){ 0 });
	ui_text(ui, "clinic", UI_STYLE_STRONG, app->settings.clinic_name, (struct ui_opt){ .grow = 1 });
	if (app->landscape)
		build_development(app, ui);
	ui_text(ui, "now", UI_STYLE_BODY, now, (struct ui_opt){ .tone = UI_QUIET });
	ui_close(ui);
	if (current == 0)
		return;
	if (!setting_up && current >= 4 && !app->settings.ask_contact)
		current--;
	/* TRANSLATORS: spoken only: how far through the check-in this is */
	snprintf(step, sizeof(step), _("Step %1$d of %2$d"), current, total);
	ui_steps(ui, current, total, step);
}

/* Once the card is read it may stay where it is, but a patient who leaves must not leave it behind. */
static bool asks_to_take_card(const struct app *app)
{
	return app->screen == SCREEN_DONE || app->screen == SCREEN_DESK || app->screen == SCREEN_ARRIVED ||
	       app->screen == SCREEN_NOTICE || app->screen == SCREEN_OUT_OF_ORDER;
}

/* A stick that is refused was put in by somebody who waits to hear why; only they see it. What lobby-system answered
 * is for whoever asked. */
static void build_box_notice(const struct app *app, struct ui *ui)
{
	const struct box *box = &app->box;
	const struct screen *screen = screens[app->screen];
	struct said said;
	char text[SAID_SIZE + 64];

	if (box->there && box->state.stick.state == lobby_StickState_STICK_REFUSED &&
	    (screen->rests || screen->staff)) {
		words_fill(text, sizeof(text), _("This stick cannot be used. %1$s"),
			   (const char *const[]){ said_in(&said, box->state.stick.text) }, 1);
		ui_banner(ui, "stick", text, (struct ui_opt){ .tone = UI_WARNING, .icon = "warning" });
	}
	if (!screen->staff)
		return;
	if (box->asking)
		ui_banner(ui, "asking", _("One moment, please."), (struct ui_opt){ .tone = UI_TINT, .icon = "clock" });
	else if (box->has_said && box->said[0] != '\0')
		ui_banner(ui, "said", said_in(&said, box->said),
			  (struct ui_opt){ .tone = box->err == 0 ? UI_SUCCESS : UI_WARNING,
					   .icon = box->err == 0 ? "check" : "warning" });
}

static void build_notice(struct app *app, struct ui *ui)
{
	const struct notice *notice = &app->notice;
	char text[256] = "";

	if (notice->text != NULL && notice->plural != NULL)
		words_count(text, sizeof(text), notice->text, notice->plural, notice->count);
	else if (notice->text != NULL)
		snprintf(text, sizeof(text), "%s", _(notice->text));
	if (notice->text != NULL)
		ui_banner(ui, "notice", text,
			  (struct ui_opt){ .tone = notice->tone,
					   .icon = notice->tone == UI_WARNING ? "warning" : "info" });
	build_box_notice(app, ui);
	if (app->slot == lobby_CardSlotState_CARD_SLOT_READING)
		ui_banner(ui, "card-slot", _("We are reading your card. Please leave it in."),
			  (struct ui_opt){ .tone = UI_TINT, .icon = "card" });
	else if (app->slot == lobby_CardSlotState_CARD_SLOT_DONE &&
		 (app->screen == SCREEN_WELCOME || asks_to_take_card(app)))
		ui_banner(ui, "card-slot",
			  app->screen == SCREEN_WELCOME ? _("A card is in the reader. Please take it out.")
							: _("Please take your card out of the reader."),
			  (struct ui_opt){ .tone = UI_WARNING, .icon = "card" });
	if (app->help.id[0] != '\0' && app->overlay != OVERLAY_HELP)
		ui_banner(ui, "help-state",
			  app->help_stage == lobby_HelpStage_HELP_ON_THE_WAY	? _("Somebody is on the way to you.")
			  : app->help_stage == lobby_HelpStage_HELP_UNREACHABLE ? _("Please go to the front desk.")
										: _("The front desk has been called."),
			  (struct ui_opt){ .tone = UI_TINT, .icon = "bell" });
}

/* ---- the bar ---- */

static const char *size_words(enum ui_size size)
{
	static const char *const words[] = { N_("Small text"), N_("Normal text"), N_("Large text"),
					     N_("Largest text") };

	return _(words[size]);
}

static const char *theme_words(enum ui_theme theme)
{
	static const char *const words[] = { N_("Paper colors"), N_("Dark colors"), N_("Black on white"),
					     N_("White on black") };

	return _(words[theme]);
}

static void tool(struct ui *ui, const char *id, const char *label, const char *icon, const char *value, bool on)
{
	ui_button(ui, id, label,
		  (struct ui_opt){
			  .tone = UI_QUIET, .icon = icon, .below = true, .grow = 1, .value = value, .selected = on });
}

static void build_bar(struct app *app, struct ui *ui)
{
	ui_region(ui, UI_BAR);
	tool(ui, "text-size", _("Text size"), "text-size", size_words(app->size), false);
	tool(ui, "contrast", _("Contrast"), "contrast", theme_words(app->theme), false);
	tool(ui, "read-aloud", _("Read aloud"), "speaker", app->read_aloud ? _("On") : _("Off"), app->read_aloud);
	tool(ui, "language", _("Language"), "globe", words_autonym(app->language), false);
	tool(ui, "call-staff", _("Call staff"), "bell", NULL, app->help.id[0] != '\0');
	tool(ui, "start-over", _("Start over"), "start-over", NULL, false);
}

/* ---- what lies over the screen ---- */

static void build_still_there(struct app *app, struct ui *ui)
{
	char text[160];

	ui_dialog_open(ui, "still-there", _("Are you still there?"), (struct ui_opt){ .icon = "clock" });
	snprintf(text, sizeof(text),
		 ngettext("To keep your details private, this screen clears in %d second.",
			  "To keep your details private, this screen clears in %d seconds.",
			  (unsigned long)app->seconds_left),
		 app->seconds_left);
	ui_text(ui, "still-there-text", UI_STYLE_BODY, text, (struct ui_opt){ 0 });
	ui_button(ui, "still-here", _("Yes, I am still here"), (struct ui_opt){ .tone = UI_STRONG });
	ui_button(ui, "clear-now", _("No, clear it now"), (struct ui_opt){ 0 });
	ui_dialog_close(ui);
}

static void build_help(struct app *app, struct ui *ui)
{
	const char *desk = app->settings.desk_location;
	const char *title = _("Calling staff");
	const char *text = _("We are telling the front desk that you would like help.");

	if (app->help_stage == lobby_HelpStage_HELP_SENT) {
		title = _("Staff are coming");
		text = _("The front desk knows that you would like help. Please wait here.");
	} else if (app->help_stage == lobby_HelpStage_HELP_ON_THE_WAY) {
		title = _("Somebody is on the way");
		text = _("A member of our staff saw your call and is coming to you now.");
	} else if (app->help_stage == lobby_HelpStage_HELP_UNREACHABLE) {
		title = _("Please go to the front desk");
		text = _("We cannot reach the front desk from here. Somebody there will gladly help you.");
	}
	ui_dialog_open(ui, "help", title, (struct ui_opt){ .icon = "bell" });
	ui_text(ui, "help-text", UI_STYLE_BODY, text, (struct ui_opt){ 0 });
	if (app->help_stage == lobby_HelpStage_HELP_UNREACHABLE && desk[0] != '\0')
		ui_text(ui, "help-where", UI_STYLE_STRONG, desk, (struct ui_opt){ 0 });
	ui_button(ui, "help-close", _("Go on with check-in"), (struct ui_opt){ .tone = UI_STRONG });
	ui_button(ui, "help-cancel", _("I no longer need help"), (struct ui_opt){ 0 });
	ui_dialog_close(ui);
}

static void build_languages(struct app *app, struct ui *ui)
{
	char id[32];

	ui_dialog_open(ui, "languages", _("Your language"), (struct ui_opt){ .icon = "globe" });
	for (int i = 0; i < app->settings.language_count; i++) {
		const char *tag = app->settings.language[i];

		if (!ui_can_show(ui, words_autonym(tag)))
			continue;
		snprintf(id, sizeof(id), "pick-%s", tag);
		ui_button(ui, id, words_autonym(tag), (struct ui_opt){ .checked = strcmp(tag, app->language) == 0 });
	}
	ui_button(ui, "overlay-close", _("Close"), (struct ui_opt){ .icon = "close" });
	ui_dialog_close(ui);
}

static void build_start_over(struct ui *ui)
{
	ui_dialog_open(ui, "start-over-ask", _("Start over?"), (struct ui_opt){ .icon = "start-over" });
	ui_text(ui, "start-over-text", UI_STYLE_BODY, _("What you have entered will be cleared."),
		(struct ui_opt){ 0 });
	ui_button(ui, "start-over-yes", _("Start over"), (struct ui_opt){ .tone = UI_STRONG });
	ui_button(ui, "overlay-close", _("Go on with check-in"), (struct ui_opt){ 0 });
	ui_dialog_close(ui);
}

void shell_build(struct app *app)
{
	struct ui *ui = app->ui;
	const struct ui_prefs prefs = { app->size, app->theme, app->language };

	ui_begin(ui, &prefs, flow_screen_name(app->screen));
	build_header(app, ui);
	ui_region(ui, UI_BODY);
	build_notice(app, ui);
	screens[app->screen]->build(app, ui);
	build_bar(app, ui);
	if (app->overlay == OVERLAY_STILL_THERE)
		build_still_there(app, ui);
	else if (app->overlay == OVERLAY_HELP)
		build_help(app, ui);
	else if (app->overlay == OVERLAY_LANGUAGE)
		build_languages(app, ui);
	else if (app->overlay == OVERLAY_START_OVER)
		build_start_over(ui);
	ui_end(ui);
}

/* ---- presses ---- */

static void call_staff(struct app *app)
{
	if (app->help.id[0] == '\0') {
		visit_new_id(app->help.id);
		snprintf(app->help.step, sizeof(app->help.step), "%s", flow_screen_name(app->screen));
		app->help.at_ms = clock_wall_ms();
		app->help_stage = app->sync_up ? lobby_HelpStage_HELP_SENDING : lobby_HelpStage_HELP_UNREACHABLE;
		link_send_help(app);
	}
	app->overlay = OVERLAY_HELP;
	app->speak = true;
}

static void toggle_read_aloud(struct app *app)
{
	app->read_aloud = !app->read_aloud;
	if (app->read_aloud)
		app->speak = true;
	else
		speech_stop(&app->speech);
}

static bool press_tool(struct app *app, const char *id)
{
	if (strcmp(id, "text-size") == 0)
		app->size = (app->size + 1) % UI_SIZE_COUNT;
	else if (strcmp(id, "contrast") == 0)
		app->theme = (app->theme + 1) % UI_THEME_COUNT;
	else if (strcmp(id, "read-aloud") == 0)
		toggle_read_aloud(app);
	else if (strcmp(id, "language") == 0)
		app->overlay = OVERLAY_LANGUAGE;
	else if (strcmp(id, "call-staff") == 0)
		call_staff(app);
	else if (strcmp(id, "start-over") != 0)
		return false;
	else if (app->session.identified && app->screen != SCREEN_DONE && app->screen != SCREEN_DESK)
		app->overlay = OVERLAY_START_OVER;
	else
		app_fire(app, FLOW_START_OVER);
	return true;
}

bool shell_press(struct app *app, const char *id)
{
	if (strcmp(id, "still-here") == 0) {
		idle_answered(app);
	} else if (strcmp(id, "clear-now") == 0 || strcmp(id, "start-over-yes") == 0) {
		app_fire(app, FLOW_START_OVER);
	} else if (strcmp(id, "help-close") == 0 || strcmp(id, "overlay-close") == 0) {
		app->overlay = OVERLAY_NONE;
	} else if (strcmp(id, "help-cancel") == 0) {
		app_forget_help(app);
		app->overlay = OVERLAY_NONE;
	} else if (strncmp(id, "lang-", 5) == 0 || strncmp(id, "pick-", 5) == 0) {
		app->overlay = OVERLAY_NONE;
		app_set_language(app, id + 5);
	} else {
		return press_tool(app, id);
	}
	return true;
}

void shell_use_words(struct app *app)
{
	const struct ui_words words = {
		/* TRANSLATORS: a button that shows the next page of what does not fit: page 1 of 2 */
		.more = _("More: %d of %d"),
		.erase = _("Erase"),
		.space = _("Space"),
		.shift = _("Capitals"),
		.accents = _("Accents"),
		.letters = _("Letters"),
		.digits = _("Numbers"),
		/* TRANSLATORS: spoken: the key that leads to # + = and their likes */
		.signs = _("Signs"),
		/* TRANSLATORS: spoken after a button's name */
		.button = _("button"),
		.field = _("text field"),
		.empty = _("empty"),
		.selected = _("selected"),
		.not_available = _("not available"),
		.one_choice = _("1 choice."),
		.choices = _("%d choices."),
		/* TRANSLATORS: the letters that names begin with, in their order */
		.alphabet = _("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
		/* TRANSLATORS: the rows of the language's keyboard */
		.key_rows = _("qwertyuiop asdfghjkl zxcvbnm"),
		/* TRANSLATORS: the rows of its second page: accented letters */
		.accent_rows = _("áéíóúàèìòù âêîôûäëïöü ãñõçåøßæœý"),
	};

	ui_set_words(app->ui, &words);
}

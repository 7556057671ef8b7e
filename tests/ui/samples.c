/* See samples.h. */
#include "samples.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

const struct ui_panel sample_panels[2] = { { 1080, 1920, 5.56 }, { 1280, 800, 3.81 } };

#define OPT(...) ((struct ui_opt){ __VA_ARGS__ })

static void header(struct ui *ui, int step)
{
	ui_region(ui, UI_HEADER);
	ui_text(ui, "clinic", UI_STYLE_STRONG, "Riverside Family Clinic", OPT(.value = "9:41 AM"));
	if (step > 0)
		ui_steps(ui, step, 5, "Step of five");
}

static void bar(struct ui *ui)
{
	ui_region(ui, UI_BAR);
	ui_button(ui, "text-size", "Text size", OPT(.icon = "text-size", .below = true));
	ui_button(ui, "contrast", "Contrast", OPT(.icon = "contrast", .below = true));
	ui_button(ui, "read-aloud", "Read aloud", OPT(.icon = "speaker", .below = true));
	ui_button(ui, "language", "Language", OPT(.icon = "globe", .below = true));
	ui_button(ui, "call-staff", "Call staff", OPT(.icon = "bell", .below = true));
	ui_button(ui, "start-over", "Start over", OPT(.icon = "start-over", .below = true));
}

static void welcome(struct ui *ui)
{
	static const char *const names[] = { "English", "Español", "中文",   "Tiếng Việt",
					     "العربية", "Русский", "Kreyòl", "More…" };
	static const char *const ids[] = { "lang-en", "lang-es", "lang-zh", "lang-vi",
					   "lang-ar", "lang-ru", "lang-ht", "lang-more" };

	header(ui, 0);
	ui_region(ui, UI_BODY);
	ui_heading(ui, "Good morning.\nHow can we help?");
	ui_text(ui, "hint", UI_STYLE_BODY,
		"Touch a button, or scan your ID, insurance card or appointment code at any time.",
		OPT(.tone = UI_QUIET));
	ui_banner(ui, "scanner", "The scanner is lit, to the right of the screen.",
		  OPT(.icon = "scan", .tone = UI_TINT));
	ui_button(ui, "check-in", "Check in", OPT(.icon = "check", .tone = UI_STRONG, .tall = true));
	ui_open(ui, NULL, UI_ROW, OPT(0));
	ui_button(ui, "check-out", "Check out", OPT(.icon = "check-out", .below = true));
	ui_button(ui, "appointments", "Appointments", OPT(.icon = "calendar", .below = true));
	ui_button(ui, "else", "Something else", OPT(.icon = "message", .below = true));
	ui_close(ui);
	ui_text(ui, "languages", UI_STYLE_SMALL, "Your language", OPT(.tone = UI_QUIET));
	for (int row = 0; row < 2; row++) {
		ui_open(ui, NULL, UI_ROW, OPT(0));
		for (int i = 4 * row; i < 4 * row + 4; i++)
			if (ui_can_show(ui, names[i]))
				ui_button(ui, ids[i], names[i], OPT(.selected = i == 0));
		ui_close(ui);
	}
	bar(ui);
}

static void birthday(struct ui *ui)
{
	header(ui, 1);
	ui_region(ui, UI_BODY);
	ui_heading(ui, "When is your birthday?");
	ui_text(ui, "why", UI_STYLE_BODY, "We use it to find your appointment.", OPT(.tone = UI_QUIET));
	ui_open(ui, "date", UI_ROW, OPT(0));
	ui_field(ui, "month", "Month", UI_FIELD_DIGITS, 2, "MM", NULL, OPT(.grow = 2));
	ui_field(ui, "day", "Day", UI_FIELD_DIGITS, 2, "DD", NULL, OPT(.grow = 2));
	ui_field(ui, "year", "Year", UI_FIELD_DIGITS, 4, "YYYY", NULL, OPT(.grow = 3));
	ui_close(ui);
	ui_region(ui, UI_PAD);
	ui_number_pad(ui, "Back", "Erase");
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "continue", "Continue",
		  OPT(.tone = UI_STRONG, .disabled = strlen(ui_field_text(ui, "year")) < 4));
	if (!ui_is_portrait(ui))
		ui_button(ui, "back", "Back", OPT(.icon = "arrow-back"));
	bar(ui);
}

static void letter(struct ui *ui)
{
	header(ui, 1);
	ui_region(ui, UI_BODY);
	ui_heading(ui, "First letter of your last name?");
	ui_region(ui, UI_PAD);
	ui_letter_grid(ui);
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "back", "Back", OPT(.icon = "arrow-back"));
	bar(ui);
}

static void appointment_card(struct ui *ui, const char *id, const char *time, const char *with, const char *what,
			     const char *where)
{
	ui_card_open(ui, id, with, UI_ROW, OPT(.selected = true));
	ui_text(ui, NULL, UI_STYLE_FIGURE, time, OPT(.note = "AM"));
	ui_rule(ui);
	ui_open(ui, NULL, UI_COLUMN, OPT(.grow = 1));
	ui_text(ui, NULL, UI_STYLE_TITLE, with, OPT(0));
	ui_text(ui, NULL, UI_STYLE_BODY, what, OPT(.tone = UI_QUIET));
	ui_text(ui, NULL, UI_STYLE_BODY, where, OPT(.icon = "pin"));
	ui_close(ui);
	ui_close(ui);
}

static void appointments(struct ui *ui)
{
	header(ui, 2);
	ui_region(ui, UI_BODY);
	ui_heading(ui, "Welcome, Maria.");
	ui_text(ui, "two", UI_STYLE_BODY, "You have two appointments today.\nWe can check you in for both at once.",
		OPT(.tone = UI_QUIET));
	appointment_card(ui, "appt-1", "10:00", "Dr. Priya Shah", "Follow-up visit · 20 min",
			 "Floor 2, waiting area B");
	appointment_card(ui, "appt-2", "10:40", "Laboratory", "Blood draw · 10 min", "Floor 1, lab");
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "both", "Check in for both", OPT(.tone = UI_STRONG, .icon = "arrow-forward", .icon_end = true));
	ui_button(ui, "one", "Only one of them", OPT(0));
	ui_button(ui, "not-me", "This is not me", OPT(0));
	bar(ui);
}

static void labelled(struct ui *ui, const char *label, const char *value, int grow)
{
	ui_open(ui, NULL, UI_COLUMN, OPT(.grow = grow));
	ui_text(ui, NULL, UI_STYLE_SMALL, label, OPT(.tone = UI_QUIET));
	ui_text(ui, NULL, UI_STYLE_STRONG, value, OPT(0));
	ui_close(ui);
}

static void insurance(struct ui *ui)
{
	header(ui, 4);
	ui_region(ui, UI_BODY);
	ui_heading(ui, "Is this still your insurance?");
	ui_text(ui, "from", UI_STYLE_BODY, "Read from the card you scanned.", OPT(.tone = UI_QUIET));
	ui_card_open(ui, "plan", NULL, UI_COLUMN, OPT(.tone = UI_BRAND, .tall = true));
	ui_open(ui, NULL, UI_ROW, OPT(0));
	ui_open(ui, NULL, UI_COLUMN, OPT(.grow = 1));
	ui_text(ui, NULL, UI_STYLE_SMALL, "Health plan", OPT(.tone = UI_QUIET));
	ui_text(ui, NULL, UI_STYLE_TITLE, "Blue Ridge Health PPO", OPT(0));
	ui_close(ui);
	ui_icon(ui, NULL, "card", OPT(.tall = true));
	ui_close(ui);
	ui_spacer(ui, 1);
	ui_open(ui, NULL, UI_ROW, OPT(0));
	labelled(ui, "Member ID", "•••••• 4417", 1);
	labelled(ui, "Group", "80-221", 1);
	labelled(ui, "Plan member", "Maria G.", 1);
	ui_close(ui);
	ui_close(ui);
	ui_banner(ui, "active", "Your plan was active this morning.",
		  OPT(.icon = "check", .tone = UI_SUCCESS, .note = "Copay today: $25.00"));
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "yes", "Yes, that is right", OPT(.tone = UI_STRONG, .icon = "arrow-forward", .icon_end = true));
	ui_button(ui, "new-card", "I have a new card", OPT(0));
	ui_button(ui, "none", "I do not have insurance", OPT(0));
	bar(ui);
}

static void done(struct ui *ui)
{
	header(ui, 0);
	ui_region(ui, UI_BODY);
	ui_disc(ui, "checked", "check", UI_SUCCESS);
	ui_heading(ui, "You’re checked in.");
	ui_text(ui, "seat", UI_STYLE_BODY, "Please take a seat. We will call you by your number.",
		OPT(.tone = UI_QUIET));
	ui_card_open(ui, "ticket", NULL, UI_ROW, OPT(0));
	ui_open(ui, NULL, UI_COLUMN, OPT(0));
	ui_text(ui, NULL, UI_STYLE_SMALL, "Your number", OPT(.tone = UI_QUIET));
	ui_text(ui, "number", UI_STYLE_DISPLAY, "B 14", OPT(0));
	ui_close(ui);
	ui_rule(ui);
	ui_open(ui, NULL, UI_COLUMN, OPT(.grow = 1));
	ui_text(ui, NULL, UI_STYLE_TITLE, "Floor 2, waiting area B", OPT(0));
	ui_text(ui, NULL, UI_STYLE_BODY, "Dr. Priya Shah · about 12 minutes", OPT(.tone = UI_QUIET));
	ui_close(ui);
	ui_close(ui);
	ui_text(ui, "slip", UI_STYLE_BODY, "Your slip is printing below.", OPT(.icon = "printer", .tone = UI_QUIET));
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "done", "Done", OPT(.tone = UI_STRONG));
	ui_text(ui, "clears", UI_STYLE_SMALL, "This screen clears in 8 seconds.", OPT(.tone = UI_QUIET));
	bar(ui);
}

static void dialog(struct ui *ui)
{
	birthday(ui);
	ui_dialog_open(ui, "still-there", "Are you still there?", OPT(0));
	ui_text(ui, "wiped", UI_STYLE_BODY, "To keep your details private, this screen starts over in 15 seconds.",
		OPT(0));
	ui_button(ui, "stay", "I need more time", OPT(.tone = UI_STRONG));
	ui_button(ui, "leave", "Start over", OPT(0));
	ui_dialog_close(ui);
}

static void keyboard(struct ui *ui)
{
	header(ui, 3);
	ui_region(ui, UI_BODY);
	ui_heading(ui, "What is your e-mail?");
	ui_field(ui, "email", "E-mail", UI_FIELD_EMAIL, 80, "name@example.org",
		 "This does not look like an e-mail address.", OPT(0));
	ui_region(ui, UI_PAD);
	ui_keyboard(ui);
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "save", "Save", OPT(.tone = UI_STRONG));
	ui_button(ui, "back", "Back", OPT(.icon = "arrow-back"));
	bar(ui);
}

static void name_entry(struct ui *ui)
{
	header(ui, 3);
	ui_region(ui, UI_BODY);
	ui_heading(ui, "Your address");
	ui_field(ui, "street", "Street", UI_FIELD_STREET, 60, NULL, NULL, OPT(0));
	ui_region(ui, UI_PAD);
	ui_keyboard(ui);
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "save", "Save", OPT(.tone = UI_STRONG));
	ui_button(ui, "back", "Back", OPT(.icon = "arrow-back"));
	bar(ui);
}

static void contact(struct ui *ui)
{
	header(ui, 3);
	ui_region(ui, UI_BODY);
	ui_heading(ui, "Is this still right?");
	ui_card_open(ui, "details", NULL, UI_COLUMN, OPT(0));
	ui_text(ui, NULL, UI_STYLE_BODY, "Phone", OPT(.value = "555-0142", .icon = "phone"));
	ui_rule(ui);
	ui_text(ui, NULL, UI_STYLE_BODY, "E-mail", OPT(.value = "maria.g@example.org", .icon = "mail"));
	ui_rule(ui);
	ui_text(ui, NULL, UI_STYLE_BODY, "Address", OPT(.value = "12 Old Mill Lane, Riverside", .icon = "home"));
	ui_close(ui);
	ui_button(ui, "prefer-text", "Text me",
		  OPT(.checked = true, .note = "When it is your turn", .icon = "message"));
	ui_button(ui, "prefer-call", "Call me by number",
		  OPT(.note = "On the screen in the waiting area", .icon = "bell"));
	ui_banner(ui, "offline", "The clinic cannot be reached. You can still check in.",
		  OPT(.icon = "wifi-off", .tone = UI_WARNING));
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "yes", "Yes, that is right", OPT(.tone = UI_STRONG, .icon = "arrow-forward", .icon_end = true));
	ui_button(ui, "change", "Change something", OPT(0));
	bar(ui);
}

const struct sample samples[] = {
	{ "welcome", welcome },	    { "birthday", birthday }, { "letter", letter }, { "appointments", appointments },
	{ "insurance", insurance }, { "done", done },	      { "dialog", dialog }, { "keyboard", keyboard },
	{ "address", name_entry },  { "contact", contact },
};
const int sample_count = (int)(sizeof(samples) / sizeof(samples[0]));

void sample_build(struct ui *ui, const char *name, const struct ui_prefs *prefs)
{
	for (int i = 0; i < sample_count; i++)
		if (strcmp(samples[i].name, name) == 0) {
			ui_begin(ui, prefs, name);
			samples[i].build(ui);
			ui_end(ui);
			return;
		}
	assert(!"no such sample");
}

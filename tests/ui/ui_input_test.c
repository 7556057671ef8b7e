/* Input: touches, keys, typing, focus, dialogs. */
#include "samples.c"

#include "ui/internal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct ui_prefs normal = { UI_SIZE_NORMAL, UI_THEME_PAPER, "en" };

static int setup(void **state)
{
	struct ui *ui = NULL;

	if (ui_new(&sample_panels[0], "assets", &ui) != 0)
		return -1;
	*state = ui;
	return 0;
}

static int teardown(void **state)
{
	ui_free(*state);
	return 0;
}

static struct ui_event mouse(struct ui *ui, Uint32 type, const char *id, int dx, int dy)
{
	struct ui_node *n = tree_find(ui, id);
	SDL_Event e = { .type = type };
	int x, y;

	assert_non_null(n);
	x = n->rect.x + n->rect.w / 2 + dx;
	y = n->rect.y + n->rect.h / 2 + dy;
	if (type == SDL_MOUSEMOTION) {
		e.motion.x = x;
		e.motion.y = y;
	} else {
		e.button.button = SDL_BUTTON_LEFT;
		e.button.x = x;
		e.button.y = y;
	}
	return ui_handle(ui, &e);
}

static struct ui_event key(struct ui *ui, SDL_Keycode sym, Uint16 mod)
{
	SDL_Event e = { .type = SDL_KEYDOWN };

	e.key.keysym.sym = sym;
	e.key.keysym.mod = mod;
	return ui_handle(ui, &e);
}

static void press_begins_and_ends_inside(void **state)
{
	struct ui *ui = *state;
	struct ui_event event;

	sample_build(ui, "appointments", &normal);
	assert_int_equal(mouse(ui, SDL_MOUSEBUTTONDOWN, "both", 0, 0).kind, UI_EVENT_NONE);
	assert_true(is_pressed(ui, tree_find(ui, "both")));
	event = mouse(ui, SDL_MOUSEBUTTONUP, "both", 5, 5);
	assert_int_equal(event.kind, UI_EVENT_PRESS);
	assert_string_equal(event.id, "both");
	assert_false(is_pressed(ui, tree_find(ui, "both")));
}

static void drag_out_cancels(void **state)
{
	struct ui *ui = *state;

	sample_build(ui, "appointments", &normal);
	mouse(ui, SDL_MOUSEBUTTONDOWN, "one", 0, 0);
	mouse(ui, SDL_MOUSEMOTION, "not-me", 0, 0);
	assert_false(is_pressed(ui, tree_find(ui, "one")));
	assert_int_equal(mouse(ui, SDL_MOUSEBUTTONUP, "not-me", 0, 0).kind, UI_EVENT_NONE);
	/* out and in again counts */
	mouse(ui, SDL_MOUSEBUTTONDOWN, "one", 0, 0);
	mouse(ui, SDL_MOUSEMOTION, "not-me", 0, 0);
	mouse(ui, SDL_MOUSEMOTION, "one", 0, 0);
	assert_string_equal(mouse(ui, SDL_MOUSEBUTTONUP, "one", 0, 0).id, "one");
	/* begun outside does not */
	mouse(ui, SDL_MOUSEBUTTONDOWN, "heading", 0, 0);
	assert_int_equal(mouse(ui, SDL_MOUSEBUTTONUP, "one", 0, 0).kind, UI_EVENT_NONE);
}

static void fingers_press_and_their_mouse_does_not(void **state)
{
	struct ui *ui = *state;
	SDL_Event e = { .type = SDL_FINGERDOWN };
	const struct ui_node *n;

	sample_build(ui, "appointments", &normal);
	n = tree_find(ui, "both");
	e.tfinger.x = (float)(n->rect.x + 20) / 1080;
	e.tfinger.y = (float)(n->rect.y + 20) / 1920;
	ui_handle(ui, &e);
	e.type = SDL_FINGERUP;
	assert_string_equal(ui_handle(ui, &e).id, "both");
	e = (SDL_Event){ .type = SDL_MOUSEBUTTONDOWN };
	e.button.which = SDL_TOUCH_MOUSEID;
	e.button.button = SDL_BUTTON_LEFT;
	e.button.x = n->rect.x + 20;
	e.button.y = n->rect.y + 20;
	ui_handle(ui, &e);
	assert_false(is_pressed(ui, n));
}

static void disabled_is_not_pressable(void **state)
{
	struct ui *ui = *state;

	sample_build(ui, "birthday", &normal);
	assert_true(tree_find(ui, "continue")->opt.disabled);
	assert_int_equal(ui_press(ui, "continue").kind, UI_EVENT_NONE);
	mouse(ui, SDL_MOUSEBUTTONDOWN, "continue", 0, 0);
	assert_int_equal(mouse(ui, SDL_MOUSEBUTTONUP, "continue", 0, 0).kind, UI_EVENT_NONE);
}

static void a_birthday_is_eight_keys(void **state)
{
	struct ui *ui = *state;
	struct ui_event event = { 0 };

	sample_build(ui, "birthday", &normal);
	for (const char *p = "04171952"; *p != '\0'; p++) {
		char id[8] = "key-?";

		id[4] = *p;
		mouse(ui, SDL_MOUSEBUTTONDOWN, id, 0, 0);
		event = mouse(ui, SDL_MOUSEBUTTONUP, id, 0, 0);
		assert_int_equal(event.kind, UI_EVENT_CHANGE);
		sample_build(ui, "birthday", &normal);
	}
	assert_string_equal(event.id, "year");
	assert_string_equal(ui_field_text(ui, "month"), "04");
	assert_string_equal(ui_field_text(ui, "day"), "17");
	assert_string_equal(ui_field_text(ui, "year"), "1952");
	assert_int_equal(ui_press(ui, "7").kind, UI_EVENT_NONE); /* all full */
	for (int i = 0; i < 5; i++)
		assert_int_equal(ui_press(ui, "Erase").kind, UI_EVENT_CHANGE);
	assert_string_equal(ui_field_text(ui, "year"), "");
	assert_string_equal(ui_field_text(ui, "day"), "1");
	assert_string_equal(ui_press(ui, "Back").id, "back");
}

static void fields_take_what_they_are_for(void **state)
{
	struct ui *ui = *state;

	sample_build(ui, "birthday", &normal);
	ui_type(ui, "a1b2");
	assert_string_equal(ui_field_text(ui, "month"), "12");
	sample_build(ui, "keyboard", &normal);
	ui_type(ui, "zoë @x.org");
	assert_string_equal(ui_field_text(ui, "email"), "zo@x.org");
	sample_build(ui, "address", &normal);
	ui_type(ui, "Niño 4\b");
	assert_string_equal(ui_field_text(ui, "street"), "Niño ");
	ui_type(ui, "\b\b\b");
	assert_string_equal(ui_field_text(ui, "street"), "Ni"); /* one character each, not one byte */
}

static void keyboard_capitals_and_accents(void **state)
{
	struct ui *ui = *state;

	sample_build(ui, "address", &normal);
	assert_string_equal(tree_find(ui, "key-q")->label, "Q");
	assert_int_equal(ui_press(ui, "key-q").kind, UI_EVENT_CHANGE);
	sample_build(ui, "address", &normal);
	assert_string_equal(tree_find(ui, "key-q")->label, "q");
	assert_int_equal(ui_press(ui, "key-shift").kind, UI_EVENT_PAGE);
	sample_build(ui, "address", &normal);
	assert_string_equal(tree_find(ui, "key-q")->label, "Q");
	ui_press(ui, "key-shift");
	assert_int_equal(ui_press(ui, "key-accents").kind, UI_EVENT_PAGE);
	sample_build(ui, "address", &normal);
	assert_int_equal(ui_press(ui, "é").kind, UI_EVENT_CHANGE);
	sample_build(ui, "address", &normal);
	ui_press(ui, "Space");
	assert_string_equal(ui_field_text(ui, "street"), "Qé ");
}

static void build_secret(struct ui *ui, enum ui_field_kind kind)
{
	ui_begin(ui, &normal, "secret");
	ui_region(ui, UI_BODY);
	ui_heading(ui, "Passphrase");
	ui_field(ui, "secret", "Passphrase", kind, 200, NULL, NULL, (struct ui_opt){ 0 });
	ui_region(ui, UI_PAD);
	ui_keyboard(ui);
	ui_end(ui);
}

/* A passphrase may have any of them, and there is no other keyboard. */
static void every_printable_character_can_be_typed_by_touch(void **state)
{
	struct ui *ui = *state;
	char wanted[128] = "";

	build_secret(ui, UI_FIELD_SECRET);
	for (int c = ' '; c < 0x7F; c++) {
		char id[16];

		snprintf(id, sizeof(id), c == ' ' ? "key-space" : "key-%c", c >= 'A' && c <= 'Z' ? c + 32 : c);
		if (c >= 'A' && c <= 'Z')
			ui_press(ui, "key-shift");
		build_secret(ui, UI_FIELD_SECRET);
		if (tree_find(ui, id) == NULL) {
			ui_press(ui, "key-accents");
			build_secret(ui, UI_FIELD_SECRET);
		}
		assert_non_null(tree_find(ui, id));
		ui_press(ui, id);
		build_secret(ui, UI_FIELD_SECRET);
		wanted[strlen(wanted)] = (char)c;
	}
	assert_string_equal(ui_field_text(ui, "secret"), wanted);
	ui_field_clear(ui, "secret");
	build_secret(ui, UI_FIELD_ADDRESS);
	ui_type(ui, "192.0.2.7/24 x:");
	assert_string_equal(ui_field_text(ui, "secret"), "192.0.2.7/24");
	ui_field_clear(ui, "secret");
	build_secret(ui, UI_FIELD_URL);
	ui_press(ui, "key-slash");
	ui_press(ui, "key-colon");
	ui_type(ui, "Ab 1.é");
	assert_string_equal(ui_field_text(ui, "secret"), "/:Ab1.");
}

static void letters_can_be_typed(void **state)
{
	struct ui *ui = *state;
	SDL_Event e = { .type = SDL_TEXTINPUT };

	sample_build(ui, "letter", &normal);
	SDL_strlcpy(e.text.text, "g", sizeof(e.text.text));
	assert_string_equal(ui_handle(ui, &e).id, "letter-G");
	assert_string_equal(ui_press(ui, "M").id, "letter-M");
}

static void focus_moves_by_keys(void **state)
{
	struct ui *ui = *state;

	sample_build(ui, "birthday", &normal);
	assert_string_equal(ui_focused(ui), "heading");
	assert_int_equal(key(ui, SDLK_TAB, 0).kind, UI_EVENT_FOCUS);
	assert_string_equal(ui_focused(ui), "month");
	key(ui, SDLK_TAB, 0);
	assert_string_equal(ui_focused(ui), "day");
	key(ui, SDLK_TAB, KMOD_LSHIFT);
	assert_string_equal(ui_focused(ui), "month");
	key(ui, SDLK_RIGHT, 0);
	assert_string_equal(ui_focused(ui), "day");
	key(ui, SDLK_DOWN, 0);
	assert_memory_equal(ui_focused(ui), "key-", 4);
	ui_focus(ui, "key-5");
	key(ui, SDLK_UP, 0);
	assert_string_equal(ui_focused(ui), "key-2");
	key(ui, SDLK_LEFT, 0);
	assert_string_equal(ui_focused(ui), "key-1");
	assert_int_equal(key(ui, SDLK_RETURN, 0).kind, UI_EVENT_CHANGE);
	assert_int_equal(key(ui, SDLK_SPACE, 0).kind, UI_EVENT_CHANGE);
	assert_string_equal(ui_field_text(ui, "day"), "11");
}

static void focus_reaches_all_and_comes_round(void **state)
{
	struct ui *ui = *state;
	int want = 0, steps = 0;

	sample_build(ui, "welcome", &normal);
	for (int i = 0; i < ui->node_count; i++)
		want += focus_can(ui, ui->nodes[i]);
	do {
		key(ui, SDLK_TAB, 0);
		steps++;
	} while (strcmp(ui_focused(ui), "heading") != 0 && steps < 100);
	assert_int_equal(steps, want);
}

static void focus_falls_back_to_the_heading(void **state)
{
	struct ui *ui = *state;

	sample_build(ui, "appointments", &normal);
	ui_focus(ui, "both");
	sample_build(ui, "appointments", &normal);
	assert_string_equal(ui_focused(ui), "both");
	ui_begin(ui, &normal, "appointments"); /* the same screen, without it */
	header(ui, 2);
	ui_region(ui, UI_BODY);
	ui_heading(ui, "Welcome, Maria.");
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "one", "Only one of them", (struct ui_opt){ 0 });
	ui_end(ui);
	assert_string_equal(ui_focused(ui), "heading");
}

static void a_dialog_is_the_root(void **state)
{
	struct ui *ui = *state;
	char said[512];

	sample_build(ui, "dialog", &normal);
	assert_string_equal(ui_focused(ui), "dialog-title");
	assert_int_equal(ui_press(ui, "key-7").kind, UI_EVENT_NONE);
	assert_int_equal(ui_press(ui, "Text size").kind, UI_EVENT_NONE);
	mouse(ui, SDL_MOUSEBUTTONDOWN, "text-size", 0, 0);
	assert_int_equal(mouse(ui, SDL_MOUSEBUTTONUP, "text-size", 0, 0).kind, UI_EVENT_NONE);
	assert_int_equal(ui_type(ui, "1").kind, UI_EVENT_NONE);
	key(ui, SDLK_TAB, 0);
	assert_string_equal(ui_focused(ui), "stay");
	key(ui, SDLK_TAB, 0);
	key(ui, SDLK_TAB, 0);
	assert_string_equal(ui_focused(ui), "dialog-title");
	ui_speech_screen(ui, said, sizeof(said));
	assert_string_equal(said, "Are you still there? To keep your details private, this screen starts over in 15 "
				  "seconds. 2 choices.");
	assert_string_equal(ui_press(ui, "I need more time").id, "stay");
}

static void speech_is_plain(void **state)
{
	struct ui *ui = *state;
	char said[512];

	ui_field_set(ui, "month", "04");
	sample_build(ui, "birthday", &normal);
	ui_speech_screen(ui, said, sizeof(said));
	assert_string_equal(said,
			    "When is your birthday? Step of five. We use it to find your appointment. 3 choices.");
	ui_speech_focus(ui, said, sizeof(said));
	assert_string_equal(said, "When is your birthday?");
	ui_focus(ui, "month");
	ui_speech_focus(ui, said, sizeof(said));
	assert_string_equal(said, "Month. text field. 0 4.");
	ui_focus(ui, "continue");
	ui_speech_focus(ui, said, sizeof(said));
	assert_string_equal(said, "Continue. button. not available.");
	ui_focus(ui, "key-erase");
	ui_speech_focus(ui, said, 8);
	assert_string_equal(said, "Erase.");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(press_begins_and_ends_inside),
		T(drag_out_cancels),
		T(fingers_press_and_their_mouse_does_not),
		T(disabled_is_not_pressable),
		T(a_birthday_is_eight_keys),
		T(fields_take_what_they_are_for),
		T(keyboard_capitals_and_accents),
		T(every_printable_character_can_be_typed_by_touch),
		T(letters_can_be_typed),
		T(focus_moves_by_keys),
		T(focus_reaches_all_and_comes_round),
		T(focus_falls_back_to_the_heading),
		T(a_dialog_is_the_root),
		T(speech_is_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

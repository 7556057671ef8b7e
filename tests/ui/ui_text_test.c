/* Text: lines that fit, words that are kept whole, directions, capitals. */
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
	ui_begin(ui, &normal, "text");
	ui_end(ui);
	*state = ui;
	return 0;
}

static int teardown(void **state)
{
	ui_free(*state);
	return 0;
}

/* The lines in order are the text, but for blanks at their ends, and each is no wider than was asked. */
static void assert_lines(const struct ui_para *para, const char *text, int width)
{
	const char *at = text;

	for (int i = 0; i < para->count; i++) {
		while (*at == ' ' || *at == '\n')
			at++;
		assert_ptr_equal(para->lines[i].text, at);
		assert_true(para->lines[i].width <= width);
		at += para->lines[i].len;
	}
	assert_int_equal(*at, '\0');
	assert_false(para->cut);
}

static void lines_fit_and_lose_nothing(void **state)
{
	static const char text[] = "Touch a button, or scan your ID, insurance card or appointment code at any time.";
	struct ui_para para;

	for (int width = 150; width < 1600; width += 37) {
		text_break(*state, (struct ui_font){ UI_REGULAR, 38 }, 1.4, text, width, &para);
		assert_lines(&para, text, width);
		text_break(*state, (struct ui_font){ UI_BOLD, 60 }, 1.1, text, width, &para);
		assert_lines(&para, text, width);
	}
	assert_int_equal(para.count, 2);
}

static void newlines_break(void **state)
{
	struct ui_para para;

	text_break(*state, (struct ui_font){ UI_BOLD, 60 }, 1.1, "Good morning.\nHow can we help?", 2000, &para);
	assert_int_equal(para.count, 2);
	assert_int_equal(para.lines[0].len, strlen("Good morning."));
	assert_int_equal(para.height, 2 * para.advance);
}

static void long_words_shrink_and_then_break(void **state)
{
	static const char word[] = "Donaudampfschifffahrtsgesellschaft";
	struct ui_para para;

	text_break(*state, (struct ui_font){ UI_BOLD, 60 }, 1.1, word, 800, &para);
	assert_int_equal(para.count, 1);
	assert_true(para.font.px < 60 && para.font.px >= smallest_px(*state));
	text_break(*state, (struct ui_font){ UI_BOLD, 60 }, 1.1, word, 200, &para);
	assert_true(para.count > 1);
	assert_int_equal(para.font.px, smallest_px(*state));
	assert_lines(&para, word, 200);
}

static void no_forgotten_word(void **state)
{
	static const char text[] = "Floor 2, waiting area B";
	struct ui_font font = { UI_BOLD, 46 };
	struct ui_para para;
	int width = text_width(*state, font, text, strlen(text)) - 5;

	text_break(*state, font, 1.2, text, width, &para);
	assert_int_equal(para.count, 2);
	assert_true(para.lines[1].width * 3 > para.lines[0].width);
	assert_lines(&para, text, width);
}

/* Kerning reaches across letters that stand in different parts of the table of scripts. */
static void letters_are_kerned(void **state)
{
	struct ui_font font = { UI_REGULAR, 100 };

	assert_true(text_width(*state, font, "To", 2) <
		    text_width(*state, font, "T", 1) + text_width(*state, font, "o", 1));
}

static int first_ink(SDL_Surface *s, int from_x, int to_x)
{
	int ink = 0;

	for (int y = 0; y < s->h; y++)
		for (int x = from_x; x < to_x; x++)
			ink += ((const uint32_t *)s->pixels)[y * (s->pitch / 4) + x] != 0;
	return ink;
}

/* In a Hebrew line the first word is drawn last: its ink is at the right. */
static void right_to_left_runs_are_reordered(void **state)
{
	static const char text[] = "\xD7\x90 ....";
	struct ui *ui = *state;
	struct ui_font font = { UI_REGULAR, 60 };
	SDL_Surface *s = SDL_CreateRGBSurfaceWithFormat(0, 400, 120, 32, SDL_PIXELFORMAT_RGB888);
	struct ui_canvas c = { s->pixels, s->pitch / 4, { 0, 0, 400, 120 } };
	struct ui_prefs hebrew = { UI_SIZE_NORMAL, UI_THEME_PAPER, "he" };
	int w;

	if (!ui_can_show(ui, text)) {
		SDL_FreeSurface(s);
		skip();
	}
	ui_begin(ui, &hebrew, "text");
	ui_end(ui);
	w = text_width(ui, font, text, strlen(text));
	text_draw(ui, &c, font, text, strlen(text), 0, 80, 0xFFFFFF);
	assert_true(first_ink(s, w / 2, w) > 2 * first_ink(s, 0, w / 2)); /* dots are little ink, the letter much */
	SDL_FreeSurface(s);
}

static void capitals(void **state)
{
	(void)state;
	assert_int_equal(upper('q'), 'Q');
	assert_int_equal(upper(0xF1), 0xD1);
	assert_int_equal(upper(0x1A1), 0x1A0);
	assert_int_equal(upper(0x17E), 0x17D);
	assert_int_equal(upper('-'), '-');
	assert_int_equal(upper(0xF7), 0xF7);
}

static void words_are_filled_in(void **state)
{
	char out[32];

	(void)state;
	word_format(out, sizeof(out), "More: %d of %d", 1, 2);
	assert_string_equal(out, "More: 1 of 2");
	word_format(out, sizeof(out), "%s %n %d%%", 7, 8); /* a translator's mistake is shown, not obeyed */
	assert_string_equal(out, "%s %n 7%%");
	word_format(out, 6, "More: %d of %d", 1, 2);
	assert_string_equal(out, "More:");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(lines_fit_and_lose_nothing),
		T(newlines_break),
		T(long_words_shrink_and_then_break),
		T(no_forgotten_word),
		T(letters_are_kerned),
		T(right_to_left_runs_are_reordered),
		T(capitals),
		T(words_are_filled_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Layout: nothing overlaps, is clipped, too small or out of reach, on any sample screen at any size, panel and reading
 * direction; paging shows everything; themes keep their contrast. */
#include "samples.c"

#include "ui/internal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct ui *ui_make(int panel)
{
	struct ui *ui = NULL;

	assert_int_equal(ui_new(&sample_panels[panel], "assets", &ui), 0);
	return ui;
}

static void each_screen_is_sound(void **state)
{
	static const char *const languages[] = { "en", "ar" };

	(void)state;
	for (int panel = 0; panel < 2; panel++) {
		struct ui *ui = ui_make(panel);

		for (int i = 0; i < sample_count; i++)
			for (int size = 0; size < UI_SIZE_COUNT; size++)
				for (int l = 0; l < 2; l++) {
					struct ui_prefs prefs = { (enum ui_size)size, UI_THEME_PAPER, languages[l] };

					ui_begin(ui, &prefs, "between");
					ui_end(ui);
					for (int page = 0; page < 9; page++) {
						sample_build(ui, samples[i].name, &prefs);
						assert_int_equal(ui_check(ui, stderr), 0);
						if (ui_press(ui, "more").kind != UI_EVENT_PAGE || ui_page(ui) == 0)
							break;
					}
				}
		ui_free(ui);
	}
}

/* The check itself must see what is wrong. */
static void check_sees_faults(void **state)
{
	struct ui *ui = ui_make(0);
	struct ui_prefs prefs = { UI_SIZE_NORMAL, UI_THEME_PAPER, "en" };
	FILE *nowhere = fopen("/dev/null", "w");
	struct ui_node *a, *b;

	(void)state;
	assert_non_null(nowhere);
	sample_build(ui, "appointments", &prefs);
	a = tree_find(ui, "one");
	b = tree_find(ui, "not-me");
	b->rect.x = a->rect.x + 10;
	assert_true(ui_check(ui, nowhere) > 0);
	sample_build(ui, "appointments", &prefs);
	tree_find(ui, "one")->rect.h = 20;
	assert_true(ui_check(ui, nowhere) > 0);
	sample_build(ui, "appointments", &prefs);
	tree_find(ui, "heading")->rect.x = -30;
	assert_true(ui_check(ui, nowhere) > 0);
	fclose(nowhere);
	ui_free(ui);
}

static void paging_reaches_everything(void **state)
{
	(void)state;
	for (int panel = 0; panel < 2; panel++) {
		struct ui *ui = ui_make(panel);
		struct ui_prefs prefs = { UI_SIZE_LARGEST, UI_THEME_WHITE_ON_BLACK, "en" };

		for (int i = 0; i < sample_count; i++) {
			char seen[UI_NODES_MAX] = { 0 };
			int pages;

			sample_build(ui, samples[i].name, &prefs);
			pages = ui_pages(ui);
			for (int page = 0; page < pages; page++) {
				assert_int_equal(ui_page(ui), page);
				for (int n = 0; n < ui->node_count; n++)
					if (!ui->nodes[n]->hidden && ui->nodes[n]->rect.h > 0)
						seen[n] = 1;
				if (pages > 1)
					assert_int_equal(ui_press(ui, "more").kind, UI_EVENT_PAGE);
				sample_build(ui, samples[i].name, &prefs);
			}
			assert_int_equal(ui_page(ui), 0); /* and round again */
			for (int n = 0; n < ui->node_count; n++)
				if (ui->nodes[n]->label[0] != '\0' && (ui->dialog == NULL || ui->nodes[n]->in_dialog))
					assert_true(seen[n]);
		}
		ui_free(ui);
	}
}

/* A press by name finds its page. */
static void press_turns_the_page(void **state)
{
	struct ui *ui = ui_make(0);
	struct ui_prefs prefs = { UI_SIZE_LARGEST, UI_THEME_PAPER, "en" };
	struct ui_event event;

	(void)state;
	sample_build(ui, "appointments", &prefs);
	assert_true(ui_pages(ui) > 1);
	assert_true(tree_find(ui, "not-me")->hidden);
	event = ui_press(ui, "This is not me");
	assert_int_equal(event.kind, UI_EVENT_PRESS);
	assert_string_equal(event.id, "not-me");
	sample_build(ui, "appointments", &prefs);
	assert_false(tree_find(ui, "not-me")->hidden);
	ui_free(ui);
}

static void right_to_left_mirrors(void **state)
{
	struct ui *ui = ui_make(0);
	struct ui_prefs prefs = { UI_SIZE_NORMAL, UI_THEME_PAPER, "en" };
	SDL_Rect ltr, rtl;

	(void)state;
	sample_build(ui, "birthday", &prefs);
	ltr = tree_find(ui, "month")->rect;
	prefs.language = "ar";
	sample_build(ui, "birthday", &prefs);
	rtl = tree_find(ui, "month")->rect;
	assert_int_equal(ltr.x, 1080 - rtl.x - rtl.w);
	assert_int_equal(ltr.w, rtl.w);
	ui_free(ui);
}

static void contrast_is_kept(void **state)
{
	(void)state;
	assert_true(ui_theme_worst_contrast(UI_THEME_PAPER) >= 7);
	assert_true(ui_theme_worst_contrast(UI_THEME_DUSK) >= 7);
	assert_true(ui_theme_worst_contrast(UI_THEME_BLACK_ON_WHITE) >= 20);
	assert_true(ui_theme_worst_contrast(UI_THEME_WHITE_ON_BLACK) >= 20);
}

static void body_text_has_its_cap_height(void **state)
{
	static const double least_mm[UI_SIZE_COUNT] = { 3.8, 5, 6.7, 8.8 };

	(void)state;
	for (int panel = 0; panel < 2; panel++) {
		struct ui *ui = ui_make(panel);

		for (int size = 0; size < UI_SIZE_COUNT; size++) {
			struct ui_prefs prefs = { (enum ui_size)size, UI_THEME_PAPER, "en" };
			double cap;

			sample_build(ui, "appointments", &prefs);
			cap = font_label(ui, tree_find(ui, "two")).px * 0.727 / sample_panels[panel].px_per_mm;
			assert_true(cap > least_mm[size] - 0.1);
		}
		ui_free(ui);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_screen_is_sound),		cmocka_unit_test(check_sees_faults),
		cmocka_unit_test(paging_reaches_everything),	cmocka_unit_test(press_turns_the_page),
		cmocka_unit_test(right_to_left_mirrors),	cmocka_unit_test(contrast_is_kept),
		cmocka_unit_test(body_text_has_its_cap_height),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

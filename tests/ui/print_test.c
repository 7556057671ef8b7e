/* Paper in every script: the same dots however they are asked for, ink in every line, and the start where it belongs.
 */
#include "ui/ui.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WIDTH 384
#define STRIDE (WIDTH / 8)
#define ROWS_MAX 400

static const struct ui_panel panel = { 1080, 1920, 1080 / 194.0 };
static struct ui *ui;

static const struct ui_print arabic = { "رقمك ب ١٤", "ar", WIDTH, 32, true, false };
static const struct ui_print chinese = { "请到二楼候诊区B就座", "zh", WIDTH, 32, false, false };
static const struct ui_print english = {
	"Floor 2, waiting area B, with Dr. Priya Shah", "en", WIDTH, 32, false, false
};

static int setup(void **state)
{
	(void)state;
	return ui_new(&panel, "assets", &ui);
}

static int teardown(void **state)
{
	(void)state;
	ui_free(ui);
	return 0;
}

static int draw(const struct ui_print *print, uint8_t bits[STRIDE * ROWS_MAX])
{
	int rows = ui_print_height(ui, print);

	assert_in_range(rows, 1, ROWS_MAX);
	ui_print_rows(ui, print, 0, rows, bits);
	return rows;
}

/* The first and the last column that is not white. */
static void extent(const uint8_t *bits, int rows, int *first, int *last)
{
	*first = WIDTH;
	*last = -1;
	for (int y = 0; y < rows; y++)
		for (int x = 0; x < WIDTH; x++)
			if (bits[y * STRIDE + x / 8] & 0x80 >> x % 8) {
				*first = x < *first ? x : *first;
				*last = x > *last ? x : *last;
			}
}

static void a_band_is_the_same_rows(void **state)
{
	static const struct ui_print *const all[] = { &arabic, &chinese, &english };
	static uint8_t whole[STRIDE * ROWS_MAX], part[STRIDE * ROWS_MAX];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		int rows = draw(all[i], whole);

		for (int from = 0; from < rows; from += 7) {
			int count = rows - from < 7 ? rows - from : 7;

			ui_print_rows(ui, all[i], from, count, part);
			assert_memory_equal(part, whole + (ptrdiff_t)from * STRIDE, (size_t)(count * STRIDE));
		}
	}
}

static void each_begins_where_its_language_does(void **state)
{
	static uint8_t bits[STRIDE * ROWS_MAX];
	int first, last, rows;

	(void)state;
	rows = draw(&arabic, bits);
	extent(bits, rows, &first, &last);
	assert_true(last >= WIDTH - 8);
	assert_true(first > WIDTH / 4);
	rows = draw(&chinese, bits);
	extent(bits, rows, &first, &last);
	assert_true(first < 8);
	rows = draw(&english, bits);
	extent(bits, rows, &first, &last);
	assert_true(first < 8);
}

/* Letters that join are not the letters one by one: the shaping is the screen's. */
static void arabic_letters_join(void **state)
{
	static uint8_t joined[STRIDE * ROWS_MAX], apart[STRIDE * ROWS_MAX];
	struct ui_print word = arabic, letters = arabic;
	int rows, first, last, first_apart, last_apart;

	(void)state;
	word.text = "عيادة";
	letters.text = "ع\u200cي\u200cا\u200cد\u200cة";
	rows = draw(&word, joined);
	extent(joined, rows, &first, &last);
	rows = draw(&letters, apart);
	extent(apart, rows, &first_apart, &last_apart);
	assert_true(last - first < last_apart - first_apart);
}

static void a_long_text_takes_more_lines(void **state)
{
	struct ui_print narrow = english;
	int one = ui_print_height(ui, &(struct ui_print){ "B 14", "en", WIDTH, 32, false, false });

	(void)state;
	narrow.width_px = 128;
	assert_true(ui_print_height(ui, &narrow) >= 3 * one);
	assert_int_equal(ui_print_height(ui, &(struct ui_print){ "", "en", WIDTH, 32, false, false }), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_band_is_the_same_rows),
		cmocka_unit_test(each_begins_where_its_language_does),
		cmocka_unit_test(arabic_letters_join),
		cmocka_unit_test(a_long_text_takes_more_lines),
	};

	setenv("SDL_VIDEODRIVER", "offscreen", 1);
	return cmocka_run_group_tests(tests, setup, teardown);
}

/* Init's pictures: every failure on every size of panel, upright and on its side, has words, all of them on paper, and
 * what it says can be painted with the letters there are. */
#include "image/init/art.h"
#include "image/init/paint.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PAPER 0xF5F3EE

static const struct {
	int width, height;
} panels[] = { { 320, 320 },   { 800, 480 },   { 800, 600 },   { 1280, 800 }, { 1920, 1080 },
	       { 1080, 1920 }, { 3840, 2160 }, { 2160, 3840 }, { 8192, 320 }, { 320, 8192 } };

/* The lowest and the highest row with ink, below the mark's header. */
static int rows_with_ink(const struct canvas *canvas, int from)
{
	int rows = 0;

	for (int y = from; y < canvas->height; y++)
		for (int x = 0; x < canvas->width; x++)
			if (canvas->pixels[(ptrdiff_t)y * canvas->width + x] != PAPER) {
				rows++;
				break;
			}
	return rows;
}

static void test_every_picture_on_every_panel(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(panels) / sizeof(panels[0]); i++) {
		struct canvas canvas = { .width = panels[i].width, .height = panels[i].height };
		size_t count = (size_t)canvas.width * (size_t)canvas.height;

		canvas.pixels = malloc(count * sizeof(*canvas.pixels));
		assert_non_null(canvas.pixels);
		paint_splash(&canvas);
		assert_int_equal(canvas.pixels[0], PAPER);
		assert_true(rows_with_ink(&canvas, canvas.height / 2) > 8);
		for (int fail = FAIL_NONE + 1; fail < FAIL_COUNT; fail++) {
			memset(canvas.pixels, 0, count * sizeof(*canvas.pixels));
			paint_fail(&canvas, (enum fail)fail);
			assert_int_equal(canvas.pixels[0], PAPER);
			assert_int_equal(canvas.pixels[count - 1], PAPER);
			assert_true(rows_with_ink(&canvas, canvas.height / 4) > 30);
		}
		free(canvas.pixels);
	}
}

static bool has_all(const struct art_font *font, const char *text)
{
	size_t at = 0, len = strlen(text);

	while (at < len) {
		uint32_t c = text_next(text, len, &at);
		bool has = false;

		for (int i = 0; i < font->count; i++)
			has = has || font->glyphs[i].codepoint == c;
		if (!has)
			return false;
	}
	return true;
}

static void test_letters_for_all_words(void **state)
{
	(void)state;
	for (int set = 0; set < ART_SETS; set++) {
		const struct art_font *fonts = art_sets[set].fonts;

		assert_true(has_all(&fonts[ART_HEADING], "Lobby"));
		assert_true(has_all(&fonts[ART_SMALL], "Starting… Lobby " LOBBY_VERSION " ·"));
		for (int fail = FAIL_NONE + 1; fail < FAIL_COUNT; fail++) {
			struct fail_words words = fail_words((enum fail)fail);

			assert_true(has_all(&fonts[ART_HEADING], words.heading));
			assert_true(has_all(&fonts[ART_BODY], words.body));
			assert_true(has_all(&fonts[ART_SMALL], words.code));
		}
	}
	assert_null(fail_words(FAIL_NONE).code);
	assert_null(fail_words((enum fail)99).code);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_picture_on_every_panel),
		cmocka_unit_test(test_letters_for_all_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

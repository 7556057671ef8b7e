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

static bool has_ink(const struct canvas *canvas, int y)
{
	for (int x = 0; x < canvas->width; x++)
		if (canvas->pixels[(ptrdiff_t)y * canvas->width + x] != PAPER)
			return true;
	return false;
}

/* The rows with ink, from one on. */
static int rows_with_ink(const struct canvas *canvas, int from)
{
	int rows = 0;

	for (int y = from; y < canvas->height; y++)
		rows += has_ink(canvas, y);
	return rows;
}

/* Rows without ink, and then the foot: no words run into it. */
static bool foot_is_apart(const struct canvas *canvas)
{
	int y = canvas->height - 1, rows = 0;

	while (y > 0 && !has_ink(canvas, y))
		y--;
	while (y > 0 && has_ink(canvas, y))
		y--;
	for (; y > 0 && !has_ink(canvas, y); y--)
		rows++;
	return rows >= 6;
}

static void test_every_picture_on_every_panel(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(panels) / sizeof(panels[0]); i++) {
		struct canvas canvas = { .width = panels[i].width, .height = panels[i].height };
		size_t count = (size_t)canvas.width * (size_t)canvas.height;

		canvas.pixels = malloc(count * sizeof(*canvas.pixels));
		assert_non_null(canvas.pixels);
		paint_splash(&canvas, (enum tongue)(i % 3));
		assert_int_equal(canvas.pixels[0], PAPER);
		assert_true(rows_with_ink(&canvas, canvas.height / 2) > 8);
		for (int i_fail = 0; i_fail < 3 * FAIL_COUNT; i_fail++) {
			if (i_fail % FAIL_COUNT == FAIL_NONE)
				continue;
			memset(canvas.pixels, 0, count * sizeof(*canvas.pixels));
			paint_fail(&canvas, (enum fail)(i_fail % FAIL_COUNT), (enum tongue)(i_fail / FAIL_COUNT));
			assert_int_equal(canvas.pixels[0], PAPER);
			assert_int_equal(canvas.pixels[count - 1], PAPER);
			assert_true(rows_with_ink(&canvas, canvas.height / 4) > 30);
			if (canvas.width > 320 || canvas.height > 320)
				assert_true(foot_is_apart(&canvas));
		}
		free(canvas.pixels);
	}
}

static bool has_all(const struct art_font *font, const char *text)
{
	size_t at = 0, len = strlen(text);

	while (at < len) {
		uint32_t c = text_next(text, len, &at);
		bool has = c == '\n';

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
		assert_true(has_all(&fonts[ART_SMALL], "Starting… Iniciando… Lobby " LOBBY_VERSION " ·"));
		assert_true(has_all(&fonts[ART_HEADING], "áéíóúñü¿¡"));
		assert_true(has_all(&fonts[ART_BODY], "áéíóúñü¿¡"));
		for (int fail = FAIL_NONE + 1; fail < FAIL_COUNT; fail++) {
			struct fail_words words = fail_words((enum fail)fail, TONGUE_UNSET),
					  spanish = fail_words((enum fail)fail, TONGUE_SPANISH);

			assert_true(has_all(&fonts[ART_HEADING], words.heading));
			assert_true(has_all(&fonts[ART_HEADING], spanish.heading));
			assert_true(has_all(&fonts[ART_BODY], words.body));
			assert_true(has_all(&fonts[ART_BODY], spanish.body));
			assert_true(has_all(&fonts[ART_SMALL], words.code));
			assert_string_equal(words.code, spanish.code);
			assert_string_not_equal(words.heading, spanish.heading);
			assert_string_not_equal(words.body, spanish.body);
		}
	}
	assert_null(fail_words(FAIL_NONE, TONGUE_ENGLISH).code);
	assert_null(fail_words((enum fail)99, TONGUE_SPANISH).code);
}

static void test_which_language_is_spoken(void **state)
{
	(void)state;
	assert_int_equal(tongue_of(""), TONGUE_UNSET);
	assert_int_equal(tongue_of("es"), TONGUE_SPANISH);
	assert_int_equal(tongue_of("ES"), TONGUE_SPANISH);
	assert_int_equal(tongue_of("es-419"), TONGUE_SPANISH);
	assert_int_equal(tongue_of("e"), TONGUE_ENGLISH);
	assert_int_equal(tongue_of("est"), TONGUE_ENGLISH);
	assert_int_equal(tongue_of("en"), TONGUE_ENGLISH);
	assert_int_equal(tongue_of("zh-Hant"), TONGUE_ENGLISH);
}

/* The refusal alone has two languages while none is set, and no picture has anything over its foot. */
static void test_both_languages_where_there_is_room(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(panels) / sizeof(panels[0]); i++) {
		struct canvas one = { .width = panels[i].width, .height = panels[i].height }, two = one;
		size_t size = (size_t)one.width * (size_t)one.height * sizeof(*one.pixels);
		int margin = (one.width < one.height ? one.width : one.height) / 16, more;

		one.pixels = malloc(size);
		two.pixels = malloc(size);
		assert_true(one.pixels != NULL && two.pixels != NULL);
		paint_fail(&one, FAIL_REFUSED, TONGUE_ENGLISH);
		paint_fail(&two, FAIL_REFUSED, TONGUE_UNSET);
		more = rows_with_ink(&two, 0) - rows_with_ink(&one, 0);
		if (panels[i].width >= 800 && panels[i].height >= 480)
			assert_true(more > 50);
		else
			assert_true(more >= 0);
		assert_memory_equal(one.pixels + (size_t)one.width * (size_t)(one.height - margin),
				    two.pixels + (size_t)one.width * (size_t)(one.height - margin),
				    (size_t)one.width * (size_t)margin * sizeof(*one.pixels));
		paint_fail(&one, FAIL_DISK, TONGUE_ENGLISH);
		paint_fail(&two, FAIL_DISK, TONGUE_UNSET);
		assert_memory_equal(one.pixels, two.pixels, size);
		free(one.pixels);
		free(two.pixels);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_picture_on_every_panel),
		cmocka_unit_test(test_letters_for_all_words),
		cmocka_unit_test(test_which_language_is_spoken),
		cmocka_unit_test(test_both_languages_where_there_is_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

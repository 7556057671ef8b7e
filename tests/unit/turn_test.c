/* src/kiosk/turn and panel: pictures turned onto panels against a naive turn, pixel by pixel; touches back; settings.
 */
#include "kiosk/panel.h"
#include "kiosk/turn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const int angles[] = { 0, 90, 180, 270 };

/* The definition: the picture's top left corner, seen on the panel, after so many turns clockwise. */
static SDL_Point naive(const struct turn *turn, int x, int y)
{
	int w = turn->width, h = turn->height;

	for (int i = 0; i < turn->degrees / 90; i++) {
		int t = x;

		x = h - 1 - y;
		y = t;
		t = w;
		w = h;
		h = t;
	}
	return (SDL_Point){ x, y };
}

static uint32_t color(int x, int y)
{
	return (uint32_t)(y * 1000 + x + 1);
}

/* Copies rect and compares all of the panel: what was to be copied is there, the rest (padding included) untouched. */
static void check_copy(const struct turn *turn, SDL_Rect rect, int pitch, int panel_pitch)
{
	SDL_Point size = turn_panel_size(turn);
	size_t count = (size_t)panel_pitch * (size_t)size.y;
	uint32_t *picture = calloc((size_t)pitch * (size_t)turn->height, sizeof(*picture));
	uint32_t *panel = calloc(count, sizeof(*panel)), *wanted = calloc(count, sizeof(*wanted));

	assert_true(picture != NULL && panel != NULL && wanted != NULL);
	for (int y = 0; y < turn->height; y++)
		for (int x = 0; x < turn->width; x++) {
			picture[y * pitch + x] = color(x, y);
			if (SDL_PointInRect(&(SDL_Point){ x, y }, &rect)) {
				SDL_Point on = naive(turn, x, y);

				wanted[on.y * panel_pitch + on.x] = color(x, y);
			}
		}
	turn_copy(turn, rect, picture, pitch, panel, panel_pitch);
	assert_memory_equal(panel, wanted, count * sizeof(*panel));
	free(picture);
	free(panel);
	free(wanted);
}

static void copies_as_the_naive_turn_does(void **state)
{
	static const SDL_Point panels[] = { { 1, 1 }, { 7, 3 }, { 33, 65 }, { 100, 61 } };
	static const SDL_Rect rects[] = {
		{ 0, 0, 1000, 1000 }, { 2, 1, 3, 2 }, { -5, -7, 20, 30 }, { 30, 31, 40, 400 },
		{ 6, 2, 1, 1 },	      { 0, 0, 0, 0 }, { 5, 5, -3, 10 },	  { 500, 500, 10, 10 },
	};

	(void)state;
	for (size_t a = 0; a < SDL_arraysize(angles); a++)
		for (size_t p = 0; p < SDL_arraysize(panels); p++)
			for (size_t r = 0; r < SDL_arraysize(rects); r++) {
				struct turn turn = turn_for_panel(angles[a], panels[p].x, panels[p].y);

				check_copy(&turn, rects[r], turn.width, panels[p].x);
				check_copy(&turn, rects[r], turn.width + 13, panels[p].x + 5);
			}
}

static void random_damage_adds_up(void **state)
{
	uint32_t seed = 20261123;

	(void)state;
	for (int i = 0; i < 400; i++) {
		int n[6];

		for (size_t k = 0; k < SDL_arraysize(n); k++) {
			seed = seed * 1664525 + 1013904223;
			n[k] = (int)(seed >> 16) % 90;
		}
		struct turn turn = turn_for_panel(angles[i % 4], n[0] + 1, n[1] + 1);

		check_copy(&turn, (SDL_Rect){ n[2] - 20, n[3] - 20, n[4], n[5] }, turn.width + i % 3, n[0] + 1 + i % 5);
	}
}

static void rectangles_turn_like_their_pixels(void **state)
{
	(void)state;
	for (size_t a = 0; a < SDL_arraysize(angles); a++) {
		struct turn turn = turn_for_panel(angles[a], 1280, 800);
		SDL_Rect on = turn_rect(&turn, (SDL_Rect){ 10, 20, 30, 40 });
		SDL_Point first = naive(&turn, 10, 20), last = naive(&turn, 39, 59);

		assert_int_equal(on.x, SDL_min(first.x, last.x));
		assert_int_equal(on.y, SDL_min(first.y, last.y));
		assert_int_equal(on.x + on.w - 1, SDL_max(first.x, last.x));
		assert_int_equal(on.y + on.h - 1, SDL_max(first.y, last.y));
		on = turn_rect(&turn, (SDL_Rect){ turn.width, 0, 5, 5 });
		assert_true(on.w == 0 && on.h == 0);
	}
}

static void touches_come_back(void **state)
{
	(void)state;
	for (size_t a = 0; a < SDL_arraysize(angles); a++) {
		struct turn turn = turn_for_panel(angles[a], 1280, 800);

		for (int y = 0; y < turn.height; y += 37)
			for (int x = 0; x < turn.width; x += 41) {
				SDL_Point on = naive(&turn, x, y);
				SDL_FPoint back = turn_back(
					&turn, (SDL_FPoint){ ((float)on.x + 0.5F) / 1280, ((float)on.y + 0.5F) / 800 });

				assert_int_equal((int)(back.x * (float)turn.width), x);
				assert_int_equal((int)(back.y * (float)turn.height), y);
			}
	}
}

static void movements_come_back(void **state)
{
	(void)state;
	for (size_t a = 0; a < SDL_arraysize(angles); a++) {
		struct turn turn = turn_for_panel(angles[a], 1280, 800);
		SDL_FPoint from = turn_back(&turn, (SDL_FPoint){ 0.25F, 0.5F });
		SDL_FPoint to = turn_back(&turn, (SDL_FPoint){ 0.375F, 0.375F });
		SDL_FPoint by = turn_back_by(&turn, (SDL_FPoint){ 0.125F, -0.125F });

		assert_true(to.x - from.x == by.x && to.y - from.y == by.y);
	}
}

static void a_panel_on_its_side_has_an_upright_picture(void **state)
{
	struct turn turn = turn_for_panel(90, 1920, 1080);

	(void)state;
	assert_true(turn.width == 1080 && turn.height == 1920);
	assert_true(turn_panel_size(&turn).x == 1920 && turn_panel_size(&turn).y == 1080);
	turn = turn_for_panel(45, 1920, 1080);
	assert_true(turn.degrees == 0 && turn.width == 1920 && turn.height == 1080);
}

static void expect_panel(const char *text, uint32_t rotation, const char *connector, const char *mode)
{
	lobby_Panel panel = panel_parse(text, strlen(text));

	assert_int_equal(panel.rotation, rotation);
	assert_string_equal(panel.connector, connector);
	assert_string_equal(panel.mode, mode);
}

static void settings_that_make_sense(void **state)
{
	(void)state;
	expect_panel("", 0, "", "");
	expect_panel("rotation=90\nconnector=\nmode=\n", 90, "", "");
	expect_panel("rotation=270\nconnector=HDMI-A-1\nmode=1920x1080\n", 270, "HDMI-A-1", "1920x1080");
	expect_panel("mode=1280x800\r\n rotation = 180 \n", 180, "", "1280x800");
	expect_panel("rotation=90\nrotation=180", 180, "", "");
}

static void expect_language(const char *text, const char *language)
{
	char out[PANEL_LANGUAGE_SIZE] = "before";

	panel_language(text, strlen(text), out);
	assert_string_equal(out, language);
}

static void the_language_of_the_first_words(void **state)
{
	(void)state;
	expect_language("", "");
	expect_language("rotation=90\nconnector=\nmode=\n", "");
	expect_language("rotation=90\nconnector=\nmode=\nlanguage=es\n", "es");
	expect_language("language=zh-Hant-TW", "zh-Hant-TW");
	expect_language(" language = es-MX \r\n", "es-MX");
	expect_language("language=es\nlanguage=\n", "");
	expect_language("language=es\nlanguage=e_s\n", "es");
	expect_language("language=../../etc\n", "");
	expect_language("language=abcdefghijklmnopq\n", "");
	expect_panel("rotation=90\nlanguage=es\nmode=800x600\n", 90, "", "800x600");
}

static void settings_that_do_not(void **state)
{
	static const char zeros[] = "\0\0\0\n\0rotation=90\nrotation=18\0000\nmode=12\0\n";
	lobby_Panel panel;

	(void)state;
	expect_panel("rotation=45\nconnector=../../x\nmode=big\n", 0, "", "");
	expect_panel("rotation=-90\nmode=1x1\n", 0, "", "");
	expect_panel("rotation=\nmode=1920x1080x32\n", 0, "", "");
	expect_panel("rotation=4294967386\nmode=1920x\n", 0, "", "");
	expect_panel("rotation=90x\nrotation\n=90\n====\n", 0, "", "");
	expect_panel("connector=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nrotation=90", 90, "", "");
	expect_panel("rotation=90                                                                                \n"
		     "mode=800x600\n",
		     0, "", "800x600");
	panel = panel_parse(zeros, sizeof(zeros));
	assert_true(panel.rotation == 0 && panel.mode[0] == '\0');
	panel = panel_clean(&(lobby_Panel){ .rotation = 91, .connector = "a b", .mode = "1280x800" });
	assert_true(panel.rotation == 0 && panel.connector[0] == '\0' && strcmp(panel.mode, "1280x800") == 0);
	panel = panel_read("/nonexistent/lobby-panel");
	assert_int_equal(panel.rotation, 0);
}

static void a_size_that_can_be(void **state)
{
	(void)state;
	assert_true(panel_px_per_mm(1280, 800, 325, 203) > 3.9 && panel_px_per_mm(1280, 800, 325, 203) < 4.0);
	assert_true(panel_px_per_mm(1920, 1080, 0, 0) == 0);
	assert_true(panel_px_per_mm(1920, 1080, 16, 9) == 0);
	assert_true(panel_px_per_mm(1920, 1080, 1600, 900) > 0);
	assert_true(panel_px_per_mm(1920, 1080, 160, 160) == 0);
	assert_true(panel_px_per_mm(1280, 800, 2900, 1812) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_as_the_naive_turn_does),
		cmocka_unit_test(random_damage_adds_up),
		cmocka_unit_test(rectangles_turn_like_their_pixels),
		cmocka_unit_test(touches_come_back),
		cmocka_unit_test(movements_come_back),
		cmocka_unit_test(a_panel_on_its_side_has_an_upright_picture),
		cmocka_unit_test(settings_that_make_sense),
		cmocka_unit_test(the_language_of_the_first_words),
		cmocka_unit_test(settings_that_do_not),
		cmocka_unit_test(a_size_that_can_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

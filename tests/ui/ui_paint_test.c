/* Paint: damage is small and enough; a wipe leaves nothing; the dump is as it was agreed. */
#include "samples.c"

#include "ui/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct ui_prefs normal = { UI_SIZE_NORMAL, UI_THEME_PAPER, "en" };

struct stage {
	struct ui *ui;
	SDL_Surface *surface, *whole;
	SDL_Rect rects[8];
};

static SDL_Surface *surface_make(int panel)
{
	return SDL_CreateRGBSurfaceWithFormat(0, sample_panels[panel].width_px, sample_panels[panel].height_px, 32,
					      SDL_PIXELFORMAT_RGB888);
}

static int setup(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));

	if (s == NULL || ui_new(&sample_panels[0], "assets", &s->ui) != 0)
		return -1;
	s->surface = surface_make(0);
	s->whole = surface_make(0);
	*state = s;
	return s->surface == NULL || s->whole == NULL;
}

static int teardown(void **state)
{
	struct stage *s = *state;

	ui_free(s->ui);
	SDL_FreeSurface(s->surface);
	SDL_FreeSurface(s->whole);
	free(s);
	return 0;
}

static int64_t paint(struct stage *s)
{
	int count = ui_paint(s->ui, s->surface, false, s->rects, 8);
	int64_t area = 0;

	for (int i = 0; i < count; i++)
		area += (int64_t)s->rects[i].w * s->rects[i].h;
	return area;
}

/* What was painted bit by bit equals a full repaint, pixel for pixel. */
static void assert_whole(struct stage *s)
{
	SDL_Rect rects[4];

	ui_paint(s->ui, s->whole, true, rects, 4);
	assert_memory_equal(s->surface->pixels, s->whole->pixels, (size_t)s->surface->pitch * (size_t)s->surface->h);
}

static void touch(struct ui *ui, Uint32 type, const char *id)
{
	const struct ui_node *n = tree_find(ui, id);
	SDL_Event e = { .type = type };

	assert_non_null(n);
	e.button.button = SDL_BUTTON_LEFT;
	e.button.x = n->rect.x + n->rect.w / 2;
	e.button.y = n->rect.y + n->rect.h / 2;
	ui_handle(ui, &e);
}

static void a_key_press_repaints_a_key(void **state)
{
	struct stage *s = *state;
	int64_t key, all = 1080 * 1920;

	sample_build(s->ui, "birthday", &normal);
	assert_int_equal(paint(s), all);
	assert_int_equal(paint(s), 0);
	assert_false(ui_is_dirty(s->ui));
	touch(s->ui, SDL_MOUSEBUTTONDOWN, "key-5");
	assert_true(ui_is_dirty(s->ui));
	key = paint(s);
	assert_true(key > 0 && key < all * 4 / 100);
	assert_whole(s);
	touch(s->ui, SDL_MOUSEBUTTONUP, "key-5");
	sample_build(s->ui, "birthday", &normal);
	key = paint(s);
	assert_true(key > 0 && key < all * 6 / 100); /* the key and the field */
	assert_whole(s);
}

static void damage_is_enough(void **state)
{
	struct stage *s = *state;
	unsigned random = 7;

	for (int i = 0; i < 160; i++) {
		const char *name = samples[(random >> 8) % 3 == 0 ? (random >> 12) % (unsigned)sample_count : 1].name;
		struct ui_prefs prefs = normal;

		random = random * 1103515245u + 12345u;
		if ((random >> 16) % 11 == 0)
			prefs.theme = UI_THEME_WHITE_ON_BLACK;
		if ((random >> 16) % 13 == 0)
			prefs.language = "ar";
		sample_build(s->ui, name, &prefs);
		if ((random >> 20) % 4 == 0)
			ui_type(s->ui, "\t");
		else if ((random >> 20) % 4 == 1)
			ui_type(s->ui, "1");
		else if ((random >> 20) % 4 == 2)
			ui_type(s->ui, "\b");
		sample_build(s->ui, name, &prefs);
		paint(s);
		assert_whole(s);
	}
}

static void rects_are_within_bounds(void **state)
{
	struct stage *s = *state;

	for (int i = 0; i < sample_count; i++) {
		int count;

		sample_build(s->ui, samples[i].name, &normal);
		count = ui_paint(s->ui, s->surface, false, s->rects, 2);
		assert_in_range(count, 1, 2);
		for (int k = 0; k < count; k++) {
			assert_in_range(s->rects[k].x, 0, 1080 - s->rects[k].w);
			assert_in_range(s->rects[k].y, 0, 1920 - s->rects[k].h);
		}
		assert_whole(s);
	}
}

static bool holds(const void *block, size_t size, const char *text)
{
	return memmem(block, size, text, strlen(text)) != NULL;
}

static void a_wipe_leaves_nothing(void **state)
{
	struct stage *s = *state;
	struct ui *ui = s->ui;
	const void *arena = ui->arena.block;

	sample_build(ui, "address", &normal);
	ui_type(ui, "Zyxwvut Lane");
	sample_build(ui, "address", &normal);
	ui_begin(ui, &normal, "hello");
	ui_heading(ui, "Welcome, Zyxwvut.");
	ui_end(ui);
	paint(s);
	assert_true(holds(arena, UI_ARENA_SIZE, "Zyxwvut"));
	assert_true(holds(ui, sizeof(*ui), "Zyxwvut"));
	assert_true(text_kept(ui) > 0);
	ui_wipe(ui);
	assert_false(holds(arena, UI_ARENA_SIZE, "Zyxwvut"));
	assert_false(holds(ui, sizeof(*ui), "Zyxwvut"));
	assert_int_equal(text_kept(ui), 0);
	assert_string_equal(ui_field_text(ui, "street"), "");
	assert_string_equal(ui_focused(ui), "");
}

static void caches_are_bounded(void **state)
{
	struct stage *s = *state;

	for (int i = 0; i < 1500; i++) {
		char text[64];

		snprintf(text, sizeof(text), "Heading number %d of very many", i);
		ui_begin(s->ui, &normal, "many");
		ui_heading(s->ui, text);
		ui_end(s->ui);
		paint(s);
	}
	assert_true(text_kept(s->ui) <= 2 * 1024 * 1024);
	assert_whole(s);
}

static void fonts_that_are_not_there(void **state)
{
	struct stage *s = *state;

	assert_true(ui_can_show(s->ui, "Español Kreyòl Tiếng Việt Русский"));
	assert_false(ui_can_show(s->ui, "\xF4\x8F\xBF\xBD")); /* U+10FFFD: no font has it */
}

static void dump_is_as_agreed(void **state)
{
	static const char golden[] = "screen birthday en\n"
				     "header\n"
				     "  text \"Riverside Family Clinic\" #clinic value \"9:41 AM\"\n"
				     "  steps \"Step of five\" #steps 1/5\n"
				     "body\n"
				     "  heading \"When is your birthday?\" #heading focused\n"
				     "  text \"We use it to find your appointment.\" #why quiet\n"
				     "  row #date\n"
				     "    field \"Month\" #month = \"04\"\n"
				     "    field \"Day\" #day = \"1\" active\n"
				     "    field \"Year\" #year = \"\"\n"
				     "pad\n"
				     "  row\n"
				     "    button \"1\" #key-1\n"
				     "    button \"2\" #key-2\n"
				     "    button \"3\" #key-3\n"
				     "  row\n"
				     "    button \"4\" #key-4\n"
				     "    button \"5\" #key-5\n"
				     "    button \"6\" #key-6\n"
				     "  row\n"
				     "    button \"7\" #key-7\n"
				     "    button \"8\" #key-8\n"
				     "    button \"9\" #key-9\n"
				     "  row\n"
				     "    button \"Back\" #back icon:arrow-back\n"
				     "    button \"0\" #key-0\n"
				     "    button spoken \"Erase\" #key-erase icon:backspace\n"
				     "actions\n"
				     "  button \"Continue\" #continue strong disabled\n"
				     "bar\n"
				     "  button \"Text size\" #text-size icon:text-size\n"
				     "  button \"Contrast\" #contrast icon:contrast\n"
				     "  button \"Read aloud\" #read-aloud icon:speaker\n"
				     "  button \"Language\" #language icon:globe\n"
				     "  button \"Call staff\" #call-staff icon:bell\n"
				     "  button \"Start over\" #start-over icon:start-over\n";
	struct stage *s = *state;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	sample_build(s->ui, "birthday", &normal);
	ui_type(s->ui, "041");
	sample_build(s->ui, "birthday", &normal);
	ui_dump(s->ui, out, false);
	fclose(out);
	assert_string_equal(text, golden);
	free(text);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_key_press_repaints_a_key), T(damage_is_enough),   T(rects_are_within_bounds),
		T(a_wipe_leaves_nothing),      T(caches_are_bounded), T(fonts_that_are_not_there),
		T(dump_is_as_agreed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

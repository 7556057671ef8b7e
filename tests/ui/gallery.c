/* Paints the sample screens as PNGs, to be looked at: gallery FOLDER [SCREEN]. Says how long a frame takes. */
#include "samples.c"

#include <stdlib.h>
#include <string.h>

static const char *const sizes[] = { "small", "normal", "large", "largest" };
static const char *const themes[] = { "paper", "dusk", "white", "black" };

static double ms_since(Uint64 from)
{
	return (double)(SDL_GetPerformanceCounter() - from) * 1000.0 / (double)SDL_GetPerformanceFrequency();
}

static void shoot(const char *folder, const char *name, int panel, enum ui_size size, enum ui_theme theme,
		  const char *language)
{
	const struct ui_panel *p = &sample_panels[panel];
	SDL_Surface *s = SDL_CreateRGBSurfaceWithFormat(0, p->width_px, p->height_px, 32, SDL_PIXELFORMAT_RGB888);
	struct ui_prefs prefs = { size, theme, language };
	struct ui *ui = NULL;
	char path[512];
	SDL_Rect rects[8];
	Uint64 from;
	double first, again, build;

	if (s == NULL || ui_new(p, "assets", &ui) != 0)
		exit(1);
	ui_field_set(ui, "month", "04");
	ui_field_set(ui, "day", "17");
	ui_field_set(ui, "year", "19");
	ui_field_set(ui, "email", "maria.g@example");
	from = SDL_GetPerformanceCounter();
	sample_build(ui, name, &prefs);
	ui_paint(ui, s, true, rects, 8);
	first = ms_since(from);
	for (int page = 1;; page++) {
		struct ui_event more;

		snprintf(path, sizeof(path), "%s/%s-%s-%s-%s%s-%d.png", folder, name, panel ? "landscape" : "portrait",
			 sizes[size], themes[theme], strcmp(language, "ar") == 0 ? "-rtl" : "", page);
		if (ui_write_png(s, path) != 0)
			exit(1);
		more = ui_press(ui, "more");
		if (more.kind != UI_EVENT_PAGE || page == 9)
			break;
		sample_build(ui, name, &prefs);
		ui_paint(ui, s, true, rects, 8);
		if (strcmp(ui_focused(ui), "more") == 0 && ui_page(ui) == 0)
			break;
	}
	from = SDL_GetPerformanceCounter();
	sample_build(ui, name, &prefs);
	build = ms_since(from);
	from = SDL_GetPerformanceCounter();
	ui_paint(ui, s, true, rects, 8);
	again = ms_since(from);
	printf("%-60s first %6.2f ms, build %.3f ms, repaint %6.2f ms, faults %d\n", path, first, build, again,
	       ui_check(ui, stdout));
	ui_free(ui);
	SDL_FreeSurface(s);
}

int main(int argc, char **argv)
{
	const char *folder = argc > 1 ? argv[1] : "build/ui";

	for (int i = 0; i < sample_count; i++) {
		if (argc > 2 && strcmp(argv[2], samples[i].name) != 0)
			continue;
		for (int panel = 0; panel < 2; panel++) {
			shoot(folder, samples[i].name, panel, UI_SIZE_NORMAL, UI_THEME_PAPER, "en");
			shoot(folder, samples[i].name, panel, UI_SIZE_LARGEST, UI_THEME_WHITE_ON_BLACK, "en");
			if (argc > 3)
				continue;
			shoot(folder, samples[i].name, panel, UI_SIZE_SMALL, UI_THEME_BLACK_ON_WHITE, "en");
			shoot(folder, samples[i].name, panel, UI_SIZE_LARGE, UI_THEME_DUSK, "en");
			shoot(folder, samples[i].name, panel, UI_SIZE_NORMAL, UI_THEME_PAPER, "ar");
		}
	}
	return 0;
}

/* Two halves on one surface: the panel is built with the kiosk's own src/ui and painted to a surface of its own; the
 * printer is drawn by hand. Paper moves only when a slip was cut off, so the window is as idle as the rest. */
#include "tests/emu/emu_window.h"
#include "tests/emu/emu_cards.h"

#include "kiosk/window.h"
#include "tests/emu/paper.h"
#include "ui/ui.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PANEL_W 620
#define PRINTER_W 560
#define HEIGHT 900
#define SLOT_Y 780	 /* paper comes up out of it */
#define PAPER_SCALE 0.75 /* cells of 9 by 18 pixels */
#define FRAME_MS 16
#define ROWS_A_FRAME 14
#define PX_PER_MM 3.0

struct emu_window {
	struct emu *emu;
	struct window window;
	struct ui *ui;
	SDL_Surface *panel;
	SDL_Surface *slip;
	int slips; /* that were drawn */
	int shown; /* rows of the slip that are out */
	char said[128];
	struct loop_timer frame;
};

static void redraw(struct emu_window *w);

/* ---- the panel ---- */

/* A switch; tinted while something is wrong by it. */
static void toggle(struct emu_window *w, const char *id, const char *label, const char *icon, bool wrong)
{
	ui_button(w->ui, id, label,
		  (struct ui_opt){ .grow = 1, .icon = icon, .selected = wrong, .below = true, .tone = UI_QUIET });
}

/* What a card is, and what is done with it. */
static const struct kind {
	const char *name, *icon, *words;
} kinds[] = {
	{ "licence", "person", "driving licence" },  { "letter", "mail", "appointment letter" },
	{ "member", "card", "member number" },	     { "insurance", "card", "health ID card" },
	{ "stripe", "arrow-forward", "swipe it" },   { "chip", "card", "put the chip in" },
	{ "health", "check", "signed health card" },
};

static const struct kind *kind_of(const char *name)
{
	for (size_t i = 0; i < SDL_arraysize(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return &kinds[2];
}

static void build_cards(struct emu_window *w)
{
	const struct cards *cards = &w->emu->cards;
	char id[24], row[24];

	ui_heading(w->ui, "Show a card");
	for (int i = 0; i < cards->count; i++) {
		const struct card_row *card = &cards->rows[i];
		const struct kind *kind = kind_of(card->kind);

		if (i % 2 == 0) {
			snprintf(row, sizeof(row), "row-%d", i);
			ui_open(w->ui, row, UI_ROW, (struct ui_opt){ 0 });
		}
		snprintf(id, sizeof(id), "card-%d", i);
		ui_button(w->ui, id, card->name, (struct ui_opt){ .grow = 1, .icon = kind->icon, .note = kind->words });
		if (i % 2 == 1 || i + 1 == cards->count)
			ui_close(w->ui);
	}
	if (cards->count == 0)
		ui_text(w->ui, "none", UI_STYLE_BODY, "No cards: start with --cards=FILE.",
			(struct ui_opt){ .tone = UI_QUIET });
}

static void build_switches(struct emu_window *w)
{
	static const char *const rolls[] = { "Paper full", "Paper low", "Paper out" };
	const struct model_printer *p = &w->emu->printer;
	bool scanner = bus_is_plugged(&w->emu->scanner.model), printer = bus_is_plugged(&p->model);
	bool down = emu_network_is_down();

	if (w->emu->reader.icc[0].card != NULL)
		toggle(w, "take-out", "Take the chip out", "card", true);
	toggle(w, "paper", rolls[p->roll], "calendar", p->roll != PRINTER_PAPER_OK);
	toggle(w, "cover", p->cover_open ? "Cover open" : "Cover closed", "shift", p->cover_open);
	toggle(w, "printer", printer ? "Printer plugged in" : "Printer unplugged", "printer", !printer);
	toggle(w, "scanner", scanner ? "Scanner plugged in" : "Scanner unplugged", "scan", !scanner);
	toggle(w, "network", down ? "Network down" : "Network up", "wifi-off", down);
}

static void build(struct emu_window *w)
{
	struct ui_prefs prefs = { UI_SIZE_SMALL, UI_THEME_PAPER, "en" };

	ui_begin(w->ui, &prefs, "emu");
	ui_region(w->ui, UI_HEADER);
	ui_open(w->ui, "header", UI_ROW, (struct ui_opt){ 0 });
	ui_text(w->ui, "title", UI_STYLE_STRONG, "Lobby without hardware", (struct ui_opt){ .grow = 1 });
	ui_text(w->ui, "said", UI_STYLE_SMALL, w->said, (struct ui_opt){ .tone = UI_QUIET });
	ui_close(w->ui);
	ui_region(w->ui, UI_BODY);
	build_cards(w);
	ui_region(w->ui, UI_BAR);
	bus_lock(w->emu->bus);
	build_switches(w);
	bus_unlock(w->emu->bus);
	ui_end(w->ui);
}

static void command(struct emu_window *w, const char *line)
{
	char answer[EMU_ANSWER_MAX];

	emu_command(w->emu, line, answer, sizeof(answer));
	snprintf(w->said, sizeof(w->said), "%.100s", strncmp(answer, "ok", 2) == 0 ? "" : answer);
	redraw(w);
}

static void press(struct emu_window *w, const char *id)
{
	static const char *const next_roll[] = { "paper low", "paper out", "paper ok" };
	struct emu *e = w->emu;
	char line[32];

	if (strncmp(id, "card-", 5) == 0) {
		const struct card_row *card = &e->cards.rows[strtol(id + 5, NULL, 10)];
		char text[128];
		struct emu_answer answer = { text, sizeof(text) };

		emu_cards_use(e, &answer, card);
		snprintf(w->said, sizeof(w->said), "%.100s", strncmp(text, "ok", 2) == 0 ? card->name : text);
		redraw(w);
	} else if (strcmp(id, "take-out") == 0) {
		command(w, "remove");
	} else if (strcmp(id, "paper") == 0) {
		command(w, next_roll[e->printer.roll]);
	} else if (strcmp(id, "cover") == 0) {
		command(w, e->printer.cover_open ? "cover closed" : "cover open");
	} else if (strcmp(id, "network") == 0) {
		command(w, emu_network_is_down() ? "network up" : "network down");
	} else if (strcmp(id, "scanner") == 0 || strcmp(id, "printer") == 0) {
		bool in = bus_is_plugged(id[0] == 's' ? &e->scanner.model : &e->printer.model);

		snprintf(line, sizeof(line), "%s %s", in ? "unplug" : "plug", id);
		command(w, line);
	}
}

/* ---- the printer ---- */

static void fill(SDL_Surface *s, int x, int y, int width, int height, Uint8 r, Uint8 g, Uint8 b)
{
	SDL_FillRect(s, &(SDL_Rect){ x, y, width, height }, SDL_MapRGB(s->format, r, g, b));
}

/* A box with its corners cut by a few pixels: enough of a casing. */
static void casing(SDL_Surface *s, int x, int y, int width, int height, Uint8 grey)
{
	for (int i = 0; i < 6; i++)
		fill(s, x + 6 - i, y + i, width - 2 * (6 - i), 1, grey, grey, (Uint8)(grey + 4));
	fill(s, x, y + 6, width, height - 6, grey, grey, (Uint8)(grey + 4));
}

static void draw_printer(struct emu_window *w)
{
	SDL_Surface *s = w->window.surface;
	const struct model_printer *p = &w->emu->printer;
	int left = PANEL_W, room = SLOT_Y - 24, width, shown = w->shown < room ? w->shown : room;
	bool in = bus_is_plugged(&p->model), fine = !p->cover_open && !p->offline && p->roll != PRINTER_PAPER_OUT;

	fill(s, left, 0, PRINTER_W, HEIGHT, 0xdd, 0xdb, 0xd5);
	casing(s, left + 24, SLOT_Y - 18, PRINTER_W - 48, HEIGHT - SLOT_Y - 6, 0x3a);
	if (p->cover_open)
		casing(s, left + 24, SLOT_Y - 74, PRINTER_W - 48, 30, 0x4a);
	width = w->slip == NULL ? 0 : w->slip->w;
	fill(s, left + 40, SLOT_Y - 4, PRINTER_W - 80, 8, 0x16, 0x16, 0x18);
	if (w->slip != NULL) {
		SDL_Rect from = { 0, 0, width, shown };
		SDL_Rect to = { left + (PRINTER_W - width) / 2, SLOT_Y - shown, width, shown };

		/* A slip longer than the room is seen from where it left the printer. */
		if (w->shown > room)
			from.y = w->shown - room;
		SDL_BlitSurface(w->slip, &from, s, &to);
	}
	if (!in)
		fill(s, left + 52, SLOT_Y + 44, 12, 12, 0x60, 0x60, 0x60);
	else if (!fine)
		fill(s, left + 52, SLOT_Y + 44, 12, 12, 0xe0, 0x4a, 0x3a);
	else if (p->roll == PRINTER_PAPER_LOW)
		fill(s, left + 52, SLOT_Y + 44, 12, 12, 0xf0, 0xb4, 0x30);
	else
		fill(s, left + 52, SLOT_Y + 44, 12, 12, 0x3f, 0xb9, 0x6b);
}

static void on_frame(void *arg)
{
	struct emu_window *w = arg;

	w->shown += ROWS_A_FRAME;
	if (w->slip != NULL && w->shown > w->slip->h)
		w->shown = w->slip->h;
	redraw(w);
}

/* A new slip starts at the slot. */
static void look_at_paper(struct emu_window *w)
{
	int slips = paper_slips(w->emu->printer.paper);

	if (slips == w->slips)
		return;
	w->slips = slips;
	SDL_FreeSurface(w->slip);
	w->slip = paper_draw(paper_last(w->emu->printer.paper, false), PAPER_SCALE);
	w->shown = 0;
}

/* ---- both ---- */

static void redraw(struct emu_window *w)
{
	SDL_Rect rects[8], all = { 0, 0, PANEL_W + PRINTER_W, HEIGHT };

	if (w->ui == NULL)
		return;
	build(w);
	ui_paint(w->ui, w->panel, false, rects, 8);
	SDL_BlitSurface(w->panel, NULL, w->window.surface, NULL);
	bus_lock(w->emu->bus);
	look_at_paper(w);
	draw_printer(w);
	bus_unlock(w->emu->bus);
	window_present(&w->window, &all, 1);
	if (w->slip != NULL && w->shown < w->slip->h)
		loop_timer_set(w->emu->loop, &w->frame, FRAME_MS, on_frame, w);
}

static void on_change(void *arg)
{
	redraw(arg);
}

static void on_event(void *arg, const SDL_Event *event)
{
	struct emu_window *w = arg;
	struct ui_event e;

	if (event->type == SDL_QUIT) {
		loop_stop(w->emu->loop);
		return;
	}
	if (event->type == SDL_WINDOWEVENT) {
		window_renew_surface(&w->window);
		redraw(w);
		return;
	}
	e = ui_handle(w->ui, event);
	if (e.kind == UI_EVENT_PRESS)
		press(w, e.id);
	else if (ui_is_dirty(w->ui))
		redraw(w);
}

bool emu_window_press(struct emu_window *w, const char *what)
{
	struct ui_event e = ui_press(w->ui, what);

	if (e.kind == UI_EVENT_PRESS)
		press(w, e.id);
	return e.kind == UI_EVENT_PRESS;
}

bool emu_window_write_png(struct emu_window *w, const char *path)
{
	while (w->slip != NULL && w->shown < w->slip->h)
		on_frame(w);
	redraw(w);
	return ui_write_png(w->window.surface, path) == 0;
}

/* The kiosk's window stands at the left edge; this one goes to the right. */
static void place_beside_the_kiosk(SDL_Window *window)
{
	SDL_Rect display;
	int w = 0, h = 0;

	SDL_GetWindowSize(window, &w, &h);
	if (SDL_GetDisplayBounds(SDL_GetWindowDisplayIndex(window), &display) == 0)
		SDL_SetWindowPosition(window, display.x + SDL_max(0, display.w - w - 40), display.y + 40);
}

struct emu_window *emu_window_new(struct emu *emu, const char *assets)
{
	struct emu_window *w = calloc(1, sizeof(*w));
	struct ui_panel panel = { PANEL_W, HEIGHT, PX_PER_MM }, whole = { PANEL_W + PRINTER_W, HEIGHT, PX_PER_MM };

	if (w == NULL)
		return NULL;
	w->emu = emu;
	if (window_init(&w->window, emu->loop, &(struct window_options){ .panel = whole }, on_event, w) != 0) {
		free(w);
		return NULL;
	}
	SDL_SetWindowTitle(w->window.sdl, "Lobby: scanner and printer");
	place_beside_the_kiosk(w->window.sdl);
	w->panel = SDL_CreateRGBSurfaceWithFormat(0, PANEL_W, HEIGHT, 32, SDL_PIXELFORMAT_RGB888);
	if (w->panel == NULL || ui_new(&panel, assets, &w->ui) != 0) {
		emu_window_free(w);
		return NULL;
	}
	emu->on_change = on_change;
	emu->on_change_arg = w;
	emu->window = w;
	redraw(w);
	return w;
}

void emu_window_free(struct emu_window *w)
{
	if (w == NULL)
		return;
	w->emu->on_change = NULL;
	w->emu->window = NULL;
	loop_timer_cancel(w->emu->loop, &w->frame);
	ui_free(w->ui);
	SDL_FreeSurface(w->slip);
	SDL_FreeSurface(w->panel);
	window_fini(&w->window);
	free(w);
}

/* Paging: what does not fit is dealt out to pages, in order, and a "More" button turns them.
 *
 * The units are the children of the column; a plain group taller than a page is taken apart. A unit taller than a page
 * makes the type of its region smaller until it fits, so that nothing is ever clipped. In landscape a page may have two
 * columns. The page follows the focus, and a press by name, so that everything can be reached. */
#include "internal.h"

#include <string.h>

#define UNITS_MAX 128

struct units {
	struct ui_node *list[UNITS_MAX];
	int slot[UNITS_MAX]; /* a column of a page */
	int count;
	int tallest;
};

static bool comes_apart(const struct ui_node *n)
{
	return n->role == UI_GROUP && n->first != NULL && (n->flow == UI_COLUMN || n->stacked);
}

static void collect(struct ui *ui, struct ui_node *parent, SDL_Rect rect, struct units *units)
{
	for (struct ui_node *c = parent->first; c != NULL; c = c->next) {
		int h = measure_height(ui, c, rect.w);

		if (c == ui->more || c->role == UI_SPACER || (parent->stacked && c->role == UI_RULE))
			continue;
		if (h > rect.h && comes_apart(c)) {
			collect(ui, c, rect, units);
		} else if (units->count < UNITS_MAX) {
			units->list[units->count++] = c;
			units->tallest = SDL_max(units->tallest, h);
		}
	}
}

static void set_page(struct ui_node *n, int page)
{
	n->page = page;
	for (struct ui_node *c = n->first; c != NULL; c = c->next)
		set_page(c, page);
}

static int deal(struct ui *ui, struct units *units, SDL_Rect rect)
{
	int page = 0, y = 0;

	for (int i = 0; i < units->count; i++) {
		struct ui_node *u = units->list[i];
		int h = measure_height(ui, u, rect.w);
		int space = y > 0 ? gap_between(ui, units->list[i - 1], u) : 0;

		if (y > 0 && y + space + h > rect.h) {
			page++;
			y = space = 0;
		}
		units->slot[i] = page;
		y += space + h;
	}
	return page + 1;
}

static void hide_all(struct ui_node *n)
{
	for (struct ui_node *c = n->first; c != NULL; c = c->next) {
		c->hidden = true;
		c->page = -1;
		hide_all(c);
	}
}

/* A group that was taken apart is as large as what of it is on the page. */
static void reveal(struct ui_node *top, struct ui_node *unit)
{
	for (struct ui_node *g = unit->parent; g != NULL && g != top; g = g->parent) {
		if (g->hidden)
			g->rect = unit->rect;
		else
			SDL_UnionRect(&g->rect, &unit->rect, &g->rect);
		g->hidden = false;
	}
}

static void place_page(struct ui *ui, struct ui_node *column, struct units *units, int slot, SDL_Rect rect)
{
	struct ui_node *before = NULL;
	int y = rect.y;

	for (int i = 0; i < units->count; i++) {
		struct ui_node *u = units->list[i];
		int h = measure_height(ui, u, rect.w);

		if (units->slot[i] != slot)
			continue;
		if (before != NULL)
			y += gap_between(ui, before, u);
		place(ui, u,
		      (SDL_Rect){ rect.x, y, u->role == UI_ICON ? SDL_min(rect.w, measure_max(ui, u)) : rect.w, h });
		reveal(column, u);
		y += h;
		before = u;
	}
}

static void turn_to_wanted(struct ui *ui)
{
	const char *wanted[] = { ui->focus, ui->active };

	for (size_t i = 0; ui->page_follows && i < SDL_arraysize(wanted); i++) {
		struct ui_node *n = tree_find(ui, wanted[i]);

		if (n != NULL && n != ui->heading && n->page >= 0 && (n->region == UI_BODY || n->in_dialog)) {
			ui->page = n->page;
			break;
		}
	}
	ui->page_follows = false;
	if (ui->page >= ui->pages)
		ui->page = 0;
}

static void make_more(struct ui *ui, struct ui_node *column)
{
	char label[96];

	if (ui->more != NULL)
		return;
	ui->at = column;
	ui->region = column->region;
	ui->more = tree_add(ui, UI_BUTTON, "more", "", (struct ui_opt){ 0 });
	ui->more->in_dialog = column->in_dialog;
	ui->more->in_card = false;
	ui->more->interactive = true;
	word_format(label, sizeof(label), word(ui, WORD_MORE), 8, 8);
	ui->more->label = tree_copy(ui, label);
}

/* The units, and smaller type until the tallest fits a page; the height of "More", or 0. */
static int gather(struct ui *ui, struct ui_node *column, SDL_Rect *part, bool may_page, struct units *units)
{
	int *fit = &ui->fit[column->in_dialog ? UI_FIT_DIALOG : (int)column->region];
	int whole = part->h;

	for (;;) {
		int more_h = may_page ? measure_height(ui, ui->more, part->w) : 0;

		part->h = whole - (more_h > 0 ? more_h + gap(ui, 24) : 0);
		units->count = units->tallest = 0;
		collect(ui, column, *part, units);
		if (units->tallest <= part->h || *fit <= 30)
			return more_h;
		*fit -= 10;
		measure_all_again(ui);
	}
}

static SDL_Rect column_rect(const struct ui *ui, SDL_Rect rect, int columns, int which)
{
	int between = unit(ui, 56), w = (rect.w - (columns - 1) * between) / columns;

	return (SDL_Rect){ rect.x + which * (w + between), rect.y, w, rect.h };
}

bool page_fits(struct ui *ui, struct ui_node *column, SDL_Rect rect, int columns)
{
	SDL_Rect part = column_rect(ui, rect, columns, 0);
	struct units units = { 0 };

	collect(ui, column, part, &units);
	return units.tallest <= part.h && deal(ui, &units, part) <= columns;
}

static void place_slots(struct ui *ui, struct ui_node *column, struct units *units, int page, int columns,
			SDL_Rect rect)
{
	hide_all(column);
	for (int i = 0; i < units->count; i++)
		set_page(units->list[i], units->slot[i] / columns);
	for (int k = 0; k < columns; k++)
		place_page(ui, column, units, page * columns + k, column_rect(ui, rect, columns, k));
}

static void place_more(struct ui *ui, SDL_Rect rect, int h)
{
	char label[96];

	word_format(label, sizeof(label), word(ui, WORD_MORE), ui->page + 1, ui->pages);
	ui->more->label = tree_copy(ui, label);
	place(ui, ui->more, (SDL_Rect){ rect.x, rect.y + rect.h - h, rect.w, h });
	ui->more->page = -1;
}

int page_column(struct ui *ui, struct ui_node *column, SDL_Rect rect, bool may_page, int columns)
{
	struct units units = { 0 };
	int more_h, tight = ui->tight, pages;
	SDL_Rect part = column_rect(ui, rect, columns, 0);

	if (columns == 1 && measure_column(ui, column, rect.w) <= rect.h) {
		place_column(ui, column, rect);
		return 1;
	}
	may_page = may_page && !(columns > 1 && page_fits(ui, column, rect, columns));
	if (may_page)
		make_more(ui, column);
	more_h = gather(ui, column, &part, may_page, &units);
	pages = deal(ui, &units, part);
	if (may_page) {
		ui->tight = SDL_min(tight, 45); /* closer together, if that saves a page */
		measure_all_again(ui);
		if (deal(ui, &units, part) >= pages) {
			ui->tight = tight;
			measure_all_again(ui);
			pages = deal(ui, &units, part);
		} else {
			pages = deal(ui, &units, part);
		}
		ui->pages = (pages + columns - 1) / columns;
		for (int i = 0; i < units.count; i++)
			set_page(units.list[i], units.slot[i] / columns);
		turn_to_wanted(ui);
	}
	place_slots(ui, column, &units, may_page ? ui->page : 0, columns, (SDL_Rect){ rect.x, rect.y, rect.w, part.h });
	if (may_page)
		place_more(ui, rect, more_h);
	ui->tight = tight;
	measure_all_again(ui);
	return may_page ? ui->pages : 1;
}

/* The template of regions: header, body, pad, actions and bar, in portrait and in landscape. See layout.c for the order
 * in which a screen that is too full gives way. */
#include "internal.h"

#include <string.h>

struct frame {
	SDL_Rect head, body, pad, actions, bar;
	int margin;
};

static bool has(const struct ui *ui, enum ui_region region)
{
	return ui->regions[region]->first != NULL;
}

/* ---- the bar ---- */

/* One size for all six labels: as large as lets the longest stand on one line, if any size does. */
static void fit_bar(struct ui *ui, int width)
{
	struct ui_node *bar = ui->regions[UI_BAR];
	int each = (width - mm(ui, 2.5) * (bar->child_count - 1)) / SDL_max(1, bar->child_count) - 1;
	int px = SDL_min((int)(body_px(ui) * 0.75), unit(ui, 36));

	px = SDL_max(px, smallest_px(ui));
	for (bool fits = false; !fits && px > smallest_px(ui);) {
		fits = true;
		for (struct ui_node *c = bar->first; c != NULL; c = c->next)
			fits = fits &&
			       text_width(ui, (struct ui_font){ UI_MEDIUM, px }, c->label, strlen(c->label)) <= each;
		if (!fits)
			px--;
	}
	ui->bar_px = px;
}

static void place_bar(struct ui *ui, struct frame *f)
{
	struct ui_node *bar = ui->regions[UI_BAR];
	int side = unit(ui, 12), h;

	f->bar = (SDL_Rect){ 0, ui->panel.height_px, ui->panel.width_px, 0 };
	if (!has(ui, UI_BAR))
		return;
	fit_bar(ui, f->bar.w - 2 * side);
	h = measure_height(ui, bar, f->bar.w - 2 * side) + unit(ui, is_portrait(ui) ? 24 : 8);
	f->bar.y -= h;
	f->bar.h = h;
	place(ui, bar, (SDL_Rect){ side, f->bar.y + unit(ui, 6), f->bar.w - 2 * side, h - unit(ui, 6) });
	bar->rect = f->bar;
}

static void place_header(struct ui *ui, struct frame *f)
{
	struct ui_node *head = ui->regions[UI_HEADER];
	int top = unit(ui, is_portrait(ui) ? 50 : 36), w = ui->panel.width_px - 2 * f->margin;

	f->head = (SDL_Rect){ f->margin, top, w, 0 };
	if (!has(ui, UI_HEADER))
		return;
	f->head.h = measure_column(ui, head, w);
	head->rect = f->head;
	place_column(ui, head, f->head);
}

/* ---- actions ---- */

static bool is_alternative(const struct ui_node *n)
{
	return n->role == UI_BUTTON && n->opt.tone != UI_STRONG;
}

/* The strong one first, then a row of the alternatives, then the rest: as one column. */
static void arrange_actions(struct ui *ui)
{
	struct ui_node *actions = ui->regions[UI_ACTIONS], *c, *next, *row;
	struct ui_node *rest[32] = { NULL };
	int n = 0;

	c = actions->first;
	actions->first = actions->last = NULL;
	actions->child_count = 0;
	ui->region = UI_ACTIONS;
	ui->at = actions;
	row = tree_add(ui, UI_GROUP, NULL, NULL, (struct ui_opt){ 0 });
	row->flow = UI_ROW;
	actions->first = actions->last = NULL;
	for (; c != NULL; c = next) {
		struct ui_node *to = is_alternative(c) ? row : actions;

		next = c->next;
		c->next = NULL;
		if (to == actions && (c->role != UI_BUTTON || actions->last != NULL) && n < 32) {
			rest[n++] = c;
			continue;
		}
		c->parent = to;
		if (to->last != NULL)
			to->last->next = c;
		else
			to->first = c;
		to->last = c;
		to->child_count++;
	}
	for (int i = -1; i < n; i++) {
		struct ui_node *add = i < 0 ? row : rest[i];

		if (add == row && row->first == NULL)
			continue;
		add->parent = actions;
		if (actions->last != NULL)
			actions->last->next = add;
		else
			actions->first = add;
		actions->last = add;
		actions->child_count++;
	}
}

static struct ui_node *alternatives(const struct ui *ui)
{
	for (struct ui_node *c = ui->regions[UI_ACTIONS]->first; c != NULL; c = c->next)
		if (c->role == UI_GROUP && c->flow == UI_ROW)
			return c;
	return NULL;
}

static void unlink_child(struct ui_node *parent, struct ui_node *child)
{
	struct ui_node *before = NULL;

	for (struct ui_node *c = parent->first; c != NULL && c != child; c = c->next)
		before = c;
	if (before != NULL)
		before->next = child->next;
	else
		parent->first = child->next;
	if (parent->last == child)
		parent->last = before;
	parent->child_count--;
	child->next = NULL;
}

static void move_alternatives(struct ui *ui)
{
	struct ui_node *row = alternatives(ui), *body = ui->regions[UI_BODY];

	if (row == NULL)
		return;
	unlink_child(ui->regions[UI_ACTIONS], row);
	row->parent = body;
	if (body->last != NULL)
		body->last->next = row;
	else
		body->first = row;
	body->last = row;
	body->child_count++;
	measure_all_again(ui);
}

/* ---- portrait ---- */

static bool fits_portrait(struct ui *ui, struct frame *f)
{
	struct ui_node *body = ui->regions[UI_BODY], *pad = ui->regions[UI_PAD], *actions = ui->regions[UI_ACTIONS];
	int w = ui->panel.width_px - 2 * f->margin, space = unit(ui, ui->tight > 60 ? 28 : 20);
	int bottom = f->bar.y - unit(ui, ui->tight > 80 ? 64 : 32), natural = measure_column(ui, body, w);
	int top = f->head.y + f->head.h + unit(ui, ui->tight > 80 ? 68 : 40), pad_h = 0;

	if (ui->tight > 80)
		top = SDL_max(top, unit(ui, 212));
	f->actions = (SDL_Rect){ f->margin, bottom, w, 0 };
	if (has(ui, UI_ACTIONS)) {
		f->actions.h = measure_column(ui, actions, w);
		f->actions.y -= f->actions.h;
		bottom = f->actions.y - space;
	}
	if (has(ui, UI_PAD)) {
		int most = pad_height(ui, pad, false), least = pad_height(ui, pad, true);

		pad_h = SDL_max(least, SDL_min(most, bottom - top - natural - unit(ui, ui->tight > 80 ? 64 : 32)));
		f->pad = (SDL_Rect){ f->margin, bottom - pad_h, w, pad_h };
		bottom = f->pad.y - unit(ui, ui->tight > 80 ? 64 : 32);
	}
	f->body = (SDL_Rect){ f->margin, top, w, bottom - top };
	return natural <= f->body.h;
}

/* ---- landscape ---- */

static bool fits_landscape_typed(struct ui *ui, struct frame *f)
{
	struct ui_node *body = ui->regions[UI_BODY], *actions = ui->regions[UI_ACTIONS], *row = alternatives(ui);
	int w = ui->panel.width_px - 2 * f->margin, between = unit(ui, 70), top = f->head.y + f->head.h + unit(ui, 52);
	int start = (w - between) * 2 / 5, bottom = f->bar.y - unit(ui, ui->tight > 80 ? 40 : 24), second = 0,
	    first = 0;
	SDL_Rect end = { f->margin + start + between, top, w - start - between, 0 };

	measure_column(ui, actions, w);
	for (struct ui_node *c = actions->first; c != NULL; c = c->next)
		if (c == row)
			second = measure_height(ui, c, start);
		else
			first += measure_height(ui, c, end.w) + (first > 0 ? gap(ui, 20) : 0);
	if (second > 0 && row->child_count <= row->columns)
		second = SDL_max(second, first); /* it is made as tall as the strong one: place_actions_typed() */
	f->actions = (SDL_Rect){ end.x, bottom - first, end.w, first };
	end.h = bottom - first - (first > 0 ? gap(ui, 20) : 0) - top;
	f->pad = end;
	f->body = (SDL_Rect){ f->margin, top, start, bottom - second - (second > 0 ? gap(ui, 24) : 0) - top };
	return measure_column(ui, body, start) <= f->body.h;
}

static void place_actions_typed(struct ui *ui, const struct frame *f)
{
	struct ui_node *row = alternatives(ui);
	int y = f->actions.y, strong_h = f->actions.h;

	ui->regions[UI_ACTIONS]->rect = f->actions;
	for (struct ui_node *c = ui->regions[UI_ACTIONS]->first; c != NULL; c = c->next) {
		int h = measure_height(ui, c, c == row ? f->body.w : f->actions.w);

		if (c == row) {
			int top = f->actions.y + f->actions.h - h;

			if (row->child_count <= row->columns &&
			    strong_h > h) { /* as tall as the strong one beside it */
				top = f->actions.y;
				h = strong_h;
			}
			place(ui, c, (SDL_Rect){ f->body.x, top, f->body.w, h });
			continue;
		}
		place(ui, c, (SDL_Rect){ f->actions.x, y, f->actions.w, h });
		y += h + gap(ui, 20);
	}
}

/* Without a pad: alternatives at the start side, the strong one at the end side of one row. */
static bool fits_landscape(struct ui *ui, struct frame *f)
{
	struct ui_node *body = ui->regions[UI_BODY], *row = alternatives(ui);
	int w = ui->panel.width_px - 2 * f->margin, top = f->head.y + f->head.h + unit(ui, ui->tight > 80 ? 52 : 32);
	int bottom = f->bar.y - unit(ui, ui->tight > 80 ? 40 : 24), strong_w = row != NULL ? w / 2 : w, tall = 0,
	    words = 0;

	for (struct ui_node *c = ui->regions[UI_ACTIONS]->first; c != NULL; c = c->next) {
		if (c->role == UI_BUTTON)
			tall = SDL_max(tall, measure_height(ui, c, strong_w));
		else if (c == row)
			tall = SDL_max(tall, measure_height(ui, c, w - strong_w - gap(ui, 24)));
		else
			words += measure_height(ui, c, w) + unit(ui, 20);
	}
	f->actions = (SDL_Rect){ f->margin, bottom - tall - words, w, tall + words };
	if (tall + words > 0)
		bottom = f->actions.y - unit(ui, 28);
	f->body = (SDL_Rect){ f->margin, top, w, bottom - top };
	return ui->columns == 1 ? measure_column(ui, body, w) <= f->body.h : page_fits(ui, body, f->body, ui->columns);
}

static void place_actions_landscape(struct ui *ui, const struct frame *f)
{
	struct ui_node *row = alternatives(ui), *actions = ui->regions[UI_ACTIONS];
	int w = f->actions.w, words = 0, tall, y;
	bool strong = false;

	actions->rect = f->actions;
	for (struct ui_node *c = actions->first; c != NULL; c = c->next) {
		strong = strong || c->role == UI_BUTTON;
		if (c->role != UI_BUTTON && c != row)
			words += measure_height(ui, c, w) + unit(ui, 20);
	}
	tall = f->actions.h - words;
	y = f->actions.y + tall + unit(ui, 20);
	for (struct ui_node *c = actions->first; c != NULL; c = c->next) {
		int strong_w = row != NULL ? w / 2 : w;

		if (c == row) {
			place(ui, c,
			      (SDL_Rect){ f->actions.x, f->actions.y, strong ? w - strong_w - gap(ui, 24) : w, tall });
		} else if (c->role == UI_BUTTON) {
			place(ui, c, (SDL_Rect){ f->actions.x + w - strong_w, f->actions.y, strong_w, tall });
		} else {
			int h = measure_height(ui, c, w);

			place(ui, c, (SDL_Rect){ f->actions.x, y, w, h });
			y += h + unit(ui, 20);
		}
	}
}

/* ---- the frame ---- */

static bool fits(struct ui *ui, struct frame *f)
{
	if (is_portrait(ui))
		return fits_portrait(ui, f);
	return has(ui, UI_PAD) ? fits_landscape_typed(ui, f) : fits_landscape(ui, f);
}

/* Tries ever closer gaps, down to `least` per cent. */
static bool tighten(struct ui *ui, struct frame *f, int least)
{
	static const int gaps[] = { 100, 78, 60, 40 };

	for (size_t i = 0; i < SDL_arraysize(gaps) && gaps[i] >= least; i++) {
		ui->tight = gaps[i];
		measure_all_again(ui);
		if (fits(ui, f))
			return true;
	}
	return false;
}

static bool make_fit(struct ui *ui, struct frame *f)
{
	bool typed = has(ui, UI_PAD), wide = !is_portrait(ui) && !typed, done;

	ui->columns = 1;
	done = tighten(ui, f, wide ? 60 : 40);
	if (!done && wide) {
		ui->columns = 2;
		done = tighten(ui, f, 40);
		if (!done && ui->prefs.size >= UI_SIZE_LARGE)
			ui->columns = 1;
	}
	if (!done && !typed) { /* it will be paged: then there is room */
		ui->tight = 78;
		measure_all_again(ui);
		return fits(ui, f);
	}
	for (int fit = 95; !done && fit >= 75; fit -= 5) {
		ui->fit[UI_BODY] = fit;
		measure_all_again(ui);
		done = fits(ui, f);
	}
	return done;
}

static void mirror_all(struct ui *ui)
{
	for (int i = 0; i < ui->node_count; i++) {
		SDL_Rect *r = &ui->nodes[i]->rect;

		r->x = ui->panel.width_px - r->x - r->w;
	}
}

static void place_dialog(struct ui *ui, const struct frame *f)
{
	struct ui_node *d = ui->dialog;
	int most = f->bar.y - 2 * unit(ui, 40), w = SDL_min(ui->panel.width_px - 2 * f->margin, unit(ui, 1040)), h, y;
	SDL_Rect pad = node_padding(ui, d), in;

	ui->tight = 100;
	measure_all_again(ui);
	if (measure_column(ui, d, w - pad.x - pad.w) + pad.y + pad.h > most) {
		ui->tight = 50;
		measure_all_again(ui);
	}
	h = SDL_min(most, measure_column(ui, d, w - pad.x - pad.w) + pad.y + pad.h);
	y = (f->bar.y - h) / 2;
	d->rect = (SDL_Rect){ (ui->panel.width_px - w) / 2, y, w, h };
	in = (SDL_Rect){ d->rect.x + pad.x, y + pad.y, w - pad.x - pad.w, h - pad.y - pad.h };
	ui->pages = page_column(ui, d, in, true, 1);
}

void layout_frame(struct ui *ui)
{
	struct frame f = { .margin = unit(ui, 64) };

	ui->tight = 100;
	for (int i = 0; i <= UI_REGION_COUNT; i++)
		ui->fit[i] = 100;
	place_bar(ui, &f);
	place_header(ui, &f);
	if (has(ui, UI_ACTIONS))
		arrange_actions(ui);
	if (!make_fit(ui, &f) && !has(ui, UI_PAD) && is_portrait(ui) && ui->prefs.size >= UI_SIZE_LARGE) {
		move_alternatives(ui);
		fits(ui, &f);
	}
	ui->regions[UI_BODY]->rect = f.body;
	ui->pages = page_column(ui, ui->regions[UI_BODY], f.body, ui->dialog == NULL, ui->columns);
	if (has(ui, UI_PAD))
		layout_pad(ui, ui->regions[UI_PAD], f.pad);
	if (has(ui, UI_ACTIONS)) {
		if (is_portrait(ui)) {
			ui->regions[UI_ACTIONS]->rect = f.actions;
			place_column(ui, ui->regions[UI_ACTIONS], f.actions);
		} else if (has(ui, UI_PAD)) {
			place_actions_typed(ui, &f);
		} else {
			place_actions_landscape(ui, &f);
		}
	}
	if (ui->dialog != NULL)
		place_dialog(ui, &f);
	ui->page_follows = false;
	if (ui->rtl)
		mirror_all(ui);
}

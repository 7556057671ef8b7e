/* How large a node wants to be: at most (all on one line), at least (its longest word), and how tall for a width.
 *
 * Layout asks these questions many times over, so a node remembers its answers until type or gaps change. Everything is
 * written in the design's units and grows with the text where text is inside. */
#include "internal.h"

#include <string.h>

int gap(const struct ui *ui, double units)
{
	return SDL_max(unit(ui, units), mm(ui, 2.5));
}

/* A gap that gives way when a screen is full. */
static int loose(const struct ui *ui, double units)
{
	return unit(ui, units * ui->tight / 100.0);
}

void measure_all_again(struct ui *ui)
{
	for (int i = 0; i < ui->node_count; i++)
		ui->nodes[i]->max_w = ui->nodes[i]->min_w = ui->nodes[i]->height_for = -1;
}

static int button_side(const struct ui_node *node)
{
	if (node->region == UI_BAR && !node->in_dialog)
		return 0;
	if (node->cap)
		return 4;
	if (node->opt.below)
		return 12;
	if (node->opt.tall)
		return 72;
	return node->opt.note != NULL ? 44 : 28;
}

SDL_Rect node_padding(const struct ui *ui, const struct ui_node *node)
{
	int x = 0, y = 0;

	switch (node->role) {
	case UI_CARD:
		x = unit(ui, 56);
		y = loose(ui, node->opt.tone == UI_BRAND ? 56 : 46);
		break;
	case UI_DIALOG:
		x = unit(ui, 56);
		y = unit(ui, 56);
		break;
	case UI_BANNER:
		x = unit(ui, 44);
		y = loose(ui, 38);
		break;
	case UI_BUTTON:
		x = unit(ui, button_side(node));
		y = unit(ui, node->cap ? 4 : node->opt.below ? 20 : 22);
		break;
	default:
		break;
	}
	return (SDL_Rect){ x, y, x, y };
}

int icon_px(const struct ui *ui, const struct ui_node *node)
{
	int em = font_label(ui, node).px;

	if (node->role == UI_ICON && node->disc)
		return loose(ui, 200);
	if (node->role == UI_ICON)
		return node->opt.tall || node->ground == UI_ON_BRAND ? unit(ui, 76) : (int)(body_px(ui) * 1.25);
	if (node->opt.icon == NULL)
		return 0;
	if (node->role == UI_BUTTON && node->region == UI_BAR)
		return unit(ui, ui->prefs.size > UI_SIZE_LARGE ? 52 : 46);
	if (node->role == UI_BUTTON && node->opt.tall)
		return em * 3 / 2;
	if (node->role == UI_BUTTON && node->opt.below)
		return em * 3 / 2;
	return (int)(em * (node->role == UI_BANNER ? 1.45 : 1.2));
}

int icon_gap(const struct ui *ui, const struct ui_node *node)
{
	if (node->opt.icon == NULL)
		return 0;
	if (node->opt.below)
		return unit(ui, node->region == UI_BAR ? 8 : 14);
	if (node->role == UI_BUTTON && node->opt.note != NULL)
		return unit(ui, 30);
	return node->opt.tall ? unit(ui, 44) : node->role == UI_BANNER ? unit(ui, 30) : font_label(ui, node).px / 2;
}

int field_box_height(const struct ui *ui, const struct ui_node *node)
{
	int em = font_value(ui, node).px;
	int least = node->kind == UI_FIELD_DIGITS ? loose(ui, 168) : loose(ui, 120);

	return SDL_max(mm(ui, 12.7), SDL_max(least, em * 3 / 2));
}

static int field_pad(const struct ui *ui, const struct ui_node *node)
{
	return unit(ui, node->kind == UI_FIELD_DIGITS ? 20 : 32);
}

/* Width of the widest hard line. */
static int text_max_width(struct ui *ui, struct ui_font font, const char *text)
{
	int widest = 0;

	while (text != NULL && text[0] != '\0') {
		size_t len = strcspn(text, "\n");

		widest = SDL_max(widest, text_width(ui, font, text, len));
		text += len + (text[len] != '\0');
	}
	return widest;
}

static int label_width(struct ui *ui, const struct ui_node *n, bool least)
{
	struct ui_font font = font_label(ui, n), note = font_note(ui, n), value = font_value(ui, n);
	int icon = icon_px(ui, n), w = least ? text_min_width(ui, font, n->label) : text_max_width(ui, font, n->label);

	if (n->role == UI_TEXT && n->style == UI_STYLE_FIGURE) /* hours one above the other line up */
		w = SDL_max(w, text_width(ui, font, "00:00", 5));
	if (least && n->role == UI_BUTTON) /* two lines of label at most, where there is a choice */
		w = SDL_max(w, text_max_width(ui, font, n->label) * 11 / 20);
	if (n->opt.value != NULL && n->role == UI_TEXT) {
		int v = text_max_width(ui, value, n->opt.value);

		w = least ? SDL_max(w, text_min_width(ui, value, n->opt.value)) : w + v + font.px;
	}
	if (n->opt.note != NULL)
		w = SDL_max(w, least ? text_min_width(ui, note, n->opt.note) : text_max_width(ui, note, n->opt.note));
	return n->opt.below ? SDL_max(w, icon) : w + icon + icon_gap(ui, n);
}

static int field_width(struct ui *ui, const struct ui_node *n, bool least)
{
	struct ui_font value = font_value(ui, n);
	int chars = n->kind == UI_FIELD_DIGITS ? n->max : least ? 6 : 14;
	int w = text_width(ui, value, "0", 1) * chars + 2 * field_pad(ui, n);

	return SDL_max(w, SDL_max(mm(ui, 12.7), text_min_width(ui, font_label(ui, n), n->label)));
}

static int group_width(struct ui *ui, struct ui_node *n, bool least)
{
	bool row = n->flow == UI_ROW;
	int w = 0;

	for (struct ui_node *c = n->first; c != NULL; c = c->next) {
		int child = least ? measure_min(ui, c) : measure_max(ui, c);

		w = row && !least ? w + child + (c != n->first ? row_gap(ui, n) : 0) : SDL_max(w, child);
	}
	return w;
}

static int width_of(struct ui *ui, struct ui_node *n, bool least)
{
	SDL_Rect pad = node_padding(ui, n);
	int w = 0;

	switch (n->role) {
	case UI_GROUP:
	case UI_CARD:
	case UI_DIALOG:
		w = group_width(ui, n, least);
		break;
	case UI_HEADING:
	case UI_TEXT:
	case UI_BUTTON:
	case UI_BANNER:
		w = label_width(ui, n, least);
		break;
	case UI_ICON:
		w = icon_px(ui, n);
		break;
	case UI_FIELD:
		w = field_width(ui, n, least);
		break;
	case UI_STEPS:
		w = unit(ui, 40) * n->total;
		break;
	case UI_RULE:
		w = SDL_max(1, unit(ui, 3));
		break;
	case UI_SPACER:
		break;
	}
	w += pad.x + pad.w;
	return n->role == UI_BUTTON ? SDL_max(w, mm(ui, 12.7)) : w;
}

int measure_max(struct ui *ui, struct ui_node *n)
{
	if (n->max_w < 0)
		n->max_w = width_of(ui, n, false);
	return n->max_w;
}

int measure_min(struct ui *ui, struct ui_node *n)
{
	if (n->min_w < 0)
		n->min_w = width_of(ui, n, true);
	return n->min_w;
}

/* ---- heights ---- */

static int button_height(struct ui *ui, struct ui_node *n, int width)
{
	SDL_Rect pad = node_padding(ui, n);
	bool has_pad = ui->regions[UI_PAD]->first != NULL && !n->in_dialog;
	struct ui_parts parts;
	int least;

	parts_of(ui, n, width - pad.x - pad.w, &parts);
	if (n->region == UI_BAR)
		least = loose(ui, 140);
	else if (n->opt.tall)
		least = loose(ui, 300);
	else if (n->opt.below)
		least = loose(ui, 216);
	else if (n->region == UI_ACTIONS || n->in_dialog || tree_is(n, "more"))
		least = n->opt.tone != UI_STRONG		      ? loose(ui, 131)
			: has_pad || !is_portrait(ui) || n->in_dialog ? loose(ui, 150)
								      : loose(ui, 184);
	else
		least = loose(ui, n->opt.tone == UI_STRONG ? 131 : 104);
	return SDL_max(mm(ui, 12.7), SDL_max(least, parts.height + pad.y + pad.h));
}

static int field_height(struct ui *ui, struct ui_node *n, int width)
{
	struct ui_para para;
	int h = field_box_height(ui, n);

	if (n->label[0] != '\0') {
		text_break(ui, font_label(ui, n), 1.25, n->label, width, &para);
		h += para.height + unit(ui, 8);
	}
	if (n->error != NULL) {
		struct ui_font font = font_note(ui, n);

		text_break(ui, font, 1.25, n->error, width - font.px * 3 / 2, &para);
		h += para.height + unit(ui, 8);
	}
	return h;
}

static int row_height(struct ui *ui, struct ui_node *n, int width)
{
	int widths[32], columns = row_columns(ui, n, width), tallest = 0, h = 0, i = 0;

	n->columns = columns;
	if (columns > 0) {
		int w = (width - (columns - 1) * row_gap(ui, n)) / columns;

		for (struct ui_node *c = n->first; c != NULL; c = c->next, i++) {
			if (i > 0 && i % columns == 0) {
				h += tallest + row_gap(ui, n);
				tallest = 0;
			}
			tallest = SDL_max(tallest, measure_height(ui, c, w));
		}
		return h + tallest;
	}
	n->stacked = row_widths(ui, n, width, widths, 32) < 0;
	if (n->stacked)
		return -1;
	for (struct ui_node *c = n->first; c != NULL && i < 32; c = c->next, i++)
		h = SDL_max(h, measure_height(ui, c, widths[i]));
	return h;
}

int measure_column(struct ui *ui, struct ui_node *n, int width)
{
	struct ui_node *before = NULL;
	int h = 0;

	for (struct ui_node *c = n->first; c != NULL; c = c->next) {
		if (n->stacked && c->role == UI_RULE)
			continue;
		h += measure_height(ui, c, width) + (before != NULL ? gap_between(ui, before, c) : 0);
		before = c;
	}
	return h;
}

static int group_height(struct ui *ui, struct ui_node *n, int width)
{
	SDL_Rect pad = node_padding(ui, n);
	int inner = width - pad.x - pad.w, h = n->flow == UI_ROW ? row_height(ui, n, inner) : -1;

	if (h < 0)
		h = measure_column(ui, n, inner);
	h += pad.y + pad.h;
	if (n->role == UI_CARD && (n->opt.tall || n->opt.tone == UI_BRAND)) /* as a plan's card is, about */
		h = SDL_max(h, loose(ui, is_portrait(ui) ? 480 : 270));
	return n->interactive ? SDL_max(h, mm(ui, 12.7)) : h;
}

int measure_height(struct ui *ui, struct ui_node *n, int width)
{
	SDL_Rect pad = node_padding(ui, n);
	struct ui_parts parts;
	int h = 0;

	if (n->height_for == width)
		return n->height;
	switch (n->role) {
	case UI_GROUP:
	case UI_CARD:
	case UI_DIALOG:
		h = group_height(ui, n, width);
		break;
	case UI_HEADING:
	case UI_TEXT:
	case UI_BANNER:
		parts_of(ui, n, width - pad.x - pad.w, &parts);
		h = parts.height + pad.y + pad.h;
		break;
	case UI_BUTTON:
		h = button_height(ui, n, width);
		break;
	case UI_ICON:
		h = icon_px(ui, n);
		break;
	case UI_FIELD:
		h = field_height(ui, n, width);
		break;
	case UI_STEPS:
		h = SDL_max(4, unit(ui, 12));
		break;
	case UI_RULE:
		h = SDL_max(1, unit(ui, 3));
		break;
	case UI_SPACER:
		break;
	}
	n->height_for = width;
	n->height = h;
	return h;
}

/* ---- gaps ---- */

static bool is_words(const struct ui_node *n)
{
	return n->role == UI_TEXT || n->role == UI_HEADING;
}

int gap_between(const struct ui *ui, const struct ui_node *a, const struct ui_node *b)
{
	if (a->role == UI_SPACER)
		return 0;
	if (a->region == UI_HEADER && !a->in_dialog)
		return unit(ui, is_portrait(ui) ? 52 : 28);
	if (a->in_card && !a->in_dialog)
		return loose(ui, is_words(a) && is_words(b) ? 10 : 20);
	if (b->role == UI_SPACER)
		return SDL_max(loose(ui, 20), a->interactive ? mm(ui, 2.5) : 0);
	if (a->role == UI_HEADING)
		return loose(ui, is_words(b) ? 22 : 48);
	if (is_words(a) && is_words(b))
		return loose(ui, 10);
	if (is_words(a) && a->style == UI_STYLE_SMALL)
		return loose(ui, 14);
	if (b->role == UI_HEADING)
		return loose(ui, 48);
	if (is_words(a))
		return SDL_max(loose(ui, 60), b->interactive ? mm(ui, 2.5) : 0);
	if (is_words(b))
		return loose(ui, b->style == UI_STYLE_SMALL ? 44 : 32);
	if (a->role == UI_FIELD || b->role == UI_FIELD)
		return SDL_max(loose(ui, 32), mm(ui, 2.5));
	if (a->opt.tall || b->opt.tall)
		return SDL_max(loose(ui, a->role == UI_BANNER ? 60 : 28), gap(ui, 18));
	if (a->role == UI_BANNER || b->role == UI_BANNER)
		return SDL_max(loose(ui, 32), mm(ui, 2.5));
	if (row_is_grid(a) && row_is_grid(b))
		return gap(ui, 16);
	return SDL_max(gap(ui, 18), loose(ui, 28));
}

int row_gap(const struct ui *ui, const struct ui_node *row)
{
	const struct ui_node *first = row->first;

	if (row->region == UI_BAR)
		return mm(ui, 2.5);
	if (row_is_grid(row))
		return gap(ui, row->child_count > 3 ? 16 : 24);
	if (first != NULL && first->role == UI_FIELD)
		return gap(ui, 24);
	if (first != NULL && (first->interactive || row->child_count > 0) && !row->in_card && row->role != UI_CARD)
		return gap(ui, 24);
	return unit(ui, 46);
}

/* Paint: one walk over the tree in reading order, clipped to the damage.
 *
 * A node paints only inside its own rectangle (and its focus ring just outside), from the tree and the theme alone, so
 * that painting part of a frame and painting all of it give the same pixels. */
#include "internal.h"

#include <string.h>

int ring_px(const struct ui *ui)
{
	return unit(ui, 9);
}

bool shows_ring(const struct ui *ui, const struct ui_node *n)
{
	return ui->focus_seen && n->interactive && tree_is(n, ui->focus);
}

bool is_pressed(const struct ui *ui, const struct ui_node *n)
{
	return ui->press_inside && n->interactive && tree_is(n, ui->press);
}

static int thin(const struct ui *ui)
{
	return SDL_max(3, unit(ui, 3));
}

static int thick(const struct ui *ui)
{
	return SDL_max(5, unit(ui, theme_colors(ui)->outline ? 8 : 6));
}

static uint32_t ground_color(const struct ui *ui, enum ui_ground ground)
{
	const struct ui_colors *c = theme_colors(ui);

	switch (ground) {
	case UI_ON_CARD:
		return c->card;
	case UI_ON_TINT:
		return c->tint;
	case UI_ON_BRAND:
		return c->brand;
	default:
		return c->paper;
	}
}

static uint32_t words_color(const struct ui *ui, const struct ui_node *n)
{
	const struct ui_colors *c = theme_colors(ui);

	if (n->opt.disabled)
		return c->ink_disabled;
	if (n->ground == UI_ON_BRAND)
		return n->opt.tone == UI_QUIET ? c->quiet_on_brand : c->on_brand;
	switch (n->opt.tone) {
	case UI_QUIET:
		return c->quiet;
	case UI_WARNING:
		return c->warning;
	case UI_DANGER:
		return c->danger;
	default:
		return c->ink;
	}
}

static uint32_t icon_color(const struct ui *ui, const struct ui_node *n)
{
	const struct ui_colors *c = theme_colors(ui);

	if (n->opt.disabled || n->ground == UI_ON_BRAND)
		return words_color(ui, n);
	switch (n->opt.tone) {
	case UI_SUCCESS:
		return c->success;
	case UI_QUIET:
		return c->quiet;
	case UI_WARNING:
		return c->warning;
	case UI_DANGER:
		return c->danger;
	default:
		return c->brand;
	}
}

/* A filled box with an edge; edge 0 wide for none. */
void paint_box(struct ui *ui, struct ui_canvas *c, SDL_Rect r, int radius, int border, uint32_t edge, uint32_t fill)
{
	if (border <= 0) {
		raster_round(ui, c, r, radius, fill);
		return;
	}
	raster_frame(ui, c, r, radius, border, edge);
	r = (SDL_Rect){ r.x + border, r.y + border, r.w - 2 * border, r.h - 2 * border };
	if (r.w > 0 && r.h > 0)
		raster_round(ui, c, r, SDL_max(0, radius - border), fill);
}

void paint_ring(struct ui *ui, struct ui_canvas *c, const struct ui_node *n, SDL_Rect r, int radius)
{
	int out = unit(ui, 8), in = unit(ui, 3);
	SDL_Rect o = { r.x - out, r.y - out, r.w + 2 * out, r.h + 2 * out };
	SDL_Rect i = { r.x - in, r.y - in, r.w + 2 * in, r.h + 2 * in };
	const struct ui_node *p = n->parent;
	enum ui_ground ground = n->in_dialog ? UI_ON_CARD : p != NULL ? p->ground : UI_ON_PAPER;

	if (!shows_ring(ui, n))
		return;
	raster_round(ui, c, o, radius + out, theme_colors(ui)->focus);
	raster_round(ui, c, i, radius + in, ground_color(ui, ground));
}

/* ---- words ---- */

void paint_para(struct ui *ui, struct ui_canvas *c, const struct ui_para *p, SDL_Rect box, bool centre, uint32_t color)
{
	/* Inter's own ascent and descent, of the em: the baseline must not depend on which font a line fell back to */
	int px = p->count > 0 ? p->font.px : 0, ascent = (px * 969 + 500) / 1000, descent = (px * 242 + 500) / 1000;

	for (int i = 0; i < p->count; i++) {
		const struct ui_line *l = &p->lines[i];
		int x = centre ? box.x + (box.w - l->width) / 2 : ui->rtl ? box.x + box.w - l->width : box.x;
		int y = box.y + i * p->advance;

		if (y < c->clip.y + c->clip.h && y + p->advance + px / 2 > c->clip.y)
			text_draw(ui, c, p->font, l->text, l->len, x, y + (p->advance - ascent - descent) / 2 + ascent,
				  color);
	}
}

static void paint_icon(struct ui *ui, struct ui_canvas *c, const char *name, int px, int x, int y, uint32_t color)
{
	const struct ui_mask *mask = name != NULL && px > 0 ? icon_get(ui, name, px) : NULL;

	if (mask != NULL)
		raster_mask(c, mask, x, y, ui->rtl && icon_mirrors(name), color);
}

struct ink {
	uint32_t label, note, icon, value;
};

/* The parts of a node in a box: icon, label, second line, value; all of it centred, or from the start. */
static void paint_parts(struct ui *ui, struct ui_canvas *c, const struct ui_node *n, SDL_Rect box, bool centre,
			struct ink ink)
{
	struct ui_parts p;
	SDL_Rect words = box;
	bool figure = n->role == UI_TEXT && n->style == UI_STYLE_FIGURE;
	int text_h, icon_w, top, icon_x, before;

	parts_of(ui, n, box.w, &p);
	icon_w = p.icon_px + p.icon_gap;
	text_h = p.label.height + p.note.height + (p.value_below ? p.value.height : 0);
	top = box.y + (box.h - p.height) / 2;
	if (n->opt.below) {
		paint_icon(ui, c, n->opt.icon, p.icon_px, box.x + (box.w - p.icon_px) / 2, top, ink.icon);
		words.y = top + icon_w;
	} else {
		before = centre ? (box.w - p.width) / 2 : 0;
		icon_x = (ui->rtl != n->opt.icon_end) ? box.x + box.w - before - p.icon_px : box.x + before;
		if (n->opt.icon_end && !centre)
			icon_x = ui->rtl ? box.x : box.x + box.w - p.icon_px;
		paint_icon(ui, c, n->opt.icon, p.icon_px, icon_x,
			   p.label.count > 1 && !centre && n->role == UI_TEXT ? top + (p.label.advance - p.icon_px) / 2
									      : box.y + (box.h - p.icon_px) / 2,
			   ink.icon);
		words.w = centre ? p.width - icon_w : box.w - icon_w;
		words.x = ui->rtl != n->opt.icon_end ? box.x + before : box.x + before + icon_w;
		words.y = box.y + (box.h - SDL_max(text_h, p.value.height)) / 2;
	}
	words.h = text_h;
	paint_para(ui, c, &p.label, words, centre, ink.label);
	if (p.value.count > 0) {
		SDL_Rect value = { ui->rtl || p.value_below ? words.x : words.x + words.w - p.value.width,
				   words.y + (p.value_below ? p.label.height : 0),
				   p.value_below ? words.w : p.value.width, p.value.height };

		paint_para(ui, c, &p.value, value, false, ink.value);
		words.y += p.value_below ? p.value.height : 0;
	}
	words.y += p.label.height;
	if (figure) /* AM, below the hour, is centred on it */
		words = (SDL_Rect){ ui->rtl ? words.x + words.w - p.label.width : words.x, words.y, p.label.width, 0 };
	paint_para(ui, c, &p.note, words, centre || figure, ink.note);
}

static void paint_words(struct ui *ui, struct ui_canvas *c, const struct ui_node *n)
{
	const struct ui_colors *t = theme_colors(ui);
	const struct ui_node *first = n->parent != NULL ? n->parent->first : NULL;
	/* below the hour, AM stands in its middle */
	bool under = first != NULL && first != n && first->role == UI_TEXT && first->style == UI_STYLE_FIGURE &&
		     n->parent->role == UI_GROUP;
	bool hour = n->role == UI_TEXT && n->style == UI_STYLE_FIGURE && n->parent != NULL &&
		    (n->parent->role == UI_GROUP || (n->parent->flow == UI_ROW && !n->parent->stacked));
	bool closing = n->region == UI_ACTIONS && !n->in_dialog && n->next == NULL; /* else it names what follows */
	bool centre = closing || under || hour;
	uint32_t quiet = n->ground == UI_ON_BRAND ? t->quiet_on_brand : t->quiet;
	uint32_t color = words_color(ui, n);

	paint_parts(ui, c, n, n->rect, centre,
		    (struct ink){ color, quiet, icon_color(ui, n), n->region == UI_HEADER ? quiet : color });
}

/* ---- boxes ---- */

static void paint_button(struct ui *ui, struct ui_canvas *c, const struct ui_node *n)
{
	const struct ui_colors *t = theme_colors(ui);
	bool strong = n->opt.tone == UI_STRONG, bare = n->opt.tone == UI_QUIET,
	     chosen = n->opt.selected || n->opt.checked;
	bool pressed = is_pressed(ui, n), in_bar = n->region == UI_BAR && !n->in_dialog;
	int radius = unit(ui, 28), border = thin(ui);
	uint32_t fill = t->card, edge = t->border, ink = t->ink, ground = ground_color(ui, n->ground);
	SDL_Rect pad = node_padding(ui, n), box = n->rect;

	if (strong) {
		fill = n->opt.disabled ? t->disabled : pressed ? t->brand_pressed : t->brand;
		edge = n->opt.disabled && t->outline ? t->on_disabled : fill;
		ink = n->opt.disabled ? t->on_disabled : t->on_brand;
	} else if (n->opt.disabled) {
		fill = t->card_disabled;
		ink = t->ink_disabled;
		edge = t->outline ? t->ink_disabled : edge;
	} else if (pressed) {
		fill = t->pressed;
	} else if (chosen && !(in_bar && t->outline)) {
		fill = t->tint;
		edge = t->selected;
		border = thick(ui);
	} else if (n->opt.tone == UI_DANGER) {
		edge = ink = t->danger;
	} else if (n->opt.tone == UI_TINT) {
		fill = t->tint;
	}
	if (bare || in_bar) {
		border = chosen ? thin(ui) : 0;
		fill = pressed ? t->pressed : chosen ? fill : in_bar ? t->card : ground;
		ink = bare && !in_bar && !n->opt.disabled ? t->brand_words : ink;
	}
	paint_ring(ui, c, n, n->rect, radius);
	paint_box(ui, c, n->rect, radius, border, edge, fill);
	box = (SDL_Rect){ box.x + pad.x, box.y + pad.y, box.w - pad.x - pad.w, box.h - pad.y - pad.h };
	paint_parts(ui, c, n, box, !n->opt.tall && n->opt.note == NULL,
		    (struct ink){ ink, strong ? t->quiet_on_brand : t->quiet, ink, ink });
}

static void paint_card(struct ui *ui, struct ui_canvas *c, const struct ui_node *n)
{
	const struct ui_colors *t = theme_colors(ui);
	bool chosen = n->opt.selected || n->opt.checked, pressed = is_pressed(ui, n);
	int radius = unit(ui, n->role == UI_DIALOG || n->ground == UI_ON_BRAND ? 38 : 28);
	int border = chosen ? thick(ui) : thin(ui);
	uint32_t fill = t->card, edge = chosen ? t->selected : t->border;

	paint_ring(ui, c, n, n->rect, radius);
	if (n->ground == UI_ON_BRAND) {
		raster_round_gradient(ui, c, n->rect, radius, pressed ? t->brand_pressed : t->brand_start,
				      pressed ? t->brand_pressed : t->brand_end);
		return;
	}
	if (n->ground == UI_ON_TINT)
		fill = t->tint;
	if (n->ground == UI_ON_NOTICE)
		fill = n->opt.tone == UI_DANGER ? t->danger_tint : t->warning_tint;
	if (n->ground != UI_ON_CARD && !chosen && !t->outline)
		border = 0;
	if (n->ground == UI_ON_NOTICE && t->outline)
		border = thick(ui);
	paint_box(ui, c, n->rect, radius, border, edge, pressed ? t->pressed : fill);
}

static void paint_banner(struct ui *ui, struct ui_canvas *c, const struct ui_node *n)
{
	const struct ui_colors *t = theme_colors(ui);
	SDL_Rect pad = node_padding(ui, n), box = n->rect;
	bool warning = n->opt.tone == UI_WARNING, danger = n->opt.tone == UI_DANGER;
	uint32_t fill = warning ? t->warning_tint : danger ? t->danger_tint : t->tint;

	box = (SDL_Rect){ box.x + pad.x, box.y + pad.y, box.w - pad.x - pad.w, box.h - pad.y - pad.h };
	paint_box(ui, c, n->rect, unit(ui, 28), t->outline ? (warning || danger ? thick(ui) : thin(ui)) : 0, t->border,
		  fill);
	paint_parts(ui, c, n, box, false, (struct ink){ t->ink, t->quiet, icon_color(ui, n), t->ink });
}

static void paint_steps(struct ui *ui, struct ui_canvas *c, const struct ui_node *n)
{
	const struct ui_colors *t = theme_colors(ui);
	int space = unit(ui, 12), w = n->rect.w + space, total = SDL_max(1, n->total);

	for (int i = 0; i < total; i++) {
		int k = ui->rtl ? total - 1 - i : i;
		int x0 = n->rect.x + k * w / total, x1 = n->rect.x + (k + 1) * w / total - space;
		SDL_Rect r = { x0, n->rect.y, x1 - x0, n->rect.h };

		if (i < n->current)
			raster_round(ui, c, r, r.h / 2, t->brand);
		else
			paint_box(ui, c, r, r.h / 2, t->outline ? SDL_max(1, unit(ui, 2.6)) : 0, t->step_rest,
				  t->outline ? t->paper : t->step_rest);
	}
}

static void paint_pictogram(struct ui *ui, struct ui_canvas *c, const struct ui_node *n)
{
	const struct ui_colors *t = theme_colors(ui);
	int px = SDL_min(n->rect.w, n->rect.h), x = n->rect.x + (n->rect.w - px) / 2,
	    y = n->rect.y + (n->rect.h - px) / 2;
	uint32_t fill = n->opt.tone == UI_SUCCESS   ? t->success
			: n->opt.tone == UI_WARNING ? t->warning
			: n->opt.tone == UI_DANGER  ? t->danger
						    : t->brand;

	if (!n->disc) {
		paint_icon(ui, c, n->opt.icon, px, x, y,
			   n->opt.tone == UI_PLAIN && n->ground != UI_ON_BRAND ? t->ink : icon_color(ui, n));
		return;
	}
	raster_round(ui, c, (SDL_Rect){ x, y, px, px }, px / 2, fill);
	paint_icon(ui, c, n->opt.icon, px * 54 / 100, x + px * 23 / 100, y + px * 23 / 100, t->on_success);
}

static void paint_node(struct ui *ui, struct ui_canvas *c, struct ui_node *n)
{
	switch (n->role) {
	case UI_CARD:
	case UI_DIALOG:
		paint_card(ui, c, n);
		break;
	case UI_HEADING:
	case UI_TEXT:
		paint_words(ui, c, n);
		break;
	case UI_BUTTON:
		paint_button(ui, c, n);
		break;
	case UI_FIELD:
		paint_field(ui, c, n);
		break;
	case UI_BANNER:
		paint_banner(ui, c, n);
		break;
	case UI_STEPS:
		paint_steps(ui, c, n);
		break;
	case UI_ICON:
		paint_pictogram(ui, c, n);
		break;
	case UI_RULE:
		raster_fill(c, n->rect, theme_colors(ui)->border);
		break;
	case UI_GROUP:
	case UI_SPACER:
		break;
	}
}

/* The ground under all, but not where the largest button will paint each pixel itself: most often all that changed is a
 * key. The rows of its corners it does not. */
static void paint_paper(struct ui *ui, struct ui_canvas *c, struct ui_node *const *list, int count)
{
	const SDL_Rect clip = c->clip;
	SDL_Rect b = { clip.x, clip.y, 0, 0 };
	int radius = unit(ui, 28);

	for (int i = 0; i < count && ui->dialog == NULL; i++) {
		const struct ui_node *n = list[i];
		SDL_Rect r = { n->rect.x, n->rect.y + radius, n->rect.w, n->rect.h - 2 * radius };

		if (n->role == UI_BUTTON && !n->hidden && SDL_IntersectRect(&r, &clip, &r) && r.w * r.h > b.w * b.h)
			b = r;
	}
	raster_fill(c, (SDL_Rect){ clip.x, clip.y, clip.w, b.y - clip.y }, theme_colors(ui)->paper);
	raster_fill(c, (SDL_Rect){ clip.x, b.y, b.x - clip.x, b.h }, theme_colors(ui)->paper);
	raster_fill(c, (SDL_Rect){ b.x + b.w, b.y, clip.x + clip.w - b.x - b.w, b.h }, theme_colors(ui)->paper);
	raster_fill(c, (SDL_Rect){ clip.x, b.y + b.h, clip.w, clip.y + clip.h - b.y - b.h }, theme_colors(ui)->paper);
}

void paint_tree(struct ui *ui, struct ui_canvas *c)
{
	struct ui_node *list[UI_NODES_MAX + 8];
	const struct ui_colors *t = theme_colors(ui);
	int count = tree_order(ui, list), out = ring_px(ui);
	const struct ui_node *bar = ui->regions[UI_BAR];

	paint_paper(ui, c, list, count);
	if (bar != NULL && bar->first != NULL) {
		raster_fill(c, bar->rect, t->card);
		raster_fill(c, (SDL_Rect){ bar->rect.x, bar->rect.y, bar->rect.w, thin(ui) }, t->border);
	}
	for (int i = 0; i < count; i++) {
		struct ui_node *n = list[i];
		SDL_Rect r = { n->rect.x - out, n->rect.y - out, n->rect.w + 2 * out, n->rect.h + 2 * out };

		if (n == ui->dialog)
			raster_dim(c, t->scrim);
		if (!n->hidden && SDL_HasIntersection(&r, &c->clip))
			paint_node(ui, c, n);
	}
}

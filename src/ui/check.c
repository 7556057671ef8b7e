/* What only the finished layout shows to be wrong: overlaps, clipped words, targets too small or too close, things off
 * the panel. Tests run it over every screen, size, panel and direction. */
#include "internal.h"

#include <string.h>

/* A line box is taller than its letters: this much of it may stick out without anything being cut. */
#define LINE_SLACK_PX 2

struct complaints {
	FILE *out;
	int count;
	const char *screen;
};

static const char *name_of(const struct ui_node *n)
{
	return n->id[0] != '\0' ? n->id : n->label[0] != '\0' ? "(unnamed)" : "(group)";
}

/* Names by id only: a label may be a patient's. */
static void complain(struct complaints *c, const struct ui_node *a, const struct ui_node *b, const char *what,
		     int value)
{
	c->count++;
	fprintf(c->out, "%s: %s%s%s: %s (%d) [%d,%d %dx%d]\n", c->screen, name_of(a), b != NULL ? " and " : "",
		b != NULL ? name_of(b) : "", what, value, a->rect.x, a->rect.y, a->rect.w, a->rect.h);
}

static bool is_inside(const struct ui_node *n, const struct ui_node *of)
{
	for (const struct ui_node *p = n; p != NULL; p = p->parent)
		if (p == of)
			return true;
	return false;
}

static void check_words(struct ui *ui, struct complaints *c, const struct ui_node *n)
{
	SDL_Rect pad = node_padding(ui, n);
	struct ui_parts p;
	int w = n->rect.w - pad.x - pad.w;

	if (n->role != UI_TEXT && n->role != UI_HEADING && n->role != UI_BANNER && n->role != UI_BUTTON)
		return;
	parts_of(ui, n, w, &p);
	if (p.height > n->rect.h + LINE_SLACK_PX)
		complain(c, n, NULL, "words taller than their place", p.height);
	if (p.width > w)
		complain(c, n, NULL, "words wider than their place", p.width);
	if (p.label.cut || p.note.cut)
		complain(c, n, NULL, "words cut", 0);
}

static void check_field(struct ui *ui, struct complaints *c, const struct ui_node *n)
{
	int digits = text_width(ui, font_value(ui, n), "0", 1) * n->max;

	if (n->role == UI_FIELD && n->kind == UI_FIELD_DIGITS && digits > n->rect.w)
		complain(c, n, NULL, "digits wider than the field", digits);
}

static void check_one(struct ui *ui, struct complaints *c, const struct ui_node *n)
{
	SDL_Rect panel = { 0, 0, ui->panel.width_px, ui->panel.height_px }, in;

	if (!SDL_IntersectRect(&n->rect, &panel, &in) || !SDL_RectEquals(&in, &n->rect))
		complain(c, n, NULL, "off the panel", 0);
	if (n->interactive && (n->rect.w < mm(ui, 12.7) || n->rect.h < mm(ui, 12.7)))
		complain(c, n, NULL, "smaller than 12.7 mm", SDL_min(n->rect.w, n->rect.h));
	if (n->parent != NULL && n->parent->parent != NULL &&
	    (!SDL_IntersectRect(&n->rect, &n->parent->rect, &in) || !SDL_RectEquals(&in, &n->rect)))
		complain(c, n, n->parent, "outside of its group", 0);
	check_words(ui, c, n);
	check_field(ui, c, n);
}

static int apart(const SDL_Rect *a, const SDL_Rect *b)
{
	int x = SDL_max(a->x - (b->x + b->w), b->x - (a->x + a->w));
	int y = SDL_max(a->y - (b->y + b->h), b->y - (a->y + a->h));

	return SDL_max(x, y);
}

static void check_pair(struct ui *ui, struct complaints *c, const struct ui_node *a, const struct ui_node *b)
{
	int space = apart(&a->rect, &b->rect);
	bool in_dialog = a->in_dialog || b->in_dialog;

	if (in_dialog && a->in_dialog != b->in_dialog)
		return;
	if (is_inside(a, b) || is_inside(b, a))
		return;
	if (space < 0)
		complain(c, a, b, "overlap", -space);
	else if (a->interactive && b->interactive && space < mm(ui, 2.5))
		complain(c, a, b, "closer than 2.5 mm", space);
}

int ui_check(struct ui *ui, FILE *out)
{
	struct complaints c = { out, 0, ui->screen };
	struct ui_node *list[UI_NODES_MAX + 8], *seen[UI_NODES_MAX + 8];
	int count = tree_order(ui, list), n = 0;

	for (int i = 0; i < count; i++) {
		const struct ui_node *node = list[i];

		if (node->hidden || node->role == UI_SPACER || node->rect.h == 0 ||
		    (node->role == UI_GROUP && node->parent == NULL))
			continue;
		check_one(ui, &c, node);
		if (node->role != UI_GROUP)
			seen[n++] = list[i];
	}
	for (int i = 0; i < n; i++)
		for (int j = i + 1; j < n; j++)
			check_pair(ui, &c, seen[i], seen[j]);
	return c.count;
}

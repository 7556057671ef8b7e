/* Where everything goes: columns and rows inside, the template of regions outside.
 *
 * Portrait stacks the regions, landscape puts what is typed with at the end side. All of it is computed left to right;
 * a right-to-left language mirrors the finished rectangles. When a screen is too full it first closes its gaps, then
 * (if something is being typed) its type grows less, then the alternatives join the body, and then the body is paged.
 */
#include "internal.h"

#include <string.h>

bool row_is_grid(const struct ui_node *row)
{
	if (row->role != UI_GROUP || row->flow != UI_ROW || row->first == NULL)
		return false;
	for (const struct ui_node *c = row->first; c != NULL; c = c->next)
		if (c->role != UI_BUTTON || (c->opt.grow != row->first->opt.grow))
			return false;
	return true;
}

/* Columns of a row of equal buttons: all of them if they fit, else as even a fold as fits. 0: not such a row. */
int row_columns(struct ui *ui, struct ui_node *row, int width)
{
	int n = row->child_count, space = row_gap(ui, row), widest = 0, k = n;

	if (!row_is_grid(row))
		return 0;
	if (row->region == UI_BAR)
		return n;
	for (struct ui_node *c = row->first; c != NULL; c = c->next)
		widest = SDL_max(widest, measure_min(ui, c));
	while (k > 1 && widest * k + space * (k - 1) > width)
		k--;
	return (n + (n + k - 1) / k - 1) / ((n + k - 1) / k);
}

/* Gives what is left to those that grow; each at least its least. */
static void share(struct ui_node *row, int left, const int *least, int *widths)
{
	bool fixed[32] = { 0 };

	for (bool again = true; again;) {
		int total = 0, have = left, i = 0;

		again = false;
		for (struct ui_node *c = row->first; c != NULL; c = c->next, i++)
			if (c->opt.grow > 0 && !fixed[i])
				total += c->opt.grow;
			else if (c->opt.grow > 0)
				have -= least[i];
		i = 0;
		for (struct ui_node *c = row->first; c != NULL; c = c->next, i++) {
			if (c->opt.grow <= 0 || fixed[i])
				continue;
			widths[i] = have * c->opt.grow / SDL_max(total, 1);
			if (widths[i] < least[i]) {
				widths[i] = least[i];
				fixed[i] = again = true;
			}
		}
	}
}

/* Widths of a row's children; -1 if they do not fit side by side. */
int row_widths(struct ui *ui, struct ui_node *row, int width, int *widths, int max)
{
	int least[32], n = 0, need = 0, want = 0, left;

	for (struct ui_node *c = row->first; c != NULL; c = c->next, n++) {
		if (n == max || n == 32)
			return -1;
		least[n] = measure_min(ui, c);
		widths[n] = c->opt.grow > 0 ? least[n] : SDL_max(least[n], measure_max(ui, c));
		need += least[n];
		want += widths[n];
	}
	left = width - row_gap(ui, row) * SDL_max(0, n - 1);
	if (need > left)
		return -1;
	if (want > left) { /* what does not grow gives up what it can spare, in proportion */
		int over = want - left, spare = want - need, i = 0;

		for (struct ui_node *c = row->first; c != NULL; c = c->next, i++) {
			int give = spare > 0 ? (int)((int64_t)over * (widths[i] - least[i]) / spare) : 0;

			spare -= widths[i] - least[i];
			over -= give;
			widths[i] -= give;
		}
		return n;
	}
	for (int i = 0; i < n; i++)
		left -= widths[i];
	n = 0;
	for (struct ui_node *c = row->first; c != NULL; c = c->next, n++)
		left += c->opt.grow > 0 ? widths[n] : 0;
	share(row, left, least, widths);
	return n;
}

static bool stretches(const struct ui_node *n)
{
	return n->role == UI_BUTTON || n->role == UI_CARD || n->role == UI_RULE || n->role == UI_FIELD;
}

/* Rows of equal buttons; what is over for the last row shares all of its width. */
static void place_grid(struct ui *ui, struct ui_node *row, SDL_Rect in)
{
	int columns = row->columns, space = row_gap(ui, row), y = in.y, left = row->child_count;
	int w = (in.w - (columns - 1) * space) / columns;
	struct ui_node *c = row->first;

	while (c != NULL) {
		struct ui_node *d = c;
		int n = SDL_min(columns, left), tallest = left == row->child_count && left <= columns ? in.h : 0;

		for (int i = 0; i < n; i++, d = d->next)
			tallest = SDL_max(tallest, measure_height(ui, d, w));
		for (int i = 0; i < n; i++, c = c->next) {
			int x0 = in.x + i * (in.w + space) / n, x1 = in.x + (i + 1) * (in.w + space) / n - space;

			place(ui, c, (SDL_Rect){ x0, y, x1 - x0, tallest });
		}
		y += tallest + space;
		left -= n;
	}
}

/* Columns of label and value side by side line up at their tops. */
static bool all_groups(const struct ui_node *row)
{
	for (const struct ui_node *c = row->first; c != NULL; c = c->next)
		if (c->role != UI_GROUP)
			return false;
	return true;
}

static void place_row(struct ui *ui, struct ui_node *row, SDL_Rect in)
{
	int widths[32] = { 0 }, x = in.x, i = 0;

	if (row->columns > 0) {
		place_grid(ui, row, in);
		return;
	}
	if (row_widths(ui, row, in.w, widths, 32) < 0)
		return;
	for (struct ui_node *c = row->first; c != NULL; c = c->next, i++) {
		int h = measure_height(ui, c, widths[i]);

		if (c->role == UI_FIELD || all_groups(row))
			place(ui, c, (SDL_Rect){ x, in.y, widths[i], h });
		else if (stretches(c))
			place(ui, c, (SDL_Rect){ x, in.y, widths[i], in.h });
		else
			place(ui, c, (SDL_Rect){ x, in.y + (in.h - h) / 2, widths[i], h });
		x += widths[i] + row_gap(ui, row);
	}
}

void place_column(struct ui *ui, struct ui_node *n, SDL_Rect in)
{
	struct ui_node *before = NULL;
	int grow = 0, left = in.h, y = in.y;

	for (struct ui_node *c = n->first; c != NULL; c = c->next) {
		if (n->stacked && c->role == UI_RULE)
			continue;
		grow += n->stacked ? 0 : c->opt.grow;
		left -= measure_height(ui, c, in.w) + (before != NULL ? gap_between(ui, before, c) : 0);
		before = c;
	}
	before = NULL;
	left = SDL_max(left, 0);
	for (struct ui_node *c = n->first; c != NULL; c = c->next) {
		int h = measure_height(ui, c, in.w), extra = 0;

		if (n->stacked && c->role == UI_RULE) {
			c->hidden = true;
			continue;
		}
		if (before != NULL)
			y += gap_between(ui, before, c);
		if (grow > 0 && !n->stacked && c->opt.grow > 0) {
			extra = left * c->opt.grow / grow;
			left -= extra;
			grow -= c->opt.grow;
		}
		place(ui, c,
		      (SDL_Rect){ in.x, y, c->role == UI_ICON ? SDL_min(in.w, measure_max(ui, c)) : in.w, h + extra });
		y += h + extra;
		before = c;
	}
}

static bool has_growing_child(const struct ui_node *n)
{
	for (const struct ui_node *c = n->first; c != NULL; c = c->next)
		if (c->opt.grow > 0)
			return true;
	return false;
}

void place(struct ui *ui, struct ui_node *n, SDL_Rect rect)
{
	SDL_Rect pad = node_padding(ui, n);
	SDL_Rect in = { rect.x + pad.x, rect.y + pad.y, rect.w - pad.x - pad.w, rect.h - pad.y - pad.h };

	n->rect = rect;
	n->hidden = false;
	if (n->first == NULL)
		return;
	measure_height(ui, n, rect.w);
	if (n->flow == UI_ROW && !n->stacked) {
		place_row(ui, n, in);
	} else {
		/* a card stretched by its row, with nothing in it that takes up the room: centred */
		if (n->opt.grow <= 0 && n->role == UI_CARD && !n->opt.tall && !has_growing_child(n)) {
			int h = measure_column(ui, n, in.w);

			in.y += SDL_max(0, (in.h - h) / 2);
			in.h = SDL_min(in.h, h);
		}
		place_column(ui, n, in);
	}
}

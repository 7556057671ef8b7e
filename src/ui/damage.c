/* Damage: what of the last painted frame no longer holds.
 *
 * Of a painted frame only this is kept: for each node its key, its rectangle and a hash of all that its look depends
 * on. The next frame is compared node by node; what differs, came or went is repainted, in a few joined rectangles.
 * What changes everything (theme, size, language, panel, a dialog's coming) repaints everything. */
#include "internal.h"

#include <string.h>

static uint64_t opt_hash(uint64_t h, const struct ui_opt *o)
{
	int flags[] = { (int)o->tone, o->icon_end, o->disabled, o->selected, o->checked, o->tall, o->below };

	h = hash_bytes(h, flags, sizeof(flags));
	return hash_text(hash_text(hash_text(h, o->icon), o->note), o->value);
}

static uint64_t look_of(struct ui *ui, const struct ui_node *n, const struct ui_node *active)
{
	int state[] = { (int)n->role,	(int)n->style,	      (int)n->kind,
			(int)n->ground, n->current,	      n->total,
			n->disc,	shows_ring(ui, n),    is_pressed(ui, n),
			n == active,	font_label(ui, n).px, (int)n->region };
	uint64_t h = opt_hash(hash_bytes(5, state, sizeof(state)), &n->opt);

	h = hash_text(h, n->label);
	if (n->role == UI_FIELD)
		h = hash_text(hash_text(hash_text(h, n->text), n->hint), n->error);
	return h;
}

static uint64_t frame_hash(const struct ui *ui, const SDL_Surface *s)
{
	int state[] = { ui->panel.width_px,
			ui->panel.height_px,
			(int)ui->prefs.size,
			(int)ui->prefs.theme,
			ui->rtl,
			ui->dialog != NULL,
			s->w,
			s->h,
			ui->dialog != NULL ? ui->dialog->rect.h : 0 };

	return hash_text(hash_bytes(9, state, sizeof(state)), ui->language) | 1;
}

struct damage {
	SDL_Rect *rects;
	int count, max;
	SDL_Rect whole;
};

static int64_t area(const SDL_Rect *r)
{
	return (int64_t)r->w * r->h;
}

static void join(struct damage *d, int a, int b)
{
	SDL_UnionRect(&d->rects[a], &d->rects[b], &d->rects[a]);
	d->rects[b] = d->rects[--d->count];
}

/* Joins what overlaps, or nearly touches, until nothing does. */
static void settle(struct damage *d)
{
	for (bool again = true; again;) {
		again = false;
		for (int a = 0; a < d->count; a++)
			for (int b = a + 1; b < d->count; b++) {
				SDL_Rect u;

				SDL_UnionRect(&d->rects[a], &d->rects[b], &u);
				if (area(&u) <= (area(&d->rects[a]) + area(&d->rects[b])) * 5 / 4) {
					join(d, a, b--);
					again = true;
				}
			}
	}
}

static void add(struct damage *d, SDL_Rect r)
{
	if (!SDL_IntersectRect(&r, &d->whole, &r))
		return;
	if (d->count == d->max) {
		int best = 0;
		int64_t least = INT64_MAX;

		for (int i = 0; i < d->count; i++) {
			SDL_Rect u;

			SDL_UnionRect(&d->rects[i], &r, &u);
			if (area(&u) - area(&d->rects[i]) < least) {
				least = area(&u) - area(&d->rects[i]);
				best = i;
			}
		}
		SDL_UnionRect(&d->rects[best], &r, &d->rects[best]);
	} else {
		d->rects[d->count++] = r;
	}
	settle(d);
}

static int record(struct ui *ui, struct ui_seen *seen)
{
	const struct ui_node *active = field_active(ui);
	struct ui_node *list[UI_NODES_MAX + 8];
	int count = tree_order(ui, list), n = 0, out = ring_px(ui);

	for (int i = 0; i < count && n < UI_NODES_MAX; i++) {
		const struct ui_node *node = list[i];

		if (node->hidden || node->role == UI_SPACER || (node->role == UI_GROUP && node->parent != NULL))
			continue;
		if (node->role == UI_GROUP && node != ui->regions[UI_BAR])
			continue;
		seen[n] = (struct ui_seen){ node->key, look_of(ui, node, active), node->rect };
		/* A ring stands around its node, and a letter may hang over its line; a bare button ends at its edge.
		 */
		if (node->role != UI_BUTTON || shows_ring(ui, node))
			seen[n].rect = (SDL_Rect){ node->rect.x - out, node->rect.y - out, node->rect.w + 2 * out,
						   node->rect.h + 2 * out };
		n++;
	}
	return n;
}

static void compare(struct damage *d, const struct ui_seen *a, int na, const struct ui_seen *b, int nb)
{
	for (int i = 0; i < na; i++) {
		int j = i; /* most often in the same place */

		if (j >= nb || b[j].key != a[i].key)
			for (j = 0; j < nb && b[j].key != a[i].key; j++)
				;
		if (j < nb && b[j].look == a[i].look && SDL_RectEquals(&a[i].rect, &b[j].rect))
			continue;
		add(d, a[i].rect);
		if (j < nb)
			add(d, b[j].rect);
	}
}

int ui_paint(struct ui *ui, SDL_Surface *surface, bool all, SDL_Rect *rects, int max)
{
	struct damage d = { .max = max, .whole = { 0, 0, surface->w, surface->h }, .rects = rects };
	struct ui_canvas canvas = { surface->pixels, surface->pitch / 4, d.whole };
	int before = ui->seen_now, now = 1 - before;
	uint64_t frame = frame_hash(ui, surface);

	if (max < 1 || surface->format->BytesPerPixel != 4)
		return 0;
	d.whole.w = canvas.clip.w = SDL_min(surface->w, ui->panel.width_px);
	d.whole.h = canvas.clip.h = SDL_min(surface->h, ui->panel.height_px);
	ui->seen_count[now] = record(ui, ui->seen[now]);
	if (all || frame != ui->seen_frame) {
		rects[0] = d.whole;
		d.count = 1;
	} else {
		compare(&d, ui->seen[now], ui->seen_count[now], ui->seen[before], ui->seen_count[before]);
		compare(&d, ui->seen[before], ui->seen_count[before], ui->seen[now], ui->seen_count[now]);
	}
	for (int i = 0; i < d.count; i++) {
		canvas.clip = rects[i];
		paint_tree(ui, &canvas);
	}
	ui->seen_now = now;
	ui->seen_frame = frame;
	ui->dirty = false;
	return d.count;
}

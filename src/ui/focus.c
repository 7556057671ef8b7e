/* Focus: where the keypad is. On a new screen, or when the focused node is gone or covered, it is on the heading, which
 * is then spoken. A dialog is the root while it is up: nothing outside it can be reached. What is disabled can be
 * focused, so that it can be told that it is not available. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

const struct ui_node *focus_title(const struct ui *ui)
{
	if (ui->dialog != NULL)
		return ui->dialog->first;
	return ui->heading;
}

bool node_is_reachable(const struct ui *ui, const struct ui_node *node)
{
	return !node->hidden && !node->blank && (ui->dialog == NULL || node->in_dialog);
}

bool focus_can(const struct ui *ui, const struct ui_node *node)
{
	return (node->interactive && node_is_reachable(ui, node)) || node == focus_title(ui);
}

struct ui_node *focus_node(struct ui *ui)
{
	return tree_find(ui, ui->focus);
}

void focus_set(struct ui *ui, const struct ui_node *node)
{
	SDL_strlcpy(ui->focus, node != NULL ? node->id : "", sizeof(ui->focus));
	if (node != NULL && node->role == UI_FIELD)
		SDL_strlcpy(ui->active, node->id, sizeof(ui->active));
	ui->page_follows = true;
	ui->dirty = true;
}

/* Before layout, so pages do not count yet: a node of another page is not gone. "more" is made by layout. */
void focus_settle(struct ui *ui)
{
	struct ui_node *node = focus_node(ui);
	bool gone = node == NULL ? strcmp(ui->focus, "more") != 0
				 : node != focus_title(ui) &&
					   (!node->interactive || (ui->dialog != NULL && !node->in_dialog));

	if (ui->new_screen || gone) {
		const struct ui_node *title = focus_title(ui);

		SDL_strlcpy(ui->focus, title != NULL ? title->id : "", sizeof(ui->focus));
	}
}

bool focus_step(struct ui *ui, int by)
{
	struct ui_node *list[UI_NODES_MAX + 8], *can[UI_NODES_MAX + 8];
	int count = tree_order(ui, list), n = 0, at = -1;

	for (int i = 0; i < count; i++)
		if (focus_can(ui, list[i])) {
			if (tree_is(list[i], ui->focus))
				at = n;
			can[n++] = list[i];
		}
	if (n == 0)
		return false;
	at = at < 0 ? (by > 0 ? 0 : n - 1) : (at + by + n) % n;
	focus_set(ui, can[at]);
	ui->focus_seen = true;
	return true;
}

bool focus_toward(struct ui *ui, int dx, int dy)
{
	struct ui_node *from = focus_node(ui), *best = NULL;
	int64_t best_score = INT64_MAX;

	if (from == NULL || !node_is_reachable(ui, from))
		return focus_step(ui, dx + dy > 0 ? 1 : -1);
	for (int i = 0; i < ui->node_count; i++) {
		struct ui_node *n = ui->nodes[i];
		int64_t x = n->rect.x + n->rect.w / 2 - (from->rect.x + from->rect.w / 2);
		int64_t y = n->rect.y + n->rect.h / 2 - (from->rect.y + from->rect.h / 2);
		int64_t along = x * dx + y * dy, aside = llabs(dx != 0 ? y : x), score = along + 3 * aside;

		if (n == from || !focus_can(ui, n) || along <= 0 || score >= best_score)
			continue;
		best = n;
		best_score = score;
	}
	if (best == NULL)
		return false;
	focus_set(ui, best);
	ui->focus_seen = true;
	return true;
}

void ui_focus(struct ui *ui, const char *id)
{
	SDL_strlcpy(ui->focus, id, sizeof(ui->focus));
	if (field_store(ui, id, false) != NULL)
		SDL_strlcpy(ui->active, id, sizeof(ui->active));
	ui->page_follows = true;
	ui->dirty = true;
}

const char *ui_focused(const struct ui *ui)
{
	return ui->focus;
}

bool ui_is_dirty(const struct ui *ui)
{
	return ui->dirty;
}

int ui_page(const struct ui *ui)
{
	return ui->page;
}

int ui_pages(const struct ui *ui)
{
	return ui->pages;
}

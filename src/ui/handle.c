/* Events: from touches and keys to what the screen is told.
 *
 * A press counts when it begins and ends inside the same node; while the finger is on it the node shows that. Keys move
 * and press what has focus; text goes to the active field or, where letters are to be chosen, presses the letter. */
#include "internal.h"

#include "base/text.h"

#include <string.h>

static struct ui_event event_of(enum ui_event_kind kind, const char *id)
{
	struct ui_event event = { .kind = kind };

	SDL_strlcpy(event.id, id, sizeof(event.id));
	return event;
}

static const struct ui_event nothing = { .kind = UI_EVENT_NONE };

static bool holds(const struct ui_node *n, int x, int y)
{
	return SDL_PointInRect(&(SDL_Point){ x, y }, &n->rect);
}

static struct ui_node *hit(struct ui *ui, int x, int y)
{
	struct ui_node *found = NULL;

	for (int i = 0; i < ui->node_count; i++) {
		struct ui_node *n = ui->nodes[i];

		/* the smallest: a button inside a card that may be pressed wins */
		if (n->interactive && node_is_reachable(ui, n) && holds(n, x, y) &&
		    (found == NULL || n->rect.w * n->rect.h < found->rect.w * found->rect.h))
			found = n;
	}
	return found;
}

bool ui_is_at(struct ui *ui, const char *id, int x, int y)
{
	const struct ui_node *n = tree_find(ui, id);
	int dx, dy;

	if (n == NULL || n->hidden)
		return false;
	dx = SDL_max(n->rect.w, mm(ui, 12.7)) / 2;
	dy = SDL_max(n->rect.h, mm(ui, 12.7)) / 2;
	return SDL_abs(x - (n->rect.x + n->rect.w / 2)) <= dx && SDL_abs(y - (n->rect.y + n->rect.h / 2)) <= dy;
}

static struct ui_event press_key(struct ui *ui, struct ui_node *n)
{
	const char *changed = n->types != NULL ? field_type(ui, n->types) : NULL;

	if (tree_is(n, "key-erase")) {
		changed = field_erase(ui);
	} else if (tree_is(n, "key-shift")) {
		ui->shift = !ui->shift;
		return event_of(UI_EVENT_PAGE, n->id);
	} else if (tree_is(n, "key-accents") || tree_is(n, "key-letters")) {
		ui->layer = tree_is(n, "key-accents");
		return event_of(UI_EVENT_PAGE, n->id);
	} else if (n->types == NULL) {
		return event_of(UI_EVENT_PRESS, n->id);
	}
	if (changed == NULL)
		return nothing;
	ui->shift = false;
	if (ui->layer == 1 && n->types != NULL)
		ui->layer = 0;
	return event_of(UI_EVENT_CHANGE, changed);
}

struct ui_event press_node(struct ui *ui, struct ui_node *n)
{
	if (n->opt.disabled)
		return nothing;
	ui->dirty = true;
	if (n == ui->more) {
		ui->page = (ui->page + 1) % SDL_max(1, ui->pages);
		ui->active[0] = '\0';
		SDL_strlcpy(ui->focus, "more", sizeof(ui->focus));
		return event_of(UI_EVENT_PAGE, n->id);
	}
	if (n->cap)
		return press_key(ui, n);
	focus_set(ui, n);
	return event_of(n->role == UI_FIELD ? UI_EVENT_FOCUS : UI_EVENT_PRESS, n->id);
}

static struct ui_event type_text(struct ui *ui, const char *text)
{
	const char *changed;

	if (field_active(ui) != NULL) {
		changed = field_type(ui, text);
		return changed != NULL ? event_of(UI_EVENT_CHANGE, changed) : nothing;
	}
	for (size_t at = 0, len = strlen(text); at < len;) {
		char id[24] = "letter-", bytes[4];
		size_t n = text_encode(upper(text_next(text, len, &at)), bytes);
		struct ui_node *letter;

		text_copy_n(id + 7, sizeof(id) - 7, bytes, n);
		letter = tree_find(ui, id);
		if (letter != NULL && node_is_reachable(ui, letter))
			return press_node(ui, letter);
	}
	return nothing;
}

/* ---- pointer ---- */

static struct ui_event pointer_down(struct ui *ui, int x, int y)
{
	struct ui_node *n = hit(ui, x, y);

	ui->press[0] = '\0';
	if (ui->focus_seen)
		ui->dirty = true;
	ui->focus_seen = false;
	if (n != NULL && !n->opt.disabled) {
		SDL_strlcpy(ui->press, n->id, sizeof(ui->press));
		ui->press_inside = true;
		ui->dirty = true;
	}
	return nothing;
}

static struct ui_event pointer_move(struct ui *ui, int x, int y)
{
	struct ui_node *n = tree_find(ui, ui->press);
	bool inside = n != NULL && holds(n, x, y);

	if (n != NULL && inside != ui->press_inside) {
		ui->press_inside = inside;
		ui->dirty = true;
	}
	return nothing;
}

static struct ui_event pointer_up(struct ui *ui, int x, int y)
{
	struct ui_node *n = tree_find(ui, ui->press);
	bool counts = n != NULL && holds(n, x, y) && node_is_reachable(ui, n);

	if (ui->press[0] != '\0')
		ui->dirty = true;
	ui->press[0] = '\0';
	return counts ? press_node(ui, n) : nothing;
}

/* ---- keys ---- */

static struct ui_event press_focused(struct ui *ui)
{
	struct ui_node *n = focus_node(ui);

	if (n == NULL || !n->interactive || !node_is_reachable(ui, n))
		return nothing;
	if (n->role == UI_FIELD) { /* Enter in a field goes on */
		focus_step(ui, 1);
		return event_of(UI_EVENT_FOCUS, ui->focus);
	}
	return press_node(ui, n);
}

static struct ui_event moved(struct ui *ui, bool did)
{
	return did ? event_of(UI_EVENT_FOCUS, ui->focus) : nothing;
}

static struct ui_event erase(struct ui *ui)
{
	const char *changed = field_erase(ui);

	return changed != NULL ? event_of(UI_EVENT_CHANGE, changed) : nothing;
}

static struct ui_event key_down(struct ui *ui, const SDL_KeyboardEvent *key)
{
	switch (key->keysym.sym) {
	case SDLK_TAB:
		return moved(ui, focus_step(ui, (key->keysym.mod & KMOD_SHIFT) != 0 ? -1 : 1));
	case SDLK_LEFT:
		return moved(ui, focus_toward(ui, -1, 0));
	case SDLK_RIGHT:
		return moved(ui, focus_toward(ui, 1, 0));
	case SDLK_UP:
		return moved(ui, focus_toward(ui, 0, -1));
	case SDLK_DOWN:
		return moved(ui, focus_toward(ui, 0, 1));
	case SDLK_RETURN:
	case SDLK_KP_ENTER:
		return key->repeat != 0 ? nothing : press_focused(ui);
	case SDLK_SPACE: {
		struct ui_node *n = focus_node(ui);

		return key->repeat != 0 || n == NULL || n->role == UI_FIELD ? nothing : press_focused(ui);
	}
	case SDLK_BACKSPACE:
		return erase(ui);
	default:
		return nothing;
	}
}

struct ui_event ui_handle(struct ui *ui, const SDL_Event *e)
{
	struct ui_node *focus;

	switch (e->type) {
	case SDL_MOUSEBUTTONDOWN:
		if (e->button.which == SDL_TOUCH_MOUSEID || e->button.button != SDL_BUTTON_LEFT)
			return nothing;
		return pointer_down(ui, e->button.x, e->button.y);
	case SDL_MOUSEMOTION:
		return e->motion.which == SDL_TOUCH_MOUSEID ? nothing : pointer_move(ui, e->motion.x, e->motion.y);
	case SDL_MOUSEBUTTONUP:
		if (e->button.which == SDL_TOUCH_MOUSEID || e->button.button != SDL_BUTTON_LEFT)
			return nothing;
		return pointer_up(ui, e->button.x, e->button.y);
	case SDL_FINGERDOWN:
	case SDL_FINGERMOTION:
	case SDL_FINGERUP: {
		int x = (int)(e->tfinger.x * (float)ui->panel.width_px),
		    y = (int)(e->tfinger.y * (float)ui->panel.height_px);

		return e->type == SDL_FINGERDOWN     ? pointer_down(ui, x, y)
		       : e->type == SDL_FINGERMOTION ? pointer_move(ui, x, y)
						     : pointer_up(ui, x, y);
	}
	case SDL_KEYDOWN:
		return key_down(ui, &e->key);
	case SDL_TEXTINPUT:
		focus = focus_node(ui);
		if (strcmp(e->text.text, " ") == 0 && (focus == NULL || focus->role != UI_FIELD))
			return nothing; /* it pressed what has focus */
		return type_text(ui, e->text.text);
	default:
		return nothing;
	}
}

/* ---- by name ---- */

static bool is_called(const struct ui_node *n, const char *name)
{
	return strcmp(n->label, name) == 0 || (n->opt.speech != NULL && strcmp(n->opt.speech, name) == 0);
}

static bool in_root(const struct ui *ui, const struct ui_node *n)
{
	return n->interactive && !n->blank && (ui->dialog == NULL || n->in_dialog);
}

struct ui_event ui_press(struct ui *ui, const char *name)
{
	struct ui_node *n = tree_find(ui, name);

	if (n != NULL && !in_root(ui, n))
		n = NULL;
	for (int i = 0; n == NULL && i < ui->node_count; i++)
		if (in_root(ui, ui->nodes[i]) && is_called(ui->nodes[i], name))
			n = ui->nodes[i];
	if (n == NULL)
		return nothing;
	if (n->hidden && n->page >= 0)
		ui->page = n->page;
	return press_node(ui, n);
}

struct ui_event ui_type(struct ui *ui, const char *text)
{
	struct ui_event last = nothing;

	for (size_t at = 0, len = strlen(text); at < len;) {
		size_t from = at;
		uint32_t c = text_next(text, len, &at);
		struct ui_event event;
		char one[8];

		text_copy_n(one, sizeof(one), text + from, at - from);
		if (c == '\b')
			event = erase(ui);
		else if (c == '\t')
			event = moved(ui, focus_step(ui, 1));
		else if (c == '\n')
			event = press_focused(ui);
		else
			event = type_text(ui, one);
		if (event.kind != UI_EVENT_NONE)
			last = event;
	}
	return last;
}

/* Fields: what has been typed, kept by id from frame to frame until the session is wiped.
 *
 * Typing goes to the active field: the focused one, else the one touched last, else the first that is not full. A field
 * of digits that fills passes on to the next, and erasing in an empty one goes back, so that a birthday is eight keys.
 */
#include "internal.h"

#include "base/text.h"

#include <assert.h>
#include <string.h>

struct ui_field_store *field_store(struct ui *ui, const char *id, bool make)
{
	struct ui_field_store *unused = NULL;

	for (int i = 0; i < UI_FIELDS_MAX; i++) {
		if (ui->fields[i].used && strcmp(ui->fields[i].id, id) == 0)
			return &ui->fields[i];
		if (!ui->fields[i].used && unused == NULL)
			unused = &ui->fields[i];
	}
	assert(!make || unused != NULL); /* more fields in a session than UI_FIELDS_MAX */
	if (make) {
		unused->used = true;
		SDL_strlcpy(unused->id, id, sizeof(unused->id));
	}
	return make ? unused : NULL;
}

const char *ui_field_text(struct ui *ui, const char *id)
{
	struct ui_field_store *store = field_store(ui, id, false);

	return store != NULL ? store->text : "";
}

void ui_field_set(struct ui *ui, const char *id, const char *text)
{
	struct ui_field_store *store = field_store(ui, id, true);

	explicit_bzero(store->text, sizeof(store->text));
	text_copy(store->text, sizeof(store->text), text);
	ui->dirty = true;
}

void ui_field_clear(struct ui *ui, const char *id)
{
	struct ui_field_store *store = field_store(ui, id, false);

	if (store != NULL)
		explicit_bzero(store->text, sizeof(store->text));
	ui->dirty = true;
}

static int length(const char *text)
{
	size_t len = strlen(text);
	int n = 0;

	for (size_t at = 0; at < len; n++)
		text_next(text, len, &at);
	return n;
}

static bool is_full(const struct ui_node *field)
{
	return length(field->text) >= field->max;
}

static bool is_open(const struct ui *ui, const struct ui_node *n)
{
	return n->role == UI_FIELD && !n->opt.disabled && !n->hidden && (ui->dialog == NULL || n->in_dialog);
}

struct ui_node *field_active(struct ui *ui)
{
	struct ui_node *focus = tree_find(ui, ui->focus), *active = tree_find(ui, ui->active), *last = NULL;

	if (focus != NULL && is_open(ui, focus))
		return focus;
	if (active != NULL && is_open(ui, active))
		return active;
	for (int i = 0; i < ui->node_count; i++) {
		if (!is_open(ui, ui->nodes[i]))
			continue;
		last = ui->nodes[i];
		if (!is_full(last))
			return last;
	}
	return last;
}

static bool takes(const struct ui_node *field, uint32_t c)
{
	bool digit = c >= '0' && c <= '9', letter = upper(c) != c || (c >= 'A' && c <= 'Z') || c >= 0xC0;

	if (c < ' ' || c == 0x7F || c == 0xFFFD)
		return false;
	switch (field->kind) {
	case UI_FIELD_DIGITS:
		return digit;
	case UI_FIELD_PHONE:
		return digit || (c < 0x80 && strchr("+-() .", (int)c) != NULL);
	case UI_FIELD_NAME:
		return letter || (c < 0x80 && strchr("-' .", (int)c) != NULL) || c == 0x2019;
	case UI_FIELD_ADDRESS:
		return digit || c == '.' || c == '/';
	case UI_FIELD_SECRET:
		return c < 0x7F;
	case UI_FIELD_URL:
	case UI_FIELD_EMAIL:
		return c > ' ' && c < 0x7F;
	case UI_FIELD_CODE:
		return digit || c == '-' || (c < 0x80 && letter);
	case UI_FIELD_STREET:
		return true;
	}
	return false;
}

static bool append(struct ui *ui, struct ui_node *field, uint32_t c)
{
	struct ui_field_store *store = field_store(ui, field->id, true);
	size_t len = strlen(store->text), n;
	char bytes[4];

	if (field->kind == UI_FIELD_CODE)
		c = upper(c);
	n = text_encode(c, bytes);
	if (is_full(field) || len + n >= sizeof(store->text))
		return false;
	memcpy(store->text + len, bytes, n);
	store->text[len + n] = '\0';
	return true;
}

static void make_active(struct ui *ui, const struct ui_node *field)
{
	const struct ui_node *focus = tree_find(ui, ui->focus);

	SDL_strlcpy(ui->active, field->id, sizeof(ui->active));
	if (focus != NULL && focus->role == UI_FIELD)
		SDL_strlcpy(ui->focus, field->id, sizeof(ui->focus));
	ui->page_follows = true;
}

/* The first field of digits after this one that is not full. */
static struct ui_node *next_open(struct ui *ui, const struct ui_node *after)
{
	bool passed = false;

	for (int i = 0; i < ui->node_count; i++) {
		struct ui_node *n = ui->nodes[i];

		if (passed && n->role == UI_FIELD && !n->opt.disabled && n->in_dialog == after->in_dialog &&
		    n->kind == UI_FIELD_DIGITS && !is_full(n))
			return n;
		passed = passed || n == after;
	}
	return NULL;
}

const char *field_type(struct ui *ui, const char *text)
{
	size_t len = strlen(text);
	const char *changed = NULL;

	for (size_t at = 0; at < len;) {
		uint32_t c = text_next(text, len, &at);
		struct ui_node *field = field_active(ui), *next;

		if (field == NULL || !takes(field, c))
			continue;
		if (field->kind == UI_FIELD_DIGITS && is_full(field)) {
			field = next_open(ui, field);
			if (field == NULL)
				continue;
		}
		if (!append(ui, field, c))
			continue;
		changed = field->id;
		make_active(ui, field);
		next = field->kind == UI_FIELD_DIGITS && is_full(field) ? next_open(ui, field) : NULL;
		if (next != NULL)
			make_active(ui, next);
	}
	if (changed != NULL)
		ui->dirty = true;
	return changed;
}

const char *field_erase(struct ui *ui)
{
	struct ui_node *field = field_active(ui), *before = NULL;
	struct ui_field_store *store;
	size_t len;

	if (field == NULL)
		return NULL;
	for (int i = 0; i < ui->node_count && ui->nodes[i] != field; i++)
		if (ui->nodes[i]->role == UI_FIELD && ui->nodes[i]->in_dialog == field->in_dialog)
			before = ui->nodes[i];
	if (field->text[0] == '\0' && field->kind == UI_FIELD_DIGITS && before != NULL &&
	    before->kind == UI_FIELD_DIGITS && !before->opt.disabled)
		field = before;
	store = field_store(ui, field->id, true);
	len = strlen(store->text);
	if (len == 0)
		return NULL;
	text_pop(store->text);
	explicit_bzero(store->text + strlen(store->text), len - strlen(store->text));
	make_active(ui, field);
	ui->dirty = true;
	return field->id;
}

/* The tree: what a screen says, in the order in which it says it.
 *
 * Every ui_*() call of a screen adds one node under the group that is open. Nodes and strings live in one arena that
 * the next ui_begin() resets, so a screen never frees anything and nothing of it can be kept by mistake. A node's key,
 * by which frames are compared, is a hash of its id or, for the few that need none, of its place under its parent. */
#include "internal.h"

#include "base/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

uint64_t hash_bytes(uint64_t seed, const void *data, size_t len)
{
	const unsigned char *b = data;
	uint64_t h = seed ^ 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ b[i]) * 0x100000001b3u;
	return h ^ h >> 29;
}

uint64_t hash_text(uint64_t seed, const char *text)
{
	return text == NULL ? seed * 31 + 7 : hash_bytes(seed, text, strlen(text) + 1);
}

const char *tree_copy(struct ui *ui, const char *text)
{
	char *copy = text == NULL ? NULL : arena_strndup(&ui->arena, text, strlen(text));

	assert(text == NULL || copy != NULL); /* a screen that does not fit its arena is a bug */
	return copy;
}

static void opt_copy(struct ui *ui, struct ui_opt *opt)
{
	const char **strings[] = { &opt->icon, &opt->note, &opt->value };

	opt->speech = tree_copy(ui, opt->speech); /* "" says nothing, NULL the label */

	for (size_t i = 0; i < SDL_arraysize(strings); i++) {
		if (*strings[i] != NULL && (*strings[i])[0] == '\0')
			*strings[i] = NULL;
		*strings[i] = tree_copy(ui, *strings[i]);
	}
}

static void append(struct ui_node *parent, struct ui_node *node)
{
	node->parent = parent;
	if (parent->last != NULL)
		parent->last->next = node;
	else
		parent->first = node;
	parent->last = node;
	parent->child_count++;
}

struct ui_node *tree_add(struct ui *ui, enum ui_role role, const char *id, const char *label, struct ui_opt opt)
{
	struct ui_node *node = arena_alloc(&ui->arena, sizeof(*node));

	assert(node != NULL && ui->node_count < UI_NODES_MAX);
	assert(id == NULL || strlen(id) < UI_ID_MAX);
	node->role = role;
	node->region = ui->region;
	node->id = tree_copy(ui, id != NULL ? id : "");
	node->label = tree_copy(ui, label != NULL ? label : "");
	node->opt = opt;
	opt_copy(ui, &node->opt);
	node->max_w = node->min_w = node->height_for = -1;
	ui->nodes[ui->node_count++] = node;
	if (ui->at != NULL) {
		node->in_dialog = ui->at->in_dialog || ui->at->role == UI_DIALOG;
		node->in_card = ui->at->in_card || ui->at->role == UI_CARD || ui->at->role == UI_DIALOG;
		node->ground = ui->at->ground;
		append(ui->at, node);
	}
	node->key = node->id[0] != '\0'
			    ? hash_text(1, node->id)
			    : hash_bytes(ui->at != NULL ? ui->at->key : 2,
					 ui->at != NULL ? &ui->at->child_count : &ui->node_count, sizeof(int));
	return node;
}

void tree_push(struct ui *ui, struct ui_node *node)
{
	ui->at = node;
}

void tree_pop(struct ui *ui)
{
	assert(ui->at != NULL && ui->at->parent != NULL); /* a close without its open */
	ui->at = ui->at->parent;
}

bool tree_is(const struct ui_node *node, const char *id)
{
	return node->id[0] != '\0' && strcmp(node->id, id) == 0;
}

struct ui_node *tree_find(struct ui *ui, const char *id)
{
	for (int i = 0; id[0] != '\0' && i < ui->node_count; i++)
		if (tree_is(ui->nodes[i], id))
			return ui->nodes[i];
	return NULL;
}

/* ---- life ---- */

int ui_new(const struct ui_panel *panel, const char *assets, struct ui **out)
{
	struct ui *ui = calloc(1, sizeof(*ui));
	int err = LOBBY_ERR_NO_MEMORY;

	if (ui == NULL)
		return err;
	ui->panel = *panel;
	ui->dirty = true;
	ui->new_screen = true;
	SDL_strlcpy(ui->assets, assets, sizeof(ui->assets));
	err = arena_init(&ui->arena, UI_ARENA_SIZE);
	if (err == 0)
		err = corners_new(&ui->corners);
	if (err == 0)
		err = text_init(ui);
	if (err != 0) {
		ui_free(ui);
		return err;
	}
	*out = ui;
	return 0;
}

void ui_free(struct ui *ui)
{
	if (ui == NULL)
		return;
	if (ui->arena.block != NULL)
		arena_reset(&ui->arena, 1);
	text_fini(ui);
	corners_free(ui->corners);
	words_free(ui);
	arena_fini(&ui->arena);
	explicit_bzero(ui, sizeof(*ui));
	free(ui);
}

static void forget_frame(struct ui *ui)
{
	memset(ui->regions, 0, sizeof(ui->regions));
	ui->dialog = ui->heading = ui->more = ui->at = ui->resume = NULL;
	ui->node_count = 0;
	ui->pages = 1;
}

void ui_wipe(struct ui *ui)
{
	assert(!ui->building);
	explicit_bzero(ui->fields, sizeof(ui->fields));
	explicit_bzero(ui->focus, sizeof(ui->focus));
	explicit_bzero(ui->active, sizeof(ui->active));
	explicit_bzero(ui->press, sizeof(ui->press));
	forget_frame(ui);
	arena_reset(&ui->arena, 1);
	text_forget(ui);
	ui->page = 0;
	ui->shift = false;
	ui->layer = 0;
	ui->screen[0] = '\0';
	ui->seen_count[0] = ui->seen_count[1] = 0;
	ui->seen_frame = 0;
	ui->dirty = true;
}

void ui_resize(struct ui *ui, const struct ui_panel *panel)
{
	ui->panel = *panel;
	ui->seen_frame = 0;
	ui->dirty = true;
}

/* ---- building ---- */

bool language_is_rtl(const char *language)
{
	static const char *const rtl[] = { "ar", "fa", "he", "ps", "ur", "yi", "dv", "ckb", "ug" };

	for (size_t i = 0; i < SDL_arraysize(rtl); i++) {
		size_t len = strlen(rtl[i]);

		if (strncmp(language, rtl[i], len) == 0 && (language[len] == '\0' || language[len] == '-'))
			return true;
	}
	return false;
}

void ui_begin(struct ui *ui, const struct ui_prefs *prefs, const char *screen)
{
	assert(!ui->building);
	ui->prefs = *prefs;
	SDL_strlcpy(ui->language, prefs->language != NULL ? prefs->language : "en", sizeof(ui->language));
	ui->prefs.language = ui->language;
	ui->rtl = language_is_rtl(ui->language);
	if (strcmp(ui->screen, screen) != 0) {
		SDL_strlcpy(ui->screen, screen, sizeof(ui->screen));
		ui->new_screen = true;
		ui->page = 0;
		ui->shift = false;
		ui->layer = 0;
		ui->press[0] = ui->focus[0] = ui->active[0] = '\0';
	}
	forget_frame(ui);
	arena_reset(&ui->arena, 0);
	ui->building = true;
	for (int r = 0; r < UI_REGION_COUNT; r++) {
		ui->region = (enum ui_region)r;
		ui->regions[r] = tree_add(ui, UI_GROUP, NULL, NULL, (struct ui_opt){ 0 });
		ui->regions[r]->flow = r == UI_BAR ? UI_ROW : UI_COLUMN;
	}
	ui->regions[UI_BAR]->ground = UI_ON_CARD;
	ui_region(ui, UI_BODY);
}

void ui_region(struct ui *ui, enum ui_region region)
{
	assert(ui->building && region < UI_REGION_COUNT);
	ui->region = region;
	ui->at = ui->regions[region];
}

/* Bugs of a screen, caught where they are made. */
static void assert_sound(struct ui *ui)
{
	assert(ui->at == NULL || ui->at->parent == NULL); /* each open has its close */
	for (int i = 0; i < ui->node_count; i++) {
		const struct ui_node *n = ui->nodes[i];

		assert(!n->interactive || (n->id[0] != '\0' && (n->label[0] != '\0' || n->opt.speech != NULL)));
		for (int j = i + 1; j < ui->node_count; j++)
			assert(n->id[0] == '\0' || n->key != ui->nodes[j]->key || strcmp(n->id, ui->nodes[j]->id) != 0);
	}
}

void ui_end(struct ui *ui)
{
	assert(ui->building);
	assert_sound(ui);
	ui->building = false;
	if (ui->had_dialog != (ui->dialog != NULL)) {
		ui->had_dialog = ui->dialog != NULL;
		ui->page = 0;
		ui->press[0] = ui->focus[0] = '\0';
	}
	focus_settle(ui);
	layout_frame(ui);
	ui->new_screen = false;
	ui->dirty = true;
}

void ui_open(struct ui *ui, const char *id, enum ui_flow flow, struct ui_opt opt)
{
	struct ui_node *node = tree_add(ui, UI_GROUP, id, NULL, opt);

	node->flow = flow;
	tree_push(ui, node);
}

void ui_close(struct ui *ui)
{
	tree_pop(ui);
}

void ui_card_open(struct ui *ui, const char *id, const char *label, enum ui_flow flow, struct ui_opt opt)
{
	struct ui_node *node = tree_add(ui, UI_CARD, id, label, opt);

	node->flow = flow;
	node->interactive = node->label[0] != '\0';
	node->ground = opt.tone == UI_BRAND || opt.tone == UI_STRONG	 ? UI_ON_BRAND
		       : opt.tone == UI_TINT || opt.checked		 ? UI_ON_TINT
		       : opt.tone == UI_WARNING || opt.tone == UI_DANGER ? UI_ON_NOTICE
									 : UI_ON_CARD;
	tree_push(ui, node);
}

void ui_heading(struct ui *ui, const char *text)
{
	struct ui_node *node = tree_add(ui, UI_HEADING, "heading", text, (struct ui_opt){ 0 });

	node->style = UI_STYLE_HEADING;
	ui->heading = node;
}

void ui_text(struct ui *ui, const char *id, enum ui_text_style style, const char *text, struct ui_opt opt)
{
	tree_add(ui, UI_TEXT, id, text, opt)->style = style;
}

void ui_icon(struct ui *ui, const char *id, const char *icon, struct ui_opt opt)
{
	opt.icon = icon;
	tree_add(ui, UI_ICON, id, NULL, opt);
}

void ui_disc(struct ui *ui, const char *id, const char *icon, enum ui_tone tone)
{
	tree_add(ui, UI_ICON, id, NULL, (struct ui_opt){ .icon = icon, .tone = tone })->disc = true;
}

void ui_button(struct ui *ui, const char *id, const char *label, struct ui_opt opt)
{
	tree_add(ui, UI_BUTTON, id, label, opt)->interactive = true;
}

void ui_rule(struct ui *ui)
{
	tree_add(ui, UI_RULE, NULL, NULL, (struct ui_opt){ 0 });
}

void ui_spacer(struct ui *ui, int grow)
{
	tree_add(ui, UI_SPACER, NULL, NULL, (struct ui_opt){ .grow = grow });
}

void ui_banner(struct ui *ui, const char *id, const char *text, struct ui_opt opt)
{
	struct ui_node *node = tree_add(ui, UI_BANNER, id, text, opt);

	node->ground = opt.tone == UI_WARNING || opt.tone == UI_DANGER ? UI_ON_NOTICE : UI_ON_TINT;
}

void ui_steps(struct ui *ui, int current, int total, const char *label)
{
	struct ui_node *node = tree_add(ui, UI_STEPS, "steps", label, (struct ui_opt){ 0 });

	node->current = current;
	node->total = total;
}

/* As many dots as characters: whoever shows, says or dumps the field sees these. */
static const char *dots(struct ui *ui, const char *text)
{
	size_t len = strlen(text), used = 0;
	char out[UI_FIELD_TEXT_MAX] = "";

	for (size_t at = 0; at < len && used + 4 < sizeof(out); used += 3) {
		text_next(text, len, &at);
		memcpy(out + used, "\xe2\x80\xa2", 4);
	}
	return tree_copy(ui, out);
}

void ui_field(struct ui *ui, const char *id, const char *label, enum ui_field_kind kind, int max, const char *hint,
	      const char *error, struct ui_opt opt)
{
	struct ui_node *node = tree_add(ui, UI_FIELD, id, label, opt);
	struct ui_field_store *store = field_store(ui, id, true);

	node->kind = kind;
	node->max = max;
	node->interactive = true;
	node->hint = tree_copy(ui, hint != NULL ? hint : "");
	node->error = tree_copy(ui, error != NULL && error[0] != '\0' ? error : NULL);
	node->text = opt.secret ? dots(ui, store->text) : store->text;
}

void ui_dialog_open(struct ui *ui, const char *id, const char *title, struct ui_opt opt)
{
	struct ui_node *back = ui->at;

	assert(ui->dialog == NULL);
	ui->resume = back;
	ui->at = NULL;
	ui->dialog = tree_add(ui, UI_DIALOG, id, title, opt);
	ui->dialog->ground = UI_ON_CARD;
	ui->dialog->in_dialog = true;
	ui->at = ui->dialog;
	tree_add(ui, UI_HEADING, "dialog-title", title, (struct ui_opt){ 0 })->style = UI_STYLE_HEADING;
}

void ui_dialog_close(struct ui *ui)
{
	assert(ui->at == ui->dialog);
	ui->at = ui->resume;
}

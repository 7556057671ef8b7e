/* Speech: the same tree as sentences. The screen first (heading, text, banners, how many choices), then whatever gets
 * focus: what it is called, what it is, how it stands. */
#include "internal.h"

#include "base/text.h"

#include <string.h>

struct talk {
	char *out;
	size_t size, used;
};

static void say(struct talk *t, const char *text)
{
	size_t len = text != NULL ? strlen(text) : 0, from = t->used;

	if (len == 0 || t->used + 1 >= t->size)
		return;
	if (t->used > 0 && t->used + 2 < t->size)
		t->out[t->used++] = ' ';
	text_copy(t->out + t->used, t->size - t->used, text);
	for (char *p = t->out + from; *p != '\0'; p++)
		*p = *p == '\n' ? ' ' : *p;
	t->used += strlen(t->out + t->used);
	/* every thing said ends as a sentence does, so that the voice pauses */
	if (t->used > 0 && strchr(".?!:,;", t->out[t->used - 1]) == NULL && t->used + 1 < t->size) {
		t->out[t->used++] = '.';
		t->out[t->used] = '\0';
	}
}

static void say_words(struct talk *t, const struct ui_node *n)
{
	say(t, n->opt.speech != NULL ? n->opt.speech : n->label);
	if (n->opt.speech == NULL || n->role == UI_BUTTON)
		say(t, n->opt.value);
	if (n->opt.speech == NULL)
		say(t, n->opt.note);
}

static bool is_told(const struct ui *ui, const struct ui_node *n)
{
	if (n->hidden || (ui->dialog != NULL) != n->in_dialog)
		return false;
	if (n->role == UI_STEPS)
		return true;
	if (!n->in_dialog && n->region != UI_BODY && n->region != UI_ACTIONS)
		return false;
	return n->role == UI_HEADING || n->role == UI_TEXT || n->role == UI_BANNER ||
	       (n->role == UI_ICON && n->opt.speech != NULL);
}

size_t ui_speech_screen(struct ui *ui, char *out, size_t size)
{
	struct talk t = { out, size, 0 };
	struct ui_node *list[UI_NODES_MAX + 8];
	const struct ui_node *title = focus_title(ui);
	int count = tree_order(ui, list), choices = 0;
	char line[96];

	if (size == 0)
		return 0;
	out[0] = '\0';
	if (title != NULL)
		say_words(&t, title);
	for (int i = 0; i < count; i++) {
		const struct ui_node *n = list[i];

		if (n == NULL)
			continue;
		if (n != title && is_told(ui, n))
			say_words(&t, n);
		if (n->interactive && !n->opt.disabled && node_is_reachable(ui, n) &&
		    (n->in_dialog || n->region == UI_BODY || n->region == UI_ACTIONS))
			choices++;
	}
	if (choices > 0) {
		word_format(line, sizeof(line), word(ui, choices == 1 ? WORD_ONE_CHOICE : WORD_CHOICES), choices, 0);
		say(&t, line);
	}
	return t.used;
}

/* Digits one by one: a birthday is not forty million. */
static void say_typed(struct ui *ui, struct talk *t, const struct ui_node *n)
{
	char spaced[2 * UI_FIELD_TEXT_MAX];
	size_t used = 0;

	if (n->text[0] == '\0') {
		say(t, word(ui, WORD_EMPTY));
		return;
	}
	if (n->opt.secret) { /* three bytes a dot */
		SDL_snprintf(spaced, sizeof(spaced), "%d", (int)(strlen(n->text) / 3));
		say(t, spaced);
		return;
	}
	for (const char *p = n->text; *p != '\0' && used + 3 < sizeof(spaced); p++) {
		spaced[used++] = *p;
		if ((n->kind == UI_FIELD_DIGITS || n->kind == UI_FIELD_PHONE || n->kind == UI_FIELD_CODE) &&
		    p[1] != '\0')
			spaced[used++] = ' ';
	}
	spaced[used] = '\0';
	say(t, spaced);
	explicit_bzero(spaced, sizeof(spaced));
}

/* A card that is pressed as one may be named by more than its label. */
static void say_inside(struct ui *ui, struct talk *t, const struct ui_node *card)
{
	for (int i = 0; i < ui->node_count; i++) {
		const struct ui_node *n = ui->nodes[i], *p = n->parent;

		while (p != NULL && p != card)
			p = p->parent;
		if (p == card && n->role == UI_TEXT && strstr(card->label, n->label) == NULL)
			say_words(t, n);
	}
}

size_t ui_speech_focus(struct ui *ui, char *out, size_t size)
{
	struct talk t = { out, size, 0 };
	const struct ui_node *n = focus_node(ui);

	if (size == 0)
		return 0;
	out[0] = '\0';
	if (n == NULL)
		return 0;
	say_words(&t, n);
	if (n->role == UI_CARD && n->opt.speech == NULL)
		say_inside(ui, &t, n);
	if (n->role == UI_FIELD) {
		say(&t, word(ui, WORD_FIELD));
		say_typed(ui, &t, n);
		say(&t, n->error);
	} else if (n->interactive && !n->cap) {
		say(&t, word(ui, WORD_BUTTON));
	}
	if (n->opt.checked || n->opt.selected)
		say(&t, word(ui, WORD_SELECTED));
	if (n->opt.disabled)
		say(&t, word(ui, WORD_NOT_AVAILABLE));
	return t.used;
}

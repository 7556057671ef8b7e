/* What one types on: the number pad, the letter grid, the keyboard. Each is rows of keys in the PAD region; a key is a
 * button that knows what it types. Rows share the width in units of half a key, so that a space bar and a shorter row
 * line up with the others.
 *
 * The keyboard is in the order of the language's own (ui_set_words) and shows only the keys that the field at hand can
 * take. Its capitals come by themselves where a name begins. */
#include "internal.h"

#include "base/text.h"

#include <string.h>

#define KEY 2 /* the span of an ordinary key */
/* Addresses and passphrases are ASCII in every language. */
#define LATIN_ROWS "qwertyuiop asdfghjkl zxcvbnm"

static void row_open(struct ui *ui)
{
	ui_open(ui, NULL, UI_ROW, (struct ui_opt){ 0 });
}

static struct ui_node *key(struct ui *ui, const char *id, const char *label, const char *types, int span)
{
	struct ui_node *n = tree_add(ui, UI_BUTTON, id, label, (struct ui_opt){ 0 });

	n->types = tree_copy(ui, types);
	n->span = span;
	n->cap = true;
	n->interactive = true;
	return n;
}

static void key_icon(struct ui *ui, const char *id, const char *speech, const char *icon, int span)
{
	struct ui_node *n = key(ui, id, "", NULL, span);

	n->opt.speech = tree_copy(ui, speech);
	n->opt.icon = icon;
}

static void blank(struct ui *ui, int span)
{
	struct ui_node *n = tree_add(ui, UI_SPACER, NULL, NULL, (struct ui_opt){ 0 });

	n->span = span;
	n->cap = n->blank = true;
}

/* The id is of the small letter, so that a key keeps it when capitals come and go. */
static void key_char(struct ui *ui, uint32_t c, bool capital)
{
	char id[16] = "key-", text[8] = "";

	text[text_encode(capital ? upper(c) : c, text)] = '\0';
	id[4 + text_encode(c, id + 4)] = '\0';
	key(ui, id, text, text, KEY);
}

static void erase_key(struct ui *ui, int span)
{
	key_icon(ui, "key-erase", word(ui, WORD_ERASE), "backspace", span);
}

void ui_number_pad(struct ui *ui, const char *corner_label, const char *erase_label)
{
	for (const char *row = "123456789"; *row != '\0'; row += 3) {
		row_open(ui);
		for (int i = 0; i < 3; i++)
			key_char(ui, (uint32_t)row[i], false);
		ui_close(ui);
	}
	row_open(ui);
	if (corner_label != NULL && is_portrait(ui)) {
		struct ui_node *back = key(ui, "back", corner_label, NULL, KEY);

		back->opt.icon = "arrow-back";
	} else {
		blank(ui, KEY);
	}
	key_char(ui, '0', false);
	key_icon(ui, "key-erase", erase_label != NULL ? erase_label : word(ui, WORD_ERASE), "backspace", KEY);
	ui_close(ui);
}

void ui_letter_grid(struct ui *ui)
{
	const char *letters = word(ui, WORD_ALPHABET);
	size_t len = strlen(letters), at = 0;
	int count = 0, columns = is_portrait(ui) ? 7 : 6;

	for (size_t i = 0; i < len;) {
		text_next(letters, len, &i);
		count++;
	}
	if (count > 28)
		columns++;
	for (int i = 0; i < count; i++) {
		size_t from = at;
		char id[24], text[8];

		if (i % columns == 0)
			row_open(ui);
		text_next(letters, len, &at);
		text_copy_n(text, sizeof(text), letters + from, at - from);
		snprintf(id, sizeof(id), "letter-%s", text);
		key(ui, id, text, NULL, KEY);
		if (i == count - 1) /* the last row begins where the others do */
			for (int k = i + 1; k % columns != 0; k++)
				blank(ui, KEY);
		if (i % columns == columns - 1 || i == count - 1)
			ui_close(ui);
	}
}

/* ---- the keyboard ---- */

uint32_t upper(uint32_t c)
{
	if ((c >= 'a' && c <= 'z') || (c >= 0xE0 && c <= 0xFE && c != 0xF7) ||
	    (c >= 0x3B1 && c <= 0x3C9 && c != 0x3C2) || (c >= 0x430 && c <= 0x44F))
		return c - 0x20;
	if (c == 0xFF)
		return 0x178;
	if ((c >= 0x100 && c <= 0x137) || (c >= 0x14A && c <= 0x177) || c == 0x1A1)
		return c & ~1u;
	if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E) || c == 0x1B0)
		return c - (c % 2 == 0);
	if (c >= 0x450 && c <= 0x45F)
		return c - 0x50;
	return c;
}

static bool begins_word(const char *text)
{
	size_t len = strlen(text);

	return len == 0 || text[len - 1] == ' ' || text[len - 1] == '-';
}

/* A row of characters, centred by half keys at both ends when it is shorter than the widest. */
static void char_row(struct ui *ui, const char *chars, size_t len, bool capitals)
{
	row_open(ui);
	for (size_t at = 0; at < len;)
		key_char(ui, text_next(chars, len, &at), capitals);
	ui_close(ui);
}

static void char_rows(struct ui *ui, const char *rows, bool capitals, const char *extra)
{
	while (*rows != '\0') {
		size_t len = strcspn(rows, " ");
		char row[128];

		text_copy_n(row, sizeof(row), rows, len);
		rows += len + (rows[len] == ' ');
		if (*rows == '\0') {
			size_t used = strlen(row);

			text_copy(row + used, sizeof(row) - used, extra);
		}
		char_row(ui, row, strlen(row), capitals);
	}
}

static void email_row(struct ui *ui)
{
	row_open(ui);
	key(ui, "key-@", "@", "@", 3);
	key(ui, "key-dot", ".", ".", KEY);
	key(ui, "key-minus", "-", "-", KEY);
	key(ui, "key-underscore", "_", "_", KEY);
	key(ui, "key-com", ".com", ".com", 4);
	key(ui, "key-org", ".org", ".org", 4);
	erase_key(ui, 3);
	ui_close(ui);
}

static void last_row(struct ui *ui, bool capitals)
{
	struct ui_node *shift;

	row_open(ui);
	key_icon(ui, "key-shift", word(ui, WORD_SHIFT), "shift", 3);
	shift = ui->at->last;
	shift->opt.checked = capitals;
	key(ui, ui->layer == 0 ? "key-accents" : "key-letters", ui->layer == 0 ? "áñü" : "abc", NULL, 4)->opt.speech =
		tree_copy(ui, word(ui, ui->layer == 0 ? WORD_ACCENTS : WORD_LETTERS));
	key(ui, "key-space", word(ui, WORD_SPACE), " ", 9);
	erase_key(ui, 4);
	ui_close(ui);
}

static void url_row(struct ui *ui)
{
	row_open(ui);
	key(ui, "key-colon", ":", ":", KEY);
	key(ui, "key-slash", "/", "/", KEY);
	key(ui, "key-dot", ".", ".", KEY);
	key(ui, "key-minus", "-", "-", KEY);
	key(ui, "key-underscore", "_", "_", KEY);
	key(ui, "key-com", ".com", ".com", 3);
	key(ui, "key-org", ".org", ".org", 3);
	erase_key(ui, 4);
	ui_close(ui);
}

/* Every printable ASCII character is on one of its two pages. */
static void secret_rows(struct ui *ui)
{
	struct ui_node *shift;
	bool signs = ui->layer == 1;

	char_row(ui, "1234567890", 10, false);
	char_rows(ui, signs ? "!@#$%^&*() -_=+[]{}\\| ;:'\",.<>/?`~" : LATIN_ROWS, ui->shift && !signs,
		  signs ? "" : ".-");
	row_open(ui);
	if (!signs) {
		key_icon(ui, "key-shift", word(ui, WORD_SHIFT), "shift", 3);
		shift = ui->at->last;
		shift->opt.checked = ui->shift;
	}
	key(ui, signs ? "key-letters" : "key-accents", signs ? "abc" : "#+=", NULL, signs ? 7 : 4)->opt.speech =
		tree_copy(ui, word(ui, signs ? WORD_LETTERS : WORD_SIGNS));
	key(ui, "key-space", word(ui, WORD_SPACE), " ", 9);
	erase_key(ui, 4);
	ui_close(ui);
}

static void address_rows(struct ui *ui)
{
	for (const char *row = "123456789"; *row != '\0'; row += 3)
		char_row(ui, row, 3, false);
	row_open(ui);
	key_char(ui, '.', false);
	key_char(ui, '0', false);
	key_char(ui, '/', false);
	ui_close(ui);
	row_open(ui);
	erase_key(ui, 3 * KEY);
	ui_close(ui);
}

static void code_row(struct ui *ui)
{
	row_open(ui);
	erase_key(ui, 6);
	ui_close(ui);
}

void ui_keyboard(struct ui *ui)
{
	struct ui_node *field = field_active(ui);
	enum ui_field_kind kind = field != NULL ? field->kind : UI_FIELD_NAME;
	bool words = kind == UI_FIELD_NAME || kind == UI_FIELD_STREET, capitals;

	if (kind == UI_FIELD_DIGITS || kind == UI_FIELD_PHONE) {
		ui_number_pad(ui, NULL, NULL);
		return;
	}
	if (kind == UI_FIELD_ADDRESS) {
		address_rows(ui);
		return;
	}
	if (kind == UI_FIELD_SECRET) {
		secret_rows(ui);
		return;
	}
	capitals = kind == UI_FIELD_CODE || (words && (begins_word(field != NULL ? field->text : "") != ui->shift));
	if (kind != UI_FIELD_NAME)
		char_row(ui, "1234567890", 10, false);
	if (words && ui->layer == 1)
		char_rows(ui, word(ui, WORD_ACCENT_ROWS), capitals, "");
	else
		char_rows(ui, kind == UI_FIELD_URL ? LATIN_ROWS : word(ui, WORD_KEY_ROWS), capitals,
			  kind == UI_FIELD_NAME	    ? "-'"
			  : kind == UI_FIELD_STREET ? "-.#"
			  : kind == UI_FIELD_CODE   ? "-"
						    : "");
	if (words)
		last_row(ui, capitals);
	else if (kind == UI_FIELD_EMAIL)
		email_row(ui);
	else if (kind == UI_FIELD_URL)
		url_row(ui);
	else
		code_row(ui);
}

/* ---- geometry ---- */

static int row_span(const struct ui_node *row)
{
	int span = 0;

	if (row->role != UI_GROUP)
		return row->span;
	for (const struct ui_node *k = row->first; k != NULL; k = k->next)
		span += k->span;
	return span;
}

static int pad_gap(const struct ui *ui, const struct ui_node *pad)
{
	return gap(ui, pad->first != NULL && row_span(pad->first) > 4 * KEY ? 14 : 20);
}

int pad_height(const struct ui *ui, const struct ui_node *pad, bool least)
{
	int rows = pad->child_count, wide = row_span(pad->first) / KEY;
	int key_h = least ? SDL_max(mm(ui, 12.7), unit(ui, 84)) : unit(ui, wide <= 3 ? 164 : wide <= 8 ? 140 : 112);

	return rows * key_h + (rows - 1) * pad_gap(ui, pad);
}

static void place_keys(struct ui *ui, struct ui_node *row, SDL_Rect rect, int widest)
{
	int space = pad_gap(ui, row->parent), at = widest - row_span(row);
	int step = rect.w + space; /* half keys lie on a grid of `widest` parts of this */

	row->rect = rect;
	row->hidden = false;
	for (struct ui_node *k = row->first; k != NULL; k = k->next) {
		/* `at` is in quarter keys, so that a row may begin half a key in */
		int x0 = rect.x + (int)((int64_t)step * at / (2 * widest));
		int x1 = rect.x + (int)((int64_t)step * (at + 2 * k->span) / (2 * widest)) - space;

		k->rect = (SDL_Rect){ x0, rect.y, x1 - x0, rect.h };
		k->hidden = k->blank;
		at += 2 * k->span;
	}
}

void layout_pad(struct ui *ui, struct ui_node *pad, SDL_Rect rect)
{
	int rows = pad->child_count, space = pad_gap(ui, pad), widest = 1, i = 0;

	pad->rect = rect;
	for (struct ui_node *row = pad->first; row != NULL; row = row->next)
		widest = SDL_max(widest, row_span(row));
	for (struct ui_node *row = pad->first; row != NULL; row = row->next, i++) {
		int y0 = rect.y + i * (rect.h + space) / rows, y1 = rect.y + (i + 1) * (rect.h + space) / rows - space;

		place_keys(ui, row, (SDL_Rect){ rect.x, y0, rect.w, y1 - y0 }, widest);
	}
}

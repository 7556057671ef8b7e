/* The few words that the toolkit itself shows or says: kept as copies, in the language of the moment, with English
 * where a translation has nothing. Formats come from translators, so %d is filled in by hand and nothing else is. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

static const char *const english[WORD_COUNT] = {
	[WORD_MORE] = "More: %d of %d",
	[WORD_ERASE] = "Erase",
	[WORD_SPACE] = "Space",
	[WORD_SHIFT] = "Capitals",
	[WORD_ACCENTS] = "Accents",
	[WORD_LETTERS] = "Letters",
	[WORD_DIGITS] = "Numbers",
	[WORD_SIGNS] = "Signs",
	[WORD_BUTTON] = "button",
	[WORD_FIELD] = "text field",
	[WORD_EMPTY] = "empty",
	[WORD_SELECTED] = "selected",
	[WORD_NOT_AVAILABLE] = "not available",
	[WORD_ONE_CHOICE] = "1 choice.",
	[WORD_CHOICES] = "%d choices.",
	[WORD_ALPHABET] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
	[WORD_KEY_ROWS] = "qwertyuiop asdfghjkl zxcvbnm",
	[WORD_ACCENT_ROWS] = "áéíóúüñçàè âêîôûäëïöœ åøæãõßýÿł ăđơưčšž",
};

const char *word(const struct ui *ui, enum ui_word which)
{
	return ui->words[which] != NULL ? ui->words[which] : english[which];
}

void words_free(struct ui *ui)
{
	for (size_t i = 0; i < SDL_arraysize(ui->words); i++) {
		free(ui->words[i]);
		ui->words[i] = NULL;
	}
}

void ui_set_words(struct ui *ui, const struct ui_words *w)
{
	const char *given[WORD_COUNT] = {
		[WORD_MORE] = w->more,
		[WORD_ERASE] = w->erase,
		[WORD_SPACE] = w->space,
		[WORD_SHIFT] = w->shift,
		[WORD_ACCENTS] = w->accents,
		[WORD_LETTERS] = w->letters,
		[WORD_DIGITS] = w->digits,
		[WORD_SIGNS] = w->signs,
		[WORD_BUTTON] = w->button,
		[WORD_FIELD] = w->field,
		[WORD_EMPTY] = w->empty,
		[WORD_SELECTED] = w->selected,
		[WORD_NOT_AVAILABLE] = w->not_available,
		[WORD_ONE_CHOICE] = w->one_choice,
		[WORD_CHOICES] = w->choices,
		[WORD_ALPHABET] = w->alphabet,
		[WORD_KEY_ROWS] = w->key_rows,
		[WORD_ACCENT_ROWS] = w->accent_rows,
	};

	words_free(ui);
	for (int i = 0; i < WORD_COUNT; i++)
		ui->words[i] = given[i] != NULL ? strdup(given[i]) : NULL;
}

void word_format(char *out, size_t size, const char *format, int a, int b)
{
	int values[] = { a, b };
	size_t used = 0, n = 0;

	for (const char *p = format; *p != '\0' && used + 1 < size; p++) {
		if (p[0] == '%' && p[1] == 'd' && n < SDL_arraysize(values)) {
			int len = snprintf(out + used, size - used, "%d", values[n++]);

			used += SDL_min((size_t)len, size - used - 1);
			p++;
		} else {
			out[used++] = *p;
		}
	}
	out[used] = '\0';
}

/* The screen as a tree: built on each event, read by every pass.
 *
 * A screen's build function emits nodes between ui_begin() and ui_end(), top down, into a frame arena. Layout, focus
 * order, hit test, speech, paint and the text dump are separate passes over that one tree, so that a screen cannot show
 * what it does not say, and a test presses "the button labelled Continue". Kept from frame to frame, keyed by id, are
 * only: focus, scroll page, field contents, the press in progress, and the last frame for finding the damage.
 *
 * Strings passed in are copied into the frame. Ids are short ASCII ("check-in", "key-7"), unique in a frame. Layout is
 * in start/end, never left/right; a right-to-left language mirrors it. Sizes come from the theme in millimetres of the
 * panel; nothing here takes pixels but the panel. ui_end() asserts that every interactive node has a label and that ids
 * are unique, and that interactive nodes are at least 12.7 mm each way with 2.5 mm between (unless the panel is too
 * small: then it logs once). Not thread-safe.
 *
 * A frame has five regions, always emitted in this order (each may be empty):
 *   HEADER   clinic's name, clock, progress steps
 *   BODY     heading, text, cards, fields: what does not fit is paged by a "More" button that this module adds
 *   PAD      number pad, letter grid, keyboard
 *   ACTIONS  the one strong action and its alternatives
 *   BAR      the six tools
 * Portrait stacks them, ACTIONS at the bottom within reach. Landscape puts BODY and the secondary actions at the start
 * side, PAD and the strong action at the end side (design/7-birthday-landscape.png); without a PAD, BODY takes the
 * whole width above ACTIONS in one row, in two columns if one is too tall. What still does not fit closes its gaps,
 * then is paged; where something is typed, the body's type first gives way by up to a quarter; at the two largest sizes
 * the alternatives join the paged part in portrait (page.c, regions.c). A dialog covers HEADER to ACTIONS, and is the
 * only thing that focus, speech and presses reach while it is up. */
#ifndef LOBBY_UI_UI_H
#define LOBBY_UI_UI_H

#include "base/err.h"

#include <SDL2/SDL.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct ui;

struct ui_panel {
	int width_px;
	int height_px;
	double px_per_mm;
};

/* Cap heights of body text 3.8, 5, 6.7 and 8.8 mm. */
enum ui_size { UI_SIZE_SMALL, UI_SIZE_NORMAL, UI_SIZE_LARGE, UI_SIZE_LARGEST, UI_SIZE_COUNT };
/* Paper (default), dusk (low glare), black on white, white on black. */
enum ui_theme { UI_THEME_PAPER, UI_THEME_DUSK, UI_THEME_BLACK_ON_WHITE, UI_THEME_WHITE_ON_BLACK, UI_THEME_COUNT };

struct ui_prefs {
	enum ui_size size;
	enum ui_theme theme;
	const char *language; /* BCP 47; chooses fonts, direction, line breaking */
};

enum ui_region { UI_HEADER, UI_BODY, UI_PAD, UI_ACTIONS, UI_BAR, UI_REGION_COUNT };

enum ui_role {
	UI_GROUP,
	UI_HEADING,
	UI_TEXT,
	UI_ICON,
	UI_BUTTON,
	UI_CARD, /* a group that may be pressed as one */
	UI_FIELD,
	UI_STEPS,
	UI_BANNER,
	UI_DIALOG,
	UI_RULE,
	UI_SPACER,
};

enum ui_tone {
	UI_PLAIN,
	UI_STRONG, /* the one strong action; brand colour */
	UI_QUIET,  /* secondary text; borderless button */
	UI_SUCCESS,
	UI_WARNING,
	UI_DANGER,
	UI_TINT,  /* brand tint: hints and good news */
	UI_BRAND, /* a card filled with the brand colour (the insurance card) */
};

enum ui_flow { UI_COLUMN, UI_ROW };

/** What a node may have besides its id and label; zero means the usual. */
struct ui_opt {
	enum ui_tone tone;
	const char *icon; /* assets/icons/NAME.svg */
	bool icon_end;	  /* icon after the label */
	bool disabled;	  /* shown, spoken as not available, not pressable */
	bool selected;
	bool checked;	    /* a choice: spoken as "selected" */
	const char *speech; /* said instead of the label; "" for nothing */
	const char *note;   /* second line, quiet */
	const char *value;  /* text: end-aligned counterpart; steps, bar: state, spoken after the label */
	int grow;	    /* share of what is left along the parent's flow */
	bool tall;	    /* the welcome screen's big button */
	bool below;	    /* icon above the label (bar and tiles) */
	bool secret;	    /* a field: shown, said and dumped as dots */
};

enum ui_field_kind {
	UI_FIELD_DIGITS, /* number pad, centred, large */
	UI_FIELD_NAME,
	UI_FIELD_STREET,
	UI_FIELD_EMAIL,
	UI_FIELD_PHONE,
	UI_FIELD_CODE,	  /* letters and digits, upper case */
	UI_FIELD_URL,	  /* a web address */
	UI_FIELD_ADDRESS, /* digits, dots, slash: an IPv4 address with its network's length */
	UI_FIELD_SECRET,  /* any printable ASCII, as in passphrases; opt.secret says whether it is shown */
};

enum ui_text_style {
	UI_STYLE_BODY,
	UI_STYLE_SMALL,
	UI_STYLE_STRONG, /* body, semibold */
	UI_STYLE_TITLE,	 /* a card's title */
	UI_STYLE_HEADING,
	UI_STYLE_DISPLAY, /* the ticket number */
	UI_STYLE_FIGURE,  /* the time of an appointment */
};

/** The words that this module itself shows or says, in the language of the moment. Strings are copied; one that is NULL
 * keeps its English. In formats %d stands for a number, as often as the English has it. */
struct ui_words {
	const char *more;	   /* "More: %d of %d" */
	const char *erase;	   /* "Erase" */
	const char *space;	   /* "Space" */
	const char *shift;	   /* "Capitals" */
	const char *accents;	   /* "Accents" */
	const char *letters;	   /* "Letters" */
	const char *digits;	   /* "Numbers" */
	const char *signs;	   /* "Signs": a keyboard's page of them */
	const char *button;	   /* "button" */
	const char *field;	   /* "text field" */
	const char *empty;	   /* "empty" */
	const char *selected;	   /* "selected" */
	const char *not_available; /* "not available" */
	const char *one_choice;	   /* "1 choice." */
	const char *choices;	   /* "%d choices." */
	const char *alphabet;	   /* letters of the letter grid, UTF-8: "ABCDEFGHIJKLMNOPQRSTUVWXYZ" */
	const char *key_rows;	   /* rows of the keyboard, separated by a blank: "qwertyuiop asdfghjkl zxcvbnm" */
	const char *accent_rows;   /* its second page, likewise */
};

/* ---- life ---- */

/** assets: the folder with icons/ ; fonts are found by name among the system's (text.c). LOBBY_ERR_NO_MEMORY,
 * LOBBY_ERR_IO (no usable font). */
int ui_new(const struct ui_panel *panel, const char *assets, struct ui **out) MUST_CHECK;
void ui_free(struct ui *ui);
/** Forgets field contents, focus, scroll, glyph-run caches of patient text, and overwrites the frames. */
void ui_wipe(struct ui *ui);
void ui_resize(struct ui *ui, const struct ui_panel *panel);
/** Sets the words above; to be called when the language changes. */
void ui_set_words(struct ui *ui, const struct ui_words *words);
/** True if every character of the text has a glyph in a font that is installed. A language whose own name cannot be
 * shown is not offered. */
bool ui_can_show(struct ui *ui, const char *text);

/* ---- building ---- */

void ui_begin(struct ui *ui, const struct ui_prefs *prefs, const char *screen);
void ui_region(struct ui *ui, enum ui_region region);
/** Asserts, focuses, lays out. */
void ui_end(struct ui *ui);

/** Groups nest: open and close must pair. */
void ui_open(struct ui *ui, const char *id, enum ui_flow flow, struct ui_opt opt);
void ui_close(struct ui *ui);
/** A card; with a non-empty label it is pressable (and spoken) as one. */
void ui_card_open(struct ui *ui, const char *id, const char *label, enum ui_flow flow, struct ui_opt opt);

/** The screen's title: one a screen; focus goes here when the screen changes. '\n' breaks the line. */
void ui_heading(struct ui *ui, const char *text);
void ui_text(struct ui *ui, const char *id, enum ui_text_style style, const char *text, struct ui_opt opt);
void ui_icon(struct ui *ui, const char *id, const char *icon, struct ui_opt opt);
/** The green disc with a check mark (done), or its likes by tone: icon in a filled disc. */
void ui_disc(struct ui *ui, const char *id, const char *icon, enum ui_tone tone);
void ui_button(struct ui *ui, const char *id, const char *label, struct ui_opt opt);
void ui_rule(struct ui *ui);
void ui_spacer(struct ui *ui, int grow);
void ui_banner(struct ui *ui, const char *id, const char *text, struct ui_opt opt);
/** Step `current` of `total`, 1-based; label is what is spoken ("Step 2 of 5"). Steps to come are outlines in the two
 * 20:1 themes. */
void ui_steps(struct ui *ui, int current, int total, const char *label);

/** An input. Its contents live in `ui` under its id; at most `max` characters; `hint` shows while empty. `error`, if
 * not NULL, is shown below it and spoken. Grow in a row: opt.grow. */
void ui_field(struct ui *ui, const char *id, const char *label, enum ui_field_kind kind, int max, const char *hint,
	      const char *error, struct ui_opt opt);
const char *ui_field_text(struct ui *ui, const char *id);
void ui_field_set(struct ui *ui, const char *id, const char *text);
void ui_field_clear(struct ui *ui, const char *id);

/** Digits 0-9, erase, and at the third corner `corner_label` (id "back") in portrait only, if not NULL: landscape
 * shows Back among the actions. Types into the focused field, or the first one not full. */
void ui_number_pad(struct ui *ui, const char *corner_label, const char *erase_label);
/** A to Z (or the language's letters); a press is UI_EVENT_PRESS with id "letter-X". */
void ui_letter_grid(struct ui *ui);
/** The keys that the focused field's kind needs: names (with accents on a second page, hyphen, apostrophe, space),
 * street (digits besides), e-mail (@ . - _ and common endings), phone, code, web address, passphrase (every printable
 * ASCII character, on two pages). Labels of the special keys are the
 * language's. */
void ui_keyboard(struct ui *ui);

void ui_dialog_open(struct ui *ui, const char *id, const char *title, struct ui_opt opt);
void ui_dialog_close(struct ui *ui);

/* ---- events ---- */

enum ui_event_kind {
	UI_EVENT_NONE,	 /* nothing that the screen need know; redraw if ui_is_dirty() */
	UI_EVENT_PRESS,	 /* an interactive node */
	UI_EVENT_CHANGE, /* a field's contents */
	UI_EVENT_FOCUS,	 /* focus moved by keys: speak it */
	UI_EVENT_PAGE,	 /* "More" */
};

struct ui_event {
	enum ui_event_kind kind;
	char id[48];
};

/** One SDL event (mouse, finger, key, text input). A press counts when it begins and ends inside; keys: Tab and arrows
 * move, Enter and Space press, digits and letters type into a field, Backspace erases. */
struct ui_event ui_handle(struct ui *ui, const SDL_Event *event);
/** Presses the interactive node with this id or, failing that, this label: for tests, demo and keypads. NONE if there
 * is none, it is disabled, or a dialog hides it; pages of the body are turned to reach it. */
struct ui_event ui_press(struct ui *ui, const char *id_or_label);
/** Types text as the physical keyboard would. */
struct ui_event ui_type(struct ui *ui, const char *text);
/** True if this point is on the node of this id, or within the 12.7 mm around its middle that a finger needs. */
bool ui_is_at(struct ui *ui, const char *id, int x, int y);
void ui_focus(struct ui *ui, const char *id);
const char *ui_focused(const struct ui *ui);
bool ui_is_dirty(const struct ui *ui);

/** The page of the body (or dialog) that shows, from 0, and of how many. */
int ui_page(const struct ui *ui);
int ui_pages(const struct ui *ui);
bool ui_is_portrait(const struct ui *ui);

/* ---- passes ---- */

/** Paints what differs from the last painted frame (all of it when `all`) into the surface (32-bit XRGB) and fills
 * rects with the damage, at most max, joined as needed. Returns how many. */
int ui_paint(struct ui *ui, SDL_Surface *surface, bool all, SDL_Rect *rects, int max);
/** What is said when the screen comes up: heading, text, banners, then how many choices. Returns length. */
size_t ui_speech_screen(struct ui *ui, char *out, size_t size);
/** What is said for the focused node: label, role, state, value. */
size_t ui_speech_focus(struct ui *ui, char *out, size_t size);
/** The tree as text, one node a line, for goldens and the control socket. With geometry: rectangles in px. */
void ui_dump(struct ui *ui, FILE *out, bool geometry);
/** Nodes of the current frame that break a rule that only pixels show: overlap, clipped text, too small, off screen.
 * Writes one line each; returns how many. For tests over all screens, sizes and languages. */
int ui_check(struct ui *ui, FILE *out);
/** The current frame as a PNG. LOBBY_ERR_IO. */
int ui_write_png(SDL_Surface *surface, const char *path) MUST_CHECK;
/* ---- printing ---- */

/** A paragraph for paper: the screen's own shaping, in black dots. Sizes are dots of the printer. */
struct ui_print {
	const char *text;
	const char *language; /* BCP 47 */
	int width_px;	      /* a multiple of 8 */
	int px;		      /* of the font's em */
	bool bold;
	bool center; /* else at the start: the right in a right-to-left language */
};
/** How many rows it takes; 0 for an empty text. */
int ui_print_height(struct ui *ui, const struct ui_print *print);
/** Rows first to first + rows - 1 of it, width_px / 8 bytes each, the leftmost dot in bit 7, a 1 is black. */
void ui_print_rows(struct ui *ui, const struct ui_print *print, int first, int rows, uint8_t *bits);
/** Forgets the shapes of what was printed. */
void ui_print_forget(struct ui *ui);

/** Contrast ratio (WCAG 2.2, 1.4.3) of a theme's worst pair of text on ground: for tests. */
double ui_theme_worst_contrast(enum ui_theme theme);

#endif

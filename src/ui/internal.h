/* What the passes of src/ui share: the node, the frame, the caches. Not for other folders: they use ui.h.
 *
 * Ownership: a node and all its strings live in the frame's arena and die at the next ui_begin(). Caches belong to
 * struct ui and are bounded. All lengths are pixels of the panel unless a name says otherwise. */
#ifndef LOBBY_UI_INTERNAL_H
#define LOBBY_UI_INTERNAL_H

#include "ui.h"

#include "base/arena.h"

#include <SDL2/SDL_ttf.h>

#define UI_ARENA_SIZE (256 * 1024)
#define UI_NODES_MAX 400
#define UI_FIELDS_MAX 24
#define UI_FIELD_TEXT_MAX 256
#define UI_ID_MAX 48
#define UI_LINES_MAX 40
#define UI_TEXT_MAX 2048
#define UI_FIT_DIALOG UI_REGION_COUNT

enum ui_weight { UI_REGULAR, UI_MEDIUM, UI_SEMIBOLD, UI_BOLD, UI_DISPLAY_BOLD, UI_WEIGHT_COUNT };

/* The ground that a node's text stands on. */
enum ui_ground { UI_ON_PAPER, UI_ON_CARD, UI_ON_TINT, UI_ON_BRAND, UI_ON_NOTICE };

struct ui_font {
	enum ui_weight weight;
	int px;
};

struct ui_line {
	const char *text;
	size_t len;
	int width;
};

/* A paragraph broken into lines. */
struct ui_para {
	struct ui_font font;
	struct ui_line lines[UI_LINES_MAX];
	int count;
	int width;   /* of the widest line */
	int advance; /* from line to line */
	int height;
	bool cut; /* lines did not all fit the array, or a word is wider than the measure */
};

struct ui_node {
	enum ui_role role;
	enum ui_region region;
	enum ui_flow flow;
	enum ui_text_style style;
	enum ui_field_kind kind;
	enum ui_ground ground;
	const char *id;
	const char *label;
	const char *hint;
	const char *error;
	const char *text;  /* a field's contents, in struct ui_field_store */
	const char *types; /* what a key of the pad types */
	struct ui_opt opt;
	struct ui_node *parent;
	struct ui_node *first;
	struct ui_node *last;
	struct ui_node *next;
	uint64_t key;
	int child_count;
	int max;
	int current;
	int total;
	int page;
	int span; /* a key's width in units of an ordinary key's, times 2 */
	bool disc;
	bool cap;     /* a key of the pad */
	bool blank;   /* a gap in a grid: nothing is there */
	bool hidden;  /* on another page */
	bool stacked; /* a row that did not fit and became a column */
	bool in_dialog;
	bool in_card;
	bool interactive;
	int columns; /* of a row of buttons that was folded; 0 if it was not */
	SDL_Rect rect;
	int max_w;
	int min_w;
	int height_for;
	int height;
};

struct ui_colors {
	uint32_t paper, card, ink, quiet, border, brand, on_brand, brand_start, brand_end, brand_words, quiet_on_brand,
		tint, selected;
	uint32_t success, on_success, warning, warning_tint, danger, danger_tint;
	uint32_t disabled, on_disabled, card_disabled, ink_disabled, step_rest, pressed, brand_pressed, focus;
	uint8_t scrim; /* of black, out of 255 */
	bool outline;  /* tints are outlines */
};

struct ui_field_store {
	char id[UI_ID_MAX];
	char text[UI_FIELD_TEXT_MAX];
	bool used;
};

/* A run of text or an icon as coverage, 8 bits a pixel. */
struct ui_mask {
	int x, y; /* offset of the first pixel from where the whole is put */
	int w, h;
	int advance;
	uint8_t *cover;
};

struct ui_seen {
	uint64_t key;
	uint64_t look;
	SDL_Rect rect;
};

struct ui_canvas {
	uint32_t *pixels;
	int pitch; /* in pixels */
	SDL_Rect clip;
};

struct ui_text_cache;
struct ui_corners;

struct ui {
	struct ui_panel panel;
	char assets[512];
	struct arena arena;
	struct ui_prefs prefs;
	char language[36];
	char screen[UI_ID_MAX];
	bool rtl;
	bool building;
	bool dirty;
	bool new_screen;

	/* the frame */
	struct ui_node *regions[UI_REGION_COUNT];
	struct ui_node *dialog;
	struct ui_node *heading;
	struct ui_node *more;
	struct ui_node *at;	/* the open group */
	struct ui_node *resume; /* the group that was open when the dialog began */
	struct ui_node *nodes[UI_NODES_MAX];
	int node_count;
	enum ui_region region;
	int pages;
	int fit[UI_REGION_COUNT + 1]; /* per cent */
	int bar_px;
	int tight;   /* per cent of the usual gaps in the body */
	int columns; /* of the body */

	/* kept from frame to frame, by id */
	struct ui_field_store fields[UI_FIELDS_MAX];
	char focus[UI_ID_MAX];
	char active[UI_ID_MAX]; /* the field being typed in */
	bool focus_seen;	/* the last move was by keys: the ring shows */
	bool page_follows;	/* turn to the page of the focused node */
	bool had_dialog;
	int page;
	char press[UI_ID_MAX];
	bool press_inside;
	bool shift;
	int layer; /* the keyboard's page */
	char *words[32];

	/* what was last painted */
	struct ui_seen seen[2][UI_NODES_MAX];
	int seen_count[2];
	int seen_now;
	uint64_t seen_frame;

	struct ui_text_cache *text;
	struct ui_corners *corners;
};

/* tree.c */
struct ui_node *tree_add(struct ui *ui, enum ui_role role, const char *id, const char *label, struct ui_opt opt);
struct ui_node *tree_find(struct ui *ui, const char *id);
bool tree_is(const struct ui_node *node, const char *id);
const char *tree_copy(struct ui *ui, const char *text);
void tree_push(struct ui *ui, struct ui_node *node);
void tree_pop(struct ui *ui);
uint64_t hash_bytes(uint64_t seed, const void *data, size_t len);
uint64_t hash_text(uint64_t seed, const char *text);

/** Written from right to left. */
bool language_is_rtl(const char *language);

/* words.c */
enum ui_word {
	WORD_MORE,
	WORD_ERASE,
	WORD_SPACE,
	WORD_SHIFT,
	WORD_ACCENTS,
	WORD_LETTERS,
	WORD_DIGITS,
	WORD_SIGNS,
	WORD_BUTTON,
	WORD_FIELD,
	WORD_EMPTY,
	WORD_SELECTED,
	WORD_NOT_AVAILABLE,
	WORD_ONE_CHOICE,
	WORD_CHOICES,
	WORD_ALPHABET,
	WORD_KEY_ROWS,
	WORD_ACCENT_ROWS,
	WORD_COUNT
};
const char *word(const struct ui *ui, enum ui_word which);
/** Replaces the first two %d of the format. */
void word_format(char *out, size_t size, const char *format, int a, int b);
void words_free(struct ui *ui);

/* theme.c */
const struct ui_colors *theme_colors(const struct ui *ui);
/** Pixels of a length given in the design's units: pixels of a portrait panel of 5.56 px/mm. */
int unit(const struct ui *ui, double units);
int mm(const struct ui *ui, double length_mm);
double body_px(const struct ui *ui);
int smallest_px(const struct ui *ui);
bool is_portrait(const struct ui *ui);
/** The font of a node's label; of its note (or a field's label and error); of its value. */
struct ui_font font_label(const struct ui *ui, const struct ui_node *node);
struct ui_font font_note(const struct ui *ui, const struct ui_node *node);
struct ui_font font_value(const struct ui *ui, const struct ui_node *node);
double line_height(const struct ui_node *node, struct ui_font font);

/* font.c, text.c */
int text_init(struct ui *ui) MUST_CHECK;
void text_fini(struct ui *ui);
void text_forget(struct ui *ui);
/** Bytes of masks that are kept. */
size_t text_kept(const struct ui *ui);
int text_width(struct ui *ui, struct ui_font font, const char *text, size_t len);
/** Breaks text into lines of at most width; '\n' breaks too. The font shrinks, down to the smallest allowed, until the
 * longest word fits. */
void text_break(struct ui *ui, struct ui_font font, double spacing, const char *text, int width, struct ui_para *para);
/** Width of the longest part that cannot be broken. */
int text_min_width(struct ui *ui, struct ui_font font, const char *text);
void text_draw(struct ui *ui, struct ui_canvas *canvas, struct ui_font font, const char *text, size_t len, int x, int y,
	       uint32_t color);

/* fonts.c */
struct ui_fonts;
int fonts_new(struct ui_fonts **out) MUST_CHECK;
void fonts_free(struct ui_fonts *fonts);
/** The font for a character in this weight and size, or NULL when none has it; opened when first wanted. `file` tells
 * two fonts apart. */
TTF_Font *fonts_for(struct ui_fonts *fonts, struct ui_font font, uint32_t codepoint, int *file);
bool fonts_cover(struct ui_fonts *fonts, uint32_t codepoint);
const char *script_tag(uint32_t codepoint);
bool script_is_common(uint32_t codepoint);

/* icon.c */
const struct ui_mask *icon_get(struct ui *ui, const char *name, int px);
bool icon_mirrors(const char *name);

/* raster.c */
int corners_new(struct ui_corners **out) MUST_CHECK;
void corners_free(struct ui_corners *corners);
void raster_fill(struct ui_canvas *c, SDL_Rect rect, uint32_t color);
void raster_round(struct ui *ui, struct ui_canvas *c, SDL_Rect rect, int radius, uint32_t color);
/** Only the edge of a rounded box, `border` wide, and what a corner's square holds besides. */
void raster_frame(struct ui *ui, struct ui_canvas *c, SDL_Rect rect, int radius, int border, uint32_t color);
void raster_round_gradient(struct ui *ui, struct ui_canvas *c, SDL_Rect rect, int radius, uint32_t from, uint32_t to);
void raster_mask(struct ui_canvas *c, const struct ui_mask *mask, int x, int y, bool mirror, uint32_t color);
void raster_dim(struct ui_canvas *c, uint8_t amount);

/* mask cache, in text.c: bounded, least recently used goes first */
const struct ui_mask *mask_find(struct ui *ui, uint64_t key);
/** Takes take_cover (malloc'ed, may be NULL). */
const struct ui_mask *mask_put(struct ui *ui, uint64_t key, struct ui_mask mask);

/* parts.c: a label with its icon, second line and end-aligned value, broken for a width: measured and painted alike */
struct ui_parts {
	struct ui_para label, note, value;
	int icon_px, icon_gap;
	bool value_below;
	int width, height; /* of the whole, icon included */
};
void parts_of(struct ui *ui, const struct ui_node *node, int width, struct ui_parts *parts);

/* measure.c, layout.c, page.c */
void layout_frame(struct ui *ui);
int measure_max(struct ui *ui, struct ui_node *node);
int measure_min(struct ui *ui, struct ui_node *node);
int measure_height(struct ui *ui, struct ui_node *node, int width);
int measure_column(struct ui *ui, struct ui_node *node, int width);
int gap_between(const struct ui *ui, const struct ui_node *a, const struct ui_node *b);
SDL_Rect node_padding(const struct ui *ui, const struct ui_node *node); /* x start, y top, w end, h bottom */
int icon_px(const struct ui *ui, const struct ui_node *node);
int icon_gap(const struct ui *ui, const struct ui_node *node);
int field_box_height(const struct ui *ui, const struct ui_node *node);
int row_widths(struct ui *ui, struct ui_node *row, int width, int *widths, int max);
int row_columns(struct ui *ui, struct ui_node *row, int width);
int row_gap(const struct ui *ui, const struct ui_node *row);
int gap(const struct ui *ui, double units); /* between targets: never less than 2.5 mm */
bool row_is_grid(const struct ui_node *row);
void measure_all_again(struct ui *ui);
void place(struct ui *ui, struct ui_node *node, SDL_Rect rect);
void place_column(struct ui *ui, struct ui_node *node, SDL_Rect inner);
/** Puts a column's children into rect, in so many columns and on pages if need be; returns how many pages. */
int page_column(struct ui *ui, struct ui_node *column, SDL_Rect rect, bool may_page, int columns);
/** True if all of it fits rect in so many columns. */
bool page_fits(struct ui *ui, struct ui_node *column, SDL_Rect rect, int columns);
struct ui_node *page_more(struct ui *ui, struct ui_node *column);
void layout_pad(struct ui *ui, struct ui_node *pad, SDL_Rect rect);
int pad_height(const struct ui *ui, const struct ui_node *pad, bool least);

/* walk.c */
/** All nodes in the order in which they are read; the dialog's last. Returns how many. */
int tree_order(struct ui *ui, struct ui_node *list[UI_NODES_MAX + 8]);

/* field.c */
struct ui_field_store *field_store(struct ui *ui, const char *id, bool make);
struct ui_node *field_active(struct ui *ui);
/** Types into the active field, on to the next when a field of digits is full. The id of the field that changed last,
 * or NULL if nothing did. */
const char *field_type(struct ui *ui, const char *text);
const char *field_erase(struct ui *ui);
uint32_t upper(uint32_t codepoint);

/* focus.c */
void focus_settle(struct ui *ui);
bool focus_can(const struct ui *ui, const struct ui_node *node);
struct ui_node *focus_node(struct ui *ui);
bool focus_step(struct ui *ui, int by);
bool focus_toward(struct ui *ui, int dx, int dy);
bool node_is_reachable(const struct ui *ui, const struct ui_node *node);
struct ui_event press_node(struct ui *ui, struct ui_node *node);
void focus_set(struct ui *ui, const struct ui_node *node);
const struct ui_node *focus_title(const struct ui *ui);

/* paint.c */
int ring_px(const struct ui *ui);
bool shows_ring(const struct ui *ui, const struct ui_node *node);
bool is_pressed(const struct ui *ui, const struct ui_node *node);
void paint_ring(struct ui *ui, struct ui_canvas *c, const struct ui_node *n, SDL_Rect r, int radius);
void paint_field(struct ui *ui, struct ui_canvas *c, struct ui_node *n);
void paint_para(struct ui *ui, struct ui_canvas *c, const struct ui_para *para, SDL_Rect box, bool centre,
		uint32_t color);
void paint_box(struct ui *ui, struct ui_canvas *c, SDL_Rect rect, int radius, int border, uint32_t edge, uint32_t fill);
void paint_tree(struct ui *ui, struct ui_canvas *canvas);

#endif

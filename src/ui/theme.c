/* Colours by role and sizes by theme: the only place that knows either.
 *
 * Lengths are written in the design's units, pixels of the portrait panel of design/ at 5.56 px/mm, and turned into
 * this panel's pixels by its millimetres. Type follows the chosen text size; headings grow less than body text does,
 * because a word must still fit the panel. Every colour that words can have is tried on
 * every ground that they can stand on, so that the contrast a theme promises is computed from what is painted. */
#include "internal.h"

#include <math.h>
#include <string.h>

#define CAP_HEIGHT 0.727 /* of the em, Inter */
#define UNITS_PER_MM 5.56

static const double cap_mm[UI_SIZE_COUNT] = { 3.8, 5.0, 6.7, 8.8 };

static const struct ui_colors themes[UI_THEME_COUNT] = {
	[UI_THEME_PAPER] = {
		.paper = 0xF5F3EE, .card = 0xFFFFFF, .ink = 0x14262B, .quiet = 0x3A4B50, .border = 0xD9D5CB,
		.brand = 0x0A5C63, .on_brand = 0xFFFFFF, .brand_start = 0x074A51, .brand_end = 0x0B6267, .quiet_on_brand = 0xFFFFFF, .brand_words = 0x084F56,
		.tint = 0xDDEEEC, .selected = 0x0A5C63, .success = 0x1E7A46, .on_success = 0xFFFFFF,
		.warning = 0x6B4300, .warning_tint = 0xFBEFD5, .danger = 0x8E1B16, .danger_tint = 0xFBE9E6,
		.disabled = 0xA2BDBD, .on_disabled = 0xF8F7F3, .card_disabled = 0xFAF9F6, .ink_disabled = 0xA3ABAB,
		.step_rest = 0xD9D5CB, .pressed = 0xE6E2D8, .brand_pressed = 0x07454B, .focus = 0xB4530A, .scrim = 140,
	},
	[UI_THEME_DUSK] = {
		.paper = 0x1C282C, .card = 0x26353A, .ink = 0xF1EDE4, .quiet = 0xC9D0CE, .border = 0x4C5F64,
		.brand = 0x8FD3CE, .on_brand = 0x0D2226, .brand_start = 0xA4E0DB, .brand_end = 0x83CAC5, .quiet_on_brand = 0x0D2226, .brand_words = 0x9ADAD5,
		.tint = 0x1E3D44, .selected = 0x8FD3CE, .success = 0x8FD6A8, .on_success = 0x0D2226,
		.warning = 0xF5D48E, .warning_tint = 0x3E3114, .danger = 0xFFC2BA, .danger_tint = 0x47201D,
		.disabled = 0x3E5B5E, .on_disabled = 0x8FA5A6, .card_disabled = 0x202D31, .ink_disabled = 0x71837F,
		.step_rest = 0x4C5F64, .pressed = 0x34474D, .brand_pressed = 0x6FB5B0, .focus = 0xFFC36B, .scrim = 150,
	},
	[UI_THEME_BLACK_ON_WHITE] = {
		.paper = 0xFFFFFF, .card = 0xFFFFFF, .ink = 0x000000, .quiet = 0x000000, .border = 0x000000,
		.brand = 0x000000, .on_brand = 0xFFFFFF, .brand_start = 0x000000, .brand_end = 0x000000, .quiet_on_brand = 0xFFFFFF, .brand_words = 0x000000,
		.tint = 0xFFFFFF, .selected = 0x000000, .success = 0x000000, .on_success = 0xFFFFFF,
		.warning = 0x000000, .warning_tint = 0xFFFFFF, .danger = 0x000000, .danger_tint = 0xFFFFFF,
		.disabled = 0xFFFFFF, .on_disabled = 0x767676, .card_disabled = 0xFFFFFF, .ink_disabled = 0x767676,
		.step_rest = 0x000000, .pressed = 0xD0D0D0, .brand_pressed = 0x404040, .focus = 0x000000, .scrim = 190,
		.outline = true,
	},
	[UI_THEME_WHITE_ON_BLACK] = {
		.paper = 0x000000, .card = 0x000000, .ink = 0xFFFFFF, .quiet = 0xFFFFFF, .border = 0xFFFFFF,
		.brand = 0xFFFFFF, .on_brand = 0x000000, .brand_start = 0xFFFFFF, .brand_end = 0xFFFFFF, .quiet_on_brand = 0x000000, .brand_words = 0xFFFFFF,
		.tint = 0x000000, .selected = 0xFFFFFF, .success = 0xFFFFFF, .on_success = 0x000000,
		.warning = 0xFFFFFF, .warning_tint = 0x000000, .danger = 0xFFFFFF, .danger_tint = 0x000000,
		.disabled = 0x000000, .on_disabled = 0x8C8C8C, .card_disabled = 0x000000, .ink_disabled = 0x8C8C8C,
		.step_rest = 0xFFFFFF, .pressed = 0x404040, .brand_pressed = 0xC0C0C0, .focus = 0xFFFFFF, .scrim = 170,
		.outline = true,
	},
};

const struct ui_colors *theme_colors(const struct ui *ui)
{
	return &themes[ui->prefs.theme];
}

/* ---- contrast ---- */

static double channel(uint32_t value)
{
	double c = (double)value / 255.0;

	return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

static double luminance(uint32_t rgb)
{
	return 0.2126 * channel(rgb >> 16 & 255) + 0.7152 * channel(rgb >> 8 & 255) + 0.0722 * channel(rgb & 255);
}

static double contrast(uint32_t a, uint32_t b)
{
	double x = luminance(a), y = luminance(b);

	return (fmax(x, y) + 0.05) / (fmin(x, y) + 0.05);
}

double ui_theme_worst_contrast(enum ui_theme theme)
{
	const struct ui_colors *c = &themes[theme];
	const uint32_t grounds[] = { c->paper, c->card, c->tint, c->warning_tint, c->danger_tint };
	const uint32_t on_any[] = { c->ink, c->quiet, c->danger, c->warning, c->brand_words };
	const uint32_t brands[] = { c->brand, c->brand_start, c->brand_end };
	double worst = 21;

	for (size_t g = 0; g < SDL_arraysize(grounds); g++)
		for (size_t i = 0; i < SDL_arraysize(on_any); i++)
			worst = fmin(worst, contrast(on_any[i], grounds[g]));
	for (size_t g = 0; g < SDL_arraysize(brands); g++)
		worst = fmin(worst, fmin(contrast(c->on_brand, brands[g]), contrast(c->quiet_on_brand, brands[g])));
	return worst;
}

/* ---- sizes ---- */

int unit(const struct ui *ui, double units)
{
	return (int)lround(units * ui->panel.px_per_mm / UNITS_PER_MM);
}

int mm(const struct ui *ui, double length_mm)
{
	return (int)ceil(length_mm * ui->panel.px_per_mm - 1e-6);
}

bool is_portrait(const struct ui *ui)
{
	return ui->panel.height_px >= ui->panel.width_px;
}

bool ui_is_portrait(const struct ui *ui)
{
	return is_portrait(ui);
}

double body_px(const struct ui *ui)
{
	return cap_mm[ui->prefs.size] * ui->panel.px_per_mm / CAP_HEIGHT;
}

int smallest_px(const struct ui *ui)
{
	return (int)ceil(cap_mm[UI_SIZE_SMALL] * ui->panel.px_per_mm / CAP_HEIGHT - 1e-6);
}

/* A font of so many times the body's size, as the node's region was fitted. */
static struct ui_font font_of(const struct ui *ui, const struct ui_node *node, enum ui_weight weight, double times)
{
	int fit = ui->fit[node->in_dialog ? UI_FIT_DIALOG : (int)node->region];
	int px = (int)lround(body_px(ui) * times * (fit > 0 ? fit : 100) / 100.0);

	return (struct ui_font){ weight, SDL_max(px, smallest_px(ui)) };
}

/* Type that is already large grows less with the text size. */
static double times_of(const struct ui *ui, double normal, double largest)
{
	static const double way[UI_SIZE_COUNT] = { 0, 0, 0.5, 1 };

	return normal + (largest - normal) * way[ui->prefs.size];
}

static struct ui_font font_button(const struct ui *ui, const struct ui_node *node)
{
	bool has_pad = ui->regions[UI_PAD] != NULL && ui->regions[UI_PAD]->first != NULL;

	if (node->region == UI_BAR && !node->in_dialog)
		return (struct ui_font){ UI_MEDIUM, SDL_max(ui->bar_px, smallest_px(ui)) };
	if (node->opt.tall)
		return font_of(ui, node, UI_DISPLAY_BOLD, times_of(ui, 1.74, 1.4));
	if (node->in_dialog || node->region == UI_ACTIONS) {
		if (node->opt.tone == UI_STRONG)
			return font_of(ui, node, UI_BOLD, times_of(ui, has_pad ? 1.2 : 1.36, 1.12));
		return font_of(ui, node, UI_SEMIBOLD, times_of(ui, 1.12, 1.0));
	}
	return font_of(ui, node, UI_SEMIBOLD, times_of(ui, node->opt.note != NULL ? 1.1 : 0.94, 0.94));
}

static struct ui_font font_text(const struct ui *ui, const struct ui_node *node)
{
	static const struct {
		enum ui_weight weight;
		double normal, largest;
	} styles[] = {
		[UI_STYLE_BODY] = { UI_REGULAR, 1, 1 },
		[UI_STYLE_SMALL] = { UI_MEDIUM, 0.76, 0.75 },
		[UI_STYLE_STRONG] = { UI_SEMIBOLD, 1, 1 },
		[UI_STYLE_TITLE] = { UI_BOLD, 1.2, 1.1 },
		[UI_STYLE_HEADING] = { UI_DISPLAY_BOLD, 2.05, 1.5 },
		[UI_STYLE_DISPLAY] = { UI_DISPLAY_BOLD, 4.4, 3 },
		[UI_STYLE_FIGURE] = { UI_DISPLAY_BOLD, 2, 1.5 },
	};
	enum ui_text_style style = node->style;

	if (node->region == UI_HEADER && !node->in_dialog) {
		double px = SDL_min(body_px(ui) * 0.84, unit(ui, 40));

		return (struct ui_font){ style == UI_STYLE_BODY || style == UI_STYLE_SMALL ? UI_REGULAR : UI_SEMIBOLD,
					 SDL_max((int)lround(px), smallest_px(ui)) };
	}
	if (node->in_dialog && style == UI_STYLE_HEADING)
		return font_of(ui, node, UI_DISPLAY_BOLD, times_of(ui, 1.6, 1.3));
	return font_of(ui, node, styles[style].weight, times_of(ui, styles[style].normal, styles[style].largest));
}

/* Keys: a lone character is large, as its key allows; a word is a word. */
static struct ui_font font_key(const struct ui *ui, const struct ui_node *node)
{
	size_t len = strlen(node->label);
	bool lone = len <= 1 || (len <= 4 && (unsigned char)node->label[0] >= 0xC0);
	bool narrow = node->rect.w > 0 && node->rect.w < unit(ui, 170);
	struct ui_font font;

	if (!lone)
		return font_of(ui, node, UI_SEMIBOLD, times_of(ui, 0.96, 0.9));
	font = narrow ? font_of(ui, node, UI_SEMIBOLD, times_of(ui, 1.3, 1.1))
		      : font_of(ui, node, UI_DISPLAY_BOLD, times_of(ui, 1.66, 1.3));
	if (node->rect.h > 0)
		font.px = SDL_max(smallest_px(ui), SDL_min(font.px, node->rect.h * 6 / 10));
	return font;
}

struct ui_font font_label(const struct ui *ui, const struct ui_node *node)
{
	switch (node->role) {
	case UI_BUTTON:
		if (node->cap)
			return font_key(ui, node);
		return font_button(ui, node);
	case UI_BANNER:
		return font_of(ui, node, node->opt.note != NULL ? UI_SEMIBOLD : UI_MEDIUM, times_of(ui, 0.95, 0.95));
	case UI_FIELD:
		return font_of(ui, node, UI_MEDIUM, 0.76);
	default:
		return font_text(ui, node);
	}
}

struct ui_font font_note(const struct ui *ui, const struct ui_node *node)
{
	if (node->role == UI_TEXT && node->style == UI_STYLE_FIGURE)
		return font_of(ui, node, UI_SEMIBOLD, 0.84);
	return font_of(ui, node, UI_REGULAR, node->role == UI_FIELD ? 0.84 : 0.92);
}

struct ui_font font_value(const struct ui *ui, const struct ui_node *node)
{
	if (node->role == UI_FIELD) {
		if (node->kind == UI_FIELD_DIGITS)
			return font_of(ui, node, UI_BOLD, times_of(ui, 2.15, 1.5));
		return font_of(ui, node, UI_SEMIBOLD, 1.08);
	}
	if (node->region == UI_HEADER)
		return (struct ui_font){ UI_REGULAR, font_label(ui, node).px };
	return font_of(ui, node, UI_SEMIBOLD, 1);
}

double line_height(const struct ui_node *node, struct ui_font font)
{
	if (font.weight == UI_DISPLAY_BOLD)
		return node->role == UI_TEXT && node->style == UI_STYLE_DISPLAY ? 0.98 : 1.1;
	if (node->role == UI_TEXT && (node->style == UI_STYLE_BODY) && !node->in_card)
		return 1.38;
	return 1.25;
}

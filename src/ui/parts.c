/* A label with its icon, its second line and its end-aligned value. Buttons, texts, banners and headings are all this,
 * so breaking them for a width is written once: layout takes the height from it and paint draws what it found. */
#include "internal.h"

#include <string.h>

static void break_value(struct ui *ui, const struct ui_node *n, int width, struct ui_parts *p)
{
	struct ui_font font = font_value(ui, n);
	int apart = font.px, value = text_width(ui, font, n->opt.value, strlen(n->opt.value));
	int left = width - value - apart;

	p->value_below = value > width / 2 ? text_width(ui, font_label(ui, n), n->label, strlen(n->label)) > left
					   : text_min_width(ui, font_label(ui, n), n->label) > left;
	text_break(ui, font, line_height(n, font), n->opt.value, p->value_below ? width : value, &p->value);
	text_break(ui, font_label(ui, n), line_height(n, font_label(ui, n)), n->label, p->value_below ? width : left,
		   &p->label);
}

void parts_of(struct ui *ui, const struct ui_node *n, int width, struct ui_parts *p)
{
	struct ui_font font = font_label(ui, n), note = font_note(ui, n);
	int inner;

	p->note.count = p->value.count = p->note.height = p->value.height = p->note.width = p->value.width = 0;
	p->note.cut = p->value.cut = p->value_below = false;
	p->icon_px = icon_px(ui, n);
	p->icon_gap = icon_gap(ui, n);
	if (n->label[0] == '\0')
		p->icon_gap = 0;
	inner = n->opt.below ? width : width - p->icon_px - p->icon_gap;
	if (n->opt.value != NULL && n->role == UI_TEXT)
		break_value(ui, n, inner, p);
	else
		text_break(ui, font, line_height(n, font), n->label, inner, &p->label);
	if (n->opt.note != NULL)
		text_break(ui, note, 1.25, n->opt.note, inner, &p->note);
	p->height = p->label.height + p->note.height;
	if (p->value.count > 0)
		p->height = p->value_below ? p->height + p->value.height : SDL_max(p->height, p->value.height);
	p->width = SDL_max(p->label.width, p->note.width);
	if (n->opt.below) {
		p->width = SDL_max(p->width, p->icon_px);
		p->height += p->icon_px + p->icon_gap;
	} else {
		p->width += p->icon_px + p->icon_gap;
		p->height = SDL_max(p->height, p->icon_px);
	}
}

/* A field: its label, the box with what was typed, a caret where the next character will stand, and what is wrong with
 * it. What is too long for the box first gets smaller and then shows its end, where one is typing. */
#include "internal.h"

#include <string.h>

static void paint_value(struct ui *ui, struct ui_canvas *c, const struct ui_node *n, SDL_Rect box, bool active)
{
	const struct ui_colors *t = theme_colors(ui);
	struct ui_font font = font_value(ui, n);
	bool empty = n->text[0] == '\0', centre = n->kind == UI_FIELD_DIGITS;
	const char *shown = !empty ? n->text : centre && active ? "" : n->hint;
	int pad = unit(ui, centre ? 20 : 32), caret = SDL_max(3, unit(ui, 10)), least = smallest_px(ui), w, x, tall;
	SDL_Rect inner = { box.x + pad, box.y, box.w - 2 * pad - caret, box.h }, kept = c->clip;
	struct ui_para para;
	size_t len = strlen(shown);

	if (empty && centre)
		font = (struct ui_font){ UI_MEDIUM, SDL_max(least, font.px * 6 / 10) };
	else if (empty)
		font.weight = UI_REGULAR;
	for (w = text_width(ui, font, shown, len); w > inner.w && font.px > least; w = text_width(ui, font, shown, len))
		font.px = SDL_max(least, SDL_min(font.px - 1, font.px * inner.w / w));
	if (centre)
		x = box.x + (box.w - w) / 2;
	else
		x = ui->rtl ? inner.x + inner.w - w + caret : inner.x;
	if (active && empty) /* the hint makes room for the caret */
		x += (caret + unit(ui, 4)) * (ui->rtl ? -1 : 1);
	if (w > inner.w)
		x = ui->rtl ? inner.x + caret : inner.x + inner.w - w;
	para = (struct ui_para){ .font = font, .count = 1, .advance = box.h };
	para.lines[0] = (struct ui_line){ shown, len, w };
	if (SDL_IntersectRect(&(SDL_Rect){ box.x + pad / 2, box.y, box.w - pad, box.h }, &kept, &c->clip)) {
		paint_para(ui, c, &para, (SDL_Rect){ x, box.y, w, box.h }, true,
			   n->opt.disabled ? t->ink_disabled
			   : empty	   ? t->quiet
					   : t->ink);
	}
	c->clip = kept;
	if (!active)
		return;
	tall = SDL_min(box.h * 6 / 10, font_value(ui, n).px * 5 / 4);
	if (centre)
		x = len == 0 ? box.x + (box.w - caret) / 2 : x + w + unit(ui, 2);
	else if (empty) /* at the start, before the hint */
		x = ui->rtl ? box.x + box.w - pad - caret : inner.x;
	else
		x += ui->rtl ? -caret - unit(ui, 4) : w + unit(ui, 2);
	raster_fill(c, (SDL_Rect){ x, box.y + (box.h - tall) / 2, caret, tall }, t->selected);
}

void paint_field(struct ui *ui, struct ui_canvas *c, struct ui_node *n)
{
	const struct ui_colors *t = theme_colors(ui);
	bool active = field_active(ui) == n && (ui->dialog == NULL || n->in_dialog);
	struct ui_para label = { 0 }, error = { 0 };
	SDL_Rect box = n->rect, line = n->rect;
	int space = unit(ui, 8), border;

	text_break(ui, font_label(ui, n), 1.25, n->label, n->rect.w, &label);
	if (label.count > 0) {
		paint_para(ui, c, &label, line, false, n->opt.disabled ? t->ink_disabled : t->quiet);
		box.y += label.height + space;
		box.h -= label.height + space;
	}
	if (n->error != NULL) {
		struct ui_font font = font_note(ui, n);
		int icon = font.px, indent = font.px * 3 / 2;
		const struct ui_mask *mask;

		text_break(ui, font, 1.25, n->error, n->rect.w - indent, &error);
		box.h -= error.height + space;
		line = (SDL_Rect){ ui->rtl ? n->rect.x : n->rect.x + indent, box.y + box.h + space, n->rect.w - indent,
				   error.height };
		paint_para(ui, c, &error, line, false, t->danger);
		mask = icon_get(ui, "warning", icon);
		raster_mask(c, mask, ui->rtl ? n->rect.x + n->rect.w - icon : n->rect.x,
			    line.y + (error.advance - icon) / 2, false, t->danger);
	}
	border = active || n->error != NULL ? SDL_max(5, unit(ui, t->outline ? 8 : 6)) : SDL_max(3, unit(ui, 3));
	paint_ring(ui, c, n, box, unit(ui, 28));
	paint_box(ui, c, box, unit(ui, 28), border,
		  n->error != NULL ? t->danger
		  : active	   ? t->selected
				   : t->border,
		  n->opt.disabled ? t->card_disabled : t->card);
	paint_value(ui, c, n, box, active);
}

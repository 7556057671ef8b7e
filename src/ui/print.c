/* Paragraphs for paper. The text is broken, shaped and drawn as on the screen, in strips of a few rows, and each
 * strip's grey becomes black dots or none: so a slip may be as long as it likes, and only a strip of it is ever in
 * memory. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#define STRIP_ROWS 16
#define WIDTH_MAX 1216 /* 152 mm at 203 dpi */
#define SPACING 1.25
#define PAPER 0xFFFFFFu
#define INK 0x000000u
#define THRESHOLD 0x90 /* of 255: strokes of thin faces stay whole */

/* While paper is drawn the text engine works in the paper's language, not in the screen's. */
struct borrowed {
	char language[sizeof(((struct ui *)0)->language)];
	bool rtl;
};

static void borrow(struct ui *ui, const char *language, struct borrowed *kept)
{
	memcpy(kept->language, ui->language, sizeof(kept->language));
	kept->rtl = ui->rtl;
	SDL_strlcpy(ui->language, language, sizeof(ui->language));
	ui->rtl = language_is_rtl(language);
}

static void give_back(struct ui *ui, const struct borrowed *kept)
{
	memcpy(ui->language, kept->language, sizeof(ui->language));
	ui->rtl = kept->rtl;
}

static void break_lines(struct ui *ui, const struct ui_print *print, struct ui_para *para)
{
	struct ui_font font = { print->bold ? UI_BOLD : UI_MEDIUM, print->px };

	text_break(ui, font, SPACING, print->text, print->width_px, para);
}

int ui_print_height(struct ui *ui, const struct ui_print *print)
{
	struct borrowed kept;
	struct ui_para para;

	borrow(ui, print->language, &kept);
	break_lines(ui, print, &para);
	give_back(ui, &kept);
	return para.height;
}

static void to_dots(const uint32_t *pixels, int width, int rows, uint8_t *bits)
{
	memset(bits, 0, (size_t)width / 8 * (size_t)rows);
	for (int y = 0; y < rows; y++)
		for (int x = 0; x < width; x++)
			if ((pixels[y * width + x] & 0xFF) < THRESHOLD)
				bits[y * (width / 8) + x / 8] |= (uint8_t)(0x80 >> x % 8);
}

void ui_print_rows(struct ui *ui, const struct ui_print *print, int first, int rows, uint8_t *bits)
{
	static uint32_t pixels[WIDTH_MAX * STRIP_ROWS];
	struct borrowed kept;
	struct ui_para para;

	SDL_assert_release(print->width_px % 8 == 0 && print->width_px <= WIDTH_MAX);
	borrow(ui, print->language, &kept);
	break_lines(ui, print, &para);
	for (int done = 0; done < rows; done += STRIP_ROWS) {
		int count = SDL_min(STRIP_ROWS, rows - done);
		struct ui_canvas canvas = { pixels, print->width_px, { 0, 0, print->width_px, count } };

		raster_fill(&canvas, canvas.clip, PAPER);
		paint_para(ui, &canvas, &para, (SDL_Rect){ 0, -(first + done), print->width_px, para.height },
			   print->center, INK);
		to_dots(pixels, print->width_px, count, bits + (ptrdiff_t)done * (print->width_px / 8));
	}
	give_back(ui, &kept);
	explicit_bzero(pixels, sizeof(pixels));
}

void ui_print_forget(struct ui *ui)
{
	text_forget(ui);
}

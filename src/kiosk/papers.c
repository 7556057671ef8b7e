/* See papers.h. A picture's rows are numbered through the job, line by line, as wire.proto says; a line's rows are
 * drawn from its own text whenever they are asked for, so that a job printed again after a jam needs nothing kept. */
#include "papers.h"

#include "app.h"

#include "base/log.h"
#include "base/text.h"
#include "drivers/escpos/codec.h"
#include "drivers/zpl/codec.h"

#include <string.h>

#define SLIP_DOTS 576	/* 72 mm at 203 dpi, where the printer does not say */
#define SLIP_TEXT_PX 26 /* as tall as the printer's own letters */
#define LOGO_GAP 16	/* white rows below the logo */
#define LABEL_DOTS_PER_MM 8
#define LABEL_MIN_PX 12
#define BAND_BYTES sizeof(((lobby_PrintBand *)0)->bits.bytes)

static const char logo_text[] = " "; /* what a printer without pictures prints in the logo's place */

static lobby_DeviceKind kind_of(lobby_PrintForm form)
{
	return form == lobby_PrintForm_PRINT_SLIP ? lobby_DeviceKind_DEVICE_PRINTER
						  : lobby_DeviceKind_DEVICE_LABEL_PRINTER;
}

int papers_obstacle(const struct app *app, lobby_PrintForm form)
{
	const lobby_Device *printer = app_device(app, kind_of(form));

	if (printer == NULL)
		return LOBBY_ERR_UNPLUGGED;
	switch (printer->state) {
	case lobby_DeviceState_DEVICE_PAPER_OUT:
		return LOBBY_ERR_PAPER_OUT;
	case lobby_DeviceState_DEVICE_COVER_OPEN:
		return LOBBY_ERR_COVER_OPEN;
	case lobby_DeviceState_DEVICE_OFFLINE:
	case lobby_DeviceState_DEVICE_FAULT:
	case lobby_DeviceState_DEVICE_UNSUPPORTED:
		return LOBBY_ERR_OFFLINE;
	default:
		return 0;
	}
}

static lobby_Print *find(struct papers *papers, const char *job)
{
	for (int i = 0; i < PAPERS_MAX; i++)
		if (strcmp(papers->print[i].job, job) == 0)
			return &papers->print[i];
	return NULL;
}

/* ---- pictures ---- */

static bool is_logo(const lobby_Print *print, const lobby_SlipLine *line)
{
	return line == &print->line[0] && line->rows > 0 && strcmp(line->text, logo_text) == 0;
}

/* How a line looks as a picture; its font was chosen when the picture was made: the largest that fits its rows. */
static struct ui_print shape_of(const lobby_Print *print, const lobby_SlipLine *line, int px)
{
	return (struct ui_print){ .text = line->text,
				  .language = print->language,
				  .width_px = (int)print->row_dots,
				  .px = px,
				  .bold = line->bold,
				  .center = line->align == lobby_SlipAlign_SLIP_CENTER };
}

static int slip_px(const lobby_SlipLine *line)
{
	return SLIP_TEXT_PX * (line->scale > 0 ? (int)line->scale : 1);
}

/* A label's picture has so many rows and no more. */
static int label_px(struct ui *ui, const lobby_Print *print, const lobby_SlipLine *line, int rows)
{
	int px = rows * 4 / 5;

	for (; px > LABEL_MIN_PX; px--) {
		struct ui_print shape = shape_of(print, line, px);

		if (ui_print_height(ui, &shape) <= rows)
			break;
	}
	return px;
}

static void number_row(lobby_Print *print, lobby_SlipLine *line, uint32_t rows)
{
	uint32_t next = 0;

	for (int i = 0; i < print->line_count; i++)
		if (print->line[i].first_row + print->line[i].rows > next)
			next = print->line[i].first_row + print->line[i].rows;
	if (print->copy.first_row + print->copy.rows > next)
		next = print->copy.first_row + print->copy.rows;
	line->rows = rows;
	line->first_row = next;
}

static void picture_slip_line(struct app *app, lobby_Print *print, lobby_SlipLine *line)
{
	struct ui_print shape = shape_of(print, line, slip_px(line));

	if (!escpos_can_print(line->text))
		number_row(print, line, (uint32_t)ui_print_height(app->ui, &shape));
}

static void add_logo(struct app *app, lobby_Print *print)
{
	const lobby_Logo *logo = &app->logo;
	size_t count = print->line_count, most = sizeof(print->line) / sizeof(print->line[0]);

	if (logo->rows == 0 || logo->width > print->row_dots || count == most)
		return;
	memmove(&print->line[1], &print->line[0], count * sizeof(print->line[0]));
	print->line_count++;
	print->line[0] = (lobby_SlipLine){ .align = lobby_SlipAlign_SLIP_CENTER };
	text_copy(print->line[0].text, sizeof(print->line[0].text), logo_text);
	number_row(print, &print->line[0], logo->rows + LOGO_GAP);
}

static void prepare_slip(struct app *app, lobby_Print *print)
{
	const lobby_Device *printer = app_device(app, lobby_DeviceKind_DEVICE_PRINTER);

	print->row_dots = printer != NULL && printer->dots != 0 ? printer->dots / 8 * 8 : SLIP_DOTS;
	add_logo(app, print);
	for (int i = 0; i < print->line_count; i++)
		if (print->line[i].rows == 0)
			picture_slip_line(app, print, &print->line[i]);
	picture_slip_line(app, print, &print->copy);
}

static void prepare_label(struct app *app, lobby_Print *print)
{
	const lobby_Device *printer = app_device(app, lobby_DeviceKind_DEVICE_LABEL_PRINTER);
	struct zpl_media media = { printer != NULL && printer->dots_per_mm != 0 ? printer->dots_per_mm
										: LABEL_DOTS_PER_MM };
	const lobby_Print plain = *print;

	for (int i = 0; i < print->line_count; i++) {
		uint32_t width, rows;

		if (zpl_can_print(plain.line[i].text) ||
		    zpl_picture_room(&plain, &media, (size_t)i, &width, &rows) != 0)
			continue;
		if (print->row_dots == 0 || width < print->row_dots)
			print->row_dots = width / 8 * 8;
		number_row(print, &print->line[i], rows);
	}
}

/* ---- jobs ---- */

int papers_send(struct app *app, const lobby_Print *job)
{
	int err = papers_obstacle(app, job->form);
	lobby_Print *print = err == 0 ? find(&app->papers, "") : NULL;

	if (err != 0)
		return err;
	if (print == NULL)
		return LOBBY_ERR_BUSY;
	*print = *job;
	if (print->form == lobby_PrintForm_PRINT_SLIP)
		prepare_slip(app, print);
	else
		prepare_label(app, print);
	err = link_send_print(app, print);
	if (err != 0)
		papers_drop(app, print->job);
	return err;
}

void papers_drop(struct app *app, const char *job)
{
	lobby_Print *print = job[0] != '\0' ? find(&app->papers, job) : NULL;

	if (print == NULL)
		return;
	explicit_bzero(print, sizeof(*print));
	ui_print_forget(app->ui);
}

void papers_drop_all(struct app *app)
{
	explicit_bzero(&app->papers, sizeof(app->papers));
}

/* ---- rows ---- */

static void draw_logo(const lobby_Logo *logo, const lobby_Print *print, uint32_t first, lobby_PrintBand *band)
{
	size_t from = (logo->width + 7) / 8, to = print->row_dots / 8, indent = (to - from) / 2;

	for (uint32_t row = 0; row < band->rows; row++)
		if ((first + row + 1) * from <= logo->bits.size)
			memcpy(band->bits.bytes + row * to + indent, logo->bits.bytes + (first + row) * from, from);
}

static void draw(struct app *app, const lobby_Print *print, const lobby_SlipLine *line, uint32_t first,
		 lobby_PrintBand *band)
{
	int px = print->form == lobby_PrintForm_PRINT_SLIP ? slip_px(line)
							   : label_px(app->ui, print, line, (int)line->rows);
	struct ui_print shape = shape_of(print, line, px);

	memset(band->bits.bytes, 0, band->bits.size);
	if (is_logo(print, line))
		draw_logo(&app->logo, print, first, band);
	else
		ui_print_rows(app->ui, &shape, (int)first, (int)band->rows, band->bits.bytes);
}

static const lobby_SlipLine *line_of(const lobby_Print *print, uint32_t row)
{
	if (row >= print->copy.first_row && row - print->copy.first_row < print->copy.rows)
		return &print->copy;
	for (int i = 0; i < print->line_count; i++)
		if (row >= print->line[i].first_row && row - print->line[i].first_row < print->line[i].rows)
			return &print->line[i];
	return NULL;
}

void papers_on_want(struct app *app, const lobby_PrintWant *want)
{
	static lobby_PrintBand band; /* wiped below */
	const lobby_Print *print = find(&app->papers, want->job);
	const lobby_SlipLine *line = print != NULL && want->job[0] != '\0' ? line_of(print, want->first_row) : NULL;

	band = (lobby_PrintBand){ .first_row = want->first_row };
	text_copy(band.job, sizeof(band.job), want->job);
	if (line != NULL) {
		uint32_t left = line->first_row + line->rows - want->first_row;
		uint32_t most = (uint32_t)BAND_BYTES / (print->row_dots / 8);

		band.rows = want->rows < left ? want->rows : left;
		band.rows = band.rows < most ? band.rows : most;
		band.bits.size = (pb_size_t)(band.rows * (print->row_dots / 8));
		draw(app, print, line, want->first_row - line->first_row, &band);
	} else {
		log_event(LOG_WARNING, "print-row-unknown", "row=%u", want->first_row);
	}
	link_send_band(app, &band);
	explicit_bzero(&band, sizeof(band));
}

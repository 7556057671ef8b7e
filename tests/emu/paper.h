/* What a receipt printer leaves on its paper: ESC/POS bytes become slips of lines of cells, for tests to read and for
 * people to see.
 *
 * Written from Epson's command reference without a look at the driver's encoder, so that it can judge it. 80 mm paper:
 * 576 dots at 8 a millimetre, font A of 12 by 24 dots, 48 columns. Strips of a picture that follow each other are one.
 * Not thread-safe. The last PAPER_MAX_SLIPS are kept.
 */
#ifndef LOBBY_EMU_PAPER_H
#define LOBBY_EMU_PAPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PAPER_COLUMNS 48
#define PAPER_DOTS 576
#define PAPER_MAX_LINES 200
#define PAPER_MAX_SLIPS 32

struct paper_cell {
	uint32_t codepoint;
	uint8_t width;	/* 1 to 8 */
	uint8_t height; /* 1 to 8 */
	bool bold;
};

struct paper_line {
	struct paper_cell cells[PAPER_COLUMNS];
	int count;
	int align;	  /* 0 left, 1 centre, 2 right */
	int height;	  /* of its tallest cell */
	char *qr;	  /* not NULL: a QR code with this text instead of cells */
	uint8_t *modules; /* qr_size squared, 1 is black */
	int qr_size;
	int qr_dots;	/* dots a module */
	uint8_t *bits;	/* not NULL: a picture instead; rows of row_len bytes, the leftmost dot in bit 7, 1 is black */
	size_t row_len; /* at most PAPER_DOTS / 8 */
	size_t rows;
};

struct paper_slip {
	struct paper_line lines[PAPER_MAX_LINES];
	int count;
	bool cut;
};

/* Commands that a printer answers: it does, not the paper. */
enum paper_ask {
	PAPER_ASK_INIT,	  /* ESC @ */
	PAPER_ASK_AUTO,	  /* GS a n */
	PAPER_ASK_SENSOR, /* GS r n */
	PAPER_ASK_ID,	  /* GS I n */
};
typedef void paper_ask_fn(void *arg, enum paper_ask ask, uint8_t n);

struct paper;

struct paper *paper_new(paper_ask_fn *ask, void *arg);
void paper_free(struct paper *paper);
/** One byte that the printer works off, in order. */
void paper_feed(struct paper *paper, uint8_t byte);
/** The printer's buffer was cleared: a command that had begun is forgotten. */
void paper_forget_command(struct paper *paper);
/** Bytes that were no command it knows and no text. */
int paper_unknown(const struct paper *paper);
/** Slips cut off, ever. */
int paper_slips(const struct paper *paper);
/** The slip that was cut off last, or, with `hanging`, what hangs out now; NULL if there is none. */
const struct paper_slip *paper_last(const struct paper *paper, bool hanging);
/** The slip that was cut off so many before the last; NULL: none, or forgotten. */
const struct paper_slip *paper_earlier(const struct paper *paper, int before);

/** As text, one line a line; large print as it is, "[QR: ...]" for a code, "[picture WxH]" in
 * dots. Returns the length, cut to size. */
size_t paper_text(const struct paper_slip *slip, char *out, size_t size);

struct SDL_Surface;
/** As a person would see it; the caller frees the surface (SDL_FreeSurface). scale: pixels a dot. NULL without the font
 * DejaVu Sans Mono. */
struct SDL_Surface *paper_draw(const struct paper_slip *slip, double scale);
bool paper_write_png(const struct paper_slip *slip, const char *path);

#endif

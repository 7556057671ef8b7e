/* ESC/POS, pure: a slip becomes the bytes that print it, and the printer's bytes become statuses.
 *
 * Specification: Epson's "ESC/POS Command Reference" (the commands are named below). Status bytes are told apart by
 * their fixed bits (DLE EOT, GS a, GS r: bits 0, 1, 4, 7), in whatever order they come. Nothing here allocates. */
#ifndef LOBBY_DRIVERS_ESCPOS_CODEC_H
#define LOBBY_DRIVERS_ESCPOS_CODEC_H

#include "base/err.h"
#include "wire.pb.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ESCPOS_MAX_PIECE 1024 /* bytes of a piece of a job that is no picture */
#define ESCPOS_MAX_BAND 8192  /* bytes of a picture that are wanted at once */
#define ESCPOS_MAX_ROWS 32768 /* of all pictures of a job: four metres of paper */

/* What the printer can. Zero is a usual one, but for its columns. */
struct escpos_paper {
	int columns;	       /* of font A: 48 on 80 mm paper, 32 on 58 mm */
	uint32_t picture_dots; /* pictures at most this wide; 0: none */
	uint8_t code_page;     /* not 0: only code page 858, and this is its number for ESC t */
	bool all_pages;	       /* those of newer models, too: 1250, 1251, 1253, 1254, 1257 */
	bool no_asb;	       /* GS a is not understood */
};

/* ---- characters ---- */

/** The first code page (an index) that has all of the text's characters, or -1. */
int escpos_page_of(const struct escpos_paper *paper, const char *text);
/** The number of this code page for ESC t. */
uint8_t escpos_page_number(const struct escpos_paper *paper, int page);
/** One character's byte: on *page; else on another page that the printer has, which *page then names; else without its
 * accent, else '?'. 0 for one that prints as nothing. */
uint8_t escpos_char(const struct escpos_paper *paper, uint32_t codepoint, int *page);
/** False for a character that prints as nothing: controls, and accents by themselves. */
bool escpos_takes_room(uint32_t codepoint);
/** Can every character of the text be printed as itself by a usual printer? Else whoever wants it right sends a
 * picture. */
bool escpos_can_print(const char *text);

/* ---- jobs ---- */

/* A job under way; print and paper are borrowed. */
struct escpos_encoder {
	const lobby_Print *print;
	const struct escpos_paper *paper;
	bool copy;
	int piece;    /* the next */
	uint32_t row; /* the next, of the picture under way */
	int page;     /* the code page chosen last */
};

/** LOBBY_ERR_TOO_LONG: more rows than ESCPOS_MAX_ROWS; LOBBY_ERR_INVALID: rows that cannot be numbered. */
int escpos_check_job(const lobby_Print *print) MUST_CHECK;
/** Begins a job that escpos_check_job() has let pass; copy puts print->copy on top. */
void escpos_encoder_init(struct escpos_encoder *encoder, const lobby_Print *print, const struct escpos_paper *paper,
			 bool copy);
/** How many rows of a picture must come next (at most ESCPOS_MAX_BAND bytes of them), or 0: escpos_encode_piece(). */
uint32_t escpos_rows_wanted(const struct escpos_encoder *encoder, uint32_t *first_row);
/** The next piece: initialise (ESC @), status back on (GS a), a code page (ESC t); each line (ESC a, ESC E, GS !, ESC t
 * where it changes), wrapped at words; the QR code (GS ( k, model 2, level M); feed and cut (GS V), and last a question
 * (GS r 1), which the printer answers when it has worked through all before it. A picture that the printer cannot print
 * is its text. Returns its length; it may be 0. LOBBY_ERR_TOO_LONG: size is less than ESCPOS_MAX_PIECE. */
int escpos_encode_piece(struct escpos_encoder *encoder, uint8_t *out, size_t size) MUST_CHECK;
/** No piece is left. */
bool escpos_is_encoded(const struct escpos_encoder *encoder);
/** The next rows of the picture (GS v 0), as many as fit into size, at most 255; there is room for one. Returns how
 * many; *len is their bytes. */
uint32_t escpos_encode_rows(struct escpos_encoder *encoder, const uint8_t *bits, uint32_t rows, uint8_t *out,
			    size_t size, size_t *len);

/* ---- status ---- */

/* What is known of a printer. */
struct escpos_status {
	bool offline;
	bool cover_open;
	bool paper_out;
	bool paper_low;
	bool error;  /* one of those below, or one that it does not name */
	bool jam;    /* the mechanics, the paper */
	bool cutter; /* its knife is stuck */
	bool broken; /* it cannot recover by itself, nor with help */
	bool hot;    /* its head: it goes on by itself */
};

lobby_DeviceState escpos_state_of(const struct escpos_status *status);
/** Why it cannot print now, or 0 (paper low prints). */
int escpos_error_of(const struct escpos_status *status);
/** The same in plain English for the technician; "" when all is well. */
const char *escpos_words_of(const struct escpos_status *status);
/** It only rests: nothing is lost, it goes on by itself. */
bool escpos_is_resting(const struct escpos_status *status);

enum escpos_answer {
	ESCPOS_NONE,	 /* nothing complete yet */
	ESCPOS_REALTIME, /* to DLE EOT n; value is the byte */
	ESCPOS_AUTO,	 /* automatic status back; status is whole */
	ESCPOS_PAPER,	 /* to GS r 1; value is the byte */
	ESCPOS_TEXT,	 /* to GS I; the parser's text is whole */
	ESCPOS_GARBAGE,	 /* a byte that is none of these */
};

/* Zero it first. */
struct escpos_parser {
	uint8_t auto_bytes[4];
	int auto_len;
	int block_left; /* of an answer that begins with 0x37 or 0x5f and ends with NUL */
	bool block_is_text;
	int text_len;
	char text[41]; /* clean ASCII, terminated; what is longer is cut */
};

/** Takes one byte. *status is written for ESCPOS_AUTO only, *value for ESCPOS_REALTIME and _PAPER only. */
enum escpos_answer escpos_parse(struct escpos_parser *parser, uint8_t byte, struct escpos_status *status,
				uint8_t *value);
/** Adds what the answer to DLE EOT n (1, 2, 3, 4) says. n = 1 only says offline, n = 3 which error it is. */
void escpos_add_realtime(struct escpos_status *status, int n, uint8_t value);

/** The printer class's GET_PORT_STATUS byte (Device Class Definition for Printing Devices 1.1, section 4.2.2). */
struct escpos_status escpos_port_status(uint8_t value);

/** What the IEEE 1284 device id says (same document, 4.2.1; two length bytes first): copies the value of key ("MDL",
 * "CMD" or their long names) as clean text. False if there is none. */
bool escpos_device_id(const uint8_t *data, size_t len, const char *key, const char *long_key, char *out, size_t size);

#endif

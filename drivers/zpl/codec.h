/* ZPL II, pure: a wristband or label is laid out in dots and becomes the bytes that print it (layout.c, codec.c); the
 * printer's answers become what is known of it (answer.c). Never allocates.
 *
 * Specification: Zebra, "ZPL II, ZBI 2, Set-Get-Do, Mirror, WML Programming Guide" (P1099958): ^XA ^XZ ^CI ^PW ^LL ^FO
 * ^A0 ^FH ^FD ^BY ^BC ^BQ ^GB ^GF ^PQ ^JZ, ~HS, ~HI, ~HQ, ~JA. Quiet zones: ISO/IEC 15417, 4.4 (ten modules) and
 * ISO/IEC 18004, 6.3.8 (four modules).
 *
 * Data never becomes a command: in field data everything but letters, digits and a few harmless signs goes as ^FH
 * escapes, and pictures go as hexadecimal digits. */
#ifndef LOBBY_DRIVERS_ZPL_CODEC_H
#define LOBBY_DRIVERS_ZPL_CODEC_H

#include "base/err.h"
#include "wire.pb.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZPL_MAX_ITEMS 82    /* 40 lines of two rows, two symbols */
#define ZPL_BAND_BYTES 4096 /* of a picture, at a time */
#define ZPL_MAX_PIECE 16384 /* bytes of ZPL that one item or one band becomes */
#define ZPL_MAX_ROW_DOTS 4096

/* ---- layout ---- */

/* What is printed on. */
struct zpl_media {
	unsigned dots_per_mm; /* 6, 8, 12 or 24, as ~HI says */
};

/* In dots of the reading frame: x in reading direction, y down, from the corner where reading begins. On a label that
 * is the label's own corner; a wristband is read along the feed, so its frame lies a quarter turn on the paper. */
struct zpl_box {
	int x, y, w, h;
};

enum zpl_kind { ZPL_TEXT, ZPL_RULE, ZPL_PICTURE, ZPL_CODE128, ZPL_QR };

struct zpl_item {
	enum zpl_kind kind;
	struct zpl_box box; /* all that it may blacken; symbols: with their quiet zones */
	int size;	    /* text: the font's height; symbols: dots a module */
	int strike;	    /* bold: printed again so many dots further; 0: not bold */
	int modules;	    /* symbols: across, without quiet zones, at most */
	uint32_t first_row; /* pictures: among the job's rows */
	char text[sizeof(((lobby_SlipLine *)0)->text) + 4];
};

struct zpl_layout {
	int width, length; /* of the paper in dots: across the head, along the feed */
	bool turned;	   /* a wristband: the frame is turned clockwise */
	int count;
	struct zpl_item items[ZPL_MAX_ITEMS];
};

/** Can the printer's own font show all of it? If not, it has to come as a picture. Latin-1 and the usual quotes and
 * dashes: what every firmware's font 0 has. */
bool zpl_can_print(const char *text);

/** Lays the job out: lines share the height by their scale; one that is too long is broken in two or made smaller, down
 * to 2.2 mm, and then cut with "..."; pictures keep their size, but for what is beyond the right edge of the lines. No
 * two boxes overlap and none leaves the paper. LOBBY_ERR_TOO_LONG: more lines, or longer codes, than can be read on
 * this paper; LOBBY_ERR_INVALID: a code that is not printable ASCII, an impossible size. */
int zpl_lay_out(const lobby_Print *print, const struct zpl_media *media, struct zpl_layout *out) MUST_CHECK;

/** How large a picture may be in place of this line's text, in dots, when all lines are text. Same errors. */
int zpl_picture_room(const lobby_Print *print, const struct zpl_media *media, size_t line, uint32_t *width,
		     uint32_t *rows) MUST_CHECK;

/* ---- bytes ---- */

/* Each writes at most size bytes and returns how many, or LOBBY_ERR_TOO_LONG (never with ZPL_MAX_PIECE). The job is the
 * head, all items, and the end; a picture is its bands in order instead. */
int zpl_encode_head(const struct zpl_layout *layout, uint8_t *out, size_t size) MUST_CHECK;
int zpl_encode_item(const struct zpl_layout *layout, const struct zpl_item *item, uint8_t *out, size_t size) MUST_CHECK;
int zpl_encode_end(uint8_t *out, size_t size) MUST_CHECK;

/** How many rows of this picture to ask for, from its row `done` on; 0: it is all there. */
uint32_t zpl_band_rows(const struct zpl_item *item, uint32_t row_dots, uint32_t done);
/** Those rows, each of row_dots / 8 bytes. LOBBY_ERR_INVALID: not so many bytes, or more rows than zpl_band_rows(). */
int zpl_encode_band(const struct zpl_layout *layout, const struct zpl_item *item, uint32_t row_dots, uint32_t done,
		    uint32_t rows, const uint8_t *bits, size_t len, uint8_t *out, size_t size) MUST_CHECK;

/* ---- answers ---- */

#define ZPL_MAX_FRAME 192

/* What is known of a printer. */
struct zpl_status {
	bool paper_out;
	bool head_open;
	bool ribbon_out;
	bool paused;
	bool too_hot;
	bool jammed;	    /* cutter or feed */
	bool broken;	    /* head, motor, firmware: for service */
	bool settings_lost; /* configuration memory */
	bool diagnostics;   /* prints what it receives as hexadecimal: names in plain sight */
	bool label_waiting; /* peel-off: the last one was not taken yet */
	bool buffer_full;
	bool partial;	  /* in the middle of a format */
	uint32_t formats; /* in the receive buffer */
	uint32_t labels;  /* of the batch, still to come */
};

/* To ~HI. */
struct zpl_identity {
	char model[40];
	char firmware[24];
	unsigned dots_per_mm;
};

enum zpl_answer {
	ZPL_NONE,     /* nothing complete yet */
	ZPL_STATUS,   /* to ~HS, all three strings */
	ZPL_ERRORS,   /* to ~HQES: only the flags of what is wrong */
	ZPL_IDENTITY, /* to ~HI */
	ZPL_GARBAGE,  /* a frame that is none of these, or bytes outside of frames: an alert, or nonsense */
};

struct zpl_parser {
	uint8_t frame[ZPL_MAX_FRAME];
	size_t len;
	bool inside;
	bool stray;  /* bytes outside of frames, told once; reset it to be told again */
	int strings; /* of ~HS taken so far */
	struct zpl_status status;
	struct zpl_identity identity;
};

/** Takes one byte. The answer is in parser->status (ZPL_STATUS, ZPL_ERRORS) or ->identity until the next call. */
enum zpl_answer zpl_parse(struct zpl_parser *parser, uint8_t byte);
/** Adds what ~HQES said to what ~HS said. */
void zpl_add_errors(struct zpl_status *status, const struct zpl_status *errors);
/** USB printer class, GET_PORT_STATUS (Device Class Definition for Printing Devices 1.1, 4.2.2). */
struct zpl_status zpl_port_status(uint8_t value);

lobby_DeviceState zpl_state_of(const struct zpl_status *status);
/** In plain English what is wrong and what to do; "" if nothing is. Static. */
const char *zpl_words_of(const struct zpl_status *status);
/** Why it cannot print now, or 0. */
int zpl_error_of(const struct zpl_status *status);
/** Is anything in it that has not come out yet? */
bool zpl_is_holding(const struct zpl_status *status);

#endif

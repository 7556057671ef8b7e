/* ESC/POS, pure: a slip becomes the bytes that print it, and the printer's bytes become statuses.
 *
 * Specification: Epson's "ESC/POS Command Reference" (the commands are named below); character set: code page 858.
 * Status bytes are told apart by their fixed bits (DLE EOT, GS a, GS r: bits 0, 1, 4, 7), in whatever order they come.
 */
#ifndef LOBBY_DRIVERS_ESCPOS_CODEC_H
#define LOBBY_DRIVERS_ESCPOS_CODEC_H

#include "base/err.h"
#include "wire.pb.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ESCPOS_MAX_JOB 8192

struct escpos_paper {
	int columns;	   /* of font A: 48 on 80 mm paper, 32 on 58 mm */
	uint8_t code_page; /* ESC t n that chooses PC858: 19 on Epson's */
};

/** One character in code page 858: itself, else without its accent, else '?'; 0 for one that prints as nothing. */
uint8_t escpos_char(uint32_t codepoint);

/** The whole job: initialise (ESC @), status back on (GS a), code page (ESC t), lines (ESC a, ESC E, GS !), wrapped at
 * words, the QR code (GS ( k, model 2, level M), feed and cut (GS V), and last a question (GS r 1), which the printer
 * answers when it has worked through all before it. `ask_asb` false leaves GS a out. Returns its length, or
 * LOBBY_ERR_TOO_LONG. */
int escpos_encode_job(const lobby_Print *print, const struct escpos_paper *paper, bool ask_asb, uint8_t *out,
		      size_t size) MUST_CHECK;

/* What is known of a printer. */
struct escpos_status {
	bool offline;
	bool cover_open;
	bool paper_out;
	bool paper_low;
	bool error; /* cutter, head, voltage: a person must look */
};

lobby_DeviceState escpos_state_of(const struct escpos_status *status);
/** Why it cannot print now, or 0 (paper low prints). */
int escpos_error_of(const struct escpos_status *status);

enum escpos_answer {
	ESCPOS_NONE,	 /* nothing complete yet */
	ESCPOS_REALTIME, /* to DLE EOT n; value is the byte */
	ESCPOS_AUTO,	 /* automatic status back; status is whole */
	ESCPOS_PAPER,	 /* to GS r 1; value is the byte */
	ESCPOS_GARBAGE,	 /* a byte that is none of these */
};

struct escpos_parser {
	uint8_t auto_bytes[4];
	int auto_len;
	int block_left; /* of an answer that begins with 0x37 or 0x5f and ends with NUL */
};

/** Takes one byte. *status is written for ESCPOS_AUTO only, *value for ESCPOS_REALTIME and _PAPER only. */
enum escpos_answer escpos_parse(struct escpos_parser *parser, uint8_t byte, struct escpos_status *status,
				uint8_t *value);
/** Adds what the answer to DLE EOT n (1, 2, 4) says. n = 1 only says offline. */
void escpos_add_realtime(struct escpos_status *status, int n, uint8_t value);

/** The printer class's GET_PORT_STATUS byte (Device Class Definition for Printing Devices 1.1, section 4.2.2). */
struct escpos_status escpos_port_status(uint8_t value);

/** What the IEEE 1284 device id says (same document, 4.2.1; two length bytes first): copies the value of key ("MDL",
 * "CMD" or their long names) as clean text. False if there is none. */
bool escpos_device_id(const uint8_t *data, size_t len, const char *key, const char *long_key, char *out, size_t size);

#endif

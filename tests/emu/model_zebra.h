/* A label printer: USB printer class, ZPL II (the subset that drivers/zpl speaks), 203 dpi unless told otherwise, with
 * the troubles of real ones on switches. Labels are kept as the raw ZPL of their format and as the fields that it
 * holds.
 *
 * Written from Zebra's programming guide without a look at the driver's encoder, so that it can judge it. While it
 * cannot print (media, head, ribbon, pause) it goes on receiving and answers ~ commands at once. A format is taken from
 * the receive buffer (counted there until then), then printed (a label of the batch, until it is out). It does both at
 * once, or, when `slow`, one of them in each model_zebra_step(). A label that trouble interrupts is printed again,
 * whole, afterwards (^JZY), or is lost (^JZN, no_reprint). Change fields while it is unplugged; use the functions
 * otherwise. */
#ifndef LOBBY_EMU_MODEL_ZEBRA_H
#define LOBBY_EMU_MODEL_ZEBRA_H

#include "tests/emu/bus.h"

#define ZEBRA_BUFFER 131072
#define ZEBRA_ANSWERS 2048
#define ZEBRA_LABELS 16
#define ZEBRA_FIELDS 96

enum zebra_kind { ZEBRA_TEXT, ZEBRA_CODE128, ZEBRA_QR, ZEBRA_BOX, ZEBRA_GRAPHIC };

struct zebra_field {
	enum zebra_kind kind;
	int x, y;	  /* ^FO */
	char orientation; /* N, R */
	int height;	  /* of the font, the bars; of boxes */
	int width;	  /* of boxes */
	int module;	  /* symbols: dots */
	char text[300];	  /* ^FD, its ^FH escapes decoded; codes without their switches */
	int bytes_per_row, rows;
	uint8_t *bits; /* graphics: rows of bytes_per_row */
};

struct zebra_label {
	int width, length; /* ^PW, ^LL */
	struct zebra_field fields[ZEBRA_FIELDS];
	int count;
	char *zpl; /* ^XA to ^XZ */
	size_t zpl_len;
};

struct zebra_trouble {
	bool media_out, head_open, ribbon_out, paused;
};

struct model_zebra {
	struct model model; /* first */
	struct bus *bus;
	const char *device_id; /* without the length */
	int dots_per_mm;
	/* troubles */
	bool slow;
	bool silent;	    /* answers nothing */
	bool garbage;	    /* answers every question with nonsense */
	bool mute_in_error; /* no ~HS while something is wrong, as the guide warns */
	bool no_hqes;	    /* firmware that does not know it */
	bool no_reprint;    /* does as ^JZN, whatever the format says */
	bool blinks;	    /* one ~HS between taking a format and printing it finds nothing at all */
	bool keeps;	    /* ~JA does not help */
	bool short_answers; /* gives one byte at a time */
	bool empty_reads;   /* answers reads at once with nothing, when it has nothing */
	int stall_writes;   /* so many writes to come are answered with STALL; -1: all */
	int stall_reads;
	size_t accepts;		      /* at most so many bytes at a time; 0: any */
	size_t freeze_after;	      /* takes no more after so many bytes; 0: never */
	struct zebra_trouble strikes; /* when a label begins to print */
	bool cutter_jam;
	/* state */
	struct zebra_trouble now;
	bool holding_label; /* taken from the buffer, not out yet */
	bool blinked;
	char *current; /* the format that is held */
	size_t current_len;
	uint8_t *buffer;
	size_t buffered;
	uint8_t tilde[6]; /* a ~ command that is coming in */
	size_t tilde_len;
	uint8_t answers[ZEBRA_ANSWERS];
	size_t answered;
	size_t received;
	struct zebra_label labels[ZEBRA_LABELS];
	int printed;  /* whole labels, ever; the last are kept */
	int spoiled;  /* half ones */
	int unknown;  /* commands that it does not know */
	int asked_hs; /* ~HS, ever */
};

void model_zebra_init(struct model_zebra *zebra, struct bus *bus);
void model_zebra_fini(struct model_zebra *zebra);
/** Trouble comes and goes; a label that waits is printed again when there is none. */
void model_zebra_set(struct model_zebra *zebra, struct zebra_trouble trouble);
/** Says something that nobody asked for. */
void model_zebra_alert(struct model_zebra *zebra, const char *text);
/** A slow one does its next step. */
void model_zebra_step(struct model_zebra *zebra);
size_t model_zebra_received(struct model_zebra *zebra);
/** Whole formats in the receive buffer. */
int model_zebra_formats(struct model_zebra *zebra);
int model_zebra_printed(struct model_zebra *zebra);
/** The last whole label; NULL if there is none. Valid until the next is printed. */
const struct zebra_label *model_zebra_last(struct model_zebra *zebra);
/** All texts of the label, codes included, a line each. */
void model_zebra_text(const struct zebra_label *label, char *out, size_t size);

#endif

/* A receipt printer: USB printer class, ESC/POS (Epson's command reference), 80 mm paper, with the troubles of real
 * ones on switches. It prints what it takes at once, or, when `slow`, only in model_printer_step(). While it is offline
 * (no paper, cover open, feed button) it goes on receiving into its buffer, answers real-time commands, and works
 * nothing off. Change fields while it is unplugged; use the functions otherwise. */
#ifndef LOBBY_EMU_MODEL_PRINTER_H
#define LOBBY_EMU_MODEL_PRINTER_H

#include "tests/emu/bus.h"
#include "tests/emu/paper.h"

#define PRINTER_BUFFER 4096
#define PRINTER_ANSWERS 256

enum printer_paper { PRINTER_PAPER_OK, PRINTER_PAPER_LOW, PRINTER_PAPER_OUT };

struct model_printer {
	struct model model; /* first */
	struct bus *bus;
	struct paper *paper;
	const char *device_id; /* without the length */
	bool slow_id;	       /* does not say it yet */
	const char *firmware;  /* answers to GS I 65, 66 and 67; NULL: none */
	const char *maker;
	const char *name;
	int slip_fd; /* an eventfd told of each slip cut off; -1: none */
	/* troubles */
	bool slow;
	bool no_asb;	  /* GS a is not understood */
	int drops_asb;	  /* so many automatic statuses to come are lost; -1: all */
	bool silent;	  /* answers nothing */
	bool garbage;	  /* answers every question with nonsense */
	bool empty_reads; /* answers reads at once with nothing, when it has nothing */
	int stall_writes; /* so many writes to come are answered with STALL; -1: all */
	int stall_reads;
	size_t accepts;	      /* at most so many bytes at a time; 0: any */
	size_t holds_after;   /* bytes received, after which it takes no more (NAK); 0: never */
	size_t trouble_after; /* bytes worked off until `trouble` comes; 0: none */
	enum {
		TROUBLE_PAPER_OUT,
		TROUBLE_COVER_OPEN,
		TROUBLE_OFFLINE,
		TROUBLE_JAM,	/* the cutter */
		TROUBLE_BROKEN, /* an error that nobody can mend */
		TROUBLE_HOT,	/* the head */
	} trouble;
	bool wants_enq; /* after a jam it must be told by DLE ENQ that it is mended */
	/* state */
	enum printer_paper roll;
	bool cover_open;
	bool offline; /* by its feed button */
	bool jammed;  /* it reports so */
	bool stuck;   /* there is paper where none should be */
	bool broken;
	bool hot;
	uint8_t asb_mask;
	uint8_t asb_last[4];
	uint8_t buffer[PRINTER_BUFFER];
	size_t buffered;
	uint8_t realtime[10];
	size_t realtime_len;
	uint8_t answers[PRINTER_ANSWERS];
	size_t answered;
	size_t worked; /* bytes worked off, ever */
	size_t received;
};

void model_printer_init(struct model_printer *printer, struct bus *bus);
void model_printer_fini(struct model_printer *printer);
void model_printer_set_paper(struct model_printer *printer, enum printer_paper roll);
void model_printer_set_cover(struct model_printer *printer, bool open);
void model_printer_set_offline(struct model_printer *printer, bool offline);
/** On: the cutter gets stuck. Off: as a person does it, who opens the cover, takes out the paper and closes it. */
void model_printer_set_jam(struct model_printer *printer, bool on);
void model_printer_set_hot(struct model_printer *printer, bool hot);
/** A slow printer works off at most so many bytes. Returns how many. */
size_t model_printer_step(struct model_printer *printer, size_t bytes);
/** Bytes received so far. */
size_t model_printer_received(struct model_printer *printer);
/** Under the lock: how many slips, and the last (or the hanging) one as text. False if there is none. */
int model_printer_slips(struct model_printer *printer);
bool model_printer_text(struct model_printer *printer, bool hanging, char *out, size_t size);

#endif

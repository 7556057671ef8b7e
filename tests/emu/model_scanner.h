/* A bar code scanner: a HID device that sends scans as input reports (HID Usage Tables, page 0x8C), or, set otherwise,
 * one that is in keyboard mode, hands out a given report descriptor, or misbehaves. Fields may be changed while it is
 * unplugged or under bus_lock(). */
#ifndef LOBBY_EMU_MODEL_SCANNER_H
#define LOBBY_EMU_MODEL_SCANNER_H

#include "tests/emu/bus.h"

enum scanner_mode {
	SCANNER_USUAL,	  /* count, identifier, data, continued; report id 2 */
	SCANNER_PLAIN,	  /* no ids, no count, no identifier: 128 data bytes and the continued bit */
	SCANNER_KEYBOARD, /* HID keyboard */
	SCANNER_GIVEN,	  /* the descriptor in `given` */
};

struct model_scanner {
	struct model model; /* first */
	struct bus *bus;
	enum scanner_mode mode;
	uint8_t data_size;  /* SCANNER_USUAL: data bytes a report, 1 to 56 */
	uint8_t given[512]; /* SCANNER_GIVEN */
	size_t given_len;
	int stall_reads; /* so many reads to come are answered with STALL; -1: all */
	int stall_descriptor;
	bool empty_reads; /* answers reads at once with nothing, when it has nothing */
	uint8_t *scan;	  /* what is left to send */
	size_t scan_len, scan_at;
	char aim[4];
	bool never_ends;     /* the last report says "continued", and nothing follows */
	unsigned stop_after; /* reports, then silence; 0: no */
	unsigned sent;	     /* reports of this scan */
};

void model_scanner_init(struct model_scanner *scanner, struct bus *bus, enum scanner_mode mode);
void model_scanner_fini(struct model_scanner *scanner);
/** Somebody holds this code under the glass. aim is the AIM identifier without "]". Replaces a scan not yet sent. */
void model_scanner_scan(struct model_scanner *scanner, const char *aim, const void *data, size_t len);
bool model_scanner_is_sending(struct model_scanner *scanner);

#endif

/* A magnetic stripe reader: a HID device that sends a swipe's tracks as MagTek's or ID TECH's readers do (drivers/msr/
 * codec.h names the manuals), or, set otherwise, is in keyboard mode, hands out a given report descriptor, or
 * misbehaves. Fields may be changed while it is unplugged or under bus_lock(). */
#ifndef LOBBY_EMU_MODEL_MSR_H
#define LOBBY_EMU_MODEL_MSR_H

#include "tests/emu/bus.h"

enum msr_mode {
	MSR_MODEL_MAGTEK,	   /* one report of 337 bytes, each track in its place */
	MSR_MODEL_MAGTEK_SECURE,   /* MagneSafe: places of 112 bytes and more behind them */
	MSR_MODEL_IDTECH,	   /* one report of 513 bytes, the tracks in lines */
	MSR_MODEL_IDTECH_FRAMES,   /* STX ... ETX over reports of `chunk` bytes */
	MSR_MODEL_MAGTEK_KEYBOARD, /* HID keyboards */
	MSR_MODEL_IDTECH_KEYBOARD,
	MSR_MODEL_GIVEN, /* MagTek's ids and the descriptor in `given` */
};

struct model_msr {
	struct model model; /* first */
	struct bus *bus;
	enum msr_mode mode;
	uint8_t packet; /* bytes: 64 or 8 */
	uint8_t chunk;	/* MSR_MODEL_IDTECH_FRAMES: bytes a report, 8 to 64 */
	uint8_t given[512];
	size_t given_len;
	/* how it sends tracks */
	bool lrc;	 /* behind the end sentinel */
	bool reversed;	 /* last character first */
	bool bits;	 /* MSR_MODEL_IDTECH: raw, as they are on the card */
	bool enhanced;	 /* frames: the enhanced format */
	bool encrypted;	 /* frames, MSR_MODEL_MAGTEK_SECURE: what is sent instead of the tracks nobody can read */
	unsigned errors; /* bit n: track n + 1 cannot be decoded */
	/* faults */
	int stall_reads; /* so many reads to come are answered with STALL; -1: all */
	int stall_descriptor;
	bool garbage;	   /* bytes of no meaning instead of what a swipe should give */
	bool wrong_sum;	   /* frames: the check sums do not fit */
	size_t stop_after; /* bytes of a swipe, then silence (after a short packet, unless it is whole ones); 0: no */
	bool slow;	   /* a packet only when model_msr_step() lets it */
	unsigned steps;	   /* packets that may go */
	/* what is left of the swipe */
	uint8_t *swipe;
	size_t len, at, report;
};

void model_msr_init(struct model_msr *msr, struct bus *bus, enum msr_mode mode);
void model_msr_fini(struct model_msr *msr);
/** Somebody draws a card through the slot. Tracks are text with their sentinels, without LRC; NULL: none. Replaces a
 * swipe not yet sent. */
void model_msr_swipe(struct model_msr *msr, const char *track_1, const char *track_2, const char *track_3);
/** Lets so many more packets go. */
void model_msr_step(struct model_msr *msr, unsigned packets);
bool model_msr_is_sending(struct model_msr *msr);

#endif

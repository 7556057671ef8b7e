/* One label printer as driver.c (between jobs) and job.c (a job) see it. Private to this folder. */
#ifndef LOBBY_DRIVERS_ZPL_PRINTER_H
#define LOBBY_DRIVERS_ZPL_PRINTER_H

#include "drivers/registry.h"
#include "drivers/zpl/link.h"

enum zpl_phase {
	ZPL_STARTING,
	ZPL_IDLE,
	ZPL_POLLING,
	ZPL_CLEARING, /* ~JA is on its way */
	ZPL_CHECKING, /* before a job */
	ZPL_SENDING,
	ZPL_WANTING, /* rows of a picture */
	ZPL_WAITING, /* for the label to come out */
	ZPL_STOPPED, /* for good */
};

/* A job under way, on the heap while it is: it names a patient. */
struct zpl_job {
	lobby_Print print;
	struct zpl_layout layout;
	int next;	    /* -1: the head, then the items, then the end, then nothing */
	uint32_t rows_done; /* of the picture that is next */
	uint32_t rows_wanted;
	uint8_t bytes[ZPL_MAX_PIECE];
	size_t len, sent;
	size_t written; /* in all */
	int stuck;	/* chunks in a row without progress */
	int clean;	/* answers in a row that say that all is out */
	int asked;	/* times, since the last byte */
	int copies;
	int why;	  /* the trouble now; 0: none */
	int last_why;	  /* the last one since the last byte */
	bool was_trouble; /* since the last byte */
	bool held;	  /* it was seen to hold the label since the trouble began */
	int64_t until_ms; /* it must be out, or the trouble over, by then */
	int64_t limit_ms; /* at the latest */
};

struct zpl {
	struct usb_device *usb;
	const struct driver_events *events;
	void *arg;
	struct zpl_link link;
	enum zpl_phase phase;
	lobby_DeviceState state;
	char detail[129];
	bool identified;
	struct zpl_identity identity;
	struct loop_timer timer;
	int poll_ms; /* the last pause between questions in a bad state; 0: none */
	int clears;  /* ~JA in a row that did not help */
	int ticks;
	struct zpl_job *job; /* NULL: none */
};

/* ---- driver.c ---- */

void zpl_set_state(struct zpl *z, lobby_DeviceState state, const char *detail);
/** Shows what an answer said, or a silence meant. Returns the error that it is, or 0. */
int zpl_apply(struct zpl *z, int err, const struct zpl_status *status);
/** Asks how it is, and goes idle. */
void zpl_poll(void *arg);
void zpl_go_idle(struct zpl *z);
/** Throws away what the printer holds, then polls. The output pipe may be busy. */
void zpl_clear(struct zpl *z);
/** One more ~JA may be tried. */
bool zpl_may_clear(const struct zpl *z);
void zpl_set_timer(struct zpl *z, int64_t delay_ms, loop_timer_fn *fn);

/* ---- job.c ---- */

void zpl_job_start(struct zpl *z);
/** Ends it with printed(err), and forgets it. */
void zpl_job_finish(struct zpl *z, int err);
/** The same, and clears the printer if something of it is there. */
void zpl_job_abort(struct zpl *z, int err);
int zpl_job_band(struct zpl *z, const lobby_PrintBand *band);

#endif

/* What driver.c (a printer between jobs) and job.c (a job) share. Nobody else includes it. */
#ifndef LOBBY_DRIVERS_ESCPOS_PRINTER_H
#define LOBBY_DRIVERS_ESCPOS_PRINTER_H

#include "drivers/escpos/link.h"
#include "drivers/registry.h"

#define HANDBACK_MS 5 /* for a cancelled write to come back */
#define RECOVER_MS 500

enum escpos_phase {
	STARTING,
	ENABLING,
	IDENTIFYING,
	IDLE,
	POLLING,
	/* a job */
	CHECKING,
	SENDING,
	WANTING, /* rows of a picture */
	DRAINING,
	VERIFYING,
	MENDING, /* a person is at the printer, or is hoped to be */
	CLEARING,
	STOPPED,
};

struct escpos {
	struct usb_device *usb;
	const struct driver_events *events;
	void *arg;
	const struct quirk *quirk;
	struct escpos_link link;
	enum escpos_phase phase;
	struct loop_timer timer; /* of the phase */
	lobby_DeviceState state;
	char detail[129];
	char model[64];
	char maker[41];
	char firmware[41];
	int identity; /* GS I's parameter, asked last; 0: not yet */
	bool asb;     /* automatic status has been seen */
	bool asb_asked;
	bool opened; /* the cover, since it jammed */
	/* the job */
	bool has_job;
	char name[sizeof(((lobby_Print *)0)->job)]; /* the job's */
	lobby_Print job;
	struct escpos_paper paper;
	struct escpos_encoder encoder;
	int copies;			 /* times that it was begun again */
	uint8_t bytes[USB_MAX_TRANSFER]; /* encoded, to be sent */
	size_t len, sent;
	size_t offered; /* sent, and the chunk under way */
	size_t written; /* in all, with the chunk under way */
	bool drained;	/* GS r is answered: it can overtake the news that the last chunk is sent */
	int stuck, ticks;
	/* its pictures: the rows that are wanted, and then are here */
	uint32_t first_row, rows, rows_done;
	uint8_t band[ESCPOS_MAX_BAND];
	/* mending */
	int why; /* LOBBY_ERR_ */
	bool cleared;
	int64_t mend_until_ms, recover_at_ms;
};

/* One megabyte of picture passes through a printer's state and its pipes; this is all that is ever held of it. */
_Static_assert(sizeof(struct escpos) + 4 * USB_MAX_TRANSFER < 65536, "a printer is small");

/* driver.c */
void escpos_set_state(struct escpos *printer, lobby_DeviceState state, const char *detail);
void escpos_apply(struct escpos *printer, const struct escpos_status *status);
/** err: why it could not be asked. */
void escpos_apply_silence(struct escpos *printer, int err);
/** Tells it that the jam is mended. False: not now. Needs no answer. */
bool escpos_recover(struct escpos *printer);
/** The job, if there is one; else rest. */
void escpos_go_idle(struct escpos *printer);
void escpos_poll(void *printer);

/* job.c */
void escpos_job_start(struct escpos *printer);
void escpos_job_on_status(struct escpos *printer, const struct escpos_status *status);
void escpos_job_on_drained(struct escpos *printer);
int escpos_job_band(struct escpos *printer, const lobby_PrintBand *band);
void escpos_job_cancel(struct escpos *printer);
void escpos_job_finish(struct escpos *printer, int err);

#endif

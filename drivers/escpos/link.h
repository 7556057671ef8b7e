/* The conversation with one printer, beneath the job: ask for its status, hear what it says unasked.
 *
 * The link owns the input pipe for good; the output pipe it uses only while asking, which its owner starts. Times in
 * milliseconds. See driver.h for the specifications. */
#ifndef LOBBY_DRIVERS_ESCPOS_LINK_H
#define LOBBY_DRIVERS_ESCPOS_LINK_H

#include "drivers/escpos/codec.h"
#include "drivers/usb.h"
#include "drivers/usb_listen.h"

struct escpos_link;

struct escpos_link_events {
	/** Automatic status came. */
	void (*status)(void *arg, const struct escpos_status *status);
	/** The answer to GS r came: all that was sent before it is done. */
	void (*drained)(void *arg);
	/** An answer to GS I came: clean ASCII, valid during the call. */
	void (*text)(void *arg, const char *text);
	/** The input pipe is broken for good. */
	void (*broken)(void *arg, int err);
};

/** err: 0, LOBBY_ERR_TIMEOUT (no answer), LOBBY_ERR_PROTOCOL (only nonsense). */
typedef void escpos_asked_fn(void *arg, int err, const struct escpos_status *status);

/* In the owner's storage. */
struct escpos_link {
	struct usb_device *usb;
	const struct escpos_link_events *events;
	void *arg;
	struct escpos_parser parser;
	struct escpos_status asked;
	escpos_asked_fn *then; /* not NULL: asking */
	int question;	       /* index of the DLE EOT under way; negative: GET_PORT_STATUS, or
				* listening to nothing for a moment */
	int tries;
	bool overtaken; /* answered before the question was known to be sent */
	int garbage;
	struct loop_timer answer;
	struct usb_listener listener;
};

/** Starts reading, if there is an input endpoint. */
void escpos_link_init(struct escpos_link *link, struct usb_device *usb, const struct escpos_link_events *events,
		      void *arg);
void escpos_link_fini(struct escpos_link *link);
/** Asks for everything (DLE EOT 1, 2, after an error 3, 4; without an input endpoint GET_PORT_STATUS); then() is called
 * once, never before this returns, with the output pipe free. Needs the output pipe to be free. While asking, another
 * ask replaces then(). */
void escpos_link_ask(struct escpos_link *link, escpos_asked_fn *then);
/** Forgets the question under way; then() is not called. Goes on listening. */
void escpos_link_hush(struct escpos_link *link);
/** GET_PORT_STATUS, which passes even when the printer's buffer is full. Same rules. */
void escpos_link_ask_port(struct escpos_link *link, escpos_asked_fn *then);

#endif

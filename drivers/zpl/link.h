/* The conversation with one label printer, beneath the job: ask how it is, who it is, and hear what it says unasked.
 *
 * The link owns the input pipe for good; the output pipe it uses only while asking, which its owner starts. Times in
 * milliseconds. See driver.h for the specifications. */
#ifndef LOBBY_DRIVERS_ZPL_LINK_H
#define LOBBY_DRIVERS_ZPL_LINK_H

#include "drivers/usb.h"
#include "drivers/usb_listen.h"
#include "drivers/zpl/codec.h"

/** err: 0, LOBBY_ERR_TIMEOUT (no answer), LOBBY_ERR_PROTOCOL (only nonsense). `counted`: ~HS itself was answered, so
 * what the printer holds is known. */
typedef void zpl_asked_fn(void *arg, int err, const struct zpl_status *status, bool counted);
typedef void zpl_identified_fn(void *arg, int err, const struct zpl_identity *identity);

struct zpl_link_events {
	/** Something came that nobody asked for: an alert, most likely. */
	void (*alert)(void *arg);
	/** The input pipe is broken for good. */
	void (*broken)(void *arg, int err);
};

enum zpl_question { ZPL_ASK_NOTHING, ZPL_ASK_IDENTITY, ZPL_ASK_STATUS, ZPL_ASK_ERRORS, ZPL_ASK_PORT };

/* In the owner's storage. */
struct zpl_link {
	struct usb_device *usb;
	const struct zpl_link_events *events;
	void *arg;
	struct zpl_parser parser;
	enum zpl_question question; /* under way */
	zpl_asked_fn *asked;
	zpl_identified_fn *identified;
	struct zpl_status status;
	bool counted;
	bool answered; /* the question is, but the news that it was sent is not here yet */
	int tries, garbage;
	int deaf; /* times that ~HQES was not answered though ~HS was */
	struct loop_timer answer;
	struct usb_listener listener;
};

/** Starts reading. */
void zpl_link_init(struct zpl_link *link, struct usb_device *usb, const struct zpl_link_events *events, void *arg);
void zpl_link_fini(struct zpl_link *link);
/** ~HI; fn() is called once, never before this returns, with the output pipe free. Needs the output pipe to be free,
 * and no question under way. */
void zpl_link_identify(struct zpl_link *link, zpl_identified_fn *fn);
/** ~HS and ~HQES; where ~HS is not answered, GET_PORT_STATUS. Same rules. */
void zpl_link_ask(struct zpl_link *link, zpl_asked_fn *fn);
/** GET_PORT_STATUS alone, which passes even when the printer takes no more bytes. */
void zpl_link_ask_port(struct zpl_link *link, zpl_asked_fn *fn);
/** Forgets the question under way; its function is not called. Goes on listening. */
void zpl_link_hush(struct zpl_link *link);

#endif

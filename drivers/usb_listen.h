/* Reads an in endpoint for ever and hands over what comes: how a printer's answers are heard, asked for or not.
 *
 * A pending read has no time-out, so a silent device wakes nobody. Some printers answer every read at once with
 * nothing: they are asked again after growing pauses. Specification: USB 2.0, 5.8.3 (a short packet ends a transfer).
 */
#ifndef LOBBY_DRIVERS_USB_LISTEN_H
#define LOBBY_DRIVERS_USB_LISTEN_H

#include "drivers/usb.h"

struct usb_listener {
	struct usb_device *usb;
	size_t len; /* of a read, at least: whole packets of any full-speed device */
	/** Bytes came, len > 0; a copy, so that anything may be started from here. */
	void (*heard)(void *arg, const uint8_t *data, size_t len);
	/** The pipe cannot be read any more; not called when it was unplugged. */
	void (*broken)(void *arg, int err);
	void *arg;
	struct loop_timer again;
	int64_t pause_ms; /* before reading again; 0 when something was heard, or is expected */
};

/** Fill usb, len, heard, broken and arg first. */
void usb_listen(struct usb_listener *listener);
/** An answer is due: reads at once, however long the pause was. */
void usb_listen_now(struct usb_listener *listener);
/** Ends the pauses; the read itself ends with the device. One that is all zero never began. */
void usb_listen_stop(struct usb_listener *listener);

#endif

/* How every HID driver begins: the report descriptor is asked for, again if it stalls, and Set_Idle sent, so that only
 * changes are reported. Specification: HID 1.11, sections 7.1.1 and 7.2.4. */
#ifndef LOBBY_DRIVERS_HID_ASK_H
#define LOBBY_DRIVERS_HID_ASK_H

#include "drivers/usb.h"

struct hid_ask_events {
	/** The descriptor, valid during the call, or why there is none (never LOBBY_ERR_UNPLUGGED: then nothing more is
	 * called). True to go on; then ready() follows. */
	bool (*described)(void *arg, int err, const uint8_t *descriptor, size_t len);
	/** Reports may be read. */
	void (*ready)(void *arg);
};

/* In the owner's storage, which must be there until the device has gone. */
struct hid_ask {
	struct usb_device *usb;
	const struct hid_ask_events *events;
	void *arg;
	int attempts;
	struct loop_timer timer;
};

/** The device is claimed. events and arg are borrowed. */
void hid_ask_start(struct hid_ask *ask, struct usb_device *usb, const struct hid_ask_events *events, void *arg);
void hid_ask_cancel(struct hid_ask *ask);

#endif

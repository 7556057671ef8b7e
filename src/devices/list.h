/* The devices that are plugged in, and what was last wrong with each.
 *
 * A row is one claimed interface with its driver, or a device that no driver wanted (stranger.h). What was wrong is
 * remembered by vendor, product, serial number and interface, so that it survives unplugging and plugging in again.
 * Single-threaded; zero it before first use. */
#ifndef LOBBY_DEVICES_LIST_H
#define LOBBY_DEVICES_LIST_H

#include "drivers/registry.h"

#define LIST_ROWS 32	 /* known and unknown; the message has place for LIST_TOLD */
#define LIST_TOLD 16	 /* known ones first */
#define LIST_TROUBLES 24 /* remembered; the oldest is forgotten */

struct device_row {
	struct usb_device *usb;	     /* NULL: free */
	const struct driver *driver; /* NULL: nobody knows it */
	void *state;		     /* the driver's; NULL until the device is ready */
	const char *failed;	     /* why it could not be opened */
	lobby_CardSlotState slot;    /* card readers */
	lobby_DeviceState noted;     /* the state that was last looked at for trouble */
	char noted_detail[129];
};

struct device_trouble {
	uint16_t vendor, product;
	uint8_t interface;
	char serial[USB_TEXT];
	char text[129];
	int64_t at_ms; /* 0: free */
};

struct device_list {
	struct device_row rows[LIST_ROWS];
	struct device_trouble troubles[LIST_TROUBLES];
};

/** A new row, also its owner. A device with a driver takes the place of one that nobody knows when there is none free.
 * NULL: full. */
struct device_row *list_add(struct device_list *list, struct usb_device *usb, const struct driver *driver);
/** Frees the row of a device that was unplugged, and remembers that it was. Returns what the row was. */
struct device_row list_remove(struct device_list *list, struct device_row *row);
/** Looks at every device's state and remembers what is newly wrong. Call on every change. */
void list_note(struct device_list *list, int64_t now_ms);
/** The message: known devices first, then as many unknown ones as have place. */
void list_fill(const struct device_list *list, lobby_Devices *out);
lobby_DeviceState list_state(const struct device_row *row);
/** Over all readers: one that is being read counts most, then one with a card in it. */
lobby_CardSlotState list_slot(const struct device_list *list);
/** A printer for this form that can print now, else any of its kind, else NULL. */
struct device_row *list_printer(struct device_list *list, lobby_PrintForm form);
/** True for the states in which a device does not do its work. */
bool list_is_bad(lobby_DeviceState state);

#endif

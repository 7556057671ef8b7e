/* Which driver serves which USB interface, and which devices need telling apart: two const tables, no discovery.
 *
 * A driver's state is made by open() and belongs to the driver until close(). Devices report through
 * `struct driver_events`; states of a device (out of paper, cover open) are read with status(), never errors. */
#ifndef LOBBY_DRIVERS_REGISTRY_H
#define LOBBY_DRIVERS_REGISTRY_H

#include "drivers/usb.h"
#include "wire.pb.h"

struct driver_events {
	/** status() has changed. */
	void (*changed)(void *arg, struct usb_device *device);
	/** A code was scanned. data is wiped after the call. err LOBBY_ERR_TOO_LONG or _TRUNCATED: no data. */
	void (*scanned)(void *arg, const char *aim, const uint8_t *data, size_t len, int err);
	/** The job given to print() has ended; 0 only if the printer said that all of it is out. */
	void (*printed)(void *arg, const char *job, int err);
};

/* What a device says of itself. detail is plain English for the technician and owned by the driver. */
struct driver_status {
	lobby_DeviceState state;
	const char *detail;
};

struct driver {
	const char *name;
	lobby_DeviceKind kind;
	/** By descriptors only. */
	bool (*match)(const struct usb_info *info);
	/** The device is claimed. LOBBY_ERR_NO_MEMORY. */
	int (*open)(struct usb_device *device, const struct driver_events *events, void *arg, void **out);
	/** A job under way ends with printed(LOBBY_ERR_UNPLUGGED) first. */
	void (*close)(void *state);
	struct driver_status (*status)(const void *state);
	/** Printers only, else NULL. LOBBY_ERR_BUSY while one is printing; the state's error if it cannot print now. */
	int (*print)(void *state, const lobby_Print *print);
	/** Ends the job under way with printed(LOBBY_ERR_CLOSED). */
	void (*cancel)(void *state);
};

/* Devices whose firmware differs from the specification, or that need to be known by name. */
struct quirk {
	uint16_t vendor;
	uint16_t product;     /* 0: all of this vendor */
	uint16_t release_max; /* bcdDevice up to and including; 0: all */
	bool makes_scanners;  /* a HID keyboard of this maker is a scanner in keyboard mode */
	bool no_asb;	      /* GS a is not understood: poll */
	uint8_t columns;      /* of font A; 0: 48 (80 mm paper) */
	uint8_t code_page;    /* ESC t n for PC858; 0: 19 */
	const char *name;     /* what it is */
};

/** The driver for this interface, or NULL. */
const struct driver *registry_driver_of(const struct usb_info *info);
/** The first row that fits, or an all-zero row. */
const struct quirk *registry_quirk_of(const struct usb_info *info);

#endif

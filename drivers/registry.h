/* Which driver serves which USB interface, and which devices need telling apart: two const tables, no discovery.
 *
 * A driver's state is made by open() and belongs to the driver until close(). Devices report through
 * `struct driver_events`; states of a device (out of paper, cover open) are read with status(), never errors. */
#ifndef LOBBY_DRIVERS_REGISTRY_H
#define LOBBY_DRIVERS_REGISTRY_H

#include "drivers/usb.h"
#include "wire.pb.h"

/* What a device read: a code, a stripe, a chip. Valid during the call and wiped after it. */
struct driver_read {
	lobby_ScanSource source;
	const char *aim;     /* codes: the AIM identifier without "]"; else "" */
	const uint8_t *data; /* as lobby_Scan.data says for this source; NULL when err is not 0 */
	size_t len;
	int err; /* why nothing could be read, in the patient's words (errors.def: TOO_LONG, CARD_MUTE, ...) */
};

struct driver_events {
	/** status() has changed. */
	void (*changed)(void *arg, struct usb_device *device);
	/** Something was read, or could not be. */
	void (*read)(void *arg, struct usb_device *device, const struct driver_read *read);
	/** A card was put into a slot, read, or taken out. */
	void (*slot)(void *arg, struct usb_device *device, lobby_CardSlotState state);
	/** The job under way needs these rows of its pictures next (wire.proto, PrintWant); band() brings them, in
	 * order. */
	void (*want)(void *arg, struct usb_device *device, uint32_t first_row, uint32_t rows);
	/** The job given to print() has ended; 0 only if the printer said that all of it is out. */
	void (*printed)(void *arg, const char *job, int err);
};

/* What a device says of itself. detail is plain English for the technician and owned by the driver. */
struct driver_status {
	lobby_DeviceState state;
	const char *detail;
	const char *firmware; /* what the device calls it; "" or NULL: only bcdDevice is known */
	uint32_t dots;	      /* printers: the width that can be printed on, in dots; 0: not known */
	uint32_t dots_per_mm; /* printers; 0: not known (8 is 203 dpi) */
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
	/** Rows that were wanted. LOBBY_ERR_INVALID: not these. NULL: this printer prints no pictures. */
	int (*band)(void *state, const lobby_PrintBand *band);
	/** Ends the job under way with printed(LOBBY_ERR_CLOSED). */
	void (*cancel)(void *state);
};

/* Devices whose firmware differs from the specification, or that need to be known by name. */
struct quirk {
	uint16_t vendor;
	uint16_t product;     /* 0: all of this vendor */
	uint16_t release_max; /* bcdDevice up to and including; 0: all */
	bool makes_scanners;  /* a HID keyboard of this maker is a scanner in keyboard mode */
	bool speaks_zpl;      /* a printer of this maker is a label printer that speaks ZPL */
	bool no_asb;	      /* GS a is not understood: poll */
	bool no_raster;	      /* prints no pictures (GS v 0) */
	uint8_t columns;      /* of font A; 0: 48 (80 mm paper) */
	uint8_t code_page;    /* ESC t n for PC858; 0: 19 */
	/* A HID device of this maker reads stripes, unless it says that it is a scanner. */
	bool makes_stripe_readers;
	const char *name; /* what it is */
};

/** The driver for this interface, or NULL. */
const struct driver *registry_driver_of(const struct usb_info *info);
/** What a technician calls this kind: "receipt printer". */
const char *registry_kind_name(lobby_DeviceKind kind);
/** What was tried on a device that no driver took, by kind: "scanner, receipt printer". */
void registry_tried(char *out, size_t size);
/** The first row that fits, or an all-zero row. */
const struct quirk *registry_quirk_of(const struct usb_info *info);

#endif

/* libusb in the program's one poll loop: devices come and go, and transfers complete, as callbacks of that loop.
 *
 * A `usb_device` is one interface of one plugged-in device, claimed because the owner wanted it; it is owned by the bus
 * and valid until `gone` returns. Each has four pipes - control, in, out, notify - with one transfer at a time and a
 * buffer of USB_MAX_TRANSFER bytes that belongs to the pipe, so nothing that libusb writes to can be freed under it.
 * Closing cancels and waits: a device that is gone stays in memory, unseen, until libusb has given back its transfers.
 * Not thread-safe; every call and callback is on the loop. Specification: USB 2.0, chapter 9. */
#ifndef LOBBY_DRIVERS_USB_H
#define LOBBY_DRIVERS_USB_H

#include "base/err.h"
#include "base/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define USB_MAX_TRANSFER 4096
#define USB_TEXT 65
#define USB_MAX_EXTRA 128

struct usb;
struct usb_device;

struct usb_endpoint {
	uint8_t address; /* 0: there is none */
	bool interrupt;	 /* else bulk */
	uint16_t packet; /* wMaxPacketSize, bytes */
};

/* What the descriptors say; strings are UTF-8 and come after the interface is claimed. */
struct usb_info {
	uint16_t vendor;
	uint16_t product;
	uint16_t release; /* bcdDevice: the firmware, as far as USB knows */
	uint8_t number;	  /* bInterfaceNumber */
	uint8_t alternate;
	uint8_t class;
	uint8_t subclass;
	uint8_t protocol;
	struct usb_endpoint in; /* bulk where there is one, else interrupt */
	struct usb_endpoint out;
	struct usb_endpoint notify;   /* interrupt IN beside a bulk IN, as CCID has it */
	uint8_t extra[USB_MAX_EXTRA]; /* class descriptors of this interface, cut to whole descriptors that fit */
	size_t extra_len;
	uint16_t hid_report_len;   /* bytes of the HID report descriptor (HID 1.11, 6.2.1); 0: not HID */
	bool kernel_bound;	   /* a kernel driver has it */
	const uint8_t *hid_report; /* what that driver knows of the report descriptor; only in wants(), may be NULL */
	size_t hid_report_known;   /* its bytes */
	char name[USB_TEXT];	   /* product string */
	char serial[USB_TEXT];
};

struct usb_events {
	/** Shall this interface be claimed? Asked once for each interface of each device. */
	bool (*wants)(void *arg, const struct usb_info *info);
	/** None of a device's interfaces was wanted: shall it be known by name all the same? Asked for one interface
	 * after the other until one is; may be NULL. Such a device is found and ready, but never claimed: it has no
	 * pipes, and its strings are empty where it may not be opened. kernel_bound is filled for every class here. */
	bool (*notes)(void *arg, const struct usb_info *info);
	/** It is wanted; it will be opened now. Shows as "starting". */
	void (*found)(void *arg, struct usb_device *device);
	/** Claimed, strings read: transfers may start. */
	void (*ready)(void *arg, struct usb_device *device);
	/** It could not be opened or claimed after several attempts; err says why. It stays in place until gone. */
	void (*failed)(void *arg, struct usb_device *device, int err);
	/** Unplugged. No callback of its transfers comes any more. */
	void (*gone)(void *arg, struct usb_device *device);
};

/** Devices that are plugged in already are found on the loop's next turn. events and arg are borrowed.
 * LOBBY_ERR_IO (no USB), LOBBY_ERR_NO_MEMORY. */
int usb_new(struct loop *loop, const struct usb_events *events, void *arg, struct usb **out) MUST_CHECK;
/** Closes all devices (without `gone`), waiting at most a second for their transfers. */
void usb_free(struct usb *usb);

const struct usb_info *usb_info(const struct usb_device *device);
struct loop *usb_loop(const struct usb_device *device);
/** The driver's state for this device: free to use, not freed here. */
void usb_set_owner(struct usb_device *device, void *owner);
void *usb_owner(const struct usb_device *device);

/** How a transfer ended. data is what was read, valid during the call; len is what was moved, also on
 * failure. err: 0, LOBBY_ERR_TIMEOUT, LOBBY_ERR_UNPLUGGED, LOBBY_ERR_PROTOCOL (stalled), LOBBY_ERR_TOO_LONG (the device
 * sent more than asked), LOBBY_ERR_IO. Stalls and line errors of the in and out pipes were retried three times with
 * growing pauses before this is called. What the in and notify pipes read is overwritten after the call. Empty packets
 * of interrupt endpoints are passed over. */
typedef void usb_done_fn(void *arg, int err, const uint8_t *data, size_t len);

/** One transfer; timeout_ms 0 is for ever. LOBBY_ERR_BUSY while one is under way on that pipe, LOBBY_ERR_TOO_LONG,
 * LOBBY_ERR_UNPLUGGED. For len of a read, use a multiple of the packet size. */
int usb_read(struct usb_device *device, size_t len, unsigned timeout_ms, usb_done_fn *fn, void *arg) MUST_CHECK;
int usb_write(struct usb_device *device, const void *data, size_t len, unsigned timeout_ms, usb_done_fn *fn,
	      void *arg) MUST_CHECK;
/** A control request (USB 2.0, 9.3) that reads at most len bytes, or with len 0 moves none. A stall is an answer, and
 * is not retried. */
int usb_control(struct usb_device *device, uint8_t request_type, uint8_t request, uint16_t value, uint16_t index,
		size_t len, unsigned timeout_ms, usb_done_fn *fn, void *arg) MUST_CHECK;
/** A control request that sends len bytes (HID 1.11, 7.2.2 Set_Report, say); done: len is what was taken. */
int usb_control_write(struct usb_device *device, uint8_t request_type, uint8_t request, uint16_t value, uint16_t index,
		      const void *data, size_t len, unsigned timeout_ms, usb_done_fn *fn, void *arg) MUST_CHECK;
/** As usb_read(), of the notify endpoint. */
int usb_read_notify(struct usb_device *device, size_t len, unsigned timeout_ms, usb_done_fn *fn, void *arg) MUST_CHECK;
/** Ends the read under way; its callback is not called. A read may start once usb_is_reading() is false. */
void usb_cancel_read(struct usb_device *device);
bool usb_is_reading(const struct usb_device *device);
/** Ends the write under way; its callback is not called. */
void usb_cancel_write(struct usb_device *device);
/** True until the write, or its cancelled remains, has ended. */
bool usb_is_writing(const struct usb_device *device);

#endif

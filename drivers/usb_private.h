/* What usb.c (the bus, opening, closing), usb_look.c (what a device is) and usb_pipe.c (transfers) share. Nobody else
 * includes it. */
#ifndef LOBBY_DRIVERS_USB_PRIVATE_H
#define LOBBY_DRIVERS_USB_PRIVATE_H

#include "drivers/usb.h"

#include <libusb.h>

enum usb_pipe_id { USB_PIPE_CONTROL, USB_PIPE_IN, USB_PIPE_OUT, USB_PIPE_NOTIFY, USB_PIPE_COUNT };

/* One direction of one interface: at most one transfer, its buffer, and what is needed to try it again. */
struct usb_pipe {
	struct usb_device *device;
	struct libusb_transfer *transfer;
	uint8_t buffer[LIBUSB_CONTROL_SETUP_SIZE + USB_MAX_TRANSFER];
	bool submitted; /* libusb has it */
	bool waiting;	/* the retry timer has it */
	bool dropped;	/* cancelled by the owner: say nothing */
	uint8_t endpoint;
	size_t len;  /* asked for */
	size_t done; /* moved by attempts before this one */
	unsigned timeout_ms;
	int attempts;
	int empty_ms; /* the last pause after an empty interrupt packet */
	struct loop_timer retry;
	usb_done_fn *fn;
	void *arg;
};

enum usb_phase { USB_OPENING, USB_NAMING, USB_READY, USB_FAILED, USB_CLOSING };

struct usb_device {
	struct usb_device *next;
	struct usb *usb;
	libusb_device *device;
	libusb_device_handle *handle;
	struct usb_info info;
	uint8_t name_index, serial_index;
	enum usb_phase phase;
	bool unplugged;
	bool claimed;
	bool named_only; /* nobody's: opened once, to read its names */
	int attempts;
	struct loop_timer timer;
	struct usb_pipe pipes[USB_PIPE_COUNT];
	void *owner;
};

/* A device that has come and was not looked at yet. */
struct usb_arrival {
	libusb_device *device; /* a reference */
	int64_t since_ms;
};

struct usb {
	struct loop *loop;
	libusb_context *context;
	libusb_hotplug_callback_handle hotplug;
	const struct usb_events *events;
	void *arg;
	struct usb_device *devices;
	struct loop_timer work;
	struct loop_timer settling;
	struct loop_timer timeouts;
	struct usb_arrival arrived[127];
	int arrived_count;
	bool own_timeouts; /* libusb has no timerfd: we wake it */
};

/* usb_pipe.c */
int usb_pipe_init(struct usb_pipe *pipe, struct usb_device *device);
void usb_pipe_fini(struct usb_pipe *pipe);
/* Cancels without a word to the owner. */
void usb_pipe_drop(struct usb_pipe *pipe);
bool usb_pipes_idle(const struct usb_device *device);

/* usb_look.c */
/* Is the kernel done with it: is it configured, and have kernel drivers taken what they will take? A root hub is. */
bool usb_is_settled(libusb_device *device);
/* Asks the owner about each interface, and adds those that are wanted. */
void usb_look_at(struct usb *usb, libusb_device *device);

/* usb.c */
void usb_add_device(struct usb *usb, libusb_device *device, const struct libusb_device_descriptor *dd,
		    const struct usb_info *info, bool named_only);
/* Something changed that must not be dealt with inside a libusb callback: see to it after this turn's events. */
void usb_schedule(struct usb *usb);
void usb_arm_timeouts(struct usb *usb);

#endif

/* A USB bus without hardware: models of devices, shown to real libusb through umockdev, or, with redir.h's bus, to the
 * real kernel of a virtual machine. A model is what is behind the endpoints; it knows nothing of either.
 *
 * umockdev, preloaded into every process that is to see the devices, redirects /dev/bus/usb, /sys and udev's messages
 * to a testbed folder and passes usbdevfs requests (linux/usbdevice_fs.h) to this program, which plays the kernel's
 * part: descriptors, claims, URBs queued per endpoint, NAK (an URB waits), STALL, cancelling, unplugging.
 *
 * Threads: umockdev answers on a thread of its own. Everything that touches a model or the bus holds bus_lock(). Model
 * callbacks are called with it held and must not call the bus, but for bus_wake(). */
#ifndef LOBBY_EMU_BUS_H
#define LOBBY_EMU_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bus;
struct model;

struct model_class {
	/** A control request that the bus does not answer by itself. Fills at most len bytes. Returns how many, or
	 * -EPIPE (stall), -EAGAIN (not yet). */
	int (*control)(struct model *model, const uint8_t setup[8], uint8_t *data, size_t len);
	/** Takes bytes. Returns how many; fewer than len leaves the rest waiting (NAK); -EPIPE stalls. */
	int (*out)(struct model *model, uint8_t endpoint, const uint8_t *data, size_t len);
	/** Gives at most len bytes: a count, 0 for an empty packet, -EAGAIN for nothing yet (NAK), -EPIPE stalls. */
	int (*in)(struct model *model, uint8_t endpoint, uint8_t *data, size_t len);
	/** Plugged in: as after power-on. */
	void (*reset)(struct model *model);
};

/* What every model begins with. */
struct model {
	const struct model_class *class;
	const char *kind;	  /* "scanner", "printer" */
	uint8_t descriptors[512]; /* device and configuration descriptor, as /sys has them */
	size_t descriptors_len;
	const char *strings[4]; /* by index, from 1; ASCII */
	bool strings_lie;	/* they state a length of 0 */
	struct port *port;	/* NULL: not plugged in */
	int64_t given_ns;	/* CLOCK_MONOTONIC when bytes last left it by an IN endpoint; 0: never */
};

/** The bus that umockdev shows. NULL if it is not preloaded. One such bus a process. */
struct bus *bus_new(void);
void bus_free(struct bus *bus);
void bus_lock(struct bus *bus);
void bus_unlock(struct bus *bus);

/** Plugs the model into a free port; it gets a new device number. Not with the lock held. False if there is no room or
 * it is plugged in. */
bool bus_plug(struct bus *bus, struct model *model);
/** Unplugs it: what is pending ends with ENODEV. Not with the lock held. */
void bus_unplug(struct bus *bus, struct model *model);
bool bus_is_plugged(const struct model *model);
/** The model has bytes to give or room to take: tries the waiting transfers again. With the lock held. */
void bus_wake(struct model *model);

/* Only of bus_new()'s bus. */
/** The testbed's folder, which another preloaded process finds in UMOCKDEV_DIR. */
const char *bus_folder(const struct bus *bus);
/** The only process that used the devices was killed: drops its claims and transfers, as the kernel does. */
void bus_release_all(struct bus *bus);
/** usbdevfs requests answered so far: what an idle program must not add to. */
uint64_t bus_requests(const struct bus *bus);

#endif

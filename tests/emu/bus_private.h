/* What a bus is made of, for the ones that there are: bus_umockdev.c, which shows models to libusb in this machine, and
 * redir.c, which shows them to a real kernel in a virtual one. bus.c is what they share: the lock, standard requests,
 * and the turning of a model's callbacks into transfers that end. Nobody else includes it, but for a third bus,
 * tests/fault/devices/bus_inside.c. */
#ifndef LOBBY_EMU_BUS_PRIVATE_H
#define LOBBY_EMU_BUS_PRIVATE_H

#include "tests/emu/bus.h"

#include <pthread.h>

struct port;

struct bus_class {
	/** As bus_plug(), bus_unplug() and bus_free() promise; the model's port is not NULL in unplug. */
	bool (*plug)(struct bus *bus, struct model *model);
	void (*unplug)(struct bus *bus, struct model *model);
	void (*free)(struct bus *bus);
	/** Tries each transfer of this port once, each endpoint in order. With the lock held, never within itself. */
	void (*advance)(struct port *port);
};

/* Begins the bus that a class makes. */
struct bus {
	const struct bus_class *class;
	pthread_mutex_t mutex; /* recursive */
};

/* Begins the port that a class makes: what a plugged model points to. */
struct port {
	struct bus *bus;
	struct model *model; /* NULL: unplugged */
	bool running, run_again;
};

/* One transfer on its way to or from a model. The buffer belongs to whoever asked for the transfer. */
struct transfer {
	bool is_control; /* the buffer begins with the setup packet's eight bytes (USB 2.0, 9.3) */
	uint8_t endpoint;
	uint8_t *buffer;
	size_t len;   /* of the buffer */
	size_t moved; /* data bytes so far */
	int status;   /* once it has ended: 0 or -EPIPE (stall) */
};

void bus_init(struct bus *bus, const struct bus_class *class);
void bus_fini(struct bus *bus);
/** One step of one transfer. True if it ended; false: the model says "not yet" (NAK). With the lock held. */
bool bus_step(struct model *model, struct transfer *transfer);
/** Has the class advance the port's transfers, and once more if a model woke it meanwhile. With the lock held. */
void bus_run(struct port *port);

#endif

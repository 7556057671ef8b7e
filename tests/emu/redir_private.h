/* What redir.c (ports, sockets, the life of a plugged device) and redir_transfer.c (its transfers) share, and
 * redir_info.c reads descriptors into. Nobody else includes it. */
#ifndef LOBBY_EMU_REDIR_PRIVATE_H
#define LOBBY_EMU_REDIR_PRIVATE_H

#include "tests/emu/bus_private.h"
#include "tests/emu/redir.h"

#include <usbredirparser.h>

#define REDIR_ENDPOINTS 32 /* sixteen out, sixteen in: as the protocol numbers them */
#define REDIR_INTERFACES 32

struct redir_port;

/* An interrupt IN endpoint: once the guest has started receiving, it is asked once an interval while it has reports,
 * and otherwise when the model wakes. */
struct redir_pipe {
	struct redir_port *port;
	uint8_t address;
	uint16_t packet; /* wMaxPacketSize, bytes */
	uint8_t interval_ms;
	bool receiving;
	struct loop_timer timer;
};

struct redir_transfer {
	struct redir_transfer *next;
	struct transfer transfer;
	uint64_t id;
	uint8_t type; /* usb_redir_type_... */
	uint8_t *buffer;
	uint32_t stream;
};

struct redir_port {
	struct port port; /* first */
	struct loop *loop;
	char path[108];
	int listener;
	int fd; /* -1: nobody is connected */
	struct usbredirparser *parser;
	bool greeted; /* its hello has come */
	bool shown;   /* it was told of the model */
	bool leaving; /* it was told that the device is gone, and has not said yet that it knows */
	bool broken;  /* the connection is to be closed */
	struct loop_timer closing;
	uint8_t configuration;
	uint8_t alternate[REDIR_INTERFACES];
	struct redir_pipe pipes[REDIR_ENDPOINTS];
	bool halted[256]; /* by address: stalled, and not cleared by the host since (USB 2.0, 9.4.5) */
	struct redir_transfer *transfers;
	uint64_t reports; /* counts the reports' ids */
	uint64_t answered;
};

/* redir.c */
/* Writes what waits to be written. */
void redir_flush(struct redir_port *port);

/* redir_transfer.c */
/* The parser's callbacks for everything that moves data. */
void redir_take_transfers(struct usbredirparser *parser);
/* One pass over what waits: struct bus_class's advance. */
void redir_advance(struct port *port);
/* Forgets what waits; with `say`, each is answered as cancelled. */
void redir_drop_transfers(struct redir_port *port, bool say);
/* Nothing is received from interrupt endpoints any more, and none is halted: as after a reset. */
void redir_stop_receiving(struct redir_port *port);

/* redir_info.c */
/* Sends what interfaces and endpoints the device now has, and readies the pipes for them. */
void redir_send_info(struct redir_port *port);
void redir_send_connect(struct redir_port *port);
/* Is there such an interface with such an alternate setting? */
bool redir_has_alternate(const struct model *model, uint8_t interface, uint8_t alternate);

#endif

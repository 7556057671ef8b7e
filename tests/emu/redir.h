/* The bus of a virtual machine: models served to QEMU by the usbredir protocol, where a real kernel meets them.
 *
 * A port is a Unix socket that listens; QEMU connects to it:
 *   -chardev socket,id=c0,path=PATH -device usb-redir,chardev=c0,bus=xhci.0
 * bus_plug() puts a model at the first free port, whether or not QEMU is there yet. Everything happens on the loop
 * given, on one thread; bus_lock() may be held from there as usual.
 *
 * Specification: usbredir protocol 0.7 (docs/usb-redirection-protocol.md of the usbredir project). Control, bulk and
 * interrupt; no isochronous endpoints, no bulk streams, no buffered bulk reading. */
#ifndef LOBBY_EMU_REDIR_H
#define LOBBY_EMU_REDIR_H

#include "base/loop.h"
#include "tests/emu/bus.h"

#define REDIR_MAX_PORTS 8

/** The sockets are folder/usb-0 to folder/usb-(ports - 1). NULL if they cannot be made. bus_free() removes them. */
struct bus *redir_new(struct loop *loop, const char *folder, int ports);
/** The port's socket; valid as long as the bus. */
const char *redir_path(const struct bus *bus, int port);
/** How many ports somebody has connected to. */
int redir_connected(const struct bus *bus);
/** Interrupt reports and transfers answered so far. */
uint64_t redir_answered(const struct bus *bus);

#endif

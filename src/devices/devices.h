/* lobby-devices: the devices that are plugged in, as messages for the kiosk's other programs.
 *
 * Serves the wire socket at `path`: every peer gets Devices when it connects and on every change, the kiosk gets Scan
 * and Printed, Print is queued (one job at a time, four waiting), Ping is answered. What was scanned passes through and
 * is neither kept nor logged. Single-threaded, on the loop given. */
#ifndef LOBBY_DEVICES_DEVICES_H
#define LOBBY_DEVICES_DEVICES_H

#include "base/err.h"
#include "base/loop.h"

struct devices;

/** path is borrowed for the call. LOBBY_ERR_IO (USB or the socket), LOBBY_ERR_NO_MEMORY. */
int devices_new(struct loop *loop, const char *path, struct devices **out) MUST_CHECK;
/** A job under way is reported as unplugged first. */
void devices_free(struct devices *devices);

#endif

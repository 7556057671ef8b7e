/* Receipt printers that speak ESC/POS over the USB printer class.
 *
 * Specifications: USB Device Class Definition for Printing Devices 1.1 (section 4.2 requests, 5.3 interfaces); Epson
 * "ESC/POS Command Reference". When is a slip printed? The job ends with GS r 1, which the printer answers only after
 * it has worked through everything before it, the cut included; then it is asked once more by DLE EOT whether it is
 * fine. Both answers must come. A printer without an input endpoint (bInterfaceProtocol 1) can only be asked through
 * GET_PORT_STATUS, so there "printed" means that it took all bytes and still reports paper and no error.
 *
 * A slip that jams, runs out of paper or is interrupted by an open cover is printed again from the start, with its mark
 * "Copy" on top, if the printer is well again within half a minute; at most twice. Without a mark (Print.copy) the
 * job ends with the trouble. Pictures are asked for in bands of
 * at most 8 KiB as they are needed, and never held whole.
 *
 * Idle printers: automatic status back (GS a) tells of changes through a pending read, so nothing wakes. Those that do
 * not have it are asked every ten seconds. */
#ifndef LOBBY_DRIVERS_ESCPOS_DRIVER_H
#define LOBBY_DRIVERS_ESCPOS_DRIVER_H

#include "drivers/registry.h"

extern const struct driver escpos_driver;

#endif

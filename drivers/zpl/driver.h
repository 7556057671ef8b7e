/* Label and wristband printers that speak ZPL II over the USB printer class.
 *
 * Specifications: USB Device Class Definition for Printing Devices 1.1 (4.2 requests, 5.3 interfaces); Zebra's ZPL II
 * programming guide (codec.h). The interface looks like a receipt printer's, so the maker's vendor id chooses this
 * driver (registry.c, speaks_zpl) and the IEEE 1284 device id must not contradict: "CMD:ZPL", or no CMD at all.
 *
 * When is a label printed? Once ~HS has said twice, a moment apart, that there is no format in the receive buffer, no
 * label of the batch to come and nothing wrong (twice, because between taking a format from the buffer and counting its
 * labels there is an instant in which a printer holds nothing), and ~HQES, where it is answered, knows of no error.
 *
 * Trouble in the middle (media out, head open, ribbon out, paused): each format says ^JZY, so the printer itself prints
 * an interrupted label again, whole, when the trouble is over; the driver waits MEND_MS for that. A printer that held
 * nothing all the while will not: nobody knows how much came out, so the job is printed once more, marked as a copy
 * (Print.copy; without one the job ends with the trouble). After MEND_MS, on cancel, and before a job when something
 * old is still in the printer, ~JA throws it away: no label comes out later for somebody else.
 *
 * An idle printer is not asked and wakes nobody. ZPL has no automatic status over USB: ^SX sends alerts to the serial
 * and parallel ports and the network; Link-OS printers know the destination USB in "alerts.add", which is a setting
 * that stays in the printer, so it is a technician's to make, not ours. A read is always pending, and whatever comes
 * unasked makes the driver ask ~HS. Otherwise it asks when the printer is plugged in and before, during and after a
 * job; only while something is wrong does it ask again by itself, after 2 s, 4 s, and so on up to 5 minutes. */
#ifndef LOBBY_DRIVERS_ZPL_DRIVER_H
#define LOBBY_DRIVERS_ZPL_DRIVER_H

#include "drivers/registry.h"

extern const struct driver zpl_driver;

#endif

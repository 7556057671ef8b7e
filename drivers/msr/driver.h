/* Magnetic stripe readers over libusb: HID readers that describe tracks, as MagTek's and ID TECH's do. A reader in
 * keyboard mode, or one that encrypts, shows as "unsupported" with words that tell the technician what to set; it is
 * claimed all the same, so that no card number is typed into the kiosk. A payment card's data is overwritten before
 * anything else is done with the swipe. Specifications: see codec.h; requests: drivers/hid_ask.h. */
#ifndef LOBBY_DRIVERS_MSR_DRIVER_H
#define LOBBY_DRIVERS_MSR_DRIVER_H

#include "drivers/registry.h"

extern const struct driver msr_driver;

#endif

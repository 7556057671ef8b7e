/* Bar code scanners in HID POS mode over libusb. Anything else that scans - keyboard mode, a descriptor without decoded
 * data - shows as "unsupported" with words that tell the technician what to set. Specification: see codec.h; requests:
 * HID 1.11, section 7. */
#ifndef LOBBY_DRIVERS_HIDPOS_DRIVER_H
#define LOBBY_DRIVERS_HIDPOS_DRIVER_H

#include "drivers/registry.h"

extern const struct driver hidpos_driver;

#endif

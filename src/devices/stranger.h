/* Devices that no driver wants: whether a technician should hear of one, and what to say of it.
 *
 * Pure. Class codes are the USB-IF's list of defined class codes (USB 2.0, 9.6.1 and 9.6.5). */
#ifndef LOBBY_DEVICES_STRANGER_H
#define LOBBY_DEVICES_STRANGER_H

#include "drivers/usb.h"

/** False for what belongs to the system: a hub; a touchscreen, sound card or network that a kernel driver has. */
bool stranger_is_listed(const struct usb_info *info);
/** "No driver for class 08 (mass storage); tried: scanner, receipt printer." */
void stranger_detail(const struct usb_info *info, char *out, size_t size);

#endif

/* A bus whose every part is in one process: umockdev shows the devices (sysfs, nodes, udev's messages) to real libusb,
 * but libusb's usbdevfs requests are answered here, as function calls, instead of over umockdev's socket by another
 * thread. A transfer costs microseconds and its moment does not depend on a scheduler: what makes a hundred thousand
 * sessions possible, and a failed one repeatable. And libusb's clock is the program's own (base/clock.h).
 *
 * For that it puts itself before ioctl(), close(), clock_gettime() and timerfd_create() of the C library, for the
 * thread that made the bus; all else passes. Single-threaded but for umockdev's and libusb's own. */
#ifndef LOBBY_FAULT_DEVICES_BUS_INSIDE_H
#define LOBBY_FAULT_DEVICES_BUS_INSIDE_H

#include "tests/emu/bus.h"

/** As bus_new(); freed by bus_free(). */
struct bus *bus_inside_new(void);
/** Requests answered so far. */
uint64_t bus_inside_requests(const struct bus *bus);
/** Descriptors of its nodes that are open now. */
int bus_inside_opened(const struct bus *bus);
/** True while one of them is of a device that was unplugged. */
bool bus_inside_is_going(const struct bus *bus);
/** True while a device was plugged in that libusb has not looked at. */
bool bus_inside_is_coming(const struct bus *bus);

#endif

/* Looking at a device: what its descriptors say of each interface, what the kernel has made of it, and whether any
 * driver of ours wants it.
 *
 * udev tells of a device before the kernel is done with it: it may have no configuration yet, or an interface whose
 * driver is about to take it. Looked at then, a keyboard would seem to be nobody's. usb_is_settled() says when to look.
 */
#include "drivers/usb_private.h"

#include "base/bytes.h"
#include "base/file.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_HID_REPORT 4096

/* ---- what an interface is ---- */

/* HID 1.11, 6.2.1: the class descriptor among the interface's own; bytes 7 and 8 are the report descriptor's length. */
static uint16_t hid_report_len(const struct libusb_interface_descriptor *d)
{
	struct reader r = reader_of(d->extra, d->extra_length > 0 ? (size_t)d->extra_length : 0);

	while (reader_left(&r) >= 2) {
		uint8_t len = r.data[r.at], type = r.data[r.at + 1];
		struct reader one = read_sub(&r, len);

		if (len < 2 || one.failed)
			return 0;
		if (type != 0x21 || len < 9)
			continue;
		read_span(&one, 7);
		return read_le16(&one);
	}
	return 0;
}

/* The first endpoint of each direction, bulk ones first; an interrupt IN beside a bulk IN is the one that notifies. */
static void take_endpoints(const struct libusb_interface_descriptor *d, uint8_t type, struct usb_info *info)
{
	for (int i = 0; i < d->bNumEndpoints; i++) {
		const struct libusb_endpoint_descriptor *e = &d->endpoint[i];
		struct usb_endpoint *slot = (e->bEndpointAddress & LIBUSB_ENDPOINT_IN) ? &info->in : &info->out;

		if ((e->bmAttributes & LIBUSB_TRANSFER_TYPE_MASK) != type)
			continue;
		if (slot == &info->in && slot->address != 0 && !slot->interrupt &&
		    type == LIBUSB_TRANSFER_TYPE_INTERRUPT)
			slot = &info->notify;
		if (slot->address == 0)
			*slot = (struct usb_endpoint){ e->bEndpointAddress, type == LIBUSB_TRANSFER_TYPE_INTERRUPT,
						       e->wMaxPacketSize & 0x7ff };
	}
}

/* Class descriptors (USB 2.0, 9.5): each begins with its length and type. They stand behind the interface; some
 * smart-card readers have theirs behind the last endpoint. */
static void take_extra(const struct libusb_interface_descriptor *d, struct usb_info *info)
{
	const struct libusb_endpoint_descriptor *last =
		d->bNumEndpoints > 0 ? &d->endpoint[d->bNumEndpoints - 1] : NULL;
	bool behind = d->extra_length <= 0 && last != NULL && last->extra_length > 0;
	const unsigned char *extra = behind ? last->extra : d->extra;
	int extra_len = behind ? last->extra_length : d->extra_length;
	struct reader r = reader_of(extra, extra_len > 0 ? (size_t)extra_len : 0);

	while (reader_left(&r) >= 2) {
		size_t len = r.data[r.at];
		const uint8_t *one = len < 2 ? NULL : read_span(&r, len);

		if (one == NULL || info->extra_len + len > sizeof(info->extra))
			return;
		memcpy(info->extra + info->extra_len, one, len);
		info->extra_len += len;
	}
}

static void info_of(const struct libusb_device_descriptor *dd, const struct libusb_interface_descriptor *d,
		    struct usb_info *info)
{
	*info = (struct usb_info){ .vendor = dd->idVendor,
				   .product = dd->idProduct,
				   .release = dd->bcdDevice,
				   .number = d->bInterfaceNumber,
				   .alternate = d->bAlternateSetting,
				   .class = d->bInterfaceClass,
				   .subclass = d->bInterfaceSubClass,
				   .protocol = d->bInterfaceProtocol };
	take_endpoints(d, LIBUSB_TRANSFER_TYPE_BULK, info);
	take_endpoints(d, LIBUSB_TRANSFER_TYPE_INTERRUPT, info);
	take_extra(d, info);
	if (info->class == LIBUSB_CLASS_HID)
		info->hid_report_len = hid_report_len(d);
}

/* Where sysfs shows this interface. False for a root hub. */
static bool interface_path(libusb_device *device, uint8_t number, const char *what, char *out, size_t size)
{
	uint8_t ports[8];
	int count = libusb_get_port_numbers(device, ports, sizeof(ports)), at, value;
	struct libusb_config_descriptor *config;

	if (count < 1 || libusb_get_active_config_descriptor(device, &config) != 0)
		return false;
	value = config->bConfigurationValue;
	libusb_free_config_descriptor(config);
	at = snprintf(out, size, "/sys/bus/usb/devices/%d-%d", libusb_get_bus_number(device), ports[0]);
	for (int i = 1; i < count; i++)
		at += snprintf(out + at, size - (size_t)at, ".%d", ports[i]);
	return snprintf(out + at, size - (size_t)at, ":%d.%d%s", value, number, what) < (int)(size - (size_t)at);
}

/* Without opening the device. */
static bool kernel_has(libusb_device *device, uint8_t number)
{
	char path[160];

	return interface_path(device, number, "/driver", path, sizeof(path)) && access(path, F_OK) == 0;
}

/* A HID interface that a kernel driver has may be the kiosk's touchscreen: it must not be claimed to find out. The
 * kernel shows the report descriptor of such a one (Documentation/ABI, sysfs-driver-hid). */
static char *kernel_hid_report(libusb_device *device, uint8_t number, size_t *len)
{
	char pattern[160];
	char *data = NULL;
	glob_t found;

	if (!interface_path(device, number, "/*/report_descriptor", pattern, sizeof(pattern)))
		return NULL;
	if (glob(pattern, 0, NULL, &found) == 0) {
		if (file_read(found.gl_pathv[0], MAX_HID_REPORT, &data, len) != 0)
			data = NULL;
		globfree(&found);
	}
	return data;
}

/* ---- is it time? ---- */

/* A HID interface is the kernel's driver's, if there is one, and it has read what the interface is; others need no
 * waiting, as a driver that has them gives them up when they are claimed. */
static bool is_interface_settled(libusb_device *device, const struct libusb_interface *interface)
{
	char *report;
	size_t len;

	if (interface->num_altsetting < 1 || interface->altsetting[0].bInterfaceClass != LIBUSB_CLASS_HID ||
	    access("/sys/bus/usb/drivers/usbhid", F_OK) != 0)
		return true;
	report = kernel_hid_report(device, interface->altsetting[0].bInterfaceNumber, &len);
	free(report);
	return report != NULL;
}

bool usb_is_settled(libusb_device *device)
{
	struct libusb_config_descriptor *config;
	bool settled = true;

	if (libusb_get_active_config_descriptor(device, &config) != 0)
		return false;
	for (int i = 0; i < config->bNumInterfaces; i++)
		settled = settled && is_interface_settled(device, &config->interface[i]);
	libusb_free_config_descriptor(config);
	return settled;
}

/* ---- looking ---- */

/* Chooses among an interface's alternate settings: the first that is wanted and can answer, else the first wanted.
 * True if one is wanted. */
static bool look_at_interface(struct usb *usb, libusb_device *device, const struct libusb_device_descriptor *dd,
			      const struct libusb_interface *interface)
{
	struct usb_info best, info;
	bool found = false;

	for (int i = 0; i < interface->num_altsetting; i++) {
		const struct libusb_interface_descriptor *d = &interface->altsetting[i];
		libusb_device_handle *handle;
		char *report = NULL;
		size_t len = 0;

		info_of(dd, d, &info);
		if (info.class == LIBUSB_CLASS_HID) {
			info.kernel_bound = kernel_has(device, info.number);
			if (libusb_open(device, &handle) == 0) {
				info.kernel_bound |= libusb_kernel_driver_active(handle, info.number) == 1;
				libusb_close(handle);
			}
			if (info.kernel_bound)
				report = kernel_hid_report(device, info.number, &len);
			info.hid_report = (const uint8_t *)report;
			info.hid_report_known = len;
		}
		if (usb->events->wants(usb->arg, &info) && (!found || (best.in.address == 0 && info.in.address != 0))) {
			best = info;
			found = true;
		}
		free(report);
	}
	if (found)
		usb_add_device(usb, device, dd, &best, false);
	return found;
}

/* None of its interfaces was wanted: it may be worth a word all the same. */
static void look_at_stranger(struct usb *usb, libusb_device *device, const struct libusb_device_descriptor *dd,
			     const struct libusb_config_descriptor *config)
{
	for (int i = 0; i < config->bNumInterfaces; i++) {
		struct usb_info info;

		if (config->interface[i].num_altsetting < 1)
			continue;
		info_of(dd, &config->interface[i].altsetting[0], &info);
		info.kernel_bound = kernel_has(device, info.number);
		if (!usb->events->notes(usb->arg, &info))
			continue;
		usb_add_device(usb, device, dd, &info, true);
		return;
	}
}

void usb_look_at(struct usb *usb, libusb_device *device)
{
	struct libusb_device_descriptor dd;
	struct libusb_config_descriptor *config;
	bool wanted = false;

	if (libusb_get_device_descriptor(device, &dd) != 0 || dd.bDeviceClass == LIBUSB_CLASS_HUB ||
	    libusb_get_active_config_descriptor(device, &config) != 0)
		return;
	for (int i = 0; i < config->bNumInterfaces; i++)
		wanted = look_at_interface(usb, device, &dd, &config->interface[i]) || wanted;
	if (!wanted && usb->events->notes != NULL)
		look_at_stranger(usb, device, &dd, config);
	libusb_free_config_descriptor(config);
}

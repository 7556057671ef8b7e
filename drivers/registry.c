/* See registry.h. To add a protocol: a folder, a row in `drivers`. To add a device that deviates: a row in `quirks`. */
#include "drivers/registry.h"

#include "drivers/ccid/driver.h"
#include "drivers/escpos/driver.h"
#include "drivers/hidpos/driver.h"
#include "drivers/msr/driver.h"
#include "drivers/zpl/driver.h"

#include <stdio.h>
#include <string.h>

static const struct driver *const drivers[] = {
	&msr_driver, /* before hidpos, which takes every HID device that no kernel driver has */
	&hidpos_driver, &escpos_driver, &zpl_driver, &ccid_driver,
};

/* More specific rows first. Vendor ids are those of the USB-IF's list. */
static const struct quirk quirks[] = {
	{ .vendor = 0x0416, .product = 0x5011, .no_asb = true, .columns = 32, .name = "58 mm receipt printer" },
	{ .vendor = 0x05e0, .makes_scanners = true, .name = "Zebra (Symbol)" },
	{ .vendor = 0x05f9, .makes_scanners = true, .name = "Datalogic" },
	{ .vendor = 0x065a, .makes_scanners = true, .name = "Opticon" },
	{ .vendor = 0x0801, .makes_stripe_readers = true, .name = "MagTek" },
	{ .vendor = 0x0a5f, .speaks_zpl = true, .name = "Zebra" },
	{ .vendor = 0x0acd, .makes_stripe_readers = true, .name = "ID TECH" },
	{ .vendor = 0x0c2e, .makes_scanners = true, .name = "Honeywell (Metrologic)" },
	{ .vendor = 0x0db5, .makes_scanners = true, .name = "Access-IS" },
	{ .vendor = 0x1eab, .makes_scanners = true, .name = "Newland" },
};

const struct driver *registry_driver_of(const struct usb_info *info)
{
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		if (drivers[i]->match(info))
			return drivers[i];
	return NULL;
}

const char *registry_kind_name(lobby_DeviceKind kind)
{
	switch (kind) {
	case lobby_DeviceKind_DEVICE_SCANNER:
		return "scanner";
	case lobby_DeviceKind_DEVICE_PRINTER:
		return "receipt printer";
	case lobby_DeviceKind_DEVICE_CARD_READER:
		return "card reader";
	case lobby_DeviceKind_DEVICE_STRIPE_READER:
		return "stripe reader";
	case lobby_DeviceKind_DEVICE_LABEL_PRINTER:
		return "label printer";
	default:
		return "device";
	}
}

static bool has_driver(lobby_DeviceKind kind)
{
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		if (drivers[i]->kind == kind)
			return true;
	return false;
}

void registry_tried(char *out, size_t size)
{
	static const lobby_DeviceKind kinds[] = { lobby_DeviceKind_DEVICE_SCANNER, lobby_DeviceKind_DEVICE_CARD_READER,
						  lobby_DeviceKind_DEVICE_STRIPE_READER,
						  lobby_DeviceKind_DEVICE_PRINTER,
						  lobby_DeviceKind_DEVICE_LABEL_PRINTER };
	size_t at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		int n = has_driver(kinds[i]) ? snprintf(out + at, size - at, "%s%s", at > 0 ? ", " : "",
							registry_kind_name(kinds[i]))
					     : 0;

		if (n < 0 || (size_t)n >= size - at)
			return;
		at += (size_t)n;
	}
}

const struct quirk *registry_quirk_of(const struct usb_info *info)
{
	static const struct quirk none;

	for (size_t i = 0; i < sizeof(quirks) / sizeof(quirks[0]); i++) {
		const struct quirk *q = &quirks[i];

		if (q->vendor == info->vendor && (q->product == 0 || q->product == info->product) &&
		    (q->release_max == 0 || info->release <= q->release_max))
			return q;
	}
	return &none;
}

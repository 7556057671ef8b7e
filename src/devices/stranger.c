/* See stranger.h: one table says both what a class is called and whether the kernel's driver for it is a part of the
 * kiosk's own system. A memory stick has a kernel driver too, but nobody expects it to be there. */
#include "devices/stranger.h"

#include "drivers/registry.h"

#include <stdio.h>

static const struct {
	uint8_t class;
	bool system; /* if a kernel driver has it, it is the system's */
	const char *name;
} classes[] = {
	{ 0x00, false, "each interface its own" },
	{ 0x01, true, "audio" },
	{ 0x02, true, "communications" },
	{ 0x03, true, "HID" },
	{ 0x05, false, "physical" },
	{ 0x06, false, "still image" },
	{ 0x07, false, "printer" },
	{ 0x08, false, "mass storage" },
	{ 0x09, true, "hub" },
	{ 0x0a, true, "communications data" },
	{ 0x0b, false, "smart card" },
	{ 0x0d, false, "content security" },
	{ 0x0e, true, "video" },
	{ 0x0f, false, "health care" },
	{ 0x10, true, "audio and video" },
	{ 0x11, false, "billboard" },
	{ 0x12, false, "USB-C bridge" },
	{ 0xdc, false, "diagnostic" },
	{ 0xe0, true, "wireless" },
	{ 0xef, false, "miscellaneous" },
	{ 0xfe, false, "application specific" },
	{ 0xff, false, "the maker's own" },
};

static int row_of(uint8_t class)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (classes[i].class == class)
			return (int)i;
	return -1;
}

bool stranger_is_listed(const struct usb_info *info)
{
	int row = row_of(info->class);

	return info->class != 0x09 && !(info->kernel_bound && row >= 0 && classes[row].system);
}

void stranger_detail(const struct usb_info *info, char *out, size_t size)
{
	int row = row_of(info->class);
	char tried[96];

	registry_tried(tried, sizeof(tried));
	snprintf(out, size, "No driver for class %02x (%s); tried: %s.", info->class,
		 row < 0 ? "not a known one" : classes[row].name, tried);
}

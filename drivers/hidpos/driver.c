/* States: ASKING for the report descriptor, READING reports for ever, or a stop: UNSUPPORTED, FAULT. While reading, one
 * interrupt transfer is always pending without a time-out, so that a scanner nobody uses never wakes the program. A
 * scan whose continuation does not come within a second is given up. */
#include "drivers/hidpos/driver.h"

#include "drivers/hid_ask.h"
#include "drivers/hidpos/codec.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HID_CLASS 3
#define CONTINUE_MS 1000

struct hidpos {
	struct usb_device *usb;
	const struct driver_events *events;
	void *arg;
	lobby_DeviceState state;
	const char *detail;
	struct hidpos_layout layout;
	struct hidpos_scan scan;
	size_t read_len;
	struct hid_ask ask;
	struct loop_timer timer;
};

static const char keyboard_text[] =
	"This scanner is in keyboard mode. Scan the maker's setup code for \"HID POS\" (USB bar code scanner) mode.";
static const char no_data_text[] =
	"This HID device does not describe decoded bar code data. Set the scanner to \"HID POS\" mode.";

static bool match(const struct usb_info *info)
{
	struct hidpos_layout layout;

	if (info->class != HID_CLASS || !info->in.interrupt || info->in.address == 0 || info->hid_report_len == 0)
		return false;
	if (!info->kernel_bound)
		return true;
	/* The kernel's keyboard or touchscreen is left alone, unless it says that it is a scanner or its maker makes
	 * nothing else. */
	if (info->hid_report != NULL &&
	    hidpos_parse_descriptor(info->hid_report, info->hid_report_known, &layout) == 0 && layout.is_scanner)
		return true;
	return registry_quirk_of(info)->makes_scanners;
}

static void set_state(struct hidpos *h, lobby_DeviceState state, const char *detail)
{
	h->state = state;
	h->detail = detail;
	h->events->changed(h->arg, h->usb);
}

static void tell(struct hidpos *h, const uint8_t *data, size_t len, int err)
{
	struct driver_read read = { .source = lobby_ScanSource_SCAN_CODE,
				    .aim = err == 0 ? h->scan.aim : "",
				    .data = data,
				    .len = len,
				    .err = err };

	h->events->read(h->arg, h->usb, &read);
}

static void on_report(void *arg, int err, const uint8_t *data, size_t len);

static void on_no_continuation(void *arg)
{
	struct hidpos *h = arg;

	bool was_told = h->scan.over;

	log_event(LOG_WARNING, "scan-truncated", "bytes=%zu", h->scan.len);
	hidpos_scan_clear(&h->scan);
	if (!was_told)
		tell(h, NULL, 0, LOBBY_ERR_TRUNCATED);
}

static void keep_reading(struct hidpos *h)
{
	int err = usb_read(h->usb, h->read_len, 0, on_report, h);

	if (err != 0 && err != LOBBY_ERR_UNPLUGGED)
		set_state(h, lobby_DeviceState_DEVICE_FAULT,
			  "The scanner's data pipe cannot be read. Unplug it and plug it in again.");
}

static void take_report(struct hidpos *h, const uint8_t *data, size_t len)
{
	loop_timer_cancel(usb_loop(h->usb), &h->timer);
	switch (hidpos_feed(&h->layout, &h->scan, data, len)) {
	case HIDPOS_COMPLETE:
		tell(h, h->scan.data, h->scan.len, 0);
		hidpos_scan_clear(&h->scan);
		break;
	case HIDPOS_TOO_LONG:
		log_event(LOG_WARNING, "scan-too-long", "%s", "");
		tell(h, NULL, 0, LOBBY_ERR_TOO_LONG);
		break;
	case HIDPOS_MORE:
	case HIDPOS_NOTHING:
		break;
	}
	if (h->scan.open)
		loop_timer_set(usb_loop(h->usb), &h->timer, CONTINUE_MS, on_no_continuation, h);
}

static void on_report(void *arg, int err, const uint8_t *data, size_t len)
{
	struct hidpos *h = arg;

	if (err == LOBBY_ERR_UNPLUGGED)
		return;
	if (err != 0) {
		set_state(h, lobby_DeviceState_DEVICE_FAULT,
			  "The scanner does not answer. Unplug it and plug it in again.");
		return;
	}
	take_report(h, data, len);
	keep_reading(h);
}

static void start_reading(void *arg)
{
	struct hidpos *h = arg;
	size_t packet = usb_info(h->usb)->in.packet;

	/* Whole packets, so that a device that sends more than its report is no overflow. */
	h->read_len = packet == 0 ? h->layout.longest : (h->layout.longest + packet - 1) / packet * packet;
	if (h->read_len == 0 || h->read_len > USB_MAX_TRANSFER) {
		set_state(h, lobby_DeviceState_DEVICE_UNSUPPORTED, "The scanner's reports have an impossible size.");
		return;
	}
	set_state(h, lobby_DeviceState_DEVICE_READY, "");
	keep_reading(h);
}

static bool on_described(void *arg, int err, const uint8_t *data, size_t len)
{
	struct hidpos *h = arg;

	if (err != 0) {
		set_state(h, lobby_DeviceState_DEVICE_FAULT,
			  "The scanner does not hand out its report descriptor. Unplug it and plug it in again.");
		return false;
	}
	err = hidpos_parse_descriptor(data, len, &h->layout);
	if (err != 0) {
		log_event(LOG_WARNING, "scanner-descriptor", "error=%s bytes=%zu", err_event(err), len);
		set_state(h, lobby_DeviceState_DEVICE_UNSUPPORTED,
			  "The scanner's report descriptor breaks the HID rules.");
		return false;
	}
	if (h->layout.report_count == 0) {
		set_state(h, lobby_DeviceState_DEVICE_UNSUPPORTED,
			  h->layout.is_keyboard ? keyboard_text : no_data_text);
		return false;
	}
	return true;
}

static const struct hid_ask_events ask_events = { on_described, start_reading };

static int open_scanner(struct usb_device *usb, const struct driver_events *events, void *arg, void **out)
{
	struct hidpos *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return LOBBY_ERR_NO_MEMORY;
	h->usb = usb;
	h->events = events;
	h->arg = arg;
	h->state = lobby_DeviceState_DEVICE_STARTING;
	h->detail = "";
	*out = h;
	hid_ask_start(&h->ask, usb, &ask_events, h);
	return 0;
}

static void close_scanner(void *state)
{
	struct hidpos *h = state;

	hid_ask_cancel(&h->ask);
	loop_timer_cancel(usb_loop(h->usb), &h->timer);
	explicit_bzero(h, sizeof(*h));
	free(h);
}

static struct driver_status status(const void *state)
{
	const struct hidpos *h = state;

	return (struct driver_status){ .state = h->state, .detail = h->detail };
}

const struct driver hidpos_driver = {
	.name = "hidpos",
	.kind = lobby_DeviceKind_DEVICE_SCANNER,
	.match = match,
	.open = open_scanner,
	.close = close_scanner,
	.status = status,
};

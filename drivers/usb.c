/* The bus: libusb's descriptors in the loop, arrivals and departures, opening and closing.
 *
 * libusb's callbacks only take notes; what they note is dealt with by work(), a zero-delay timer of the loop, because
 * inside a callback nothing may be closed and no blocking request made. A device passes through OPENING (with retries:
 * udev may not have set the node's permissions yet), NAMING (its strings are read), READY and CLOSING. */
#include "drivers/usb_private.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

#include <glob.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OPEN_ATTEMPTS 6
#define FIRST_OPEN_MS 50
#define STRING_TIMEOUT_MS 500
#define MAX_HID_REPORT 4096
#define LANG_ENGLISH_US 0x0409

/* ---- events ---- */

static void pump(struct usb *usb)
{
	struct timeval now = { 0, 0 };

	libusb_handle_events_timeout_completed(usb->context, &now, NULL);
	usb_arm_timeouts(usb);
}

static void on_usb_fd(void *arg, int fd, short revents)
{
	(void)fd;
	(void)revents;
	pump(arg);
}

static void on_timeouts(void *arg)
{
	pump(arg);
}

void usb_arm_timeouts(struct usb *usb)
{
	struct timeval left;

	if (!usb->own_timeouts)
		return;
	if (libusb_get_next_timeout(usb->context, &left) == 1)
		loop_timer_set(usb->loop, &usb->timeouts, left.tv_sec * 1000 + left.tv_usec / 1000 + 1, on_timeouts,
			       usb);
	else
		loop_timer_cancel(usb->loop, &usb->timeouts);
}

static void fd_added(int fd, short events, void *arg)
{
	struct usb *usb = arg;

	if (loop_fd_add(usb->loop, fd, events, on_usb_fd, usb) != 0)
		log_event(LOG_ERROR, "usb-descriptors", "error=%s", err_event(LOBBY_ERR_NO_MEMORY));
}

static void fd_removed(int fd, void *arg)
{
	struct usb *usb = arg;

	loop_fd_remove(usb->loop, fd);
}

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

/* Class descriptors (USB 2.0, 9.5): each begins with its length and type. */
static void take_extra(const struct libusb_interface_descriptor *d, struct usb_info *info)
{
	struct reader r = reader_of(d->extra, d->extra_length > 0 ? (size_t)d->extra_length : 0);

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
	int count = libusb_get_port_numbers(device, ports, sizeof(ports)), at;

	if (count < 1)
		return false;
	at = snprintf(out, size, "/sys/bus/usb/devices/%d-%d", libusb_get_bus_number(device), ports[0]);
	for (int i = 1; i < count; i++)
		at += snprintf(out + at, size - (size_t)at, ".%d", ports[i]);
	return snprintf(out + at, size - (size_t)at, ":1.%d%s", number, what) < (int)(size - (size_t)at);
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

/* ---- opening ---- */

static void fail(struct usb_device *d, int err)
{
	d->phase = USB_FAILED;
	log_event(LOG_WARNING, "usb-open", "vendor=%04x product=%04x error=%s", d->info.vendor, d->info.product,
		  err_event(err));
	d->usb->events->failed(d->usb->arg, d, err);
}

/* A string descriptor (USB 2.0, 9.6.7): length, type 3, UTF-16LE. Becomes clean UTF-8; control characters are left
 * out. */
static void decode_string(const uint8_t *data, size_t len, char *out, size_t size)
{
	struct reader r = reader_of(data, len);
	uint8_t stated = read_u8(&r);
	size_t at = 0;

	if (read_u8(&r) != 3)
		return;
	if (stated < len)
		r.len = stated;
	while (reader_left(&r) >= 2) {
		uint32_t c = read_le16(&r);
		char bytes[4];
		size_t n;

		if ((c & 0xfc00) == 0xd800 && reader_left(&r) >= 2)
			c = 0x10000 + ((c & 0x3ff) << 10) + (read_le16(&r) & 0x3ffU);
		if (c < 0x20 || (c >= 0x7f && c < 0xa0) || (c & 0xfffff800) == 0xd800)
			continue;
		n = text_encode(c, bytes);
		if (at + n + 1 > size)
			break;
		memcpy(out + at, bytes, n);
		at += n;
	}
	out[at] = '\0';
	text_trim(out);
}

static void become_ready(struct usb_device *d)
{
	d->phase = USB_READY;
	log_event(LOG_INFO, "usb-ready", "vendor=%04x product=%04x release=%04x interface=%d claimed=%d",
		  d->info.vendor, d->info.product, d->info.release, d->info.number, d->claimed);
	if (d->named_only)
		usb_schedule(d->usb); /* to close it */
	d->usb->events->ready(d->usb->arg, d);
}

static void ask_string(struct usb_device *d, uint8_t index, usb_done_fn *fn)
{
	if (index == 0 ||
	    usb_control(d, LIBUSB_ENDPOINT_IN, LIBUSB_REQUEST_GET_DESCRIPTOR, (uint16_t)(LIBUSB_DT_STRING << 8 | index),
			LANG_ENGLISH_US, 255, STRING_TIMEOUT_MS, fn, d) != 0)
		fn(d, LOBBY_ERR_NOT_FOUND, NULL, 0);
}

static void on_serial(void *arg, int err, const uint8_t *data, size_t len)
{
	struct usb_device *d = arg;

	if (err == 0)
		decode_string(data, len, d->info.serial, sizeof(d->info.serial));
	if (!d->unplugged)
		become_ready(d);
}

static void on_name(void *arg, int err, const uint8_t *data, size_t len)
{
	struct usb_device *d = arg;

	if (err == 0)
		decode_string(data, len, d->info.name, sizeof(d->info.name));
	ask_string(d, d->serial_index, on_serial);
}

static int claim(struct usb_device *d)
{
	int rc = libusb_claim_interface(d->handle, d->info.number);

	if (rc == 0) {
		d->claimed = true;
		if (d->info.alternate != 0)
			rc = libusb_set_interface_alt_setting(d->handle, d->info.number, d->info.alternate);
	}
	return rc;
}

static void try_open(void *arg)
{
	struct usb_device *d = arg;
	int rc = 0;

	if (d->handle == NULL)
		rc = libusb_open(d->device, &d->handle);
	if (rc == 0 && !d->named_only) {
		libusb_set_auto_detach_kernel_driver(d->handle, 1);
		rc = claim(d);
	}
	if (rc == 0) {
		d->phase = USB_NAMING;
		ask_string(d, d->name_index, on_name);
	} else if (++d->attempts < OPEN_ATTEMPTS) {
		loop_timer_set(d->usb->loop, &d->timer, (int64_t)FIRST_OPEN_MS << d->attempts, try_open, d);
	} else if (d->named_only) {
		become_ready(d); /* its numbers will have to do */
	} else {
		fail(d, rc == LIBUSB_ERROR_ACCESS ? LOBBY_ERR_FORBIDDEN
			: rc == LIBUSB_ERROR_BUSY ? LOBBY_ERR_BUSY
						  : LOBBY_ERR_IO);
	}
}

static void add_device(struct usb *usb, libusb_device *device, const struct libusb_device_descriptor *dd,
		       const struct usb_info *info, bool named_only)
{
	struct usb_device *d = calloc(1, sizeof(*d));
	struct usb_device **tail = &usb->devices;

	if (d == NULL)
		return;
	d->usb = usb;
	d->device = libusb_ref_device(device);
	d->info = *info;
	d->named_only = named_only;
	d->info.hid_report = NULL;
	d->info.kernel_bound = false; /* libusb takes it from the kernel's driver when it is claimed */
	d->name_index = dd->iProduct;
	d->serial_index = dd->iSerialNumber;
	for (int i = 0; i < USB_PIPE_COUNT; i++)
		if (usb_pipe_init(&d->pipes[i], d) != 0)
			abort(); /* a few dozen bytes: nothing would work any more */
	while (*tail != NULL)
		tail = &(*tail)->next;
	*tail = d;
	usb->events->found(usb->arg, d);
	loop_timer_set(usb->loop, &d->timer, 0, try_open, d);
}

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
		if (info.class == LIBUSB_CLASS_HID && libusb_open(device, &handle) == 0) {
			info.kernel_bound = libusb_kernel_driver_active(handle, info.number) == 1;
			libusb_close(handle);
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
		add_device(usb, device, dd, &best, false);
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
		add_device(usb, device, dd, &info, true);
		return;
	}
}

static void look_at(struct usb *usb, libusb_device *device)
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

/* ---- closing ---- */

static void start_closing(struct usb_device *d)
{
	d->phase = USB_CLOSING;
	loop_timer_cancel(d->usb->loop, &d->timer);
	for (int i = 0; i < USB_PIPE_COUNT; i++)
		usb_pipe_drop(&d->pipes[i]);
}

static void free_device(struct usb_device *d)
{
	for (int i = 0; i < USB_PIPE_COUNT; i++)
		usb_pipe_fini(&d->pipes[i]);
	if (d->handle != NULL) {
		if (d->claimed)
			libusb_release_interface(d->handle, d->info.number);
		libusb_close(d->handle);
	}
	libusb_unref_device(d->device);
	free(d);
}

/* Those that were opened for their names alone are left to whoever else may use them. */
static void close_named(struct usb *usb)
{
	for (struct usb_device *d = usb->devices; d != NULL; d = d->next) {
		if (!d->named_only || d->phase != USB_READY || d->handle == NULL || !usb_pipes_idle(d))
			continue;
		libusb_close(d->handle);
		d->handle = NULL;
	}
}

/* Forgets the devices whose transfers have all come back. True if none is left that is closing. */
static bool reap_closed(struct usb *usb)
{
	struct usb_device **at = &usb->devices;
	bool all = true;

	while (*at != NULL) {
		struct usb_device *d = *at;

		if (d->phase == USB_CLOSING && usb_pipes_idle(d)) {
			*at = d->next;
			free_device(d);
			continue;
		}
		all = all && d->phase != USB_CLOSING;
		at = &d->next;
	}
	return all;
}

/* ---- the bus ---- */

static void work(void *arg)
{
	struct usb *usb = arg;

	for (struct usb_device *d = usb->devices; d != NULL; d = d->next) {
		if (!d->unplugged || d->phase == USB_CLOSING)
			continue;
		log_event(LOG_INFO, "usb-gone", "vendor=%04x product=%04x", d->info.vendor, d->info.product);
		usb->events->gone(usb->arg, d);
		start_closing(d);
	}
	reap_closed(usb);
	close_named(usb);
	for (int i = 0; i < usb->arrived_count; i++) {
		look_at(usb, usb->arrived[i]);
		libusb_unref_device(usb->arrived[i]);
	}
	usb->arrived_count = 0;
}

void usb_schedule(struct usb *usb)
{
	loop_timer_set(usb->loop, &usb->work, 0, work, usb);
}

static int LIBUSB_CALL on_hotplug(libusb_context *context, libusb_device *device, libusb_hotplug_event event, void *arg)
{
	struct usb *usb = arg;

	(void)context;
	if (event == LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED) {
		if (usb->arrived_count < (int)(sizeof(usb->arrived) / sizeof(usb->arrived[0])))
			usb->arrived[usb->arrived_count++] = libusb_ref_device(device);
	} else {
		for (struct usb_device *d = usb->devices; d != NULL; d = d->next)
			if (d->device == device)
				d->unplugged = true;
		for (int i = 0; i < usb->arrived_count; i++) {
			if (usb->arrived[i] != device)
				continue;
			libusb_unref_device(device);
			usb->arrived[i--] = usb->arrived[--usb->arrived_count];
		}
	}
	usb_schedule(usb);
	return 0;
}

static int watch_descriptors(struct usb *usb)
{
	const struct libusb_pollfd **fds = libusb_get_pollfds(usb->context);

	if (fds == NULL)
		return LOBBY_ERR_IO;
	for (int i = 0; fds[i] != NULL; i++)
		fd_added(fds[i]->fd, fds[i]->events, usb);
	libusb_free_pollfds(fds);
	libusb_set_pollfd_notifiers(usb->context, fd_added, fd_removed, usb);
	usb->own_timeouts = libusb_pollfds_handle_timeouts(usb->context) == 0;
	return 0;
}

int usb_new(struct loop *loop, const struct usb_events *events, void *arg, struct usb **out)
{
	struct usb *usb = calloc(1, sizeof(*usb));
	int err = LOBBY_ERR_IO;

	if (usb == NULL)
		return LOBBY_ERR_NO_MEMORY;
	usb->loop = loop;
	usb->events = events;
	usb->arg = arg;
	if (libusb_init(&usb->context) != 0)
		goto fail_init;
	err = watch_descriptors(usb);
	if (err != 0)
		goto fail_watch;
	if (libusb_hotplug_register_callback(
		    usb->context, LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED | LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT,
		    LIBUSB_HOTPLUG_ENUMERATE, LIBUSB_HOTPLUG_MATCH_ANY, LIBUSB_HOTPLUG_MATCH_ANY,
		    LIBUSB_HOTPLUG_MATCH_ANY, on_hotplug, usb, &usb->hotplug) != 0) {
		err = LOBBY_ERR_IO;
		goto fail_watch;
	}
	*out = usb;
	return 0;
fail_watch:
	libusb_exit(usb->context);
fail_init:
	free(usb);
	return err;
}

void usb_free(struct usb *usb)
{
	if (usb == NULL)
		return;
	libusb_hotplug_deregister_callback(usb->context, usb->hotplug);
	for (struct usb_device *d = usb->devices; d != NULL; d = d->next)
		start_closing(d);
	for (int i = 0; i < 10 && !reap_closed(usb); i++) {
		struct timeval wait = { 0, 100000 };

		libusb_handle_events_timeout_completed(usb->context, &wait, NULL);
	}
	for (int i = 0; i < usb->arrived_count; i++)
		libusb_unref_device(usb->arrived[i]);
	loop_timer_cancel(usb->loop, &usb->work);
	loop_timer_cancel(usb->loop, &usb->timeouts);
	libusb_exit(usb->context);
	free(usb);
}

const struct usb_info *usb_info(const struct usb_device *device)
{
	return &device->info;
}

struct loop *usb_loop(const struct usb_device *device)
{
	return device->usb->loop;
}

void usb_set_owner(struct usb_device *device, void *owner)
{
	device->owner = owner;
}

void *usb_owner(const struct usb_device *device)
{
	return device->owner;
}

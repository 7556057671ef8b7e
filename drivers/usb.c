/* The bus: libusb's descriptors in the loop, arrivals and departures, opening and closing.
 *
 * libusb's callbacks only take notes; what they note is dealt with by work(), a zero-delay timer of the loop, because
 * inside a callback nothing may be closed and no blocking request made. A device passes through OPENING (with retries:
 * udev may not have set the node's permissions yet), NAMING (its strings are read), READY and CLOSING. */
#include "drivers/usb_private.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPEN_ATTEMPTS 6 /* three seconds */
#define UDEV_ATTEMPTS 9 /* 25: at power-on udev has much to do before it gives us a device */
#define FIRST_OPEN_MS 50
#define STRING_TIMEOUT_MS 500
#define SETTLE_MS 500
#define SETTLE_STEP_MS 20
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
	if (stated < 2)
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
	} else if (++d->attempts < (rc == LIBUSB_ERROR_ACCESS && !d->named_only ? UDEV_ATTEMPTS : OPEN_ATTEMPTS)) {
		loop_timer_set(d->usb->loop, &d->timer, (int64_t)FIRST_OPEN_MS << d->attempts, try_open, d);
	} else if (d->named_only) {
		become_ready(d); /* its numbers will have to do */
	} else {
		fail(d, rc == LIBUSB_ERROR_ACCESS ? LOBBY_ERR_FORBIDDEN
			: rc == LIBUSB_ERROR_BUSY ? LOBBY_ERR_BUSY
						  : LOBBY_ERR_IO);
	}
}

void usb_add_device(struct usb *usb, libusb_device *device, const struct libusb_device_descriptor *dd,
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

/* Looks at those that the kernel has finished with, or does not finish with; at the others again soon. */
static void look_at_arrivals(void *arg)
{
	struct usb *usb = arg;
	int64_t now = clock_mono_ms();
	int kept = 0;

	for (int i = 0; i < usb->arrived_count; i++) {
		struct usb_arrival arrival = usb->arrived[i];

		if (!usb_is_settled(arrival.device) && now - arrival.since_ms < SETTLE_MS) {
			usb->arrived[kept++] = arrival;
			continue;
		}
		usb_look_at(usb, arrival.device);
		libusb_unref_device(arrival.device);
	}
	usb->arrived_count = kept;
	if (kept > 0)
		loop_timer_set(usb->loop, &usb->settling, SETTLE_STEP_MS, look_at_arrivals, usb);
}

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
	look_at_arrivals(usb);
}

void usb_schedule(struct usb *usb)
{
	loop_timer_set(usb->loop, &usb->work, 0, work, usb);
}

/* A device that comes while libusb starts is told twice: as one of those that are there, and as one that has come. */
static bool is_known(const struct usb *usb, const libusb_device *device)
{
	for (const struct usb_device *d = usb->devices; d != NULL; d = d->next)
		if (d->device == device)
			return true;
	for (int i = 0; i < usb->arrived_count; i++)
		if (usb->arrived[i].device == device)
			return true;
	return false;
}

static int LIBUSB_CALL on_hotplug(libusb_context *context, libusb_device *device, libusb_hotplug_event event, void *arg)
{
	struct usb *usb = arg;

	(void)context;
	if (event == LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED) {
		if (!is_known(usb, device) &&
		    usb->arrived_count < (int)(sizeof(usb->arrived) / sizeof(usb->arrived[0])))
			usb->arrived[usb->arrived_count++] =
				(struct usb_arrival){ libusb_ref_device(device), clock_mono_ms() };
	} else {
		for (struct usb_device *d = usb->devices; d != NULL; d = d->next)
			if (d->device == device)
				d->unplugged = true;
		for (int i = 0; i < usb->arrived_count; i++) {
			if (usb->arrived[i].device != device)
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
		libusb_unref_device(usb->arrived[i].device);
	loop_timer_cancel(usb->loop, &usb->work);
	loop_timer_cancel(usb->loop, &usb->settling);
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

/* Transfers: submit, retry with growing pauses, cancel, and never a callback to an owner that has gone.
 *
 * A pipe is in one of three states: free, submitted (libusb has the transfer) or waiting (the retry timer has it).
 * Retrying happens on the timer, never inside libusb's callback, because clearing a halt is a request of its own. */
#include "drivers/usb_private.h"

#include "base/log.h"

#include <assert.h>
#include <string.h>

#define MAX_ATTEMPTS 4
#define FIRST_RETRY_MS 20
#define LAST_EMPTY_MS 128

static int error_of(enum libusb_transfer_status status)
{
	switch (status) {
	case LIBUSB_TRANSFER_COMPLETED:
		return 0;
	case LIBUSB_TRANSFER_TIMED_OUT:
		return LOBBY_ERR_TIMEOUT;
	case LIBUSB_TRANSFER_NO_DEVICE:
		return LOBBY_ERR_UNPLUGGED;
	case LIBUSB_TRANSFER_STALL:
		return LOBBY_ERR_PROTOCOL;
	case LIBUSB_TRANSFER_OVERFLOW:
		return LOBBY_ERR_TOO_LONG;
	case LIBUSB_TRANSFER_CANCELLED:
		return LOBBY_ERR_CLOSED;
	default:
		return LOBBY_ERR_IO;
	}
}

static bool is_read(const struct usb_pipe *pipe)
{
	return pipe == &pipe->device->pipes[USB_PIPE_IN] || pipe == &pipe->device->pipes[USB_PIPE_NOTIFY];
}

/* What a device sent may be a card: it leaves no trace once its owner has seen it. The owner sees a copy, since the
 * next read, begun in its callback, may have filled the buffer again before that returns. */
static void hand_over(struct usb_pipe *pipe, usb_done_fn *fn, int err)
{
	uint8_t seen[sizeof(pipe->buffer)];
	size_t len = pipe->done;

	memcpy(seen, pipe->buffer, len);
	explicit_bzero(pipe->buffer, pipe->len);
	fn(pipe->arg, err, seen, len);
	explicit_bzero(seen, len);
}

static void finish(struct usb_pipe *pipe, int err)
{
	usb_done_fn *fn = pipe->fn;
	size_t skip = pipe->endpoint == 0 ? LIBUSB_CONTROL_SETUP_SIZE : 0;

	pipe->fn = NULL;
	if (err == LOBBY_ERR_UNPLUGGED) {
		pipe->device->unplugged = true;
		usb_schedule(pipe->device->usb);
	}
	if (pipe->dropped || pipe->device->phase == USB_CLOSING || fn == NULL) {
		usb_schedule(pipe->device->usb);
		if (pipe->endpoint != 0)
			explicit_bzero(pipe->buffer, pipe->len);
	} else if (is_read(pipe)) {
		hand_over(pipe, fn, err);
	} else {
		if (pipe->endpoint != 0) /* a slip has a name on it */
			explicit_bzero(pipe->buffer, pipe->len);
		fn(pipe->arg, err, pipe->buffer + skip, pipe->done);
	}
}

static void on_complete(struct libusb_transfer *transfer);

static bool is_interrupt(const struct usb_pipe *pipe)
{
	const struct usb_device *d = pipe->device;

	return pipe == &d->pipes[USB_PIPE_NOTIFY] || (pipe == &d->pipes[USB_PIPE_IN] && d->info.in.interrupt) ||
	       (pipe == &d->pipes[USB_PIPE_OUT] && d->info.out.interrupt);
}

static int submit(struct usb_pipe *pipe)
{
	struct usb_device *device = pipe->device;
	libusb_device_handle *handle = device->handle;
	struct libusb_transfer *t = pipe->transfer;
	int len = (int)(pipe->len - pipe->done), rc;

	if (pipe == &device->pipes[USB_PIPE_CONTROL])
		libusb_fill_control_transfer(t, handle, pipe->buffer, on_complete, pipe, pipe->timeout_ms);
	else if (is_interrupt(pipe))
		libusb_fill_interrupt_transfer(t, handle, pipe->endpoint, pipe->buffer + pipe->done, len, on_complete,
					       pipe, pipe->timeout_ms);
	else
		libusb_fill_bulk_transfer(t, handle, pipe->endpoint, pipe->buffer + pipe->done, len, on_complete, pipe,
					  pipe->timeout_ms);
	rc = libusb_submit_transfer(t);
	if (rc != 0)
		return rc == LIBUSB_ERROR_NO_DEVICE ? LOBBY_ERR_UNPLUGGED : LOBBY_ERR_IO;
	pipe->submitted = true;
	usb_arm_timeouts(device->usb);
	return 0;
}

static void on_retry(void *arg)
{
	struct usb_pipe *pipe = arg;
	int err;

	pipe->waiting = false;
	/* Also resets the host's data toggle (USB 2.0, 5.8.5); refused if the device is gone, which submit() says. */
	if (libusb_clear_halt(pipe->device->handle, pipe->endpoint) == LIBUSB_ERROR_NO_DEVICE)
		pipe->device->unplugged = true;
	err = pipe->device->unplugged ? LOBBY_ERR_UNPLUGGED : submit(pipe);
	if (err != 0)
		finish(pipe, err);
}

/* An interrupt endpoint with nothing to say should not answer; one that says so all the time would keep the program
 * awake. Its empty packets are passed over, with growing pauses. */
static bool is_empty_packet(struct usb_pipe *pipe)
{
	if (pipe->done > 0 || !is_read(pipe) || !is_interrupt(pipe) || pipe->dropped ||
	    pipe->device->phase == USB_CLOSING)
		return false;
	pipe->empty_ms = pipe->empty_ms == 0 ? 1 : pipe->empty_ms * 2;
	if (pipe->empty_ms > LAST_EMPTY_MS)
		pipe->empty_ms = LAST_EMPTY_MS;
	return true;
}

static void on_empty_over(void *arg)
{
	struct usb_pipe *pipe = arg;
	int err;

	pipe->waiting = false;
	err = pipe->device->unplugged ? LOBBY_ERR_UNPLUGGED : submit(pipe);
	if (err != 0)
		finish(pipe, err);
}

static void on_complete(struct libusb_transfer *transfer)
{
	struct usb_pipe *pipe = transfer->user_data;
	int err = error_of(transfer->status);

	pipe->submitted = false;
	pipe->done += (size_t)transfer->actual_length;
	if (err == 0 && is_empty_packet(pipe)) {
		pipe->waiting = true;
		loop_timer_set(pipe->device->usb->loop, &pipe->retry, pipe->empty_ms, on_empty_over, pipe);
		return;
	}
	pipe->empty_ms = 0;
	if ((err == LOBBY_ERR_PROTOCOL || err == LOBBY_ERR_IO) && pipe->endpoint != 0 && !pipe->dropped &&
	    pipe->device->phase != USB_CLOSING && pipe->attempts < MAX_ATTEMPTS - 1) {
		log_event(LOG_INFO, "usb-retry", "endpoint=%02x error=%s attempt=%d", pipe->endpoint, err_event(err),
			  pipe->attempts + 1);
		pipe->waiting = true;
		loop_timer_set(pipe->device->usb->loop, &pipe->retry, (int64_t)FIRST_RETRY_MS << 2 * pipe->attempts++,
			       on_retry, pipe);
		return;
	}
	finish(pipe, err);
}

int usb_pipe_init(struct usb_pipe *pipe, struct usb_device *device)
{
	pipe->device = device;
	pipe->transfer = libusb_alloc_transfer(0);
	return pipe->transfer == NULL ? LOBBY_ERR_NO_MEMORY : 0;
}

void usb_pipe_fini(struct usb_pipe *pipe)
{
	assert(!pipe->submitted);
	if (pipe->device != NULL)
		loop_timer_cancel(pipe->device->usb->loop, &pipe->retry);
	libusb_free_transfer(pipe->transfer);
	explicit_bzero(pipe->buffer, sizeof(pipe->buffer));
}

void usb_pipe_drop(struct usb_pipe *pipe)
{
	pipe->dropped = true;
	pipe->fn = NULL;
	if (pipe->waiting) {
		loop_timer_cancel(pipe->device->usb->loop, &pipe->retry);
		pipe->waiting = false;
	}
	if (pipe->submitted)
		libusb_cancel_transfer(pipe->transfer); /* ends in on_complete(), or has ended already */
}

bool usb_pipes_idle(const struct usb_device *device)
{
	for (int i = 0; i < USB_PIPE_COUNT; i++)
		if (device->pipes[i].submitted || device->pipes[i].waiting)
			return false;
	return true;
}

static bool is_busy(const struct usb_pipe *pipe)
{
	return pipe->submitted || pipe->waiting;
}

static int start(struct usb_pipe *pipe, uint8_t endpoint, size_t len, unsigned timeout_ms, usb_done_fn *fn, void *arg)
{
	int err;

	pipe->endpoint = endpoint;
	pipe->len = len;
	pipe->done = 0;
	pipe->attempts = 0;
	pipe->dropped = false;
	pipe->timeout_ms = timeout_ms;
	pipe->fn = fn;
	pipe->arg = arg;
	err = submit(pipe);
	if (err == LOBBY_ERR_UNPLUGGED) {
		pipe->device->unplugged = true;
		usb_schedule(pipe->device->usb);
	}
	return err;
}

static int check(const struct usb_device *device, const struct usb_pipe *pipe, size_t len)
{
	if (device->phase == USB_CLOSING || device->unplugged || device->handle == NULL)
		return LOBBY_ERR_UNPLUGGED;
	if (is_busy(pipe))
		return LOBBY_ERR_BUSY;
	return len > USB_MAX_TRANSFER ? LOBBY_ERR_TOO_LONG : 0;
}

int usb_read(struct usb_device *device, size_t len, unsigned timeout_ms, usb_done_fn *fn, void *arg)
{
	struct usb_pipe *pipe = &device->pipes[USB_PIPE_IN];
	int err = check(device, pipe, len);

	assert(device->info.in.address != 0);
	return err != 0 ? err : start(pipe, device->info.in.address, len, timeout_ms, fn, arg);
}

int usb_read_notify(struct usb_device *device, size_t len, unsigned timeout_ms, usb_done_fn *fn, void *arg)
{
	struct usb_pipe *pipe = &device->pipes[USB_PIPE_NOTIFY];
	int err = check(device, pipe, len);

	assert(device->info.notify.address != 0);
	return err != 0 ? err : start(pipe, device->info.notify.address, len, timeout_ms, fn, arg);
}

int usb_write(struct usb_device *device, const void *data, size_t len, unsigned timeout_ms, usb_done_fn *fn, void *arg)
{
	struct usb_pipe *pipe = &device->pipes[USB_PIPE_OUT];
	int err = check(device, pipe, len);

	assert(device->info.out.address != 0);
	if (err != 0)
		return err;
	memcpy(pipe->buffer, data, len);
	return start(pipe, device->info.out.address, len, timeout_ms, fn, arg);
}

int usb_control(struct usb_device *device, uint8_t request_type, uint8_t request, uint16_t value, uint16_t index,
		size_t len, unsigned timeout_ms, usb_done_fn *fn, void *arg)
{
	struct usb_pipe *pipe = &device->pipes[USB_PIPE_CONTROL];
	int err = check(device, pipe, len);

	assert(len == 0 || (request_type & LIBUSB_ENDPOINT_IN) != 0);
	if (err != 0)
		return err;
	libusb_fill_control_setup(pipe->buffer, request_type, request, value, index, (uint16_t)len);
	return start(pipe, 0, len, timeout_ms, fn, arg);
}

int usb_control_write(struct usb_device *device, uint8_t request_type, uint8_t request, uint16_t value, uint16_t index,
		      const void *data, size_t len, unsigned timeout_ms, usb_done_fn *fn, void *arg)
{
	struct usb_pipe *pipe = &device->pipes[USB_PIPE_CONTROL];
	int err = check(device, pipe, len);

	assert((request_type & LIBUSB_ENDPOINT_IN) == 0);
	if (err != 0)
		return err;
	libusb_fill_control_setup(pipe->buffer, request_type, request, value, index, (uint16_t)len);
	if (len > 0)
		memcpy(pipe->buffer + LIBUSB_CONTROL_SETUP_SIZE, data, len);
	return start(pipe, 0, len, timeout_ms, fn, arg);
}

void usb_cancel_read(struct usb_device *device)
{
	if (is_busy(&device->pipes[USB_PIPE_IN]))
		usb_pipe_drop(&device->pipes[USB_PIPE_IN]);
}

bool usb_is_reading(const struct usb_device *device)
{
	return is_busy(&device->pipes[USB_PIPE_IN]);
}

void usb_cancel_write(struct usb_device *device)
{
	if (is_busy(&device->pipes[USB_PIPE_OUT]))
		usb_pipe_drop(&device->pipes[USB_PIPE_OUT]);
}

bool usb_is_writing(const struct usb_device *device)
{
	return is_busy(&device->pipes[USB_PIPE_OUT]);
}

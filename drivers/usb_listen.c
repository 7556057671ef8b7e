/* See usb_listen.h. */
#include "drivers/usb_listen.h"

#include <string.h>

#define FIRST_PAUSE_MS 20
#define LAST_PAUSE_MS 10000

static void on_read(void *arg, int err, const uint8_t *data, size_t len);

static void read_on(void *arg)
{
	struct usb_listener *l = arg;
	size_t packet = usb_info(l->usb)->in.packet;
	int err = usb_read(l->usb, packet > l->len ? packet : l->len, 0, on_read, l);

	if (err != 0 && err != LOBBY_ERR_UNPLUGGED && err != LOBBY_ERR_BUSY)
		l->broken(l->arg, err);
}

static void on_read(void *arg, int err, const uint8_t *data, size_t len)
{
	struct usb_listener *l = arg;
	uint8_t bytes[USB_MAX_TRANSFER];

	if (err == LOBBY_ERR_UNPLUGGED)
		return;
	if (err != 0) {
		l->broken(l->arg, err);
		return;
	}
	if (len == 0) {
		l->pause_ms = l->pause_ms == 0 ? FIRST_PAUSE_MS : l->pause_ms * 2;
		if (l->pause_ms > LAST_PAUSE_MS)
			l->pause_ms = LAST_PAUSE_MS;
		loop_timer_set(usb_loop(l->usb), &l->again, l->pause_ms, read_on, l);
		return;
	}
	memcpy(bytes, data, len); /* the next read may fill the pipe's buffer */
	l->pause_ms = 0;
	read_on(l);
	l->heard(l->arg, bytes, len);
}

void usb_listen(struct usb_listener *listener)
{
	read_on(listener);
}

void usb_listen_now(struct usb_listener *listener)
{
	listener->pause_ms = 0;
	if (listener->again.armed)
		loop_timer_set(usb_loop(listener->usb), &listener->again, 0, read_on, listener);
}

void usb_listen_stop(struct usb_listener *listener)
{
	if (listener->usb != NULL)
		loop_timer_cancel(usb_loop(listener->usb), &listener->again);
}

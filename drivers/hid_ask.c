/* Two control requests, one after the other. Set_Idle is optional for the device: a stall is an answer, too. */
#include "drivers/hid_ask.h"

#include "drivers/hid.h"

#define GET_DESCRIPTOR 6
#define REPORT_DESCRIPTOR 0x22
#define SET_IDLE 10
#define TIMEOUT_MS 1000
#define ATTEMPTS 3
#define AGAIN_MS 100

static void on_idle_set(void *arg, int err, const uint8_t *data, size_t len)
{
	struct hid_ask *ask = arg;

	(void)data;
	(void)len;
	if (err != LOBBY_ERR_UNPLUGGED)
		ask->events->ready(ask->arg);
}

static void ask_descriptor(void *arg);

static void on_descriptor(void *arg, int err, const uint8_t *data, size_t len)
{
	struct hid_ask *ask = arg;

	if (err == LOBBY_ERR_UNPLUGGED)
		return;
	if (err != 0 && ++ask->attempts < ATTEMPTS) {
		loop_timer_set(usb_loop(ask->usb), &ask->timer, (int64_t)AGAIN_MS << ask->attempts, ask_descriptor,
			       ask);
		return;
	}
	if (!ask->events->described(ask->arg, err, data, len))
		return;
	if (usb_control(ask->usb, 0x21, SET_IDLE, 0, usb_info(ask->usb)->number, 0, TIMEOUT_MS, on_idle_set, ask) != 0)
		ask->events->ready(ask->arg);
}

static void ask_descriptor(void *arg)
{
	struct hid_ask *ask = arg;
	const struct usb_info *info = usb_info(ask->usb);
	size_t len = info->hid_report_len > HID_MAX_DESCRIPTOR ? HID_MAX_DESCRIPTOR : info->hid_report_len;
	int err = usb_control(ask->usb, 0x81, GET_DESCRIPTOR, REPORT_DESCRIPTOR << 8, info->number, len, TIMEOUT_MS,
			      on_descriptor, ask);

	if (err != 0)
		on_descriptor(ask, err, NULL, 0);
}

void hid_ask_start(struct hid_ask *ask, struct usb_device *usb, const struct hid_ask_events *events, void *arg)
{
	*ask = (struct hid_ask){ .usb = usb, .events = events, .arg = arg };
	ask_descriptor(ask);
}

void hid_ask_cancel(struct hid_ask *ask)
{
	if (ask->usb != NULL)
		loop_timer_cancel(usb_loop(ask->usb), &ask->timer);
}

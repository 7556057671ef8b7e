/* States: asking for the report descriptor (hid_ask.h), READING packets for ever, or a stop: UNSUPPORTED, FAULT. One
 * packet is asked for at a time, without a time-out, so that a reader nobody uses never wakes the program, and one that
 * falls silent in the middle of a swipe is noticed: what does not go on within a second is given up. */
#include "drivers/msr/driver.h"

#include "cards/pan.h"
#include "drivers/hid_ask.h"
#include "drivers/msr/codec.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

#define HID_CLASS 3
#define MAGTEK 0x0801
#define CONTINUE_MS 1000

struct msr {
	struct usb_device *usb;
	const struct driver_events *events;
	void *arg;
	lobby_DeviceState state;
	const char *detail;
	struct msr_layout layout;
	struct msr_swipe swipe;
	struct hid_ask ask;
	struct loop_timer timer;
};

/* At most 128 bytes each (wire.options). */
static const char magtek_keyboard_text[] = "The stripe reader is in keyboard mode. Set its \"Interface Type\" "
					   "(property 0x10) to 0 (HID), then plug it in again.";
static const char keyboard_text[] =
	"The stripe reader is in keyboard mode. Set it to \"USB HID\" with its maker's tool, then plug it in again.";
static const char no_tracks_text[] =
	"This stripe reader does not describe where its tracks are. Set it to \"USB HID\" mode.";
static const char encrypted_text[] =
	"This reader encrypts every swipe. Set it to unencrypted output (security level 1 or 2), or replace it.";

static bool match(const struct usb_info *info)
{
	struct msr_layout layout;

	if (info->class != HID_CLASS || !info->in.interrupt || info->in.address == 0 || info->hid_report_len == 0)
		return false;
	/* What the kernel knows of the descriptor says it best; else only these makers are known to make nothing else.
	 */
	if (info->hid_report != NULL && msr_parse_descriptor(info->hid_report, info->hid_report_known, &layout) == 0) {
		if (layout.is_scanner)
			return false;
		if (layout.is_reader)
			return true;
	}
	return registry_quirk_of(info)->makes_stripe_readers;
}

static void set_state(struct msr *m, lobby_DeviceState state, const char *detail)
{
	m->state = state;
	m->detail = detail;
	m->events->changed(m->arg, m->usb);
}

static void tell(struct msr *m, const uint8_t *data, size_t len, int err)
{
	struct driver_read read = {
		.source = lobby_ScanSource_SCAN_STRIPE, .aim = "", .data = data, .len = len, .err = err
	};

	m->events->read(m->arg, m->usb, &read);
}

/* Payment tracks go before anything is looked at. */
static void take_swipe(struct msr *m, struct stripe *stripe)
{
	uint8_t text[STRIPE_MAX_TEXT];
	bool payment = pan_drop_payment(stripe);
	size_t len = stripe_join(stripe, text);

	stripe_wipe(stripe);
	if (m->state != lobby_DeviceState_DEVICE_READY)
		set_state(m, lobby_DeviceState_DEVICE_READY, "");
	if (len > 0)
		tell(m, text, len, 0);
	else
		tell(m, NULL, 0, payment ? LOBBY_ERR_CARD_PAYMENT : LOBBY_ERR_CARD_UNREAD);
	explicit_bzero(text, sizeof(text));
}

static void on_silence(void *arg)
{
	struct msr *m = arg;

	log_event(LOG_WARNING, "swipe-truncated", "bytes=%zu", m->swipe.report_len + m->swipe.frame_len);
	msr_clear(&m->swipe);
	tell(m, NULL, 0, LOBBY_ERR_CARD_UNREAD);
}

static void take_packet(struct msr *m, const uint8_t *data, size_t len)
{
	struct stripe stripe = { 0 };

	loop_timer_cancel(usb_loop(m->usb), &m->timer);
	switch (msr_feed(&m->layout, &m->swipe, data, len, usb_info(m->usb)->in.packet, &stripe)) {
	case MSR_SWIPE:
		take_swipe(m, &stripe);
		break;
	case MSR_ENCRYPTED:
		if (m->state != lobby_DeviceState_DEVICE_UNSUPPORTED)
			set_state(m, lobby_DeviceState_DEVICE_UNSUPPORTED, encrypted_text);
		tell(m, NULL, 0, LOBBY_ERR_CARD_UNREAD);
		break;
	case MSR_UNREAD:
		tell(m, NULL, 0, LOBBY_ERR_CARD_UNREAD);
		break;
	case MSR_MORE:
		loop_timer_set(usb_loop(m->usb), &m->timer, CONTINUE_MS, on_silence, m);
		break;
	case MSR_NOTHING:
		break;
	}
}

static void keep_reading(struct msr *m);

static void on_packet(void *arg, int err, const uint8_t *data, size_t len)
{
	struct msr *m = arg;

	if (err == LOBBY_ERR_UNPLUGGED)
		return;
	if (err != 0) {
		loop_timer_cancel(usb_loop(m->usb), &m->timer);
		msr_clear(&m->swipe);
		set_state(m, lobby_DeviceState_DEVICE_FAULT,
			  "The stripe reader does not answer. Unplug it and plug it in again.");
		return;
	}
	take_packet(m, data, len);
	keep_reading(m);
}

static void keep_reading(struct msr *m)
{
	int err = usb_read(m->usb, usb_info(m->usb)->in.packet, 0, on_packet, m);

	if (err != 0 && err != LOBBY_ERR_UNPLUGGED)
		set_state(m, lobby_DeviceState_DEVICE_FAULT,
			  "The stripe reader's data pipe cannot be read. Unplug it and plug it in again.");
}

static void start_reading(void *arg)
{
	struct msr *m = arg;

	if (usb_info(m->usb)->in.packet == 0) {
		set_state(m, lobby_DeviceState_DEVICE_UNSUPPORTED, "The stripe reader's packets have no size.");
		return;
	}
	set_state(m, lobby_DeviceState_DEVICE_READY, "");
	keep_reading(m);
}

static bool on_described(void *arg, int err, const uint8_t *data, size_t len)
{
	struct msr *m = arg;
	bool is_magtek = usb_info(m->usb)->vendor == MAGTEK;

	if (err != 0) {
		set_state(m, lobby_DeviceState_DEVICE_FAULT,
			  "The stripe reader does not hand out its report descriptor. Unplug it and plug it in again.");
		return false;
	}
	err = msr_parse_descriptor(data, len, &m->layout);
	if (err != 0) {
		log_event(LOG_WARNING, "stripe-reader-descriptor", "error=%s bytes=%zu", err_event(err), len);
		set_state(m, lobby_DeviceState_DEVICE_UNSUPPORTED,
			  "The stripe reader's report descriptor breaks the HID rules.");
		return false;
	}
	if (m->layout.form == MSR_NONE) {
		set_state(m, lobby_DeviceState_DEVICE_UNSUPPORTED,
			  !m->layout.is_keyboard ? no_tracks_text
			  : is_magtek		 ? magtek_keyboard_text
						 : keyboard_text);
		return false;
	}
	return true;
}

static const struct hid_ask_events ask_events = { on_described, start_reading };

static int open_reader(struct usb_device *usb, const struct driver_events *events, void *arg, void **out)
{
	struct msr *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return LOBBY_ERR_NO_MEMORY;
	m->usb = usb;
	m->events = events;
	m->arg = arg;
	m->state = lobby_DeviceState_DEVICE_STARTING;
	m->detail = "";
	*out = m;
	hid_ask_start(&m->ask, usb, &ask_events, m);
	return 0;
}

static void close_reader(void *state)
{
	struct msr *m = state;

	hid_ask_cancel(&m->ask);
	loop_timer_cancel(usb_loop(m->usb), &m->timer);
	explicit_bzero(m, sizeof(*m));
	free(m);
}

static struct driver_status status(const void *state)
{
	const struct msr *m = state;

	return (struct driver_status){ .state = m->state, .detail = m->detail };
}

const struct driver msr_driver = {
	.name = "msr",
	.kind = lobby_DeviceKind_DEVICE_STRIPE_READER,
	.match = match,
	.open = open_reader,
	.close = close_reader,
	.status = status,
};

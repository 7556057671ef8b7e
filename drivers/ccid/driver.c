/* One reader: STARTING (how are the slots?), IDLE, READING one slot's card (session.h has the link then), POLLING, and
 * RECOVERING after it fell silent: asked again after growing pauses, a few times, then STOPPED until it is plugged in
 * anew. Each slot knows whether a card is in and whether it has been dealt with. */
#include "drivers/ccid/driver.h"

#include "drivers/ccid/session.h"

#include "base/log.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define CCID_CLASS 0x0b
#define STATUS_MS 2000
#define POLL_MS 500
#define RECOVER_MS 500
#define MAX_RECOVERIES 4
#define MAX_REPEATS 3
#define MAX_RUBBISH 100

enum phase { STARTING, IDLE, READING, POLLING, RECOVERING, STOPPED };

struct slot {
	bool present;
	bool dealt;	   /* its card was read, or could not be */
	bool again;	   /* while it was read, the reader said that the card had been changed */
	int repeats;	   /* because of that */
	const char *words; /* about the card, for the technician */
};

struct reader_state {
	struct usb_device *usb;
	const struct driver_events *events;
	void *arg;
	lobby_DeviceState state;
	const char *detail;
	struct ccid_class class;
	struct ccid_link link;
	enum phase phase;
	struct slot slots[CCID_MAX_SLOTS];
	uint8_t at; /* the slot asked about or read */
	struct ccid_session *session;
	bool untold;	    /* what became of the card being read is still to be told */
	bool changed_hands; /* the card being read is not in the slot any more */
	bool notifies;
	int recoveries, rubbish;
	lobby_CardSlotState shown;
	struct loop_timer timer;
};

static void serve_next(struct reader_state *r);
static void show(struct reader_state *r);
static void start(void *arg);
static void ask_slot(struct reader_state *r);

/* ---- what is said of it ---- */

static void set_state(struct reader_state *r, lobby_DeviceState state, const char *detail)
{
	if (r->state == state && strcmp(r->detail, detail) == 0)
		return;
	r->state = state;
	r->detail = detail;
	r->events->changed(r->arg, r->usb);
}

/* Over all slots: one that is being read counts most. */
static void show_slots(struct reader_state *r)
{
	lobby_CardSlotState state = lobby_CardSlotState_CARD_SLOT_EMPTY;

	for (unsigned i = 0; i < r->class.slots; i++) {
		const struct slot *s = &r->slots[i];

		if (s->present && !s->dealt)
			state = lobby_CardSlotState_CARD_SLOT_READING;
		else if (s->present && state == lobby_CardSlotState_CARD_SLOT_EMPTY)
			state = lobby_CardSlotState_CARD_SLOT_DONE;
	}
	if (state == r->shown)
		return;
	r->shown = state;
	r->events->slot(r->arg, r->usb, state);
}

static void show(struct reader_state *r)
{
	const char *detail = "No card is in.";

	for (unsigned i = 0; i < r->class.slots; i++)
		if (r->slots[i].present)
			detail = r->slots[i].words[0] != '\0' ? r->slots[i].words : "A card is in.";
	show_slots(r);
	if (r->phase != STARTING && r->phase != RECOVERING && r->phase != STOPPED)
		set_state(r, lobby_DeviceState_DEVICE_READY, detail);
}

static void tell_error(struct reader_state *r, int err)
{
	struct driver_read read = { .source = lobby_ScanSource_SCAN_CHIP, .aim = "", .err = err };

	r->events->read(r->arg, r->usb, &read);
}

/* ---- it fell silent ---- */

static void stop(struct reader_state *r, lobby_DeviceState state, const char *detail)
{
	loop_timer_cancel(usb_loop(r->usb), &r->timer);
	r->phase = STOPPED;
	for (unsigned i = 0; i < CCID_MAX_SLOTS; i++)
		r->slots[i].present = false;
	show_slots(r);
	set_state(r, state, detail);
}

static void recover(struct reader_state *r, int err)
{
	log_event(LOG_WARNING, "ccid-silent", "error=%s attempt=%d", err_event(err), r->recoveries + 1);
	if (r->recoveries++ == MAX_RECOVERIES) {
		stop(r, lobby_DeviceState_DEVICE_FAULT, "The reader does not answer. Unplug it and plug it in again.");
		return;
	}
	r->phase = RECOVERING;
	set_state(r, lobby_DeviceState_DEVICE_FAULT, "The reader does not answer. It is being tried again.");
	loop_timer_set(usb_loop(r->usb), &r->timer, (int64_t)RECOVER_MS << r->recoveries, start, r);
}

/* ---- cards ---- */

static void on_read(void *arg, int err, const char *words, const uint8_t *list, size_t len)
{
	struct reader_state *r = arg;
	struct slot *s = &r->slots[r->at];
	struct driver_read read = { .source = lobby_ScanSource_SCAN_CHIP, .aim = "", .data = list, .len = len };

	log_event(LOG_INFO, "chip-read", "slot=%u error=%s bytes=%zu", r->at, err_event(err), len);
	r->untold = false;
	if (err == 0)
		s->again = false; /* what the reader said was old: the card has been there all the while */
	else if (s->again && !r->changed_hands)
		return; /* it was another card: that one is read next */
	if (err == LOBBY_ERR_CARD_REMOVED && !r->changed_hands) {
		r->changed_hands = true;
		s->present = false;
	}
	if (!r->changed_hands)
		s->words = words;
	read.err = err;
	r->events->read(r->arg, r->usb, &read);
	show(r);
}

static void on_ended(void *arg, int err)
{
	struct reader_state *r = arg;
	struct slot *s = &r->slots[r->at];

	r->session = NULL;
	r->phase = IDLE;
	if (!r->changed_hands && s->present)
		s->dealt = !s->again || err != 0;
	s->again = false;
	if (err != 0) {
		recover(r, err);
		show_slots(r);
		return;
	}
	r->recoveries = 0;
	serve_next(r);
}

static const struct ccid_session_events session_events = { on_read, on_ended };

static void card_out(struct reader_state *r, uint8_t slot)
{
	r->slots[slot] = (struct slot){ .words = "" };
	if (r->session == NULL || slot != r->at || r->changed_hands)
		return;
	r->changed_hands = true;
	ccid_session_remove(r->session);
}

/* A slot's present state, and whether the reader says that it has changed since it spoke last. */
static void take_presence(struct reader_state *r, uint8_t slot, bool present, bool changed)
{
	struct slot *s = &r->slots[slot];
	bool being_read = r->session != NULL && slot == r->at && !r->changed_hands;

	if (!present) {
		if (s->present)
			card_out(r, slot);
	} else if (s->present && changed && being_read) {
		s->again = s->repeats++ < MAX_REPEATS;
	} else if (s->present && changed && s->dealt) {
		card_out(r, slot);
		show_slots(r);
		s->present = true;
	} else {
		s->present = true;
	}
}

/* The next card that has not been dealt with; else rest. */
static void serve_next(struct reader_state *r)
{
	uint8_t i = 0;

	if (r->phase != IDLE)
		return;
	while (i < r->class.slots && (!r->slots[i].present || r->slots[i].dealt))
		i++;
	show(r);
	if (i < r->class.slots) {
		loop_timer_cancel(usb_loop(r->usb), &r->timer);
		r->at = i;
		r->changed_hands = false;
		r->untold = true;
		r->phase = READING;
		r->slots[i].again = false;
		if (ccid_session_new(&r->link, &r->class, i, &session_events, r, &r->session) != 0) {
			r->phase = IDLE;
			r->slots[i].dealt = true;
			tell_error(r, LOBBY_ERR_NO_MEMORY);
			show(r);
		}
		return;
	}
	if (!r->notifies)
		loop_timer_set(usb_loop(r->usb), &r->timer, POLL_MS, start, r);
}

/* ---- asking how the slots are ---- */

static void on_slot_status(void *arg, int err, const struct ccid_answer *answer)
{
	struct reader_state *r = arg;

	if (err != 0) {
		recover(r, err);
		return;
	}
	take_presence(r, r->at, answer->icc != CCID_ICC_ABSENT, false);
	if (++r->at < r->class.slots) {
		ask_slot(r);
		return;
	}
	if (r->phase == POLLING)
		r->recoveries = 0;
	r->phase = IDLE;
	serve_next(r);
}

static void ask_slot(struct reader_state *r)
{
	struct ccid_command command = { .type = CCID_GET_SLOT_STATUS, .slot = r->at };
	int err = ccid_link_send(&r->link, &command, STATUS_MS, on_slot_status, r);

	if (err != 0 && err != LOBBY_ERR_UNPLUGGED)
		recover(r, err);
}

static void start(void *arg)
{
	struct reader_state *r = arg;

	r->phase = r->phase == IDLE ? POLLING : STARTING;
	r->at = 0;
	ask_slot(r);
}

/* ---- what the reader says by itself ---- */

static void listen(struct reader_state *r);

static void on_notice(void *arg, int err, const uint8_t *data, size_t len)
{
	struct reader_state *r = arg;
	struct ccid_notice n;

	if (err == LOBBY_ERR_UNPLUGGED)
		return;
	if (err != 0) {
		log_event(LOG_WARNING, "ccid-notify", "error=%s", err_event(err));
		r->notifies = false; /* asked from now on */
		if (r->phase == IDLE)
			serve_next(r);
		return;
	}
	err = ccid_notice_parse(data, len, r->class.slots, &n);
	if (err != 0) {
		log_event(LOG_INFO, "ccid-notice", "error=%s bytes=%zu", err_event(err), len);
		if (++r->rubbish == MAX_RUBBISH) {
			r->notifies = false;
			serve_next(r);
			return;
		}
	} else if (n.hardware_error) {
		log_event(LOG_WARNING, "ccid-hardware", "slot=%u code=%02x", n.slot, n.code);
	} else if (r->phase != STOPPED) {
		for (uint8_t i = 0; i < r->class.slots; i++)
			take_presence(r, i, (n.present >> i & 1) != 0,
				      (n.changed >> i & 1) != 0 && r->phase != STARTING);
		show(r);
		serve_next(r);
	}
	listen(r);
}

static void listen(struct reader_state *r)
{
	size_t packet = usb_info(r->usb)->notify.packet;

	if (!r->notifies)
		return;
	if (usb_read_notify(r->usb, packet == 0 ? 8 : packet, 0, on_notice, r) != 0) {
		r->notifies = false; /* asked from now on */
		serve_next(r);
	}
}

/* ---- opening and closing ---- */

static bool match(const struct usb_info *info)
{
	/* Protocol 0 is CCID over bulk pipes; 1 and 2 are ICCD, cards that are USB devices themselves. */
	return info->class == CCID_CLASS && info->protocol == 0 && info->in.address != 0 && !info->in.interrupt &&
	       info->out.address != 0 && !info->out.interrupt;
}

static int open_reader(struct usb_device *usb, const struct driver_events *events, void *arg, void **out)
{
	struct reader_state *r = calloc(1, sizeof(*r));
	const struct usb_info *info = usb_info(usb);
	int err;

	if (r == NULL)
		return LOBBY_ERR_NO_MEMORY;
	*r = (struct reader_state){ .usb = usb, .events = events, .arg = arg, .detail = "" };
	r->state = lobby_DeviceState_DEVICE_STARTING;
	for (unsigned i = 0; i < CCID_MAX_SLOTS; i++)
		r->slots[i].words = "";
	err = ccid_class_parse(info->extra, info->extra_len, &r->class);
	if (err == 0 && r->class.level != CCID_LEVEL_CHARACTER) {
		err = ccid_link_init(&r->link, usb, r->class.max_message);
		if (err != 0) {
			free(r);
			return err;
		}
		r->notifies = info->notify.address != 0;
		*out = r;
		listen(r);
		start(r);
		return 0;
	}
	log_event(LOG_WARNING, "ccid-descriptor", "error=%s bytes=%zu", err_event(err), info->extra_len);
	*out = r;
	stop(r, lobby_DeviceState_DEVICE_UNSUPPORTED,
	     err == LOBBY_ERR_NOT_FOUND ? "This device calls itself a smart-card reader but has no CCID descriptor."
	     : err != 0			? "The reader's descriptor breaks the CCID rules."
			: "This reader exchanges single characters with the card, which is not supported.");
	return 0;
}

static void close_reader(void *state)
{
	struct reader_state *r = state;

	loop_timer_cancel(usb_loop(r->usb), &r->timer);
	ccid_session_free(r->session);
	if (r->session != NULL && r->untold)
		tell_error(r, LOBBY_ERR_CLOSED);
	ccid_link_fini(&r->link);
	if (r->shown != lobby_CardSlotState_CARD_SLOT_EMPTY)
		r->events->slot(r->arg, r->usb, lobby_CardSlotState_CARD_SLOT_EMPTY);
	explicit_bzero(r, sizeof(*r));
	free(r);
}

static struct driver_status status(const void *state)
{
	const struct reader_state *r = state;

	return (struct driver_status){ .state = r->state, .detail = r->detail };
}

const struct driver ccid_driver = {
	.name = "ccid",
	.kind = lobby_DeviceKind_DEVICE_CARD_READER,
	.match = match,
	.open = open_reader,
	.close = close_reader,
	.status = status,
};

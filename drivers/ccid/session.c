/* Steps: POWER (with OFF between two voltages) -> ASK or PPS and SET -> IFS -> TALK -> CLOSE. Each step sends one
 * command and has one function that takes its answer; every way out is
 * finish(), which tells the owner at once and
 * then closes: an answer that is still out is awaited, or the reader is aborted, and the card is powered off. */
#include "drivers/ccid/session.h"

#include "base/log.h"
#include "cards/chip.h"
#include "drivers/ccid/atr.h"

#include <stdlib.h>
#include <string.h>

#define WHOLE_READ_MS 10000
#define COMMAND_MS 3000
#define POWER_MS 5000
#define CLOSE_MS 2000
#define GRACE_MS 1000 /* for the answer that is out when the card is pulled */
#define BUSY_MS 100
#define MAX_BUSY 10
#define SETTLE_MS 200 /* before a mute card is tried again: it may still be on its way in */
#define MAX_ROUNDS 2
#define MAX_RESTARTS 1

enum step { POWER, OFF, ASK, PPS, SET, IFS, TALK, CLOSE };

struct ccid_session {
	struct ccid_link *link;
	const struct ccid_class *class;
	uint8_t slot;
	const struct ccid_session_events *events;
	void *arg;
	enum step step;
	struct loop_timer deadline, pause;
	struct ccid_command command; /* the last, to be sent again if the reader is busy */
	unsigned timeout_ms;
	int busy;
	bool told, out_of_step;
	uint8_t volts[3]; /* bPowerSelect, in the order of trying */
	int volts_count, volts_at, rounds, restarts;
	int power_err;
	const char *power_words;
	bool plain; /* no rate or protocol but the card's first */
	bool has_atr;
	struct atr atr;
	uint8_t atr_bytes[ATR_MAX];
	size_t atr_len;
	uint8_t protocol, fidi;
	uint8_t block[ATR_PARAMETERS_MAX]; /* PPS request, or the parameters */
	size_t block_len;
	struct exchange exchange;
	struct chip_script script;
	uint8_t apdu[CHIP_MAX_APDU];
	uint8_t answer[CHIP_MAX_ANSWER];
};

static void start_power(void *arg);
static void set_parameters(struct ccid_session *s);
static void talk_on(struct ccid_session *s);
static void close_card(void *arg);
static void on_answer(void *arg, int err, const struct ccid_answer *answer);

/* ---- ends ---- */

static void tell(struct ccid_session *s, int err, const char *words)
{
	if (s->told)
		return;
	s->told = true;
	loop_timer_cancel(usb_loop(s->link->usb), &s->deadline);
	s->events->read(s->arg, err, words, err == 0 ? s->script.list : NULL, err == 0 ? s->script.len : 0);
}

/* The link is free, or its answer is of no use any more. */
static void finish(struct ccid_session *s, int err, const char *words)
{
	tell(s, err, words);
	close_card(s);
}

static void on_deadline(void *arg)
{
	struct ccid_session *s = arg;

	s->out_of_step = s->out_of_step || ccid_link_is_busy(s->link);
	finish(s, LOBBY_ERR_TIMEOUT, "A card is in that took too long to be read.");
}

void ccid_session_free(struct ccid_session *s)
{
	struct loop *loop;

	if (s == NULL)
		return;
	loop = usb_loop(s->link->usb);
	loop_timer_cancel(loop, &s->deadline);
	loop_timer_cancel(loop, &s->pause);
	chip_wipe(&s->script);
	exchange_wipe(&s->exchange);
	explicit_bzero(s, sizeof(*s));
	free(s);
}

static void end(struct ccid_session *s, int err)
{
	const struct ccid_session_events *events = s->events;
	void *arg = s->arg;

	if (!ccid_link_is_busy(s->link))
		ccid_link_wipe(s->link);
	ccid_session_free(s);
	events->ended(arg, err);
}

static void on_aborted(void *arg, int err, const struct ccid_answer *answer)
{
	struct ccid_session *s = arg;

	(void)answer;
	log_event(LOG_INFO, "ccid-abort", "slot=%u error=%s", s->slot, err_event(err));
	s->out_of_step = false;
	if (err != 0)
		end(s, err);
	else
		close_card(s);
}

static void on_grace_over(void *arg)
{
	struct ccid_session *s = arg;

	s->out_of_step = true;
	close_card(s);
}

static void on_closed(void *arg, int err, const struct ccid_answer *answer)
{
	(void)answer; /* that it failed because the card is gone is as good */
	end(arg, err);
}

/* Brings the reader into step if need be, and powers the card off. Each way out takes a bounded time. */
static void close_card(void *arg)
{
	struct ccid_session *s = arg;
	struct ccid_command off = { .type = CCID_POWER_OFF, .slot = s->slot };
	int err;

	loop_timer_cancel(usb_loop(s->link->usb), &s->pause);
	s->step = CLOSE;
	if (s->out_of_step) {
		ccid_link_abort(s->link, s->slot, on_aborted, s);
		return;
	}
	if (ccid_link_is_busy(s->link)) {
		loop_timer_set(usb_loop(s->link->usb), &s->pause, GRACE_MS, on_grace_over, s);
		return;
	}
	err = ccid_link_send(s->link, &off, CLOSE_MS, on_closed, s);
	if (err != 0 && err != LOBBY_ERR_UNPLUGGED)
		end(s, err);
}

void ccid_session_remove(struct ccid_session *s)
{
	if (s->step == CLOSE)
		return;
	finish(s, LOBBY_ERR_CARD_REMOVED, "");
}

/* The card failed, not the reader: once more from the start, if it is still there. */
static void restart_or_fail(struct ccid_session *s, int err, const char *words)
{
	if (s->restarts++ == MAX_RESTARTS) {
		finish(s, err, words);
		return;
	}
	log_event(LOG_INFO, "ccid-restart", "slot=%u error=%s", s->slot, err_event(err));
	s->rounds = MAX_ROUNDS - 1;
	s->step = OFF;
	s->volts_at--; /* the same voltage again */
	chip_wipe(&s->script);
	s->command = (struct ccid_command){ .type = CCID_POWER_OFF, .slot = s->slot };
	s->timeout_ms = CLOSE_MS;
	err = ccid_link_send(s->link, &s->command, s->timeout_ms, on_answer, s);
	if (err != 0 && err != LOBBY_ERR_UNPLUGGED)
		finish(s, err, words);
}

/* ---- sending ---- */

static void resend(void *arg)
{
	struct ccid_session *s = arg;
	int err = ccid_link_send(s->link, &s->command, s->timeout_ms, on_answer, s);

	if (err != 0 && err != LOBBY_ERR_UNPLUGGED)
		finish(s, err, "A command to the card does not fit into the reader's messages.");
}

static void send(struct ccid_session *s, enum step step, const struct ccid_command *command, unsigned timeout_ms)
{
	s->step = step;
	s->command = *command;
	s->command.slot = s->slot;
	s->timeout_ms = timeout_ms;
	s->busy = 0;
	resend(s);
}

static void send_block(struct ccid_session *s, enum step step, const struct exchange_block *block)
{
	struct ccid_command command = { .type = CCID_TRANSFER, .data = block->data, .len = block->len };
	unsigned wait = COMMAND_MS;

	command.param[0] = block->waiting;
	command.param[1] = (uint8_t)block->level;
	command.param[2] = (uint8_t)(block->level >> 8);
	if (s->has_atr && s->exchange.way == EXCHANGE_T1)
		wait += atr_block_wait_ms(s->atr.block_waiting, s->class->clock_khz) *
			(block->waiting > 0 ? block->waiting : 1U);
	send(s, step, &command, wait < WHOLE_READ_MS ? wait : WHOLE_READ_MS);
}

/* ---- power ---- */

static void list_voltages(struct ccid_session *s)
{
	static const uint8_t order[] = { CCID_VOLTS_5, CCID_VOLTS_3, CCID_VOLTS_1_8 };

	if ((s->class->features & CCID_AUTO_VOLTAGE) != 0) {
		s->volts[s->volts_count++] = CCID_VOLTS_AUTO;
		return;
	}
	for (size_t i = 0; i < sizeof(order); i++)
		if ((s->class->voltages & 1U << (order[i] - 1)) != 0)
			s->volts[s->volts_count++] = order[i];
}

static void start_power(void *arg)
{
	struct ccid_session *s = arg;
	struct ccid_command command = { .type = CCID_POWER_ON, .param = { s->volts[s->volts_at++] } };

	send(s, POWER, &command, POWER_MS);
}

/* After OFF: the next voltage, or the first again after a pause, or it is over. */
static void next_voltage(struct ccid_session *s)
{
	if (s->volts_at < s->volts_count) {
		start_power(s);
		return;
	}
	if (++s->rounds >= MAX_ROUNDS) {
		finish(s, s->power_err, s->power_words);
		return;
	}
	s->volts_at = 0;
	s->power_err = LOBBY_ERR_CARD_MUTE;
	loop_timer_set(usb_loop(s->link->usb), &s->pause, SETTLE_MS, start_power, s);
}

static void give_up_voltage(struct ccid_session *s, int err, const char *words)
{
	struct ccid_command command = { .type = CCID_POWER_OFF };

	s->power_err = err;
	s->power_words = words;
	send(s, OFF, &command, CLOSE_MS);
}

static bool keep_atr(struct ccid_session *s, const struct ccid_answer *answer)
{
	int err = atr_parse(answer->data, answer->len, &s->atr);

	s->has_atr = err == 0;
	s->atr_len = answer->len < ATR_MAX ? answer->len : ATR_MAX;
	if (s->atr_len > 0)
		memcpy(s->atr_bytes, answer->data, s->atr_len);
	if (err != 0)
		log_event(LOG_INFO, "ccid-atr", "slot=%u error=%s bytes=%zu", s->slot, err_event(err), answer->len);
	return s->has_atr;
}

/* ---- protocol and rate ---- */

static bool is_apdu_level(const struct ccid_session *s)
{
	return s->class->level == CCID_LEVEL_SHORT_APDU || s->class->level == CCID_LEVEL_EXTENDED_APDU;
}

static void start_talking(struct ccid_session *s)
{
	enum exchange_way way = s->class->level == CCID_LEVEL_SHORT_APDU      ? EXCHANGE_SHORT
				: s->class->level == CCID_LEVEL_EXTENDED_APDU ? EXCHANGE_EXTENDED
				: s->protocol == 1			      ? EXCHANGE_T1
									      : EXCHANGE_T0;
	size_t room = s->class->max_message - CCID_HEADER;
	uint32_t ifsd = room - (s->atr.crc ? 5 : 4);
	struct exchange_block block;

	exchange_init(&s->exchange, way, room, s->atr.ifsc, s->atr.crc);
	chip_start(&s->script, s->atr_bytes, s->atr_len);
	if (ifsd > T1_MAX_INFO)
		ifsd = T1_MAX_INFO;
	if (ifsd > s->class->max_ifsd)
		ifsd = s->class->max_ifsd;
	if (way != EXCHANGE_T1 || (s->class->features & CCID_AUTO_IFSD) != 0 || ifsd <= 32)
		talk_on(s);
	else if (exchange_ifs(&s->exchange, (uint8_t)ifsd, &block) == EXCHANGE_SEND)
		send_block(s, IFS, &block);
}

/* The rate that card and reader can both have; the default where the reader does not follow by itself. */
static uint8_t best_rate(const struct ccid_session *s)
{
	uint32_t rate = atr_rate_bps(s->atr.fidi, s->class->clock_khz);

	if (s->atr.specific)
		return s->atr.implicit ? ATR_DEFAULT_FIDI : s->atr.fidi;
	if (s->plain || (s->class->features & CCID_AUTO_RATE) == 0 || rate == 0 || rate > s->class->max_rate_bps)
		return ATR_DEFAULT_FIDI;
	return s->atr.fidi;
}

/* The card's first protocol if the reader has it, else another that both have. False: there is none. */
static bool choose_protocol(struct ccid_session *s)
{
	unsigned both = s->atr.protocols & s->class->protocols;

	if (s->atr.specific)
		both = (1U << s->atr.specific_t) & s->class->protocols;
	if (both == 0)
		return false;
	if (s->atr.specific)
		s->protocol = s->atr.specific_t;
	else if ((both & 1U << s->atr.first) != 0)
		s->protocol = s->atr.first;
	else
		s->protocol = (both & 1) != 0 ? 0 : 1;
	s->fidi = best_rate(s);
	return true;
}

static void agree(struct ccid_session *s)
{
	struct ccid_command ask = { .type = CCID_GET_PARAMETERS };
	struct exchange_block block = { 0 };
	bool wanted;

	if (!s->has_atr && !is_apdu_level(s)) {
		finish(s, LOBBY_ERR_CARD_MALFORMED, "A card is in whose answer to reset breaks the rules.");
		return;
	}
	if (is_apdu_level(s) && (!s->has_atr || (s->class->features & CCID_AUTO_NEGOTIATION) != 0)) {
		start_talking(s);
		return;
	}
	if (!choose_protocol(s)) {
		finish(s, LOBBY_ERR_CARD_UNKNOWN, "The card and the reader have no common protocol.");
		return;
	}
	if ((s->class->features & CCID_AUTO_NEGOTIATION) != 0) {
		send(s, ASK, &ask, COMMAND_MS);
		return;
	}
	wanted = !s->atr.specific && (s->protocol != s->atr.first || s->fidi != ATR_DEFAULT_FIDI);
	if (!wanted || (s->class->features & CCID_AUTO_PPS) != 0) {
		set_parameters(s);
		return;
	}
	if (is_apdu_level(s)) { /* no way to send a PPS there: what holds is what the card began with */
		s->protocol = s->atr.first;
		s->fidi = ATR_DEFAULT_FIDI;
		set_parameters(s);
		return;
	}
	s->block_len = atr_pps_request(s->protocol, s->fidi, s->block);
	block.data = s->block;
	block.len = s->block_len;
	send_block(s, PPS, &block);
}

static void set_parameters(struct ccid_session *s)
{
	struct ccid_command command = { .type = CCID_SET_PARAMETERS, .param = { s->protocol }, .data = s->block };

	s->block_len = atr_parameters(&s->atr, s->protocol, s->fidi, s->block);
	command.len = s->block_len;
	send(s, SET, &command, COMMAND_MS);
}

/* Better slow than not at all: powered up again, and nothing negotiated. */
static void take_plain(struct ccid_session *s, int err)
{
	if (s->plain) {
		restart_or_fail(s, err, "The card and the reader do not agree on a protocol.");
		return;
	}
	s->plain = true;
	s->restarts--;
	restart_or_fail(s, err, "");
}

static void take_pps(struct ccid_session *s, int err, const struct ccid_answer *answer)
{
	if (err == 0)
		err = atr_pps_response(s->block, s->block_len, answer->data, answer->len, &s->fidi);
	if (err != 0)
		take_plain(s, err);
	else
		set_parameters(s);
}

static void take_set(struct ccid_session *s, int err, const struct ccid_answer *answer)
{
	/* Readers that set themselves by the ATR need not know the command (table 6.1-1). */
	if (err == LOBBY_ERR_REFUSED && answer->fault == CCID_FAULT_UNSUPPORTED)
		err = 0;
	if (err != 0)
		take_plain(s, err);
	else
		start_talking(s);
}

/* What the reader has agreed with the card by itself; one that does not tell has taken the card's first. */
static void take_parameters(struct ccid_session *s, int err, const struct ccid_answer *answer)
{
	if (err == 0 && answer->extra <= 1)
		s->protocol = answer->extra;
	start_talking(s);
}

/* ---- talking ---- */

/* Sends what is next of an exchange that has not ended. */
static void go_on(struct ccid_session *s, int next, const struct exchange_block *block)
{
	if (next == EXCHANGE_SEND)
		send_block(s, TALK, block);
	else if (next == LOBBY_ERR_TOO_LONG)
		finish(s, LOBBY_ERR_CARD_TOO_LONG, "A card is in whose answers are longer than they may be.");
	else
		restart_or_fail(s, next, "A card is in that stopped answering.");
}

/* An exchange has ended, or none has begun: gives the script its answer, and begins what it wants next. */
static void talk_on(struct ccid_session *s)
{
	struct exchange_block block = { 0 };
	int next = EXCHANGE_DONE;

	while (next == EXCHANGE_DONE) {
		enum chip_next wish;
		size_t len = 0;

		if (s->exchange.answer_len > 0) {
			chip_answer(&s->script, s->answer, s->exchange.answer_len);
			explicit_bzero(s->answer, s->exchange.answer_len);
			s->exchange.answer_len = 0;
		}
		wish = chip_next(&s->script, s->apdu, &len);
		if (wish == CHIP_DONE) {
			finish(s, 0, "");
			return;
		}
		if (wish == CHIP_NONE) {
			finish(s, LOBBY_ERR_CARD_UNKNOWN, "A card is in that is none of those that this kiosk reads.");
			return;
		}
		if (wish == CHIP_PAYMENT) {
			finish(s, LOBBY_ERR_CARD_PAYMENT, "A card is in that is a payment card.");
			return;
		}
		next = exchange_begin(&s->exchange, s->apdu, len, s->answer, sizeof(s->answer), &block);
	}
	go_on(s, next, &block);
}

static void take_transfer(struct ccid_session *s, int err, const struct ccid_answer *answer)
{
	struct exchange_reply reply = { .err = err, .chain = answer->extra, .data = answer->data, .len = answer->len };
	struct exchange_block block = { 0 };
	int next = exchange_take(&s->exchange, &reply, &block);

	if (next == EXCHANGE_DONE)
		talk_on(s);
	else if (next == EXCHANGE_SEND && s->step == IFS)
		send_block(s, IFS, &block);
	else
		go_on(s, next, &block);
}

/* ---- answers ---- */

static void take_power(struct ccid_session *s, int err, const struct ccid_answer *answer)
{
	uint8_t volts = s->volts[s->volts_at - 1];

	if (err != 0 || answer->len == 0) {
		log_event(LOG_INFO, "ccid-power", "slot=%u volts=%u fault=%02x", s->slot, volts, answer->fault);
		if (err == LOBBY_ERR_REFUSED && answer->fault == CCID_FAULT_UNSUPPORTED)
			err = LOBBY_ERR_PROTOCOL; /* a reader that cannot power a card */
		else
			err = LOBBY_ERR_CARD_MUTE;
		give_up_voltage(s, err, "A card is in that does not answer: the wrong way round, or broken.");
		return;
	}
	if (keep_atr(s, answer) && volts != CCID_VOLTS_AUTO && s->atr.classes != 0 &&
	    (s->atr.classes & 1U << (volts - 1)) == 0) {
		give_up_voltage(s, LOBBY_ERR_CARD_UNKNOWN, "The card and the reader have no common voltage.");
		return;
	}
	agree(s);
}

static void on_answer(void *arg, int err, const struct ccid_answer *answer)
{
	struct ccid_session *s = arg;

	if (err != 0) { /* the reader, not the card */
		s->out_of_step = true;
		finish(s, err, "The reader did not answer as it should.");
		return;
	}
	if (s->step == CLOSE) { /* the answer that was out when the card was pulled */
		close_card(s);
		return;
	}
	if (answer->outcome == CCID_FAILED)
		err = ccid_fault_error(answer);
	if (err == LOBBY_ERR_CARD_REMOVED || answer->icc == CCID_ICC_ABSENT) {
		finish(s, LOBBY_ERR_CARD_REMOVED, "");
		return;
	}
	if ((err == LOBBY_ERR_BUSY || err == LOBBY_ERR_CLOSED) && ++s->busy <= MAX_BUSY) {
		loop_timer_set(usb_loop(s->link->usb), &s->pause, BUSY_MS, resend, s);
		return;
	}
	switch (s->step) {
	case POWER:
		take_power(s, err, answer);
		break;
	case OFF:
		next_voltage(s);
		break;
	case ASK:
		take_parameters(s, err, answer);
		break;
	case PPS:
		take_pps(s, err, answer);
		break;
	case SET:
		take_set(s, err, answer);
		break;
	default:
		take_transfer(s, err, answer);
		break;
	}
}

static void on_start(void *arg)
{
	start_power(arg);
}

int ccid_session_new(struct ccid_link *link, const struct ccid_class *class, uint8_t slot,
		     const struct ccid_session_events *events, void *arg, struct ccid_session **out)
{
	struct ccid_session *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return LOBBY_ERR_NO_MEMORY;
	s->link = link;
	s->class = class;
	s->slot = slot;
	s->events = events;
	s->arg = arg;
	s->power_err = LOBBY_ERR_CARD_MUTE;
	s->power_words = "";
	list_voltages(s);
	*out = s;
	/* Not from within: the owner must know the session before it is told of its end. */
	loop_timer_set(usb_loop(link->usb), &s->pause, 0, on_start, s);
	loop_timer_set(usb_loop(link->usb), &s->deadline, WHOLE_READ_MS, on_deadline, s);
	return 0;
}

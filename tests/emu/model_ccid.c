/* Commands are handled as soon as they are whole; their answers wait in a queue for the host to ask. What is wrong with
 * an answer is done to it when it is queued. */
#include "tests/emu/model_ccid.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HEADER 10
#define MAX_COMMAND 65556
#define BULK_OUT 0x01
#define BULK_IN 0x82
#define NOTIFY 0x83

enum { ACTIVE, INACTIVE, ABSENT };
enum { OK = 0, FAILED = 0x40, MORE_TIME = 0x80 };

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)value;
	at[1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value);
	put16(at + 2, value >> 16);
}

static uint32_t get32(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* ---- descriptors ---- */

static void class_descriptor(const struct model_ccid *r, uint8_t d[54])
{
	memset(d, 0, 54);
	d[0] = r->descriptor_len;
	d[1] = 0x21;
	put16(d + 2, 0x0110);
	d[4] = (uint8_t)(r->slot_count - 1);
	d[5] = r->voltages;
	put32(d + 6, r->protocols);
	put32(d + 10, r->clock_khz);
	put32(d + 14, r->clock_khz);
	put32(d + 19, r->clock_khz * 1000 / 372);
	put32(d + 23, r->max_rate_bps);
	put32(d + 28, r->max_ifsd);
	put32(d + 40, r->features | (uint32_t)r->level);
	put32(d + 44, r->max_message);
	d[48] = d[49] = 0xff;
	d[53] = 1;
}

static void append(struct model *m, const uint8_t *bytes, size_t len)
{
	assert(m->descriptors_len + len <= sizeof(m->descriptors));
	memcpy(m->descriptors + m->descriptors_len, bytes, len);
	m->descriptors_len += len;
}

static void describe(struct model_ccid *r)
{
	uint8_t device[] = { 18, 1, 0x00, 0x02, 0, 0, 0, 64, 0, 0, 0, 0, 0x10, 0x02, 1, 2, 3, 1 };
	uint8_t config[] = { 9, 2, 0, 0, (uint8_t)(r->composite ? 2 : 1), 1, 0, 0x80, 50 };
	const uint8_t other[] = { 9, 4, 0, 0, 1, 0xff, 0, 0, 0, 7, 5, 0x84, 3, 8, 0, 10 };
	uint8_t interface[] = { 9, 4, r->composite, 0, (uint8_t)(r->no_notify ? 2 : 3), 0x0b, 0, 0, 0 };
	const uint8_t bulk[] = { 7, 5, BULK_OUT, 2, 64, 0, 0, 7, 5, BULK_IN, 2, 64, 0, 0 };
	const uint8_t notify[] = { 7, 5, NOTIFY, 3, 8, 0, 24 };
	uint8_t class[54];
	struct model *m = &r->model;

	put16(device + 8, r->vendor);
	put16(device + 10, r->product);
	m->descriptors_len = 0;
	append(m, device, sizeof(device));
	append(m, config, sizeof(config));
	if (r->composite)
		append(m, other, sizeof(other));
	append(m, interface, sizeof(interface));
	class_descriptor(r, class);
	if (!r->class_last)
		append(m, class, r->descriptor_len);
	append(m, bulk, sizeof(bulk));
	if (!r->no_notify)
		append(m, notify, sizeof(notify));
	if (r->class_last)
		append(m, class, r->descriptor_len);
	put16(m->descriptors + 18 + 2, (uint32_t)(m->descriptors_len - 18));
}

/* ---- answers ---- */

static void forget(struct model_ccid *r)
{
	while (r->queued > 0)
		free(r->queue[--r->queued].bytes);
	r->endless = r->stalled = r->is_held = false;
}

static void enqueue(struct model_ccid *r, const uint8_t *header, const uint8_t *data, size_t len)
{
	struct model_ccid_message *m = &r->queue[r->queued];

	assert(r->queued < 8);
	m->len = HEADER + len;
	m->at = 0;
	m->bytes = malloc(m->len);
	assert(m->bytes != NULL);
	memcpy(m->bytes, header, HEADER);
	if (len > 0)
		memcpy(m->bytes + HEADER, data, len);
	r->queued++;
}

static uint8_t icc_status(const struct model_ccid *r, uint8_t slot)
{
	if (slot >= r->slot_count || r->icc[slot].card == NULL)
		return ABSENT;
	return r->icc[slot].powered ? ACTIVE : INACTIVE;
}

/* What is wrong with this answer, if anything; counted. */
static enum model_ccid_fault take_fault(struct model_ccid *r, const uint8_t *command)
{
	if (r->fault == MODEL_CCID_HONEST || r->messages < r->fault_at || r->fault_left == 0 ||
	    (r->fault_type != 0 && command[0] != r->fault_type))
		return MODEL_CCID_HONEST;
	if (r->fault_left > 0)
		r->fault_left--;
	return r->fault;
}

static uint8_t error_of(enum model_ccid_fault fault)
{
	switch (fault) {
	case MODEL_CCID_MUTE:
		return 0xfe;
	case MODEL_CCID_PARITY:
		return 0xfd;
	case MODEL_CCID_OVERRUN:
		return 0xfc;
	case MODEL_CCID_HARDWARE:
		return 0xfb;
	case MODEL_CCID_BUSY:
		return 0xe0;
	case MODEL_CCID_ABORTED:
		return 0xff;
	default:
		return 0;
	}
}

/* Queues the answer, or what a broken reader makes of it. Header byte 7 holds the status, 8 the error. */
static void give(struct model_ccid *r, enum model_ccid_fault fault, uint8_t *header, const uint8_t *data, size_t len)
{
	uint8_t more[HEADER];

	put32(header + 1, (uint32_t)len);
	memcpy(more, header, HEADER);
	put32(more + 1, 0);
	switch (fault) {
	case MODEL_CCID_STALL_IN:
		r->stalled = true;
		return;
	case MODEL_CCID_SILENT:
		return;
	case MODEL_CCID_CUT:
		put32(header + 1, (uint32_t)len + 20);
		break;
	case MODEL_CCID_HUGE:
		put32(header + 1, 0xffffffff);
		break;
	case MODEL_CCID_GARBAGE:
		memset(header, 0x17, HEADER);
		put32(header + 1, (uint32_t)len);
		break;
	case MODEL_CCID_WRONG_SEQ:
		header[6] ^= 0x80;
		break;
	case MODEL_CCID_LATE:
		more[6]--;
		enqueue(r, more, NULL, 0);
		break;
	case MODEL_CCID_SLOW:
	case MODEL_CCID_ENDLESS:
		more[7] = (uint8_t)((more[7] & 3) | MORE_TIME);
		more[8] = 1;
		for (int i = 0; i < 3; i++)
			enqueue(r, more, NULL, 0);
		r->endless = fault == MODEL_CCID_ENDLESS;
		break;
	case MODEL_CCID_WRONG_TYPE:
		header[0] = 0x84;
		break;
	default:
		break;
	}
	enqueue(r, header, data, len);
}

static void answer(struct model_ccid *r, enum model_ccid_fault fault, uint8_t type, uint8_t status, uint8_t error,
		   uint8_t extra, const uint8_t *data, size_t len)
{
	const uint8_t *c = r->command;
	uint8_t header[HEADER] = {
		type, 0, 0, 0, 0, c[5], c[6], (uint8_t)(status | icc_status(r, c[5])), error, extra
	};

	give(r, fault, header, data, len);
}

static void fail(struct model_ccid *r, enum model_ccid_fault fault, uint8_t type, uint8_t error)
{
	answer(r, fault, type, FAILED, error, 0, NULL, 0);
}

/* ---- the line's time ---- */

static uint64_t line_time(const struct model_ccid *r, uint8_t fidi, size_t chars)
{
	static const uint16_t f[16] = { 372, 372, 558, 744, 1116, 1488, 1860, 0, 0, 512, 768, 1024, 1536, 2048, 0, 0 };
	static const uint8_t d[16] = { 0, 1, 2, 4, 8, 16, 32, 64, 12, 20, 0, 0, 0, 0, 0, 0 };
	uint64_t cycles = (uint64_t)chars * 11 * f[fidi >> 4] / (d[fidi & 15] == 0 ? 1 : d[fidi & 15]);

	return cycles * 1000 / (r->clock_khz == 0 ? 4800 : r->clock_khz);
}

static void pace(struct model_ccid *r, uint8_t fidi, size_t sent, size_t got)
{
	size_t framing = r->level == MODEL_CCID_TPDU ? 0 : 4 * (sent / 254 + got / 254 + 2);
	uint64_t us = line_time(r, fidi, sent + got + framing + 2);

	r->line_us += us;
	if (!r->paced)
		return;
	r->is_held = true;
	if (r->held != NULL)
		r->held(r->held_arg, us);
}

/* ---- commands ---- */

static void default_parameters(struct model_ccid *r, uint8_t slot)
{
	const struct icc *icc = &r->icc[slot];
	uint8_t *p = r->parameters[slot];

	memset(p, 0, 7);
	p[0] = icc->fidi;
	r->protocol[slot] = icc->protocol;
	if (icc->protocol == 0) {
		p[3] = 10;
	} else {
		p[1] = (uint8_t)(0x10 | icc->crc);
		p[3] = 0x4d;
		p[5] = icc->ifsc;
	}
}

static void power_on(struct model_ccid *r, enum model_ccid_fault fault)
{
	uint8_t slot = r->command[5], select = r->command[7];
	struct icc *icc = &r->icc[slot];

	if (r->power_count < sizeof(r->powers))
		r->powers[r->power_count] = select;
	r->power_count++;
	if (select > 3 || (select == 0 && (r->features & 0x08) == 0) ||
	    (select > 0 && (r->voltages & 1 << (select - 1)) == 0)) {
		fail(r, fault, 0x80, 7);
		return;
	}
	if (icc->card == NULL || (select > 0 && r->card_voltages != 0 && (r->card_voltages & 1 << (select - 1)) == 0)) {
		fail(r, fault, 0x80, 0xfe);
		return;
	}
	icc_power(icc);
	if ((r->features & 0x40) != 0)
		icc->fidi = icc->ta1;
	default_parameters(r, slot);
	r->apdu_len = r->apdu_at = 0;
	answer(r, fault, 0x80, OK, 0, 0, icc->card->atr, icc->card->atr_len);
	pace(r, 0x11, 40000 / 372 / 11, icc->card->atr_len);
}

static void parameters(struct model_ccid *r, enum model_ccid_fault fault)
{
	const uint8_t *c = r->command;
	uint8_t slot = c[5], n = c[7];
	struct icc *icc = &r->icc[slot];
	size_t len = get32(c + 1);

	if (icc->card == NULL) {
		fail(r, fault, 0x82, 0xfe);
		return;
	}
	if (c[0] == 0x6d)
		default_parameters(r, slot);
	if (c[0] == 0x61) {
		r->set_parameters++;
		if (n > 1 || (r->protocols & 1 << n) == 0 || len != (n == 0 ? 5U : 7U)) {
			fail(r, fault, 0x82, 7);
			return;
		}
		if ((r->features & 0x80) != 0 && !icc->specific && !icc->no_pps && (icc->protocols & 1 << n) != 0 &&
		    (c[HEADER] == 0x11 || c[HEADER] == icc->ta1)) {
			icc->protocol = n;
			icc->fidi = c[HEADER];
		}
		r->protocol[slot] = n;
		memcpy(r->parameters[slot], c + HEADER, len);
	}
	answer(r, fault, 0x82, OK, 0, r->protocol[slot], r->parameters[slot], r->protocol[slot] == 0 ? 5 : 7);
}

/* The extended level's parts (wLevelParameter); an answer goes out in parts of what a message holds. */
static void extended(struct model_ccid *r, enum model_ccid_fault fault, struct icc *icc)
{
	const uint8_t *c = r->command;
	unsigned level = c[8] | c[9] << 8;
	size_t len = get32(c + 1), room = r->max_message - HEADER, n, total;
	bool first;

	if (level <= 1)
		r->apdu_len = 0;
	if (level <= 3) {
		if (r->apdu_len + len > MAX_COMMAND) {
			fail(r, fault, 0x80, 1);
			return;
		}
		memcpy(r->apdu + r->apdu_len, c + HEADER, len);
		r->apdu_len += len;
	}
	if (level == 1 || level == 3) {
		answer(r, fault, 0x80, OK, 0, 0x10, NULL, 0);
		return;
	}
	if (level != 0x10) {
		uint8_t *whole = malloc(MAX_COMMAND);

		assert(whole != NULL);
		total = icc_apdu(icc, r->apdu, r->apdu_len, whole, ICC_MAX_OUT);
		free(r->apdu);
		r->apdu = whole;
		pace(r, icc->fidi, r->apdu_len, total);
		r->apdu_len = total;
		r->apdu_at = 0;
	}
	if (r->apdu_len == 0) {
		fail(r, fault, 0x80, 0xfe);
		return;
	}
	first = r->apdu_at == 0;
	n = r->apdu_len - r->apdu_at < room ? r->apdu_len - r->apdu_at : room;
	r->apdu_at += n;
	answer(r, fault, 0x80, OK, 0, r->apdu_at == r->apdu_len ? (first ? 0 : 2) : (first ? 1 : 3),
	       r->apdu + r->apdu_at - n, n);
}

static void transfer(struct model_ccid *r, enum model_ccid_fault fault)
{
	const uint8_t *c = r->command;
	struct icc *icc = &r->icc[c[5]];
	size_t len = get32(c + 1), n;

	if (icc->card == NULL || !icc->powered || (r->fault != MODEL_CCID_HONEST && error_of(fault) != 0)) {
		fail(r, fault, 0x80, icc->card != NULL && icc->powered ? error_of(fault) : 0xfe);
		return;
	}
	if (r->level == MODEL_CCID_EXTENDED) {
		extended(r, fault, icc);
		return;
	}
	if (r->level == MODEL_CCID_TPDU)
		n = icc_tpdu(icc, r->protocol[c[5]], r->parameters[c[5]][0], c + HEADER, len, r->apdu, MAX_COMMAND);
	else
		n = len < 4 || len > 261 ? 0 : icc_apdu(icc, c + HEADER, len, r->apdu, ICC_MAX_OUT);
	if (n == 0)
		fail(r, fault, 0x80, 0xfe);
	else
		answer(r, fault, 0x80, OK, 0, 0, r->apdu, n);
	pace(r, icc->fidi, len, n);
}

/* The command that is not answered yet ends as aborted; then the slot's state (6.1.13). */
static void abort_slot(struct model_ccid *r)
{
	r->aborts++;
	forget(r);
	answer(r, MODEL_CCID_HONEST, 0x81, OK, 0, 0, NULL, 0);
}

static void handle(struct model_ccid *r)
{
	static const uint8_t answers[256] = {
		[0x62] = 0x80, [0x6f] = 0x80, [0x61] = 0x82, [0x6c] = 0x82, [0x6d] = 0x82
	};
	const uint8_t *c = r->command;
	enum model_ccid_fault fault;
	uint8_t type = answers[c[0]] != 0 ? answers[c[0]] : 0x81;

	r->messages++;
	if (r->remove_at != 0 && r->messages == r->remove_at && r->icc[0].card != NULL) {
		r->icc[0].card = NULL;
		r->icc[0].powered = false;
		r->changed |= 1;
	}
	if (r->hold_at != 0 && r->messages == r->hold_at)
		return;
	fault = take_fault(r, c);
	if (c[5] >= r->slot_count) {
		fail(r, fault, type, 5);
	} else if (fault == MODEL_CCID_UNKNOWN) {
		fail(r, fault, 0x81, 0);
	} else if (error_of(fault) != 0) {
		fail(r, fault, type, error_of(fault));
	} else if (c[0] == 0x62) {
		power_on(r, fault);
	} else if (c[0] == 0x61 || c[0] == 0x6c || c[0] == 0x6d) {
		parameters(r, fault);
	} else if (c[0] == 0x6f) {
		transfer(r, fault);
	} else if (c[0] == 0x72) {
		abort_slot(r);
	} else if (c[0] == 0x63 || c[0] == 0x65) {
		if (c[0] == 0x63)
			r->icc[c[5]].powered = false;
		answer(r, fault, 0x81, OK, 0, 0, NULL, 0);
	} else {
		fail(r, fault, 0x81, 0);
	}
}

/* ---- endpoints ---- */

static int control(struct model *model, const uint8_t setup[8], uint8_t *data, size_t len)
{
	struct model_ccid *r = (struct model_ccid *)model;

	(void)data;
	(void)len;
	if (setup[0] != 0x21 || setup[1] != 1 || setup[4] != r->composite || r->no_abort)
		return -EPIPE;
	forget(r);
	return 0;
}

static int out(struct model *model, uint8_t endpoint, const uint8_t *data, size_t len)
{
	struct model_ccid *r = (struct model_ccid *)model;

	if (endpoint != BULK_OUT || len > HEADER + MAX_COMMAND - r->command_len)
		return -EPIPE;
	if (r->fault == MODEL_CCID_STALL_OUT && r->messages + 1 >= r->fault_at && r->fault_left != 0) {
		r->fault_left -= r->fault_left > 0;
		return -EPIPE;
	}
	memcpy(r->command + r->command_len, data, len);
	r->command_len += len;
	if (r->command_len >= HEADER && r->command_len >= HEADER + (size_t)get32(r->command + 1)) {
		handle(r);
		r->command_len = 0;
		bus_wake(model);
	}
	return (int)len;
}

static int notify(struct model_ccid *r, uint8_t *data, size_t len)
{
	if (r->changed == 0 || len < 2)
		return -EAGAIN;
	data[0] = 0x50;
	data[1] = 0;
	for (unsigned i = 0; i < r->slot_count; i++)
		data[1] |= (uint8_t)((r->icc[i].card != NULL) << 2 * i | (r->changed >> i & 1) << (2 * i + 1));
	r->changed = 0;
	return 2;
}

static int in(struct model *model, uint8_t endpoint, uint8_t *data, size_t len)
{
	struct model_ccid *r = (struct model_ccid *)model;
	struct model_ccid_message *m = &r->queue[0];
	size_t n;

	if (endpoint == NOTIFY && !r->no_notify)
		return notify(r, data, len);
	if (endpoint != BULK_IN)
		return endpoint == 0x84 ? -EAGAIN : -EPIPE;
	if (r->stalled)
		return -EPIPE;
	if (r->queued == 0 || r->is_held)
		return -EAGAIN;
	n = m->len - m->at < len ? m->len - m->at : len;
	memcpy(data, m->bytes + m->at, n);
	m->at += n;
	if (m->at < m->len)
		return (int)n;
	if (r->endless && r->queued == 2) {
		m->at = 0;
		return (int)n;
	}
	free(m->bytes);
	memmove(r->queue, r->queue + 1, sizeof(r->queue[0]) * (size_t)--r->queued);
	return (int)n;
}

static void reset(struct model *model)
{
	struct model_ccid *r = (struct model_ccid *)model;

	describe(r);
	forget(r);
	r->command_len = r->apdu_len = 0;
	r->messages = r->aborts = r->power_count = r->set_parameters = 0;
	r->fault_left = r->fault_count;
	r->changed = 0;
	for (unsigned i = 0; i < MODEL_CCID_SLOTS; i++) {
		r->icc[i].powered = false;
		if (r->icc[i].card != NULL)
			r->changed |= (uint8_t)(1 << i);
	}
}

static const struct model_class ccid_class = { .control = control, .out = out, .in = in, .reset = reset };

void model_ccid_init(struct model_ccid *r, struct bus *bus)
{
	*r = (struct model_ccid){ .model = { .class = &ccid_class,
					     .kind = "reader",
					     .strings = { NULL, "Lobby", "Model Card Reader", "R-0001" } },
				  .bus = bus,
				  .vendor = 0x1209,
				  .product = 0x0005,
				  .level = MODEL_CCID_SHORT,
				  .features = 0x04ba | 0x40,
				  .slot_count = 1,
				  .voltages = 7,
				  .protocols = 3,
				  .clock_khz = 4800,
				  .max_rate_bps = 826000,
				  .max_ifsd = 254,
				  .max_message = 271,
				  .descriptor_len = 54,
				  .fault_count = -1,
				  .command = malloc(HEADER + MAX_COMMAND),
				  .apdu = malloc(MAX_COMMAND) };
	assert(r->command != NULL && r->apdu != NULL);
	for (unsigned i = 0; i < MODEL_CCID_SLOTS; i++)
		icc_init(&r->icc[i]);
}

void model_ccid_fini(struct model_ccid *r)
{
	bus_unplug(r->bus, &r->model);
	forget(r);
	for (unsigned i = 0; i < MODEL_CCID_SLOTS; i++)
		icc_fini(&r->icc[i]);
	free(r->command);
	free(r->apdu);
}

static void put(struct model_ccid *r, unsigned slot, struct smartcard *card)
{
	assert(slot < MODEL_CCID_SLOTS);
	bus_lock(r->bus);
	r->icc[slot].card = card;
	r->icc[slot].powered = false;
	r->changed |= (uint8_t)(1 << slot);
	bus_wake(&r->model);
	bus_unlock(r->bus);
}

void model_ccid_insert(struct model_ccid *r, unsigned slot, struct smartcard *card)
{
	put(r, slot, card);
}

void model_ccid_remove(struct model_ccid *r, unsigned slot)
{
	put(r, slot, NULL);
}

void model_ccid_step(struct model_ccid *r)
{
	bus_lock(r->bus);
	r->is_held = false;
	bus_wake(&r->model);
	bus_unlock(r->bus);
}

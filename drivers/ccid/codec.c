/* The class descriptor is believed only as far as the driver depends on it: a wrong bcdCCID or clock is the reader's
 * own business, but a message size too small for a command, or no exchange level, is not. */
#include "drivers/ccid/codec.h"

#include "base/bytes.h"

#define DESCRIPTOR_TYPE 0x21
#define DESCRIPTOR_LEN 54
#define LEVEL_MASK 0x70000U
#define MIN_MESSAGE 64 /* of full-speed bulk endpoints; enough for a T=1 block of 32 bytes (5.1: 271 is usual) */

static int level_of(uint32_t features, enum ccid_level *level)
{
	switch (features & LEVEL_MASK) {
	case 0:
		*level = CCID_LEVEL_CHARACTER;
		return 0;
	case 0x10000:
		*level = CCID_LEVEL_TPDU;
		return 0;
	case 0x20000:
		*level = CCID_LEVEL_SHORT_APDU;
		return 0;
	case 0x40000:
		*level = CCID_LEVEL_EXTENDED_APDU;
		return 0;
	default:
		return LOBBY_ERR_INVALID; /* "only one of these values may be present" */
	}
}

static int take_class(struct reader *r, struct ccid_class *out)
{
	struct ccid_class c = { 0 };
	unsigned last_slot;
	int err;

	c.version = read_le16(r);
	last_slot = read_u8(r);
	c.slots = (uint8_t)(last_slot >= CCID_MAX_SLOTS ? CCID_MAX_SLOTS : last_slot + 1);
	c.voltages = read_u8(r) & 7;
	c.protocols = (uint8_t)(read_le32(r) & 3);
	c.clock_khz = read_le32(r);
	read_span(r, 5); /* dwMaximumClock, bNumClockSupported */
	read_span(r, 4); /* dwDataRate */
	c.max_rate_bps = read_le32(r);
	read_u8(r); /* bNumDataRatesSupported */
	c.max_ifsd = read_le32(r);
	read_span(r, 8); /* dwSynchProtocols, dwMechanical */
	c.features = read_le32(r);
	c.max_message = read_le32(r);
	err = level_of(c.features, &c.level);
	if (r->failed || err != 0 || c.max_message < MIN_MESSAGE || c.protocols == 0 ||
	    (c.voltages == 0 && (c.features & CCID_AUTO_VOLTAGE) == 0))
		return LOBBY_ERR_INVALID;
	if (c.max_message > CCID_MAX_MESSAGE)
		c.max_message = CCID_MAX_MESSAGE;
	*out = c;
	return 0;
}

int ccid_class_parse(const uint8_t *extra, size_t len, struct ccid_class *out)
{
	struct reader r = reader_of(extra, len);

	while (reader_left(&r) >= 2) {
		uint8_t size = read_u8(&r), type = read_u8(&r);
		struct reader one;

		if (size < 2)
			return LOBBY_ERR_INVALID;
		one = read_sub(&r, size - 2U);
		if (type == DESCRIPTOR_TYPE)
			return size < DESCRIPTOR_LEN ? LOBBY_ERR_INVALID : take_class(&one, out);
	}
	return LOBBY_ERR_NOT_FOUND;
}

/* ---- messages ---- */

static void write_le32(struct writer *w, uint32_t value)
{
	write_le16(w, (uint16_t)value);
	write_le16(w, (uint16_t)(value >> 16));
}

int ccid_encode(const struct ccid_command *command, uint8_t *out, size_t size)
{
	struct writer w = writer_of(out, size);

	write_u8(&w, command->type);
	write_le32(&w, (uint32_t)command->len);
	write_u8(&w, command->slot);
	write_u8(&w, command->seq);
	write_span(&w, command->param, sizeof(command->param));
	write_span(&w, command->data, command->len);
	return w.failed ? LOBBY_ERR_TOO_LONG : (int)w.len;
}

size_t ccid_message_len(const uint8_t *bytes, size_t len)
{
	struct reader r = reader_of(bytes, len);
	uint32_t data;

	if (len < CCID_HEADER)
		return 0;
	read_u8(&r);
	data = read_le32(&r);
	return CCID_HEADER + (size_t)data;
}

int ccid_answer_parse(const uint8_t *bytes, size_t len, struct ccid_answer *out)
{
	struct reader r = reader_of(bytes, len);
	struct ccid_answer a = { 0 };
	uint8_t status;

	a.type = read_u8(&r);
	a.len = read_le32(&r);
	a.slot = read_u8(&r);
	a.seq = read_u8(&r);
	status = read_u8(&r);
	a.fault = read_u8(&r);
	a.extra = read_u8(&r);
	a.data = read_span(&r, a.len);
	if (r.failed)
		return LOBBY_ERR_TRUNCATED;
	a.icc = (enum ccid_icc)(status & 3);
	a.outcome = (enum ccid_outcome)(status >> 6);
	if (a.type < CCID_DATA_BLOCK || a.outcome == CCID_OUTCOME_RESERVED || a.icc == CCID_ICC_RESERVED)
		return LOBBY_ERR_PROTOCOL;
	*out = a;
	return 0;
}

uint8_t ccid_answer_type(uint8_t command)
{
	switch (command) {
	case CCID_POWER_ON:
	case CCID_TRANSFER:
		return CCID_DATA_BLOCK;
	case CCID_SET_PARAMETERS:
	case CCID_GET_PARAMETERS:
		return CCID_PARAMETERS;
	default:
		return CCID_SLOT_STATUS;
	}
}

int ccid_fault_error(const struct ccid_answer *answer)
{
	if (answer->icc == CCID_ICC_ABSENT)
		return LOBBY_ERR_CARD_REMOVED;
	switch (answer->fault) {
	case CCID_FAULT_MUTE:
		return LOBBY_ERR_CARD_MUTE;
	case CCID_FAULT_SLOT_BUSY:
	case CCID_FAULT_AUTO_SEQUENCE:
		return LOBBY_ERR_BUSY;
	case CCID_FAULT_ABORTED:
		return LOBBY_ERR_CLOSED;
	case CCID_FAULT_PARITY:
	case CCID_FAULT_OVERRUN:
		return LOBBY_ERR_IO;
	default:
		return answer->fault < 0x80 ? LOBBY_ERR_REFUSED : LOBBY_ERR_PROTOCOL;
	}
}

int ccid_notice_parse(const uint8_t *bytes, size_t len, unsigned slots, struct ccid_notice *out)
{
	struct reader r = reader_of(bytes, len);
	struct ccid_notice n = { 0 };
	uint8_t type = read_u8(&r), bits = 0;

	if (type == CCID_HARDWARE_ERROR) {
		n.hardware_error = true;
		n.slot = read_u8(&r);
		read_u8(&r); /* bSeq */
		n.code = read_u8(&r);
	} else if (type == CCID_NOTIFY_SLOT_CHANGE) {
		for (unsigned i = 0; i < slots && i < 8; i++) {
			if (i % 4 == 0)
				bits = read_u8(&r);
			n.present |= (uint8_t)((bits >> i % 4 * 2 & 1U) << i);
			n.changed |= (uint8_t)((bits >> (i % 4 * 2 + 1) & 1U) << i);
		}
	} else {
		return LOBBY_ERR_PROTOCOL;
	}
	if (r.failed)
		return LOBBY_ERR_PROTOCOL;
	*out = n;
	return 0;
}

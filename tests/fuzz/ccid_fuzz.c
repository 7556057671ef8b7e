/* A hostile reader and a hostile card. The first byte chooses: 0 a class descriptor, 1 messages and notices, 2 to 5 a
 * whole exchange over T=0, T=1, short or extended APDUs. An exchange's input is: the room in a message, IFSC, flags
 * (1: CRC; 2: begins with the size of blocks), the command with a byte of length, then replies: what kind (the low five
 * bits are bChainParameter; 0x20 mute, 0x40 damaged, 0x80 T=1's check bytes are put right), a byte of length, the data.
 * Whatever is said, answers stay in their room, what is sent fits, and it ends. */
#include "base/bytes.h"
#include "drivers/ccid/codec.h"
#include "drivers/ccid/exchange.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ROOM 1024

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Its own block, so that a byte read past the end is seen; with room for check bytes. */
static uint8_t *copy_of(const uint8_t *data, size_t len, size_t more)
{
	uint8_t *copy = malloc(len + more > 0 ? len + more : 1);

	if (copy == NULL)
		abort();
	if (len > 0)
		memcpy(copy, data, len);
	return copy;
}

static void fuzz_class(const uint8_t *data, size_t len)
{
	struct ccid_class c;

	if (ccid_class_parse(data, len, &c) == 0 &&
	    (c.slots == 0 || c.slots > CCID_MAX_SLOTS || c.max_message < CCID_HEADER + 1 ||
	     c.max_message > CCID_MAX_MESSAGE || c.protocols == 0))
		abort();
}

static void fuzz_message(const uint8_t *data, size_t len)
{
	struct ccid_answer a;
	struct ccid_notice n;

	if (ccid_answer_parse(data, len, &a) == 0) {
		if (a.data < data || a.len > len - CCID_HEADER || ccid_message_len(data, len) > len)
			abort();
		if (a.outcome == CCID_FAILED && ccid_fault_error(&a) >= 0)
			abort();
	}
	if (ccid_notice_parse(data, len, CCID_MAX_SLOTS, &n) == 0 && (n.present > 15 || n.changed > 15))
		abort();
}

static size_t put_right(uint8_t *block, size_t len, bool crc)
{
	uint8_t lrc = 0;

	for (size_t i = 0; i < len; i++)
		lrc ^= block[i];
	block[len] = crc ? (uint8_t)(t1_crc(block, len) >> 8) : lrc;
	block[len + 1] = (uint8_t)t1_crc(block, len);
	return len + (crc ? 2 : 1);
}

static int take_reply(struct exchange *x, struct reader *r, struct exchange_block *b)
{
	uint8_t kind = read_u8(r);
	size_t len = read_u8(r);
	struct exchange_reply reply = { .chain = kind & 0x1f };
	const uint8_t *span;
	uint8_t *copy;
	int next;

	if (len > reader_left(r))
		len = reader_left(r);
	span = read_span(r, len);
	copy = copy_of(span, len, (kind & 0x80) != 0 ? 2 : 0);
	if ((kind & 0x80) != 0)
		len = put_right(copy, len, x->t1.crc);
	reply.data = copy;
	reply.len = len;
	if ((kind & 0x60) != 0)
		reply = (struct exchange_reply){ .err = (kind & 0x20) != 0 ? LOBBY_ERR_CARD_MUTE : LOBBY_ERR_IO };
	next = exchange_take(x, &reply, b);
	free(copy);
	return next;
}

static void fuzz_exchange(enum exchange_way way, struct reader *r)
{
	static struct exchange x;
	struct exchange_block b = { 0 };
	uint8_t *answer = copy_of(NULL, 0, ROOM);
	size_t room = read_u8(r) + 6U, len;
	uint8_t ifsc = read_u8(r), flags = read_u8(r);
	const uint8_t *command;
	int next;

	exchange_init(&x, way, room, ifsc == 0 || ifsc == 255 ? 32 : ifsc, (flags & 1) != 0);
	if (way == EXCHANGE_T1 && (flags & 2) != 0)
		for (next = exchange_ifs(&x, 254, &b); next == EXCHANGE_SEND && reader_left(r) > 0;)
			next = take_reply(&x, r, &b);
	len = read_u8(r);
	command = len <= reader_left(r) ? read_span(r, len) : NULL;
	next = command == NULL ? LOBBY_ERR_INVALID : exchange_begin(&x, command, len, answer, ROOM, &b);
	while (next == EXCHANGE_SEND) {
		if (b.len > room || (b.len > 0 && b.data == NULL))
			abort();
		for (size_t i = 0; i < b.len; i++)
			(void)*(const volatile uint8_t *)&b.data[i];
		if (reader_left(r) == 0)
			break;
		next = take_reply(&x, r, &b);
	}
	if (next > EXCHANGE_SEND || (next == EXCHANGE_DONE && (x.answer_len < 2 || x.answer_len > ROOM)))
		abort();
	exchange_wipe(&x);
	free(answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct reader r = reader_of(data, len);
	uint8_t choice = read_u8(&r) % 6;
	uint8_t *copy;

	if (choice >= 2) {
		fuzz_exchange((enum exchange_way)(choice - 2), &r);
		return 0;
	}
	len = reader_left(&r);
	copy = copy_of(read_span(&r, len), len, 0);
	if (choice == 0)
		fuzz_class(copy, len);
	else
		fuzz_message(copy, len);
	free(copy);
	return 0;
}

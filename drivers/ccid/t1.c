/* One function for each kind of block that can come; a block that does not fit where we are counts as a broken one. */
#include "drivers/ccid/t1.h"

#include "base/bytes.h"

#include <string.h>

#define MAX_TRIES 3
#define MAX_RESYNCHS 3
#define MAX_BLOCKS 8192 /* 64 KiB in blocks of 32 bytes, each acknowledged, and room for waiting */

/* PCB (11.3.2.2) */
#define I_SEQUENCE 0x40
#define I_MORE 0x20
#define R_BLOCK 0x80
#define R_SEQUENCE 0x10
#define R_DAMAGED 1
#define R_OTHER 2
#define S_BLOCK 0xc0
#define S_RESPONSE 0x20
#define S_RESYNCH 0
#define S_IFS 1
#define S_ABORT 2
#define S_WTX 3

struct block {
	uint8_t pcb;
	const uint8_t *info;
	size_t len;
};

uint16_t t1_crc(const uint8_t *data, size_t len)
{
	uint16_t crc = 0xffff;

	for (size_t i = 0; i < len; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (uint16_t)((crc & 1) != 0 ? crc >> 1 ^ 0x8408 : crc >> 1);
	}
	return crc;
}

static uint8_t lrc(const uint8_t *data, size_t len)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum ^= data[i];
	return sum;
}

/* ---- sending ---- */

static enum t1_next send_block(struct t1 *t1, uint8_t pcb, const uint8_t *info, size_t len)
{
	struct writer w = writer_of(t1->block, sizeof(t1->block));

	write_u8(&w, 0); /* NAD: no addressing */
	write_u8(&w, pcb);
	write_u8(&w, (uint8_t)len);
	write_span(&w, info, len);
	if (t1->crc)
		write_be16(&w, t1_crc(t1->block, w.len));
	else
		write_u8(&w, lrc(t1->block, w.len));
	t1->block_len = w.len;
	t1->waiting = 0;
	return T1_SEND;
}

static enum t1_next send_chunk(struct t1 *t1)
{
	size_t left = t1->command_len - t1->at, room = t1->ifsc < t1->max_info ? t1->ifsc : t1->max_info;
	bool more = left > room;

	t1->chunk = more ? room : left;
	t1->phase = T1_SENDING;
	return send_block(t1, (uint8_t)((t1->sequence ? I_SEQUENCE : 0) | (more ? I_MORE : 0)), t1->command + t1->at,
			  t1->chunk);
}

static enum t1_next send_r(struct t1 *t1, uint8_t code)
{
	return send_block(t1, (uint8_t)(R_BLOCK | (t1->expected ? R_SEQUENCE : 0) | code), NULL, 0);
}

/* Rule 6.4: both sides begin anew, with the sizes that they had at first. */
static enum t1_next send_resynch(struct t1 *t1)
{
	if (t1->resynchs++ == MAX_RESYNCHS)
		return T1_FAILED;
	t1->phase = T1_RESYNCH;
	t1->tries = 0;
	return send_block(t1, S_BLOCK | S_RESYNCH, NULL, 0);
}

/* Rule 7: a block that is broken or does not come is asked for again, an S request of ours is repeated. */
static enum t1_next again(struct t1 *t1, uint8_t code)
{
	if (++t1->tries > MAX_TRIES) {
		if (t1->phase == T1_IFS) {
			t1->phase = T1_IDLE;
			t1->ifsd = 32;
			return T1_DONE;
		}
		return send_resynch(t1);
	}
	if (t1->phase == T1_IFS)
		return send_block(t1, S_BLOCK | S_IFS, &t1->ifsd, 1);
	if (t1->phase == T1_RESYNCH)
		return send_resynch(t1);
	return send_r(t1, code);
}

/* ---- taking ---- */

/* LOBBY_ERR_IO: the check bytes do not fit; LOBBY_ERR_INVALID: the frame does not. */
static int parse_block(const struct t1 *t1, const uint8_t *bytes, size_t len, struct block *out)
{
	struct reader r = reader_of(bytes, len);
	uint8_t nad = read_u8(&r), pcb = read_u8(&r), info_len = read_u8(&r);
	const uint8_t *info = read_span(&r, info_len), *check = read_span(&r, t1->crc ? 2 : 1);

	if (r.failed || reader_left(&r) != 0 || info_len > T1_MAX_INFO)
		return LOBBY_ERR_INVALID;
	if (t1->crc ? t1_crc(bytes, 3U + info_len) != (check[0] << 8 | check[1])
		    : lrc(bytes, 3U + info_len) != check[0])
		return LOBBY_ERR_IO;
	if (nad != 0)
		return LOBBY_ERR_INVALID;
	*out = (struct block){ pcb, info, info_len };
	return 0;
}

static enum t1_next take_i(struct t1 *t1, const struct block *b)
{
	bool sequence = (b->pcb & I_SEQUENCE) != 0, more = (b->pcb & I_MORE) != 0;
	bool sent_all = t1->at + t1->chunk == t1->command_len;

	if (sequence != t1->expected || (t1->phase == T1_SENDING && !sent_all) ||
	    (t1->phase != T1_SENDING && t1->phase != T1_RECEIVING))
		return again(t1, R_OTHER);
	if (t1->phase == T1_SENDING) { /* rule 2.1: an I-block acknowledges ours */
		t1->at = t1->command_len;
		t1->sequence = !t1->sequence;
		t1->phase = T1_RECEIVING;
	}
	if (b->len > t1->answer_size - t1->answer_len)
		return T1_OVER;
	if (b->len > 0)
		memcpy(t1->answer + t1->answer_len, b->info, b->len);
	t1->answer_len += b->len;
	t1->expected = !t1->expected;
	t1->tries = 0;
	if (more)
		return send_r(t1, 0); /* rule 2.2 */
	t1->phase = T1_IDLE;
	return T1_DONE;
}

static enum t1_next take_r(struct t1 *t1, const struct block *b)
{
	bool sequence = (b->pcb & R_SEQUENCE) != 0, more = t1->at + t1->chunk < t1->command_len;

	if (b->len != 0 || (b->pcb & 0x20) != 0)
		return again(t1, R_OTHER);
	if (t1->phase == T1_RECEIVING) {
		/* The card did not understand our R: it is repeated (rule 7.6), and counted. */
		if (++t1->tries > MAX_TRIES)
			return send_resynch(t1);
		return send_r(t1, 0);
	}
	if (t1->phase != T1_SENDING)
		return again(t1, R_OTHER);
	if (sequence == t1->sequence) { /* it wants the same I-block again */
		if (++t1->tries > MAX_TRIES)
			return send_resynch(t1);
		return send_chunk(t1);
	}
	if (!more)
		return again(t1, R_OTHER);
	t1->at += t1->chunk; /* rule 2.2 */
	t1->sequence = !t1->sequence;
	t1->tries = 0;
	return send_chunk(t1);
}

/* The card asks: more time, another size, or an end to the chain. */
static enum t1_next take_request(struct t1 *t1, const struct block *b)
{
	uint8_t type = b->pcb & 0x1f, info = b->len == 1 ? b->info[0] : 0;

	if (t1->phase == T1_RESYNCH)
		return again(t1, R_OTHER);
	switch (type) {
	case S_WTX:
		if (b->len != 1 || info == 0)
			return again(t1, R_OTHER);
		send_block(t1, S_BLOCK | S_RESPONSE | S_WTX, &info, 1);
		t1->waiting = info;
		return T1_SEND;
	case S_IFS:
		if (b->len != 1 || info == 0 || info == 0xff)
			return again(t1, R_OTHER);
		t1->ifsc = info;
		return send_block(t1, S_BLOCK | S_RESPONSE | S_IFS, &info, 1);
	case S_ABORT:
		return T1_FAILED; /* rule 9: it gives this exchange up, and so do we */
	default:
		return again(t1, R_OTHER);
	}
}

static enum t1_next take_response(struct t1 *t1, const struct block *b)
{
	uint8_t type = b->pcb & 0x1f;

	if (t1->phase == T1_IFS && type == S_IFS && b->len == 1 && b->info[0] == t1->ifsd) {
		t1->phase = T1_IDLE;
		return T1_DONE;
	}
	if (t1->phase != T1_RESYNCH || type != S_RESYNCH || b->len != 0)
		return again(t1, R_OTHER);
	t1->sequence = t1->expected = false;
	t1->ifsc = t1->ifsc_first;
	t1->at = t1->answer_len = 0;
	t1->tries = 0;
	return send_chunk(t1);
}

enum t1_next t1_take(struct t1 *t1, const uint8_t *block, size_t len, bool damaged)
{
	struct block b;
	int err;

	if (++t1->blocks > MAX_BLOCKS || t1->phase == T1_IDLE)
		return T1_FAILED;
	if (len == 0 || damaged)
		return again(t1, damaged ? R_DAMAGED : R_OTHER);
	err = parse_block(t1, block, len, &b);
	if (err != 0)
		return again(t1, err == LOBBY_ERR_IO ? R_DAMAGED : R_OTHER);
	if ((b.pcb & 0x80) == 0)
		return (b.pcb & 0x1f) != 0 ? again(t1, R_OTHER) : take_i(t1, &b);
	if ((b.pcb & 0x40) == 0)
		return take_r(t1, &b);
	return (b.pcb & S_RESPONSE) != 0 ? take_response(t1, &b) : take_request(t1, &b);
}

/* ---- beginning ---- */

void t1_init(struct t1 *t1, uint8_t ifsc, bool crc, size_t max_block)
{
	size_t overhead = crc ? 5 : 4, room = max_block > overhead ? max_block - overhead : 1;

	*t1 = (struct t1){ .crc = crc, .ifsc = ifsc, .ifsc_first = ifsc, .ifsd = 32 };
	t1->max_info = (uint8_t)(room > T1_MAX_INFO ? T1_MAX_INFO : room);
}

enum t1_next t1_ifs(struct t1 *t1, uint8_t ifsd)
{
	t1->ifsd = ifsd;
	t1->phase = T1_IFS;
	t1->tries = 0;
	t1->blocks = 0;
	return send_block(t1, S_BLOCK | S_IFS, &ifsd, 1);
}

enum t1_next t1_begin(struct t1 *t1, const uint8_t *command, size_t len, uint8_t *answer, size_t size)
{
	t1->command = command;
	t1->command_len = len;
	t1->at = 0;
	t1->answer = answer;
	t1->answer_size = size;
	t1->answer_len = 0;
	t1->tries = t1->resynchs = t1->blocks = 0;
	return send_chunk(t1);
}

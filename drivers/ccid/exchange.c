/* Two layers: what carries one command to the card and its answer back (start_way, take_way), and above it what the
 * card's status words ask for (take_answer). */
#include "drivers/ccid/exchange.h"

#include "base/bytes.h"

#include <string.h>

#define MAX_ROUNDS 300 /* 64 KiB by GET RESPONSE, 256 bytes each, and room */
#define MAX_BLOCKS 4096

/* wLevelParameter and bChainParameter */
enum { WHOLE = 0, FIRST = 1, LAST = 2, MIDDLE = 3, GO_ON = 0x10 };

/* ---- what kind of command it is (ISO/IEC 7816-3, 12.1.3) ---- */

struct shape {
	bool extended;
	size_t le_at; /* of a short Le; 0: there is none */
	size_t data;  /* Lc */
};

static int shape_of(const uint8_t *command, size_t len, struct shape *out)
{
	struct shape s = { 0 };

	if (len < 4)
		return LOBBY_ERR_INVALID;
	if (len == 5)
		s.le_at = 4;
	if (len > 5 && command[4] != 0) {
		s.data = command[4];
		if (len == 6 + s.data)
			s.le_at = len - 1;
		else if (len != 5 + s.data)
			return LOBBY_ERR_INVALID;
	}
	if (len > 5 && command[4] == 0) {
		s.extended = true;
		if (len < 7)
			return LOBBY_ERR_INVALID;
		s.data = len == 7 ? 0 : (size_t)(command[5] << 8 | command[6]);
		if (len != 7 && (s.data == 0 || (len != 7 + s.data && len != 9 + s.data)))
			return LOBBY_ERR_INVALID;
	}
	*out = s;
	return 0;
}

/* ---- one command, its way there and back ---- */

static int from_t1(struct exchange *x, enum t1_next next, struct exchange_block *out)
{
	switch (next) {
	case T1_SEND:
		*out = (struct exchange_block){ x->t1.block, x->t1.block_len, 0, x->t1.waiting };
		return EXCHANGE_SEND;
	case T1_DONE:
		return EXCHANGE_DONE;
	case T1_OVER:
		return LOBBY_ERR_TOO_LONG;
	default:
		return LOBBY_ERR_PROTOCOL;
	}
}

/* 12.2: a command without data and Le goes with P3 = 0, one with both without its Le. */
static int start_t0(struct exchange *x, const struct shape *shape, struct exchange_block *out)
{
	size_t len = x->len;

	if (len == 4)
		x->command[len++] = 0;
	else if (shape->data > 0 && shape->le_at > 0)
		len--;
	*out = (struct exchange_block){ .data = x->command, .len = len };
	return len > x->max_data ? LOBBY_ERR_TOO_LONG : EXCHANGE_SEND;
}

static int send_part(struct exchange *x, struct exchange_block *out)
{
	size_t left = x->len - x->sent, n = left > x->max_data ? x->max_data : left;
	bool first = x->sent == 0, last = n == left;

	*out = (struct exchange_block){ .data = x->command + x->sent, .len = n };
	if (first)
		out->level = last ? WHOLE : FIRST;
	else
		out->level = last ? LAST : MIDDLE;
	x->sent += n;
	return EXCHANGE_SEND;
}

static int start_way(struct exchange *x, struct exchange_block *out)
{
	struct shape shape;
	int err = shape_of(x->command, x->len, &shape);

	if (err != 0)
		return err;
	x->answer_len = 0;
	x->sent = 0;
	x->blocks = 0;
	if (shape.extended && (x->way == EXCHANGE_T0 || x->way == EXCHANGE_SHORT)) {
		if (x->size < 2)
			return LOBBY_ERR_TOO_LONG;
		memcpy(x->answer, "\x67\x00", 2);
		x->answer_len = 2;
		return EXCHANGE_DONE;
	}
	switch (x->way) {
	case EXCHANGE_T0:
		return start_t0(x, &shape, out);
	case EXCHANGE_T1:
		return from_t1(x, t1_begin(&x->t1, x->command, x->len, x->answer + x->gathered, x->size - x->gathered),
			       out);
	case EXCHANGE_SHORT:
		*out = (struct exchange_block){ .data = x->command, .len = x->len };
		return x->len > x->max_data ? LOBBY_ERR_TOO_LONG : EXCHANGE_SEND;
	default:
		return send_part(x, out);
	}
}

static int append(struct exchange *x, const struct exchange_reply *reply)
{
	size_t at = x->gathered + x->answer_len;

	if (reply->len > x->size - at)
		return LOBBY_ERR_TOO_LONG;
	if (reply->len > 0)
		memcpy(x->answer + at, reply->data, reply->len);
	x->answer_len += reply->len;
	return EXCHANGE_DONE;
}

static int take_extended(struct exchange *x, const struct exchange_reply *reply, struct exchange_block *out)
{
	int err;

	if (++x->blocks > MAX_BLOCKS)
		return LOBBY_ERR_PROTOCOL;
	if (x->sent < x->len)
		return reply->chain == GO_ON && reply->len == 0 ? send_part(x, out) : LOBBY_ERR_PROTOCOL;
	err = append(x, reply);
	if (err != 0)
		return err;
	switch (reply->chain) {
	case WHOLE:
		return x->blocks > 1 && x->answer_len > reply->len ? LOBBY_ERR_PROTOCOL : EXCHANGE_DONE;
	case LAST:
		return EXCHANGE_DONE;
	case FIRST:
	case MIDDLE:
		*out = (struct exchange_block){ .level = GO_ON };
		return EXCHANGE_SEND;
	default:
		return LOBBY_ERR_PROTOCOL;
	}
}

static int take_way(struct exchange *x, const struct exchange_reply *reply, struct exchange_block *out)
{
	int next;

	if (x->way == EXCHANGE_T1) {
		/* What the line lost is asked for again; what the reader cannot do is not. */
		if (reply->err != 0 && reply->err != LOBBY_ERR_CARD_MUTE && reply->err != LOBBY_ERR_IO)
			return reply->err;
		next = from_t1(
			x, t1_take(&x->t1, reply->data, reply->err != 0 ? 0 : reply->len, reply->err == LOBBY_ERR_IO),
			out);
		x->answer_len = x->t1.answer_len;
		return next;
	}
	if (reply->err != 0)
		return reply->err;
	return x->way == EXCHANGE_EXTENDED ? take_extended(x, reply, out) : append(x, reply);
}

/* ---- what the card asks for ---- */

static int get_response(struct exchange *x, uint8_t len, struct exchange_block *out)
{
	uint8_t class = x->command[0], channel = 0;

	if ((class & 0xc0) == 0x40)
		channel = class & 0x4f; /* further interindustry classes have more channels (ISO/IEC 7816-4, 5.4.1) */
	else if ((class & 0xe0) == 0)
		channel = class & 0x03;
	x->gathered += x->answer_len - 2;
	memcpy(x->command, (uint8_t[]){ channel, 0xc0, 0, 0, len }, 5);
	x->len = 5;
	x->corrected = false;
	return start_way(x, out);
}

static int take_answer(struct exchange *x, struct exchange_block *out)
{
	const uint8_t *status;
	struct shape shape;

	if (x->answer_len < 2)
		return LOBBY_ERR_PROTOCOL;
	status = x->answer + x->gathered + x->answer_len - 2;
	if (status[0] == 0x61) {
		if (++x->rounds > MAX_ROUNDS)
			return LOBBY_ERR_PROTOCOL;
		return get_response(x, status[1], out);
	}
	if (status[0] == 0x6c && x->answer_len == 2 && !x->corrected && shape_of(x->command, x->len, &shape) == 0 &&
	    shape.le_at != 0) {
		if (++x->rounds > MAX_ROUNDS)
			return LOBBY_ERR_PROTOCOL;
		x->corrected = true;
		x->command[shape.le_at] = status[1];
		return start_way(x, out);
	}
	x->answer_len += x->gathered;
	return EXCHANGE_DONE;
}

/* ---- the whole ---- */

void exchange_init(struct exchange *x, enum exchange_way way, size_t max_data, uint8_t ifsc, bool crc)
{
	memset(x, 0, sizeof(*x));
	x->way = way;
	x->max_data = max_data;
	t1_init(&x->t1, ifsc, crc, max_data);
}

int exchange_ifs(struct exchange *x, uint8_t ifsd, struct exchange_block *out)
{
	x->answer = NULL;
	return from_t1(x, t1_ifs(&x->t1, ifsd), out);
}

int exchange_begin(struct exchange *x, const uint8_t *command, size_t len, uint8_t *answer, size_t size,
		   struct exchange_block *out)
{
	if (len > sizeof(x->command))
		return LOBBY_ERR_TOO_LONG;
	memcpy(x->command, command, len);
	x->len = len;
	x->answer = answer;
	x->size = size;
	x->gathered = 0;
	x->rounds = 0;
	x->corrected = false;
	return start_way(x, out);
}

int exchange_take(struct exchange *x, const struct exchange_reply *reply, struct exchange_block *out)
{
	int next = take_way(x, reply, out);

	if (next != EXCHANGE_DONE || x->answer == NULL)
		return next;
	return take_answer(x, out);
}

void exchange_wipe(struct exchange *x)
{
	explicit_bzero(x->command, sizeof(x->command));
	explicit_bzero(x->t1.block, sizeof(x->t1.block));
}

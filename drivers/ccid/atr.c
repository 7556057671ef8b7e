/* Groups of interface bytes follow one another as long as a TD says so. The first two groups are global by their place
 * (but TC2, which is T=0's); from the third on a group belongs to the protocol that the TD before it names, and the
 * first group of each protocol is the one that counts. */
#include "drivers/ccid/atr.h"

#include "base/bytes.h"

#define TS_DIRECT 0x3b
#define TS_INVERSE 0x3f
#define T_GLOBAL 15

/* The four bytes of a group; -1: not there. */
struct group {
	int a, b, c, d;
};

static int byte_if(struct reader *r, uint8_t present, uint8_t bit)
{
	return (present & bit) != 0 ? read_u8(r) : -1;
}

static int take_first(const struct group *g, struct atr *atr)
{
	if (g->a >= 0)
		atr->fidi = (uint8_t)g->a;
	if (g->c >= 0)
		atr->guard = (uint8_t)g->c;
	return 0; /* TB1 was programming voltage, and is deprecated */
}

static int take_second(const struct group *g, struct atr *atr)
{
	if (g->a >= 0) {
		atr->specific = true;
		atr->implicit = (g->a & 0x10) != 0;
		atr->specific_t = g->a & 0x0f;
	}
	if (g->c == 0)
		return LOBBY_ERR_INVALID; /* WI 0 is reserved (10.2) */
	if (g->c > 0)
		atr->waiting = (uint8_t)g->c;
	return 0;
}

static int take_t1(const struct group *g, struct atr *atr)
{
	if (g->a == 0 || g->a == 0xff || (g->b >= 0 && g->b >> 4 > 9))
		return LOBBY_ERR_INVALID; /* reserved (11.4.2, 11.4.3) */
	if (g->a > 0)
		atr->ifsc = (uint8_t)g->a;
	if (g->b >= 0)
		atr->block_waiting = (uint8_t)g->b;
	if (g->c >= 0)
		atr->crc = (g->c & 1) != 0;
	return 0;
}

/* Takes the groups; *needs_check says whether TCK must follow (8.2.5). */
static int take_groups(struct reader *r, uint8_t present, struct atr *atr, bool *needs_check)
{
	uint16_t seen = 0;
	int t = 0;

	for (int i = 1; present != 0; i++) {
		struct group g;
		int err = 0;

		g.a = byte_if(r, present, 1);
		g.b = byte_if(r, present, 2);
		g.c = byte_if(r, present, 4);
		g.d = byte_if(r, present, 8);
		if (r->failed)
			return LOBBY_ERR_TRUNCATED;
		if (i == 1)
			err = take_first(&g, atr);
		else if (i == 2)
			err = take_second(&g, atr);
		else if (t == 1 && (seen & 1U << 1) == 0)
			err = take_t1(&g, atr);
		else if (t == T_GLOBAL && (seen & 1U << T_GLOBAL) == 0 && g.a >= 0)
			atr->classes = g.a & 7;
		if (err != 0)
			return err;
		if (i > 2)
			seen |= (uint16_t)(1U << t);
		if (g.d < 0)
			break;
		present = (uint8_t)g.d >> 4;
		t = g.d & 0x0f;
		if (i == 1 && t == T_GLOBAL)
			return LOBBY_ERR_INVALID; /* TD1 names a protocol (8.2.3) */
		if (t != T_GLOBAL && atr->protocols == 0)
			atr->first = (uint8_t)t;
		if (t != T_GLOBAL)
			atr->protocols |= (uint16_t)(1U << t);
		*needs_check = *needs_check || t != 0;
	}
	return 0;
}

int atr_parse(const uint8_t *bytes, size_t len, struct atr *out)
{
	struct atr atr = { .fidi = ATR_DEFAULT_FIDI, .waiting = 10, .ifsc = 32, .block_waiting = 0x4d }; /* defaults */
	struct reader r = reader_of(bytes, len);
	uint8_t ts = read_u8(&r), t0 = read_u8(&r), check = 0;
	bool needs_check = false;
	int err;

	if (len > ATR_MAX)
		return LOBBY_ERR_TOO_LONG;
	if (r.failed)
		return LOBBY_ERR_TRUNCATED;
	if (ts != TS_DIRECT && ts != TS_INVERSE)
		return LOBBY_ERR_INVALID;
	atr.inverse = ts == TS_INVERSE;
	err = take_groups(&r, t0 >> 4, &atr, &needs_check);
	if (err != 0)
		return err;
	if (atr.protocols == 0)
		atr.protocols = 1; /* no TD1: T=0 only */
	atr.historical = (uint8_t)r.at;
	atr.historical_len = t0 & 0x0f;
	read_span(&r, atr.historical_len);
	if (needs_check)
		read_u8(&r);
	if (r.failed)
		return LOBBY_ERR_TRUNCATED;
	for (size_t i = 1; i < len; i++)
		check ^= bytes[i];
	if (reader_left(&r) != 0 || (needs_check && check != 0))
		return LOBBY_ERR_INVALID;
	*out = atr;
	return 0;
}

/* ---- rates and times ---- */

/* Tables 7 and 8 of 8.3; 0 is reserved. */
static const uint16_t f_of[16] = { 372, 372, 558, 744, 1116, 1488, 1860, 0, 0, 512, 768, 1024, 1536, 2048, 0, 0 };
static const uint8_t d_of[16] = { 0, 1, 2, 4, 8, 16, 32, 64, 12, 20, 0, 0, 0, 0, 0, 0 };

uint32_t atr_rate_bps(uint8_t fidi, uint32_t clock_khz)
{
	uint64_t f = f_of[fidi >> 4], d = d_of[fidi & 0x0f];

	return f == 0 ? 0 : (uint32_t)((uint64_t)clock_khz * 1000 * d / f);
}

uint32_t atr_block_wait_ms(uint8_t block_waiting, uint32_t clock_khz)
{
	unsigned bwi = block_waiting >> 4 > 9 ? 9 : block_waiting >> 4;

	if (clock_khz < 1000) /* 8.1 allows no less */
		clock_khz = 1000;
	/* 2^BWI x 960 x 372 / f, and 11 etu, which is less than the rounding */
	return (uint32_t)((uint64_t)(1U << bwi) * 960 * 372 / clock_khz) + 5;
}

size_t atr_parameters(const struct atr *atr, uint8_t protocol, uint8_t fidi, uint8_t out[ATR_PARAMETERS_MAX])
{
	struct writer w = writer_of(out, ATR_PARAMETERS_MAX);

	write_u8(&w, fidi);
	if (protocol == 0) {
		write_u8(&w, atr->inverse ? 0x02 : 0x00);
		write_u8(&w, atr->guard);
		write_u8(&w, atr->waiting);
		write_u8(&w, 0); /* bClockStop: never */
	} else {
		write_u8(&w, (uint8_t)(0x10 | (atr->inverse ? 0x02 : 0) | (atr->crc ? 0x01 : 0)));
		write_u8(&w, atr->guard);
		write_u8(&w, atr->block_waiting);
		write_u8(&w, 0);
		write_u8(&w, atr->ifsc);
		write_u8(&w, 0); /* NAD */
	}
	return w.len;
}

/* ---- PPS ---- */

size_t atr_pps_request(uint8_t protocol, uint8_t fidi, uint8_t out[ATR_PPS_MAX])
{
	size_t len = 0;
	uint8_t check = 0;

	out[len++] = 0xff;
	out[len++] = (uint8_t)((fidi != ATR_DEFAULT_FIDI ? 0x10 : 0) | (protocol & 0x0f));
	if (fidi != ATR_DEFAULT_FIDI)
		out[len++] = fidi;
	for (size_t i = 0; i < len; i++)
		check ^= out[i];
	out[len++] = check;
	return len;
}

int atr_pps_response(const uint8_t *request, size_t request_len, const uint8_t *response, size_t len, uint8_t *fidi)
{
	struct reader r = reader_of(response, len);
	uint8_t start = read_u8(&r), format = read_u8(&r), agreed = ATR_DEFAULT_FIDI, check = 0;

	for (size_t i = 0; i < len; i++)
		check ^= response[i];
	if (request_len < 3 || start != 0xff || (format & 0x0f) != (request[1] & 0x0f) || (format & 0xe0) != 0 ||
	    check != 0)
		return LOBBY_ERR_PROTOCOL;
	if ((format & 0x10) != 0) {
		agreed = read_u8(&r);
		if ((request[1] & 0x10) == 0 || agreed != request[2])
			return LOBBY_ERR_PROTOCOL;
	}
	read_u8(&r); /* PCK, checked with the rest */
	if (r.failed || reader_left(&r) != 0)
		return LOBBY_ERR_PROTOCOL;
	*fidi = agreed;
	return 0;
}

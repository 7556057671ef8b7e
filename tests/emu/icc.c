/* T=1 is driven by what comes: each block is answered by one block. `last` is kept to be repeated. */
#include "tests/emu/icc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void icc_init(struct icc *icc)
{
	*icc = (struct icc){ .in = malloc(ICC_MAX_IN), .out = malloc(ICC_MAX_OUT) };
	assert(icc->in != NULL && icc->out != NULL);
}

void icc_fini(struct icc *icc)
{
	free(icc->in);
	free(icc->out);
	icc->in = icc->out = NULL;
}

/* ---- the ATR ---- */

static void read_atr(struct icc *icc)
{
	const uint8_t *atr = icc->card->atr;
	size_t len = icc->card->atr_len, at = 2;
	int group = 1, t = 0, next = len > 1 ? atr[1] >> 4 : 0;
	bool first = true, t1_seen = false;

	icc->ta1 = 0x11;
	icc->ifsc = 32;
	icc->specific = icc->crc = false;
	icc->protocols = 0;
	icc->first_protocol = 0;
	while (next != 0 && at < len) {
		int a = -1, c = -1, d = -1;

		if (next & 1)
			a = at < len ? atr[at++] : -1;
		at += (next & 2) != 0;
		if (next & 4)
			c = at < len ? atr[at++] : -1;
		if (next & 8)
			d = at < len ? atr[at++] : -1;
		if (group == 1 && a >= 0)
			icc->ta1 = (uint8_t)a;
		if (group == 2 && a >= 0)
			icc->specific = true;
		if (group > 2 && t == 1 && !t1_seen) {
			t1_seen = true;
			icc->ifsc = a >= 0 ? (uint8_t)a : 32;
			icc->crc = c >= 0 && (c & 1) != 0;
		}
		if (d < 0)
			break;
		t = d & 15;
		next = d >> 4;
		if (t < 2)
			icc->protocols |= (uint8_t)(1 << t);
		if (first && t < 2)
			icc->first_protocol = (uint8_t)t;
		first = false;
		group++;
	}
	if (icc->protocols == 0)
		icc->protocols = 1;
}

void icc_power(struct icc *icc)
{
	icc->powered = true;
	read_atr(icc);
	icc->protocol = icc->first_protocol;
	icc->fidi = icc->specific ? icc->ta1 : 0x11;
	icc->talked = icc->sequence = icc->expected = icc->answering = icc->ifs_asked = false;
	icc->commands = 0;
	icc->ifsd = 32;
	icc->in_len = icc->out_len = icc->out_at = icc->last_len = 0;
	icc->wtx_left = icc->wtx;
	icc->card->reset(icc->card);
}

size_t icc_apdu(struct icc *icc, const uint8_t *command, size_t len, uint8_t *answer, size_t size)
{
	icc->talked = true;
	icc->commands++;
	if (icc->dies != 0 && icc->commands > icc->dies)
		return 0;
	return icc->card->apdu(icc->card, command, len, answer, size);
}

/* ---- T=0 ---- */

static bool brings_data(uint8_t ins)
{
	static const uint8_t those[] = { 0xb0, 0xb2, 0xc0, 0xca, 0x84 };

	return memchr(those, ins, sizeof(those)) != NULL;
}

/* Where the data was not asked for by length, it waits; else it must fit the length (10.3.3, 12.2). */
static size_t t0_answer(struct icc *icc, int asked, uint8_t *out)
{
	size_t data = icc->out_len - 2;

	if (data == 0 || (asked >= 0 && data == (size_t)asked)) {
		memcpy(out, icc->out, icc->out_len);
		data = icc->out_len;
		icc->out_len = 0;
		return data;
	}
	if (asked > 0 && data < (size_t)asked && icc->out[icc->out_len - 2] == 0x90) {
		out[0] = 0x6c;
		out[1] = (uint8_t)data;
	} else if (asked > 0 && data < (size_t)asked) { /* a warning comes with what there is */
		memcpy(out, icc->out, icc->out_len);
		return icc->out_len;
	} else {
		out[0] = 0x61;
		out[1] = (uint8_t)(data > 255 ? 0 : data);
	}
	return 2;
}

static size_t t0_get_response(struct icc *icc, size_t want, uint8_t *out)
{
	size_t left = icc->out_len < 2 ? 0 : icc->out_len - 2 - icc->out_at, n = want < left ? want : left;

	if (left == 0) {
		memcpy(out, "\x69\x85", 2);
		return 2;
	}
	memcpy(out, icc->out + icc->out_at, n);
	icc->out_at += n;
	left -= n;
	if (left > 0) {
		out[n] = 0x61;
		out[n + 1] = (uint8_t)(left > 255 ? 0 : left);
	} else {
		memcpy(out + n, icc->out + icc->out_len - 2, 2);
		icc->out_len = icc->out_at = 0;
	}
	return n + 2;
}

static size_t t0(struct icc *icc, const uint8_t *in, size_t len, uint8_t *out)
{
	uint8_t command[261];
	size_t p3;
	int asked = -1;

	if (len < 5 || len > 260)
		return 0;
	p3 = in[4] == 0 ? 256 : in[4];
	if (in[1] == 0xc0 && len == 5)
		return t0_get_response(icc, p3, out);
	memcpy(command, in, len);
	icc->out_at = 0;
	if (len == 5 && brings_data(in[1]))
		asked = (int)p3;
	else if (len == 5 && in[4] == 0)
		len = 4;
	else if (len != 5U + in[4])
		return 0;
	icc->out_len = icc_apdu(icc, command, len, icc->out, ICC_MAX_OUT);
	if (icc->out_len < 2)
		return 0;
	return t0_answer(icc, asked, out);
}

/* ---- T=1 ---- */

static size_t check_bytes(const struct icc *icc, const uint8_t *block, size_t len, uint8_t out[2])
{
	uint16_t crc = 0xffff;
	uint8_t lrc = 0;

	for (size_t i = 0; i < len; i++) {
		lrc ^= block[i];
		crc ^= block[i];
		for (int k = 0; k < 8; k++)
			crc = (uint16_t)(crc >> 1 ^ ((crc & 1) != 0 ? 0x8408 : 0));
	}
	out[0] = icc->crc ? (uint8_t)(crc >> 8) : lrc;
	out[1] = (uint8_t)crc;
	return icc->crc ? 2 : 1;
}

static size_t make(struct icc *icc, uint8_t pcb, const uint8_t *info, size_t len)
{
	uint8_t *b = icc->last;

	b[0] = 0;
	b[1] = pcb;
	b[2] = (uint8_t)len;
	if (len > 0)
		memcpy(b + 3, info, len);
	icc->last_len = 3 + len + check_bytes(icc, b, 3 + len, b + 3 + len);
	return icc->last_len;
}

static size_t make_r(struct icc *icc, uint8_t code)
{
	return make(icc, (uint8_t)(0x80 | (icc->expected ? 0x10 : 0) | code), NULL, 0);
}

static size_t make_chunk(struct icc *icc)
{
	size_t left = icc->out_len - icc->out_at;

	icc->chunk = left < icc->ifsd ? left : icc->ifsd;
	return make(icc, (uint8_t)((icc->sequence ? 0x40 : 0) | (icc->chunk < left ? 0x20 : 0)), icc->out + icc->out_at,
		    icc->chunk);
}

/* Before an answer the card may ask for time, or for smaller blocks. */
static size_t make_answer(struct icc *icc)
{
	if (icc->wtx_left > 0) {
		icc->wtx_left--;
		return make(icc, 0xc3, (const uint8_t[]){ 2 }, 1);
	}
	if (icc->ask_ifs > 0 && !icc->ifs_asked) {
		icc->ifs_asked = true;
		return make(icc, 0xc1, (const uint8_t[]){ (uint8_t)icc->ask_ifs }, 1);
	}
	icc->wtx_left = icc->wtx;
	return make_chunk(icc);
}

static size_t take_i(struct icc *icc, uint8_t pcb, const uint8_t *info, size_t len)
{
	if (((pcb & 0x40) != 0) != icc->expected || len > icc->ifsc || icc->in_len + len > ICC_MAX_IN)
		return make_r(icc, 2);
	if (icc->answering) { /* it has our last block, then, and a new command begins */
		icc->sequence = !icc->sequence;
		icc->answering = false;
		icc->in_len = 0;
	}
	memcpy(icc->in + icc->in_len, info, len);
	icc->in_len += len;
	icc->expected = !icc->expected;
	if ((pcb & 0x20) != 0)
		return make_r(icc, 0);
	icc->out_len = icc_apdu(icc, icc->in, icc->in_len, icc->out, ICC_MAX_OUT);
	icc->in_len = 0;
	icc->out_at = 0;
	icc->answering = icc->out_len > 0;
	return icc->answering ? make_answer(icc) : 0;
}

static size_t take_r(struct icc *icc, uint8_t pcb)
{
	bool wants = (pcb & 0x10) != 0;

	if (icc->answering && wants != icc->sequence && icc->out_at + icc->chunk < icc->out_len &&
	    (icc->last[1] & 0x80) == 0) {
		icc->out_at += icc->chunk;
		if (!icc->wrong_sequence)
			icc->sequence = !icc->sequence;
		return make_chunk(icc);
	}
	if (icc->answering && wants == icc->sequence && (icc->last[1] & 0xc0) != 0xc0)
		return make_chunk(icc);
	if (icc->last_len == 0 || (icc->last[1] & 0xc0) == 0x80)
		return make_r(icc, 0);
	return icc->last_len;
}

static size_t take_s(struct icc *icc, uint8_t pcb, const uint8_t *info, size_t len)
{
	switch (pcb) {
	case 0xc0:
		icc->resynchs_seen++;
		icc->sequence = icc->expected = icc->answering = false;
		icc->in_len = icc->out_len = icc->out_at = 0;
		icc->ifsd = 32;
		return make(icc, 0xe0, NULL, 0);
	case 0xc1:
		if (icc->deny_ifs || len != 1 || info[0] == 0 || info[0] == 255)
			return 0;
		icc->ifsd = info[0];
		return make(icc, 0xe1, info, 1);
	case 0xe1:
	case 0xe3:
		return icc->answering ? make_answer(icc) : make_r(icc, 2);
	default:
		return make_r(icc, 2);
	}
}

static size_t t1(struct icc *icc, const uint8_t *in, size_t len, uint8_t *out)
{
	size_t checks = icc->crc ? 2 : 1, n;
	uint8_t check[2];

	icc->blocks_seen++;
	if (len < 3 + checks || len != 3U + in[2] + checks)
		return 0;
	check_bytes(icc, in, len - checks, check);
	if (memcmp(check, in + len - checks, checks) != 0)
		n = make_r(icc, 1);
	else if (icc->deaf > 0 && icc->deaf-- > 0)
		n = make_r(icc, 1);
	else if ((in[1] & 0x80) == 0)
		n = take_i(icc, in[1], in + 3, in[2]);
	else if ((in[1] & 0x40) == 0)
		n = take_r(icc, in[1]);
	else
		n = take_s(icc, in[1], in + 3, in[2]);
	if (icc->lost > 0 && icc->lost-- > 0)
		return 0;
	memcpy(out, icc->last, n);
	if (icc->bad_checks > 0 && n > 0 && icc->bad_checks-- > 0)
		out[n - 1] ^= 0x55;
	return n;
}

/* ---- PPS ---- */

static size_t pps(struct icc *icc, const uint8_t *in, size_t len, uint8_t *out)
{
	size_t want = 3U + ((in[1] & 0x10) != 0);
	uint8_t check = 0;

	for (size_t i = 0; i < len; i++)
		check ^= in[i];
	icc->pps_seen++;
	if (icc->no_pps || len != want || check != 0 || (icc->protocols & 1 << (in[1] & 15)) == 0 ||
	    ((in[1] & 0x10) != 0 && in[2] != icc->ta1))
		return 0;
	icc->protocol = in[1] & 15;
	icc->fidi = (in[1] & 0x10) != 0 ? in[2] : 0x11;
	memcpy(out, in, len);
	return len;
}

size_t icc_tpdu(struct icc *icc, uint8_t protocol, uint8_t fidi, const uint8_t *in, size_t len, uint8_t *out,
		size_t size)
{
	assert(size >= ICC_MAX_BLOCK);
	if (len >= 3 && in[0] == 0xff && !icc->talked && !icc->specific)
		return pps(icc, in, len, out);
	if (protocol != icc->protocol || fidi != icc->fidi)
		return 0;
	icc->talked = true;
	return protocol == 1 ? t1(icc, in, len, out) : t0(icc, in, len, out);
}

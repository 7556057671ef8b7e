/* One dispatcher for SELECT, READ BINARY and GET RESPONSE over a few files, with the faults laid over its answers. The
 * files themselves are made in card_egk_data.c. */
#include "tests/emu/card_egk.h"

#include "base/bytes.h"
#include "tests/emu/card_egk_data.h"

#include <string.h>

/* T=1 at Fi 512, Di 64, IFSC 254, with the check byte: what eGKs of generation 2 send (no historical bytes). */
static const uint8_t egk_atr[] = { 0x3B, 0xD0, 0x97, 0xFF, 0x81, 0xB1, 0xFE, 0x45, 0x1F, 0x07, 0x2B };
/* What a reader makes of a memory card: H1 to H4 as historical bytes (PC/SC part 3, supplement for storage cards). */
static const uint8_t kvk_atr[] = { 0x3B, 0x04, 0xA2, 0x13, 0x10, 0x91 };
/* T=0, eight historical bytes. */
static const uint8_t emv_atr[] = { 0x3B, 0x68, 0x00, 0x00, 0x00, 0x73, 0xC8, 0x40, 0x12, 0x00, 0x90, 0x00 };
static const uint8_t other_atr[] = { 0x3B, 0x65, 0x00, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05 };

struct application {
	const char *aid;
	uint8_t len;
	uint8_t app;
	bool open; /* can be selected */
};

struct command {
	uint8_t cla, ins, p1, p2;
	const uint8_t *data;
	size_t lc, le; /* le 0: none */
};

static size_t status(uint8_t *answer, size_t len, unsigned sw)
{
	answer[len] = (uint8_t)(sw >> 8);
	answer[len + 1] = (uint8_t)sw;
	return len + 2;
}

/* The four cases, short or extended (ISO/IEC 7816-3, 12.1.3). False: lengths that make no sense. */
static bool parse(const uint8_t *bytes, size_t len, struct command *c, bool *extended)
{
	struct reader r = reader_of(bytes, len);
	uint16_t first;

	memset(c, 0, sizeof(*c));
	*extended = false;
	c->cla = read_u8(&r), c->ins = read_u8(&r), c->p1 = read_u8(&r), c->p2 = read_u8(&r);
	if (reader_left(&r) == 0)
		return !r.failed;
	first = read_u8(&r);
	if (first == 0 && reader_left(&r) >= 2) {
		*extended = true;
		first = read_be16(&r);
	}
	if (reader_left(&r) == 0) {
		c->le = first != 0 ? first : *extended ? 65536 : 256;
		return true;
	}
	c->lc = first;
	c->data = read_span(&r, c->lc);
	if (first == 0 || r.failed)
		return false;
	if (reader_left(&r) == (*extended ? 2u : 1u)) {
		c->le = *extended ? read_be16(&r) : read_u8(&r);
		if (c->le == 0)
			c->le = *extended ? 65536 : 256;
	}
	return reader_left(&r) == 0;
}

static size_t select_application(struct card_egk *card, const struct command *c, uint8_t *answer)
{
	bool egk = card->kind <= EGK_PRIVATE, kvk = card->kind == EGK_KVK || card->kind == EGK_KVK_RAW;
	bool emv = card->kind == EGK_EMV, rid = card->kind == EGK_EMV_RID;
	const struct application apps[] = { { "\xD2\x76\x00\x01\x44\x80\x00", 7, EGK_APP_MF, egk },
					    { "\xD2\x76\x00\x00\x01\x02", 6, EGK_APP_HCA, egk },
					    { "\xD2\x76\x00\x00\x01\x01", 6, EGK_APP_KVK, kvk },
					    { "1PAY.SYS.DDF01", 14, EGK_APP_NONE, emv },
					    { "\xA0\x00\x00\x00\x04\x10\x10", 7, EGK_APP_NONE, emv || rid } };
	static const uint8_t fci[] = { 0x6F, 0x09, 0x84, 0x07, 0xA0, 0, 0, 0, 0x04, 0x10, 0x10 };

	for (size_t i = 0; i < sizeof(apps) / sizeof(apps[0]); i++) {
		/* A name may be cut short by who asks, on payment cards (EMV 4.3 book 1, 12.3.2). */
		bool whole = c->lc == apps[i].len || (apps[i].app == EGK_APP_NONE && c->lc < apps[i].len);

		if (!apps[i].open || !whole || memcmp(apps[i].aid, c->data, c->lc) != 0)
			continue;
		card->app = apps[i].app;
		card->current = NULL;
		for (int f = 0; card->app == EGK_APP_KVK && f < EGK_FILES; f++)
			if (card->files[f].app == EGK_APP_KVK)
				card->current = &card->files[f];
		if (card->fault == EGK_DEACTIVATED && card->app == EGK_APP_HCA)
			return status(answer, 0, 0x6283);
		if (apps[i].app != EGK_APP_NONE)
			return status(answer, 0, 0x9000);
		memcpy(answer, fci, sizeof(fci));
		return status(answer, sizeof(fci), 0x9000);
	}
	return status(answer, 0, 0x6A82);
}

static const struct egk_file *find_file(const struct card_egk *card, uint8_t sfi, uint16_t fid)
{
	for (int i = 0; i < EGK_FILES; i++) {
		const struct egk_file *file = &card->files[i];

		if (file->len > 0 && file->app == card->app && (sfi != 0 ? file->sfi == sfi : file->fid == fid))
			return file;
	}
	return NULL;
}

static size_t select_file(struct card_egk *card, const struct command *c, uint8_t *answer)
{
	if (c->p1 == 0x04 && c->lc > 0)
		return select_application(card, c, answer);
	if (c->p1 == 0x02 && c->lc == 2) {
		const struct egk_file *file = find_file(card, 0, (uint16_t)(c->data[0] << 8 | c->data[1]));

		if (file == NULL)
			return status(answer, 0, 0x6A82);
		card->current = file;
		return status(answer, 0, 0x9000);
	}
	return status(answer, 0, c->lc == 0 ? 0x6700 : 0x6A86);
}

static size_t read_binary(struct card_egk *card, const struct command *c, uint8_t *answer)
{
	size_t offset = c->p2, left, n = c->le;

	if (c->lc != 0 || c->le == 0)
		return status(answer, 0, 0x6700);
	if (c->p1 & 0x80) {
		const struct egk_file *file = find_file(card, c->p1 & 0x1F, 0);

		if (file == NULL)
			return status(answer, 0, 0x6A82);
		card->current = file;
	} else {
		offset |= (size_t)c->p1 << 8;
	}
	if (card->current == NULL)
		return status(answer, 0, 0x6986);
	if (card->current->locked || card->fault == EGK_DEACTIVATED)
		return status(answer, 0, 0x6982);
	if (offset >= card->current->len)
		return status(answer, 0, 0x6B00);
	left = card->current->len - offset;
	if (n > left && card->fault == EGK_EXACT_LE)
		return status(answer, 0, 0x6C00 | (unsigned)(left & 0xFF));
	if (card->fault == EGK_SMALL_PIECES && n > 100)
		n = 100;
	if (card->fault == EGK_ONE_BYTE)
		n = 1;
	memcpy(answer, card->current->bytes + offset, n < left ? n : left);
	return status(answer, n < left ? n : left, n > left ? 0x6282 : 0x9000);
}

/* What was to be answered now waits to be fetched, at most 200 bytes at a time. */
static size_t hold(struct card_egk *card, uint8_t *answer, size_t len)
{
	if (len <= 2 || len - 2 > sizeof(card->held))
		return len;
	card->held_len = len - 2;
	memcpy(card->held, answer, card->held_len);
	return status(answer, 0, 0x6100 | (unsigned)(card->held_len < 200 ? card->held_len : 200));
}

static size_t get_response(struct card_egk *card, const struct command *c, uint8_t *answer)
{
	size_t n = c->le < card->held_len ? c->le : card->held_len, left = card->held_len - n;

	if (card->held_len == 0)
		return status(answer, 0, 0x6985);
	memcpy(answer, card->held, n);
	memmove(card->held, card->held + n, left);
	card->held_len = left;
	return status(answer, n, left == 0 ? 0x9000 : 0x6100 | (unsigned)(left < 200 ? left : 200));
}

static uint8_t chance(struct card_egk *card)
{
	card->seed ^= card->seed << 13, card->seed ^= card->seed >> 7, card->seed ^= card->seed << 17;
	return (uint8_t)(card->seed >> 32);
}

static size_t garbage(struct card_egk *card, uint8_t *answer)
{
	static const unsigned words[] = { 0x9000, 0x9000, 0x6282, 0x6101, 0x6100, 0x6C10, 0x6C00, 0x6B00, 0x6982, 0 };
	size_t len = chance(card) % 3 == 0 ? chance(card) : chance(card) % 12;
	unsigned sw = words[chance(card) % 10];

	for (size_t i = 0; i < len; i++)
		answer[i] = chance(card) % 4 == 0 ? chance(card) : chance(card) % 4;
	return status(answer, len, sw != 0 ? sw : (unsigned)(chance(card) << 8 | chance(card)));
}

static size_t answer_command(struct card_egk *card, const uint8_t *bytes, size_t len, uint8_t *answer)
{
	struct command c;
	bool extended;

	if (!parse(bytes, len, &c, &extended) || (extended && !card->extended))
		return status(answer, 0, 0x6700);
	if (c.cla != 0x00)
		return status(answer, 0, 0x6E00);
	if (c.ins == 0xC0)
		return get_response(card, &c, answer);
	card->held_len = 0;
	if (c.ins == 0xA4)
		return select_file(card, &c, answer);
	if (c.ins == 0xB0 && card->fault == EGK_ENDLESS_6C)
		return status(answer, 0, 0x6C20);
	if (c.ins == 0xB0 && card->fault == EGK_NO_BYTES)
		return status(answer, 0, 0x9000);
	if (c.ins == 0xB0) {
		size_t n = read_binary(card, &c, answer);

		return card->fault == EGK_GET_RESPONSE ? hold(card, answer, n) : n;
	}
	return status(answer, 0, 0x6D00);
}

static size_t apdu(struct smartcard *smartcard, const uint8_t *command, size_t len, uint8_t *answer, size_t size)
{
	struct card_egk *card = (struct card_egk *)smartcard;
	size_t n;

	(void)size; /* at least 65,538 by contract */
	card->commands++;
	if (card->fault == EGK_GARBAGE)
		return garbage(card, answer);
	if (card->fault == EGK_ENDLESS_61 && len > 1 && command[1] != 0xA4)
		return status(answer, 0, 0x6140);
	n = answer_command(card, command, len, answer);
	if (card->fault == EGK_TOO_MUCH && n > 2) {
		memset(answer + n - 2, 0x55, 3000);
		n = status(answer, n - 2 + 3000, 0x9000);
	}
	if (card->fault == EGK_ONE_BYTE_ANSWER && card->commands > 2)
		return 1;
	return n;
}

static void reset(struct smartcard *smartcard)
{
	struct card_egk *card = (struct card_egk *)smartcard;

	card->app = EGK_APP_MF;
	card->current = NULL;
	card->held_len = 0;
	card->commands = 0;
}

void card_egk_init(struct card_egk *card, enum egk_kind kind, enum egk_fault fault, const struct egk_person *person)
{
	static const char *const names[] = {
		"egk", "egk-51", "egk-private", "kvk", "kvk-raw", "emv", "emv-rid", "other"
	};
	bool kvk = kind == EGK_KVK || kind == EGK_KVK_RAW, emv = kind == EGK_EMV || kind == EGK_EMV_RID;

	memset(card, 0, sizeof(*card));
	card->kind = kind;
	card->fault = fault;
	card->extended = kind <= EGK_PRIVATE;
	card->seed = 88172645463325252u;
	card->card.name = names[kind];
	card->card.atr = kvk ? kvk_atr : emv ? emv_atr : kind == EGK_OTHER ? other_atr : egk_atr;
	card->card.atr_len = kvk		 ? sizeof(kvk_atr)
			     : emv		 ? sizeof(emv_atr)
			     : kind == EGK_OTHER ? sizeof(other_atr)
						 : sizeof(egk_atr);
	card->card.apdu = apdu;
	card->card.reset = reset;
	card_egk_fill(card, person);
	reset(&card->card);
}

void card_egk_open_gvd(struct card_egk *card)
{
	for (int i = 0; i < EGK_FILES; i++)
		card->files[i].locked = false;
}

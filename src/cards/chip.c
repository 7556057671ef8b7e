/* The talk with a chip card is one table of steps: each selects an application or reads a file, and names the step that
 * follows when the card agrees and when it does not. A file is read from its header, which tells its length, onwards,
 * in pieces that fit one block of T=1. Whatever the card answers, every answer counts against CHIP_MAX_SENT, and a file
 * that could not be read to its end is taken out of the list again. */
#include "chip.h"

#include <string.h>

enum step {
	SELECT_HCA,
	READ_STATUS,
	READ_PD,
	READ_VD,
	READ_GVD,
	SELECT_MF,
	READ_VERSION,
	SELECT_KVK,
	SELECT_KVK_OLD,
	READ_KVK,
	SELECT_PSE,
	SELECT_PPSE,
	SELECT_VISA,
	SELECT_MASTERCARD,
	SELECT_AMEX,
	SELECT_DISCOVER,
	SELECT_GIROCARD,
	END,	 /* CHIP_DONE if anything was read, else CHIP_NONE */
	PAYMENT, /* CHIP_PAYMENT */
};

struct step_row {
	const char *aid; /* a SELECT by name (ISO/IEC 7816-4, 11.2.2); NULL: a READ BINARY */
	uint8_t aid_len;
	uint8_t p2;   /* of SELECT: 0x0C, no answer wanted; 0x00, file control information */
	bool le;      /* SELECT ends with an Le */
	uint8_t file; /* enum chip_file */
	uint8_t sfi;  /* short file identifier; 0: the file is selected with its application */
	uint8_t header;
	uint16_t max; /* bytes; what the specification gives the file, and some more */
	uint8_t yes, no;
};

#define AID(text) .aid = (text), .aid_len = sizeof(text) - 1

/* A payment system's applications are found by the five bytes of its registered identifier (EMV 4.3 book 1, 12.3.2:
 * partial names); many cards from the United States have no payment system environment. */
#define PAY(text, next) \
	{ \
		AID(text), .p2 = 0x00, .le = true, .yes = PAYMENT, .no = (next) \
	}

static const struct step_row steps[] = {
	[SELECT_HCA] = { AID("\xD2\x76\x00\x00\x01\x02"), .p2 = 0x0C, .yes = READ_STATUS, .no = SELECT_KVK },
	[READ_STATUS] = { .file = CHIP_EGK_STATUS, .sfi = 0x0C, .max = 25, .yes = READ_PD, .no = READ_PD },
	[READ_PD] = { .file = CHIP_EGK_PD, .sfi = 0x01, .header = 2, .max = 1280, .yes = READ_VD, .no = END },
	[READ_VD] = { .file = CHIP_EGK_VD, .sfi = 0x02, .header = 8, .max = 2048, .yes = READ_GVD, .no = END },
	[READ_GVD] = { .file = CHIP_EGK_GVD, .sfi = 0x03, .header = 2, .max = 640, .yes = SELECT_MF, .no = SELECT_MF },
	[SELECT_MF] = { AID("\xD2\x76\x00\x01\x44\x80\x00"), .p2 = 0x0C, .yes = READ_VERSION, .no = END },
	[READ_VERSION] = { .file = CHIP_EGK_VERSION, .sfi = 0x11, .header = 2, .max = 72, .yes = END, .no = END },
	[SELECT_KVK] = { AID("\xD2\x76\x00\x00\x01\x01"), .yes = READ_KVK, .no = SELECT_KVK_OLD },
	[SELECT_KVK_OLD] = { AID("\xD2\x80\x00\x00\x01\x01"), .yes = READ_KVK, .no = SELECT_PSE },
	[READ_KVK] = { .file = CHIP_KVK, .max = 256, .yes = END, .no = END },
	[SELECT_PSE] = PAY("1PAY.SYS.DDF01", SELECT_PPSE),
	[SELECT_PPSE] = PAY("2PAY.SYS.DDF01", SELECT_VISA),
	[SELECT_VISA] = PAY("\xA0\x00\x00\x00\x03", SELECT_MASTERCARD),
	[SELECT_MASTERCARD] = PAY("\xA0\x00\x00\x00\x04", SELECT_AMEX),
	[SELECT_AMEX] = PAY("\xA0\x00\x00\x00\x25", SELECT_DISCOVER),
	[SELECT_DISCOVER] = PAY("\xA0\x00\x00\x01\x52", SELECT_GIROCARD),
	[SELECT_GIROCARD] = PAY("\xA0\x00\x00\x03\x59", END),
};

_Static_assert(25 + 1280 + 2048 + 640 + 72 + 5 * 3 <= CHIP_MAX_LIST, "every file at its longest fits the list");

#define ENTRY 3	  /* bytes before a file in the list */
#define PIECE 252 /* with SW1 SW2 this fills a T=1 block of 254 bytes */
#define SHORT_MAX 256

static bool is_over(const struct chip_script *script)
{
	return script->step >= END;
}

static void go(struct chip_script *script, uint8_t step)
{
	script->step = step;
	script->get_response = script->exact = false;
	script->want = script->have = 0;
	script->file_at = script->len;
	if (step == PAYMENT) {
		explicit_bzero(script->list, sizeof(script->list));
		script->len = 0;
	}
}

/* The bytes that tell a file's length. */
static size_t header_of(const struct step_row *row)
{
	return row->header != 0 ? row->header : row->file == CHIP_KVK ? 3 : 1;
}

/* How many bytes the command under way asks for. */
static size_t asked(const struct chip_script *script)
{
	const struct step_row *row = &steps[script->step];
	size_t end = script->want != 0 ? script->want : row->header != 0 ? row->header : row->max;
	size_t left = end - script->have, most = row->sfi != 0 ? PIECE : SHORT_MAX;

	return left < most ? left : most;
}

void chip_start(struct chip_script *script, const uint8_t *atr, size_t len)
{
	explicit_bzero(script, sizeof(*script));
	/* A reader makes up an ATR for a memory card: no interface bytes, and H1 to H4 of the card (ISO/IEC 7816-10),
	 * of which the last two say that a directory follows in its memory. Such a card is a KVK or nothing. */
	script->memory = len == 6 && atr[1] == 0x04 && atr[4] == 0x10 && atr[5] == 0x91;
	go(script, script->memory ? SELECT_KVK : SELECT_HCA);
}

enum chip_next chip_next(const struct chip_script *script, uint8_t apdu[CHIP_MAX_APDU], size_t *len)
{
	const struct step_row *row = &steps[is_over(script) ? 0 : script->step];
	struct writer w = writer_of(apdu, CHIP_MAX_APDU);

	if (script->step == PAYMENT)
		return CHIP_PAYMENT;
	if (is_over(script))
		return script->len > 0 ? CHIP_DONE : CHIP_NONE;
	if (script->get_response) {
		write_span(&w, "\x00\xC0\x00\x00", 4);
		write_u8(&w, (uint8_t)script->le);
	} else if (row->aid != NULL) {
		write_span(&w, "\x00\xA4\x04", 3);
		write_u8(&w, row->p2);
		write_u8(&w, row->aid_len);
		write_span(&w, row->aid, row->aid_len);
		if (row->le)
			write_u8(&w, 0);
	} else {
		write_span(&w, "\x00\xB0", 2);
		if (script->have == 0 && row->sfi != 0)
			write_be16(&w, (uint16_t)((0x80 | row->sfi) << 8));
		else
			write_be16(&w, script->have);
		write_u8(&w, (uint8_t)(script->exact ? script->le : asked(script)));
	}
	*len = w.len;
	return CHIP_SEND;
}

/* The file's whole length by its header; 0: there is nothing in it. */
static size_t length_of(uint8_t file, const uint8_t *header)
{
	struct reader r = reader_of(header, 8);
	size_t first = read_be16(&r), second = read_be16(&r);

	switch (file) {
	case CHIP_EGK_PD:
	case CHIP_EGK_GVD:
		return first == 0 ? 0 : 2 + first;
	case CHIP_EGK_VD: /* where the open part begins and ends; FFFF: there is none */
		return first < 8 || first == 0xFFFF || second <= first ? 0 : second + 1;
	case CHIP_EGK_VERSION: /* one object, tag EF */
		return header[0] == 0xEF ? 2 + (size_t)header[1] : 0;
	case CHIP_KVK: /* the template's own length, where the reader gives the template alone */
		return header[0] == 0x60 && header[1] < 0x80	? 2 + (size_t)header[1]
		       : header[0] == 0x60 && header[1] == 0x81 ? 3 + (size_t)header[2]
								: SHORT_MAX;
	}
	return 0;
}

/* The file under way is read, or cannot be: it stays in the list or is taken out. */
static void end_file(struct chip_script *script, bool whole)
{
	const struct step_row *row = &steps[script->step];
	struct writer w = writer_of(script->list + script->file_at, ENTRY);

	if (!whole || script->have <= row->header) {
		explicit_bzero(script->list + script->file_at, script->len - script->file_at);
		script->len = script->file_at;
		go(script, row->no);
		return;
	}
	write_u8(&w, row->file);
	write_be16(&w, script->have);
	go(script, row->yes);
}

static void take(struct chip_script *script, const uint8_t *data, size_t len, bool last)
{
	const struct step_row *row = &steps[script->step];
	size_t most = asked(script);

	if (script->have == 0)
		script->len = script->file_at + ENTRY;
	len = len < most ? len : most;
	if (len > 0)
		memcpy(script->list + script->len, data, len);
	script->len += len;
	script->have += (uint16_t)len;
	if (script->want == 0 && script->have >= header_of(row)) {
		size_t want = row->header == 0 && row->file != CHIP_KVK
				      ? row->max
				      : length_of(row->file, script->list + script->file_at + ENTRY);

		if (want == 0 || want > row->max) {
			end_file(script, false);
			return;
		}
		script->want = (uint16_t)want;
	}
	if (script->want != 0 && script->have >= script->want)
		end_file(script, true);
	else if (last)
		end_file(script, script->want != 0);
}

static void take_read(struct chip_script *script, uint8_t sw1, uint8_t sw2, const uint8_t *data, size_t len)
{
	uint16_t held = sw2 == 0 ? SHORT_MAX : sw2;

	if (sw1 == 0x6C && !script->exact && !script->get_response) {
		script->exact = true;
		script->le = held;
		return;
	}
	script->exact = script->get_response = false;
	if (sw1 == 0x90 && sw2 == 0x00) {
		take(script, data, len, false);
	} else if (sw1 == 0x62 && sw2 == 0x82) { /* the file ends here */
		take(script, data, len, true);
	} else if (sw1 == 0x61) {
		uint8_t step = script->step;

		take(script, data, len, false);
		if (script->step == step) {
			script->get_response = true;
			script->le = held;
		}
	} else {
		/* Behind the end: what there was is all of it. A header may count itself, or give the last byte. */
		end_file(script, sw1 == 0x6B && sw2 == 0x00 && script->want != 0);
	}
}

/* A memory card that is no KVK is nothing that we know. */
static void take_select(struct chip_script *script, uint8_t sw1, uint8_t sw2)
{
	const struct step_row *row = &steps[script->step];

	/* 6283: it is there, but it was closed; what can be read of it is seen next. */
	if ((sw1 == 0x90 && sw2 == 0x00) || sw1 == 0x61 || (sw1 == 0x62 && sw2 == 0x83))
		go(script, row->yes);
	else
		go(script, script->memory && script->step == SELECT_KVK_OLD ? END : row->no);
}

void chip_answer(struct chip_script *script, const uint8_t *answer, size_t len)
{
	uint8_t sw1 = len >= 2 ? answer[len - 2] : 0, sw2 = len >= 2 ? answer[len - 1] : 0;

	if (is_over(script))
		return;
	if (steps[script->step].aid != NULL)
		take_select(script, sw1, sw2);
	else
		take_read(script, sw1, sw2, answer, len >= 2 ? len - 2 : 0);
	if (++script->sent >= CHIP_MAX_SENT && !is_over(script)) {
		if (steps[script->step].aid == NULL)
			end_file(script, false);
		go(script, END);
	}
}

void chip_wipe(struct chip_script *script)
{
	explicit_bzero(script, sizeof(*script));
	script->step = END;
}

static struct reader *slot_of(struct chip_files *files, uint8_t file)
{
	switch (file) {
	case CHIP_EGK_STATUS:
		return &files->status;
	case CHIP_EGK_PD:
		return &files->pd;
	case CHIP_EGK_VD:
		return &files->vd;
	case CHIP_EGK_GVD:
		return &files->gvd;
	case CHIP_EGK_VERSION:
		return &files->version;
	case CHIP_KVK:
		return &files->kvk;
	}
	return NULL;
}

int chip_files_open(const uint8_t *list, size_t len, struct chip_files *files)
{
	struct reader r = reader_of(list, len), none = reader_of(NULL, 0);
	struct chip_files made = { none, none, none, none, none, none };

	if (len == 0)
		return LOBBY_ERR_CARD_UNKNOWN;
	while (reader_left(&r) > 0) {
		uint8_t name = read_u8(&r);
		struct reader bytes = read_sub(&r, read_be16(&r)), *slot = slot_of(&made, name);

		if (r.failed || (slot != NULL && slot->len > 0))
			return LOBBY_ERR_CARD_MALFORMED;
		if (slot != NULL)
			*slot = bytes;
	}
	*files = made;
	return 0;
}

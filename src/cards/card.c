/* One entry point for everything that a patient may hold up: the letter says what it is, a licence has a header, a
 * health card its issuer's number, and what is left of codes is a member number if it is short, plain and not a
 * product's. A stripe is a payment card first of all, and then what its tracks say. A chip's files
 * say by their names which card they are of. */
#include "aamva.h"
#include "aamva_stripe.h"
#include "egk.h"
#include "incits284.h"
#include "kvk.h"
#include "pan.h"
#include "shc.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define CARD_MAX 4096 /* PDF417 holds 1850 letters; a scanner may prefix and suffix */

#define LETTER_PREFIX "LOBBY1:"
#define LETTER_MIN 8
#define LETTER_MAX 64
#define MEMBER_MIN 6
#define MEMBER_MAX 32

static bool is_alnum(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_letter_code(const uint8_t *code, size_t len)
{
	if (len < LETTER_MIN || len > LETTER_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_alnum(code[i]) && code[i] != '.' && code[i] != '-')
			return false;
	return true;
}

/* CRC-8 with the polynomial x^8 + x^2 + x + 1, from 0: a slip of the scanner, not a forger, is what it finds. */
static unsigned crc8(const uint8_t *data, size_t len)
{
	unsigned crc = 0;

	for (size_t i = 0; i < len; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (crc & 0x80 ? crc << 1 ^ 0x07 : crc << 1) & 0xFF;
	}
	return crc;
}

int card_letter_format(char *out, size_t size, const char *code)
{
	size_t len = strlen(code);

	if (len > LETTER_MAX)
		return LOBBY_ERR_TOO_LONG;
	if (!is_letter_code((const uint8_t *)code, len))
		return LOBBY_ERR_INVALID;
	if (strlen(LETTER_PREFIX) + len + 3 >= size)
		return LOBBY_ERR_TOO_LONG;
	snprintf(out, size, LETTER_PREFIX "%s:%02X", code, crc8((const uint8_t *)code, len));
	return 0;
}

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* scan begins with the letter's prefix. */
static int parse_letter(struct slice scan, struct card *card)
{
	struct slice rest = slice_part(scan, strlen(LETTER_PREFIX), scan.len);
	struct card made = { .kind = CARD_LETTER };
	struct slice code;
	int high, low;

	if (rest.len < LETTER_MIN + 3 || rest.data[rest.len - 3] != ':')
		return LOBBY_ERR_CARD_MALFORMED;
	code = slice_part(rest, 0, rest.len - 3);
	high = hex_value(rest.data[rest.len - 2]);
	low = hex_value(rest.data[rest.len - 1]);
	if (!is_letter_code(code.data, code.len) || high < 0 || low < 0 ||
	    (unsigned)(high << 4 | low) != crc8(code.data, code.len))
		return LOBBY_ERR_CARD_MALFORMED;
	text_copy_n(made.code, sizeof(made.code), (const char *)code.data, code.len);
	*card = made;
	return 0;
}

static int parse_member(struct slice scan, struct card *card)
{
	struct card made = { .kind = CARD_MEMBER_CODE };
	size_t len = 0;

	for (size_t i = 0; i < scan.len; i++) {
		uint8_t c = scan.data[i];

		if (c == ' ')
			continue;
		if ((!is_alnum(c) && c != '-') || len == MEMBER_MAX)
			return LOBBY_ERR_CARD_UNKNOWN;
		made.code[len++] = (char)c;
	}
	if (len < MEMBER_MIN)
		return LOBBY_ERR_CARD_UNKNOWN;
	*card = made;
	return 0;
}

static bool is_utf8(struct slice scan)
{
	for (size_t at = 0; at < scan.len;) {
		size_t from = at;

		if (text_next((const char *)scan.data, scan.len, &at) == 0xFFFD && at - from != 3)
			return false;
	}
	return true;
}

static int parse_licence(struct slice scan, struct card *card)
{
	struct card made = { .kind = CARD_LICENCE };
	struct aamva_file file;
	int err = aamva_open(scan, &file);

	if (err == 0)
		err = aamva_licence(&file, !is_utf8(scan), &made.licence);
	if (err == 0)
		*card = made;
	return err;
}

/* A health card's code, or a link to one; CARD_UNKNOWN when neither. */
static int parse_health(struct slice scan, struct card *card)
{
	struct card made = { .kind = CARD_HEALTH_PART };
	const uint8_t *link;
	struct shc_part part;
	size_t len;
	int err = shc_part_open(scan.data, scan.len, &part);

	if (err == 0) {
		made.part = part.part;
		made.parts = part.parts;
	} else if (err == LOBBY_ERR_CARD_UNKNOWN) {
		made.kind = CARD_HEALTH_LINK;
		err = shc_link_open(scan.data, scan.len, &link, &len);
	}
	if (err == 0)
		*card = made;
	return err;
}

/* Symbologies that only goods carry (ISO/IEC 15424): EAN and UPC, and those marked as GS1's. */
static bool is_product(const char *aim)
{
	static const char *const marked[] = { "C1", "d2", "Q3", "e" };

	if (*aim == 'E')
		return true;
	for (size_t i = 0; i < sizeof(marked) / sizeof(marked[0]); i++)
		if (strncmp(aim, marked[i], strlen(marked[i])) == 0)
			return true;
	return false;
}

static int parse_health_id(struct slice scan, struct card *card)
{
	struct card made = { .kind = CARD_INSURANCE };
	int err = incits284_code(scan, &made.insurance);

	if (err == 0)
		*card = made;
	return err;
}

static int parse_tracks(const struct stripe *stripe, struct card *card)
{
	struct card made = { .kind = CARD_INSURANCE };
	int err = incits284_stripe(stripe, &made.insurance);

	if (err == LOBBY_ERR_CARD_UNKNOWN) {
		made = (struct card){ .kind = CARD_LICENCE };
		err = aamva_stripe_licence(stripe, &made.licence);
	}
	if (err == 0)
		*card = made;
	return err;
}

/* The driver has dropped what a payment card holds; whoever asks otherwise hears it here. */
static int parse_stripe(const uint8_t *data, size_t len, struct card *card)
{
	struct stripe stripe;
	bool payment;
	int err = stripe_split(data, len, &stripe);

	if (err != 0)
		return err;
	payment = pan_drop_payment(&stripe);
	err = parse_tracks(&stripe, card);
	if (err == LOBBY_ERR_CARD_UNKNOWN && payment)
		err = LOBBY_ERR_CARD_PAYMENT;
	stripe_wipe(&stripe);
	return err;
}

static int parse_code(const char *aim, const uint8_t *data, size_t len, struct card *card)
{
	struct slice scan = { data, len }, plain;
	size_t prefix = strlen(LETTER_PREFIX);
	char told[3] = "";
	int err;

	/* A scanner set up to send the AIM identifier with the data, and a driver that left it there. */
	if (*aim == '\0' && len > 3 && data[0] == ']') {
		memcpy(told, data + 1, 2);
		aim = told;
		scan = slice_part(scan, 3, len);
	}
	plain = slice_trim(scan);
	if (plain.len >= prefix && memcmp(plain.data, LETTER_PREFIX, prefix) == 0)
		return parse_letter(plain, card);
	err = parse_health(plain, card);
	if (err != LOBBY_ERR_CARD_UNKNOWN)
		return err;
	err = parse_health_id(plain, card);
	if (err != LOBBY_ERR_CARD_UNKNOWN)
		return err;
	err = parse_licence(scan, card);
	if (err != LOBBY_ERR_CARD_UNKNOWN)
		return err;
	return is_product(aim) ? LOBBY_ERR_CARD_UNKNOWN : parse_member(plain, card);
}

static int parse_chip(const uint8_t *data, size_t len, struct card *card)
{
	struct card made = { .kind = CARD_INSURANCE };
	struct chip_files files;
	int err = chip_files_open(data, len, &files);

	if (err == 0)
		err = files.kvk.len > 0 ? kvk_parse(files.kvk, &made.insurance) : egk_parse(&files, &made.insurance);
	if (err == 0)
		*card = made;
	explicit_bzero(&made, sizeof(made));
	return err;
}

int card_parse(enum card_source source, const char *aim, const uint8_t *data, size_t len, struct card *card)
{
	if (len > CARD_MAX)
		return LOBBY_ERR_CARD_TOO_LONG;
	if (len == 0)
		return LOBBY_ERR_CARD_UNKNOWN;
	switch (source) {
	case CARD_CODE:
		return parse_code(aim, data, len, card);
	case CARD_STRIPE:
		return parse_stripe(data, len, card);
	case CARD_CHIP:
		return parse_chip(data, len, card);
	}
	return LOBBY_ERR_CARD_UNKNOWN;
}

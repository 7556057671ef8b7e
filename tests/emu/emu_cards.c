/* See emu_cards.h, and emu.c for the commands. A chip card is made of its person when it is put in; a signed health
 * card of its Bundle when it is held under the scanner, by an issuer whose key is made when the first one is wanted. */
#include "tests/emu/emu_cards.h"

#include "base/clock.h"
#include "base/file.h"
#include "cards/card.h"
#include "tests/unit/shc_issuer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_RUBBISH (1 << 20)
#define JWS_MAX 8192

static struct shc_test_issuer issuer; /* iss is NULL until it is wanted */

void emu_say(struct emu_answer *a, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(a->text, a->size, format, args);
	va_end(args);
}

/* ---- under the scanner ---- */

static void scan(struct emu *emu, struct emu_answer *a, const char *aim, const void *data, size_t len)
{
	if (!bus_is_plugged(&emu->scanner.model)) {
		emu_say(a, "error the scanner is unplugged");
		return;
	}
	model_scanner_scan(&emu->scanner, aim, data, len);
	emu_say(a, "ok %zu bytes", len);
}

static const struct shc_test_issuer *the_issuer(void)
{
	if (issuer.iss == NULL)
		shc_issuer_init(&issuer, "https://health.example.org/issuer", "Example Health Department");
	return &issuer;
}

/* Signed once: a second signature would be another card, whose codes do not go with the first one's. */
static const char *signed_card(const struct card_row *card)
{
	static char jws[JWS_MAX];
	static const struct card_row *last;
	struct shc_claims claims = { .nbf_s = (double)(clock_wall_ms() / 1000 - 86400) };
	char *bundle = strndup((const char *)card->payload, card->len);

	if (last != card && bundle != NULL) {
		shc_issuer_card(the_issuer(), bundle, claims, jws, sizeof(jws));
		last = card;
	}
	free(bundle);
	return jws;
}

/* Code `part` of `parts` of the signed card. */
static void scan_health(struct emu *emu, struct emu_answer *a, const struct card_row *card, int part, int parts)
{
	char code[2 * JWS_MAX];

	shc_issuer_code(signed_card(card), part, parts, code, sizeof(code));
	scan(emu, a, "Q1", code, strlen(code));
}

static void scan_card(struct emu *emu, struct emu_answer *a, const char *kind, const char *name)
{
	const struct card_row *card = cards_find(&emu->cards, kind, name);
	char code[80];

	if (card != NULL && strcmp(card->kind, "health") == 0)
		scan_health(emu, a, card, 1, 1);
	else if (card != NULL)
		scan(emu, a, cards_aim(card->kind), card->payload, card->len);
	else if (kind != NULL && strcmp(kind, "letter") == 0 && card_letter_format(code, sizeof(code), name) == 0)
		scan(emu, a, "Q1", code, strlen(code));
	else
		emu_say(a, "error no card, or more than one, is called that");
}

/* "2/3 NAME" */
static void scan_part(struct emu *emu, struct emu_answer *a, const char *what)
{
	int part = 0, parts = 0, at = 0;
	const struct card_row *card;

	if (sscanf(what, "%d/%d %n", &part, &parts, &at) < 2 || at == 0 || part < 1 || parts < part || parts > 16) {
		emu_say(a, "error a part is K/N NAME");
		return;
	}
	card = cards_find(&emu->cards, "health", what + at);
	if (card != NULL)
		scan_health(emu, a, card, part, parts);
	else
		emu_say(a, "error no health card is called that");
}

static void scan_file(struct emu *emu, struct emu_answer *a, const char *path)
{
	char *data;
	size_t len;
	int err = file_read(path, MAX_RUBBISH, &data, &len);

	if (err != 0) {
		emu_say(a, "error %s", err_staff_text(err));
		return;
	}
	scan(emu, a, "L2", data, len);
	free(data);
}

static void scan_rubbish(struct emu *emu, struct emu_answer *a, const char *count)
{
	unsigned long n = strtoul(count, NULL, 10);
	uint32_t noise = 1;
	uint8_t *data;

	if (n == 0 || n > MAX_RUBBISH) {
		emu_say(a, "error rubbish is 1 to %d bytes", MAX_RUBBISH);
		return;
	}
	data = malloc(n);
	for (unsigned long i = 0; data != NULL && i < n; i++)
		data[i] = (uint8_t)((noise = noise * 1664525 + 1013904223) >> 24);
	if (data != NULL)
		scan(emu, a, "L2", data, n);
	else
		emu_say(a, "error no memory");
	free(data);
}

static void do_scan(struct emu *emu, struct emu_answer *a, const char *what)
{
	static const char *const kinds[] = { "licence", "letter", "member", "insurance", "health" };
	char kind[16] = "";
	size_t n = strcspn(what, " ");
	const char *rest = what + n + (what[n] == ' ');

	snprintf(kind, sizeof(kind), "%.*s", (int)n, what);
	if (*rest == '\0') {
		emu_say(a, "error scan what?");
		return;
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kind, kinds[i]) != 0)
			continue;
		scan_card(emu, a, kind, rest);
		return;
	}
	if (strcmp(kind, "card") == 0)
		scan_card(emu, a, NULL, rest);
	else if (strcmp(kind, "part") == 0)
		scan_part(emu, a, rest);
	else if (strcmp(kind, "file") == 0)
		scan_file(emu, a, rest);
	else if (strcmp(kind, "text") == 0)
		scan(emu, a, "Q1", rest, strlen(rest));
	else if (strcmp(kind, "rubbish") == 0)
		scan_rubbish(emu, a, rest);
	else
		emu_say(a, "error unknown kind of scan");
}

/* ---- through the slot ---- */

/* Tracks as on the card, each with its sentinels: 1 and 3 begin with "%", 2 with ";". */
static void swipe(struct emu *emu, struct emu_answer *a, const char *tracks, size_t len)
{
	char text[3][128] = { "", "", "" };
	int track = 0;

	if (!bus_is_plugged(&emu->stripe.model)) {
		emu_say(a, "error the stripe reader is unplugged");
		return;
	}
	for (size_t at = 0; at < len && track < 3; track++) {
		const char *end = memchr(tracks + at, '?', len - at);
		size_t n = end != NULL ? (size_t)(end - tracks) + 1 - at : len - at;

		if (track == 0 && tracks[at] == ';')
			track = 1;
		else if (track == 1 && tracks[at] == '%')
			track = 2;
		snprintf(text[track], sizeof(text[track]), "%.*s", (int)n, tracks + at);
		at += n;
	}
	model_msr_swipe(&emu->stripe, text[0][0] ? text[0] : NULL, text[1][0] ? text[1] : NULL,
			text[2][0] ? text[2] : NULL);
	emu_say(a, "ok");
}

static void do_swipe(struct emu *emu, struct emu_answer *a, const char *what)
{
	const struct card_row *card = cards_find(&emu->cards, "stripe", what);

	if (what[0] == '%' || what[0] == ';')
		swipe(emu, a, what, strlen(what));
	else if (card != NULL)
		swipe(emu, a, (const char *)card->payload, card->len);
	else
		emu_say(a, "error no stripe, or more than one, is called that");
}

/* ---- into the reader ---- */

/* The next cell of a chip's payload (src/clinic/demo_wallet.h); text is cut up. */
static const char *cell(char **text)
{
	const char *one = *text != NULL ? strsep(text, "|") : NULL;

	return one != NULL ? one : "";
}

static void insert(struct emu *emu, struct emu_answer *a, const struct card_row *card)
{
	char text[512], *rest = text;
	struct egk_person person = { .prefix = "", .addition = "", .title = "", .sex = "X", .number = "1" };

	snprintf(text, sizeof(text), "%.*s", (int)card->len, (const char *)card->payload);
	person.member_id = cell(&rest);
	person.birth_date = cell(&rest);
	person.given = cell(&rest);
	person.family = cell(&rest);
	person.street = cell(&rest);
	person.postal_code = cell(&rest);
	person.city = cell(&rest);
	person.begin = cell(&rest);
	person.end = cell(&rest);
	person.payor_id = cell(&rest);
	person.payor = cell(&rest);
	person.billing_id = person.billing = person.exempt_until = "";
	person.insured = "1";
	card_egk_init(&emu->chip, EGK_52, EGK_HONEST, &person);
	model_ccid_insert(&emu->reader, 0, &emu->chip.card);
	emu_say(a, "ok");
}

static void do_insert(struct emu *emu, struct emu_answer *a, const char *what)
{
	const struct card_row *card = cards_find(&emu->cards, "chip", what);

	if (!bus_is_plugged(&emu->reader.model)) {
		emu_say(a, "error the card reader is unplugged");
		return;
	}
	model_ccid_remove(&emu->reader, 0);
	if (strcmp(what, "payment") == 0 || strcmp(what, "other") == 0) {
		card_egk_init(&emu->chip, what[0] == 'p' ? EGK_EMV : EGK_OTHER, EGK_HONEST, &egk_people[0]);
		model_ccid_insert(&emu->reader, 0, &emu->chip.card);
		emu_say(a, "ok");
	} else if (card != NULL) {
		insert(emu, a, card);
	} else {
		emu_say(a, "error no chip card, or more than one, is called that");
	}
}

/* ---- all ---- */

static void do_issuers(struct emu_answer *a, const char *path)
{
	json_t *directory = shc_issuer_directory(the_issuer(), NULL);

	if (json_dump_file(directory, path, JSON_INDENT(1)) == 0)
		emu_say(a, "ok");
	else
		emu_say(a, "error the file cannot be written");
	json_decref(directory);
}

bool emu_cards_command(struct emu *emu, struct emu_answer *a, const char *verb, const char *what)
{
	if (strcmp(verb, "scan") == 0)
		do_scan(emu, a, what);
	else if (strcmp(verb, "swipe") == 0)
		do_swipe(emu, a, what);
	else if (strcmp(verb, "insert") == 0)
		do_insert(emu, a, what);
	else if (strcmp(verb, "remove") == 0)
		model_ccid_remove(&emu->reader, 0), emu_say(a, "ok");
	else if (strcmp(verb, "issuers") == 0)
		do_issuers(a, what);
	else
		return false;
	return true;
}

void emu_cards_use(struct emu *emu, struct emu_answer *a, const struct card_row *card)
{
	if (strcmp(card->kind, "stripe") == 0)
		swipe(emu, a, (const char *)card->payload, card->len);
	else if (strcmp(card->kind, "chip") == 0)
		do_insert(emu, a, card->name);
	else
		scan_card(emu, a, card->kind, card->name);
}

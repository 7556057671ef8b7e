/* What the demo's patients hold under the scanner: driving licences as PDF417 payloads (AAMVA DL/ID Card Design
 * Standard, Annex D, versions 08 to 10), appointment letters (cards/card.h) and member numbers, for lobby-emu. All
 * invented. */
#include "demo.h"

#include "clinic.h"
#include "demo_wallet.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "cards/card.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUBFILE_AT 31 /* the header of a file with one subfile */

struct licence {
	int version;
	char state[4], family[48], given[48], middle[48];
	const char *birth_date, *street, *city, *postal_code;
	unsigned number;
};

/* Issuer identification numbers: AAMVA's public list. */
static const char *issuer_of(const char *state)
{
	static const char *const known[][2] = {
		{ "MA", "636002" }, { "NY", "636001" }, { "VT", "636024" }, { "ME", "636041" }
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i][0], state) == 0)
			return known[i][1];
	return "636002";
}

static void element(FILE *out, const char *id, const char *value)
{
	fprintf(out, "%s", id);
	for (; *value != '\0'; value++)
		fputc(toupper((unsigned char)*value), out);
	fputc('\n', out);
}

/* The subfile's mandatory elements (D.12.5); dates as MMDDCCYY. */
static void subfile(FILE *out, const struct licence *l, int year)
{
	char text[64];

	fprintf(out, "DL");
	snprintf(text, sizeof(text), "S%08u", l->number);
	element(out, "DAQ", text);
	element(out, "DCS", l->family);
	element(out, "DDE", "N");
	element(out, "DAC", l->given);
	element(out, "DDF", "N");
	element(out, "DAD", l->middle[0] != '\0' ? l->middle : "NONE");
	element(out, "DDG", "N");
	element(out, "DCA", "D");
	element(out, "DCB", "NONE");
	element(out, "DCD", "NONE");
	snprintf(text, sizeof(text), "0415%04d", (year - 2) % 10000);
	element(out, "DBD", text);
	snprintf(text, sizeof(text), "%.2s%.2s%.4s", l->birth_date + 5, l->birth_date + 8, l->birth_date);
	element(out, "DBB", text);
	snprintf(text, sizeof(text), "0415%04d", (year + 3) % 10000);
	element(out, "DBA", text);
	element(out, "DBC", "9");
	element(out, "DAU", "067 in");
	element(out, "DAY", "BRO");
	element(out, "DAG", l->street);
	element(out, "DAI", l->city);
	element(out, "DAJ", l->state);
	snprintf(text, sizeof(text), "%s0000  ", l->postal_code);
	element(out, "DAK", text);
	snprintf(text, sizeof(text), "%u", 100000U + l->number);
	element(out, "DCF", text);
	element(out, "DCG", "USA");
	fputc('\r', out);
}

/* The whole file (D.12.3: header, one subfile designator, subfile), malloc'ed. */
static char *licence_payload(const struct licence *l)
{
	struct clock_civil now = clock_civil_of(clock_wall_ms());
	char *body = NULL, *payload = NULL;
	size_t body_len = 0, len = 0;
	FILE *out = open_memstream(&body, &body_len);

	if (out == NULL)
		return NULL;
	subfile(out, l, now.year);
	if (fclose(out) != 0 || (out = open_memstream(&payload, &len)) == NULL) {
		free(body);
		return NULL;
	}
	fprintf(out, "@\n\x1e\rANSI %s%02d0101DL%04d%04zu%s", issuer_of(l->state), l->version, SUBFILE_AT, body_len,
		body);
	free(body);
	if (fclose(out) != 0) {
		free(payload);
		return NULL;
	}
	return payload;
}

static void write_card(FILE *out, const char *name, const char *kind, const char *payload)
{
	fprintf(out, "%s\t%s\t", name, kind);
	for (; *payload != '\0'; payload++) {
		if (*payload == '\n')
			fputs("\\n", out);
		else if (*payload == '\r')
			fputs("\\r", out);
		else if (*payload == '\x1e')
			fputs("\\x1e", out);
		else if (*payload == '\\')
			fputs("\\\\", out);
		else
			fputc(*payload, out);
	}
	fputc('\n', out);
}

/* The next of the cell's words, which ':' separates. */
static const char *next_word(const char *at, char *out, size_t size)
{
	size_t len = strcspn(at, ":;");

	text_copy_n(out, size, at, len);
	return at + len + (at[len] == ':');
}

/* "licence:10:MA:GARCIA:MARIA:ELENA" */
static int write_licence(FILE *out, const char *name, const char *card, const char *const *p, unsigned number)
{
	struct licence l = { .number = number,
			     .birth_date = p[DEMO_BIRTH_DATE],
			     .street = p[DEMO_STREET],
			     .city = p[DEMO_CITY],
			     .postal_code = p[DEMO_POSTAL_CODE] };
	char version[4], *payload;

	card = next_word(card, version, sizeof(version));
	card = next_word(card, l.state, sizeof(l.state));
	card = next_word(card, l.family, sizeof(l.family));
	card = next_word(card, l.given, sizeof(l.given));
	next_word(card, l.middle, sizeof(l.middle));
	l.version = (int)strtol(version, NULL, 10);
	payload = licence_payload(&l);
	if (payload == NULL)
		return LOBBY_ERR_NO_MEMORY;
	write_card(out, name, "licence", payload);
	free(payload);
	return 0;
}

/* The letter of the patient's soonest appointment that is not over. */
static int write_letter(FILE *out, struct ledger *store, const char *name, const char *patient_id)
{
	char letter[96];
	sqlite3_stmt *row;
	int err = ledger_query(
		store, &row,
		"SELECT code FROM appointment WHERE patient_id = ?1 AND start_ms >= ?2 ORDER BY start_ms LIMIT 1", "ti",
		patient_id, clock_day_start_ms(clock_wall_ms()));

	if (err != 0 || (err = ledger_step(store, row)) != 1)
		return err;
	err = card_letter_format(letter, sizeof(letter), db_text(row, 0));
	sqlite3_reset(row);
	if (err == 0)
		write_card(out, name, "letter", letter);
	return err;
}

/* "stripe", "insurance", "chip", "health" */
static int write_wallet(FILE *out, const char *name, const char *card, const char *const *p, unsigned number)
{
	char kind[16], payload[512] = "", *bundle = NULL;

	next_word(card, kind, sizeof(kind));
	if (strcmp(kind, "stripe") == 0)
		demo_stripe(payload, sizeof(payload), p, number);
	else if (strcmp(kind, "insurance") == 0)
		demo_health_id(payload, sizeof(payload), p);
	else if (strcmp(kind, "chip") == 0)
		demo_chip(payload, sizeof(payload), p, number);
	else if (strcmp(kind, "health") == 0 && (bundle = demo_health_card(p)) == NULL)
		return LOBBY_ERR_NO_MEMORY;
	write_card(out, name, kind, bundle != NULL ? bundle : payload);
	free(bundle);
	return 0;
}

static int write_person(FILE *out, struct ledger *store, const char *const *p, unsigned number)
{
	const char *card = p[DEMO_CARD];
	char name[128];
	int err = 0;

	snprintf(name, sizeof(name), "%s %s", p[DEMO_GIVEN], p[DEMO_FAMILY]);
	while (err == 0 && *card != '\0') {
		if (strncmp(card, "licence:", 8) == 0)
			err = write_licence(out, name, card + 8, p, number);
		else if (strncmp(card, "letter", 6) == 0)
			err = write_letter(out, store, name, p[DEMO_ID]);
		else if (strncmp(card, "member", 6) == 0)
			write_card(out, name, "member", p[DEMO_MEMBER_ID]);
		else
			err = write_wallet(out, name, card, p, number);
		card += strcspn(card, ";");
		card += *card == ';';
	}
	return err;
}

/* Somebody whom the clinic does not know, and a code that is nothing. */
static int write_others(FILE *out)
{
	static const char *const stranger[DEMO_COLUMNS] = {
		[DEMO_BIRTH_DATE] = "1970-07-04",
		[DEMO_STREET] = "9 Nowhere Lane",
		[DEMO_CITY] = "Augusta",
		[DEMO_POSTAL_CODE] = "04330",
	};
	int err = write_licence(out, "Robin Stranger", "09:ME:STRANGER:ROBIN:", stranger, 99);

	write_card(out, "A payment card", "stripe",
		   "%B4111111111111111^EXAMPLE/ALEX^30121010000000000?;4111111111111111=30121010000000000?");
	write_card(out, "A torn card", "licence", "@\n\x1e\rANSI 6360020900DL00410\x7f?*DCS");
	return err;
}

int demo_cards(struct ledger *store, const char *folder, const char *path)
{
	struct demo_people people;
	char *text = NULL;
	size_t len = 0;
	FILE *out;
	int err = demo_people_load(&people, folder);

	if (err != 0)
		return err;
	out = open_memstream(&text, &len);
	if (out == NULL)
		err = LOBBY_ERR_NO_MEMORY;
	for (int i = 0; err == 0 && i < people.count; i++)
		err = write_person(out, store, people.cells[i], (unsigned)i + 1);
	if (err == 0)
		err = write_others(out);
	if (out != NULL && fclose(out) != 0 && err == 0)
		err = LOBBY_ERR_NO_MEMORY;
	if (err == 0)
		err = file_replace(path, text, len, 0600);
	free(text);
	demo_people_free(&people);
	return err;
}

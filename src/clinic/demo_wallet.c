/* What else the demo's patients carry, beside the licences and letters of demo_cards.c: stripes (AAMVA DL/ID Card
 * Design Standard, Annex F), US health ID cards (INCITS 284), German chip cards and SMART Health Cards. A chip's
 * payload is its person and a health card's its Bundle: lobby-emu has the chip and the issuer's key. All invented. */
#include "demo.h"

#include "base/text.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATE_ISSUER "636002" /* Massachusetts, AAMVA's public list */

/* Letters, digits and spaces, as capitals: what a stripe's alphabet has of them. */
static void capitals(char *out, size_t size, const char *text)
{
	size_t len = 0;

	for (; *text != '\0' && len + 1 < size; text++)
		if (isalnum((unsigned char)*text) || *text == ' ')
			out[len++] = (char)toupper((unsigned char)*text);
	out[len] = '\0';
}

/* "1985-04-17" as 19850417. */
static void digits_of(char out[9], const char *date)
{
	snprintf(out, 9, "%.4s%.2s%.2s", date, date + 5, date + 8);
}

/* The digit that makes the sum of a number divisible by ten when every second digit, from its end, counts double. */
static int luhn(const char *digits)
{
	int sum = 0, doubled = 1;

	for (size_t i = strlen(digits); i-- > 0; doubled = !doubled) {
		int d = (digits[i] - '0') * (doubled ? 2 : 1);

		sum += d / 10 + d % 10;
	}
	return (10 - sum % 10) % 10;
}

void demo_stripe(char *out, size_t size, const char *const *p, unsigned number)
{
	char family[40], given[40], city[14], street[30], birth[9];

	capitals(family, sizeof(family), p[DEMO_FAMILY]);
	capitals(given, sizeof(given), p[DEMO_GIVEN]);
	capitals(city, sizeof(city), p[DEMO_CITY]);
	capitals(street, sizeof(street), p[DEMO_STREET]);
	digits_of(birth, p[DEMO_BIRTH_DATE]);
	snprintf(out, size, "%%MA%s^%s$%s^%s^?;" STATE_ISSUER "%09u=3004%s=?", city, family, given, street, number,
		 birth);
}

void demo_health_id(char *out, size_t size, const char *const *p)
{
	char family[40], given[40], birth[9], issuer[16];

	capitals(family, sizeof(family), p[DEMO_FAMILY]);
	capitals(given, sizeof(given), p[DEMO_GIVEN]);
	digits_of(birth, p[DEMO_BIRTH_DATE]);
	snprintf(issuer, sizeof(issuer), "80840912345678");
	snprintf(out, size, "%%%s%d^%s^%s/%s^DB%s?", issuer, luhn(issuer), p[DEMO_MEMBER_ID], family, given, birth);
}

/* The ten-digit number of an insured person: a letter, eight digits, and the sum of the digits (the letter's place in
 * the alphabet as two of them) with weights 1 and 2. */
static void insured_number(char out[11], const char *family, unsigned number)
{
	char digits[11];
	int letter = toupper((unsigned char)family[0]), sum = 0;

	if (letter < 'A' || letter > 'Z')
		letter = 'X';
	snprintf(digits, sizeof(digits), "%02d%08u", letter - 'A' + 1, 10000000U + number);
	for (int i = 0; i < 10; i++) {
		int d = (digits[i] - '0') * (i % 2 + 1);

		sum += d / 10 + d % 10;
	}
	out[0] = (char)letter;
	memcpy(out + 1, digits + 2, 8);
	out[9] = (char)('0' + sum % 10);
	out[10] = '\0';
}

void demo_chip(char *out, size_t size, const char *const *p, unsigned number)
{
	char birth[9], member[11];

	digits_of(birth, p[DEMO_BIRTH_DATE]);
	insured_number(member, p[DEMO_FAMILY], number);
	snprintf(out, size, "%s|%s|%s|%s|%s|%s|%s|20240101|20301231|109500969|Example Krankenkasse Nord", member, birth,
		 p[DEMO_GIVEN], p[DEMO_FAMILY], p[DEMO_STREET], p[DEMO_POSTAL_CODE], p[DEMO_CITY]);
}

char *demo_health_card(const char *const *p)
{
	json_t *bundle = json_pack(
		"{s:s,s:s,s:[{s:s,s:{s:s,s:[{s:s,s:[s]}],s:s}},{s:s,s:{s:s,s:s,s:{s:[{s:s,s:s}]},s:{s:s},s:s}},"
		"{s:s,s:{s:s,s:s,s:{s:[{s:s,s:s}]},s:{s:s},s:s}}]}",
		"resourceType", "Bundle", "type", "collection", "entry", "fullUrl", "resource:0", "resource",
		"resourceType", "Patient", "name", "family", p[DEMO_FAMILY], "given", p[DEMO_GIVEN], "birthDate",
		p[DEMO_BIRTH_DATE], "fullUrl", "resource:1", "resource", "resourceType", "Immunization", "status",
		"completed", "vaccineCode", "coding", "system", "http://hl7.org/fhir/sid/cvx", "code", "197", "patient",
		"reference", "resource:0", "occurrenceDateTime", "2025-10-02", "fullUrl", "resource:2", "resource",
		"resourceType", "Immunization", "status", "completed", "vaccineCode", "coding", "system",
		"http://hl7.org/fhir/sid/cvx", "code", "208", "patient", "reference", "resource:0",
		"occurrenceDateTime", "2024-10-08");
	char *text = bundle != NULL ? json_dumps(bundle, JSON_COMPACT) : NULL;

	json_decref(bundle);
	return text;
}

/* What the elements of an AAMVA file say: names, dates, address.
 *
 * Names came in four forms. 01: the whole name in DAA, "LAST,FIRST,MIDDLE,SUFFIX", or DAB, DAC, DAD apart. 02 and 03:
 * DCS, and all given names in DCT, between commas or spaces. 04 and later: DCS, DAC, DAD. Cards mix them, so what is
 * there is taken, the separate elements first. Dates are CCYYMMDD (01, and Canada in every version) or MMDDCCYY, with
 * or without hyphens; of the years 1900 to 2099 no date is both. */
#include "aamva.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define PENNSYLVANIA "636025" /* DAA there is "FIRST MIDDLE LAST" without commas */

/* Copies a value as UTF-8, control characters left out. False if it had to cut. */
static bool copy_text(char *out, size_t size, struct slice value, bool latin1)
{
	size_t used = 0;

	value = slice_trim(value);
	out[0] = '\0';
	for (size_t at = 0; at < value.len;) {
		uint32_t c = latin1 ? value.data[at++] : text_next((const char *)value.data, value.len, &at);
		char letter[4];
		size_t bytes = text_encode(c, letter);

		if (c < ' ' || (c >= 0x7F && c < 0xA0))
			continue;
		if (used + bytes >= size)
			return false;
		memcpy(out + used, letter, bytes);
		used += bytes;
		out[used] = '\0';
	}
	return true;
}

/* The same, but all or nothing: half a code means something else. */
static void copy_code(char *out, size_t size, struct slice value, bool latin1)
{
	if (!copy_text(out, size, value, latin1))
		out[0] = '\0';
}

static struct slice first_of(struct slice a, struct slice b)
{
	return a.len > 0 ? a : b;
}

static bool slice_is(struct slice value, const char *text)
{
	return value.len == strlen(text) && memcmp(value.data, text, value.len) == 0;
}

/* A name, or nothing where the element says that there is none (Annex D: "NONE", "unavl" for a mandatory element). */
static struct slice stated(struct slice value)
{
	static const char *const none[] = { "NONE",    "None", "UNAVL", "unavl", "UNAVAIL",
					    "UNKNOWN", "FNU",  "LNU",	"NMN",	 "NFN" };

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		if (slice_is(value, none[i]))
			return (struct slice){ 0 };
	return value;
}

struct name {
	struct slice family, given, middle;
};

/* Where the next of these marks stands at or after `from`. */
static size_t find_mark(struct slice text, size_t from, const char *marks)
{
	while (from < text.len && (text.data[from] == '\0' || strchr(marks, text.data[from]) == NULL))
		from++;
	return from;
}

static bool is_suffix(struct slice word)
{
	static const char *const suffixes[] = { "JR", "SR", "JR.", "SR.", "II", "III", "IV" };

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (slice_is(word, suffixes[i]))
			return true;
	return false;
}

/* "JOHN Q PUBLIC JR": the last word that is no suffix is the family name. */
static struct name split_family_last(struct slice text)
{
	size_t end = text.len, from;

	for (;;) {
		from = end;
		while (from > 0 && text.data[from - 1] != ' ')
			from--;
		if (from == 0 || !is_suffix(slice_part(text, from, end)))
			break;
		end = from;
		while (end > 0 && text.data[end - 1] == ' ')
			end--;
	}
	return (struct name){ .family = slice_part(text, from, end), .given = slice_trim(slice_part(text, 0, from)) };
}

/* A whole name in one element. '$' and '@' are the stripe's separators, which some bar codes kept. */
static struct name split_whole(struct slice text, const char *issuer)
{
	static const char marks[] = ",$@";
	size_t family = find_mark(text, 0, marks), given, middle;

	if (family == text.len && strcmp(issuer, PENNSYLVANIA) == 0)
		return split_family_last(text);
	if (family == text.len)
		family = find_mark(text, 0, " ");
	given = find_mark(text, family + 1, marks);
	middle = find_mark(text, given + 1, marks);
	return (struct name){ .family = slice_trim(slice_part(text, 0, family)),
			      .given = slice_trim(slice_part(text, family + 1, given)),
			      .middle = slice_trim(slice_part(text, given + 1, middle)) };
}

/* "JANE,MARY" says which the first name is; "JANE MARY" does not, and stays whole. */
static void split_given(struct name *name)
{
	size_t comma = find_mark(name->given, 0, ",");

	if (comma == name->given.len)
		return;
	if (name->middle.len == 0)
		name->middle = slice_trim(slice_part(name->given, comma + 1, name->given.len));
	name->given = slice_trim(slice_part(name->given, 0, comma));
}

static struct name read_name(const struct aamva_file *file)
{
	const struct slice *e = file->element;
	struct slice last = first_of(e[AAMVA_DCS], e[AAMVA_DAB]);
	struct name name = { .family = stated(last),
			     .given = stated(first_of(e[AAMVA_DAC], e[AAMVA_DCT])),
			     .middle = stated(e[AAMVA_DAD]) };

	if (name.given.len == 0 && find_mark(last, 0, ",") < last.len) {
		name = split_whole(last, file->issuer);
	} else if (e[AAMVA_DAA].len > 0 && (last.len == 0 || name.given.len == 0)) {
		struct name whole = split_whole(e[AAMVA_DAA], file->issuer);

		name.family = first_of(name.family, whole.family);
		name.given = first_of(name.given, whole.given);
		name.middle = first_of(name.middle, whole.middle);
	}
	split_given(&name);
	name.given = stated(name.given);
	name.middle = stated(name.middle);
	return name;
}

static int number_of(const char *digits, int count)
{
	int value = 0;

	while (count-- > 0)
		value = value * 10 + (*digits++ - '0');
	return value;
}

static bool is_date(const char *ccyy, const char *mm, const char *dd)
{
	static const int days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int year = number_of(ccyy, 4), month = number_of(mm, 2), day = number_of(dd, 2);
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	if (year < 1900 || year > 2099 || month < 1 || month > 12 || day < 1 || day > days[month - 1])
		return false;
	return month != 2 || day < 29 || leap;
}

/* Exactly eight digits, in either order. False leaves out as it is. */
static bool read_date(struct slice value, char out[11])
{
	char digits[9] = "";
	int count = 0;

	for (size_t i = 0; i < value.len; i++) {
		uint8_t c = value.data[i];

		if (c == '-' || c == '/' || c == '.')
			continue;
		if (c < '0' || c > '9' || count == 8)
			return false;
		digits[count++] = (char)c;
	}
	if (count != 8)
		return false;
	if (is_date(digits, digits + 4, digits + 6))
		snprintf(out, 11, "%.4s-%.2s-%.2s", digits, digits + 4, digits + 6);
	else if (is_date(digits + 4, digits, digits + 2))
		snprintf(out, 11, "%.4s-%.2s-%.2s", digits + 4, digits, digits + 2);
	else
		return false;
	return true;
}

/* "232690000" is 23269, and "232691234" 23269-1234; a postal code of another form stays. */
static void copy_postal_code(char *out, size_t size, struct slice value, bool latin1)
{
	char whole[16];

	copy_code(whole, sizeof(whole), value, latin1);
	if (strlen(whole) == 9 && strspn(whole, "0123456789") == 9) {
		if (strcmp(whole + 5, "0000") == 0)
			snprintf(out, size, "%.5s", whole);
		else
			snprintf(out, size, "%.5s-%.4s", whole, whole + 5);
		return;
	}
	if (strlen(whole) == 10 && strcmp(whole + 5, "-0000") == 0)
		whole[5] = '\0';
	if (strlen(whole) < size)
		text_copy(out, size, whole);
}

static void copy_address(struct card_licence *licence, const struct slice *e, bool latin1)
{
	/* DAG to DAK, or, where a card of version 01 has only the residence: DAL to DAP. */
	copy_text(licence->street, sizeof(licence->street), first_of(e[AAMVA_DAG], e[AAMVA_DAL]), latin1);
	copy_text(licence->city, sizeof(licence->city), first_of(e[AAMVA_DAI], e[AAMVA_DAN]), latin1);
	copy_code(licence->region, sizeof(licence->region), first_of(e[AAMVA_DAJ], e[AAMVA_DAO]), latin1);
	copy_code(licence->country, sizeof(licence->country), e[AAMVA_DCG], latin1);
	copy_postal_code(licence->postal_code, sizeof(licence->postal_code), first_of(e[AAMVA_DAK], e[AAMVA_DAP]),
			 latin1);
}

/* The last four letters or digits of the document's number, hyphens aside. */
static void copy_last4(char out[5], struct slice number)
{
	size_t count = 0;
	char last[5] = "";

	for (size_t i = number.len; i > 0 && count < 4; i--) {
		uint8_t c = number.data[i - 1];

		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
			last[3 - count++] = (char)c;
	}
	text_copy(out, 5, last + 4 - count);
}

int aamva_licence(const struct aamva_file *file, bool latin1, struct card_licence *licence)
{
	const struct slice *e = file->element;
	struct card_licence made = { .version = file->version };
	struct name name = read_name(file);

	text_copy(made.issuer, sizeof(made.issuer), file->issuer);
	made.family_cut =
		!copy_text(made.family, sizeof(made.family), name.family, latin1) || slice_is(e[AAMVA_DDE], "T");
	made.given_cut = !copy_text(made.given, sizeof(made.given), name.given, latin1) || slice_is(e[AAMVA_DDF], "T");
	copy_text(made.middle, sizeof(made.middle), name.middle, latin1);
	if (made.family[0] == '\0' && made.given[0] == '\0')
		return LOBBY_ERR_CARD_MALFORMED;
	if (!read_date(e[AAMVA_DBB], made.birth_date))
		return LOBBY_ERR_CARD_MALFORMED;
	if (!read_date(e[AAMVA_DBA], made.expiry))
		made.expiry[0] = '\0';
	copy_address(&made, e, latin1);
	copy_last4(made.number_last4, e[AAMVA_DAQ]);
	*licence = made;
	return 0;
}

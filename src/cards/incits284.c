/* Fields between "^": issuer, id, name, and what else the issuer wished. See incits284.h for what is known of them. */
#include "incits284.h"

#include "pan.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define PREFIX "80840"
#define ISSUER_DIGITS 15
#define MAX_LETTERS 2
#define NAME_MAX_LETTERS 26
#define MAX_ID 40
#define GUIDE_APPROVED 20071130

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(uint8_t c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_printable(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] < ' ' || text.data[i] > '~')
			return false;
	return true;
}

static struct slice without_spaces(struct slice text)
{
	size_t from = 0, to = text.len;

	while (to > 0 && text.data[to - 1] == ' ')
		to--;
	while (from < to && text.data[from] == ' ')
		from++;
	return slice_part(text, from, to);
}

/* Without its sentinels, and without what stands behind the end sentinel. */
static struct slice body_of(struct slice text)
{
	size_t end = slice_find(text, 0, "?");

	return slice_part(text, text.len > 0 && text.data[0] == '%', end);
}

/* Cuts off what stands before the next "^". */
static struct slice next_field(struct slice *rest)
{
	size_t end = slice_find(*rest, 0, "^");
	struct slice field = slice_part(*rest, 0, end);

	*rest = slice_part(*rest, end + 1, rest->len);
	return without_spaces(field);
}

/* The issuer's fifteen digits; nothing if it does not begin so. */
static struct slice issuer_of(struct slice field)
{
	size_t letters = 0;
	struct slice digits;

	while (letters < MAX_LETTERS && letters < field.len && is_letter(field.data[letters]))
		letters++;
	digits = slice_part(field, letters, field.len);
	if (digits.len != ISSUER_DIGITS || memcmp(digits.data, PREFIX, strlen(PREFIX)) != 0)
		return (struct slice){ 0 };
	for (size_t i = 0; i < digits.len; i++)
		if (!is_digit(digits.data[i]))
			return (struct slice){ 0 };
	return digits;
}

/* At least one more field must follow: fifteen digits alone are printed on much. */
bool incits284_is_code(struct slice scan)
{
	struct slice rest = body_of(scan), issuer;

	issuer = issuer_of(next_field(&rest));
	return issuer.len > 0 && slice_find(scan, 0, "^") < scan.len;
}

static struct slice slice_of_track(const struct stripe_track *track)
{
	return (struct slice){ (const uint8_t *)track->text, track->len };
}

bool incits284_is_track(const struct stripe_track *track)
{
	return track->len > 0 && track->text[0] == '%' && incits284_is_code(slice_of_track(track));
}

/* Letters, digits and hyphens; spaces are how it is printed. */
static bool read_id(struct slice field, char out[MAX_ID + 1])
{
	char id[MAX_ID + 1] = "";
	size_t len = 0;

	for (size_t i = 0; i < field.len; i++) {
		uint8_t c = field.data[i];

		if (c == ' ')
			continue;
		if ((!is_letter(c) && !is_digit(c) && c != '-') || len == MAX_ID)
			return false;
		id[len++] = (char)c;
	}
	text_copy(out, MAX_ID + 1, id);
	return len > 0;
}

static void copy(char *out, size_t size, struct slice text)
{
	text_copy_n(out, size, (const char *)text.data, text.len);
}

/* "FAMILY/GIVEN MIDDLE.TITLE"; a name without a stroke does not say which part is which, and only names somebody. */
static bool read_name(struct slice field, struct card_insurance *made)
{
	size_t stroke = slice_find(field, 0, "/"), end;
	struct slice family = without_spaces(slice_part(field, 0, stroke)), given, rest;
	bool cut = field.len >= NAME_MAX_LETTERS;

	if (field.len == 0)
		return false;
	if (stroke == field.len) {
		copy(made->subscriber, sizeof(made->subscriber), field);
		return true;
	}
	rest = slice_part(field, stroke + 1, field.len);
	end = slice_find(rest, 0, "/");
	if (slice_find(rest, 0, ".") < end)
		end = slice_find(rest, 0, ".");
	given = without_spaces(slice_part(rest, 0, end));
	if (family.len == 0 && given.len == 0)
		return false;
	copy(made->family, sizeof(made->family), family);
	copy(made->given, sizeof(made->given), given);
	made->given_cut = cut;
	made->family_cut = cut && given.len == 0;
	return true;
}

/* CCYYMMDD, and a day that there was; 0 if it is none. */
static int date_of(struct slice text)
{
	static const int days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int date = 0, year, month, day;

	if (text.len != 8)
		return 0;
	for (size_t i = 0; i < 8; i++) {
		if (!is_digit(text.data[i]))
			return 0;
		date = date * 10 + (text.data[i] - '0');
	}
	year = date / 10000;
	month = date / 100 % 100;
	day = date % 100;
	if (year < 1900 || year > 2099 || month < 1 || month > 12 || day < 1 || day > days[month - 1] ||
	    (month == 2 && day == 29 && (year % 4 != 0 || year == 1900)))
		return 0;
	return date;
}

/* See incits284.h for which date is taken for one of birth. */
static void read_birth_date(struct slice rest, char out[11])
{
	struct slice stated = { 0 }, plain = { 0 }, date;
	int dates = 0;

	while (rest.len > 0) {
		struct slice field = next_field(&rest);

		if (date_of(field) != 0) {
			plain = field;
			dates++;
		} else if (field.len == 10 && memcmp(field.data, "DB", 2) == 0 && stated.len == 0 &&
			   date_of(slice_part(field, 2, field.len)) != 0) {
			stated = slice_part(field, 2, field.len);
		}
	}
	date = stated.len > 0 ? stated : dates == 1 && date_of(plain) < GUIDE_APPROVED ? plain : stated;
	if (date.len > 0)
		snprintf(out, 11, "%.4s-%.2s-%.2s", (const char *)date.data, (const char *)date.data + 4,
			 (const char *)date.data + 6);
}

int incits284_code(struct slice scan, struct card_insurance *insurance)
{
	struct card_insurance made = { 0 };
	struct slice rest = body_of(scan), issuer;

	if (!incits284_is_code(scan))
		return LOBBY_ERR_CARD_UNKNOWN;
	issuer = issuer_of(next_field(&rest));
	if (!pan_luhn((const char *)issuer.data, issuer.len) || !is_printable(rest) ||
	    !read_id(next_field(&rest), made.member_id) || !read_name(next_field(&rest), &made))
		return LOBBY_ERR_CARD_MALFORMED;
	copy(made.payor_id, sizeof(made.payor_id), issuer);
	read_birth_date(rest, made.birth_date);
	*insurance = made;
	return 0;
}

int incits284_stripe(const struct stripe *stripe, struct card_insurance *insurance)
{
	for (int i = STRIPE_TRACKS - 1; i >= 0; i--)
		if (incits284_is_track(&stripe->track[i]))
			return incits284_code(slice_of_track(&stripe->track[i]), insurance);
	return LOBBY_ERR_CARD_UNKNOWN;
}

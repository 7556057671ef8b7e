/* The stripe's fields are put into the elements of a bar code (aamva.h), which have the same meaning, and are then read
 * by the same rules: what a name is, what a date is, and when a card is not to be believed. */
#include "aamva_stripe.h"

#include "aamva.h"
#include "pan.h"

#include <stdio.h>
#include <string.h>

#define CITY_MAX 13
#define NAME_MAX_LETTERS 35
#define POSTAL_CODE 11
#define FLORIDA "636010" /* writes 99 for the month of birth where it is that of expiry */

static struct slice body_of(const struct stripe_track *track)
{
	struct slice text = { (const uint8_t *)track->text, track->len };

	return slice_part(text, 1, track->len > 0 ? track->len - 1 : 0);
}

static bool digits_at(struct slice text, size_t at, size_t count)
{
	for (size_t i = at; i < at + count; i++)
		if (i >= text.len || text.data[i] < '0' || text.data[i] > '9')
			return false;
	return true;
}

static int number_at(struct slice text, size_t at, size_t count)
{
	int value = 0;

	for (size_t i = at; i < at + count; i++)
		value = value * 10 + (text.data[i] - '0');
	return value;
}

/* Takes a field of at most `most` characters from the front; a shorter one ends with "^". */
static struct slice take_field(struct slice *rest, size_t most)
{
	size_t end = slice_find(*rest, 0, "^"), len = end < most ? end : most;
	struct slice field = slice_part(*rest, 0, len);

	*rest = slice_part(*rest, end <= most ? end + 1 : len, rest->len);
	return field;
}

static void put_number(char *out, size_t count, int value)
{
	for (; count > 0; value /= 10)
		out[--count] = (char)('0' + value % 10);
}

/* CCYYMMDD. */
static void put_date(char out[9], int year, int month, int day)
{
	put_number(out, 4, year);
	put_number(out + 4, 2, month);
	put_number(out + 6, 2, day);
	out[8] = '\0';
}

/* What the fields of track 2 become. */
struct dates {
	char birth[9];	/* CCYYMMDD */
	char expiry[9]; /* likewise; "" for none */
	char number[20];
};

static int days_of(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return month == 2 && year % 4 == 0 ? 29 : days[month - 1];
}

/* YYMM says the month in which it ends; 77 for the month: it does not; 88: with the month of birth, a year on; 99: on
 * the birthday (table F.2, field 5). */
static void read_expiry(int year, int month, int birth_month, int birth_day, char out[9])
{
	int day;

	if (month == 88) {
		year++;
		month = birth_month;
		birth_day = 31;
	} else if (month == 99) {
		month = birth_month;
	} else {
		birth_day = 31;
	}
	if (month < 1 || month > 12)
		return;
	day = birth_day < days_of(year, month) ? birth_day : days_of(year, month);
	put_date(out, year, month, day);
}

/* Behind "=": expiry and birth date. */
static bool read_dates(struct slice text, const char *issuer, struct dates *dates)
{
	int year, month, birth_month, birth_day;

	if (!digits_at(text, 0, 12))
		return false;
	year = 2000 + number_at(text, 0, 2);
	month = number_at(text, 2, 2);
	birth_month = number_at(text, 8, 2);
	birth_day = number_at(text, 10, 2);
	if (birth_month == 99 && strcmp(issuer, FLORIDA) == 0)
		birth_month = month;
	if (birth_month < 1 || birth_month > 12)
		return false;
	put_date(dates->birth, number_at(text, 4, 4), birth_month, birth_day);
	read_expiry(year, month, birth_month, birth_day, dates->expiry);
	return true;
}

/* False: no licence's track. *ok: and it says when its holder was born. */
static bool read_track_2(struct slice body, struct aamva_file *file, struct dates *dates, bool *ok)
{
	size_t end = slice_find(body, 0, "="), rest = end + 1 + 12, len;

	if (!digits_at(body, 0, 6) || !pan_is_licence((const char *)body.data, 6))
		return false;
	memcpy(file->issuer, body.data, 6);
	*ok = end <= 6 + 13 && read_dates(slice_part(body, end + 1, body.len), file->issuer, dates);
	len = (size_t)snprintf(dates->number, sizeof(dates->number), "%.*s", end > 6 && *ok ? (int)(end - 6) : 0,
			       (const char *)body.data + 6);
	for (; *ok && digits_at(body, rest, 1) && len + 1 < sizeof(dates->number); rest++)
		dates->number[len++] = (char)body.data[rest];
	dates->number[len] = '\0';
	return true;
}

static bool read_track_1(struct slice body, struct aamva_file *file, bool cut[2])
{
	struct slice *e = file->element, rest = slice_part(body, 2, body.len);
	size_t parts = 1;

	if (body.len < 2 || body.data[0] < 'A' || body.data[0] > 'Z' || body.data[1] < 'A' || body.data[1] > 'Z')
		return false;
	e[AAMVA_DAJ] = slice_part(body, 0, 2);
	e[AAMVA_DAI] = take_field(&rest, CITY_MAX);
	e[AAMVA_DAA] = take_field(&rest, NAME_MAX_LETTERS);
	rest = slice_part(rest, 0, slice_find(rest, 0, "^"));
	e[AAMVA_DAG] = slice_part(rest, 0, slice_find(rest, 0, "$"));
	for (size_t i = 0; i < e[AAMVA_DAA].len; i++)
		parts += e[AAMVA_DAA].data[i] == '$';
	/* A name that fills its field may have been cut at its end. */
	cut[0] = e[AAMVA_DAA].len == NAME_MAX_LETTERS && parts == 1;
	cut[1] = e[AAMVA_DAA].len == NAME_MAX_LETTERS && parts <= 2;
	return e[AAMVA_DAA].len > 0;
}

/* The version is a digit on most cards, and on some a character of the alphabet in its order (" " is 0). */
static void read_track_3(struct slice body, struct aamva_file *file)
{
	if (body.len < 2 + POSTAL_CODE)
		return;
	if (digits_at(body, 0, 1))
		file->version = body.data[0] - '0';
	else if (body.data[0] >= ' ' && body.data[0] < '0')
		file->version = body.data[0] - ' ';
	file->element[AAMVA_DAK] = slice_trim(slice_part(body, 2, 2 + POSTAL_CODE));
}

/* Track 1 alone: a state's letters and a name between "$" are what only a licence has. */
static bool looks_like_track_1(struct slice body, const struct aamva_file *file)
{
	return file->element[AAMVA_DAA].len > 0 &&
	       slice_find(file->element[AAMVA_DAA], 0, "$") < file->element[AAMVA_DAA].len &&
	       slice_find(body, 0, "^") < body.len;
}

int aamva_stripe_licence(const struct stripe *stripe, struct card_licence *licence)
{
	struct aamva_file file = { 0 };
	struct dates dates = { 0 };
	bool cut[2] = { false, false }, ok = false;
	bool has_1 = stripe->track[0].len > 0 && read_track_1(body_of(&stripe->track[0]), &file, cut);
	bool has_2 = stripe->track[1].len > 0 && read_track_2(body_of(&stripe->track[1]), &file, &dates, &ok);
	int err;

	if (!has_2)
		return has_1 && stripe->track[1].len == 0 && looks_like_track_1(body_of(&stripe->track[0]), &file)
			       ? LOBBY_ERR_CARD_UNREAD
			       : LOBBY_ERR_CARD_UNKNOWN;
	if (stripe->track[0].len == 0)
		return LOBBY_ERR_CARD_UNREAD;
	if (!has_1 || !ok)
		return LOBBY_ERR_CARD_MALFORMED;
	read_track_3(body_of(&stripe->track[2]), &file);
	file.element[AAMVA_DBB] = (struct slice){ (const uint8_t *)dates.birth, 8 };
	file.element[AAMVA_DBA] = (struct slice){ (const uint8_t *)dates.expiry, strlen(dates.expiry) };
	file.element[AAMVA_DAQ] = (struct slice){ (const uint8_t *)dates.number, strlen(dates.number) };
	err = aamva_licence(&file, false, licence);
	if (err == 0) {
		licence->family_cut = licence->family_cut || cut[0];
		licence->given_cut = licence->given_cut || cut[1];
	}
	return err;
}

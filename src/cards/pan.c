/* A number in a payment network's range is a payment card's if its check digit fits, or if the rest of the track says
 * so. The ranges are those that the networks publish; 6 is taken whole, since Discover, UnionPay, Maestro, RuPay, Elo,
 * Troy, Hipercard and others have it in shreds that change every year. */
#include "pan.h"

#include "incits284.h"

#include <string.h>

#define PAN_MAX 19
#define PAN_MIN 12
#define FINANCIAL_MIN 8 /* digits behind format code B: the shortest number that ISO/IEC 7812-1 knows */

struct range {
	const char *from, *to; /* prefixes of one length */
	size_t shortest, longest;
};

static const struct range ranges[] = {
	{ "1", "1", 15, 15 },	    /* UATP */
	{ "2200", "2204", 16, 19 }, /* Mir */
	{ "2221", "2720", 16, 16 }, /* Mastercard */
	{ "30", "30", 14, 19 },	    /* Diners Club: 300 to 305, 3095 */
	{ "34", "34", 15, 15 },	    /* American Express */
	{ "35", "35", 16, 19 },	    /* JCB: 3528 to 3589 */
	{ "36", "36", 14, 19 },	    /* Diners Club */
	{ "37", "37", 15, 15 },	    /* American Express */
	{ "38", "39", 14, 19 },	    /* Diners Club */
	{ "4", "4", 13, 19 },	    /* Visa */
	{ "50", "50", 12, 19 },	    /* Maestro, Verve, Elo, RuPay */
	{ "51", "55", 16, 16 },	    /* Mastercard */
	{ "56", "58", 12, 19 },	    /* Maestro */
	{ "6", "6", 12, 19 },	    /* see above */
	{ "81", "82", 16, 19 },	    /* RuPay, UnionPay */
	{ "8600", "8600", 16, 16 }, /* Uzcard */
	{ "9792", "9792", 16, 16 }, /* Troy */
	{ "9860", "9860", 16, 16 }, /* Humo */
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool between(const char *digits, size_t len, const char *from, const char *to)
{
	size_t n = strlen(from);

	return len >= n && memcmp(digits, from, n) >= 0 && memcmp(digits, to, n) <= 0;
}

bool pan_luhn(const char *digits, size_t len)
{
	int sum = 0;

	for (size_t i = 0; i < len; i++) {
		int value = digits[len - 1 - i] - '0';

		if (!is_digit(digits[len - 1 - i]))
			return false;
		if (i % 2 == 1)
			value = value > 4 ? value * 2 - 9 : value * 2;
		sum += value;
	}
	return len > 1 && sum % 10 == 0;
}

bool pan_is_licence(const char *digits, size_t len)
{
	return between(digits, len, "636000", "636062") || between(digits, len, "604425", "604434");
}

static bool is_other(const char *digits, size_t len)
{
	return between(digits, len, "80840", "80840") || pan_is_licence(digits, len);
}

static bool in_range(const char *digits, size_t len)
{
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (between(digits, len, ranges[i].from, ranges[i].to) && len >= ranges[i].shortest &&
		    len <= ranges[i].longest)
			return true;
	return false;
}

/* Digits from *at on, spaces among them left out (American Express has them in track 1); one more than a number may
 * have says that it is none. Moves *at behind them. */
static size_t take_digits(const struct stripe_track *track, size_t *at, char digits[PAN_MAX + 1])
{
	size_t count = 0;

	while (*at < track->len && count <= PAN_MAX && (is_digit(track->text[*at]) || track->text[*at] == ' ')) {
		if (track->text[*at] != ' ')
			digits[count++] = track->text[*at];
		(*at)++;
	}
	return count;
}

/* Behind a separator: YYMM and a service code as ISO/IEC 7813 has them? */
static bool is_financial(const struct stripe_track *track, size_t at)
{
	const char *d = track->text + at + 1;

	if (at + 8 > track->len || (track->text[at] != '=' && track->text[at] != '^'))
		return false;
	for (int i = 0; i < 7; i++)
		if (!is_digit(d[i]))
			return false;
	return (d[2] == '0' ? d[3] > '0' : d[2] == '1' && d[3] <= '2') && strchr("125679", d[4]) != NULL &&
	       strchr("024", d[5]) != NULL && d[6] <= '7';
}

/* A number that begins at `at`, and what is behind it. */
static bool payment_at(const struct stripe_track *track, size_t at)
{
	char digits[PAN_MAX + 1];
	size_t count = take_digits(track, &at, digits);
	bool is_one = false;

	if (count >= PAN_MIN && count <= PAN_MAX && !is_other(digits, count)) {
		bool checked = pan_luhn(digits, count), financial = is_financial(track, at);

		is_one = in_range(digits, count) ? checked || financial : checked && financial;
	}
	explicit_bzero(digits, sizeof(digits));
	return is_one;
}

/* Format code B is the financial industry's: any number behind it is taken for a payment card's. */
static bool is_format_b(const struct stripe_track *track)
{
	char digits[PAN_MAX + 1];
	size_t at = 2, count;
	bool is_one;

	if (track->len < 3 || track->text[0] != '%' || track->text[1] != 'B')
		return false;
	count = take_digits(track, &at, digits);
	is_one = count >= FINANCIAL_MIN && !is_other(digits, count);
	explicit_bzero(digits, sizeof(digits));
	return is_one;
}

/* Two digits of format code stand before the number there. */
static bool is_track_3(const struct stripe_track *track)
{
	char digits[PAN_MAX + 1];
	size_t at = 1, count = take_digits(track, &at, digits);
	bool other = is_other(digits, count);

	explicit_bzero(digits, sizeof(digits));
	return !other && payment_at(track, 3);
}

bool pan_is_payment(int number, const struct stripe_track *track)
{
	size_t letters = 0;

	if (track->len == 0)
		return false;
	if (is_format_b(track) || payment_at(track, 1))
		return true;
	if (track->text[0] == ';')
		return number == 3 && is_track_3(track);
	while (letters < 2 && track->text[1 + letters] >= 'A' && track->text[1 + letters] <= 'Z')
		letters++;
	return letters > 0 && payment_at(track, 1 + letters);
}

bool pan_drop_payment(struct stripe *stripe)
{
	bool found = false;

	for (int i = 0; i < STRIPE_TRACKS; i++)
		found = found || pan_is_payment(i + 1, &stripe->track[i]);
	for (int i = 0; found && i < STRIPE_TRACKS; i++)
		if (pan_is_payment(i + 1, &stripe->track[i]) || !incits284_is_track(&stripe->track[i]))
			stripe_wipe_track(&stripe->track[i]);
	return found;
}

/* One function knows what a track is (take_track); all others turn what they have into characters and ask it, backwards
 * if it must be: a track can be read in one direction only, because only one end begins with a start sentinel and has
 * its end sentinel, but for the LRC, last. Everything copied on the way is overwritten: it may be a payment card. */
#include "stripe.h"

#include <string.h>

#define END '?'
#define LARGE '%' /* begins a track of 64 letters */
#define SMALL ';' /* begins a track of 16 */
#define MIN_TRACK 3

/* What a track may have at most, its LRC included. */
static size_t most(int number, bool large)
{
	return large ? 82 : number == 2 ? 40 : STRIPE_MAX_TRACK;
}

/* The sentinel that this character stands for; 0 if for none. MagTek's readers tell track 3 from 1 by it. */
static char sentinel_of(int number, char c)
{
	if (c == LARGE || (number == 2 && c == '@') || (number == 3 && (c == '#' || c == '&' || c == '!')))
		return LARGE;
	return c == SMALL || (number == 3 && c == '+') ? SMALL : '\0';
}

/* Is all of it, from sentinel to sentinel, in its alphabet? */
static bool is_spelt(const char *text, size_t len)
{
	char first = text[0] == LARGE ? 0x20 : 0x30, last = text[0] == LARGE ? 0x5F : 0x3F;

	for (size_t i = 1; i + 1 < len; i++)
		if (text[i] < first || text[i] > last || text[i] == END)
			return false;
	return len >= MIN_TRACK && text[len - 1] == END;
}

static char lrc_of(const char *text, size_t len)
{
	char base = text[0] == LARGE ? 0x20 : 0x30, sum = 0;

	for (size_t i = 0; i < len; i++)
		sum = (char)(sum ^ (text[i] - base));
	return (char)(base + sum);
}

/* The characters of a track in order, its LRC last if the reader handed it over. They are changed. */
static bool take_track(int number, char *text, size_t len, struct stripe_track *out)
{
	const char *end = memchr(text, END, len);
	size_t n = end == NULL ? 0 : (size_t)(end - text) + 1;

	text[0] = sentinel_of(number, text[0]);
	if (text[0] == '\0' || n + 1 < len || len > most(number, text[0] == LARGE) ||
	    n + 1 > most(number, text[0] == LARGE) || !is_spelt(text, n) || (n < len && text[n] != lrc_of(text, n)))
		return false;
	stripe_wipe_track(out);
	memcpy(out->text, text, n);
	out->len = n;
	return true;
}

static bool is_padding(uint8_t c)
{
	return c == '\0' || c == '\r' || c == '\n';
}

int stripe_read_track(int number, const uint8_t *data, size_t len, struct stripe_track *out)
{
	char text[STRIPE_MAX_TRACK] = { 0 }, back[STRIPE_MAX_TRACK] = { 0 };
	bool taken;

	while (len > 0 && is_padding(data[len - 1]))
		len--;
	while (len > 0 && is_padding(data[0])) {
		data++;
		len--;
	}
	if (len < MIN_TRACK || len > sizeof(text))
		return LOBBY_ERR_CARD_UNREAD;
	memcpy(text, data, len);
	for (size_t i = 0; i < len; i++)
		back[i] = (char)data[len - 1 - i];
	taken = take_track(number, text, len, out) || take_track(number, back, len, out);
	explicit_bzero(text, sizeof(text));
	explicit_bzero(back, sizeof(back));
	return taken ? 0 : LOBBY_ERR_CARD_UNREAD;
}

/* ---- bits ---- */

struct bits {
	const uint8_t *data;
	size_t count;
	bool low_first; /* the first bit of a byte is its lowest */
	bool backwards; /* the card was drawn the other way */
};

static unsigned bit_at(const struct bits *b, size_t at)
{
	size_t i = b->backwards ? b->count - 1 - at : at, shift = b->low_first ? i % 8 : 7 - i % 8;

	return b->data[i / 8] >> shift & 1;
}

/* One character: its bits, lowest first, and one that makes their sum odd. -1 if it does not. */
static int character_at(const struct bits *b, size_t at, int width)
{
	unsigned sum = 0;
	int value = 0;

	if (at + (size_t)width > b->count)
		return -1;
	for (int i = 0; i < width; i++) {
		unsigned bit = bit_at(b, at + (size_t)i);

		sum += bit;
		if (i < width - 1)
			value |= (int)bit << i;
	}
	return sum % 2 == 1 ? value : -1;
}

/* Zeros lead in (they are the clock), so the first one is the sentinel's. The LRC must be there. */
static bool take_bits(int number, const struct bits *b, int width, struct stripe_track *out)
{
	char text[STRIPE_MAX_TRACK] = { 0 }, base = width == 7 ? 0x20 : 0x30;
	size_t at = 0, n = 0;
	bool ended = false, taken = false;

	while (at < b->count && bit_at(b, at) == 0)
		at++;
	while (n < sizeof(text)) {
		int value = character_at(b, at, width);

		if (value < 0)
			break;
		text[n++] = (char)(base + value);
		at += (size_t)width;
		if (ended) {
			taken = text[0] == (width == 7 ? LARGE : SMALL) && take_track(number, text, n, out);
			break;
		}
		ended = text[n - 1] == END;
	}
	explicit_bzero(text, sizeof(text));
	return taken;
}

int stripe_read_bits(int number, const uint8_t *data, size_t len, struct stripe_track *out)
{
	if (len == 0 || len > STRIPE_MAX_TRACK * 8)
		return LOBBY_ERR_CARD_UNREAD;
	for (int i = 0; i < 8; i++) {
		struct bits b = { data, len * 8, (i & 1) != 0, (i & 2) != 0 };

		if (take_bits(number, &b, (i & 4) != 0 ? 5 : 7, out))
			return 0;
	}
	return LOBBY_ERR_CARD_UNREAD;
}

/* ---- all tracks in one text ---- */

size_t stripe_join(const struct stripe *stripe, uint8_t *out)
{
	size_t len = 0;

	for (int i = 0; i < STRIPE_TRACKS; i++) {
		memcpy(out + len, stripe->track[i].text, stripe->track[i].len);
		len += stripe->track[i].len;
	}
	return len;
}

/* Which track begins with this sentinel, if those before `next` are taken and so many are still to come, this one
 * among them. Three of the larger alphabet are rare, and in order. */
static int track_for(uint8_t sentinel, int next, int to_come)
{
	if (sentinel == LARGE)
		return next == 0 ? 0 : next == 1 && to_come > 1 ? 1 : 2;
	return next <= 1 ? 1 : 2;
}

static int count_ends(const uint8_t *data, size_t len)
{
	int count = 0;

	for (size_t i = 0; i < len; i++)
		count += data[i] == END;
	return count;
}

/* Reads it as the likeliest track, or else as one behind that which has room for it; STRIPE_TRACKS if none can be it.
 */
static int split_one(const uint8_t *data, size_t n, int track, struct stripe *made)
{
	while (track < STRIPE_TRACKS && stripe_read_track(track + 1, data, n, &made->track[track]) != 0)
		track++;
	return track;
}

int stripe_split(const uint8_t *data, size_t len, struct stripe *out)
{
	struct stripe made = { 0 };
	int next = 0, err = 0;

	while (len > 0 && err == 0) {
		const uint8_t *end = memchr(data, END, len);
		size_t n = end == NULL ? 0 : (size_t)(end - data) + 1;
		int track = track_for(data[0], next, count_ends(data, len));

		if (is_padding(data[0])) {
			data++;
			len--;
			continue;
		}
		err = LOBBY_ERR_CARD_UNKNOWN;
		if (n > 0 && next < STRIPE_TRACKS && (data[0] == LARGE || data[0] == SMALL))
			track = split_one(data, n, track, &made);
		else
			track = STRIPE_TRACKS;
		if (track < STRIPE_TRACKS)
			err = 0;
		next = track + 1;
		data += n;
		len -= n;
	}
	if (err == 0 && next == 0)
		err = LOBBY_ERR_CARD_UNKNOWN;
	if (err == 0)
		*out = made;
	stripe_wipe(&made);
	return err;
}

void stripe_wipe_track(struct stripe_track *track)
{
	explicit_bzero(track, sizeof(*track));
}

void stripe_wipe(struct stripe *stripe)
{
	explicit_bzero(stripe, sizeof(*stripe));
}

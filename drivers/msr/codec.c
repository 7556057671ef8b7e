/* Packets make a report, reports with bytes in a row make a frame, and either way there are then up to three stretches
 * of bytes that claim to be tracks. stripe.h says what a track is, so a length that lies or a stretch that is encrypted
 * finds nobody to believe it. */
#include "drivers/msr/codec.h"

#include "base/bytes.h"

#include <string.h>

#define PAGE_DESKTOP 0x01U
#define PAGE_SCANNER 0x8cU
#define PAGE_READER 0x8eU
#define PAGE_VENDOR 0xff00U

#define STX 0x02
#define ETX 0x03
#define FRAME_EXTRA 6 /* STX, two of length, LRC, sum, ETX */
#define TYPE_RAW 4
#define TYPE_ENHANCED 0x80
#define MIN_OUTPUT_BITS (7 * 8)
#define TRACK_MAX_BITS (256 * 8) /* a length is one byte */
#define HEAD_BITS (9 * 8)	 /* ID TECH: statuses, lengths, type, total length */

/* ---- the descriptor ---- */

/* What was seen, before it is known what it means. */
struct seen {
	struct msr_layout layout;
	struct hid_field widest; /* field of a vendor's page */
	uint8_t widest_id;
	bool any_track;
};

/* The places of the report that the first track's data is in; the first of a kind wins. */
static void place(struct seen *s, struct hid_field *field, uint8_t id, struct hid_field at)
{
	if ((s->any_track && s->layout.id != id) || field->bits != 0)
		return;
	s->layout.id = id;
	s->any_track = true;
	*field = at;
}

static void on_vendor(struct seen *s, uint8_t id, unsigned usage, struct hid_field at)
{
	struct msr_layout *l = &s->layout;

	if (usage >= 0x20 && usage <= 0x22)
		place(s, &l->status[usage - 0x20], id, at);
	else if (usage >= 0x28 && usage <= 0x2a)
		place(s, &l->length[usage - 0x28], id, at);
	else if (usage >= 0x30 && usage <= 0x32)
		place(s, &l->data[usage - 0x30], id, at);
	else if (usage == 0x38)
		place(s, &l->type, id, at);
	else if (usage == 0x23 || (usage >= 0x40 && usage <= 0x5f))
		l->may_encrypt = true;
}

static void on_input(void *arg, uint8_t id, uint32_t usage, struct hid_field at)
{
	struct seen *s = arg;

	if (usage >> 16 == PAGE_READER && (usage & 0xffff) >= 0x11 && (usage & 0xffff) <= 0x13)
		place(s, &s->layout.length[(usage & 0xffff) - 0x11], id, at);
	else if (usage >> 16 == PAGE_READER && (usage & 0xffff) >= 0x21 && (usage & 0xffff) <= 0x23)
		place(s, &s->layout.data[(usage & 0xffff) - 0x21], id, at);
	else if (usage >> 16 == PAGE_VENDOR)
		on_vendor(s, id, usage & 0xffff, at);
	if (usage >> 16 >= PAGE_VENDOR && at.bits > s->widest.bits) {
		s->widest = at;
		s->widest_id = id;
	}
}

static void on_application(void *arg, uint32_t usage)
{
	struct msr_layout *l = &((struct seen *)arg)->layout;

	l->is_reader |= usage >> 16 == PAGE_READER;
	l->is_scanner |= usage >> 16 == PAGE_SCANNER;
	l->is_keyboard |= usage == HID_USAGE(PAGE_DESKTOP, 6) || usage == HID_USAGE(PAGE_DESKTOP, 7);
}

static bool is_bytes(struct hid_field field)
{
	return field.bits >= 8 && field.bits % 8 == 0 && field.at_bit % 8 == 0;
}

/* Room for a track, and a length for it. */
static bool has_track(const struct msr_layout *l, int i)
{
	return is_bytes(l->data[i]) && l->data[i].bits >= 24 * 8 && l->length[i].bits >= 8;
}

static void settle(struct seen *s)
{
	struct msr_layout *l = &s->layout;
	bool headed = l->status[0].bits != 0 && l->length[0].bits != 0;

	if (l->shape.longest > MSR_MAX_SWIPE)
		return;
	if (has_track(l, 0) || has_track(l, 1) || has_track(l, 2)) {
		l->form = MSR_TRACKS;
		l->reports_errors = headed;
	}
	/* ID TECH has one place, wide enough for three tracks, behind the same head. */
	if (is_bytes(s->widest) && s->widest.bits >= MIN_OUTPUT_BITS &&
	    (l->form == MSR_NONE || (headed && s->widest_id == l->id && s->widest.bits > TRACK_MAX_BITS))) {
		l->form = headed && s->widest_id == l->id && s->widest.bits > HEAD_BITS ? MSR_OUTPUT : MSR_STREAM;
		l->id = s->widest_id;
		l->output = s->widest;
		l->reports_errors = l->form == MSR_OUTPUT;
	}
	l->is_reader |= l->form == MSR_TRACKS || l->form == MSR_OUTPUT;
}

int msr_parse_descriptor(const uint8_t *descriptor, size_t len, struct msr_layout *out)
{
	static const struct hid_visitor visitor = { on_input, on_application };
	struct seen seen = { 0 };
	struct hid_shape shape;
	int err = hid_parse(descriptor, len, &visitor, &seen, &shape);

	if (err != 0)
		return err;
	seen.layout.shape = shape;
	settle(&seen);
	*out = seen.layout;
	return 0;
}

/* ---- tracks ---- */

/* What the reader says of a swipe, whichever way it says it. */
struct claim {
	bool bad[STRIPE_TRACKS]; /* could not be decoded */
	size_t len[STRIPE_TRACKS];
	uint8_t type;
};

static bool is_raw(const struct claim *claim)
{
	return (claim->type & ~TYPE_ENHANCED) == TYPE_RAW;
}

/* Bytes that claim to be a track. */
static bool take_track(const struct claim *claim, int i, const uint8_t *data, size_t len, struct stripe *out)
{
	if (stripe_read_track(i + 1, data, len, &out->track[i]) == 0)
		return true;
	if (!is_raw(claim))
		return false;
	if (len > 0 && data[0] <= 3) { /* "track 1 follows" */
		data++;
		len--;
	}
	return stripe_read_bits(i + 1, data, len, &out->track[i]) == 0;
}

static bool claims_any(const struct claim *claim)
{
	for (int i = 0; i < STRIPE_TRACKS; i++)
		if (!claim->bad[i] && claim->len[i] > 0)
			return true;
	return false;
}

static void read_claim(const struct msr_layout *l, const uint8_t *report, size_t len, struct claim *claim)
{
	claim->type = (uint8_t)hid_value(l->type, report, len);
	for (int i = 0; i < STRIPE_TRACKS; i++) {
		claim->bad[i] = (hid_value(l->status[i], report, len) & 1) != 0;
		claim->len[i] = hid_value(l->length[i], report, len);
	}
}

static enum msr_said read_tracks(const struct msr_layout *l, const uint8_t *report, size_t len, struct stripe *out)
{
	struct claim claim;
	bool any = false, unlike = false;

	read_claim(l, report, len, &claim);
	for (int i = 0; i < STRIPE_TRACKS; i++) {
		struct reader r = reader_of(report, len);
		const uint8_t *data;

		if (claim.bad[i] || claim.len[i] == 0 || claim.len[i] > l->data[i].bits / 8)
			continue;
		(void)read_span(&r, l->data[i].at_bit / 8);
		data = read_span(&r, claim.len[i]);
		if (data != NULL && take_track(&claim, i, data, claim.len[i], out))
			any = true;
		else
			unlike = unlike || data != NULL;
	}
	return any ? MSR_SWIPE : unlike && l->may_encrypt ? MSR_ENCRYPTED : MSR_UNREAD;
}

/* ---- one place for all tracks ---- */

static bool is_separator(uint8_t c)
{
	return c == '\r' || c == '\n' || c == '\0';
}

/* One line of the output, from its first start sentinel on: settings may have put a preamble before it. */
static bool take_line(const struct claim *claim, int i, const uint8_t *line, size_t len, struct stripe *out)
{
	for (size_t from = 0; from < len; from++)
		if ((from == 0 || line[from] == '%' || line[from] == ';') &&
		    take_track(claim, i, line + from, len - from, out))
			return true;
	return false;
}

/* Tracks one behind the other, each as long as claimed, or where settings changed that, each on its line. Raw ones are
 * as long as claimed: their zeros and carriage returns are bits. */
static enum msr_said read_output(const struct claim *claim, const uint8_t *data, size_t len, struct stripe *out)
{
	bool any = false, raw = is_raw(claim);
	size_t at = 0;

	for (int i = 0; i < STRIPE_TRACKS; i++) {
		size_t n = claim->len[i], end;

		if (claim->bad[i] || n == 0)
			continue;
		while (!raw && at < len && is_separator(data[at]))
			at++;
		for (end = at; end < len && !is_separator(data[end]); end++)
			;
		if (n <= len - at && (take_track(claim, i, data + at, n, out) || raw)) {
			any = any || out->track[i].len > 0;
			at += n;
			at += raw && at < len && data[at] == '\r';
		} else if (!raw) {
			any = take_line(claim, i, data + at, end - at, out) || any;
			at = end;
		}
	}
	if (any)
		return MSR_SWIPE;
	return raw && claims_any(claim) ? MSR_ENCRYPTED : MSR_UNREAD;
}

/* ---- frames ---- */

/* Type, status, three lengths, and if the type says "enhanced" two bytes that say what is sent. The clear tracks
 * follow, and behind them, in the original form unannounced, what is encrypted. */
static enum msr_said read_card_data(const uint8_t *data, size_t len, struct stripe *out)
{
	struct reader r = reader_of(data, len);
	struct claim claim = { .type = read_u8(&r) };
	uint8_t status = read_u8(&r), clear = 0x07, encrypted = 0;
	size_t sum = 0;

	for (int i = 0; i < STRIPE_TRACKS; i++) {
		claim.len[i] = read_u8(&r);
		claim.bad[i] = (status >> i & 1) == 0;
	}
	if ((claim.type & TYPE_ENHANCED) != 0) {
		clear = read_u8(&r);
		encrypted = read_u8(&r) & 0x3f;
	}
	for (int i = 0; i < STRIPE_TRACKS; i++) {
		claim.len[i] = (clear >> i & 1) != 0 ? claim.len[i] : 0;
		sum += claim.len[i];
	}
	if (r.failed)
		return MSR_UNREAD;
	if (encrypted != 0 || ((claim.type & TYPE_ENHANCED) == 0 && reader_left(&r) > sum))
		return MSR_ENCRYPTED;
	if (sum > reader_left(&r))
		return MSR_UNREAD;
	return read_output(&claim, data + r.at, reader_left(&r), out);
}

static enum msr_said read_frame(const uint8_t *frame, size_t len, struct stripe *out)
{
	struct reader r = reader_of(frame, len);
	size_t n;
	const uint8_t *data;
	uint8_t lrc = 0, sum = 0;

	(void)read_u8(&r);
	n = read_le16(&r);
	data = read_span(&r, n);
	if (data == NULL)
		return MSR_UNREAD;
	for (size_t i = 0; i < n; i++) {
		lrc ^= data[i];
		sum = (uint8_t)(sum + data[i]);
	}
	if (read_u8(&r) != lrc || read_u8(&r) != sum || read_u8(&r) != ETX || r.failed)
		return MSR_UNREAD;
	return read_card_data(data, n, out);
}

/* Bytes of a report that belong to the frame under way, or begin one. */
static enum msr_said take_chunk(struct msr_swipe *swipe, const uint8_t *data, size_t len, struct stripe *out)
{
	size_t want, n;

	if (swipe->frame_len == 0 && (len == 0 || data[0] != STX)) {
		while (len > 0 && data[len - 1] == 0)
			len--;
		swipe->lost = swipe->lost || len > 0;
		return swipe->lost ? MSR_MORE : MSR_NOTHING;
	}
	swipe->lost = false;
	n = len < sizeof(swipe->frame) - swipe->frame_len ? len : sizeof(swipe->frame) - swipe->frame_len;
	memcpy(swipe->frame + swipe->frame_len, data, n);
	swipe->frame_len += n;
	if (swipe->frame_len < 3)
		return MSR_MORE;
	want = (swipe->frame[1] | (size_t)swipe->frame[2] << 8) + FRAME_EXTRA;
	if (want > sizeof(swipe->frame))
		return MSR_UNREAD;
	return swipe->frame_len < want ? MSR_MORE : read_frame(swipe->frame, want, out);
}

/* ---- reports ---- */

/* In ID TECH's report the output data may have the two bytes of total length before it or within it; whatever is behind
 * the tracks is zeros, so that the length itself need not be known. A frame takes the head's place. */
static enum msr_said read_one_place(const struct msr_layout *l, struct msr_swipe *swipe, size_t skip,
				    struct stripe *out)
{
	const uint8_t *report = swipe->report;
	size_t len = swipe->report_len, at = (l->status[0].at_bit + HEAD_BITS) / 8;
	struct claim claim;

	if (len > skip && (report[skip] == STX || swipe->frame_len > 0))
		return take_chunk(swipe, report + skip, len - skip, out);
	at = at > l->output.at_bit / 8 ? at : l->output.at_bit / 8;
	if (at > len)
		return MSR_UNREAD;
	read_claim(l, report, len, &claim);
	return read_output(&claim, report + at, len - at, out);
}

static enum msr_said take_report(const struct msr_layout *l, struct msr_swipe *swipe, struct stripe *out)
{
	size_t skip = l->shape.uses_ids ? 1 : 0, len = swipe->report_len, at = l->output.at_bit / 8, n;

	if (skip == 1 && swipe->report[0] != l->id)
		return MSR_NOTHING;
	switch (l->form) {
	case MSR_TRACKS:
		return read_tracks(l, swipe->report, len, out);
	case MSR_OUTPUT:
		return read_one_place(l, swipe, skip, out);
	case MSR_STREAM:
		n = len > at ? len - at : 0;
		n = n < l->output.bits / 8 ? n : l->output.bits / 8;
		return take_chunk(swipe, swipe->report + at, n, out);
	case MSR_NONE:
		break;
	}
	return MSR_NOTHING;
}

enum msr_said msr_feed(const struct msr_layout *layout, struct msr_swipe *swipe, const uint8_t *packet, size_t len,
		       size_t packet_size, struct stripe *out)
{
	struct stripe made = { 0 };
	size_t want, n;
	enum msr_said said;

	if (len == 0)
		return swipe->report_len > 0 || swipe->frame_len > 0 || swipe->lost ? MSR_MORE : MSR_NOTHING;
	want = layout->shape.bytes[!layout->shape.uses_ids ? 0 : swipe->report_len > 0 ? swipe->report[0] : packet[0]];
	n = want > swipe->report_len ? want - swipe->report_len : 0;
	n = n < len ? n : len;
	n = n < sizeof(swipe->report) - swipe->report_len ? n : sizeof(swipe->report) - swipe->report_len;
	memcpy(swipe->report + swipe->report_len, packet, n);
	swipe->report_len += n;
	if (want > swipe->report_len && len >= packet_size)
		return MSR_MORE;
	said = swipe->report_len > 0 ? take_report(layout, swipe, &made) : MSR_NOTHING;
	explicit_bzero(swipe->report, sizeof(swipe->report));
	swipe->report_len = 0;
	if (said == MSR_SWIPE)
		*out = made;
	stripe_wipe(&made);
	if (said == MSR_NOTHING && (swipe->frame_len > 0 || swipe->lost))
		return MSR_MORE;
	if (said != MSR_MORE)
		msr_clear(swipe);
	return said;
}

void msr_clear(struct msr_swipe *swipe)
{
	explicit_bzero(swipe, sizeof(*swipe));
}

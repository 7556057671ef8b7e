/* Only the fields with the usages that we know are remembered, of at most HIDPOS_MAX_REPORTS reports. */
#include "drivers/hidpos/codec.h"

#include <string.h>

#define PAGE_DESKTOP 0x01U
#define PAGE_SCANNER 0x8cU

/* ---- the descriptor ---- */

static struct hidpos_report *report_with(struct hidpos_layout *layout, uint8_t id)
{
	for (int i = 0; i < layout->report_count; i++)
		if (layout->reports[i].id == id)
			return &layout->reports[i];
	if (layout->report_count == HIDPOS_MAX_REPORTS)
		return NULL;
	layout->reports[layout->report_count] = (struct hidpos_report){ .id = id };
	return &layout->reports[layout->report_count++];
}

/* Remembers where a value of ours stands; the first of a kind wins. */
static void on_input(void *arg, uint8_t id, uint32_t usage, struct hid_field at)
{
	struct hidpos_layout *layout = arg;
	struct hidpos_report *report;
	struct hid_field *field;

	if (usage != HID_USAGE(PAGE_DESKTOP, 0x3b) &&
	    (usage < HID_USAGE(PAGE_SCANNER, 0xfb) || usage > HID_USAGE(PAGE_SCANNER, 0xff)))
		return;
	report = report_with(layout, id);
	if (report == NULL)
		return;
	switch (usage & 0xffff) {
	case 0x3b:
		field = &report->count;
		break;
	case 0xfe:
		field = &report->data;
		break;
	case 0xff:
		field = &report->continued;
		break;
	default:
		field = &report->aim[(usage & 0xffff) - 0xfb];
		break;
	}
	if (field->bits == 0)
		*field = at;
	else if (field == &report->data && field->at_bit + field->bits == at.at_bit)
		field->bits += at.bits; /* the same usage again right behind: one stretch of data */
}

static void on_application(void *arg, uint32_t usage)
{
	struct hidpos_layout *layout = arg;

	layout->is_scanner |= usage >> 16 == PAGE_SCANNER;
	layout->is_keyboard |= usage == HID_USAGE(PAGE_DESKTOP, 6) || usage == HID_USAGE(PAGE_DESKTOP, 7);
}

/* Keeps the reports that have decoded data in whole, aligned bytes, and sizes all. */
static void settle(struct hidpos_layout *l, const struct hid_shape *shape)
{
	int kept = 0;

	l->uses_ids = shape->uses_ids;
	l->longest = shape->longest;
	for (int i = 0; i < l->report_count; i++) {
		struct hidpos_report *r = &l->reports[i];

		r->bytes = shape->bytes[r->id];
		if (r->data.bits >= 8 && r->data.bits % 8 == 0 && r->data.at_bit % 8 == 0)
			l->reports[kept++] = *r;
	}
	l->report_count = kept;
}

int hidpos_parse_descriptor(const uint8_t *descriptor, size_t len, struct hidpos_layout *out)
{
	static const struct hid_visitor visitor = { on_input, on_application };
	struct hidpos_layout layout = { 0 };
	struct hid_shape shape;
	int err = hid_parse(descriptor, len, &visitor, &layout, &shape);

	if (err != 0)
		return err;
	settle(&layout, &shape);
	*out = layout;
	return 0;
}

/* ---- reports ---- */

/* "]Q1" or "Q1" in the three fields becomes "Q1"; anything that is not printable ASCII ends it. */
static void read_aim(const struct hidpos_report *r, const uint8_t *report, size_t len, char aim[4])
{
	size_t at = 0;

	memset(aim, 0, 4);
	for (int i = 0; i < 3; i++) {
		uint32_t c = hid_value(r->aim[i], report, len) & 0xff;

		if (c == ']' && at == 0)
			continue;
		if (c <= ' ' || c > '~')
			break;
		aim[at++] = (char)c;
	}
}

static size_t data_len(const struct hidpos_report *r, const uint8_t *data, size_t room, const uint8_t *report,
		       size_t len)
{
	if (r->count.bits != 0) {
		uint32_t count = hid_value(r->count, report, len);

		return count < room ? count : room;
	}
	while (room > 0 && data[room - 1] == 0) /* no count: the rest is padding */
		room--;
	return room;
}

void hidpos_scan_clear(struct hidpos_scan *scan)
{
	explicit_bzero(scan, sizeof(*scan));
}

enum hidpos_fed hidpos_feed(const struct hidpos_layout *layout, struct hidpos_scan *scan, const uint8_t *report,
			    size_t len)
{
	const struct hidpos_report *r = NULL;
	bool more, was_over = scan->over;
	size_t first, room, n;

	for (int i = 0; len > 0 && i < layout->report_count && r == NULL; i++)
		if (!layout->uses_ids || layout->reports[i].id == report[0])
			r = &layout->reports[i];
	if (r == NULL)
		return HIDPOS_NOTHING;
	first = r->data.at_bit / 8;
	room = first < len ? len - first : 0;
	if (room > r->data.bits / 8)
		room = r->data.bits / 8;
	n = room == 0 ? 0 : data_len(r, report + first, room, report, len);
	more = hid_value(r->continued, report, len) != 0;

	if (was_over || scan->len + n > sizeof(scan->data)) {
		hidpos_scan_clear(scan);
		scan->over = more;
		scan->open = more;
		return was_over ? HIDPOS_NOTHING : HIDPOS_TOO_LONG;
	}
	if (n > 0)
		memcpy(scan->data + scan->len, report + first, n);
	scan->len += n;
	if (scan->aim[0] == '\0')
		read_aim(r, report, len, scan->aim);
	scan->open = more;
	if (more)
		return HIDPOS_MORE;
	return scan->len > 0 ? HIDPOS_COMPLETE : HIDPOS_NOTHING;
}

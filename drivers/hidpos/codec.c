/* The parser keeps the three kinds of state that HID 1.11 section 6.2.2 has: global items (kept until changed, pushed
 * and popped), local items (gone after each main item) and the collections open. Every Input item is laid out behind
 * those of the same report id; only fields with the usages we know are remembered. */
#include "drivers/hidpos/codec.h"

#include "base/bytes.h"

#include <string.h>

#define PAGE_DESKTOP 0x01U
#define PAGE_SCANNER 0x8cU
#define USAGE(page, id) ((uint32_t)(page) << 16 | (id))
#define MAX_USAGES 64
#define MAX_DEPTH 16
#define MAX_STACK 4

enum { ITEM_MAIN, ITEM_GLOBAL, ITEM_LOCAL, ITEM_RESERVED };
enum { MAIN_INPUT = 8, MAIN_OUTPUT = 9, MAIN_COLLECTION = 10, MAIN_FEATURE = 11, MAIN_END_COLLECTION = 12 };
enum { GLOBAL_PAGE = 0, GLOBAL_SIZE = 7, GLOBAL_ID = 8, GLOBAL_COUNT = 9, GLOBAL_PUSH = 10, GLOBAL_POP = 11 };
enum { LOCAL_USAGE = 0, LOCAL_MIN = 1, LOCAL_MAX = 2 };
enum { INPUT_CONSTANT = 1 };
enum { COLLECTION_APPLICATION = 1 };

struct globals {
	uint16_t page;
	uint32_t size; /* bits of one value */
	uint32_t count;
	uint8_t id;
};

/* Usages are ranges, so that "1 to 65535" takes one place; a page of 0 in the upper half is filled in at the main
 * item. */
struct range {
	uint32_t first;
	uint32_t last;
};

struct parser {
	struct globals globals;
	struct globals stack[MAX_STACK];
	int stacked;
	struct range usages[MAX_USAGES];
	int usage_count;
	uint32_t minimum;
	bool has_minimum;
	int depth;
	uint32_t bits[256]; /* of the input report with each id, so far; the id's own byte included */
	bool any_input;
	struct hidpos_layout layout;
};

static void forget_locals(struct parser *p)
{
	p->usage_count = 0;
	p->has_minimum = false;
}

/* A usage of 1 or 2 bytes is on the current page; one of 4 names its own (6.2.2.8). */
static uint32_t full_usage(const struct parser *p, uint32_t value, size_t bytes)
{
	return bytes == 4 ? value : USAGE(p->globals.page, value);
}

static int add_range(struct parser *p, uint32_t first, uint32_t last)
{
	if (last < first)
		return LOBBY_ERR_INVALID;
	if (p->usage_count == MAX_USAGES)
		return LOBBY_ERR_TOO_LONG;
	p->usages[p->usage_count++] = (struct range){ first, last };
	return 0;
}

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
static void place(struct parser *p, uint32_t usage, uint32_t at_bit, uint32_t bits)
{
	struct hidpos_report *report;
	struct hidpos_field *field;

	if (usage != USAGE(PAGE_DESKTOP, 0x3b) &&
	    (usage < USAGE(PAGE_SCANNER, 0xfb) || usage > USAGE(PAGE_SCANNER, 0xff)))
		return;
	report = report_with(&p->layout, p->globals.id);
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
		*field = (struct hidpos_field){ at_bit, bits };
	else if (field == &report->data && field->at_bit + field->bits == at_bit)
		field->bits += bits; /* the same usage again right behind: one stretch of data */
}

/* Gives the values of one Input item their usages in order; the last usage serves all that are left (6.2.2.8). */
static void place_values(struct parser *p, uint32_t start)
{
	uint32_t size = p->globals.size, left = p->globals.count, at = start;

	for (int i = 0; i < p->usage_count && left > 0; i++) {
		uint32_t width = p->usages[i].last - p->usages[i].first;
		bool last = i == p->usage_count - 1;

		for (uint32_t k = 0; k <= width && left > 0; k++) {
			uint32_t values = last && k == width ? left : 1;

			place(p, p->usages[i].first + k, at, size * values);
			at += size * values;
			left -= values;
		}
	}
}

static int take_input(struct parser *p, uint32_t flags)
{
	uint32_t *bits = &p->bits[p->globals.id];
	uint64_t total = (uint64_t)p->globals.size * p->globals.count;

	if (p->globals.size > HIDPOS_MAX_REPORT * 8U || p->globals.count > HIDPOS_MAX_REPORT * 8U)
		return LOBBY_ERR_TOO_LONG;
	if (*bits == 0 && p->globals.id != 0)
		*bits = 8;
	if (*bits + total > HIDPOS_MAX_REPORT * 8U)
		return LOBBY_ERR_TOO_LONG;
	p->any_input = true;
	/* Scanners are known to declare their data as an array (no Variable flag); it means the same here. */
	if ((flags & INPUT_CONSTANT) == 0 && total > 0)
		place_values(p, *bits);
	*bits += (uint32_t)total;
	return 0;
}

static int take_collection(struct parser *p, uint32_t kind)
{
	uint32_t usage = p->usage_count > 0 ? p->usages[0].first : 0;

	if (p->depth == MAX_DEPTH)
		return LOBBY_ERR_TOO_LONG;
	p->depth++;
	if (kind == COLLECTION_APPLICATION) {
		p->layout.is_scanner |= usage >> 16 == PAGE_SCANNER;
		p->layout.is_keyboard |= usage == USAGE(PAGE_DESKTOP, 6) || usage == USAGE(PAGE_DESKTOP, 7);
	}
	return 0;
}

static int take_main(struct parser *p, unsigned tag, uint32_t value)
{
	int err = 0;

	switch (tag) {
	case MAIN_INPUT:
		err = take_input(p, value);
		break;
	case MAIN_COLLECTION:
		err = take_collection(p, value);
		break;
	case MAIN_END_COLLECTION:
		if (p->depth-- == 0)
			err = LOBBY_ERR_INVALID;
		break;
	default: /* output, feature and reserved items take no place in an input report */
		break;
	}
	forget_locals(p);
	return err;
}

static int take_global(struct parser *p, unsigned tag, uint32_t value)
{
	switch (tag) {
	case GLOBAL_PAGE:
		p->globals.page = (uint16_t)value;
		return value > 0xffff ? LOBBY_ERR_INVALID : 0;
	case GLOBAL_SIZE:
		p->globals.size = value;
		return 0;
	case GLOBAL_COUNT:
		p->globals.count = value;
		return 0;
	case GLOBAL_ID:
		if (value == 0 || value > 255 || (p->any_input && !p->layout.uses_ids))
			return LOBBY_ERR_INVALID; /* 6.2.2.7: 0 is reserved; with ids, every report has one */
		p->globals.id = (uint8_t)value;
		p->layout.uses_ids = true;
		return 0;
	case GLOBAL_PUSH:
		if (p->stacked == MAX_STACK)
			return LOBBY_ERR_TOO_LONG;
		p->stack[p->stacked++] = p->globals;
		return 0;
	case GLOBAL_POP:
		if (p->stacked == 0)
			return LOBBY_ERR_INVALID;
		p->globals = p->stack[--p->stacked];
		return 0;
	default: /* logical and physical limits and units do not move anything */
		return 0;
	}
}

static int take_local(struct parser *p, unsigned tag, uint32_t value, size_t bytes)
{
	uint32_t usage = full_usage(p, value, bytes);

	switch (tag) {
	case LOCAL_USAGE:
		return add_range(p, usage, usage);
	case LOCAL_MIN:
		p->minimum = usage;
		p->has_minimum = true;
		return 0;
	case LOCAL_MAX:
		if (!p->has_minimum)
			return LOBBY_ERR_INVALID;
		p->has_minimum = false;
		return add_range(p, p->minimum, usage);
	default:
		return 0;
	}
}

static uint32_t read_value(struct reader *r, size_t bytes)
{
	switch (bytes) {
	case 1:
		return read_u8(r);
	case 2:
		return read_le16(r);
	case 4:
		return read_le32(r);
	default:
		return 0;
	}
}

/* One item: a short one has its size (0, 1, 2, 4), type and tag in the prefix (6.2.2.2); a long one, prefix 0xFE,
 * states its size and is skipped (6.2.2.3: none are defined). */
static int take_item(struct parser *p, struct reader *r)
{
	uint8_t prefix = read_u8(r);
	size_t bytes = (prefix & 3) == 3 ? 4 : prefix & 3;
	unsigned type = (prefix >> 2) & 3, tag = prefix >> 4;
	uint32_t value;

	if (prefix == 0xfe) {
		size_t size = read_u8(r);

		read_u8(r);
		read_span(r, size);
		return r->failed ? LOBBY_ERR_TRUNCATED : 0;
	}
	value = read_value(r, bytes);
	if (r->failed)
		return LOBBY_ERR_TRUNCATED;
	switch (type) {
	case ITEM_MAIN:
		return take_main(p, tag, value);
	case ITEM_GLOBAL:
		return take_global(p, tag, value);
	case ITEM_LOCAL:
		return take_local(p, tag, value, bytes);
	default:
		return 0; /* reserved */
	}
}

/* Keeps the reports that have decoded data in whole, aligned bytes, and sizes all. */
static int settle(struct parser *p, struct hidpos_layout *out)
{
	struct hidpos_layout *l = &p->layout;
	int kept = 0;

	if (p->depth != 0)
		return LOBBY_ERR_INVALID;
	for (int id = 0; id < 256; id++) {
		uint16_t bytes = (uint16_t)((p->bits[id] + 7) / 8);

		if (bytes > l->longest)
			l->longest = bytes;
	}
	for (int i = 0; i < l->report_count; i++) {
		struct hidpos_report *r = &l->reports[i];

		r->bytes = (uint16_t)((p->bits[r->id] + 7) / 8);
		if (r->data.bits >= 8 && r->data.bits % 8 == 0 && r->data.at_bit % 8 == 0)
			l->reports[kept++] = *r;
	}
	l->report_count = kept;
	*out = *l;
	return 0;
}

int hidpos_parse_descriptor(const uint8_t *descriptor, size_t len, struct hidpos_layout *out)
{
	struct parser p = { 0 };
	struct reader r = reader_of(descriptor, len);

	if (len > HIDPOS_MAX_DESCRIPTOR)
		return LOBBY_ERR_TOO_LONG;
	while (reader_left(&r) > 0) {
		int err = take_item(&p, &r);

		if (err != 0)
			return err;
	}
	return settle(&p, out);
}

/* ---- reports ---- */

/* The value of at most 32 bits at this place, least significant bit first (8.4); 0 past the report's end. */
static uint32_t value_of(const struct hidpos_field *field, const uint8_t *report, size_t len)
{
	uint32_t value = 0;

	for (uint32_t i = 0; i < field->bits && i < 32; i++) {
		uint32_t bit = field->at_bit + i;

		if (bit / 8 >= len)
			break;
		value |= (uint32_t)(report[bit / 8] >> bit % 8 & 1) << i;
	}
	return value;
}

/* "]Q1" or "Q1" in the three fields becomes "Q1"; anything that is not printable ASCII ends it. */
static void read_aim(const struct hidpos_report *r, const uint8_t *report, size_t len, char aim[4])
{
	size_t at = 0;

	memset(aim, 0, 4);
	for (int i = 0; i < 3; i++) {
		uint32_t c = value_of(&r->aim[i], report, len) & 0xff;

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
		uint32_t count = value_of(&r->count, report, len);

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
	more = value_of(&r->continued, report, len) != 0;

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

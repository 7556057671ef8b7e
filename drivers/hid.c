/* The parser keeps the three kinds of state that HID 1.11 section 6.2.2 has: global items (kept until changed, pushed
 * and popped), local items (gone after each main item) and the collections open. Every Input item is laid out behind
 * those of the same report id, and its values are shown to the visitor one usage after the other. */
#include "drivers/hid.h"

#include "base/bytes.h"

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
	bool uses_ids;
	const struct hid_visitor *visitor;
	void *arg;
};

static void forget_locals(struct parser *p)
{
	p->usage_count = 0;
	p->has_minimum = false;
}

/* A usage of 1 or 2 bytes is on the current page; one of 4 names its own (6.2.2.8). */
static uint32_t full_usage(const struct parser *p, uint32_t value, size_t bytes)
{
	return bytes == 4 ? value : HID_USAGE(p->globals.page, value);
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

/* Gives the values of one Input item their usages in order; the last usage serves all that are left (6.2.2.8). */
static void place_values(struct parser *p, uint32_t start)
{
	uint32_t size = p->globals.size, left = p->globals.count, at = start;

	for (int i = 0; i < p->usage_count && left > 0; i++) {
		uint32_t width = p->usages[i].last - p->usages[i].first;
		bool last = i == p->usage_count - 1;

		for (uint32_t k = 0; k <= width && left > 0; k++) {
			uint32_t values = last && k == width ? left : 1;

			p->visitor->input(p->arg, p->globals.id, p->usages[i].first + k,
					  (struct hid_field){ at, size * values });
			at += size * values;
			left -= values;
		}
	}
}

static int take_input(struct parser *p, uint32_t flags)
{
	uint32_t *bits = &p->bits[p->globals.id];
	uint64_t total = (uint64_t)p->globals.size * p->globals.count;

	if (p->globals.size > HID_MAX_REPORT * 8U || p->globals.count > HID_MAX_REPORT * 8U)
		return LOBBY_ERR_TOO_LONG;
	if (*bits == 0 && p->globals.id != 0)
		*bits = 8;
	if (*bits + total > HID_MAX_REPORT * 8U)
		return LOBBY_ERR_TOO_LONG;
	p->any_input = true;
	/* Devices are known to declare their data as an array (no Variable flag); it means the same here. */
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
	if (kind == COLLECTION_APPLICATION)
		p->visitor->application(p->arg, usage);
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
		if (value == 0 || value > 255 || (p->any_input && !p->uses_ids))
			return LOBBY_ERR_INVALID; /* 6.2.2.7: 0 is reserved; with ids, every report has one */
		p->globals.id = (uint8_t)value;
		p->uses_ids = true;
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

int hid_parse(const uint8_t *descriptor, size_t len, const struct hid_visitor *visitor, void *arg,
	      struct hid_shape *out)
{
	struct parser p = { .visitor = visitor, .arg = arg };
	struct reader r = reader_of(descriptor, len);

	if (len > HID_MAX_DESCRIPTOR)
		return LOBBY_ERR_TOO_LONG;
	while (reader_left(&r) > 0) {
		int err = take_item(&p, &r);

		if (err != 0)
			return err;
	}
	if (p.depth != 0)
		return LOBBY_ERR_INVALID;
	*out = (struct hid_shape){ .uses_ids = p.uses_ids };
	for (int id = 0; id < 256; id++) {
		out->bytes[id] = (uint16_t)((p.bits[id] + 7) / 8);
		if (out->bytes[id] > out->longest)
			out->longest = out->bytes[id];
	}
	return 0;
}

uint32_t hid_value(struct hid_field field, const uint8_t *report, size_t len)
{
	uint32_t value = 0;

	for (uint32_t i = 0; i < field.bits && i < 32; i++) {
		uint32_t bit = field.at_bit + i;

		if (bit / 8 >= len)
			break;
		value |= (uint32_t)(report[bit / 8] >> bit % 8 & 1) << i;
	}
	return value;
}

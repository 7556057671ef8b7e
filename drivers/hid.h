/* HID report descriptors, for every driver of a HID device: where a value with a known usage stands in which input
 * report. Pure. Specification: Device Class Definition for HID 1.11, sections 6.2.2 (items) and 8.4 (reports). Bits and
 * bytes are counted from the report's first byte, the report id (if the device uses ids) included. */
#ifndef LOBBY_DRIVERS_HID_H
#define LOBBY_DRIVERS_HID_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HID_MAX_DESCRIPTOR 4096
#define HID_MAX_REPORT 4096
#define HID_USAGE(page, id) ((uint32_t)(page) << 16 | (id))

/* Where a value stands in a report; bits 0: the report has none. */
struct hid_field {
	uint32_t at_bit;
	uint32_t bits;
};

struct hid_visitor {
	/** A value of the input report with this id (0: the device uses none), or several in a row with one usage. */
	void (*input)(void *arg, uint8_t id, uint32_t usage, struct hid_field field);
	/** An application collection begins. */
	void (*application)(void *arg, uint32_t usage);
};

struct hid_shape {
	bool uses_ids;
	uint16_t longest;    /* bytes of the longest input report */
	uint16_t bytes[256]; /* of the input report with each id; 0: there is none */
};

/** Follows the descriptor's items in order; the visitor has seen some of them if it fails.
 * LOBBY_ERR_TRUNCATED: an item is cut short; LOBBY_ERR_INVALID: collections or the state stack do not pair, or a
 * field is impossible; LOBBY_ERR_TOO_LONG: more than this reads (descriptor, report). */
int hid_parse(const uint8_t *descriptor, size_t len, const struct hid_visitor *visitor, void *arg,
	      struct hid_shape *out) MUST_CHECK;

/** The value of at most 32 bits at this place, least significant bit first; 0 past the report's end. */
uint32_t hid_value(struct hid_field field, const uint8_t *report, size_t len);

#endif

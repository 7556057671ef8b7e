/* The HID POS bar code scanner, pure: a report descriptor becomes a layout, reports become scans.
 *
 * Specifications: drivers/hid.h; HID Usage Tables 1.5, chapter "Barcode Scanner Page (0x8C)", formerly "HID Point of
 * Sale Usage Tables" 1.02, section 3: application Bar Code Scanner (0x02) and its kin, Scanned Data Report (0x12),
 * Symbology Identifier 1 to 3 (0xFB to 0xFD), Decoded Data (0xFE), Decoded Data Continued (0xFF), and Byte Count of the
 * Generic Desktop page (0x01:0x3B). Bits and bytes are counted from the report's first byte, the report id (if the
 * device uses ids) included. */
#ifndef LOBBY_DRIVERS_HIDPOS_CODEC_H
#define LOBBY_DRIVERS_HIDPOS_CODEC_H

#include "drivers/hid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HIDPOS_MAX_DESCRIPTOR HID_MAX_DESCRIPTOR
#define HIDPOS_MAX_REPORT HID_MAX_REPORT
#define HIDPOS_MAX_SCAN 4096
#define HIDPOS_MAX_REPORTS 4

/* One input report that carries decoded data. */
struct hidpos_report {
	uint8_t id; /* 0 if the device uses no ids */
	uint16_t bytes;
	struct hid_field data; /* whole bytes */
	struct hid_field count;
	struct hid_field continued;
	struct hid_field aim[3];
};

struct hidpos_layout {
	bool uses_ids;
	bool is_scanner;  /* an application collection of page 0x8C */
	bool is_keyboard; /* an application collection Keyboard or Keypad (0x01:0x06, 0x07) */
	uint16_t longest; /* bytes of the longest input report of any kind */
	int report_count; /* 0: no decoded data */
	struct hidpos_report reports[HIDPOS_MAX_REPORTS];
};

/** Follows the descriptor's items. A descriptor without decoded data is no error: report_count is 0.
 * LOBBY_ERR_TRUNCATED: an item is cut short; LOBBY_ERR_INVALID: collections or the state stack do not pair, or a
 * field is impossible; LOBBY_ERR_TOO_LONG: more than this reads (descriptor, report). */
int hidpos_parse_descriptor(const uint8_t *descriptor, size_t len, struct hidpos_layout *out) MUST_CHECK;

/* A scan being put together. Zero it before first use. */
struct hidpos_scan {
	uint8_t data[HIDPOS_MAX_SCAN];
	size_t len;
	char aim[4]; /* AIM identifier without "]" (ISO/IEC 15424); "" if the scanner sends none */
	bool open;   /* more is to come */
	bool over;   /* was too long: what is still to come of it is swallowed */
};

enum hidpos_fed {
	HIDPOS_NOTHING,	 /* not a report with decoded data, or the rest of one that was too long */
	HIDPOS_MORE,	 /* a part; the next is to come */
	HIDPOS_COMPLETE, /* data, len and aim are a scan */
	HIDPOS_TOO_LONG, /* longer than HIDPOS_MAX_SCAN; said once a scan; data is empty */
};

/** Takes one input report as it came. Call hidpos_scan_clear() after COMPLETE. A short report is read as far as it
 * goes. */
enum hidpos_fed hidpos_feed(const struct hidpos_layout *layout, struct hidpos_scan *scan, const uint8_t *report,
			    size_t len);
/** Forgets and overwrites. */
void hidpos_scan_clear(struct hidpos_scan *scan);

#endif

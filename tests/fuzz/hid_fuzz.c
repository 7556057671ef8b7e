/* A hostile scanner: the input is a report descriptor (two bytes of length, little-endian, then it) and after it
 * reports (a byte of length each). Whatever it says, a scan stays within its bounds. */
#include "base/bytes.h"
#include "drivers/hidpos/codec.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct hidpos_scan scan;
	struct reader r = reader_of(data, len);
	size_t descriptor_len = read_le16(&r);
	struct hidpos_layout layout;
	const uint8_t *descriptor;

	if (descriptor_len > reader_left(&r))
		descriptor_len = reader_left(&r);
	descriptor = read_span(&r, descriptor_len);
	if (descriptor == NULL || hidpos_parse_descriptor(descriptor, descriptor_len, &layout) != 0)
		return 0;
	if (layout.longest > HIDPOS_MAX_REPORT || layout.report_count > HIDPOS_MAX_REPORTS)
		abort();
	hidpos_scan_clear(&scan);
	while (reader_left(&r) > 0) {
		size_t n = read_u8(&r);
		const uint8_t *report;
		uint8_t *copy;

		if (n > reader_left(&r))
			n = reader_left(&r);
		report = read_span(&r, n);
		copy = malloc(n + 1); /* its own block, so that a byte read past the end is seen */
		if (report == NULL || copy == NULL)
			abort();
		memcpy(copy, report, n);
		copy = realloc(copy, n > 0 ? n : 1);
		if (hidpos_feed(&layout, &scan, copy, n) == HIDPOS_COMPLETE) {
			if (scan.len == 0 || scan.len > sizeof(scan.data) ||
			    memchr(scan.aim, 0, sizeof(scan.aim)) == NULL)
				abort();
			hidpos_scan_clear(&scan);
		}
		free(copy);
	}
	return 0;
}

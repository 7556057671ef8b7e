/* A hostile stripe reader: the input is a report descriptor (two bytes of length, little-endian, then it), the size of
 * a packet, and after it packets (a byte of length each). Whatever it says, tracks are tracks, and of a payment card
 * none is left. */
#include "base/bytes.h"
#include "cards/pan.h"
#include "drivers/msr/codec.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_swipe(struct stripe *stripe)
{
	struct stripe again;
	uint8_t text[STRIPE_MAX_TEXT];
	size_t len = 0;

	for (int i = 0; i < STRIPE_TRACKS; i++) {
		const struct stripe_track *t = &stripe->track[i];

		if (t->len > STRIPE_MAX_TRACK || strlen(t->text) != t->len)
			abort();
		if (t->len > 0 && ((t->text[0] != '%' && t->text[0] != ';') || t->text[t->len - 1] != '?'))
			abort();
		len += t->len;
	}
	if (len == 0)
		abort();
	pan_drop_payment(stripe);
	for (int i = 0; i < STRIPE_TRACKS; i++)
		if (pan_is_payment(i + 1, &stripe->track[i]))
			abort();
	len = stripe_join(stripe, text);
	if (len > 0 && stripe_split(text, len, &again) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct msr_swipe swipe;
	struct reader r = reader_of(data, len);
	size_t descriptor_len = read_le16(&r), packet_size;
	struct msr_layout layout;
	const uint8_t *descriptor;

	if (descriptor_len > reader_left(&r))
		descriptor_len = reader_left(&r);
	descriptor = read_span(&r, descriptor_len);
	if (descriptor == NULL || msr_parse_descriptor(descriptor, descriptor_len, &layout) != 0)
		return 0;
	if (layout.form != MSR_NONE && layout.shape.longest > MSR_MAX_SWIPE)
		abort();
	packet_size = read_u8(&r);
	msr_clear(&swipe);
	while (reader_left(&r) > 0) {
		size_t n = read_u8(&r);
		struct stripe stripe = { 0 };
		const uint8_t *packet;
		uint8_t *copy;

		n = n < packet_size ? n : packet_size; /* the host asks for no more */
		if (n > reader_left(&r))
			n = reader_left(&r);
		packet = read_span(&r, n);
		copy = malloc(n > 0 ? n : 1); /* its own block, so that a byte read past the end is seen */
		if (packet == NULL || copy == NULL)
			abort();
		memcpy(copy, packet, n);
		if (msr_feed(&layout, &swipe, copy, n, packet_size, &stripe) == MSR_SWIPE)
			check_swipe(&stripe);
		if (swipe.report_len > sizeof(swipe.report) || swipe.frame_len > sizeof(swipe.frame))
			abort();
		free(copy);
	}
	return 0;
}

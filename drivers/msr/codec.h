/* Magnetic stripe readers on USB HID, pure: a report descriptor becomes a layout, packets become reports, reports
 * become the tracks of a swipe.
 *
 * Sources: MagTek, "USB HID SureSwipe & USB HID Swipe Reader Technical Reference Manual" 99875191 (vendor page 0xFF00,
 * usages 0x20 to 0x22 decode status, 0x28 to 0x2A data length, 0x30 to 0x32 data of tracks 1 to 3, 0x38 card encode
 * type), and "MagneSafe V5" 99875475 (the same usages with encrypted data, and 0x23 and 0x40 up beside them); ID TECH,
 * "MiniMag & EasyMag USB HID Readers Interface Reference" 80066510, "SecureMag User Manual" 80096504 and "SecureHead
 * User Manual" (status, lengths and type at offsets 0 to 6, total length at 7 and 8, output data from 9; the STX LenL
 * LenH data CheckLRC CheckSum ETX frame, original and enhanced); HID Usage Tables 1.5, chapter "Magnetic Stripe Reader
 * Page (0x8E)". Offsets come from the report descriptor; what is not in it is told from the report's first byte. */
#ifndef LOBBY_DRIVERS_MSR_CODEC_H
#define LOBBY_DRIVERS_MSR_CODEC_H

#include "cards/stripe.h"
#include "drivers/hid.h"

#define MSR_MAX_SWIPE 2048 /* bytes of a report, and of a frame */

enum msr_form {
	MSR_NONE,   /* no swipes in its reports */
	MSR_TRACKS, /* each track has its own place in the report (MagTek; page 0x8E) */
	MSR_OUTPUT, /* one place for all of them (ID TECH) */
	MSR_STREAM, /* bytes, framed by STX and ETX, over as many reports as it takes (ID TECH) */
};

struct msr_layout {
	enum msr_form form;
	struct hid_shape shape;
	uint8_t id;	     /* of the report with the swipe; 0: the device uses none */
	bool is_reader;	     /* it describes itself as one */
	bool is_keyboard;    /* an application collection Keyboard or Keypad (0x01:0x06, 0x07) */
	bool is_scanner;     /* an application collection of page 0x8C */
	bool may_encrypt;    /* it has places for what comes with encrypted tracks */
	bool reports_errors; /* it has status bytes */
	struct hid_field status[STRIPE_TRACKS], length[STRIPE_TRACKS], data[STRIPE_TRACKS];
	struct hid_field type;
	struct hid_field output; /* MSR_OUTPUT, MSR_STREAM: whole bytes */
};

/** Follows the descriptor. One without a place for tracks is no error: form is MSR_NONE. hid_parse()'s errors. */
int msr_parse_descriptor(const uint8_t *descriptor, size_t len, struct msr_layout *out) MUST_CHECK;

/* A swipe being put together. Zero it before first use. */
struct msr_swipe {
	uint8_t report[MSR_MAX_SWIPE]; /* of the report under way */
	size_t report_len;
	uint8_t frame[MSR_MAX_SWIPE]; /* of the frame under way */
	size_t frame_len;
	bool lost; /* bytes came that begin no frame: the rest is waited out */
};

enum msr_said {
	MSR_NOTHING,   /* no swipe: some other report */
	MSR_MORE,      /* a part; the next is to come */
	MSR_SWIPE,     /* at least one track was read */
	MSR_UNREAD,    /* a swipe, and none could be */
	MSR_ENCRYPTED, /* a swipe, and the reader keeps it to itself */
};

/** Takes one packet of the endpoint as it came; packet_size is the endpoint's, so that a short one ends its report.
 * MSR_SWIPE: *out has the tracks, which may be a payment card's. All but MSR_MORE leave `swipe` overwritten. */
enum msr_said msr_feed(const struct msr_layout *layout, struct msr_swipe *swipe, const uint8_t *packet, size_t len,
		       size_t packet_size, struct stripe *out);
/** Forgets and overwrites. */
void msr_clear(struct msr_swipe *swipe);

#endif

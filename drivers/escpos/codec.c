/* See codec.h: status bytes, told apart by their fixed bits, and the device id. Pages and jobs are in pages.c and
 * encode.c. */
#include "drivers/escpos/codec.h"

#include "base/bytes.h"
#include "base/text.h"

#include <string.h>
#include <strings.h>

/* ---- status ---- */

lobby_DeviceState escpos_state_of(const struct escpos_status *s)
{
	if (s->cover_open)
		return lobby_DeviceState_DEVICE_COVER_OPEN;
	if (s->paper_out)
		return lobby_DeviceState_DEVICE_PAPER_OUT;
	if (s->error)
		return lobby_DeviceState_DEVICE_FAULT;
	if (s->offline)
		return lobby_DeviceState_DEVICE_OFFLINE;
	return s->paper_low ? lobby_DeviceState_DEVICE_PAPER_LOW : lobby_DeviceState_DEVICE_READY;
}

int escpos_error_of(const struct escpos_status *s)
{
	if (s->cover_open)
		return LOBBY_ERR_COVER_OPEN;
	if (s->paper_out)
		return LOBBY_ERR_PAPER_OUT;
	if (s->jam || s->cutter)
		return LOBBY_ERR_PAPER_JAM;
	return s->error || s->offline ? LOBBY_ERR_OFFLINE : 0;
}

const char *escpos_words_of(const struct escpos_status *s)
{
	if (s->cover_open)
		return "The cover is open.";
	if (s->paper_out)
		return "Out of paper.";
	if (s->broken)
		return "The printer reports an error that it cannot recover from: switch it off, and have it repaired.";
	if (s->cutter)
		return "The cutter is stuck: open the cover, take out the paper, close it again.";
	if (s->jam)
		return "The paper is jammed: open the cover, take out the paper, close it again.";
	if (s->hot)
		return "The print head is too hot: the printer goes on by itself when it has cooled down.";
	if (s->error)
		return "The printer reports an error: look at the cutter and the head.";
	if (s->offline)
		return "The printer is offline: press its feed button, or switch it off and on.";
	return s->paper_low ? "The paper roll is nearly used up." : "";
}

bool escpos_is_resting(const struct escpos_status *s)
{
	return s->hot && !s->cover_open && !s->paper_out && !s->jam && !s->cutter && !s->broken;
}

/* The bits of an error, the same in DLE EOT 3 and in the second byte of GS a. */
static void add_error(struct escpos_status *s, uint8_t bits)
{
	s->jam |= (bits & 0x04) != 0;
	s->cutter |= (bits & 0x08) != 0;
	s->broken |= (bits & 0x20) != 0;
	s->hot |= (bits & 0x40) != 0;
	s->error |= (bits & 0x6c) != 0;
}

/* GS a: byte 1: bit 3 offline, 5 cover open; byte 2: bits 2, 3, 5, 6 errors; byte 3: bits 0-1 near end, 2-3 end. */
static struct escpos_status status_of_auto(const uint8_t bytes[4])
{
	struct escpos_status status = { .offline = (bytes[0] & 0x08) != 0,
					.cover_open = (bytes[0] & 0x20) != 0,
					.paper_low = (bytes[2] & 0x03) != 0,
					.paper_out = (bytes[2] & 0x0c) != 0 };

	add_error(&status, bytes[1]);
	return status;
}

/* Inside an answer that ends with NUL. */
static enum escpos_answer take_block(struct escpos_parser *p, uint8_t byte)
{
	p->block_left--;
	if (byte == 0) {
		p->block_left = 0;
		p->text[p->text_len] = '\0';
		return p->block_is_text ? ESCPOS_TEXT : ESCPOS_NONE;
	}
	if (byte >= 0x20 && byte < 0x7f && p->text_len < (int)sizeof(p->text) - 1)
		p->text[p->text_len++] = (char)byte;
	return ESCPOS_NONE;
}

enum escpos_answer escpos_parse(struct escpos_parser *p, uint8_t byte, struct escpos_status *status, uint8_t *value)
{
	if (byte == 0x11 || byte == 0x13)
		return ESCPOS_NONE; /* XON, XOFF: may stand anywhere */
	if (p->block_left > 0)
		return take_block(p, byte);
	if (p->auto_len > 0 && (byte & 0x90) == 0) {
		p->auto_bytes[p->auto_len++] = byte;
		if (p->auto_len < 4)
			return ESCPOS_NONE;
		p->auto_len = 0;
		*status = status_of_auto(p->auto_bytes);
		return ESCPOS_AUTO;
	}
	p->auto_len = 0;
	if (byte == 0x37 || byte == 0x5f) {
		p->block_left = 80;
		p->block_is_text = byte == 0x5f;
		p->text_len = 0;
		return ESCPOS_NONE;
	}
	if ((byte & 0x93) == 0x12) {
		*value = byte;
		return ESCPOS_REALTIME;
	}
	if ((byte & 0x93) == 0x10) {
		p->auto_bytes[p->auto_len++] = byte;
		return ESCPOS_NONE;
	}
	if ((byte & 0x90) == 0) {
		*value = byte;
		return ESCPOS_PAPER;
	}
	return ESCPOS_GARBAGE;
}

/* DLE EOT 1: bit 3 offline. 2: bit 2 cover open, 5 stopped by paper end, 6 error. 3: the errors. 4: bits 2-3 near end,
 * 5-6 end. */
void escpos_add_realtime(struct escpos_status *status, int n, uint8_t value)
{
	switch (n) {
	case 1:
		status->offline |= (value & 0x08) != 0;
		break;
	case 2:
		status->cover_open |= (value & 0x04) != 0;
		status->paper_out |= (value & 0x20) != 0;
		status->error |= (value & 0x40) != 0;
		break;
	case 3:
		add_error(status, value);
		break;
	case 4:
		status->paper_low |= (value & 0x0c) != 0;
		status->paper_out |= (value & 0x60) != 0;
		break;
	default:
		break;
	}
}

struct escpos_status escpos_port_status(uint8_t value)
{
	bool empty = (value & 0x20) != 0;

	return (struct escpos_status){ .paper_out = empty,
				       .offline = (value & 0x10) == 0,
				       .error = (value & 0x08) == 0 && !empty };
}

bool escpos_device_id(const uint8_t *data, size_t len, const char *key, const char *long_key, char *out, size_t size)
{
	size_t at = 2;

	while (at < len) {
		const uint8_t *end = memchr(data + at, ';', len - at);
		size_t stop = end == NULL ? len : (size_t)(end - data);
		const uint8_t *colon = memchr(data + at, ':', stop - at);
		char name[24];

		if (colon != NULL) {
			text_copy_n(name, sizeof(name), (const char *)data + at, (size_t)(colon - data) - at);
			text_trim(name);
			if (strcasecmp(name, key) == 0 || strcasecmp(name, long_key) == 0) {
				size_t from = (size_t)(colon - data) + 1;

				if (!text_is_clean((const char *)data + from, stop - from))
					return false;
				text_copy_n(out, size, (const char *)data + from, stop - from);
				text_trim(out);
				return true;
			}
		}
		at = stop + 1;
	}
	return false;
}

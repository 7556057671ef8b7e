/* A swipe is made whole when it is drawn, as a row of reports of one size, and sent packet by packet as the host asks.
 */
#include "tests/emu/model_msr.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAGTEK_TRACK 110
#define SECURE_TRACK 112
#define SECURE_REPORT (7 + 3 * SECURE_TRACK + 1 + 4 + 16)
#define IDTECH_OUTPUT 504
#define IDTECH_REPORT (9 + IDTECH_OUTPUT)
#define MAX_SWIPE 2048

static const uint8_t device_and_configuration[] = {
	/* device: USB 1.1, class by interface, 8-byte EP0; the ids are filled in */
	18, 1, 0x10, 0x01, 0, 0, 0, 8, 0x01, 0x08, 0x02, 0x00, 0x00, 0x01, 1, 2, 3, 1,
	/* configuration, 34 bytes, one interface, bus powered, 100 mA */
	9, 2, 34, 0, 1, 1, 0, 0x80, 50,
	/* interface 0: HID; the boot protocol of keyboards is filled in */
	9, 4, 0, 0, 1, 3, 0, 0, 0,
	/* HID 1.11, one report descriptor; its length is filled in */
	9, 0x21, 0x11, 0x01, 0, 1, 0x22, 0, 0,
	/* endpoint 0x81: interrupt, 1 ms; the packet is filled in */
	7, 5, 0x81, 3, 8, 0, 1
};

/* MagTek 99875191, "Report descriptor". */
static const uint8_t
	magtek[] = {
		0x06, 0x00, 0xff, 0x09,		0x01, 0xa1, 0x01, 0x15, 0x00, 0x26, 0xff,
		0x00, 0x75, 0x08, /* bytes of page 0xFF00 */
		0x09, 0x20, 0x09, 0x21,		0x09, 0x22, 0x09, 0x28, 0x09, 0x29, 0x09,
		0x2a, 0x09, 0x38,				  /* status, length, type */
		0x95, 0x07, 0x81, 0x02,				  /* one byte each */
		0x09, 0x30, 0x95, MAGTEK_TRACK, 0x82, 0x02, 0x01, /* tracks 1 to 3 */
		0x09, 0x31, 0x95, MAGTEK_TRACK, 0x82, 0x02, 0x01, 0x09, 0x32, 0x95, MAGTEK_TRACK,
		0x82, 0x02, 0x01, 0x09,		0x20, 0x95, 0x18, 0xb2, 0x02, 0x01, 0xc0, /* commands, as a feature */
	};

/* MagneSafe V5, "Report descriptor (HID)", up to the MagnePrint status and a serial number. */
static const uint8_t secure[] = {
	0x06, 0x00,	    0xff, 0x09, 0x01, 0xa1, 0x01,	  0x15, 0x00, 0x26, 0xff, 0x00,
	0x75, 0x08,	    0x09, 0x20, 0x09, 0x21, 0x09,	  0x22, 0x09, 0x28, 0x09, 0x29,
	0x09, 0x2a,	    0x09, 0x38, 0x95, 0x07, 0x81,	  0x02, 0x09, 0x30, 0x95, SECURE_TRACK,
	0x82, 0x02,	    0x01, 0x09, 0x31, 0x95, SECURE_TRACK, 0x82, 0x02, 0x01, 0x09, 0x32,
	0x95, SECURE_TRACK, 0x82, 0x02, 0x01, 0x09, 0x39,	  0x95, 0x01, 0x81, 0x02, /* card status */
	0x75, 0x20,	    0x09, 0x23, 0x95, 0x01, 0x81,	  0x02,			  /* MagnePrint status */
	0x75, 0x08,	    0x09, 0x40, 0x95, 0x10, 0x82,	  0x02, 0x01,		  /* serial number */
	0x09, 0x20,	    0x95, 0x3c, 0xb2, 0x02, 0x01,	  0xc0,
};

static const uint8_t idtech[] = {
	0x06,
	0x00,
	0xff,
	0x09,
	0x01,
	0xa1,
	0x01,
	0x15,
	0x00,
	0x26,
	0xff,
	0x00,
	0x75,
	0x08,
	0x09,
	0x20,
	0x09,
	0x21,
	0x09,
	0x22,
	0x09,
	0x28,
	0x09,
	0x29,
	0x09,
	0x2a,
	0x09,
	0x38,
	0x95,
	0x07,
	0x81,
	0x02,
	0x09,
	0x30,
	0x95,
	0x02,
	0x82,
	0x02,
	0x01, /* total output length */
	0x09,
	0x31,
	0x96,
	IDTECH_OUTPUT & 0xff,
	IDTECH_OUTPUT >> 8,
	0x82,
	0x02,
	0x01, /* output data */
	0x09,
	0x20,
	0x95,
	0x08,
	0xb2,
	0x02,
	0x01,
	0xc0,
};

static const uint8_t keyboard[] = { 0x05, 0x01, 0x09, 0x06, 0xa1, 0x01, 0x05, 0x07, 0x19, 0xe0, 0x29, 0xe7,
				    0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x95, 0x08, 0x81, 0x02, 0x95, 0x06,
				    0x75, 0x08, 0x25, 0x65, 0x19, 0x00, 0x29, 0x65, 0x81, 0x00, 0x06, 0x00,
				    0xff, 0x09, 0x20, 0x95, 0x18, 0xb2, 0x02, 0x01, 0xc0 };

/* Returns the report descriptor's length. */
static size_t report_descriptor(const struct model_msr *m, uint8_t out[512])
{
	const uint8_t frames[] = { 0x06, 0x00, 0xff, 0x09, 0x01, 0xa1, 0x01,	 0x15, 0x00, 0x26, 0xff,
				   0x00, 0x75, 0x08, 0x09, 0x01, 0x95, m->chunk, 0x81, 0x02, 0xc0 };
	const struct {
		const uint8_t *bytes;
		size_t len;
	} all[] = {
		[MSR_MODEL_MAGTEK] = { magtek, sizeof(magtek) },
		[MSR_MODEL_MAGTEK_SECURE] = { secure, sizeof(secure) },
		[MSR_MODEL_IDTECH] = { idtech, sizeof(idtech) },
		[MSR_MODEL_IDTECH_FRAMES] = { frames, sizeof(frames) },
		[MSR_MODEL_MAGTEK_KEYBOARD] = { keyboard, sizeof(keyboard) },
		[MSR_MODEL_IDTECH_KEYBOARD] = { keyboard, sizeof(keyboard) },
		[MSR_MODEL_GIVEN] = { m->given, m->given_len },
	};

	memcpy(out, all[m->mode].bytes, all[m->mode].len);
	return all[m->mode].len;
}

static int control(struct model *model, const uint8_t setup[8], uint8_t *data, size_t len)
{
	struct model_msr *m = (struct model_msr *)model;
	uint8_t descriptor[512];
	size_t n;

	if (setup[0] == 0x21 && setup[1] == 0x0a) /* SET_IDLE */
		return 0;
	if (setup[0] != 0x81 || setup[1] != 6 || setup[3] != 0x22)
		return -EPIPE;
	if (m->stall_descriptor != 0) {
		m->stall_descriptor -= m->stall_descriptor > 0;
		return -EPIPE;
	}
	n = report_descriptor(m, descriptor);
	if (n > len)
		n = len;
	memcpy(data, descriptor, n);
	return (int)n;
}

/* ---- what a swipe gives ---- */

/* A track as the reader hands it over; returns its length. */
static size_t characters(const struct model_msr *m, const char *track, uint8_t *out)
{
	size_t len = track == NULL ? 0 : strlen(track);
	uint8_t base = len > 0 && track[0] == '%' ? 0x20 : 0x30, lrc = 0;

	for (size_t i = 0; i < len; i++) {
		out[i] = (uint8_t)track[i];
		lrc ^= (uint8_t)(out[i] - base);
	}
	if (m->lrc && len > 0)
		out[len++] = (uint8_t)(base + lrc);
	for (size_t i = 0; m->reversed && i < len / 2; i++) {
		uint8_t c = out[i];

		out[i] = out[len - 1 - i];
		out[len - 1 - i] = c;
	}
	return len;
}

/* A track bit by bit: clock zeros, then each character lowest bit first with a bit that makes its ones odd, LRC last.
 */
static size_t raw_bits(const struct model_msr *m, const char *track, uint8_t *out)
{
	bool large = track != NULL && track[0] == '%';
	uint8_t text[128];
	struct model_msr with_lrc = { .lrc = true };
	size_t len = characters(&with_lrc, track, text), at = 20, total = len * (large ? 7 : 5) + 40;

	if (len == 0)
		return 0;
	memset(out, 0, 0x60);
	for (size_t i = 0; i < len; i++) {
		unsigned value = text[i] - (large ? 0x20u : 0x30u), ones = 0;

		for (int k = 0; k < (large ? 7 : 5); k++, at++) {
			unsigned bit = k == (large ? 6 : 4) ? (ones + 1) % 2 : value >> k & 1;
			size_t place = m->reversed ? total - 1 - at : at;

			ones += bit;
			out[place / 8] |= (uint8_t)(bit << (7 - place % 8));
		}
	}
	return 0x60;
}

static bool is_bad(const struct model_msr *m, int i)
{
	return (m->errors >> i & 1) != 0;
}

/* The report of MagTek's readers. Encrypted tracks are whole blocks that look like nothing. */
static size_t magtek_report(const struct model_msr *m, const char *const tracks[3], uint8_t *out)
{
	bool safe = m->mode == MSR_MODEL_MAGTEK_SECURE;
	size_t room = safe ? SECURE_TRACK : MAGTEK_TRACK;

	for (size_t i = 0; i < 3; i++) {
		uint8_t *data = out + 7 + i * room;
		size_t len = is_bad(m, (int)i) ? 0 : characters(m, tracks[i], data);

		if (m->encrypted && len > 0) {
			len = (len + 7) / 8 * 8;
			for (size_t k = 0; k < len; k++)
				data[k] = (uint8_t)(k * 89 + 0xA7 + i);
		}
		out[i] = is_bad(m, (int)i);
		out[3 + i] = (uint8_t)len;
	}
	return safe ? SECURE_REPORT : 7 + 3 * MAGTEK_TRACK;
}

/* ID TECH's report: the tracks one behind the other, each with a carriage return. */
static size_t idtech_report(const struct model_msr *m, const char *const tracks[3], uint8_t *out)
{
	size_t at = 9;

	for (int i = 0; i < 3; i++) {
		size_t len = is_bad(m, i) ? 0
			     : m->bits	  ? raw_bits(m, tracks[i], out + at)
					  : characters(m, tracks[i], out + at);

		out[i] = is_bad(m, i);
		out[3 + i] = (uint8_t)len;
		at += len;
		if (len > 0)
			out[at++] = '\r';
	}
	out[6] = m->bits ? 4 : 0;
	out[7] = (uint8_t)((at - 9) >> 8);
	out[8] = (uint8_t)(at - 9);
	return IDTECH_REPORT;
}

/* STX LenL LenH data LRC sum ETX. Encrypted: masked tracks in the clear, then blocks, hashes and a key number. */
static size_t frame(const struct model_msr *m, const char *const tracks[3], uint8_t *out)
{
	size_t at = m->enhanced ? 10 : 8, n;
	uint8_t lrc = 0, sum = 0, clear = 0;

	out[0] = 0x02;
	out[3] = m->enhanced ? 0x80 : 0x00;
	for (int i = 0; i < 3; i++) {
		size_t len = is_bad(m, i) ? 0 : characters(m, tracks[i], out + at);

		for (size_t k = 5; m->encrypted && k + 5 < len; k++)
			out[at + k] = '*';
		out[5 + i] = (uint8_t)len;
		out[4] |= (uint8_t)((is_bad(m, i) ? 0 : 1) << i | (tracks[i] != NULL ? 8 : 0) << i);
		clear |= (uint8_t)((len > 0) << i);
		at += len;
	}
	if (m->enhanced) {
		out[8] = clear;
		out[9] = m->encrypted ? (uint8_t)(0x80 | clear << 3 | clear) : 0;
	}
	for (size_t k = 0; m->encrypted && k < 40 + 20 + 10; k++)
		out[at++] = (uint8_t)(k * 57 + 3);
	n = at - 3;
	out[1] = (uint8_t)n;
	out[2] = (uint8_t)(n >> 8);
	for (size_t k = 3; k < at; k++) {
		lrc ^= out[k];
		sum = (uint8_t)(sum + out[k]);
	}
	out[at++] = (uint8_t)(lrc ^ m->wrong_sum);
	out[at++] = sum;
	out[at++] = 0x03;
	return at;
}

static void forget(struct model_msr *m)
{
	free(m->swipe);
	m->swipe = NULL;
	m->len = m->at = 0;
}

void model_msr_swipe(struct model_msr *m, const char *track_1, const char *track_2, const char *track_3)
{
	const char *const tracks[3] = { track_1, track_2, track_3 };

	bus_lock(m->bus);
	forget(m);
	m->swipe = calloc(1, MAX_SWIPE);
	assert(m->swipe != NULL);
	if (m->mode == MSR_MODEL_IDTECH_FRAMES) {
		m->report = m->chunk;
		m->len = (frame(m, tracks, m->swipe) + m->chunk - 1) / m->chunk * m->chunk;
	} else if (m->mode == MSR_MODEL_IDTECH) {
		m->report = m->len = idtech_report(m, tracks, m->swipe);
	} else {
		m->report = m->len = magtek_report(m, tracks, m->swipe);
	}
	for (size_t i = 0; m->garbage && i < m->len; i++)
		m->swipe[i] = (uint8_t)(i * 151 + 77);
	if (m->stop_after > 0 && m->stop_after < m->len)
		m->len = m->stop_after;
	m->steps = 0;
	bus_wake(&m->model);
	bus_unlock(m->bus);
}

void model_msr_step(struct model_msr *m, unsigned packets)
{
	bus_lock(m->bus);
	m->steps += packets;
	bus_wake(&m->model);
	bus_unlock(m->bus);
}

bool model_msr_is_sending(struct model_msr *m)
{
	bool sending;

	bus_lock(m->bus);
	sending = m->swipe != NULL;
	bus_unlock(m->bus);
	return sending;
}

static int in(struct model *model, uint8_t endpoint, uint8_t *data, size_t len)
{
	struct model_msr *m = (struct model_msr *)model;
	size_t n;

	if (endpoint != 0x81)
		return -EPIPE;
	if (m->stall_reads != 0) {
		m->stall_reads -= m->stall_reads > 0;
		return -EPIPE;
	}
	if (m->swipe == NULL || (m->slow && m->steps == 0))
		return -EAGAIN;
	m->steps -= m->slow;
	n = m->report - m->at % m->report;
	n = n < m->packet ? n : m->packet;
	n = n < m->len - m->at ? n : m->len - m->at;
	n = n < len ? n : len;
	memcpy(data, m->swipe + m->at, n);
	m->at += n;
	if (m->at == m->len)
		forget(m);
	return (int)n;
}

static void reset(struct model *model)
{
	struct model_msr *m = (struct model_msr *)model;
	uint8_t descriptor[512], *d = m->model.descriptors;
	size_t n = report_descriptor(m, descriptor);
	bool is_keyboard = m->mode == MSR_MODEL_MAGTEK_KEYBOARD || m->mode == MSR_MODEL_IDTECH_KEYBOARD;
	bool is_idtech = m->mode == MSR_MODEL_IDTECH || m->mode == MSR_MODEL_IDTECH_FRAMES ||
			 m->mode == MSR_MODEL_IDTECH_KEYBOARD;

	/* 0801:0002, in keyboard mode 0001; 0acd:2010, in keyboard mode 2030 */
	d[8] = is_idtech ? 0xcd : 0x01;
	d[9] = is_idtech ? 0x0a : 0x08;
	d[10] = is_idtech ? (is_keyboard ? 0x30 : 0x10) : is_keyboard ? 0x01 : 0x02;
	d[11] = is_idtech ? 0x20 : 0x00;
	d[18 + 9 + 6] = is_keyboard;
	d[18 + 9 + 7] = is_keyboard;
	d[18 + 9 + 9 + 7] = (uint8_t)n;
	d[18 + 9 + 9 + 8] = (uint8_t)(n >> 8);
	d[18 + 9 + 9 + 9 + 4] = m->packet;
	m->model.strings[1] = is_idtech ? "ID TECH" : "Mag-Tek";
	m->model.strings[2] = is_keyboard ? "Model Stripe Reader (keyboard)" : "Model Stripe Reader";
	forget(m);
}

static const struct model_class msr_class = { .control = control, .in = in, .reset = reset };

void model_msr_init(struct model_msr *m, struct bus *bus, enum msr_mode mode)
{
	*m = (struct model_msr){ .model = { .class = &msr_class,
					    .kind = "stripe",
					    .strings = { NULL, "Mag-Tek", "Model Stripe Reader", "M-0001" } },
				 .bus = bus,
				 .mode = mode,
				 .packet = 64,
				 .chunk = 64 };
	memcpy(m->model.descriptors, device_and_configuration, sizeof(device_and_configuration));
	m->model.descriptors_len = sizeof(device_and_configuration);
}

void model_msr_fini(struct model_msr *m)
{
	bus_unplug(m->bus, &m->model);
	forget(m);
}

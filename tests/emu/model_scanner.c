/* Reports are made as the host asks for them, so a scan of any length costs no more than its bytes. */
#include "tests/emu/model_scanner.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPORT_SIZE 64
#define PLAIN_DATA 128

static const uint8_t device_and_configuration[] = {
	/* device: USB 2.0, class by interface, 64-byte EP0, 1209:0001 (pid.codes, for tests), release 1.00 */
	18, 1, 0x00, 0x02, 0, 0, 0, 64, 0x09, 0x12, 0x01, 0x00, 0x00, 0x01, 1, 2, 3, 1,
	/* configuration, 34 bytes, one interface, bus powered, 250 mA */
	9, 2, 34, 0, 1, 1, 0, 0x80, 125,
	/* interface 0: HID, no boot protocol, one endpoint */
	9, 4, 0, 0, 1, 3, 0, 0, 0,
	/* HID 1.11, one report descriptor; its length is filled in */
	9, 0x21, 0x11, 0x01, 0, 1, 0x22, 0, 0,
	/* endpoint 0x81: interrupt, 64 bytes, 1 ms */
	7, 5, 0x81, 3, 64, 0, 1
};

static const uint8_t keyboard[] = { 0x05, 0x01, 0x09, 0x06, 0xa1, 0x01, 0x05, 0x07, 0x19, 0xe0, 0x29, 0xe7,
				    0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x95, 0x08, 0x81, 0x02, 0x95, 0x06,
				    0x75, 0x08, 0x25, 0x65, 0x19, 0x00, 0x29, 0x65, 0x81, 0x00, 0xc0 };

/* Returns the report descriptor's length. */
static size_t report_descriptor(const struct model_scanner *s, uint8_t out[512])
{
	const uint8_t usual[] = { 0x05, 0x8c,
				  0x09, 0x02,
				  0xa1, 0x01, /* page bar code scanner, application: scanner */
				  0x85, 0x02,
				  0x09, 0x12,
				  0xa1, 0x02, /* report 2, logical: scanned data report */
				  0x15, 0x00,
				  0x26, 0xff,
				  0x00, 0x75,
				  0x08, /* values are bytes */
				  0x95, 0x01,
				  0x05, 0x01,
				  0x09, 0x3b,
				  0x81, 0x02, /* byte count */
				  0x05, 0x8c,
				  0x95, 0x03,
				  0x09, 0xfb,
				  0x09, 0xfc,
				  0x09, 0xfd,
				  0x81, 0x02, /* identifier 1 to 3 */
				  0x95, s->data_size,
				  0x09, 0xfe,
				  0x82, 0x02,
				  0x01, /* decoded data, buffered bytes */
				  0x95, (uint8_t)(58 - s->data_size),
				  0x81, 0x03, /* padding */
				  0x75, 0x01,
				  0x95, 0x01,
				  0x09, 0xff,
				  0x81, 0x02, /* continued */
				  0x95, 0x07,
				  0x81, 0x03,
				  0xc0, 0xc0 };
	static const uint8_t plain[] = { 0x05, 0x8c, 0x09, 0x02, 0xa1, 0x01, 0x75, 0x08, 0x95, PLAIN_DATA,
					 0x09, 0xfe, 0x82, 0x02, 0x01, 0x95, 0x01, 0x75, 0x01, 0x09,
					 0xff, 0x81, 0x02, 0x95, 0x07, 0x81, 0x03, 0xc0 };
	const uint8_t *from = s->given;
	size_t len = s->given_len;

	if (s->mode == SCANNER_USUAL) {
		from = usual;
		len = sizeof(usual);
	} else if (s->mode == SCANNER_PLAIN) {
		from = plain;
		len = sizeof(plain);
	} else if (s->mode == SCANNER_KEYBOARD) {
		from = keyboard;
		len = sizeof(keyboard);
	}
	memcpy(out, from, len);
	return len;
}

static int control(struct model *model, const uint8_t setup[8], uint8_t *data, size_t len)
{
	struct model_scanner *s = (struct model_scanner *)model;
	uint8_t descriptor[512];
	size_t n;

	if (setup[0] == 0x21 && setup[1] == 0x0a) /* SET_IDLE */
		return 0;
	if (setup[0] != 0x81 || setup[1] != 6 || setup[3] != 0x22)
		return -EPIPE;
	if (s->stall_descriptor != 0) {
		s->stall_descriptor -= s->stall_descriptor > 0;
		return -EPIPE;
	}
	n = report_descriptor(s, descriptor);
	if (n > len)
		n = len;
	memcpy(data, descriptor, n);
	return (int)n;
}

static size_t next_report(struct model_scanner *s, uint8_t report[PLAIN_DATA + 1])
{
	size_t size = s->mode == SCANNER_PLAIN ? PLAIN_DATA : s->data_size, n = s->scan_len - s->scan_at;
	bool more = n > size || s->never_ends;

	if (n > size)
		n = size;
	if (s->mode == SCANNER_PLAIN) {
		memcpy(report, s->scan + s->scan_at, n);
		report[PLAIN_DATA] = more;
		s->scan_at += n;
		return PLAIN_DATA + 1;
	}
	report[0] = 2;
	report[1] = (uint8_t)n;
	if (s->aim[0] != '\0') {
		report[2] = ']';
		report[3] = (uint8_t)s->aim[0];
		report[4] = (uint8_t)s->aim[1];
	}
	memcpy(report + 5, s->scan + s->scan_at, n);
	report[REPORT_SIZE - 1] = more;
	s->scan_at += n;
	return REPORT_SIZE;
}

static void forget(struct model_scanner *s)
{
	free(s->scan);
	s->scan = NULL;
	s->scan_len = s->scan_at = 0;
	s->sent = 0;
}

static int in(struct model *model, uint8_t endpoint, uint8_t *data, size_t len)
{
	struct model_scanner *s = (struct model_scanner *)model;
	uint8_t report[PLAIN_DATA + 1] = { 0 };
	size_t n;

	if (endpoint != 0x81)
		return -EPIPE;
	if (s->stall_reads != 0) {
		s->stall_reads -= s->stall_reads > 0;
		return -EPIPE;
	}
	if (s->scan == NULL || (s->stop_after > 0 && s->sent >= s->stop_after))
		return s->empty_reads ? 0 : -EAGAIN;
	n = next_report(s, report);
	s->sent++;
	if (n > len)
		n = len;
	memcpy(data, report, n);
	if (s->scan_at >= s->scan_len)
		forget(s);
	return (int)n;
}

static void reset(struct model *model)
{
	struct model_scanner *s = (struct model_scanner *)model;
	uint8_t descriptor[512];
	size_t n = report_descriptor(s, descriptor);

	s->model.descriptors[18 + 9 + 9 + 7] = (uint8_t)n;
	s->model.descriptors[18 + 9 + 9 + 8] = (uint8_t)(n >> 8);
	forget(s);
}

static const struct model_class scanner_class = { .control = control, .in = in, .reset = reset };

void model_scanner_init(struct model_scanner *s, struct bus *bus, enum scanner_mode mode)
{
	*s = (struct model_scanner){ .model = { .class = &scanner_class,
						.kind = "scanner",
						.strings = { NULL, "Lobby", "Model Scanner", "S-0001" } },
				     .bus = bus,
				     .mode = mode,
				     .data_size = 56 };
	memcpy(s->model.descriptors, device_and_configuration, sizeof(device_and_configuration));
	s->model.descriptors_len = sizeof(device_and_configuration);
}

void model_scanner_fini(struct model_scanner *s)
{
	bus_unplug(s->bus, &s->model);
	forget(s);
}

void model_scanner_scan(struct model_scanner *s, const char *aim, const void *data, size_t len)
{
	bus_lock(s->bus);
	forget(s);
	s->scan = malloc(len + 1);
	assert(s->scan != NULL);
	memcpy(s->scan, data, len);
	s->scan_len = len;
	snprintf(s->aim, sizeof(s->aim), "%s", aim);
	bus_wake(&s->model);
	bus_unlock(s->bus);
}

bool model_scanner_is_sending(struct model_scanner *s)
{
	bool sending;

	bus_lock(s->bus);
	sending = s->scan != NULL;
	bus_unlock(s->bus);
	return sending;
}

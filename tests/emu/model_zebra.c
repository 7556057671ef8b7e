/* Two ways in, as in real ones: ~ commands are found in the stream as it is received and answered at once; the rest
 * goes to the receive buffer and is worked off format by format (zebra_label.c reads them). */
#include "tests/emu/model_zebra.h"

#include "tests/emu/zebra_label.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t device_and_configuration[] = {
	/* device: USB 2.0, class by interface, 64-byte EP0, 0a5f:0120 (Zebra's vendor id), release 1.00 */
	18, 1, 0x00, 0x02, 0, 0, 0, 64, 0x5f, 0x0a, 0x20, 0x01, 0x00, 0x01, 1, 2, 3, 1,
	/* configuration, 32 bytes, one interface, self powered */
	9, 2, 32, 0, 1, 1, 0, 0xc0, 1,
	/* interface 0: printer, bidirectional, two endpoints */
	9, 4, 0, 0, 2, 7, 1, 2, 0,
	/* bulk out 0x01, bulk in 0x82, 64 bytes */
	7, 5, 0x01, 2, 64, 0, 0, 7, 5, 0x82, 2, 64, 0, 0
};

static bool is_stopped(const struct model_zebra *z)
{
	return z->now.media_out || z->now.head_open || z->now.ribbon_out || z->now.paused || z->cutter_jam;
}

static void say(struct model_zebra *z, const char *text)
{
	size_t len = strlen(text);

	if (z->silent || z->answered + len > sizeof(z->answers))
		return;
	memcpy(z->answers + z->answered, text, len);
	if (z->garbage)
		memset(z->answers + z->answered, '?', len);
	z->answered += len;
	bus_wake(&z->model);
}

/* ---- formats in the buffer ---- */

static size_t find(const struct model_zebra *z, const char *what, size_t from)
{
	for (size_t i = from; i + 3 <= z->buffered; i++)
		if (memcmp(z->buffer + i, what, 3) == 0)
			return i;
	return z->buffered;
}

static int formats_waiting(const struct model_zebra *z)
{
	int n = 0;

	for (size_t at = find(z, "^XZ", 0); at < z->buffered; at = find(z, "^XZ", at + 3))
		n++;
	return n;
}

static bool is_partial(const struct model_zebra *z)
{
	size_t last = 0;

	for (size_t at = find(z, "^XZ", 0); at < z->buffered; at = find(z, "^XZ", at + 3))
		last = at + 3;
	return find(z, "^XA", last) < z->buffered;
}

static void let_go(struct model_zebra *z)
{
	free(z->current);
	z->current = NULL;
	z->holding_label = false;
}

/* Takes the next whole format out of the buffer. */
static bool take_format(struct model_zebra *z)
{
	size_t start = find(z, "^XA", 0), end = find(z, "^XZ", start);

	if (end >= z->buffered)
		return false;
	end += 3;
	let_go(z);
	z->current = malloc(end - start);
	if (z->current == NULL)
		abort();
	memcpy(z->current, z->buffer + start, end - start);
	z->current_len = end - start;
	memmove(z->buffer, z->buffer + end, z->buffered - end);
	z->buffered -= end;
	z->holding_label = true;
	z->blinked = !z->blinks;
	return true;
}

static void print_label(struct model_zebra *z)
{
	struct zebra_trouble none = { 0 };

	if (memcmp(&z->strikes, &none, sizeof(none)) != 0) {
		z->now = z->strikes;
		z->strikes = none;
		z->spoiled++;
		if (z->no_reprint || memmem(z->current, z->current_len, "^JZN", 4) != NULL)
			let_go(z);
		return;
	}
	z->unknown += zebra_label_read(&z->labels[z->printed % ZEBRA_LABELS], z->current, z->current_len);
	z->printed++;
	let_go(z);
}

/* One step: print what is held, or take the next. False: there is nothing to do, or it cannot. */
static bool step(struct model_zebra *z)
{
	if (is_stopped(z))
		return false;
	if (z->holding_label) {
		print_label(z);
		return true;
	}
	return take_format(z);
}

static void work(struct model_zebra *z)
{
	while (!z->slow && step(z)) {
	}
}

/* ---- ~ commands ---- */

static void answer_status(struct model_zebra *z)
{
	bool nothing = z->holding_label && !z->blinked;
	char text[256];

	z->asked_hs++;
	if (z->mute_in_error && is_stopped(z))
		return;
	z->blinked = true;
	snprintf(text, sizeof(text),
		 "\x02"
		 "030,%d,%d,1245,%03d,0,0,%d,000,0,0,0\x03\r\n"
		 "\x02"
		 "001,0,%d,%d,1,2,6,0,%08d,1,000\x03\r\n"
		 "\x02"
		 "1234,0\x03\r\n",
		 z->now.media_out, z->now.paused, formats_waiting(z), is_partial(z), z->now.head_open,
		 z->now.ribbon_out, nothing ? 0 : z->holding_label);
	say(z, text);
}

static void answer_errors(struct model_zebra *z)
{
	unsigned flags = z->now.media_out | (unsigned)z->now.ribbon_out << 1 | (unsigned)z->now.head_open << 2 |
			 (unsigned)z->cutter_jam << 3 | (unsigned)z->now.paused << 16;
	char text[256];

	if (z->no_hqes)
		return;
	snprintf(text, sizeof(text),
		 "\x02\r\n  PRINTER STATUS                             \r\n"
		 "   ERRORS:         %d 00000000 %08X \r\n   WARNINGS:       0 00000000 00000000 \r\n\x03",
		 flags != 0, flags);
	say(z, text);
}

static void command(struct model_zebra *z)
{
	char text[64];

	if (memcmp(z->tilde, "~HS", 3) == 0) {
		answer_status(z);
	} else if (memcmp(z->tilde, "~HQES", 5) == 0) {
		answer_errors(z);
	} else if (memcmp(z->tilde, "~HI", 3) == 0) {
		snprintf(text, sizeof(text), "\x02%s,V84.20.21Z,%d,8176KB\x03\r\n",
			 z->dots_per_mm == 12 ? "ZD510-300dpi" : "ZD410-200dpi", z->dots_per_mm);
		say(z, text);
	} else if (memcmp(z->tilde, "~JA", 3) == 0) {
		if (!z->keeps) {
			z->buffered = 0;
			let_go(z);
		}
	} else {
		z->unknown++;
	}
}

/* True: the byte belongs to a ~ command. ~HQ has two letters more. */
static bool take_tilde(struct model_zebra *z, uint8_t byte)
{
	if (z->tilde_len == 0 && byte != '~')
		return false;
	z->tilde[z->tilde_len++] = byte;
	if (z->tilde_len == 5 || (z->tilde_len == 3 && memcmp(z->tilde, "~HQ", 3) != 0)) {
		command(z);
		z->tilde_len = 0;
	}
	return true;
}

/* ---- the endpoints ---- */

static int out(struct model *model, uint8_t endpoint, const uint8_t *data, size_t len)
{
	struct model_zebra *z = (struct model_zebra *)model;
	size_t n = 0;

	(void)endpoint;
	if (z->stall_writes != 0) {
		z->stall_writes -= z->stall_writes > 0;
		return -EPIPE;
	}
	while (n < len && z->buffered < ZEBRA_BUFFER && (z->accepts == 0 || n < z->accepts) &&
	       (z->freeze_after == 0 || z->received < z->freeze_after)) {
		if (!take_tilde(z, data[n]))
			z->buffer[z->buffered++] = data[n];
		n++;
		z->received++;
	}
	work(z);
	return (int)n;
}

static int in(struct model *model, uint8_t endpoint, uint8_t *data, size_t len)
{
	struct model_zebra *z = (struct model_zebra *)model;
	size_t n = z->answered < len ? z->answered : len;

	(void)endpoint;
	if (z->stall_reads != 0) {
		z->stall_reads -= z->stall_reads > 0;
		return -EPIPE;
	}
	if (n == 0)
		return z->empty_reads ? 0 : -EAGAIN;
	if (z->short_answers)
		n = 1;
	memcpy(data, z->answers, n);
	memmove(z->answers, z->answers + n, z->answered - n);
	z->answered -= n;
	return (int)n;
}

static int control(struct model *model, const uint8_t setup[8], uint8_t *data, size_t len)
{
	struct model_zebra *z = (struct model_zebra *)model;

	if (setup[0] == 0xa1 && setup[1] == 0) { /* GET_DEVICE_ID */
		size_t n = strlen(z->device_id), whole = n + 2;
		uint8_t id[256] = { (uint8_t)(whole >> 8), (uint8_t)whole };

		memcpy(id + 2, z->device_id, n);
		whole = whole < len ? whole : len;
		memcpy(data, id, whole);
		return (int)whole;
	}
	if (setup[0] == 0xa1 && setup[1] == 1 && len >= 1) { /* GET_PORT_STATUS */
		data[0] = (uint8_t)((z->now.media_out ? 0x20 : 0) | (z->now.paused || z->now.head_open ? 0 : 0x10) |
				    (is_stopped(z) ? 0 : 0x08));
		return 1;
	}
	return setup[0] == 0x21 && setup[1] == 2 ? 0 : -EPIPE; /* SOFT_RESET */
}

static void reset(struct model *model)
{
	struct model_zebra *z = (struct model_zebra *)model;

	z->buffered = 0;
	z->answered = 0;
	z->tilde_len = 0;
	let_go(z);
}

static const struct model_class zebra_class = { .control = control, .out = out, .in = in, .reset = reset };

/* ---- from outside ---- */

void model_zebra_init(struct model_zebra *z, struct bus *bus)
{
	*z = (struct model_zebra){
		.model = { .class = &zebra_class,
			   .kind = "label printer",
			   .strings = { NULL, "Zebra Technologies", "ZTC ZD410-203dpi ZPL", "50J000000001" } },
		.bus = bus,
		.dots_per_mm = 8,
		.device_id =
			"MANUFACTURER:Zebra Technologies ;COMMAND SET:ZPL;MODEL:ZTC ZD410-203dpi ZPL;CLASS:PRINTER;"
			"OPTIONS:XML;",
	};
	memcpy(z->model.descriptors, device_and_configuration, sizeof(device_and_configuration));
	z->model.descriptors_len = sizeof(device_and_configuration);
	z->buffer = malloc(ZEBRA_BUFFER);
	if (z->buffer == NULL)
		abort();
}

void model_zebra_fini(struct model_zebra *z)
{
	bus_unplug(z->bus, &z->model);
	let_go(z);
	for (int i = 0; i < ZEBRA_LABELS; i++)
		zebra_label_fini(&z->labels[i]);
	free(z->buffer);
}

void model_zebra_set(struct model_zebra *z, struct zebra_trouble trouble)
{
	bus_lock(z->bus);
	z->now = trouble;
	work(z);
	bus_wake(&z->model);
	bus_unlock(z->bus);
}

void model_zebra_alert(struct model_zebra *z, const char *text)
{
	bus_lock(z->bus);
	say(z, text);
	bus_unlock(z->bus);
}

void model_zebra_step(struct model_zebra *z)
{
	bus_lock(z->bus);
	step(z);
	bus_wake(&z->model);
	bus_unlock(z->bus);
}

size_t model_zebra_received(struct model_zebra *z)
{
	size_t n;

	bus_lock(z->bus);
	n = z->received;
	bus_unlock(z->bus);
	return n;
}

int model_zebra_formats(struct model_zebra *z)
{
	int n;

	bus_lock(z->bus);
	n = formats_waiting(z);
	bus_unlock(z->bus);
	return n;
}

int model_zebra_printed(struct model_zebra *z)
{
	int n;

	bus_lock(z->bus);
	n = z->printed;
	bus_unlock(z->bus);
	return n;
}

const struct zebra_label *model_zebra_last(struct model_zebra *z)
{
	const struct zebra_label *label;

	bus_lock(z->bus);
	label = z->printed == 0 ? NULL : &z->labels[(z->printed - 1) % ZEBRA_LABELS];
	bus_unlock(z->bus);
	return label;
}

void model_zebra_text(const struct zebra_label *label, char *out_text, size_t size)
{
	size_t n = 0;

	out_text[0] = '\0';
	for (int i = 0; i < label->count && n < size; i++)
		if (label->fields[i].kind <= ZEBRA_QR)
			n += (size_t)snprintf(out_text + n, size - n, "%s\n", label->fields[i].text);
}

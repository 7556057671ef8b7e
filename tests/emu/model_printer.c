/* Two ways through the printer, as in real ones: every byte is looked at as it is received, for the real-time commands
 * (DLE EOT, DLE ENQ, DLE DC4), and put into the receive buffer; from there bytes are worked off in order. */
#include "tests/emu/model_printer.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>

static const uint8_t device_and_configuration[] = {
	/* device: USB 2.0, class by interface, 64-byte EP0, 1209:0002 (pid.codes, for tests), release 1.00 */
	18, 1, 0x00, 0x02, 0, 0, 0, 64, 0x09, 0x12, 0x02, 0x00, 0x00, 0x01, 1, 2, 3, 1,
	/* configuration, 32 bytes, one interface, self powered */
	9, 2, 32, 0, 1, 1, 0, 0xc0, 1,
	/* interface 0: printer, bidirectional, two endpoints */
	9, 4, 0, 0, 2, 7, 1, 2, 0,
	/* bulk out 0x01, bulk in 0x82, 64 bytes */
	7, 5, 0x01, 2, 64, 0, 0, 7, 5, 0x82, 2, 64, 0, 0
};

static bool is_stopped(const struct model_printer *p)
{
	return p->cover_open || p->roll == PRINTER_PAPER_OUT || p->offline || p->jammed || p->broken || p->hot;
}

static void say(struct model_printer *p, const void *bytes, size_t len)
{
	if (p->silent || p->answered + len > sizeof(p->answers))
		return;
	memcpy(p->answers + p->answered, bytes, len);
	if (p->garbage)
		memset(p->answers + p->answered, 0xff, len);
	p->answered += len;
	bus_wake(&p->model);
}

/* ---- status ---- */

static uint8_t error_bits(const struct model_printer *p)
{
	return (uint8_t)((p->jammed ? 0x08 : 0) | (p->broken ? 0x20 : 0) | (p->hot ? 0x40 : 0));
}

static void make_auto(const struct model_printer *p, uint8_t out[4])
{
	out[0] = (uint8_t)(0x10 | (is_stopped(p) ? 0x08 : 0) | (p->cover_open ? 0x20 : 0));
	out[1] = error_bits(p);
	out[2] = p->roll == PRINTER_PAPER_OUT ? 0x0f : p->roll == PRINTER_PAPER_LOW ? 0x03 : 0;
	out[3] = 0x0f;
}

static void status_changed(struct model_printer *p, bool always)
{
	uint8_t now[4];

	make_auto(p, now);
	if (p->asb_mask == 0 || (!always && memcmp(now, p->asb_last, 4) == 0))
		return;
	memcpy(p->asb_last, now, 4);
	if (p->drops_asb != 0)
		p->drops_asb -= p->drops_asb > 0;
	else
		say(p, now, 4);
}

static void answer_realtime(struct model_printer *p, uint8_t n)
{
	uint8_t value = 0x12;

	switch (n) {
	case 1:
		value |= is_stopped(p) ? 0x08 : 0;
		break;
	case 2:
		value |= (p->cover_open ? 0x04 : 0) | (p->roll == PRINTER_PAPER_OUT ? 0x20 : 0) |
			 (error_bits(p) != 0 ? 0x40 : 0);
		break;
	case 3:
		value |= error_bits(p);
		break;
	case 4:
		value |= p->roll == PRINTER_PAPER_OUT ? 0x6c : p->roll == PRINTER_PAPER_LOW ? 0x0c : 0;
		break;
	default:
		return;
	}
	say(p, &value, 1);
}

/* ---- working off ---- */

/* GS I: a header, the text, NUL. */
static void answer_id(struct model_printer *p, uint8_t n)
{
	const char *text = n == 65 ? p->firmware : n == 66 ? p->maker : n == 67 ? p->name : NULL;

	if (text == NULL)
		return;
	say(p, "_", 1);
	say(p, text, strlen(text) + 1);
}

static void on_ask(void *arg, enum paper_ask ask, uint8_t n)
{
	struct model_printer *p = arg;
	uint8_t sensor = p->roll == PRINTER_PAPER_LOW ? 0x03 : 0;

	switch (ask) {
	case PAPER_ASK_INIT:
		p->asb_mask = 0;
		break;
	case PAPER_ASK_AUTO:
		p->asb_mask = p->no_asb ? 0 : n;
		status_changed(p, true);
		break;
	case PAPER_ASK_SENSOR:
		say(p, &sensor, 1);
		break;
	case PAPER_ASK_ID:
		answer_id(p, n);
		break;
	}
}

static void strike_trouble(struct model_printer *p)
{
	p->trouble_after = 0;
	p->roll = p->trouble == TROUBLE_PAPER_OUT ? PRINTER_PAPER_OUT : p->roll;
	p->cover_open |= p->trouble == TROUBLE_COVER_OPEN;
	p->offline |= p->trouble == TROUBLE_OFFLINE;
	p->jammed |= p->trouble == TROUBLE_JAM;
	p->stuck |= p->trouble == TROUBLE_JAM;
	p->broken |= p->trouble == TROUBLE_BROKEN;
	p->hot |= p->trouble == TROUBLE_HOT;
	status_changed(p, false);
}

static size_t work(struct model_printer *p, size_t most)
{
	int slips = paper_slips(p->paper);
	size_t n = 0;

	while (n < most && n < p->buffered && !is_stopped(p)) {
		paper_feed(p->paper, p->buffer[n++]);
		p->worked++;
		if (p->trouble_after > 0 && --p->trouble_after == 0)
			strike_trouble(p);
	}
	memmove(p->buffer, p->buffer + n, p->buffered - n);
	p->buffered -= n;
	if (p->slip_fd >= 0 && paper_slips(p->paper) > slips)
		eventfd_write(p->slip_fd, 1);
	return n;
}

/* ---- receiving ---- */

static void clear_buffers(struct model_printer *p)
{
	static const uint8_t cleared[] = { 0x37, 0x25, 0x00 };

	p->buffered = 0;
	paper_forget_command(p->paper);
	say(p, cleared, sizeof(cleared));
}

/* DLE ENQ n: 1 goes on, 2 forgets first. Nothing happens while the paper is still stuck. */
static void end_jam(struct model_printer *p, uint8_t n)
{
	if (!p->jammed || p->stuck || (n != 1 && n != 2))
		return;
	if (n == 2) {
		p->buffered = 0;
		paper_forget_command(p->paper);
	}
	p->jammed = false;
	status_changed(p, false);
}

/* DLE EOT n, DLE ENQ n, and DLE DC4 8 with its seven fixed bytes. True when this byte completed DLE DC4 8. */
static bool look_for_realtime(struct model_printer *p, uint8_t byte)
{
	static const uint8_t clear[] = { 0x10, 0x14, 8, 1, 3, 20, 1, 6, 2, 8 };
	static const uint8_t ask[] = { 0x10, 0x04 }, enquire[] = { 0x10, 0x05 };

	p->realtime[p->realtime_len++] = byte;
	if (p->realtime_len == 3 && memcmp(p->realtime, ask, 2) == 0) {
		p->realtime_len = 0;
		answer_realtime(p, byte);
	} else if (p->realtime_len == 3 && memcmp(p->realtime, enquire, 2) == 0) {
		p->realtime_len = 0;
		end_jam(p, byte);
	} else if (p->realtime_len == sizeof(clear) && memcmp(p->realtime, clear, sizeof(clear)) == 0) {
		p->realtime_len = 0;
		return true;
	} else if (memcmp(p->realtime, clear, p->realtime_len) != 0 &&
		   (p->realtime_len > 2 || (memcmp(p->realtime, ask, p->realtime_len) != 0 &&
					    memcmp(p->realtime, enquire, p->realtime_len) != 0))) {
		p->realtime_len = byte == 0x10;
		p->realtime[0] = byte;
	}
	return false;
}

static int out(struct model *model, uint8_t endpoint, const uint8_t *data, size_t len)
{
	struct model_printer *p = (struct model_printer *)model;
	size_t n = 0;

	(void)endpoint;
	if (p->stall_writes != 0) {
		p->stall_writes -= p->stall_writes > 0;
		return -EPIPE;
	}
	if (!p->slow)
		work(p, SIZE_MAX);
	while (n < len && p->buffered < sizeof(p->buffer) && (p->accepts == 0 || n < p->accepts) &&
	       (p->holds_after == 0 || p->received < p->holds_after)) {
		bool cleared = look_for_realtime(p, data[n]);

		p->buffer[p->buffered++] = data[n++];
		p->received++;
		if (cleared)
			clear_buffers(p);
		if (!p->slow)
			work(p, SIZE_MAX);
	}
	return (int)n;
}

static int in(struct model *model, uint8_t endpoint, uint8_t *data, size_t len)
{
	struct model_printer *p = (struct model_printer *)model;
	size_t n = p->answered < len ? p->answered : len;

	(void)endpoint;
	if (p->stall_reads != 0) {
		p->stall_reads -= p->stall_reads > 0;
		return -EPIPE;
	}
	if (n == 0)
		return p->empty_reads ? 0 : -EAGAIN;
	memcpy(data, p->answers, n);
	memmove(p->answers, p->answers + n, p->answered - n);
	p->answered -= n;
	return (int)n;
}

static int control(struct model *model, const uint8_t setup[8], uint8_t *data, size_t len)
{
	struct model_printer *p = (struct model_printer *)model;

	if (setup[0] == 0xa1 && setup[1] == 0) { /* GET_DEVICE_ID */
		size_t n = strlen(p->device_id), whole = n + 2;
		uint8_t id[256] = { (uint8_t)(whole >> 8), (uint8_t)whole };

		if (p->slow_id)
			return -EAGAIN;
		memcpy(id + 2, p->device_id, n);
		whole = whole < len ? whole : len;
		memcpy(data, id, whole);
		return (int)whole;
	}
	if (setup[0] == 0xa1 && setup[1] == 1 && len >= 1) { /* GET_PORT_STATUS */
		data[0] = (uint8_t)((p->roll == PRINTER_PAPER_OUT ? 0x20 : 0) |
				    (is_stopped(p) && p->roll != PRINTER_PAPER_OUT ? 0 : 0x10) |
				    (p->cover_open || error_bits(p) != 0 ? 0 : 0x08));
		return 1;
	}
	return setup[0] == 0x21 && setup[1] == 2 ? 0 : -EPIPE; /* SOFT_RESET */
}

static void reset(struct model *model)
{
	struct model_printer *p = (struct model_printer *)model;

	p->asb_mask = 0;
	p->buffered = 0;
	p->answered = 0;
	p->realtime_len = 0;
	paper_forget_command(p->paper);
}

static const struct model_class printer_class = { .control = control, .out = out, .in = in, .reset = reset };

/* ---- from outside ---- */

void model_printer_init(struct model_printer *p, struct bus *bus)
{
	*p = (struct model_printer){ .model = { .class = &printer_class,
						.kind = "printer",
						.strings = { NULL, "Lobby", "Model Receipt Printer", "P-0001" } },
				     .bus = bus,
				     .slip_fd = -1,
				     .firmware = "1.02 LBY",
				     .maker = "Lobby",
				     .name = "Model Receipt Printer",
				     .device_id = "MFG:Lobby;CMD:ESC/POS;MDL:Model Receipt Printer;CLS:PRINTER;" };
	memcpy(p->model.descriptors, device_and_configuration, sizeof(device_and_configuration));
	p->model.descriptors_len = sizeof(device_and_configuration);
	p->paper = paper_new(on_ask, p);
}

void model_printer_fini(struct model_printer *p)
{
	bus_unplug(p->bus, &p->model);
	paper_free(p->paper);
}

/* After a switch was turned: says so, and goes on with what waits if it can. */
static void switched(struct model_printer *p)
{
	status_changed(p, false);
	if (!p->slow)
		work(p, SIZE_MAX);
	bus_wake(&p->model);
	bus_unlock(p->bus);
}

void model_printer_set_paper(struct model_printer *p, enum printer_paper roll)
{
	bus_lock(p->bus);
	p->roll = roll;
	switched(p);
}

void model_printer_set_cover(struct model_printer *p, bool open)
{
	bus_lock(p->bus);
	p->cover_open = open;
	switched(p);
}

void model_printer_set_offline(struct model_printer *p, bool offline)
{
	bus_lock(p->bus);
	p->offline = offline;
	switched(p);
}

void model_printer_set_jam(struct model_printer *p, bool on)
{
	bus_lock(p->bus);
	p->stuck = on;
	if (on) {
		p->jammed = true;
	} else {
		p->cover_open = true;
		status_changed(p, false);
		p->cover_open = false;
		p->jammed = p->jammed && p->wants_enq;
	}
	switched(p);
}

void model_printer_set_hot(struct model_printer *p, bool hot)
{
	bus_lock(p->bus);
	p->hot = hot;
	switched(p);
}

size_t model_printer_step(struct model_printer *p, size_t bytes)
{
	size_t n;

	bus_lock(p->bus);
	n = work(p, bytes);
	bus_wake(&p->model);
	bus_unlock(p->bus);
	return n;
}

size_t model_printer_received(struct model_printer *p)
{
	size_t n;

	bus_lock(p->bus);
	n = p->received;
	bus_unlock(p->bus);
	return n;
}

int model_printer_slips(struct model_printer *p)
{
	int n;

	bus_lock(p->bus);
	n = paper_slips(p->paper);
	bus_unlock(p->bus);
	return n;
}

bool model_printer_text(struct model_printer *p, bool hanging, char *out_text, size_t size)
{
	const struct paper_slip *slip;

	bus_lock(p->bus);
	slip = paper_last(p->paper, hanging);
	if (slip != NULL)
		paper_text(slip, out_text, size);
	bus_unlock(p->bus);
	return slip != NULL;
}

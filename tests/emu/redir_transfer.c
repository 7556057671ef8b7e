/* Transfers of one redirected device. Control, bulk and interrupt OUT come as packets with an id and are answered with
 * it when the model has ended them; a NAK keeps them here, each endpoint in order, until the model wakes or the guest
 * cancels; a stall halts the endpoint until the guest clears it. Interrupt IN is the other way round: the guest starts
 * receiving, and reports go to it as they come, one an interval, cut into the endpoint's packets. */
#include "tests/emu/redir_private.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SETUP 8
#define TO_ENDPOINT 0x02 /* bmRequestType; bRequest and wValue of USB 2.0, tables 9-4 and 9-6 */
#define CLEAR_FEATURE 1
#define ENDPOINT_HALT 0
#define MAX_LEN (1 << 20)
#define MAX_WAITING 64
#define MAX_REPORT 4096

static uint8_t status_of(int status)
{
	return status == 0 ? usb_redir_success : status == -EPIPE ? usb_redir_stall : usb_redir_ioerror;
}

/* ---- answers ---- */

static void answer_control(struct redir_port *port, const struct redir_transfer *t, uint8_t status)
{
	const uint8_t *setup = t->buffer;
	bool in = (setup[0] & 0x80) != 0;
	struct usb_redir_control_packet_header header = { .endpoint = in ? 0x80 : 0,
							  .requesttype = setup[0],
							  .request = setup[1],
							  .value = (uint16_t)(setup[2] | setup[3] << 8),
							  .index = (uint16_t)(setup[4] | setup[5] << 8),
							  .status = status,
							  .length = (uint16_t)t->transfer.moved };

	usbredirparser_send_control_packet(port->parser, t->id, &header, in ? t->buffer + SETUP : NULL,
					   in ? (int)t->transfer.moved : 0);
}

static void answer(struct redir_port *port, const struct redir_transfer *t, uint8_t status)
{
	uint8_t endpoint = t->transfer.endpoint;
	size_t moved = t->transfer.moved;
	uint8_t *data = (endpoint & 0x80) ? t->buffer : NULL;
	int len = (endpoint & 0x80) ? (int)moved : 0;

	port->answered++;
	if (t->type == usb_redir_type_control) {
		answer_control(port, t, status);
	} else if (t->type == usb_redir_type_bulk) {
		struct usb_redir_bulk_packet_header header = { .endpoint = endpoint,
							       .status = status,
							       .length = (uint16_t)moved,
							       .length_high = (uint16_t)(moved >> 16),
							       .stream_id = t->stream };

		usbredirparser_send_bulk_packet(port->parser, t->id, &header, data, len);
	} else {
		struct usb_redir_interrupt_packet_header header = { .endpoint = endpoint,
								    .status = status,
								    .length = (uint16_t)moved };

		usbredirparser_send_interrupt_packet(port->parser, t->id, &header, NULL, 0);
	}
}

static void forget(struct redir_transfer **at)
{
	struct redir_transfer *gone = *at;

	*at = gone->next;
	free(gone->buffer);
	free(gone);
}

void redir_drop_transfers(struct redir_port *port, bool say)
{
	while (port->transfers != NULL) {
		port->transfers->transfer.moved = 0;
		if (say)
			answer(port, port->transfers, usb_redir_cancelled);
		forget(&port->transfers);
	}
}

/* ---- interrupt IN ---- */

static void tell_receiving(struct redir_port *port, uint64_t id, uint8_t endpoint, uint8_t status)
{
	struct usb_redir_interrupt_receiving_status_header header = { .status = status, .endpoint = endpoint };

	usbredirparser_send_interrupt_receiving_status(port->parser, id, &header);
}

static void on_interval(void *arg)
{
	struct redir_pipe *pipe = arg;
	struct redir_port *port = pipe->port;

	bus_lock(port->port.bus);
	bus_run(&port->port);
	bus_unlock(port->port.bus);
}

/* A report longer than a packet goes as several; the guest's host controller ends a transfer with the short one. */
static void send_report(struct redir_pipe *pipe, uint8_t *report, size_t len)
{
	struct redir_port *port = pipe->port;
	size_t at = 0, n;
	int packets = 0;

	do {
		struct usb_redir_interrupt_packet_header header = { .endpoint = pipe->address };

		n = len - at < pipe->packet ? len - at : pipe->packet;
		header.length = (uint16_t)n;
		usbredirparser_send_interrupt_packet(port->parser, port->reports++, &header, report + at, (int)n);
		at += n;
		packets++;
	} while (at < len);
	port->answered++;
	loop_timer_set(port->loop, &pipe->timer, (int64_t)packets * pipe->interval_ms, on_interval, pipe);
}

/* As a packet, not as a change of receiving: that QEMU would keep to itself until something else wakes the endpoint. */
static void send_halt(struct redir_pipe *pipe, uint8_t status)
{
	struct usb_redir_interrupt_packet_header header = { .endpoint = pipe->address, .status = status };

	pipe->port->halted[pipe->address] = true;
	usbredirparser_send_interrupt_packet(pipe->port->parser, pipe->port->reports++, &header, NULL, 0);
}

static void poll_pipe(struct redir_pipe *pipe)
{
	struct redir_port *port = pipe->port;
	uint8_t report[MAX_REPORT];
	struct transfer t = { .endpoint = pipe->address, .buffer = report, .len = sizeof(report) };

	if (!pipe->receiving || pipe->timer.armed || port->halted[pipe->address] || port->port.model == NULL ||
	    !bus_step(port->port.model, &t))
		return;
	if (t.status == 0)
		send_report(pipe, report, t.moved);
	else
		send_halt(pipe, status_of(t.status));
}

void redir_stop_receiving(struct redir_port *port)
{
	for (int i = 0; i < REDIR_ENDPOINTS; i++) {
		port->pipes[i].receiving = false;
		loop_timer_cancel(port->loop, &port->pipes[i].timer);
	}
	memset(port->halted, 0, sizeof(port->halted));
}

static struct redir_pipe *pipe_of(struct redir_port *port, uint8_t endpoint)
{
	struct redir_pipe *pipe = &port->pipes[(endpoint & 0x80) >> 3 | (endpoint & 0x0f)];

	return (endpoint & 0x80) != 0 && pipe->address == endpoint ? pipe : NULL;
}

static void on_start_receiving(void *arg, uint64_t id, struct usb_redir_start_interrupt_receiving_header *header)
{
	struct redir_port *port = arg;
	struct redir_pipe *pipe = pipe_of(port, header->endpoint);

	if (!port->shown)
		return;
	if (pipe != NULL)
		pipe->receiving = true;
	tell_receiving(port, id, header->endpoint, pipe == NULL ? usb_redir_inval : usb_redir_success);
	bus_run(&port->port);
}

static void on_stop_receiving(void *arg, uint64_t id, struct usb_redir_stop_interrupt_receiving_header *header)
{
	struct redir_port *port = arg;
	struct redir_pipe *pipe = pipe_of(port, header->endpoint);

	if (!port->shown)
		return;
	if (pipe != NULL) {
		pipe->receiving = false;
		loop_timer_cancel(port->loop, &pipe->timer);
	}
	tell_receiving(port, id, header->endpoint, pipe == NULL ? usb_redir_inval : usb_redir_success);
}

/* ---- packets with ids ---- */

void redir_advance(struct port *base)
{
	struct redir_port *port = (struct redir_port *)base;
	bool blocked[256] = { false };

	for (struct redir_transfer **at = &port->transfers; *at != NULL;) {
		struct redir_transfer *t = *at;

		if (port->halted[t->transfer.endpoint]) {
			t->transfer.status = -EPIPE;
		} else if (blocked[t->transfer.endpoint] || !bus_step(base->model, &t->transfer)) {
			blocked[t->transfer.endpoint] = true;
			at = &t->next;
			continue;
		}
		port->halted[t->transfer.endpoint] = !t->transfer.is_control && t->transfer.status == -EPIPE;
		answer(port, t, status_of(t->transfer.status));
		forget(at);
	}
	for (int i = 0; i < REDIR_ENDPOINTS; i++)
		poll_pipe(&port->pipes[i]);
	redir_flush(port);
}

/* Takes over *t, and data's bytes where it goes out; answers at once if it cannot be. */
static void enter(struct redir_port *port, const struct redir_transfer *like, const uint8_t *data, size_t len)
{
	struct redir_transfer *t, **tail = &port->transfers;
	size_t head = like->transfer.is_control ? SETUP : 0;
	int waiting = 0;

	for (; *tail != NULL; tail = &(*tail)->next)
		waiting++;
	if (len > MAX_LEN || waiting == MAX_WAITING) {
		answer(port, like, usb_redir_inval);
		return;
	}
	t = malloc(sizeof(*t));
	assert(t != NULL);
	*t = *like;
	t->next = NULL;
	t->buffer = calloc(1, head + len + 1);
	assert(t->buffer != NULL);
	if (head > 0)
		memcpy(t->buffer, like->buffer, head);
	if (data != NULL)
		memcpy(t->buffer + head, data, len);
	t->transfer.buffer = t->buffer;
	t->transfer.len = head + len;
	*tail = t;
	bus_run(&port->port);
}

static void on_control(void *arg, uint64_t id, struct usb_redir_control_packet_header *h, uint8_t *data, int data_len)
{
	struct redir_port *port = arg;
	uint8_t setup[SETUP] = { h->requesttype,     h->request,
				 (uint8_t)h->value,  (uint8_t)(h->value >> 8),
				 (uint8_t)h->index,  (uint8_t)(h->index >> 8),
				 (uint8_t)h->length, (uint8_t)(h->length >> 8) };
	struct redir_transfer t = {
		.transfer = { .is_control = true }, .id = id, .type = usb_redir_type_control, .buffer = setup
	};
	bool in = (h->requesttype & 0x80) != 0;

	if (h->requesttype == TO_ENDPOINT && h->request == CLEAR_FEATURE && h->value == ENDPOINT_HALT)
		port->halted[h->index & 0xff] = false;
	if (port->shown)
		enter(port, &t, in ? NULL : data, in || data == NULL ? h->length : (size_t)data_len);
	usbredirparser_free_packet_data(port->parser, data);
}

static void on_bulk(void *arg, uint64_t id, struct usb_redir_bulk_packet_header *h, uint8_t *data, int data_len)
{
	struct redir_port *port = arg;
	struct redir_transfer t = {
		.transfer = { .endpoint = h->endpoint }, .id = id, .type = usb_redir_type_bulk, .stream = h->stream_id
	};
	size_t len = (h->endpoint & 0x80) ? h->length | (size_t)h->length_high << 16 : (size_t)data_len;

	if (port->shown)
		enter(port, &t, (h->endpoint & 0x80) ? NULL : data, len);
	usbredirparser_free_packet_data(port->parser, data);
}

static void on_interrupt(void *arg, uint64_t id, struct usb_redir_interrupt_packet_header *h, uint8_t *data,
			 int data_len)
{
	struct redir_port *port = arg;
	struct redir_transfer t = { .transfer = { .endpoint = h->endpoint },
				    .id = id,
				    .type = usb_redir_type_interrupt };

	if (port->shown && (h->endpoint & 0x80) == 0)
		enter(port, &t, data, (size_t)data_len);
	usbredirparser_free_packet_data(port->parser, data);
}

static void on_cancel(void *arg, uint64_t id)
{
	struct redir_port *port = arg;

	for (struct redir_transfer **at = &port->transfers; *at != NULL; at = &(*at)->next) {
		if ((*at)->id != id)
			continue;
		answer(port, *at, usb_redir_cancelled); /* with the bytes that were taken before */
		forget(at);
		return;
	}
}

void redir_take_transfers(struct usbredirparser *parser)
{
	parser->control_packet_func = on_control;
	parser->bulk_packet_func = on_bulk;
	parser->interrupt_packet_func = on_interrupt;
	parser->cancel_data_packet_func = on_cancel;
	parser->start_interrupt_receiving_func = on_start_receiving;
	parser->stop_interrupt_receiving_func = on_stop_receiving;
}

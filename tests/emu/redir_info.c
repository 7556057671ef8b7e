/* A model's descriptors (USB 2.0, 9.6), as the usbredir protocol tells of them: tables by interface and by endpoint, of
 * the alternate settings that are set now. */
#include "tests/emu/redir_private.h"

#include "base/bytes.h"

#include <string.h>

#define INTERFACE_DESCRIPTOR 4
#define ENDPOINT_DESCRIPTOR 5
#define HIGH_SPEED_BULK 512

/* One descriptor: its type and what follows its length and type. False at the end, or where a length makes no sense. */
static bool next_descriptor(struct reader *r, uint8_t *type, struct reader *body)
{
	uint8_t len;

	if (reader_left(r) < 2)
		return false;
	len = read_u8(r);
	*type = read_u8(r);
	*body = read_sub(r, len < 2 ? 0 : len - 2U);
	return len >= 2 && !body->failed;
}

struct interface {
	uint8_t number, alternate, class, subclass, protocol;
};

static struct interface read_interface(struct reader *body)
{
	struct interface i;

	i.number = read_u8(body);
	i.alternate = read_u8(body);
	read_u8(body); /* bNumEndpoints: they are counted as they come */
	i.class = read_u8(body);
	i.subclass = read_u8(body);
	i.protocol = read_u8(body);
	return i;
}

/* The table's index of an endpoint's address. */
static int slot_of(uint8_t address)
{
	return (address & 0x80) >> 3 | (address & 0x0f);
}

static void take_endpoint(struct redir_port *port, struct usb_redir_ep_info_header *info, uint8_t interface,
			  struct reader *body)
{
	uint8_t address = read_u8(body), type = read_u8(body) & 3;
	uint16_t packet = read_le16(body) & 0x7ff;
	uint8_t interval = read_u8(body);
	int slot = slot_of(address);
	struct redir_pipe *pipe = &port->pipes[slot];

	info->type[slot] = type; /* as USB numbers them */
	info->interval[slot] = interval;
	info->interface[slot] = interface;
	info->max_packet_size[slot] = packet;
	pipe->address = address;
	pipe->packet = packet == 0 ? 8 : packet;
	pipe->interval_ms = interval == 0 ? 1 : interval;
}

void redir_send_info(struct redir_port *port)
{
	const struct model *model = port->port.model;
	struct usb_redir_interface_info_header interfaces = { 0 };
	struct usb_redir_ep_info_header endpoints = { 0 };
	struct reader r = reader_of(model->descriptors, model->descriptors_len), body;
	struct interface now = { 0 };
	bool is_set = false;
	uint8_t type;

	memset(endpoints.type, usb_redir_type_invalid, sizeof(endpoints.type));
	endpoints.type[slot_of(0x00)] = endpoints.type[slot_of(0x80)] = usb_redir_type_control;
	while (next_descriptor(&r, &type, &body)) {
		if (type == INTERFACE_DESCRIPTOR) {
			uint32_t n = interfaces.interface_count;

			now = read_interface(&body);
			is_set = now.number < REDIR_INTERFACES && port->alternate[now.number] == now.alternate;
			if (!is_set || n == REDIR_INTERFACES)
				continue;
			interfaces.interface[n] = now.number;
			interfaces.interface_class[n] = now.class;
			interfaces.interface_subclass[n] = now.subclass;
			interfaces.interface_protocol[n] = now.protocol;
			interfaces.interface_count++;
		} else if (type == ENDPOINT_DESCRIPTOR && is_set) {
			take_endpoint(port, &endpoints, now.number, &body);
		}
	}
	usbredirparser_send_interface_info(port->parser, &interfaces);
	usbredirparser_send_ep_info(port->parser, &endpoints);
}

static uint8_t speed_of(const struct model *model)
{
	struct reader r = reader_of(model->descriptors, model->descriptors_len), body;
	uint8_t type;

	while (next_descriptor(&r, &type, &body)) {
		if (type != ENDPOINT_DESCRIPTOR)
			continue;
		read_span(&body, 2);
		if (read_le16(&body) >= HIGH_SPEED_BULK)
			return usb_redir_speed_high;
	}
	return usb_redir_speed_full;
}

void redir_send_connect(struct redir_port *port)
{
	const struct model *model = port->port.model;
	struct reader r = reader_of(model->descriptors, model->descriptors_len);
	struct usb_redir_device_connect_header connect = { .speed = speed_of(model) };

	read_span(&r, 4);
	connect.device_class = read_u8(&r);
	connect.device_subclass = read_u8(&r);
	connect.device_protocol = read_u8(&r);
	read_u8(&r); /* bMaxPacketSize0 */
	connect.vendor_id = read_le16(&r);
	connect.product_id = read_le16(&r);
	connect.device_version_bcd = read_le16(&r);
	usbredirparser_send_device_connect(port->parser, &connect);
}

bool redir_has_alternate(const struct model *model, uint8_t interface, uint8_t alternate)
{
	struct reader r = reader_of(model->descriptors, model->descriptors_len), body;
	uint8_t type;

	while (next_descriptor(&r, &type, &body)) {
		struct interface i;

		if (type != INTERFACE_DESCRIPTOR)
			continue;
		i = read_interface(&body);
		if (i.number == interface && i.alternate == alternate)
			return true;
	}
	return false;
}

/* A port's life: somebody connects and says hello; a plugged model is shown (interfaces, endpoints, "connected"); it is
 * configured and moves data (redir_transfer.c); unplugged, the guest is told, and another model may be shown once it
 * has said that it knows. Either side may go at any time: the socket's end drops what waited, and a new one begins
 * afresh with the model that is there. */
#include "tests/emu/redir_private.h"

#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct redir_bus {
	struct bus bus; /* first */
	int count;
	struct redir_port ports[REDIR_MAX_PORTS];
};

/* ---- the socket ---- */

static void hang_up(void *arg)
{
	struct redir_port *port = arg;

	loop_timer_cancel(port->loop, &port->closing);
	redir_drop_transfers(port, false);
	redir_stop_receiving(port);
	if (port->fd >= 0) {
		loop_fd_remove(port->loop, port->fd);
		close(port->fd);
		usbredirparser_destroy(port->parser);
	}
	port->fd = -1;
	port->parser = NULL;
	port->greeted = port->shown = port->leaving = port->broken = false;
}

/* Not from within the parser: later. */
static void hang_up_soon(struct redir_port *port)
{
	port->broken = true;
	loop_timer_set(port->loop, &port->closing, 0, hang_up, port);
}

static int on_write(void *arg, uint8_t *data, int count)
{
	struct redir_port *port = arg;
	ssize_t n = send(port->fd, data, (size_t)count, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n >= 0)
		return (int)n;
	return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

static int on_read(void *arg, uint8_t *data, int count)
{
	struct redir_port *port = arg;
	ssize_t n = recv(port->fd, data, (size_t)count, MSG_DONTWAIT);

	if (n > 0)
		return (int)n;
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

void redir_flush(struct redir_port *port)
{
	if (port->parser == NULL || port->broken)
		return;
	if (usbredirparser_do_write(port->parser) != 0)
		hang_up_soon(port);
	loop_fd_set_events(port->loop, port->fd,
			   usbredirparser_has_data_to_write(port->parser) > 0 ? POLLIN | POLLOUT : POLLIN);
}

static void on_socket(void *arg, int fd, short revents)
{
	struct redir_port *port = arg;

	(void)fd;
	bus_lock(port->port.bus);
	if ((revents & (POLLIN | POLLHUP | POLLERR)) != 0 && usbredirparser_do_read(port->parser) != 0)
		hang_up_soon(port);
	redir_flush(port);
	bus_unlock(port->port.bus);
}

static void on_log(void *arg, int level, const char *message)
{
	struct redir_port *port = arg;

	if (level <= usbredirparser_warning && !port->broken)
		log_event(LOG_WARNING, "redir-protocol", "text=\"%s\"", message);
}

/* ---- the device ---- */

/* Shows the model, if there is one and somebody to see it. */
static void show(struct redir_port *port)
{
	if (port->port.model == NULL || !port->greeted || port->shown || port->leaving)
		return;
	port->shown = true;
	port->configuration = 1;
	memset(port->alternate, 0, sizeof(port->alternate));
	redir_send_info(port);
	redir_send_connect(port);
	redir_flush(port);
}

static void on_hello(void *arg, struct usb_redir_hello_header *hello)
{
	struct redir_port *port = arg;

	(void)hello;
	port->greeted = true;
	show(port);
}

static void on_gone_known(void *arg)
{
	struct redir_port *port = arg;

	port->leaving = false;
	show(port);
}

static void on_reset(void *arg)
{
	struct redir_port *port = arg;
	struct model *model = port->port.model;

	if (!port->shown)
		return;
	redir_drop_transfers(port, true);
	redir_stop_receiving(port);
	if (model->class->reset != NULL)
		model->class->reset(model);
}

static void tell_configuration(struct redir_port *port, uint64_t id, uint8_t status)
{
	struct usb_redir_configuration_status_header header = { .status = status,
								.configuration = port->configuration };

	usbredirparser_send_configuration_status(port->parser, id, &header);
}

static void on_set_configuration(void *arg, uint64_t id, struct usb_redir_set_configuration_header *header)
{
	struct redir_port *port = arg;
	bool known = header->configuration <= 1; /* models have one; 0 is "not configured" */

	if (!port->shown)
		return;
	redir_drop_transfers(port, true);
	redir_stop_receiving(port);
	if (known) {
		port->configuration = header->configuration;
		memset(port->alternate, 0, sizeof(port->alternate));
		redir_send_info(port);
	}
	tell_configuration(port, id, known ? usb_redir_success : usb_redir_stall);
}

static void on_get_configuration(void *arg, uint64_t id)
{
	struct redir_port *port = arg;

	if (port->shown)
		tell_configuration(port, id, usb_redir_success);
}

static void tell_alternate(struct redir_port *port, uint64_t id, uint8_t interface, uint8_t status)
{
	struct usb_redir_alt_setting_status_header header = { .status = status, .interface = interface };

	if (interface < REDIR_INTERFACES)
		header.alt = port->alternate[interface];
	usbredirparser_send_alt_setting_status(port->parser, id, &header);
}

static void on_set_alternate(void *arg, uint64_t id, struct usb_redir_set_alt_setting_header *header)
{
	struct redir_port *port = arg;
	uint8_t interface = header->interface;

	if (!port->shown)
		return;
	if (interface >= REDIR_INTERFACES || !redir_has_alternate(port->port.model, interface, header->alt)) {
		tell_alternate(port, id, interface, usb_redir_stall);
		return;
	}
	redir_stop_receiving(port);
	port->alternate[interface] = header->alt;
	redir_send_info(port);
	tell_alternate(port, id, interface, usb_redir_success);
}

static void on_get_alternate(void *arg, uint64_t id, struct usb_redir_get_alt_setting_header *header)
{
	struct redir_port *port = arg;

	if (port->shown)
		tell_alternate(port, id, header->interface, usb_redir_success);
}

/* ---- connecting ---- */

static void greet(struct redir_port *port)
{
	static const uint8_t known[] = { usb_redir_cap_connect_device_version, usb_redir_cap_device_disconnect_ack,
					 usb_redir_cap_ep_info_max_packet_size, usb_redir_cap_64bits_ids,
					 usb_redir_cap_32bits_bulk_length };
	uint32_t caps[USB_REDIR_CAPS_SIZE] = { 0 };
	struct usbredirparser *parser = usbredirparser_create();

	assert(parser != NULL);
	port->parser = parser;
	parser->priv = port;
	parser->log_func = on_log;
	parser->read_func = on_read;
	parser->write_func = on_write;
	parser->hello_func = on_hello;
	parser->device_disconnect_ack_func = on_gone_known;
	parser->reset_func = on_reset;
	parser->set_configuration_func = on_set_configuration;
	parser->get_configuration_func = on_get_configuration;
	parser->set_alt_setting_func = on_set_alternate;
	parser->get_alt_setting_func = on_get_alternate;
	redir_take_transfers(parser);
	for (size_t i = 0; i < sizeof(known); i++)
		usbredirparser_caps_set_cap(caps, known[i]);
	usbredirparser_init(parser, "lobby-emu", caps, USB_REDIR_CAPS_SIZE, usbredirparser_fl_usb_host);
	redir_flush(port);
}

static void on_connect(void *arg, int listener, short revents)
{
	struct redir_port *port = arg;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)revents;
	if (fd < 0)
		return;
	if (port->fd >= 0 || loop_fd_add(port->loop, fd, POLLIN, on_socket, port) != 0) {
		close(fd); /* a port has one plug */
		return;
	}
	bus_lock(port->port.bus);
	port->fd = fd;
	greet(port);
	bus_unlock(port->port.bus);
}

static bool listen_at(struct redir_port *port, const char *folder, int number)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int len = snprintf(port->path, sizeof(port->path), "%s/usb-%d", folder, number);

	if (len < 0 || (size_t)len >= sizeof(address.sun_path))
		return false;
	memcpy(address.sun_path, port->path, (size_t)len + 1);
	unlink(port->path);
	port->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return port->listener >= 0 && bind(port->listener, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
	       listen(port->listener, 1) == 0 && loop_fd_add(port->loop, port->listener, POLLIN, on_connect, port) == 0;
}

/* ---- the bus ---- */

static bool plug(struct bus *base, struct model *model)
{
	struct redir_bus *bus = (struct redir_bus *)base;
	struct redir_port *port = NULL;

	bus_lock(base);
	for (int i = bus->count - 1; i >= 0; i--)
		if (bus->ports[i].port.model == NULL)
			port = &bus->ports[i];
	if (port != NULL) {
		port->port.model = model;
		model->port = &port->port;
		if (model->class->reset != NULL)
			model->class->reset(model);
		show(port);
	}
	bus_unlock(base);
	return port != NULL;
}

static void unplug(struct bus *base, struct model *model)
{
	struct redir_port *port = (struct redir_port *)model->port;

	bus_lock(base);
	redir_drop_transfers(port, false);
	redir_stop_receiving(port);
	port->port.model = NULL;
	model->port = NULL;
	if (port->shown) {
		port->shown = false;
		port->leaving = usbredirparser_peer_has_cap(port->parser, usb_redir_cap_device_disconnect_ack) != 0;
		usbredirparser_send_device_disconnect(port->parser);
		redir_flush(port);
	}
	bus_unlock(base);
}

static void free_bus(struct bus *base)
{
	struct redir_bus *bus = (struct redir_bus *)base;

	for (int i = 0; i < bus->count; i++) {
		struct redir_port *port = &bus->ports[i];

		if (port->port.model != NULL)
			bus_unplug(base, port->port.model);
		hang_up(port);
		if (port->listener >= 0) {
			loop_fd_remove(port->loop, port->listener);
			close(port->listener);
			unlink(port->path);
		}
	}
	bus_fini(base);
	free(bus);
}

static const struct bus_class redir_class = {
	.plug = plug, .unplug = unplug, .free = free_bus, .advance = redir_advance
};

struct bus *redir_new(struct loop *loop, const char *folder, int ports)
{
	struct redir_bus *bus = calloc(1, sizeof(*bus));
	bool ok = true;

	assert(bus != NULL && ports <= REDIR_MAX_PORTS);
	bus_init(&bus->bus, &redir_class);
	bus->count = ports;
	for (int i = 0; i < ports; i++) {
		struct redir_port *port = &bus->ports[i];

		port->port.bus = &bus->bus;
		port->loop = loop;
		port->fd = port->listener = -1;
		for (int p = 0; p < REDIR_ENDPOINTS; p++)
			port->pipes[p].port = port;
		ok = ok && listen_at(port, folder, i);
	}
	if (ok)
		return &bus->bus;
	free_bus(&bus->bus);
	return NULL;
}

const char *redir_path(const struct bus *bus, int port)
{
	return ((const struct redir_bus *)bus)->ports[port].path;
}

int redir_connected(const struct bus *base)
{
	const struct redir_bus *bus = (const struct redir_bus *)base;
	int n = 0;

	for (int i = 0; i < bus->count; i++)
		n += bus->ports[i].greeted;
	return n;
}

uint64_t redir_answered(const struct bus *base)
{
	const struct redir_bus *bus = (const struct redir_bus *)base;
	uint64_t n = 0;

	for (int i = 0; i < bus->count; i++)
		n += bus->ports[i].answered;
	return n;
}

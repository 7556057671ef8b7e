/* The device node is a 4096-byte FIFO: libusb polls it for writability, which in usbdevfs means "an URB can be reaped".
 * Kept full it is not writable; drained, it is. (umockdev's own regular files are always writable, which would make
 * every idle program spin.)
 *
 * A URB lives in its port's list from SUBMITURB until it is reaped; `done` says that its outcome is set. */
#include "tests/emu/bus_private.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ioctl.h>
#include <linux/usbdevice_fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <umockdev.h>
#include <unistd.h>

#define MAX_INTERFACES 4
#define FIFO_SIZE 4096

struct urb {
	struct urb *next;
	UMockdevIoctlClient *client; /* a reference */
	UMockdevIoctlData *data;     /* the client's struct usbdevfs_urb */
	UMockdevIoctlData *buffer;
	unsigned long address; /* of it in the client, for DISCARDURB */
	struct transfer transfer;
	bool done;
};

/* Kept when its model is unplugged until the bus goes, as clients may still be connected. */
struct mock_port {
	struct port port; /* first */
	struct mock_bus *bus;
	struct mock_port *next;
	UMockdevIoctlBase *handler;
	int number;
	int fifo;
	bool fifo_full;
	char node[64];
	char *syspath;
	struct urb *urbs;
	UMockdevIoctlClient *claimed[MAX_INTERFACES];
};

struct mock_bus {
	struct bus bus; /* first */
	UMockdevTestbed *testbed;
	char *folder;
	struct mock_port *ports;
	int last_device;
	uint64_t requests;
};

/* ---- URBs ---- */

static struct usbdevfs_urb *fields(struct urb *urb)
{
	return (struct usbdevfs_urb *)urb->data->data;
}

static void show_reapable(struct mock_port *port)
{
	bool any = false;
	char bytes[FIFO_SIZE] = { 0 };

	for (struct urb *u = port->urbs; u != NULL; u = u->next)
		any = any || u->done;
	if (any == !port->fifo_full || port->fifo < 0)
		return;
	if (any) {
		while (read(port->fifo, bytes, sizeof(bytes)) > 0)
			;
		port->fifo_full = false;
	} else if (write(port->fifo, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes)) {
		port->fifo_full = true;
	}
}

static void end_urb(struct mock_port *port, struct urb *urb, int status)
{
	fields(urb)->status = status;
	fields(urb)->actual_length = (int)urb->transfer.moved;
	urb->done = true;
	show_reapable(port);
}

static void drop_urb(struct mock_port *port, struct urb *urb)
{
	for (struct urb **at = &port->urbs; *at != NULL; at = &(*at)->next) {
		if (*at != urb)
			continue;
		*at = urb->next;
		break;
	}
	g_clear_object(&urb->buffer);
	g_clear_object(&urb->data);
	g_clear_object(&urb->client);
	free(urb);
	show_reapable(port);
}

/* Runs what can run, each endpoint in order. */
static void advance(struct port *base)
{
	struct mock_port *port = (struct mock_port *)base;
	bool blocked[256] = { false };

	for (struct urb *u = port->urbs; u != NULL && base->model != NULL; u = u->next) {
		uint8_t endpoint = fields(u)->endpoint;

		if (u->done || blocked[endpoint])
			continue;
		if (bus_step(base->model, &u->transfer))
			end_urb(port, u, u->transfer.status);
		else
			blocked[endpoint] = true;
	}
}

/* ---- usbdevfs ---- */

static int submit(struct mock_port *port, UMockdevIoctlClient *client, UMockdevIoctlData *arg)
{
	unsigned long address = *(unsigned long *)arg->data;
	UMockdevIoctlData *data = umockdev_ioctl_data_resolve(arg, 0, sizeof(struct usbdevfs_urb), NULL);
	struct urb *urb, **tail = &port->urbs;
	struct usbdevfs_urb *f;

	if (data == NULL)
		return EFAULT;
	f = (struct usbdevfs_urb *)data->data;
	if (port->port.model == NULL) {
		g_object_unref(data);
		return ENODEV;
	}
	urb = calloc(1, sizeof(*urb));
	assert(urb != NULL);
	urb->client = g_object_ref(client);
	urb->data = data;
	urb->address = address;
	if (f->buffer_length > 0)
		urb->buffer = umockdev_ioctl_data_resolve(data, offsetof(struct usbdevfs_urb, buffer),
							  (gsize)f->buffer_length, NULL);
	while (*tail != NULL)
		tail = &(*tail)->next;
	urb->transfer = (struct transfer){ .is_control = f->type == USBDEVFS_URB_TYPE_CONTROL,
					   .endpoint = f->endpoint,
					   .buffer = urb->buffer == NULL ? NULL : urb->buffer->data,
					   .len = (size_t)f->buffer_length };
	*tail = urb;
	bus_run(&port->port);
	return 0;
}

static int reap(struct mock_port *port, UMockdevIoctlClient *client, UMockdevIoctlData *arg)
{
	for (struct urb *u = port->urbs; u != NULL; u = u->next) {
		UMockdevIoctlData *pointer;

		if (!u->done || u->client != client)
			continue;
		pointer = umockdev_ioctl_data_resolve(arg, 0, sizeof(void *), NULL);
		umockdev_ioctl_data_set_ptr(pointer, 0, u->data);
		g_object_unref(pointer);
		drop_urb(port, u);
		return 0;
	}
	return port->port.model == NULL ? ENODEV : EAGAIN;
}

static int discard(struct mock_port *port, UMockdevIoctlClient *client, unsigned long address)
{
	for (struct urb *u = port->urbs; u != NULL; u = u->next) {
		if (u->client != client || u->address != address || u->done)
			continue;
		end_urb(port, u, -ENOENT);
		return 0;
	}
	return EINVAL;
}

/* Forgets what processes have left behind that were killed: the kernel would, when their descriptors close. */
static void forget_dead(struct mock_port *port)
{
	for (struct urb *u = port->urbs, *next; u != NULL; u = next) {
		next = u->next;
		if (!umockdev_ioctl_client_get_connected(u->client))
			drop_urb(port, u);
	}
	for (int i = 0; i < MAX_INTERFACES; i++)
		if (port->claimed[i] != NULL && !umockdev_ioctl_client_get_connected(port->claimed[i]))
			g_clear_object(&port->claimed[i]);
}

/* umockdev does not notice when a process dies within a request, and complains when the last reference to such a client
 * goes: so that goes never. */
static void bury(UMockdevIoctlClient **client)
{
	static GPtrArray *graves;

	if (graves == NULL)
		graves = g_ptr_array_new();
	if (*client != NULL)
		g_ptr_array_add(graves, *client);
	*client = NULL;
}

void bus_release_all(struct bus *bus)
{
	struct mock_bus *mock = (struct mock_bus *)bus;

	bus_lock(bus);
	for (struct mock_port *port = mock->ports; port != NULL; port = port->next) {
		while (port->urbs != NULL) {
			bury(&port->urbs->client);
			drop_urb(port, port->urbs);
		}
		for (int i = 0; i < MAX_INTERFACES; i++)
			bury(&port->claimed[i]);
	}
	bus_unlock(bus);
}

static int claim(struct mock_port *port, UMockdevIoctlClient *client, unsigned interface)
{
	forget_dead(port);
	if (interface >= MAX_INTERFACES)
		return EINVAL;
	if (port->port.model == NULL)
		return ENODEV;
	if (port->claimed[interface] != NULL && port->claimed[interface] != client)
		return EBUSY;
	g_set_object(&port->claimed[interface], client);
	return 0;
}

/* The errno that answers the request; *handled false leaves it to umockdev (ENOTTY). */
static int answer(struct mock_port *port, UMockdevIoctlClient *client, unsigned long request, UMockdevIoctlData *arg)
{
	UMockdevIoctlData *value = NULL;
	int err = 0;

	switch (request) {
	case USBDEVFS_SUBMITURB:
		return submit(port, client, arg);
	case USBDEVFS_REAPURB:
	case USBDEVFS_REAPURBNDELAY:
		return reap(port, client, arg);
	case USBDEVFS_DISCARDURB:
		return discard(port, client, *(unsigned long *)arg->data);
	case USBDEVFS_GET_CAPABILITIES:
		value = umockdev_ioctl_data_resolve(arg, 0, sizeof(uint32_t), NULL);
		*(uint32_t *)value->data = USBDEVFS_CAP_ZERO_PACKET | USBDEVFS_CAP_BULK_CONTINUATION |
					   USBDEVFS_CAP_NO_PACKET_SIZE_LIM | USBDEVFS_CAP_REAP_AFTER_DISCONNECT;
		break;
	case USBDEVFS_CLAIMINTERFACE:
		value = umockdev_ioctl_data_resolve(arg, 0, sizeof(unsigned), NULL);
		err = claim(port, client, *(unsigned *)value->data);
		break;
	case USBDEVFS_DISCONNECT_CLAIM:
		value = umockdev_ioctl_data_resolve(arg, 0, sizeof(struct usbdevfs_disconnect_claim), NULL);
		err = claim(port, client, ((struct usbdevfs_disconnect_claim *)value->data)->interface);
		break;
	case USBDEVFS_RELEASEINTERFACE:
		value = umockdev_ioctl_data_resolve(arg, 0, sizeof(unsigned), NULL);
		if (*(unsigned *)value->data < MAX_INTERFACES)
			g_clear_object(&port->claimed[*(unsigned *)value->data]);
		break;
	case USBDEVFS_GETDRIVER:
	case USBDEVFS_IOCTL:
		return ENODATA; /* no kernel driver is bound */
	case USBDEVFS_CLEAR_HALT:
	case USBDEVFS_RESET:
	case USBDEVFS_SETCONFIGURATION:
	case USBDEVFS_SETINTERFACE:
		return port->port.model == NULL ? ENODEV : 0;
	default:
		return ENOTTY;
	}
	g_clear_object(&value);
	return err;
}

static gboolean on_ioctl(UMockdevIoctlBase *handler, UMockdevIoctlClient *client, struct mock_port *port)
{
	int err;

	(void)handler;
	bus_lock(&port->bus->bus);
	port->bus->requests++;
	err = answer(port, client, umockdev_ioctl_client_get_request(client), umockdev_ioctl_client_get_arg(client));
	bus_unlock(&port->bus->bus);
	umockdev_ioctl_client_complete(client, err == 0 ? 0 : -1, err);
	return TRUE;
}

/* ---- plugging ---- */

static bool make_node(struct mock_port *port)
{
	char path[512], fill[FIFO_SIZE] = { 0 };

	snprintf(path, sizeof(path), "%s/dev/bus/usb/001", port->bus->folder);
	g_mkdir_with_parents(path, 0755);
	snprintf(path, sizeof(path), "%s%s", port->bus->folder, port->node);
	if (mkfifo(path, 0666) != 0)
		return false;
	port->fifo = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (port->fifo < 0 || fcntl(port->fifo, F_SETPIPE_SZ, FIFO_SIZE) < 0)
		return false;
	port->fifo_full = write(port->fifo, fill, sizeof(fill)) == (ssize_t)sizeof(fill);
	return port->fifo_full;
}

static bool show_device(struct mock_port *port)
{
	GString *text = g_string_new(NULL);
	const struct model *m = port->port.model;
	bool ok;

	g_string_printf(text,
			"P: /devices/usb1/1-%d\nE: SUBSYSTEM=usb\nE: DRIVER=usb\nE: BUSNUM=001\nE: DEVNUM=%03d\n"
			"E: DEVNAME=%s\nE: DEVTYPE=usb_device\nA: busnum=1\\n\nA: devnum=%d\\n\n"
			"A: bConfigurationValue=1\\n\nA: speed=12\\n\nH: descriptors=",
			port->number, port->number, port->node, port->number);
	for (size_t i = 0; i < m->descriptors_len; i++)
		g_string_append_printf(text, "%02x", m->descriptors[i]);
	g_string_append_c(text, '\n');
	ok = umockdev_testbed_add_from_string(port->bus->testbed, text->str, NULL);
	g_string_free(text, TRUE);
	return ok;
}

static bool plug(struct bus *base, struct model *model)
{
	struct mock_bus *bus = (struct mock_bus *)base;
	struct mock_port *port = calloc(1, sizeof(*port));

	assert(port != NULL);
	bus_lock(base);
	*port = (struct mock_port){ .port = { .bus = base, .model = model },
				    .bus = bus,
				    .next = bus->ports,
				    .number = ++bus->last_device,
				    .fifo = -1 };
	bus->ports = port;
	model->port = &port->port;
	if (model->class->reset != NULL)
		model->class->reset(model);
	bus_unlock(base);
	snprintf(port->node, sizeof(port->node), "/dev/bus/usb/001/%03d", port->number);
	port->syspath = g_strdup_printf("/sys/devices/usb1/1-%d", port->number);
	port->handler = umockdev_ioctl_base_new();
	g_signal_connect(port->handler, "handle-ioctl", G_CALLBACK(on_ioctl), port);
	return make_node(port) && umockdev_testbed_attach_ioctl(bus->testbed, port->node, port->handler, NULL) &&
	       show_device(port);
}

static void unplug(struct bus *base, struct model *model)
{
	struct mock_bus *bus = (struct mock_bus *)base;
	struct mock_port *port = (struct mock_port *)model->port;
	char path[512];

	bus_lock(base);
	port->port.model = NULL;
	model->port = NULL;
	for (struct urb *u = port->urbs; u != NULL; u = u->next)
		if (!u->done)
			end_urb(port, u, -ESHUTDOWN);
	bus_unlock(base);
	umockdev_testbed_uevent(bus->testbed, port->syspath, "remove");
	umockdev_testbed_remove_device(bus->testbed, port->syspath);
	snprintf(path, sizeof(path), "%s%s", bus->folder, port->node);
	unlink(path);
}

/* ---- the bus ---- */

static void free_port(struct mock_port *port)
{
	umockdev_testbed_detach_ioctl(port->bus->testbed, port->node, NULL);
	g_object_unref(port->handler);
	while (port->urbs != NULL)
		drop_urb(port, port->urbs);
	for (int i = 0; i < MAX_INTERFACES; i++)
		g_clear_object(&port->claimed[i]);
	if (port->fifo >= 0)
		close(port->fifo);
	g_free(port->syspath);
	free(port);
}

static void free_bus(struct bus *base)
{
	struct mock_bus *bus = (struct mock_bus *)base;

	for (struct mock_port *port = bus->ports, *next; port != NULL; port = next) {
		next = port->next;
		if (port->port.model != NULL)
			bus_unplug(base, port->port.model);
		free_port(port);
	}
	g_object_unref(bus->testbed);
	g_free(bus->folder);
	bus_fini(base);
	free(bus);
}

static const struct bus_class mock_class = { .plug = plug, .unplug = unplug, .free = free_bus, .advance = advance };

struct bus *bus_new(void)
{
	const char *preloaded = getenv("LD_PRELOAD");
	struct mock_bus *bus;

	if (preloaded == NULL || strstr(preloaded, "umockdev-preload") == NULL)
		return NULL;
	bus = calloc(1, sizeof(*bus));
	assert(bus != NULL);
	bus_init(&bus->bus, &mock_class);
	bus->testbed = umockdev_testbed_new();
	bus->folder = umockdev_testbed_get_root_dir(bus->testbed);
	return &bus->bus;
}

const char *bus_folder(const struct bus *bus)
{
	return ((const struct mock_bus *)bus)->folder;
}

uint64_t bus_requests(const struct bus *bus)
{
	return ((const struct mock_bus *)bus)->requests;
}

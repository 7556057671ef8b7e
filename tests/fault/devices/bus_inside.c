/* See bus_inside.h. As in bus_umockdev.c a node is a FIFO: libusb polls it for writability, which in usbdevfs means "an
 * URB can be reaped"; kept full it is not writable, drained it is. A descriptor is known to be one of ours by its
 * node's inode at its first request. A port stays until it is unplugged and nobody has it open, as the kernel keeps it.
 */
#include "tests/fault/devices/bus_inside.h"

#include "base/clock.h"
#include "tests/emu/bus_private.h"

#include <assert.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ioctl.h>
#include <linux/usbdevice_fs.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <umockdev.h>
#include <unistd.h>

#define MAX_FDS 1024
#define MAX_INTERFACES 4
#define FIFO_SIZE 4096
#define LAST_DEVICE 127 /* USB 2.0, 9.4.6 */

struct urb {
	struct urb *next;
	struct usbdevfs_urb *fields; /* libusb's */
	struct transfer transfer;
	int fd;
	bool done;
};

struct inside_port {
	struct port port; /* first */
	struct inside_port *next;
	int number;
	int fifo;
	ino_t inode;
	bool fifo_full;
	char node[64], syspath[64];
	struct urb *urbs;
	int claimed[MAX_INTERFACES]; /* by this descriptor; -1: nobody */
	int opened;		     /* descriptors that made a request */
	bool looked_at;
};

struct inside_bus {
	struct bus bus; /* first */
	UMockdevTestbed *testbed;
	char *folder;
	struct inside_port *ports;
	struct inside_port *of_fd[MAX_FDS];
	int last_device;
	uint64_t requests;
};

static _Thread_local struct inside_bus *inside; /* of this thread */

/* ---- URBs ---- */

static void show_reapable(struct inside_port *port)
{
	bool any = false;
	char bytes[FIFO_SIZE] = { 0 };

	for (struct urb *u = port->urbs; u != NULL; u = u->next)
		any = any || u->done;
	if (any == !port->fifo_full)
		return;
	if (any) {
		while (read(port->fifo, bytes, sizeof(bytes)) > 0)
			;
		port->fifo_full = false;
	} else if (write(port->fifo, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes)) {
		port->fifo_full = true;
	}
}

static void end_urb(struct inside_port *port, struct urb *urb, int status)
{
	urb->fields->status = status;
	urb->fields->actual_length = (int)urb->transfer.moved;
	urb->done = true;
	show_reapable(port);
}

static void drop_urb(struct inside_port *port, struct urb *urb)
{
	for (struct urb **at = &port->urbs; *at != NULL; at = &(*at)->next) {
		if (*at != urb)
			continue;
		*at = urb->next;
		break;
	}
	free(urb);
	show_reapable(port);
}

/* Runs what can run, each endpoint in order. */
static void advance(struct port *base)
{
	struct inside_port *port = (struct inside_port *)base;
	bool blocked[256] = { false };

	for (struct urb *u = port->urbs; u != NULL && base->model != NULL; u = u->next) {
		uint8_t endpoint = u->fields->endpoint;

		if (u->done || blocked[endpoint])
			continue;
		if (bus_step(base->model, &u->transfer))
			end_urb(port, u, u->transfer.status);
		else
			blocked[endpoint] = true;
	}
}

static int submit(struct inside_port *port, int fd, struct usbdevfs_urb *fields)
{
	struct urb *urb, **tail = &port->urbs;

	if (port->port.model == NULL)
		return ENODEV;
	urb = calloc(1, sizeof(*urb));
	assert(urb != NULL);
	*urb = (struct urb){ .fields = fields,
			     .fd = fd,
			     .transfer = { .is_control = fields->type == USBDEVFS_URB_TYPE_CONTROL,
					   .endpoint = fields->endpoint,
					   .buffer = fields->buffer,
					   .len = (size_t)fields->buffer_length } };
	while (*tail != NULL)
		tail = &(*tail)->next;
	*tail = urb;
	bus_run(&port->port);
	return 0;
}

static int reap(struct inside_port *port, int fd, struct usbdevfs_urb **out)
{
	for (struct urb *u = port->urbs; u != NULL; u = u->next) {
		if (!u->done || u->fd != fd)
			continue;
		*out = u->fields;
		drop_urb(port, u);
		return 0;
	}
	return port->port.model == NULL ? ENODEV : EAGAIN;
}

static int discard(struct inside_port *port, int fd, const struct usbdevfs_urb *fields)
{
	for (struct urb *u = port->urbs; u != NULL; u = u->next) {
		if (u->fields != fields || u->fd != fd || u->done)
			continue;
		end_urb(port, u, -ENOENT);
		return 0;
	}
	return EINVAL;
}

static int claim(struct inside_port *port, int fd, unsigned interface)
{
	if (interface >= MAX_INTERFACES)
		return EINVAL;
	if (port->port.model == NULL)
		return ENODEV;
	if (port->claimed[interface] >= 0 && port->claimed[interface] != fd)
		return EBUSY;
	port->claimed[interface] = fd;
	return 0;
}

/* The errno that answers the request. */
static int answer(struct inside_port *port, int fd, unsigned long request, void *arg)
{
	switch (request) {
	case USBDEVFS_SUBMITURB:
		return submit(port, fd, arg);
	case USBDEVFS_REAPURB:
	case USBDEVFS_REAPURBNDELAY:
		return reap(port, fd, arg);
	case USBDEVFS_DISCARDURB:
		return discard(port, fd, arg);
	case USBDEVFS_GET_CAPABILITIES:
		*(uint32_t *)arg = USBDEVFS_CAP_ZERO_PACKET | USBDEVFS_CAP_BULK_CONTINUATION |
				   USBDEVFS_CAP_NO_PACKET_SIZE_LIM | USBDEVFS_CAP_REAP_AFTER_DISCONNECT;
		return 0;
	case USBDEVFS_CLAIMINTERFACE:
		return claim(port, fd, *(unsigned *)arg);
	case USBDEVFS_DISCONNECT_CLAIM:
		return claim(port, fd, ((struct usbdevfs_disconnect_claim *)arg)->interface);
	case USBDEVFS_RELEASEINTERFACE:
		if (*(unsigned *)arg < MAX_INTERFACES)
			port->claimed[*(unsigned *)arg] = -1;
		return 0;
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
}

/* ---- the C library's functions that are ours ---- */

/* The port that this descriptor is an open node of; NULL: none. */
static struct inside_port *port_of(struct inside_bus *bus, int fd)
{
	struct stat s;

	assert(fd < MAX_FDS);
	if (fd < 0)
		return NULL;
	if (bus->of_fd[fd] != NULL || fstat(fd, &s) != 0 || !S_ISFIFO(s.st_mode))
		return bus->of_fd[fd];
	for (struct inside_port *p = bus->ports; p != NULL; p = p->next) {
		if (p->inode != s.st_ino || p->fifo == fd)
			continue;
		p->opened++;
		p->looked_at = true;
		bus->of_fd[fd] = p;
		break;
	}
	return bus->of_fd[fd];
}

int ioctl(int fd, unsigned long request, ...)
{
	static int (*next)(int, unsigned long, ...);
	struct inside_port *port = inside == NULL ? NULL : port_of(inside, fd);
	va_list args;
	void *arg;
	int err;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (port == NULL) {
		if (next == NULL)
			*(void **)&next = dlsym(RTLD_NEXT, "ioctl");
		return next(fd, request, arg);
	}
	bus_lock(&inside->bus);
	inside->requests++;
	err = answer(port, fd, request, arg);
	bus_unlock(&inside->bus);
	errno = err;
	return err == 0 ? 0 : -1;
}

static void free_port(struct inside_bus *bus, struct inside_port *port)
{
	for (struct inside_port **at = &bus->ports; *at != NULL; at = &(*at)->next) {
		if (*at != port)
			continue;
		*at = port->next;
		break;
	}
	for (int i = 0; i < MAX_FDS; i++)
		if (bus->of_fd[i] == port)
			bus->of_fd[i] = NULL;
	while (port->urbs != NULL)
		drop_urb(port, port->urbs);
	if (port->fifo >= 0)
		close(port->fifo);
	free(port);
}

/* What the kernel does when the last descriptor of an open node goes. */
static void forget_fd(struct inside_bus *bus, int fd)
{
	struct inside_port *port = bus->of_fd[fd];

	bus->of_fd[fd] = NULL;
	for (struct urb *u = port->urbs, *next; u != NULL; u = next) {
		next = u->next;
		if (u->fd == fd)
			drop_urb(port, u);
	}
	for (int i = 0; i < MAX_INTERFACES; i++)
		if (port->claimed[i] == fd)
			port->claimed[i] = -1;
	if (--port->opened == 0 && port->port.model == NULL)
		free_port(bus, port);
}

int close(int fd)
{
	static int (*next)(int);

	if (next == NULL)
		*(void **)&next = dlsym(RTLD_NEXT, "close");
	if (inside != NULL && fd >= 0 && fd < MAX_FDS && inside->of_fd[fd] != NULL)
		forget_fd(inside, fd);
	return next(fd);
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
	int64_t ms;

	if (inside == NULL || id != CLOCK_MONOTONIC || !clock_is_virtual())
		return (int)syscall(SYS_clock_gettime, id, ts);
	ms = clock_mono_ms();
	*ts = (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	return 0;
}

/* Without one libusb has its time-outs asked for, and the loop's timers keep them. */
int timerfd_create(int clock, int flags)
{
	if (inside == NULL)
		return (int)syscall(SYS_timerfd_create, clock, flags);
	errno = ENOSYS;
	return -1;
}

/* ---- plugging ---- */

static bool make_node(struct inside_bus *bus, struct inside_port *port)
{
	char path[512], fill[FIFO_SIZE] = { 0 };
	struct stat s;

	snprintf(path, sizeof(path), "%s/dev/bus/usb/001", bus->folder);
	g_mkdir_with_parents(path, 0755);
	snprintf(path, sizeof(path), "%s%s", bus->folder, port->node);
	if (mkfifo(path, 0666) != 0)
		return false;
	port->fifo = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (port->fifo < 0 || fcntl(port->fifo, F_SETPIPE_SZ, FIFO_SIZE) < 0 || fstat(port->fifo, &s) != 0)
		return false;
	port->inode = s.st_ino;
	port->fifo_full = write(port->fifo, fill, sizeof(fill)) == (ssize_t)sizeof(fill);
	return port->fifo_full;
}

static bool show_device(struct inside_bus *bus, const struct inside_port *port)
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
	ok = umockdev_testbed_add_from_string(bus->testbed, text->str, NULL);
	g_string_free(text, TRUE);
	return ok;
}

static bool is_taken(const struct inside_bus *bus, int number)
{
	for (const struct inside_port *p = bus->ports; p != NULL; p = p->next)
		if (p->number == number)
			return true;
	return false;
}

static bool plug(struct bus *base, struct model *model)
{
	struct inside_bus *bus = (struct inside_bus *)base;
	struct inside_port *port = calloc(1, sizeof(*port));

	assert(port != NULL);
	do
		bus->last_device = bus->last_device % LAST_DEVICE + 1;
	while (is_taken(bus, bus->last_device));
	*port = (struct inside_port){ .port = { .bus = base, .model = model },
				      .next = bus->ports,
				      .number = bus->last_device,
				      .fifo = -1,
				      .claimed = { -1, -1, -1, -1 } };
	bus->ports = port;
	model->port = &port->port;
	if (model->class->reset != NULL)
		model->class->reset(model);
	snprintf(port->node, sizeof(port->node), "/dev/bus/usb/001/%03d", port->number);
	snprintf(port->syspath, sizeof(port->syspath), "/sys/devices/usb1/1-%d", port->number);
	return make_node(bus, port) && show_device(bus, port);
}

static void unplug(struct bus *base, struct model *model)
{
	struct inside_bus *bus = (struct inside_bus *)base;
	struct inside_port *port = (struct inside_port *)model->port;
	char path[512];

	port->port.model = NULL;
	port->looked_at = true;
	model->port = NULL;
	for (struct urb *u = port->urbs; u != NULL; u = u->next)
		if (!u->done)
			end_urb(port, u, -ESHUTDOWN);
	umockdev_testbed_uevent(bus->testbed, port->syspath, "remove");
	umockdev_testbed_remove_device(bus->testbed, port->syspath);
	snprintf(path, sizeof(path), "%s%s", bus->folder, port->node);
	unlink(path);
	if (port->opened == 0)
		free_port(bus, port);
}

static void free_bus(struct bus *base)
{
	struct inside_bus *bus = (struct inside_bus *)base;

	while (bus->ports != NULL) {
		struct inside_port *first = bus->ports;

		if (first->port.model != NULL)
			bus_unplug(base, first->port.model);
		if (bus->ports == first)
			free_port(bus, first);
	}
	g_object_unref(bus->testbed);
	g_free(bus->folder);
	bus_fini(base);
	inside = NULL;
	free(bus);
}

static const struct bus_class inside_class = { .plug = plug, .unplug = unplug, .free = free_bus, .advance = advance };

struct bus *bus_inside_new(void)
{
	const char *preloaded = getenv("LD_PRELOAD");
	struct inside_bus *bus;

	if (preloaded == NULL || strstr(preloaded, "umockdev-preload") == NULL)
		return NULL;
	bus = calloc(1, sizeof(*bus));
	assert(bus != NULL && inside == NULL);
	bus_init(&bus->bus, &inside_class);
	bus->testbed = umockdev_testbed_new();
	bus->folder = umockdev_testbed_get_root_dir(bus->testbed);
	inside = bus;
	return &bus->bus;
}

uint64_t bus_inside_requests(const struct bus *bus)
{
	return ((const struct inside_bus *)bus)->requests;
}

int bus_inside_opened(const struct bus *bus)
{
	int n = 0;

	for (const struct inside_port *p = ((const struct inside_bus *)bus)->ports; p != NULL; p = p->next)
		n += p->opened;
	return n;
}

bool bus_inside_is_going(const struct bus *bus)
{
	for (const struct inside_port *p = ((const struct inside_bus *)bus)->ports; p != NULL; p = p->next)
		if (p->port.model == NULL)
			return true;
	return false;
}

bool bus_inside_is_coming(const struct bus *bus)
{
	for (const struct inside_port *p = ((const struct inside_bus *)bus)->ports; p != NULL; p = p->next)
		if (!p->looked_at)
			return true;
	return false;
}

/* See input.h. SDL's mouse events do not say which device they come from: the one that was readable when SDL was asked.
 * Only if an absolute and a relative one moved within the same moment would one of them be taken for the other. */
#include "input.h"

#include "base/log.h"

#include <linux/input.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define FD_MAX 256	  /* SDL opens its descriptors early: they are small numbers */
#define INPUT_MAJOR_OF 13 /* Linux, Documentation/admin-guide/devices.txt */
#define UDEVD_GROUP 2

static void find_devices(struct input *input);

/* ---- finding ---- */

static bool is_input(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && major(st.st_rdev) == INPUT_MAJOR_OF;
}

static bool is_udev_monitor(int fd)
{
	struct sockaddr_nl address = { 0 };
	socklen_t size = sizeof(int), address_size = sizeof(address);
	int domain = 0, protocol = 0;

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_NETLINK &&
	       getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) == 0 && protocol == NETLINK_KOBJECT_UEVENT &&
	       getsockname(fd, (struct sockaddr *)&address, &address_size) == 0 && address.nl_groups == UDEVD_GROUP;
}

static bool has_bit(int fd, unsigned type, unsigned code)
{
	unsigned char bits[(KEY_MAX > ABS_MAX ? KEY_MAX : ABS_MAX) / 8 + 1] = { 0 };

	return ioctl(fd, EVIOCGBIT(type, sizeof(bits)), bits) >= 0 && (bits[code / 8] >> code % 8 & 1) != 0;
}

static bool read_axis(int fd, unsigned code, struct input_axis *axis)
{
	struct input_absinfo info;

	if (!has_bit(fd, EV_ABS, code) || ioctl(fd, EVIOCGABS(code), &info) < 0 || info.maximum <= info.minimum)
		return false;
	*axis = (struct input_axis){ info.minimum, info.maximum, info.value, info.value };
	return true;
}

static struct input_device describe(int fd)
{
	struct input_device device = { .fd = fd };

	if (!is_input(fd))
		return device;
	if (has_bit(fd, EV_REL, REL_X) && has_bit(fd, EV_REL, REL_Y))
		device.pointer = true; /* SDL does not look at the position of one that has both */
	else
		device.pointer = device.absolute = read_axis(fd, ABS_X, &device.x) && read_axis(fd, ABS_Y, &device.y);
	return device;
}

/* ---- watching ---- */

static void read_now(int fd, unsigned code, struct input_axis *axis)
{
	struct input_absinfo info;

	if (ioctl(fd, EVIOCGABS(code), &info) >= 0)
		axis->now = info.value;
}

/* Which pointer SDL is about to hear of. */
static void choose_source(struct input *input)
{
	for (int i = 0; i < input->count; i++) {
		struct input_device *device = &input->devices[i];
		struct pollfd ready = { .fd = device->fd, .events = POLLIN };

		if (device->pointer && poll(&ready, 1, 0) == 1 && (ready.revents & POLLIN) != 0) {
			input->source = device;
			if (device->absolute) {
				read_now(device->fd, ABS_X, &device->x);
				read_now(device->fd, ABS_Y, &device->y);
				return;
			}
		}
	}
}

static bool is_gone(int fd)
{
	struct pollfd look = { .fd = fd, .events = POLLIN };

	return poll(&look, 1, 0) == 1 && (look.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
}

static void on_device(void *arg, int fd, short revents)
{
	struct input *input = arg;
	bool changed = (revents & (POLLERR | POLLHUP | POLLNVAL)) != 0 || !is_input(fd);

	choose_source(input);
	input->on_ready(input->arg);
	if (changed)
		find_devices(input);
}

static void forget_devices(struct input *input)
{
	for (int i = 0; i < input->count; i++)
		loop_fd_remove(input->loop, input->devices[i].fd);
	input->count = 0;
}

static void find_devices(struct input *input)
{
	forget_devices(input);
	input->source = NULL;
	for (int fd = 0; fd < FD_MAX && input->count < INPUT_MAX; fd++) {
		/* One that was unplugged, and SDL has not heard of it yet, would be ready for ever. udevd will tell. */
		if ((!is_input(fd) && !is_udev_monitor(fd)) || is_gone(fd))
			continue;
		if (loop_fd_add(input->loop, fd, POLLIN, on_device, input) != 0) {
			log_event(LOG_ERROR, "input-too-many", "watched=%d", input->count);
			break;
		}
		input->devices[input->count++] = describe(fd);
	}
}

void input_init(struct input *input, struct loop *loop, const struct turn *turn, void (*on_ready)(void *arg), void *arg)
{
	*input = (struct input){ .loop = loop, .turn = turn, .on_ready = on_ready, .arg = arg };
	find_devices(input);
	log_event(LOG_INFO, "input", "devices=%d", input->count);
}

void input_fini(struct input *input)
{
	if (input->loop != NULL)
		forget_devices(input);
	*input = (struct input){ 0 };
}

/* ---- placing ---- */

/* Where on its axis an event was. For an axis that did not change SDL says 0: it is that only if the device says so. */
static float fraction(int said, struct input_axis *axis)
{
	float f;

	if (said != 0 || axis->now == 0)
		axis->last = said;
	f = ((float)(axis->last - axis->min) + 0.5F) / ((float)(axis->max - axis->min) + 1);
	return SDL_clamp(f, 0.0F, 1.0F);
}

static int pixel(float f, int size)
{
	return SDL_clamp((int)(f * (float)size), 0, size - 1);
}

static SDL_Point point_of(struct input_device *source, const struct turn *turn, int x, int y)
{
	SDL_FPoint p = turn_back(turn, (SDL_FPoint){ fraction(x, &source->x), fraction(y, &source->y) });

	return (SDL_Point){ pixel(p.x, turn->width), pixel(p.y, turn->height) };
}

static void place_finger(const struct turn *turn, SDL_TouchFingerEvent *finger)
{
	/* Never 1: that is past the last pixel. */
	const float most = 0.99999F;
	SDL_FPoint p =
		turn_back(turn, (SDL_FPoint){ SDL_clamp(finger->x, 0.0F, most), SDL_clamp(finger->y, 0.0F, most) });
	SDL_FPoint by = turn_back_by(turn, (SDL_FPoint){ finger->dx, finger->dy });

	finger->x = SDL_clamp(p.x, 0.0F, most);
	finger->y = SDL_clamp(p.y, 0.0F, most);
	finger->dx = by.x;
	finger->dy = by.y;
}

void input_place(struct input_device *source, const struct turn *turn, SDL_Point *pointer, SDL_Event *event)
{
	SDL_Point was = *pointer;

	switch (event->type) {
	case SDL_MOUSEMOTION:
		if (source != NULL && source->absolute) {
			*pointer = point_of(source, turn, event->motion.x, event->motion.y);
		} else {
			/* A mouse lies on a table: it does not turn with the panel. */
			pointer->x = SDL_clamp(pointer->x + event->motion.xrel, 0, turn->width - 1);
			pointer->y = SDL_clamp(pointer->y + event->motion.yrel, 0, turn->height - 1);
		}
		event->motion.x = pointer->x;
		event->motion.y = pointer->y;
		event->motion.xrel = pointer->x - was.x;
		event->motion.yrel = pointer->y - was.y;
		return;
	case SDL_MOUSEBUTTONDOWN:
	case SDL_MOUSEBUTTONUP:
		event->button.x = pointer->x;
		event->button.y = pointer->y;
		return;
	case SDL_FINGERDOWN:
	case SDL_FINGERMOTION:
	case SDL_FINGERUP:
		place_finger(turn, &event->tfinger);
		return;
	default:
		return;
	}
}

/* A touch foil that is an absolute mouse tells position and button at once, and SDL passes on the button first: the
 * position belongs to it. */
static void take_position_first(struct input *input, SDL_Event *event)
{
	SDL_Event next;

	if (event->type != SDL_MOUSEBUTTONDOWN ||
	    SDL_PeepEvents(&next, 1, SDL_PEEKEVENT, SDL_FIRSTEVENT, SDL_LASTEVENT) != 1 || next.type != SDL_MOUSEMOTION)
		return;
	if (SDL_PeepEvents(&next, 1, SDL_GETEVENT, SDL_FIRSTEVENT, SDL_LASTEVENT) == 1) {
		input->held = *event;
		*event = next;
	}
}

bool input_next(struct input *input, SDL_Event *event)
{
	if (input->held.type != 0) {
		*event = input->held;
		input->held.type = 0;
	} else if (!SDL_PollEvent(event)) {
		return false;
	} else if (input->source != NULL && input->source->absolute) {
		take_position_first(input, event);
	}
	input_place(input->source, input->turn, &input->pointer, event);
	return true;
}

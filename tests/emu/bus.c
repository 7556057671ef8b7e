/* The part of a bus that does not depend on who looks at it: a model's callbacks say "taken", "given", "not yet" or
 * "stall", and here that becomes one step of one transfer. What any device answers alike is answered here, too. */
#include "tests/emu/bus_private.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <time.h>

/* bmRequestType and bRequest (USB 2.0, tables 9-2 and 9-4) */
#define FROM_DEVICE 0x80
#define TYPE_AND_RECIPIENT 0x7f
#define TO_ENDPOINT 0x02
#define GET_STATUS 0
#define CLEAR_FEATURE 1
#define GET_DESCRIPTOR 6
#define DEVICE_DESCRIPTOR 1
#define CONFIGURATION_DESCRIPTOR 2
#define STRING_DESCRIPTOR 3
#define DEVICE_DESCRIPTOR_LEN 18
#define NOT_STANDARD (-ENOSYS)

void bus_lock(struct bus *bus)
{
	pthread_mutex_lock(&bus->mutex);
}

void bus_unlock(struct bus *bus)
{
	pthread_mutex_unlock(&bus->mutex);
}

/* ---- requests that any device answers alike ---- */

static int give(const void *from, size_t n, uint8_t *data, size_t len)
{
	n = n < len ? n : len;
	memcpy(data, from, n);
	return (int)n;
}

static int string_descriptor(const struct model *model, int index, uint8_t *data, size_t len)
{
	uint8_t whole[256] = { 4, 3, 0x09, 0x04 };
	size_t at = 4;

	if (index < 0 || index > 3 || (index > 0 && model->strings[index] == NULL))
		return -EPIPE;
	if (index > 0) {
		at = 2;
		whole[3] = 0;
		for (const char *c = model->strings[index]; *c != '\0' && at < 254; c++, at += 2)
			whole[at] = (uint8_t)*c;
		whole[0] = model->strings_lie ? 0 : (uint8_t)at;
	}
	return give(whole, at, data, len);
}

static int descriptor(const struct model *model, const uint8_t setup[8], uint8_t *data, size_t len)
{
	switch (setup[3]) {
	case DEVICE_DESCRIPTOR:
		return give(model->descriptors, DEVICE_DESCRIPTOR_LEN, data, len);
	case CONFIGURATION_DESCRIPTOR:
		return setup[2] != 0 ? -EPIPE
				     : give(model->descriptors + DEVICE_DESCRIPTOR_LEN,
					    model->descriptors_len - DEVICE_DESCRIPTOR_LEN, data, len);
	case STRING_DESCRIPTOR:
		return string_descriptor(model, setup[2], data, len);
	default:
		return NOT_STANDARD;
	}
}

static int standard(const struct model *model, const uint8_t setup[8], uint8_t *data, size_t len)
{
	static const uint8_t no_status[2];

	if (setup[0] == FROM_DEVICE && setup[1] == GET_DESCRIPTOR)
		return descriptor(model, setup, data, len);
	if ((setup[0] & FROM_DEVICE) != 0 && (setup[0] & TYPE_AND_RECIPIENT) <= TO_ENDPOINT && setup[1] == GET_STATUS)
		return give(no_status, sizeof(no_status), data, len);
	if (setup[0] == TO_ENDPOINT && setup[1] == CLEAR_FEATURE)
		return 0; /* a halt: a model's stalls are counted, not standing */
	return NOT_STANDARD;
}

static int control(struct model *model, const uint8_t setup[8], uint8_t *data, size_t len)
{
	int n = standard(model, setup, data, len);

	if (n == NOT_STANDARD)
		n = model->class->control == NULL ? -EPIPE : model->class->control(model, setup, data, len);
	return n;
}

/* ---- transfers ---- */

static void note_given(struct model *model, int n)
{
	struct timespec now;

	if (n > 0 && clock_gettime(CLOCK_MONOTONIC, &now) == 0)
		model->given_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

bool bus_step(struct model *model, struct transfer *t)
{
	int n;

	if (t->is_control) {
		n = t->len < 8 ? -EPIPE : control(model, t->buffer, t->buffer + 8, t->len - 8);
		if (n == -EAGAIN)
			return false;
	} else if (t->endpoint & 0x80) {
		n = model->class->in(model, t->endpoint, t->buffer, t->len);
		if (n == -EAGAIN)
			return false;
		note_given(model, n);
	} else {
		n = model->class->out(model, t->endpoint, t->buffer + t->moved, t->len - t->moved);
		if (n >= 0 && t->moved + (size_t)n < t->len) {
			t->moved += (size_t)n;
			return false;
		}
	}
	if (n > 0)
		t->moved += (size_t)n;
	t->status = n < 0 ? n : 0;
	return true;
}

/* A model may wake the bus from within: then once more, not deeper. */
void bus_run(struct port *port)
{
	if (port->running) {
		port->run_again = true;
		return;
	}
	port->running = true;
	do {
		port->run_again = false;
		if (port->model != NULL)
			port->bus->class->advance(port);
	} while (port->run_again);
	port->running = false;
}

void bus_wake(struct model *model)
{
	if (model->port != NULL)
		bus_run(model->port);
}

/* ---- the bus ---- */

void bus_init(struct bus *bus, const struct bus_class *class)
{
	pthread_mutexattr_t recursive;

	bus->class = class;
	pthread_mutexattr_init(&recursive);
	pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&bus->mutex, &recursive);
	pthread_mutexattr_destroy(&recursive);
}

void bus_fini(struct bus *bus)
{
	pthread_mutex_destroy(&bus->mutex);
}

void bus_free(struct bus *bus)
{
	if (bus != NULL)
		bus->class->free(bus);
}

bool bus_plug(struct bus *bus, struct model *model)
{
	assert(model->port == NULL);
	return bus->class->plug(bus, model);
}

void bus_unplug(struct bus *bus, struct model *model)
{
	if (model->port != NULL)
		bus->class->unplug(bus, model);
}

bool bus_is_plugged(const struct model *model)
{
	return model->port != NULL;
}

/* Time stands still while anything happens, and runs in growing steps when nothing does: a pause of half a minute costs
 * a few turns of the loop. It stands still, too, until libusb has heard of a device that came or went, as that is told
 * by another thread. */
#include "tests/fault/devices/world.h"

#include "base/clock.h"
#include "tests/fault/devices/bus_inside.h"
#include "tests/fault/devices/lane.h"

#include <dirent.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define START_WALL_MS 1764000000000
#define QUIET_TURNS 3
#define LONGEST_STEP_MS 200
#define HOTPLUG_REAL_MS 300
#define END_REAL_MS 8000
/* umockdev keeps some 150 bytes for each device that was there. A usb_device is larger than all of HEAP_GROWTH. */
#define HEAP_GROWTH 16000
#define HEAP_GROWTH_EACH 500
#define REMAINS_REAL_MS 1000
#define DESCRIPTORS_SLACK 2 /* umockdev's and libusb's threads open and close some at moments of their own */

int64_t world_real_ms(void)
{
	struct timespec now;

	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void world_fail(struct world *w, const char *format, ...)
{
	va_list args;

	if (w->failure[0] != '\0')
		return;
	va_start(args, format);
	vsnprintf(w->failure, sizeof(w->failure), format, args);
	va_end(args);
}

void world_say(struct world *w, const char *format, ...)
{
	char *line = w->said[w->says++ % WORLD_SAID];
	size_t at = (size_t)snprintf(line, sizeof(w->said[0]), "%8.3f ", (double)(clock_mono_ms() - 1000) / 1000);
	va_list args;

	va_start(args, format);
	vsnprintf(line + at, sizeof(w->said[0]) - at, format, args);
	va_end(args);
	if (w->talks)
		fprintf(stderr, "%s\n", line);
}

void world_tell_last(const struct world *w)
{
	for (unsigned i = w->says < WORLD_SAID ? 0 : w->says - WORLD_SAID; i < w->says && !w->talks; i++)
		printf("  %s\n", w->said[i % WORLD_SAID]);
	for (pb_size_t i = 0; i < w->list.device_count; i++)
		printf("  listed: %04x:%04x %s, state %d, %s\n", (unsigned)w->list.device[i].vendor_id,
		       (unsigned)w->list.device[i].product_id, w->list.device[i].serial, (int)w->list.device[i].state,
		       w->list.device[i].detail);
}

const lobby_Device *world_device(const struct world *w, const char *serial)
{
	for (pb_size_t i = 0; i < w->list.device_count; i++)
		if (strcmp(w->list.device[i].serial, serial) == 0)
			return &w->list.device[i];
	return NULL;
}

void world_hotplugged(struct world *w)
{
	w->hotplug_real_ms = world_real_ms();
}

/* ---- the kiosk ---- */

/* A payment card's number must never come here, whatever the reader. */
static void look_at_scan(struct world *w, const lobby_Scan *scan)
{
	w->read += scan->err == 0;
	if (scan->source == lobby_ScanSource_SCAN_STRIPE &&
	    memmem(scan->data.bytes, scan->data.size, "492953187746501", 15) != NULL)
		world_fail(w, "a payment card's number reached the kiosk");
	for (int i = 0; i < w->lane_count; i++)
		if (w->lanes[i]->class->on_scan != NULL)
			w->lanes[i]->class->on_scan(w->lanes[i], scan);
}

static void on_message(void *arg, struct wire_conn *conn, const lobby_Envelope *envelope)
{
	struct world *w = arg;

	(void)conn;
	w->messages++;
	switch (envelope->which_body) {
	case lobby_Envelope_devices_tag:
		w->list = envelope->body.devices;
		break;
	case lobby_Envelope_scan_tag:
		look_at_scan(w, &envelope->body.scan);
		break;
	case lobby_Envelope_printed_tag:
		job_on_printed(w, &envelope->body.printed);
		break;
	case lobby_Envelope_print_want_tag:
		job_on_want(w, &envelope->body.print_want);
		break;
	case lobby_Envelope_card_slot_tag:
		w->slot = envelope->body.card_slot.state;
		break;
	default:
		break;
	}
}

/* What was told and asked before is of before. */
static void lose_contact(struct world *w)
{
	w->kiosk_up = false;
	w->epoch++;
	w->list = (lobby_Devices){ 0 };
	job_forget(w);
}

static void on_state(void *arg, struct wire_conn *conn, bool up)
{
	struct world *w = arg;

	(void)conn;
	w->messages++;
	if (w->kiosk_up || !up)
		lose_contact(w);
	w->kiosk_up = up;
}

static void start_kiosk(struct world *w)
{
	w->kiosk_back_ms = 0;
	w->slot = lobby_CardSlotState_CARD_SLOT_EMPTY;
	wire_client_start(&w->kiosk, w->loop, w->path, lobby_Program_PROGRAM_KIOSK, on_message, on_state, w);
}

/* ---- either side of the socket dies ---- */

static void set_restart(struct world *w)
{
	w->restart_ms = clock_mono_ms() + 1000 + chance_below(&w->chance, 600000);
}

static void lose_kiosk(struct world *w)
{
	world_say(w, "the kiosk dies");
	wire_close(&w->kiosk);
	lose_contact(w);
	w->kiosk_back_ms = clock_mono_ms() + 1 + chance_below(&w->chance, 5000);
}

static void restart_devices(struct world *w)
{
	world_say(w, "lobby-devices dies");
	devices_free(w->devices);
	if (bus_inside_opened(w->bus) != 0)
		world_fail(w, "%d nodes stay open without lobby-devices", bus_inside_opened(w->bus));
	if (devices_new(w->loop, w->path, &w->devices) != 0)
		world_fail(w, "lobby-devices does not start again");
	lose_contact(w);
	world_hotplugged(w);
}

static bool upset(struct world *w)
{
	if (w->kiosk_back_ms != 0) {
		if (clock_mono_ms() < w->kiosk_back_ms)
			return false;
		start_kiosk(w);
		return true;
	}
	if (w->restart_ms == 0 || clock_mono_ms() < w->restart_ms)
		return false;
	set_restart(w);
	w->restarts++;
	if (chance_percent(&w->chance, 60))
		lose_kiosk(w);
	else
		restart_devices(w);
	return true;
}

/* ---- turns ---- */

static bool waits_for_hotplug(const struct world *w)
{
	return (bus_inside_is_coming(w->bus) || bus_inside_is_going(w->bus)) &&
	       world_real_ms() - w->hotplug_real_ms < HOTPLUG_REAL_MS;
}

static void turn(struct world *w)
{
	uint64_t seen = w->messages;
	bool any = false;

	w->turns++;
	loop_turn(w->loop, 0);
	w->drained = w->messages == seen; /* a turn reads one of them */
	for (int i = 0; i < w->lane_count; i++)
		any = lane_step(w->lanes[i]) || any;
	any = job_give_late(w) || any;
	any = tester_step(w) || any;
	any = upset(w) || any;
	seen = w->messages + bus_inside_requests(w->bus);
	if (any || seen != w->seen) {
		w->seen = seen;
		w->quiet = 0;
		w->step_ms = 1;
		return;
	}
	if (++w->quiet < QUIET_TURNS)
		return;
	if (waits_for_hotplug(w)) {
		loop_turn(w->loop, 1);
		return;
	}
	clock_advance_ms(w->step_ms);
	if (w->step_ms < LONGEST_STEP_MS)
		w->step_ms *= 2;
}

/* ---- beginning and end ---- */

static int count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	if (dir == NULL)
		return -1;
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

static bool until(struct world *w, bool (*is)(const struct world *w))
{
	int64_t end = world_real_ms() + END_REAL_MS;

	while (!is(w) && w->failure[0] == '\0' && world_real_ms() < end)
		turn(w);
	return is(w);
}

static bool is_begun(const struct world *w)
{
	return w->kiosk_up;
}

static bool is_empty(const struct world *w)
{
	return w->list.device_count == 0 && bus_inside_opened(w->bus) == 0 && job_all_ended(w) && w->kiosk_up;
}

/* Ten minutes in which nothing must happen. */
static void stay_idle(struct world *w)
{
	uint64_t before;
	int64_t end;

	for (int i = 0; i < 200; i++)
		turn(w);
	before = w->messages + bus_inside_requests(w->bus);
	end = clock_mono_ms() + 600000;
	while (clock_mono_ms() < end)
		turn(w);
	if (w->messages + bus_inside_requests(w->bus) != before)
		world_fail(w, "lobby-devices does not come to rest without devices");
}

static bool has_grown(const struct world *w)
{
	return count_descriptors() > w->descriptors + DESCRIPTORS_SLACK ||
	       mallinfo2().uordblks > w->heap + HEAP_GROWTH + HEAP_GROWTH_EACH * w->sessions;
}

static void look_at_remains(struct world *w)
{
	int64_t end = world_real_ms() + REMAINS_REAL_MS;

	if (w->slot != lobby_CardSlotState_CARD_SLOT_EMPTY)
		world_fail(w, "without any reader a card is still said to be in one (%d)", (int)w->slot);
	while (has_grown(w) && world_real_ms() < end)
		loop_turn(w->loop, 1); /* other threads may still be at it */
	world_say(w, "heap: %zu before, %zu after %u sessions", w->heap, mallinfo2().uordblks, w->sessions);
	if (has_grown(w))
		world_fail(w, "%d descriptors and %zu bytes of heap before, %d and %zu after %u sessions",
			   w->descriptors, w->heap, count_descriptors(), mallinfo2().uordblks, w->sessions);
}

static bool are_over(const struct world *w)
{
	for (int i = 0; i < w->lane_count; i++)
		if (!lane_is_over(w->lanes[i]))
			return false;
	return true;
}

static void free_lanes(struct world *w)
{
	for (int i = 0; i < w->lane_count; i++)
		lane_free(w->lanes[i]);
	w->lane_count = 0;
}

/* The first device makes libraries take what they keep; what is measured begins after it. */
static void warm_up(struct world *w)
{
	w->lanes[w->lane_count++] = lane_new(w, &lane_scanner, 99, 1);
	if (!until(w, are_over) || !until(w, is_empty))
		world_fail(w, "not even the first session ends");
	free_lanes(w);
	w->sessions = 0;
}

static bool begin(struct world *w)
{
	clock_use_virtual(START_WALL_MS);
	snprintf(w->folder, sizeof(w->folder), "/tmp/lobby-world-XXXXXX");
	w->bus = bus_inside_new();
	w->loop = loop_new();
	if (w->bus == NULL || w->loop == NULL || mkdtemp(w->folder) == NULL) {
		world_fail(w, "run it under umockdev (tools/fault does)");
		return false;
	}
	snprintf(w->path, sizeof(w->path), "%s/devices.sock", w->folder);
	if (devices_new(w->loop, w->path, &w->devices) != 0) {
		world_fail(w, "lobby-devices does not start");
		return false;
	}
	start_kiosk(w);
	if (!until(w, is_begun)) {
		world_fail(w, "lobby-devices cannot be reached");
		return false;
	}
	warm_up(w);
	w->descriptors = count_descriptors();
	w->heap = mallinfo2().uordblks;
	return true;
}

static void end(struct world *w)
{
	if (w->kiosk.loop != NULL && w->kiosk_back_ms == 0)
		wire_close(&w->kiosk);
	if (w->tester.loop != NULL)
		wire_close(&w->tester);
	devices_free(w->devices);
	free_lanes(w);
	if (w->bus != NULL)
		bus_free(w->bus);
	loop_free(w->loop);
	unlink(w->path);
	rmdir(w->folder);
}

/* A kiosk has one of each; more of those that can be several. */
static void choose_lanes(struct world *w, unsigned sessions)
{
	static const struct lane_class *const classes[] = { &lane_scanner, &lane_stripe, &lane_chip, &lane_receipt,
							    &lane_label };
	const unsigned kinds = sizeof(classes) / sizeof(classes[0]);
	int count = 1 + (int)chance_below(&w->chance, WORLD_LANES);
	unsigned taken = 0;

	while (w->lane_count < count) {
		unsigned kind = chance_below(&w->chance, kinds);
		unsigned each = (sessions + (unsigned)count - 1) / (unsigned)count;

		if (classes[kind]->once && (taken & 1U << kind) != 0)
			continue;
		taken |= 1U << kind;
		w->lanes[w->lane_count] = lane_new(w, classes[kind], w->lane_count, each);
		w->lane_count++;
	}
}

static void nobody(void *arg, const struct world *w)
{
	(void)arg;
	(void)w;
}

static void play(struct world *w, unsigned sessions, void (*told)(void *arg, const struct world *world), void *arg)
{
	unsigned before = 0;

	choose_lanes(w, sessions);
	if (chance_percent(&w->chance, 50))
		set_restart(w);
	if (chance_percent(&w->chance, 30))
		tester_start(w);
	while (!are_over(w) && w->failure[0] == '\0') {
		turn(w);
		if (w->sessions != before)
			told(arg, w);
		before = w->sessions;
	}
	w->restart_ms = 0;
	tester_stop(w);
	if (w->failure[0] == '\0' && !until(w, is_empty))
		world_fail(w, "all was unplugged, and there remain %d devices, %d open nodes, %s",
			   (int)w->list.device_count, bus_inside_opened(w->bus),
			   job_all_ended(w) ? "no job" : "a job without an answer");
	if (w->failure[0] == '\0') {
		free_lanes(w);
		stay_idle(w);
		look_at_remains(w);
	}
}

bool world_play(struct world *w, uint64_t seed, unsigned number, unsigned sessions, bool talks,
		void (*told)(void *arg, const struct world *world), void *arg)
{
	*w = (struct world){ .seed = seed, .number = number, .talks = talks, .chance = chance_of(seed * 31 + number) };
	if (begin(w))
		play(w, sessions, told, arg);
	end(w);
	return w->failure[0] == '\0';
}

bool world_notices(struct world *w, uint64_t seed, enum world_sabotage sabotage)
{
	static const char *const words[WORLD_SABOTAGES] = { "", "does not get ready", "descriptors", "heap" };
	int descriptors[2 * DESCRIPTORS_SLACK + 1];
	void *volatile memory = NULL;
	bool noticed;

	*w = (struct world){ .seed = seed, .chance = chance_of(seed) };
	noticed = begin(w);
	w->sabotage = sabotage;
	for (int i = 0; i <= 2 * DESCRIPTORS_SLACK; i++)
		descriptors[i] = sabotage == WORLD_DESCRIPTORS ? dup(STDOUT_FILENO) : -1;
	if (sabotage == WORLD_MEMORY)
		memory = malloc(HEAP_GROWTH * 2);
	if (noticed)
		play(w, 1, nobody, NULL);
	end(w);
	free(memory);
	for (int i = 0; i <= 2 * DESCRIPTORS_SLACK; i++)
		if (descriptors[i] >= 0)
			close(descriptors[i]);
	return noticed && strstr(w->failure, words[sabotage]) != NULL;
}

/* The course of a session; what its device does is its kind's. */
#include "tests/fault/devices/lane.h"

#include "base/clock.h"
#include "tests/fault/devices/bus_inside.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lane *lane_new(struct world *world, const struct lane_class *class, int number, unsigned sessions)
{
	struct lane *lane = calloc(1, class->size);

	assert(lane != NULL);
	lane->class = class;
	lane->world = world;
	lane->number = number;
	lane->sessions = sessions;
	snprintf(lane->serial, sizeof(lane->serial), "%s-%d", class->name, number);
	class->init(lane);
	lane->model->strings[3] = lane->serial;
	return lane;
}

void lane_free(struct lane *lane)
{
	lane->class->fini(lane);
	free(lane);
}

bool lane_is_over(const struct lane *lane)
{
	return lane->phase == LANE_OVER;
}

/* ---- coming and going ---- */

static void enter(struct lane *lane, enum lane_phase phase)
{
	lane->phase = phase;
	lane->since_ms = clock_mono_ms();
	lane->since_real_ms = world_real_ms();
}

static void plug(struct lane *lane)
{
	world_say(lane->world, "%s: plugged in", lane->serial);
	if (!bus_plug(lane->world->bus, lane->model))
		world_fail(lane->world, "%s cannot be plugged in", lane->serial);
	world_hotplugged(lane->world);
}

static void unplug(struct lane *lane)
{
	world_say(lane->world, "%s: unplugged", lane->serial);
	bus_unplug(lane->world->bus, lane->model);
	world_hotplugged(lane->world);
}

static void make_anew(struct lane *lane)
{
	lane->class->fini(lane);
	lane->class->init(lane);
	lane->model->strings[3] = lane->serial;
}

static void complain_if_stuck(struct lane *lane, const char *what)
{
	const lobby_Device *d = world_device(lane->world, lane->serial);

	if (clock_mono_ms() - lane->since_ms > LANE_PATIENCE_MS &&
	    world_real_ms() - lane->since_real_ms > LANE_PATIENCE_REAL_MS)
		world_fail(lane->world, "session %u of %s is stuck: %s (state %d: %s)", lane->session, lane->serial,
			   what, d == NULL ? -1 : (int)d->state, d == NULL ? "not in the list" : d->detail);
}

/* ---- a session ---- */

/* When the next thing happens: so many turns of the loop from now, amid what goes on, or after a while. */
static void set_due(struct lane *lane)
{
	static const unsigned most_ms[] = { 1, 3, 10, 60, 400, 3000, 20000 };
	struct chance *c = &lane->chance;

	lane->due_ms = clock_mono_ms();
	lane->due_turn = lane->world->turns;
	if (chance_percent(c, 50))
		lane->due_turn += chance_below(c, chance_percent(c, 50) ? 8 : 200);
	else
		lane->due_ms += chance_below(c, most_ms[chance_below(c, sizeof(most_ms) / sizeof(most_ms[0]))]);
}

static void begin_talking(struct lane *lane)
{
	enter(lane, LANE_TALKING);
	set_due(lane);
}

static void plug_dishonest(struct lane *lane)
{
	make_anew(lane);
	lane->class->dress(lane, &lane->chance);
	plug(lane);
	begin_talking(lane);
}

static void go(struct lane *lane, bool honest_next)
{
	unplug(lane);
	lane->honest_next = honest_next;
	enter(lane, LANE_GOING);
}

/* Either a dishonest device comes, or the honest one that is there goes bad. */
static void begin(struct lane *lane)
{
	struct world *w = lane->world;
	struct chance *c = &lane->chance;

	if (lane->session == lane->sessions) {
		if (bus_is_plugged(lane->model))
			unplug(lane);
		enter(lane, LANE_OVER);
		return;
	}
	*c = chance_of(w->seed * 1000003 + w->number * 10007ULL + (uint64_t)lane->number * 1009 + lane->session * 101);
	for (int i = 0; i < 4; i++)
		chance_next(c);
	lane->actions = chance_below(c, chance_percent(c, 20) ? 16 : 5);
	lane->flaps = chance_percent(c, 10) ? chance_below(c, 4) : 0;
	world_say(w, "%s: session %u", lane->serial, lane->session);
	if (!bus_is_plugged(lane->model))
		plug_dishonest(lane);
	else if (chance_percent(c, 50))
		begin_talking(lane);
	else
		go(lane, false);
}

static bool talk(struct lane *lane)
{
	if (clock_mono_ms() < lane->due_ms || lane->world->turns < lane->due_turn)
		return false;
	set_due(lane);
	if (lane->actions > 0) {
		lane->actions--;
		lane->class->act(lane, &lane->chance);
	} else if (lane->flaps > 0) {
		lane->flaps--;
		lane->actions = chance_below(&lane->chance, 3);
		unplug(lane);
		plug(lane);
	} else {
		go(lane, true);
	}
	return true;
}

static bool gone(struct lane *lane)
{
	if (world_device(lane->world, lane->serial) != NULL || bus_inside_is_going(lane->world->bus) ||
	    !lane->world->drained) {
		complain_if_stuck(lane, "unplugged, and still there");
		return false;
	}
	if (!lane->honest_next) {
		plug_dishonest(lane);
		return true;
	}
	make_anew(lane);
	if (lane->world->sabotage != WORLD_STUCK)
		plug(lane);
	enter(lane, LANE_COMING);
	return true;
}

static bool come(struct lane *lane)
{
	const lobby_Device *d = world_device(lane->world, lane->serial);

	if (d == NULL || d->state != lobby_DeviceState_DEVICE_READY || !lane->world->kiosk_up) {
		complain_if_stuck(lane, "it does not get ready");
		return false;
	}
	if (tester_is_testing(lane->world))
		return false;
	lane->epoch = lane->world->epoch;
	lane->tests = lane->world->tests;
	lane->phase = LANE_WORKING;
	lane->class->work(lane, &lane->chance);
	return true;
}

static bool work(struct lane *lane)
{
	if (lane->epoch != lane->world->epoch) {
		enter(lane, LANE_COMING); /* whatever it did, nobody heard of it */
		return true;
	}
	if (!lane->class->has_worked(lane) && lane->tests != lane->world->tests) {
		enter(lane, LANE_COMING); /* the test may have taken it */
		return true;
	}
	if (!lane->class->has_worked(lane)) {
		complain_if_stuck(lane, "it is ready and does not do its work");
		return false;
	}
	lane->session++;
	lane->world->sessions++;
	lane->phase = LANE_FREE;
	return true;
}

bool lane_step(struct lane *lane)
{
	switch (lane->phase) {
	case LANE_FREE:
		begin(lane);
		return true;
	case LANE_TALKING:
		return talk(lane);
	case LANE_GOING:
		return gone(lane);
	case LANE_COMING:
		return come(lane);
	case LANE_WORKING:
		return work(lane);
	case LANE_OVER:
		break;
	}
	return false;
}

/* Keys and touches on the appliance: SDL's evdev driver, made pollable and made to fit the panel.
 *
 * SDL opens the devices and hears of new ones by itself (udev), but only when it is asked for events, and asking all
 * the time would wake an idle kiosk. Its descriptors are ordinary ones of this process, though: they are found by what
 * they are (character devices of the input subsystem, a netlink socket in udevd's group) and watched; whenever one is
 * readable SDL is asked. SDL opens and closes them: they are only ever polled here, and looked for anew when devices
 * may have changed.
 *
 * SDL 2.26 hands an absolute pointer's position over as the device has it (0 to 32767, say), with no window to scale it
 * to, and with 0 for an axis that did not change: both are put right here, and everything is turned with the panel. The
 * cursor is never shown. */
#ifndef LOBBY_KIOSK_INPUT_H
#define LOBBY_KIOSK_INPUT_H

#include "base/loop.h"
#include "turn.h"

#include <SDL2/SDL.h>
#include <stdbool.h>
#include <sys/types.h>

#define INPUT_MAX 32

/** An axis of a device, in its own units. */
struct input_axis {
	int min, max;
	int last; /* as far as events were handled */
	int now;  /* when SDL was asked */
};

struct input_device {
	int fd;
	bool pointer;  /* has a position or moves one */
	bool absolute; /* x and y are valid */
	struct input_axis x, y;
};

struct input {
	struct loop *loop;
	const struct turn *turn; /* the owner's; as it is at the moment */
	struct input_device devices[INPUT_MAX];
	int count;
	struct input_device *source; /* of devices: where mouse events come from now; NULL: unknown */
	SDL_Point pointer;	     /* in the picture */
	SDL_Event held;		     /* comes next; type is 0: none */
	void (*on_ready)(void *arg);
	void *arg;
};

/** Watches SDL's descriptors; on_ready is called when SDL should be asked for events with input_next(). */
void input_init(struct input *input, struct loop *loop, const struct turn *turn, void (*on_ready)(void *arg),
		void *arg);
void input_fini(struct input *input);
/** The next event of SDL's queue, in the picture's coordinates; fingers in fractions of it. False: no more. */
bool input_next(struct input *input, SDL_Event *event);

/* ---- for tests ---- */

/** Moves *pointer and the event to where this event of this pointer (or NULL) happened. */
void input_place(struct input_device *source, const struct turn *turn, SDL_Point *pointer, SDL_Event *event);

#endif

/* The window: SDL2's software surface, and SDL's events made pollable.
 *
 * No GPU: SDL_HINT_FRAMEBUFFER_ACCELERATION is off, which keeps Mesa out of the process. SDL_WaitEvent() polls on some
 * video drivers, so it is not used: on X11 the connection's descriptor goes into the loop; the offscreen and dummy
 * drivers have no input of their own; any other driver is looked at every 10 ms while the kiosk is awake. */
#ifndef LOBBY_KIOSK_WINDOW_H
#define LOBBY_KIOSK_WINDOW_H

#include "base/loop.h"
#include "ui/ui.h"

#include <SDL2/SDL.h>

typedef void window_event_fn(void *arg, const SDL_Event *event);

struct window {
	SDL_Window *sdl;
	SDL_Surface *surface; /* SDL's; valid until the window is resized */
	struct loop *loop;
	int fd;
	struct loop_timer poll;
	window_event_fn *on_event;
	void *arg;
	unsigned presented; /* frames since the start */
};

int window_init(struct window *window, struct loop *loop, const struct ui_panel *panel, bool fullscreen,
		window_event_fn *on_event, void *arg) MUST_CHECK;
void window_fini(struct window *window);
/** Shows these rectangles of the surface. */
void window_present(struct window *window, const SDL_Rect *rects, int count);
/** After SDL_WINDOWEVENT_SIZE_CHANGED. */
void window_renew_surface(struct window *window);

#endif

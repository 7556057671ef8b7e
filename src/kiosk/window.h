/* What the kiosk draws into, and where its events come from.
 *
 * On a desk machine that is a window: SDL2's software surface. No GPU: SDL_HINT_FRAMEBUFFER_ACCELERATION is off, which
 * keeps Mesa out of the process. SDL_WaitEvent() polls on some video drivers, so it is not used: on X11 the
 * connection's descriptor goes into the loop; the offscreen and dummy drivers have no input of their own; any other
 * driver is looked at every 10 ms.
 *
 * On an appliance it is the display itself (display.h) with the keys and touches of SDL's evdev driver (input.h), and
 * no SDL window at all. Its size is the panel's as it hangs there, and may change while the program runs: then, as with
 * a window, SDL_WINDOWEVENT_SIZE_CHANGED is handed to on_event. */
#ifndef LOBBY_KIOSK_WINDOW_H
#define LOBBY_KIOSK_WINDOW_H

#include "base/loop.h"
#include "display.h"
#include "input.h"
#include "ui/ui.h"

#include <SDL2/SDL.h>

typedef void window_event_fn(void *arg, const SDL_Event *event);

struct window_options {
	struct ui_panel panel; /* of the window; on a display while there is none */
	bool fullscreen;
	bool drm;	       /* on the display itself; so it is with SDL_VIDEODRIVER=evdev */
	double width_mm;       /* of the panel as it is made; 0: as the display says, else the usual */
	const char *setting;   /* file with the panel's setting (panel.h) */
	const char *presented; /* NULL, or a file to make when a display has taken the first frame */
};

struct window {
	SDL_Window *sdl;       /* NULL on a display */
	SDL_Surface *surface;  /* to draw into; valid until the size changes */
	struct ui_panel panel; /* of the surface */
	struct loop *loop;
	int fd;
	struct loop_timer poll;
	window_event_fn *on_event;
	void *arg;
	unsigned presented; /* frames since the start */
	bool on_display;
	struct display display;
	struct input input;
	const char *presented_path; /* until it is made */
};

/** Borrows the options' strings. */
int window_init(struct window *window, struct loop *loop, const struct window_options *options,
		window_event_fn *on_event, void *arg) MUST_CHECK;
void window_fini(struct window *window);
/** Shows these rectangles of the surface. */
void window_present(struct window *window, const SDL_Rect *rects, int count);
/** After SDL_WINDOWEVENT_SIZE_CHANGED: surface and panel are new. */
void window_renew_surface(struct window *window);
/** Another setting of the panel: in force at once. Ignored where there is no panel of ours. */
void window_set_panel(struct window *window, const lobby_Panel *setting);
/** A frame is on a display that people can see. */
bool window_is_presented(const struct window *window);
/** Which display that is: "Virtual-1 1280x800 rotated 90", "x11 1080x1920", or "none". */
void window_describe(const struct window *window, char *out, size_t size);

#endif

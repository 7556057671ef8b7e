/* See window.h. */
#include "window.h"

#include "base/log.h"

#include <SDL2/SDL_syswm.h>
#include <poll.h>
#include <string.h>

#define LOOK_MS 10
/* On a desk machine: at the start of the display, so that lobby-emu's window has room beside it. */
#define WINDOW_X 40
#define WINDOW_Y 40

static void pump(struct window *window)
{
	SDL_Event event;

	while (SDL_PollEvent(&event))
		window->on_event(window->arg, &event);
}

static void on_fd(void *arg, int fd, short revents)
{
	(void)fd;
	(void)revents;
	pump(arg);
}

static void on_look(void *arg)
{
	struct window *window = arg;

	pump(window);
	loop_timer_set(window->loop, &window->poll, LOOK_MS, on_look, window);
}

/* Makes SDL's events reach the loop. */
static int watch_events(struct window *window)
{
	const char *driver = SDL_GetCurrentVideoDriver();
	SDL_SysWMinfo info;

	SDL_VERSION(&info.version);
	window->fd = -1;
	if (strcmp(driver, "offscreen") == 0 || strcmp(driver, "dummy") == 0)
		return 0;
	if (strcmp(driver, "x11") == 0 && SDL_GetWindowWMInfo(window->sdl, &info)) {
		window->fd = ConnectionNumber(info.info.x11.display);
		return loop_fd_add(window->loop, window->fd, POLLIN, on_fd, window);
	}
	loop_timer_set(window->loop, &window->poll, LOOK_MS, on_look, window);
	return 0;
}

int window_init(struct window *window, struct loop *loop, const struct ui_panel *panel, bool fullscreen,
		window_event_fn *on_event, void *arg)
{
	Uint32 flags = fullscreen ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0;

	*window = (struct window){ .loop = loop, .on_event = on_event, .arg = arg, .fd = -1 };
	SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0");
	SDL_SetHint(SDL_HINT_TOUCH_MOUSE_EVENTS, "0");
	SDL_SetHint(SDL_HINT_MOUSE_TOUCH_EVENTS, "0");
	SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
	SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
	if (SDL_Init(SDL_INIT_VIDEO) != 0)
		goto fail;
	window->sdl = SDL_CreateWindow("Lobby", WINDOW_X, WINDOW_Y, panel->width_px, panel->height_px, flags);
	if (window->sdl == NULL)
		goto fail;
	window_renew_surface(window);
	if (window->surface == NULL || watch_events(window) != 0)
		goto fail;
	if (fullscreen)
		SDL_ShowCursor(SDL_DISABLE);
	return 0;
fail:
	log_event(LOG_ERROR, "window", "reason=\"%s\"", SDL_GetError());
	window_fini(window);
	return LOBBY_ERR_IO;
}

void window_fini(struct window *window)
{
	if (window->loop != NULL) {
		loop_timer_cancel(window->loop, &window->poll);
		if (window->fd >= 0)
			loop_fd_remove(window->loop, window->fd);
	}
	if (window->sdl != NULL)
		SDL_DestroyWindow(window->sdl);
	*window = (struct window){ .fd = -1 };
	SDL_Quit();
}

void window_renew_surface(struct window *window)
{
	window->surface = SDL_GetWindowSurface(window->sdl);
}

void window_present(struct window *window, const SDL_Rect *rects, int count)
{
	if (count > 0 && SDL_UpdateWindowSurfaceRects(window->sdl, rects, count) == 0)
		window->presented++;
}

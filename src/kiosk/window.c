/* See window.h. */
#include "window.h"

#include "base/log.h"

#include <SDL2/SDL_syswm.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOOK_MS 10
/* On a desk machine: at the start of the display, so that lobby-emu's window has room beside it. */
#define WINDOW_X 40
#define WINDOW_Y 40

/* ---- events ---- */

static void pump(struct window *window)
{
	SDL_Event event;

	while (window->on_display ? input_next(&window->input, &event) : SDL_PollEvent(&event))
		window->on_event(window->arg, &event);
}

static void on_ready(void *arg)
{
	pump(arg);
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

static bool is_driver(const char *name)
{
	return strcmp(SDL_GetCurrentVideoDriver(), name) == 0;
}

/* Makes SDL's events reach the loop. */
static int watch_events(struct window *window)
{
	SDL_SysWMinfo info;

	SDL_VERSION(&info.version);
	if (is_driver("offscreen") || is_driver("dummy"))
		return 0;
	if (is_driver("x11") && SDL_GetWindowWMInfo(window->sdl, &info)) {
		window->fd = ConnectionNumber(info.info.x11.display);
		return loop_fd_add(window->loop, window->fd, POLLIN, on_fd, window);
	}
	loop_timer_set(window->loop, &window->poll, LOOK_MS, on_look, window);
	return 0;
}

/* ---- life ---- */

static void set_hints(const struct window_options *options)
{
	SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0");
	SDL_SetHint(SDL_HINT_TOUCH_MOUSE_EVENTS, "0");
	SDL_SetHint(SDL_HINT_MOUSE_TOUCH_EVENTS, "0");
	SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
	SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
	if (options->drm)
		SDL_SetHintWithPriority(SDL_HINT_VIDEODRIVER, "evdev", SDL_HINT_OVERRIDE);
}

static int open_window(struct window *window, const struct window_options *options)
{
	Uint32 flags = options->fullscreen ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0;

	window->panel = options->panel;
	window->sdl =
		SDL_CreateWindow("Lobby", WINDOW_X, WINDOW_Y, options->panel.width_px, options->panel.height_px, flags);
	if (window->sdl == NULL)
		return LOBBY_ERR_IO;
	window_renew_surface(window);
	if (window->surface == NULL)
		return LOBBY_ERR_IO;
	if (options->fullscreen)
		SDL_ShowCursor(SDL_DISABLE);
	return watch_events(window);
}

static void on_display_change(void *arg)
{
	struct window *window = arg;
	SDL_Event event = { .type = SDL_WINDOWEVENT };

	event.window.event = SDL_WINDOWEVENT_SIZE_CHANGED;
	window->on_event(window->arg, &event);
}

static int open_display(struct window *window, const struct window_options *options)
{
	lobby_Panel setting = options->setting != NULL ? panel_read(options->setting) : (lobby_Panel){ 0 };
	int err = display_init(&window->display, window->loop, &options->panel, options->width_mm, &setting,
			       on_display_change, window);

	if (err != 0)
		return err;
	window->presented_path = options->presented;
	window_renew_surface(window);
	input_init(&window->input, window->loop, &window->display.turn, on_ready, window);
	return 0;
}

int window_init(struct window *window, struct loop *loop, const struct window_options *options,
		window_event_fn *on_event, void *arg)
{
	int err = LOBBY_ERR_IO;

	*window = (struct window){ .loop = loop, .on_event = on_event, .arg = arg, .fd = -1 };
	set_hints(options);
	if (SDL_Init(SDL_INIT_VIDEO) == 0) {
		window->on_display = is_driver("evdev");
		err = window->on_display ? open_display(window, options) : open_window(window, options);
	}
	if (err != 0) {
		log_event(LOG_ERROR, "window", "err=%s reason=\"%s\"", err_event(err), SDL_GetError());
		window_fini(window);
	}
	return err;
}

void window_fini(struct window *window)
{
	if (window->loop != NULL) {
		loop_timer_cancel(window->loop, &window->poll);
		if (window->fd >= 0)
			loop_fd_remove(window->loop, window->fd);
	}
	if (window->on_display) {
		input_fini(&window->input);
		display_fini(&window->display);
	}
	if (window->sdl != NULL)
		SDL_DestroyWindow(window->sdl);
	*window = (struct window){ .fd = -1 };
	SDL_Quit();
}

/* ---- showing ---- */

void window_renew_surface(struct window *window)
{
	if (window->on_display) {
		window->surface = window->display.surface;
		window->panel = window->display.panel;
		return;
	}
	window->surface = SDL_GetWindowSurface(window->sdl);
	if (window->surface == NULL)
		return;
	window->panel.width_px = window->surface->w;
	window->panel.height_px = window->surface->h;
}

/* For a splash that this program may not end. Once: the file stays, as long as the machine runs. */
static void tell_presented(struct window *window)
{
	int fd;

	if (window->presented_path == NULL)
		return;
	fd = open(window->presented_path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd >= 0)
		close(fd);
	window->presented_path = NULL;
}

void window_present(struct window *window, const SDL_Rect *rects, int count)
{
	if (count <= 0)
		return;
	if (!window->on_display) {
		window->presented += SDL_UpdateWindowSurfaceRects(window->sdl, rects, count) == 0;
	} else if (display_present(&window->display, rects, count)) {
		window->presented++;
		tell_presented(window);
	}
}

void window_set_panel(struct window *window, const lobby_Panel *setting)
{
	if (window->on_display)
		display_set(&window->display, setting);
}

static bool is_seen(void)
{
	return !is_driver("offscreen") && !is_driver("dummy");
}

bool window_is_presented(const struct window *window)
{
	return window->on_display ? display_is_shown(&window->display) : window->presented > 0 && is_seen();
}

void window_describe(const struct window *window, char *out, size_t size)
{
	if (window->on_display)
		display_describe(&window->display, out, size);
	else if (is_seen())
		snprintf(out, size, "%s %dx%d", SDL_GetCurrentVideoDriver(), window->panel.width_px,
			 window->panel.height_px);
	else
		snprintf(out, size, "none");
}

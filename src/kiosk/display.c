/* See display.h. There is one question, "what is there now?" (look), asked at the start, when the kernel or udevd tells
 * of a change, when showing fails, and by a timer while the answer is "nothing". */
#include "display.h"

#include "base/log.h"

#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The groups of NETLINK_KOBJECT_UEVENT: the kernel's own, and udevd's, which follow once a node's permissions are set.
 */
#define FROM_KERNEL 1U
#define FROM_UDEVD 2U
#define MAX_UEVENTS 64 /* taken from the socket at a time */
#define AGAIN_MS 5000
#define AGAIN_FIRST_MS 250
#define DEFAULT_PORTRAIT_MM 194.0
#define DEFAULT_LANDSCAPE_MM 336.0

static void look(struct display *display);

/* ---- the picture ---- */

static double px_per_mm(const struct display *display)
{
	const struct drm_output *out = &display->output;
	SDL_Point panel = turn_panel_size(&display->turn);
	double known = 0;

	if (display->width_mm > 0)
		return panel.x / display->width_mm;
	if (out->fd >= 0)
		known = panel_px_per_mm(panel.x, panel.y, out->width_mm, out->height_mm);
	if (known > 0)
		return known;
	return panel.x / (panel.x < panel.y ? DEFAULT_PORTRAIT_MM : DEFAULT_LANDSCAPE_MM);
}

/* Makes the surface fit the turn. */
static int fit(struct display *display, struct turn turn)
{
	SDL_Surface *surface = display->surface;

	if (surface == NULL || surface->w != turn.width || surface->h != turn.height) {
		surface = SDL_CreateRGBSurfaceWithFormat(0, turn.width, turn.height, 32, SDL_PIXELFORMAT_RGB888);
		if (surface == NULL)
			return LOBBY_ERR_NO_MEMORY;
		SDL_FreeSurface(display->surface);
		display->surface = surface;
	}
	display->turn = turn;
	display->panel = (struct ui_panel){ turn.width, turn.height, px_per_mm(display) };
	return 0;
}

/* ---- the output ---- */

static void on_again(void *arg)
{
	look(arg);
}

static void look_again(struct display *display)
{
	int64_t delay_ms = AGAIN_FIRST_MS;

	for (int i = 0; i < display->attempts && delay_ms < AGAIN_MS; i++)
		delay_ms *= 2;
	display->attempts++;
	loop_timer_set(display->loop, &display->again, SDL_min(delay_ms, AGAIN_MS), on_again, display);
}

static void tell(const struct display *display, int before)
{
	const struct drm_output *out = &display->output;

	if (out->fd < 0) {
		if (before != display->err)
			log_event(LOG_WARNING, "display-none", "err=%s", err_event(display->err));
		return;
	}
	log_event(LOG_NOTICE, "display", "card=%s connector=%s mode=%ux%u rotation=%d others=%d", out->card, out->name,
		  out->mode.hdisplay, out->mode.vdisplay, display->turn.degrees, out->others);
	if (out->wanted_missing)
		log_event(LOG_WARNING, "display-not-the-set-one", "set=%s", display->setting.connector);
}

/* Opens what there is. True if that changed anything. */
static bool try_open(struct display *display)
{
	int before = display->err;

	display->err = drm_open(&display->output, &display->setting);
	if (display->err == 0)
		display->err =
			fit(display, turn_for_panel((int)display->setting.rotation, display->output.mode.hdisplay,
						    display->output.mode.vdisplay));
	if (display->err != 0)
		drm_close(&display->output);
	tell(display, before);
	if (display->err != 0) {
		look_again(display);
		return false;
	}
	display->attempts = 0;
	loop_timer_cancel(display->loop, &display->again);
	return true;
}

static void look(struct display *display)
{
	bool had = display->output.fd >= 0;

	if (had && drm_is_there(&display->output) && !display->output.wanted_missing)
		return;
	drm_close(&display->output);
	if (try_open(display) || had)
		display->on_change(display->arg);
}

/* ---- what the kernel and udevd tell ---- */

static bool is_about_displays(const char *message, size_t len)
{
	static const char wanted[] = "SUBSYSTEM=drm";

	return memmem(message, len, wanted, sizeof(wanted)) != NULL;
}

static void on_uevent(void *arg, int fd, short revents)
{
	struct display *display = arg;
	bool changed = false;
	char message[8192];

	(void)revents;
	for (int i = 0; i < MAX_UEVENTS; i++) {
		ssize_t n = recv(fd, message, sizeof(message), MSG_DONTWAIT);

		if (n <= 0)
			break;
		changed = changed || is_about_displays(message, (size_t)n);
	}
	if (changed)
		look(display);
}

static void listen_for_displays(struct display *display)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = FROM_KERNEL | FROM_UDEVD };

	display->uevents = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
	if (display->uevents >= 0 && bind(display->uevents, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
	    loop_fd_add(display->loop, display->uevents, POLLIN, on_uevent, display) == 0)
		return;
	log_event(LOG_WARNING, "display-no-uevents", "retry_ms=%d", AGAIN_MS);
	if (display->uevents >= 0)
		close(display->uevents);
	display->uevents = -1;
}

/* ---- life ---- */

int display_init(struct display *display, struct loop *loop, const struct ui_panel *panel, double width_mm,
		 const lobby_Panel *setting, display_change_fn *on_change, void *arg)
{
	int err;

	*display = (struct display){
		.loop = loop,
		.setting = panel_clean(setting),
		.output.fd = -1,
		.width_mm = width_mm,
		.uevents = -1,
		.on_change = on_change,
		.arg = arg,
	};
	err = fit(display, (struct turn){ 0, panel->width_px, panel->height_px });
	if (err != 0)
		return err;
	listen_for_displays(display); /* before the first look: nothing falls between */
	(void)try_open(display);
	return 0;
}

void display_fini(struct display *display)
{
	if (display->loop == NULL)
		return;
	loop_timer_cancel(display->loop, &display->again);
	if (display->uevents >= 0) {
		loop_fd_remove(display->loop, display->uevents);
		close(display->uevents);
	}
	drm_close(&display->output);
	SDL_FreeSurface(display->surface);
	*display = (struct display){ .output.fd = -1, .uevents = -1 };
}

void display_set(struct display *display, const lobby_Panel *setting)
{
	lobby_Panel clean = panel_clean(setting), was = display->setting;
	const struct drm_output *out = &display->output;

	if (panel_is_same(&clean, &was))
		return;
	display->setting = clean;
	was.rotation = clean.rotation;
	/* Another rotation alone is the same output with another picture: nothing goes black. */
	if (out->fd < 0 || !panel_is_same(&clean, &was) ||
	    fit(display, turn_for_panel((int)clean.rotation, out->mode.hdisplay, out->mode.vdisplay)) != 0) {
		drm_close(&display->output);
		display->attempts = 0;
		(void)try_open(display);
	} else {
		tell(display, 0);
	}
	display->on_change(display->arg);
}

bool display_present(struct display *display, const SDL_Rect *rects, int count)
{
	struct drm_output *out = &display->output;
	const SDL_Rect all = { 0, 0, display->turn.width, display->turn.height };
	SDL_Rect turned[32];
	int err;

	if (out->fd < 0)
		return false;
	if (!out->shown) {
		rects = &all;
		count = 1;
	}
	count = SDL_min(count, (int)SDL_arraysize(turned));
	for (int i = 0; i < count; i++) {
		turn_copy(&display->turn, rects[i], display->surface->pixels, display->surface->pitch / 4, out->pixels,
			  out->pitch);
		turned[i] = turn_rect(&display->turn, rects[i]);
	}
	err = drm_show(out, turned, count);
	if (err == 0)
		return true;
	log_event(LOG_ERROR, "display-lost", "err=%s", err_event(err));
	drm_close(out);
	display->err = err;
	look_again(display);
	return false;
}

bool display_is_shown(const struct display *display)
{
	return display->output.fd >= 0 && display->output.shown;
}

void display_describe(const struct display *display, char *out, size_t size)
{
	const struct drm_output *o = &display->output;
	int n;

	if (o->fd < 0) {
		snprintf(out, size, display->err == LOBBY_ERR_NOT_FOUND ? "none" : "none (%s)",
			 err_event(display->err));
		return;
	}
	n = snprintf(out, size, "%s %ux%u", o->name, o->mode.hdisplay, o->mode.vdisplay);
	if (display->turn.degrees != 0 && n >= 0 && (size_t)n < size)
		n += snprintf(out + n, size - (size_t)n, " rotated %d", display->turn.degrees);
	if (o->others > 0 && n >= 0 && (size_t)n < size)
		snprintf(out + n, size - (size_t)n, ", %d more dark", o->others);
}

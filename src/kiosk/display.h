/* The appliance's display: a picture in memory, turned onto a dumb buffer of whichever card and connector has a panel.
 *
 * The picture (`surface`, 32-bit XRGB, in the size that patients see) is always there, panel or not: what is drawn
 * while there is none is shown when one comes. A display that comes, goes or changes is heard of from the kernel and
 * from udevd (netlink(7), NETLINK_KOBJECT_UEVENT); besides, the cards are looked at every 5 s while there is none,
 * sooner at first. Nothing happens while nothing changes. */
#ifndef LOBBY_KIOSK_DISPLAY_H
#define LOBBY_KIOSK_DISPLAY_H

#include "base/loop.h"
#include "drm.h"
#include "turn.h"
#include "ui/ui.h"

/** The display came or went, or the picture's surface is another one now: draw and show all of it. */
typedef void display_change_fn(void *arg);

struct display {
	struct loop *loop;
	lobby_Panel setting;
	struct drm_output output; /* fd is -1: none */
	struct turn turn;
	SDL_Surface *surface;
	struct ui_panel panel; /* of the surface */
	double width_mm;       /* of the panel as it is made, if that is known better than it says; 0: ask it */
	int err;	       /* why there is no output */
	int attempts;	       /* without one */
	struct loop_timer again;
	int uevents; /* netlink socket; -1: none */
	display_change_fn *on_change;
	void *arg;
};

/** Opens the display of the setting if there is one; without, the picture has the size of `panel`. on_change is not
 * called before this returns. LOBBY_ERR_NO_MEMORY. */
int display_init(struct display *display, struct loop *loop, const struct ui_panel *panel, double width_mm,
		 const lobby_Panel *setting, display_change_fn *on_change, void *arg) MUST_CHECK;
void display_fini(struct display *display);
/** Another setting: in force when this returns. */
void display_set(struct display *display, const lobby_Panel *setting);
/** Shows these rectangles of the surface. False if they did not reach a display. */
bool display_present(struct display *display, const SDL_Rect *rects, int count);
/** A frame reached the display that there is now. */
bool display_is_shown(const struct display *display);
/** "Virtual-1 1280x800 rotated 90", or "none" and why. For the technician. */
void display_describe(const struct display *display, char *out, size_t size);

#endif

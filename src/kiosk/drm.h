/* One connector of one graphics card that shows a buffer of ours: kernel mode setting and "dumb" buffers, which every
 * driver has, so that no other graphics stack is needed (Linux, Documentation/gpu/drm-kms.rst; drm-memory(7)).
 *
 * The first to open a card while nobody is its master becomes that, without privileges; it is what showing needs. All
 * calls return at once or within a frame or two of the display. Sizes in pixels. */
#ifndef LOBBY_KIOSK_DRM_H
#define LOBBY_KIOSK_DRM_H

#include "base/err.h"
#include "panel.h"

#include <SDL2/SDL.h>
#include <stdbool.h>
#include <stdint.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

struct drm_output {
	int fd; /* of the card; -1: no output */
	char card[16];
	char name[32]; /* of the connector: "HDMI-A-1" */
	uint32_t connector, crtc;
	drmModeModeInfo mode;
	unsigned width_mm, height_mm; /* what the display says of itself; 0 if nothing */
	int others;		      /* connectors with a display that stay dark, on all cards */
	bool wanted_missing;	      /* the setting names a connector that has no display */

	uint32_t handle, framebuffer;
	uint32_t *pixels; /* mode.vdisplay rows of pitch */
	size_t size;
	int pitch; /* in pixels */
	bool shown;
	bool no_dirty; /* the driver shows what is written by itself */
};

/** Looks at all cards for the connector and the mode of the setting, else the first connector with a display and what
 * that prefers, and makes a black buffer for it. Nothing is shown yet. LOBBY_ERR_NOT_FOUND: no card, or no display.
 * LOBBY_ERR_FORBIDDEN: a card that may not be opened. LOBBY_ERR_BUSY: another program is a card's master.
 * LOBBY_ERR_IO, LOBBY_ERR_NO_MEMORY. */
int drm_open(struct drm_output *out, const lobby_Panel *panel) MUST_CHECK;
/** Gives all back; harmless without an output. */
void drm_close(struct drm_output *out);
/** Shows the buffer on this connector and leaves the card's others dark, or, once shown, says which parts of it have
 * changed. LOBBY_ERR_BUSY, LOBBY_ERR_IO. */
int drm_show(struct drm_output *out, const SDL_Rect *rects, int count) MUST_CHECK;
/** Asks the hardware whether the display is still there and takes the mode. */
bool drm_is_there(const struct drm_output *out);

#endif

/* One connector that shows a picture of ours: kernel mode setting and a dumb buffer by the kernel's own ioctls (Linux,
 * Documentation/gpu/drm-uapi.rst; drm-memory(7)), because init links no library for it.
 *
 * Connector and mode are chosen by the rule of lobby-kiosk (image/README.md, "Display and input"), so that its first
 * frame is no mode set. Pixels; pitch in pixels, too. */
#ifndef LOBBY_INIT_KMS_H
#define LOBBY_INIT_KMS_H

#include "base/err.h"
#include "wire.pb.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <drm.h>
#include <drm_mode.h>

struct kms {
	int fd;	       /* of the card, -1: none */
	char card[8];  /* "card0" */
	char name[32]; /* "HDMI-A-1" */
	uint32_t connector, crtc, framebuffer;
	struct drm_mode_modeinfo mode;
	uint32_t *pixels; /* mode.vdisplay rows of pitch */
	int pitch;
	bool exact; /* the connector that the setting names */
};

/** The setting's connector, else the first with a display, and a buffer for it; nothing is shown yet.
 * LOBBY_ERR_NOT_FOUND, LOBBY_ERR_IO. */
int kms_open(struct kms *out, const lobby_Panel *panel) MUST_CHECK;
void kms_close(struct kms *kms);
/** Becomes the card's master and shows the buffer. LOBBY_ERR_IO. */
int kms_take(struct kms *kms) MUST_CHECK;
/** Shows what was written to the buffer since, and leaves the card to the next who opens it. */
void kms_leave(struct kms *kms);
/** True once another program shows something there. */
bool kms_is_taken(const struct kms *kms);

#endif

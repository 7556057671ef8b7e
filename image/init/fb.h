/* The picture on a plain frame buffer, for machines whose graphics no driver of ours knows: the firmware's (Linux,
 * Documentation/fb/api.rst). */
#ifndef LOBBY_INIT_FB_H
#define LOBBY_INIT_FB_H

#include "base/err.h"

#include <linux/fb.h>
#include <stddef.h>
#include <stdint.h>

struct fb {
	int fd; /* -1: none */
	struct fb_var_screeninfo format;
	uint8_t *memory;
	size_t size;
	size_t pitch; /* bytes */
};

/** LOBBY_ERR_NOT_FOUND: there is none, or one of a kind that nobody has any more (fewer than 16 bits, or a palette). */
int fb_open(struct fb *out) MUST_CHECK;
void fb_close(struct fb *fb);
/** A whole picture, width * height of the format. */
void fb_show(struct fb *fb, const uint32_t *pixels);

#endif

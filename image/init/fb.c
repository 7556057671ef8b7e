/* See fb.h. The format says where each colour's bits are. */
#include "fb.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define SIDE_MAX 8192

static bool fits(const struct fb_bitfield *field, uint32_t bits)
{
	return field->length > 0 && field->length <= 8 && field->offset <= bits - field->length &&
	       field->msb_right == 0;
}

static bool is_usable(const struct fb_var_screeninfo *v, const struct fb_fix_screeninfo *f)
{
	if (v->bits_per_pixel != 16 && v->bits_per_pixel != 32)
		return false;
	if (v->xres == 0 || v->yres == 0 || v->xres > SIDE_MAX || v->yres > SIDE_MAX ||
	    f->line_length / (v->bits_per_pixel / 8) < v->xres || f->smem_len / f->line_length < v->yres)
		return false;
	return fits(&v->red, v->bits_per_pixel) && fits(&v->green, v->bits_per_pixel) &&
	       fits(&v->blue, v->bits_per_pixel);
}

int fb_open(struct fb *out)
{
	struct fb_fix_screeninfo fixed;
	struct fb fb = { .fd = open("/dev/fb0", O_RDWR | O_CLOEXEC) };
	void *memory;

	if (fb.fd < 0)
		return LOBBY_ERR_NOT_FOUND;
	if (ioctl(fb.fd, FBIOGET_VSCREENINFO, &fb.format) != 0 || ioctl(fb.fd, FBIOGET_FSCREENINFO, &fixed) != 0 ||
	    !is_usable(&fb.format, &fixed)) {
		close(fb.fd);
		return LOBBY_ERR_NOT_FOUND;
	}
	fb.size = fixed.smem_len;
	fb.pitch = fixed.line_length;
	memory = mmap(NULL, fb.size, PROT_READ | PROT_WRITE, MAP_SHARED, fb.fd, 0);
	if (memory == MAP_FAILED) {
		close(fb.fd);
		return LOBBY_ERR_NOT_FOUND;
	}
	fb.memory = memory;
	*out = fb;
	return 0;
}

void fb_close(struct fb *fb)
{
	if (fb->fd < 0)
		return;
	munmap(fb->memory, fb->size);
	close(fb->fd);
	fb->fd = -1;
}

static uint32_t bits_of(const struct fb_bitfield *field, uint32_t value)
{
	return value >> (8 - field->length) << field->offset;
}

void fb_show(struct fb *fb, const uint32_t *pixels)
{
	const struct fb_var_screeninfo *v = &fb->format;
	size_t bytes = v->bits_per_pixel / 8;

	for (uint32_t y = 0; y < v->yres; y++)
		for (uint32_t x = 0; x < v->xres; x++) {
			uint32_t rgb = *pixels++;
			uint32_t out = bits_of(&v->red, rgb >> 16 & 255) | bits_of(&v->green, rgb >> 8 & 255) |
				       bits_of(&v->blue, rgb & 255);

			/* Little-endian, as x86 is: the low bytes are the pixel. */
			memcpy(fb->memory + y * fb->pitch + x * bytes, &out, bytes);
		}
}

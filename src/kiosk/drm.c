/* See drm.h. A card is opened, looked at, and closed again unless it has the best connector so far: the one that the
 * setting names is better than any other, and the first one better than later ones. */
#include "drm.h"

#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_CARDS 16
#define MAX_RECTS 32
#define SIDE_MIN 320
#define SIDE_MAX 8192

/* ---- choosing ---- */

static void name_connector(const drmModeConnector *c, char *out, size_t size)
{
	const char *type = drmModeGetConnectorTypeName(c->connector_type);

	snprintf(out, size, "%s-%u", type != NULL ? type : "Unknown", c->connector_type_id);
}

static bool usable(const drmModeModeInfo *mode)
{
	return mode->hdisplay >= SIDE_MIN && mode->vdisplay >= SIDE_MIN && mode->hdisplay <= SIDE_MAX &&
	       mode->vdisplay <= SIDE_MAX && (mode->flags & DRM_MODE_FLAG_INTERLACE) == 0;
}

/* The wanted mode, else the preferred one, else the first; the kernel lists the best refresh rate first. */
static const drmModeModeInfo *choose_mode(const drmModeConnector *c, const char *wanted)
{
	const drmModeModeInfo *preferred = NULL, *first = NULL;
	char name[16];

	for (int i = 0; i < c->count_modes; i++) {
		const drmModeModeInfo *mode = &c->modes[i];

		if (!usable(mode))
			continue;
		snprintf(name, sizeof(name), "%ux%u", mode->hdisplay, mode->vdisplay);
		if (strcmp(name, wanted) == 0)
			return mode;
		if (preferred == NULL && (mode->type & DRM_MODE_TYPE_PREFERRED) != 0)
			preferred = mode;
		if (first == NULL)
			first = mode;
	}
	return preferred != NULL ? preferred : first;
}

/* The one that drives this connector now (the splash's), so that nothing blinks; else any that can. */
static uint32_t choose_crtc(int fd, const drmModeRes *all, const drmModeConnector *c)
{
	drmModeEncoder *encoder = c->encoder_id != 0 ? drmModeGetEncoder(fd, c->encoder_id) : NULL;
	uint32_t crtc = encoder != NULL ? encoder->crtc_id : 0;

	drmModeFreeEncoder(encoder);
	for (int i = 0; crtc == 0 && i < c->count_encoders; i++) {
		encoder = drmModeGetEncoder(fd, c->encoders[i]);
		for (int k = 0; encoder != NULL && crtc == 0 && k < all->count_crtcs && k < 32; k++)
			if ((encoder->possible_crtcs & 1U << k) != 0)
				crtc = all->crtcs[k];
		drmModeFreeEncoder(encoder);
	}
	return crtc;
}

struct search {
	const lobby_Panel *panel;
	struct drm_output best; /* fd is -1: none yet */
	bool exact;
	int displays;
	int err; /* why a card could not be looked at */
};

/* True if the best connector so far is one of this card's now. */
static bool look_at_connectors(struct search *search, int fd, const char *card, const drmModeRes *all)
{
	bool better = false;

	for (int i = 0; i < all->count_connectors; i++) {
		drmModeConnector *c = drmModeGetConnector(fd, all->connectors[i]);
		const drmModeModeInfo *mode =
			c != NULL && c->connection == DRM_MODE_CONNECTED ? choose_mode(c, search->panel->mode) : NULL;
		struct drm_output found = { .fd = fd };
		bool exact;

		if (mode != NULL && (found.crtc = choose_crtc(fd, all, c)) != 0) {
			name_connector(c, found.name, sizeof(found.name));
			exact = strcmp(found.name, search->panel->connector) == 0;
			search->displays++;
			if (search->best.fd < 0 || (exact && !search->exact)) {
				text_copy(found.card, sizeof(found.card), card);
				found.connector = c->connector_id;
				found.mode = *mode;
				found.width_mm = c->mmWidth;
				found.height_mm = c->mmHeight;
				if (search->best.fd >= 0 && search->best.fd != fd)
					close(search->best.fd);
				search->best = found;
				search->exact = exact;
				better = true;
			}
		}
		drmModeFreeConnector(c);
	}
	return better;
}

static bool can_show(int fd)
{
	uint64_t dumb = 0;

	return drmGetCap(fd, DRM_CAP_DUMB_BUFFER, &dumb) == 0 && dumb != 0;
}

static void look_at_card(struct search *search, const char *card)
{
	char path[32];
	drmModeRes *all;
	int fd;

	snprintf(path, sizeof(path), "/dev/dri/%s", card);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		if (errno == EACCES || errno == EPERM)
			search->err = LOBBY_ERR_FORBIDDEN;
		return;
	}
	all = drmModeGetResources(fd);
	if (all == NULL || all->count_connectors == 0 || !can_show(fd)) {
		drmModeFreeResources(all);
		close(fd);
		return;
	}
	/* Without being master a card does not look for displays. One that was before may ask to be it again. */
	if (!drmIsMaster(fd) && drmSetMaster(fd) != 0) {
		search->err = LOBBY_ERR_BUSY;
		drmModeFreeResources(all);
		close(fd);
		return;
	}
	if (!look_at_connectors(search, fd, card, all))
		close(fd);
	drmModeFreeResources(all);
}

/* ---- the buffer ---- */

static int make_buffer(struct drm_output *out)
{
	struct drm_mode_create_dumb make = { .width = out->mode.hdisplay, .height = out->mode.vdisplay, .bpp = 32 };
	struct drm_mode_map_dumb map = { 0 };

	if (drmIoctl(out->fd, DRM_IOCTL_MODE_CREATE_DUMB, &make) != 0)
		return LOBBY_ERR_NO_MEMORY;
	out->handle = make.handle;
	if (make.pitch % sizeof(*out->pixels) != 0 || make.pitch / sizeof(*out->pixels) < make.width ||
	    make.size < (uint64_t)make.pitch * make.height)
		return LOBBY_ERR_IO;
	out->pitch = (int)(make.pitch / sizeof(*out->pixels));
	map.handle = make.handle;
	if (drmModeAddFB(out->fd, make.width, make.height, 24, 32, make.pitch, make.handle, &out->framebuffer) != 0 ||
	    drmIoctl(out->fd, DRM_IOCTL_MODE_MAP_DUMB, &map) != 0)
		return LOBBY_ERR_IO;
	out->pixels = mmap(NULL, (size_t)make.size, PROT_READ | PROT_WRITE, MAP_SHARED, out->fd, (off_t)map.offset);
	if (out->pixels == MAP_FAILED) {
		out->pixels = NULL;
		return LOBBY_ERR_NO_MEMORY;
	}
	out->size = (size_t)make.size;
	memset(out->pixels, 0, out->size);
	return 0;
}

int drm_open(struct drm_output *out, const lobby_Panel *panel)
{
	struct search search = { .panel = panel, .best.fd = -1 };
	char card[16];
	int err;

	for (int i = 0; i < MAX_CARDS; i++) {
		snprintf(card, sizeof(card), "card%d", i);
		look_at_card(&search, card);
	}
	if (search.best.fd < 0)
		return search.err != 0 ? search.err : LOBBY_ERR_NOT_FOUND;
	search.best.others = search.displays - 1;
	search.best.wanted_missing = panel->connector[0] != '\0' && !search.exact;
	err = make_buffer(&search.best);
	if (err != 0) {
		drm_close(&search.best);
		return err;
	}
	*out = search.best;
	return 0;
}

void drm_close(struct drm_output *out)
{
	struct drm_mode_destroy_dumb destroy = { .handle = out->handle };

	if (out->fd >= 0) {
		if (out->pixels != NULL)
			munmap(out->pixels, out->size);
		if (out->framebuffer != 0)
			drmModeRmFB(out->fd, out->framebuffer);
		if (out->handle != 0)
			drmIoctl(out->fd, DRM_IOCTL_MODE_DESTROY_DUMB, &destroy);
		close(out->fd);
	}
	*out = (struct drm_output){ .fd = -1 };
}

/* ---- showing ---- */

static int err_of(int error)
{
	return error == EACCES || error == EPERM || error == EBUSY ? LOBBY_ERR_BUSY : LOBBY_ERR_IO;
}

/* Whatever else the card was showing (a splash on all displays, say) has no part in what follows. */
static void darken_others(const struct drm_output *out)
{
	drmModeRes *all = drmModeGetResources(out->fd);

	for (int i = 0; all != NULL && i < all->count_crtcs; i++) {
		drmModeCrtc *crtc = all->crtcs[i] != out->crtc ? drmModeGetCrtc(out->fd, all->crtcs[i]) : NULL;

		if (crtc != NULL && crtc->mode_valid &&
		    drmModeSetCrtc(out->fd, crtc->crtc_id, 0, 0, 0, NULL, 0, NULL) != 0)
			log_event(LOG_WARNING, "display-other", "errno=%d", errno);
		drmModeFreeCrtc(crtc);
	}
	drmModeFreeResources(all);
}

static int show_first(struct drm_output *out)
{
	if (drmModeSetCrtc(out->fd, out->crtc, out->framebuffer, 0, 0, &out->connector, 1, &out->mode) != 0)
		return err_of(errno);
	out->shown = true;
	darken_others(out);
	return 0;
}

static int show_again(struct drm_output *out, const SDL_Rect *rects, int count)
{
	drmModeClip clips[MAX_RECTS];
	int n = 0;

	if (out->no_dirty)
		return 0;
	for (int i = 0; i < count; i++) {
		if (rects[i].w <= 0 || rects[i].h <= 0)
			continue;
		if (n == MAX_RECTS) { /* too many to name: all of it */
			clips[0] = (drmModeClip){ 0, 0, out->mode.hdisplay, out->mode.vdisplay };
			n = 1;
			break;
		}
		clips[n++] = (drmModeClip){ (uint16_t)rects[i].x, (uint16_t)rects[i].y,
					    (uint16_t)(rects[i].x + rects[i].w), (uint16_t)(rects[i].y + rects[i].h) };
	}
	if (n == 0 || drmModeDirtyFB(out->fd, out->framebuffer, clips, (uint32_t)n) == 0)
		return 0;
	if (errno != ENOSYS && errno != EINVAL && errno != EOPNOTSUPP)
		return err_of(errno);
	out->no_dirty = true;
	return 0;
}

int drm_show(struct drm_output *out, const SDL_Rect *rects, int count)
{
	return out->shown ? show_again(out, rects, count) : show_first(out);
}

bool drm_is_there(const struct drm_output *out)
{
	drmModeConnector *c = drmModeGetConnector(out->fd, out->connector);
	bool there = false;

	/* Another display at the same plug may not know our mode. */
	for (int i = 0; c != NULL && c->connection == DRM_MODE_CONNECTED && i < c->count_modes; i++)
		there = there || (c->modes[i].hdisplay == out->mode.hdisplay &&
				  c->modes[i].vdisplay == out->mode.vdisplay && c->modes[i].clock == out->mode.clock);
	drmModeFreeConnector(c);
	return there;
}

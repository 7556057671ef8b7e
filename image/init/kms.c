/* See kms.h. The kernel answers a question twice: first how much there is, then, into arrays of that size, what. */
#include "kms.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define CARDS_MAX 16
#define IDS_MAX 64
#define MODES_MAX 256
#define SIDE_MIN 320
#define SIDE_MAX 8192

static int ask(int fd, unsigned long request, void *arg)
{
	int result;

	do
		result = ioctl(fd, request, arg);
	while (result != 0 && (errno == EINTR || errno == EAGAIN));
	return result;
}

static uint64_t pointer(void *to)
{
	return (uint64_t)(uintptr_t)to;
}

struct ids {
	uint32_t of[IDS_MAX];
	uint32_t count;
};

/* ---- choosing ---- */

/* As the kernel's drm_connector.c and libdrm name them. */
static void name_connector(uint32_t type, uint32_t number, char *out, size_t size)
{
	static const char *const names[] = {
		[DRM_MODE_CONNECTOR_Unknown] = "Unknown",
		[DRM_MODE_CONNECTOR_VGA] = "VGA",
		[DRM_MODE_CONNECTOR_DVII] = "DVI-I",
		[DRM_MODE_CONNECTOR_DVID] = "DVI-D",
		[DRM_MODE_CONNECTOR_DVIA] = "DVI-A",
		[DRM_MODE_CONNECTOR_Composite] = "Composite",
		[DRM_MODE_CONNECTOR_SVIDEO] = "SVIDEO",
		[DRM_MODE_CONNECTOR_LVDS] = "LVDS",
		[DRM_MODE_CONNECTOR_Component] = "Component",
		[DRM_MODE_CONNECTOR_9PinDIN] = "DIN",
		[DRM_MODE_CONNECTOR_DisplayPort] = "DP",
		[DRM_MODE_CONNECTOR_HDMIA] = "HDMI-A",
		[DRM_MODE_CONNECTOR_HDMIB] = "HDMI-B",
		[DRM_MODE_CONNECTOR_TV] = "TV",
		[DRM_MODE_CONNECTOR_eDP] = "eDP",
		[DRM_MODE_CONNECTOR_VIRTUAL] = "Virtual",
		[DRM_MODE_CONNECTOR_DSI] = "DSI",
		[DRM_MODE_CONNECTOR_DPI] = "DPI",
		[DRM_MODE_CONNECTOR_WRITEBACK] = "Writeback",
		[DRM_MODE_CONNECTOR_SPI] = "SPI",
		[DRM_MODE_CONNECTOR_USB] = "USB",
	};
	bool known = type < sizeof(names) / sizeof(names[0]) && names[type] != NULL;

	snprintf(out, size, "%s-%u", known ? names[type] : "Unknown", number);
}

static bool is_usable(const struct drm_mode_modeinfo *mode)
{
	return mode->hdisplay >= SIDE_MIN && mode->vdisplay >= SIDE_MIN && mode->hdisplay <= SIDE_MAX &&
	       mode->vdisplay <= SIDE_MAX && (mode->flags & DRM_MODE_FLAG_INTERLACE) == 0;
}

/* The wanted mode, else the preferred one, else the first. */
static const struct drm_mode_modeinfo *choose_mode(const struct drm_mode_modeinfo *modes, uint32_t count,
						   const char *wanted)
{
	const struct drm_mode_modeinfo *preferred = NULL, *first = NULL;
	char name[16];

	for (uint32_t i = 0; i < count; i++) {
		if (!is_usable(&modes[i]))
			continue;
		snprintf(name, sizeof(name), "%ux%u", modes[i].hdisplay, modes[i].vdisplay);
		if (strcmp(name, wanted) == 0)
			return &modes[i];
		if (preferred == NULL && (modes[i].type & DRM_MODE_TYPE_PREFERRED) != 0)
			preferred = &modes[i];
		if (first == NULL)
			first = &modes[i];
	}
	return preferred != NULL ? preferred : first;
}

/* The one that drives this encoder now, else the first that can. */
static uint32_t choose_crtc(int fd, const struct ids *crtcs, uint32_t encoder_now, const struct ids *encoders)
{
	struct drm_mode_get_encoder encoder = { .encoder_id = encoder_now };

	if (encoder_now != 0 && ask(fd, DRM_IOCTL_MODE_GETENCODER, &encoder) == 0 && encoder.crtc_id != 0)
		return encoder.crtc_id;
	for (uint32_t i = 0; i < encoders->count; i++) {
		encoder = (struct drm_mode_get_encoder){ .encoder_id = encoders->of[i] };
		if (ask(fd, DRM_IOCTL_MODE_GETENCODER, &encoder) != 0)
			continue;
		for (uint32_t k = 0; k < crtcs->count && k < 32; k++)
			if ((encoder.possible_crtcs & 1U << k) != 0)
				return crtcs->of[k];
	}
	return 0;
}

/* True if it has a display, and then where and how. */
static bool look_at_connector(int fd, uint32_t id, const struct ids *crtcs, const lobby_Panel *panel, struct kms *out)
{
	static struct drm_mode_modeinfo modes[MODES_MAX];
	struct ids encoders = { .count = 0 };
	struct drm_mode_get_connector c = { .connector_id = id };
	const struct drm_mode_modeinfo *mode;

	/* To be asked for no modes makes the kernel look whether there is a display. */
	if (ask(fd, DRM_IOCTL_MODE_GETCONNECTOR, &c) != 0 || c.connection != 1 || c.count_modes == 0 ||
	    c.count_modes > MODES_MAX || c.count_encoders > IDS_MAX)
		return false;
	c.modes_ptr = pointer(modes);
	c.encoders_ptr = pointer(encoders.of);
	c.count_props = 0;
	if (ask(fd, DRM_IOCTL_MODE_GETCONNECTOR, &c) != 0 || c.count_modes > MODES_MAX || c.count_encoders > IDS_MAX)
		return false;
	encoders.count = c.count_encoders;
	mode = choose_mode(modes, c.count_modes, panel->mode);
	if (mode == NULL)
		return false;
	out->mode = *mode;
	out->connector = id;
	out->crtc = choose_crtc(fd, crtcs, c.encoder_id, &encoders);
	name_connector(c.connector_type, c.connector_type_id, out->name, sizeof(out->name));
	out->exact = strcmp(out->name, panel->connector) == 0;
	return out->crtc != 0;
}

static bool can_show(int fd)
{
	struct drm_get_cap cap = { .capability = DRM_CAP_DUMB_BUFFER };

	return ask(fd, DRM_IOCTL_GET_CAP, &cap) == 0 && cap.value != 0;
}

/* The best connector of a card: the named one, else the first. */
static bool look_at_card(int fd, const lobby_Panel *panel, struct kms *out)
{
	struct ids crtcs = { .count = 0 }, connectors = { .count = 0 };
	struct drm_mode_card_res all = { 0 };
	struct kms found = { 0 };
	bool any = false;

	if (!can_show(fd) || ask(fd, DRM_IOCTL_MODE_GETRESOURCES, &all) != 0 || all.count_crtcs > IDS_MAX ||
	    all.count_connectors > IDS_MAX)
		return false;
	all.crtc_id_ptr = pointer(crtcs.of);
	all.connector_id_ptr = pointer(connectors.of);
	all.count_fbs = all.count_encoders = 0;
	if (ask(fd, DRM_IOCTL_MODE_GETRESOURCES, &all) != 0 || all.count_crtcs > IDS_MAX ||
	    all.count_connectors > IDS_MAX)
		return false;
	crtcs.count = all.count_crtcs;
	connectors.count = all.count_connectors;
	for (uint32_t i = 0; i < connectors.count; i++)
		if (look_at_connector(fd, connectors.of[i], &crtcs, panel, &found) && (!any || found.exact)) {
			*out = found;
			any = true;
			if (found.exact)
				break;
		}
	return any;
}

/* ---- the buffer ---- */

static int make_buffer(struct kms *kms)
{
	struct drm_mode_create_dumb make = { .width = kms->mode.hdisplay, .height = kms->mode.vdisplay, .bpp = 32 };
	struct drm_mode_fb_cmd frame = { .bpp = 32, .depth = 24 };
	struct drm_mode_map_dumb map = { 0 };
	void *pixels;

	if (ask(kms->fd, DRM_IOCTL_MODE_CREATE_DUMB, &make) != 0 || make.pitch % 4 != 0 ||
	    make.pitch / 4 < make.width || make.size < (uint64_t)make.pitch * make.height)
		return LOBBY_ERR_IO;
	frame.width = make.width;
	frame.height = make.height;
	frame.pitch = make.pitch;
	frame.handle = make.handle;
	map.handle = make.handle;
	if (ask(kms->fd, DRM_IOCTL_MODE_ADDFB, &frame) != 0 || ask(kms->fd, DRM_IOCTL_MODE_MAP_DUMB, &map) != 0)
		return LOBBY_ERR_IO;
	pixels = mmap(NULL, (size_t)make.size, PROT_READ | PROT_WRITE, MAP_SHARED, kms->fd, (off_t)map.offset);
	if (pixels == MAP_FAILED)
		return LOBBY_ERR_IO;
	kms->pixels = pixels;
	kms->pitch = (int)(make.pitch / 4);
	kms->framebuffer = frame.fb_id;
	return 0;
}

int kms_open(struct kms *out, const lobby_Panel *panel)
{
	struct kms best = { .fd = -1 };
	char path[32];
	int err;

	for (unsigned i = 0; i < CARDS_MAX && !best.exact; i++) {
		struct kms found = { .fd = -1 };
		int fd;

		snprintf(path, sizeof(path), "/dev/dri/card%u", i);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (!look_at_card(fd, panel, &found) || (best.fd >= 0 && !found.exact)) {
			close(fd);
			continue;
		}
		if (best.fd >= 0)
			close(best.fd);
		best = found;
		best.fd = fd;
		snprintf(best.card, sizeof(best.card), "card%u", i);
	}
	if (best.fd < 0)
		return LOBBY_ERR_NOT_FOUND;
	err = make_buffer(&best);
	if (err != 0) {
		close(best.fd);
		return err;
	}
	*out = best;
	return 0;
}

/* The kernel takes buffer and picture back with the descriptor. */
void kms_close(struct kms *kms)
{
	if (kms->fd >= 0)
		close(kms->fd);
	kms->fd = -1;
}

/* Who was a card's master may ask to be it again, as long as nobody else is. */
int kms_take(struct kms *kms)
{
	struct drm_mode_crtc crtc = { .crtc_id = kms->crtc,
				      .fb_id = kms->framebuffer,
				      .set_connectors_ptr = pointer(&kms->connector),
				      .count_connectors = 1,
				      .mode_valid = 1,
				      .mode = kms->mode };

	(void)ask(kms->fd, DRM_IOCTL_SET_MASTER, NULL);
	return ask(kms->fd, DRM_IOCTL_MODE_SETCRTC, &crtc) == 0 ? 0 : LOBBY_ERR_IO;
}

void kms_leave(struct kms *kms)
{
	struct drm_clip_rect all = { 0, 0, kms->mode.hdisplay, kms->mode.vdisplay };
	struct drm_mode_fb_dirty_cmd dirty = { .fb_id = kms->framebuffer, .num_clips = 1, .clips_ptr = pointer(&all) };

	(void)ask(kms->fd, DRM_IOCTL_MODE_DIRTYFB, &dirty); /* not all drivers have it, or need it */
	(void)ask(kms->fd, DRM_IOCTL_DROP_MASTER, NULL);
}

bool kms_is_taken(const struct kms *kms)
{
	struct drm_mode_crtc crtc = { .crtc_id = kms->crtc };

	return ask(kms->fd, DRM_IOCTL_MODE_GETCRTC, &crtc) == 0 && crtc.fb_id != kms->framebuffer;
}

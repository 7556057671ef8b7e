/* See splash.h. A loop of four ticks a second: is there a display yet, has init said something, has another program
 * taken over. Before the picture the ticks are short. Words that init says before there is a display wait for it.
 *
 * When init changes to the real root this process stays in the initrd's, which is empty then: it has all that it needs
 * open. systemd does not end a process at shutdown whose name begins with '@'. */
#include "splash.h"

#include "fb.h"
#include "kms.h"
#include "paint.h"
#include "root.h"
#include "say.h"

#include "base/clock.h"
#include "base/file.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define KIOSK_UID 801 /* image/root/usr/lib/sysusers.d/lobby.conf */
#define TICK_FIRST_MS 20
#define TICK_MS 250
#define OUTLIVE_MS 120000
#define FRAMEBUFFER_AFTER_MS 500 /* of the last driver */
#define TOLD_DRIVERS 'm'
#define TOLD_FAIL 'A' /* + enum fail */

struct screen {
	struct kms kms;
	struct fb fb;
	lobby_Panel panel;
	enum tongue tongue;
	enum fail showing;
	int run;		     /* the folder /run, which is elsewhere later */
	int ears;		     /* what init says; -1 after it became systemd */
	int64_t drivers_ms, left_ms; /* when they were loaded, when init left; -1: not yet */
};

static int mouth = -1; /* init's end */

/* ---- showing ---- */

/* The upright picture onto a panel that hangs turned clockwise by so many degrees. */
static void turn(const struct canvas *from, unsigned degrees, uint32_t *to, int pitch)
{
	int w = from->width, h = from->height;

	for (int y = 0; y < h && degrees == 0; y++)
		memcpy(to + (ptrdiff_t)y * pitch, from->pixels + (ptrdiff_t)y * w, (size_t)w * sizeof(*to));
	for (int y = 0; y < h && degrees != 0; y++)
		for (int x = 0; x < w; x++) {
			uint32_t pixel = from->pixels[(ptrdiff_t)y * w + x];

			if (degrees == 90)
				to[(ptrdiff_t)x * pitch + h - 1 - y] = pixel;
			else if (degrees == 180)
				to[(ptrdiff_t)(h - 1 - y) * pitch + w - 1 - x] = pixel;
			else
				to[(ptrdiff_t)(w - 1 - x) * pitch + y] = pixel;
		}
}

/* The picture for a panel of this size, upright; pixels is NULL if there is no memory for it. */
static struct canvas paint(const struct screen *screen, int width, int height)
{
	bool on_side = screen->panel.rotation == 90 || screen->panel.rotation == 270;
	struct canvas canvas = { .width = on_side ? height : width, .height = on_side ? width : height };

	canvas.pixels = malloc((size_t)width * (size_t)height * sizeof(*canvas.pixels));
	if (canvas.pixels != NULL && screen->showing == FAIL_NONE)
		paint_splash(&canvas, screen->tongue);
	else if (canvas.pixels != NULL)
		paint_fail(&canvas, screen->showing, screen->tongue);
	return canvas;
}

/* Drivers that move a buffer into the card's memory at the first mode set lose what was in it (bochs, Linux 6.1): so
 * the buffer is shown first, and the picture, ready, is copied a moment later. */
static int show_on_kms(struct screen *screen)
{
	struct kms *kms = &screen->kms;
	struct canvas canvas = paint(screen, kms->mode.hdisplay, kms->mode.vdisplay);
	int err = canvas.pixels != NULL ? kms_take(kms) : LOBBY_ERR_NO_MEMORY;

	if (err == 0)
		turn(&canvas, screen->panel.rotation, kms->pixels, kms->pitch);
	kms_leave(kms);
	free(canvas.pixels);
	return err;
}

static void show_on_fb(struct screen *screen)
{
	int width = (int)screen->fb.format.xres, height = (int)screen->fb.format.yres;
	uint32_t *turned = malloc((size_t)width * (size_t)height * sizeof(*turned));
	struct canvas canvas = paint(screen, width, height);

	if (turned != NULL && canvas.pixels != NULL) {
		turn(&canvas, screen->panel.rotation, turned, width);
		fb_show(&screen->fb, turned);
	}
	free(canvas.pixels);
	free(turned);
}

static void show(struct screen *screen)
{
	struct kms *kms = &screen->kms;
	const char *what = screen->showing == FAIL_NONE ? "splash" : fail_words(screen->showing, TONGUE_ENGLISH).code;

	if (kms->fd >= 0) {
		if (show_on_kms(screen) != 0) {
			say(SAY_WARNING, "%s does not show the %s", kms->name, what);
			kms_close(kms);
			return;
		}
		say(SAY_NOTICE, "%s on %s %s %ux%u rotation %u", what, kms->card, kms->name, kms->mode.hdisplay,
		    kms->mode.vdisplay, (unsigned)screen->panel.rotation);
	} else if (screen->fb.fd >= 0) {
		show_on_fb(screen);
		say(SAY_NOTICE, "%s on the firmware's frame buffer %ux%u", what, screen->fb.format.xres,
		    screen->fb.format.yres);
	}
}

/* A display, if there is one now. The one that the setting names is waited for until all drivers are there; a frame
 * buffer goes away when a driver takes its hardware. */
static void look_for_display(struct screen *screen)
{
	bool settled = screen->drivers_ms >= 0;

	if (kms_open(&screen->kms, &screen->panel) == 0) {
		if (!settled && screen->panel.connector[0] != '\0' && !screen->kms.exact) {
			kms_close(&screen->kms);
			return;
		}
		fb_close(&screen->fb);
		show(screen);
	} else if (settled && screen->fb.fd < 0 && clock_mono_ms() - screen->drivers_ms >= FRAMEBUFFER_AFTER_MS &&
		   fb_open(&screen->fb) == 0) {
		show(screen);
	}
}

/* ---- the process ---- */

static void hear(struct screen *screen)
{
	char told;

	if (read(screen->ears, &told, 1) != 1) {
		close(screen->ears);
		screen->ears = -1;
		screen->left_ms = clock_mono_ms();
	} else if (told == TOLD_DRIVERS) {
		screen->drivers_ms = clock_mono_ms();
	} else {
		screen->showing = (enum fail)(told - TOLD_FAIL);
		show(screen);
	}
}

/* After init has left this process needs no more than its descriptors, and the group that may look into /run/lobby.
 * Until then it is root, to open a card. */
static void give_up_privileges(void)
{
	static const gid_t group = ROOT_LOBBY_GID;

	if (setgroups(1, &group) != 0 || setresgid(KIOSK_UID, KIOSK_UID, KIOSK_UID) != 0 ||
	    setresuid(KIOSK_UID, KIOSK_UID, KIOSK_UID) != 0)
		_exit(1);
}

static bool is_over(const struct screen *screen)
{
	struct stat st;

	if (screen->left_ms >= 0 && clock_mono_ms() - screen->left_ms >= OUTLIVE_MS)
		return true;
	if (screen->run >= 0 && fstatat(screen->run, "lobby/kiosk-presented", &st, 0) == 0)
		return true;
	return screen->kms.fd >= 0 && kms_is_taken(&screen->kms);
}

static void __attribute__((noreturn)) live(struct screen *screen)
{
	bool privileged = true;

	while (!is_over(screen)) {
		struct pollfd ears = { .fd = screen->ears, .events = POLLIN };

		if (screen->kms.fd < 0 && privileged)
			look_for_display(screen);
		if (poll(&ears, 1, screen->kms.fd < 0 && screen->drivers_ms < 0 ? TICK_FIRST_MS : TICK_MS) > 0)
			hear(screen);
		if (screen->ears < 0 && privileged) {
			if (screen->kms.fd < 0)
				look_for_display(screen);
			give_up_privileges();
			privileged = false;
			if (screen->kms.fd < 0 && screen->fb.fd < 0)
				_exit(0);
		}
	}
	_exit(0);
}

void splash_start(const lobby_Panel *panel, enum tongue tongue, char *name)
{
	struct screen screen = { .kms.fd = -1,
				 .fb.fd = -1,
				 .panel = *panel,
				 .tongue = tongue,
				 .run = open("/run", O_PATH | O_DIRECTORY | O_CLOEXEC),
				 .drivers_ms = -1,
				 .left_ms = -1 };
	char number[16];
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return;
	pid = fork();
	if (pid == 0) {
		close(ends[1]);
		screen.ears = ends[0];
		name[0] = '@';
		(void)prctl(PR_SET_NAME, "lobby-splash");
		live(&screen);
	}
	close(ends[0]);
	if (screen.run >= 0)
		close(screen.run);
	if (pid < 0) {
		close(ends[1]);
		say(SAY_WARNING, "no process for the splash");
		return;
	}
	mouth = ends[1];
	snprintf(number, sizeof(number), "%d\n", (int)pid);
	if (file_replace("/run/lobby-splash.pid", number, strlen(number), 0644) != 0)
		say(SAY_WARNING, "/run/lobby-splash.pid cannot be written");
}

static void tell(char what)
{
	if (mouth >= 0 && write(mouth, &what, 1) != 1)
		say(SAY_WARNING, "the splash does not listen");
}

void splash_no_more_drivers(void)
{
	tell(TOLD_DRIVERS);
}

void splash_show_fail(enum fail fail)
{
	tell((char)(TOLD_FAIL + fail));
}

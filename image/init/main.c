/* The initrd's /init: from the kernel to systemd on a root that was checked, with a picture on the screen all the way.
 *
 * Each step is bounded in time and either succeeds or is one of words.def: said on screen and on the console, and then
 * the machine restarts, so that boot counting can take the other slot. image/README.md, "From power to welcome". */
#include "ahead.h"
#include "disk.h"
#include "loader.h"
#include "modules.h"
#include "params.h"
#include "root.h"
#include "say.h"
#include "splash.h"
#include "verity.h"

#include "base/clock.h"
#include "base/file.h"
#include "kiosk/panel.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#define CMDLINE_MAX 4096
#define MODULES_MAX (1 << 20)
#define ASIDE_MS 20000 /* a driver may wait for its device */
#define RESTART_AFTER_MS 10000
#define PANEL_VARIABLE "LobbyPanel-6c6f6262-7900-4000-8000-000000000001"
#define PANEL_MAX 512

struct init {
	struct params params;
	enum fail params_fail; /* told once there is a screen */
	struct loader loader;
	struct disk disk;
	struct modules modules;
	pid_t display, more; /* load drivers while this process finds the disk; 0: done */
};

/* After a refusal: what failed may have been a cable or a display, which somebody has mended. Each slot has its turn,
 * by the clock; one that still does not start ends here again. */
static void choose_again(const struct init *init)
{
	char slot = clock_wall_ms() / 1000 / init->params.again_s % 2 == 0 ? 'a' : 'b';

	if (loader_choose_once(slot) != 0 && loader_choose_once(slot == 'a' ? 'b' : 'a') != 0)
		say(SAY_WARNING, "the loader takes no choice");
}

static void __attribute__((noreturn)) restart(const struct init *init, enum fail fail)
{
	bool stays = fail == FAIL_REFUSED || fail == FAIL_STICK;
	int64_t wait_ms = stays ? (int64_t)init->params.again_s * 1000 : RESTART_AFTER_MS, left_ms;
	int64_t until_ms = clock_mono_ms() + wait_ms;
	struct fail_words words = fail_words(fail, TONGUE_ENGLISH); /* the log is English */

	say(SAY_FAILURE, "%s %s %s (" LOBBY_VERSION ")", words.code, words.heading, words.body);
	splash_show_fail(fail);
	while ((left_ms = until_ms - clock_mono_ms()) > 0)
		poll(NULL, 0, (int)left_ms);
	if (fail == FAIL_REFUSED)
		choose_again(init);
	reboot(RB_AUTOBOOT);
	_exit(1);
}

static void read_cmdline(struct init *init)
{
	init->params_fail = FAIL_SETTINGS;
	init->params.again_s = PARAMS_AGAIN_S;
	if (file_read("/proc/cmdline", CMDLINE_MAX, &init->modules.cmdline, &init->modules.cmdline_len) != 0)
		return;
	if (params_parse(init->modules.cmdline, init->modules.cmdline_len, &init->params) == 0)
		init->params_fail = FAIL_NONE;
	if (params_has(init->modules.cmdline, init->modules.cmdline_len, "lobby.refuse"))
		init->params_fail = FAIL_REFUSED;
}

/* The firmware's variable, else what the image was built for; and a copy of it for lobby-kiosk. */
static lobby_Panel read_panel(const struct init *init, enum tongue *tongue)
{
	char language[PANEL_LANGUAGE_SIZE];
	uint8_t value[LOADER_VALUE_MAX];
	char text[PANEL_MAX];
	size_t len = loader_variable(PANEL_VARIABLE, value);
	int n;

	if (len > 0 && len <= PANEL_MAX) {
		memcpy(text, value, len);
	} else {
		n = snprintf(text, sizeof(text), "rotation=%u\nconnector=\nmode=\nlanguage=%s\n", init->params.rotation,
			     init->params.language);
		len = n > 0 ? (size_t)n : 0;
	}
	if (file_replace("/run/lobby-panel", text, len, 0644) != 0)
		say(SAY_WARNING, "/run/lobby-panel cannot be written");
	panel_language(text, len, language);
	*tongue = tongue_of(language);
	return panel_parse(text, len);
}

static void write_boot(const struct init *init)
{
	char text[512];
	int n = snprintf(
		text, sizeof(text), "SLOT=%c\nDISK=%s\nESP=%s\nVERSION=" LOBBY_VERSION "\nSECURE_BOOT=%d\nINSTALL=%d\n",
		init->loader.slot, init->disk.whole, init->disk.esp, init->loader.secure_boot, init->params.install);

	if (n < 0 || (size_t)n >= sizeof(text) || file_replace("/run/lobby-boot", text, (size_t)n, 0644) != 0)
		say(SAY_WARNING, "/run/lobby-boot cannot be written");
}

/* ---- drivers ---- */

static void load(const struct init *init, const char *section)
{
	say(SAY_NOTICE, "%u modules for %s", modules_load(&init->modules, section, false), section);
}

/* In a process of its own, for a second processor. */
static pid_t load_aside(const struct init *init, const char *section, void (*then)(void))
{
	pid_t pid = fork();

	if (pid > 0)
		return pid;
	load(init, section);
	if (then != NULL)
		then();
	if (pid == 0)
		_exit(0);
	return 0;
}

static void wait_for(pid_t *aside, const char *what)
{
	int64_t until_ms = clock_mono_ms() + ASIDE_MS;

	while (*aside > 0 && waitpid(*aside, NULL, WNOHANG) == 0) {
		if (clock_mono_ms() >= until_ms) {
			say(SAY_WARNING, "the modules for %s are still being loaded", what);
			break;
		}
		poll(NULL, 0, 5);
	}
	*aside = 0;
}

/* The variables' file system first: they say how the panel hangs. Then the splash's process looks for a display while
 * the drivers are loaded. */
static void load_drivers(struct init *init, char *name)
{
	enum tongue tongue;
	lobby_Panel panel;

	if (file_read("/modules", MODULES_MAX, &init->modules.list, &init->modules.list_len) != 0)
		say(SAY_WARNING, "no list of modules");
	load(init, "variables");
	root_mount_variables();
	panel = read_panel(init, &tongue);
	splash_start(&panel, tongue, name);
	init->display = load_aside(init, "display", splash_no_more_drivers);
	init->more = load_aside(init, "more", NULL);
	load(init, "disk");
}

/* A disk whose driver knows its hardware by other means than an alias is found with all drivers. */
static enum fail find_disk(struct init *init)
{
	enum fail fail = disk_find(&init->params, &init->loader, &init->disk);

	if (fail == FAIL_DISK && modules_load(&init->modules, "disk", true) > 0)
		fail = disk_find(&init->params, &init->loader, &init->disk);
	return fail;
}

static enum fail go(struct init *init)
{
	char device[DISK_PATH_SIZE];
	enum fail fail = init->params_fail;

	if (fail != FAIL_NONE)
		return fail;
	loader_read(&init->loader);
	if (init->loader.slot == 0)
		init->loader.slot = init->params.slot;
	if (init->loader.slot == 0)
		return FAIL_LOADER;
	fail = find_disk(init);
	if (fail == FAIL_NONE)
		fail = verity_open(&init->params, init->disk.root, device, sizeof(device));
	if (fail == FAIL_NONE)
		fail = root_mount(device);
	if (fail != FAIL_NONE)
		return fail;
	ahead_start("/sysroot");
	write_boot(init);
	wait_for(&init->display, "display");
	wait_for(&init->more, "more");
	root_share_devices();
	root_make_folders();
	say(SAY_NOTICE, "root-%c on %s is checked and mounted", init->loader.slot, init->disk.root);
	return root_hand_over();
}

int main(int argc, char **argv)
{
	static struct init init;
	enum fail fail;

	(void)argc;
	signal(SIGPIPE, SIG_IGN);
	root_mount_kernel();
	say(SAY_NOTICE, "init " LOBBY_VERSION);
	read_cmdline(&init);
	load_drivers(&init, argv[0]);
	fail = go(&init);
	/* The others speak of a kiosk. */
	restart(&init, init.params.install ? FAIL_STICK : fail);
}

/* lobby-kiosk: the screen. Reads its options, opens the window, runs the loop. */
#include "app.h"
#include "base/clock.h"
#include "base/log.h"
#include "control.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
	"lobby-kiosk: the patient's screen of a Lobby kiosk\n"
	"  --size=WIDTHxHEIGHT   panel in pixels (1080x1920)\n"
	"  --width-mm=MM         its width in millimetres (194 portrait, 336 landscape)\n"
	"  --fullscreen          take the whole display\n"
	"  --drm                 on an appliance: the graphics card and the input devices themselves; --size then\n"
	"                        is for as long as there is no display, --width-mm if displays misstate it\n"
	"  --panel=FILE          rotation=, connector= and mode= of the panel (/run/lobby-panel)\n"
	"  --assets=DIR          icons (LOBBY_ASSETS, else /usr/share/lobby)\n"
	"  --locale=DIR          translations (LOBBY_LOCALE, else /usr/share/lobby/locale)\n"
	"  --run=DIR             sockets of the other programs (LOBBY_RUN, else /run/lobby)\n"
	"  --control=PATH        take test commands there (never on an appliance)\n"
	"  --flow                print the flow as a graph and leave\n"
	"  --version, --help\n";

static const char *setting(const char *name, const char *fallback)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0' ? value : fallback;
}

static int parse(int argc, char **argv, struct app_options *options)
{
	static const struct option longs[] = {
		{ "size", required_argument, NULL, 's' },
		{ "width-mm", required_argument, NULL, 'w' },
		{ "fullscreen", no_argument, NULL, 'f' },
		{ "drm", no_argument, NULL, 'd' },
		{ "panel", required_argument, NULL, 'p' },
		{ "assets", required_argument, NULL, 'a' },
		{ "locale", required_argument, NULL, 'l' },
		{ "run", required_argument, NULL, 'r' },
		{ "control", required_argument, NULL, 'c' },
		{ "flow", no_argument, NULL, 'F' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	double width_mm;
	char *end;
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 's':
			options->panel.width_px = (int)strtol(optarg, &end, 10);
			options->panel.height_px = *end == 'x' ? (int)strtol(end + 1, NULL, 10) : 0;
			break;
		case 'w':
			options->width_mm = strtod(optarg, NULL);
			break;
		case 'f':
			options->fullscreen = true;
			break;
		case 'd':
			options->drm = true;
			break;
		case 'p':
			options->panel_setting = optarg;
			break;
		case 'a':
			options->assets = optarg;
			break;
		case 'l':
			options->locale = optarg;
			break;
		case 'r':
			options->run = optarg;
			break;
		case 'c':
			options->control = optarg;
			break;
		case 'F':
			flow_write_dot(stdout);
			exit(0);
		case 'V':
			puts("lobby-kiosk " LOBBY_VERSION);
			exit(0);
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			fputs(usage, stderr);
			return LOBBY_ERR_INVALID;
		}
	}
	if (options->panel.width_px < 320 || options->panel.height_px < 320 || options->panel.width_px > 8192 ||
	    options->panel.height_px > 8192) {
		fputs("lobby-kiosk: --size: WIDTHxHEIGHT, each from 320 to 8192\n", stderr);
		return LOBBY_ERR_INVALID;
	}
	width_mm = options->width_mm;
	if (!(width_mm > 0))
		width_mm = options->panel.width_px < options->panel.height_px ? 194.0 : 336.0;
	options->panel.px_per_mm = options->panel.width_px / width_mm;
	return 0;
}

int main(int argc, char **argv)
{
	static struct app app;
	struct app_options options = { .panel = { 1080, 1920, 0 }, .panel_setting = "/run/lobby-panel" };
	struct loop *loop;
	int err;

	options.assets = setting("LOBBY_ASSETS", "/usr/share/lobby");
	options.locale = setting("LOBBY_LOCALE", "/usr/share/lobby/locale");
	options.run = setting("LOBBY_RUN", "/run/lobby");
	if (parse(argc, argv, &options) != 0)
		return 2;
	options.beside = options.drm && access("/run/lobby-boot", F_OK) == 0; /* image/README.md */
	log_init("lobby-kiosk");
	if (clock_init() != 0)
		return 1;
	loop = loop_new();
	err = loop != NULL ? app_init(&app, loop, &options) : LOBBY_ERR_NO_MEMORY;
	if (err != 0) {
		log_event(LOG_ERROR, "kiosk-start", "err=%s", err_event(err));
		loop_free(loop);
		return 1;
	}
	while (loop_turn(loop, -1)) {
		app_refresh(&app);
		control_look(&app);
	}
	app_fini(&app);
	loop_free(loop);
	return 0;
}

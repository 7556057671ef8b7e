/* lobby-emu: scanners, readers and printers without hardware, for demonstrations, tests and developers without a kiosk.
 *
 * It preloads umockdev into itself by starting itself again, so that the testbed that it makes is seen by everything it
 * runs; lobby-devices, as its child, then meets the models through real libusb. */
#include "base/clock.h"
#include "base/log.h"
#include "tests/emu/control.h"
#include "tests/emu/emu.h"
#include "tests/emu/emu_window.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
	"lobby-emu: scanners, readers and printers without hardware.\n"
	"  --control=SOCKET   take commands there: one line in, one line out (see tests/emu/emu.c)\n"
	"  --paper=DIR        write each slip there as slip-001.png, slip-002.png ...\n"
	"  --cards=FILE       cards to scan: name, kind and payload with tabs between\n"
	"  --spawn=COMMAND    run this with the devices plugged in, again whenever it ends (lobby-devices)\n"
	"  --all              plug in a stripe reader, a card reader and a label printer, too\n"
	"  --redir=DIR        serve them to a virtual machine, as DIR/usb-0 to usb-4, instead of to programs here\n"
	"  --window           show them: cards to scan, switches, the paper (needs --assets or LOBBY_ASSETS)\n"
	"  --assets=DIR       the folder with icons/\n"
	"  --command=LINE     do this command and print its answer; may be repeated\n";

/* The sanitizers' runtime must be the first library of all. */
#ifdef __SANITIZE_ADDRESS__
#define PRELOAD "libasan.so.8 libumockdev-preload.so.0"
#else
#define PRELOAD "libumockdev-preload.so.0"
#endif

static void preload_umockdev(char **argv)
{
	const char *preloaded = getenv("LD_PRELOAD");

	if (preloaded != NULL && strstr(preloaded, "umockdev-preload") != NULL)
		return;
	setenv("LD_PRELOAD", PRELOAD, 1);
	execv("/proc/self/exe", argv);
	perror("lobby-emu: cannot start itself again");
	exit(1);
}

struct options {
	const char *control, *paper, *cards, *spawn, *assets, *redir;
	bool window, every;
	const char *commands[16];
	int command_count;
};

static void parse(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {
		{ "control", required_argument, NULL, 'c' },
		{ "paper", required_argument, NULL, 'p' },
		{ "cards", required_argument, NULL, 'k' },
		{ "spawn", required_argument, NULL, 's' },
		{ "command", required_argument, NULL, 'x' },
		{ "window", no_argument, NULL, 'w' },
		{ "all", no_argument, NULL, 'e' },
		{ "assets", required_argument, NULL, 'a' },
		{ "redir", required_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};

	for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
		switch (c) {
		case 'c':
			o->control = optarg;
			break;
		case 'p':
			o->paper = optarg;
			break;
		case 'k':
			o->cards = optarg;
			break;
		case 's':
			o->spawn = optarg;
			break;
		case 'r':
			o->redir = optarg;
			break;
		case 'e':
			o->every = true;
			break;
		case 'w':
			o->window = true;
			break;
		case 'a':
			o->assets = optarg;
			break;
		case 'x':
			if (o->command_count < 16)
				o->commands[o->command_count++] = optarg;
			break;
		default:
			fputs(usage, c == 'h' ? stdout : stderr);
			exit(c == 'h' ? 0 : 2);
		}
	}
}

int main(int argc, char **argv)
{
	static struct control control;
	static struct emu emu;
	struct options o = { .assets = getenv("LOBBY_ASSETS") };
	struct emu_window *window = NULL;
	struct loop *loop;
	bool ok;

	parse(argc, argv, &o);
	if (o.redir == NULL)
		preload_umockdev(argv);
	log_init("lobby-emu");
	loop = loop_new();
	if (loop == NULL || clock_init() != 0)
		return 1;
	control.fd = -1;
	ok = emu_init(&emu, loop, o.cards, o.paper, o.redir, o.every);
	if (ok && o.control != NULL && control_init(&control, &emu, o.control) != 0) {
		fprintf(stderr, "lobby-emu: cannot listen at %s\n", o.control);
		ok = false;
	}
	if (ok && o.window) {
		window = emu_window_new(&emu, o.assets != NULL ? o.assets : "assets");
		ok = window != NULL;
	}
	if (ok) {
		char answer[EMU_ANSWER_MAX];

		emu_spawn(&emu, o.spawn);
		for (int i = 0; i < o.command_count; i++) {
			emu_command(&emu, o.commands[i], answer, sizeof(answer));
			puts(answer);
		}
		loop_run(loop);
	}
	emu_window_free(window);
	control_fini(&control);
	emu_fini(&emu);
	loop_free(loop);
	return ok ? 0 : 1;
}

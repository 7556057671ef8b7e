/* lobby-system: options, the loop. The work is system.c's and its parts'. */
#include "boot.h"
#include "system.h"

#include "base/clock.h"
#include "base/log.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
	"lobby-system: the kiosk's box: version, slots, disk, clock, updates, restart\n"
	"\n"
	"  lobby-system [options]   serves $LOBBY_RUN/system.sock\n"
	"\n"
	"  --esp DIR        a folder in place of the EFI system partition (else it is mounted while it is needed)\n"
	"  --state DIR      a folder in place of the state partition (else it is opened and mounted at "
	"/var/lib/lobby)\n"
	"  --release FILE   default /usr/lib/lobby/release\n"
	"  --boot FILE      default /run/lobby-boot; without that file this machine is no appliance\n"
	"  --rauc PROGRAM   default rauc\n"
	"  --stick FILE     in place of what is plugged in; --stick-key FILE, --support-key FILE, --efivars DIR,\n"
	"  --networkd DIR   the stick's and the support desk's keys, where the panel and network settings go\n"
	"  --power PROGRAM  default systemctl, called as \"systemctl --no-block reboot\" or \"poweroff\"\n"
	"  --sys DIR, --proc DIR   default /sys, /proc\n"
	"  --install DIR, --dev DIR   default /install and /dev: an installer's stick writes the image there to a "
	"disk\n"
	"  --run DIR        where the sockets live (default $LOBBY_RUN, else /run/lobby)\n"
	"  --help, --version\n"
	"\n"
	"  lobby-system boot-backend ...     what RAUC calls (src/system/boot.h); also as a link of that name, and as\n"
	"                                    pre-install and post-install. --esp, --release and --boot go before it.\n"
	"\n"
	"Environment: LOBBY_RUN, LOBBY_PEER_UIDS (src/wire/wire.h), LOBBY_CLOCK (src/base/clock.h).\n";

static int parse(int argc, char **argv, struct system_options *o)
{
	static const struct option options[] = { { "esp", required_argument, NULL, 'e' },
						 { "state", required_argument, NULL, 's' },
						 { "release", required_argument, NULL, 'l' },
						 { "boot", required_argument, NULL, 'b' },
						 { "rauc", required_argument, NULL, 'u' },
						 { "power", required_argument, NULL, 'p' },
						 { "sys", required_argument, NULL, 'y' },
						 { "proc", required_argument, NULL, 'c' },
						 { "stick", required_argument, NULL, 't' },
						 { "stick-key", required_argument, NULL, 'k' },
						 { "efivars", required_argument, NULL, 'f' },
						 { "support-key", required_argument, NULL, 'o' },
						 { "networkd", required_argument, NULL, 'n' },
						 { "install", required_argument, NULL, 'i' },
						 { "dev", required_argument, NULL, 'd' },
						 { "run", required_argument, NULL, 'r' },
						 { "help", no_argument, NULL, 'h' },
						 { "version", no_argument, NULL, 'v' },
						 { NULL, 0, NULL, 0 } };
	const char **values[128] = {
		['e'] = &o->esp,      ['s'] = &o->state,     ['l'] = &o->release, ['b'] = &o->boot,
		['u'] = &o->rauc,     ['p'] = &o->power,     ['y'] = &o->sys,	  ['c'] = &o->proc,
		['t'] = &o->stick,    ['k'] = &o->stick_key, ['f'] = &o->efivars, ['o'] = &o->support_key,
		['n'] = &o->networkd, ['i'] = &o->install,   ['d'] = &o->dev
	};
	int c;

	while ((c = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (c == 'r') {
			setenv("LOBBY_RUN", optarg, 1);
		} else if (c == 'h') {
			fputs(usage, stdout);
			exit(0);
		} else if (c == 'v') {
			puts("lobby-system " LOBBY_VERSION);
			exit(0);
		} else if (c == '?') {
			fputs("Try lobby-system --help.\n", stderr);
			return LOBBY_ERR_INVALID;
		} else {
			*values[c] = optarg;
		}
	}
	if (optind < argc && !boot_is_name(argv[optind])) {
		fprintf(stderr, "lobby-system: what is \"%s\"? Try lobby-system --help.\n", argv[optind]);
		return LOBBY_ERR_INVALID;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static struct system sys;
	struct system_options options = { 0 };
	const char *name = strrchr(argv[0], '/');
	struct loop *loop;
	char path[108];
	int err;

	log_init("lobby-system");
	name = name != NULL ? name + 1 : argv[0];
	if (boot_is_name(name)) {
		system_set_options(&sys, &options);
		argv[0] = (char *)(uintptr_t)name;
		return boot_main(argc, argv, &sys.options);
	}
	if (parse(argc, argv, &options) != 0)
		return 2;
	if (optind < argc) {
		system_set_options(&sys, &options);
		return boot_main(argc - optind, argv + optind, &sys.options);
	}
	if (clock_init() != 0 || wire_path(path, sizeof(path), "system.sock") != 0 || (loop = loop_new()) == NULL) {
		fputs("lobby-system: cannot start: the clock file or the run folder's name is wrong.\n", stderr);
		return 1;
	}
	err = system_init(&sys, loop, &options, path);
	if (err != 0) {
		fprintf(stderr, "lobby-system: cannot start: %s\n", err_staff_text(err));
		loop_free(loop);
		return 1;
	}
	log_event(LOG_NOTICE, "started", "version=%s slot=%s", sys.boot.version,
		  system_is_appliance(&sys) ? sys.boot.slot : "none");
	loop_run(loop);
	system_fini(&sys);
	loop_free(loop);
	return 0;
}

/* lobby-sync: options, the folder, the loop. The work is sync.c's. */
#include "sync.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/notify.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
	"lobby-sync: keeps the kiosk's roster and visits, and talks to the clinic\n"
	"\n"
	"  lobby-sync [--data DIR] [--updates DIR] [--run DIR]\n"
	"\n"
	"  --data DIR   where the store lives (default /var/lib/lobby)\n"
	"  --updates DIR  where updates are kept until they are installed (default /var/lib/lobby/update)\n"
	"  --run DIR    where the sockets live (default $LOBBY_RUN, else /run/lobby)\n"
	"  --help, --version\n"
	"\n"
	"Environment: LOBBY_RUN, LOBBY_PEER_UIDS (src/wire/wire.h), LOBBY_CLOCK (src/base/clock.h), LOBBY_LINK_FILE (a "
	"file\n"
	"that, while it exists, makes the network look unplugged). Exit status 1: it could not start, or the store is\n"
	"damaged and will be salvaged at the next start.\n";

static int parse(int argc, char **argv, const char **data, const char **updates)
{
	static const struct option options[] = {
		{ "data", required_argument, NULL, 'd' }, { "updates", required_argument, NULL, 'u' },
		{ "run", required_argument, NULL, 'r' },  { "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },	  { NULL, 0, NULL, 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'd':
			*data = optarg;
			break;
		case 'u':
			*updates = optarg;
			break;
		case 'r':
			setenv("LOBBY_RUN", optarg, 1);
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		case 'v':
			puts("lobby-sync " LOBBY_VERSION);
			exit(0);
		default:
			fputs("Try lobby-sync --help.\n", stderr);
			return LOBBY_ERR_INVALID;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "lobby-sync: what is \"%s\"? Try lobby-sync --help.\n", argv[optind]);
		return LOBBY_ERR_INVALID;
	}
	return 0;
}

static const char *why_not(int err)
{
	return err == LOBBY_ERR_BUSY ? "Another lobby-sync uses this folder." : err_staff_text(err);
}

int main(int argc, char **argv)
{
	static struct sync sync;
	const char *data = "/var/lib/lobby", *updates = "/var/lib/lobby/update";
	char socket[108];
	struct loop *loop;
	bool broken;
	int err;

	if (parse(argc, argv, &data, &updates) != 0)
		return 2;
	log_init("lobby-sync");
	if (clock_init() != 0 || wire_path(socket, sizeof(socket), "sync.sock") != 0 || (loop = loop_new()) == NULL) {
		fputs("lobby-sync: cannot start: the clock file or the run folder's name is wrong.\n", stderr);
		return 1;
	}
	err = sync_init(&sync, loop, data, updates, socket);
	if (err != 0) {
		fprintf(stderr, "lobby-sync: cannot start with %s: %s\n", data, why_not(err));
		loop_free(loop);
		return 1;
	}
	log_event(LOG_NOTICE, "started", "enrolled=%d", sync.identity.enrolled);
	notify_ready(loop);
	loop_run(loop);
	broken = sync.broken;
	sync_fini(&sync);
	loop_free(loop);
	return broken ? 1 : 0;
}

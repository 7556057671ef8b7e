/* lobbyctl: which command, and the help. */
#include "ctl.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
	"lobbyctl: set up a Lobby kiosk and see how it is\n"
	"\n"
	"  lobbyctl enrol URL CODE [--name NAME]   join this kiosk to its clinic\n"
	"  lobbyctl status                         what works and what does not; exit status 1 if something does not\n"
	"  lobbyctl selftest                       try every device; exit status 0 passed, 1 failed, 2 could not run\n"
	"                    [--only KIND,...] [--no-cards] [--wait SECONDS] [--print] [--save FILE]\n"
	"  lobbyctl system                         the box: version, disk, clock, network, update; or, on an "
	"appliance:\n"
	"                    [restart|restart-now|power-off|install "
	"BUNDLE|install-stick|logs-to-stick|provision|wipe]\n"
	"  lobbyctl wifi [join NAME]               Wi-Fi in reach; joins one, with the passphrase from standard input\n"
	"  lobbyctl stick KEYS FOLDER              signs what is in FOLDER/lobby for kiosks (tools/stick makes the "
	"stick)\n"
	"                    [--days N] [--what provision,update,logs,technician] [--version V]\n"
	"  lobbyctl unseal KEY FILE                a kiosk's sealed logs as text; KEY is the clinic's support.key\n"
	"  lobbyctl fleet URL [--name NAME] [--fingerprint HEX] [--json]\n"
	"                                          every kiosk of a clinic, from anywhere; exit status 1 if one needs "
	"a "
	"look\n"
	"  lobbyctl at SOCKET COMMAND...           one command to a program's control socket\n"
	"  lobbyctl --help, --version\n"
	"\n"
	"--run DIR before the command (or $LOBBY_RUN) says where the sockets are; the default is /run/lobby.\n";

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "enrol", ctl_enrol },	       { "enroll", ctl_enrol },	 { "status", ctl_status }, { "selftest", ctl_selftest },
	{ "self-test", ctl_selftest }, { "system", ctl_system }, { "wifi", ctl_wifi },	   { "stick", ctl_stick },
	{ "unseal", ctl_unseal },      { "fleet", ctl_fleet },	 { "at", ctl_at }
};

int main(int argc, char **argv)
{
	int at = 1;

	log_init("lobbyctl");
	log_set_level(LOG_ERROR);
	if (clock_init() != 0) {
		fputs("lobbyctl: the clock file (LOBBY_CLOCK) cannot be read.\n", stderr);
		return 2;
	}
	if (argc > 2 && strcmp(argv[1], "--run") == 0) {
		setenv("LOBBY_RUN", argv[2], 1);
		at = 3;
	}
	if (argc > at && (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "help") == 0)) {
		fputs(usage, stdout);
		return 0;
	}
	if (argc > at && strcmp(argv[at], "--version") == 0) {
		puts("lobbyctl " LOBBY_VERSION);
		return 0;
	}
	for (size_t i = 0; argc > at && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[at], commands[i].name) == 0)
			return commands[i].run(argc - at - 1, argv + at + 1);
	fputs(usage, stderr);
	return 2;
}

/* lobby-devices: USB devices in, messages out. See devices.h. */
#include "base/clock.h"
#include "base/log.h"
#include "base/notify.h"
#include "devices/devices.h"
#include "wire/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
	"lobby-devices: the kiosk's scanners and printers.\n"
	"Serves $LOBBY_RUN/devices.sock (default /run/lobby). It has no settings; it stops on SIGTERM.\n"
	"  --help, --version\n";

int main(int argc, char **argv)
{
	struct devices *devices = NULL;
	struct loop *loop;
	char path[108];
	int err;

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		fputs(usage, stdout);
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("lobby-devices " LOBBY_VERSION);
		return 0;
	}
	if (argc > 1) {
		fputs(usage, stderr);
		return 2;
	}
	log_init("lobby-devices");
	loop = loop_new();
	err = clock_init();
	if (loop == NULL || err != 0 || wire_path(path, sizeof(path), "devices.sock") != 0) {
		log_event(LOG_ERROR, "start", "error=%s", err_event(err != 0 ? err : LOBBY_ERR_INVALID));
		return 1;
	}
	err = devices_new(loop, path, &devices);
	if (err == 0) {
		log_event(LOG_NOTICE, "start", "%s", "");
		notify_ready(loop);
		loop_run(loop);
	} else {
		log_event(LOG_ERROR, "start", "error=%s", err_event(err));
	}
	devices_free(devices);
	loop_free(loop);
	return err == 0 ? 0 : 1;
}

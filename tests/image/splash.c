/* In the machines of tests/image: init's splash without init. Starts it with the panel's setting, says that all drivers
 * are loaded, and leaves, as init does when it becomes systemd. */
#include "init/splash.h"

#include "kiosk/panel.h"

#include <poll.h>

int main(int argc, char **argv)
{
	lobby_Panel panel = panel_read("/run/lobby-panel");

	(void)argc;
	splash_start(&panel, TONGUE_ENGLISH, argv[0]);
	splash_no_more_drivers();
	poll(NULL, 0, 1500); /* it opens the card while init is there */
	return 0;
}

/* Telling the service manager how this program does: sd_notify(3)'s protocol, one datagram to NOTIFY_SOCKET. Without
 * that variable nothing happens. */
#ifndef LOBBY_BASE_NOTIFY_H
#define LOBBY_BASE_NOTIFY_H

/** state: "READY=1", "STATUS=...", "WATCHDOG=1". Best effort. */
void notify_manager(const char *state);

#endif

/* Telling the service manager how this program does: sd_notify(3)'s protocol, one datagram to NOTIFY_SOCKET. Without
 * that variable nothing happens.
 *
 * The watchdog: systemd ends and restarts a program that has not said WATCHDOG=1 for WATCHDOG_USEC (WatchdogSec= in its
 * unit). Only the loop says it, so a loop that hangs is found. Each pet is a wake-up: it comes three times in that
 * span, not more, and a program that wakes by itself often enough (lobby-kiosk's minute) takes no timer. */
#ifndef LOBBY_BASE_NOTIFY_H
#define LOBBY_BASE_NOTIFY_H

#include "loop.h"

#include <stdint.h>

/** state: "READY=1", "STATUS=...", "WATCHDOG=1". Best effort. */
void notify_manager(const char *state);
/** "STATUS=" and these words (printf), for the technician: plain English, nothing of a patient. At most 120 bytes. */
void notify_status(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Between pets, in milliseconds; 0: nobody watches this process (WATCHDOG_USEC is missing, nonsense, or meant for
 * another process: WATCHDOG_PID). Never less than a tenth of a second. */
int64_t notify_watchdog_ms(void);
/** Says READY=1, pets at once and then every notify_watchdog_ms(), for as long as the loop turns. Once a process. */
void notify_ready(struct loop *loop);

#endif

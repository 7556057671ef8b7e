/* What lobby-system has done about Wi-Fi by workers (worker.h): wpa_supplicant is started, asked for the networks in
 * reach, and heard out about joining one. All of it blocks. */
#ifndef LOBBY_SYSTEM_WIRELESSLOOK_H
#define LOBBY_SYSTEM_WIRELESSLOOK_H

#include "wireless.h"

#define WIRELESS_LOOK_MS 80000 /* it takes no longer */

/** A worker_fn; arg is the link's name. Says lines: "network PERCENT LOCKED UNFIT NAME", each once, in any order;
 * "bare": wpa_supplicant runs only for this; "why SENTENCE", at most one. Returns 0 if it could look. */
int wireless_look(void *arg);

#endif

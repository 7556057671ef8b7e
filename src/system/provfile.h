/* A provisioning file, `lobby/provision.json` on a technician's stick: all that a first start asks, so that a hundred
 * kiosks need no typing. Every field may be left out; one that nobody knows is a fault (it would be a typing mistake).
 *
 *   {"clinic": "https://clinic.example.org:8443", "code": "7QXK-M2PD-9TRA", "name": "Lobby {n}", "language": "es",
 *    "time_zone": "America/New_York", "time": "nts://time.clinic.example", "panel": {"rotation": 90, "connector": "",
 * "mode": ""}, "network": {"name": "", "ssid": "", "passphrase": "", "address": "", "gateway": "", "dns": ""},
 * "set_up": true}
 *
 * In `name`, {n} stands for four digits that are this machine's own. Pure. */
#ifndef LOBBY_SYSTEM_PROVFILE_H
#define LOBBY_SYSTEM_PROVFILE_H

#include "timeserver.h"

#include "base/err.h"
#include "wire.pb.h"

#include <stdbool.h>
#include <stddef.h>

#define PROVFILE_MAX 16384

struct provfile {
	lobby_Enrol enrol; /* url empty: not to be enrolled */
	char language[17];
	char time_zone[49];
	char time[TIMESERVER_TEXT]; /* timeserver.h; empty: as it was */
	bool has_panel, has_network, set_up;
	lobby_Panel panel;
	lobby_Network network;
};

/** On failure why is a sentence that names the field. LOBBY_ERR_INVALID. */
int provfile_parse(const char *json, size_t len, struct provfile *file, char *why, size_t size) MUST_CHECK;
/** Puts the machine's digits in place of {n}. */
void provfile_name(const char *name, const char *digits, char *out, size_t size);

#endif

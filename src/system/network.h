/* What a technician set of the network: kept in STATE/system/network.json, handed to systemd-networkd and
 * wpa_supplicant as files in memory at each start and change. Nothing set is DHCP on every cable, which the image has
 * by itself. One setting a link; one without a name is for all cables, or (with an ssid) for all wireless links. */
#ifndef LOBBY_SYSTEM_NETWORK_H
#define LOBBY_SYSTEM_NETWORK_H

#include "system.h"

#define NETWORK_SETTINGS 4

/** why: what became of it, in words. */
typedef void network_done_fn(struct system *sys, int err, const char *text);

int network_init(struct system *sys);
void network_fini(struct system *sys);
void network_ready(struct system *sys);
/** A wireless link is there: joins what is set for it, unless that is done. False: not now, ask again. */
bool network_link_came(struct system *sys, const char *link);
/** SYSTEM_SET_NETWORK. */
void network_command(struct system *sys, struct wire_conn *conn, const lobby_SystemCommand *command);
/** The same for others; done is called once, later, if it returns 0. Else why is a sentence. LOBBY_ERR_INVALID,
 * LOBBY_ERR_BUSY, LOBBY_ERR_IO, LOBBY_ERR_DISK_FULL. */
int network_set(struct system *sys, const lobby_Network *network, network_done_fn *done, char *why,
		size_t size) MUST_CHECK;

/** The kept settings as JSON text and back (what makes no sense is left out). network_write() returns NULL when out of
 * memory; the caller frees. */
char *network_write(const lobby_Network *settings, size_t count);
size_t network_read(const char *json, size_t len, lobby_Network settings[NETWORK_SETTINGS]);

#endif

/* Wi-Fi: looking for networks (SYSTEM_LOOK_WIRELESS), what became of joining one (Link.ssid, Link.trouble), and the one
 * link that it is about, which may come long after lobby-system: drivers load their firmware first.
 *
 * wpa_supplicant does the work, as lobby-wireless@LINK.service, with /run/lobby-wireless-LINK.conf; network.c writes
 * that for a network that is to be joined. To look before anything was set, it is started with settings that join
 * nothing, and stopped two minutes after the last look. */
#ifndef LOBBY_SYSTEM_WIRELESS_H
#define LOBBY_SYSTEM_WIRELESS_H

#include "system.h"

#define WIRELESS_LINK sizeof(((lobby_Link *)0)->name)

int wireless_init(struct system *sys);
void wireless_fini(struct system *sys);
void wireless_fill(struct system *sys, lobby_SystemState *state);
/** SYSTEM_LOOK_WIRELESS. */
void wireless_command(struct system *sys, struct wire_conn *conn, const lobby_SystemCommand *command);
/** The kernel says that links, or their addresses, are different. */
void wireless_links_changed(struct system *sys);
/** wpa_supplicant was started anew, or stopped, with other settings, and so far this came of it. */
void wireless_set_anew(struct system *sys, lobby_LinkTrouble trouble);

/** The link called wanted, or (wanted empty) the first wireless one by name. False: there is none. sys is "/sys". */
bool wireless_find(const char *sys, const char *wanted, char link[WIRELESS_LINK]);
/** udev has given the link the name that it keeps: before that nobody may bring it up. */
bool wireless_is_settled(const char *link);
/** The settings' file of a link, and its unit. */
void wireless_settings_path(const char *link, char *out, size_t size);

/** For workers: writes the settings and starts wpa_supplicant with them, or (network NULL) takes them away and stops
 * it. LOBBY_ERR_IO. */
int wireless_start(const char *link, const lobby_Network *network) MUST_CHECK;
int wireless_stop(const char *link) MUST_CHECK;
/** For workers, after wireless_start(): what became of joining. 0: joined. LOBBY_ERR_DENIED: the passphrase is wrong.
 * LOBBY_ERR_REFUSED: turned away. LOBBY_ERR_NOT_FOUND: none of that name in reach. LOBBY_ERR_TIMEOUT. */
int wireless_await(const char *link) MUST_CHECK;

#endif

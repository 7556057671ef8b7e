/* What a technician may set, checked before anything believes it, each fault a sentence that names the field: the
 * panel, and the network with the files that it becomes (systemd.network(5), wpa_supplicant.conf(5)). Pure. */
#ifndef LOBBY_SYSTEM_NETCHECK_H
#define LOBBY_SYSTEM_NETCHECK_H

#include "base/err.h"
#include "wire.pb.h"

#include <stdbool.h>
#include <stddef.h>

#define EFIPANEL_LANGUAGE sizeof(((lobby_SystemState *)0)->language)

/** LOBBY_ERR_INVALID and why. */
int efipanel_check(const lobby_Panel *panel, char *why, size_t size) MUST_CHECK;
/** The text of the EFI variable, and back; what does not make sense in it is left at its usual value. */
void efipanel_print(const lobby_Panel *panel, const char *language, char *out, size_t size);
void efipanel_parse(const char *text, lobby_Panel *panel, char language[EFIPANEL_LANGUAGE]);
/** A language's tag, as far as its letters go (BCP 47); also if it is empty. */
bool efipanel_is_language(const char *language);

/** An address has its prefix ("192.0.2.7/24", "2001:db8::7/64"); without one there is no gateway. dns: one or two, with
 * a space or comma between. The gateway of an IPv4 address is in its network. LOBBY_ERR_INVALID and why. */
int network_check(const lobby_Network *network, char *why, size_t size) MUST_CHECK;
/** The systemd.network(5) file for a checked network. LOBBY_ERR_TOO_LONG. */
int network_print(const lobby_Network *network, char *out, size_t size) MUST_CHECK;
/** The wpa_supplicant.conf(5) of link for a checked network: WPA2 and WPA3, or open; without an ssid it joins nothing,
 * and can only look. LOBBY_ERR_TOO_LONG. */
int network_print_wireless(const lobby_Network *network, const char *link, char *out, size_t size) MUST_CHECK;

#endif

/* What wpa_supplicant says at its control socket, in its text protocol (w1.fi, "wpa_supplicant control interface"; the
 * names of its events are in README's and wpa_ctrl.h's list).
 *
 * Networks choose their names (32 bytes of anything, IEEE 802.11-2020, 9.4.2.2), and anybody can be a network: what is
 * here takes any bytes. A name is shown only if it is text that a person could read and type: clean UTF-8 without
 * control characters, and without those that are not seen or turn the order of letters. Pure; borrows everything. */
#ifndef LOBBY_SYSTEM_WPATEXT_H
#define LOBBY_SYSTEM_WPATEXT_H

#include "base/err.h"
#include "wire.pb.h"

#include <stdbool.h>
#include <stddef.h>

#define WPA_SSID_SIZE 33
/** The fields that wpatext_read_network() wants of a BSS command: level, flags, ssid. */
#define WPA_MASK "0x1880"

enum wpa_event {
	WPA_OTHER,
	WPA_SCANNED,
	WPA_SCAN_FAILED,
	WPA_JOINED,
	WPA_LEFT,
	WPA_PASSPHRASE, /* it was the wrong one */
	WPA_REFUSED,
	WPA_AWAY, /* none of that name is in reach */
	WPA_ENDS, /* wpa_supplicant does */
};

/** The answer to "BSS n MASK=...". LOBBY_ERR_NOT_FOUND: no network of an access point, hidden, or its name is not for
 * people. LOBBY_ERR_INVALID: no such answer. */
int wpatext_read_network(const char *answer, size_t len, lobby_Wireless *network) MUST_CHECK;
/** Adds it to a list of at most max networks, strongest first, each name once. Of two with one name the one that asks
 * for more is it: an open network must not stand in for one that is not. Returns how many there are now. */
size_t wpatext_add_network(lobby_Wireless *list, size_t count, size_t max, const lobby_Wireless *network);
/** The answer to STATUS. LOBBY_ERR_NOT_FOUND: nothing is joined. A name that is not for people is left empty. */
int wpatext_read_status(const char *answer, size_t len, char ssid[WPA_SSID_SIZE]) MUST_CHECK;
/** An unsolicited message has a priority before it: "<3>CTRL-EVENT-CONNECTED ...". */
bool wpatext_is_event(const char *line, size_t len);
enum wpa_event wpatext_read_event(const char *line, size_t len);
/** The bytes of a name as wpa_supplicant escapes it (printf_encode): LOBBY_ERR_INVALID if it is not escaped so,
 * LOBBY_ERR_NOT_FOUND if it is not for people. */
int wpatext_read_ssid(const char *text, size_t len, char ssid[WPA_SSID_SIZE]) MUST_CHECK;

#endif

/* Whom the clock asks: servers that the clinic names in a provisioning file, "nts://time.clinic.example,
 * ntp://192.0.2.1".
 *
 * NTS (RFC 8915) proves who answers, by a certificate that a public authority signed; plain NTP proves nothing, and is
 * for clinics whose network has no better. Kept on the state partition; chronyd (lobby-time.service) reads them from
 * /run/lobby-time, and systemd starts it anew when they change. None of ours are ever asked. */
#ifndef LOBBY_SYSTEM_TIMESERVER_H
#define LOBBY_SYSTEM_TIMESERVER_H

#include "base/err.h"

#include <stddef.h>

#define TIMESERVER_MAX 4
#define TIMESERVER_TEXT 320 /* all of them, as they are written */
#define TIMESERVER_RUN "/run/lobby-time"

/** Pure: chrony's lines for the servers in text; none for "". LOBBY_ERR_INVALID: something else stands there, or more
 * than four; out is then untouched. */
int timeserver_print(const char *text, char *out, size_t size) MUST_CHECK;
/** Keeps them in the file `kept` and hands them to chronyd in the folder `run`. "": forgets them. LOBBY_ERR_INVALID,
 * LOBBY_ERR_IO, LOBBY_ERR_DISK_FULL. */
int timeserver_set(const char *kept, const char *run, const char *text) MUST_CHECK;
/** After a start: hands over those that are kept. Best effort. */
void timeserver_hand_over(const char *kept, const char *run);

#endif

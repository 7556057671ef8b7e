/* Ticket numbers: short, and never the same at two kiosks of a clinic on one day though they do not talk.
 *
 * Each kiosk counts by itself, per prefix and local day, from 1; its ordinal at the clinic stands in the hundreds. The
 * first kiosk says 01..99, the second 101..199; then the first goes on at 10001, the second at 10101. */
#ifndef LOBBY_SYNC_TICKET_H
#define LOBBY_SYNC_TICKET_H

#include "store/db.h"

#include <stdint.h>

#define TICKET_MAX 13

/** The number that the counter's value c (not a multiple of 100) stands for at the kiosk with this ordinal (0..99). */
uint64_t ticket_number(uint64_t c, int ordinal);
/** Counts one on and writes "B 14". Within the caller's transaction. LOBBY_ERR_IO, LOBBY_ERR_DISK_FULL. */
int ticket_next(struct db *db, int64_t now_ms, const char *prefix, int ordinal, char out[TICKET_MAX]) MUST_CHECK;
/** Keeps the counters of the last 30 days that had any: a clock that ran ahead and came back must not begin a day anew.
 */
int ticket_purge(struct db *db) MUST_CHECK;

#endif

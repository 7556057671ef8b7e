/* The clock. chrony keeps it where there is a network with NTS; where there is none but the clinic's, lobby-sync says
 * what the clinic's time is (SYSTEM_CLOCK), and ours is set to it if it is more than two seconds off and nobody else
 * keeps it. */
#ifndef LOBBY_SYSTEM_TIMESET_H
#define LOBBY_SYSTEM_TIMESET_H

#include "system/system.h"

#define TIMESET_WRONG_MS 2000
#define TIMESET_FIRST_MS 1704067200000LL /* 2024: what is before is no time that a clinic has */
#define TIMESET_LAST_MS 4102444800000LL	 /* 2100 */

enum timeset_verdict { TIMESET_NONSENSE, TIMESET_KEPT, TIMESET_RIGHT, TIMESET_SET };

/** Pure: what to do about a clock (ours_ms) of which a clinic says theirs_ms; kept: the kernel says that it is
 * synchronised. */
enum timeset_verdict timeset_judge(bool kept, int64_t ours_ms, int64_t theirs_ms);

int timeset_init(struct system *sys);
void timeset_fini(struct system *sys);
void timeset_fill(struct system *sys, lobby_SystemState *state);
void timeset_command(struct system *sys, struct wire_conn *conn, const lobby_SystemCommand *command);

#endif

/* Who is this? One Identify answered from the roster: candidates by index, the decision by src/checkin/match.h, and of
 * the one person found, what the screen needs. Nobody else leaves this function. */
#ifndef LOBBY_SYNC_IDENTIFY_H
#define LOBBY_SYNC_IDENTIFY_H

#include "roster.h"
#include "wire.pb.h"

/** Fills answer (all of it). has_roster: whether the roster was ever whole. LOBBY_ERR_IO, LOBBY_ERR_CORRUPT. */
int identify_run(struct roster *roster, const lobby_Settings *settings, bool has_roster, int64_t now_ms,
		 const lobby_Identify *query, lobby_Identified *answer) MUST_CHECK;

#endif

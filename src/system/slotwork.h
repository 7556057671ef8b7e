/* The running kiosk's own dealings with its boot entries (slots.h), in a worker, because the boot partition may be
 * slow: what is in the other slot, and that the running one is good. */
#ifndef LOBBY_SYSTEM_SLOTWORK_H
#define LOBBY_SYSTEM_SLOTWORK_H

#include "system/system.h"

int slotwork_init(struct system *sys);
void slotwork_fini(struct system *sys);
void slotwork_fill(struct system *sys, lobby_SystemState *state);

/** Looks again at what is in the other slot. */
void slotwork_look(struct system *sys);
/** The running slot gets all its tries again. Tried again a few times if it does not work. */
void slotwork_good(struct system *sys);
/** Whether the other slot may start, as last seen. */
bool slotwork_other_starts(const struct system *sys);

#endif

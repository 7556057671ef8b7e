/* A visit as the kiosk's message says it, as the domain's struct: names for numbers, ids where the kiosk made none. */
#ifndef LOBBY_SYNC_VISIT_WIRE_H
#define LOBBY_SYNC_VISIT_WIRE_H

#include "checkin/visit.h"
#include "wire.pb.h"

/** Fills all but seq and ticket. A visit without times gets now_ms. */
void visit_of_wire(const lobby_Visit *wire, const char *kiosk_id, int64_t now_ms, struct visit *visit);

#endif

/* One card in one slot: powered, understood, read by a chip script, powered off.
 *
 * Power-up tries the voltages that the reader has until the card answers (ISO/IEC 7816-3, 6.2.4), protocol and rate are
 * agreed as far as the reader leaves that to us (PPS, SetParameters, IFS), then the script's APDUs go through
 * exchange.h. A card that stops answering is powered up once more and read from the start. All of it has a time bound.
 * On the heap: freed by its own end or by ccid_session_free(). */
#ifndef LOBBY_DRIVERS_CCID_SESSION_H
#define LOBBY_DRIVERS_CCID_SESSION_H

#include "drivers/ccid/link.h"

struct ccid_session;

struct ccid_session_events {
	/** The card has been read (err 0: list is the script's, valid during the call) or could not be. words: plain
	 * English for the technician, static. Once, and before `ended`, unless freed first. */
	void (*read)(void *arg, int err, const char *words, const uint8_t *list, size_t len);
	/** The card is powered off and the session freed. err: the reader could not be brought back into step. */
	void (*ended)(void *arg, int err);
};

/** Begins to read the card in this slot. All but `out` is borrowed until it has ended. LOBBY_ERR_NO_MEMORY. */
int ccid_session_new(struct ccid_link *link, const struct ccid_class *class, uint8_t slot,
		     const struct ccid_session_events *events, void *arg, struct ccid_session **out) MUST_CHECK;
/** The card was taken out: read(CARD_REMOVED) is called now, unless it was read already; `ended` later. */
void ccid_session_remove(struct ccid_session *session);
/** Without a further word. NULL is nothing. */
void ccid_session_free(struct ccid_session *session);

#endif

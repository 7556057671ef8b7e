/* SMART Health Cards and Links at the kiosk: the parts of a card put together, what lobby-sync found in it, and what
 * that means for the person in front. The kiosk itself neither checks a signature nor opens a link. */
#ifndef LOBBY_KIOSK_HEALTH_H
#define LOBBY_KIOSK_HEALTH_H

#include "base/loop.h"
#include "cards/shc.h"
#include "wire.pb.h"

struct app;
struct card;

struct health {
	struct shc_parts parts; /* of a card that has several codes */
	uint32_t request;	/* asked and not answered; 0: none */
	uint32_t last_request;
	/* lobby-sync remembers only what it read last. So that a record that the patient may share is not forgotten
	 * there, be it for another card that is none or because it was restarted, it is read again when that happens.
	 */
	struct health_card {
		uint32_t request;
		uint8_t data[SHC_MAX_JWS];
		size_t len;
	} asked, kept; /* last; and what session.health is from */
	struct loop_timer timeout;
};

/** A code of one was scanned: data is what the scanner read. */
void health_take(struct app *app, const struct card *card, const uint8_t *data, size_t len);
void health_on_read(struct app *app, const lobby_HealthRead *read);
/** lobby-sync went away, and what it read with it. */
void health_on_sync_lost(struct app *app);
/** It came back: it reads again what it was asked, or what the session still needs. Before a visit is sent. */
void health_on_sync_back(struct app *app);
/** A visit is about to be sent: what it attaches is what lobby-sync read last. */
void health_before_visit(struct app *app);
/** The visit is finished, or another person begins: an answer that is still to come is nobody's. */
void health_drop(struct app *app);
/** The session is over: lobby-sync forgets what it read, too. */
void health_wipe(struct app *app);

#endif
